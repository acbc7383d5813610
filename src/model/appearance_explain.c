/* Where the list there comes from. It is replaced as a whole: so what is there now was, before
 * others changed it, either what was stored when it was read last, or one of those that were sent.
 * Each of these is an explanation, and what it cannot account for was done by others. What only we
 * have edited tells: nobody else is likely to do the same. The explanations that leave least of our
 * own edits to others are possible, the rest is not. Where all that are possible agree about a
 * user, that is the base of the merge. Where they do not, and the two homes differ about him,
 * nobody can tell whose doing that is: he is in conflict. So is the order, where they do not agree
 * about it. */
#include "appearance_private.h"

#include <stdlib.h>

/* Who is on a list: his place, from 1, by the index of the user; 0: is not on it. */
struct roster {
    const appearance_users *users;
    uint32_t *places;
};

static struct roster roster_of(const struct appearance *a, const appearance_users *users)
{
    struct roster r = {users, mem_zero(a->users.len + 1, sizeof *r.places)};
    for (size_t i = 0; i < users->len; i++)
        if (!r.places[users->items[i]->index])
            r.places[users->items[i]->index] = (uint32_t)i + 1;
    return r;
}

static bool is_on(const struct roster *r, size_t user)
{
    return r->places[user] > 0;
}

struct explanation {
    struct roster list, was_stored; /* of one that was sent; was_stored: without it */
    bool is_possible;
};

#define STORED 0 /* the explanation that nothing that was sent has arrived */

struct riddle {
    const struct appearance *a;
    size_t users;
    appearance_users stored, here, there;
    struct roster on_here, on_there;
    struct explanation all[APPEARANCE_SENT_MAX + 1]; /* STORED, then as in a->sent */
    size_t len;
    bool *is_undecided; /* by user */
    bool is_order_undecided;
};

static void list_here(const struct appearance *a, appearance_users *out)
{
    for (size_t i = 0; i < a->lines.len; i++)
        if (a->lines.items[i].here && !appearance_is_reserved(&a->lines.items[i]))
            VEC_PUSH(out, a->lines.items[i].here);
}

/* Those that were named before: of others nothing is to be found out. */
static void list_told(const struct appearance *a, const struct stored_line *lines, size_t len,
                      appearance_users *out)
{
    uint32_t *twins = mem_zero(a->users.len + 1, sizeof *twins);
    for (size_t i = 0; i < len; i++) {
        const struct appearance_user *user = appearance_find_user(a, lines[i].user.id, 0);
        if (!user || lines[i].is_reserved)
            continue;
        user = appearance_find_user(a, user->id, twins[user->index]++);
        if (user)
            VEC_PUSH(out, user);
    }
    mem_free(twins);
}

static void riddle_init(struct riddle *r, const struct appearance *a,
                        const struct stored_line *lines, size_t len)
{
    *r = (struct riddle){.a = a, .users = a->users.len, .len = a->sent.len + 1};
    appearance_list_stored(a, &r->stored);
    list_here(a, &r->here);
    list_told(a, lines, len, &r->there);
    r->on_here = roster_of(a, &r->here);
    r->on_there = roster_of(a, &r->there);
    r->is_undecided = mem_zero(r->users + 1, sizeof *r->is_undecided);
    r->all[STORED].list = roster_of(a, &r->stored);
    for (size_t i = 1; i < r->len; i++) {
        r->all[i].list = roster_of(a, &a->sent.items[i - 1].users);
        r->all[i].was_stored = roster_of(a, &a->sent.items[i - 1].was_stored);
    }
}

static void riddle_fini(struct riddle *r)
{
    for (size_t i = 0; i < r->len; i++) {
        mem_free(r->all[i].list.places);
        mem_free(r->all[i].was_stored.places);
    }
    mem_free(r->on_here.places);
    mem_free(r->on_there.places);
    mem_free(r->is_undecided);
    VEC_FREE(&r->stored);
    VEC_FREE(&r->here);
    VEC_FREE(&r->there);
}

/* Has that list added or removed him? */
static bool is_edited_in(const struct explanation *e, size_t user)
{
    return is_on(&e->list, user) != is_on(&e->was_stored, user);
}

static bool is_edited(const struct riddle *r, size_t user)
{
    for (size_t i = 1; i < r->len; i++)
        if (is_edited_in(&r->all[i], user))
            return true;
    return false;
}

/* That a list arrives after a later one was stored is as strange as one edit of ours that others
 * have made, or taken back. */
static size_t lateness(const struct riddle *r, size_t at)
{
    return at != STORED && r->a->sent.items[at - 1].is_overtaken;
}

/* How many of our own edits were made, or taken back, by others, when this is the explanation. An
 * edit of others that a sent list overwrites must have been made once more to be there. */
