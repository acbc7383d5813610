/* The websocket of the gateway, on a scripted network and clock. */
#include "callhud/backend/ringcentral/gateway.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include "rex_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const filters[] = {"/restapi/v1.0/account/~/extension/~/presence/line",
                                      "/restapi/v1.0/account/~/telephony/sessions"};

static struct fake_io fake;
static struct rex_file file;
static struct backend_shared shared_file;
static struct backend_config config;
static struct rex_shared *shared;
static struct rex_signin *signin;
static struct rex_rest *rest;
static struct rex_gateway *gateway;
static struct rex_signin_config signin_config;
static struct rex_rest_config rest_config;
static struct rex_gateway_config gateway_config;

static struct {
    int subscribed, closed, undecodable, doubted, notices, heard;
    bool is_recovered, is_whole;
    size_t disabled;
    char reason[64];
    enum link_state state;
    char text[ERR_TEXT_BYTES];
    int64_t retry_ms;
    char last_uuid[REX_ID_BYTES];
} saw;

static void on_subscribed(void *self, bool is_recovered, bool is_whole,
                          const struct rex_disabled *disabled, size_t len)
{
    (void)self;
    saw.subscribed++;
    saw.is_recovered = is_recovered;
    saw.is_whole = is_whole;
    saw.disabled = len;
    if (len > 0)
        str_copy(saw.reason, sizeof saw.reason, disabled[0].reason);
}

static void on_notified(void *self, const struct rex_notice *notice)
{
    (void)self;
    saw.notices++;
    str_copy(saw.last_uuid, sizeof saw.last_uuid, notice->uuid);
}

static void on_undecodable(void *self)
{
    (void)self;
    saw.undecodable++;
}

static void on_doubted(void *self)
{
    (void)self;
    saw.doubted++;
}

static void on_heard(void *self)
{
    (void)self;
    saw.heard++;
}

static void on_closed(void *self)
{
    (void)self;
    saw.closed++;
}

static void on_told(void *self, enum link_state state, const char *text, int64_t retry_ms)
{
    (void)self;
    saw.state = state;
    str_copy(saw.text, sizeof saw.text, text);
    saw.retry_ms = retry_ms;
    assert_null(strchr(saw.text, '\n'));
    assert_null(strstr(saw.text, "access_token"));
}

static void on_ready(void *self)
{
    (void)self;
    if (rest != NULL)
        rex_rest_ready(rest);
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    (void)self;
    (void)rc;
    (void)text;
}

