#include "callhud/backend/ringcentral/budget.h"

#include "callhud/base/str.h"

#include <string.h>

#define WINDOW_MS 60000
#define WINDOW_MOST_MS 3600000
#define PENALTY_MS 60000
#define UNNAMED_PENALTY_MS 30000
#define PENALTY_MOST_MS 3600000 /* a longer one is a clock that was set back, or a mistake */
/* The service counts when a request arrives, we when it leaves; Retry-After is in whole seconds. */
#define SPARE_MS 2000
#define SET_BACK_LEAST_MS 2000

/* How much of the limit, in percent, must be left for those who are more urgent. Of Auth the last
 * is for the sign-in, without which nothing goes; of the few of Heavy a resync of a large floor
 * needs nearly all. */
static const unsigned char reserves[REX_GROUPS][REX_PRIORITIES] = {
    [REX_LIGHT] = {0, 5, 10, 20, 30},
    [REX_MEDIUM] = {0, 5, 10, 20, 30},
    [REX_HEAVY] = {0, 0, 0, 10, 20},
    [REX_AUTH] = {0, 20, 20, 20, 20},
};

void rex_budget_init(struct rex_budget *budget)
{
    static const uint32_t limits[REX_GROUPS] = {50, 40, 10, 5};
    memset(budget, 0, sizeof *budget);
    for (size_t i = 0; i < REX_GROUPS; i++) {
        budget->groups[i].limit = limits[i];
        budget->groups[i].window_ms = WINDOW_MS;
    }
}

static int64_t *sent_at(struct rex_window *w, size_t i)
{
    return &w->sent_ms[(w->first + i) % REX_LIMIT_MOST];
}

static int64_t leaves_ms(struct rex_window *w, size_t i)
{
    return *sent_at(w, i) + w->window_ms + SPARE_MS;
}

static int64_t newest_ms(const struct rex_budget *budget)
{
    int64_t newest = 0;
    for (size_t i = 0; i < REX_GROUPS; i++) {
        const struct rex_window *w = &budget->groups[i];
        int64_t at_ms = w->len > 0 ? w->sent_ms[(w->first + w->len - 1) % REX_LIMIT_MOST] : 0;
        newest = at_ms > newest ? at_ms : newest;
    }
    return newest;
}

/* A request that was sent in the future tells by how much, at least, the clock has been set back:
 * what is to come is as much nearer. By a little it is another process, which looked at the clock
 * later and was faster with the file. */
static void set_back(struct rex_budget *budget, int64_t wall_ms)
{
    int64_t by_ms = newest_ms(budget) - wall_ms;
    if (by_ms < SET_BACK_LEAST_MS)
        return;
    budget->all_until_ms -= by_ms < budget->all_until_ms ? by_ms : budget->all_until_ms;
    for (size_t i = 0; i < REX_GROUPS; i++) {
        struct rex_window *w = &budget->groups[i];
        w->penalty_until_ms -= by_ms < w->penalty_until_ms ? by_ms : w->penalty_until_ms;
        for (size_t k = 0; k < w->len; k++)
            if (*sent_at(w, k) > wall_ms)
                *sent_at(w, k) = wall_ms;
    }
}

/* Times ahead of now are of a clock that has been set back since: what was then counts from now. */
static void settle(struct rex_budget *budget, struct rex_window *w, int64_t wall_ms)
{
    set_back(budget, wall_ms);
    for (size_t i = 0; i < w->len; i++)
        if (*sent_at(w, i) > wall_ms)
            *sent_at(w, i) = wall_ms;
    while (w->len > 0 && leaves_ms(w, 0) <= wall_ms) {
        w->first = (w->first + 1) % REX_LIMIT_MOST;
        w->len--;
    }
    if (w->unseen_until_ms > wall_ms + w->window_ms + SPARE_MS)
        w->unseen_until_ms = wall_ms + w->window_ms + SPARE_MS;
    if (w->unseen_until_ms <= wall_ms)
        w->unseen = 0;
    if (w->penalty_until_ms > wall_ms + PENALTY_MOST_MS + SPARE_MS)
        w->penalty_until_ms = wall_ms + PENALTY_MS;
    if (budget->all_until_ms > wall_ms + PENALTY_MOST_MS + SPARE_MS)
        budget->all_until_ms = wall_ms + PENALTY_MS;
}

/* How long until `most` or fewer are in the window. */
static int64_t wait_for_room(struct rex_window *w, size_t most, int64_t wall_ms)
{
    if (w->len + w->unseen <= most)
        return 0;
    for (size_t gone = 0; gone <= w->len; gone++) {
        int64_t at_ms = gone == 0 ? wall_ms : leaves_ms(w, gone - 1);
        if (w->len - gone > most)
            continue;
        if (w->len - gone + w->unseen <= most)
            return at_ms - wall_ms;
        int64_t both_ms = at_ms > w->unseen_until_ms ? at_ms : w->unseen_until_ms;
        /* Either those of others leave first, or one more of ours does. */
        if (gone == w->len || both_ms <= leaves_ms(w, gone))
            return both_ms - wall_ms;
    }
    return w->window_ms;
}

