/* What is to be written, and what the backend would not take. */
#include "appearance_private.h"

#include "callhud/base/str.h"

/* Does it stay as it is stored for the time being? */
static bool is_left(const struct appearance_line *line)
{
    return line->state == LINE_CONFLICT || line->refusal;
}

/* The list that the plan makes: a copy in which lines that are left are as they are stored. */
static void put_left_back(struct appearance *copy)
{
    for (size_t i = 0; i < copy->lines.len; i++) {
        struct appearance_line *line = &copy->lines.items[i];
        if (!is_left(line) || appearance_is_reserved(line))
            continue;
        line->here = line->stored;
        if (line->is_moved) {
            /* Before this one or after it: those between shift, so the walk begins again. */
            appearance_to_stored_place(copy, i);
            i = NO_LINE;
        }
    }
    appearance_settle(copy);
}

enum rc appearance_plan(const struct appearance *a, struct appearance_plan *plan, struct err *err)
{
    struct appearance copy;
    size_t stored = 0;
    *plan = (struct appearance_plan){0};
    if (!a->is_read)
        return err_set(err, RC_DENIED, "the stored list was not read yet: it would be lost");
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        stored += line->stored != NULL;
        plan->conflicts += line->state == LINE_CONFLICT;
        plan->refused += line->state != LINE_CONFLICT && is_left(line);
        plan->changes += appearance_is_unsaved(line) && !is_left(line);
    }
    plan->is_needed = plan->changes > 0;
    appearance_copy(&copy, a);
    put_left_back(&copy);
    for (size_t i = 0; i < copy.lines.len; i++) {
        const struct appearance_line *line = &copy.lines.items[i];
        if (!line->here)
            continue;
        struct stored_line one = {.key = line->key,
                                  .is_reserved = appearance_is_reserved(line),
                                  .user = *a->users.items[line->here->index]};
        VEC_PUSH(&plan->lines, one);
    }
    appearance_fini(&copy);
    size_t keys = plan->lines.len;
    if (!a->max_lines || keys <= a->max_lines || keys <= stored)
        return RC_OK;
    appearance_plan_fini(plan);
    return err_set(err, RC_DENIED, "the list has %zu keys, and there is room for %u: remove %zu",
                   keys, (unsigned)a->max_lines, keys - a->max_lines);
}

void appearance_plan_fini(struct appearance_plan *plan)
{
    VEC_FREE(&plan->lines);
    *plan = (struct appearance_plan){0};
}

/* Keys of the list that would be planned that there is no room for. What is stored has room. */
static size_t excess_of(const struct appearance *a)
{
    size_t keys = 0, room = 0;
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        bool is_as_stored = is_left(line) && !appearance_is_reserved(line);
        keys += (is_as_stored ? line->stored : line->here) != NULL;
        room += line->stored != NULL;
    }
    room = room > a->max_lines ? room : a->max_lines;
    return a->max_lines && keys > room ? keys - room : 0;
}

static void refuse(struct appearance *a, struct appearance_line *line, const char *text)
{
    appearance_forget_refusal(line);
    line->refusal = mem_dup(str_is_empty(text) ? "refused" : text);
    a->rev++;
}

void appearance_refuse_excess(struct appearance *a, const char *text, appearance_users *users)
{
    size_t excess = excess_of(a);
    for (size_t i = a->lines.len; excess > 0 && i-- > 0;) {
        struct appearance_line *line = &a->lines.items[i];
        if (line->state != LINE_ADDED || line->refusal)
            continue;
        refuse(a, line, text);
        VEC_PUSH(users, line->here);
        excess--;
    }
}

bool appearance_refuse(struct appearance *a, const char *user_id, const char *text)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        struct appearance_line *line = &a->lines.items[i];
        const struct appearance_user *user = line->here ? line->here : line->stored;
        bool is_sent = appearance_differs(line) && line->state != LINE_CONFLICT;
        if (!is_sent || !str_eq(user->id, user_id))
            continue;
        refuse(a, line, text);
        return true;
    }
    return false;
}

void appearance_retry(struct appearance *a)
{
    for (size_t i = 0; i < a->lines.len; i++) {
        a->rev += a->lines.items[i].refusal != NULL;
        appearance_forget_refusal(&a->lines.items[i]);
    }
}
