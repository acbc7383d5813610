#include "callhud/exchange/subscription.h"
#include "ex_fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A "/restapi/v1.0/account/~"
#define ACCOUNT "/restapi/v1.0/account/400000000001"
#define ME ACCOUNT "/extension/400000000900"

static struct ex *x;
static struct subscription *sub;
static struct auth_session session;
static struct http_reply reply;

static int begin(void **state)
{
    (void)state;
    x = fake_new();
    sub = mem_zero(1, sizeof *sub);
    session = (struct auth_session){.user_id = 400000000900u,
                                    .scope = "ReadPresence CallControl ReadAccounts ReadContacts"};
    http_reply_init(&reply);
    return 0;
}

static int end(void **state)
{
    (void)state;
    http_reply_fini(&reply);
    subscription_free(sub);
    ex_free(x);
    return 0;
}

/* Filters separated by blanks. */
static bool set(const char *filters)
{
    char words[4096];
    json_t *list = json_array();
    str_copy(words, sizeof words, filters);
    char *rest = words;
    for (const char *one; (one = str_next_field(&rest, ' '));)
        json_array_append_new(list, json_string(one));
    json_t *body = json_pack("{s:o, s:{s:s}}", "eventFilters", list, "deliveryMode",
                             "transportType", "WebSocket");
    http_reply_fini(&reply);
    http_reply_init(&reply);
    bool is_good = subscription_set(sub, x, &session, body, true, &reply);
    json_decref(body);
    return is_good;
}

static void filters_are(const char *want)
{
    json_t *info = subscription_json(sub, x, "http://h");
    json_t *list = json_object_get(info, "eventFilters"), *one;
    char text[4096] = "";
    size_t i;
    json_array_foreach(list, i, one)
    {
        if (i > 0)
            strncat(text, " ", sizeof text - strlen(text) - 1);
        strncat(text, json_string_value(one), sizeof text - strlen(text) - 1);
    }
    assert_string_equal(text, want);
    json_decref(info);
}

static const char *told_code(void)
{
    return json_string_value(
        json_object_get(json_array_get(json_object_get(reply.json, "errors"), 0), "errorCode"));
}

static const char *disabled(size_t at, const char *key)
{
    return json_string_value(json_object_get(json_array_get(sub->disabled, at), key));
}

static void every_documented_filter_is_taken(void **state)
{
    static const char *const tails[] = {
        "/presence",
        "/presence?detailedTelephonyState=true",
        "/extension/~/presence",
        "/extension/~/presence?detailedTelephonyState=true&sipData=true",
        "/extension/400000000101/presence",
        "/extension/~/presence/line",
        "/extension/~/presence/line/presence",
        "/extension/~/presence/line/presence?detailedTelephonyState=true&sipData=true",
        "/extension/~/favorite/presence?detailedTelephonyState=true",
        "/extension/~/favorite",
        "/extension/~/presence/dnd",
        "/extension/~/grant",
        "/extension",
        "/extension/~",
        "/directory/entries",
        "/call-queues/123/presence",
        "/telephony/sessions",
        "/telephony/sessions?direction=Inbound&statusCode=Answered",
        "/extension/~/telephony/sessions",
        "/extension/400000000102/telephony/sessions?withRecordings=true",
    };
    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char text[256];
        snprintf(text, sizeof text, A "%s", tails[i]);
        if (!set(text))
            fail_msg("%s was refused", text);
        assert_int_equal(json_array_size(sub->disabled), 0);
        assert_null(strchr(sub->filters.items[0].text, '~'));
    }
}

static void own_ids_take_the_place_of_tildes(void **state)
{
    (void)state;
    assert_true(set(A "/extension/~/presence/line/presence?detailedTelephonyState=true " A
                      "/telephony/sessions"));
    filters_are(ME "/presence/line/presence?detailedTelephonyState=true " ACCOUNT
                   "/telephony/sessions");
    assert_true(set("/restapi/v1.0/account/400000000001/extension/400000000101/presence"));
    filters_are(ACCOUNT "/extension/400000000101/presence");
}

