#include "callhud/backend/asterisk/world.h"

#include "callhud/base/str.h"

#include "world_parts.h"

#include <string.h>

#define WALK_DEPTH_MAX 8
#define ROOM_PAIRS_MAX 8 /* larger rooms are conferences: nobody's partner is remembered */
#define OVERTAKEN_MOST_MS 5000
#define FRESH_CREATION_MS 2000 /* a channel first heard of later than this has a past we missed */

void ari_world_init(struct ari_world *world, struct ari_people *people)
{
    memset(world, 0, sizeof *world);
    world->people = people;
}

static void free_room(void *room)
{
    struct ari_bridge_room *r = room;
    VEC_FREE(&r->fact.members);
    VEC_FREE(&r->members);
    mem_free(r);
}

static void free_taken(struct ari_taken *taken)
{
    mem_free(taken->leg_id);
    mem_free(taken->far_id);
    mem_free(taken->extension);
}

void ari_world_fini(struct ari_world *world)
{
    map_fini(&world->chan_by_id, mem_free);
    map_fini(&world->room_by_id, free_room);
    map_fini(&world->tombs, NULL);
    VEC_FREE(&world->chans);
    for (size_t i = 0; i < world->tomb_order.len; i++)
        mem_free(world->tomb_order.items[i]);
    VEC_FREE(&world->tomb_order);
    for (size_t i = 0; i < world->taken.len; i++)
        free_taken(&world->taken.items[i]);
    VEC_FREE(&world->taken);
    memset(world, 0, sizeof *world);
}

/* Channels and bridges may have the same id: their tombs are told apart by a first letter. */
struct tomb_key {
    char text[ARI_ID_BYTES + 1];
};

static struct tomb_key tomb_of(char kind, const char *id)
{
    struct tomb_key key;
    key.text[0] = kind;
    str_copy(key.text + 1, sizeof key.text - 1, id);
    return key;
}

void world_bury_key(struct ari_world *world, const char *key)
{
    if (map_put(&world->tombs, key, world) != NULL)
        return;
    if (world->tomb_order.len < ARI_TOMBS_MAX) {
        VEC_PUSH(&world->tomb_order, mem_dup(key));
        return;
    }
    char **slot = &world->tomb_order.items[world->tomb_at];
    world->tomb_at = (world->tomb_at + 1) % ARI_TOMBS_MAX;
    map_remove(&world->tombs, *slot);
    mem_free(*slot);
    *slot = mem_dup(key);
}

static void bury(struct ari_world *world, char kind, const char *id)
{
    struct tomb_key key = tomb_of(kind, id);
    world_bury_key(world, key.text);
}

static bool is_buried(const struct ari_world *world, char kind, const char *id)
{
    struct tomb_key key = tomb_of(kind, id);
    return map_get(&world->tombs, key.text) != NULL;
}

const struct ari_chan *ari_world_chan(const struct ari_world *world, const char *id)
{
    return map_get(&world->chan_by_id, id);
}

/* ---- who was at the other end ---- */

void world_remember_far(const struct ari_world *world, struct ari_chan *chan)
{
    const struct ari_chan *far = ari_world_far(world, chan);
    if (far != NULL)
        memcpy(chan->far_id, far->fact.id, sizeof chan->far_id);
}

void world_remember_taken(struct ari_world *world, const struct ari_taken *taken)
{
    struct ari_taken copy = {.leg_id = mem_dup(taken->leg_id),
                             .far_id = mem_dup(taken->far_id),
                             .extension = mem_dup(taken->extension),
                             .is_told = taken->is_told};
    if (world->taken.len < ARI_TAKEN_MAX) {
        VEC_PUSH(&world->taken, copy);
        return;
    }
    struct ari_taken *slot = &world->taken.items[world->taken_at];
    world->taken_at = (world->taken_at + 1) % ARI_TAKEN_MAX;
    free_taken(slot);
    *slot = copy;
}

