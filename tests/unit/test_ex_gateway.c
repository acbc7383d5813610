/* The gateway behind the front door, without sockets. */
#include "callhud/exchange/front.h"
#include "ex_fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A "/restapi/v1.0/account/~"
#define LINES "/extension/~/presence/line/presence?detailedTelephonyState=true&sipData=true"
#define AGENT 400000000101u

static struct ex *x;
static struct front front;
static struct auth_credentials keys;
static int64_t real_ms;
static unsigned woken;
static char access[AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES];

static void wake(void *self, void *socket)
{
    (void)self, (void)socket;
    woken++;
}

static int64_t real(void *self)
{
    (void)self;
    return real_ms;
}

static int http(const char *method, const char *target, const char *authorization, const char *body,
                json_t **json)
{
    struct buf path;
    json_t *query = NULL;
    struct http_reply reply;
    buf_init(&path, 4096);
    assert_true(http_target_split(target, &path, &query));
    struct http_request request = {.method = method,
                                   .path = buf_text(&path),
                                   .target = target,
                                   .query = query,
                                   .authorization = authorization,
                                   .accept = "",
                                   .content_type = "",
                                   .if_none_match = "",
                                   .body = body ? body : "",
                                   .body_len = body ? strlen(body) : 0};
    http_reply_init(&reply);
    front_http(&front, &request, &reply);
    int status = reply.status;
    if (json)
        *json = json_incref(reply.json);
    http_reply_fini(&reply);
    json_decref(query);
    buf_fini(&path);
    return status;
}

static int control(const char *body)
{
    char text[128];
    snprintf(text, sizeof text, "Bearer %s", keys.control_token);
    return http("POST", "/exchange/faults", text, body, NULL);
}

static void token(const char *form)
{
    json_t *json = NULL;
    char text[1024];
    snprintf(text, sizeof text, "client_id=%s&%s", keys.client_id, form);
    assert_int_equal(http("POST", "/restapi/oauth/token", "", text, &json), 200);
    str_copy(access, sizeof access, json_string_value(json_object_get(json, "access_token")));
    str_copy(refresh, sizeof refresh, json_string_value(json_object_get(json, "refresh_token")));
    json_decref(json);
}

static void sign_in(const char *extension)
{
    char text[512];
    snprintf(text, sizeof text,
             "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=jwt-%s-%s",
             extension, keys.jwt_secret);
    token(text);
}

static void renew(void)
{
    char text[512];
    snprintf(text, sizeof text, "grant_type=refresh_token&refresh_token=%s", refresh);
    token(text);
}

/* A connection of the signed-in user; wsc NULL: a new session. */
static struct gw_conn *connect_with(const char *wsc)
{
    struct http_reply reply;
    http_reply_init(&reply);
    json_t *json = NULL;
    char text[256];
    snprintf(text, sizeof text, "Bearer %s", access);
    assert_int_equal(http("POST", "/restapi/oauth/wstoken", text, NULL, &json), 200);
    assert_string_equal(json_string_value(json_object_get(json, "uri")), "ws://127.0.0.1:80/ws");
    const char *one = json_string_value(json_object_get(json, "ws_access_token"));
    assert_true(gateway_admits(front.gateway, one, &reply));
    struct gw_conn *conn = gateway_open(front.gateway, &front, one, wsc);
    json_decref(json);
    http_reply_fini(&reply);
    x->now_ms += 20000; /* five a minute */
    return conn;
}

/* The next frame as JSON; NULL when none is due. */
static json_t *next(struct gw_conn *conn)
{
    char *text = NULL;
    size_t len = 0;
    if (gateway_take(front.gateway, conn, &text, &len) != GATEWAY_FRAME)
        return NULL;
    assert_int_equal(strlen(text), len);
    json_t *frame = json_loads(text, 0, NULL);
    if (!frame)
        frame = json_pack("[{s:s, s:s}]", "type", "Malformed", "text", text);
    mem_free(text);
    return frame;
}

static const char *meta_text(json_t *frame, const char *key)
{
    const char *text = json_string_value(json_object_get(json_array_get(frame, 0), key));
    return text ? text : "";
}

static json_int_t meta_number(json_t *frame, const char *key)
{
    return json_integer_value(json_object_get(json_array_get(frame, 0), key));
}

static json_t *body_of(json_t *frame, const char *key)
{
    return json_object_get(json_array_get(frame, 1), key);
}

static const char *wsc_of(json_t *frame)
{
    return json_string_value(
        json_object_get(json_object_get(json_array_get(frame, 0), "wsc"), "token"));
}

