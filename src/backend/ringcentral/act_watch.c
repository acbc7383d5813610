/* What the service says of our phone and of the call it is about: confirmed, changed, ended. */
#include "act_priv.h"

#include "callhud/base/str.h"

#include <stdio.h>

/* ---- asking how it is ---- */

static void read_session(struct rex_act *act, const char *session_id, rex_done *done)
{
    struct rex_supervise *s = &act->supervise;
    s->is_reading = true;
    s->stamp = act->view.stamp;
    REX_ASK(act, "GET", NULL, REX_LIGHT, done, s, REX_SESSION, session_id);
}

/* False when nobody knows how it is. */
static bool take_answer(struct rex_act *act, const char *session_id,
                        const struct rex_answer *answer)
{
    struct rex_session session = {0};
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_session(&session, answer->body, answer->body_len, NULL) == RC_OK;
    act->supervise.is_reading = false;
    if (is_read || is_missing)
        rex_view_answer(&act->view, session_id, is_missing ? NULL : &session, act->supervise.stamp);
    rex_session_fini(&session);
    return is_read || is_missing;
}

/* ---- the call ---- */

static const struct rex_party *call_of(const struct rex_act *act, const struct rex_order *order)
{
    return rex_view_find(&act->view, order->session, order->party);
}

static void end_gone(struct rex_act *act, const struct rex_order *order)
{
    rex_say_gone(act, order, &act->supervise.why);
    rex_supervise_end(act);
}

static bool is_over(const struct rex_party *party)
{
    return rex_party_is_over(party) || (party != NULL && party->code == REX_PARTY_PARKED);
}

/* Presence may know first that a call is gone, and an event may have been lost: the session
 * says. */
static bool is_doubtful(const struct rex_act *act, const struct rex_order *order)
{
    const struct rex_user *user = rex_floor_user(act->config.floor, order->user_id);
    const struct rex_party *partner =
        order->partner[0] != '\0' ? rex_view_find(&act->view, order->session, order->partner)
                                  : NULL;
    return user == NULL || rex_user_call(user, order->call_id) == NULL ||
           rex_party_is_over(partner);
}

static void end_changed(struct rex_act *act, const struct rex_order *order)
{
    err_set(&act->supervise.why, RC_NOT_FOUND, "%s talks with somebody else now", order->extension);
    rex_supervise_end(act);
}

static void on_doubt_read(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    const struct rex_order *order = rex_supervise_current(s);
    bool is_known = take_answer(act, order->session, answer);
    s->read_stamp = act->view.stamp;
    const struct rex_party *partner =
        order->partner[0] != '\0' ? rex_view_find(&act->view, order->session, order->partner)
                                  : NULL;
    if (is_known && s->state == REX_AT_ON && !is_over(call_of(act, order)) &&
        rex_party_is_over(partner))
        end_changed(act, order);
    else
        rex_watch(act);
}

static void on_doubt(void *self)
{
    struct rex_act *act = self;
    struct rex_supervise *s = &act->supervise;
    s->doubt = NULL;
    if (s->state != REX_AT_ON && s->state != REX_AT_RING)
        return;
    const struct rex_order *order = rex_supervise_current(s);
    if (!s->is_reading && is_doubtful(act, order))
        read_session(act, order->session, on_doubt_read);
}

static void doubt(struct rex_act *act, const struct rex_order *order)
{
    struct rex_supervise *s = &act->supervise;
    bool is_read = s->read_stamp != 0 && s->read_stamp == act->view.stamp;
    if (s->doubt == NULL && !s->is_reading && !is_read && is_doubtful(act, order))
        rex_start_timer(act, &s->doubt, REX_DOUBT_MS, on_doubt, act);
}

static bool has_partner_left(const struct rex_act *act, const struct rex_order *order)
{
    static const char *const reasons[] = {"BlindTransfer", "AttendedTransfer", "RccTransfer",
                                          "DtmfTransfer",  "Pickup",           "TakeOver",
                                          "CallRedirected"};
    const struct rex_party *partner =
        order->partner[0] != '\0' ? rex_view_find(&act->view, order->session, order->partner)
                                  : NULL;
    if (partner == NULL || !rex_party_is_over(partner))
        return false;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (str_eq_nocase(partner->reason, reasons[i]))
            return true;
    return partner->code == REX_GONE;
}

/* ---- does our phone supervise, and whom? ---- */

