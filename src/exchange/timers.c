#include "timers.h"

#include "callhud/base/mem.h"

#define FIRST_BUCKETS 64

struct timer {
    int64_t at_ms;
    uint64_t number;
    ex_fire *fire;
    void *self;
    size_t place;               /* in the heap */
    struct timer *next, **link; /* of the bucket */
};

static size_t bucket_of(const struct timers *t, const void *self)
{
    uint64_t h = (uint64_t)(uintptr_t)self * 0x9E3779B97F4A7C15u;
    return (size_t)(h >> 32) & (t->buckets - 1);
}

static void chain(struct timers *t, struct timer *timer)
{
    struct timer **head = &t->owners[bucket_of(t, timer->self)];
    timer->next = *head;
    timer->link = head;
    if (timer->next)
        timer->next->link = &timer->next;
    *head = timer;
}

static void unchain(struct timer *timer)
{
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
}

static void grow_buckets(struct timers *t)
{
    size_t buckets = t->buckets ? t->buckets * 4 : FIRST_BUCKETS;
    mem_free(t->owners);
    t->owners = mem_zero(buckets, sizeof *t->owners);
    t->buckets = buckets;
    for (size_t i = 0; i < t->len; i++)
        chain(t, t->heap[i]);
}

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->number < b->number;
}

static void put(struct timers *t, size_t place, struct timer *timer)
{
    t->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct timers *t, size_t place)
{
    struct timer *timer = t->heap[place];
    while (place > 0 && is_before(timer, t->heap[(place - 1) / 2])) {
        put(t, place, t->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(t, place, timer);
}

static void sift_down(struct timers *t, size_t place)
{
    struct timer *timer = t->heap[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < t->len && is_before(t->heap[child + 1], t->heap[child]))
            child++;
        if (child >= t->len || !is_before(t->heap[child], timer))
            break;
        put(t, place, t->heap[child]);
        place = child;
    }
    put(t, place, timer);
}

static void take_off(struct timers *t, struct timer *timer)
{
    size_t place = timer->place;
    struct timer *last = t->heap[--t->len];
    if (last != timer) {
        put(t, place, last);
        sift_down(t, place);
        sift_up(t, last->place);
    }
    unchain(timer);
}

void timers_fini(struct timers *t)
{
    for (size_t i = 0; i < t->len; i++)
        mem_free(t->heap[i]);
    mem_free(t->heap);
    mem_free(t->owners);
    *t = (struct timers){0};
}

void timers_add(struct timers *t, int64_t at_ms, ex_fire *fire, void *self)
{
    if (t->len >= t->buckets)
        grow_buckets(t);
    if (t->len == t->cap) {
        t->cap = t->cap ? t->cap * 2 : FIRST_BUCKETS;
        t->heap = mem_grow(t->heap, t->cap, sizeof *t->heap);
    }
    struct timer *timer = mem_zero(1, sizeof *timer);
    *timer = (struct timer){.at_ms = at_ms, .number = t->made++, .fire = fire, .self = self};
    put(t, t->len++, timer);
    chain(t, timer);
    sift_up(t, t->len - 1);
}

void timers_cancel(struct timers *t, const void *self)
{
    if (t->buckets == 0)
        return;
    struct timer *next;
    for (struct timer *timer = t->owners[bucket_of(t, self)]; timer; timer = next) {
        next = timer->next;
        if (timer->self == self) {
            take_off(t, timer);
            mem_free(timer);
        }
    }
}

int64_t timers_next_ms(const struct timers *t)
{
    return t->len ? t->heap[0]->at_ms : INT64_MAX;
}

bool timers_take(struct timers *t, int64_t now_ms, int64_t *at_ms, ex_fire **fire, void **self)
{
    if (t->len == 0 || t->heap[0]->at_ms > now_ms)
        return false;
    struct timer *timer = t->heap[0];
    *at_ms = timer->at_ms;
    *fire = timer->fire;
    *self = timer->self;
    take_off(t, timer);
    mem_free(timer);
    return true;
}
