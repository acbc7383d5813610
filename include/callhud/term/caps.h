/* What the terminal is, from terminfo and the environment. Private to term. */
#ifndef CALLHUD_TERM_CAPS_H
#define CALLHUD_TERM_CAPS_H

#include "callhud/term/term.h"

#define CAPS_STRING_BYTES 128

struct caps {
    struct term_caps told;
    char name[64];
    /* RGB written as 38;2;r;g;b in place of 38;5;n: terminfo has 256 colours in xterm's form and
     * COLORTERM or a flag says that more is possible. */
    bool is_rgb_by_index;
    bool is_rgb_direct;                  /* the entry itself takes 0xrrggbb */
    bool has_sync, has_title, has_modes; /* ?2026; OSC 0 and 22t; ?1004 ?1006 ?2004 */
    bool can_measure;                    /* ESC[6n may be asked */
    char enter[CAPS_STRING_BYTES], leave[CAPS_STRING_BYTES]; /* alternate screen */
    char plain[CAPS_STRING_BYTES];                           /* attributes and colours off */
    char show[CAPS_STRING_BYTES], hide[CAPS_STRING_BYTES];   /* the cursor */
};

/* Between newterm() and delscreen(). */
void caps_read(struct caps *caps, const struct term_options *options);
/* The bytes that put the cursor at the start of a row; returns their number. */
size_t caps_goto_row(char *to, size_t size, int row);
struct input;
void caps_add_keys(struct input *in);

#endif