static int set_up(void **state)
{
    (void)state;
    memset(&file, 0, sizeof file);
    memset(&saw, 0, sizeof saw);
    shared_file = rex_file_shared(&file);
    rex_config(&config, &shared_file);
    fake_io_init(&fake);
    shared = rex_shared_new(&shared_file);
    signin_config = (struct rex_signin_config){.io = &fake.io,
                                               .config = &config,
                                               .shared = shared,
                                               .ready = on_ready,
                                               .failed = on_failed};
    signin = rex_signin_new(&signin_config);
    rest_config = (struct rex_rest_config){
        .io = &fake.io, .config = &config, .shared = shared, .signin = signin};
    rest = rex_rest_new(&rest_config);
    gateway_config =
        (struct rex_gateway_config){.io = &fake.io,
                                    .config = &config,
                                    .rest = rest,
                                    .signin = signin,
                                    .owner = {on_subscribed, on_notified, on_undecodable,
                                              on_doubted, on_heard, on_closed, on_told, NULL}};
    gateway = rex_gateway_new(&gateway_config);
    fake_io_advance(&fake, 0);
    rex_give_token(fake_http(&fake), "A", 86400 * 7, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rex_gateway_free(gateway);
    rex_rest_free(rest);
    rex_signin_free(signin);
    rex_shared_free(shared);
    rest = NULL;
    fake_io_fini(&fake);
    return 0;
}

/* ---- the service ---- */

static void give_wstoken(void)
{
    struct io_http *http = fake_http(&fake);
    assert_string_equal(http->method, "POST");
    assert_string_equal(http->url, "https://rc.example.com/restapi/oauth/wstoken");
    fake_http_answer(http, RC_OK, 200,
                     "{\"uri\":\"wss://ws.example.com/ws\",\"ws_access_token\":\"T+1\","
                     "\"expires_in\":30}",
                     NULL);
}

/* body: members of ConnectionDetails, "" for the usual ones. */
static void details(const char *wsc, int sequence, const char *body)
{
    char text[1024];
    snprintf(text, sizeof text,
             "[{\"type\":\"ConnectionDetails\",\"messageId\":\"d\",\"status\":200,\"wsc\":{"
             "\"token\":\"%s\",\"sequence\":%d}},{%s\"maxActiveRequests\":10}]",
             wsc, sequence, body);
    fake_ws_say(fake_ws(&fake), text);
}

/* The id of the last frame that was sent. */
static void last_id(char *id, size_t size)
{
    struct io_ws *ws = fake_ws(&fake);
    assert_true(ws->sent.len > 0);
    const char *at = strstr(ws->sent.items[ws->sent.len - 1], "\"messageId\":\"");
    assert_non_null(at);
    at += strlen("\"messageId\":\"");
    snprintf(id, size, "%.*s", (int)strcspn(at, "\""), at);
}

static const char *last_sent(void)
{
    struct io_ws *ws = fake_ws(&fake);
    return ws->sent.len > 0 ? ws->sent.items[ws->sent.len - 1] : "";
}

static void reply(int status, const char *body)
{
    char text[1024], id[REX_ID_BYTES];
    last_id(id, sizeof id);
    snprintf(text, sizeof text,
             "[{\"type\":\"ClientRequest\",\"messageId\":\"%s\",\"status\":%d},%s]", id, status,
             body);
    fake_ws_say(fake_ws(&fake), text);
}

static void notify(const char *uuid)
{
    char text[512];
    snprintf(text, sizeof text,
             "[{\"type\":\"ServerNotification\",\"messageId\":\"%s\",\"status\":200},{\"uuid\":"
             "\"%s\",\"event\":\"/x/presence\",\"timestamp\":\"2026-02-10T08:43:42.805Z\","
             "\"body\":{\"extensionId\":\"8\",\"telephonyStatus\":\"Ringing\",\"sequence\":12}}]",
             uuid, uuid);
    fake_ws_say(fake_ws(&fake), text);
}

static void open_up(void)
{
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S1", 1, "");
    reply(200, "{\"id\":\"sub-1\"}");
}

static void start(void)
{
    rex_gateway_filters(gateway, filters, 2);
    open_up();
    assert_int_equal(saw.subscribed, 1);
}

/* Until it asks for a wstoken. */
static void wait_for_wstoken(int64_t most_ms)
{
    for (int64_t ms = 0; fake_http_pending(&fake) == 0; ms += 100) {
        assert_true(ms <= most_ms);
        fake_io_advance(&fake, 100);
    }
}

static void lose_socket(void)
{
    fake_ws_fail(fake_ws(&fake), RC_UNREACHABLE, -1, "the connection was cut");
}

/* ---- opening ---- */

static void from_wstoken_to_events(void **state)
{
    (void)state;
    fake_io_advance(&fake, 60000);
    assert_int_equal(fake_http_pending(&fake), 0); /* not without filters */
    rex_gateway_filters(gateway, filters, 2);
    assert_int_equal(saw.state, LINK_CONNECTING);
    assert_string_equal(saw.text, "connecting to rc.example.com");
    assert_int_equal(fake_ws_count(&fake), 0);
    give_wstoken();
    assert_string_equal(fake_ws(&fake)->url, "wss://ws.example.com/ws?access_token=T%2B1");
    assert_null(fake_ws(&fake)->user);
    assert_int_equal(fake_ws(&fake)->frame_max_bytes, REX_FRAME_MAX_BYTES);
    fake_ws_accept(fake_ws(&fake));
    fake_io_advance(&fake, 5000);
    assert_int_equal(fake_ws(&fake)->sent.len, 0); /* 2.1: nothing before ConnectionDetails */
    details("S1", 1, "");
    assert_int_equal(fake_ws(&fake)->sent.len, 1);
    assert_non_null(
        strstr(last_sent(), "\"method\":\"POST\",\"path\":\"/restapi/v1.0/subscription\""));
    assert_non_null(strstr(last_sent(), filters[0]));
    assert_non_null(strstr(last_sent(), filters[1]));
    assert_int_equal(saw.subscribed, 0);
    reply(200, "{\"id\":\"sub-1\",\"disabledFilters\":[{\"filter\":\"/f\",\"message\":\"no "
               "CallControl\"}]}");
    assert_int_equal(saw.subscribed, 1);
    assert_false(saw.is_recovered);
    assert_int_equal(saw.disabled, 1);
    assert_string_equal(saw.reason, "no CallControl");
    notify("u1");
    assert_int_equal(saw.notices, 1);
    assert_true(saw.heard > 0);
    /* The same filters again: nothing to do. */
    rex_gateway_filters(gateway, filters, 2);
    assert_int_equal(fake_ws(&fake)->sent.len, 1);
}

static void each_connection_has_a_wstoken_of_its_own(void **state)
{
    (void)state;
    start();
    size_t asked = fake.requests.len;
    lose_socket();
    assert_int_equal(saw.closed, 1);
    assert_int_equal(saw.state, LINK_LOST);
    assert_string_equal(saw.text, "the connection was cut");
    assert_true(saw.retry_ms > fake.now_ms && saw.retry_ms <= fake.now_ms + 1000);
    wait_for_wstoken(1100);
    assert_int_equal(fake.requests.len, asked + 1);
}

static void a_wstoken_that_is_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code;
        enum link_state told;
        const char *says;
    } all[] = {
        {403, "CMN-401", LINK_REFUSED, "WebSocket Subscriptions in the developer console"},
        {404, "CMN-120", LINK_REFUSED, "404"},
        {500, "CMN-201", LINK_LOST, "500"},
    };
    rex_gateway_filters(gateway, filters, 2);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        wait_for_wstoken(70000);
        rex_refuse(fake_http(&fake), all[i].status, all[i].code, NULL, 0);
        assert_int_equal(saw.state, all[i].told);
        assert_non_null(strstr(saw.text, all[i].says));
        assert_true(saw.retry_ms > fake.now_ms);
    }
    wait_for_wstoken(70000);
    fake_http_answer(fake_http(&fake), RC_OK, 200, "{\"uri\":7}", NULL);
    assert_non_null(strstr(saw.text, "no usable address"));
    wait_for_wstoken(70000);
    fake_http_answer(fake_http(&fake), RC_OK, 302, "", "https://x.example.net/");
    assert_int_equal(saw.state, LINK_REFUSED);
    assert_non_null(strstr(saw.text, "https://x.example.net/"));
    wait_for_wstoken(70000);
    fake_http_answer(fake_http(&fake), RC_UNREACHABLE, 0, NULL, NULL);
    assert_int_equal(saw.state, LINK_LOST);
    assert_string_equal(saw.text, "scripted failure");
}

