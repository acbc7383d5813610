#include "ex_rig.h"

static void entries_by_kind(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 10);
    assert_int_equal(rig_get(&rig, ACC "/directory/entries?showFederated=false&typeGroup=User"),
                     200);
    assert_int_equal(rig_len(&rig, "records"), 11);
    assert_string_equal(rig_text(&rig, "records.0.name"), "Noor Haddad");
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "101");
    assert_string_equal(rig_text(&rig, "records.0.phoneNumbers.0.phoneNumber"), "+16505550101");
    assert_string_equal(rig_text(&rig, "records.0.department"), "Sales");
    assert_true(json_is_string(rig_at(rig.reply.body, "records.0.id")));
    rig_get(&rig, ACC "/directory/entries?typeGroup=User"); /* others' people too by default */
    assert_int_equal(rig_len(&rig, "records"), 13);
    assert_string_not_equal(rig_text(&rig, "records.12.account.id"),
                            rig_text(&rig, "records.0.account.id"));
    char path[128];
    snprintf(path, sizeof path, ACC "/extension/%s/presence", rig_text(&rig, "records.12.id"));
    assert_int_equal(rig_get(&rig, path), 404);
    rig_get(&rig, ACC "/directory/entries?showFederated=false&typeGroup=NonUser");
    assert_int_equal(rig_len(&rig, "records"), 5 + 3);
    rig_get(&rig, ACC "/directory/entries?type=ParkLocation");
    assert_int_equal(rig_len(&rig, "records"), 3);
    rig_get(&rig, ACC "/directory/entries?type=ParkLocation&type=Department");
    assert_int_equal(rig_len(&rig, "records"), 8);
    rig_get(&rig, ACC "/directory/entries?siteId=elsewhere");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_get(&rig, ACC "/directory/entries?typeGroup=Nobody");
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    rig_get(&rig, ACC "/directory/entries?showFederated=false&perPage=4&page=2&typeGroup=User");
    assert_int_equal(rig_len(&rig, "records"), 4);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "105");
    assert_int_equal(rig_int(&rig, "paging.totalPages"), 3);
    rig_stop(&rig);
}

static void all_at_once_is_all(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3000);
    rig_get(&rig, ACC "/directory/entries?showFederated=false&typeGroup=User&perPage=5000");
    assert_int_equal(rig_len(&rig, "records"), 2000);
    rig_get(&rig, ACC "/directory/entries?showFederated=false&typeGroup=User&perPage=all");
    assert_int_equal(rig_len(&rig, "records"), 3001);
    rig_stop(&rig);
}

static void one_entry(void **state)
{
    (void)state;
    struct rig rig;
    char path[128];
    rig_start(&rig, 3);
    snprintf(path, sizeof path, ACC "/directory/entries/%llu",
             (unsigned long long)rig_user(&rig, "103")->id);
    assert_int_equal(rig_get(&rig, path), 200);
    assert_string_equal(rig_text(&rig, "extensionNumber"), "103");
    rig_get(&rig, ACC "/directory/entries?type=Department");
    snprintf(path, sizeof path, ACC "/directory/entries/%s", rig_text(&rig, "records.0.id"));
    assert_int_equal(rig_get(&rig, path), 200);
    assert_string_equal(rig_text(&rig, "type"), "Department");
    rig_get(&rig, ACC "/directory/entries/5");
    rig_is_error(&rig, 404, "CMN-102", "CMN-102");
    rig_stop(&rig);
}

static void an_unchanged_directory_is_not_sent_again(void **state)
{
    (void)state;
    struct rig rig;
    char etag[40];
    rig_start(&rig, 3);
    rig_get(&rig, ACC "/directory/entries");
    str_copy(etag, sizeof etag, rig.reply.etag);
    assert_true(etag[0] == '"');
    rig.if_none_match = etag;
    assert_int_equal(rig_get(&rig, ACC "/directory/entries"), 304);
    assert_null(rig.reply.body);
    json_t *name = json_string("Ana Ruiz");
    assert_true(ex_user_set(rig.x, rig_user(&rig, "102"), "name", name));
    json_decref(name);
    assert_int_equal(rig_count(&rig, EX_EVENT_EXTENSION), 1);
    assert_int_equal(rig_get(&rig, ACC "/directory/entries"), 200);
    assert_string_equal(rig_text(&rig, "records.1.name"), "Ana Ruiz");
    assert_string_equal(rig_text(&rig, "records.1.lastName"), "Ruiz");
    assert_string_not_equal(rig.reply.etag, etag);
    rig_stop(&rig);
}

