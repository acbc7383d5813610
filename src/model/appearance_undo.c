/* Taking edits back, and choosing in a conflict. */
#include "appearance_private.h"

#include "callhud/base/str.h"

#include <stdio.h>

/* ---- undo ------------------------------------------------------------------------------------ */

static bool is_free(const struct appearance *a, size_t at, char *why)
{
    const struct appearance_line *line = &a->lines.items[at];
    if (line->state != LINE_CONFLICT)
        return true;
    return appearance_refuses(why, "%s is in conflict",
                              appearance_label(line->here ? line->here : line->stored).text);
}

/* May he come (back) to the list? */
static bool may_come(const struct appearance *a, const struct appearance_user *user, char *why)
{
    size_t at = appearance_at_here(a, user), own = appearance_at_stored(a, user);
    if (at != NO_LINE)
        return appearance_refuses(why, "%s is on key %u", appearance_label(user).text,
                                  (unsigned)a->lines.items[at].key);
    return own == NO_LINE || is_free(a, own, why);
}

static bool is_gone(const struct appearance_user *user, char *why)
{
    return appearance_refuses(why, "%s was removed elsewhere", appearance_label(user).text);
}

/* Brings the line to where the entry has it. */
static void put_back(struct appearance *a, const struct appearance_undo_entry *entry, size_t at)
{
    if (entry->place == UNDO_STAYS)
        return;
    if (entry->place == UNDO_STORED_PLACE && a->lines.items[at].stored) {
        appearance_to_stored_place(a, at);
        appearance_settle(a);
        return;
    }
    size_t before = appearance_at_here(a, entry->before);
    if (before == NO_LINE)
        before = appearance_at_stored(a, entry->before);
    appearance_move(a, NOT_REMEMBERED, at, before == NO_LINE ? a->lines.len : before);
}

/* The line of one who got a line of his own when another came back to his: it is that one's again.
 */
static void join(struct appearance *a, size_t own, size_t at)
{
    struct appearance_line *line = &a->lines.items[own], *other = &a->lines.items[at];
    line->stored = other->stored;
    line->stored_key = other->stored_key;
    line->is_moved = true;
    other->here = other->stored = NULL;
    other->stored_key = 0;
    other->is_moved = false;
    appearance_settle(a);
}

static bool undo_set(struct appearance *a, const struct appearance_undo_entry *entry, char *why)
{
    size_t at = appearance_at_here(a, entry->user), own = appearance_at_here(a, entry->to);
    if (at == NO_LINE)
        at = appearance_at_stored(a, entry->user);
    if (at == NO_LINE)
        return is_gone(entry->user, why);
    if (!is_free(a, at, why))
        return false;
    bool is_joined = own != NO_LINE && !a->lines.items[own].stored && a->lines.items[at].stored &&
                     is_free(a, own, why);
    if (is_joined) {
        join(a, own, at);
    } else {
        if (!may_come(a, entry->to, why))
            return false;
        appearance_put_instead(a, NOT_REMEMBERED, at, entry->to);
    }
    put_back(a, entry, appearance_at_here(a, entry->to));
    return true;
}

static bool undo_entry(struct appearance *a, const struct appearance_undo_entry *entry, char *why)
{
    size_t at = appearance_at_here(a, entry->user);
    switch ((enum appearance_edit_kind)entry->kind) {
    case EDIT_ADD:
        if (!may_come(a, entry->user, why))
            return false;
        appearance_put_on(a, NOT_REMEMBERED, entry->user, a->lines.len);
        put_back(a, entry, appearance_at_here(a, entry->user));
        return true;
    case EDIT_SET: return undo_set(a, entry, why);
    case EDIT_REMOVE:
    case EDIT_MOVE:
        if (at == NO_LINE)
            return is_gone(entry->user, why);
        if (!is_free(a, at, why))
            return false;
        if (entry->kind == EDIT_REMOVE)
            appearance_take_off(a, NOT_REMEMBERED, at);
        else
            put_back(a, entry, at);
        return true;
    case EDIT_CHOOSE: return true;
    }
    return true;
}

/* The line that the entry is about, now that it is undone, is in conflict again. */
static void conflict_again(struct appearance *a, const struct appearance_undo_entry *entry)
{
    size_t at = appearance_at_here(a, entry->kind == EDIT_SET ? entry->to : entry->user);
    if (at == NO_LINE)
        at = appearance_at_stored(a, entry->user);
    if (at == NO_LINE)
        return;
    a->lines.items[at].state = LINE_CONFLICT;
    a->lines.items[at].conflict = entry->conflict;
    appearance_settle(a);
}

static void say_undone(char *text, const struct appearance_undo_entry *entry)
{
    struct appearance_label user = appearance_label(entry->user);
    const char *what = "the choice for";
    switch ((enum appearance_edit_kind)entry->kind) {
    case EDIT_ADD: what = "removing"; break;
    case EDIT_REMOVE: what = "adding"; break;
    case EDIT_MOVE: what = "moving"; break;
    case EDIT_SET:
        what = "replacing";
        user = appearance_label(entry->to);
        break;
    case EDIT_CHOOSE: break;
    }
    if (entry->is_conflict) /* no other edit is made of a line in conflict */
        what = "the choice for";
    (void)snprintf(text, APPEARANCE_TEXT_BYTES, "undone: %s %s", what, user.text);
}

