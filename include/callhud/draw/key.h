/* Keys as the terminal reports them and as people write them. Shared by term (which makes them) and
 * ui (which binds them). */
#ifndef CALLHUD_DRAW_KEY_H
#define CALLHUD_DRAW_KEY_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enum, name in configuration and help) */
#define KEY_LIST(X)                                                                                \
    X(KEY_CODE_UP, "Up") X(KEY_CODE_DOWN, "Down") X(KEY_CODE_LEFT, "Left")                         \
    X(KEY_CODE_RIGHT, "Right") X(KEY_CODE_PAGE_UP, "PgUp") X(KEY_CODE_PAGE_DOWN, "PgDn")           \
    X(KEY_CODE_HOME, "Home") X(KEY_CODE_END, "End") X(KEY_CODE_INSERT, "Ins")                      \
    X(KEY_CODE_DELETE, "Del") X(KEY_CODE_ENTER, "Enter") X(KEY_CODE_ESCAPE, "Esc")                 \
    X(KEY_CODE_TAB, "Tab") X(KEY_CODE_BACK_TAB, "S-Tab") X(KEY_CODE_BACKSPACE, "BS")               \
    X(KEY_CODE_F1, "F1") X(KEY_CODE_F2, "F2") X(KEY_CODE_F3, "F3") X(KEY_CODE_F4, "F4")            \
    X(KEY_CODE_F5, "F5") X(KEY_CODE_F6, "F6") X(KEY_CODE_F7, "F7") X(KEY_CODE_F8, "F8")            \
    X(KEY_CODE_F9, "F9") X(KEY_CODE_F10, "F10") X(KEY_CODE_F11, "F11") X(KEY_CODE_F12, "F12")      \
    X(KEY_CODE_MOUSE, "Mouse") X(KEY_CODE_PASTE, "Paste") X(KEY_CODE_FOCUS_IN, "FocusIn")          \
    X(KEY_CODE_FOCUS_OUT, "FocusOut")

enum key_code {
    KEY_CODE_BASE = 0x200000, /* above every character */
#define KEY_ENUM(name, text) name,
    KEY_LIST(KEY_ENUM)
#undef KEY_ENUM
};

enum key_mouse { MOUSE_PRESS, MOUSE_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct key {
    uint32_t code;  /* a Unicode character (Ctrl-a is 'a' with is_ctrl) or enum key_code; 0: none */
    bool is_ctrl, is_alt;
    enum key_mouse mouse; /* KEY_CODE_MOUSE */
    int row, col;         /* KEY_CODE_MOUSE, from 0 */
    const char *text;     /* KEY_CODE_PASTE: the pasted text, UTF-8, borrowed, at most 64 kB */
    size_t text_len;
};

/* "a" "G" "Ctrl-d" "Alt-1" "F5" "Space" "Enter" ...; a chord is keys with blanks between or plain
 * characters run together ("gg"). Writes at most max keys. */
enum rc key_parse(const char *text, struct key *out, size_t max, size_t *count, struct err *err);
bool key_equal(const struct key *a, const struct key *b); /* code and modifiers */
void key_text(const struct key *key, char *out, size_t size);

#endif
