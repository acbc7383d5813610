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

/* --- the reference sequences (contract 4.2) -------------------------------------------------- */

static void out_to_the_world(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, "101", OUT);
    assert_string_equal(rig_calls(rig, "101"), "dialling out");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_string_equal(rig_calls(rig, "101"), "connected out");
    assert_int_equal(rig_call_do(rig, s, "hold"), 200);
    assert_string_equal(rig_calls(rig, "101"), "held out");
    assert_int_equal(rig_call_do(rig, s, "unhold"), 200);
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_string_equal(rig_story(rig, s->id),
                        "1 Setup, 2 Proceeding, 1 Proceeding, 2 Answered, 1 Answered, 1 Hold, "
                        "1 Answered, 1 Disconnected, 2 Disconnected");
    assert_string_equal(rig_calls(rig, "101"), "");
}

static void between_two_of_ours(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, "101", "102");
    /* The caller's party is Answered before anybody answers; his lamp is not. */
    assert_string_equal(rig_calls(rig, "101"), "dialling out");
    assert_string_equal(rig_presence(rig, "101"), "Ringing Outbound");
    assert_string_equal(rig_calls(rig, "102"), "ringing in");
    rig_pass(rig, 4000);
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_string_equal(rig_calls(rig, "101"), "connected out");
    assert_string_equal(rig_presence(rig, "101"), "CallConnected Outbound");
    assert_string_equal(rig_calls(rig, "102"), "connected in");
    assert_int_equal(rig_party(s, 1)->since_ms, 4000);
    char path[128];
    snprintf(path, sizeof path, "/exchange/calls/%s/hold", s->id);
    assert_int_equal(rig_control(rig, "POST", path, "{\"extension\":\"101\"}"), 200);
    /* Who holds is reported as Hold, the other is not. */
    assert_string_equal(rig_calls(rig, "101"), "held out");
    assert_string_equal(rig_calls(rig, "102"), "connected in");
    assert_int_equal(rig_call_do(rig, s, "unhold"), 200);
    snprintf(path, sizeof path, "/exchange/calls/%s/hangup", s->id);
    assert_int_equal(rig_control(rig, "POST", path, "{\"extension\":\"101\"}"), 200);
    assert_string_equal(rig_story(rig, s->id),
                        "1 Setup, 2 Setup, 1 Answered, 2 Proceeding, 2 Answered, 1 Hold, "
                        "1 Answered, 1 Disconnected, 2 Disconnected");
}

static void in_through_a_queue(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "11");
    assert_int_equal(s->parties.len, 3);
    const char *extension = rig_party(s, 3)->user->extension;
    char path[128];
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_int_equal(rig_call_do(rig, s, "hold"), 200);
    assert_string_equal(rig_calls(rig, extension), "held in");
    assert_int_equal(rig_call_do(rig, s, "unhold"), 200);
    snprintf(path, sizeof path, "/exchange/calls/%s/hangup", s->id);
    assert_int_equal(rig_control(rig, "POST", path, NULL), 200);
    assert_string_equal(rig_story(rig, s->id),
                        "1 Setup, 2 Setup, 1 Answered, 2 Disconnected, 3 Setup, 3 Proceeding, "
                        "3 Answered, 3 Hold, 3 Answered, 3 Disconnected, 1 Disconnected");
    const json_t *event = json_array_get(rig->events, 0);
    assert_int_equal(json_integer_value(json_object_get(event, "extension")), 0);
}

