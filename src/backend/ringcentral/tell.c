/* Differences between what is known and what the model knows, as events. */
#include "callhud/backend/tell.h"
#include "callhud/base/str.h"

#include "floor_parts.h"

#include <string.h>

/* Live news are noted: an answer that was asked for before must not be told as if it were newer. */
static void send(struct rex_floor *floor, struct rex_user *user, const struct event *event)
{
    if (!event->is_answer) {
        user->live_epoch = floor->epoch;
        floor->news++;
    }
    floor->sink.event(floor->sink.self, event);
}

/* ---- hashes of what was told: 0 is "nothing" ---- */

static uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
    uint64_t both[2] = {sum, hash_bytes(bytes, len)};
    return hash_bytes(both, sizeof both) | 1;
}

static uint64_t mix_text(uint64_t sum, const char *text)
{
    return mix(sum, text, text != NULL ? strlen(text) : 0);
}

static uint64_t mix_number(uint64_t sum, int64_t number)
{
    return mix(sum, &number, sizeof number);
}

/* ---- the user ---- */

static void tell_right(struct rex_floor *floor, struct rex_user *user, enum right right,
                       bool is_allowed, const char *why, bool is_answer)
{
    bool is_news = user->is_right_told[right] ? user->is_allowed_told[right] != is_allowed
                                              : !is_allowed; /* allowed until told otherwise */
    if (!is_news && !(is_answer && user->is_right_told[right]))
        return;
    struct event event = backend_event(EVENT_RIGHT, user->id, 0, is_answer && !is_news);
    event.u.right.right = right;
    event.u.right.is_allowed = is_allowed;
    event.u.right.why = is_allowed ? "" : why;
    user->is_right_told[right] = true;
    user->is_allowed_told[right] = is_allowed;
    send(floor, user, &event);
}

static void tell_rights(struct rex_floor *floor, struct rex_user *user, bool is_answer)
{
    tell_right(
        floor, user, RIGHT_PICKUP, user->may_pick_up,
        "you are not among those who may answer this person's calls: have the person add you "
        "in the presence settings",
        is_answer);
    tell_right(floor, user, RIGHT_SUPERVISE, user->may_monitor,
               "no call monitoring group lets you supervise this person: ask an administrator to "
               "add both of you to one",
               is_answer);
}

static uint64_t hash_user(const struct rex_user *user)
{
    uint64_t sum = mix_text(1, user->extension);
    sum = mix_text(sum, user->name);
    sum = mix_text(sum, user->department);
    return mix_number(sum, user->line);
}

void rex_tell_user(struct rex_floor *floor, struct rex_user *user, bool is_answer)
{
    if (!user->is_monitored)
        return;
    uint64_t hash = hash_user(user);
    if (is_answer || hash != user->told_user) {
        struct event event = backend_event(EVENT_USER, user->id, 0, is_answer);
        event.u.user.extension = user->extension;
        event.u.user.name = user->name;
        event.u.user.department = user->department;
        event.u.user.line = user->line;
        user->is_told = true;
        user->told_user = hash;
        send(floor, user, &event);
    }
    tell_rights(floor, user, is_answer);
}

void rex_tell_gone(struct rex_floor *floor, struct rex_user *user)
{
    if (!user->is_told)
        return;
    struct event event = backend_event(EVENT_USER_GONE, user->id, 0, false);
    user->is_told = false;
    user->told_user = user->told_presence = 0;
    user->told_dnd = user->told_withheld = user->is_dnd_told = false;
    memset(user->is_right_told, 0, sizeof user->is_right_told);
    for (uint32_t i = 0; i < user->calls_len; i++)
        user->calls[i].told = 0;
    send(floor, user, &event);
}

/* ---- presence, DND, withheld calls ---- */

static enum presence presence_of(const struct rex_floor *floor, const struct rex_user *user)
{
    const unsigned has = user->presence.has;
    if (rex_floor_is_hidden(floor, user))
        return PRESENCE_HIDDEN;
    if (!(has & (REX_HAS_STATUS | REX_HAS_USER_STATUS)))
        return PRESENCE_UNKNOWN;
    if (user->is_place)
        return PRESENCE_AVAILABLE; /* it is there, and its status is Offline always (3.1) */
    bool is_offline = (has & REX_HAS_STATUS) && user->presence.status == REX_STATUS_OFFLINE;
    if (has & REX_HAS_USER_STATUS) {
        is_offline |= user->presence.user_status == REX_STATUS_OFFLINE;
        if (!is_offline && user->presence.user_status == REX_STATUS_BUSY)
            return PRESENCE_BUSY;
    }
    return is_offline ? PRESENCE_OFFLINE : PRESENCE_AVAILABLE;
}