void world_remember_leg(struct ari_world *world, const struct ari_chan *leg)
{
    if (leg->owner == NULL || leg->far_id[0] == '\0')
        return;
    char leg_id[ARI_ID_BYTES], far_id[ARI_ID_BYTES];
    memcpy(leg_id, leg->fact.id, sizeof leg_id);
    memcpy(far_id, leg->far_id, sizeof far_id);
    const struct ari_taken taken = {
        .leg_id = leg_id, .far_id = far_id, .extension = leg->owner->extension};
    world_remember_taken(world, &taken);
}

/* ---- whom a change concerns ---- */

static void walk(struct ari_world *world, struct ari_chan *chan, int depth)
{
    if (chan == NULL || chan->visited == world->walk || depth > WALK_DEPTH_MAX)
        return;
    chan->visited = world->walk;
    if (chan->owner != NULL) {
        chan->owner->dirty |= ARI_DIRTY_CALLS;
        world_remember_far(world, chan);
    }
    if (chan->parked_ms != 0 && chan->last_user != NULL)
        chan->last_user->dirty |= ARI_DIRTY_CALLS;
    if (chan->room != NULL)
        for (size_t i = 0; i < chan->room->members.len; i++)
            walk(world, chan->room->members.items[i], depth + 1);
    walk(world, ari_chan_other_half(world, chan), depth + 1);
    walk(world, chan->dialler, depth + 1);
    walk(world, ari_chan_supervised(world, chan), depth + 1);
    for (size_t i = 0; depth < 4 && i < world->chans.len; i++)
        if (world->chans.items[i]->dialler == chan)
            walk(world, world->chans.items[i], depth + 1);
}

static void concern(struct ari_world *world, struct ari_chan *chan)
{
    world->walk++;
    walk(world, chan, 0);
}

/* ---- legs ---- */

static void settle(struct ari_chan *chan, int64_t at_ms)
{
    enum ari_leg leg = ari_chan_leg(chan);
    if (leg == chan->leg)
        return;
    if (leg == ARI_LEG_CONNECTED && chan->leg != ARI_LEG_HELD)
        chan->answered_ms = at_ms;
    if (leg == ARI_LEG_DIALLING || leg == ARI_LEG_RINGING)
        chan->answered_ms = 0;
    chan->leg = leg;
    chan->leg_ms = at_ms;
}

static void settle_room(struct ari_bridge_room *room, int64_t at_ms)
{
    for (size_t i = 0; room != NULL && i < room->members.len; i++)
        settle(room->members.items[i], at_ms);
}

/* ---- rooms ---- */

static bool is_parking(const struct ari_bridge_room *room)
{
    return room != NULL && str_eq(room->fact.klass, "parking");
}

static void leave_room(struct ari_chan *chan)
{
    struct ari_bridge_room *room = chan->room;
    chan->room = NULL;
    chan->parked_ms = 0;
    for (size_t i = 0; room != NULL && i < room->members.len; i++) {
        if (room->members.items[i] == chan) {
            VEC_REMOVE(&room->members, i);
            break;
        }
    }
}

struct ari_bridge_room *world_take_room(struct ari_world *world, const struct ari_bridge *fact)
{
    if (is_buried(world, 'b', fact->id))
        return NULL;
    struct ari_bridge_room *room = map_get(&world->room_by_id, fact->id);
    if (room == NULL) {
        room = mem_zero(1, sizeof *room);
        map_put(&world->room_by_id, fact->id, room);
    }
    room->fact = *fact;
    memset(&room->fact.members, 0, sizeof room->fact.members);
    return room;
}

/* The owner of the channel at the other side of `chan` in its room, through one Local pair. */
static struct ari_user *partner_owner(const struct ari_world *world, const struct ari_chan *chan)
{
    for (size_t i = 0; i < chan->room->members.len; i++) {
        const struct ari_chan *other = chan->room->members.items[i];
        if (other == chan)
            continue;
        if (other->owner != NULL && other->owner != chan->owner)
            return other->owner;
        const struct ari_chan *half = ari_chan_other_half(world, other);
        for (size_t k = 0; half != NULL && half->room != NULL && k < half->room->members.len; k++)
            if (half->room->members.items[k]->owner != NULL)
                return half->room->members.items[k]->owner;
    }
    return NULL;
}