static size_t search(struct rig *rig, const char *body)
{
    assert_int_equal(rig_ask(rig, "POST", ACC "/directory/entries/search", body), 200);
    return rig_len(rig, "records");
}

static void searching(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 50);
    assert_int_equal(search(&rig, "{\"searchString\":\"hadd\",\"showFederated\":false}"), 1);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "101");
    assert_int_equal(search(&rig, "{\"searchString\":\"NOOR HADDAD\"}"), 1);
    assert_int_equal(search(&rig, "{\"searchString\":\"partner\",\"showFederated\":true}"), 2);
    assert_int_equal(search(&rig, "{\"searchString\":\"partner\",\"showFederated\":false}"), 0);
    assert_int_equal(
        search(&rig, "{\"searchString\":\"104\",\"searchFields\":[\"extensionNumber\"]}"), 1);
    assert_int_equal(search(&rig, "{\"searchString\":\"hadd\",\"searchFields\":[\"email\"]}"), 1);
    assert_int_equal(search(&rig, "{\"searchString\":\"hadd\",\"searchFields\":[\"department\"]}"),
                     0);
    assert_int_equal(search(&rig, "{\"department\":\"Support\",\"extensionType\":\"User\"}"), 10);
    assert_int_equal(search(&rig, "{\"extensionTypes\":[\"ParkLocation\"]}"), 3);
    assert_int_equal(search(&rig, "{\"extensionStatuses\":[\"Disabled\"]}"), 0);
    search(&rig, "{\"extensionType\":\"User\",\"showFederated\":false,\"perPage\":5,\"page\":2,"
                 "\"orderBy\":[{\"index\":1,\"fieldName\":\"extensionNumber\",\"direction\":"
                 "\"Desc\"}]}");
    assert_int_equal(rig_len(&rig, "records"), 5);
    assert_int_equal(rig_int(&rig, "paging.totalElements"), 51);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"),
                        "146"); /* 900 150 149 148 147 */
    static const char *const wrong[] = {
        "[]", "{\"orderBy\":[{\"fieldName\":\"height\"}]}",
        "{\"orderBy\":[{\"fieldName\":\"email\",\"direction\":\"Up\"}]}",
        "{\"searchFields\":[\"height\"]}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_ask(&rig, "POST", ACC "/directory/entries/search", wrong[i]);
        rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    }
    rig_stop(&rig);
}

static void extensions_are_filtered(void **state)
{
    (void)state;
    struct rig rig;
    char path[200];
    rig_start(&rig, 10);
    rig_user(&rig, "105")->is_enabled = false;
    assert_int_equal(rig_get(&rig, ACC "/extension?type=User&status=Enabled&perPage=1000"), 200);
    assert_int_equal(rig_len(&rig, "records"), 10);
    assert_true(json_is_integer(rig_at(rig.reply.body, "records.0.id")));
    assert_string_equal(rig_text(&rig, "records.0.contact.firstName"), "Noor");
    rig_get(&rig, ACC "/extension?status=Disabled");
    assert_int_equal(rig_len(&rig, "records"), 1);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "105");
    rig_get(&rig, ACC "/extension?extensionNumber=103");
    assert_int_equal(rig_len(&rig, "records"), 1);
    snprintf(path, sizeof path, ACC "/extension?email=%s", rig_user(&rig, "104")->email);
    rig_get(&rig, path);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "104");
    assert_int_equal(rig_get(&rig, EXT), 200);
    assert_true(json_is_true(rig_at(rig.reply.body, "permissions.admin.enabled")));
    assert_int_equal(rig_len(&rig, "departments"), 0);
    rig.caller = rig_user(&rig, "101");
    rig_get(&rig, EXT);
    assert_int_equal(rig_len(&rig, "departments"), 1);
    assert_true(rig_len(&rig, "serviceFeatures") > 3);
    rig_stop(&rig);
}

