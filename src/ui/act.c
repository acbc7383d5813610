/* From a key to a wish: whose call was on the screen, may it be done, is a question asked first. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

bool cmd_action(const struct cmd *cmd, enum action_kind *out)
{
    return action_find(cmd->name, out);
}

void user_short_name(const struct user *user, char *out, size_t size)
{
    str_copy(out, size, user->name[0] != '\0' ? user->name : user->extension);
    char *blank = strchr(out, ' ');
    if (blank != NULL && blank != out)
        *blank = '\0';
}

/* --- one action, thought through ---------------------------------------------------------------
 */

static void refuse(struct choice *choice, const char *why)
{
    choice->check.is_ok = false;
    str_copy(choice->check.why, sizeof choice->check.why, why);
}

static bool is_under_way(const struct choice *choice, const struct hud *live)
{
    const struct user *user = choice->user != NULL ? hud_user_by_id(live, choice->user->id) : NULL;

    return user != NULL && (user->pending & 1U << choice->kind) != 0;
}

/* The same leg of the user may have somebody else at its other end by now. */
static bool has_changed_hands(const struct user *now, const struct call *seen)
{
    const struct call *call = seen != NULL ? hud_call_by_id(now, seen->id) : NULL;

    /* One that has ended: who has it now only the backend knows. */
    return call != NULL && seen->number[0] != '\0' && !str_eq(call->number, seen->number);
}

void choice_make(struct choice *out, const struct hud *live, const struct user *user,
                 const struct call *call, enum action_kind kind, int64_t now_ms)
{
    *out = (struct choice){.kind = kind, .user = user, .call = call};
    if (kind == ACTION_STOP) {
        action_check(&out->check, live, NULL, NULL, kind, false, now_ms);
        return;
    }
    if (user == NULL) {
        refuse(out, "nobody is selected");
        return;
    }
    const struct user *now = hud_user_by_id(live, user->id); /* as the model knows it now */
    if (now == NULL) {
        refuse(out, "this user is not monitored any more");
        return;
    }
    if (kind != ACTION_DND && call == NULL)
        out->call = action_call(live, user, kind);
    out->is_on = (kind == ACTION_DND && !user->is_dnd) ||
                 (kind == ACTION_RECORD && out->call != NULL && !out->call->is_recorded);
    /* The calls are those that were seen; how fresh that is only the model knows. */
    struct user as_seen = *user;
    as_seen.stale_ms = now->stale_ms;
    as_seen.is_answered = now->is_answered;
    as_seen.answered_ms = now->answered_ms;
    action_check(&out->check, live, &as_seen, out->call, kind, out->is_on, now_ms);
    if (out->check.is_ok && has_changed_hands(now, out->call))
        refuse(out, "the call has another party now");
    else if (out->check.is_ok && is_under_way(out, live))
        refuse(out, "asked for already, not confirmed yet");
}

bool choice_asks(const struct choice *choice, bool is_pickup_confirmed)
{
    switch (choice->kind) {
    case ACTION_BARGE:
    case ACTION_TAKEOVER:
    case ACTION_HANGUP: return true;
    case ACTION_RECORD: return choice->is_on;
    case ACTION_PICKUP: return is_pickup_confirmed;
    default: return false;
    }
}

/* Is this the very mode that goes on with this very call? */
static bool is_active(const struct choice *choice, const struct hud *live)
{
    const struct supervision *ours = &live->supervision;
    enum supervise_mode mode = action_mode(choice->kind);

    return mode != SUPERVISE_UNKNOWN && ours->state == SUPERVISION_CONFIRMED &&
           ours->mode == mode && choice->user != NULL && choice->call != NULL &&
           supervision_is_of(ours, choice->user->id, choice->call->id);
}

/* What is on already and would be turned off. */
static bool is_off_switch(const struct choice *choice)
{
    return (choice->kind == ACTION_RECORD && choice->call != NULL && !choice->is_on) ||
           (choice->kind == ACTION_DND && choice->user != NULL && !choice->is_on);
}

void choice_words(const struct choice *choice, const struct hud *live, bool is_pickup_confirmed,
                  char *out, size_t size)
{
    char name[160] = "";
    const char *asks = choice_asks(choice, is_pickup_confirmed) ? "asks first" : "";

    if (is_active(choice, live)) {
        str_copy(out, size, "now active");
        return;
    }
    if (!choice->check.is_ok) {
        str_copy(out, size, is_under_way(choice, live) ? "asked, not confirmed yet" : "no");
        return;
    }
    if (choice->user != NULL)
        user_short_name(choice->user, name, sizeof name);
    if (choice->kind == ACTION_LISTEN)
        str_copy(out, size, "yes, nobody hears you");
    else if (choice->kind == ACTION_WHISPER)
        (void)snprintf(out, size, "yes, %s hears you", name);
    else if (choice->kind == ACTION_BARGE)
        (void)snprintf(out, size, "yes, both hear you; %s", asks);
    else if (is_off_switch(choice))
        str_copy(out, size, "on, turns it off");
    else
        (void)snprintf(out, size, "yes%s%s", asks[0] != '\0' ? ", " : "", asks);
}

/* --- which user ---------------------------------------------------------------------------------
 */

