/* How the lines of a list stand to each other, and who may change that: said of each two of them on
 * their own. */
#ifndef CALLHUD_TESTS_MODEL_LIST_ORDER_H
#define CALLHUD_TESTS_MODEL_LIST_ORDER_H

#include "list_oracle.h"

#include "callhud/model/appearance.h"

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

/* Where the line with that number stands among those that are not reserved. */
size_t order_place(const struct appearance *a, uint32_t key);
/* What one edit makes of a list: nobody but the user changes his place. place: where he comes to;
 * beyond the end is the end. NULL: so it is; else what is wrong. */
enum order_edit { ORDER_ADD, ORDER_REMOVE, ORDER_MOVE, ORDER_SET }; /* as EDIT_ADD ... */
const char *order_judge_edit(const struct plain *before, const struct plain *after,
                             enum order_edit edit, int user, int to, size_t place);

/* A play of many merges, as one sees it who writes down by whom any two lines were put as they
 * stand since both homes had one list. Promised is the order of two whose places one home alone has
 * changed: as that one put them last; and of two whom nobody has moved: as they were. Not promised:
 * of two who were moved in both, or the one here and the other there, since then each has his place
 * among those who stayed; and of those whose conflict was shown. Lists do not tell who was moved
 * when two pass each other: each of them may have been. */
enum order_home { ORDER_HERE, ORDER_THERE };
#define ORDERS_LISTS 64
struct orders {
    struct plain base;
    struct plain there[ORDERS_LISTS]; /* lists that a merge may have seen, the last last */
    size_t there_len;
    signed char before[2][LIST_USERS][LIST_USERS]; /* by home: 1: x was put before y, -1: behind */
    bool is_placed[2][LIST_USERS];                 /* by home: moved, or so it may look */
    bool is_come[2][LIST_USERS];                   /* added */
    bool is_excused[LIST_USERS];                   /* was in a conflict */
    bool is_full;                                  /* more edits than there is room for */
    size_t judged;                                 /* pairs, ever */
};
void orders_rest(struct orders *o, const struct plain *list); /* both homes have this one */
void orders_edit(struct orders *o, enum order_home home, const struct plain *before,
                 const struct plain *after);
/* The program says that it was moved here: of two who passed each other it may say so of either. */
void orders_called_moved(struct orders *o, int user);
/* Both homes have this list: NULL, or what is wrong with it. */
const char *orders_judge(struct orders *o, const struct plain *list);

#endif
