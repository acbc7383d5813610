/* Grid: two lines a user. Dense: one short cell a user. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum {
    LAMP_COL = 1,
    EXT_COL = 3,
    EXT_COLS_MAX = 8,
    AGE_COLS = 4,
    WORDS_COL = 3,
};

void view_heading(const struct paint *p, int row, const struct order_group *group)
{
    int cols = p->layout->body_cols;
    char parts[4][48], counts[200] = " ";
    size_t count = 0;
    const char *dot = paint_glyph(p, " · ", " . ");
    const char *name = group->department[0] != '\0' ? group->department : "no department";

    (void)snprintf(parts[count++], 48, "%zu user%s", group->len, group->len == 1 ? "" : "s");
    if (group->free_count > 0 || p->hud->link.is_synced) /* else it is not known that nobody is */
        (void)snprintf(parts[count++], 48, "%zu free", group->free_count);
    if (group->ringing_count > 0)
        (void)snprintf(parts[count++], 48, "%zu rings", group->ringing_count);
    if (group->longest_hold_ms >= 0) {
        char age[AGE_BYTES];
        age_text(age, group->longest_hold_ms, AGE_CLOCK, group->is_hold_at_least,
                 p->canvas->is_ascii);
        paint_due_in(p, age_next_ms(group->longest_hold_ms, AGE_CLOCK));
        (void)snprintf(parts[count++], 48, "longest hold %s", age);
    }
    int name_cols = utf8_width(name);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(counts);
        int width = utf8_width(counts) + utf8_width(parts[i]) + (i > 0 ? 3 : 0);
        if (width + (name_cols < 16 ? name_cols : 16) + 8 > cols)
            break;
        (void)snprintf(counts + used, sizeof counts - used, "%s%s", i > 0 ? dot : "", parts[i]);
    }
    int counts_cols = utf8_width(counts);
    int room = cols - counts_cols - 6;
    if (name_cols > room)
        name_cols = room;
    paint_rule(p, row, 0, cols);
    canvas_put(p->canvas, row, 0, 1, STYLE(ROLE_DIM), " ");
    canvas_field(p->canvas, row, 1, name_cols, STYLE(ROLE_HEADING), name);
    canvas_put(p->canvas, row, 1 + name_cols, 1, STYLE(ROLE_DIM), " ");
    int at = cols - counts_cols - 2;
    canvas_put(p->canvas, row, at, counts_cols, STYLE(ROLE_DIM), counts);
    canvas_put(p->canvas, row, at + counts_cols, 1, STYLE(ROLE_DIM), " ");
}

/* Extensions of one board stand in a column as wide as the longest. */
static int extension_cols(const struct paint *p)
{
    size_t bytes = p->ui->board.order.extension_bytes;

    return bytes < 3 ? 3 : bytes < EXT_COLS_MAX ? (int)bytes : EXT_COLS_MAX;
}

static void grid_cell(const struct paint *p, int row, int col, int cols, int ext_cols,
                      const struct face *face)
{
    struct canvas *c = p->canvas;
    char text[300], marks[32];
    int name_col = EXT_COL + ext_cols + 1;
    int age_col = cols - AGE_COLS;
    /* Bold is what changed: lamp, age and words. Who it is did not, and is not written again. */
    struct style what = style_with(face->dim.role, face->text.attrs & ATTR_BOLD);
    struct style who = style_with(face->text.role, 0);

    if (face->is_selected)
        canvas_fill(c, row, col, 2, cols, STYLE(ROLE_SELECTION), " ");
    for (int line = 0; line < 2; line++)
        canvas_put(c, row + line, col, 1, face->is_selected ? STYLE(ROLE_HEADING) : who,
                   face_bar(face, p));
    canvas_put(c, row, col + LAMP_COL, 1, face->lamp, face->glyph);
    canvas_field(c, row, col + EXT_COL, ext_cols, who, face->user->extension);
    canvas_field(c, row, col + name_col, age_col - 1 - name_col, who, face->user->name);
    canvas_field_right(c, row, col + age_col, AGE_COLS, what, face->age);

    if (face->calls > 1) {
        (void)snprintf(text, sizeof text, "%c", face->calls > 9 ? '+' : (char)('0' + face->calls));
        canvas_put(c, row + 1, col + LAMP_COL, 1, face->text, text);
    }
    face_words(face, p, text, sizeof text);
    canvas_field(c, row + 1, col + WORDS_COL, cols - UI_MARKS_MAX - WORDS_COL, what, text);
    face_marks(face, p, UI_MARKS_MAX, marks, sizeof marks);
    canvas_field_right(c, row + 1, col + cols - UI_MARKS_MAX, UI_MARKS_MAX,
                       style_with(face->is_selected ? ROLE_SELECTION : ROLE_KEY, 0), marks);
    paint_hit(p, row, col, 2, cols, face->user->id, NULL, -1);
}

/* The first name when the whole does not fit. */
static void short_name(const char *name, int cols, char *out, size_t size)
{
    str_copy(out, size, name);
    if (utf8_width(name) <= cols)
        return;
    char *blank = strchr(out, ' ');
    if (blank != NULL)
        *blank = '\0';
}

/* One column for the mark that matters most; P is in the NOW line and by the lamp's word. */
static const char *dense_mark(const struct face *face, const struct paint *p)
{
    if (face->view.is_stale)
        return "?";
    if (face->is_pending)
        return paint_glyph(p, "…", "~");
    if (face->is_marked)
        return "*";
    return face->is_supervised ? paint_glyph(p, "♪", "^") : " ";
}

static void dense_cell(const struct paint *p, int row, int col, int cols, int ext_cols,
                       const struct face *face)
{
    struct canvas *c = p->canvas;
    char name[256];
    int name_col = EXT_COL + ext_cols + 1;
    int age_cols = utf8_width(face->age);
    int name_cols = cols - name_col - (age_cols > 0 ? age_cols + 1 : 0);

    if (face->is_selected)
        canvas_fill(c, row, col, 1, cols, STYLE(ROLE_SELECTION), " ");
    canvas_put(c, row, col, 1, face->is_selected ? STYLE(ROLE_HEADING) : face->text,
               face_bar(face, p));
    canvas_put(c, row, col + LAMP_COL, 1, face->lamp, face->glyph);
    canvas_put(c, row, col + LAMP_COL + 1, 1, face->text, dense_mark(face, p));
    canvas_field(c, row, col + EXT_COL, ext_cols, face->text, face->user->extension);
    short_name(face->user->name, name_cols < 6 ? name_cols : 5, name, sizeof name);
    canvas_field(c, row, col + name_col, name_cols, face->text, name);
    canvas_field_right(c, row, col + cols - age_cols, age_cols, face->dim, face->age);
    paint_hit(p, row, col, 1, cols, face->user->id, NULL, -1);
}

void view_cells_row(const struct paint *p, int row, const struct board_row *line)
{
    int pitch = p->layout->pitch, ext_cols = extension_cols(p);
    const struct board *board = &p->ui->board;

    for (size_t i = 0; i < line->len; i++) {
        struct face face;
        size_t at = line->first + i;
        face_make(&face, p, board->users.items[at], at == board->at);
        if (p->layout->shape == SHAPE_GRID)
            grid_cell(p, row, (int)i * pitch, pitch - 1, ext_cols, &face);
        else
            dense_cell(p, row, (int)i * pitch, pitch, ext_cols, &face);
    }
}
