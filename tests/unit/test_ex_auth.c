#include "callhud/exchange/auth.h"
#include "ex_fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define JWT \
    "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-bearer&assertion=jwt-%s-%s"

static struct ex *x;
static struct auth *auth;
static struct auth_credentials keys;
static struct http_reply reply;
static char ended[64];

static void on_end(void *self, const char *id)
{
    (void)self;
    str_copy(ended, sizeof ended, id);
}

static int begin(void **state)
{
    (void)state;
    x = fake_new();
    auth_credentials_draw(&keys);
    str_copy(keys.client_id, sizeof keys.client_id, "cid");
    str_copy(keys.client_secret, sizeof keys.client_secret, "sec");
    auth = auth_new(x, &keys);
    auth_on_end(auth, on_end, NULL);
    http_reply_init(&reply);
    ended[0] = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    http_reply_fini(&reply);
    auth_free(auth);
    ex_free(x);
    return 0;
}

/* "Basic cid:sec" */
#define BASIC "Basic Y2lkOnNlYw=="

static int post_as(const char *authorization, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *form = http_query_parse(text, strlen(text));
    struct http_request request = {.method = "POST", .authorization = authorization};
    http_reply_fini(&reply);
    http_reply_init(&reply);
    if (http_query_get(form, "token"))
        auth_revoke(auth, &request, form, &reply);
    else
        auth_token(auth, &request, form, &reply);
    json_decref(form);
    return reply.status;
}

static const char *told(const char *key)
{
    static char text[1024];
    str_copy(text, sizeof text, json_string_value(json_object_get(reply.json, key)));
    return text;
}

static const char *told_code(void)
{
    return json_string_value(
        json_object_get(json_array_get(json_object_get(reply.json, "errors"), 0), "errorCode"));
}

static void sign_in(const char *extension, char *access, char *refresh)
{
    assert_int_equal(post_as(BASIC, JWT, extension, keys.jwt_secret), 200);
    str_copy(access, AUTH_TEXT_BYTES, told("access_token"));
    str_copy(refresh, AUTH_TEXT_BYTES, told("refresh_token"));
}

static struct auth_session *bearer(const char *access)
{
    char text[1200];
    snprintf(text, sizeof text, "bearer %s", access);
    http_reply_fini(&reply);
    http_reply_init(&reply);
    return auth_bearer(auth, text, &reply);
}

static void a_jwt_gives_tokens(void **state)
{
    char access[AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", access, refresh);
    assert_string_equal(told("token_type"), "bearer");
    assert_string_equal(told("owner_id"), "400000000900");
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 3600);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "refresh_token_expires_in")),
                     604800);
    assert_true(strstr(told("scope"), "ReadPresence") != NULL);
    assert_true(strlen(told("session_id")) > 8);
    assert_true(strlen(told("endpoint_id")) > 8);
    struct auth_session *s = bearer(access);
    assert_non_null(s);
    assert_true(s->user_id == 400000000900u);
    sign_in("101", access, refresh);
    assert_string_equal(told("owner_id"), "400000000101");
    assert_int_equal(auth_sessions_len(auth), 2);
}

static void lifetimes_are_as_asked_for_within_bounds(void **state)
{
    (void)state;
    post_as(BASIC, JWT "&access_token_ttl=700&refresh_token_ttl=5000&endpoint_id=mine", "900",
            keys.jwt_secret);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 700);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "refresh_token_expires_in")),
                     5000);
    assert_string_equal(told("endpoint_id"), "mine");
    post_as(BASIC, JWT "&access_token_ttl=7&refresh_token_ttl=99999999", "900", keys.jwt_secret);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 600);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "refresh_token_expires_in")),
                     2592000);
    post_as(BASIC, JWT "&access_token_ttl=x", "900", keys.jwt_secret);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 3600);
}

