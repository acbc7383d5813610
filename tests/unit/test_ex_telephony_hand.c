/* Calls that change hands, and calls that are placed by request. */
#include "ex_calls_rig.h"

#define OUT "+17778732492"
#define OUT2 "+33140000000"

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

/* An answered call; the agent's party is -2. */
static struct ex_session *talk(struct rig *rig, const char *from, const char *to)
{
    struct ex_session *s = rig_call(rig, from, to);
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    rig_forget(rig);
    return s;
}

/* {"deviceId":...} of a user's first device; static. */
static const char *device_body(struct rig *rig, const char *extension)
{
    static char body[64];
    snprintf(body, sizeof body, "{\"deviceId\":\"%s\"}",
             rig_user(rig, extension)->devices.items[0]->id);
    return body;
}

/* --- transfer -------------------------------------------------------------------------------- */

static void transfer_to_everywhere(void **state)
{
    struct rig *rig = *state;
    char body[96];
    struct ex_session *s = talk(rig, OUT, "101");
    snprintf(body, sizeof body, "{\"extensionId\":\"%llu\"}",
             (unsigned long long)rig_user(rig, "102")->id);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/transfer", body), 200);
    assert_string_equal(rig_text(rig, "status.code"), "Disconnected");
    assert_string_equal(rig_text(rig, "status.reason"), "BlindTransfer");
    assert_string_equal(rig_story(rig, s->id),
                        "2 Disconnected/BlindTransfer, 3 Setup, 3 Proceeding");
    assert_string_equal(rig_calls(rig, "102"), "ringing in");
    assert_string_equal(rig_calls(rig, "101"), "");
    rig_call_do(rig, s, "answer");

    assert_int_equal(
        rig_do(rig, "POST", rig_party(s, 3), "/transfer", "{\"phoneNumber\":\"+33140000000\"}"),
        200);
    assert_int_equal(rig_party(s, 4)->code, EX_PROCEEDING);
    assert_string_equal(rig_party(s, 4)->number, OUT2);
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);

    s = talk(rig, OUT, "103");
    snprintf(body, sizeof body, "{\"voicemail\":\"%llu\"}",
             (unsigned long long)rig_user(rig, "104")->id);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/transfer", body), 200);
    assert_string_equal(rig_calls(rig, "104"), "");
    rig_pass(rig, 20000);
    assert_null(ex_session_by_id(rig->x, s->id));

    s = talk(rig, OUT, "103");
    assert_int_equal(
        rig_do(rig, "POST", rig_party(s, 2), "/transfer", "{\"extensionNumber\":\"11\"}"), 200);
    assert_true(rig_party(s, 4)->is_queue_call);
}

static void transfer_of_nonsense(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101");
    struct ex_party *p = rig_party(s, 2);
    assert_int_equal(rig_do(rig, "POST", p, "/transfer", "{}"), 400);
    rig_is_error(rig, 400, "InvalidParameter", "CMN-101");
    assert_int_equal(rig_do(rig, "POST", p, "/transfer", NULL), 400);
    assert_int_equal(rig_do(rig, "POST", p, "/transfer", "{\"extensionId\":\"x\"}"), 400);
    assert_int_equal(rig_do(rig, "POST", p, "/transfer", "{\"extensionId\":\"5\"}"), 404);
    assert_int_equal(rig_do(rig, "POST", p, "/transfer", "{\"extensionNumber\":\"101\"}"), 400);
    assert_int_equal(rig_do(rig, "POST", p, "/transfer", "{\"phoneNumber\":\"call me\"}"), 400);
    assert_int_equal(rig_do(rig, "POST", p, "/transfer",
                            "{\"extensionNumber\":\"102\",\"phoneNumber\":\"+15550100000\"}"),
                     400);
    assert_string_equal(rig_calls(rig, "101"), "connected in");
}

