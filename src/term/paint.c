#include "callhud/term/paint.h"

#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"
#include "callhud/term/curses_quiet.h"
#include "callhud/term/sgr.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#define INDEXES 256
#define GAP_MAX_CELLS 4 /* more blanks than these are left in no colour */

struct paint {
    SCREEN *screen;
    FILE *file;
    int memfd;
    int rows, cols;
    struct cell *last; /* what the terminal shows */
    int last_row, last_col;
    cchar_t *line;
    bool is_all;
    int spare_rows; /* see read_corner() */
    bool is_corner_blank;
    bool has_colors;
    short pairs[ROLE_COUNT];
    attr_t attrs[ROLE_COUNT];
    bool is_blank_role[ROLE_COUNT]; /* a blank in it looks like any blank */
    bool is_rgb[INDEXES];           /* this index stands for a colour of rgb[] */
    uint8_t rgb[INDEXES][3];
};

/* --- opening ---------------------------------------------------------------------------------- */

static void forget_output(struct paint *p)
{
    lseek(p->memfd, 0, SEEK_SET);
}

static void put_env(const char *name, const char *value)
{
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

/* newterm() takes signals that nobody handles; they are the program's. A memfd has no size and not
 * every entry has one either (linux), so the environment tells it, for this moment. */
static SCREEN *newterm_quiet(FILE *out)
{
    static const char *const size_names[] = {"LINES", "COLUMNS"};
    char *size_saved[2];
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGTSTP, SIGWINCH};
    struct sigaction saved[sizeof signals / sizeof signals[0]];
    SCREEN *screen;

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], NULL, &saved[i]);
    for (int i = 0; i < 2; i++) {
        size_saved[i] = mem_dup(getenv(size_names[i]));
        setenv(size_names[i], i == 0 ? "24" : "80", 1);
    }
    screen = newterm(NULL, out, stdin);
    for (int i = 0; i < 2; i++) {
        put_env(size_names[i], size_saved[i]);
        mem_free(size_saved[i]);
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &saved[i], NULL);
    return screen;
}

/* Where wrapping cannot be switched off (tmux), ncurses writes the last corner one column to the
 * left and inserts that column's character before it, which tears a wide one apart. Terminals that
 * wrap only with the next character need none of this: ncurses is told of one row more, so that the
 * corner is no corner to it. In others the corner stays blank. */
static void read_corner(struct paint *p)
{
    if (tigetstr("rmam") != NULL || tigetflag("am") != 1)
        return;
    if (tigetflag("xenl") == 1 && tigetstr("ll") == NULL)
        p->spare_rows = 1;
    else
        p->is_corner_blank = true;
}

enum rc paint_open(struct paint **out, struct err *err)
{
    struct paint *p = mem_zero(1, sizeof *p);

    p->memfd = memfd_create("frame", MFD_CLOEXEC);
    if (p->memfd >= 0)
        p->file = fdopen(p->memfd, "w");
    if (p->file == NULL) {
        int error = errno;
        if (p->memfd >= 0)
            close(p->memfd);
        mem_free(p);
        return err_set(err, RC_IO, "cannot make a buffer for the screen: %s", strerror(error));
    }
    p->screen = newterm_quiet(p->file);
    if (p->screen == NULL) {
        fclose(p->file);
        mem_free(p);
        return err_set(err, RC_IO, "ncurses cannot use this terminal; set TERM or try --plain");
    }
    set_escdelay(25);
    typeahead(-1); /* painting is not to look at the input */
    leaveok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    idlok(stdscr, FALSE);
    read_corner(p);
    if (has_colors() && start_color() == OK && use_default_colors() == OK)
        p->has_colors = true;
    /* Entering and leaving the alternate screen is done by term, which has to do it in signal
     * handlers too. curs_set() flushes what newterm() left; from here on ncurses holds the cursor
     * for hidden and says nothing about it. */
    curs_set(0);
    forget_output(p);
    *out = p;
    paint_resize(p, LINES, COLS);
    return RC_OK;
}