static void the_application_is_known_by_basic_by_form_or_both(void **state)
{
    (void)state;
    assert_int_equal(post_as("", JWT "&client_id=cid", "900", keys.jwt_secret), 200);
    assert_int_equal(post_as("", JWT "&client_id=cid&client_secret=sec", "900", keys.jwt_secret),
                     200);
    assert_int_equal(post_as("basic Y2lkOnNlYw==", JWT "&client_id=cid", "900", keys.jwt_secret),
                     200);
    assert_int_equal(post_as("", JWT, "900", keys.jwt_secret), 401);
    assert_string_equal(told("error"), "invalid_client");
    assert_int_equal(post_as("", JWT "&client_id=else", "900", keys.jwt_secret), 400);
    assert_string_equal(told_code(), "OAU-153");
    assert_string_equal(told("error_description"), "Invalid client: else");
    char long_id[512] = "x"; /* cut for the answer, but not within a character */
    while (strlen(long_id) < 400)
        snprintf(long_id + strlen(long_id), 7, "%s", "%C3%A9");
    assert_int_equal(post_as("", "grant_type=refresh_token&client_id=%s", long_id), 400);
    assert_string_equal(told_code(), "OAU-153");
    assert_int_equal(post_as(BASIC, JWT "&client_id=else", "900", keys.jwt_secret), 400);
    assert_int_equal(post_as("Basic Y2lkOndyb25n", JWT, "900", keys.jwt_secret), 401);
    assert_string_equal(told_code(), "OAU-146");
    assert_int_equal(post_as("", JWT "&client_id=cid&client_secret=no", "900", keys.jwt_secret),
                     401);
}

static void wrong_grants_are_refused(void **state)
{
    (void)state;
    assert_int_equal(post_as(BASIC, JWT, "900", "wrong"), 400);
    assert_string_equal(told("error"), "invalid_grant");
    assert_int_equal(post_as(BASIC, JWT, "999", keys.jwt_secret), 400);
    assert_int_equal(post_as(BASIC, JWT, "", ""), 400);
    x->users[0].is_enabled = false;
    assert_int_equal(post_as(BASIC, JWT, "101", keys.jwt_secret), 400);
    assert_int_equal(post_as(BASIC, "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3A"
                                    "jwt-bearer"),
                     400);
    assert_string_equal(told("error"), "invalid_request");
    assert_int_equal(post_as(BASIC, "a=b"), 400);
    assert_string_equal(told("error"), "invalid_request");
    assert_int_equal(post_as(BASIC, "grant_type=password&username=a"), 400);
    assert_string_equal(told("error"), "unauthorized_client");
    assert_string_equal(told_code(), "OAU-112");
    assert_int_equal(post_as(BASIC, "grant_type=magic"), 400);
    assert_string_equal(told("error"), "unsupported_grant_type");
    assert_int_equal(auth_sessions_len(auth), 0);
}

static void scopes_can_be_narrowed(void **state)
{
    (void)state;
    post_as(BASIC, JWT "&scope=ReadPresence%%20Nonsense%%20CallControl", "900", keys.jwt_secret);
    assert_string_equal(told("scope"), "ReadPresence CallControl");
    struct auth_session *s = bearer(told("access_token"));
    assert_true(auth_has_scope(s, "CallControl"));
    assert_false(auth_has_scope(s, "Call"));
    assert_false(auth_has_scope(s, "ReadAccounts"));
    assert_int_equal(post_as(BASIC, JWT "&scope=Nonsense", "900", keys.jwt_secret), 400);
    assert_string_equal(told("error"), "invalid_scope");
}

