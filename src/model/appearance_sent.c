/* What was handed to the backend and not heard of since: when the list there comes from it, the
 * changes in it are our own doing, and what was edited here meanwhile are edits of it. */
#include "appearance_private.h"

#include "callhud/base/str.h"

#include <stdlib.h>

void appearance_forget_sent(struct appearance *a, size_t at)
{
    mem_free(a->sent.items[at].users);
    VEC_REMOVE(&a->sent, at);
    a->rev++;
}

int64_t appearance_sent(struct appearance *a, const struct appearance_plan *plan, int64_t at_ms)
{
    struct appearance_sent note = {.at_ms = at_ms};
    note.users = mem_zero(plan->lines.len + 1, sizeof *note.users);
    for (size_t i = 0; i < plan->lines.len; i++) {
        const struct stored_line *line = &plan->lines.items[i];
        const struct appearance_user *user =
            appearance_find_user(a, line->user.id, line->user.twin);
        if (user && !line->is_reserved)
            note.users[note.len++] = user;
    }
    if (a->sent.len == APPEARANCE_SENT_MAX)
        appearance_forget_sent(a, 0);
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
            appearance_forget_sent(a, i);
}

/* ---- lists of ids, without the reserved lines ------------------------------------------------ */

typedef VEC(const char *) id_list;

static void list_told(const struct stored_line *lines, size_t len, id_list *out)
{
    for (size_t i = 0; i < len; i++)
        if (!lines[i].is_reserved)
            VEC_PUSH(out, lines[i].user.id);
}

static void list_sent(const struct appearance_sent *sent, id_list *out)
{
    for (size_t i = 0; i < sent->len; i++)
        VEC_PUSH(out, sent->users[i]->id);
}

static int by_stored_key(const void *left, const void *right)
{
    const struct appearance_line *const *l = left, *const *r = right;
    return ((*l)->stored_key > (*r)->stored_key) - ((*l)->stored_key < (*r)->stored_key);
}

static void list_stored(const struct appearance *a, id_list *out)
{
    VEC(const struct appearance_line *) lines = {0};
    for (size_t i = 0; i < a->lines.len; i++)
        if (a->lines.items[i].stored && !appearance_is_reserved(&a->lines.items[i]))
            VEC_PUSH(&lines, &a->lines.items[i]);
    if (lines.len > 0)
        qsort(lines.items, lines.len, sizeof *lines.items, by_stored_key);
    for (size_t i = 0; i < lines.len; i++)
        VEC_PUSH(out, lines.items[i]->stored->id);
    VEC_FREE(&lines);
}

static bool is_same_ids(const id_list *a, const id_list *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!str_eq(a->items[i], b->items[i]))
            return false;
    return true;
}

/* id -> its place from 1. */
static void map_places(const id_list *list, struct map *out)
{
    for (size_t i = 0; i < list->len; i++)
        map_put(out, list->items[i], (void *)(uintptr_t)(i + 1));
}

static uintptr_t place_in(const struct map *places, const char *id)
{
    return (uintptr_t)map_get(places, id);
}

/* ---- where the list there comes from --------------------------------------------------------- */

struct votes {
    struct map stored, sent, told;
    size_t for_sent, for_stored;
};

/* Who is on one of the two lists only: is he there? */
static void vote_on_users(struct votes *v, const id_list *list, const struct map *other,
                          bool is_sent)
{
    for (size_t i = 0; i < list->len; i++) {
        if (place_in(other, list->items[i]))
            continue;
        if ((place_in(&v->told, list->items[i]) != 0) == is_sent)
            v->for_sent++;
        else
            v->for_stored++;
    }
}

/* Neighbours there, of those who are on all: in the order of which list? */
static void vote_on_order(struct votes *v, const id_list *told)
{
    const char *last = NULL;
    for (size_t i = 0; i < told->len; i++) {
        const char *id = told->items[i];
        if (!place_in(&v->stored, id) || !place_in(&v->sent, id))
            continue;
        bool is_stored = last && place_in(&v->stored, last) < place_in(&v->stored, id);
        bool is_sent = last && place_in(&v->sent, last) < place_in(&v->sent, id);
        if (last && is_stored != is_sent) {
            v->for_sent += is_sent;
            v->for_stored += is_stored;
        }
        last = id;
    }
}

/* A list is replaced as a whole, so what is there now comes from the one that was sent, or from the
 * one before, and may have been changed elsewhere since. Which, is told by that in which the two
 * differ; when it says nothing, nothing was written. */
static bool comes_from_sent(const id_list *stored, const id_list *sent, const id_list *told)
{
    struct votes v = {0};
    map_places(stored, &v.stored);
    map_places(sent, &v.sent);
    map_places(told, &v.told);
    vote_on_users(&v, sent, &v.stored, true);
    vote_on_users(&v, stored, &v.sent, false);
    if (v.for_sent == v.for_stored)
        vote_on_order(&v, told);
    map_fini(&v.stored, NULL);
    map_fini(&v.sent, NULL);
    map_fini(&v.told, NULL);
    return v.for_sent > v.for_stored;
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
    for (size_t i = 0; i < sent->len; i++) {
        key = next_free_key(a, key + 1);
        if (!keys[sent->users[i]->index])
            keys[sent->users[i]->index] = key;
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
    for (size_t i = 0; i < sent->len; i++) {
        const struct appearance_user *user = sent->users[i];
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
    id_list stored = {0}, told = {0};
    size_t reserved = 0;
    list_stored(a, &stored);
    list_told(lines, len, &told);
    for (size_t i = 0; i < len; i++)
        reserved += lines[i].is_reserved;
    bool is_same =
        a->is_read && reserved == appearance_count(a).reserved && is_same_ids(&stored, &told);
    VEC_FREE(&stored);
    VEC_FREE(&told);
    return is_same;
}

/* Does the list there come from this one? Of all but the last that was sent it must be the very
 * one: they were given up, and are hardly still on their way. */
static bool is_from(const struct appearance_sent *sent, bool is_last, const id_list *stored,
                    const id_list *told)
{
    id_list list = {0};
    list_sent(sent, &list);
    bool is = is_same_ids(told, &list) || (is_last && comes_from_sent(stored, &list, told));
    VEC_FREE(&list);
    return is;
}

/* Which of the lists that were sent is the one there made of? NO_LINE: of none. */
static size_t find_sent(const struct appearance *a, const struct stored_line *lines, size_t len)
{
    id_list stored = {0}, told = {0};
    size_t at = a->sent.len;
    list_stored(a, &stored);
    list_told(lines, len, &told);
    if (is_same_ids(&told, &stored))
        at = 0;
    while (at > 0 && !is_from(&a->sent.items[at - 1], at == a->sent.len, &stored, &told))
        at--;
    VEC_FREE(&stored);
    VEC_FREE(&told);
    return at > 0 ? at - 1 : NO_LINE;
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
        appearance_forget_sent(a, sent);
    }
    for (size_t i = a->sent.len; i-- > 0;) {
        int64_t age_ms = at_ms - a->sent.items[i].at_ms;
        if (age_ms > APPEARANCE_SENT_MS || age_ms < -APPEARANCE_SENT_MS)
            appearance_forget_sent(a, i);
    }
    appearance_merge_lines(a, lines, len, at_ms, &now);
    a->readings += a->rev != rev;
    now.agreed += agreed;
    if (news)
        *news = now;
    return RC_OK;
}
