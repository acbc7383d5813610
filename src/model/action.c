/* The table of actions; which call one would act on; whether it may, and why not. */
#include "callhud/model/action.h"

#include "hud_private.h"

#include "callhud/base/str.h"

#include <stdarg.h>
#include <stdio.h>

static const struct action_row rows[ACTION_COUNT] = {
    [ACTION_LISTEN] = {"listen", "listen to the call", true, true, true},
    [ACTION_WHISPER] = {"whisper", "whisper to the agent", true, true, true},
    [ACTION_BARGE] = {"barge", "barge into the call", true, true, true},
    [ACTION_TAKEOVER] = {"takeover", "take over the call", false, true, true},
    [ACTION_STOP] = {"stop", "stop supervising", false, false, false},
    [ACTION_PICKUP] = {"pickup", "pick up the call", false, true, true},
    [ACTION_HANGUP] = {"hangup", "hang up the call", false, false, true},
    [ACTION_DND] = {"dnd", "set do not disturb", false, false, false},
    [ACTION_RECORD] = {"record", "record the call", false, false, true},
};

const struct action_row *action_row(enum action_kind kind)
{
    return &rows[(unsigned)kind < ACTION_COUNT ? kind : ACTION_STOP];
}

bool action_find(const char *name, enum action_kind *out)
{
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        if (str_eq_nocase(rows[kind].name, name)) {
            *out = (enum action_kind)kind;
            return true;
        }
    }
    return false;
}

enum supervise_mode action_mode(enum action_kind kind)
{
    switch (kind) {
    case ACTION_LISTEN: return SUPERVISE_LISTEN;
    case ACTION_WHISPER: return SUPERVISE_WHISPER;
    case ACTION_BARGE: return SUPERVISE_BARGE;
    default: return SUPERVISE_UNKNOWN;
    }
}

enum right action_right(enum action_kind kind)
{
    if (kind == ACTION_PICKUP)
        return RIGHT_PICKUP;
    bool is_joining = action_mode(kind) != SUPERVISE_UNKNOWN || kind == ACTION_TAKEOVER;
    return is_joining ? RIGHT_SUPERVISE : RIGHT_COUNT;
}

bool action_ends_recording(enum action_kind kind, const struct call *call)
{
    return (kind == ACTION_TAKEOVER || kind == ACTION_PICKUP) && call && call->is_recorded;
}

/* ---- the state of the call ------------------------------------------------------------------- */

#define CALL_STATES (CALL_PARKED + 1)
#define NOBODY_THERE "the call of %s is parked: nobody is there to be heard"
/* No event tells which place it is (contracts: asterisk 7). */
#define DIAL_PLACE                                                                            \
    "the call of %s is parked: dial its parking place on your phone; who parked it was told " \
    "which"
#define NOT_ANSWERED "the call that %s dials is not answered yet: wait for the answer"
#define RINGS_YET "the call of %s still rings: wait for the answer, or pick it up"

/* Of an action on a call in that state: NULL when it fits, else why not, with the user's extension
 * for its %s. */
static const char *const unfit[ACTION_COUNT][CALL_STATES] = {
    [ACTION_LISTEN] =
        {[CALL_RINGING] = RINGS_YET, [CALL_DIALLING] = NOT_ANSWERED, [CALL_PARKED] = NOBODY_THERE},
    [ACTION_WHISPER] =
        {[CALL_RINGING] = RINGS_YET, [CALL_DIALLING] = NOT_ANSWERED, [CALL_PARKED] = NOBODY_THERE},
    [ACTION_BARGE] =
        {[CALL_RINGING] = RINGS_YET, [CALL_DIALLING] = NOT_ANSWERED, [CALL_PARKED] = NOBODY_THERE},
    [ACTION_TAKEOVER] = {[CALL_RINGING] = "the call of %s still rings: pick it up instead",
                         [CALL_DIALLING] = NOT_ANSWERED,
                         [CALL_PARKED] = DIAL_PLACE},
    [ACTION_PICKUP] = {[CALL_DIALLING] = "%s has no held or ringing call",
                       [CALL_CONNECTED] = "%s talks on this call: take it over instead",
                       [CALL_PARKED] = DIAL_PLACE},
    [ACTION_HANGUP] = {[CALL_PARKED] = DIAL_PLACE},
    [ACTION_RECORD] = {[CALL_RINGING] = "the call of %s still rings: nothing is said yet",
                       [CALL_DIALLING] = NOT_ANSWERED,
                       [CALL_PARKED] = "the call of %s is parked: nothing is said on it"},
};

static bool is_fit(const struct call *call, enum action_kind kind)
{
    return unfit[kind][call->state] == NULL;
}

