/* The console's desk: the keeper of the HUD list and settings, given to the screens. */
#ifndef CALLHUD_APP_CONSOLE_DESK_H
#define CALLHUD_APP_CONSOLE_DESK_H

#include "callhud/app/keeper.h"
#include "callhud/ui/ui.h"

struct console_desk {
    struct session *session;
    struct ui *ui;
    const char *reason;             /* for the audit; "" */
    void (*want_frame)(void *self); /* something on the screen has changed */
    void *self;

    struct keeper *keeper; /* NULL: the list cannot be opened, the screens say why */
    struct ui_desk_ops ops;
    char extension[64]; /* whose desk; "": our own */
    bool is_automatic;
};
/* session, ui, reason, want_frame and self are set. extension NULL: that of before. */
void console_desk_open(struct console_desk *d, const char *extension);
/* The screens have none then; twice is fine. Not RC_OK: edits were lost that waited for the disk.
 */
enum rc console_desk_close(struct console_desk *d, struct err *err);
/* After a reload that goes on with the same connection. */
void console_desk_reloaded(struct console_desk *d);
/* Every event of the session, as session.passed. */
void console_desk_event(struct console_desk *d, const struct event *event);

#endif
