/* What the files of callhud list share. */
#ifndef CALLHUD_APP_CMD_LIST_PRIV_H
#define CALLHUD_APP_CMD_LIST_PRIV_H

#include "callhud/app/desk_run.h"

/* Who shall come onto a line: known to the backend, or (without a link) to the list. Borrowed. */
enum rc cmd_list_user(struct desk_run *run, const char *extension, struct appearance_user *out,
                      struct err *err);
/* An edit is on disk: it is told what was done (did, without an end), then sent, or told that it
 * waits. Ends the run, now or when it is sent. */
void cmd_list_edited(struct desk_run *run, const char *did);
/* That the list is the one that is kept here, and why, if it is. */
void cmd_list_say_where(const struct desk_run *run);

/* Something of the list could be read; whether it can only be looked at is said. Else the run
 * fails.
 */
bool cmd_list_is_known(struct desk_run *run);

void cmd_list_export(struct desk_run *run);
void cmd_list_import(struct desk_run *run);

#endif
