#include "callhud/backend/asterisk/ari_wire.h"

#include "ari_server.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Every line of every capture is decoded, and says what its text says. */
static void test_captures_are_decoded(void **state)
{
    (void)state;
    static const char *const files[] = {"call-hold-hangup.jsonl",
                                        "second-call-dnd-offline.jsonl",
                                        "pickup-ringing.jsonl",
                                        "retrieve-held.jsonl",
                                        "park-unpark.jsonl",
                                        "supervise-chanspy.jsonl",
                                        "supervise-snoop.jsonl",
                                        "queue.jsonl",
                                        "queuelocal.jsonl",
                                        "inner.jsonl",
                                        "dialout.jsonl",
                                        "conf.jsonl",
                                        "local.jsonl",
                                        "xfer.jsonl",
                                        "blind.jsonl",
                                        "mixmon.jsonl"};
    size_t kinds[ARI_REST_RESPONSE + 1] = {0};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = ari_test_file(files[i]);
        char *rest = text;
        for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
            struct ari_event event;
            struct err err = {0};
            if (line[0] == '\0')
                continue;
            if (ari_event_decode(&event, line, strlen(line), &err) != RC_OK)
                fail_msg("%s: %s: %s", files[i], err.text, line);
            kinds[event.kind]++;
            assert_true(event.at_ms > 1790000000000);
            json_t *root = json_loads(line, 0, NULL);
            json_t *channel = json_object_get(root, "channel");
            if (channel != NULL && event.kind != ARI_OTHER) {
                assert_string_equal(event.channel.id,
                                    json_string_value(json_object_get(channel, "id")));
                assert_string_equal(event.channel.name,
                                    json_string_value(json_object_get(channel, "name")));
                assert_int_not_equal(event.channel.state, ARI_STATE_OTHER);
                assert_string_equal(event.channel.connected_number,
                                    json_string_value(json_object_get(
                                        json_object_get(channel, "connected"), "number")));
                assert_true(event.channel.created_ms > 1790000000000);
            }
            json_t *members = json_object_get(json_object_get(root, "bridge"), "channels");
            if (members != NULL && event.kind != ARI_OTHER)
                assert_int_equal(event.bridge.members.len, json_array_size(members));
            json_decref(root);
            ari_event_fini(&event);
        }
        mem_free(text);
    }
    static const enum ari_kind expected[] = {ARI_CHANNEL,        ARI_CHANNEL_DESTROYED,
                                             ARI_HANGUP_ASKED,   ARI_STATE_CHANGED,
                                             ARI_DIALPLAN,       ARI_HOLD,
                                             ARI_UNHOLD,         ARI_DTMF,
                                             ARI_RECORD_FILE,    ARI_DIAL,
                                             ARI_BRIDGE_CREATED, ARI_BRIDGE_DESTROYED,
                                             ARI_ENTERED_BRIDGE, ARI_LEFT_BRIDGE,
                                             ARI_DEVICE_STATE,   ARI_ENDPOINT};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(kinds[expected[i]] > 0);
}

static void test_hostile_text_in_a_name(void **state)
{
    (void)state;
    struct ari_event event;
    struct buf frame;
    buf_init(&frame, 1 << 20);
    buf_puts(&frame, "{\"type\":\"ChannelHold\",\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/1-1\","
                     "\"connected\":{\"name\":\"\\u001b]0;x\\u0007\\u202e");
    for (int i = 0; i < 100000; i++)
        buf_puts(&frame, "\xC3\xA9");
    buf_puts(&frame, "\",\"number\":123}}}");
    assert_int_equal(ari_event_decode(&event, frame.data, frame.len, NULL), RC_OK);
    assert_true(strlen(event.channel.connected_name) < ARI_TEXT_BYTES);
    assert_null(strpbrk(event.channel.connected_name, "\x1b\x07"));
    assert_null(strstr(event.channel.connected_name, "\xE2\x80\xAE"));
    assert_string_equal(event.channel.connected_number, ""); /* not text: as if absent */
    size_t len = strlen(event.channel.connected_name);
    assert_memory_equal(event.channel.connected_name + len - 2, "\xC3\xA9",
                        2); /* whole characters */
    ari_event_fini(&event);
    buf_fini(&frame);
}

