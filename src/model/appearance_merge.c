/* The three-way merge: what becomes of each line, and where it stands. */
#include "appearance_merge.h"

#include "callhud/base/str.h"

/* ---- what becomes of a line ------------------------------------------------------------------ */

static void mark_conflict(struct merge *m, struct row *row, bool is_place)
{
    if (row->line.state != LINE_CONFLICT) {
        row->line.state = LINE_CONFLICT;
        row->line.conflict = (struct appearance_conflict){
            .base = row->base, .base_key = row->base_key, .is_place = is_place, .at_ms = m->at_ms};
        m->news.conflicts += !row->was_conflict;
    }
    row->line.conflict.is_place = row->line.conflict.is_place && is_place;
}

/* Who is on the line. What concerns its place is seen when the places are known. */
static void decide(struct merge *m, struct row *row)
{
    const struct appearance_user *here = row->line.here;
    bool is_edited_here = here != row->base || row->was_moved || row->was_conflict;
    bool is_edited_there = row->there != row->base || row->is_moved_there;
    row->line.stored = row->there;
    row->line.stored_key = row->there_key;
    if (!is_edited_there)
        return;
    if (!is_edited_here) {
        row->line.here = row->there;
        m->news.taken++;
        return;
    }
    bool is_about_user = row->was_conflict && !row->line.conflict.is_place;
    bool is_taken_back = is_about_user && row->there == row->line.conflict.base;
    if (here != row->there && !is_taken_back)
        mark_conflict(m, row, row->there == row->base);
    else if (is_about_user && here == row->line.conflict.base)
        row->line.conflict.is_place = true; /* moved here, removed there, and there again */
    else if (is_about_user)
        row->line.state = LINE_SAME; /* no longer: appearance_settle() says what it is */
}

/* ---- where it stands ------------------------------------------------------------------------- */

/* The order there, and in it the lines that were placed here: each before the one that it stood
 * before, as far as that stayed. */
static void build_order(struct merge *m, size_t *order, size_t *order_len)
{
    size_t end = m->rows.len; /* a ring of rows, begun and ended by this one */
    size_t *next = mem_zero(end + 1, sizeof *next), *previous = mem_zero(end + 1, sizeof *previous);
    next[end] = previous[end] = end;
    size_t line = 0, old = m->old_len, anchor = end;

    for (; line < m->len; line++) {
        size_t row = m->row_of_line[line];
        if (row == NO_LINE || m->rows.items[row].is_placed)
            continue;
        previous[row] = previous[end];
        next[row] = end;
        next[previous[row]] = previous[end] = row;
    }
    while (old-- > 0) {
        const struct row *row = &m->rows.items[old];
        if (row->is_placed && row->line.here) {
            previous[old] = previous[anchor];
            next[old] = anchor;
            next[previous[old]] = previous[anchor] = old;
            anchor = old;
        } else if (row->there && !row->is_moved_there) {
            anchor = old;
        }
    }
    *order_len = 0;
    for (size_t row = next[end]; row != end; row = next[row])
        order[(*order_len)++] = row;
    mem_free(next);
    mem_free(previous);
}

/* The list in this order, without the reserved lines. */
static void put_lines(struct merge *m, const size_t *order, size_t len)
{
    m->a->lines.len = 0;
    for (size_t i = 0; i < len; i++) {
        struct row *row = &m->rows.items[order[i]];
        row->at = i;
        VEC_PUSH(&m->a->lines, row->line);
    }
    appearance_mark_moved(m->a);
    for (size_t i = 0; i < len; i++)
        m->rows.items[order[i]].line.is_moved = m->a->lines.items[i].is_moved;
}

static bool is_common(const struct row *row)
{
    return row->base && row->there && row->at != NO_LINE && row->line.here;
}

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* A line that was moved here, over others, and does not stand so any more, because those were moved
 * there: of them the one that it stood next to. NO_LINE: its move still shows, or those are gone.
 */
static size_t find_undone_here(const struct merge *m, size_t x)
{
    const struct row *row = &m->rows.items[x];
    size_t nearest = NO_LINE;
    for (size_t y = 0; y < m->old_len; y++) {
        const struct row *other = &m->rows.items[y];
        bool is_before = x < y;
        if (x == y || !is_common(other) || is_before == (row->base_key < other->base_key))
            continue;
        if (is_before == (row->at < other->at))
            return NO_LINE;
        if (nearest == NO_LINE || distance(x, y) < distance(x, nearest))
            nearest = y;
    }
    return nearest;
}

