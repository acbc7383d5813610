/* Captures of a real server, played into the backend: each lamp in its order, and the calls told.
 */
#include "ari_server.h"

#include "callhud/base/mem.h"

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
    assert_string_equal(ari_rig_lamps(rig, "101"), "available");
    ari_rig_forget(rig);
}

/* Each capture with the lamps that each user had, in order; what is not named stayed free. */
static const struct {
    const char *file;
    const char *lamps[5]; /* "101 available ringing ..." */
} captures[] = {
    {"call-hold-hangup.jsonl", {"101 available ringing on_call hold on_call available"}},
    {"second-call-dnd-offline.jsonl",
     {"101 available ringing on_call ringing available", "102 available dnd available",
      "103 available offline available"}},
    {"pickup-ringing.jsonl", {"101 available ringing available", "104 available on_call"}},
    /* the holder's leg ends with no ChannelUnhold, and never shows as a call that is not held */
    {"retrieve-held.jsonl",
     {"101 available ringing on_call hold available", "104 available on_call"}},
    /* the leg of who parked stays alone until the phone hangs up */
    {"park-unpark.jsonl",
     {"101 available ringing on_call parked on_call available", "104 available on_call available"}},
    {"supervise-chanspy.jsonl",
     {"101 available ringing on_call available", "104 available on_call"}},
    {"supervise-snoop.jsonl",
     {"101 available ringing on_call available", "104 available on_call available"}},
    {"queue.jsonl", {"101 available ringing available", "102 available ringing on_call available"}},
    {"queuelocal.jsonl",
     {"101 available ringing available", "102 available ringing available",
      "103 available ringing on_call available"}},
    /* one agent calls another, who holds: only the holder's lamp says hold */
    {"inner.jsonl",
     {"101 available on_call available", "102 available ringing on_call hold available"}},
    {"dialout.jsonl", {"103 available on_call available"}},
    {"conf.jsonl", {"101 available on_call available", "102 available on_call available"}},
    {"local.jsonl",
     {"102 available ringing on_call available", "103 available ringing on_call available"}},
    {"xfer.jsonl",
     {"101 available ringing on_call hold on_call available",
      "102 available ringing on_call available"}},
    {"blind.jsonl",
     {"101 available ringing on_call hold on_call available",
      "102 available ringing on_call available"}},
    {"mixmon.jsonl", {"101 available ringing on_call available"}},
};

static void test_lamps_of_captures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        struct ari_rig rig;
        start(&rig);
        ari_rig_play(&rig, captures[i].file, 1, 0);
        for (size_t u = 0; u < rig.users_len; u++) {
            char got[1100], expected[1100];
            snprintf(got, sizeof got, "%s %s", rig.users[u].user, rig.users[u].lamps);
            snprintf(expected, sizeof expected, "%s available", rig.users[u].user);
            for (size_t k = 0; k < 5 && captures[i].lamps[k] != NULL; k++)
                if (strncmp(captures[i].lamps[k], rig.users[u].user, 3) == 0)
                    snprintf(expected, sizeof expected, "%s", captures[i].lamps[k]);
            if (strcmp(got, expected) != 0)
                fail_msg("%s: %s, expected %s\n%s", captures[i].file, got, expected,
                         buf_text(&rig.log));
        }
        assert_int_equal(ari_rig_count(&rig, "gap"), 0);
        ari_rig_fini(&rig);
    }
}

static void expect(const struct ari_rig *rig, const char *line)
{
    if (!ari_rig_told(rig, line))
        fail_msg("never told: %s\n%s", line, buf_text(&rig->log));
}

static void test_times_and_party_of_a_call(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 0);
    expect(&rig, "user 101 \"Ada 101\" \"\" line=1\n");
    expect(&rig, "call 101 ringing in 5551234 \"Alice Caller\" since=1795305714638 connected=0\n");
    expect(&rig, "call 101 connected in 5551234 \"Alice Caller\" since=1795305714807 "
                 "connected=1795305714807\n");
    expect(&rig, "call 101 held in 5551234 \"Alice Caller\" since=1795305715028 "
                 "connected=1795305714807\n");
    expect(&rig, "call 101 connected in 5551234 \"Alice Caller\" since=1795305716399 "
                 "connected=1795305714807\n");
    expect(&rig, "ended 101 pbx-1795305714.1\n");
    assert_int_equal(ari_rig_count(&rig, "call 101"), 4); /* nothing is told twice */
    ari_rig_fini(&rig);
}

