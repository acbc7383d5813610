/* Notifications of the service: what the bodies of section 3.6 and 4.2 say. */
#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/base/buf.h"
#include "callhud/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DETAILED_PATH                                            \
    "/restapi/v1.0/account/400144452008/extension/400144456008/" \
    "presence?detailedTelephonyState=true&sipData=true"

/* The frame around a body; the caller ends it with rex_frame_fini(). */
static enum rc decode(struct rex_frame *frame, const char *path, const char *body)
{
    struct buf text;
    struct err err = {0};
    buf_init(&text, 1 << 20);
    buf_printf(&text,
               "[{\"type\":\"ServerNotification\",\"messageId\":\"5745390252954738247\","
               "\"status\":200},{\"uuid\":\"5745390252954738247\",\"event\":\"%s\","
               "\"timestamp\":\"2026-02-10T08:43:42.805Z\",\"subscriptionId\":\"x\","
               "\"ownerId\":\"400144455008\",\"body\":%s}]",
               path, body);
    enum rc rc = rex_wire_frame(frame, buf_text(&text), text.len, &err);
    buf_fini(&text);
    return rc;
}

static void detailed_presence_is_read_whole(void **state)
{
    (void)state;
    struct rex_frame frame;
    assert_int_equal(
        decode(&frame, DETAILED_PATH,
               "{\"extensionId\":400144456008,\"telephonyStatus\":\"OnHold\",\"activeCalls\":["
               "{\"id\":\"1nf2\",\"direction\":\"Outbound\",\"from\":\"+16505550172\","
               "\"fromName\":\"Bob\",\"to\":\"104\",\"toName\":\"Eve Desk\","
               "\"telephonyStatus\":\"OnHold\",\"startTime\":\"2026-07-09T16:17:27.975Z\","
               "\"partyId\":\"p-9c-1\",\"telephonySessionId\":\"s-9c\"},"
               "{\"id\":\"s-e1\",\"direction\":\"Inbound\",\"from\":\"+16505550166\","
               "\"fromName\":\"Ann Caller\",\"to\":\"102\",\"telephonyStatus\":\"Ringing\","
               "\"startTime\":\"2026-07-09T16:17:37+0000\",\"partyId\":\"p-e1-2\","
               "\"telephonySessionId\":\"s-e1\"},"
               "{\"id\":\"old\",\"telephonyStatus\":\"NoCall\",\"terminationType\":\"final\"}],"
               "\"sequence\":2013,\"presenceStatus\":\"Busy\",\"userStatus\":\"Available\","
               "\"dndStatus\":\"TakeAllCalls\",\"meetingStatus\":\"Disconnected\","
               "\"allowSeeMyPresence\":true,\"ringOnMonitoredCall\":false,"
               "\"pickUpCallsOnHold\":true,\"totalActiveCalls\":2}"),
        RC_OK);
    assert_int_equal(frame.notice.kind, REX_NOTICE_PRESENCE);
    assert_string_equal(frame.notice.uuid, "5745390252954738247");
    assert_int_equal(frame.notice.at_ms, 1770713022805);
    const struct rex_presence *p = &frame.notice.presence;
    assert_string_equal(p->extension_id, "400144456008");
    assert_int_equal(p->has, REX_HAS_STATUS | REX_HAS_USER_STATUS | REX_HAS_DND | REX_HAS_CALLS |
                                 REX_HAS_SHARED | REX_HAS_SETTINGS | REX_HAS_TELEPHONY |
                                 REX_HAS_MEETING | REX_HAS_TOTAL | REX_HAS_SEQUENCE);
    assert_int_equal(p->status, REX_STATUS_BUSY);
    assert_int_equal(p->user_status, REX_STATUS_AVAILABLE);
    assert_int_equal(p->telephony, REX_ON_HOLD);
    assert_int_equal(p->sequence, 2013);
    assert_int_equal(p->total_calls, 2);
    assert_true(p->picks_up_held);
    assert_false(p->rings_when_monitored);
    assert_int_equal(p->calls.len, 3);
    assert_string_equal(p->calls.items[0].number, "104");
    assert_string_equal(p->calls.items[0].name, "Eve Desk");
    assert_false(p->calls.items[0].is_inbound);
    assert_int_equal(p->calls.items[0].start_ms, 1783613847975);
    assert_string_equal(p->calls.items[1].number, "+16505550166");
    assert_string_equal(p->calls.items[1].session_id, "s-e1");
    assert_int_equal(p->calls.items[1].state, REX_RINGING);
    assert_int_equal(p->calls.items[1].start_ms, 1783613857000);
    assert_true(p->calls.items[2].is_final);
    rex_frame_fini(&frame);
}

