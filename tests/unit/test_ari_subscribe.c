/* What is subscribed, by which name, and that nothing of it stays at the server. */
#include "ari_server.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LEFT "callhud-box-4711-0badcafe"

static void prepare(struct ari_rig *rig)
{
    ari_rig_init(rig);
    ari_rig_use_ledger(rig);
    ari_rig_quiet_office(rig);
}

static void start(struct ari_rig *rig)
{
    prepare(rig);
    ari_rig_open(rig);
    ari_rig_connect(rig);
    assert_int_equal(ari_rig_count(rig, "done"), 1);
}

static bool wants_all(const struct io_ws *ws)
{
    return strstr(ws->url, "subscribeAll") != NULL;
}

static const char *app_of(const struct io_ws *ws)
{
    static char app[200];
    const char *at = strstr(ws->url, "?app=") + 5;
    snprintf(app, sizeof app, "%.*s", (int)strcspn(at, "&"), at);
    return app;
}

static bool hears(struct ari_rig *rig, const struct io_ws *ws, const char *device)
{
    const struct ari_rig_app *app = ari_rig_app(rig, app_of(ws));
    for (size_t i = 0; app != NULL && i < app->devices.len; i++)
        if (str_eq(app->devices.items[i], device))
            return true;
    return false;
}

/* The first line of requests that begins so comes before the first of the other. */
static void expect_before(const struct ari_rig *rig, const char *first, const char *second)
{
    const char *a = strstr(buf_text(&rig->asked), first);
    const char *b = strstr(buf_text(&rig->asked), second);
    if (a == NULL || b == NULL || a >= b)
        fail_msg("%s not before %s\n%s", first, second, buf_text(&rig->asked));
}

static void drop_and_reconnect(struct ari_rig *rig)
{
    size_t count = fake_ws_count(&rig->fake);
    fake_ws_fail(fake_ws(&rig->fake), RC_UNREACHABLE, -1, "the server went away");
    for (int i = 0; i < 100 && fake_ws_count(&rig->fake) == count; i++)
        fake_io_advance(&rig->fake, 500);
    assert_int_equal(fake_ws_count(&rig->fake), count + 1);
    ari_rig_connect(rig);
}

static void add_one(void *self)
{
    (*(int *)self)++;
}

static bool leave(struct ari_rig *rig, int *done)
{
    *done = 0;
    bool is_any = backend_find("asterisk")->leave(rig->backend, add_one, done);
    assert_int_equal(*done, 0);
    return is_any;
}

/* ---- subscribing ---- */

