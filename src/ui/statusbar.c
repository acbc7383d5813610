/* The first two lines and the last two. */
#include "callhud/base/clock.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { LINK_TEXT_BYTES = 96 };

/* --- the link --------------------------------------------------------------------------------- */

/* Seconds up to a minute, as a countdown or an age that ticks while it is shown. */
static long seconds_of(const struct paint *p, int64_t ms)
{
    int64_t left_ms = ms < 0 ? 0 : ms;

    paint_due(p, p->live_ms + (1000 - left_ms % 1000));
    return (long)(left_ms / 1000);
}

/* Seconds still to wait: the last one counts as a whole one. */
static long countdown_of(const struct paint *p, int64_t due_ms)
{
    int64_t left_ms = due_ms > p->live_ms ? due_ms - p->live_ms : 0;

    if (left_ms > 0)
        paint_due(p, p->live_ms + (left_ms % 1000 != 0 ? left_ms % 1000 : 1000));
    return (long)((left_ms + 999) / 1000);
}

static enum role link_unsynced(const struct paint *p, const struct link *link, char *out,
                               size_t size)
{
    if (!link->was_synced) {
        str_copy(out, size, link->state == LINK_POLLING ? "polling" : "reading");
        return ROLE_WARN;
    }
    (void)snprintf(out, size, "stale %ld s", seconds_of(p, p->live_ms - link->unsynced_ms));
    return ROLE_WARN;
}

static enum role link_text(const struct paint *p, char *out, size_t size)
{
    const struct link *link = &p->live->link;
    const char *dots = paint_glyph(p, "…", "...");

    switch (link->state) {
    case LINK_LIVE:
        if (!link->is_synced)
            return link_unsynced(p, link, out, size);
        if (p->layout->is_wide && link->heard_ms > 0) {
            int64_t ago_ms = p->live_ms > link->heard_ms ? p->live_ms - link->heard_ms : 0;
            (void)snprintf(out, size, "live, heard %ld.%ld s ago", (long)(ago_ms / 1000),
                           (long)(ago_ms % 1000 / 100));
        } else {
            str_copy(out, size, "live");
        }
        return ROLE_GOOD;
    case LINK_POLLING:
        if (!link->is_synced)
            return link_unsynced(p, link, out, size);
        (void)snprintf(out, size, "polling %ld s",
                       link->heard_ms > 0 ? seconds_of(p, p->live_ms - link->heard_ms) : 0);
        return ROLE_GOOD;
    case LINK_CONNECTING:
        (void)snprintf(out, size, "%sconnecting%s", link->was_synced ? "re" : "", dots);
        return ROLE_WARN;
    case LINK_LOST:
        if (link->retry_ms > p->live_ms)
            (void)snprintf(out, size, "reconnecting %ld%s", countdown_of(p, link->retry_ms), dots);
        else if (link->was_synced)
            return link_unsynced(p, link, out, size);
        else
            str_copy(out, size, "lost");
        return ROLE_WARN;
    case LINK_REFUSED: str_copy(out, size, "refused"); return ROLE_ERROR;
    case LINK_IDLE: break;
    }
    str_copy(out, size, "not connected");
    return ROLE_DIM;
}

/* --- the counts ------------------------------------------------------------------------------- */

/* In the order on the screen, with the words of the wide header. The first ones of `importance` are
 * the last to be left off. */
static const struct {
    enum lamp lamp;
    const char *word;
    int importance;
    bool is_always; /* a zero is shown, dim */
} count_table[] = {
    {LAMP_RINGING, "ring", 0, true},     {LAMP_HOLD, "hold", 1, true},
    {LAMP_PARKED, "parked", 3, false},   {LAMP_ON_CALL, "talk", 4, true},
    {LAMP_AVAILABLE, "free", 5, true},   {LAMP_PRESENCE_ONLY, "calls not shown", 9, false},
    {LAMP_DND, "dnd", 7, true},          {LAMP_AWAY, "away", 8, false},
    {LAMP_OFFLINE, "offline", 6, true},  {LAMP_HIDDEN, "hidden", 10, false},
    {LAMP_UNKNOWN, "unknown", 2, false},
};
enum { COUNT_LEN = sizeof count_table / sizeof count_table[0] };

enum counts_form { COUNTS_WORDS, COUNTS_WIDE, COUNTS_TIGHT };

static void count_text(const struct paint *p, size_t i, enum counts_form form, char *out,
                       size_t size)
{
    char glyph[8];

    paint_sign(p, count_table[i].lamp, glyph);
    (void)snprintf(out, size, "%s%s%zu%s%s", glyph, form == COUNTS_TIGHT ? "" : " ",
                   p->hud->counts[count_table[i].lamp], form == COUNTS_WORDS ? " " : "",
                   form == COUNTS_WORDS ? count_table[i].word : "");
}

