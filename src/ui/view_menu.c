/* The menu of everything that can be done with the selected user, as drawn. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum {
    MENU_COLS = 74,
    KEY_COL = 2,
    LABEL_COL = 8,
    COMPACT_COL = 4,
    WORDS_COL = 20,
    WORDS_COL_NARROW = 17
};

/* The narrowest menu has the label before the words. */
static bool is_compact(int cols)
{
    return cols < LAYOUT_COMPACT_COLS;
}

static int words_col(int cols)
{
    return cols >= LAYOUT_LIST_COLS ? WORDS_COL : is_compact(cols) ? COMPACT_COL : WORDS_COL_NARROW;
}

/* "1  talk 12:55   → Acme Ltd" */
static void heading_text(const struct paint *p, const struct menu_row *row, char *out, size_t size)
{
    const struct user *user = &p->ui->seen.user;
    char party[256], age[32];

    if (row->call >= user->calls.len) {
        str_copy(out, size, "the user");
        return;
    }
    const struct call *call = &user->calls.items[row->call];
    static const char *const states[] = {[CALL_RINGING] = "rings",
                                         [CALL_DIALLING] = "dials",
                                         [CALL_CONNECTED] = "talk",
                                         [CALL_HELD] = "hold",
                                         [CALL_PARKED] = "parked"};
    int64_t age_ms = call_clock(p, p->hud, p->now_ms, call, age, sizeof age);
    if (age_ms >= 0)
        paint_due_in(p, 1000 - age_ms % 1000);
    party_text(p->ui, call, party, sizeof party);
    (void)snprintf(out, size, "call %zu: %s %s  %s %s", row->call + 1, states[call->state], age,
                   call->direction == CALL_OUT ? paint_glyph(p, "→", ">")
                                               : paint_glyph(p, "←", "<"),
                   party[0] != '\0' ? party : "not known");
}

/* Below line 0 nothing is drawn. Returns the lines it takes. */
static int paint_row(const struct paint *p, int line, int end, int col, int cols, long at)
{
    const struct menu_row *row = &p->ui->menu.rows.items[at];
    bool is_at = at == menu_at(p->ui);
    struct style style = STYLE(is_at ? ROLE_SELECTION : ROLE_DIALOG);
    char text[700], key[KEYMAP_NAME_BYTES];
    int words = words_col(cols);

    if (row->cmd == NULL) {
        if (line >= 0) {
            heading_text(p, row, text, sizeof text);
            canvas_put(p->canvas, line, col + 2, cols - 3, style_with(ROLE_DIALOG, ATTR_BOLD),
                       text);
        }
        return 1;
    }
    (void)snprintf(text, sizeof text, "%s%s%s", is_compact(cols) ? row->cmd->label : "",
                   is_compact(cols) ? ": " : "", row->words);
    int lines = paint_text(p, -1, 0, 0, cols - words - 2, style, text);
    if (line < 0)
        return lines;
    int shown = line + lines <= end ? lines : end - line;
    if (is_at) {
        p->ui->rest_row = line;
        p->ui->rest_col = col + 1;
        canvas_fill(p->canvas, line, col + 1, shown, cols - 2, style, " ");
        canvas_fill(p->canvas, line, col + 1, shown, 1, style, paint_bar(p));
    }
    keymap_first(&p->ui->keymap, row->cmd, key, sizeof key);
    canvas_put(p->canvas, line, col + KEY_COL, is_compact(cols) ? 1 : LABEL_COL - KEY_COL - 1,
               style_with(style.role, ATTR_BOLD), key);
    if (!is_compact(cols))
        canvas_put(p->canvas, line, col + LABEL_COL - (cols < LAYOUT_LIST_COLS ? 2 : 0),
                   words - LABEL_COL + 1, style, row->cmd->label);
    (void)paint_text(p, line, end, col + words, cols - words - 2, style, text);
    paint_hit(p, line, col, shown, cols, NULL, row->cmd, at);
    return lines;
}

/* What the cursor is on is on the screen whole. */
static void scroll(const struct paint *p, int col, int cols, int height)
{
    struct menu *menu = &p->ui->menu;
    long at = menu_at(p->ui);
    int used = 0;

    if (menu->top >= (long)menu->rows.len)
        menu->top = 0;
    if (at < 0)
        return;
    if (at < menu->top)
        menu->top = at;
    if (menu->top > 0 && menu->top == at && menu->rows.items[at - 1].cmd == NULL)
        menu->top--; /* with its heading */
    for (long i = menu->top; i <= at; i++)
        used += paint_row(p, -1, 0, col, cols, i);
    while (used > height && menu->top < at)
        used -= paint_row(p, -1, 0, col, cols, menu->top++);
}

void view_menu(const struct paint *p)
{
    struct menu *menu = &p->ui->menu;
    int screen_rows = paint_window_rows(p), screen_cols = p->canvas->cols;
    int cols = screen_cols < MENU_COLS ? screen_cols : MENU_COLS;
    int col = (screen_cols - cols) / 2, lines = 0;
    char title[300];

    menu_build(p->ui, p->live, p->live_ms);
    if (!menu->is_open)
        return;
    if (menu->is_fresh)
        menu_set_at(p->ui, menu->rows.items[0].cmd != NULL ? 0 : 1);
    menu->is_fresh = false;
    for (long i = 0; i < (long)menu->rows.len; i++)
        lines += paint_row(p, -1, 0, col, cols, i);
    int rows = lines + 2 < screen_rows ? lines + 2 : screen_rows;
    int row = (screen_rows - rows) / 2, end = row + rows - 1;
    scroll(p, col, cols, rows - 2);
    (void)snprintf(title, sizeof title, "%s %.200s", p->ui->seen.user.extension,
                   p->ui->seen.user.name);
    paint_box(p, row, col, rows, cols, title);
    long at = menu->top;
    for (int line = row + 1; line < end && at < (long)menu->rows.len; at++)
        line += paint_row(p, line, end, col, cols, at);
    menu->shown = at - menu->top;
    if (at < (long)menu->rows.len || menu->top > 0) {
        char more[64];
        (void)snprintf(more, sizeof more, " %ld of %zu ", at, menu->rows.len);
        canvas_put(p->canvas, end, col + cols - utf8_width(more) - 2, 64, STYLE(ROLE_DIALOG), more);
    }
}
