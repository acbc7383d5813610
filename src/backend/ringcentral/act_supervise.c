/* Our phone at work: what is asked for, one thing after the other. There is one leg of our phone at
 * a time: another mode begins when the leg of the one before is gone. */
#include "act_priv.h"

#include "callhud/base/buf.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

static void begin(struct rex_act *act);
static void fail(struct rex_act *act);

bool rex_order_takes(const struct rex_order *order)
{
    return order->kind == ACTION_PICKUP || order->kind == ACTION_TAKEOVER;
}

const struct rex_order *rex_supervise_current(const struct rex_supervise *s)
{
    return s->asked.id != 0 ? &s->asked : s->on.id != 0 ? &s->on : &s->was;
}

int64_t rex_ring_ms(const struct rex_act *act)
{
    int64_t ms = act->config.config->ring_timeout_ms;
    return ms > 0 ? ms : REX_RING_MS;
}

void rex_supervise_tell(struct rex_act *act, const struct rex_order *order, enum action_stage stage,
                        enum rc rc, const char *text)
{
    const struct rex_order copy = *order; /* whoever hears it may act at once */
    struct backend_tale tale = {copy.id, copy.kind, copy.user_id, copy.call_id, false};
    backend_tell_action(&act->config.sink, &tale, stage, rc, text);
}

static bool is_same_call(const struct rex_order *a, const struct rex_order *b)
{
    return a->id != 0 && b->id != 0 && str_eq(a->call_id, b->call_id);
}

/* ---- time ---- */

static void on_deadline(void *self)
{
    struct rex_act *act = self;
    act->supervise.deadline = NULL;
    rex_watch_late(act);
}

void rex_supervise_arm(struct rex_act *act, int64_t after_ms)
{
    rex_start_timer(act, &act->supervise.deadline, after_ms, on_deadline, act);
}

static void rest(struct rex_act *act)
{
    rex_stop_timer(act, &act->supervise.deadline);
    rex_stop_timer(act, &act->supervise.doubt);
    rex_stop_timer(act, &act->supervise.ask);
    rex_rest_cancel(act->config.rest, &act->supervise);
    act->supervise.is_reading = false;
}

/* ---- the end ---- */

static void drop_next(struct rex_act *act, const char *why)
{
    struct rex_order next = act->supervise.next;
    act->supervise.next.id = 0;
    if (next.id != 0)
        rex_supervise_tell(act, &next, ACTION_FAILED, RC_CANCELLED, why);
}

/* Nothing of ours is at the service any more. What is told may lead to more being asked for, so all
 * is settled before. */
static void ended(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    struct rex_order asked = s->asked, on = s->on, was = s->was, stop = s->stop;
    struct err why = s->why;
    bool is_switch = is_same_call(&was, &s->next);
    rest(act);
    s->state = REX_AT_IDLE;
    s->asked.id = s->on.id = s->stop.id = 0;
    if (!is_switch)
        s->was.id = 0;
    s->is_unsure = s->is_lifted = s->is_cancelled = false;
    err_clear(&s->why);
    if (asked.id != 0)
        rex_supervise_tell(act, &asked, ACTION_FAILED, why.rc, why.text);
    if (on.id != 0)
        rex_supervise_tell(act, &on, ACTION_ENDED, RC_OK, why.text);
    if (was.id != 0 && !is_switch)
        rex_supervise_tell(act, &was, ACTION_ENDED, RC_OK, why.text);
    if (stop.id != 0)
        rex_supervise_tell(act, &stop, ACTION_CONFIRMED, RC_OK, NULL);
    if (s->state == REX_AT_IDLE && s->next.id != 0)
        begin(act);
    rex_check_left(act);
}

