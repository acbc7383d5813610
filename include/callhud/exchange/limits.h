/* Rate limits: a sliding window (60 s) for each user, application and group, and the penalty that
 * a request inside it begins anew (contracts: ringcentral 6.1). Time is the exchange's. */
#ifndef CALLHUD_EXCHANGE_LIMITS_H
#define CALLHUD_EXCHANGE_LIMITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMITS_WINDOW_S 60
#define LIMITS_PENALTY_S 60
#define LIMITS_FIGURE_MAX 1000000

struct limits;
struct limits *limits_new(void);
void limits_free(struct limits *l);

struct limit_state {
    const char *group; /* "light"; NULL: not limited */
    unsigned limit, remaining, window_s;
    unsigned retry_after_s; /* 0: let through */
};
/* Counts a request of who ("USER APP") in a group; an unknown group is not limited. */
void limits_take(struct limits *l, const char *who, const char *group, int64_t now_ms,
                 struct limit_state *out);
/* What was let through turned out to count as more than it seemed. */
void limits_add(struct limits *l, const char *who, const char *group, size_t more, int64_t now_ms,
                struct limit_state *out);
/* The penalty begins now, as if the limit had been passed (fault http-429). */
void limits_penalise(struct limits *l, const char *who, const char *group, int64_t now_ms,
                     struct limit_state *out);
/* Accounts and applications have limits of their own: from now on a group lets so many through in
 * so many seconds. False: there is no such group. */
bool limits_set(struct limits *l, const char *group, unsigned limit);
void limits_set_window(struct limits *l, unsigned window_s);
/* What is in force, {"light", "medium", "heavy", "auth", "window"}; new reference. */
json_t *limits_json(const struct limits *l);
/* How many requests a group has had inside a penalty since the beginning: a well-behaved client
 * makes none. */
size_t limits_in_penalty(const struct limits *l);

#endif
