/* The list itself: its users, its order and numbers, what is read of it. */
#include "appearance_private.h"

#include "callhud/base/buf.h"
#include "callhud/base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef VEC(struct appearance_line) line_vec;

const char *line_state_word(enum line_state state)
{
    static const char *const words[] = {
#define LINE_STATE_WORD(name, word) word,
        LINE_STATE_LIST(LINE_STATE_WORD)
#undef LINE_STATE_WORD
    };
    return state < LINE_STATE_COUNT ? words[state] : "";
}

/* ---- users ----------------------------------------------------------------------------------- */

/* Readers see their texts as const; here they are owned. */
static void free_text(const char *text)
{
    mem_free((void *)(uintptr_t)text);
}

/* Takes over a text that says something new. */
static bool learn(const char **known, const char *told)
{
    if (str_is_empty(told) || str_eq(*known, told))
        return false;
    char *copy = mem_dup(told);
    free_text(*known);
    *known = copy;
    return true;
}

static void user_free(struct appearance_user *user)
{
    free_text(user->id);
    free_text(user->extension);
    free_text(user->name);
    mem_free(user);
}

static const char *user_key(struct buf *key, const char *id, uint32_t twin)
{
    buf_puts(key, id);
    if (twin)
        buf_printf(key, "\n%u", (unsigned)twin);
    return buf_text(key);
}

static struct appearance_user *find_user(const struct appearance *a, const char *id, uint32_t twin)
{
    if (!twin)
        return map_get(&a->by_id, id);
    struct buf key;
    buf_init(&key, strlen(id) + 16);
    struct appearance_user *user = map_get(&a->by_id, user_key(&key, id, twin));
    buf_fini(&key);
    return user;
}

const struct appearance_user *appearance_find_user(const struct appearance *a, const char *id,
                                                   uint32_t twin)
{
    return str_is_empty(id) ? NULL : find_user(a, id, twin);
}

const struct appearance_user *appearance_intern(struct appearance *a,
                                                const struct appearance_user *user)
{
    struct appearance_user *known = find_user(a, user->id, user->twin);
    if (!known) {
        struct buf key;
        known = mem_zero(1, sizeof *known);
        *known = (struct appearance_user){mem_dup(user->id), mem_dup(""), mem_dup(""), user->twin,
                                          a->users.len};
        buf_init(&key, strlen(user->id) + 16);
        map_put(&a->by_id, user_key(&key, user->id, user->twin), known);
        buf_fini(&key);
        VEC_PUSH(&a->users, known);
    }
    bool is_extension = learn(&known->extension, user->extension);
    bool is_name = learn(&known->name, user->name);
    if (is_extension || is_name)
        a->rev++;
    return known;
}

struct appearance_label appearance_label(const struct appearance_user *user)
{
    struct appearance_label label;
    const char *number = str_is_empty(user->extension) ? user->id : user->extension;
    (void)snprintf(label.text, sizeof label.text, "%s%s%s", number,
                   str_is_empty(user->name) ? "" : " ", str_is_empty(user->name) ? "" : user->name);
    return label;
}

/* ---- life ------------------------------------------------------------------------------------ */

void appearance_init(struct appearance *a)
{
    *a = (struct appearance){0};
}

void appearance_forget_refusal(struct appearance_line *line)
{
    mem_free(line->refusal);
    line->refusal = NULL;
}

void appearance_fini(struct appearance *a)
{
    for (size_t i = 0; i < a->lines.len; i++)
        appearance_forget_refusal(&a->lines.items[i]);
    for (size_t i = 0; i < a->users.len; i++)
        user_free(a->users.items[i]);
    for (size_t i = 0; i < a->sent.len; i++)
        appearance_sent_fini(&a->sent.items[i]);
    VEC_FREE(&a->lines);
    VEC_FREE(&a->undo);
    VEC_FREE(&a->sent);
    VEC_FREE(&a->users);
    map_fini(&a->by_id, NULL);
}

static const struct appearance_user *same_in(const struct appearance *a,
                                             const struct appearance_user *user)
{
    return user ? a->users.items[user->index] : NULL;
}

static void copy_users(const struct appearance *to, appearance_users *out,
                       const appearance_users *users)
{
    for (size_t i = 0; i < users->len; i++)
        VEC_PUSH(out, same_in(to, users->items[i]));
}

