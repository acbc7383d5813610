#include "callhud/term/input.h"

#include "callhud/base/utf8.h"

#include <string.h>

#define ESC 0x1b
#define SS3_MS 100       /* ESC O may be Alt-O or the start of a function key */
#define SEQUENCE_MS 1000 /* a begun sequence that never ends is dropped */
#define SILENT_MS 2000   /* a paste or string without its end */
#define LATE_MS 1000     /* the rest of a sequence whose ESC was already taken for the key */
#define DOUBLE_MS 300
#define PARAMS_MAX 4

void input_init(struct input *in, const struct input_handler *handler)
{
    memset(in, 0, sizeof *in);
    in->handler = *handler;
    buf_init(&in->paste, INPUT_PASTE_BYTES);
}

void input_fini(struct input *in)
{
    buf_fini(&in->paste);
}

void input_add(struct input *in, const char *bytes, const struct key *key)
{
    size_t len = strlen(bytes);
    struct input_extra *extra;

    if (in->extra_len == INPUT_EXTRA_MAX || len < 2 || len > sizeof in->extra[0].bytes ||
        bytes[0] != ESC)
        return;
    extra = &in->extra[in->extra_len++];
    memcpy(extra->bytes, bytes, len);
    extra->len = (uint8_t)len;
    extra->key = *key;
}

static void emit(struct input *in, struct key key)
{
    in->handler.key(in->handler.self, &key);
}

/* --- one character ---------------------------------------------------------------------------- */

/* A number that may stand for a character: no C1 control, no surrogate, no private use (where
 * some terminals have keys of their own). */
static bool is_char(unsigned c)
{
    return c > 0 && (c < 0x80 || c >= 0xA0) && (c < 0xD800 || c > 0xF8FF) && c <= 0x10FFFF;
}

static struct key key_of_char(const struct input *in, uint32_t c)
{
    struct key key = {.code = c};

    switch (c) {
    case 0:
        key.code = ' ';
        key.is_ctrl = true;
        break;
    case '\t': key.code = KEY_CODE_TAB; break;
    case '\r': key.code = KEY_CODE_ENTER; break;
    case ESC: key.code = KEY_CODE_ESCAPE; break;
    case 0x7f: key.code = KEY_CODE_BACKSPACE; break;
    case '\b':
        if (in->is_backspace_ctrl_h) {
            key.code = KEY_CODE_BACKSPACE;
            break;
        }
        /* fall through */
    default:
        if (c < ' ') {
            key.code = c < ESC ? c + 'a' - 1 : c + '@';
            key.is_ctrl = true;
        }
        break;
    }
    return key;
}

/* --- tables of sequences ---------------------------------------------------------------------- */

/* CSI number ~ (VT220, xterm, rxvt, linux). */
static uint32_t code_of_number(unsigned number)
{
    switch (number) {
    case 1:
    case 7: return KEY_CODE_HOME;
    case 2: return KEY_CODE_INSERT;
    case 3: return KEY_CODE_DELETE;
    case 4:
    case 8: return KEY_CODE_END;
    case 5: return KEY_CODE_PAGE_UP;
    case 6: return KEY_CODE_PAGE_DOWN;
    case 11:
    case 12:
    case 13:
    case 14:
    case 15: return KEY_CODE_F1 + number - 11;
    case 17:
    case 18:
    case 19:
    case 20:
    case 21: return KEY_CODE_F6 + number - 17;
    case 23:
    case 24: return KEY_CODE_F11 + number - 23;
    default: return 0;
    }
}

/* The last byte of CSI ... X and SS3 X. */
static uint32_t code_of_final(unsigned char final)
{
    switch (final) {
    case 'A': return KEY_CODE_UP;
    case 'B': return KEY_CODE_DOWN;
    case 'C': return KEY_CODE_RIGHT;
    case 'D': return KEY_CODE_LEFT;
    case 'F': return KEY_CODE_END;
    case 'H': return KEY_CODE_HOME;
    case 'P':
    case 'Q':
    case 'R':
    case 'S': return KEY_CODE_F1 + final - 'P';
    case 'Z': return KEY_CODE_BACK_TAB;
    case 'M': return KEY_CODE_ENTER; /* SS3: the keypad's */
    default: return 0;
    }
}

