#include "callhud/draw/canvas.h"

#include "theme_look.h"

#include <string.h>

#define CELL_WIDTH 8 /* user units; 0.6 em of the font size below */
#define CELL_HEIGHT 17
#define BASELINE 13 /* from the top of a cell */
#define FONT "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Noto Sans Mono CJK JP',monospace"

static void put_colour(struct buf *out, const uint8_t rgb[3])
{
    buf_printf(out, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

/* Cells hold valid UTF-8 without control characters, so that three escapes make it XML. */
static void put_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': buf_puts(out, "&amp;"); break;
        case '<': buf_puts(out, "&lt;"); break;
        case '>': buf_puts(out, "&gt;"); break;
        default: buf_putc(out, *text); break;
        }
    }
}

/* What may share a run. Fonts take signs and wide characters from elsewhere, with other widths:
 * each kind is placed by itself, so that one cannot shift another. */
enum run_kind { RUN_BLANK, RUN_WORD, RUN_SIGN, RUN_WIDE };

static enum run_kind kind_of(const struct cell *cell)
{
    size_t used;

    if (cell->width == 2)
        return RUN_WIDE;
    if (strcmp(cell->text, " ") == 0)
        return RUN_BLANK;
    return utf8_decode(cell->text, strlen(cell->text), &used) < 0x2000 ? RUN_WORD : RUN_SIGN;
}

static bool is_same_text(const struct look *a, const struct look *b)
{
    return memcmp(a->fg, b->fg, sizeof a->fg) == 0 && a->is_bold == b->is_bold &&
           a->is_underlined == b->is_underlined;
}

static struct look look_at(const struct canvas *c, const struct theme *theme, int row, int col)
{
    return theme_look(theme, canvas_at(c, row, col)->style);
}

/* Rectangles behind the text, where it is not the picture's own background. */
static void put_row_background(const struct canvas *c, const struct theme *theme, int row,
                               const uint8_t page[3], struct buf *out)
{
    for (int col = 0, end; col < c->cols; col = end) {
        struct look look = look_at(c, theme, row, col);
        for (end = col + 1; end < c->cols; end++) {
            struct look next = look_at(c, theme, row, end);
            if (memcmp(next.bg, look.bg, sizeof look.bg) != 0)
                break;
        }
        if (memcmp(look.bg, page, sizeof look.bg) == 0)
            continue;
        buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"",
                   col * CELL_WIDTH, row * CELL_HEIGHT, (end - col) * CELL_WIDTH, CELL_HEIGHT);
        put_colour(out, look.bg);
        buf_puts(out, "\"/>\n");
    }
}

/* The end of the run that starts at col: cells of one kind and look. Words take single blanks
 * between them along; underlined blanks belong to what is underlined. */
static int run_end(const struct canvas *c, const struct theme *theme, int row, int col)
{
    struct look look = look_at(c, theme, row, col);
    enum run_kind kind = kind_of(canvas_at(c, row, col));
    int end = col, last = col;

    if (kind == RUN_BLANK)
        kind = RUN_WORD;
    for (; end < c->cols; end++) {
        const struct cell *cell = canvas_at(c, row, end);
        struct look next = theme_look(theme, cell->style);
        if (!is_same_text(&look, &next))
            break;
        if (cell->width == 0) {
            last = end;
            continue;
        }
        enum run_kind here = kind_of(cell);
        if (here == RUN_BLANK && kind == RUN_WORD && (look.is_underlined || end == last + 1)) {
            if (look.is_underlined)
                last = end;
            continue;
        }
        if (here != kind)
            break;
        last = end;
    }
    return last + 1;
}

static void put_run(const struct canvas *c, const struct theme *theme, int row, int col, int end,
                    struct buf *out)
{
    struct look look = look_at(c, theme, row, col);

    buf_printf(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"", col * CELL_WIDTH,
               row * CELL_HEIGHT + BASELINE, (end - col) * CELL_WIDTH);
    put_colour(out, look.fg);
    buf_printf(out, "\"%s%s>", look.is_bold ? " font-weight=\"bold\"" : "",
               look.is_underlined ? " text-decoration=\"underline\"" : "");
    for (; col < end; col++)
        put_escaped(out, canvas_at(c, row, col)->text);
    buf_puts(out, "</text>\n");
}

static void put_row_text(const struct canvas *c, const struct theme *theme, int row,
                         struct buf *out)
{
    for (int col = 0, end; col < c->cols; col = end) {
        end = col + 1;
        if (kind_of(canvas_at(c, row, col)) == RUN_BLANK &&
            !look_at(c, theme, row, col).is_underlined)
            continue;
        end = run_end(c, theme, row, col);
        put_run(c, theme, row, col, end, out);
    }
}

void canvas_svg(const struct canvas *c, const struct theme *theme, struct buf *out)
{
    int width = c->cols * CELL_WIDTH, height = c->rows * CELL_HEIGHT;
    uint8_t page[3];

    colour_rgb(&theme->judged_bg, page);
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
               "viewBox=\"0 0 %d %d\" font-family=\"%s\" font-size=\"13.33\" "
               "xml:space=\"preserve\">\n<rect width=\"%d\" height=\"%d\" fill=\"",
               width, height, width, height, FONT, width, height);
    put_colour(out, page);
    buf_puts(out, "\"/>\n");
    for (int row = 0; row < c->rows; row++)
        put_row_background(c, theme, row, page, out);
    for (int row = 0; row < c->rows; row++)
        put_row_text(c, theme, row, out);
    buf_puts(out, "</svg>\n");
}
