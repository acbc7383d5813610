/* What a desk is told: the list, its news, who is monitored by it, people, phones and settings. */
#include "list_server.h"

#include "callhud/backend/asterisk/desk.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct desk {
    struct ari_rig rig;
    struct list_server server;
    unsigned count;
    enum rc rc;
    char text[400];
    struct buf said; /* of the last answer, a line per item */
    struct desk_settings settings;
};

static void on_answer(void *self, const struct desk_answer *answer)
{
    struct desk *desk = self;
    desk->count++;
    desk->rc = answer->rc;
    str_copy(desk->text, sizeof desk->text, answer->text);
    buf_reset(&desk->said);
    for (size_t i = 0; i < answer->lines_len; i++)
        buf_printf(&desk->said, "%s %s \"%s\"\n", answer->lines[i].id, answer->lines[i].extension,
                   answer->lines[i].name);
    for (size_t i = 0; i < answer->people_len; i++)
        buf_printf(&desk->said, "%s \"%s\" \"%s\"%s\n", answer->people[i].extension,
                   answer->people[i].name, answer->people[i].department,
                   answer->people[i].is_listable ? "" : " not listable");
    for (size_t i = 0; i < answer->phones_len; i++)
        buf_printf(&desk->said, "%s%s%s%s%s\n", answer->phones[i].name,
                   answer->phones[i].is_online ? " online" : "",
                   answer->phones[i].is_in_call ? " in a call" : "",
                   answer->phones[i].shows_presence ? " shows" : "",
                   answer->phones[i].restarts ? " restarts" : "");
    desk->settings = answer->settings;
    if (answer->rc == RC_OK && answer->lines_len > 0)
        assert_int_equal(answer->limit, ARI_LIST_LINES_MAX);
}

static void prepare(struct desk *desk, const char *stored)
{
    memset(desk, 0, sizeof *desk);
    buf_init(&desk->said, 1 << 20);
    ari_rig_init(&desk->rig);
    ari_rig_use_ledger(&desk->rig);
    ari_rig_quiet_office(&desk->rig);
    list_server_init(&desk->server, &desk->rig);
    if (stored != NULL)
        list_server_put(&desk->server, "hud-104", stored);
}

static void open_desk(struct desk *desk)
{
    ari_rig_open(&desk->rig);
    list_server_settle(&desk->server, 1000);
    assert_true(ari_rig_count(&desk->rig, "done") >= 1);
}

static void start(struct desk *desk, const char *stored)
{
    prepare(desk, stored);
    open_desk(desk);
}

static void stop(struct desk *desk)
{
    ari_rig_fini(&desk->rig);
    list_server_fini(&desk->server);
    buf_fini(&desk->said);
}

static const char *ask(struct desk *desk, enum desk_kind kind, const char *extension)
{
    struct desk_question question = {.kind = kind, .extension = extension};
    unsigned count = desk->count;
    backend_find("asterisk")->desk(desk->rig.backend, &question, on_answer, desk);
    assert_int_equal(desk->count, count); /* never before it returns */
    ari_rig_serve(&desk->rig);
    assert_int_equal(desk->count, count + 1);
    return buf_text(&desk->said);
}

static void say_device(struct desk *desk, const char *name, const char *state)
{
    char frame[300];
    snprintf(
        frame, sizeof frame,
        "{\"type\":\"DeviceStateChanged\",\"device_state\":{\"name\":\"%s\",\"state\":\"%s\"}}",
        name, state);
    ari_rig_say(&desk->rig, frame);
}

static void say_lock_gone(struct desk *desk, const char *extension)
{
    char frame[300];
    snprintf(frame, sizeof frame,
             "{\"type\":\"BridgeDestroyed\",\"timestamp\":\"2026-11-22T00:00:00.000+0000\","
             "\"bridge\":{\"id\":\"callhud-list-%s\",\"technology\":\"holding_bridge\","
             "\"bridge_type\":\"holding\",\"bridge_class\":\"stasis\",\"creator\":\"Stasis\","
             "\"name\":\"x\",\"channels\":[]}}",
             extension);
    ari_rig_say(&desk->rig, frame);
}

struct lined {
    char extension[40];
    unsigned line; /* 0: gone */
    bool is_named; /* by the snapshot */
};

