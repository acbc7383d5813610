#include "list_order.h"

#include <stdio.h>
#include <string.h>

static char why[200];

bool plain_stands_before(const struct plain *list, int x, int y)
{
    return plain_place(list, x) < plain_place(list, y);
}

/* How many of them stand in the right order at most, with the one at `at` as the last. */
static size_t longest_to(const size_t *places, const size_t *lengths, size_t at)
{
    size_t best = 0;
    for (size_t i = 0; i < at; i++)
        if (places[i] < places[at] && lengths[i] > best)
            best = lengths[i];
    return best + 1;
}

static size_t longest_from(const size_t *places, const size_t *lengths, size_t at, size_t len)
{
    size_t best = 0;
    for (size_t i = at + 1; i < len; i++)
        if (places[i] > places[at] && lengths[i] > best)
            best = lengths[i];
    return best + 1;
}

void order_moves(const struct plain *from, const struct plain *to, enum order_move out[LIST_USERS])
{
    size_t places[LIST_LINES], before[LIST_LINES], after[LIST_LINES], all[LIST_LINES + 1] = {0};
    int users[LIST_LINES];
    size_t len = 0, longest = 0;
    memset(out, 0, LIST_USERS * sizeof *out);
    for (size_t i = 0; i < to->len; i++) {
        size_t place = plain_place(from, to->users[i]);
        if (place == from->len)
            continue;
        users[len] = to->users[i];
        places[len++] = place;
    }
    for (size_t i = 0; i < len; i++) {
        before[i] = longest_to(places, before, i);
        if (before[i] > longest)
            longest = before[i];
    }
    for (size_t i = len; i-- > 0;) {
        after[i] = longest_from(places, after, i, len);
        all[before[i]] += before[i] + after[i] == longest + 1;
    }
    for (size_t i = 0; i < len; i++)
        out[users[i]] = before[i] + after[i] != longest + 1 ? ORDER_MOVED
                        : all[before[i]] == 1               ? ORDER_STILL
                                                            : ORDER_MAYBE;
}

size_t order_place(const struct appearance *a, uint32_t key)
{
    size_t place = 0;
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        place += l->here && l->state != LINE_RESERVED && (l->key < key || key == 0);
    }
    return place;
}

const char *order_judge_edit(const struct plain *before, const struct plain *after,
                             enum order_edit edit, int user, int to, size_t place)
{
    struct plain wanted = *before;
    char a[128], b[128];
    size_t at = plain_place(&wanted, user);
    if (edit == ORDER_SET && at < wanted.len)
        wanted.users[at] = to;
    else if (edit != ORDER_ADD && at < wanted.len)
        plain_remove(&wanted, at);
    if (edit == ORDER_ADD || edit == ORDER_MOVE)
        plain_insert(&wanted, place < wanted.len ? place : wanted.len, user);
    if (plain_equal(&wanted, after))
        return NULL;
    (void)snprintf(why, sizeof why, "an edit of %d has made %s, wanted %s", user,
                   plain_text(after, a), plain_text(&wanted, b));
    return why;
}

void orders_rest(struct orders *o, const struct plain *list)
{
    size_t judged = o->judged;
    memset(o, 0, sizeof *o);
    o->judged = judged;
    o->base = o->there[0] = *list;
    o->there_len = 1;
}

void orders_called_moved(struct orders *o, int user)
{
    o->is_placed[ORDER_HERE][user] = true;
}

static void place_moved(struct orders *o, enum order_home home, const struct plain *before,
                        const struct plain *after)
{
    enum order_move moves[LIST_USERS];
    order_moves(before, after, moves);
    for (int user = 0; user < LIST_USERS; user++)
        o->is_placed[home][user] |= moves[user] > ORDER_STILL;
}

/* A merge may see several edits at once: from any of the lists that were there to this one. */
static void note_there(struct orders *o, const struct plain *before, const struct plain *after)
{
    o->is_full = o->is_full || o->there_len + 2 > ORDERS_LISTS;
    if (o->is_full)
        return;
    o->there[o->there_len++] = *before;
    for (size_t i = 0; i < o->there_len; i++)
        place_moved(o, ORDER_THERE, &o->there[i], after);
    o->there[o->there_len++] = *after;
}

/* 0: not known. */
static int stood(const struct orders *o, enum order_home home, int x, int y)
{
    if (o->before[home][x][y])
        return o->before[home][x][y];
    if (!plain_has(&o->base, x) || !plain_has(&o->base, y))
        return 0;
    return plain_stands_before(&o->base, x, y) ? 1 : -1;
}

void orders_edit(struct orders *o, enum order_home home, const struct plain *before,
                 const struct plain *after)
{
    if (home == ORDER_THERE)
        note_there(o, before, after);
    place_moved(o, home, before, after);
    for (int x = 0; x < LIST_USERS; x++) {
        bool was = plain_has(before, x), is = plain_has(after, x);
        o->is_come[home][x] |= !was && is;
        for (int y = 0; y < LIST_USERS && is; y++) {
            bool is_new = !was || !plain_has(before, y);
            bool is_before = plain_stands_before(after, x, y);
            if (x == y || !plain_has(after, y) ||
                (!is_new && plain_stands_before(before, x, y) == is_before))
                continue;
            o->before[home][x][y] = is_before ? 1 : -1;
        }
    }
}

/* Has this home left both where they were? */
static bool is_silent(const struct orders *o, enum order_home home, int x, int y)
{
    return !o->is_placed[home][x] && !o->is_placed[home][y] && !o->is_come[home][x] &&
           !o->is_come[home][y];
}

/* 0: nobody can say. */
static int wanted_order(const struct orders *o, int x, int y)
{
    if (is_silent(o, ORDER_THERE, x, y))
        return stood(o, ORDER_HERE, x, y);
    if (is_silent(o, ORDER_HERE, x, y))
        return stood(o, ORDER_THERE, x, y);
    return 0;
}

const char *orders_judge(struct orders *o, const struct plain *list)
{
    if (o->is_full)
        return NULL;
    for (int x = 0; x < LIST_USERS; x++) {
        for (int y = 0; y < x; y++) {
            if (o->is_excused[x] || o->is_excused[y] || !plain_has(list, x) || !plain_has(list, y))
                continue;
            int wanted = wanted_order(o, x, y);
            bool is = plain_stands_before(list, x, y);
            o->judged += wanted != 0;
            if (wanted == 0 || is == (wanted > 0))
                continue;
            (void)snprintf(why, sizeof why, "%d stands %s %d, and was put on its other side%s", x,
                           is ? "before" : "behind", y,
                           o->before[ORDER_HERE][x][y]    ? " here"
                           : o->before[ORDER_THERE][x][y] ? " elsewhere"
                                                          : " always");
            return why;
        }
    }
    return NULL;
}
