/* Our own supervision: each state met by each thing that can be told of each action. */
#include "callhud/model/supervision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct event told(uint32_t id, enum action_kind kind, enum action_stage stage,
                         const char *user_id, const char *call_id)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = user_id};
    event.u.action.id = id;
    event.u.action.kind = kind;
    event.u.action.stage = stage;
    event.u.action.call_id = call_id;
    return event;
}

static bool tell_of(struct supervision *s, uint32_t id, enum action_kind kind,
                    enum action_stage stage, const char *user_id, const char *call_id,
                    int64_t now_ms)
{
    static const enum supervise_mode modes[] = {
        [ACTION_LISTEN] = SUPERVISE_LISTEN,
        [ACTION_WHISPER] = SUPERVISE_WHISPER,
        [ACTION_BARGE] = SUPERVISE_BARGE,
    };
    struct event event = told(id, kind, stage, user_id, call_id);
    if (kind <= ACTION_BARGE && stage != ACTION_ASKED && stage != ACTION_PHONE)
        event.u.action.mode = modes[kind];
    if (stage == ACTION_PHONE)
        event.u.action.text = "your phone 108 rings: lift it";
    if (stage == ACTION_ENDED || stage == ACTION_FAILED)
        event.u.action.text = stage == ACTION_ENDED ? "the call has ended" : "it is busy";
    return supervision_apply(s, &event, now_ms);
}

/* Of the call that all but a few of the tests are about. */
static bool tell(struct supervision *s, uint32_t id, enum action_kind kind, enum action_stage stage)
{
    return tell_of(s, id, kind, stage, "104", "c1", 5000);
}

/* Each state, with an older action still under way (2, whisper), the one asked last (3) and, where
 * a mode is on, the one that it is on by (1, listen). */
static void bring_to(struct supervision *s, enum supervision_state state)
{
    bool is_on = state >= SUPERVISION_CONFIRMED;
    *s = (struct supervision){.state = SUPERVISION_NONE};
    if (is_on) {
        (void)tell(s, 1, ACTION_LISTEN, ACTION_ASKED);
        (void)tell(s, 1, ACTION_LISTEN, ACTION_CONFIRMED);
    }
    (void)tell(s, 2, ACTION_WHISPER, ACTION_ASKED);
    (void)tell(s, 3, state == SUPERVISION_ENDING ? ACTION_STOP : ACTION_BARGE, ACTION_ASKED);
    if (state == SUPERVISION_PHONE)
        (void)tell(s, 3, ACTION_BARGE, ACTION_PHONE);
    if (state == SUPERVISION_NONE || state == SUPERVISION_CONFIRMED || state == SUPERVISION_UNSURE)
        (void)tell(s, 3, ACTION_BARGE, ACTION_FAILED);
    if (state == SUPERVISION_UNSURE)
        (void)tell(s, 1, ACTION_LISTEN, ACTION_UNSURE);
    assert_int_equal(s->state, state);
    assert_int_equal(s->mode, is_on ? SUPERVISE_LISTEN : SUPERVISE_UNKNOWN);
}

/* For each state what it becomes, as two letters: state and mode; ".." where nothing changes. */
static const struct cells {
    const char *asked, *stop;              /* as action 4 */
    const char *newest[ACTION_FAILED + 1]; /* 3; in the order of the stages */
    const char *base[ACTION_FAILED + 1];   /* 1; it was asked long ago */
    const char *before[ACTION_FAILED + 1]; /* 2 */
} table[] = {
    /*                              asked phone conf. unsure ended failed */
    [SUPERVISION_NONE] = {"a-",
                          "..",
                          {"a-", "..", "..", "..", "..", ".."},
                          {NULL, "..", "..", "..", "..", ".."},
                          {NULL, "..", "cw", "..", "..", ".."}},
    [SUPERVISION_ASKED] = {"a-",
                           "e-",
                           {"..", "p-", "cb", "..", "n-", "n-"},
                           {NULL, "..", "..", "..", "..", ".."},
                           {NULL, "..", "gw", "..", "..", ".."}},
    [SUPERVISION_PHONE] = {"a-",
                           "e-",
                           {"..", "..", "cb", "..", "n-", "n-"},
                           {NULL, "..", "..", "..", "..", ".."},
                           {NULL, "..", "gw", "..", "..", ".."}},
    [SUPERVISION_CONFIRMED] = {"gl",
                               "el",
                               {"..", "..", "cb", "ul", "n-", "cl"},
                               {NULL, "..", "..", "ul", "n-", ".."},
                               {NULL, "..", "cw", "..", "..", ".."}},
    [SUPERVISION_CHANGING] = {"gl",
                              "el",
                              {"..", "gl", "cb", "ul", "n-", "cl"},
                              {NULL, "..", "..", "gl", "a-", ".."},
                              {NULL, "..", "gw", "..", "..", ".."}},
    [SUPERVISION_UNSURE] = {"gl",
                            "el",
                            {"..", "..", "cb", "..", "n-", "ul"},
                            {NULL, "..", "cl", "..", "n-", ".."},
                            {NULL, "..", "cw", "..", "..", ".."}},
    [SUPERVISION_ENDING] = {"gl",
                            "el",
                            {"..", "..", "n-", "el", "n-", "gl"},
                            {NULL, "..", "..", "el", "n-", ".."},
                            {NULL, "..", "ew", "..", "..", ".."}},
};
#define STATES (sizeof table / sizeof table[0])
#define STAGES (ACTION_FAILED + 1)

static void check_cell(enum supervision_state state, uint32_t id, enum action_kind kind,
                       enum action_stage stage, const char *expected)
{
    static const char states[] = "napcgue", modes[] = "-lwb";
    struct supervision s;
    char before[3], after[3];

