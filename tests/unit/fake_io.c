#include "fake_io.h"

#include "callhud/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct io_timer {
    struct fake_io *net;
    int64_t at_ms;
    uint64_t order;
    void (*fire)(void *self);
    void *self;
};

static int64_t fake_now(void *net)
{
    return ((struct fake_io *)net)->now_ms;
}

static int64_t fake_wall(void *net)
{
    return ((struct fake_io *)net)->wall_ms;
}

static uint32_t fake_random(void *net)
{
    struct fake_io *fake = net;
    fake->random = fake->random * 1664525u + 1013904223u;
    return fake->random;
}

static struct io_ws *ws_open(void *net, const struct io_ws_request *request,
                             const struct io_ws_handler *handler, void *self)
{
    struct fake_io *fake = net;
    struct io_ws *ws = mem_zero(1, sizeof *ws);
    ws->net = fake;
    ws->url = mem_dup(request->url);
    ws->user = mem_dup(request->access.user);
    ws->password = mem_dup(request->access.password);
    ws->frame_max_bytes = request->frame_max_bytes;
    ws->handler = *handler;
    ws->self = self;
    VEC_PUSH(&fake->sockets, ws);
    return ws;
}

static bool ws_send(struct io_ws *ws, const char *text, size_t len)
{
    assert_false(ws->is_over);
    if (!ws->is_open || ws->is_stuck)
        return false;
    VEC_PUSH(&ws->sent, mem_dup_n(text, len));
    return true;
}

static void ws_ping(struct io_ws *ws)
{
    assert_false(ws->is_over);
    ws->pings++;
}

static void ws_close(struct io_ws *ws)
{
    if (ws == NULL)
        return;
    assert_false(ws->is_over); /* would be a use after free in the real one */
    ws->is_over = true;
    ws->is_open = false;
}

static struct io_http *http_start(void *net, const struct io_http_request *request,
                                  void (*done)(void *self, const struct io_http_answer *answer),
                                  void *self)
{
    struct fake_io *fake = net;
    struct io_http *http = mem_zero(1, sizeof *http);
    http->net = fake;
    http->method = mem_dup(request->method);
    http->url = mem_dup(request->url);
    http->body = mem_dup_n(request->body != NULL ? request->body : "", request->body_len);
    http->user = mem_dup(request->access.user);
    http->password = mem_dup(request->access.password);
    http->bearer = mem_dup(request->access.bearer);
    http->accept = mem_dup(request->accept);
    http->content_type = mem_dup(request->content_type);
    http->timeout_ms = request->timeout_ms;
    http->done = done;
    http->self = self;
    VEC_PUSH(&fake->requests, http);
    return http;
}

static void http_cancel(struct io_http *http)
{
    if (http == NULL)
        return;
    assert_false(http->is_over);
    http->is_over = true;
}

static struct io_timer *timer_start(void *net, int64_t after_ms, void (*fire)(void *self),
                                    void *self)
{
    static uint64_t orders;
    struct fake_io *fake = net;
    struct io_timer *timer = mem_zero(1, sizeof *timer);
    assert_true(after_ms >= 0);
    timer->net = fake;
    timer->at_ms = fake->now_ms + after_ms;
    timer->order = ++orders;
    timer->fire = fire;
    timer->self = self;
    VEC_PUSH(&fake->timers, timer);
    return timer;
}

static void timer_stop(struct io_timer *timer)
{
    if (timer == NULL)
        return;
    struct fake_io *fake = timer->net;
    for (size_t i = 0; i < fake->timers.len; i++) {
        if (fake->timers.items[i] == timer) {
            VEC_REMOVE(&fake->timers, i);
            mem_free(timer);
            return;
        }
    }
    fail_msg("a timer was stopped after it had fired");
}

void fake_io_init(struct fake_io *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->now_ms = 1000000;
    fake->wall_ms = 1795305700000;
    fake->random = 7;
    fake->io = (struct io){
        .net = fake,
        .now_ms = fake_now,
        .wall_ms = fake_wall,
        .random = fake_random,
        .ws_open = ws_open,
        .ws_send = ws_send,
        .ws_ping = ws_ping,
        .ws_close = ws_close,
        .http = http_start,
        .http_cancel = http_cancel,
        .timer = timer_start,
        .timer_stop = timer_stop,
    };
}

