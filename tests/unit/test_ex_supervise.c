/* Listening in, by request and by feature code (contracts: ringcentral 4.4 to 4.6). */
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

static struct ex_session *talk(struct rig *rig, const char *from, const char *to)
{
    struct ex_session *s = rig_call(rig, from, to);
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    rig_forget(rig);
    return s;
}

/* POST S/supervise, or P/supervise with a party; more: further members of the body, or "". */
static int supervise(struct rig *rig, const struct ex_session *s, const struct ex_party *party,
                     const char *agent, const char *more)
{
    char path[256], body[256];
    snprintf(path, sizeof path, TEL "%s%s%s/supervise", s->id, party ? "/parties/" : "",
             party ? party->id : "");
    snprintf(body, sizeof body,
             "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\",\"agentExtensionId\":\"%llu\"%s}",
             rig_desk(rig)->id, (unsigned long long)rig_user(rig, agent)->id, more);
    return rig_ask(rig, "POST", path, body);
}

/* "900 listens 101" as GET /exchange/state has it: "listen 101 up" or "listen 101 rings"; "". */
static const char *heard(struct rig *rig)
{
    static char out[256];
    size_t i, len = 0;
    const json_t *s;
    out[0] = '\0';
    assert_int_equal(rig_control(rig, "GET", "/exchange/state", NULL), 200);
    json_array_foreach(json_object_get(rig->reply.body, "supervisions"), i, s)
    {
        assert_string_equal(json_string_value(json_object_get(s, "supervisor")), "900");
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s %s %s", len ? ", " : "",
                                json_string_value(json_object_get(s, "mode")),
                                json_string_value(json_object_get(s, "extension")),
                                json_is_true(json_object_get(s, "confirmed")) ? "up" : "rings");
    }
    return out;
}

static void the_answer_and_the_events(void **state)
{
    struct rig *rig = *state;
    char leg[64];
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 201);
    assert_string_equal(rig_text(rig, "id"), rig_party(s, 3)->id);
    assert_string_equal(rig_text(rig, "direction"), "Outbound");
    assert_string_equal(rig_text(rig, "status.code"), "Proceeding");
    assert_string_equal(rig_text(rig, "from.phoneNumber"), "101");
    assert_string_equal(rig_text(rig, "to.phoneNumber"), "900");
    assert_string_equal(rig_text(rig, "to.deviceId"), rig_desk(rig)->id);
    assert_string_equal(rig_text(rig, "owner.extensionId"), rig_text(rig, "extensionId"));
    assert_string_equal(rig_calls(rig, "900"), "ringing in");
    assert_string_equal(heard(rig), "listen 101 rings");
    rig_pass(rig, 1000); /* the phone lifts itself when asked to */
    assert_string_equal(rig_calls(rig, "900"), "connected in");
    assert_string_equal(heard(rig), "listen 101 up");
    assert_string_equal(rig_story(rig, s->id), "3 Proceeding, 3 Gone/Supervising");
    assert_string_equal(rig_calls(rig, "101"), "connected in"); /* nothing for the agent to see */
    assert_int_equal(rig_do(rig, "GET", rig_party(s, 3), "", NULL), 200);
    snprintf(leg, sizeof leg, "%s", rig_text(rig, "status.peerId.telephonySessionId"));
    struct ex_session *own = ex_session_by_id(rig->x, leg);
    assert_non_null(own);
    assert_string_equal(rig_text(rig, "status.peerId.partyId"), rig_party(own, 1)->id);
    assert_string_equal(rig_story(rig, leg), "1 Setup, 1 Proceeding, 1 Answered");
    /* The call ends, and listening with it. */
    rig_forget(rig);
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_string_equal(rig_story(rig, leg), "1 Disconnected");
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "900"), "");
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void the_answer_as_their_mock_has_it(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101");
    assert_true(ex_switch_set(rig->x, "supervise-outbound", false));
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 201);
    assert_string_equal(rig_text(rig, "direction"), "Inbound");
    assert_string_equal(rig_text(rig, "status.code"), "Hold");
}

