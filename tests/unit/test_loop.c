#include "callhud/base/clock.h"
#include "callhud/net/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct probe {
    struct loop *loop;
    int fired;
    int turns;
    int order;
    int64_t at_ms;
    int again;
    struct loop_timer *victim;
    struct loop_watch *watch;
    int fd;
    char got[64];
    int signum;
};

static int setup(void **state)
{
    struct probe *p = calloc(1, sizeof *p);

    assert_int_equal(loop_new(&p->loop, NULL), RC_OK);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct probe *p = *state;

    loop_free(p->loop);
    free(p);
    return 0;
}

static void stop(void *self)
{
    struct probe *p = self;

    p->fired++;
    p->at_ms = loop_now_ms(p->loop);
    loop_stop(p->loop);
}

static void timer_fires_once_and_not_early(void **state)
{
    struct probe *p = *state;
    int64_t from_ms = loop_now_ms(p->loop);

    loop_timer(p->loop, 30, stop, p);
    loop_run(p->loop);
    assert_int_equal(p->fired, 1);
    assert_in_range(p->at_ms - from_ms, 29, 1000);
}

static void waste(int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;

    while (clock_mono_ms() < until_ms)
        ;
}

static void start_after_waste(void *self)
{
    struct probe *p = self;

    waste(80);
    p->at_ms = -loop_now_ms(p->loop);
    loop_timer(p->loop, 50, stop, p);
}

/* libuv counts from the beginning of the turn: a timer started late in it must not fire early. */
static void timer_counts_from_now_not_from_the_turn(void **state)
{
    struct probe *p = *state;

    loop_timer(p->loop, 1, start_after_waste, p);
    int64_t from_ms = loop_now_ms(p->loop);
    loop_run(p->loop);
    assert_true(p->at_ms - from_ms >= 125);
}

static void again(void *self)
{
    struct probe *p = self;

    if (++p->again < 1000000)
        loop_timer(p->loop, 0, again, p);
}

/* One that asks for itself at once, for ever, leaves room for timers and sockets. */
static void timers_due_at_once_do_not_starve_others(void **state)
{
    struct probe *p = *state;

    loop_timer(p->loop, 0, again, p);
    loop_timer(p->loop, 20, stop, p);
    loop_run(p->loop);
    assert_int_equal(p->fired, 1);
    assert_in_range(p->again, 2, 999999);
}

static void stop_victim(void *self)
{
    struct probe *p = self;

    loop_timer_stop(p->victim);
}

static void must_not(void *self)
{
    (void)self;
    fail_msg("a stopped timer fired");
}

static void stopped_timers_do_not_fire(void **state)
{
    struct probe *p = *state;

    loop_timer_stop(loop_timer(p->loop, 0, must_not, p));
    loop_timer_stop(loop_timer(p->loop, 5, must_not, p));
    loop_timer(p->loop, 0, stop_victim, p);
    p->victim =
        loop_timer(p->loop, 0, must_not, p); /* due in the same turn, stopped by the first */
    loop_timer(p->loop, 40, stop, p);
    loop_run(p->loop);
    assert_int_equal(p->fired, 1);
    loop_timer_stop(NULL);
}

static void read_all(void *self)
{
    struct probe *p = self;
    ssize_t got = read(p->fd, p->got, sizeof p->got - 1);

    if (got > 0) {
        p->fired++;
        return;
    }
    loop_watch_stop(p->watch);
    loop_stop(p->loop);
}

static void watch_sees_bytes_and_the_end(void **state)
{
    struct probe *p = *state;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "hello", 5), 5);
    p->fd = fds[0];
    p->watch = loop_watch_read(p->loop, fds[0], read_all, p);
    assert_non_null(p->watch);
    close(fds[1]);
    loop_run(p->loop);
    assert_int_equal(p->fired, 1);
    assert_string_equal(p->got, "hello");
    close(fds[0]);
}

/* The flag would be the shell's too: it shares the terminal's file description. */
static void watch_leaves_the_descriptor_blocking(void **state)
{
    struct probe *p = *state;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    p->watch = loop_watch_read(p->loop, fds[0], read_all, p);
    assert_non_null(p->watch);
    assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
    loop_watch_stop(p->watch);
    loop_timer(p->loop, 1, stop, p);
    loop_run(p->loop);
    assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
    close(fds[0]);
    close(fds[1]);
}