/* There is a call, says the status, but none is told; or nothing at all is shared. */
static bool is_withheld(const struct rex_floor *floor, const struct rex_user *user)
{
    if (rex_floor_is_hidden(floor, user))
        return true;
    return user->presence.telephony != REX_NO_CALL && user->presence.telephony != REX_NOT_TOLD &&
           rex_user_calls(user) == 0;
}

static const char *note_of(const struct rex_floor *floor, const struct rex_user *user)
{
    if (user->presence.message == NULL || rex_floor_is_hidden(floor, user))
        return "";
    return user->presence.message;
}

static bool tell_presence(struct rex_floor *floor, struct rex_user *user, int64_t at_ms,
                          bool is_answer)
{
    enum presence presence = presence_of(floor, user);
    const char *note = note_of(floor, user);
    uint64_t hash = mix_text(mix_number(1, (int64_t)presence), note);
    bool is_other = hash != user->told_presence;
    if (!is_answer && !is_other)
        return false;
    struct event event = backend_event(EVENT_PRESENCE, user->id, at_ms, is_answer);
    event.u.presence.presence = presence;
    event.u.presence.note = note;
    user->told_presence = hash;
    send(floor, user, &event);
    return is_other;
}

static bool tell_dnd(struct rex_floor *floor, struct rex_user *user, int64_t at_ms, bool is_answer)
{
    bool is_other = user->presence.is_dnd != user->told_dnd;
    bool is_first = !user->is_dnd_told && (user->presence.has & REX_HAS_DND);
    if (!is_answer && !is_other && !is_first)
        return false;
    user->is_dnd_told = true;
    struct event event = backend_event(EVENT_DND, user->id, at_ms, is_answer);
    event.u.dnd.is_on = user->told_dnd = user->presence.is_dnd;
    send(floor, user, &event);
    return is_other;
}

static bool tell_withheld(struct rex_floor *floor, struct rex_user *user, int64_t at_ms,
                          bool is_answer)
{
    bool is_now = is_withheld(floor, user), is_other = is_now != user->told_withheld;
    if (!is_answer && !is_other)
        return false;
    struct event event = backend_event(EVENT_CALLS_WITHHELD, user->id, at_ms, is_answer);
    event.u.withheld.is_withheld = user->told_withheld = is_now;
    send(floor, user, &event);
    return is_other;
}

/* ---- calls ---- */

static enum call_state state_of(const struct rex_call *call, bool is_inbound)
{
    switch ((enum rex_telephony)call->state) {
    case REX_RINGING: return is_inbound ? CALL_RINGING : CALL_DIALLING;
    case REX_ON_HOLD: return CALL_HELD;
    case REX_PARKED: return CALL_PARKED;
    default: return CALL_CONNECTED;
    }
}

/* The service tells when a call began, not when it came into its state: the same only while it
 * rings. The time of a change that an event tells is the event's own. */
static int64_t since_of(const struct rex_call *call, enum call_state state)
{
    return state == CALL_RINGING || state == CALL_DIALLING ? call->start_ms : 0;
}

static uint64_t hash_call(const struct event *event)
{
    uint64_t sum = mix_number(1, (int64_t)event->u.call.state * 4 + event->u.call.direction * 2 +
                                     event->u.call.is_recorded);
    sum = mix_text(sum, event->u.call.number);
    sum = mix_text(sum, event->u.call.name);
    sum = mix_number(sum, event->u.call.since_ms);
    sum = mix_number(sum, event->u.call.connected_ms);
    for (size_t i = 0; i < event->u.call.supervisors_len; i++)
        sum = mix_text(sum, event->u.call.supervisors[i].extension);
    return sum;
}

