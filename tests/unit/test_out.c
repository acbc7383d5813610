/* Standard output: a reader that pauses, leaves, or never was. */
#include "callhud/app/out.h"
#include "callhud/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_MS 5000

struct rig {
    struct loop *loop;
    struct out *out;
    int ends[2];
    int ended;
    bool is_late;
    struct loop_timer *limit;
};

static void on_ended(void *self)
{
    struct rig *rig = self;
    rig->ended++;
    loop_stop(rig->loop);
}

static void on_limit(void *self)
{
    struct rig *rig = self;
    rig->limit = NULL;
    rig->is_late = true;
    loop_stop(rig->loop);
}

static void start(struct rig *rig, int fd)
{
    memset(rig, 0, sizeof *rig);
    rig->ends[0] = -1;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(loop_new(&rig->loop, NULL), RC_OK);
    if (fd < 0) {
        assert_int_equal(pipe2(rig->ends, O_CLOEXEC), 0);
        fd = rig->ends[1];
    }
    rig->out = out_new(rig->loop, fd, on_ended, rig);
}

/* Until ended() or limit_ms. */
static void run(struct rig *rig, int64_t limit_ms)
{
    rig->is_late = false;
    rig->limit = loop_timer(rig->loop, limit_ms, on_limit, rig);
    loop_run(rig->loop);
    loop_timer_stop(rig->limit);
    rig->limit = NULL;
}

static int end(struct rig *rig, int wait_ms)
{
    int failed = out_free(rig->out, wait_ms);
    loop_free(rig->loop);
    if (rig->ends[0] >= 0) {
        close(rig->ends[0]);
        close(rig->ends[1]);
    }
    return failed;
}

static void a_reader_that_leaves_is_noticed_with_nothing_to_write(void **state)
{
    (void)state;
    struct rig rig;
    start(&rig, -1);
    out_write(rig.out, "one\n", 4);
    run(&rig, 50);
    assert_true(rig.is_late); /* it reads: nothing to say */
    close(rig.ends[0]);
    rig.ends[0] = open("/dev/null", O_RDONLY);
    run(&rig, LONG_MS);
    assert_false(rig.is_late);
    assert_int_equal(rig.ended, 1);
    assert_int_equal(end(&rig, 1000), EPIPE);
}

static void a_full_device_is_told_though_nothing_more_is_written(void **state)
{
    (void)state;
    struct rig rig;
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    start(&rig, full);
    out_write(rig.out, "one\n", 4);
    run(&rig, LONG_MS);
    assert_false(rig.is_late);
    assert_int_equal(rig.ended, 1);
    assert_int_equal(end(&rig, 1000), ENOSPC);
    close(full);
    assert_int_equal(out_report(ENOSPC), 1);
    assert_int_equal(out_report(EPIPE), 0);
    assert_int_equal(out_report(0), 0);
}

static void a_reader_that_pauses_gets_everything(void **state)
{
    (void)state;
    enum { BYTES = 1024 * 1024 };
    struct rig rig;
    static char block[4096];
    start(&rig, -1);
    for (size_t sent = 0; sent < BYTES; sent += sizeof block)
        out_write(rig.out, block, sizeof block);
    out_finish(rig.out);
    run(&rig, 300);
    assert_true(rig.is_late); /* a pipe holds less: not finished yet, however long it takes */
    fcntl(rig.ends[0], F_SETFL, O_NONBLOCK);
    size_t got = 0;
    for (int64_t until_ms = clock_mono_ms() + LONG_MS; got < BYTES && clock_mono_ms() < until_ms;) {
        struct pollfd ready = {.fd = rig.ends[0], .events = POLLIN};
        poll(&ready, 1, 100);
        ssize_t n = read(rig.ends[0], block, sizeof block);
        got += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(got, BYTES);
    run(&rig, LONG_MS);
    assert_false(rig.is_late);
    assert_int_equal(end(&rig, 1000), 0);
}

static void what_was_not_taken_in_time_is_told(void **state)
{
    (void)state;
    static struct rig rig; /* what a blocked thread holds is never freed */
    static char block[1024 * 1024];
    start(&rig, -1);
    out_write(rig.out, block, sizeof block);
    run(&rig, 100);
    int64_t start_ms = clock_mono_ms();
    int reader = rig.ends[0];
    rig.ends[0] = -1; /* kept open: the writer stays blocked in write() */
    assert_int_equal(out_free(rig.out, 200), ETIMEDOUT);
    assert_true(clock_mono_ms() - start_ms < 2000);
    loop_free(rig.loop);
    assert_true(read(reader, block, 1) == 1);
}

static void nothing_written_ends_at_once(void **state)
{
    (void)state;
    struct rig rig;
    start(&rig, -1);
    out_finish(rig.out);
    run(&rig, LONG_MS);
    assert_false(rig.is_late);
    assert_int_equal(end(&rig, 1000), 0);
    out_free(NULL, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_leaves_is_noticed_with_nothing_to_write),
        cmocka_unit_test(a_full_device_is_told_though_nothing_more_is_written),
        cmocka_unit_test(a_reader_that_pauses_gets_everything),
        cmocka_unit_test(nothing_written_ends_at_once),
        cmocka_unit_test(what_was_not_taken_in_time_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
