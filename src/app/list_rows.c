#include "callhud/app/list_rows.h"

#include "callhud/app/report.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- out ------------------------------------------------------------------------------------- */

static const char *const columns[] = {"key", "extension", "name", "stored", "state"};

static const struct appearance_user *shown_user(const struct appearance_line *line)
{
    return line->here ? line->here : line->stored;
}

static void put_json(struct buf *out, const struct appearance_line *line)
{
    const struct appearance_user *user = shown_user(line);
    if (line->key > 0)
        buf_printf(out, "{\"key\":%u,\"extension\":", line->key);
    else
        buf_puts(out, "{\"key\":null,\"extension\":");
    report_json(out, user->extension);
    buf_puts(out, ",\"name\":");
    report_json(out, str_is_empty(user->name) ? NULL : user->name);
    buf_puts(out, ",\"stored\":");
    report_json(out, line->stored ? line->stored->extension : NULL);
    buf_printf(out, ",\"state\":\"%s\"}", line_state_word(line->state));
}

/* RFC 4180; a sheet must not take what came from outside for a formula. */
static void put_csv_text(struct buf *out, const char *text)
{
    bool is_formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    if (!is_formula && !strpbrk(text, ",\"\r\n")) {
        buf_puts(out, text);
        return;
    }
    buf_puts(out, is_formula ? "\"'" : "\"");
    for (const char *c = text; *c; c++)
        buf_puts(out, *c == '"' ? "\"\"" : (char[]){*c, '\0'});
    buf_putc(out, '"');
}

static void put_csv(struct buf *out, const struct appearance_line *line)
{
    const struct appearance_user *user = shown_user(line);
    if (line->key > 0)
        buf_printf(out, "%u", line->key);
    buf_putc(out, ',');
    put_csv_text(out, user->extension);
    buf_putc(out, ',');
    put_csv_text(out, user->name);
    buf_putc(out, ',');
    put_csv_text(out, line->stored ? line->stored->extension : "");
    buf_printf(out, ",%s\n", line_state_word(line->state));
}

static void put_who(struct buf *out, const struct appearance_user *user, int cells)
{
    char who[512] = "-";
    if (user)
        (void)snprintf(who, sizeof who, "%s %s", user->extension, user->name);
    int used = utf8_fit(out, who, cells, false);
    for (; used < cells; used++)
        buf_putc(out, ' ');
}

static void put_words(struct buf *out, const struct appearance_line *line)
{
    char key[16] = "-";
    if (line->key > 0)
        (void)snprintf(key, sizeof key, "%u", line->key);
    buf_printf(out, "%4s  ", key);
    put_who(out, line->here, 26);
    buf_putc(out, ' ');
    put_who(out, line->stored, 26);
    buf_printf(out, " %s", line_state_word(line->state));
    if (line->refusal)
        buf_printf(out, ": refused, %s", line->refusal);
    buf_putc(out, '\n');
}

void list_rows_put(struct buf *out, const struct appearance *list, enum cli_format format,
                   bool only_changed)
{
    size_t rows = 0;
    if (format == FORMAT_JSON)
        buf_putc(out, '[');
    for (size_t i = 0; format == FORMAT_CSV && i < sizeof columns / sizeof *columns; i++)
        buf_printf(out, "%s%s", columns[i], i + 1 < sizeof columns / sizeof *columns ? "," : "\n");
    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (only_changed && !appearance_is_unsaved(line))
            continue;
        if (rows++ == 0 && format == FORMAT_TABLE)
            buf_puts(out, " key  here                       stored                     state\n");
        if (format == FORMAT_JSON) {
            buf_puts(out, rows > 1 ? ",\n " : "");
            put_json(out, line);
        } else if (format == FORMAT_CSV) {
            put_csv(out, line);
        } else {
            put_words(out, line);
        }
    }
    if (format == FORMAT_JSON)
        buf_puts(out, "]\n");
    else if (rows == 0 && format == FORMAT_TABLE)
        buf_puts(out, only_changed ? "both homes agree\n" : "the list is empty\n");
}