/* The call is on our phone. */
static void taken(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    struct rex_order taken = s->asked, was = s->was, stop = s->stop;
    struct rex_own_leg *leg = s->leg;
    rest(act);
    s->leg = NULL;
    s->state = REX_AT_IDLE;
    s->asked.id = s->was.id = s->stop.id = 0;
    s->is_unsure = s->is_lifted = false;
    if (leg != NULL)
        rex_leg_forget(leg);
    if (was.id != 0)
        rex_supervise_tell(act, &was, ACTION_ENDED, RC_OK, "you have the call now");
    rex_supervise_tell(act, &taken, ACTION_CONFIRMED, RC_OK, NULL);
    if (stop.id != 0)
        rex_supervise_tell(act, &stop, ACTION_FAILED, RC_DENIED, "you have the call already");
    if (s->state == REX_AT_IDLE && s->next.id != 0)
        begin(act);
    rex_check_left(act);
}

static void on_leg_gone(void *self, struct rex_own_leg *leg, bool is_left)
{
    struct rex_act *act = self;
    struct rex_supervise *s = &act->supervise;
    if (leg != s->leg)
        return;
    s->leg = NULL;
    if (is_left && rex_watch_has_call(act, leg))
        taken(act); /* it was lifted in that very moment */
    else
        ended(act);
}

void rex_supervise_end(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->state == REX_AT_END)
        return;
    rest(act);
    if (s->why.rc != RC_CANCELLED && s->why.text[0] != '\0')
        log_info("ringcentral", "supervision: %s", s->why.text);
    s->state = REX_AT_END;
    if (s->leg == NULL) {
        ended(act);
        return;
    }
    rex_supervise_arm(act, REX_CONFIRM_MS);
    s->leg->gone = on_leg_gone;
    s->leg->self = act;
    rex_leg_remove(s->leg);
}

/* Time is over: it is told as it is, and the leg's removal goes on by itself. */
void rex_supervise_give_up(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->leg != NULL) {
        s->leg->gone = NULL;
        s->leg = NULL;
        struct err why = s->why;
        err_set(&s->why, why.rc,
                "%.300s; RingCentral does not confirm that your phone is out of it: hang it up",
                why.text[0] != '\0' ? why.text : "ended");
    }
    drop_next(act, "your phone could not be freed from the call before: hang it up");
    ended(act);
}

void rex_supervise_leave(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    drop_next(act, "callhud ended it");
    if (s->state == REX_AT_END && act->leave == NULL)
        rex_supervise_give_up(act);
    else if (s->state == REX_AT_ASK)
        s->is_cancelled = true;
    else
        rex_supervise_end(act);
}

/* ---- confirmed ---- */

void rex_supervise_confirm(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (rex_order_takes(&s->asked)) {
        taken(act);
        return;
    }
    rex_stop_timer(act, &s->deadline);
    s->on = s->asked;
    s->asked.id = s->was.id = 0;
    s->state = REX_AT_ON;
    s->is_unsure = s->is_lifted = false;
    rex_supervise_tell(act, &s->on, ACTION_CONFIRMED, RC_OK, NULL);
}

/* ---- our phone is asked for ---- */

static void fail(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->leg != NULL) {
        rex_supervise_end(act);
        return;
    }
    s->state = REX_AT_END;
    ended(act);
}

/* Nobody knows whether a leg was made: it is looked for. */
static void search(struct rex_act *act)
{
    struct rex_own_leg *leg = act->supervise.leg;
    char thing[REX_THING_BYTES];
    act->supervise.leg = NULL;
    str_copy(thing, sizeof thing, leg->thing);
    leg->thing[0] = '\0';
    rex_leg_forget(leg);
    if (thing[0] != '\0')
        rex_find_new(act, thing, REX_RETRY_MS, rex_ledger_drop, act);
}

static void never_made(struct rex_act *act)
{
    struct rex_own_leg *leg = act->supervise.leg;
    act->supervise.leg = NULL;
    rex_leg_forget(leg);
}

static void told_leg(struct rex_act *act, const char *session_id, const char *party_id)
{
    struct rex_supervise *s = &act->supervise;
    struct err err = {0};
    char thing[REX_THING_BYTES];
    rex_leg_found(s->leg, session_id, party_id);
    if (rex_order_takes(&s->asked)) {
        str_copy(s->leg->guard_session, REX_ID_BYTES, s->asked.session);
        str_copy(s->leg->guard_party, REX_ID_BYTES, s->asked.party);
        s->leg->is_ring_only = s->asked.kind == ACTION_PICKUP;
    }
    if (s->asked.kind == ACTION_PICKUP || party_id[0] == '\0')
        return; /* a picked-up call stays on the phone, whatever becomes of us */
    rex_thing_leg(thing, s->leg, act->can.device_id, rex_order_takes(&s->asked));
    if (rex_leg_put(s->leg, thing, &err) != RC_OK)
        log_warn("ringcentral", "%s", err.text);
}

