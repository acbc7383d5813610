#include "callhud/backend/asterisk/tell.h"

#include "callhud/backend/tell.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

static void send(const struct backend_sink *sink, const struct event *event)
{
    sink->event(sink->self, event);
}

void ari_tell_user(const struct backend_sink *sink, const struct ari_user *user, int64_t at_ms,
                   bool is_answer)
{
    struct event event = backend_event(EVENT_USER, user->extension, at_ms, is_answer);
    event.u.user.extension = user->extension;
    event.u.user.name = user->name;
    event.u.user.department = user->department;
    event.u.user.line = user->line;
    send(sink, &event);
}

static void tell_devices(const struct backend_sink *sink, const struct ari_user *user,
                         int64_t at_ms, bool is_answer)
{
    VEC(struct device) items = {0};
    for (size_t i = 0; i < user->devices.len; i++) {
        struct device device = {.name = user->devices.items[i].name,
                                .is_online = user->devices.items[i].online == ARI_ONLINE_YES};
        VEC_PUSH(&items, device);
    }
    struct event event = backend_event(EVENT_DEVICES, user->extension, at_ms, is_answer);
    event.u.devices.items = items.items;
    event.u.devices.len = items.len;
    send(sink, &event);
    VEC_FREE(&items);
    event = backend_event(EVENT_PRESENCE, user->extension, at_ms, is_answer);
    event.u.presence.presence = ari_user_presence(user);
    event.u.presence.note = "";
    send(sink, &event);
}

static void tell_dnd(const struct backend_sink *sink, const struct ari_user *user, int64_t at_ms,
                     bool is_answer)
{
    struct event event = backend_event(EVENT_DND, user->extension, at_ms, is_answer);
    event.u.dnd.is_on = user->is_dnd;
    send(sink, &event);
}

static void tell_call(const struct backend_sink *sink, const struct ari_user *user,
                      const struct ari_call *call, int64_t at_ms, bool is_answer)
{
    struct supervisor supervisors[ARI_SUPERVISORS_MAX];
    for (size_t i = 0; i < call->supervisors_len; i++)
        supervisors[i] = (struct supervisor){.extension = call->supervisors[i].extension,
                                             .mode = call->supervisors[i].mode};
    struct event event = backend_event(EVENT_CALL, user->extension, at_ms, is_answer);
    event.u.call.id = call->id;
    event.u.call.state = call->state;
    event.u.call.direction = call->direction;
    event.u.call.number = call->number;
    event.u.call.name = call->name;
    event.u.call.since_ms = call->since_ms;
    event.u.call.connected_ms = call->connected_ms;
    event.u.call.is_recorded = call->is_recorded;
    event.u.call.is_summons = call->is_summons;
    event.u.call.supervisors = supervisors;
    event.u.call.supervisors_len = call->supervisors_len;
    send(sink, &event);
}

static bool is_same_call(const struct ari_call *a, const struct ari_call *b)
{
    if (a->state != b->state || a->direction != b->direction || a->since_ms != b->since_ms ||
        a->connected_ms != b->connected_ms || a->is_recorded != b->is_recorded ||
        a->supervisors_len != b->supervisors_len || !str_eq(a->number, b->number) ||
        !str_eq(a->name, b->name))
        return false;
    for (size_t i = 0; i < a->supervisors_len; i++)
        if (a->supervisors[i].mode != b->supervisors[i].mode ||
            !str_eq(a->supervisors[i].extension, b->supervisors[i].extension))
            return false;
    return true;
}

static const struct ari_call *find_call(const struct ari_call *calls, size_t len, const char *id)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(calls[i].id, id))
            return &calls[i];
    return NULL;
}

static void tell_ended(const struct backend_sink *sink, const char *extension, const char *call_id,
                       const char *taken_by, int64_t at_ms)
{
    struct event event = backend_event(EVENT_CALL_ENDED, extension, at_ms, false);
    event.u.ended.id = call_id;
    event.u.ended.taken_by = taken_by;
    send(sink, &event);
}

/* False when nobody else has the other party of the user's leg, as far as it is known by now. */
static bool find_taker(const struct ari_world *world, const char *extension, const char *leg_id,
                       char *who, size_t size)
{
    if (!ari_world_taker(world, leg_id, who, size) || str_eq(who, extension))
        return false;
    if (who[0] == '\0')
        str_copy(who, size, "another phone");
    return true;
}

