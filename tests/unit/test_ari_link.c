/* The connection: how it begins, what a snapshot is made of, and what may go wrong. */
#include "ari_server.h"

#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void office(struct ari_rig *rig, bool is_rest_over_ws)
{
    ari_rig_init(rig);
    rig->is_rest_over_ws = is_rest_over_ws;
    ari_rig_quiet_office(rig);
    ari_rig_open(rig);
}

static void connected(struct ari_rig *rig, bool is_rest_over_ws)
{
    office(rig, is_rest_over_ws);
    ari_rig_connect(rig);
    assert_int_equal(ari_rig_count(rig, "done"), 1);
    ari_rig_forget(rig);
}

static struct backend_stats stats_of(const struct ari_rig *rig)
{
    struct backend_stats stats;
    backend_find("asterisk")->stats(rig->backend, &stats);
    return stats;
}

static void held_office(struct ari_rig *rig)
{
    ari_rig_answer_file(rig, "endpoints", "endpoints-held.json");
    ari_rig_answer_file(rig, "channels", "channels-held.json");
    ari_rig_answer_file(rig, "bridges", "bridges-held.json");
    ari_rig_answer(rig, "channels/pbx-1795305714.1/variable?variable=CHANNEL%28rtp%2Chold%29", 200,
                   "{\"value\":\"1\"}");
}

/* ---- beginnings ---- */

static void test_one_socket_under_its_own_name(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    assert_true(ari_rig_told(&rig, "settings\n"));
    assert_true(ari_rig_told(&rig, "link connecting connecting to 127.0.0.1:8088\n"));
    struct io_ws *ws = fake_ws(&rig.fake);
    assert_true(str_starts(ws->url, "ws://127.0.0.1:8088/ari/events?app=callhud-"));
    assert_true(str_ends(ws->url, "&subscribeAll=true"));
    assert_null(strstr(ws->url, "secret"));
    assert_string_equal(ws->user, "hud");
    assert_string_equal(ws->password, "secret");
    assert_true(ws->frame_max_bytes >= 1024 * 1024);
    ari_rig_connect(&rig);
    assert_true(ari_rig_told(&rig, "link live"));
    assert_int_equal(fake_ws_count(&rig.fake), 1);
    ari_rig_fini(&rig);
}

static void test_snapshot_is_one_batch(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    ari_rig_connect(&rig);
    const char *log = buf_text(&rig.log);
    const char *asked = strstr(log, "\nasked\n"), *done = strstr(log, "\ndone\n");
    assert_true(asked != NULL && done != NULL && asked < done);
    for (const char *line = asked + 7; line < done; line = strchr(line, '\n') + 1)
        assert_int_equal(line[0], '=');                /* nothing but answers in between */
    assert_int_equal(ari_rig_count(&rig, "=user"), 4); /* and the trunk is nobody */
    assert_true(ari_rig_told(&rig, "=presence 101 available"));
    assert_true(ari_rig_told(&rig, "=devices 101 PJSIP/101+"));
    assert_true(ari_rig_told(&rig, "=dnd 101 off"));
    ari_rig_fini(&rig);
}

static void test_requests_over_the_socket(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    struct backend_stats stats = stats_of(&rig);
    assert_true(stats.is_rest_over_ws);
    assert_true(stats.is_filtered);
    assert_false(stats.is_read_only);
    assert_true(str_starts(stats.version, "22.10.1"));
    assert_int_equal(rig.asked_http, 0);
    ari_rig_fini(&rig);
}

static void test_requests_over_http(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, false);
    fake_ws_accept(fake_ws(&rig.fake));
    fake_ws_pong(fake_ws(&rig.fake));
    ari_rig_serve(&rig);
    assert_int_equal(rig.asked_http, 0); /* the socket has its chance first */
    fake_io_advance(&rig.fake, 250);
    ari_rig_serve(&rig);
    assert_int_equal(rig.asked_http, 1); /* the version alone: it says that the socket could */
    fake_io_advance(&rig.fake, 1749);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 0);
    fake_io_advance(&rig.fake, 1);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available");
    assert_false(stats_of(&rig).is_rest_over_ws);
    assert_true(stats_of(&rig).is_filtered);
    assert_int_equal(rig.asked_ws, 0);
    ari_rig_fini(&rig);
}

static void test_an_old_version_is_not_waited_for(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, false);
    ari_rig_answer(&rig, "asterisk/info", 200, "{\"system\":{\"version\":\"20.11.1\"}}");
    fake_ws_accept(fake_ws(&rig.fake));
    fake_ws_pong(fake_ws(&rig.fake));
    fake_io_advance(&rig.fake, 250);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_string_equal(stats_of(&rig).version, "20.11.1");
    fake_io_advance(&rig.fake, 5000); /* the socket's silence is no news any more */
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    ari_rig_fini(&rig);
}

/* A server that has much to do answers late, but in the order asked: the pong comes after the
 * answer. */
