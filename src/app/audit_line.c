/* A line of the audit file: the one way to write it, and the reading that takes nothing else. */
#include "audit_priv.h"

#include "callhud/base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define VERSION 1
/* `,"hash":"` before the hash, `"}` after it. */
#define HASH_KEY ",\"hash\":\""
#define HASH_KEY_BYTES (sizeof HASH_KEY - 1)
#define HASH_DIGITS (DIGEST_TEXT_BYTES - 1)
#define SEAL_BYTES (HASH_KEY_BYTES + HASH_DIGITS + 2)
#define ELLIPSIS "\xE2\x80\xA6"

enum kind { NUMBER, NUMBER_OR_NULL, TEXT, TEXT_OR_NULL, HASH };

/* max_bytes bounds a text as it is stored, with its escapes: so that the longest line is known. */
static const struct row {
    const char *key;
    enum kind kind;
    size_t max_bytes;
} rows[AUDIT_KEYS] = {
    [AUDIT_V] = {"v", NUMBER, 0},
    [AUDIT_SEQUENCE] = {"sequence", NUMBER, 0},
    [AUDIT_TIME] = {"time", TEXT, 32},
    [AUDIT_RECORD] = {"record", TEXT, 32},
    [AUDIT_ACTION] = {"action", TEXT_OR_NULL, 64},
    [AUDIT_BEGIN] = {"begin", NUMBER_OR_NULL, 0},
    [AUDIT_PROFILE] = {"profile", TEXT_OR_NULL, 256},
    [AUDIT_WHO] = {"who", TEXT_OR_NULL, 256},
    [AUDIT_UID] = {"uid", NUMBER, 0},
    [AUDIT_HOST] = {"host", TEXT_OR_NULL, 256},
    [AUDIT_PID] = {"pid", NUMBER, 0},
    [AUDIT_SUPERVISOR] = {"supervisor", TEXT_OR_NULL, 256},
    [AUDIT_EXTENSION] = {"extension", TEXT_OR_NULL, 256},
    [AUDIT_NAME] = {"name", TEXT_OR_NULL, 512},
    [AUDIT_CALL] = {"call", TEXT_OR_NULL, 512},
    [AUDIT_PARTY] = {"party", TEXT_OR_NULL, 256},
    [AUDIT_MODE] = {"mode", TEXT_OR_NULL, 64},
    [AUDIT_VALUE] = {"value", TEXT_OR_NULL, 1280},
    [AUDIT_RESULT] = {"result", TEXT_OR_NULL, 1024},
    [AUDIT_REASON] = {"reason", TEXT_OR_NULL, 2048},
    [AUDIT_PREVIOUS] = {"previous", HASH, 0},
    [AUDIT_HASH] = {"hash", HASH, 0},
};

const char *audit_key_name(enum audit_key key)
{
    return rows[key].key;
}

/* Characters that a terminal would obey, or that nobody can see, are never stored as they are: the
 * file may be read with cat. */
static bool is_escaped(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7F && c < 0xA0) || c == 0xAD ||
           c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB);
}

/* Tags, which hide text: they have no short escape and no business here. */
static bool is_forbidden(uint32_t c)
{
    return c >= 0xE0000 && c <= 0xE0FFF;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* One character as it is stored; returns its bytes. */
static size_t encode(uint32_t c, char out[8])
{
    static const char digits[] = "0123456789abcdef";
    if (is_forbidden(c))
        c = UTF8_REPLACEMENT;
    if (!is_escaped(c))
        return utf8_encode(c, out);
    out[0] = '\\';
    out[1] = (char)c;
    if (c == '"' || c == '\\')
        return 2;
    out[1] = 'u';
    for (unsigned i = 0; i < 4; i++)
        out[2 + i] = digits[c >> (12 - 4 * i) & 15];
    return 6;
}

/* Appends what fits into max_bytes; true when all did. */
static bool put_chars(struct buf *out, const struct buf *text, size_t max_bytes)
{
    size_t stored = 0, used;
    for (size_t i = 0; i < text->len; i += used) {
        char one[8];
        size_t len = encode(utf8_decode(text->data + i, text->len - i, &used), one);
        stored += len;
        if (stored > max_bytes)
            return false;
        buf_put(out, one, len);
    }
    return true;
}

static void put_text(struct buf *out, const char *text, size_t max_bytes)
{
    struct buf mended, stored;
    buf_init(&mended, SIZE_MAX / 2);
    buf_init(&stored, max_bytes);
    utf8_mend(&mended, text, strlen(text));
    buf_putc(out, '"');
    if (put_chars(&stored, &mended, max_bytes)) {
        buf_put(out, buf_text(&stored), stored.len);
    } else {
        put_chars(out, &mended, max_bytes - (sizeof ELLIPSIS - 1));
        buf_puts(out, ELLIPSIS);
    }
    buf_putc(out, '"');
    buf_fini(&mended);
    buf_fini(&stored);
}

static void put_value(struct buf *out, const struct row *row, const char *text, uint64_t number)
{
    bool is_text = row->kind == TEXT || row->kind == TEXT_OR_NULL;
    if (row->kind == HASH)
        buf_printf(out, "\"%s\"", text);
    else if (row->kind == TEXT || (is_text && text != NULL && text[0] != '\0'))
        put_text(out, text != NULL ? text : "", row->max_bytes);
    else if (is_text || (row->kind == NUMBER_OR_NULL && number == 0))
        buf_puts(out, "null");
    else
        buf_printf(out, "%" PRIu64, number);
}

bool audit_line_format(struct buf *out, const struct audit_facts *facts, struct digest *digest,
                       unsigned char hash[DIGEST_BYTES])
{
    size_t start = out->len;
    char text[DIGEST_TEXT_BYTES];
    for (unsigned key = 0; key < AUDIT_HASH; key++) {
        buf_printf(out, "%s\"%s\":", key == 0 ? "{" : ",", rows[key].key);
        put_value(out, &rows[key], facts->text[key], key == AUDIT_V ? VERSION : facts->number[key]);
    }
    if (!digest_bytes(digest, buf_text(out) + start, out->len - start, hash))
        return false;
    digest_text(hash, text);
    return buf_printf(out, HASH_KEY "%s\"}\n", text);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct scan {
    const char *at, *end;
};

static bool take(struct scan *in, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0)
        return false;
    in->at += len;
    return true;
}

static bool take_number(struct scan *in, uint64_t *out)
{
    const char *start = in->at;
    *out = 0;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        unsigned digit = (unsigned)(*in->at - '0');
        if (__builtin_mul_overflow(*out, 10u, out) || __builtin_add_overflow(*out, digit, out))
            return false;
    }
    return in->at > start && (*start != '0' || in->at == start + 1);
}

