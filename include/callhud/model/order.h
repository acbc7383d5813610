/* Which users are shown, in which order, under which department: a list of rows for the views. */
#ifndef CALLHUD_MODEL_ORDER_H
#define CALLHUD_MODEL_ORDER_H

#include "callhud/model/filter.h"
#include "callhud/model/hud.h"

/* X(enum, word for commands and configuration, words on screen) */
#define ORDER_LIST(X)                               \
    X(ORDER_LINE, "line", "line order")             \
    X(ORDER_EXTENSION, "extension", "extension")    \
    X(ORDER_NAME, "name", "name")                   \
    X(ORDER_STATE, "state", "state")                \
    X(ORDER_LONGEST, "longest", "longest in state") \
    X(ORDER_HOLD, "hold", "longest hold")
enum order_by {
#define ORDER_ENUM(name, word, text) name,
    ORDER_LIST(ORDER_ENUM)
#undef ORDER_ENUM
        ORDER_COUNT
};
const char *order_text(enum order_by by);
bool order_from_word(const char *word, enum order_by *out);

struct order_entry;

struct order_group {
    const char *department;           /* "" for users without one: they come last */
    size_t first, len;                /* into order.users */
    size_t free_count, ringing_count; /* users by lamp */
    size_t held_count;       /* users who hold a call, also those at whom another one rings */
    int64_t longest_hold_ms; /* age; -1 when nobody holds */
    bool is_hold_at_least;   /* the beginning of that hold is not known */
};

struct order {
    VEC(const struct user *) users;
    VEC(struct order_group) groups; /* one group with department NULL when not grouped */
    size_t hidden;                  /* users that the filter or the department kept out */
    size_t extension_bytes;         /* of the longest extension among users */
    /* As built last, where the next build begins: on a large floor only those are looked at anew
     * who have changed, and what is in order already is not sorted. */
    struct order_entry *entries; /* all users, by extension */
    size_t entries_len;
    const struct hud *hud; /* of entries */
    int64_t full_ms;
    VEC(uint32_t) as_shown; /* user.index */
};

struct order_request {
    enum order_by by;
    bool is_grouped;        /* by department; groups in order of their first user by line order */
    const char *department; /* only this one; NULL: all */
    const struct filter *filter;
};
/* ORDER_LINE: by line; users without a line after those, by extension (natural). Ties: extension.
 * Stable: equal input gives equal output. Pointers hold until the next hud_apply(). */
void order_build(struct order *order, const struct hud *hud, const struct order_request *request,
                 int64_t now_ms);
void order_fini(struct order *order);

/* The users that ask for action, most urgent first: ringing (longest first), then held (longest
 * first), then parked. Stale ones are included, unknown ones not, nor a supervisor whose phone
 * rings because a callhud calls it. */
struct urgent {
    VEC(const struct user *) users;
};
/* From what order_build() has just worked out; without its filter. */
void urgent_of_order(struct urgent *urgent, const struct order *order);
void urgent_fini(struct urgent *urgent);

#endif