static void test_a_slow_server_is_not_asked_over_http(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    fake_ws_accept(fake_ws(&rig.fake));
    assert_int_equal(fake_ws(&rig.fake)->pings, 1);
    fake_io_advance(&rig.fake, 1499);
    ari_rig_serve(&rig);
    fake_ws_pong(fake_ws(&rig.fake));
    fake_io_advance(&rig.fake, 5000);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_true(stats_of(&rig).is_rest_over_ws);
    assert_int_equal(rig.asked_http, 0);
    ari_rig_fini(&rig);
}

/* The pong of a slow server says that it has passed over the request; where none comes, HTTP is
 * asked all the same. */
static void test_http_is_asked_where_the_socket_is_silent(void **state)
{
    (void)state;
    for (int has_pong = 0; has_pong < 2; has_pong++) {
        struct ari_rig rig;
        office(&rig, false);
        ari_rig_answer(&rig, "asterisk/info", 200, "{\"system\":{\"version\":\"20.11.1\"}}");
        fake_ws_accept(fake_ws(&rig.fake));
        fake_io_advance(&rig.fake, has_pong ? 700 : 1499);
        ari_rig_serve(&rig);
        assert_int_equal(rig.asked_http, 0);
        if (has_pong)
            fake_ws_pong(fake_ws(&rig.fake));
        else
            fake_io_advance(&rig.fake, 1);
        ari_rig_serve(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        ari_rig_fini(&rig);
    }
}

/* A server that takes the socket, answers a ping and closes is not asked again and again at once.
 */
static void test_the_first_pong_does_not_end_the_backing_off(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    int64_t longest = 0;
    for (int i = 0; i < 10; i++) {
        ari_rig_connect(&rig);
        fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "reset by peer");
        int64_t before = rig.fake.now_ms;
        size_t count = fake_ws_count(&rig.fake);
        while (fake_ws_count(&rig.fake) == count)
            fake_io_advance(&rig.fake, 1);
        longest = rig.fake.now_ms - before > longest ? rig.fake.now_ms - before : longest;
    }
    assert_true(longest >= 7500);
    ari_rig_fini(&rig);
}

static void test_http_requests_are_few_at_a_time(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, false);
    ari_rig_answer(&rig, "asterisk/info", 200, "{\"system\":{\"version\":\"18.1.0\"}}");
    struct buf list;
    buf_init(&list, 1 << 20);
    buf_puts(&list, "[");
    for (int i = 100; i < 300; i++)
        buf_printf(&list, "%s{\"technology\":\"PJSIP\",\"resource\":\"%d\",\"state\":\"online\"}",
                   i > 100 ? "," : "", i);
    buf_puts(&list, "]");
    ari_rig_answer(&rig, "endpoints", 200, buf_text(&list));
    buf_fini(&list);
    rig.users_len = 0;
    fake_ws_accept(fake_ws(&rig.fake));
    fake_ws_pong(fake_ws(&rig.fake));
    fake_io_advance(&rig.fake, 250);
    size_t most = 0;
    for (int turn = 0; turn < 3000 && ari_rig_count(&rig, "asked") == 0; turn++) {
        size_t pending = fake_http_pending(&rig.fake);
        most = pending > most ? pending : most;
        for (size_t i = 0; i < rig.fake.requests.len; i++) {
            struct io_http *http = rig.fake.requests.items[i];
            if (http->is_over)
                continue;
            const char *body =
                strstr(http->url, "/endpoints") || strstr(http->url, "/info") ? NULL : "[]";
            for (size_t k = rig.answers.len; body == NULL && k-- > 0;)
                if (str_ends(http->url, rig.answers.items[k].uri))
                    body = rig.answers.items[k].body;
            /* more users than the rig's sink keeps: end before they are told */
            if (strstr(http->url, "DND299") != NULL) {
                assert_int_equal(most, 8);
                ari_rig_fini(&rig);
                return;
            }
            fake_http_answer(http, RC_OK, 200, body, NULL);
            break;
        }
        fake_io_advance(&rig.fake, 0);
    }
    fail_msg("the last user's DND was never asked");
}

static void test_a_read_only_user_sees_all(void **state)
{
    (void)state;
    for (int over_ws = 0; over_ws < 2; over_ws++) {
        struct ari_rig rig;
        office(&rig, over_ws);
        ari_rig_answer(&rig, "PUT applications/*", 403, "{\"message\":\"Write access denied\"}");
        ari_rig_connect(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        assert_true(stats_of(&rig).is_read_only);
        assert_false(stats_of(&rig).is_filtered);
        ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 0);
        assert_string_equal(ari_rig_lamps(&rig, "101"),
                            "available ringing on_call hold on_call available");
        ari_rig_fini(&rig);
    }
}

/* ---- what was there before ---- */

static void test_held_before_start(void **state)
{
    (void)state;
    for (int over_ws = 0; over_ws < 2; over_ws++) {
        struct ari_rig rig;
        office(&rig, over_ws);
        held_office(&rig);
        ari_rig_connect(&rig);
        assert_string_equal(ari_rig_lamps(&rig, "101"), "hold");
        /* since when it is held nobody tells; the bridge tells when it was answered */
        assert_true(ari_rig_told(&rig, "=call 101 held in 5551234 \"Alice Caller\" since=0 "
                                       "connected=1795305714808\n"));
        ari_rig_forget(&rig);
        ari_rig_play(&rig, "call-hold-hangup.jsonl", 30, 0); /* from there on it is resumed */
        assert_string_equal(ari_rig_lamp(&rig, "101"), "available");
        ari_rig_fini(&rig);
    }
}