static void the_phone_is_lifted_by_hand(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(supervise(rig, s, NULL, "101", ",\"autoAnswer\":false"), 201);
    rig_pass(rig, 10000);
    assert_string_equal(heard(rig), "listen 101 rings");
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 200);
    assert_string_equal(heard(rig), "listen 101 up");
    /* On hook again: it is over, the call goes on. */
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "101"), "connected in");
    /* Not lifted at all. */
    rig_forget(rig);
    assert_int_equal(supervise(rig, s, NULL, "101", ",\"autoAnswer\":false"), 201);
    rig_pass(rig, 31000);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "900"), "");
    assert_string_equal(rig_story(rig, s->id), "4 Proceeding, 4 Disconnected/NoAnswer");
    assert_string_equal(rig_calls(rig, "101"), "connected in");
}

static void the_call_may_end_while_the_phone_rings(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(supervise(rig, s, NULL, "101", ",\"autoAnswer\":false"), 201);
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "900"), "");
    rig_pass(rig, 60000);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void refused(void **state)
{
    struct rig *rig = *state;
    char path[256], body[256];
    struct ex_session *s = talk(rig, OUT, "101");
    unsigned long long agent = (unsigned long long)rig_user(rig, "101")->id;
    snprintf(path, sizeof path, TEL "%s/supervise", s->id);
    static const char *const bad[][2] = {
        {"mode",
         "{\"mode\":\"Whisper\",\"supervisorDeviceId\":\"%s\",\"agentExtensionId\":\"%llu\"}"},
        {"mode", "{\"supervisorDeviceId\":\"%s\",\"agentExtensionId\":\"%llu\"}"},
        {"agentExtensionId", "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\",\"x\":\"%llu\"}"},
        {"supervisorDeviceId", "{\"mode\":\"Listen\",\"x\":\"%s\",\"agentExtensionId\":\"%llu\"}"},
        {"autoAnswer", "{\"mode\":\"Listen\",\"autoAnswer\":1,\"supervisorDeviceId\":\"%s\","
                       "\"agentExtensionId\":\"%llu\"}"},
        {"mediaSDP", "{\"mode\":\"Listen\",\"mediaSDP\":\"all\",\"supervisorDeviceId\":\"%s\","
                     "\"agentExtensionId\":\"%llu\"}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(body, sizeof body, bad[i][1], rig_desk(rig)->id, agent);
#pragma GCC diagnostic pop
        assert_int_equal(rig_ask(rig, "POST", path, body), 400);
        assert_string_equal(rig_text(rig, "parameterName"), bad[i][0]);
    }
    /* Both ways of naming the agent at once; and the other way alone. */
    assert_int_equal(supervise(rig, s, NULL, "101", ",\"agentExtensionNumber\":\"101\""), 400);
    assert_int_equal(supervise(rig, s, NULL, "102", ""), 404); /* not in this call */
    snprintf(body, sizeof body,
             "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\",\"agentExtensionNumber\":\"%s\"}",
             rig_desk(rig)->id, "101");
    assert_int_equal(rig_ask(rig, "POST", TEL "s-1/supervise", body), 404);
    /* No group, no listening. */
    rig->caller = rig_user(rig, "102");
    assert_int_equal(rig_ask(rig, "POST", path, body), 404); /* nor is the phone his */
    snprintf(body, sizeof body,
             "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\",\"agentExtensionNumber\":\"%s\"}",
             rig->caller->devices.items[0]->id, "101");
    assert_int_equal(rig_ask(rig, "POST", path, body), 403);
    rig_is_error(rig, 403, "TAS-106", "TAS-106");
    rig->caller = ex_supervisor(rig->x);
    rig_desk(rig)->is_online = false;
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 403);
    rig_desk(rig)->is_online = true;
    /* Held is a call as well, ringing and parked are not. */
    assert_int_equal(rig_call_do(rig, s, "park"), 200);
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 404);
    struct ex_session *ringing = rig_call(rig, OUT, "103");
    assert_int_equal(supervise(rig, ringing, NULL, "103", ""), 404);
    struct ex_session *held = talk(rig, OUT, "104");
    assert_int_equal(rig_call_do(rig, held, "hold"), 200);
    assert_int_equal(supervise(rig, held, NULL, "104", ""), 201);
    assert_string_equal(heard(rig), "listen 104 rings");
}

