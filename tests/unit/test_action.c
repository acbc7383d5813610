/* What may be done with a user's call, which call it would be, and every reason why not. */
#include "callhud/model/action.h"

#include "floor.h"

#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/model/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CALL_STATES (CALL_PARKED + 1)

static const struct action_row table[ACTION_COUNT] = {
    {"listen", "listen to the call", true, true, true},
    {"whisper", "whisper to the agent", true, true, true},
    {"barge", "barge into the call", true, true, true},
    {"takeover", "take over the call", false, true, true},
    {"stop", "stop supervising", false, false, false},
    {"pickup", "pick up the call", false, true, true},
    {"hangup", "hang up the call", false, false, true},
    {"dnd", "set do not disturb", false, false, false},
    {"record", "record the call", false, false, true},
};

static unsigned can_do(struct floor *f, enum action_kind kind, enum capability level,
                       const char *why)
{
    struct event event = {.kind = EVENT_CAPABILITY};
    event.u.capability.kind = kind;
    event.u.capability.level = level;
    event.u.capability.why = why;
    return floor_tell(f, event);
}

static unsigned act(struct floor *f, uint32_t id, enum action_kind kind, enum action_stage stage,
                    const char *user_id, const char *call_id)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = user_id};
    event.u.action.id = id;
    event.u.action.kind = kind;
    event.u.action.stage = stage;
    event.u.action.call_id = call_id;
    event.u.action.text = stage == ACTION_PHONE ? "your phone 108 rings: lift it" : NULL;
    return floor_tell(f, event);
}

/* Users 101 to 104; the backend can do everything. */
static void able_floor(struct floor *f)
{
    floor_open(f, 4);
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        (void)can_do(f, (enum action_kind)kind, CAPABILITY_NATIVE, "");
    struct event event = {.kind = EVENT_SETTINGS};
    event.u.settings.pick_up_held_lines = true;
    (void)floor_tell(f, event);
}

static void record_call(struct floor *f, const char *id, const char *call_id, enum call_state state)
{
    struct event event = {.kind = EVENT_CALL, .user_id = id};
    event.u.call.id = call_id;
    event.u.call.state = state;
    event.u.call.is_recorded = true;
    (void)floor_tell(f, event);
}

static const struct call *call_named(const struct floor *f, const char *id, const char *call_id)
{
    const struct user *user = floor_find(f, id);
    for (size_t i = 0; i < user->calls.len; i++)
        if (str_eq(user->calls.items[i].id, call_id))
            return &user->calls.items[i];
    fail_msg("%s has no call %s", id, call_id);
    return NULL;
}

static struct action_check checked(const struct floor *f, const char *id, const char *call_id,
                                   enum action_kind kind, bool is_on)
{
    struct action_check check;
    action_check(&check, &f->hud, floor_find(f, id), call_id ? call_named(f, id, call_id) : NULL,
                 kind, is_on, f->now_ms);
    /* One or the other. */
    assert_int_equal(check.is_ok, check.why[0] == '\0');
    assert_null(strchr(check.why, '\n'));
    return check;
}

#define MAY(f, id, call_id, kind, is_on) \
    assert_string_equal(checked(f, id, call_id, kind, is_on).why, "")
#define MAY_NOT(f, id, call_id, kind, is_on, reason) \
    assert_string_equal(checked(f, id, call_id, kind, is_on).why, reason)

/* ---- the table ------------------------------------------------------------------------------- */

static void rows_name_each_action(void **state)
{
    (void)state;
    for (int i = 0; i < ACTION_COUNT; i++) {
        enum action_kind kind = (enum action_kind)i, found = ACTION_COUNT;
        const struct action_row *row = action_row(kind);
        assert_string_equal(row->name, table[i].name);
        assert_string_equal(row->verb, table[i].verb);
        assert_int_equal(row->is_mode, table[i].is_mode);
        assert_int_equal(row->uses_phone, table[i].uses_phone);
        assert_int_equal(row->is_on_call, table[i].is_on_call);
        assert_true(action_find(table[i].name, &found));
        assert_int_equal(found, kind);
    }
    enum action_kind kept = ACTION_DND, stop = ACTION_DND;
    assert_true(action_find("STOP", &stop)); /* typed in a hurry */
    assert_int_equal(stop, ACTION_STOP);
    assert_false(action_find("", &kept));
    assert_false(action_find("park", &kept));
    assert_int_equal(kept, ACTION_DND);
    assert_non_null(action_row(ACTION_COUNT)->name); /* never out of bounds */
}

