/* Our own actions in the hud: what is under way, what the backend can do. */
#include "hud_private.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

const char *user_called(const struct user *user)
{
    return !str_is_empty(user->extension) ? user->extension
           : !str_is_empty(user->name)    ? user->name
                                          : user->id;
}

/* Told, and missing: then nobody's calls can be picked up. */
static bool is_told_missing(const struct capability_fact *fact)
{
    return fact->is_told && fact->level == CAPABILITY_MISSING;
}

unsigned hud_apply_capability(struct hud *hud, const struct event *event)
{
    enum action_kind kind = event->u.capability.kind;
    enum capability level = event->u.capability.level;
    const char *why = event->u.capability.why;
    if ((unsigned)kind >= ACTION_COUNT)
        return 0;
    if (str_is_empty(why))
        why = level == CAPABILITY_MISSING ? "this telephone system has no way to do it" : "";
    struct capability_fact *fact = &hud->capabilities[kind];
    if (fact->is_told && fact->level == level && str_eq(fact->why, why))
        return 0;
    bool was_missing = is_told_missing(fact);
    fact->is_told = true;
    fact->level = level;
    mem_free(fact->why);
    fact->why = mem_dup(why);
    hud->rev++;
    /* Whether a call may be picked up is shown for every user. */
    bool is_for_all = kind == ACTION_PICKUP && (was_missing || is_told_missing(fact));
    for (size_t i = 0; is_for_all && i < hud->users.len; i++)
        user_mark(hud, hud->users.items[i]);
    return HUD_CHANGED_ACTION;
}

unsigned hud_apply_right(struct hud *hud, struct user *user, const struct event *event)
{
    enum right right = event->u.right.right;
    const char *why = event->u.right.why;
    if ((unsigned)right >= RIGHT_COUNT ||
        snapshot_is_overtaken(hud, event, &user->touched_rights[right]))
        return 0;
    fact_touch(hud, &user->touched_rights[right], event);
    if (event->u.right.is_allowed)
        why = NULL;
    else if (str_is_empty(why))
        why = "you may not do it with this user: ask who gives you your rights";
    char **denied = &user->denied[right];
    if (str_eq(why, *denied))
        return 0;
    mem_free(*denied);
    *denied = mem_dup(why);
    return HUD_CHANGED_ACTION;
}

/* True when what is pending has changed. An older action's end leaves the newer one of its kind. */
static bool note_pending(struct user *user, const struct event *event)
{
    enum action_kind kind = event->u.action.kind;
    uint32_t id = event->u.action.id;
    unsigned bit = 1U << kind, old = user->pending;
    switch (event->u.action.stage) {
    case ACTION_ASKED:
        user->pending |= bit;
        user->pending_ids[kind] = id;
        break;
    case ACTION_CONFIRMED:
    case ACTION_ENDED:
    case ACTION_FAILED:
        if (user->pending_ids[kind] == id)
            user->pending &= ~bit;
        break;
    case ACTION_PHONE:
    case ACTION_UNSURE: break;
    }
    return user->pending != old;
}

static void mark_by_id(struct hud *hud, const char *id)
{
    struct user *user = user_find(hud, id);
    if (user)
        user_mark(hud, user);
}

unsigned hud_apply_self(struct hud *hud, const struct event *event)
{
    const char *id = str_is_empty(event->user_id) ? NULL : event->user_id;
    char phone[sizeof hud->own_phone];
    (void)str_copy(phone, sizeof phone, event->u.self.phone ? event->u.self.phone : "");
    char extension[sizeof hud->own_extension];
    (void)str_copy(extension, sizeof extension,
                   event->u.self.extension ? event->u.self.extension : "");
    bool is_same_id = str_eq(id, hud->own_id);
    if (is_same_id && str_eq(phone, hud->own_phone) && str_eq(extension, hud->own_extension))
        return 0;
    bool *was_own = mem_zero(hud->users.len + 1, sizeof *was_own);
    for (size_t i = 0; i < hud->users.len; i++)
        was_own[i] = hud_is_own(hud, hud->users.items[i]);
    memcpy(hud->own_phone, phone, sizeof phone);
    memcpy(hud->own_extension, extension, sizeof extension);
    hud->rev++;
    if (!is_same_id) {
        mem_free(hud->own_id);
        hud->own_id = mem_dup(id);
    }
    /* Whose calls cannot be picked up since they are our own is shown. */
    for (size_t i = 0; i < hud->users.len; i++) {
        struct user *user = hud->users.items[i];
        if (was_own[i] != hud_is_own(hud, user))
            user_mark(hud, user);
    }
    mem_free(was_own);
    return HUD_CHANGED_ACTION;
}

unsigned hud_apply_action(struct hud *hud, const struct event *event, int64_t now_ms)
{
    if ((unsigned)event->u.action.kind >= ACTION_COUNT)
        return 0;
    struct user *user = user_find(hud, event->user_id);
    bool is_other = user && note_pending(user, event);
    if (is_other)
        user_mark(hud, user);
    char *before = mem_dup(hud->supervision.user_id);
    if (supervision_apply(&hud->supervision, event, now_ms)) {
        is_other = true;
        hud->rev++;
        mark_by_id(hud, event->user_id);
        mark_by_id(hud, before);
        mark_by_id(hud, hud->supervision.user_id);
    }
    mem_free(before);
    return is_other ? HUD_CHANGED_ACTION : 0;
}
