/* Hang up, DND, record; what can be done at all; removal of what was made. Each request with each
 * answer that may come, and with none. */
#include "ari_server.h"

#include "callhud/backend/asterisk/act.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LEG "pbx-1795305714.1"
#define SNOOP "callhud-rec-" LEG
#define MADE "channels/" SNOOP

static void expect(const struct ari_rig *rig, const char *line)
{
    if (!ari_rig_told(rig, line))
        fail_msg("never told: %s\n%s\nasked:\n%s", line, buf_text(&rig->log),
                 buf_text(&rig->asked));
}

static void expect_asked(const struct ari_rig *rig, const char *line, size_t count)
{
    if (ari_rig_asked(rig, line) != count)
        fail_msg("asked %zu times, expected %zu: %s\n%s", ari_rig_asked(rig, line), count, line,
                 buf_text(&rig->asked));
}

static void prepare(struct ari_rig *rig)
{
    ari_rig_init(rig);
    ari_rig_use_ledger(rig);
    rig->config.is_checking = true;
    ari_rig_quiet_office(rig);
    ari_rig_answer(rig, "POST channels/create*", 200, "{\"id\":\"x\",\"name\":\"Local/x\"}");
    ari_rig_answer(rig, "channels/callhud-*", 200, "{\"value\":\"1\"}");
    ari_rig_answer(rig, "DELETE channels/callhud-*", 204, "");
}

static void connect_to(struct ari_rig *rig)
{
    ari_rig_open(rig);
    ari_rig_connect(rig);
    assert_int_equal(ari_rig_count(rig, "done"), 1);
}

static void start(struct ari_rig *rig)
{
    prepare(rig);
    connect_to(rig);
    assert_int_equal(rig->ledger.len, 0);
    ari_rig_forget(rig);
}

/* 101 talks with 5551234. */
static void talk(struct ari_rig *rig)
{
    start(rig);
    ari_rig_play(rig, "call-hold-hangup.jsonl", 1, 23);
    assert_string_equal(ari_rig_lamp(rig, "101"), "on_call");
    ari_rig_forget(rig);
}

static enum rc act(struct ari_rig *rig, enum action_kind kind, const char *user, const char *call,
                   bool is_on)
{
    struct err err = {0};
    enum rc rc = ari_rig_act(rig, kind, user, call, is_on, &err);
    assert_true(rc == RC_OK || err.text[0] != '\0');
    if (rc == RC_OK)
        assert_int_equal(ari_rig_count(rig, "action 1 101 asked"), 1); /* before act() returned */
    return rc;
}

static void expect_refusal(struct ari_rig *rig, enum action_kind kind, const char *user,
                           const char *call, bool is_on, enum rc rc, const char *text)
{
    struct err err = {0};
    size_t told = ari_rig_count(rig, "action");
    assert_int_equal(ari_rig_act(rig, kind, user, call, is_on, &err), rc);
    assert_string_equal(err.text, text);
    assert_int_equal(ari_rig_count(rig, "action"), told);
}

/* The fate of the only action, and that it is told once and for all. */
static void expect_fate(struct ari_rig *rig, const char *line)
{
    expect(rig, line);
    fake_io_advance(&rig->fake, 12000);
    ari_rig_serve(rig);
    assert_int_equal(ari_rig_count(rig, "action 1 "), 2);
}

/* The same of one that is in doubt first. */
static void expect_late_failure(struct ari_rig *rig, const char *call, const char *why)
{
    char line[400];
    snprintf(line, sizeof line, "action 1 101 unsure mode=- call=%s rc=0 %s", call,
             strchr(why, '"'));
    expect(rig, line);
    assert_int_equal(ari_rig_count(rig, "action 1 "), 2);
    fake_io_advance(&rig->fake, ACT_GIVE_UP_MS);
    ari_rig_serve(rig);
    snprintf(line, sizeof line, "action 1 101 failed mode=- call=%s %s", call, why);
    expect(rig, line);
    fake_io_advance(&rig->fake, 12000);
    ari_rig_serve(rig);
    assert_int_equal(ari_rig_count(rig, "action 1 "), 3);
}

static void say_recording(struct ari_rig *rig, const char *type, const char *snoop)
{
    char frame[700];
    snprintf(frame, sizeof frame,
             "{\"type\":\"%s\",\"timestamp\":\"2026-11-22T00:01:57.000+0000\",\"recording\":{"
             "\"name\":\"r\",\"format\":\"wav\",\"state\":\"x\",\"target_uri\":\"channel:%s\"}}",
             type, snoop);
    ari_rig_say(rig, frame);
}

static void say_snoop(struct ari_rig *rig, const char *type, const char *app_data)
{
    char frame[900];
    snprintf(frame, sizeof frame,
             "{\"type\":\"%s\",\"timestamp\":\"2026-11-22T00:01:56.500+0000\",\"channel\":{"
             "\"id\":\"" SNOOP "\",\"name\":\"Snoop/" LEG "-00000000\",\"state\":\"Up\","
             "\"caller\":{\"name\":\"\",\"number\":\"\"},\"connected\":{\"name\":\"\",\"number\":"
             "\"\"},\"dialplan\":{\"context\":\"default\",\"exten\":\"s\",\"priority\":1,"
             "\"app_name\":\"%s\",\"app_data\":\"%s\"},\"creationtime\":"
             "\"2026-11-22T00:01:56.500+0000\"}}",
             type, app_data[0] != '\0' ? "Stasis" : "", app_data);
    ari_rig_say(rig, frame);
}

static void drop_link(struct ari_rig *rig)
{
    fake_ws_fail(fake_ws(&rig->fake), RC_UNREACHABLE, -1, "the connection was closed");
}

static void reconnect(struct ari_rig *rig)
{
    fake_io_advance(&rig->fake, 20000);
    ari_rig_connect(rig);
}

/* ---- what can be done ---- */

static const char *capability(const struct ari_rig *rig, enum action_kind kind, char *to,
                              size_t size)
{
    char start_of[40];
    const char *found = NULL;
    snprintf(start_of, sizeof start_of, "capability %d ", (int)kind);
    for (const char *at = buf_text(&rig->log); (at = strstr(at, start_of)) != NULL; at++)
        if (at == buf_text(&rig->log) || at[-1] == '\n')
            found = at + strlen(start_of);
    str_copy(to, size, "never told");
    if (found != NULL)
        snprintf(to, size, "%.*s", (int)strcspn(found, "\n"), found);
    return to;
}

static void expect_capability(const struct ari_rig *rig, enum action_kind kind, const char *line)
{
    char told[400];
    assert_string_equal(capability(rig, kind, told, sizeof told), line);
}

#define NATIVE "2 \"\""
#define READ_ONLY                                                                               \
    "0 \"this ARI user is read-only: read_only = no in ari.conf, see callhud doctor --example " \
    "asterisk\""
#define NO_PHONE "0 \"set 'phone = PJSIP/EXT' in the profile: this action needs your own phone\""

static void test_everything_can_be_done(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    connect_to(&rig);
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        expect_capability(&rig, (enum action_kind)kind, NATIVE);
    assert_int_equal(ari_rig_count(&rig, "capability"), ACTION_COUNT); /* each once */
    const char *done = strstr(buf_text(&rig.log), "\ndone\n");
    assert_true(done < strstr(buf_text(&rig.log), "\ncapability "));
    ari_rig_fini(&rig);
}