static struct lined *lined_of(struct lined *all, const char *extension)
{
    size_t i = 0;
    while (all[i].extension[0] != '\0' && !str_eq(all[i].extension, extension))
        i++;
    assert_true(i < 63);
    str_copy(all[i].extension, sizeof all[i].extension, extension);
    return &all[i];
}

/* The users the model has, as "LINE:EXTENSION", in the order of their lines. */
static const char *order(const struct desk *desk)
{
    static char text[400];
    struct lined all[64] = {0};
    char *copy = mem_dup(buf_text(&desk->rig.log)), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char extension[40] = "";
        const char *at = line + (line[0] == '=');
        const char *number = strstr(at, " line=");
        for (int i = 0; i < 64; i++) {
            if (str_eq(line, "asked"))
                all[i].is_named = false;
            else if (str_eq(line, "done") && !all[i].is_named)
                all[i].line = 0; /* what a snapshot does not name is gone */
        }
        if (sscanf(at, "user %39s", extension) == 1 && number != NULL) {
            assert_int_equal(sscanf(number, " line=%u", &lined_of(all, extension)->line), 1);
            lined_of(all, extension)->is_named = true;
        } else if (sscanf(at, "gone %39s", extension) == 1)
            lined_of(all, extension)->line = 0;
    }
    mem_free(copy);
    text[0] = '\0';
    for (unsigned line = 1; line < 64; line++)
        for (int i = 0; i < 64; i++)
            if (all[i].line == line)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u:%.39s",
                         text[0] != '\0' ? " " : "", line, all[i].extension);
    return text;
}

/* ---- reading ---- */

static void test_read(void **state)
{
    (void)state;
    struct desk desk;
    static const struct backend_user users[] = {{"102", "Rana Aziz", "Cartier", NULL, 0}};
    prepare(&desk, "103,102,999");
    desk.rig.config.users = users;
    desk.rig.config.users_len = 1;
    open_desk(&desk);
    list_server_put(&desk.server, "hud-105", "101");
    assert_string_equal(ask(&desk, DESK_LIST, NULL),
                        "1 103 \"\"\n2 102 \"Rana Aziz\"\n3 999 \"\"\n");
    assert_int_equal(desk.rc, RC_OK);
    assert_string_equal(ask(&desk, DESK_LIST, "105"), "1 101 \"\"\n");
    assert_string_equal(ask(&desk, DESK_LIST, "107"), ""); /* none is an empty one */
    assert_int_equal(desk.rc, RC_OK);
    assert_int_equal(desk.server.writes, 0);
    stop(&desk);
}

static void test_whose_desk(void **state)
{
    (void)state;
    static const char *const endpoints[] = {"PJSIP/noor-desk", "PJSIP/noor-web"};
    static const struct backend_user users[] = {{"120", "Noor", "", endpoints, 2}};
    struct desk desk;
    prepare(&desk, NULL);
    list_server_put(&desk.server, "hud-120", "101");
    desk.rig.config.users = users;
    desk.rig.config.users_len = 1;
    desk.rig.config.monitor = "101-104"; /* the supervisor is not on the floor */
    desk.rig.config.phone = "PJSIP/noor-web";
    open_desk(&desk);
    assert_string_equal(ask(&desk, DESK_LIST, NULL), "1 101 \"\"\n");
    stop(&desk);

    prepare(&desk, NULL);
    desk.rig.config.phone = "";
    open_desk(&desk);
    ask(&desk, DESK_LIST, NULL);
    assert_int_equal(desk.rc, RC_DENIED);
    assert_non_null(strstr(desk.text, "phone = PJSIP/EXT"));
    ask(&desk, DESK_LIST, "104");
    assert_int_equal(desk.rc, RC_OK);
    stop(&desk);
}

static void test_trouble_with_reading(void **state)
{
    (void)state;
    static const struct {
        enum list_fault fault;
        enum rc rc;
    } troubles[] = {{FAULT_500, RC_REFUSED}, {FAULT_403, RC_DENIED}, {FAULT_LINK, RC_UNREACHABLE}};
    for (size_t i = 0; i < 3; i++) {
        struct desk desk;
        start(&desk, "101");
        desk.server.fault = troubles[i].fault;
        desk.server.fault_at = desk.server.requests + 1;
        ask(&desk, DESK_LIST, NULL);
        assert_int_equal(desk.rc, troubles[i].rc);
        assert_true(desk.text[0] != '\0');
        stop(&desk);
    }
}

