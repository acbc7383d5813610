#include "callhud/backend/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_doubles_within_half_and_whole(void **state)
{
    (void)state;
    struct backoff b;
    backoff_init(&b, 250, 15000);
    int64_t whole = 250;
    for (int i = 0; i < 100; i++) {
        struct backoff low = b, high = b;
        assert_int_equal(backoff_next_ms(&low, 0), whole / 2);
        int64_t least = INT64_MAX, most = 0;
        for (uint32_t r = 0; r < 20000; r++) {
            high = b;
            int64_t ms = backoff_next_ms(&high, r);
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        assert_int_equal(least, whole / 2);
        assert_int_equal(most, whole);
        backoff_next_ms(&b, 12345u * (uint32_t)i);
        whole = whole * 2 > 15000 ? 15000 : whole * 2;
    }
}

static void test_reset_begins_anew(void **state)
{
    (void)state;
    struct backoff b;
    backoff_init(&b, 1000, 8000);
    for (int i = 0; i < 10; i++)
        backoff_next_ms(&b, 1);
    assert_true(backoff_next_ms(&b, 0) == 4000);
    backoff_reset(&b);
    assert_true(backoff_next_ms(&b, 0) == 500);
}

static void test_odd_limits(void **state)
{
    (void)state;
    struct backoff b;
    backoff_init(&b, 0, 0);
    for (uint32_t i = 0; i < 100; i++)
        assert_in_range(backoff_next_ms(&b, i), 0, 1);
    backoff_init(&b, 5000, 10); /* the most is never below the first */
    assert_int_equal(backoff_next_ms(&b, 0), 2500);
    assert_int_equal(backoff_next_ms(&b, 0), 2500);
    backoff_init(&b, 1, INT64_MAX / 4);
    for (int i = 0; i < 200; i++)
        assert_true(backoff_next_ms(&b, UINT32_MAX) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_within_half_and_whole),
        cmocka_unit_test(test_reset_begins_anew),
        cmocka_unit_test(test_odd_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
