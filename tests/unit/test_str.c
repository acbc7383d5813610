#include "callhud/base/str.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_equal_starts_ends(void **state)
{
    (void)state;
    assert_true(str_eq("a", "a"));
    assert_false(str_eq("a", "A"));
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_false(str_eq("", NULL));
    assert_true(str_eq_nocase("Content-TYPE", "content-type"));
    assert_false(str_eq_nocase("abc", "abcd"));
    assert_false(str_eq_nocase("abcd", "abc"));
    assert_false(str_eq_nocase("[", "{"));
    assert_true(str_eq_nocase(NULL, NULL));
    assert_false(str_eq_nocase(NULL, ""));
    assert_true(str_starts("PJSIP/101", "PJSIP/"));
    assert_false(str_starts("PJ", "PJSIP/"));
    assert_true(str_starts("x", ""));
    assert_false(str_starts(NULL, "x"));
    assert_true(str_ends("a.theme", ".theme"));
    assert_false(str_ends("theme", ".theme"));
    assert_true(str_ends("", ""));
    assert_true(str_is_empty(NULL));
    assert_true(str_is_empty(""));
    assert_false(str_is_empty(" "));
}

static void test_copy_cuts_at_a_character(void **state)
{
    char to[8];

    (void)state;
    assert_true(str_copy(to, sizeof to, "1234567"));
    assert_string_equal(to, "1234567");
    assert_false(str_copy(to, sizeof to, "12345678"));
    assert_string_equal(to, "1234567");
    assert_false(str_copy(to, sizeof to, "12345\xe7\x94\xb0"));
    assert_string_equal(to, "12345");
    assert_true(str_copy(to, sizeof to, "1234\xe7\x94\xb0"));
    assert_string_equal(to, "1234\xe7\x94\xb0");
    assert_false(str_copy(to, sizeof to, "1234\xe7\x94\xb0x"));
    assert_string_equal(to, "1234\xe7\x94\xb0");
    assert_false(str_copy(to, sizeof to, "1234\xf0\x9f\x91\xa8"));
    assert_string_equal(to, "1234");
    assert_false(str_copy(to, 3, "\xf0\x9f\x91\xa8"));
    assert_string_equal(to, "");
    /* Bytes that are no UTF-8 are cut anywhere, within bounds. */
    assert_false(str_copy(to, 5, "\x80\x80\x80\x80\x80\x80"));
    assert_string_equal(to, "\x80\x80\x80\x80");
    assert_true(str_copy(to, 1, ""));
    assert_false(str_copy(to, 1, "x"));
    assert_string_equal(to, "");
    assert_true(str_copy(to, sizeof to, NULL));
    assert_string_equal(to, "");
    to[0] = 'k';
    assert_false(str_copy(to, 0, "x"));
    assert_int_equal(to[0], 'k');
}

static void test_format_drops_what_was_cut(void **state)
{
    char to[16];

    (void)state;
    assert_true(str_format(to, sizeof to, "%s", "12\xc3\xab"));
    assert_string_equal(to, "12\xc3\xab");
    /* In the middle, at every byte of a character. */
    static const char *const wide[] = {"\xc3\xab", "\xe7\x94\xb0", "\xf0\x9f\x91\xa8"};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        int whole = (int)strlen(wide[i]);
        for (int most = 0; most <= whole; most++) {
            assert_true(str_format(to, sizeof to, "a%.*sb", most, wide[i]));
            char expected[16] = "a";
            memcpy(expected + 1, wide[i], most == whole ? (size_t)whole : 0);
            expected[strlen(expected)] = 'b';
            assert_string_equal(to, expected);
        }
    }
    /* At the end of the room. */
    assert_false(str_format(to, 4, "12%s", "\xe7\x94\xb0"));
    assert_string_equal(to, "12");
    assert_false(str_format(to, 1, "x"));
    assert_string_equal(to, "");
    to[0] = 'k';
    assert_false(str_format(to, 0, "x"));
    assert_int_equal(to[0], 'k');
    /* Two beginnings in a row; what never was UTF-8 stays for others to mend. */
    str_copy(to, sizeof to, "a\xe7\x94\xf0\x9f\xc3z\x80\xff");
    str_drop_cut(to);
    assert_string_equal(to, "az\x80\xff");
}

