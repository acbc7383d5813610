/* The HUD list as drawn: what is here beside what is stored, and a word on the line under the
 * cursor. */
#include "callhud/base/clock.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { HEAD_ROWS_MIN = 8, DETAIL_ROWS_MIN = 7, NARROW_STATE_COLS = 9 };

/* Cells of a row. */
struct columns {
    int here, here_cols, stored, stored_cols, department, department_cols, state, state_cols;
};

static void columns_make(struct columns *c, int cols)
{
    *c = (struct columns){.here = 6};
    if (cols < LAYOUT_LIST_COLS) {
        c->state_cols = cols >= LAYOUT_COMPACT_COLS ? NARROW_STATE_COLS : 1;
        c->state = cols - c->state_cols - 1;
        c->here_cols = c->state - c->here - 1;
        return;
    }
    int room = cols - c->here - 1;
    c->state_cols = room >= 100 ? 34 : 23;
    c->department_cols = cols >= LAYOUT_PANE_COLS ? 24 : 0;
    room -= c->state_cols + (c->department_cols > 0 ? c->department_cols + 1 : 0);
    c->here_cols = room / 2 - 1;
    c->stored_cols = room - room / 2 - 1;
    c->stored = c->here + c->here_cols + 1;
    c->department = c->stored + c->stored_cols + 1;
    c->state = c->department + (c->department_cols > 0 ? c->department_cols + 1 : 0);
}

/* --- the first line -----------------------------------------------------------------------------
 */

void view_facts(const struct paint *p, int row, const char *title, const struct buf *facts)
{
    struct pen pen = {p->canvas, row, 1, p->layout->cols};
    const char *dot = paint_glyph(p, " · ", " . ");
    char text[400];
    char *rest = text;
    bool is_first = true;

    pen_put(&pen, STYLE(ROLE_HEADING), title);
    pen_put(&pen, STYLE(ROLE_DIM), "   ");
    str_copy(text, sizeof text, buf_text(facts));
    for (char *fact = strsep(&rest, "\n"); fact != NULL; fact = strsep(&rest, "\n")) {
        bool is_warning = fact[0] == '!';
        fact += is_warning;
        int need = utf8_width(fact) + (is_first ? 0 : utf8_width(dot));
        if (fact[0] == '\0' || (!(is_first && is_warning) && pen.col + need > pen.end))
            continue;
        if (!is_first)
            pen_put(&pen, STYLE(ROLE_DIM), dot);
        int room = pen.end - pen.col, cells = utf8_width(fact);
        canvas_field(p->canvas, row, pen.col, cells < room ? cells : room,
                     STYLE(is_warning ? ROLE_WARN : ROLE_TEXT), fact);
        pen.col += cells;
        is_first = false;
    }
}

/* "read 9 s ago"; the picture changes when it does. */
static void put_read(const struct paint *p, const struct ui_desk *desk, bool is_short,
                     struct buf *out)
{
    int64_t age_ms = p->live_ms > desk->read_ms ? p->live_ms - desk->read_ms : 0;
    bool is_minutes = age_ms >= 60000;
    int64_t every_ms = is_minutes ? 60000 : 1000;

    if (desk->reading == UI_DESK_ASKED) {
        buf_puts(out, is_short ? "reading\n" : "stored, reading now\n");
        return;
    }
    if (desk->reading == UI_DESK_FAILED)
        buf_puts(out, "!not read\n");
    if (desk->read_ms == 0) {
        buf_puts(out, desk->reading == UI_DESK_FAILED ? "" : "!stored one not read yet\n");
        return;
    }
    buf_printf(out, "%sread %ld %s ago\n", is_short ? "" : "stored, ", (long)(age_ms / every_ms),
               is_minutes ? "min" : "s");
    paint_due(p, p->live_ms + every_ms - age_ms % every_ms);
}

