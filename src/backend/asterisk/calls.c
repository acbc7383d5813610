/* From channels to the calls of a user. */
#include "callhud/backend/asterisk/supervise.h"
#include "callhud/backend/asterisk/world.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

#define HOPS_MAX 8 /* Local pairs followed to find who is at the other end */

enum ari_leg ari_chan_leg(const struct ari_chan *chan)
{
    if (chan->owner == NULL)
        return ARI_LEG_NONE;
    if (chan->is_leaving && chan->leg != ARI_LEG_NONE)
        return chan->leg;
    switch (chan->fact.state) {
    case ARI_STATE_RINGING: return ARI_LEG_RINGING;
    case ARI_STATE_RING:
    case ARI_STATE_DIALLING:
    case ARI_STATE_BUSY: return ARI_LEG_DIALLING; /* Busy: the phone hears the busy tone */
    case ARI_STATE_UP: break;
    case ARI_STATE_DOWN: /* before it rings: no call yet */
    case ARI_STATE_OTHER: return ARI_LEG_NONE;
    }
    /* Nobody is held any more when the partner has gone (taken over, parked) and the phone was not
     * told: no ChannelUnhold comes then (contract 3). */
    bool is_deserted = chan->room != NULL && chan->room->members.len == 1 &&
                       str_eq(chan->room->fact.klass, "basic");
    if (chan->is_held && !is_deserted)
        return ARI_LEG_HELD;
    return chan->is_dialling ? ARI_LEG_DIALLING : ARI_LEG_CONNECTED;
}

struct ari_chan *ari_chan_other_half(const struct ari_world *world, const struct ari_chan *chan)
{
    size_t len = strlen(chan->fact.name);
    if (!str_starts(chan->fact.name, "Local/") || len < 2 || chan->fact.name[len - 2] != ';')
        return NULL;
    char wanted = chan->fact.name[len - 1] == '1' ? '2' : '1';
    for (size_t i = 0; i < world->chans.len; i++) {
        struct ari_chan *other = world->chans.items[i];
        if (strncmp(other->fact.name, chan->fact.name, len - 1) == 0 &&
            other->fact.name[len - 1] == wanted && other->fact.name[len] == '\0')
            return other;
    }
    return NULL;
}

/* ---- supervision ---- */

bool ari_chan_is_snoop(const struct ari_chan *chan)
{
    return str_starts(chan->fact.name, "Snoop/");
}

bool ari_chan_is_recorder(const struct ari_chan *chan)
{
    return ari_chan_is_snoop(chan) && str_starts(chan->fact.id, ARI_RECORDER_PREFIX);
}

bool ari_chan_is_spy(const struct ari_chan *chan)
{
    return chan->fact.state == ARI_STATE_UP && str_eq(chan->fact.app, "ChanSpy");
}

/* ChanSpy(PREFIX,options): the channel of that name, else the oldest one that is up and starts so.
 */
static struct ari_chan *spied(const struct ari_world *world, const struct ari_chan *spy)
{
    size_t len = strcspn(spy->fact.app_data, ",");
    struct ari_chan *oldest = NULL;
    if (len == 0)
        return NULL; /* everybody in turn: whom, is not told */
    for (size_t i = 0; i < world->chans.len; i++) {
        struct ari_chan *chan = world->chans.items[i];
        if (chan == spy || strncmp(chan->fact.name, spy->fact.app_data, len) != 0)
            continue;
        if (chan->fact.name[len] == '\0')
            return chan;
        if (chan->fact.state == ARI_STATE_UP &&
            (oldest == NULL || chan->fact.created_ms < oldest->fact.created_ms))
            oldest = chan;
    }
    return oldest;
}

/* Snoop/TARGETID-N */
static struct ari_chan *snooped(const struct ari_world *world, const struct ari_chan *snoop)
{
    char id[ARI_ID_BYTES];
    const char *start = snoop->fact.name + strlen("Snoop/");
    const char *dash = strrchr(start, '-');
    if (dash == NULL || (size_t)(dash - start) >= sizeof id)
        return NULL;
    memcpy(id, start, (size_t)(dash - start));
    id[dash - start] = '\0';
    return map_get(&world->chan_by_id, id);
}

struct ari_chan *ari_chan_supervised(const struct ari_world *world, const struct ari_chan *chan)
{
    if (ari_chan_is_snoop(chan))
        return snooped(world, chan);
    return ari_chan_is_spy(chan) ? spied(world, chan) : NULL;
}

