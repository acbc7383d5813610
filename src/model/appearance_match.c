/* Which line there is which line here. A line is found by its user. What is left over, there and
 * here, between the same two neighbours is taken for lines whose user was changed there. */
#include "appearance_merge.h"

#include "callhud/base/str.h"

#include <stdlib.h>

/* ---- what there is --------------------------------------------------------------------------- */

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

bool appearance_is_of(const struct appearance_user *user, const char *id)
{
    return user && str_eq(user->id, id);
}

static const struct appearance_user *twin_of(struct appearance *a, const char *id, uint32_t twin)
{
    struct appearance_user user = *appearance_find_user(a, id, 0);
    user.twin = twin;
    return appearance_intern(a, &user);
}

/* Is the list there, user by user, the one here? */
static bool is_as_here(const struct merge *m)
{
    size_t line = 0;
    for (size_t i = 0; i < m->a->lines.len; i++) {
        const struct appearance_line *here = &m->a->lines.items[i];
        if (!here->here || appearance_is_reserved(here))
            continue;
        while (line < m->len && m->lines[line].is_reserved)
            line++;
        if (line == m->len || !appearance_is_of(here->here, m->lines[line++].user.id))
            return false;
    }
    while (line < m->len && m->lines[line].is_reserved)
        line++;
    return line == m->len;
}

/* How many of his lines are counted before this one: those that stand before it here, or there. */
static uint32_t count_before(const struct appearance *a, size_t at, const char *id, bool is_here)
{
    uint32_t count = 0;
    const struct appearance_line *line = &a->lines.items[at];
    bool is_counted = appearance_is_of(is_here ? line->here : line->stored, id);
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *other = &a->lines.items[i];
        bool is_first = appearance_is_of(is_here ? other->here : other->stored, id);
        if (i == at || appearance_is_reserved(other) ||
            (!is_first && !appearance_is_of(other->here, id) &&
             !appearance_is_of(other->stored, id)))
            continue;
        if (is_first != is_counted)
            count += is_first;
        else
            count += is_here || !is_counted ? i < at : other->stored_key < line->stored_key;
    }
    return count;
}

/* The lines of one who is stored on several cannot be told apart. They are counted, there in the
 * order there, and here in the order in which they were stored; but when that is our own list, read
 * back, in the order here. */
static void count_twins(struct appearance *a, const char *id, bool is_here)
{
    uint32_t *twins = mem_zero(a->lines.len + 1, sizeof *twins);
    for (size_t i = 0; i < a->lines.len; i++)
        twins[i] = count_before(a, i, id, is_here);
    for (size_t i = 0; i < a->lines.len; i++) {
        struct appearance_line *line = &a->lines.items[i];
        if (appearance_is_reserved(line))
            continue;
        if (appearance_is_of(line->here, id))
            line->here = twin_of(a, id, twins[i]);
        if (appearance_is_of(line->stored, id))
            line->stored = twin_of(a, id, twins[i]);
    }
    mem_free(twins);
}

bool appearance_has_twins(const struct appearance *a)
{
    for (size_t i = 0; i < a->users.len; i++) {
        if (a->users.items[i]->twin > 0)
            return true;
    }
    return false;
}

static void read_twins(struct merge *m)
{
    size_t len = m->a->users.len;
    for (size_t i = 0; i < len; i++) {
        if (m->a->users.items[i]->twin == 1)
            count_twins(m->a, m->a->users.items[i]->id, is_as_here(m));
    }
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

static void match_users(struct merge *m)
{
    for (size_t i = 0; i < m->len; i++) {
        m->row_of_line[i] = NO_LINE;
        if (m->users[i] && m->row_stored[m->users[i]->index] != NO_LINE)
            found(m, m->row_stored[m->users[i]->index], i);
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
    /* Before anything was read there were no others to stand among. */
    row->is_moved_there = row->is_placed = row->line.is_moved = m->a->is_read;
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

void appearance_match(struct merge *m)
{
    read_users(m);
    read_twins(m);
    m->row_stored = mem_zero(m->a->users.len + 1, sizeof *m->row_stored);
    m->row_here = mem_zero(m->a->users.len + 1, sizeof *m->row_here);
    read_rows(m);
    match_users(m);
    find_moved_there(m);
    match_added(m);
    match_changed(m);
    match_new(m);
}
