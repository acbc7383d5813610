/* What is said when a supervision ends or fails: what happened and what to do. */
#include "supervise_parts.h"

#include "callhud/base/err.h"

#include <stdio.h>
#include <string.h>

/* Q.850, as ChannelDestroyed gives it */
enum { CAUSE_BUSY = 17, CAUSE_NO_USER = 18, CAUSE_NO_ANSWER = 19, CAUSE_REJECTED = 21 };

const char *supervise_phone_number(const struct supervise *s, char *to, size_t size)
{
    const char *phone = s->config.config->phone;
    const struct ari_user *user = ari_people_by_endpoint(s->config.world->people, phone);
    const char *slash = strchr(phone, '/');
    str_copy(to, size, user != NULL ? user->extension : slash != NULL ? slash + 1 : phone);
    return to;
}

enum rc supervise_say_gone(const struct supervise *s, const char *target_id, struct err *err)
{
    char text[ARI_NUMBER_BYTES + 32];
    ari_world_say_gone(s->config.world, target_id, text, sizeof text);
    return err_set(err, RC_NOT_FOUND, "%s", text);
}

static bool is_cause_offline(int cause)
{
    /* 1 unallocated, 3 no route, 20 subscriber absent, 27 destination out of order */
    return cause == 1 || cause == 3 || cause == 20 || cause == 27;
}

static void explain_unlifted(struct supervise *s, const char *number)
{
    int64_t ring_ms = supervise_ring_ms(s);
    bool is_out_of_time = supervise_now(s) - s->dialled_ms >= ring_ms - 1000;
    if (s->cause == CAUSE_BUSY)
        err_set(&s->why, RC_DENIED, "your phone %s is busy: end its call, then try again", number);
    else if (s->cause == CAUSE_REJECTED)
        err_set(&s->why, RC_DENIED, "your phone %s refused the call", number);
    else if (is_cause_offline(s->cause))
        err_set(&s->why, RC_DENIED, "your phone %s is offline: register it, then try again",
                number);
    else if (s->cause == CAUSE_NO_USER || s->cause == CAUSE_NO_ANSWER || is_out_of_time)
        err_set(&s->why, RC_DENIED, "your phone %s was not lifted within %lld s", number,
                (long long)(ring_ms / 1000));
    else
        err_set(&s->why, RC_DENIED, "your phone %s did not take the call (cause %d)", number,
                s->cause);
}

/* The lifted phone went into the dialplan and was not connected. */
static void explain_unbridged(struct supervise *s, const char *number)
{
    const struct order *order = supervise_current(s);
    const struct ari_chan *target = ari_world_chan(s->config.world, order->target_id);
    const struct ari_chan *far = target != NULL ? ari_world_far(s->config.world, target) : NULL;
    const char *context = s->config.config->retrieve_context;
    if (s->is_phone_leaving)
        err_set(&s->why, RC_CANCELLED, "you hung up");
    else if (target == NULL)
        supervise_say_gone(s, order->target_id, &s->why);
    else if (order->leg == ARI_LEG_RINGING && target->leg != ARI_LEG_RINGING)
        err_set(&s->why, RC_NOT_FOUND, "answered by %s", order->user_id);
    else if (order->far_id[0] != '\0' && (far == NULL || !str_eq(far->fact.id, order->far_id)))
        supervise_say_gone(s, order->target_id, &s->why);
    else
        err_set(&s->why, RC_REFUSED,
                "the server's dialplan has no usable context '%s': your phone %s was hung up, the "
                "call is as it was; see callhud doctor --example asterisk",
                str_is_empty(context) ? "retrieve" : context, number);
}

static void explain_late(struct supervise *s, const char *number)
{
    switch (s->state) {
    case AT_RING:
        err_set(&s->why, RC_DENIED, "your phone %s was not lifted within %lld s", number,
                (long long)(supervise_ring_ms(s) / 1000));
        return;
    case AT_DIAL:
        err_set(&s->why, RC_TIMEOUT, "your phone %s does not ring: is it reachable?", number);
        return;
    case AT_WHY: explain_unbridged(s, number); return;
    case AT_GO:
    case AT_ON_GO:
        err_set(&s->why, RC_TIMEOUT,
                "the server did not connect your phone within %d s: look whether you have the call",
                SUPERVISE_RETRIEVE_MS / 1000);
        return;
    default:
        err_set(&s->why, RC_TIMEOUT, "the server did not do it within %d s",
                SUPERVISE_STEP_MS / 1000);
    }
}

static void explain_phone_gone(struct supervise *s, const char *number)
{
    if (s->state == AT_DIAL || s->state == AT_RING)
        explain_unlifted(s, number);
    else if (s->state == AT_UNSURE)
        err_set(&s->why, RC_CANCELLED, "your phone %s was hung up while the link was lost", number);
    else
        err_set(&s->why, RC_CANCELLED, "you hung up");
}

static bool is_dial_refused(const struct supervise *s)
{
    /* "Allocation failed": no contact (contract 2) */
    return s->state == AT_DIAL && s->status == 500;
}

