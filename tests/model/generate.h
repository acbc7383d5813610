/* Random histories for the property test, drawn from a seed alone. A true world of users and calls
 * changes; what it does becomes live events (some late, doubled or lost) and, when a snapshot is
 * asked, answers that tell the world as it was then. */
#ifndef CALLHUD_TESTS_MODEL_GENERATE_H
#define CALLHUD_TESTS_MODEL_GENERATE_H

#include "naive.h"

#define WORLD_USERS 6
#define WORLD_CALLS 12               /* call ids of one user; used again in turn */
#define WORLD_EPOCH_MS 1700000000000 /* backend time minus monotonic time */

struct world_call {
    bool is_on;
    enum call_state state;
    enum call_direction direction;
    int64_t since_ms;
};

struct world_user {
    bool is_here;
    enum presence presence;
    bool is_dnd;
    bool is_withheld;
    unsigned denied; /* rights we lack, as 1 << enum right */
    struct world_call calls[WORLD_CALLS];
    int next_call;
};

struct world {
    struct world_user users[WORLD_USERS];
};

/* One step: time passes, then (unless only time passes) an event. A value: no pointers. */
struct op {
    int64_t advance_ms;
    bool is_pause; /* no event */
    bool is_tail;  /* part of the last snapshot: never taken out by shrinking */
    enum event_kind kind;
    int64_t at_ms;
    bool is_answer;
    int user; /* number; the id is "uN" */
    int call; /* number; the id is "cN" */
    enum link_state link;
    enum presence presence;
    bool is_on;
    enum call_state state;
    enum call_direction direction;
    int64_t since_ms;
    struct monitor_settings settings;
    enum action_kind action; /* of a capability or an action of ours */
    enum right right;        /* is_on: we have it */
    enum capability level;
    enum action_stage stage;
    uint32_t action_id;
};

struct history {
    VEC(struct op) ops;
    struct world truth;   /* at the end */
    bool is_converging;   /* ends with a snapshot of the truth */
    bool is_ticked_often; /* tick whenever hud_next_tick_ms() asks, not only at the steps */
};

uint64_t random_next(uint64_t *state); /* splitmix64 */
void generate(struct history *history, uint64_t seed);
void history_fini(struct history *history);

/* The texts of an event; must live as long as it is used. */
struct op_texts {
    char user[VIEW_ID_BYTES];
    char call[VIEW_ID_BYTES];
    char extension[VIEW_ID_BYTES];
};
void op_event(const struct op *op, struct op_texts *texts, struct event *event);
void op_print(const struct op *op, int64_t now_ms, char *out, size_t size);

/* What the world says should be shown on a fresh link. */
enum lamp world_lamp(const struct world_user *user);

#endif
