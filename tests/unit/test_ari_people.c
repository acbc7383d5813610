#include "callhud/backend/asterisk/people.h"

#include "ari_server.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const noor_endpoints[] = {"PJSIP/noor-desk", "PJSIP/noor-web"};
static const struct backend_user lines[] = {
    {"101", "Noor Haddad", "Cartier", noor_endpoints, 2},
    {"reception", "Front desk", "", NULL, 0},
    {"300", "", "Sales", NULL, 0},
};

static void office(struct ari_people *people, const char *monitor, size_t lines_len)
{
    struct err err = {0};
    struct backend_config config = {
        .monitor = monitor, .dnd_device = "Custom:DND%s", .users = lines, .users_len = lines_len};
    if (ari_people_init(people, &config, &err) != RC_OK)
        fail_msg("%s", err.text);
}

static void list(struct ari_people *people, const char *const *names, size_t len, bool may_remove,
                 ari_users *gone, size_t *lacking)
{
    struct ari_endpoints endpoints = {0};
    for (size_t i = 0; i < len; i++) {
        struct ari_endpoint endpoint = {.online = ARI_ONLINE_YES};
        str_copy(endpoint.name, sizeof endpoint.name, names[i]);
        VEC_PUSH(&endpoints.list, endpoint);
    }
    *lacking = ari_people_listed(people, &endpoints, may_remove, gone);
    ari_endpoints_fini(&endpoints);
}

static void joined(const struct ari_people *people, char *to, size_t size)
{
    to[0] = '\0';
    for (size_t i = 0; i < people->users.len; i++)
        snprintf(to + strlen(to), size - strlen(to), "%s%s", i > 0 ? " " : "",
                 people->users.items[i]->extension);
}

static const char *const floor_endpoints[] = {"PJSIP/110",       "PJSIP/9",        "PJSIP/102",
                                              "PJSIP/carrier",   "PJSIP/noor-web", "PJSIP/300",
                                              "PJSIP/noor-desk", "PJSIP/1x"};