    bring_to(&s, state);
    (void)snprintf(before, sizeof before, "%c%c", states[s.state], modes[s.mode]);
    bool is_changed = tell(&s, id, kind, stage);
    (void)snprintf(after, sizeof after, "%c%c", states[s.state], modes[s.mode]);
    bool is_kept = strcmp(expected, "..") == 0;
    if (is_changed == is_kept || strcmp(after, is_kept ? before : expected) != 0)
        fail_msg("state %d, action %u, stage %d: %s became %s (told as changed: %d), expected %s",
                 (int)state, (unsigned)id, (int)stage, before, after, is_changed, expected);
    supervision_fini(&s);
}

static void each_state_meets_each_stage_of_each_action(void **state)
{
    (void)state;
    for (size_t i = 0; i < STATES; i++) {
        enum supervision_state at = (enum supervision_state)i;
        check_cell(at, 4, ACTION_WHISPER, ACTION_ASKED, table[i].asked);
        check_cell(at, 4, ACTION_STOP, ACTION_ASKED, table[i].stop);
        for (size_t j = 0; j < STAGES; j++) {
            enum action_stage stage = (enum action_stage)j;
            enum action_kind newest = at == SUPERVISION_ENDING ? ACTION_STOP : ACTION_BARGE;
            check_cell(at, 3, newest, stage, table[i].newest[j]);
            if (table[i].base[j])
                check_cell(at, 1, ACTION_LISTEN, stage, table[i].base[j]);
            if (table[i].before[j])
                check_cell(at, 2, ACTION_WHISPER, stage, table[i].before[j]);
        }
    }
}

/* Only being asked for begins something. */
static void an_action_never_heard_of_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < STATES; i++)
        for (int stage = ACTION_PHONE; stage <= ACTION_FAILED; stage++)
            for (int kind = 0; kind < ACTION_COUNT; kind++)
                check_cell((enum supervision_state)i, 99, (enum action_kind)kind,
                           (enum action_stage)stage, "..");
}

