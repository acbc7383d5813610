/* Presence of one user: what it is, as whom it is shown to, and the events (contract: ringcentral
 * 3.1, 3.6, 12). */
#include "routes.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <stdio.h>
#include <string.h>

static const char *word_of(const char *const *words, const char *text)
{
    for (; *words; words++) {
        if (str_eq(*words, text))
            return *words;
    }
    return NULL;
}

const char *ex_user_status_word(const char *text)
{
    static const char *const words[] = {"Offline", "Busy", "Available", NULL};
    return word_of(words, text);
}

const char *ex_dnd_status_word(const char *text)
{
    static const char *const words[] = {"TakeAllCalls", "DoNotAcceptDepartmentCalls",
                                        "DoNotAcceptAnyCalls", "TakeDepartmentCallsOnly", NULL};
    return word_of(words, text);
}

const char *ex_visibility_word(const char *text)
{
    static const char *const words[] = {"All", "None", "PermittedUsers", NULL};
    return word_of(words, text);
}

/* --- aggregation --------------------------------------------------------------------------- */

static bool is_live(const struct ex_party *party)
{
    return !str_eq(ex_party_telephony(party), "NoCall");
}

static bool is_told(const struct ex_party *party, bool has_ended)
{
    return is_live(party) || (has_ended && party->code == EX_DISCONNECTED);
}

const char *ex_telephony_status(const struct ex_user *user)
{
    /* The first that some call has. A second call that rings does not hide the first. */
    static const char *const order[] = {"CallConnected", "OnHold", "Ringing", "ParkedCall"};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        for (size_t p = 0; p < user->parties.len; p++) {
            if (str_eq(ex_party_telephony(user->parties.items[p]), order[i]))
                return order[i];
        }
    }
    return "NoCall";
}

const char *ex_presence_status(const struct ex_user *user)
{
    if (!user->is_online || !user->is_enabled || str_eq(user->user_status, "Offline"))
        return "Offline";
    const char *telephony = ex_telephony_status(user);
    bool is_busy = str_eq(user->user_status, "Busy") ||
                   str_eq(user->dnd_status, "DoNotAcceptAnyCalls") ||
                   !(str_eq(telephony, "NoCall") || str_eq(telephony, "ParkedCall"));
    return is_busy ? "Busy" : "Available";
}

/* --- calls --------------------------------------------------------------------------------- */

static json_t *sip_data(const struct ex_party *party, bool is_ringing)
{
    /* Tags that stay the same for the life of the party. */
    uint64_t tag = UINT64_C(14695981039346656037);
    for (const char *c = party->id; *c; c++)
        tag = (tag ^ (unsigned char)*c) * UINT64_C(1099511628211);
    json_t *data = json_pack("{ss, ss, ss, ss}", "callId", party->id, "remoteUri", "-", "localUri",
                             "-", "rcSessionId", party->session->id);
    if (is_ringing) {
        json_object_set_new(data, "toTag", json_string("blf"));
        json_object_set_new(data, "fromTag", json_string(party->id));
    } else {
        json_object_set_new(data, "toTag", json_sprintf("%08x", (unsigned)(tag >> 32)));
        json_object_set_new(
            data, "fromTag",
            json_sprintf("10.14.20.%u-5070-%08x", (unsigned)(tag % 250 + 1), (unsigned)tag));
    }
    return data;
}

static void put_end(json_t *call, const char *number_key, const char *name_key,
                    const struct ex_party *party)
{
    char name[160] = "";
    const char *number = party ? ex_party_number(party) : "";
    if (party)
        ex_party_name(party, name, sizeof name);
    if (!str_is_empty(number))
        json_object_set_new(call, number_key, json_string(number));
    if (*name)
        json_object_set_new(call, name_key, json_string(name));
}

/* The digits replaced, where details are masked and not left out. */
static void mask(json_t *call, const char *number_key, const char *name_key)
{
    char text[64];
    const char *number = json_string_value(json_object_get(call, number_key));
    json_object_del(call, name_key);
    if (!number)
        return;
    str_copy(text, sizeof text, number);
    for (char *c = text; *c; c++) {
        if (*c >= '0' && *c <= '9')
            *c = 'X';
    }
    json_object_set_new(call, number_key, json_string(text));
}

/* Takes away what the viewer may not know of a call. */
static void hide_details(const struct ex *x, json_t *call)
{
    static const char *const all[] = {"from", "fromName", "to", "toName"};
    if (!ex_switch_on(x, EX_MASK_ABSENT)) {
        bool is_out = str_eq(json_string_value(json_object_get(call, "direction")), "Outbound");
        mask(call, is_out ? "to" : "from", is_out ? "toName" : "fromName");
        return;
    }
    for (size_t i = 0; i < 4; i++)
        json_object_del(call, all[i]);
}