static void test_it_can_be_forgotten(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    for (int kind = DESK_PEOPLE; kind <= DESK_SETTINGS_WRITE; kind++) {
        struct desk_settings settings = {.has = DESK_HAS_SHARE};
        struct desk_question question = {.kind = (enum desk_kind)kind, .settings = &settings};
        backend_find("asterisk")->desk(desk.rig.backend, &question, on_answer, &desk);
        backend_find("asterisk")->desk_forget(desk.rig.backend, &desk);
    }
    list_server_settle(&desk.server, 2000);
    assert_int_equal(desk.count, 0);
    stop(&desk);
}

static void forgetting(void *self, const struct desk_answer *answer)
{
    struct desk *desk = self;
    on_answer(desk, answer);
    backend_find("asterisk")->desk_forget(desk->rig.backend, desk);
}

static void test_forgotten_by_its_own_answer(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    for (int kind = DESK_PEOPLE; kind <= DESK_SETTINGS; kind++) {
        struct desk_line line = {.id = "", .user_id = "102", .extension = "102", .name = ""};
        struct desk_question question = {.kind = (enum desk_kind)kind, .lines = &line};
        desk.count = 0;
        question.lines_len = 1;
        for (int i = 0; i < 2; i++)
            backend_find("asterisk")->desk(desk.rig.backend, &question, forgetting, &desk);
        list_server_settle(&desk.server, 1000);
        assert_int_equal(desk.count, 1); /* the second one was forgotten as well */
    }
    stop(&desk);
}

/* ---- news ---- */

static void test_a_change_elsewhere(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    assert_string_equal(order(&desk), "1:101 2:102 3:103 4:104");
    list_server_put(&desk.server, "hud-104", "104,102");
    say_device(&desk, "Stasis:blf-104", "INUSE");
    say_lock_gone(&desk, "104");
    say_device(&desk, "Stasis:blf-105", "INUSE"); /* of somebody else */
    list_server_settle(&desk.server, 500);
    assert_int_equal(ari_rig_count(&desk.rig, "desk 104 list"), 1);
    assert_int_equal(ari_rig_count(&desk.rig, "desk "), 1);
    assert_string_equal(order(&desk), "1:104 2:102 3:101 4:103");
    size_t requests = desk.server.requests;
    list_server_settle(&desk.server, 5000);
    assert_int_equal(desk.server.requests, requests); /* and that is that */
    say_device(&desk, "Stasis:blf-104", "NOT_INUSE"); /* nothing has changed */
    list_server_settle(&desk.server, 500);
    assert_int_equal(ari_rig_count(&desk.rig, "desk "), 1);
    assert_true(desk.server.requests <= requests + 1);
    stop(&desk);
}

static void test_the_device_is_heard(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    const char *url = strstr(fake_ws(&desk.rig.fake)->url, "?app=") + 5;
    char app[200];
    snprintf(app, sizeof app, "%.*s", (int)strcspn(url, "&"), url);
    const struct ari_rig_app *known = ari_rig_app(&desk.rig, app);
    assert_non_null(known);
    bool is_heard = false;
    for (size_t i = 0; i < known->devices.len; i++)
        is_heard |= str_eq(known->devices.items[i], "Stasis:blf-104");
    assert_true(is_heard);
    stop(&desk);
}

static void test_a_list_that_was_asked_for_is_watched(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, NULL);
    ask(&desk, DESK_LIST, "105");
    list_server_put(&desk.server, "hud-105", "101");
    say_lock_gone(&desk, "105");
    list_server_settle(&desk.server, 500);
    assert_int_equal(ari_rig_count(&desk.rig, "desk 105 list"), 1);
    stop(&desk);
}

static void test_changed_while_away(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    fake_ws_fail(fake_ws(&desk.rig.fake), RC_UNREACHABLE, -1, "gone");
    list_server_put(&desk.server, "hud-104", "103");
    list_server_settle(&desk.server, 3000);
    assert_int_equal(ari_rig_count(&desk.rig, "desk 104 list"), 1);
    assert_string_equal(order(&desk), "1:103 2:101 3:102 4:104");
    stop(&desk);
}

static void test_a_lost_notice_is_made_up_for(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    list_server_put(&desk.server, "hud-104", "103");
    backend_find("asterisk")->resync(desk.rig.backend);
    list_server_settle(&desk.server, 500);
    assert_int_equal(ari_rig_count(&desk.rig, "desk 104 list"), 1);
    stop(&desk);
}

