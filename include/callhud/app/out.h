/* Standard output that never makes the loop wait: lines are queued and a thread writes them, so that
 * a reader which pauses costs memory (bounded) and no event. */
#ifndef CALLHUD_APP_OUT_H
#define CALLHUD_APP_OUT_H

#include "callhud/base/buf.h"

#include <stdbool.h>

struct out;

#define OUT_QUEUE_MAX_BYTES (64u * 1024 * 1024)

struct out *out_new(int fd);
void out_write(struct out *out, const char *bytes, size_t len);
/* Nobody reads any more (EPIPE), the device is full, or the queue is: end. Once true it stays. */
bool out_is_broken(struct out *out);
/* Why it broke, as errno; ENOBUFS when the queue was full; 0. */
int out_errno(struct out *out);
/* Waits until all is written, at most wait_ms, then frees. */
void out_free(struct out *out, int wait_ms);

#endif
