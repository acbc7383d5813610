#include "callhud/base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct pair {
    int left, right;
};

static void test_push_grows(void **state)
{
    VEC(struct pair) pairs = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        VEC_PUSH(&pairs, ((struct pair){i, -i}));
        assert_int_equal(pairs.len, i + 1);
        assert_true(pairs.cap >= pairs.len);
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pairs.items[i].left, i);
        assert_int_equal(pairs.items[i].right, -i);
    }
    VEC_FREE(&pairs);
    assert_null(pairs.items);
    assert_int_equal(pairs.len, 0);
    assert_int_equal(pairs.cap, 0);
    VEC_PUSH(&pairs, ((struct pair){1, 2}));
    assert_int_equal(pairs.items[0].right, 2);
    VEC_FREE(&pairs);
}

static void test_remove_keeps_the_order(void **state)
{
    VEC(int) numbers = {0};

    (void)state;
    for (int i = 0; i < 8; i++)
        VEC_PUSH(&numbers, i);
    VEC_REMOVE(&numbers, 7);
    VEC_REMOVE(&numbers, 0);
    VEC_REMOVE(&numbers, 2);
    const int expected[] = {1, 2, 4, 5, 6};
    assert_int_equal(numbers.len, 5);
    for (size_t i = 0; i < numbers.len; i++)
        assert_int_equal(numbers.items[i], expected[i]);
    while (numbers.len > 0)
        VEC_REMOVE(&numbers, numbers.len - 1);
    VEC_PUSH(&numbers, 3);
    assert_int_equal(numbers.items[0], 3);
    VEC_FREE(&numbers);
}

static void test_reserve_gives_room_for_one(void **state)
{
    VEC(char) text = {0};

    (void)state;
    VEC_RESERVE(&text);
    assert_true(text.cap >= 1);
    assert_int_equal(text.len, 0);
    size_t cap = text.cap;
    VEC_RESERVE(&text);
    assert_int_equal(text.cap, cap);
    VEC_FREE(&text);
    VEC_FREE(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_grows),
        cmocka_unit_test(test_remove_keeps_the_order),
        cmocka_unit_test(test_reserve_gives_room_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