/* ---- monitor = list ---- */

static const char *const noor_endpoints[] = {"PJSIP/103"};
static const struct backend_user floor_users[] = {
    {"102", "Rana", "Cartier", NULL, 0},
    {"101", "", "", NULL, 0},
    {"300", "Noor", "", noor_endpoints, 1},
};

static void list_floor(struct desk *desk, const char *stored)
{
    prepare(desk, stored);
    desk->rig.config.monitor = "list";
    desk->rig.config.users = floor_users;
    desk->rig.config.users_len = 3;
}

static void test_the_stored_list_decides(void **state)
{
    (void)state;
    struct desk desk;
    list_floor(&desk, "300,104,101,555");
    open_desk(&desk);
    assert_string_equal(order(&desk), "1:300 2:104 3:101 4:555");
    assert_true(ari_rig_told(&desk.rig, "=user 300 \"Noor\" \"\" line=1"));
    assert_string_equal(ari_rig_lamp(&desk.rig, "104"), "available");
    assert_string_equal(ari_rig_lamp(&desk.rig, "555"), "offline");
    list_server_put(&desk.server, "hud-104", "102,300");
    say_device(&desk, "Stasis:blf-104", "INUSE");
    list_server_settle(&desk.server, 1000);
    assert_string_equal(order(&desk), "1:102 2:300");
    assert_true(ari_rig_told(&desk.rig, "=user 102 \"Rana\" \"Cartier\" line=1"));
    assert_string_equal(ari_rig_lamp(&desk.rig, "102"), "available");
    desk.server.lists.len = 0; /* no list any more: the configuration decides */
    say_device(&desk, "Stasis:blf-104", "NOT_INUSE");
    list_server_settle(&desk.server, 1000);
    assert_string_equal(order(&desk), "1:102 2:101 3:300");
    stop(&desk);
}

static void test_without_a_stored_list_the_configuration(void **state)
{
    (void)state;
    struct desk desk;
    list_floor(&desk, NULL);
    open_desk(&desk);
    assert_string_equal(order(&desk), "1:102 2:101 3:300");
    assert_int_equal(ari_rig_count(&desk.rig, "gone "), 0);
    stop(&desk);
}

static void test_a_list_that_does_not_come_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct desk desk;
    list_floor(&desk, "104");
    desk.server.fault = FAULT_SILENT;
    desk.server.fault_at = 1;
    ari_rig_open(&desk.rig);
    list_server_settle(&desk.server, 1500);
    assert_int_equal(ari_rig_count(&desk.rig, "done"), 0);
    list_server_settle(&desk.server, 1000);
    assert_int_equal(ari_rig_count(&desk.rig, "done"), 1);
    assert_string_equal(order(&desk), "1:102 2:101 3:300");
    list_server_put(&desk.server, "hud-104", "104,101");
    say_lock_gone(&desk, "104");
    list_server_settle(&desk.server, 1000);
    assert_string_equal(order(&desk), "1:104 2:101");
    stop(&desk);
}

static void test_one_snapshot_knows_the_list(void **state)
{
    (void)state;
    static const char *const monitors[] = {"all", "list"};
    for (int i = 0; i < 2; i++) {
        struct desk desk;
        prepare(&desk, "103,101");
        desk.rig.config.monitor = monitors[i];
        desk.rig.config.is_once = true;
        open_desk(&desk);
        assert_int_equal(ari_rig_count(&desk.rig, "done"), 1);
        assert_string_equal(order(&desk), i == 0 ? "1:103 2:101 3:102 4:104" : "1:103 2:101");
        stop(&desk);
    }
}

static void test_a_call_goes_on_while_the_list_changes(void **state)
{
    (void)state;
    struct desk desk;
    list_floor(&desk, "101,104");
    open_desk(&desk);
    static const char call[] =
        "{\"type\":\"ChannelStateChange\",\"timestamp\":\"2026-11-22T00:00:00.000+0000\","
        "\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/102-00000001\",\"state\":\"Ringing\","
        "\"connected\":{\"name\":\"A\",\"number\":\"5\"}}}";
    static const char listed[] =
        "[{\"id\":\"1\",\"name\":\"PJSIP/102-00000001\",\"state\":\"Ringing\","
        "\"connected\":{\"name\":\"A\",\"number\":\"5\"}}]";
    ari_rig_say(&desk.rig, call); /* of nobody who is monitored */
    ari_rig_answer(&desk.rig, "channels", 200, listed);
    list_server_put(&desk.server, "hud-104", "102");
    say_device(&desk, "Stasis:blf-104", "INUSE");
    list_server_settle(&desk.server, 1000);
    assert_string_equal(order(&desk), "1:102");
    assert_string_equal(ari_rig_lamp(&desk.rig, "102"), "ringing");
    stop(&desk);
}

