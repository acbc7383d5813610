#include "ex_rig.h"

static int get_one(struct rig *rig, const char *extension, const char *query)
{
    char path[200];
    snprintf(path, sizeof path, ACC "/extension/%llu/presence%s",
             (unsigned long long)rig_user(rig, extension)->id, query);
    return rig_get(rig, path);
}

static struct ex_session *call_in(struct rig *rig, const char *extension)
{
    struct ex_session *session =
        ex_call(rig->x, "+17778732492", "Ann Caller", rig_user(rig, extension), true);
    assert_non_null(session);
    return session;
}

static struct ex_party *leg(struct rig *rig, const char *extension)
{
    struct ex_user *user = rig_user(rig, extension);
    assert_true(user->parties.len > 0);
    return user->parties.items[user->parties.len - 1];
}

static void a_quiet_user_is_available(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    assert_int_equal(get_one(&rig, "101", ""), 200);
    assert_string_equal(rig_text(&rig, "presenceStatus"), "Available");
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "NoCall");
    assert_string_equal(rig_text(&rig, "userStatus"), "Available");
    assert_string_equal(rig_text(&rig, "dndStatus"), "TakeAllCalls");
    assert_string_equal(rig_text(&rig, "meetingStatus"), "Disconnected");
    assert_string_equal(rig_text(&rig, "callerIdVisibility"), "All");
    assert_string_equal(rig_text(&rig, "extension.extensionNumber"), "101");
    assert_int_equal(rig_int(&rig, "extension.id"), rig_user(&rig, "101")->id);
    assert_true(json_is_true(rig_at(rig.reply.body, "allowSeeMyPresence")));
    assert_null(rig_at(rig.reply.body, "activeCalls"));
    assert_true(str_starts(rig_text(&rig, "uri"), BASE "/restapi/v1.0/account/"));
    rig_stop(&rig);
}

static void a_call_from_ring_to_end(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    struct ex_session *session = call_in(&rig, "102");
    const char *detailed = "?detailedTelephonyState=true&sipData=true";
    get_one(&rig, "102", detailed);
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "Ringing");
    assert_string_equal(rig_text(&rig, "presenceStatus"), "Busy");
    assert_int_equal(rig_len(&rig, "activeCalls"), 1);
    assert_string_equal(rig_text(&rig, "activeCalls.0.direction"), "Inbound");
    assert_string_equal(rig_text(&rig, "activeCalls.0.from"), "+17778732492");
    assert_string_equal(rig_text(&rig, "activeCalls.0.fromName"), "Ann Caller");
    assert_string_equal(rig_text(&rig, "activeCalls.0.to"), "102");
    assert_string_equal(rig_text(&rig, "activeCalls.0.telephonySessionId"), session->id);
    assert_string_equal(rig_text(&rig, "activeCalls.0.partyId"), leg(&rig, "102")->id);
    assert_string_equal(rig_text(&rig, "activeCalls.0.sipData.toTag"), "blf");
    assert_string_equal(rig_text(&rig, "activeCalls.0.sipData.fromTag"), leg(&rig, "102")->id);
    assert_null(rig_at(rig.reply.body, "totalActiveCalls"));
    get_one(&rig, "102", "?detailedTelephonyState=true");
    assert_null(rig_at(rig.reply.body, "activeCalls.0.sipData"));
    get_one(&rig, "102", "?sipData=true"); /* means nothing without the other */
    assert_null(rig_at(rig.reply.body, "activeCalls"));

    assert_true(ex_answer(rig.x, leg(&rig, "102")));
    get_one(&rig, "102", detailed);
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "CallConnected");
    assert_string_equal(rig_text(&rig, "activeCalls.0.telephonyStatus"), "CallConnected");
    assert_string_not_equal(rig_text(&rig, "activeCalls.0.sipData.toTag"), "blf");
    assert_true(ex_hold(rig.x, leg(&rig, "102"), true));
    get_one(&rig, "102", detailed);
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "OnHold");
    call_in(&rig, "102"); /* a second one rings: the first still says what is so */
    get_one(&rig, "102", detailed);
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "OnHold");
    assert_int_equal(rig_len(&rig, "activeCalls"), 2);
    assert_string_equal(rig_text(&rig, "activeCalls.1.telephonyStatus"), "Ringing");
    while (rig_user(&rig, "102")->parties.len)
        assert_true(ex_hangup(rig.x, leg(&rig, "102"), NULL));
    get_one(&rig, "102", detailed);
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "NoCall");
    assert_string_equal(rig_text(&rig, "presenceStatus"), "Available");
    assert_int_equal(rig_len(&rig, "activeCalls"), 0);
    rig_stop(&rig);
}

