#include "ex_rig.h"

static unsigned long long id_of(const struct rig *rig, const char *extension)
{
    return rig_user(rig, extension)->id;
}

static void picking_up_needs_the_owner_the_line_and_the_list(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 150);
    struct ex_user *me = rig.caller, *owner = rig_user(&rig, "101");
    assert_true(ex_may_pick_up(rig.x, me, owner));
    assert_false(ex_may_pick_up(rig.x, me, me));
    assert_false(ex_may_pick_up(rig.x, owner, me));
    assert_false(ex_may_pick_up(rig.x, me, rig_user(&rig, "250"))); /* beyond the hundred lines */
    owner->shares_presence = false;
    assert_false(ex_may_pick_up(rig.x, me, owner));
    owner->shares_presence = true;
    owner->permitted.len = 0;
    assert_false(ex_may_pick_up(rig.x, me, owner));
    rig_stop(&rig);
}

static void the_table_of_the_two_settings(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    for (int locks = 0; locks < 2; locks++) {
        for (int ring = 0; ring < 2; ring++) {
            for (int pick = 0; pick < 2; pick++) {
                ex_switch_set(rig.x, "ring-locks-hold", locks);
                rig.caller->ring_on_monitored_call = ring;
                rig.caller->pick_up_calls_on_hold = pick;
                assert_int_equal(ex_may_take_held(rig.x, rig.caller), pick && !(ring && locks));
            }
        }
    }
    rig_stop(&rig);
}

static void monitoring_needs_a_group(void **state)
{
    (void)state;
    struct rig rig;
    char path[160], body[300];
    rig_start(&rig, 4);
    struct ex_user *me = rig.caller, *one = rig_user(&rig, "101"), *two = rig_user(&rig, "102");
    assert_true(ex_may_monitor(rig.x, me, one));
    assert_false(ex_may_monitor(rig.x, me, me));
    assert_false(ex_may_monitor(rig.x, one, me));
    assert_false(ex_may_monitor(rig.x, one, two));
    assert_int_equal(rig_get(&rig, ACC "/call-monitoring-groups"), 200);
    assert_int_equal(rig_len(&rig, "records"), 1);
    snprintf(path, sizeof path, ACC "/call-monitoring-groups/%s/members",
             rig_text(&rig, "records.0.id"));
    assert_int_equal(rig_get(&rig, path), 200);
    assert_int_equal(rig_len(&rig, "records"), 5);
    assert_string_equal(rig_text(&rig, "records.0.extensionNumber"), "900");
    assert_string_equal(rig_text(&rig, "records.0.permissions.0"), "Monitoring");
    assert_string_equal(rig_text(&rig, "records.1.permissions.0"), "Monitored");

    str_copy(strrchr(path, '/'), 20, "/bulk-assign");
    snprintf(body, sizeof body,
             "{\"updatedExtensions\":[{\"id\":\"%llu\",\"permissions\":[\"Monitoring\","
             "\"Monitored\"]}],\"removedExtensions\":[{\"id\":\"%llu\"}]}",
             id_of(&rig, "101"), id_of(&rig, "102"));
    assert_int_equal(rig_ask(&rig, "POST", path, body), 204);
    assert_null(rig.reply.body);
    assert_true(ex_may_monitor(rig.x, one, rig_user(&rig, "103")));
    assert_true(ex_may_monitor(rig.x, me, one));
    assert_false(ex_may_monitor(rig.x, me, two));
    assert_int_equal(rig_count(&rig, EX_EVENT_GRANT), 1);
    snprintf(body, sizeof body,
             "{\"addedExtensions\":[{\"id\":\"%llu\",\"permissions\":[\"Monitored\"]}]}",
             id_of(&rig, "102"));
    assert_int_equal(rig_ask(&rig, "POST", path, body), 204);
    assert_true(ex_may_monitor(rig.x, me, two));
    assert_true(ex_may_monitor(rig.x, me, rig_user(&rig, "103")));
    str_copy(strrchr(path, '/'), 20, "/members");
    rig_get(&rig, path);
    assert_int_equal(rig_len(&rig, "records"), 5);
    static const char *const order[] = {"900", "101", "102", "103", "104"};
    for (size_t i = 0; i < 5; i++) {
        char at[40];
        snprintf(at, sizeof at, "records.%zu.extensionNumber", i);
        assert_string_equal(rig_text(&rig, at), order[i]);
    }
    str_copy(strrchr(path, '/'), 20, "/bulk-assign");
    snprintf(body, sizeof body,
             "{\"updatedExtensions\":[{\"id\":\"%llu\",\"permissions\":[\"Monitoring\"]}]}",
             id_of(&rig, "103"));
    assert_int_equal(rig_ask(&rig, "POST", path, body), 204);
    assert_false(ex_may_monitor(rig.x, me, rig_user(&rig, "103"))); /* in it, but not monitored */
    rig_stop(&rig);
}