static json_t *active_call(const struct ex *x, const struct ex_party *party, bool has_sip)
{
    const char *telephony = ex_party_telephony(party);
    const struct ex_session *session = party->session;
    json_t *call = json_pack(
        "{ss, ss, sb, ss, so, so, ss, ss}", "id", party->id, "direction",
        party->is_outbound ? "Outbound" : "Inbound", "queueCall", party->is_queue_call,
        "telephonyStatus", telephony, "startTime", ex_time(x, party->start_ms), "sessionId",
        ex_text_id(session->short_id), "telephonySessionId", session->id, "partyId", party->id);
    put_end(call, "from", "fromName", party->is_outbound ? party : party->peer);
    put_end(call, "to", "toName", party->is_outbound ? party->peer : party);
    if (str_eq(telephony, "NoCall"))
        json_object_set_new(call, "terminationType", json_string("final"));
    if (has_sip)
        json_object_set_new(call, "sipData", sip_data(party, str_eq(telephony, "Ringing")));
    return call;
}

/* The latest calls, at most as many as are told. */
static json_t *active_calls(const struct ex *x, const struct ex_user *user, bool has_sip,
                            bool has_ended)
{
    json_t *calls = json_array();
    size_t first = user->parties.len, count = 0;
    while (first > 0 && count < EX_CALLS_TOLD) {
        if (is_told(user->parties.items[first - 1], has_ended))
            count++;
        first--;
    }
    for (size_t i = first; i < user->parties.len; i++) {
        if (is_told(user->parties.items[i], has_ended))
            json_array_append_new(calls, active_call(x, user->parties.items[i], has_sip));
    }
    return calls;
}

static size_t live_calls(const struct ex_user *user)
{
    size_t count = 0;
    for (size_t i = 0; i < user->parties.len; i++)
        count += is_live(user->parties.items[i]);
    return count;
}

/* --- one user ------------------------------------------------------------------------------ */

static void put_words(json_t *body, const char *presence, const char *telephony,
                      const char *user_status, const char *dnd)
{
    json_object_set_new(body, "presenceStatus", json_string(presence));
    json_object_set_new(body, "telephonyStatus", json_string(telephony));
    json_object_set_new(body, "userStatus", json_string(user_status));
    json_object_set_new(body, "dndStatus", json_string(dnd));
    json_object_set_new(body, "meetingStatus", json_string("Disconnected"));
}

/* What others see of a user who does not share: the same, whatever happens. */
static void put_hidden(json_t *body, bool is_detailed)
{
    put_words(body, "Offline", "NoCall", "Offline", "TakeAllCalls");
    json_object_set_new(body, "allowSeeMyPresence", json_false());
    if (is_detailed)
        json_object_set_new(body, "activeCalls", json_array());
}

static void put_settings(json_t *body, const struct ex_user *user)
{
    json_object_set_new(body, "allowSeeMyPresence", json_boolean(user->shares_presence));
    json_object_set_new(body, "ringOnMonitoredCall", json_boolean(user->ring_on_monitored_call));
    json_object_set_new(body, "pickUpCallsOnHold", json_boolean(user->pick_up_calls_on_hold));
}

json_t *ex_presence(struct ex *x, struct ex_user *user, const struct ex_user *viewer,
                    bool is_detailed, bool has_sip, const char *base_url)
{
    unsigned long long id = user->id;
    json_t *body =
        json_pack("{so, s{so, sI, ss}}", "uri", ex_uri(base_url, "/extension/%llu/presence", id),
                  "extension", "uri", ex_uri(base_url, "/extension/%llu", id), "id",
                  (json_int_t)user->id, "extensionNumber", user->extension);
    if (!ex_sees_presence(user, viewer)) {
        put_hidden(body, is_detailed);
        return body;
    }
    bool is_dnd = str_eq(user->dnd_status, "DoNotAcceptAnyCalls");
    put_words(body, ex_presence_status(user), ex_telephony_status(user), user->user_status,
              user->dnd_status);
    put_settings(body, user);
    json_object_set_new(body, "dndStatusPersonal",
                        json_string(is_dnd ? "DoNotAcceptAnyCalls" : "TakeAllCalls"));
    json_object_set_new(body, "acceptCallQueueCalls",
                        json_boolean(ex_queue_of(x, user) && user->accepts_queue_calls && !is_dnd &&
                                     !str_eq(user->dnd_status, "DoNotAcceptDepartmentCalls")));
    json_object_set_new(body, "message", json_string(user->message ? user->message : ""));
    json_object_set_new(body, "callerIdVisibility", json_string(user->caller_id_visibility));
    if (!is_detailed)
        return body;
    json_t *calls = active_calls(x, user, has_sip, false), *call;
    size_t i;
    if (!ex_sees_details(user, viewer)) {
        json_array_foreach(calls, i, call) hide_details(x, call);
    }
    json_object_set_new(body, "activeCalls", calls);
    return body;
}

