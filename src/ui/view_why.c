/* The window behind `i`: why this lamp, why an action is refused, what a message left out. */
#include "callhud/ui/numbers.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* The user under the cursor. On the screens of a desk a message is about what was done there, not
 * about one of them. NULL: none, or not monitored. */
static const struct user *why_user(const struct paint *p)
{
    const struct message *message = ui_message_shown(p->ui, p->live_ms);
    const struct roll *roll = desk_roll(p->ui);
    const struct roll_row *row = roll != NULL ? roll_at(roll) : NULL;

    if (!desk_is_open(p->ui))
        return board_selected(&p->ui->board);
    if (row == NULL || (message != NULL && ui_message_has_more(p->ui, message)))
        return NULL;
    return hud_user_by_id(p->live, row->id);
}

static void why_text(const struct paint *p, const struct user *user, struct buf *out)
{
    const struct message *message = ui_message_shown(p->ui, p->live_ms);
    struct buf raw;

    if (message != NULL && ui_message_has_more(p->ui, message))
        buf_printf(out, "%s%s%s\n", message->text, message->why != NULL ? ": " : "",
                   message->why != NULL ? message->why : "");
    char words[600] = "";
    if (out->len == 0 && p->ui->screen == SCREEN_PRESENCE && p->ui->desk.desk != NULL)
        view_presence_words(p, (enum preset_row)p->ui->desk.preset, words, sizeof words);
    buf_puts(out, words);
    if (user == NULL && out->len == 0)
        buf_puts(out, "nothing is known of whom the cursor is on: it is not on the board");
    if (user == NULL)
        return;
    buf_init(&raw, 16384);
    why_lamp(&raw, p->hud, user, p->now_ms);
    if (raw.len > 0 && raw.data[raw.len - 1] != '\n')
        buf_putc(&raw, '\n');
    why_actions(&raw, p->live, user, p->live_ms);
    struct buf masked;
    buf_init(&masked, 16384);
    numbers_mask_text(&masked, buf_text(&raw), user, p->ui->settings.numbers);
    buf_puts(out, buf_text(&masked));
    buf_fini(&masked);
    buf_fini(&raw);
}

/* "j 4 more" in the lower border of a window that is too small for its text. */
static void paint_more(const struct paint *p, int row, int end)
{
    char key[KEYMAP_NAME_BYTES], text[96];

    if (p->ui->why_more <= 0)
        return;
    keymap_first(&p->ui->keymap, cmd_find("down"), key, sizeof key);
    (void)snprintf(text, sizeof text, " %s %d more ", key, p->ui->why_more);
    canvas_put(p->canvas, row, end - utf8_width(text) - 2, 96, STYLE(ROLE_DIALOG), text);
}

void view_why(const struct paint *p)
{
    const struct user *user = why_user(p);
    struct buf text;
    char title[300];
    int screen_cols = p->canvas->cols, screen_rows = paint_window_rows(p);
    int cols = screen_cols > 74 ? 74 : screen_cols;

    buf_init(&text, 32768);
    why_text(p, user, &text);
    if (user != NULL)
        (void)snprintf(title, sizeof title, "Why: %s %.200s", user->extension, user->name);
    else
        str_copy(title, sizeof title, "Why");
    int text_cols = cols > 5 ? cols - 4 : 1;
    int lines = paint_text(p, -1, 0, 0, text_cols, STYLE(ROLE_DIALOG), buf_text(&text));
    int rows = lines + 2 > screen_rows ? screen_rows : lines + 2;
    int hidden = lines + 2 - rows;
    if (p->ui->why_top > hidden)
        p->ui->why_top = hidden;
    p->ui->why_more = hidden - p->ui->why_top;
    int row = (screen_rows - rows) / 2, col = (screen_cols - cols) / 2;
    paint_box(p, row, col, rows, cols, title);
    (void)paint_text(p, row + 1, row + rows - 1, col + 2, text_cols, STYLE(ROLE_DIALOG),
                     paint_text_from(p, buf_text(&text), text_cols, p->ui->why_top));
    paint_more(p, row + rows - 1, col + cols);
    buf_fini(&text);
    paint_due_in(p, 1000); /* the text holds ages in seconds */
}
