#include "callhud/base/buf.h"

#include "callhud/base/mem.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_starts_empty(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_null(b.data);
    assert_string_equal(buf_text(&b), "");
    buf_drop(&b, 3);
    buf_reset(&b);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "");
    mem_free(taken);
    buf_fini(&b);
}

static void test_grows_and_stays_terminated(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100000);
    for (size_t i = 0; i < 5000; i++) {
        assert_true(buf_putc(&b, (char)('a' + i % 26)));
        assert_int_equal(b.len, i + 1);
        assert_int_equal(b.data[b.len], 0);
        assert_true(b.cap > b.len);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    assert_true(buf_put(&b, "x\0y", 3));
    assert_memory_equal(b.data + 5000, "x\0y", 4);
    buf_fini(&b);
    assert_null(b.data);
}

static void test_refuses_whole_at_the_maximum(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_true(buf_puts(&b, "12345678"));
    assert_false(buf_puts(&b, "abc"));
    assert_true(b.is_full);
    assert_string_equal(buf_text(&b), "12345678");
    /* Also what would fit: the text would have a hole. */
    assert_false(buf_putc(&b, 'x'));
    assert_false(buf_printf(&b, "%d", 1));
    assert_int_equal(b.len, 8);
    buf_reset(&b);
    assert_false(b.is_full);
    assert_string_equal(buf_text(&b), "");
    assert_true(buf_puts(&b, "1234567890"));
    assert_false(b.is_full);
    assert_true(b.cap <= 11);
    assert_true(buf_puts(&b, ""));
    assert_false(buf_put(&b, "", SIZE_MAX));
    buf_fini(&b);
    buf_init(&b, 0);
    assert_true(buf_puts(&b, ""));
    assert_false(buf_puts(&b, "x"));
    buf_fini(&b);
}

static void test_no_maximum(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, SIZE_MAX);
    for (int i = 0; i < 100; i++)
        assert_true(buf_puts(&b, "0123456789"));
    assert_int_equal(b.len, 1000);
    buf_fini(&b);
}

static void test_printf(void **state)
{
    struct buf b;
    char *longer = mem_grow(NULL, 3001, 1);

    (void)state;
    memset(longer, 'z', 3000);
    longer[3000] = '\0';
    buf_init(&b, 4000);
    assert_true(buf_printf(&b, "%s=%d;", "n", -5));
    assert_true(buf_printf(&b, "%s", longer));
    assert_int_equal(b.len, 3005);
    assert_memory_equal(b.data, "n=-5;zzz", 8);
    assert_int_equal(strlen(b.data), 3005);
    assert_false(buf_printf(&b, "%s", longer));
    assert_int_equal(b.len, 3005);
    assert_true(b.is_full);
    buf_fini(&b);
    mem_free(longer);
}

static void test_drop_and_take(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_puts(&b, "abcdef");
    buf_drop(&b, 2);
    assert_string_equal(buf_text(&b), "cdef");
    buf_puts(&b, "g");
    char *taken = buf_take(&b);
    assert_string_equal(taken, "cdefg");
    mem_free(taken);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.max_bytes, 100);
    assert_null(b.data);
    buf_puts(&b, "again");
    buf_drop(&b, 999);
    assert_string_equal(buf_text(&b), "");
    assert_int_equal(b.len, 0);
    buf_fini(&b);
}

static void test_put_escaped(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 64);
    assert_true(buf_put_escaped(&b, "aZ09-_.~ /%\n\xc3\xa9", "-_.~"));
    assert_string_equal(buf_text(&b), "aZ09-_.~%20%2F%25%0A%C3%A9");
    buf_reset(&b);
    assert_true(buf_put_escaped(&b, "a~b-c", "-"));
    assert_string_equal(buf_text(&b), "a%7Eb-c");
    buf_reset(&b);
    assert_true(buf_put_escaped(&b, "", ""));
    assert_string_equal(buf_text(&b), "");
    buf_fini(&b);
    buf_init(&b, 4);
    assert_false(buf_put_escaped(&b, "abc/", "")); /* %2F does not fit, and is not cut */
    assert_string_equal(buf_text(&b), "abc");
    assert_true(b.is_full);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_empty),
        cmocka_unit_test(test_grows_and_stays_terminated),
        cmocka_unit_test(test_refuses_whole_at_the_maximum),
        cmocka_unit_test(test_no_maximum),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_drop_and_take),
        cmocka_unit_test(test_put_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