static void an_assignment_is_carried_out_whole_or_not_at_all(void **state)
{
    (void)state;
    struct rig rig;
    char path[160], body[400];
    rig_start(&rig, 4);
    rig_get(&rig, ACC "/call-monitoring-groups");
    snprintf(path, sizeof path, ACC "/call-monitoring-groups/%s/bulk-assign",
             rig_text(&rig, "records.0.id"));
    static const char *const wrong[] = {
        "{\"id\":\"5\",\"permissions\":[\"Monitored\"]}", "{\"permissions\":[\"Monitored\"]}",
        "{\"id\":\"%llu\",\"permissions\":[]}", "{\"id\":\"%llu\",\"permissions\":[\"Other\"]}",
        "{\"id\":\"%llu\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(body, sizeof body,
                 "{\"removedExtensions\":[{\"id\":\"%llu\"}],\"addedExtensions\":[",
                 id_of(&rig, "101"));
        size_t at = strlen(body);
        const char *hole = strstr(wrong[i], "%llu");
        if (hole)
            snprintf(body + at, sizeof body - at, "%.*s%llu%s]}", (int)(hole - wrong[i]), wrong[i],
                     id_of(&rig, "102"), hole + 4);
        else
            snprintf(body + at, sizeof body - at, "%s]}", wrong[i]);
        assert_int_equal(rig_ask(&rig, "POST", path, body), 400);
        assert_true(ex_may_monitor(rig.x, rig.caller, rig_user(&rig, "101")));
    }
    snprintf(body, sizeof body,
             "{\"addedExtensions\":[{\"id\":\"%llu\",\"permissions\":[\"Monitoring\"]}],"
             "\"removedExtensions\":[{\"id\":\"5\"}]}",
             id_of(&rig, "101"));
    assert_int_equal(rig_ask(&rig, "POST", path, body), 400);
    assert_false(ex_may_monitor(rig.x, rig_user(&rig, "101"), rig_user(&rig, "102")));
    rig_stop(&rig);
}

static void groups_are_made_named_and_deleted(void **state)
{
    (void)state;
    struct rig rig;
    char path[160], other[160];
    rig_start(&rig, 2);
    assert_int_equal(rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{\"name\":\"Night\"}"),
                     200);
    snprintf(path, sizeof path, ACC "/call-monitoring-groups/%s", rig_text(&rig, "id"));
    rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{\"name\":\"Night\"}");
    rig_is_error(&rig, 400, "CMN-406", "CMN-406");
    rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{}");
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    assert_int_equal(rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{\"name\":\"Day\"}"),
                     200);
    snprintf(other, sizeof other, ACC "/call-monitoring-groups/%s", rig_text(&rig, "id"));
    assert_string_not_equal(path, other);
    assert_int_equal(rig_ask(&rig, "PUT", path, "{\"name\":\"Late\"}"), 200);
    assert_string_equal(rig_text(&rig, "name"), "Late");
    rig_ask(&rig, "PUT", path, "{\"name\":\"Day\"}");
    rig_is_error(&rig, 400, "CMN-406", "CMN-406");
    json_array_clear(rig.events);
    assert_int_equal(rig_ask(&rig, "DELETE", path, NULL), 204);
    assert_int_equal(rig_count(&rig, EX_EVENT_GRANT), 1);
    rig_ask(&rig, "DELETE", path, NULL);
    rig_is_error(&rig, 404, "CMN-102", "CMN-102");
    rig_get(&rig, ACC "/call-monitoring-groups?memberExtensionId=~");
    assert_int_equal(rig_len(&rig, "records"), 1);
    rig_get(&rig, ACC "/call-monitoring-groups");
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_get(&rig, ACC "/call-monitoring-groups?siteId=elsewhere");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_stop(&rig);
}

static void the_grant_is_what_others_allow(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 4);
    rig_user(&rig, "102")->permitted.len = 0;
    rig_user(&rig, "103")->shares_presence = false;
    assert_int_equal(rig_get(&rig, EXT "/grant?perPage=max"), 200);
    assert_int_equal(rig_len(&rig, "records"), 4); /* not oneself */
    assert_string_equal(rig_text(&rig, "records.0.extension.extensionNumber"), "101");
    assert_string_equal(rig_text(&rig, "records.0.extension.name"), "Noor Haddad");
    assert_true(json_is_true(rig_at(rig.reply.body, "records.0.callPickup")));
    assert_true(json_is_true(rig_at(rig.reply.body, "records.0.callMonitoring")));
    assert_true(json_is_false(rig_at(rig.reply.body, "records.1.callPickup")));
    assert_true(json_is_false(rig_at(rig.reply.body, "records.2.callPickup")));
    assert_true(json_is_false(rig_at(rig.reply.body, "records.0.sharedVoicemails")));
    rig.caller = rig_user(&rig, "102"); /* in the middle of the list */
    rig_get(&rig, EXT "/grant");
    assert_int_equal(rig_len(&rig, "records"), 4);
    assert_string_equal(rig_text(&rig, "records.0.extension.extensionNumber"), "101");
    assert_string_equal(rig_text(&rig, "records.1.extension.extensionNumber"), "103");
    assert_true(json_is_false(rig_at(rig.reply.body, "records.0.callMonitoring")));
    rig_stop(&rig);
}