/* Who parked a call is told by no answer; the parked party's connected line still names the parker.
 */
static void test_parked_before_we_came(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    ari_rig_answer(&rig, "channels", 200,
                   "[{\"id\":\"pbx-1.4\",\"name\":\"PJSIP/carrier-1\",\"state\":\"Up\",\"caller\":{"
                   "\"name\":\"Alice\",\"number\":\"5551234\"},\"connected\":{\"name\":\"\","
                   "\"number\":\"101\"},\"dialplan\":{\"app_name\":\"Dial\"}}]");
    ari_rig_answer(&rig, "bridges", 200,
                   "[{\"id\":\"lot\",\"bridge_class\":\"parking\",\"channels\":[\"pbx-1.4\"]}]");
    ari_rig_connect(&rig);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "parked");
    assert_string_equal(ari_rig_lamps(&rig, "102"), "available");
    assert_true(ari_rig_told(&rig, "=call 101 parked in 5551234 \"Alice\" since=0"));
    ari_rig_fini(&rig);
}

static void test_variables_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
    } cases[] = {
        {404, "{\"message\":\"Provided channel was not found\"}"},
        {409, "{\"message\":\"Channel not in Stasis application\"}"},
        {500, "{\"message\":\"Unable to read provided function\"}"},
        {500, "{\"error\":\"Allocation failed\"}"},
        {502, "<html><body>Bad gateway</body></html>"},
        {200, "<!DOCTYPE html><p>hello"},
        {200, "[[[1]]]"},
        {200, "{\"value\":null}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        office(&rig, i % 2 == 0);
        held_office(&rig);
        ari_rig_answer(&rig, "channels/pbx-1795305714.1/*", cases[i].status, cases[i].body);
        ari_rig_answer(&rig, "deviceStates/*", cases[i].status, cases[i].body);
        ari_rig_connect(&rig);
        assert_string_equal(ari_rig_lamps(&rig, "101"), "on_call");
        assert_int_equal(ari_rig_count(&rig, "gap"), 0);
        ari_rig_fini(&rig);
    }
}

static void test_recorded_and_dnd_before_start(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    held_office(&rig);
    ari_rig_answer(&rig, "channels/pbx-1795305714.0/variable?variable=MIXMONITOR_FILENAME", 200,
                   "{\"value\":\"/var/x.wav\"}");
    ari_rig_answer(&rig, "deviceStates/Custom%3ADND102", 200,
                   "{\"name\":\"Custom:DND102\",\"state\":\"BUSY\"}");
    ari_rig_connect(&rig);
    assert_true(ari_rig_told(&rig, "=call 101 held in 5551234 \"Alice Caller\" since=0 "
                                   "connected=1795305714808 recorded\n"));
    assert_string_equal(ari_rig_lamps(&rig, "102"), "dnd");
    ari_rig_fini(&rig);
}

static void test_inner_call_before_start(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    ari_rig_answer_file(&rig, "channels", "inner-channels.json");
    ari_rig_answer_file(&rig, "bridges", "inner-bridges.json");
    ari_rig_answer(&rig, "channels/pbx-1795310320.4/variable?variable=CHANNEL%28rtp%2Chold%29", 200,
                   "{\"value\":\"1\"}");
    ari_rig_connect(&rig);
    assert_true(ari_rig_told(&rig, "=call 102 held in 101 \"Ada 101\""));
    assert_true(ari_rig_told(&rig, "=call 101 connected out 102 \"Bruno 102\" "
                                   "since=1795310321557 connected=1795310321557\n"));
    ari_rig_fini(&rig);
}

static void test_ringing_before_start(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    ari_rig_answer_file(&rig, "channels", "ql-channels-ring.json");
    ari_rig_connect(&rig);
    assert_true(ari_rig_told(&rig, "=call 103 ringing in 5551234 \"Alice Caller\" since=17953107"));
    assert_string_equal(ari_rig_lamps(&rig, "101"), "ringing");
    ari_rig_answer_file(&rig, "channels", "out-channels-ring.json");
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "ringing available");
    assert_true(ari_rig_told(&rig, "=call 103 dialling out 5559876 \"\" since=1795310324770"));
    ari_rig_fini(&rig);
}

/* ---- events that race with answers ---- */

#define DESTROYED                                                                                 \
    "{\"type\":\"ChannelDestroyed\",\"timestamp\":\"2026-11-22T00:03:00.000+0000\",\"channel\":{" \
    "\"id\":\"pbx-1795305714.1\",\"name\":\"PJSIP/101-00000001\",\"state\":\"Up\"}}"
