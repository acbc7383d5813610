/* The three-way merge: which line there is which line here, what becomes of each, where it stands.
 *
 * A line there is found here by its user. What is left over, there and here, between the same two
 * neighbours is taken for lines whose user was changed there. */
#include "appearance_private.h"

#include "callhud/base/str.h"

#include <stdlib.h>

/* One line of the list, not a reserved one, on its way through the merge. */
struct row {
    struct appearance_line line;                /* as it was here; then as it becomes */
    const struct appearance_user *base, *there; /* stored before, stored now; NULL: not */
    uint32_t base_key, there_key;
    bool is_moved_there; /* or came to its place there newly */
    bool was_moved, was_unsaved, was_conflict;
    bool is_placed; /* stands where it was put here, not where the backend's order has it */
    size_t at;      /* its index in the list as it is being built; NO_LINE: gone */
};

struct merge {
    struct appearance *a;
    const struct stored_line *lines;
    size_t len;
    const struct appearance_user **users; /* on each line; NULL: reserved */
    size_t *row_of_line;                  /* NO_LINE: none found yet */
    VEC(struct row) rows; /* first those of before in their order here, then new ones */
    size_t old_len;
    size_t *row_stored, *row_here; /* by index of a user: on which row before; NO_LINE */
    bool *is_settled;              /* by index of a user: an edit about it is stored now */
    int64_t at_ms;
    struct appearance_news news;
};

/* ---- what there is --------------------------------------------------------------------------- */

static enum rc check(const struct stored_line *lines, size_t len, struct err *err)
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

/* Interns the users of the lines; who is there again is a twin. */
static void read_users(struct merge *m)
{
    struct map seen = {0};
    for (size_t i = 0; i < m->len; i++) {
        struct appearance_user user = m->lines[i].user;
        user.twin = 0;
        if (!m->lines[i].is_reserved) {
            user.twin = (uint32_t)(uintptr_t)map_get(&seen, user.id);
            map_put(&seen, user.id, (void *)((uintptr_t)user.twin + 1));
        }
        const struct appearance_user *owned = appearance_intern(m->a, &user);
        m->users[i] = m->lines[i].is_reserved ? NULL : owned;
    }
    map_fini(&seen, NULL);
}

static void read_rows(struct merge *m)
{
    for (size_t i = 0; i < m->a->users.len; i++)
        m->row_stored[i] = m->row_here[i] = NO_LINE;
    for (size_t i = 0; i < m->a->lines.len; i++) {
        struct row row = {.line = m->a->lines.items[i], .at = NO_LINE};
        if (appearance_is_reserved(&row.line))
            continue;
        row.base = row.line.stored;
        row.base_key = row.line.stored_key;
        row.was_moved = row.is_placed = row.line.is_moved;
        row.was_unsaved = appearance_is_unsaved(&row.line);
        row.was_conflict = row.line.state == LINE_CONFLICT;
        if (row.base)
            m->row_stored[row.base->index] = m->rows.len;
        if (row.line.here)
            m->row_here[row.line.here->index] = m->rows.len;
        VEC_PUSH(&m->rows, row);
    }
    m->old_len = m->rows.len;
}

/* ---- which line is which --------------------------------------------------------------------- */

static void found(struct merge *m, size_t row, size_t line)
{
    m->rows.items[row].there = m->users[line];
    m->rows.items[row].there_key = m->lines[line].key;
    m->row_of_line[line] = row;
}

/* Of one who was stored twice a line is gone. It is the one that was removed here, if any: then the
 * row that found no line takes over the line of the row that is removed. */
static void match_twin(struct merge *m, size_t left)
{
    struct row *row = &m->rows.items[left];
    for (size_t i = 0; i < m->old_len; i++) {
        struct row *twin = &m->rows.items[i];
        if (!twin->there || twin->line.here || !str_eq(twin->there->id, row->base->id))
            continue;
        for (size_t line = 0; line < m->len; line++) {
            if (m->row_of_line[line] == i)
                m->row_of_line[line] = left;
        }
        row->there = row->base = row->line.here = twin->there;
        row->there_key = twin->there_key;
        twin->there = NULL;
        return;
    }
}