static void modes_of_actions(void **state)
{
    (void)state;
    for (int i = 0; i < ACTION_COUNT; i++) {
        enum supervise_mode mode = action_mode((enum action_kind)i);
        assert_int_equal(mode != SUPERVISE_UNKNOWN, table[i].is_mode);
    }
    assert_int_equal(action_mode(ACTION_LISTEN), SUPERVISE_LISTEN);
    assert_int_equal(action_mode(ACTION_WHISPER), SUPERVISE_WHISPER);
    assert_int_equal(action_mode(ACTION_BARGE), SUPERVISE_BARGE);
}

/* ---- which call ------------------------------------------------------------------------------ */

/* Of each action the states in the order in which they are taken; c h d r p as elsewhere. */
static const char *const wanted[ACTION_COUNT] = {
    [ACTION_LISTEN] = "ch",   [ACTION_WHISPER] = "ch", [ACTION_BARGE] = "ch",
    [ACTION_TAKEOVER] = "ch", [ACTION_STOP] = "",      [ACTION_PICKUP] = "rh",
    [ACTION_HANGUP] = "cdhr", [ACTION_DND] = "",       [ACTION_RECORD] = "ch",
};
static const char state_letters[CALL_STATES + 1] = "rdchp"; /* in the order of enum call_state */

/* With every set of states that a user's calls can be in. */
static void the_call_that_is_taken_when_none_is_named(void **state)
{
    (void)state;
    for (unsigned set = 0; set < 1U << CALL_STATES; set++) {
        struct floor f;
        able_floor(&f);
        for (int i = 0; i < CALL_STATES; i++) {
            char id[2] = {state_letters[i], '\0'}, later[3] = {state_letters[i], '2', '\0'};
            if (!(set & 1U << i))
                continue;
            floor_call(&f, "104", id, (enum call_state)i);
            (void)floor_pass(&f, 1000);
            floor_call(&f, "104", later, (enum call_state)i); /* the longest is the one */
        }
        for (int kind = 0; kind < ACTION_COUNT; kind++) {
            char expected = '\0';
            for (const char *c = wanted[kind]; *c && !expected; c++)
                if (set & 1U << (strchr(state_letters, *c) - state_letters))
                    expected = *c;
            const struct call *call =
                action_call(&f.hud, floor_find(&f, "104"), (enum action_kind)kind);
            if (!expected) {
                assert_null(call);
                continue;
            }
            assert_non_null(call);
            char id[2] = {expected, '\0'};
            assert_string_equal(call->id, id);
        }
        floor_fini(&f);
    }
}

static void the_call_that_is_supervised_goes_first(void **state)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_WHISPER, ACTION_BARGE,
                                             ACTION_TAKEOVER};
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "c", CALL_CONNECTED);
    floor_call(&f, "104", "h", CALL_HELD);
    const struct user *user = floor_find(&f, "104");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "104", "h");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "h");
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(action_call(&f.hud, user, kinds[i])->id, "h");
    assert_string_equal(action_call(&f.hud, user, ACTION_RECORD)->id, "c");
    assert_string_equal(action_call(&f.hud, user, ACTION_HANGUP)->id, "c");
    /* But not when nothing can be heard on it, nor when it is a call of somebody else. */
    floor_call(&f, "104", "h", CALL_PARKED);
    assert_string_equal(action_call(&f.hud, user, ACTION_WHISPER)->id, "c");
    floor_call(&f, "104", "h", CALL_HELD);
    (void)act(&f, 2, ACTION_LISTEN, ACTION_ASKED, "103", "h");
    (void)act(&f, 2, ACTION_LISTEN, ACTION_CONFIRMED, "103", "h");
    assert_string_equal(action_call(&f.hud, user, ACTION_WHISPER)->id, "c");
    floor_fini(&f);
}

static void calls_that_are_withheld_are_not_taken(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "c", CALL_CONNECTED);
    floor_call(&f, "104", "r", CALL_RINGING);
    floor_withheld(&f, "104", true);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        assert_null(action_call(&f.hud, floor_find(&f, "104"), (enum action_kind)kind));
        if (table[kind].is_on_call)
            MAY_NOT(&f, "104", "c", (enum action_kind)kind, true,
                    "you may not see the calls of 104: ask who gives you your rights");
    }
    floor_fini(&f);
}

/* ---- the state of the call ------------------------------------------------------------------- */

#define PARKED_FETCH                                                                           \
    "the call of 104 is parked: dial its parking place on your phone; who parked it was told " \
    "which"
