#include "callhud/backend/backoff.h"

void backoff_init(struct backoff *b, int64_t first_ms, int64_t most_ms)
{
    *b = (struct backoff){.first_ms = first_ms > 0 ? first_ms : 1,
                          .most_ms = most_ms > first_ms ? most_ms : first_ms};
}

int64_t backoff_next_ms(struct backoff *b, uint32_t random)
{
    int64_t whole = b->first_ms;
    for (unsigned i = 0; i < b->tries && whole < b->most_ms; i++)
        whole *= 2;
    if (whole > b->most_ms)
        whole = b->most_ms;
    else
        b->tries++;
    int64_t half = whole / 2;
    return half + (int64_t)(random % (uint64_t)(whole - half + 1));
}

void backoff_reset(struct backoff *b)
{
    b->tries = 0;
}
