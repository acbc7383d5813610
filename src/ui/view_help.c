/* Help and palette: both are the command table, drawn. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static bool is_matching(const struct cmd *cmd, const char *text)
{
    return str_find_folded(cmd->name, text) || str_find_folded(cmd->label, text) ||
           str_find_folded(cmd->help, text);
}

static const char *why_not(const struct paint *p, const struct cmd *cmd)
{
    struct cmd_call call = {p->ui, p->live, p->live_ms, ""};

    return cmd->why_disabled != NULL ? cmd->why_disabled(&call) : NULL;
}

/* --- help ------------------------------------------------------------------------------------- */

/* Walks the lines of the help screen: a heading where the group changes, then its commands. */
static const struct cmd *help_line(const struct ui *ui, long at, const char **heading)
{
    static const char *const groups[] = {"move", "find", "show", "act", "program"};
    long line = 0;

    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        bool is_named = false;
        for (size_t i = 0; i < cmd_table_len; i++) {
            const struct cmd *cmd = &cmd_table[i];
            if (!str_eq(cmd->group, groups[g]) || !is_matching(cmd, ui->help_search))
                continue;
            if (!is_named && line++ == at) {
                *heading = groups[g];
                return NULL;
            }
            is_named = true;
            if (line++ == at) {
                *heading = NULL;
                return cmd;
            }
        }
    }
    *heading = NULL;
    return NULL;
}

const struct cmd *help_command(const struct ui *ui)
{
    const char *heading;

    return help_line(ui, ui->help_at, &heading);
}

static void paint_help_line(const struct paint *p, int row, long at)
{
    const char *heading;
    const struct cmd *cmd = help_line(p->ui, at, &heading);
    int cols = p->canvas->cols, name_cols = cols >= 60 ? 21 : 0, keys_cols = cols >= 40 ? 16 : 6;
    char keys[96], text[300];

    if (heading != NULL) {
        canvas_put(p->canvas, row, 1, cols - 1, STYLE(ROLE_HEADING), heading);
        return;
    }
    if (cmd == NULL)
        return;
    bool is_at = at == p->ui->help_at;
    enum role text_role = is_at ? ROLE_SELECTION : ROLE_TEXT;
    const char *why = why_not(p, cmd);
    if (is_at)
        canvas_fill(p->canvas, row, 0, 1, cols, STYLE(ROLE_SELECTION), " ");
    if (is_at)
        canvas_put(p->canvas, row, 0, 1, STYLE(ROLE_HEADING), paint_glyph(p, "▌", ">"));
    keymap_all(&p->ui->keymap, cmd, keys, sizeof keys);
    canvas_field(p->canvas, row, 2, keys_cols - 1, STYLE(is_at ? ROLE_SELECTION : ROLE_KEY), keys);
    if (name_cols > 0) {
        (void)snprintf(text, sizeof text, ":%s", cmd->name);
        canvas_field(p->canvas, row, 2 + keys_cols, name_cols - 1,
                     STYLE(is_at ? ROLE_SELECTION : ROLE_DIM), text);
    }
    if (why != NULL)
        (void)snprintf(text, sizeof text, "%s%snot now: %s", name_cols > 0 ? "" : cmd->label,
                       name_cols > 0 ? "" : ", ", why);
    else
        str_copy(text, sizeof text, cols >= 60 ? cmd->help : cmd->label);
    int col = 2 + keys_cols + name_cols;
    canvas_field(p->canvas, row, col, cols - col,
                 STYLE(why != NULL && !is_at ? ROLE_DIM : text_role), text);
    paint_hit(p, row, 0, 1, cols, NULL, cmd, at);
}

void view_help(const struct paint *p)
{
    struct ui *ui = p->ui;
    const char *heading;
    struct pen pen = {p->canvas, 1, 1, p->canvas->cols};
    int first = 2, end = p->layout->message_row;
    int rows = end - first > 0 ? end - first : 1;

    ui->help_len = 0;
    while (help_line(ui, ui->help_len, &heading) != NULL || heading != NULL)
        ui->help_len++;
    if (ui->help_at >= ui->help_len)
        ui->help_at = ui->help_len > 0 ? ui->help_len - 1 : 0;
    /* The cursor rests on commands, never on a heading. */
    if (ui->help_len > 0 && help_command(ui) == NULL)
        ui->help_at++;
    ui->screen_rows = rows;
    if (ui->help_top > ui->help_at - 1)
        ui->help_top = ui->help_at > 0 ? ui->help_at - 1 : 0;
    if (ui->help_at >= ui->help_top + rows)
        ui->help_top = ui->help_at - rows + 1;
    pen_put(&pen, STYLE(ROLE_HEADING), "HELP");
    if (ui->help_search[0] != '\0')
        pen_printf(&pen, STYLE(ROLE_WARN), "  search: %s", ui->help_search);
    pen_put(&pen, STYLE(ROLE_DIM), "  Enter runs, / searches, Esc goes back");
    if (ui->help_len == 0)
        canvas_put(p->canvas, first, 1, p->canvas->cols, STYLE(ROLE_DIM), "no command matches");
    for (int i = 0; i < rows && ui->help_top + i < ui->help_len; i++)
        paint_help_line(p, first + i, ui->help_top + i);
}

/* --- palette ---------------------------------------------------------------------------------- */

