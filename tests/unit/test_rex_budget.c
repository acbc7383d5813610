/* The budget of requests, against the service's own rule: a sliding window, and a penalty that a
 * request begins anew. */
#include "callhud/backend/ringcentral/budget.h"
#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define T0 1795305700000

static size_t take_all(struct rex_budget *b, enum rex_group group, enum rex_priority priority,
                       int64_t at_ms)
{
    size_t taken = 0;
    while (rex_budget_take(b, group, priority, at_ms) == 0)
        taken++;
    return taken;
}

static void the_defaults_of_the_contract(void **state)
{
    (void)state;
    static const size_t limits[REX_GROUPS] = {50, 40, 10, 5};
    for (size_t i = 0; i < REX_GROUPS; i++) {
        struct rex_budget b;
        rex_budget_init(&b);
        assert_int_equal(take_all(&b, (enum rex_group)i, REX_FOR_ACTION, T0), limits[i]);
        int64_t wait_ms = rex_budget_take(&b, (enum rex_group)i, REX_FOR_ACTION, T0);
        assert_in_range(wait_ms, 60000, 65000);
        /* The groups are apart. */
        assert_int_equal(
            rex_budget_take(&b, (enum rex_group)((i + 1) % REX_GROUPS), REX_FOR_ACTION, T0), 0);
        assert_true(rex_budget_take(&b, (enum rex_group)i, REX_FOR_ACTION, T0 + 59999) > 0);
        assert_int_equal(rex_budget_take(&b, (enum rex_group)i, REX_FOR_ACTION, T0 + wait_ms), 0);
    }
}

static void what_is_left_is_for_the_urgent(void **state)
{
    (void)state;
    struct rex_budget b;
    rex_budget_init(&b);
    size_t poll = take_all(&b, REX_LIGHT, REX_FOR_POLL, T0);
    size_t snapshot = take_all(&b, REX_LIGHT, REX_FOR_SNAPSHOT, T0);
    size_t repair = take_all(&b, REX_LIGHT, REX_FOR_REPAIR, T0);
    size_t link = take_all(&b, REX_LIGHT, REX_FOR_LINK, T0);
    size_t action = take_all(&b, REX_LIGHT, REX_FOR_ACTION, T0);
    assert_true(poll > 0 && snapshot > 0 && repair > 0 && link > 0 && action > 0);
    assert_int_equal(poll + snapshot + repair + link + action, 50);
    assert_true(poll < 40);
    /* The last of Auth is for the sign-in. */
    assert_int_equal(take_all(&b, REX_AUTH, REX_FOR_LINK, T0), 4);
    assert_int_equal(take_all(&b, REX_AUTH, REX_FOR_ACTION, T0), 1);
    /* However small a limit is, everybody's turn comes. */
    rex_budget_told(&b, REX_MEDIUM, 1, -1, 0, T0);
    assert_int_equal(take_all(&b, REX_MEDIUM, REX_FOR_POLL, T0), 1);
}

static void the_wait_it_answers_is_the_shortest(void **state)
{
    (void)state;
    struct rex_budget b;
    rex_budget_init(&b);
    for (int i = 0; i < 5; i++)
        assert_int_equal(rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, T0 + i * 1000), 0);
    int64_t wait_ms = rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, T0 + 5000);
    assert_true(wait_ms > 55000 - 1);
    assert_true(rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, T0 + 5000 + wait_ms - 1) > 0);
    assert_int_equal(rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, T0 + 5000 + wait_ms), 0);
    assert_in_range(rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, T0 + 5000 + wait_ms), 1000, 1000);
}

static void headers_tell_of_others(void **state)
{
    (void)state;
    struct rex_budget b;
    rex_budget_init(&b);
    assert_int_equal(rex_budget_take(&b, REX_HEAVY, REX_FOR_ACTION, T0), 0);
    rex_budget_told(&b, REX_HEAVY, 20, 4, 30000, T0 + 10); /* 16 used, 15 not by us */
    assert_int_equal(take_all(&b, REX_HEAVY, REX_FOR_ACTION, T0 + 10), 4);
    int64_t wait_ms = rex_budget_take(&b, REX_HEAVY, REX_FOR_ACTION, T0 + 10);
    assert_in_range(wait_ms, 29000, 35000); /* our own first is the first that leaves */
    assert_true(take_all(&b, REX_HEAVY, REX_FOR_ACTION, T0 + 40000) >= 15);
    /* A larger limit than is kept in mind is used as far as it is. */
    rex_budget_told(&b, REX_LIGHT, 100000, 99999, 0, T0);
    assert_int_equal(take_all(&b, REX_LIGHT, REX_FOR_ACTION, T0), REX_LIMIT_MOST);
    /* Nonsense does not do harm. */
    rex_budget_told(&b, REX_MEDIUM, 40, 1000, 4000000000u, T0);
    assert_int_equal(take_all(&b, REX_MEDIUM, REX_FOR_ACTION, T0), 40);
}

