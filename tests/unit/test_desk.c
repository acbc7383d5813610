#include "callhud/model/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void words_of_details(void **state)
{
    static const char *const words[] = {"all", "permitted", "none"};
    enum desk_details details = DESK_DETAILS_PERMITTED;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(desk_details_word((enum desk_details)i), words[i]);
        assert_true(desk_details_from_word(words[i], &details));
        assert_int_equal(details, i);
    }
    assert_false(desk_details_from_word("nobody", &details));
    assert_false(desk_details_from_word("", &details));
    assert_int_equal(details, DESK_DETAILS_NONE); /* as it was */
    assert_string_equal(desk_details_word((enum desk_details)77), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_details),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
