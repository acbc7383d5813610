/* Table: one line a user, columns that fit. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

struct column {
    const char *title;
    int cols; /* with the blanks after it */
    int blanks;
    bool is_right;
    void (*text)(const struct face *face, const struct paint *p, char *out, size_t size);
};

static void text_ext(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    str_copy(out, size, face->user->extension);
}

static void text_name(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    str_copy(out, size, face->user->name);
}

static void text_department(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    str_copy(out, size, face->user->department);
}

static void text_state(const struct face *face, const struct paint *p, char *out, size_t size)
{
    static const char *const words[LAMP_COUNT] = {[LAMP_HIDDEN] = "hidden",
                                                  [LAMP_DND] = "dnd",
                                                  [LAMP_PRESENCE_ONLY] = "not shown",
                                                  [LAMP_UNKNOWN] = "unknown"};
    const char *word = words[face->view.lamp] != NULL ? words[face->view.lamp] : face->row->word;

    (void)p;
    (void)snprintf(out, size, "%s%s", word, face->view.is_stale ? "?" : "");
}

static void text_since(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    str_copy(out, size, face->age);
}

static void text_direction(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    str_copy(out, size, face->call == NULL ? "" : face->call->direction == CALL_IN ? "in" : "out");
}

static void text_recorded(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    str_copy(out, size, face->is_recorded ? "r" : "");
}

static void text_calls(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    out[0] = '\0';
    if (face->calls > 0)
        (void)snprintf(out, size, "%zu", face->calls);
}

static void text_supervised(const struct face *face, const struct paint *p, char *out, size_t size)
{
    (void)p;
    out[0] = '\0';
    for (size_t i = 0; face->is_supervised && i < face->user->calls.len; i++)
        for (size_t j = 0; j < face->user->calls.items[i].supervisors_len; j++) {
            const struct supervisor *s = &face->user->calls.items[i].supervisors[j];
            const char *mode = supervise_mode_json(s->mode);
            size_t used = strlen(out);
            (void)snprintf(out + used, size - used, "%s%s%s%s", used > 0 ? "; " : "",
                           s->extension[0] != '\0' ? s->extension : "somebody",
                           mode != NULL ? ", " : "", mode != NULL ? mode : "");
        }
}

static const struct column columns[] = {
    {"ext", 5, 2, false, text_ext},
    {"name", 16, 2, false, text_name},
    {"department", 12, 2, false, text_department},
    {"state", 9, 0, false, text_state},
    {"since", 7, 2, true, text_since},
    {"other party", 21, 2, false, face_party},
    {"dir", 5, 2, false, text_direction},
    {"rec", 5, 2, false, text_recorded},
    {"calls", 7, 2, false, text_calls},
    {"supervised by", 24, 2, false, text_supervised},
};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], FIRST_COL = 3 };

/* Walks the columns that fit: the last one may be narrower than it would like. */
static bool next_column(const struct paint *p, size_t *at, int *col, int *cols)
{
    if (*at >= COLUMN_COUNT)
        return false;
    *col += *at == 0 ? FIRST_COL : columns[*at - 1].cols;
    int room = p->layout->body_cols - *col;
    *cols = columns[*at].cols - columns[*at].blanks;
    if (room < (int)strlen(columns[*at].title))
        return false;
    if (*cols > room)
        *cols = room;
    (*at)++;
    return true;
}

void view_table_head(const struct paint *p, int row)
{
    int col = 0, cols;

    for (size_t at = 0; next_column(p, &at, &col, &cols);) {
        const struct column *column = &columns[at - 1];
        if (column->is_right)
            canvas_field_right(p->canvas, row, col, cols, STYLE(ROLE_DIM), column->title);
        else
            canvas_field(p->canvas, row, col, cols, STYLE(ROLE_DIM), column->title);
    }
}

void view_table_row(const struct paint *p, int row, const struct user *user)
{
    struct face face;
    bool is_selected = user == board_selected(&p->ui->board);
    char text[300];
    int col = 0, cols;

    face_make(&face, p, user, is_selected);
    if (is_selected)
        canvas_fill(p->canvas, row, 0, 1, p->layout->body_cols, STYLE(ROLE_SELECTION), " ");
    canvas_put(p->canvas, row, 0, 1, is_selected ? STYLE(ROLE_HEADING) : face.text,
               face_bar(&face, p));
    canvas_put(p->canvas, row, 1, 1, face.lamp, face.glyph);
    if (face.is_pending || face.is_marked)
        canvas_put(p->canvas, row, 2, 1, face.text,
                   face.is_pending ? paint_glyph(p, "…", "~") : "*");
    for (size_t at = 0; next_column(p, &at, &col, &cols);) {
        const struct column *column = &columns[at - 1];
        column->text(&face, p, text, sizeof text);
        if (column->is_right)
            canvas_field_right(p->canvas, row, col, cols, face.dim, text);
        else
            canvas_field(p->canvas, row, col, cols, at <= 2 ? face.text : face.dim, text);
    }
    paint_hit(p, row, 0, 1, p->layout->body_cols, user->id, NULL, -1);
}
