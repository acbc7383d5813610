#include "callhud/ui/board.h"

#include "callhud/base/str.h"

#include <string.h>

/* --- the list --------------------------------------------------------------------------------- */

static bool is_in(const struct user *const *users, size_t len, const struct user *user)
{
    for (size_t i = 0; i < len; i++)
        if (users[i] == user)
            return true;
    return false;
}

/* Without a NOW line those that ask for action stand on top; the rest keep their order. */
static void pin_urgent(struct board *board)
{
    const struct urgent *urgent = &board->urgent;
    const struct order *order = &board->order;

    for (size_t i = 0; i < urgent->users.len; i++)
        if (is_in(order->users.items, order->users.len, urgent->users.items[i]))
            VEC_PUSH(&board->users, urgent->users.items[i]);
    size_t pinned = board->pinned = board->users.len;
    for (size_t i = 0; i < order->users.len; i++)
        if (!is_in(board->users.items, pinned, order->users.items[i]))
            VEC_PUSH(&board->users, order->users.items[i]);
}

static void add_rows(struct board *board, size_t group, size_t first, size_t len,
                     const struct layout *layout)
{
    size_t columns = (size_t)layout->columns;
    int height = layout->shape == SHAPE_GRID ? 2 : 1;

    for (size_t at = 0; at < len; at += columns) {
        struct board_row row = {.group = group, .first = first + at, .height = height};
        row.len = len - at < columns ? len - at : columns;
        VEC_PUSH(&board->rows, row);
    }
}

static void build_rows(struct board *board, const struct layout *layout)
{
    bool has_headings = layout->shape == SHAPE_GRID || layout->shape == SHAPE_DENSE;

    board->rows.len = 0;
    if (!has_headings || board->order.groups.len == 0) {
        add_rows(board, 0, 0, board->users.len, layout);
        return;
    }
    for (size_t i = 0; i < board->order.groups.len; i++) {
        const struct order_group *group = &board->order.groups.items[i];
        if (group->department != NULL && (group->department[0] != '\0' || i > 0)) {
            struct board_row row = {
                .is_heading = true, .group = i, .first = group->first, .height = 1};
            VEC_PUSH(&board->rows, row);
        }
        add_rows(board, i, group->first, group->len, layout);
    }
}

/* --- the selection ---------------------------------------------------------------------------- */

/* *at is where to look first. */
static bool find_id(const struct board *board, const char *id, size_t *at)
{
    if (id != NULL && *at < board->users.len && str_eq(board->users.items[*at]->id, id))
        return true;
    for (size_t i = 0; id != NULL && i < board->users.len; i++)
        if (str_eq(board->users.items[i]->id, id)) {
            *at = i;
            return true;
        }
    return false;
}

/* The selected user is gone: who stood after it, else before it, in the list as it was. */
static size_t neighbour(const struct board *board)
{
    size_t at = 0;

    for (size_t i = board->at + 1; i < board->ids.len; i++)
        if (find_id(board, board->ids.items[i], &at))
            return at;
    for (size_t i = board->at; i-- > 0;)
        if (i < board->ids.len && find_id(board, board->ids.items[i], &at))
            return at;
    return 0;
}

/* The same users in the same order have the same ids: to see that is cheap. */
static bool is_remembered(const struct board *board)
{
    return board->users.len == board->known.len && board->known.len == board->ids.len &&
           memcmp(board->users.items, board->known.items,
                  board->users.len * sizeof board->users.items[0]) == 0;
}

static void remember_ids(struct board *board)
{
    size_t i = 0;

    if (is_remembered(board))
        return;
    board->known.len = 0;
    for (size_t k = 0; k < board->users.len; k++)
        VEC_PUSH(&board->known, board->users.items[k]);
    for (; i < board->users.len; i++) {
        const char *id = board->users.items[i]->id;
        if (i == board->ids.len) {
            VEC_PUSH(&board->ids, mem_dup(id));
        } else if (!str_eq(board->ids.items[i], id)) {
            mem_free(board->ids.items[i]);
            board->ids.items[i] = mem_dup(id);
        }
    }
    for (size_t rest = i; rest < board->ids.len; rest++)
        mem_free(board->ids.items[rest]);
    board->ids.len = i;
}

static void set_id(char **id, const char *to)
{
    if (str_eq(*id, to))
        return;
    char *made = mem_dup(to);
    mem_free(*id);
    *id = made;
}

static void rest_on(struct board *board, size_t at)
{
    board->at = at < board->users.len ? at : board->users.len - 1;
    set_id(&board->selected_id, board->users.items[board->at]->id);
    set_id(&board->selected_extension, board->users.items[board->at]->extension);
    if (board->chosen_id == NULL)
        set_id(&board->chosen_id, board->selected_id);
}

/* A key and the picture after it ask for the same; ages are shown in seconds. */
#define SAME_MS 100

static void build_order(struct board *board, const struct hud *hud,
                        const struct board_request *request, int64_t now_ms)
{
    const struct order_request *old = &board->built, *new = &request->order;
    bool is_same = old->by == new->by && old->is_grouped == new->is_grouped &&
                   old->department == new->department && old->filter == new->filter;

    if (is_same && !request->is_refiltered && board->built_hud == hud &&
        board->built_rev == hud->rev && now_ms >= board->built_ms &&
        now_ms - board->built_ms < SAME_MS)
        return;
    order_build(&board->order, hud, new, now_ms);
    urgent_of_order(&board->urgent, &board->order);
    board->built = *new;
    board->built_hud = hud;
    board->built_rev = hud->rev;
    board->built_ms = now_ms;
}

