#include "callhud/ui/prompt.h"

#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static size_t next_at(const struct prompt *prompt)
{
    struct utf8_grapheme grapheme;
    size_t left = strlen(prompt->text) - prompt->at;

    return left == 0
               ? prompt->at
               : prompt->at + utf8_next_grapheme(prompt->text + prompt->at, left, false, &grapheme);
}

static size_t previous_at(const struct prompt *prompt)
{
    size_t at = 0, before = 0;
    struct utf8_grapheme grapheme;

    while (at < prompt->at) {
        before = at;
        at += utf8_next_grapheme(prompt->text + at, strlen(prompt->text) - at, false, &grapheme);
    }
    return before;
}

static void cut(struct prompt *prompt, size_t from, size_t to)
{
    memmove(prompt->text + from, prompt->text + to, strlen(prompt->text + to) + 1);
    prompt->at = from;
}

static void insert(struct prompt *prompt, const char *text, size_t len)
{
    size_t used = strlen(prompt->text);

    if (used + len + 1 > sizeof prompt->text)
        return;
    memmove(prompt->text + prompt->at + len, prompt->text + prompt->at, used - prompt->at + 1);
    memcpy(prompt->text + prompt->at, text, len);
    prompt->at += len;
}

/* A paste is cleaned, becomes one line, and is cut where the prompt is full. */
static void paste(struct prompt *prompt, const struct key *key)
{
    struct buf clean;
    struct utf8_grapheme grapheme;
    size_t room = sizeof prompt->text - 1 - strlen(prompt->text);

    buf_init(&clean, PROMPT_BYTES * 8);
    utf8_clean(&clean, key->text, key->text_len, PROMPT_BYTES);
    const char *text = buf_text(&clean);
    size_t len = strlen(text), fit = 0;
    while (fit < len) {
        size_t used = utf8_next_grapheme(text + fit, len - fit, false, &grapheme);
        if (fit + used > room)
            break;
        fit += used;
    }
    insert(prompt, text, fit);
    buf_fini(&clean);
}

static size_t word_start(const struct prompt *prompt)
{
    size_t at = prompt->at;

    while (at > 0 && prompt->text[at - 1] == ' ')
        at--;
    while (at > 0 && prompt->text[at - 1] != ' ')
        at--;
    return at;
}

static bool edit_ctrl(struct prompt *prompt, uint32_t code)
{
    switch (code) {
    case 'a': prompt->at = 0; return true;
    case 'e': prompt->at = strlen(prompt->text); return true;
    case 'u': cut(prompt, 0, prompt->at); return true;
    case 'k': prompt->text[prompt->at] = '\0'; return true;
    case 'w': cut(prompt, word_start(prompt), prompt->at); return true;
    case 'h':
        if (prompt->at > 0)
            cut(prompt, previous_at(prompt), prompt->at);
        return true;
    default: return false;
    }
}

bool prompt_edit(struct prompt *prompt, const struct key *key)
{
    char bytes[4];

    if (key->is_alt)
        return false;
    if (key->is_ctrl)
        return edit_ctrl(prompt, key->code);
    switch (key->code) {
    case KEY_CODE_BACKSPACE:
        if (prompt->at > 0)
            cut(prompt, previous_at(prompt), prompt->at);
        return true;
    case KEY_CODE_DELETE: cut(prompt, prompt->at, next_at(prompt)); return true;
    case KEY_CODE_LEFT: prompt->at = previous_at(prompt); return true;
    case KEY_CODE_RIGHT: prompt->at = next_at(prompt); return true;
    case KEY_CODE_HOME: prompt->at = 0; return true;
    case KEY_CODE_END: prompt->at = strlen(prompt->text); return true;
    case KEY_CODE_PASTE:
        if (key->text != NULL)
            paste(prompt, key);
        return true;
    default: break;
    }
    if (key->code < 0x20 || key->code >= KEY_CODE_BASE || key->code == 0x7F)
        return false;
    insert(prompt, bytes, utf8_encode(key->code, bytes));
    return true;
}

void prompt_set(struct prompt *prompt, const char *text)
{
    str_copy(prompt->text, sizeof prompt->text, text);
    prompt->at = strlen(prompt->text);
    prompt->chosen = 0;
}

/* --- the prompts of the console ----------------------------------------------------------------
 */

void prompt_open(struct ui *ui, enum prompt_kind kind, const char *text)
{
    ui->prompt = (struct prompt){.kind = kind};
    prompt_set(&ui->prompt, text);
    str_copy(ui->prompt.before, sizeof ui->prompt.before, text);
}

