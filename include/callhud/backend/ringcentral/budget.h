/* How many requests the service still allows (section 6.1), pure. Counted here as the service
 * counts: a sliding window per application, person and group; a request in a penalty would begin
 * the penalty anew, so none is sent then. Times are UTC epoch milliseconds of this machine, since
 * several processes share one budget. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_BUDGET_H
#define CALLHUD_BACKEND_RINGCENTRAL_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rex_group { REX_LIGHT, REX_MEDIUM, REX_HEAVY, REX_AUTH, REX_GROUPS };

/* Who asks decides how much must be left for others before it may go. */
enum rex_priority {
    REX_FOR_ACTION, /* a person waits, and the sign-in: the last request is good enough */
    REX_FOR_LINK,   /* wstoken, subscription */
    REX_FOR_REPAIR, /* a gap, one user */
    REX_FOR_SNAPSHOT,
    REX_FOR_POLL,
    REX_PRIORITIES
};

#define REX_LIMIT_MOST 200 /* requests of one window that are kept in mind */

struct rex_window {
    uint32_t limit; /* per window; the defaults of the contract until headers tell others */
    uint32_t window_ms;
    int64_t sent_ms[REX_LIMIT_MOST]; /* ring of those in the window, oldest at `first` */
    size_t first, len;
    int64_t penalty_until_ms; /* 0: none */
    uint32_t
        unseen; /* used by somebody else: limit - remaining of the last headers, less our own */
    int64_t unseen_until_ms;
};
struct rex_budget {
    struct rex_window groups[REX_GROUPS];
    int64_t all_until_ms; /* a 429 that named no group: nothing at all before this */
};

void rex_budget_init(struct rex_budget *budget);
/* May it be sent now? 0: yes, and it is counted as sent; else after how many milliseconds to ask
 * again. */
int64_t rex_budget_take(struct rex_budget *budget, enum rex_group group, enum rex_priority priority,
                        int64_t wall_ms);
/* The one counted last never reached the service. */
void rex_budget_give_back(struct rex_budget *budget, enum rex_group group);
/* What an answer's headers told; limit or window_ms 0: not told; remaining -1: not told. */
void rex_budget_told(struct rex_budget *budget, enum rex_group group, uint32_t limit,
                     int32_t remaining, uint32_t window_ms, int64_t wall_ms);
/* A 429. retry_after_ms 0: not told, then the group's penalty of 60 s (30 s at least when no group
 * was named). Returns for how long from now nothing may be sent. */
int64_t rex_budget_refused(struct rex_budget *budget, enum rex_group group, bool is_group_named,
                           int64_t retry_after_ms, int64_t wall_ms);
/* In what time so many requests are half of what the limit allows. */
int64_t rex_budget_half_ms(const struct rex_budget *budget, enum rex_group group, size_t requests);
/* Ours becomes what both know: every request of the two, the longer penalty, the smaller limit. */
void rex_budget_join(struct rex_budget *ours, const struct rex_budget *there);
/* "Light", "light"; false when it is none. */
bool rex_group_find(const char *name, enum rex_group *out);

#endif
