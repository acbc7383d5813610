/* Edits. Each is checked first, and then made of four things that keep a user on one line: putting
 * on, taking off, replacing, moving. Each of those leaves behind what undoes it. */
#include "appearance_private.h"

#include "callhud/base/str.h"

#include <stdarg.h>

/* ---- four things ----------------------------------------------------------------------------- */

uint32_t appearance_new_step(const struct appearance *a)
{
    return a->undo.len > 0 ? a->undo.items[a->undo.len - 1].step + 1 : 1;
}

/* The oldest steps go first, whole; the last one stays. */
void appearance_remember(struct appearance *a, struct appearance_undo_entry entry)
{
    if (entry.step == NOT_REMEMBERED)
        return;
    VEC_PUSH(&a->undo, entry);
    if (a->undo.len <= APPEARANCE_UNDO_MAX)
        return;
    size_t gone = 0;
    uint32_t oldest = a->undo.items[0].step;
    while (gone < a->undo.len && a->undo.items[gone].step == oldest)
        gone++;
    if (gone == a->undo.len)
        return;
    memmove(a->undo.items, a->undo.items + gone, (a->undo.len - gone) * sizeof *a->undo.items);
    a->undo.len -= gone;
}

struct appearance_undo_entry appearance_entry_at(const struct appearance *a, uint32_t step,
                                                 size_t at)
{
    const struct appearance_line *line = &a->lines.items[at];
    struct appearance_undo_entry entry = {.step = step, .place = UNDO_BEFORE};
    if (line->stored && !line->is_moved)
        entry.place = UNDO_UNMOVED;
    for (size_t i = at + 1; i < a->lines.len && !entry.before; i++) {
        if (!appearance_is_reserved(&a->lines.items[i]))
            entry.before = a->lines.items[i].here;
    }
    entry.is_conflict = line->state == LINE_CONFLICT;
    entry.conflict = line->conflict;
    return entry;
}

void appearance_take_off(struct appearance *a, uint32_t step, size_t at)
{
    struct appearance_line *line = &a->lines.items[at];
    struct appearance_undo_entry entry = appearance_entry_at(a, step, at);
    entry.kind = line->stored && line->stored != line->here ? EDIT_SET : EDIT_ADD;
    entry.user = entry.kind == EDIT_SET ? line->stored : line->here;
    entry.to = entry.kind == EDIT_SET ? line->here : NULL;
    appearance_remember(a, entry);
    line->here = NULL;
    appearance_forget_refusal(line);
    appearance_settle(a);
}

void appearance_put_on(struct appearance *a, uint32_t step, const struct appearance_user *user,
                       size_t before)
{
    struct appearance_undo_entry entry = {
        .step = step, .kind = EDIT_REMOVE, .user = user, .place = UNDO_STAYS};
    struct appearance_line line = {.here = user};
    size_t own = appearance_at_stored(a, user);
    if (own != NO_LINE && a->lines.items[own].here) {
        entry.kind = EDIT_SET;
        entry.to = a->lines.items[own].here;
        struct appearance_line *stays = &a->lines.items[own];
        line.stored = stays->stored;
        line.stored_key = stays->stored_key;
        stays->stored = NULL;
        stays->stored_key = 0;
    } else if (own != NO_LINE) {
        line = appearance_take(a, own);
        line.here = user;
        before -= own < before;
    }
    line.is_moved = line.stored != NULL;
    appearance_forget_refusal(&line);
    appearance_insert(a, before, line);
    appearance_remember(a, entry);
    appearance_settle(a);
}

void appearance_put_instead(struct appearance *a, uint32_t step, size_t at,
                            const struct appearance_user *user)
{
    size_t own = appearance_at_stored(a, user);
    if (own != NO_LINE && own != at) {
        /* His own line comes here, and the one that was here is removed. */
        const struct appearance_user *who = a->lines.items[at].here;
        appearance_put_on(a, step, user, at);
        if (who)
            appearance_take_off(a, step, appearance_at_here(a, who));
        return;
    }
    struct appearance_line *line = &a->lines.items[at];
    appearance_remember(a,
                        (struct appearance_undo_entry){.step = step,
                                                       .kind = EDIT_SET,
                                                       .user = user,
                                                       .to = line->here,
                                                       .place = UNDO_STAYS,
                                                       .is_conflict = line->state == LINE_CONFLICT,
                                                       .conflict = line->conflict});
    line->here = user;
    appearance_forget_refusal(line);
    appearance_settle(a);
}

void appearance_move(struct appearance *a, uint32_t step, size_t at, size_t before)
{
    struct appearance_undo_entry entry = appearance_entry_at(a, step, at);
    entry.kind = EDIT_MOVE;
    entry.user = a->lines.items[at].here;
    appearance_remember(a, entry);
    struct appearance_line line = appearance_take(a, at);
    line.is_moved = line.stored != NULL;
    appearance_forget_refusal(&line);
    appearance_insert(a, before - (at < before), line);
    appearance_settle(a);
}

