/* Bodies of notifications: presence (3.6), telephony sessions (4.2), changes of the list. */
#include "callhud/base/str.h"

#include "rex_wire_read.h"

#include <string.h>

struct word {
    const char *text;
    int value;
};

static bool find_word(const struct word *words, size_t len, const char *text, int *value)
{
    for (size_t i = 0; i < len; i++) {
        if (str_eq_nocase(words[i].text, text)) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

/* ---- presence ---- */

static enum rex_telephony read_telephony(const json_t *object, const char *key)
{
    static const struct word words[] = {
        {"NoCall", REX_NO_CALL}, {"CallConnected", REX_CONNECTED}, {"Ringing", REX_RINGING},
        {"OnHold", REX_ON_HOLD}, {"ParkedCall", REX_PARKED},
    };
    int value = REX_NOT_TOLD;
    find_word(words, sizeof words / sizeof words[0], rex_word(object, key), &value);
    return (enum rex_telephony)value;
}

static bool read_status(const json_t *object, const char *key, enum rex_status *out)
{
    static const struct word words[] = {
        {"Offline", REX_STATUS_OFFLINE},
        {"Busy", REX_STATUS_BUSY},
        {"Available", REX_STATUS_AVAILABLE},
    };
    int value;
    if (!find_word(words, sizeof words / sizeof words[0], rex_word(object, key), &value))
        return false;
    *out = (enum rex_status)value;
    return true;
}

static bool read_call(struct rex_active_call *out, const json_t *from)
{
    memset(out, 0, sizeof *out);
    if (!json_is_object(from))
        return false;
    bool has_ids = rex_id(from, "telephonySessionId", out->session_id) &&
                   rex_id(from, "partyId", out->party_id);
    if (!has_ids)
        out->session_id[0] = out->party_id[0] = '\0';
    rex_id(from, "id", out->id);
    out->is_inbound = !str_eq_nocase(rex_word(from, "direction"), "Outbound");
    out->state = read_telephony(from, "telephonyStatus");
    out->is_final = out->state == REX_NO_CALL &&
                    !str_eq_nocase(rex_word(from, "terminationType"), "intermediate");
    rex_text(from, out->is_inbound ? "from" : "to", out->number, sizeof out->number);
    rex_text(from, out->is_inbound ? "fromName" : "toName", out->name, sizeof out->name);
    out->start_ms = rex_time(from, "startTime");
    return true;
}

static void read_calls(struct rex_presence *out, const json_t *list)
{
    if (!json_is_array(list))
        return;
    out->has |= REX_HAS_CALLS;
    size_t len = json_array_size(list);
    for (size_t i = 0; i < len && out->calls.len < REX_CALLS_MOST; i++) {
        struct rex_active_call call;
        if (read_call(&call, json_array_get(list, i)))
            VEC_PUSH(&out->calls, call);
    }
}

/* Both models of queues say in their own field whether any call is accepted (3.1). */
static void read_dnd(struct rex_presence *out, const json_t *body)
{
    const char *dnd = rex_word(body, "dndStatus"), *personal = rex_word(body, "dndStatusPersonal");
    bool is_told = dnd[0] != '\0' && !str_eq_nocase(dnd, "Unknown");
    is_told |= personal[0] != '\0' && !str_eq_nocase(personal, "Unknown");
    if (!is_told)
        return;
    out->has |= REX_HAS_DND;
    out->is_dnd =
        str_eq_nocase(dnd, "DoNotAcceptAnyCalls") || str_eq_nocase(personal, "DoNotAcceptAnyCalls");
}

/* A call of the contact centre is none of the exchange's, but a call (aggregatedTelephonyStatus).
 */
static void read_extension_telephony(struct rex_presence *out, const json_t *body)
{
    out->telephony = read_telephony(body, "telephonyStatus");
    enum rex_telephony all = read_telephony(body, "aggregatedTelephonyStatus");
    if (all != REX_NOT_TOLD && (out->telephony == REX_NO_CALL || out->telephony == REX_NOT_TOLD))
        out->telephony = all;
    if (out->telephony != REX_NOT_TOLD)
        out->has |= REX_HAS_TELEPHONY;
}

static void read_own_settings(struct rex_presence *out, const json_t *body)
{
    out->rings_when_monitored = rex_bool(body, "ringOnMonitoredCall", false);
    out->picks_up_held = rex_bool(body, "pickUpCallsOnHold", false);
    if (json_is_boolean(json_object_get(body, "ringOnMonitoredCall")) ||
        json_is_boolean(json_object_get(body, "pickUpCallsOnHold")))
        out->has |= REX_HAS_SETTINGS;
}

static void read_sharing(struct rex_presence *out, const json_t *body)
{
    out->is_shared = rex_bool(body, "allowSeeMyPresence", true);
    if (json_is_boolean(json_object_get(body, "allowSeeMyPresence")))
        out->has |= REX_HAS_SHARED;
    if (rex_details(body, &out->details))
        out->has |= REX_HAS_DETAILS;
}

bool rex_read_presence(struct rex_presence *out, const json_t *body)
{
    memset(out, 0, sizeof *out);
    out->is_shared = true;
    out->status = out->user_status = REX_STATUS_AVAILABLE;
    if (!json_is_object(body))
        return false;
    const json_t *extension = json_object_get(body, "extension");
    if (!rex_id(body, "extensionId", out->extension_id))
        return false;
    if (out->extension_id[0] == '\0' && !rex_id(extension, "id", out->extension_id))
        return false;
    if (out->extension_id[0] == '\0')
        return false;
    rex_text(extension, "extensionNumber", out->extension, sizeof out->extension);
    if (read_status(body, "presenceStatus", &out->status))
        out->has |= REX_HAS_STATUS;
    if (read_status(body, "userStatus", &out->user_status))
        out->has |= REX_HAS_USER_STATUS;
    read_extension_telephony(out, body);
    read_dnd(out, body);
    const char *meeting = rex_word(body, "meetingStatus");
    out->is_in_meeting = str_eq_nocase(meeting, "Connected");
    if (out->is_in_meeting || str_eq_nocase(meeting, "Disconnected"))
        out->has |= REX_HAS_MEETING;
    read_sharing(out, body);
    read_own_settings(out, body);
    if (json_is_string(json_object_get(body, "message"))) {
        out->has |= REX_HAS_MESSAGE;
        rex_text(body, "message", out->message, sizeof out->message);
    }
    int64_t total = rex_int(body, "totalActiveCalls", -1);
    if (total >= 0) {
        out->has |= REX_HAS_TOTAL;
        out->total_calls = total < 1000 ? (uint32_t)total : 1000;
    }
    out->sequence = rex_int(body, "sequence", -1);
    if (out->sequence >= 0)
        out->has |= REX_HAS_SEQUENCE;
    read_calls(out, json_object_get(body, "activeCalls"));
    return true;
}

/* ---- telephony sessions ---- */

static enum rex_party_code read_code(const json_t *status)
{
    static const struct word words[] = {
        {"Setup", REX_SETUP},       {"Proceeding", REX_PROCEEDING},
        {"Answered", REX_ANSWERED}, {"Disconnected", REX_DISCONNECTED},
        {"Gone", REX_GONE},         {"Parked", REX_PARTY_PARKED},
        {"Hold", REX_HOLD},
    };
    int value = REX_PARTY_OTHER;
    find_word(words, sizeof words / sizeof words[0], rex_word(status, "code"), &value);
    return (enum rex_party_code)value;
}

/* An id that is none is as if it were not told. */
static void read_optional_id(const json_t *object, const char *key, char out[REX_ID_BYTES])
{
    if (!rex_id(object, key, out))
        out[0] = '\0';
}

static void read_park(struct rex_party *out, const json_t *from, const json_t *status)
{
    rex_text(status, "parkData", out->park, sizeof out->park);
    if (out->park[0] == '\0')
        rex_text(json_object_get(from, "park"), "id", out->park, sizeof out->park);
}

static void read_recordings(struct rex_party *out, const json_t *list)
{
    if (!json_is_array(list))
        return;
    out->has_recordings = true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *recording = json_array_get(list, i);
        if (!rex_bool(recording, "active", false))
            continue;
        out->is_recorded = true;
        read_optional_id(recording, "id", out->recording_id);
    }
}

static void read_end(const json_t *end, char *number, size_t number_size, char *name,
                     size_t name_size, char extension_id[REX_ID_BYTES])
{
    rex_text(end, "phoneNumber", number, number_size);
    if (number[0] == '\0')
        rex_text(end, "extensionNumber", number, number_size);
    rex_text(end, "name", name, name_size);
    read_optional_id(end, "extensionId", extension_id);
}

bool rex_read_party(struct rex_party *out, const json_t *from)
{
    memset(out, 0, sizeof *out);
    if (!json_is_object(from) || !rex_id(from, "id", out->id) || out->id[0] == '\0')
        return false;
    const json_t *status = json_object_get(from, "status");
    const json_t *peer = json_object_get(status, "peerId");
    const json_t *from_end = json_object_get(from, "from"), *to_end = json_object_get(from, "to");
    read_optional_id(from, "extensionId", out->extension_id);
    if (out->extension_id[0] == '\0')
        read_optional_id(json_object_get(from, "owner"), "extensionId", out->extension_id);
    out->is_inbound = !str_eq_nocase(rex_word(from, "direction"), "Outbound");
    out->code = read_code(status);
    rex_text(status, "reason", out->reason, sizeof out->reason);
    read_optional_id(peer, "telephonySessionId", out->peer_session);
    read_optional_id(peer, "partyId", out->peer_party);
    read_end(from_end, out->from_number, sizeof out->from_number, out->from_name,
             sizeof out->from_name, out->from_extension_id);
    read_end(to_end, out->to_number, sizeof out->to_number, out->to_name, sizeof out->to_name,
             out->to_extension_id);
    read_optional_id(from, "deviceId", out->device_id);
    /* A leg that supervises is Outbound from the agent to the supervisor (4.4): the end whose
     * extension is the party's is its own. */
    bool is_from = str_eq(out->from_extension_id, out->extension_id);
    bool is_to = str_eq(out->to_extension_id, out->extension_id);
    bool is_at_to = out->extension_id[0] != '\0' && is_from != is_to ? is_to : out->is_inbound;
    if (out->device_id[0] == '\0')
        read_optional_id(is_at_to ? to_end : from_end, "deviceId", out->device_id);
    read_park(out, from, status);
    read_recordings(out, json_object_get(from, "recordings"));
    return true;
}

bool rex_read_session(struct rex_session *out, const json_t *body)
{
    memset(out, 0, sizeof *out);
    if (!json_is_object(body) || !rex_id(body, "telephonySessionId", out->id))
        return false;
    if (out->id[0] == '\0' && (!rex_id(body, "id", out->id) || out->id[0] == '\0'))
        return false;
    const json_t *parties = json_object_get(body, "parties");
    if (!json_is_array(parties))
        return false;
    int64_t sequence = rex_int(body, "sequence", 0);
    out->sequence = sequence > 0 ? sequence : 0;
    out->at_ms = rex_time(body, "eventTime");
    for (size_t i = 0; i < json_array_size(parties) && out->parties.len < 256; i++) {
        struct rex_party party;
        if (rex_read_party(&party, json_array_get(parties, i)))
            VEC_PUSH(&out->parties, party);
    }
    return true;
}

void rex_session_fini(struct rex_session *session)
{
    VEC_FREE(&session->parties);
}

/* ---- notifications ---- */

/* The path of the event without its query. */
static void path_of(const json_t *envelope, char *out, size_t size)
{
    str_copy(out, size, rex_word(envelope, "event"));
    out[strcspn(out, "?")] = '\0';
}

/* The event of a changed list names the extension and the line in an array (3.6). */
static bool is_list_change(const char *path, const json_t *body)
{
    return json_is_array(json_object_get(body, "extension")) || str_ends(path, "/presence/line");
}

static bool is_presence(const struct rex_presence *presence)
{
    return (presence->has & ~(unsigned)REX_HAS_SEQUENCE) != 0;
}

enum rc rex_wire_notice(struct rex_notice *out, const json_t *envelope, struct err *err)
{
    char path[512];
    memset(out, 0, sizeof *out);
    out->kind = REX_NOTICE_OTHER;
    if (!json_is_object(envelope))
        return err_set(err, RC_PROTO, "a notification that is no object");
    read_optional_id(envelope, "uuid", out->uuid);
    out->at_ms = rex_time(envelope, "timestamp");
    path_of(envelope, path, sizeof path);
    const json_t *body = json_object_get(envelope, "body");
    if (json_object_get(body, "telephonySessionId") != NULL ||
        str_ends(path, "/telephony/sessions")) {
        if (!rex_read_session(&out->session, body))
            return err_set(err, RC_PROTO, "a telephony session without id or parties");
        out->kind = REX_NOTICE_SESSION;
    } else if (is_list_change(path, body)) {
        out->kind = REX_NOTICE_LINES;
    } else if (str_ends(path, "/grant")) {
        out->kind = REX_NOTICE_GRANTS;
    } else if (str_ends(path, "/directory/entries") || str_ends(path, "/extension")) {
        out->kind = REX_NOTICE_PEOPLE;
    } else if (json_is_object(body) && rex_read_presence(&out->presence, body) &&
               is_presence(&out->presence)) {
        out->kind = REX_NOTICE_PRESENCE;
    } else if (str_ends(path, "/presence") && strstr(path, "/extension/") != NULL) {
        rex_notice_fini(out);
        return err_set(err, RC_PROTO, "a presence that tells nothing of nobody");
    }
    return RC_OK;
}

void rex_notice_fini(struct rex_notice *notice)
{
    VEC_FREE(&notice->presence.calls);
    rex_session_fini(&notice->session);
}