#define UNHELD                                                                                    \
    "{\"type\":\"ChannelUnhold\",\"timestamp\":\"2026-11-22T00:03:00.000+0000\",\"channel\":{"    \
    "\"id\":\"pbx-1795305714.1\",\"name\":\"PJSIP/101-00000001\",\"state\":\"Up\","               \
    "\"connected\":{\"number\":\"5551234\"},\"dialplan\":{\"app_name\":\"AppDial\",\"app_data\":" \
    "\"(Outgoing Line)\"}}}"
#define DND_ON                                                                         \
    "{\"type\":\"DeviceStateChanged\",\"timestamp\":\"2026-11-22T00:03:00.000+0000\"," \
    "\"device_state\":{\"name\":\"Custom:DND102\",\"state\":\"BUSY\"}}"
#define OFFLINE                                                                                    \
    "{\"type\":\"PeerStatusChange\",\"timestamp\":\"2026-11-22T00:03:00.000+0000\","               \
    "\"endpoint\":{\"technology\":\"PJSIP\",\"resource\":\"103\",\"state\":\"offline\"},\"peer\":" \
    "{\"peer_status\":\"Unreachable\"}}"

/* What is said between the request and its (older) answer wins, whichever way requests go and
 * however late the answers are. */
static void test_answer_never_overwrites_a_later_event(void **state)
{
    (void)state;
    for (int over_ws = 0; over_ws < 2; over_ws++) {
        static const struct {
            const char *event;
            const char *user, *lamps;
        } cases[] = {
            {DESTROYED, "101", "available"},
            {UNHELD, "101", "on_call"},
            {DND_ON, "102", "dnd"},
            {OFFLINE, "103", "offline"},
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct ari_rig rig;
            office(&rig, over_ws);
            if (!over_ws)
                ari_rig_answer(&rig, "asterisk/info", 200, "{\"system\":{\"version\":\"18.0\"}}");
            held_office(&rig);
            fake_ws_accept(fake_ws(&rig.fake));
            if (over_ws) { /* answer the probe alone, so that the lists are asked and wait */
                rig.is_rest_over_ws = false;
                ari_rig_serve(&rig);
                rig.is_rest_over_ws = true;
                struct io_ws *ws = fake_ws(&rig.fake);
                assert_int_equal(ws->sent.len, 1);
                fake_ws_say(ws, "{\"type\":\"RESTResponse\",\"request_id\":\"c1\","
                                "\"status_code\":200,\"message_body\":\"{}\"}");
            } else {
                fake_ws_pong(fake_ws(&rig.fake));
                fake_io_advance(&rig.fake, 250);
                assert_int_equal(rig.fake.requests.len, 1);
                fake_http_answer(rig.fake.requests.items[0], RC_OK, 200,
                                 "{\"system\":{\"version\":\"18.0\"}}", NULL);
            }
            fake_io_advance(&rig.fake, 0);
            ari_rig_say(&rig, cases[i].event);
            ari_rig_serve(&rig);
            if (ari_rig_count(&rig, "done") != 1)
                fail_msg("over_ws %d case %zu:\n%s", over_ws, i, buf_text(&rig.log));
            assert_string_equal(ari_rig_lamps(&rig, cases[i].user), cases[i].lamps);
            ari_rig_fini(&rig);
        }
    }
}

/* On a link that lives, news are told while a snapshot is under way, and it does not undo them. */
static void test_live_news_during_a_resync(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 20);
    const char *before = ari_rig_lamp(&rig, "101");
    assert_string_equal(before, "on_call");
    assert_int_equal(ari_rig_count(&rig, "done"), 0);
    ari_rig_serve(&rig); /* the answers say: no channels at all */
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available ringing on_call");
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 21, 0);
    assert_string_equal(ari_rig_lamp(&rig, "101"), "available");
    ari_rig_fini(&rig);
}

/* An answer that still lists what has ended does not bring it back. */
static void test_answer_older_than_an_end(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    ari_rig_say(&rig, DESTROYED);
    held_office(&rig);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available");
    ari_rig_fini(&rig);
}

/* What a resync finds unchanged keeps its times, which no answer tells. */
static void test_resync_keeps_since(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    held_office(&rig);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 24);
    assert_string_equal(ari_rig_lamp(&rig, "101"), "hold");
    ari_rig_forget(&rig);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_true(ari_rig_told(&rig, "=call 101 held in 5551234 \"Alice Caller\" "
                                   "since=1795305715028 connected=1795305714807\n"));
    ari_rig_fini(&rig);
}

/* ---- refusals ---- */