static void test_what_a_kind_must_have(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"type\":\"ChannelHold\",\"channel\":{}}",
        "{\"type\":\"ChannelHold\",\"channel\":[]}",
        "{\"type\":\"ChannelHold\",\"channel\":{\"id\":\"1\"}}",
        "{\"type\":\"Dial\",\"dialstatus\":\"\"}",
        "{\"type\":\"ChannelEnteredBridge\",\"channel\":{\"id\":\"1\",\"name\":\"x\"}}",
        "{\"type\":\"DeviceStateChanged\",\"device_state\":{\"name\":\"x\"}}",
        "{\"type\":\"PeerStatusChange\",\"endpoint\":{\"resource\":\"101\"}}",
        "{\"type\":\"RESTResponse\",\"request_id\":\"c1\"}",
        "{\"timestamp\":\"x\"}",
        "\"type\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ari_event event;
        struct err err = {0};
        assert_int_equal(ari_event_decode(&event, bad[i], strlen(bad[i]), &err), RC_PROTO);
        assert_true(err.text[0] != '\0');
    }
    static const char *const fine[] = {
        "{\"type\":\"ChannelVarset\",\"variable\":\"X\",\"value\":\"1\"}", /* a global one */
        "{\"type\":\"ChannelEnteredBridge\",\"bridge\":{\"id\":\"b\",\"channels\":[1,null,\"c\"]}}",
        "{\"type\":\"WhateverComesNext\"}",
        /* a state that is no text */
        ("{\"type\":\"Dial\",\"dialstatus\":\"\",\"peer\":{\"id\":\"1\",\"name\":\"x\","
         "\"state\":9}}"),
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        struct ari_event event;
        assert_int_equal(ari_event_decode(&event, fine[i], strlen(fine[i]), NULL), RC_OK);
        assert_true(event.bridge.members.len <= 1);
        ari_event_fini(&event);
    }
}

static void test_into_and_out_of_an_application(void **state)
{
    (void)state;
    struct ari_event event;
    static const char start[] =
        "{\"type\":\"StasisStart\",\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/1-1\"}}";
    static const char end[] =
        "{\"type\":\"StasisEnd\",\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/1-1\"}}";
    static const char gone[] = "{\"type\":\"ChannelDestroyed\",\"cause\":17,"
                               "\"channel\":{\"id\":\"1\",\"name\":\"PJSIP/1-1\"}}";
    assert_int_equal(ari_event_decode(&event, start, strlen(start), NULL), RC_OK);
    assert_int_equal(event.stasis, ARI_STASIS_START);
    assert_int_equal(event.kind, ARI_DIALPLAN);
    ari_event_fini(&event);
    assert_int_equal(ari_event_decode(&event, end, strlen(end), NULL), RC_OK);
    assert_int_equal(event.stasis, ARI_STASIS_END);
    ari_event_fini(&event);
    assert_int_equal(ari_event_decode(&event, gone, strlen(gone), NULL), RC_OK);
    assert_int_equal(event.stasis, ARI_STASIS_NONE);
    assert_int_equal(event.cause, 17);
    ari_event_fini(&event);
}

static void test_variables(void **state)
{
    (void)state;
    static const struct ari_variable list[] = {{"A", "x\"y"}, {"PJSIP_HEADER(add,B)", "<z>"}};
    struct buf body;
    char name[40];
    buf_init(&body, 4096);
    assert_true(ari_variables_encode(&body, list, 2));
    assert_string_equal(buf_text(&body),
                        "{\"variables\":{\"A\":\"x\\\"y\",\"PJSIP_HEADER(add,B)\":\"<z>\"}}");
    buf_fini(&body);
    static const char bridge[] = "{\"id\":\"b\",\"name\":\"108 0badcafe\",\"channels\":[]}";
    assert_int_equal(ari_bridge_name_decode(bridge, strlen(bridge), name, sizeof name), RC_OK);
    assert_string_equal(name, "108 0badcafe");
    assert_int_equal(ari_bridge_name_decode("[]", 2, name, sizeof name), RC_PROTO);
}