static bool is_counted(const struct paint *p, size_t i, int limit, enum counts_form form)
{
    bool has_some = p->hud->counts[count_table[i].lamp] > 0;

    return count_table[i].importance <= limit &&
           (has_some || (count_table[i].is_always && form != COUNTS_TIGHT));
}

static int counts_width(const struct paint *p, int limit, enum counts_form form)
{
    char text[64];
    int width = 0;

    for (size_t i = 0; i < COUNT_LEN; i++)
        if (is_counted(p, i, limit, form)) {
            count_text(p, i, form, text, sizeof text);
            width += utf8_width(text) + (width > 0 ? (form == COUNTS_TIGHT ? 1 : 2) : 0);
        }
    return width;
}

static void put_counts(const struct paint *p, struct pen *pen, int limit, enum counts_form form)
{
    char text[64];
    bool is_first = true;

    for (size_t i = 0; i < COUNT_LEN; i++) {
        if (!is_counted(p, i, limit, form))
            continue;
        if (!is_first)
            pen_put(pen, STYLE(ROLE_DIM), form == COUNTS_TIGHT ? " " : "  ");
        count_text(p, i, form, text, sizeof text);
        bool has_some = p->hud->counts[count_table[i].lamp] > 0;
        pen_put(pen, STYLE(has_some ? lamp_role(count_table[i].lamp) : ROLE_DIM), text);
        is_first = false;
    }
}

/* The richest form that fits into room cells. */
static void fit_counts(const struct paint *p, struct pen *pen, int room, enum counts_form first)
{
    for (int form = (int)first; form <= COUNTS_TIGHT; form++)
        for (int limit = COUNT_LEN - 1; limit >= (form == COUNTS_TIGHT ? 0 : COUNT_LEN - 1);
             limit--)
            if (counts_width(p, limit, (enum counts_form)form) <= room) {
                put_counts(p, pen, limit, (enum counts_form)form);
                return;
            }
}

void statusbar_counts(const struct paint *p)
{
    struct pen pen = {p->canvas, 0, 0, p->canvas->cols};
    int limit = COUNT_LEN - 1;

    while (limit > 0 && counts_width(p, limit, COUNTS_TIGHT) > p->canvas->cols)
        limit--;
    if (counts_width(p, limit, COUNTS_TIGHT) > 0)
        put_counts(p, &pen, limit, COUNTS_TIGHT);
    else
        pen_put(&pen, STYLE(ROLE_DIM), p->hud->users.len > 0 ? "calm" : "-");
}

/* --- the first line --------------------------------------------------------------------------- */

static void clock_text(const struct paint *p, char *out, size_t size)
{
    int64_t wall_ms = ui_wall_ms(p->ui, p->live_ms);
    int64_t every_ms = p->layout->is_wide ? 1000 : 60000;

    clock_format_local(wall_ms, p->layout->is_wide ? "%H:%M:%S" : "%H:%M", out, size);
    paint_due(p, p->live_ms + (every_ms - wall_ms % every_ms));
}

static void users_text(const struct paint *p, char *out, size_t size)
{
    size_t all = p->hud->users.len, shown = p->ui->board.users.len;

    (void)snprintf(out, size, "%zu user%s", all, all == 1 ? "" : "s");
    if (p->layout->is_wide && shown < all)
        (void)snprintf(out, size, "%zu users, %zu shown", all, shown);
}

static void add_flag(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);

    (void)snprintf(out + used, size - used, "%s%s", used > 0 ? "  " : "", text);
}

/* FROZEN, filter, department and MUTE: what makes the picture other than people expect. Of three
 * lengths, 0 is the longest. */
static void flags_text(const struct paint *p, int brevity, char *out, size_t size)
{
    const struct ui *ui = p->ui;
    char text[160], shown[64] = "";

    out[0] = '\0';
    if (ui->is_frozen) {
        (void)snprintf(text, sizeof text, "FROZEN, %llu change%s (z)",
                       (unsigned long long)ui->frozen_changes, ui->frozen_changes == 1 ? "" : "s");
        add_flag(out, size, brevity == 0 ? text : "FROZEN");
    }
    if (brevity == 0)
        (void)snprintf(shown, sizeof shown, " (%zu of %zu)", ui->board.users.len,
                       p->hud->users.len);
    if (ui->filter.len > 0) {
        const char *what = ui->filter.text;
        if (str_starts(what, "is:") && strchr(what, ' ') == NULL)
            what += 3;
        (void)snprintf(text, sizeof text, "filter: %.40s%s", what, shown);
        add_flag(out, size, brevity < 2 ? text : "filter");
    }
    if (ui->department != NULL) {
        (void)snprintf(text, sizeof text, "department: %.40s%s", ui->department,
                       ui->filter.len > 0 ? "" : shown);
        add_flag(out, size, brevity < 2 ? text : "department");
    }
    if (ui->bell.is_muted)
        add_flag(out, size, "MUTE");
}