static void one_supervisor_for_a_call(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101"), *other = talk(rig, OUT, "102");
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 201);
    rig_pass(rig, 1000);
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 403);
    assert_int_equal(supervise(rig, s, rig_party(s, 2), "101", ""), 409);
    /* Another call on the same phone; but on another phone. */
    assert_int_equal(supervise(rig, other, NULL, "102", ""), 403);
    assert_int_equal(supervise(rig, other, rig_party(other, 2), "102", ""), 409);
    assert_string_equal(heard(rig), "listen 101 up");
    char path[256], body[256];
    snprintf(path, sizeof path, TEL "%s/supervise", other->id);
    snprintf(body, sizeof body,
             "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\",\"agentExtensionNumber\":\"102\"}",
             ex_supervisor(rig->x)->devices.items[1]->id);
    assert_int_equal(rig_ask(rig, "POST", path, body), 201);
    rig_pass(rig, 1000);
    assert_string_equal(heard(rig), "listen 101 up, listen 102 up");
    /* Somebody else who may monitor as well finds the call taken. */
    assert_int_equal(rig_get(rig, ACC "/call-monitoring-groups"), 200);
    char group[160], assign[160];
    snprintf(group, sizeof group, ACC "/call-monitoring-groups/%s/bulk-assign",
             rig_text(rig, "records.0.id"));
    snprintf(assign, sizeof assign,
             "{\"updatedExtensions\":[{\"id\":\"%llu\",\"permissions\":[\"Monitoring\"]}]}",
             (unsigned long long)rig_user(rig, "105")->id);
    assert_int_equal(rig_ask(rig, "POST", group, assign), 204);
    rig->caller = rig_user(rig, "105");
    snprintf(body, sizeof body,
             "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\",\"agentExtensionNumber\":\"102\"}",
             rig->caller->devices.items[0]->id);
    assert_int_equal(rig_ask(rig, "POST", path, body), 403);
    struct ex_device *phone = rig->caller->devices.items[0];
    assert_int_equal(rig_dial(rig, phone, "*82102#"), 200);
    assert_string_equal(rig_calls(rig, "105"), "");
    rig->caller = ex_supervisor(rig->x);
    assert_string_equal(heard(rig), "listen 101 up, listen 102 up");
}

static void both_sides_apart(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(supervise(rig, s, rig_party(s, 2), "101", ""), 201);
    assert_int_equal(supervise(rig, s, rig_party(s, 2), "101", ""), 409);
    assert_int_equal(supervise(rig, s, rig_party(s, 1), "101", ""), 201);
    assert_int_equal(supervise(rig, s, rig_party(s, 1), "101", ""), 409);
    rig_pass(rig, 1000);
    assert_int_equal(ex_supervisions_len(rig->x), 2);
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_int_equal(ex_supervisions_len(rig->x), 0);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void it_ends_when_the_partner_changes(void **state)
{
    struct rig *rig = *state;
    /* The customer of 101 is 102, who transfers 101 to 103. */
    struct ex_session *s = talk(rig, "102", "101");
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 201);
    rig_pass(rig, 1000);
    assert_string_equal(heard(rig), "listen 101 up");
    assert_int_equal(
        rig_do(rig, "POST", rig_party(s, 1), "/transfer", "{\"extensionNumber\":\"103\"}"), 200);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "101"), "connected in");
    assert_string_equal(rig_calls(rig, "900"), "");
    /* The agent himself transfers, parks, is picked up. */
    struct ex_session *b = talk(rig, OUT, "104");
    assert_int_equal(supervise(rig, b, NULL, "104", ""), 201);
    rig_pass(rig, 1000);
    assert_int_equal(rig_call_do(rig, b, "park"), 200);
    assert_string_equal(heard(rig), "");
    struct ex_session *c = talk(rig, OUT, "105");
    assert_int_equal(supervise(rig, c, NULL, "105", ""), 201);
    rig_pass(rig, 1000);
    assert_int_equal(rig_call_do(rig, c, "hold"), 200);
    assert_string_equal(heard(rig), "listen 105 up");
    char body[64];
    snprintf(body, sizeof body, "{\"deviceId\":\"%s\"}",
             ex_supervisor(rig->x)->devices.items[1]->id);
    assert_int_equal(rig_do(rig, "POST", rig_party(c, 2), "/pickup", body), 201);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "900"), "connected in");
}

