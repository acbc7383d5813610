/* Bytes that speak to the terminal beside the picture: title, clipboard. Private to term. */
#ifndef CALLHUD_TERM_NOTIFY_H
#define CALLHUD_TERM_NOTIFY_H

#include "callhud/base/buf.h"

#define NOTIFY_TITLE_CHARS 200
#define NOTIFY_COPY_BYTES 49152 /* 64 kB in base64: xterm takes no more */

/* Cleaned here: no byte of it can end the sequence. */
void notify_title(struct buf *out, const char *title, bool is_ascii);
/* OSC 52; inside tmux also wrapped for the terminal around it. False when text is too long. */
bool notify_copy(struct buf *out, const char *text, bool is_tmux);

#endif
