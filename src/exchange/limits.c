#include "callhud/exchange/limits.h"

#include "callhud/base/hash.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#include <stdio.h>

static const struct group {
    const char *name;
    unsigned limit;
} groups[] = {{"light", 50}, {"medium", 40}, {"heavy", 10}, {"auth", 5}};

struct window {
    VEC(int64_t) taken_ms; /* oldest first, within the window */
    int64_t penalty_until_ms;
};

struct limits {
    struct map windows; /* "GROUP WHO" -> struct window */
    size_t in_penalty;
};

struct limits *limits_new(void)
{
    return mem_zero(1, sizeof(struct limits));
}

static void window_free(void *p)
{
    struct window *w = p;
    VEC_FREE(&w->taken_ms);
    mem_free(w);
}

void limits_free(struct limits *l)
{
    if (!l)
        return;
    map_fini(&l->windows, window_free);
    mem_free(l);
}

static const struct group *group_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof groups / sizeof *groups; i++) {
        if (str_eq_nocase(groups[i].name, name))
            return &groups[i];
    }
    return NULL;
}

static struct window *window_of(struct limits *l, const struct group *group, const char *who)
{
    char key[192];
    snprintf(key, sizeof key, "%s %s", group->name, who);
    struct window *w = map_get(&l->windows, key);
    if (!w) {
        w = mem_zero(1, sizeof *w);
        map_put(&l->windows, key, w);
    }
    return w;
}

static void forget_old(struct window *w, int64_t now_ms)
{
    size_t old = 0;
    while (old < w->taken_ms.len && w->taken_ms.items[old] <= now_ms - LIMITS_WINDOW_S * 1000)
        old++;
    if (old > 0) {
        memmove(w->taken_ms.items, w->taken_ms.items + old,
                (w->taken_ms.len - old) * sizeof *w->taken_ms.items);
        w->taken_ms.len -= old;
    }
}

static void refuse(struct window *w, int64_t now_ms, struct limit_state *out)
{
    w->penalty_until_ms = now_ms + LIMITS_PENALTY_S * 1000;
    out->remaining = 0;
    out->retry_after_s = LIMITS_PENALTY_S;
}

static const struct group *begin(const char *name, struct limit_state *out)
{
    const struct group *group = group_find(name);
    *out = (struct limit_state){0};
    if (group)
        *out = (struct limit_state){
            .group = group->name, .limit = group->limit, .window_s = LIMITS_WINDOW_S};
    return group;
}

void limits_take(struct limits *l, const char *who, const char *name, int64_t now_ms,
                 struct limit_state *out)
{
    const struct group *group = begin(name, out);
    if (!group)
        return;
    struct window *w = window_of(l, group, who);
    forget_old(w, now_ms);
    bool is_penalised = now_ms < w->penalty_until_ms;
    l->in_penalty += is_penalised;
    if (is_penalised || w->taken_ms.len >= group->limit) {
        refuse(w, now_ms, out);
        return;
    }
    VEC_PUSH(&w->taken_ms, now_ms);
    out->remaining = group->limit - (unsigned)w->taken_ms.len;
}

void limits_add(struct limits *l, const char *who, const char *name, size_t more, int64_t now_ms,
                struct limit_state *out)
{
    const struct group *group = begin(name, out);
    if (!group)
        return;
    struct window *w = window_of(l, group, who);
    for (; more > 0 && w->taken_ms.len < group->limit; more--)
        VEC_PUSH(&w->taken_ms, now_ms);
    out->remaining = group->limit - (unsigned)w->taken_ms.len;
}

void limits_penalise(struct limits *l, const char *who, const char *name, int64_t now_ms,
                     struct limit_state *out)
{
    const struct group *group = begin(group_find(name) ? name : groups[0].name, out);
    refuse(window_of(l, group, who), now_ms, out);
}

size_t limits_in_penalty(const struct limits *l)
{
    return l->in_penalty;
}