/* The index to stand before, so as to have that number afterwards; the line `without` is about to
 * leave its place. */
static size_t index_of_key(const struct appearance *a, uint32_t key, size_t without)
{
    uint32_t reserved = 0;
    for (size_t i = 0; key > 0 && i < a->lines.len; i++)
        reserved += appearance_is_reserved(&a->lines.items[i]) && a->lines.items[i].key < key;
    uint32_t others = key > reserved ? key - reserved - 1 : 0; /* that stand before it */
    for (size_t i = 0; key > 0 && i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (!line->here || i == without || appearance_is_reserved(line))
            continue;
        if (others-- == 0)
            return i;
    }
    return a->lines.len;
}

/* How many that could be moved stand before that index. */
static size_t lines_before(const struct appearance *a, size_t index)
{
    size_t count = 0;
    for (size_t i = 0; i < index; i++)
        count += a->lines.items[i].here && !appearance_is_reserved(&a->lines.items[i]);
    return count;
}

/* ---- what is refused ------------------------------------------------------------------------- */

bool appearance_refuses(char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)str_vformat(text, APPEARANCE_TEXT_BYTES, format, args);
    va_end(args);
    return false;
}

/* The line of the one whom an edit is about. */
static bool find_line(const struct appearance *a, const struct appearance_user *named, size_t *at,
                      char *text)
{
    const struct appearance_user *user = appearance_find_user(a, named->id, named->twin);
    *at = appearance_at_here(a, user);
    if (*at == NO_LINE) {
        const struct appearance_line *line =
            str_is_empty(named->id) ? NULL : appearance_by_user(a, named->id);
        if (line && appearance_is_reserved(line))
            return appearance_refuses(
                text, "key %u is reserved by the telephone system: it cannot be changed",
                (unsigned)line->key);
        return appearance_refuses(text, "%s is not on the list",
                                  appearance_label(user ? user : named).text);
    }
    if (a->lines.items[*at].state == LINE_CONFLICT)
        return appearance_refuses(
            text, "%s is in conflict: choose first, as it is here or as it is stored",
            appearance_label(user).text);
    return true;
}

bool appearance_has_room(const struct appearance *a, char *text)
{
    if (!a->max_lines || appearance_count(a).keys < a->max_lines)
        return true;
    return appearance_refuses(text, "the list is full: there is room for %u keys",
                              (unsigned)a->max_lines);
}

/* May this one come to the list? Then he is interned; of one who is refused nothing is kept. */
static bool find_new(struct appearance *a, const struct appearance_user *named, bool needs_room,
                     char *text, const struct appearance_user **user)
{
    struct appearance_user one = *named;
    one.twin = 0;
    if (str_is_empty(one.id))
        return appearance_refuses(text, "there is no user %s",
                                  str_is_empty(one.extension) ? "of that extension"
                                                              : one.extension);
    const struct appearance_line *line = appearance_by_user(a, one.id);
    if (line)
        return appearance_refuses(text, "%s is on key %u already",
                                  appearance_label(line->here).text, (unsigned)line->key);
    const struct appearance_user *known = appearance_find_user(a, one.id, 0);
    size_t stored = known ? appearance_at_stored(a, known) : NO_LINE;
    if (stored != NO_LINE && a->lines.items[stored].state == LINE_CONFLICT)
        return appearance_refuses(text, "the line of %s is in conflict: choose first",
                                  appearance_label(known).text);
    if (needs_room && !appearance_has_room(a, text))
        return false;
    *user = appearance_intern(a, &one);
    return true;
}

/* ---- edits ----------------------------------------------------------------------------------- */

static bool edit_one(struct appearance *a, uint32_t step, struct appearance_edit *edit)
{
    const struct appearance_user *user;
    size_t at = NO_LINE;
    if (edit->kind == EDIT_ADD) {
        if (!find_new(a, &edit->user, true, edit->refused, &user))
            return false;
        appearance_put_on(a, step, user, index_of_key(a, edit->key, NO_LINE));
        return true;
    }
    if (!find_line(a, &edit->user, &at, edit->refused))
        return false;
    if (edit->kind == EDIT_REMOVE) {
        appearance_take_off(a, step, at);
    } else if (edit->kind == EDIT_MOVE) {
        size_t before = index_of_key(a, edit->key, at);
        if (lines_before(a, before) - (at < before) != lines_before(a, at))
            appearance_move(a, step, at, before);
    } else if (edit->kind == EDIT_SET) {
        if (str_eq(edit->user.id, edit->to.id))
            return true;
        if (!find_new(a, &edit->to, false, edit->refused, &user))
            return false;
        appearance_put_instead(a, step, at, user);
    } else {
        return appearance_refuses(edit->refused, "this is no edit");
    }
    return true;
}