/* Of a call-out: our end, by device, by extension, else the first. */
static void take_session(struct rex_act *act, const struct rex_session *session)
{
    const struct rex_party *best = NULL;
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct rex_party *party = &session->parties.items[i];
        bool is_device = str_eq(party->device_id, act->can.device_id);
        bool is_own = str_eq(party->extension_id, rex_own_id(act));
        if (best == NULL || is_device || (is_own && !str_eq(best->device_id, act->can.device_id)))
            best = party;
    }
    told_leg(act, session->id, best != NULL ? best->id : "");
    rex_view_answer(&act->view, session->id, session, act->supervise.stamp);
}

static bool take_leg(struct rex_act *act, const struct rex_answer *answer)
{
    struct rex_supervise *s = &act->supervise;
    struct rex_session session = {0};
    struct rex_party party;
    if (rex_star_code(s->asked.kind) == NULL) {
        if (rex_wire_party(&party, answer->body, answer->body_len, NULL) != RC_OK)
            return false;
        told_leg(act, s->asked.session, party.id);
        return true;
    }
    bool is_read = rex_wire_session(&session, answer->body, answer->body_len, NULL) == RC_OK;
    if (is_read)
        take_session(act, &session);
    rex_session_fini(&session);
    return is_read;
}

bool rex_order_fits(const struct rex_order *order, const struct rex_party *party)
{
    if (order->kind == ACTION_PICKUP)
        return rex_party_is_ringing(party) || party->code == REX_HOLD ||
               party->code == REX_PARTY_PARKED;
    return party->code == REX_ANSWERED || party->code == REX_HOLD;
}

/* A refusal that may mean that somebody else has the call, or gets it now: looked at a little
 * later, when whoever it is has it. */
static bool is_lost_perhaps(const struct rex_supervise *s, const struct rex_answer *answer)
{
    return s->asked.kind == ACTION_PICKUP && !s->is_cancelled && answer->rc == RC_OK &&
           (answer->status == 403 || answer->status == 409) && !str_starts(answer->code, "SUB-") &&
           !str_starts(answer->code, "CMN-");
}

static void on_made(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    if (rex_is_yes(answer) && take_leg(act, answer)) {
        s->state = REX_AT_RING;
        if (s->is_cancelled) {
            rex_supervise_end(act);
            return;
        }
        s->asks = 0;
        rex_supervise_arm(act, rex_ring_ms(act));
        rex_legs_look(act);
        rex_watch(act);
        rex_watch_ask(act);
        return;
    }
    bool is_unknown = rex_is_unknown(answer) || rex_is_yes(answer);
    struct err why = {0};
    if (rex_is_yes(answer))
        err_set(&why, RC_PROTO,
                "RingCentral's answer cannot be read: look whether your phone rings");
    else
        rex_say_refused(act, &s->asked, answer, &why);
    if (!s->is_cancelled)
        s->why = why;
    if (is_unknown)
        search(act);
    else
        never_made(act);
    if (!is_unknown && answer->status >= 400 && answer->status < 500)
        rex_can_synced(act); /* the phone may be offline by now */
    if (is_lost_perhaps(s, answer)) {
        s->state = REX_AT_LOOK;
        rex_watch_lost(act);
    } else {
        fail(act);
    }
}

