/* The menu of everything that can be done with the selected user: its rows, cursor and keys. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

void menu_open(struct ui *ui)
{
    menu_close(ui);
    ui->menu.is_open = true;
    ui->menu.top = 0;
    str_copy(ui->menu.user_id, sizeof ui->menu.user_id, board_selected(&ui->board)->id);
    /* The cursor begins on the first command, once the rows are there. */
    ui->menu.cmd = NULL;
    ui->menu.is_fresh = true;
}

void menu_close(struct ui *ui)
{
    ui->menu.is_open = false;
    ui->menu.rows.len = 0;
    ui->menu.cmd = NULL;
    ui->menu.call_id[0] = '\0';
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static void add_action(struct ui *ui, const struct hud *live, const struct cmd *cmd,
                       enum action_kind kind, size_t call, int64_t now_ms)
{
    const struct user *user = &ui->seen.user;
    struct menu_row row = {.cmd = cmd, .call = call};
    struct choice choice;
    char words[256];

    choice_make(&choice, live, user, call != SIZE_MAX ? &user->calls.items[call] : NULL, kind,
                now_ms);
    choice_words(&choice, live, ui->settings.is_pickup_confirmed, words, sizeof words);
    row.is_ok = choice.check.is_ok;
    bool has_why = !row.is_ok && str_eq(words, "no") && choice.check.why[0] != '\0';
    (void)snprintf(row.words, sizeof row.words, "%s%s%s", words, has_why ? ": " : "",
                   has_why ? choice.check.why : "");
    VEC_PUSH(&ui->menu.rows, row);
}

/* The actions on one call; call SIZE_MAX: on the one that fits. */
static void add_call_actions(struct ui *ui, const struct hud *live, size_t call, int64_t now_ms)
{
    enum action_kind kind;

    for (size_t i = 0; i < cmd_table_len; i++)
        if (cmd_action(&cmd_table[i], &kind) && action_row(kind)->is_on_call && kind != ACTION_STOP)
            add_action(ui, live, &cmd_table[i], kind, call, now_ms);
}

static void add_other(struct ui *ui, const struct hud *live, const char *name, int64_t now_ms)
{
    const struct cmd *cmd = cmd_find(name);
    struct cmd_call call = {ui, cmd, live, now_ms, ""};
    struct menu_row row = {.cmd = cmd, .call = SIZE_MAX, .is_ok = true};
    const char *why = cmd->why_disabled != NULL ? cmd->why_disabled(&call) : NULL;

    row.is_ok = why == NULL;
    (void)snprintf(row.words, sizeof row.words, "%s%s",
                   why == NULL ? "yes" : "no: ", why != NULL ? why : "");
    VEC_PUSH(&ui->menu.rows, row);
}

static void add_heading(struct ui *ui, size_t call)
{
    struct menu_row row = {.cmd = NULL, .call = call};

    VEC_PUSH(&ui->menu.rows, row);
}

void menu_build(struct ui *ui, const struct hud *live, int64_t now_ms)
{
    static const char *const others[] = {"dnd", "mark", "copy", "why"};
    const struct user *user = &ui->seen.user;

    ui->menu.rows.len = 0;
    if (!ui->seen.is_there || !str_eq(user->id, ui->menu.user_id)) {
        menu_close(ui);
        return;
    }
    if (user->calls.len <= 1)
        add_call_actions(ui, live, SIZE_MAX, now_ms);
    for (size_t i = 0; user->calls.len > 1 && i < user->calls.len; i++) {
        add_heading(ui, i);
        add_call_actions(ui, live, i, now_ms);
    }
    if (user->calls.len > 1)
        add_heading(ui, SIZE_MAX);
    if (supervision_is_on(&live->supervision))
        add_action(ui, live, cmd_find("stop"), ACTION_STOP, SIZE_MAX, now_ms);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        enum action_kind kind;
        if (action_find(others[i], &kind))
            add_action(ui, live, cmd_find(others[i]), kind, SIZE_MAX, now_ms);
        else
            add_other(ui, live, others[i], now_ms);
    }
}

/* --- the cursor ----------------------------------------------------------------------------------
 */

static const char *row_call(const struct ui *ui, const struct menu_row *row)
{
    return row->call < ui->seen.user.calls.len ? ui->seen.user.calls.items[row->call].id : "";
}

long menu_at(const struct ui *ui)
{
    for (size_t i = 0; ui->menu.cmd != NULL && i < ui->menu.rows.len; i++) {
        const struct menu_row *row = &ui->menu.rows.items[i];
        if (row->cmd == ui->menu.cmd && str_eq(row_call(ui, row), ui->menu.call_id))
            return (long)i;
    }
    return -1; /* also when its call is gone: the cursor does not slip to another call's row */
}