static void test_without_a_phone(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.config.phone = "";
    connect_to(&rig);
    for (int kind = ACTION_LISTEN; kind <= ACTION_PICKUP; kind++)
        expect_capability(&rig, (enum action_kind)kind, NO_PHONE);
    expect_capability(&rig, ACTION_HANGUP, NATIVE);
    expect_capability(&rig, ACTION_RECORD, NATIVE);
    expect_asked(&rig, "POST channels/create", 0); /* whoever cannot pick up needs no dialplan */
    ari_rig_fini(&rig);
}

static void test_a_phone_without_a_technology(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.config.phone = "104";
    connect_to(&rig);
    expect_capability(&rig, ACTION_LISTEN,
                      "0 \"'phone' in the profile names no channel technology: write it as "
                      "PJSIP/EXT\"");
    ari_rig_fini(&rig);
}

static void test_run_read_only(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.config.is_read_only = true;
    connect_to(&rig);
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        expect_capability(&rig, (enum action_kind)kind,
                          "0 \"--read-only is on: start callhud without it to act on calls\"");
    expect_asked(&rig, "POST", 0);
    expect_refusal(&rig, ACTION_DND, "101", "", true, RC_DENIED,
                   "--read-only is on: start callhud without it to act on calls");
    ari_rig_fini(&rig);
}

static void test_a_read_only_user_of_ari(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer(&rig, "PUT applications/*", 403, "{\"message\":\"Write access denied\"}");
    ari_rig_answer(&rig, "POST channels/create*", 403, "{\"message\":\"Write access denied\"}");
    connect_to(&rig);
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        expect_capability(&rig, (enum action_kind)kind, READ_ONLY);
    assert_int_equal(rig.ledger.len, 0);
    ari_rig_forget(&rig); /* the next connection may be let to write, and says so */
    ari_rig_answer(&rig, "PUT applications/*", 200, "{}");
    ari_rig_answer(&rig, "POST channels/create*", 200, "{}");
    drop_link(&rig);
    reconnect(&rig);
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        expect_capability(&rig, (enum action_kind)kind, NATIVE);
    ari_rig_fini(&rig);
}

static void test_without_a_ledger(void **state)
{
    (void)state;
    struct ari_rig rig;
    ari_rig_init(&rig);
    ari_rig_quiet_office(&rig);
    connect_to(&rig);
    static const char why[] = "0 \"what is made at the server could not be written down: see that "
                              "the state folder can be written\"";
    expect_capability(&rig, ACTION_LISTEN, why);
    expect_capability(&rig, ACTION_RECORD, why);
    expect_capability(&rig, ACTION_HANGUP, NATIVE);
    expect_capability(&rig, ACTION_DND, NATIVE);
    expect_asked(&rig, "POST", 0);
    ari_rig_fini(&rig);
}

static void test_without_a_dnd_device(void **state)
{
    (void)state;
    static const struct {
        const char *device, *line;
    } cases[] = {
        {"", "0 \"set 'dnd_device = Custom:DND%s' in the profile: there is no device that stands "
             "for do not disturb\""},
        {"Stasis:DND%s", "0 \"'dnd_device = Stasis:DND%s' in the profile can only be looked at: "
                         "the server lets nothing but Custom: devices be set\""},
    };
    for (size_t i = 0; i < 2; i++) {
        struct ari_rig rig;
        prepare(&rig);
        rig.config.dnd_device = cases[i].device;
        connect_to(&rig);
        expect_capability(&rig, ACTION_DND, cases[i].line);
        expect_capability(&rig, ACTION_HANGUP, NATIVE);
        ari_rig_fini(&rig);
    }
}

/* ---- the probe of the dialplan ---- */

static void test_the_dialplan_is_asked_and_nothing_stays(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.config.retrieve_context = "my-retrieve";
    connect_to(&rig);
    expect_asked(&rig,
                 "POST channels/create?endpoint=Local%2Fbridge%40my-retrieve%2Fn&app=callhud-", 1);
    expect_asked(&rig, "GET channels/callhud-", 2);
    assert_non_null(strstr(buf_text(&rig.asked),
                           "/variable?variable=DIALPLAN_EXISTS%28my-retrieve%2Cbridge%2C1%29\n"));
    assert_non_null(
        strstr(buf_text(&rig.asked),
               "/variable?variable=DIALPLAN_EXISTS%28my-retrieve%2Cpickupchan%2C1%29\n"));
    expect_asked(&rig, "DELETE channels/callhud-", 2);
    assert_int_equal(rig.ledger_puts, 2); /* both halves, and both are gone */
    assert_int_equal(rig.ledger.len, 0);
    ari_rig_fini(&rig);
}

static void test_what_the_dialplan_lacks(void **state)
{
    (void)state;
    static const char none[] = "0 \"the server's dialplan has no context 'retrieve': callhud "
                               "doctor --example asterisk prints it\"";
    static const char no_bridge[] = "0 \"the server's dialplan lacks 'bridge' in its context "
                                    "'retrieve': callhud doctor --example asterisk prints it\"";
    static const char no_pickup[] = "0 \"the server's dialplan lacks 'pickupchan' in its context "
                                    "'retrieve': callhud doctor --example asterisk prints it\"";
    static const struct {
        int bridge_status, pickup_status;
        const char *bridge, *pickup, *takeover_line, *pickup_line;
    } cases[] = {
        {200, 200, "1", "1", NATIVE, NATIVE},       {200, 200, "0", "0", none, none},
        {200, 200, "0", "1", no_bridge, no_bridge}, {200, 200, "1", "0", NATIVE, no_pickup},
        {500, 500, "", "", NATIVE, NATIVE}, /* the server cannot tell: so it is tried */
        {404, 404, "", "", NATIVE, NATIVE},         {200, 200, "", "what", NATIVE, NATIVE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        char body[64];
        prepare(&rig);
        snprintf(body, sizeof body, "{\"value\":\"%s\"}", cases[i].bridge);
        ari_rig_answer(&rig, "channels/callhud-*%2Cbridge%2C1%29", cases[i].bridge_status, body);
        snprintf(body, sizeof body, "{\"value\":\"%s\"}", cases[i].pickup);
        ari_rig_answer(&rig, "channels/callhud-*%2Cpickupchan%2C1%29", cases[i].pickup_status,
                       body);
        connect_to(&rig);
        expect_asked(&rig, "GET channels/callhud-", 2);
        expect_capability(&rig, ACTION_TAKEOVER, cases[i].takeover_line);
        expect_capability(&rig, ACTION_PICKUP, cases[i].pickup_line);
        expect_capability(&rig, ACTION_LISTEN, NATIVE);
        assert_int_equal(rig.ledger.len, 0);
        ari_rig_fini(&rig);
    }
}

/* But for doctor nothing is made: the first channel that is there is asked. */
static void test_a_call_is_asked_about_the_dialplan(void **state)
{
    (void)state;
    static const char *const values[] = {"{\"value\":\"1\"}", "{\"value\":\"0\"}"};
    for (size_t i = 0; i < 2; i++) {
        struct ari_rig rig;
        prepare(&rig);
        rig.config.is_checking = false;
        ari_rig_answer(&rig, "channels/pbx-*", 200, values[i]);
        connect_to(&rig);
        expect_asked(&rig, "POST channels/", 0);
        expect_asked(&rig, "GET channels/", 0);
        expect_capability(&rig, ACTION_PICKUP, NATIVE); /* nobody knows, and there is no call */
        ari_rig_forget(&rig);
        ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 23);
        ari_rig_serve(&rig);
        expect_asked(&rig, "GET channels/pbx-", 2);
        if (i == 1)
            assert_int_equal(ari_rig_count(&rig, "capability"), 2); /* pick up and take over */
        assert_int_equal(rig.ledger_puts, 0);
        ari_rig_fini(&rig);
    }
}

