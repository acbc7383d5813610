/* One event into the hud: find, compare, write. */
#include "hud_private.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#define OFFSET_WINDOW_MS 60000
#define OFFSET_STEP_MS 60000 /* no event is so late: a clock was set, or one stamp was wrong */

/* ---- small comparisons ----------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* True when the text changed. */
static bool set_text(char **field, const char *text)
{
    if (str_eq(*field, or_empty(text)))
        return false;
    mem_free(*field);
    *field = mem_dup(or_empty(text));
    return true;
}

void fact_touch(const struct hud *hud, struct touch *touch, const struct event *event)
{
    touch->any = hud->stats.events;
    if (!event->is_answer)
        touch->live = hud->stats.events;
}

/* What was told before the backend's time was known has been so at least since now. */
static void see_undated(struct hud *hud, int64_t now_ms)
{
    int64_t seen_ms = now_ms + hud->offset_ms;
    for (size_t i = 0; i < hud->users.len; i++) {
        struct user *user = hud->users.items[i];
        for (size_t k = 0; k < user->calls.len; k++) {
            struct call *call = &user->calls.items[k];
            call->seen_ms = call->seen_ms ? call->seen_ms : seen_ms;
        }
        user_sort_calls(user);
        user->seen_ms = user->seen_ms ? user->seen_ms : seen_ms;
    }
}

/* The backend's clock against ours: the best sample of this minute and the last one. A delayed
 * event gives a smaller sample, so the largest is the nearest to the truth. What is much smaller
 * begins anew: a stamp from the future, or a clock set back, must not last for minutes. */
static void note_time(struct hud *hud, int64_t at_ms, int64_t now_ms)
{
    int64_t sample = at_ms - now_ms;
    if (at_ms <= 0)
        return;
    bool is_first = !hud->has_offset;
    if (hud->has_offset && hud->offset_ms - sample > OFFSET_STEP_MS)
        hud->has_offset = false;
    if (!hud->has_offset || now_ms - hud->window_start_ms >= OFFSET_WINDOW_MS) {
        hud->has_last_window =
            hud->has_offset && now_ms - hud->window_start_ms < 2 * OFFSET_WINDOW_MS;
        hud->window_last_best_ms = hud->window_best_ms;
        hud->window_best_ms = sample;
        hud->window_start_ms = now_ms;
    } else if (sample > hud->window_best_ms) {
        hud->window_best_ms = sample;
    }
    hud->has_offset = true;
    hud->offset_ms = hud->window_best_ms;
    if (hud->has_last_window && hud->window_last_best_ms > hud->offset_ms)
        hud->offset_ms = hud->window_last_best_ms;
    if (is_first)
        see_undated(hud, now_ms);
}

/* ---- the link -------------------------------------------------------------------------------- */

static unsigned apply_link(struct hud *hud, const struct event *event, int64_t now_ms)
{
    struct link *link = &hud->link;
    enum link_state state = event->u.link.state;
    bool is_other = link->state != state;
    bool is_up = state == LINK_LIVE || state == LINK_POLLING;
    unsigned bits = set_text(&link->text, event->u.link.text) ? HUD_CHANGED_LINK : 0;
    /* Who became stale while polling was so before this. */
    if (link->state == LINK_POLLING)
        bits |= users_show(hud, now_ms);
    if (is_other || link->retry_ms != event->u.link.retry_ms)
        bits |= HUD_CHANGED_LINK;
    if (is_other)
        link->changed_ms = now_ms;
    link->state = state;
    link->retry_ms = event->u.link.retry_ms;
    if (state == LINK_LIVE)
        link->heard_ms = now_ms;
    if (!is_up) {
        link->unsynced_at = hud->stats.events;
        hud->is_snapshot_broken = true;
        link_unsync(hud, now_ms);
    }
    if (is_other)
        bits |= users_show(hud, now_ms);
    if (bits)
        hud->rev++;
    return bits;
}