static void test_named_and_not_all(void **state)
{
    (void)state;
    for (int over_ws = 0; over_ws < 2; over_ws++) {
        struct ari_rig rig;
        prepare(&rig);
        rig.is_rest_over_ws = over_ws;
        ari_rig_open(&rig);
        ari_rig_connect(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        struct io_ws *ws = fake_ws(&rig.fake);
        assert_false(wants_all(ws));
        assert_int_equal(fake_ws_count(&rig.fake), 1);
        assert_true(ari_rig_app(&rig, app_of(ws))->is_told_all);
        expect_before(&rig, "eventSource=channel:,bridge:,endpoint:\n", "GET endpoints\n");
        expect_before(&rig, "eventSource=deviceState:", "GET deviceStates/");
        assert_true(hears(&rig, ws, "Custom:DND101"));
        assert_true(hears(&rig, ws, "Custom:DND104"));
        ari_rig_say(&rig, "{\"type\":\"DeviceStateChanged\",\"device_state\":{\"name\":"
                          "\"Custom:DND101\",\"state\":\"BUSY\"}}");
        assert_string_equal(ari_rig_lamp(&rig, "101"), "dnd");
        ari_rig_fini(&rig);
    }
}

static void test_registration_is_told_by_endpoints_alone(void **state)
{
    (void)state;
    static const char form[] =
        "{\"type\":\"%s\",\"timestamp\":\"2026-11-22T00:00:00.000+0000\",\"endpoint\":"
        "{\"technology\":\"PJSIP\",\"resource\":\"101\",\"state\":\"%s\",\"channel_ids\":[]}}";
    static const char *const kinds[] = {"PeerStatusChange", "ContactStatusChange",
                                        "EndpointStateChange"};
    struct ari_rig rig;
    start(&rig);
    for (size_t kind = 0; kind < 3; kind++) {
        for (int is_online = 0; is_online < 2; is_online++) {
            char frame[400];
            ari_rig_forget(&rig);
            snprintf(frame, sizeof frame, form, kinds[kind], is_online ? "online" : "offline");
            ari_rig_say(&rig, frame);
            for (size_t other = 0; other < 3; other++) { /* what they all say is told once */
                snprintf(frame, sizeof frame, form, kinds[other], is_online ? "online" : "offline");
                ari_rig_say(&rig, frame);
            }
            assert_int_equal(ari_rig_count(&rig, "presence 101"), 1);
            assert_string_equal(ari_rig_lamp(&rig, "101"), is_online ? "available" : "offline");
        }
    }
    ari_rig_fini(&rig);
}

static void test_who_appears_later_is_heard(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    struct io_ws *ws = fake_ws(&rig.fake);
    ari_rig_answer(&rig, "endpoints", 200,
                   "[{\"technology\":\"PJSIP\",\"resource\":\"101\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"105\",\"state\":\"online\"}]");
    ari_rig_forget(&rig);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_true(hears(&rig, ws, "Custom:DND105"));
    expect_before(&rig, "eventSource=deviceState:Custom%3ADND105\n",
                  "GET deviceStates/Custom%3ADND105\n");
    assert_int_equal(ari_rig_asked(&rig, "POST"), 1); /* the others are heard already */
    ari_rig_fini(&rig);
}

static void test_many_names_in_short_requests(void **state)
{
    (void)state;
    struct ari_rig rig;
    struct buf list, format;
    prepare(&rig);
    buf_init(&list, 1 << 16);
    buf_init(&format, 400);
    buf_puts(&list, "[");
    for (int i = 101; i <= 160; i++)
        buf_printf(&list, "%s{\"technology\":\"PJSIP\",\"resource\":\"%d\",\"state\":\"online\"}",
                   i > 101 ? "," : "", i);
    buf_puts(&list, "]");
    buf_puts(&format, "Custom:");
    for (int i = 0; i < 110; i++)
        buf_puts(&format, i % 9 == 0 ? "/" : "x");
    buf_puts(&format, "%s");
    rig.config.dnd_device = buf_text(&format);
    ari_rig_answer(&rig, "endpoints", 200, buf_text(&list));
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_int_equal(ari_rig_app(&rig, app_of(fake_ws(&rig.fake)))->devices.len, 60 + 1);
    assert_in_range(ari_rig_asked(&rig, "POST"), 3, 6); /* serve_app() looks at their length */
    int done;
    assert_true(leave(&rig, &done));
    ari_rig_serve(&rig);
    assert_int_equal(done, 1);
    assert_int_equal(ari_rig_app(&rig, app_of(fake_ws(&rig.fake)))->devices.len, 0);
    assert_in_range(ari_rig_asked(&rig, "DELETE"), 2, 5);
    ari_rig_fini(&rig);
    buf_fini(&format);
    buf_fini(&list);
}

static void test_a_name_with_a_comma_is_no_two_names(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.config.dnd_device = "Custom:DND,%s";
    rig.config.phone = ""; /* and no list of ours */
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_int_equal(ari_rig_asked(&rig, "POST"), 1);
    ari_rig_fini(&rig);
}

/* ---- where it cannot be ---- */

static void test_without_a_ledger_all(void **state)
{
    (void)state;
    for (int is_read_only = 0; is_read_only < 2; is_read_only++) {
        for (int has_dnd = 0; has_dnd < 2; has_dnd++) {
            struct ari_rig rig;
            prepare(&rig);
            if (is_read_only)
                rig.config.is_read_only = true;
            else
                rig.config.ledger = (struct backend_ledger){0};
            rig.config.dnd_device = has_dnd ? "Custom:DND%s" : "";
            ari_rig_open(&rig);
            ari_rig_connect(&rig);
            assert_int_equal(ari_rig_count(&rig, "done"), 1);
            assert_int_equal(wants_all(fake_ws(&rig.fake)), has_dnd); /* else nothing stays */
            assert_int_equal(ari_rig_asked(&rig, "POST"), !has_dnd);
            assert_int_equal(rig.ledger_apps.len, 0);
            ari_rig_fini(&rig);
        }
    }
}

static void test_who_may_only_read_hears_all(void **state)
{
    (void)state;
    static const int statuses[] = {403, 404, 501};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct ari_rig rig;
        prepare(&rig);
        ari_rig_answer(&rig, "POST applications/*", statuses[i], "{\"message\":\"no\"}");
        ari_rig_open(&rig);
        ari_rig_connect(&rig);
        fake_io_advance(&rig.fake, 0);
        assert_int_equal(fake_ws_count(&rig.fake), 2); /* at once */
        assert_int_equal(ari_rig_count(&rig, "link lost"), 0);
        assert_true(rig.fake.sockets.items[0]->is_over);
        assert_true(wants_all(fake_ws(&rig.fake)));
        ari_rig_connect(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        assert_int_equal(ari_rig_asked(&rig, "POST"), 1);
        assert_int_equal(rig.ledger_apps.len, 0);
        drop_and_reconnect(&rig); /* remembered */
        assert_true(wants_all(fake_ws(&rig.fake)));
        assert_int_equal(fake_ws_count(&rig.fake), 3);
        assert_int_equal(ari_rig_asked(&rig, "POST"), 1);
        int done;
        assert_false(leave(&rig, &done));
        ari_rig_fini(&rig);
    }
}

static void test_a_server_that_starts_is_asked_again(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer(&rig, "POST applications/*", 500, "{\"message\":\"Internal error\"}");
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    for (size_t tries = 1; tries <= 2; tries++) {
        for (int i = 0; i < 100 && fake_ws_count(&rig.fake) == tries; i++)
            fake_io_advance(&rig.fake, 500);
        assert_int_equal(fake_ws_count(&rig.fake), tries + 1);
        assert_int_equal(ari_rig_count(&rig, "link lost"), tries); /* with a back-off */
        assert_false(wants_all(fake_ws(&rig.fake)));
        ari_rig_connect(&rig);
    }
    fake_io_advance(&rig.fake, 0);
    assert_true(wants_all(fake_ws(&rig.fake))); /* it means it */
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    ari_rig_fini(&rig);
}

static void test_refused_on_the_way(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer(&rig,
                   "POST applications/*deviceState:Custom%3ADND101,deviceState:Custom%3ADND102"
                   ",deviceState:Custom%3ADND103,deviceState:Custom%3ADND104"
                   ",deviceState:Stasis%3Ablf-104",
                   422, "{\"message\":\"no\"}");
    rig.config.monitor = "101,102,103,104";
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    fake_io_advance(&rig.fake, 0);
    assert_int_equal(fake_ws_count(&rig.fake), 2);
    ari_rig_connect(&rig);
    assert_true(wants_all(fake_ws(&rig.fake)));
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_int_equal(rig.ledger_apps.len, 1); /* some of it may have been taken */
    ari_rig_fini(&rig);
}

static void test_what_cannot_be_written_down_is_not_named(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.is_ledger_full = true;
    ari_rig_open(&rig);
    ari_rig_connect(&rig);
    fake_io_advance(&rig.fake, 0);
    ari_rig_connect(&rig);
    assert_true(wants_all(fake_ws(&rig.fake)));
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_int_equal(ari_rig_asked(&rig, "POST"), 1); /* that of what stays nowhere */
    ari_rig_fini(&rig);
}

static void test_once_needs_no_names(void **state)
{
    (void)state;
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        struct ari_rig rig;
        prepare(&rig);
        rig.config.is_once = true;
        rig.config.is_read_only = is_refused;
        if (is_refused)
            ari_rig_answer(&rig, "POST applications/*", 403, "{\"message\":\"no\"}");
        ari_rig_open(&rig);
        ari_rig_connect(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        assert_int_equal(fake_ws_count(&rig.fake), 1);
        assert_false(wants_all(fake_ws(&rig.fake)));
        assert_int_equal(ari_rig_asked(&rig, "POST"), 1);
        assert_int_equal(rig.ledger_apps.len, 0);
        int done;
        assert_false(leave(&rig, &done));
        ari_rig_fini(&rig);
    }
}

/* ---- nothing stays ---- */

static void test_a_lost_link_comes_back_under_its_name(void **state)
{
    (void)state;
    struct ari_rig rig;
    char before[200];
    start(&rig);
    str_copy(before, sizeof before, app_of(fake_ws(&rig.fake)));
    ari_rig_forget(&rig);
    drop_and_reconnect(&rig);
    assert_string_equal(app_of(fake_ws(&rig.fake)), before);
    assert_int_equal(ari_rig_asked(&rig, "POST"), 2); /* the server may have been started anew */
    assert_int_equal(rig.apps.len, 1);
    assert_int_equal(rig.ledger_apps.len, 1);
    ari_rig_fini(&rig);
}

static void test_leaving_takes_back(void **state)
{
    (void)state;
    struct ari_rig rig;
    int done;
    char thing[240];
    start(&rig);
    struct io_ws *ws = fake_ws(&rig.fake);
    snprintf(thing, sizeof thing, "applications/%s", app_of(ws));
    assert_int_equal(rig.ledger_apps.len, 1);
    assert_string_equal(rig.ledger_apps.items[0], thing);
    assert_true(leave(&rig, &done));
    ari_rig_serve(&rig);
    assert_int_equal(done, 1);
    assert_int_equal(ari_rig_app(&rig, app_of(ws))->devices.len, 0);
    assert_int_equal(rig.ledger_apps.len, 0);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_int_equal(rig.ledger_apps.len, 0); /* and none comes again */
    assert_false(leave(&rig, &done));
    ari_rig_fini(&rig);
}

static void test_leaving_that_fails_is_for_the_next_run(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct ari_rig rig;
        int done;
        start(&rig);
        if (way == 0)
            ari_rig_answer(&rig, "DELETE applications/*", 500, "{}");
        if (way == 1)
            ari_rig_answer(&rig, "applications/*", 500, "{}");
        assert_true(leave(&rig, &done));
        if (way == 2)
            fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "the server went away");
        else
            ari_rig_serve(&rig);
        assert_int_equal(done, 1);
        assert_int_equal(rig.ledger_apps.len, 1);
        ari_rig_fini(&rig);
    }
}

