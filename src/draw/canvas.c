#include "callhud/draw/canvas.h"

#include "callhud/base/mem.h"

#include <stdint.h>
#include <string.h>

#define SIDE_MAX 1000        /* rows or columns */
#define TEXT_MAX_BYTES 65536 /* longer text is cut: no screen shows that much in a line */

static int clamp(int64_t value, int64_t low, int64_t high)
{
    return (int)(value < low ? low : value > high ? high : value);
}

static struct cell *cell_at(const struct canvas *c, int row, int col)
{
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

static void make_blank(struct cell *cell, struct style style)
{
    *cell = (struct cell){.text = " ", .width = 1, .style = style};
}

void canvas_init(struct canvas *c, int rows, int cols, bool is_ascii)
{
    *c = (struct canvas){.is_ascii = is_ascii};
    canvas_resize(c, rows, cols);
}

void canvas_fini(struct canvas *c)
{
    mem_free(c->cells);
    *c = (struct canvas){.is_ascii = c->is_ascii};
}

void canvas_resize(struct canvas *c, int rows, int cols)
{
    c->rows = clamp(rows, 1, SIDE_MAX);
    c->cols = clamp(cols, 1, SIDE_MAX);
    c->cells = mem_grow(c->cells, (size_t)c->rows * (size_t)c->cols, sizeof *c->cells);
    canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
    size_t count = (size_t)c->rows * (size_t)c->cols;

    for (size_t i = 0; i < count; i++)
        make_blank(&c->cells[i], STYLE(ROLE_TEXT));
    c->cursor_row = 0;
    c->cursor_col = 0;
    c->is_cursor_visible = false;
}

const struct cell *canvas_at(const struct canvas *c, int row, int col)
{
    if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
        return NULL;
    return cell_at(c, row, col);
}

/* Writes one grapheme that lies wholly inside the row; blanks what it leaves of wide characters. */
static void set_cells(struct canvas *c, int row, int col, struct style style,
                      const struct utf8_grapheme *grapheme)
{
    struct cell *cell = cell_at(c, row, col);
    int end = col + grapheme->width_cells;

    if (cell->width == 0)
        make_blank(&cell[-1], cell[-1].style);
    if (end < c->cols && cell_at(c, row, end)->width == 0)
        make_blank(cell_at(c, row, end), cell_at(c, row, end)->style);
    make_blank(cell, style);
    memcpy(cell->text, grapheme->text, strlen(grapheme->text) + 1);
    cell->width = (uint8_t)grapheme->width_cells;
    if (grapheme->width_cells == 2)
        cell[1] = (struct cell){.text = "", .width = 0, .style = style};
}

static const struct utf8_grapheme blank = {.text = " ", .width_cells = 1};

int canvas_put(struct canvas *c, int row, int col, int max_cells, struct style style,
               const char *text)
{
    struct utf8_grapheme grapheme;
    int64_t at = col, end = (int64_t)col + max_cells;

    if (text == NULL || row < 0 || row >= c->rows)
        return 0;
    if (end > c->cols)
        end = c->cols;
    for (size_t left = strlen(text); left > 0;) {
        size_t used = utf8_next_grapheme(text, left, c->is_ascii, &grapheme);
        if (at + grapheme.width_cells > end)
            break;
        if (at >= 0)
            set_cells(c, row, (int)at, style, &grapheme);
        else if (at + grapheme.width_cells > 0) /* a wide one across the left edge */
            set_cells(c, row, 0, style, &blank);
        at += grapheme.width_cells;
        text += used;
        left -= used;
    }
    return (int)(at - col);
}

/* The part of [col, col + width) that can be seen on the right; the left stays as it is, because
 * text is placed from there. */
static int visible_width(const struct canvas *c, int col, int width_cells)
{
    if (width_cells <= 0 || col >= c->cols)
        return 0;
    if ((int64_t)col + width_cells > c->cols)
        return clamp((int64_t)c->cols - col, 0, INT32_MAX);
    return width_cells;
}

static void put_blanks(struct canvas *c, int row, int64_t col, int64_t end, struct style style)
{
    if (row < 0 || row >= c->rows)
        return;
    for (int64_t at = col < 0 ? 0 : col; at < end && at < c->cols; at++)
        set_cells(c, row, (int)at, style, &blank);
}

static void put_field(struct canvas *c, int row, int col, int width_cells, struct style style,
                      const char *text, bool is_right)
{
    struct buf fitted;
    int width = visible_width(c, col, width_cells);
    int64_t end = (int64_t)col + width;

    if (row < 0 || row >= c->rows || end <= 0)
        return;
    buf_init(&fitted, TEXT_MAX_BYTES);
    int used = text == NULL ? 0 : utf8_fit(&fitted, text, width, c->is_ascii);
    int64_t start = is_right ? end - used : col;
    put_blanks(c, row, col, start, style);
    canvas_put(c, row, (int)start, used, style, buf_text(&fitted));
    put_blanks(c, row, start + used, end, style);
    buf_fini(&fitted);
}

void canvas_field(struct canvas *c, int row, int col, int width_cells, struct style style,
                  const char *text)
{
    put_field(c, row, col, width_cells, style, text, false);
}

void canvas_field_right(struct canvas *c, int row, int col, int width_cells, struct style style,
                        const char *text)
{
    put_field(c, row, col, width_cells, style, text, true);
}

struct region {
    int row, col, row_end, col_end;
};

/* The part of a region that is on the canvas; empty ones have an end that is not after the start.
 */
static struct region clip(const struct canvas *c, int row, int col, int rows, int cols)
{
    return (struct region){
        .row = clamp(row, 0, c->rows),
        .col = clamp(col, 0, c->cols),
        .row_end = clamp((int64_t)row + rows, 0, c->rows),
        .col_end = clamp((int64_t)col + cols, 0, c->cols),
    };
}

void canvas_fill(struct canvas *c, int row, int col, int rows, int cols, struct style style,
                 const char *glyph)
{
    struct region r = clip(c, row, col, rows, cols);
    struct utf8_grapheme grapheme = blank;

    if (glyph != NULL && glyph[0] != '\0')
        utf8_next_grapheme(glyph, strlen(glyph), c->is_ascii, &grapheme);
    if (grapheme.width_cells != 1)
        grapheme = blank;
    for (int y = r.row; y < r.row_end; y++)
        for (int x = r.col; x < r.col_end; x++)
            set_cells(c, y, x, style, &grapheme);
}

void canvas_text(const struct canvas *c, struct buf *out)
{
    for (int row = 0; row < c->rows; row++) {
        int end = c->cols;
        while (end > 0 && strcmp(cell_at(c, row, end - 1)->text, " ") == 0)
            end--;
        for (int col = 0; col < end; col++)
            buf_puts(out, cell_at(c, row, col)->text);
        buf_putc(out, '\n');
    }
}
