/* Questions before what cannot be taken back. The default is no; only a lower-case y says yes. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { LATE_MS = 1000 }; /* after a question closed by itself: an answer was meant for it */

const struct dialog_row *dialog_row(enum dialog_kind kind)
{
    static const struct dialog_row rows[DIALOG_COUNT] = {
        [DIALOG_PICKUP] = {"Pick up the call of ", "Pick up ", "Leave it", "Pick up", "no"},
        [DIALOG_BARGE] = {"Barge into the call of ", "Barge into ", "Stay out", "Barge in", "no"},
        [DIALOG_TAKEOVER] = {"Take over the call of ", "Take over ", "Stay out", "Take over", "no"},
        [DIALOG_HANGUP] = {"Hang up the call of ", "Hang up ", "Leave it", "Hang up", "no"},
        [DIALOG_RECORD] = {"Record the call of ", "Record ", "Do not record", "Record", "no"},
        [DIALOG_QUIT] = {"Quit while supervising ", "Quit", "Stay", "Quit", "stay"},
        [DIALOG_SUSPEND] = {"Suspend while supervising ", "Suspend", "Stay", "Suspend", "stay"},
        [DIALOG_RELOAD] = {"Reload while supervising ", "Reload", "Not now", "Reload", "no"},
        [DIALOG_SAVE] = {"Save", "Save", "Not now", "Save and restart", "not now"},
    };
    return &rows[kind];
}

void dialog_close(struct ui *ui)
{
    ui->dialog = (struct dialog){.kind = DIALOG_NONE};
}

void dialog_open_call(struct ui *ui, enum dialog_kind kind, const struct choice *choice,
                      const struct intent *intent)
{
    struct dialog *dialog = &ui->dialog;

    menu_close(ui);
    *dialog = (struct dialog){.kind = kind, .intent = *intent};
    (void)snprintf(dialog->who, sizeof dialog->who, "%.40s%s%.100s", choice->user->extension,
                   choice->user->name[0] != '\0' ? " " : "", choice->user->name);
    if (choice->call != NULL) {
        str_copy(dialog->number, sizeof dialog->number, choice->call->number);
        party_text(ui, choice->call, dialog->party, sizeof dialog->party);
    }
}

static bool is_leave(enum dialog_kind kind)
{
    return kind == DIALOG_QUIT || kind == DIALOG_SUSPEND || kind == DIALOG_RELOAD;
}

void dialog_open_leave(struct ui *ui, enum dialog_kind kind)
{
    menu_close(ui);
    ui->dialog = (struct dialog){.kind = kind};
    ui->dialog.intent.kind = kind == DIALOG_QUIT      ? INTENT_QUIT
                             : kind == DIALOG_SUSPEND ? INTENT_SUSPEND
                                                      : INTENT_RELOAD;
    ui->dialog.intent.is_on = kind == DIALOG_RELOAD;
}

void ui_ask_reload(struct ui *ui)
{
    dialog_open_leave(ui, DIALOG_RELOAD);
}

/* --- when what it asks about is no more ---------------------------------------------------------
 */

/* by: who has the other party, as far as the backend knows by now; "". */
static void ended_text(const struct dialog *dialog, const char *by, char *out, size_t size)
{
    (void)snprintf(out, size, "the call%s%s %s%s", dialog->party[0] != '\0' ? " with " : "",
                   dialog->party, by[0] != '\0' ? "was taken by " : "has ended or was taken", by);
}

/* Why the question is void; "" when it still stands. */
static void void_reason(const struct ui *ui, const struct hud *hud, int64_t now_ms, char *out,
                        size_t size)
{
    const struct dialog *dialog = &ui->dialog;
    const struct user *user = hud_user_by_id(hud, dialog->intent.user_id);
    const struct call *call = hud_call_by_id(user, dialog->intent.call_id);
    struct choice choice;

    out[0] = '\0';
    if (user == NULL) {
        str_copy(out, size, "the user is not monitored any more");
    } else if (call == NULL) {
        const char *by = hud_taken_by(hud, dialog->intent.user_id, dialog->intent.call_id);
        ended_text(dialog, by, out, size);
    } else if (dialog->number[0] != '\0' && !str_eq(call->number, dialog->number)) {
        str_copy(out, size, "the call has another party now");
    } else {
        choice_make(&choice, hud, user, call, dialog->intent.action, now_ms);
        if (!choice.check.is_ok)
            str_copy(out, size, choice.check.why);
        else if (choice.is_on != dialog->intent.is_on)
            str_copy(out, size, "it is so already");
    }
}