static void the_answer_is_as_documented(void **state)
{
    (void)state;
    assert_true(set(A "/presence"));
    str_copy(sub->id, sizeof sub->id, "the-id");
    sub->created_wall_ms = ex_wall(x);
    json_t *info = subscription_json(sub, x, "http://h");
    char *text = json_dumps(info, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"uri\":\"http://h/restapi/v1.0/subscription/the-id\",\"id\":\"the-id\","
                        "\"creationTime\":\"2026-07-02T13:46:40.000Z\",\"status\":\"Active\","
                        "\"eventFilters\":[\"" ACCOUNT "/presence\"],"
                        "\"expirationTime\":\"2026-07-03T13:46:40.000Z\",\"expiresIn\":86399,"
                        "\"deliveryMode\":{\"transportType\":\"WebSocket\",\"encryption\":false}}");
    free(text);
    json_decref(info);
}

static void a_malformed_filter_spoils_all(void **state)
{
    static const char *const bad[] = {"",
                                      "presence",
                                      "/restapi/v1.0/",
                                      A,
                                      A "/nothing",
                                      A "/extension/~/presence/lines",
                                      A "/extension//presence",
                                      A "/presence/",
                                      "/account/~/presence",
                                      "/restapi/v2.0/account/~/presence",
                                      A "/presence%0"};
    (void)state;
    assert_true(set(A "/presence"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        snprintf(text, sizeof text, A "/extension/~/presence %s", bad[i][0] ? bad[i] : "x");
        if (set(text))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(reply.status, 400);
        assert_string_equal(told_code(), "SUB-508");
    }
    filters_are(ACCOUNT "/presence");      /* as before */
    for (size_t cut = 0; cut < 2; cut++) { /* wherever the text is cut for the answer */
        char text[512];
        size_t len = (size_t)snprintf(text, sizeof text, "%s", cut ? "x" : "");
        for (size_t i = 0; i < 120; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "é");
        assert_false(set(text));
        assert_string_equal(told_code(), "SUB-508");
    }
}

static void what_may_not_be_watched_is_disabled(void **state)
{
    (void)state;
    x->users[0].shares_presence = false;
    assert_true(set(A "/presence " A "/extension/400000000101/presence " A
                      "/extension/400000000102/presence/line"));
    filters_are(ACCOUNT "/presence");
    assert_int_equal(json_array_size(sub->disabled), 2);
    assert_string_equal(disabled(0, "filter"), A "/extension/400000000101/presence");
    assert_string_equal(disabled(0, "reason"), "SUB-403");
    assert_string_equal(disabled(1, "reason"), "CMN-404");
    x->users[2].is_admin = true;
    assert_true(set(A "/extension/400000000102/presence/line"));
    assert_int_equal(json_array_size(sub->disabled), 0);
}

static void when_all_are_disabled_it_is_an_error(void **state)
{
    (void)state;
    x->users[0].shares_presence = false;
    assert_false(set(A "/extension/400000000101/presence"));
    assert_int_equal(reply.status, 403);
    assert_string_equal(told_code(), "SUB-403");
    assert_false(set("/restapi/v1.0/account/5/presence"));
    assert_string_equal(told_code(), "SUB-406");
    assert_false(set(A "/extension/5/presence"));
    assert_string_equal(told_code(), "SUB-408");
    str_copy(session.scope, sizeof session.scope, "ReadPresence");
    assert_false(set(A "/telephony/sessions"));
    assert_int_equal(reply.status, 403);
    assert_string_equal(told_code(), "CMN-401");
    assert_string_equal(json_string_value(json_object_get(reply.json, "permissionName")),
                        "CallControl");
    assert_string_equal(json_string_value(json_object_get(reply.json, "errorCode")),
                        "InsufficientPermissions");
    assert_true(set(A "/telephony/sessions " A "/presence"));
    assert_string_equal(disabled(0, "reason"), "CMN-401");
    str_copy(session.scope, sizeof session.scope, "EditPresence"); /* includes to read it */
    assert_true(set(A "/presence " A "/extension/~/presence"));
    assert_null(disabled(0, "reason"));
}

static void the_body_is_checked(void **state)
{
    (void)state;
    json_t *bodies[] = {
        NULL,
        json_pack("[]"),
        json_pack("{s:[], s:{s:s}}", "eventFilters", "deliveryMode", "transportType", "WebSocket"),
        json_pack("{s:[s]}", "eventFilters", A "/presence"),
        json_pack("{s:[s], s:{s:s}}", "eventFilters", A "/presence", "deliveryMode",
                  "transportType", "WebHook"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_false(subscription_set(sub, x, &session, bodies[i], true, &reply));
        assert_int_equal(reply.status, 400);
        assert_string_equal(told_code(), "CMN-101");
    }
    assert_true(subscription_set(sub, x, &session, bodies[3], false, &reply)); /* a PUT */
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        json_decref(bodies[i]);
}

/* ---- matching -------------------------------------------------------------------------------- */

/* The event's path when it is told, "" when not. */
static const char *told_as(enum ex_event_kind kind, uint64_t extension_id, const char *body)
{
    static char text[512];
    struct buf path;
    json_t *root = json_loads(body ? body : "{}", 0, NULL);
    struct ex_event event = {.kind = kind, .extension_id = extension_id, .body = root};
    const struct sub_filter *filter = subscription_match(sub, x, &event);
    buf_init(&path, sizeof text);
    if (filter)
        subscription_event_path(&path, x, filter, &event);
    str_copy(text, sizeof text, buf_text(&path));
    buf_fini(&path);
    json_decref(root);
    return text;
}

static void presence_reaches_whom_it_concerns(void **state)
{
    (void)state;
    set(A "/presence");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL),
                        ACCOUNT "/extension/400000000102/presence");
    assert_string_equal(told_as(EX_EVENT_TELEPHONY, 400000000102u, NULL), "");
    set(A "/extension/400000000101/presence?detailedTelephonyState=true");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000101u, NULL),
                        ACCOUNT "/extension/400000000101/presence?detailedTelephonyState=true");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL), "");
}

