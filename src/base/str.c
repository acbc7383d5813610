#include "callhud/base/str.h"

#include "callhud/base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <wctype.h>

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_eq(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool str_eq_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    while (*a != '\0' && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(or_empty(text), prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    size_t len = strlen(or_empty(text));
    size_t suffix_len = strlen(suffix);

    return len >= suffix_len && memcmp(or_empty(text) + len - suffix_len, suffix, suffix_len) == 0;
}

bool str_is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

bool str_copy(char *to, size_t size, const char *from)
{
    size_t len = strlen(or_empty(from));
    size_t fit = len;

    if (size == 0)
        return false;
    if (len > size - 1) {
        fit = size - 1;
        /* Back to the start of the character that the cut would split. */
        size_t start = fit;
        while (start > 0 && fit - start < 3 && ((unsigned char)from[start] & 0xC0) == 0x80)
            start--;
        if ((unsigned char)from[start] >= 0xC0)
            fit = start;
    }
    if (fit > 0)
        memmove(to, from, fit);
    to[fit] = '\0';
    return fit == len;
}

/* Bytes of the character that the byte begins; 0 for one that begins none. */
static size_t bytes_from(unsigned char lead)
{
    if (lead < 0xC2 || lead > 0xF4)
        return lead < 0x80 ? 1 : 0;
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
}

void str_drop_cut(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0';) {
        size_t whole = bytes_from((unsigned char)*from), there = 1;
        while (there < whole && ((unsigned char)from[there] & 0xC0) == 0x80)
            there++;
        for (size_t i = 0; i < there && there >= whole; i++)
            *to++ = from[i];
        from += there;
    }
    *to = '\0';
}

bool str_vformat(char *to, size_t size, const char *format, va_list args)
{
    int len = vsnprintf(to, size, format, args);

    if (size == 0)
        return false;
    if (len < 0)
        to[0] = '\0';
    str_drop_cut(to);
    return len >= 0 && (size_t)len < size;
}

bool str_format(char *to, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool is_whole = str_vformat(to, size, format, args);
    va_end(args);
    return is_whole;
}

/* Reads folded characters: small letters, no accents, ß as ss and its like; 0 at the end. */
struct folder {
    const char *at;
    size_t left;
    uint32_t pending; /* second letter of one that folds to two */
    uint32_t plain;   /* the last one read with its accent, for a tie */
};

static struct folder folder_of(const char *text)
{
    return (struct folder){.at = or_empty(text), .left = strlen(or_empty(text))};
}

static uint32_t second_letter(uint32_t c)
{
    switch (c) {
    case 0xDF:
    case 0x1E9E: return 's';
    case 0xC6:
    case 0xE6:
    case 0x152:
    case 0x153: return 'e';
    case 0xDE:
    case 0xFE: return 'h';
    default: return 0;
    }
}

static uint32_t folder_next(struct folder *f)
{
    if (f->pending != 0) {
        uint32_t c = f->pending;
        f->pending = 0;
        f->plain = c;
        return c;
    }
    while (f->left > 0) {
        size_t used = 1;
        uint32_t c = (unsigned char)f->at[0];
        if (c >= 0x80)
            c = utf8_decode(f->at, f->left, &used);
        f->at += used;
        f->left -= used;
        if (c < 0x80) {
            f->plain = (unsigned char)ascii_lower((char)c);
            return f->plain;
        }
        if (c >= 0x300 && c <= 0x36F) /* an accent written apart */
            continue;
        c = (uint32_t)towlower((wint_t)c);
        f->plain = c;
        char letter = utf8_latin_letter(c);
        if (letter != '\0') {
            f->pending = second_letter(c);
            return (unsigned char)ascii_lower(letter);
        }
        return c == 0x3C2 ? 0x3C3 : c; /* final sigma */
    }
    return 0;
}

bool str_find_folded(const char *haystack, const char *needle)
{
    struct folder start = folder_of(haystack);

    for (;;) {
        struct folder hay = start, pin = folder_of(needle);
        uint32_t wanted = folder_next(&pin);
        while (wanted != 0 && folder_next(&hay) == wanted)
            wanted = folder_next(&pin);
        if (wanted == 0)
            return true;
        if (folder_next(&start) == 0)
            return false;
    }
}

/* Compares the digit runs whose first digits are given; leaves both folders behind their runs and
 * what follows in *a and *b. */
static int compare_numbers(struct folder *fa, uint32_t *a, struct folder *fb, uint32_t *b)
{
    int result = 0;

    while (*a == '0')
        *a = folder_next(fa);
    while (*b == '0')
        *b = folder_next(fb);
    while (is_digit(*a) && is_digit(*b)) {
        if (result == 0 && *a != *b)
            result = *a < *b ? -1 : 1;
        *a = folder_next(fa);
        *b = folder_next(fb);
    }
    if (is_digit(*a) || is_digit(*b))
        result = is_digit(*a) ? 1 : -1;
    return result;
}

int str_compare_natural(const char *a, const char *b)
{
    struct folder fa = folder_of(a), fb = folder_of(b);
    uint32_t ca = folder_next(&fa), cb = folder_next(&fb);
    int tie = 0;

    while (ca != 0 && cb != 0) {
        if (is_digit(ca) && is_digit(cb)) {
            int result = compare_numbers(&fa, &ca, &fb, &cb);
            if (result != 0)
                return result;
            continue;
        }
        if (ca != cb)
            return ca < cb ? -1 : 1;
        if (tie == 0 && fa.plain != fb.plain)
            tie = fa.plain < fb.plain ? -1 : 1;
        ca = folder_next(&fa);
        cb = folder_next(&fb);
    }
    if (ca != cb)
        return ca == 0 ? -1 : 1;
    return tie;
}

bool str_to_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    const char *at = or_empty(text);
    bool is_negative = *at == '-';
    int64_t value = 0;

    if (is_negative)
        at++;
    if (*at == '\0')
        return false;
    for (; *at != '\0'; at++) {
        if (!is_digit((unsigned char)*at))
            return false;
        /* Counted downwards, where there is one number more. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *at - '0', &value))
            return false;
    }
    if (!is_negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

char *str_trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

char *str_next_field(char **rest, char sep)
{
    char *field = *rest;

    if (field == NULL)
        return NULL;
    char *end = strchr(field, sep);
    if (end == NULL || sep == '\0') {
        *rest = NULL;
    } else {
        *end = '\0';
        *rest = end + 1;
    }
    return str_trim(field);
}

#define NEAREST_MAX_BYTES 64

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to add, drop, change or swap with their neighbour, ASCII case aside. Both texts are at
 * most NEAREST_MAX_BYTES long. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAREST_MAX_BYTES + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            char ca = ascii_lower(a[i - 1]), cb = ascii_lower(b[j - 1]);
            row[j] = min_of(min_of(last[j], row[j - 1]) + 1, last[j - 1] + (ca != cb ? 1 : 0));
            if (i > 1 && j > 1 && ca == ascii_lower(b[j - 2]) && cb == ascii_lower(a[i - 2]))
                row[j] = min_of(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

const char *str_nearest(const char *text, const char *const *names, size_t count)
{
    size_t len = strlen(or_empty(text));
    const char *nearest = NULL;
    size_t limit = len / 3 > 2 ? len / 3 : 2;

    if (len == 0 || len > NEAREST_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > NEAREST_MAX_BYTES)
            continue;
        size_t distance = edit_distance(text, len, names[i], name_len);
        /* Not one letter in common: nothing was meant. */
        if (distance >= (len > name_len ? len : name_len) && distance > 0)
            continue;
        if (distance < limit || (distance == limit && nearest == NULL)) {
            nearest = names[i];
            limit = distance;
        }
    }
    return nearest;
}

/* The next digit at or after *at, which moves behind it; NUL when there is none. */
static char next_digit(const char **at)
{
    while (**at != '\0' && !is_digit((unsigned char)**at))
        (*at)++;
    return **at == '\0' ? '\0' : *(*at)++;
}

bool str_find_number(const char *haystack, const char *needle)
{
    const char *start = or_empty(haystack);

    for (;;) {
        const char *hay = start, *pin = or_empty(needle);
        char wanted = next_digit(&pin);
        if (wanted == '\0')
            return false;
        while (wanted != '\0' && next_digit(&hay) == wanted)
            wanted = next_digit(&pin);
        if (wanted == '\0')
            return true;
        if (next_digit(&start) == '\0')
            return false;
    }
}
