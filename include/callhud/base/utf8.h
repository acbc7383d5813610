/* UTF-8 from outside: mend it, clean it, measure it, cut it.
 * Widths are those of wcwidth(3) in the process's locale, which is what ncurses, tmux and the
 * screen use; text that passed utf8_clean() holds only characters whose width all of them share. */
#ifndef CALLHUD_BASE_UTF8_H
#define CALLHUD_BASE_UTF8_H

#include "callhud/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDu
#define UTF8_GRAPHEME_BYTES 20 /* a base character and at most three combining marks, and a NUL */

/* Decodes one character of len > 0 bytes; *used is 1..4. A bad byte gives U+FFFD and uses 1. */
uint32_t utf8_decode(const char *s, size_t len, size_t *used);
size_t utf8_encode(uint32_t c, char out[4]);
bool utf8_is_valid(const char *s, size_t len);

/* The ASCII letter that a Latin letter is without its accent or stroke (ë -> e, Ł -> L, ß -> s);
 * NUL for every other character, ASCII included. */
char utf8_latin_letter(uint32_t c);

/* Appends in with every bad byte sequence replaced by one U+FFFD. Returns how many were. */
size_t utf8_mend(struct buf *out, const char *in, size_t len);

/* Appends in made harmless for a terminal and for columns: bad bytes, NUL and C0/C1 controls become
 * U+FFFD (newline and tab become a space); bidi controls and overrides, joiners, zero-width and
 * default-ignorable characters, variation selectors, skin tones, tags, private use and
 * noncharacters are dropped; a base keeps at most three combining marks, a leading mark gets a base
 * (U+25CC is not used: a space); regional indicators become their letters; unassigned characters
 * become U+FFFD. Stops before max_chars characters; true if nothing was cut. */
bool utf8_clean(struct buf *out, const char *in, size_t len, size_t max_chars);

/* One unit of the screen: base and marks. */
struct utf8_grapheme {
    char text[UTF8_GRAPHEME_BYTES]; /* NUL-terminated */
    int width_cells;                /* 1 or 2 */
};
/* Takes the next grapheme of len > 0 bytes; returns the bytes used (at least 1). A character that
 * may not reach the screen comes out as U+FFFD (or '?' when is_ascii). With is_ascii, any character
 * outside ASCII is transliterated to one ASCII character where that is obvious (ë -> e), else '?';
 * a double-width one then gives "?" of width 2 is NOT done: its width is 1. */
size_t utf8_next_grapheme(const char *s, size_t len, bool is_ascii, struct utf8_grapheme *out);

int utf8_width(const char *s); /* cells of the whole text, UTF-8 mode */
/* Copies as many whole graphemes as fit into max_cells; returns the cells used. If it had to cut
 * and max_cells >= 2 the last cell is an ellipsis: U+2026, or '~' when is_ascii. */
int utf8_fit(struct buf *out, const char *s, int max_cells, bool is_ascii);

#endif