/* With whom a channel last talked, when it was parked before we listened: its connected line stays
 * that of the parker. */
static struct ari_user *connected_user(const struct ari_world *world, const struct ari_chan *chan)
{
    return ari_people_by_extension(world->people, chan->fact.connected_number);
}

static void join_room(const struct ari_world *world, struct ari_bridge_room *room,
                      struct ari_chan *chan, int64_t at_ms)
{
    int64_t parked_ms = chan->room == NULL ? chan->parked_ms : 0;
    leave_room(chan);
    chan->room = room;
    VEC_PUSH(&room->members, chan);
    if (!is_parking(room))
        return;
    chan->parked_ms = parked_ms != 0 ? parked_ms
                      : at_ms != 0   ? at_ms
                                     : 1; /* 1: not told since when */
    if (chan->last_user == NULL)
        chan->last_user = connected_user(world, chan);
}

static void remember_partners(const struct ari_world *world, struct ari_bridge_room *room)
{
    for (size_t i = 0; i < room->members.len; i++) {
        struct ari_chan *chan = room->members.items[i];
        struct ari_user *partner = partner_owner(world, chan);
        if (partner != NULL || !str_starts(chan->fact.name, "Local/"))
            chan->last_user = partner;
    }
}

/* Makes the room's members exactly those that the server lists and that we know. */
void world_fill_room(struct ari_world *world, struct ari_bridge_room *room,
                     const struct ari_bridge *fact, int64_t at_ms)
{
    world->walk++;
    for (size_t i = 0; i < fact->members.len; i++) {
        struct ari_chan *chan = map_get(&world->chan_by_id, fact->members.items[i].text);
        if (chan == NULL)
            continue;
        chan->visited = world->walk;
        if (chan->room != room)
            join_room(world, room, chan, at_ms);
    }
    for (size_t i = room->members.len; i-- > 0;)
        if (room->members.items[i]->visited != world->walk)
            leave_room(room->members.items[i]);
    if (room->members.len < 2 || is_parking(room))
        return;
    for (size_t i = 0; i < room->members.len; i++) { /* the dialling is over: the bridge counts */
        room->members.items[i]->is_dialling = false;
        room->members.items[i]->dialler = NULL;
    }
    if (room->members.len <= ROOM_PAIRS_MAX)
        remember_partners(world, room);
}

/* ---- channels ---- */

static struct ari_user *owner_of(const struct ari_world *world, const struct ari_chan *chan)
{
    char endpoint[ARI_NAME_BYTES];
    if (!ari_channel_endpoint(chan->fact.name, endpoint, sizeof endpoint))
        return NULL;
    return ari_people_by_endpoint(world->people, endpoint);
}

static bool is_dial_string(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && strspn(text, "0123456789*#+") == len;
}

static void take_fact(struct ari_world *world, struct ari_chan *chan,
                      const struct ari_channel *fact)
{
    chan->fact = *fact;
    chan->owner = owner_of(world, chan);
    /* "(Outgoing Line)" marks the legs that a Dial or Queue made; AppDial2 those of an originate,
     * whose phone is called first and then dials on. A leg that was called and then sent into the
     * dialplan (a transfer) runs another application: from there on the call is of its own making,
     * and that is all that a later snapshot could tell of it. */
    if (fact->app[0] != '\0')
        chan->is_called = str_eq(fact->app_data, "(Outgoing Line)") &&
                          str_starts(fact->app, "App") && !str_eq(fact->app, "AppDial2");
    if (chan->dialled[0] == '\0' && !chan->is_called && is_dial_string(fact->exten) &&
        (fact->state == ARI_STATE_RING || fact->state == ARI_STATE_UP))
        str_copy(chan->dialled, sizeof chan->dialled, fact->exten);
    chan->is_originated |= str_eq(fact->app, "AppDial2") || str_starts(fact->id, "callhud-");
    /* an originate brings a caller id of its own choice */
    if (chan->owner != NULL && !chan->is_originated && chan->owner->name[0] == '\0' &&
        str_eq(fact->caller_number, chan->owner->extension))
        ari_user_named(chan->owner, fact->caller_name, ARI_NAME_CALLER_ID);
}

