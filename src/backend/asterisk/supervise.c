/* The state machine's engine, and the operations of the header. */
#include "supervise_parts.h"

#include "callhud/backend/tell.h"
#include "callhud/base/err.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"

#include <stdio.h>
#include <string.h>

int64_t supervise_now(const struct supervise *s)
{
    return s->config.io->now_ms(s->config.io->net);
}

int64_t supervise_ring_ms(const struct supervise *s)
{
    int64_t ms = s->config.config->ring_timeout_ms;
    return ms > 0 ? ms : 20000;
}

struct supervise *supervise_new(const struct ari_part_config *config)
{
    struct supervise *s = mem_zero(1, sizeof *s);
    s->config = *config;
    snprintf(s->prefix, sizeof s->prefix, "callhud-%08x-",
             (unsigned)config->io->random(config->io->net));
    return s;
}

void supervise_free(struct supervise *s)
{
    if (s == NULL)
        return;
    const struct io *io = s->config.io;
    supervise_cancel_step(s);
    supervise_forget_all(s);
    io->timer_stop(s->deadline);
    io->timer_stop(s->doubt);
    io->timer_stop(s->sweep);
    io->timer_stop(s->leave);
    mem_free(s);
}

/* "-PART-N" of an id that a callhud has chosen; NULL when none has. */
static const char *part_of_id(const char *id)
{
    static const char start[] = "callhud-";
    const size_t hex_at = sizeof start - 1, hex_len = 8;
    if (!str_starts(id, start) || strspn(id + hex_at, "0123456789abcdef") != hex_len)
        return NULL;
    return id + hex_at + hex_len;
}

bool supervise_is_phone_id(const char *channel_id)
{
    const char *part = part_of_id(channel_id);
    return part != NULL && str_starts(part, "-phone-");
}

enum supervise_mode supervise_mode_of_id(const char *channel_id)
{
    static const struct {
        const char *part;
        enum supervise_mode mode;
    } parts[] = {{"-listen-", SUPERVISE_LISTEN},
                 {"-whisper-", SUPERVISE_WHISPER},
                 {"-barge-", SUPERVISE_BARGE}};
    const char *part = part_of_id(channel_id);
    for (size_t i = 0; part != NULL && i < sizeof parts / sizeof parts[0]; i++)
        if (str_starts(part, parts[i].part))
            return parts[i].mode;
    return SUPERVISE_UNKNOWN;
}

/* ---- the machine ---- */

void supervise_tell(struct supervise *s, const struct order *order, enum action_stage stage,
                    enum rc rc, const char *text)
{
    const struct order copy = *order; /* whoever hears it may act at once */
    struct backend_tale tale = {copy.id, copy.kind, copy.user_id, copy.target_id, false};
    backend_tell_action(&s->config.sink, &tale, stage, rc, text);
}

/* A phone that was given up, and of which the server has not said whether it has the caller: that
 * decides whether the action has failed. */
static bool is_fate_open(const struct supervise *s)
{
    for (size_t i = 0; i < s->things.len; i++)
        if (s->things.items[i]->is_on_its_way && !s->things.items[i]->is_looked_at)
            return s->state == AT_STOP && s->asked.id != 0;
    return false;
}

void supervise_wait(struct supervise *s, struct io_timer **timer, int64_t *due_ms, int64_t ms,
                    void (*fire)(void *self))
{
    const struct io *io = s->config.io;
    io->timer_stop(*timer);
    *timer = io->timer(io->net, ms, fire, s);
    *due_ms = supervise_now(s) + ms;
}

/* A loop runs its timers before it reads its sockets: after a pause of this program (a busy
 * machine) they are due before the events that came in time. */
bool supervise_overslept(struct supervise *s, struct io_timer **timer, int64_t *due_ms,
                         void (*fire)(void *self))
{
    *timer = NULL;
    if (supervise_now(s) <= *due_ms + SUPERVISE_OVERSLEPT_MS)
        return false;
    supervise_wait(s, timer, due_ms, 1, fire);
    return true;
}

static void on_deadline(void *self)
{
    struct supervise *s = self;
    if (supervise_overslept(s, &s->deadline, &s->deadline_ms, on_deadline))
        return;
    if (is_fate_open(s) && !s->is_doubted) {
        s->is_doubted = true;
        supervise_wait(s, &s->deadline, &s->deadline_ms, SUPERVISE_DOUBT_MS, on_deadline);
    } else {
        supervise_feed(s, IN_LATE);
    }
}