static void nothing_is_sent_in_a_penalty(void **state)
{
    (void)state;
    struct rex_budget b;
    rex_budget_init(&b);
    rex_budget_refused(&b, REX_MEDIUM, true, 60000, T0);
    assert_true(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, T0 + 60000) > 0);
    assert_int_equal(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, T0 + 62000), 0);
    assert_int_equal(rex_budget_take(&b, REX_LIGHT, REX_FOR_ACTION, T0), 0);
    /* Not told how long: the group's own. */
    rex_budget_refused(&b, REX_LIGHT, true, 0, T0);
    assert_in_range(rex_budget_take(&b, REX_LIGHT, REX_FOR_ACTION, T0), 60000, 65000);
    /* A shorter one does not end a longer one. */
    rex_budget_refused(&b, REX_LIGHT, true, 5000, T0 + 1000);
    assert_true(rex_budget_take(&b, REX_LIGHT, REX_FOR_ACTION, T0 + 50000) > 0);
    /* No group named: it was a limit of another kind, and nothing at all goes. */
    rex_budget_init(&b);
    rex_budget_refused(&b, REX_LIGHT, false, 0, T0);
    for (size_t i = 0; i < REX_GROUPS; i++)
        assert_in_range(rex_budget_take(&b, (enum rex_group)i, REX_FOR_ACTION, T0), 30000, 35000);
    rex_budget_refused(&b, REX_LIGHT, false, 90000, T0);
    assert_true(rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, T0 + 89999) > 0);
}

static void a_clock_that_is_set_back_does_not_stop_it_for_ever(void **state)
{
    (void)state;
    struct rex_budget b;
    rex_budget_init(&b);
    take_all(&b, REX_AUTH, REX_FOR_ACTION, T0);
    rex_budget_refused(&b, REX_HEAVY, true, 60000, T0);
    rex_budget_refused(&b, REX_HEAVY, false, 60000, T0);
    rex_budget_told(&b, REX_LIGHT, 50, 0, 60000, T0);
    int64_t back_ms = T0 - 10 * 86400000LL;
    assert_in_range(rex_budget_take(&b, REX_AUTH, REX_FOR_ACTION, back_ms), 1, 120000);
    assert_in_range(rex_budget_take(&b, REX_HEAVY, REX_FOR_LINK, back_ms), 1, 120000);
    assert_in_range(rex_budget_take(&b, REX_LIGHT, REX_FOR_LINK, back_ms), 1, 120000);
    for (size_t i = 0; i < REX_GROUPS; i++)
        assert_int_equal(rex_budget_take(&b, (enum rex_group)i, REX_FOR_LINK, back_ms + 130000), 0);
}

/* The longest that is believed is kept to its end. */
static void a_long_penalty_is_not_shortened(void **state)
{
    (void)state;
    static const int64_t told_ms[] = {3599000, 3600000, 3601000, 86400000, INT64_MAX};
    for (size_t i = 0; i < sizeof told_ms / sizeof told_ms[0]; i++) {
        struct rex_budget b;
        rex_budget_init(&b);
        int64_t wait_ms = rex_budget_refused(&b, REX_HEAVY, true, told_ms[i], T0);
        assert_in_range(wait_ms, 3599000, 3610000);
        rex_budget_refused(&b, REX_HEAVY, false, told_ms[i], T0);
        for (int64_t at_ms = T0; at_ms < T0 + 3598000; at_ms += 500000) {
            assert_true(rex_budget_take(&b, REX_HEAVY, REX_FOR_ACTION, at_ms) > 0);
            assert_true(rex_budget_take(&b, REX_LIGHT, REX_FOR_ACTION, at_ms) > 0);
        }
        assert_int_equal(rex_budget_take(&b, REX_HEAVY, REX_FOR_ACTION, T0 + 3610000), 0);
        assert_int_equal(rex_budget_take(&b, REX_LIGHT, REX_FOR_ACTION, T0 + 3610000), 0);
    }
}

/* Half an hour is less than the longest penalty: what was sent just before tells that it is none.
 */
