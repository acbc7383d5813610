#include "callhud/draw/canvas.h"
#include "callhud/draw/theme.h"

#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void check_screen(const struct canvas *c, const char *expected)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    canvas_text(c, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

/* What holds after every operation. */
static void check_whole(const struct canvas *c)
{
    for (int row = 0; row < c->rows; row++) {
        for (int col = 0; col < c->cols; col++) {
            const struct cell *cell = canvas_at(c, row, col);
            const char *text = cell->text;
            assert_non_null(memchr(text, '\0', sizeof cell->text));
            if (cell->width == 0) {
                assert_true(col > 0 && cell[-1].width == 2);
                assert_string_equal(text, "");
                assert_int_equal(cell->style.role, cell[-1].style.role);
                assert_int_equal(cell->style.attrs, cell[-1].style.attrs);
                continue;
            }
            assert_int_equal(utf8_width(text), cell->width);
            assert_true(utf8_is_valid(text, strlen(text)));
            if (cell->width == 2)
                assert_true(col + 1 < c->cols && cell[1].width == 0);
            for (; *text != '\0'; text++)
                assert_true((unsigned char)*text >= 0x20 && *text != 0x7F &&
                            (!c->is_ascii || (unsigned char)*text < 0x80));
        }
    }
}

static void test_sizes_are_clamped(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 0, -5, false);
    assert_int_equal(c.rows, 1);
    assert_int_equal(c.cols, 1);
    canvas_put(&c, 0, 0, 9, STYLE(ROLE_TEXT), "abc");
    check_screen(&c, "a\n");
    canvas_resize(&c, INT_MAX, 3);
    assert_int_equal(c.rows, 1000);
    assert_string_equal(canvas_at(&c, 0, 0)->text, " "); /* cleared */
    canvas_resize(&c, 2, INT_MIN);
    assert_int_equal(c.cols, 1);
    assert_null(canvas_at(&c, 2, 0));
    assert_null(canvas_at(&c, -1, 0));
    assert_null(canvas_at(&c, 0, 1));
    assert_null(canvas_at(&c, 0, -1));
    canvas_fini(&c);
    assert_null(canvas_at(&c, 0, 0));
}

static void test_text_is_put_and_cut(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 3, 8, false);
    assert_int_equal(canvas_put(&c, 0, 1, 20, STYLE(ROLE_HOLD), "abc"), 3);
    assert_int_equal(canvas_put(&c, 1, 1, 2, STYLE(ROLE_HOLD), "abc"), 2);
    assert_int_equal(canvas_put(&c, 2, 6, 20, STYLE(ROLE_HOLD), "abc"), 2);
    check_screen(&c, " abc\n ab\n      ab\n");
    assert_int_equal(canvas_at(&c, 0, 1)->style.role, ROLE_HOLD);
    assert_int_equal(canvas_at(&c, 0, 0)->style.role, ROLE_TEXT);
    assert_int_equal(canvas_put(&c, 3, 0, 9, STYLE(ROLE_TEXT), "x"), 0);
    assert_int_equal(canvas_put(&c, -1, 0, 9, STYLE(ROLE_TEXT), "x"), 0);
    assert_int_equal(canvas_put(&c, 0, 8, 9, STYLE(ROLE_TEXT), "x"), 0);
    assert_int_equal(canvas_put(&c, 0, 0, -4, STYLE(ROLE_TEXT), "x"), 0);
    assert_int_equal(canvas_put(&c, 0, 0, 4, STYLE(ROLE_TEXT), NULL), 0);
    assert_int_equal(canvas_put(&c, 0, -2, 9, STYLE(ROLE_TEXT), "xyz"), 3); /* z is seen */
    assert_int_equal(canvas_put(&c, 1, INT_MIN, INT_MAX, STYLE(ROLE_TEXT), "xyz"), 3);
    check_screen(&c, "zabc\n ab\n      ab\n");
    canvas_fini(&c);
}

static void test_wide_characters_stay_whole(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 1, 6, false);
    assert_int_equal(canvas_put(&c, 0, 0, 6, STYLE(ROLE_TEXT), "田中花"), 6);
    check_screen(&c, "田中花\n");
    assert_int_equal(canvas_at(&c, 0, 2)->width, 2);
    assert_int_equal(canvas_at(&c, 0, 3)->width, 0);
    assert_string_equal(canvas_at(&c, 0, 3)->text, "");
    canvas_put(&c, 0, 3, 1, STYLE(ROLE_TEXT), "x"); /* right half */
    check_screen(&c, "田 x花\n");
    canvas_put(&c, 0, 4, 1, STYLE(ROLE_TEXT), "y"); /* left half */
    check_screen(&c, "田 xy\n");
    canvas_put(&c, 0, 1, 2, STYLE(ROLE_TEXT), "花"); /* across half of another */
    check_screen(&c, " 花xy\n");
    canvas_put(&c, 0, 0, 2, STYLE(ROLE_TEXT), "中"); /* over the left half */
    check_screen(&c, "中 xy\n");
    check_whole(&c);
    assert_int_equal(canvas_put(&c, 0, 5, 9, STYLE(ROLE_TEXT), "田"), 0);  /* right edge */
    assert_int_equal(canvas_put(&c, 0, 3, 2, STYLE(ROLE_TEXT), "a田"), 1); /* max_cells */
    check_screen(&c, "中 ay\n");
    canvas_clear(&c);
    assert_int_equal(canvas_put(&c, 0, -1, 9, STYLE(ROLE_TEXT), "田b"), 3); /* left edge */
    check_screen(&c, " b\n");
    check_whole(&c);
    canvas_fini(&c);
}