#define PARKED_HEARD "the call of 104 is parked: nobody is there to be heard"
#define DIALS "the call that 104 dials is not answered yet: wait for the answer"
#define RINGS "the call of 104 still rings: wait for the answer, or pick it up"

static void each_action_on_a_call_in_each_state(void **state)
{
    static const char *const expected[ACTION_COUNT][CALL_STATES] = {
        /* ringing, dialling, connected, held, parked */
        [ACTION_LISTEN] = {RINGS, DIALS, "", "", PARKED_HEARD},
        [ACTION_WHISPER] = {RINGS, DIALS, "", "", PARKED_HEARD},
        [ACTION_BARGE] = {RINGS, DIALS, "", "", PARKED_HEARD},
        [ACTION_TAKEOVER] = {"the call of 104 still rings: pick it up instead", DIALS, "", "",
                             PARKED_FETCH},
        [ACTION_PICKUP] = {"", "104 has no held or ringing call",
                           "104 talks on this call: take it over instead", "", PARKED_FETCH},
        [ACTION_HANGUP] = {"", "", "", "", PARKED_FETCH},
        [ACTION_RECORD] = {"the call of 104 still rings: nothing is said yet", DIALS, "", "",
                           "the call of 104 is parked: nothing is said on it"},
    };
    (void)state;
    for (int i = 0; i < CALL_STATES; i++) {
        struct floor f;
        able_floor(&f);
        floor_call(&f, "104", "c", (enum call_state)i);
        for (int k = 0; k < ACTION_COUNT; k++) {
            enum action_kind kind = (enum action_kind)k;
            if (!table[k].is_on_call)
                continue;
            MAY_NOT(&f, "104", "c", kind, true, expected[k][i]);
            /* Where none is named, and it is the only one, the reason is the same, but that ... */
            bool is_pickup = kind == ACTION_PICKUP && expected[k][i][0] && i != CALL_PARKED;
            MAY_NOT(&f, "104", NULL, kind, true,
                    is_pickup ? "104 has no held or ringing call" : expected[k][i]);
        }
        floor_fini(&f);
    }
}

static void without_a_call(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    for (int k = 0; k < ACTION_COUNT; k++) {
        if (table[k].is_on_call)
            MAY_NOT(&f, "104", NULL, (enum action_kind)k, true,
                    k == ACTION_PICKUP ? "104 has no held or ringing call" : "104 has no call");
    }
    MAY(&f, "104", NULL, ACTION_DND, true);
    struct action_check check;
    action_check(&check, &f.hud, NULL, NULL, ACTION_LISTEN, true, f.now_ms);
    assert_string_equal(check.why, "no user is chosen");
    floor_fini(&f);
}

/* A call that ended meanwhile is looked at by whoever asks the backend: only its state counts. */
static void a_call_that_the_user_has_no_more(void **state)
{
    struct floor f;
    char id[] = "gone", none[] = "";
    struct call gone = {.id = id, .number = none, .name = none, .state = CALL_CONNECTED};
    struct action_check check;
    (void)state;
    able_floor(&f);
    action_check(&check, &f.hud, floor_find(&f, "104"), &gone, ACTION_LISTEN, true, f.now_ms);
    assert_true(check.is_ok);
    floor_fini(&f);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void held_lines_and_the_two_settings(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "h", CALL_HELD);
    floor_call(&f, "103", "r", CALL_RINGING);
    for (int bits = 0; bits < 8; bits++) {
        struct event event = {.kind = EVENT_SETTINGS};
        event.u.settings = (struct monitor_settings){bits & 1, bits & 2, bits & 4};
        (void)floor_tell(&f, event);
        struct pickup pickup = pickup_check(&event.u.settings, false, true);
        MAY_NOT(&f, "104", "h", ACTION_PICKUP, true, pickup.is_ok ? "" : pickup.why);
        MAY_NOT(&f, "104", NULL, ACTION_PICKUP, true, pickup.is_ok ? "" : pickup.why);
        MAY(&f, "103", "r", ACTION_PICKUP, true);
        /* They say nothing of what is no pick up. */
        MAY(&f, "104", "h", ACTION_TAKEOVER, true);
        MAY(&f, "104", "h", ACTION_LISTEN, true);
    }
    /* Named, the held call needs the setting also while another one rings. */
    struct event event = {.kind = EVENT_SETTINGS};
    (void)floor_tell(&f, event);
    floor_call(&f, "104", "r", CALL_RINGING);
    MAY_NOT(&f, "104", "h", ACTION_PICKUP, true,
            "turn on 'Enable me to pick up a monitored line on hold'");
    MAY(&f, "104", "r", ACTION_PICKUP, true);
    MAY(&f, "104", NULL, ACTION_PICKUP, true);
    floor_fini(&f);
}

