/* Acting on calls from the screens: what was on the screen, the questions, the menu of actions.
 * Private to the ui floor. */
#ifndef CALLHUD_UI_ACT_H
#define CALLHUD_UI_ACT_H

#include "callhud/base/vec.h"
#include "callhud/model/action.h"
#include "callhud/ui/cmd.h"
#include "callhud/ui/ui.h"

/* --- what was seen ---------------------------------------------------------------------------- */

/* The selected user as drawn last. A key acts on the call that people saw when they pressed it, not
 * on what the model has learnt since. */
struct seen {
    bool is_there;
    struct user user; /* owned; without devices */
};
void seen_take(struct seen *seen, const struct user *user); /* NULL: nobody */
void seen_clear(struct seen *seen);

/* --- one action, thought through ---------------------------------------------------------------
 */

struct choice {
    enum action_kind kind;
    const struct user *user; /* as seen; NULL for STOP */
    const struct call *call; /* of that user, as seen; NULL: none is needed, or none fits */
    bool is_on;              /* DND, RECORD: what it would become */
    struct action_check check;
};
/* call NULL: the one that fits. What the user shows is as it was seen; rights, capabilities and the
 * link are those of now. */
void choice_make(struct choice *out, const struct hud *live, const struct user *user,
                 const struct call *call, enum action_kind kind, int64_t now_ms);
/* "no", "yes", "yes, Lena hears you", "now active", "on": what a list of actions says of it. */
void choice_words(const struct choice *choice, const struct hud *live, bool is_pickup_confirmed,
                  char *out, size_t size);
/* Is a question asked before it is done? */
bool choice_asks(const struct choice *choice, bool is_pickup_confirmed);

/* The action of a command; false when it is none. */
bool cmd_action(const struct cmd *cmd, enum action_kind *out);
/* A key that nothing is bound to: H and J come from Caps Lock, for h and j. True when it was one.
 */
bool act_note_caps(struct ui *ui, const struct key *key, int64_t now_ms);
/* Caps Lock seems to be on, and a capital would act on a call: says so. Stop always works. */
bool act_is_disarmed(struct ui *ui, const struct key *key, const struct cmd *cmd, int64_t now_ms);
/* Does it, or asks first, or says why not. cmd is the command it came by. */
void act_do(const struct cmd_call *call, const struct choice *choice);
/* The first word of the name, else the extension: "Lena hears you". */
void user_short_name(const struct user *user, char *out, size_t size);

/* --- questions -------------------------------------------------------------------------------- */

#define DIALOG_DEAF_MS                                                         \
    250 /* nothing is taken as an answer before the question was shown so long \
         */

enum dialog_kind {
    DIALOG_NONE,
    DIALOG_PICKUP,
    DIALOG_BARGE,
    DIALOG_TAKEOVER,
    DIALOG_HANGUP,
    DIALOG_RECORD,
    DIALOG_QUIT,
    DIALOG_SUSPEND,
    DIALOG_RELOAD,
    DIALOG_SAVE, /* of the HUD list; desk_screen.h */
    DIALOG_COUNT
};
struct dialog {
    enum dialog_kind kind;
    struct intent intent; /* what `y` asks for */
    char who[160];        /* whose call, for what is said when it is over */
    char number[128];     /* of the other party when it was opened */
    char party[256];      /* the same as shown */
    bool is_drawn;
    int64_t drawn_ms; /* when it was on the screen first; closed by itself: when that was */
    bool is_void;     /* closed by itself just now */
};
/* The words that do not depend on the call. */
struct dialog_row {
    const char *title, *title_short; /* followed by whose call, if it is about one, and "?" */
    const char *no, *yes, *no_short;
};
const struct dialog_row *dialog_row(enum dialog_kind kind);
void dialog_open_call(struct ui *ui, enum dialog_kind kind, const struct choice *choice,
                      const struct intent *intent);
/* Before what ends the supervision: leaving or stopping the program, a reload. */
void dialog_open_leave(struct ui *ui, enum dialog_kind kind);
void dialog_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms);
/* Closes it when what it asks about is no more. */
void dialog_watch(struct ui *ui, const struct hud *hud, int64_t now_ms);
void dialog_close(struct ui *ui);
/* An answer to a question that has closed by itself while it was typed: it means nothing else. */
bool dialog_is_late_answer(const struct ui *ui, const struct key *key, int64_t now_ms);

/* --- the menu of everything that can be done with the selected user ----------------------------
 */

struct menu_row {
    const struct cmd *cmd; /* NULL: a heading */
    size_t call;           /* of seen.user.calls; SIZE_MAX: of none */
    bool is_ok;
    char words[600];
};
struct menu {
    bool is_open;
    bool is_fresh; /* not drawn yet: the cursor is to be put on the first command */
    char user_id[128];
    char call_id[256];         /* of the row under the cursor; "" */
    const struct cmd *cmd;     /* of that row; NULL: the cursor is on none */
    long top, shown;           /* first line on the screen and how many, as drawn last */
    VEC(struct menu_row) rows; /* as drawn last */
};
void menu_open(struct ui *ui);
void menu_close(struct ui *ui);
/* The rows anew, from what was seen. */
void menu_build(struct ui *ui, const struct hud *live, int64_t now_ms);
long menu_at(const struct ui *ui); /* the row under the cursor; -1: none */
void menu_set_at(struct ui *ui, long at);
void menu_run_at(struct ui *ui, const struct hud *hud, int64_t now_ms);
void menu_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms);

/* --- what became of it -------------------------------------------------------------------------
 */

/* Our supervision as the screens have told of it last. */
struct told {
    enum supervision_state state;
    enum supervise_mode mode;
    uint32_t action_id;
    char who[160]; /* "104 Lena Fischer" */
};
void news_action(struct ui *ui, const struct hud *hud, int64_t now_ms);

#endif