static void straight_in(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "103");
    assert_string_equal(rig_calls(rig, "103"), "ringing in");
    assert_string_equal(rig_presence(rig, "103"), "Ringing Inbound");
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_string_equal(rig_story(rig, s->id),
                        "1 Setup, 2 Setup, 1 Answered, 2 Proceeding, 2 Disconnected, "
                        "1 Disconnected");
    assert_string_equal(rig_calls(rig, "103"), "");
    assert_string_equal(rig_presence(rig, "103"), "");
    assert_null(ex_session_by_id(rig->x, s->id));
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void a_caller_gives_up(void **state)
{
    struct rig *rig = *state;
    char path[128];
    struct ex_session *s = rig_call(rig, "101", "102");
    rig_forget(rig);
    snprintf(path, sizeof path, "/exchange/calls/%s/hangup", s->id);
    assert_int_equal(rig_control(rig, "POST", path, "{\"extension\":\"101\"}"), 200);
    assert_string_equal(rig_story(rig, s->id), "1 Disconnected/Cancelled, 2 Disconnected");
    const json_t *last = rig_last(rig, EX_EVENT_TELEPHONY);
    assert_true(json_is_true(rig_at(last, "parties.0.missedCall")));
    assert_string_equal(rig_calls(rig, "102"), "");
}

static void events_have_the_fields(void **state)
{
    struct rig *rig = *state;
    rig_pass(rig, 1234);
    struct ex_session *s = rig_call(rig, OUT, "102");
    json_int_t sequence = 2;
    size_t i;
    const json_t *event;
    json_array_foreach(rig->events, i, event)
    {
        if (json_integer_value(json_object_get(event, "kind")) != EX_EVENT_TELEPHONY)
            continue;
        assert_int_equal(json_integer_value(rig_at(event, "body.sequence")), sequence++);
    }
    const json_t *body = rig_last(rig, EX_EVENT_TELEPHONY);
    const json_t *party = rig_at(body, "parties.0");
    char id[32];
    snprintf(id, sizeof id, "%llu", (unsigned long long)rig_user(rig, "102")->id);
    assert_string_equal(json_string_value(rig_at(body, "telephonySessionId")), s->id);
    assert_string_equal(json_string_value(rig_at(body, "eventTime")), "2026-07-09T16:00:01.234Z");
    assert_string_equal(json_string_value(rig_at(body, "origin.type")), "Call");
    assert_non_null(json_string_value(rig_at(body, "sessionId")));
    assert_non_null(json_string_value(rig_at(body, "serverId")));
    assert_string_equal(json_string_value(rig_at(party, "extensionId")), id);
    assert_string_equal(json_string_value(rig_at(party, "direction")), "Inbound");
    assert_string_equal(json_string_value(rig_at(party, "from.phoneNumber")), OUT);
    assert_string_equal(json_string_value(rig_at(party, "to.extensionId")), id);
    assert_string_equal(json_string_value(rig_at(party, "to.phoneNumber")),
                        rig_user(rig, "102")->number);
    assert_string_equal(json_string_value(rig_at(party, "status.mobilePickupData.ccMailboxes.0")),
                        id);
    assert_true(json_is_false(rig_at(party, "missedCall")));
    assert_true(json_is_false(rig_at(party, "muted")));
    /* Unanswered and over: missed. */
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/reject", NULL), 403);
    rig->caller = rig_user(rig, "102");
    rig_forget(rig);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/reject", NULL), 204);
    event = json_array_get(rig->events, 0);
    assert_true(json_is_true(rig_at(event, "body.parties.0.missedCall")));
    assert_string_equal(rig_story(rig, s->id), "2 Disconnected/Rejected, 1 Disconnected");
}

static void reading(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "102");
    char path[256];
    snprintf(path, sizeof path, TEL "%s", s->id);
    assert_int_equal(rig_get(rig, path), 200);
    assert_string_equal(rig_text(rig, "id"), s->id);
    assert_string_equal(rig_text(rig, "origin.type"), "Call");
    assert_string_equal(rig_text(rig, "creationTime"), "2026-07-09T16:00:00.000Z");
    assert_int_equal(rig_len(rig, "parties"), 2);
    assert_string_equal(rig_text(rig, "parties.0.direction"), "Outbound");
    assert_string_equal(rig_text(rig, "parties.0.status.code"), "Answered");
    assert_null(rig_at(rig->reply.body, "parties.0.extensionId"));
    assert_string_equal(rig_text(rig, "parties.1.status.code"), "Proceeding");
    assert_string_equal(rig_text(rig, "parties.1.owner.brandId"), "1210");
    assert_int_equal(rig_do(rig, "GET", rig_party(s, 2), "", NULL), 200);
    assert_string_equal(rig_text(rig, "id"), rig_party(s, 2)->id);
    assert_int_equal(rig_get(rig, TEL "s-none"), 404);
    rig_is_error(rig, 404, "CMN-102", "CMN-102");
    snprintf(path, sizeof path, TEL "%s/parties/p-none", s->id);
    assert_int_equal(rig_get(rig, path), 404);
    rig->scope = "ReadPresence";
    assert_int_equal(rig_get(rig, path), 403);
    rig_is_error(rig, 403, "InsufficientPermissions", "CMN-401");
}