static enum rc write_whole(int fd, const struct buf *text)
{
    size_t at = 0;
    while (at < text->len) {
        ssize_t n = write(fd, text->data + at, text->len - at);
        if (n < 0 && errno != EINTR)
            return RC_IO;
        at += n > 0 ? (size_t)n : 0;
    }
    return RC_OK;
}

static enum rc save_fault(struct err *err, const char *path, int why)
{
    return err_set(err, RC_IO, "cannot write %s: %s", path, strerror(why));
}

/* A device, a pipe: as it is. */
static enum rc write_into(const char *path, const struct buf *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return save_fault(err, path, errno);
    enum rc rc = write_whole(fd, text);
    int why = errno;
    if (close(fd) != 0 && rc == RC_OK) {
        rc = RC_IO;
        why = errno;
    }
    return rc == RC_OK ? rc : save_fault(err, path, why);
}

/* A file: replaced whole, or left as it was. */
static enum rc write_beside(const char *path, const struct buf *text, struct err *err)
{
    char beside[4096];
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return save_fault(err, path, ENAMETOOLONG);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return save_fault(err, path, errno);
    enum rc rc = write_whole(fd, text);
    if (rc == RC_OK && fsync(fd) != 0)
        rc = RC_IO;
    int why = errno;
    (void)close(fd);
    if (rc == RC_OK && rename(beside, path) != 0) {
        rc = RC_IO;
        why = errno;
    }
    if (rc == RC_OK)
        return rc;
    (void)unlink(beside);
    return save_fault(err, path, why);
}

enum rc list_rows_save(const char *path, const struct appearance *list, enum cli_format format,
                       struct err *err)
{
    struct buf text;
    struct stat st;
    char target[PATH_MAX];
    bool is_json = format == FORMAT_JSON || str_ends(path, ".json");
    buf_init(&text, 64u * 1024 * 1024);
    list_rows_put(&text, list, is_json ? FORMAT_JSON : FORMAT_CSV, false);
    bool is_there = stat(path, &st) == 0; /* what a link leads to is replaced, not the link */
    enum rc rc = is_there && !S_ISREG(st.st_mode)     ? write_into(path, &text, err)
                 : is_there && realpath(path, target) ? write_beside(target, &text, err)
                                                      : write_beside(path, &text, err);
    buf_fini(&text);
    return rc;
}

/* ---- in -------------------------------------------------------------------------------------- */

void list_rows_free(struct list_rows *rows)
{
    for (size_t i = 0; i < rows->len; i++)
        mem_free(rows->items[i].extension);
    VEC_FREE(rows);
}

static enum rc take(struct list_rows *out, const char *extension, const char *state, size_t line,
                    struct err *err)
{
    struct list_row row = {0};
    if (str_is_empty(extension) ||
        (state && (str_eq(state, "removed") || str_eq(state, "reserved"))))
        return RC_OK;
    if (out->len >= APPEARANCE_LINES_MAX)
        return err_set(err, RC_CONFIG, "line %zu: more than %d keys", line, APPEARANCE_LINES_MAX);
    row.extension = mem_dup(extension[0] == '\'' ? extension + 1 : extension);
    VEC_PUSH(out, row);
    return RC_OK;
}

static enum rc parse_json(struct list_rows *out, const char *text, size_t len, struct err *err)
{
    json_error_t why;
    json_t *array = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_array(array)) {
        enum rc rc = err_set(err, RC_CONFIG, "line %d: %s", why.line,
                             array ? "an array of objects is wanted" : why.text);
        json_decref(array);
        return rc;
    }
    enum rc rc = RC_OK;
    for (size_t i = 0; i < json_array_size(array) && rc == RC_OK; i++) {
        const json_t *row = json_array_get(array, i);
        const json_t *extension = json_object_get(row, "extension");
        if (!json_is_string(extension))
            rc = err_set(err, RC_CONFIG, "object %zu: it lacks \"extension\", a text", i + 1);
        else
            rc = take(out, json_string_value(extension),
                      json_string_value(json_object_get(row, "state")), i + 1, err);
    }
    json_decref(array);
    return rc;
}