enum whom { WHOM_NOBODY, WHOM_ASKED, WHOM_OTHER, WHOM_UNSAID };

/* The leg went into another session than the call's: who is in that one? */
static enum whom whom_by_peer(const struct rex_act *act, const struct rex_order *order,
                              const struct rex_own_leg *leg)
{
    const char *own = rex_own_id(act);
    bool is_other = false;
    for (size_t i = 0; i < act->view.parties.len; i++) {
        const struct rex_seen *seen = &act->view.parties.items[i];
        const struct rex_party *party = &seen->party;
        const char *const ids[] = {party->extension_id, party->from_extension_id,
                                   party->to_extension_id};
        if (!str_eq(seen->session, leg->peer_session))
            continue;
        for (size_t k = 0; k < 3; k++) {
            if (str_eq(ids[k], order->user_id))
                return WHOM_ASKED;
            is_other |= ids[k][0] != '\0' && !str_eq(ids[k], own);
        }
    }
    return is_other ? WHOM_OTHER : WHOM_UNSAID;
}

/* In the call's own session a party of ours has gone over to our leg. */
static bool is_peer_of_call(const struct rex_act *act, const struct rex_order *order,
                            const struct rex_own_leg *leg)
{
    for (size_t i = 0; i < act->view.parties.len; i++) {
        const struct rex_seen *seen = &act->view.parties.items[i];
        if (seen->party.code == REX_GONE && str_eq_nocase(seen->party.reason, "Supervising") &&
            str_eq(seen->session, order->session) &&
            str_eq(seen->party.peer_session, leg->session) &&
            (seen->party.peer_party[0] == '\0' || str_eq(seen->party.peer_party, leg->party)))
            return true;
    }
    return false;
}

static enum whom whom_of(const struct rex_act *act, const struct rex_order *order,
                         const struct rex_own_leg *leg)
{
    const struct rex_party *own = rex_view_find(&act->view, leg->session, leg->party);
    if (own == NULL)
        return WHOM_NOBODY;
    if (rex_star_code(order->kind) == NULL) /* the request named the call */
        return own->code == REX_ANSWERED || own->code == REX_HOLD || own->code == REX_GONE
                   ? WHOM_ASKED
                   : WHOM_NOBODY;
    if (is_peer_of_call(act, order, leg))
        return WHOM_ASKED;
    if (own->code != REX_GONE || leg->peer_session[0] == '\0')
        return WHOM_NOBODY;
    return str_eq(leg->peer_session, order->session) ? WHOM_ASKED : whom_by_peer(act, order, leg);
}

static void on_peer_read(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    if (s->leg != NULL)
        (void)take_answer(act, s->leg->peer_session, answer);
    s->is_reading = false;
    rex_watch(act);
}

/* ---- while it rings, or keys are awaited ---- */

static void note_lifted(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    const struct rex_party *own = rex_view_find(&act->view, s->leg->session, s->leg->party);
    if (s->is_lifted || own == NULL || own->code != REX_ANSWERED ||
        rex_star_code(s->asked.kind) == NULL)
        return;
    s->is_lifted = true;
    rex_supervise_arm(act, REX_KEYS_MS);
}

/* Our phone hung up or was never lifted. True when it ended. */
static bool has_leg_ended(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    const struct rex_party *live = rex_leg_party(s->leg);
    const struct rex_party *own = rex_view_find(&act->view, s->leg->session, s->leg->party);
    const struct rex_party *over = live != NULL && live->code == REX_DISCONNECTED ? live
                                   : own != NULL && own->code == REX_DISCONNECTED ? own
                                                                                  : NULL;
    if (over == NULL)
        return false;
    if (s->state == REX_AT_RING)
        rex_say_unlifted(act, over, &s->why);
    else
        err_set(&s->why, RC_CANCELLED,
                s->is_unsure ? "your phone was hung up while the link was lost" : "you hung up");
    struct rex_own_leg *leg = s->leg;
    s->leg = NULL;
    rex_leg_forget(leg);
    rex_supervise_end(act);
    return true;
}

