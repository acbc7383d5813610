/* Events that all backends tell alike. */
#include "callhud/backend/tell.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/model/action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct {
    size_t told;
    struct event event; /* the last */
    char why[2 * BACKEND_WHY_BYTES];
} saw;

static void on_event(void *self, const struct event *event)
{
    assert_ptr_equal(self, &saw);
    saw.told++;
    saw.event = *event;
    if (event->kind == EVENT_CAPABILITY)
        str_copy(saw.why, sizeof saw.why, event->u.capability.why);
}

static const struct backend_sink sink = {on_event, &saw};

static int set_up(void **state)
{
    (void)state;
    memset(&saw, 0, sizeof saw);
    return 0;
}

static void an_event_says_what_it_was_told_and_no_more(void **state)
{
    (void)state;
    struct event event = backend_event(EVENT_PRESENCE, "101", 1234, true), none;
    memset(&none, 0, sizeof none);
    assert_int_equal(event.kind, EVENT_PRESENCE);
    assert_string_equal(event.user_id, "101");
    assert_int_equal(event.at_ms, 1234);
    assert_true(event.is_answer);
    assert_memory_equal(&event.u, &none.u, sizeof none.u);
    backend_tell(&sink, EVENT_SNAPSHOT_ASKED, 77);
    assert_int_equal(saw.told, 1);
    assert_int_equal(saw.event.kind, EVENT_SNAPSHOT_ASKED);
    assert_int_equal(saw.event.at_ms, 77);
    assert_null(saw.event.user_id);
    assert_false(saw.event.is_answer);
}

static void the_link(void **state)
{
    (void)state;
    backend_tell_link(&sink, LINK_LOST, "gone", 5000);
    assert_int_equal(saw.told, 1);
    assert_int_equal(saw.event.kind, EVENT_LINK);
    assert_int_equal(saw.event.u.link.state, LINK_LOST);
    assert_string_equal(saw.event.u.link.text, "gone");
    assert_int_equal(saw.event.u.link.retry_ms, 5000);
}

static void an_action_tells_its_mode_once_it_is_known(void **state)
{
    (void)state;
    static const struct {
        enum action_stage stage;
        bool has_mode;
    } all[] = {
        {ACTION_ASKED, false}, {ACTION_PHONE, false}, {ACTION_CONFIRMED, true},
        {ACTION_UNSURE, true}, {ACTION_ENDED, true},  {ACTION_FAILED, false},
    };
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_WHISPER, ACTION_BARGE,
                                             ACTION_HANGUP, ACTION_DND};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            const struct backend_tale tale = {
                .id = 9, .kind = kinds[k], .user_id = "104", .call_id = "leg", .is_on = i & 1};
            enum rc rc = all[i].stage == ACTION_FAILED ? RC_TIMEOUT : RC_OK;
            backend_tell_action(&sink, &tale, all[i].stage, rc, "why");
            assert_int_equal(saw.event.kind, EVENT_ACTION);
            assert_string_equal(saw.event.user_id, "104");
            assert_int_equal(saw.event.u.action.id, 9);
            assert_int_equal(saw.event.u.action.kind, kinds[k]);
            assert_int_equal(saw.event.u.action.stage, all[i].stage);
            assert_string_equal(saw.event.u.action.call_id, "leg");
            assert_int_equal(saw.event.u.action.is_on, i & 1);
            assert_int_equal(saw.event.u.action.rc, rc);
            assert_string_equal(saw.event.u.action.text, "why");
            assert_int_equal(saw.event.u.action.mode,
                             all[i].has_mode ? action_mode(kinds[k]) : SUPERVISE_UNKNOWN);
        }
    assert_int_not_equal(action_mode(ACTION_WHISPER), SUPERVISE_UNKNOWN);
}

static void a_capability_is_told_when_it_is_another(void **state)
{
    (void)state;
    struct backend_level told = {0};
    char text[64] = "ask your administrator";
    backend_tell_capability(&sink, &told, ACTION_LISTEN, CAPABILITY_MISSING, text);
    assert_int_equal(saw.told, 1);
    assert_int_equal(saw.event.u.capability.kind, ACTION_LISTEN);
    assert_int_equal(saw.event.u.capability.level, CAPABILITY_MISSING);
    assert_string_equal(saw.why, "ask your administrator");
    assert_ptr_not_equal(saw.event.u.capability.why, text); /* it outlives the telling */
    backend_tell_capability(&sink, &told, ACTION_LISTEN, CAPABILITY_MISSING, text);
    assert_int_equal(saw.told, 1);
    str_copy(text, sizeof text, "no phone");
    backend_tell_capability(&sink, &told, ACTION_LISTEN, CAPABILITY_MISSING, text);
    assert_int_equal(saw.told, 2);
    assert_string_equal(saw.why, "no phone");
    backend_tell_capability(&sink, &told, ACTION_LISTEN, CAPABILITY_NATIVE, text);
    assert_int_equal(saw.told, 3);
    assert_int_equal(saw.event.u.capability.level, CAPABILITY_NATIVE);
    /* The first is told, also when it is what an empty one would say. */
    struct backend_level fresh = {0};
    backend_tell_capability(&sink, &fresh, ACTION_DND, (enum capability)0, "");
    assert_int_equal(saw.told, 4);
}

static void a_long_reason_is_cut_and_told_once(void **state)
{
    (void)state;
    struct backend_level told = {0};
    char text[2 * BACKEND_WHY_BYTES];
    memset(text, 'x', sizeof text);
    for (size_t at = 1; at + 4 < sizeof text; at += 3)
        memcpy(text + at, "\xe7\x94\xb0", 4);
    for (int i = 0; i < 3; i++)
        backend_tell_capability(&sink, &told, ACTION_LISTEN, CAPABILITY_MISSING, text);
    assert_int_equal(saw.told, 1);
    assert_true(utf8_is_valid(saw.why, strlen(saw.why)));
    assert_in_range(strlen(saw.why), BACKEND_WHY_BYTES - 4, BACKEND_WHY_BYTES - 1);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_says_what_it_was_told_and_no_more),
        TEST(the_link),
        TEST(an_action_tells_its_mode_once_it_is_known),
        TEST(a_capability_is_told_when_it_is_another),
        TEST(a_long_reason_is_cut_and_told_once),
    };
    return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
