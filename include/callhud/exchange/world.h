/* The built-in exchange: users, devices, calls, appearances, rights; what is true. Speaks to
 * nobody: the server hands requests in and takes events out. Everything is told in the protocol's
 * own words (contracts: ringcentral 3 to 6). Sees base only, and nothing of callhud's model or
 * backends. */
#ifndef CALLHUD_EXCHANGE_WORLD_H
#define CALLHUD_EXCHANGE_WORLD_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/base/hash.h"
#include "callhud/base/vec.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct ex; /* the whole exchange */

/* Behaviour that the documents leave open (UNVERIFIED); each has both ways. Set by --switch
 * NAME=on|off and PATCH /exchange/switches; the default is what the official clients survive. One
 * table, in world.c. */
enum ex_switch {
    EX_PICKUP_HELD,       /* P/pickup works for held and ringing parties too (default on) */
    EX_CALLOUT_STAR,      /* call-out accepts *80 to *83 (on) */
    EX_MASK_ABSENT,       /* details not shared: from/to are absent (on), else masked */
    EX_RESERVED_REQUIRED, /* PUT presence/line without the reserved lines is refused (off) */
    EX_WSTOKEN_ONCE,      /* a ws_access_token works once (off) */
    EX_BATCH_COUNTS_EACH, /* a batch of n counts as n requests (off) */
    EX_RING_LOCKS_HOLD,   /* ringOnMonitoredCall keeps held lines from being taken over (on) */
    EX_REPLAY_AT_ONCE, /* missed events in the same tick as ConnectionDetails (off: 20 ms later) */
    EX_BAD_TOKEN_HTTP, /* a bad ws token is refused with HTTP 401 (on), else with an Error frame */
    EX_IDS_AS_NUMBERS, /* extensionId in presence events is a number (on), else a string */
    EX_CONTROL_ANY,    /* an administrator's token controls any party of the account (on) */
    EX_SUPERVISE_OUTBOUND, /* the answer to supervise is Outbound, Proceeding (on), else Inbound,
                              Hold */
    EX_SWITCH_COUNT
};

enum ex_code { EX_SETUP, EX_PROCEEDING, EX_ANSWERED, EX_HOLD, EX_PARKED, EX_GONE, EX_DISCONNECTED };

struct ex_device {
    char id[24];
    char name[64];
    const char *type; /* "HardPhone" */
    struct ex_user *owner;
    bool is_online;
    bool is_auto_answering; /* a demo's phones lift themselves */
    char digits[64];        /* dialled so far: "*82102#" */
    struct ex_hand {        /* what somebody will key once he is asked for an extension */
        struct ex_device *device;
        char digits[24];
        unsigned tries;
    } hand;
};

struct ex_line { /* of an appearance */
    unsigned id;
    bool is_reserved;
    uint64_t extension_id;
};

struct ex_favorite {
    uint64_t id, extension_id;
};

struct ex_user {
    uint64_t id; /* extension id, 12 digits */
    char extension[16];
    char first[64], last[64], department[64], email[96], number[24];
    const char *type; /* "User" */
    bool is_enabled;
    /* presence */
    const char *user_status;          /* "Available" "Busy" "Offline" */
    const char *dnd_status;           /* "TakeAllCalls" ... */
    const char *caller_id_visibility; /* "All" "None" "PermittedUsers" */
    char *message;                    /* at most 75 characters; NULL: none */
    bool shares_presence, ring_on_monitored_call, pick_up_calls_on_hold;
    bool is_online;    /* a device is */
    uint64_t sequence; /* of presence events */
    /* appearance and rights */
    VEC(struct ex_line) lines;
    VEC(uint64_t) permitted; /* who may answer this user's calls */
    bool is_admin;
    bool accepts_queue_calls; /* of the queue of the department */
    char recording;           /* by rule: 'N' none, 'I' inbound, 'O' outbound, 'A' all */
    VEC(struct ex_favorite) favorites;
    bool is_kept; /* something of the user is in the state file */
    VEC(struct ex_device *) devices;
    VEC(struct ex_party *) parties; /* live ones of this user, newest last */
};

struct ex_party {
    char id[64];
    struct ex_session *session;
    struct ex_user *user;      /* NULL: outside, or an extension without a person */
    uint64_t extension_id;     /* without user: of a queue or park location; 0: outside */
    char number[24], name[64]; /* without user, and of a feature code dialled ("*82"); else "" */
    struct ex_party *peer;     /* who is at the other end; NULL: nobody (yet, or any more) */
    struct ex_device *device;
    bool is_outbound;
    enum ex_code code;
    const char *reason;                    /* "Pickup" ...; NULL */
    char park[8];                          /* "*801"; "" */
    char peer_session[64], peer_party[64]; /* with Gone */
    int64_t start_ms, since_ms;            /* of the call, of the code; as ex_now() */
    unsigned holds;                        /* by REST: 1, by the phone: 2; both must be released */
    bool is_muted, is_recorded, is_queue_call;
    bool was_answered, is_recorded_by_rule;
    bool is_supervising; /* the seat of a supervisor in somebody's call; in no user's parties */
    char recording[24];
};

