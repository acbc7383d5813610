/* The key decoder: any bytes, cut anywhere, with any time between. */
#include "callhud/base/utf8.h"
#include "callhud/term/input.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "C.UTF-8");
    return 0;
}

static void on_key(void *self, const struct key *key)
{
    size_t *keys = self;

    (*keys)++;
    if (key->code == 0 || key->code > KEY_CODE_FOCUS_OUT)
        abort();
    if (key->code > 0x10FFFF && key->code <= KEY_CODE_BASE)
        abort();
    if (key->code < ' ' || (key->code >= 0x7f && key->code < 0xa0))
        abort();
    if (key->code == KEY_CODE_MOUSE && (key->row < 0 || key->col < 0))
        abort();
    if (key->code != KEY_CODE_PASTE)
        return;
    if (key->text == NULL || key->text_len > INPUT_PASTE_BYTES ||
        strlen(key->text) != key->text_len || !utf8_is_valid(key->text, key->text_len))
        abort();
    for (size_t i = 0; i < key->text_len; i++)
        if ((unsigned char)key->text[i] < ' ' || key->text[i] == 0x7f)
            abort();
}

static void on_cursor_at(void *self, int row, int col)
{
    (void)self;
    if (row < 1 || col < 1)
        abort();
}

/* The first byte chooses switches; then pieces: a length, a wait in units of 10 ms, the bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct input in;
    size_t keys = 0, at = 1;
    int64_t now_ms = 1;

    if (size < 1)
        return 0;
    input_init(&in, &(struct input_handler){on_key, on_cursor_at, &keys});
    in.is_mouse = data[0] & 1;
    in.is_backspace_ctrl_h = data[0] & 2;
    if (data[0] & 4)
        input_add(&in, "\x1b[57z", &(struct key){.code = KEY_CODE_F11});
    while (at + 2 <= size) {
        size_t len = data[at] % 32;
        now_ms += data[at + 1] * 10;
        at += 2;
        if (len > size - at)
            len = size - at;
        if (input_wait_ms(&in, now_ms) == 0)
            input_timeout(&in, now_ms);
        input_feed(&in, (const char *)data + at, len, now_ms);
        at += len;
    }
    while (input_wait_ms(&in, now_ms) >= 0) {
        now_ms += 10000;
        input_timeout(&in, now_ms);
        if (input_wait_ms(&in, now_ms) == 0)
            abort(); /* time has passed and something still waits */
    }
    if (keys > size + 1)
        abort();
    input_fini(&in);
    return 0;
}