/* "\u001b" and its like after the backslash and the u; false for what encode() does not write. */
static bool take_hex(struct scan *in, uint32_t *c)
{
    *c = 0;
    if (in->end - in->at < 4)
        return false;
    for (int i = 0; i < 4; i++, in->at++) {
        if (*in->at >= '0' && *in->at <= '9')
            *c = *c << 4 | (uint32_t)(*in->at - '0');
        else if (*in->at >= 'a' && *in->at <= 'f')
            *c = *c << 4 | (uint32_t)(*in->at - 'a' + 10);
        else
            return false;
    }
    return *c != 0 && *c != '"' && *c != '\\' && is_escaped(*c);
}

static bool take_escaped(struct scan *in, uint32_t *c)
{
    if (take(in, "\\u"))
        return take_hex(in, c);
    *c = '\\';
    if (take(in, "\\\\"))
        return true;
    *c = '"';
    return take(in, "\\\"");
}

/* One stored character; false, and nothing taken, at a quotation mark, at the end, and for what is
 * never stored so. */
static bool take_char(struct scan *in, uint32_t *c)
{
    const char *start = in->at;
    size_t used;
    if (in->at >= in->end || *in->at == '"')
        return false;
    if (*in->at == '\\') {
        bool is_good = take_escaped(in, c);
        in->at = is_good ? in->at : start;
        return is_good;
    }
    *c = utf8_decode(in->at, (size_t)(in->end - in->at), &used);
    if (is_escaped(*c) || is_forbidden(*c) || (*c == UTF8_REPLACEMENT && used == 1))
        return false;
    in->at += used;
    return true;
}

static bool take_text(struct scan *in, const char **at, size_t *len)
{
    uint32_t c;
    if (!take(in, "\""))
        return false;
    *at = in->at;
    while (take_char(in, &c)) {
    }
    *len = (size_t)(in->at - *at);
    return take(in, "\"");
}

static bool take_hash(struct scan *in, unsigned char out[DIGEST_BYTES])
{
    if (!take(in, "\"") || (size_t)(in->end - in->at) < HASH_DIGITS || !digest_parse(in->at, out))
        return false;
    in->at += HASH_DIGITS;
    return take(in, "\"");
}

static bool take_value(struct scan *in, enum audit_key key, struct audit_line *out)
{
    enum kind kind = rows[key].kind;
    const char *start = in->at;
    const char **at = &out->value[key].at;
    size_t *len = &out->value[key].len;
    uint64_t number = 0;
    if ((kind == NUMBER_OR_NULL || kind == TEXT_OR_NULL) && take(in, "null"))
        return true;
    if (kind == TEXT || kind == TEXT_OR_NULL)
        return take_text(in, at, len) && (kind == TEXT || *len > 0) && *len <= rows[key].max_bytes;
    bool is_good = kind == HASH ? take_hash(in, key == AUDIT_HASH ? out->hash : out->previous)
                                : take_number(in, &number);
    *at = start;
    *len = (size_t)(in->at - start);
    if (key == AUDIT_SEQUENCE)
        out->sequence = number;
    return is_good && (key != AUDIT_V || number == VERSION) &&
           (kind != NUMBER_OR_NULL || number > 0);
}

bool audit_line_parse(const char *bytes, size_t len, struct audit_line *out)
{
    struct scan in = {.at = bytes, .end = bytes + len};
    memset(out, 0, sizeof *out);
    for (unsigned key = 0; key < AUDIT_KEYS; key++) {
        if (!take(&in, key == 0 ? "{\"" : ",\"") || !take(&in, rows[key].key) ||
            !take(&in, "\":") || !take_value(&in, (enum audit_key)key, out))
            return false;
    }
    return take(&in, "}") && in.at == in.end;
}

bool audit_line_is_whole(const char *bytes, size_t len, const struct audit_line *line,
                         struct digest *digest)
{
    unsigned char hash[DIGEST_BYTES];
    return len > SEAL_BYTES && digest_bytes(digest, bytes, len - SEAL_BYTES, hash) &&
           memcmp(hash, line->hash, sizeof hash) == 0;
}

void audit_line_value(const struct audit_line *line, enum audit_key key, struct buf *out)
{
    enum kind kind = rows[key].kind;
    const char *at = line->value[key].at;
    if (at == NULL)
        return;
    struct scan in = {.at = at, .end = at + line->value[key].len};
    uint32_t c;
    if (kind == NUMBER || kind == NUMBER_OR_NULL) {
        buf_put(out, at, line->value[key].len);
    } else if (kind == HASH) {
        buf_put(out, at + 1, HASH_DIGITS);
    } else {
        while (take_char(&in, &c)) {
            char one[4];
            buf_put(out, one, utf8_encode(c, one));
        }
    }
}