int64_t rex_budget_take(struct rex_budget *budget, enum rex_group group, enum rex_priority priority,
                        int64_t wall_ms)
{
    struct rex_window *w = &budget->groups[group];
    settle(budget, w, wall_ms);
    int64_t until_ms =
        w->penalty_until_ms > budget->all_until_ms ? w->penalty_until_ms : budget->all_until_ms;
    if (until_ms > wall_ms)
        return until_ms - wall_ms;
    size_t reserve = (size_t)w->limit * reserves[group][priority] / 100;
    int64_t wait_ms = wait_for_room(w, w->limit - reserve - 1, wall_ms);
    if (wait_ms > 0)
        return wait_ms;
    *sent_at(w, w->len) = wall_ms;
    w->len++;
    return 0;
}

void rex_budget_give_back(struct rex_budget *budget, enum rex_group group)
{
    struct rex_window *w = &budget->groups[group];
    if (w->len > 0)
        w->len--;
}

void rex_budget_told(struct rex_budget *budget, enum rex_group group, uint32_t limit,
                     int32_t remaining, uint32_t window_ms, int64_t wall_ms)
{
    struct rex_window *w = &budget->groups[group];
    if (limit > 0)
        w->limit = limit < REX_LIMIT_MOST ? limit : REX_LIMIT_MOST;
    if (window_ms > 0)
        w->window_ms = window_ms < WINDOW_MOST_MS ? window_ms : WINDOW_MOST_MS;
    settle(budget, w, wall_ms);
    if (limit == 0 || remaining < 0)
        return;
    uint32_t used = (uint32_t)remaining < w->limit ? w->limit - (uint32_t)remaining : 0;
    w->unseen = used > w->len ? used - (uint32_t)w->len : 0;
    w->unseen_until_ms = wall_ms + w->window_ms + SPARE_MS;
}

int64_t rex_budget_refused(struct rex_budget *budget, enum rex_group group, bool is_group_named,
                           int64_t retry_after_ms, int64_t wall_ms)
{
    struct rex_window *w = &budget->groups[group];
    int64_t *until_ms = is_group_named ? &w->penalty_until_ms : &budget->all_until_ms;
    int64_t least_ms = is_group_named ? PENALTY_MS : UNNAMED_PENALTY_MS;
    settle(budget, w, wall_ms);
    if (retry_after_ms <= 0)
        retry_after_ms = least_ms;
    if (retry_after_ms > PENALTY_MOST_MS)
        retry_after_ms = PENALTY_MOST_MS;
    int64_t ends_ms = wall_ms + retry_after_ms + SPARE_MS;
    if (ends_ms > *until_ms)
        *until_ms = ends_ms;
    return *until_ms - wall_ms;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Each in the order of time: what both have is one request. */
static void join_sent(struct rex_window *ours, struct rex_window *there)
{
    int64_t all[2 * REX_LIMIT_MOST];
    size_t len = 0, i = 0, k = 0;
    while (i < ours->len || k < there->len) {
        int64_t a = i < ours->len ? *sent_at(ours, i) : INT64_MAX;
        int64_t b = k < there->len ? *sent_at(there, k) : INT64_MAX;
        all[len++] = a < b ? a : b;
        i += a <= b;
        k += b <= a;
    }
    size_t skipped = len > REX_LIMIT_MOST ? len - REX_LIMIT_MOST : 0;
    ours->first = 0;
    ours->len = len - skipped;
    memcpy(ours->sent_ms, all + skipped, ours->len * sizeof *all);
}

int64_t rex_budget_half_ms(const struct rex_budget *budget, enum rex_group group, size_t requests)
{
    const struct rex_window *w = &budget->groups[group];
    return w->limit > 0 ? (int64_t)requests * 2 * w->window_ms / w->limit : 0;
}

void rex_budget_join(struct rex_budget *ours, const struct rex_budget *there)
{
    struct rex_budget other = *there;
    ours->all_until_ms = later(ours->all_until_ms, there->all_until_ms);
    for (size_t i = 0; i < REX_GROUPS; i++) {
        struct rex_window *a = &ours->groups[i], *b = &other.groups[i];
        join_sent(a, b);
        a->penalty_until_ms = later(a->penalty_until_ms, b->penalty_until_ms);
        if (b->limit < a->limit) {
            a->limit = b->limit;
            a->window_ms = b->window_ms;
        }
        if (b->unseen_until_ms > a->unseen_until_ms) {
            a->unseen = b->unseen;
            a->unseen_until_ms = b->unseen_until_ms;
        }
    }
}

bool rex_group_find(const char *name, enum rex_group *out)
{
    static const char *const names[REX_GROUPS] = {"light", "medium", "heavy", "auth"};
    for (size_t i = 0; i < REX_GROUPS; i++) {
        if (!str_eq_nocase(name, names[i]))
            continue;
        *out = (enum rex_group)i;
        return true;
    }
    return false;
}
