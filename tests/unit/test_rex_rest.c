/* Requests: signed in, within the budget, urgent ones first. */
#include "callhud/backend/ringcentral/rest.h"
#include "callhud/base/str.h"

#include "rex_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct got { /* what one request came to */
    int times;
    enum rc rc;
    int status;
    int64_t at_ms;
    char code[32], body[64], text[ERR_TEXT_BYTES];
};

static struct fake_io fake;
static struct rex_file file;
static struct backend_shared shared_file;
static struct backend_config config;
static struct rex_shared *shared;
static struct rex_signin *signin;
static struct rex_rest *rest;
static struct rex_signin_config signin_config;
static struct rex_rest_config rest_config;
static struct got got[64];

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

static void on_done(void *self, const struct rex_answer *answer)
{
    struct got *g = self;
    g->times++;
    g->rc = answer->rc;
    g->status = answer->status;
    g->at_ms = answer->at_ms;
    str_copy(g->code, sizeof g->code, answer->code);
    str_copy(g->body, sizeof g->body, answer->body);
    str_copy(g->text, sizeof g->text, answer->text);
    assert_null(strchr(answer->text, '\n'));
}

static int set_up(void **state)
{
    (void)state;
    memset(&file, 0, sizeof file);
    memset(got, 0, sizeof got);
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
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rex_rest_free(rest);
    rex_signin_free(signin);
    rex_shared_free(shared);
    rest = NULL;
    fake_io_fini(&fake);
    return 0;
}

static void sign_in(void)
{
    fake_io_advance(&fake, 0);
    rex_give_token(fake_http(&fake), "A", 3600, 604800);
}

static void ask(struct got *g, const char *method, const char *path, enum rex_group group,
                enum rex_priority priority, int64_t patience_ms)
{
    struct rex_request request = {.method = method,
                                  .path = path,
                                  .group = group,
                                  .priority = priority,
                                  .patience_ms = patience_ms,
                                  .body = str_eq(method, "POST") ? "{}" : NULL};
    rex_rest_ask(rest, &request, on_done, g);
    assert_int_equal(g->times, 0);
}

/* The request under way to this path; NULL. */
static struct io_http *at(const char *path)
{
    for (size_t i = 0; i < fake.requests.len; i++) {
        struct io_http *http = fake.requests.items[i];
        if (!http->is_over && str_ends(http->url, path))
            return http;
    }
    return NULL;
}

static void a_request_carries_the_token_and_what_it_wants(void **state)
{
    (void)state;
    ask(&got[0], "GET", "/restapi/v1.0/x?y=1", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    fake_io_advance(&fake, 0);
    assert_null(at("/x?y=1")); /* waits for the token */
    rex_give_token(fake_http(&fake), "A", 3600, 604800);
    struct io_http *http = at("/restapi/v1.0/x?y=1");
    assert_non_null(http);
    assert_string_equal(http->url, "https://rc.example.com/restapi/v1.0/x?y=1");
    assert_string_equal(http->method, "GET");
    assert_string_equal(http->bearer, "A");
    assert_null(http->user);
    assert_string_equal(http->accept, "application/json");
    assert_null(http->content_type);
    assert_int_equal(http->timeout_ms, REX_REST_TIMEOUT_MS);
    rex_answer_in(http, 200, "{\"a\":1}", "light", "50", "49", "60");
    assert_int_equal(got[0].times, 1);
    assert_int_equal(got[0].rc, RC_OK);
    assert_int_equal(got[0].status, 200);
    assert_string_equal(got[0].body, "{\"a\":1}");
    assert_string_equal(got[0].text, "");
    assert_int_equal(got[0].at_ms, 1782997491000); /* of the Date header */
    struct rex_request request = {.method = "PUT",
                                  .path = "/p",
                                  .body = "[]",
                                  .accept = "multipart/mixed",
                                  .group = REX_MEDIUM,
                                  .timeout_ms = 1234};
    rex_rest_ask(rest, &request, on_done, &got[1]);
    assert_string_equal(at("/p")->content_type, "application/json");
    assert_string_equal(at("/p")->accept, "multipart/mixed");
    assert_string_equal(at("/p")->body, "[]");
    assert_int_equal(at("/p")->timeout_ms, 1234);
}

static void the_urgent_go_first_and_one_place_is_theirs(void **state)
{
    (void)state;
    char path[24];
    sign_in();
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "/poll%d", i);
        ask(&got[i], "GET", path, REX_LIGHT, REX_FOR_POLL, 0);
    }
    assert_int_equal(fake_http_pending(&fake), REX_REST_PARALLEL - 1);
    ask(&got[20], "POST", "/act", REX_LIGHT, REX_FOR_ACTION, 0);
    assert_non_null(at("/act"));
    assert_int_equal(fake_http_pending(&fake), REX_REST_PARALLEL);
    ask(&got[21], "GET", "/snapshot", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    ask(&got[22], "POST", "/act2", REX_LIGHT, REX_FOR_ACTION, 0);
    assert_null(at("/act2"));
    fake_http_answer(at("/poll0"), RC_OK, 200, "{}", NULL);
    assert_non_null(at("/act2"));
    assert_null(at("/snapshot"));
    fake_http_answer(at("/poll1"), RC_OK, 200, "{}", NULL);
    fake_http_answer(at("/act"), RC_OK, 204, "", NULL);
    assert_non_null(at("/snapshot"));
    assert_null(at("/poll6"));
}