static void match_users(struct merge *m)
{
    bool has_twins = false;
    for (size_t i = 0; i < m->len; i++) {
        m->row_of_line[i] = NO_LINE;
        if (m->users[i] && m->row_stored[m->users[i]->index] != NO_LINE)
            found(m, m->row_stored[m->users[i]->index], i);
    }
    for (size_t i = 0; i < m->old_len; i++)
        has_twins = has_twins || (m->rows.items[i].base && m->rows.items[i].base->twin);
    for (size_t i = 0; has_twins && i < m->old_len; i++) {
        const struct row *row = &m->rows.items[i];
        if (row->base && row->base->twin && !row->there && row->line.here == row->base)
            match_twin(m, i);
    }
}

/* Which of the lines that were stored before and are now were moved there. Rather those that were
 * moved here too, so that two who did the same are found to have done the same; of the others as
 * few as explain the order. */
static void find_moved_there(struct merge *m)
{
    size_t n = 0;
    uint32_t *places = mem_zero(m->len + 1, sizeof *places);
    uint64_t *weights = mem_zero(m->len + 1, sizeof *weights);
    bool *is_kept = mem_zero(m->len + 1, sizeof *is_kept);
    for (size_t i = 0; i < m->len; i++) {
        if (m->row_of_line[i] == NO_LINE)
            continue;
        const struct row *row = &m->rows.items[m->row_of_line[i]];
        places[n] = row->base_key;
        weights[n++] = row->was_moved ? 1 : m->len + 1;
    }
    appearance_longest(places, weights, n, is_kept);
    n = 0;
    for (size_t i = 0; i < m->len; i++) {
        if (m->row_of_line[i] != NO_LINE)
            m->rows.items[m->row_of_line[i]].is_moved_there = !is_kept[n++];
    }
    mem_free(places);
    mem_free(weights);
    mem_free(is_kept);
}

/* The user of the line is on this row here, but not stored on it. */
static void match_here(struct merge *m, size_t at, size_t line)
{
    struct row *row = &m->rows.items[at];
    if (row->there) {
        /* Here it took the place of one who is still there: two lines from now on. */
        struct row other = *row;
        other.line.here = NULL;
        other.line.is_moved = other.was_moved = other.is_placed = false;
        other.line.refusal = NULL;
        row->base = NULL;
        row->base_key = 0;
        row->was_conflict = false;
        row->line.state = LINE_ADDED;
        for (size_t i = 0; i < m->len; i++) {
            if (m->row_of_line[i] == at)
                m->row_of_line[i] = m->rows.len;
        }
        VEC_PUSH(&m->rows, other);
        row = &m->rows.items[at];
    }
    found(m, at, line);
    row->is_moved_there = row->is_placed = row->line.is_moved = true;
}

static void match_added(struct merge *m)
{
    for (size_t i = 0; i < m->len; i++) {
        if (m->users[i] && m->row_of_line[i] == NO_LINE &&
            m->row_here[m->users[i]->index] != NO_LINE)
            match_here(m, m->row_here[m->users[i]->index], i);
    }
}

struct left {
    size_t index;      /* of a row or a line */
    uint32_t base_key; /* of a row */
    size_t stable;     /* lines before it that are in both orders and were not moved there */
};

static int compare_left(const void *left, const void *right)
{
    const struct left *l = left, *r = right;
    return (l->base_key > r->base_key) - (l->base_key < r->base_key);
}

/* Counts for each the stable ones before it, and keeps only those without a partner. */
static size_t keep_left(struct left *all, size_t len, const bool *is_stable, const bool *is_left)
{
    size_t stable = 0, kept = 0;
    for (size_t i = 0; i < len; i++) {
        struct left one = all[i];
        one.stable = stable;
        stable += is_stable[one.index];
        if (is_left[one.index])
            all[kept++] = one;
    }
    return kept;
}