static bool tell_call(struct rex_floor *floor, struct rex_user *user, struct rex_call *call,
                      int64_t at_ms, bool is_answer)
{
    struct rex_call_detail detail;
    struct supervisor supervisors[REX_LEGS_SUPERVISING];
    rex_call_detail(floor, user, call->id, &detail);
    for (size_t i = 0; i < detail.supervisors_len; i++)
        supervisors[i] =
            (struct supervisor){.extension = detail.supervisors[i], .mode = SUPERVISE_UNKNOWN};
    struct event event = backend_event(EVENT_CALL, user->id, at_ms, is_answer);
    bool is_inbound = detail.is_told ? detail.is_inbound : call->is_inbound;
    event.u.call.id = call->id;
    event.u.call.state = state_of(call, is_inbound);
    event.u.call.direction = is_inbound ? CALL_IN : CALL_OUT;
    event.u.call.number = call->number != NULL ? call->number : "";
    event.u.call.name = call->name != NULL ? call->name : "";
    event.u.call.since_ms = since_of(call, event.u.call.state);
    event.u.call.connected_ms = detail.connected_ms;
    event.u.call.is_recorded = detail.is_recorded;
    event.u.call.is_recording_unsaid = !detail.is_told;
    event.u.call.supervisors = supervisors;
    event.u.call.supervisors_len = detail.supervisors_len;
    uint64_t hash = hash_call(&event);
    bool is_other = hash != call->told;
    if (!is_answer && !is_other)
        return false;
    call->told = hash;
    send(floor, user, &event);
    return is_other;
}

static void tell_ended(struct rex_floor *floor, struct rex_user *user, struct rex_call *call,
                       int64_t at_ms, bool is_answer)
{
    struct event event = backend_event(EVENT_CALL_ENDED, user->id, at_ms, is_answer);
    event.u.ended.id = call->id;
    call->told = 0;
    send(floor, user, &event);
}

/* A new call is told before an old one ends: so a lamp goes from hold to parked with nothing in
 * between. */
static bool tell_calls(struct rex_floor *floor, struct rex_user *user, int64_t at_ms,
                       bool is_answer)
{
    bool is_hidden = rex_floor_is_hidden(floor, user), is_other = false;
    for (uint32_t i = 0; i < user->calls_len; i++)
        if (!is_hidden && !user->calls[i].is_gone)
            is_other |= tell_call(floor, user, &user->calls[i], at_ms, is_answer);
    for (uint32_t i = user->calls_len; i-- > 0;) {
        struct rex_call *call = &user->calls[i];
        if (!is_hidden && !call->is_gone)
            continue;
        if (call->told != 0) {
            tell_ended(floor, user, call, at_ms, is_answer);
            is_other = true;
        }
        if (call->is_gone)
            rex_user_free_call(user, i);
    }
    return is_other;
}

static void forget_gone(struct rex_user *user)
{
    for (uint32_t i = user->calls_len; i-- > 0;)
        if (user->calls[i].is_gone)
            rex_user_free_call(user, i);
}

/* ---- both ways ---- */

void rex_tell_news(struct rex_floor *floor, struct rex_user *user, int64_t at_ms)
{
    if (!user->is_monitored) {
        forget_gone(user);
        return;
    }
    rex_tell_user(floor, user, false);
    if (!user->is_heard)
        return;
    tell_presence(floor, user, at_ms, false);
    tell_dnd(floor, user, at_ms, false);
    /* What is withheld is said before the calls that are not goes, and after they have come. */
    bool is_now = is_withheld(floor, user);
    if (is_now)
        tell_withheld(floor, user, at_ms, false);
    tell_calls(floor, user, at_ms, false);
    if (!is_now)
        tell_withheld(floor, user, at_ms, false);
}

bool rex_tell_whole(struct rex_floor *floor, struct rex_user *user, int64_t at_ms)
{
    if (!user->is_monitored) {
        forget_gone(user);
        return false;
    }
    /* The model takes no answer for what news touched since the snapshot was asked. */
    bool is_touched = user->is_told && user->live_epoch >= floor->snapshot_epoch;
    if (is_touched)
        rex_tell_news(floor, user, 0); /* what it tells anew began when nobody looked */
    bool was_known = user->told_presence != 0;
    rex_tell_user(floor, user, true);
    bool is_other = tell_presence(floor, user, at_ms, true);
    is_other |= tell_dnd(floor, user, at_ms, true);
    is_other |= tell_withheld(floor, user, at_ms, true);
    is_other |= tell_calls(floor, user, at_ms, true);
    return was_known && is_other;
}

void rex_tell_settings(struct rex_floor *floor, int64_t at_ms)
{
    struct event event = backend_event(EVENT_SETTINGS, NULL, at_ms, false);
    event.u.settings = floor->settings;
    floor->is_settings_told = true;
    floor->sink.event(floor->sink.self, &event);
}
