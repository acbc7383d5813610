#include "callhud/exchange/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static unsigned take(struct limits *l, const char *who, const char *group, int64_t now_ms)
{
    struct limit_state state;
    limits_take(l, who, group, now_ms, &state);
    return state.retry_after_s;
}

static void every_group_has_its_figure(void **state)
{
    static const struct {
        const char *group;
        unsigned limit;
    } want[] = {{"light", 50}, {"medium", 40}, {"heavy", 10}, {"auth", 5}};
    (void)state;
    struct limits *l = limits_new();
    for (size_t g = 0; g < 4; g++) {
        struct limit_state got;
        for (unsigned i = 0; i < want[g].limit; i++) {
            limits_take(l, "1 app", want[g].group, 1000, &got);
            assert_string_equal(got.group, want[g].group);
            assert_int_equal(got.limit, want[g].limit);
            assert_int_equal(got.remaining, want[g].limit - i - 1);
            assert_int_equal(got.window_s, 60);
            assert_int_equal(got.retry_after_s, 0);
        }
        limits_take(l, "1 app", want[g].group, 1000, &got);
        assert_int_equal(got.retry_after_s, 60);
        assert_int_equal(got.remaining, 0);
    }
    assert_int_equal(limits_in_penalty(l), 0);
    limits_free(l);
}

static void the_window_slides(void **state)
{
    (void)state;
    struct limits *l = limits_new();
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(l, "1 app", "auth", i * 10000), 0);
    /* The first, of 0 s, leaves the window at 60 s, the second at 70 s. */
    assert_int_equal(take(l, "1 app", "auth", 60000), 0);
    assert_int_equal(take(l, "1 app", "auth", 70000), 0);
    assert_int_equal(take(l, "1 app", "auth", 70001), 60);
    limits_free(l);
}

static void a_request_inside_the_penalty_begins_it_anew(void **state)
{
    (void)state;
    struct limits *l = limits_new();
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(l, "1 app", "heavy", 0), 0);
    assert_int_equal(take(l, "1 app", "heavy", 1), 60);
    assert_int_equal(take(l, "1 app", "heavy", 60000), 60); /* would have ended at 60,001 */
    assert_int_equal(take(l, "1 app", "heavy", 119999), 60);
    assert_int_equal(limits_in_penalty(l), 2);
    assert_int_equal(take(l, "1 app", "heavy", 179999), 0);
    limits_free(l);
}

static void users_applications_and_groups_are_apart(void **state)
{
    (void)state;
    struct limits *l = limits_new();
    for (int i = 0; i < 6; i++)
        take(l, "1 app", "auth", 0);
    assert_int_equal(take(l, "1 app", "auth", 0), 60);
    assert_int_equal(take(l, "2 app", "auth", 0), 0);
    assert_int_equal(take(l, "1 other", "auth", 0), 0);
    assert_int_equal(take(l, "1 app", "light", 0), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(take(l, "1 app", "", 0), 0);
    assert_int_equal(take(l, "1 app", NULL, 0), 0);
    limits_free(l);
}

static void a_batch_may_count_as_many(void **state)
{
    struct limit_state got;
    (void)state;
    struct limits *l = limits_new();
    limits_take(l, "1 app", "light", 0, &got);
    limits_add(l, "1 app", "light", 29, 0, &got);
    assert_int_equal(got.remaining, 20);
    limits_take(l, "1 app", "light", 0, &got);
    limits_add(l, "1 app", "light", 29, 0, &got); /* more than is left */
    assert_int_equal(got.remaining, 0);
    assert_int_equal(take(l, "1 app", "light", 0), 60);
    limits_free(l);
}

static void a_penalty_can_be_ordered(void **state)
{
    struct limit_state got;
    (void)state;
    struct limits *l = limits_new();
    limits_penalise(l, "1 app", "medium", 500, &got);
    assert_string_equal(got.group, "medium");
    assert_int_equal(got.retry_after_s, 60);
    assert_int_equal(take(l, "1 app", "medium", 60499), 60);
    assert_int_equal(take(l, "1 app", "medium", 120499), 0);
    limits_free(l);
}

static void an_account_has_limits_of_its_own(void **state)
{
    struct limit_state got;
    (void)state;
    struct limits *l = limits_new();
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(l, "1 app", "heavy", 0), 0);
    assert_true(limits_set(l, "Heavy", 12));
    assert_false(limits_set(l, "colossal", 12));
    limits_take(l, "1 app", "heavy", 0, &got);
    assert_int_equal(got.limit, 12);
    assert_int_equal(got.remaining, 1);
    assert_true(limits_set(l, "heavy", 3)); /* fewer than were taken */
    limits_add(l, "1 app", "heavy", 1, 0, &got);
    assert_int_equal(got.remaining, 0);
    limits_set_window(l, 5);
    limits_take(l, "1 app", "heavy", 5000, &got);
    assert_int_equal(got.window_s, 5);
    assert_int_equal(got.remaining, 2);
    json_t *json = limits_json(l);
    assert_int_equal(json_integer_value(json_object_get(json, "heavy")), 3);
    assert_int_equal(json_integer_value(json_object_get(json, "window")), 5);
    assert_int_equal(json_integer_value(json_object_get(json, "medium")), 40);
    json_decref(json);
    limits_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_group_has_its_figure),
        cmocka_unit_test(the_window_slides),
        cmocka_unit_test(a_request_inside_the_penalty_begins_it_anew),
        cmocka_unit_test(users_applications_and_groups_are_apart),
        cmocka_unit_test(a_batch_may_count_as_many),
        cmocka_unit_test(a_penalty_can_be_ordered),
        cmocka_unit_test(an_account_has_limits_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
