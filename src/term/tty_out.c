#include "callhud/term/tty_out.h"

#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uv.h>

#define QUEUE_MAX_BYTES ((size_t)64 * 1024 * 1024) /* a million cells, all different, fit */
#define WAKE_SIGNAL SIGURG                         /* ignored unless somebody handles it */
#define READ_BYTES 4096
#define READS_PER_TURN 16
#define SIZE_MS 1000

struct writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct buf front; /* the thread's own while is_writing */
    bool is_writing, is_ending, is_ended;
    int error; /* errno of the write that failed */
};

struct tty_out {
    int in_fd, out_fd;
    int in_epoll; /* threaded: wraps fd 0, so that libuv does not make it non-blocking; else -1 */
    struct buf queue;
    size_t sent; /* bytes of queue that are out */
    bool is_cut; /* a piece of the queue went out before the rest was dropped */
    int64_t progress_ms;
    uint64_t bytes;
    bool is_gone, is_reported;
    const char *why;
    struct writer *writer;

    uv_loop_t *loop;
    struct tty_out_handler handler;
    uv_poll_t in_poll, out_poll;
    uv_timer_t timer, size_timer;
    uv_signal_t winch;
    uv_async_t async;
    bool has_in_poll, is_out_armed;
    int open_handles;
};

/* --- opening ---------------------------------------------------------------------------------- */

static int open_again(int fd, int flags)
{
    char name[256], proc[32];
    int again = -1;

    flags |= O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    if (ttyname_r(fd, name, sizeof name) == 0)
        again = open(name, flags);
    if (again < 0) {
        snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
        again = open(proc, flags);
    }
    /* After su the device belongs to somebody else, /dev/tty is open to all. It is this terminal
     * only if fd is our controlling one. */
    if (again < 0 && tcgetsid(fd) == getsid(0))
        again = open("/dev/tty", flags);
    return again;
}

static void *writer_run(void *arg);

static bool writer_start(struct tty_out *o)
{
    struct writer *w = mem_zero(1, sizeof *w);
    pthread_condattr_t attr;
    sigset_t all, old;

    buf_init(&w->front, QUEUE_MAX_BYTES);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->work, &attr);
    pthread_cond_init(&w->idle, &attr);
    pthread_condattr_destroy(&attr);
    o->writer = w;
    sigfillset(&all);
    sigdelset(&all, WAKE_SIGNAL);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&w->thread, NULL, writer_run, o);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error == 0)
        return true;
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->idle);
    pthread_mutex_destroy(&w->lock);
    buf_fini(&w->front);
    mem_free(w);
    o->writer = NULL;
    return false;
}

enum rc tty_out_open(struct tty_out **out, struct err *err)
{
    struct tty_out *o = mem_zero(1, sizeof *o);

    buf_init(&o->queue, QUEUE_MAX_BYTES);
    o->in_epoll = -1;
    o->in_fd = open_again(STDIN_FILENO, O_RDONLY);
    o->out_fd = o->in_fd < 0 ? -1 : open_again(STDOUT_FILENO, O_WRONLY);
    if (o->out_fd < 0) {
        if (o->in_fd >= 0)
            close(o->in_fd);
        o->in_fd = STDIN_FILENO;
        o->out_fd = STDOUT_FILENO;
        if (!writer_start(o)) {
            tty_out_free(o);
            return err_set(
                err, RC_IO,
                "cannot use the terminal: it cannot be opened again and no thread can be "
                "started; try --plain");
        }
    }
    *out = o;
    return RC_OK;
}

int tty_out_fd(const struct tty_out *o)
{
    return o->out_fd;
}

int tty_out_in_fd(const struct tty_out *o)
{
    return o->in_fd;
}

/* --- the end of the terminal ------------------------------------------------------------------ */

static void report_vanished(struct tty_out *o)
{
    if (!o->is_gone || o->is_reported || o->loop == NULL)
        return;
    o->is_reported = true;
    if (o->has_in_poll)
        uv_poll_stop(&o->in_poll);
    if (o->writer == NULL)
        uv_poll_stop(&o->out_poll);
    uv_timer_stop(&o->timer);
    uv_timer_stop(&o->size_timer);
    o->handler.vanished(o->handler.self, o->why);
}

/* Remembered here, told from the loop: a caller of tty_out_put() is in the middle of something. */
static void set_gone(struct tty_out *o, const char *why)
{
    if (o->is_gone)
        return;
    o->is_gone = true;
    o->why = why;
    if (o->writer == NULL) {
        buf_reset(&o->queue);
        o->sent = 0;
    }
    if (o->loop != NULL)
        uv_async_send(&o->async);
}