static void absent_fields_are_not_told(void **state)
{
    (void)state;
    struct rex_frame frame;
    assert_int_equal(
        decode(&frame, DETAILED_PATH, "{\"extensionId\":\"400144456008\",\"userStatus\":\"Busy\"}"),
        RC_OK);
    assert_int_equal(frame.notice.kind, REX_NOTICE_PRESENCE);
    assert_int_equal(frame.notice.presence.has, REX_HAS_USER_STATUS);
    assert_true(frame.notice.presence.is_shared);
    rex_frame_fini(&frame);

    /* An unknown word is as if it had not been there. */
    assert_int_equal(decode(&frame, DETAILED_PATH,
                            "{\"extensionId\":7,\"telephonyStatus\":\"Levitating\","
                            "\"dndStatus\":\"Unknown\",\"message\":\"\"}"),
                     RC_OK);
    assert_int_equal(frame.notice.presence.has, REX_HAS_MESSAGE);
    rex_frame_fini(&frame);
}

static void both_kinds_of_dnd_count(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool is_dnd;
    } rows[] = {
        {"{\"extensionId\":1,\"dndStatus\":\"DoNotAcceptAnyCalls\"}", true},
        {"{\"extensionId\":1,\"dndStatus\":\"DoNotAcceptDepartmentCalls\"}", false},
        {"{\"extensionId\":1,\"dndStatusPersonal\":\"DoNotAcceptAnyCalls\"}", true},
        {"{\"extensionId\":1,\"dndStatus\":\"TakeAllCalls\",\"dndStatusPersonal\":\"Unknown\"}",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rex_frame frame;
        assert_int_equal(decode(&frame, DETAILED_PATH, rows[i].body), RC_OK);
        assert_true(frame.notice.presence.has & REX_HAS_DND);
        assert_int_equal(frame.notice.presence.is_dnd, rows[i].is_dnd);
        rex_frame_fini(&frame);
    }
}

static void a_call_of_the_contact_centre_is_a_call(void **state)
{
    (void)state;
    struct rex_frame frame;
    assert_int_equal(decode(&frame, DETAILED_PATH,
                            "{\"extensionId\":1,\"telephonyStatus\":\"NoCall\","
                            "\"cxTelephonyStatus\":\"CallConnected\","
                            "\"aggregatedTelephonyStatus\":\"CallConnected\",\"activeCalls\":[]}"),
                     RC_OK);
    assert_int_equal(frame.notice.presence.telephony, REX_CONNECTED);
    rex_frame_fini(&frame);
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body;
        int kind;
    } rows[] = {
        {"/restapi/v1.0/account/1/extension/2/presence/line",
         "{\"extension\":[{\"id\":\"3\"},{\"id\":\"4\"}],\"sequence\":2698}", REX_NOTICE_LINES},
        {"/restapi/v1.0/account/1/extension/2/presence/line", "{}", REX_NOTICE_LINES},
        {"/restapi/v1.0/account/1/extension/2/presence/dnd",
         "{\"extensionId\":\"2\",\"dndStatus\":\"TakeAllCalls\"}", REX_NOTICE_PRESENCE},
        {"/restapi/v1.0/account/1/extension/2/presence",
         "{\"extension\":{\"id\":2,\"extensionNumber\":\"102\"},\"presenceStatus\":\"Offline\"}",
         REX_NOTICE_PRESENCE},
        {"/restapi/v1.0/account/1/directory/entries", "{\"etag\":\"x\"}", REX_NOTICE_PEOPLE},
        {"/restapi/v1.0/account/1/extension/2/grant", "{}", REX_NOTICE_GRANTS},
        {"/restapi/v1.0/account/1/call-queues/9/presence",
         "{\"records\":[{\"member\":{\"id\":1},\"acceptCurrentQueueCalls\":true}]}",
         REX_NOTICE_OTHER},
        {"/restapi/v1.0/somethingNew", "{\"a\":1}", REX_NOTICE_OTHER},
        {"/restapi/v1.0/account/1/telephony/sessions",
         "{\"sequence\":2,\"telephonySessionId\":\"s-1\",\"parties\":[]}", REX_NOTICE_SESSION},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rex_frame frame;
        assert_int_equal(decode(&frame, rows[i].path, rows[i].body), RC_OK);
        assert_int_equal(frame.notice.kind, rows[i].kind);
        rex_frame_fini(&frame);
    }
}

static void what_cannot_be_read_is_a_gap(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {DETAILED_PATH, "{\"telephonyStatus\":\"Ringing\"}"},
        {DETAILED_PATH, "{\"extensionId\":{},\"telephonyStatus\":\"Ringing\"}"},
        {DETAILED_PATH, "7"},
        {"/restapi/v1.0/account/1/telephony/sessions", "{\"sequence\":2}"},
        {"/restapi/v1.0/account/1/telephony/sessions", "{\"telephonySessionId\":\"s\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rex_frame frame;
        assert_int_equal(decode(&frame, rows[i][0], rows[i][1]), RC_PROTO);
        rex_frame_fini(&frame);
    }
}