static void an_upgrade_that_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum rc rc;
        int status;
        enum link_state told;
        const char *says;
    } all[] = {
        {RC_AUTH, 401, LINK_LOST, "rc.example.com refuses the websocket (HTTP 401)"},
        {RC_REFUSED, 429, LINK_LOST, "no more connections now"},
        {RC_REDIRECT, 302, LINK_REFUSED, "redirects are not followed"},
        {RC_TLS, 0, LINK_LOST, "said the network"},
        {RC_UNREACHABLE, 0, LINK_LOST, "said the network"},
    };
    rex_gateway_filters(gateway, filters, 2);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        wait_for_wstoken(70000);
        give_wstoken();
        fake_ws_fail(fake_ws(&fake), all[i].rc, all[i].status, "said the network");
        assert_int_equal(saw.state, all[i].told);
        assert_non_null(strstr(saw.text, all[i].says));
        assert_int_equal(saw.closed, 0); /* it was never open */
    }
}

static void a_session_that_is_never_told(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    for (int s = 0; s < REX_OPEN_LIMIT_MS / 1000 - 1; s++) {
        fake_io_advance(&fake, 1000);
        if (s % 5 == 0)
            fake_ws_pong(fake_ws(&fake));
    }
    assert_int_equal(saw.state, LINK_CONNECTING);
    fake_io_advance(&fake, 1100);
    assert_true(fake_ws(&fake)->is_over);
    assert_int_equal(saw.state, LINK_LOST);
    assert_non_null(strstr(saw.text, "within 20 s"));
    wait_for_wstoken(1100);
}

static void an_error_as_first_frame(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Error\",\"messageId\":\"e\",\"status\":401},"
                                "{\"errorCode\":\"WSG-401\",\"message\":\"Bad token\"}]");
    fake_io_advance(&fake, 0);
    assert_true(fake_ws(&fake)->is_over);
    assert_int_equal(saw.state, LINK_LOST);
    assert_string_equal(saw.text, "rc.example.com ends the websocket: WSG-401 Bad token");
    wait_for_wstoken(1100);
    /* And when the service closes before we do. */
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Error\"},{\"errorCode\":\"WSG-401\"}]");
    fake_ws_fail(fake_ws(&fake), RC_UNREACHABLE, -1, "closed");
    assert_string_equal(saw.text, "rc.example.com ends the websocket: WSG-401");
    wait_for_wstoken(2100);
    /* Something else altogether. */
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    fake_ws_say(fake_ws(&fake), "welcome");
    fake_io_advance(&fake, 0);
    assert_non_null(strstr(saw.text, "does not speak as RingCentral's"));
    assert_int_equal(saw.undecodable, 0);
}

/* ---- the subscription ---- */

static void a_subscription_that_is_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code, *says;
    } all[] = {
        {403, "SUB-505", "close other programs"},
        {400, "SUB-508", "takes none of the event filters"},
        {403, "CMN-401", "give the application that permission"},
    };
    rex_gateway_filters(gateway, filters, 2);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char body[128];
        wait_for_wstoken(70000);
        give_wstoken();
        fake_ws_accept(fake_ws(&fake));
        details("S1", 1, "");
        snprintf(body, sizeof body, "{\"errors\":[{\"errorCode\":\"%s\",\"message\":\"m\"}]}",
                 all[i].code);
        reply(all[i].status, body);
        fake_io_advance(&fake, 0);
        assert_true(fake_ws(&fake)->is_over);
        assert_int_equal(saw.state, LINK_REFUSED);
        assert_non_null(strstr(saw.text, all[i].says));
        assert_int_equal(saw.subscribed, 0);
    }
}

/* What the service says is cut between two characters, wherever the cut falls. */
static void a_long_refusal_is_cut_between_characters(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    for (int shift = 0; shift < 3; shift++) {
        char body[512], said[256] = "";
        memset(said, 'x', (size_t)shift);
        for (size_t at = (size_t)shift; at + 4 < sizeof said; at += 3)
            memcpy(said + at, "\xe7\x94\xb0", 4);
        wait_for_wstoken(70000);
        give_wstoken();
        fake_ws_accept(fake_ws(&fake));
        details("S1", 1, "");
        snprintf(body, sizeof body, "{\"errors\":[{\"errorCode\":\"SUB-508\",\"message\":\"%s\"}]}",
                 said);
        reply(400, body);
        fake_io_advance(&fake, 0);
        assert_non_null(strstr(saw.text, "\xe7\x94\xb0): give the application"));
        assert_true(utf8_is_valid(saw.text, strlen(saw.text)));
    }
}

