/* Small things that all views draw with. */
#include "callhud/ui/ui_priv.h"

#include <stdarg.h>
#include <stdio.h>

void paint_due(const struct paint *p, int64_t live_ms)
{
    if (live_ms < p->ui->due_ms)
        p->ui->due_ms = live_ms;
}

void paint_due_in(const struct paint *p, int64_t ms)
{
    if (!p->ui->is_frozen && ms < INT64_MAX - p->live_ms)
        paint_due(p, p->live_ms + ms);
}

void paint_hit(const struct paint *p, int row, int col, int rows, int cols, const char *user_id,
               const struct cmd *cmd, long line)
{
    struct hit hit = {.row = row, .col = col, .rows = rows, .cols = cols, .cmd = cmd, .line = line};

    hit.user_id = mem_dup(user_id);
    VEC_PUSH(&p->ui->hits, hit);
}

bool pen_put(struct pen *pen, struct style style, const char *text)
{
    int room = pen->end - pen->col;
    int width = utf8_width(text);

    if (room > 0)
        pen->col += canvas_put(pen->canvas, pen->row, pen->col, room, style, text);
    return width <= room;
}

bool pen_printf(struct pen *pen, struct style style, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)str_vformat(text, sizeof text, format, args);
    va_end(args);
    return pen_put(pen, style, text);
}

struct style style_with(enum role role, uint8_t attrs)
{
    return (struct style){.role = (uint8_t)role, .attrs = attrs};
}

const char *paint_glyph(const struct paint *p, const char *utf8, const char *ascii)
{
    return p->canvas->is_ascii ? ascii : utf8;
}

void paint_sign(const struct paint *p, enum lamp lamp, char out[8])
{
    const struct lamp_row *row = lamp_row(lamp);

    if (p->canvas->is_ascii)
        (void)snprintf(out, 8, "%c", row->ascii);
    else
        str_copy(out, 8, p->ui->signs[lamp][0] != '\0' ? p->ui->signs[lamp] : row->glyph);
}

const char *paint_bar(const struct paint *p)
{
    return p->ui->is_mono ? ">" : paint_glyph(p, "▌", ">");
}

/* Bytes of the first line of a text that has cols cells: cut at a blank, else where it is full. */
static size_t line_len(const struct paint *p, const char *text, int cols)
{
    size_t len = strcspn(text, "\n"), at = 0, blank = 0;

    for (int cells = 0; at < len;) {
        struct utf8_grapheme grapheme;
        size_t used = utf8_next_grapheme(text + at, len - at, p->canvas->is_ascii, &grapheme);
        cells += grapheme.width_cells;
        if (cells > cols && at > 0)
            return blank > 0 ? blank : at;
        at += used;
        if (at < len && text[at] == ' ' && cells > cols / 2)
            blank = at;
    }
    return at;
}

/* Where the line after the one of so many bytes begins. */
static const char *after_line(const char *text, size_t len)
{
    text += len;
    text += strspn(text, " ");
    return *text == '\n' ? text + 1 : text;
}

const char *paint_text_from(const struct paint *p, const char *text, int cols, int lines)
{
    for (; lines > 0 && *text != '\0'; lines--)
        text = after_line(text, line_len(p, text, cols));
    return text;
}

int paint_text(const struct paint *p, int row, int end, int col, int cols, struct style style,
               const char *text)
{
    int lines = 0;

    while (*text != '\0') {
        size_t len = line_len(p, text, cols);
        if (row >= 0 && row + lines < end) {
            char *part = mem_dup_n(text, len);
            canvas_put(p->canvas, row + lines, col, cols, style, part);
            mem_free(part);
        }
        lines++;
        text = after_line(text, len);
    }
    return lines;
}

int paint_text_fit(const struct paint *p, int row, int end, int col, int cols, struct style style,
                   const char *text)
{
    int room = end - row;

    if (room <= 0)
        return 0;
    int lines = paint_text(p, row, end, col, cols, style, text);
    if (lines > room)
        canvas_field(p->canvas, end - 1, col, cols, style,
                     paint_text_from(p, text, cols, room - 1));
    return lines < room ? lines : room;
}

void paint_rule(const struct paint *p, int row, int col, int cols)
{
    if (cols > 0)
        canvas_fill(p->canvas, row, col, 1, cols, STYLE(ROLE_DIM), paint_glyph(p, "─", "-"));
}

void paint_box(const struct paint *p, int row, int col, int rows, int cols, const char *title)
{
    struct canvas *c = p->canvas;
    struct style style = STYLE(ROLE_DIALOG);

    canvas_fill(c, row, col, rows, cols, style, " ");
    canvas_fill(c, row, col, 1, cols, style, paint_glyph(p, "─", "-"));
    canvas_fill(c, row + rows - 1, col, 1, cols, style, paint_glyph(p, "─", "-"));
    canvas_fill(c, row, col, rows, 1, style, paint_glyph(p, "│", "|"));
    canvas_fill(c, row, col + cols - 1, rows, 1, style, paint_glyph(p, "│", "|"));
    canvas_put(c, row, col, 1, style, paint_glyph(p, "┌", "+"));
    canvas_put(c, row, col + cols - 1, 1, style, paint_glyph(p, "┐", "+"));
    canvas_put(c, row + rows - 1, col, 1, style, paint_glyph(p, "└", "+"));
    canvas_put(c, row + rows - 1, col + cols - 1, 1, style, paint_glyph(p, "┘", "+"));
    canvas_put(c, row, col + 1, cols - 2, style, " ");
    int used = canvas_put(c, row, col + 2, cols - 4, style, title);
    canvas_put(c, row, col + 2 + used, cols - 3 - used, style, " ");
}

int paint_window_rows(const struct paint *p)
{
    return supervision_is_on(&p->live->supervision) && p->layout->bar_row >= 0 ? p->layout->bar_row
                                                                               : p->canvas->rows;
}

int64_t call_clock(const struct paint *p, const struct hud *hud, int64_t now_ms,
                   const struct call *call, char *out, size_t size)
{
    int64_t since_ms = call->state == CALL_CONNECTED && call->connected_ms > 0 ? call->connected_ms
                                                                               : call->since_ms;
    bool is_at_least = since_ms == 0;
    int64_t age_ms = hud_age_ms(hud, is_at_least ? call->seen_ms : since_ms, now_ms);
    const char *sign = is_at_least ? paint_glyph(p, "≥", ">") : "";

    out[0] = '\0';
    if (age_ms < 0)
        return -1;
    long seconds = (long)(age_ms / 1000);
    if (seconds < 3600)
        (void)snprintf(out, size, "%s%ld:%02ld", sign, seconds / 60, seconds % 60);
    else
        (void)snprintf(out, size, "%s%ld:%02ld:%02ld", sign, seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
    return age_ms;
}
