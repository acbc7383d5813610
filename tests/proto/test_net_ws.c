/* Websockets against a server that behaves as the path says (net_server.py). */
#include "net_rig.h"

#include <fcntl.h>

#define TIMEOUT_MS 15000

static char url_text[256];

static const char *url(const char *port, const char *path)
{
    snprintf(url_text, sizeof url_text, "ws://127.0.0.1:%d%s", rig_port(port), path);
    return url_text;
}

static struct io_ws_request to(const char *path)
{
    return (struct io_ws_request){.url = url("plain", path), .open_timeout_ms = TIMEOUT_MS};
}

static void opens_and_echoes(void **state)
{
    struct notes n = {.stops_when_opened = true, .stops_at_messages = 1};
    struct io_ws_request request = to("/echo");

    (void)state;
    notes_open(&n, &request);
    assert_false(rig.io.ws_send(n.ws, "early", 5));
    rig_run();
    assert_int_equal(n.opened, 1);
    assert_true(rig.io.ws_send(n.ws, "grüezi", 7));
    rig_run();
    assert_int_equal(n.messages, 1);
    assert_string_equal(buf_text(&n.last), "grüezi");
    notes_done(&n);
    rig_run_for(30);
    assert_int_equal(n.closed, 0);
}

static void says_who_it_is(void **state)
{
    struct notes n = {.stops_at_messages = 1};
    struct io_ws_request request = to("/headers?app=a%20b&x=1");

    (void)state;
    (void)request;
    /* The query is part of the path the server switches on. */
    request = to("/headers");
    request.protocol = "ari";
    request.access.user = "supervisor";
    request.access.password = "sesam:offne";
    notes_open(&n, &request);
    rig_run();
    const char *got = buf_text(&n.last);
    char host[64];

    snprintf(host, sizeof host, "\"host\": \"127.0.0.1:%d\"", rig_port("plain"));
    assert_non_null(strstr(got, host));
    /* printf supervisor:sesam:offne | base64 */
    assert_non_null(strstr(got, "\"authorization\": \"Basic c3VwZXJ2aXNvcjpzZXNhbTpvZmZuZQ==\""));
    assert_non_null(strstr(got, "\"sec-websocket-protocol\": \"ari\""));
    assert_non_null(strstr(got, "\"user-agent\": \"callhud/"));
    notes_done(&n);
}

static void long_passwords_and_tokens_fit(void **state)
{
    char long_text[901];

    (void)state;
    memset(long_text, 'k', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (int i = 0; i < 2; i++) {
        struct notes n = {.stops_at_messages = 1};
        struct io_ws_request request = to("/headers");

        if (i == 0) {
            request.access.user = "u";
            request.access.password = long_text;
        } else {
            request.access.bearer = long_text;
        }
        notes_open(&n, &request);
        rig_run();
        const char *at = strstr(buf_text(&n.last), i == 0 ? "Basic dTpra2tr" : "Bearer kkkk");

        assert_non_null(at);
        assert_true(strcspn(at, "\"") > 900);
        notes_done(&n);
    }
}

static void frames_come_byte_by_byte(void **state)
{
    struct notes n = {.stops_at_messages = 3};
    struct io_ws_request request = to("/bytewise");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.messages, 3);
    assert_string_equal(buf_text(&n.last), "end");
    notes_done(&n);
}

static void frames_come_with_the_handshake(void **state)
{
    struct notes n = {.stops_at_messages = 3};
    struct io_ws_request request = to("/together");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.messages, 3);
    assert_int_equal(n.last.len, 0);
    notes_done(&n);
}

static void fragments_are_joined(void **state)
{
    struct notes n = {.stops_at_messages = 1};
    struct io_ws_request request = to("/fragments");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.messages, 1);
    assert_int_equal(n.last.len, 200000);
    for (size_t i = 0; i < n.last.len; i++)
        assert_int_equal(n.last.data[i], 97 + (int)(i % 26));
    notes_done(&n);
}

static void expect_closed(struct notes *n, enum rc rc, int status, const char *words)
{
    rig_run();
    assert_int_equal(n->closed, 1);
    if (strstr(n->text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", n->text, words);
    assert_int_equal(n->rc, rc);
    assert_int_equal(n->status, status);
    assert_null(strchr(n->text, '\n'));
    rig_run_for(30);
    assert_int_equal(n->closed, 1);
    notes_done(n);
}

static void too_big_closes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct notes n = {0};
        struct io_ws_request request = to(i == 0 ? "/big" : "/bigfragments");

        request.frame_max_bytes = 100000;
        notes_open(&n, &request);
        expect_closed(&n, RC_TOO_BIG, -1, "more than 100000 bytes");
        assert_int_equal(n.messages, 0);
    }
}