static void expect_nothing(struct gw_conn *conn)
{
    json_t *frame = next(conn);
    if (frame)
        fail_msg("%s", json_dumps(frame, 0));
}

static json_t *expect(struct gw_conn *conn, const char *type)
{
    json_t *frame = next(conn);
    assert_non_null(frame);
    assert_string_equal(meta_text(frame, "type"), type);
    return frame;
}

static void take_one(struct gw_conn *conn, const char *type)
{
    json_decref(expect(conn, type));
}

static void receive(struct gw_conn *conn, const char *text)
{
    gateway_receive(front.gateway, conn, text, strlen(text));
}

/* Sends a request and gives the reply. */
static json_t *ask(struct gw_conn *conn, const char *method, const char *path, const char *body)
{
    char text[4096];
    snprintf(text, sizeof text,
             "[{\"type\":\"ClientRequest\",\"messageId\":\"m1\",\"method\":\"%s\","
             "\"path\":\"%s\"}%s%s]",
             method, path, body ? "," : "", body ? body : "");
    gateway_receive(front.gateway, conn, text, strlen(text));
    json_t *reply = expect(conn, "ClientRequest");
    assert_string_equal(meta_text(reply, "messageId"), "m1");
    return reply;
}

static void subscribe(struct gw_conn *conn, const char *filter, char id[40])
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"eventFilters\":[\"" A "%s\"],\"deliveryMode\":{\"transportType\":\"WebSocket\"}}",
             filter);
    json_t *reply = ask(conn, "POST", "/restapi/v1.0/subscription", body);
    assert_int_equal(meta_number(reply, "status"), 200);
    if (id)
        str_copy(id, 40, json_string_value(body_of(reply, "id")));
    json_decref(reply);
}

static void ring(unsigned sequence)
{
    fake_event(x, EX_EVENT_PRESENCE, AGENT, fake_presence(AGENT, sequence));
}

static void expect_ring(struct gw_conn *conn, unsigned sequence)
{
    json_t *frame = expect(conn, "ServerNotification");
    assert_int_equal(json_integer_value(json_object_get(body_of(frame, "body"), "sequence")),
                     sequence);
    json_decref(frame);
}

static int begin(void **state)
{
    (void)state;
    x = fake_new();
    real_ms = 5000;
    auth_credentials_draw(&keys);
    front_init(&front, x, &keys, wake, real, NULL);
    front_set_address(&front, "127.0.0.1", 80);
    sign_in("900");
    return 0;
}

