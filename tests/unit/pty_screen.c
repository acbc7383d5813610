#include "pty_screen.h"

#include "callhud/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

static int on_cursor(VTermPos pos, VTermPos old, int is_visible, void *self)
{
    struct pty_screen *p = self;
    (void)old;
    (void)is_visible;
    p->cursor_row = pos.row;
    p->cursor_col = pos.col;
    return 1;
}

static int on_prop(VTermProp prop, VTermValue *value, void *self)
{
    struct pty_screen *p = self;

    if (prop == VTERM_PROP_CURSORVISIBLE)
        p->is_cursor_visible = value->boolean;
    else if (prop == VTERM_PROP_ALTSCREEN)
        p->is_alternate = value->boolean;
    else if (prop == VTERM_PROP_MOUSE)
        p->mouse = value->number;
    else if (prop == VTERM_PROP_TITLE)
        snprintf(p->title, sizeof p->title, "%s", value->string);
    return 1;
}

static int on_bell(void *self)
{
    struct pty_screen *p = self;
    p->bells++;
    return 1;
}

static void on_answer(const char *s, size_t len, void *self)
{
    struct pty_screen *p = self;
    buf_put(&p->answers, s, len);
}

static const VTermScreenCallbacks callbacks = {
    .movecursor = on_cursor, .settermprop = on_prop, .bell = on_bell};

void pty_open_apart(struct pty_screen *p, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    memset(p, 0, sizeof *p);
    p->saved[0] = p->saved[1] = -1;
    buf_init(&p->answers, 1 << 16);
    buf_init(&p->raw, 1 << 26);
    assert_int_equal(openpty(&p->master, &p->slave, NULL, NULL, &size), 0);
    fcntl(p->master, F_SETFL, O_NONBLOCK);
    fcntl(p->master, F_SETFD, FD_CLOEXEC);
    tcgetattr(p->slave, &p->before);
    p->vt = vterm_new(rows, cols);
    vterm_set_utf8(p->vt, 1);
    vterm_output_set_callback(p->vt, on_answer, p);
    p->screen = vterm_obtain_screen(p->vt);
    vterm_screen_set_callbacks(p->screen, &callbacks, p);
    vterm_screen_enable_altscreen(p->screen, 1);
    vterm_screen_reset(p->screen, 1);
}

void pty_open(struct pty_screen *p, int rows, int cols, const char *term)
{
    pty_open_apart(p, rows, cols);
    fflush(stdout);
    for (int fd = 0; fd < 2; fd++) {
        p->saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        dup2(p->slave, fd);
        p->flags_before[fd] = fcntl(fd, F_GETFL);
    }
    setenv("TERM", term, 1);
    unsetenv("COLORTERM");
    unsetenv("TMUX");
}

void pty_close(struct pty_screen *p)
{
    fflush(stdout);
    for (int fd = 0; fd < 2; fd++) {
        if (p->saved[fd] >= 0) {
            dup2(p->saved[fd], fd);
            close(p->saved[fd]);
        }
    }
    if (p->master >= 0)
        close(p->master);
    if (p->slave >= 0)
        close(p->slave);
    vterm_free(p->vt);
    buf_fini(&p->answers);
    buf_fini(&p->raw);
}

/* libvterm loses a character whose bytes come in two writes: the begun one is held back. */
static size_t whole_bytes(const char *s, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)s[len - back];
        if (c < 0x80)
            return len;
        if (c >= 0xC0)
            return (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u) > back ? len - back : len;
    }
    return len;
}

size_t pty_read(struct pty_screen *p)
{
    char bytes[16384];
    size_t total = 0;
    ssize_t n;

    memcpy(bytes, p->held, p->held_len);
    while ((n = read(p->master, bytes + p->held_len, sizeof bytes - p->held_len)) > 0) {
        size_t len = p->held_len + (size_t)n, whole = whole_bytes(bytes, len);
        total += (size_t)n;
        buf_put(&p->raw, bytes + p->held_len, (size_t)n);
        vterm_input_write(p->vt, bytes, whole);
        p->held_len = len - whole;
        memmove(bytes, bytes + whole, p->held_len);
        memcpy(p->held, bytes, p->held_len);
        if (p->is_answering && p->answers.len > 0) {
            pty_type(p, p->answers.data, p->answers.len);
            buf_reset(&p->answers);
        }
    }
    vterm_screen_flush_damage(p->screen);
    return total;
}

void pty_forget(struct pty_screen *p)
{
    buf_reset(&p->raw);
}

