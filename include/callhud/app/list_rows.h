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
/* Into a file, a new one for its owner alone; CSV unless the name ends with .json or format is
 * JSON. An existing file, or the one that a link leads to, is replaced whole and keeps its rights;
 * what is no file (a device, a pipe) is written to. RC_IO. */
enum rc list_rows_save(const char *path, const struct appearance *list, enum cli_format format,
                       struct err *err);

#define LIST_ROWS_MAX_BYTES (4 * 1024 * 1024)
/* A row of a file that is to be a key of the list. */
struct list_row {
    char *extension; /* owned */
    uint32_t key;    /* its own, else that of the row before; 0: none yet */
    size_t at;       /* the line that it begins in (CSV), or the place in the array, from 1 */
};
/* In the order that the list is to have: by key; a row without one stays behind the row that it
 * stands behind in the file. */
struct list_rows {
    struct list_row *items;
    size_t len, cap;
    bool is_json;
};
/* Reads either form: what format says; TABLE: JSON when the name ends with .json or the text begins
 * with a bracket, else CSV, also with semicolons or tabs in place of the commas. The column or
 * member `extension` must be there, the others (`key`, `state`, in any order, and what else there
 * is) may. Passed over: rows that are not keys here (state removed, reserved, or conflict without a
 * key) and blank lines. "-": standard input. RC_CONFIG: what cannot be right, with FILE and line:
 * an empty extension or one with control characters, a key that is no number from 1 or is there
 * twice, a state that no line has, a quotation mark that is not closed, more fields than columns.
 */
enum rc list_rows_load(struct list_rows *out, const char *path, enum cli_format format,
                       struct err *err);
enum rc list_rows_parse(struct list_rows *out, const char *text, size_t len, enum cli_format format,
                        struct err *err);
void list_rows_free(struct list_rows *rows);
/* For errors: what `at` counts ("line", "row"); what a path is called. */
const char *list_rows_unit(const struct list_rows *rows);
const char *list_rows_name(const char *path);

#endif
