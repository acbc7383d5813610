/* Frames of the gateway, tokens, error bodies: what the contract shows, and what tries to harm. */
#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rex_frame frame;

static enum rc parse_n(const char *text, size_t len)
{
    struct err err = {0};
    char *bytes = mem_dup_n(text, len); /* found when it is read past its end */
    enum rc rc = rex_wire_frame(&frame, bytes, len, &err);
    mem_free(bytes);
    return rc;
}

static enum rc parse(const char *text)
{
    return parse_n(text, strlen(text));
}

static void connection_details(void **state)
{
    (void)state;
    assert_int_equal(
        parse("[ { \"type\": \"ConnectionDetails\", \"messageId\": \"4cc688a8-db2a\", "
              "\"status\": 200, \"wsc\": { \"token\": \"SEhiQTh3fEJx\", \"sequence\": 7 } },"
              "{ \"creationTime\": \"2026-07-02T11:40:28.805+0000\", \"recoveryBufferSize\": 100, "
              "\"recoveryTimeout\": 180, \"idleTimeout\": 1800, \"absoluteTimeout\": 86400, "
              "\"maxActiveRequests\": 10 } ]"),
        RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_DETAILS);
    assert_string_equal(frame.message_id, "4cc688a8-db2a");
    assert_int_equal(frame.status, 200);
    assert_true(frame.wsc.is_there);
    assert_string_equal(frame.wsc.token, "SEhiQTh3fEJx");
    assert_int_equal(frame.wsc.sequence, 7);
    assert_int_equal(frame.details.recovery_timeout_ms, 180000);
    assert_int_equal(frame.details.idle_timeout_ms, 1800000);
    assert_int_equal(frame.details.absolute_timeout_ms, 86400000);
    assert_int_equal(frame.details.recovery_buffer, 100);
    assert_false(frame.details.has_recovery);
    rex_frame_fini(&frame);

    assert_int_equal(parse("[{\"type\":\"ConnectionDetails\"},{\"recoveryState\":\"Failed\","
                           "\"recoveryErrorCode\":\"WSG-1005\",\"idleTimeout\":-5}]"),
                     RC_OK);
    assert_true(frame.details.has_recovery);
    assert_false(frame.details.is_recovered);
    assert_string_equal(frame.details.recovery_code, "WSG-1005");
    assert_int_equal(frame.details.idle_timeout_ms, 1800000); /* no time: the usual one */
    assert_false(frame.wsc.is_there);
    rex_frame_fini(&frame);

    assert_int_equal(parse("[{\"type\":\"ConnectionDetails\"},{\"recoveryState\":\"Successful\"}]"),
                     RC_OK);
    assert_true(frame.details.is_recovered);
    rex_frame_fini(&frame);
}

static void a_reply_to_a_subscription(void **state)
{
    (void)state;
    assert_int_equal(
        parse("[{\"type\":\"ClientRequest\",\"messageId\":\"m1\",\"status\":200},"
              "{\"id\":\"9c5bf39a-2c66\",\"disabledFilters\":[{\"filter\":\"/a/b\","
              "\"reason\":\"R\",\"message\":\"In order to\\nsubscribe\"},{\"filter\":\"/c\","
              "\"reason\":\"Why\"},{\"reason\":\"no filter\"},7]}]"),
        RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_REPLY);
    assert_string_equal(frame.reply.subscription_id, "9c5bf39a-2c66");
    assert_int_equal(frame.reply.disabled.len, 2);
    assert_string_equal(frame.reply.disabled.items[0].filter, "/a/b");
    assert_string_equal(frame.reply.disabled.items[0].reason, "In order to subscribe");
    assert_string_equal(frame.reply.disabled.items[1].reason, "Why");
    rex_frame_fini(&frame);

    /* 204: the body is absent. */
    assert_int_equal(parse("[{\"type\":\"ClientRequest\",\"messageId\":\"m2\",\"status\":204}]"),
                     RC_OK);
    assert_int_equal(frame.status, 204);
    rex_frame_fini(&frame);

    assert_int_equal(parse("[{\"type\":\"ClientRequest\",\"messageId\":\"m3\",\"status\":403},"
                           "{\"errorCode\":\"InsufficientPermissions\",\"message\":\"top\","
                           "\"errors\":[{\"errorCode\":\"SUB-505\",\"message\":\"limit\"}]}]"),
                     RC_OK);
    assert_string_equal(frame.code, "SUB-505");
    assert_string_equal(frame.text, "limit");
    rex_frame_fini(&frame);

    assert_int_equal(
        parse("[{\"type\":\"ClientRequest\",\"messageId\":\"m4\",\"status\":429,"
              "\"headers\":{\"x-rate-limit-group\":\"Medium\",\"Retry-After\":\"60\"}},"
              "{\"errorCode\":\"CMN-301\"}]"),
        RC_OK);
    assert_string_equal(frame.limit.group, "Medium");
    assert_int_equal(frame.limit.retry_after_ms, 60000);
    rex_frame_fini(&frame);
}