static void other_actions_and_events_are_none_of_its_business(void **state)
{
    static const enum action_kind kinds[] = {ACTION_HANGUP, ACTION_DND, ACTION_RECORD};
    (void)state;
    for (size_t i = 0; i < STATES; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            for (int stage = 0; stage <= ACTION_FAILED; stage++)
                for (uint32_t id = 1; id <= 4; id++)
                    check_cell((enum supervision_state)i, id, kinds[k], (enum action_stage)stage,
                               "..");
    struct supervision s;
    bring_to(&s, SUPERVISION_CONFIRMED);
    struct event event = told(3, ACTION_COUNT, ACTION_ENDED, "104", "c1");
    assert_false(supervision_apply(&s, &event, 1));
    event = told(3, ACTION_BARGE, ACTION_ENDED, "104", "c1");
    event.kind = EVENT_CAPABILITY;
    assert_false(supervision_apply(&s, &event, 1));
    event = (struct event){.kind = EVENT_CALL_ENDED, .user_id = "104"};
    event.u.ended.id = "c1";
    assert_false(supervision_apply(&s, &event, 1));
    assert_int_equal(s.state, SUPERVISION_CONFIRMED);
    supervision_fini(&s);
}

static void a_supervision_from_the_phone_to_its_end(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    assert_false(supervision_is_on(&s));
    assert_int_equal(supervision_hears(&s), HEARS_NOBODY);

    assert_true(tell_of(&s, 7, ACTION_WHISPER, ACTION_ASKED, "104", "c1", 1000));
    assert_true(supervision_is_on(&s));
    assert_int_equal(s.asked, ACTION_WHISPER);
    assert_int_equal(s.action_id, 7);
    assert_int_equal(s.asked_ms, 1000);
    assert_int_equal(s.begin_ms, 0);
    assert_null(s.text);
    assert_true(supervision_is_of(&s, "104", "c1"));
    assert_true(supervision_is_of(&s, "104", NULL));
    assert_false(supervision_is_of(&s, "104", "c2"));
    assert_false(supervision_is_of(&s, "105", "c1"));
    assert_false(supervision_is_of(&s, NULL, "c1"));

    assert_true(tell_of(&s, 7, ACTION_WHISPER, ACTION_PHONE, "104", "c1", 1100));
    assert_string_equal(s.text, "your phone 108 rings: lift it");
    assert_false(tell_of(&s, 7, ACTION_WHISPER, ACTION_PHONE, "104", "c1", 1200));
    assert_int_equal(supervision_hears(&s), HEARS_UNSURE);

    assert_true(tell_of(&s, 7, ACTION_WHISPER, ACTION_CONFIRMED, "104", "c1", 2000));
    assert_int_equal(s.begin_ms, 2000);
    assert_null(s.text);
    assert_int_equal(supervision_hears(&s), HEARS_AGENT);
    assert_false(tell_of(&s, 7, ACTION_WHISPER, ACTION_CONFIRMED, "104", "c1", 2500));
    assert_int_equal(s.begin_ms, 2000);
    assert_null(s.last_text);

    assert_true(tell_of(&s, 7, ACTION_WHISPER, ACTION_ENDED, "104", "c1", 3000));
    assert_false(supervision_is_on(&s));
    assert_int_equal(s.asked_ms, 0);
    assert_int_equal(s.last, ACTION_ENDED);
    assert_string_equal(s.last_text, "the call has ended");
    assert_null(s.user_id);
    assert_null(s.call_id);
    assert_int_equal(s.mode, SUPERVISE_UNKNOWN);
    assert_int_equal(s.begin_ms, 0);
    assert_false(supervision_is_of(&s, "104", "c1"));
    assert_false(supervision_is_of(&s, NULL, NULL));
    supervision_fini(&s);
}

static void who_hears_us_follows_from_what_was_confirmed(void **state)
{
    static const struct {
        enum action_kind kind;
        enum hears hears;
    } rows[] = {
        {ACTION_LISTEN, HEARS_NOBODY}, {ACTION_WHISPER, HEARS_AGENT}, {ACTION_BARGE, HEARS_BOTH}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell(&s, 1, rows[i].kind, ACTION_ASKED);
        assert_int_equal(supervision_hears(&s), HEARS_UNSURE);
        (void)tell(&s, 1, rows[i].kind, ACTION_CONFIRMED);
        assert_int_equal(supervision_hears(&s), rows[i].hears);
        (void)tell(&s, 2, ACTION_BARGE, ACTION_ASKED);
        assert_int_equal(supervision_hears(&s), HEARS_UNSURE); /* it may be on already */
        (void)tell(&s, 2, ACTION_BARGE, ACTION_FAILED);
        assert_int_equal(supervision_hears(&s), rows[i].hears);
        (void)tell(&s, 3, ACTION_STOP, ACTION_ASKED);
        assert_int_equal(supervision_hears(&s), rows[i].hears); /* until it has ended */
        (void)tell(&s, 1, rows[i].kind, ACTION_UNSURE);
        assert_int_equal(supervision_hears(&s), HEARS_UNSURE);
        (void)tell(&s, 3, ACTION_STOP, ACTION_FAILED);
        assert_int_equal(s.state, SUPERVISION_UNSURE);
        assert_int_equal(supervision_hears(&s), HEARS_UNSURE);
        (void)tell(&s, 1, rows[i].kind, ACTION_CONFIRMED);
        assert_int_equal(supervision_hears(&s), rows[i].hears);
        supervision_fini(&s);
    }
}

/* What was asked for and what is on may differ: the event's word counts. */
static void the_mode_is_the_confirmed_one(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell(&s, 1, ACTION_BARGE, ACTION_ASKED);
    struct event event = told(1, ACTION_BARGE, ACTION_CONFIRMED, "104", "c1");
    event.u.action.mode = SUPERVISE_LISTEN;
    assert_true(supervision_apply(&s, &event, 1));
    assert_int_equal(s.mode, SUPERVISE_LISTEN);
    assert_int_equal(supervision_hears(&s), HEARS_NOBODY);
    event.u.action.mode = SUPERVISE_UNKNOWN; /* not told: what the action is for */
    assert_true(supervision_apply(&s, &event, 1));
    assert_int_equal(s.mode, SUPERVISE_BARGE);
    supervision_fini(&s);
}

static void a_switch_that_fails_leaves_the_mode(void **state)
{
    struct supervision s;
    (void)state;
    s = (struct supervision){.state = SUPERVISION_NONE};
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 10);
    (void)tell_of(&s, 2, ACTION_WHISPER, ACTION_ASKED, "104", "c1", 20);
    assert_int_equal(s.state, SUPERVISION_CHANGING);
    assert_int_equal(s.asked, ACTION_WHISPER);
    assert_null(s.next_call_id);
    (void)tell_of(&s, 2, ACTION_WHISPER, ACTION_FAILED, "104", "c1", 30);
    assert_int_equal(s.state, SUPERVISION_CONFIRMED);
    assert_int_equal(s.mode, SUPERVISE_LISTEN);
    assert_int_equal(s.begin_ms, 10);
    assert_int_equal(s.last, ACTION_FAILED);
    assert_string_equal(s.last_text, "it is busy");
    /* Its own action still ends it. */
    assert_true(tell_of(&s, 1, ACTION_LISTEN, ACTION_ENDED, "104", "c1", 40));
    assert_false(supervision_is_on(&s));
    supervision_fini(&s);
}

static void a_switch_keeps_the_beginning(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 10);
    (void)tell_of(&s, 2, ACTION_BARGE, ACTION_ASKED, "104", "c1", 20);
    assert_true(tell_of(&s, 2, ACTION_BARGE, ACTION_CONFIRMED, "104", "c1", 30));
    assert_int_equal(s.begin_ms, 10);
    assert_int_equal(s.mode, SUPERVISE_BARGE);
    /* The action that it began with has nothing to say any more. */
    assert_false(tell_of(&s, 1, ACTION_LISTEN, ACTION_ENDED, "104", "c1", 40));
    assert_false(tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 40));
    assert_false(tell_of(&s, 1, ACTION_LISTEN, ACTION_UNSURE, "104", "c1", 40));
    assert_int_equal(s.mode, SUPERVISE_BARGE);
    supervision_fini(&s);
}

static void pick_up_and_take_over_are_in_it_only_while_under_way(void **state)
{
    static const enum action_kind kinds[] = {ACTION_PICKUP, ACTION_TAKEOVER};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (int is_confirmed = 0; is_confirmed < 2; is_confirmed++) {
            struct supervision s = {.state = SUPERVISION_NONE};
            assert_true(tell(&s, 1, kinds[i], ACTION_ASKED));
            assert_int_equal(s.state, SUPERVISION_ASKED);
            assert_int_equal(s.asked, kinds[i]);
            assert_int_equal(supervision_hears(&s), HEARS_UNSURE);
            assert_true(tell(&s, 1, kinds[i], ACTION_PHONE));
            assert_int_equal(s.state, SUPERVISION_PHONE);
            enum action_stage end = is_confirmed ? ACTION_CONFIRMED : ACTION_FAILED;
            assert_true(tell(&s, 1, kinds[i], end));
            assert_false(supervision_is_on(&s));
            assert_null(s.text);
            assert_int_equal(s.last, end);
            assert_string_equal(s.last_text, is_confirmed ? "" : "it is busy");
            assert_false(tell(&s, 1, kinds[i], ACTION_ENDED));
            supervision_fini(&s);
        }
}

