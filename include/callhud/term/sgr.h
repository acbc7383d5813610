/* Fewer bytes for the same colours. */
#ifndef CALLHUD_TERM_SGR_H
#define CALLHUD_TERM_SGR_H

#include <stdbool.h>
#include <stddef.h>

/* Makes one of select-graphic-rendition sequences that follow each other ("\033[39m\033[m" becomes
 * "\033[m"), and drops the choice of the ASCII character set that ncurses repeats with each of them;
 * callhud never chooses another. With keeps_charset the first of these stays, for a terminal that a
 * program before left in another set. Works in place; returns the new length, never a longer one. */
size_t sgr_squeeze(char *bytes, size_t len, bool keeps_charset);

#endif
