#include "callhud/draw/key.h"

#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX_BYTES 64
#define NEAREST_MIN_BYTES 4 /* shorter words are chords, not mistyped names */

struct named_key {
    uint32_t code;
    const char *name;
};

/* The names that are written come first; then other spellings that are read. */
static const struct named_key named_keys[] = {
#define KEY_ROW(code, text) {code, text},
    KEY_LIST(KEY_ROW)
#undef KEY_ROW
        {' ', "Space"},
    {KEY_CODE_PAGE_UP, "PageUp"},
    {KEY_CODE_PAGE_DOWN, "PageDown"},
    {KEY_CODE_INSERT, "Insert"},
    {KEY_CODE_DELETE, "Delete"},
    {KEY_CODE_ENTER, "Return"},
    {KEY_CODE_ESCAPE, "Escape"},
    {KEY_CODE_BACK_TAB, "Shift-Tab"},
    {KEY_CODE_BACKSPACE, "Backspace"},
};
#define NAMED_COUNT (sizeof named_keys / sizeof named_keys[0])

static const char *name_of(uint32_t code)
{
    for (size_t i = 0; i < NAMED_COUNT; i++)
        if (named_keys[i].code == code)
            return named_keys[i].name;
    return NULL;
}

static bool is_prefix(const char *word, const char *prefix)
{
    size_t len = strlen(prefix);

    /* More must follow: "Ctrl-" alone is no key. */
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)word[i]) != tolower((unsigned char)prefix[i]))
            return false;
    return word[len] != '\0';
}

/* "U+00AD": a character that cannot be written as itself. */
static bool parse_code_point(const char *word, uint32_t *code)
{
    uint32_t value = 0;
    size_t digits = strspn(word + (str_starts(word, "U+") ? 2 : 0), "0123456789abcdefABCDEF");

    if (!str_starts(word, "U+") || digits < 4 || digits > 6 || word[2 + digits] != '\0')
        return false;
    for (const char *p = word + 2; *p != '\0'; p++) {
        int lower = tolower((unsigned char)*p);
        value = value * 16 + (uint32_t)(lower >= 'a' ? lower - 'a' + 10 : lower - '0');
    }
    *code = value;
    return value > 0 && value <= 0x10FFFF;
}

/* The one character that word is; false when it is not exactly one. */
static bool parse_character(const char *word, uint32_t *code)
{
    size_t used;

    *code = utf8_decode(word, strlen(word), &used);
    return word[used] == '\0' && (used > 1 || (*code > ' ' && *code < 0x7F));
}

/* Terminals send the same byte for these and for a key with a name, which is how it arrives. */
static const char *same_key(uint32_t letter)
{
    switch (letter) {
    case 'i': return "Tab";
    case 'm': return "Enter";
    case '[': return "Esc";
    default: return NULL;
    }
}

static enum rc unknown_key(const char *word, struct err *err)
{
    const char *names[NAMED_COUNT];
    const char *nearest;

    for (size_t i = 0; i < NAMED_COUNT; i++) {
        if (str_eq_nocase(word, named_keys[i].name))
            return err_set(err, RC_CONFIG, "unknown key '%s': did you mean '%s'?", word,
                           named_keys[i].name);
        names[i] = named_keys[i].name;
    }
    nearest = str_nearest(word, names, NAMED_COUNT);
    if (nearest != NULL)
        return err_set(err, RC_CONFIG, "unknown key '%s': did you mean '%s'?", word, nearest);
    return err_set(err, RC_CONFIG,
                   "unknown key '%s': write a character, a name such as Enter, PgUp, Space or F5, "
                   "or Ctrl- or Alt- before one",
                   word);
}

