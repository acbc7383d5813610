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
    struct cmd_call call = {p->ui, cmd, p->live, p->live_ms, ""};

    return cmd->why_disabled != NULL ? cmd->why_disabled(&call) : NULL;
}

/* --- help ------------------------------------------------------------------------------------- */

/* Walks the lines of the help screen: a heading where the group changes, then its commands. */
static const struct cmd *help_line(const struct ui *ui, long at, const char **heading)
{
    static const char *const groups[] = {"move", "find", "show", "act", "list", "program"};
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

/* A command as the list shows it: keys, its name where there is room for it, the sentence. A narrow
 * screen shows the label, and the sentence below the command under the cursor. */
struct help_entry {
    const struct cmd *cmd;
    bool is_at, is_off;
    char keys[96], name[64], text[300];
    int name_col, text_col, text_cols; /* name_col 0: no room */
    const char *below;                 /* NULL: nothing */
};

enum { HELP_KEYS_COL = 2, HELP_BELOW_COL = 4 };

static void help_entry_make(struct help_entry *e, const struct paint *p, const struct cmd *cmd,
                            bool is_at)
{
    int cols = p->canvas->cols;
    bool is_narrow = cols < 60;
    const char *why = why_not(p, cmd);

    *e = (struct help_entry){.cmd = cmd, .is_at = is_at, .is_off = why != NULL};
    e->name_col = cols >= 100 ? 18 : 0;
    e->text_col = cols >= 100 ? 39 : cols >= 40 ? 18 : 8;
    e->text_cols = cols - e->text_col - 1;
    e->below = is_narrow && is_at ? cmd->help : NULL;
    (void)snprintf(e->name, sizeof e->name, ":%s", cmd->name);
    keymap_all(&p->ui->keymap, cmd, e->keys, sizeof e->keys);
    if (e->keys[0] == '\0' && e->name_col == 0) /* run by its name only */
        str_copy(e->keys, sizeof e->keys, e->name);
    if (why != NULL)
        (void)snprintf(e->text, sizeof e->text, "%s%snot now: %s", is_narrow ? cmd->label : "",
                       is_narrow ? ", " : "", why);
    else
        str_copy(e->text, sizeof e->text, is_narrow ? cmd->label : cmd->help);
}

/* Below row 0 nothing is drawn. Returns the rows of the whole. */
static int help_entry_text(const struct help_entry *e, const struct paint *p, int row, int end)
{
    struct style style = STYLE(e->is_at ? ROLE_SELECTION : e->is_off ? ROLE_DIM : ROLE_TEXT);
    int lines = paint_text(p, row, end, e->text_col, e->text_cols, style, e->text);

    if (e->below != NULL)
        lines += paint_text(p, row < 0 ? -1 : row + lines, end, HELP_BELOW_COL,
                            p->canvas->cols - HELP_BELOW_COL - 1, style, e->below);
    return lines;
}

static int paint_help_entry(const struct help_entry *e, const struct paint *p, int row, int end,
                            long line)
{
    struct canvas *c = p->canvas;
    int lines = help_entry_text(e, p, -1, 0);
    int shown = row + lines <= end ? lines : end - row;

    if (row < 0)
        return lines;
    if (e->is_at) {
        canvas_fill(c, row, 0, shown, c->cols, STYLE(ROLE_SELECTION), " ");
        canvas_fill(c, row, 0, shown, 1, STYLE(ROLE_HEADING), paint_bar(p));
    }
    canvas_field(c, row, HELP_KEYS_COL,
                 (e->name_col > 0 ? e->name_col : e->text_col) - HELP_KEYS_COL - 1,
                 STYLE(e->is_at ? ROLE_SELECTION : ROLE_KEY), e->keys);
    if (e->name_col > 0)
        canvas_field(c, row, e->name_col, e->text_col - e->name_col - 1,
                     STYLE(e->is_at ? ROLE_SELECTION : ROLE_DIM), e->name);
    (void)help_entry_text(e, p, row, end);
    paint_hit(p, row, 0, shown, c->cols, NULL, e->cmd, line);
    return lines;
}

/* The line of the list at that place; returns the rows it takes. */
static int paint_help_line(const struct paint *p, int row, int end, long at)
{
    const char *heading;
    const struct cmd *cmd = help_line(p->ui, at, &heading);

    if (cmd != NULL) {
        struct help_entry entry;
        help_entry_make(&entry, p, cmd, at == p->ui->help_at);
        return paint_help_entry(&entry, p, row, end, at);
    }
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
    int first = 2, end = layout_end(p->layout), row = first;
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
    /* A word half typed is not taken for an action on a call while it may be something else. */
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < cmd_table_len; i++) {
            const struct cmd *cmd = &cmd_table[i];
            bool is_action = (cmd->flags & CMD_WRITES) != 0;
            int rank = !str_starts(cmd->name, word) ? 2 : is_action ? 1 : 0;
            if (rank == pass && is_matching(cmd, word) && len < max)
                out[len++] = cmd;
        }
    return len;
}

void palette_paint(const struct paint *p)
{
    const struct cmd *found[128];
    struct prompt *prompt = &p->ui->prompt;
    long len = (long)palette_match(prompt->text, found, 128);
    int end = paint_window_rows(p) < p->layout->message_row ? paint_window_rows(p)
                                                            : p->layout->message_row;
    int room = end - p->layout->body_row;
    int rows = len < room ? (int)len : room;
    int cols = p->canvas->cols;

    if (prompt->chosen >= len)
        prompt->chosen = len - 1;
    if (prompt->chosen < 0)
        prompt->chosen = 0;
    if (rows > 14)
        rows = 14;
    long top = prompt->chosen >= rows ? prompt->chosen - rows + 1 : 0;
    int first = end - rows;
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