static void polling_leaves_requests_for_actions(void **state)
{
    (void)state;
    char path[24];
    sign_in();
    for (int i = 0; i < 60; i++) {
        snprintf(path, sizeof path, "/q%d", i);
        ask(&got[i], "GET", path, REX_LIGHT, REX_FOR_POLL, 0);
    }
    size_t answered = 0;
    while (fake_http_pending(&fake) > 0) {
        fake_http_answer(fake_http(&fake), RC_OK, 200, "{}", NULL);
        answered++;
    }
    assert_in_range(answered, 20, 40); /* of 50 */
    assert_true(rex_rest_wait_ms(rest, REX_LIGHT) > 50000);
    assert_int_equal(rex_rest_wait_ms(rest, REX_HEAVY), 0);
    assert_non_null(strstr(rex_rest_waits(rest), "no more requests for 6"));
    struct got act = {0};
    ask(&act, "POST", "/act", REX_LIGHT, REX_FOR_ACTION, 0);
    fake_http_answer(at("/act"), RC_OK, 204, "", NULL);
    assert_int_equal(act.times, 1);
    fake_io_advance(&fake, 70000);
    assert_true(fake_http_pending(&fake) > 0);
    assert_string_equal(rex_rest_waits(rest), "");
}

static void a_401_renews_the_token_once(void **state)
{
    (void)state;
    sign_in();
    ask(&got[0], "GET", "/x", REX_LIGHT, REX_FOR_ACTION, 0);
    ask(&got[1], "POST", "/y", REX_LIGHT, REX_FOR_ACTION, 0);
    fake_io_advance(&fake, 120000);
    rex_refuse(at("/x"), 401, "OAU-129", NULL, 0);
    rex_refuse(at("/y"), 401, "OAU-129", NULL, 0);
    assert_int_equal(got[0].times + got[1].times, 0);
    fake_io_advance(&fake, 0);
    assert_int_equal(fake_http_pending(&fake), 1); /* one renewal for both */
    assert_true(str_starts(fake_http(&fake)->body, "grant_type=refresh_token"));
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    assert_string_equal(at("/x")->bearer, "B");
    assert_string_equal(at("/y")->bearer, "B");
    fake_http_answer(at("/x"), RC_OK, 200, "{}", NULL);
    assert_int_equal(got[0].status, 200);
    rex_refuse(at("/y"), 401, "CMN-405", NULL, 0); /* it is not the token */
    assert_int_equal(got[1].times, 1);
    assert_int_equal(got[1].status, 401);
    assert_string_equal(got[1].code, "CMN-405");
    assert_non_null(strstr(got[1].text, "callhud doctor"));
}