static void test_a_channel_that_went_is_not_asked_for_good(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.config.is_checking = false;
    ari_rig_answer(&rig, "channels/pbx-*", 404, "{\"message\":\"no\"}");
    connect_to(&rig);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 10);
    ari_rig_serve(&rig);
    size_t asked = ari_rig_asked(&rig, "GET channels/pbx-");
    assert_true(asked >= 2);
    ari_rig_answer(&rig, "channels/pbx-*", 500, "{\"message\":\"no\"}");
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 11, 14);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_asked(&rig, "GET channels/pbx-"), asked + 2);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 15, 23);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_asked(&rig, "GET channels/pbx-"), asked + 2);
    ari_rig_fini(&rig);
}

static void test_the_probe_is_refused(void **state)
{
    (void)state;
    static const int statuses[] = {400, 404, 409, 500};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct ari_rig rig;
        prepare(&rig);
        ari_rig_answer(&rig, "POST channels/create*", statuses[i], "{\"message\":\"no\"}");
        ari_rig_answer(&rig, "DELETE channels/callhud-*", 404, "{\"message\":\"no\"}");
        connect_to(&rig);
        expect_capability(&rig, ACTION_PICKUP, NATIVE); /* nobody knows */
        expect_asked(&rig, "DELETE",
                     statuses[i] == 500 ? 2 : 0); /* never made: not to be removed */
        assert_int_equal(rig.ledger.len, 0);
        ari_rig_fini(&rig);
    }
}

static void test_a_ledger_that_cannot_be_written_keeps_the_probe_away(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.is_ledger_full = true;
    ari_rig_open(&rig);
    ari_rig_connect(&rig); /* no subscription by name either: reopened without */
    fake_io_advance(&rig.fake, 0);
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    expect_asked(&rig, "POST channels/", 0);
    ari_rig_fini(&rig);
}

static void test_a_probe_cut_off_is_removed_later(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer(&rig, "channels/callhud-*", ARI_RIG_SILENT, "");
    connect_to(&rig);
    assert_int_equal(rig.ledger.len, 2);
    char *first = mem_dup(rig.ledger.items[0]);
    drop_link(&rig);
    assert_int_equal(rig.ledger.len, 2);
    ari_rig_answer(&rig, "channels/callhud-*", 200, "{\"value\":\"1\"}");
    reconnect(&rig);
    char line[200];
    snprintf(line, sizeof line, "DELETE %s\n", first);
    expect_asked(&rig, line, 1);
    assert_int_equal(rig.ledger.len, 0);
    mem_free(first);
    ari_rig_fini(&rig);
}

static void count_left(void *self)
{
    ++*(int *)self;
}

static void test_leaving_waits_for_the_probe(void **state)
{
    (void)state;
    struct ari_rig rig;
    int left = 0;
    prepare(&rig);
    ari_rig_answer(&rig, "channels/callhud-*", ARI_RIG_SILENT, "");
    connect_to(&rig);
    assert_int_equal(rig.ledger.len, 2);
    assert_true(backend_find("asterisk")->leave(rig.backend, count_left, &left));
    assert_int_equal(left, 0);
    fake_io_advance(&rig.fake, 10000); /* its questions are given up, its channels removed */
    ari_rig_serve(&rig);
    assert_int_equal(rig.ledger.len, 0);
    assert_int_equal(left, 0); /* the server needs a moment for them */
    fake_io_advance(&rig.fake, 1000);
    assert_int_equal(left, 1);
    assert_false(backend_find("asterisk")->leave(rig.backend, count_left, &left));
    assert_int_equal(left, 1);
    ari_rig_fini(&rig);
}

/* Nobody is told that a call can be picked up before it is known; all else does not wait. */
static void test_what_needs_the_dialplan_waits_for_the_probe(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer(&rig, "channels/callhud-*", ARI_RIG_SILENT, "");
    connect_to(&rig);
    expect_capability(&rig, ACTION_LISTEN, NATIVE);
    expect_capability(&rig, ACTION_HANGUP, NATIVE);
    expect_capability(&rig, ACTION_PICKUP, "never told");
    expect_capability(&rig, ACTION_TAKEOVER, "never told");
    expect_refusal(&rig, ACTION_PICKUP, "101", "x", false, RC_DENIED,
                   "the server's state has not been read yet: wait for it");
    fake_io_advance(&rig.fake, 10000); /* and no longer than a request lasts */
    ari_rig_serve(&rig);
    expect_capability(&rig, ACTION_PICKUP, NATIVE);
    expect_capability(&rig, ACTION_TAKEOVER, NATIVE);
    assert_int_equal(rig.ledger.len, 0);
    ari_rig_fini(&rig);
}

static void test_the_probe_is_on_no_lamp(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "probe.jsonl", 1, 0);
    assert_int_equal(ari_rig_count(&rig, "call"), 0);
    ari_rig_fini(&rig);
}

/* ---- hang up ---- */

static void end_leg(struct ari_rig *rig)
{
    ari_rig_play(rig, "call-hold-hangup.jsonl", 32, 37);
}

static void test_hang_up(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    ari_rig_answer(&rig, "DELETE channels/" LEG "?reason=normal", 204, "");
    assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, "DELETE channels/" LEG "?reason=normal\n", 1);
    assert_int_equal(ari_rig_count(&rig, "action"), 1); /* a yes is no event yet */
    end_leg(&rig);
    expect_fate(&rig, "action 1 101 confirmed mode=- call=" LEG " rc=0 \"\"");
    const char *log = buf_text(&rig.log);
    assert_true(strstr(log, "ended 101") < strstr(log, "confirmed")); /* the lamp first */
    ari_rig_fini(&rig);
}

/* Servers that take no requests over the socket. */
static void test_over_http(void **state)
{
    (void)state;
    struct ari_rig rig;
    prepare(&rig);
    rig.is_rest_over_ws = false;
    connect_to(&rig);
    expect_capability(&rig, ACTION_PICKUP, NATIVE);
    assert_int_equal(rig.ledger.len, 0);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 23);
    ari_rig_answer(&rig, "DELETE channels/" LEG "?reason=normal", 204, "");
    assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
    ari_rig_serve(&rig);
    end_leg(&rig);
    expect_fate(&rig, "action 1 101 confirmed");
    struct err err = {0};
    ari_rig_answer(&rig, "POST asterisk/variable*", 0, ""); /* not reached */
    assert_int_equal(ari_rig_act(&rig, ACTION_DND, "101", "", true, &err), RC_OK);
    ari_rig_serve(&rig);
    expect(&rig, "action 2 101 unsure mode=- call= rc=0 \"no answer (");
    fake_io_advance(&rig.fake, ACT_GIVE_UP_MS);
    expect(&rig, "action 2 101 failed mode=- call= rc=9 \"no answer (");
    assert_int_equal(rig.asked_ws, 0);
    ari_rig_fini(&rig);
}

