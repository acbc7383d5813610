#include "telephony.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>

/* --- begin and end --------------------------------------------------------------------------- */

void ex_calls_init(struct ex *x)
{
    x->calls = mem_zero(1, sizeof *x->calls);
    x->calls->last_short_id = 21529000000u + ex_random(x, 1000000);
    traffic_start(x);
}

static void call_free(struct ex *x, struct call *call)
{
    struct ex_session *s = &call->session;
    for (size_t i = 0; i < s->parties.len; i++) {
        ex_cancel(x, s->parties.items[i]);
        mem_free(s->parties.items[i]);
    }
    VEC_FREE(&s->parties);
    ex_cancel(x, call);
    mem_free(call);
}

void ex_calls_fini(struct ex *x)
{
    struct ex_calls *c = x->calls;
    if (!c)
        return;
    for (size_t i = 0; i < c->live.len; i++)
        traffic_over(x, &c->live.items[i]->session);
    traffic_stop(x);
    supervisions_free(x);
    for (size_t i = 0; i < c->live.len; i++)
        call_free(x, c->live.items[i]);
    for (size_t i = 0; i < c->over.len; i++)
        call_free(x, c->over.items[i]);
    VEC_FREE(&c->live);
    VEC_FREE(&c->over);
    map_fini(&c->sessions, NULL);
    for (size_t i = 0; i < x->users_len; i++)
        VEC_FREE(&x->users[i].parties);
    mem_free(c);
    x->calls = NULL;
}

/* --- sessions -------------------------------------------------------------------------------- */

struct call *call_of(const struct ex_session *session)
{
    return (struct call *)(uintptr_t)session;
}

struct ex_session *call_new(struct ex *x, const char *origin, bool is_scripted)
{
    struct ex_calls *c = x->calls;
    struct call *call = mem_zero(1, sizeof *call);
    struct ex_session *s = &call->session;
    uint64_t a = ex_random(x, UINT64_MAX), b = ex_random(x, UINT64_MAX);
    snprintf(s->id, sizeof s->id, "s-%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
    c->last_short_id += 1000 + ex_random(x, 3000);
    s->short_id = c->last_short_id;
    s->sequence = 1; /* the first event is number 2 */
    s->created_ms = ex_now(x);
    s->origin = origin;
    s->is_scripted = is_scripted;
    call->place = c->live.len;
    VEC_PUSH(&c->live, call);
    map_put(&c->sessions, s->id, call);
    return s;
}

static void call_forget(struct ex *x, void *self)
{
    struct call *call = self;
    struct ex_calls *c = x->calls;
    struct call *last = c->over.items[--c->over.len];
    c->over.items[call->place] = last;
    last->place = call->place;
    call_free(x, call);
}

/* Nobody is left: out of sight at once, out of memory a little later. */
static void call_over(struct ex *x, struct call *call)
{
    struct ex_calls *c = x->calls;
    call->is_over = true;
    traffic_over(x, &call->session);
    map_remove(&c->sessions, call->session.id);
    struct call *last = c->live.items[--c->live.len];
    c->live.items[call->place] = last;
    last->place = call->place;
    for (size_t i = 0; i < call->session.parties.len; i++)
        ex_cancel(x, call->session.parties.items[i]);
    ex_cancel(x, call);
    call->place = c->over.len;
    VEC_PUSH(&c->over, call);
    ex_after(x, CALLS_LINGER_MS, call_forget, call);
}

size_t session_live(const struct ex_session *session)
{
    size_t n = 0;
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct ex_party *p = session->parties.items[i];
        n += party_is_live(p) && !p->is_supervising;
    }
    return n;
}

struct ex_session *ex_session_by_id(const struct ex *x, const char *id)
{
    struct call *call = map_get(&x->calls->sessions, id);
    return call ? &call->session : NULL;
}

size_t ex_sessions_len(const struct ex *x)
{
    return x->calls->live.len;
}

struct ex_session *ex_session_at(const struct ex *x, size_t index)
{
    return &x->calls->live.items[index]->session;
}

/* --- parties --------------------------------------------------------------------------------- */

static struct ex_party *party_make(struct ex *x, struct ex_session *s, struct ex_user *user,
                                   bool is_outbound)
{
    struct ex_party *p = mem_zero(1, sizeof *p);
    snprintf(p->id, sizeof p->id, "p-%.48s-%u", s->id + 2, ++call_of(s)->parties_made);
    p->session = s;
    p->user = user;
    p->is_outbound = is_outbound;
    p->start_ms = p->since_ms = ex_now(x);
    VEC_PUSH(&s->parties, p);
    return p;
}

struct ex_party *party_new(struct ex *x, struct ex_session *session, struct ex_user *user,
                           bool is_outbound)
{
    struct ex_party *p = party_make(x, session, user, is_outbound);
    if (user) {
        p->device = user_device(user);
        VEC_PUSH(&user->parties, p);
    }
    return p;
}

struct ex_party *party_new_seat(struct ex *x, struct ex_session *session, struct ex_user *user)
{
    struct ex_party *p = party_make(x, session, user, true);
    p->is_supervising = true;
    return p;
}

struct ex_device *user_device(const struct ex_user *user)
{
    for (size_t i = 0; i < user->devices.len; i++) {
        if (user->devices.items[i]->is_online)
            return user->devices.items[i];
    }
    return NULL;
}