static void the_service_has_trouble_with_the_subscription(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S1", 1, "");
    reply(503, "{\"errorCode\":\"CMN-211\"}");
    fake_io_advance(&fake, 5100);
    assert_int_equal(fake_ws(&fake)->sent.len, 2); /* again, on the same connection */
    reply(429, "{\"errorCode\":\"CMN-301\"}");
    assert_int_equal(saw.state, LINK_CONNECTING);
    assert_non_null(strstr(saw.text, "no subscription for 6"));
    for (int s = 0; s < 59; s++) {
        fake_io_advance(&fake, 1000);
        fake_ws_pong(fake_ws(&fake));
        assert_null(strstr(last_sent(), "PUT"));
    }
    size_t sent = fake_ws(&fake)->sent.len;
    fake_io_advance(&fake, 5000);
    assert_true(fake_ws(&fake)->sent.len > sent);
    reply(200, "{\"id\":\"sub-1\"}");
    assert_int_equal(saw.subscribed, 1);
}

static void a_subscription_without_an_answer(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S1", 1, "");
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"ClientRequest\",\"messageId\":\"other\",\"status\":"
                                "200},{\"id\":\"x\"}]"); /* not ours */
    assert_int_equal(saw.subscribed, 0);
    fake_io_advance(&fake, REX_REPLY_LIMIT_MS + 100);
    assert_int_equal(saw.state, LINK_LOST);
    assert_non_null(strstr(saw.text, "has not answered to the subscription"));
}

static void other_filters_go_over_the_same_socket(void **state)
{
    (void)state;
    static const char *const more[] = {"/a", "/b", "/c"}, *const most[] = {"/a", "/b", "/c", "/d"};
    start();
    rex_gateway_filters(gateway, more, 3);
    assert_non_null(strstr(last_sent(), "\"method\":\"PUT\",\"path\":\"/restapi/v1.0/subscription/"
                                        "sub-1\""));
    assert_non_null(strstr(last_sent(), "\"/c\""));
    assert_int_equal(saw.closed, 0);
    /* Changed again meanwhile: sent when the answer is there. */
    rex_gateway_filters(gateway, most, 4);
    assert_int_equal(fake_ws(&fake)->sent.len, 2);
    reply(200, "{\"id\":\"sub-1\"}");
    assert_int_equal(saw.subscribed, 2);
    assert_true(saw.is_recovered);
    assert_true(saw.is_whole);
    assert_int_equal(fake_ws(&fake)->sent.len, 3);
    assert_non_null(strstr(last_sent(), "\"/d\""));
    /* It has lapsed: a new one, and events may be missing. */
    reply(404, "{\"errorCode\":\"SUB-507\"}");
    assert_non_null(strstr(last_sent(), "\"method\":\"POST\""));
    assert_non_null(strstr(last_sent(), "\"/d\""));
    reply(200, "{\"id\":\"sub-2\"}");
    assert_int_equal(saw.subscribed, 3);
    assert_false(saw.is_recovered);
    /* A change whose answer is lost with the socket is said again after the recovery. */
    rex_gateway_filters(gateway, more, 3);
    lose_socket();
    wait_for_wstoken(1100);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S2", 1, "\"recoveryState\":\"Successful\",");
    assert_non_null(strstr(last_sent(), "PUT"));
    assert_non_null(strstr(last_sent(), "/subscription/sub-2"));
    assert_null(strstr(last_sent(), "\"/d\""));
}

/* ---- recovery ---- */

static void a_lost_session_goes_on(void **state)
{
    (void)state;
    start();
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Heartbeat\",\"messageId\":\"h\",\"wsc\":{\"token\":"
                                "\"S/2\",\"sequence\":5}}]");
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Heartbeat\",\"messageId\":\"h\",\"wsc\":{\"token\":"
                                "\"old\",\"sequence\":4}}]");
    notify("u1");
    lose_socket();
    wait_for_wstoken(1100);
    give_wstoken();
    assert_string_equal(fake_ws(&fake)->url,
                        "wss://ws.example.com/ws?access_token=T%2B1&wsc=S%2F2");
    fake_ws_accept(fake_ws(&fake));
    details("S3", 1, "\"recoveryState\":\"Successful\",");
    assert_int_equal(saw.subscribed, 2);
    assert_true(saw.is_recovered);
    assert_true(saw.is_whole);
    assert_int_equal(fake_ws(&fake)->sent.len, 0); /* the subscription is still there */
    notify("u1");                                  /* said twice, over the loss */
    notify("u2");
    assert_int_equal(saw.notices, 2);
    assert_string_equal(saw.last_uuid, "u2");
    /* A token that comes with a recovery is taken whatever its number. */
    lose_socket();
    wait_for_wstoken(3100);
    give_wstoken();
    assert_true(str_ends(fake_ws(&fake)->url, "&wsc=S3"));
}

