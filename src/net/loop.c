#include "callhud/net/loop.h"

#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"

#include <fcntl.h>
#include <uv.h>

#define HISTOGRAM_MS 1000
/* Closing handles needs a turn or two; more means that something other than a handle is pending. */
#define DRY_TURNS 100

/* What the loop owns of each kind: one list, so that loop_free() can close what was left. */
struct owned {
    struct owned *prev, *next;
    union {
        uv_handle_t handle;
        uv_timer_t timer;
        uv_poll_t poll;
        uv_signal_t signal;
    } uv;
    struct loop *loop;
};

struct loop_timer {
    struct owned owned;
    void (*fire)(void *self);
    void *self;
    int64_t due_ms;
    /* Timers due at once wait in a queue instead of libuv's heap: the heap would run one that
     * starts another in the same turn, for ever, and sockets would starve. */
    bool is_soon;
    uint64_t turn;
};

struct loop_watch {
    struct owned owned;
    void (*ready)(void *self);
    void *self;
};

struct loop_signal {
    struct owned owned;
    void (*caught)(void *self, int signum);
    void *self;
};

struct ending {
    struct ending *next;
    void (*ended)(void *self);
    void *self;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    uv_idle_t soon_idle;
    struct owned owned; /* head of a ring */
    struct owned soon;  /* head of a ring: timers due at once, oldest first */
    uint64_t turn;
    void (*on_turn)(void *self);
    void *on_turn_self;
    struct ending *endings;
    uint64_t woke_ns;                     /* when the last poll returned */
    uint32_t lag_count[HISTOGRAM_MS + 1]; /* the last one: longer */
    int64_t lag_max_ms;
    uint64_t lag_samples;
};

static void ring_init(struct owned *head)
{
    head->prev = head->next = head;
}

