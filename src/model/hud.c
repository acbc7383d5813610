/* The hud: users and calls, what is shown of them, and the passing of time. */
#include "hud_private.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdlib.h>

/* ---- life ------------------------------------------------------------------------------------ */

void hud_init(struct hud *hud)
{
    memset(hud, 0, sizeof *hud);
    hud->link.text = mem_dup("");
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        hud->capabilities[kind].why = mem_dup("not connected yet");
}

void call_fini(struct call *call)
{
    mem_free(call->id);
    mem_free(call->number);
    mem_free(call->name);
    for (size_t i = 0; i < call->supervisors_len; i++)
        mem_free((char *)(uintptr_t)call->supervisors[i].extension);
    mem_free(call->supervisors);
}

static void user_free(struct user *user)
{
    for (size_t i = 0; i < user->calls.len; i++)
        call_fini(&user->calls.items[i]);
    VEC_FREE(&user->calls);
    map_fini(&user->beyond, NULL);
    for (size_t i = 0; i < user->devices_len; i++)
        mem_free((char *)(uintptr_t)user->devices[i].name);
    mem_free(user->devices);
    for (int right = 0; right < RIGHT_COUNT; right++)
        mem_free(user->denied[right]);
    mem_free(user->id);
    mem_free(user->extension);
    mem_free(user->name);
    mem_free(user->presence_note);
    mem_free(user);
}

void hud_fini(struct hud *hud)
{
    hud_changed_clear(hud);
    VEC_FREE(&hud->changed);
    VEC_FREE(&hud->gone);
    VEC_FREE(&hud->corrections);
    map_fini(&hud->ended, NULL);
    map_fini(&hud->by_id, NULL);
    for (size_t i = 0; i < hud->users.len; i++)
        user_free(hud->users.items[i]);
    VEC_FREE(&hud->users);
    for (size_t i = 0; i < hud->departments.len; i++)
        mem_free(hud->departments.items[i]);
    VEC_FREE(&hud->departments);
    mem_free(hud->link.text);
    mem_free(hud->own_id);
    for (int lack = 0; lack < LACK_COUNT; lack++)
        mem_free(hud->lacks[lack]);
    for (size_t i = 0; i < HUD_TAKEN_MAX; i++) {
        mem_free(hud->taken[i].user_id);
        mem_free(hud->taken[i].call_id);
        mem_free(hud->taken[i].by);
    }
    supervision_fini(&hud->supervision);
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        mem_free(hud->capabilities[kind].why);
    memset(hud, 0, sizeof *hud);
}

void hud_changed_clear(struct hud *hud)
{
    for (size_t i = 0; i < hud->changed.len; i++)
        hud->changed.items[i]->is_changed = false;
    hud->changed.len = 0;
    for (size_t i = 0; i < hud->gone.len; i++)
        mem_free(hud->gone.items[i]);
    hud->gone.len = 0;
}

/* ---- users ----------------------------------------------------------------------------------- */

struct user *user_find(const struct hud *hud, const char *id)
{
    return id ? map_get(&hud->by_id, id) : NULL;
}

const struct user *hud_user_by_id(const struct hud *hud, const char *id)
{
    return user_find(hud, id);
}

const struct user *hud_user_by_extension(const struct hud *hud, const char *extension)
{
    for (size_t i = 0; i < hud->users.len; i++) {
        if (str_eq(hud->users.items[i]->extension, extension))
            return hud->users.items[i];
    }
    return NULL;
}

const char *department_intern(struct hud *hud, const char *name)
{
    if (str_is_empty(name))
        return "";
    for (size_t i = 0; i < hud->departments.len; i++) {
        if (str_eq(hud->departments.items[i], name))
            return hud->departments.items[i];
    }
    VEC_PUSH(&hud->departments, mem_dup(name));
    return hud->departments.items[hud->departments.len - 1];
}

struct user *user_add(struct hud *hud, const char *id, const char *extension)
{
    struct user *user = mem_zero(1, sizeof *user);
    user->id = mem_dup(id);
    user->extension = mem_dup(extension);
    user->name = mem_dup("");
    user->department = "";
    user->presence_note = mem_dup("");
    user->lamp = user->shown_lamp = user->before_lamp = LAMP_UNKNOWN;
    bool is_lost = hud->link.was_synced && !hud->link.is_synced;
    user->stale_ms = is_lost ? hud->link.unsynced_ms : INT64_MIN;
    user->shown_stale = true;
    user->index = hud->users.len;
    VEC_PUSH(&hud->users, user);
    map_put(&hud->by_id, user->id, user);
    hud->counts[user->shown_lamp]++;
    return user;
}

