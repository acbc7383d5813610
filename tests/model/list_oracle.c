#include "list_oracle.h"

#include <stdio.h>
#include <string.h>

size_t plain_place(const struct plain *list, int user)
{
    for (size_t i = 0; i < list->len; i++) {
        if (list->users[i] == user)
            return i;
    }
    return list->len;
}

bool plain_has(const struct plain *list, int user)
{
    return plain_place(list, user) < list->len;
}

void plain_insert(struct plain *list, size_t at, int user)
{
    memmove(list->users + at + 1, list->users + at, (list->len - at) * sizeof list->users[0]);
    list->users[at] = user;
    list->len++;
}

void plain_remove(struct plain *list, size_t at)
{
    memmove(list->users + at, list->users + at + 1, (list->len - at - 1) * sizeof list->users[0]);
    list->len--;
}

bool plain_equal(const struct plain *a, const struct plain *b)
{
    return a->len == b->len && memcmp(a->users, b->users, a->len * sizeof a->users[0]) == 0;
}

struct plain plain_part(const struct plain *list, int first, int end)
{
    struct plain out = {.len = 0};
    for (size_t i = 0; i < list->len; i++)
        if (list->users[i] >= first && list->users[i] < end)
            out.users[out.len++] = list->users[i];
    return out;
}

const char *plain_text(const struct plain *list, char out[128])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < list->len; i++)
        used += (size_t)snprintf(out + used, 128 - used, "%d ", list->users[i]);
    return out;
}

void plain_sort(struct plain *list)
{
    for (size_t i = 1; i < list->len; i++)
        for (size_t j = i; j > 0 && list->users[j - 1] > list->users[j]; j--) {
            int user = list->users[j];
            list->users[j] = list->users[j - 1];
            list->users[j - 1] = user;
        }
}

static char why[200];

static bool stands_before(const struct plain *list, int x, int y)
{
    return plain_place(list, x) < plain_place(list, y);
}

/* In both homes before and after. */
static bool is_everywhere(const struct seen *s, int user)
{
    return plain_has(&s->base, user) && plain_has(&s->here, user) && plain_has(&s->there, user) &&
           plain_has(&s->result, user);
}

/* Who was added or removed in one home only is so in both; who is nowhere wanted is gone. */
static const char *judge_presence(const struct seen *s)
{
    for (int user = 0; user < LIST_USERS; user++) {
        bool was = plain_has(&s->base, user), here = plain_has(&s->here, user);
        bool there = plain_has(&s->there, user), is = plain_has(&s->result, user);
        bool must = here == was ? there : here;
        if (here == there)
            must = here;
        if (is == must)
            continue;
        if (s->is_in_conflict[user] && is == here)
            continue; /* kept as it was here, and shown */
        (void)snprintf(why, sizeof why, "user %d: was %d, here %d, there %d, and is %d", user, was,
                       here, there, is);
        return why;
    }
    return NULL;
}

static size_t count_moved(const bool *is_moved)
{
    size_t count = 0;
    for (int user = 0; user < LIST_USERS; user++)
        count += is_moved[user];
    return count;
}

/* Were lines moved since the base: by hand, or by removing and adding? */
static bool is_reordered(const struct seen *s, const struct plain *list, const bool *is_moved)
{
    for (int x = 0; x < LIST_USERS; x++) {
        for (int y = 0; y < x; y++) {
            if (plain_has(&s->base, x) && plain_has(&s->base, y) && plain_has(list, x) &&
                plain_has(list, y) && stands_before(&s->base, x, y) != stands_before(list, x, y))
                return true;
        }
    }
    return count_moved(is_moved) > 0;
}

