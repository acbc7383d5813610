#include "callhud/base/utf8.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#define MARKS_MAX 3

/* --- bytes and characters --------------------------------------------------------------------- */

/* Length of the well-formed character at s, or 0; then *bad is the length of the longest part that
 * could have begun one (at least 1), which is what one U+FFFD stands for (Unicode, section 3.9). */
static size_t char_bytes(const unsigned char *s, size_t len, size_t *bad)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t want;

    *bad = 1;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        want = 2;
    else if ((s[0] & 0xF0) == 0xE0)
        want = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        want = 4;
    else
        return 0;
    /* No overlong forms, no surrogates, nothing above U+10FFFF. */
    if (s[0] == 0xE0)
        low = 0xA0;
    else if (s[0] == 0xED)
        high = 0x9F;
    else if (s[0] == 0xF0)
        low = 0x90;
    else if (s[0] == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i < want; i++) {
        if (i >= len || s[i] < low || s[i] > high) {
            *bad = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return want;
}

/* As utf8_decode(), but a bad sequence is taken whole. */
static uint32_t next_char(const char *s, size_t len, size_t *used, bool *is_bad)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t bad;
    size_t bytes = char_bytes(p, len, &bad);

    *is_bad = bytes == 0;
    *used = bytes == 0 ? bad : bytes;
    switch (bytes) {
    case 1: return p[0];
    case 2: return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3: return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    case 4:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    default: return UTF8_REPLACEMENT;
    }
}

uint32_t utf8_decode(const char *s, size_t len, size_t *used)
{
    bool is_bad;
    uint32_t c = next_char(s, len, used, &is_bad);

    if (is_bad)
        *used = 1;
    return c;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = UTF8_REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool utf8_is_valid(const char *s, size_t len)
{
    size_t bad, bytes;

    for (size_t i = 0; i < len; i += bytes) {
        bytes = char_bytes((const unsigned char *)s + i, len - i, &bad);
        if (bytes == 0)
            return false;
    }
    return true;
}

size_t utf8_mend(struct buf *out, const char *in, size_t len)
{
    size_t count = 0, good = 0, at = 0;

    while (at < len) {
        size_t bad;
        size_t bytes = char_bytes((const unsigned char *)in + at, len - at, &bad);
        if (bytes != 0) {
            at += bytes;
            continue;
        }
        buf_put(out, in + good, at - good);
        buf_put(out, "\xEF\xBF\xBD", 3);
        at += bad;
        good = at;
        count++;
    }
    buf_put(out, in + good, len - good);
    return count;
}

/* --- what a character is on the screen -------------------------------------------------------- */

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && c >= ranges[low].first;
}

#define IS_IN(ranges, c) is_in((ranges), sizeof(ranges) / sizeof(ranges)[0], (c))

/* Without a cell of their own and meant for something else than a terminal: the
 * Default_Ignorable_Code_Point property, bidi controls, annotation marks, skin tones, private use.
 */
static const struct range dropped[] = {
    {0x00AD, 0x00AD},    {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},
    {0x17B4, 0x17B5},    {0x180B, 0x180F},   {0x200B, 0x200F},   {0x202A, 0x202E},
    {0x2060, 0x206F},    {0x3164, 0x3164},   {0xE000, 0xF8FF},   {0xFDD0, 0xFDEF},
    {0xFE00, 0xFE0F},    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3},  {0x1D173, 0x1D17A}, {0x1F3FB, 0x1F3FF}, {0xE0000, 0xE0FFF},
    {0xF0000, 0x10FFFF},
};

/* wcwidth(3) of glibc 2.36 and tmux 3.3a (which asks it) follow Unicode 14; libvterm 0.1.4 has the
 * combining characters of Unicode 5 and the wide ones of Unicode 9, and so have terminals built on
 * such tables. All characters that glibc knows were written to each and the cursor compared: where
 * they differ, columns would not hold, so these become U+FFFD. The first table speaks of characters
 * of width 0 only, the second of the others; that lets ranges run over what lies between. From
 * U+FE24 up a few marks on which all agree (Kharoshthi, musical notation) are given up with them.
 */