/* ---- already so ------------------------------------------------------------------------------ */

static void what_is_so_already(void **state)
{
    static const char *const already[] = {"you listen to this call of 104 already",
                                          "you whisper to 104 on this call already",
                                          "you take part in this call of 104 already"};
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "c", CALL_CONNECTED);
    floor_call(&f, "104", "h", CALL_HELD);
    for (int on = 0; on < 3; on++) {
        uint32_t id = (uint32_t)on + 1;
        (void)act(&f, id, (enum action_kind)on, ACTION_ASKED, "104", "c");
        (void)act(&f, id, (enum action_kind)on, ACTION_CONFIRMED, "104", "c");
        for (int k = 0; k < 3; k++) {
            MAY_NOT(&f, "104", "c", (enum action_kind)k, true, k == on ? already[k] : "");
            MAY(&f, "104", "h", (enum action_kind)k, true); /* another call */
        }
        MAY(&f, "104", "c", ACTION_TAKEOVER, true);
    }
    /* While it is being ended, or is in doubt, it may be asked for again. */
    (void)act(&f, 9, ACTION_STOP, ACTION_ASKED, "104", "c");
    MAY(&f, "104", "c", ACTION_BARGE, true);
    (void)act(&f, 9, ACTION_STOP, ACTION_FAILED, "104", "c");
    MAY_NOT(&f, "104", "c", ACTION_BARGE, true, already[2]);
    (void)act(&f, 3, ACTION_BARGE, ACTION_UNSURE, "104", "c");
    MAY(&f, "104", "c", ACTION_BARGE, true);
    floor_fini(&f);
}

static void what_is_asked_for_already(void **state)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_TAKEOVER, ACTION_PICKUP};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct floor f;
        char expected[200];
        able_floor(&f);
        floor_call(&f, "104", "h", CALL_HELD);
        floor_call(&f, "104", "h2", CALL_HELD);
        (void)act(&f, 1, kinds[i], ACTION_ASKED, "104", "h");
        (void)snprintf(expected, sizeof expected,
                       "you asked to %s already: wait until it is "
                       "confirmed",
                       table[kinds[i]].verb);
        MAY_NOT(&f, "104", "h", kinds[i], true, expected);
        MAY(&f, "104", "h2", kinds[i], true);
        MAY(&f, "104", "h", ACTION_BARGE, true); /* another wish */
        (void)act(&f, 1, kinds[i], ACTION_PHONE, "104", "h");
        (void)snprintf(expected, sizeof expected,
                       "you asked to %s already: your phone 108 rings: "
                       "lift it",
                       table[kinds[i]].verb);
        MAY_NOT(&f, "104", "h", kinds[i], true, expected);
        (void)act(&f, 1, kinds[i], ACTION_FAILED, "104", "h");
        MAY(&f, "104", "h", kinds[i], true);
        /* Out of a mode: of the call that is changed to, not of the one that is on. */
        (void)act(&f, 2, ACTION_WHISPER, ACTION_ASKED, "104", "h");
        (void)act(&f, 2, ACTION_WHISPER, ACTION_CONFIRMED, "104", "h");
        (void)act(&f, 3, kinds[i], ACTION_ASKED, "104", "h2");
        MAY(&f, "104", "h", kinds[i], true);
        assert_false(checked(&f, "104", "h2", kinds[i], true).is_ok);
        (void)act(&f, 4, kinds[i], ACTION_ASKED, "104", "h");
        assert_false(checked(&f, "104", "h", kinds[i], true).is_ok);
        MAY(&f, "104", "h", ACTION_WHISPER, true); /* back to what it was */
        floor_fini(&f);
    }
}