void paint_close(struct paint *p)
{
    endwin();
    delscreen(p->screen);
    fclose(p->file);
    mem_free(p->last);
    mem_free(p->line);
    mem_free(p);
}

void paint_resize(struct paint *p, int rows, int cols)
{
    rows = rows < 1 ? 1 : rows > 1000 ? 1000 : rows;
    cols = cols < 1 ? 1 : cols > 1000 ? 1000 : cols;
    if (rows + p->spare_rows != LINES || cols != COLS)
        resize_term(rows + p->spare_rows, cols);
    werase(stdscr); /* a row that just became a spare one still holds its text */
    p->rows = rows;
    p->cols = cols;
    mem_free(p->last);
    mem_free(p->line);
    p->last = mem_zero((size_t)rows * (size_t)cols, sizeof *p->last);
    p->line = mem_zero((size_t)cols + 1, sizeof *p->line);
    paint_all(p);
}

void paint_all(struct paint *p)
{
    p->is_all = true;
}

/* --- theme ------------------------------------------------------------------------------------ */

static int index_for_rgb(struct paint *p, const bool *is_taken, const struct colour *c)
{
    int free_index = -1;

    for (int i = INDEXES - 1; i >= 16; i--) {
        if (p->is_rgb[i] && p->rgb[i][0] == c->r && p->rgb[i][1] == c->g && p->rgb[i][2] == c->b)
            return i;
        if (!p->is_rgb[i] && !is_taken[i] && free_index < 0)
            free_index = i;
    }
    if (free_index < 0)
        return -1;
    p->is_rgb[free_index] = true;
    p->rgb[free_index][0] = c->r;
    p->rgb[free_index][1] = c->g;
    p->rgb[free_index][2] = c->b;
    return free_index;
}

/* ncurses' number of a colour: -1 is the default. */
static int color_number(struct paint *p, const struct caps *caps, const bool *is_taken,
                        const struct colour *c)
{
    if (c->kind == COLOUR_DEFAULT)
        return -1;
    if (caps->is_rgb_direct && (c->kind == COLOUR_RGB || c->index >= 8)) {
        uint8_t rgb[3];
        colour_rgb(c, rgb);
        int number = rgb[0] << 16 | rgb[1] << 8 | rgb[2];
        return number < 8 ? number == 0 ? 0 : 8 : number; /* below 8 they are the eight colours */
    }
    if (c->kind == COLOUR_RGB)
        return caps->is_rgb_by_index ? index_for_rgb(p, is_taken, c) : -1;
    return c->index < COLORS ? c->index : -1;
}

void paint_set_theme(struct paint *p, const struct theme *theme, const struct caps *caps)
{
    bool is_taken[INDEXES] = {false};
    bool is_mono = !p->has_colors || theme->is_mono || caps->told.depth == DEPTH_MONO;

    memset(p->is_rgb, 0, sizeof p->is_rgb);
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (theme->roles[i].fg.kind == COLOUR_INDEX)
            is_taken[theme->roles[i].fg.index] = true;
        if (theme->roles[i].bg.kind == COLOUR_INDEX)
            is_taken[theme->roles[i].bg.index] = true;
    }
    for (int i = 0; i < ROLE_COUNT; i++) {
        const struct theme_role *role = &theme->roles[i];
        int fg = is_mono ? -1 : color_number(p, caps, is_taken, &role->fg);
        int bg = is_mono ? -1 : color_number(p, caps, is_taken, &role->bg);
        p->pairs[i] = 0;
        if ((fg >= 0 || bg >= 0) && i + 1 < COLOR_PAIRS && init_extended_pair(i + 1, fg, bg) == OK)
            p->pairs[i] = (short)(i + 1);
        p->attrs[i] = A_NORMAL;
        if (role->attrs & ATTR_BOLD)
            p->attrs[i] |= A_BOLD;
        if (role->attrs & ATTR_REVERSE)
            p->attrs[i] |= A_REVERSE;
        if (role->attrs & ATTR_UNDERLINE)
            p->attrs[i] |= A_UNDERLINE;
        p->is_blank_role[i] = bg < 0 && !(role->attrs & (ATTR_REVERSE | ATTR_UNDERLINE));
    }
    paint_all(p);
}