void user_remove(struct hud *hud, struct user *user)
{
    hud->counts[user->shown_lamp]--;
    map_remove(&hud->by_id, user->id);
    VEC_REMOVE(&hud->users, user->index);
    for (size_t i = user->index; i < hud->users.len; i++)
        hud->users.items[i]->index = i;
    for (size_t i = 0; i < hud->changed.len; i++) {
        if (hud->changed.items[i] == user) {
            VEC_REMOVE(&hud->changed, i);
            break;
        }
    }
    for (size_t i = hud->corrections.len; i-- > 0;) {
        if (hud->corrections.items[i].user == user)
            VEC_REMOVE(&hud->corrections, i);
    }
    VEC_PUSH(&hud->gone, mem_dup(user->extension));
    hud->rev++;
    user_free(user);
}

void user_mark(struct hud *hud, struct user *user)
{
    user->rev = ++hud->rev;
    if (user->is_changed)
        return;
    user->is_changed = true;
    VEC_PUSH(&hud->changed, user);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int call_rank(const struct call *call)
{
    switch (call->state) {
    case CALL_RINGING: return 0;
    case CALL_HELD: return 1;
    case CALL_PARKED: return 2;
    case CALL_CONNECTED: return 3;
    case CALL_DIALLING: return 4;
    }
    return 5;
}

static int compare_calls(const void *a, const void *b)
{
    const struct call *x = a, *y = b;
    if (call_rank(x) != call_rank(y))
        return call_rank(x) - call_rank(y);
    int64_t x_began = x->since_ms ? x->since_ms : x->seen_ms;
    int64_t y_began = y->since_ms ? y->since_ms : y->seen_ms;
    if (x_began != y_began)
        return x_began < y_began ? -1 : 1;
    return strcmp(x->id, y->id);
}

void user_sort_calls(struct user *user)
{
    if (user->calls.len > 1)
        qsort(user->calls.items, user->calls.len, sizeof *user->calls.items, compare_calls);
}

bool user_note_beyond(struct user *user, const char *call_id, uint64_t at)
{
    if (!map_get(&user->beyond, call_id) && user->beyond.len >= HUD_CALLS_COUNTED_MAX)
        return false;
    bool is_new = !map_put(&user->beyond, call_id, (void *)(uintptr_t)at);
    user->calls_beyond = user->beyond.len;
    return is_new;
}

bool user_forget_beyond(struct user *user, const char *call_id)
{
    bool was_noted = map_remove(&user->beyond, call_id) != NULL;
    user->calls_beyond = user->beyond.len;
    return was_noted;
}

bool user_sweep_beyond(struct user *user, uint64_t at)
{
    VEC(char *) over = {0};
    const char *id;
    void *told;
    for (size_t i = 0; map_next(&user->beyond, &i, &id, &told);) {
        if ((uintptr_t)told <= at)
            VEC_PUSH(&over, mem_dup(id));
    }
    bool is_other = over.len > 0;
    for (size_t i = 0; i < over.len; i++) {
        user_forget_beyond(user, over.items[i]);
        mem_free(over.items[i]);
    }
    VEC_FREE(&over);
    return is_other;
}

const struct call *hud_call_by_id(const struct user *user, const char *id)
{
    for (size_t i = 0; user && i < user->calls.len; i++) {
        if (str_eq(user->calls.items[i].id, id))
            return &user->calls.items[i];
    }
    return NULL;
}

const struct call *hud_call(const struct user *user)
{
    return user->calls.len ? &user->calls.items[0] : NULL;
}

static struct lamp_facts user_facts(const struct user *user)
{
    struct lamp_facts facts = {
        .presence = user->presence, .is_dnd = user->is_dnd, .is_withheld = user->is_withheld};
    for (size_t i = 0; !user->is_withheld && i < user->calls.len; i++) {
        enum call_state state = user->calls.items[i].state;
        facts.has_ringing |= state == CALL_RINGING;
        facts.has_held |= state == CALL_HELD;
        facts.has_parked |= state == CALL_PARKED;
        facts.has_connected |= state == CALL_CONNECTED || state == CALL_DIALLING;
    }
    return facts;
}

bool hud_is_own(const struct hud *hud, const struct user *user)
{
    if (hud->own_id)
        return str_eq(user->id, hud->own_id);
    for (size_t i = 0; hud->own_phone[0] != '\0' && i < user->devices_len; i++)
        if (str_eq(user->devices[i].name, hud->own_phone))
            return true;
    return false;
}

bool hud_has_caller(const struct user *user)
{
    for (size_t i = 0; i < user->calls.len; i++) {
        if (user->calls.items[i].state == CALL_RINGING && !user->calls.items[i].is_summons)
            return true;
    }
    return false;
}

struct pickup hud_pickup(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct lamp_facts facts = user_facts(user);
    const struct capability_fact *can = &hud->capabilities[ACTION_PICKUP];
    if (hud->is_read_only)
        return (struct pickup){false, "--read-only is on"};
    if (can->is_told && can->level == CAPABILITY_MISSING)
        return (struct pickup){false, can->why};
    if (user->denied[RIGHT_PICKUP])
        return (struct pickup){false, user->denied[RIGHT_PICKUP]};
    if (hud_lamp(hud, user, now_ms).lamp == LAMP_UNKNOWN)
        return (struct pickup){false, "not heard from: nothing is known of this user's calls"};
    if (hud_is_own(hud, user) && (facts.has_ringing || facts.has_held))
        return (struct pickup){false, "this is your own phone: take the call there"};
    return pickup_check(&hud->settings, facts.has_ringing, facts.has_held);
}

/* ---- what is shown --------------------------------------------------------------------------- */

/* While polling: when the user's last answer ceases to be fresh; not before the polling began. */
static int64_t poll_fresh_until(const struct hud *hud, const struct user *user)
{
    int64_t until_ms = user->is_answered ? user->answered_ms + HUD_POLL_FRESH_MS : INT64_MIN;
    return until_ms > hud->link.changed_ms ? until_ms : hud->link.changed_ms;
}

/* Monotonic time at which the user's lamp ceased to be fresh, whatever became of the link since
 * then; INT64_MAX while it is fresh, INT64_MIN when it never was. */
static int64_t stale_from(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    const struct link *link = &hud->link;
    int64_t from = INT64_MAX;
    if (!link->is_synced)
        from = link->unsynced_ms;
    else if (link->state == LINK_POLLING && now_ms >= poll_fresh_until(hud, user))
        from = poll_fresh_until(hud, user);
    return from != INT64_MAX && user->stale_ms != INT64_MAX ? user->stale_ms : from;
}

bool hud_is_stale(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    return stale_from(hud, user, now_ms) != INT64_MAX;
}

struct lamp_view hud_lamp(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct lamp_view view = {
        .lamp = user->lamp, .since_ms = user->since_ms, .at_least_ms = user->seen_ms};
    int64_t from = stale_from(hud, user, now_ms);
    view.is_stale = from != INT64_MAX;
    if (from == INT64_MAX || (from != INT64_MIN && now_ms - from < HUD_STALE_KEEP_MS))
        return view;
    view.lamp = LAMP_UNKNOWN;
    view.since_ms = 0;
    view.at_least_ms = hud->has_offset && from != INT64_MIN ? from + hud->offset_ms : 0;
    return view;
}

unsigned user_show(struct hud *hud, struct user *user, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    unsigned bits = 0;
    if (view.lamp != user->shown_lamp) {
        hud->counts[user->shown_lamp]--;
        hud->counts[view.lamp]++;
        user->shown_lamp = view.lamp;
        bits |= HUD_CHANGED_LAMP;
    }
    user->stale_ms = stale_from(hud, user, now_ms);
    if (view.is_stale != user->shown_stale) {
        user->shown_stale = view.is_stale;
        bits |= HUD_CHANGED_STALE;
    }
    if (bits)
        user_mark(hud, user);
    return bits;
}

unsigned users_show(struct hud *hud, int64_t now_ms)
{
    unsigned bits = 0;
    for (size_t i = 0; i < hud->users.len; i++)
        bits |= user_show(hud, hud->users.items[i], now_ms);
    return bits;
}

/* Since when a lamp that comes from no call is lit. */
static void user_note_since(struct hud *hud, struct user *user, const struct event *event,
                            bool is_new, int64_t now_ms)
{
    int64_t at_ms = event->at_ms ? event->at_ms : hud_backend_now(hud, now_ms);
    /* What an answer merely confirms may have changed and changed back while the link was away. */
    if (!is_new && !(event->is_answer && hud->link.unsynced_at > user->since_at))
        return;
    user->since_at = hud->stats.events;
    user->since_ms = event->is_answer ? 0 : event->at_ms;
    user->seen_ms = at_ms;
}

unsigned user_refresh(struct hud *hud, struct user *user, const struct event *event, int64_t now_ms)
{
    struct lamp_facts facts = user_facts(user);
    enum lamp old = user->lamp, lamp = lamp_of(&facts);
    const struct call *call = hud_call(user);
    int64_t old_since = user->since_ms;

    user->lamp = lamp;
    if (lamp <= LAMP_ON_CALL && call) {
        user->since_ms = call->since_ms;
        user->seen_ms = call->seen_ms;
    } else {
        user_note_since(hud, user, event, lamp != old || !user->rev, now_ms);
    }
    if (lamp != old && !event->is_answer)
        snapshot_note_live(hud, user, old);
    unsigned bits = user_show(hud, user, now_ms);
    if (!bits && (lamp != old || user->since_ms != old_since)) {
        user_mark(hud, user);
        bits = HUD_CHANGED_LAMP;
    }
    return bits;
}

/* ---- time ------------------------------------------------------------------------------------ */

bool link_unsync(struct hud *hud, int64_t now_ms)
{
    if (!hud->link.is_synced)
        return false;
    hud->link.is_synced = false;
    hud->link.unsynced_ms = now_ms;
    hud->stats.gaps++;
    return true;
}

static void link_lose(struct hud *hud, const char *text, int64_t now_ms)
{
    hud->link.state = LINK_LOST;
    hud->link.changed_ms = now_ms;
    hud->link.retry_ms = 0;
    mem_free(hud->link.text);
    hud->link.text = mem_dup(text);
    link_unsync(hud, now_ms);
    hud->rev++;
}

/* Do lamps become stale or unknown by the mere passing of time? */
static bool is_fading(const struct link *link)
{
    return link->was_synced && (!link->is_synced || link->state == LINK_POLLING);
}

unsigned hud_tick(struct hud *hud, int64_t now_ms)
{
    struct link *link = &hud->link;
    unsigned bits = 0;
    if (link->state == LINK_LIVE && now_ms - link->heard_ms >= HUD_PONG_LIMIT_MS) {
        link_lose(hud, "no answer for 30 s", now_ms);
        link->unsynced_at = hud->stats.events + 1; /* after all that was applied so far */
        hud->is_snapshot_broken = true;
        bits |= HUD_CHANGED_LINK | users_show(hud, now_ms);
    }
    if (is_fading(link))
        bits |= users_show(hud, now_ms);
    return bits;
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t hud_next_tick_ms(const struct hud *hud, int64_t now_ms)
{
    const struct link *link = &hud->link;
    int64_t next = INT64_MAX;
    (void)now_ms;
    if (link->state == LINK_LIVE)
        next = earliest(next, link->heard_ms + HUD_PONG_LIMIT_MS);
    for (size_t i = 0; is_fading(link) && i < hud->users.len; i++) {
        const struct user *user = hud->users.items[i];
        if (!user->shown_stale)
            next = earliest(next, poll_fresh_until(hud, user));
        else if (user->shown_lamp != LAMP_UNKNOWN)
            next = earliest(next, user->stale_ms + HUD_STALE_KEEP_MS);
    }
    return next;
}

int64_t hud_backend_now(const struct hud *hud, int64_t now_ms)
{
    return hud->has_offset ? now_ms + hud->offset_ms : 0;
}

int64_t hud_age_ms(const struct hud *hud, int64_t since_ms, int64_t now_ms)
{
    if (!hud->has_offset || since_ms <= 0)
        return -1;
    int64_t age_ms = now_ms + hud->offset_ms - since_ms;
    return age_ms > 0 ? age_ms : 0;
}
