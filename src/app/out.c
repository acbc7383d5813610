#include "callhud/app/out.h"

#include "callhud/app/start.h"
#include "callhud/app/write_all.h"
#include "callhud/base/clock.h"
#include "callhud/base/mem.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct out {
    int fd;
    int work; /* eventfd: there is something to write, or the end */
    int news; /* eventfd: broken, or finished */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t drained; /* the queue is empty and written, or it broke */
    struct buf queue;
    bool is_writing, is_finished, is_ending, has_thread;
    int broken; /* errno */
    struct loop_watch *watch;
    void (*ended)(void *self);
    void *self;
};

static void ring(int eventfd)
{
    uint64_t one = 1;
    ssize_t ignored = write(eventfd, &one, sizeof one); /* full: it rings already */
    (void)ignored;
}

static void break_with(struct out *out, int error)
{
    if (!out->broken)
        out->broken = error;
    ring(out->news);
}

/* Waits for something to write, without the lock. True when nobody reads any more: a pipe says so
 * by POLLERR, also to one who has nothing to say. A terminal that was hung up adds POLLHUP: that is
 * for SIGHUP to tell. */
static bool wait_for_work(const struct out *out, bool *is_hung_up)
{
    struct pollfd fds[] = {{.fd = out->work, .events = POLLIN},
                           {.fd = *is_hung_up ? -1 : out->fd, .events = 0}};
    if (poll(fds, 2, -1) <= 0)
        return false;
    uint64_t count;
    if (fds[0].revents & POLLIN) {
        ssize_t ignored = read(out->work, &count, sizeof count);
        (void)ignored;
    }
    *is_hung_up |= (fds[1].revents & (POLLHUP | POLLNVAL)) != 0;
    return !*is_hung_up && (fds[1].revents & POLLERR) != 0;
}

/* With the lock held; gives it up while it writes. */
static void write_queue(struct out *out)
{
    struct buf batch = out->queue;
    buf_init(&out->queue, OUT_QUEUE_MAX_BYTES);
    out->is_writing = true;
    pthread_mutex_unlock(&out->lock);
    int failed = write_all(out->fd, batch.data, batch.len) ? 0 : errno;
    buf_fini(&batch);
    pthread_mutex_lock(&out->lock);
    out->is_writing = false;
    if (failed)
        break_with(out, failed);
}

static void *writer(void *self)
{
    struct out *out = self;
    bool is_hung_up = false;
    pthread_mutex_lock(&out->lock);
    while (!out->broken) {
        if (out->queue.len) {
            write_queue(out);
            continue;
        }
        pthread_cond_signal(&out->drained);
        if (out->is_ending)
            break;
        if (out->is_finished)
            ring(out->news);
        pthread_mutex_unlock(&out->lock);
        bool is_unread = wait_for_work(out, &is_hung_up);
        pthread_mutex_lock(&out->lock);
        if (is_unread)
            break_with(out, EPIPE);
    }
    pthread_cond_signal(&out->drained);
    pthread_mutex_unlock(&out->lock);
    return NULL;
}

static void on_news(void *self)
{
    struct out *out = self;
    loop_watch_stop(out->watch);
    out->watch = NULL;
    out->ended(out->self);
}

struct out *out_new(struct loop *loop, int fd, void (*ended)(void *self), void *self)
{
    struct out *out = mem_zero(1, sizeof *out);
    out->fd = fd;
    out->ended = ended;
    out->self = self;
    out->work = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    out->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    out->watch = loop_watch_read(loop, out->news, on_news, out);
    buf_init(&out->queue, OUT_QUEUE_MAX_BYTES);
    pthread_mutex_init(&out->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&out->drained, &monotonic);
    pthread_condattr_destroy(&monotonic);

    /* Signals belong to the loop's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    out->has_thread = out->work >= 0 && pthread_create(&out->thread, NULL, writer, out) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return out;
}

void out_write(struct out *out, const char *bytes, size_t len)
{
    pthread_mutex_lock(&out->lock);
    int failed = 0;
    if (!out->broken && !out->has_thread)
        failed = write_all(out->fd, bytes, len) ? 0 : errno;
    else if (!out->broken && !buf_put(&out->queue, bytes, len))
        failed = ENOBUFS;
    if (failed)
        break_with(out, failed);
    pthread_mutex_unlock(&out->lock);
    ring(out->work);
}

void out_finish(struct out *out)
{
    pthread_mutex_lock(&out->lock);
    out->is_finished = true;
    if (!out->has_thread)
        ring(out->news);
    pthread_mutex_unlock(&out->lock);
    ring(out->work);
}

int out_free(struct out *out, int wait_ms)
{
    if (!out)
        return 0;
    loop_watch_stop(out->watch);
    struct timespec until = clock_mono_in(wait_ms);
    pthread_mutex_lock(&out->lock);
    out->is_ending = true;
    ring(out->work);
    int late = 0;
    while ((out->queue.len || out->is_writing) && !out->broken && !late)
        late = pthread_cond_timedwait(&out->drained, &out->lock, &until);
    bool is_stuck = out->is_writing;
    int failed = out->broken ? out->broken : is_stuck ? ETIMEDOUT : 0;
    pthread_mutex_unlock(&out->lock);
    if (is_stuck) {
        /* Blocked in write(2) for good: the process ends with it; its memory is not ours to free.
         */
        pthread_detach(out->thread);
        return failed;
    }
    if (out->has_thread)
        pthread_join(out->thread, NULL);
    close(out->work);
    close(out->news);
    buf_fini(&out->queue);
    pthread_cond_destroy(&out->drained);
    pthread_mutex_destroy(&out->lock);
    mem_free(out);
    return failed;
}

int out_report(int failed)
{
    struct err err = {0};
    if (failed == 0 || failed == EPIPE)
        return 0;
    bool is_slow = failed == ENOBUFS || failed == ETIMEDOUT;
    err_set(&err, RC_IO, "cannot write to standard output: %s",
            is_slow ? "what reads it is too far behind" : strerror(failed));
    return start_fail(&err);
}
