/* callhud audit: the records, and whether they are as they were written. Neither needs a profile.
 */
#include "audit_priv.h"

#include "callhud/app/cli.h"
#include "callhud/app/out.h"
#include "callhud/app/paths.h"
#include "callhud/app/report.h"
#include "callhud/app/start.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FLUSH_BYTES (64u * 1024)
#define OUT_MAX_BYTES (1024u * 1024)
#define VALUE_MAX_CHARS 4096

/* ---- show ------------------------------------------------------------------------------------ */

/* The table's columns, left to right; cells 0 is the rest of the line. */
static const struct column {
    const char *title;
    enum audit_key key;
    int cells;
} columns[] = {
    {"record", AUDIT_SEQUENCE, 6}, {"time", AUDIT_TIME, 19},    {"what", AUDIT_RECORD, 9},
    {"action", AUDIT_ACTION, 12},  {"of", AUDIT_BEGIN, 6},      {"mode", AUDIT_MODE, 8},
    {"value", AUDIT_VALUE, 24},    {"ext", AUDIT_EXTENSION, 6}, {"name", AUDIT_NAME, 18},
    {"party", AUDIT_PARTY, 14},    {"who", AUDIT_WHO, 10},      {"result", AUDIT_RESULT, 24},
    {"reason", AUDIT_REASON, 0},
};
#define COLUMNS (sizeof columns / sizeof *columns)

struct show {
    const struct cli *cli;
    struct buf out, value, clean;
    uint64_t shown;
    bool is_after_since, has_fault;
    int failed; /* errno of a write to standard output */
};

static void put_cell(struct show *show, const struct column *column, const char *text)
{
    bool is_rest = column->cells == 0;
    int used = is_rest ? utf8_fit(&show->out, text, VALUE_MAX_CHARS, show->cli->is_ascii)
                       : utf8_fit(&show->out, text, column->cells, show->cli->is_ascii);
    for (; used < column->cells; used++)
        buf_putc(&show->out, ' ');
    buf_putc(&show->out, ' ');
}

static void end_row(struct buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    buf_putc(out, '\n');
}

/* The value as it may be drawn. */
static const char *cell_text(struct show *show, const struct audit_line *line,
                             const struct column *column)
{
    int64_t epoch_ms;
    char local[32];
    buf_reset(&show->value);
    buf_reset(&show->clean);
    audit_line_value(line, column->key, &show->value);
    if (column->key == AUDIT_TIME && clock_parse_iso(buf_text(&show->value), &epoch_ms)) {
        clock_format_local(epoch_ms, "%Y-%m-%d %H:%M:%S", local, sizeof local);
        buf_reset(&show->value);
        buf_puts(&show->value, local);
    }
    utf8_clean(&show->clean, buf_text(&show->value), show->value.len, VALUE_MAX_CHARS);
    return show->clean.len > 0 ? buf_text(&show->clean) : "";
}

static void put_row(struct show *show, const struct audit_line *line)
{
    for (size_t i = 0; i < COLUMNS; i++)
        put_cell(show, &columns[i], cell_text(show, line, &columns[i]));
    end_row(&show->out);
}

/* RFC 4180; a sheet must not take what came from outside for a formula. A telephone number may
 * begin with its plus. */
static void put_csv_text(struct buf *out, const char *text)
{
    bool is_number = text[0] == '+' && text[1] >= '0' && text[1] <= '9';
    bool is_formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL && !is_number;
    buf_puts(out, is_formula ? "\"'" : "\"");
    for (const char *c = text; *c; c++)
        buf_puts(out, *c == '"' ? "\"\"" : (char[]){*c, '\0'});
    buf_putc(out, '"');
}

static void put_csv_row(struct show *show, const struct audit_line *line)
{
    for (unsigned key = 0; key < AUDIT_KEYS; key++) {
        buf_reset(&show->value);
        audit_line_value(line, (enum audit_key)key, &show->value);
        if (key > 0)
            buf_putc(&show->out, ',');
        if (show->value.len > 0)
            put_csv_text(&show->out, buf_text(&show->value));
    }
    buf_putc(&show->out, '\n');
}