static void stopped_by_request(void **state)
{
    struct rig *rig = *state;
    char path[256];
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(supervise(rig, s, NULL, "101", ""), 201);
    rig_pass(rig, 1000);
    snprintf(path, sizeof path, TEL "%s", rig_party(s, 3)->peer_session);
    assert_int_equal(rig_ask(rig, "DELETE", path, NULL), 204);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "101"), "connected in");
    /* The seat, while it still rings. */
    assert_int_equal(supervise(rig, s, NULL, "101", ",\"autoAnswer\":false"), 201);
    assert_int_equal(rig_do(rig, "DELETE", rig_party(s, 4), "", NULL), 204);
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "900"), "");
    assert_string_equal(rig_calls(rig, "101"), "connected in");
}

/* --- feature codes --------------------------------------------------------------------------- */

static void codes_listen_whisper_barge(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "102");
    static const struct {
        const char *digits, *heard;
    } cases[] = {
        {"*80102#", "listen 102 up"}, {"*81102#", "whisper 102 up"}, {"*82102#", "barge 102 up"}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rig_dial(rig, rig_desk(rig), cases[i].digits), 200);
        assert_string_equal(heard(rig), cases[i].heard);
        assert_string_equal(rig_calls(rig, "900"), "connected out");
        assert_string_equal(rig_calls(rig, "102"), "connected in");
    }
    assert_string_equal(rig_story(rig, s->id),
                        "3 Proceeding, 3 Gone/Supervising, 4 Proceeding, 4 Gone/Supervising, "
                        "5 Proceeding, 5 Gone/Supervising");
    /* *80 again is silence. */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*80"), 200);
    assert_string_equal(heard(rig), "listen 102 up");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_string_equal(heard(rig), "");
    assert_int_equal(ex_sessions_len(rig->x), 1);
}

static void a_code_after_a_request_changes_the_mode(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "102");
    assert_int_equal(supervise(rig, s, NULL, "102", ""), 201);
    rig_pass(rig, 1000);
    assert_string_equal(heard(rig), "listen 102 up");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*82"), 200);
    assert_string_equal(heard(rig), "listen 102 up"); /* until the extension is there */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "10"), 200);
    assert_int_equal(rig_dial(rig, rig_desk(rig), "2#"), 200);
    assert_string_equal(heard(rig), "barge 102 up");
    assert_string_equal(rig_calls(rig, "900"), "connected out");
}

static void a_code_by_call_out(void **state)
{
    struct rig *rig = *state;
    char body[160];
    talk(rig, OUT, "102");
    snprintf(body, sizeof body, "{\"from\":{\"deviceId\":\"%s\"},\"to\":{\"phoneNumber\":\"*81\"}}",
             rig_desk(rig)->id);
    assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/call-out", body), 201);
    assert_int_equal(rig_dial(rig, rig_desk(rig), "102#"), 200); /* not lifted: nobody listens */
    assert_string_equal(heard(rig), "");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/call-out", body), 201);
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 200);
    assert_int_equal(rig_dial(rig, rig_desk(rig), "102#"), 200);
    assert_string_equal(heard(rig), "whisper 102 up");
}

