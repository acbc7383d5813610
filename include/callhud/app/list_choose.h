/* Lines of the HUD list in conflict, as the commands name and settle them. */
#ifndef CALLHUD_APP_LIST_CHOOSE_H
#define CALLHUD_APP_LIST_CHOOSE_H

#include "callhud/app/desk_run.h"

/* "key 4 is in conflict (109 here, 111 stored): what to do"; of several their keys. "": none. A
 * line that was removed here is named by the extension that is stored on it. */
void list_choose_say(const struct appearance *list, char *out, size_t size);
/* The line in conflict on that key, or with that extension here or stored; NULL. */
const struct appearance_line *list_choose_find(const struct appearance *list, const char *word);
/* Settles it, on disk when this returns. False: it could not be, and the command has ended. */
bool list_choose(struct desk_run *run, const struct appearance_line *line,
                 enum appearance_choice choice);
/* `list pull KEY|EXT|all`: what is stored is taken. False: it has ended. */
bool list_choose_stored(struct desk_run *run, const char *word);

#endif