static enum supervise_mode spy_mode(const struct ari_chan *spy)
{
    if (spy->spy_mode != SUPERVISE_UNKNOWN)
        return spy->spy_mode;
    const char *options = strchr(spy->fact.app_data, ',');
    enum supervise_mode mode = SUPERVISE_LISTEN;
    int depth = 0;
    for (const char *p = options; p != NULL && *p != '\0'; p++) {
        depth += *p == '(';
        depth -= *p == ')';
        if (depth == 0 && *p == 'B')
            return SUPERVISE_BARGE;
        if (depth == 0 && (*p == 'w' || *p == 'W'))
            mode = SUPERVISE_WHISPER;
    }
    return mode;
}

static void add_supervisor(struct ari_call *call, const struct ari_user *who,
                           enum supervise_mode mode)
{
    if (call->supervisors_len == ARI_SUPERVISORS_MAX)
        return;
    size_t at = call->supervisors_len++;
    str_copy(call->supervisors[at].extension, sizeof call->supervisors[at].extension,
             who != NULL ? who->extension : "");
    call->supervisors[at].mode = mode;
}

static void find_supervisors(const struct ari_world *world, const struct ari_chan *target,
                             struct ari_call *call)
{
    for (size_t i = 0; i < world->chans.len; i++) {
        const struct ari_chan *chan = world->chans.items[i];
        if (ari_chan_is_spy(chan) && spied(world, chan) == target)
            add_supervisor(call, chan->owner, spy_mode(chan));
        /* A snoop in no bridge is heard by nobody: it records. */
        if (!ari_chan_is_snoop(chan) || chan->room == NULL || chan->room->members.len < 2 ||
            snooped(world, chan) != target)
            continue;
        const struct ari_user *who = NULL;
        for (size_t k = 0; k < chan->room->members.len; k++)
            if (chan->room->members.items[k]->owner != NULL)
                who = chan->room->members.items[k]->owner;
        add_supervisor(call, who, supervise_mode_of_id(chan->fact.id));
    }
}

/* ---- the other party ---- */

/* Who is at the other side of one channel: its only bridge mate, or who dialled it, or whom it
 * dials. */
static const struct ari_chan *across(const struct ari_world *world, const struct ari_chan *chan)
{
    if (chan->room != NULL && chan->room->members.len == 2)
        return chan->room->members.items[chan->room->members.items[0] == chan ? 1 : 0];
    if (chan->room != NULL && chan->room->members.len > 2)
        return NULL;
    if (chan->dialler != NULL)
        return chan->dialler;
    for (size_t i = 0; i < world->chans.len; i++)
        if (world->chans.items[i]->dialler == chan)
            return world->chans.items[i];
    return NULL;
}

const struct ari_chan *ari_world_far(const struct ari_world *world, const struct ari_chan *chan)
{
    const struct ari_chan *at = across(world, chan);
    for (int hop = 0; at != NULL && hop < HOPS_MAX; hop++) {
        const struct ari_chan *half = ari_chan_other_half(world, at);
        if (half == NULL)
            return str_starts(at->fact.name, "Local/") || ari_chan_is_snoop(at) ? NULL : at;
        at = across(world, half);
    }
    return NULL;
}

static void name_party(const struct ari_world *world, const struct ari_chan *chan,
                       struct ari_call *call)
{
    str_copy(call->number, sizeof call->number, chan->fact.connected_number);
    str_copy(call->name, sizeof call->name, chan->fact.connected_name);
    if (call->number[0] != '\0')
        return;
    const struct ari_chan *far = ari_world_far(world, chan);
    const char *dialled = call->direction == CALL_OUT ? chan->dialled : "";
    /* While nobody has answered, whom a queue or a group tries just now is not who was dialled. */
    bool is_attempt = far != NULL && (chan->room == NULL || chan->room->members.len < 2) &&
                      dialled[0] != '\0' && !str_eq(far->fact.caller_number, dialled);
    if (far != NULL && far->fact.caller_number[0] != '\0' && !is_attempt) {
        str_copy(call->number, sizeof call->number, far->fact.caller_number);
        if (call->name[0] == '\0')
            str_copy(call->name, sizeof call->name, far->fact.caller_name);
    } else {
        str_copy(call->number, sizeof call->number, dialled);
    }
}

bool ari_world_taker(const struct ari_world *world, const char *leg_id, char *extension,
                     size_t size)
{
    const struct ari_chan *leg = ari_world_chan(world, leg_id);
    const char *far_id = leg != NULL ? leg->far_id : "";
    for (size_t i = 0; leg == NULL && i < world->taken.len; i++)
        if (str_eq(world->taken.items[i].leg_id, leg_id))
            far_id = world->taken.items[i].far_id;
    const struct ari_chan *other = ari_world_chan(world, far_id);
    const struct ari_chan *taker = other != NULL ? ari_world_far(world, other) : NULL;
    str_copy(extension, size, "");
    if (taker == NULL || taker == leg || taker->fact.state != ARI_STATE_UP)
        return false;
    if (taker->owner != NULL)
        str_copy(extension, size, taker->owner->extension);
    return true;
}