static void pings_are_answered(void **state)
{
    struct notes n = {.stops_when_opened = true};
    struct io_ws_request request = to("/echo");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    rig.io.ws_ping(n.ws);
    rig_run();
    assert_int_equal(n.pongs, 1);
    notes_done(&n);
}

/* Its pong says that the server has read what was sent before. */
static void a_ping_does_not_overtake(void **state)
{
    struct notes n = {.stops_when_opened = true};
    struct io_ws_request request = to("/echo");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    for (int i = 0; i < 3; i++)
        assert_true(rig.io.ws_send(n.ws, "asked", 5));
    rig.io.ws_ping(n.ws);
    rig_run();
    assert_int_equal(n.pongs, 1);
    assert_int_equal(n.messages, 3);
    notes_done(&n);
}

static void refuse(const char *path, enum rc rc, int status, const char *words)
{
    struct notes n = {0};
    struct io_ws_request request = to(path);

    request.access.user = "supervisor";
    request.access.password = "secret";
    notes_open(&n, &request);
    expect_closed(&n, rc, status, words);
    assert_int_equal(n.opened, 0);
}

static void refusals_are_told_apart(void **state)
{
    (void)state;
    refuse("/refuse/401", RC_AUTH, 401, "refuses the user or the password");
    refuse("/refuse/403", RC_REFUSED, 403, "does not allow this user");
    refuse("/refuse/404", RC_REFUSED, 404, "no websocket at this path");
    refuse("/refuse/400", RC_REFUSED, 400, "answers 400");
    refuse("/refuse/500", RC_REFUSED, 500, "inner error (500)");
    refuse("/refuse/503", RC_REFUSED, 503, "inner error (503)");
}

static void redirects_are_not_followed(void **state)
{
    static const int codes[] = {301, 302, 303, 307, 308};
    long before = rig_ask("count", "target");
    char words[128];

    (void)state;
    snprintf(words, sizeof words, "redirects to ws://127.0.0.1:%d/echo (", rig_port("target"));
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char path[32];

        snprintf(path, sizeof path, "/refuse/%d", codes[i]);
        refuse(path, RC_REDIRECT, codes[i], words);
    }
    assert_int_equal(rig_ask("count", "target"), before);
}

static void bad_answers_are_told(void **state)
{
    (void)state;
    refuse("/badaccept", RC_PROTO, 101, "not rightly");
    refuse("/garbage", RC_UNREACHABLE, 0, "instead of an answer");
    refuse("/hangup", RC_UNREACHABLE, 0, "instead of an answer");
}

static void the_server_closes(void **state)
{
    (void)state;
    struct notes n = {0};
    struct io_ws_request request = to("/close1011");

    notes_open(&n, &request);
    expect_closed(&n, RC_UNREACHABLE, -1, "closed the websocket (1011: boom)");
    assert_int_equal(n.opened, 1);

    static const char *const rude[] = {"/reset", "/abort", "/badopcode"};

    for (size_t i = 0; i < sizeof rude / sizeof rude[0]; i++) {
        struct notes m = {0};

        request = to(rude[i]);
        notes_open(&m, &request);
        expect_closed(&m, RC_UNREACHABLE, -1, "closed by the network or the server");
        assert_int_equal(m.opened, 1);
    }
}

static void a_silent_server_costs_the_open_timeout(void **state)
{
    struct notes n = {0};
    struct io_ws_request request = {.url = url("silent", "/"), .open_timeout_ms = 400};
    int64_t from_ms = clock_mono_ms();

    (void)state;
    notes_open(&n, &request);
    rig_run();
    assert_in_range(clock_mono_ms() - from_ms, 399, 3000);
    assert_int_equal(n.rc, RC_TIMEOUT);
    assert_int_equal(n.status, 0);
    assert_non_null(strstr(n.text, "within 0.4 s"));
    assert_non_null(strstr(n.text, "says nothing"));
    notes_done(&n);
}

