/* The theme files of themes/, built into the program: src/draw/embed_themes.cmake makes the C file
 * that defines this table. Seen by draw alone. */
#ifndef CALLHUD_DRAW_THEME_SOURCES_H
#define CALLHUD_DRAW_THEME_SOURCES_H

struct theme_source {
    const char *name; /* "default"; NULL in the last row */
    const char *text; /* the file as it is */
};
extern const struct theme_source theme_sources[]; /* sorted by name */

#endif