static bool was_drawn(const struct ui *ui, const struct user *user)
{
    for (size_t i = 0; i < ui->hits.len; i++)
        if (str_eq(ui->hits.items[i].user_id, user->id))
            return true;
    return false;
}

/* The selected user as it was on the screen. Keys can come faster than pictures: then it is one
 * that was drawn, not as the selected one, and has not changed since. NULL: people have not seen
 * it. */
static const struct user *user_seen(const struct ui *ui)
{
    const struct user *user = board_selected(&ui->board);
    const struct seen *seen = &ui->seen;

    if (user == NULL || (seen->is_there && str_eq(seen->user.id, user->id)))
        return user == NULL ? NULL : &seen->user;
    return was_drawn(ui, user) && user->rev <= ui->drawn_rev ? user : NULL;
}

/* --- doing it -----------------------------------------------------------------------------------
 */

/* "P pick up: 104 has no ringing or held call"; by `i` also what was on the screen. */
static void say_refused(const struct cmd_call *call, const struct user *user, const char *why)
{
    char key[KEYMAP_NAME_BYTES], line[400], more[300] = "";

    keymap_first(&call->ui->keymap, call->cmd, key, sizeof key);
    (void)snprintf(line, sizeof line, "%s%s%s: %s", key, key[0] != '\0' ? " " : "",
                   call->cmd->label, why);
    if (user != NULL)
        (void)snprintf(more, sizeof more, "%s %.100s showed \"%s\" when the key was pressed",
                       user->extension, user->name, lamp_row(user->lamp)->word);
    ui_message(call->ui, UI_WARN, line, user != NULL ? more : NULL, call->now_ms);
}

static enum dialog_kind dialog_of(enum action_kind kind)
{
    switch (kind) {
    case ACTION_BARGE: return DIALOG_BARGE;
    case ACTION_TAKEOVER: return DIALOG_TAKEOVER;
    case ACTION_HANGUP: return DIALOG_HANGUP;
    case ACTION_RECORD: return DIALOG_RECORD;
    default: return DIALOG_PICKUP;
    }
}

static void intent_make(struct intent *out, const struct choice *choice, const char *reason,
                        const struct hud *live)
{
    *out = (struct intent){.kind = INTENT_ACT, .action = choice->kind, .is_on = choice->is_on};
    str_copy(out->text, sizeof out->text, reason);
    str_copy(out->user_id, sizeof out->user_id,
             choice->user != NULL ? choice->user->id : live->supervision.user_id);
    if (choice->call != NULL)
        str_copy(out->call_id, sizeof out->call_id, choice->call->id);
}

void act_do(const struct cmd_call *call, const struct choice *choice)
{
    struct ui *ui = call->ui;
    struct intent intent;

    if (!choice->check.is_ok) {
        say_refused(call, choice->user, choice->check.why);
        return;
    }
    intent_make(&intent, choice, call->text, call->hud);
    if (choice_asks(choice, ui->settings.is_pickup_confirmed))
        dialog_open_call(ui, dialog_of(choice->kind), choice, &intent);
    else
        VEC_PUSH(&ui->intents, intent);
}

static void say_caps(struct ui *ui, int64_t now_ms)
{
    ui_message(ui, UI_WARN, "Caps Lock is on: capitals act on calls; press a lower-case key", NULL,
               now_ms);
}

bool act_note_caps(struct ui *ui, const struct key *key, int64_t now_ms)
{
    if (key->is_ctrl || key->is_alt || (key->code != 'H' && key->code != 'J'))
        return false;
    ui->is_caps = true;
    say_caps(ui, now_ms);
    return true;
}

bool act_is_disarmed(struct ui *ui, const struct key *key, const struct cmd *cmd, int64_t now_ms)
{
    bool is_capital = !key->is_ctrl && !key->is_alt && key->code >= 'A' && key->code <= 'Z';
    enum action_kind kind;

    if (!ui->is_caps || !is_capital || !cmd_action(cmd, &kind) || kind == ACTION_STOP)
        return false;
    say_caps(ui, now_ms);
    return true;
}

void run_act(const struct cmd_call *call)
{
    const struct user *user = NULL;
    struct choice choice;
    enum action_kind kind;

    if (!cmd_action(call->cmd, &kind))
        return;
    if (kind != ACTION_STOP) {
        user = user_seen(call->ui);
        if (user == NULL && board_selected(&call->ui->board) != NULL) {
            say_refused(call, NULL, "look at the call first, then press the key again");
            return;
        }
    }
    choice_make(&choice, call->hud, user, NULL, kind, call->now_ms);
    act_do(call, &choice);
}

const char *why_no_act(const struct cmd_call *call)
{
    struct choice choice;
    enum action_kind kind;

    if (!cmd_action(call->cmd, &kind))
        return NULL;
    choice_make(&choice, call->hud, board_selected(&call->ui->board), NULL, kind, call->now_ms);
    str_copy(call->ui->why_not, sizeof call->ui->why_not, choice.check.why);
    return choice.check.is_ok ? NULL : call->ui->why_not;
}

void run_menu(const struct cmd_call *call)
{
    if (user_seen(call->ui) == NULL) {
        ui_message(call->ui, UI_WARN, "look at the user first, then press the key again", NULL,
                   call->now_ms);
        return;
    }
    menu_open(call->ui);
}
