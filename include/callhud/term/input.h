/* From bytes of a terminal to keys: UTF-8, xterm, VT220, linux and rxvt sequences, bracketed paste,
 * SGR mouse, focus, cursor reports. No I/O and no clock: time is handed in. Private to term. */
#ifndef CALLHUD_TERM_INPUT_H
#define CALLHUD_TERM_INPUT_H

#include "callhud/base/buf.h"
#include "callhud/draw/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_PENDING_BYTES 64
#define INPUT_PASTE_BYTES 65536
#define INPUT_EXTRA_MAX 40
#define INPUT_ESCAPE_MS 25 /* a lone ESC is the Esc key after this */

struct input_handler {
    void (*key)(void *self, const struct key *key);
    /* The answer to ESC[6n, counted from 1. */
    void (*cursor_at)(void *self, int row, int col);
    void *self;
};

/* A key's bytes as terminfo has them, where they are not among the common ones. */
struct input_extra {
    char bytes[16];
    uint8_t len;
    struct key key;
};

enum input_mode { INPUT_PLAIN, INPUT_PASTE, INPUT_STRING, INPUT_SKIP_CSI };

struct input {
    struct input_handler handler;
    unsigned char pending[INPUT_PENDING_BYTES];
    size_t pending_len;
    int64_t pending_since_ms;
    int64_t escape_ms; /* when a lone ESC was given out as a key; 0: none */
    enum input_mode mode;
    size_t end_match; /* bytes of the terminator of a paste or string seen so far */
    struct buf paste;
    bool is_paste_cr;         /* the byte before was CR */
    bool is_mouse;            /* off: reports are swallowed */
    bool is_backspace_ctrl_h; /* the tty's erase character is ^H */
    int64_t press_ms;         /* the last press, for double clicks */
    int press_row, press_col;
    struct input_extra extra[INPUT_EXTRA_MAX];
    size_t extra_len;
};

void input_init(struct input *in, const struct input_handler *handler);
void input_fini(struct input *in);
/* Sequences that start with ESC only; others and full tables are ignored. */
void input_add(struct input *in, const char *bytes, const struct key *key);
void input_feed(struct input *in, const char *bytes, size_t len, int64_t now_ms);
/* Ends what has waited long enough; call when input_wait_ms() has passed. */
void input_timeout(struct input *in, int64_t now_ms);
int input_wait_ms(const struct input *in, int64_t now_ms); /* -1: nothing waits */

#endif