static void test_hang_up_with_the_event_before_the_answer(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    ari_rig_answer(&rig, "DELETE channels/" LEG "*", 204, "");
    assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
    end_leg(&rig);
    assert_int_equal(ari_rig_count(&rig, "action"), 1);
    ari_rig_serve(&rig);
    expect_fate(&rig, "action 1 101 confirmed");
    ari_rig_fini(&rig);
}

static void test_hang_up_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *line;
    } cases[] = {
        {404, "{\"message\":\"Channel not found\"}", "rc=15 \"the call has ended\""},
        {409, "{\"message\":\"no\"}", "rc=2 \"DELETE channels/" LEG "?reason=normal: 409 no\""},
        {500, "{\"error\":\"Allocation failed\"}",
         "rc=2 \"DELETE channels/" LEG "?reason=normal: 500 Allocation failed\""},
        {403, "{\"message\":\"Write access denied\"}",
         "rc=14 \"this ARI user is read-only: read_only = no in ari.conf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        char line[300];
        talk(&rig);
        ari_rig_answer(&rig, "DELETE channels/" LEG "*", cases[i].status, cases[i].body);
        assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
        ari_rig_serve(&rig);
        snprintf(line, sizeof line, "action 1 101 failed mode=- call=" LEG " %s", cases[i].line);
        expect_fate(&rig, line);
        if (cases[i].status == 403) { /* and now everybody knows */
            expect_capability(&rig, ACTION_LISTEN, READ_ONLY);
            expect_refusal(&rig, ACTION_HANGUP, "101", LEG, false, RC_DENIED,
                           "this ARI user is read-only: read_only = no in ari.conf, see callhud "
                           "doctor --example asterisk");
        }
        ari_rig_fini(&rig);
    }
}

static void test_hang_up_without_an_answer(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    ari_rig_answer(&rig, "DELETE channels/" LEG "*", ARI_RIG_SILENT, "");
    assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
    ari_rig_serve(&rig);
    fake_io_advance(&rig.fake, ACT_CONFIRM_MS - 1);
    assert_int_equal(ari_rig_count(&rig, "action"), 1);
    fake_io_advance(&rig.fake, 1);
    expect_late_failure(&rig, LEG,
                        "rc=10 \"the server has not answered within 5 s: look at the lamp\"");
    ari_rig_fini(&rig);
}

static void test_hang_up_without_an_event(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    ari_rig_answer(&rig, "DELETE channels/" LEG "*", 204, "");
    assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
    fake_io_advance(&rig.fake, 2000);
    ari_rig_serve(&rig);
    fake_io_advance(&rig.fake, ACT_CONFIRM_MS - 1);
    assert_int_equal(ari_rig_count(&rig, "action"), 1);
    fake_io_advance(&rig.fake, 1);
    expect_late_failure(
        &rig, LEG,
        "rc=10 \"the server said yes, but after 5 s the call has not ended: look at "
        "the lamp\"");
    ari_rig_fini(&rig);
}

/* What came of it is told as it was, however late, and only once that is known. */
static void test_a_late_event(void **state)
{
    (void)state;
    for (int is_answered = 0; is_answered < 2; is_answered++) {
        struct ari_rig rig;
        talk(&rig);
        ari_rig_answer(&rig, "DELETE channels/" LEG "*", is_answered ? 204 : ARI_RIG_SILENT, "");
        assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
        ari_rig_serve(&rig);
        fake_io_advance(&rig.fake, ACT_CONFIRM_MS);
        expect(&rig, "action 1 101 unsure mode=- call=" LEG " rc=0 \"the server ");
        fake_io_advance(&rig.fake, ACT_CONFIRM_MS);
        ari_rig_serve(&rig);
        assert_int_equal(ari_rig_count(&rig, "action 1 "), 2);
        end_leg(&rig);
        expect(&rig, "action 1 101 confirmed mode=- call=" LEG " rc=0");
        fake_io_advance(&rig.fake, ACT_GIVE_UP_MS);
        ari_rig_serve(&rig);
        assert_int_equal(ari_rig_count(&rig, "action 1 "), 3);
        ari_rig_fini(&rig);
    }
}

/* The next snapshot says what came of it. */
static void test_the_link_is_lost_meanwhile(void **state)
{
    (void)state;
    static const char there[] =
        "[{\"id\":\"" LEG "\",\"name\":\"PJSIP/101-00000001\",\"state\":\"Up\",\"caller\":{},"
        "\"connected\":{},\"dialplan\":{\"app_name\":\"AppDial\",\"app_data\":\"\"}}]";
    for (int i = 0; i < 4; i++) {
        bool is_answered = i % 2 > 0, is_gone = i / 2 > 0;
        struct ari_rig rig;
        talk(&rig);
        ari_rig_answer(&rig, "DELETE channels/" LEG "*", 204, "");
        assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
        if (is_answered)
            ari_rig_serve(&rig);
        drop_link(&rig);
        assert_int_equal(ari_rig_count(&rig, "action"), 2);
        expect(&rig, "action 1 101 unsure mode=- call=" LEG " rc=0 \"the link was lost before the "
                     "server confirmed: look at the lamp\"");
        expect_refusal(&rig, ACTION_HANGUP, "101", LEG, false, RC_UNREACHABLE,
                       "there is no connection to 127.0.0.1:8088: wait until it is back");
        ari_rig_answer(&rig, "channels", 200, is_gone ? "[]" : there);
        reconnect(&rig);
        assert_int_equal(ari_rig_count(&rig, "action"), 3);
        expect(&rig, is_gone ? "action 1 101 confirmed mode=- call=" LEG " rc=0"
                             : "action 1 101 failed mode=- call=" LEG
                               " rc=9 \"the link was lost before the server confirmed: look at the "
                               "lamp\"");
        ari_rig_fini(&rig);
    }
}

static void test_only_the_very_call_of_the_very_user(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    expect_refusal(&rig, ACTION_HANGUP, "102", LEG, false, RC_NOT_FOUND, "the call has ended");
    expect_refusal(&rig, ACTION_HANGUP, "101", "pbx-1795305714.0", false, RC_NOT_FOUND,
                   "the call has ended");
    expect_refusal(&rig, ACTION_HANGUP, "101", "never-was", false, RC_NOT_FOUND,
                   "the call has ended");
    expect_refusal(&rig, ACTION_HANGUP, "999", LEG, false, RC_NOT_FOUND, "999 is not monitored");
    end_leg(&rig);
    expect_refusal(&rig, ACTION_HANGUP, "101", LEG, false, RC_NOT_FOUND, "the call has ended");
    expect_asked(&rig, "DELETE", 0);
    ari_rig_fini(&rig);
}

