/* What this run made at the server, in a locked file; and what killed runs left. */
#ifndef CALLHUD_APP_MADE_H
#define CALLHUD_APP_MADE_H

#include "callhud/backend/backend.h"
#include "callhud/base/vec.h"

/* Files are STATE/made-PROFILE-XXXXXX: the server on the first line, then "+THING" and "-THING"
 * lines. A file is its program's as long as that holds its lock (flock), which ends with the
 * program however it ends. */
struct made;
enum rc made_open(struct made **out, const char *folder, const char *profile, const char *server,
                  struct err *err); /* the file is made with the first put */
void made_close(struct made *made); /* removes the file when nothing is left in it; NULL is fine */
void made_ledger(struct made *made, struct backend_ledger *out);

/* Takes over every file of this profile and server whose lock is free: things in it become this
 * run's own (written into its own file first), the old file is removed. Files of another server are
 * left alone. things gets owned copies. Never touches a file whose lock is held. */
typedef VEC(char *) made_things;
enum rc made_adopt(struct made *made, made_things *things, struct err *err);

#endif
