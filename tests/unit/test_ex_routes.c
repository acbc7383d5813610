#include "ex_rig.h"

static const char *group_of(const struct rig *rig, const char *method, const char *path)
{
    struct ex_request request = {.method = method, .path = path};
    return ex_route_group(rig->x, &request);
}

static void every_path_has_its_throttling_group(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    static const char *const expected[][3] = {
        {"GET", ACC "/presence", "heavy"},
        {"GET", EXT "/presence", "light"},
        {"GET", ACC "/extension/1,2/presence", "light"},
        {"PUT", EXT "/presence", "medium"},
        {"GET", EXT "/presence/line", "light"},
        {"PUT", EXT "/presence/line", "medium"},
        {"GET", EXT "/presence/permission", "light"},
        {"GET", EXT "/features", "medium"},
        {"GET", EXT "/grant", "light"},
        {"GET", ACC "/directory/entries", "medium"},
        {"POST", ACC "/directory/entries/search", "heavy"},
        {"GET", ACC "/extension", "medium"},
        {"GET", EXT, "light"},
        {"GET", EXT "/device", "light"},
        {"POST", ACC "/call-monitoring-groups/1/bulk-assign", "heavy"},
        {"GET", EXT "/active-calls", "heavy"},
        {"GET", "/restapi/v1.0", ""},
        {"GET", "/restapi", ""},
        {"DELETE", EXT "/presence", ""}, /* known, but not so */
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(group_of(&rig, expected[i][0], expected[i][1]), expected[i][2]);
    assert_null(group_of(&rig, "GET", ACC "/nowhere"));
    assert_null(group_of(&rig, "GET", "/rest"));
    assert_null(group_of(&rig, "GET", ""));
    assert_null(group_of(&rig, "GET", EXT "/presence/line/1/2"));
    rig_stop(&rig);
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    rig_get(&rig, ACC "/nowhere");
    rig_is_error(&rig, 404, "CMN-120", "CMN-120");
    rig_get(&rig, "/restapi/v2/account/~");
    rig_is_error(&rig, 404, "CMN-120", "CMN-120");
    rig_ask(&rig, "DELETE", EXT "/presence", NULL);
    assert_int_equal(rig.reply.status, 405);
    assert_int_equal(rig_get(&rig, EXT "/"), 200); /* a last slash does no harm */
    rig_stop(&rig);
}

static void accounts_and_extensions_of_others_are_not_found(void **state)
{
    (void)state;
    struct rig rig;
    char path[128];
    rig_start(&rig, 3);
    snprintf(path, sizeof path, "/restapi/v1.0/account/%llu/extension/%llu",
             (unsigned long long)ex_account_id(rig.x),
             (unsigned long long)rig_user(&rig, "102")->id);
    assert_int_equal(rig_get(&rig, path), 200);
    assert_string_equal(rig_text(&rig, "extensionNumber"), "102");
    assert_int_equal(rig_get(&rig, EXT), 200);
    assert_string_equal(rig_text(&rig, "extensionNumber"), "900");
    rig_get(&rig, "/restapi/v1.0/account/123/extension/~");
    rig_is_error(&rig, 404, "CMN-102", "CMN-102");
    assert_string_equal(rig_text(&rig, "parameterName"), "accountId");
    assert_string_equal(rig_text(&rig, "errors.0.parameterName"), "accountId");
    static const char *const wrong[] = {ACC "/extension/102", ACC "/extension/abc",
                                        ACC "/extension/-1",
                                        ACC "/extension/99999999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_get(&rig, wrong[i]);
        rig_is_error(&rig, 404, "CMN-102", "CMN-102");
        assert_string_equal(rig_text(&rig, "message"),
                            "Resource for parameter [extensionId] is not found");
    }
    rig_stop(&rig);
}

static void a_body_that_is_no_json_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    rig_ask(&rig, "PUT", EXT "/presence", "{\"userStatus\":");
    rig_is_error(&rig, 400, "CMN-103", "CMN-103");
    rig_ask(&rig, "PUT", EXT "/presence", NULL);
    rig_is_error(&rig, 400, "CMN-103", "CMN-103");
    rig_stop(&rig);
}

static void a_scope_that_the_application_lacks_is_named(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    rig.scope = "ReadAccounts ReadPresenceX XReadPresence";
    rig_get(&rig, EXT "/presence");
    rig_is_error(&rig, 403, "InsufficientPermissions", "CMN-401");
    assert_string_equal(rig_text(&rig, "permissionName"), "ReadPresence");
    assert_int_equal(rig_get(&rig, EXT), 200);
    rig.scope = "EditPresence"; /* includes reading */
    assert_int_equal(rig_get(&rig, EXT "/presence"), 200);
    rig.scope = "ReadPresence";
    assert_int_equal(rig_get(&rig, EXT "/presence"), 200);
    rig_ask(&rig, "PUT", EXT "/presence", "{}");
    rig_is_error(&rig, 403, "InsufficientPermissions", "CMN-401");
    assert_int_equal(rig_get(&rig, "/restapi/v1.0"), 200);
    rig_stop(&rig);
}