static void a_bridge_joins_two_calls(void **state)
{
    struct rig *rig = *state;
    char body[256];
    struct ex_session *one = talk(rig, OUT, "101"), *two = talk(rig, "101", "102");
    assert_int_equal(rig_do(rig, "POST", rig_party(one, 2), "/hold", NULL), 200);
    snprintf(body, sizeof body, "{\"telephonySessionId\":\"%s\",\"partyId\":\"%s\"}", two->id,
             rig_party(two, 2)->id);
    assert_int_equal(rig_do(rig, "POST", rig_party(one, 2), "/bridge", body), 403);
    snprintf(body, sizeof body, "{\"telephonySessionId\":\"%s\",\"partyId\":\"%s\"}", two->id,
             rig_party(two, 1)->id);
    rig_forget(rig);
    assert_int_equal(rig_do(rig, "POST", rig_party(one, 2), "/bridge", body), 200);
    assert_string_equal(rig_text(rig, "status.code"), "Gone");
    assert_string_equal(rig_text(rig, "status.reason"), "AttendedTransfer");
    assert_string_equal(rig_text(rig, "status.peerId.telephonySessionId"), two->id);
    assert_string_equal(rig_text(rig, "status.peerId.partyId"), rig_party(two, 1)->id);
    assert_null(ex_session_by_id(rig->x, one->id));
    assert_string_equal(rig_calls(rig, "101"), "");
    assert_string_equal(rig_calls(rig, "102"), "connected in");
    assert_string_equal(rig_story(rig, two->id),
                        "1 Disconnected/AttendedTransfer, 3 Setup, 3 Answered");
    assert_string_equal(ex_party_number(rig_party(two, 2)->peer), OUT);
    assert_int_equal(rig_call_do(rig, two, "hangup"), 200);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

/* --- park ------------------------------------------------------------------------------------ */

static void parked_and_fetched(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/park", NULL), 201);
    assert_string_equal(rig_text(rig, "status.code"), "Parked");
    assert_string_equal(rig_text(rig, "status.parkData"), "*801");
    assert_string_equal(rig_calls(rig, "101"), "parked in");
    assert_string_equal(rig_presence(rig, "101"), "ParkedCall Inbound");
    struct ex_session *other = talk(rig, OUT2, "102");
    assert_int_equal(rig_call_do(rig, other, "park"), 200);
    assert_string_equal(rig_party(other, 2)->park, "*802");
    /* The orbit dialled from a phone. */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*801"), 200);
    struct ex_session *mine = ex_session_by_id(rig->x, rig_text(rig, "id"));
    assert_non_null(mine);
    assert_string_equal(rig_calls(rig, "101"), "");
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    assert_null(ex_session_by_id(rig->x, s->id));
    assert_string_equal(ex_party_number(rig_party(mine, 1)->peer), OUT);
    assert_string_equal(rig_story(rig, s->id), "2 Gone/Pickup, 1 Gone/Pickup");
    /* By request, with a device. */
    rig->caller = rig_user(rig, "103");
    assert_int_equal(rig_do(rig, "POST", rig_party(other, 2), "/pickup", device_body(rig, "103")),
                     201);
    assert_string_equal(rig_text(rig, "status.code"), "Answered");
    assert_int_equal(rig_party(other, 2)->code, EX_GONE);
    assert_string_equal(rig_calls(rig, "102"), "");
    assert_string_equal(rig_calls(rig, "103"), "connected out");
    assert_int_equal(ex_sessions_len(rig->x), 2);
    /* The orbits are free again. */
    s = talk(rig, OUT, "101");
    assert_int_equal(rig_call_do(rig, s, "park"), 200);
    assert_string_equal(rig_party(s, 2)->park, "*801");
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    s = talk(rig, OUT, "101");
    assert_int_equal(rig_call_do(rig, s, "park"), 200);
    assert_string_equal(rig_party(s, 2)->park, "*801");
}

static void orbits_run_out(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 50; i++) {
        struct ex_session *s = talk(rig, OUT, "101");
        assert_int_equal(rig_call_do(rig, s, "park"), 200);
    }
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/park", NULL), 409);
    assert_int_equal(rig_party(s, 2)->code, EX_ANSWERED);
}

