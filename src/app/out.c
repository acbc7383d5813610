#include "callhud/app/out.h"

#include "callhud/base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct out {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* there is something to write, or the end */
    pthread_cond_t drained; /* the queue is empty and written */
    struct buf queue;
    bool is_writing, is_ending, has_thread;
    int broken; /* errno */
};

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static void *writer(void *self)
{
    struct out *out = self;
    pthread_mutex_lock(&out->lock);
    for (;;) {
        while (!out->queue.len && !out->is_ending)
            pthread_cond_wait(&out->wake, &out->lock);
        if (!out->queue.len)
            break;
        struct buf batch = out->queue;
        buf_init(&out->queue, OUT_QUEUE_MAX_BYTES);
        out->is_writing = true;
        pthread_mutex_unlock(&out->lock);
        int failed = write_all(out->fd, batch.data, batch.len);
        buf_fini(&batch);
        pthread_mutex_lock(&out->lock);
        out->is_writing = false;
        if (failed) {
            out->broken = failed;
            break;
        }
        if (!out->queue.len)
            pthread_cond_signal(&out->drained);
    }
    pthread_cond_signal(&out->drained);
    pthread_mutex_unlock(&out->lock);
    return NULL;
}

struct out *out_new(int fd)
{
    struct out *out = mem_zero(1, sizeof *out);
    out->fd = fd;
    buf_init(&out->queue, OUT_QUEUE_MAX_BYTES);
    pthread_mutex_init(&out->lock, NULL);
    pthread_cond_init(&out->wake, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&out->drained, &monotonic);
    pthread_condattr_destroy(&monotonic);

    /* Signals belong to the loop's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    out->has_thread = pthread_create(&out->thread, NULL, writer, out) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return out;
}

void out_write(struct out *out, const char *bytes, size_t len)
{
    if (!out->has_thread) {
        if (!out->broken)
            out->broken = write_all(out->fd, bytes, len);
        return;
    }
    pthread_mutex_lock(&out->lock);
    if (!out->broken && !buf_put(&out->queue, bytes, len))
        out->broken = ENOBUFS;
    pthread_cond_signal(&out->wake);
    pthread_mutex_unlock(&out->lock);
}

int out_errno(struct out *out)
{
    pthread_mutex_lock(&out->lock);
    int broken = out->broken;
    pthread_mutex_unlock(&out->lock);
    return broken;
}

bool out_is_broken(struct out *out)
{
    return out_errno(out) != 0;
}

void out_free(struct out *out, int wait_ms)
{
    if (!out)
        return;
    if (out->has_thread) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        pthread_mutex_lock(&out->lock);
        out->is_ending = true;
        pthread_cond_signal(&out->wake);
        int late = 0;
        while ((out->queue.len || out->is_writing) && !out->broken && !late)
            late = pthread_cond_timedwait(&out->drained, &out->lock, &until);
        bool is_stuck = out->is_writing;
        pthread_mutex_unlock(&out->lock);
        if (is_stuck) {
            /* Blocked in write(2) for good: the process ends with it; its memory is not ours to free. */
            pthread_detach(out->thread);
            return;
        }
        pthread_join(out->thread, NULL);
    }
    buf_fini(&out->queue);
    pthread_cond_destroy(&out->wake);
    pthread_cond_destroy(&out->drained);
    pthread_mutex_destroy(&out->lock);
    mem_free(out);
}