void ari_world_say_gone(const struct ari_world *world, const char *leg_id, char *text, size_t size)
{
    char who[ARI_NUMBER_BYTES];
    if (!ari_world_taker(world, leg_id, who, sizeof who))
        str_copy(text, size, "the call has ended");
    else
        snprintf(text, size, "taken by %s", who[0] != '\0' ? who : "another phone");
}

/* ---- recordings ---- */

static void look_at_marks(const struct ari_chan *chan, struct ari_recording *out)
{
    out->is_monitor |= chan->is_recorded;
    out->is_foreign |= chan->is_ari_recorded;
    if (chan->recorder != NULL && ari_chan_is_recorder(chan->recorder))
        out->ours = out->ours != NULL ? out->ours : chan->recorder;
    else if (chan->recorder != NULL)
        out->is_foreign = true;
    out->is_any = out->is_monitor || out->is_foreign || out->ours != NULL;
}

/* MixMonitor sits on one channel and hears the whole call, so a mark on any channel that the call
 * runs through counts. */
void ari_world_recording(const struct ari_world *world, const struct ari_chan *chan,
                         struct ari_recording *out)
{
    const struct ari_chan *at = chan;
    memset(out, 0, sizeof *out);
    for (int hop = 0; at != NULL && hop < HOPS_MAX; hop++) {
        look_at_marks(at, out);
        for (size_t i = 0; at->room != NULL && i < at->room->members.len; i++)
            look_at_marks(at->room->members.items[i], out);
        const struct ari_chan *mate =
            at->room != NULL && at->room->members.len == 2 ? across(world, at) : NULL;
        at = mate != NULL ? ari_chan_other_half(world, mate) : NULL;
        if (at == chan)
            break;
    }
}

static bool is_recorded(const struct ari_world *world, const struct ari_chan *chan)
{
    struct ari_recording recording;
    ari_world_recording(world, chan, &recording);
    return recording.is_any;
}

/* ---- calls ---- */

static void own_call(const struct ari_world *world, const struct ari_chan *chan,
                     struct ari_call *call)
{
    static const enum call_state states[] = {
        [ARI_LEG_RINGING] = CALL_RINGING,
        [ARI_LEG_DIALLING] = CALL_DIALLING,
        [ARI_LEG_CONNECTED] = CALL_CONNECTED,
        [ARI_LEG_HELD] = CALL_HELD,
    };
    call->state = states[chan->leg];
    call->direction = chan->is_called || chan->leg == ARI_LEG_RINGING ? CALL_IN : CALL_OUT;
    call->since_ms = chan->leg_ms;
    call->connected_ms = chan->answered_ms;
    call->is_recorded = is_recorded(world, chan);
    call->is_summons = chan->leg == ARI_LEG_RINGING && supervise_is_phone_id(chan->fact.id);
    name_party(world, chan, call);
    find_supervisors(world, chan, call);
}

static bool is_parked_by(const struct ari_chan *chan, const struct ari_user *user)
{
    return chan->parked_ms != 0 && chan->last_user == user && chan->owner != user &&
           chan->room != NULL && str_eq(chan->room->fact.klass, "parking");
}

void ari_world_calls(struct ari_world *world, const struct ari_user *user, ari_calls *out)
{
    out->len = 0;
    for (size_t i = 0; i < world->chans.len; i++) {
        const struct ari_chan *chan = world->chans.items[i];
        bool is_own = chan->owner == user && chan->leg != ARI_LEG_NONE;
        if (!is_own && !is_parked_by(chan, user))
            continue; /* nearly all of them: a call is a kilobyte that is not cleared for these */
        struct ari_call call;
        memset(&call, 0, sizeof call);
        memcpy(call.id, chan->fact.id, sizeof call.id);
        if (is_own) {
            own_call(world, chan, &call);
        } else {
            call.state = CALL_PARKED;
            call.direction = chan->is_called ? CALL_OUT : CALL_IN;
            call.since_ms = chan->parked_ms > 1 ? chan->parked_ms : 0;
            str_copy(call.number, sizeof call.number, chan->fact.caller_number);
            str_copy(call.name, sizeof call.name, chan->fact.caller_name);
            struct ari_recording marks = {0};
            look_at_marks(chan, &marks);
            call.is_recorded = marks.is_any;
        }
        VEC_PUSH(out, call);
    }
}
