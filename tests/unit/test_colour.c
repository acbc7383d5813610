#include "../../src/draw/theme_look.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check_near(double value, double expected, double within)
{
    if (fabs(value - expected) > within)
        fail_msg("%.6f is not %.6f", value, expected);
}

/* Sharma, Wu, Dalal 2005, table 1: CIEDE2000 of 34 pairs, four digits. */
static void test_published_differences(void **state)
{
    static const double pairs[][7] = {
        {50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425},
        {50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615},
        {50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412},
        {50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000},
        {50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000},
        {50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000},
        {50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669},
        {50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669},
        {50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792},
        {50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792},
        {50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195},
        {50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195},
        {50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045},
        {50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045},
        {50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461},
        {50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065},
        {50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492},
        {50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977},
        {50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030},
        {50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535},
        {50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000},
        {50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000},
        {50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000},
        {50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000},
        {60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644},
        {63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630},
        {61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731},
        {35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645},
        {22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373},
        {36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146},
        {90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441},
        {90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381},
        {6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377},
        {2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct lab a = {pairs[i][0], pairs[i][1], pairs[i][2]};
        struct lab b = {pairs[i][3], pairs[i][4], pairs[i][5]};
        check_near(lab_difference(&a, &b), pairs[i][6], 0.00006);
        check_near(lab_difference(&b, &a), pairs[i][6], 0.00006);
    }
}

static void test_contrast(void **state)
{
    static const uint8_t white[3] = {255, 255, 255}, black[3] = {0, 0, 0};
    static const uint8_t grey[3] = {0x76, 0x76, 0x76}, red[3] = {255, 0, 0};

    (void)state;
    check_near(colour_contrast(white, black), 21.0, 1e-9);
    check_near(colour_contrast(black, white), 21.0, 1e-9);
    check_near(colour_contrast(red, red), 1.0, 1e-9);
    check_near(colour_contrast(red, white), 3.998, 0.001); /* W3C's own example of a failure */
    assert_true(colour_contrast(grey, white) >= 4.5);      /* the lightest grey that passes */
}

static void test_lab_of_known_colours(void **state)
{
    static const uint8_t white[3] = {255, 255, 255}, red[3] = {255, 0, 0};
    struct lab lab = colour_lab(white, SIGHT_NORMAL);

    (void)state;
    check_near(lab.l, 100, 0.01);
    check_near(hypot(lab.a, lab.b), 0, 0.02);
    lab = colour_lab(red, SIGHT_NORMAL);
    check_near(lab.l, 53.24, 0.01);
    check_near(lab.a, 80.09, 0.01);
    check_near(lab.b, 67.20, 0.01);
}

/* What each kind of eye confuses comes together, and grey stays grey. */
static void test_simulated_sight(void **state)
{
    static const uint8_t red[3] = {0xc0, 0x40, 0x40}, green[3] = {0x60, 0x74, 0x2c};
    static const uint8_t grey[3] = {128, 128, 128};

    (void)state;
    struct lab normal_red = colour_lab(red, SIGHT_NORMAL);
    struct lab normal_green = colour_lab(green, SIGHT_NORMAL);
    double normal = lab_difference(&normal_red, &normal_green);
    struct lab a = colour_lab(red, SIGHT_DEUTAN), b = colour_lab(green, SIGHT_DEUTAN);
    assert_true(normal > 40);
    assert_true(lab_difference(&a, &b) < normal / 3);
    for (int sight = 0; sight < SIGHT_COUNT; sight++) {
        struct lab lab = colour_lab(grey, (enum sight)sight);
        check_near(hypot(lab.a, lab.b), 0, 0.05);
        check_near(lab.l, 53.59, 0.05);
    }
}

static void check_index(uint8_t index, uint8_t r, uint8_t g, uint8_t b)
{
    struct colour colour = {.kind = COLOUR_INDEX, .index = index};
    uint8_t rgb[3];

    colour_rgb(&colour, rgb);
    assert_int_equal(rgb[0] << 16 | rgb[1] << 8 | rgb[2], r << 16 | g << 8 | b);
}

static void test_palette_of_xterm(void **state)
{
    (void)state;
    check_index(0, 0, 0, 0);
    check_index(4, 0, 0, 238);
    check_index(12, 92, 92, 255);
    check_index(15, 255, 255, 255);
    check_index(16, 0, 0, 0);
    check_index(208, 255, 135, 0);
    check_index(231, 255, 255, 255);
    check_index(232, 8, 8, 8);
    check_index(255, 238, 238, 238);
}

static void test_look_of_a_style(void **state)
{
    struct theme theme = {.judged_bg = {.kind = COLOUR_RGB, .r = 10, .g = 11, .b = 12}};

    (void)state;
    theme.roles[ROLE_HOLD] = (struct theme_role){
        .fg = {.kind = COLOUR_RGB, .r = 200, .g = 201, .b = 202}, .attrs = ATTR_BOLD};
    struct look look = theme_look(&theme, STYLE(ROLE_HOLD));
    assert_int_equal(look.fg[0], 200);
    assert_int_equal(look.bg[2], 12);
    assert_true(look.is_bold && !look.is_underlined);
    look = theme_look(&theme, (struct style){ROLE_HOLD, ATTR_REVERSE | ATTR_UNDERLINE});
    assert_int_equal(look.fg[2], 12);
    assert_int_equal(look.bg[0], 200);
    assert_true(look.is_bold && look.is_underlined);
    look = theme_look(&theme, STYLE(ROLE_TEXT)); /* default on dark: light */
    assert_true(colour_contrast(look.fg, look.bg) > 12);
    theme.judged_bg = (struct colour){.kind = COLOUR_INDEX, .index = 231};
    look = theme_look(&theme, (struct style){.role = 255}); /* a role that does not exist */
    assert_true(colour_contrast(look.fg, look.bg) > 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_differences), cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_lab_of_known_colours),  cmocka_unit_test(test_simulated_sight),
        cmocka_unit_test(test_palette_of_xterm),      cmocka_unit_test(test_look_of_a_style),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
