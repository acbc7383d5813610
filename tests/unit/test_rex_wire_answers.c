/* Answers of REST: sections 3.1 to 3.7, 4.1, 4.8 and 5. */
#include "callhud/backend/ringcentral/rex_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PRESENCE(id)                                                                          \
    "{\"uri\":\"x\",\"extension\":{\"uri\":\"x\",\"id\":" id ",\"extensionNumber\":\"102\"}," \
    "\"presenceStatus\":\"Available\",\"telephonyStatus\":\"NoCall\",\"activeCalls\":[]}"

static enum rc presences(rex_presences *out, struct rex_paging *paging, const char *type,
                         const char *body)
{
    struct err err = {0};
    memset(out, 0, sizeof *out);
    return rex_wire_presences(out, paging, type, body, strlen(body), &err);
}

static void one_presence(void **state)
{
    (void)state;
    rex_presences list;
    assert_int_equal(presences(&list, NULL, "application/json", PRESENCE("7")), RC_OK);
    assert_int_equal(list.len, 1);
    assert_string_equal(list.items[0].extension_id, "7");
    assert_string_equal(list.items[0].extension, "102");
    assert_int_equal(list.items[0].has, REX_HAS_STATUS | REX_HAS_TELEPHONY | REX_HAS_CALLS);
    rex_presences_free(&list);
    assert_int_equal(presences(&list, NULL, "application/json", "{\"a\":1}"), RC_PROTO);
    rex_presences_free(&list);
}

static void pages_of_the_account(void **state)
{
    (void)state;
    rex_presences list;
    struct rex_paging paging;
    assert_int_equal(presences(&list, &paging, "application/json",
                               "{\"records\":[" PRESENCE("1") ",{\"broken\":true}," PRESENCE(
                                   "2") "],"
                                        "\"paging\":{\"page\":2,\"totalPages\":5,\"perPage\":2},"
                                        "\"navigation\":{\"nextPage\":{\"uri\":\"x\"}}}"),
                     RC_OK);
    assert_int_equal(list.len, 2);
    assert_int_equal(paging.page, 2);
    assert_int_equal(paging.total_pages, 5);
    assert_true(paging.has_next);
    rex_presences_free(&list);
}

static void a_batch_in_json(void **state)
{
    (void)state;
    rex_presences list;
    assert_int_equal(
        presences(
            &list, NULL, "application/vnd.ringcentral.multipart+json",
            "[{\"resourceId\":\"1\",\"status\":200,\"body\":" PRESENCE(
                "1") "},"
                     "{\"resourceId\":\"2\",\"status\":403,\"body\":{\"errorCode\":\"SUB-403\"}},"
                     "{\"resourceId\":\"3\",\"status\":403,\"body\":{\"errorCode\":\"x\","
                     "\"errors\":"
                     "[{\"errorCode\":\"SUB-402\"}]}},"
                     "{\"resourceId\":4,\"status\":404,\"body\":{}}]"),
        RC_OK);
    assert_int_equal(list.len, 4);
    assert_int_equal(list.items[0].refused, 0);
    assert_int_equal(list.items[1].refused, 403);
    assert_string_equal(list.items[1].extension_id, "2");
    assert_false(list.items[1].is_shared); /* the person does not want to be seen */
    assert_true(list.items[2].is_shared);  /* no presence for this kind of extension */
    assert_string_equal(list.items[3].extension_id, "4");
    assert_true(list.items[3].is_shared);
    rex_presences_free(&list);
}

static void a_batch_in_parts(void **state)
{
    (void)state;
    rex_presences list;
    static const char body[] =
        "--Boundary_7\r\nContent-Type: application/json\r\n\r\n"
        "{\"response\":[{\"href\":\"https://h/restapi/v1.0/account/9/extension/1/presence\","
        "\"status\":200},{\"href\":\"https://h/restapi/v1.0/account/9/extension/22/presence\","
        "\"status\":403,\"responseDescription\":\"Forbidden\"}]}\r\n"
        "--Boundary_7\r\nContent-Type: application/json\r\n\r\n" PRESENCE(
            "1") "\r\n"
                 "--Boundary_7\r\nContent-Type: "
                 "application/json\r\n\r\n{\"errorCode\":\"SUB-403\"}\r\n"
                 "--Boundary_7--\r\n";
    assert_int_equal(presences(&list, NULL, "multipart/mixed; boundary=Boundary_7", body), RC_OK);
    assert_int_equal(list.len, 2);
    assert_string_equal(list.items[0].extension_id, "1");
    assert_string_equal(list.items[1].extension_id, "22");
    assert_int_equal(list.items[1].refused, 403);
    assert_false(list.items[1].is_shared);
    rex_presences_free(&list);
    assert_int_equal(presences(&list, NULL, "Multipart/Mixed; boundary=\"Boundary_7\"", body),
                     RC_OK);
    assert_int_equal(list.len, 2);
    rex_presences_free(&list);
    assert_int_equal(presences(&list, NULL, "multipart/mixed", body), RC_PROTO);
    rex_presences_free(&list);
    assert_int_equal(presences(&list, NULL, "multipart/mixed; boundary=other", body), RC_PROTO);
    rex_presences_free(&list);
}