static void recorded_and_do_not_disturb(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "c", CALL_CONNECTED);
    record_call(&f, "103", "c", CALL_CONNECTED);
    MAY(&f, "104", "c", ACTION_RECORD, true);
    MAY_NOT(&f, "104", "c", ACTION_RECORD, false, "the call of 104 is not recorded");
    MAY(&f, "103", "c", ACTION_RECORD, false);
    MAY_NOT(&f, "103", "c", ACTION_RECORD, true, "the call of 103 is recorded already");
    struct event unsaid = {.kind = EVENT_CALL, .user_id = "104"};
    unsaid.u.call.id = "c";
    unsaid.u.call.state = CALL_CONNECTED;
    unsaid.u.call.is_recording_unsaid = true;
    (void)floor_tell(&f, unsaid);
    MAY(&f, "104", "c", ACTION_RECORD, true);
    MAY(&f, "104", "c", ACTION_RECORD, false);
    /* What nobody has told may be set either way. */
    MAY(&f, "102", NULL, ACTION_DND, true);
    MAY(&f, "102", NULL, ACTION_DND, false);
    floor_dnd(&f, "104", true);
    floor_dnd(&f, "103", false);
    MAY_NOT(&f, "104", NULL, ACTION_DND, true, "104 has do not disturb on already");
    MAY(&f, "104", NULL, ACTION_DND, false);
    MAY_NOT(&f, "103", NULL, ACTION_DND, false, "103 has do not disturb off already");
    assert_true(checked(&f, "103", NULL, ACTION_DND, false).is_so);
    assert_true(checked(&f, "103", "c", ACTION_RECORD, true).is_so);
    assert_false(checked(&f, "103", "c", ACTION_RECORD, false).is_so);
    assert_false(checked(&f, "101", NULL, ACTION_HANGUP, false).is_so);
    MAY(&f, "103", NULL, ACTION_DND, true);
    floor_fini(&f);
}

/* ---- capability, link, read-only ------------------------------------------------------------- */

static void what_the_backend_cannot_do(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 4);
    floor_call(&f, "104", "h", CALL_HELD);
    struct event event = {.kind = EVENT_SETTINGS};
    event.u.settings.pick_up_held_lines = true;
    (void)floor_tell(&f, event);
    for (int k = 0; k < ACTION_COUNT; k++) {
        enum action_kind kind = (enum action_kind)k;
        MAY_NOT(&f, "104", NULL, kind, true, "not connected yet");
        (void)can_do(&f, kind, CAPABILITY_MISSING, "your ARI user may only read: take another one");
        MAY_NOT(&f, "104", NULL, kind, true, "your ARI user may only read: take another one");
        for (int other = k + 1; other < ACTION_COUNT; other++)
            MAY_NOT(&f, "104", NULL, (enum action_kind)other, true, "not connected yet");
        (void)can_do(&f, kind, CAPABILITY_MISSING, NULL);
        MAY_NOT(&f, "104", NULL, kind, true, "this telephone system has no way to do it");
    }
    for (int k = 0; k < ACTION_COUNT; k++) {
        enum action_kind kind = (enum action_kind)k;
        const char *why =
            kind == ACTION_STOP ? "you supervise nobody: there is nothing to stop" : "";
        (void)can_do(&f, kind, CAPABILITY_NATIVE, "");
        MAY_NOT(&f, "104", NULL, kind, true, why);
        (void)can_do(&f, kind, CAPABILITY_ASSISTED, "dial *80 on your phone");
        MAY_NOT(&f, "104", NULL, kind, true, why);
    }
    floor_fini(&f);
}

static void what_is_not_known_just_now(void **state)
{
    static const struct {
        enum link_state state;
        const char *why;
    } rows[] = {
        {LINK_IDLE, "there is no link yet, wait for it"},
        {LINK_CONNECTING, "the link is being set up, wait for it"},
        {LINK_LOST, "the link is lost, wait until it is back"},
        {LINK_REFUSED, "the telephone system refuses us, `callhud doctor` tells more"},
        {LINK_POLLING, "it is being asked again, wait for the answer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct floor f;
        char expected[200];
        able_floor(&f);
        floor_call(&f, "104", "h", CALL_HELD);
        floor_link(&f, rows[i].state);
        (void)floor_pass(&f, rows[i].state == LINK_POLLING ? 20000 : 0);
        (void)snprintf(expected, sizeof expected, "what 104 does is not known just now: %s",
                       rows[i].why);
        for (int k = 0; k < ACTION_COUNT; k++)
            MAY_NOT(&f, "104", NULL, (enum action_kind)k, true,
                    k == ACTION_STOP ? "you supervise nobody: there is nothing to stop" : expected);
        (void)floor_pass(&f, 61000); /* from stale to unknown */
        MAY_NOT(&f, "104", "h", ACTION_PICKUP, true, expected);
        MAY_NOT(&f, "104", "h", ACTION_DND, true, expected);
        floor_fini(&f);
    }
}

/* Without events it is asked what becomes of it. */
static void while_polling_what_is_fresh_is_known(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "h", CALL_HELD);
    floor_link(&f, LINK_POLLING);
    (void)floor_pass(&f, 19000);
    MAY(&f, "104", "h", ACTION_PICKUP, true);
    MAY(&f, "104", "h", ACTION_HANGUP, true);
    MAY(&f, "104", NULL, ACTION_DND, true);
    floor_fini(&f);
}