/* ---- people ---- */

static void test_people(void **state)
{
    (void)state;
    struct desk desk;
    list_floor(&desk, "101");
    ari_rig_answer(&desk.rig, "endpoints", 200,
                   "[{\"technology\":\"PJSIP\",\"resource\":\"1001\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"103\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"102\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"trunk\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"104\",\"state\":\"offline\"}]");
    ari_rig_answer(&desk.rig, "asterisk/config/dynamic/res_pjsip/endpoint/104", 200,
                   "[{\"attribute\":\"callerid\",\"value\":\"\\\"Dmitri\\\" <104>\"}]");
    open_desk(&desk);
    const char *people = ask(&desk, DESK_PEOPLE, NULL);
    assert_int_equal(desk.rc, RC_OK);
    assert_string_equal(people, "102 \"Rana\" \"Cartier\"\n"
                                "101 \"\" \"\"\n"
                                "300 \"Noor\" \"\"\n" /* 103 is a phone of hers */
                                "104 \"Dmitri\" \"\"\n"
                                "1001 \"\" \"\"\n");
    size_t asked = ari_rig_asked(&desk.rig, "GET asterisk/config/dynamic/res_pjsip/endpoint/104");
    ask(&desk, DESK_PEOPLE, "105");
    assert_int_equal(ari_rig_asked(&desk.rig, "GET asterisk/config/dynamic/res_pjsip/endpoint/104"),
                     asked); /* known by now */
    stop(&desk);
}

static void test_people_of_a_server_that_names_nobody(void **state)
{
    (void)state;
    struct desk desk;
    struct buf list;
    buf_init(&list, 1 << 16);
    for (int i = 0; i < 300; i++)
        buf_printf(&list, "%s{\"technology\":\"PJSIP\",\"resource\":\"%d\",\"state\":\"online\"}",
                   i > 0 ? "," : "[", 1000 + i);
    buf_puts(&list, "]");
    list_floor(&desk, NULL);
    ari_rig_answer(&desk.rig, "endpoints", 200, buf_text(&list));
    ari_rig_answer(&desk.rig, "asterisk/config/dynamic/res_pjsip/endpoint/*", 403, "{}");
    open_desk(&desk);
    ari_rig_forget(&desk.rig);
    ask(&desk, DESK_PEOPLE, NULL);
    assert_int_equal(desk.rc, RC_OK);
    assert_in_range(ari_rig_asked(&desk.rig, "GET asterisk/config"), 1, ARI_DESK_PARALLEL);
    ari_rig_answer(&desk.rig, "endpoints", 500, "{\"message\":\"trouble\"}");
    ask(&desk, DESK_PEOPLE, NULL);
    assert_int_equal(desk.rc, RC_FAILED);
    buf_fini(&list);
    stop(&desk);
}

/* ---- phones ---- */

static void test_phones(void **state)
{
    (void)state;
    static const char *const endpoints[] = {"PJSIP/101", "PJSIP/102", "PJSIP/away"};
    static const struct backend_user users[] = {{"500", "Ana", "", endpoints, 3}};
    struct desk desk;
    prepare(&desk, NULL);
    desk.rig.config.users = users;
    desk.rig.config.users_len = 1;
    ari_rig_answer(&desk.rig, "asterisk/config/dynamic/res_pjsip/endpoint/102", 200,
                   "[{\"attribute\":\"allow_subscribe\",\"value\":\"false\"}]");
    open_desk(&desk);
    ari_rig_say(&desk.rig,
                "{\"type\":\"ChannelStateChange\",\"timestamp\":\"2026-11-22T00:00:00.000+0000\","
                "\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/101-00000001\",\"state\":\"Up\"}}");
    assert_string_equal(ask(&desk, DESK_PHONES, "500"),
                        "PJSIP/101 online in a call shows\nPJSIP/102 online\nPJSIP/away shows\n");
    assert_string_equal(ask(&desk, DESK_PHONES, NULL), "PJSIP/104 online shows\n");
    ask(&desk, DESK_PHONES, "777");
    assert_int_equal(desk.rc, RC_NOT_FOUND);
    assert_non_null(strstr(desk.text, "777"));
    stop(&desk);
}

