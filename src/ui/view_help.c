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

/* Where the columns of a command are: keys, its name where there is room for it, the sentence. */
struct help_cols {
    int keys, name, text, width; /* width: of the sentence; 0: the label stands there */
};

static struct help_cols help_cols(const struct paint *p)
{
    int cols = p->canvas->cols;
    struct help_cols at = {.keys = 2, .text = cols >= 40 ? 18 : 8};

    if (cols >= 100) {
        at.name = 18;
        at.text = 39;
    }
    at.width = cols >= 60 ? cols - at.text - 1 : 0;
    return at;
}

/* Draws a command from row on, nothing below row 0. Returns the lines it takes: a narrow screen
 * shows labels, and the whole sentence of the command under the cursor. */
static int paint_help_command(const struct paint *p, int row, int end, const struct cmd *cmd,
                              long line)
{
    struct help_cols at = help_cols(p);
    int cols = p->canvas->cols;
    const char *why = why_not(p, cmd);
    char keys[96], name[64], text[300];
    bool is_at = line == p->ui->help_at;
    enum role role = is_at ? ROLE_SELECTION : why != NULL ? ROLE_DIM : ROLE_TEXT;

    if (why != NULL)
        (void)snprintf(text, sizeof text, "%s%snot now: %s", at.width > 0 ? "" : cmd->label,
                       at.width > 0 ? "" : ", ", why);
    else
        str_copy(text, sizeof text, at.width > 0 ? cmd->help : cmd->label);
    bool is_unfolded = at.width == 0 && is_at;
    int lines = at.width > 0  ? paint_text(p, -1, 0, 0, at.width, STYLE(role), text)
                : is_unfolded ? 1 + paint_text(p, -1, 0, 0, cols - 5, STYLE(role), cmd->help)
                              : 1;
    if (row < 0)
        return lines;
    int shown = row + lines <= end ? lines : end - row;
    if (is_at) {
        canvas_fill(p->canvas, row, 0, shown, cols, STYLE(ROLE_SELECTION), " ");
        for (int i = 0; i < shown; i++)
            canvas_put(p->canvas, row + i, 0, 1, STYLE(ROLE_HEADING), paint_bar(p));
    }
    keymap_all(&p->ui->keymap, cmd, keys, sizeof keys);
    if (keys[0] == '\0' && at.name == 0) /* run by its name only */
        (void)snprintf(keys, sizeof keys, ":%s", cmd->name);
    canvas_field(p->canvas, row, at.keys, at.text - at.keys - 1,
                 STYLE(is_at ? ROLE_SELECTION : ROLE_KEY), keys);
    if (at.name > 0) {
        (void)snprintf(name, sizeof name, ":%s", cmd->name);
        canvas_field(p->canvas, row, at.name, at.text - at.name - 1,
                     STYLE(is_at ? ROLE_SELECTION : ROLE_DIM), name);
    }
    if (at.width > 0)
        (void)paint_text(p, row, end, at.text, at.width, STYLE(role), text);
    else
        canvas_field(p->canvas, row, at.text, cols - at.text, STYLE(role), text);
    if (is_unfolded)
        (void)paint_text(p, row + 1, end, 4, cols - 5, STYLE(role), cmd->help);
    paint_hit(p, row, 0, shown, cols, NULL, cmd, line);
    return lines;
}

/* The line of the list at that place; returns the rows it takes. */
static int paint_help_line(const struct paint *p, int row, int end, long at)
{
    const char *heading;
    const struct cmd *cmd = help_line(p->ui, at, &heading);

    if (cmd != NULL)
        return paint_help_command(p, row, end, cmd, at);
    if (heading != NULL && row >= 0 && row + 1 < end) /* none alone at the end */
        canvas_put(p->canvas, row, 1, p->canvas->cols - 1, STYLE(ROLE_HEADING), heading);
    return 1;
}

/* The cursor rests on commands, never on a heading, and what it rests on is on the screen whole. */
static void scroll_help(const struct paint *p, int rows)
{
    struct ui *ui = p->ui;
    const char *heading;
    int used = 0;

    ui->help_len = 0;
    while (help_line(ui, ui->help_len, &heading) != NULL || heading != NULL)
        ui->help_len++;
    if (ui->help_at >= ui->help_len)
        ui->help_at = ui->help_len > 0 ? ui->help_len - 1 : 0;
    if (ui->help_len > 0 && help_command(ui) == NULL)
        ui->help_at++;
    if (ui->help_top > ui->help_at - 1)
        ui->help_top = ui->help_at > 0 ? ui->help_at - 1 : 0;
    for (long i = ui->help_top; i <= ui->help_at; i++)
        used += paint_help_line(p, -1, 0, i);
    while (used > rows && ui->help_top < ui->help_at)
        used -= paint_help_line(p, -1, 0, ui->help_top++);
}

void view_help(const struct paint *p)
{
    struct ui *ui = p->ui;
    struct pen pen = {p->canvas, 1, 1, p->canvas->cols};
    int first = 2, end = p->layout->message_row, row = first;
    long at;

    scroll_help(p, end - first > 0 ? end - first : 1);
    pen_put(&pen, STYLE(ROLE_HEADING), "HELP");
    if (ui->help_search[0] != '\0')
        pen_printf(&pen, STYLE(ROLE_WARN), "  search: %s", ui->help_search);
    pen_put(&pen, STYLE(ROLE_DIM), "  Enter runs, / searches, Esc goes back");
    if (ui->help_len == 0)
        canvas_put(p->canvas, first, 1, p->canvas->cols, STYLE(ROLE_DIM), "no command matches");
    for (at = ui->help_top; row < end && at < ui->help_len; at++)
        row += paint_help_line(p, row, end, at);
    ui->screen_rows = at > ui->help_top ? (int)(at - ui->help_top) : 1;
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
            canvas_put(p->canvas, first + i, 0, 1, STYLE(ROLE_HEADING), paint_bar(p));
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

static void why_text(const struct paint *p, struct buf *out)
{
    const struct user *user = board_selected(&p->ui->board);
    const struct message *message = ui_message_shown(p->ui, p->live_ms);
    struct buf raw;

    if (message != NULL && ui_message_has_more(p->ui, message))
        buf_printf(out, "%s%s%s\n", message->text, message->why != NULL ? ": " : "",
                   message->why != NULL ? message->why : "");
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
    int lines = paint_text(p, -1, 0, 0, cols - 4, STYLE(ROLE_DIALOG), buf_text(&text));
    int rows = lines + 2 > screen_rows ? screen_rows : lines + 2;
    int row = (screen_rows - rows) / 2, col = (screen_cols - cols) / 2;
    paint_box(p, row, col, rows, cols, title);
    (void)paint_text(p, row + 1, row + rows - 1, col + 2, cols - 4, STYLE(ROLE_DIALOG),
                     buf_text(&text));
    buf_fini(&text);
    paint_due_in(p, 1000); /* the text holds ages in seconds */
}
