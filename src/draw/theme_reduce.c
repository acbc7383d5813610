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
    bool is_taken[256]; /* by another of the active lamps, or grey */
};

static bool is_shown(const struct colour *c, const struct palette *palette)
{
    if (c->kind == COLOUR_DEFAULT)
        return true;
    /* The 16 named ones are the user's own and stay what they are. */
    return c->kind == COLOUR_INDEX && c->index <= palette->last;
}

/* The nearest of the palette to rgb whose contrast against the background is at least that asked
 * for; should none have it, the one with the most contrast. A colour that is taken is the last
 * resort. */
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
        double difference = lab_difference(&wanted, &lab) + (palette->is_taken[i] ? 1000 : 0);
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

static bool is_same_colour(const struct colour *a, const struct colour *b)
{
    return a->kind == b->kind && a->index == b->index && a->r == b->r && a->g == b->g &&
           a->b == b->b;
}

/* The six lamps that must not look alike, the most urgent first: it gets the nearest colour. */
static const enum role active[] = {ROLE_RINGING,   ROLE_HOLD, ROLE_ON_CALL,
                                   ROLE_AVAILABLE, ROLE_DND,  ROLE_AWAY};
#define ACTIVE_COUNT (sizeof active / sizeof active[0])

static void reduce_colours(struct theme *theme, struct palette *palette, bool is_256)
{
    struct theme in = *theme;
    bool is_done[ROLE_COUNT] = {false};

    if (!is_256) /* a grey would look like the lamps that are at rest */
        palette->is_taken[0] = palette->is_taken[7] = palette->is_taken[8] = palette->is_taken[15] =
            true;
    for (size_t i = 0; i < ACTIVE_COUNT; i++) {
        const struct colour *fg = &theme->roles[active[i]].fg;
        reduce_role(theme, active[i], palette, is_256);
        is_done[active[i]] = true;
        if (fg->kind == COLOUR_INDEX)
            palette->is_taken[fg->index] = true;
    }
    memset(palette->is_taken, 0, sizeof palette->is_taken);
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (is_done[role])
            continue;
        reduce_role(theme, (enum role)role, palette, is_256);
        /* What had a lamp's colour keeps to that lamp. */
        for (size_t i = 0; i < ACTIVE_COUNT; i++)
            if (is_same_colour(&in.roles[role].fg, &in.roles[active[i]].fg) &&
                is_same_colour(&in.roles[role].bg, &in.roles[active[i]].bg) &&
                in.roles[role].fg_256 == in.roles[active[i]].fg_256)
                theme->roles[role].fg = theme->roles[active[i]].fg;
    }
}

void theme_reduce(struct theme *out, const struct theme *in, enum depth depth)
{
    struct palette palette = {.first = 0, .last = 15};

    if (out != in)
        *out = *in;
    if (depth == DEPTH_MONO) {
        reduce_to_mono(out);
        return;
    }
    if (depth == DEPTH_RGB || out->is_mono)
        return;
    if (depth == DEPTH_8)
        palette.last = 7;
    else if (depth == DEPTH_256)
        palette = (struct palette){.first = 16, .last = 255};
    reduce_colours(out, &palette, depth == DEPTH_256);
}
