/* The pinned line of what is urgent, and the last two lines: message or prompt, keys. */
#include "callhud/base/clock.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* Without a link it is not known that nobody does: what is waited for instead. */
static void put_nothing_urgent(const struct paint *p, const struct pen *pen)
{
    const struct link *link = &p->hud->link;
    const char *what = link->is_synced               ? "nobody rings or holds"
                       : link->state == LINK_REFUSED ? "not known, callhud doctor checks why"
                       : link->was_synced            ? "not known until the link is back"
                                                     : "not known yet";
    bool has_reason = !link->is_synced && link->text[0] != '\0';
    char text[600];

    (void)snprintf(text, sizeof text, "%s%s%s", what, has_reason ? ": " : "",
                   has_reason ? link->text : "");
    canvas_field(p->canvas, pen->row, pen->col, pen->end - pen->col, STYLE(ROLE_DIM), text);
}

void statusbar_now(const struct paint *p)
{
    const struct urgent *urgent = &p->ui->board.urgent;
    struct pen pen = {p->canvas, p->layout->now_row, 1, p->layout->cols - 1};
    size_t shown = 0;

    pen_put(&pen, STYLE(ROLE_HEADING), "NOW");
    pen_put(&pen, STYLE(ROLE_DIM), "  ");
    if (urgent->users.len == 0)
        put_nothing_urgent(p, &pen);
    if (p->layout->is_wide && urgent->users.len > 0) {
        static const char hint[] = "! next urgent";
        pen.end -= (int)sizeof hint - 1;
        canvas_put(p->canvas, pen.row, pen.end, 13, STYLE(ROLE_KEY), "!");
        canvas_put(p->canvas, pen.row, pen.end + 2, 13, STYLE(ROLE_DIM), hint + 2);
        paint_hit(p, pen.row, pen.end, 1, 13, NULL, cmd_find("urgent"), -1);
        pen.end -= 2;
    }
    for (; shown < urgent->users.len; shown++) {
        struct face face;
        char text[400];
        const struct user *user = urgent->users.items[shown];
        face_make(&face, p, user, false);
        char name[256];
        str_copy(name, sizeof name, user->name);
        (void)snprintf(text, sizeof text, " %s %s%s%s%s%s%s", user->extension, name,
                       name[0] != '\0' ? " " : "", p->layout->is_wide ? face.row->word : "",
                       p->layout->is_wide ? " " : "", face.age,
                       face.is_pickup       ? " P"
                       : face.view.is_stale ? " ?"
                                            : "");
        size_t left = urgent->users.len - shown;
        int more = left > 1 ? 8 : 0; /* room for "    +12" */
        int width = utf8_width(face.glyph) + utf8_width(text) + (shown > 0 ? 4 : 0);
        if (pen.col + width + more > pen.end && shown > 0)
            break;
        if (shown > 0)
            pen_put(&pen, STYLE(ROLE_DIM), "    ");
        int col = pen.col;
        pen_put(&pen, face.lamp, face.glyph);
        pen_put(&pen, face.text, text);
        paint_hit(p, pen.row, col, 1, pen.col - col, user->id, NULL, -1);
    }
    if (shown < urgent->users.len) {
        pen_put(&pen, STYLE(ROLE_DIM), "    ");
        pen_printf(&pen, STYLE(ROLE_WARN), "+%zu", urgent->users.len - shown);
    }
}

/* --- the last lines --------------------------------------------------------------------------- */

