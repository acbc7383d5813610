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
    uint8_t fg_256, bg_256; /* drawn instead with 256 colours: 16-255; 0: the nearest is */
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
 *   name = default                [roles]                             [glyphs]
 *   background = #16161e          ringing = #ff9c36 / 215 bold        ringing = ^
 *                                 dim = 245 on default                hold = =
 *                                 selection = reverse
 * Colours: names (black red green yellow blue magenta cyan white, bright-red ..., grey), 0-255,
 * #rrggbb, default. "FG on BG"; "/ N" after a colour names the one of 16-255 that is drawn instead
 * where the terminal has 256 colours, because the nearest may be too like another lamp's.
 * Attributes: bold reverse underline. Glyphs are one column wide; their keys are those of the
 * lamps. A line that starts with # or ; is a comment, there are no others. Roles that are not named
 * are those of the built-in theme "default", or "light" when the background is light. A theme that
 * names no colour at all, and names every role, is mono. Also takes btop's theme[KEY]="#hex" lines:
 * main_bg main_fg title hi_fg selected_bg selected_fg inactive_fg; its other keys have no meaning
 * here and are skipped. Unknown keys and sections, bad colours, doubles: RC_CONFIG, with source,
 * line and the nearest key. On an error *out is untouched. */
enum rc theme_parse(struct theme *out, const char *text, size_t len, const char *source,
                    struct err *err);
/* By name (letters, digits, '-', '_', '.'): DIR/NAME.theme for each directory of dirs
 * (NULL-terminated, may be NULL), then the ones built into the program (copies of themes/ made when
 * it was built). out->name is the name it was loaded by. RC_CONFIG when there is none, naming the
 * nearest; RC_IO when a file cannot be read. */
enum rc theme_load(struct theme *out, const char *name, const char *const *dirs, struct err *err);
/* Names of all that theme_load() would find, sorted, without doubles; at most max are written.
 * RC_TOO_BIG when there are more. */
enum rc theme_list(const char *const *dirs, char (*names)[THEME_NAME_BYTES], size_t max,
                   size_t *count);

/* What a terminal can show. */
enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_RGB };

/* The theme made into what a terminal of that depth can do. DEPTH_256: the colour that the theme
 * names for it, else the nearest of the cube and the greys (not of the 16 that users redefine).
 * DEPTH_16, DEPTH_8: the nearest. Nearest is by CIEDE2000 among those that keep the contrast of the
 * original or 4.5 (whichever is less), so that nothing sinks into the background; an active lamp
 * does not get the colour of a more urgent one while there are others. DEPTH_MONO: defaults and
 * attributes, so that lamps that ask for action stay distinct (bold, reverse, underline as in the
 * mono theme). in may be out. */
void theme_reduce(struct theme *out, const struct theme *in, enum depth depth);
void colour_rgb(const struct colour *c, uint8_t rgb[3]); /* index by the xterm palette */

/* Contrast and distinguishability of a theme (product contract: WCAG contrast against the judged
 * background; least CIEDE2000 difference between any two of the six active lamps: available,
 * ringing, on_call, hold, dnd, away; normal sight and protan, deutan, tritan after Machado 2009,
 * severity 1). Roles with a background of their own are judged against that. To judge the form for
 * 256 colours, reduce first. */
#define THEME_CONTRAST_MIN 4.5   /* what a check accepts: WCAG 2.1, level AA */
#define THEME_DIFFERENCE_MIN 6.0 /* in any sight: the least of the shipped themes is 6.5 */
enum sight { SIGHT_NORMAL, SIGHT_PROTAN, SIGHT_DEUTAN, SIGHT_TRITAN, SIGHT_COUNT };
struct theme_measure {
    bool has_colours; /* false: a mono theme; there is nothing to measure, the rest is 0 */
    double least_contrast;
    enum role least_contrast_role;
    double least_difference[SIGHT_COUNT];
    enum role pair[SIGHT_COUNT][2];
};
void theme_measure(struct theme_measure *out, const struct theme *theme);
double colour_contrast(const uint8_t a[3], const uint8_t b[3]);

#endif