bool party_is_live(const struct ex_party *p)
{
    return p->code != EX_GONE && p->code != EX_DISCONNECTED;
}

bool party_is_ringing(const struct ex_party *p)
{
    return p->code == EX_SETUP || p->code == EX_PROCEEDING;
}

bool party_is_connected(const struct ex_party *p)
{
    return p->code == EX_ANSWERED || p->code == EX_HOLD;
}

struct ex_party *session_party(const struct ex_session *session, const char *id)
{
    for (size_t i = 0; i < session->parties.len; i++) {
        if (str_eq(session->parties.items[i]->id, id))
            return session->parties.items[i];
    }
    return NULL;
}

const char *ex_party_number(const struct ex_party *party)
{
    return party->user ? party->user->extension : party->number;
}

void ex_party_name(const struct ex_party *party, char *out, size_t size)
{
    if (party->user)
        ex_full_name(party->user, out, size);
    else
        str_copy(out, size, party->name);
}

/* A caller of ours counts as calling until somebody answers, although the protocol has his party
 * Answered as soon as the other's rules begin (contracts: ringcentral 4.1). */
const char *ex_party_telephony(const struct ex_party *p)
{
    switch (p->code) {
    case EX_SETUP:
    case EX_PROCEEDING: return "Ringing";
    case EX_ANSWERED:
        return p->is_outbound && !p->was_answered && p->peer && party_is_ringing(p->peer)
                   ? "Ringing"
                   : "CallConnected";
    case EX_HOLD: return "OnHold";
    case EX_PARKED: return "ParkedCall";
    case EX_GONE:
    case EX_DISCONNECTED: break;
    }
    return "NoCall";
}

/* --- changes --------------------------------------------------------------------------------- */

void party_tell(struct ex *x, struct ex_party *party)
{
    party->session->sequence++;
    if (!x->on_event)
        return;
    uint64_t extension_id = party->user ? party->user->id : party->extension_id;
    ex_emit(x, EX_EVENT_TELEPHONY, extension_id, party_event(x, party));
}

/* Presence knows the legs of users, seats apart. */
static void show(struct ex *x, struct ex_party *party)
{
    if (party->user && !party->is_supervising)
        ex_presence_changed(x, party->user);
}

static void leave_orbit(struct ex *x, struct ex_party *party)
{
    for (size_t i = 0; i < CALLS_ORBITS; i++) {
        if (x->calls->orbits[i] == party)
            x->calls->orbits[i] = NULL;
    }
}

static void leave_user(struct ex_party *party)
{
    struct ex_user *user = party->user;
    if (!user || party->is_supervising)
        return;
    for (size_t i = 0; i < user->parties.len; i++) {
        if (user->parties.items[i] == party) {
            VEC_REMOVE(&user->parties, i);
            return;
        }
    }
}

/* Who talked to the party in a conference has somebody else of it at the other end, or nobody. */
static void leave_conference(const struct ex_party *party)
{
    const struct ex_session *s = party->session;
    for (size_t i = 0; i < s->parties.len; i++) {
        struct ex_party *p = s->parties.items[i];
        if (!party_is_live(p) || p->is_supervising || p->peer != party)
            continue;
        p->peer = NULL;
        for (size_t o = 0; o < s->parties.len; o++) {
            struct ex_party *other = s->parties.items[o];
            if (other != p && party_is_live(other) && !other->is_supervising)
                p->peer = other;
        }
    }
}

void party_set(struct ex *x, struct ex_party *party, enum ex_code code, const char *reason)
{
    struct ex_party *peer = party->peer;
    const char *peer_was = peer ? ex_party_telephony(peer) : NULL;
    bool was_parked = party->code == EX_PARKED;
    if (was_parked)
        leave_orbit(x, party);
    party->code = code;
    party->reason = reason;
    party->since_ms = ex_now(x);
    if (party_is_live(party) && code != EX_HOLD)
        party->holds = 0;
    if (code == EX_ANSWERED && !party->is_supervising &&
        !(party->is_outbound && peer && party_is_ringing(peer))) {
        party->was_answered = true;
        if (peer && peer->is_outbound && party_is_connected(peer) && !peer->was_answered) {
            peer->was_answered = true;
            peer->since_ms = party->since_ms;
        }
    }
    party_tell(x, party);
    show(x, party);
    if (!party->user && was_parked != (code == EX_PARKED))
        location_count(x, party->extension_id, was_parked ? -1 : 1);
    if (peer && party_is_live(peer) && !str_eq(ex_party_telephony(peer), peer_was))
        show(x, peer);
    if (code == EX_PARKED || !party_is_live(party))
        supervise_party_left(x, party);
    if (party_is_live(party))
        return;
    leave_user(party);
    if (call_of(party->session)->is_conference)
        leave_conference(party);
    device_left(x, party);
    if (!call_of(party->session)->is_over && session_live(party->session) == 0)
        call_over(x, call_of(party->session));
}

void party_join(struct ex *x, struct ex_party *a, struct ex_party *b)
{
    struct ex_party *pair[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        struct ex_party *old = pair[i]->peer;
        pair[i]->peer = pair[1 - i];
        if (old && old != pair[1 - i])
            supervise_party_left(x, pair[i]);
    }
}
