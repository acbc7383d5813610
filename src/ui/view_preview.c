/* The HUD list as it will be seen elsewhere: on the keys of a desk phone, and in the desktop app.
 * With the lamps of now. */
#include "callhud/base/clock.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { PHONE_COLS_MAX = 58, KEYS_A_SIDE = 6, KEYS_A_SIDE_MIN = 2, BOX_ROWS = 2, TITLE_ROWS = 1 };

/* Who is on the key, and the lamp, as far as it is monitored. */
struct key_face {
    const struct appearance_line *line; /* NULL: the key is free */
    const struct user *user;
    struct face face; /* of user */
    char name[256];
};

static void key_face_make(struct key_face *out, const struct paint *p, uint32_t key)
{
    *out = (struct key_face){.line = appearance_by_key(p->ui->desk.desk->list, key)};
    if (out->line == NULL || out->line->here == NULL)
        return;
    desk_user_text(p->ui, p->live, out->line->here, out->name, sizeof out->name);
    out->user = hud_user_by_id(p->hud, out->line->here->id);
    if (out->user != NULL)
        face_make(&out->face, p, out->user, false);
}

static void put_lamp(const struct paint *p, int row, int col, const struct key_face *face)
{
    if (face->user != NULL)
        canvas_put(p->canvas, row, col, 1, face->face.lamp, face->face.glyph);
    else if (face->line != NULL)
        canvas_put(p->canvas, row, col, 1, STYLE(ROLE_DIM), paint_glyph(p, "·", "-"));
}

/* --- the desk phone -----------------------------------------------------------------------------
 */

/* Its own screen, between the keys. */
static void paint_own_screen(const struct paint *p, int row, int col, int cols, int rows)
{
    char time[16], page[32];
    const char *whose = desk_title_of(p->ui, p->live);

    clock_format_local(ui_wall_ms(p->ui, p->live_ms), "%H:%M", time, sizeof time);
    (void)snprintf(page, sizeof page, "page %d/%d", p->ui->desk.page + 1, p->ui->desk.pages);
    const char *const lines[] = {time, whose, page};
    int first = row + (rows - 3) / 2;
    for (int i = 0; i < 3; i++) {
        int width = utf8_width(lines[i]);
        int left = width < cols ? (cols - width) / 2 : 0;
        canvas_put(p->canvas, first + i, col + left, cols - left, STYLE(ROLE_DIM), lines[i]);
    }
}

static void paint_key(const struct paint *p, int row, int col, int cols, uint32_t key,
                      bool is_right)
{
    struct key_face face;
    char number[12];
    int lamp = is_right ? col + cols - 5 : col + 4, name = is_right ? col : col + 6;

    key_face_make(&face, p, key);
    (void)snprintf(number, sizeof number, "%u", (unsigned)key);
    canvas_field_right(p->canvas, row, is_right ? col + cols - 4 : col, 3, STYLE(ROLE_DIM), number);
    put_lamp(p, row, lamp, &face);
    struct style style = STYLE(face.line != NULL ? ROLE_TEXT : ROLE_DIM);
    const char *text = face.line != NULL ? face.name : "free";
    if (is_right)
        canvas_field_right(p->canvas, row, name, cols - 6, style, text);
    else
        canvas_field(p->canvas, row, name, cols - 6, style, text);
}

static void paint_phone(const struct paint *p, int row, int col, int cols, int side)
{
    int inner = cols - 2, screen = inner / 5 < 10 ? 10 : inner / 5, key = (inner - screen) / 2;
    uint32_t first = (uint32_t)(p->ui->desk.page * side * 2) + 1;

    paint_box(p, row, col, side + BOX_ROWS, cols, "as on the desk phone");
    for (int i = 0; i < side; i++)
        canvas_fill(p->canvas, row + 1 + i, col + 1, 1, inner, STYLE(ROLE_TEXT), " ");
    for (int i = 0; i < side; i++) {
        paint_key(p, row + 1 + i, col + 1, key, first + (uint32_t)i, false);
        paint_key(p, row + 1 + i, col + 1 + inner - key, key, first + (uint32_t)(side + i), true);
    }
    if (side >= 3)
        paint_own_screen(p, row + 1, col + 1 + key, inner - 2 * key, side);
}