static void queues_and_their_members(void **state)
{
    (void)state;
    struct rig rig;
    char path[200];
    rig_start(&rig, 12);
    assert_int_equal(rig_get(&rig, ACC "/call-queues"), 200);
    size_t queues = rig_len(&rig, "records"), members = 0;
    assert_int_equal(queues, 5);
    for (size_t i = 0; i < queues; i++) {
        rig_get(&rig, ACC "/call-queues");
        snprintf(path, sizeof path, "records.%zu.id", i);
        char id[32];
        str_copy(id, sizeof id, rig_text(&rig, path));
        snprintf(path, sizeof path, ACC "/call-queues/%s/members", id);
        assert_int_equal(rig_get(&rig, path), 200);
        members += rig_len(&rig, "records");
        snprintf(path, sizeof path, ACC "/department/%s/members", id);
        assert_int_equal(rig_get(&rig, path), 200);
        assert_true(rig_len(&rig, "records") > 0);
        snprintf(path, sizeof path, ACC "/call-queues/%s", id);
        assert_int_equal(rig_get(&rig, path), 200);
        assert_string_equal(rig_text(&rig, "id"), id);
    }
    assert_int_equal(members, 12);
    rig_get(&rig, ACC "/call-queues?memberExtensionId=~");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig.caller = rig_user(&rig, "112");
    rig_get(&rig, ACC "/call-queues?memberExtensionId=~");
    assert_int_equal(rig_len(&rig, "records"), 1);
    assert_string_equal(rig_text(&rig, "records.0.name"), rig.caller->department);
    rig_get(&rig, ACC "/call-queues/5/members");
    rig_is_error(&rig, 404, "CMN-102", "CMN-102");
    assert_int_equal(rig_get(&rig, ACC "/sites"), 200);
    assert_int_equal(rig_len(&rig, "records"), 1);
    rig_stop(&rig);
}

static void devices(void **state)
{
    (void)state;
    struct rig rig;
    char path[200];
    rig_start(&rig, 3);
    assert_int_equal(rig_get(&rig, EXT "/device"), 200);
    assert_int_equal(rig_len(&rig, "records"), 2);
    assert_string_equal(rig_text(&rig, "records.0.name"), "Desk");
    assert_string_equal(rig_text(&rig, "records.0.type"), "HardPhone");
    assert_string_equal(rig_text(&rig, "records.0.status"), "Online");
    assert_int_equal(rig_int(&rig, "records.0.extension.id"), rig.caller->id);
    snprintf(path, sizeof path, ACC "/device/%s", rig_text(&rig, "records.1.id"));
    rig.caller->devices.items[1]->is_online = false;
    assert_int_equal(rig_get(&rig, path), 200);
    assert_string_equal(rig_text(&rig, "status"), "Offline");
    rig_get(&rig, EXT "/device?type=SoftPhone");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_get(&rig, EXT "/device?feature=BLA&type=HardPhone&linePooling=None");
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_get(&rig, EXT "/device?feature=HELD");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_get(&rig, ACC "/device/1");
    rig_is_error(&rig, 404, "CMN-102", "CMN-102");
    rig.caller = rig_user(&rig, "101");
    rig_get(&rig, path);
    rig_is_error(&rig, 403, "CMN-404", "CMN-404");
    assert_int_equal(rig_get(&rig, EXT "/webapp-devices"), 200);
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_stop(&rig);
}

