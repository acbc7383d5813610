#include "callhud/exchange/http.h"

#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void query_is(const char *text, const char *want)
{
    json_t *query = http_query_parse(text, strlen(text));
    json_t *expected = json_loads(want, 0, NULL);
    assert_non_null(expected);
    if (!json_equal(query, expected))
        fail_msg("%s: not %s", text, want);
    json_decref(query);
    json_decref(expected);
}

static void queries_are_decoded(void **state)
{
    (void)state;
    query_is("", "{}");
    query_is("a=1", "{\"a\":\"1\"}");
    query_is("a=1&b=2&a=3&a=4", "{\"a\":[\"1\",\"3\",\"4\"],\"b\":\"2\"}");
    query_is("a=x+y%20z%2B1&b", "{\"a\":\"x y z+1\",\"b\":\"\"}");
    query_is("&&=1&a==b", "{\"a\":\"=b\"}");
    query_is("a=%4", "{\"a\":\"%4\"}"); /* broken: as it was sent */
    query_is("a=%zz&b=%00", "{\"a\":\"%zz\",\"b\":\"%00\"}");
    query_is("a=%ff", "{\"a\":\"\xEF\xBF\xBD\"}");
    query_is("na%C3%AFve=%E2%82%AC", "{\"na\xC3\xAFve\":\"\xE2\x82\xAC\"}");
}

static void targets_are_split_and_joined(void **state)
{
    static const char *const whole[] = {"/a/b?x=1", "/a%20b/1,2,3", "/~/x?a=1&a=2&b=%2B1", "/"};
    struct buf path, out;
    json_t *query = NULL;
    (void)state;
    buf_init(&path, 4096);
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        buf_reset(&path);
        buf_reset(&out);
        assert_true(http_target_split(whole[i], &path, &query));
        http_target_join(&out, buf_text(&path), query);
        assert_string_equal(buf_text(&out), whole[i]);
        json_decref(query);
    }
    buf_reset(&path);
    assert_true(http_target_split("/a%2fb+c?d=e", &path, &query));
    assert_string_equal(buf_text(&path), "/a/b+c"); /* a plus is a plus in a path */
    assert_string_equal(http_query_get(query, "d"), "e");
    assert_null(http_query_get(query, "e"));
    json_decref(query);
    assert_false(http_target_split("a", &path, &query));
    assert_false(http_target_split("/a%0", &path, &query));
    assert_false(http_target_split("/a%00", &path, &query));
    assert_false(http_target_split("/a%ff", &path, &query));
    buf_fini(&path);
    buf_fini(&out);
}

static void authorizations_are_read_in_any_case(void **state)
{
    struct buf user, password;
    (void)state;
    buf_init(&user, 64);
    buf_init(&password, 64);
    assert_true(http_basic("bAsIc Y2lkOnNlYyUzQXg6eQ==", &user, &password));
    assert_string_equal(buf_text(&user), "cid");
    assert_string_equal(buf_text(&password), "sec:x:y"); /* form-encoded inside, and has colons */
    assert_false(http_basic("Basic Y2lk", &user, &password)); /* no colon */
    assert_false(http_basic("Basic !!!!", &user, &password));
    assert_false(http_basic("Basic", &user, &password));
    assert_false(http_basic("Bearer Y2lkOnNlYw==", &user, &password));
    assert_string_equal(http_bearer("bearer  abc"), "abc");
    assert_string_equal(http_bearer("BEARER abc"), "abc");
    assert_null(http_bearer("Basic abc"));
    assert_null(http_bearer("Bearer"));
    assert_null(http_bearer("Bearer "));
    assert_null(http_bearer(NULL));
    buf_fini(&user);
    buf_fini(&password);
}

static void random_texts_are_safe_to_paste(void **state)
{
    (void)state;
    char a[33], b[33], uuid[40];
    for (int i = 0; i < 2000; i++) {
        http_random_text(a, sizeof a);
        http_random_text(b, sizeof b);
        assert_int_equal(strlen(a), 32);
        assert_string_not_equal(a, b);
        assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_"),
                         32);
        assert_null(strchr("-_", a[0]));
        assert_null(strchr("-_", a[31]));
        assert_in_range(http_random_number(), 1000000000000000000u, 9223372036854775807u);
    }
    http_random_uuid(uuid);
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(uuid[14], '4');
    assert_true(http_secret_eq("abc", "abc"));
    assert_false(http_secret_eq("abc", "abd"));
    assert_false(http_secret_eq("abc", "ab"));
    assert_false(http_secret_eq("ab", "abc"));
    assert_false(http_secret_eq("", "a"));
    assert_true(http_secret_eq("", ""));
}

static void dates_are_in_english_and_utc(void **state)
{
    char date[HTTP_DATE_BYTES];
    (void)state;
    http_date(1782997491695, date);
    assert_string_equal(date, "Thu, 02 Jul 2026 13:04:51 GMT");
}

static void errors_have_both_levels(void **state)
{
    struct http_reply reply;
    (void)state;
    http_reply_init(&reply);
    http_reply_error(&reply, 400, "InvalidParameter", "CMN-101", "Parameter [] value is invalid");
    char *text = json_dumps(reply.json, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"errorCode\":\"InvalidParameter\",\"message\":\"Parameter [] value is "
                        "invalid\",\"errors\":[{\"errorCode\":\"CMN-101\",\"message\":\"Parameter "
                        "[] value is invalid\"}]}");
    assert_int_equal(reply.status, 400);
    free(text);
    http_reply_fini(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_are_decoded),
        cmocka_unit_test(targets_are_split_and_joined),
        cmocka_unit_test(authorizations_are_read_in_any_case),
        cmocka_unit_test(random_texts_are_safe_to_paste),
        cmocka_unit_test(dates_are_in_english_and_utc),
        cmocka_unit_test(errors_have_both_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