static void a_429_is_waited_out_but_a_person_is_told(void **state)
{
    (void)state;
    sign_in();
    ask(&got[0], "GET", "/x", REX_MEDIUM, REX_FOR_SNAPSHOT, 0);
    ask(&got[1], "POST", "/y", REX_MEDIUM, REX_FOR_ACTION, 0);
    rex_refuse(at("/x"), 429, "CMN-301", "medium", 60000);
    rex_refuse(at("/y"), 429, "CMN-301", "medium", 60000);
    assert_int_equal(got[0].times, 0);
    assert_int_equal(got[1].times, 1);
    assert_int_equal(got[1].status, 429);
    assert_string_equal(got[1].text,
                        "the service allows no more requests for 60 s: try again then");
    /* Nothing of the group in the penalty, whoever asks; another group goes. */
    ask(&got[2], "POST", "/z", REX_MEDIUM, REX_FOR_ACTION, 0);
    ask(&got[3], "POST", "/light", REX_LIGHT, REX_FOR_ACTION, 0);
    fake_http_answer(at("/light"), RC_OK, 200, "{}", NULL);
    fake_io_advance(&fake, 59900);
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 5000);
    assert_non_null(at("/x"));
    assert_non_null(at("/z"));
}

static void a_429_without_a_group_stops_everything(void **state)
{
    (void)state;
    sign_in();
    ask(&got[0], "GET", "/x", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    rex_refuse(at("/x"), 429, "CMN-310", NULL, 0);
    ask(&got[1], "GET", "/y", REX_HEAVY, REX_FOR_ACTION, 0);
    fake_io_advance(&fake, 29900);
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 5000);
    assert_int_equal(fake_http_pending(&fake), 2);
}

static void the_group_of_the_answer_counts(void **state)
{
    (void)state;
    sign_in();
    ask(&got[0], "GET", "/x", REX_LIGHT, REX_FOR_ACTION, 0);
    rex_answer_in(at("/x"), 200, "{}", "Heavy", "10", "0", "60");
    ask(&got[1], "GET", "/y", REX_HEAVY, REX_FOR_ACTION, 0);
    assert_null(at("/y"));
    ask(&got[2], "GET", "/z", REX_LIGHT, REX_FOR_ACTION, 0);
    assert_non_null(at("/z"));
}