static void put_writing(const struct ui_desk *desk, size_t unsaved, struct buf *out)
{
    char time[16];

    if (desk->is_waiting) {
        buf_puts(out, "!waits to save\n");
    } else if (desk->writing == UI_DESK_ASKED && desk->waits_until_ms > 0) {
        clock_format_local(desk->waits_until_ms, "%H:%M:%S", time, sizeof time);
        buf_printf(out, "!saving, waits until %s\n", time);
    } else if (desk->writing == UI_DESK_ASKED) {
        buf_puts(out, "!saving\n");
    } else if (desk->writing == UI_DESK_FAILED && unsaved > 0) {
        buf_puts(out, "!not saved\n");
    }
}

static void paint_head(const struct paint *p, int row)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    const struct roll *roll = &p->ui->desk.list;
    struct appearance_counts counts = appearance_count(desk->list);
    bool is_short = p->layout->cols < LAYOUT_LIST_COLS;
    struct buf facts;
    char title[120];

    buf_init(&facts, 2048);
    if (desk->list->max_lines > 0)
        buf_printf(&facts, is_short ? "%zu of %u\n" : "%zu of %u keys\n", counts.keys,
                   (unsigned)desk->list->max_lines);
    else
        buf_printf(&facts, "%zu key%s\n", counts.keys, counts.keys == 1 ? "" : "s");
    if (desk->fixed != NULL)
        buf_puts(&facts, is_short ? "!look only\n" : "!for looking only\n");
    if (counts.conflicts > 0)
        buf_printf(&facts, "!%zu in conflict\n", counts.conflicts);
    if (!desk->is_local)
        put_writing(desk, counts.unsaved, &facts);
    /* In a narrow window that there is nothing to save goes behind what is searched. */
    bool is_late = is_short && counts.unsaved == 0;
    if (!desk->is_local && !is_late)
        buf_printf(&facts, "%s%zu unsaved\n", counts.unsaved > 0 ? "!" : "", counts.unsaved);
    if (roll->rows.len < roll->all || p->ui->desk.is_diff_only)
        buf_printf(&facts, "!%zu shown\n", roll->rows.len);
    if (roll->search[0] != '\0')
        buf_printf(&facts, "!search: %s\n", roll->search);
    if (roll->department != NULL)
        buf_printf(&facts, "!%s\n", roll->department);
    if (roll->marked.len > 0)
        buf_printf(&facts, "%zu marked\n", roll->marked.len);
    if (!desk->is_local && is_late)
        buf_puts(&facts, "0 unsaved\n");
    if (desk->is_local)
        buf_puts(&facts,
                 desk->denied != NULL ? "!not yours to change\n" : "!kept on this machine only\n");
    else
        put_read(p, desk, is_short, &facts);
    if (p->ui->desk.is_diff_only)
        buf_puts(&facts, "differences only (=)\n");
    if (!desk->is_local)
        buf_printf(&facts, "auto-sync %s\n", desk->is_automatic ? "on" : "off");
    (void)snprintf(title, sizeof title, "HUD LIST%s%.80s", str_is_empty(desk->whose) ? "" : " of ",
                   desk->whose);
    view_facts(p, row, title, &facts);
    buf_fini(&facts);
}

/* --- a line -------------------------------------------------------------------------------------
 */

static void state_words(const struct paint *p, const struct appearance_line *line, char *out,
                        size_t size)
{
    char time[16];

    out[0] = '\0';
    if (p->ui->desk.desk->is_local)
        return; /* there is no other home to differ from */
    switch (line->state) {
    case LINE_ADDED: str_copy(out, size, "+ added here"); break;
    case LINE_REMOVED: str_copy(out, size, "- removed here"); break;
    case LINE_CHANGED:
        if (line->here != line->stored)
            str_copy(out, size, paint_glyph(p, "≠ changed here", "# changed here"));
        else
            (void)snprintf(out, size, "moved here, was %u", (unsigned)line->stored_key);
        break;
    case LINE_CONFLICT:
        clock_format_local(line->conflict.at_ms, "%H:%M", time, sizeof time);
        (void)snprintf(out, size, "CONFLICT since %s", time);
        break;
    case LINE_RESERVED:
        (void)snprintf(out, size, "reserved%s",
                       line->stored != NULL && str_eq(line->stored->id, p->live->own_id) ? ", yours"
                                                                                         : "");
        break;
    case LINE_SAME:
    case LINE_STATE_COUNT: str_copy(out, size, ""); break;
    }
    if (line->refusal != NULL && line->state != LINE_CONFLICT)
        str_copy(out, size, "REFUSED, not stored");
}