/* One field of CSV from *at on; *at is then behind its comma or newline. False at the end of the
 * row. */
static bool csv_field(const char **at, const char *end, struct buf *out)
{
    const char *c = *at;
    bool is_quoted = c < end && *c == '"';
    buf_reset(out);
    for (c += is_quoted; c < end; c++) {
        if (is_quoted && *c == '"' && c + 1 < end && c[1] == '"')
            buf_putc(out, *c++);
        else if (is_quoted && *c == '"')
            is_quoted = false;
        else if (!is_quoted && (*c == ',' || *c == '\n'))
            break;
        else if (is_quoted || *c != '\r')
            buf_putc(out, *c);
    }
    bool is_more = c < end && *c == ',';
    *at = c < end ? c + 1 : end;
    return is_more;
}

struct csv_columns {
    size_t extension, state; /* SIZE_MAX: none */
};

static struct csv_columns csv_head(const char **at, const char *end, struct buf *field)
{
    struct csv_columns found = {SIZE_MAX, SIZE_MAX};
    bool is_more = true;
    for (size_t i = 0; is_more; i++) {
        is_more = csv_field(at, end, field);
        if (str_eq(buf_text(field), "extension"))
            found.extension = i;
        else if (str_eq(buf_text(field), "state"))
            found.state = i;
    }
    return found;
}

static enum rc parse_csv(struct list_rows *out, const char *text, size_t len, struct err *err)
{
    const char *at = text, *end = text + len;
    struct buf field;
    char extension[256], state[32];
    enum rc rc = RC_OK;
    buf_init(&field, LIST_ROWS_MAX_BYTES);
    struct csv_columns which = csv_head(&at, end, &field);
    if (which.extension == SIZE_MAX)
        rc = err_set(err, RC_CONFIG,
                     "line 1: no column is called extension: the first line names the columns "
                     "(key,extension,name,stored,state)");
    for (size_t line = 2; at < end && rc == RC_OK; line++) {
        bool is_more = true;
        extension[0] = state[0] = '\0';
        for (size_t i = 0; is_more; i++) {
            is_more = csv_field(&at, end, &field);
            if (i == which.extension)
                str_copy(extension, sizeof extension, buf_text(&field));
            else if (i == which.state)
                str_copy(state, sizeof state, buf_text(&field));
        }
        rc = take(out, extension, state, line, err);
    }
    buf_fini(&field);
    return rc;
}

enum rc list_rows_parse(struct list_rows *out, const char *text, size_t len, struct err *err)
{
    *out = (struct list_rows){0};
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (memchr(text, '\0', len) || !utf8_is_valid(text, len))
        return err_set(err, RC_CONFIG, "it is not UTF-8 text");
    size_t blank = strspn(text, " \t\r\n");
    enum rc rc =
        text[blank] == '[' ? parse_json(out, text, len, err) : parse_csv(out, text, len, err);
    if (rc != RC_OK)
        list_rows_free(out);
    return rc;
}

enum rc list_rows_load(struct list_rows *out, const char *path, struct err *err)
{
    struct buf text;
    char piece[8192];
    bool is_stdin = str_eq(path, "-");
    *out = (struct list_rows){0};
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, RC_CONFIG, "cannot open %s: %s", path, strerror(errno));
    buf_init(&text, LIST_ROWS_MAX_BYTES);
    enum rc rc = RC_OK;
    for (ssize_t n = 1; n != 0 && rc == RC_OK;) {
        n = read(fd, piece, sizeof piece);
        if (n < 0 && errno != EINTR)
            rc = err_set(err, RC_CONFIG, "cannot read %s: %s", path, strerror(errno));
        else if (n > 0 && !buf_put(&text, piece, (size_t)n))
            rc = err_set(err, RC_CONFIG, "%s is larger than %d bytes: is it the right file?", path,
                         LIST_ROWS_MAX_BYTES);
    }
    if (!is_stdin)
        close(fd);
    if (rc == RC_OK && list_rows_parse(out, buf_text(&text), text.len, err) != RC_OK)
        rc = err_prefix(err, "%s", path);
    buf_fini(&text);
    return rc;
}