static void refused_connections_say_why(void **state)
{
    struct notes n = {0};
    struct io_ws_request request = {.url = url("refused", "/"), .open_timeout_ms = TIMEOUT_MS};

    (void)state;
    notes_open(&n, &request);
    expect_closed(&n, RC_UNREACHABLE, 0, "connection refused");
    assert_int_equal(n.opened, 0);
}

/* Others go on beside them. */
static void many_refused_connections_leave_nothing(void **state)
{
    struct notes alive = {.stops_when_opened = true, .stops_at_messages = 1};
    struct io_ws_request request = to("/echo");

    (void)state;
    notes_open(&alive, &request);
    rig_run();
    for (int i = 0; i < 20; i++)
        refused_connections_say_why(state);
    assert_true(rig.io.ws_send(alive.ws, "still", 5));
    rig_run();
    assert_string_equal(buf_text(&alive.last), "still");
    notes_done(&alive);
}

/* No route: connect() itself fails. libwebsockets leaks libuv's handle then (leak checkers see it).
 */
static void connects_that_fail_at_once_leave_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct notes n = {0};
        struct io_ws_request request = {.url = "wss://255.255.255.255/",
                                        .open_timeout_ms = TIMEOUT_MS};

        notes_open(&n, &request);
        expect_closed(&n, RC_UNREACHABLE, 0, "cannot connect to 255.255.255.255 port 443");
    }
}

static void the_next_address_is_tried(void **state)
{
    struct notes n = {.stops_when_opened = true};
    char text[128];

    (void)state;
    if (rig_port("six") == 0)
        skip();
    /* localhost is 127.0.0.1, where nobody listens on this port, then ::1. */
    snprintf(text, sizeof text, "ws://localhost:%d/echo", rig_port("six"));
    struct io_ws_request request = {.url = text, .open_timeout_ms = TIMEOUT_MS};

    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.opened, 1);
    notes_done(&n);
}

static void ipv6_addresses_work(void **state)
{
    struct notes n = {.stops_at_messages = 1};
    char text[128];

    (void)state;
    if (rig_port("six") == 0)
        skip();
    snprintf(text, sizeof text, "ws://[::1]:%d/headers", rig_port("six"));
    struct io_ws_request request = {.url = text, .open_timeout_ms = TIMEOUT_MS};

    notes_open(&n, &request);
    rig_run();
    snprintf(text, sizeof text, "\"host\": \"[::1]:%d\"", rig_port("six"));
    assert_non_null(strstr(buf_text(&n.last), text));
    notes_done(&n);
}

static void misconfigured(const char *where, const char *words)
{
    struct notes n = {0};
    struct io_ws_request request = {.url = where, .open_timeout_ms = TIMEOUT_MS};

    notes_open(&n, &request);
    expect_closed(&n, RC_CONFIG, 0, words);
}

static void wrong_addresses_are_refused_before_any_packet(void **state)
{
    char text[3000];

    (void)state;
    misconfigured("ws://pbx.example:8088/ari/events", "plain text to pbx.example is refused");
    misconfigured("ws://128.0.0.1/", "use wss://");
    misconfigured("ws://127.0.0.1.example/", "plain text");
    misconfigured("ws://localhost.example/", "plain text");
    misconfigured("ws://user:pass@localhost/", "name or password");
    misconfigured("http://localhost/", "write wss://HOST");
    misconfigured("wss://", "no usable host");
    misconfigured("wss://host:0/", "no usable host");
    misconfigured("wss://host:65536/", "no usable host");
    misconfigured("wss://ho st/", "blank or a control");
    misconfigured("wss://host/a\r\nX: y", "blank or a control");
    misconfigured("wss://[::1/", "no usable host");
    misconfigured("wss://host/x#y", "before ? or #");
    snprintf(text, sizeof text, "wss://host/%02500d", 1);
    misconfigured(text, "longer than");
    snprintf(text, sizeof text, "wss://%0120d.example/", 1);
    misconfigured(text, "no usable host");
}

static void closing_inside_handlers_is_safe(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct notes n = {.closes_in_opened = i == 0,
                          .closes_in_message = i == 1,
                          .closes_in_pong = i == 2,
                          .closes_in_closed = i == 3,
                          .stops_when_opened = i == 2};
        struct io_ws_request request = to(i == 2   ? "/echo"
                                          : i == 3 ? "/close1011"
                                          : i == 1 ? "/flood" /* goes on while we say goodbye */
                                                   : "/together");

        notes_open(&n, &request);
        rig_run();
        if (i == 2) {
            rig.io.ws_ping(n.ws);
            rig_run();
        }
        rig_run_for(50);
        assert_int_equal(n.closed, i == 3 ? 1 : 0);
        assert_int_equal(n.opened, 1);
        assert_int_equal(n.messages, i == 1 ? 1 : 0);
        assert_null(n.ws);
        buf_fini(&n.last);
    }
}