static void test_sign_in_refused_is_not_hammered(void **state)
{
    (void)state;
    static const struct {
        enum rc rc;
        int status;
        const char *text, *told;
    } cases[] = {
        {RC_AUTH, 401, "401", "link refused 127.0.0.1:8088 refuses the sign-in: check user"},
        {RC_REFUSED, 403, "403", "link refused 127.0.0.1:8088 does not let us in"},
        {RC_REDIRECT, 302, "302 to https://elsewhere/",
         "link refused 302 to https://elsewhere/: redir"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        office(&rig, true);
        fake_ws_fail(fake_ws(&rig.fake), cases[i].rc, cases[i].status, cases[i].text);
        assert_true(ari_rig_told(&rig, cases[i].told));
        fake_io_advance(&rig.fake, 59999);
        assert_int_equal(fake_ws_count(&rig.fake), 1);
        fake_io_advance(&rig.fake, 1);
        assert_int_equal(fake_ws_count(&rig.fake), 2);
        fake_ws_fail(fake_ws(&rig.fake), cases[i].rc, cases[i].status, cases[i].text);
        backend_find("asterisk")->reconnect(rig.backend); /* a person may ask sooner */
        assert_int_equal(fake_ws_count(&rig.fake), 3);
        ari_rig_connect(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        ari_rig_fini(&rig);
    }
}

static void test_refusal_by_http_alone(void **state)
{
    (void)state;
    static const int statuses[] = {401, 403, 307};
    for (size_t i = 0; i < 3; i++) {
        struct ari_rig rig;
        office(&rig, false);
        ari_rig_answer(&rig, "asterisk/info", statuses[i],
                       statuses[i] == 307 ? "https://other.example/ari" : "{\"message\":\"no\"}");
        fake_ws_accept(fake_ws(&rig.fake));
        fake_ws_pong(fake_ws(&rig.fake));
        fake_io_advance(&rig.fake, 250);
        ari_rig_serve(&rig);
        fake_io_advance(&rig.fake, 0);
        assert_true(ari_rig_told(&rig, "link refused"));
        assert_true(statuses[i] != 307 || strstr(buf_text(&rig.log), "https://other.example/ari"));
        assert_true(fake_ws(&rig.fake)->is_over);
        fake_io_advance(&rig.fake, 59000);
        assert_int_equal(fake_ws_count(&rig.fake), 1);
        ari_rig_fini(&rig);
    }
}

static void test_no_ari_there_is_tried_again(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    fake_ws_fail(fake_ws(&rig.fake), RC_REFUSED, 404, "404 Not Found");
    assert_true(ari_rig_told(&rig, "link lost 127.0.0.1:8088 has no ARI there (404)"));
    fake_io_advance(&rig.fake, 250);
    assert_int_equal(fake_ws_count(&rig.fake), 2);
    ari_rig_fini(&rig);
}

static void test_back_off_grows_and_is_reset_by_a_pong(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, true);
    int64_t longest = 0, before = 0;
    for (int i = 0; i < 12; i++) {
        fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, 0, "connection refused");
        before = rig.fake.now_ms;
        size_t count = fake_ws_count(&rig.fake);
        while (fake_ws_count(&rig.fake) == count)
            fake_io_advance(&rig.fake, 1);
        longest = rig.fake.now_ms - before > longest ? rig.fake.now_ms - before : longest;
        if (i == 0)
            assert_true(longest >= 125 && longest <= 250);
    }
    assert_true(longest >= 7500 && longest <= 15000);
    ari_rig_connect(&rig);
    fake_io_advance(&rig.fake, 10000);
    fake_ws_pong(fake_ws(&rig.fake));
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "reset by peer");
    size_t count = fake_ws_count(&rig.fake);
    fake_io_advance(&rig.fake, 250);
    assert_int_equal(fake_ws_count(&rig.fake), count + 1);
    ari_rig_fini(&rig);
}

/* ---- answers that are none ---- */

static void test_lists_that_cannot_be_had(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        int status;
        const char *body;
    } cases[] = {
        {"channels", 500, "{\"error\":\"Allocation failed\"}"},
        {"channels", 404, "<html>Not found</html>"},
        {"bridges", 200, "<html><h1>It works!</h1></html>"},
        {"endpoints", 200, "{\"message\":\"nothing\"}"},
        {"endpoints", 503, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_rig rig;
        office(&rig, i % 2 == 0);
        ari_rig_answer(&rig, cases[i].uri, cases[i].status, cases[i].body);
        ari_rig_connect(&rig);
        assert_int_equal(ari_rig_count(&rig, "asked"), 0);
        assert_true(ari_rig_told(&rig, "link live the state could not be read, trying again: "));
        ari_rig_answer(&rig, cases[i].uri, 200, "[]");
        fake_io_advance(&rig.fake, 1000);
        ari_rig_serve(&rig);
        assert_int_equal(ari_rig_count(&rig, "done"), 1);
        ari_rig_fini(&rig);
    }
}

static void test_http_unreachable_while_the_socket_lives(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, false);
    ari_rig_answer(&rig, "channels", 0, "");
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "asked"), 0);
    assert_true(ari_rig_told(&rig, "link live the state could not be read"));
    ari_rig_fini(&rig);
}

