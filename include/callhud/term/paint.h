/* Canvas to bytes, by ncurses writing into a memfd. Private to term. */
#ifndef CALLHUD_TERM_PAINT_H
#define CALLHUD_TERM_PAINT_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/draw/canvas.h"
#include "callhud/draw/theme.h"
#include "callhud/term/caps.h"

struct paint;

/* Starts ncurses; one at a time in a process. After it terminfo can be asked. */
enum rc paint_open(struct paint **out, struct err *err);
void paint_close(struct paint *p);
void paint_resize(struct paint *p, int rows, int cols); /* the next frame paints everything */
/* The theme is one for the terminal's depth already. The next frame paints everything. */
void paint_set_theme(struct paint *p, const struct theme *theme, const struct caps *caps);
void paint_all(struct paint *p); /* the next frame paints everything */
/* Appends the bytes that turn what the terminal shows into the canvas: none when it shows it. Cells
 * outside the canvas are blank. */
void paint_frame(struct paint *p, const struct canvas *canvas, bool is_ascii, struct buf *out);

#endif
