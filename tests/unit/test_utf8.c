#include "callhud/base/utf8.h"

#include "callhud/base/mem.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#define BAD "\xef\xbf\xbd" /* U+FFFD */
#define MAN "\xf0\x9f\x91\xa8"
#define WOMAN "\xf0\x9f\x91\xa9"
#define GIRL "\xf0\x9f\x91\xa7"
#define ZWJ "\xe2\x80\x8d"
#define ACUTE "\xcc\x81"

static void check_clean_n(const char *in, size_t len, const char *expected)
{
    struct buf out;

    buf_init(&out, 10000);
    assert_true(utf8_clean(&out, in, len, 10000));
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void check_clean(const char *in, const char *expected)
{
    check_clean_n(in, strlen(in), expected);
}

static void test_decode_and_encode_every_character(void **state)
{
    char bytes[4];
    size_t used;

    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t len = utf8_encode(c, bytes);
        uint32_t back = utf8_decode(bytes, len, &used);
        bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (back != (is_surrogate ? UTF8_REPLACEMENT : c) || used != len)
            fail_msg("U+%04X became U+%04X, %zu of %zu bytes", c, back, used, len);
    }
    assert_int_equal(utf8_encode(0x110000, bytes), 3);
    assert_memory_equal(bytes, BAD, 3);
}

static void test_decode_bad_bytes(void **state)
{
    static const char *const bad[] = {
        "\x80",         "\xc0\xaf",         "\xc1\xbf",         "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
        "\xff",         "\xe7\x94",         "\xe7\x94x",        "\xc3"};
    size_t used;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &used), UTF8_REPLACEMENT);
        assert_int_equal(used, 1);
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    }
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0\xe7\x94\xb0" BAD, 8));
    assert_false(utf8_is_valid("\xe7\x94\xb0", 2));
}

static void check_mend(const char *in, size_t len, const char *expected, size_t count)
{
    struct buf out;

    buf_init(&out, 1000);
    buf_puts(&out, "|");
    assert_int_equal(utf8_mend(&out, in, len), count);
    assert_string_equal(buf_text(&out) + 1, expected);
    buf_fini(&out);
}

static void test_mend(void **state)
{
    (void)state;
    check_mend("", 0, "", 0);
    check_mend("Zo\xc3\xab", 4, "Zo\xc3\xab", 0);
    check_mend("a\xff"
               "b",
               3, "a" BAD "b", 1);
    check_mend("a\xff\xfe"
               "b",
               4, "a" BAD BAD "b", 2);
    /* A character that was cut is one fault. */
    check_mend("a\xf0\x9f\x91", 4, "a" BAD, 1);
    check_mend("\xe7\x94"
               "b",
               3, BAD "b", 1);
    check_mend("\xed\xa0\x80", 3, BAD BAD BAD, 3);
    check_mend("\x1b[m", 3, "\x1b[m", 0);
}

static void test_clean_keeps_names(void **state)
{
    (void)state;
    check_clean("", "");
    check_clean("Noor Haddad", "Noor Haddad");
    check_clean("Zo\xc3\xab", "Zo\xc3\xab");
    check_clean("Zoe\xcc\x88", "Zoe\xcc\x88");
    check_clean("\xe7\x94\xb0\xe4\xb8\xad", "\xe7\x94\xb0\xe4\xb8\xad");
    check_clean("\xed\x95\x9c\xea\xb8\x80", "\xed\x95\x9c\xea\xb8\x80");
    check_clean("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab");
    check_clean("\xe0\xb8\x97\xe0\xb8\xb5\xe0\xb9\x88", "\xe0\xb8\x97\xe0\xb8\xb5\xe0\xb9\x88");
    check_clean("\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80",
                "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80");
    check_clean("\xd9\x86\xd9\x88\xd8\xb1", "\xd9\x86\xd9\x88\xd8\xb1");
    check_clean("\xe2\x97\x8f\xe2\x96\xb2\xe2\x95\x91\xc3\x97\xe2\x80\xa6" MAN,
                "\xe2\x97\x8f\xe2\x96\xb2\xe2\x95\x91\xc3\x97\xe2\x80\xa6" MAN);
}

