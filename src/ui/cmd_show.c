/* Commands that choose what is shown, and how. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void say(const struct cmd_call *call, enum ui_level level, const char *format,
                const char *text)
{
    char line[400];

    (void)snprintf(line, sizeof line, "%s%.300s", format, text);
    ui_message(call->ui, level, line, NULL, call->now_ms);
}

void run_find(const struct cmd_call *call)
{
    struct err err = {0};

    struct roll *roll = desk_roll(call->ui);

    if (roll != NULL && call->text[0] == '\0')
        prompt_open(call->ui, PROMPT_ROLL, roll->search);
    else if (roll != NULL)
        desk_search(call->ui, call->text);
    else if (call->ui->screen == SCREEN_HELP)
        prompt_open(call->ui, PROMPT_HELP, call->ui->help_search);
    else if (call->text[0] == '\0')
        prompt_open(call->ui, PROMPT_FILTER, call->ui->filter.text);
    else if (ui_filter(call->ui, call->text, &err) != RC_OK)
        say(call, UI_WARN, "", err.text);
    bool has_rows = call->ui->screen == SCREEN_HELP || roll != NULL;
    if (!has_rows)
        call->ui->screen = SCREEN_BOARD;
}

void run_filter_lamp(const struct cmd_call *call)
{
    enum lamp lamp;
    char text[64];

    if (call->text[0] == '\0') {
        call->ui->is_lamp_asked = true;
        return;
    }
    if (!lamp_from_text(call->text, &lamp)) {
        say(call, UI_WARN, "no such lamp: ", call->text);
        return;
    }
    (void)snprintf(text, sizeof text, "is:%s", lamp_row(lamp)->json);
    (void)ui_filter(call->ui, text, NULL);
}

static const char *department_after(const struct hud *hud, const char *department)
{
    if (department == NULL)
        return hud->departments.len > 0 ? hud->departments.items[0] : NULL;
    for (size_t i = 0; i + 1 < hud->departments.len; i++)
        if (str_eq(hud->departments.items[i], department))
            return hud->departments.items[i + 1];
    return NULL;
}

void run_department(const struct cmd_call *call)
{
    if (desk_department(call))
        return;
    const struct hud *hud = ui_shown(call->ui, call->hud);
    const char *next = NULL;

    if (call->text[0] == '\0') {
        next = department_after(hud, call->ui->department);
    } else if (!str_eq_nocase(call->text, "all")) {
        for (size_t i = 0; next == NULL && i < hud->departments.len; i++)
            if (str_find_folded(hud->departments.items[i], call->text))
                next = hud->departments.items[i];
        if (next == NULL) {
            say(call, UI_WARN, "no such department: ", call->text);
            return;
        }
    }
    ui_department(call->ui, next);
    say(call, UI_INFO, "department: ", next != NULL ? next : "all");
}

void run_order(const struct cmd_call *call)
{
    enum order_by by = (enum order_by)((call->ui->order + 1) % ORDER_COUNT);

    if (call->text[0] != '\0' && !order_from_word(call->text, &by)) {
        say(call, UI_WARN, "no such order: ", call->text);
        return;
    }
    call->ui->order = by;
    say(call, UI_INFO, "order: ", order_text(by));
}

void run_group(const struct cmd_call *call)
{
    call->ui->is_ungrouped = !call->ui->is_ungrouped;
    say(call, UI_INFO, "", call->ui->is_ungrouped ? "not grouped" : "grouped by department");
}

void run_view(const struct cmd_call *call)
{
    enum ui_view view = (enum ui_view)((call->ui->view + 1) % VIEW_COUNT);

    if (call->text[0] != '\0' && !view_from_word(call->text, &view)) {
        say(call, UI_WARN, "no such view: ", call->text);
        return;
    }
    call->ui->view = view;
    call->ui->screen = SCREEN_BOARD;
    say(call, UI_INFO, "view: ", view_word(view));
}

void run_mark(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    const struct user *user = board_selected(&ui->board);

    if (desk_mark(call))
        return;
    for (size_t i = 0; user != NULL && i < ui->marked.len; i++)
        if (str_eq(ui->marked.items[i], user->id)) {
            mem_free(ui->marked.items[i]);
            VEC_REMOVE(&ui->marked, i);
            return;
        }
    if (user != NULL)
        VEC_PUSH(&ui->marked, mem_dup(user->id));
}

void run_unmark(const struct cmd_call *call)
{
    if (desk_roll(call->ui) != NULL) {
        roll_unmark(desk_roll(call->ui));
        return;
    }
    for (size_t i = 0; i < call->ui->marked.len; i++)
        mem_free(call->ui->marked.items[i]);
    call->ui->marked.len = 0;
}

const char *why_no_mark(const struct cmd_call *call)
{
    struct roll *roll = desk_roll(call->ui);
    size_t marked = roll != NULL ? roll->marked.len : call->ui->marked.len;

    return marked == 0 ? "nobody is marked" : NULL;
}

void run_open(const struct cmd_call *call)
{
    struct ui *ui = call->ui;

    if (desk_enter(call))
        return;
    if (ui->screen == SCREEN_HELP) {
        const struct cmd *cmd = help_command(ui);
        ui_close(ui);
        if (cmd != NULL && cmd->run != run_open)
            ui_run(ui, cmd, "", call->hud, call->now_ms);
    } else if (ui->screen == SCREEN_BOARD) {
        ui->screen = SCREEN_USER;
    }
}

void run_back(const struct cmd_call *call)
{
    struct ui *ui = call->ui;

    if (ui->screen == SCREEN_HELP && ui->help_search[0] != '\0') {
        ui->help_search[0] = '\0';
        ui->help_at = ui->help_top = 0;
    } else if (desk_back(ui, call->now_ms)) {
        return;
    } else if (ui->screen != SCREEN_BOARD) {
        ui_close(ui);
    } else if (ui->filter.len > 0) {
        (void)ui_filter(ui, "", NULL);
    } else if (ui->department != NULL) {
        ui_department(ui, NULL);
        say(call, UI_INFO, "department: ", "all");
    } else if (ui->is_frozen) {
        ui_unfreeze(ui);
    } else if (ui->marked.len > 0) {
        run_unmark(call);
    } else {
        char key[KEYMAP_NAME_BYTES], text[80];
        keymap_first(&ui->keymap, cmd_find("quit"), key, sizeof key);
        (void)snprintf(text, sizeof text, "%s quits", key[0] != '\0' ? key : ":quit");
        say(call, UI_INFO, "", text);
    }
}

void run_quit(const struct cmd_call *call)
{
    if (call->ui->screen != SCREEN_BOARD)
        ui_close(call->ui);
    else if (supervision_is_on(&call->hud->supervision))
        dialog_open_leave(call->ui, DIALOG_QUIT);
    else
        ui_ask(call->ui, INTENT_QUIT, "");
}

void run_why(const struct cmd_call *call)
{
    call->ui->is_why_open = true;
    call->ui->why_top = 0;
}

const char *why_no_reason(const struct cmd_call *call)
{
    const struct message *message = ui_message_shown(call->ui, call->now_ms);

    if (message != NULL && ui_message_has_more(call->ui, message))
        return NULL;
    return why_no_user(call);
}

void run_freeze(const struct cmd_call *call)
{
    struct ui *ui = call->ui;

    if (ui->is_frozen) {
        ui_unfreeze(ui);
        return;
    }
    hud_copy(&ui->frozen, call->hud);
    ui->is_frozen = true;
    ui->frozen_ms = call->now_ms;
    ui->frozen_changes = 0;
}

/* Help and log remember the screen of a desk that they lie over. */
static void leave_for(struct ui *ui, enum screen screen)
{
    bool is_over = ui->screen == SCREEN_HELP || ui->screen == SCREEN_LOG;

    if (!is_over)
        ui->under = ui->screen == SCREEN_USER || !desk_is_open(ui) ? SCREEN_BOARD : ui->screen;
    ui->screen = screen;
}

void ui_close(struct ui *ui)
{
    if (ui->screen == SCREEN_HELP || ui->screen == SCREEN_LOG) {
        ui->screen = ui->under;
        ui->under = SCREEN_BOARD;
    } else if (desk_is_open(ui)) {
        desk_close(ui);
    } else {
        ui->screen = SCREEN_BOARD;
    }
}

void run_log(const struct cmd_call *call)
{
    leave_for(call->ui, SCREEN_LOG);
    call->ui->log_back = 0;
}

void run_help(const struct cmd_call *call)
{
    struct ui *ui = call->ui;

    leave_for(ui, SCREEN_HELP);
    ui->help_at = ui->help_top = 0;
    str_copy(ui->help_search, sizeof ui->help_search, call->text);
}

void run_palette(const struct cmd_call *call)
{
    prompt_open(call->ui, PROMPT_PALETTE, "");
}