static int end(void **state)
{
    (void)state;
    front_fini(&front);
    ex_free(x);
    return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void the_first_frame_has_the_details(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    json_t *frame = expect(conn, "ConnectionDetails");
    assert_int_equal(meta_number(frame, "status"), 200);
    assert_non_null(wsc_of(frame));
    assert_string_equal(json_string_value(body_of(frame, "creationTime")),
                        "2026-07-02T13:46:40.000+0000");
    assert_int_equal(json_integer_value(body_of(frame, "recoveryBufferSize")), 100);
    assert_int_equal(json_integer_value(body_of(frame, "idleTimeout")), 1800);
    assert_null(body_of(frame, "recoveryState"));
    json_decref(frame);
    expect_nothing(conn);
    gateway_closed(front.gateway, conn);
}

static void a_bad_token_is_refused_either_way(void **state)
{
    struct http_reply reply;
    (void)state;
    http_reply_init(&reply);
    assert_false(gateway_admits(front.gateway, "bad", &reply));
    assert_int_equal(reply.status, 401);
    assert_false(gateway_admits(front.gateway, NULL, &reply));
    x->switches[EX_BAD_TOKEN_HTTP] = false;
    assert_true(gateway_admits(front.gateway, "bad", &reply));
    struct gw_conn *conn = gateway_open(front.gateway, &front, "bad", NULL);
    json_t *frame = expect(conn, "Error");
    assert_int_equal(meta_number(frame, "status"), 401);
    json_decref(frame);
    char *text;
    size_t len;
    assert_int_equal(gateway_take(front.gateway, conn, &text, &len), GATEWAY_CLOSE);
    gateway_receive(front.gateway, conn, "[]", 2); /* nobody listens */
    gateway_closed(front.gateway, conn);
    http_reply_fini(&reply);
}

static void connections_of_a_session_are_limited(void **state)
{
    struct http_reply reply;
    json_t *json = NULL;
    char text[256];
    (void)state;
    http_reply_init(&reply);
    snprintf(text, sizeof text, "Bearer %s", access);
    assert_int_equal(http("POST", "/restapi/oauth/wstoken", text, NULL, &json), 200);
    const char *one = json_string_value(json_object_get(json, "ws_access_token"));
    for (int i = 0; i < 50; i++) {
        assert_true(gateway_admits(front.gateway, one, &reply));
        gateway_open(front.gateway, &front, one, NULL);
    }
    assert_false(gateway_admits(front.gateway, one, &reply));
    assert_int_equal(reply.status, 429);
    json_decref(json);
    http_reply_fini(&reply);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void requests_are_proxied(void **state)
{
    static const char request[] =
        "[{\"type\":\"ClientRequest\",\"messageId\":\"q/1\",\"method\":\"get\",\"path\":"
        "\"/restapi/v1.0/a%20b?x=1\",\"query\":{\"y\":2,\"z\":[\"a\",true],\"n\":{}},\"headers\":"
        "{}},{\"k\":1}]";
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    gateway_receive(front.gateway, conn, request, strlen(request));
    json_t *reply = expect(conn, "ClientRequest");
    json_t *want = json_loads("{\"x\":\"1\",\"y\":\"2\",\"z\":[\"a\",\"true\"]}", 0, NULL);
    assert_string_equal(meta_text(reply, "messageId"), "q/1");
    assert_int_equal(meta_number(reply, "status"), 200);
    assert_string_equal(json_string_value(body_of(reply, "method")), "GET");
    assert_string_equal(json_string_value(body_of(reply, "path")), "/restapi/v1.0/a b");
    assert_true(json_equal(body_of(reply, "query"), want));
    assert_string_equal(json_string_value(body_of(reply, "caller")), "900");
    assert_int_equal(json_integer_value(json_object_get(body_of(reply, "body"), "k")), 1);
    json_t *headers = json_object_get(json_array_get(reply, 0), "headers");
    static const char *const names[] = {"RCRequestId",         "RoutingKey",
                                        "Content-Language",    "X-Rate-Limit-Group",
                                        "X-Rate-Limit-Limit",  "X-Rate-Limit-Remaining",
                                        "X-Rate-Limit-Window", "Date",
                                        "Content-Type"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!json_is_string(json_object_get(headers, names[i])))
            fail_msg("no %s", names[i]);
    }
    json_decref(want);
    json_decref(reply);
    gateway_closed(front.gateway, conn);
}

static void replies_may_have_no_body_or_text(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    json_t *reply = ask(conn, "DELETE", "/restapi/v1.0/nothing", NULL);
    assert_int_equal(meta_number(reply, "status"), 204);
    assert_int_equal(json_array_size(reply), 1);
    json_decref(reply);
    reply = ask(conn, "GET", "/restapi/v1.0/nowhere", NULL);
    assert_int_equal(meta_number(reply, "status"), 404);
    assert_string_equal(json_string_value(body_of(reply, "errorCode")), "CMN-120");
    json_decref(reply);
    reply = ask(conn, "POST", "/restapi/oauth/token", NULL);
    assert_int_equal(meta_number(reply, "status"), 404);
    json_decref(reply);
    static const char parts[] = "[{\"type\":\"ClientRequest\",\"messageId\":\"p\",\"method\":"
                                "\"GET\",\"path\":\"/restapi/v1.0/parts\"}]";
    gateway_receive(front.gateway, conn, parts, strlen(parts));
    json_t *frame = next(conn); /* meta, then raw text: no JSON, as the documents say */
    assert_string_equal(meta_text(frame, "type"), "Malformed");
    assert_non_null(strstr(meta_text(frame, "text"), "},--Boundary_1\r\n"));
    json_decref(frame);
    gateway_closed(front.gateway, conn);
}

static void what_is_no_message_is_told(void **state)
{
    static const char *const bad[] = {
        "", "{}", "[", "[1]", "[{}]", "[{\"type\":\"Nonsense\"}]", "[[]]", "\"x\"", "null"};
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gateway_receive(front.gateway, conn, bad[i], strlen(bad[i]));
        json_t *frame = expect(conn, "Error");
        assert_int_equal(meta_number(frame, "status"), 400);
        json_decref(frame);
    }
    receive(conn, "[{\"type\":\"ClientRequest\",\"messageId\":\"m\"}]");
    json_t *frame = expect(conn, "ClientRequest");
    assert_int_equal(meta_number(frame, "status"), 400);
    json_decref(frame);
    frame = ask(conn, "GET", "/restapi/v1.0/x", NULL);
    assert_int_equal(meta_number(frame, "status"), 200); /* and goes on */
    json_decref(frame);
    gateway_closed(front.gateway, conn);
}