static void test_without_a_link_nothing_is_waited_for(void **state)
{
    (void)state;
    struct ari_rig rig;
    int done;
    start(&rig);
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "the server went away");
    assert_false(leave(&rig, &done));
    assert_int_equal(rig.ledger_apps.len, 1);
    ari_rig_fini(&rig);
}

static void test_a_name_that_was_taken(void **state)
{
    (void)state;
    struct ari_rig rig;
    char before[200];
    start(&rig);
    str_copy(before, sizeof before, app_of(fake_ws(&rig.fake)));
    ari_rig_say(&rig, "{\"type\":\"ApplicationReplaced\",\"timestamp\":"
                      "\"2026-11-22T00:00:00.000+0000\",\"application\":\"x\"}");
    for (int i = 0; i < 100 && fake_ws_count(&rig.fake) == 1; i++)
        fake_io_advance(&rig.fake, 500);
    struct io_ws *ws = fake_ws(&rig.fake);
    assert_string_not_equal(app_of(ws), before);
    ari_rig_connect(&rig);
    assert_true(hears(&rig, ws, "Custom:DND101"));
    for (int i = 0; i < 5; i++) { /* its devices are taken back: here nobody has that name now */
        ari_rig_serve(&rig);
        if (!fake_ws(&rig.fake)->is_open && !fake_ws(&rig.fake)->is_over)
            fake_ws_accept(fake_ws(&rig.fake));
        fake_io_advance(&rig.fake, 10);
    }
    assert_int_equal(ari_rig_app(&rig, before)->devices.len, 0);
    assert_int_equal(rig.ledger_apps.len, 1);
    assert_true(ws->is_open && !ws->is_over);
    ari_rig_fini(&rig);
}