/* xterm: 1 + (1 Shift, 2 Alt, 4 Ctrl, 8 Meta). */
static void set_modifiers(struct key *key, unsigned modifiers)
{
    unsigned bits = modifiers > 0 && modifiers <= 16 ? modifiers - 1 : 0;

    key->is_alt = (bits & 10u) != 0;
    key->is_ctrl = (bits & 4u) != 0;
    if (key->code == KEY_CODE_TAB && (bits & 1u))
        key->code = KEY_CODE_BACK_TAB;
}

static void emit_mouse(struct input *in, unsigned button, unsigned col, unsigned row,
                       bool is_release, int64_t now_ms)
{
    struct key key = {.code = KEY_CODE_MOUSE, .row = (int)row - 1, .col = (int)col - 1};

    key.is_alt = (button & 8u) != 0;
    key.is_ctrl = (button & 16u) != 0;
    button &= ~28u;
    if (!in->is_mouse || row < 1 || col < 1 || row > 10000 || col > 10000 || is_release)
        return;
    if (button == 64 || button == 65) {
        key.mouse = button == 64 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
    } else if (button == 0) {
        bool is_double = in->press_ms != 0 && now_ms - in->press_ms <= DOUBLE_MS &&
                         in->press_row == key.row && in->press_col == key.col;
        key.mouse = is_double ? MOUSE_DOUBLE : MOUSE_PRESS;
        in->press_ms = is_double ? 0 : now_ms;
        in->press_row = key.row;
        in->press_col = key.col;
    } else {
        return;
    }
    emit(in, key);
}

/* --- sequences -------------------------------------------------------------------------------- */

struct sequence {
    char private_mark; /* < = > ? or 0 */
    unsigned params[PARAMS_MAX];
    size_t count;
    unsigned char final;
};

static void read_params(struct sequence *out, const unsigned char *s, size_t len)
{
    *out = (struct sequence){.final = s[len - 1]};
    size_t i = 0;
    if (len > 1 && s[0] >= '<' && s[0] <= '?')
        out->private_mark = (char)s[i++];
    for (; i < len - 1; i++) {
        if (s[i] >= '0' && s[i] <= '9') {
            if (out->count == 0)
                out->count = 1;
            unsigned *p = &out->params[out->count - 1];
            *p = *p < 1000000 ? *p * 10 + (s[i] - '0') : *p;
        } else if (s[i] == ';') {
            if (out->count == 0)
                out->count = 1;
            if (out->count == PARAMS_MAX)
                break;
            out->count++;
        } else if (s[i] == ':') { /* sub-parameters say nothing we use */
            while (i + 1 < len - 1 && s[i + 1] != ';')
                i++;
        }
    }
}

static void set_mode(struct input *in, enum input_mode mode)
{
    in->mode = mode;
    in->end_match = 0;
    in->is_paste_cr = false;
    buf_reset(&in->paste);
}

static void csi_tilde(struct input *in, const struct sequence *s, bool is_alt)
{
    struct key key = {.code = 0};

    if (s->params[0] == 200) {
        set_mode(in, INPUT_PASTE);
        return;
    }
    if (s->params[0] == 27 && s->count >= 3 && is_char(s->params[2])) /* xterm's modifyOtherKeys */
        key = key_of_char(in, s->params[2]);
    else
        key.code = code_of_number(s->params[0]);
    if (key.code == 0)
        return;
    set_modifiers(&key, s->count >= 2 ? s->params[1] : 0);
    key.is_alt |= is_alt;
    emit(in, key);
}