/* The channel of an event, brought up to date; NULL for one that has ended. */
struct ari_chan *world_take_channel(struct ari_world *world, const struct ari_channel *fact,
                                    int64_t at_ms)
{
    if (fact->id[0] == '\0' || is_buried(world, 'c', fact->id))
        return NULL;
    struct ari_chan *chan = map_get(&world->chan_by_id, fact->id);
    if (chan == NULL) {
        chan = mem_zero(1, sizeof *chan);
        chan->fact_ms = at_ms;
        map_put(&world->chan_by_id, fact->id, chan);
        VEC_PUSH(&world->chans, chan);
    }
    /* Overtaken sayings are a moment old; what is older, or undated, comes from a clock that was
     * set back. */
    bool is_overtaken = at_ms < chan->fact_ms && chan->fact_ms - at_ms < OVERTAKEN_MOST_MS;
    if (!is_overtaken) {
        take_fact(world, chan, fact);
        chan->fact_ms = at_ms;
    }
    return chan;
}

/* A snoop that is recorded, or is so no more, marks the channel it listens to. */
void world_mark_recorder(const struct ari_world *world, struct ari_chan *snoop)
{
    struct ari_chan *target = ari_chan_supervised(world, snoop);
    if (target == NULL)
        return;
    target->recorder = snoop->is_ari_recorded ? snoop : NULL;
    for (size_t i = 0; target->recorder == NULL && i < world->chans.len; i++) {
        struct ari_chan *other = world->chans.items[i];
        if (other != snoop && other->is_ari_recorded && ari_chan_is_snoop(other) &&
            ari_chan_supervised(world, other) == target)
            target->recorder = other;
    }
}

static void remove_channel(struct ari_world *world, struct ari_chan *chan)
{
    leave_room(chan);
    world_remember_leg(world, chan);
    if (ari_chan_is_snoop(chan) && chan->is_ari_recorded) {
        chan->is_ari_recorded = false;
        world_mark_recorder(world, chan);
    }
    for (size_t i = 0; i < world->chans.len; i++)
        if (world->chans.items[i]->dialler == chan)
            world->chans.items[i]->dialler = NULL;
    for (size_t i = 0; i < world->chans.len; i++) {
        if (world->chans.items[i] == chan) {
            VEC_REMOVE(&world->chans, i);
            break;
        }
    }
    map_remove(&world->chan_by_id, chan->fact.id);
    mem_free(chan);
}

/* ---- events ---- */

static bool apply_dial(struct ari_world *world, const struct ari_event *event)
{
    struct ari_chan *caller = world_take_channel(world, &event->channel, event->at_ms);
    struct ari_chan *peer = world_take_channel(world, &event->peer, event->at_ms);
    if (peer != NULL && caller != NULL) {
        peer->dialler = caller;
        peer->is_called = true;
    }
    if (caller != NULL) {
        bool is_alone = caller->room == NULL || caller->room->members.len < 2;
        bool is_under_way = str_eq(event->text, "RINGING") || str_eq(event->text, "PROGRESS") ||
                            str_eq(event->text, "PROCEEDING");
        if (event->text[0] == '\0') {
            caller->is_dialling = is_alone && str_eq(caller->fact.app, "Dial");
        } else if (str_eq(event->text, "ANSWER")) {
            caller->is_dialling = false;
        } else if (!is_under_way && caller->is_dialling) {
            caller->is_dialling = false;
            for (size_t i = 0; i < world->chans.len; i++) {
                const struct ari_chan *other = world->chans.items[i];
                if (other->dialler == caller && other != peer && other->fact.state != ARI_STATE_UP)
                    caller->is_dialling = true;
            }
        }
        settle(caller, event->at_ms);
        concern(world, caller);
    }
    if (peer != NULL) {
        settle(peer, event->at_ms);
        concern(world, peer);
    }
    return true;
}

