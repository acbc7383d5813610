/* What was handed to the backend and not heard of since: when the list there comes from it, the
 * changes in it are our own doing, and what was edited here meanwhile are edits of it. */
#include "appearance_private.h"

#include "callhud/base/str.h"

#include <stdlib.h>

static int by_stored_key(const void *left, const void *right)
{
    const struct appearance_line *const *l = left, *const *r = right;
    return ((*l)->stored_key > (*r)->stored_key) - ((*l)->stored_key < (*r)->stored_key);
}

void appearance_list_stored(const struct appearance *a, appearance_users *out)
{
    VEC(const struct appearance_line *) lines = {0};
    for (size_t i = 0; i < a->lines.len; i++)
        if (a->lines.items[i].stored && !appearance_is_reserved(&a->lines.items[i]))
            VEC_PUSH(&lines, &a->lines.items[i]);
    if (lines.len > 0)
        qsort(lines.items, lines.len, sizeof *lines.items, by_stored_key);
    for (size_t i = 0; i < lines.len; i++)
        VEC_PUSH(out, lines.items[i]->stored);
    VEC_FREE(&lines);
}

void appearance_sent_fini(struct appearance_sent *sent)
{
    VEC_FREE(&sent->users);
    VEC_FREE(&sent->was_stored);
}

static void forget_sent(struct appearance *a, size_t at)
{
    appearance_sent_fini(&a->sent.items[at]);
    VEC_REMOVE(&a->sent, at);
    a->rev++;
}

int64_t appearance_sent(struct appearance *a, const struct appearance_plan *plan, int64_t at_ms)
{
    struct appearance_sent note = {.at_ms = at_ms};
    for (size_t i = 0; i < plan->lines.len; i++) {
        const struct stored_line *line = &plan->lines.items[i];
        const struct appearance_user *user =
            appearance_find_user(a, line->user.id, line->user.twin);
        if (user && !line->is_reserved)
            VEC_PUSH(&note.users, user);
    }
    appearance_list_stored(a, &note.was_stored);
    if (a->sent.len == APPEARANCE_SENT_MAX)
        forget_sent(a, 0);
    if (a->sent.len > 0 && note.at_ms <= a->sent.items[a->sent.len - 1].at_ms)
        note.at_ms = a->sent.items[a->sent.len - 1].at_ms + 1;
    VEC_PUSH(&a->sent, note);
    a->rev++;
    return note.at_ms;
}

void appearance_not_sent(struct appearance *a, int64_t note)
{
    for (size_t i = a->sent.len; i-- > 0;)
        if (a->sent.items[i].at_ms == note)
            forget_sent(a, i);
}

/* ---- what was sent is what is stored ----------------------------------------------------------
 */

static uint32_t next_free_key(const struct appearance *a, uint32_t key)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        if (appearance_is_reserved(&a->lines.items[i]) && a->lines.items[i].stored_key == key) {
            key++;
            i = NO_LINE; /* from the beginning */
        }
    }
    return key;
}

/* The number in the backend of everybody on that list, by index; 0: is not on it. */
static uint32_t *number_users(const struct appearance *a, const appearance_users *users)
{
    uint32_t *keys = mem_zero(a->users.len + 1, sizeof *keys), key = 0;
    for (size_t i = 0; i < users->len; i++) {
        key = next_free_key(a, key + 1);
        if (!keys[users->items[i]->index])
            keys[users->items[i]->index] = key;
    }
    return keys;
}

static void mark_unsaved(const struct appearance *a, bool *is_unsaved)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (line->here && appearance_is_unsaved(line))
            is_unsaved[line->here->index] = true;
        if (line->stored && appearance_is_unsaved(line))
            is_unsaved[line->stored->index] = true;
    }
}

/* Edits that are stored now cannot be undone any more; when nothing is left to send, none can. */
static void forget_undo(struct appearance *a, const bool *was_unsaved, const bool *is_unsaved)
{
    size_t kept = 0;
    bool is_any = appearance_count(a).unsaved > 0;
    for (size_t i = 0; i < a->undo.len && is_any; i++) {
        struct appearance_undo_entry entry = a->undo.items[i];
        size_t user = entry.user->index, to = entry.to ? entry.to->index : user;
        bool is_over =
            (was_unsaved[user] && !is_unsaved[user]) || (was_unsaved[to] && !is_unsaved[to]);
        if (entry.place == UNDO_UNMOVED)
            entry.place = UNDO_STORED_PLACE;
        if (!is_over)
            a->undo.items[kept++] = entry;
    }
    a->undo.len = kept;
}

/* What is stored on this line now. A user of the line is found on it, whoever else was put there.
 */