size_t appearance_edit(struct appearance *a, struct appearance_edit *edits, size_t len)
{
    size_t done = 0;
    uint32_t step = appearance_new_step(a);
    for (size_t i = 0; i < len; i++) {
        edits[i].refused[0] = '\0';
        done += edit_one(a, step, &edits[i]);
    }
    a->rev += done > 0;
    return done;
}

/* ---- a whole list ---------------------------------------------------------------------------- */

typedef VEC(const struct appearance_user *) user_vec;

/* The users of the list that are not on a reserved line, owned, each once. */
static enum rc find_wanted(struct appearance *a, const struct appearance_user *users, size_t len,
                           user_vec *wanted, struct err *err)
{
    struct map seen = {0};
    enum rc rc = RC_OK;
    for (size_t i = 0; i < len && rc == RC_OK; i++) {
        struct appearance_user user = users[i];
        user.twin = 0;
        if (str_is_empty(user.id)) {
            rc = err_set(err, RC_DENIED, "there is no user %s; nothing was changed",
                         str_is_empty(user.extension) ? "of that extension" : user.extension);
        } else if (map_put(&seen, user.id, a)) {
            rc = err_set(err, RC_DENIED, "%s is there twice; nothing was changed",
                         appearance_label(&user).text);
        } else {
            const struct appearance_line *line = appearance_by_user(a, user.id);
            if (!line || !appearance_is_reserved(line))
                VEC_PUSH(wanted, appearance_intern(a, &user));
        }
    }
    map_fini(&seen, NULL);
    return rc;
}

static enum rc check_whole(const struct appearance *a, size_t len, struct err *err)
{
    struct appearance_counts counts = appearance_count(a);
    if (counts.conflicts > 0)
        return err_set(err, RC_DENIED,
                       "%zu lines are in conflict: choose first; nothing was changed",
                       counts.conflicts);
    if (a->max_lines && counts.reserved + len > a->max_lines)
        return err_set(
            err, RC_DENIED,
            "these are %zu keys with the reserved ones, and there is room for %u; nothing "
            "was changed",
            counts.reserved + len, (unsigned)a->max_lines);
    return RC_OK;
}

/* Moves as few as bring the lines into the order of the users, all of whom are on the list. */
static void sort_as(struct appearance *a, uint32_t step, const user_vec *users)
{
    size_t n = users->len;
    uint32_t *places = mem_zero(n + 1, sizeof *places);
    uint64_t *weights = mem_zero(n + 1, sizeof *weights);
    bool *is_kept = mem_zero(n + 1, sizeof *is_kept);
    for (size_t i = 0; i < n; i++) {
        size_t at = appearance_at_here(a, users->items[i]);
        places[i] = (uint32_t)at;
        weights[i] = n + 1 + !a->lines.items[at].is_moved;
    }
    appearance_longest(places, weights, n, is_kept);
    for (size_t i = n; i-- > 0;) {
        size_t before = a->lines.len;
        if (i + 1 < n)
            before = appearance_at_here(a, users->items[i + 1]);
        if (!is_kept[i])
            appearance_move(a, step, appearance_at_here(a, users->items[i]), before);
    }
    mem_free(places);
    mem_free(weights);
    mem_free(is_kept);
}

static void make_list(struct appearance *a, const user_vec *wanted)
{
    uint32_t step = appearance_new_step(a);
    bool *is_wanted = mem_zero(a->users.len + 1, sizeof *is_wanted);
    for (size_t i = 0; i < wanted->len; i++)
        is_wanted[wanted->items[i]->index] = true;
    for (size_t i = 0; i < a->users.len; i++) {
        size_t at = is_wanted[i] ? NO_LINE : appearance_at_here(a, a->users.items[i]);
        if (at != NO_LINE)
            appearance_take_off(a, step, at);
    }
    for (size_t i = 0; i < wanted->len; i++) {
        if (appearance_at_here(a, wanted->items[i]) == NO_LINE)
            appearance_put_on(a, step, wanted->items[i], a->lines.len);
    }
    sort_as(a, step, wanted);
    mem_free(is_wanted);
}

enum rc appearance_replace(struct appearance *a, const struct appearance_user *users, size_t len,
                           struct err *err)
{
    user_vec wanted = {0};
    enum rc rc = find_wanted(a, users, len, &wanted, err);
    if (rc == RC_OK)
        rc = check_whole(a, wanted.len, err);
    if (rc == RC_OK) {
        make_list(a, &wanted);
        a->rev++;
    }
    VEC_FREE(&wanted);
    return rc;
}