static void a_renewal_ends_the_old_access_token(void **state)
{
    char a1[AUTH_TEXT_BYTES], r1[AUTH_TEXT_BYTES], a2[AUTH_TEXT_BYTES], r2[AUTH_TEXT_BYTES];
    char session[64];
    (void)state;
    sign_in("900", a1, r1);
    str_copy(session, sizeof session, told("session_id"));
    x->now_ms += 1000;
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 200);
    assert_string_equal(told("session_id"), session);
    str_copy(a2, sizeof a2, told("access_token"));
    str_copy(r2, sizeof r2, told("refresh_token"));
    assert_string_not_equal(a1, a2);
    assert_string_not_equal(r1, r2);
    assert_null(bearer(a1));
    assert_string_equal(told_code(), "OAU-129");
    assert_non_null(bearer(a2));
    assert_int_equal(auth_sessions_len(auth), 1);
}

/* The old refresh token again: the same answer, for 60 minutes while the new access token is not
 * used, for 10 seconds after its first use. */
static void a_lost_renewal_can_be_asked_for_again(void **state)
{
    char a1[AUTH_TEXT_BYTES], r1[AUTH_TEXT_BYTES], a2[AUTH_TEXT_BYTES], r2[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", a1, r1);
    post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1);
    str_copy(a2, sizeof a2, told("access_token"));
    str_copy(r2, sizeof r2, told("refresh_token"));
    x->now_ms += 59 * 60 * 1000;
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 200);
    assert_string_equal(told("access_token"), a2);
    assert_string_equal(told("refresh_token"), r2);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 60);
    assert_non_null(bearer(a2));
    x->now_ms += 9999;
    assert_non_null(bearer(a2)); /* the first use counts, not this one */
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 200);
    x->now_ms += 2;
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 400);
    assert_string_equal(told_code(), "OAU-213");
    assert_string_equal(told("error"), "invalid_grant");
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r2), 200);
}

static void an_unused_renewal_is_retried_for_an_hour_only(void **state)
{
    char a1[AUTH_TEXT_BYTES], r1[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", a1, r1);
    post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1);
    x->now_ms += 60 * 60 * 1000 + 1;
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 400);
}

static void tokens_lapse(void **state)
{
    char a1[AUTH_TEXT_BYTES], r1[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", a1, r1);
    x->now_ms += 3600 * 1000 - 1;
    assert_non_null(bearer(a1));
    x->now_ms += 1;
    assert_null(bearer(a1));
    assert_int_equal(reply.status, 401);
    assert_string_equal(told_code(), "OAU-128");
    assert_non_null(json_object_get(reply.headers, "WWW-Authenticate"));
    x->now_ms = 604800LL * 1000;
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 400);
    assert_int_equal(auth_sessions_len(auth), 0);
    assert_string_not_equal(ended, "");
}

static void the_fault_lapses_access_tokens_alone(void **state)
{
    char a1[AUTH_TEXT_BYTES], r1[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", a1, r1);
    auth_expire_access(auth);
    assert_null(bearer(a1));
    assert_string_equal(told_code(), "OAU-128");
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 200);
    assert_non_null(bearer(told("access_token")));
}

static void bearers_are_told_apart(void **state)
{
    (void)state;
    assert_null(auth_bearer(auth, "", &reply));
    assert_int_equal(reply.status, 401);
    assert_string_equal(told_code(), "CMN-405");
    assert_null(auth_bearer(auth, BASIC, &reply));
    assert_string_equal(told_code(), "OAU-149");
    assert_null(auth_bearer(auth, "Bearer nobody", &reply));
    assert_string_equal(told_code(), "OAU-129");
    assert_string_equal(told("errorCode"), "TokenInvalid");
}