static void what_reads_is_tried_once_more(void **state)
{
    (void)state;
    sign_in();
    ask(&got[0], "GET", "/x", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    rex_refuse(at("/x"), 503, "CMN-211", "light", 0);
    assert_int_equal(got[0].times, 0);
    fake_io_advance(&fake, 1100);
    fake_http_answer(at("/x"), RC_TIMEOUT, 0, NULL, NULL);
    assert_int_equal(got[0].times, 1);
    assert_int_equal(got[0].rc, RC_TIMEOUT);
    /* With the time that it says. */
    ask(&got[1], "GET", "/y", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    rex_refuse(at("/y"), 503, "CMN-211", "light", 7000);
    fake_io_advance(&fake, 6900);
    assert_null(at("/y"));
    fake_io_advance(&fake, 200);
    rex_refuse(at("/y"), 503, "CMN-211", "light", 7000);
    assert_int_equal(got[1].status, 503);
    assert_non_null(strstr(got[1].text, "try again"));
    /* Unless that is too long to keep anybody waiting without a word. */
    ask(&got[4], "GET", "/never", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    rex_refuse(at("/never"), 503, "CMN-211", "light", 24 * 3600 * 1000);
    assert_int_equal(got[4].times, 1);
    assert_int_equal(got[4].status, 503);
    /* What changes something is not. */
    ask(&got[2], "POST", "/z", REX_LIGHT, REX_FOR_ACTION, 0);
    fake_http_answer(at("/z"), RC_TIMEOUT, 0, NULL, NULL);
    assert_int_equal(got[2].times, 1);
    ask(&got[3], "GET", "/w", REX_LIGHT, REX_FOR_SNAPSHOT, 0);
    fake_http_answer(at("/w"), RC_TLS, 0, NULL, NULL);
    assert_int_equal(got[3].times, 1);
}

static void patience_ends(void **state)
{
    (void)state;
    ask(&got[0], "POST", "/x", REX_LIGHT, REX_FOR_ACTION, 5000);
    fake_io_advance(&fake, 4900);
    assert_int_equal(got[0].times, 0);
    fake_io_advance(&fake, 200);
    assert_int_equal(got[0].times, 1);
    assert_int_equal(got[0].rc, RC_TIMEOUT);
    assert_string_equal(got[0].text, "not signed in at rc.example.com: nothing was asked for");
    sign_in();
    ask(&got[1], "GET", "/y", REX_HEAVY, REX_FOR_SNAPSHOT, 0);
    rex_refuse(at("/y"), 429, "CMN-301", "heavy", 60000);
    ask(&got[2], "POST", "/z", REX_HEAVY, REX_FOR_ACTION, 10000);
    fake_io_advance(&fake, 10100);
    assert_int_equal(got[2].rc, RC_TIMEOUT);
    assert_non_null(strstr(got[2].text, "no more requests for 5"));
    /* Under way it has the time of a request. */
    ask(&got[3], "POST", "/w", REX_LIGHT, REX_FOR_ACTION, 1000);
    fake_io_advance(&fake, 5000);
    assert_int_equal(got[3].times, 0);
    fake_http_answer(at("/w"), RC_OK, 200, "{}", NULL);
    assert_int_equal(got[3].status, 200);
}

static void errors_say_what_to_do(void **state)
{
    (void)state;
    sign_in();
    static const struct {
        int status;
        const char *code, *text;
    } all[] = {
        {403, "CMN-401",
         "why it is so: give the application that permission in the developer console (GET /x: 403 "
         "CMN-401)"},
        {403, "CMN-408",
         "why it is so: ask an administrator of the account for that permission of your role (GET "
         "/x: 403 CMN-408)"},
        {404, "CMN-102",
         "why it is so: it is not there any more, or never was (GET /x: 404 CMN-102)"},
        {409, "TAS-1",
         "why it is so: the call is not in a state for it now: look again (GET /x: 409 TAS-1)"},
        {400, "CMN-101", "why it is so (GET /x: 400 CMN-101)"},
        {500, "CMN-201", "why it is so: the service has trouble: try again (GET /x: 500 CMN-201)"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        memset(&got[0], 0, sizeof got[0]);
        ask(&got[0], "GET", "/x?secret=1", REX_LIGHT, REX_FOR_ACTION, 0);
        rex_refuse(at("/x?secret=1"), all[i].status, all[i].code, NULL, 0);
        assert_int_equal(got[0].rc, RC_OK);
        assert_string_equal(got[0].code, all[i].code);
        assert_string_equal(got[0].text, all[i].text);
    }
    ask(&got[1], "GET", "/r", REX_LIGHT, REX_FOR_ACTION, 0);
    fake_http_answer(at("/r"), RC_OK, 302, "", "https://elsewhere.example.net/");
    assert_int_equal(got[1].status, 302);
    assert_string_equal(got[1].text,
                        "rc.example.com redirects to https://elsewhere.example.net/: redirects are "
                        "not followed; set server to the address that answers");
}

/* What is too long is cut between characters, wherever the cut falls. */
static void long_reasons_stay_whole_characters(void **state)
{
    (void)state;
    sign_in();
    for (size_t lead = 0; lead < 3; lead++) {
        char body[400], to[320] = "";
        memset(&got[0], 0, sizeof got[0]);
        memset(&got[1], 0, sizeof got[1]);
        memset(to, 'x', lead);
        for (size_t i = 0; i < 80; i++)
            memcpy(to + lead + 3 * i, "\xe2\x82\xac", 4);
        snprintf(body, sizeof body, "{\"errorCode\":\"CMN-1\",\"message\":\"%s\"}", to);
        ask(&got[0], "GET", "/x", REX_LIGHT, REX_FOR_ACTION, 0);
        fake_http_answer(at("/x"), RC_OK, 400, body, NULL);
        assert_non_null(strstr(got[0].text, "\xe2\x82\xac (GET /x: 400 CMN-1)"));
        ask(&got[1], "GET", "/r", REX_LIGHT, REX_FOR_ACTION, 0);
        fake_http_answer(at("/r"), RC_OK, 302, "", to);
        assert_non_null(strstr(got[1].text, "\xe2\x82\xac: redirects are"));
    }
}

static void who_is_gone_hears_nothing(void **state)
{
    (void)state;
    sign_in();
    ask(&got[0], "GET", "/x", REX_LIGHT, REX_FOR_ACTION, 0);
    ask(&got[0], "GET", "/y", REX_LIGHT, REX_FOR_ACTION, 0);
    ask(&got[1], "GET", "/z", REX_LIGHT, REX_FOR_ACTION, 0);
    rex_rest_cancel(rest, &got[0]);
    assert_null(at("/x"));
    fake_http_answer(at("/z"), RC_OK, 200, "{}", NULL);
    fake_io_advance(&fake, 100000);
    assert_int_equal(got[0].times, 0);
    assert_int_equal(got[1].times, 1);
}

struct chain {
    struct got second;
    int depth;
};

static void on_first(void *self, const struct rex_answer *answer)
{
    struct chain *chain = self;
    (void)answer;
    chain->depth++;
    struct rex_request request = {.method = "GET", .path = "/second", .group = REX_LIGHT};
    rex_rest_ask(rest, &request, on_done, &chain->second);
    chain->depth--;
}

static void an_answer_may_ask_on(void **state)
{
    (void)state;
    struct chain chain = {0};
    sign_in();
    struct rex_request request = {.method = "GET", .path = "/first", .group = REX_LIGHT};
    rex_rest_ask(rest, &request, on_first, &chain);
    fake_http_answer(at("/first"), RC_OK, 200, "{}", NULL);
    fake_io_advance(&fake, 0);
    assert_non_null(at("/second"));
    rex_rest_cancel(rest, &chain.second);
}

/* Two processes, answers that are late, a service that counts: never a 429, never a request in a
 * penalty that somebody else's program has caused. */
static void two_processes_never_break_the_limit(void **state)
{
    (void)state;
    sign_in();
    struct rex_shared *shared2 = rex_shared_new(&shared_file);
    struct rex_signin_config signin2 = signin_config;
    signin2.shared = shared2;
    struct rex_signin *other = rex_signin_new(&signin2);
    struct rex_rest_config config2 = rest_config;
    config2.shared = shared2;
    config2.signin = other;
    struct rex_rest *rest2 = rex_rest_new(&config2);
    struct rex_rest *both[] = {rest, rest2};
    int64_t sent_ms[4000];
    size_t sent = 0, seen = fake.requests.len;
    int64_t penalty_until_ms = 0;
    fake_io_advance(&fake, 0);
    rex_rest_ready(rest2);
    for (int turn = 0; turn < 6000; turn++) {
        uint32_t random = fake.io.random(fake.io.net) >> 8;
        if (random % 3 == 0) {
            struct rex_request request = {.method = "GET",
                                          .path = "/x",
                                          .group = REX_HEAVY,
                                          .priority = (enum rex_priority)(random / 3 % 5),
                                          .patience_ms = 20000};
            rex_rest_ask(both[random / 16 % 2], &request, on_done, &got[random / 32 % 60]);
        }
        for (; seen < fake.requests.len; seen++) {
            if (!str_ends(fake.requests.items[seen]->url, "/x"))
                continue;
            assert_true(fake.now_ms >= penalty_until_ms);
            assert_true(sent < 4000);
            sent_ms[sent++] = fake.now_ms;
            if (sent > 10)
                assert_true(sent_ms[sent - 1] - sent_ms[sent - 11] >= 60000);
        }
        for (size_t i = 0; i < fake.requests.len && random % 7 == 0; i++) {
            struct io_http *http = fake.requests.items[i];
            if (http->is_over)
                continue;
            if (random % 11 == 0 && str_ends(http->url, "/x")) { /* others have used it up */
                rex_refuse(http, 429, "CMN-301", "heavy", 60000);
                penalty_until_ms = fake.now_ms + 60000;
            } else if (str_ends(http->url, "/x")) {
                fake_http_answer(http, RC_OK, 200, "{}", NULL);
            } else {
                rex_give_token(http, "B", 3600, 604800);
            }
        }
        fake_io_advance(&fake, (int64_t)(random % 400));
    }
    assert_true(sent > 30);
    rex_rest_free(rest2);
    rex_signin_free(other);
    rex_shared_free(shared2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_carries_the_token_and_what_it_wants),
        TEST(the_urgent_go_first_and_one_place_is_theirs),
        TEST(polling_leaves_requests_for_actions),
        TEST(a_401_renews_the_token_once),
        TEST(a_429_is_waited_out_but_a_person_is_told),
        TEST(a_429_without_a_group_stops_everything),
        TEST(the_group_of_the_answer_counts),
        TEST(what_reads_is_tried_once_more),
        TEST(patience_ends),
        TEST(errors_say_what_to_do),
        TEST(long_reasons_stay_whole_characters),
        TEST(who_is_gone_hears_nothing),
        TEST(an_answer_may_ask_on),
        TEST(two_processes_never_break_the_limit),
    };
    return cmocka_run_group_tests_name("rex_rest", tests, NULL, NULL);
}
