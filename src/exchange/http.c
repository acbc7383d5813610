#include "callhud/exchange/http.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* ---- replies --------------------------------------------------------------------------------- */

void http_reply_init(struct http_reply *reply)
{
    *reply = (struct http_reply){.status = 200, .headers = json_object()};
}

void http_reply_fini(struct http_reply *reply)
{
    json_decref(reply->headers);
    json_decref(reply->json);
    mem_free(reply->text);
    *reply = (struct http_reply){0};
}

void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
{
    char value[256];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    json_object_set_new(reply->headers, name, json_string(value));
}

void http_reply_json(struct http_reply *reply, int status, json_t *json)
{
    json_decref(reply->json);
    mem_free(reply->text);
    reply->text = NULL;
    reply->status = status;
    reply->json = json;
}

void http_reply_error(struct http_reply *reply, int status, const char *code,
                      const char *inner_code, const char *message)
{
    http_reply_json(reply, status,
                    json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "errorCode", code, "message", message,
                              "errors", "errorCode", inner_code, "message", message));
}

/* ---- targets and queries --------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False on a broken escape or a NUL; what came before it is in out. */
static bool decode(struct buf *out, const char *text, size_t len, bool is_plus_blank)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && is_plus_blank) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        buf_putc(out, c);
    }
    return true;
}

/* One side of a pair; a broken escape stays as it was sent. */
static void decode_side(struct buf *out, const char *text, size_t len)
{
    struct buf raw;
    buf_init(&raw, HTTP_BODY_MAX_BYTES);
    buf_reset(out);
    if (decode(&raw, text, len, true))
        utf8_mend(out, buf_text(&raw), raw.len);
    else
        utf8_mend(out, text, len);
    buf_fini(&raw);
}

static void query_add(json_t *query, const char *key, const char *value)
{
    json_t *old = json_object_get(query, key);
    if (!old) {
        json_object_set_new(query, key, json_string(value));
    } else if (json_is_array(old)) {
        json_array_append_new(old, json_string(value));
    } else {
        json_t *list = json_array();
        json_array_append(list, old);
        json_array_append_new(list, json_string(value));
        json_object_set_new(query, key, list);
    }
}

json_t *http_query_parse(const char *text, size_t len)
{
    json_t *query = json_object();
    struct buf key, value;
    buf_init(&key, HTTP_BODY_MAX_BYTES);
    buf_init(&value, HTTP_BODY_MAX_BYTES);
    const char *end = text + len;
    while (text < end) {
        const char *amp = memchr(text, '&', (size_t)(end - text));
        const char *stop = amp ? amp : end;
        const char *equal = memchr(text, '=', (size_t)(stop - text));
        decode_side(&key, text, (size_t)((equal ? equal : stop) - text));
        decode_side(&value, equal ? equal + 1 : stop, equal ? (size_t)(stop - equal - 1) : 0);
        if (key.len > 0)
            query_add(query, buf_text(&key), buf_text(&value));
        text = amp ? amp + 1 : end;
    }
    buf_fini(&key);
    buf_fini(&value);
    return query;
}

void http_query_add(json_t *query, const char *key, const char *value)
{
    struct buf clean_key, clean;
    buf_init(&clean_key, HTTP_BODY_MAX_BYTES);
    buf_init(&clean, HTTP_BODY_MAX_BYTES);
    utf8_mend(&clean_key, key, strlen(key));
    utf8_mend(&clean, value, strlen(value));
    if (clean_key.len > 0)
        query_add(query, buf_text(&clean_key), buf_text(&clean));
    buf_fini(&clean_key);
    buf_fini(&clean);
}

bool http_target_split(const char *target, struct buf *path, json_t **query)
{
    const char *mark = strchr(target, '?');
    size_t len = mark ? (size_t)(mark - target) : strlen(target);
    if (target[0] != '/' || !decode(path, target, len, false) ||
        !utf8_is_valid(buf_text(path), path->len))
        return false;
    *query = mark ? http_query_parse(mark + 1, strlen(mark + 1)) : json_object();
    return true;
}

