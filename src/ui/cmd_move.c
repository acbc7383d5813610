/* Commands that move: the selection on the board, the lines of a list. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* Lists (help, log) move by lines. True when one is open. */
static bool move_list(struct ui *ui, long lines)
{
    if (ui->screen == SCREEN_HELP) {
        long before = ui->help_at;
        ui->help_at += lines;
        if (ui->help_at >= ui->help_len)
            ui->help_at = ui->help_len - 1;
        if (ui->help_at < 0)
            ui->help_at = 0;
        /* Headings are passed in the direction of the move; the first one pushes back down. */
        if (help_command(ui) == NULL && lines < 0 && ui->help_at > 0)
            ui->help_at--;
        else if (help_command(ui) == NULL)
            ui->help_at++;
        if (ui->help_at >= ui->help_len)
            ui->help_at = before;
        return true;
    }
    if (ui->screen == SCREEN_LOG) {
        ui->log_back = lines > ui->log_back ? 0 : ui->log_back - lines;
        return true;
    }
    return desk_move(ui, lines);
}

static void step(struct ui *ui, int by)
{
    if (by < 0 && ui->board.at < (size_t)-by)
        board_select(&ui->board, 0);
    else
        board_select(&ui->board, by < 0 ? ui->board.at - (size_t)-by : ui->board.at + (size_t)by);
}

static void page(struct ui *ui, int direction, int parts)
{
    int lines = ui->screen_rows / parts > 0 ? ui->screen_rows / parts : 1;
    int columns = ui->layout.columns > 0 ? ui->layout.columns : 1;
    int rows = (int)(ui->board.page_users / (size_t)columns) / parts;

    if (!move_list(ui, direction * lines))
        board_step_row(&ui->board, direction * (rows > 0 ? rows : 1));
}

void run_up(const struct cmd_call *call)
{
    if (!move_list(call->ui, -1))
        board_step_row(&call->ui->board, -1);
}

void run_down(const struct cmd_call *call)
{
    if (!move_list(call->ui, 1))
        board_step_row(&call->ui->board, 1);
}

void run_left(const struct cmd_call *call)
{
    if (desk_turn(call, -1))
        return;
    step(call->ui, -1);
}

void run_right(const struct cmd_call *call)
{
    if (desk_turn(call, 1))
        return;
    step(call->ui, 1);
}

void run_page_up(const struct cmd_call *call)
{
    page(call->ui, -1, 1);
}

void run_page_down(const struct cmd_call *call)
{
    page(call->ui, 1, 1);
}

void run_half_up(const struct cmd_call *call)
{
    page(call->ui, -1, 2);
}

void run_half_down(const struct cmd_call *call)
{
    page(call->ui, 1, 2);
}

void run_first(const struct cmd_call *call)
{
    if (!move_list(call->ui, -100000))
        board_select(&call->ui->board, 0);
}

void run_last(const struct cmd_call *call)
{
    if (!move_list(call->ui, 100000))
        board_select(&call->ui->board, SIZE_MAX);
}

void run_next_department(const struct cmd_call *call)
{
    board_step_group(&call->ui->board, 1);
}

void run_previous_department(const struct cmd_call *call)
{
    board_step_group(&call->ui->board, -1);
}

/* A user that filter or department keep out is shown by giving these up. */
static void select_anywhere(const struct cmd_call *call, const char *id)
{
    struct ui *ui = call->ui;

    if (board_select_id(&ui->board, id))
        return;
    (void)ui_filter(ui, "", NULL);
    ui_department(ui, NULL);
    ui_rebuild(ui, call->hud, call->now_ms);
    (void)board_select_id(&ui->board, id);
    ui_message(ui, UI_INFO, "all users are shown again", NULL, call->now_ms);
}

void run_urgent(const struct cmd_call *call)
{
    const struct urgent *urgent = &call->ui->board.urgent;
    const struct user *selected = board_selected(&call->ui->board);
    size_t next = 0;

    for (size_t i = 0; i < urgent->users.len; i++)
        if (urgent->users.items[i] == selected)
            next = (i + 1) % urgent->users.len;
    if (urgent->users.len > 0) {
        char *id = mem_dup(urgent->users.items[next]->id);
        select_anywhere(call, id);
        mem_free(id);
    }
}

void run_jump(const struct cmd_call *call)
{
    if (call->text[0] == '\0')
        ui_message(call->ui, UI_INFO, "type an extension: 104", NULL, call->now_ms);
    else
        ui_jump(call->ui, call->text, call->hud, call->now_ms);
}

void ui_jump(struct ui *ui, const char *digits, const struct hud *hud, int64_t now_ms)
{
    const struct board *board = &ui->board;
    size_t at = SIZE_MAX;
    char text[96];

    (void)hud;
    if (desk_roll(ui) != NULL && roll_jump(desk_roll(ui), digits))
        return;
    for (size_t i = 0; desk_roll(ui) == NULL && i < board->users.len; i++) {
        const char *extension = board->users.items[i]->extension;
        if (str_eq(extension, digits)) {
            at = i;
            break;
        }
        if (at == SIZE_MAX && str_starts(extension, digits))
            at = i;
    }
    if (at != SIZE_MAX) {
        board_select(&ui->board, at);
        return;
    }
    ui->jump[0] = '\0';
    (void)snprintf(text, sizeof text, "no user %.32s is shown", digits);
    ui_message(ui, UI_WARN, text, NULL, now_ms);
}

const char *why_nothing_urgent(const struct cmd_call *call)
{
    if (call->ui->board.urgent.users.len > 0)
        return NULL;
    return ui_shown(call->ui, call->hud)->link.is_synced ? "nobody rings or holds"
                                                         : "not known who rings or holds";
}

const char *why_no_departments(const struct cmd_call *call)
{
    if (desk_roll(call->ui) != NULL)
        return NULL;
    return ui_shown(call->ui, call->hud)->departments.len == 0 ? "there are no departments" : NULL;
}

/* Where a list is open it is about its rows. */
const char *why_no_open(const struct cmd_call *call)
{
    return desk_is_open(call->ui) ? NULL : why_no_user(call);
}

const char *why_no_user(const struct cmd_call *call)
{
    return board_selected(&call->ui->board) == NULL ? "nobody is selected" : NULL;
}