static void a_session_that_cannot_be_recovered_keeps_its_connection(void **state)
{
    (void)state;
    start();
    static const char *const codes[] = {"WSG-1003", "WSG-1005"};
    for (int i = 0; i < 2; i++) {
        char body[128];
        lose_socket();
        wait_for_wstoken(5000);
        give_wstoken();
        fake_ws_accept(fake_ws(&fake));
        snprintf(body, sizeof body, "\"recoveryState\":\"Failed\",\"recoveryErrorCode\":\"%s\",",
                 codes[i]);
        details("S9", 1, body);
        assert_false(fake_ws(&fake)->is_over);
        assert_non_null(strstr(last_sent(), "\"method\":\"POST\""));
        reply(200, "{\"id\":\"sub-9\"}");
        assert_int_equal(saw.subscribed, 2 + i);
        assert_false(saw.is_recovered);
    }
}

static void a_malformed_session_is_dropped(void **state)
{
    (void)state;
    start();
    lose_socket();
    wait_for_wstoken(1100);
    give_wstoken();
    assert_non_null(strstr(fake_ws(&fake)->url, "&wsc=S1"));
    fake_ws_accept(fake_ws(&fake));
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Error\",\"status\":400},{\"errorCode\":\"WSG-400\","
                                "\"message\":\"Malformed WebSocket session context token\"}]");
    fake_ws_fail(fake_ws(&fake), RC_UNREACHABLE, -1, "closed");
    wait_for_wstoken(70000);
    give_wstoken();
    assert_null(strstr(fake_ws(&fake)->url, "wsc="));
    /* The same when the upgrade is refused for it. */
    fake_ws_accept(fake_ws(&fake));
    details("S2", 1, "");
    reply(200, "{\"id\":\"sub-2\"}");
    lose_socket();
    wait_for_wstoken(70000);
    give_wstoken();
    assert_non_null(strstr(fake_ws(&fake)->url, "&wsc=S2"));
    fake_ws_fail(fake_ws(&fake), RC_REFUSED, 400, "refused");
    wait_for_wstoken(70000);
    give_wstoken();
    assert_null(strstr(fake_ws(&fake)->url, "wsc="));
}

static void a_long_loss_is_not_recovered(void **state)
{
    (void)state;
    start();
    lose_socket();
    for (int s = 0; s < 181; s++) {
        while (fake_http_pending(&fake) > 0)
            fake_http_answer(fake_http(&fake), RC_UNREACHABLE, 0, NULL, NULL);
        fake_io_advance(&fake, 1000);
    }
    wait_for_wstoken(61000);
    give_wstoken();
    assert_null(strstr(fake_ws(&fake)->url, "wsc="));
    fake_ws_accept(fake_ws(&fake));
    details("S2", 1, "");
    assert_non_null(strstr(last_sent(), "\"method\":\"POST\""));
}

static void more_was_missed_than_the_service_keeps(void **state)
{
    (void)state;
    char uuid[32];
    int next = 0;
    start();
    /* 120 events a minute: in 40 s there are more than half of the 100 that are kept. */
    for (int s = 0; s < 120; s++) {
        snprintf(uuid, sizeof uuid, "a%d", next++);
        notify(uuid);
        snprintf(uuid, sizeof uuid, "a%d", next++);
        notify(uuid);
        fake_io_advance(&fake, 1000);
        fake_ws_pong(fake_ws(&fake));
    }
    lose_socket();
    while (fake_http_pending(&fake) == 0)
        fake_io_advance(&fake, 100);
    fake_io_advance(&fake, 40000);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S2", 1, "\"recoveryState\":\"Successful\",\"recoveryBufferSize\":100,");
    assert_true(saw.is_recovered);
    assert_false(saw.is_whole);
    /* A short one is whole, but when as many come as are kept, some did not. */
    lose_socket();
    wait_for_wstoken(3000);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S3", 1, "\"recoveryState\":\"Successful\",\"recoveryBufferSize\":100,");
    assert_true(saw.is_whole);
    for (int i = 0; i < 99; i++) {
        snprintf(uuid, sizeof uuid, "b%d", i);
        notify(uuid);
    }
    assert_int_equal(saw.undecodable, 0);
    notify("b99");
    assert_int_equal(saw.undecodable, 1);
    notify("b100");
    assert_int_equal(saw.undecodable, 1);
}

static void a_long_token_of_a_session_is_left_out(void **state)
{
    (void)state;
    char wsc[1001];
    rex_gateway_filters(gateway, filters, 2);
    memset(wsc, '/', sizeof wsc - 1); /* three times as long when escaped */
    wsc[sizeof wsc - 1] = '\0';
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    char text[1200];
    snprintf(text, sizeof text,
             "[{\"type\":\"ConnectionDetails\",\"wsc\":{\"token\":\"%s\",\"sequence\":1}},{}]",
             wsc);
    fake_ws_say(fake_ws(&fake), text);
    reply(200, "{\"id\":\"sub-1\"}");
    lose_socket();
    wait_for_wstoken(1100);
    give_wstoken();
    assert_string_equal(fake_ws(&fake)->url, "wss://ws.example.com/ws?access_token=T%2B1");
}

/* ---- staying alive ---- */

