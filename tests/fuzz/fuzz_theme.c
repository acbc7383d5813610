/* A theme file from anywhere: read, reduced to every depth, measured. */
#include "callhud/draw/theme.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct theme theme, reduced;
    struct theme_measure measure;
    struct err err = {0};

    if (theme_parse(&theme, (const char *)data, size, "fuzz.theme", &err) != RC_OK) {
        if (err.text[0] == '\0' || err.rc != RC_CONFIG)
            abort();
        return 0;
    }
    for (int depth = DEPTH_MONO; depth <= DEPTH_RGB; depth++) {
        theme_reduce(&reduced, &theme, (enum depth)depth);
        theme_measure(&measure, &reduced);
        /* The comparisons are also false for what is no number. */
        if (measure.has_colours &&
            !(measure.least_contrast >= 1 && measure.least_contrast <= 21.001))
            abort();
        for (int sight = 0; sight < SIGHT_COUNT; sight++)
            if (!(measure.least_difference[sight] >= 0))
                abort();
    }
    return 0;
}