static void test_who_is_monitored(void **state)
{
    (void)state;
    static const struct {
        const char *monitor;
        size_t lines;
        const char *users;
    } cases[] = {
        {"all", 0, "9 102 110 300"},
        {"all", 3, "101 reception 300 9 102 110"},
        {"", 0, "9 102 110 300"},
        {"list", 3, "101 reception 300"},
        {"100-109", 3, "101 102"},
        {"102,300", 0, "102 300"},
        {"102, 500", 0, "102 500"}, /* a single number is there though nothing has it */
        {"100-109,300-400", 3, "101 300 102"},
        {"110 , 9", 0, "110 9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_people people;
        ari_users gone = {0};
        size_t lacking;
        char users[200];
        office(&people, cases[i].monitor, cases[i].lines);
        list(&people, floor_endpoints, 8, true, &gone, &lacking);
        joined(&people, users, sizeof users);
        assert_string_equal(users, cases[i].users);
        for (size_t k = 0; k < people.users.len; k++)
            assert_int_equal(people.users.items[k]->line, k + 1);
        assert_int_equal(gone.len, 0);
        ari_people_fini(&people);
    }
}

static void test_user_of_several_devices(void **state)
{
    (void)state;
    struct ari_people people;
    ari_users gone = {0};
    size_t lacking;
    office(&people, "list", 1);
    struct ari_user *noor = ari_people_by_endpoint(&people, "PJSIP/noor-web");
    assert_ptr_equal(noor, ari_people_by_endpoint(&people, "PJSIP/noor-desk"));
    assert_string_equal(noor->name, "Noor Haddad");
    assert_string_equal(noor->department, "Cartier");
    assert_int_equal(ari_user_presence(noor), PRESENCE_UNKNOWN);
    list(&people, floor_endpoints, 8, true, &gone, &lacking);
    assert_int_equal(lacking, 0);
    assert_int_equal(ari_user_presence(noor), PRESENCE_AVAILABLE);
    noor->dirty = 0;
    assert_ptr_equal(ari_people_endpoint(&people, "PJSIP/noor-desk", ARI_ONLINE_NO), noor);
    assert_int_equal(noor->dirty, ARI_DIRTY_DEVICES);
    assert_int_equal(ari_user_presence(noor), PRESENCE_AVAILABLE); /* one is left */
    assert_null(ari_people_endpoint(&people, "PJSIP/noor-desk", ARI_ONLINE_NO));
    ari_people_endpoint(&people, "PJSIP/noor-web", ARI_ONLINE_NO);
    assert_int_equal(ari_user_presence(noor), PRESENCE_OFFLINE); /* offline when all are */
    assert_null(ari_people_endpoint(&people, "PJSIP/noor-web", ARI_ONLINE_UNKNOWN));
    assert_null(ari_people_endpoint(&people, "PJSIP/stranger", ARI_ONLINE_NO));
    list(&people, floor_endpoints, 1, true, &gone, &lacking);
    assert_int_equal(lacking, 2);
    assert_int_equal(people.users.len, 1); /* who is configured stays */
    ari_people_fini(&people);
}

static void test_names_by_worth(void **state)
{
    (void)state;
    struct ari_people people;
    ari_users gone = {0};
    size_t lacking;
    office(&people, "all", 3);
    list(&people, floor_endpoints, 8, true, &gone, &lacking);
    struct ari_user *noor = ari_people_by_extension(&people, "101");
    assert_false(ari_user_named(noor, "Somebody", ARI_NAME_CALLER_ID));
    assert_false(ari_user_named(noor, "Somebody", ARI_NAME_DYNAMIC));
    struct ari_user *user = ari_people_by_extension(&people, "110");
    user->dirty = 0;
    assert_true(ari_user_named(user, "By caller id", ARI_NAME_CALLER_ID));
    assert_int_equal(user->dirty, ARI_DIRTY_USER);
    assert_true(ari_user_named(user, "By server", ARI_NAME_DYNAMIC));
    assert_false(ari_user_named(user, "By caller id", ARI_NAME_CALLER_ID));
    assert_false(ari_user_named(user, "", ARI_NAME_DYNAMIC));
    assert_string_equal(user->name, "By server");
    ari_people_fini(&people);
}

static void test_dnd_devices(void **state)
{
    (void)state;
    struct ari_people people;
    struct err err = {0};
    office(&people, "list", 3);
    assert_ptr_equal(ari_people_by_dnd(&people, "Custom:DND101"),
                     ari_people_by_extension(&people, "101"));
    ari_people_fini(&people);
    struct backend_config config = {
        .monitor = "list", .dnd_device = "", .users = lines, .users_len = 1};
    assert_int_equal(ari_people_init(&people, &config, &err), RC_OK);
    assert_null(people.users.items[0]->dnd_device);
    ari_people_fini(&people);
    config.dnd_device = "Custom:DND"; /* one device for all cannot be meant */
    assert_int_equal(ari_people_init(&people, &config, &err), RC_CONFIG);
    config.dnd_device = "Custom:%s/%n%s"; /* a text, not a format */
    assert_int_equal(ari_people_init(&people, &config, &err), RC_OK);
    assert_string_equal(people.users.items[0]->dnd_device, "Custom:101/%n%s");
    ari_people_fini(&people);
    assert_true(ari_dnd_from_device_state("BUSY"));
    assert_true(ari_dnd_from_device_state("INUSE"));
    assert_false(ari_dnd_from_device_state("NOT_INUSE"));
    assert_false(ari_dnd_from_device_state("UNKNOWN"));
    assert_false(ari_dnd_from_device_state("INVALID"));
    assert_int_equal(ari_online_from_device_state("UNAVAILABLE"), ARI_ONLINE_NO);
    assert_int_equal(ari_online_from_device_state("NOT_INUSE"), ARI_ONLINE_YES);
    assert_int_equal(ari_online_from_device_state("INUSE"), ARI_ONLINE_UNKNOWN);
}

static void test_configurations_that_cannot_be_right(void **state)
{
    (void)state;
    static const char *const monitors[] = {
        "some", "101-", "-5", "108-101", "1,,x", ",", "99999999999999999999", "101 to 105"};
    static const char *const bare[] = {"noor-desk"};
    static const struct backend_user no_technology[] = {{"101", "", "", bare, 1}};
    static const struct backend_user twice[] = {{"101", "", "", NULL, 0}, {"101", "", "", NULL, 0}};
    struct ari_people people;
    struct err err = {0};
    for (size_t i = 0; i < sizeof monitors / sizeof monitors[0]; i++) {
        struct backend_config config = {.monitor = monitors[i]};
        assert_int_equal(ari_people_init(&people, &config, &err), RC_CONFIG);
        assert_non_null(strstr(err.text, "101-108,201"));
    }
    struct backend_config config = {.users = no_technology, .users_len = 1};
    assert_int_equal(ari_people_init(&people, &config, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "PJSIP/noor-desk"));
    config = (struct backend_config){.users = twice, .users_len = 2};
    assert_int_equal(ari_people_init(&people, &config, &err), RC_CONFIG);
}

/* ---- the same through the backend ---- */

static void test_two_devices_in_the_backend(void **state)
{
    (void)state;
    struct ari_rig rig;
    ari_rig_init(&rig);
    ari_rig_quiet_office(&rig);
    ari_rig_answer(&rig, "endpoints", 200,
                   "[{\"technology\":\"PJSIP\",\"resource\":\"noor-desk\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"noor-web\",\"state\":\"online\"}]");
    rig.config.users = lines;
    rig.config.users_len = 1;
    ari_rig_open(&rig);
    /* the people of the configuration are there before the server has said a word */
    assert_true(ari_rig_told(&rig, "user 101 \"Noor Haddad\" \"Cartier\" line=1\n"));
    ari_rig_connect(&rig);
    assert_true(ari_rig_told(&rig, "=devices 101 PJSIP/noor-desk+ PJSIP/noor-web+\n"));
    static const char call[] =
        "{\"type\":\"ChannelStateChange\",\"timestamp\":\"2026-11-22T00:00:00.000+0000\","
        "\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/noor-web-00000001\",\"state\":\"Ringing\","
        "\"connected\":{\"name\":\"A\",\"number\":\"5\"}}}";
    ari_rig_say(&rig, call);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available ringing");
    ari_rig_fini(&rig);
}

static void test_names_from_the_servers_configuration(void **state)
{
    (void)state;
    struct ari_rig rig;
    ari_rig_init(&rig);
    ari_rig_quiet_office(&rig);
    ari_rig_answer_file(&rig, "asterisk/config/dynamic/res_pjsip/endpoint/101",
                        "endpoint-101.json");
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    assert_true(ari_rig_told(&rig, "user 101 \"Ada 101\" \"\" line=1\n"));
    ari_rig_forget(&rig);
    size_t asked = rig.asked_ws;
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    /* names are asked for once a run; who has no stored list is asked for it in three steps */
    assert_int_equal(rig.asked_ws - asked, 3 + 4 + 3);
    assert_true(ari_rig_told(&rig, "=user 101 \"Ada 101\""));
    for (size_t i = 0; i < fake_ws(&rig.fake)->sent.len; i++)
        assert_null(strstr(fake_ws(&rig.fake)->sent.items[i], "/auth/"));
    ari_rig_fini(&rig);
}

static void test_names_refused_are_not_asked_for_everybody(void **state)
{
    (void)state;
    struct ari_rig rig;
    ari_rig_init(&rig);
    ari_rig_quiet_office(&rig);
    struct buf list;
    buf_init(&list, 65536);
    for (int i = 100; i < 150; i++)
        buf_printf(&list, "%s{\"technology\":\"PJSIP\",\"resource\":\"%d\",\"state\":\"online\"}",
                   i > 100 ? "," : "[", i);
    buf_puts(&list, "]");
    ari_rig_answer(&rig, "endpoints", 200, buf_text(&list));
    buf_fini(&list);
    ari_rig_answer(&rig, "asterisk/config/*", 403, "{\"message\":\"no\"}");
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    assert_true(rig.asked_ws <= 2 + 3 + 50 + 4 + 1);
    ari_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_monitored),
        cmocka_unit_test(test_user_of_several_devices),
        cmocka_unit_test(test_names_by_worth),
        cmocka_unit_test(test_dnd_devices),
        cmocka_unit_test(test_configurations_that_cannot_be_right),
        cmocka_unit_test(test_two_devices_in_the_backend),
        cmocka_unit_test(test_names_from_the_servers_configuration),
        cmocka_unit_test(test_names_refused_are_not_asked_for_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
