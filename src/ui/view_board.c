/* The body of the board, in whichever shape; and what it shows when there is nobody. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void paint_row(const struct paint *p, int row, const struct board_row *line)
{
    const struct board *board = &p->ui->board;

    if (line->is_heading)
        view_heading(p, row, &board->order.groups.items[line->group]);
    else if (p->layout->shape == SHAPE_GRID || p->layout->shape == SHAPE_DENSE)
        view_cells_row(p, row, line);
    else if (p->layout->shape == SHAPE_TABLE)
        view_table_row(p, row, board->users.items[line->first]);
    else
        view_list_row(p, row, board->users.items[line->first]);
}

/* Users on the screen: from first to before end. */
struct span {
    size_t first, end;
};

static void paint_rows(const struct paint *p, int row, int height, struct span *span)
{
    const struct board *board = &p->ui->board;
    int used = 0;

    for (size_t i = board->top; i < board->rows.len; i++) {
        const struct board_row *line = &board->rows.items[i];
        int need = line->height;
        if (line->is_heading && i + 1 < board->rows.len)
            need += board->rows.items[i + 1].height; /* no heading alone at the end */
        if (used + need > height)
            return;
        paint_row(p, row + used, line);
        used += line->height;
        if (line->is_heading)
            continue;
        if (line->first < span->first)
            span->first = line->first;
        span->end = line->first + line->len;
    }
}

static bool is_among(const struct board *board, size_t first, size_t end, const struct user *user)
{
    for (size_t i = first; i < end; i++)
        if (board->users.items[i] == user)
            return true;
    return false;
}

/* Those of the board that ask for action and are not on the screen. */
static size_t count_urgent(const struct board *board, size_t sticky, struct span span)
{
    size_t urgent = 0;

    for (size_t i = 0; i < board->urgent.users.len; i++) {
        const struct user *user = board->urgent.users.items[i];
        bool is_here =
            is_among(board, 0, sticky, user) || is_among(board, span.first, span.end, user);
        bool is_on_board = board->order.hidden == 0 || is_among(board, 0, board->users.len, user);
        urgent += !is_here && is_on_board;
    }
    return urgent;
}

/* "26 users below: none urgent   PgDn". The first users (sticky) are always on the screen. */
static void paint_more(const struct paint *p, int row, size_t sticky, struct span span)
{
    size_t first = span.first, end = span.end;
    struct board *board = &p->ui->board;
    struct pen pen = {p->canvas, row, 1, p->layout->body_cols};

    if (end == 0)
        return;
    board->above = first - sticky;
    board->below = board->users.len - end;
    if (board->above == 0 && board->below == 0)
        return;
    size_t urgent = count_urgent(board, sticky, span);
    if (p->layout->shape == SHAPE_LIST) {
        if (board->below > 0)
            pen_printf(&pen, STYLE(ROLE_DIM), "%zu more below", board->below);
        if (board->above > 0)
            pen_printf(&pen, STYLE(ROLE_DIM), "%s%zu above", board->below > 0 ? ", " : "",
                       board->above);
        if (urgent > 0)
            pen_printf(&pen, STYLE(ROLE_WARN), ": %zu urgent", urgent);
        return;
    }
    if (board->above > 0)
        pen_printf(&pen, STYLE(ROLE_DIM), "%zu above%s", board->above,
                   board->below > 0 ? ", " : "");
    if (board->below > 0)
        pen_printf(&pen, STYLE(ROLE_DIM), "%zu user%s below", board->below,
                   board->below == 1 ? "" : "s");
    if (urgent > 0)
        pen_printf(&pen, STYLE(ROLE_WARN), ": %zu urgent", urgent);
    else if (p->hud->link.is_synced)
        pen_put(&pen, STYLE(ROLE_DIM), ": none urgent");
    pen_put(&pen, STYLE(ROLE_DIM), "   ");
    pen_put(&pen, STYLE(ROLE_KEY), board->below > 0 ? "PgDn" : "PgUp");
}

static int rows_height(const struct board *board)
{
    int height = 0;

    for (size_t i = 0; i < board->rows.len; i++)
        height += board->rows.items[i].height;
    return height;
}

static void count_page(struct board *board, int height, int columns)
{
    int row_height = board->rows.len > 0 ? board->rows.items[board->rows.len - 1].height : 1;
    int users = height / row_height * columns;

    board->page_users = users > 0 ? (size_t)users : 1;
}

void view_board(const struct paint *p)
{
    struct board *board = &p->ui->board;
    int row = p->layout->body_row, height = p->layout->body_rows;

    board->above = board->below = 0;
    if (board->users.len == 0) {
        view_empty(p);
        return;
    }
    if (p->layout->shape == SHAPE_TABLE && height > 1) {
        view_table_head(p, row++);
        height--;
    }
    int sticky = 0;
    bool has_more = rows_height(board) > height && height > 3;
    if (p->layout->shape == SHAPE_LIST && rows_height(board) > height)
        sticky = (int)board->pinned < height / 2 ? (int)board->pinned : height / 2;
    if (has_more)
        height--;
    count_page(board, height - sticky, p->layout->columns);
    board_scroll(board, (size_t)sticky, height - sticky);
    for (int i = 0; i < sticky; i++)
        paint_row(p, row + i, &board->rows.items[i]);
    struct span span = {SIZE_MAX, 0};
    paint_rows(p, row + sticky, height - sticky, &span);
    if (has_more)
        paint_more(p, row + height, (size_t)sticky, span);
}

