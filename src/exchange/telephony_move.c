/* What can happen to a call: it rings, is answered, held, parked, sent on, picked up, ended. The
 * order of events is that of the reference sequences (contracts: ringcentral 4.2). */
#include "telephony.h"

#include "callhud/base/str.h"

#include <stdio.h>

/* --- ringing --------------------------------------------------------------------------------- */

static void mailbox_over(struct ex *x, void *self)
{
    struct ex_party *party = self;
    if (party_is_live(party))
        party_set(x, party, EX_DISCONNECTED, NULL);
}

/* The caller leaves a message; it ends by itself. */
static void to_mailbox(struct ex *x, struct ex_party *far)
{
    far->peer = NULL;
    supervise_party_left(x, far);
    ex_after(x, CALLS_MAILBOX_MS, mailbox_over, far);
}

static void ring_over(struct ex *x, void *self)
{
    struct ex_party *party = self;
    if (party->code == EX_PROCEEDING)
        ex_hangup(x, party, "NoAnswer");
}

static struct ex_party *ring_outside(struct ex *x, struct ex_party *far, const struct place *to)
{
    struct ex_party *p = party_new(x, far->session, NULL, false);
    str_copy(p->number, sizeof p->number, to->number);
    str_copy(p->name, sizeof p->name, to->name);
    if (!far->session->outside_number[0])
        str_copy(far->session->outside_number, sizeof far->session->outside_number, to->number);
    party_join(x, far, p);
    bool is_new = far->code == EX_SETUP;
    if (is_new)
        party_tell(x, far);
    party_set(x, p, EX_PROCEEDING, NULL);
    if (is_new)
        party_set(x, far, EX_PROCEEDING, NULL);
    return p;
}

/* The caller's party is Answered as soon as the rules of ours begin. */
static void told_setup(struct ex *x, struct ex_party *far, struct ex_party *p)
{
    bool is_new = far->code == EX_SETUP;
    if (is_new)
        party_tell(x, far);
    party_tell(x, p);
    if (party_is_ringing(far))
        party_set(x, far, EX_ANSWERED, NULL);
}

static struct ex_party *ring_user(struct ex *x, struct ex_party *far, struct ex_user *user,
                                  bool is_queue_call)
{
    struct ex_party *p = party_new(x, far->session, user, false);
    p->is_queue_call = is_queue_call;
    party_join(x, far, p);
    told_setup(x, far, p);
    if (!user_takes_calls(user)) {
        party_set(x, p, EX_DISCONNECTED, "Voicemail");
        to_mailbox(x, far);
        return NULL;
    }
    party_set(x, p, EX_PROCEEDING, NULL);
    return p;
}

static struct ex_party *ring_extension(struct ex *x, struct ex_party *far, uint64_t id,
                                       const char *extension, const char *name)
{
    struct ex_party *p = party_new(x, far->session, NULL, false);
    p->extension_id = id;
    str_copy(p->number, sizeof p->number, extension);
    str_copy(p->name, sizeof p->name, name);
    party_join(x, far, p);
    told_setup(x, far, p);
    return p;
}

static struct ex_party *ring_location(struct ex *x, struct ex_party *far, uint64_t id)
{
    const struct ex_location *location = ex_location_by_id(x, id);
    struct ex_party *p = ring_extension(x, far, id, location->extension, location->name);
    party_set(x, p, EX_PARKED, NULL);
    return p;
}

struct ex_party *call_ring(struct ex *x, struct ex_party *far, const struct place *to,
                           bool is_queue_call)
{
    struct ex_party *p = NULL;
    switch (to->kind) {
    case TO_USER: p = ring_user(x, far, to->user, is_queue_call); break;
    case TO_OUTSIDE: p = ring_outside(x, far, to); break;
    case TO_LOCATION: return ring_location(x, far, to->location);
    case TO_MAILBOX: to_mailbox(x, far); return NULL;
    case TO_QUEUE:
        ring_extension(x, far, to->queue->id, to->queue->extension, to->queue->name);
        queue_hunt(x, far->session, to->queue);
        return NULL;
    }
    if (p && !far->session->is_scripted) {
        if (!is_queue_call)
            ex_after(x, CALLS_RING_MS, ring_over, p);
        traffic_rings(x, p);
    }
    return p;
}

/* --- queues ---------------------------------------------------------------------------------- */

#define QUEUE_WAIT_MS 2000
#define QUEUE_TRIES 60