/* What is left over on both sides between the same stable neighbours: the user was changed there.
 */
static void match_changed(struct merge *m)
{
    size_t size = m->rows.len + m->len + 1, gone_len = 0, new_len = 0;
    struct left *gone = mem_zero(size, sizeof *gone), *new = mem_zero(size, sizeof *new);
    bool *is_stable = mem_zero(size, sizeof *is_stable), *is_left = mem_zero(size, sizeof *is_left);

    for (size_t i = 0; i < m->rows.len; i++) {
        const struct row *row = &m->rows.items[i];
        is_left[i] = row->base && !row->there;
        is_stable[i] = row->base && row->there == row->base && !row->is_moved_there;
        if (row->base)
            gone[gone_len++] = (struct left){.index = i, .base_key = row->base_key};
    }
    qsort(gone, gone_len, sizeof *gone, compare_left);
    gone_len = keep_left(gone, gone_len, is_stable, is_left);

    for (size_t i = 0; i < m->len; i++) {
        size_t row = m->row_of_line[i];
        is_left[i] = m->users[i] && row == NO_LINE;
        is_stable[i] = row != NO_LINE && m->rows.items[row].base == m->users[i] &&
                       !m->rows.items[row].is_moved_there;
        new[new_len++] = (struct left){.index = i};
    }
    new_len = keep_left(new, new_len, is_stable, is_left);

    for (size_t i = 0, j = 0; i < gone_len && j < new_len;) {
        if (gone[i].stable == new[j].stable)
            found(m, gone[i++].index, new[j++].index);
        else if (gone[i].stable < new[j].stable)
            i++;
        else
            j++;
    }
    mem_free(gone);
    mem_free(new);
    mem_free(is_stable);
    mem_free(is_left);
}

static void match_new(struct merge *m)
{
    for (size_t i = 0; i < m->len; i++) {
        if (!m->users[i] || m->row_of_line[i] != NO_LINE)
            continue;
        struct row row = {.at = NO_LINE};
        VEC_PUSH(&m->rows, row);
        found(m, m->rows.len - 1, i);
    }
}

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

/* A line that was moved here, over others, and has come to stand where it is stored, because those
 * were moved there: of them the one that it stood next to. NO_LINE: its move still shows, or those
 * are gone. */
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
        if (!row->was_moved || !is_common(row) || row->is_moved_there || row->line.is_moved)
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

static bool is_same_list(const struct appearance *a, const struct appearance_line *old, size_t len)
{
    if (a->lines.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const struct appearance_line *l = &a->lines.items[i], *o = &old[i];
        if (l->here != o->here || l->stored != o->stored || l->key != o->key ||
            l->stored_key != o->stored_key || l->state != o->state || l->is_moved != o->is_moved)
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
    read_rows(m);
    match_users(m);
    find_moved_there(m);
    match_added(m);
    match_changed(m);
    match_new(m);
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

enum rc appearance_merge(struct appearance *a, const struct stored_line *lines, size_t len,
                         int64_t at_ms, struct appearance_news *news, struct err *err)
{
    enum rc rc = check(lines, len, err);
    if (rc != RC_OK)
        return rc;
    struct merge m = {.a = a, .lines = lines, .len = len, .at_ms = at_ms};
    m.users = mem_zero(len + 1, sizeof *m.users);
    m.row_of_line = mem_zero(len + 1, sizeof *m.row_of_line);
    read_users(&m);
    m.row_stored = mem_zero(a->users.len + 1, sizeof *m.row_stored);
    m.row_here = mem_zero(a->users.len + 1, sizeof *m.row_here);
    m.is_settled = mem_zero(a->users.len + 1, sizeof *m.is_settled);
    merge_rows(&m);
    if (news)
        *news = m.news;
    VEC_FREE(&m.rows);
    mem_free(m.users);
    mem_free(m.row_of_line);
    mem_free(m.row_stored);
    mem_free(m.row_here);
    mem_free(m.is_settled);
    return RC_OK;
}
