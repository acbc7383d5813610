/* What acting leaves in the world: supervisors and their modes, recordings, who took a call; heard
 * live or found by a snapshot, it is the same. */
#include "ari_server.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void start(struct ari_rig *rig)
{
    ari_rig_init(rig);
    ari_rig_quiet_office(rig);
    ari_rig_open(rig);
    ari_rig_connect(rig);
    ari_rig_forget(rig);
}

/* takeover.jsonl, on a real 22.10: 104's phone is called, listens to 101 and whispers, the call is
 * recorded for a moment, 104 takes it over, holds it, ends it. A snapshot was taken after the event
 * of that number. */
static const struct {
    const char *name;
    size_t line;
    bool is_held;
    const char *calls[2]; /* of 101 and 104; NULL: none */
} moments[] = {
    {"ring",
     30,
     false,
     {"101 connected in 5551234 \"Alice Caller\"", "104 ringing in  \"callhud\" summons"}},
    {"listen",
     42,
     false,
     {"101 connected in 5551234 \"Alice Caller\" 104:listen", "104 connected out  \"\""}},
    {"whisper",
     50,
     false,
     {"101 connected in 5551234 \"Alice Caller\" 104:whisper", "104 connected out  \"\""}},
    {"record",
     54,
     false,
     {"101 connected in 5551234 \"Alice Caller\" recorded 104:whisper", "104 connected out  \"\""}},
    {"takeover", 81, false, {NULL, "104 connected out 5551234 \"Alice Caller\""}},
    {"takeheld", 83, true, {NULL, "104 held out 5551234 \"Alice Caller\""}},
};
#define MOMENTS (sizeof moments / sizeof moments[0])

/* The user's call as told last, without its times; "" when it has ended or was never told. */
static void told_call_of(const struct ari_rig *rig, const char *user, char *to, size_t size)
{
    char wanted[2][40];
    snprintf(wanted[0], sizeof wanted[0], "call %s ", user);
    snprintf(wanted[1], sizeof wanted[1], "=call %s ", user);
    bool has_call = false;
    for (size_t i = 0; i < rig->calls.len; i++)
        has_call |= str_eq(rig->calls.items[i].user, user);
    to[0] = '\0';
    for (const char *line = buf_text(&rig->log); has_call && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (str_starts(line, wanted[0]) || str_starts(line, wanted[1])) {
            const char *since = strstr(line, " since="), *rest = strstr(line, " connected=") + 1;
            size_t start_len = (size_t)(since - strchr(line, ' ')) - 1;
            rest += strcspn(rest, " \n");
            snprintf(to, size, "%.*s%.*s", (int)start_len, strchr(line, ' ') + 1,
                     (int)(line + len - rest), rest);
        }
        line += len + (line[len] == '\n');
    }
}

static void expect_calls(const struct ari_rig *rig, size_t moment, const char *how)
{
    static const char *const users[] = {"101", "104"};
    for (size_t u = 0; u < 2; u++) {
        char got[300];
        told_call_of(rig, users[u], got, sizeof got);
        const char *expected = moments[moment].calls[u] != NULL ? moments[moment].calls[u] : "";
        if (!str_eq(got, expected))
            fail_msg("%s, %s: %s is \"%s\", expected \"%s\"\n%s", moments[moment].name, how,
                     users[u], got, expected, buf_text(&rig->log));
    }
}

static void answer_moment(struct ari_rig *rig, size_t moment)
{
    char name[80];
    snprintf(name, sizeof name, "takeover-channels-%s.json", moments[moment].name);
    ari_rig_answer_file(rig, "channels", name);
    snprintf(name, sizeof name, "takeover-bridges-%s.json", moments[moment].name);
    ari_rig_answer_file(rig, "bridges", name);
    ari_rig_answer(rig, "channels/callhud-*/variable?variable=CHANNEL%28rtp%2Chold%29", 200,
                   moments[moment].is_held ? "{\"value\":\"1\"}" : "{\"value\":\"0\"}");
}

