/* The users on the board in the order in which they are shown, cut into rows; and which of them is
 * selected. Built anew before every key and every picture: pointers to users hold that long. */
#ifndef CALLHUD_UI_BOARD_H
#define CALLHUD_UI_BOARD_H

#include "callhud/base/vec.h"
#include "callhud/model/order.h"
#include "callhud/ui/layout.h"

struct board_row {
    bool is_heading;
    size_t group;      /* into order.groups */
    size_t first, len; /* into users; a heading has none */
    int height;        /* lines on the screen */
};

struct board {
    struct order order;
    struct urgent urgent; /* all that ask for action, filtered or not */
    struct order_request built; /* what order and urgent were made of */
    const struct hud *built_hud;
    uint64_t built_rev;
    int64_t built_ms;
    VEC(const struct user *) users;
    VEC(const struct user *) known; /* users as they were when ids was made: not to be touched */
    VEC(struct board_row) rows;
    size_t at;     /* of the selected user; 0 when there is none */
    size_t pinned; /* users on top because they ask for action (lists only) */

    char *selected_extension;
    char *selected_id;   /* NULL: none yet */
    char *chosen_id;     /* whom the person selected: a filter may have put a neighbour there */
    VEC(char *) ids;     /* of users as built last: where the neighbours of a lost selection are */
    size_t top;          /* first row on the screen */
    size_t below, above; /* users not on the screen, as drawn last */
    size_t page_users;   /* users that fit on a screen, as drawn last; at least 1 */
};

struct board_request {
    struct order_request order;
    const struct layout *layout;
    /* Filter or department are other ones than before: who was chosen is selected again if shown.
     * When people come and go by themselves the selection does not jump back. */
    bool is_refiltered;
};
void board_build(struct board *board, const struct hud *hud, const struct board_request *request,
                 int64_t now_ms);
/* Users came or went: nothing of them may be touched until the board is built anew. */
void board_forget(struct board *board);
void board_fini(struct board *board);

const struct user *board_selected(const struct board *board); /* NULL when nobody is shown */
void board_select(struct board *board, size_t at);            /* clamped; the person's choice */
/* False when the user is not on the board. */
bool board_select_id(struct board *board, const char *id);
/* One row up or down, keeping the column. */
void board_step_row(struct board *board, int rows);
void board_step_group(struct board *board, int by);
/* Moves top so that the selected user's row is within height lines. Rows before first do not
 * scroll: they are drawn elsewhere. */
void board_scroll(struct board *board, size_t first, int height);

#endif
