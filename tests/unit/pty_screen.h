/* A terminal inside the test: a pty whose slave is fd 0 and 1 of this process, and libvterm behind
 * its master. */
#ifndef CALLHUD_TESTS_PTY_SCREEN_H
#define CALLHUD_TESTS_PTY_SCREEN_H

#include "callhud/base/buf.h"
#include "callhud/draw/canvas.h"
#include "callhud/draw/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include <vterm.h>

struct pty_screen {
    int master, slave;
    int saved[2];
    struct termios before;
    int flags_before[2];
    VTerm *vt;
    VTermScreen *screen;
    int cursor_row, cursor_col;
    bool is_cursor_visible, is_alternate;
    int mouse; /* libvterm's mouse mode */
    char title[256];
    unsigned bells;
    bool is_text_only; /* pty_expect() looks at nothing else */
    bool is_answering; /* reports go back at once */
    struct buf answers;
    char held[4];
    size_t held_len;
    struct buf raw; /* bytes since the last pty_forget() */
};

void pty_open(struct pty_screen *p, int rows, int cols, const char *term);
/* The same without touching fd 0 and 1. */
void pty_open_apart(struct pty_screen *p, int rows, int cols);
void pty_close(struct pty_screen *p);
/* Takes all that has come into the screen; returns the number of bytes. */
size_t pty_read(struct pty_screen *p);
void pty_forget(struct pty_screen *p);
void pty_type(struct pty_screen *p, const char *bytes, size_t len);
void pty_resize(struct pty_screen *p, int rows, int cols);
/* Fails the test unless the screen shows the canvas cell by cell: text, width, bold, underline,
 * reverse, and the colours of the theme (NULL: not compared), which is one for the depth. */
void pty_expect(struct pty_screen *p, const struct canvas *canvas, const struct theme *theme);
/* A row as text, trailing blanks cut; valid until the next call. */
const char *pty_row(struct pty_screen *p, int row);

#endif