size_t palette_match(const char *text, const struct cmd **out, size_t max)
{
    char word[64];
    size_t len = 0;

    str_copy(word, sizeof word, text);
    word[strcspn(word, " ")] = '\0';
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < cmd_table_len; i++) {
            const struct cmd *cmd = &cmd_table[i];
            bool is_first = str_starts(cmd->name, word);
            if ((pass == 0 ? is_first : !is_first && is_matching(cmd, word)) && len < max)
                out[len++] = cmd;
        }
    return len;
}

void palette_paint(const struct paint *p)
{
    const struct cmd *found[128];
    struct prompt *prompt = &p->ui->prompt;
    long len = (long)palette_match(prompt->text, found, 128);
    int room = p->layout->message_row - p->layout->body_row;
    int rows = len < room ? (int)len : room;
    int cols = p->canvas->cols;

    if (prompt->chosen >= len)
        prompt->chosen = len - 1;
    if (prompt->chosen < 0)
        prompt->chosen = 0;
    if (rows > 14)
        rows = 14;
    long top = prompt->chosen >= rows ? prompt->chosen - rows + 1 : 0;
    int first = p->layout->message_row - rows;
    for (int i = 0; i < rows; i++) {
        const struct cmd *cmd = found[top + i];
        bool is_at = top + i == prompt->chosen;
        enum role role = is_at ? ROLE_SELECTION : ROLE_DIALOG;
        const char *why = why_not(p, cmd);
        char key[KEYMAP_NAME_BYTES], text[300];
        struct pen pen = {p->canvas, first + i, 1, cols};

        canvas_fill(p->canvas, first + i, 0, 1, cols, STYLE(role), " ");
        if (is_at)
            canvas_put(p->canvas, first + i, 0, 1, STYLE(ROLE_HEADING), paint_glyph(p, "▌", ">"));
        keymap_first(&p->ui->keymap, cmd, key, sizeof key);
        pen_printf(&pen, STYLE(role), "%-20s", cmd->name);
        pen_printf(&pen, STYLE(is_at ? role : ROLE_KEY), "%-7s ", key);
        (void)snprintf(text, sizeof text, "%s%s", why != NULL ? "not now: " : "",
                       why != NULL ? why : cmd->help);
        if (pen.col < cols)
            canvas_field(p->canvas, pen.row, pen.col, cols - pen.col,
                         STYLE(why != NULL && !is_at ? ROLE_DIM : role), text);
        paint_hit(p, first + i, 0, 1, cols, NULL, cmd, -1);
    }
}

/* --- why -------------------------------------------------------------------------------------- */

/* Counts and, with a row to draw to, draws the lines of a text cut at blanks. */
static int paint_text(const struct paint *p, const char *text, int row, int end, int col, int cols)
{
    int lines = 0;
    size_t room = (size_t)(cols > 4 ? cols : 4);

    while (*text != '\0') {
        size_t len = strcspn(text, "\n"), cut = len;
        if (len > room) {
            for (cut = room; cut > room / 2 && text[cut] != ' '; cut--)
                ;
            if (text[cut] != ' ')
                cut = len;
        }
        if (row >= 0 && row + lines < end) {
            char *part = mem_dup_n(text, cut);
            canvas_put(p->canvas, row + lines, col, cols, STYLE(ROLE_DIALOG), part);
            mem_free(part);
        }
        lines++;
        text += cut;
        while (*text == ' ')
            text++;
        if (*text == '\n')
            text++;
    }
    return lines;
}

static void why_text(const struct paint *p, struct buf *out)
{
    const struct user *user = board_selected(&p->ui->board);
    const struct message *message = ui_message_shown(p->ui, p->live_ms);
    struct buf raw;

    if (message != NULL && message->why != NULL)
        buf_printf(out, "%s: %s\n", message->text, message->why);
    if (user == NULL)
        return;
    buf_init(&raw, 16384);
    why_lamp(&raw, p->hud, user, p->now_ms);
    struct buf masked;
    buf_init(&masked, 16384);
    number_mask_text(p->ui, user, buf_text(&raw), &masked);
    buf_puts(out, buf_text(&masked));
    buf_fini(&masked);
    struct pickup pickup = hud_pickup(p->hud, user, p->now_ms);
    if (!pickup.is_ok && pickup.why != NULL)
        buf_printf(out, "%spick up: %s",
                   out->len > 0 && out->data[out->len - 1] != '\n' ? "\n" : "", pickup.why);
    buf_fini(&raw);
}

static void paint_box(const struct paint *p, int row, int col, int rows, int cols,
                      const char *title)
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

void view_why(const struct paint *p)
{
    const struct user *user = board_selected(&p->ui->board);
    struct buf text;
    char title[300];
    int screen_cols = p->canvas->cols, screen_rows = p->canvas->rows;
    int cols = screen_cols > 74 ? 74 : screen_cols;

    buf_init(&text, 32768);
    why_text(p, &text);
    if (user != NULL)
        (void)snprintf(title, sizeof title, "Why: %s %.200s", user->extension, user->name);
    else
        str_copy(title, sizeof title, "Why");
    int lines = paint_text(p, buf_text(&text), -1, 0, 0, cols - 4);
    int rows = lines + 2 > screen_rows ? screen_rows : lines + 2;
    int row = (screen_rows - rows) / 2, col = (screen_cols - cols) / 2;
    paint_box(p, row, col, rows, cols, title);
    (void)paint_text(p, buf_text(&text), row + 1, row + rows - 1, col + 2, cols - 4);
    buf_fini(&text);
    paint_due_in(p, 1000); /* the text holds ages in seconds */
}