/* --- the desktop app ----------------------------------------------------------------------------
 */

static void paint_app_line(const struct paint *p, int row, int col, int cols, uint32_t key)
{
    struct key_face face;
    char words[300] = "not monitored here";
    int state = cols * 3 / 5;

    key_face_make(&face, p, key);
    if (face.line == NULL)
        return;
    put_lamp(p, row, col, &face);
    canvas_field(p->canvas, row, col + 2, state - 3, STYLE(ROLE_TEXT), face.name);
    if (face.user != NULL)
        face_words(&face.face, p, words, sizeof words);
    canvas_field(p->canvas, row, col + state, cols - state, STYLE(ROLE_DIM), words);
}

static void paint_app(const struct paint *p, int row, int end, int col, int cols)
{
    struct desk_screens *d = &p->ui->desk;
    const struct appearance *list = d->desk->list;
    long all = (long)appearance_last_key(list);
    int rows = end - row - 1;

    if (rows < 1)
        return;
    d->app_rows = rows;
    if (d->app_top > all - rows)
        d->app_top = all > rows ? all - rows : 0;
    struct pen pen = {p->canvas, row++, col, col + cols};
    pen_put(&pen, STYLE(ROLE_HEADING), "as in the desktop app");
    if (all > rows)
        pen_printf(&pen, STYLE(ROLE_DIM), "  %ld-%ld of %ld", d->app_top + 1,
                   d->app_top + rows < all ? d->app_top + rows : all, all);
    for (long at = d->app_top; at < all && row < end; at++)
        paint_app_line(p, row++, col, cols, (uint32_t)at + 1);
}

/* --- the screen ---------------------------------------------------------------------------------
 */

void view_preview(const struct paint *p)
{
    struct desk_screens *d = &p->ui->desk;
    int cols = p->layout->cols, row = 1, end = layout_end(p->layout);
    bool is_beside = cols >= LAYOUT_LIST_COLS;
    struct buf facts;

    if (d->desk == NULL || d->desk->list == NULL)
        return;
    int room = end - row - TITLE_ROWS - BOX_ROWS;
    int side = is_beside ? room : room * 2 / 3;
    side = side > KEYS_A_SIDE ? KEYS_A_SIDE : side < KEYS_A_SIDE_MIN ? KEYS_A_SIDE_MIN : side;
    long all = (long)appearance_last_key(d->desk->list);
    d->pages = all > 0 ? (int)((all + side * 2 - 1) / (side * 2)) : 1;
    if (d->page >= d->pages)
        d->page = d->pages - 1;
    if (d->page < 0)
        d->page = 0;
    buf_init(&facts, 1024);
    buf_printf(&facts, "page %d of %d\n", d->page + 1, d->pages);
    if (appearance_count(d->desk->list).unsaved > 0)
        buf_puts(&facts, "!as it will be when saved\n");
    if (d->pages > 1)
        buf_puts(&facts, "Left and Right turn it\n");
    view_facts(p, row++, "PREVIEW", &facts);
    buf_fini(&facts);
    int phone_cols = is_beside ? cols * 11 / 20 : cols;
    phone_cols = phone_cols > PHONE_COLS_MAX ? PHONE_COLS_MAX : phone_cols;
    if (side + BOX_ROWS <= end - row)
        paint_phone(p, row, 0, phone_cols, side);
    if (is_beside)
        paint_app(p, row, end, phone_cols + 2, cols - phone_cols - 3);
    else
        paint_app(p, row + side + BOX_ROWS, end, 1, cols - 2);
    p->ui->screen_rows = d->app_rows > 0 ? d->app_rows : 1;
}