static void ask_supervise(struct rex_act *act)
{
    const struct rex_order *order = &act->supervise.asked;
    struct buf body;
    buf_init(&body, 2048);
    buf_puts(&body, "{\"mode\":\"Listen\",\"supervisorDeviceId\":");
    rex_wire_text(&body, act->can.device_id);
    buf_puts(&body, ",\"agentExtensionId\":");
    rex_wire_text(&body, order->user_id);
    buf_printf(&body, ",\"autoAnswer\":%s,\"mediaSDP\":\"sendRecv\"}",
               act->config.config->is_auto_answer ? "true" : "false");
    REX_ASK(act, "POST", buf_text(&body), REX_LIGHT, on_made, &act->supervise, REX_SESSION,
            order->session, "/supervise");
    buf_fini(&body);
}

static void ask_pickup(struct rex_act *act)
{
    const struct rex_order *order = &act->supervise.asked;
    struct buf body;
    buf_init(&body, 2048);
    buf_puts(&body, "{\"deviceId\":");
    rex_wire_text(&body, act->can.device_id);
    buf_putc(&body, '}');
    REX_ASK(act, "POST", buf_text(&body), REX_LIGHT, on_made, &act->supervise, REX_SESSION,
            order->session, "/parties/", order->party, "/pickup");
    buf_fini(&body);
}

static void ask_call_out(struct rex_act *act)
{
    struct buf body;
    buf_init(&body, 2048);
    buf_puts(&body, "{\"from\":{\"deviceId\":");
    rex_wire_text(&body, act->can.device_id);
    buf_puts(&body, "},\"to\":{\"phoneNumber\":");
    rex_wire_text(&body, rex_star_code(act->supervise.asked.kind));
    buf_puts(&body, "}}");
    REX_ASK(act, "POST", buf_text(&body), REX_HEAVY, on_made, &act->supervise,
            REX_ACCOUNT "telephony/call-out");
    buf_fini(&body);
}

/* Written down, then asked for. */
static void make(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    const struct io *io = act->config.io;
    const struct rex_order *order = &s->asked;
    char thing[REX_THING_BYTES];
    int64_t wall_ms = io->wall_ms(io->net);
    s->leg = rex_leg_new(act);
    if (rex_star_code(order->kind) != NULL)
        rex_thing_assist(thing, order->kind, order->session, act->can.device_id, wall_ms);
    else
        rex_thing_supervise(thing, order->session, order->user_id, act->can.device_id, wall_ms);
    if (order->kind != ACTION_PICKUP && rex_leg_put(s->leg, thing, &s->why) != RC_OK) {
        never_made(act);
        fail(act);
        return;
    }
    s->state = REX_AT_ASK;
    s->stamp = act->view.stamp;
    if (order->kind == ACTION_PICKUP)
        ask_pickup(act);
    else if (rex_star_code(order->kind) != NULL)
        ask_call_out(act);
    else
        ask_supervise(act);
}

/* ---- the call is looked at once more ---- */

/* The one that the person talks with: "" when that is not one alone. */
static void note_partner(struct rex_act *act, struct rex_order *order,
                         const struct rex_session *session)
{
    size_t others = 0;
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct rex_party *party = &session->parties.items[i];
        if (str_eq(party->id, order->party) || !rex_party_is_live(party) ||
            str_eq(party->extension_id, rex_own_id(act)))
            continue;
        str_copy(order->partner, sizeof order->partner, party->id);
        others++;
    }
    if (others != 1)
        order->partner[0] = '\0';
}

static enum rc check_looked(struct rex_act *act, const struct rex_session *session)
{
    struct rex_supervise *s = &act->supervise;
    struct rex_order *order = &s->asked;
    const struct rex_party *party = rex_view_find(&act->view, order->session, order->party);
    bool is_theirs = party != NULL && (party->extension_id[0] == '\0' ||
                                       str_eq(party->extension_id, order->user_id));
    if (!is_theirs || rex_party_is_over(party)) {
        rex_say_gone(act, order, &s->why);
        return RC_NOT_FOUND;
    }
    order->is_held = party->code == REX_HOLD;
    if (!rex_order_fits(order, party)) {
        if (order->kind == ACTION_PICKUP || party->code == REX_PARTY_PARKED)
            rex_say_gone(act, order, &s->why);
        else
            err_set(&s->why, RC_DENIED, "the call of %s is not answered yet: wait for the answer",
                    order->extension);
        return s->why.rc;
    }
    note_partner(act, order, session);
    return RC_OK;
}