/* The filter follows what is typed; while a word is half typed the last good filter stays. */
static void apply_live(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    if (ui->prompt.kind == PROMPT_FILTER && ui_filter(ui, ui->prompt.text, NULL) == RC_OK)
        ui_rebuild(ui, hud, now_ms);
    if (ui->prompt.kind == PROMPT_ROLL) {
        desk_search(ui, ui->prompt.text);
        ui_rebuild(ui, hud, now_ms);
    }
    if (ui->prompt.kind == PROMPT_HELP) {
        str_copy(ui->help_search, sizeof ui->help_search, ui->prompt.text);
        ui->help_at = ui->help_top = 0;
    }
}

static void palette_run(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    const struct cmd *found[128];
    char text[PROMPT_BYTES], word[64];
    size_t len = palette_match(ui->prompt.text, found, 128);

    str_copy(text, sizeof text, ui->prompt.text);
    char *rest = strchr(text, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    str_copy(word, sizeof word, text);
    const struct cmd *cmd = cmd_find(word);
    if (cmd == NULL && len > 0)
        cmd = found[ui->prompt.chosen < (long)len ? ui->prompt.chosen : 0];
    ui->prompt.kind = PROMPT_NONE;
    if (cmd == NULL) {
        char message[128];
        (void)snprintf(message, sizeof message, ":%s: no such command (? help)", word);
        ui_message(ui, UI_WARN, message, NULL, now_ms);
        return;
    }
    ui_run(ui, cmd, rest != NULL ? str_trim(rest) : "", hud, now_ms);
}

static bool palette_key(struct ui *ui, const struct key *key)
{
    const struct cmd *found[128];
    size_t len = palette_match(ui->prompt.text, found, 128);
    bool is_up = key->code == KEY_CODE_UP || (key->is_ctrl && key->code == 'p');
    bool is_down = key->code == KEY_CODE_DOWN || (key->is_ctrl && key->code == 'n');

    if (is_up || is_down) {
        ui->prompt.chosen += is_down ? 1 : -1;
        if (ui->prompt.chosen < 0)
            ui->prompt.chosen = 0;
        if (len > 0 && ui->prompt.chosen >= (long)len)
            ui->prompt.chosen = (long)len - 1;
        return true;
    }
    if (key->code != KEY_CODE_TAB || len == 0)
        return key->code == KEY_CODE_TAB;
    char text[PROMPT_BYTES];
    const struct cmd *cmd = found[ui->prompt.chosen < (long)len ? ui->prompt.chosen : 0];
    (void)snprintf(text, sizeof text, "%s%s", cmd->name,
                   (cmd->flags & CMD_TAKES_TEXT) != 0 ? " " : "");
    prompt_set(&ui->prompt, text);
    return true;
}

bool prompt_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms)
{
    struct prompt *prompt = &ui->prompt;
    bool is_cancel = key->code == KEY_CODE_ESCAPE || (key->is_ctrl && key->code == 'c') ||
                     (key->is_ctrl && key->code == 'g');

    if (is_cancel || (key->code == KEY_CODE_BACKSPACE && prompt->text[0] == '\0')) {
        prompt_set(prompt, prompt->before);
        apply_live(ui, hud, now_ms);
        prompt->kind = PROMPT_NONE;
        return true;
    }
    if (key->code == KEY_CODE_ENTER) {
        struct err err = {0};
        struct filter probe = {0};
        if (prompt->kind == PROMPT_PALETTE) {
            palette_run(ui, hud, now_ms);
        } else if (prompt->kind == PROMPT_FILTER &&
                   filter_parse(&probe, prompt->text, &err) != RC_OK) {
            ui_message(ui, UI_WARN, err.text, NULL, now_ms);
        } else {
            prompt->kind = PROMPT_NONE;
        }
        return true;
    }
    if (prompt->kind == PROMPT_PALETTE && palette_key(ui, key))
        return true;
    if (prompt->kind == PROMPT_FILTER && (key->code == KEY_CODE_UP || key->code == KEY_CODE_DOWN)) {
        board_step_row(&ui->board, key->code == KEY_CODE_UP ? -1 : 1);
        return true;
    }
    if (prompt->kind == PROMPT_ROLL && (key->code == KEY_CODE_UP || key->code == KEY_CODE_DOWN)) {
        (void)desk_move(ui, key->code == KEY_CODE_UP ? -1 : 1);
        return true;
    }
    if (prompt_edit(prompt, key)) {
        prompt->chosen = 0;
        apply_live(ui, hud, now_ms);
    }
    return true;
}