static void test_direction_and_dialled_number(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "dialout.jsonl", 1, 0);
    expect(&rig, "call 103 dialling out 5559876 \"\" since=1795310324770 connected=0\n");
    expect(&rig, "call 103 connected out 5559876 \"\"");
    ari_rig_play(&rig, "conf.jsonl", 1, 0);
    expect(&rig, "call 101 dialling out 800 \"\"");
    expect(&rig, "call 101 connected out 800 \"\"");
    ari_rig_fini(&rig);
}

static void test_inner_call_names_both(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "inner.jsonl", 1, 0);
    expect(&rig, "call 101 dialling out 102 \"Bruno 102\"");
    expect(&rig, "call 102 ringing in 101 \"Ada 101\"");
    expect(&rig, "call 101 connected out 102 \"Bruno 102\"");
    expect(&rig, "call 102 held in 101 \"Ada 101\"");
    assert_int_equal(ari_rig_count(&rig, "call 101 held"), 0);
    ari_rig_fini(&rig);
}

static void test_queue_and_local_show_the_caller(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "queue.jsonl", 1, 0);
    expect(&rig, "call 101 ringing in 5551234 \"Alice Caller\"");
    expect(&rig, "call 102 connected in 5551234 \"Alice Caller\"");
    ari_rig_play(&rig, "queuelocal.jsonl", 1, 0);
    expect(&rig, "call 103 ringing in 5551234 \"Alice Caller\"");
    expect(&rig, "call 103 connected in 5551234 \"Alice Caller\"");
    ari_rig_play(&rig, "local.jsonl", 1, 0);
    expect(&rig, "call 103 connected in 102 \"Bruno 102\"");
    ari_rig_fini(&rig);
}

/* The agent's leg of a call through Local/ may have an empty connected party: the number is then
 * taken from the far end of the pair. */
static void test_empty_party_is_found_through_local(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    char *text = ari_test_file("queuelocal.jsonl");
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        /* blank out what the leg of 103 is told of its other party */
        char *leg = strstr(line, "\"name\":\"PJSIP/103-");
        char *connected =
            leg != NULL ? strstr(leg, "\"connected\":{\"name\":\"Alice Caller\"") : NULL;
        if (connected != NULL) {
            struct buf frame;
            buf_init(&frame, 65536);
            buf_put(&frame, line, (size_t)(connected - line));
            buf_puts(&frame, "\"connected\":{\"name\":\"\",\"number\":\"\"}");
            buf_puts(&frame, strchr(connected, '}') + 1);
            ari_rig_say(&rig, buf_text(&frame));
            buf_fini(&frame);
        } else if (line[0] != '\0') {
            ari_rig_say(&rig, line);
        }
        if (ari_rig_told(&rig, "call 103 connected in 5551234"))
            break;
    }
    mem_free(text);
    expect(&rig, "call 103 ringing in 5551234 \"Alice Caller\"");
    expect(&rig, "call 103 connected in 5551234 \"Alice Caller\"");
    ari_rig_fini(&rig);
}

static void test_parked_call_is_of_who_parked_it(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "park-unpark.jsonl", 1, 0);
    expect(&rig, "call 101 parked in 5551234 \"Alice Caller\" since=1795305741027");
    assert_int_equal(ari_rig_count(&rig, "call 104 parked"), 0);
    expect(&rig, "call 104 connected out 5551234 \"Alice Caller\"");
    ari_rig_fini(&rig);
}