static size_t strangeness(const struct riddle *r, size_t at)
{
    const struct roster *list = &r->all[at].list;
    size_t count = 0;
    for (size_t user = 0; user < r->users; user++)
        if (is_on(list, user) != is_on(&r->on_there, user))
            count += is_on(list, user) != is_on(&r->all[STORED].list, user) || is_edited(r, user);
    return count;
}

/* Is he on all lists that are possible, and there? Of others the order tells nothing. */
static bool is_common(const struct riddle *r, size_t user)
{
    bool is = is_on(&r->on_there, user);
    for (size_t i = 0; i < r->len && is; i++)
        is = !r->all[i].is_possible || is_on(&r->all[i].list, user);
    return is;
}

/* How few of the common ones were moved, if the order there was made of this one. */
static size_t moves(const struct riddle *r, const struct roster *list)
{
    size_t n = 0, count = 0;
    uint32_t *places = mem_zero(r->there.len + 1, sizeof *places);
    uint64_t *weights = mem_zero(r->there.len + 1, sizeof *weights);
    bool *is_kept = mem_zero(r->there.len + 1, sizeof *is_kept);
    for (size_t i = 0; i < r->there.len; i++) {
        size_t user = r->there.items[i]->index;
        if (!is_common(r, user) || !is_on(list, user))
            continue;
        places[n] = list->places[user];
        weights[n++] = 1;
    }
    appearance_longest(places, weights, n, is_kept);
    for (size_t i = 0; i < n; i++)
        count += !is_kept[i];
    mem_free(places);
    mem_free(weights);
    mem_free(is_kept);
    return count;
}

/* Of those that are possible the ones of least cost stay so. */
static void keep_least(struct riddle *r, const size_t *costs)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < r->len; i++)
        if (r->all[i].is_possible && costs[i] < least)
            least = costs[i];
    for (size_t i = 0; i < r->len; i++)
        r->all[i].is_possible = r->all[i].is_possible && costs[i] == least;
}

/* Those of least strangeness. When who is on them leaves nothing strange, the order tells more:
 * those of the fewest moves, of which one may be ours that others have taken back: what is as
 * strange as that stays possible. Else somebody has edited the same lines, and may have moved them
 * too. */
static void find_possible(struct riddle *r)
{
    size_t costs[APPEARANCE_SENT_MAX + 1] = {0}, least = SIZE_MAX;
    for (size_t i = 0; i < r->len; i++) {
        r->all[i].is_possible = true;
        costs[i] = strangeness(r, i) + lateness(r, i);
        least = costs[i] < least ? costs[i] : least;
    }
    for (size_t i = 0; i < r->len && least == 0; i++)
        costs[i] -= lateness(r, i);
    keep_least(r, costs);
    if (least > 0)
        return;
    for (size_t i = 0; i < r->len; i++)
        costs[i] = r->all[i].is_possible ? moves(r, &r->all[i].list) + lateness(r, i) : 0;
    keep_least(r, costs);
}

/* Was he on the list that the one there was made of? By this explanation he may have been (can[1]),
 * may not have been (can[0]). A change of others that a sent list does not have was overwritten by
 * it, or had been taken back before. */
static void ask(const struct riddle *r, size_t at, size_t user, bool can[2])
{
    const struct explanation *e = &r->all[at];
    can[is_on(&e->list, user)] = true;
    if (at != STORED && !is_edited_in(e, user))
        can[is_on(&r->all[STORED].list, user)] = true;
}

/* Who is on the base of the merge. Where the explanations differ, an edit of ours is kept as one:
 * the conflict has it on one side. */
static bool *find_base(struct riddle *r)
{
    bool *is_in = mem_zero(r->users + 1, sizeof *is_in);
    for (size_t user = 0; user < r->users; user++) {
        bool can[2] = {false, false};
        for (size_t i = 0; i < r->len; i++)
            if (r->all[i].is_possible)
                ask(r, i, user, can);
        is_in[user] = can[1];
        if (!can[0] || !can[1])
            continue;
        r->is_undecided[user] = is_on(&r->on_here, user) != is_on(&r->on_there, user);
        is_in[user] = is_on(r->is_undecided[user] ? &r->on_there : &r->all[STORED].list, user);
    }
    return is_in;
}

/* Are those who are on all lists, and on both of these, in one order on both? */
static bool is_one_order(const struct riddle *r, const struct roster *x, const struct roster *y)
{
    uint32_t last = 0;
    for (size_t i = 0; i < x->users->len; i++) {
        size_t user = x->users->items[i]->index;
        if (!is_common(r, user) || !is_on(y, user))
            continue;
        if (y->places[user] < last)
            return false;
        last = y->places[user];
    }
    return true;
}

/* Do the explanations differ about the order, and the homes too? */
static bool is_order_undecided(const struct riddle *r, size_t first)
{
    bool is_one = is_one_order(r, &r->on_there, &r->on_here);
    for (size_t i = 0; i < r->len && !is_one; i++) {
        const struct explanation *e = &r->all[i];
        if (e->is_possible && !is_one_order(r, &e->list, &r->all[first].list))
            return true;
        if (e->is_possible && i != STORED && !is_one_order(r, &e->was_stored, &r->all[STORED].list))
            return true;
    }
    return false;
}