static void test_clean_disarms_controls(void **state)
{
    (void)state;
    check_clean_n("a\0b", 3, "a" BAD "b");
    check_clean("\x1b]0;owned\x07", BAD "]0;owned" BAD);
    check_clean("\xc2\x9b"
                "31m",
                BAD "31m");
    check_clean("\xc2\x85", BAD);
    check_clean("\x7f\r", BAD BAD);
    check_clean("a\nb\tc\xe2\x80\xa8"
                "d",
                "a b c d");
    check_clean("raw \xff\xc0\xaf\xe7\x94 end", "raw " BAD BAD BAD BAD " end");
}

static void test_clean_drops_the_invisible(void **state)
{
    (void)state;
    check_clean("a\xe2\x80\xae"
                "b\xe2\x81\xa6"
                "c\xe2\x80\x8f"
                "d\xd8\x9c"
                "e",
                "abcde");
    check_clean(MAN ZWJ WOMAN ZWJ GIRL, MAN WOMAN GIRL);
    check_clean("\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4");
    check_clean("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d");
    check_clean("\xef\xbb\xbf"
                "a\xe2\x80\x8b"
                "b\xc2\xad"
                "c\xe2\x81\xa0"
                "d",
                "abcd");
    check_clean("\xf3\xa0\x81\xa7"
                "a\xee\x80\x80"
                "b\xf4\x80\x80\x80"
                "c",
                "abc");
    check_clean("a\xef\xbf\xbf"
                "b\xef\xb7\x90"
                "c\xf0\x9f\xbf\xbe"
                "d",
                "abcd");
    check_clean("\xe3\x85\xa4\xe1\x85\x9f"
                "a\xef\xbe\xa0"
                "b\xcd\x8f"
                "c",
                "abc");
    /* The flag of Germany is its two letters. */
    check_clean("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "DE");
    /* Unassigned, and one whose width terminals see differently (U+1F92F, U+103A). */
    check_clean("a\xcd\xb8"
                "b",
                "a" BAD "b");
    check_clean("\xf0\x9f\xa4\xaf\xe1\x80\xba", BAD BAD);
}

static void test_clean_limits_marks(void **state)
{
    (void)state;
    check_clean("e" ACUTE ACUTE ACUTE, "e" ACUTE ACUTE ACUTE);
    check_clean("e" ACUTE ACUTE ACUTE ACUTE ACUTE "x" ACUTE, "e" ACUTE ACUTE ACUTE "x" ACUTE);
    check_clean(ACUTE "x", " " ACUTE "x");
    check_clean("e" ACUTE ZWJ ACUTE ACUTE "\xe2\x80\x8b" ACUTE, "e" ACUTE ACUTE ACUTE);
    check_clean(ZWJ ACUTE, " " ACUTE);
}

static void check_cut(const char *in, size_t max_chars, const char *expected, bool is_whole)
{
    struct buf out;

    buf_init(&out, 10000);
    assert_int_equal(utf8_clean(&out, in, strlen(in), max_chars), is_whole);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void test_clean_stops_at_the_limit(void **state)
{
    char *endless = mem_zero(4000 * 4 + 1, 1);
    struct buf out;

    (void)state;
    check_cut("abc", 3, "abc", true);
    check_cut("abcd", 3, "abc", false);
    check_cut("abc" ZWJ, 3, "abc", true);
    check_cut("abc\xff", 3, "abc", false);
    check_cut("ab\xe7\x94\xb0"
              "d",
              3, "ab\xe7\x94\xb0", false);
    check_cut(ACUTE, 1, "", false);
    check_cut("a", 0, "", false);
    check_cut("", 0, "", true);
    for (size_t i = 0; i < 4000; i++)
        memcpy(endless + i * 4, MAN, 4);
    buf_init(&out, 100000);
    assert_false(utf8_clean(&out, endless, 16000, 256));
    assert_int_equal(out.len, 256 * 4);
    buf_reset(&out);
    assert_true(utf8_clean(&out, endless, 16000, 4000));
    assert_int_equal(utf8_width(buf_text(&out)), 8000);
    buf_fini(&out);
    /* A buffer that is too small ends at a whole character. */
    buf_init(&out, 10);
    assert_false(utf8_clean(&out, endless, 16000, 4000));
    assert_string_equal(buf_text(&out), MAN MAN);
    buf_fini(&out);
    mem_free(endless);
}

/* Every character alone and behind a base: what comes out is what wcwidth(3) can count. */
static void test_clean_every_character(void **state)
{
    struct buf out, again;
    char in[8];

    (void)state;
    buf_init(&out, 100);
    buf_init(&again, 100);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        in[0] = 'a';
        size_t len = 1 + utf8_encode(c, in + 1);
        in[len++] = 'b';
        buf_reset(&out);
        buf_reset(&again);
        assert_true(utf8_clean(&out, in, len, 10));
        assert_true(utf8_clean(&again, out.data, out.len, 10));
        wchar_t wide[16];
        size_t count = mbstowcs(wide, out.data, 16);
        if (strcmp(out.data, again.data) != 0 || count == (size_t)-1 ||
            wcswidth(wide, count) != utf8_width(out.data) || out.data[0] != 'a' ||
            out.data[out.len - 1] != 'b')
            fail_msg("U+%04X: \"%s\", then \"%s\"", c, out.data, again.data);
    }
    buf_fini(&out);
    buf_fini(&again);
}

static void check_grapheme(const char *in, bool is_ascii, size_t used, const char *text, int width)
{
    struct utf8_grapheme grapheme;

    memset(&grapheme, 'x', sizeof grapheme);
    assert_int_equal(utf8_next_grapheme(in, strlen(in), is_ascii, &grapheme), used);
    assert_string_equal(grapheme.text, text);
    assert_int_equal(grapheme.width_cells, width);
}

static void test_graphemes(void **state)
{
    struct utf8_grapheme grapheme;

    (void)state;
    check_grapheme("ab", false, 1, "a", 1);
    check_grapheme("e" ACUTE "x", false, 3, "e" ACUTE, 1);
    check_grapheme("e" ACUTE ACUTE ACUTE ACUTE "x", false, 9, "e" ACUTE ACUTE ACUTE, 1);
    check_grapheme("\xe7\x94\xb0" ACUTE, false, 5, "\xe7\x94\xb0" ACUTE, 2);
    check_grapheme(MAN "x", false, 4, MAN, 2);
    check_grapheme(ACUTE "x", false, 2, " " ACUTE, 1);
    /* What was not cleaned does not get through either. */
    check_grapheme("\x1b[m", false, 1, BAD, 1);
    check_grapheme("\x7f", false, 1, BAD, 1);
    check_grapheme("\xe2\x80\xae"
                   "a",
                   false, 3, BAD, 1);
    check_grapheme(ZWJ "a", false, 3, BAD, 1);
    check_grapheme("\xff"
                   "a",
                   false, 1, BAD, 1);
    check_grapheme("\xc2\x9b", false, 2, BAD, 1);
    assert_int_equal(utf8_next_grapheme("", 1, false, &grapheme), 1);
    assert_string_equal(grapheme.text, BAD);
}

static void test_ascii_graphemes(void **state)
{
    (void)state;
    check_grapheme("ab", true, 1, "a", 1);
    check_grapheme("\xc3\xab", true, 2, "e", 1);
    check_grapheme("e\xcc\x88x", true, 3, "e", 1);
    check_grapheme("\xc5\x81", true, 2, "L", 1);
    check_grapheme("\xe2\x80\x93", true, 3, "-", 1);
    check_grapheme("\xe2\x80\x99", true, 3, "'", 1);
    check_grapheme("\xc3\x97", true, 2, "x", 1);
    check_grapheme("\xef\xbc\xa1", true, 3, "A", 1);
    check_grapheme("\xc2\xa0", true, 2, " ", 1);
    check_grapheme("\xe7\x94\xb0", true, 3, "?", 1);
    check_grapheme(BAD, true, 3, "?", 1);
    check_grapheme("\x1b", true, 1, "?", 1);
    check_grapheme("\xff", true, 1, "?", 1);
    check_grapheme(ACUTE, true, 2, "?", 1);
}

static void test_latin_letters(void **state)
{
    (void)state;
    assert_int_equal(utf8_latin_letter(0xEB), 'e');
    assert_int_equal(utf8_latin_letter(0xC5), 'A');
    assert_int_equal(utf8_latin_letter(0x17D), 'Z');
    assert_int_equal(utf8_latin_letter(0x141), 'L');
    assert_int_equal(utf8_latin_letter(0x1EC5), 'e');
    assert_int_equal(utf8_latin_letter(0x1EF9), 'y');
    assert_int_equal(utf8_latin_letter(0x21A), 'T');
    assert_int_equal(utf8_latin_letter('e'), 0);
    assert_int_equal(utf8_latin_letter(0xD7), 0);
    assert_int_equal(utf8_latin_letter(0xF7), 0);
    assert_int_equal(utf8_latin_letter(0xBF), 0);
    assert_int_equal(utf8_latin_letter(0x416), 0);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(utf8_width(""), 0);
    assert_int_equal(utf8_width("abc"), 3);
    assert_int_equal(utf8_width("Zoe\xcc\x88"), 3);
    assert_int_equal(utf8_width("\xe7\x94\xb0\xe4\xb8\xad"), 4);
    assert_int_equal(utf8_width("\xe2\x97\x8f \xe2\x96\xb2"), 3);
    assert_int_equal(utf8_width("\xe2\x8c\x9a"), 2);
    assert_int_equal(utf8_width(MAN "a"), 3);
    assert_int_equal(utf8_width("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), 2);
}

static void check_fit(const char *in, int max_cells, bool is_ascii, const char *expected, int cells)
{
    struct buf out;

    buf_init(&out, 1000);
    buf_puts(&out, "|");
    assert_int_equal(utf8_fit(&out, in, max_cells, is_ascii), cells);
    assert_string_equal(buf_text(&out) + 1, expected);
    buf_fini(&out);
}

static void test_fit(void **state)
{
    struct buf small;

    (void)state;
    check_fit("abc", 3, false, "abc", 3);
    check_fit("abcd", 3, false, "ab\xe2\x80\xa6", 3);
    check_fit("abcd", 3, true, "ab~", 3);
    check_fit("abcd", 2, false, "a\xe2\x80\xa6", 2);
    check_fit("abcd", 1, false, "a", 1);
    check_fit("abcd", 0, false, "", 0);
    check_fit("abcd", -5, false, "", 0);
    check_fit("", 5, false, "", 0);
    check_fit("\xe7\x94\xb0\xe4\xb8\xad", 4, false, "\xe7\x94\xb0\xe4\xb8\xad", 4);
    check_fit("\xe7\x94\xb0\xe4\xb8\xad", 3, false, "\xe7\x94\xb0\xe2\x80\xa6", 3);
    check_fit("\xe7\x94\xb0\xe4\xb8\xad", 2, false, "\xe2\x80\xa6", 1);
    check_fit("\xe7\x94\xb0", 1, false, "", 0);
    check_fit("\xe7\x94\xb0\xe4\xb8\xad", 2, true, "??", 2);
    check_fit("Zo\xc3\xab Haddad", 5, true, "Zoe ~", 5);
    check_fit("e" ACUTE "e" ACUTE "e" ACUTE, 2, false, "e" ACUTE "\xe2\x80\xa6", 2);
    check_fit("abc" ACUTE, 3, false, "abc" ACUTE, 3);
    buf_init(&small, 4);
    assert_int_equal(utf8_fit(&small, "abcdef", 6, false), 4);
    assert_string_equal(buf_text(&small), "abcd");
    buf_fini(&small);
}

/* Under LC_ALL=C the screen is ASCII, but names must reach its transliteration. */
static void test_without_a_utf8_locale(void **state)
{
    struct utf8_grapheme grapheme;

    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    check_clean("Zo\xc3\xab \xe7\x94\xb0" MAN, "Zo\xc3\xab \xe7\x94\xb0" MAN);
    check_clean("\x1b\xff\xe2\x80\xae", BAD BAD);
    check_fit("Zo\xc3\xab \xe7\x94\xb0", 10, true, "Zoe ?", 5);
    for (uint32_t c = 0; c <= 0x10FFFF; c += 7) {
        char bytes[4];
        size_t len = utf8_encode(c, bytes);
        assert_int_equal(utf8_next_grapheme(bytes, len, true, &grapheme), len);
        assert_int_equal(strlen(grapheme.text), 1);
        assert_in_range(grapheme.text[0], ' ', '~');
        utf8_next_grapheme(bytes, len, false, &grapheme);
        assert_in_range(grapheme.width_cells, 1, 2);
    }
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_and_encode_every_character),
        cmocka_unit_test(test_decode_bad_bytes),
        cmocka_unit_test(test_mend),
        cmocka_unit_test(test_clean_keeps_names),
        cmocka_unit_test(test_clean_disarms_controls),
        cmocka_unit_test(test_clean_drops_the_invisible),
        cmocka_unit_test(test_clean_limits_marks),
        cmocka_unit_test(test_clean_stops_at_the_limit),
        cmocka_unit_test(test_clean_every_character),
        cmocka_unit_test(test_graphemes),
        cmocka_unit_test(test_ascii_graphemes),
        cmocka_unit_test(test_latin_letters),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_without_a_utf8_locale),
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