void menu_set_at(struct ui *ui, long at)
{
    if (at < 0 || at >= (long)ui->menu.rows.len || ui->menu.rows.items[at].cmd == NULL)
        return;
    ui->menu.cmd = ui->menu.rows.items[at].cmd;
    str_copy(ui->menu.call_id, sizeof ui->menu.call_id, row_call(ui, &ui->menu.rows.items[at]));
}

/* To the next command in that direction; headings are passed over. */
static void step(struct ui *ui, long by)
{
    long at = menu_at(ui), len = (long)ui->menu.rows.len, way = by > 0 ? 1 : -1;
    long to = at < 0 ? (by > 0 ? 0 : len - 1) : at + by;

    if (to < 0)
        to = 0;
    if (to >= len)
        to = len - 1;
    while (to > 0 && to < len && ui->menu.rows.items[to].cmd == NULL)
        to += way;
    if (to == 0 && len > 1 && ui->menu.rows.items[0].cmd == NULL)
        to = 1; /* the first line is a heading */
    menu_set_at(ui, to);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

/* The menu closes and the row is done, or says why not. The window that explains opens over it. */
static void run_row(struct ui *ui, const struct menu_row *row, const struct hud *hud,
                    int64_t now_ms)
{
    struct cmd_call call = {ui, row->cmd, hud, now_ms, ""};
    enum action_kind kind;
    struct choice choice;
    size_t at = row->call;

    menu_close(ui);
    if (!cmd_action(call.cmd, &kind)) {
        ui_run(ui, call.cmd, "", hud, now_ms);
        return;
    }
    choice_make(&choice, hud, kind == ACTION_STOP ? NULL : &ui->seen.user,
                at < ui->seen.user.calls.len ? &ui->seen.user.calls.items[at] : NULL, kind, now_ms);
    act_do(&call, &choice);
}

void menu_run_at(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    long at = menu_at(ui);

    if (at < 0)
        return;
    struct menu_row row = ui->menu.rows.items[at];
    run_row(ui, &row, hud, now_ms);
}

/* The row of a command: of the call under the cursor, else the first that may be done. */
static const struct menu_row *row_of(const struct ui *ui, const struct cmd *cmd)
{
    const struct menu_row *found = NULL;

    for (size_t i = 0; i < ui->menu.rows.len; i++) {
        const struct menu_row *row = &ui->menu.rows.items[i];
        if (row->cmd != cmd)
            continue;
        if (ui->menu.cmd != NULL && str_eq(row_call(ui, row), ui->menu.call_id))
            return row;
        if (found == NULL || (!found->is_ok && row->is_ok))
            found = row;
    }
    return found;
}

/* What the key runs; a key that begins "gg" is taken for it. */
static const struct cmd *command_of(const struct ui *ui, const struct key *key)
{
    const struct key twice[2] = {*key, *key};
    const struct cmd *cmd = NULL;

    if (keymap_find(&ui->keymap, key, 1, &cmd) == KEYMAP_PREFIX)
        (void)keymap_find(&ui->keymap, twice, 2, &cmd);
    return cmd;
}

void menu_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    const struct cmd *cmd = command_of(ui, key);
    bool is_bound = cmd != NULL;
    long page = ui->menu.shown > 1 ? ui->menu.shown - 1 : 1;

    if (key->code == KEY_CODE_ENTER) {
        menu_run_at(ui, hud, now_ms);
    } else if (!is_bound) {
        if (key->code == KEY_CODE_ESCAPE)
            menu_close(ui);
        else
            (void)act_note_caps(ui, key, now_ms);
    } else if (cmd->run == run_back || cmd->run == run_quit || cmd->run == run_menu) {
        menu_close(ui);
    } else if (cmd->run == run_up || cmd->run == run_down) {
        step(ui, cmd->run == run_up ? -1 : 1);
    } else if (cmd->run == run_page_up || cmd->run == run_half_up) {
        step(ui, -page);
    } else if (cmd->run == run_page_down || cmd->run == run_half_down) {
        step(ui, page);
    } else if (cmd->run == run_first || cmd->run == run_last) {
        long len = (long)ui->menu.rows.len;
        step(ui, cmd->run == run_first ? -len : len);
    } else if (!act_is_disarmed(ui, key, cmd, now_ms)) {
        const struct menu_row *found = row_of(ui, cmd);
        if (found != NULL) {
            struct menu_row row = *found;
            run_row(ui, &row, hud, now_ms);
        }
    }
}