struct ex_session {
    char id[64];       /* "s-..." */
    uint64_t short_id; /* sessionId */
    uint64_t sequence; /* of events; the first is 2 */
    int64_t created_ms;
    const char *origin;                        /* "Call" "CallOut" */
    char outside_number[24], outside_name[64]; /* the party that is no user of ours; "" */
    VEC(struct ex_party *) parties;
    bool is_scripted; /* traffic leaves it alone */
    void *traffic;    /* its plan, of traffic.c; NULL */
};

enum ex_supervise_mode { EX_MONITOR, EX_WHISPER, EX_BARGE };
struct ex_supervision {
    struct ex_user *supervisor;
    struct ex_party *agent; /* whose call */
    struct ex_party *own;   /* the supervisor's leg */
    enum ex_supervise_mode mode;
};

struct ex_member {
    uint64_t extension_id;
    bool is_monitoring, is_monitored;
};
struct ex_group { /* call monitoring group */
    uint64_t id;
    char name[64];
    VEC(struct ex_member) members;
};

/* What happened, for subscriptions. body is borrowed. extension: whose event it is; 0: of the
 * account. */
enum ex_event_kind {
    EX_EVENT_PRESENCE, /* body: the detailed one, without sipData left off by the gateway as filters
                          want */
    EX_EVENT_TELEPHONY, /* one party change of a session */
    EX_EVENT_LINES,     /* the appearance of that extension was changed */
    EX_EVENT_DND,
    EX_EVENT_EXTENSION,
    EX_EVENT_GRANT,
};
struct ex_event {
    enum ex_event_kind kind;
    uint64_t extension_id;
    const json_t *body;
    bool is_sharing_news; /* presence: "allow others to see my presence" has just changed */
};

struct ex_options {
    size_t users; /* 1..100,000 */
    double rate;  /* calls a second; 0: none by themselves */
    uint64_t seed;
    double speed;           /* of the exchange's clock: 1, 10, ... */
    const char *state_file; /* NULL: nothing is kept */
    int64_t start_wall_ms;  /* UTC of the beginning */
    bool is_demo;           /* believable from the first second: calls are under way */
};

enum rc ex_new(struct ex **out, const struct ex_options *options, struct err *err);
void ex_free(struct ex *x);
bool ex_switch_on(const struct ex *x, enum ex_switch which);
/* "pickup-held" and its like; false: no such. */
bool ex_switch_set(struct ex *x, const char *name, bool is_on);
const char *ex_switch_name(enum ex_switch which);

/* --- time: virtual milliseconds since the beginning; the server drives it ------------------ */

int64_t ex_now(const struct ex *x);
int64_t ex_wall(const struct ex *x);                /* UTC ms of the exchange's clock */
int64_t ex_wall_of(const struct ex *x, int64_t ms); /* of a moment as ex_now() tells it */
int64_t ex_next_ms(const struct ex *x); /* when ex_advance() has something to do; INT64_MAX */
void ex_advance(struct ex *x, int64_t now_ms);
typedef void ex_fire(struct ex *x, void *self);
/* Timers of the world's own modules; cancelled by self. */
void ex_after(struct ex *x, int64_t ms, ex_fire *fire, void *self);
void ex_cancel(struct ex *x, const void *self);
uint64_t ex_random(struct ex *x, uint64_t below); /* from the seed */
double ex_random_exp(struct ex *x, double mean);

/* Somebody at the supervisor's desk phone keys "102#" a second after a feature code asks for it. */
void ex_hand(struct ex *x, const char *digits);

/* --- events out ---------------------------------------------------------------------------- */

void ex_listen(struct ex *x, void (*on_event)(void *self, const struct ex_event *event),
               void *self);

/* The event as viewer may see it: sharing and caller-id visibility applied, simple or detailed,
 * with sipData or without. A new reference; NULL: not for this viewer. */
json_t *ex_event_view(struct ex *x, const struct ex_event *event, const struct ex_user *viewer,
                      bool is_detailed, bool has_sip);

/* --- requests in --------------------------------------------------------------------------- */

struct ex_request {
    const char *method;
    const char *path;          /* decoded, without query: "/restapi/v1.0/account/~/presence" */
    json_t *query;             /* object of strings; repeated keys become arrays */
    const char *accept;        /* "" */
    const char *if_none_match; /* the header; NULL or "": none */
    const char *scope;         /* of the token, separated by blanks; NULL: every scope */
    const json_t *body;        /* parsed JSON; NULL: none */
    bool is_body_bad;          /* there was one that is no JSON */
    struct ex_user *caller;    /* who signed in */
    const char *base_url;      /* "http://127.0.0.1:PORT" for uri fields */
};
struct ex_reply {
    int status;
    json_t *body;             /* owned by the reply; NULL: none */
    char *text;               /* else a text body (multipart), owned; NULL */
    const char *content_type; /* of text */
    const char *group;        /* throttling group: "light" "medium" "heavy" "auth"; NULL: none */
    size_t cost;              /* how many requests it counts as; 0 is 1 */
    char etag[40];            /* for the ETag header; "": none */
};
/* The throttling group of a request before it is carried out, "" for none; NULL: no such path. */
const char *ex_route_group(const struct ex *x, const struct ex_request *request);
/* Carries out any /restapi/v1.0/ request but oauth, subscription and wstoken. Always fills the
 * reply. */