static void ring_put_last(struct owned *head, struct owned *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

static void ring_take(struct owned *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->prev = item->next = item;
}

static void count_lag(struct loop *loop, int64_t lag_ms)
{
    if (lag_ms < 0)
        lag_ms = 0;
    loop->lag_count[lag_ms < HISTOGRAM_MS ? lag_ms : HISTOGRAM_MS]++;
    loop->lag_samples++;
    if (lag_ms > loop->lag_max_ms)
        loop->lag_max_ms = lag_ms;
}

static void before_poll(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;

    if (loop->on_turn != NULL)
        loop->on_turn(loop->on_turn_self);
    count_lag(loop, (int64_t)((uv_hrtime() - loop->woke_ns) / 1000000));
}

static void after_poll(uv_check_t *handle)
{
    struct loop *loop = handle->data;

    loop->woke_ns = uv_hrtime();
}

static void run_soon(uv_idle_t *handle)
{
    struct loop *loop = handle->data;

    loop->turn++;
    while (loop->soon.next != &loop->soon) {
        struct loop_timer *timer = (struct loop_timer *)loop->soon.next;

        if (timer->turn == loop->turn)
            break; /* asked for by one that fired just now: next turn */
        void (*fire)(void *self) = timer->fire;
        void *self = timer->self;

        ring_take(&timer->owned);
        mem_free(timer);
        fire(self);
    }
    if (loop->soon.next == &loop->soon)
        uv_idle_stop(handle);
}

enum rc loop_new(struct loop **out, struct err *err)
{
    struct loop *loop = mem_zero(1, sizeof *loop);
    int status = uv_loop_init(&loop->uv);

    *out = NULL;
    if (status != 0) {
        mem_free(loop);
        return err_set(err, RC_IO, "cannot start the event loop: %s", uv_strerror(status));
    }
    ring_init(&loop->owned);
    ring_init(&loop->soon);
    /* These three cannot fail. The first two stay active, so that the loop runs until it is told to
     * stop; they do not wake it. */
    uv_prepare_init(&loop->uv, &loop->before_poll);
    uv_check_init(&loop->uv, &loop->after_poll);
    uv_idle_init(&loop->uv, &loop->soon_idle);
    loop->before_poll.data = loop->after_poll.data = loop->soon_idle.data = loop;
    uv_prepare_start(&loop->before_poll, before_poll);
    uv_check_start(&loop->after_poll, after_poll);
    loop->woke_ns = uv_hrtime();
    *out = loop;
    return RC_OK;
}

void loop_run(struct loop *loop)
{
    loop->woke_ns = uv_hrtime();
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

/* The handle comes first in the union, and data points to the structure around it. */
static void free_owned(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void own(struct loop *loop, struct owned *owned, void *whole)
{
    owned->loop = loop;
    owned->uv.handle.data = whole;
    ring_put_last(&loop->owned, owned);
}

static void disown(struct owned *owned)
{
    if (uv_is_closing(&owned->uv.handle))
        return;
    ring_take(owned);
    uv_close(&owned->uv.handle, free_owned);
}

static void close_stranger(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void run_dry(struct loop *loop)
{
    for (int i = 0; i < DRY_TURNS && uv_run(&loop->uv, UV_RUN_NOWAIT) != 0; i++)
        ;
}

static void run_endings(struct loop *loop)
{
    while (loop->endings != NULL) {
        struct ending *ending = loop->endings;

        loop->endings = ending->next;
        ending->ended(ending->self);
        mem_free(ending);
    }
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    loop->on_turn = NULL;
    uv_prepare_stop(&loop->before_poll);
    uv_check_stop(&loop->after_poll);
    uv_idle_stop(&loop->soon_idle);
    while (loop->soon.next != &loop->soon) {
        struct owned *timer = loop->soon.next;

        ring_take(timer);
        mem_free(timer);
    }
    while (loop->owned.next != &loop->owned)
        disown(loop->owned.next);
    run_dry(loop);
    run_endings(loop);
    uv_walk(&loop->uv, close_stranger, NULL);
    run_dry(loop);
    if (uv_loop_close(&loop->uv) != 0) {
        /* A name lookup still runs in libuv's pool and will write here: the memory must stay. */
        log_info("net", "the event loop ends with a name lookup in flight");
        return;
    }
    mem_free(loop);
}

void loop_at_end(struct loop *loop, void (*ended)(void *self), void *self)
{
    struct ending *ending = mem_zero(1, sizeof *ending);

    ending->ended = ended;
    ending->self = self;
    ending->next = loop->endings;
    loop->endings = ending;
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

int64_t loop_now_ms(struct loop *loop)
{
    (void)loop;
    return clock_mono_ms();
}

static void fire_timer(uv_timer_t *handle)
{
    struct loop_timer *timer = handle->data;
    void (*fire)(void *self) = timer->fire;
    void *self = timer->self;

    count_lag(timer->owned.loop, clock_mono_ms() - timer->due_ms);
    disown(&timer->owned);
    fire(self);
}

struct loop_timer *loop_timer(struct loop *loop, int64_t after_ms, void (*fire)(void *self),
                              void *self)
{
    struct loop_timer *timer = mem_zero(1, sizeof *timer);

    timer->fire = fire;
    timer->self = self;
    if (after_ms <= 0) {
        timer->is_soon = true;
        timer->turn = loop->turn;
        timer->owned.loop = loop;
        ring_put_last(&loop->soon, &timer->owned);
        uv_idle_start(&loop->soon_idle, run_soon);
        return timer;
    }
    /* libuv counts from the start of the turn, which may be long ago. */
    uv_update_time(&loop->uv);
    timer->due_ms = clock_mono_ms() + after_ms;
    uv_timer_init(&loop->uv, &timer->owned.uv.timer);
    own(loop, &timer->owned, timer);
    uv_timer_start(&timer->owned.uv.timer, fire_timer, (uint64_t)after_ms, 0);
    return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer == NULL)
        return;
    if (!timer->is_soon) {
        disown(&timer->owned);
        return;
    }
    struct loop *loop = timer->owned.loop;

    ring_take(&timer->owned);
    mem_free(timer);
    if (loop->soon.next == &loop->soon)
        uv_idle_stop(&loop->soon_idle);
}

static void watch_ready(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *watch = handle->data;

    /* An error is for the reader to find: it shows as a failing read. */
    (void)status;
    (void)events;
    watch->ready(watch->self);
}

struct loop_watch *loop_watch_read(struct loop *loop, int fd, void (*ready)(void *self), void *self)
{
    struct loop_watch *watch = mem_zero(1, sizeof *watch);
    /* libuv makes the descriptor non-blocking. On a terminal that would be seen by the shell and by
     * everyone else who shares it, so it is taken back: epoll does not need it. */
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || uv_poll_init(&loop->uv, &watch->owned.uv.poll, fd) != 0) {
        mem_free(watch);
        return NULL;
    }
    (void)fcntl(fd, F_SETFL, flags);
    watch->ready = ready;
    watch->self = self;
    own(loop, &watch->owned, watch);
    uv_poll_start(&watch->owned.uv.poll, UV_READABLE | UV_DISCONNECT, watch_ready);
    return watch;
}

void loop_watch_stop(struct loop_watch *watch)
{
    if (watch != NULL)
        disown(&watch->owned);
}

static void signal_caught(uv_signal_t *handle, int signum)
{
    struct loop_signal *sig = handle->data;

    sig->caught(sig->self, signum);
}

struct loop_signal *loop_signal(struct loop *loop, int signum,
                                void (*caught)(void *self, int signum), void *self)
{
    struct loop_signal *sig = mem_zero(1, sizeof *sig);

    uv_signal_init(&loop->uv, &sig->owned.uv.signal);
    sig->caught = caught;
    sig->self = self;
    own(loop, &sig->owned, sig);
    if (uv_signal_start(&sig->owned.uv.signal, signal_caught, signum) != 0) {
        disown(&sig->owned);
        return NULL;
    }
    return sig;
}

void loop_signal_stop(struct loop_signal *sig)
{
    if (sig != NULL)
        disown(&sig->owned);
}

void loop_on_turn(struct loop *loop, void (*turn)(void *self), void *self)
{
    loop->on_turn = turn;
    loop->on_turn_self = self;
}

void loop_lag(const struct loop *loop, struct loop_lag *out)
{
    uint64_t seen = 0;

    out->p99_ms = 0;
    out->max_ms = loop->lag_max_ms;
    out->samples = loop->lag_samples;
    for (int64_t ms = 0; ms <= HISTOGRAM_MS; ms++) {
        seen += loop->lag_count[ms];
        if (seen * 100 >= loop->lag_samples * 99) {
            out->p99_ms = ms == HISTOGRAM_MS ? loop->lag_max_ms : ms;
            return;
        }
    }
}