static void active_requests_are_limited(void **state)
{
    static const char request[] = "[{\"type\":\"ClientRequest\",\"messageId\":\"m\",\"method\":"
                                  "\"GET\",\"path\":\"/restapi/v1.0/free\"}]";
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    for (int i = 0; i < 11; i++)
        gateway_receive(front.gateway, conn, request, strlen(request));
    for (int i = 0; i < 11; i++) {
        json_t *reply = expect(conn, "ClientRequest");
        assert_int_equal(meta_number(reply, "status"), i < 10 ? 200 : 429);
        json_decref(reply);
    }
    json_t *reply = ask(conn, "GET", "/restapi/v1.0/free", NULL);
    assert_int_equal(meta_number(reply, "status"), 200);
    json_decref(reply);
    gateway_closed(front.gateway, conn);
}

static void limits_hold_over_the_gateway_too(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    for (int i = 0; i < 10; i++)
        json_decref(ask(conn, "GET", "/restapi/v1.0/heavy", NULL));
    json_t *reply = ask(conn, "GET", "/restapi/v1.0/heavy", NULL);
    json_t *headers = json_object_get(json_array_get(reply, 0), "headers");
    assert_int_equal(meta_number(reply, "status"), 429);
    assert_string_equal(json_string_value(json_object_get(headers, "Retry-After")), "60");
    assert_string_equal(json_string_value(body_of(reply, "errorCode")), "CMN-301");
    json_decref(reply);
    gateway_closed(front.gateway, conn);
}

static void heartbeats_are_echoed(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    receive(conn, "[{\"type\":\"Heartbeat\",\"messageId\":\"h/1\"}]");
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(gateway_take(front.gateway, conn, &text, &len), GATEWAY_FRAME);
    assert_string_equal(text, "[{\"type\":\"Heartbeat\",\"messageId\":\"h/1\"}]");
    mem_free(text);
    gateway_closed(front.gateway, conn);
}

/* ---- timeouts -------------------------------------------------------------------------------- */

static void expect_end(struct gw_conn *conn, const char *code, const char *message)
{
    char *text;
    size_t len;
    json_t *frame = expect(conn, "Error");
    assert_string_equal(json_string_value(body_of(frame, "errorCode")), code);
    assert_string_equal(json_string_value(body_of(frame, "message")), message);
    json_decref(frame);
    assert_int_equal(gateway_take(front.gateway, conn, &text, &len), GATEWAY_CLOSE);
    gateway_closed(front.gateway, conn);
}

static void an_idle_connection_ends(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    x->now_ms += 1000 * 1000;
    receive(conn, "[{\"type\":\"Heartbeat\",\"messageId\":\"h\"}]");
    take_one(conn, "Heartbeat");
    assert_true(gateway_next_ms(front.gateway) == x->now_ms + 1800 * 1000);
    x->now_ms += 1800 * 1000 - 1;
    gateway_advance(front.gateway);
    expect_nothing(conn);
    x->now_ms += 1;
    gateway_advance(front.gateway);
    expect_end(conn, "WSG-902", "Idle timeout expired");
}

static void every_connection_ends_after_a_day(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    int64_t began_ms = x->now_ms - 20000;
    take_one(conn, "ConnectionDetails");
    while (x->now_ms < began_ms + 86400 * 1000) {
        gateway_advance(front.gateway);
        receive(conn, "[{\"type\":\"Heartbeat\",\"messageId\":\"h\"}]");
        take_one(conn, "Heartbeat");
        x->now_ms += 1000 * 1000;
    }
    x->now_ms = began_ms + 86400 * 1000;
    gateway_advance(front.gateway);
    expect_end(conn, "WSG-903", "Absolute timeout expired");
}

/* ---- subscriptions and notifications --------------------------------------------------------- */