static void test_supervision_heard_live(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    for (size_t i = 0, from = 1; i < MOMENTS; i++) {
        ari_rig_play(&rig, "takeover.jsonl", from, moments[i].line);
        expect_calls(&rig, i, "live");
        from = moments[i].line + 1;
    }
    ari_rig_play(&rig, "takeover.jsonl", moments[MOMENTS - 1].line + 1, 0);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available ringing on_call available");
    assert_string_equal(ari_rig_lamps(&rig, "104"),
                        "available ringing on_call hold on_call available");
    assert_string_equal(ari_rig_lamps(&rig, "102"), "available");
    ari_rig_fini(&rig);
}

static void test_supervision_found_by_a_snapshot(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOMENTS; i++) {
        struct ari_rig rig;
        ari_rig_init(&rig);
        ari_rig_quiet_office(&rig);
        answer_moment(&rig, i);
        ari_rig_open(&rig);
        ari_rig_connect(&rig);
        expect_calls(&rig, i, "fresh");
        /* the caller id that the phone was called with is nobody's name */
        assert_false(ari_rig_told(&rig, "=user 104 \"callhud\""));
        ari_rig_fini(&rig);
    }
}

/* At each moment a snapshot comes in between, and what follows is heard live again. */
static void test_a_snapshot_in_the_middle_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOMENTS; i++) {
        struct ari_rig rig;
        start(&rig);
        ari_rig_play(&rig, "takeover.jsonl", 1, moments[i].line);
        answer_moment(&rig, i);
        backend_find("asterisk")->resync(rig.backend);
        ari_rig_serve(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        expect_calls(&rig, i, "resynced");
        for (size_t k = i + 1; k < MOMENTS; k++) {
            ari_rig_play(&rig, "takeover.jsonl", moments[k - 1].line + 1, moments[k].line);
            expect_calls(&rig, k, "live after a snapshot");
        }
        ari_rig_play(&rig, "takeover.jsonl", moments[MOMENTS - 1].line + 1, 0);
        assert_string_equal(ari_rig_lamp(&rig, "101"), "available");
        assert_string_equal(ari_rig_lamp(&rig, "104"), "available");
        ari_rig_fini(&rig);
    }
}

/* The recording's end is missed with the link; the snoop stays in the lists as it did on 22.10. */
static void test_a_recording_that_ended_unheard(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "takeover.jsonl", 1, 54);
    expect_calls(&rig, 3, "live");
    char *body = ari_test_file("takeover-channels-record.json");
    char *app = strstr(body, "\"app_name\":\"Stasis\",\"app_data\":\"callhud-lab-1,record,");
    assert_non_null(app);
    memcpy(app, "\"app_name\":\"\"      ", 19);
    ari_rig_answer_file(&rig, "bridges", "takeover-bridges-record.json");
    ari_rig_answer(&rig, "channels", 200, body);
    mem_free(body);
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "closed");
    fake_io_advance(&rig.fake, 20000);
    ari_rig_connect(&rig);
    expect_calls(&rig, 2, "after the link was lost"); /* as before it was recorded */
    ari_rig_fini(&rig);
}

/* ---- who took a call ---- */

static void expect_taker(struct ari_rig *rig, const char *user, const char *leg, const char *text)
{
    struct err err = {0};
    assert_int_equal(ari_rig_act(rig, ACTION_HANGUP, user, leg, false, &err), RC_NOT_FOUND);
    assert_string_equal(err.text, text);
}

