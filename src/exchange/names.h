/* Names of people from the whole world. */
#ifndef CALLHUD_EXCHANGE_NAMES_H
#define CALLHUD_EXCHANGE_NAMES_H

#include "callhud/exchange/world.h"

#define NAMES_BYTES 64 /* of a first or a last name, with its NUL */

/* Draws a name; most are in Latin letters, a few are long or have combining marks. */
void names_draw(struct ex *x, char first[NAMES_BYTES], char last[NAMES_BYTES]);
/* The whole name: the family name first where it is written in Chinese, Japanese or Korean. */
void names_join(const char *first, const char *last, char *out, size_t size);
/* The other way: what names_join() would join to text again. */
void names_split(const char *text, char first[NAMES_BYTES], char last[NAMES_BYTES]);

#endif