/* For the narrow screens. */
static const char *state_short(const struct paint *p, const struct appearance_line *line, int cols)
{
    bool is_word = cols > 1;

    if (p->ui->desk.desk->is_local)
        return "";
    if (line->refusal != NULL)
        return is_word ? "REFUSED" : "!";
    switch (line->state) {
    case LINE_ADDED: return is_word ? "+ added" : "+";
    case LINE_REMOVED: return is_word ? "- removed" : "-";
    case LINE_CHANGED:
        if (line->here == line->stored)
            return is_word ? "moved" : "m";
        return is_word ? "changed" : paint_glyph(p, "≠", "#");
    case LINE_CONFLICT: return is_word ? "CONFLICT" : "!";
    case LINE_RESERVED: return is_word ? "reserved" : "r";
    case LINE_SAME:
    case LINE_STATE_COUNT: break;
    }
    return "";
}

static enum role state_role(const struct appearance_line *line)
{
    if (line->state == LINE_CONFLICT || line->refusal != NULL)
        return ROLE_ERROR;
    return line->state == LINE_SAME || line->state == LINE_RESERVED ? ROLE_DIM : ROLE_WARN;
}

static void paint_row(const struct paint *p, int row, const struct columns *c, size_t at)
{
    const struct roll *roll = &p->ui->desk.list;
    const struct roll_row *item = &roll->rows.items[at];
    const struct appearance_line *line = item->line;
    bool is_at = at == roll->at, is_wide = c->stored_cols > 0;
    enum role text = is_at ? ROLE_SELECTION : line->state == LINE_RESERVED ? ROLE_DIM : ROLE_TEXT;
    enum role dim = is_at ? ROLE_SELECTION : ROLE_DIM;
    char key[16] = "-", here[256] = "-", stored[256] = "-", state[80];

    if (is_at) {
        canvas_fill(p->canvas, row, 0, 1, p->layout->cols, STYLE(ROLE_SELECTION), " ");
        canvas_put(p->canvas, row, 0, 1, STYLE(ROLE_HEADING), paint_bar(p));
        p->ui->rest_row = row;
        p->ui->rest_col = 0;
    }
    if (line->key > 0)
        (void)snprintf(key, sizeof key, "%u", (unsigned)line->key);
    canvas_field_right(p->canvas, row, 1, 3, STYLE(dim), key);
    if (roll_is_marked(roll, item))
        canvas_put(p->canvas, row, 4, 1, style_with(is_at ? ROLE_SELECTION : ROLE_KEY, ATTR_BOLD),
                   "*");
    if (line->here != NULL)
        desk_user_text(p->ui, p->live, line->here, here, sizeof here);
    if (line->stored != NULL)
        desk_user_text(p->ui, p->live, line->stored, stored, sizeof stored);
    canvas_field(p->canvas, row, c->here, c->here_cols, STYLE(line->here != NULL ? text : dim),
                 line->here != NULL || is_wide ? here : stored);
    if (is_wide) {
        canvas_field(p->canvas, row, c->stored, c->stored_cols,
                     STYLE(line->stored != NULL && line->stored != line->here ? text : dim),
                     stored);
        if (c->department_cols > 0)
            canvas_field(p->canvas, row, c->department, c->department_cols, STYLE(dim),
                         item->department);
        state_words(p, line, state, sizeof state);
    } else {
        str_copy(state, sizeof state, state_short(p, line, c->state_cols));
    }
    canvas_field(p->canvas, row, c->state, c->state_cols,
                 style_with(is_at ? ROLE_SELECTION : state_role(line),
                            line->state == LINE_CONFLICT ? ATTR_BOLD : 0),
                 state);
    paint_hit(p, row, 0, 1, p->layout->cols, NULL, cmd_find("open"), (long)at);
}