static void what_is_set_by_hand_makes_the_status(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    struct ex_user *user = rig_user(&rig, "101");
    static const struct {
        const char *key, *text;
        bool flag;
        const char *expected;
    } cases[] = {
        {"userStatus", "Busy", false, "Busy"},
        {"userStatus", "Offline", false, "Offline"},
        {"userStatus", "Available", false, "Available"},
        {"dnd", NULL, true, "Busy"},
        {"dnd", NULL, false, "Available"},
        {"dndStatus", "DoNotAcceptDepartmentCalls", false, "Available"},
        {"online", NULL, false, "Offline"},
        {"online", NULL, true, "Available"},
        {"enabled", NULL, false, "Offline"},
        {"enabled", NULL, true, "Available"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = cases[i].text ? json_string(cases[i].text) : json_boolean(cases[i].flag);
        uint64_t before = user->sequence;
        assert_true(ex_user_set(rig.x, user, cases[i].key, value));
        assert_true(user->sequence > before);
        json_decref(value);
        get_one(&rig, "101", "");
        assert_string_equal(rig_text(&rig, "presenceStatus"), cases[i].expected);
        assert_string_equal(
            json_string_value(json_object_get(rig_last(&rig, EX_EVENT_PRESENCE), "presenceStatus")),
            cases[i].expected);
    }
    json_t *wrong = json_string("Lunch");
    assert_false(ex_user_set(rig.x, user, "userStatus", wrong));
    assert_false(ex_user_set(rig.x, user, "dnd", wrong));
    assert_false(ex_user_set(rig.x, user, "nothing", wrong));
    assert_false(ex_user_set(rig.x, user, "permitted", wrong));
    assert_true(ex_user_set(rig.x, user, "name", wrong));
    json_decref(wrong);
    assert_string_equal(user->first, "Lunch");
    assert_string_equal(user->last, "");
    rig_stop(&rig);
}

/* --- events -------------------------------------------------------------------------------------
 */

static void events_have_the_next_sequence_and_the_whole_truth(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    struct ex_user *user = rig_user(&rig, "101");
    uint64_t before = user->sequence;
    for (int i = 0; i < 9; i++) {
        call_in(&rig, "101");
        ex_advance(rig.x, ex_now(rig.x) + 10);
    }
    const json_t *body = rig_last(&rig, EX_EVENT_PRESENCE);
    assert_int_equal(json_integer_value(json_object_get(body, "totalActiveCalls")), 9);
    assert_int_equal(json_array_size(json_object_get(body, "activeCalls")), 7);
    assert_string_equal(json_string_value(rig_at(body, "activeCalls.6.partyId")),
                        user->parties.items[8]->id);
    assert_true(json_is_integer(json_object_get(body, "extensionId")));
    assert_string_equal(json_string_value(rig_at(body, "telephonyStatus")), "Ringing");
    assert_int_equal(json_integer_value(json_object_get(body, "sequence")), user->sequence);
    assert_int_equal(user->sequence - before, rig_count(&rig, EX_EVENT_PRESENCE));
    get_one(&rig, "101", "?detailedTelephonyState=true");
    assert_int_equal(rig_len(&rig, "activeCalls"), 7);
    assert_true(ex_switch_set(rig.x, "ids-as-numbers", false));
    ex_presence_changed(rig.x, user);
    assert_true(json_is_string(json_object_get(rig_last(&rig, EX_EVENT_PRESENCE), "extensionId")));
    rig_stop(&rig);
}

static void subscribers_see_what_they_may(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    struct ex_user *owner = rig_user(&rig, "101"), *other = rig_user(&rig, "102");
    json_t *body =
        json_pack("{sI, s[{ss, ss, ss, ss, s{ss}}], si}", "extensionId", (json_int_t)owner->id,
                  "activeCalls", "direction", "Inbound", "from", "+15550001", "fromName", "Ann",
                  "to", "101", "sipData", "toTag", "blf", "totalActiveCalls", 1);
    struct ex_event event = {EX_EVENT_PRESENCE, owner->id, body, false};
    json_t *seen = ex_event_view(rig.x, &event, other, true, true);
    assert_true(json_equal(seen, body));
    json_decref(seen);
    seen = ex_event_view(rig.x, &event, other, true, false);
    assert_null(rig_at(seen, "activeCalls.0.sipData"));
    assert_non_null(rig_at(seen, "activeCalls.0.from"));
    json_decref(seen);
    seen = ex_event_view(rig.x, &event, other, false, false);
    assert_null(rig_at(seen, "activeCalls"));
    assert_null(rig_at(seen, "totalActiveCalls"));
    json_decref(seen);
    assert_non_null(rig_at(body, "activeCalls.0.sipData")); /* the event itself is as it was */

    owner->caller_id_visibility = "None";
    seen = ex_event_view(rig.x, &event, other, true, true);
    assert_null(rig_at(seen, "activeCalls.0.from"));
    assert_null(rig_at(seen, "activeCalls.0.to"));
    assert_string_equal(json_string_value(rig_at(seen, "activeCalls.0.direction")), "Inbound");
    json_decref(seen);
    assert_true(ex_switch_set(rig.x, "mask-absent", false));
    seen = ex_event_view(rig.x, &event, other, true, true);
    assert_string_equal(json_string_value(rig_at(seen, "activeCalls.0.from")), "+XXXXXXXX");
    assert_null(rig_at(seen, "activeCalls.0.fromName"));
    assert_string_equal(json_string_value(rig_at(seen, "activeCalls.0.to")), "101");
    json_decref(seen);
    seen = ex_event_view(rig.x, &event, owner, true, true);
    assert_string_equal(json_string_value(rig_at(seen, "activeCalls.0.from")), "+15550001");
    json_decref(seen);
    owner->caller_id_visibility = "PermittedUsers";
    seen = ex_event_view(rig.x, &event, ex_supervisor(rig.x), true, true);
    assert_string_equal(json_string_value(rig_at(seen, "activeCalls.0.from")), "+15550001");
    json_decref(seen);
    seen = ex_event_view(rig.x, &event, other, true, true);
    assert_string_equal(json_string_value(rig_at(seen, "activeCalls.0.from")), "+XXXXXXXX");
    json_decref(seen);

    owner->shares_presence = false;
    assert_null(ex_event_view(rig.x, &event, other, true, true));
    seen = ex_event_view(rig.x, &event, owner, true, true);
    assert_non_null(seen);
    json_decref(seen);
    json_decref(body);
    rig_stop(&rig);
}

static void who_does_not_share_is_offline_for_others_alone(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    struct ex_user *owner = rig_user(&rig, "101");
    call_in(&rig, "101");
    rig.is_viewed = true;
    json_t *off = json_false(), *on = json_true();
    assert_true(ex_user_set(rig.x, owner, "sharesPresence", off));
    const json_t *body = rig_last(&rig, EX_EVENT_PRESENCE);
    assert_true(json_is_false(json_object_get(body, "allowSeeMyPresence")));
    assert_string_equal(json_string_value(json_object_get(body, "presenceStatus")), "Offline");
    assert_int_equal(json_array_size(json_object_get(body, "activeCalls")), 0);
    size_t events = rig_count(&rig, EX_EVENT_PRESENCE);
    call_in(&rig, "101");
    assert_int_equal(rig_count(&rig, EX_EVENT_PRESENCE), events); /* nothing comes through */
    get_one(&rig, "101", "?detailedTelephonyState=true");
    assert_string_equal(rig_text(&rig, "presenceStatus"), "Offline");
    assert_string_equal(rig_text(&rig, "telephonyStatus"), "NoCall");
    assert_int_equal(rig_len(&rig, "activeCalls"), 0);
    assert_true(json_is_false(rig_at(rig.reply.body, "allowSeeMyPresence")));
    rig.caller = owner; /* one's own is always real */
    get_one(&rig, "101", "?detailedTelephonyState=true");
    assert_int_equal(rig_len(&rig, "activeCalls"), 2);
    rig.caller = ex_supervisor(rig.x);
    assert_true(ex_user_set(rig.x, owner, "sharesPresence", on));
    body = rig_last(&rig, EX_EVENT_PRESENCE);
    assert_int_equal(json_array_size(json_object_get(body, "activeCalls")), 2);
    rig_stop(&rig);
}

static void a_park_location_tells_of_what_waits_there(void **state)
{
    (void)state;
    struct rig rig;
    char path[300], body[64];
    rig_start(&rig, 3);
    rig_get(&rig, ACC "/extension?type=ParkLocation");
    long long place = (long long)rig_int(&rig, "records.0.id");
    const struct ex_session *session = call_in(&rig, "101");
    assert_true(ex_answer(rig.x, leg(&rig, "101")));
    snprintf(path, sizeof path, ACC "/telephony/sessions/%s/parties/%s/transfer", session->id,
             leg(&rig, "101")->id);
    snprintf(body, sizeof body, "{\"parkOrbit\":\"%lld\"}", place);
    assert_int_equal(rig_ask(&rig, "POST", path, body), 200);
    const json_t *told = NULL, *event;
    size_t i;
    json_array_foreach(rig.events, i, event)
    {
        if (json_integer_value(json_object_get(event, "extension")) == place &&
            json_integer_value(json_object_get(event, "kind")) == EX_EVENT_PRESENCE)
            told = json_object_get(event, "body");
    }
    assert_non_null(told);
    assert_string_equal(json_string_value(rig_at(told, "telephonyStatus")), "ParkedCall");
    assert_int_equal(json_integer_value(rig_at(told, "totalActiveCalls")), 1);
    assert_string_equal(json_string_value(rig_at(told, "activeCalls.0.telephonyStatus")),
                        "ParkedCall");
    snprintf(path, sizeof path, ACC "/extension/%lld/presence", place);
    assert_int_equal(rig_get(&rig, path), 200); /* here nothing is told of it */
    assert_string_equal(rig_text(&rig, "presenceStatus"), "Offline");
    assert_null(rig_at(rig.reply.body, "telephonyStatus"));
    rig_stop(&rig);
}

static void details_are_shown_to_whom_the_owner_wants(void **state)
{
    (void)state;
    struct rig rig;
    const char *detailed = "?detailedTelephonyState=true";
    rig_start(&rig, 3);
    call_in(&rig, "101");
    rig_user(&rig, "101")->caller_id_visibility = "None";
    get_one(&rig, "101", detailed);
    assert_string_equal(rig_text(&rig, "activeCalls.0.telephonyStatus"), "Ringing");
    assert_null(rig_at(rig.reply.body, "activeCalls.0.from"));
    assert_null(rig_at(rig.reply.body, "activeCalls.0.fromName"));
    rig.caller = rig_user(&rig, "101");
    get_one(&rig, "101", detailed);
    assert_string_equal(rig_text(&rig, "activeCalls.0.from"), "+17778732492");
    rig.caller->caller_id_visibility = "PermittedUsers";
    rig.caller = rig_user(&rig, "102");
    get_one(&rig, "101", detailed);
    assert_null(rig_at(rig.reply.body, "activeCalls.0.from"));
    rig.caller = ex_supervisor(rig.x);
    get_one(&rig, "101", detailed);
    assert_string_equal(rig_text(&rig, "activeCalls.0.fromName"), "Ann Caller");
    rig_stop(&rig);
}

static void a_call_that_ended_is_told_once_as_final(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    call_in(&rig, "101");
    struct ex_party *party = leg(&rig, "101");
    party->code = EX_DISCONNECTED;
    ex_presence_changed(rig.x, rig_user(&rig, "101"));
    const json_t *body = rig_last(&rig, EX_EVENT_PRESENCE);
    assert_string_equal(json_string_value(rig_at(body, "activeCalls.0.telephonyStatus")), "NoCall");
    assert_string_equal(json_string_value(rig_at(body, "activeCalls.0.terminationType")), "final");
    assert_int_equal(json_integer_value(rig_at(body, "totalActiveCalls")), 0);
    assert_string_equal(json_string_value(rig_at(body, "telephonyStatus")), "NoCall");
    get_one(&rig, "101", "?detailedTelephonyState=true");
    assert_int_equal(rig_len(&rig, "activeCalls"), 0);
    party->code = EX_PROCEEDING;
    rig_stop(&rig);
}

/* --- many ---------------------------------------------------------------------------------------
 */

static void list_path(struct rig *rig, char *path, size_t size, size_t count, const char *tail)
{
    str_copy(path, size, ACC "/extension/");
    for (size_t i = 0; i < count; i++) {
        size_t at = strlen(path);
        snprintf(path + at, size - at, "%s%llu", i ? "," : "",
                 (unsigned long long)ex_user_at(rig->x, i)->id);
    }
    str_copy(path + strlen(path), size - strlen(path), tail);
}

static void a_batch_as_json(void **state)
{
    (void)state;
    struct rig rig;
    char path[1024];
    rig_start(&rig, 40);
    rig.accept = "application/vnd.ringcentral.multipart+json";
    list_path(&rig, path, sizeof path, 30, ",1/presence?detailedTelephonyState=true");
    rig_get(&rig, path);
    rig_is_error(&rig, 400, "InvalidMultipartRequest", "CMN-106");
    list_path(&rig, path, sizeof path, 29, ",1/presence?detailedTelephonyState=true");
    assert_int_equal(rig_get(&rig, path), 207);
    assert_int_equal(json_array_size(rig.reply.body), 30);
    assert_int_equal(rig_int(&rig, "0.status"), 200);
    assert_string_equal(rig_text(&rig, "28.body.extension.extensionNumber"), "129");
    assert_non_null(rig_at(rig.reply.body, "28.body.activeCalls"));
    assert_int_equal(rig_int(&rig, "29.status"), 404);
    assert_string_equal(rig_text(&rig, "29.resourceId"), "1");
    assert_string_equal(rig_text(&rig, "29.body.errorCode"), "CMN-102");
    assert_int_equal(rig.reply.cost, 0);
    assert_true(ex_switch_set(rig.x, "batch-counts-each", true));
    rig_get(&rig, path);
    assert_int_equal(rig.reply.cost, 30);
    list_path(&rig, path, sizeof path, 1, "/presence");
    assert_int_equal(rig_get(&rig, path), 200);
    assert_string_equal(rig_text(&rig, "presenceStatus"), "Available");
    rig_stop(&rig);
}

static void a_batch_as_multipart(void **state)
{
    (void)state;
    struct rig rig;
    char path[1024];
    rig_start(&rig, 3);
    list_path(&rig, path, sizeof path, 2, ",77/presence");
    assert_int_equal(rig_get(&rig, path), 207);
    assert_null(rig.reply.body);
    assert_non_null(rig.reply.text);
    const char *boundary = strstr(rig.reply.content_type, "boundary=");
    assert_true(str_starts(rig.reply.content_type, "multipart/mixed;"));
    assert_non_null(boundary);
    boundary += strlen("boundary=");
    size_t parts = 0;
    json_t *part = NULL;
    for (const char *at = rig.reply.text; (at = strstr(at, boundary));) {
        at += strlen(boundary);
        const char *body = strstr(at, "\r\n\r\n");
        if (!body)
            break;
        json_decref(part);
        part = json_loads(body + 4, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(part);
        if (parts == 0) {
            assert_int_equal(json_array_size(json_object_get(part, "response")), 3);
            assert_int_equal(json_integer_value(rig_at(part, "response.0.status")), 200);
            assert_int_equal(json_integer_value(rig_at(part, "response.2.status")), 404);
            assert_true(
                str_ends(json_string_value(rig_at(part, "response.2.href")), "/77/presence"));
        }
        if (parts == 2)
            assert_string_equal(json_string_value(rig_at(part, "extension.extensionNumber")),
                                "102");
        parts++;
    }
    json_decref(part);
    assert_int_equal(parts, 4);
    assert_true(str_ends(rig.reply.text, "--\r\n"));
    rig_stop(&rig);
}

static void the_whole_account_page_by_page(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 250);
    ex_user_at(rig.x, 0)->shares_presence = false;
    assert_int_equal(rig_get(&rig, ACC "/presence?detailedTelephonyState=true&perPage=1000"), 200);
    assert_int_equal(rig_len(&rig, "records"), 251);
    assert_true(json_is_false(rig_at(rig.reply.body, "records.0.allowSeeMyPresence")));
    assert_non_null(rig_at(rig.reply.body, "records.250.activeCalls"));
    rig_get(&rig, ACC "/presence");
    assert_int_equal(rig_len(&rig, "records"), 100);
    assert_int_equal(rig_int(&rig, "paging.totalPages"), 3);
    assert_null(rig_at(rig.reply.body, "records.0.activeCalls"));
    rig_stop(&rig);
}

/* --- setting -------------------------------------------------------------------------------------
 */

static void putting_sets_what_is_given_and_nothing_else(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    const struct ex_user *me = rig.caller;
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence",
                             "{\"userStatus\":\"Busy\",\"dndStatus\":\"DoNotAcceptAnyCalls\","
                             "\"message\":\"lunch\",\"ringOnMonitoredCall\":true,"
                             "\"pickUpCallsOnHold\":false,\"callerIdVisibility\":\"None\"}"),
                     200);
    assert_string_equal(rig_text(&rig, "userStatus"), "Busy");
    assert_string_equal(rig_text(&rig, "dndStatusPersonal"), "DoNotAcceptAnyCalls");
    assert_string_equal(rig_text(&rig, "message"), "lunch");
    assert_true(me->ring_on_monitored_call && !me->pick_up_calls_on_hold && me->shares_presence);
    assert_string_equal(me->caller_id_visibility, "None");
    assert_int_equal(rig_count(&rig, EX_EVENT_DND), 1);
    assert_string_equal(json_string_value(rig_at(rig_last(&rig, EX_EVENT_DND), "dndStatus")),
                        "DoNotAcceptAnyCalls");
    assert_true(json_is_true(rig_at(rig_last(&rig, EX_EVENT_PRESENCE), "ringOnMonitoredCall")));
    rig_ask(&rig, "PUT", EXT "/presence", "{\"dndStatusPersonal\":\"TakeAllCalls\"}");
    assert_string_equal(me->dnd_status, "TakeAllCalls");
    assert_string_equal(me->user_status, "Busy");
    rig_stop(&rig);
}

