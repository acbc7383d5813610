#include "theme_look.h"

#include <math.h>
#include <string.h>

static double linear(uint8_t value)
{
    double v = value / 255.0;

    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* WCAG 2.1, "relative luminance". */
static double luminance(const uint8_t rgb[3])
{
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

double colour_contrast(const uint8_t a[3], const uint8_t b[3])
{
    double first = luminance(a), second = luminance(b);

    return (fmax(first, second) + 0.05) / (fmin(first, second) + 0.05);
}

/* Machado, Oliveira, Fernandes 2009: severity 1.0, on linear RGB. */
static const double machado[SIGHT_COUNT][3][3] = {
    [SIGHT_NORMAL] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    [SIGHT_PROTAN] = {{0.152286, 1.052583, -0.204868},
                      {0.114503, 0.786281, 0.099216},
                      {-0.003882, -0.048116, 1.051998}},
    [SIGHT_DEUTAN] = {{0.367322, 0.860646, -0.227968},
                      {0.280085, 0.672501, 0.047413},
                      {-0.011820, 0.042940, 0.968881}},
    [SIGHT_TRITAN] = {{1.255528, -0.076749, -0.178779},
                      {-0.078411, 0.930809, 0.147602},
                      {0.004733, 0.691367, 0.303900}},
};

static double lab_curve(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

struct lab colour_lab(const uint8_t rgb[3], enum sight sight)
{
    /* sRGB to XYZ, each row divided by the D65 white. */
    static const double xyz[3][3] = {
        {0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047},
        {0.2126729, 0.7151522, 0.0721750},
        {0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883}};
    const double in[3] = {linear(rgb[0]), linear(rgb[1]), linear(rgb[2])};
    double seen[3], curve[3];

    for (int i = 0; i < 3; i++) {
        const double *row = machado[sight][i];
        seen[i] = fmin(1.0, fmax(0.0, row[0] * in[0] + row[1] * in[1] + row[2] * in[2]));
    }
    for (int i = 0; i < 3; i++)
        curve[i] = lab_curve(xyz[i][0] * seen[0] + xyz[i][1] * seen[1] + xyz[i][2] * seen[2]);
    return (struct lab){116 * curve[1] - 16, 500 * (curve[0] - curve[1]),
                        200 * (curve[1] - curve[2])};
}

static double radians(double degrees)
{
    return degrees * (3.14159265358979323846 / 180.0);
}

static double hue_of(double a, double b)
{
    if (a == 0 && b == 0)
        return 0;
    double degrees = atan2(b, a) * (180.0 / 3.14159265358979323846);
    return degrees < 0 ? degrees + 360 : degrees;
}

/* 25^7: below it chroma counts as grey. */
static double chroma_weight(double chroma)
{
    double seventh = pow(chroma, 7);

    return sqrt(seventh / (seventh + 6103515625.0));
}

/* Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula", equations 2 to 22. */
double lab_difference(const struct lab *x, const struct lab *y)
{
    double grey = 1.5 - 0.5 * chroma_weight((hypot(x->a, x->b) + hypot(y->a, y->b)) / 2);
    double chroma_x = hypot(x->a * grey, x->b), chroma_y = hypot(y->a * grey, y->b);
    double hue_x = hue_of(x->a * grey, x->b), hue_y = hue_of(y->a * grey, y->b);
    bool is_grey = chroma_x * chroma_y == 0;

    double hue_step = is_grey ? 0 : hue_y - hue_x;
    double hue = is_grey ? hue_x + hue_y : (hue_x + hue_y) / 2;
    if (fabs(hue_step) > 180) {
        hue += hue_x + hue_y < 360 ? 180 : -180;
        hue_step += hue_step > 0 ? -360 : 360;
    }
    double light = (x->l + y->l) / 2, chroma = (chroma_x + chroma_y) / 2;
    double t = 1 - 0.17 * cos(radians(hue - 30)) + 0.24 * cos(radians(2 * hue)) +
               0.32 * cos(radians(3 * hue + 6)) - 0.20 * cos(radians(4 * hue - 63));
    double middle = (light - 50) * (light - 50);
    double d_light = (y->l - x->l) / (1 + 0.015 * middle / sqrt(20 + middle));
    double d_chroma = (chroma_y - chroma_x) / (1 + 0.045 * chroma);
    double d_hue =
        2 * sqrt(chroma_x * chroma_y) * sin(radians(hue_step / 2)) / (1 + 0.015 * chroma * t);
    double turn = 30 * exp(-((hue - 275) / 25) * ((hue - 275) / 25));
    double rotation = -sin(radians(2 * turn)) * 2 * chroma_weight(chroma);

    return sqrt(d_light * d_light + d_chroma * d_chroma + d_hue * d_hue +
                rotation * d_chroma * d_hue);
}

/* The palette that xterm starts with: 16 named colours, a cube of 6x6x6, 24 greys. */
static void palette_rgb(uint8_t index, uint8_t rgb[3])
{
    static const uint8_t named[16][3] = {
        {0, 0, 0},       {205, 0, 0},   {0, 205, 0},   {205, 205, 0},
        {0, 0, 238},     {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
        {127, 127, 127}, {255, 0, 0},   {0, 255, 0},   {255, 255, 0},
        {92, 92, 255},   {255, 0, 255}, {0, 255, 255}, {255, 255, 255},
    };
    static const uint8_t steps[6] = {0, 95, 135, 175, 215, 255};

    if (index < 16) {
        memcpy(rgb, named[index], 3);
    } else if (index < 232) {
        rgb[0] = steps[(index - 16) / 36];
        rgb[1] = steps[(index - 16) / 6 % 6];
        rgb[2] = steps[(index - 16) % 6];
    } else {
        memset(rgb, 8 + 10 * (index - 232), 3);
    }
}

void colour_rgb(const struct colour *c, uint8_t rgb[3])
{
    switch (c->kind) {
    case COLOUR_INDEX: palette_rgb(c->index, rgb); break;
    case COLOUR_RGB:
        rgb[0] = c->r;
        rgb[1] = c->g;
        rgb[2] = c->b;
        break;
    case COLOUR_DEFAULT: memset(rgb, 0, 3); break;
    }
}

/* The text of a terminal whose colours are unknown but for the judged background. */
static void default_text(const uint8_t background[3], uint8_t rgb[3])
{
    static const uint8_t light[3] = {0xdc, 0xde, 0xe6}, dark[3] = {0x1c, 0x1e, 0x24};

    memcpy(rgb,
           colour_contrast(light, background) >= colour_contrast(dark, background) ? light : dark,
           3);
}

struct look theme_look(const struct theme *theme, struct style style)
{
    const struct theme_role *role = &theme->roles[style.role < ROLE_COUNT ? style.role : ROLE_TEXT];
    const struct colour *text = &theme->roles[ROLE_TEXT].fg;
    unsigned attrs = role->attrs | (unsigned)style.attrs;
    struct look look = {.is_bold = (attrs & ATTR_BOLD) != 0,
                        .is_underlined = (attrs & ATTR_UNDERLINE) != 0};

    colour_rgb(role->bg.kind != COLOUR_DEFAULT ? &role->bg : &theme->judged_bg, look.bg);
    if (role->fg.kind != COLOUR_DEFAULT)
        colour_rgb(&role->fg, look.fg);
    else if (text->kind != COLOUR_DEFAULT)
        colour_rgb(text, look.fg);
    else
        default_text(look.bg, look.fg);
    if ((attrs & ATTR_REVERSE) != 0) {
        uint8_t swap[3];
        memcpy(swap, look.fg, 3);
        memcpy(look.fg, look.bg, 3);
        memcpy(look.bg, swap, 3);
    }
    return look;
}