static void heartbeats_keep_the_session(void **state)
{
    (void)state;
    start();
    for (int s = 0; s < 1800; s++) {
        char uuid[16];
        fake_io_advance(&fake, 1000);
        if (s % 10 == 0)
            fake_ws_pong(fake_ws(&fake));
        snprintf(uuid, sizeof uuid, "u%d", s);
        if (s % 50 == 0)
            notify(uuid);
    }
    size_t sent = fake_ws(&fake)->sent.len;
    assert_in_range(sent, 26, 31); /* one a minute, after the subscription */
    assert_true(str_starts(last_sent(), "[{\"type\":\"Heartbeat\",\"messageId\":\"callhud-"));
    /* Its answer is not answered again, one that the service begins is. */
    char text[256], id[REX_ID_BYTES];
    last_id(id, sizeof id);
    snprintf(text, sizeof text, "[{\"type\":\"Heartbeat\",\"messageId\":\"%s\"}]", id);
    fake_ws_say(fake_ws(&fake), text);
    assert_int_equal(fake_ws(&fake)->sent.len, sent);
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Heartbeat\",\"messageId\":\"srv\\/1\"}]");
    assert_int_equal(fake_ws(&fake)->sent.len, sent + 1);
    assert_string_equal(last_sent(), "[{\"type\":\"Heartbeat\",\"messageId\":\"srv/1\"}]");
    /* Nor one that comes late, when there is a younger one; and a flood is not answered by one. */
    fake_io_advance(&fake, 5000);
    sent = fake_ws(&fake)->sent.len;
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Heartbeat\",\"messageId\":\"callhud-00000000-1\"}]");
    assert_int_equal(fake_ws(&fake)->sent.len, sent);
    for (int i = 0; i < 1000; i++)
        fake_ws_say(fake_ws(&fake), "[{\"type\":\"Heartbeat\",\"messageId\":\"srv-2\"}]");
    assert_in_range(fake_ws(&fake)->sent.len - sent, 1, 20);
    assert_int_equal(saw.closed, 0);
}

static void quiet(int seconds)
{
    for (int s = 0; s < seconds; s++) {
        fake_io_advance(&fake, 1000);
        fake_ws_pong(fake_ws(&fake));
    }
}

static void a_subscription_that_lapsed_without_a_word(void **state)
{
    (void)state;
    start();
    notify("u1");
    quiet(59);
    assert_int_equal(fake_ws(&fake)->sent.len, 1);
    quiet(12);
    assert_non_null(strstr(last_sent(), "\"method\":\"GET\",\"path\":\"/restapi/v1.0/"
                                        "subscription/sub-1\""));
    reply(200, "{\"id\":\"sub-1\",\"status\":\"Active\"}");
    assert_int_equal(saw.subscribed, 1);
    /* Events are proof enough. */
    size_t sent = fake_ws(&fake)->sent.len;
    for (int i = 0; i < 10; i++) {
        char uuid[16];
        snprintf(uuid, sizeof uuid, "v%d", i);
        notify(uuid);
        quiet(20);
    }
    for (size_t i = sent; i < fake_ws(&fake)->sent.len; i++)
        assert_non_null(strstr(fake_ws(&fake)->sent.items[i], "Heartbeat"));
    while (strstr(last_sent(), "GET") == NULL)
        quiet(1);
    assert_int_equal(saw.doubted, 0);
    reply(404, "{\"errorCode\":\"SUB-507\"}");
    assert_int_equal(saw.doubted, 1); /* at once: when the new one is there does not matter */
    assert_non_null(strstr(last_sent(), "\"method\":\"POST\""));
    reply(200, "{\"id\":\"sub-2\"}");
    assert_int_equal(saw.subscribed, 2);
    assert_false(saw.is_recovered); /* so a snapshot is taken */
    assert_int_equal(saw.closed, 0);
    /* A service that does not know the question is not asked again. */
    quiet(75);
    assert_non_null(strstr(last_sent(), "/subscription/sub-2"));
    reply(404, "{\"errorCode\":\"CMN-120\"}");
    sent = fake_ws(&fake)->sent.len;
    quiet(300);
    assert_int_equal(saw.subscribed, 2);
    for (size_t i = sent; i < fake_ws(&fake)->sent.len; i++)
        assert_non_null(strstr(fake_ws(&fake)->sent.items[i], "Heartbeat"));
}

/* Within the time in which a link counts as lost, whatever may be asked. */
static void a_busy_floor_that_falls_silent_is_doubted(void **state)
{
    enum { PENALTY, REFUSED, TROUBLE, NO_ANSWER, WAYS };
    (void)state;
    start();
    for (int way = 0; way < WAYS; way++) {
        for (int i = 0; i < 2 * REX_BUSY_EVENTS; i++) {
            char uuid[32];
            snprintf(uuid, sizeof uuid, "b%d-%d", way, i);
            notify(uuid);
            quiet(1);
        }
        int before = saw.doubted;
        if (way == PENALTY)
            rex_rest_refused(rest, REX_LIGHT, true, 30000);
        size_t sent = fake_ws(&fake)->sent.len;
        for (int s = 0; s < 30 && saw.doubted == before; s++) {
            quiet(1);
            if (way == PENALTY || way == NO_ANSWER || fake_ws(&fake)->sent.len == sent ||
                strstr(last_sent(), "\"GET\"") == NULL)
                continue;
            reply(way == TROUBLE ? 500 : 429, "{\"errorCode\":\"CMN-301\"}");
        }
        assert_int_equal(saw.doubted, before + 1);
        quiet(70); /* the penalty is over */
        reply(200, "{\"id\":\"sub-1\"}");
    }
    assert_int_equal(saw.closed, 0);
}