/* s[len] is what stands after ESC [; its last byte is the final one. */
static void csi(struct input *in, const unsigned char *bytes, size_t len, bool is_alt,
                int64_t now_ms)
{
    struct sequence s;
    struct key key = {.code = 0};

    read_params(&s, bytes, len);
    if (s.private_mark == '<' && (s.final == 'M' || s.final == 'm')) {
        if (s.count >= 3)
            emit_mouse(in, s.params[0], s.params[1], s.params[2], s.final == 'm', now_ms);
        return;
    }
    if (s.private_mark != 0)
        return;
    switch (s.final) {
    case '~': csi_tilde(in, &s, is_alt); return;
    case 'I':
    case 'O':
        if (s.count == 0)
            emit(in, (struct key){.code = s.final == 'I' ? KEY_CODE_FOCUS_IN : KEY_CODE_FOCUS_OUT});
        return;
    case 'R':
        /* A modified F3 is 1;M R. The question is asked from the second row, so that no answer to
         * it looks like that, also a late one. */
        if (s.count >= 2 && s.params[0] != 1) {
            if (in->handler.cursor_at != NULL && s.params[0] > 0 && s.params[0] < 10000 &&
                s.params[1] > 0 && s.params[1] < 10000)
                in->handler.cursor_at(in->handler.self, (int)s.params[0], (int)s.params[1]);
            return;
        }
        break;
    case 'u':
        if (s.count >= 1 && is_char(s.params[0]))
            key = key_of_char(in, s.params[0]);
        break;
    case 'M': return; /* X10 mouse is taken before */
    default: break;
    }
    if (key.code == 0)
        key.code = s.final == 'u' ? 0 : code_of_final(s.final);
    if (key.code == 0)
        return;
    bool was_ctrl = key.is_ctrl;
    set_modifiers(&key, s.count >= 2 ? s.params[1] : 0);
    key.is_ctrl |= was_ctrl;
    key.is_alt |= is_alt;
    emit(in, key);
}

static void ss3(struct input *in, unsigned char final, bool is_alt)
{
    struct key key = {.code = code_of_final(final), .is_alt = is_alt};

    if (key.code == 0 && final >= 'j' && final <= 'y') /* the keypad in application mode */
        key.code = (uint32_t)(final - 'j' + '*');
    if (final >= 'a' && final <= 'd') { /* rxvt: Ctrl and an arrow */
        key.code = code_of_final((unsigned char)(final - 'a' + 'A'));
        key.is_ctrl = true;
    }
    if (key.code != 0)
        emit(in, key);
}

/* --- the pending bytes ------------------------------------------------------------------------ */

/* What the bytes at the start of pending are: their length when complete (and done with), 0 when
 * more is needed. */
static size_t take_extra(struct input *in, const unsigned char *s, size_t len, bool *is_prefix)
{
    *is_prefix = false;
    for (size_t i = 0; i < in->extra_len; i++) {
        const struct input_extra *extra = &in->extra[i];
        size_t n = len < extra->len ? len : extra->len;
        if (memcmp(extra->bytes, s, n) != 0)
            continue;
        if (n == extra->len) {
            emit(in, extra->key);
            return n;
        }
        *is_prefix = len > 2; /* ESC alone and ESC [ are waited for in any case */
    }
    return 0;
}

/* from: bytes before the [ */
static size_t take_csi(struct input *in, const unsigned char *s, size_t len, size_t from,
                       bool is_alt, int64_t now_ms)
{
    size_t at = from + 1;

    if (at == len)
        return 0;
    if (s[at] == 'M') { /* X10 mouse: three bytes, each plus 32 */
        if (len < at + 4)
            return 0;
        emit_mouse(in, s[at + 1] - 32u, s[at + 2] - 32u, s[at + 3] - 32u,
                   ((s[at + 1] - 32u) & 67u) == 3, now_ms);
        return at + 4;
    }
    if (s[at] == '[') { /* linux: F1-F5 are ESC [ [ A-E */
        if (len < at + 2)
            return 0;
        if (s[at + 1] >= 'A' && s[at + 1] <= 'E')
            emit(in, (struct key){.code = KEY_CODE_F1 + s[at + 1] - 'A', .is_alt = is_alt});
        return at + 2;
    }
    for (; at < len; at++) {
        if (s[at] >= 0x40 && s[at] <= 0x7e) {
            csi(in, s + from + 1, at - from, is_alt, now_ms);
            return at + 1;
        }
        if (s[at] == '$' && at > from + 1) { /* rxvt: Shift and a key; a final byte there */
            return at + 1;
        }
        if (s[at] < 0x20 || s[at] > 0x3f)
            return at; /* broken off: what is there is dropped, this byte starts anew */
    }
    if (len == INPUT_PENDING_BYTES) {
        set_mode(in, INPUT_SKIP_CSI);
        return len;
    }
    return 0;
}

