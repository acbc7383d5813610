#include "theme_look.h"

#include <string.h>

/* The same as themes/mono.theme (a test compares them): told by attributes what colours tell. */
static const uint8_t mono_attrs[ROLE_COUNT] = {
    [ROLE_RINGING] = ATTR_BOLD | ATTR_REVERSE,
    [ROLE_HOLD] = ATTR_BOLD | ATTR_UNDERLINE,
    [ROLE_PARKED] = ATTR_UNDERLINE,
    [ROLE_ON_CALL] = ATTR_BOLD,
    [ROLE_HEADING] = ATTR_BOLD,
    [ROLE_KEY] = ATTR_BOLD,
    [ROLE_BAR] = ATTR_REVERSE,
    [ROLE_SELECTION] = ATTR_REVERSE,
    [ROLE_WARN] = ATTR_BOLD | ATTR_UNDERLINE,
    [ROLE_ERROR] = ATTR_BOLD | ATTR_REVERSE,
};

static void reduce_to_mono(struct theme *theme)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        theme->roles[i] =
            (struct theme_role){.attrs = theme->is_mono ? theme->roles[i].attrs : mono_attrs[i]};
    theme->is_mono = true;
}

/* The indexes that a depth may use. */
struct palette {
    int first, last;
};

static bool is_shown(const struct colour *c, const struct palette *palette)
{
    if (c->kind == COLOUR_DEFAULT)
        return true;
    /* The 16 named ones are the user's own and stay what they are. */
    return c->kind == COLOUR_INDEX && c->index <= palette->last;
}

/* The nearest of the palette to rgb whose contrast against the background is at least that asked
 * for; should none have it, the one with the most contrast. */
static uint8_t nearest(const uint8_t rgb[3], const struct palette *palette,
                       const uint8_t background[3], double contrast_min)
{
    struct lab wanted = colour_lab(rgb, SIGHT_NORMAL);
    int best = -1, strongest = palette->first;
    double least = 0, most = 0;

    for (int i = palette->first; i <= palette->last; i++) {
        uint8_t candidate[3];
        colour_rgb(&(struct colour){.kind = COLOUR_INDEX, .index = (uint8_t)i}, candidate);
        double contrast = colour_contrast(candidate, background);
        if (contrast > most) {
            most = contrast;
            strongest = i;
        }
        if (contrast < contrast_min)
            continue;
        struct lab lab = colour_lab(candidate, SIGHT_NORMAL);
        double difference = lab_difference(&wanted, &lab);
        if (best < 0 || difference < least) {
            least = difference;
            best = i;
        }
    }
    return (uint8_t)(best < 0 ? strongest : best);
}

static void set_index(struct colour *c, uint8_t index)
{
    *c = (struct colour){.kind = COLOUR_INDEX, .index = index};
}

static void reduce_role(struct theme *theme, enum role which, const struct palette *palette,
                        bool is_256)
{
    struct theme_role *role = &theme->roles[which];
    uint8_t fg[3], bg[3], background[3];

    colour_rgb(&role->fg, fg);
    colour_rgb(role->bg.kind == COLOUR_DEFAULT ? &theme->judged_bg : &role->bg, bg);
    if (is_256 && role->bg_256 != 0)
        set_index(&role->bg, role->bg_256);
    else if (!is_shown(&role->bg, palette))
        set_index(&role->bg, nearest(bg, palette, bg, 0));
    if (is_256 && role->fg_256 != 0) {
        set_index(&role->fg, role->fg_256);
    } else if (!is_shown(&role->fg, palette)) {
        double contrast = colour_contrast(fg, bg);
        colour_rgb(role->bg.kind == COLOUR_DEFAULT ? &theme->judged_bg : &role->bg, background);
        set_index(&role->fg,
                  nearest(fg, palette, background,
                          contrast < THEME_CONTRAST_MIN ? contrast : THEME_CONTRAST_MIN));
    }
    role->fg_256 = role->bg_256 = 0;
}

void theme_reduce(struct theme *out, const struct theme *in, enum depth depth)
{
    static const struct palette palettes[] = {
        [DEPTH_8] = {0, 7},
        [DEPTH_16] = {0, 15},
        [DEPTH_256] = {16, 255},
    };

    if (out != in)
        *out = *in;
    if (depth == DEPTH_MONO) {
        reduce_to_mono(out);
        return;
    }
    if (depth == DEPTH_RGB || out->is_mono)
        return;
    for (int role = 0; role < ROLE_COUNT; role++)
        reduce_role(out, (enum role)role, &palettes[depth], depth == DEPTH_256);
}