static void line_presence_is_of_the_lines_as_they_are_now(void **state)
{
    (void)state;
    set(A "/extension/~/presence/line/presence?detailedTelephonyState=true&sipData=true");
    assert_string_equal(
        told_as(EX_EVENT_PRESENCE, 400000000101u, NULL),
        ACCOUNT "/extension/400000000101/presence?detailedTelephonyState=true&sipData=true");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL), "");
    assert_string_equal(told_as(EX_EVENT_LINES, 400000000900u, NULL), "");
    struct ex_line line = {.id = 3, .extension_id = 400000000102u};
    VEC_PUSH(&x->users[2].lines, line);
    assert_string_not_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL), "");
}

static void favourites_locations_and_queues(void **state)
{
    (void)state;
    set(A "/extension/~/favorite/presence");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL), "");
    struct ex_favorite favorite = {.extension_id = 400000000102u};
    VEC_PUSH(&x->users[2].favorites, favorite);
    assert_string_not_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL), "");
    assert_true(set(A "/extension/400000000061/presence"));
    assert_string_not_equal(told_as(EX_EVENT_PRESENCE, FAKE_LOCATION, NULL), "");
    assert_false(set(A "/extension/400000000011/presence"));
    assert_string_equal(told_code(), "SUB-402");
    assert_true(set(A "/extension/400000000011/telephony/sessions"));
    assert_string_not_equal(told_as(EX_EVENT_TELEPHONY, FAKE_QUEUE, NULL), "");
}

static void the_richest_filter_tells(void **state)
{
    (void)state;
    set(A "/presence " A "/extension/~/presence/line/presence?detailedTelephonyState=true " A
          "/extension/400000000101/presence?detailedTelephonyState=true&sipData=true");
    assert_string_equal(
        told_as(EX_EVENT_PRESENCE, 400000000101u, NULL),
        ACCOUNT "/extension/400000000101/presence?detailedTelephonyState=true&sipData=true");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000102u, NULL),
                        ACCOUNT "/extension/400000000102/presence");
    /* sipData needs the detailed state. */
    set(A "/presence?sipData=true");
    assert_false(sub->filters.items[0].has_sip);
}

