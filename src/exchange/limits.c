#include "callhud/exchange/limits.h"

#include "callhud/base/hash.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#include <stdio.h>
#include <string.h>

struct group {
    const char *name;
    unsigned limit;
};
#define GROUPS 4
static const struct group usual[GROUPS] = {
    {"light", 50}, {"medium", 40}, {"heavy", 10}, {"auth", 5}};

struct window {
    VEC(int64_t) taken_ms; /* oldest first, within the window */
    int64_t penalty_until_ms;
};

struct limits {
    struct group groups[GROUPS];
    unsigned window_s;
    struct map windows; /* "GROUP WHO" -> struct window */
    size_t in_penalty;
};

struct limits *limits_new(void)
{
    struct limits *l = mem_zero(1, sizeof *l);
    memcpy(l->groups, usual, sizeof usual);
    l->window_s = LIMITS_WINDOW_S;
    return l;
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

static size_t group_find(const char *name) /* GROUPS: none */
{
    size_t i = 0;
    while (i < GROUPS && !(name && str_eq_nocase(usual[i].name, name)))
        i++;
    return i;
}

bool limits_set(struct limits *l, const char *group, unsigned limit)
{
    size_t i = group_find(group);
    if (i == GROUPS)
        return false;
    l->groups[i].limit = limit;
    return true;
}

void limits_set_window(struct limits *l, unsigned window_s)
{
    l->window_s = window_s;
}

json_t *limits_json(const struct limits *l)
{
    json_t *out = json_pack("{si}", "window", (int)l->window_s);
    for (size_t i = 0; i < GROUPS; i++)
        json_object_set_new(out, l->groups[i].name, json_integer(l->groups[i].limit));
    return out;
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

static void forget_old(struct window *w, int64_t window_ms, int64_t now_ms)
{
    size_t old = 0;
    while (old < w->taken_ms.len && w->taken_ms.items[old] <= now_ms - window_ms)
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

static unsigned left(const struct group *group, const struct window *w)
{
    return w->taken_ms.len < group->limit ? group->limit - (unsigned)w->taken_ms.len : 0;
}

static const struct group *begin(const struct limits *l, const char *name, struct limit_state *out)
{
    size_t i = group_find(name);
    *out = (struct limit_state){0};
    if (i == GROUPS)
        return NULL;
    const struct group *group = &l->groups[i];
    *out =
        (struct limit_state){.group = group->name, .limit = group->limit, .window_s = l->window_s};
    return group;
}

void limits_take(struct limits *l, const char *who, const char *name, int64_t now_ms,
                 struct limit_state *out)
{
    const struct group *group = begin(l, name, out);
    if (!group)
        return;
    struct window *w = window_of(l, group, who);
    forget_old(w, l->window_s * INT64_C(1000), now_ms);
    bool is_penalised = now_ms < w->penalty_until_ms;
    l->in_penalty += is_penalised;
    if (is_penalised || w->taken_ms.len >= group->limit) {
        refuse(w, now_ms, out);
        return;
    }
    VEC_PUSH(&w->taken_ms, now_ms);
    out->remaining = left(group, w);
}

void limits_add(struct limits *l, const char *who, const char *name, size_t more, int64_t now_ms,
                struct limit_state *out)
{
    const struct group *group = begin(l, name, out);
    if (!group)
        return;
    struct window *w = window_of(l, group, who);
    for (; more > 0 && w->taken_ms.len < group->limit; more--)
        VEC_PUSH(&w->taken_ms, now_ms);
    out->remaining = left(group, w);
}

void limits_penalise(struct limits *l, const char *who, const char *name, int64_t now_ms,
                     struct limit_state *out)
{
    const struct group *group = begin(l, group_find(name) < GROUPS ? name : usual[0].name, out);
    refuse(window_of(l, group, who), now_ms, out);
}

size_t limits_in_penalty(const struct limits *l)
{
    return l->in_penalty;
}