static void putting_is_all_or_nothing(void **state)
{
    (void)state;
    struct rig rig;
    char body[512];
    rig_start(&rig, 3);
    static const char *const wrong[][2] = {
        {"\"userStatus\":\"Lunch\"", "userStatus"},
        {"\"userStatus\":7", "userStatus"},
        {"\"dndStatus\":\"Unknown\"", "dndStatus"},
        {"\"dndStatus\":\"TakeDepartmentCallsOnly\"", "dndStatus"},
        {"\"dndStatus\":\"DoNotAcceptDepartmentCalls\"", "dndStatus"}, /* 900 is in no queue */
        {"\"dndStatusPersonal\":\"DoNotAcceptDepartmentCalls\"", "dndStatusPersonal"},
        {"\"callerIdVisibility\":\"Some\"", "callerIdVisibility"},
        {"\"ringOnMonitoredCall\":\"true\"", "ringOnMonitoredCall"},
        {"\"pickUpCallsOnHold\":1", "pickUpCallsOnHold"},
        {"\"allowSeeMyPresence\":null", "allowSeeMyPresence"},
        {"\"acceptCallQueueCalls\":true", "acceptCallQueueCalls"},
        {"\"message\":\"1234567890123456789012345678901234567890"
         "123456789012345678901234567890123456\"",
         "message"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(body, sizeof body, "{\"userStatus\":\"Busy\",%s}", wrong[i][0]);
        if (i < 2)
            snprintf(body, sizeof body, "{\"pickUpCallsOnHold\":false,%s}", wrong[i][0]);
        rig_ask(&rig, "PUT", EXT "/presence", body);
        rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
        assert_string_equal(rig_text(&rig, "parameterName"), wrong[i][1]);
        assert_string_equal(rig.caller->user_status, "Available");
        assert_true(rig.caller->pick_up_calls_on_hold);
    }
    rig_ask(&rig, "PUT", EXT "/presence", "[]");
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    /* 75 characters, not bytes, are a message */
    str_copy(body, sizeof body, "{\"message\":\"");
    for (int i = 0; i < 75; i++)
        str_copy(body + strlen(body), 8, "花");
    str_copy(body + strlen(body), 8, "\"}");
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence", body), 200);
    assert_int_equal(strlen(rig.caller->message), 225);
    assert_int_equal(rig_count(&rig, EX_EVENT_PRESENCE), 1);
    rig_stop(&rig);
}

static void a_member_of_a_queue_may_leave_its_calls_to_others(void **state)
{
    (void)state;
    struct rig rig;
    char path[160];
    rig_start(&rig, 10);
    rig.caller = rig_user(&rig, "101");
    assert_int_equal(
        rig_ask(&rig, "PUT", EXT "/presence", "{\"dndStatus\":\"DoNotAcceptDepartmentCalls\"}"),
        200);
    assert_true(json_is_false(rig_at(rig.reply.body, "acceptCallQueueCalls")));
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence", "{\"acceptCallQueueCalls\":true}"), 200);
    assert_string_equal(rig.caller->dnd_status, "TakeAllCalls");
    assert_int_equal(rig_get(&rig, EXT "/call-queue-presence"), 200);
    assert_true(json_is_true(rig_at(rig.reply.body, "records.0.acceptCalls")));
    char body[200];
    snprintf(body, sizeof body,
             "{\"records\":[{\"callQueue\":{\"id\":\"%s\"},\"acceptCalls\":false}]}",
             rig_text(&rig, "records.0.callQueue.id"));
    snprintf(path, sizeof path, ACC "/call-queues/%s/presence",
             rig_text(&rig, "records.0.callQueue.id"));
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/call-queue-presence", body), 200);
    assert_true(json_is_false(rig_at(rig.reply.body, "records.0.acceptCalls")));
    assert_int_equal(rig_get(&rig, path), 200);
    assert_int_equal(rig_len(&rig, "records"), 2);
    assert_true(json_is_false(rig_at(rig.reply.body, "records.0.acceptCurrentQueueCalls")));
    assert_true(json_is_true(rig_at(rig.reply.body, "records.1.acceptQueueCalls")));
    rig.caller = ex_supervisor(rig.x);
    snprintf(body, sizeof body,
             "{\"records\":[{\"member\":{\"id\":\"%llu\"},\"acceptCurrentQueueCalls\":true}]}",
             (unsigned long long)rig_user(&rig, "101")->id);
    assert_int_equal(rig_ask(&rig, "PUT", path, body), 200);
    assert_true(rig_user(&rig, "101")->accepts_queue_calls);
    snprintf(body, sizeof body,
             "{\"records\":[{\"member\":{\"id\":\"%llu\"},\"acceptCurrentQueueCalls\":true}]}",
             (unsigned long long)rig_user(&rig, "110")->id);
    rig_ask(&rig, "PUT", path, body);
    rig_is_error(&rig, 400, "CMN-102", "CMN-102");
    rig_stop(&rig);
}