static void test_a_call_that_was_taken(void **state)
{
    (void)state;
    static const struct {
        const char *file, *leg;
    } cases[] = {{"pickup-ringing.jsonl", "pbx-1795305727.7"},
                 {"retrieve-held.jsonl", "pbx-1795305733.10"}};
    for (size_t i = 0; i < 2; i++) {
        struct ari_rig rig;
        char line[100];
        start(&rig);
        ari_rig_play(&rig, cases[i].file, 1, 0);
        expect_refusal(&rig, ACTION_HANGUP, "101", cases[i].leg, false, RC_NOT_FOUND,
                       "taken by 104");
        snprintf(line, sizeof line, "ended 101 %s taken by 104\n", cases[i].leg);
        expect(&rig, line); /* also where the leg ends before it is known */
        assert_int_equal(ari_rig_count(&rig, line), 1);
        ari_rig_fini(&rig);
    }
}

/* ---- do not disturb ---- */

static void say_device(struct ari_rig *rig, const char *device, const char *text)
{
    char frame[300];
    snprintf(frame, sizeof frame,
             "{\"type\":\"DeviceStateChanged\",\"timestamp\":\"2026-11-22T00:01:57.000+0000\","
             "\"device_state\":{\"name\":\"%s\",\"state\":\"%s\"}}",
             device, text);
    ari_rig_say(rig, frame);
}

#define DND_URI "asterisk/variable?variable=DEVICE_STATE%28Custom%3ADND101%29&value="

static void test_dnd_on_and_off(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_answer(&rig, "POST asterisk/variable*", 204, "");
    assert_int_equal(act(&rig, ACTION_DND, "101", "", true), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, "POST " DND_URI "BUSY\n", 1);
    say_device(&rig, "Custom:DND102", "BUSY");
    assert_int_equal(ari_rig_count(&rig, "action"), 1); /* another one's */
    say_device(&rig, "Custom:DND101", "BUSY");
    expect_fate(&rig, "action 1 101 confirmed mode=- call= rc=0");
    assert_string_equal(ari_rig_lamp(&rig, "101"), "dnd");

    ari_rig_forget(&rig);
    struct err err = {0};
    assert_int_equal(ari_rig_act(&rig, ACTION_DND, "101", "", false, &err), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, "POST " DND_URI "NOT_INUSE\n", 1);
    say_device(&rig, "Custom:DND101", "NOT_INUSE");
    expect(&rig, "action 2 101 confirmed");
    ari_rig_fini(&rig);
}

static void test_dnd_that_is_so_already(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    assert_int_equal(act(&rig, ACTION_DND, "101", "", false), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, "POST", 0);
    expect_fate(&rig, "action 1 101 confirmed");
    ari_rig_fini(&rig);
}

static void test_dnd_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *line;
    } cases[] = {
        {404, "rc=2 \"POST " DND_URI "BUSY: 404 no\""},
        {500, "rc=2 \"POST " DND_URI "BUSY: 500 no\""},
        {403, "rc=14 \"this ARI user is read-only"},
        {ARI_RIG_SILENT, "rc=10 \"the server has not answered within 5 s: look at the lamp\""},
        {204, "rc=10 \"the server said yes, but after 5 s do not disturb is still off: look at "
              "the lamp\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        char line[300];
        start(&rig);
        ari_rig_answer(&rig, "POST asterisk/variable*", cases[i].status, "{\"message\":\"no\"}");
        assert_int_equal(act(&rig, ACTION_DND, "101", "", true), RC_OK);
        ari_rig_serve(&rig);
        fake_io_advance(&rig.fake, ACT_CONFIRM_MS);
        snprintf(line, sizeof line, "action 1 101 failed mode=- call= %s", cases[i].line);
        if (str_starts(cases[i].line, "rc=10"))
            expect_late_failure(&rig, "", cases[i].line);
        else
            expect_fate(&rig, line);
        ari_rig_fini(&rig);
    }
}

/* ---- recording ---- */

#define SNOOP_URI "POST channels/" LEG "/snoop/" SNOOP "?spy=both&whisper=none&app=callhud-"
#define RECORD_URI "POST channels/" SNOOP "/record?name=callhud-" LEG "-"

static void allow_recording(struct ari_rig *rig)
{
    ari_rig_answer(rig, "POST channels/" LEG "/snoop/*", 200, "{}");
    ari_rig_answer(rig, "POST channels/" SNOOP "/record*", 201, "{}");
}

static void test_record_on(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    allow_recording(&rig);
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
    assert_int_equal(rig.ledger.len, 1); /* written down before it is asked for */
    assert_string_equal(rig.ledger.items[0], MADE);
    expect_asked(&rig, "POST", 0);
    ari_rig_serve(&rig);
    expect_asked(&rig, SNOOP_URI, 1);
    expect_asked(&rig, RECORD_URI, 1);
    const char *log = buf_text(&rig.asked);
    assert_non_null(strstr(log, "&appArgs=record%2Ccallhud-" LEG "-"));
    assert_non_null(strstr(log, "&format=wav&ifExists=fail\n"));
    say_snoop(&rig, "ChannelCreated", "");
    say_snoop(&rig, "StasisStart", "callhud-x,record,r");
    assert_int_equal(ari_rig_count(&rig, "action"), 1);
    assert_int_equal(ari_rig_count(&rig, "call"), 0); /* no mark before it records */
    say_recording(&rig, "RecordingStarted", SNOOP);
    expect_fate(&rig, "action 1 101 confirmed mode=- call=" LEG);
    expect(&rig, "call 101 connected in 5551234 \"Alice Caller\" since=1795305714807 "
                 "connected=1795305714807 recorded\n"); /* and nobody supervises */
    assert_int_equal(rig.ledger.len, 0);                /* it outlives this program */
    expect_asked(&rig, "DELETE", 0);
    ari_rig_fini(&rig);
}

static void test_a_snoop_that_is_not_ready_yet(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    allow_recording(&rig);
    ari_rig_answer(&rig, "POST channels/" SNOOP "/record*", 409,
                   "{\"message\":\"Channel not in Stasis application\"}");
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
    ari_rig_serve(&rig);
    fake_io_advance(&rig.fake, 60);
    ari_rig_serve(&rig);
    expect_asked(&rig, RECORD_URI, 2);
    ari_rig_answer(&rig, "POST channels/" SNOOP "/record*", 201, "{}");
    fake_io_advance(&rig.fake, 60);
    ari_rig_serve(&rig);
    expect_asked(&rig, RECORD_URI, 3);
    say_snoop(&rig, "StasisStart", "callhud-x,record,r");
    say_recording(&rig, "RecordingStarted", SNOOP);
    expect_fate(&rig, "action 1 101 confirmed");
    ari_rig_fini(&rig);
}

/* Each way in which nothing is recorded: told, and no snoop left, in the ledger or on the server.
 */