static void test_takers_in_captures(void **state)
{
    (void)state;
    static const struct {
        const char *file, *user, *leg, *text;
    } cases[] = {
        {"pickup-ringing.jsonl", "101", "pbx-1795305727.7", "taken by 104"},
        {"retrieve-held.jsonl", "101", "pbx-1795305733.10", "taken by 104"},
        {"call-hold-hangup.jsonl", "101", "pbx-1795305714.1", "the call has ended"},
        {"takeover.jsonl", "101", "pbx-1795323864.11", "the call has ended"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        start(&rig);
        ari_rig_play(&rig, cases[i].file, 1, 0);
        expect_taker(&rig, cases[i].user, cases[i].leg, cases[i].text);
        ari_rig_fini(&rig);
    }
}

/* What is remembered outlives snapshots; and a leg that ended while the link was lost is found. */
static void test_a_taker_is_remembered(void **state)
{
    (void)state;
    for (int is_lost = 0; is_lost < 2; is_lost++) {
        struct ari_rig rig;
        start(&rig);
        ari_rig_play(&rig, "takeover.jsonl", 1, is_lost ? 42 : 81);
        answer_moment(&rig, 4);
        if (is_lost) {
            fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "closed");
            fake_io_advance(&rig.fake, 20000);
            ari_rig_connect(&rig);
        } else {
            backend_find("asterisk")->resync(rig.backend);
            ari_rig_serve(&rig);
        }
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        expect_taker(&rig, "101", "pbx-1795323864.11", "taken by 104");
        ari_rig_play(&rig, "takeover.jsonl", 82, 0);
        expect_taker(&rig, "101", "pbx-1795323864.11", "the call has ended");
        ari_rig_fini(&rig);
    }
}

/* A queue that tries one after the other, through Local pairs. */
static void test_a_queue_moved_on(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    char leg[2][80] = {"", ""};
    char *text = ari_test_file("queuelocal.jsonl");
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0';) {
        ari_rig_say(&rig, line);
        for (size_t i = 0; i < rig.calls.len; i++) /* whatever rang at 101 and 102 */
            if (rig.calls.items[i].state == CALL_RINGING && rig.calls.items[i].user[2] <= '2')
                str_copy(leg[rig.calls.items[i].user[2] - '1'], sizeof leg[0],
                         rig.calls.items[i].id);
        if (str_eq(ari_rig_lamp(&rig, "103"), "on_call") &&
            str_eq(ari_rig_lamp(&rig, "101"), "available") &&
            str_eq(ari_rig_lamp(&rig, "102"), "available"))
            break;
    }
    mem_free(text);
    assert_true(leg[0][0] != '\0' && leg[1][0] != '\0');
    expect_taker(&rig, "101", leg[0], "taken by 103");
    expect_taker(&rig, "102", leg[1], "taken by 103");
    ari_rig_fini(&rig);
}

#define CHANNEL(id, name, state, number, connected)                                          \
    "{\"id\":\"" id "\",\"name\":\"" name "\",\"state\":\"" state                            \
    "\",\"caller\":{\"name\":\"\",\"number\":\"" number                                      \
    "\"},\"connected\":{\"name\":\"\",\"number\":\"" connected                               \
    "\"},\"dialplan\":{\"context\":\"x\",\"exten\":\"9\",\"priority\":1,\"app_name\":\"x\"," \
    "\"app_data\":\"\"},\"creationtime\":\"2026-11-22T10:00:00.000+0000\"}"
#define EVENT_AT(type, ms, rest) \
    "{\"type\":\"" type "\",\"timestamp\":\"2026-11-22T10:00:00." ms "+0000\"," rest "}"
#define ROOM(id, members) \
    "\"bridge\":{\"id\":\"" id "\",\"bridge_class\":\"basic\",\"channels\":[" members "]},"
#define AGENT "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "555")
#define CALLER "\"channel\":" CHANNEL("c.1", "PJSIP/carrier-1", "Up", "555", "101")
#define OTHER(name) "\"channel\":" CHANNEL("o.1", name, "Up", "7", "555")

static void talk(struct ari_rig *rig)
{
    ari_rig_say(rig, EVENT_AT("ChannelCreated", "010", AGENT));
    ari_rig_say(rig, EVENT_AT("ChannelCreated", "020", CALLER));
    ari_rig_say(rig, EVENT_AT("ChannelEnteredBridge", "030", ROOM("b1", "\"a.1\"") AGENT));
    ari_rig_say(rig, EVENT_AT("ChannelEnteredBridge", "040", ROOM("b1", "\"a.1\",\"c.1\"") CALLER));
}

