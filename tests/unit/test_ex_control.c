/* /exchange/...: scripting, and what is true. */
#include "ex_calls_rig.h"

#define OUT "+17778732492"

static int setup(void **state)
{
    static struct rig rig;
    rig_start(&rig, 20);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    rig_stop(*state);
    return 0;
}

/* A member of a user in GET /exchange/state. */
static const json_t *user_state(struct rig *rig, const char *extension, const char *where)
{
    size_t i;
    const json_t *user;
    assert_int_equal(rig_control(rig, "GET", "/exchange/state", NULL), 200);
    json_array_foreach(json_object_get(rig->reply.body, "users"), i, user)
    {
        if (str_eq(json_string_value(json_object_get(user, "extension")), extension))
            return rig_at(user, where);
    }
    fail_msg("no user %s", extension);
    return NULL;
}

static void the_state_of_a_call(void **state)
{
    struct rig *rig = *state;
    rig_pass(rig, 2500);
    struct ex_session *s = rig_call(rig, OUT, "101");
    assert_string_equal(json_string_value(user_state(rig, "101", "calls.0.id")), s->id);
    assert_string_equal(json_string_value(user_state(rig, "101", "calls.0.state")), "ringing");
    assert_string_equal(json_string_value(user_state(rig, "101", "calls.0.direction")), "in");
    assert_string_equal(json_string_value(user_state(rig, "101", "calls.0.number")), OUT);
    rig_pass(rig, 1000);
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_string_equal(json_string_value(user_state(rig, "101", "calls.0.since")),
                        "2026-07-09T16:00:03.500Z");
    assert_string_equal(rig_calls(rig, "101"), "connected in");
    assert_int_equal(rig_call_do(rig, s, "park"), 200);
    assert_string_equal(rig_calls(rig, "101"), "parked in");
    assert_int_equal(rig_call_do(rig, s, "hold"), 409);
    rig_is_error(rig, 409, "Conflict", "Conflict");
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_int_equal(rig_call_do(rig, s, "hangup"), 404);
    rig_is_error(rig, 404, "CMN-102", "CMN-102");
    assert_true(json_is_array(rig_at(rig->reply.body, "errors")));
    assert_int_equal(json_array_size(user_state(rig, "101", "calls")), 0);
    assert_int_equal(rig_len(rig, "supervisions"), 0);
    assert_true(rig_at(rig->reply.body, "appearances.900") != NULL);
}

static void people_are_changed(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(
        rig_control(rig, "PATCH", "/exchange/users/101",
                    "{\"dnd\":true,\"name\":\"Noor Haddad\",\"department\":\"Cartier\","
                    "\"userStatus\":\"Busy\"}"),
        200);
    assert_true(json_is_true(user_state(rig, "101", "dnd")));
    assert_string_equal(json_string_value(user_state(rig, "101", "presence")), "busy");
    assert_string_equal(json_string_value(user_state(rig, "101", "name")), "Noor Haddad");
    assert_string_equal(json_string_value(user_state(rig, "101", "department")), "Cartier");
    assert_int_equal(rig_control(rig, "PATCH", "/exchange/users/101",
                                 "{\"online\":false,\"dnd\":false,\"sharesPresence\":false,"
                                 "\"callerIdVisibility\":\"None\",\"permits\":[\"102\",\"900\"],"
                                 "\"ringOnMonitoredCall\":true,\"pickUpCallsOnHold\":true}"),
                     200);
    assert_false(json_is_true(user_state(rig, "101", "online")));
    assert_string_equal(json_string_value(user_state(rig, "101", "presence")), "offline");
    struct ex_user *user = rig_user(rig, "101");
    assert_false(user->shares_presence);
    assert_int_equal(user->permitted.len, 2);
    assert_string_equal(user->caller_id_visibility, "None");
    assert_true(user->ring_on_monitored_call && user->pick_up_calls_on_hold);
    assert_non_null(rig_last(rig, EX_EVENT_PRESENCE));
}