void appearance_copy(struct appearance *to, const struct appearance *from)
{
    appearance_init(to);
    for (size_t i = 0; i < from->users.len; i++)
        appearance_intern(to, from->users.items[i]);
    for (size_t i = 0; i < from->lines.len; i++) {
        struct appearance_line line = from->lines.items[i];
        line.here = same_in(to, line.here);
        line.stored = same_in(to, line.stored);
        line.conflict.base = same_in(to, line.conflict.base);
        line.refusal = mem_dup(line.refusal);
        VEC_PUSH(&to->lines, line);
    }
    for (size_t i = 0; i < from->undo.len; i++) {
        struct appearance_undo_entry entry = from->undo.items[i];
        entry.user = same_in(to, entry.user);
        entry.to = same_in(to, entry.to);
        entry.before = same_in(to, entry.before);
        entry.conflict.base = same_in(to, entry.conflict.base);
        VEC_PUSH(&to->undo, entry);
    }
    for (size_t i = 0; i < from->sent.len; i++) {
        const struct appearance_sent *sent = &from->sent.items[i];
        struct appearance_sent copy = {.at_ms = sent->at_ms, .is_overtaken = sent->is_overtaken};
        copy_users(to, &copy.users, &sent->users);
        copy_users(to, &copy.was_stored, &sent->was_stored);
        VEC_PUSH(&to->sent, copy);
    }
    to->readings = from->readings;
    to->max_lines = from->max_lines;
    to->is_read = from->is_read;
    to->rev = from->rev;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare_places(const void *left, const void *right)
{
    const uint32_t *l = left, *r = right;
    return (*l > *r) - (*l < *r);
}

/* The heaviest ascending sequence that ends in each item, found through a tree of prefix maxima
 * over the ranks of the places. Items count from 1, so that 0 is the empty sequence. */
void appearance_longest(const uint32_t *places, const uint64_t *weights, size_t n, bool *is_kept)
{
    uint32_t *sorted = mem_zero(n + 1, sizeof *sorted);
    uint64_t *best = mem_zero(n + 1, sizeof *best);
    size_t *before = mem_zero(n + 1, sizeof *before), *tree = mem_zero(n + 1, sizeof *tree);
    size_t last = 0;
    memcpy(sorted, places, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_places);
    for (size_t i = 1; i <= n; i++) {
        const uint32_t *found = bsearch(&places[i - 1], sorted, n, sizeof *sorted, compare_places);
        size_t rank = (size_t)(found - sorted) + 1;
        for (size_t at = rank - 1; at > 0; at &= at - 1) {
            if (best[tree[at]] > best[before[i]])
                before[i] = tree[at];
        }
        best[i] = best[before[i]] + weights[i - 1];
        for (size_t at = rank; at <= n; at += at & (~at + 1)) {
            if (best[i] > best[tree[at]])
                tree[at] = i;
        }
        if (best[i] > best[last])
            last = i;
    }
    memset(is_kept, 0, n * sizeof *is_kept);
    for (; last > 0; last = before[last])
        is_kept[last - 1] = true;
    mem_free(sorted);
    mem_free(best);
    mem_free(before);
    mem_free(tree);
}

void appearance_insert(struct appearance *a, size_t at, struct appearance_line line)
{
    VEC_RESERVE(&a->lines);
    memmove(a->lines.items + at + 1, a->lines.items + at,
            (a->lines.len - at) * sizeof *a->lines.items);
    a->lines.items[at] = line;
    a->lines.len++;
}

struct appearance_line appearance_take(struct appearance *a, size_t at)
{
    struct appearance_line line = a->lines.items[at];
    VEC_REMOVE(&a->lines, at);
    return line;
}

/* Can it be said of the line that it was moved? A removed one has no place here. */
static bool has_two_places(const struct appearance_line *line)
{
    return line->here && line->stored && !appearance_is_reserved(line);
}

/* Lines that were not moved ascend, always: they are heavier than all the moved ones together. Of
 * these as many as fit are found to stand where they belong again. */
void appearance_mark_moved(struct appearance *a)
{
    size_t n = 0;
    bool is_sorted = true;
    uint32_t *places = mem_zero(a->lines.len + 1, sizeof *places);
    uint64_t *weights = mem_zero(a->lines.len + 1, sizeof *weights);
    bool *is_kept = mem_zero(a->lines.len + 1, sizeof *is_kept);
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (!has_two_places(line))
            continue;
        is_sorted = is_sorted && (n == 0 || places[n - 1] < line->stored_key);
        places[n] = line->stored_key;
        weights[n++] = line->is_moved ? 1 : a->lines.len + 1;
    }
    if (!is_sorted)
        appearance_longest(places, weights, n, is_kept);
    n = 0;
    for (size_t i = 0; i < a->lines.len; i++) {
        struct appearance_line *line = &a->lines.items[i];
        line->is_moved = has_two_places(line) && !is_sorted && !is_kept[n];
        n += has_two_places(line);
    }
    mem_free(places);
    mem_free(weights);
    mem_free(is_kept);
}