static void a_sixth_sign_in_ends_the_first(void **state)
{
    char access[6][AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES], other[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("101", other, refresh);
    for (size_t i = 0; i < 6; i++) {
        sign_in("900", access[i], refresh);
        x->now_ms++;
    }
    assert_null(bearer(access[0]));
    for (size_t i = 1; i < 6; i++)
        assert_non_null(bearer(access[i]));
    assert_non_null(bearer(other));
    assert_string_not_equal(ended, "");
}

static void revoking_ends_the_session(void **state)
{
    char a1[AUTH_TEXT_BYTES], r1[AUTH_TEXT_BYTES], a2[AUTH_TEXT_BYTES], r2[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", a1, r1);
    sign_in("900", a2, r2);
    assert_int_equal(post_as("", "token=%s", a1), 401);
    assert_non_null(bearer(a1));
    assert_int_equal(post_as(BASIC, "token=%s", a1), 200);
    assert_null(reply.json);
    assert_null(bearer(a1));
    assert_int_equal(post_as(BASIC, "grant_type=refresh_token&refresh_token=%s", r1), 400);
    assert_int_equal(post_as(BASIC, "token=%s", r2), 200);
    assert_null(bearer(a2));
    assert_int_equal(post_as(BASIC, "token=unknown"), 200);
    assert_int_equal(auth_sessions_len(auth), 0);
}

static void the_limit_knows_whose_request_it_is(void **state)
{
    char access[AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("101", access, refresh);
    json_t *form = json_pack("{s:s}", "refresh_token", refresh);
    assert_true(auth_user_of_form(auth, form) == 400000000101u);
    json_decref(form);
    form = json_pack("{s:s}", "token", access);
    assert_true(auth_user_of_form(auth, form) == 400000000101u);
    json_decref(form);
    form = json_pack("{s:s}", "assertion", "jwt-101-wrong");
    assert_true(auth_user_of_form(auth, form) == 0);
    json_decref(form);
}

static void websocket_tokens_lapse_and_may_be_single(void **state)
{
    char access[AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES], token[AUTH_TEXT_BYTES];
    (void)state;
    sign_in("900", access, refresh);
    struct auth_session *s = bearer(access);
    auth_wstoken(auth, s, "ws://h/ws", &reply);
    assert_string_equal(told("uri"), "ws://h/ws");
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 30);
    str_copy(token, sizeof token, told("ws_access_token"));
    assert_ptr_equal(auth_ws(auth, token, true), s);
    assert_ptr_equal(auth_ws(auth, token, true), s);
    assert_true(ex_switch_set(x, "wstoken-once", true));
    assert_null(auth_ws(auth, token, true));
    auth_wstoken(auth, s, "ws://h/ws", &reply);
    str_copy(token, sizeof token, told("ws_access_token"));
    assert_ptr_equal(auth_ws(auth, token, false), s);
    assert_ptr_equal(auth_ws(auth, token, true), s);
    assert_null(auth_ws(auth, token, true));
    auth_wstoken(auth, s, "ws://h/ws", &reply);
    str_copy(token, sizeof token, told("ws_access_token"));
    x->now_ms += 30000;
    assert_null(auth_ws(auth, token, true));
    assert_null(auth_ws(auth, "else", true));
    assert_null(auth_ws(auth, NULL, true));
}

static void the_control_token_is_its_own(void **state)
{
    char text[256], access[AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES];
    (void)state;
    snprintf(text, sizeof text, "Bearer %s", keys.control_token);
    assert_true(auth_is_control(auth, text));
    sign_in("900", access, refresh);
    snprintf(text, sizeof text, "Bearer %s", access);
    assert_false(auth_is_control(auth, text));
    assert_false(auth_is_control(auth, ""));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_jwt_gives_tokens),
        T(lifetimes_are_as_asked_for_within_bounds),
        T(the_application_is_known_by_basic_by_form_or_both),
        T(wrong_grants_are_refused),
        T(scopes_can_be_narrowed),
        T(a_renewal_ends_the_old_access_token),
        T(a_lost_renewal_can_be_asked_for_again),
        T(an_unused_renewal_is_retried_for_an_hour_only),
        T(tokens_lapse),
        T(the_fault_lapses_access_tokens_alone),
        T(bearers_are_told_apart),
        T(a_sixth_sign_in_ends_the_first),
        T(revoking_ends_the_session),
        T(the_limit_knows_whose_request_it_is),
        T(websocket_tokens_lapse_and_may_be_single),
        T(the_control_token_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
