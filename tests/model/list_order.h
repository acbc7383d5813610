/* How the lines of a list stand to each other, and who may change that: said of each two of them on
 * their own. */
#ifndef CALLHUD_TESTS_MODEL_LIST_ORDER_H
#define CALLHUD_TESTS_MODEL_LIST_ORDER_H

#include "list_oracle.h"

bool plain_stands_before(const struct plain *list, int x, int y);

/* What lists tell about who was moved from the one to the other, if as few as possible were: of two
 * who passed each other, it may have been either. */
enum order_move {
    ORDER_ABSENT, /* not on both */
    ORDER_STILL,
    ORDER_MAYBE,
    ORDER_MOVED,
};
void order_moves(const struct plain *from, const struct plain *to, enum order_move out[LIST_USERS]);

#endif