static void watch_mode(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    const struct rex_order *order = &s->asked;
    if (is_over(call_of(act, order))) {
        end_gone(act, order);
        return;
    }
    note_lifted(act);
    switch (whom_of(act, order, s->leg)) {
    case WHOM_ASKED: rex_supervise_confirm(act); return;
    case WHOM_OTHER:
        err_set(&s->why, RC_CANCELLED,
                "your phone supervises another call than that of %s: it was hung up; key %s# next "
                "time",
                order->extension, order->extension);
        rex_supervise_end(act);
        return;
    case WHOM_UNSAID:
        if (!s->is_peer_read && !s->is_reading) {
            s->is_peer_read = true;
            read_session(act, s->leg->peer_session, on_peer_read);
        } else if (!s->is_reading) {
            err_set(&s->why, RC_REFUSED,
                    "RingCentral does not say whom your phone supervises: it was hung up");
            rex_supervise_end(act);
        }
        return;
    case WHOM_NOBODY: break;
    }
    if (!has_leg_ended(act))
        doubt(act, order);
}

/* Somebody whose extension we know, and who is not we, has it. */
static bool is_taken_by_other(struct rex_act *act, const struct rex_order *order)
{
    char taker[REX_NUMBER_BYTES] = "";
    const struct rex_user *own = rex_floor_user(act->config.floor, rex_own_id(act));
    return rex_floor_taker(act->config.floor, order->call_id, taker, sizeof taker) &&
           taker[0] != '\0' && (own == NULL || !str_eq(taker, own->extension));
}

static bool is_word_of(const struct rex_party *party, enum action_kind kind)
{
    return str_eq_nocase(party->reason, kind == ACTION_TAKEOVER ? "TakeOver" : "Pickup") ||
           (kind == ACTION_PICKUP && party->code == REX_GONE);
}

/* Its party is not named any more, so no reason is told: but who talked with it is there. */
static bool has_left_partner(const struct rex_act *act, const struct rex_order *order)
{
    return rex_view_is_unnamed(&act->view, order->session, order->party) &&
           order->partner[0] != '\0' &&
           rex_party_is_live(rex_view_find(&act->view, order->session, order->partner));
}

bool rex_watch_has_call(const struct rex_act *act, const struct rex_own_leg *leg)
{
    const struct rex_order *order = &act->supervise.asked;
    const struct rex_party *party = call_of(act, order);
    const struct rex_party *live = rex_leg_party(leg);
    const struct rex_party *own = rex_view_find(&act->view, leg->session, leg->party);
    bool is_up = (live != NULL && (live->code == REX_ANSWERED || live->code == REX_HOLD)) ||
                 (live == NULL && own != NULL && own->code == REX_GONE);
    return order->id != 0 && rex_order_takes(order) && is_up && rex_party_is_over(party) &&
           (is_word_of(party, order->kind) || has_left_partner(act, order));
}

static void watch_taking(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    const struct rex_order *order = &s->asked;
    const struct rex_party *party = call_of(act, order);
    note_lifted(act);
    if (rex_party_is_over(party)) {
        if (rex_watch_has_call(act, s->leg))
            rex_supervise_confirm(act);
        else if (!is_word_of(party, order->kind) || is_taken_by_other(act, order))
            end_gone(act, order);
        else
            (void)has_leg_ended(act); /* else our own party is still to come */
        return;
    }
    if (order->kind == ACTION_PICKUP && party != NULL && party->code == REX_ANSWERED) {
        end_gone(act, order);
        return;
    }
    if (!has_leg_ended(act))
        doubt(act, order);
}

static void tell_phone(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    char text[REX_WHY_BYTES];
    if (s->state != REX_AT_RING || s->asked.is_phone_told)
        return;
    s->asked.is_phone_told = true;
    rex_say_phone(act, &s->asked, text, sizeof text);
    rex_supervise_tell(act, &s->asked, ACTION_PHONE, RC_OK, text);
}

/* ---- while it is on ---- */

static void watch_on(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    const struct rex_order *order = &s->on;
    if (is_over(call_of(act, order)))
        end_gone(act, order);
    else if (has_partner_left(act, order))
        end_changed(act, order);
    else if (!has_leg_ended(act) && !s->is_unsure)
        doubt(act, order);
}

void rex_watch(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->state == REX_AT_ON) {
        watch_on(act);
    } else if (s->state == REX_AT_RING) {
        if (rex_order_takes(&s->asked))
            watch_taking(act);
        else
            watch_mode(act);
        tell_phone(act);
    }
}

void rex_watch_late(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->state == REX_AT_END) {
        rex_supervise_give_up(act);
        return;
    }
    if (s->state != REX_AT_RING)
        return;
    if (s->is_lifted)
        err_set(&s->why, RC_TIMEOUT,
                "nothing began within %d s of your lifting the phone: key %s# after the "
                "announcement",
                REX_KEYS_MS / 1000, s->asked.extension);
    else
        err_set(&s->why, RC_DENIED, "your phone %s was not lifted within %lld s",
                act->can.device_name, (long long)(rex_ring_ms(act) / 1000));
    rex_supervise_end(act);
}