/* When one home alone has moved lines, the order of those in both is that one's. */
static const char *judge_order(const struct seen *s)
{
    bool is_here = is_reordered(s, &s->here, s->is_moved_here);
    bool is_there = is_reordered(s, &s->there, s->is_moved_there);
    if ((is_here && is_there) || s->was_any_conflict)
        return NULL;
    const struct plain *wanted = is_here ? &s->here : &s->there;
    for (int x = 0; x < LIST_USERS; x++) {
        for (int y = 0; y < x; y++) {
            if (!is_everywhere(s, x) || !is_everywhere(s, y) ||
                stands_before(wanted, x, y) == stands_before(&s->result, x, y) ||
                s->is_in_conflict[x] || s->is_in_conflict[y])
                continue;
            (void)snprintf(why, sizeof why, "users %d and %d stand the other way round", x, y);
            return why;
        }
    }
    return NULL;
}

/* New ones stand between neighbours that they had where they were put. */
static const char *judge_new(const struct seen *s, const struct plain *list)
{
    if (is_reordered(s, &s->here, s->is_moved_here) ||
        is_reordered(s, &s->there, s->is_moved_there))
        return NULL;
    for (size_t i = 0; i < list->len; i++) {
        int user = list->users[i];
        if (plain_has(&s->base, user) || !plain_has(&s->result, user) || s->is_in_conflict[user])
            continue;
        for (size_t j = 0; j < list->len; j++) {
            int other = list->users[j];
            if (!is_everywhere(s, other) || s->is_in_conflict[other] || s->is_moved_here[other] ||
                s->is_moved_there[other] || (j < i) == stands_before(&s->result, other, user))
                continue;
            (void)snprintf(why, sizeof why, "new user %d is on the other side of %d", user, other);
            return why;
        }
    }
    return NULL;
}

/* A line that somebody moved over others stands beyond one of them at least, or a conflict is shown
 * about it or them; unless one of them is gone. Of several moved lines the list does not tell which
 * were. */
static const char *judge_moves(const struct seen *s, const struct plain *list, const bool *is_moved)
{
    for (int x = 0; x < LIST_USERS && count_moved(is_moved) == 1; x++) {
        bool is_any = false, is_kept = s->is_in_conflict[x];
        if (!is_moved[x] || !is_everywhere(s, x))
            continue;
        for (int y = 0; y < LIST_USERS; y++) {
            if (x == y || !plain_has(&s->base, y))
                continue;
            if (plain_has(list, y) && stands_before(&s->base, x, y) == stands_before(list, x, y))
                continue;
            is_kept = is_kept || !is_everywhere(s, y);
            is_any = true;
            is_kept = is_kept || s->is_in_conflict[y] ||
                      stands_before(list, x, y) == stands_before(&s->result, x, y);
        }
        if (is_any && !is_kept) {
            (void)snprintf(why, sizeof why, "nothing is left of the move of user %d %s", x,
                           list == &s->here ? "here" : "there");
            return why;
        }
    }
    return NULL;
}

/* What is changed in one home alone makes no conflict. */
static const char *judge_conflicts(const struct seen *s)
{
    bool is_one_sided = plain_equal(&s->base, &s->here) || plain_equal(&s->base, &s->there);
    if (is_one_sided && !s->was_any_conflict && s->conflicts > 0)
        return "a conflict although only one home has changed";
    if (plain_equal(&s->here, &s->there) && s->conflicts > 0)
        return "a conflict although both homes agree";
    return NULL;
}

const char *oracle_judge(const struct seen *s)
{
    const char *wrong = judge_presence(s);
    if (!wrong)
        wrong = judge_order(s);
    if (!wrong && !s->was_any_conflict)
        wrong = judge_new(s, &s->here);
    if (!wrong && !s->was_any_conflict)
        wrong = judge_new(s, &s->there);
    if (!wrong && !s->was_any_conflict)
        wrong = judge_moves(s, &s->here, s->is_moved_here);
    if (!wrong && !s->was_any_conflict)
        wrong = judge_moves(s, &s->there, s->is_moved_there);
    if (!wrong)
        wrong = judge_conflicts(s);
    return wrong;
}
