/* callhud pickup, hangup, dnd, record: one action, ended by the event that confirms it. */
#include "callhud/app/act_words.h"
#include "callhud/app/cli.h"
#include "callhud/app/doing.h"
#include "callhud/app/jsonout.h"
#include "callhud/base/str.h"

/* on, off; without a word DND is turned over, for which it has to be known. */
static enum rc wanted_state(const struct doing *d, bool *is_on, struct err *err)
{
    const struct user *user = hud_user_by_id(&d->session.hud, d->user_id);
    *is_on = d->cli->args_len > 1 && str_eq(d->cli->args[1], "on");
    if (d->kind != ACTION_DND || d->cli->args_len > 1)
        return RC_OK;
    if (!user || user->touched_dnd.any == 0)
        return err_set(err, RC_DENIED,
                       "it is not known whether %s has do not disturb on: write dnd %s on, or off",
                       d->extension, d->extension);
    *is_on = !user->is_dnd;
    return RC_OK;
}

static void on_acted(struct doing *d, const struct event *event);

/* What was wished for is so: nothing is asked for, and all is well. */
static void end_already(struct doing *d, bool is_on, const char *text)
{
    const struct user *user = hud_user_by_id(&d->session.hud, d->user_id);
    const struct call *call = user ? action_call(&d->session.hud, user, d->kind) : NULL;
    struct event event = {.kind = EVENT_ACTION, .user_id = d->user_id};
    event.u.action.kind = d->kind;
    event.u.action.stage = ACTION_CONFIRMED;
    event.u.action.call_id = d->cli->call ? d->cli->call : call ? call->id : "";
    event.u.action.is_on = is_on;
    event.u.action.text = text;
    on_acted(d, &event);
}

static void on_ready(struct doing *d)
{
    struct err err = {0};
    bool is_on;
    enum rc rc = wanted_state(d, &is_on, &err);
    if (rc == RC_OK)
        rc = doing_act(d, d->kind, d->cli->call, is_on, NULL, &err);
    if (rc == RC_ALREADY) {
        end_already(d, is_on, err.text);
        return;
    }
    if (rc != RC_OK) {
        doing_fail(d, &err);
        return;
    }
    if (d->kind == ACTION_RECORD && is_on)
        doing_note(act_words_effect(d->kind));
}

static void on_acted(struct doing *d, const struct event *event)
{
    struct err err = {0};
    switch (event->u.action.stage) {
    case ACTION_ASKED: break;
    case ACTION_UNSURE: /* it is waited for still */
    case ACTION_PHONE: doing_note(event->u.action.text ? event->u.action.text : ""); break;
    case ACTION_CONFIRMED:
        if (!str_is_empty(event->u.action.text))
            doing_note(event->u.action.text);
        if (d->cli->format == FORMAT_JSON) {
            jsonout_action(&d->line, hud_backend_now(&d->session.hud, session_now(&d->session)),
                           d->extension, event);
            doing_send(d);
        }
        doing_end(d, 0);
        break;
    case ACTION_ENDED: /* over before it was so */
        err_set(&err, RC_NOT_FOUND, "%s",
                str_is_empty(event->u.action.text) ? "the call has ended" : event->u.action.text);
        doing_fail(d, &err);
        break;
    case ACTION_FAILED:
        doing_error(event, &err);
        doing_fail(d, &err);
        break;
    }
}

int cmd_act(const struct cli *cli)
{
    struct doing d = {.cli = cli, .ready = on_ready, .acted = on_acted};
    return doing_run(&d);
}