static void test_supervisors(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "supervise-chanspy.jsonl", 1, 0);
    expect(&rig, "call 101 connected in 5551234 \"Alice Caller\" since=1795305747801 "
                 "connected=1795305747801 104:listen\n");
    ari_rig_play(&rig, "supervise-snoop.jsonl", 1, 0);
    expect(&rig, "call 101 connected in 5551234 \"Alice Caller\" since=1795305754846 "
                 "connected=1795305754846 104:?\n");
    ari_rig_fini(&rig);
}

#define CHANNEL(id, name, state, number, connected, app, data)                               \
    "{\"id\":\"" id "\",\"name\":\"" name "\",\"state\":\"" state                            \
    "\",\"caller\":{\"name\":\"\",\"number\":\"" number                                      \
    "\"},\"connected\":{\"name\":\"\",\"number\":\"" connected                               \
    "\"},\"dialplan\":{\"context\":\"x\",\"exten\":\"9\",\"priority\":1,\"app_name\":\"" app \
    "\",\"app_data\":\"" data "\"},\"creationtime\":\"2026-11-22T10:00:00.000+0000\"}"
#define EVENT_AT(type, ms, rest) \
    "{\"type\":\"" type "\",\"timestamp\":\"2026-11-22T10:00:00." ms "+0000\"," rest "}"

/* Modes by ChanSpy's options, switched by the supervisor's digits only with option d. */
static void test_spy_modes(void **state)
{
    (void)state;
    static const struct {
        const char *options, *digit, *expected;
    } cases[] = {
        {"q", "", "104:listen"},          {"qdEw", "", "104:whisper"}, {"qdEB", "", "104:barge"},
        {"qv(4)g(wB)", "", "104:listen"}, {"qdE", "5", "104:whisper"}, {"qdE", "6", "104:barge"},
        {"qdEB", "4", "104:listen"},      {"qE", "6", "104:listen"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        char frame[1024];
        start(&rig);
        ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "100",
                                   "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "555",
                                                          "AppDial", "(Outgoing Line)")));
        snprintf(frame, sizeof frame,
                 EVENT_AT("ChannelDialplan", "200",
                          "\"channel\":" CHANNEL("b.1", "PJSIP/104-1", "Up", "104", "", "ChanSpy",
                                                 "PJSIP/101-,%s")),
                 cases[i].options);
        ari_rig_say(&rig, frame);
        if (cases[i].digit[0] != '\0') {
            snprintf(
                frame, sizeof frame,
                EVENT_AT("ChannelDtmfReceived", "300",
                         "\"digit\":\"%s\",\"channel\":" CHANNEL("b.1", "PJSIP/104-1", "Up", "104",
                                                                 "", "ChanSpy", "PJSIP/101-,%s")),
                cases[i].digit, cases[i].options);
            ari_rig_say(&rig, frame);
        }
        const char *last = NULL;
        for (const char *p = buf_text(&rig.log); (p = strstr(p, "104:")) != NULL; p++)
            last = p;
        assert_non_null(last);
        assert_memory_equal(last, cases[i].expected, strlen(cases[i].expected));
        /* a longer extension with the same start is somebody else */
        assert_int_equal(ari_rig_count(&rig, "call 104 connected"), 1);
        ari_rig_fini(&rig);
    }
}

static void test_recording_marks_the_call(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "mixmon.jsonl", 1, 0);
    expect(&rig, "call 101 connected in 5551234 \"Alice Caller\" since=1795310387411 "
                 "connected=1795310387411 recorded\n");
    ari_rig_forget(&rig);
    /* on the other side of the call: the same call is recorded */
    ari_rig_play(&rig, "inner.jsonl", 1, 24);
    char *inner = ari_test_file("inner-channels.json");
    assert_non_null(strstr(inner, "pbx-1795310320.3"));
    mem_free(inner);
    ari_rig_say(
        &rig,
        EVENT_AT("ChannelVarset", "500",
                 "\"variable\":\"MIXMONITOR_FILENAME\",\"value\":\"/x.wav\",\"channel\":" CHANNEL(
                     "pbx-1795310320.3", "PJSIP/101-00000003", "Up", "101", "102", "Dial",
                     "PJSIP/102")));
    assert_true(ari_rig_told(&rig, "call 101 connected") && strstr(buf_text(&rig.log), "recorded"));
    bool is_mate_recorded = false;
    for (const char *p = buf_text(&rig.log); (p = strstr(p, "call 102 ")) != NULL; p++)
        is_mate_recorded |=
            strstr(p, "recorded") != NULL && strstr(p, "recorded") < strchr(p, '\n');
    assert_true(is_mate_recorded);
    ari_rig_fini(&rig);
}