static const struct range contested_marks[] = {
    {0x0487, 0x0487}, {0x0616, 0x061A}, {0x065F, 0x065F}, {0x07FD, 0x0900},   {0x093A, 0x093A},
    {0x0955, 0x0957}, {0x09FE, 0x09FE}, {0x0A51, 0x0A51}, {0x0A75, 0x0A75},   {0x0AFA, 0x0AFF},
    {0x0B44, 0x0B44}, {0x0B55, 0x0B55}, {0x0B62, 0x0B63}, {0x0C00, 0x0C3C},   {0x0C62, 0x0C81},
    {0x0D00, 0x0D3C}, {0x0D44, 0x0D44}, {0x0D62, 0x0D81}, {0x0EBA, 0x0EBA},   {0x0F8D, 0x0F8F},
    {0x1033, 0x109D}, {0x135D, 0x135E}, {0x1885, 0x1886}, {0x1A1B, 0x1ACE},   {0x1B80, 0x1CF9},
    {0x1DCB, 0x1DFD}, {0x20F0, 0xA802}, {0xA82C, 0xD7FB}, {0xFE24, 0x10FFFF},
};
static const struct range contested_cells[] = {
    {0x0600, 0x0603},   {0x06DD, 0x06DE},   {0x070F, 0x070F},   {0x1734, 0x1734},
    {0x16FE1, 0x16FF1}, {0x187ED, 0x187F7}, {0x18AF3, 0x1AFFE}, {0x1B002, 0x1B2FB},
    {0x1F260, 0x1F265}, {0x1F6D5, 0x1F6DF}, {0x1F6F7, 0x1F6FC}, {0x1F7E0, 0x1F7F0},
    {0x1F90C, 0x1F90F}, {0x1F91F, 0x1F91F}, {0x1F928, 0x1F92F}, {0x1F931, 0x1F932},
    {0x1F93B, 0x1F93B}, {0x1F93F, 0x1F93F}, {0x1F946, 0x1F946}, {0x1F94C, 0x1F94F},
    {0x1F95F, 0x1F97F}, {0x1F992, 0x1F9BF}, {0x1F9C1, 0x1F9FF}, {0x1FA70, 0x1FAFF},
};

enum kind { KIND_BASE, KIND_MARK, KIND_DROPPED };

struct glyph {
    uint32_t c;
    enum kind kind;
    int width_cells;
};

static int locale_width(uint32_t c)
{
    static locale_t utf8_locale;
    const char *codeset = nl_langinfo(CODESET);

    if (strcmp(codeset, "UTF-8") == 0)
        return wcwidth((wchar_t)c);
    /* Text is cleaned once, whatever the screen is: in a locale without Unicode the names must
     * still reach the ASCII screen's transliteration. */
    if (utf8_locale == (locale_t)0)
        utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8_locale == (locale_t)0)
        return utf8_latin_letter(c) != '\0' || c == UTF8_REPLACEMENT ? 1 : -1;
    locale_t before = uselocale(utf8_locale);
    int width = wcwidth((wchar_t)c);
    uselocale(before);
    return width;
}

static const struct glyph replacement = {UTF8_REPLACEMENT, KIND_BASE, 1};

static struct glyph glyph_of(uint32_t c)
{
    if (c >= 0x20 && c < 0x7F)
        return (struct glyph){c, KIND_BASE, 1};
    if (c == '\n' || c == '\t' || c == 0x2028 || c == 0x2029)
        return (struct glyph){' ', KIND_BASE, 1};
    if (c < 0xA0)
        return replacement;
    if (c >= 0x1F1E6 && c <= 0x1F1FF) /* regional indicators: half a flag each */
        return (struct glyph){'A' + (c - 0x1F1E6), KIND_BASE, 1};
    if (IS_IN(dropped, c) || (c & 0xFFFE) == 0xFFFE)
        return (struct glyph){c, KIND_DROPPED, 0};
    int width = c == UTF8_REPLACEMENT ? 1 : locale_width(c);
    if (width < 0 || width > 2)
        return replacement;
    if (width == 0 ? IS_IN(contested_marks, c) : IS_IN(contested_cells, c))
        return replacement;
    return (struct glyph){c, width == 0 ? KIND_MARK : KIND_BASE, width};
}

/* --- cleaning --------------------------------------------------------------------------------- */

/* Appends one character if the limit and the buffer allow; false when not. */
static bool put_char(struct buf *out, uint32_t c, size_t *left)
{
    char bytes[4];
    size_t len = utf8_encode(c, bytes);

    if (*left == 0 || !buf_put(out, bytes, len))
        return false;
    (*left)--;
    return true;
}

/* Appends the printable ASCII that in begins with, as far as the limit goes; returns its length. */
static size_t put_ascii(struct buf *out, const char *in, size_t len, size_t *left)
{
    size_t count = 0;

    while (count < len && count < *left && (unsigned char)(in[count] - 0x20) < 0x5F)
        count++;
    if (count > out->max_bytes - out->len)
        count = out->max_bytes - out->len;
    if (count == 0 || !buf_put(out, in, count))
        return 0;
    *left -= count;
    return count;
}

bool utf8_clean(struct buf *out, const char *in, size_t len, size_t max_chars)
{
    size_t left = max_chars;
    int marks = -1; /* on the base before; -1: there is no base yet */
    size_t used;
    bool is_bad;

    for (size_t at = 0; at < len; at += used) {
        used = put_ascii(out, in + at, len - at, &left);
        if (used > 0) {
            marks = 0;
            continue;
        }
        struct glyph glyph = glyph_of(next_char(in + at, len - at, &used, &is_bad));
        if (glyph.kind == KIND_DROPPED || (glyph.kind == KIND_MARK && marks == MARKS_MAX))
            continue;
        if (glyph.kind == KIND_BASE) {
            marks = 0;
        } else if (marks < 0) {
            if (left < 2 || !put_char(out, ' ', &left))
                return false;
            marks = 1;
        } else {
            marks++;
        }
        if (!put_char(out, glyph.c, &left))
            return false;
    }
    return true;
}