static void check_fold(void)
{
    assert_true(str_find_folded("Zo\xc3\xab Haddad", "zoe"));
    assert_true(str_find_folded("Zo\xc3\xab Haddad", "zo\xc3\xab"));
    assert_true(str_find_folded("Zoe\xcc\x88 Haddad", "zoe h"));
    assert_true(str_find_folded("M\xc3\x9cLLER", "muller"));
    assert_true(str_find_folded("Stra\xc3\x9f"
                                "e",
                                "STRASSE"));
    assert_true(str_find_folded("\xc5\x81ukasz", "lukasz"));
    assert_true(str_find_folded("Nguy\xe1\xbb\x85n", "nguyen"));
    assert_true(str_find_folded("\xc3\x86gir", "aegir"));
    assert_true(str_find_folded("anything", ""));
    assert_true(str_find_folded("", ""));
    assert_true(str_find_folded(NULL, ""));
    assert_false(str_find_folded("", "x"));
    assert_false(str_find_folded(NULL, "x"));
    assert_false(str_find_folded("Noor Haddad", "nora"));
    assert_true(str_find_folded("aaab", "aab"));
    assert_false(str_find_folded("ab", "abc"));
    assert_true(str_find_folded("\xe7\x94\xb0\xe4\xb8\xad", "\xe4\xb8\xad"));
    assert_false(str_find_folded("\xe7\x94\xb0\xe4\xb8\xad", "\xe4\xb8\xad\xe4\xb8\xad"));
    assert_false(str_find_folded("bad \xff\xe7 bytes", "zz"));
    assert_true(str_find_folded("bad \xff\xe7 bytes", "bytes"));
}