static void say_void(struct ui *ui, const char *why, int64_t now_ms)
{
    char text[600];

    (void)snprintf(text, sizeof text, "nothing was done: %s", why);
    ui_message(ui, UI_WARN, text, NULL, now_ms);
}

/* Who has taken the call of a question that has closed by itself may be known a moment later. */
static void watch_closed(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    struct dialog *dialog = &ui->dialog;
    const char *by = hud_taken_by(hud, dialog->intent.user_id, dialog->intent.call_id);
    char why[400];

    if (!dialog->is_void || now_ms >= dialog->drawn_ms + LATE_MS || by[0] == '\0')
        return;
    ended_text(dialog, by, why, sizeof why);
    dialog->intent.call_id[0] = '\0';
    say_void(ui, why, now_ms);
}

void dialog_watch(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    struct dialog *dialog = &ui->dialog;
    char why[400];

    if (dialog->kind == DIALOG_NONE) {
        watch_closed(ui, hud, now_ms);
        return;
    }
    if (is_leave(dialog->kind)) {
        if (!supervision_is_on(&hud->supervision))
            dialog_close(ui); /* what ended it says so itself */
        return;
    }
    if (dialog->kind == DIALOG_SAVE)
        save_void(ui, hud, why, sizeof why);
    else
        void_reason(ui, hud, now_ms, why, sizeof why);
    if (why[0] == '\0')
        return;
    bool is_taker_known = hud_taken_by(hud, dialog->intent.user_id, dialog->intent.call_id)[0] != 0;
    dialog->kind = DIALOG_NONE;
    dialog->is_void = true;
    dialog->drawn_ms = now_ms;
    if (is_taker_known)
        dialog->intent.call_id[0] = '\0';
    say_void(ui, why, now_ms);
}

bool dialog_is_late_answer(const struct ui *ui, const struct key *key, int64_t now_ms)
{
    return ui->dialog.is_void && now_ms < ui->dialog.drawn_ms + LATE_MS &&
           (key->code == 'y' || key->code == 'n' || key->code == 'q' ||
            key->code == KEY_CODE_ENTER || key->code == KEY_CODE_ESCAPE);
}

/* --- the answer ----------------------------------------------------------------------------------
 */

/* To wait is an answer where there is something to wait for. */
static void dialog_save(struct ui *ui, bool is_when_idle, int64_t now_ms)
{
    char idle[64];

    save_idle_text(ui, idle, sizeof idle);
    if (is_when_idle && idle[0] == '\0')
        return;
    dialog_close(ui);
    save_answer(ui, is_when_idle, now_ms);
}

void dialog_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    bool is_plain = !key->is_ctrl && !key->is_alt;

    dialog_watch(ui, hud, now_ms);
    if (ui->dialog.kind == DIALOG_NONE || !ui->dialog.is_drawn ||
        now_ms < ui->dialog.drawn_ms + DIALOG_DEAF_MS)
        return;
    bool is_yes = is_plain && key->code == 'y', is_idle = is_plain && key->code == 'w';
    if (ui->dialog.kind == DIALOG_SAVE && (is_yes || is_idle)) {
        dialog_save(ui, is_idle, now_ms);
        return;
    }
    if (is_yes) {
        struct intent intent = ui->dialog.intent;
        dialog_close(ui);
        VEC_PUSH(&ui->intents, intent);
        return;
    }
    if ((is_plain && (key->code == KEY_CODE_ESCAPE || key->code == KEY_CODE_ENTER ||
                      key->code == 'n' || key->code == 'q')) ||
        (key->is_ctrl && (key->code == 'c' || key->code == 'g'))) {
        if (ui->dialog.kind == DIALOG_SAVE)
            save_refuse(ui, now_ms);
        dialog_close(ui);
    }
}
