#include "callhud/draw/theme.h"
#include "callhud/draw/theme_sources.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const shipped[] = {"colour-blind", "default", "high-contrast", "light", "mono"};

static struct theme load(const char *name)
{
    struct theme theme;
    struct err err = {0};

    if (theme_load(&theme, name, NULL, &err) != RC_OK)
        fail_msg("%s", err.text);
    return theme;
}

static struct theme parse(const char *text)
{
    struct theme theme;
    struct err err = {0};

    if (theme_parse(&theme, text, strlen(text), "my.theme", &err) != RC_OK)
        fail_msg("%s", err.text);
    return theme;
}

static void check_refused(const char *text, const char *expected)
{
    struct theme theme, before;
    struct err err = {0};

    memset(&theme, 0x5A, sizeof theme);
    memcpy(&before, &theme, sizeof before);
    assert_int_equal(theme_parse(&theme, text, strlen(text), "my.theme", &err), RC_CONFIG);
    assert_string_equal(err.text, expected);
    assert_memory_equal(&theme, &before, sizeof theme);
}

static void check_rgb(const struct colour *c, unsigned rgb)
{
    assert_int_equal(c->kind, COLOUR_RGB);
    assert_int_equal(c->r << 16 | c->g << 8 | c->b, rgb);
}

static void check_index(const struct colour *c, int index)
{
    assert_int_equal(c->kind, COLOUR_INDEX);
    assert_int_equal(c->index, index);
}

static void check_same_colour(const struct colour *a, const struct colour *b)
{
    uint8_t rgb_a[3], rgb_b[3];

    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->index, b->index);
    colour_rgb(a, rgb_a);
    colour_rgb(b, rgb_b);
    assert_memory_equal(rgb_a, rgb_b, sizeof rgb_a);
}