/* The server answers the same for a phone that is not there. */
static void explain_unreachable(struct supervise *s, const char *number)
{
    const char *phone = s->config.config->phone;
    if (ari_people_by_endpoint(s->config.world->people, phone) != NULL)
        err_set(&s->why, RC_DENIED, "your phone %s is offline: register it, then try again",
                number);
    else
        err_set(&s->why, RC_DENIED,
                "the server cannot call %.80s: register it, or correct phone in the profile "
                "(callhud doctor says which)",
                phone);
}

static void say_refused(struct supervise *s)
{
    static const char *const steps[AT_COUNT] = {
        [AT_DIAL] = "to call your phone",
        [AT_RING] = "to call your phone",
        [AT_BRIDGE] = "a bridge",
        [AT_JOIN] = "your phone in a bridge",
        [AT_SNOOP] = "to listen to the call",
        [AT_SW_SNOOP] = "the other mode",
        [AT_ADD] = "to connect your phone",
        [AT_SW_ADD] = "to connect your phone",
        [AT_CLAIM] = "to note who takes over",
        [AT_ON_CLAIM] = "to note who takes over",
        [AT_HOLD] = "to read the line",
        [AT_ON_HOLD] = "to read the line",
        [AT_VARS] = "a variable of the phone",
        [AT_ON_VARS] = "a variable of the phone",
        [AT_GO] = "the phone in the dialplan",
        [AT_ON_GO] = "the phone in the dialplan",
    };
    const char *step = steps[s->state];
    err_set(&s->why, RC_REFUSED, "the server refuses %s: %s", step != NULL ? step : "it",
            s->answer);
}

static void explain_missing(struct supervise *s)
{
    const struct order *order = supervise_current(s);
    bool is_target = s->state == AT_SNOOP || s->state == AT_SW_SNOOP || s->state == AT_HOLD ||
                     s->state == AT_ON_HOLD;
    if (is_target)
        supervise_say_gone(s, order->target_id, &s->why);
    else
        say_refused(s);
}

/* Who claims has a lifted phone, until the call is on it. */
static bool has_phone_of(const struct supervise *s, const char *hex)
{
    const struct ari_world *world = s->config.world;
    char start[48];
    snprintf(start, sizeof start, "callhud-%.16s-phone-", hex);
    for (size_t i = 0; i < world->chans.len; i++)
        if (str_starts(world->chans.items[i]->fact.id, start))
            return true;
    return false;
}

static void explain_claimed(struct supervise *s)
{
    char id[SUPERVISE_ID_BYTES], who[ARI_NUMBER_BYTES] = "";
    snprintf(id, sizeof id, SUPERVISE_CLAIM_PREFIX "%s", supervise_current(s)->target_id);
    const struct ari_bridge_room *room = map_get(&s->config.world->room_by_id, id);
    str_copy(who, sizeof who, room != NULL ? room->fact.name : s->claimant); /* "108 8HEX" */
    char *hex = who + strcspn(who, " ");
    if (*hex != '\0')
        *hex++ = '\0';
    if (*hex != '\0' && !has_phone_of(s, hex))
        err_set(&s->why, RC_NOT_FOUND,
                "%s was about to take this call when that callhud was killed: the call is free as "
                "soon as it is started again",
                who);
    else if (who[0] != '\0')
        err_set(&s->why, RC_NOT_FOUND, "taken by %s", who);
    else if (ari_world_chan(s->config.world, supervise_current(s)->target_id) != NULL)
        err_set(&s->why, RC_NOT_FOUND, "taken by another callhud");
    else
        supervise_say_gone(s, supervise_current(s)->target_id, &s->why);
}

void supervise_explain(struct supervise *s, enum supervise_input input)
{
    char number[ARI_NUMBER_BYTES];
    supervise_phone_number(s, number, sizeof number);
    switch (input) {
    case IN_STOP: err_set(&s->why, RC_CANCELLED, "you ended it"); return;
    case IN_OTHER: err_set(&s->why, RC_CANCELLED, "you went on to another call"); return;
    case IN_LOST: err_set(&s->why, RC_UNREACHABLE, "the link to the server was lost"); return;
    case IN_LEDGER: s->why = s->ledger; return;
    case IN_MISSING: explain_missing(s); return;
    case IN_CONFLICT:
        if (s->state == AT_CLAIM || s->state == AT_ON_CLAIM)
            explain_claimed(s);
        else
            say_refused(s);
        return;
    case IN_DENIED:
        err_set(&s->why, RC_DENIED,
                "this ARI user may only read (read_only in ari.conf): see callhud doctor "
                "--example asterisk");
        return;
    case IN_ERROR:
        if (is_dial_refused(s))
            explain_unreachable(s, number);
        else
            say_refused(s);
        return;
    case IN_SILENCE:
        err_set(&s->why, RC_TIMEOUT, "the server did not answer: %s", s->answer);
        return;
    case IN_LATE: explain_late(s, number); return;
    case IN_PHONE_OUT:
        err_set(&s->why, RC_CANCELLED, "your phone %s left for another call", number);
        return;
    case IN_PHONE_GONE: explain_phone_gone(s, number); return;
    case IN_SNOOP_GONE:
        err_set(&s->why, RC_REFUSED, "the server ended the listening: try again");
        return;
    case IN_TARGET_GONE: supervise_say_gone(s, supervise_current(s)->target_id, &s->why); return;
    case IN_CHANGED:
    case IN_RESUMED: err_set(&s->why, RC_NOT_FOUND, "%s", s->changed); return;
    default: return;
    }
}