static void a_session_is_read_whole(void **state)
{
    (void)state;
    struct rex_frame frame;
    assert_int_equal(
        decode(
            &frame, "/restapi/v1.0/account/1/extension/2/telephony/sessions",
            "{\"sequence\":7,\"sessionId\":\"429180487016\",\"telephonySessionId\":\"s-71\","
            "\"eventTime\":\"2026-06-23T01:05:52.656Z\",\"parties\":[{\"extensionId\":\"456\","
            "\"id\":\"p-71-3\",\"direction\":\"Inbound\",\"to\":{\"phoneNumber\":\"102\","
            "\"name\":\"Bob Agent\",\"extensionId\":\"456\",\"deviceId\":\"77\"},"
            "\"from\":{\"phoneNumber\":\"+16505550164\"},\"status\":{\"code\":\"Gone\","
            "\"reason\":\"Supervising\",\"peerId\":{\"telephonySessionId\":\"s-72\","
            "\"partyId\":\"p-72-1\"}},\"park\":{},\"recordings\":[{\"id\":\"1\",\"active\":false},"
            "{\"id\":\"2\",\"active\":true}]},"
            "{\"id\":\"p-71-4\",\"direction\":\"Outbound\",\"owner\":{\"extensionId\":99},"
            "\"from\":{\"deviceId\":\"78\"},\"status\":{\"code\":\"Parked\","
            "\"parkData\":\"*801\"}}],\"origin\":{\"type\":\"Call\"}}"),
        RC_OK);
    const struct rex_session *s = &frame.notice.session;
    assert_string_equal(s->id, "s-71");
    assert_int_equal(s->sequence, 7);
    assert_int_equal(s->at_ms, 1782176752656);
    assert_int_equal(s->parties.len, 2);
    const struct rex_party *p = &s->parties.items[0];
    assert_string_equal(p->id, "p-71-3");
    assert_string_equal(p->extension_id, "456");
    assert_int_equal(p->code, REX_GONE);
    assert_string_equal(p->reason, "Supervising");
    assert_string_equal(p->peer_session, "s-72");
    assert_string_equal(p->peer_party, "p-72-1");
    assert_string_equal(p->device_id, "77");
    assert_string_equal(p->recording_id, "2");
    assert_true(p->is_inbound && p->has_recordings && p->is_recorded);
    p = &s->parties.items[1];
    assert_string_equal(p->extension_id, "99");
    assert_string_equal(p->device_id, "78");
    assert_string_equal(p->park, "*801");
    assert_int_equal(p->code, REX_PARTY_PARKED);
    assert_false(p->is_inbound || p->has_recordings);
    rex_frame_fini(&frame);
}

static void text_is_made_harmless(void **state)
{
    (void)state;
    struct rex_frame frame;
    assert_int_equal(decode(&frame, DETAILED_PATH,
                            "{\"extensionId\":1,\"message\":\"a\\u001b[31mb\\u202ec\\ud800\","
                            "\"activeCalls\":[{\"id\":\"x\",\"telephonyStatus\":\"Ringing\","
                            "\"direction\":\"Inbound\",\"from\":\"\\u0007\\u0000\"}]}"),
                     RC_OK);
    const struct rex_presence *p = &frame.notice.presence;
    assert_true(utf8_is_valid(p->message, strlen(p->message)));
    assert_null(strchr(p->message, 0x1b));
    assert_null(strstr(p->message, "\xe2\x80\xae"));
    for (const char *at = p->calls.items[0].number; *at != '\0'; at++)
        assert_true((unsigned char)*at >= 0x20);
    rex_frame_fini(&frame);
}

static void more_calls_than_are_kept_do_no_harm(void **state)
{
    (void)state;
    struct rex_frame frame;
    struct buf body;
    buf_init(&body, 1 << 18);
    buf_puts(&body, "{\"extensionId\":1,\"activeCalls\":[");
    for (int i = 0; i < 500; i++)
        buf_printf(&body, "%s{\"id\":\"c%d\",\"telephonyStatus\":\"OnHold\"}", i ? "," : "", i);
    buf_puts(&body, "]}");
    assert_int_equal(decode(&frame, DETAILED_PATH, buf_text(&body)), RC_OK);
    assert_int_equal(frame.notice.presence.calls.len, REX_CALLS_MOST);
    rex_frame_fini(&frame);
    buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detailed_presence_is_read_whole),
        cmocka_unit_test(absent_fields_are_not_told),
        cmocka_unit_test(both_kinds_of_dnd_count),
        cmocka_unit_test(a_call_of_the_contact_centre_is_a_call),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(what_cannot_be_read_is_a_gap),
        cmocka_unit_test(a_session_is_read_whole),
        cmocka_unit_test(text_is_made_harmless),
        cmocka_unit_test(more_calls_than_are_kept_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