static void check_same_role(const struct theme_role *a, const struct theme_role *b)
{
    check_same_colour(&a->fg, &b->fg);
    check_same_colour(&a->bg, &b->bg);
    assert_int_equal(a->fg_256, b->fg_256);
    assert_int_equal(a->bg_256, b->bg_256);
    assert_int_equal(a->attrs, b->attrs);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void test_every_form_of_a_line(void **state)
{
    struct theme t = parse("\xEF\xBB\xBF# a comment\r\n; another\n\n"
                           "name = my-own\r\nbackground=#0a0B0c\n"
                           "  [ roles ]\n"
                           "    ringing = #ff9c36 / 215 bold\n"
                           "dim = 245 on default\n"
                           "selection = reverse\n"
                           "bar = bright-white/231 on #102030/17 underline bold\n"
                           "hold = red\nparked = grey\ntext = default\n"
                           "[glyphs]\nringing = ^\nhold = ‖\non_call = =\n");

    (void)state;
    assert_string_equal(t.name, "my-own");
    check_rgb(&t.judged_bg, 0x0a0b0c);
    check_rgb(&t.roles[ROLE_RINGING].fg, 0xff9c36);
    assert_int_equal(t.roles[ROLE_RINGING].fg_256, 215);
    assert_int_equal(t.roles[ROLE_RINGING].attrs, ATTR_BOLD);
    check_index(&t.roles[ROLE_DIM].fg, 245);
    assert_int_equal(t.roles[ROLE_DIM].bg.kind, COLOUR_DEFAULT);
    assert_int_equal(t.roles[ROLE_SELECTION].attrs, ATTR_REVERSE);
    assert_int_equal(t.roles[ROLE_SELECTION].fg.kind, COLOUR_DEFAULT);
    check_index(&t.roles[ROLE_BAR].fg, 15);
    check_rgb(&t.roles[ROLE_BAR].bg, 0x102030);
    assert_int_equal(t.roles[ROLE_BAR].fg_256, 231);
    assert_int_equal(t.roles[ROLE_BAR].bg_256, 17);
    assert_int_equal(t.roles[ROLE_BAR].attrs, ATTR_BOLD | ATTR_UNDERLINE);
    check_index(&t.roles[ROLE_HOLD].fg, 1);
    check_index(&t.roles[ROLE_PARKED].fg, 8);
    assert_string_equal(t.glyphs[0], "^");
    assert_string_equal(t.glyphs[1], "‖");
    assert_string_equal(t.glyphs[2], "");
    assert_string_equal(t.glyphs[3], "=");
    assert_false(t.is_mono);
}

static void test_mistakes_name_line_and_nearest(void **state)
{
    char longest[700] = "[roles]\ntext = ";

    (void)state;
    check_refused("[roles]\n\nrining = red\n",
                  "my.theme:3: unknown role 'rining': did you mean 'ringing'?");
    check_refused("[roles]\nringing = #ff9c3\n", "my.theme:2: bad colour '#ff9c3': write #rrggbb");
    check_refused("[roles]\nringing = #ff9c3g\n",
                  "my.theme:2: bad colour '#ff9c3g': write #rrggbb");
    check_refused("[roles]\nringing = yelow\n",
                  "my.theme:2: bad colour 'yelow': did you mean 'yellow'?");
    check_refused("[roles]\nringing = 256\n", "my.theme:2: bad colour '256': write a name, 0-255, "
                                              "#rrggbb or default");
    check_refused("[roles]\nringing = -1\n", "my.theme:2: bad colour '-1': write a name, 0-255, "
                                             "#rrggbb or default");
    check_refused("[roles]\nringing = red blue\n",
                  "my.theme:2: two colours: write 'on' before 'blue' if it is the background");
    check_refused("[roles]\nringing = red on\n", "my.theme:2: a colour is missing after 'on'");
    check_refused("[roles]\nringing = on red on blue\n", "my.theme:2: 'on' given twice");
    check_refused("[roles]\nringing =\n",
                  "my.theme:2: a colour or an attribute is missing after '='");
    check_refused("[roles]\nringing = red / 15\n",
                  "my.theme:2: after '/' comes one of the 256 colours, 16-255");
    check_refused("[roles]\nringing = / 20\n",
                  "my.theme:2: after '/' comes one of the 256 colours, 16-255");
    check_refused("[roles]\nringing = red /\n",
                  "my.theme:2: after '/' comes one of the 256 colours, 16-255");
    check_refused("[roles]\nhold = 1\nhold = 2\n", "my.theme:3: 'hold' given twice");
    check_refused("[role]\n", "my.theme:1: unknown section 'role': did you mean 'roles'?");
    check_refused("[roles\n", "my.theme:1: ']' is missing");
    check_refused("backgruond = black\n",
                  "my.theme:1: unknown key 'backgruond': did you mean 'background'?");
    check_refused("ringing = red\n",
                  "my.theme:1: 'ringing' belongs below a line [roles] or [glyphs]");
    check_refused("background = default\n",
                  "my.theme:1: background names the colour that contrast is judged against");
    check_refused("[roles]\nringing red\n", "my.theme:2: write KEY = VALUE");
    check_refused("[glyphs]\nholdd = x\n",
                  "my.theme:2: unknown lamp 'holdd': did you mean 'hold'?");
    check_refused("[glyphs]\nhold = ab\n",
                  "my.theme:2: a glyph is one character, one column wide; 'ab' is not");
    check_refused("[glyphs]\nhold = 田\n",
                  "my.theme:2: a glyph is one character, one column wide; '田' is not");
    check_refused("name = ../x\n",
                  "my.theme:1: a theme's name is letters, digits, '-', '_' and '.', less than 64");
    check_refused("[roles]\ntext = \xff\n", "my.theme:2: the line is not UTF-8 text");
    memset(longest + strlen(longest), 'a', 600);
    check_refused(longest, "my.theme:2: the line is longer than 511 bytes");
}

static void test_text_ends_where_its_length_says(void **state)
{
    static const char text[] = "[roles]\ntext = red\nnonsense";
    struct theme theme;
    struct err err = {0};

    (void)state;
    assert_int_equal(theme_parse(&theme, text, 18, "x", &err), RC_OK);
    assert_int_equal(theme_parse(&theme, "a\0b", 3, "x", &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "x:1: the line is not UTF-8 text"));
}

static void test_gaps_are_filled_by_the_background(void **state)
{
    struct theme dark = load("default"), light = load("light");
    struct theme t = parse("[roles]\nringing = #010203\n");

    (void)state;
    assert_string_equal(t.name, "my"); /* from my.theme */
    check_rgb(&t.roles[ROLE_RINGING].fg, 0x010203);
    check_same_role(&t.roles[ROLE_HOLD], &dark.roles[ROLE_HOLD]);
    check_same_colour(&t.judged_bg, &dark.judged_bg);
    t = parse("background = #eeeeee\n[roles]\nringing = #010203\n");
    check_rgb(&t.judged_bg, 0xeeeeee);
    check_same_role(&t.roles[ROLE_HOLD], &light.roles[ROLE_HOLD]);
}

static void test_btop_lines(void **state)
{
    struct theme t = parse("#Bashtop theme\ntheme[main_bg]=\"#282a36\"\n"
                           "theme[main_fg]=\"#F8F8F2\"\ntheme[title]=\"#cc\"\n"
                           "theme[hi_fg]='10 20 30'\ntheme[selected_bg]=\"#ff79c6\"\n"
                           "theme[selected_fg]=\"\"\ntheme[inactive_fg]=\"#44475a\"\n"
                           "theme[cpu_box]=\"#bd93f9\"\ntheme[temp_mid]=\"\"\n");

    (void)state;
    check_rgb(&t.judged_bg, 0x282a36);
    check_rgb(&t.roles[ROLE_TEXT].fg, 0xf8f8f2);
    check_rgb(&t.roles[ROLE_HEADING].fg, 0xcccccc);
    check_rgb(&t.roles[ROLE_KEY].fg, 0x0a141e);
    check_rgb(&t.roles[ROLE_SELECTION].bg, 0xff79c6);
    assert_int_equal(t.roles[ROLE_SELECTION].fg.kind, COLOUR_DEFAULT);
    assert_int_equal(t.roles[ROLE_SELECTION].attrs, 0); /* not reversed as well */
    check_rgb(&t.roles[ROLE_DIM].fg, 0x44475a);
    check_rgb(&t.roles[ROLE_RINGING].fg, 0xff9c36); /* btop has no lamps */
    check_refused("theme[main_fg]=\"#zz\"\n", "my.theme:1: bad colour '#zz': write #rrggbb");
    check_refused("theme[main_fg]=\"300 0 0\"\n", "my.theme:1: bad colour '300 0 0': write a name, "
                                                  "0-255, #rrggbb or default");
}

/* --- finding ---------------------------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *dir, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void test_built_in_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(theme_sources[i].name, shipped[i]);
    assert_null(theme_sources[5].name);
}

static void test_directories_go_first(void **state)
{
    char dir[] = "/tmp/callhud-theme-XXXXXX";
    char names[8][THEME_NAME_BYTES];
    struct theme theme;
    struct err err = {0};
    size_t count;

    (void)state;
    assert_non_null(mkdtemp(dir));
    const char *const dirs[] = {"/nonexistent", dir, NULL};
    write_file(dir, "light.theme", "name = other\n[roles]\nringing = 99\n");
    write_file(dir, "zebra.theme", "[roles]\nbad\n");
    write_file(dir, "notes.txt", "");
    write_file(dir, ".hidden.theme", "");

    assert_int_equal(theme_load(&theme, "light", dirs, &err), RC_OK);
    check_index(&theme.roles[ROLE_RINGING].fg, 99);
    assert_string_equal(theme.name, "light");
    assert_int_equal(theme_load(&theme, "mono", dirs, &err), RC_OK);
    assert_int_equal(theme_load(&theme, "zebra", dirs, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "zebra.theme:2: write KEY = VALUE"));

    assert_int_equal(theme_list(dirs, names, 8, &count), RC_OK);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(names[i], shipped[i]);
    assert_string_equal(names[5], "zebra");
    assert_int_equal(theme_list(dirs, names, 2, &count), RC_TOO_BIG);
    assert_int_equal(count, 2);

    remove_file(dir, "light.theme");
    remove_file(dir, "zebra.theme");
    remove_file(dir, "notes.txt");
    remove_file(dir, ".hidden.theme");
    assert_int_equal(rmdir(dir), 0);
}

static void test_a_theme_that_is_not_there(void **state)
{
    struct theme theme;
    struct err err = {0};

    (void)state;
    assert_int_equal(theme_load(&theme, "defalt", NULL, &err), RC_CONFIG);
    assert_string_equal(err.text, "no theme 'defalt': did you mean 'default'?");
    assert_int_equal(theme_load(&theme, "../../etc/passwd", NULL, &err), RC_CONFIG);
    assert_string_equal(err.text, "no theme '../../etc/passwd': 'callhud theme list' names them");
    assert_int_equal(theme_load(&theme, "", NULL, &err), RC_CONFIG);
}

/* --- the shipped themes ----------------------------------------------------------------------- */

struct figures {
    const char *name;
    double contrast, difference[SIGHT_COUNT];
};

/* The table in the design of the look; one digit. */
static const struct figures promised[] = {
    {"default", 4.8, {29.7, 10.8, 10.5, 12.8}},
    {"light", 4.8, {26.1, 11.4, 6.5, 11.4}},
    {"high-contrast", 7.8, {29.9, 6.6, 9.4, 9.4}},
    {"colour-blind", 4.8, {27.1, 17.8, 15.4, 14.2}},
};

/* Rounding to one digit moves a figure by 0.05; the last digit of a half may go either way. */
#define ROUNDING 0.0501

static void test_shipped_themes_measure_as_promised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++) {
        struct theme theme = load(promised[i].name);
        struct theme_measure m;
        theme_measure(&m, &theme);
        assert_true(m.has_colours);
        if (fabs(m.least_contrast - promised[i].contrast) > ROUNDING)
            fail_msg("%s: contrast %.3f (%s)", theme.name, m.least_contrast,
                     role_key(m.least_contrast_role));
        for (int s = 0; s < SIGHT_COUNT; s++)
            if (fabs(m.least_difference[s] - promised[i].difference[s]) > ROUNDING)
                fail_msg("%s: sight %d: %.3f (%s, %s)", theme.name, s, m.least_difference[s],
                         role_key(m.pair[s][0]), role_key(m.pair[s][1]));
    }
}

