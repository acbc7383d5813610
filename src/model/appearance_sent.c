/* What was handed to the backend, and edited here before its answer: the answer's news are our own
 * doing, and the edits are edits of it. */
#include "appearance_private.h"

#include "callhud/base/str.h"

typedef VEC(const struct appearance_user *) user_list;

void appearance_sent(struct appearance *a, const struct appearance_plan *plan)
{
    a->sent.len = 0;
    a->is_sent = plan != NULL;
    for (size_t i = 0; plan && i < plan->lines.len; i++) {
        const struct stored_line *line = &plan->lines.items[i];
        const struct appearance_user *user =
            appearance_find_user(a, line->user.id, line->user.twin);
        if (user && !line->is_reserved)
            VEC_PUSH(&a->sent, user);
    }
    a->rev++;
}

static bool is_sent(const struct appearance *a, const struct appearance_user *user)
{
    for (size_t i = 0; i < a->sent.len; i++)
        if (a->sent.items[i] == user)
            return true;
    return false;
}

static bool is_there(const struct stored_line *lines, size_t len, const char *id)
{
    for (size_t i = 0; i < len; i++)
        if (!lines[i].is_reserved && str_eq(lines[i].user.id, id))
            return true;
    return false;
}

/* Is the backend's list the very one that was sent? */
static bool is_as_sent(const struct appearance *a, const struct stored_line *lines, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        if (lines[i].is_reserved)
            continue;
        if (at == a->sent.len || !str_eq(a->sent.items[at]->id, lines[i].user.id))
            return false;
        at++;
    }
    return at == a->sent.len;
}

/* Is it the list that was read last? Then what was sent may still be on its way. */
static bool is_as_read(const struct appearance *a, const struct stored_line *lines, size_t len)
{
    size_t stored = 0, same = 0;
    for (size_t i = 0; i < a->lines.len; i++)
        stored += a->lines.items[i].stored && !appearance_is_reserved(&a->lines.items[i]);
    for (size_t i = 0; i < len; i++) {
        if (lines[i].is_reserved)
            continue;
        const struct appearance_user *user = appearance_find_user(a, lines[i].user.id, 0);
        size_t at = user ? appearance_at_stored(a, user) : NO_LINE;
        if (at == NO_LINE || a->lines.items[at].stored_key != lines[i].key)
            return false;
        same++;
    }
    return same == stored;
}

static bool has_conflict(const struct appearance *a)
{
    return appearance_count(a).conflicts > 0;
}

/* Who is here, by key. */
static void list_here(const struct appearance *a, user_list *out)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (line->here && !appearance_is_reserved(line))
            VEC_PUSH(out, line->here);
    }
}

/* Nobody else has changed anything: what is here stays, as edits of what is stored now. */
static void keep_here(struct appearance *a, const user_list *here)
{
    VEC(struct appearance_user) users = {0};
    size_t undo_len = a->undo.len;
    (void)appearance_choose_all(a, CHOOSE_MINE);
    for (size_t i = 0; i < here->len; i++)
        VEC_PUSH(&users, *here->items[i]);
    (void)appearance_replace(a, users.items, users.len, NULL);
    a->undo.len = undo_len < a->undo.len ? undo_len : a->undo.len;
    VEC_FREE(&users);
}

/* Added by what was sent and removed here since; removed by it and added here since. */
static void sort_out(const struct appearance *a, const struct stored_line *lines, size_t len,
                     user_list *off, user_list *on)
{
    for (size_t i = 0; i < a->sent.len; i++) {
        const struct appearance_user *user = a->sent.items[i];
        if (appearance_at_here(a, user) == NO_LINE && appearance_at_stored(a, user) == NO_LINE &&
            is_there(lines, len, user->id))
            VEC_PUSH(off, user);
    }
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (line->here && line->here == line->stored && !appearance_is_reserved(line) &&
            !is_sent(a, line->here) && !is_there(lines, len, line->here->id))
            VEC_PUSH(on, line->here);
    }
}

static void put_back(struct appearance *a, const user_list *off, const user_list *on)
{
    for (size_t i = 0; i < off->len; i++) {
        size_t at = appearance_at_here(a, off->items[i]);
        if (at != NO_LINE)
            appearance_take_off(a, NOT_REMEMBERED, at);
    }
    for (size_t i = 0; i < on->len; i++) {
        size_t at = appearance_at_here(a, on->items[i]), undo_len = a->undo.len;
        if (at == NO_LINE)
            appearance_put_on(a, NOT_REMEMBERED, on->items[i], a->lines.len);
        else if (a->lines.items[at].state == LINE_CONFLICT) /* with ourselves */
            (void)appearance_choose(a, on->items[i]->id, CHOOSE_MINE, NULL);
        a->undo.len = undo_len < a->undo.len ? undo_len : a->undo.len;
    }
}

enum rc appearance_merge(struct appearance *a, const struct stored_line *lines, size_t len,
                         int64_t at_ms, struct appearance_news *news, struct err *err)
{
    user_list here = {0}, off = {0}, on = {0};
    struct appearance_news mine = {0};
    bool is_on_its_way = a->is_sent && is_as_read(a, lines, len);
    bool is_ours = a->is_sent && !is_on_its_way && is_as_sent(a, lines, len) && !has_conflict(a);
    if (is_ours)
        list_here(a, &here);
    else if (a->is_sent && !is_on_its_way)
        sort_out(a, lines, len, &off, &on);
    enum rc rc = appearance_merge_lines(a, lines, len, at_ms, &mine, err);
    if (rc == RC_OK && is_ours && (mine.taken > 0 || mine.conflicts > 0)) {
        keep_here(a, &here);
        mine.taken = mine.conflicts = 0;
    }
    if (rc == RC_OK) {
        put_back(a, &off, &on);
        if (a->is_sent && !is_on_its_way)
            appearance_sent(a, NULL);
    }
    if (news)
        *news = mine;
    VEC_FREE(&here);
    VEC_FREE(&off);
    VEC_FREE(&on);
    return rc;
}