static void recording_by_rule(void **state)
{
    (void)state;
    struct rig rig;
    char body[300];
    rig_start(&rig, 4);
    assert_int_equal(rig_get(&rig, ACC "/call-recording"), 200);
    assert_true(json_is_true(rig_at(rig.reply.body, "onDemand.enabled")));
    assert_true(json_is_false(rig_at(rig.reply.body, "automatic.enabled")));
    assert_int_equal(
        rig_ask(&rig, "PUT", ACC "/call-recording", "{\"automatic\":{\"enabled\":true}}"), 200);
    assert_true(json_is_true(rig_at(rig.reply.body, "automatic.enabled")));
    rig_ask(&rig, "PUT", ACC "/call-recording", "{\"automatic\":{\"enabled\":1}}");
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    snprintf(body, sizeof body,
             "{\"addedExtensions\":[{\"id\":\"%llu\",\"callDirection\":\"Inbound\"},"
             "{\"id\":\"%llu\"}]}",
             (unsigned long long)rig_user(&rig, "101")->id,
             (unsigned long long)rig_user(&rig, "103")->id);
    assert_int_equal(rig_ask(&rig, "POST", ACC "/call-recording/bulk-assign", body), 204);
    assert_int_equal(rig_get(&rig, ACC "/call-recording/extensions"), 200);
    assert_int_equal(rig_len(&rig, "records"), 2);
    assert_string_equal(rig_text(&rig, "records.0.callDirection"), "Inbound");
    assert_string_equal(rig_text(&rig, "records.1.callDirection"), "All");
    snprintf(body, sizeof body,
             "{\"removedExtensions\":[{\"id\":\"%llu\"}],\"addedExtensions\":[{\"id\":\"4\"}]}",
             (unsigned long long)rig_user(&rig, "101")->id);
    rig_ask(&rig, "POST", ACC "/call-recording/bulk-assign", body);
    rig_is_error(&rig, 400, "CMN-102", "CMN-102");
    rig_get(&rig, ACC "/call-recording/extensions");
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_stop(&rig);
}

static void favorites(void **state)
{
    (void)state;
    struct rig rig;
    char body[300];
    rig_start(&rig, 4);
    assert_int_equal(rig_get(&rig, EXT "/favorite"), 200);
    assert_int_equal(rig_len(&rig, "records"), 0);
    snprintf(body, sizeof body,
             "{\"records\":[{\"id\":8,\"extensionId\":\"%llu\"},{\"extensionId\":\"%llu\"}]}",
             (unsigned long long)rig_user(&rig, "104")->id,
             (unsigned long long)rig_user(&rig, "102")->id);
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/favorite", body), 200);
    assert_int_equal(rig_int(&rig, "records.0.id"), 8);
    assert_int_equal(rig_int(&rig, "records.1.id"), 2);
    rig_ask(&rig, "PUT", EXT "/favorite", "{\"records\":[{\"extensionId\":\"3\"}]}");
    rig_is_error(&rig, 400, "CMN-102", "CMN-102");
    rig_get(&rig, EXT "/favorite");
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_stop(&rig);
}

static void live_calls(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 4);
    assert_non_null(ex_call(rig.x, "+17778732492", "Ann", rig_user(&rig, "101"), true));
    assert_non_null(ex_call(rig.x, "+17778732493", "Bo", rig_user(&rig, "103"), true));
    assert_int_equal(rig_get(&rig, ACC "/active-calls"), 200);
    assert_int_equal(rig_len(&rig, "records"), 2);
    assert_string_equal(rig_text(&rig, "records.0.from.phoneNumber"), "+17778732492");
    assert_string_equal(rig_text(&rig, "records.0.to.extensionNumber"), "101");
    assert_string_equal(rig_text(&rig, "records.0.direction"), "Inbound");
    rig_user(&rig, "101")->caller_id_visibility = "None";
    rig_get(&rig, ACC "/active-calls?direction=Inbound&perPage=1");
    assert_int_equal(rig_len(&rig, "records"), 1);
    assert_int_equal(rig_int(&rig, "paging.totalElements"), 2);
    assert_null(rig_at(rig.reply.body, "records.0.from"));
    rig_get(&rig, ACC "/active-calls?direction=Outbound");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_get(&rig, EXT "/active-calls");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_by_kind),
        cmocka_unit_test(all_at_once_is_all),
        cmocka_unit_test(one_entry),
        cmocka_unit_test(an_unchanged_directory_is_not_sent_again),
        cmocka_unit_test(searching),
        cmocka_unit_test(extensions_are_filtered),
        cmocka_unit_test(queues_and_their_members),
        cmocka_unit_test(devices),
        cmocka_unit_test(recording_by_rule),
        cmocka_unit_test(favorites),
        cmocka_unit_test(live_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
