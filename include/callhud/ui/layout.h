/* Where the parts of the board go, from the size of the screen alone. */
#ifndef CALLHUD_UI_LAYOUT_H
#define CALLHUD_UI_LAYOUT_H

#include <stdbool.h>

enum ui_view { VIEW_GRID, VIEW_DENSE, VIEW_TABLE, VIEW_COUNT };
const char *view_word(enum ui_view view);
bool view_from_word(const char *word, enum ui_view *out);

/* How users are drawn. Below 60 columns or 10 lines every view becomes a list of one line a user.
 */
enum shape { SHAPE_COUNTS, SHAPE_LIST, SHAPE_GRID, SHAPE_DENSE, SHAPE_TABLE };

#define LAYOUT_LIST_COLS 60    /* narrower: list */
#define LAYOUT_LIST_ROWS 10    /* lower: list */
#define LAYOUT_COMPACT_COLS 34 /* narrower: first names only, no profile */
#define LAYOUT_PANE_COLS 140   /* from here on the side pane */
#define LAYOUT_MIN_COLS 20
#define LAYOUT_MIN_ROWS 4

struct layout {
    int rows, cols;
    enum shape shape;
    bool is_wide;    /* side pane, seconds in the clock, words with the counts */
    bool is_compact; /* the narrowest list */
    int now_row;     /* -1: none */
    int body_row, body_rows, body_cols;
    int bar_row; /* of the supervision bar; -1: none until layout_add_bar() */
    int message_row;
    bool is_message_over_body; /* a message hides the last line of the list */
    int keys_row;              /* -1: none */
    int pane_col, pane_cols;   /* of its rule; -1: no pane */
    int columns, pitch;        /* cells side by side, and from one to the next */
};
void layout_make(struct layout *layout, int rows, int cols, enum ui_view view);
/* A supervision is on: where no line is kept for it, the bar takes one of the list's. */
void layout_add_bar(struct layout *layout);
/* Screens over the board keep its first line and the last two, and the bar when there is one. */
void layout_make_screen(struct layout *layout, bool has_bar);
/* The line after the last that belongs to what is shown: where bar or message begin. */
int layout_end(const struct layout *layout);

#endif
