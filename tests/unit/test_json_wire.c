#include "callhud/backend/json_wire.h"

#include "callhud/base/mem.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FFFD "\xEF\xBF\xBD"

static json_t *parse(const char *text, size_t len)
{
    struct err err = {0};
    char *exact = mem_dup_n(text, len); /* the sanitizer sees a byte read too far */
    char *tight = mem_zero(1, len > 0 ? len : 1);
    memcpy(tight, exact, len);
    json_t *root = json_wire_parse(tight, len, 1 << 20, &err);
    assert_true((root == NULL) == (err.rc != RC_OK));
    mem_free(tight);
    mem_free(exact);
    return root;
}

/* jansson alone refuses each of these whole; here they cost no frame. */
static void test_bad_text_is_mended(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
#define CASE(in, out) {in, sizeof(in) - 1, out}
        CASE("{\"a\":\"x\\u0000y\"}", "x" FFFD "y"),
        CASE("{\"a\":\"x\\ud800y\"}", "x" FFFD "y"),
        CASE("{\"a\":\"x\\udc00\\ud800y\"}", "x" FFFD FFFD "y"),
        CASE("{\"a\":\"x\\ud800\\ud800\\udc00y\"}", "x" FFFD "\xF0\x90\x80\x80y"),
        CASE("{\"a\":\"\\ud83d\\ude00\"}", "\xF0\x9F\x98\x80"),
        CASE("{\"a\":\"\\ud83d\"}", FFFD),
        CASE("{\"a\":\"x\xFFy\"}", "x" FFFD "y"),
        CASE("{\"a\":\"x\0y\"}", "x" FFFD "y"),
        CASE("{\"a\":\"x\ny\x1b[2J\"}", "x" FFFD "y" FFFD "[2J"),
        CASE("{\"a\":\"\\\\u0000\"}", "\\u0000"),
        CASE("{\"a\":\"\\\\\\u0000\"}", "\\" FFFD),
        CASE("{\"a\":\"Zo\\u00eb\"}", "Zo\xC3\xAB"),
        CASE("{\"a\":\"\\\"}\\u0000\"}", "\"}" FFFD),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *root = parse(cases[i].in, cases[i].len);
        if (root == NULL)
            fail_msg("case %zu was refused", i);
        assert_string_equal(json_wire_id(root, "a"), cases[i].out);
        json_decref(root);
    }
}

static void test_what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",         "{",          "{\"a\":\"\\u12\"}", "{\"a\":\"\\u",           "\"\\",
        "<html>",   "{\"a\":1}}", "{\"a\":\"\\x\"}",   "{\"a\":\"\\ud800\\u\"}", "nul",
        "{\"a\" 1}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *root = parse(texts[i], strlen(texts[i]));
        if (root != NULL)
            fail_msg("%s was taken", texts[i]);
    }
}

static void test_depth_and_size_are_bounded(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int depth = JSON_WIRE_DEPTH_MAX; depth <= JSON_WIRE_DEPTH_MAX + 1; depth++) {
        buf_reset(&text);
        for (int i = 0; i < depth; i++)
            buf_putc(&text, '[');
        for (int i = 0; i < depth; i++)
            buf_putc(&text, ']');
        json_t *root = parse(text.data, text.len);
        assert_true((root != NULL) == (depth == JSON_WIRE_DEPTH_MAX));
        json_decref(root);
    }
    buf_reset(&text); /* brackets in a text are no depth */
    buf_puts(&text, "{\"a\":\"");
    for (int i = 0; i < 5000; i++)
        buf_puts(&text, "[{\\\"");
    buf_puts(&text, "\"}");
    json_t *root = parse(text.data, text.len);
    assert_non_null(root);
    json_decref(root);
    struct err err;
    assert_null(json_wire_parse(text.data, text.len, text.len - 1, &err));
    assert_int_equal(err.rc, RC_TOO_BIG);
    buf_fini(&text);
}

static void test_only_text_is_an_id(void **state)
{
    (void)state;
    static const char in[] = "{\"a\":\"abc\",\"b\":7}";
    json_t *root = parse(in, sizeof in - 1);
    assert_non_null(root);
    assert_string_equal(json_wire_id(root, "a"), "abc");
    assert_null(json_wire_id(root, "b"));
    assert_null(json_wire_id(root, "none"));
    json_decref(root);
    assert_null(json_wire_id(NULL, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_text_is_mended),
        cmocka_unit_test(test_what_is_not_json_is_refused),
        cmocka_unit_test(test_depth_and_size_are_bounded),
        cmocka_unit_test(test_only_text_is_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
