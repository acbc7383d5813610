/* JSON of the service as plain structs: mended, cleaned (utf8_clean), clipped; tolerant as section
 * 10 asks: ids are numbers or texts, any field may be missing, times have or lack milliseconds and
 * the colon. The only file of the backend that sees jansson is rex_wire*.c. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_H
#define CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/base/vec.h"
#include "callhud/model/desk.h"

#include <stdbool.h>
#include <stdint.h>

#define REX_ID_BYTES 96 /* with NUL; a longer id is refused as undecodable */
#define REX_NUMBER_BYTES 64
#define REX_TEXT_BYTES 192 /* names, messages */
#define REX_CALLS_MOST 32  /* of one presence; the service sends at most 7 */
#define REX_FRAME_MAX_BYTES (1024 * 1024)
#define REX_BODY_MAX_BYTES (32 * 1024 * 1024)
/* Of one answer, whose pages are asked for with 2,000 at most: more are RC_PROTO. */
#define REX_RECORDS_MOST 10000

/* ---- the gateway's frames (2.2): [meta, body] -------------------------------------------------
 */
enum rex_frame_kind {
    REX_FRAME_DETAILS, /* ConnectionDetails */
    REX_FRAME_REPLY,   /* "ClientRequest" from the server */
    REX_FRAME_NOTICE,  /* ServerNotification */
    REX_FRAME_HEARTBEAT,
    REX_FRAME_ERROR,
    REX_FRAME_OTHER,
};
struct rex_disabled {
    char filter[256];
    char reason[REX_TEXT_BYTES];
};

/* ---- presence (3.1, 3.6) -----------------------------------------------------------------------
 */
enum rex_telephony {
    REX_NO_CALL,
    REX_CONNECTED,
    REX_RINGING,
    REX_ON_HOLD,
    REX_PARKED,
    REX_NOT_TOLD
};
struct rex_active_call {
    char id[REX_ID_BYTES];
    char session_id[REX_ID_BYTES]; /* telephonySessionId; "" when not told */
    char party_id[REX_ID_BYTES];   /* "" when not told */
    bool is_inbound;
    bool is_final; /* NoCall and terminationType final: it has just ended */
    enum rex_telephony state;
    char number[REX_NUMBER_BYTES]; /* of the other party: from of an inbound, to of an outbound */
    char name[REX_TEXT_BYTES];
    int64_t start_ms; /* 0 when not told */
};
enum { /* rex_presence.has: which fields were there */
       REX_HAS_STATUS = 1,
       REX_HAS_USER_STATUS = 2,
       REX_HAS_DND = 4,
       REX_HAS_CALLS = 8,
       REX_HAS_SHARED = 16,
       REX_HAS_SETTINGS = 32,
       REX_HAS_TELEPHONY = 64,
       REX_HAS_MEETING = 128,
       REX_HAS_TOTAL = 256,
       REX_HAS_MESSAGE = 512,
       REX_HAS_SEQUENCE = 1024,
       REX_HAS_DETAILS = 2048,
};
enum rex_status { REX_STATUS_OFFLINE, REX_STATUS_BUSY, REX_STATUS_AVAILABLE };
struct rex_presence {
    char extension_id[REX_ID_BYTES];
    char extension[REX_NUMBER_BYTES]; /* "" in events */
    unsigned has;
    enum rex_status status, user_status; /* presenceStatus, userStatus */
    enum rex_telephony telephony;
    bool is_dnd; /* DoNotAcceptAnyCalls */
    bool is_in_meeting;
    bool is_shared; /* allowSeeMyPresence */
    bool rings_when_monitored, picks_up_held;
    enum desk_details details; /* callerIdVisibility */
    char message[REX_TEXT_BYTES];
    uint32_t total_calls; /* events alone */
    int64_t sequence;
    int refused; /* an item of a list that was refused with this HTTP status: nothing but the id,
                    and is_shared false when the person does not share presence with us; 0 */
    VEC(struct rex_active_call) calls; /* owned */
};

/* ---- telephony sessions (4.1, 4.2) --------------------------------------------------------------
 */