static void how_long_a_refusal_lasts(void **state)
{
    (void)state;
    static const struct {
        const char *told;
        int64_t ms;
    } all[] = {
        {"60", 60000},
        {"\"60\"", 60000},
        {"0.5", 0},
        {"3600", 3600000},
        {"7200", 3600000},
        {"99999999999", 3600000},
        {"-5", 0},
        {"\"soon\"", 0},
        {"null", 0},
        {"1e300", 0},
        {"9223372036854775807", 3600000},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "[{\"type\":\"ClientRequest\",\"messageId\":\"m4\",\"status\":429,"
                 "\"headers\":{\"Retry-After\":%s}},{\"errorCode\":\"CMN-301\"}]",
                 all[i].told);
        assert_int_equal(parse(text), RC_OK);
        assert_int_equal(frame.limit.retry_after_ms, all[i].ms);
        rex_frame_fini(&frame);
    }
}

static void a_body_that_is_no_json_still_has_its_meta(void **state)
{
    (void)state;
    assert_int_equal(
        parse("[{\"type\":\"ClientRequest\",\"messageId\":\"a}\\\"b\",\"status\":207,"
              "\"headers\":{\"X\":\"}\"}},--Boundary_1\nContent-Type: application/json\n\n{}]"),
        RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_REPLY);
    assert_int_equal(frame.status, 207);
    rex_frame_fini(&frame);
    /* An event that cannot be read is a gap, and so is half a frame. */
    assert_int_equal(parse("[{\"type\":\"ServerNotification\"},--no json]"), RC_PROTO);
    rex_frame_fini(&frame);
    assert_int_equal(parse("[{\"type\":\"ClientRequest\""), RC_PROTO);
    rex_frame_fini(&frame);
    static const char *const bad[] = {"",
                                      "[",
                                      "[]",
                                      "[[]]",
                                      "{}",
                                      "null",
                                      "7",
                                      "[7,8]",
                                      "hello",
                                      "[{]",
                                      "[\"\\ud800\"]",
                                      "[{\"type\":\"Error\"},x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i]), RC_PROTO);
        rex_frame_fini(&frame);
    }
}

static void heartbeats_errors_and_others(void **state)
{
    (void)state;
    assert_int_equal(parse("[{\"type\":\"Heartbeat\",\"messageId\":\"c0ffee00-0001\"}]"), RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_HEARTBEAT);
    assert_string_equal(frame.message_id, "c0ffee00-0001");
    rex_frame_fini(&frame);
    assert_int_equal(parse("[{\"type\":\"Error\",\"messageId\":\"e\",\"status\":400},"
                           "{\"errorCode\":\"WSG-902\",\"message\":\"Idle timeout expired\"}]"),
                     RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_ERROR);
    assert_string_equal(frame.code, "WSG-902");
    assert_string_equal(frame.text, "Idle timeout expired");
    rex_frame_fini(&frame);
    assert_int_equal(parse("[{\"type\":\"Novelty\"},{\"wsc\":1}]"), RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_OTHER);
    rex_frame_fini(&frame);
    /* A session's token that does not fit, or is none. */
    char *text = mem_zero(1, 4000);
    strncat(text, "[{\"type\":\"X\",\"wsc\":{\"token\":\"", 100);
    memset(text + strlen(text), 'a', 2100);
    strncat(text, "\",\"sequence\":1}}]", 100);
    assert_int_equal(parse(text), RC_OK);
    assert_false(frame.wsc.is_there);
    rex_frame_fini(&frame);
    mem_free(text);
    assert_int_equal(parse("[{\"type\":\"X\",\"wsc\":{\"token\":\"a b\"}}]"), RC_OK);
    assert_false(frame.wsc.is_there);
    rex_frame_fini(&frame);
}