static void closing_at_any_moment_tells_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++) {
        struct notes n = {0};
        struct io_ws_request request = to("/flood");

        notes_open(&n, &request);
        if (i > 0)
            rig_run_for(i / 2);
        int told = n.messages;

        notes_done(&n);
        rig_run_for(5);
        assert_int_equal(n.messages, told);
        assert_int_equal(n.closed, 0);
    }
    rig.io.ws_close(NULL);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* The closing side must not depend on the peer: a server that hangs still loses its connection. */
static void a_hanging_peer_is_let_go(void **state)
{
    struct notes n = {.stops_when_opened = true};
    struct io_ws_request request = to("/halfopen");
    int64_t from_ms;

    (void)state;
    notes_open(&n, &request);
    rig_run();
    rig.io.ws_ping(n.ws);
    rig_run_for(100);
    assert_int_equal(n.pongs, 0); /* how the backend notices */
    int before = open_descriptors();

    from_ms = clock_mono_ms();
    notes_done(&n);
    assert_true(clock_mono_ms() - from_ms < 500);
    /* The goodbye is not answered: the library gives up after 5 s. */
    for (int i = 0; i < 100 && open_descriptors() >= before; i++)
        rig_run_for(100);
    assert_int_equal(open_descriptors(), before - 1);
}

static void closing_says_goodbye(void **state)
{
    struct notes n = {.stops_at_messages = 1};
    struct io_ws_request request = to("/headers");
    char number[16];

    (void)state;
    notes_open(&n, &request);
    rig_run();
    const char *at = strstr(buf_text(&n.last), "\"number\": ");

    assert_non_null(at);
    snprintf(number, sizeof number, "%ld", strtol(at + 10, NULL, 10));
    assert_int_equal(rig_ask("gone", number), 0);
    notes_done(&n);
    for (int i = 0; i < 100 && rig_ask("gone", number) == 0; i++)
        rig_run_for(20);
    assert_int_equal(rig_ask("gone", number), 1);
}

static void the_send_queue_is_bounded_and_in_order(void **state)
{
    struct notes n = {.stops_when_opened = true, .stops_at_messages = 300};
    struct io_ws_request request = to("/echo");
    char big[4000];
    int sent = 0;

    (void)state;
    memset(big, 'q', sizeof big);
    notes_open(&n, &request);
    rig_run();
    while (rig.io.ws_send(n.ws, big, sizeof big))
        sent++;
    assert_in_range(sent, 200, 270);
    n.stops_at_messages = sent;
    rig_run();
    assert_int_equal(n.messages, sent);
    n.stops_at_messages = sent + 3;
    assert_true(rig.io.ws_send(n.ws, "1", 1));
    assert_true(rig.io.ws_send(n.ws, "", 0));
    assert_true(rig.io.ws_send(n.ws, "3", 1));
    rig_run();
    assert_string_equal(buf_text(&n.last), "3");
    notes_done(&n);
}

static void binary_is_dropped_and_bad_utf8_passes(void **state)
{
    struct notes n = {.stops_at_messages = 1}, m = {.stops_at_messages = 2};
    struct io_ws_request request = to("/binary");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    assert_string_equal(buf_text(&n.last), "text");
    notes_done(&n);
    /* Mending it is the backend's: a frame must not be lost for a byte. */
    request = to("/badutf8");
    notes_open(&m, &request);
    rig_run();
    assert_int_equal(m.messages, 2);
    notes_done(&m);
}

static void secrets_are_not_logged(void **state)
{
    struct notes n = {0};
    struct io_ws_request request = to("/refuse/401");
    struct log_line line;

    (void)state;
    log_open(NULL, LOG_DEBUG, NULL);
    request.access.user = "supervisor";
    request.access.password = "sesam-offne-dich";
    notes_open(&n, &request);
    rig_run();
    notes_done(&n);
    assert_true(log_count() > 0);
    for (size_t i = 0; i < log_count(); i++) {
        assert_true(log_get(i, &line));
        assert_null(strstr(line.text, "sesam"));
        assert_null(strstr(line.text, "c3VwZXJ2aXNvcj")); /* in base64 */
    }
    log_open(NULL, LOG_INFO, NULL);
}