static bool apply_room(struct ari_world *world, const struct ari_event *event)
{
    struct ari_chan *chan = world_take_channel(world, &event->channel, event->at_ms);
    struct ari_bridge_room *room = world_take_room(world, &event->bridge);
    if (chan != NULL && event->kind == ARI_LEFT_BRIDGE) {
        concern(world, chan); /* while those it leaves are still with it */
        if (chan->is_held) {
            chan->is_hold_open = true;
            chan->held_ms = chan->leg_ms;
        }
        chan->is_held = false;
        if (chan->room == room)
            leave_room(chan);
    }
    if (room == NULL)
        return true;
    world_fill_room(world, room, &event->bridge, event->at_ms);
    if (chan != NULL) {
        chan->is_leaving &= event->kind == ARI_LEFT_BRIDGE;
        settle(chan, event->at_ms);
        concern(world, chan);
    }
    settle_room(room, event->at_ms);
    if (room->members.len > 0)
        concern(world, room->members.items[0]);
    return true;
}

static bool end_room(struct ari_world *world, const struct ari_event *event)
{
    bury(world, 'b', event->bridge.id);
    struct ari_bridge_room *room = map_remove(&world->room_by_id, event->bridge.id);
    if (room == NULL)
        return true;
    while (room->members.len > 0) {
        struct ari_chan *chan = room->members.items[room->members.len - 1];
        concern(world, chan);
        leave_room(chan);
        settle(chan, event->at_ms);
    }
    free_room(room);
    return true;
}

static bool end_channel(struct ari_world *world, const struct ari_event *event)
{
    struct ari_chan *chan = map_get(&world->chan_by_id, event->channel.id);
    if (!str_starts(event->channel.id, ARI_RECORDER_PREFIX)) /* a later recording's has it again */
        bury(world, 'c', event->channel.id);
    if (chan == NULL)
        return true;
    struct ari_bridge_room *room = chan->room;
    concern(world, chan);
    remove_channel(world, chan);
    settle_room(room, event->at_ms);
    return true;
}

/* Recordings that ARI makes: of a channel, of a bridge, or of a snoop on a channel. */
static bool apply_recording(struct ari_world *world, const struct ari_event *event)
{
    bool is_on = str_eq(event->text, "started");
    if (str_starts(event->name, "channel:")) {
        struct ari_chan *chan = map_get(&world->chan_by_id, event->name + strlen("channel:"));
        if (chan != NULL) {
            chan->is_ari_recorded = is_on;
            if (ari_chan_is_snoop(chan))
                world_mark_recorder(world, chan);
            concern(world, chan);
        }
    } else if (str_starts(event->name, "bridge:")) {
        struct ari_bridge_room *room = map_get(&world->room_by_id, event->name + strlen("bridge:"));
        for (size_t i = 0; room != NULL && i < room->members.len; i++)
            room->members.items[i]->is_ari_recorded = is_on;
        if (room != NULL && room->members.len > 0)
            concern(world, room->members.items[0]);
    }
    return true;
}

static bool apply_device_state(struct ari_world *world, const struct ari_event *event)
{
    struct ari_user *user = ari_people_by_dnd(world->people, event->name);
    if (user != NULL) {
        bool is_on = ari_dnd_from_device_state(event->text);
        if (is_on != user->is_dnd)
            user->dirty |= ARI_DIRTY_DND;
        user->is_dnd = is_on;
        return true;
    }
    return ari_people_endpoint(world->people, event->name,
                               ari_online_from_device_state(event->text)) != NULL;
}

static void digit_of_spy(struct ari_chan *chan, const char *digit)
{
    /* ChanSpy's option d: the supervisor's keys 4, 5, 6 listen, whisper, barge (contract 5) */
    const char *options = strchr(chan->fact.app_data, ',');
    if (!ari_chan_is_spy(chan) || options == NULL || strchr(options, 'd') == NULL)
        return;
    if (str_eq(digit, "4"))
        chan->spy_mode = SUPERVISE_LISTEN;
    else if (str_eq(digit, "5"))
        chan->spy_mode = SUPERVISE_WHISPER;
    else if (str_eq(digit, "6"))
        chan->spy_mode = SUPERVISE_BARGE;
}