static void test_recording_that_does_not_begin(void **state)
{
    (void)state;
    static const struct {
        int snoop, other, record;
        const char *line;
        size_t removed;
    } cases[] = {
        {404, 0, 0, "rc=15 \"the call has ended\"", 0},
        {403, 0, 0, "rc=14 \"this ARI user is read-only", 0},
        {400, 0, 0, "rc=2 \"POST ", 0},
        {500, 404, 0, "rc=2 \"the server could not make the channel that records: try again\"", 0},
        {409, 404, 0, "rc=2 \"the server could not make the channel that records: try again\"", 0},
        {ARI_RIG_SILENT, 0, 0, "rc=10 \"the server has not answered within 5 s", 1},
        {200, 0, 404, "rc=15 \"the call has ended\"", 1},
        {200, 0, 403, "rc=14 \"this ARI user is read-only", 1},
        {200, 0, 422, "rc=2 \"POST ", 1},
        {200, 0, 500, "rc=2 \"POST ", 1},
        {200, 0, 409, "rc=10 \"the server has not answered within 5 s", 1},
        {200, 0, ARI_RIG_SILENT, "rc=10 \"the server has not answered within 5 s", 1},
        {200, 0, 201,
         "rc=10 \"the server said yes, but after 5 s no recording has begun: look at the lamp\"",
         1},
        {500, 200, 0,
         "rc=10 \"the server said yes, but after 5 s no recording has begun: look at the lamp\"",
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        char line[300];
        talk(&rig);
        ari_rig_answer(&rig, "POST channels/" LEG "/snoop/*", cases[i].snoop, "{}");
        ari_rig_answer(&rig, "POST channels/" SNOOP "/record*", cases[i].record, "{}");
        ari_rig_answer(&rig, "channels/" SNOOP, cases[i].other, "{}");
        assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
        ari_rig_serve(&rig);
        for (int turn = 0; turn < 20 && ari_rig_count(&rig, "action") == 1; turn++) {
            fake_io_advance(&rig.fake, ACT_CONFIRM_MS / 10);
            ari_rig_serve(&rig);
        }
        ari_rig_serve(&rig);
        snprintf(line, sizeof line, "action 1 101 failed mode=- call=" LEG " %s", cases[i].line);
        expect_fate(&rig, line);
        expect_asked(&rig, "DELETE " MADE "\n", cases[i].removed);
        assert_int_equal(rig.ledger.len, 0);
        ari_rig_fini(&rig);
    }
}

static void test_what_cannot_be_removed_stays_in_the_ledger(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    allow_recording(&rig);
    ari_rig_answer(&rig, "POST channels/" SNOOP "/record*", 500, "{}");
    ari_rig_answer(&rig, "DELETE channels/*", 500, "{}");
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
    ari_rig_serve(&rig);
    assert_int_equal(rig.ledger.len, 1);
    ari_rig_answer(&rig, "DELETE channels/*", 204, "");
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    expect_asked(&rig, "DELETE " MADE "\n", 2);
    assert_int_equal(rig.ledger.len, 0);
    ari_rig_fini(&rig);
}

static void test_the_link_is_lost_while_a_recording_begins(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    allow_recording(&rig);
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
    ari_rig_serve(&rig);
    drop_link(&rig);
    expect(&rig, "action 1 101 failed mode=- call=" LEG " rc=9 \"the link was lost before the "
                 "server confirmed: look at the lamp\"");
    assert_int_equal(rig.ledger.len, 1);
    reconnect(&rig);
    expect_asked(&rig, "DELETE " MADE "\n", 1);
    assert_int_equal(rig.ledger.len, 0);
    ari_rig_fini(&rig);
}

static void test_nothing_is_made_that_cannot_be_written_down(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    rig.is_ledger_full = true;
    expect_refusal(&rig, ACTION_RECORD, "101", LEG, true, RC_IO, "the disk is full");
    ari_rig_serve(&rig);
    expect_asked(&rig, "POST", 0);
    ari_rig_fini(&rig);
}

static void test_two_that_record_at_once(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    ari_rig_answer(&rig, "POST channels/" LEG "/snoop/*", 500,
                   "{\"message\":\"Snoop channel could not be created\"}");
    ari_rig_answer(&rig, "channels/" SNOOP, 200, "{}");
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, RECORD_URI, 0); /* the other one does that */
    assert_int_equal(rig.ledger.len, 0);
    say_snoop(&rig, "StasisStart", "callhud-other,record,r");
    say_recording(&rig, "RecordingStarted", SNOOP);
    expect_fate(&rig, "action 1 101 confirmed");
    expect_asked(&rig, "DELETE", 0);
    ari_rig_fini(&rig);
}

static void record_by_another(struct ari_rig *rig)
{
    talk(rig);
    say_snoop(rig, "ChannelCreated", "");
    say_snoop(rig, "StasisStart", "callhud-other,record,callhud-" LEG "-17");
    say_recording(rig, "RecordingStarted", SNOOP);
    ari_rig_forget(rig);
}

static void test_recorded_already(void **state)
{
    (void)state;
    struct ari_rig rig;
    record_by_another(&rig);
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, true), RC_OK);
    ari_rig_serve(&rig);
    expect_fate(&rig, "action 1 101 confirmed");
    expect_asked(&rig, "POST", 0);
    ari_rig_fini(&rig);
}

static void test_record_off_also_of_another_callhud(void **state)
{
    (void)state;
    struct ari_rig rig;
    record_by_another(&rig);
    ari_rig_answer(&rig, "POST recordings/live/*", 204, "");
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, false), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, "POST recordings/live/callhud-" LEG "-17/stop\n", 1);
    expect_asked(&rig, "DELETE " MADE "\n", 1);
    assert_int_equal(ari_rig_count(&rig, "action"), 1);
    say_recording(&rig, "RecordingFinished", SNOOP);
    expect_fate(&rig, "action 1 101 confirmed");
    assert_int_equal(ari_rig_count(&rig, "call 101 connected"), 1);
    assert_null(strstr(buf_text(&rig.log), "recorded")); /* the mark is gone */

    /* the removed snoop stays in the server's list: it is not taken for one that records */
    ari_rig_forget(&rig);
    say_snoop(&rig, "ChannelHangupRequest", "callhud-other,record,x");
    struct err err = {0};
    allow_recording(&rig);
    assert_int_equal(ari_rig_act(&rig, ACTION_RECORD, "101", LEG, true, &err), RC_OK);
    ari_rig_serve(&rig);
    expect_asked(&rig, SNOOP_URI, 1);
    say_snoop(&rig, "StasisStart", "callhud-x,record,r2");
    say_recording(&rig, "RecordingStarted", SNOOP);
    expect(&rig, "action 2 101 confirmed");
    ari_rig_fini(&rig);
}

static void test_record_off_refused(void **state)
{
    (void)state;
    static const struct {
        int stop, remove;
        const char *line;
    } cases[] = {
        {403, 0, "failed mode=- call=" LEG " rc=14"},
        {404, 204, "confirmed"}, /* the name was wrong: the channel decides */
        {500, 204, "confirmed"},
        {204, 404, "confirmed"},
        {204, 500, "failed mode=- call=" LEG " rc=2"},
        {ARI_RIG_SILENT, 0, "unsure mode=- call=" LEG " rc=0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        char line[200];
        record_by_another(&rig);
        ari_rig_answer(&rig, "POST recordings/live/*", cases[i].stop, "{}");
        ari_rig_answer(&rig, "DELETE " MADE, cases[i].remove, "{}");
        assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, false), RC_OK);
        ari_rig_serve(&rig);
        if (str_eq(cases[i].line, "confirmed"))
            say_recording(&rig, "RecordingFinished", SNOOP);
        fake_io_advance(&rig.fake, ACT_CONFIRM_MS);
        snprintf(line, sizeof line, "action 1 101 %s", cases[i].line);
        expect_fate(&rig, line);
        ari_rig_fini(&rig);
    }
}

