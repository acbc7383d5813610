/* ARI's JSON as plain structs. Pure: bytes in, facts out. Source of the shapes: the contract's
 * events.json, channels.json, bridges.json and the captured samples.
 *
 * Texts are valid UTF-8, cleaned for the screen and clipped to their arrays; ids as well, so an id
 * in a request is escaped from its cleaned form. */
#ifndef CALLHUD_BACKEND_ASTERISK_ARI_WIRE_H
#define CALLHUD_BACKEND_ASTERISK_ARI_WIRE_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARI_ID_BYTES 152   /* Asterisk's unique ids have at most 149 characters */
#define ARI_NAME_BYTES 160 /* channel and endpoint names */
#define ARI_TEXT_BYTES 200 /* a person's name */
#define ARI_NUMBER_BYTES 80
#define ARI_APP_BYTES 40
#define ARI_DATA_BYTES 240
#define ARI_FRAME_MAX_BYTES (8u * 1024 * 1024)
#define ARI_ITEMS_MAX 20000 /* channels, bridges, endpoints of one answer */

enum ari_channel_state {
    ARI_STATE_OTHER, /* a name this table does not know */
    ARI_STATE_DOWN,
    ARI_STATE_RING,    /* the phone has dialled in and waits for an answer */
    ARI_STATE_RINGING, /* the phone rings */
    ARI_STATE_UP,
    ARI_STATE_BUSY,
    ARI_STATE_DIALLING, /* off-hook, dialling, pre-ring: before Ring */
};

struct ari_channel {
    char id[ARI_ID_BYTES];
    char name[ARI_NAME_BYTES]; /* "PJSIP/101-0000000a" */
    enum ari_channel_state state;
    char caller_name[ARI_TEXT_BYTES], caller_number[ARI_NUMBER_BYTES];
    char connected_name[ARI_TEXT_BYTES], connected_number[ARI_NUMBER_BYTES];
    char exten[ARI_NUMBER_BYTES];
    char app[ARI_APP_BYTES], app_data[ARI_DATA_BYTES];
    int64_t created_ms; /* 0 when not told */
};

struct ari_id {
    char text[ARI_ID_BYTES];
};

struct ari_bridge {
    char id[ARI_ID_BYTES];
    char klass[ARI_APP_BYTES]; /* "basic", "parking", "stasis", "base" (ConfBridge) */
    char name[ARI_NUMBER_BYTES];
    VEC(struct ari_id) members;
    int64_t created_ms;
};

enum ari_online { ARI_ONLINE_UNKNOWN, ARI_ONLINE_NO, ARI_ONLINE_YES };

struct ari_endpoint {
    char name[ARI_NAME_BYTES]; /* "PJSIP/101" */
    enum ari_online online;
};

enum ari_kind {
    ARI_OTHER,             /* well-formed, of a kind not used */
    ARI_CHANNEL,           /* nothing but news of a channel */
    ARI_CHANNEL_DESTROYED, /* channel */
    ARI_HANGUP_ASKED,      /* channel */
    ARI_STATE_CHANGED,     /* channel */
    ARI_DIALPLAN,          /* channel: its app and app_data are new */
    ARI_HOLD,              /* channel: the holder's */
    ARI_UNHOLD,            /* channel */
    ARI_DTMF,              /* channel, text: the digit its phone sent */
    ARI_RECORD_FILE,       /* channel, text: MIXMONITOR_FILENAME; "" when unset */
    ARI_DIAL,              /* channel: the caller (id "" when originated); peer, text: dialstatus */
    ARI_BRIDGE_CREATED,    /* bridge */
    ARI_BRIDGE_DESTROYED,  /* bridge */
    ARI_ENTERED_BRIDGE,    /* bridge as it is then; channel may be absent (id "") */
    ARI_LEFT_BRIDGE,       /* bridge as it is then, channel */
    ARI_DEVICE_STATE,      /* name, text: the state */
    ARI_ENDPOINT,          /* endpoint */
    ARI_RECORDING,         /* name: its target "channel:ID"; text: "started" or "ended" */
    ARI_APP_REPLACED,      /* our application name was taken */
    ARI_REST_RESPONSE,     /* rest */
};

/* Beside its kind: the channel came into or left the hands of an application. */
enum ari_stasis { ARI_STASIS_NONE, ARI_STASIS_START, ARI_STASIS_END };

struct json_t;