/* --- writing, the tty opened again ------------------------------------------------------------ */

static void out_arm(struct tty_out *o, bool is_on);

static void write_some(struct tty_out *o)
{
    while (o->sent < o->queue.len) {
        ssize_t n = write(o->out_fd, o->queue.data + o->sent, o->queue.len - o->sent);
        if (n > 0) {
            o->sent += (size_t)n;
            o->bytes += (uint64_t)n;
            o->progress_ms = clock_mono_ms();
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            out_arm(o, true);
            return;
        } else {
            set_gone(o, "the terminal cannot be written to");
            return;
        }
    }
    buf_reset(&o->queue);
    o->sent = 0;
    out_arm(o, false);
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
    struct tty_out *o = poll->data;

    (void)events;
    o->is_out_armed = status >= 0;
    write_some(o);
    if (o->is_gone)
        report_vanished(o);
    else if (o->queue.len == 0)
        o->handler.drained(o->handler.self);
    else if (status < 0)
        out_arm(o, true);
}

static void out_arm(struct tty_out *o, bool is_on)
{
    if (o->loop == NULL || o->is_out_armed == is_on)
        return;
    o->is_out_armed = is_on;
    if (is_on)
        uv_poll_start(&o->out_poll, UV_WRITABLE, on_writable);
    else
        uv_poll_stop(&o->out_poll);
}

/* --- writing, by thread ----------------------------------------------------------------------- */

/* Called and returns with the lock held. */
static void writer_write(struct tty_out *o, struct writer *w)
{
    for (size_t at = 0; at < w->front.len && w->error == 0 && !w->is_ending;) {
        pthread_mutex_unlock(&w->lock);
        ssize_t n = write(o->out_fd, w->front.data + at, w->front.len - at);
        int error = errno;
        pthread_mutex_lock(&w->lock);
        if (n > 0) {
            at += (size_t)n;
            o->bytes += (uint64_t)n;
            o->progress_ms = clock_mono_ms();
        } else if (n < 0 && error == EAGAIN) {
            /* Somebody else made the shared description non-blocking. */
            struct pollfd p = {.fd = o->out_fd, .events = POLLOUT};
            pthread_mutex_unlock(&w->lock);
            poll(&p, 1, 100);
            pthread_mutex_lock(&w->lock);
        } else if (n < 0 && error != EINTR) {
            w->error = error;
        }
    }
}

