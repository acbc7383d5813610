/* The tty as bytes: a queue that never blocks the loop, and what comes in. Private to term.
 *
 * The tty is opened a second time, non-blocking, so that the flag stays on descriptions of our own.
 * Where that is refused (su -c) a thread writes to fd 1 and fd 0 is read only when it has bytes. */
#ifndef CALLHUD_TERM_TTY_OUT_H
#define CALLHUD_TERM_TTY_OUT_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tty_out;
struct uv_loop_s;

#define TTY_OUT_STALL_MS 200

/* All are called from the loop. */
struct tty_out_handler {
    void (*bytes)(void *self, const char *bytes, size_t len);
    void (*timeout)(void *self); /* of tty_out_timer() */
    void (*winch)(void *self);   /* SIGWINCH */
    void (*look)(void *self);    /* every second where there can be no SIGWINCH: look at the size */
    void (*drained)(void *self);
    void (*vanished)(void *self, const char *why); /* at most once */
    void *self;
};

enum rc tty_out_open(struct tty_out **out, struct err *err);
void tty_out_attach(struct tty_out *o, struct uv_loop_s *loop,
                    const struct tty_out_handler *handler);
/* Drops what is still queued. The loop, if one was attached, has to turn once more: its handles
 * free the memory. */
void tty_out_free(struct tty_out *o);

int tty_out_fd(const struct tty_out *o); /* for ioctl and the restoring bytes */
int tty_out_in_fd(const struct tty_out *o);

bool tty_out_is_busy(struct tty_out *o);    /* bytes wait */
bool tty_out_is_stalled(struct tty_out *o); /* they do, and none left for TTY_OUT_STALL_MS */
/* Queues bytes and writes what the tty takes now. */
void tty_out_put(struct tty_out *o, const void *bytes, size_t len);
/* Waits until the queue is empty, at most deadline_ms; true if it is. Does not call the handler. */
bool tty_out_flush(struct tty_out *o, int deadline_ms);
/* Forgets what is queued; true if a piece of it is out already, so that the terminal may stand in
 * the middle of a sequence. */
bool tty_out_drop(struct tty_out *o);
/* Reads what has come without waiting longer than wait_ms; 0 when nothing. */
size_t tty_out_read(struct tty_out *o, char *to, size_t size, int wait_ms);
void tty_out_timer(struct tty_out *o, int ms); /* one shot; negative stops it */
uint64_t tty_out_bytes(struct tty_out *o);     /* written so far */

#endif