static void lines_tell_which_are_reserved(void **state)
{
    (void)state;
    rex_lines lines = {0};
    struct rex_paging paging;
    static const char body[] =
        "{\"records\":[{\"id\":\"1\",\"notEditableOnHud\":true,\"extension\":{\"id\":\"5\","
        "\"extensionNumber\":\"101\",\"type\":\"User\"}},{\"id\":\"3\",\"extension\":{\"id\":6,"
        "\"extensionNumber\":\"801\",\"type\":\"ParkLocation\"}},{\"id\":\"4\"}],"
        "\"paging\":{\"page\":1,\"totalPages\":1}}";
    assert_int_equal(rex_wire_lines(&lines, &paging, body, sizeof body - 1, NULL), RC_OK);
    assert_int_equal(lines.len, 2);
    assert_true(lines.items[0].is_reserved);
    assert_false(lines.items[1].is_reserved);
    assert_string_equal(lines.items[1].extension_id, "6");
    assert_string_equal(lines.items[1].type, "ParkLocation");
    assert_false(paging.has_next);
    VEC_FREE(&lines);
}

static void people_of_both_lists(void **state)
{
    (void)state;
    rex_persons persons = {0};
    struct rex_person own;
    static const char body[] =
        "{\"records\":[{\"id\":\"6\",\"type\":\"User\",\"status\":\"Enabled\",\"firstName\":"
        "\"Bob\","
        "\"lastName\":\"Agent\",\"department\":\"Sales\",\"extensionNumber\":\"102\"},"
        "{\"id\":7,\"type\":\"User\",\"status\":\"Disabled\",\"name\":\"Noor Haddad\","
        "\"contact\":{\"department\":\"Cartier\"},\"extensionNumber\":\"103\"},"
        "{\"id\":\"8\",\"type\":\"External\",\"name\":\"Far\"},{\"name\":\"nobody\"}]}";
    assert_int_equal(rex_wire_persons(&persons, NULL, body, sizeof body - 1, NULL), RC_OK);
    assert_int_equal(persons.len, 3);
    assert_string_equal(persons.items[0].name, "Bob Agent");
    assert_string_equal(persons.items[0].department, "Sales");
    assert_true(persons.items[0].is_enabled);
    assert_string_equal(persons.items[1].name, "Noor Haddad");
    assert_string_equal(persons.items[1].department, "Cartier");
    assert_false(persons.items[1].is_enabled);
    assert_true(persons.items[2].is_foreign);
    VEC_FREE(&persons);

    static const char self[] = "{\"id\":400144455008,\"extensionNumber\":\"101\",\"name\":\"Sue\","
                               "\"contact\":{\"firstName\":\"S\"},\"type\":\"User\"}";
    assert_int_equal(rex_wire_person(&own, self, sizeof self - 1, NULL), RC_OK);
    assert_string_equal(own.id, "400144455008");
    assert_string_equal(own.name, "Sue");
    assert_int_equal(rex_wire_person(&own, "{}", 2, NULL), RC_PROTO);
}

static void grants_devices_features(void **state)
{
    (void)state;
    rex_grants grants = {0};
    rex_devices devices = {0};
    rex_features features = {0};
    static const char grant[] = "{\"records\":[{\"extension\":{\"id\":\"6\"},\"callPickup\":true,"
                                "\"callMonitoring\":false}]}";
    static const char device[] =
        "{\"records\":[{\"id\":\"60727004\",\"type\":\"SoftPhone\",\"name\":\"Softphone\","
        "\"status\":\"online\",\"model\":{\"name\":\"Desk 9\",\"features\":[\"x\",\"BLA\"]}},"
        "{\"id\":\"2\",\"type\":\"HardPhone\",\"status\":\"Offline\"},"
        "{\"id\":\"3\",\"type\":\"OtherPhone\",\"status\":\"Online\"},{\"name\":\"no id\"}]}";
    static const char feature[] =
        "{\"records\":[{\"id\":\"HUD\",\"available\":true,\"params\":[{\"name\":\"limitMax\","
        "\"value\":\"100\"}]},{\"id\":\"CallMonitoring\",\"available\":false,\"reason\":"
        "{\"code\":\"InsufficientPermissions\",\"message\":\"no permission\"}}]}";
    assert_int_equal(rex_wire_grants(&grants, NULL, grant, sizeof grant - 1, NULL), RC_OK);
    assert_true(grants.items[0].may_pick_up);
    assert_false(grants.items[0].may_monitor);
    struct rex_paging paging;
    assert_int_equal(rex_wire_devices(&devices, &paging, device, sizeof device - 1, NULL), RC_OK);
    assert_int_equal(devices.len, 3);
    assert_int_equal(paging.records, 4);
    assert_int_equal(paging.page, 0); /* it does not count its pages */
    assert_int_equal(paging.total, -1);
    assert_true(devices.items[0].is_online && devices.items[0].has_lamps);
    assert_string_equal(devices.items[0].model, "Desk 9");
    assert_false(devices.items[1].is_online);
    assert_true(devices.items[1].has_lamps);
    assert_true(devices.items[2].is_online);
    assert_false(devices.items[2].has_lamps);
    assert_int_equal(rex_wire_features(&features, feature, sizeof feature - 1, NULL), RC_OK);
    assert_int_equal(features.items[0].limit, 100);
    assert_false(features.items[1].is_available);
    assert_string_equal(features.items[1].reason, "no permission");
    VEC_FREE(&grants);
    VEC_FREE(&devices);
    VEC_FREE(&features);
}

