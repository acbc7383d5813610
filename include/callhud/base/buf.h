/* A growing byte buffer that is born with its maximum. */
#ifndef CALLHUD_BASE_BUF_H
#define CALLHUD_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* data is always NUL-terminated at data[len] once something was put; NULL before. Once an append
 * would pass max_bytes it is refused whole, is_full stays set, and later appends are refused too. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool is_full;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* keeps the memory, clears is_full */
bool buf_put(struct buf *b, const void *bytes, size_t len);
bool buf_puts(struct buf *b, const char *text);
bool buf_putc(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Letters and digits of ASCII and what stands in `plain` as they are, all else as %XX: for paths of
 * URLs (plain "-_.~") and names of files ("-_."). */
bool buf_put_escaped(struct buf *b, const char *text, const char *plain);
void buf_drop(struct buf *b, size_t len);  /* removes len bytes at the front */
const char *buf_text(const struct buf *b); /* never NULL */
char *buf_take(struct buf *b);             /* hands the memory to the caller (mem_free) */

#endif
