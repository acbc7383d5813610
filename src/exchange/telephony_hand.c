/* A call changes hands: transfer, forward, bridge, pick up, flip. */
#include "telephony.h"

#include "callhud/base/str.h"

#include <stdio.h>

/* In a conference nobody is replaced: only in a call of two is it clear by whom. */
static bool is_movable(const struct ex_party *party)
{
    return party->peer && party_is_live(party->peer) && !call_of(party->session)->is_conference;
}

bool call_transfer(struct ex *x, struct ex_party *party, const struct place *to)
{
    struct ex_party *far = party->peer;
    if (!party_is_connected(party) || !is_movable(party))
        return false;
    party_set(x, party, EX_DISCONNECTED,
              to->kind == TO_LOCATION ? "ParkLocation" : "BlindTransfer");
    call_ring(x, far, to, false);
    return true;
}

bool call_forward(struct ex *x, struct ex_party *party, const struct place *to, const char *reason)
{
    struct ex_party *far = party->peer;
    if (!party_is_ringing(party) || party->is_outbound || !is_movable(party))
        return false;
    call_of(party->session)->queue = NULL;
    party_set(x, party, EX_DISCONNECTED, reason);
    call_ring(x, far, to, false);
    return true;
}

struct ex_party *call_move(struct ex *x, struct ex_party *old, struct ex_session *into,
                           const char *reason)
{
    struct ex_party *p = party_new(x, into, old->user, old->is_outbound);
    p->extension_id = old->extension_id;
    p->device = old->device;
    p->start_ms = old->start_ms;
    p->was_answered = old->was_answered;
    str_copy(p->number, sizeof p->number, old->number);
    str_copy(p->name, sizeof p->name, old->name);
    snprintf(old->peer_session, sizeof old->peer_session, "%s", into->id);
    snprintf(old->peer_party, sizeof old->peer_party, "%s", p->id);
    old->peer = NULL;
    party_set(x, old, EX_GONE, reason);
    return p;
}

static void name_outside(struct ex_session *s, const struct ex_party *p)
{
    if (p->user || s->outside_number[0])
        return;
    str_copy(s->outside_number, sizeof s->outside_number, p->number);
    str_copy(s->outside_name, sizeof s->outside_name, p->name);
}

bool call_bridge(struct ex *x, struct ex_party *party, struct ex_party *with)
{
    struct ex_party *far = party->peer, *other = with->peer;
    if (party->session == with->session || !party_is_connected(party) || !party_is_connected(with))
        return false;
    if (!is_movable(party) || !is_movable(with) || !party_is_connected(far))
        return false;
    snprintf(party->peer_session, sizeof party->peer_session, "%s", with->session->id);
    snprintf(party->peer_party, sizeof party->peer_party, "%s", with->id);
    party_set(x, party, EX_GONE, "AttendedTransfer");
    struct ex_party *moved = call_move(x, far, with->session, "AttendedTransfer");
    name_outside(with->session, moved);
    party_set(x, with, EX_DISCONNECTED, "AttendedTransfer");
    party_join(x, moved, other);
    party_tell(x, moved);
    party_set(x, moved, EX_ANSWERED, NULL);
    return true;
}

/* --- pick up --------------------------------------------------------------------------------- */

struct ex_party *call_connect(struct ex *x, struct ex_session *s, struct ex_user *user,
                              struct ex_device *device, struct ex_party *far)
{
    struct ex_party *p = party_new(x, s, user, false);
    if (device)
        p->device = device;
    party_join(x, far, p);
    party_tell(x, p);
    party_set(x, p, EX_ANSWERED, NULL);
    /* Far may have been held as well, or not connected at all when the call was ringing. */
    if (party_is_ringing(far))
        party_set(x, far, EX_ANSWERED, NULL);
    if (!s->is_scripted)
        traffic_answered(x, p);
    return p;
}

struct ex_party *call_unpark(struct ex *x, struct ex_party *parked, struct ex_user *user,
                             struct ex_device *device, struct ex_party *from)
{
    struct ex_party *far = parked->peer;
    if (parked->code != EX_PARKED || !is_movable(parked))
        return NULL;
    struct ex_session *s = from ? from->session : call_new(x, "Call", parked->session->is_scripted);
    struct ex_party *own = from ? from : party_new(x, s, user, true);
    if (device)
        own->device = device;
    str_copy(own->number, sizeof own->number, parked->park[0] ? parked->park : parked->number);
    if (own->code == EX_SETUP)
        party_tell(x, own);
    snprintf(parked->peer_session, sizeof parked->peer_session, "%s", s->id);
    snprintf(parked->peer_party, sizeof parked->peer_party, "%s", own->id);
    party_set(x, parked, EX_GONE, "Pickup");
    struct ex_party *moved = call_move(x, far, s, "Pickup");
    name_outside(s, moved);
    call_of(s)->caller = moved;
    party_join(x, moved, own);
    party_tell(x, moved);
    party_set(x, moved, EX_ANSWERED, NULL);
    party_set(x, own, EX_ANSWERED, NULL);
    if (!s->is_scripted)
        traffic_answered(x, own);
    return own;
}

struct ex_party *call_pick_up(struct ex *x, struct ex_party *party, struct ex_user *user,
                              struct ex_device *device)
{
    struct ex_party *far = party->peer;
    bool is_ringing = party_is_ringing(party) && !party->is_outbound;
    if (party->code == EX_PARKED)
        return call_unpark(x, party, user, device, NULL);
    if (!is_movable(party) || !(party->code == EX_HOLD || is_ringing))
        return NULL;
    struct ex_session *s = party->session;
    call_of(s)->queue = NULL;
    party_set(x, party, EX_DISCONNECTED, "Pickup");
    return call_connect(x, s, user, device, far);
}

struct ex_party *call_flip(struct ex *x, struct ex_party *party, struct ex_device *device)
{
    struct ex_party *far = party->peer;
    if (party->code != EX_ANSWERED || !is_movable(party))
        return NULL;
    struct ex_session *s = party->session;
    struct ex_user *user = party->user;
    party_set(x, party, EX_DISCONNECTED, "CallFlip");
    return call_connect(x, s, user, device, far);
}
