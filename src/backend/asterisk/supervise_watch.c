/* What the events mean for the supervision. Levels, not edges: the world is looked at after each
 * event and after each snapshot, so what a lost link has hidden is found as well. */
#include "supervise_parts.h"

#include <stdio.h>

const struct order *supervise_current(const struct supervise *s)
{
    return s->asked.id != 0 ? &s->asked : &s->on;
}

bool supervise_is_in_bridge(const struct supervise *s, const char *channel_id)
{
    const struct ari_chan *chan = ari_world_chan(s->config.world, channel_id);
    return s->bridge != NULL && chan != NULL && chan->room != NULL &&
           str_eq(chan->room->fact.id, s->bridge->id);
}

static bool is_confirmed(const struct supervise *s)
{
    return s->on.id != 0 && s->state != AT_STOP;
}

bool supervise_is_going(const struct supervise *s)
{
    return s->state == AT_GO || s->state == AT_ON_GO || s->state == AT_WHY;
}

bool supervise_is_bridged(const struct supervise *s, const char *phone_id)
{
    const struct order *order = &s->asked;
    const struct ari_chan *phone = ari_world_chan(s->config.world, phone_id);
    if (phone == NULL || phone->room == NULL || phone->room->members.len < 2 ||
        str_starts(phone->room->fact.id, s->prefix))
        return false;
    if (order->far_id[0] == '\0' && order->mate_id[0] == '\0')
        return true;
    for (size_t i = 0; i < phone->room->members.len; i++) {
        const char *id = phone->room->members.items[i]->fact.id;
        if (str_eq(id, order->far_id) || str_eq(id, order->mate_id))
            return true;
    }
    const struct ari_chan *far = ari_world_far(s->config.world, phone);
    return far != NULL && str_eq(far->fact.id, order->far_id);
}

/* ---- what may settle by itself ---- */

enum doubt { DOUBT_NONE, DOUBT_TARGET, DOUBT_FAR, DOUBT_PHONE, DOUBT_SNOOP };

/* Between two bridges, and while a call ends piece by piece, something is missing for a moment. */
static enum doubt doubt_of(const struct supervise *s)
{
    const struct order *order = supervise_current(s);
    const struct ari_chan *target = ari_world_chan(s->config.world, order->target_id);
    if (order->id == 0 || supervise_is_going(s) || s->state == AT_STOP || s->state == AT_IDLE)
        return DOUBT_NONE;
    if (target == NULL)
        return DOUBT_TARGET;
    if (order->far_id[0] != '\0' && ari_world_far(s->config.world, target) == NULL)
        return DOUBT_FAR;
    bool is_joined = is_confirmed(s) || s->state == AT_SNOOP || s->state == AT_ADD;
    if (is_joined && s->phone != NULL && !supervise_is_in_bridge(s, s->phone->id))
        return DOUBT_PHONE;
    bool is_made = s->state == AT_SNOOP || s->state == AT_ADD ||
                   (s->state >= AT_SW_SNOOP && s->state <= AT_SW_ADD);
    if (is_made && s->snoop == NULL)
        return DOUBT_SNOOP;
    const struct thing *heard = s->old_snoop != NULL ? s->old_snoop : s->snoop;
    bool is_heard = is_confirmed(s) && s->state != AT_SW_DROP && s->state != AT_SW_ADD;
    if (is_heard && (heard == NULL || !supervise_is_in_bridge(s, heard->id)))
        return DOUBT_SNOOP;
    return DOUBT_NONE;
}

void supervise_undoubt(struct supervise *s)
{
    s->config.io->timer_stop(s->doubt);
    s->doubt = NULL;
}

void supervise_decide(struct supervise *s)
{
    switch (doubt_of(s)) {
    case DOUBT_NONE: return;
    case DOUBT_TARGET: supervise_feed(s, IN_TARGET_GONE); return;
    case DOUBT_FAR:
        str_copy(s->changed, sizeof s->changed, "the other party has left the call");
        supervise_feed(s, IN_CHANGED);
        return;
    case DOUBT_PHONE: supervise_feed(s, IN_PHONE_OUT); return;
    case DOUBT_SNOOP: supervise_feed(s, IN_SNOOP_GONE); return;
    }
}

static void on_doubt(void *self)
{
    struct supervise *s = self;
    if (supervise_overslept(s, &s->doubt, &s->doubt_ms, on_doubt))
        return;
    if (s->is_synced)
        supervise_decide(s);
}

