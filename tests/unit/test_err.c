#include "callhud/base/err.h"

#include "callhud/base/utf8.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_set_fills_both_and_returns_the_code(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(err_set(&err, RC_TIMEOUT, "no answer from %s in %d s", "pbx", 5), RC_TIMEOUT);
    assert_int_equal(err.rc, RC_TIMEOUT);
    assert_string_equal(err.text, "no answer from pbx in 5 s");
    assert_int_equal(err_set(NULL, RC_IO, "%s", "nobody reads this"), RC_IO);
    err_clear(&err);
    assert_int_equal(err.rc, RC_OK);
    assert_string_equal(err.text, "");
    err_clear(NULL);
}

static void test_controls_become_spaces(void **state)
{
    struct err err;

    (void)state;
    err_set(&err, RC_PROTO, "%s",
            "a\nb\x1b]0;x\x07\x7f\xc2\x9b"
            "c\xc3\xab");
    assert_string_equal(err.text, "a b ]0;x    c\xc3\xab");
}

static void test_text_is_clipped_at_a_character(void **state)
{
    struct err err;
    char text[ERR_TEXT_BYTES * 3];

    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = 0; i < 200; i++)
            memcpy(text + shift + i * 4, "\xf0\x9f\x91\xa8", 5);
        err_set(&err, RC_TOO_BIG, "%s", text);
        size_t len = strlen(err.text);
        assert_true(utf8_is_valid(err.text, len));
        assert_in_range(len, ERR_TEXT_BYTES - 5, ERR_TEXT_BYTES - 1);
        assert_int_equal(strncmp(err.text, text, len), 0);
        err_prefix(&err, "file %s", "\xe7\x94\xb0");
        assert_true(utf8_is_valid(err.text, strlen(err.text)));
        assert_int_equal(strncmp(err.text, "file \xe7\x94\xb0: ", 10), 0);
    }
}

static void test_a_piece_is_clipped_at_a_character(void **state)
{
    struct err err;

    (void)state;
    err_set(&err, RC_USAGE, "no command '%.2s': write %s", "\xe7\x94\xb0", "list");
    assert_string_equal(err.text, "no command '': write list");
    err_prefix(&err, "%.4s", "abc\xc3\xab");
    assert_string_equal(err.text, "abc: no command '': write list");
}

static void test_prefix_goes_before(void **state)
{
    struct err err;

    (void)state;
    err_set(&err, RC_CONFIG, "no such key");
    assert_int_equal(err_prefix(&err, "line %d", 7), RC_CONFIG);
    assert_string_equal(err.text, "line 7: no such key");
    /* Its own text as an argument. */
    err_set(&err, RC_FAILED, "again: %s", err.text);
    assert_string_equal(err.text, "again: line 7: no such key");
    char endless[2 * ERR_TEXT_BYTES];
    memset(endless, 'p', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    err_prefix(&err, "%s", endless);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
}

static void test_every_code_has_text_and_exit_code(void **state)
{
    (void)state;
#define CHECK_ROW(name, exit_code, text)             \
    assert_int_equal(rc_exit_code(name), exit_code); \
    assert_string_equal(rc_text(name), text);
    RC_LIST(CHECK_ROW)
    assert_int_equal(rc_exit_code(RC_USAGE), 2);
    assert_int_equal(rc_exit_code(RC_AUTH), 3);
    assert_int_equal(rc_exit_code(RC_DENIED), 4);
    assert_int_equal(rc_exit_code((enum rc)999), 1);
    assert_non_null(rc_text((enum rc)999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_fills_both_and_returns_the_code),
        cmocka_unit_test(test_controls_become_spaces),
        cmocka_unit_test(test_text_is_clipped_at_a_character),
        cmocka_unit_test(test_a_piece_is_clipped_at_a_character),
        cmocka_unit_test(test_prefix_goes_before),
        cmocka_unit_test(test_every_code_has_text_and_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
