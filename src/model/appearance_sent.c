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

static void list_stored(const struct appearance *a, appearance_users *out)
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
    list_stored(a, &note.was_stored);
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

/* ---- where the list there comes from --------------------------------------------------------- */

/* id -> place from 1, of the lines that are not reserved. */
static void map_told(const struct stored_line *lines, size_t len, struct map *out)
{
    for (size_t i = 0; i < len; i++)
        if (!lines[i].is_reserved)
            map_put(out, lines[i].user.id, (void *)(uintptr_t)(i + 1));
}

static void map_users(const appearance_users *users, struct map *out)
{
    for (size_t i = 0; i < users->len; i++)
        map_put(out, users->items[i]->id, (void *)(uintptr_t)(i + 1));
}

static uintptr_t place_in(const struct map *places, const char *id)
{
    return (uintptr_t)map_get(places, id);
}

struct maps {
    struct map stored, told;
};

/* What we have added or removed, and is not known to be stored yet: is it so there? Those that are
 * less those that are not. is_on: who is on list and not on the other has been added by us, else
 * removed. */
static int64_t count_edits(const appearance_users *list, const struct map *other,
                           const struct maps *m, bool is_on)
{
    int64_t count = 0;
    for (size_t i = 0; i < list->len; i++) {
        const char *id = list->items[i]->id;
        if (!place_in(other, id) && (place_in(&m->stored, id) != 0) != is_on)
            count += (place_in(&m->told, id) != 0) == is_on ? 1 : -1;
    }
    return count;
}

static bool is_before(const struct map *places, const char *a, const char *b)
{
    return place_in(places, a) < place_in(places, b);
}

/* The same of neighbours that stand the other way round because we have moved one of them. */
static int64_t count_moves(const appearance_users *list, const struct map *was_stored,
                           const struct maps *m)
{
    const char *last = NULL;
    int64_t count = 0;
    for (size_t i = 0; i < list->len; i++) {
        const char *id = list->items[i]->id;
        if (!place_in(was_stored, id) || !place_in(&m->stored, id) || !place_in(&m->told, id))
            continue;
        if (last && is_before(was_stored, id, last) && is_before(&m->stored, id, last))
            count += is_before(&m->told, last, id) ? 1 : -1;
        last = id;
    }
    return count;
}

#define FIT_OF_EDIT 1000000

static int64_t fit_of(const struct appearance_sent *sent, const struct maps *m)
{
    struct map users = {0}, was_stored = {0};
    map_users(&sent->users, &users);
    map_users(&sent->was_stored, &was_stored);
    int64_t edits = count_edits(&sent->users, &was_stored, m, true) +
                    count_edits(&sent->was_stored, &users, m, false);
    /* Who is on it says more than their order, which somebody else may have turned since. */
    int64_t fit = edits != 0 ? edits * FIT_OF_EDIT : count_moves(&sent->users, &was_stored, m);
    map_fini(&users, NULL);
    map_fini(&was_stored, NULL);
    return fit;
}

/* One that arrives after a later one was stored has no edit that the later one has not. What was
 * edited between the two tells: all of it is undone, and it is more than one line. */
static bool has_undone(const struct appearance_sent *sent, const appearance_users *stored,
                       const struct maps *m)
{
    struct map users = {0};
    size_t count = 0;
    bool is_all = true;
    map_users(&sent->users, &users);
    for (size_t i = 0; i < sent->users.len; i++) {
        const char *id = sent->users.items[i]->id;
        bool is_other = !place_in(&m->stored, id);
        count += is_other;
        is_all &= !is_other || place_in(&m->told, id);
    }
    for (size_t i = 0; i < stored->len; i++) {
        const char *id = stored->items[i]->id;
        bool is_other = !place_in(&users, id);
        count += is_other;
        is_all &= !is_other || !place_in(&m->told, id);
    }
    map_fini(&users, NULL);
    return is_all && count > 1;
}

/* A list is replaced as a whole, so what is there now comes from one that was sent, or from the one
 * that was stored before, and may have been changed elsewhere since. Our own edits tell which:
 * nobody else made them. Returns its index; NO_LINE: it comes from none that was sent. */
static size_t find_sent(const struct appearance *a, const struct stored_line *lines, size_t len)
{
    appearance_users stored = {0};
    struct maps m = {{0}, {0}};
    size_t found = NO_LINE;
    list_stored(a, &stored);
    map_users(&stored, &m.stored);
    map_told(lines, len, &m.told);
    int64_t best = 0;
    for (size_t i = a->sent.len; i-- > 0;) {
        int64_t fit = fit_of(&a->sent.items[i], &m);
        if (fit > best) {
            best = fit;
            found = i;
        }
    }
    for (size_t i = a->sent.len; i-- > 0 && found == NO_LINE;)
        if (has_undone(&a->sent.items[i], &stored, &m))
            found = i;
    map_fini(&m.stored, NULL);
    map_fini(&m.told, NULL);
    VEC_FREE(&stored);
    return found;
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

/* The number in the backend of everybody who was sent, by index; 0: was not. */
static uint32_t *number_sent(const struct appearance *a, const struct appearance_sent *sent)
{
    uint32_t *keys = mem_zero(a->users.len + 1, sizeof *keys), key = 0;
    for (size_t i = 0; i < sent->users.len; i++) {
        key = next_free_key(a, key + 1);
        if (!keys[sent->users.items[i]->index])
            keys[sent->users.items[i]->index] = key;
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

/* What was sent is what is stored; what is here stays, as edits of it. Returns how many lines have
 * no edit any more. */
static size_t rebase(struct appearance *a, const struct appearance_sent *sent)
{
    uint32_t *keys = number_sent(a, sent);
    bool *is_put = mem_zero(a->users.len + 1, sizeof *is_put);
    bool *was_unsaved = mem_zero(a->users.len + 1, sizeof *was_unsaved);
    bool *is_unsaved = mem_zero(a->users.len + 1, sizeof *is_unsaved);
    size_t before = appearance_count(a).unsaved;
    mark_unsaved(a, was_unsaved);
    for (size_t i = 0; i < a->lines.len; i++)
        if (!appearance_is_reserved(&a->lines.items[i]))
            restore_line(&a->lines.items[i], keys, is_put);
    for (size_t i = 0; i < sent->users.len; i++) {
        const struct appearance_user *user = sent->users.items[i];
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
    list_stored(a, &stored);
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

enum rc appearance_merge(struct appearance *a, const struct stored_line *lines, size_t len,
                         int64_t at_ms, struct appearance_news *news, struct err *err)
{
    struct appearance_news now = {0};
    size_t agreed = 0;
    uint64_t rev = a->rev;
    enum rc rc = appearance_check_stored(lines, len, err);
    if (rc != RC_OK)
        return rc;
    size_t sent = find_sent(a, lines, len);
    if (sent != NO_LINE) {
        agreed = rebase(a, &a->sent.items[sent]);
        forget_sent(a, sent);
    }
    for (size_t i = a->sent.len; i-- > 0;) {
        int64_t age_ms = at_ms - a->sent.items[i].at_ms;
        if (age_ms > APPEARANCE_SENT_MS || age_ms < -APPEARANCE_SENT_MS)
            forget_sent(a, i);
    }
    appearance_merge_lines(a, lines, len, at_ms, &now);
    a->readings += a->rev != rev;
    now.agreed += agreed;
    if (news)
        *news = now;
    return RC_OK;
}