static bool apply_channel(struct ari_world *world, const struct ari_event *event)
{
    bool is_new = map_get(&world->chan_by_id, event->channel.id) == NULL;
    if (!is_new) /* what it supervised until now */
        concern(world, map_get(&world->chan_by_id, event->channel.id));
    struct ari_chan *chan = world_take_channel(world, &event->channel, event->at_ms);
    if (chan == NULL)
        return true;
    switch (event->kind) {
    case ARI_HOLD: chan->is_held = true; break;
    case ARI_UNHOLD: chan->is_held = false; break;
    case ARI_RECORD_FILE: chan->is_recorded = event->text[0] != '\0'; break;
    case ARI_DTMF: digit_of_spy(chan, event->text); break;
    case ARI_HANGUP_ASKED: chan->is_leaving = true; break;
    case ARI_DIALPLAN:
        chan->spy_mode = SUPERVISE_UNKNOWN;
        chan->is_leaving &= !ari_chan_is_snoop(chan); /* a new one under the old id */
        if (!str_eq(chan->fact.app, "Dial"))
            chan->is_dialling = false;
        break;
    default: break;
    }
    if (event->kind == ARI_HOLD || event->kind == ARI_UNHOLD || event->kind == ARI_STATE_CHANGED)
        chan->is_leaving = false;
    if (event->kind == ARI_HOLD || event->kind == ARI_UNHOLD)
        chan->is_hold_open = false;
    settle(chan, event->at_ms);
    if (is_new && event->at_ms - chan->fact.created_ms > FRESH_CREATION_MS)
        chan->leg_ms = chan->answered_ms = 0;
    concern(world, chan);
    return true;
}

bool ari_world_apply(struct ari_world *world, const struct ari_event *event)
{
    switch (event->kind) {
    case ARI_OTHER:
    case ARI_APP_REPLACED:
    case ARI_REST_RESPONSE: return false;
    case ARI_DEVICE_STATE: return apply_device_state(world, event);
    case ARI_ENDPOINT:
        return ari_people_endpoint(world->people, event->endpoint.name, event->endpoint.online) !=
               NULL;
    case ARI_RECORDING: return apply_recording(world, event);
    case ARI_DIAL: return apply_dial(world, event);
    case ARI_BRIDGE_CREATED: return world_take_room(world, &event->bridge) != NULL;
    case ARI_BRIDGE_DESTROYED: return end_room(world, event);
    case ARI_ENTERED_BRIDGE:
    case ARI_LEFT_BRIDGE: return apply_room(world, event);
    case ARI_CHANNEL_DESTROYED: return end_channel(world, event);
    case ARI_CHANNEL:
    case ARI_HANGUP_ASKED:
    case ARI_STATE_CHANGED:
    case ARI_DIALPLAN:
    case ARI_HOLD:
    case ARI_UNHOLD:
    case ARI_DTMF:
    case ARI_RECORD_FILE: return apply_channel(world, event);
    }
    return false;
}

/* ---- other news ---- */

bool ari_world_hold_told(struct ari_world *world, const char *channel_id, bool is_held)
{
    struct ari_chan *chan = map_get(&world->chan_by_id, channel_id);
    if (chan == NULL || !chan->is_hold_open)
        return false;
    chan->is_hold_open = false;
    chan->is_held = is_held;
    if (is_held)
        settle(chan, chan->held_ms);
    concern(world, chan);
    return true;
}

void ari_world_forget_user(struct ari_world *world, const struct ari_user *user)
{
    for (size_t i = 0; i < world->chans.len; i++) {
        struct ari_chan *chan = world->chans.items[i];
        if (chan->owner == user)
            chan->owner = NULL;
        if (chan->last_user == user)
            chan->last_user = NULL;
    }
}

bool ari_world_matters(const struct ari_world *world, const struct ari_chan *chan)
{
    if (chan->owner != NULL)
        return true;
    for (size_t i = 0; chan->room != NULL && i < chan->room->members.len; i++) {
        const struct ari_chan *mate = chan->room->members.items[i];
        if (mate->owner != NULL || ari_chan_other_half(world, mate) != NULL)
            return true;
    }
    return false;
}