static void a_flood_keeps_the_loop_short(void **state)
{
    struct notes n = {.stops_at_messages = 20000};
    struct io_ws_request request = to("/flood");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.messages, 20000);
    assert_true(str_starts(buf_text(&n.last), "019999"));
    notes_done(&n);
}

static void count_turn(void *self)
{
    (*(int *)self)++;
}

/* "A console at rest does not wake": libwebsockets has timers of its own, 30 s apart. */
static void an_open_websocket_at_rest_does_not_wake(void **state)
{
    struct notes n = {.stops_when_opened = true};
    struct io_ws_request request = to("/echo");
    int turns = 0;

    (void)state;
    notes_open(&n, &request);
    rig_run();
    rig_run_for(300);
    loop_on_turn(rig.loop, count_turn, &turns);
    rig_run_for(2000);
    loop_on_turn(rig.loop, NULL, NULL);
    assert_in_range(turns, 1, 8);
    notes_done(&n);
}

static void a_proxy_in_the_environment_is_not_asked(void **state)
{
    long before = rig_ask("count", "target");
    char proxy[64];

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", rig_port("target"));
    setenv("http_proxy", proxy, 1);
    setenv("all_proxy", proxy, 1);
    opens_and_echoes(state);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(rig_ask("count", "target"), before);
}

static void what_is_open_ends_with_net(void **state)
{
    struct notes n = {.stops_when_opened = true}, m = {0};
    struct io_ws_request request = to("/echo");

    (void)state;
    notes_open(&n, &request);
    rig_run();
    notes_open(&m, &request); /* not open yet */
    n.ws = m.ws = NULL;       /* net_free() in the teardown closes them */
    buf_fini(&n.last);
    buf_fini(&m.last);
}

static void random_numbers_differ(void **state)
{
    uint32_t all = 0, any = UINT32_MAX;

    (void)state;
    for (int i = 0; i < 64; i++) {
        uint32_t value = rig.io.random(rig.net);

        all |= value;
        any &= value;
    }
    assert_int_equal(all, UINT32_MAX);
    assert_int_equal(any, 0);
    assert_true(rig.io.wall_ms(rig.net) > 1600000000000);
    assert_true(rig.io.now_ms(rig.net) > 0);
}

static void timers_of_the_seam_fire(void **state)
{
    (void)state;
    rig.io.timer_stop(rig.io.timer(rig.net, 1, rig_too_late, &rig));
    rig.io.timer_stop(NULL);
    rig.io.timer(rig.net, 20, rig_stop_loop, NULL);
    rig_run();
}

static int start(void **state)
{
    (void)state;
    snprintf(rig.dir, sizeof rig.dir, "%s", TEST_DIR "/proto");
    return rig_start_server();
}

static int stop(void **state)
{
    (void)state;
    rig_stop_server();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        T(opens_and_echoes),
        T(says_who_it_is),
        T(long_passwords_and_tokens_fit),
        T(frames_come_byte_by_byte),
        T(frames_come_with_the_handshake),
        T(fragments_are_joined),
        T(too_big_closes),
        T(pings_are_answered),
        T(a_ping_does_not_overtake),
        T(refusals_are_told_apart),
        T(redirects_are_not_followed),
        T(bad_answers_are_told),
        T(the_server_closes),
        T(a_silent_server_costs_the_open_timeout),
        T(refused_connections_say_why),
        T(many_refused_connections_leave_nothing),
        T(connects_that_fail_at_once_leave_nothing),
        T(the_next_address_is_tried),
        T(ipv6_addresses_work),
        T(wrong_addresses_are_refused_before_any_packet),
        T(closing_inside_handlers_is_safe),
        T(closing_at_any_moment_tells_nobody),
        T(a_hanging_peer_is_let_go),
        T(closing_says_goodbye),
        T(the_send_queue_is_bounded_and_in_order),
        T(binary_is_dropped_and_bad_utf8_passes),
        T(secrets_are_not_logged),
        T(a_flood_keeps_the_loop_short),
        T(an_open_websocket_at_rest_does_not_wake),
        T(a_proxy_in_the_environment_is_not_asked),
        T(what_is_open_ends_with_net),
        T(random_numbers_differ),
        T(timers_of_the_seam_fire),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