static void a_take_over_out_of_a_mode(void **state)
{
    struct supervision s;
    (void)state;
    for (int is_confirmed = 0; is_confirmed < 2; is_confirmed++) {
        s = (struct supervision){.state = SUPERVISION_NONE};
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED);
        (void)tell(&s, 2, ACTION_TAKEOVER, ACTION_ASKED);
        assert_int_equal(s.state, SUPERVISION_CHANGING);
        assert_int_equal(s.mode, SUPERVISE_LISTEN);
        if (is_confirmed) {
            assert_true(tell(&s, 2, ACTION_TAKEOVER, ACTION_CONFIRMED));
            assert_false(supervision_is_on(&s));
            assert_false(tell(&s, 1, ACTION_LISTEN, ACTION_ENDED));
        } else {
            assert_true(tell(&s, 2, ACTION_TAKEOVER, ACTION_FAILED));
            assert_int_equal(s.state, SUPERVISION_CONFIRMED);
            assert_int_equal(s.action_id, 2);
            assert_false(tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED)); /* as was shown already */
            assert_int_equal(s.action_id, 1);
            assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_ENDED));
            assert_false(supervision_is_on(&s));
        }
        supervision_fini(&s);
    }
}

/* Listen to another call: the one before is on until it has ended or the other is confirmed. */
static void another_call_takes_the_place_of_the_first(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell_of(&s, 1, ACTION_WHISPER, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_WHISPER, ACTION_CONFIRMED, "104", "c1", 10);
    (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "105", "c9", 20);
    assert_int_equal(s.state, SUPERVISION_CHANGING);
    assert_true(supervision_is_of(&s, "104", "c1"));
    assert_string_equal(s.next_user_id, "105");
    assert_string_equal(s.next_call_id, "c9");
    assert_true(tell_of(&s, 1, ACTION_WHISPER, ACTION_ENDED, "104", "c1", 30));
    assert_int_equal(s.state, SUPERVISION_ASKED);
    assert_int_equal(s.mode, SUPERVISE_UNKNOWN);
    assert_int_equal(s.asked, ACTION_LISTEN);
    assert_int_equal(s.last, ACTION_ENDED);
    assert_true(supervision_is_of(&s, "105", "c9"));
    assert_null(s.next_call_id);
    assert_true(tell_of(&s, 2, ACTION_LISTEN, ACTION_CONFIRMED, "105", "c9", 40));
    assert_int_equal(s.begin_ms, 40);
    assert_int_equal(s.state, SUPERVISION_CONFIRMED);
    supervision_fini(&s);
}

static void another_call_confirmed_before_the_first_has_ended(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 10);
    (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "104", "c2", 20);
    assert_true(tell_of(&s, 2, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c2", 30));
    assert_true(supervision_is_of(&s, "104", "c2"));
    assert_null(s.next_call_id);
    assert_int_equal(s.begin_ms, 30);
    assert_false(tell_of(&s, 1, ACTION_LISTEN, ACTION_ENDED, "104", "c1", 40));
    assert_true(supervision_is_on(&s));
    supervision_fini(&s);
}

static void another_call_that_fails_leaves_the_first(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 10);
    (void)tell_of(&s, 2, ACTION_PICKUP, ACTION_ASKED, "105", "c9", 20);
    (void)tell_of(&s, 2, ACTION_PICKUP, ACTION_FAILED, "105", "c9", 30);
    assert_int_equal(s.state, SUPERVISION_CONFIRMED);
    assert_true(supervision_is_of(&s, "104", "c1"));
    assert_null(s.next_user_id);
    assert_int_equal(s.begin_ms, 10);
    supervision_fini(&s);
}

/* The phone rings for the other call after the first has ended, or while it is on still. */
static void the_phone_rings_for_another_call(void **state)
{
    (void)state;
    for (int is_late = 0; is_late < 2; is_late++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
        (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 10);
        (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "105", "c9", 20);
        if (is_late) {
            (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ENDED, "104", "c1", 30);
            (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_PHONE, "105", "c9", 30);
        } else {
            (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_PHONE, "105", "c9", 30);
            assert_int_equal(s.state, SUPERVISION_CHANGING);
            assert_non_null(s.text);
            (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ENDED, "104", "c1", 30);
        }
        assert_int_equal(s.state, SUPERVISION_PHONE);
        assert_string_equal(s.text, "your phone 108 rings: lift it");
        assert_true(supervision_is_of(&s, "105", "c9"));
        supervision_fini(&s);
    }
}

/* An older mode turns out to be on, of another call than the one asked for since. */
static void an_older_call_that_is_on_after_all(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell_of(&s, 1, ACTION_WHISPER, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "105", "c9", 20);
    assert_true(supervision_is_of(&s, "105", "c9"));
    assert_true(tell_of(&s, 1, ACTION_WHISPER, ACTION_CONFIRMED, "104", "c1", 30));
    assert_int_equal(s.state, SUPERVISION_CHANGING);
    assert_true(supervision_is_of(&s, "104", "c1"));
    assert_string_equal(s.next_user_id, "105");
    assert_string_equal(s.next_call_id, "c9");
    assert_int_equal(s.begin_ms, 30);
    assert_true(tell_of(&s, 2, ACTION_LISTEN, ACTION_FAILED, "105", "c9", 40));
    assert_int_equal(s.state, SUPERVISION_CONFIRMED);
    assert_int_equal(s.mode, SUPERVISE_WHISPER);
    supervision_fini(&s);
}

