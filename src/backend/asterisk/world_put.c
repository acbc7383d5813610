/* The answers of a snapshot become a world. */
#include "callhud/base/str.h"

#include "world_parts.h"

#include <string.h>

void ari_world_put_begin(struct ari_world *world, const struct ari_world *before)
{
    ari_world_init(world, before->people);
    for (size_t i = 0; i < before->tomb_order.len; i++)
        world_bury_key(world,
                       before->tomb_order.items[(before->tomb_at + i) % before->tomb_order.len]);
    for (size_t i = 0; i < before->taken.len; i++) {
        size_t at = (before->taken_at + i) % before->taken.len;
        world_remember_taken(world, &before->taken.items[at]);
    }
}

void ari_world_put_channel(struct ari_world *world, const struct ari_channel *fact, int64_t at_ms,
                           const struct ari_world *before)
{
    struct ari_chan *chan = world_take_channel(world, fact, at_ms);
    const struct ari_chan *old = ari_world_chan(before, fact->id);
    if (chan == NULL || old == NULL)
        return;
    chan->last_user = old->last_user;
    chan->parked_ms = old->parked_ms;
    if (fact->app[0] == '\0')
        chan->is_called = old->is_called;
    chan->is_originated |= old->is_originated;
    chan->is_dialling = old->is_dialling;
    chan->is_held = old->is_held;
    chan->is_recorded = old->is_recorded;
    chan->is_ari_recorded = old->is_ari_recorded;
    chan->is_leaving = old->is_leaving;
    chan->spy_mode = old->spy_mode;
    chan->leg = old->leg;
    chan->leg_ms = old->leg_ms;
    chan->answered_ms = old->answered_ms;
    memcpy(chan->dialled, old->dialled, sizeof chan->dialled);
    memcpy(chan->far_id, old->far_id, sizeof chan->far_id);
}

void ari_world_put_bridge(struct ari_world *world, const struct ari_bridge *fact)
{
    struct ari_bridge_room *room = world_take_room(world, fact);
    if (room != NULL)
        world_fill_room(world, room, fact, 0);
}

void ari_world_put_hold(struct ari_world *world, const char *channel_id, bool is_held)
{
    struct ari_chan *chan = map_get(&world->chan_by_id, channel_id);
    if (chan != NULL)
        chan->is_held = is_held;
}

void ari_world_put_recorded(struct ari_world *world, const char *channel_id, bool is_recorded)
{
    struct ari_chan *chan = map_get(&world->chan_by_id, channel_id);
    if (chan != NULL)
        chan->is_recorded |= is_recorded;
}

/* The caller of a leg that was made before we listened: the one channel whose Dial names the leg's
 * endpoint. */
static struct ari_chan *guess_dialler(const struct ari_world *world, const struct ari_chan *leg)
{
    char endpoint[ARI_NAME_BYTES];
    struct ari_chan *found = NULL;
    if (!leg->is_called || !ari_channel_endpoint(leg->fact.name, endpoint, sizeof endpoint))
        return NULL;
    for (size_t i = 0; i < world->chans.len; i++) {
        struct ari_chan *chan = world->chans.items[i];
        const char *at = strstr(chan->fact.app_data, endpoint);
        if (at == NULL || !str_eq(chan->fact.app, "Dial") ||
            strchr(",&/@", at[strlen(endpoint)]) == NULL)
            continue;
        if (found != NULL)
            return NULL;
        found = chan;
    }
    return found;
}

/* Since when a leg is as a snapshot found it, as far as the answers tell. */
static void date_leg(struct ari_chan *chan)
{
    bool is_pair = chan->room != NULL && str_eq(chan->room->fact.klass, "basic");
    int64_t bridged_ms = is_pair ? chan->room->fact.created_ms : 0;
    chan->leg_ms = 0;
    if (chan->leg == ARI_LEG_RINGING || chan->fact.state == ARI_STATE_RING)
        chan->leg_ms = chan->fact.created_ms;
    else if (chan->leg == ARI_LEG_CONNECTED)
        chan->leg_ms = bridged_ms;
    if (chan->leg == ARI_LEG_CONNECTED || chan->leg == ARI_LEG_HELD)
        chan->answered_ms = chan->answered_ms != 0 ? chan->answered_ms : bridged_ms;
}

/* A recorder exists for nothing else, so it records, whether its beginning was heard or not. One
 * that was removed stays in the lists until its target ends, without an application (seen
 * on 22.10). */
static void put_recorders(struct ari_world *world)
{
    for (size_t i = 0; i < world->chans.len; i++) {
        struct ari_chan *chan = world->chans.items[i];
        if (ari_chan_is_recorder(chan))
            chan->is_ari_recorded = str_eq(chan->fact.app, "Stasis");
        if (ari_chan_is_snoop(chan) && chan->is_ari_recorded)
            world_mark_recorder(world, chan);
    }
}

/* Legs that ended unheard. */
static void put_taken(struct ari_world *world, const struct ari_world *before)
{
    for (size_t i = 0; i < world->chans.len; i++)
        if (world->chans.items[i]->owner != NULL)
            world_remember_far(world, world->chans.items[i]);
    for (size_t i = 0; i < before->chans.len; i++)
        if (ari_world_chan(world, before->chans.items[i]->fact.id) == NULL)
            world_remember_leg(world, before->chans.items[i]);
}

void ari_world_put_done(struct ari_world *world, const struct ari_world *before)
{
    for (size_t i = 0; i < world->chans.len; i++) {
        struct ari_chan *chan = world->chans.items[i];
        const struct ari_chan *old = ari_world_chan(before, chan->fact.id);
        if (old != NULL && old->dialler != NULL)
            chan->dialler = map_get(&world->chan_by_id, old->dialler->fact.id);
        if (chan->dialler == NULL && chan->owner != NULL && chan->room == NULL)
            chan->dialler = guess_dialler(world, chan);
        if (old == NULL)
            chan->is_dialling = chan->fact.state == ARI_STATE_UP && chan->room == NULL &&
                                str_eq(chan->fact.app, "Dial");
        enum ari_leg leg = ari_chan_leg(chan);
        bool is_same = old != NULL && leg == chan->leg;
        chan->leg = leg;
        if (!is_same)
            date_leg(chan);
    }
    put_recorders(world);
    put_taken(world, before);
}