static void test_ascii_canvas(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 2, 12, true);
    canvas_put(&c, 0, 0, 12, STYLE(ROLE_TEXT), "Zoë 田 ─x");
    canvas_field(&c, 1, 0, 5, STYLE(ROLE_TEXT), "Łukasz");
    check_screen(&c, "Zoe ? -x\nLuka~\n");
    check_whole(&c);
    canvas_fini(&c);
}

static void test_no_control_reaches_a_cell(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 1, 20, false);
    canvas_put(&c, 0, 0, 20, STYLE(ROLE_TEXT),
               "a\033[31mb\n\xff\xC2\x9B"
               "c\177");
    check_whole(&c);
    assert_string_equal(canvas_at(&c, 0, 1)->text, "\xEF\xBF\xBD");
    canvas_fini(&c);
}

static void test_fields(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 6, 12, false);
    for (int row = 0; row < 6; row++)
        canvas_fill(&c, row, 0, 1, 12, STYLE(ROLE_TEXT), ".");
    canvas_field(&c, 0, 1, 6, STYLE(ROLE_BAR), "abc");
    canvas_field(&c, 1, 1, 6, STYLE(ROLE_BAR), "abcdefgh");
    canvas_field_right(&c, 2, 1, 6, STYLE(ROLE_BAR), "abc");
    canvas_field_right(&c, 3, 1, 6, STYLE(ROLE_BAR), "abcdefgh");
    canvas_field(&c, 4, 8, 9, STYLE(ROLE_BAR), "abcdefgh"); /* the ellipsis is seen */
    canvas_field(&c, 5, 1, 4, STYLE(ROLE_BAR), "田中花");   /* cut to an odd width */
    check_screen(&c, ".abc   .....\n.abcde….....\n.   abc.....\n.abcde….....\n........abc…\n"
                     ".田… .......\n");
    assert_int_equal(canvas_at(&c, 0, 6)->style.role, ROLE_BAR); /* padding has the style */
    assert_int_equal(canvas_at(&c, 0, 7)->style.role, ROLE_TEXT);
    canvas_field(&c, 0, -3, 6, STYLE(ROLE_BAR), "abcde");
    canvas_field_right(&c, 1, 8, 9, STYLE(ROLE_BAR), "xy");
    canvas_field(&c, 2, 0, INT_MAX, STYLE(ROLE_BAR), NULL);
    canvas_field(&c, 3, 0, 0, STYLE(ROLE_BAR), "abc");
    check_screen(&c, "de c   .....\n.abcde….  xy\n\n.abcde….....\n........abc…\n.田… .......\n");
    canvas_fini(&c);
}

static void test_fill(void **state)
{
    struct canvas c;
    char longer[2000];

    (void)state;
    canvas_init(&c, 2, 10, false);
    canvas_fill(&c, 0, 2, 1, 3, STYLE(ROLE_DIM), "─");
    canvas_fill(&c, 1, 0, 9, 2, STYLE(ROLE_DIM), "田"); /* not of width 1: blanks */
    assert_int_equal(canvas_put(&c, 1, 3, 9, STYLE(ROLE_TEXT), "42 田!"), 6);
    check_screen(&c, "  ───\n   42 田!\n");
    assert_int_equal(canvas_at(&c, 1, 1)->style.role, ROLE_DIM);
    check_whole(&c);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(canvas_put(&c, 0, 0, 99, STYLE(ROLE_TEXT), longer), 10);
    check_screen(&c, "xxxxxxxxxx\n   42 田!\n");
    canvas_fini(&c);
}

/* Any numbers at all, most near the edges, some at the ends of int. */
static int any_int(unsigned *seed)
{
    static const int ends[] = {INT_MIN, INT_MIN + 1, -1, 0, 1, INT_MAX - 1, INT_MAX};
    int r = rand_r(seed);

    if (r % 8 == 0)
        return ends[(r / 8) % 7];
    return r / 8 % 40 - 10;
}

static void any_text(unsigned *seed, char *out, size_t size)
{
    static const char *const pieces[] = {"a",       "田", "e\xCC\x81",    "─",    "\033", "\xff",
                                         " ",       "●",  "\xE2\x80\x8D", "🙂", "\n",   "ß",
                                         "\xF0\x9F"};
    size_t count = (size_t)rand_r(seed) % 20;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof pieces[0])];
        if (strlen(out) + strlen(piece) < size)
            strncat(out, piece, size - strlen(out) - 1);
    }
}