static void arm(struct supervise *s)
{
    const struct io *io = s->config.io;
    int64_t limit_ms = SUPERVISE_STEP_MS;
    io->timer_stop(s->deadline);
    s->deadline = NULL;
    switch (s->state) {
    case AT_IDLE:
    case AT_ON:
    case AT_UNSURE: return;
    case AT_RING: limit_ms += supervise_ring_ms(s); break;
    case AT_GO:
    case AT_ON_GO: limit_ms = SUPERVISE_RETRIEVE_MS; break;
    case AT_WHY: limit_ms = SUPERVISE_SETTLE_MS; break;
    default: break;
    }
    supervise_wait(s, &s->deadline, &s->deadline_ms, limit_ms, on_deadline);
}

void supervise_feed(struct supervise *s, enum supervise_input input)
{
    const struct supervise_cell *cell = supervise_cell(s->state, input);
    if (cell->effect == supervise_stay)
        return;
    bool is_end = cell->effect == supervise_end || cell->effect == supervise_move ||
                  cell->effect == supervise_part;
    if (is_end || cell->effect == supervise_fail_back || cell->effect == supervise_fail_unsure)
        supervise_explain(s, input);
    if (is_end && input != IN_OTHER && s->why.rc != RC_CANCELLED)
        log_info("ari", "supervision: %s", s->why.text);
    s->state = cell->next;
    arm(s);
    cell->effect(s);
}

void supervise_drop_next(struct supervise *s, enum rc rc, const char *text)
{
    struct order next = s->next;
    s->next.id = 0;
    if (next.id != 0)
        supervise_tell(s, &next, ACTION_FAILED, rc, text);
}

/* With the phone that is lifted already: in our bridge, or not. */
static void begin_lifted(struct supervise *s)
{
    bool is_mode = action_row(s->asked.kind)->is_mode;
    if (is_mode && supervise_is_in_bridge(s, s->phone->id)) {
        supervise_feed(s, IN_PHONE_IN);
        return;
    }
    if (is_mode)
        supervise_doom(s->bridge);
    supervise_feed(s, is_mode                           ? IN_LIFTED_MODE
                      : s->asked.leg == ARI_LEG_RINGING ? IN_LIFTED_PICK
                                                        : IN_LIFTED_TAKE);
}

void supervise_begin(struct supervise *s)
{
    struct err err = {0};
    if (supervise_look_again(s, &s->next, &err) != RC_OK ||
        (s->phone == NULL && supervise_check_phone(s, &err) != RC_OK)) {
        supervise_doom_all(s, false);
        supervise_drop_next(s, err.rc, err.text);
        return;
    }
    if (s->phone == NULL && supervise_make(s, PART_PHONE, SUPERVISE_UNKNOWN) == NULL) {
        supervise_drop_next(s, s->ledger.rc, s->ledger.text);
        return;
    }
    s->asked = s->next;
    s->next.id = 0;
    if (s->phone->is_up)
        begin_lifted(s);
    else
        supervise_feed(s, IN_DIAL);
}

/* ---- what people want ---- */

static bool is_taking(const struct supervise *s)
{
    return (s->state >= AT_CLAIM && s->state <= AT_ON_GO) || s->state == AT_WHY;
}

static enum rc stop(struct supervise *s, const struct action *action, struct err *err)
{
    bool is_any = s->asked.id != 0 || s->on.id != 0 || s->next.id != 0;
    if (s->stop.id != 0)
        return err_set(err, RC_DENIED, "it is being ended already");
    if (supervise_is_going(s))
        return err_set(err, RC_DENIED, "the call is on its way to your phone already");
    if (!is_any)
        return err_set(err, RC_DENIED, "you supervise nobody: there is nothing to stop");
    const struct order *what = s->on.id != 0 ? &s->on : s->asked.id != 0 ? &s->asked : &s->next;
    s->stop = *what;
    s->stop.id = action->id;
    s->stop.kind = ACTION_STOP;
    supervise_tell(s, &s->stop, ACTION_ASKED, RC_OK, NULL);
    supervise_drop_next(s, RC_CANCELLED, "you ended it");
    if (s->state == AT_STOP) { /* a phone that was kept for what came next */
        supervise_doom_all(s, false);
        if (supervise_is_clean(s))
            supervise_feed(s, IN_CLEAN);
    } else {
        supervise_feed(s, IN_STOP);
    }
    return RC_OK;
}