static void test_record_off_that_is_off(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    assert_int_equal(act(&rig, ACTION_RECORD, "101", LEG, false), RC_OK);
    ari_rig_serve(&rig);
    expect_fate(&rig, "action 1 101 confirmed");
    expect_asked(&rig, "DELETE", 0);
    ari_rig_fini(&rig);
}

static void test_what_the_server_records_itself(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "mixmon.jsonl", 1, 25);
    assert_non_null(strstr(buf_text(&rig.log), " recorded\n"));
    ari_rig_forget(&rig);
    expect_refusal(&rig, ACTION_RECORD, "101", "pbx-1795310387.24", false, RC_DENIED,
                   "recorded by the server itself (MixMonitor): callhud cannot stop it");
    struct err err = {0};
    assert_int_equal(ari_rig_act(&rig, ACTION_RECORD, "101", "pbx-1795310387.24", true, &err),
                     RC_OK);
    ari_rig_serve(&rig);
    expect(&rig, "action 2 101 confirmed");
    expect_asked(&rig, "POST", 0);
    ari_rig_fini(&rig);
}

static void test_what_another_application_records(void **state)
{
    (void)state;
    struct ari_rig rig;
    talk(&rig);
    say_recording(&rig, "RecordingStarted", LEG);
    expect_refusal(&rig, ACTION_RECORD, "101", LEG, false, RC_DENIED,
                   "recorded by another application of the server: callhud cannot stop it");
    ari_rig_fini(&rig);
}

static void test_a_call_that_rings_is_not_recorded(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 13);
    expect_refusal(&rig, ACTION_RECORD, "101", LEG, true, RC_DENIED,
                   "the call is not answered yet: there is nothing to record");
    ari_rig_fini(&rig);
}

/* ---- removal of what killed runs left ---- */

static struct buf gone_log;

static void on_gone(void *self, const char *thing)
{
    (void)self;
    buf_printf(&gone_log, "%s\n", thing);
}

static void clean(struct ari_rig *rig, const char *const *things, size_t len)
{
    buf_init(&gone_log, 4096);
    backend_find("asterisk")->clean(rig->backend, things, len, on_gone, NULL);
    assert_int_equal(gone_log.len, 0); /* from the loop */
    ari_rig_serve(rig);
}

static void test_clean(void **state)
{
    (void)state;
    static const char *const things[] = {"channels/callhud-1-whisper-3", "bridges/callhud-1-b-2",
                                         "channels/callhud-1-phone-1", "channels/" LEG, "nonsense"};
    struct ari_rig rig;
    start(&rig);
    ari_rig_answer(&rig, "DELETE channels/callhud-1-whisper-3", 404, "{}");
    ari_rig_answer(&rig, "DELETE bridges/callhud-1-b-2", 204, "");
    ari_rig_answer(&rig, "DELETE channels/callhud-1-phone-1", 500, "{}");
    clean(&rig, things, 5);
    assert_string_equal(buf_text(&gone_log),
                        "channels/callhud-1-whisper-3\nbridges/callhud-1-b-2\n");
    expect_asked(&rig, "DELETE", 3); /* a person's call is nobody's leftover */
    ari_rig_answer(&rig, "DELETE channels/callhud-1-phone-1", 204, "");
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_true(str_ends(buf_text(&gone_log), "\nchannels/callhud-1-phone-1\n"));
    buf_fini(&gone_log);
    ari_rig_fini(&rig);
}

static void test_clean_waits_for_the_connection(void **state)
{
    (void)state;
    static const char *const things[] = {"channels/callhud-1-whisper-3"};
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_open(&rig);
    clean(&rig, things, 1);
    assert_int_equal(gone_log.len, 0);
    expect_asked(&rig, "DELETE", 0);
    ari_rig_connect(&rig);
    assert_string_equal(buf_text(&gone_log), "channels/callhud-1-whisper-3\n");
    buf_fini(&gone_log);
    ari_rig_fini(&rig);
}

/* Killed between the phone's going on and its being bridged: the caller stays with the phone. */
static void test_clean_leaves_a_picked_up_call_alone(void **state)
{
    (void)state;
    static const char *const things[] = {"channels/callhud-0a1b2c3d-phone-1",
                                         "bridges/callhud-0a1b2c3d-bridge-2"};
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer_file(&rig, "channels", "takeover-channels-takeover.json");
    ari_rig_answer_file(&rig, "bridges", "takeover-bridges-takeover.json");
    ari_rig_answer(&rig, "DELETE bridges/callhud-*", 204, "");
    connect_to(&rig);
    ari_rig_forget(&rig);
    clean(&rig, things, 2);
    expect_asked(&rig, "DELETE channels/callhud-0a1b2c3d-phone-1", 0);
    assert_non_null(strstr(buf_text(&gone_log), "channels/callhud-0a1b2c3d-phone-1\n"));
    assert_non_null(strstr(buf_text(&gone_log), "bridges/callhud-0a1b2c3d-bridge-2\n"));
    buf_fini(&gone_log);
    ari_rig_fini(&rig);
}

/* The same where people have led it to somebody: the server still says "Stasis" of it. */
static void test_clean_leaves_a_phone_that_talks(void **state)
{
    (void)state;
    static const char *const things[] = {"channels/callhud-0a1b2c3d-phone-1"};
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer_file(&rig, "channels", "takeover-channels-listen.json");
    ari_rig_answer(&rig, "bridges", 200,
                   "[{\"id\":\"talk\",\"bridge_class\":\"basic\",\"channels\":["
                   "\"pbx-1795323864.10\",\"callhud-0a1b2c3d-phone-1\"]}]");
    connect_to(&rig);
    ari_rig_forget(&rig);
    clean(&rig, things, 1);
    expect_asked(&rig, "DELETE", 0);
    assert_string_equal(buf_text(&gone_log), "channels/callhud-0a1b2c3d-phone-1\n");
    buf_fini(&gone_log);
    ari_rig_fini(&rig);
}

static void test_clean_removes_a_phone_that_waits(void **state)
{
    (void)state;
    static const char *const files[] = {"ring", "listen"};
    static const char *const things[] = {"channels/callhud-0a1b2c3d-phone-1"};
    for (size_t i = 0; i < 2; i++) {
        struct ari_rig rig;
        char name[80];
        prepare(&rig);
        snprintf(name, sizeof name, "takeover-channels-%s.json", files[i]);
        ari_rig_answer_file(&rig, "channels", name);
        connect_to(&rig);
        ari_rig_forget(&rig);
        clean(&rig, things, 1);
        expect_asked(&rig, "DELETE channels/callhud-0a1b2c3d-phone-1\n", 1);
        buf_fini(&gone_log);
        ari_rig_fini(&rig);
    }
}