/* With 256 colours the themes are no worse than what is promised of them. */
static void test_256_colours_are_no_worse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++) {
        struct theme theme = load(promised[i].name);
        struct theme_measure m;
        theme_reduce(&theme, &theme, DEPTH_256);
        theme_measure(&m, &theme);
        if (m.least_contrast < promised[i].contrast - ROUNDING ||
            m.least_contrast < THEME_CONTRAST_MIN)
            fail_msg("%s: contrast %.3f (%s)", theme.name, m.least_contrast,
                     role_key(m.least_contrast_role));
        for (int s = 0; s < SIGHT_COUNT; s++)
            if (m.least_difference[s] < promised[i].difference[s] - ROUNDING)
                fail_msg("%s: sight %d: %.3f (%s, %s)", theme.name, s, m.least_difference[s],
                         role_key(m.pair[s][0]), role_key(m.pair[s][1]));
        for (int role = 0; role < ROLE_COUNT; role++) {
            const struct colour *fg = &theme.roles[role].fg, *bg = &theme.roles[role].bg;
            assert_true(fg->kind == COLOUR_DEFAULT ||
                        (fg->kind == COLOUR_INDEX && fg->index >= 16));
            assert_true(bg->kind == COLOUR_DEFAULT ||
                        (bg->kind == COLOUR_INDEX && bg->index >= 16));
        }
    }
}