/* ---- the base -------------------------------------------------------------------------------- */

/* Users in an order, as a ring by index that begins and ends with `users`. */
struct ring {
    size_t users, *next; /* NO_LINE: not in it */
};

static struct ring ring_new(size_t users)
{
    struct ring ring = {users, mem_zero(users + 1, sizeof *ring.next)};
    for (size_t user = 0; user < users; user++)
        ring.next[user] = NO_LINE;
    ring.next[users] = users;
    return ring;
}

/* Those of the list that are wanted come in, if they are not in it yet, each behind the one that he
 * stands behind. */
static void ring_add(struct ring *ring, const appearance_users *list, const bool *is_wanted)
{
    size_t last = ring->users;
    for (size_t i = 0; i < list->len; i++) {
        size_t user = list->items[i]->index;
        if (ring->next[user] == NO_LINE) {
            if (!is_wanted[user])
                continue;
            ring->next[user] = ring->next[last];
            ring->next[last] = user;
        }
        last = user;
    }
}

static void ring_end(struct ring *ring, const struct appearance *a, appearance_users *out)
{
    for (size_t user = ring->next[ring->users]; user != ring->users; user = ring->next[user])
        VEC_PUSH(out, a->users.items[user]);
    mem_free(ring->next);
}

static void list_base(const struct riddle *r, const bool *is_in, size_t first,
                      appearance_users *out)
{
    struct ring ring = ring_new(r->users);
    if (r->is_order_undecided)
        ring_add(&ring, &r->there, is_in);
    ring_add(&ring, r->all[first].list.users, is_in);
    ring_add(&ring, &r->stored, is_in);
    for (size_t i = 0; i < r->len; i++)
        ring_add(&ring, r->all[i].list.users, is_in);
    ring_end(&ring, r->a, out);
}

void appearance_overtake(struct appearance *a, size_t sent)
{
    const struct appearance_sent *arrived = &a->sent.items[sent];
    const struct explanation e = {.list = roster_of(a, &arrived->users),
                                  .was_stored = roster_of(a, &arrived->was_stored)};
    bool *is_wanted = mem_zero(a->users.len + 1, sizeof *is_wanted);
    for (size_t i = 0; i < a->sent.len; i++) {
        struct appearance_sent *other = &a->sent.items[i];
        if (i == sent)
            continue;
        struct roster was = roster_of(a, &other->was_stored);
        struct ring ring = ring_new(a->users.len);
        for (size_t user = 0; user < a->users.len; user++)
            is_wanted[user] = is_on(is_edited_in(&e, user) ? &e.list : &was, user);
        ring_add(&ring, &arrived->users, is_wanted);
        ring_add(&ring, &other->was_stored, is_wanted);
        mem_free(was.places);
        other->was_stored.len = 0;
        ring_end(&ring, a, &other->was_stored);
        other->is_overtaken = other->is_overtaken || i < sent;
    }
    mem_free(is_wanted);
    mem_free(e.list.places);
    mem_free(e.was_stored.places);
}

/* Is it certain that one of those that were sent has arrived, and which? Of two of the same the
 * last. */
static size_t find_arrived(const struct riddle *r, size_t last)
{
    for (size_t i = 0; i < last; i++) {
        const appearance_users *one = r->all[i].list.users, *other = r->all[last].list.users;
        bool is_same = i != STORED && one->len == other->len;
        for (size_t at = 0; at < one->len && is_same; at++)
            is_same = one->items[at] == other->items[at];
        if (r->all[i].is_possible && !is_same)
            return NO_LINE;
    }
    return last - 1;
}

void appearance_explain(const struct appearance *a, const struct stored_line *lines, size_t len,
                        struct appearance_origin *out)
{
    struct riddle r;
    size_t last = STORED;
    *out = (struct appearance_origin){.sent = NO_LINE};
    if (a->sent.len == 0 || appearance_is_as_stored(a, lines, len))
        return;
    riddle_init(&r, a, lines, len);
    find_possible(&r);
    for (size_t i = 0; i < r.len; i++)
        last = r.all[i].is_possible ? i : last;
    if (last != STORED) {
        bool *is_in = find_base(&r);
        r.is_order_undecided = is_order_undecided(&r, last);
        list_base(&r, is_in, last, &out->base);
        mem_free(is_in);
        out->is_other = true;
        out->is_order_undecided = r.is_order_undecided;
        out->is_undecided = r.is_undecided;
        out->users = r.users;
        r.is_undecided = NULL;
        out->sent = find_arrived(&r, last);
    }
    riddle_fini(&r);
}

void appearance_origin_fini(struct appearance_origin *origin)
{
    VEC_FREE(&origin->base);
    mem_free(origin->is_undecided);
}
