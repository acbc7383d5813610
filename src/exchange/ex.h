/* What the world's modules share among themselves. Nobody else sees it. */
#ifndef CALLHUD_EXCHANGE_EX_H
#define CALLHUD_EXCHANGE_EX_H

#include "callhud/exchange/world.h"
#include "timers.h"

#define EX_LINES_MAX 100 /* lines of an appearance besides the reserved ones: HUD limitMax */
#define EX_RESERVED_LINES 2
#define EX_LOCATIONS 3
#define EX_MESSAGE_CHARS 75
#define EX_CALLS_TOLD 7 /* of activeCalls; totalActiveCalls tells the truth */
/* Ids are made of a base and a number, so that looking one up needs no table. */
#define EX_ACCOUNT_ID UINT64_C(400211000008)
#define EX_USER_ID_BASE UINT64_C(400212000008) /* the supervisor; the agents in steps from here */
#define EX_QUEUE_ID_BASE UINT64_C(400205000008)
#define EX_LOCATION_ID_BASE UINT64_C(400207000008)
#define EX_GROUP_ID_BASE UINT64_C(708400)
#define EX_ID_STEP 1000
#define EX_DEVICE_ID_BASE UINT64_C(803001004)
#define EX_EXTENSION_FIRST 101
#define EX_EXTENSION_SUPERVISOR 900
#define EX_SAVE_SOON_MS 200

/* A department as the protocol has it: a call queue, an extension of type "Department". Its members
 * are the users from first on, and as many as members says. */
struct ex_queue {
    uint64_t id;
    char extension[16];
    char name[64];
    size_t first, members;
};

/* A place to park calls at: an extension of type "ParkLocation". */
struct ex_location {
    uint64_t id;
    char extension[16];
    char name[64];
    uint64_t sequence; /* of presence events */
};

struct ex_calls; /* of telephony.c */
struct ex_store; /* of store.c */

struct ex {
    struct ex_options options; /* state_file is not to be read from here: it was the caller's */
    bool switches[EX_SWITCH_COUNT];
    struct ex_user *users; /* the agents, and the supervisor at the end */
    size_t users_len;
    struct ex_device *devices;
    size_t devices_len;
    struct ex_queue *queues;
    size_t queues_len;
    struct ex_location *locations; /* EX_LOCATIONS */
    VEC(struct ex_group *) groups;
    uint64_t groups_made;
    bool has_kept_groups;                    /* they are not as they were made */
    uint64_t lines_sequence;                 /* of EX_EVENT_LINES */
    uint64_t directory_version;              /* of the ETag; counts what the directory shows */
    bool records_on_demand, records_by_rule; /* of the account */
    uint64_t random[4];
    int64_t now_ms;
    struct timers timers;
    void (*on_event)(void *self, const struct ex_event *event);
    void *listener;
    bool is_sharing_news;   /* the presence event being made is the one that tells of sharing */
    struct ex_store *store; /* NULL: nothing is kept */
    struct ex_calls *calls;
};

/* Of telephony.c: at the end of ex_new(), at the start of ex_free(). */
void ex_calls_init(struct ex *x);
void ex_calls_fini(struct ex *x);

/* Of telephony_place.c: does a call wait at the park location? */
bool ex_parked_at(const struct ex *x, uint64_t extension_id);

/* world_people.c: fills users, devices, queues and groups from the seed. */
void ex_people_make(struct ex *x);
void ex_people_free(struct ex *x);

/* --- looking up ------------------------------------------------------------------------------ */

struct ex_queue *ex_queue_by_id(const struct ex *x, uint64_t id);
struct ex_location *ex_location_by_id(const struct ex *x, uint64_t id);
/* The queue of the user's department; NULL: in none. */
struct ex_queue *ex_queue_of(const struct ex *x, const struct ex_user *user);
struct ex_group *ex_group_by_id(const struct ex *x, uint64_t id);
struct ex_member *ex_group_member(const struct ex_group *group, uint64_t extension_id);
/* Keeps the members ordered by extension id. */
void ex_group_put(struct ex_group *group, struct ex_member member);
struct ex_group *ex_group_add(struct ex *x, uint64_t id, const char *name);
void ex_groups_free(struct ex *x);
bool ex_is_permitted(const struct ex_user *owner, uint64_t extension_id);
void ex_full_name(const struct ex_user *user, char *out, size_t size);

/* --- presence and appearance ----------------------------------------------------------------- */

/* The program's own copy of a word of the protocol, for fields that borrow; NULL: no such word. */
const char *ex_user_status_word(const char *text);
const char *ex_dnd_status_word(const char *text);
const char *ex_visibility_word(const char *text);
const char *ex_presence_status(const struct ex_user *user);  /* Offline Busy Available */
const char *ex_telephony_status(const struct ex_user *user); /* NoCall CallConnected ... */
bool ex_sees_presence(const struct ex_user *user, const struct ex_user *viewer);
bool ex_sees_details(const struct ex_user *user, const struct ex_user *viewer);
/* A call was parked at the location, or left it: makes its presence event. */
void ex_location_changed(struct ex *x, struct ex_location *location);
void ex_set_message(struct ex_user *user, const char *text);
/* Changes that go with an event of their own besides presence. */
void ex_set_dnd(struct ex *x, struct ex_user *user, const char *status);
void ex_set_sharing(struct ex *x, struct ex_user *user, bool is_on);
void ex_set_permitted(struct ex *x, struct ex_user *user, const uint64_t *ids, size_t count);
void ex_lines_changed(struct ex *x, struct ex_user *user, unsigned line_id);
/* The reserved lines, the user's own, at the front of an empty appearance. */
void ex_lines_reserve(struct ex_user *user);

/* --- store.c --------------------------------------------------------------------------------- */

/* Something of the user has changed that is kept: saved soon. */
void ex_keep(struct ex *x, struct ex_user *user);
void ex_keep_groups(struct ex *x);
enum rc ex_store_open(struct ex *x, const char *path, struct err *err);
void ex_store_close(struct ex *x); /* writes what is not written yet */

#endif
