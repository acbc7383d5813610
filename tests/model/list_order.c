#include "list_order.h"

#include <string.h>

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