static void stop_while_the_phone_rings(void **state)
{
    (void)state;
    for (int stage = ACTION_CONFIRMED; stage <= ACTION_FAILED; stage++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_PHONE);
        assert_true(tell(&s, 2, ACTION_STOP, ACTION_ASKED));
        assert_int_equal(s.state, SUPERVISION_ENDING);
        assert_null(s.text);
        assert_true(supervision_is_of(&s, "104", "c1"));
        assert_int_equal(supervision_hears(&s), HEARS_UNSURE);
        if (stage == ACTION_CONFIRMED) { /* it was lifted at the same moment */
            assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED));
            assert_int_equal(s.state, SUPERVISION_ENDING);
            assert_int_equal(supervision_hears(&s), HEARS_NOBODY);
            assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_ENDED));
        } else {
            assert_false(tell(&s, 1, ACTION_LISTEN, (enum action_stage)stage));
            assert_int_equal(s.state, SUPERVISION_ENDING);
            assert_true(tell(&s, 2, ACTION_STOP, ACTION_CONFIRMED));
        }
        assert_false(supervision_is_on(&s));
        assert_int_equal(s.last, ACTION_ENDED);
        supervision_fini(&s);
    }
}

/* What was to be stopped goes on when the stop fails. */
static void a_stop_that_fails(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
    (void)tell(&s, 2, ACTION_STOP, ACTION_ASKED);
    assert_true(tell(&s, 2, ACTION_STOP, ACTION_FAILED));
    assert_int_equal(s.state, SUPERVISION_ASKED);
    assert_int_equal(s.asked, ACTION_LISTEN);
    assert_int_equal(s.action_id, 1);
    assert_int_equal(s.last, ACTION_FAILED);
    assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED));
    assert_int_equal(s.state, SUPERVISION_CONFIRMED);
    supervision_fini(&s);

    s = (struct supervision){.state = SUPERVISION_NONE};
    (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
    (void)tell(&s, 2, ACTION_STOP, ACTION_ASKED);
    (void)tell(&s, 3, ACTION_STOP, ACTION_ASKED);
    assert_true(tell(&s, 2, ACTION_STOP, ACTION_CONFIRMED)); /* the one asked first does as well */
    assert_false(supervision_is_on(&s));
    supervision_fini(&s);
}

/* X, then at once L on another call: the end of the first leaves the second under way. */
static void a_new_wish_after_a_stop(void **state)
{
    (void)state;
    for (int by_stop = 0; by_stop < 2; by_stop++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell_of(&s, 1, ACTION_BARGE, ACTION_ASKED, "104", "c1", 1);
        (void)tell_of(&s, 1, ACTION_BARGE, ACTION_CONFIRMED, "104", "c1", 2);
        (void)tell_of(&s, 2, ACTION_STOP, ACTION_ASKED, "104", "c1", 3);
        (void)tell_of(&s, 3, ACTION_LISTEN, ACTION_ASKED, "105", "c9", 4);
        assert_int_equal(s.state, SUPERVISION_CHANGING);
        if (by_stop)
            assert_true(tell_of(&s, 2, ACTION_STOP, ACTION_CONFIRMED, "104", "c1", 5));
        else
            assert_true(tell_of(&s, 1, ACTION_BARGE, ACTION_ENDED, "104", "c1", 5));
        assert_int_equal(s.state, SUPERVISION_ASKED);
        assert_true(supervision_is_of(&s, "105", "c9"));
        assert_false(tell_of(&s, 1, ACTION_BARGE, ACTION_ENDED, "104", "c1", 5));
        assert_true(tell_of(&s, 3, ACTION_LISTEN, ACTION_CONFIRMED, "105", "c9", 6));
        assert_int_equal(s.begin_ms, 6);
        supervision_fini(&s);
    }
    /* The stop fails: the first is on still. */
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)tell(&s, 1, ACTION_BARGE, ACTION_ASKED);
    (void)tell(&s, 1, ACTION_BARGE, ACTION_CONFIRMED);
    (void)tell(&s, 2, ACTION_STOP, ACTION_ASKED);
    (void)tell(&s, 3, ACTION_LISTEN, ACTION_ASKED);
    assert_false(tell(&s, 2, ACTION_STOP, ACTION_FAILED));
    assert_int_equal(s.state, SUPERVISION_CHANGING);
    assert_int_equal(s.mode, SUPERVISE_BARGE);
    supervision_fini(&s);
}

static void a_lost_link_during_a_switch(void **state)
{
    (void)state;
    for (int is_doubt_first = 0; is_doubt_first < 2; is_doubt_first++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED);
        (void)tell(&s, 2, ACTION_WHISPER, ACTION_ASKED);
        if (is_doubt_first)
            assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_UNSURE));
        (void)tell(&s, 2, ACTION_WHISPER, ACTION_FAILED);
        if (!is_doubt_first)
            assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_UNSURE));
        assert_int_equal(s.state, SUPERVISION_UNSURE);
        assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED));
        assert_int_equal(s.state, SUPERVISION_CONFIRMED);
        assert_false(s.is_unsure);
        assert_int_equal(s.begin_ms, 5000);
        supervision_fini(&s);
    }
}