static void any_operation(struct canvas *c, unsigned *seed)
{
    int row = any_int(seed), col = any_int(seed), a = any_int(seed), b = any_int(seed);
    struct style style = {(uint8_t)rand_r(seed), (uint8_t)rand_r(seed)};
    char text[128];
    int used;

    any_text(seed, text, sizeof text);
    switch (rand_r(seed) % 16) {
    case 0: canvas_field(c, row, col, a, style, text); break;
    case 1: canvas_field_right(c, row, col, a, style, text); break;
    case 2: canvas_fill(c, row, col, a, b, style, text); break;
    case 5:
        if (rand_r(seed) % 4 == 0)
            canvas_resize(c, row % 30, col % 30);
        break;
    default:
        used = canvas_put(c, row, col, a, style, text);
        assert_true(used >= 0 && used <= (a > 0 ? a : 0));
        break;
    }
}

static void test_random_operations(void **state)
{
    const char *given = getenv("CALLHUD_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    struct canvas c;
    struct buf out;
    struct err err;
    struct theme theme;

    (void)state;
    print_message("# CALLHUD_TEST_SEED=%u\n", seed);
    assert_int_equal(theme_load(&theme, "default", NULL, &err), RC_OK);
    for (int round = 0; round < 40; round++) {
        canvas_init(&c, 1 + rand_r(&seed) % 20, 1 + rand_r(&seed) % 30, round % 4 == 0);
        for (int i = 0; i < 250; i++) {
            any_operation(&c, &seed);
            check_whole(&c);
        }
        buf_init(&out, 1 << 20);
        canvas_svg(&c, &theme, &out);
        assert_true(!out.is_full && utf8_is_valid(buf_text(&out), out.len));
        buf_fini(&out);
        canvas_fini(&c);
    }
}

static void check_contains(const struct buf *out, const char *piece)
{
    if (strstr(buf_text(out), piece) == NULL)
        fail_msg("no %s in:\n%s", piece, buf_text(out));
}

static void test_svg(void **state)
{
    struct canvas c;
    struct buf out;
    struct err err;
    struct theme theme;

    (void)state;
    assert_int_equal(theme_load(&theme, "default", NULL, &err), RC_OK);
    canvas_init(&c, 2, 20, false);
    canvas_put(&c, 0, 1, 20, STYLE(ROLE_RINGING), "▲ a <b> & c  d");
    canvas_put(&c, 1, 0, 20, (struct style){ROLE_HOLD, ATTR_BOLD | ATTR_REVERSE}, "田中x");
    canvas_put(&c, 1, 8, 20, (struct style){ROLE_TEXT, ATTR_UNDERLINE}, "u  v");
    buf_init(&out, 1 << 20);
    canvas_svg(&c, &theme, &out);
    check_contains(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"160\" height=\"34\"");
    check_contains(&out, "<rect width=\"160\" height=\"34\" fill=\"#16161e\"/>");
    check_contains(&out, "<text x=\"8\" y=\"13\" textLength=\"8\" fill=\"#ff9c36\">▲</text>");
    check_contains(&out, "<text x=\"24\" y=\"13\" textLength=\"72\" fill=\"#ff9c36\">"
                         "a &lt;b&gt; &amp; c</text>");
    check_contains(&out, "<text x=\"112\" y=\"13\" textLength=\"8\" fill=\"#ff9c36\">d</text>");
    check_contains(&out, "<rect x=\"0\" y=\"17\" width=\"40\" height=\"17\" fill=\"#f3e600\"/>");
    check_contains(&out, "<text x=\"0\" y=\"30\" textLength=\"32\" fill=\"#16161e\" "
                         "font-weight=\"bold\">田中</text>");
    check_contains(&out, "<text x=\"32\" y=\"30\" textLength=\"8\" fill=\"#16161e\" "
                         "font-weight=\"bold\">x</text>");
    check_contains(&out, "text-decoration=\"underline\">u  v</text>");
    assert_null(strstr(buf_text(&out), "href"));
    assert_null(strstr(buf_text(&out), "url("));
    assert_string_equal(buf_text(&out) + out.len - 7, "</svg>\n");
    if (getenv("CALLHUD_TEST_SVG") != NULL) { /* to look at, or for xmllint */
        FILE *file = fopen(getenv("CALLHUD_TEST_SVG"), "w");
        assert_non_null(file);
        fwrite(out.data, 1, out.len, file);
        fclose(file);
    }
    buf_fini(&out);
    canvas_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_are_clamped),
        cmocka_unit_test(test_text_is_put_and_cut),
        cmocka_unit_test(test_wide_characters_stay_whole),
        cmocka_unit_test(test_ascii_canvas),
        cmocka_unit_test(test_no_control_reaches_a_cell),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_svg),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