static bool put_pending(const struct paint *p, struct pen *pen)
{
    const struct ui *ui = p->ui;

    if (ui->is_lamp_asked) {
        pen_put(pen, STYLE(ROLE_HEADING), "show only  ");
        for (int i = 0; i < LAMP_COUNT; i++) {
            const struct lamp_row *row = lamp_row((enum lamp)i);
            char key[2] = {row->letter, '\0'};
            pen_put(pen, STYLE(ROLE_KEY), key);
            char glyph[8];
            paint_sign(p, (enum lamp)i, glyph);
            pen_put(pen, STYLE(ROLE_DIM), " ");
            pen_put(pen, STYLE(lamp_role((enum lamp)i)), glyph);
            if (p->layout->is_wide)
                pen_printf(pen, STYLE(ROLE_DIM), " %s", row->word);
            pen_put(pen, STYLE(ROLE_DIM), "  ");
        }
        return true;
    }
    if (ui->chord_len > 0) {
        for (size_t i = 0; i < ui->chord_len; i++) {
            char name[KEYMAP_NAME_BYTES];
            key_text(&ui->chord[i], name, sizeof name);
            pen_put(pen, STYLE(ROLE_KEY), name);
        }
        pen_put(pen, STYLE(ROLE_DIM), paint_glyph(p, "…", "..."));
        return true;
    }
    const struct message *message = ui_message_shown(ui, p->live_ms);
    bool is_news = message != NULL && message->at_ms > ui->jump_ms;
    if (ui->jump[0] != '\0' && p->live_ms < ui->jump_ms + UI_JUMP_MS && !is_news) {
        pen_printf(pen, STYLE(ROLE_HEADING), "jump to %s", ui->jump);
        paint_due(p, ui->jump_ms + UI_JUMP_MS);
        return true;
    }
    return false;
}

static int prompt_scroll(const struct prompt *prompt, int room)
{
    char head[PROMPT_BYTES];
    size_t from = 0;

    str_copy(head, sizeof head, prompt->text);
    head[prompt->at] = '\0';
    while (head[from] != '\0' && utf8_width(head + from) >= room) {
        struct utf8_grapheme grapheme;
        from += utf8_next_grapheme(head + from, strlen(head + from), false, &grapheme);
    }
    return (int)from;
}

static void put_prompt(const struct paint *p, struct pen *pen)
{
    const struct prompt *prompt = &p->ui->prompt;
    char head[PROMPT_BYTES];
    struct err err = {0};
    struct filter probe = {0};

    canvas_fill(p->canvas, pen->row, 0, 1, p->canvas->cols, STYLE(ROLE_BAR), " ");
    pen->col = 0;
    pen_put(pen, style_with(ROLE_BAR, ATTR_BOLD), prompt->kind == PROMPT_PALETTE ? ":" : "/");
    int from = prompt_scroll(prompt, pen->end - pen->col);
    str_copy(head, sizeof head, prompt->text + from);
    head[prompt->at - (size_t)from] = '\0';
    int cursor = pen->col;
    for (size_t at = 0; head[at] != '\0';) {
        struct utf8_grapheme grapheme;
        at += utf8_next_grapheme(head + at, strlen(head + at), p->canvas->is_ascii, &grapheme);
        cursor += grapheme.width_cells;
    }
    pen_put(pen, STYLE(ROLE_BAR), prompt->text + from);
    p->canvas->cursor_row = pen->row;
    p->canvas->cursor_col = cursor < p->canvas->cols ? cursor : p->canvas->cols - 1;
    p->canvas->is_cursor_visible = true;
    if (prompt->kind == PROMPT_FILTER && filter_parse(&probe, prompt->text, &err) != RC_OK) {
        pen_put(pen, STYLE(ROLE_BAR), "  ");
        pen_put(pen, STYLE(ROLE_ERROR), err.text);
    }
}

static void put_message(const struct paint *p, struct pen *pen, const struct message *message)
{
    static const enum role roles[] = {[UI_INFO] = ROLE_TEXT,
                                      [UI_GOOD] = ROLE_GOOD,
                                      [UI_WARN] = ROLE_WARN,
                                      [UI_ERROR] = ROLE_ERROR};
    static const char why[] = " (i why)";
    int end = pen->end;
    bool has_more = ui_message_has_more(p->ui, message);

    if (has_more)
        pen->end -= (int)sizeof why - 1;
    if (!pen_put(pen, STYLE(roles[message->level]), message->text) && pen->end > 1)
        canvas_put(p->canvas, pen->row, pen->end - 1, 1, STYLE(roles[message->level]),
                   paint_glyph(p, "…", "~"));
    pen->end = end;
    if (has_more)
        pen_put(pen, STYLE(ROLE_DIM), why);
}

bool statusbar_has_message(const struct ui *ui, int64_t now_ms)
{
    return ui->prompt.kind != PROMPT_NONE || ui->is_lamp_asked || ui->chord_len > 0 ||
           (ui->jump[0] != '\0' && now_ms < ui->jump_ms + UI_JUMP_MS) ||
           ui_message_shown(ui, now_ms) != NULL;
}