void ari_tell_taken(const struct backend_sink *sink, struct ari_world *world, int64_t at_ms)
{
    char who[ARI_NUMBER_BYTES];
    for (size_t i = 0; i < world->taken.len; i++) {
        struct ari_taken *taken = &world->taken.items[i];
        if (taken->is_told || !find_taker(world, taken->extension, taken->leg_id, who, sizeof who))
            continue;
        taken->is_told = true;
        tell_ended(sink, taken->extension, taken->leg_id, who, at_ms);
    }
}

/* A new call is told before an old one ends: so a lamp goes from hold to parked with nothing in
 * between. */
static void tell_calls(const struct backend_sink *sink, struct ari_world *world,
                       struct ari_user *user, int64_t at_ms, bool is_answer)
{
    ari_calls now = {0};
    ari_world_calls(world, user, &now);
    for (size_t i = 0; i < now.len; i++) {
        const struct ari_call *told = find_call(user->told, user->told_len, now.items[i].id);
        if (is_answer || told == NULL || !is_same_call(told, &now.items[i]))
            tell_call(sink, user, &now.items[i], at_ms, is_answer);
    }
    for (size_t i = 0; !is_answer && i < user->told_len; i++) {
        if (find_call(now.items, now.len, user->told[i].id) != NULL)
            continue;
        char who[ARI_NUMBER_BYTES] = "";
        bool is_taken = find_taker(world, user->extension, user->told[i].id, who, sizeof who);
        tell_ended(sink, user->extension, user->told[i].id, is_taken ? who : "", at_ms);
    }
    /* Kept as long as the user is: without the room that the list grew by. */
    mem_free(user->told);
    user->told = now.len > 0 ? mem_grow(now.items, now.len, sizeof *now.items) : NULL;
    user->told_len = now.len;
    if (now.len == 0)
        VEC_FREE(&now);
}

void ari_tell_news(const struct backend_sink *sink, struct ari_world *world, struct ari_user *user,
                   int64_t at_ms)
{
    unsigned dirty = user->dirty;
    if (!user->is_told)
        return;
    user->dirty &= ARI_DIRTY_SETTLING;
    if (dirty & ARI_DIRTY_USER)
        ari_tell_user(sink, user, at_ms, false);
    if (dirty & ARI_DIRTY_DEVICES)
        tell_devices(sink, user, at_ms, false);
    if (dirty & ARI_DIRTY_DND)
        tell_dnd(sink, user, at_ms, false);
    if (dirty & ARI_DIRTY_CALLS) {
        user->dirty &= ~(unsigned)ARI_DIRTY_SETTLING;
        tell_calls(sink, world, user, at_ms, false);
    }
}

void ari_tell_whole(const struct backend_sink *sink, struct ari_world *world, struct ari_user *user,
                    int64_t at_ms)
{
    user->dirty = 0;
    user->is_told = true;
    ari_tell_user(sink, user, at_ms, true);
    tell_devices(sink, user, at_ms, true);
    tell_dnd(sink, user, at_ms, true);
    tell_calls(sink, world, user, at_ms, true);
}

bool ari_tell_hold_back(const struct ari_people *people, enum ari_kind kind)
{
    bool is_decisive = kind == ARI_ENTERED_BRIDGE || kind == ARI_CHANNEL_DESTROYED ||
                       kind == ARI_HOLD || kind == ARI_UNHOLD || kind == ARI_STATE_CHANGED ||
                       kind == ARI_DIAL;
    bool is_any = false;
    for (size_t i = 0; !is_decisive && i < people->users.len; i++) {
        struct ari_user *user = people->users.items[i];
        if (!(user->dirty & ARI_DIRTY_CALLS) || !user->is_told ||
            (kind != ARI_LEFT_BRIDGE && !(user->dirty & ARI_DIRTY_SETTLING)))
            continue;
        user->dirty = (user->dirty & ~(unsigned)ARI_DIRTY_CALLS) | ARI_DIRTY_SETTLING;
        is_any = true;
    }
    return is_any;
}
