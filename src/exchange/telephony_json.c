/* Sessions and parties as the protocol writes them (contracts: ringcentral 4.1, 4.2). */
#include "telephony.h"

#include "callhud/base/str.h"

#include <stdio.h>

#define BRAND_ID "1210"
#define SERVER_ID "10.13.22.27.TAM"

static const char *code_word(enum ex_code code)
{
    static const char *const words[] = {
        [EX_SETUP] = "Setup",
        [EX_PROCEEDING] = "Proceeding",
        [EX_ANSWERED] = "Answered",
        [EX_HOLD] = "Hold",
        [EX_PARKED] = "Parked",
        [EX_GONE] = "Gone",
        [EX_DISCONNECTED] = "Disconnected",
    };
    return words[code];
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (!str_is_empty(text))
        json_object_set_new(object, key, json_string(text));
}

static uint64_t extension_of(const struct ex_party *p)
{
    return p->user ? p->user->id : p->extension_id;
}

/* One end of a call. Between users of ours it is extensions that are told, otherwise the number
 * that the world outside knows. */
static json_t *end_json(const struct ex_party *end, const struct ex_party *other)
{
    json_t *out = json_object();
    if (!end)
        return out;
    char name[160];
    bool is_inside = !other || other->user || other->extension_id;
    const char *number = ex_party_number(end);
    if (end->user && !is_inside && !str_is_empty(end->user->number))
        number = end->user->number;
    put_text(out, "phoneNumber", number);
    ex_party_name(end, name, sizeof name);
    put_text(out, "name", name);
    if (extension_of(end))
        json_object_set_new(out, "extensionId", ex_text_id(extension_of(end)));
    if (end->user && end->device)
        put_text(out, "deviceId", end->device->id);
    return out;
}

/* Where nobody is at the other end: a feature code, or what was noted. */
static json_t *noted_json(const struct ex_party *p)
{
    json_t *out = json_object();
    put_text(out, "phoneNumber", p->number);
    put_text(out, "name", p->name);
    return out;
}

static void put_ends(json_t *out, const struct ex_party *p, bool is_event)
{
    json_t *own = end_json(p, p->peer);
    json_t *other = p->peer ? end_json(p->peer, p) : noted_json(p);
    /* The seat of a supervisor is called from the agent. */
    bool is_from_own = p->is_outbound && !p->is_supervising;
    json_object_set_new(out, "from", is_from_own ? own : other);
    json_object_set_new(out, "to", is_from_own ? other : own);
    if (is_event) /* events name the calling device only */
        json_object_del(json_object_get(out, "to"), "deviceId");
}

static json_t *peer_json(const struct ex *x, const struct ex_party *p)
{
    json_t *out =
        json_pack("{ss, ss}", "telephonySessionId", p->peer_session, "partyId", p->peer_party);
    const struct ex_session *s = ex_session_by_id(x, p->peer_session);
    if (s)
        json_object_set_new(out, "sessionId", ex_text_id(s->short_id));
    return out;
}

static json_t *status_json(struct ex *x, const struct ex_party *p, bool is_event)
{
    json_t *out = json_pack("{ss, sb}", "code", code_word(p->code), "rcc", 0);
    put_text(out, "reason", p->reason);
    if (p->code == EX_PARKED)
        json_object_set_new(out, "parkData", json_string(p->park));
    if (p->peer_session[0])
        json_object_set_new(out, "peerId", peer_json(x, p));
    if (is_event && p->user && !p->is_outbound && p->code == EX_PROCEEDING) {
        json_t *pickup =
            json_pack("{s[o], so, so, ss, ss}", "ccMailboxes", ex_text_id(p->user->id), "to",
                      json_sprintf("#%s@sip.ringcentral.com:5060", p->user->extension), "sid",
                      json_sprintf("%llu", (unsigned long long)p->session->short_id), "srvLvl",
                      "-149699523", "srvLvlExt", "406");
        json_object_set_new(out, "mobilePickupData", pickup);
    }
    return out;
}

static void put_roles(json_t *out, const struct ex_party *p, bool is_event)
{
    const struct call *call = call_of(p->session);
    if (call->is_conference)
        put_text(out, "conferenceRole", p == call->host ? "Host" : "Participant");
    if (call->is_ring_out && !is_event)
        put_text(out, "ringOutRole", p == call->caller ? "Initiator" : "Target");
}

static json_t *recordings_json(const struct ex_party *p)
{
    return json_pack("[{ss, sb}]", "id", p->recording, "active", p->is_recorded);
}

/* What requests and events tell alike. */
static json_t *common_json(struct ex *x, const struct ex_party *p, bool is_event)
{
    json_t *out = json_pack("{ss, ss, sb, sb, so, s{}}", "id", p->id, "direction",
                            p->is_outbound ? "Outbound" : "Inbound", "muted", p->is_muted,
                            "standAlone", 0, "status", status_json(x, p, is_event), "park");
    uint64_t extension_id = extension_of(p);
    if (extension_id) {
        json_object_set_new(out, "accountId", ex_text_id(ex_account_id(x)));
        json_object_set_new(out, "extensionId", ex_text_id(extension_id));
    }
    if (p->park[0] && p->code == EX_PARKED)
        json_object_set_new(json_object_get(out, "park"), "id", json_string(p->park));
    put_ends(out, p, is_event);
    if (p->recording[0])
        json_object_set_new(out, "recordings", recordings_json(p));
    put_roles(out, p, is_event);
    return out;
}

json_t *party_json(struct ex *x, const struct ex_party *p)
{
    json_t *out = common_json(x, p, false);
    if (extension_of(p))
        json_object_set_new(out, "owner",
                            json_pack("{so, so, ss}", "accountId", ex_text_id(ex_account_id(x)),
                                      "extensionId", ex_text_id(extension_of(p)), "brandId",
                                      BRAND_ID));
    if (p->is_queue_call)
        json_object_set_new(out, "attributes", json_pack("{sb}", "queueCall", 1));
    return out;
}

json_t *session_json(struct ex *x, const struct ex_session *s)
{
    json_t *parties = json_array();
    for (size_t i = 0; i < s->parties.len; i++)
        json_array_append_new(parties, party_json(x, s->parties.items[i]));
    return json_pack("{ss, so, s{ss}, so}", "id", s->id, "creationTime", ex_time(x, s->created_ms),
                     "origin", "type", s->origin, "parties", parties);
}

json_t *party_event(struct ex *x, const struct ex_party *p)
{
    const struct ex_session *s = p->session;
    json_t *party = common_json(x, p, true);
    bool is_missed = p->code == EX_DISCONNECTED && !p->is_outbound && p->user && !p->was_answered;
    json_object_set_new(party, "missedCall", json_boolean(is_missed));
    if (p->is_queue_call)
        json_object_set_new(party, "queueCall", json_true());
    return json_pack("{sI, so, ss, ss, so, s[o], s{ss}}", "sequence", (json_int_t)s->sequence,
                     "sessionId", ex_text_id(s->short_id), "telephonySessionId", s->id, "serverId",
                     SERVER_ID, "eventTime", ex_time(x, ex_now(x)), "parties", party, "origin",
                     "type", s->origin);
}