/* ---- killed runs ---- */

struct gone {
    int count;
    char thing[200];
};

static void on_gone(void *self, const char *thing)
{
    struct gone *gone = self;
    gone->count++;
    str_copy(gone->thing, sizeof gone->thing, thing);
}

static void clean(struct ari_rig *rig, struct gone *gone)
{
    const char *things[] = {"applications/" LEFT};
    *gone = (struct gone){0};
    backend_find("asterisk")->clean(rig->backend, things, 1, on_gone, gone);
    assert_int_equal(gone->count, 0);
    ari_rig_serve(rig);
}

static void test_a_killed_run_is_cleaned_under_its_name(void **state)
{
    (void)state;
    struct ari_rig rig;
    struct gone gone;
    start(&rig);
    ari_rig_leave_app(&rig, LEFT, "Custom:DND101");
    ari_rig_leave_app(&rig, LEFT, "Custom:DND9 / 9");
    clean(&rig, &gone);
    assert_int_equal(fake_ws_count(&rig.fake), 2);
    struct io_ws *ws = fake_ws(&rig.fake);
    assert_string_equal(app_of(ws), LEFT);
    assert_false(wants_all(ws));
    assert_string_equal(ws->user, "hud");
    assert_int_equal(gone.count, 0);
    fake_ws_accept(ws);
    ari_rig_serve(&rig);
    assert_int_equal(gone.count, 1);
    assert_string_equal(gone.thing, "applications/" LEFT);
    assert_int_equal(ari_rig_app(&rig, LEFT)->devices.len, 0);
    assert_true(ws->is_over);
    ari_rig_fini(&rig);
}