static void files_cannot_be_watched(void **state)
{
    struct probe *p = *state;
    char name[] = "/tmp/callhud-loop-XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_null(loop_watch_read(p->loop, fd, read_all, p));
    assert_null(loop_watch_read(p->loop, -1, read_all, p));
    close(fd);
    unlink(name);
}

static void caught(void *self, int signum)
{
    struct probe *p = self;

    p->signum = signum;
    loop_stop(p->loop);
}

static void signals_arrive_on_the_loop(void **state)
{
    struct probe *p = *state;
    struct loop_signal *sig = loop_signal(p->loop, SIGUSR1, caught, p);

    assert_non_null(sig);
    raise(SIGUSR1);
    assert_int_equal(p->signum, 0);
    loop_run(p->loop);
    assert_int_equal(p->signum, SIGUSR1);
    loop_signal_stop(sig);
    assert_null(loop_signal(p->loop, SIGKILL, caught, p));
}

static void count_turn(void *self)
{
    struct probe *p = self;

    p->turns++;
}

static void each_turn_is_told_and_idleness_is_idle(void **state)
{
    struct probe *p = *state;
    struct loop_lag lag;

    loop_on_turn(p->loop, count_turn, p);
    for (int i = 1; i <= 5; i++)
        loop_timer(p->loop, i * 20, count_turn, p); /* counts too: 5 */
    loop_timer(p->loop, 400, stop, p);
    loop_run(p->loop);
    /* Before the first wait, and after each timer; nothing else in 400 ms. */
    assert_in_range(p->turns, 10, 20); /* a timer takes two turns: firing and closing */
    loop_lag(p->loop, &lag);
    assert_in_range(lag.samples, 10, 25);
}

static void waste_200(void *self)
{
    (void)self;
    waste(200);
}

static void lag_shows_a_long_turn(void **state)
{
    struct probe *p = *state;
    struct loop_lag lag;

    loop_lag(p->loop, &lag);
    assert_int_equal(lag.max_ms, 0);
    assert_int_equal(lag.samples, 0);
    for (int i = 1; i <= 40; i++)
        loop_timer(p->loop, i, count_turn, p);
    loop_timer(p->loop, 60, waste_200, p);
    loop_timer(p->loop, 300, stop, p);
    loop_run(p->loop);
    loop_lag(p->loop, &lag);
    assert_in_range(lag.max_ms, 199, 1000);
    assert_true(lag.samples > 10);
    assert_true(lag.p99_ms <= lag.max_ms);
}

static void lag_p99_leaves_out_the_rare_one(void **state)
{
    struct probe *p = *state;
    struct loop_lag lag;

    for (int i = 1; i <= 300; i++)
        loop_timer(p->loop, i, count_turn, p);
    loop_timer(p->loop, 320, waste_200, p);
    loop_timer(p->loop, 600, stop, p);
    loop_run(p->loop);
    loop_lag(p->loop, &lag);
    assert_in_range(lag.max_ms, 199, 2000);
    assert_true(lag.p99_ms < 150);
}

static void note_order(void *self)
{
    struct probe *p = self;

    p->order = p->order * 10 + 1;
}

static void note_order_two(void *self)
{
    struct probe *p = self;

    p->order = p->order * 10 + 2;
}

static void what_is_left_over_is_closed(void **state)
{
    struct probe p = {0};
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(loop_new(&p.loop, NULL), RC_OK);
    loop_timer(p.loop, 100000, must_not, &p);
    loop_timer(p.loop, 0, must_not, &p);
    assert_non_null(loop_watch_read(p.loop, fds[0], must_not, &p));
    assert_non_null(loop_signal(p.loop, SIGUSR2, caught, &p));
    loop_at_end(p.loop, note_order, &p);
    loop_at_end(p.loop, note_order_two, &p);
    loop_free(p.loop);
    assert_int_equal(p.order, 21);
    close(fds[0]);
    close(fds[1]);
    loop_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(timer_fires_once_and_not_early),
        T(timer_counts_from_now_not_from_the_turn),
        T(timers_due_at_once_do_not_starve_others),
        T(stopped_timers_do_not_fire),
        T(watch_sees_bytes_and_the_end),
        T(watch_leaves_the_descriptor_blocking),
        T(files_cannot_be_watched),
        T(signals_arrive_on_the_loop),
        T(each_turn_is_told_and_idleness_is_idle),
        T(lag_shows_a_long_turn),
        T(lag_p99_leaves_out_the_rare_one),
        cmocka_unit_test(what_is_left_over_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