static void stale_on_a_live_link(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "c", CALL_CONNECTED);
    floor_kind(&f, EVENT_GAP);
    for (int k = 0; k < ACTION_COUNT; k++)
        if (k != ACTION_STOP)
            MAY_NOT(&f, "104", NULL, (enum action_kind)k, true,
                    "what 104 does is not known just now: all is being asked anew, wait for the "
                    "answers");
    floor_fini(&f);
}

static void nothing_was_ever_told(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_presence(&f, "104", PRESENCE_UNKNOWN);
    assert_int_equal(floor_lamp(&f, "104"), LAMP_UNKNOWN);
    MAY_NOT(&f, "104", NULL, ACTION_DND, true,
            "what 104 does is not known: the telephone system has told nothing yet");
    MAY_NOT(&f, "104", NULL, ACTION_LISTEN, true,
            "what 104 does is not known: the telephone system has told nothing yet");
    floor_fini(&f);
}

static void read_only_makes_all_impossible(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "104", "c", CALL_CONNECTED);
    f.hud.is_read_only = true;
    for (int k = 0; k < ACTION_COUNT; k++)
        MAY_NOT(&f, "104", NULL, (enum action_kind)k, true,
                "--read-only is on: start callhud without it to act on calls");
    floor_fini(&f);
}

/* ---- stop ------------------------------------------------------------------------------------ */

/* Whatever else is in the way, and whoever is selected. */
static void stop_is_possible_as_long_as_we_supervise(void **state)
{
    struct floor f;
    struct action_check check;
    (void)state;
    able_floor(&f);
    MAY_NOT(&f, "104", NULL, ACTION_STOP, true, "you supervise nobody: there is nothing to stop");
    floor_call(&f, "104", "c", CALL_CONNECTED);
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c");
    MAY(&f, "104", NULL, ACTION_STOP, true);
    MAY(&f, "101", NULL, ACTION_STOP, true);
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c");
    (void)can_do(&f, ACTION_STOP, CAPABILITY_MISSING, "no");
    floor_link(&f, LINK_LOST);
    (void)floor_pass(&f, 100000);
    f.hud.is_read_only = true;
    MAY(&f, "104", NULL, ACTION_STOP, true);
    (void)act(&f, 2, ACTION_STOP, ACTION_ASKED, "104", "c");
    action_check(&check, &f.hud, NULL, NULL, ACTION_STOP, false, f.now_ms);
    assert_true(check.is_ok);
    (void)act(&f, 2, ACTION_STOP, ACTION_CONFIRMED, "104", "c");
    MAY_NOT(&f, "104", NULL, ACTION_STOP, true,
            "--read-only is on: start callhud without it to act on calls");
    floor_fini(&f);
}

/* ---- the order of the reasons ---------------------------------------------------------------- */

/* All reasons at once; each in turn is taken away, and the next one is told. */
static void the_first_reason_is_told(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 4);
    floor_link(&f, LINK_LOST);
    f.hud.is_read_only = true;
    MAY_NOT(&f, "104", NULL, ACTION_PICKUP, true,
            "--read-only is on: start callhud without it to act on calls");
    f.hud.is_read_only = false;
    MAY_NOT(&f, "104", NULL, ACTION_PICKUP, true, "not connected yet");
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_NATIVE, "");
    (void)floor_right(&f, "104", RIGHT_PICKUP, "104 lets you not pick up");
    MAY_NOT(&f, "104", NULL, ACTION_PICKUP, true, "104 lets you not pick up");
    (void)floor_right(&f, "104", RIGHT_PICKUP, NULL);
    assert_true(str_starts(checked(&f, "104", NULL, ACTION_PICKUP, true).why,
                           "what 104 does is not known just now"));
    floor_link(&f, LINK_LIVE);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    for (int i = 1; i <= 4; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%d", 100 + i);
        floor_user(&f, id, "", "", 1);
    }
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    MAY_NOT(&f, "104", NULL, ACTION_PICKUP, true, "104 has no held or ringing call");
    floor_call(&f, "104", "c", CALL_CONNECTED);
    MAY_NOT(&f, "104", "c", ACTION_PICKUP, true, "104 talks on this call: take it over instead");
    floor_call(&f, "104", "c", CALL_HELD);
    (void)act(&f, 1, ACTION_PICKUP, ACTION_ASKED, "104", "c");
    MAY_NOT(&f, "104", "c", ACTION_PICKUP, true,
            "turn on 'Enable me to pick up a monitored line on hold'");
    struct event event = {.kind = EVENT_SETTINGS};
    event.u.settings.pick_up_held_lines = true;
    (void)floor_tell(&f, event);
    MAY_NOT(&f, "104", "c", ACTION_PICKUP, true,
            "you asked to pick up the call already: wait until it is confirmed");
    (void)act(&f, 1, ACTION_PICKUP, ACTION_FAILED, "104", "c");
    MAY(&f, "104", "c", ACTION_PICKUP, true);
    floor_fini(&f);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Cut, where it must be, between characters. */
