/* What a theme's colours come to as RGB; shared by the measure, the reduction and the pictures. */
#ifndef DRAW_THEME_LOOK_H
#define DRAW_THEME_LOOK_H

#include "callhud/draw/theme.h"

struct look {
    uint8_t fg[3], bg[3]; /* reverse is already applied */
    bool is_bold, is_underlined;
};

/* "default" is the judged background, or text that is well read on it. */
struct look theme_look(const struct theme *theme, struct style style);

struct lab {
    double l, a, b;
};
/* CIE L*a*b* (D65) of an sRGB colour as the given eyes see it. */
struct lab colour_lab(const uint8_t rgb[3], enum sight sight);
double lab_difference(const struct lab *a, const struct lab *b); /* CIEDE2000 */

#endif