static void test_undecodable_frame_is_a_gap(void **state)
{
    (void)state;
    static const char *const frames[] = {"nonsense", "{}", "[1,2]", "{\"type\":\"ChannelHold\"}",
                                         "{\"type\":5}"};
    struct ari_rig rig;
    connected(&rig, true);
    fake_io_advance(&rig.fake, 2000);
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        fake_ws_say(fake_ws(&rig.fake), frames[i]);
    assert_int_equal(ari_rig_count(&rig, "gap"), 5);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1); /* one resync for all */
    fake_ws_say(fake_ws(&rig.fake), "again");
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1); /* rests first */
    fake_io_advance(&rig.fake, 4000);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 2);
    assert_int_equal(stats_of(&rig).undecodable, 6);
    fake_ws_say(fake_ws(&rig.fake), "{\"type\":\"SomethingNew\",\"x\":[]}");
    assert_int_equal(ari_rig_count(&rig, "gap"), 6); /* unknown is not broken */
    assert_int_equal(stats_of(&rig).unknown_kind, 1);
    ari_rig_fini(&rig);
}

/* A frame that never can be read, five times a second for five minutes: a snapshot costs the server
 * a request per user. */
static void test_a_storm_of_gaps_does_not_hammer(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    for (int i = 0; i < 1500; i++) {
        fake_ws_say(fake_ws(&rig.fake), "{\"type\":broken");
        fake_io_advance(&rig.fake, 200);
        ari_rig_serve(&rig);
        if (i % 50 == 0)
            fake_ws_pong(fake_ws(&rig.fake));
    }
    size_t under_storm = ari_rig_count(&rig, "done");
    assert_in_range(under_storm, 10, 40); /* every two seconds it would be 150 */
    for (int i = 0; i < 10; i++) {        /* quiet for longer than a minute */
        fake_io_advance(&rig.fake, 10000);
        fake_ws_pong(fake_ws(&rig.fake));
        ari_rig_serve(&rig);
    }
    ari_rig_forget(&rig);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    fake_ws_say(fake_ws(&rig.fake), "{\"type\":broken");
    fake_io_advance(&rig.fake, 2000);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 2);
    ari_rig_fini(&rig);
}

static void test_gap_during_a_snapshot_asks_for_another(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    backend_find("asterisk")->resync(rig.backend);
    fake_ws_say(fake_ws(&rig.fake), "broken");
    assert_int_equal(ari_rig_count(&rig, "gap"), 1);
    ari_rig_serve(&rig);
    /* told again within the snapshot it fell into, which therefore makes nothing fresh */
    assert_int_equal(ari_rig_count(&rig, "gap"), 2);
    fake_io_advance(&rig.fake, 2000);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 2);
    assert_int_equal(ari_rig_count(&rig, "gap"), 2);
    ari_rig_fini(&rig);
}

/* ---- losing the link ---- */

static void test_name_taken_means_a_new_name(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    char old[300];
    str_copy(old, sizeof old, fake_ws(&rig.fake)->url);
    ari_rig_say(&rig, "{\"type\":\"ApplicationReplaced\",\"timestamp\":"
                      "\"2026-11-22T00:00:00.000+0000\",\"application\":\"x\"}");
    fake_io_advance(&rig.fake, 250);
    assert_true(rig.fake.sockets.items[0]->is_over);
    assert_int_equal(fake_ws_count(&rig.fake), 2);
    assert_string_not_equal(fake_ws(&rig.fake)->url, old);
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    ari_rig_fini(&rig);
}

static void test_cut_off_as_a_slow_reader(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 20);
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "127.0.0.1:8088 closed the connection");
    assert_true(ari_rig_told(&rig, "link lost 127.0.0.1:8088 closed the connection"));
    fake_io_advance(&rig.fake, 250);
    ari_rig_connect(&rig);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "available ringing on_call available");
    ari_rig_fini(&rig);
}

static void test_pongs_keep_the_link(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    for (int i = 0; i < 60; i++) {
        fake_io_advance(&rig.fake, 10000);
        ari_rig_serve(&rig);
        fake_ws_pong(fake_ws(&rig.fake));
    }
    assert_int_equal(fake_ws_count(&rig.fake), 1);
    assert_int_equal(fake_ws(&rig.fake)->pings, 61);
    assert_int_equal(ari_rig_count(&rig, "heard"), 60);
    assert_int_equal(ari_rig_count(&rig, "done"),
                     2); /* and it looked again, twice in ten minutes */
    ari_rig_fini(&rig);
}

static void test_no_pong_is_half_open(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    fake_io_advance(&rig.fake, 10000);
    fake_ws_pong(fake_ws(&rig.fake));
    fake_io_advance(&rig.fake, 29999);
    assert_int_equal(fake_ws_count(&rig.fake), 1);
    assert_int_equal(ari_rig_count(&rig, "link"), 0);
    fake_io_advance(&rig.fake, 1);
    assert_true(ari_rig_told(&rig, "link lost 127.0.0.1:8088 has not answered for 30 s"));
    assert_true(rig.fake.sockets.items[0]->is_over);
    fake_io_advance(&rig.fake, 250);
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    ari_rig_fini(&rig);
}

/* Stopped for a minute (Ctrl-Z, a suspended machine): the pongs may all be there to be read. */
static void test_a_stopped_process_does_not_blame_the_link(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    rig.fake.now_ms += 60000;
    fake_io_advance(&rig.fake, 0);
    assert_int_equal(fake_ws_count(&rig.fake), 1);
    assert_false(fake_ws(&rig.fake)->is_over);
    ari_rig_fini(&rig);
}