/* --- events -------------------------------------------------------------------------------- */

static json_t *event_id(const struct ex *x, uint64_t id)
{
    return ex_switch_on(x, EX_IDS_AS_NUMBERS) ? json_integer((json_int_t)id) : ex_text_id(id);
}

void ex_presence_changed(struct ex *x, struct ex_user *user)
{
    user->sequence++;
    if (!x->on_event)
        return;
    json_t *body = json_pack("{so, so, sI, sI}", "extensionId", event_id(x, user->id),
                             "activeCalls", active_calls(x, user, true, true), "totalActiveCalls",
                             (json_int_t)live_calls(user), "sequence", (json_int_t)user->sequence);
    put_words(body, ex_presence_status(user), ex_telephony_status(user), user->user_status,
              user->dnd_status);
    put_settings(body, user);
    ex_emit(x, EX_EVENT_PRESENCE, user->id, body);
}

void ex_location_changed(struct ex *x, struct ex_location *location)
{
    location->sequence++;
    if (!x->on_event)
        return;
    json_t *calls = json_array();
    size_t total = 0;
    for (size_t s = 0; s < ex_sessions_len(x); s++) {
        const struct ex_session *session = ex_session_at(x, s);
        for (size_t i = 0; i < session->parties.len; i++) {
            const struct ex_party *party = session->parties.items[i];
            if (party->extension_id != location->id || !is_live(party))
                continue;
            total++;
            if (json_array_size(calls) == EX_CALLS_TOLD)
                json_array_remove(calls, 0);
            json_array_append_new(calls, active_call(x, party, true));
        }
    }
    json_t *body = json_pack("{so, so, sI, sI, sb}", "extensionId", event_id(x, location->id),
                             "activeCalls", calls, "totalActiveCalls", (json_int_t)total,
                             "sequence", (json_int_t)location->sequence, "allowSeeMyPresence", 1);
    put_words(body, "Offline", total ? "ParkedCall" : "NoCall", "Available", "TakeAllCalls");
    ex_emit(x, EX_EVENT_PRESENCE, location->id, body);
}

/* A copy that may be reduced: the calls are copies too, what is in them is not. */
static json_t *copy_of(json_t *body)
{
    json_t *copy = json_copy(body), *calls = json_array(), *call;
    size_t i;
    json_array_foreach(json_object_get(body, "activeCalls"), i, call)
        json_array_append_new(calls, json_copy(call));
    json_object_set_new(copy, "activeCalls", calls);
    return copy;
}

json_t *ex_event_view(struct ex *x, const struct ex_event *event, const struct ex_user *viewer,
                      bool is_detailed, bool has_sip)
{
    json_t *whole = (json_t *)(uintptr_t)event->body; /* only counted, never written */
    if (event->kind != EX_EVENT_PRESENCE)
        return json_incref(whole);
    const struct ex_user *user = ex_user_by_id(x, event->extension_id);
    if (user && !ex_sees_presence(user, viewer)) {
        if (!event->is_sharing_news)
            return NULL;
        json_t *body = json_pack("{sO, sO}", "extensionId", json_object_get(whole, "extensionId"),
                                 "sequence", json_object_get(whole, "sequence"));
        put_hidden(body, is_detailed);
        if (is_detailed)
            json_object_set_new(body, "totalActiveCalls", json_integer(0));
        return body;
    }
    bool sees_details = !user || ex_sees_details(user, viewer);
    if (is_detailed && has_sip && sees_details)
        return json_incref(whole);
    json_t *body = copy_of(whole), *call;
    size_t i;
    json_array_foreach(json_object_get(body, "activeCalls"), i, call)
    {
        if (!has_sip)
            json_object_del(call, "sipData");
        if (!sees_details)
            hide_details(x, call);
    }
    if (!is_detailed) {
        json_object_del(body, "activeCalls");
        json_object_del(body, "totalActiveCalls");
    }
    return body;
}