static void a_long_reason_is_cut(void **state)
{
    struct floor f;
    char why[1200];
    (void)state;
    able_floor(&f);
    for (size_t shift = 0; shift < 3; shift++) {
        memset(why, 'x', sizeof why);
        for (size_t i = shift; i + 2 < 900; i += 2)
            memcpy(why + i, "ö", 2);
        why[900] = '\0';
        (void)can_do(&f, ACTION_LISTEN, CAPABILITY_MISSING, why);
        struct action_check check = checked(&f, "104", NULL, ACTION_LISTEN, true);
        size_t len = strlen(check.why);
        assert_true(len == 255 || len == 254);
        assert_memory_equal(check.why, why, len);
        assert_true((len - shift) % 2 == 0);
    }
    floor_fini(&f);
}

/* Named by the extension; who has none, by what there is. */
static void users_are_called_by_what_there_is(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    struct event event = {.kind = EVENT_USER, .user_id = "u7"};
    event.u.user.extension = "";
    event.u.user.name = "";
    (void)floor_tell(&f, event);
    floor_presence(&f, "u7", PRESENCE_AVAILABLE);
    MAY_NOT(&f, "u7", NULL, ACTION_LISTEN, true, "u7 has no call");
    event.u.user.name = "Lena Fischer";
    (void)floor_tell(&f, event);
    MAY_NOT(&f, "u7", NULL, ACTION_LISTEN, true, "Lena Fischer has no call");
    floor_fini(&f);
}

/* ---- all at once, for `i` -------------------------------------------------------------------- */

static void check_why(const struct floor *f, const char *id, const char *expected)
{
    struct buf out;
    buf_init(&out, 8192);
    why_actions(&out, &f->hud, floor_find(f, id), f->now_ms);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void why_tells_of_each_action(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    check_why(&f, "104",
              "listen, whisper, barge, takeover, hangup, record: 104 has no call\n"
              "pickup: 104 has no held or ringing call\n"
              "dnd: yes");
    record_call(&f, "104", "c", CALL_CONNECTED);
    floor_dnd(&f, "104", true);
    check_why(&f, "104",
              "listen, whisper, barge, takeover, hangup, dnd off, record off: yes\n"
              "pickup: 104 has no held or ringing call");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c");
    (void)can_do(&f, ACTION_WHISPER, CAPABILITY_ASSISTED, "dial *81104#");
    (void)can_do(&f, ACTION_BARGE, CAPABILITY_ASSISTED, "");
    (void)can_do(&f, ACTION_RECORD, CAPABILITY_MISSING, "your ARI user may only read");
    check_why(&f, "104",
              "listen: you listen to this call of 104 already\n"
              "whisper: yes, by your phone: dial *81104#\n"
              "barge, takeover, stop, hangup, dnd off: yes\n"
              "pickup: 104 has no held or ringing call\n"
              "record off: your ARI user may only read");
    f.hud.is_read_only = true;
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ENDED, "104", "c");
    check_why(&f, "104",
              "listen, whisper, barge, takeover, pickup, hangup, dnd off, record off: "
              "--read-only is on: start callhud without it to act on calls");
    floor_fini(&f);
}