struct ari_event {
    enum ari_kind kind;
    enum ari_stasis stasis;
    int cause;     /* ARI_CHANNEL_DESTROYED, ARI_HANGUP_ASKED: Q.850; 0 when not told */
    int64_t at_ms; /* the server's clock, UTC epoch; 0 when not told */
    struct ari_channel channel, peer;
    struct ari_bridge bridge;
    struct ari_endpoint endpoint;
    char name[ARI_NAME_BYTES];
    char text[ARI_DATA_BYTES];
    struct {
        char id[ARI_APP_BYTES]; /* request_id */
        int status;
        const char *body; /* borrowed from tree, NUL-terminated */
        size_t body_len;
    } rest;
    struct json_t *tree;
};

/* One frame of the event socket. On success the caller calls ari_event_fini(); on RC_PROTO (not
 * JSON, no type, a used kind without the members it must have) or RC_TOO_BIG nothing is kept. */
enum rc ari_event_decode(struct ari_event *event, const char *bytes, size_t len, struct err *err);
void ari_event_fini(struct ari_event *event);

/* "PJSIP/101-0000000a" -> "PJSIP/101"; false when the name has no endpoint (Local, Snoop, ...). */
bool ari_channel_endpoint(const char *name, char *to, size_t size);

/* Answers of requests. Lists: entries that are malformed are left out and counted in *bad. */
struct ari_channels {
    VEC(struct ari_channel) list;
    size_t bad;
};
struct ari_bridges {
    VEC(struct ari_bridge) list;
    size_t bad;
};
struct ari_endpoints {
    VEC(struct ari_endpoint) list;
    size_t bad;
};
enum rc ari_channels_decode(struct ari_channels *out, const char *body, size_t len,
                            struct err *err);
enum rc ari_bridges_decode(struct ari_bridges *out, const char *body, size_t len, struct err *err);
enum rc ari_endpoints_decode(struct ari_endpoints *out, const char *body, size_t len,
                             struct err *err);
void ari_channels_fini(struct ari_channels *list);
void ari_bridges_fini(struct ari_bridges *list);
void ari_endpoints_fini(struct ari_endpoints *list);

/* {"value":"..."}: a variable. {"name","state"}: a device state. GET /asterisk/info: the version.
 * GET /bridges/ID: its name.
 * Each gives "" and RC_PROTO when the body is something else. */
enum rc ari_variable_decode(const char *body, size_t len, char *to, size_t size);
enum rc ari_device_state_decode(const char *body, size_t len, char *to, size_t size);
enum rc ari_version_decode(const char *body, size_t len, char *to, size_t size);
/* GET applications/APP: the names of the devices it is subscribed to. RC_PROTO: it is no such answer;
 * nothing is kept then. */
struct ari_names {
    VEC(struct ari_id) list;
};
enum rc ari_application_devices_decode(struct ari_names *out, const char *body, size_t len);
void ari_names_fini(struct ari_names *names);
enum rc ari_bridge_name_decode(const char *body, size_t len, char *to, size_t size);
/* A stored list (an object resource_list of the dynamic configuration, [{"attribute","value"}]): its
 * list_item, cut at the commas. RC_PROTO: it is no such object, or has more than ARI_ITEMS_MAX. */
enum rc ari_list_decode(struct ari_names *out, const char *body, size_t len);
/* The body of its PUT. The text of a name must have no comma and no blank at its ends. */
bool ari_list_encode(struct buf *out, const struct ari_names *list);
/* "true" in an attribute of a dynamic configuration object; RC_PROTO: it has no such attribute. */
enum rc ari_flag_decode(const char *body, size_t len, const char *attribute, bool *is_on);
/* The display name in attribute "callerid" of a dynamic configuration object; "" when none. */
enum rc ari_callerid_decode(const char *body, size_t len, char *to, size_t size);

/* One line for people out of an error's body: {"message"}, {"error"}, or what an HTML page is. */
void ari_error_text(const char *body, size_t len, char *to, size_t size);

/* From 22.4, 21.9, 20.14 and 23 on requests may travel over the event socket. */
bool ari_version_has_rest_over_ws(const char *version);

/* {"type":"RESTRequest",...}; uri without /ari and without a leading slash; body NULL: none. */
bool ari_rest_request_encode(struct buf *out, const char *id, const char *method, const char *uri,
                             const char *body);
struct ari_variable {
    const char *name, *value;
};
/* {"variables":{...}}: the body of a POST that makes a channel. */
bool ari_variables_encode(struct buf *out, const struct ari_variable *list, size_t len);
/* The body of PUT /applications/{app}/eventFilter: the kinds that callhud never uses. */
bool ari_filter_encode(struct buf *out);
/* Percent-encodes one path segment or query value. */
void ari_escape(struct buf *out, const char *text);

#endif