/* What an action that is over tells after its end is of no account, whatever came between. */
static void an_older_end_is_the_end(void **state)
{
    struct supervision s;
    (void)state;
    for (int i = SUPERVISION_NONE; i <= SUPERVISION_ENDING; i++)
        for (int end = ACTION_ENDED; end <= ACTION_FAILED; end++) {
            bool is_ending = i == SUPERVISION_ENDING;
            bring_to(&s, (enum supervision_state)i);
            (void)tell(&s, 2, ACTION_WHISPER, (enum action_stage)end);
            (void)tell(&s, 3, is_ending ? ACTION_STOP : ACTION_BARGE, ACTION_FAILED);
            enum supervision_state before = s.state;
            assert_int_equal(before, i < SUPERVISION_CONFIRMED ? SUPERVISION_NONE
                                     : i == SUPERVISION_UNSURE ? SUPERVISION_UNSURE
                                                               : SUPERVISION_CONFIRMED);
            assert_false(tell(&s, 2, ACTION_WHISPER, ACTION_CONFIRMED));
            assert_int_equal(s.state, before);
            /* A stop that fails brings back what was under way, not what is over. */
            bool is_on = before != SUPERVISION_NONE;
            assert_int_equal(tell(&s, 4, ACTION_STOP, ACTION_ASKED), is_on);
            assert_int_equal(tell(&s, 4, ACTION_STOP, ACTION_FAILED), is_on);
            assert_int_equal(s.state, before);
            supervision_fini(&s);
        }
}

static void once_the_newer_is_confirmed_the_older_is_forgotten(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell(&s, 1, ACTION_BARGE, ACTION_ASKED);
    (void)tell(&s, 2, ACTION_LISTEN, ACTION_ASKED);
    (void)tell(&s, 2, ACTION_LISTEN, ACTION_CONFIRMED);
    assert_false(tell(&s, 1, ACTION_BARGE, ACTION_CONFIRMED));
    assert_int_equal(s.mode, SUPERVISE_LISTEN);
    supervision_fini(&s);
}

static void a_mode_confirmed_while_it_is_stopped(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
    (void)tell(&s, 2, ACTION_STOP, ACTION_ASKED);
    (void)tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED);
    (void)tell(&s, 2, ACTION_STOP, ACTION_FAILED);
    assert_int_equal(s.state, SUPERVISION_CONFIRMED); /* nothing is under way any more */
    supervision_fini(&s);

    /* In doubt, and confirmed again, while the stop is under way. */
    bring_to(&s, SUPERVISION_UNSURE);
    (void)tell(&s, 4, ACTION_STOP, ACTION_ASKED);
    assert_true(tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED));
    assert_int_equal(supervision_hears(&s), HEARS_NOBODY);
    assert_false(s.is_unsure);
    supervision_fini(&s);

    /* There is no mode to be in doubt about. */
    s = (struct supervision){.state = SUPERVISION_NONE};
    (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
    (void)tell(&s, 2, ACTION_STOP, ACTION_ASKED);
    assert_false(tell(&s, 2, ACTION_STOP, ACTION_UNSURE));
    supervision_fini(&s);
}

/* The mode of the base confirmed once more leaves what is under way besides. */
static void three_at_once(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 1);
    (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "104", "c2", 1);
    (void)tell_of(&s, 3, ACTION_LISTEN, ACTION_ASKED, "104", "c3", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_UNSURE, "104", "c1", 1);
    assert_true(tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 1));
    assert_false(s.is_unsure);
    assert_true(tell_of(&s, 2, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c2", 9));
    assert_int_equal(s.state, SUPERVISION_CHANGING);
    assert_true(supervision_is_of(&s, "104", "c2"));
    assert_string_equal(s.next_call_id, "c3");
    assert_int_equal(s.begin_ms, 9);
    supervision_fini(&s);
}

static void what_was_waited_for_goes_with_its_end(void **state)
{
    static const enum action_stage stages[] = {ACTION_UNSURE, ACTION_ENDED, ACTION_FAILED,
                                               ACTION_CONFIRMED};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
        (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 1);
        (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "105", "c9", 1);
        (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_PHONE, "105", "c9", 1);
        assert_non_null(s.text);
        (void)tell_of(&s, 2, ACTION_LISTEN, stages[i], "105", "c9", 1);
        assert_null(s.text);
        assert_null(s.next_user_id);
        assert_null(s.next_call_id);
        supervision_fini(&s);
    }
    struct supervision s;
    bring_to(&s, SUPERVISION_PHONE);
    struct event event = told(3, ACTION_BARGE, ACTION_PHONE, "104", "c1");
    event.u.action.text = "your phone 109 rings: lift it";
    assert_true(supervision_apply(&s, &event, 1));
    assert_string_equal(s.text, "your phone 109 rings: lift it");
    supervision_fini(&s);
}

/* The event names the call, or says nothing of it. */
static void the_call_is_the_one_that_is_named(void **state)
{
    struct supervision s;
    (void)state;
    bring_to(&s, SUPERVISION_CONFIRMED);
    assert_true(tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c2", 7));
    assert_true(supervision_is_of(&s, "104", "c2"));
    assert_int_equal(s.begin_ms, 7);
    assert_true(tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "105", "c2", 8));
    assert_true(supervision_is_of(&s, "105", "c2"));
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "106", NULL, 9);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, NULL, "c3", 9);
    assert_true(supervision_is_of(&s, "105", "c2"));
    assert_int_equal(s.begin_ms, 8);
    supervision_fini(&s);
}

/* A take over that was given up, and is done after all. */
static void done_after_all(void **state)
{
    (void)state;
    for (int is_unsure = 0; is_unsure < 2; is_unsure++) {
        struct supervision s = {.state = SUPERVISION_NONE};
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_ASKED);
        (void)tell(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED);
        (void)tell(&s, 2, ACTION_TAKEOVER, ACTION_ASKED);
        (void)tell(&s, 2, ACTION_TAKEOVER, ACTION_FAILED);
        if (is_unsure)
            (void)tell(&s, 1, ACTION_LISTEN, ACTION_UNSURE);
        assert_true(tell(&s, 2, ACTION_TAKEOVER, ACTION_CONFIRMED));
        assert_false(supervision_is_on(&s));
        supervision_fini(&s);
    }
}

