/* The HUD list as rows for people, programs and files: product contract, section 7. */
#ifndef CALLHUD_APP_LIST_ROWS_H
#define CALLHUD_APP_LIST_ROWS_H

#include "callhud/app/cli.h"
#include "callhud/base/vec.h"
#include "callhud/model/appearance.h"

/* TABLE: a line each for people. JSON: an array of {"key","extension","name","stored","state"}, CSV
 * the same columns: extension and name of who is here (of who is stored where the line is removed
 * here), stored the extension stored on that line, key null or empty where removed. */
void list_rows_put(struct buf *out, const struct appearance *list, enum cli_format format,
                   bool only_changed);
/* Into a file, 0600; CSV unless the name ends with .json or format is JSON. An existing file, or
 * the one that a link leads to, is replaced whole; what is no file (a device, a pipe) is written
 * to. RC_IO. */
enum rc list_rows_save(const char *path, const struct appearance *list, enum cli_format format,
                       struct err *err);

#define LIST_ROWS_MAX_BYTES (4 * 1024 * 1024)
struct list_row {
    char *extension; /* owned */
};
struct list_rows {
    struct list_row *items;
    size_t len, cap;
};
/* Reads either form (JSON begins with '['). Only the order of the extensions counts: the column or
 * member `extension` must be there, rows with an empty one, and those with state removed, are
 * passed over. "-": standard input. RC_CONFIG names the line that cannot be right. */
enum rc list_rows_load(struct list_rows *out, const char *path, struct err *err);
enum rc list_rows_parse(struct list_rows *out, const char *text, size_t len, struct err *err);
void list_rows_free(struct list_rows *rows);

#endif
