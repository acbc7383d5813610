#include "list_oracle.h"

#include "list_order.h"

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

/* One home's view of a merge. */
struct side {
    const struct plain *list;
    enum order_move moves[LIST_USERS];
    bool is_free[LIST_USERS]; /* the other home has nothing to say about his place */
};

/* Here it is known who was moved by hand; and what the appearance calls moved it may call so. */
static void look_here(const struct seen *s, struct side *here)
{
    here->list = &s->here;
    order_moves(&s->base, &s->here, here->moves);
    for (int user = 0; user < LIST_USERS; user++) {
        bool is_called = s->is_called_moved[user];
        if ((here->moves[user] == ORDER_STILL && (s->is_moved_here[user] || is_called)) ||
            (here->moves[user] == ORDER_MOVED && !is_called))
            here->moves[user] = ORDER_MAYBE;
    }
}

static void free_in(const struct seen *s, struct side *side, const struct side *other)
{
    for (int user = 0; user < LIST_USERS; user++)
        side->is_free[user] = other->moves[user] == ORDER_STILL ||
                              (!plain_has(&s->base, user) && !plain_has(other->list, user));
}

/* Has either home lines that the other has too, and neither had before, in an order of its own?
 * Then what stands next to them has no place that is certain. */
static bool is_new_mixed(const struct seen *s)
{
    for (int x = 0; x < LIST_USERS; x++) {
        for (int y = 0; y < LIST_USERS; y++) {
            if (!plain_has(&s->base, x) && plain_has(&s->here, x) && plain_has(&s->there, x) &&
                plain_has(&s->here, y) && plain_has(&s->there, y) &&
                plain_stands_before(&s->here, x, y) != plain_stands_before(&s->there, x, y))
                return true;
        }
    }
    return false;
}

/* Two lines whose places the other home left alone stand to each other as in this one. Of lines
 * that were moved in both, or the one here and the other there, lists do not tell what is right:
 * there one was put before another that was put elsewhere. */
static const char *judge_order(struct seen *s, const struct side *side)
{
    bool is_mixed = is_new_mixed(s);
    for (int x = 0; x < LIST_USERS; x++) {
        for (int y = 0; y < x; y++) {
            if (is_mixed && (!plain_has(&s->base, x) || !plain_has(&s->base, y)))
                continue;
            if (!side->is_free[x] || !side->is_free[y] || s->is_in_conflict[x] ||
                s->is_in_conflict[y] || !plain_has(side->list, x) || !plain_has(side->list, y) ||
                !plain_has(&s->result, x) || !plain_has(&s->result, y))
                continue;
            s->orders++;
            bool is = plain_stands_before(&s->result, x, y);
            if (is == plain_stands_before(side->list, x, y))
                continue;
            (void)snprintf(why, sizeof why, "users %d and %d stand the other way round than %s", x,
                           y, side->list == &s->here ? "here" : "there");
            return why;
        }
    }
    return NULL;
}

/* A line that was moved over others in one home alone stands beyond one of them at least, or a
 * conflict is shown about it or them; unless one of them is gone. In a conflict about its place it
 * stands as it was put here. */
static const char *judge_moves(struct seen *s, const struct side *side, const struct side *other)
{
    for (int x = 0; x < LIST_USERS; x++) {
        bool is_here = side->list == &s->here;
        bool is_sure =
            side->moves[x] == ORDER_MOVED || (is_here && side->moves[x] == ORDER_MAYBE &&
                                              s->is_moved_here[x] && s->is_called_moved[x]);
        bool is_kept = other->moves[x] != ORDER_STILL ||
                       (s->is_in_conflict[x] && !(is_here && s->is_in_new_place_conflict[x]));
        if (!is_sure || !is_everywhere(s, x))
            continue;
        for (int y = 0; y < LIST_USERS; y++) {
            if (x == y || !plain_has(&s->base, y))
                continue;
            bool was = plain_stands_before(&s->base, x, y);
            bool is = plain_stands_before(side->list, x, y);
            if (plain_has(side->list, y) && was == is)
                continue;
            is_kept = is_kept || !is_everywhere(s, y) || s->is_in_conflict[y] ||
                      is == plain_stands_before(&s->result, x, y);
        }
        s->orders++;
        if (is_kept)
            continue;
        (void)snprintf(why, sizeof why, "nothing is left of the move of user %d %s", x,
                       side->list == &s->here ? "here" : "there");
        return why;
    }
    return NULL;
}

/* A line that was moved in both homes, to places that differ by a line that nobody has moved, is in
 * conflict. */
static const char *judge_both(struct seen *s, const struct side *here, const struct side *there)
{
    for (int x = 0; x < LIST_USERS; x++) {
        if (here->moves[x] != ORDER_MOVED || there->moves[x] != ORDER_MOVED)
            continue;
        for (int y = 0; y < LIST_USERS; y++) {
            if (here->moves[y] != ORDER_STILL || there->moves[y] != ORDER_STILL ||
                !is_everywhere(s, y) || s->is_in_conflict[y] ||
                plain_stands_before(&s->here, x, y) == plain_stands_before(&s->there, x, y))
                continue;
            s->orders++;
            if (s->is_in_conflict[x])
                continue;
            (void)snprintf(why, sizeof why,
                           "user %d was moved in both homes, in one of them over %d, and no "
                           "conflict is shown",
                           x, y);
            return why;
        }
    }
    return NULL;
}

/* A conflict about the place of one who was on both lists already: he was moved here, and somebody
 * there. */
static const char *judge_places(const struct seen *s, const struct side *here,
                                const struct side *there)
{
    bool is_any = false;
    for (int user = 0; user < LIST_USERS; user++)
        is_any = is_any || there->moves[user] > ORDER_STILL;
    for (int x = 0; x < LIST_USERS; x++) {
        if (!s->is_in_new_place_conflict[x] || here->moves[x] == ORDER_ABSENT ||
            there->moves[x] == ORDER_ABSENT || (is_any && here->moves[x] != ORDER_STILL))
            continue;
        (void)snprintf(why, sizeof why, "a conflict about the place of %d, without a reason", x);
        return why;
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

const char *oracle_judge(struct seen *s)
{
    struct side here, there = {.list = &s->there};
    const char *wrong = judge_presence(s);
    look_here(s, &here);
    order_moves(&s->base, &s->there, there.moves);
    free_in(s, &here, &there);
    free_in(s, &there, &here);
    if (!wrong)
        wrong = judge_order(s, &here);
    if (!wrong)
        wrong = judge_order(s, &there);
    if (!wrong)
        wrong = judge_moves(s, &here, &there);
    if (!wrong)
        wrong = judge_moves(s, &there, &here);
    if (!wrong)
        wrong = judge_both(s, &here, &there);
    if (!wrong)
        wrong = judge_places(s, &here, &there);
    if (!wrong)
        wrong = judge_conflicts(s);
    return wrong;
}
