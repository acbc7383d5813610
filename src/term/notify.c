#include "callhud/term/notify.h"

#include "callhud/base/utf8.h"

#include <string.h>

void notify_title(struct buf *out, const char *title, bool is_ascii)
{
    struct buf clean;
    struct utf8_grapheme g;

    buf_init(&clean, NOTIFY_TITLE_CHARS * 4 + 1);
    utf8_clean(&clean, title, strlen(title), NOTIFY_TITLE_CHARS);
    buf_puts(out, "\x1b]0;");
    for (size_t at = 0; at < clean.len;) {
        at += utf8_next_grapheme(clean.data + at, clean.len - at, is_ascii, &g);
        buf_puts(out, g.text);
    }
    buf_puts(out, "\a");
    buf_fini(&clean);
}

static void put_base64(struct buf *out, const unsigned char *in, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        unsigned long bits = (unsigned long)in[i] << 16;
        if (i + 1 < len)
            bits |= (unsigned long)in[i + 1] << 8;
        if (i + 2 < len)
            bits |= in[i + 2];
        buf_putc(out, digits[bits >> 18]);
        buf_putc(out, digits[bits >> 12 & 63]);
        buf_putc(out, i + 1 < len ? digits[bits >> 6 & 63] : '=');
        buf_putc(out, i + 2 < len ? digits[bits & 63] : '=');
    }
}

bool notify_copy(struct buf *out, const char *text, bool is_tmux)
{
    size_t len = strlen(text);

    if (len > NOTIFY_COPY_BYTES)
        return false;
    /* tmux takes the first when set-clipboard is on, hands the second on when allow-passthrough is;
     * it ignores what it is not set to. */
    buf_puts(out, "\x1b]52;c;");
    put_base64(out, (const unsigned char *)text, len);
    buf_puts(out, "\a");
    if (is_tmux) {
        buf_puts(out, "\x1bPtmux;\x1b\x1b]52;c;");
        put_base64(out, (const unsigned char *)text, len);
        buf_puts(out, "\a\x1b\\");
    }
    return true;
}
