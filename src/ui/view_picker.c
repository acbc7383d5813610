/* Choosing people, as drawn. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void title_text(const struct paint *p, char *out, size_t size)
{
    const struct picker *picker = &p->ui->desk.picker;
    const struct ui_desk *desk = p->ui->desk.desk;
    bool is_ours = str_is_empty(desk->whose);
    const char *of = is_ours ? "" : " of ", *whose = is_ours ? "" : desk->whose;
    char name[256] = "a line that is gone; Esc";

    switch (picker->kind) {
    case PICK_ADD: (void)snprintf(out, size, "ADD TO THE HUD LIST%s%.80s", of, whose); return;
    case PICK_SET:
        for (size_t i = 0; desk->list != NULL && i < desk->list->lines.len; i++) {
            const struct appearance_line *line = &desk->list->lines.items[i];
            if (line->here != NULL && str_eq(line->here->id, picker->id))
                desk_user_text(p->ui, p->live, line->here, name, sizeof name);
        }
        (void)snprintf(out, size, "KEY %u: INSTEAD OF %.100s", (unsigned)picker->key, name);
        return;
    case PICK_ANSWERABLE:
        (void)snprintf(out, size, "WHO MAY ANSWER %s CALLS%s%.80s", is_ours ? "MY" : "THE", of,
                       whose);
        return;
    case PICK_VISIBLE:
        (void)snprintf(out, size, "WHO MAY SEE %s PRESENCE%s%.80s", is_ours ? "MY" : "THE", of,
                       whose);
        return;
    }
}

static void paint_head(const struct paint *p, int row)
{
    const struct roll *roll = &p->ui->desk.picker.roll;
    const struct ui_desk *desk = p->ui->desk.desk;
    struct buf facts;
    char title[200];

    buf_init(&facts, 2048);
    if (p->ui->desk.picker.kind != PICK_SET)
        buf_printf(&facts, "%zu chosen\n", roll->marked.len);
    buf_printf(&facts, "%zu of %zu shown\n", roll->rows.len, roll->all);
    if (desk->people_state == UI_DESK_ASKED)
        buf_puts(&facts, "!reading people\n");
    else if (desk->people_state == UI_DESK_FAILED)
        buf_printf(&facts, "!people not read: %s\n", desk->people_text);
    if (roll->search[0] != '\0')
        buf_printf(&facts, "!search: %s\n", roll->search);
    if (roll->department != NULL)
        buf_printf(&facts, "!%s\n", roll->department);
    title_text(p, title, sizeof title);
    view_facts(p, row, title, &facts);
    buf_fini(&facts);
}

static void paint_row(const struct paint *p, int row, size_t at)
{
    const struct roll *roll = &p->ui->desk.picker.roll;
    const struct roll_row *item = &roll->rows.items[at];
    int cols = p->layout->cols;
    bool is_at = at == roll->at, is_wide = cols >= LAYOUT_LIST_COLS;
    bool has_box = p->ui->desk.picker.kind != PICK_SET;
    enum role role = is_at ? ROLE_SELECTION : item->is_off ? ROLE_DIM : ROLE_TEXT;
    int extension = has_box ? 5 : 1, name = extension + 8;
    int name_cols = is_wide ? (cols - name) * 2 / 5 : cols - name - 1;
    int department = name + name_cols + 1;
    int note = department + (cols - department) / 2;

    if (is_at) {
        canvas_fill(p->canvas, row, 0, 1, cols, STYLE(ROLE_SELECTION), " ");
        canvas_put(p->canvas, row, 0, 1, STYLE(ROLE_HEADING), paint_bar(p));
        p->ui->rest_row = row;
        p->ui->rest_col = 0;
    }
    if (has_box)
        canvas_put(p->canvas, row, 1, 3, STYLE(role),
                   item->is_off                 ? paint_glyph(p, " · ", " . ")
                   : roll_is_marked(roll, item) ? "[x]"
                                                : "[ ]");
    canvas_field(p->canvas, row, extension, 7, STYLE(role), item->extension);
    canvas_field(p->canvas, row, name, name_cols, STYLE(role), item->name);
    if (is_wide) {
        canvas_field(p->canvas, row, department, note - department - 1,
                     STYLE(is_at ? ROLE_SELECTION : ROLE_DIM), item->department);
        canvas_field(p->canvas, row, note, cols - note - 1,
                     STYLE(is_at ? ROLE_SELECTION : ROLE_DIM), item->note);
    }
    paint_hit(p, row, 0, 1, cols, NULL, cmd_find("mark"), (long)at);
}

static const char *hint(enum pick_kind kind, bool is_narrow)
{
    if (is_narrow)
        return kind == PICK_ADD   ? "Space one, a all; Enter adds them"
               : kind == PICK_SET ? "Enter puts this one on the key"
                                  : "Space one, a all; Enter sends it";
    switch (kind) {
    case PICK_ADD: return "Space one, a all that are shown; Enter adds them to the list here";
    case PICK_SET: return "Enter puts the one under the cursor on the key";
    case PICK_ANSWERABLE: break;
    case PICK_VISIBLE: return "Space one, a all that are shown; Enter sends it; nobody: everybody";
    }
    return "Space one, a all that are shown; Enter sends it";
}

void view_picker(const struct paint *p)
{
    struct roll *roll = &p->ui->desk.picker.roll;
    int row = 1, end = layout_end(p->layout);

    if (p->ui->desk.desk == NULL)
        return;
    if (end - row > 1)
        paint_head(p, row++);
    if (end - row >= 6)
        canvas_put(p->canvas, --end, 1, p->layout->cols, STYLE(ROLE_DIM),
                   hint(p->ui->desk.picker.kind, p->layout->cols < LAYOUT_LIST_COLS));
    roll_scroll(roll, end - row);
    p->ui->screen_rows = roll->height;
    if (roll->rows.len == 0)
        canvas_put(p->canvas, row, 1, p->layout->cols, STYLE(ROLE_DIM),
                   roll->all > 0 ? "nobody matches; Esc shows all" : "nobody is known yet");
    for (size_t at = roll->top; at < roll->rows.len && row < end; at++)
        paint_row(p, row++, at);
}