static void a_code_with_its_extension_by_call_out(void **state)
{
    struct rig *rig = *state;
    static const char *const good[] = {"*82102#", "*82,102#", "*82,,,102#"};
    static const char *const bad[] = {"*82102", "*82#", "*82,,#", "*84102#", "*82102#1", "*82x#"};
    char body[160];
    talk(rig, OUT, "102");
    rig_desk(rig)->is_auto_answering = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(body, sizeof body,
                 "{\"from\":{\"deviceId\":\"%s\"},\"to\":{\"phoneNumber\":\"%s\"}}",
                 rig_desk(rig)->id, bad[i]);
        assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/call-out", body), 400);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(body, sizeof body,
                 "{\"from\":{\"deviceId\":\"%s\"},\"to\":{\"phoneNumber\":\"%s\"}}",
                 rig_desk(rig)->id, good[i]);
        assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/call-out", body), 201);
        rig_pass(rig, 1500);
        assert_string_equal(heard(rig), "barge 102 up");
        assert_string_equal(rig_calls(rig, "900"), "connected out");
        assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    }
}

static void taking_over(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "102");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*82102#"), 200);
    rig_forget(rig);
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*83102#"), 200);
    char leg[64];
    snprintf(leg, sizeof leg, "%s", rig_text(rig, "id"));
    assert_string_equal(rig_story(rig, s->id), "2 Disconnected/TakeOver, 4 Setup, 4 Answered");
    assert_string_equal(rig_story(rig, leg), "1 Setup, 1 Answered, 1 Gone/TakeOver");
    assert_string_equal(heard(rig), "");
    assert_string_equal(rig_calls(rig, "102"), "");
    assert_string_equal(rig_calls(rig, "900"), "connected in");
    assert_string_equal(ex_party_number(rig_party(s, 4)->peer), OUT);
    assert_int_equal(ex_sessions_len(rig->x), 1);
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void codes_refused(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *digits, *reason;
    } cases[] = {{"*804711#", "1 Setup, 1 Answered, 1 Disconnected/NoSuchUser"},
                 {"*80103#", "1 Setup, 1 Answered, 1 Disconnected/TargetBusy"},
                 {"*80900#", "1 Setup, 1 Answered, 1 Disconnected/DestinationBlocked"},
                 {"*80#", "1 Setup, 1 Answered, 1 Disconnected/NoSuchUser"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[64];
        assert_int_equal(rig_dial(rig, rig_desk(rig), cases[i].digits), 200);
        snprintf(id, sizeof id, "%s", rig_text(rig, "id"));
        assert_string_equal(rig_story(rig, id), cases[i].reason);
    }
    /* An agent without the right; a prompt that nobody answers. */
    talk(rig, OUT, "102");
    assert_int_equal(rig_dial(rig, rig_user(rig, "103")->devices.items[0], "*82102#"), 200);
    assert_string_equal(heard(rig), "");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*82"), 200);
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    rig_pass(rig, 21000);
    assert_string_equal(rig_calls(rig, "900"), "");
    assert_int_equal(ex_sessions_len(rig->x), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_answer_and_the_events),
        T(the_answer_as_their_mock_has_it),
        T(the_phone_is_lifted_by_hand),
        T(the_call_may_end_while_the_phone_rings),
        T(refused),
        T(one_supervisor_for_a_call),
        T(both_sides_apart),
        T(it_ends_when_the_partner_changes),
        T(stopped_by_request),
        T(codes_listen_whisper_barge),
        T(a_code_after_a_request_changes_the_mode),
        T(a_code_by_call_out),
        T(a_code_with_its_extension_by_call_out),
        T(taking_over),
        T(codes_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