static void test_themes_say_their_own_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        char path[512], text[8192];
        struct theme theme;
        struct err err = {0};
        snprintf(path, sizeof path, TEST_DIR "/../themes/%s.theme", shipped[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t len = fread(text, 1, sizeof text, file);
        fclose(file);
        assert_int_equal(theme_parse(&theme, text, len, "other", &err), RC_OK);
        assert_string_equal(theme.name, shipped[i]);
        struct theme built_in = load(shipped[i]); /* the file and its copy are the same */
        for (int role = 0; role < ROLE_COUNT; role++)
            check_same_role(&theme.roles[role], &built_in.roles[role]);
        assert_int_equal(theme.is_mono, strcmp(shipped[i], "mono") == 0);
    }
}

/* --- reducing --------------------------------------------------------------------------------- */

static void test_mono_is_the_mono_theme(void **state)
{
    struct theme mono = load("mono"), theme;
    struct theme_measure m;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct theme in = load(shipped[i]);
        theme_reduce(&theme, &in, DEPTH_MONO);
        assert_true(theme.is_mono);
        for (int role = 0; role < ROLE_COUNT; role++) {
            assert_int_equal(theme.roles[role].fg.kind, COLOUR_DEFAULT);
            assert_int_equal(theme.roles[role].bg.kind, COLOUR_DEFAULT);
            assert_int_equal(theme.roles[role].attrs, mono.roles[role].attrs);
        }
    }
    theme_measure(&m, &theme);
    assert_false(m.has_colours);
    uint8_t ringing = mono.roles[ROLE_RINGING].attrs, hold = mono.roles[ROLE_HOLD].attrs;
    assert_true(ringing != hold && ringing != 0 && hold != 0);
    assert_true(mono.roles[ROLE_PARKED].attrs != hold && mono.roles[ROLE_PARKED].attrs != ringing);
}

