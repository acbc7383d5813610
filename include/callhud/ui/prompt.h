/* A line of text that is being typed. */
#ifndef CALLHUD_UI_PROMPT_H
#define CALLHUD_UI_PROMPT_H

#include "callhud/draw/key.h"

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_PALETTE, PROMPT_HELP, PROMPT_ROLL };

#define PROMPT_BYTES 256

struct prompt {
    enum prompt_kind kind;
    char text[PROMPT_BYTES];
    char before[PROMPT_BYTES]; /* what Esc goes back to */
    size_t at;                 /* byte of the cursor */
    long chosen;               /* in the palette's list */
};

/* Editing alone: characters, paste, Backspace, Delete, Left, Right, Home, End, Ctrl-a e u w k.
 * False when the key is none of these. */
bool prompt_edit(struct prompt *prompt, const struct key *key);
void prompt_set(struct prompt *prompt, const char *text);

#endif
