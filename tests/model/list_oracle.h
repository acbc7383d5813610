/* What a merge of two lists must and must not do, said a second time: naively, of plain lists of
 * numbers, without knowing how the appearance keeps them. */
#ifndef CALLHUD_TESTS_MODEL_LIST_ORACLE_H
#define CALLHUD_TESTS_MODEL_LIST_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIST_USERS 18
#define LIST_LINES 64

struct plain {
    int users[LIST_LINES];
    size_t len;
};

bool plain_has(const struct plain *list, int user);
size_t plain_place(const struct plain *list, int user); /* len: not there */
void plain_insert(struct plain *list, size_t at, int user);
void plain_remove(struct plain *list, size_t at);
bool plain_equal(const struct plain *a, const struct plain *b);
struct plain plain_part(const struct plain *list, int first, int end); /* first <= user < end */
void plain_sort(struct plain *list);
const char *plain_text(const struct plain *list, char out[128]);

/* One merge as somebody saw it who only looks on. */
struct seen {
    struct plain base, here, there;   /* before: last common, here, there */
    bool is_moved_here[LIST_USERS];   /* by hand, since base, or removed and added again */
    bool is_called_moved[LIST_USERS]; /* before: he or who is stored on his line; of lines that
                                         passed each other any may be called so */
    bool was_any_conflict;
    struct plain result;             /* here, after */
    bool is_in_conflict[LIST_USERS]; /* after: on either side of such a line, or before it */
    bool is_in_new_place_conflict[LIST_USERS]; /* on both sides of a line that came into conflict */
    size_t conflicts;
    size_t orders; /* out: of how many two lines it was judged how they stand to each other */
};
/* NULL: nothing was lost and nothing made up; else what is wrong. */
const char *oracle_judge(struct seen *seen);

#endif