static void test_find_folded(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    check_fold();
    assert_true(
        str_find_folded("\xd0\x98\xd0\x92\xd0\x90\xd0\x9d", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd"));
    assert_true(str_find_folded("\xce\x9d\xce\x99\xce\x9a\xce\x9f\xce\xa3",
                                "\xce\xbd\xce\xb9\xce\xba\xce\xbf\xcf\x82"));
}

static void test_find_folded_without_a_utf8_locale(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    check_fold();
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void check_order(const char *a, const char *b)
{
    if (str_compare_natural(a, b) >= 0 || str_compare_natural(b, a) <= 0)
        fail_msg("\"%s\" does not come before \"%s\"", a, b);
}

static void test_compare_natural(void **state)
{
    (void)state;
    check_order("9", "10");
    check_order("ext 9", "ext 10");
    check_order("ext 9 b", "ext 10 a");
    check_order("a2b9", "a2b10");
    check_order("a1", "ab");
    check_order("", "a");
    check_order("a", "aa");
    check_order("abel", "Baker");
    check_order("Zo\xc3\xab", "zof");
    check_order("zod", "Zo\xc3\xab");
    check_order("Zoe", "Zo\xc3\xab");
    check_order("18446744073709551616", "18446744073709551617");
    check_order("99999999999999999999998", "100000000000000000000000");
    check_order("a0", "a1");
    check_order("a00", "a1");
    check_order("a", "a0");
    check_order(NULL, "a");
    assert_int_equal(str_compare_natural("ABC", "abc"), 0);
    assert_int_equal(str_compare_natural("007", "7"), 0);
    assert_int_equal(str_compare_natural("x007y", "x7Y"), 0);
    assert_int_equal(str_compare_natural("", ""), 0);
    assert_int_equal(str_compare_natural(NULL, NULL), 0);
    assert_int_equal(str_compare_natural("0", "000"), 0);
}

static void test_to_int(void **state)
{
    int64_t n = 5;

    (void)state;
    assert_true(str_to_int("0", 0, 9, &n));
    assert_int_equal(n, 0);
    assert_true(str_to_int("-17", -20, 0, &n));
    assert_int_equal(n, -17);
    assert_true(str_to_int("0042", 0, 99, &n));
    assert_int_equal(n, 42);
    assert_true(str_to_int("9223372036854775807", INT64_MIN, INT64_MAX, &n));
    assert_true(n == INT64_MAX);
    assert_true(str_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n));
    assert_true(n == INT64_MIN);
    n = 5;
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1x",
                                        "0x1",
                                        "1.0",
                                        "--1",
                                        "1e3",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (str_to_int(wrong[i], INT64_MIN, INT64_MAX, &n))
            fail_msg("taken: \"%s\"", wrong[i]);
    assert_false(str_to_int(NULL, 0, 9, &n));
    assert_false(str_to_int("10", 0, 9, &n));
    assert_false(str_to_int("-1", 0, 9, &n));
    assert_int_equal(n, 5);
}

static void test_trim_and_fields(void **state)
{
    char text[] = " \t a b \r\n";
    char blank[] = "   ";
    char list[] = "101 = x | Cartier ||  last ";
    char *rest = list;

    (void)state;
    assert_string_equal(str_trim(text), "a b");
    assert_string_equal(str_trim(blank), "");
    assert_string_equal(str_next_field(&rest, '|'), "101 = x");
    assert_string_equal(str_next_field(&rest, '|'), "Cartier");
    assert_string_equal(str_next_field(&rest, '|'), "");
    assert_string_equal(str_next_field(&rest, '|'), "last");
    assert_null(str_next_field(&rest, '|'));
    assert_null(str_next_field(&rest, '|'));
    char none[] = "";
    rest = none;
    assert_string_equal(str_next_field(&rest, ','), "");
    assert_null(str_next_field(&rest, ','));
}

static void test_nearest(void **state)
{
    static const char *const names[] = {"theme", "monitor", "log_level", "password_command",
                                        "id",    "bell"};
    const size_t count = sizeof names / sizeof names[0];
    char endless[200];

    (void)state;
    assert_string_equal(str_nearest("theme", names, count), "theme");
    assert_string_equal(str_nearest("tehme", names, count), "theme");
    assert_string_equal(str_nearest("Themes", names, count), "theme");
    assert_string_equal(str_nearest("moniter", names, count), "monitor");
    assert_string_equal(str_nearest("pasword_comand", names, count), "password_command");
    assert_string_equal(str_nearest("loglevel", names, count), "log_level");
    assert_string_equal(str_nearest("bel", names, count), "bell");
    assert_null(str_nearest("xy", names, count));
    assert_null(str_nearest("wallpaper", names, count));
    assert_null(str_nearest("", names, count));
    assert_null(str_nearest(NULL, names, count));
    assert_null(str_nearest("theme", names, 0));
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(str_nearest(endless, names, count));
}

static void test_find_number(void **state)
{
    (void)state;
    assert_true(str_find_number("+41 (44) 555-01 23", "5550123"));
    assert_true(str_find_number("+41445550123", "44 555"));
    assert_true(str_find_number("1121123", "1123"));
    assert_false(str_find_number("+41445550123", "999"));
    assert_false(str_find_number("12", "123"));
    assert_false(str_find_number("123", "abc"));
    assert_false(str_find_number("123", ""));
    assert_false(str_find_number("", "1"));
    assert_false(str_find_number(NULL, "1"));
    assert_false(str_find_number("1", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_starts_ends),
        cmocka_unit_test(test_copy_cuts_at_a_character),
        cmocka_unit_test(test_format_drops_what_was_cut),
        cmocka_unit_test(test_find_folded),
        cmocka_unit_test(test_find_folded_without_a_utf8_locale),
        cmocka_unit_test(test_compare_natural),
        cmocka_unit_test(test_to_int),
        cmocka_unit_test(test_trim_and_fields),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_find_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