static void calls_are_read(void **state)
{
    (void)state;
    struct rex_session session;
    struct rex_party party;
    static const char call[] =
        "{\"id\":\"s-27\",\"parties\":[{\"id\":\"p-27-1\",\"direction\":\"Outbound\",\"status\":"
        "{\"code\":\"Answered\"}},{\"id\":\"p-27-2\",\"direction\":\"Inbound\",\"owner\":"
        "{\"extensionId\":\"6\"},\"status\":{\"code\":\"Hold\"}}]}";
    static const char out[] = "{\"session\":{\"id\":\"s-9\",\"parties\":[]}}";
    static const char one[] = "{\"id\":\"p-27-2\",\"status\":{\"code\":\"Parked\"},"
                              "\"park\":{\"id\":\"*802\"}}";
    assert_int_equal(rex_wire_session(&session, call, sizeof call - 1, NULL), RC_OK);
    assert_string_equal(session.id, "s-27");
    assert_int_equal(session.sequence, 0);
    assert_string_equal(session.parties.items[1].extension_id, "6");
    assert_int_equal(session.parties.items[1].code, REX_HOLD);
    rex_session_fini(&session);
    assert_int_equal(rex_wire_session(&session, out, sizeof out - 1, NULL), RC_OK);
    assert_string_equal(session.id, "s-9");
    rex_session_fini(&session);
    assert_int_equal(rex_wire_party(&party, one, sizeof one - 1, NULL), RC_OK);
    assert_string_equal(party.park, "*802");
    assert_int_equal(rex_wire_party(&party, "[]", 2, NULL), RC_PROTO);
    static const struct {
        const char *body;
        bool is_told, is_active;
    } recordings[] = {
        {"{\"id\":\"77\",\"active\":true,\"mode\":\"OnDemand\"}", true, true},
        {"{\"active\":false}", true, false},
        {"{\"id\":\"77\"}", false, false},
        {"{\"active\":1}", false, false},
        {"{\"active\":null}", false, false},
        {"[true]", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++) {
        bool is_active = true;
        assert_int_equal(
            rex_wire_recording(&is_active, recordings[i].body, strlen(recordings[i].body)),
            recordings[i].is_told);
        assert_int_equal(is_active, recordings[i].is_active);
    }
}

/* The memory of an answer does not follow the peer. */
static void no_more_records_than_are_asked_for(void **state)
{
    (void)state;
    for (size_t count = REX_RECORDS_MOST; count <= REX_RECORDS_MOST + 1; count++) {
        enum rc rc = count > REX_RECORDS_MOST ? RC_PROTO : RC_OK;
        rex_persons persons = {0};
        rex_presences presences = {0};
        struct rex_paging paging;
        struct buf body;
        buf_init(&body, 1024 * 1024);
        buf_puts(&body, "{\"records\":[");
        for (size_t i = 0; i < count; i++)
            buf_printf(&body, "%s{\"id\":%zu}", i > 0 ? "," : "", i + 1);
        buf_puts(&body, "]}");
        assert_int_equal(rex_wire_persons(&persons, &paging, buf_text(&body), body.len, NULL), rc);
        assert_int_equal(persons.len, rc == RC_OK ? count : 0);
        assert_int_equal(rex_wire_presences(&presences, &paging, "application/json",
                                            buf_text(&body), body.len, NULL),
                         rc);
        VEC_FREE(&persons);
        rex_presences_free(&presences);
        buf_fini(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_presence),
        cmocka_unit_test(pages_of_the_account),
        cmocka_unit_test(a_batch_in_json),
        cmocka_unit_test(a_batch_in_parts),
        cmocka_unit_test(lines_tell_which_are_reserved),
        cmocka_unit_test(people_of_both_lists),
        cmocka_unit_test(grants_devices_features),
        cmocka_unit_test(calls_are_read),
        cmocka_unit_test(no_more_records_than_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