static void bad_input_is_refused(void **state)
{
    struct rig *rig = *state;
    static const struct {
        int status;
        const char *method, *path, *body;
    } cases[] = {
        {400, "PATCH", "/exchange/users/101", "{\"dnd\":\"perhaps\"}"},
        {400, "PATCH", "/exchange/users/101", "{\"height\":3}"},
        {400, "PATCH", "/exchange/users/101", "[1]"},
        {400, "PATCH", "/exchange/users/101", "{"},
        {400, "PATCH", "/exchange/users/101", NULL},
        {404, "PATCH", "/exchange/users/4711", "{\"dnd\":true}"},
        {404, "POST", "/exchange/users/101", "{\"dnd\":true}"},
        {404, "PATCH", "/exchange/users", "{}"},
        {400, "POST", "/exchange/calls", NULL},
        {400, "POST", "/exchange/calls", "{}"},
        {400, "POST", "/exchange/calls", "{\"from\":\"+1777\"}"},
        {400, "POST", "/exchange/calls", "{\"from\":\"+17778732492\",\"to\":\"4711\"}"},
        {400, "POST", "/exchange/calls", "{\"from\":\"nobody\",\"to\":\"101\"}"},
        {400, "POST", "/exchange/calls", "{\"from\":\"101\",\"to\":\"101\"}"},
        {400, "POST", "/exchange/calls", "{\"from\":101,\"to\":102}"},
        {400, "POST", "/exchange/calls", "{\"from\":\"11\",\"to\":\"101\"}"},
        {404, "POST", "/exchange/calls/s-1/answer", NULL},
        {404, "GET", "/exchange/calls", NULL},
        {404, "POST", "/exchange/calls/1/2/3/4", NULL},
        {404, "POST", "/exchange/state", NULL},
        {404, "GET", "/exchange/weather", NULL},
        {404, "GET", "/exchange/", NULL},
        {404, "GET", "/exchange", NULL},
        {400, "PATCH", "/exchange/switches", "{\"pickup-held\":1}"},
        {400, "PATCH", "/exchange/switches", "{\"no-such\":true}"},
        {400, "PATCH", "/exchange/switches", "7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = rig_control(rig, cases[i].method, cases[i].path, cases[i].body);
        if (status != cases[i].status)
            fail_msg("%s %s %s: %d", cases[i].method, cases[i].path,
                     cases[i].body ? cases[i].body : "", status);
        assert_string_not_equal(rig_text(rig, "errorCode"), "");
        assert_string_not_equal(rig_text(rig, "errors.0.message"), "");
    }
    assert_int_equal(json_array_size(rig->events), 0);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void switches(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_control(rig, "GET", "/exchange/switches", NULL), 200);
    assert_int_equal(json_object_size(rig->reply.body), EX_SWITCH_COUNT);
    assert_true(json_is_true(rig_at(rig->reply.body, "pickup-held")));
    assert_int_equal(rig_control(rig, "PATCH", "/exchange/switches", "{\"EX_PICKUP_HELD\":false}"),
                     200);
    assert_true(json_is_false(rig_at(rig->reply.body, "pickup-held")));
    assert_false(ex_switch_on(rig->x, EX_PICKUP_HELD));
}

static void every_kind_of_call(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, "101", "11"); /* one of ours calls a queue */
    assert_string_equal(rig_calls(rig, "101"), "dialling out");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_string_equal(rig_calls(rig, "101"), "connected out");
    assert_true(s->is_scripted);
    s = rig_call(rig, OUT, "119");
    assert_int_equal(rig_call_do(rig, s, "unhold"), 409);
    assert_int_equal(rig_call_do(rig, s, "dance"), 404);
    /* Scripted calls ring for ever. */
    rig_pass(rig, 3600 * 1000);
    assert_string_equal(rig_calls(rig, "119"), "ringing in");
    rig_call(rig, OUT, "900");
    assert_string_equal(rig_calls(rig, "900"), "ringing in");
    assert_int_equal(rig_control(rig, "POST", "/exchange/calls",
                                 "{\"from\":\"" OUT "\",\"to\":\"118\",\"name\":\"Ann Caller\"}"),
                     200);
    assert_string_equal(
        json_string_value(rig_at(rig_last(rig, EX_EVENT_TELEPHONY), "parties.0.from.name")),
        "Ann Caller");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_state_of_a_call), T(people_are_changed), T(bad_input_is_refused), T(switches),
        T(every_kind_of_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
