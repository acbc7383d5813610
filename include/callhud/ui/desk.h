/* The screens of a desk: HUD list with its preview, presence settings. What they show and what they
 * may ask of the program. */
#ifndef CALLHUD_UI_DESK_H
#define CALLHUD_UI_DESK_H

#include "callhud/base/err.h"
#include "callhud/model/appearance.h"
#include "callhud/model/desk.h"

/* One thing that is asked of the backend and shown. */
enum ui_desk_state {
    UI_DESK_UNKNOWN, /* not asked yet */
    UI_DESK_ASKED,   /* under way; what was told before is still shown */
    UI_DESK_TOLD,
    UI_DESK_FAILED, /* text says why and what to do; what was told before is still shown */
};

/* Borrowed until the next ui_set_desk(); the list changes in place between calls. */
struct ui_desk {
    const char *whose; /* "" our own, else "108 Noor Haddad" */
    const char *owner; /* the extension of that one; NULL or "": our own */
    bool is_read_only;

    const struct appearance *list; /* NULL: nothing is known of a list */
    bool is_automatic;             /* sync = automatic */
    uint64_t rev; /* grows with every change of people, phones and settings, and when the list is
                     that of another file */
    const char *fixed;  /* why the list can be looked at alone: its file cannot be written; NULL */
    const char *denied; /* why the list may not be changed: somebody else's, and no right; NULL */
    bool is_local;  /* the backend stores no list: it lives in the file alone; list_text says why */
    bool is_behind; /* edits are shown that are not on disk yet, or what is stored waits to come
                       there: another program holds the file */
    bool is_waiting; /* a save waits until no desk phone is in a call */
    enum ui_desk_state reading, writing;
    int64_t waits_until_ms; /* reading or writing waits for the service's limits: epoch; 0 */
    int64_t read_ms;        /* monotonic time of the last reading; 0: never */
    const char *list_text;  /* of what failed last; "" */

    const struct desk_phone *phones;
    size_t phones_len;
    enum ui_desk_state phones_state;

    const struct desk_person *people; /* by extension */
    size_t people_len;
    enum ui_desk_state people_state;
    const char *people_text;

    const struct desk_settings *settings; /* NULL: not known */
    enum ui_desk_state settings_state;    /* ASKED also while a change is written */
    const char *settings_text;
};

/* What the screens do with it. Whatever changes the list is on disk when it returns, unless another
 * program holds the file: then soon, and is_behind says so. */
struct ui_desk_ops {
    /* appearance_edit(). The edits may name people with the texts of the list as it is shown, which
     * are gone when this returns: another callhud may have changed it. */
    size_t (*edit)(void *self, struct appearance_edit *edits, size_t len);
    bool (*undo)(void *self, char *text); /* appearance_undo() */
    /* user_id NULL: all conflicts; it may be borrowed likewise. */
    enum rc (*choose)(void *self, const char *user_id, enum appearance_choice choice,
                      struct err *err);
    void (*show)(void *self, bool is_shown); /* a screen of the desk is open: people, phones and
                                                settings are wanted, and kept up to date */
    void (*pull)(void *self);
    void (*push)(void *self, bool is_when_idle);
    void (*push_cancel)(void *self); /* a save that waits for idle phones */
    void (*set)(void *self, const struct desk_settings *settings); /* those that are named */
    void *self;
};

struct ui;
/* ops NULL: there is no desk; the commands say so. Both are borrowed. */
void ui_set_desk(struct ui *ui, const struct ui_desk *desk, const struct ui_desk_ops *ops);
/* Something of the desk has changed. */
void ui_desk_changed(struct ui *ui);
/* The program has a save to ask about (sync = automatic, and phones would restart): opens the save
 * dialog, or where another question is open or the link is lost, later. */
void ui_desk_ask_save(struct ui *ui, int64_t now_ms);

#endif
