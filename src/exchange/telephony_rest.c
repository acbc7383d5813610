/* Requests about one call: contracts, ringcentral 4.3. */
#include "telephony_table.h"

#include "callhud/base/str.h"

/* --- refusing -------------------------------------------------------------------------------- */

void reply_forbidden(struct ex_reply *reply)
{
    ex_reply_error(reply, 403, "TAS-106", "TAS-106", "Operation is not allowed", NULL);
}

void reply_conflict(struct ex_reply *reply)
{
    ex_reply_error(reply, 409, "Conflict", "Conflict",
                   "The operation is not possible in the present state of the call", NULL);
}

/* --- from the path and the body -------------------------------------------------------------- */

struct ex_session *args_session(struct ex *x, struct ex_args *args)
{
    struct ex_session *session = ex_session_by_id(x, ex_arg(args, "session"));
    if (!session)
        ex_reply_unknown(args->reply, 404, "telephonySessionId");
    return session;
}

struct ex_party *args_party(struct ex *x, struct ex_args *args)
{
    struct ex_session *session = args_session(x, args);
    if (!session)
        return NULL;
    struct ex_party *party = session_party(session, ex_arg(args, "party"));
    if (!party)
        ex_reply_unknown(args->reply, 404, "partyId");
    return party;
}

struct ex_device *args_device(struct ex *x, struct ex_args *args, const json_t *body,
                              const char *key)
{
    const json_t *value = json_object_get(body, key);
    char id[24] = "";
    if (json_is_string(value))
        str_copy(id, sizeof id, json_string_value(value));
    if (!id[0]) {
        ex_reply_invalid(args->reply, key);
        return NULL;
    }
    struct ex_device *device = ex_device_by_id(x, id);
    if (!device || device->owner != args->request->caller) {
        ex_reply_unknown(args->reply, 404, key);
        return NULL;
    }
    if (!device->is_online) {
        reply_forbidden(args->reply);
        return NULL;
    }
    return device;
}

/* --- rights ---------------------------------------------------------------------------------- */

static bool controls_all(const struct ex *x, const struct ex_user *caller)
{
    return caller->is_admin && ex_switch_on(x, EX_CONTROL_ANY);
}

static bool takes_part(const struct ex_session *session, const struct ex_user *caller)
{
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct ex_party *p = session->parties.items[i];
        if (p->user == caller && party_is_live(p) && !p->is_supervising)
            return true;
    }
    return false;
}

static bool may_pick_up(struct ex *x, const struct ex_user *caller, const struct ex_party *party)
{
    if (party->user == caller || party->code == EX_PARKED)
        return true;
    if (!party->user || !ex_switch_on(x, EX_PICKUP_HELD) || !ex_may_pick_up(x, caller, party->user))
        return false;
    return party->code != EX_HOLD || ex_may_take_held(x, caller);
}

static bool may(struct ex *x, const struct ex_user *caller, const struct ex_party *party,
                enum act act)
{
    switch (act_row(act)->may) {
    case MAY_PICK_UP: return may_pick_up(x, caller, party);
    case MAY_OWN: return party->user == caller && !party->is_supervising;
    case MAY_CONTROL: break;
    }
    if (party->user == caller || controls_all(x, caller))
        return true;
    /* The far end is hung up or muted by who talks to it. */
    return !party->user && (act == ACT_HANGUP || act == ACT_MUTE) &&
           takes_part(party->session, caller);
}

/* The party of the path, when the action may be done and can be. NULL: the reply is filled. */
static struct ex_party *begin(struct ex *x, struct ex_args *args, enum act act)
{
    struct ex_party *party = args_party(x, args);
    if (!party)
        return NULL;
    struct act_cell cell = act_cell(act, party);
    if (cell.status == 404)
        ex_reply_unknown(args->reply, 404, "partyId");
    else if (!may(x, args->request->caller, party, act))
        reply_forbidden(args->reply);
    else if (cell.status == 409)
        reply_conflict(args->reply);
    else
        return party;
    return NULL;
}

/* --- reading, ending ------------------------------------------------------------------------- */

static void on_read_session(struct ex *x, struct ex_args *args)
{
    struct ex_session *session = args_session(x, args);
    if (session)
        ex_reply_json(args->reply, 200, session_json(x, session));
}