static void parked_at_a_location(void **state)
{
    struct rig *rig = *state;
    char body[64];
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(rig_get(rig, ACC "/extension?type=ParkLocation"), 200);
    unsigned long long id = (unsigned long long)rig_int(rig, "records.0.id");
    assert_true(id > 0);
    snprintf(body, sizeof body, "{\"parkOrbit\":\"%llu\"}", id);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/transfer", body), 200);
    assert_string_equal(rig_text(rig, "status.code"), "Disconnected");
    assert_string_equal(rig_story(rig, s->id), "2 Disconnected/ParkLocation, 3 Setup, 3 Parked");
    assert_int_equal(rig_do(rig, "GET", rig_party(s, 3), "", NULL), 200);
    assert_string_equal(rig_text(rig, "status.parkData"), "");
    const json_t *presence = rig_last(rig, EX_EVENT_PRESENCE);
    assert_int_equal(json_integer_value(json_object_get(presence, "extensionId")), id);
    assert_string_equal(json_string_value(json_object_get(presence, "telephonyStatus")),
                        "ParkedCall");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 3), "/pickup", device_body(rig, "900")), 201);
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    presence = NULL;
    for (size_t i = json_array_size(rig->events); i-- > 0 && !presence;) {
        const json_t *event = json_array_get(rig->events, i);
        if (json_integer_value(json_object_get(event, "kind")) == EX_EVENT_PRESENCE &&
            (unsigned long long)json_integer_value(json_object_get(event, "extension")) == id)
            presence = json_object_get(event, "body");
    }
    assert_string_equal(json_string_value(json_object_get(presence, "telephonyStatus")), "NoCall");
}

/* --- pick up --------------------------------------------------------------------------------- */

static void ringing_and_held_are_picked_up(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "101");
    rig_forget(rig);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/pickup", device_body(rig, "900")), 201);
    assert_string_equal(rig_text(rig, "status.code"), "Answered");
    assert_string_equal(rig_text(rig, "id"), rig_party(s, 3)->id);
    assert_string_equal(rig_story(rig, s->id), "2 Disconnected/Pickup, 3 Setup, 3 Answered");
    assert_string_equal(rig_calls(rig, "101"), "");
    assert_string_equal(rig_calls(rig, "900"), "connected in");
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);

    s = talk(rig, "102", OUT);
    assert_int_equal(rig_call_do(rig, s, "hold"), 200);
    rig_forget(rig);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 1), "/pickup", device_body(rig, "900")), 201);
    assert_string_equal(rig_story(rig, s->id), "1 Disconnected/Pickup, 3 Setup, 3 Answered");
    assert_string_equal(rig_calls(rig, "102"), "");
    assert_string_equal(ex_party_number(rig_party(s, 3)->peer), OUT);
    assert_int_equal(rig_party(s, 2)->code, EX_ANSWERED);
}

static void pick_up_is_a_matter_of_rights(void **state)
{
    struct rig *rig = *state;
    const char *body = device_body(rig, "900");
    struct ex_session *s = talk(rig, OUT, "101");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/pickup", body), 409); /* in a talk */
    assert_int_equal(rig_call_do(rig, s, "hold"), 200);
    struct ex_party *held = rig_party(s, 2);
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", "{}"), 400);
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", device_body(rig, "102")), 404);
    body = device_body(rig, "900");
    /* The viewer's two settings, and the switch that lets the second lock. */
    ex_supervisor(rig->x)->pick_up_calls_on_hold = false;
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 403);
    rig_is_error(rig, 403, "TAS-106", "TAS-106");
    ex_supervisor(rig->x)->pick_up_calls_on_hold = true;
    ex_supervisor(rig->x)->ring_on_monitored_call = true;
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 403);
    assert_true(ex_switch_set(rig->x, "ring-locks-hold", false));
    /* The owner's list. */
    rig_control(rig, "PATCH", "/exchange/users/101", "{\"permits\":[]}");
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 403);
    assert_int_equal(rig_control(rig, "PATCH", "/exchange/users/101", "{\"permits\":[\"900\"]}"),
                     200);
    /* The owner's sharing. */
    rig_control(rig, "PATCH", "/exchange/users/101", "{\"sharesPresence\":false}");
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 403);
    rig_control(rig, "PATCH", "/exchange/users/101", "{\"sharesPresence\":true}");
    /* The exchange's switch. */
    assert_true(ex_switch_set(rig->x, "pickup-held", false));
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 403);
    assert_true(ex_switch_set(rig->x, "pickup-held", true));
    /* The phone. */
    rig_desk(rig)->is_online = false;
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 403);
    rig_desk(rig)->is_online = true;
    assert_int_equal(held->code, EX_HOLD);
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 201);
    assert_int_equal(rig_do(rig, "POST", held, "/pickup", body), 404);
}