/* --- cells ------------------------------------------------------------------------------------ */

static const struct cell blank = {.text = " ", .width = 1};

static const struct cell *cell_at(const struct paint *p, const struct canvas *c, int row, int col)
{
    if (row >= c->rows || col >= c->cols)
        return &blank;
    if (p->is_corner_blank && row + 1 == p->rows && col + 1 == p->cols)
        return &blank;
    const struct cell *cell = &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
    bool is_edge = col + 1 == p->cols || col + 1 == c->cols;
    return cell->width == 2 && is_edge ? &blank : cell;
}

static bool is_same(const struct cell *a, const struct cell *b)
{
    return memcmp(a, b, sizeof *a) == 0 ||
           (a->width == b->width && a->style.role == b->style.role &&
            a->style.attrs == b->style.attrs && strcmp(a->text, b->text) == 0);
}

static size_t decode_text(const char *text, bool is_ascii, wchar_t *to, size_t max)
{
    size_t len = strlen(text), count = 0, used;

    if (is_ascii && len > 0 && ((unsigned char)text[0] >= 0x80 || len > 1)) {
        struct utf8_grapheme g;
        utf8_next_grapheme(text, len, true, &g);
        to[count++] = (wchar_t)(unsigned char)g.text[0];
    } else {
        for (size_t at = 0; at < len && count < max; at += used)
            to[count++] = (wchar_t)utf8_decode(text + at, len - at, &used);
    }
    if (count == 0 || to[0] < L' ')
        to[0] = L' ', count = 1;
    to[count] = L'\0';
    return count;
}

static unsigned role_of(const struct cell *cell)
{
    return cell->style.role < ROLE_COUNT ? cell->style.role : ROLE_TEXT;
}

/* Would a blank of this style look as any other blank? */
static bool is_plain_style(const struct paint *p, const struct cell *cell)
{
    return p->is_blank_role[role_of(cell)] &&
           !(cell->style.attrs & (ATTR_REVERSE | ATTR_UNDERLINE));
}

static bool is_plain_blank(const struct paint *p, const struct cell *cell)
{
    return cell->width == 1 && strcmp(cell->text, " ") == 0 && is_plain_style(p, cell);
}

/* Most of a screen is blank. Many blanks cost the fewest bytes when they all look the same; the few
 * between two words cost the fewest in the colour of the word before. NULL: no word is. */
static const struct cell *word_before(const struct paint *p, const struct canvas *c, int row,
                                      int col)
{
    const struct cell *word = NULL;
    int first = col, end = col;

    while (first > 0 && end - first < GAP_MAX_CELLS &&
           is_plain_blank(p, cell_at(p, c, row, first - 1)))
        first--;
    while (end < p->cols && end - first <= GAP_MAX_CELLS &&
           is_plain_blank(p, cell_at(p, c, row, end)))
        end++;
    if (first == 0 || end == p->cols || end - first > GAP_MAX_CELLS)
        return NULL;
    word = cell_at(p, c, row, first - 1);
    return word->width == 1 && is_plain_style(p, word) ? word : NULL;
}

/* `styled` is the cell whose style it is painted in; NULL: of a plain blank. */
static void set_cell(struct paint *p, const struct cell *cell, const struct cell *styled,
                     bool is_ascii, cchar_t *to)
{
    wchar_t text[CCHARW_MAX + 1];
    attr_t attrs = styled != NULL ? p->attrs[role_of(styled)] : A_NORMAL;
    short pair = styled != NULL ? p->pairs[role_of(styled)] : 0;
    unsigned more = styled != NULL ? styled->style.attrs : 0;

    decode_text(cell->text, is_ascii, text, CCHARW_MAX - 1);
    if (more & ATTR_BOLD)
        attrs |= A_BOLD;
    if (more & ATTR_REVERSE)
        attrs |= A_REVERSE;
    if (more & ATTR_UNDERLINE)
        attrs |= A_UNDERLINE;
    setcchar(to, text, attrs, pair, NULL);
}

