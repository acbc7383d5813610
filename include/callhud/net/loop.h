/* The one loop: libuv. Everything in callhud that waits, waits here. */
#ifndef CALLHUD_NET_LOOP_H
#define CALLHUD_NET_LOOP_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct uv_loop_s;

enum rc loop_new(struct loop **out, struct err *err);
/* Runs until loop_stop(). Handles left over are closed by loop_free(), which runs the loop dry. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
void loop_free(struct loop *loop);
/* Called once by loop_free(), after the loop has run dry: for a library that ends in two steps. The
 * newest first. */
void loop_at_end(struct loop *loop, void (*ended)(void *self), void *self);
struct uv_loop_s *loop_uv(struct loop *loop); /* for net/ and term/tty_out */
int64_t loop_now_ms(struct loop *loop);       /* clock_mono_ms(), read afresh */

struct loop_timer;
/* One shot. after_ms <= 0 fires at the next turn. Freed after firing or by loop_timer_stop(). */
struct loop_timer *loop_timer(struct loop *loop, int64_t after_ms, void (*fire)(void *self),
                              void *self);
void loop_timer_stop(struct loop_timer *timer);

struct loop_watch;
/* Calls ready whenever fd is readable (or at end of file) until stopped. NULL for what cannot be
 * waited for: a regular file, a bad descriptor. The descriptor keeps its blocking mode. */
struct loop_watch *loop_watch_read(struct loop *loop, int fd, void (*ready)(void *self),
                                   void *self);
void loop_watch_stop(struct loop_watch *watch);

struct loop_signal;
/* NULL when the signal cannot be caught. */
struct loop_signal *loop_signal(struct loop *loop, int signum,
                                void (*caught)(void *self, int signum), void *self);
void loop_signal_stop(struct loop_signal *signal);

/* Once after every turn in which something happened (and before the first wait): where frames are
 * asked for and ticks applied. */
void loop_on_turn(struct loop *loop, void (*turn)(void *self), void *self);

/* Loop lag: how long the loop was away from waiting (a turn's length), so anything due may have
 * been that late; plus how late its own timers fired. No timer of its own: an idle console does not
 * wake. Figures of the whole run; the percentile from a histogram of 1 ms steps up to 1 s. */
struct loop_lag {
    int64_t p99_ms;
    int64_t max_ms;
    uint64_t samples;
};
void loop_lag(const struct loop *loop, struct loop_lag *out);

#endif
