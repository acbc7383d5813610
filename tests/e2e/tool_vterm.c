/* tool_vterm ROWS COLS [OFFSET:ROWSxCOLS...] <bytes: what a terminal shows after these bytes, as
 * one JSON object on standard output: title, titles, bells, alternate, visible, cursor, and rows as
 * lists of cells. A cell is its text, " " when blank, "" for the right half of a wide character.
 * OFFSET:ROWSxCOLS resizes the terminal before the byte at that offset. */
#include "callhud/base/buf.h"
#include "callhud/base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vterm.h>

#define BYTES_MAX ((size_t)256 * 1024 * 1024)

struct seen {
    char title[4096];
    unsigned titles, bells;
    bool is_alternate, is_cursor_visible;
    int row, col;
};

static int on_cursor(VTermPos pos, VTermPos old, int is_visible, void *self)
{
    struct seen *seen = self;
    (void)old;
    (void)is_visible;
    seen->row = pos.row;
    seen->col = pos.col;
    return 1;
}

static int on_prop(VTermProp prop, VTermValue *value, void *self)
{
    struct seen *seen = self;
    if (prop == VTERM_PROP_CURSORVISIBLE) {
        seen->is_cursor_visible = value->boolean;
    } else if (prop == VTERM_PROP_ALTSCREEN) {
        seen->is_alternate = value->boolean;
    } else if (prop == VTERM_PROP_TITLE) {
        snprintf(seen->title, sizeof seen->title, "%s", value->string);
        seen->titles++;
    }
    return 1;
}

static int on_bell(void *self)
{
    struct seen *seen = self;
    seen->bells++;
    return 1;
}

static void put_string(const char *text)
{
    putchar('"');
    for (const char *s = text; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 0x20 || *s == 0x7f)
            printf("\\u%04x", (unsigned)(unsigned char)*s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void put_cell(const VTermScreenCell *cell)
{
    char text[VTERM_MAX_CHARS_PER_CELL * 4 + 1];
    char *end = text;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i] != 0; i++)
        if (cell->chars[0] != (uint32_t)-1)
            end += utf8_encode(cell->chars[i], end);
    *end = '\0';
    put_string(cell->chars[0] == (uint32_t)-1 ? "" : text[0] ? text : " ");
}

static void put_screen(VTerm *vt, const struct seen *seen)
{
    int rows, cols;
    vterm_get_size(vt, &rows, &cols);
    printf("{\"title\":");
    put_string(seen->title);
    printf(
        ",\"titles\":%u,\"bells\":%u,\"alternate\":%s,\"visible\":%s,\"cursor\":[%d,%d],\"rows\":[",
        seen->titles, seen->bells, seen->is_alternate ? "true" : "false",
        seen->is_cursor_visible ? "true" : "false", seen->row, seen->col);
    for (int row = 0; row < rows; row++) {
        printf("%s[", row ? "," : "");
        for (int col = 0; col < cols; col++) {
            VTermScreenCell cell;
            vterm_screen_get_cell(vterm_obtain_screen(vt), (VTermPos){row, col}, &cell);
            if (col)
                putchar(',');
            put_cell(&cell);
        }
        putchar(']');
    }
    printf("]}\n");
}

static void read_all(struct buf *bytes)
{
    char some[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, some, sizeof some)) > 0)
        buf_put(bytes, some, (size_t)n);
}

static int number(const char *text)
{
    long n = strtol(text, NULL, 10);
    return n < 1 ? 1 : n > 1000 ? 1000 : (int)n;
}

int main(int argc, char **argv)
{
    static const VTermScreenCallbacks callbacks = {
        .movecursor = on_cursor, .settermprop = on_prop, .bell = on_bell};
    struct seen seen = {.is_cursor_visible = true};
    struct buf bytes;
    if (argc < 3) {
        fprintf(stderr, "usage: tool_vterm ROWS COLS [OFFSET:ROWSxCOLS...] <BYTES\n");
        return 2;
    }
    buf_init(&bytes, BYTES_MAX);
    read_all(&bytes);
    VTerm *vt = vterm_new(number(argv[1]), number(argv[2]));
    vterm_set_utf8(vt, 1);
    VTermScreen *screen = vterm_obtain_screen(vt);
    vterm_screen_set_callbacks(screen, &callbacks, &seen);
    vterm_screen_enable_altscreen(screen, 1);
    vterm_screen_reset(screen, 1);
    size_t at = 0;
    for (int i = 3; i < argc; i++) {
        unsigned long offset;
        int rows, cols;
        if (sscanf(argv[i], "%lu:%dx%d", &offset, &rows, &cols) != 3 || offset < at ||
            offset > bytes.len)
            continue;
        vterm_input_write(vt, bytes.data + at, offset - at);
        vterm_set_size(vt, rows, cols);
        at = offset;
    }
    if (bytes.len > at)
        vterm_input_write(vt, bytes.data + at, bytes.len - at);
    vterm_screen_flush_damage(screen);
    put_screen(vt, &seen);
    vterm_free(vt);
    buf_fini(&bytes);
    return 0;
}
