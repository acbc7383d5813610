#include "theme_look.h"

static const enum role active_lamps[] = {ROLE_AVAILABLE, ROLE_RINGING, ROLE_ON_CALL,
                                         ROLE_HOLD,      ROLE_DND,     ROLE_AWAY};
#define ACTIVE_COUNT (sizeof active_lamps / sizeof active_lamps[0])

static void measure_contrast(struct theme_measure *out, const struct theme *theme)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        struct look look = theme_look(theme, STYLE(role));
        double contrast = colour_contrast(look.fg, look.bg);
        if (role == 0 || contrast < out->least_contrast) {
            out->least_contrast = contrast;
            out->least_contrast_role = (enum role)role;
        }
    }
}

static void measure_sight(struct theme_measure *out, const struct theme *theme, enum sight sight)
{
    struct lab labs[ACTIVE_COUNT];
    bool is_first = true;

    for (size_t i = 0; i < ACTIVE_COUNT; i++) {
        struct look look = theme_look(theme, STYLE(active_lamps[i]));
        labs[i] = colour_lab(look.fg, sight);
    }
    for (size_t i = 0; i < ACTIVE_COUNT; i++) {
        for (size_t j = i + 1; j < ACTIVE_COUNT; j++) {
            double difference = lab_difference(&labs[i], &labs[j]);
            if (is_first || difference < out->least_difference[sight]) {
                out->least_difference[sight] = difference;
                out->pair[sight][0] = active_lamps[i];
                out->pair[sight][1] = active_lamps[j];
            }
            is_first = false;
        }
    }
}

void theme_measure(struct theme_measure *out, const struct theme *theme)
{
    *out = (struct theme_measure){.has_colours = !theme->is_mono};
    if (theme->is_mono)
        return;
    measure_contrast(out, theme);
    for (int sight = 0; sight < SIGHT_COUNT; sight++)
        measure_sight(out, theme, (enum sight)sight);
}
