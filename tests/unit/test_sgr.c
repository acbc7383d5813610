#include "callhud/term/sgr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include <cmocka.h>

static void check(const char *from, const char *to, bool keeps_charset)
{
    char bytes[256];
    size_t len = strlen(from);
    memcpy(bytes, from, len);
    len = sgr_squeeze(bytes, len, keeps_charset);
    bytes[len] = '\0';
    assert_string_equal(bytes, to);
}

static void test_runs_become_one(void **state)
{
    (void)state;
    check("", "", false);
    check("plain", "plain", false);
    check("a\x1b[39m\x1b(B\x1b[mb", "a\x1b[mb", false);
    check("\x1b(B\x1b[0;1m\x1b[38;5;167mX", "\x1b[0;1;38;5;167mX", false);
    check("\x1b[39m\x1b[38;5;1mX", "\x1b[39;38;5;1mX", false);
    check("\x1b[m\x1b[0m", "\x1b[m", false);
    check("\x1b[1mX\x1b[mY", "\x1b[1mX\x1b[mY", false);
    check("\x1b[01m", "\x1b[01m", false);
    check("\x1b[m\x0fX", "\x1b[mX", false);
}

static void test_others_are_left_alone(void **state)
{
    (void)state;
    check("\x1b[2;1H\x1b[K\x1b[?25l", "\x1b[2;1H\x1b[K\x1b[?25l", false);
    check("\x1b[1;2Hm\x1b[>4m", "\x1b[1;2Hm\x1b[>4m", false);
    check("\x1b[38:5:1m\x1b[m", "\x1b[38:5:1m\x1b[m", false);
    check("\x1b(0\x1b[", "\x1b(0\x1b[", false);
    check("\x1b[31", "\x1b[31", false);
}

static void test_charset_stays_once(void **state)
{
    (void)state;
    check("\x1b[39m\x1b(B\x1b[mA\x1b(B\x1b[mB", "\x1b[39m\x1b(B\x1b[mA\x1b[mB", true);
}

static void test_long_runs_are_cut(void **state)
{
    (void)state;
    check("\x1b[38;2;255;255;255m\x1b[48;2;255;255;255m\x1b[1m\x1b[4m\x1b[7m\x1b[3mX",
          "\x1b[38;2;255;255;255;48;2;255;255;255;1;4;7;3mX", false);
    check("\x1b[1;2;3;4;5;6;7;8;9m\x1b[21;22;23;24;25;26mX",
          "\x1b[1;2;3;4;5;6;7;8;9m\x1b[21;22;23;24;25;26mX", false);
}

/* ---- random output looks the same to a terminal ------------------------------------------------
 */

#define COLS 40
#define ROWS 4

static size_t make_output(char *to, size_t max, unsigned *seed)
{
    static const char *const some[] = {
        "\x1b[m",         "\x1b[39m",     "\x1b[49m",     "\x1b(B",     "\x1b[0;1m",
        "\x1b[38;5;167m", "\x1b[48;5;3m", "\x1b[1m",      "\x1b[7m",    "\x1b[38;2;1;2;3m",
        "\x1b[0;7;4m",    "\x1b[2;3H",    "\x1b[K",       "word",       " ",
        "\x1b[27m",       "\x1b[22m",     "\xe2\x96\xa0", "\x1b[0;10m",
    };
    size_t len = 0;
    for (int i = 0; i < 60; i++) {
        const char *one = some[(unsigned)rand_r(seed) % (sizeof some / sizeof *some)];
        if (len + strlen(one) < max) {
            memcpy(to + len, one, strlen(one));
            len += strlen(one);
        }
    }
    return len;
}

static VTerm *played(const char *bytes, size_t len)
{
    VTerm *vt = vterm_new(ROWS, COLS);
    vterm_set_utf8(vt, 1);
    vterm_screen_reset(vterm_obtain_screen(vt), 1);
    vterm_input_write(vt, bytes, len);
    return vt;
}

static void test_random_looks_the_same(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3000; seed++) {
        char from[1024], to[1024];
        unsigned random = seed;
        size_t len = make_output(from, sizeof from, &random);
        memcpy(to, from, len);
        size_t less = sgr_squeeze(to, len, seed % 2 == 0);
        assert_true(less <= len);
        VTerm *a = played(from, len), *b = played(to, less);
        for (int row = 0; row < ROWS; row++) {
            for (int col = 0; col < COLS; col++) {
                VTermScreenCell x, y;
                memset(&x, 0, sizeof x);
                memset(&y, 0, sizeof y);
                vterm_screen_get_cell(vterm_obtain_screen(a), (VTermPos){row, col}, &x);
                vterm_screen_get_cell(vterm_obtain_screen(b), (VTermPos){row, col}, &y);
                if (x.chars[0] != y.chars[0] || memcmp(&x.attrs, &y.attrs, sizeof x.attrs) != 0 ||
                    !vterm_color_is_equal(&x.fg, &y.fg) || !vterm_color_is_equal(&x.bg, &y.bg))
                    fail_msg("seed %u: cell %d,%d differs", seed, row, col);
            }
        }
        vterm_free(a);
        vterm_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_become_one),       cmocka_unit_test(test_others_are_left_alone),
        cmocka_unit_test(test_charset_stays_once),    cmocka_unit_test(test_long_runs_are_cut),
        cmocka_unit_test(test_random_looks_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
