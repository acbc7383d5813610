/* Frames of the event socket. */
#include "callhud/backend/asterisk/ari_wire.h"

#include "callhud/backend/json_wire.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include "ari_wire_parts.h"

#include <jansson.h>
#include <string.h>

void ari_copy_string(char *to, size_t size, const json_t *member)
{
    to[0] = '\0';
    if (!json_is_string(member))
        return;
    const char *text = json_string_value(member);
    size_t len = json_string_length(member);
    bool is_plain = len < size;
    for (size_t i = 0; is_plain && i < len; i++)
        is_plain = text[i] >= 0x20 && text[i] < 0x7f;
    if (is_plain) {
        memcpy(to, text, len + 1);
        return;
    }
    struct buf clean;
    buf_init(&clean, size * 4);
    utf8_clean(&clean, text, len < size * 4 ? len : size * 4, size);
    str_copy(to, size, buf_text(&clean));
    buf_fini(&clean);
}

void ari_copy_text(char *to, size_t size, const json_t *object, const char *key)
{
    ari_copy_string(to, size, json_object_get(object, key));
}

int64_t ari_read_time(const json_t *object, const char *key)
{
    int64_t ms = 0;
    const char *text = json_wire_id(object, key);
    return text != NULL && clock_parse_iso(text, &ms) && ms > 0 ? ms : 0;
}

static enum ari_channel_state channel_state(const char *name)
{
    static const struct {
        const char *name;
        enum ari_channel_state state;
    } states[] = {
        {"Down", ARI_STATE_DOWN},
        {"Rsrvd", ARI_STATE_DOWN},
        {"OffHook", ARI_STATE_DIALLING},
        {"Dialing", ARI_STATE_DIALLING},
        {"Dialing Offhook", ARI_STATE_DIALLING},
        {"Pre-ring", ARI_STATE_DIALLING},
        {"Ring", ARI_STATE_RING},
        {"Ringing", ARI_STATE_RINGING},
        {"Up", ARI_STATE_UP},
        {"Busy", ARI_STATE_BUSY},
    };
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (str_eq(name, states[i].name))
            return states[i].state;
    return ARI_STATE_OTHER;
}

bool ari_read_channel(struct ari_channel *to, const json_t *from)
{
    memset(to, 0, sizeof *to);
    if (!json_is_object(from))
        return false;
    ari_copy_text(to->id, sizeof to->id, from, "id");
    ari_copy_text(to->name, sizeof to->name, from, "name");
    to->state = channel_state(json_wire_id(from, "state"));
    const json_t *caller = json_object_get(from, "caller");
    ari_copy_text(to->caller_name, sizeof to->caller_name, caller, "name");
    ari_copy_text(to->caller_number, sizeof to->caller_number, caller, "number");
    const json_t *connected = json_object_get(from, "connected");
    ari_copy_text(to->connected_name, sizeof to->connected_name, connected, "name");
    ari_copy_text(to->connected_number, sizeof to->connected_number, connected, "number");
    const json_t *dialplan = json_object_get(from, "dialplan");
    ari_copy_text(to->exten, sizeof to->exten, dialplan, "exten");
    ari_copy_text(to->app, sizeof to->app, dialplan, "app_name");
    ari_copy_text(to->app_data, sizeof to->app_data, dialplan, "app_data");
    to->created_ms = ari_read_time(from, "creationtime");
    return to->id[0] != '\0' && to->name[0] != '\0';
}

bool ari_read_bridge(struct ari_bridge *to, const json_t *from)
{
    memset(to, 0, sizeof *to);
    if (!json_is_object(from))
        return false;
    ari_copy_text(to->id, sizeof to->id, from, "id");
    ari_copy_text(to->klass, sizeof to->klass, from, "bridge_class");
    ari_copy_text(to->name, sizeof to->name, from, "name");
    to->created_ms = ari_read_time(from, "creationtime");
    const json_t *channels = json_object_get(from, "channels");
    size_t count = json_array_size(channels);
    for (size_t i = 0; i < count && i < ARI_ITEMS_MAX; i++) {
        struct ari_id member = {0};
        ari_copy_string(member.text, sizeof member.text, json_array_get(channels, i));
        if (member.text[0] != '\0')
            VEC_PUSH(&to->members, member);
    }
    return to->id[0] != '\0';
}

