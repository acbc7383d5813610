/* Themes: role -> colour and attributes, lamp -> glyph; from INI files. */
#ifndef CALLHUD_DRAW_THEME_H
#define CALLHUD_DRAW_THEME_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/draw/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THEME_NAME_BYTES 64
#define THEME_GLYPHS 11 /* one for each lamp, in the order of the lamp table */

enum colour_kind { COLOUR_DEFAULT, COLOUR_INDEX, COLOUR_RGB };
struct colour {
    enum colour_kind kind;
    uint8_t index; /* 0-255 */
    uint8_t r, g, b;
};
struct theme_role {
    struct colour fg, bg;
    uint8_t attrs;
};
struct theme {
    char name[THEME_NAME_BYTES];
    struct colour judged_bg; /* background that contrast is judged against; never drawn */
    struct theme_role roles[ROLE_COUNT];
    char glyphs[THEME_GLYPHS][8]; /* "" : the lamp table's */
    bool is_mono;                 /* colours are not used at all */
};

/* Reads a theme file:
 *   name = default          [roles]  ringing = #ff9c36 bold      selection = reverse
 *   background = #16161e             dim = 245 on default        [glyphs] ringing = ^
 * colours: names (black red ... white, bright-*), 0-255, #rrggbb, default; "FG on BG"; attributes
 * bold reverse underline. Also takes btop's theme[key]="#hex" lines for the keys that exist there
 * (main_fg, main_bg, hi_fg, title, selected_bg, selected_fg, inactive_fg). Unknown keys, bad colours: error with
 * file line and the nearest key. On an error *out is untouched. */
enum rc theme_parse(struct theme *out, const char *text, size_t len, const char *source,
                    struct err *err);
/* By name: DIR/NAME.theme for each directory of dirs (NULL-terminated, may be NULL), then the ones
 * built into the program (copies of themes/ made when it was built). */
enum rc theme_load(struct theme *out, const char *name, const char *const *dirs, struct err *err);
/* Names of all that theme_load() would find, sorted, without doubles; NULL at the end of the list. */
const char *theme_builtin_name(size_t index);
enum rc theme_list(const char *const *dirs, char (*names)[THEME_NAME_BYTES], size_t max,
                   size_t *count);

/* What a terminal can show. */
enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_RGB };

/* The theme made into what a terminal of that depth can do: RGB to the nearest of 256 (the cube and
 * greys, not the 16 that users redefine), 16 or 8 by CIEDE2000; DEPTH_MONO: defaults and attributes, so that lamps
 * that ask for action stay distinct (bold, reverse, underline as in the mono theme). */
void theme_reduce(struct theme *out, const struct theme *in, enum depth depth);
void colour_rgb(const struct colour *c, uint8_t rgb[3]); /* index by the xterm palette */

/* Contrast and distinguishability of a theme (product contract: WCAG contrast against the judged
 * background; least CIEDE2000 difference between any two of the six active lamps: available,
 * ringing, on_call, hold, dnd, away; normal sight and protan, deutan, tritan after Machado 2009,
 * severity 1). */
enum sight { SIGHT_NORMAL, SIGHT_PROTAN, SIGHT_DEUTAN, SIGHT_TRITAN, SIGHT_COUNT };
struct theme_measure {
    double least_contrast;
    enum role least_contrast_role;
    double least_difference[SIGHT_COUNT];
    enum role pair[SIGHT_COUNT][2];
};
void theme_measure(struct theme_measure *out, const struct theme *theme);
double colour_contrast(const uint8_t a[3], const uint8_t b[3]);
double colour_difference(const uint8_t a[3], const uint8_t b[3]); /* CIEDE2000 */

#endif