/* --- graphemes -------------------------------------------------------------------------------- */

/* One ASCII character for what reads the same; '?' for all else. */
static char ascii_of(uint32_t c)
{
    static const struct {
        struct range range;
        char ascii;
    } alike[] = {
        {{0x00A0, 0x00A0}, ' '}, {{0x00AB, 0x00AB}, '"'},  {{0x00B4, 0x00B4}, '\''},
        {{0x00B7, 0x00B7}, '.'}, {{0x00BB, 0x00BB}, '"'},  {{0x00D7, 0x00D7}, 'x'},
        {{0x2000, 0x200A}, ' '}, {{0x2010, 0x2015}, '-'},  {{0x2018, 0x201B}, '\''},
        {{0x201C, 0x201F}, '"'}, {{0x2022, 0x2022}, '*'},  {{0x2026, 0x2026}, '.'},
        {{0x202F, 0x202F}, ' '}, {{0x2032, 0x2032}, '\''}, {{0x2033, 0x2033}, '"'},
        {{0x2039, 0x2039}, '<'}, {{0x203A, 0x203A}, '>'},  {{0x2044, 0x2044}, '/'},
        {{0x2212, 0x2212}, '-'}, {{0x2500, 0x2500}, '-'},  {{0x2502, 0x2502}, '|'},
        {{0x3000, 0x3000}, ' '},
    };

    if (c < 0x80)
        return (char)c;
    if (c >= 0xFF01 && c <= 0xFF5E) /* the full-width forms of ASCII */
        return (char)(c - 0xFF01 + '!');
    char letter = utf8_latin_letter(c);
    if (letter != '\0')
        return letter;
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
        if (c >= alike[i].range.first && c <= alike[i].range.last)
            return alike[i].ascii;
    return '?';
}

size_t utf8_next_grapheme(const char *s, size_t len, bool is_ascii, struct utf8_grapheme *out)
{
    size_t used, at, size = 0;
    bool is_bad;
    int marks = 0;

    /* Most text: an ASCII character before another. */
    if ((unsigned char)(s[0] - 0x20) < 0x5F && (len == 1 || (unsigned char)s[1] < 0x80)) {
        memcpy(out->text, (const char[2]){s[0], '\0'}, 2);
        out->width_cells = 1;
        return 1;
    }
    struct glyph glyph = glyph_of(next_char(s, len, &at, &is_bad));
    if (glyph.kind == KIND_DROPPED)
        glyph = replacement;
    out->width_cells = 1;
    if (is_ascii) {
        out->text[size++] = ascii_of(glyph.c);
    } else if (glyph.kind == KIND_MARK) {
        out->text[size++] = ' ';
        size += utf8_encode(glyph.c, out->text + size);
        marks = 1;
    } else {
        size += utf8_encode(glyph.c, out->text + size);
        out->width_cells = glyph.width_cells;
    }
    for (; at < len && (unsigned char)s[at] >= 0x80; at += used) {
        struct glyph mark = glyph_of(next_char(s + at, len - at, &used, &is_bad));
        if (mark.kind != KIND_MARK)
            break;
        if (!is_ascii && marks++ < MARKS_MAX)
            size += utf8_encode(mark.c, out->text + size);
    }
    out->text[size] = '\0';
    return at;
}

int utf8_width(const char *s)
{
    struct utf8_grapheme grapheme;
    size_t len = strlen(s);
    int cells = 0;

    for (size_t at = 0; at < len;) {
        at += utf8_next_grapheme(s + at, len - at, false, &grapheme);
        cells += grapheme.width_cells;
    }
    return cells;
}

static void cut_back(struct buf *out, size_t len)
{
    out->len = len;
    if (out->data != NULL)
        out->data[len] = '\0';
}

int utf8_fit(struct buf *out, const char *s, int max_cells, bool is_ascii)
{
    struct utf8_grapheme grapheme;
    size_t len = strlen(s);
    size_t room_len = out->len; /* up to where one cell is left for the ellipsis */
    int cells = 0, room_cells = 0;

    for (size_t at = 0; at < len;) {
        at += utf8_next_grapheme(s + at, len - at, is_ascii, &grapheme);
        if (cells + grapheme.width_cells > max_cells) {
            if (max_cells < 2)
                return cells;
            cut_back(out, room_len);
            return room_cells + (buf_puts(out, is_ascii ? "~" : "\xE2\x80\xA6") ? 1 : 0);
        }
        if (!buf_puts(out, grapheme.text))
            return cells;
        cells += grapheme.width_cells;
        if (cells < max_cells) {
            room_len = out->len;
            room_cells = cells;
        }
    }
    return cells;
}
