#include "callhud/ui/layout.h"

#include "callhud/base/str.h"

#include <stddef.h>

enum { GRID_PITCH = 26, DENSE_PITCH = 16, PANE_COLS = 58, BAR_ROWS_MIN = 16 };

static const char *const view_words[VIEW_COUNT] = {"grid", "dense", "table"};

const char *view_word(enum ui_view view)
{
    return view_words[view];
}

bool view_from_word(const char *word, enum ui_view *out)
{
    for (int i = 0; i < VIEW_COUNT; i++)
        if (str_eq(word, view_words[i])) {
            *out = (enum ui_view)i;
            return true;
        }
    return false;
}

static void make_list(struct layout *l)
{
    l->shape = SHAPE_LIST;
    l->is_compact = l->cols < LAYOUT_COMPACT_COLS;
    l->body_row = 1;
    l->keys_row = l->rows >= 6 ? l->rows - 1 : -1;
    l->is_message_over_body = l->rows < 5;
    l->message_row = l->keys_row >= 0 ? l->rows - 2 : l->rows - 1;
    l->body_rows = (l->is_message_over_body ? l->rows : l->message_row) - l->body_row;
    l->columns = 1;
    l->pitch = l->cols;
}

static void make_board(struct layout *l, enum ui_view view)
{
    l->is_wide = l->cols >= LAYOUT_PANE_COLS;
    l->now_row = 1;
    l->body_row = 2;
    l->keys_row = l->rows - 1;
    l->message_row = l->rows - 2;
    l->bar_row = l->rows >= BAR_ROWS_MIN ? l->rows - 3 : -1;
    l->body_rows = (l->bar_row >= 0 ? l->bar_row : l->message_row) - l->body_row;
    if (l->is_wide) {
        l->pane_cols = PANE_COLS;
        l->pane_col = l->cols - PANE_COLS;
        l->body_cols = l->pane_col;
    }
    l->shape = view == VIEW_TABLE ? SHAPE_TABLE : view == VIEW_DENSE ? SHAPE_DENSE : SHAPE_GRID;
    if (l->shape == SHAPE_TABLE) {
        l->columns = 1;
        l->pitch = l->body_cols;
    } else {
        l->columns = l->body_cols / (l->shape == SHAPE_GRID ? GRID_PITCH : DENSE_PITCH);
        l->pitch = l->body_cols / l->columns;
    }
}

void layout_make(struct layout *l, int rows, int cols, enum ui_view view)
{
    *l = (struct layout){.rows = rows,
                         .cols = cols,
                         .now_row = -1,
                         .bar_row = -1,
                         .keys_row = -1,
                         .pane_col = -1,
                         .body_cols = cols,
                         .columns = 1,
                         .pitch = cols,
                         .message_row = rows - 1};
    if (rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS)
        l->shape = SHAPE_COUNTS;
    else if (cols < LAYOUT_LIST_COLS || rows < LAYOUT_LIST_ROWS)
        make_list(l);
    else
        make_board(l, view);
}

void layout_add_bar(struct layout *l)
{
    if (l->bar_row >= 0 || l->shape == SHAPE_COUNTS || l->body_rows < 2)
        return;
    l->body_rows--;
    if (l->is_message_over_body) { /* the bar is last, a message hides the line above it */
        l->bar_row = l->rows - 1;
        l->message_row = l->rows - 2;
    } else {
        l->bar_row = l->message_row - 1;
    }
}

void layout_make_screen(struct layout *l, bool has_bar)
{
    enum { TWO_LAST_ROWS = 4, BAR_TOO_ROWS = 6 };

    l->is_message_over_body = false;
    l->keys_row = l->rows >= (has_bar ? BAR_TOO_ROWS : TWO_LAST_ROWS) ? l->rows - 1 : -1;
    l->message_row = l->keys_row >= 0 ? l->rows - 2 : l->rows - 1;
    l->bar_row = -1;
    if (has_bar && l->rows >= TWO_LAST_ROWS)
        l->bar_row = l->message_row - 1;
}

int layout_end(const struct layout *l)
{
    return l->bar_row >= 0 && l->bar_row < l->message_row ? l->bar_row : l->message_row;
}
