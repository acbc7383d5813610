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
    (void)vsnprintf(text, sizeof text, format, args);
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

void paint_rule(const struct paint *p, int row, int col, int cols)
{
    if (cols > 0)
        canvas_fill(p->canvas, row, col, 1, cols, STYLE(ROLE_DIM), paint_glyph(p, "─", "-"));
}