static enum rc check_free(const struct supervise *s, const struct action *action, struct err *err)
{
    bool is_same = str_eq(s->on.target_id, action->call_id);
    if (s->is_leaving)
        return err_set(err, RC_DENIED, "callhud is ending");
    if (s->config.app(s->config.self) == NULL)
        return err_set(err, RC_UNREACHABLE,
                       "there is no link to the server: wait until it is back");
    if (!s->is_synced || s->state == AT_UNSURE)
        return err_set(err, RC_UNREACHABLE, "the state of the server is being read: try again");
    if (is_taking(s))
        return err_set(err, RC_DENIED, "a call is on its way to your phone: wait for it");
    if (s->state == AT_ON && is_same && s->on.kind == action->kind)
        return err_set(err, RC_DENIED, "it is so already");
    is_same = str_eq(s->asked.target_id, action->call_id);
    if (s->asked.id != 0 && is_same && s->asked.kind == action->kind && s->state != AT_STOP)
        return err_set(err, RC_DENIED, "it was asked for already");
    return RC_OK;
}

static void start_now(struct supervise *s, const struct order *order)
{
    s->asked = *order;
    supervise_tell(s, &s->asked, ACTION_ASKED, RC_OK, NULL);
    supervise_feed(s, IN_DIAL);
}

/* Our phone rings for one thing, and is to be lifted for another one on the same call. */
static void aim_anew(struct supervise *s, const struct order *order)
{
    struct order before = s->asked;
    s->asked = *order;
    supervise_tell(s, &before, ACTION_FAILED, RC_CANCELLED, "something else was asked for");
    supervise_tell(s, &s->asked, ACTION_ASKED, RC_OK, NULL);
    supervise_feed(s, IN_SWITCH);
}

static void start_next(struct supervise *s, const struct order *order)
{
    bool is_same = s->on.id != 0 && str_eq(order->target_id, s->on.target_id);
    supervise_drop_next(s, RC_CANCELLED, "something else was asked for");
    s->next = *order;
    supervise_tell(s, &s->next, ACTION_ASKED, RC_OK, NULL);
    bool is_switching = s->state >= AT_SW_SNOOP && s->state <= AT_SW_ADD;
    if (!(is_same && is_switching)) /* that goes on when the switch is done */
        supervise_feed(s, IN_OTHER);
}

enum rc supervise_act(struct supervise *s, const struct action *action, struct err *err)
{
    struct order order;
    if (action->kind == ACTION_STOP)
        return stop(s, action, err);
    enum rc rc = check_free(s, action, err);
    if (rc == RC_OK)
        rc = supervise_look(s, action, &order, err);
    if (rc != RC_OK)
        return rc;
    bool is_asked = s->asked.id != 0 && str_eq(order.target_id, s->asked.target_id);
    bool is_on = s->on.id != 0 && str_eq(order.target_id, s->on.target_id);
    if (s->state == AT_IDLE) {
        rc = supervise_check_phone(s, err);
        if (rc != RC_OK)
            return rc;
        if (supervise_make(s, PART_PHONE, SUPERVISE_UNKNOWN) == NULL) {
            if (err != NULL)
                *err = s->ledger;
            return s->ledger.rc;
        }
        start_now(s, &order);
    } else if ((s->state == AT_DIAL || s->state == AT_RING) && is_asked) {
        aim_anew(s, &order);
    } else if (s->state == AT_ON && is_on) {
        s->asked = order;
        supervise_tell(s, &s->asked, ACTION_ASKED, RC_OK, NULL);
        supervise_feed(s, action_row(order.kind)->is_mode ? IN_SWITCH : IN_TAKE);
    } else {
        start_next(s, &order);
    }
    return RC_OK;
}

/* ---- what the server says ---- */

/* Something of ours came up that was given up before: what asked for it arrived late. A phone that
 * was left to its picked-up call is up, and never comes into our application again. */
static void adopt(struct supervise *s, const struct ari_event *event)
{
    const struct ari_channel *channel = &event->channel;
    bool is_late_bridge =
        event->kind == ARI_BRIDGE_CREATED &&
        (str_starts(event->bridge.id, s->prefix) || supervise_is_our_claim(s, event->bridge.name));
    bool is_late_channel =
        str_starts(channel->id, s->prefix) &&
        ari_world_chan(s->config.world, channel->id) != NULL &&
        (event->stasis == ARI_STASIS_START || channel->state == ARI_STATE_RINGING) &&
        event->kind != ARI_HANGUP_ASKED;
    if (is_late_bridge)
        supervise_adopt_doomed(s, PART_BRIDGE, event->bridge.id);
    else if (is_late_channel)
        supervise_adopt_doomed(s, PART_PHONE, channel->id);
    else
        return;
    log_warn("ari", "%s came up late and is removed",
             is_late_bridge ? event->bridge.id : channel->id);
}