void pty_type(struct pty_screen *p, const char *bytes, size_t len)
{
    assert_int_equal(write(p->master, bytes, len), (ssize_t)len);
}

void pty_resize(struct pty_screen *p, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    vterm_set_size(p->vt, rows, cols);
    ioctl(p->master, TIOCSWINSZ, &size);
}

static void cell_text(const VTermScreenCell *cell, char *out)
{
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i] != 0; i++)
        out += utf8_encode(cell->chars[i], out);
    *out = '\0';
}

const char *pty_row(struct pty_screen *p, int row)
{
    static char text[8192];
    size_t len = 0;
    int rows, cols;

    vterm_get_size(p->vt, &rows, &cols);
    for (int col = 0; col < cols; col++) {
        VTermScreenCell cell;
        char one[VTERM_MAX_CHARS_PER_CELL * 4 + 1];
        vterm_screen_get_cell(p->screen, (VTermPos){row, col}, &cell);
        if (cell.chars[0] == (uint32_t)-1)
            continue;
        cell_text(&cell, one);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", one[0] ? one : " ");
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    text[len] = '\0';
    return text;
}

static void expect_colour(const VTermColor *got, const struct colour *want, int row, int col)
{
    bool is_good = false;

    if (want->kind == COLOUR_DEFAULT)
        is_good = VTERM_COLOR_IS_DEFAULT_FG(got) || VTERM_COLOR_IS_DEFAULT_BG(got);
    else if (want->kind == COLOUR_INDEX)
        is_good = VTERM_COLOR_IS_INDEXED(got) && got->indexed.idx == want->index;
    else
        is_good = VTERM_COLOR_IS_RGB(got) && got->rgb.red == want->r && got->rgb.green == want->g &&
                  got->rgb.blue == want->b;
    if (!is_good)
        fail_msg("row %d col %d: wrong colour (type %d index %d), wanted kind %d %d/%d,%d,%d", row,
                 col, got->type, got->indexed.idx, (int)want->kind, want->index, want->r, want->g,
                 want->b);
}

static void expect_cell(struct pty_screen *p, const struct cell *want, const struct theme *theme,
                        int row, int col)
{
    VTermScreenCell got;
    char text[VTERM_MAX_CHARS_PER_CELL * 4 + 1];
    bool is_blank = strcmp(want->text, " ") == 0;
    unsigned attrs = want->style.attrs;

    vterm_screen_get_cell(p->screen, (VTermPos){row, col}, &got);
    if (want->width == 0) {
        assert_true(got.chars[0] == (uint32_t)-1);
        return;
    }
    if (theme != NULL)
        attrs |= theme->roles[want->style.role].attrs;
    cell_text(&got, text);
    if (strcmp(text[0] ? text : " ", want->text) != 0 || got.width != want->width)
        fail_msg("row %d col %d shows \"%s\" (width %d), wanted \"%s\" (%d)\nrow: %s", row, col,
                 text, got.width, want->text, want->width, pty_row(p, row));
    if (p->is_text_only)
        return;
    if (!got.attrs.reverse != !(attrs & ATTR_REVERSE) ||
        !got.attrs.underline != !(attrs & ATTR_UNDERLINE) ||
        (!is_blank && !got.attrs.bold != !(attrs & ATTR_BOLD)))
        fail_msg("row %d col %d \"%s\": reverse %d underline %d bold %d, wanted attributes %u", row,
                 col, text, got.attrs.reverse, got.attrs.underline, got.attrs.bold, attrs);
    if (theme == NULL)
        return;
    if (!is_blank || (attrs & (ATTR_REVERSE | ATTR_UNDERLINE)))
        expect_colour(&got.fg, &theme->roles[want->style.role].fg, row, col);
    expect_colour(&got.bg, &theme->roles[want->style.role].bg, row, col);
}

void pty_expect(struct pty_screen *p, const struct canvas *canvas, const struct theme *theme)
{
    for (int row = 0; row < canvas->rows; row++)
        for (int col = 0; col < canvas->cols; col++)
            expect_cell(p, canvas_at(canvas, row, col), theme, row, col);
    assert_int_equal(p->cursor_row, canvas->cursor_row);
    assert_int_equal(p->cursor_col, canvas->cursor_col);
    if (strcmp(getenv("TERM"), "vt100") != 0) /* cannot hide it */
        assert_int_equal(p->is_cursor_visible, canvas->is_cursor_visible);
}