static void a_clock_that_is_set_back_a_little_makes_no_penalty_longer(void **state)
{
    (void)state;
    static const int64_t back_ms[] = {5000, 60000, 1800000, 3500000};
    for (size_t i = 0; i < sizeof back_ms / sizeof back_ms[0]; i++)
        for (int is_group_named = 0; is_group_named < 2; is_group_named++) {
            struct rex_budget b;
            rex_budget_init(&b);
            assert_int_equal(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, T0), 0);
            rex_budget_refused(&b, REX_MEDIUM, is_group_named != 0, 60000, T0 + 100);
            /* Whoever asks, of whatever group: it is one clock. */
            int64_t now_ms = T0 + 1000 - back_ms[i];
            rex_budget_take(&b, REX_HEAVY, REX_FOR_ACTION, now_ms);
            assert_in_range(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, now_ms), 58000, 65000);
            assert_true(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, now_ms + 58000) > 0);
            assert_int_equal(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, now_ms + 65000), 0);
        }
    /* Two processes look at the clock and then wait for the file: the one who comes later with an
     * earlier time has seen no clock set back. */
    struct rex_budget b;
    rex_budget_init(&b);
    rex_budget_refused(&b, REX_MEDIUM, true, 60000, T0);
    for (int64_t at_ms = T0; at_ms < T0 + 59000; at_ms += 1400) {
        rex_budget_take(&b, REX_LIGHT, REX_FOR_ACTION, at_ms + 300);
        assert_true(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, at_ms) > 0);
    }
    assert_true(rex_budget_take(&b, REX_MEDIUM, REX_FOR_ACTION, T0 + 61000) > 0);
}

/* The service of 6.1, counting what arrives. */
static void the_service_never_refuses_a_random_asker(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        VEC(int64_t) arrived = {0};
        struct rex_budget b;
        uint32_t random = seed;
        int64_t now_ms = T0;
        rex_budget_init(&b);
        for (int i = 0; i < 3000; i++) {
            random = random * 1664525u + 1013904223u;
            enum rex_priority priority = (enum rex_priority)((random >> 20) % REX_PRIORITIES);
            int64_t wait_ms = rex_budget_take(&b, REX_HEAVY, priority, now_ms);
            if (wait_ms == 0) {
                int64_t at_ms = now_ms + (int64_t)((random >> 9) % 1900); /* on its way */
                VEC_PUSH(&arrived, at_ms);
                size_t in_window = 0;
                for (size_t k = 0; k < arrived.len; k++)
                    in_window += arrived.items[k] > at_ms - 60000 && arrived.items[k] <= at_ms;
                assert_in_range(in_window, 1, 10);
            }
            now_ms += wait_ms > 0 && (random & 1) ? wait_ms : (int64_t)((random >> 12) % 3000);
        }
        assert_true(arrived.len > 300); /* and it is not idle */
        VEC_FREE(&arrived);
    }
}

static void groups_have_names(void **state)
{
    (void)state;
    enum rex_group group = REX_LIGHT;
    assert_true(rex_group_find("Heavy", &group));
    assert_int_equal(group, REX_HEAVY);
    assert_true(rex_group_find("auth", &group));
    assert_int_equal(group, REX_AUTH);
    assert_false(rex_group_find("NoThrottling", &group));
    assert_false(rex_group_find("", &group));
}

static void half_of_the_limit_takes_its_time(void **state)
{
    struct rex_budget budget;
    (void)state;
    rex_budget_init(&budget);
    assert_int_equal(rex_budget_half_ms(&budget, REX_HEAVY, 3), 36000);
    assert_int_equal(rex_budget_half_ms(&budget, REX_LIGHT, 4), 9600);
    rex_budget_told(&budget, REX_HEAVY, 30, -1, 0, 1000);
    assert_int_equal(rex_budget_half_ms(&budget, REX_HEAVY, 3), 12000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_of_the_contract),
        cmocka_unit_test(what_is_left_is_for_the_urgent),
        cmocka_unit_test(the_wait_it_answers_is_the_shortest),
        cmocka_unit_test(headers_tell_of_others),
        cmocka_unit_test(nothing_is_sent_in_a_penalty),
        cmocka_unit_test(a_clock_that_is_set_back_does_not_stop_it_for_ever),
        cmocka_unit_test(a_long_penalty_is_not_shortened),
        cmocka_unit_test(a_clock_that_is_set_back_a_little_makes_no_penalty_longer),
        cmocka_unit_test(the_service_never_refuses_a_random_asker),
        cmocka_unit_test(groups_have_names),
        cmocka_unit_test(half_of_the_limit_takes_its_time),
    };
    return cmocka_run_group_tests_name("rex_budget", tests, NULL, NULL);
}
