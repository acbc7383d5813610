/* The bell for ringing users: late, seldom, and silent when asked to be. */
#include "callhud/ui/ui_priv.h"

static struct bell_ring *ring_of(struct bell *bell, const char *id)
{
    for (size_t i = 0; i < bell->rings.len; i++)
        if (str_eq(bell->rings.items[i].id, id))
            return &bell->rings.items[i];
    return NULL;
}

static bool is_sounding(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    return !view.is_stale && lamp_sounds(view.lamp, &hud->settings) && hud_has_caller(user);
}

/* Whoever begins to ring has changed; whoever rings may have ceased to by the mere passing of
 * time. */
static void scan(struct bell *bell, const struct hud *hud, int64_t now_ms)
{
    for (size_t i = bell->rings.len; i-- > 0;) {
        const struct user *user = hud_user_by_id(hud, bell->rings.items[i].id);
        if (user == NULL || !is_sounding(hud, user, now_ms)) {
            mem_free(bell->rings.items[i].id);
            VEC_REMOVE(&bell->rings, i);
        }
    }
    for (size_t i = 0; i < hud->changed.len; i++) {
        const struct user *user = hud->changed.items[i];
        if (!is_sounding(hud, user, now_ms) || ring_of(bell, user->id) != NULL)
            continue;
        struct bell_ring made = {.id = mem_dup(user->id), .first_ms = now_ms};
        VEC_PUSH(&bell->rings, made);
    }
}

/* bell = auto: the supervisor's own phone rings for it already. */
static bool is_own_phone_ringing(const struct hud *hud, const struct ui_settings *settings,
                                 int64_t now_ms)
{
    const char *extension =
        str_is_empty(settings->phone_extension) ? hud->own_extension : settings->phone_extension;
    const struct user *own = str_is_empty(extension) ? NULL : hud_user_by_extension(hud, extension);

    return own != NULL && hud_lamp(hud, own, now_ms).lamp == LAMP_RINGING;
}

int64_t bell_next_ms(const struct bell *bell, const struct ui_settings *settings, int64_t now_ms)
{
    int64_t due_ms = INT64_MAX;

    (void)now_ms;
    if (settings->bell == BELL_OFF || bell->is_muted)
        return INT64_MAX;
    for (size_t i = 0; i < bell->rings.len; i++)
        if (bell->rings.items[i].first_ms + BELL_DELAY_MS < due_ms)
            due_ms = bell->rings.items[i].first_ms + BELL_DELAY_MS;
    if (due_ms != INT64_MAX && bell->has_sounded && due_ms < bell->last_ms + BELL_EVERY_MS)
        due_ms = bell->last_ms + BELL_EVERY_MS;
    return due_ms;
}

bool bell_tick(struct bell *bell, const struct hud *hud, const struct ui_settings *settings,
               int64_t now_ms)
{
    scan(bell, hud, now_ms);
    if (bell_next_ms(bell, settings, now_ms) > now_ms)
        return false;
    bell->last_ms = now_ms;
    bell->has_sounded = true;
    return settings->bell == BELL_ON || !is_own_phone_ringing(hud, settings, now_ms);
}

void bell_fini(struct bell *bell)
{
    for (size_t i = 0; i < bell->rings.len; i++)
        mem_free(bell->rings.items[i].id);
    VEC_FREE(&bell->rings);
}