/* ---- settings ---- */

static void test_settings(void **state)
{
    (void)state;
    struct desk desk;
    prepare(&desk, NULL);
    desk.rig.config.settings.pick_up_held_lines = true;
    open_desk(&desk);
    ask(&desk, DESK_SETTINGS, NULL);
    assert_int_equal(desk.rc, RC_OK);
    assert_int_equal(desk.settings.has, DESK_HAS_RING | DESK_HAS_PICKUP);
    assert_false(desk.settings.rings_when_monitored);
    assert_true(desk.settings.picks_up_held);
    for (int i = 0; i < 6; i++)
        assert_true(!str_is_empty(desk.settings.missing[i])); /* none can be changed there */
    assert_non_null(strstr(desk.settings.missing[0], "ring_when_monitored_rings"));
    ask(&desk, DESK_SETTINGS, "101");
    assert_int_equal(desk.settings.has, 0);
    for (unsigned bit = 1; bit <= DESK_HAS_VISIBLE; bit <<= 1) {
        struct desk_settings settings = {.has = bit};
        struct desk_question question = {.kind = DESK_SETTINGS_WRITE, .settings = &settings};
        backend_find("asterisk")->desk(desk.rig.backend, &question, on_answer, &desk);
        ari_rig_serve(&desk.rig);
        assert_int_equal(desk.rc, RC_DENIED);
        assert_true(desk.text[0] != '\0');
    }
    stop(&desk);
}

/* ---- doctor ---- */

static void test_could_a_list_be_stored(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct desk desk;
        prepare(&desk, "101");
        desk.rig.config.is_checking = true;
        desk.server.has_no_sorcery = kind == 1;
        desk.server.is_read_only = kind == 2;
        open_desk(&desk);
        const char *said = ask(&desk, DESK_LIST, NULL);
        assert_int_equal(desk.rc, kind == 0 ? RC_OK : RC_DENIED);
        if (kind == 0)
            assert_string_equal(said, "1 101 \"\"\n");
        else
            assert_non_null(strstr(desk.text, kind == 1 ? "sorcery.conf" : "ari.conf"));
        assert_int_equal(desk.server.lists.len, 1); /* what was made for it is gone */
        assert_int_equal(desk.rig.ledger.len, 0);
        stop(&desk);
    }
}

static const char *ask_missed(struct desk *desk, size_t *writes, size_t *requests)
{
    struct desk_question question = {.kind = DESK_LIST, .is_missed = true};
    size_t before = desk->server.requests, written = desk->server.writes;
    backend_find("asterisk")->desk(desk->rig.backend, &question, on_answer, desk);
    list_server_settle(&desk->server, 500);
    *requests = desk->server.requests - before;
    *writes = desk->server.writes - written;
    return desk->text;
}

static void again(struct desk *desk)
{
    fake_ws_fail(fake_ws(&desk->rig.fake), RC_UNREACHABLE, -1, "gone");
    list_server_settle(&desk->server, 3000);
}

/* Lines are here, none are there: were they taken away, or can it store none (any more)? Asked for
 * once in a connection, and not of who does not miss any. */
static void test_a_list_that_is_missed(void **state)
{
    (void)state;
    struct desk desk;
    size_t writes, requests;
    start(&desk, NULL);
    desk.server.has_no_sorcery = true;
    (void)ask(&desk, DESK_LIST, NULL);
    assert_int_equal(desk.rc, RC_OK);
    const char *text = ask_missed(&desk, &writes, &requests);
    assert_int_equal(desk.rc, RC_DENIED);
    assert_non_null(strstr(text, "sorcery.conf"));
    assert_int_equal(requests, 4); /* GET, GET -next, GET, PUT -try */
    (void)ask(&desk, DESK_LIST_HERE, NULL);
    assert_int_equal(desk.rc, RC_OK); /* who is monitored follows the one here */
    (void)ask_missed(&desk, &writes, &requests);
    assert_int_equal(desk.rc, RC_DENIED);
    assert_int_equal(requests, 3);
    assert_int_equal(desk.rig.ledger.len, 0);

    desk.server.has_no_sorcery = false;
    again(&desk);
    (void)ask_missed(&desk, &writes, &requests);
    assert_int_equal(desk.rc, RC_OK);
    assert_int_equal(writes, 2); /* made, and removed */
    assert_int_equal(desk.server.lists.len + desk.rig.ledger.len, 0);
    (void)ask_missed(&desk, &writes, &requests);
    assert_int_equal(desk.rc, RC_OK);
    assert_int_equal(writes, 0);
    stop(&desk);
}