bool appearance_undo(struct appearance *a, char *text)
{
    char why[APPEARANCE_TEXT_BYTES], first_why[APPEARANCE_TEXT_BYTES] = "";
    size_t done = 0, left = 0;
    text[0] = '\0';
    if (a->undo.len == 0)
        return false;
    uint32_t step = a->undo.items[a->undo.len - 1].step;
    while (a->undo.len > 0 && a->undo.items[a->undo.len - 1].step == step) {
        struct appearance_undo_entry entry = a->undo.items[--a->undo.len];
        if (undo_entry(a, &entry, why)) {
            if (entry.is_conflict)
                conflict_again(a, &entry);
            say_undone(text, &entry);
            done++;
        } else {
            if (left++ == 0)
                str_copy(first_why, sizeof first_why, why);
        }
    }
    if (done > 1)
        (void)snprintf(text, APPEARANCE_TEXT_BYTES, "undone: %zu edits", done);
    if (left > 0) {
        size_t used = strlen(text);
        (void)snprintf(text + used, APPEARANCE_TEXT_BYTES - used, "%snot undone: %s",
                       used ? "; " : "", first_why);
    }
    a->rev++;
    return true;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static size_t find_conflict(const struct appearance *a, const char *user_id)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (line->state == LINE_CONFLICT &&
            (!user_id || (line->here && str_eq(line->here->id, user_id)) ||
             (line->stored && str_eq(line->stored->id, user_id))))
            return i;
    }
    return NO_LINE;
}

static void choose_mine(struct appearance *a, uint32_t step, size_t at)
{
    struct appearance_line *line = &a->lines.items[at];
    struct appearance_undo_entry entry = appearance_entry_at(a, step, at);
    entry.kind = EDIT_CHOOSE;
    entry.user = line->here ? line->here : line->stored;
    appearance_remember(a, entry);
    line->state = LINE_SAME;
    appearance_settle(a);
}

static void choose_theirs(struct appearance *a, uint32_t step, size_t at)
{
    struct appearance_line *line = &a->lines.items[at];
    struct appearance_undo_entry entry = appearance_entry_at(a, step, at);
    entry.kind = !line->stored                ? EDIT_ADD
                 : !line->here                ? EDIT_REMOVE
                 : line->here == line->stored ? EDIT_MOVE
                                              : EDIT_SET;
    entry.user = line->stored ? line->stored : line->here;
    entry.to = line->here;
    appearance_remember(a, entry);
    line->state = LINE_SAME;
    line->here = line->stored;
    if (line->stored)
        appearance_to_stored_place(a, at);
    appearance_settle(a);
}

static enum rc choose_both(struct appearance *a, uint32_t step, size_t at, struct err *err)
{
    char why[APPEARANCE_TEXT_BYTES];
    struct appearance_line *line = &a->lines.items[at];
    if (!line->here || !line->stored || line->here == line->stored)
        return err_set(err, RC_DENIED, "there are not two users here: choose one side");
    if (!appearance_has_room(a, why))
        return err_set(err, RC_DENIED, "%s: choose one side, or remove a line first", why);
    struct appearance_undo_entry entry = appearance_entry_at(a, step, at);
    entry.kind = EDIT_SET;
    entry.user = line->stored;
    entry.to = line->here;
    appearance_remember(a, entry);
    line->state = LINE_SAME;
    appearance_put_on(a, NOT_REMEMBERED, line->stored, a->lines.len);
    return RC_OK;
}

enum rc appearance_choose(struct appearance *a, const char *user_id, enum appearance_choice choice,
                          struct err *err)
{
    size_t at = find_conflict(a, user_id);
    uint32_t step = appearance_new_step(a);
    enum rc rc = RC_OK;
    if (at == NO_LINE)
        return err_set(err, RC_NOT_FOUND, "there is no such line in conflict");
    appearance_forget_refusal(&a->lines.items[at]);
    if (choice == CHOOSE_MINE)
        choose_mine(a, step, at);
    else if (choice == CHOOSE_THEIRS)
        choose_theirs(a, step, at);
    else
        rc = choose_both(a, step, at, err);
    a->rev++;
    return rc;
}

size_t appearance_choose_all(struct appearance *a, enum appearance_choice choice)
{
    uint32_t step = appearance_new_step(a);
    size_t count = 0;
    if (choice == CHOOSE_BOTH)
        return 0;
    for (size_t at; (at = find_conflict(a, NULL)) != NO_LINE; count++) {
        if (choice == CHOOSE_MINE)
            choose_mine(a, step, at);
        else
            choose_theirs(a, step, at);
    }
    a->rev += count > 0;
    return count;
}