static void another_extension_is_for_administrators(void **state)
{
    (void)state;
    struct rig rig;
    char path[160];
    rig_start(&rig, 3);
    static const char *const own[][3] = {
        {"PUT", "/presence", "{}"},
        {"GET", "/presence/line", NULL},
        {"PUT", "/presence/line", "[]"},
        {"GET", "/presence/permission", NULL},
        {"GET", "/grant", NULL},
        {"GET", "/device", NULL},
        {"GET", "/features", NULL},
        {"GET", "/favorite", NULL},
        {"GET", "/call-queue-presence", NULL},
        {"GET", "/active-calls", NULL},
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        rig.caller = rig_user(&rig, "101");
        snprintf(path, sizeof path, ACC "/extension/%llu%s",
                 (unsigned long long)rig_user(&rig, "102")->id, own[i][1]);
        rig_ask(&rig, own[i][0], path, own[i][2]);
        rig_is_error(&rig, 403, "CMN-404", "CMN-404");
        rig.caller = ex_supervisor(rig.x);
        assert_int_equal(rig_ask(&rig, own[i][0], path, own[i][2]), 200);
    }
    rig.caller = rig_user(&rig, "101");
    rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{\"name\":\"x\"}");
    rig_is_error(&rig, 403, "InsufficientPermissions", "CMN-408");
    assert_string_equal(rig_text(&rig, "permissionName"), "Groups");
    rig_stop(&rig);
}

static void a_queue_is_no_user(void **state)
{
    (void)state;
    struct rig rig;
    char path[160];
    rig_start(&rig, 3);
    assert_int_equal(rig_get(&rig, ACC "/call-queues"), 200);
    snprintf(path, sizeof path, ACC "/extension/%s", rig_text(&rig, "records.0.id"));
    assert_int_equal(rig_get(&rig, path), 200);
    assert_string_equal(rig_text(&rig, "type"), "Department");
    str_copy(path + strlen(path), 20, "/device");
    rig_get(&rig, path);
    rig_is_error(&rig, 403, "CMN-403", "CMN-403");
    rig_stop(&rig);
}

static void pages_and_their_links(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 25);
    assert_int_equal(rig_get(&rig, ACC "/extension?type=User&perPage=10&page=2"), 200);
    assert_int_equal(rig_len(&rig, "records"), 10);
    assert_int_equal(rig_int(&rig, "paging.page"), 2);
    assert_int_equal(rig_int(&rig, "paging.totalPages"), 3);
    assert_int_equal(rig_int(&rig, "paging.totalElements"), 26);
    assert_int_equal(rig_int(&rig, "paging.pageStart"), 10);
    assert_int_equal(rig_int(&rig, "paging.pageEnd"), 19);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "111");
    const char *next = rig_text(&rig, "navigation.nextPage.uri");
    assert_true(str_starts(next, BASE "/restapi/v1.0/account/4"));
    assert_true(str_ends(next, "/extension?page=3&perPage=10&type=User"));
    assert_true(
        str_ends(rig_text(&rig, "navigation.previousPage.uri"), "page=1&perPage=10&type=User"));
    assert_true(str_ends(rig_text(&rig, "navigation.lastPage.uri"), "page=3&perPage=10&type=User"));
    rig_get(&rig, ACC "/extension?type=User&perPage=10&page=3");
    assert_int_equal(rig_len(&rig, "records"), 6);
    assert_null(rig_at(rig.reply.body, "navigation.nextPage"));
    rig_get(&rig, ACC "/extension?type=User&perPage=10&page=4");
    assert_int_equal(rig.reply.status, 200);
    assert_int_equal(rig_len(&rig, "records"), 0);
    assert_null(rig_at(rig.reply.body, "paging.pageStart"));
    static const char *const wrong[] = {"page=0", "page=x", "perPage=0", "perPage=-1", "page="};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, ACC "/extension?%s", wrong[i]);
        rig_get(&rig, path);
        rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    }
    rig_get(&rig, ACC "/extension?perPage=5000");
    assert_int_equal(rig_int(&rig, "paging.perPage"), 1000);
    rig_stop(&rig);
}

static void versions_and_the_account(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 1);
    assert_int_equal(rig_get(&rig, "/restapi/v1.0"), 200);
    assert_string_equal(rig_text(&rig, "uriString"), "v1.0");
    assert_int_equal(rig_get(&rig, "/restapi"), 200);
    assert_string_equal(rig_text(&rig, "apiVersions.0.uriString"), "v1.0");
    assert_int_equal(rig_get(&rig, ACC), 200);
    assert_int_equal(rig_int(&rig, "id"), ex_account_id(rig.x));
    assert_string_equal(rig_text(&rig, "status"), "Confirmed");
    assert_int_equal(rig_get(&rig, ACC "/service-info"), 200);
    assert_string_not_equal(rig_text(&rig, "brand.id"), "");
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_has_its_throttling_group),
        cmocka_unit_test(unknown_paths_and_methods_are_told_apart),
        cmocka_unit_test(accounts_and_extensions_of_others_are_not_found),
        cmocka_unit_test(a_body_that_is_no_json_is_refused),
        cmocka_unit_test(a_scope_that_the_application_lacks_is_named),
        cmocka_unit_test(another_extension_is_for_administrators),
        cmocka_unit_test(a_queue_is_no_user),
        cmocka_unit_test(pages_and_their_links),
        cmocka_unit_test(versions_and_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