static void restore_line(struct appearance_line *line, const uint32_t *keys, bool *is_put)
{
    const struct appearance_user *old = line->stored, *now = NULL;
    if (line->here && keys[line->here->index])
        now = line->here;
    else if (old && keys[old->index])
        now = old;
    if (now && is_put[now->index])
        now = NULL;
    line->stored = now;
    line->stored_key = now ? keys[now->index] : 0;
    if (now)
        is_put[now->index] = true;
    line->is_moved = now && line->here && (line->is_moved || now != old);
    bool is_over = line->here == now && !line->conflict.is_place;
    if (line->state == LINE_CONFLICT && is_over)
        line->state = LINE_SAME; /* appearance_settle() says what it is */
}

/* That list is what was stored; what is here stays, as edits of it. Returns how many lines have no
 * edit any more. */
static size_t rebase(struct appearance *a, const appearance_users *base)
{
    uint32_t *keys = number_users(a, base);
    bool *is_put = mem_zero(a->users.len + 1, sizeof *is_put);
    bool *was_unsaved = mem_zero(a->users.len + 1, sizeof *was_unsaved);
    bool *is_unsaved = mem_zero(a->users.len + 1, sizeof *is_unsaved);
    size_t before = appearance_count(a).unsaved;
    mark_unsaved(a, was_unsaved);
    for (size_t i = 0; i < a->lines.len; i++)
        if (!appearance_is_reserved(&a->lines.items[i]))
            restore_line(&a->lines.items[i], keys, is_put);
    for (size_t i = 0; i < base->len; i++) {
        const struct appearance_user *user = base->items[i];
        struct appearance_line line = {.stored = user, .stored_key = keys[user->index]};
        if (!is_put[user->index])
            VEC_PUSH(&a->lines, line);
        is_put[user->index] = true;
    }
    appearance_settle(a);
    mark_unsaved(a, is_unsaved);
    forget_undo(a, was_unsaved, is_unsaved);
    mem_free(keys);
    mem_free(is_put);
    mem_free(was_unsaved);
    mem_free(is_unsaved);
    a->rev++;
    size_t left = appearance_count(a).unsaved;
    return before > left ? before - left : 0;
}

/* ---- the merge ------------------------------------------------------------------------------- */

bool appearance_is_as_stored(const struct appearance *a, const struct stored_line *lines,
                             size_t len)
{
    appearance_users stored = {0};
    size_t reserved = 0, at = 0;
    appearance_list_stored(a, &stored);
    bool is_same = a->is_read;
    for (size_t i = 0; i < len && is_same; i++) {
        reserved += lines[i].is_reserved;
        if (!lines[i].is_reserved)
            is_same = at < stored.len && str_eq(stored.items[at++]->id, lines[i].user.id);
    }
    is_same = is_same && at == stored.len && reserved == appearance_count(a).reserved;
    VEC_FREE(&stored);
    return is_same;
}

static bool is_undecided(const struct appearance_origin *origin, const struct appearance_user *user)
{
    return user && user->index < origin->users && origin->is_undecided[user->index];
}

/* Lines that nobody can tell what has become of: as here or as there, that is to be chosen. */
static void show_undecided(struct appearance *a, const struct appearance_origin *origin,
                           int64_t at_ms, struct appearance_news *news)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        struct appearance_line *line = &a->lines.items[i];
        bool is_user = is_undecided(origin, line->here) || is_undecided(origin, line->stored);
        bool is_place = origin->is_order_undecided && line->is_moved;
        if (!appearance_differs(line) || (!is_place && !(is_user && line->here != line->stored)))
            continue;
        if (line->state != LINE_CONFLICT) {
            bool is_about_user = line->here != line->stored;
            line->state = LINE_CONFLICT;
            line->conflict = (struct appearance_conflict){.base = is_about_user ? NULL : line->here,
                                                          .is_place = !is_about_user,
                                                          .at_ms = at_ms};
            news->conflicts++;
            a->rev++;
        }
    }
}

enum rc appearance_merge(struct appearance *a, const struct stored_line *lines, size_t len,
                         int64_t at_ms, struct appearance_news *news, struct err *err)
{
    struct appearance_news now = {0};
    struct appearance_origin origin;
    size_t agreed = 0;
    uint64_t rev = a->rev;
    enum rc rc = appearance_check_stored(lines, len, err);
    if (rc != RC_OK)
        return rc;
    while (a->sent.len > APPEARANCE_SENT_MAX)
        forget_sent(a, 0);
    appearance_explain(a, lines, len, &origin);
    if (origin.is_other)
        agreed = rebase(a, &origin.base);
    if (origin.sent != NO_LINE) {
        appearance_overtake(a, origin.sent);
        forget_sent(a, origin.sent);
    }
    for (size_t i = a->sent.len; i-- > 0;) {
        int64_t age_ms = at_ms - a->sent.items[i].at_ms;
        if (age_ms > APPEARANCE_SENT_MS || age_ms < -APPEARANCE_SENT_MS)
            forget_sent(a, i);
    }
    appearance_merge_lines(a, lines, len, at_ms, &now);
    if (origin.is_other)
        show_undecided(a, &origin, at_ms, &now);
    appearance_origin_fini(&origin);
    a->readings += a->rev != rev;
    now.agreed += agreed;
    if (news)
        *news = now;
    return RC_OK;
}