static void a_flip_moves_to_another_phone(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = talk(rig, OUT, "900");
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/flip", "{\"callFlipId\":\"7\"}"), 400);
    assert_int_equal(rig_do(rig, "POST", rig_party(s, 2), "/flip", "{\"callFlipId\":\"2\"}"), 200);
    assert_null(rig->reply.body);
    assert_string_equal(rig_story(rig, s->id), "2 Disconnected/CallFlip, 3 Setup, 3 Answered");
    assert_ptr_equal(rig_party(s, 3)->device, ex_supervisor(rig->x)->devices.items[1]);
    assert_string_equal(rig_calls(rig, "900"), "connected in");
}

/* --- conferences ----------------------------------------------------------------------------- */

static void a_conference_of_three(void **state)
{
    struct rig *rig = *state;
    char path[256], body[256];
    struct ex_session *one = talk(rig, OUT, "900"), *two = talk(rig, OUT2, "900");
    assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/conference", NULL), 201);
    assert_string_equal(rig_text(rig, "session.origin.type"), "Conference");
    assert_string_equal(rig_text(rig, "session.parties.0.conferenceRole"), "Host");
    struct ex_session *room = ex_session_by_id(rig->x, rig_text(rig, "session.id"));
    snprintf(path, sizeof path, TEL "%s/parties/bring-in", room->id);
    assert_int_equal(rig_ask(rig, "POST", path, "{\"sessionId\":\"s-1\",\"partyId\":\"p\"}"), 404);
    assert_int_equal(rig_ask(rig, "POST", path, "{}"), 400);
    snprintf(body, sizeof body, "{\"sessionId\":\"%s\",\"partyId\":\"%s\"}", one->id,
             rig_party(one, 2)->id);
    assert_int_equal(rig_ask(rig, "POST", path, body), 201);
    assert_string_equal(rig_text(rig, "conferenceRole"), "Participant");
    assert_string_equal(rig_text(rig, "status.code"), "Answered");
    snprintf(body, sizeof body, "{\"sessionId\":\"%s\",\"partyId\":\"%s\"}", two->id,
             rig_party(two, 2)->id);
    assert_int_equal(rig_ask(rig, "POST", path, body), 201);
    assert_int_equal(ex_sessions_len(rig->x), 1);
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    /* One leaves, the others go on; the host ends it for all. */
    assert_int_equal(rig_do(rig, "DELETE", rig_party(room, 2), "", NULL), 204);
    assert_int_equal(rig_party(room, 3)->code, EX_ANSWERED);
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    assert_int_equal(rig_do(rig, "DELETE", rig_party(room, 1), "", NULL), 204);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

static void a_host_may_leave_a_conference_alone(void **state)
{
    struct rig *rig = *state;
    char path[256], body[256];
    struct ex_session *one = talk(rig, OUT, "900");
    assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/conference", NULL), 201);
    struct ex_session *room = ex_session_by_id(rig->x, rig_text(rig, "session.id"));
    snprintf(path, sizeof path, TEL "%s/parties/bring-in", room->id);
    snprintf(body, sizeof body, "{\"sessionId\":\"%s\",\"partyId\":\"%s\"}", one->id,
             rig_party(one, 2)->id);
    assert_int_equal(rig_ask(rig, "POST", path, body), 201);
    assert_int_equal(
        rig_do(rig, "DELETE", rig_party(room, 1), "", "{\"keepConferenceAlive\":true}"), 204);
    assert_int_equal(ex_sessions_len(rig->x), 1);
    assert_string_equal(rig_calls(rig, "900"), "");
}

/* --- call out, ring out ---------------------------------------------------------------------- */

static int call_out(struct rig *rig, const char *to)
{
    char body[160];
    snprintf(body, sizeof body, "{\"from\":{\"deviceId\":\"%s\"},\"to\":{%s}}", rig_desk(rig)->id,
             to);
    return rig_ask(rig, "POST", ACC "/telephony/call-out", body);
}

static void call_out_rings_the_own_phone_first(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(call_out(rig, "\"extensionNumber\":\"102\""), 201);
    assert_string_equal(rig_text(rig, "session.origin.type"), "CallOut");
    struct ex_session *s = ex_session_by_id(rig->x, rig_text(rig, "session.id"));
    assert_string_equal(rig_calls(rig, "102"), "");
    assert_string_equal(rig_calls(rig, "900"), "dialling out");
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 200);
    assert_string_equal(rig_calls(rig, "102"), "ringing in");
    assert_string_equal(rig_calls(rig, "900"), "dialling out");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    assert_string_equal(rig_story(rig, s->id),
                        "1 Setup, 1 Proceeding, 2 Setup, 1 Answered, 2 Proceeding, 2 Answered");
    assert_int_equal(rig_call_do(rig, s, "hangup"), 200);
    /* Not lifted. */
    assert_int_equal(call_out(rig, "\"phoneNumber\":\"+33140000000\""), 201);
    rig_pass(rig, 29000);
    assert_string_equal(rig_calls(rig, "900"), "dialling out");
    rig_pass(rig, 2000);
    assert_string_equal(rig_calls(rig, "900"), "");
    /* A phone that lifts itself. */
    rig_desk(rig)->is_auto_answering = true;
    assert_int_equal(call_out(rig, "\"phoneNumber\":\"+33140000000\""), 201);
    s = ex_session_by_id(rig->x, rig_text(rig, "session.id"));
    rig_pass(rig, 1500);
    assert_int_equal(s->parties.len, 2);
    assert_int_equal(rig_party(s, 2)->code, EX_PROCEEDING);
}