bool ari_read_endpoint(struct ari_endpoint *to, const json_t *from)
{
    char technology[ARI_APP_BYTES], resource[ARI_NAME_BYTES - ARI_APP_BYTES - 1];
    memset(to, 0, sizeof *to);
    ari_copy_text(technology, sizeof technology, from, "technology");
    ari_copy_text(resource, sizeof resource, from, "resource");
    if (technology[0] == '\0' || resource[0] == '\0')
        return false;
    str_copy(to->name, sizeof to->name, technology);
    size_t at = strlen(to->name);
    to->name[at++] = '/';
    str_copy(to->name + at, sizeof to->name - at, resource);
    const char *state = json_wire_id(from, "state");
    to->online = str_eq(state, "online")    ? ARI_ONLINE_YES
                 : str_eq(state, "offline") ? ARI_ONLINE_NO
                                            : ARI_ONLINE_UNKNOWN;
    return true;
}

/* ---- kinds ---- */

static bool read_channel(struct ari_event *event, const json_t *root)
{
    return ari_read_channel(&event->channel, json_object_get(root, "channel"));
}

static bool read_stasis(struct ari_event *event, const json_t *root)
{
    bool is_start = str_eq(json_wire_id(root, "type"), "StasisStart");
    event->stasis = is_start ? ARI_STASIS_START : ARI_STASIS_END;
    return read_channel(event, root);
}

static bool read_hangup(struct ari_event *event, const json_t *root)
{
    json_int_t cause = json_integer_value(json_object_get(root, "cause"));
    event->cause = cause > 0 && cause < 1000 ? (int)cause : 0;
    return read_channel(event, root);
}

static bool read_dtmf(struct ari_event *event, const json_t *root)
{
    ari_copy_text(event->text, sizeof event->text, root, "digit");
    return read_channel(event, root);
}

/* Of the variables only the one that MixMonitor leaves is used; the rest are news of a channel. A
 * global variable has no channel. */
static bool read_varset(struct ari_event *event, const json_t *root)
{
    if (json_object_get(root, "channel") == NULL) {
        event->kind = ARI_OTHER;
        return true;
    }
    if (str_eq(json_wire_id(root, "variable"), "MIXMONITOR_FILENAME")) {
        event->kind = ARI_RECORD_FILE;
        ari_copy_text(event->text, sizeof event->text, root, "value");
    }
    return read_channel(event, root);
}

static bool read_dial(struct ari_event *event, const json_t *root)
{
    const json_t *caller = json_object_get(root, "caller");
    ari_copy_text(event->text, sizeof event->text, root, "dialstatus");
    if (caller != NULL && !ari_read_channel(&event->channel, caller))
        return false;
    return ari_read_channel(&event->peer, json_object_get(root, "peer"));
}

static bool read_bridge(struct ari_event *event, const json_t *root)
{
    return ari_read_bridge(&event->bridge, json_object_get(root, "bridge"));
}

static bool read_entered(struct ari_event *event, const json_t *root)
{
    read_channel(event, root); /* may be absent, says events.json */
    return read_bridge(event, root);
}

static bool read_left(struct ari_event *event, const json_t *root)
{
    return read_channel(event, root) && read_bridge(event, root);
}

static bool read_device_state(struct ari_event *event, const json_t *root)
{
    const json_t *state = json_object_get(root, "device_state");
    ari_copy_text(event->name, sizeof event->name, state, "name");
    ari_copy_text(event->text, sizeof event->text, state, "state");
    return event->name[0] != '\0' && event->text[0] != '\0';
}

static bool read_endpoint(struct ari_event *event, const json_t *root)
{
    return ari_read_endpoint(&event->endpoint, json_object_get(root, "endpoint"));
}

static bool read_recording(struct ari_event *event, const json_t *root)
{
    const char *type = json_wire_id(root, "type");
    const json_t *recording = json_object_get(root, "recording");
    ari_copy_text(event->name, sizeof event->name, recording, "target_uri");
    str_copy(event->text, sizeof event->text,
             str_eq(type, "RecordingStarted") ? "started" : "ended");
    return event->name[0] != '\0';
}

static bool read_nothing(struct ari_event *event, const json_t *root)
{
    (void)event;
    (void)root;
    return true;
}