enum rex_party_code {
    REX_SETUP,
    REX_PROCEEDING,
    REX_ANSWERED,
    REX_DISCONNECTED,
    REX_GONE,
    REX_PARTY_PARKED,
    REX_HOLD,
    REX_PARTY_OTHER, /* voice mail and its like */
};
struct rex_party {
    char id[REX_ID_BYTES];
    char extension_id[REX_ID_BYTES]; /* "": not of this account; owner.extensionId counts as well */
    bool is_inbound;
    enum rex_party_code code;
    char reason[48]; /* "Supervising", "Pickup", ...; "" */
    char peer_session[REX_ID_BYTES], peer_party[REX_ID_BYTES]; /* with Gone; "" */
    char from_number[REX_NUMBER_BYTES], from_name[REX_TEXT_BYTES], from_extension_id[REX_ID_BYTES];
    char to_number[REX_NUMBER_BYTES], to_name[REX_TEXT_BYTES], to_extension_id[REX_ID_BYTES];
    char device_id[REX_ID_BYTES]; /* of the end that is this party; "" */
    char park[REX_NUMBER_BYTES];  /* "*801", or the park location's id; "" */
    bool has_recordings;          /* the field was there */
    bool is_recorded;
    char recording_id[REX_ID_BYTES]; /* the active one; "" */
};
struct rex_session {
    char id[REX_ID_BYTES];         /* telephonySessionId */
    int64_t sequence;              /* of events, from 2; 0 in answers */
    int64_t at_ms;                 /* eventTime; 0 */
    VEC(struct rex_party) parties; /* an event has one, an answer all */
};

struct rex_notice { /* one ServerNotification */
    char uuid[REX_ID_BYTES];
    int64_t at_ms; /* timestamp */
    enum {
        REX_NOTICE_PRESENCE, /* told by the body, not by the path */
        REX_NOTICE_SESSION,
        REX_NOTICE_LINES,  /* the list has changed */
        REX_NOTICE_PEOPLE, /* directory or extensions */
        REX_NOTICE_GRANTS,
        REX_NOTICE_OTHER
    } kind;
    struct rex_presence presence;
    struct rex_session session;
};

struct rex_frame {
    enum rex_frame_kind kind;
    char message_id[REX_ID_BYTES];
    int status;
    struct { /* meta.wsc of any frame */
        bool is_there;
        char token[2048];
        int64_t sequence;
    } wsc;
    struct { /* DETAILS */
        int64_t recovery_timeout_ms, idle_timeout_ms, absolute_timeout_ms;
        uint32_t recovery_buffer;
        bool has_recovery, is_recovered;
        char recovery_code[24];
    } details;
    struct { /* REPLY to a subscription */
        char subscription_id[REX_ID_BYTES];
        VEC(struct rex_disabled) disabled;
    } reply;
    struct {                    /* of a 429 (6.1), out of meta.headers */
        char group[16];         /* "" when not told */
        int64_t retry_after_ms; /* 0 when not told */
    } limit;
    struct rex_notice notice;
    char code[24]; /* ERROR and refused replies: "WSG-902" */
    char text[REX_TEXT_BYTES];
};
/* A frame whose body is no JSON (2.2) still has its meta. RC_PROTO: undecodable. */
enum rc rex_wire_frame(struct rex_frame *out, const char *bytes, size_t len, struct err *err);
void rex_frame_fini(struct rex_frame *frame);
void rex_notice_fini(struct rex_notice *notice);

/* ---- answers ------------------------------------------------------------------------------------
 */
struct rex_token {
    char access[4096], refresh[4096]; /* refresh "" when none; the caller wipes */
    int64_t expires_in_ms, refresh_expires_in_ms;
    char scope[1024];
    char owner_id[REX_ID_BYTES];
};
enum rc rex_wire_token(struct rex_token *out, const char *body, size_t len, struct err *err);
struct rex_wstoken {
    char uri[1024], token[4096];
};
enum rc rex_wire_wstoken(struct rex_wstoken *out, const char *body, size_t len, struct err *err);
/* Of an error body (1.4, 6.2): the code that decides and the service's sentence; both "" when it is
 * neither. error ("invalid_grant") is the code when there is no other. */