static void test_few_colours_stay_readable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++) {
        for (int depth = DEPTH_8; depth <= DEPTH_16; depth++) {
            struct theme in = load(promised[i].name), out;
            struct theme_measure m;
            theme_reduce(&out, &in, (enum depth)depth);
            for (int role = 0; role < ROLE_COUNT; role++) {
                const struct colour *fg = &out.roles[role].fg;
                assert_int_equal(fg->kind == COLOUR_DEFAULT,
                                 in.roles[role].fg.kind == COLOUR_DEFAULT);
                assert_true(fg->kind == COLOUR_DEFAULT || fg->index < (depth == DEPTH_8 ? 8 : 16));
            }
            check_same_colour(&out.roles[ROLE_PARKED].fg, &out.roles[ROLE_HOLD].fg);
            theme_measure(&m, &out);
            /* On white, xterm has but four colours of that contrast. */
            if (depth == DEPTH_16 && strcmp(in.name, "light") != 0 &&
                m.least_difference[SIGHT_NORMAL] < THEME_DIFFERENCE_MIN)
                fail_msg("%s: %s and %s are alike", in.name, role_key(m.pair[SIGHT_NORMAL][0]),
                         role_key(m.pair[SIGHT_NORMAL][1]));
            if (m.least_contrast < THEME_CONTRAST_MIN)
                fail_msg("%s at depth %d: %.2f (%s)", in.name, depth, m.least_contrast,
                         role_key(m.least_contrast_role));
        }
    }
}

static void test_nearest_colours(void **state)
{
    struct theme in = parse("background = black\n[roles]\nringing = #fe8801\nhold = 11\n"
                            "dnd = 200\non_call = #f00505 / 100\naway = #5c5cff\ndim = #111111\n");
    struct theme out;

    (void)state;
    theme_reduce(&out, &in, DEPTH_256);
    check_index(&out.roles[ROLE_RINGING].fg, 208);
    check_index(&out.roles[ROLE_HOLD].fg, 11); /* named: the user's own */
    check_index(&out.roles[ROLE_DND].fg, 200);
    check_index(&out.roles[ROLE_ON_CALL].fg, 100); /* named for 256 */
    theme_reduce(&out, &in, DEPTH_16);
    check_index(&out.roles[ROLE_RINGING].fg, 9);
    check_index(&out.roles[ROLE_ON_CALL].fg, 13); /* ringing has the nearest */
    check_index(&out.roles[ROLE_AWAY].fg, 12);
    assert_int_not_equal(out.roles[ROLE_DIM].fg.index, 0); /* never into the background */
    theme_reduce(&out, &in, DEPTH_RGB);
    for (int role = 0; role < ROLE_COUNT; role++)
        check_same_role(&out.roles[role], &in.roles[role]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_a_line),
        cmocka_unit_test(test_mistakes_name_line_and_nearest),
        cmocka_unit_test(test_text_ends_where_its_length_says),
        cmocka_unit_test(test_gaps_are_filled_by_the_background),
        cmocka_unit_test(test_btop_lines),
        cmocka_unit_test(test_built_in_names),
        cmocka_unit_test(test_directories_go_first),
        cmocka_unit_test(test_a_theme_that_is_not_there),
        cmocka_unit_test(test_shipped_themes_measure_as_promised),
        cmocka_unit_test(test_256_colours_are_no_worse),
        cmocka_unit_test(test_themes_say_their_own_name),
        cmocka_unit_test(test_mono_is_the_mono_theme),
        cmocka_unit_test(test_few_colours_stay_readable),
        cmocka_unit_test(test_nearest_colours),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