static void texts_that_are_not_told_are_empty(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE};
    (void)state;
    struct event event = told(1, ACTION_LISTEN, ACTION_ASKED, "104", "c1");
    (void)supervision_apply(&s, &event, 1);
    event.u.action.stage = ACTION_PHONE;
    assert_true(supervision_apply(&s, &event, 1));
    assert_int_equal(s.state, SUPERVISION_PHONE);
    assert_null(s.text);
    event.u.action.stage = ACTION_FAILED;
    assert_true(supervision_apply(&s, &event, 1));
    assert_string_equal(s.last_text, "");
    /* Nobody told whose it is: a stop. */
    event = told(2, ACTION_STOP, ACTION_ASKED, NULL, NULL);
    assert_false(supervision_apply(&s, &event, 1));
    supervision_fini(&s);
}

/* A stop need not say whose supervision it ends, nor its end. */
static void a_stop_without_names(void **state)
{
    struct supervision s;
    (void)state;
    bring_to(&s, SUPERVISION_CONFIRMED);
    struct event event = told(4, ACTION_STOP, ACTION_ASKED, NULL, "");
    assert_true(supervision_apply(&s, &event, 1));
    assert_true(supervision_is_of(&s, "104", "c1"));
    event.u.action.stage = ACTION_CONFIRMED;
    assert_true(supervision_apply(&s, &event, 1));
    assert_false(supervision_is_on(&s));
    assert_int_equal(s.last, ACTION_ENDED);
    supervision_fini(&s);
}

static void a_copy_shares_nothing(void **state)
{
    struct supervision s = {.state = SUPERVISION_NONE}, copy;
    (void)state;
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_ASKED, "104", "c1", 1);
    (void)tell_of(&s, 1, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c1", 10);
    (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_ASKED, "104", "c2", 20);
    (void)tell_of(&s, 2, ACTION_LISTEN, ACTION_FAILED, "104", "c2", 20);
    (void)tell_of(&s, 3, ACTION_LISTEN, ACTION_ASKED, "105", "c9", 20);
    (void)tell_of(&s, 3, ACTION_LISTEN, ACTION_PHONE, "105", "c9", 20);
    supervision_copy(&copy, &s);
    supervision_fini(&s);
    assert_int_equal(s.state, SUPERVISION_NONE);
    assert_null(s.user_id);
    assert_int_equal(copy.state, SUPERVISION_CHANGING);
    assert_true(supervision_is_of(&copy, "104", "c1"));
    assert_string_equal(copy.next_user_id, "105");
    assert_string_equal(copy.next_call_id, "c9");
    assert_string_equal(copy.text, "your phone 108 rings: lift it");
    assert_string_equal(copy.last_text, "it is busy");
    supervision_fini(&copy);
}

/* ---- against a backend ----------------------------------------------------------------------- */

/* What a backend knows, and in which orders it may tell it. */
struct order {
    uint32_t id; /* 0: none */
    enum action_kind kind;
    char call_id[8];
};
struct backend {
    struct supervision s;
    uint64_t random;
    uint32_t last_id;
    struct order on, asked, stop;
    bool is_unsure, is_ringing;
};

static unsigned below(struct backend *b, unsigned n)
{
    b->random = b->random * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(b->random >> 33) % n;
}

static void say(struct backend *b, const struct order *order, enum action_stage stage)
{
    if (order->id != 0)
        (void)tell_of(&b->s, order->id, order->kind, stage, "104", order->call_id, 1);
}

/* Two facts that come at once are told in either order. */
static void say_both(struct backend *b, const struct order *x, enum action_stage x_stage,
                     const struct order *y, enum action_stage y_stage)
{
    bool is_x_first = below(b, 2);
    say(b, is_x_first ? x : y, is_x_first ? x_stage : y_stage);
    say(b, is_x_first ? y : x, is_x_first ? y_stage : x_stage);
}

static void backend_asked(struct backend *b)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_WHISPER, ACTION_BARGE,
                                             ACTION_TAKEOVER, ACTION_PICKUP};
    struct order before = b->asked, none = {0};
    b->asked = (struct order){++b->last_id, kinds[below(b, 5)], ""};
    (void)snprintf(b->asked.call_id, sizeof b->asked.call_id, "c%u", below(b, 3));
    say_both(b, &before, ACTION_FAILED, &b->asked, ACTION_ASKED);
    b->is_ringing = false;
    bool is_other = b->on.id != 0 && strcmp(b->on.call_id, b->asked.call_id) != 0;
    if (is_other && below(b, 2)) { /* at once, or when the other one is confirmed */
        say(b, &b->on, ACTION_ENDED);
        b->on = none;
        b->is_unsure = false;
    }
}

static void backend_confirms(struct backend *b)
{
    struct order before = b->on, none = {0};
    bool is_mode = b->asked.kind <= ACTION_BARGE;
    bool is_same = strcmp(before.call_id, b->asked.call_id) == 0;
    if (is_mode && is_same)
        say(b, &b->asked, ACTION_CONFIRMED);
    else
        say_both(b, &b->asked, ACTION_CONFIRMED, &before, ACTION_ENDED);
    b->on = is_mode ? b->asked : none;
    b->asked = none;
    b->is_unsure = b->is_ringing = false;
}

static void backend_stopped(struct backend *b)
{
    struct order none = {0};
    if (below(b, 4) == 0) {
        say(b, &b->stop, ACTION_FAILED);
        b->stop = none;
        b->is_ringing = false; /* not shown until it is told again */
        return;
    }
    say_both(b, &b->asked, ACTION_FAILED, &b->on, ACTION_ENDED);
    say(b, &b->stop, ACTION_CONFIRMED);
    b->on = b->asked = b->stop = none;
    b->is_unsure = b->is_ringing = false;
}