/* On wide screens: what the last snapshot had to put right. */
static void put_corrected(const struct paint *p, struct pen *pen)
{
    const struct hud_stats *stats = &p->live->stats;
    char text[64], time[16];

    if (!p->layout->is_wide || p->live->link.state == LINK_POLLING || stats->last_corrected == 0 ||
        stats->last_corrected_ms == 0)
        return;
    clock_format_local(stats->last_corrected_ms, "%H:%M", time, sizeof time);
    (void)snprintf(text, sizeof text, "%llu corrected at %s",
                   (unsigned long long)stats->last_corrected, time);
    pen->end -= utf8_width(text) + 1;
    canvas_put(p->canvas, pen->row, pen->end, 64, STYLE(ROLE_DIM), text);
    pen->end -= 2;
}

/* On wide screens: the last change, where it leaves room for the message. */
static void put_last(const struct paint *p, struct pen *pen, const struct message *message)
{
    enum {
        WHY_COLS = 8,
        GAP_COLS = 5,
        FIELD_COLS = 60
    }; /* begins in one place: it often changes */
    const char *text = p->ui->last_news;
    int width = utf8_width(text);
    int taken = message != NULL ? utf8_width(message->text) + WHY_COLS : 0;

    if (!p->layout->is_wide || width == 0 || pen->col + taken + GAP_COLS + width > pen->end)
        return;
    if (pen->col + taken + GAP_COLS + FIELD_COLS < pen->end && width < FIELD_COLS)
        width = FIELD_COLS - 1;
    pen->end -= width + 1;
    canvas_put(p->canvas, pen->row, pen->end, width, STYLE(ROLE_DIM), text);
    pen->end -= GAP_COLS;
}

void statusbar_message(const struct paint *p)
{
    struct pen pen = {p->canvas, p->layout->message_row, 1, p->layout->cols};
    const struct message *message = ui_message_shown(p->ui, p->live_ms);

    if (p->ui->prompt.kind != PROMPT_NONE) {
        put_prompt(p, &pen);
        return;
    }
    put_corrected(p, &pen);
    put_last(p, &pen, message);
    if (put_pending(p, &pen) || message == NULL)
        return;
    put_message(p, &pen, message);
}

/* --- the keys ------------------------------------------------------------------------------------
 */

struct key_item {
    const struct cmd *cmd;
    char key[KEYMAP_NAME_BYTES];
    int cols; /* without the gap before it */
    int rank; /* the highest is left off first */
};
enum { KEY_ITEMS_MAX = 64 };

static bool is_in_bar(const struct paint *p, const struct cmd *cmd)
{
    const struct ui *ui = p->ui;
    struct cmd_call call = {p->ui, cmd, p->live, p->live_ms, ""};

    if ((cmd->flags & CMD_IN_BAR) == 0)
        return false;
    if (desk_scope(ui) != 0 && desk_roll(p->ui) == NULL && str_eq(cmd->name, "find"))
        return false;
    if (desk_scope(ui) != 0 && cmd->scope != SCOPE_ALL && (cmd->scope & desk_scope(ui)) == 0)
        return false;
    if ((cmd->scope & SCOPE_USER) != 0 && board_selected(&ui->board) == NULL && !desk_is_open(ui))
        return false;
    if (cmd->scope >= SCOPE_LIST && desk_scope(ui) != 0 && (cmd->flags & CMD_WRITES) == 0)
        return (cmd->scope & desk_scope(ui)) != 0 &&
               (cmd->why_disabled == NULL || cmd->why_disabled(&call) == NULL);
    if ((cmd->scope & (SCOPE_USERS | SCOPE_USER)) == 0 && cmd->scope != SCOPE_ALL)
        return false;
    if ((cmd->flags & CMD_WRITES) != 0) /* only what can be done now */
        return cmd->why_disabled(&call) == NULL &&
               (ui->screen == SCREEN_BOARD || ui->screen == SCREEN_USER || cmd->scope == SCOPE_ALL);
    return ui->screen == SCREEN_BOARD || (cmd->scope & SCOPE_USERS) == 0;
}

/* On the screen of a desk: what is there alone, what others have too, what is everywhere. */
enum { PASSES = 3 };
static int pass_of(const struct ui *ui, const struct cmd *cmd)
{
    if (desk_scope(ui) == 0)
        return 0;
    if ((cmd->scope & desk_scope(ui)) == 0)
        return str_eq(cmd->name, "save") ? 0 : 2;
    return (cmd->scope & SCOPE_USERS) == 0 ? 0 : 1;
}

