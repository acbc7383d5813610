/* Plain lines: typed actions, the questions of the dangerous ones, and what becomes of them. */
#include "plain_priv.h"

#include "callhud/app/act_words.h"
#include "callhud/app/demo.h"
#include "callhud/base/str.h"

/* ---- questions ------------------------------------------------------------------------------- */

void plain_forget_question(struct plain *p)
{
    mem_free(p->question.user_id);
    mem_free(p->question.call_id);
    mem_free(p->question.number);
    p->question = (struct plain_question){0};
}

static bool needs_answer(const struct plain *p, enum action_kind kind)
{
    return kind == ACTION_BARGE || kind == ACTION_TAKEOVER || kind == ACTION_HANGUP ||
           (kind == ACTION_PICKUP && p->session.settings->is_pickup_confirmed);
}

/* "104 Lena Fischer, to Acme Ltd: barge into the call? both parties will hear you. y does it" */
static void ask(struct plain *p, const struct user *user, const struct call *call,
                enum action_kind kind)
{
    plain_forget_question(p);
    p->question.is_asked = true;
    p->question.kind = kind;
    p->question.user_id = mem_dup(user->id);
    p->question.call_id = mem_dup(call->id);
    p->question.number = mem_dup(call->number);
    p->question.asked_ms = session_now(&p->session);
    act_words_user(&p->line, user->extension, user->name, p->is_ascii);
    plain_put_party(p, call);
    const char *ending = act_words_ending(kind, call);
    buf_printf(&p->line, ": %s? %s%s%s. y does it, anything else leaves it\n",
               action_row(kind)->verb, act_words_effect(kind), *ending ? "; " : "", ending);
    plain_send(p);
}

void plain_ask_quit(struct plain *p)
{
    if (!supervision_is_on(&p->session.hud.supervision)) {
        plain_end(p, 0);
        return;
    }
    plain_forget_question(p);
    p->question.is_asked = p->question.is_quit = true;
    p->question.asked_ms = session_now(&p->session);
    plain_say(p, "quit? that ends the supervision. y does it, anything else leaves it");
}

static void act(struct plain *p, const struct wish *wish)
{
    struct err err = {0};
    if (session_act(&p->session, wish, NULL, &err) != RC_OK)
        plain_say(p, err.text);
}

bool plain_answer(struct plain *p, const char *line)
{
    if (!p->question.is_asked)
        return false;
    if (session_now(&p->session) - p->question.asked_ms < PLAIN_EARLY_MS) {
        plain_say(p, "too early, not taken for the answer: y does it, anything else leaves it");
        return true;
    }
    struct plain_question question = p->question;
    p->question = (struct plain_question){0};
    bool is_yes = str_eq(line, "y");
    struct wish wish = {.kind = question.kind,
                        .user_id = question.user_id,
                        .call_id = question.call_id,
                        .reason = ""};
    if (!is_yes)
        plain_say(p, "left as it is");
    else if (question.is_quit)
        plain_end(p, 0);
    else
        act(p, &wish);
    mem_free(question.user_id);
    mem_free(question.call_id);
    mem_free(question.number);
    return is_yes || !*line || str_eq(line, "n") || str_eq(line, "no");
}

void plain_check_question(struct plain *p)
{
    const struct plain_question *question = &p->question;
    if (!question->is_asked || question->is_quit)
        return;
    const struct user *user = hud_user_by_id(&p->session.hud, question->user_id);
    const struct call *call = hud_call_by_id(user, question->call_id);
    bool is_same = call && (!*question->number || str_eq(call->number, question->number));
    if (is_same)
        return;
    const char *by = hud_taken_by(&p->session.hud, question->user_id, question->call_id);
    if (call)
        buf_puts(&p->line, "the call has another party now");
    else if (*by)
        buf_printf(&p->line, "the call was taken by %s", by);
    else
        buf_puts(&p->line, "the call has ended or was taken meanwhile");
    buf_puts(&p->line, ": nothing was done\n");
    plain_forget_question(p);
    plain_send(p);
}

