/* The leg of our own phone: where it is, and its removal until the service says that it is gone. */
#include "act_priv.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <string.h>

static void remove_now(struct rex_own_leg *leg);

struct rex_own_leg *rex_leg_new(struct rex_act *act)
{
    struct rex_own_leg *leg = mem_zero(1, sizeof *leg);
    leg->act = act;
    VEC_PUSH(&act->legs, leg);
    return leg;
}

/* ---- the ledger ---- */

void rex_ledger_drop(void *self, const char *thing)
{
    const struct rex_act *act = self;
    const struct backend_ledger *ledger = &act->config.config->ledger;
    if (thing[0] != '\0' && ledger->drop != NULL)
        ledger->drop(ledger->self, thing);
}

enum rc rex_leg_put(struct rex_own_leg *leg, const char *thing, struct err *err)
{
    const struct backend_ledger *ledger = &leg->act->config.config->ledger;
    enum rc rc = ledger->put(ledger->self, thing, err);
    if (rc != RC_OK)
        return rc;
    rex_ledger_drop(leg->act, leg->thing);
    str_copy(leg->thing, sizeof leg->thing, thing);
    return RC_OK;
}

static void leave_list(struct rex_own_leg *leg)
{
    struct rex_act *act = leg->act;
    rex_rest_cancel(act->config.rest, leg);
    rex_stop_timer(act, &leg->timer);
    for (size_t i = 0; i < act->legs.len; i++) {
        if (act->legs.items[i] == leg) {
            VEC_REMOVE(&act->legs, i);
            break;
        }
    }
}

void rex_leg_forget(struct rex_own_leg *leg)
{
    struct rex_act *act = leg->act;
    leave_list(leg);
    rex_ledger_drop(act, leg->thing);
    mem_free(leg);
    rex_check_left(act);
}

void rex_legs_fini(struct rex_act *act)
{
    while (act->legs.len > 0) {
        struct rex_own_leg *leg = act->legs.items[act->legs.len - 1];
        leave_list(leg); /* stays in the ledger: it may be there still */
        mem_free(leg);
    }
    VEC_FREE(&act->legs);
}

/* ---- where it is ---- */

void rex_leg_found(struct rex_own_leg *leg, const char *session_id, const char *party_id)
{
    str_copy(leg->session, sizeof leg->session, session_id);
    str_copy(leg->party, sizeof leg->party, party_id);
}

static const struct rex_party *own_party(const struct rex_own_leg *leg)
{
    return rex_view_find(&leg->act->view, leg->session, leg->party);
}

const struct rex_party *rex_leg_party(const struct rex_own_leg *leg)
{
    const struct rex_view *view = &leg->act->view;
    if (leg->peer_session[0] == '\0')
        return own_party(leg);
    return rex_view_find(view, leg->peer_session, leg->peer_party);
}

/* Its party may be told in another session than that of the call it belongs to. */
static void look_for_session(struct rex_own_leg *leg)
{
    const struct rex_view *view = &leg->act->view;
    if (leg->party[0] == '\0' || own_party(leg) != NULL)
        return;
    for (size_t i = 0; i < view->parties.len; i++) {
        const struct rex_seen *seen = &view->parties.items[i];
        if (str_eq(seen->party.id, leg->party)) {
            str_copy(leg->session, sizeof leg->session, seen->session);
            return;
        }
    }
}

/* Of a call-out of which only the session was told: our end in it. */
static void look_for_party(struct rex_own_leg *leg)
{
    const struct rex_view *view = &leg->act->view;
    for (size_t i = 0; leg->party[0] == '\0' && i < view->parties.len; i++) {
        const struct rex_seen *seen = &view->parties.items[i];
        if (leg->session[0] != '\0' && str_eq(seen->session, leg->session) &&
            str_eq(seen->party.extension_id, rex_own_id(leg->act)))
            str_copy(leg->party, sizeof leg->party, seen->party.id);
    }
}