/* Actions go before the rest, but the way to the user, to all commands and to help stays. */
static int key_rank(const struct ui *ui, const struct cmd *cmd, size_t at)
{
    static const char *const kept[] = {"back", "help", "open", "find", "urgent", "palette"};
    size_t count = desk_scope(ui) == 0 ? sizeof kept / sizeof kept[0] : 2;

    for (size_t i = 0; i < count; i++)
        if (str_eq(cmd->name, kept[i]))
            return 0;
    if (desk_scope(ui) != 0)
        return 1 + (int)at + 100 * pass_of(ui, cmd);
    return (cmd->flags & CMD_WRITES) != 0 ? 1 + (int)at : 100 + (int)at;
}

static size_t key_items(const struct paint *p, bool is_short, struct key_item items[KEY_ITEMS_MAX])
{
    size_t len = 0;

    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < cmd_table_len && len < KEY_ITEMS_MAX; i++) {
            const struct cmd *cmd = &cmd_table[i];
            struct key_item item = {.cmd = cmd, .rank = key_rank(p->ui, cmd, i)};
            bool is_way_back = p->ui->screen != SCREEN_BOARD && str_eq(cmd->name, "back");
            if (pass_of(p->ui, cmd) != pass)
                continue;
            keymap_first(&p->ui->keymap, cmd, item.key, sizeof item.key);
            if ((!is_in_bar(p, cmd) && !is_way_back) || item.key[0] == '\0')
                continue;
            item.cols =
                utf8_width(item.key) + (is_short ? 0 : 1 + utf8_width(desk_label(p->ui, cmd)));
            items[len++] = item;
        }
    return len;
}

static int key_items_cols(const struct key_item *items, size_t len, int gap)
{
    int cols = 0;

    for (size_t i = 0; i < len; i++)
        cols += items[i].cols + (i > 0 ? gap : 0);
    return cols;
}

static size_t drop_last(struct key_item *items, size_t len)
{
    size_t worst = len - 1;

    for (size_t i = len; i-- > 0;)
        if (items[i].rank > items[worst].rank)
            worst = i;
    memmove(items + worst, items + worst + 1, (len - worst - 1) * sizeof *items);
    return len - 1;
}

/* Nothing else is heard while a question is open. */
static void put_answers(const struct paint *p, struct pen *pen, const struct dialog_row *words)
{
    char idle[64] = "";

    pen_put(pen, STYLE(ROLE_KEY), "y");
    pen_printf(pen, STYLE(ROLE_DIM), " %s  ", words->yes);
    if (p->ui->dialog.kind == DIALOG_SAVE)
        save_idle_text(p->ui, idle, sizeof idle);
    if (idle[0] != '\0') {
        pen_put(pen, STYLE(ROLE_KEY), "w");
        pen_printf(pen, STYLE(ROLE_DIM), " %s  ", idle);
    }
    pen_put(pen, STYLE(ROLE_KEY), "Esc");
    pen_printf(pen, STYLE(ROLE_DIM), " %s", words->no);
}

void statusbar_keys(const struct paint *p)
{
    struct pen pen = {p->canvas, p->layout->keys_row, 1, p->layout->cols};
    bool is_short = p->layout->shape == SHAPE_LIST || p->layout->shape == SHAPE_COUNTS;
    struct key_item items[KEY_ITEMS_MAX];
    size_t len = key_items(p, is_short, items);
    int gap = is_short ? 1 : 2;

    if (p->ui->dialog.kind != DIALOG_NONE) {
        put_answers(p, &pen, dialog_row(p->ui->dialog.kind));
        return;
    }
    while (len > 0 && key_items_cols(items, len, gap) > pen.end - pen.col)
        len = drop_last(items, len);
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            pen_put(&pen, STYLE(ROLE_DIM), is_short ? " " : "  ");
        int col = pen.col;
        pen_put(&pen, STYLE(ROLE_KEY), items[i].key);
        if (!is_short)
            pen_printf(&pen, STYLE(ROLE_DIM), " %s", desk_label(p->ui, items[i].cmd));
        paint_hit(p, pen.row, col, 1, pen.col - col, NULL, items[i].cmd, -1);
    }
}