/* The server's yes is a promise: a phone is gone with its event, and until then in the ledger. */
static void test_clean_waits_for_the_end(void **state)
{
    (void)state;
    static const char *const things[] = {"channels/callhud-0a1b2c3d-phone-1"};
    struct ari_rig rig;
    prepare(&rig);
    ari_rig_answer_file(&rig, "channels", "takeover-channels-ring.json");
    connect_to(&rig);
    expect(&rig, "=call 104 ringing");
    assert_non_null(strstr(buf_text(&rig.log), " summons\n")); /* nobody waits there */
    clean(&rig, things, 1);
    expect_asked(&rig, "DELETE channels/callhud-0a1b2c3d-phone-1\n", 1);
    assert_int_equal(gone_log.len, 0);
    ari_rig_say(&rig,
                "{\"type\":\"ChannelDestroyed\",\"timestamp\":\"2027-11-22T00:01:56.500+0000\","
                "\"cause\":16,\"channel\":{\"id\":\"callhud-0a1b2c3d-phone-1\",\"name\":"
                "\"PJSIP/104-00000001\",\"state\":\"Ringing\"}}");
    assert_string_equal(buf_text(&gone_log), "channels/callhud-0a1b2c3d-phone-1\n");
    buf_fini(&gone_log);
    ari_rig_fini(&rig);
}

/* Another callhud may have claimed the same call since the one that was killed: its claim stays. */
static void test_clean_removes_a_claim_of_the_killed_run_alone(void **state)
{
    (void)state;
    static const char *const things[] = {"bridges/callhud-claim-pbx-1.2#0a1b2c3d"};
    static const struct {
        int status;
        const char *body;
        size_t deletes;
        bool is_gone;
    } cases[] = {
        {200, "{\"name\":\"108 0a1b2c3d\"}", 1, true}, /* of the dead */
        {200, "{\"name\":\"107 0badcafe\"}", 0, true}, /* somebody's who lives */
        {404, "{\"message\":\"Bridge not found\"}", 0, true},
        {500, "{}", 0, false}, /* nobody knows: at the next snapshot */
        {200, "{}", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        start(&rig);
        ari_rig_answer(&rig, "bridges/callhud-claim-pbx-1.2", cases[i].status, cases[i].body);
        ari_rig_answer(&rig, "DELETE bridges/callhud-claim-pbx-1.2", 204, "");
        clean(&rig, things, 1);
        expect_asked(&rig, "DELETE bridges/callhud-claim-pbx-1.2\n", cases[i].deletes);
        expect_asked(&rig, "DELETE", cases[i].deletes);
        assert_int_equal(gone_log.len > 0, cases[i].is_gone);
        ari_rig_answer(&rig, "bridges/callhud-claim-pbx-1.2", 404, "{}");
        backend_find("asterisk")->resync(rig.backend);
        ari_rig_serve(&rig);
        assert_string_equal(buf_text(&gone_log), "bridges/callhud-claim-pbx-1.2#0a1b2c3d\n");
        buf_fini(&gone_log);
        ari_rig_fini(&rig);
    }
}

static void test_closed_with_everything_under_way(void **state)
{
    (void)state;
    static const char *const things[] = {"channels/callhud-1-whisper-3"};
    struct ari_rig rig;
    talk(&rig);
    ari_rig_answer(&rig, "DELETE *", ARI_RIG_SILENT, "");
    ari_rig_answer(&rig, "POST *", ARI_RIG_SILENT, "");
    assert_int_equal(act(&rig, ACTION_HANGUP, "101", LEG, false), RC_OK);
    struct err err = {0};
    assert_int_equal(ari_rig_act(&rig, ACTION_RECORD, "101", LEG, true, &err), RC_OK);
    assert_int_equal(ari_rig_act(&rig, ACTION_DND, "102", "", true, &err), RC_OK);
    assert_int_equal(ari_rig_act(&rig, ACTION_DND, "103", "", false, &err), RC_OK);
    backend_find("asterisk")->clean(rig.backend, things, 1, on_gone, NULL);
    ari_rig_fini(&rig); /* fails when a timer or a request is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_can_be_done),
        cmocka_unit_test(test_without_a_phone),
        cmocka_unit_test(test_a_phone_without_a_technology),
        cmocka_unit_test(test_run_read_only),
        cmocka_unit_test(test_a_read_only_user_of_ari),
        cmocka_unit_test(test_without_a_ledger),
        cmocka_unit_test(test_without_a_dnd_device),
        cmocka_unit_test(test_the_dialplan_is_asked_and_nothing_stays),
        cmocka_unit_test(test_what_the_dialplan_lacks),
        cmocka_unit_test(test_a_call_is_asked_about_the_dialplan),
        cmocka_unit_test(test_a_channel_that_went_is_not_asked_for_good),
        cmocka_unit_test(test_the_probe_is_refused),
        cmocka_unit_test(test_a_ledger_that_cannot_be_written_keeps_the_probe_away),
        cmocka_unit_test(test_a_probe_cut_off_is_removed_later),
        cmocka_unit_test(test_leaving_waits_for_the_probe),
        cmocka_unit_test(test_what_needs_the_dialplan_waits_for_the_probe),
        cmocka_unit_test(test_the_probe_is_on_no_lamp),
        cmocka_unit_test(test_hang_up),
        cmocka_unit_test(test_over_http),
        cmocka_unit_test(test_hang_up_with_the_event_before_the_answer),
        cmocka_unit_test(test_hang_up_refused),
        cmocka_unit_test(test_hang_up_without_an_answer),
        cmocka_unit_test(test_hang_up_without_an_event),
        cmocka_unit_test(test_a_late_event),
        cmocka_unit_test(test_the_link_is_lost_meanwhile),
        cmocka_unit_test(test_only_the_very_call_of_the_very_user),
        cmocka_unit_test(test_a_call_that_was_taken),
        cmocka_unit_test(test_dnd_on_and_off),
        cmocka_unit_test(test_dnd_that_is_so_already),
        cmocka_unit_test(test_dnd_refused),
        cmocka_unit_test(test_record_on),
        cmocka_unit_test(test_a_snoop_that_is_not_ready_yet),
        cmocka_unit_test(test_recording_that_does_not_begin),
        cmocka_unit_test(test_what_cannot_be_removed_stays_in_the_ledger),
        cmocka_unit_test(test_the_link_is_lost_while_a_recording_begins),
        cmocka_unit_test(test_nothing_is_made_that_cannot_be_written_down),
        cmocka_unit_test(test_two_that_record_at_once),
        cmocka_unit_test(test_recorded_already),
        cmocka_unit_test(test_record_off_also_of_another_callhud),
        cmocka_unit_test(test_record_off_refused),
        cmocka_unit_test(test_record_off_that_is_off),
        cmocka_unit_test(test_what_the_server_records_itself),
        cmocka_unit_test(test_what_another_application_records),
        cmocka_unit_test(test_a_call_that_rings_is_not_recorded),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_clean_waits_for_the_connection),
        cmocka_unit_test(test_clean_leaves_a_picked_up_call_alone),
        cmocka_unit_test(test_clean_leaves_a_phone_that_talks),
        cmocka_unit_test(test_clean_removes_a_phone_that_waits),
        cmocka_unit_test(test_clean_waits_for_the_end),
        cmocka_unit_test(test_clean_removes_a_claim_of_the_killed_run_alone),
        cmocka_unit_test(test_closed_with_everything_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
