/* The resolver itself is a double, linked in: the linker prefers ours to libc's for libuv as well.
 */
#include "../fault/slow_resolver.c"

#include "callhud/base/clock.h"
#include "callhud/net/net.h"
#include "callhud/net/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
    struct loop *loop;
    struct resolve *resolve;
};

struct answer {
    struct world *world;
    struct resolve_answer got;
    int count;
    bool is_asking;
    struct resolve_ask *cancels;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    setenv("CALLHUD_TEST_RESOLVER_MS", "300", 1);
    assert_int_equal(loop_new(&w->loop, NULL), RC_OK);
    w->resolve = resolve_new(w->loop);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    assert_false(resolve_free(w->resolve));
    loop_free(w->loop);
    free(w);
    return 0;
}

static void got(void *self, const struct resolve_answer *answer)
{
    struct answer *a = self;

    assert_false(a->is_asking);
    a->got = *answer;
    a->count++;
    resolve_cancel(a->cancels);
    loop_stop(a->world->loop);
}

static struct resolve_ask *ask(struct world *w, struct answer *a, const char *host)
{
    a->world = w;
    a->is_asking = true;
    struct resolve_ask *out = resolve_start(w->resolve, host, got, a);
    a->is_asking = false;
    return out;
}

static void stop_loop(void *self)
{
    struct world *w = self;

    loop_stop(w->loop);
}

static void run_for(struct world *w, int64_t ms)
{
    loop_timer(w->loop, ms, stop_loop, w);
    loop_run(w->loop);
}

static void check_one(struct world *w, const char *host, const char *address)
{
    struct answer a = {0};

    ask(w, &a, host);
    loop_run(w->loop);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.got.rc, RC_OK);
    assert_int_equal(a.got.len, 1);
    assert_string_equal(a.got.addresses[0], address);
}

static void numeric_addresses_need_no_lookup(void **state)
{
    check_one(*state, "192.0.2.7", "192.0.2.7");
    check_one(*state, "2001:db8::7", "2001:db8::7");
    check_one(*state, "::1", "::1");
}

static void localhost_is_both_kinds(void **state)
{
    struct answer a = {0};

    ask(*state, &a, "LocalHost");
    loop_run(a.world->loop);
    assert_int_equal(a.got.len, 2);
    assert_string_equal(a.got.addresses[0], "127.0.0.1");
    assert_string_equal(a.got.addresses[1], "::1");
}

static void names_are_looked_up_in_order(void **state)
{
    struct answer a = {0};

    ask(*state, &a, "pbx.two.test");
    loop_run(a.world->loop);
    assert_int_equal(a.got.rc, RC_OK);
    assert_int_equal(a.got.len, 2);
    assert_string_equal(a.got.addresses[0], "127.0.0.2");
    assert_string_equal(a.got.addresses[1], "127.0.0.1");
}

static void unknown_names_say_so(void **state)
{
    struct answer a = {0};

    ask(*state, &a, "pbx.none.test");
    loop_run(a.world->loop);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.got.rc, RC_UNREACHABLE);
    assert_non_null(strstr(a.got.text, "cannot find the address of pbx.none.test"));
}

static void found_names_are_remembered(void **state)
{
    struct world *w = *state;
    int64_t from_ms;

    check_one(w, "a.slow.test", "127.0.0.1");
    from_ms = clock_mono_ms();
    check_one(w, "A.Slow.Test", "127.0.0.1");
    assert_true(clock_mono_ms() - from_ms < 200);
}

static void the_loop_turns_while_a_lookup_hangs(void **state)
{
    struct world *w = *state;
    struct answer a = {0};
    struct loop_lag lag;

    ask(w, &a, "b.slow.test");
    for (int i = 0; i < 5; i++) {
        int64_t from_ms = clock_mono_ms();

        run_for(w, 10);
        assert_in_range(clock_mono_ms() - from_ms, 9, 60);
    }
    assert_int_equal(a.count, 0);
    loop_lag(w->loop, &lag);
    assert_true(lag.max_ms < 50);
    loop_run(w->loop);
    assert_int_equal(a.count, 1);
}