/* ---- a pick up that was refused ---- */

/* Was the call gone to somebody else, who asked for it in the same moment? */
static void on_lost_look(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    struct rex_session session = {0};
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_session(&session, answer->body, answer->body_len, NULL) == RC_OK;
    if (is_read || is_missing)
        rex_view_answer(&act->view, s->asked.session, is_missing ? NULL : &session, s->stamp);
    rex_session_fini(&session);
    const struct rex_party *party = rex_view_find(&act->view, s->asked.session, s->asked.party);
    if (is_missing || (is_read && (party == NULL || !rex_order_fits(&s->asked, party))))
        rex_say_gone(act, &s->asked, &s->why);
    rex_supervise_end(act);
}

static void on_lost_doubt(void *self)
{
    struct rex_act *act = self;
    struct rex_supervise *s = &act->supervise;
    s->ask = NULL;
    s->stamp = act->view.stamp;
    REX_ASK(act, "GET", NULL, REX_LIGHT, on_lost_look, s, REX_SESSION, s->asked.session);
}

void rex_watch_lost(struct rex_act *act)
{
    rex_start_timer(act, &act->supervise.ask, REX_DOUBT_MS, on_lost_doubt, act);
}

/* ---- asked: after a snapshot, and again and again while no events come ---- */

static void on_ask(void *self)
{
    struct rex_act *act = self;
    act->supervise.ask = NULL;
    rex_watch_synced(act);
}

void rex_watch_ask(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    int64_t wait_ms = REX_ASK_MS + (int64_t)s->asks * REX_ASK_MS / 4;
    if (act->has_events || (s->state != REX_AT_ON && s->state != REX_AT_RING) || s->ask != NULL)
        return;
    s->asks++;
    rex_start_timer(act, &s->ask, wait_ms < REX_ASK_MOST_MS ? wait_ms : REX_ASK_MOST_MS, on_ask,
                    act);
}

static const char *leg_session(const struct rex_own_leg *leg)
{
    return leg->peer_session[0] != '\0' ? leg->peer_session : leg->session;
}

/* Both are read. */
static void settle(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->state == REX_AT_ON && rex_leg_party(s->leg) == NULL) {
        struct rex_own_leg *leg = s->leg; /* it never had a party that we know of */
        s->leg = NULL;
        rex_leg_forget(leg);
        err_set(&s->why, RC_CANCELLED, "your phone was hung up while the link was lost");
        rex_supervise_end(act);
    } else if (s->state == REX_AT_ON && s->is_unsure) {
        s->is_unsure = false;
        rex_supervise_tell(act, &s->on, ACTION_CONFIRMED, RC_OK, NULL);
    }
}

static bool is_at_work(const struct rex_supervise *s)
{
    return s->leg != NULL && (s->state == REX_AT_ON || s->state == REX_AT_RING);
}

static void on_leg_read(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    if (!is_at_work(s))
        return;
    bool is_known = take_answer(act, leg_session(s->leg), answer);
    rex_legs_look(act);
    rex_watch(act);
    if (is_known && is_at_work(s))
        settle(act);
    rex_watch_ask(act);
}

static void on_call_read(void *self, const struct rex_answer *answer)
{
    struct rex_supervise *s = self;
    struct rex_act *act = s->act;
    const char *session = rex_supervise_current(s)->session;
    bool is_known = take_answer(act, session, answer);
    rex_legs_look(act);
    rex_watch(act);
    if (!is_known || !is_at_work(s) || s->is_reading) {
        rex_watch_ask(act);
    } else if (s->leg->session[0] != '\0' &&
               !str_eq(leg_session(s->leg), rex_supervise_current(s)->session)) {
        read_session(act, leg_session(s->leg), on_leg_read);
    } else {
        settle(act);
        rex_watch_ask(act);
    }
}

void rex_watch_synced(struct rex_act *act)
{
    struct rex_supervise *s = &act->supervise;
    if (s->state != REX_AT_ON && s->state != REX_AT_RING)
        return;
    rex_rest_cancel(act->config.rest, s);
    rex_stop_timer(act, &s->ask);
    read_session(act, rex_supervise_current(s)->session, on_call_read);
}