static void an_event_comes_whole(void **state)
{
    (void)state;
    assert_int_equal(
        parse("[{\"type\":\"ServerNotification\",\"messageId\":\"57\",\"status\":200},"
              "{\"uuid\":\"57\",\"event\":\"/restapi/v1.0/account/4/extension/8/presence\","
              "\"timestamp\":\"2026-02-10T08:43:42.805Z\",\"body\":{\"extensionId\":\"8\","
              "\"telephonyStatus\":\"Ringing\",\"sequence\":12}}]"),
        RC_OK);
    assert_int_equal(frame.kind, REX_FRAME_NOTICE);
    assert_string_equal(frame.notice.uuid, "57");
    assert_int_equal(frame.notice.kind, REX_NOTICE_PRESENCE);
    assert_string_equal(frame.notice.presence.extension_id, "8");
    assert_int_equal(frame.notice.presence.telephony, REX_RINGING);
    rex_frame_fini(&frame);
}

static void tokens(void **state)
{
    (void)state;
    struct rex_token token;
    struct rex_wstoken ws;
    struct err err = {0};
    static const char whole[] =
        "{\"access_token\":\"U0pD\",\"token_type\":\"bearer\",\"expires_in\":3600,"
        "\"refresh_token\":\"U0pR\",\"refresh_token_expires_in\":604800,"
        "\"scope\":\"ReadPresence CallControl\",\"owner_id\":\"400144455008\"}";
    assert_int_equal(rex_wire_token(&token, whole, strlen(whole), &err), RC_OK);
    assert_string_equal(token.access, "U0pD");
    assert_string_equal(token.refresh, "U0pR");
    assert_int_equal(token.expires_in_ms, 3600000);
    assert_int_equal(token.refresh_expires_in_ms, 604800000);
    assert_string_equal(token.scope, "ReadPresence CallControl");
    assert_string_equal(token.owner_id, "400144455008");
    static const char plain[] = "{\"access_token\":\"x\",\"owner_id\":55,\"expires_in\":\"60\"}";
    assert_int_equal(rex_wire_token(&token, plain, strlen(plain), &err), RC_OK);
    assert_string_equal(token.refresh, "");
    assert_string_equal(token.owner_id, "55");
    assert_int_equal(token.expires_in_ms, 60000);
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"access_token\":\"\"}",
                                      "<html>",
                                      "{\"access_token\":\"a\\nb\"}",
                                      "{\"access_token\":7}",
                                      "{\"access_token\":\"a\",\"refresh_token\":\"b c\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rex_wire_token(&token, bad[i], strlen(bad[i]), &err), RC_PROTO);

    static const char wst[] = "{\"uri\":\"wss://wcm.example.com/ws\",\"ws_access_token\":\"T\","
                              "\"expires_in\":30}";
    assert_int_equal(rex_wire_wstoken(&ws, wst, strlen(wst), &err), RC_OK);
    assert_string_equal(ws.uri, "wss://wcm.example.com/ws");
    assert_string_equal(ws.token, "T");
    assert_int_equal(rex_wire_wstoken(&ws, "{\"uri\":\"x\"}", 11, &err), RC_PROTO);
}

static void error_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *text;
    } all[] = {
        {"{\"errorCode\":\"InvalidParameter\",\"message\":\"top\",\"errors\":[{\"errorCode\":"
         "\"CMN-101\",\"message\":\"Parameter [] value is invalid\"}]}",
         "CMN-101", "Parameter [] value is invalid"},
        {"{\"errorCode\":\"TokenInvalid\",\"message\":\"corrupted\"}", "TokenInvalid", "corrupted"},
        {"{\"error\":\"invalid_grant\",\"error_description\":\"Token not found\"}", "invalid_grant",
         "Token not found"},
        {"{\"error\":\"invalid_client\",\"error_description\":\"d\",\"errors\":[{\"errorCode\":"
         "\"OAU-153\",\"message\":\"Invalid client\"}]}",
         "OAU-153", "Invalid client"},
        {"{\"errors\":[{\"errorCode\":\"A\"}]}", "A", ""},
        {"<html>Bad gateway</html>", "", ""},
        {"", "", ""},
        {"[]", "", ""},
        {"{\"errors\":7,\"message\":null}", "", ""},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char code[24], text[64];
        rex_wire_error(code, sizeof code, text, sizeof text, all[i].body, strlen(all[i].body));
        assert_string_equal(code, all[i].code);
        assert_string_equal(text, all[i].text);
    }
    char code[24], text[16];
    static const char nasty[] = "{\"message\":\"\\u001b[31mred \\u202e and far too long\"}";
    rex_wire_error(code, sizeof code, text, sizeof text, nasty, strlen(nasty));
    assert_null(strchr(text, 0x1b));
    assert_true(strlen(text) < sizeof text);
}

