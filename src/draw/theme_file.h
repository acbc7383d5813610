/* Shared by the reader of theme files and the search for them. */
#ifndef DRAW_THEME_FILE_H
#define DRAW_THEME_FILE_H

#include <stdbool.h>

/* Letters, digits, '-', '_' and '.', not first '.': also safe as the name of a file. */
bool theme_name_is_valid(const char *name);
const char *theme_builtin_text(const char *name); /* NULL when there is none */

#endif