static void put_head(struct show *show)
{
    if (show->cli->format == FORMAT_JSON)
        buf_putc(&show->out, '[');
    for (unsigned key = 0; show->cli->format == FORMAT_CSV && key < AUDIT_KEYS; key++) {
        buf_printf(&show->out, "%s%s", key ? "," : "", audit_key_name((enum audit_key)key));
        if (key == AUDIT_KEYS - 1)
            buf_putc(&show->out, '\n');
    }
    if (show->cli->format == FORMAT_TABLE) {
        for (size_t i = 0; i < COLUMNS; i++)
            put_cell(show, &columns[i], columns[i].title);
        end_row(&show->out);
    }
}

static void put_record(struct show *show, const struct audit_seen *seen)
{
    if (show->shown++ == 0 && show->cli->format == FORMAT_TABLE)
        put_head(show);
    if (show->cli->format == FORMAT_TABLE) {
        put_row(show, seen->line);
    } else if (show->cli->format == FORMAT_CSV) {
        put_csv_row(show, seen->line);
    } else {
        buf_puts(&show->out, show->shown > 1 ? ",\n " : "");
        buf_put(&show->out, seen->bytes, seen->len);
    }
}

static bool flush(struct show *show)
{
    if (fwrite(buf_text(&show->out), 1, show->out.len, stdout) != show->out.len ||
        fflush(stdout) != 0)
        show->failed = errno ? errno : EIO;
    buf_reset(&show->out);
    return show->failed == 0;
}

static bool show_one(void *self, const struct audit_seen *seen)
{
    struct show *show = self;
    if (seen->fault) {
        struct err err = {0};
        if (!flush(show)) /* so that both stand in order on a terminal */
            return false;
        err_set(&err, RC_FAILED, "%s", seen->fault);
        start_fail(&err);
        show->has_fault = true;
    }
    if (seen->line && show->is_after_since)
        put_record(show, seen);
    else if (seen->line && show->cli->since) {
        char hash[DIGEST_TEXT_BYTES];
        digest_text(seen->line->hash, hash);
        show->is_after_since = str_eq(hash, show->cli->since);
    }
    return show->out.len < FLUSH_BYTES || flush(show);
}

static enum rc show_records(struct show *show, const char *path, struct err *err)
{
    if (show->cli->format != FORMAT_TABLE)
        put_head(show);
    enum rc rc = audit_walk(path, show_one, show, err);
    if (show->cli->format == FORMAT_JSON)
        buf_puts(&show->out, "]\n");
    if (rc == RC_OK && show->failed == 0)
        flush(show);
    if (rc == RC_OK && show->failed == 0 && !show->is_after_since) {
        return err_set(err, RC_FAILED, "%s holds no record with the hash %.70s", path,
                       show->cli->since);
    }
    return rc;
}

static int run_show(const struct cli *cli, const char *path)
{
    struct show show = {.cli = cli, .is_after_since = cli->since == NULL};
    struct err err = {0};
    if (cli->against) {
        err_set(&err, RC_USAGE, "--against goes with audit verify");
        return start_fail(&err);
    }
    buf_init(&show.out, OUT_MAX_BYTES);
    buf_init(&show.value, 2 * AUDIT_LINE_MAX_BYTES);
    buf_init(&show.clean, 4 * AUDIT_LINE_MAX_BYTES);
    enum rc rc = show_records(&show, path, &err);
    buf_fini(&show.out);
    buf_fini(&show.value);
    buf_fini(&show.clean);
    if (rc != RC_OK)
        return start_fail(&err);
    int exit_code = out_report(show.failed);
    return show.has_fault ? 1 : exit_code;
}

/* ---- verify ---------------------------------------------------------------------------------- */