static void unified_presence(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    assert_int_equal(rig_get(&rig, EXT "/unified-presence"), 200);
    assert_string_equal(rig_text(&rig, "status"), "Available");
    assert_int_equal(rig_ask(&rig, "PATCH", EXT "/unified-presence",
                             "{\"telephony\":{\"availability\":\"DoNotAcceptAnyCalls\"}}"),
                     200);
    assert_string_equal(rig_text(&rig, "status"), "DND");
    assert_string_equal(rig.caller->dnd_status, "DoNotAcceptAnyCalls");
    assert_int_equal(rig_ask(&rig, "PATCH", EXT "/unified-presence",
                             "{\"glip\":{\"visibility\":\"Invisible\"}}"),
                     200);
    assert_string_equal(rig_text(&rig, "status"), "Offline");
    assert_string_equal(rig_text(&rig, "glip.visibility"), "Invisible");
    rig_ask(&rig, "PATCH", EXT "/unified-presence", "{\"glip\":{\"visibility\":\"Visible\"}}");
    assert_string_equal(rig.caller->user_status, "Available");
    rig_ask(&rig, "PATCH", EXT "/unified-presence", "{\"glip\":{\"visibility\":\"x\"}}");
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    rig_ask(&rig, "PATCH", EXT "/unified-presence",
            "{\"telephony\":{\"availability\":\"DoNotAcceptQueueCalls\"}}");
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101"); /* in no queue */
    char path[256];
    list_path(&rig, path, sizeof path, 2, "/unified-presence");
    assert_int_equal(rig_get(&rig, path), 207);
    assert_string_equal(rig_text(&rig, "1.body.telephony.status"), "NoCall");
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_user_is_available),
        cmocka_unit_test(a_call_from_ring_to_end),
        cmocka_unit_test(what_is_set_by_hand_makes_the_status),
        cmocka_unit_test(events_have_the_next_sequence_and_the_whole_truth),
        cmocka_unit_test(subscribers_see_what_they_may),
        cmocka_unit_test(who_does_not_share_is_offline_for_others_alone),
        cmocka_unit_test(a_park_location_tells_of_what_waits_there),
        cmocka_unit_test(details_are_shown_to_whom_the_owner_wants),
        cmocka_unit_test(a_call_that_ended_is_told_once_as_final),
        cmocka_unit_test(a_batch_as_json),
        cmocka_unit_test(a_batch_as_multipart),
        cmocka_unit_test(the_whole_account_page_by_page),
        cmocka_unit_test(putting_sets_what_is_given_and_nothing_else),
        cmocka_unit_test(putting_is_all_or_nothing),
        cmocka_unit_test(a_member_of_a_queue_may_leave_its_calls_to_others),
        cmocka_unit_test(unified_presence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