static void on_read_party(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = args_party(x, args);
    if (party)
        ex_reply_json(args->reply, 200, party_json(x, party));
}

static void on_end_session(struct ex *x, struct ex_args *args)
{
    const struct ex_user *caller = args->request->caller;
    struct ex_session *session = args_session(x, args);
    if (!session)
        return;
    if (!takes_part(session, caller) && !controls_all(x, caller)) {
        reply_forbidden(args->reply);
        return;
    }
    struct ex_party *first = NULL;
    for (size_t i = 0; i < session->parties.len; i++) {
        struct ex_party *p = session->parties.items[i];
        if (party_is_live(p) && p->user && !p->is_supervising && (!first || p->user == caller))
            first = p;
    }
    call_end(x, session, first, NULL);
    ex_reply_empty(args->reply, 204);
}

static void on_end_party(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_HANGUP);
    if (!party)
        return;
    struct call *call = call_of(party->session);
    bool is_kept = call->is_conference && party == call->host &&
                   json_is_true(json_object_get(args->request->body, "keepConferenceAlive"));
    if (is_kept)
        party_set(x, party, EX_DISCONNECTED, NULL);
    else
        ex_hangup(x, party, NULL);
    ex_reply_empty(args->reply, 204);
}

/* --- talking --------------------------------------------------------------------------------- */

/* {"muted":true}, or wrapped in {"party":...}. */
static void on_mute(struct ex *x, struct ex_args *args)
{
    const json_t *wrapped = json_object_get(args->request->body, "party");
    const json_t *given = json_object_get(wrapped ? wrapped : args->request->body, "muted");
    struct ex_party *party = begin(x, args, ACT_MUTE);
    if (!party)
        return;
    if (!json_is_boolean(given)) {
        ex_reply_invalid(args->reply, "muted");
        return;
    }
    if (party->is_muted != json_is_true(given)) {
        party->is_muted = json_is_true(given);
        party_tell(x, party);
    }
    ex_reply_json(args->reply, 200, party_json(x, party));
}

static bool is_proto(const json_t *body)
{
    static const char *const words[] = {"Auto", "RC", "BroadWorks", "DisconnectHolder",
                                        "BroadWorksOrDisconnectHolder"};
    const json_t *proto = json_object_get(body, "proto");
    for (size_t i = 0; proto && i < sizeof words / sizeof words[0]; i++) {
        if (str_eq(json_string_value(proto), words[i]))
            return true;
    }
    return !proto;
}

static void hold(struct ex *x, struct ex_args *args, bool is_on)
{
    struct ex_party *party = begin(x, args, is_on ? ACT_HOLD : ACT_UNHOLD);
    if (!party)
        return;
    if (!is_proto(args->request->body))
        ex_reply_invalid(args->reply, "proto");
    else if (!call_hold(x, party, HOLD_BY_REST, is_on))
        reply_conflict(args->reply); /* held by the phone: that one has to release it */
    else
        ex_reply_json(args->reply, 200, party_json(x, party));
}

static void on_hold(struct ex *x, struct ex_args *args)
{
    hold(x, args, true);
}

static void on_unhold(struct ex *x, struct ex_args *args)
{
    hold(x, args, false);
}

static void on_record(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_RECORD);
    if (!party)
        return;
    if (party->recording[0]) {
        reply_conflict(args->reply);
        return;
    }
    if (!x->records_on_demand) {
        reply_forbidden(args->reply);
        return;
    }
    call_record(x, party, true, false);
    ex_reply_json(
        args->reply, 201,
        json_pack("{ss, sb, ss}", "id", party->recording, "active", 1, "mode", "OnDemand"));
}

static void on_record_change(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_RECORD);
    const json_t *active = json_object_get(args->request->body, "active");
    if (!party)
        return;
    if (!party->recording[0] || !str_eq(party->recording, ex_arg(args, "recording")))
        ex_reply_unknown(args->reply, 404, "recordingId");
    else if (!json_is_boolean(active))
        ex_reply_invalid(args->reply, "active");
    else if (party->is_recorded_by_rule)
        reply_forbidden(args->reply); /* the rule decides, not the user */
    else {
        if (party->is_recorded != json_is_true(active))
            call_record(x, party, json_is_true(active), false);
        ex_reply_json(args->reply, 200,
                      json_pack("{ss, sb, ss}", "id", party->recording, "active",
                                party->is_recorded, "mode", "OnDemand"));
    }
}