static void two_who_ask_share_one_lookup(void **state)
{
    struct world *w = *state;
    struct answer a[6] = {0};
    int64_t from_ms = clock_mono_ms();

    /* The pool has four threads: six lookups would take two rounds. */
    for (int i = 0; i < 6; i++)
        ask(w, &a[i], "c.slow.test");
    while (a[0].count + a[1].count + a[2].count + a[3].count + a[4].count + a[5].count < 6)
        loop_run(w->loop);
    assert_in_range(clock_mono_ms() - from_ms, 290, 560);
}

static void cancelled_ones_are_not_told(void **state)
{
    struct world *w = *state;
    struct answer a = {0}, b = {0}, c = {0};

    resolve_cancel(ask(w, &a, "127.0.0.1"));
    resolve_cancel(ask(w, &b, "d.slow.test"));
    ask(w, &c, "d.slow.test");
    loop_run(w->loop);
    run_for(w, 50);
    assert_int_equal(a.count + b.count, 0);
    assert_int_equal(c.count, 1);
    resolve_cancel(NULL);
}

static void one_may_cancel_another_when_told(void **state)
{
    struct world *w = *state;
    struct answer a = {0}, b = {0};
    struct resolve_ask *first = ask(w, &a, "e.slow.test");
    struct resolve_ask *second = ask(w, &b, "e.slow.test");

    a.cancels = second;
    b.cancels = first;
    loop_run(w->loop);
    run_for(w, 50);
    assert_int_equal(a.count + b.count, 1);
}

static void ask_again_at_once(void *self, const struct resolve_answer *answer)
{
    struct answer *a = self;

    assert_int_equal(answer->rc, RC_UNREACHABLE);
    if (++a->count < 3)
        resolve_start(a->world->resolve, "f.none.test", ask_again_at_once, a);
    else
        loop_stop(a->world->loop);
}

static void asking_again_when_told_is_a_new_lookup(void **state)
{
    struct answer a = {.world = *state};

    resolve_start(a.world->resolve, "f.none.test", ask_again_at_once, &a);
    loop_run(a.world->loop);
    assert_int_equal(a.count, 3);
}

/* In a child, since libuv's pool holds exit() until the resolver gives up. It ends by a signal, as
 * what the resolver still uses is left behind on purpose, which leak checkers would report. */
static void a_lookup_in_flight_is_told_at_the_end(void **state)
{
    int64_t from_ms = clock_mono_ms();
    char verdict = '-';
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();

    if (child == 0) {
        struct world w = {0};
        struct answer a = {0};
        struct io io;
        struct net *net;

        setenv("CALLHUD_TEST_RESOLVER_MS", "5000", 1);
        loop_new(&w.loop, NULL);
        net_new(&net, w.loop, NULL);
        net_io(net, &io);
        io.ws_open(net,
                   &(struct io_ws_request){.url = "wss://g.slow.test/", .open_timeout_ms = 60000},
                   &(struct io_ws_handler){0}, &a);
        run_for(&w, 100);
        verdict = net_free(net) ? 'y' : 'n';
        loop_free(w.loop);
        (void)!write(fds[1], &verdict, 1);
        raise(SIGKILL);
    }
    assert_int_equal(read(fds[0], &verdict, 1), 1);
    assert_int_equal(verdict, 'y');
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(clock_mono_ms() - from_ms < 3000);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        /* First: the threads of a pool that was started before fork() are not there in the child.
         */
        cmocka_unit_test(a_lookup_in_flight_is_told_at_the_end),
        T(numeric_addresses_need_no_lookup),
        T(localhost_is_both_kinds),
        T(names_are_looked_up_in_order),
        T(unknown_names_say_so),
        T(found_names_are_remembered),
        T(the_loop_turns_while_a_lookup_hangs),
        T(two_who_ask_share_one_lookup),
        T(cancelled_ones_are_not_told),
        T(one_may_cancel_another_when_told),
        T(asking_again_when_told_is_a_new_lookup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
