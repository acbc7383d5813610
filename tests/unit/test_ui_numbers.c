#include "callhud/ui/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *number, enum ui_numbers numbers, const char *want)
{
    char out[64];

    numbers_text(out, sizeof out, number, numbers);
    assert_string_equal(out, want);
}

static void plus_one_is_grouped(void **state)
{
    (void)state;
    expect("+12125550142", NUMBERS_FULL, "212 555 0142");
    expect("+1 (212) 555-0142", NUMBERS_FULL, "212 555 0142");
    expect("12125550142", NUMBERS_FULL, "12125550142");
    expect("+121255501423", NUMBERS_FULL, "+121255501423");
    expect("+49 30 901820", NUMBERS_FULL, "+49 30 901820");
    expect("102", NUMBERS_FULL, "102");
    expect("", NUMBERS_FULL, "");
    expect(NULL, NUMBERS_FULL, "");
}

static void masked(void **state)
{
    (void)state;
    expect("+12125550142", NUMBERS_LAST4, "xxx 0142");
    expect("+49 30 901820", NUMBERS_LAST4, "xxx 1820");
    expect("102", NUMBERS_LAST4, "102");
    expect("+12125550142", NUMBERS_HIDDEN, "xxx");
    expect("", NUMBERS_HIDDEN, "");
    /* However long, no other digit gets through. */
    expect("99999999999999999999999999999999999999999999999999999999999999990142", NUMBERS_HIDDEN,
           "xxx");
}

static void long_number_keeps_its_last_four(void **state)
{
    (void)state;
    expect("99999999999999999999999999999999999999999999999999999999999999999999999990142",
           NUMBERS_LAST4, "xxx 0142");
}

static void fits_any_room(void **state)
{
    char out[4];

    (void)state;
    numbers_text(out, sizeof out, "+12125550142", NUMBERS_FULL);
    assert_int_equal(strlen(out), 3);
}

static void names_that_are_numbers(void **state)
{
    (void)state;
    assert_true(numbers_is_number("+1 (212) 555-0142"));
    assert_true(numbers_is_number("5550142"));
    assert_false(numbers_is_number("Acme 24"));
    assert_false(numbers_is_number("-"));
    assert_false(numbers_is_number(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plus_one_is_grouped),
        cmocka_unit_test(masked),
        cmocka_unit_test(long_number_keeps_its_last_four),
        cmocka_unit_test(fits_any_room),
        cmocka_unit_test(names_that_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
