/* Pieces of the console. */
#include "callhud/app/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_so_already_is_a_note(void **state)
{
    (void)state;
    assert_int_equal(console_level(RC_ALREADY), UI_INFO);
    assert_int_equal(console_level(RC_OK), UI_INFO);
    assert_int_equal(console_level(RC_DENIED), UI_WARN);
    assert_int_equal(console_level(RC_NOT_FOUND), UI_WARN);
    static const enum rc wrong[] = {
        RC_FAILED, RC_REFUSED, RC_PROTO,    RC_IO,      RC_USAGE,  RC_UNREACHABLE, RC_TIMEOUT,
        RC_TLS,    RC_AUTH,    RC_REDIRECT, RC_CHANGED, RC_CONFIG, RC_TOO_BIG,     RC_CANCELLED};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(console_level(wrong[i]), UI_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_so_already_is_a_note),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
