/* The floor as the service tells it: people, presence, calls, supervisions, and what of it the
 * model is to know. Pure: no I/O, no clock.
 *
 * Presence (of each user, with activeCalls) says which calls there are; telephony sessions, where
 * the application may have them (CallControl), add what presence does not tell: who supervises,
 * what is recorded, when it was answered, and where a call went. The id of a call in the model is
 * "SESSION/PARTY" (telephonySessionId/partyId), so that an action names the very leg; a call of
 * which presence tells neither has its `id`, and a meeting is REX_MEETING: rex_call_split() is
 * false for both, there is nothing that could be done to them. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_FLOOR_H
#define CALLHUD_BACKEND_RINGCENTRAL_FLOOR_H

#include "callhud/backend/backend.h"
#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/base/hash.h"

#define REX_CALL_ID_BYTES (2 * REX_ID_BYTES)
#define REX_MEETING "meeting"
#define REX_SESSIONS_MOST 20000   /* kept; the oldest ended ones leave before others */
#define REX_SESSION_KEEP_MS 60000 /* an ended one, by the service's clock */
#define REX_PARTIES_MOST 64       /* of one session */
#define REX_LEGS_SUPERVISING 8    /* supervisors of one call that are told */

struct rex_call {        /* of a user, as kept: texts owned */
    char *id;            /* in the model */
    char *number, *name; /* of the other party; NULL when not told */
    int64_t start_ms;    /* when the call began; 0: not told */
    uint64_t told;       /* hash of what the model knows of it; 0: nothing */
    uint8_t state;       /* enum rex_telephony */
    bool is_inbound;
    bool is_gone; /* not told any more: leaves when the model knows */
};

/* Fields that an event and an answer may race for, each by itself. */
enum rex_field {
    REX_FIELD_STATUS,
    REX_FIELD_USER_STATUS,
    REX_FIELD_DND,
    REX_FIELD_CALLS, /* telephonyStatus too */
    REX_FIELD_SHARED,
    REX_FIELD_MEETING,
    REX_FIELD_MESSAGE,
    REX_FIELD_SETTINGS,
    REX_FIELDS
};

/* Small on purpose: there is one for each of up to 100,000 people. Texts are owned; name and
 * department are "" when not known. */
struct rex_user {
    char *id; /* extension id: the model's user id */
    char *extension, *name, *department;
    uint32_t line; /* key of the list, reserved ones not counted; 0: not in it */
    uint32_t index;
    uint32_t listed; /* number of the reading that named it last */
    uint32_t
        answered; /* rex_floor.epoch of the last request of a snapshot that told its presence */
    bool is_monitored; /* the model is to know it */
    bool is_told;      /* the model knows it */
    bool is_place;     /* no person (ParkLocation and its like): its Offline says nothing */
    bool is_heard;     /* any presence has come */
    bool may_pick_up, may_monitor; /* grants (3.7); true until grants were read */
    bool is_right_told[RIGHT_COUNT];
    bool is_allowed_told[RIGHT_COUNT];
    struct {          /* merged: a field that an event lacks stays as it was */
        unsigned has; /* REX_HAS_... of any message */
        enum rex_status status, user_status;
        enum rex_telephony telephony;
        bool is_dnd, is_in_meeting, is_shared;
        bool rings_when_monitored, picks_up_held;
        char *message; /* NULL: none */
    } presence;
    struct rex_call *calls; /* those that are; a meeting is one */
    uint32_t calls_len;
    uint32_t touched[REX_FIELDS]; /* rex_floor.epoch of the last event with that field */
    uint32_t live_epoch;          /* rex_floor.epoch at which it was last told as news */
    uint32_t heard_epoch;         /* the same of the last event */
    int64_t
        sequence; /* of the last event; -1 after a snapshot or reconnect: any may follow (10, 8) */
    unsigned last_has; /* of the last event */
    uint32_t missing;  /* events left out by the sequence, that have not come late either */
    bool is_short;     /* an answer too told fewer calls than there are: not asked again */
    uint64_t told_user, told_presence; /* hashes; 0: not told */
    bool told_dnd, told_withheld, is_dnd_told;
};

struct rex_kept; /* a session */

struct rex_floor {
    VEC(struct rex_user *) users;
    struct map by_id, by_extension;
    struct map sessions;          /* telephonySessionId -> struct rex_kept, parties merged */
    VEC(struct rex_kept *) ended; /* in order of their end, those before ended_at are freed */
    size_t ended_at;
    char own_id[REX_ID_BYTES];
    struct backend_sink sink;
    struct monitor_settings settings; /* own; ring_locks_hold is the configuration's */
    bool is_settings_told;
    bool is_answering;       /* what is told belongs to the snapshot that was asked for last */
    uint32_t epoch;          /* number of the last request for presence */
    uint32_t snapshot_epoch; /* when the open or last snapshot was asked */
    uint32_t forgiven;       /* number of the request that repaired the last loss: what was left out
                                since an event before it is known */
    uint64_t missing;        /* sum of the users' */
    uint64_t corrected;      /* answers that told another thing than was known, ever */
    uint64_t repaired;       /* the same of answers outside of snapshots */
    uint64_t news;           /* told, that were no answers */
    struct rex_party party;  /* what rex_floor_leg() lends */
};