/* A member who is free; the turn goes round. */
static struct ex_user *queue_free_member(struct ex *x, const struct ex_queue *queue)
{
    size_t tries = queue->members < 12 ? queue->members : 12;
    size_t at = (size_t)ex_random(x, queue->members);
    for (size_t i = 0; i < tries; i++) {
        struct ex_user *user = &x->users[queue->first + (at + i) % queue->members];
        bool is_willing =
            user->accepts_queue_calls && !str_eq(user->dnd_status, "DoNotAcceptDepartmentCalls");
        if (user->parties.len == 0 && is_willing && user_takes_calls(user))
            return user;
    }
    return NULL;
}

static void queue_try(struct ex *x, void *self);

/* The party that stands for the queue, or the agent at whom the call rings. */
static struct ex_party *queue_party(const struct call *call)
{
    struct ex_party *p = call->caller ? call->caller->peer : NULL;
    bool is_waiting =
        p && party_is_ringing(p) && (p->is_queue_call || p->extension_id == call->queue->id);
    return is_waiting ? p : NULL;
}

static void queue_next(struct ex *x, struct call *call, struct ex_party *old, const char *reason,
                       bool is_forced)
{
    struct ex_queue *queue = call->queue;
    struct ex_party *caller = call->caller;
    struct ex_user *member = queue->members ? queue_free_member(x, queue) : NULL;
    if (!member && !is_forced) {
        ex_after(x, QUEUE_WAIT_MS, queue_try, call);
        return;
    }
    party_set(x, old, EX_DISCONNECTED, old->user ? reason : NULL);
    ex_after(x, member ? CALLS_QUEUE_RING_MS : QUEUE_WAIT_MS, queue_try, call);
    struct place to = {.kind = TO_USER, .user = member};
    if (member)
        call_ring(x, caller, &to, true);
    else
        ring_extension(x, caller, queue->id, queue->extension, queue->name);
}

static void queue_try(struct ex *x, void *self)
{
    struct call *call = self;
    struct ex_party *p = call->queue ? queue_party(call) : NULL;
    if (!p)
        call->queue = NULL;
    else if (++call->tries > QUEUE_TRIES && !call->session.is_scripted)
        ex_hangup(x, call->caller, NULL);
    else
        queue_next(x, call, p, "NoAnswer", false);
}

bool queue_refused(struct ex *x, struct ex_party *party, const char *reason)
{
    struct call *call = call_of(party->session);
    if (!call->queue || queue_party(call) != party || !party->user)
        return false;
    ex_cancel(x, call);
    queue_next(x, call, party, reason, true);
    return true;
}

void queue_hunt(struct ex *x, struct ex_session *session, struct ex_queue *queue)
{
    struct call *call = call_of(session);
    for (size_t i = 0; i < session->parties.len; i++) {
        struct ex_party *p = session->parties.items[i];
        if (p->extension_id == queue->id && party_is_live(p))
            call->caller = p->peer;
    }
    call->queue = queue;
    call->tries = 0;
    queue_try(x, call);
}

/* --- calls begin ----------------------------------------------------------------------------- */

struct ex_session *call_place(struct ex *x, const char *from_number, const char *from_name,
                              const struct place *to, bool is_scripted)
{
    struct ex_session *s = call_new(x, "Call", is_scripted);
    struct ex_party *caller = party_new(x, s, NULL, true);
    str_copy(caller->number, sizeof caller->number, from_number);
    str_copy(caller->name, sizeof caller->name, from_name ? from_name : "");
    str_copy(s->outside_number, sizeof s->outside_number, from_number);
    str_copy(s->outside_name, sizeof s->outside_name, from_name ? from_name : "");
    call_of(s)->caller = caller;
    call_ring(x, caller, to, false);
    return s;
}

struct ex_session *ex_call(struct ex *x, const char *from_number, const char *from_name,
                           struct ex_user *to, bool is_scripted)
{
    struct place place = {.kind = TO_USER, .user = to};
    return call_place(x, from_number, from_name, &place, is_scripted);
}

static void refuse_dial(struct ex *x, struct ex_party *party, const char *number,
                        const char *reason)
{
    str_copy(party->number, sizeof party->number, number);
    if (party->code == EX_SETUP)
        party_tell(x, party);
    party_set(x, party, EX_DISCONNECTED, reason);
}

static void dial_code(struct ex *x, struct ex_party *party, const char *code)
{
    str_copy(party->number, sizeof party->number, code);
    if (party->code == EX_SETUP)
        party_tell(x, party);
    party_set(x, party, EX_ANSWERED, NULL);
    device_prompt(x, party);
}

