/* Standard output that never makes the loop wait: lines are queued and a thread writes them, so
 * that a reader which pauses costs memory (bounded) and no event. */
#ifndef CALLHUD_APP_OUT_H
#define CALLHUD_APP_OUT_H

#include "callhud/base/buf.h"
#include "callhud/net/loop.h"

struct out;

#define OUT_QUEUE_MAX_BYTES (64u * 1024 * 1024)

/* ended is called once, in the loop: it broke (nobody reads any more, the device is full, the queue
 * is), also while there is nothing to write; or all is written after out_finish(). */
struct out *out_new(struct loop *loop, int fd, void (*ended)(void *self), void *self);
/* Dropped once it is broken. */
void out_write(struct out *out, const char *bytes, size_t len);
/* Nothing more will be written: ended is called when what waits is out, however long that takes. */
void out_finish(struct out *out);
/* Waits until all is written, at most wait_ms, then frees. The errno that it broke with: EPIPE when
 * nobody reads any more, ENOBUFS when the queue was full; ETIMEDOUT when lines were left; 0. */
int out_free(struct out *out, int wait_ms);
/* For the exit code: 0 for EPIPE (a reader that has seen enough is no fault) and for 0; else a line
 * on standard error and 1. */
int out_report(int failed);

#endif