/* A clock before 1970 is no clock: the time was not told. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"2026-11-21T23:36:44.772+0000", 1795304204772},
                 {"1969-12-31T23:59:59.999+0000", 0},
                 {"yesterday", 0},
                 {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ari_event event;
        struct buf frame;
        buf_init(&frame, 1000);
        buf_printf(&frame, "{\"type\":\"x\",\"timestamp\":\"%s\"}", cases[i].text);
        assert_int_equal(ari_event_decode(&event, frame.data, frame.len, NULL), RC_OK);
        assert_int_equal(event.at_ms, cases[i].ms);
        ari_event_fini(&event);
        buf_fini(&frame);
    }
}

static void test_endpoint_of_a_channel(void **state)
{
    (void)state;
    char to[ARI_NAME_BYTES];
    assert_true(ari_channel_endpoint("PJSIP/101-0000000a", to, sizeof to));
    assert_string_equal(to, "PJSIP/101");
    assert_true(ari_channel_endpoint("PJSIP/noor-desk-0000000a", to, sizeof to));
    assert_string_equal(to, "PJSIP/noor-desk");
    assert_false(ari_channel_endpoint("Local/103@internal-00000001;1", to, sizeof to));
    assert_false(ari_channel_endpoint("Snoop/1.2-00000000", to, sizeof to));
    assert_false(ari_channel_endpoint("nothing", to, sizeof to));
    assert_false(ari_channel_endpoint("a-b/c", to, sizeof to));
}

static void test_lists(void **state)
{
    (void)state;
    struct ari_channels channels;
    struct ari_bridges bridges;
    struct ari_endpoints endpoints;
    struct err err = {0};
    const char *mixed = "[{\"id\":\"1\",\"name\":\"n\"},7,{},{\"id\":\"2\"}]";
    assert_int_equal(ari_channels_decode(&channels, mixed, strlen(mixed), &err), RC_OK);
    assert_int_equal(channels.list.len, 1);
    assert_int_equal(channels.bad, 3);
    ari_channels_fini(&channels);
    char *body = ari_test_file("bridges-held.json");
    assert_int_equal(ari_bridges_decode(&bridges, body, strlen(body), &err), RC_OK);
    assert_int_equal(bridges.list.len, 1);
    assert_int_equal(bridges.list.items[0].members.len, 2);
    assert_string_equal(bridges.list.items[0].klass, "basic");
    ari_bridges_fini(&bridges);
    mem_free(body);
    body = ari_test_file("endpoints-held.json");
    assert_int_equal(ari_endpoints_decode(&endpoints, body, strlen(body), &err), RC_OK);
    assert_int_equal(endpoints.list.len, 5);
    assert_string_equal(endpoints.list.items[4].name, "PJSIP/carrier");
    ari_endpoints_fini(&endpoints);
    mem_free(body);
    assert_int_equal(ari_channels_decode(&channels, "{}", 2, &err), RC_PROTO);
    assert_int_equal(ari_channels_decode(&channels, "<html>", 6, &err), RC_PROTO);
    assert_true(str_starts(err.text, "list of channels"));
}

static void test_small_answers(void **state)
{
    (void)state;
    char to[200];
    assert_int_equal(ari_variable_decode("{\"value\":\"1\"}", 13, to, sizeof to), RC_OK);
    assert_string_equal(to, "1");
    assert_int_equal(ari_variable_decode("{\"value\":1}", 11, to, sizeof to), RC_PROTO);
    assert_int_equal(ari_variable_decode("", 0, to, sizeof to), RC_PROTO);
    char *info = ari_test_file("info.json");
    assert_int_equal(ari_version_decode(info, strlen(info), to, sizeof to), RC_OK);
    assert_true(str_starts(to, "22.10.1"));
    mem_free(info);
    char *endpoint = ari_test_file("endpoint-101.json");
    assert_int_equal(ari_callerid_decode(endpoint, strlen(endpoint), to, sizeof to), RC_OK);
    assert_string_equal(to, "Ada 101");
    mem_free(endpoint);
    static const struct {
        const char *value, *name;
    } ids[] = {{"Noor <101>", "Noor"},
               {"<101>", ""},
               {"101", ""},
               {"\\\"\\\" <101>", ""},
               {"\\\"O'Neil, \\u0041\\\" <1>", "O'Neil, A"}};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct buf body;
        buf_init(&body, 1000);
        buf_printf(&body, "[{\"attribute\":\"x\"},{\"attribute\":\"callerid\",\"value\":\"%s\"}]",
                   ids[i].value);
        assert_int_equal(ari_callerid_decode(body.data, body.len, to, sizeof to), RC_OK);
        assert_string_equal(to, ids[i].name);
        buf_fini(&body);
    }
}

static void test_error_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"{\"message\":\"Channel not found\"}", "Channel not found"},
        {"{\"error\":\"Allocation failed\"}", "Allocation failed"},
        {"<!DOCTYPE html><html>", "a web page came, not ARI's answer"},
        {"  \n<html>", "a web page came, not ARI's answer"},
        {"", "no reason given"},
        {"[]", "an answer that ARI does not give"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char to[100];
        ari_error_text(cases[i].body, strlen(cases[i].body), to, sizeof to);
        assert_string_equal(to, cases[i].text);
    }
}

static void test_versions_with_rest_over_the_socket(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool has;
    } cases[] = {{"22.10.1+dfsg+~cs6", true},
                 {"22.4.0", true},
                 {"22.3.1", false},
                 {"20.14.0", true},
                 {"20.13.9", false},
                 {"21.9.0", true},
                 {"21.8", false},
                 {"18.26.0", false},
                 {"19.8", false},
                 {"23.0.0", true},
                 {"24", true},
                 {"GIT-master", false},
                 {"", false},
                 {"22", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(ari_version_has_rest_over_ws(cases[i].version), cases[i].has);
}

static void test_requests(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    assert_true(ari_rest_request_encode(&out, "c1", "GET", "deviceStates/PJSIP%2F101", NULL));
    json_t *root = json_loads(out.data, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "type")), "RESTRequest");
    assert_string_equal(json_string_value(json_object_get(root, "uri")),
                        "deviceStates/PJSIP%2F101");
    assert_null(json_object_get(root, "message_body"));
    json_decref(root);
    buf_reset(&out);
    assert_true(ari_filter_encode(&out));
    root = json_loads(out.data, 0, NULL);
    assert_true(json_array_size(json_object_get(root, "disallowed")) > 5);
    json_decref(root);
    static const char *const needed[] = {
        "ChannelVarset", "ChannelDialplan",   "ChannelConnectedLine", "StasisStart",
        "Dial",          "DeviceStateChanged"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        assert_null(strstr(out.data, needed[i]));
    buf_reset(&out);
    ari_escape(&out, "park:701@parkedcalls/\xC3\xA9 a_b-c.~");
    assert_string_equal(out.data, "park%3A701%40parkedcalls%2F%C3%A9%20a_b-c.~");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captures_are_decoded),
        cmocka_unit_test(test_hostile_text_in_a_name),
        cmocka_unit_test(test_what_a_kind_must_have),
        cmocka_unit_test(test_into_and_out_of_an_application),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_endpoint_of_a_channel),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_small_answers),
        cmocka_unit_test(test_error_bodies),
        cmocka_unit_test(test_versions_with_rest_over_the_socket),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