/* Nothing is tried where nothing may be written, and a user that may only read is told of none. */
static void test_missed_by_a_reader(void **state)
{
    (void)state;
    struct desk desk;
    size_t writes, requests;
    for (int kind = 0; kind < 2; kind++) {
        prepare(&desk, NULL);
        desk.rig.config.is_read_only = kind == 0;
        desk.server.is_read_only = kind == 1;
        open_desk(&desk);
        (void)ask_missed(&desk, &writes, &requests);
        assert_int_equal(desk.rc, RC_OK);
        assert_int_equal(requests, kind == 0 ? 3 : 4);
        assert_int_equal(writes, 0);
        stop(&desk);
    }
}

/* The module that knows lists is not loaded: seen when it is read. */
static void test_without_the_module(void **state)
{
    (void)state;
    struct desk desk;
    prepare(&desk, "101");
    desk.server.has_no_module = true;
    open_desk(&desk);
    (void)ask(&desk, DESK_LIST, NULL);
    assert_int_equal(desk.rc, RC_DENIED);
    assert_non_null(strstr(desk.text, "res_pjsip_pubsub"));
    assert_non_null(strstr(desk.text, "doctor --example asterisk"));
    (void)ask(&desk, DESK_LIST_HERE, NULL);
    assert_int_equal(desk.rc, RC_OK);
    desk.server.has_no_module = false;
    again(&desk);
    assert_string_equal(ask(&desk, DESK_LIST, NULL), "1 101 \"\"\n");
    stop(&desk);
}

static void test_a_killed_check_is_cleaned(void **state)
{
    (void)state;
    struct desk desk;
    const char *thing = "lists/104-try#0badcafe";
    start(&desk, "101");
    list_server_put(&desk.server, "hud-104-try", "callhud");
    VEC_PUSH(&desk.rig.ledger, mem_dup(thing));
    desk.rig.ledger_puts++;
    backend_find("asterisk")
        ->clean(desk.rig.backend, &thing, 1, desk.rig.config.ledger.drop, &desk.rig);
    list_server_settle(&desk.server, 1000);
    assert_null(list_server_get(&desk.server, "hud-104-try"));
    assert_string_equal(list_server_get(&desk.server, "hud-104"), "101");
    assert_int_equal(desk.rig.ledger.len, 0);
    assert_string_equal(list_server_device(&desk.server, "Stasis:blf-104-try"), "UNKNOWN");
    stop(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_whose_desk),
        cmocka_unit_test(test_trouble_with_reading),
        cmocka_unit_test(test_it_can_be_forgotten),
        cmocka_unit_test(test_forgotten_by_its_own_answer),
        cmocka_unit_test(test_a_change_elsewhere),
        cmocka_unit_test(test_the_device_is_heard),
        cmocka_unit_test(test_a_list_that_was_asked_for_is_watched),
        cmocka_unit_test(test_changed_while_away),
        cmocka_unit_test(test_a_lost_notice_is_made_up_for),
        cmocka_unit_test(test_the_stored_list_decides),
        cmocka_unit_test(test_without_a_stored_list_the_configuration),
        cmocka_unit_test(test_a_list_that_does_not_come_keeps_nobody_waiting),
        cmocka_unit_test(test_one_snapshot_knows_the_list),
        cmocka_unit_test(test_a_call_goes_on_while_the_list_changes),
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_people_of_a_server_that_names_nobody),
        cmocka_unit_test(test_phones),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_could_a_list_be_stored),
        cmocka_unit_test(test_a_list_that_is_missed),
        cmocka_unit_test(test_missed_by_a_reader),
        cmocka_unit_test(test_without_the_module),
        cmocka_unit_test(test_a_killed_check_is_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