static void *writer_run(void *arg)
{
    struct tty_out *o = arg;
    struct writer *w = o->writer;

    pthread_mutex_lock(&w->lock);
    while (!w->is_ending) {
        if (o->queue.len == 0) {
            pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        struct buf full = o->queue;
        o->queue = w->front;
        w->front = full;
        w->is_writing = true;
        writer_write(o, w);
        buf_reset(&w->front);
        w->is_writing = false;
        if (w->error != 0)
            buf_reset(&o->queue);
        if (o->queue.len == 0) {
            pthread_cond_broadcast(&w->idle);
            if (o->loop != NULL)
                uv_async_send(&o->async);
        }
    }
    w->is_ended = true;
    pthread_cond_broadcast(&w->idle);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static bool writer_flush(struct tty_out *o, int deadline_ms)
{
    struct writer *w = o->writer;
    struct timespec until = clock_mono_in(deadline_ms);
    bool is_idle;

    pthread_mutex_lock(&w->lock);
    while ((o->queue.len > 0 || w->is_writing) &&
           pthread_cond_timedwait(&w->idle, &w->lock, &until) == 0)
        ;
    is_idle = o->queue.len == 0 && !w->is_writing;
    pthread_mutex_unlock(&w->lock);
    return is_idle;
}

static void on_wake(int number)
{
    (void)number;
}

/* A terminal that nobody reads holds the thread in write() for ever; only a signal gets it out. It
 * is sent until it has met the call. */
static void writer_end(struct tty_out *o)
{
    struct sigaction wake = {.sa_handler = on_wake}, old;
    struct writer *w = o->writer;

    sigaction(WAKE_SIGNAL, &wake, &old);
    pthread_mutex_lock(&w->lock);
    w->is_ending = true;
    pthread_cond_signal(&w->work);
    while (!w->is_ended) {
        struct timespec until = clock_mono_in(2);
        pthread_kill(w->thread, WAKE_SIGNAL);
        pthread_cond_timedwait(&w->idle, &w->lock, &until);
    }
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    sigaction(WAKE_SIGNAL, &old, NULL);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->idle);
    pthread_mutex_destroy(&w->lock);
    buf_fini(&w->front);
    mem_free(w);
    o->writer = NULL;
}

/* --- both ways -------------------------------------------------------------------------------- */

static void lock(struct tty_out *o)
{
    if (o->writer != NULL)
        pthread_mutex_lock(&o->writer->lock);
}

static void unlock(struct tty_out *o)
{
    if (o->writer != NULL)
        pthread_mutex_unlock(&o->writer->lock);
}

bool tty_out_is_busy(struct tty_out *o)
{
    lock(o);
    bool is_busy = o->queue.len > 0 || (o->writer != NULL && o->writer->is_writing);
    unlock(o);
    return is_busy;
}

bool tty_out_is_stalled(struct tty_out *o)
{
    if (!tty_out_is_busy(o))
        return false;
    lock(o);
    int64_t since_ms = o->progress_ms;
    unlock(o);
    return clock_mono_ms() - since_ms >= TTY_OUT_STALL_MS;
}

void tty_out_put(struct tty_out *o, const void *bytes, size_t len)
{
    if (o->is_gone || len == 0)
        return;
    if (o->writer == NULL) {
        if (o->queue.len == 0)
            o->progress_ms = clock_mono_ms();
        buf_put(&o->queue, bytes, len);
        write_some(o);
        return;
    }
    lock(o);
    if (o->queue.len == 0 && !o->writer->is_writing)
        o->progress_ms = clock_mono_ms();
    if (o->writer->error == 0)
        buf_put(&o->queue, bytes, len);
    pthread_cond_signal(&o->writer->work);
    unlock(o);
}

bool tty_out_flush(struct tty_out *o, int deadline_ms)
{
    int64_t end_ms = clock_mono_ms() + deadline_ms;

    if (o->writer != NULL)
        return writer_flush(o, deadline_ms);
    write_some(o);
    while (o->queue.len > 0 && !o->is_gone) {
        int64_t left_ms = end_ms - clock_mono_ms();
        struct pollfd p = {.fd = o->out_fd, .events = POLLOUT};
        if (left_ms <= 0)
            return false;
        if (poll(&p, 1, (int)left_ms) > 0)
            write_some(o);
    }
    return true;
}

bool tty_out_drop(struct tty_out *o)
{
    bool is_cut;

    if (o->writer != NULL) {
        is_cut = tty_out_is_busy(o);
        writer_end(o);
        if (!writer_start(o))
            set_gone(o, "no thread can be started to write to the terminal");
    } else {
        is_cut = o->sent > 0 && o->queue.len > 0;
        out_arm(o, false);
    }
    buf_reset(&o->queue);
    o->sent = 0;
    return is_cut;
}

uint64_t tty_out_bytes(struct tty_out *o)
{
    lock(o);
    uint64_t bytes = o->bytes;
    unlock(o);
    return bytes;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* -1: nothing now; 0: the terminal is gone. */
static ssize_t read_some(struct tty_out *o, char *to, size_t size)
{
    struct pollfd p = {.fd = o->in_fd, .events = POLLIN};

    if (o->in_fd == STDIN_FILENO) {
        /* Blocking, with VMIN 0: 0 bytes mean nothing unless the line is hung up. */
        if (poll(&p, 1, 0) <= 0)
            return -1;
    }
    ssize_t n = read(o->in_fd, to, size);
    if (n > 0)
        return n;
    if (n == 0)
        return o->in_fd == STDIN_FILENO && !(p.revents & (POLLHUP | POLLERR)) ? -1 : 0;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -1 : 0;
}

size_t tty_out_read(struct tty_out *o, char *to, size_t size, int wait_ms)
{
    struct pollfd p = {.fd = o->in_fd, .events = POLLIN};

    if (poll(&p, 1, wait_ms) <= 0)
        return 0;
    ssize_t n = read_some(o, to, size);
    return n > 0 ? (size_t)n : 0;
}

static void on_readable(uv_poll_t *poll_handle, int status, int events)
{
    struct tty_out *o = poll_handle->data;
    char bytes[READ_BYTES];

    (void)events;
    (void)status; /* an error of the descriptor shows in the read */
    for (int i = 0; i < READS_PER_TURN && !o->is_gone; i++) {
        ssize_t n = read_some(o, bytes, sizeof bytes);
        if (n < 0)
            break;
        if (n == 0) {
            set_gone(o, "the terminal was closed");
            break;
        }
        o->handler.bytes(o->handler.self, bytes, (size_t)n);
        if ((size_t)n < sizeof bytes)
            break;
    }
    report_vanished(o);
}

/* --- the loop --------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct tty_out *o = timer->data;
    o->handler.timeout(o->handler.self);
}

static void on_winch(uv_signal_t *signal_handle, int number)
{
    struct tty_out *o = signal_handle->data;
    (void)number;
    o->handler.winch(o->handler.self);
}

static void on_size_timer(uv_timer_t *timer)
{
    struct tty_out *o = timer->data;
    if (!o->is_gone)
        o->handler.look(o->handler.self);
}

static void on_async(uv_async_t *async)
{
    struct tty_out *o = async->data;

    if (o->writer != NULL) {
        lock(o);
        int error = o->writer->error;
        unlock(o);
        if (error != 0 && !o->is_gone) {
            o->is_gone = true;
            o->why = "the terminal cannot be written to";
        }
    }
    if (o->is_gone)
        report_vanished(o);
    else if (o->writer != NULL && !tty_out_is_busy(o))
        o->handler.drained(o->handler.self);
}

static void watch_input(struct tty_out *o)
{
    int fd = o->in_fd;

    if (fd == STDIN_FILENO) {
        struct epoll_event event = {.events = EPOLLIN};
        o->in_epoll = epoll_create1(EPOLL_CLOEXEC);
        if (o->in_epoll >= 0 && epoll_ctl(o->in_epoll, EPOLL_CTL_ADD, fd, &event) == 0)
            fd = o->in_epoll;
        else
            return;
    }
    if (uv_poll_init(o->loop, &o->in_poll, fd) != 0)
        return;
    o->in_poll.data = o;
    o->has_in_poll = true;
    o->open_handles++;
    uv_poll_start(&o->in_poll, UV_READABLE | UV_DISCONNECT, on_readable);
}

void tty_out_attach(struct tty_out *o, struct uv_loop_s *loop,
                    const struct tty_out_handler *handler)
{
    o->handler = *handler;
    uv_timer_init(loop, &o->timer);
    uv_timer_init(loop, &o->size_timer);
    uv_signal_init(loop, &o->winch);
    uv_async_init(loop, &o->async, on_async);
    o->timer.data = o->size_timer.data = o->winch.data = o->async.data = o;
    o->open_handles = 4;
    if (o->writer == NULL) {
        uv_poll_init(loop, &o->out_poll, o->out_fd);
        o->out_poll.data = o;
        o->open_handles++;
    }
    lock(o);
    o->loop = loop;
    unlock(o);
    watch_input(o);
    uv_signal_start(&o->winch, on_winch, SIGWINCH);
    /* SIGWINCH goes to the sessions of a terminal only; under su -c it is not ours. */
    if (tcgetsid(o->out_fd) != getsid(0))
        uv_timer_start(&o->size_timer, on_size_timer, SIZE_MS, SIZE_MS);
    if (o->writer == NULL && o->queue.len > 0)
        out_arm(o, true);
    if (o->is_gone || o->writer != NULL)
        uv_async_send(&o->async);
}

void tty_out_timer(struct tty_out *o, int ms)
{
    if (o->loop == NULL)
        return;
    if (ms < 0 || o->is_gone)
        uv_timer_stop(&o->timer);
    else
        uv_timer_start(&o->timer, on_timer, (uint64_t)ms, 0);
}

static void destroy(struct tty_out *o)
{
    if (o->in_fd != STDIN_FILENO)
        close(o->in_fd);
    if (o->out_fd != STDOUT_FILENO)
        close(o->out_fd);
    if (o->in_epoll >= 0)
        close(o->in_epoll);
    buf_fini(&o->queue);
    mem_free(o);
}

static void on_closed(uv_handle_t *handle)
{
    struct tty_out *o = handle->data;
    if (--o->open_handles == 0)
        destroy(o);
}

void tty_out_free(struct tty_out *o)
{
    bool is_polling_out = o->out_fd != STDOUT_FILENO;

    if (o->writer != NULL)
        writer_end(o);
    if (o->loop == NULL) {
        destroy(o);
        return;
    }
    if (o->has_in_poll)
        uv_close((uv_handle_t *)&o->in_poll, on_closed);
    if (is_polling_out)
        uv_close((uv_handle_t *)&o->out_poll, on_closed);
    uv_close((uv_handle_t *)&o->timer, on_closed);
    uv_close((uv_handle_t *)&o->size_timer, on_closed);
    uv_close((uv_handle_t *)&o->winch, on_closed);
    uv_close((uv_handle_t *)&o->async, on_closed);
}
