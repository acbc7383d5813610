/* The floor as the service tells it: people, presence, calls, supervisions, and what of it the
 * model is to know. Pure: no I/O, no clock.
 *
 * Presence (of each user, with activeCalls) says which calls there are; telephony sessions, where
 * the application may have them (CallControl), add what presence does not tell: who supervises,
 * what is recorded, parking places, and where a call went. The id of a call in the model is
 * "SESSION/PARTY" (telephonySessionId/partyId), so that an action names the very leg; a call of
 * which presence tells neither has its `id`. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_FLOOR_H
#define CALLHUD_BACKEND_RINGCENTRAL_FLOOR_H

#include "callhud/backend/backend.h"
#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/base/hash.h"

#define REX_CALL_ID_BYTES (2 * REX_ID_BYTES)
#define REX_SESSIONS_MOST 20000 /* kept; ended ones leave after a minute, the oldest first */

struct rex_user {
    char *id; /* extension id: the model's user id */
    char *extension, *name, *department;
    uint32_t line;                /* key of the list, reserved ones not counted; 0: not in it */
    bool is_monitored;            /* the model is to know it */
    bool is_told;                 /* the model knows it */
    struct rex_presence presence; /* merged: a field that an event lacks stays as it was */
    bool is_heard;                /* any presence has come */
    int64_t
        sequence; /* of the last event; -1 after a snapshot or reconnect: any may follow (10, 8) */
    bool may_pick_up, may_monitor; /* grants (3.7); true until grants were read */
    bool is_right_told[RIGHT_COUNT];
    struct rex_told_call *told; /* the calls the model knows */
    size_t told_len;
};

struct rex_floor {
    VEC(struct rex_user *) users;
    struct map by_id, by_extension;
    struct map sessions; /* telephonySessionId -> struct rex_session, parties merged */
    char own_id[REX_ID_BYTES];
    struct backend_sink sink;
    bool is_answering; /* what is told belongs to the snapshot that was asked for last */
};

void rex_floor_init(struct rex_floor *floor, const struct backend_sink *sink);
void rex_floor_fini(struct rex_floor *floor);

struct rex_user *rex_floor_user(const struct rex_floor *floor, const char *id);
struct rex_user *rex_floor_by_extension(const struct rex_floor *floor, const char *extension);
/* The leg of a user that the model calls so; NULL when it is not there any more. */
const struct rex_party *rex_floor_leg(const struct rex_floor *floor, const char *call_id);
void rex_call_id(char *out, size_t size, const char *session_id, const char *party_id);
bool rex_call_split(const char *call_id, char session_id[REX_ID_BYTES],
                    char party_id[REX_ID_BYTES]);
/* Who has the call now: the extension, "" when nobody we know ("taken by 108"). */
bool rex_floor_taker(const struct rex_floor *floor, const char *call_id, char *extension,
                     size_t size);

/* People and list; tells EVENT_USER, EVENT_USER_GONE as needed. */
void rex_floor_person(struct rex_floor *floor, const struct rex_person *person);
void rex_floor_monitor(struct rex_floor *floor, struct rex_user *user, bool is_monitored,
                       uint32_t line);
void rex_floor_grant(struct rex_floor *floor, const struct rex_grant *grant);

enum rex_news { REX_NEWS_APPLIED, REX_NEWS_OLD, REX_NEWS_GAP };
/* An event: OLD when its sequence is lower than the last; GAP when more calls are said than told
 * (totalActiveCalls), or a sequence was left out: ask for this user anew. The rest is applied all
 * the same. */
enum rex_news rex_floor_presence(struct rex_floor *floor, const struct rex_presence *presence,
                                 int64_t at_ms);
/* An answer: replaces what is known of the user. */
void rex_floor_answer(struct rex_floor *floor, const struct rex_presence *presence, int64_t at_ms);
enum rex_news rex_floor_session(struct rex_floor *floor, const struct rex_session *session,
                                int64_t at_ms);
/* After a reconnect: any sequence may follow. Sessions that are not seen again are forgotten. */
void rex_floor_mistrust(struct rex_floor *floor);

#endif