static void the_permission_list_is_replaced(void **state)
{
    (void)state;
    struct rig rig;
    char body[300];
    rig_start(&rig, 4);
    snprintf(body, sizeof body,
             "{\"extensions\":[{\"id\":\"%llu\"},{\"id\":\"%llu\"},{\"id\":\"%llu\"}]}",
             id_of(&rig, "103"), id_of(&rig, "101"), id_of(&rig, "103"));
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence/permission", body), 200);
    assert_int_equal(rig_len(&rig, "extensions"), 2);
    assert_string_equal(rig_text(&rig, "extensions.0.extensionNumber"), "103");
    assert_int_equal(rig_count(&rig, EX_EVENT_GRANT), 1);
    assert_int_equal(rig_get(&rig, EXT "/presence/permission"), 200);
    assert_int_equal(rig_len(&rig, "records"), 2);
    assert_null(rig_at(rig.reply.body, "extensions"));
    snprintf(body, sizeof body, "{\"records\":[{\"id\":\"%llu\"}]}", id_of(&rig, "103"));
    rig_ask(&rig, "PUT", EXT "/presence/permission", body);
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    snprintf(body, sizeof body, "{\"extensions\":[{\"id\":\"%llu\"}]}", id_of(&rig, "900"));
    rig_ask(&rig, "PUT", EXT "/presence/permission", body);
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101"); /* oneself */
    rig_ask(&rig, "PUT", EXT "/presence/permission", "{\"extensions\":[{\"id\":\"17\"}]}");
    rig_is_error(&rig, 400, "CMN-102", "CMN-102");
    rig_get(&rig, EXT "/presence/permission");
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_ask(&rig, "PUT", EXT "/presence/permission", "{\"extensions\":[]}");
    rig_get(&rig, EXT "/presence/permission");
    assert_int_equal(rig_len(&rig, "records"), 0);
    rig_stop(&rig);
}

static void features_follow_the_role(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 4);
    const char *path = EXT "/features?featureId=HUD&featureId=EditBlfSettings&featureId="
                           "CallMonitoring&featureId=EditCallMonitoringGroups";
    assert_int_equal(rig_get(&rig, path), 200);
    assert_int_equal(rig_len(&rig, "records"), 4);
    assert_string_equal(rig_text(&rig, "records.0.id"), "HUD");
    assert_string_equal(rig_text(&rig, "records.0.params.0.name"), "limitMax");
    assert_string_equal(rig_text(&rig, "records.0.params.0.value"), "100");
    for (int i = 0; i < 4; i++) {
        char at[40];
        snprintf(at, sizeof at, "records.%d.available", i);
        assert_true(json_is_true(rig_at(rig.reply.body, at)));
    }
    rig.caller = rig_user(&rig, "101");
    rig_get(&rig, path);
    assert_true(json_is_true(rig_at(rig.reply.body, "records.0.available")));
    assert_true(json_is_false(rig_at(rig.reply.body, "records.2.available")));
    assert_string_equal(rig_text(&rig, "records.2.reason.code"), "InsufficientPermissions");
    assert_true(json_is_false(rig_at(rig.reply.body, "records.3.available")));
    rig_get(&rig, EXT "/features?availableOnly=true");
    size_t i;
    const json_t *record;
    assert_true(rig_len(&rig, "records") > 5);
    json_array_foreach(rig_at(rig.reply.body, "records"), i, record)
        assert_true(json_is_true(json_object_get(record, "available")));
    rig_get(&rig, EXT "/features?featureId=HUD,BLF");
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picking_up_needs_the_owner_the_line_and_the_list),
        cmocka_unit_test(the_table_of_the_two_settings),
        cmocka_unit_test(monitoring_needs_a_group),
        cmocka_unit_test(an_assignment_is_carried_out_whole_or_not_at_all),
        cmocka_unit_test(groups_are_made_named_and_deleted),
        cmocka_unit_test(the_grant_is_what_others_allow),
        cmocka_unit_test(the_permission_list_is_replaced),
        cmocka_unit_test(features_follow_the_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