/* A recording of ARI sits on a snoop of the agent's channel; a snoop that records is no supervisor.
 */
static void test_recording_by_ari(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "100",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "555",
                                                      "AppDial", "(Outgoing Line)")));
    ari_rig_say(&rig, EVENT_AT("ChannelCreated", "200",
                               "\"channel\":" CHANNEL("sn", "Snoop/a.1-00000000", "Up", "", "",
                                                      "Stasis", "x")));
    assert_int_equal(ari_rig_count(&rig, "call 101"), 1);
    ari_rig_say(&rig, EVENT_AT("RecordingStarted", "300",
                               "\"recording\":{\"name\":\"r\",\"target_uri\":\"channel:sn\"}"));
    assert_true(strstr(buf_text(&rig.log), " recorded\n") != NULL);
    ari_rig_forget(&rig);
    ari_rig_say(&rig, EVENT_AT("RecordingFinished", "400",
                               "\"recording\":{\"name\":\"r\",\"target_uri\":\"channel:sn\"}"));
    assert_int_equal(ari_rig_count(&rig, "call 101 connected in 555"), 1);
    assert_null(strstr(buf_text(&rig.log), " recorded\n"));
    ari_rig_say(&rig, EVENT_AT("RecordingStarted", "500",
                               "\"recording\":{\"name\":\"r\",\"target_uri\":\"bridge:none\"}"));
    ari_rig_fini(&rig);
}

/* Seen when a ringing call is picked up: news of a channel after its end. */
static void test_late_news_do_not_resurrect(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "100",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Ringing", "101", "555",
                                                      "AppDial", "(Outgoing Line)")));
    assert_string_equal(ari_rig_lamp(&rig, "101"), "ringing");
    ari_rig_say(&rig, EVENT_AT("ChannelDestroyed", "200",
                               "\"cause\":16,\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Ringing",
                                                                   "101", "555", "AppDial", "")));
    assert_string_equal(ari_rig_lamp(&rig, "101"), "available");
    ari_rig_say(&rig, EVENT_AT("ChannelDialplan", "200",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Ringing", "101", "555",
                                                      "AppDial2", "")));
    ari_rig_say(&rig, EVENT_AT("ChannelEnteredBridge", "300",
                               "\"bridge\":{\"id\":\"br\",\"bridge_class\":\"basic\",\"channels\":["
                               "\"a.1\",\"nobody\"]},\"channel\":" CHANNEL(
                                   "a.1", "PJSIP/101-1", "Up", "101", "555", "AppDial2", "")));
    fake_io_advance(&rig.fake, 100);
    assert_string_equal(ari_rig_lamp(&rig, "101"), "available");
    ari_rig_fini(&rig);
}

/* An event that was overtaken does not undo what the later one said. */
static void test_older_saying_does_not_overwrite(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "300",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "555",
                                                      "AppDial", "(Outgoing Line)")));
    ari_rig_say(&rig, EVENT_AT("ChannelConnectedLine", "200",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Ringing", "101", "444",
                                                      "AppDial", "(Outgoing Line)")));
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available on_call");
    assert_int_equal(ari_rig_count(&rig, "call 101 connected in 444"), 0);
    ari_rig_fini(&rig);
}

/* The server's clock was set back by an hour: its events count none the less. */
static void test_clock_set_back(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "300",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Ringing", "101", "555",
                                                      "AppDial", "(Outgoing Line)")));
    ari_rig_say(&rig, "{\"type\":\"ChannelStateChange\",\"timestamp\":\"2026-11-22T09:00:00.300+"
                      "0000\",\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "555",
                                                    "AppDial", "(Outgoing Line)") "}");
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available ringing on_call");
    ari_rig_fini(&rig);
}

