/* Acting on calls: the operations, requests. */
#include "act_priv.h"

#include "callhud/base/buf.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

/* ---- requests ---- */

void rex_act_ask(struct rex_act *act, const struct rex_want *want, rex_done *done, void *self)
{
    struct buf path;
    buf_init(&path, 4096);
    for (size_t i = 0; want->path[i] != NULL; i++) {
        if (i % 2 == 0)
            buf_puts(&path, want->path[i]);
        else
            rex_escape(&path, want->path[i]);
    }
    struct rex_request request = {.method = want->method,
                                  .path = buf_text(&path),
                                  .body = want->body,
                                  .group = want->group,
                                  .priority = REX_FOR_ACTION,
                                  .timeout_ms = REX_ANSWER_MS,
                                  .patience_ms = REX_PATIENCE_MS};
    rex_rest_ask(act->config.rest, &request, done, self);
    buf_fini(&path);
}

bool rex_is_unknown(const struct rex_answer *answer)
{
    return answer->rc != RC_OK || answer->status >= 500;
}

/* ---- timers ---- */

void rex_stop_timer(const struct rex_act *act, struct io_timer **timer)
{
    act->config.io->timer_stop(*timer);
    *timer = NULL;
}

void rex_start_timer(const struct rex_act *act, struct io_timer **timer, int64_t after_ms,
                     void (*fire)(void *self), void *self)
{
    const struct io *io = act->config.io;
    rex_stop_timer(act, timer);
    *timer = io->timer(io->net, after_ms, fire, self);
}

/* ---- who we are ---- */

const char *rex_own_id(const struct rex_act *act)
{
    const char *own = act->config.floor->own_id;
    return own[0] != '\0' ? own : rex_signin_owner(act->config.signin);
}

/* ---- the operations ---- */

struct rex_act *rex_act_new(const struct rex_act_config *config)
{
    struct rex_act *act = mem_zero(1, sizeof *act);
    act->config = *config;
    act->supervise.act = act;
    return act;
}

void rex_act_free(struct rex_act *act)
{
    if (act == NULL)
        return;
    rex_stop_timer(act, &act->leave);
    rex_supervise_fini(act);
    rex_jobs_fini(act);
    rex_finds_fini(act);
    rex_legs_fini(act);
    rex_can_fini(act);
    rex_view_fini(&act->view);
    mem_free(act);
}

static enum rc check(const struct rex_act *act, const struct action *action, struct err *err)
{
    if (act->is_leaving)
        return err_set(err, RC_DENIED, "callhud is ending");
    if (action->kind == ACTION_STOP)
        return RC_OK;
    if (!act->is_synced)
        return err_set(err, RC_UNREACHABLE,
                       "the link to RingCentral is lost or being set up: wait until it is back");
    enum rc rc = rex_can_check(act, action->kind, err);
    if (rc != RC_OK)
        return rc;
    const struct rex_user *user = rex_floor_user(act->config.floor, action->user_id);
    if (user == NULL)
        return err_set(err, RC_NOT_FOUND, "this person is not monitored any more");
    enum right right = action_right(action->kind);
    if ((right == RIGHT_PICKUP && !user->may_pick_up) ||
        (right == RIGHT_SUPERVISE && !user->may_monitor))
        return err_set(err, RC_DENIED, "RingCentral does not let you %s of %s",
                       action_row(action->kind)->verb, user->extension);
    return RC_OK;
}

enum rc rex_act_do(struct rex_act *act, const struct action *action, struct err *err)
{
    enum rc rc = check(act, action, err);
    if (rc != RC_OK)
        return rc;
    if (action->kind == ACTION_HANGUP || action->kind == ACTION_DND ||
        action->kind == ACTION_RECORD)
        return rex_job_do(act, action, err);
    return rex_supervise_do(act, action, err);
}

static bool is_idle(const struct rex_act *act)
{
    return act->supervise.state == REX_AT_IDLE && act->legs.len == 0 && act->jobs.len == 0;
}

/* Our own parties, and those of calls that something is done to. */
static bool is_wanted(const struct rex_act *act, const struct rex_session *session)
{
    const char *own = rex_own_id(act);
    if (rex_supervise_wants(act, session->id) || rex_jobs_want(act, session->id))
        return true;
    for (size_t i = 0; i < act->legs.len; i++) {
        const struct rex_own_leg *leg = act->legs.items[i];
        if (str_eq(leg->session, session->id) || str_eq(leg->peer_session, session->id))
            return true;
    }
    for (size_t i = 0; own[0] != '\0' && i < session->parties.len; i++)
        if (str_eq(session->parties.items[i].extension_id, own))
            return true;
    return false;
}

void rex_act_session(struct rex_act *act, const struct rex_session *session)
{
    if (is_idle(act)) {
        act->view.parties.len = 0;
        return;
    }
    if (!is_wanted(act, session))
        return;
    rex_view_event(&act->view, session);
    rex_legs_look(act);
    rex_watch(act);
    rex_jobs_look(act);
}

void rex_act_presence(struct rex_act *act)
{
    if (is_idle(act))
        return;
    rex_watch(act);
    rex_jobs_look(act);
}

void rex_act_synced(struct rex_act *act, bool has_events)
{
    act->is_synced = true;
    act->has_events = has_events;
    if (is_idle(act))
        act->view.parties.len = 0;
    rex_can_synced(act);
    rex_watch_synced(act);
    rex_jobs_look(act);
    rex_legs_retry(act);
    rex_finds_retry(act);
}

void rex_act_lost(struct rex_act *act)
{
    act->is_synced = act->has_events = false;
    rex_jobs_lost(act);
    rex_supervise_lost(act);
}

void rex_act_clean(struct rex_act *act, const char *const *things, size_t len,
                   void (*gone)(void *self, const char *thing), void *self)
{
    for (size_t i = 0; i < len; i++)
        rex_find_new(act, things[i], 0, gone, self);
}

/* ---- leaving ---- */

static bool is_left(const struct rex_act *act)
{
    return act->supervise.state == REX_AT_IDLE && act->legs.len == 0;
}

static void on_left(void *self)
{
    struct rex_act *act = self;
    void (*done)(void *self) = act->left;
    act->leave = NULL;
    act->left = NULL;
    if (!is_left(act))
        log_warn("ringcentral", "our phone's leg may still be there: the next start looks for it");
    if (act->supervise.state == REX_AT_END)
        rex_supervise_leave(act); /* time is over: told as it is */
    if (done != NULL)
        done(act->left_self);
}

void rex_check_left(struct rex_act *act)
{
    if (act->left != NULL && is_left(act))
        rex_start_timer(act, &act->leave, 0, on_left, act); /* from the loop, whoever asked */
}

bool rex_act_leave(struct rex_act *act, void (*done)(void *self), void *self)
{
    if (is_left(act))
        return false;
    act->is_leaving = true;
    act->left = done;
    act->left_self = self;
    rex_start_timer(act, &act->leave, REX_LEAVE_MS, on_left, act);
    if (act->supervise.state != REX_AT_IDLE) {
        err_set(&act->supervise.why, RC_CANCELLED, "callhud ended it");
        rex_supervise_leave(act);
    }
    rex_check_left(act);
    return true;
}