static void sessions_are_told_by_account_and_by_extension(void **state)
{
    (void)state;
    set(A "/telephony/sessions");
    assert_string_equal(told_as(EX_EVENT_TELEPHONY, 400000000101u, NULL),
                        ACCOUNT "/extension/400000000101/telephony/sessions");
    assert_string_equal(told_as(EX_EVENT_TELEPHONY, 0, NULL), ACCOUNT "/telephony/sessions");
    set(A "/extension/400000000101/telephony/sessions");
    assert_string_equal(told_as(EX_EVENT_TELEPHONY, 0, NULL), "");
    assert_string_equal(told_as(EX_EVENT_TELEPHONY, 400000000102u, NULL), "");
    assert_string_not_equal(told_as(EX_EVENT_TELEPHONY, 400000000101u, NULL), "");
}

static void sessions_can_be_narrowed(void **state)
{
    static const char in[] = "{\"parties\":[{\"direction\":\"Inbound\",\"missedCall\":false,"
                             "\"from\":{\"phoneNumber\":\"+1777\"},\"to\":{\"phoneNumber\":"
                             "\"102\"},\"status\":{\"code\":\"Answered\"}}]}";
    (void)state;
    static const struct {
        const char *query;
        bool is_told;
    } rows[] = {{"direction=Inbound", true},   {"direction=Outbound", false},
                {"statusCode=Answered", true}, {"statusCode=Hold", false},
                {"phoneNumber=%2B1777", true}, {"phoneNumber=102", true},
                {"phoneNumber=103", false},    {"missedCall=true", false},
                {"missedCall=false", true},    {"direction=Inbound&statusCode=Hold", false},
                {"sipData=true", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text, A "/telephony/sessions?%s", rows[i].query);
        assert_true(set(text));
        bool is_told = told_as(EX_EVENT_TELEPHONY, 400000000101u, in)[0] != '\0';
        if (is_told != rows[i].is_told)
            fail_msg("%s: %d", rows[i].query, is_told);
    }
}

static void changes_of_settings_are_told(void **state)
{
    (void)state;
    set(A "/extension/~/presence/line " A "/extension/~/presence/dnd " A "/extension/~/grant " A
          "/extension");
    assert_string_equal(told_as(EX_EVENT_LINES, 400000000900u, NULL), ME "/presence/line");
    assert_string_equal(told_as(EX_EVENT_LINES, 400000000101u, NULL), "");
    assert_string_equal(told_as(EX_EVENT_DND, 400000000900u, NULL), ME "/presence/dnd");
    assert_string_equal(told_as(EX_EVENT_GRANT, 400000000900u, NULL), ME "/grant");
    assert_string_equal(told_as(EX_EVENT_GRANT, 400000000102u, NULL), "");
    assert_string_equal(told_as(EX_EVENT_GRANT, 0, NULL), ME "/grant"); /* of everybody */
    assert_string_equal(told_as(EX_EVENT_EXTENSION, 400000000101u, NULL), ACCOUNT "/extension");
    assert_string_equal(told_as(EX_EVENT_PRESENCE, 400000000900u, NULL), "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_documented_filter_is_taken),
        T(own_ids_take_the_place_of_tildes),
        T(the_answer_is_as_documented),
        T(a_malformed_filter_spoils_all),
        T(what_may_not_be_watched_is_disabled),
        T(when_all_are_disabled_it_is_an_error),
        T(the_body_is_checked),
        T(presence_reaches_whom_it_concerns),
        T(line_presence_is_of_the_lines_as_they_are_now),
        T(favourites_locations_and_queues),
        T(the_richest_filter_tells),
        T(sessions_are_told_by_account_and_by_extension),
        T(sessions_can_be_narrowed),
        T(changes_of_settings_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