/* The held party is parked or taken while the phone goes on holding: nobody is held. */
static void test_hold_ends_when_the_party_has_gone(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_play(&rig, "retrieve-held.jsonl", 1, 0);
    ari_rig_forget(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "010",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/102-1", "Up", "102", "555",
                                                      "AppDial", "(Outgoing Line)")));
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "020",
                               "\"channel\":" CHANNEL("c.1", "PJSIP/carrier-1", "Up", "555", "102",
                                                      "Dial", "PJSIP/102")));
    ari_rig_say(&rig,
                EVENT_AT("ChannelEnteredBridge", "030",
                         "\"bridge\":{\"id\":\"br\",\"bridge_class\":\"basic\",\"channels\":[\"a."
                         "1\",\"c.1\"]},\"channel\":" CHANNEL("c.1", "PJSIP/carrier-1", "Up", "555",
                                                              "102", "Dial", "PJSIP/102")));
    ari_rig_say(&rig, EVENT_AT("ChannelHold", "040",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/102-1", "Up", "102", "555",
                                                      "AppDial", "(Outgoing Line)")));
    assert_string_equal(ari_rig_lamp(&rig, "102"), "hold");
    ari_rig_say(&rig,
                EVENT_AT("ChannelLeftBridge", "050",
                         "\"bridge\":{\"id\":\"br\",\"bridge_class\":\"basic\",\"channels\":[\"a."
                         "1\"]},\"channel\":" CHANNEL("c.1", "PJSIP/carrier-1", "Up", "555", "102",
                                                      "Dial", "PJSIP/102")));
    ari_rig_say(&rig, EVENT_AT("ChannelDestroyed", "060",
                               "\"channel\":" CHANNEL("c.1", "PJSIP/carrier-1", "Up", "555", "102",
                                                      "", "")));
    fake_io_advance(&rig.fake, 50);
    assert_string_equal(ari_rig_lamps(&rig, "102"), "available on_call hold on_call");
    ari_rig_fini(&rig);
}

/* A queue's caller is answered before anybody talks to him; a Dial's caller may be as well. */
static void test_up_before_the_bridge(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "010",
                               "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "",
                                                      "Answer", "")));
    ari_rig_say(
        &rig,
        EVENT_AT("Dial", "020",
                 "\"dialstatus\":\"\",\"caller\":" CHANNEL(
                     "a.1", "PJSIP/101-1", "Up", "101", "", "Dial",
                     "PJSIP/9@carrier") ",\"peer\":" CHANNEL("c.1", "PJSIP/carrier-1", "Down", "9",
                                                             "101", "AppDial", "(Outgoing Line)")));
    assert_true(ari_rig_told(&rig, "call 101 dialling out 9"));
    ari_rig_say(
        &rig,
        EVENT_AT("Dial", "030",
                 "\"dialstatus\":\"ANSWER\",\"caller\":" CHANNEL(
                     "a.1", "PJSIP/101-1", "Up", "101", "9", "Dial",
                     "PJSIP/9@carrier") ",\"peer\":" CHANNEL("c.1", "PJSIP/carrier-1", "Up", "9",
                                                             "101", "AppDial", "(Outgoing Line)")));
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available on_call");
    assert_true(ari_rig_told(&rig, "call 101 connected out 9 \"\" since=1795341600030"));
    ari_rig_fini(&rig);
}

/* A channel first heard of in mid-life has a past that nobody told us. */
static void test_unseen_beginning_is_not_invented(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, "{\"type\":\"ChannelConnectedLine\",\"timestamp\":\"2026-11-22T11:00:00.000+"
                      "0000\",\"channel\":" CHANNEL("a.1", "PJSIP/101-1", "Up", "101", "555",
                                                    "AppDial", "(Outgoing Line)") "}");
    assert_true(ari_rig_told(&rig, "call 101 connected in 555 \"\" since=0 connected=0\n"));
    ari_rig_fini(&rig);
}