static void say_unread(struct rex_act *act, const struct rex_answer *answer)
{
    char text[ERR_TEXT_BYTES];
    rex_say_answer(answer, text, sizeof text);
    err_set(&act->supervise.why, answer->rc != RC_OK ? answer->rc : RC_REFUSED,
            "the call could not be looked at: %.400s; nothing was done", text);
}

static void on_look(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    struct rex_session session = {0};
    enum rc rc = RC_OK;
    if (rex_is_yes(answer))
        rc = rex_wire_session(&session, answer->body, answer->body_len, &s->why);
    else if (answer->rc == RC_OK && answer->status == 404)
        rex_say_gone(act, &s->asked, &s->why);
    else
        say_unread(act, answer);
    if (!rex_is_yes(answer) || rc != RC_OK) {
        rex_session_fini(&session);
        fail(act);
        return;
    }
    rex_view_answer(&act->view, s->asked.session, &session, s->stamp);
    rc = check_looked(act, &session);
    rex_session_fini(&session);
    if (rc != RC_OK)
        fail(act);
    else
        make(act);
}

static void look(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    err_clear(&s->why);
    s->is_cancelled = s->is_lifted = s->is_peer_read = false;
    s->read_stamp = 0;
    s->state = REX_AT_LOOK;
    s->stamp = act->view.stamp;
    REX_ASK(act, "GET", NULL, REX_LIGHT, on_look, s, REX_SESSION, s->asked.session);
}

/* What was asked for while something else was being ended. */
static void begin(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    s->asked = s->next;
    s->next.id = 0;
    look(act);
}

/* ---- what people want ---- */

static enum rc stop(struct rex_act *act, const struct action *action, struct err *err)
{
    struct rex_supervise *s = &act->supervise;
    const struct rex_order *what = rex_supervise_current(s);
    if (s->stop.id != 0)
        return err_set(err, RC_DENIED, "it is being ended already");
    if (what->id == 0)
        what = &s->next;
    if (what->id == 0)
        return err_set(err, RC_DENIED, "you supervise nobody: there is nothing to stop");
    s->stop = *what;
    s->stop.id = action->id;
    s->stop.kind = ACTION_STOP;
    rex_supervise_tell(act, &s->stop, ACTION_ASKED, RC_OK, NULL);
    drop_next(act, "you ended it");
    if (s->state == REX_AT_END)
        return RC_OK;
    err_set(&s->why, RC_CANCELLED, "you ended it");
    if (s->state == REX_AT_ASK)
        s->is_cancelled = true; /* ends when it is known what was made */
    else
        rex_supervise_end(act);
    return RC_OK;
}

static enum rc make_order(struct rex_act *act, const struct action *action, struct rex_order *order,
                          struct err *err)
{
    const struct rex_user *user = rex_floor_user(act->config.floor, action->user_id);
    *order = (struct rex_order){.id = action->id, .kind = action->kind};
    str_copy(order->user_id, sizeof order->user_id, user->id);
    str_copy(order->extension, sizeof order->extension, user->extension);
    str_copy(order->name, sizeof order->name, user->name);
    bool is_whole = str_copy(order->call_id, sizeof order->call_id,
                             action->call_id != NULL ? action->call_id : "");
    const struct rex_call *call = is_whole ? rex_user_call(user, order->call_id) : NULL;
    bool has_parts = rex_call_split(order->call_id, order->session, order->party);
    if (call == NULL) {
        rex_say_gone(act, order, err);
        return RC_NOT_FOUND;
    }
    if (!has_parts)
        return err_set(
            err, RC_DENIED,
            str_eq(order->call_id, REX_MEETING)
                ? "this is a meeting: callhud can do nothing to it"
                : "RingCentral does not say which call it is: nothing can be done to it");
    return RC_OK;
}

