/* A typed growing array:  VEC(struct call) calls;  VEC_PUSH(&calls, c);  calls.items[i]  calls.len
 * A zeroed one is empty. Items are moved by growing: keep indexes, not pointers. */
#ifndef CALLHUD_BASE_VEC_H
#define CALLHUD_BASE_VEC_H

#include "callhud/base/mem.h"

#include <stddef.h>
#include <string.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t len;                                                                                \
        size_t cap;                                                                                \
    }

/* Makes room for one more item. */
#define VEC_RESERVE(v)                                                                             \
    do {                                                                                           \
        if ((v)->len == (v)->cap) {                                                                \
            (v)->cap = (v)->cap ? (v)->cap * 2 : 8;                                                \
            (v)->items = mem_grow((v)->items, (v)->cap, sizeof *(v)->items);                       \
        }                                                                                          \
    } while (0)

#define VEC_PUSH(v, item)                                                                          \
    do {                                                                                           \
        VEC_RESERVE(v);                                                                            \
        (v)->items[(v)->len++] = (item);                                                           \
    } while (0)

/* Removes item i, keeping the order of the rest. */
#define VEC_REMOVE(v, i)                                                                           \
    do {                                                                                           \
        size_t vec_at_ = (i);                                                                      \
        memmove((v)->items + vec_at_, (v)->items + vec_at_ + 1,                                    \
                ((v)->len - vec_at_ - 1) * sizeof *(v)->items);                                    \
        (v)->len--;                                                                                \
    } while (0)

#define VEC_FREE(v)                                                                                \
    do {                                                                                           \
        mem_free((v)->items);                                                                      \
        (v)->items = NULL;                                                                         \
        (v)->len = (v)->cap = 0;                                                                   \
    } while (0)

#endif