void ex_route(struct ex *x, struct ex_request *request, struct ex_reply *reply);
/* /exchange/calls, devices, users, switches, state (faults are the server's). */
void ex_control(struct ex *x, struct ex_request *request, struct ex_reply *reply);
void ex_reply_fini(struct ex_reply *reply);
/* The error body of the documents (6.2); params may be NULL: a JSON object merged into both levels.
 */
void ex_reply_error(struct ex_reply *reply, int status, const char *code, const char *inner_code,
                    const char *message, json_t *params);

/* --- shared by the world's modules ---------------------------------------------------------------
 */

struct ex_user *ex_user_by_id(const struct ex *x, uint64_t id);
struct ex_user *ex_user_by_extension(const struct ex *x, const char *extension);
struct ex_user *ex_supervisor(const struct ex *x); /* 900, who signs in with the port file's JWT */
/* The agents 101, 102, ... (900 is left out), as many as the options say, and then the supervisor.
 */
size_t ex_users_len(const struct ex *x);
struct ex_user *ex_user_at(const struct ex *x, size_t index);
/* Sets what PATCH /exchange/users/{ext} may set: dnd online name department sharesPresence
 * userStatus dndStatus callerIdVisibility message enabled admin ringOnMonitoredCall
 * pickUpCallsOnHold permitted (extensions). False: no such key or not such a value; nothing is
 * changed then. Tells the events and saves. */
bool ex_user_set(struct ex *x, struct ex_user *user, const char *key, const json_t *value);
/* For GET /exchange/state: every user with what is true, the appearances by extension. */
json_t *ex_state_users(struct ex *x);
json_t *ex_state_appearances(struct ex *x);
/* To the listener, now; takes over body. */
void ex_emit(struct ex *x, enum ex_event_kind kind, uint64_t extension_id, json_t *body);
uint64_t ex_account_id(const struct ex *x);
struct ex_device *ex_device_by_id(const struct ex *x, const char *id);
/* Presence as 3.1, seen by viewer (sharing and caller-id visibility applied). New reference. */
json_t *ex_presence(struct ex *x, struct ex_user *user, const struct ex_user *viewer,
                    bool is_detailed, bool has_sip, const char *base_url);
/* Makes the event, with the next sequence. To be called after every change of the user's parties;
 * one with EX_DISCONNECTED that is still among them is told once as ended. */
void ex_presence_changed(struct ex *x, struct ex_user *user);
/* The owner shares presence, the viewer has a line for him, and may answer his calls (3.8). For a
 * held call ex_may_take_held() has to be true as well: the viewer's two settings. */
bool ex_may_pick_up(const struct ex *x, const struct ex_user *viewer, const struct ex_user *owner);
bool ex_may_take_held(const struct ex *x, const struct ex_user *viewer);
/* Some group has the viewer as Monitoring and the agent as Monitored. */
bool ex_may_monitor(const struct ex *x, const struct ex_user *viewer, const struct ex_user *agent);
void ex_save(struct ex *x); /* what is kept has changed: written atomically, soon */

/* The calls (telephony.c); each tells its events. false: not possible in this state. */
/* How the other end sees this party: the extension or outside number; the name, "" without. */
const char *ex_party_number(const struct ex_party *party);
void ex_party_name(const struct ex_party *party, char *out, size_t size);
/* Of the presence words: "Ringing" (also while the other end is not answered), "CallConnected",
 * "OnHold", "ParkedCall"; "NoCall" when it is over. */
const char *ex_party_telephony(const struct ex_party *party);
struct ex_session *ex_call(struct ex *x, const char *from_number, const char *from_name,
                           struct ex_user *to, bool is_scripted); /* from outside */
struct ex_session *ex_dial(struct ex *x, struct ex_user *from, struct ex_device *device,
                           const char *number); /* a user dials: an extension or outside */
bool ex_answer(struct ex *x, struct ex_party *party);
bool ex_hold(struct ex *x, struct ex_party *party, bool is_on);
bool ex_park(struct ex *x, struct ex_party *party);
bool ex_hangup(struct ex *x, struct ex_party *party, const char *reason);
struct ex_session *ex_session_by_id(const struct ex *x, const char *id);
size_t ex_sessions_len(const struct ex *x);
struct ex_session *ex_session_at(const struct ex *x, size_t index);
size_t ex_supervisions_len(const struct ex *x);
const struct ex_supervision *ex_supervision_at(const struct ex *x, size_t index);

#endif