void fake_io_fini(struct fake_io *fake)
{
    for (size_t i = 0; i < fake->sockets.len; i++) {
        struct io_ws *ws = fake->sockets.items[i];
        assert_true(ws->is_over);
        for (size_t k = 0; k < ws->sent.len; k++)
            mem_free(ws->sent.items[k]);
        VEC_FREE(&ws->sent);
        mem_free(ws->url);
        mem_free(ws->user);
        mem_free(ws->password);
        mem_free(ws);
    }
    for (size_t i = 0; i < fake->requests.len; i++) {
        struct io_http *http = fake->requests.items[i];
        assert_true(http->is_over);
        mem_free(http->method);
        mem_free(http->url);
        mem_free(http->body);
        mem_free(http->user);
        mem_free(http->password);
        mem_free(http->bearer);
        mem_free(http->accept);
        mem_free(http->content_type);
        mem_free(http);
    }
    assert_int_equal(fake->timers.len, 0);
    VEC_FREE(&fake->sockets);
    VEC_FREE(&fake->requests);
    VEC_FREE(&fake->timers);
}

void fake_io_advance(struct fake_io *fake, int64_t ms)
{
    int64_t until_ms = fake->now_ms + ms;
    for (;;) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < fake->timers.len; i++) {
            const struct io_timer *t = fake->timers.items[i];
            const struct io_timer *b = best != SIZE_MAX ? fake->timers.items[best] : NULL;
            if (t->at_ms <= until_ms &&
                (b == NULL || t->at_ms < b->at_ms || (t->at_ms == b->at_ms && t->order < b->order)))
                best = i;
        }
        if (best == SIZE_MAX)
            break;
        struct io_timer *timer = fake->timers.items[best];
        VEC_REMOVE(&fake->timers, best);
        if (timer->at_ms > fake->now_ms) { /* it is late when the clock has jumped */
            fake->wall_ms += timer->at_ms - fake->now_ms;
            fake->now_ms = timer->at_ms;
        }
        timer->fire(timer->self);
        mem_free(timer);
    }
    fake->wall_ms += until_ms - fake->now_ms;
    fake->now_ms = until_ms;
}

struct io_ws *fake_ws(struct fake_io *fake)
{
    assert_true(fake->sockets.len > 0);
    return fake->sockets.items[fake->sockets.len - 1];
}

size_t fake_ws_count(const struct fake_io *fake)
{
    return fake->sockets.len;
}

void fake_ws_accept(struct io_ws *ws)
{
    assert_false(ws->is_over);
    ws->is_open = true;
    ws->handler.opened(ws->self);
}

void fake_ws_say(struct io_ws *ws, const char *text)
{
    assert_true(ws->is_open);
    size_t len = strlen(text);
    char *bytes = mem_dup_n(text, len); /* a copy of its own: a borrowed byte kept would be found */
    ws->handler.message(ws->self, bytes, len);
    mem_free(bytes);
}

void fake_ws_pong(struct io_ws *ws)
{
    assert_true(ws->is_open);
    ws->handler.pong(ws->self);
}

void fake_ws_fail(struct io_ws *ws, enum rc rc, int http_status, const char *text)
{
    assert_false(ws->is_over);
    ws->is_over = true;
    ws->is_open = false;
    ws->handler.closed(ws->self, rc, http_status, text);
}

size_t fake_http_pending(const struct fake_io *fake)
{
    size_t pending = 0;
    for (size_t i = 0; i < fake->requests.len; i++)
        pending += !fake->requests.items[i]->is_over;
    return pending;
}

void fake_http_answer(struct io_http *http, enum rc rc, int status, const char *body,
                      const char *location)
{
    assert_false(http->is_over);
    http->is_over = true;
    char *copy = mem_dup(body != NULL ? body : "");
    struct io_http_answer answer = {
        .rc = rc,
        .status = status,
        .content_type = "application/json",
        .location = location != NULL ? location : "",
        .body = copy,
        .body_len = strlen(copy),
        .text = rc == RC_OK ? NULL : "scripted failure",
    };
    http->done(http->self, &answer);
    mem_free(copy);
}

void fake_http_answer_with(struct io_http *http, const struct io_http_answer *from)
{
    assert_false(http->is_over);
    http->is_over = true;
    struct io_http_answer answer = *from;
    char *copy = mem_dup(from->body != NULL ? from->body : "");
    answer.body = copy;
    answer.body_len = strlen(copy);
    answer.content_type = from->content_type != NULL ? from->content_type : "application/json";
    answer.location = from->location != NULL ? from->location : "";
    http->done(http->self, &answer);
    mem_free(copy);
}

struct io_http *fake_http(struct fake_io *fake)
{
    for (size_t i = fake->requests.len; i-- > 0;)
        if (!fake->requests.items[i]->is_over)
            return fake->requests.items[i];
    fail_msg("no request is under way");
    return NULL;
}
