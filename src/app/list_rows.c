#include "callhud/app/list_rows.h"

#include "callhud/app/report.h"
#include "callhud/app/write_all.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- out ------------------------------------------------------------------------------------- */

#define FORMULA "=+-@\t\r" /* what one begins with */
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

/* RFC 4180; a sheet must not take what came from outside for a formula: an apostrophe goes before
 * it, which is cut off where it is read again. */
static void put_csv_text(struct buf *out, const char *text, const char *apostrophe_before)
{
    size_t len = strlen(text);
    bool is_marked = len > 0 && strchr(apostrophe_before, text[0]) != NULL;
    bool has_blank_end = len > 0 && (text[0] == ' ' || text[len - 1] == ' ');
    if (!is_marked && !has_blank_end && !strpbrk(text, ",\"\r\n")) {
        buf_puts(out, text);
        return;
    }
    buf_puts(out, is_marked ? "\"'" : "\"");
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
    put_csv_text(out, user->extension, FORMULA "'");
    buf_putc(out, ',');
    put_csv_text(out, user->name, FORMULA);
    buf_putc(out, ',');
    put_csv_text(out, line->stored ? line->stored->extension : "", FORMULA "'");
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
    bool is_written = write_all(fd, buf_text(text), text->len);
    int why = errno;
    if (close(fd) != 0 && is_written) {
        is_written = false;
        why = errno;
    }
    return is_written ? RC_OK : save_fault(err, path, why);
}

/* A file: replaced whole, or left as it was. */
static enum rc write_beside(const char *path, mode_t rights, const struct buf *text,
                            struct err *err)
{
    char beside[PATH_MAX];
    if ((size_t)snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= sizeof beside)
        return save_fault(err, path, ENAMETOOLONG);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return save_fault(err, path, errno);
    bool is_written =
        fchmod(fd, rights) == 0 && write_all(fd, buf_text(text), text->len) && fsync(fd) == 0;
    int why = errno;
    (void)close(fd);
    if (is_written && rename(beside, path) == 0)
        return RC_OK;
    why = is_written ? errno : why;
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
    enum rc rc = is_there && !S_ISREG(st.st_mode) ? write_into(path, &text, err)
                 : is_there && realpath(path, target)
                     ? write_beside(target, st.st_mode & 0777, &text, err)
                     : write_beside(path, 0600, &text, err);
    buf_fini(&text);
    return rc;
}