/* Puts x beside y, on the side where it stood before. */
static void put_beside(size_t *order, size_t len, size_t x, size_t y, bool is_before)
{
    size_t from = 0, to = 0;
    while (order[from] != x)
        from++;
    memmove(order + from, order + from + 1, (len - from - 1) * sizeof *order);
    while (order[to] != y)
        to++;
    to += !is_before;
    memmove(order + to + 1, order + to, (len - 1 - to) * sizeof *order);
    order[to] = x;
}

/* A line that was moved there, over others, and has not come to stand so, because those were moved
 * here: they are in conflict. */
static void check_undone_there(struct merge *m, size_t x)
{
    const struct row *row = &m->rows.items[x];
    for (int pass = 0; pass < 2; pass++) {
        for (size_t y = 0; y < m->old_len; y++) {
            struct row *other = &m->rows.items[y];
            bool is_before = row->there_key < other->there_key;
            if (x == y || !is_common(other) || is_before == (row->base_key < other->base_key))
                continue;
            if (is_before == (row->at < other->at))
                return; /* the move shows */
            if (pass == 1 && other->line.is_moved)
                mark_conflict(m, other, true);
        }
    }
}

static void place(struct merge *m)
{
    size_t len;
    size_t *order = mem_zero(m->rows.len + 1, sizeof *order);
    bool *is_undone = mem_zero(m->rows.len + 1, sizeof *is_undone);
    build_order(m, order, &len);
    put_lines(m, order, len);

    bool is_any = false;
    for (size_t x = 0; x < m->old_len; x++) {
        struct row *row = &m->rows.items[x];
        if (!row->was_moved || !is_common(row) || row->is_moved_there)
            continue;
        size_t y = find_undone_here(m, x);
        if (y == NO_LINE)
            continue;
        put_beside(order, len, x, y, x < y);
        row->line.is_moved = is_undone[x] = is_any = true;
    }
    if (is_any)
        put_lines(m, order, len);

    for (size_t x = 0; x < m->old_len; x++) {
        struct row *row = &m->rows.items[x];
        if (row->line.is_moved && (is_undone[x] || (row->is_placed && row->is_moved_there)))
            mark_conflict(m, row, true);
        if (row->is_moved_there && !row->is_placed && is_common(row))
            check_undone_there(m, x);
    }
    put_lines(m, order, len);
    mem_free(order);
    mem_free(is_undone);
}

/* ---- what was saved -------------------------------------------------------------------------- */

static void note_settled(struct merge *m, const struct appearance_user *user)
{
    if (user)
        m->is_settled[user->index] = true;
}

/* Nothing differs any more: whatever was in conflict is over. */
static bool is_all_alike(struct merge *m)
{
    for (size_t i = 0; i < m->a->lines.len; i++) {
        if (appearance_differs(&m->a->lines.items[i]))
            return false;
    }
    for (size_t i = 0; i < m->a->lines.len; i++)
        m->a->lines.items[i].state = LINE_SAME;
    return true;
}

static bool is_settled_now(const struct merge *m, const struct row *row)
{
    return row->was_unsaved &&
           (row->at == NO_LINE || !appearance_is_unsaved(&m->a->lines.items[row->at]));
}

/* Edits that are stored now cannot be undone any more; when nothing is left to send, none can.
 * Those that are left bring lines back to where they are stored now. */
static void review_undo(struct merge *m)
{
    size_t kept = 0;
    bool is_alike = is_all_alike(m);
    for (size_t i = 0; i < m->rows.len; i++) {
        const struct row *row = &m->rows.items[i];
        if (!is_settled_now(m, row))
            continue;
        m->news.agreed++;
        note_settled(m, row->line.here);
        note_settled(m, row->base);
        note_settled(m, row->there);
    }
    bool is_changed = m->news.taken + m->news.conflicts > 0;
    for (size_t i = 0; i < m->a->undo.len; i++) {
        struct appearance_undo_entry entry = m->a->undo.items[i];
        if (is_changed && entry.place == UNDO_UNMOVED)
            entry.place = UNDO_STORED_PLACE;
        bool is_over =
            m->is_settled[entry.user->index] || (entry.to && m->is_settled[entry.to->index]);
        if (!is_over && !(is_alike && m->news.agreed > 0))
            m->a->undo.items[kept++] = entry;
    }
    m->a->undo.len = kept;
}

