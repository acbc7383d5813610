/* Keys and clicks: prompts first, then windows, then the command table. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* What is about users alone goes back to them from the screens of a desk. */
static void call_screen(struct ui *ui, const struct cmd *cmd)
{
    enum { DESK = SCOPE_LIST | SCOPE_PICK | SCOPE_PREVIEW | SCOPE_PRESENCE };

    if ((cmd->scope & SCOPE_USERS) != 0 && (cmd->scope & DESK) == 0 &&
        (cmd->flags & CMD_WRITES) == 0 && desk_is_open(ui))
        ui->screen = ui->under = SCREEN_BOARD;
}

void ui_run(struct ui *ui, const struct cmd *cmd, const char *text, const struct hud *hud,
            int64_t now_ms)
{
    struct cmd_call call = {ui, cmd, hud, now_ms, text};
    bool is_action = (cmd->flags & CMD_WRITES) != 0;
    /* An action says itself why it is refused: it goes by what was on the screen. */
    const char *why = cmd->why_disabled != NULL && !is_action ? cmd->why_disabled(&call) : NULL;
    char line[300];

    /* From the lists of help and log a command about users goes back to them first. */
    if ((cmd->scope & SCOPE_USERS) != 0 && cmd->run != run_open &&
        (ui->screen == SCREEN_HELP || ui->screen == SCREEN_LOG))
        ui_close(ui);
    call_screen(ui, cmd);
    if (why != NULL && !(cmd->run == run_open && ui->screen == SCREEN_HELP)) {
        (void)snprintf(line, sizeof line, "%s: %s", cmd->label, why);
        ui_message(ui, UI_WARN, line, NULL, now_ms);
        return;
    }
    cmd->run(&call);
}

/* --- the mouse -------------------------------------------------------------------------------- */

static const struct hit *hit_at(const struct ui *ui, int row, int col)
{
    for (size_t i = ui->hits.len; i-- > 0;) {
        const struct hit *hit = &ui->hits.items[i];
        if (row >= hit->row && row < hit->row + hit->rows && col >= hit->col &&
            col < hit->col + hit->cols)
            return hit;
    }
    return NULL;
}

/* A click chooses the row, a double click does it; a click beside the menu closes it. */
static void click_menu(struct ui *ui, const struct hit *hit, const struct key *key,
                       const struct hud *hud, int64_t now_ms)
{
    if (hit == NULL || hit->line < 0) {
        menu_close(ui);
        return;
    }
    menu_set_at(ui, hit->line);
    if (key->mouse == MOUSE_DOUBLE)
        menu_run_at(ui, hud, now_ms);
}

static void click(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    const struct hit *hit = hit_at(ui, key->row, key->col);

    if (ui->is_why_open) {
        ui->is_why_open = false;
        return;
    }
    if (ui->menu.is_open) {
        click_menu(ui, hit, key, hud, now_ms);
        return;
    }
    if (hit == NULL)
        return;
    if (hit->user_id != NULL) {
        (void)board_select_id(&ui->board, hit->user_id);
        if (key->mouse == MOUSE_DOUBLE)
            ui_run(ui, cmd_find("open"), "", hud, now_ms);
        return;
    }
    const struct cmd *cmd = hit->cmd;
    if (hit->line >= 0 && desk_click(ui, hit->line)) {
        if (key->mouse == MOUSE_DOUBLE && cmd != NULL)
            ui_run(ui, cmd, "", hud, now_ms);
        return;
    }
    if (hit->line >= 0 && key->mouse == MOUSE_PRESS) {
        ui->help_at = hit->line;
        return;
    }
    if (hit->line >= 0)
        ui->screen = SCREEN_BOARD;
    if (ui->prompt.kind == PROMPT_PALETTE)
        ui->prompt.kind = PROMPT_NONE;
    if (cmd != NULL)
        ui_run(ui, cmd, "", hud, now_ms);
}

static void mouse(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    enum { WHEEL_ROWS = 3 };

    if (key->mouse == MOUSE_PRESS || key->mouse == MOUSE_DOUBLE) {
        click(ui, key, hud, now_ms);
        return;
    }
    const struct cmd *cmd = cmd_find(key->mouse == MOUSE_WHEEL_UP ? "up" : "down");
    if (ui->menu.is_open) {
        struct key arrow = {.code = key->mouse == MOUSE_WHEEL_UP ? KEY_CODE_UP : KEY_CODE_DOWN};
        menu_key(ui, &arrow, hud, now_ms);
        return;
    }
    for (int i = 0; i < (ui->screen == SCREEN_BOARD ? 1 : WHEEL_ROWS); i++)
        ui_run(ui, cmd, "", hud, now_ms);
}

/* --- keys ------------------------------------------------------------------------------------- */

static bool is_plain(const struct key *key)
{
    return !key->is_ctrl && !key->is_alt && key->code > 0x20 && key->code < 0x7F;
}

/* Digits in a row within a short time are one extension. */
static bool jump_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    size_t len = strlen(ui->jump);

    if (!is_plain(key) || key->code < '0' || key->code > '9' ||
        (ui->screen != SCREEN_BOARD && ui->screen != SCREEN_USER && desk_roll(ui) == NULL)) {
        ui->jump[0] = '\0';
        return false;
    }
    const struct cmd *bound;
    if (keymap_find(&ui->keymap, key, 1, &bound) != KEYMAP_NONE)
        return false;
    if (now_ms >= ui->jump_ms + UI_JUMP_MS || len + 2 > sizeof ui->jump)
        len = 0;
    ui->jump[len] = (char)key->code;
    ui->jump[len + 1] = '\0';
    ui->jump_ms = now_ms;
    char digits[sizeof ui->jump];
    str_copy(digits, sizeof digits, ui->jump);
    ui_jump(ui, digits, hud, now_ms);
    return true;
}