static void backend_ends(struct backend *b)
{
    struct order none = {0};
    say_both(b, &b->on, ACTION_ENDED, &b->asked, ACTION_FAILED);
    b->on = b->asked = none;
    b->is_unsure = b->is_ringing = false;
}

static void backend_lost(struct backend *b)
{
    struct order none = {0};
    say_both(b, &b->on, ACTION_UNSURE, &b->asked, ACTION_FAILED);
    b->is_unsure = b->on.id != 0;
    b->asked = none;
    b->is_ringing = false;
}

static void backend_step(struct backend *b)
{
    unsigned dice = below(b, 100);
    struct order none = {0};
    if (b->stop.id != 0 && dice < 70) {
        backend_stopped(b);
    } else if (b->stop.id != 0) {
        return;
    } else if (dice < 30) {
        backend_asked(b);
    } else if (dice < 45 && b->asked.id != 0 && b->on.id == 0) {
        say(b, &b->asked, ACTION_PHONE);
        b->is_ringing = true;
    } else if (dice < 65 && b->asked.id != 0) {
        backend_confirms(b);
    } else if (dice < 72 && b->asked.id != 0) {
        say(b, &b->asked, ACTION_FAILED);
        b->asked = none;
        b->is_ringing = false;
    } else if (dice < 80) {
        backend_ends(b);
    } else if (dice < 86) {
        backend_lost(b);
    } else if (dice < 92 && b->is_unsure) {
        say(b, &b->on, ACTION_CONFIRMED);
        b->is_unsure = false;
    } else if (b->on.id != 0 || b->asked.id != 0) {
        b->stop = (struct order){++b->last_id, ACTION_STOP, ""};
        say(b, &b->stop, ACTION_ASKED);
    }
}

static enum supervision_state state_of(const struct backend *b)
{
    if (b->stop.id != 0)
        return SUPERVISION_ENDING;
    if (b->on.id != 0)
        return b->asked.id != 0 ? SUPERVISION_CHANGING
               : b->is_unsure   ? SUPERVISION_UNSURE
                                : SUPERVISION_CONFIRMED;
    if (b->asked.id != 0)
        return b->is_ringing ? SUPERVISION_PHONE : SUPERVISION_ASKED;
    return SUPERVISION_NONE;
}

/* Whatever the order: when all is told, the supervision is what the backend knows. */
static void a_random_backend_is_understood(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3000; seed++) {
        struct backend b = {.random = seed};
        for (int step = 0; step < 40; step++) {
            static const enum supervise_mode modes[] = {SUPERVISE_LISTEN, SUPERVISE_WHISPER,
                                                        SUPERVISE_BARGE};
            backend_step(&b);
            enum supervision_state expected = state_of(&b);
            if (b.s.state != expected)
                fail_msg("seed %u step %d: state %d, expected %d", seed, step, (int)b.s.state,
                         (int)expected);
            enum supervise_mode mode = b.on.id != 0 ? modes[b.on.kind] : SUPERVISE_UNKNOWN;
            if (b.s.mode != mode)
                fail_msg("seed %u step %d: mode %d, expected %d", seed, step, (int)b.s.mode,
                         (int)mode);
            if (b.on.id != 0)
                assert_true(supervision_is_of(&b.s, "104", b.on.call_id));
            else if (b.asked.id != 0)
                assert_true(supervision_is_of(&b.s, "104", b.asked.call_id));
            assert_int_equal(b.s.is_unsure, b.is_unsure);
            assert_int_equal(b.s.begin_ms != 0, b.on.id != 0);
            if (expected == SUPERVISION_NONE)
                assert_int_equal(supervision_hears(&b.s), HEARS_NOBODY);
        }
        supervision_fini(&b.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_meets_each_stage_of_each_action),
        cmocka_unit_test(an_action_never_heard_of_changes_nothing),
        cmocka_unit_test(other_actions_and_events_are_none_of_its_business),
        cmocka_unit_test(a_supervision_from_the_phone_to_its_end),
        cmocka_unit_test(who_hears_us_follows_from_what_was_confirmed),
        cmocka_unit_test(the_mode_is_the_confirmed_one),
        cmocka_unit_test(a_switch_that_fails_leaves_the_mode),
        cmocka_unit_test(a_switch_keeps_the_beginning),
        cmocka_unit_test(pick_up_and_take_over_are_in_it_only_while_under_way),
        cmocka_unit_test(a_take_over_out_of_a_mode),
        cmocka_unit_test(another_call_takes_the_place_of_the_first),
        cmocka_unit_test(another_call_confirmed_before_the_first_has_ended),
        cmocka_unit_test(another_call_that_fails_leaves_the_first),
        cmocka_unit_test(the_phone_rings_for_another_call),
        cmocka_unit_test(an_older_call_that_is_on_after_all),
        cmocka_unit_test(stop_while_the_phone_rings),
        cmocka_unit_test(a_stop_that_fails),
        cmocka_unit_test(a_new_wish_after_a_stop),
        cmocka_unit_test(a_lost_link_during_a_switch),
        cmocka_unit_test(an_older_end_is_the_end),
        cmocka_unit_test(once_the_newer_is_confirmed_the_older_is_forgotten),
        cmocka_unit_test(a_mode_confirmed_while_it_is_stopped),
        cmocka_unit_test(three_at_once),
        cmocka_unit_test(what_was_waited_for_goes_with_its_end),
        cmocka_unit_test(the_call_is_the_one_that_is_named),
        cmocka_unit_test(done_after_all),
        cmocka_unit_test(texts_that_are_not_told_are_empty),
        cmocka_unit_test(a_stop_without_names),
        cmocka_unit_test(a_copy_shares_nothing),
        cmocka_unit_test(a_random_backend_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