static void watch_doubts(struct supervise *s)
{
    if (doubt_of(s) == DOUBT_NONE)
        supervise_undoubt(s);
    else if (s->doubt == NULL)
        supervise_wait(s, &s->doubt, &s->doubt_ms, SUPERVISE_SETTLE_MS, on_doubt);
}

/* ---- the call ---- */

static void feed_changed(struct supervise *s, const char *target_id)
{
    char who[ARI_NUMBER_BYTES];
    if (ari_world_taker(s->config.world, target_id, who, sizeof who) && who[0] != '\0')
        snprintf(s->changed, sizeof s->changed, "taken by %s", who);
    else
        str_copy(s->changed, sizeof s->changed,
                 "the other party has changed (transferred or picked up)");
    supervise_feed(s, IN_CHANGED);
}

/* A leg ends a moment before its caller is with whoever was faster, or gone. */
static bool is_fate_open(const struct supervise *s, const struct order *order)
{
    char who[ARI_NUMBER_BYTES];
    return (order->kind == ACTION_PICKUP || order->kind == ACTION_TAKEOVER) &&
           !ari_world_taker(s->config.world, order->target_id, who, sizeof who) &&
           ari_world_chan(s->config.world, order->far_id) != NULL;
}

static void learn_far(struct order *order, const char *far_id)
{
    if (order->id != 0 && order->far_id[0] == '\0')
        str_copy(order->far_id, sizeof order->far_id, far_id);
}

static void watch_call(struct supervise *s)
{
    const struct order *order = supervise_current(s);
    const struct ari_chan *target = ari_world_chan(s->config.world, order->target_id);
    if (target == NULL) {
        if (!is_fate_open(s, order))
            supervise_feed(s, IN_TARGET_GONE);
        return;
    }
    const struct ari_chan *far = ari_world_far(s->config.world, target);
    if (far != NULL && order->far_id[0] != '\0' && !str_eq(far->fact.id, order->far_id)) {
        feed_changed(s, order->target_id);
        return;
    }
    if (far != NULL) {
        learn_far(&s->asked, far->fact.id);
        learn_far(&s->on, far->fact.id);
    }
    if (order->kind != ACTION_PICKUP || target->leg == order->leg)
        return;
    if (order->leg == ARI_LEG_RINGING && target->leg != ARI_LEG_NONE) {
        snprintf(s->changed, sizeof s->changed, "answered by %s", order->user_id);
        supervise_feed(s, IN_RESUMED);
    } else if (order->leg == ARI_LEG_HELD && target->leg == ARI_LEG_CONNECTED && far != NULL) {
        snprintf(s->changed, sizeof s->changed, "%s resumed the call", order->user_id);
        supervise_feed(s, IN_RESUMED);
    }
}

/* ---- our phone and snoop ---- */

static enum supervise_input lifted_for(const struct order *order)
{
    switch (order->kind) {
    case ACTION_PICKUP: return order->leg == ARI_LEG_RINGING ? IN_LIFTED_PICK : IN_LIFTED_TAKE;
    case ACTION_TAKEOVER: return IN_LIFTED_TAKE;
    default: return IN_LIFTED_MODE;
    }
}

static void watch_phone(struct supervise *s)
{
    const struct ari_chan *phone = ari_world_chan(s->config.world, s->phone->id);
    if (phone != NULL && phone->fact.state == ARI_STATE_RINGING)
        supervise_feed(s, IN_RINGS);
    if (s->phone != NULL && s->phone->is_up && (s->state == AT_DIAL || s->state == AT_RING))
        supervise_feed(s, lifted_for(&s->asked));
    if (s->phone != NULL && supervise_is_in_bridge(s, s->phone->id))
        supervise_feed(s, IN_PHONE_IN);
}

static void watch_snoops(struct supervise *s)
{
    if (s->snoop != NULL && s->snoop->is_up)
        supervise_feed(s, IN_SNOOP_UP);
    if (s->old_id[0] != '\0' && !supervise_is_in_bridge(s, s->old_id))
        supervise_feed(s, IN_OLD_GONE);
    if (s->snoop != NULL && supervise_is_in_bridge(s, s->snoop->id))
        supervise_feed(s, IN_SNOOP_IN);
}

void supervise_watch(struct supervise *s)
{
    if (s->state == AT_IDLE || s->state == AT_STOP || !s->is_synced)
        return;
    if (supervise_is_going(s)) {
        if (s->phone != NULL && s->asked.id != 0 && supervise_is_bridged(s, s->phone->id))
            supervise_feed(s, IN_BRIDGED);
        return;
    }
    watch_call(s);
    if (s->phone != NULL)
        watch_phone(s);
    watch_snoops(s);
    watch_doubts(s);
}