void call_dialled(struct ex *x, struct ex_party *party, const char *number)
{
    struct place to;
    struct ex_party *parked = orbit_party(x, number);
    call_of(party->session)->caller = party;
    if (is_supervise_code(number))
        dial_code(x, party, number);
    else if (parked)
        call_unpark(x, parked, party->user, party->device, party);
    else if (!place_of_number(x, number, &to))
        refuse_dial(x, party, number, "NoSuchUser");
    else if (to.kind == TO_USER && to.user == party->user)
        refuse_dial(x, party, number, "InvalidNumber");
    else
        call_ring(x, party, &to, false);
}

struct ex_session *call_dial(struct ex *x, struct ex_user *from, struct ex_device *device,
                             const char *number, bool is_scripted)
{
    struct ex_session *s = call_new(x, "Call", is_scripted);
    struct ex_party *party = party_new(x, s, from, true);
    if (device)
        party->device = device;
    call_dialled(x, party, number);
    return s;
}

struct ex_session *ex_dial(struct ex *x, struct ex_user *from, struct ex_device *device,
                           const char *number)
{
    return call_dial(x, from, device, number, false);
}

/* --- answered, held, recorded ---------------------------------------------------------------- */

static bool is_recorded_by_rule(const struct ex *x, const struct ex_party *p)
{
    if (!x->records_by_rule || !p->user)
        return false;
    char rule = p->user->recording;
    return rule == 'A' || rule == (p->is_outbound ? 'O' : 'I');
}

void call_record(struct ex *x, struct ex_party *party, bool is_on, bool is_by_rule)
{
    party->is_recorded = is_on;
    if (!party->recording[0]) {
        party->is_recorded_by_rule = is_by_rule;
        snprintf(party->recording, sizeof party->recording, "%llu",
                 (unsigned long long)++x->calls->recordings_made);
    }
    party_tell(x, party);
    if (party->user)
        ex_presence_changed(x, party->user);
}

bool ex_answer(struct ex *x, struct ex_party *party)
{
    if (party->is_outbound || !party_is_ringing(party) || party->extension_id)
        return false;
    struct ex_party *caller = party->peer;
    ex_cancel(x, party);
    party_set(x, party, EX_ANSWERED, NULL);
    if (caller && party_is_ringing(caller))
        party_set(x, caller, EX_ANSWERED, NULL);
    if (is_recorded_by_rule(x, party))
        call_record(x, party, true, true);
    if (caller && is_recorded_by_rule(x, caller) && !caller->recording[0])
        call_record(x, caller, true, true);
    supervise_leg_answered(x, party);
    if (party_is_live(party) && !party->session->is_scripted)
        traffic_answered(x, party);
    return true;
}

bool call_hold(struct ex *x, struct ex_party *party, unsigned by, bool is_on)
{
    if (!party_is_connected(party) || (is_on ? (party->holds & by) : !(party->holds & by)))
        return false;
    unsigned holds = is_on ? party->holds | by : party->holds & ~by;
    bool was_held = party->code == EX_HOLD;
    party->holds = holds;
    if (was_held != (holds != 0))
        party_set(x, party, holds ? EX_HOLD : EX_ANSWERED, NULL);
    return true;
}

bool ex_hold(struct ex *x, struct ex_party *party, bool is_on)
{
    return call_hold(x, party, HOLD_BY_PHONE, is_on);
}

bool ex_park(struct ex *x, struct ex_party *party)
{
    bool is_one_of_two = party->peer && !call_of(party->session)->is_conference;
    if (!party_is_connected(party) || party->is_outbound || !is_one_of_two || !orbit_take(x, party))
        return false;
    party_set(x, party, EX_PARKED, "CallPark");
    return true;
}

/* --- the end --------------------------------------------------------------------------------- */

void call_end(struct ex *x, struct ex_session *session, struct ex_party *first, const char *reason)
{
    if (first && party_is_live(first))
        party_set(x, first, EX_DISCONNECTED, reason);
    for (size_t i = 0; i < session->parties.len; i++) {
        if (party_is_live(session->parties.items[i]))
            party_set(x, session->parties.items[i], EX_DISCONNECTED, NULL);
    }
}

bool ex_hangup(struct ex *x, struct ex_party *party, const char *reason)
{
    struct ex_session *s = party->session;
    struct call *call = call_of(s);
    if (!party_is_live(party))
        return false;
    bool is_one_of_many = call->is_conference && party != call->host && session_live(s) > 2;
    if (is_one_of_many || party->is_supervising) {
        party_set(x, party, EX_DISCONNECTED, reason);
        return true;
    }
    if (!reason && party->is_outbound && party->peer && party_is_ringing(party->peer))
        reason = "Cancelled";
    call_end(x, s, party, reason);
    return true;
}
