/* All of it is written, or it is known how much. */
#include "callhud/app/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY_BYTES (3 * 1024 * 1024 + 17)
static char bytes[MANY_BYTES], got[MANY_BYTES];

static void *slow_reader(void *self)
{
    int fd = *(int *)self;
    size_t at = 0;
    for (ssize_t n = 1; n > 0 && at < sizeof got;) {
        size_t some = 1000 + at % 60000, left = sizeof got - at;
        n = read(fd, got + at, some < left ? some : left);
        if (n < 0 && errno == EINTR)
            n = 1;
        else
            at += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

static void on_alarm(int signum)
{
    (void)signum;
}

/* A pipe takes it piece by piece, and a signal comes every millisecond: as often as valgrind can
 * deliver one, so every twenty there. */
static void pieces_and_signals(void **state)
{
    int fds[2];
    size_t written = 0;
    pthread_t reader;
    struct sigaction action = {.sa_handler = on_alarm}, before;
    const suseconds_t every_us = getenv("CALLHUD_ON_VALGRIND") ? 20000 : 1000;
    const struct itimerval often = {{0, every_us}, {0, every_us}}, never = {{0, 0}, {0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 % 251);
    assert_int_equal(pipe(fds), 0);
    sigset_t alarm, old;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, &old); /* it is the writer's */
    assert_int_equal(pthread_create(&reader, NULL, slow_reader, &fds[0]), 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    bool is_written = write_all_counted(fds[1], bytes, sizeof bytes, &written);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    close(fds[1]);
    pthread_join(reader, NULL);
    close(fds[0]);
    assert_true(is_written);
    assert_int_equal(written, sizeof bytes);
    assert_memory_equal(got, bytes, sizeof bytes);
}

static void what_is_not_taken_is_told(void **state)
{
    int fds[2];
    size_t written = 0;
    (void)state;
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    assert_false(write_all_counted(fds[1], bytes, sizeof bytes, &written));
    assert_int_equal(errno, EAGAIN);
    assert_true(written > 0 && written < sizeof bytes);
    size_t there = 0;
    for (ssize_t n; (n = read(fds[0], got, sizeof got)) > 0;)
        there += (size_t)n;
    assert_int_equal(written, there);
    close(fds[0]);
    close(fds[1]);

    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_false(write_all(full, "x", 1));
    assert_int_equal(errno, ENOSPC);
    assert_true(write_all(full, "", 0));
    close(full);
    assert_false(write_all(full, "x", 1));
    assert_int_equal(errno, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_and_signals),
        cmocka_unit_test(what_is_not_taken_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
