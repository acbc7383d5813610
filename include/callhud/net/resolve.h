/* Names to addresses in libuv's pool: the loop never waits for a resolver. */
#ifndef CALLHUD_NET_RESOLVE_H
#define CALLHUD_NET_RESOLVE_H

#include "callhud/base/err.h"
#include "callhud/net/loop.h"

#include <stdbool.h>
#include <stddef.h>

#define RESOLVE_ADDRESSES 8
#define RESOLVE_TEXT_BYTES 64

struct resolve_answer {
    enum rc rc; /* RC_OK: at least one address; else RC_UNREACHABLE */
    size_t len;
    char addresses[RESOLVE_ADDRESSES][RESOLVE_TEXT_BYTES]; /* numeric, in the order to try them */
    char text[ERR_TEXT_BYTES];                             /* for people, when rc is not RC_OK */
};

struct resolve;
struct resolve_ask;

struct resolve *resolve_new(struct loop *loop);
/* Drops all questions. True when a lookup still runs in the pool: see net_free(). */
bool resolve_free(struct resolve *resolve);

/* Calls done once, never before this returns; the answer is borrowed. Numeric addresses and
 * localhost need no lookup, others are remembered for 30 s. Two who ask for the same name share one
 * lookup, so that a hanging resolver does not fill the pool. */
struct resolve_ask *resolve_start(struct resolve *resolve, const char *host,
                                  void (*done)(void *self, const struct resolve_answer *answer),
                                  void *self);
/* done is not called any more. Not after done() was called; NULL is fine. */
void resolve_cancel(struct resolve_ask *ask);

#endif