void rex_wire_error(char *code, size_t code_size, char *text, size_t text_size, const char *body,
                    size_t len);

struct rex_paging {             /* how a page counts itself */
    uint32_t page, total_pages; /* 0: not told */
    int64_t total;              /* elements of all pages; -1: not told */
    bool has_next;              /* navigation.nextPage */
    size_t records;             /* in this page, also those that cannot be read */
};

typedef VEC(struct rex_presence) rex_presences;
void rex_presences_free(rex_presences *list);
/* One object, records[] of the account, a 207 in JSON (3.2: items of another status than 200 have
 * it in `refused`), or multipart (content_type tells the boundary). Appends. A record that cannot
 * be read is left out; RC_PROTO when the whole is none of these. */
enum rc rex_wire_presences(rex_presences *out, struct rex_paging *paging, const char *content_type,
                           const char *body, size_t len, struct err *err);

struct rex_line { /* 3.5 */
    char id[REX_ID_BYTES];
    char extension_id[REX_ID_BYTES], extension[REX_NUMBER_BYTES], type[32];
    bool is_reserved; /* notEditableOnHud */
};
typedef VEC(struct rex_line) rex_lines;
enum rc rex_wire_lines(rex_lines *out, struct rex_paging *paging, const char *body, size_t len,
                       struct err *err); /* appends */

struct rex_person { /* directory (5), or /account/~/extension */
    char id[REX_ID_BYTES], extension[REX_NUMBER_BYTES], name[REX_TEXT_BYTES];
    char department[REX_TEXT_BYTES], type[32];
    bool is_enabled;
    bool is_foreign; /* of another account (10, 28) */
};
typedef VEC(struct rex_person) rex_persons;
enum rc rex_wire_persons(rex_persons *out, struct rex_paging *paging, const char *body, size_t len,
                         struct err *err); /* appends */
enum rc rex_wire_person(struct rex_person *out, const char *body, size_t len, struct err *err);

struct rex_grant { /* 3.7 */
    char extension_id[REX_ID_BYTES];
    bool may_pick_up, may_monitor;
};
typedef VEC(struct rex_grant) rex_grants;
enum rc rex_wire_grants(rex_grants *out, struct rex_paging *paging, const char *body, size_t len,
                        struct err *err); /* appends */

struct rex_device { /* 4.8 */
    char id[REX_ID_BYTES], name[REX_TEXT_BYTES], model[REX_TEXT_BYTES], type[24];
    bool is_online;
    bool has_lamps; /* model.features has BLA, or it is a HardPhone or BLA */
};
typedef VEC(struct rex_device) rex_devices;
enum rc rex_wire_devices(rex_devices *out, struct rex_paging *paging, const char *body, size_t len,
                         struct err *err); /* appends; one without an id is left out */

struct rex_feature { /* 3.7 */
    char id[48];
    bool is_available;
    char reason[REX_TEXT_BYTES];
    uint32_t limit; /* param limitMax; 0 */
};
typedef VEC(struct rex_feature) rex_features;
enum rc rex_wire_features(rex_features *out, const char *body, size_t len, struct err *err);

enum rc rex_wire_session(struct rex_session *out, const char *body, size_t len, struct err *err);
void rex_session_fini(struct rex_session *session);
/* One party: the answer of an action. */
enum rc rex_wire_party(struct rex_party *out, const char *body, size_t len, struct err *err);
/* What is answered to a recording that was begun or ended (4.3): is it active? False: not told. */
bool rex_wire_recording(bool *is_active, const char *body, size_t len);

/* ---- requests' bodies
 * ---------------------------------------------------------------------------- */
void rex_wire_subscription(struct buf *out, const char *const *filters, size_t len);
/* A frame to the gateway; body NULL: none. */
void rex_wire_request(struct buf *out, const char *message_id, const char *method, const char *path,
                      const char *body);
void rex_wire_heartbeat(struct buf *out, const char *message_id);
void rex_wire_text(struct buf *out, const char *text); /* a JSON string, quoted and escaped */

#endif