static void a_short_idle_timeout_is_heeded(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S1", 1, "\"idleTimeout\":60,");
    reply(200, "{\"id\":\"sub-1\"}");
    for (int s = 0; s < 60; s++) {
        fake_io_advance(&fake, 1000);
        fake_ws_pong(fake_ws(&fake));
    }
    assert_in_range(fake_ws(&fake)->sent.len, 3, 5);
}

static void a_half_open_socket_is_closed(void **state)
{
    (void)state;
    start();
    fake_io_advance(&fake, 20000);
    assert_true(fake_ws(&fake)->pings > 0);
    fake_ws_pong(fake_ws(&fake));
    fake_io_advance(&fake, 29000);
    assert_int_equal(saw.closed, 0);
    for (int ms = 0; ms < 12000 && saw.closed == 0; ms += 100)
        fake_io_advance(&fake, 100);
    assert_int_equal(saw.closed, 1);
    assert_string_equal(saw.text, "rc.example.com has not answered for 30 s");
    assert_true(fake_ws(&fake)->is_over);
    wait_for_wstoken(1100);
    /* What came after the last sign of life may be missing: that long it was lost. */
    give_wstoken();
    assert_non_null(strstr(fake_ws(&fake)->url, "wsc="));
}

static void the_idle_and_the_absolute_timeout(void **state)
{
    (void)state;
    static const char *const codes[] = {"WSG-902", "WSG-903"};
    start();
    for (int i = 0; i < 2; i++) {
        char text[256];
        for (int s = 0; s < 70; s += 10) {
            fake_io_advance(&fake, 10000);
            fake_ws_pong(fake_ws(&fake));
        }
        snprintf(text, sizeof text,
                 "[{\"type\":\"Error\",\"status\":400},{\"errorCode\":\"%s\",\"message\":\"time "
                 "is up\"}]",
                 codes[i]);
        fake_ws_say(fake_ws(&fake), text);
        fake_ws_fail(fake_ws(&fake), RC_UNREACHABLE, -1, "closed");
        assert_int_equal(saw.closed, i + 1);
        wait_for_wstoken(100); /* at once */
        give_wstoken();
        assert_non_null(strstr(fake_ws(&fake)->url, "wsc="));
        fake_ws_accept(fake_ws(&fake));
        details("S1", 1, "\"recoveryState\":\"Successful\",");
        assert_true(saw.is_recovered);
    }
}

static void before_the_absolute_timeout_it_connects_anew(void **state)
{
    (void)state;
    rex_gateway_filters(gateway, filters, 2);
    give_wstoken();
    fake_ws_accept(fake_ws(&fake));
    details("S1", 1, "\"absoluteTimeout\":600,");
    reply(200, "{\"id\":\"sub-1\"}");
    struct io_ws *first = fake_ws(&fake);
    for (int s = 0; s < 530; s += 10) {
        fake_io_advance(&fake, 10000);
        fake_ws_pong(first);
    }
    assert_false(first->is_over);
    fake_io_advance(&fake, 20000);
    assert_true(first->is_over);
    assert_int_equal(saw.closed, 1);
    assert_int_equal(saw.state, LINK_CONNECTING);
    give_wstoken();
    assert_non_null(strstr(fake_ws(&fake)->url, "wsc=S1"));
}

static void a_frame_that_cannot_be_read_is_a_gap(void **state)
{
    (void)state;
    start();
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"ServerNotification\"},--Boundary]");
    fake_ws_say(fake_ws(&fake), "hello");
    assert_int_equal(saw.undecodable, 2);
    assert_int_equal(saw.closed, 0);
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"Novelty\"},{}]");
    fake_ws_say(fake_ws(&fake), "[{\"type\":\"ClientRequest\",\"messageId\":\"x\",\"status\":207},"
                                "--Boundary not json]");
    assert_int_equal(saw.undecodable, 2);
    notify("u");
    assert_int_equal(saw.notices, 1);
}

static void a_uuid_comes_once(void **state)
{
    (void)state;
    char uuid[32];
    start();
    for (int i = 0; i < 3000; i++) {
        snprintf(uuid, sizeof uuid, "u%d", i);
        notify(uuid);
        if (i > 500) {
            snprintf(uuid, sizeof uuid, "u%d", i - 500);
            notify(uuid);
        }
    }
    assert_int_equal(saw.notices, 3000);
}

/* ---- back-off ---- */

