/* The HUD list out of a file: CSV (RFC 4180) or JSON. What cannot be right names its line. */
#include "callhud/app/list_rows.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_CHARS 40 /* of the file's own text, in an error */
#define SHOWN_BYTES (SHOWN_CHARS * 4 + 1)
#define FIELD_BYTES 256 /* of those that are looked at */

void list_rows_free(struct list_rows *rows)
{
    for (size_t i = 0; i < rows->len; i++)
        mem_free(rows->items[i].extension);
    VEC_FREE(rows);
}

const char *list_rows_unit(const struct list_rows *rows)
{
    return rows->is_json ? "row" : "line";
}

/* Text of the file, fit for an error. */
static const char *shown(char out[SHOWN_BYTES], const char *text)
{
    struct buf clean;
    buf_init(&clean, SHOWN_BYTES - 1);
    (void)utf8_clean(&clean, text, strlen(text), SHOWN_CHARS);
    str_copy(out, SHOWN_BYTES, buf_text(&clean));
    buf_fini(&clean);
    return out;
}

/* ---- one row --------------------------------------------------------------------------------- */

struct reading {
    struct list_rows *rows;
    size_t *key_at; /* key -> the row that has it; 0: none yet */
    uint32_t last_key;
    struct err *err;
};

/* A row as it is written. */
struct fields {
    const char *extension, *key, *state; /* "" where there is none */
    size_t at;
};

static enum rc fault(const struct reading *r, size_t at, const char *why, const char *text)
{
    char clean[SHOWN_BYTES];
    return err_set(r->err, RC_CONFIG, "%s %zu: %s%s", list_rows_unit(r->rows), at, why,
                   shown(clean, text));
}

static enum rc take_key(struct reading *r, const struct fields *row)
{
    int64_t key = 0;
    if (row->key[0] == '\0')
        return RC_OK;
    if (!str_to_int(row->key, 1, APPEARANCE_LINES_MAX, &key))
        return fault(r, row->at, "a key is a number from 1, not ", row->key);
    if (r->key_at[key])
        return err_set(r->err, RC_CONFIG, "%s %zu: key %d is there twice (%s %zu)",
                       list_rows_unit(r->rows), row->at, (int)key, list_rows_unit(r->rows),
                       r->key_at[key]);
    r->key_at[key] = row->at;
    r->last_key = (uint32_t)key;
    return RC_OK;
}

static enum rc take_state(struct reading *r, const struct fields *row, bool *is_passed_over)
{
    enum line_state state = LINE_SAME;
    while (state < LINE_STATE_COUNT && !str_eq(row->state, line_state_word(state)))
        state++;
    *is_passed_over = state == LINE_REMOVED || state == LINE_RESERVED ||
                      (state == LINE_CONFLICT && row->key[0] == '\0');
    if (row->state[0] != '\0' && state == LINE_STATE_COUNT)
        return fault(r, row->at, "no line has the state ", row->state);
    return RC_OK;
}

static enum rc take_extension(struct reading *r, const struct fields *row)
{
    const char *text = row->extension;
    if (text[0] == '\0')
        return fault(r, row->at, "the extension is empty", "");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return fault(r, row->at, "a control character stands in the extension ", text);
    if (r->rows->len >= APPEARANCE_LINES_MAX)
        return err_set(r->err, RC_CONFIG, "%s %zu: more than %d keys", list_rows_unit(r->rows),
                       row->at, APPEARANCE_LINES_MAX);
    struct list_row taken = {.extension = mem_dup(text), .key = r->last_key, .at = row->at};
    VEC_PUSH(r->rows, taken);
    return RC_OK;
}

