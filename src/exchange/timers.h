/* Timers of the exchange's virtual clock: a heap, with a way from an owner to his timers. */
#ifndef CALLHUD_EXCHANGE_TIMERS_H
#define CALLHUD_EXCHANGE_TIMERS_H

#include "callhud/exchange/world.h"

struct timer;
struct timers {
    struct timer **heap; /* the earliest first; of the same moment, the first made */
    size_t len, cap;
    struct timer **owners; /* buckets by owner */
    size_t buckets;
    uint64_t made;
};

void timers_fini(struct timers *t);
void timers_add(struct timers *t, int64_t at_ms, ex_fire *fire, void *self);
void timers_cancel(struct timers *t, const void *self); /* all of that owner */
int64_t timers_next_ms(const struct timers *t);         /* INT64_MAX: none */
/* Takes off the earliest if it is due at now_ms or before. */
bool timers_take(struct timers *t, int64_t now_ms, int64_t *at_ms, ex_fire **fire, void **self);

#endif