static void say_verdict(struct buf *out, const struct cli *cli, const struct audit_verdict *verdict)
{
    buf_printf(out, "%" PRIu64 " record%s, intact%s%s\n", verdict->records,
               verdict->records == 1 ? "" : "s", verdict->records ? ", head " : "", verdict->head);
    if (cli->since)
        buf_puts(out, "the chain holds the hash given with --since\n");
    if (cli->against && verdict->heads_checked)
        buf_printf(out, "heads in the journal: %" PRIu64 ", all in the chain\n",
                   verdict->heads_checked);
    if (!cli->since && !cli->against && verdict->records)
        buf_puts(out, "The file alone cannot show that its end was cut off or that it was written "
                      "anew: keep\nthe head elsewhere and give it with --since, or use --against "
                      "journald.\n");
}

static void say_json(struct buf *out, const struct audit_verdict *verdict, const struct err *err)
{
    buf_printf(out, "{\"v\":1,\"records\":%" PRIu64 ",\"intact\":%s,\"head\":", verdict->records,
               err->rc == RC_OK ? "true" : "false");
    report_json(out, verdict->head[0] ? verdict->head : NULL);
    if (verdict->bad_line)
        buf_printf(out, ",\"bad_line\":%" PRIu64, verdict->bad_line);
    else
        buf_puts(out, ",\"bad_line\":null");
    buf_printf(out, ",\"heads_checked\":%" PRIu64 ",\"fault\":", verdict->heads_checked);
    report_json(out, err->rc == RC_OK ? NULL : err->text);
    buf_puts(out, "}\n");
}

static enum rc verify(const struct cli *cli, const char *path, struct audit_verdict *verdict,
                      struct err *err)
{
    struct audit_heads heads = {0};
    enum rc rc = RC_OK;
    /* Before the file is read: a record that comes between is then in the file for sure. */
    if (cli->against)
        rc = audit_heads_fetch(&heads, path, err);
    if (rc == RC_OK) {
        rc = audit_verify(path, cli->since, (const char *const *)heads.hashes.items,
                          heads.hashes.len, verdict, err);
    }
    if (rc == RC_OK && cli->against && heads.hashes.len == 0 && verdict->records > 0) {
        rc = err_set(err, RC_FAILED,
                     "%s: line by line intact, but the journal holds no head of it: nothing to "
                     "compare with (journalctl -t callhud shows what it holds)",
                     path);
    }
    audit_heads_free(&heads);
    return rc;
}

static int run_verify(const struct cli *cli, const char *path)
{
    struct audit_verdict verdict = {0};
    struct err err = {0};
    struct buf out;
    if (cli->format == FORMAT_CSV) {
        err_set(&err, RC_USAGE, "audit verify writes no CSV: use --json");
        return start_fail(&err);
    }
    if (verify(cli, path, &verdict, &err) == RC_USAGE)
        return start_fail(&err);
    buf_init(&out, OUT_MAX_BYTES);
    if (cli->format == FORMAT_JSON)
        say_json(&out, &verdict, &err);
    else if (err.rc == RC_OK)
        say_verdict(&out, cli, &verdict);
    int exit_code = report_print(&out);
    buf_fini(&out);
    return err.rc != RC_OK ? start_fail(&err) : exit_code;
}

int cmd_audit(const struct cli *cli)
{
    char path[PATH_BYTES];
    struct err err = {0};
    bool is_verify = str_eq(cli->args[0], "verify");
    if (!is_verify && !str_eq(cli->args[0], "show")) {
        err_set(&err, RC_USAGE, "audit %.60s: it can be show or verify", cli->args[0]);
        return start_fail(&err);
    }
    unsigned char since[DIGEST_BYTES];
    if (cli->since &&
        (strlen(cli->since) != DIGEST_TEXT_BYTES - 1 || !digest_parse(cli->since, since))) {
        err_set(&err, RC_USAGE, "--since %.70s: a hash has 64 digits 0-9 a-f", cli->since);
        return start_fail(&err);
    }
    if (paths_state(path, "audit.jsonl", false, &err) != RC_OK)
        return start_fail(&err);
    return is_verify ? run_verify(cli, path) : run_show(cli, path);
}