/* --- a word on the line under the cursor --------------------------------------------------------
 */

/* "Omar" of "103 Omar Said"; the whole where is_whole. */
static void name_user(const struct paint *p, const struct appearance_user *user, bool is_whole,
                      char *out, size_t size)
{
    char text[256];
    char *name;

    desk_user_text(p->ui, p->live, user, text, sizeof text);
    name = is_whole ? NULL : strchr(text, ' ');
    name = name != NULL ? name + 1 : text;
    if (!is_whole)
        name[strcspn(name, " ")] = '\0';
    str_copy(out, size, name);
}

/* Is the first name that of both who are to be chosen from? */
static bool are_namesakes(const struct paint *p, const struct appearance_line *line)
{
    char here[128], stored[128];

    if (line->here == NULL || line->stored == NULL || line->here == line->stored)
        return false;
    name_user(p, line->here, false, here, sizeof here);
    name_user(p, line->stored, false, stored, sizeof stored);
    return str_eq(here, stored);
}

static void keep_words(const struct paint *p, const struct appearance_line *line, bool is_here,
                       char *out, size_t size)
{
    const struct appearance_user *user = is_here ? line->here : line->stored;
    uint32_t key = is_here ? line->key : line->stored_key;
    char name[128];

    if (user == NULL) {
        str_copy(out, size, is_here ? "remove it (here)" : "remove it (as stored)");
        return;
    }
    name_user(p, user, are_namesakes(p, line), name, sizeof name);
    if (line->conflict.is_place && line->here == line->stored)
        (void)snprintf(out, size, "%.60s on key %u (%s)", name, (unsigned)key,
                       is_here ? "here" : "stored");
    else
        (void)snprintf(out, size, "keep %.60s (%s)", name, is_here ? "here" : "stored");
}

/* The words under the list: rows of the screen, and the next that is free. */
struct words {
    int row, end;
};

static void put_words(const struct paint *p, struct words *words, enum role role, const char *text)
{
    words->row +=
        paint_text_fit(p, words->row, words->end, 1, p->layout->cols - 1, STYLE(role), text);
}

/* Beside the one before, or where there is no room on a row of its own. */
static void put_choice(const struct paint *p, const struct words *words, struct pen *pen,
                       const char *command, const char *text)
{
    char key[KEYMAP_NAME_BYTES];

    keymap_first(&p->ui->keymap, cmd_find(command), key, sizeof key);
    int need = utf8_width(key) + 1 + utf8_width(text);
    if (pen->col + need > pen->end && pen->row + 1 < words->end && pen->col > 1)
        *pen = (struct pen){p->canvas, pen->row + 1, 1, p->layout->cols};
    int col = pen->col;
    pen_put(pen, STYLE(ROLE_KEY), key);
    pen_printf(pen, STYLE(ROLE_TEXT), " %s", text);
    paint_hit(p, pen->row, col, 1, pen->col - col, NULL, cmd_find(command), -1);
    pen_put(pen, STYLE(ROLE_TEXT), "   ");
}

/* "key 4: < keep Omar (here)   > keep Pia (stored)   b both, Pia on a new key" */
static void put_conflict(const struct paint *p, struct words *words,
                         const struct appearance_line *line)
{
    struct pen pen = {p->canvas, words->row, 1, p->layout->cols};
    char text[160], name[128];

    pen_printf(&pen, STYLE(ROLE_ERROR),
               "key %u: ", (unsigned)(line->key > 0 ? line->key : line->stored_key));
    keep_words(p, line, true, text, sizeof text);
    put_choice(p, words, &pen, "keep-here", text);
    keep_words(p, line, false, text, sizeof text);
    put_choice(p, words, &pen, "keep-stored", text);
    if (line->here != NULL && line->stored != NULL && line->here != line->stored) {
        name_user(p, line->stored, are_namesakes(p, line), name, sizeof name);
        (void)snprintf(text, sizeof text, "both, %.60s on a new key", name);
        put_choice(p, words, &pen, "keep-both", text);
    }
    words->row = pen.row + 1;
}