void board_build(struct board *board, const struct hud *hud, const struct board_request *request,
                 int64_t now_ms)
{
    build_order(board, hud, request, now_ms);
    board->users.len = board->pinned = 0;
    if (request->layout->shape == SHAPE_LIST)
        pin_urgent(board);
    else
        for (size_t i = 0; i < board->order.users.len; i++)
            VEC_PUSH(&board->users, board->order.users.items[i]);
    build_rows(board, request->layout);

    size_t at = board->at;
    if (!(request->is_refiltered && find_id(board, board->chosen_id, &at)) &&
        !find_id(board, board->selected_id, &at))
        at = board->selected_id != NULL ? neighbour(board) : 0;
    /* With nobody shown the selection waits for its user to come back. */
    if (board->users.len > 0) {
        rest_on(board, at);
        remember_ids(board);
    } else {
        set_id(&board->selected_extension, NULL);
    }
}

void board_forget(struct board *board)
{
    board->known.len = 0;
    board->built_hud = NULL;
    board->users.len = board->rows.len = board->pinned = 0;
    board->order.users.len = board->order.groups.len = 0;
    board->urgent.users.len = 0;
}

void board_fini(struct board *board)
{
    order_fini(&board->order);
    urgent_fini(&board->urgent);
    VEC_FREE(&board->users);
    VEC_FREE(&board->known);
    VEC_FREE(&board->rows);
    for (size_t i = 0; i < board->ids.len; i++)
        mem_free(board->ids.items[i]);
    VEC_FREE(&board->ids);
    mem_free(board->selected_id);
    mem_free(board->chosen_id);
    mem_free(board->selected_extension);
    board->selected_id = board->chosen_id = board->selected_extension = NULL;
}

const struct user *board_selected(const struct board *board)
{
    return board->at < board->users.len ? board->users.items[board->at] : NULL;
}

void board_select(struct board *board, size_t at)
{
    if (board->users.len == 0)
        return;
    rest_on(board, at);
    set_id(&board->chosen_id, board->selected_id);
}

bool board_select_id(struct board *board, const char *id)
{
    size_t at = board->at;

    if (!find_id(board, id, &at))
        return false;
    board_select(board, at);
    return true;
}

/* --- moving ----------------------------------------------------------------------------------- */

static size_t row_of(const struct board *board, size_t at)
{
    for (size_t i = 0; i < board->rows.len; i++) {
        const struct board_row *row = &board->rows.items[i];
        if (!row->is_heading && at >= row->first && at < row->first + row->len)
            return i;
    }
    return 0;
}

void board_step_row(struct board *board, int by)
{
    if (board->users.len == 0)
        return;
    size_t from = row_of(board, board->at);
    size_t column = board->at - board->rows.items[from].first;
    size_t target = from;

    for (int left = by < 0 ? -by : by; left > 0; left--) {
        size_t next = target;
        do {
            if ((by < 0 && next == 0) || (by > 0 && next + 1 >= board->rows.len))
                goto done;
            next = by < 0 ? next - 1 : next + 1;
        } while (board->rows.items[next].is_heading);
        target = next;
    }
done:;
    const struct board_row *row = &board->rows.items[target];
    board_select(board, row->first + (column < row->len ? column : row->len - 1));
}

void board_step_group(struct board *board, int by)
{
    const struct order *order = &board->order;
    size_t count = order->groups.len, at = 0;

    if (count < 2 || board->users.len == 0)
        return;
    const struct user *selected = board_selected(board);
    for (size_t i = 0; i < count; i++) {
        const struct order_group *group = &order->groups.items[i];
        if (is_in(order->users.items + group->first, group->len, selected))
            at = i;
    }
    at = (at + count + (by > 0 ? 1 : count - 1)) % count;
    if (order->groups.items[at].len > 0)
        board_select_id(board, order->users.items[order->groups.items[at].first]->id);
}

void board_scroll(struct board *board, size_t first, int height)
{
    size_t at = row_of(board, board->at);

    if (board->top < first)
        board->top = first;
    if (board->top >= board->rows.len)
        board->top = board->rows.len > first ? board->rows.len - 1 : first;
    if (at < first || board->rows.len <= first)
        return;
    size_t least = at > first && board->rows.items[at - 1].is_heading ? at - 1 : at;
    if (least < at && board->rows.items[at].height + 1 > height)
        least = at; /* no room for the heading */
    if (board->top > least)
        board->top = least;
    int used = 0;
    for (size_t i = board->top; i <= at; i++)
        used += board->rows.items[i].height;
    while (used > height && board->top < at)
        used -= board->rows.items[board->top++].height;
    /* No empty lines at the end while there is something above. */
    for (size_t i = at + 1; i < board->rows.len; i++)
        used += board->rows.items[i].height;
    while (board->top > first && used + board->rows.items[board->top - 1].height <= height)
        used += board->rows.items[--board->top].height;
}
