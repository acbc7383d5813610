/* Snapshots: what an answer may say, and what is gone when it is done. */
#include "hud_private.h"

#include "callhud/base/buf.h"

#define ENDED_KEY_MAX_BYTES 1024

bool snapshot_is_overtaken(const struct hud *hud, const struct event *event,
                           const struct touch *touch)
{
    return event->is_answer && hud->is_snapshot_open && touch->live > hud->snapshot_at;
}

static bool ended_key(struct buf *key, const struct event *event, const char *call_id)
{
    buf_init(key, ENDED_KEY_MAX_BYTES);
    return call_id ? buf_printf(key, "%s\n%s", event->user_id, call_id)
                   : buf_puts(key, event->user_id);
}

bool snapshot_has_ended(const struct hud *hud, const struct event *event, const char *call_id)
{
    struct buf key;
    if (!hud->is_snapshot_open || !event->is_answer)
        return false;
    bool has_ended = ended_key(&key, event, call_id) && map_get(&hud->ended, buf_text(&key));
    buf_fini(&key);
    return has_ended;
}

void snapshot_note_ended(struct hud *hud, const struct event *event, const char *call_id)
{
    static char mark;
    struct buf key;
    if (!hud->is_snapshot_open || event->is_answer)
        return;
    if (ended_key(&key, event, call_id))
        map_put(&hud->ended, buf_text(&key), &mark);
    buf_fini(&key);
}

void snapshot_forget_ended(struct hud *hud, const struct event *event, const char *call_id)
{
    struct buf key;
    if (!hud->is_snapshot_open || event->is_answer)
        return;
    if (ended_key(&key, event, call_id))
        map_remove(&hud->ended, buf_text(&key));
    buf_fini(&key);
}

void snapshot_ask(struct hud *hud)
{
    snapshot_close(hud);
    hud->is_snapshot_open = true;
    hud->is_snapshot_broken = false;
    hud->snapshot_at = hud->stats.events;
    for (size_t i = 0; i < hud->users.len; i++)
        hud->users.items[i]->before_lamp = hud->users.items[i]->lamp;
}

void snapshot_close(struct hud *hud)
{
    hud->is_snapshot_open = false;
    map_fini(&hud->ended, NULL);
}

void snapshot_note_live(struct hud *hud, struct user *user, enum lamp old)
{
    /* One that was not known before has nothing to be corrected. */
    if (!hud->is_snapshot_open || user->before_lamp == LAMP_COUNT)
        return;
    if (user->before_lamp != old && hud->link.was_synced) {
        struct correction correction = {user, user->before_lamp, old};
        VEC_PUSH(&hud->corrections, correction);
    }
    user->before_lamp = user->lamp;
}

/* Calls that neither the answers nor an event since the question have named are over. */
static unsigned sweep_calls(struct hud *hud, struct user *user)
{
    unsigned bits = 0;
    for (size_t i = user->calls.len; i-- > 0;) {
        if (user->calls.items[i].touched.any > hud->snapshot_at)
            continue;
        call_fini(&user->calls.items[i]);
        VEC_REMOVE(&user->calls, i);
        bits = HUD_CHANGED_CALLS;
    }
    return user_sweep_beyond(user, hud->snapshot_at) ? HUD_CHANGED_CALLS : bits;
}

static unsigned sweep(struct hud *hud, const struct event *event, int64_t now_ms)
{
    /* To the users, what the sweep changes was told by the snapshot. */
    struct event answer = *event;
    answer.is_answer = true;
    unsigned bits = 0;
    for (size_t i = hud->users.len; i-- > 0;) {
        struct user *user = hud->users.items[i];
        if (user->named <= hud->snapshot_at) {
            user_remove(hud, user);
            bits |= HUD_CHANGED_USERS;
            continue;
        }
        unsigned calls = sweep_calls(hud, user);
        if (!calls)
            continue;
        user_mark(hud, user);
        bits |= calls | user_refresh(hud, user, &answer, now_ms);
    }
    return bits;
}

static void count_corrections(struct hud *hud)
{
    for (size_t i = 0; i < hud->users.len && hud->link.was_synced; i++) {
        struct user *user = hud->users.items[i];
        bool is_new = user->before_lamp == LAMP_COUNT;
        if (is_new || user->before_lamp == user->lamp)
            continue;
        struct correction correction = {user, user->before_lamp, user->lamp};
        VEC_PUSH(&hud->corrections, correction);
    }
    hud->stats.last_corrected = hud->corrections.len;
    hud->stats.corrected += hud->corrections.len;
}

unsigned snapshot_done(struct hud *hud, const struct event *event, int64_t now_ms)
{
    if (!hud->is_snapshot_open || hud->is_snapshot_broken) {
        snapshot_close(hud);
        return 0;
    }
    unsigned bits = HUD_CHANGED_LINK | sweep(hud, event, now_ms);
    count_corrections(hud);
    hud->stats.resyncs++;
    hud->stats.last_corrected_ms = event->at_ms ? event->at_ms : hud_backend_now(hud, now_ms);
    if (hud->link.state == LINK_LIVE || hud->link.state == LINK_POLLING) {
        hud->link.is_synced = hud->link.was_synced = true;
    }
    snapshot_close(hud);
    hud->rev++;
    return bits | users_show(hud, now_ms);
}