/* ---- all of it ------------------------------------------------------------------------------- */

enum rc appearance_check_stored(const struct stored_line *lines, size_t len, struct err *err)
{
    if (len > APPEARANCE_LINES_MAX)
        return err_set(err, RC_PROTO, "the stored list has %zu lines: more than %d", len,
                       APPEARANCE_LINES_MAX);
    for (size_t i = 0; i < len; i++) {
        if (lines[i].key <= (i > 0 ? lines[i - 1].key : 0))
            return err_set(err, RC_PROTO, "the keys of the stored list do not ascend");
        if (str_is_empty(lines[i].user.id))
            return err_set(err, RC_PROTO, "key %u of the stored list has no user",
                           (unsigned)lines[i].key);
    }
    return RC_OK;
}

static void put_reserved(struct merge *m)
{
    for (size_t i = 0; i < m->len; i++) {
        const struct appearance_user *user =
            m->users[i] ? NULL : appearance_find_user(m->a, m->lines[i].user.id, 0);
        struct appearance_line line = {.state = LINE_RESERVED,
                                       .key = m->lines[i].key,
                                       .stored_key = m->lines[i].key,
                                       .here = user,
                                       .stored = user};
        if (user)
            VEC_PUSH(&m->a->lines, line);
    }
}

static bool is_same_user(const struct appearance_user *a, const struct appearance_user *b)
{
    return a == b || (b && appearance_is_of(a, b->id));
}

static bool is_same_list(const struct appearance *a, const struct appearance_line *old, size_t len)
{
    if (a->lines.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const struct appearance_line *l = &a->lines.items[i], *o = &old[i];
        if (!is_same_user(l->here, o->here) || !is_same_user(l->stored, o->stored) ||
            l->key != o->key || l->stored_key != o->stored_key || l->state != o->state ||
            l->is_moved != o->is_moved)
            return false;
    }
    return true;
}

static void merge_rows(struct merge *m)
{
    struct appearance *a = m->a;
    size_t old_len = a->lines.len, undo_len = a->undo.len;
    struct appearance_line *old = mem_zero(old_len + 1, sizeof *old);
    if (old_len > 0)
        memcpy(old, a->lines.items, old_len * sizeof *old);
    appearance_match(m);
    m->is_settled = mem_zero(a->users.len + 1, sizeof *m->is_settled);
    for (size_t i = 0; i < m->rows.len; i++) {
        struct row *row = &m->rows.items[i];
        decide(m, row);
        if (row->line.here && !row->line.stored)
            row->is_placed = true;
    }
    place(m);
    review_undo(m);
    for (size_t i = 0; i < m->rows.len; i++) {
        if (m->rows.items[i].at == NO_LINE)
            appearance_forget_refusal(&m->rows.items[i].line);
    }
    put_reserved(m);
    appearance_settle(a);
    if (!is_same_list(a, old, old_len) || a->undo.len != undo_len || !a->is_read)
        a->rev++;
    a->is_read = true;
    mem_free(old);
}

static void merge_once(struct appearance *a, const struct stored_line *lines, size_t len,
                       int64_t at_ms, struct appearance_news *news)
{
    struct merge m = {.a = a, .lines = lines, .len = len, .at_ms = at_ms, .news = *news};
    m.users = mem_zero(len + 1, sizeof *m.users);
    m.row_of_line = mem_zero(len + 1, sizeof *m.row_of_line);
    merge_rows(&m);
    *news = m.news;
    VEC_FREE(&m.rows);
    mem_free(m.users);
    mem_free(m.row_of_line);
    mem_free(m.row_stored);
    mem_free(m.row_here);
    mem_free(m.is_settled);
}

void appearance_merge_lines(struct appearance *a, const struct stored_line *lines, size_t len,
                            int64_t at_ms, struct appearance_news *news)
{
    merge_once(a, lines, len, at_ms, news);
    /* Only now may it be seen that lines of one user have but changed places with each other. */
    if (appearance_has_twins(a))
        merge_once(a, lines, len, at_ms, news);
}