static void an_event_is_told_in_its_envelope(void **state)
{
    char id[40];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    ring(1);
    expect_nothing(conn); /* nothing is subscribed yet */
    subscribe(conn, LINES, id);
    ring(2);
    json_t *frame = expect(conn, "ServerNotification");
    assert_int_equal(meta_number(frame, "status"), 200);
    assert_string_equal(meta_text(frame, "messageId"), json_string_value(body_of(frame, "uuid")));
    assert_string_equal(json_string_value(body_of(frame, "event")),
                        "/restapi/v1.0/account/400000000001/extension/400000000101/presence"
                        "?detailedTelephonyState=true&sipData=true");
    assert_string_equal(json_string_value(body_of(frame, "timestamp")), "2026-07-02T13:47:00.000Z");
    assert_string_equal(json_string_value(body_of(frame, "subscriptionId")), id);
    assert_string_equal(json_string_value(body_of(frame, "ownerId")), "400000000900");
    json_t *calls = json_object_get(body_of(frame, "body"), "activeCalls");
    assert_non_null(json_object_get(json_array_get(calls, 0), "sipData"));
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(json_array_get(frame, 0), "wsc"), "sequence")),
                     2);
    json_decref(frame);
    subscribe(conn, "/presence", NULL); /* replaces the first */
    ring(3);
    frame = expect(conn, "ServerNotification");
    assert_null(json_object_get(body_of(frame, "body"), "activeCalls"));
    json_decref(frame);
    expect_nothing(conn);
    gateway_closed(front.gateway, conn);
}

static void a_subscription_is_read_changed_and_ended(void **state)
{
    char id[40], path[128];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    subscribe(conn, "/presence", id);
    snprintf(path, sizeof path, "/restapi/v1.0/subscription/%s", id);
    json_t *reply = ask(conn, "PUT", path, "{\"eventFilters\":[\"" A "/telephony/sessions\"]}");
    assert_int_equal(meta_number(reply, "status"), 200);
    assert_string_equal(json_string_value(json_array_get(body_of(reply, "eventFilters"), 0)),
                        "/restapi/v1.0/account/400000000001/telephony/sessions");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json_array_get(reply, 0), "headers"),
                                          "WSG-SubscriptionId")),
        id);
    json_decref(reply);
    ring(1);
    expect_nothing(conn);
    reply = ask(conn, "PUT", path, "{\"eventFilters\":[\"" A "/nonsense\"]}");
    assert_int_equal(meta_number(reply, "status"), 400);
    json_decref(reply);
    reply = ask(conn, "GET", "/restapi/v1.0/subscription", NULL);
    assert_int_equal(json_array_size(body_of(reply, "records")), 1);
    json_decref(reply);
    reply = ask(conn, "DELETE", "/restapi/v1.0/subscription", NULL);
    assert_int_equal(meta_number(reply, "status"), 405);
    json_decref(reply);
    reply = ask(conn, "GET", path, NULL);
    assert_string_equal(json_string_value(body_of(reply, "id")), id);
    json_decref(reply);
    reply = ask(conn, "DELETE", path, NULL);
    assert_int_equal(meta_number(reply, "status"), 204);
    json_decref(reply);
    reply = ask(conn, "PUT", path, "{\"eventFilters\":[\"" A "/presence\"]}");
    assert_int_equal(meta_number(reply, "status"), 404);
    assert_string_equal(json_string_value(body_of(reply, "errorCode")), "SUB-507");
    json_decref(reply);
    gateway_closed(front.gateway, conn);
}

static void subscriptions_of_a_user_are_limited(void **state)
{
    struct gw_conn *conns[31];
    (void)state;
    for (int i = 0; i < 31; i++) {
        conns[i] = connect_with(NULL);
        take_one(conns[i], "ConnectionDetails");
        if (i < 30)
            subscribe(conns[i], "/presence", NULL);
    }
    json_t *reply = ask(conns[30], "POST", "/restapi/v1.0/subscription",
                        "{\"eventFilters\":[\"" A "/presence\"],\"deliveryMode\":"
                        "{\"transportType\":\"WebSocket\"}}");
    assert_int_equal(meta_number(reply, "status"), 403);
    assert_string_equal(json_string_value(body_of(reply, "errorCode")), "SUB-505");
    json_decref(reply);
    subscribe(conns[0], "/presence", NULL); /* in place of its own */
}

static void a_subscription_needs_a_websocket(void **state)
{
    char text[256];
    (void)state;
    snprintf(text, sizeof text, "Bearer %s", access);
    assert_int_equal(http("POST", "/restapi/v1.0/subscription", text,
                          "{\"eventFilters\":[\"" A "/presence\"],\"deliveryMode\":"
                          "{\"transportType\":\"WebSocket\"}}",
                          NULL),
                     400);
}

