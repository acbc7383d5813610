/* A merge under way: appearance_match.c finds which line there is which line here,
 * appearance_merge.c what becomes of them. */
#ifndef CALLHUD_MODEL_APPEARANCE_MERGE_H
#define CALLHUD_MODEL_APPEARANCE_MERGE_H

#include "appearance_private.h"

/* One line of the list, not a reserved one, on its way through the merge. */
struct row {
    struct appearance_line line;                /* as it was here; then as it becomes */
    const struct appearance_user *base, *there; /* stored before, stored now; NULL: not */
    uint32_t base_key, there_key;
    bool is_moved_there; /* or came to its place there newly */
    bool was_moved, was_unsaved, was_conflict;
    bool is_placed; /* stands where it was put here, not where the backend's order has it */
    size_t at;      /* its index in the list as it is being built; NO_LINE: gone */
};

struct merge {
    struct appearance *a;
    const struct stored_line *lines;
    size_t len;
    const struct appearance_user **users; /* on each line; NULL: reserved */
    size_t *row_of_line;                  /* NO_LINE: none found yet */
    VEC(struct row) rows; /* first those of before in their order here, then new ones */
    size_t old_len;
    size_t *row_stored, *row_here; /* by index of a user: on which row before; NO_LINE */
    bool *is_settled;              /* by index of a user: an edit about it is stored now */
    int64_t at_ms;
    struct appearance_news news;
};

/* Fills users, row_of_line and rows: every line there has a row, new ones at the end. Twins are
 * counted anew before. The arrays by user are made here. */
void appearance_match(struct merge *m);
bool appearance_has_twins(const struct appearance *a);
bool appearance_is_of(const struct appearance_user *user, const char *id); /* NULL is of nobody */

#endif