static void thing_event(struct supervise *s, struct thing *thing, const struct ari_event *event)
{
    bool is_phone = thing == s->phone;
    thing->is_seen = true;
    thing->is_doubtful = false;
    if (event->stasis == ARI_STASIS_START)
        thing->is_up = true;
    if (event->kind == ARI_HANGUP_ASKED && is_phone)
        s->is_phone_leaving = true;
    if (event->kind != ARI_CHANNEL_DESTROYED && event->kind != ARI_BRIDGE_DESTROYED)
        return;
    if (is_phone)
        s->cause = event->cause;
    if (thing->is_open &&
        !thing->is_doomed) /* its answer may still say more: it goes, and is told */
        thing->is_open = false;
    supervise_thing_ended(thing);
    if (is_phone)
        supervise_feed(s, IN_PHONE_GONE);
}

void supervise_event(struct supervise *s, const struct ari_event *event)
{
    const char *id = event->channel.id;
    bool is_of_bridge = event->kind == ARI_BRIDGE_CREATED || event->kind == ARI_BRIDGE_DESTROYED;
    struct thing *thing = supervise_find(s, is_of_bridge ? event->bridge.id : id);
    if (thing == NULL && event->peer.id[0] != '\0')
        thing = supervise_find(s, event->peer.id);
    if (thing != NULL)
        thing_event(s, thing, event);
    else
        adopt(s, event);
    supervise_watch(s);
}

/* Our phone may have ended while nobody listened. */
static void find_missing(struct supervise *s)
{
    const struct thing *phone = s->phone;
    if (phone != NULL && phone->is_seen && ari_world_chan(s->config.world, phone->id) == NULL) {
        s->cause = 0;
        supervise_thing_ended(s->phone);
        supervise_feed(s, IN_PHONE_GONE);
    }
    for (size_t i = 0; i < s->things.len; i++) {
        struct thing *thing = s->things.items[i];
        if (thing->is_deleted && ari_world_chan(s->config.world, thing->id) == NULL) {
            supervise_thing_ended(thing);
            i = SIZE_MAX; /* from the start: the list has changed */
        }
    }
}

void supervise_synced(struct supervise *s)
{
    s->is_synced = true;
    supervise_watch(s); /* the call first: that it has ended says more than that the phone has */
    find_missing(s);
    supervise_retry_all(s);
    if (s->state != AT_UNSURE)
        return;
    supervise_decide(s);
    if (s->state == AT_UNSURE)
        supervise_feed(s, IN_SYNCED);
}

void supervise_lost(struct supervise *s)
{
    s->is_synced = false;
    supervise_undoubt(s);
    supervise_feed(s, IN_LOST);
}

/* ---- leaving ---- */

static void left(struct supervise *s)
{
    void (*done)(void *self) = s->left;
    s->left = NULL;
    if (s->state == AT_STOP) /* time is over: what is not confirmed is told so */
        supervise_feed(s, IN_LATE);
    if (done != NULL)
        done(s->left_self);
}

static void on_leave(void *self);

static void leave_in(struct supervise *s, int64_t after_ms)
{
    const struct io *io = s->config.io;
    io->timer_stop(s->leave);
    s->leave = io->timer(io->net, after_ms, on_leave, s);
}

static void on_leave(void *self)
{
    struct supervise *s = self;
    s->leave = NULL;
    if (supervise_is_going(s)) { /* the caller did not come */
        supervise_feed(s, IN_LATE);
        leave_in(s, SUPERVISE_LEAVE_MS / 2);
    } else {
        left(s);
    }
}

void supervise_check_left(struct supervise *s)
{
    if (s->leave == NULL || supervise_is_going(s))
        return;
    if (s->things.len > 0)
        return;
    leave_in(s, 0); /* from the loop, whoever asked */
}

bool supervise_leave(struct supervise *s, void (*done)(void *self), void *self)
{
    if (s->state == AT_IDLE && s->things.len == 0)
        return false;
    s->is_leaving = true;
    s->left = done;
    s->left_self = self;
    supervise_drop_next(s, RC_CANCELLED, "callhud ended it");
    if (supervise_is_going(s)) { /* a caller is on the way to the phone: not now */
        leave_in(s, SUPERVISE_LEAVE_MS / 2);
        return true;
    }
    leave_in(s, SUPERVISE_LEAVE_MS);
    if (s->state == AT_IDLE || s->state == AT_STOP) {
        supervise_doom_all(s, false);
    } else {
        err_set(&s->why, RC_CANCELLED, "callhud ended it");
        s->state = AT_STOP;
        arm(s);
        supervise_end(s);
    }
    supervise_check_left(s);
    return true;
}