/* --- ringing --------------------------------------------------------------------------------- */

/* The answers to forward and reply show the party with fewer fields. */
static void reply_reduced(struct ex *x, struct ex_args *args, const struct ex_party *party)
{
    static const char *const fields[] = {"accountId", "extensionId", "attributes", "recordings"};
    json_t *body = party_json(x, party);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        json_object_del(body, fields[i]);
    ex_reply_json(args->reply, 200, body);
}

static void on_answer(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_ANSWER);
    struct ex_device *device = party ? args_device(x, args, args->request->body, "deviceId") : NULL;
    if (!device)
        return;
    device_takes(x, device, party);
    party->device = device;
    if (ex_answer(x, party))
        ex_reply_json(args->reply, 200, party_json(x, party));
    else
        reply_conflict(args->reply);
}

static void on_reject(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_REJECT);
    if (!party)
        return;
    if (!queue_refused(x, party, "Rejected"))
        ex_hangup(x, party, "Rejected");
    ex_reply_empty(args->reply, 204);
}

/* Silences one device; the call goes on ringing for the caller. */
static void on_ignore(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_IGNORE);
    if (party && args_device(x, args, args->request->body, "deviceId"))
        ex_reply_empty(args->reply, 204);
}

static void on_forward(struct ex *x, struct ex_args *args)
{
    struct place to;
    struct ex_party *party = begin(x, args, ACT_FORWARD);
    if (!party || !place_of_body(x, args, false, &to))
        return;
    if (call_forward(x, party, &to, "CallRedirected"))
        reply_reduced(x, args, party);
    else
        reply_conflict(args->reply);
}

static bool is_reply(const json_t *body)
{
    static const char *const words[] = {
        "WillCallYouBack",      "CallMeBack",      "OnMyWay",    "OnTheOtherLine",
        "WillCallYouBackLater", "CallMeBackLater", "InAMeeting", "OnTheOtherLineNoCall"};
    const json_t *text = json_object_get(body, "replyWithText");
    const json_t *pattern = json_object_get(json_object_get(body, "replyWithPattern"), "pattern");
    if (text)
        return !pattern && json_string_length(text) > 0;
    for (size_t i = 0; pattern && i < sizeof words / sizeof words[0]; i++) {
        if (str_eq(json_string_value(pattern), words[i]))
            return true;
    }
    return false;
}

static void on_reply(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_REPLY);
    if (!party)
        return;
    if (!is_reply(args->request->body)) {
        ex_reply_invalid(args->reply, "");
        return;
    }
    ex_hangup(x, party, "CallReplied");
    reply_reduced(x, args, party);
}

/* --- changing hands -------------------------------------------------------------------------- */

static void on_transfer(struct ex *x, struct ex_args *args)
{
    struct place to;
    struct ex_party *party = begin(x, args, ACT_TRANSFER);
    if (!party || !place_of_body(x, args, true, &to))
        return;
    if (to.kind == TO_USER && to.user == party->user)
        ex_reply_invalid(args->reply, "extensionId");
    else if (call_transfer(x, party, &to))
        ex_reply_json(args->reply, 200, party_json(x, party));
    else
        reply_conflict(args->reply);
}

static void on_bridge(struct ex *x, struct ex_args *args)
{
    const json_t *body = args->request->body;
    const char *session_id = json_string_value(json_object_get(body, "telephonySessionId"));
    const char *party_id = json_string_value(json_object_get(body, "partyId"));
    struct ex_party *party = begin(x, args, ACT_BRIDGE);
    if (!party)
        return;
    if (!session_id || !party_id) {
        ex_reply_invalid(args->reply, session_id ? "partyId" : "telephonySessionId");
        return;
    }
    struct ex_session *session = ex_session_by_id(x, session_id);
    struct ex_party *with = session ? session_party(session, party_id) : NULL;
    if (!with)
        ex_reply_unknown(args->reply, 404, session ? "partyId" : "telephonySessionId");
    else if (with->user != party->user)
        reply_forbidden(args->reply);
    else if (call_bridge(x, party, with))
        ex_reply_json(args->reply, 200, party_json(x, party));
    else
        reply_conflict(args->reply);
}