/* The model's own clock gave the link up while this process was stopped, and no other word of the
 * link comes: everything stayed stale for good. */
static void test_stale_for_ever_after_a_long_stop(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    rig.fake.now_ms += 60000;
    fake_io_advance(&rig.fake, 0);
    assert_int_equal(fake_ws(&rig.fake)->pings, 2); /* at once, not ten seconds later */
    assert_int_equal(ari_rig_count(&rig, "link live"), 0);
    fake_ws_pong(fake_ws(&rig.fake));
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "link live"), 1);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    fake_io_advance(&rig.fake, 10000);
    fake_ws_pong(fake_ws(&rig.fake));
    assert_int_equal(ari_rig_count(&rig, "link live"), 1);
    assert_int_equal(fake_ws_count(&rig.fake), 1);
    ari_rig_fini(&rig);
}

/* The server is killed and starts again: it answers before it knows its endpoints, and its phones
 * come back one by one. */
static void test_restart_of_the_server(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 20);
    assert_string_equal(ari_rig_lamp(&rig, "101"), "on_call");
    ari_rig_forget(&rig);
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, -1, "connection reset");
    fake_io_advance(&rig.fake, 250);
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, 0, "connection refused");
    fake_io_advance(&rig.fake, 500);
    ari_rig_answer(&rig, "endpoints", 200, "[]");
    ari_rig_connect(&rig);
    assert_int_equal(ari_rig_count(&rig, "gone"), 0); /* nobody is given up so soon */
    assert_string_equal(ari_rig_lamps(&rig, "101"), "on_call offline");
    ari_rig_quiet_office(&rig);
    fake_io_advance(&rig.fake, 1000);
    ari_rig_serve(&rig);
    assert_string_equal(ari_rig_lamps(&rig, "101"), "on_call offline available");
    assert_int_equal(ari_rig_count(&rig, "done"), 2);
    fake_io_advance(&rig.fake, 60000);
    ari_rig_serve(&rig);
    ari_rig_fini(&rig);
}

static void test_an_endpoint_that_is_gone_for_good(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    ari_rig_answer(&rig, "endpoints", 200,
                   "[{\"technology\":\"PJSIP\",\"resource\":\"101\",\"state\":\"online\"},"
                   "{\"technology\":\"PJSIP\",\"resource\":\"205\",\"state\":\"offline\"}]");
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_serve(&rig);
    assert_true(ari_rig_told(&rig, "=user 205"));
    assert_true(ari_rig_told(&rig, "=presence 104 offline"));
    for (int i = 0; i < 31; i++) { /* 1 + 2 + 4 + 8 + 16 s: the list is asked for again */
        assert_int_equal(ari_rig_count(&rig, "gone"), 0);
        fake_io_advance(&rig.fake, 1000);
        fake_ws_pong(fake_ws(&rig.fake));
        ari_rig_serve(&rig);
    }
    assert_int_equal(ari_rig_count(&rig, "gone"), 3);
    assert_true(ari_rig_told(&rig, "gone 104\n"));
    ari_rig_fini(&rig);
}

static void test_lost_event_is_found_by_the_slow_reconciliation(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    ari_rig_play(&rig, "call-hold-hangup.jsonl", 1, 20); /* and its end never comes */
    for (int i = 0; i < 30; i++) {
        fake_io_advance(&rig.fake, 9990);
        fake_ws_pong(fake_ws(&rig.fake));
        ari_rig_serve(&rig);
    }
    fake_io_advance(&rig.fake, 5000);
    ari_rig_serve(&rig);
    assert_string_equal(ari_rig_lamp(&rig, "101"), "available");
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    ari_rig_fini(&rig);
}

/* ---- the end ---- */

static void test_close_at_any_moment(void **state)
{
    (void)state;
    struct ari_rig rig;
    ari_rig_init(&rig);
    struct err err;
    const struct backend_sink sink = {0};
    rig.backend = backend_find("asterisk")->open(&rig.config, &rig.fake.io, &sink, &err);
    ari_rig_fini(&rig); /* before it began; nothing may be left: fake_io_fini() looks */

    office(&rig, true);
    ari_rig_fini(&rig); /* while the socket is being opened */

    office(&rig, true);
    fake_ws_accept(fake_ws(&rig.fake));
    ari_rig_fini(&rig); /* while it is tried how requests go */

    connected(&rig, true);
    backend_find("asterisk")->resync(rig.backend);
    ari_rig_fini(&rig); /* in a snapshot */

    office(&rig, true);
    fake_ws_fail(fake_ws(&rig.fake), RC_UNREACHABLE, 0, "refused");
    ari_rig_fini(&rig); /* while waiting to try again */

    office(&rig, false);
    fake_ws_accept(fake_ws(&rig.fake));
    fake_io_advance(&rig.fake, 250);
    ari_rig_fini(&rig); /* with an HTTP request under way */

    connected(&rig, true);
    ari_rig_say(&rig, "{\"type\":\"ApplicationReplaced\"}");
    ari_rig_fini(&rig); /* while a drop waits for its turn */
}