/* The service may quote what it was sent. */
static void an_error_quotes_no_secret(void **state)
{
    (void)state;
    char code[24], text[64], body[4096], secret[1500];
    memset(secret, 'J', sizeof secret);
    secret[sizeof secret - 1] = '\0'; /* longer than what is shown of a text */
    log_secret(secret);
    log_secret("r-opaque.1234");
    static const char *const members[] = {"message", "error_description", "errorCode", "error"};
    for (size_t i = 0; i < 2 * sizeof members / sizeof members[0]; i++) {
        const char *quoted = i & 1 ? secret : "r-opaque.1234";
        snprintf(body, sizeof body, "{\"%s\":\"Bad: %s!\"}", members[i / 2], quoted);
        rex_wire_error(code, sizeof code, text, sizeof text, body, strlen(body));
        assert_null(strstr(text, "JJJ"));
        assert_null(strstr(code, "JJJ"));
        assert_null(strstr(text, "opaque"));
        assert_null(strstr(code, "opaque"));
        assert_string_equal(code[0] != '\0' ? code : text, "Bad: ***!");
    }
    snprintf(
        body, sizeof body,
        "[{\"type\":\"Error\",\"status\":400},{\"errorCode\":\"WSG-400\",\"message\":\"no %s\"}]",
        secret);
    assert_int_equal(parse(body), RC_OK);
    assert_string_equal(frame.text, "no ***");
    rex_frame_fini(&frame);
    log_close();
}

static void what_is_sent(void **state)
{
    (void)state;
    static const char *const filters[] = {"/restapi/a?x=true&y=\"", "/b"};
    struct buf body, request;
    buf_init(&body, 4096);
    buf_init(&request, 4096);
    rex_wire_subscription(&body, filters, 2);
    assert_string_equal(buf_text(&body), "{\"eventFilters\":[\"/restapi/a?x=true&y=\\\"\",\"/b\"],"
                                         "\"deliveryMode\":{\"transportType\":\"WebSocket\"}}");
    rex_wire_request(&request, "m-1", "POST", "/restapi/v1.0/subscription", buf_text(&body));
    assert_true(str_starts(buf_text(&request),
                           "[{\"type\":\"ClientRequest\",\"messageId\":\"m-1\",\"method\":\"POST\","
                           "\"path\":\"/restapi/v1.0/subscription\"},{\"eventFilters\""));
    assert_true(str_ends(buf_text(&request), "}}]"));
    assert_int_equal(parse(buf_text(&request)), RC_OK);
    rex_frame_fini(&frame);
    buf_reset(&request);
    rex_wire_request(&request, "m", "DELETE", "/x", NULL);
    assert_string_equal(buf_text(&request), "[{\"type\":\"ClientRequest\",\"messageId\":\"m\","
                                            "\"method\":\"DELETE\",\"path\":\"/x\"}]");
    buf_reset(&request);
    rex_wire_heartbeat(&request, "h-1");
    assert_string_equal(buf_text(&request), "[{\"type\":\"Heartbeat\",\"messageId\":\"h-1\"}]");
    buf_fini(&body);
    buf_fini(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_details),
        cmocka_unit_test(a_reply_to_a_subscription),
        cmocka_unit_test(how_long_a_refusal_lasts),
        cmocka_unit_test(a_body_that_is_no_json_still_has_its_meta),
        cmocka_unit_test(heartbeats_errors_and_others),
        cmocka_unit_test(an_event_comes_whole),
        cmocka_unit_test(tokens),
        cmocka_unit_test(error_bodies),
        cmocka_unit_test(an_error_quotes_no_secret),
        cmocka_unit_test(what_is_sent),
    };
    return cmocka_run_group_tests_name("rex_wire_gateway", tests, NULL, NULL);
}