static void put_line_words(const struct paint *p, struct words *words, const struct roll_row *item)
{
    const struct appearance_line *line = item->line;
    char text[600], user[256];

    if (line->state == LINE_CONFLICT) {
        put_conflict(p, words, line);
    } else if (line->refusal != NULL) {
        (void)snprintf(text, sizeof text, "refused: %s", line->refusal);
        put_words(p, words, ROLE_ERROR, text);
    } else if (line->state == LINE_RESERVED) {
        put_words(p, words, ROLE_DIM,
                  "the telephone system's own line: it is never changed, moved or removed");
    } else if (appearance_is_unsaved(line) && !p->ui->desk.desk->is_local) {
        appearance_say(line, text, sizeof text);
        put_words(p, words, ROLE_WARN, text);
    } else {
        desk_user_text(p->ui, p->live, line->here != NULL ? line->here : line->stored, user,
                       sizeof user);
        (void)snprintf(text, sizeof text, "%s%s%.100s", user,
                       item->department[0] != '\0' ? ", " : "", item->department);
        put_words(p, words, ROLE_DIM, text);
    }
}

/* "it is saved when Desk is idle; w calls it off" */
void view_waiting(const struct ui *ui, char *out, size_t size)
{
    char idle[64], key[KEYMAP_NAME_BYTES];

    keymap_first(&ui->keymap, cmd_find("save-cancel"), key, sizeof key);
    save_idle_text(ui, idle, sizeof idle);
    (void)snprintf(out, size, "saved %s; %s calls it off",
                   idle[0] != '\0' ? idle : "when phones are idle", key);
}

/* "Desk" (in a call), "Lab" restart; asks first */
static void put_restarts(const struct paint *p, struct buf *out)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    bool is_first = true;

    for (size_t i = 0; i < desk->phones_len; i++) {
        if (!desk->phones[i].restarts)
            continue;
        buf_printf(out, "%s\"%s\"%s", is_first ? "" : ", ", desk->phones[i].name,
                   desk->phones[i].is_in_call ? " (in a call)" : "");
        is_first = false;
    }
    buf_puts(out, !is_first              ? " restart; asks first"
                  : save_restarts(p->ui) ? "which phones restart is not known; asks first"
                  : desk->is_automatic   ? "no phone restarts; by itself after 3 s"
                                         : "no phone restarts");
}

/* What S would do, or why it cannot. Returns the role to show it in. */
static enum role save_words(const struct paint *p, struct buf *out)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    struct appearance_counts counts = appearance_count(desk->list);
    bool is_not_saved = desk->writing == UI_DESK_FAILED && counts.unsaved > 0;
    char key[KEYMAP_NAME_BYTES], text[120];

    if (desk->is_waiting) {
        view_waiting(p->ui, text, sizeof text);
        buf_puts(out, text);
        return ROLE_WARN;
    }
    if (desk->is_behind) {
        buf_puts(out, "not on disk yet: another program holds the list's file");
        return ROLE_WARN;
    }
    if (desk->fixed != NULL) {
        buf_puts(out, desk->fixed);
        return ROLE_WARN;
    }
    if (!str_is_empty(desk->list_text) &&
        (desk->is_local || desk->reading == UI_DESK_FAILED || is_not_saved)) {
        buf_puts(out, desk->list_text);
        return ROLE_WARN;
    }
    if (counts.unsaved == 0 || desk->is_local || desk_why_fixed(p->ui) != NULL)
        return ROLE_DIM;
    keymap_first(&p->ui->keymap, cmd_find("save"), key, sizeof key);
    buf_printf(out, "%s save: ", key);
    if (counts.unsaved == counts.conflicts) {
        buf_puts(out, "choose what is in conflict first");
        return ROLE_TEXT;
    }
    put_restarts(p, out);
    return save_restarts(p->ui) ? ROLE_WARN : ROLE_TEXT;
}

/* Of the line under the cursor; and on the last rows, where it stays, what S would do. The choices
 * of a conflict go before: then S waits for them. */
