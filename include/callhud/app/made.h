/* What this run made at the server, in a locked file; and what killed runs left. */
#ifndef CALLHUD_APP_MADE_H
#define CALLHUD_APP_MADE_H

#include "callhud/backend/backend.h"
#include "callhud/base/vec.h"

/* Files are FOLDER/made-PROFILE-XXXXXX: the server on the first line, then "+THING" and "-THING"
 * lines; X is a letter or digit, and what cannot stand in a name is %XX in PROFILE. A file is its
 * program's as long as that holds its lock (flock), which ends with the program however it ends. A
 * last line that was cut short was never promised: what it names was never asked for. */
struct made;

#define MADE_THING_BYTES 512              /* a thing is printable ASCII, shorter than this */
#define MADE_FILE_MAX_BYTES (1024 * 1024) /* a larger file is left where it is */

enum rc made_open(struct made **out, const char *folder, const char *profile, const char *server,
                  struct err *err); /* the file is made with the first put */
void made_close(struct made *made); /* removes the file when nothing is left in it; NULL is fine */
void made_ledger(struct made *made, struct backend_ledger *out);
size_t made_count(const struct made *made); /* of things that were put and not dropped */

/* Takes over every file of this profile and server whose lock is free: things in it become this
 * run's own (written into its own file first), the old file is removed. Files of another server, of
 * another user, and whatever else has such a name are left alone. things gets owned copies. Never
 * touches a file whose lock is held. RC_IO: the folder cannot be read, or the own file not be
 * written; the files stay then, and what they name is in things as well: removing it twice does no
 * harm. */
typedef VEC(char *) made_things;
enum rc made_adopt(struct made *made, made_things *things, struct err *err);
void made_things_free(made_things *things);

#endif