static void call_out_refused(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(call_out(rig, ""), 400);
    assert_int_equal(call_out(rig, "\"phoneNumber\":\"hello\""), 400);
    assert_int_equal(call_out(rig, "\"extensionNumber\":\"4711\""), 404);
    assert_int_equal(call_out(rig, "\"phoneNumber\":\"*82\""), 201);
    assert_true(ex_switch_set(rig->x, "callout-star", false));
    assert_int_equal(call_out(rig, "\"phoneNumber\":\"*82\""), 400);
    assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/call-out",
                             "{\"from\":{\"deviceId\":\"1\"},\"to\":{\"phoneNumber\":\"101\"}}"),
                     404);
    rig_desk(rig)->is_online = false;
    assert_int_equal(call_out(rig, "\"extensionNumber\":\"102\""), 403);
    assert_int_equal(rig_ask(rig, "POST", ACC "/telephony/call-out", "[]"), 400);
}

static void ring_out(void **state)
{
    struct rig *rig = *state;
    char body[160], path[256];
    snprintf(body, sizeof body,
             "{\"from\":{\"phoneNumber\":\"%s\"},\"to\":{\"phoneNumber\":\"" OUT "\"}}",
             ex_supervisor(rig->x)->number);
    assert_int_equal(rig_ask(rig, "POST", EXT "/ring-out", "{\"to\":{}}"), 400);
    assert_int_equal(rig_ask(rig, "POST", EXT "/ring-out", body), 200);
    assert_string_equal(rig_text(rig, "status.callStatus"), "InProgress");
    assert_string_equal(rig_text(rig, "status.callerStatus"), "InProgress");
    struct ex_session *s = ex_session_by_id(rig->x, rig_text(rig, "id"));
    snprintf(path, sizeof path, EXT "/ring-out/%s", s->id);
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 200);
    assert_int_equal(rig_get(rig, path), 200);
    assert_string_equal(rig_text(rig, "status.callerStatus"), "Success");
    assert_string_equal(rig_text(rig, "status.calleeStatus"), "InProgress");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_int_equal(rig_get(rig, path), 200);
    assert_string_equal(rig_text(rig, "status.callStatus"), "Success");
    assert_non_null(strstr(rig_text(rig, "uri"), "/ring-out/s-"));
    assert_int_equal(strncmp(rig_text(rig, "uri"), BASE, strlen(BASE)), 0);
    assert_int_equal(rig_ask(rig, "DELETE", path, NULL), 204);
    assert_int_equal(rig_get(rig, path), 404);
    assert_int_equal(ex_sessions_len(rig->x), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(transfer_to_everywhere),
        T(transfer_of_nonsense),
        T(a_bridge_joins_two_calls),
        T(parked_and_fetched),
        T(orbits_run_out),
        T(parked_at_a_location),
        T(ringing_and_held_are_picked_up),
        T(pick_up_is_a_matter_of_rights),
        T(a_flip_moves_to_another_phone),
        T(a_conference_of_three),
        T(a_host_may_leave_a_conference_alone),
        T(call_out_rings_the_own_phone_first),
        T(call_out_refused),
        T(ring_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