static unsigned apply_gap(struct hud *hud, int64_t now_ms)
{
    hud->link.unsynced_at = hud->stats.events;
    hud->is_snapshot_broken = true;
    if (!link_unsync(hud, now_ms))
        return 0;
    hud->rev++;
    return HUD_CHANGED_LINK | users_show(hud, now_ms);
}

static unsigned apply_settings(struct hud *hud, const struct event *event)
{
    const struct monitor_settings *new = &event->u.settings;
    struct monitor_settings *old = &hud->settings;
    if (old->ring_when_monitored_rings == new->ring_when_monitored_rings &&
        old->pick_up_held_lines == new->pick_up_held_lines &&
        old->ring_locks_hold == new->ring_locks_hold)
        return 0;
    *old = *new;
    /* What may be picked up is shown for every user. */
    for (size_t i = 0; i < hud->users.len; i++)
        user_mark(hud, hud->users.items[i]);
    hud->rev++;
    return HUD_CHANGED_SETTINGS;
}

/* ---- a user ---------------------------------------------------------------------------------- */

/* An answer that carries something of the lamp: a name or a right says nothing of it. */
static void note_answer(struct user *user, const struct event *event, int64_t now_ms)
{
    bool is_of_lamp = event->kind == EVENT_PRESENCE || event->kind == EVENT_DND ||
                      event->kind == EVENT_CALL || event->kind == EVENT_CALL_ENDED ||
                      event->kind == EVENT_CALLS_WITHHELD;
    if (!event->is_answer || !is_of_lamp)
        return;
    user->is_answered = true;
    user->answered_ms = now_ms;
}

static unsigned apply_user(struct hud *hud, const struct event *event, int64_t now_ms)
{
    struct user *user = user_find(hud, event->user_id);
    unsigned bits = 0;
    if (snapshot_has_ended(hud, event, NULL))
        return 0;
    snapshot_forget_ended(hud, event, NULL);
    if (!user) {
        user = user_add(hud, event->user_id, or_empty(event->u.user.extension));
        user->before_lamp = LAMP_COUNT;
        bits = HUD_CHANGED_USERS;
    }
    user->named = hud->stats.events;
    if (!snapshot_is_overtaken(hud, event, &user->touched_user)) {
        const char *department = department_intern(hud, event->u.user.department);
        bool is_other = set_text(&user->extension, event->u.user.extension);
        is_other |= set_text(&user->name, event->u.user.name);
        is_other |= user->department != department || user->line != event->u.user.line;
        user->department = department;
        user->line = event->u.user.line;
        fact_touch(hud, &user->touched_user, event);
        if (is_other)
            bits |= HUD_CHANGED_USER;
    }
    if (bits & HUD_CHANGED_USERS)
        bits |= user_refresh(hud, user, event, now_ms);
    bits |= user_show(hud, user, now_ms);
    if (bits)
        user_mark(hud, user);
    return bits;
}

static unsigned apply_presence(struct hud *hud, struct user *user, const struct event *event,
                               int64_t now_ms)
{
    if (snapshot_is_overtaken(hud, event, &user->touched_presence))
        return 0;
    fact_touch(hud, &user->touched_presence, event);
    bool is_other = user->presence != event->u.presence.presence;
    is_other |= set_text(&user->presence_note, event->u.presence.note);
    user->presence = event->u.presence.presence;
    user->is_heard = true;
    unsigned bits = user_refresh(hud, user, event, now_ms);
    if (is_other)
        bits |= HUD_CHANGED_USER;
    return bits;
}

static unsigned apply_dnd(struct hud *hud, struct user *user, const struct event *event,
                          int64_t now_ms)
{
    if (snapshot_is_overtaken(hud, event, &user->touched_dnd))
        return 0;
    bool is_other = user->is_dnd != event->u.dnd.is_on || !user->touched_dnd.any;
    fact_touch(hud, &user->touched_dnd, event);
    user->is_dnd = event->u.dnd.is_on;
    user->is_heard = true;
    unsigned bits = user_refresh(hud, user, event, now_ms);
    return is_other ? bits | HUD_CHANGED_USER : bits;
}