static void whom_the_sign_in_of_ends_hears_nothing(void **state)
{
    char text[256];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    subscribe(conn, "/presence", NULL);
    snprintf(text, sizeof text, "client_id=%s&token=%s", keys.client_id, access);
    assert_int_equal(http("POST", "/restapi/oauth/revoke", "", text, NULL), 200);
    ring(1);
    expect_nothing(conn);
    json_t *reply = ask(conn, "GET", "/restapi/v1.0/x", NULL);
    assert_int_equal(meta_number(reply, "status"), 401);
    json_decref(reply);
    gateway_closed(front.gateway, conn);
}

/* ---- recovery -------------------------------------------------------------------------------- */

static void what_was_missed_comes_after_recovery(void **state)
{
    char wsc[64];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    subscribe(conn, LINES, NULL);
    ring(1);
    json_t *frame = expect(conn, "ServerNotification");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    ring(2); /* sent, but it never arrived */
    take_one(conn, "ServerNotification");
    gateway_closed(front.gateway, conn);
    ring(3);
    renew(); /* a renewed token is the same session */
    conn = connect_with(wsc);
    frame = expect(conn, "ConnectionDetails");
    assert_string_equal(json_string_value(body_of(frame, "recoveryState")), "Successful");
    assert_null(body_of(frame, "recoveryErrorCode"));
    assert_string_equal(wsc_of(frame), wsc);
    json_decref(frame);
    ring(4); /* behind what is told again */
    expect_nothing(conn);
    assert_true(gateway_next_real_ms(front.gateway) == real_ms + 20);
    real_ms += 20;
    expect_ring(conn, 2);
    expect_ring(conn, 3);
    expect_ring(conn, 4);
    expect_nothing(conn);
    gateway_closed(front.gateway, conn);
}

static void it_can_come_at_once(void **state)
{
    char wsc[64];
    (void)state;
    x->switches[EX_REPLAY_AT_ONCE] = true;
    struct gw_conn *conn = connect_with(NULL);
    json_t *frame = expect(conn, "ConnectionDetails");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    subscribe(conn, LINES, NULL);
    gateway_closed(front.gateway, conn);
    ring(1);
    conn = connect_with(wsc);
    take_one(conn, "ConnectionDetails");
    expect_ring(conn, 1);
    gateway_closed(front.gateway, conn);
}

static void the_newest_hundred_are_kept(void **state)
{
    char wsc[64];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    json_t *frame = expect(conn, "ConnectionDetails");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    subscribe(conn, LINES, NULL);
    gateway_closed(front.gateway, conn);
    for (unsigned i = 1; i <= 130; i++)
        ring(i);
    conn = connect_with(wsc);
    take_one(conn, "ConnectionDetails");
    real_ms += 20;
    for (unsigned i = 31; i <= 130; i++)
        expect_ring(conn, i);
    expect_nothing(conn);
    gateway_closed(front.gateway, conn);
}

static void recovery_fails(struct gw_conn *conn, const char *code)
{
    json_t *frame = expect(conn, "ConnectionDetails");
    assert_string_equal(json_string_value(body_of(frame, "recoveryState")), "Failed");
    assert_string_equal(json_string_value(body_of(frame, "recoveryErrorCode")), code);
    json_decref(frame);
    subscribe(conn, "/presence", NULL); /* the connection is good */
    ring(9);
    expect_ring(conn, 9);
}

static void recovery_has_its_conditions(void **state)
{
    char wsc[64];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    json_t *frame = expect(conn, "ConnectionDetails");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    gateway_closed(front.gateway, conn);
    conn = connect_with(wsc); /* had no subscription */
    recovery_fails(conn, "WSG-1005");
    gateway_closed(front.gateway, conn);
    conn = connect_with("AbCdEfGhIjKlMnOpQrStUvWxYz12.1"); /* of an earlier run */
    frame = expect(conn, "ConnectionDetails");
    assert_string_equal(json_string_value(body_of(frame, "recoveryErrorCode")), "WSG-1005");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    subscribe(conn, "/presence", NULL);
    gateway_closed(front.gateway, conn);
    sign_in("900"); /* another sign-in */
    conn = connect_with(wsc);
    recovery_fails(conn, "WSG-1003");
    gateway_closed(front.gateway, conn);
    conn = connect_with("nonsense!");
    expect_end(conn, "WSG-400", "Malformed WebSocket session context token");
}