/* Two calls parked one after the other keep their own times and owners. */
static void test_second_parked_call(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    for (int i = 1; i <= 2; i++) {
        char frame[2048];
        snprintf(frame, sizeof frame,
                 EVENT_AT("ChannelStateChange", "%d10",
                          "\"channel\":" CHANNEL("u.%d", "PJSIP/10%d-1", "Up", "10%d", "55%d",
                                                 "AppDial", "(Outgoing Line)")),
                 i, i, i, i, i);
        ari_rig_say(&rig, frame);
        snprintf(frame, sizeof frame,
                 EVENT_AT("ChannelStateChange", "%d20",
                          "\"channel\":" CHANNEL("c.%d", "PJSIP/carrier-%d", "Up", "55%d", "10%d",
                                                 "Dial", "x")),
                 i, i, i, i, i);
        ari_rig_say(&rig, frame);
        snprintf(frame, sizeof frame,
                 EVENT_AT("ChannelEnteredBridge", "%d30",
                          "\"bridge\":{\"id\":\"b%d\",\"bridge_class\":\"basic\",\"channels\":[\"u."
                          "%d\",\"c.%d\"]}"),
                 i, i, i, i);
        ari_rig_say(&rig, frame);
        snprintf(frame, sizeof frame,
                 EVENT_AT("ChannelEnteredBridge", "%d40",
                          "\"bridge\":{\"id\":\"park\",\"bridge_class\":\"parking\",\"channels\":[%"
                          "s\"c.%d\"]}"),
                 i, i == 2 ? "\"c.1\"," : "", i);
        ari_rig_say(&rig, frame);
    }
    fake_io_advance(&rig.fake, 100);
    assert_string_equal(ari_rig_lamp(&rig, "101"), "parked");
    assert_string_equal(ari_rig_lamp(&rig, "102"), "parked");
    assert_true(ari_rig_told(&rig, "call 101 parked in 551 \"\" since=1795341600140"));
    assert_true(ari_rig_told(&rig, "call 102 parked in 552 \"\" since=1795341600240"));
    assert_int_equal(ari_rig_count(&rig, "call 101 parked"), 1);
    ari_rig_fini(&rig);
}

/* Whom a queue tries just now is not whom the agent dialled. */
static void test_caller_in_a_queue_keeps_the_number_dialled(void **state)
{
    (void)state;
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "110",
                               "\"channel\":" CHANNEL("q.1", "PJSIP/103-1", "Up", "103", "",
                                                      "Queue", "support")));
    ari_rig_say(
        &rig, EVENT_AT("Dial", "120",
                       "\"dialstatus\":\"\",\"caller\":" CHANNEL(
                           "q.1", "PJSIP/103-1", "Up", "103", "", "Queue",
                           "support") ",\"peer\":" CHANNEL("q.2", "PJSIP/101-1", "Ringing", "101",
                                                           "103", "AppQueue", "(Outgoing Line)")));
    assert_string_equal(ari_rig_lamp(&rig, "101"), "ringing");
    assert_int_equal(ari_rig_count(&rig, "call 103 connected out 9 "), 1);
    assert_int_equal(ari_rig_count(&rig, "call 103"), 1);
    ari_rig_fini(&rig);
}

/* A phone that holds is moved to another bridge (its partner was transferred): it goes on holding,
 * which only the server's variable tells. */
