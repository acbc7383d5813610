/* A screen in memory: cells with text, width and style. Knows no terminal. */
#ifndef CALLHUD_DRAW_CANVAS_H
#define CALLHUD_DRAW_CANVAS_H

#include "callhud/base/buf.h"
#include "callhud/base/utf8.h"
#include "callhud/draw/style.h"

#include <stdbool.h>

struct cell {
    char text[UTF8_GRAPHEME_BYTES]; /* one grapheme; " " when empty; "" in the right half */
    uint8_t width;                  /* 1 or 2; 0: right half of the cell before it */
    struct style style;
};

struct canvas {
    int rows, cols;
    struct cell *cells;         /* rows * cols */
    bool is_ascii;              /* canvas_put() writes ASCII only */
    int cursor_row, cursor_col; /* where the hardware cursor rests */
    bool is_cursor_visible;
};

/* Sizes are clamped to 1..1000. */
void canvas_init(struct canvas *c, int rows, int cols, bool is_ascii);
void canvas_fini(struct canvas *c);
void canvas_resize(struct canvas *c, int rows, int cols); /* contents are cleared */
void canvas_clear(struct canvas *c);

/* Writes text from (row, col), at most max_cells cells and never past the edge; never half of a
 * wide character; what is outside the canvas is ignored. Overwriting half of a wide character
 * blanks its other half. No control character reaches a cell. Returns the cells used (those left of
 * the canvas count), 0 when the row is outside. */
int canvas_put(struct canvas *c, int row, int col, int max_cells, struct style style,
               const char *text);
/* The same, cut with an ellipsis (utf8_fit) and padded with blanks to width_cells. */
void canvas_field(struct canvas *c, int row, int col, int width_cells, struct style style,
                  const char *text);
/* The same, right-aligned. */
void canvas_field_right(struct canvas *c, int row, int col, int width_cells, struct style style,
                        const char *text);
/* Fills with one character of width 1 (a string of one grapheme). */
void canvas_fill(struct canvas *c, int row, int col, int rows, int cols, struct style style,
                 const char *glyph);
const struct cell *canvas_at(const struct canvas *c, int row, int col); /* NULL when outside */

/* The whole picture as lines of text, trailing blanks cut. */
void canvas_text(const struct canvas *c, struct buf *out);
struct theme;
/* The same as an SVG picture in a theme's colours; the background is the theme's. */
void canvas_svg(const struct canvas *c, const struct theme *theme, struct buf *out);

#endif