static void test_a_name_in_use_is_not_taken(void **state)
{
    (void)state;
    struct ari_rig rig;
    struct gone gone;
    start(&rig);
    ari_rig_answer(&rig, "applications/" LEFT, 200,
                   "{\"device_names\":[\"Custom:DND101\",\"__AST_DEVICE_STATE_ALL_TOPIC\"]}");
    ari_rig_answer(&rig, "DELETE applications/" LEFT "*", 200, "{}");
    clean(&rig, &gone);
    assert_int_equal(fake_ws_count(&rig.fake), 1);
    assert_int_equal(gone.count, 1);
    assert_int_equal(ari_rig_asked(&rig, "DELETE applications/" LEFT
                                         "/subscription?eventSource=deviceState:"
                                         "Custom%3ADND101\n"),
                     1);
    ari_rig_fini(&rig);
}

static void test_what_cannot_be_cleaned_is_tried_again(void **state)
{
    (void)state;
    struct ari_rig rig;
    struct gone gone;
    start(&rig);
    ari_rig_leave_app(&rig, LEFT, "Custom:DND101");
    clean(&rig, &gone);
    fake_ws_fail(fake_ws(&rig.fake), RC_TIMEOUT, 0, "no answer");
    ari_rig_serve(&rig);
    assert_int_equal(fake_ws_count(&rig.fake), 2); /* not at once */
    assert_int_equal(gone.count, 0);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_int_equal(fake_ws_count(&rig.fake), 3);
    fake_ws_accept(fake_ws(&rig.fake));
    ari_rig_serve(&rig);
    assert_int_equal(gone.count, 1);
    ari_rig_fini(&rig);
}

static void test_closing_while_cleaning(void **state)
{
    (void)state;
    for (int is_open = 0; is_open < 2; is_open++) {
        struct ari_rig rig;
        struct gone gone;
        start(&rig);
        ari_rig_leave_app(&rig, LEFT, "Custom:DND101");
        clean(&rig, &gone);
        if (is_open)
            fake_ws_accept(fake_ws(&rig.fake));
        ari_rig_fini(&rig); /* nothing may be left on the network */
        assert_int_equal(gone.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_and_not_all),
        cmocka_unit_test(test_registration_is_told_by_endpoints_alone),
        cmocka_unit_test(test_who_appears_later_is_heard),
        cmocka_unit_test(test_many_names_in_short_requests),
        cmocka_unit_test(test_a_name_with_a_comma_is_no_two_names),
        cmocka_unit_test(test_without_a_ledger_all),
        cmocka_unit_test(test_who_may_only_read_hears_all),
        cmocka_unit_test(test_a_server_that_starts_is_asked_again),
        cmocka_unit_test(test_refused_on_the_way),
        cmocka_unit_test(test_what_cannot_be_written_down_is_not_named),
        cmocka_unit_test(test_once_needs_no_names),
        cmocka_unit_test(test_a_lost_link_comes_back_under_its_name),
        cmocka_unit_test(test_leaving_takes_back),
        cmocka_unit_test(test_leaving_that_fails_is_for_the_next_run),
        cmocka_unit_test(test_without_a_link_nothing_is_waited_for),
        cmocka_unit_test(test_a_name_that_was_taken),
        cmocka_unit_test(test_a_killed_run_is_cleaned_under_its_name),
        cmocka_unit_test(test_a_name_in_use_is_not_taken),
        cmocka_unit_test(test_what_cannot_be_cleaned_is_tried_again),
        cmocka_unit_test(test_closing_while_cleaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