static enum rc take(struct reading *r, const struct fields *row)
{
    bool is_passed_over = false;
    enum rc rc = take_key(r, row);
    if (rc == RC_OK)
        rc = take_state(r, row, &is_passed_over);
    return rc == RC_OK && !is_passed_over ? take_extension(r, row) : rc;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* The text of a member that may be missing; NULL: it is no text. */
static const char *text_of(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    return !member || json_is_null(member) ? "" : json_string_value(member);
}

static enum rc take_object(struct reading *r, const json_t *object, size_t at)
{
    char key[24] = "";
    const json_t *number = json_object_get(object, "key");
    struct fields row = {.extension = text_of(object, "extension"),
                         .key = key,
                         .state = text_of(object, "state"),
                         .at = at};
    if (!json_is_object(object))
        return fault(r, at, "it is no object", "");
    if (!row.extension || !json_object_get(object, "extension"))
        return fault(r, at, "it lacks \"extension\", a text", "");
    if (!row.state)
        return fault(r, at, "\"state\" is no text", "");
    if (number && !json_is_null(number) && !json_is_integer(number))
        return fault(r, at, "\"key\" is no number", "");
    if (json_is_integer(number))
        (void)snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
    return take(r, &row);
}

static enum rc parse_json(struct reading *r, const char *text, size_t len)
{
    json_error_t why;
    char clean[SHOWN_BYTES];
    json_t *array = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    enum rc rc = RC_OK;
    if (!array)
        rc = err_set(r->err, RC_CONFIG, "line %d: %s", why.line, shown(clean, why.text));
    else if (!json_is_array(array))
        rc = err_set(r->err, RC_CONFIG, "it is not an array of objects");
    for (size_t i = 0; i < json_array_size(array) && rc == RC_OK; i++)
        rc = take_object(r, json_array_get(array, i), i + 1);
    json_decref(array);
    return rc;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

struct csv {
    const char *at, *end;
    char separator;
    size_t line;      /* of at, from 1 */
    struct buf field; /* that was read last, blanks at the ends of an unquoted one cut off */
    bool is_more;     /* another one stands in the same row */
};

/* Behind its opening mark; up to and with the closing one. False: there is none. */
static bool read_quoted(struct csv *csv)
{
    for (; csv->at < csv->end; csv->at++) {
        if (*csv->at == '"' && csv->at + 1 < csv->end && csv->at[1] == '"')
            csv->at++;
        else if (*csv->at == '"')
            return csv->at++, true;
        csv->line += *csv->at == '\n';
        buf_putc(&csv->field, *csv->at);
    }
    return false;
}

static void read_bare(struct csv *csv)
{
    const char *from = csv->at;
    while (csv->at < csv->end && *csv->at != csv->separator && *csv->at != '\n')
        csv->at++;
    const char *to = csv->at;
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
        to--;
    buf_put(&csv->field, from, (size_t)(to - from));
}

static const char *separator_word(char separator)
{
    return separator == ';' ? "semicolon" : separator == '\t' ? "tab" : "comma";
}

/* Sheets write what is usual where they are: semicolons where numbers have a decimal comma, tabs
 * into the clipboard. The first line tells, of which each column needs a name. */
static char separator_of(const char *text, size_t len)
{
    bool is_quoted = false, has_semicolon = false, has_tab = false;
    for (size_t i = 0; i < len && (is_quoted || text[i] != '\n'); i++) {
        is_quoted ^= text[i] == '"';
        if (!is_quoted && text[i] == ',')
            return ',';
        has_semicolon |= !is_quoted && text[i] == ';';
        has_tab |= !is_quoted && text[i] == '\t';
    }
    return has_semicolon ? ';' : has_tab ? '\t' : ',';
}

static enum rc read_field(struct csv *csv, struct err *err)
{
    size_t line = csv->line;
    buf_reset(&csv->field);
    if (csv->at < csv->end && *csv->at == '"') {
        csv->at++;
        if (!read_quoted(csv))
            return err_set(err, RC_CONFIG,
                           "line %zu: a quotation mark is opened there and never closed", line);
        if (csv->at < csv->end && *csv->at == '\r')
            csv->at++;
        if (csv->at < csv->end && *csv->at != csv->separator && *csv->at != '\n')
            return err_set(err, RC_CONFIG,
                           "line %zu: after the closing quotation mark only a %s or the end of "
                           "the line can stand",
                           csv->line, separator_word(csv->separator));
    } else {
        read_bare(csv);
    }
    csv->is_more = csv->at < csv->end && *csv->at == csv->separator;
    csv->line += csv->at < csv->end && *csv->at == '\n';
    csv->at += csv->at < csv->end;
    return RC_OK;
}

enum column { COLUMN_EXTENSION, COLUMN_KEY, COLUMN_STATE, COLUMN_COUNT };
struct columns {
    size_t len;
    size_t at[COLUMN_COUNT]; /* SIZE_MAX: none */
};

static enum rc read_head(struct csv *csv, struct columns *columns, struct err *err)
{
    static const char *const names[] = {"extension", "key", "state"};
    enum rc rc = RC_OK;
    *columns = (struct columns){.at = {SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    csv->is_more = true;
    for (; csv->is_more && rc == RC_OK; columns->len++) {
        rc = read_field(csv, err);
        for (size_t i = 0; i < COLUMN_COUNT && rc == RC_OK; i++) {
            if (!str_eq_nocase(buf_text(&csv->field), names[i]))
                continue;
            if (columns->at[i] != SIZE_MAX)
                rc = err_set(err, RC_CONFIG, "line 1: two columns are called %s", names[i]);
            columns->at[i] = columns->len;
        }
    }
    if (rc == RC_OK && columns->at[COLUMN_EXTENSION] == SIZE_MAX)
        rc = err_set(err, RC_CONFIG,
                     "line 1: no column is called extension: the first line names the columns, "
                     "with commas between (key,extension,name,stored,state)");
    return rc;
}

static enum rc read_row(struct reading *r, struct csv *csv, const struct columns *columns)
{
    char texts[COLUMN_COUNT][FIELD_BYTES] = {"", "", ""};
    const size_t line = csv->line;
    bool is_blank = true;
    enum rc rc = RC_OK;
    size_t i = 0;
    csv->is_more = true;
    for (; csv->is_more && rc == RC_OK; i++) {
        rc = read_field(csv, r->err);
        is_blank &= csv->field.len == 0;
        for (size_t c = 0; c < COLUMN_COUNT && rc == RC_OK; c++)
            if (i == columns->at[c] && !str_copy(texts[c], FIELD_BYTES, buf_text(&csv->field)))
                rc = fault(r, line, "this is too long: ", buf_text(&csv->field));
    }
    if (rc != RC_OK || is_blank)
        return rc;
    if (i > columns->len)
        return err_set(r->err, RC_CONFIG,
                       "line %zu: it has %zu fields, and the first line names %zu columns", line, i,
                       columns->len);
    /* What a sheet is not to take for a formula was written with an apostrophe before it. */
    struct fields row = {.extension =
                             texts[COLUMN_EXTENSION] + (texts[COLUMN_EXTENSION][0] == '\''),
                         .key = texts[COLUMN_KEY],
                         .state = texts[COLUMN_STATE],
                         .at = line};
    return take(r, &row);
}

static enum rc parse_csv(struct reading *r, const char *text, size_t len)
{
    struct csv csv = {
        .at = text, .end = text + len, .separator = separator_of(text, len), .line = 1};
    struct columns columns;
    buf_init(&csv.field, LIST_ROWS_MAX_BYTES);
    enum rc rc = read_head(&csv, &columns, r->err);
    while (rc == RC_OK && csv.at < csv.end)
        rc = read_row(r, &csv, &columns);
    buf_fini(&csv.field);
    return rc;
}

/* ---- either ---------------------------------------------------------------------------------- */

/* A row without a key stays behind the one that it stands behind. */
static int by_key(const void *a, const void *b)
{
    const struct list_row *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool looks_like_json(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && strchr(" \t\r\n", text[at]))
        at++;
    return at < len && (text[at] == '[' || text[at] == '{');
}

enum rc list_rows_parse(struct list_rows *out, const char *text, size_t len, enum cli_format format,
                        struct err *err)
{
    *out = (struct list_rows){0};
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if ((len > 0 && memchr(text, '\0', len)) || !utf8_is_valid(text, len))
        return err_set(err, RC_CONFIG, "it is not UTF-8 text");
    out->is_json = format == FORMAT_JSON || (format == FORMAT_TABLE && looks_like_json(text, len));
    struct reading r = {.rows = out, .err = err};
    r.key_at = mem_zero(APPEARANCE_LINES_MAX + 1, sizeof *r.key_at);
    enum rc rc = out->is_json ? parse_json(&r, text, len) : parse_csv(&r, text, len);
    mem_free(r.key_at);
    if (rc != RC_OK)
        list_rows_free(out);
    else if (out->len > 0)
        qsort(out->items, out->len, sizeof *out->items, by_key);
    return rc;
}

const char *list_rows_name(const char *path)
{
    return str_eq(path, "-") ? "standard input" : path;
}

static enum rc read_whole(struct buf *text, int fd, const char *path, struct err *err)
{
    char piece[8192];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n == 0)
            return RC_OK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, RC_CONFIG, "cannot read %s: %s", list_rows_name(path),
                           strerror(errno));
        if (!buf_put(text, piece, (size_t)n))
            return err_set(err, RC_CONFIG, "%s is larger than %d bytes: is it the right file?",
                           list_rows_name(path), LIST_ROWS_MAX_BYTES);
    }
}

enum rc list_rows_load(struct list_rows *out, const char *path, enum cli_format format,
                       struct err *err)
{
    struct buf text;
    bool is_stdin = str_eq(path, "-");
    *out = (struct list_rows){0};
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, RC_CONFIG, "cannot open %s: %s", path, strerror(errno));
    if (format == FORMAT_TABLE && str_ends(path, ".json"))
        format = FORMAT_JSON;
    buf_init(&text, LIST_ROWS_MAX_BYTES);
    enum rc rc = read_whole(&text, fd, path, err);
    if (!is_stdin)
        close(fd);
    if (rc == RC_OK && list_rows_parse(out, buf_text(&text), text.len, format, err) != RC_OK)
        rc = err_prefix(err, "%s", list_rows_name(path));
    buf_fini(&text);
    return rc;
}