static void encode(struct buf *out, const char *text, const char *also)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                        strchr("-._~,", (char)c) || strchr(also, (char)c);
        if (is_plain)
            buf_putc(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static void join_pair(struct buf *out, const char *key, const json_t *value, char *sign)
{
    if (!json_is_string(value))
        return;
    buf_putc(out, *sign);
    encode(out, key, "");
    buf_putc(out, '=');
    encode(out, json_string_value(value), "");
    *sign = '&';
}

void http_target_join(struct buf *out, const char *path, json_t *query)
{
    const char *key;
    json_t *value, *one;
    size_t i;
    char sign = '?';
    encode(out, path, "/:@*");
    json_object_foreach(query, key, value)
    {
        if (json_is_array(value)) {
            json_array_foreach(value, i, one) join_pair(out, key, one, &sign);
        } else {
            join_pair(out, key, value, &sign);
        }
    }
}

const char *http_query_get(json_t *query, const char *key)
{
    json_t *value = json_object_get(query, key);
    return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
}

/* ---- Authorization --------------------------------------------------------------------------- */

static const char *after_scheme(const char *authorization, const char *scheme)
{
    size_t len = strlen(scheme);
    char word[16];
    if (!authorization || strlen(authorization) <= len || authorization[len] != ' ')
        return NULL;
    str_copy(word, len + 1 < sizeof word ? len + 1 : sizeof word, authorization);
    if (!str_eq_nocase(word, scheme))
        return NULL;
    return authorization + len + strspn(authorization + len, " ");
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool base64_decode(struct buf *out, const char *text)
{
    unsigned bits = 0;
    int have = 0;
    for (; *text && *text != '=' && *text != ' '; text++) {
        int digit = base64_digit(*text);
        if (digit < 0)
            return false;
        bits = bits << 6 | (unsigned)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            char c = (char)(bits >> have & 0xff);
            if (c == '\0')
                return false;
            buf_putc(out, c);
        }
    }
    return text[strspn(text, "= ")] == '\0';
}

bool http_basic(const char *authorization, struct buf *user, struct buf *password)
{
    const char *text = after_scheme(authorization, "basic");
    struct buf both;
    buf_init(&both, 4096);
    bool is_good = text && base64_decode(&both, text);
    const char *colon = is_good ? strchr(buf_text(&both), ':') : NULL;
    if (colon) {
        /* RFC 6749 2.3.1: both sides are form-encoded before. */
        decode_side(user, buf_text(&both), (size_t)(colon - buf_text(&both)));
        decode_side(password, colon + 1, strlen(colon + 1));
    }
    buf_fini(&both);
    return colon != NULL;
}

const char *http_bearer(const char *authorization)
{
    const char *token = after_scheme(authorization, "bearer");
    return token && token[0] ? token : NULL;
}

void http_date(int64_t wall_ms, char out[HTTP_DATE_BYTES])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    snprintf(out, HTTP_DATE_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
             tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
             tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

/* ---- random texts ---------------------------------------------------------------------------- */

static void random_bytes(void *out, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t got = getrandom((char *)out + have, len - have, 0);
        if (got < 0)
            abort(); /* only with a kernel older than the loader */
        have += (size_t)got;
    }
}

void http_random_text(char *out, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    random_bytes(out, size - 1);
    for (size_t i = 0; i + 1 < size; i++)
        out[i] = digits[(unsigned char)out[i] & 63];
    /* Never a sign at the ends: it is pasted, and put into query strings. */
    out[0] = out[0] == '-' || out[0] == '_' ? 'A' : out[0];
    out[size - 2] = out[size - 2] == '-' || out[size - 2] == '_' ? 'Z' : out[size - 2];
    out[size - 1] = '\0';
}

uint64_t http_random_number(void)
{
    uint64_t number;
    random_bytes(&number, sizeof number);
    return 1000000000000000000u + number % 8000000000000000000u;
}

void http_random_uuid(char out[40])
{
    unsigned char b[16];
    random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

bool http_secret_eq(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    unsigned char different = a_len != b_len;
    for (size_t i = 0; i < a_len; i++)
        different = (unsigned char)(different | (a[i] ^ b[i < b_len ? i : 0]));
    return !different;
}
