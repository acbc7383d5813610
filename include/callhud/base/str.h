/* Text helpers. All take NUL-terminated UTF-8 unless a length is given. */
#ifndef CALLHUD_BASE_STR_H
#define CALLHUD_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_eq(const char *a, const char *b);        /* two NULLs are equal */
bool str_eq_nocase(const char *a, const char *b); /* ASCII case only */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_is_empty(const char *text); /* NULL or "" */

/* Copies with room for the NUL, cut at a character boundary; true if all of it fit. */
bool str_copy(char *to, size_t size, const char *from);

/* Takes out, in place, every character that was cut: the beginning of one whose rest is missing. */
void str_drop_cut(char *text);
/* As snprintf, without the characters that a "%.20s" or the end of the room has cut; true if all of
 * it fit. */
bool str_format(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool str_vformat(char *to, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Case-folded search for a person typing: ASCII and Latin/Greek/Cyrillic letters by towlower, and
 * Latin letters with accents also match without them ("zoe" finds "Zoë"). "" is found anywhere. */
bool str_find_folded(const char *haystack, const char *needle);

/* Natural order: digit runs compare as numbers (9 before 10), letters case-folded. <0, 0, >0. */
int str_compare_natural(const char *a, const char *b);

/* Whole-text decimal number within [min, max]; false on anything else. */
bool str_to_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* Cuts blanks at both ends, in place; returns the new start. */
char *str_trim(char *text);

/* Takes the next piece up to sep off *rest (in place, as strsep, blanks trimmed); NULL at the end.
 */
char *str_next_field(char **rest, char sep);

/* The entry of names[count] nearest to text by edit distance, or NULL when none is near enough to
 * be meant (distance above a third of the length, at least 2). For "unknown key X, did you mean Y".
 */
const char *str_nearest(const char *text, const char *const *names, size_t count);

/* Digits only compare of telephone numbers: does the digits of haystack contain those of needle?
 * False when needle has no digit. */
bool str_find_number(const char *haystack, const char *needle);

#endif