static void lamp_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    char letter[2] = {is_plain(key) ? (char)key->code : '\0', '\0'};

    ui->is_lamp_asked = false;
    if (letter[0] == '\0')
        return; /* Esc and the like: no filter */
    ui_run(ui, cmd_find("filter-lamp"), letter, hud, now_ms);
}

static void unbound(struct ui *ui, const struct key *key, int64_t now_ms)
{
    char name[KEYMAP_NAME_BYTES], help[KEYMAP_NAME_BYTES], text[160];

    if (act_note_caps(ui, key, now_ms))
        return;
    key_text(key, name, sizeof name);
    keymap_first(&ui->keymap, cmd_find("help"), help, sizeof help);
    (void)snprintf(text, sizeof text, "%s: no such key here (%s help)", name,
                   help[0] != '\0' ? help : ":help");
    ui_message(ui, UI_INFO, text, NULL, now_ms);
}

static void command_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    const struct cmd *cmd = NULL;

    if (ui->chord_len > 0 && key->code == KEY_CODE_ESCAPE) {
        ui->chord_len = 0;
        return;
    }
    if (ui->chord_len == KEYMAP_CHORD_MAX)
        ui->chord_len = 0;
    ui->chord[ui->chord_len++] = *key;
    ui->chord[ui->chord_len - 1].text = NULL;
    switch (keymap_find(&ui->keymap, ui->chord, ui->chord_len, &cmd)) {
    case KEYMAP_PREFIX: return;
    case KEYMAP_EXACT:
        ui->chord_len = 0;
        if (!act_is_disarmed(ui, key, cmd, now_ms))
            ui_run(ui, cmd, "", hud, now_ms);
        return;
    case KEYMAP_NONE: break;
    }
    bool was_chord = ui->chord_len > 1;
    ui->chord_len = 0;
    if (was_chord) /* what began a chord is forgotten, the key itself still counts */
        command_key(ui, key, hud, now_ms);
    else
        unbound(ui, key, now_ms);
}

/* The window closes by any key; Esc, q, Enter and i do nothing else. Up and down move a text that
 * is longer than it. */
static bool why_key(struct ui *ui, const struct key *key)
{
    const struct cmd *cmd = NULL;

    if (!ui->is_why_open)
        return false;
    bool is_bound = keymap_find(&ui->keymap, key, 1, &cmd) == KEYMAP_EXACT && cmd != NULL;
    bool is_longer = ui->why_more > 0 || ui->why_top > 0;
    if (is_bound && is_longer && (cmd->run == run_down || cmd->run == run_up)) {
        int by = cmd->run == run_up ? -(ui->why_top > 0) : ui->why_more > 0;
        ui->why_top += by;
        ui->why_more -= by;
        return true;
    }
    ui->is_why_open = false;
    return key->code == KEY_CODE_ESCAPE || key->code == KEY_CODE_ENTER ||
           (is_bound && (cmd->run == run_why || cmd->run == run_quit));
}

/* Over a slow link Esc and the key after it come together and look like Alt with that key: where
 * Alt is not bound they are taken for the two that they were. */
static bool split_alt(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    const struct cmd *bound;

    if (!key->is_alt || key->code == KEY_CODE_ESCAPE ||
        keymap_find(&ui->keymap, key, 1, &bound) != KEYMAP_NONE)
        return false;
    struct key escape = {.code = KEY_CODE_ESCAPE}, rest = *key;
    rest.is_alt = false;
    /* But no call is acted on by a guess. */
    if (keymap_find(&ui->keymap, &rest, 1, &bound) == KEYMAP_EXACT &&
        (bound->flags & CMD_WRITES) != 0)
        return false;
    ui_key(ui, &escape, hud, now_ms);
    ui_key(ui, &rest, hud, now_ms);
    return true;
}

void ui_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    if (key->code == 0 || key->code == KEY_CODE_FOCUS_IN || key->code == KEY_CODE_FOCUS_OUT)
        return;
    ui_taught(ui);
    if (is_plain(key) && key->code >= 'a' && key->code <= 'z')
        ui->is_caps = false;
    if (ui->dialog.kind != DIALOG_NONE) {
        dialog_key(ui, key, hud, now_ms); /* nothing else is heard meanwhile */
        return;
    }
    if (dialog_is_late_answer(ui, key, now_ms) || split_alt(ui, key, hud, now_ms))
        return;
    ui_rebuild(ui, hud, now_ms);
    if (key->code == KEY_CODE_MOUSE) {
        mouse(ui, key, hud, now_ms);
    } else if (ui->prompt.kind != PROMPT_NONE) {
        prompt_key(ui, key, hud, now_ms);
    } else if (key->code == KEY_CODE_PASTE) {
        ui_message(ui, UI_INFO, "pasted text goes to prompts only: / or :", NULL, now_ms);
    } else if (why_key(ui, key)) {
        return;
    } else if (ui->menu.is_open) {
        menu_key(ui, key, hud, now_ms);
    } else if (ui->is_lamp_asked) {
        lamp_key(ui, key, hud, now_ms);
    } else if (ui->chord_len > 0 || !jump_key(ui, key, hud, now_ms)) {
        command_key(ui, key, hud, now_ms);
    }
    desk_follow(ui);
    ui_rebuild(ui, hud, now_ms);
}