static size_t take_char(struct input *in, const unsigned char *s, size_t len, bool is_alt)
{
    size_t used, want = s[0] < 0xC2 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 1;

    if (len < want) {
        bool is_good = true;
        for (size_t i = 1; i < len; i++)
            is_good &= (s[i] & 0xC0) == 0x80;
        if (is_good)
            return 0;
    }
    uint32_t c = utf8_decode((const char *)s, len, &used);
    if (c == UTF8_REPLACEMENT && used == 1)
        return 1; /* not a character: nobody typed it */
    if (c >= 0x80 && c < 0xA0)
        return used;
    struct key key = key_of_char(in, c);
    key.is_alt = is_alt;
    emit(in, key);
    return used;
}

/* is_more: bytes of the same read follow. */
static size_t take_escape(struct input *in, const unsigned char *s, size_t len, bool is_more,
                          int64_t now_ms)
{
    bool is_prefix;
    size_t from = 1, used = take_extra(in, s, len, &is_prefix);
    bool is_alt = false;

    if (used > 0)
        return used;
    if (is_prefix && len < sizeof in->extra[0].bytes)
        return 0;
    if (len > 1 && s[1] == ESC) { /* rxvt and others send Alt and a key so; else two Esc */
        if (len == 2)
            return 0;
        if (s[2] != '[' && s[2] != 'O') {
            emit(in, key_of_char(in, ESC));
            return 1;
        }
        is_alt = true;
        from = 2;
    }
    if (len == from)
        return 0;
    if (s[from] == '[')
        return take_csi(in, s, len, from, is_alt, now_ms);
    if (s[from] == 'O') {
        if (len == from + 1)
            return 0;
        if (s[from + 1] >= '1' && s[from + 1] <= '8' && len == from + 2)
            return 0; /* old xterm: SS3 modifier final */
        if (s[from + 1] >= '1' && s[from + 1] <= '8') {
            ss3(in, s[from + 2], is_alt);
            return from + 3;
        }
        if (s[from + 1] < '@' || s[from + 1] > 'y') { /* Alt-O, then something else */
            emit(in, (struct key){.code = 'O', .is_alt = true});
            return from + 1;
        }
        ss3(in, s[from + 1], is_alt);
        return from + 2;
    }
    /* Answers to questions that other programs asked are OSC and DCS strings; people who press
     * Alt-] or Alt-P do not type the next character in the same read. */
    if (s[from] == ']' || s[from] == 'P') {
        unsigned char c = len > from + 1 ? s[from + 1] : 0;
        if (len == from + 1 && is_more)
            return 0;
        if ((c >= '0' && c <= '9') || (s[from] == 'P' && (c == '>' || c == '!'))) {
            set_mode(in, INPUT_STRING);
            return from + 2;
        }
    }
    used = take_char(in, s + from, len - from, true);
    return used == 0 ? 0 : from + used;
}

/* --- pastes and strings ----------------------------------------------------------------------- */

static void end_paste(struct input *in)
{
    struct buf text;

    in->mode = INPUT_PLAIN;
    buf_init(&text, INPUT_PASTE_BYTES);
    utf8_clean(&text, buf_text(&in->paste), in->paste.len, INPUT_PASTE_BYTES);
    emit(in, (struct key){.code = KEY_CODE_PASTE, .text = buf_text(&text), .text_len = text.len});
    buf_fini(&text);
    buf_reset(&in->paste);
}

static void paste_byte(struct input *in, unsigned char c)
{
    bool was_cr = in->is_paste_cr;

    in->is_paste_cr = c == '\r';
    if (c == '\n' && was_cr)
        return;
    if (c == '\r' || c == '\n' || c == '\t')
        c = ' ';
    if (c >= ' ' && c != 0x7f)
        buf_putc(&in->paste, (char)c);
}

static void bulk_byte(struct input *in, unsigned char c)
{
    static const char end[] = "\x1b[201~";

    switch (in->mode) {
    case INPUT_PASTE:
        if (c == (unsigned char)end[in->end_match]) {
            if (++in->end_match == sizeof end - 1)
                end_paste(in);
            return;
        }
        for (size_t i = 0; i < in->end_match; i++)
            paste_byte(in, (unsigned char)end[i]);
        in->end_match = c == ESC ? 1 : 0;
        if (c != ESC)
            paste_byte(in, c);
        return;
    case INPUT_STRING:
        if (c == '\a' || (in->end_match == 1 && c == '\\'))
            in->mode = INPUT_PLAIN;
        in->end_match = c == ESC ? 1 : 0;
        return;
    case INPUT_SKIP_CSI:
        if (c >= 0x40 || c < 0x20)
            in->mode = INPUT_PLAIN;
        return;
    case INPUT_PLAIN: return;
    }
}