/* --- nobody to show --------------------------------------------------------------------------- */

struct lines {
    const struct paint *p;
    int row, end;
};

static void line(struct lines *lines, enum role role, const char *text)
{
    int cols = lines->p->layout->body_cols > 12 ? lines->p->layout->body_cols - 2 : 10;

    lines->row += paint_text(lines->p, lines->row, lines->end, 1, cols, STYLE(role), text);
}

static void skeleton(const struct paint *p, int row, int end)
{
    char glyph[8];
    int pitch = p->layout->pitch < 12 ? 12 : p->layout->pitch;
    int height = p->layout->shape == SHAPE_GRID ? 2 : 1;

    paint_sign(p, LAMP_UNKNOWN, glyph);
    for (; row + height <= end; row += height)
        for (int col = 0; col + 8 < p->layout->body_cols; col += pitch) {
            canvas_put(p->canvas, row, col + 1, 1, STYLE(ROLE_UNKNOWN), glyph);
            canvas_put(p->canvas, row, col + 3, 3, STYLE(ROLE_DIM), paint_glyph(p, "···", "..."));
        }
}

static void empty_connecting(const struct paint *p, struct lines *lines)
{
    const struct link *link = &p->live->link;
    const char *backend =
        str_is_empty(p->ui->settings.backend) ? "the backend" : p->ui->settings.backend;
    char text[600];
    long seconds = (long)((p->live_ms - link->changed_ms) / 1000);
    const char *verb = link->state == LINK_LOST   ? "Cannot reach"
                       : link->state == LINK_IDLE ? "About to connect to"
                                                  : "Connecting to";
    if (link->state == LINK_LIVE || link->state == LINK_POLLING)
        verb = "Reading the users from";

    int len = snprintf(text, sizeof text, "%s %s%s%.300s", verb, backend,
                       link->text[0] != '\0' ? ": " : "", link->text);
    if (link->state != LINK_IDLE && len > 0 && (size_t)len < sizeof text) {
        (void)snprintf(text + len, sizeof text - (size_t)len, ", since %ld s",
                       seconds < 0 ? 0 : seconds);
        paint_due(p, p->live_ms + 1000 - (p->live_ms - link->changed_ms) % 1000);
    }
    line(lines, link->state == LINK_LOST ? ROLE_WARN : ROLE_TEXT, text);
    lines->row++;
    skeleton(p, lines->row, lines->end);
}

static void empty_refused(const struct paint *p, struct lines *lines)
{
    char text[200];

    line(lines, ROLE_ERROR, "Sign-in refused");
    line(lines, ROLE_TEXT, p->live->link.text);
    lines->row++;
    if (str_is_empty(p->ui->settings.profile))
        (void)snprintf(text, sizeof text, "callhud doctor    checks it step by step");
    else
        (void)snprintf(text, sizeof text,
                       "callhud doctor --profile %.64s    checks it step by step",
                       p->ui->settings.profile);
    line(lines, ROLE_KEY, text);
    line(lines, ROLE_DIM, ":reconnect    tries again");
}

static void empty_filtered(const struct paint *p, struct lines *lines)
{
    char text[FILTER_TEXT_BYTES + 100];
    const struct ui *ui = p->ui;

    if (ui->filter.len > 0)
        (void)snprintf(text, sizeof text, "No user matches the filter: %s", ui->filter.text);
    else
        (void)snprintf(text, sizeof text, "No user is in the department: %.200s", ui->department);
    line(lines, ROLE_TEXT, text);
    if (ui->filter.len > 0 && ui->department != NULL)
        (void)snprintf(text, sizeof text, "Esc shows all of %.200s", ui->department);
    else
        (void)snprintf(text, sizeof text, "Esc shows all %zu", p->hud->users.len);
    line(lines, ROLE_KEY, text);
}

static void empty_nobody(const struct paint *p, struct lines *lines)
{
    char text[400], list[KEYMAP_NAME_BYTES], add[KEYMAP_NAME_BYTES];

    line(lines, ROLE_TEXT, "No users are monitored.");
    lines->row++;
    if (!str_is_empty(p->ui->settings.monitor)) {
        (void)snprintf(text, sizeof text, "monitored: %.300s", p->ui->settings.monitor);
        line(lines, ROLE_DIM, text);
    }
    if (str_eq(p->ui->settings.monitor, "list") && p->ui->desk.desk != NULL) {
        keymap_first(&p->ui->keymap, cmd_find("list"), list, sizeof list);
        keymap_first(&p->ui->keymap, cmd_find("list-add"), add, sizeof add);
        (void)snprintf(text, sizeof text,
                       "to add: %s opens the HUD list, and %s adds people to it; or set "
                       "monitor = all; then :reload",
                       list, add);
    } else {
        str_copy(text, sizeof text,
                 "to add: name people in [users] of the configuration, or set "
                 "monitor = all; then :reload");
    }
    line(lines, ROLE_DIM, text);
    line(lines, ROLE_KEY, "callhud doctor    says what the backend offers");
}

void view_empty(const struct paint *p)
{
    struct lines lines = {p, p->layout->body_row, p->layout->body_row + p->layout->body_rows};
    const struct link *link = &p->live->link;

    if (p->layout->body_rows > 6)
        lines.row++;
    if (p->hud->users.len > 0)
        empty_filtered(p, &lines);
    else if (link->state == LINK_REFUSED)
        empty_refused(p, &lines);
    else if (link->is_synced)
        empty_nobody(p, &lines);
    else
        empty_connecting(p, &lines);
}
