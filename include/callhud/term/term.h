/* The terminal: sole owner of ncurses. Painting never blocks the loop: ncurses writes into a memfd,
 * the bytes go out through tty_out. See architecture, section 5. */
#ifndef CALLHUD_TERM_TERM_H
#define CALLHUD_TERM_TERM_H

#include "callhud/base/err.h"
#include "callhud/draw/canvas.h"
#include "callhud/draw/key.h"
#include "callhud/draw/theme.h"

struct term;
struct uv_loop_s;

struct term_handler {
    void (*key)(void *self, const struct key *key);
    /* Also when nothing but term_caps()->is_ascii changed: the answer to a question about character
     * widths comes after the first frame, or never. Lay out and present again. */
    void (*resized)(void *self, int rows, int cols);
    void (*drained)(void *self); /* the last frame is out: a new one may be presented */
    void (*vanished)(void *self, const char *why); /* hang-up: the terminal is gone; save and leave */
    void *self;
};

struct term_options {
    bool is_ascii;    /* asked for (--ascii, glyphs = ascii) */
    bool is_no_color; /* --no-color, NO_COLOR */
    bool is_mouse;
    bool is_sync_output; /* bracket frames with ?2026h/l */
};

struct term_caps {
    enum depth depth;
    bool is_ascii;  /* asked for, codeset is not UTF-8, or ambiguous characters are wide here */
    bool is_tmux;
    const char *name; /* TERM */
};

/* Why a full-screen console cannot run here (no tty, TERM=dumb or unset, no cursor addressing), for
 * falling back to plain lines; NULL when it can. */
const char *term_why_not(void);

/* Takes the terminal over (alternate screen, raw, no IXON, bracketed paste, focus events) and paints
 * nothing yet. The loop is needed from term_attach() on only, so that the first frame can come before
 * any loop exists. */
enum rc term_open(struct term **out, const struct term_options *options, struct err *err);
void term_attach(struct term *term, struct uv_loop_s *loop, const struct term_handler *handler);
/* Flushes with a deadline of 200 ms, restores the terminal, frees; NULL is fine. The loop, if one
 * was attached, has to turn once more for its handles. Not from within a handler. */
void term_close(struct term *term);
/* For fatal ends (abort, out of memory, signals): async-signal-safe, writes the restoring bytes and
 * termios without freeing anything. Acts on the open terminal, if any. */
void term_restore_now(void);

void term_size(const struct term *term, int *rows, int *cols);
const struct term_caps *term_caps(const struct term *term);
void term_set_theme(struct term *term, const struct theme *theme); /* reduced to the depth inside */
void term_set_mouse(struct term *term, bool is_on);

bool term_is_busy(const struct term *term); /* bytes of the last frame still wait: do not present */
/* Shows the canvas; ncurses' diff finds what changed. False (and nothing done) when busy. */
bool term_present(struct term *term, const struct canvas *canvas);
/* The next present paints everything and enters the alternate screen again; the tty is set at once,
 * as the shell may have changed it (Ctrl-l, SIGCONT). */
void term_redraw(struct term *term);

/* Out of band, queued behind the frame; dropped silently when a stall is on. */
void term_bell(struct term *term);
void term_title(struct term *term, const char *title);      /* cleaned here */
/* OSC 52, tmux passthrough. False when the terminal has no such thing or nothing was sent. */
bool term_copy(struct term *term, const char *text);

/* Ctrl-Z: gives the terminal back, stops the process group; returns after SIGCONT with the terminal
 * taken again and the next present painting everything. A size that changed meanwhile is told
 * before it returns. */
void term_suspend(struct term *term);

struct term_stats {
    uint64_t frames;  /* presented */
    uint64_t skipped; /* not presented because busy */
    uint64_t bytes;   /* written to the tty */
    uint64_t last_frame_bytes;
};
void term_stats(const struct term *term, struct term_stats *out);

#endif