static void look_for_peer(struct rex_own_leg *leg)
{
    const struct rex_party *own = own_party(leg);
    if (own == NULL || own->code != REX_GONE || own->peer_session[0] == '\0')
        return;
    if (str_eq(own->peer_session, leg->peer_session) && str_eq(own->peer_party, leg->peer_party))
        return;
    str_copy(leg->peer_session, sizeof leg->peer_session, own->peer_session);
    str_copy(leg->peer_party, sizeof leg->peer_party, own->peer_party);
    if (leg->is_doomed) { /* it went on while it was being removed */
        leg->is_deleted = false;
        leg->tries = 0;
        remove_now(leg);
    }
}

static bool is_gone(const struct rex_own_leg *leg)
{
    const struct rex_party *own = own_party(leg), *live = rex_leg_party(leg);
    if (live != NULL)
        return live->code == REX_DISCONNECTED || (live->code == REX_GONE && live != own);
    return own != NULL && own->code == REX_DISCONNECTED;
}

/* ---- the removal ---- */

static void end(struct rex_own_leg *leg, bool is_left)
{
    struct rex_act *act = leg->act;
    void (*gone)(void *self, struct rex_own_leg *leg, bool is_left) = leg->gone;
    leave_list(leg);
    rex_ledger_drop(act, leg->thing);
    if (gone != NULL)
        gone(leg->self, leg, is_left);
    mem_free(leg);
    rex_check_left(act);
}

static void on_timer(void *self)
{
    struct rex_own_leg *leg = self;
    leg->timer = NULL;
    remove_now(leg);
}

static void try_later(struct rex_own_leg *leg, int64_t after_ms)
{
    if (leg->tries < REX_REMOVAL_TRIES)
        rex_start_timer(leg->act, &leg->timer, after_ms, on_timer, leg);
    else
        log_warn("ringcentral", "our phone's leg is not removed yet: tried again later");
}

static const char *session_of(const struct rex_own_leg *leg)
{
    return leg->peer_session[0] != '\0' ? leg->peer_session : leg->session;
}

static const char *party_of(const struct rex_own_leg *leg)
{
    return leg->peer_session[0] != '\0' ? leg->peer_party : leg->party;
}

static void ask_leg(struct rex_own_leg *leg);

static void on_deleted(void *self, const struct rex_answer *answer)
{
    struct rex_own_leg *leg = self;
    leg->asked_rc = answer->rc;
    if (rex_is_yes(answer)) {
        leg->is_deleted = true;
        try_later(leg, REX_SETTLE_MS * (1 + leg->tries)); /* unless an event says so before */
    } else if (answer->rc == RC_OK && answer->status == 404) {
        if (leg->is_missed || leg->peer_session[0] != '\0') {
            end(leg, false);
        } else { /* gone, or gone elsewhere without our knowing */
            leg->is_missed = true;
            ask_leg(leg);
        }
    } else {
        log_warn("ringcentral", "our phone's leg could not be removed: %s", answer->text);
        try_later(leg, REX_RETRY_MS);
    }
}

static void ask_delete(struct rex_own_leg *leg)
{
    REX_ASK(leg->act, "DELETE", NULL, REX_LIGHT, on_deleted, leg, REX_SESSION, session_of(leg),
            "/parties/", party_of(leg));
}