static void test_socket_that_takes_no_more(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    fake_ws(&rig.fake)->is_stuck = true;
    backend_find("asterisk")->resync(rig.backend);
    fake_io_advance(&rig.fake, 200);
    fake_ws(&rig.fake)->is_stuck = false;
    fake_io_advance(&rig.fake, 100);
    ari_rig_serve(&rig);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    ari_rig_fini(&rig);
}

/* The try over the socket ends in time even when the socket takes nothing at all. */
static void test_socket_that_never_takes_anything(void **state)
{
    (void)state;
    struct ari_rig rig;
    office(&rig, false);
    fake_ws(&rig.fake)->is_stuck = true;
    ari_rig_connect(&rig);
    assert_int_equal(fake_ws(&rig.fake)->sent.len, 0);
    assert_int_equal(ari_rig_count(&rig, "done"), 1);
    assert_false(stats_of(&rig).is_rest_over_ws);
    ari_rig_fini(&rig);
}

static void test_unknown_and_late_responses_are_ignored(void **state)
{
    (void)state;
    struct ari_rig rig;
    connected(&rig, true);
    fake_ws_say(fake_ws(&rig.fake), "{\"type\":\"RESTResponse\",\"request_id\":\"c99999\","
                                    "\"status_code\":200,\"message_body\":\"[]\"}");
    fake_ws_say(fake_ws(&rig.fake), "{\"type\":\"RESTResponse\",\"request_id\":\"\","
                                    "\"status_code\":400,\"message_body\":\"\"}");
    assert_int_equal(ari_rig_count(&rig, "gap"), 0);
    ari_rig_fini(&rig);
}

static void test_configuration_that_cannot_be_right(void **state)
{
    (void)state;
    static const char *const servers[] = {"",           "127.0.0.1:8088", "ftp://x/",
                                          "http://",    "http:///ari",    "http://user:pw@host/ari",
                                          "https://h?x"};
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        struct ari_rig rig;
        struct err err = {0};
        const struct backend_sink sink = {0};
        ari_rig_init(&rig);
        rig.config.server = servers[i];
        assert_null(backend_find("asterisk")->open(&rig.config, &rig.fake.io, &sink, &err));
        assert_int_equal(err.rc, RC_CONFIG);
        assert_non_null(strstr(err.text, "http://HOST:8088/ari"));
        ari_rig_fini(&rig);
    }
    assert_null(backend_find("other"));
}

static void test_tls_and_slash_in_the_address(void **state)
{
    (void)state;
    struct ari_rig rig;
    ari_rig_init(&rig);
    rig.config.server = "https://pbx.example:8089/ari/";
    ari_rig_open(&rig);
    assert_true(str_starts(fake_ws(&rig.fake)->url, "wss://pbx.example:8089/ari/events?app="));
    ari_rig_fini(&rig);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_one_socket_under_its_own_name),
        T(test_snapshot_is_one_batch),
        T(test_requests_over_the_socket),
        T(test_requests_over_http),
        T(test_an_old_version_is_not_waited_for),
        T(test_a_slow_server_is_not_asked_over_http),
        T(test_http_is_asked_where_the_socket_is_silent),
        T(test_the_first_pong_does_not_end_the_backing_off),
        T(test_http_requests_are_few_at_a_time),
        T(test_a_read_only_user_sees_all),
        T(test_held_before_start),
        T(test_parked_before_we_came),
        T(test_variables_that_cannot_be_read),
        T(test_recorded_and_dnd_before_start),
        T(test_inner_call_before_start),
        T(test_ringing_before_start),
        T(test_answer_never_overwrites_a_later_event),
        T(test_live_news_during_a_resync),
        T(test_answer_older_than_an_end),
        T(test_resync_keeps_since),
        T(test_sign_in_refused_is_not_hammered),
        T(test_refusal_by_http_alone),
        T(test_no_ari_there_is_tried_again),
        T(test_back_off_grows_and_is_reset_by_a_pong),
        T(test_lists_that_cannot_be_had),
        T(test_http_unreachable_while_the_socket_lives),
        T(test_undecodable_frame_is_a_gap),
        T(test_gap_during_a_snapshot_asks_for_another),
        T(test_a_storm_of_gaps_does_not_hammer),
        T(test_name_taken_means_a_new_name),
        T(test_cut_off_as_a_slow_reader),
        T(test_pongs_keep_the_link),
        T(test_no_pong_is_half_open),
        T(test_a_stopped_process_does_not_blame_the_link),
        T(test_stale_for_ever_after_a_long_stop),
        T(test_restart_of_the_server),
        T(test_an_endpoint_that_is_gone_for_good),
        T(test_lost_event_is_found_by_the_slow_reconciliation),
        T(test_close_at_any_moment),
        T(test_socket_that_takes_no_more),
        T(test_socket_that_never_takes_anything),
        T(test_unknown_and_late_responses_are_ignored),
        T(test_configuration_that_cannot_be_right),
        T(test_tls_and_slash_in_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