static enum rc check_free(const struct rex_act *act, const struct rex_order *order, struct err *err)
{
    const struct rex_supervise *s = &act->supervise;
    bool is_taking = s->asked.id != 0 && rex_order_takes(&s->asked) &&
                     (s->state == REX_AT_ASK || s->state == REX_AT_RING);
    if (is_taking)
        return err_set(err, RC_DENIED, "a call is on its way to your phone: wait for it");
    if (s->state == REX_AT_ON && is_same_call(&s->on, order) && s->on.kind == order->kind &&
        !s->is_unsure)
        return err_set(err, RC_DENIED, "it is so already");
    if (is_same_call(&s->asked, order) && s->asked.kind == order->kind && s->state != REX_AT_END)
        return err_set(err, RC_DENIED, "it was asked for already");
    if (rex_order_takes(order) && rex_act_is_busy(act, order->call_id))
        return err_set(err, RC_DENIED, "another action on this call is under way: wait a moment");
    return RC_OK;
}

/* Another mode of the call that is on: this service has one leg for each, so the old one goes
 * first, and until the new one is confirmed nothing is certain. */
static void begin_switch(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    s->was = s->on;
    s->on.id = 0;
    if (!s->is_unsure)
        rex_supervise_tell(act, &s->was, ACTION_UNSURE, RC_OK,
                           "it is ended before the other mode begins");
    s->is_unsure = true;
    err_set(&s->why, RC_CANCELLED, "it was ended for another mode, which did not begin");
    rex_supervise_end(act);
}

enum rc rex_supervise_do(struct rex_act *act, const struct action *action, struct err *err)
{
    struct rex_supervise *s = &act->supervise;
    struct rex_order order;
    if (action->kind == ACTION_STOP)
        return stop(act, action, err);
    enum rc rc = make_order(act, action, &order, err);
    if (rc == RC_OK)
        rc = check_free(act, &order, err);
    if (rc != RC_OK)
        return rc;
    if (s->state == REX_AT_IDLE) {
        s->asked = order;
        rex_supervise_tell(act, &s->asked, ACTION_ASKED, RC_OK, NULL);
        look(act);
        return RC_OK;
    }
    drop_next(act, "something else was asked for");
    s->next = order;
    rex_supervise_tell(act, &s->next, ACTION_ASKED, RC_OK, NULL);
    bool is_switch = s->state == REX_AT_ON && is_same_call(&s->on, &s->next);
    err_set(&s->why, RC_CANCELLED,
            s->on.id != 0 ? "you went on to another call" : "something else was asked for");
    if (s->state == REX_AT_ASK)
        s->is_cancelled = true;
    else if (is_switch)
        begin_switch(act);
    else if (s->state != REX_AT_END)
        rex_supervise_end(act);
    return RC_OK;
}

/* ---- for act.c ---- */

bool rex_supervise_wants(const struct rex_act *act, const char *session_id)
{
    const struct rex_supervise *s = &act->supervise;
    const struct rex_order *const orders[] = {&s->asked, &s->on, &s->was, &s->next};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i]->id != 0 && str_eq(orders[i]->session, session_id))
            return true;
    return false;
}

void rex_supervise_lost(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    struct rex_order next = s->next;
    s->next.id = 0;
    if (next.id != 0)
        rex_supervise_tell(act, &next, ACTION_FAILED, RC_UNREACHABLE,
                           "the link to RingCentral was lost");
    if (s->state == REX_AT_IDLE || s->state == REX_AT_END)
        return;
    if (s->state == REX_AT_ON) {
        rex_stop_timer(act, &s->doubt);
        rex_stop_timer(act, &s->ask);
        if (!s->is_unsure)
            rex_supervise_tell(act, &s->on, ACTION_UNSURE, RC_OK,
                               "the link to RingCentral was lost");
        s->is_unsure = true;
        return;
    }
    err_set(&s->why, RC_UNREACHABLE,
            "the link to RingCentral was lost before it confirmed: look at your phone %s",
            act->can.device_name);
    if (s->state == REX_AT_ASK)
        s->is_cancelled = true;
    else
        rex_supervise_end(act);
}

void rex_supervise_fini(struct rex_act *act)
{
    rest(act);
    act->supervise.leg = NULL; /* the legs are freed by their list */
}