static bool read_response(struct ari_event *event, const json_t *root)
{
    ari_copy_text(event->rest.id, sizeof event->rest.id, root, "request_id");
    json_int_t status = json_integer_value(json_object_get(root, "status_code"));
    event->rest.status = status > 0 && status < 1000 ? (int)status : 0;
    const json_t *body = json_object_get(root, "message_body");
    event->rest.body = json_is_string(body) ? json_string_value(body) : "";
    event->rest.body_len = json_is_string(body) ? json_string_length(body) : 0;
    return event->rest.status != 0;
}

static const struct {
    const char *type;
    enum ari_kind kind;
    bool (*read)(struct ari_event *event, const json_t *root);
} kinds[] = {
    {"ChannelVarset", ARI_CHANNEL, read_varset},
    {"ChannelDialplan", ARI_DIALPLAN, read_channel},
    {"DeviceStateChanged", ARI_DEVICE_STATE, read_device_state},
    {"ChannelStateChange", ARI_STATE_CHANGED, read_channel},
    {"Dial", ARI_DIAL, read_dial},
    {"ChannelConnectedLine", ARI_CHANNEL, read_channel},
    {"ChannelCallerId", ARI_CHANNEL, read_channel},
    {"ChannelCreated", ARI_CHANNEL, read_channel},
    {"ChannelDestroyed", ARI_CHANNEL_DESTROYED, read_hangup},
    {"ChannelEnteredBridge", ARI_ENTERED_BRIDGE, read_entered},
    {"ChannelLeftBridge", ARI_LEFT_BRIDGE, read_left},
    {"ChannelHangupRequest", ARI_HANGUP_ASKED, read_hangup},
    {"BridgeCreated", ARI_BRIDGE_CREATED, read_bridge},
    {"BridgeDestroyed", ARI_BRIDGE_DESTROYED, read_bridge},
    {"ChannelHold", ARI_HOLD, read_channel},
    {"ChannelUnhold", ARI_UNHOLD, read_channel},
    {"ChannelDtmfReceived", ARI_DTMF, read_dtmf},
    {"StasisStart", ARI_DIALPLAN, read_stasis},
    {"StasisEnd", ARI_CHANNEL, read_stasis},
    {"PeerStatusChange", ARI_ENDPOINT, read_endpoint},
    {"ContactStatusChange", ARI_ENDPOINT, read_endpoint},
    {"EndpointStateChange", ARI_ENDPOINT, read_endpoint},
    {"RecordingStarted", ARI_RECORDING, read_recording},
    {"RecordingFinished", ARI_RECORDING, read_recording},
    {"RecordingFailed", ARI_RECORDING, read_recording},
    {"ApplicationReplaced", ARI_APP_REPLACED, read_nothing},
    {"RESTResponse", ARI_REST_RESPONSE, read_response},
};

enum rc ari_event_decode(struct ari_event *event, const char *bytes, size_t len, struct err *err)
{
    memset(event, 0, sizeof *event);
    event->tree = json_wire_parse(bytes, len, ARI_FRAME_MAX_BYTES, err);
    if (event->tree == NULL)
        return err != NULL ? err->rc : RC_PROTO;
    const char *type = json_wire_id(event->tree, "type");
    if (type == NULL) {
        ari_event_fini(event);
        return err_set(err, RC_PROTO, "event without a type");
    }
    event->at_ms = ari_read_time(event->tree, "timestamp");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!str_eq(type, kinds[i].type))
            continue;
        event->kind = kinds[i].kind;
        if (kinds[i].read(event, event->tree))
            return RC_OK;
        ari_event_fini(event);
        return err_set(err, RC_PROTO, "%s without what it must have", kinds[i].type);
    }
    return RC_OK;
}

void ari_event_fini(struct ari_event *event)
{
    VEC_FREE(&event->bridge.members);
    json_decref(event->tree);
    event->tree = NULL;
}

bool ari_channel_endpoint(const char *name, char *to, size_t size)
{
    const char *dash = strrchr(name, '-');
    const char *slash = strchr(name, '/');
    if (dash == NULL || slash == NULL || dash < slash || (size_t)(dash - name) >= size)
        return false;
    if (str_starts(name, "Local/") || str_starts(name, "Snoop/"))
        return false;
    memcpy(to, name, (size_t)(dash - name));
    to[dash - name] = '\0';
    return true;
}