static void paint_words(const struct paint *p, struct words words, const struct roll_row *item)
{
    struct buf save;
    int end = words.end;
    char key[KEYMAP_NAME_BYTES];

    buf_init(&save, 2048);
    enum role role = save_words(p, &save);
    bool is_conflict = item != NULL && item->line->state == LINE_CONFLICT;
    words.end -= save.len > 0 && !is_conflict;
    if (item != NULL)
        put_line_words(p, &words, item);
    words.end = end;
    int lines = paint_text(p, -1, 0, 0, p->layout->cols - 1, STYLE(role), buf_text(&save));
    if (words.row < end - lines)
        words.row = end - lines;
    int row = words.row;
    put_words(p, &words, role, buf_text(&save));
    keymap_first(&p->ui->keymap, cmd_find("save"), key, sizeof key);
    if (row < end && str_starts(buf_text(&save), key) && key[0] != '\0')
        canvas_put(p->canvas, row, 1, p->layout->cols, STYLE(ROLE_KEY), key);
    buf_fini(&save);
}

/* --- the screen ---------------------------------------------------------------------------------
 */

static void paint_empty(const struct paint *p, int row, int end)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    const struct roll *roll = &p->ui->desk.list;
    char text[300];

    if (row >= end)
        return;
    if (roll->all > 0)
        (void)snprintf(text, sizeof text, "no line matches%s%.100s%s%.80s; Esc shows all",
                       roll->search[0] != '\0' ? ": " : "", roll->search,
                       roll->department != NULL ? " in " : "",
                       roll->department != NULL ? roll->department : "");
    else if (p->ui->desk.is_diff_only)
        str_copy(text, sizeof text, "no differences: both homes agree; = shows all");
    else
        str_copy(text, sizeof text,
                 desk->denied != NULL  ? "what is stored is not shown to you"
                 : desk->list->is_read ? "the list is empty; + adds people"
                                       : "the stored list was not read yet; what is added waits");
    (void)paint_text(p, row, end, 1, p->layout->cols - 2, STYLE(ROLE_DIM), text);
}

static void paint_columns(const struct paint *p, int row, const struct columns *c)
{
    struct style style = STYLE(ROLE_DIM);

    canvas_field_right(p->canvas, row, 1, 3, style, "key");
    canvas_field(p->canvas, row, c->here, c->here_cols, style, "here");
    canvas_field(p->canvas, row, c->stored, c->stored_cols, style, "stored");
    if (c->department_cols > 0)
        canvas_field(p->canvas, row, c->department, c->department_cols, style, "department");
    canvas_field(p->canvas, row, c->state, c->state_cols, style, "state");
}

void view_hudlist(const struct paint *p)
{
    struct roll *roll = &p->ui->desk.list;
    const struct ui_desk *desk = p->ui->desk.desk;
    int row = 1, end = layout_end(p->layout);
    struct columns c;

    if (desk == NULL || desk->list == NULL) {
        canvas_put(p->canvas, row, 1, p->layout->cols, STYLE(ROLE_DIM), "no list is known yet");
        return;
    }
    columns_make(&c, p->layout->cols);
    if (end - row > 1) /* else the line under the cursor is all there is room for */
        paint_head(p, row++);
    if (c.stored_cols > 0 && end - row >= HEAD_ROWS_MIN)
        paint_columns(p, row++, &c);
    int room = end - row;
    bool is_narrow = p->layout->cols < LAYOUT_LIST_COLS; /* where words take more rows */
    if (room >= DETAIL_ROWS_MIN) {
        int rows = is_narrow && room > DETAIL_ROWS_MIN ? 3 : 2;
        bool has_rule = room >= DETAIL_ROWS_MIN + 3;
        struct words words = {.row = end - rows, .end = end};
        end -= rows + has_rule;
        if (has_rule)
            paint_rule(p, end, 1, p->layout->cols - 2);
        paint_words(p, words, roll_at(roll));
    }
    roll_scroll(roll, end - row);
    p->ui->screen_rows = roll->height;
    if (roll->rows.len == 0)
        paint_empty(p, row, end);
    for (size_t at = roll->top; at < roll->rows.len && row < end; at++)
        paint_row(p, row++, &c, at);
}