/* The longest flags that leave room for link, clock and the counts of ringing and held. */
static void fit_flags(const struct paint *p, int room, char *out, size_t size)
{
    for (int brevity = 0; brevity < 3; brevity++) {
        flags_text(p, brevity, out, size);
        if (utf8_width(out) <= room)
            return;
    }
}

void statusbar_header(const struct paint *p)
{
    bool is_list = p->layout->shape == SHAPE_LIST;
    struct pen pen = {p->canvas, 0, 1, p->layout->cols};
    char link[LINK_TEXT_BYTES], flags[256], users[64], clock[16];
    enum role link_role = link_text(p, link, sizeof link);
    const char *gap = is_list ? " " : "  ";

    users_text(p, users, sizeof users);
    clock_text(p, clock, sizeof clock);
    if (!p->layout->is_compact && !str_is_empty(p->ui->settings.profile)) {
        char name[128];
        (void)snprintf(name, sizeof name, "%.*s", 64, p->ui->settings.profile);
        struct pen cut = {p->canvas, 0, pen.col, pen.col + 24};
        pen_put(&cut, STYLE(ROLE_HEADING), name);
        pen.col = cut.col;
        pen_put(&pen, STYLE(ROLE_DIM), gap);
    }
    pen_put(&pen, STYLE(link_role), link);

    fit_flags(p, p->layout->cols - pen.col - counts_width(p, 1, COUNTS_TIGHT) - 6, flags,
              sizeof flags);

    /* What is on the right is given up before the counts are. */
    int right = p->layout->cols - 1;
    int least = counts_width(p, 3, COUNTS_TIGHT) + (int)strlen(flags) + 4;
    if (right - pen.col - (int)strlen(clock) - 2 >= least) {
        right -= (int)strlen(clock);
        canvas_put(p->canvas, 0, right, 16, STYLE(ROLE_DIM), clock);
        right -= p->layout->is_wide ? 3 : 2;
    }
    int wide = counts_width(p, COUNT_LEN - 1, flags[0] != '\0' ? COUNTS_TIGHT : COUNTS_WIDE);
    if (!is_list && right - pen.col - (int)strlen(users) - 5 >= wide + (int)strlen(flags)) {
        right -= (int)strlen(users);
        canvas_put(p->canvas, 0, right, 64, STYLE(ROLE_DIM), users);
        right -= 2;
    }
    pen.end = right;
    pen_put(&pen, STYLE(ROLE_DIM), is_list ? "  " : "   ");
    int flags_cols = flags[0] != '\0' ? utf8_width(flags) + 2 : 0;
    fit_counts(p, &pen, right - pen.col - flags_cols,
               is_list              ? COUNTS_TIGHT
               : p->layout->is_wide ? COUNTS_WORDS
                                    : COUNTS_WIDE);
    if (flags_cols > 0) {
        pen_put(&pen, STYLE(ROLE_DIM), "  ");
        pen_put(&pen, style_with(ROLE_WARN, ATTR_BOLD), flags);
    }
}

/* --- the pinned line of what is urgent ---------------------------------------------------------
 */

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
    if (ui->jump[0] != '\0' && p->live_ms < ui->jump_ms + UI_JUMP_MS) {
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

static bool is_in_bar(const struct ui *ui, const struct cmd *cmd)
{
    if ((cmd->flags & CMD_IN_BAR) == 0)
        return false;
    if ((cmd->scope & SCOPE_USER) != 0 && board_selected(&ui->board) == NULL)
        return false;
    return ui->screen == SCREEN_BOARD || (cmd->scope & SCOPE_USERS) == 0;
}

void statusbar_keys(const struct paint *p)
{
    struct pen pen = {p->canvas, p->layout->keys_row, 1, p->layout->cols};
    bool is_short = p->layout->shape == SHAPE_LIST || p->layout->shape == SHAPE_COUNTS;
    bool is_first = true;

    for (size_t i = 0; i < cmd_table_len; i++) {
        const struct cmd *cmd = &cmd_table[i];
        char key[KEYMAP_NAME_BYTES];
        keymap_first(&p->ui->keymap, cmd, key, sizeof key);
        bool is_way_back = p->ui->screen != SCREEN_BOARD && str_eq(cmd->name, "back");
        if ((!is_in_bar(p->ui, cmd) && !is_way_back) || key[0] == '\0')
            continue;
        int width = utf8_width(key) + (is_short ? 0 : 1 + utf8_width(cmd->label)) +
                    (is_first   ? 0
                     : is_short ? 1
                                : 2);
        if (pen.col + width > pen.end)
            break;
        if (!is_first)
            pen_put(&pen, STYLE(ROLE_DIM), is_short ? " " : "  ");
        int col = pen.col;
        pen_put(&pen, STYLE(ROLE_KEY), key);
        if (!is_short)
            pen_printf(&pen, STYLE(ROLE_DIM), " %s", cmd->label);
        paint_hit(p, pen.row, col, 1, pen.col - col, NULL, cmd, -1);
        is_first = false;
    }
}