/* What the service says of a leg that should be gone, or may be only as long as it rings. */
static void on_looked(void *self, const struct rex_answer *answer)
{
    struct rex_own_leg *leg = self;
    struct rex_act *act = leg->act;
    struct rex_session session = {0};
    const char *id = session_of(leg);
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_session(&session, answer->body, answer->body_len, NULL) == RC_OK;
    if (!is_read && !is_missing) {
        leg->asked_rc = answer->rc != RC_OK ? answer->rc : RC_REFUSED;
        rex_session_fini(&session);
        try_later(leg, REX_RETRY_MS);
        return;
    }
    rex_view_answer(&act->view, id, is_missing ? NULL : &session, leg->stamp);
    bool is_there = !is_missing && rex_view_find(&act->view, id, party_of(leg)) != NULL;
    rex_session_fini(&session);
    if (!is_there) {
        end(leg, false);
        return;
    }
    char before[REX_ID_BYTES];
    str_copy(before, sizeof before, session_of(leg));
    look_for_peer(leg);
    if (!str_eq(before, session_of(leg)))
        return; /* it is being removed where it is now */
    if (is_gone(leg)) {
        end(leg, false);
    } else if (leg->is_ring_only && !rex_party_is_ringing(rex_leg_party(leg))) {
        end(leg, true);
    } else {
        leg->is_deleted = false;
        ask_delete(leg);
    }
}

static void ask_leg(struct rex_own_leg *leg)
{
    leg->stamp = leg->act->view.stamp;
    REX_ASK(leg->act, "GET", NULL, REX_LIGHT, on_looked, leg, REX_SESSION, session_of(leg));
}

/* Has the party still the call that our phone was to get? */
static void on_guarded(void *self, const struct rex_answer *answer)
{
    struct rex_own_leg *leg = self;
    struct rex_act *act = leg->act;
    struct rex_session session = {0};
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_session(&session, answer->body, answer->body_len, NULL) == RC_OK;
    if (is_read || is_missing)
        rex_view_answer(&act->view, leg->guard_session, is_missing ? NULL : &session, leg->stamp);
    rex_session_fini(&session);
    if (!is_read && !is_missing) {
        try_later(leg, REX_RETRY_MS);
        return;
    }
    const struct rex_party *guard = rex_view_find(&act->view, leg->guard_session, leg->guard_party);
    bool is_with_it =
        rex_party_is_live(guard) || (guard != NULL && guard->code == REX_PARTY_PARKED);
    if (is_with_it && !leg->is_ring_only) {
        ask_delete(leg);
    } else {
        leg->is_ring_only |= !is_with_it; /* it may be our phone that has the call now */
        ask_leg(leg);
    }
}

static void remove_now(struct rex_own_leg *leg)
{
    rex_stop_timer(leg->act, &leg->timer);
    rex_rest_cancel(leg->act->config.rest, leg);
    leg->tries++;
    if (leg->session[0] == '\0' || leg->party[0] == '\0') {
        try_later(leg, REX_SETTLE_MS); /* an event names it */
        return;
    }
    if (leg->guard_session[0] != '\0') {
        leg->stamp = leg->act->view.stamp;
        REX_ASK(leg->act, "GET", NULL, REX_LIGHT, on_guarded, leg, REX_SESSION, leg->guard_session);
    } else if (leg->is_ring_only || leg->is_deleted) {
        ask_leg(leg);
    } else {
        ask_delete(leg);
    }
}

static void look(struct rex_own_leg *leg)
{
    look_for_party(leg);
    look_for_session(leg);
    look_for_peer(leg);
}

void rex_leg_remove(struct rex_own_leg *leg)
{
    if (leg->is_doomed)
        return;
    look(leg);
    leg->is_doomed = true;
    leg->tries = 0;
    remove_now(leg);
}

void rex_legs_look(struct rex_act *act)
{
    for (size_t i = 0; i < act->legs.len; i++)
        look(act->legs.items[i]);
    for (size_t i = 0; i < act->legs.len;) {
        struct rex_own_leg *leg = act->legs.items[i];
        if (leg->is_doomed && is_gone(leg)) {
            end(leg, false);
            i = 0; /* whoever was told may have asked for more */
        } else {
            i++;
        }
    }
}

void rex_legs_retry(struct rex_act *act)
{
    for (size_t i = 0; i < act->legs.len; i++) {
        struct rex_own_leg *leg = act->legs.items[i];
        if (!leg->is_doomed || leg->timer != NULL || leg->tries < REX_REMOVAL_TRIES)
            continue;
        leg->tries = 0;
        remove_now(leg);
    }
}
