/* Where files are: XDG base directories. All functions write an absolute path into out. */
#ifndef CALLHUD_APP_PATHS_H
#define CALLHUD_APP_PATHS_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define PATH_BYTES 1024

/* The home folder: $HOME, else that of the user database; NULL when there is none. */
const char *paths_home(void);
/* $XDG_CONFIG_HOME/callhud/config.ini (~/.config/...) */
enum rc paths_config(char out[PATH_BYTES], struct err *err);
/* $XDG_STATE_HOME/callhud/NAME (~/.local/state/...), the folder itself when name is ""; when
 * is_made the folder is made, 0700. */
enum rc paths_state(char out[PATH_BYTES], const char *name, bool is_made, struct err *err);
/* Makes a folder, and those above it that are missing; of one's own folder others are kept out. */
enum rc paths_make(const char *folder, struct err *err);
/* Folders with *.theme, NULL-terminated: the user's, then the installed ones that exist. Static:
 * good until the next call. */
const char *const *paths_themes(void);

#endif
