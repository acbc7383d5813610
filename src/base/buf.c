#include "callhud/base/buf.h"

#include "callhud/base/mem.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CAP_BYTES 64

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){.max_bytes = b->max_bytes};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->is_full = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

/* Makes room for more bytes and the final NUL; false, and full, when that passes the maximum. */
static bool make_room(struct buf *b, size_t more)
{
    if (b->is_full || more > b->max_bytes - b->len) {
        b->is_full = true;
        return false;
    }
    size_t need = b->len + more;
    if (need < b->cap)
        return true;
    size_t cap = b->cap < FIRST_CAP_BYTES / 2 ? FIRST_CAP_BYTES : b->cap * 2;
    if (cap <= need)
        cap = need + 1;
    if (cap - 1 > b->max_bytes)
        cap = b->max_bytes + 1;
    b->data = mem_grow(b->data, cap, 1);
    b->cap = cap;
    return true;
}

bool buf_put(struct buf *b, const void *bytes, size_t len)
{
    if (!make_room(b, len))
        return false;
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_puts(struct buf *b, const char *text)
{
    return buf_put(b, text, strlen(text));
}

bool buf_putc(struct buf *b, char c)
{
    return buf_put(b, &c, 1);
}

bool buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool is_put = buf_vprintf(b, format, args);
    va_end(args);
    return is_put;
}

bool buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    bool is_put = len >= 0 && make_room(b, (size_t)len);
    if (is_put) {
        vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    return is_put;
}

bool buf_put_escaped(struct buf *b, const char *text, const char *plain)
{
    bool is_put = true;

    for (const char *at = text; *at != '\0'; at++) {
        const char c = *at;
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || strchr(plain, c) != NULL;
        is_put = is_plain ? buf_putc(b, c) : buf_printf(b, "%%%02X", (unsigned)(unsigned char)c);
    }
    return is_put;
}

void buf_drop(struct buf *b, size_t len)
{
    if (len > b->len)
        len = b->len;
    if (len == 0)
        return;
    memmove(b->data, b->data + len, b->len - len + 1);
    b->len -= len;
}

const char *buf_text(const struct buf *b)
{
    return b->data == NULL ? "" : b->data;
}

char *buf_take(struct buf *b)
{
    char *data = b->data == NULL ? mem_dup("") : b->data;

    buf_init(b, b->max_bytes);
    return data;
}