/* --- who may --------------------------------------------------------------------------------- */

static void others_calls(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "102");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    struct ex_party *agent = rig_party(s, 2), *customer = rig_party(s, 1);
    rig->caller = rig_user(rig, "103");
    assert_int_equal(rig_do(rig, "POST", agent, "/hold", NULL), 403);
    rig_is_error(rig, 403, "TAS-106", "TAS-106");
    assert_int_equal(rig_do(rig, "DELETE", agent, "", NULL), 403);
    assert_int_equal(rig_do(rig, "DELETE", customer, "", NULL), 403);
    assert_int_equal(rig_do(rig, "GET", agent, "", NULL), 200);
    char path[256];
    snprintf(path, sizeof path, TEL "%s", s->id);
    assert_int_equal(rig_ask(rig, "DELETE", path, NULL), 403);
    /* His own, and the far end's for hanging up only. */
    rig->caller = rig_user(rig, "102");
    assert_int_equal(rig_do(rig, "POST", customer, "/hold", NULL), 403);
    assert_int_equal(rig_do(rig, "POST", agent, "/hold", NULL), 200);
    /* The administrator's, unless switched off. */
    rig->caller = ex_supervisor(rig->x);
    assert_int_equal(rig_do(rig, "POST", agent, "/unhold", NULL), 200);
    assert_true(ex_switch_set(rig->x, "control-any", false));
    assert_int_equal(rig_do(rig, "POST", agent, "/hold", NULL), 403);
    assert_int_equal(rig_ask(rig, "DELETE", path, NULL), 403);
    assert_true(ex_switch_set(rig->x, "control-any", true));
    assert_int_equal(rig_ask(rig, "DELETE", path, NULL), 204);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void holds_are_released_by_who_made_them(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "102");
    rig_call_do(rig, s, "answer");
    struct ex_party *agent = rig_party(s, 2);
    assert_int_equal(rig_do(rig, "POST", agent, "/hold", "{\"proto\":\"Carrier\"}"), 400);
    assert_int_equal(rig_do(rig, "POST", agent, "/hold", "{\"proto\":\"Auto\"}"), 200);
    assert_string_equal(rig_text(rig, "status.code"), "Hold");
    assert_int_equal(rig_call_do(rig, s, "unhold"), 409); /* the phone did not */
    assert_true(ex_hold(rig->x, agent, true));            /* now the phone as well */
    rig_forget(rig);
    assert_int_equal(rig_do(rig, "POST", agent, "/unhold", NULL), 200);
    assert_string_equal(rig_text(rig, "status.code"), "Hold");
    assert_string_equal(rig_story(rig, s->id), "");
    assert_int_equal(rig_do(rig, "POST", agent, "/unhold", NULL), 409);
    assert_int_equal(rig_call_do(rig, s, "unhold"), 200);
    assert_string_equal(rig_story(rig, s->id), "2 Answered");
}