/* ---- typed ----------------------------------------------------------------------------------- */

/* The word after the extension; false when it is wrong, having said so. */
static bool read_state(struct plain *p, const struct user *user, enum action_kind kind,
                       const char *word, bool *is_on)
{
    *is_on = str_eq_nocase(word, "on");
    if (kind != ACTION_DND && kind != ACTION_RECORD) {
        if (*word)
            plain_say(p, "that is too much: write the action and the extension");
        return !*word;
    }
    if (kind == ACTION_DND && !*word && user->touched_dnd.any) {
        *is_on = !user->is_dnd;
        return true;
    }
    if (!*is_on && !str_eq_nocase(word, "off"))
        plain_say(p, "write on or off after the extension");
    return *is_on || str_eq_nocase(word, "off");
}

static void act_on(struct plain *p, const struct user *user, enum action_kind kind, bool is_on)
{
    const struct call *call = action_call(&p->session.hud, user, kind);
    struct action_check check;
    action_check(&check, &p->session.hud, user, call, kind, is_on, session_now(&p->session));
    if (!check.is_ok) {
        buf_printf(&p->line, "%s: ", action_row(kind)->name);
        utf8_fit(&p->line, check.why, 300, p->is_ascii);
        buf_putc(&p->line, '\n');
        plain_send(p);
        return;
    }
    if (call && needs_answer(p, kind)) {
        ask(p, user, call, kind);
        return;
    }
    if (kind == ACTION_RECORD && is_on)
        plain_say(p, act_words_effect(kind));
    if (*act_words_ending(kind, call))
        plain_say(p, act_words_ending(kind, call));
    struct wish wish = {.kind = kind,
                        .user_id = user->id,
                        .call_id = call ? call->id : NULL,
                        .is_on = is_on,
                        .reason = ""};
    act(p, &wish);
}

bool plain_act(struct plain *p, const char *word, char *arguments)
{
    const struct supervision *on = &p->session.hud.supervision;
    enum action_kind kind;
    bool is_on;
    if (!action_find(word, &kind))
        return false;
    char *rest = arguments;
    const char *extension = str_next_field(&rest, ' ');
    const char *state = rest ? str_trim(rest) : "";
    if (kind == ACTION_STOP) {
        struct wish stop = {.kind = kind, .user_id = on->user_id, .reason = ""};
        if (!supervision_is_on(on))
            plain_say(p, "you supervise nobody: there is nothing to stop");
        else
            act(p, &stop);
        return true;
    }
    const struct user *user = NULL;
    if (!str_is_empty(extension))
        user = plain_user(p, extension);
    else if (supervision_is_on(on) && on->user_id)
        user = hud_user_by_id(&p->session.hud, on->user_id);
    else
        plain_say(p, "write the extension after it");
    if (user && read_state(p, user, kind, state, &is_on))
        act_on(p, user, kind, is_on);
    return true;
}

/* ---- fates ----------------------------------------------------------------------------------- */

void plain_acted(void *self, const struct event *event)
{
    struct plain *p = self;
    const struct user *user = hud_user_by_id(&p->session.hud, event->user_id);
    const char *extension = user ? user->extension : event->user_id;
    demo_acted(p->cli, event);
    if (event->u.action.stage == ACTION_ASKED)
        return;
    act_words_clock(&p->line, &p->session.hud, session_now(&p->session));
    act_words_user(&p->line, extension ? extension : "", user ? user->name : "", p->is_ascii);
    buf_puts(&p->line, ": ");
    act_words(&p->line, event, user ? user->name : "", p->is_ascii);
    buf_putc(&p->line, '\n');
    plain_send(p);
}

void plain_told(void *self, bool is_warning, const char *text)
{
    (void)is_warning;
    plain_say(self, text);
}