/* One key: modifiers, then a name or a character. False when word is not that. */
static bool parse_one(const char *word, struct key *out)
{
    *out = (struct key){0};
    for (;;) {
        if (!out->is_ctrl && is_prefix(word, "Ctrl-")) {
            out->is_ctrl = true;
            word += strlen("Ctrl-");
        } else if (!out->is_alt && is_prefix(word, "Alt-")) {
            out->is_alt = true;
            word += strlen("Alt-");
        } else {
            break;
        }
    }
    for (size_t i = 0; i < NAMED_COUNT && out->code == 0; i++)
        if (strcmp(word, named_keys[i].name) == 0)
            out->code = named_keys[i].code;
    if (out->code == 0 && !parse_code_point(word, &out->code) && !parse_character(word, &out->code))
        return false;
    if (out->is_ctrl && out->code >= 'A' && out->code <= 'Z')
        out->code += 'a' - 'A';
    return true;
}

/* One key, or plain characters run together. */
static enum rc parse_word(const char *word, struct key *out, size_t max, size_t *count,
                          struct err *err)
{
    struct key key;
    const char *same;
    size_t used;

    if (parse_one(word, &key)) {
        same = key.is_ctrl ? same_key(key.code) : NULL;
        if (same != NULL)
            return err_set(err, RC_CONFIG, "terminals send the same for %s and %s: write %s", word,
                           same, same);
        if (*count >= max)
            return err_set(err, RC_CONFIG, "too many keys in a row: at most %zu", max);
        out[(*count)++] = key;
        return RC_OK;
    }
    for (size_t i = 0; i < NAMED_COUNT; i++)
        if (str_eq_nocase(word, named_keys[i].name))
            return unknown_key(word, err);
    if (is_prefix(word, "Ctrl-") || is_prefix(word, "Alt-") || strlen(word) >= NEAREST_MIN_BYTES ||
        !utf8_is_valid(word, strlen(word)))
        return unknown_key(word, err);
    for (; *word != '\0'; word += used) {
        uint32_t code = utf8_decode(word, strlen(word), &used);
        if (code < 0x21 || code == 0x7F)
            return unknown_key(word, err);
        if (*count >= max)
            return err_set(err, RC_CONFIG, "too many keys in a row: at most %zu", max);
        out[(*count)++] = (struct key){.code = code};
    }
    return RC_OK;
}

enum rc key_parse(const char *text, struct key *out, size_t max, size_t *count, struct err *err)
{
    char word[WORD_MAX_BYTES];

    *count = 0;
    for (;;) {
        text += strspn(text, " \t");
        size_t len = strcspn(text, " \t");
        if (len == 0)
            break;
        if (len >= sizeof word)
            return err_set(err, RC_CONFIG, "unknown key '%.20s...'", text);
        memcpy(word, text, len);
        word[len] = '\0';
        enum rc rc = parse_word(word, out, max, count, err);
        if (rc != RC_OK)
            return rc;
        text += len;
    }
    if (*count == 0)
        return err_set(err, RC_CONFIG, "no key is named");
    return RC_OK;
}

bool key_equal(const struct key *a, const struct key *b)
{
    return a->code == b->code && a->is_ctrl == b->is_ctrl && a->is_alt == b->is_alt;
}

/* Can the character stand for itself in a line of text? */
static bool is_plain(uint32_t code, char bytes[4], size_t len)
{
    struct utf8_grapheme grapheme;

    if (code <= ' ' || code == 0x7F)
        return false;
    utf8_next_grapheme(bytes, len, false, &grapheme);
    return strlen(grapheme.text) == len && memcmp(grapheme.text, bytes, len) == 0 &&
           (code == UTF8_REPLACEMENT || memcmp(bytes, "\xEF\xBF\xBD", len < 3 ? len : 3) != 0);
}

void key_text(const struct key *key, char *out, size_t size)
{
    char bytes[5] = "";
    char number[16];
    const char *name = name_of(key->code);

    if (name == NULL && key->code < KEY_CODE_BASE) {
        size_t len = utf8_encode(key->code, bytes);
        if (key->code == 0 || !is_plain(key->code, bytes, len)) {
            snprintf(number, sizeof number, "U+%04X", (unsigned)key->code);
            name = number;
        } else {
            name = bytes;
        }
    }
    if (size > 0)
        snprintf(out, size, "%s%s%s", key->is_ctrl ? "Ctrl-" : "", key->is_alt ? "Alt-" : "",
                 name == NULL ? "?" : name);
}
