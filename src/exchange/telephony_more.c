/* Call out, ring out, conferences. */
#include "telephony.h"

#include "callhud/base/str.h"

#include <string.h>

#define LIFT_MS 1000
#define LIFT_MOST_MS 30000

/* --- call out: the caller's phone rings first ------------------------------------------------ */

static void lift_due(struct ex *x, void *self)
{
    struct ex_party *party = self;
    if (party->device && party->device->is_auto_answering)
        call_lifted(x, party);
    else
        ex_hangup(x, party, "NoAnswer");
}

struct ex_session *call_out(struct ex *x, struct ex_user *user, struct ex_device *device,
                            const char *number, const char *origin)
{
    struct ex_session *s = call_new(x, origin, false);
    struct ex_party *party = party_new(x, s, user, true);
    struct call *call = call_of(s);
    call->caller = party;
    call->is_ring_out = str_eq(origin, "RingOut");
    party->device = device;
    str_copy(party->number, sizeof party->number, number);
    str_copy(call->target, sizeof call->target, number);
    party_tell(x, party);
    party_set(x, party, EX_PROCEEDING, NULL);
    ex_after(x, device->is_auto_answering ? LIFT_MS : LIFT_MOST_MS, lift_due, party);
    return s;
}

/* "*82102#" or "*82,,102#": a feature code, pauses, and what is keyed at its prompt. False: it is
 * no such thing; then code and extension are "". */
static bool split_code(const char *number, char code[4], char *extension, size_t size)
{
    code[0] = extension[0] = '\0';
    if (strlen(number) < 5)
        return false;
    str_copy(code, 4, number);
    const char *keys = number + 3 + strspn(number + 3, ",");
    size_t digits = strspn(keys, "0123456789");
    if (!is_supervise_code(code) || digits == 0 || digits >= size || !str_eq(keys + digits, "#")) {
        code[0] = '\0';
        return false;
    }
    memcpy(extension, keys, digits);
    extension[digits] = '\0';
    return true;
}

void call_lifted(struct ex *x, struct ex_party *party)
{
    struct call *call = call_of(party->session);
    char number[sizeof call->target], code[4], extension[sizeof call->target];
    str_copy(number, sizeof number, call->target);
    call->target[0] = '\0';
    party->number[0] = '\0';
    ex_cancel(x, party);
    device_takes(x, party->device, party);
    if (split_code(number, code, extension, sizeof extension)) {
        call_dialled(x, party, code);
        supervise_by_code(x, party, extension);
    } else {
        call_dialled(x, party, number);
    }
}

/* May this be dialled by request? False: the reply is filled. Whether the service takes feature
 * codes here is not known, still less what follows them: EX_CALLOUT_STAR. */
static bool is_callable(struct ex *x, struct ex_args *args, const char *number)
{
    struct place place;
    char code[4], extension[sizeof((struct call *)0)->target];
    bool is_star = number[0] == '*';
    bool is_known = is_star ? is_supervise_code(number) || orbit_party(x, number) != NULL ||
                                  split_code(number, code, extension, sizeof extension)
                            : place_of_number(x, number, &place);
    if (is_star && !ex_switch_on(x, EX_CALLOUT_STAR))
        is_known = false;
    if (!is_known || strlen(number) >= sizeof((struct call *)0)->target) {
        ex_reply_invalid(args->reply, "to.phoneNumber");
        return false;
    }
    return true;
}

/* from: {"deviceId"} or {"extensionId"} of the caller himself. NULL: the reply is filled. */
static struct ex_device *from_device(struct ex *x, struct ex_args *args, const json_t *from)
{
    uint64_t id;
    if (json_object_get(from, "deviceId") || !json_object_get(from, "extensionId"))
        return args_device(x, args, from, "deviceId");
    if (!ex_json_id(json_object_get(from, "extensionId"), &id)) {
        ex_reply_invalid(args->reply, "extensionId");
        return NULL;
    }
    struct ex_device *device =
        id == args->request->caller->id ? user_device(args->request->caller) : NULL;
    if (!device)
        reply_forbidden(args->reply);
    return device;
}

void on_call_out(struct ex *x, struct ex_args *args)
{
    const json_t *to = json_object_get(args->request->body, "to");
    const json_t *extension = json_object_get(to, "extensionNumber");
    const char *number =
        json_string_value(extension ? extension : json_object_get(to, "phoneNumber"));
    struct ex_device *device = from_device(x, args, json_object_get(args->request->body, "from"));
    if (!device)
        return;
    struct place place;
    if (!number || (extension && json_object_get(to, "phoneNumber"))) {
        ex_reply_invalid(args->reply, "to");
        return;
    }
    if (extension && (!place_of_number(x, number, &place) || place.kind == TO_OUTSIDE)) {
        ex_reply_unknown(args->reply, 404, "to.extensionNumber");
        return;
    }
    if (!is_callable(x, args, number))
        return;
    struct ex_session *s = call_out(x, args->request->caller, device, number, "CallOut");
    ex_reply_json(args->reply, 201, json_pack("{so}", "session", session_json(x, s)));
}

/* --- ring out -------------------------------------------------------------------------------- */

static const char *leg_status(const struct ex_party *p)
{
    if (!p || party_is_ringing(p))
        return "InProgress";
    return party_is_connected(p) ? "Success" : "Finished";
}