static bool devices_equal(const struct user *user, const struct event *event)
{
    if (user->devices_len != event->u.devices.len)
        return false;
    for (size_t i = 0; i < user->devices_len; i++) {
        if (user->devices[i].is_online != event->u.devices.items[i].is_online ||
            !str_eq(user->devices[i].name, event->u.devices.items[i].name))
            return false;
    }
    return true;
}

static unsigned apply_devices(struct hud *hud, struct user *user, const struct event *event)
{
    size_t len = event->u.devices.len;
    if (snapshot_is_overtaken(hud, event, &user->touched_devices))
        return 0;
    fact_touch(hud, &user->touched_devices, event);
    if (devices_equal(user, event))
        return 0;
    for (size_t i = 0; i < user->devices_len; i++)
        mem_free((char *)(uintptr_t)user->devices[i].name);
    mem_free(user->devices);
    user->devices = len ? mem_zero(len, sizeof *user->devices) : NULL;
    user->devices_len = len;
    for (size_t i = 0; i < len; i++) {
        user->devices[i].name = mem_dup(or_empty(event->u.devices.items[i].name));
        user->devices[i].is_online = event->u.devices.items[i].is_online;
    }
    return HUD_CHANGED_USER;
}

static unsigned apply_withheld(struct hud *hud, struct user *user, const struct event *event,
                               int64_t now_ms)
{
    if (snapshot_is_overtaken(hud, event, &user->touched_withheld))
        return 0;
    fact_touch(hud, &user->touched_withheld, event);
    bool is_other = user->is_withheld != event->u.withheld.is_withheld;
    user->is_withheld = event->u.withheld.is_withheld;
    unsigned bits = user_refresh(hud, user, event, now_ms);
    return is_other ? bits | HUD_CHANGED_CALLS : bits;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct call *call_find(struct user *user, const char *id)
{
    for (size_t i = 0; i < user->calls.len; i++) {
        if (str_eq(user->calls.items[i].id, id))
            return &user->calls.items[i];
    }
    return NULL;
}

static struct call *call_add(struct user *user, const char *id)
{
    struct call call = {.id = mem_dup(id), .number = mem_dup(""), .name = mem_dup("")};
    VEC_PUSH(&user->calls, call);
    return &user->calls.items[user->calls.len - 1];
}

static bool set_supervisors(struct call *call, const struct event *event)
{
    size_t len = event->u.call.supervisors_len;
    const struct supervisor *new = event->u.call.supervisors;
    bool is_same = call->supervisors_len == len;
    for (size_t i = 0; is_same && i < len; i++) {
        is_same = call->supervisors[i].mode ==
                  new[i].mode &&str_eq(call->supervisors[i].extension, or_empty(new[i].extension));
    }
    if (is_same)
        return false;
    for (size_t i = 0; i < call->supervisors_len; i++)
        mem_free((char *)(uintptr_t)call->supervisors[i].extension);
    mem_free(call->supervisors);
    call->supervisors = len ? mem_zero(len, sizeof *call->supervisors) : NULL;
    call->supervisors_len = len;
    for (size_t i = 0; i < len; i++) {
        call->supervisors[i].extension = mem_dup(or_empty(new[i].extension));
        call->supervisors[i].mode = new[i].mode;
    }
    return true;
}

/* The beginning of the state: told, or seen when the event is live; the same state told again keeps
 * what was told first. */
static bool set_state(struct hud *hud, struct call *call, const struct event *event, bool is_new,
                      int64_t now_ms)
{
    enum call_state state = event->u.call.state;
    int64_t told_ms = event->u.call.since_ms;
    if (!is_new && call->state == state) {
        if (call->since_ms || !told_ms)
            return false;
        call->since_ms = told_ms;
        return true;
    }
    call->state = state;
    call->since_ms = told_ms ? told_ms : event->is_answer ? 0 : event->at_ms;
    call->seen_ms = event->at_ms ? event->at_ms : hud_backend_now(hud, now_ms);
    return true;
}

/* A call that rings or is held goes before a less urgent one that is kept: the lamp is always true.
 */
static bool make_room(const struct hud *hud, struct user *user, const struct event *event)
{
    enum call_state state = event->u.call.state;
    struct call *last = &user->calls.items[user->calls.len - 1];
    bool is_waiting = state == CALL_RINGING || state == CALL_HELD || state == CALL_PARKED;
    if (!is_waiting || (last->state != CALL_CONNECTED && last->state != CALL_DIALLING))
        return false;
    user_note_beyond(user, last->id, hud->stats.events);
    call_fini(last);
    user->calls.len--;
    return true;
}

static unsigned apply_call(struct hud *hud, struct user *user, const struct event *event,
                           int64_t now_ms)
{
    const char *id = event->u.call.id;
    if (str_is_empty(id) || snapshot_has_ended(hud, event, id))
        return 0;
    struct call *call = call_find(user, id);
    bool is_new = !call;
    if (call && snapshot_is_overtaken(hud, event, &call->touched))
        return 0;
    snapshot_forget_ended(hud, event, id);
    if (is_new && user->calls.len >= HUD_CALLS_PER_USER_MAX && !make_room(hud, user, event))
        return user_note_beyond(user, id, hud->stats.events) ? HUD_CHANGED_CALLS : 0;
    if (is_new) {
        user_forget_beyond(user, id);
        call = call_add(user, id);
    }
    fact_touch(hud, &call->touched, event);
    user->is_heard = true;

    bool is_other = set_state(hud, call, event, is_new, now_ms);
    is_other |= set_text(&call->number, event->u.call.number);
    is_other |= set_text(&call->name, event->u.call.name);
    is_other |= set_supervisors(call, event);
    is_other |= call->direction != event->u.call.direction ||
                call->is_recorded != event->u.call.is_recorded;
    call->direction = event->u.call.direction;
    call->is_recorded = event->u.call.is_recorded;
    call->is_recording_unsaid = event->u.call.is_recording_unsaid;
    call->is_summons = event->u.call.is_summons;
    if (event->u.call.connected_ms && !call->connected_ms)
        call->connected_ms = event->u.call.connected_ms;
    user_sort_calls(user);
    unsigned bits = user_refresh(hud, user, event, now_ms);
    return is_other || is_new ? bits | HUD_CHANGED_CALLS : bits;
}

static unsigned apply_ended(struct hud *hud, struct user *user, const struct event *event,
                            int64_t now_ms)
{
    const char *id = event->u.ended.id;
    if (str_is_empty(id))
        return 0;
    snapshot_note_ended(hud, event, id);
    struct call *call = call_find(user, id);
    if (!call) {
        return user_forget_beyond(user, id) ? HUD_CHANGED_CALLS : 0;
    }
    if (snapshot_is_overtaken(hud, event, &call->touched))
        return 0;
    call_fini(call);
    VEC_REMOVE(&user->calls, (size_t)(call - user->calls.items));
    return HUD_CHANGED_CALLS | user_refresh(hud, user, event, now_ms);
}

const char *hud_taken_by(const struct hud *hud, const char *user_id, const char *call_id)
{
    for (size_t age = 1; age <= HUD_TAKEN_MAX; age++) {
        size_t at = (hud->taken_at + HUD_TAKEN_MAX - age) % HUD_TAKEN_MAX;
        if (hud->taken[at].by && str_eq(hud->taken[at].user_id, user_id) &&
            str_eq(hud->taken[at].call_id, call_id))
            return hud->taken[at].by;
    }
    return "";
}

/* Of no user's shown state: who asks is told. */
static unsigned note_taken(struct hud *hud, const struct event *event)
{
    const char *by = event->u.ended.taken_by;
    if (event->kind != EVENT_CALL_ENDED || str_is_empty(by) || str_is_empty(event->u.ended.id) ||
        !user_find(hud, event->user_id) ||
        str_eq(hud_taken_by(hud, event->user_id, event->u.ended.id), by))
        return 0;
    size_t at = hud->taken_at;
    hud->taken_at = (at + 1) % HUD_TAKEN_MAX;
    set_text(&hud->taken[at].user_id, event->user_id);
    set_text(&hud->taken[at].call_id, event->u.ended.id);
    set_text(&hud->taken[at].by, by);
    return HUD_CHANGED_ACTION;
}

static unsigned apply_lack(struct hud *hud, const struct event *event)
{
    char **lack = &hud->lacks[event->u.lack.what];
    const char *text = or_empty(event->u.lack.text);
    if (str_eq(or_empty(*lack), text))
        return 0;
    mem_free(*lack);
    *lack = *text ? mem_dup(text) : NULL;
    hud->rev++;
    return HUD_CHANGED_SETTINGS;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static unsigned apply_fact(struct hud *hud, struct user *user, const struct event *event,
                           int64_t now_ms)
{
    switch (event->kind) {
    case EVENT_PRESENCE: return apply_presence(hud, user, event, now_ms);
    case EVENT_DND: return apply_dnd(hud, user, event, now_ms);
    case EVENT_DEVICES: return apply_devices(hud, user, event);
    case EVENT_CALL: return apply_call(hud, user, event, now_ms);
    case EVENT_CALL_ENDED: return apply_ended(hud, user, event, now_ms);
    case EVENT_CALLS_WITHHELD: return apply_withheld(hud, user, event, now_ms);
    case EVENT_RIGHT: return hud_apply_right(hud, user, event);
    default: return 0;
    }
}

static unsigned apply_to_user(struct hud *hud, const struct event *event, int64_t now_ms)
{
    struct user *user = user_find(hud, event->user_id);
    if (!user)
        return 0;
    if (event->kind == EVENT_USER_GONE) {
        if (snapshot_is_overtaken(hud, event, &user->touched_user))
            return 0;
        snapshot_note_ended(hud, event, NULL);
        user_remove(hud, user);
        return HUD_CHANGED_USERS;
    }
    note_answer(user, event, now_ms);
    if (!event->is_answer)
        user->named = hud->stats.events;
    unsigned bits = apply_fact(hud, user, event, now_ms) | user_show(hud, user, now_ms);
    if (bits)
        user_mark(hud, user);
    return bits;
}

unsigned hud_apply(struct hud *hud, const struct event *event, int64_t now_ms)
{
    hud->stats.events++;
    note_time(hud, event->at_ms, now_ms);
    switch (event->kind) {
    case EVENT_LINK: return apply_link(hud, event, now_ms);
    case EVENT_HEARD: hud->link.heard_ms = now_ms; return 0;
    case EVENT_GAP: return apply_gap(hud, now_ms);
    case EVENT_SNAPSHOT_ASKED:
        hud->corrections.len = 0;
        snapshot_ask(hud);
        return 0;
    case EVENT_SNAPSHOT_DONE: return snapshot_done(hud, event, now_ms);
    case EVENT_SNAPSHOT_FAILED: snapshot_close(hud); return 0;
    case EVENT_SETTINGS: return apply_settings(hud, event);
    case EVENT_CAPABILITY: return hud_apply_capability(hud, event);
    case EVENT_SELF: return hud_apply_self(hud, event);
    case EVENT_LACK: return apply_lack(hud, event);
    case EVENT_DESK: /* not the model's: whoever keeps the list asks anew */ return 0;
    case EVENT_ACTION: return hud_apply_action(hud, event, now_ms);
    case EVENT_USER: return str_is_empty(event->user_id) ? 0 : apply_user(hud, event, now_ms);
    default: return apply_to_user(hud, event, now_ms) | note_taken(hud, event);
    }
}