/* --- feeding ---------------------------------------------------------------------------------- */

static void take_pending(struct input *in, bool is_more, int64_t now_ms)
{
    size_t at = 0;

    while (at < in->pending_len && in->mode == INPUT_PLAIN) {
        const unsigned char *s = in->pending + at;
        size_t len = in->pending_len - at;
        size_t used =
            s[0] == ESC ? take_escape(in, s, len, is_more, now_ms) : take_char(in, s, len, false);
        if (used == 0)
            break;
        at += used;
        in->pending_since_ms = now_ms;
    }
    in->pending_len -= at;
    memmove(in->pending, in->pending + at, in->pending_len);
}

/* Did the rest of a sequence come late, in one piece, after its ESC was given out as a key? People
 * do not type that fast. */
static bool is_late_rest(const struct input *in, const unsigned char *s, size_t len, int64_t now_ms)
{
    size_t i = 1;

    if (in->escape_ms == 0 || now_ms - in->escape_ms > LATE_MS || in->pending_len > 0 ||
        in->mode != INPUT_PLAIN || len < 2)
        return false;
    if (s[0] == 'O')
        return len == 2 && code_of_final(s[1]) != 0;
    if (s[0] != '[')
        return false;
    while (i < len && s[i] >= 0x20 && s[i] <= 0x3f)
        i++;
    return i < len && s[i] >= 0x40 && s[i] <= 0x7e;
}

void input_feed(struct input *in, const char *bytes, size_t len, int64_t now_ms)
{
    const unsigned char *s = (const unsigned char *)bytes;

    if (len == 0)
        return;
    if (is_late_rest(in, s, len, now_ms))
        in->pending[in->pending_len++] = ESC;
    in->escape_ms = 0;
    /* Byte by byte, so that nothing is left in pending when a paste or string begins. */
    for (size_t i = 0; i < len; i++) {
        if (in->pending_len == 0 || in->mode != INPUT_PLAIN)
            in->pending_since_ms = now_ms;
        if (in->mode != INPUT_PLAIN) {
            bulk_byte(in, s[i]);
            continue;
        }
        if (in->pending_len == sizeof in->pending) /* not to be reached: sequences end before */
            in->pending_len = 0;
        in->pending[in->pending_len++] = s[i];
        take_pending(in, i + 1 < len, now_ms);
    }
}

int input_wait_ms(const struct input *in, int64_t now_ms)
{
    int64_t wait_ms;

    if (in->mode != INPUT_PLAIN)
        wait_ms = SILENT_MS;
    else if (in->pending_len == 0)
        return -1;
    else if (in->pending[0] != ESC)
        wait_ms = SEQUENCE_MS;
    else if (in->pending_len == 1 || (in->pending_len == 2 && in->pending[1] == ESC))
        wait_ms = INPUT_ESCAPE_MS;
    else if (in->pending_len == 2 && in->pending[1] == 'O')
        wait_ms = SS3_MS;
    else
        wait_ms = SEQUENCE_MS;
    wait_ms -= now_ms - in->pending_since_ms;
    return wait_ms > 0 ? (int)wait_ms : 0;
}

void input_timeout(struct input *in, int64_t now_ms)
{
    size_t len = in->pending_len;

    if (input_wait_ms(in, now_ms) != 0)
        return;
    if (in->mode == INPUT_PASTE) {
        end_paste(in);
        return;
    }
    if (in->mode != INPUT_PLAIN) {
        in->mode = INPUT_PLAIN;
        return;
    }
    in->pending_len = 0;
    if (in->pending[0] != ESC || len > 2)
        return;
    if (len == 2 && in->pending[1] == 'O') {
        emit(in, (struct key){.code = 'O', .is_alt = true});
    } else if (len == 1 || in->pending[1] == ESC) {
        in->escape_ms = now_ms;
        for (size_t i = 0; i < len; i++)
            emit(in, key_of_char(in, ESC));
    }
}