static void test_hold_survives_a_change_of_bridge(void **state)
{
    (void)state;
    static const struct {
        const char *value, *lamp;
        int status;
    } cases[] = {{"{\"value\":\"1\"}", "hold", 200},
                 {"{\"value\":\"0\"}", "on_call", 200},
                 {"{\"message\":\"no\"}", "on_call", 404}};
#define MOVED "\"channel\":" CHANNEL("h.1", "PJSIP/101-1", "Up", "101", "551", "AppDial", "x")
#define ROOM(id, members) \
    ",\"bridge\":{\"id\":\"" id "\",\"bridge_class\":\"basic\",\"channels\":[" members "]}"
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        start(&rig);
        ari_rig_answer(&rig, "channels/h.1/variable?variable=CHANNEL%28rtp%2Chold%29",
                       cases[i].status, cases[i].value);
        ari_rig_say(&rig, EVENT_AT("ChannelStateChange", "110", MOVED));
        ari_rig_say(&rig, EVENT_AT("ChannelEnteredBridge", "120", MOVED ROOM("b1", "\"h.1\"")));
        ari_rig_say(&rig, EVENT_AT("ChannelHold", "130", MOVED));
        ari_rig_say(&rig, EVENT_AT("ChannelLeftBridge", "140", MOVED ROOM("b1", "")));
        ari_rig_serve(&rig);
        ari_rig_say(&rig,
                    EVENT_AT("ChannelEnteredBridge", "150", MOVED ROOM("b2", "\"h.1\",\"x\"")));
        ari_rig_say(
            &rig, EVENT_AT("ChannelCreated", "160",
                           "\"channel\":" CHANNEL("x", "PJSIP/carrier-1", "Up", "1", "", "", "")));
        ari_rig_say(&rig,
                    EVENT_AT("ChannelEnteredBridge", "170", MOVED ROOM("b2", "\"h.1\",\"x\"")));
        fake_io_advance(&rig.fake, 1000);
        assert_string_equal(ari_rig_lamp(&rig, "101"), cases[i].lamp);
        ari_rig_fini(&rig);
    }
}

/* A leg that was called and then sent into the dialplan (a transfer) has a call of its own making:
 * a snapshot could not tell that it was called once, so an event does not say so either. */
static void test_direction_after_a_transfer(void **state)
{
    (void)state;
#define LEG(state_, app, data) \
    "\"channel\":" CHANNEL("a.1", "PJSIP/101-1", state_, "101", "555", app, data)
    struct ari_rig rig;
    start(&rig);
    ari_rig_say(
        &rig, EVENT_AT("ChannelStateChange", "010", LEG("Ringing", "AppDial", "(Outgoing Line)")));
    assert_true(ari_rig_told(&rig, "call 101 ringing in 555"));
    ari_rig_say(&rig,
                EVENT_AT("ChannelStateChange", "020", LEG("Up", "AppDial", "(Outgoing Line)")));
    ari_rig_say(&rig, EVENT_AT("ChannelDialplan", "025", LEG("Up", "", "")));
    assert_true(ari_rig_told(&rig, "call 101 connected in 555"));
    assert_false(ari_rig_told(&rig, "call 101 connected out"));
    ari_rig_say(&rig, EVENT_AT("ChannelDialplan", "030", LEG("Up", "Dial", "PJSIP/102")));
    assert_true(ari_rig_told(&rig, "call 101 connected out 555"));
    ari_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lamps_of_captures),
        cmocka_unit_test(test_times_and_party_of_a_call),
        cmocka_unit_test(test_direction_and_dialled_number),
        cmocka_unit_test(test_inner_call_names_both),
        cmocka_unit_test(test_queue_and_local_show_the_caller),
        cmocka_unit_test(test_empty_party_is_found_through_local),
        cmocka_unit_test(test_parked_call_is_of_who_parked_it),
        cmocka_unit_test(test_supervisors),
        cmocka_unit_test(test_spy_modes),
        cmocka_unit_test(test_recording_marks_the_call),
        cmocka_unit_test(test_recording_by_ari),
        cmocka_unit_test(test_late_news_do_not_resurrect),
        cmocka_unit_test(test_older_saying_does_not_overwrite),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_hold_ends_when_the_party_has_gone),
        cmocka_unit_test(test_up_before_the_bridge),
        cmocka_unit_test(test_unseen_beginning_is_not_invented),
        cmocka_unit_test(test_second_parked_call),
        cmocka_unit_test(test_caller_in_a_queue_keeps_the_number_dialled),
        cmocka_unit_test(test_hold_survives_a_change_of_bridge),
        cmocka_unit_test(test_direction_after_a_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
