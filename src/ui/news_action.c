/* What became of our actions, in words. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void who_text(const struct hud *hud, const char *user_id, char *out, size_t size)
{
    const struct user *user = hud_user_by_id(hud, user_id);

    if (user != NULL)
        (void)snprintf(out, size, "%.40s%s%.100s", user->extension,
                       user->name[0] != '\0' ? " " : "", user->name);
    else
        str_copy(out, size, user_id != NULL ? user_id : "");
}

static void say_confirmed(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    const struct supervision *ours = &hud->supervision;
    const struct user *user = hud_user_by_id(hud, ours->user_id);
    char text[500], name[160] = "the agent";

    if (user != NULL)
        user_short_name(user, name, sizeof name);
    switch (ours->mode) {
    case SUPERVISE_WHISPER:
        (void)snprintf(text, sizeof text, "you hear %s now; only %s hears you", ui->told.who, name);
        break;
    case SUPERVISE_BARGE:
        (void)snprintf(text, sizeof text, "you are in the call of %s now; both hear you",
                       ui->told.who);
        break;
    default:
        (void)snprintf(text, sizeof text, "you hear %s now; nobody hears you", ui->told.who);
        break;
    }
    ui_message(ui, UI_GOOD, text, NULL, now_ms);
}

static const char *doing(const struct told *told)
{
    switch (told->mode) {
    case SUPERVISE_LISTEN: return "listening to";
    case SUPERVISE_WHISPER: return "whispering to";
    case SUPERVISE_BARGE: return "your part in the call of";
    case SUPERVISE_UNKNOWN: break;
    }
    return "supervising";
}

static const char *label(enum action_kind kind)
{
    const struct cmd *cmd = cmd_find(action_row(kind)->name);

    return cmd != NULL ? cmd->label : action_row(kind)->name;
}

static void say_failed(struct ui *ui, enum action_kind kind, const char *who, const char *reason,
                       int64_t now_ms)
{
    char text[600];

    (void)snprintf(text, sizeof text, "%s%s%s: %s", label(kind), who[0] != '\0' ? " " : "", who,
                   !str_is_empty(reason) ? reason : "the telephone system did not do it");
    ui_message(ui, UI_WARN, text, NULL, now_ms);
}

/* The supervision, the take over or the pick up is over. */
static void say_over(struct ui *ui, const struct supervision *ours, int64_t now_ms)
{
    bool has_reason = !str_is_empty(ours->last_text);
    char text[600];

    if (ours->last == ACTION_FAILED) {
        say_failed(ui, ours->asked, ui->told.who, ours->last_text, now_ms);
    } else if (ours->last == ACTION_CONFIRMED) {
        (void)snprintf(text, sizeof text, "you have the call of %s now",
                       ui->told.who[0] != '\0' ? ui->told.who : "that user");
        ui_message(ui, UI_GOOD, text, NULL, now_ms);
    } else {
        (void)snprintf(text, sizeof text, "%s %s has ended%s%s", doing(&ui->told),
                       ui->told.who[0] != '\0' ? ui->told.who : "the call", has_reason ? ": " : "",
                       has_reason ? ours->last_text : "");
        ui_message(ui, UI_INFO, text, NULL, now_ms);
    }
}

/* Is it another one that is confirmed than was told? */
static bool is_newly_confirmed(const struct told *told, const struct supervision *ours,
                               const char *who)
{
    bool was_confirmed = told->state == SUPERVISION_CONFIRMED ||
                         told->state == SUPERVISION_CHANGING || told->state == SUPERVISION_ENDING;

    return ours->state == SUPERVISION_CONFIRMED &&
           (!was_confirmed || told->mode != ours->mode || !str_eq(told->who, who));
}

/* Asked for besides what goes on, and refused: that goes on. */
static bool is_newly_refused(const struct told *told, const struct supervision *ours)
{
    bool was_asked = told->state == SUPERVISION_CHANGING || told->state == SUPERVISION_ENDING ||
                     told->action_id != ours->action_id;

    return (ours->state == SUPERVISION_CONFIRMED || ours->state == SUPERVISION_UNSURE) &&
           ours->last == ACTION_FAILED && was_asked && told->state != SUPERVISION_NONE;
}

void news_action(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    const struct supervision *ours = &hud->supervision;
    struct told *told = &ui->told;
    char who[160] = "";

    if (supervision_is_on(ours))
        who_text(hud, ours->user_id, who, sizeof who);
    bool is_over = ours->state == SUPERVISION_NONE && ours->action_id != 0 &&
                   (told->state != SUPERVISION_NONE || told->action_id != ours->action_id);
    bool is_confirmed = is_newly_confirmed(told, ours, who);
    bool is_refused = !is_confirmed && is_newly_refused(told, ours);
    bool is_unsure = ours->state == SUPERVISION_UNSURE && told->state != SUPERVISION_UNSURE;

    if (is_over)
        say_over(ui, ours, now_ms);
    if (supervision_is_on(ours))
        str_copy(told->who, sizeof told->who, who);
    if (is_confirmed)
        say_confirmed(ui, hud, now_ms);
    else if (is_refused)
        say_failed(ui, ours->asked, told->who, ours->last_text, now_ms);
    else if (is_unsure)
        ui_message(ui, UI_WARN, "the link is lost: who hears you is not known until it is back",
                   NULL, now_ms);
    told->state = ours->state;
    told->mode = ours->mode;
    told->action_id = ours->action_id;
}

void ui_action(struct ui *ui, const struct hud *hud, const struct event *event, int64_t now_ms)
{
    enum action_kind kind = event->u.action.kind;
    bool is_on = event->u.action.is_on;
    char who[160], text[400];

    if (event->kind != EVENT_ACTION || (unsigned)kind >= ACTION_COUNT ||
        action_row(kind)->uses_phone || kind == ACTION_STOP)
        return; /* what our phone takes part in the model remembers */
    who_text(hud, event->user_id, who, sizeof who);
    if (event->u.action.stage == ACTION_FAILED) {
        say_failed(ui, kind, who, event->u.action.text, now_ms);
        return;
    }
    if (event->u.action.stage == ACTION_UNSURE) {
        (void)snprintf(text, sizeof text, "not confirmed yet: %s",
                       event->u.action.text != NULL ? event->u.action.text : "");
        say_failed(ui, kind, who, text, now_ms);
        return;
    }
    if (event->u.action.stage != ACTION_CONFIRMED)
        return;
    switch (kind) {
    case ACTION_HANGUP: (void)snprintf(text, sizeof text, "the call of %s was hung up", who); break;
    case ACTION_DND:
        (void)snprintf(text, sizeof text, "do not disturb is %s for %s", is_on ? "on" : "off", who);
        break;
    default:
        (void)snprintf(text, sizeof text,
                       is_on ? "the call of %s is recorded until R again or its end"
                             : "the call of %s is not recorded any more",
                       who);
        break;
    }
    ui_message(ui, UI_GOOD, text, NULL, now_ms);
}
