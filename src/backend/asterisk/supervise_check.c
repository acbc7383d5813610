/* May it be done now, to the very call that was seen? */
#include "supervise_parts.h"

#include "callhud/base/err.h"

#include <string.h>

const struct ari_chan *supervise_mate(const struct ari_chan *chan)
{
    if (chan->room == NULL || chan->room->members.len != 2)
        return NULL;
    return chan->room->members.items[chan->room->members.items[0] == chan ? 1 : 0];
}

static bool is_of_phone(const struct supervise *s, const struct ari_chan *chan)
{
    char endpoint[ARI_NAME_BYTES];
    return chan != NULL && ari_channel_endpoint(chan->fact.name, endpoint, sizeof endpoint) &&
           str_eq(endpoint, s->config.config->phone);
}

static enum rc check_state(const struct action *action, const struct ari_chan *target,
                           struct err *err)
{
    bool is_talked = target->leg == ARI_LEG_CONNECTED || target->leg == ARI_LEG_HELD;
    const char *user = action->user_id;
    if (action->kind == ACTION_PICKUP && target->leg == ARI_LEG_CONNECTED)
        return err_set(err, RC_DENIED, "%s is talking: take the call over instead", user);
    if (action->kind == ACTION_PICKUP && target->leg == ARI_LEG_RINGING &&
        supervise_is_phone_id(action->call_id))
        return err_set(err, RC_DENIED, "%s's phone rings to supervise: nobody is at the other end",
                       user);
    if (action->kind == ACTION_PICKUP && target->leg == ARI_LEG_DIALLING)
        return err_set(err, RC_DENIED, "%s is dialling: nobody is there to pick up", user);
    if (action->kind != ACTION_PICKUP && !is_talked)
        return err_set(err, RC_DENIED, "the call of %s is not answered yet", user);
    return RC_OK;
}

static enum rc check_mate(const struct action *action, const struct ari_chan *target,
                          struct err *err)
{
    const struct ari_chan *mate = supervise_mate(target);
    if (action_row(action->kind)->is_mode || target->leg == ARI_LEG_RINGING)
        return RC_OK;
    if (target->room != NULL &&
        (target->room->members.len > 2 || str_eq(target->room->fact.klass, "base")))
        return err_set(err, RC_DENIED,
                       "the call of %s is a conference: only a call of two can be "
                       "taken over",
                       action->user_id);
    if (mate == NULL)
        return err_set(err, RC_DENIED, "nobody is at the other end of %s's call", action->user_id);
    return RC_OK;
}

enum rc supervise_look(const struct supervise *s, const struct action *action, struct order *out,
                       struct err *err)
{
    const struct ari_world *world = s->config.world;
    const struct ari_user *user = ari_people_by_extension(world->people, action->user_id);
    memset(out, 0, sizeof *out);
    if (user == NULL)
        return err_set(err, RC_NOT_FOUND, "%s is not monitored", action->user_id);
    const struct ari_chan *target = ari_world_chan(world, action->call_id);
    if (target == NULL || target->is_leaving)
        return supervise_say_gone(s, action->call_id, err);
    if (target->owner != user || target->leg == ARI_LEG_NONE)
        return err_set(err, RC_NOT_FOUND, "that call is not %s's any more", action->user_id);
    const struct ari_chan *far = ari_world_far(world, target);
    if (is_of_phone(s, target) || is_of_phone(s, far))
        return err_set(err, RC_DENIED, "your own phone is in that call");
    enum rc rc = check_state(action, target, err);
    if (rc == RC_OK)
        rc = check_mate(action, target, err);
    if (rc != RC_OK)
        return rc;
    const struct ari_chan *mate =
        target->leg == ARI_LEG_RINGING ? target->dialler : supervise_mate(target);
    out->id = action->id;
    out->kind = action->kind;
    out->leg = target->leg;
    str_copy(out->user_id, sizeof out->user_id, action->user_id);
    str_copy(out->target_id, sizeof out->target_id, action->call_id);
    if (far != NULL)
        str_copy(out->far_id, sizeof out->far_id, far->fact.id);
    if (mate != NULL)
        str_copy(out->mate_id, sizeof out->mate_id, mate->fact.id);
    return RC_OK;
}

enum rc supervise_look_again(const struct supervise *s, struct order *order, struct err *err)
{
    const struct action action = {.id = order->id,
                                  .kind = order->kind,
                                  .user_id = order->user_id,
                                  .call_id = order->target_id};
    struct order now;
    enum rc rc = supervise_look(s, &action, &now, err);
    if (rc != RC_OK)
        return rc;
    if (order->far_id[0] != '\0' && !str_eq(order->far_id, now.far_id))
        return err_set(err, RC_NOT_FOUND, "the other party has changed (transferred or picked up)");
    if (order->kind == ACTION_PICKUP && order->leg != now.leg)
        return err_set(err, RC_NOT_FOUND, "the line is not as it was seen");
    now.is_phone_told = order->is_phone_told;
    *order = now;
    return RC_OK;
}

enum rc supervise_check_phone(const struct supervise *s, struct err *err)
{
    const char *phone = s->config.config->phone;
    char number[ARI_NUMBER_BYTES];
    if (str_is_empty(phone))
        return err_set(err, RC_DENIED,
                       "no phone of yours is set: phone = PJSIP/108 in the profile");
    const struct ari_user *user = ari_people_by_endpoint(s->config.world->people, phone);
    for (size_t i = 0; user != NULL && i < user->devices.len; i++)
        if (str_eq(user->devices.items[i].name, phone) &&
            user->devices.items[i].online == ARI_ONLINE_NO)
            return err_set(err, RC_DENIED, "your phone %s is offline: register it, then try again",
                           supervise_phone_number(s, number, sizeof number));
    return RC_OK;
}
