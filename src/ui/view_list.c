/* One line a user, for the smallest terminals: urgent ones are pinned on top by the board. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { NAME_COLS = 13, AGE_COLS = 4 };

static void list_name(const char *name, int cols, char *out, size_t size)
{
    str_copy(out, size, name);
    if (utf8_width(name) > cols && strchr(out, ' ') != NULL)
        *strchr(out, ' ') = '\0';
}

/* ▲201 Ana   0:07 P */
static void compact(const struct paint *p, int row, const struct face *face)
{
    struct pen pen = {p->canvas, row, 1, p->layout->cols};
    char name[256], marks[32];
    int name_cols;

    pen_put(&pen, face->lamp, face->glyph);
    pen_put(&pen, face->text, face->user->extension);
    pen_put(&pen, face->text, " ");
    name_cols = p->layout->cols - pen.col - AGE_COLS - 4;
    if (name_cols > 0) {
        list_name(face->user->name, name_cols, name, sizeof name);
        canvas_field(p->canvas, row, pen.col, name_cols, face->text, name);
        pen.col += name_cols + 1;
    }
    canvas_field_right(p->canvas, row, pen.col, AGE_COLS, face->dim, face->age);
    face_marks(face, p, 1, marks, sizeof marks);
    canvas_put(p->canvas, row, pen.col + AGE_COLS + 1, 1, face->text, marks);
}

/* ▲ 201 Ana Ruiz     0:07 P 212 555 0142 */
static void full(const struct paint *p, int row, const struct face *face)
{
    struct canvas *c = p->canvas;
    char party[256], words[300], marks[32];
    int ext_cols = (int)strnlen(face->user->extension, 8);
    if (ext_cols < 3)
        ext_cols = 3;
    int name_col = 3 + ext_cols + 1, age_col = name_col + NAME_COLS;
    int words_col = age_col + AGE_COLS + 3, room = p->layout->cols - words_col;

    canvas_put(c, row, 1, 1, face->lamp, face->glyph);
    canvas_field(c, row, 3, ext_cols, face->text, face->user->extension);
    int name_cols = NAME_COLS - (utf8_width(face->age) >= AGE_COLS);
    canvas_field(c, row, name_col, name_cols, face->text, face->user->name);
    canvas_field_right(c, row, age_col, AGE_COLS, face->dim, face->age);
    face_marks(face, p, 1, marks, sizeof marks);
    canvas_put(c, row, age_col + AGE_COLS + 1, 1, face->text, marks);

    /* The lamp says what the call does; an arrow is given up before the party is cut. */
    face_party(face, p, party, sizeof party);
    if (face->view.lamp == LAMP_ON_CALL && party[0] != '\0') {
        (void)snprintf(words, sizeof words, "%s %s", face_arrow(face, p), party);
        canvas_field(c, row, words_col, room, face->dim, utf8_width(words) <= room ? words : party);
    } else if (face->view.lamp <= LAMP_ON_CALL && party[0] != '\0') {
        canvas_field(c, row, words_col, room, face->dim, party);
    } else if (face->view.lamp == LAMP_UNKNOWN) {
        canvas_field(c, row, words_col, room, face->dim,
                     room < utf8_width(face->row->word) ? "not heard" : face->row->word);
    } else if (face->view.lamp == LAMP_AWAY && face->user->presence_note[0] != '\0') {
        canvas_field(c, row, words_col, room, face->dim, face->user->presence_note);
    }
}

void view_list_row(const struct paint *p, int row, const struct user *user)
{
    struct face face;
    bool is_selected = user == board_selected(&p->ui->board);

    face_make(&face, p, user, is_selected);
    if (is_selected)
        canvas_fill(p->canvas, row, 0, 1, p->layout->cols, STYLE(ROLE_SELECTION), " ");
    canvas_put(p->canvas, row, 0, 1, is_selected ? STYLE(ROLE_HEADING) : face.text,
               face_bar(&face, p));
    if (p->layout->is_compact)
        compact(p, row, &face);
    else
        full(p, row, &face);
    paint_hit(p, row, 0, 1, p->layout->cols, user->id, NULL, -1);
}