/* Where the backend's order has it, among those that were not moved. */
static size_t stored_place(const struct appearance *a, uint32_t key)
{
    size_t at = 0;
    for (; at < a->lines.len; at++) {
        const struct appearance_line *line = &a->lines.items[at];
        if (line->stored && !line->is_moved && !appearance_is_reserved(line) &&
            line->stored_key > key)
            break;
    }
    return at;
}

size_t appearance_to_stored_place(struct appearance *a, size_t at)
{
    struct appearance_line line = appearance_take(a, at);
    line.is_moved = false;
    at = stored_place(a, line.stored_key);
    appearance_insert(a, at, line);
    return at;
}

/* Removed lines stay where they are as long as that is where they would be. */
static void place_removed(struct appearance *a)
{
    uint32_t last = 0;
    bool is_right = true;
    line_vec removed = {0};
    size_t kept = 0;
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (!line->stored || line->is_moved || appearance_is_reserved(line))
            continue;
        is_right = is_right && line->stored_key > last;
        last = line->stored_key;
    }
    for (size_t i = 0; !is_right && i < a->lines.len; i++) {
        if (a->lines.items[i].here)
            a->lines.items[kept++] = a->lines.items[i];
        else
            VEC_PUSH(&removed, a->lines.items[i]);
    }
    if (!is_right)
        a->lines.len = kept;
    for (size_t i = 0; i < removed.len; i++)
        appearance_insert(a, stored_place(a, removed.items[i].stored_key), removed.items[i]);
    VEC_FREE(&removed);
}

bool appearance_is_reserved(const struct appearance_line *line)
{
    return line->state == LINE_RESERVED;
}

bool appearance_differs(const struct appearance_line *line)
{
    return !appearance_is_reserved(line) && (line->here != line->stored || line->is_moved);
}

bool appearance_is_unsaved(const struct appearance_line *line)
{
    return line->state == LINE_CONFLICT || appearance_differs(line);
}

/* A conflict stays one, even when the line has come to stand as it is stored because others were
 * moved: undone, they would stand differently again. */
static void set_state(struct appearance_line *line)
{
    bool is_different = appearance_differs(line);
    if (!is_different)
        appearance_forget_refusal(line);
    if (line->state == LINE_RESERVED || line->state == LINE_CONFLICT)
        return;
    line->conflict = (struct appearance_conflict){0};
    line->state = !is_different   ? LINE_SAME
                  : !line->stored ? LINE_ADDED
                  : !line->here   ? LINE_REMOVED
                                  : LINE_CHANGED;
}

static void drop_empty(struct appearance *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->lines.len; i++) {
        struct appearance_line *line = &a->lines.items[i];
        if (line->here || line->stored)
            a->lines.items[kept++] = *line;
        else
            appearance_forget_refusal(line);
    }
    a->lines.len = kept;
}

/* Reserved lines stand at their own numbers, the others take those that are free. */
static void number(struct appearance *a)
{
    line_vec reserved = {0}, others = {0};
    size_t next = 0;
    uint32_t key = 1;
    for (size_t i = 0; i < a->lines.len; i++) {
        struct appearance_line *line = &a->lines.items[i];
        if (appearance_is_reserved(line))
            VEC_PUSH(&reserved, *line);
        else
            VEC_PUSH(&others, *line);
    }
    a->lines.len = 0;
    for (size_t i = 0; i < others.len; i++) {
        for (; next < reserved.len && reserved.items[next].stored_key == key; key++)
            VEC_PUSH(&a->lines, reserved.items[next++]);
        others.items[i].key = others.items[i].here ? key++ : 0;
        VEC_PUSH(&a->lines, others.items[i]);
    }
    while (next < reserved.len)
        VEC_PUSH(&a->lines, reserved.items[next++]);
    VEC_FREE(&reserved);
    VEC_FREE(&others);
}

void appearance_settle(struct appearance *a)
{
    appearance_mark_moved(a);
    drop_empty(a);
    place_removed(a);
    number(a);
    for (size_t i = 0; i < a->lines.len; i++)
        set_state(&a->lines.items[i]);
}

/* ---- reading --------------------------------------------------------------------------------- */

size_t appearance_at_here(const struct appearance *a, const struct appearance_user *user)
{
    for (size_t i = 0; user && i < a->lines.len; i++) {
        if (a->lines.items[i].here == user && !appearance_is_reserved(&a->lines.items[i]))
            return i;
    }
    return NO_LINE;
}

size_t appearance_at_stored(const struct appearance *a, const struct appearance_user *user)
{
    for (size_t i = 0; user && i < a->lines.len; i++) {
        if (a->lines.items[i].stored == user && !appearance_is_reserved(&a->lines.items[i]))
            return i;
    }
    return NO_LINE;
}