static void test_taken_by_phones_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *frame, *text;
    } cases[] = {
        {EVENT_AT("ChannelCreated", "060", OTHER("PJSIP/102-1")), "taken by 102"},
        {EVENT_AT("ChannelCreated", "060", OTHER("PJSIP/trunk-1")), "taken by another phone"},
        {EVENT_AT("ChannelCreated", "060", OTHER("Local/9@x-1;1")), "the call has ended"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int is_leg_there = 0; is_leg_there < 2; is_leg_there++) {
            struct ari_rig rig;
            start(&rig);
            talk(&rig);
            ari_rig_say(&rig, EVENT_AT("ChannelLeftBridge", "050", ROOM("b1", "\"a.1\"") CALLER));
            if (!is_leg_there)
                ari_rig_say(&rig, EVENT_AT("ChannelDestroyed", "055", AGENT));
            ari_rig_say(&rig, cases[i].frame);
            ari_rig_say(&rig, EVENT_AT("ChannelEnteredBridge", "070",
                                       ROOM("b2", "\"c.1\",\"o.1\"") CALLER));
            if (!is_leg_there)
                expect_taker(&rig, "101", "a.1", cases[i].text);
            else /* the phone still hears nothing: it may be hung up, whoever has the caller */
                assert_string_equal(ari_rig_lamp(&rig, "101"), "on_call");
            ari_rig_fini(&rig);
        }
    }
}

static void test_takers_are_forgotten_in_order(void **state)
{
    (void)state;
    enum { TAKEN_MAX = 512 };
    struct ari_rig rig;
    start(&rig);
    talk(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelLeftBridge", "050", ROOM("b1", "\"a.1\"") CALLER));
    ari_rig_say(&rig, EVENT_AT("ChannelDestroyed", "055", AGENT));
    ari_rig_say(&rig, EVENT_AT("ChannelCreated", "060", OTHER("PJSIP/102-1")));
    ari_rig_say(&rig,
                EVENT_AT("ChannelEnteredBridge", "070", ROOM("b2", "\"c.1\",\"o.1\"") CALLER));
    for (int i = 0; i < TAKEN_MAX; i++) {
        char frame[1400];
        if (i == TAKEN_MAX - 1)
            expect_taker(&rig, "101", "a.1", "taken by 102");
        snprintf(
            frame, sizeof frame,
            EVENT_AT("Dial", "080",
                     "\"dialstatus\":\"\",\"caller\":" CHANNEL(
                         "c.1", "PJSIP/carrier-1", "Up", "555",
                         "") ",\"peer\":" CHANNEL("r.%d", "PJSIP/103-%d", "Ringing", "103", "555")),
            i, i);
        ari_rig_say(&rig, frame);
        snprintf(frame, sizeof frame,
                 EVENT_AT("ChannelDestroyed", "090",
                          "\"channel\":" CHANNEL("r.%d", "PJSIP/103-%d", "Ringing", "103", "555")),
                 i, i);
        ari_rig_say(&rig, frame);
    }
    expect_taker(&rig, "101", "a.1", "the call has ended");
    expect_taker(&rig, "103", "r.0", "taken by 102");
    ari_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supervision_heard_live),
        cmocka_unit_test(test_supervision_found_by_a_snapshot),
        cmocka_unit_test(test_a_snapshot_in_the_middle_changes_nothing),
        cmocka_unit_test(test_a_recording_that_ended_unheard),
        cmocka_unit_test(test_takers_in_captures),
        cmocka_unit_test(test_a_taker_is_remembered),
        cmocka_unit_test(test_a_queue_moved_on),
        cmocka_unit_test(test_taken_by_phones_of_others),
        cmocka_unit_test(test_takers_are_forgotten_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