static void our_own_phone_is_not_acted_on_with_itself(void **state)
{
    (void)state;
    struct floor f;
    able_floor(&f);
    str_copy(f.hud.own_phone, sizeof f.hud.own_phone, "PJSIP/101");
    struct device device = {.name = "PJSIP/101", .is_online = true};
    struct event event = {.kind = EVENT_DEVICES, .user_id = "101"};
    event.u.devices.items = &device;
    event.u.devices.len = 1;
    (void)floor_tell(&f, event);
    (void)floor_call(&f, "101", "c1", CALL_RINGING);
    (void)floor_call(&f, "102", "c2", CALL_RINGING);
    MAY_NOT(&f, "101", "c1", ACTION_PICKUP, false, "101 is your own phone: take the call there");
    MAY(&f, "102", "c2", ACTION_PICKUP, false);
    assert_false(hud_pickup(&f.hud, floor_find(&f, "101"), f.now_ms).is_ok);
    assert_true(hud_pickup(&f.hud, floor_find(&f, "102"), f.now_ms).is_ok);
    (void)floor_call(&f, "101", "c1", CALL_CONNECTED);
    MAY_NOT(&f, "101", "c1", ACTION_LISTEN, false,
            "101 is your own phone: it cannot join its own call");
    MAY(&f, "101", "c1", ACTION_HANGUP, false);
    floor_fini(&f);
}

static void each_action_needs_its_right(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    floor_call(&f, "101", "c", CALL_CONNECTED);
    (void)floor_right(&f, "101", RIGHT_SUPERVISE, "no monitoring group has you both");
    (void)floor_right(&f, "102", RIGHT_PICKUP, "102 lets you not pick up");
    floor_call(&f, "102", "c", CALL_CONNECTED);
    for (int i = 0; i < ACTION_COUNT; i++) {
        enum action_kind kind = (enum action_kind)i;
        bool is_joining = kind == ACTION_LISTEN || kind == ACTION_WHISPER || kind == ACTION_BARGE ||
                          kind == ACTION_TAKEOVER;
        assert_int_equal(action_right(kind), is_joining              ? RIGHT_SUPERVISE
                                             : kind == ACTION_PICKUP ? RIGHT_PICKUP
                                                                     : RIGHT_COUNT);
        if (is_joining)
            MAY_NOT(&f, "101", NULL, kind, true, "no monitoring group has you both");
        if (is_joining || kind == ACTION_HANGUP || kind == ACTION_DND)
            MAY(&f, "102", NULL, kind, true);
    }
    MAY(&f, "101", NULL, ACTION_HANGUP, true);
    MAY_NOT(&f, "102", NULL, ACTION_PICKUP, true, "102 lets you not pick up");
    check_why(&f, "101",
              "listen, whisper, barge, takeover: no monitoring group has you both\n"
              "pickup: 101 has no held or ringing call\n"
              "hangup, dnd, record: yes");
    floor_fini(&f);
}

static void we_do_not_act_on_ourselves_with_our_phone(void **state)
{
    struct floor f;
    (void)state;
    able_floor(&f);
    (void)floor_self(&f, "103", "Desk phone");
    floor_call(&f, "103", "c", CALL_HELD);
    MAY_NOT(&f, "103", "c", ACTION_PICKUP, false, "103 is your own phone: take the call there");
    MAY_NOT(&f, "103", "c", ACTION_BARGE, false,
            "103 is your own phone: it cannot join its own call");
    MAY(&f, "103", "c", ACTION_HANGUP, false);
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_phone_is_not_acted_on_with_itself),
        cmocka_unit_test(rows_name_each_action),
        cmocka_unit_test(modes_of_actions),
        cmocka_unit_test(the_call_that_is_taken_when_none_is_named),
        cmocka_unit_test(the_call_that_is_supervised_goes_first),
        cmocka_unit_test(calls_that_are_withheld_are_not_taken),
        cmocka_unit_test(each_action_on_a_call_in_each_state),
        cmocka_unit_test(without_a_call),
        cmocka_unit_test(a_call_that_the_user_has_no_more),
        cmocka_unit_test(held_lines_and_the_two_settings),
        cmocka_unit_test(what_is_so_already),
        cmocka_unit_test(what_is_asked_for_already),
        cmocka_unit_test(recorded_and_do_not_disturb),
        cmocka_unit_test(what_the_backend_cannot_do),
        cmocka_unit_test(what_is_not_known_just_now),
        cmocka_unit_test(while_polling_what_is_fresh_is_known),
        cmocka_unit_test(stale_on_a_live_link),
        cmocka_unit_test(nothing_was_ever_told),
        cmocka_unit_test(read_only_makes_all_impossible),
        cmocka_unit_test(stop_is_possible_as_long_as_we_supervise),
        cmocka_unit_test(the_first_reason_is_told),
        cmocka_unit_test(a_long_reason_is_cut),
        cmocka_unit_test(users_are_called_by_what_there_is),
        cmocka_unit_test(why_tells_of_each_action),
        cmocka_unit_test(each_action_needs_its_right),
        cmocka_unit_test(we_do_not_act_on_ourselves_with_our_phone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
