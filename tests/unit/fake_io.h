/* A scripted network and clock behind backend/io.h. Nothing happens by itself: the test accepts,
 * answers, says, closes, and moves the clock. What a rule of io.h forbids fails the test. */
#ifndef TESTS_UNIT_FAKE_IO_H
#define TESTS_UNIT_FAKE_IO_H

#include "callhud/backend/io.h"
#include "callhud/base/vec.h"

struct io_ws {
    struct fake_io *net;
    char *url;
    char *user, *password;
    size_t frame_max_bytes;
    struct io_ws_handler handler;
    void *self;
    bool is_open, is_over; /* over: closed by either side; the handler is never called again */
    bool is_stuck;         /* sends are refused, as when the queue is full */
    unsigned pings;
    VEC(char *) sent;
    size_t served; /* of sent, by whoever answers */
};

struct io_http {
    struct fake_io *net;
    char *method, *url, *body;
    char *user, *password, *bearer, *accept, *content_type; /* NULL: none */
    int64_t timeout_ms;
    void (*done)(void *self, const struct io_http_answer *answer);
    void *self;
    bool is_over;   /* answered or cancelled */
    bool is_silent; /* served, and no answer comes */
};

struct fake_io {
    struct io io;
    int64_t now_ms, wall_ms;
    uint32_t random;
    VEC(struct io_ws *) sockets; /* in order of opening, over ones too */
    VEC(struct io_http *) requests;
    VEC(struct io_timer *) timers; /* pending */
};

void fake_io_init(struct fake_io *fake);
/* Fails the test when a socket, a request or a timer was left behind. */
void fake_io_fini(struct fake_io *fake);
void fake_io_advance(struct fake_io *fake, int64_t ms);

struct io_ws *fake_ws(struct fake_io *fake); /* the last opened one; fails when there is none */
size_t fake_ws_count(const struct fake_io *fake);
void fake_ws_accept(struct io_ws *ws);
void fake_ws_say(struct io_ws *ws, const char *text);
void fake_ws_pong(struct io_ws *ws);
void fake_ws_fail(struct io_ws *ws, enum rc rc, int http_status, const char *text);

size_t fake_http_pending(const struct fake_io *fake);
/* status 0: no answer came, for the reason rc. */
void fake_http_answer(struct io_http *http, enum rc rc, int status, const char *body,
                      const char *location);
/* Any answer; body and headers are copied for the time of the call. */
void fake_http_answer_with(struct io_http *http, const struct io_http_answer *answer);
/* The last request that is not over; fails when there is none. */
struct io_http *fake_http(struct fake_io *fake);

#endif