static void a_lost_session_is_forgotten_after_three_minutes(void **state)
{
    char wsc[64];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    json_t *frame = expect(conn, "ConnectionDetails");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    subscribe(conn, "/presence", NULL);
    gateway_closed(front.gateway, conn);
    assert_true(gateway_next_ms(front.gateway) == x->now_ms + 180 * 1000);
    x->now_ms += 180 * 1000 - 1;
    conn = connect_with(wsc);
    frame = expect(conn, "ConnectionDetails");
    assert_string_equal(json_string_value(body_of(frame, "recoveryState")), "Successful");
    json_decref(frame);
    gateway_closed(front.gateway, conn);
    x->now_ms += 180 * 1000;
    conn = connect_with(wsc);
    recovery_fails(conn, "WSG-1005");
    assert_true(gateway_next_ms(front.gateway) > x->now_ms); /* the old session is gone */
    gateway_closed(front.gateway, conn);
}

static void a_half_open_connection_is_taken_over(void **state)
{
    char wsc[64], *text;
    size_t len;
    (void)state;
    struct gw_conn *old = connect_with(NULL);
    json_t *frame = expect(old, "ConnectionDetails");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    subscribe(old, LINES, NULL);
    ring(1); /* into the void */
    struct gw_conn *conn = connect_with(wsc);
    frame = expect(conn, "ConnectionDetails");
    assert_string_equal(json_string_value(body_of(frame, "recoveryState")), "Successful");
    json_decref(frame);
    real_ms += 20;
    expect_ring(conn, 1);
    assert_int_equal(gateway_take(front.gateway, old, &text, &len), GATEWAY_DROP);
    gateway_closed(front.gateway, old);
    ring(2);
    expect_ring(conn, 2);
    gateway_closed(front.gateway, conn);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void events_are_skipped_doubled_and_turned_round(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    subscribe(conn, LINES, NULL);
    control("{\"kind\":\"skip-events\",\"count\":2}");
    fake_event(x, EX_EVENT_LINES, AGENT, json_object()); /* nobody would be told: not counted */
    for (unsigned i = 1; i <= 3; i++)
        ring(i);
    expect_ring(conn, 3);
    control("{\"kind\":\"duplicate-events\"}");
    ring(4);
    json_t *one = expect(conn, "ServerNotification"), *two = expect(conn, "ServerNotification");
    assert_string_equal(json_string_value(body_of(one, "uuid")),
                        json_string_value(body_of(two, "uuid")));
    json_decref(one);
    json_decref(two);
    control("{\"kind\":\"reorder-events\",\"count\":3}");
    for (unsigned i = 5; i <= 8; i++)
        ring(i);
    expect_ring(conn, 7);
    expect_ring(conn, 6);
    expect_ring(conn, 5);
    expect_ring(conn, 8);
    control("{\"kind\":\"reorder-events\",\"count\":3,\"ms\":100}");
    ring(9);
    ring(10);
    expect_nothing(conn);
    assert_true(gateway_next_real_ms(front.gateway) == real_ms + 100);
    real_ms += 100; /* the third does not come */
    gateway_advance(front.gateway);
    expect_ring(conn, 10);
    expect_ring(conn, 9);
    ring(11);
    expect_ring(conn, 11);
    gateway_closed(front.gateway, conn);
}

static void a_frame_is_malformed_and_recovered_whole(void **state)
{
    char wsc[64];
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    json_t *frame = expect(conn, "ConnectionDetails");
    str_copy(wsc, sizeof wsc, wsc_of(frame));
    json_decref(frame);
    subscribe(conn, LINES, NULL);
    control("{\"kind\":\"malformed-frame\"}");
    ring(1);
    frame = next(conn);
    assert_string_equal(meta_text(frame, "type"), "Malformed");
    json_decref(frame);
    ring(2);
    expect_ring(conn, 2);
    gateway_closed(front.gateway, conn);
    conn = connect_with(wsc);
    take_one(conn, "ConnectionDetails");
    real_ms += 20;
    expect_ring(conn, 1);
    expect_ring(conn, 2);
    gateway_closed(front.gateway, conn);
}

static void subscriptions_lapse_silently(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    subscribe(conn, LINES, NULL);
    control("{\"kind\":\"lapse-subscription\"}");
    ring(1);
    expect_nothing(conn);
    gateway_closed(front.gateway, conn);
}

static void connections_are_dropped_oldest_first(void **state)
{
    char *text;
    size_t len;
    (void)state;
    struct gw_conn *a = connect_with(NULL), *b = connect_with(NULL);
    woken = 0;
    control("{\"kind\":\"drop-socket\",\"count\":1}");
    assert_int_equal(woken, 1);
    assert_int_equal(gateway_take(front.gateway, a, &text, &len), GATEWAY_DROP);
    take_one(b, "ConnectionDetails");
    gateway_closed(front.gateway, a);
    control("{\"kind\":\"drop-socket\"}");
    assert_int_equal(gateway_take(front.gateway, b, &text, &len), GATEWAY_DROP);
    gateway_closed(front.gateway, b);
    assert_int_equal(gateway_conns_len(front.gateway), 0);
}

static void replies_can_be_slow(void **state)
{
    static const char request[] = "[{\"type\":\"ClientRequest\",\"messageId\":\"m\",\"method\":"
                                  "\"GET\",\"path\":\"/restapi/v1.0/free\"}]";
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    control("{\"kind\":\"slow\",\"ms\":300}");
    gateway_receive(front.gateway, conn, request, strlen(request));
    gateway_receive(front.gateway, conn, request, strlen(request));
    real_ms += 299;
    expect_nothing(conn);
    assert_true(gateway_next_real_ms(front.gateway) == real_ms + 1);
    real_ms += 50; /* the loop was busy for longer: it is due at once, and woken once */
    woken = 0;
    assert_true(gateway_next_real_ms(front.gateway) < real_ms);
    gateway_advance(front.gateway);
    assert_int_equal(woken, 1);
    assert_true(gateway_next_real_ms(front.gateway) == INT64_MAX);
    take_one(conn, "ClientRequest");
    take_one(conn, "ClientRequest");
    gateway_closed(front.gateway, conn);
}

static void requests_fail_as_ordered(void **state)
{
    (void)state;
    struct gw_conn *conn = connect_with(NULL);
    take_one(conn, "ConnectionDetails");
    control("{\"kind\":\"http-500\",\"count\":2}");
    json_t *reply = ask(conn, "GET", "/restapi/v1.0/x", NULL);
    assert_int_equal(meta_number(reply, "status"), 500);
    json_decref(reply);
    control("{\"kind\":\"http-500\",\"count\":0}");
    control("{\"kind\":\"http-429\"}");
    reply = ask(conn, "GET", "/restapi/v1.0/x", NULL);
    assert_int_equal(meta_number(reply, "status"), 429);
    json_decref(reply);
    x->now_ms += 59999;
    reply = ask(conn, "GET", "/restapi/v1.0/x", NULL);
    assert_int_equal(meta_number(reply, "status"), 429); /* a penalty like any other */
    json_decref(reply);
    assert_int_equal(limits_in_penalty(front.limits), 1);
    gateway_closed(front.gateway, conn);
}

static void orders_are_checked(void **state)
{
    (void)state;
    assert_int_equal(control("{\"kind\":\"earthquake\"}"), 400);
    assert_int_equal(control("{}"), 400);
    assert_int_equal(control("nonsense"), 400);
    assert_int_equal(control("{\"kind\":\"slow\",\"count\":-1}"), 400);
    assert_int_equal(control("{\"kind\":\"slow\",\"ms\":\"1\"}"), 400);
    assert_int_equal(control("{\"kind\":\"slow\",\"ms\":1}"), 200);
    assert_int_equal(http("POST", "/exchange/faults", "Bearer else", "{\"kind\":\"slow\"}", NULL),
                     401);
    assert_int_equal(http("GET", "/exchange/state", "", NULL, NULL), 401);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_frame_has_the_details),
        T(a_bad_token_is_refused_either_way),
        T(connections_of_a_session_are_limited),
        T(requests_are_proxied),
        T(replies_may_have_no_body_or_text),
        T(what_is_no_message_is_told),
        T(active_requests_are_limited),
        T(limits_hold_over_the_gateway_too),
        T(heartbeats_are_echoed),
        T(an_idle_connection_ends),
        T(every_connection_ends_after_a_day),
        T(an_event_is_told_in_its_envelope),
        T(a_subscription_is_read_changed_and_ended),
        T(subscriptions_of_a_user_are_limited),
        T(a_subscription_needs_a_websocket),
        T(whom_the_sign_in_of_ends_hears_nothing),
        T(what_was_missed_comes_after_recovery),
        T(it_can_come_at_once),
        T(the_newest_hundred_are_kept),
        T(recovery_has_its_conditions),
        T(a_lost_session_is_forgotten_after_three_minutes),
        T(a_half_open_connection_is_taken_over),
        T(events_are_skipped_doubled_and_turned_round),
        T(a_frame_is_malformed_and_recovered_whole),
        T(subscriptions_lapse_silently),
        T(connections_are_dropped_oldest_first),
        T(replies_can_be_slow),
        T(requests_fail_as_ordered),
        T(orders_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