static void a_storm_stays_within_the_auth_group(void **state)
{
    (void)state;
    int64_t sent_ms[400];
    size_t sent = 0;
    rex_gateway_filters(gateway, filters, 2);
    bool is_told = false;
    for (int turn = 0; turn < 9000; turn++) {
        while (fake_http_pending(&fake) > 0) {
            assert_true(sent < 400);
            sent_ms[sent++] = fake.now_ms;
            switch (turn % 4) {
            case 0: fake_http_answer(fake_http(&fake), RC_UNREACHABLE, 0, NULL, NULL); break;
            case 1:
                give_wstoken();
                fake_ws_fail(fake_ws(&fake), RC_REFUSED, 503, "no");
                break;
            default:
                open_up();
                lose_socket();
                break;
            }
        }
        is_told |= strstr(saw.text, "a few connections a minute: the next in") != NULL;
        if (turn % 3 == 0)
            rex_gateway_try_now(gateway);
        fake_io_advance(&fake, 100);
    }
    assert_true(sent > 40);
    for (size_t i = 5; i < sent; i++)
        assert_true(sent_ms[i] - sent_ms[i - 5] >= 60000);
    assert_true(is_told);
}

static void the_wait_grows_and_is_never_the_same(void **state)
{
    (void)state;
    int64_t waits[12];
    rex_gateway_filters(gateway, filters, 2);
    for (size_t i = 0; i < 12; i++) {
        wait_for_wstoken(130000);
        fake_http_answer(fake_http(&fake), RC_UNREACHABLE, 0, NULL, NULL);
        waits[i] = saw.retry_ms - fake.now_ms;
    }
    assert_in_range(waits[0], 500, 1000);
    assert_in_range(waits[3], 4000, 8000);
    for (size_t i = 7; i < 12; i++)
        assert_in_range(waits[i], 30000, 60000);
    assert_true(waits[8] != waits[9] || waits[9] != waits[10]);
    /* A connection that lasted begins anew. */
    wait_for_wstoken(130000);
    open_up();
    for (int s = 0; s < 70; s += 10) {
        fake_io_advance(&fake, 10000);
        fake_ws_pong(fake_ws(&fake));
    }
    lose_socket();
    assert_in_range(saw.retry_ms - fake.now_ms, 500, 1000);
}

static void asked_to_drop_or_to_try(void **state)
{
    (void)state;
    start();
    rex_gateway_drop(gateway, "somebody wants a new one");
    assert_false(fake_ws(&fake)->is_over); /* in a turn of its own */
    fake_io_advance(&fake, 0);
    assert_true(fake_ws(&fake)->is_over);
    assert_int_equal(saw.closed, 1);
    assert_string_equal(saw.text, "somebody wants a new one");
    rex_gateway_try_now(gateway);
    assert_int_equal(fake_http_pending(&fake), 1);
    rex_gateway_try_now(gateway);
    assert_int_equal(fake_http_pending(&fake), 1);
}

static void nothing_of_a_token_is_in_the_log(void **state)
{
    (void)state;
    struct log_line line;
    log_open(NULL, LOG_DEBUG, NULL);
    rex_gateway_filters(gateway, filters, 2);
    fake_http_answer(fake_http(&fake), RC_OK, 200,
                     "{\"uri\":\"wss://ws.example.com/ws\",\"ws_access_token\":\"top-secret\"}",
                     NULL);
    fake_ws_accept(fake_ws(&fake));
    details("session-secret", 1, "");
    reply(200, "{\"id\":\"sub-1\"}");
    log_info("net", "GET /ws?access_token=top-secret&wsc=session-secret");
    for (size_t i = 0; i < log_count(); i++) {
        assert_true(log_get(i, &line));
        assert_null(strstr(line.text, "top-secret"));
        assert_null(strstr(line.text, "session-secret"));
    }
    log_close();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(from_wstoken_to_events),
        TEST(each_connection_has_a_wstoken_of_its_own),
        TEST(a_wstoken_that_is_refused),
        TEST(an_upgrade_that_is_refused),
        TEST(a_session_that_is_never_told),
        TEST(an_error_as_first_frame),
        TEST(a_subscription_that_is_refused),
        TEST(a_long_refusal_is_cut_between_characters),
        TEST(the_service_has_trouble_with_the_subscription),
        TEST(a_subscription_without_an_answer),
        TEST(other_filters_go_over_the_same_socket),
        TEST(a_lost_session_goes_on),
        TEST(a_session_that_cannot_be_recovered_keeps_its_connection),
        TEST(a_malformed_session_is_dropped),
        TEST(a_long_loss_is_not_recovered),
        TEST(more_was_missed_than_the_service_keeps),
        TEST(a_long_token_of_a_session_is_left_out),
        TEST(heartbeats_keep_the_session),
        TEST(a_subscription_that_lapsed_without_a_word),
        TEST(a_busy_floor_that_falls_silent_is_doubted),
        TEST(a_short_idle_timeout_is_heeded),
        TEST(a_half_open_socket_is_closed),
        TEST(the_idle_and_the_absolute_timeout),
        TEST(before_the_absolute_timeout_it_connects_anew),
        TEST(a_frame_that_cannot_be_read_is_a_gap),
        TEST(a_uuid_comes_once),
        TEST(a_storm_stays_within_the_auth_group),
        TEST(the_wait_grows_and_is_never_the_same),
        TEST(asked_to_drop_or_to_try),
        TEST(nothing_of_a_token_is_in_the_log),
    };
    return cmocka_run_group_tests_name("rex_gateway", tests, NULL, NULL);
}
