#include "callhud/backend/json_wire.h"

#include "callhud/base/utf8.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

/* What one look at the text found. */
struct look {
    size_t depth_most;
    bool needs_mending; /* a \u escape, or a control character inside a string */
};

static struct look look_at(const char *s, size_t len)
{
    struct look look = {0};
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (in_string) {
            if (c == '"') {
                in_string = false;
            } else if (c == '\\') {
                look.needs_mending |= i + 1 < len && s[i + 1] == 'u';
                i++;
            } else {
                look.needs_mending |= c < 0x20;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > look.depth_most)
                look.depth_most = depth;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return look;
}

/* The value of four hex digits, or -1. */
static int32_t hex4(const char *s, size_t len)
{
    int32_t value = 0;
    if (len < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        char c = s[i];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Appends the escape that starts at s[0] = '\\'; returns the bytes used. */
static size_t mend_escape(struct buf *out, const char *s, size_t len)
{
    if (len < 2 || s[1] != 'u') {
        buf_put(out, s, len < 2 ? len : 2);
        return len < 2 ? len : 2;
    }
    int32_t first = hex4(s + 2, len - 2);
    if (first < 0) {
        buf_put(out, s, 2); /* bad JSON: the parser says so */
        return 2;
    }
    if (first >= 0xD800 && first <= 0xDBFF && len >= 12 && s[6] == '\\' && s[7] == 'u') {
        int32_t second = hex4(s + 8, len - 8);
        if (second >= 0xDC00 && second <= 0xDFFF) {
            buf_put(out, s, 12);
            return 12;
        }
    }
    if (first == 0 || (first >= 0xD800 && first <= 0xDFFF))
        buf_puts(out, "\\uFFFD");
    else
        buf_put(out, s, 6);
    return 6;
}

static void mend(struct buf *out, const char *s, size_t len)
{
    bool in_string = false;
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        if (in_string && c == '\\') {
            i += mend_escape(out, s + i, len - i);
            continue;
        }
        if (c == '"')
            in_string = !in_string;
        if (in_string && c < 0x20)
            buf_puts(out, "\\uFFFD");
        else
            buf_putc(out, (char)c);
        i++;
    }
}

struct json_t *json_wire_parse(const char *bytes, size_t len, size_t max_bytes, struct err *err)
{
    if (len > max_bytes) {
        err_set(err, RC_TOO_BIG, "%zu bytes of JSON, at most %zu are taken", len, max_bytes);
        return NULL;
    }
    struct buf valid, mended;
    buf_init(&valid, max_bytes * 3 + 16);
    buf_init(&mended, max_bytes * 6 + 16);
    if (!utf8_is_valid(bytes, len)) {
        utf8_mend(&valid, bytes, len);
        bytes = buf_text(&valid);
        len = valid.len;
    }
    struct look look = look_at(bytes, len);
    json_t *root = NULL;
    if (look.depth_most > JSON_WIRE_DEPTH_MAX) {
        err_set(err, RC_PROTO, "JSON nested more than %d deep", JSON_WIRE_DEPTH_MAX);
    } else {
        if (look.needs_mending) {
            mend(&mended, bytes, len);
            bytes = buf_text(&mended);
            len = mended.len;
        }
        json_error_t why;
        root = json_loadb(bytes, len, JSON_DECODE_ANY, &why);
        if (root == NULL)
            err_set(err, RC_PROTO, "not JSON: %s", why.text);
    }
    buf_fini(&mended);
    buf_fini(&valid);
    return root;
}

const char *json_wire_id(const struct json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}