static void on_park(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_PARK);
    if (!party)
        return;
    if (ex_park(x, party))
        ex_reply_json(args->reply, 201, party_json(x, party));
    else
        reply_conflict(args->reply);
}

static void on_pickup(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_PICKUP);
    struct ex_device *device = party ? args_device(x, args, args->request->body, "deviceId") : NULL;
    if (!device)
        return;
    device_takes(x, device, party);
    struct ex_party *own = call_pick_up(x, party, args->request->caller, device);
    if (own)
        ex_reply_json(args->reply, 201, party_json(x, own));
    else
        reply_conflict(args->reply);
}

/* "2" or "*2": the second device of the user. */
static struct ex_device *flip_device(const struct ex_user *user, const json_t *value)
{
    const char *text = json_string_value(value);
    int64_t number;
    if (!text || !str_to_int(text + (text[0] == '*'), 1, (int64_t)user->devices.len, &number))
        return NULL;
    return user->devices.items[number - 1];
}

static void on_flip(struct ex *x, struct ex_args *args)
{
    struct ex_party *party = begin(x, args, ACT_FLIP);
    if (!party)
        return;
    struct ex_device *device =
        flip_device(party->user, json_object_get(args->request->body, "callFlipId"));
    if (!device)
        ex_reply_invalid(args->reply, "callFlipId");
    else if (!device->is_online || !call_flip(x, party, device))
        reply_conflict(args->reply);
    else
        ex_reply_empty(args->reply, 200);
}

/* --- the rows -------------------------------------------------------------------------------- */

#define A "/v1.0/account/{account}"
#define S A "/telephony/sessions/{session}"
#define P S "/parties/{party}"
#define ROW(method, path, handler)                                          \
    {                                                                       \
        method, path, "light", "CallControl", EX_ANYONE, "", false, handler \
    }
#define BODY(method, path, handler)                                        \
    {                                                                      \
        method, path, "light", "CallControl", EX_ANYONE, "", true, handler \
    }
#define HEAVY(path, scope, who, needs_body, handler)               \
    {                                                              \
        "POST", path, "heavy", scope, who, "", needs_body, handler \
    }

const struct ex_route ex_calls_routes[] = {
    ROW("GET", S, on_read_session),
    ROW("DELETE", S, on_end_session),
    ROW("GET", P, on_read_party),
    ROW("DELETE", P, on_end_party),
    BODY("PATCH", P, on_mute),
    ROW("POST", P "/hold", on_hold),
    ROW("POST", P "/unhold", on_unhold),
    BODY("POST", P "/answer", on_answer),
    ROW("POST", P "/reject", on_reject),
    BODY("POST", P "/ignore", on_ignore),
    BODY("POST", P "/forward", on_forward),
    BODY("POST", P "/transfer", on_transfer),
    BODY("POST", P "/bridge", on_bridge),
    ROW("POST", P "/park", on_park),
    BODY("POST", P "/pickup", on_pickup),
    BODY("POST", P "/flip", on_flip),
    ROW("POST", P "/recordings", on_record),
    BODY("PATCH", P "/recordings/{recording}", on_record_change),
    BODY("POST", P "/reply", on_reply),
    BODY("POST", P "/supervise", on_supervise_party),
    BODY("POST", S "/supervise", on_supervise_session),
    BODY("POST", S "/parties/bring-in", on_bring_in),
    HEAVY(A "/telephony/conference", "CallControl", EX_ANYONE, false, on_conference),
    HEAVY(A "/telephony/call-out", "CallControl", EX_ANYONE, true, on_call_out),
    HEAVY(A "/extension/{user}/ring-out", "RingOut", EX_OWN, true, on_ring_out),
    {"GET", A "/extension/{user}/ring-out/{ringout}", "light", "RingOut", EX_OWN, "", false,
     on_ring_out_read},
    {"DELETE", A "/extension/{user}/ring-out/{ringout}", "heavy", "RingOut", EX_OWN, "", false,
     on_ring_out_end},
};
const size_t ex_calls_routes_len = sizeof ex_calls_routes / sizeof ex_calls_routes[0];