static void ring_out_answer(struct ex_args *args, const struct ex_session *s)
{
    const struct call *call = call_of(s);
    bool is_lifted = call->target[0] == '\0';
    const char *caller = is_lifted ? "Success" : leg_status(call->caller);
    const char *callee = leg_status(call->caller->peer);
    json_t *body = json_pack("{ss, s{ss, ss, ss}}", "id", s->id, "status", "callStatus", callee,
                             "callerStatus", caller, "calleeStatus", callee);
    json_object_set_new(body, "uri",
                        ex_uri(args->request->base_url, "/extension/%llu/ring-out/%s",
                               (unsigned long long)args->user->id, s->id));
    ex_reply_json(args->reply, 200, body);
}

void on_ring_out(struct ex *x, struct ex_args *args)
{
    const json_t *from = json_object_get(args->request->body, "from");
    const char *own = json_string_value(json_object_get(from, "phoneNumber"));
    const char *id = json_string_value(json_object_get(from, "forwardingNumberId"));
    const char *number = json_string_value(
        json_object_get(json_object_get(args->request->body, "to"), "phoneNumber"));
    struct ex_user *user = args->user;
    bool is_own = own ? str_eq(own, user->number) || str_eq(own, user->extension) : id != NULL;
    struct ex_device *device = user_device(user);
    if (!is_own)
        ex_reply_invalid(args->reply, "from.phoneNumber");
    else if (!number)
        ex_reply_invalid(args->reply, "to.phoneNumber");
    else if (!device)
        reply_forbidden(args->reply);
    else if (is_callable(x, args, number))
        ring_out_answer(args, call_out(x, user, device, number, "RingOut"));
}

static struct ex_session *ring_out_of(struct ex *x, struct ex_args *args)
{
    struct ex_session *s = ex_session_by_id(x, ex_arg(args, "ringout"));
    bool is_his = s && call_of(s)->is_ring_out && call_of(s)->caller->user == args->user;
    if (!is_his)
        ex_reply_unknown(args->reply, 404, "ringOutId");
    return is_his ? s : NULL;
}

void on_ring_out_read(struct ex *x, struct ex_args *args)
{
    struct ex_session *s = ring_out_of(x, args);
    if (s)
        ring_out_answer(args, s);
}

void on_ring_out_end(struct ex *x, struct ex_args *args)
{
    struct ex_session *s = ring_out_of(x, args);
    if (!s)
        return;
    call_end(x, s, call_of(s)->caller, "Cancelled");
    ex_reply_empty(args->reply, 204);
}

/* --- conferences ----------------------------------------------------------------------------- */

void on_conference(struct ex *x, struct ex_args *args)
{
    struct ex_user *user = args->request->caller;
    struct ex_device *device = user_device(user);
    if (!device) {
        reply_forbidden(args->reply);
        return;
    }
    device_takes(x, device, NULL);
    struct ex_session *s = call_new(x, "Conference", true);
    struct ex_party *host = party_new(x, s, user, true);
    call_of(s)->is_conference = true;
    call_of(s)->host = call_of(s)->caller = host;
    str_copy(host->name, sizeof host->name, "Conference");
    party_tell(x, host);
    party_set(x, host, EX_ANSWERED, NULL);
    ex_reply_json(args->reply, 201, json_pack("{so}", "session", session_json(x, s)));
}

/* The party's partner is moved into the conference; the party itself is Gone, being the host's. */
static struct ex_party *bring_in(struct ex *x, struct ex_session *into, struct ex_party *party)
{
    struct ex_party *host = call_of(into)->host, *far = party->peer;
    str_copy(party->peer_session, sizeof party->peer_session, into->id);
    str_copy(party->peer_party, sizeof party->peer_party, host->id);
    party_set(x, party, EX_GONE, "AttendedTransfer");
    struct ex_party *moved = call_move(x, far, into, "AttendedTransfer");
    moved->peer = host;
    if (!host->peer || !party_is_live(host->peer))
        party_join(x, host, moved);
    party_tell(x, moved);
    party_set(x, moved, EX_ANSWERED, NULL);
    return moved;
}

void on_bring_in(struct ex *x, struct ex_args *args)
{
    const json_t *body = args->request->body;
    const char *session_id = json_string_value(json_object_get(body, "sessionId"));
    const char *party_id = json_string_value(json_object_get(body, "partyId"));
    struct ex_session *into = args_session(x, args);
    if (!into)
        return;
    if (!session_id || !party_id) {
        ex_reply_invalid(args->reply, session_id ? "partyId" : "sessionId");
        return;
    }
    struct ex_session *from = ex_session_by_id(x, session_id);
    struct ex_party *party = from ? session_party(from, party_id) : NULL;
    const struct ex_party *host = call_of(into)->host;
    if (!party)
        ex_reply_unknown(args->reply, 404, from ? "partyId" : "sessionId");
    else if (!host || host->user != args->request->caller || party->user != host->user)
        reply_forbidden(args->reply);
    else if (call_of(from)->is_conference || !party_is_live(host) || !party_is_connected(party) ||
             !party->peer || !party_is_connected(party->peer))
        reply_conflict(args->reply);
    else
        ex_reply_json(args->reply, 201, party_json(x, bring_in(x, into, party)));
}