static void muting(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "102");
    rig_call_do(rig, s, "answer");
    rig_forget(rig);
    assert_int_equal(rig_do(rig, "PATCH", rig_party(s, 2), "", "{\"muted\":true}"), 200);
    assert_true(json_is_true(rig_at(rig->reply.body, "muted")));
    assert_string_equal(rig_story(rig, s->id), "2 Answered");
    assert_int_equal(rig_do(rig, "PATCH", rig_party(s, 2), "", "{\"party\":{\"muted\":false}}"),
                     200);
    assert_true(json_is_false(rig_at(rig->reply.body, "muted")));
    assert_int_equal(rig_do(rig, "PATCH", rig_party(s, 2), "", "{\"muted\":1}"), 400);
    assert_int_equal(rig_do(rig, "PATCH", rig_party(s, 2), "", NULL), 400);
}

static void recordings(void **state)
{
    struct rig *rig = *state;
    char path[64];
    struct ex_session *s = rig_call(rig, OUT, "102");
    rig_call_do(rig, s, "answer");
    struct ex_party *agent = rig_party(s, 2);
    assert_int_equal(rig_do(rig, "POST", agent, "/recordings", NULL), 201);
    assert_true(json_is_true(rig_at(rig->reply.body, "active")));
    snprintf(path, sizeof path, "/recordings/%s", rig_text(rig, "id"));
    assert_int_equal(rig_do(rig, "POST", agent, "/recordings", NULL), 409);
    assert_true(agent->is_recorded);
    assert_int_equal(rig_do(rig, "PATCH", agent, path, "{\"active\":false}"), 200);
    assert_true(json_is_false(rig_at(rig->reply.body, "active")));
    assert_false(agent->is_recorded);
    assert_int_equal(rig_do(rig, "PATCH", agent, path, "{\"active\":\"no\"}"), 400);
    assert_int_equal(rig_do(rig, "PATCH", agent, "/recordings/0", "{\"active\":true}"), 404);
    assert_int_equal(rig_do(rig, "GET", agent, "", NULL), 200);
    assert_true(json_is_false(rig_at(rig->reply.body, "recordings.0.active")));
}

static void the_rule_records(void **state)
{
    struct rig *rig = *state;
    char path[64];
    assert_int_equal(rig_ask(rig, "PUT", ACC "/call-recording",
                             "{\"onDemand\":{\"enabled\":false},\"automatic\":{\"enabled\":true}}"),
                     200);
    rig_user(rig, "102")->recording = 'I';
    struct ex_session *s = rig_call(rig, OUT, "102");
    assert_false(rig_party(s, 2)->is_recorded);
    rig_call_do(rig, s, "answer");
    assert_true(rig_party(s, 2)->is_recorded);
    /* Neither paused nor begun by hand. */
    snprintf(path, sizeof path, "/recordings/%s", rig_party(s, 2)->recording);
    assert_int_equal(rig_do(rig, "PATCH", rig_party(s, 2), path, "{\"active\":false}"), 403);
    struct ex_session *out = rig_call(rig, "102", OUT);
    rig_call_do(rig, out, "answer");
    assert_false(rig_party(out, 1)->is_recorded);
    assert_int_equal(rig_do(rig, "POST", rig_party(out, 1), "/recordings", NULL), 403);
}

/* --- ringing --------------------------------------------------------------------------------- */

static void answering_at_a_device(void **state)
{
    struct rig *rig = *state;
    char body[64];
    struct ex_session *first = rig_call(rig, OUT, "900");
    snprintf(body, sizeof body, "{\"deviceId\":\"%s\"}", rig_desk(rig)->id);
    assert_int_equal(rig_do(rig, "POST", rig_party(first, 2), "/answer", "{}"), 400);
    assert_int_equal(rig_do(rig, "POST", rig_party(first, 2), "/answer", "{\"deviceId\":\"1\"}"),
                     404);
    rig->caller = rig_user(rig, "101");
    assert_int_equal(rig_do(rig, "POST", rig_party(first, 2), "/answer", body), 403);
    rig->caller = ex_supervisor(rig->x);
    assert_int_equal(rig_do(rig, "POST", rig_party(first, 2), "/ignore", body), 204);
    assert_string_equal(rig_calls(rig, "900"), "ringing in");
    assert_int_equal(rig_do(rig, "POST", rig_party(first, 2), "/answer", body), 200);
    assert_string_equal(rig_text(rig, "status.code"), "Answered");
    /* A phone speaks with one at a time. */
    struct ex_session *second = rig_call(rig, "+33140000000", "900");
    assert_int_equal(rig_do(rig, "POST", rig_party(second, 2), "/answer", body), 200);
    assert_string_equal(rig_calls(rig, "900"), "held in, connected in");
}