struct appearance_counts appearance_count(const struct appearance *a)
{
    struct appearance_counts counts = {0};
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        counts.keys += line->here != NULL;
        counts.unsaved += appearance_is_unsaved(line);
        counts.conflicts += line->state == LINE_CONFLICT;
        counts.refused += line->refusal != NULL;
        counts.reserved += appearance_is_reserved(line);
    }
    return counts;
}

uint32_t appearance_last_key(const struct appearance *a)
{
    uint32_t last = 0;
    for (size_t i = 0; i < a->lines.len; i++) {
        if (a->lines.items[i].key > last)
            last = a->lines.items[i].key;
    }
    return last;
}

const struct appearance_line *appearance_by_key(const struct appearance *a, uint32_t key)
{
    for (size_t i = 0; key && i < a->lines.len; i++) {
        if (a->lines.items[i].key == key)
            return &a->lines.items[i];
    }
    return NULL;
}

const struct appearance_line *appearance_by_user(const struct appearance *a, const char *user_id)
{
    const struct appearance_line *reserved = NULL;
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (!line->here || !str_eq(line->here->id, user_id))
            continue;
        if (!appearance_is_reserved(line))
            return line;
        reserved = reserved ? reserved : line;
    }
    return reserved;
}

const struct appearance_line *appearance_by_extension(const struct appearance *a,
                                                      const char *extension)
{
    const struct appearance_line *reserved = NULL;
    for (size_t i = 0; !str_is_empty(extension) && i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (!line->here || !str_eq(line->here->extension, extension))
            continue;
        if (!appearance_is_reserved(line))
            return line;
        reserved = reserved ? reserved : line;
    }
    return reserved;
}

void appearance_say(const struct appearance_line *line, char *out, size_t size)
{
    struct appearance_label here = {""}, stored = {""};
    if (line->here)
        here = appearance_label(line->here);
    if (line->stored)
        stored = appearance_label(line->stored);
    if (!appearance_differs(line))
        (void)snprintf(out, size, "%s", "");
    else if (!line->stored)
        (void)snprintf(out, size, "+ key %u   %s", (unsigned)line->key, here.text);
    else if (!line->here)
        (void)snprintf(out, size, "- %s", stored.text);
    else if (line->here != line->stored)
        (void)snprintf(out, size, "key %u   %s instead of %s", (unsigned)line->key, here.text,
                       stored.text);
    else
        (void)snprintf(out, size, "key %u   %s, was key %u", (unsigned)line->key, here.text,
                       (unsigned)line->stored_key);
}

/* ---- what was kept in a file ----------------------------------------------------------------- */

/* Counts a user in; false when already there. */
static bool is_first(bool *is_seen, const struct appearance_user *user)
{
    if (!user)
        return true;
    bool is = !is_seen[user->index];
    is_seen[user->index] = true;
    return is;
}

static const char *fault_of_line(const struct appearance *a, size_t i, bool *is_seen)
{
    const struct appearance_line *line = &a->lines.items[i];
    if (!line->here && !line->stored)
        return "a line has nobody";
    if ((line->stored != NULL) != (line->stored_key != 0))
        return "a line is stored without its number, or has a number without being stored";
    if (appearance_is_reserved(line))
        return line->here == line->stored ? NULL : "a reserved line was changed";
    bool is_one = is_first(is_seen, line->here);
    if (line->stored != line->here)
        is_one = is_first(is_seen, line->stored) && is_one;
    return is_one ? NULL : "a user is on two lines";
}

enum rc appearance_restored(struct appearance *a, struct err *err)
{
    bool *is_seen = mem_zero(a->users.len + 1, sizeof *is_seen);
    const char *fault = a->lines.len > 2 * APPEARANCE_LINES_MAX ? "too many lines" : NULL;
    uint32_t reserved = 0, stored = 0;
    for (size_t i = 0; i < a->lines.len && !fault; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        uint32_t *last = appearance_is_reserved(line) ? &reserved : &stored;
        fault = fault_of_line(a, i, is_seen);
        bool is_ordered = line->here && line->stored && !line->is_moved;
        if (!fault && is_ordered && line->stored_key <= *last)
            fault = "lines that were not moved are out of order";
        if (is_ordered)
            *last = line->stored_key;
    }
    for (size_t i = 0; i < a->undo.len && !fault; i++) {
        const struct appearance_undo_entry *entry = &a->undo.items[i];
        if (!entry->user || entry->kind > EDIT_CHOOSE || (entry->kind == EDIT_SET && !entry->to))
            fault = "an edit to be undone says nothing";
    }
    mem_free(is_seen);
    if (fault)
        return err_set(err, RC_PROTO, "no list of ours: %s", fault);
    appearance_settle(a);
    a->rev++;
    return RC_OK;
}