/* In which state a call is taken first when none is named. */
static const enum call_state wanted[ACTION_COUNT][4] = {
    [ACTION_LISTEN] = {CALL_CONNECTED, CALL_HELD, CALL_HELD, CALL_HELD},
    [ACTION_WHISPER] = {CALL_CONNECTED, CALL_HELD, CALL_HELD, CALL_HELD},
    [ACTION_BARGE] = {CALL_CONNECTED, CALL_HELD, CALL_HELD, CALL_HELD},
    [ACTION_TAKEOVER] = {CALL_CONNECTED, CALL_HELD, CALL_HELD, CALL_HELD},
    [ACTION_PICKUP] = {CALL_RINGING, CALL_HELD, CALL_HELD, CALL_HELD},
    [ACTION_HANGUP] = {CALL_CONNECTED, CALL_DIALLING, CALL_HELD, CALL_RINGING},
    [ACTION_RECORD] = {CALL_CONNECTED, CALL_HELD, CALL_HELD, CALL_HELD},
};

/* The calls are sorted: of a state, the one that began first comes first. */
static const struct call *first_in(const struct user *user, enum call_state state)
{
    for (size_t i = 0; i < user->calls.len; i++) {
        if (user->calls.items[i].state == state)
            return &user->calls.items[i];
    }
    return NULL;
}

static const struct call *supervised_already(const struct hud *hud, const struct user *user)
{
    for (size_t i = 0; i < user->calls.len; i++) {
        if (supervision_is_of(&hud->supervision, user->id, user->calls.items[i].id))
            return &user->calls.items[i];
    }
    return NULL;
}

const struct call *action_call(const struct hud *hud, const struct user *user,
                               enum action_kind kind)
{
    const struct call *call = NULL;
    if (!action_row(kind)->is_on_call || user->is_withheld)
        return NULL;
    if (action_row(kind)->is_mode || kind == ACTION_TAKEOVER)
        call = supervised_already(hud, user);
    if (call && is_fit(call, kind))
        return call;
    call = NULL;
    for (size_t i = 0; i < 4 && !call; i++)
        call = first_in(user, wanted[kind][i]);
    return call;
}

/* ---- the reasons, in their order ------------------------------------------------------------- */

struct question {
    const struct hud *hud;
    const struct user *user;
    const struct call *call; /* NULL: none fits, or none is needed */
    enum action_kind kind;
    bool is_on;
    int64_t now_ms;
};

static void say(struct action_check *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct action_check *out, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)str_copy(out->why, sizeof out->why, text); /* cuts at the boundary of a character */
    out->is_ok = false;
}

/* A sentence with the one %s for who. */
static void say_of(struct action_check *out, const char *sentence, const char *who)
{
    const char *at = strstr(sentence, "%s");
    say(out, "%.*s%s%s", (int)(at - sentence), sentence, who, at + 2);
}

static bool is_read_only(const struct question *q, struct action_check *out)
{
    if (q->hud->is_read_only)
        say(out, "--read-only is on: start callhud without it to act on calls");
    return q->hud->is_read_only;
}

static bool is_missing(const struct question *q, struct action_check *out)
{
    const struct capability_fact *can = &q->hud->capabilities[q->kind];
    if (can->level == CAPABILITY_MISSING)
        say(out, "%s", can->why);
    return can->level == CAPABILITY_MISSING;
}

static bool is_denied(const struct question *q, struct action_check *out)
{
    enum right right = action_right(q->kind);
    const char *why = right < RIGHT_COUNT ? q->user->denied[right] : NULL;
    if (why)
        say(out, "%s", why);
    return why != NULL;
}

/* What is wrong with the link, and what to do. */
static const char *link_reason(const struct link *link)
{
    switch (link->state) {
    case LINK_IDLE: return "there is no link yet, wait for it";
    case LINK_CONNECTING: return "the link is being set up, wait for it";
    case LINK_LIVE: return "all is being asked anew, wait for the answers";
    case LINK_POLLING: return "it is being asked again, wait for the answer";
    case LINK_LOST: return "the link is lost, wait until it is back";
    case LINK_REFUSED: return "the telephone system refuses us, `callhud doctor` tells more";
    }
    return "the link is lost, wait until it is back";
}

static bool is_not_known(const struct question *q, struct action_check *out)
{
    const char *who = user_called(q->user);
    enum link_state state = q->hud->link.state;
    bool is_up = state == LINK_LIVE || state == LINK_POLLING;
    if (!is_up || hud_is_stale(q->hud, q->user, q->now_ms)) {
        say(out, "what %s does is not known just now: %s", who, link_reason(&q->hud->link));
        return true;
    }
    if (hud_lamp(q->hud, q->user, q->now_ms).lamp != LAMP_UNKNOWN)
        return false;
    const char *lack = q->hud->lacks[LACK_PRESENCE];
    say(out, "what %s does is not known: %s", who,
        lack ? lack : "the telephone system has told nothing yet");
    return true;
}

static bool has_parked(const struct user *user)
{
    return user->calls.len > 0 && hud_call(user)->state == CALL_PARKED;
}