void rex_floor_init(struct rex_floor *floor, const struct backend_sink *sink);
void rex_floor_fini(struct rex_floor *floor);

struct rex_user *rex_floor_user(const struct rex_floor *floor, const char *id);
struct rex_user *rex_floor_by_extension(const struct rex_floor *floor, const char *extension);
bool rex_floor_is_hidden(const struct rex_floor *floor, const struct rex_user *user);
/* The call of a user that the model calls so; NULL when it is not there (any more). */
const struct rex_call *rex_user_call(const struct rex_user *user, const char *call_id);
/* The leg of a user that the model calls so, as sessions told it; NULL when they did not. Good
 * until the next call. */
const struct rex_party *rex_floor_leg(struct rex_floor *floor, const char *call_id);
void rex_call_id(char *out, size_t size, const char *session_id, const char *party_id);
bool rex_call_split(const char *call_id, char session_id[REX_ID_BYTES],
                    char party_id[REX_ID_BYTES]);
/* Who has the call now: the extension, "" when nobody we know ("taken by 108"). */
bool rex_floor_taker(const struct rex_floor *floor, const char *call_id, char *extension,
                     size_t size);

/* People and list. Tells nothing by itself, but for users that the model knows already: their news,
 * and EVENT_USER_GONE. Others are named by rex_floor_name() or with their first presence. */
struct rex_user *rex_floor_person(struct rex_floor *floor, const struct rex_person *person);
void rex_floor_monitor(struct rex_floor *floor, struct rex_user *user, bool is_monitored,
                       uint32_t line);
void rex_floor_drop(struct rex_floor *floor, struct rex_user *user); /* frees; GONE if told */
void rex_floor_grant(struct rex_floor *floor, struct rex_user *user, bool may_pick_up,
                     bool may_monitor);
/* EVENT_USER and rights of everybody monitored: as answers while is_answering, else only what is
 * new. */
void rex_floor_name(struct rex_floor *floor);
/* EVENT_SETTINGS once: what the configuration says, until our own presence tells. */
void rex_floor_settings(struct rex_floor *floor, const struct monitor_settings *settings);

enum rex_news { REX_NEWS_APPLIED, REX_NEWS_OLD, REX_NEWS_SHORT, REX_NEWS_SKIPPED, REX_NEWS_NOBODY };
/* An event: OLD when its sequence is lower than the last: dropped; SHORT when more calls are said
 * than told (totalActiveCalls, or a status without its call): ask for this user anew; SKIPPED when
 * a sequence was left out and floor->missing grew: it may still come late; NOBODY when the user is
 * neither monitored nor we. All but OLD and NOBODY are applied. */
enum rex_news rex_floor_presence(struct rex_floor *floor, const struct rex_presence *presence,
                                 int64_t at_ms);
/* To be called when a request for presence is being sent; its answer is handed over with the number
 * returned, and overwrites nothing that an event told in between. What it tells anew began at a
 * time that nobody knows, but for what the answer itself says of it. */
uint32_t rex_floor_asked(struct rex_floor *floor);
void rex_floor_answer(struct rex_floor *floor, const struct rex_presence *presence, uint32_t asked,
                      int64_t at_ms);
/* The whole floor as an answer, without asking: after a recovery that lost nothing. */
void rex_floor_retell(struct rex_floor *floor, int64_t at_ms);

/* SKIPPED: events of the session were left out: read it anew (they tell no lamp). */
enum rex_news rex_floor_session(struct rex_floor *floor, const struct rex_session *session,
                                int64_t at_ms);
/* Do a leg and what presence says of its call disagree? Both are told at nearly the same time, so
 * that after a while it means that one of them was lost. False for legs that tell nothing. */
bool rex_floor_is_doubtful(const struct rex_floor *floor, const char *call_id);
/* After a reconnect: any sequence may follow. */
void rex_floor_mistrust(struct rex_floor *floor);
/* What is missing will not come any more: floor->missing is 0 again. */
void rex_floor_forgive(struct rex_floor *floor);
/* A loss is repaired by the snapshot that was asked last: the next event of each user and session
 * may leave numbers out. */
void rex_floor_repaired(struct rex_floor *floor);
bool rex_floor_is_session_over(const struct rex_floor *floor, const char *session_id);
/* After a snapshot: sessions that no call belongs to any more and of which nothing was heard since
 * it was asked are over. */
void rex_floor_sweep(struct rex_floor *floor, int64_t at_ms);
/* Calls "SESSION/PARTY" of monitored users whose session is not known: at most `most` session ids,
 * each once; the caller frees. */
typedef VEC(char *) rex_ids;
void rex_ids_free(rex_ids *ids);
void rex_floor_unknown_sessions(const struct rex_floor *floor, size_t most, rex_ids *out);
/* It cannot be had: not asked for again. */
void rex_floor_session_denied(struct rex_floor *floor, const char *session_id);

#endif
