/* When to try again: doubling with full jitter, pure. */
#ifndef CALLHUD_BACKEND_BACKOFF_H
#define CALLHUD_BACKEND_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t first_ms, most_ms;
    unsigned tries;
};
void backoff_init(struct backoff *b, int64_t first_ms, int64_t most_ms);
/* The next wait: uniformly in [half, whole] of first * 2^tries, whole at most most_ms. */
int64_t backoff_next_ms(struct backoff *b, uint32_t random);
void backoff_reset(struct backoff *b); /* after a success that lasted */

#endif