static void who_takes_no_calls_has_a_mailbox(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_control(rig, "PATCH", "/exchange/users/102", "{\"dnd\":true}"), 200);
    struct ex_session *s = rig_call(rig, OUT, "102");
    assert_string_equal(rig_story(rig, s->id),
                        "1 Setup, 2 Setup, 1 Answered, 2 Disconnected/Voicemail");
    assert_string_equal(rig_calls(rig, "102"), "");
    rig_pass(rig, 20000);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void forwarding_and_replying(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "102");
    rig->caller = rig_user(rig, "102");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/forward",
                            "{\"extensionNumber\":\"104\",\"phoneNumber\":\"+15550100000\"}"),
                     400);
    assert_int_equal(
        rig_do(rig, "POST", rig_party(s, 2), "/forward", "{\"extensionNumber\":\"9999\"}"), 404);
    rig_forget(rig);
    assert_int_equal(
        rig_do(rig, "POST", rig_party(s, 2), "/forward", "{\"extensionNumber\":\"104\"}"), 200);
    assert_string_equal(rig_text(rig, "status.reason"), "CallRedirected");
    assert_string_equal(rig_story(rig, s->id),
                        "2 Disconnected/CallRedirected, 3 Setup, 3 Proceeding");
    assert_string_equal(rig_calls(rig, "104"), "ringing in");
    rig->caller = rig_user(rig, "104");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 3), "/reply", "{}"), 400);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 3), "/reply",
                            "{\"replyWithPattern\":{\"pattern\":\"OnMyWay\"}}"),
                     200);
    assert_string_equal(rig_text(rig, "status.reason"), "CallReplied");
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void a_queue_goes_round(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "11");
    struct ex_user *first = rig_party(s, 3)->user;
    rig_pass(rig, 18100);
    assert_int_equal(rig_party(s, 3)->code, EX_DISCONNECTED);
    assert_string_equal(rig_party(s, 3)->reason, "NoAnswer");
    struct ex_user *second = rig_party(s, 4)->user;
    assert_ptr_not_equal(first, second);
    assert_true(rig_party(s, 4)->is_queue_call);
    rig->caller = second;
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 4), "/reject", NULL), 204);
    assert_int_equal(s->parties.len, 5);
    assert_int_equal(ex_sessions_len(rig->x), 1);
    assert_string_equal(rig_calls(rig, second->extension), "");
    /* Answered: it is offered to nobody any more. */
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    rig_pass(rig, 60000);
    assert_int_equal(s->parties.len, 5);
}

static void a_queue_without_agents_waits(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < ex_users_len(rig->x); i++)
        ex_user_at(rig->x, i)->accepts_queue_calls = false;
    struct ex_session *s = rig_call(rig, OUT, "11");
    assert_string_equal(rig_story(rig, s->id), "1 Setup, 2 Setup, 1 Answered");
    rig_pass(rig, 30000);
    assert_int_equal(s->parties.len, 2);
    rig_user(rig, "101")->accepts_queue_calls = true;
    rig_pass(rig, 30000);
    assert_string_equal(rig_calls(rig, "101"), "ringing in");
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(out_to_the_world),
        T(between_two_of_ours),
        T(in_through_a_queue),
        T(straight_in),
        T(a_caller_gives_up),
        T(events_have_the_fields),
        T(reading),
        T(others_calls),
        T(holds_are_released_by_who_made_them),
        T(muting),
        T(recordings),
        T(the_rule_records),
        T(answering_at_a_device),
        T(who_takes_no_calls_has_a_mailbox),
        T(forwarding_and_replying),
        T(a_queue_goes_round),
        T(a_queue_without_agents_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
