/* A second, naive implementation of the model, written from the product contract alone: it keeps
 * the whole history and recomputes every answer from it. Slow and plain, to be compared with hud.
 */
#ifndef CALLHUD_TESTS_MODEL_NAIVE_H
#define CALLHUD_TESTS_MODEL_NAIVE_H

#include "callhud/base/vec.h"
#include "callhud/model/event.h"
#include "callhud/model/lamp.h"

#define VIEW_ID_BYTES 16
#define VIEW_CALLS_MAX 16 /* the generator keeps below */
#define VIEW_USERS_MAX 8

struct view_call {
    char id[VIEW_ID_BYTES];
    enum call_state state;
    enum call_direction direction;
    int64_t since_ms;   /* backend time; 0: unknown */
    bool is_since_told; /* false: the contract does not say what since is here; do not compare */
    int64_t
        began_ms; /* since, or else the time from which it is known: what calls are ordered by */
    bool is_began_told; /* false: the contract does not say */
};

struct view_user {
    char id[VIEW_ID_BYTES];
    enum lamp lamp;
    bool is_stale;
    int64_t since_ms;   /* backend time; 0: unknown */
    bool is_since_told; /* false: do not compare */
    enum presence presence;
    bool is_dnd;
    bool is_withheld;
    bool is_pickup_ok;
    bool is_pickup_told;                    /* false: do not compare */
    bool has_why;                           /* pickup gives a reason */
    unsigned pending;                       /* actions under way, as 1 << enum action_kind */
    unsigned denied;                        /* rights we lack, as 1 << enum right */
    bool is_own;                            /* we ourselves */
    struct view_call calls[VIEW_CALLS_MAX]; /* most urgent first */
    size_t calls_len;
};

/* Everything that is compared, of either implementation. */
struct view {
    struct view_user users[VIEW_USERS_MAX];
    size_t users_len;
    size_t counts[LAMP_COUNT];
};

/* One thing that happened: an event, a tick, or what the end of a snapshot swept away. */
struct naive_fact {
    int kind; /* enum event_kind or NAIVE_TICK, NAIVE_SWEPT_USER, NAIVE_SWEPT_CALL */
    int64_t now_ms;
    int64_t at_ms;
    bool is_answer;
    bool is_void; /* dropped, by what stood in the history when it came */
    int user;     /* index into users; -1 */
    int call;     /* index into calls; -1 */
    int value;    /* presence, call state, link state, or a flag */
    int direction;
    int64_t since_ms;
    struct monitor_settings settings;
    int action;  /* kind, of a capability or an action of ours; value is its level or stage; which
                    right, then value is whether we have it */
    uint32_t id; /* of the action */
};

struct naive_ids {
    VEC(char *) ids;
};

struct naive {
    VEC(struct naive_fact) facts;
    struct naive_ids users, calls; /* in order of first mention */
};

void naive_init(struct naive *naive);
void naive_fini(struct naive *naive);
void naive_apply(struct naive *naive, const struct event *event, int64_t now_ms);
void naive_tick(struct naive *naive, int64_t now_ms);
void naive_view(const struct naive *naive, int64_t now_ms, struct view *out);

/* The lamp table, first match from the top (product contract, section 2). */
enum lamp naive_lamp(enum presence presence, bool is_dnd, bool is_withheld,
                     const struct view_call *calls, size_t calls_len);
/* Checks the tables above against rows copied from the contract; the number of wrong rows, each
 * printed to stdout. */
int naive_self_test(void);

#endif
