#include "callhud/net/net.h"

#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/net/http.h"
#include "callhud/net/resolve.h"
#include "callhud/net/ws.h"

#include <signal.h>
#include <sys/random.h>

struct net {
    struct loop *loop;
    struct resolve *resolve;
    struct ws_pool *ws;
    struct http_pool *http;
};

enum rc net_new(struct net **out, struct loop *loop, struct err *err)
{
    struct net *net = mem_zero(1, sizeof *net);

    (void)err;
    /* OpenSSL writes with write(2): a lost peer must not end the program. */
    (void)signal(SIGPIPE, SIG_IGN);
    net->loop = loop;
    net->resolve = resolve_new(loop);
    net->ws = ws_pool_new(loop, net->resolve);
    net->http = http_pool_new(loop, net->resolve);
    *out = net;
    return RC_OK;
}

bool net_free(struct net *net)
{
    if (net == NULL)
        return false;
    ws_pool_free(net->ws);
    http_pool_free(net->http);
    bool is_looking_up = resolve_free(net->resolve);

    mem_free(net);
    return is_looking_up;
}

bool net_has_uv_plugin(void)
{
    return ws_has_uv_plugin();
}

static int64_t io_now_ms(void *self)
{
    struct net *net = self;

    return loop_now_ms(net->loop);
}

static int64_t io_wall_ms(void *self)
{
    (void)self;
    return clock_wall_ms();
}

static uint32_t io_random(void *self)
{
    uint32_t value = 0;

    (void)self;
    /* Up to 256 bytes come whole; before the kernel has gathered enough this waits once, at boot.
     */
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
        log_warn("net", "the kernel gives no random numbers");
        value = (uint32_t)clock_mono_ms() * 2654435761u;
    }
    return value;
}

static struct io_ws *io_ws_open(void *self, const struct io_ws_request *request,
                                const struct io_ws_handler *handler, void *handler_self)
{
    struct net *net = self;

    return ws_open(net->ws, request, handler, handler_self);
}

static struct io_http *io_http_start(void *self, const struct io_http_request *request,
                                     void (*done)(void *self, const struct io_http_answer *answer),
                                     void *done_self)
{
    struct net *net = self;

    return http_start(net->http, request, done, done_self);
}

/* A timer of the seam is one of the loop's. */
static struct io_timer *io_timer_start(void *self, int64_t after_ms, void (*fire)(void *self),
                                       void *fire_self)
{
    struct net *net = self;

    return (struct io_timer *)loop_timer(net->loop, after_ms, fire, fire_self);
}

static void io_timer_stop(struct io_timer *timer)
{
    loop_timer_stop((struct loop_timer *)timer);
}

void net_io(struct net *net, struct io *out)
{
    *out = (struct io){
        .net = net,
        .now_ms = io_now_ms,
        .wall_ms = io_wall_ms,
        .random = io_random,
        .ws_open = io_ws_open,
        .ws_send = ws_send,
        .ws_ping = ws_ping,
        .ws_close = ws_close,
        .http = io_http_start,
        .http_cancel = http_cancel,
        .timer = io_timer_start,
        .timer_stop = io_timer_stop,
    };
}