static bool has_no_call(const struct question *q, struct action_check *out)
{
    const char *who = user_called(q->user);
    if (!action_row(q->kind)->is_on_call)
        return false;
    if (q->user->is_withheld)
        say(out, "you may not see the calls of %s: ask who gives you your rights", who);
    else if (q->call)
        return false;
    else if (q->kind == ACTION_PICKUP && !has_parked(q->user))
        say(out, "%s has no held or ringing call", who);
    else if (q->user->calls.len == 0)
        say(out, "%s has no call", who);
    else
        return false; /* the state of those that there are is the reason */
    return true;
}

static bool is_own_phone(const struct question *q, struct action_check *out)
{
    bool is_own = action_row(q->kind)->uses_phone && hud_is_own(q->hud, q->user);
    if (is_own)
        say(out,
            q->kind == ACTION_PICKUP ? "%s is your own phone: take the call there"
                                     : "%s is your own phone: it cannot join its own call",
            user_called(q->user));
    return is_own;
}

static bool is_wrong_state(const struct question *q, struct action_check *out)
{
    if (!action_row(q->kind)->is_on_call)
        return false;
    const struct call *call = q->call ? q->call : hud_call(q->user);
    const char *why = unfit[q->kind][call->state];
    if (why)
        say_of(out, why, user_called(q->user));
    return why != NULL;
}

static bool is_set_off(const struct question *q, struct action_check *out)
{
    if (q->kind != ACTION_PICKUP)
        return false;
    bool is_held = q->call->state == CALL_HELD;
    struct pickup pickup = pickup_check(&q->hud->settings, !is_held, is_held);
    if (!pickup.is_ok)
        say(out, "%s", pickup.why);
    return !pickup.is_ok;
}

/* Was it asked for on this very call, and is under way still? */
static bool is_asked(const struct question *q)
{
    const struct supervision *s = &q->hud->supervision;
    bool is_waiting = s->state == SUPERVISION_ASKED || s->state == SUPERVISION_PHONE ||
                      s->state == SUPERVISION_CHANGING;
    if (!is_waiting || s->asked != q->kind)
        return false;
    if (s->next_call_id)
        return str_eq(s->next_user_id, q->user->id) && str_eq(s->next_call_id, q->call->id);
    return supervision_is_of(s, q->user->id, q->call->id);
}

static bool is_on_already(const struct question *q, struct action_check *out)
{
    static const char *const already[] = {
        [SUPERVISE_LISTEN] = "you listen to this call of %s already",
        [SUPERVISE_WHISPER] = "you whisper to %s on this call already",
        [SUPERVISE_BARGE] = "you take part in this call of %s already",
    };
    const struct supervision *s = &q->hud->supervision;
    enum supervise_mode mode = action_mode(q->kind);
    bool is_on = mode != SUPERVISE_UNKNOWN && s->state == SUPERVISION_CONFIRMED &&
                 s->mode == mode && supervision_is_of(s, q->user->id, q->call->id);
    if (is_on)
        say_of(out, already[mode], user_called(q->user));
    else if (is_asked(q))
        say(out, "you asked to %s already: %s", action_row(q->kind)->verb,
            s->text ? s->text : "wait until it is confirmed");
    else
        return false;
    return true;
}

static bool is_so_already(const struct question *q, struct action_check *out)
{
    const char *who = user_called(q->user);
    if (action_row(q->kind)->uses_phone)
        return is_on_already(q, out);
    bool is_known = q->call == NULL || q->call->is_recorded || !q->call->is_recording_unsaid;
    if (q->kind == ACTION_RECORD && q->call->is_recorded == q->is_on && is_known)
        say(out, q->is_on ? "the call of %s is recorded already" : "the call of %s is not recorded",
            who);
    else if (q->kind == ACTION_DND && q->user->touched_dnd.any && q->user->is_dnd == q->is_on)
        say(out,
            q->is_on ? "%s has do not disturb on already" : "%s has do not disturb off already",
            who);
    else
        return false;
    out->is_so = true;
    return true;
}

static bool (*const reasons[])(const struct question *q, struct action_check *out) = {
    is_read_only, is_missing,     is_denied,  is_not_known,  has_no_call,
    is_own_phone, is_wrong_state, is_set_off, is_so_already,
};

static void check_stop(const struct question *q, struct action_check *out)
{
    bool is_out =
        supervision_is_on(&q->hud->supervision) || is_read_only(q, out) || is_missing(q, out);
    if (!is_out)
        say(out, "you supervise nobody: there is nothing to stop");
}

void action_check(struct action_check *out, const struct hud *hud, const struct user *user,
                  const struct call *call, enum action_kind kind, bool is_on, int64_t now_ms)
{
    struct question q = {hud, user, call, kind, is_on, now_ms};
    *out = (struct action_check){.is_ok = true};
    if (kind == ACTION_STOP) {
        check_stop(&q, out);
        return;
    }
    if (!user) {
        say(out, "no user is chosen");
        return;
    }
    if (!call)
        q.call = action_call(hud, user, kind);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i](&q, out))
            return;
    }
}