/* Hands the cells of a row from the first to the last that differ to ncurses. */
static bool put_row(struct paint *p, const struct canvas *canvas, int row, bool is_ascii)
{
    struct cell *last = p->last + (size_t)row * (size_t)p->cols;
    int first = 0, end = p->cols, count = 0;

    if (!p->is_all) {
        while (first < end && is_same(cell_at(p, canvas, row, first), &last[first]))
            first++;
        while (end > first && is_same(cell_at(p, canvas, row, end - 1), &last[end - 1]))
            end--;
        if (first == end)
            return false;
    }
    if (first > 0 && cell_at(p, canvas, row, first)->width == 0)
        first--;
    for (int col = first; col < end; col++) {
        const struct cell *cell = cell_at(p, canvas, row, col);
        last[col] = *cell;
        if (cell->width == 0) {
            bool has_left = col > 0 && cell_at(p, canvas, row, col - 1)->width == 2;
            if (has_left && !is_ascii)
                continue;
            cell = &blank;
        }
        const struct cell *styled =
            is_plain_blank(p, cell) ? word_before(p, canvas, row, col) : cell;
        set_cell(p, cell, styled, is_ascii, &p->line[count++]);
    }
    mvwadd_wchnstr(stdscr, row, first, p->line, count);
    return true;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static size_t digits(const char *s, size_t len, unsigned *value)
{
    size_t i = 0;

    for (*value = 0; i < len && i < 4 && s[i] >= '0' && s[i] <= '9'; i++)
        *value = *value * 10 + (unsigned)(s[i] - '0');
    return i;
}

/* ncurses writes the indexes that stand for RGB colours; here they become those. */
static void put_with_rgb(const struct paint *p, const char *s, size_t len, struct buf *out)
{
    size_t done = 0;

    for (const char *at = s; (at = memchr(at, '\x1b', (size_t)(s + len - at))) != NULL; at++) {
        size_t i = (size_t)(at - s), left = len - i;
        unsigned index;
        if (left < 9 || (memcmp(at, "\x1b[38;5;", 7) != 0 && memcmp(at, "\x1b[48;5;", 7) != 0))
            continue;
        size_t n = digits(at + 7, left - 7, &index);
        if (n == 0 || 7 + n >= left || at[7 + n] != 'm' || index >= INDEXES || !p->is_rgb[index])
            continue;
        buf_put(out, s + done, i - done);
        buf_printf(out, "\x1b[%c8;2;%u;%u;%um", at[2], p->rgb[index][0], p->rgb[index][1],
                   p->rgb[index][2]);
        done = i + 7 + n + 1;
    }
    buf_put(out, s + done, len - done);
}

static void take_output(struct paint *p, bool is_all, struct buf *out)
{
    off_t len = lseek(p->memfd, 0, SEEK_CUR);

    if (len <= 0)
        return;
    char *bytes = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, p->memfd, 0);
    if (bytes != MAP_FAILED) {
        size_t begin = out->len;
        put_with_rgb(p, bytes, (size_t)len, out);
        munmap(bytes, (size_t)len);
        if (out->len > begin)
            out->len = begin + sgr_squeeze(out->data + begin, out->len - begin, is_all);
    }
    forget_output(p);
}

void paint_frame(struct paint *p, const struct canvas *canvas, bool is_ascii, struct buf *out)
{
    bool is_changed = p->is_all;
    int row = canvas->cursor_row, col = canvas->cursor_col;

    row = row < 0 ? 0 : row >= p->rows ? p->rows - 1 : row;
    col = col < 0 ? 0 : col >= p->cols ? p->cols - 1 : col;
    if (row != p->last_row || col != p->last_col)
        is_changed = true;
    for (int i = 0; i < p->rows; i++)
        is_changed |= put_row(p, canvas, i, is_ascii);
    if (!is_changed)
        return;
    bool is_all = p->is_all;
    if (is_all)
        clearok(curscr, TRUE);
    p->is_all = false;
    p->last_row = row;
    p->last_col = col;
    wmove(stdscr, row, col);
    wnoutrefresh(stdscr);
    doupdate();
    take_output(p, is_all, out);
}
