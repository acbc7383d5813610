/* The token: got, renewed, shared, refused. */
#include "callhud/backend/ringcentral/signin.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include "rex_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct person { /* one process */
    struct rex_shared *shared;
    struct rex_signin *signin;
    struct rex_signin_config config;
    int ready, failed;
    enum rc rc;
    char text[512];
};

static struct fake_io fake;
static struct rex_file file;
static struct backend_shared shared;
static struct backend_config config;
static struct person ann, bob;

static void on_ready(void *self)
{
    ((struct person *)self)->ready++;
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    struct person *p = self;
    p->failed++;
    p->rc = rc;
    str_copy(p->text, sizeof p->text, text);
    assert_null(strchr(text, '\n'));
    assert_null(strstr(text, "the.jwt"));
}

static void start(struct person *p)
{
    memset(p, 0, sizeof *p);
    p->shared = rex_shared_new(&shared);
    p->config = (struct rex_signin_config){.io = &fake.io,
                                           .config = &config,
                                           .shared = p->shared,
                                           .ready = on_ready,
                                           .failed = on_failed,
                                           .self = p};
    p->signin = rex_signin_new(&p->config);
}

static void stop(struct person *p)
{
    rex_signin_free(p->signin);
    rex_shared_free(p->shared);
    memset(p, 0, sizeof *p);
}

static int set_up(void **state)
{
    (void)state;
    memset(&file, 0, sizeof file);
    shared = rex_file_shared(&file);
    rex_config(&config, &shared);
    fake_io_init(&fake);
    memset(&ann, 0, sizeof ann);
    memset(&bob, 0, sizeof bob);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stop(&ann);
    stop(&bob);
    fake_io_fini(&fake);
    return 0;
}

static void sign_in(struct person *p, const char *name, int expires_s, int refresh_s)
{
    start(p);
    fake_io_advance(&fake, 0);
    rex_give_token(fake_http(&fake), name, expires_s, refresh_s);
    assert_string_equal(rex_signin_token(p->signin), name);
}

static void the_request_of_a_confidential_application(void **state)
{
    (void)state;
    start(&ann);
    assert_int_equal(fake_http_pending(&fake), 0); /* not before it returns */
    assert_null(rex_signin_token(ann.signin));
    assert_string_equal(rex_signin_owner(ann.signin), "");
    fake_io_advance(&fake, 0);
    struct io_http *http = fake_http(&fake);
    assert_string_equal(http->method, "POST");
    assert_string_equal(http->url, "https://rc.example.com/restapi/oauth/token");
    assert_string_equal(http->content_type, "application/x-www-form-urlencoded");
    assert_string_equal(http->user, "cid");
    assert_string_equal(http->password, "sec");
    assert_null(http->bearer);
    assert_string_equal(http->body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-"
                                    "bearer&assertion=the.jwt%2B%2F%3D");
    rex_give_token(http, "A", 3600, 604800);
    assert_int_equal(ann.ready, 1);
    assert_string_equal(rex_signin_token(ann.signin), "A");
    assert_string_equal(rex_signin_scope(ann.signin), "ReadPresence CallControl");
    assert_true(rex_signin_has_scope(ann.signin, "CallControl"));
    assert_true(rex_signin_has_scope(ann.signin, "ReadPresence"));
    assert_false(rex_signin_has_scope(ann.signin, "Read")); /* whole words */
    assert_false(rex_signin_has_scope(ann.signin, "EditPresence"));
    assert_string_equal(rex_signin_owner(ann.signin), "400144455008");
}

static void a_public_application_names_itself_in_the_form(void **state)
{
    (void)state;
    config.client_secret = "";
    start(&ann);
    fake_io_advance(&fake, 0);
    assert_null(fake_http(&fake)->user);
    assert_true(str_ends(fake_http(&fake)->body, "&client_id=cid"));
}

static void it_is_renewed_before_it_lapses_by_refresh(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    fake_io_advance(&fake, (3600 - 121) * 1000);
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 2000);
    assert_string_equal(fake_http(&fake)->body, "grant_type=refresh_token&refresh_token=r-A");
    assert_string_equal(rex_signin_token(ann.signin), "A"); /* still good */
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    assert_string_equal(rex_signin_token(ann.signin), "B");
    assert_int_equal(ann.ready, 2);
    assert_int_equal(ann.failed, 0);
}

static void a_short_life_is_renewed_in_its_last_quarter(void **state)
{
    (void)state;
    sign_in(&ann, "A", 60, 604800);
    fake_io_advance(&fake, 44000);
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 1500);
    assert_int_equal(fake_http_pending(&fake), 1);
}

static void without_a_refresh_token_the_jwt_again(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 0);
    rex_signin_rejected(ann.signin, "A");
    assert_null(rex_signin_token(ann.signin));
    fake_io_advance(&fake, 2000);
    assert_true(str_starts(fake_http(&fake)->body, "grant_type=urn"));
}

static void a_refused_refresh_is_followed_by_the_jwt(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    fake_io_advance(&fake, 60000);
    rex_signin_rejected(ann.signin, "A");
    fake_io_advance(&fake, 0);
    assert_true(str_starts(fake_http(&fake)->body, "grant_type=refresh_token"));
    fake_http_answer(fake_http(&fake), RC_OK, 400,
                     "{\"error\":\"invalid_grant\",\"error_description\":\"Token not found\"}",
                     NULL);
    fake_io_advance(&fake, 0);
    assert_true(str_starts(fake_http(&fake)->body, "grant_type=urn"));
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    assert_string_equal(rex_signin_token(ann.signin), "B");
    assert_int_equal(ann.failed, 0);
}

/* Of an earlier run, so that it was never ours: it stands in no log all the same. */
static void a_refused_refresh_token_is_not_told(void **state)
{
    (void)state;
    struct log_line line;
    sign_in(&ann, "ALPHA", 3600, 604800);
    stop(&ann);
    log_close(); /* this run has not seen it */
    fake_io_advance(&fake, 3700000);
    start(&ann);
    fake_io_advance(&fake, 0);
    assert_string_equal(fake_http(&fake)->body, "grant_type=refresh_token&refresh_token=r-ALPHA");
    fake_http_answer(fake_http(&fake), RC_OK, 400,
                     "{\"error\":\"invalid_grant\",\"error_description\":\"no r-ALPHA here\"}",
                     NULL);
    for (size_t i = 0; i < log_count(); i++) {
        assert_true(log_get(i, &line));
        assert_null(strstr(line.text, "r-ALPHA"));
    }
    assert_true(log_count() > 0);
}

static void a_lapsed_refresh_token_is_not_tried(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 100);
    fake_io_advance(&fake, 200000);
    rex_signin_rejected(ann.signin, "A");
    fake_io_advance(&fake, 0);
    assert_true(str_starts(fake_http(&fake)->body, "grant_type=urn"));
}

static void a_lost_answer_to_a_refresh_is_asked_for_again(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    fake_io_advance(&fake, 60000);
    rex_signin_rejected(ann.signin, "A");
    fake_io_advance(&fake, 0);
    fake_http_answer(fake_http(&fake), RC_TIMEOUT, 0, NULL, NULL);
    assert_int_equal(ann.failed, 1);
    assert_int_equal(ann.rc, RC_TIMEOUT);
    fake_io_advance(&fake, 5000);
    assert_string_equal(fake_http(&fake)->body, "grant_type=refresh_token&refresh_token=r-A");
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    assert_string_equal(rex_signin_token(ann.signin), "B");
}

static void a_renewal_that_fails_is_silent_while_the_token_is_good(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    fake_io_advance(&fake, (3600 - 110) * 1000);
    int tries = 0;
    while (ann.failed == 0 && tries < 100) {
        if (fake_http_pending(&fake) > 0) {
            fake_http_answer(fake_http(&fake), RC_OK, 502, "<html>", NULL);
            tries++;
        }
        fake_io_advance(&fake, 1000);
    }
    assert_in_range(tries, 2, 12);
    assert_null(rex_signin_token(ann.signin));
    assert_non_null(strstr(ann.text, "502"));
}

/* 240 bytes: what is too long is cut between characters. */
#define E10                                                        \
    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac" \
    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
#define E80 E10 E10 E10 E10 E10 E10 E10 E10

static void what_the_person_has_to_do(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *advice;
    } all[] = {
        {400,
         "{\"error\":\"invalid_client\",\"errors\":[{\"errorCode\":\"OAU-153\",\"message\":"
         "\"Invalid client: cid\"}]}",
         "check client_id and client_secret"},
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}",
         "make a new JWT credential"},
        {400, "{\"error\":\"unauthorized_client\"}", "add the JWT grant"},
        {401, "{\"error\":\"x\",\"errors\":[{\"errorCode\":\"OAU-112\"}]}", "add the JWT grant"},
        {400, "{\"errors\":[{\"errorCode\":\"OAU-153\",\"message\":\"" E80 "\"}]}",
         "\xe2\x82\xac): check client_id"},
        {403, "no json", "check client_id, client_secret and jwt"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        start(&ann);
        fake_io_advance(&fake, 0);
        fake_http_answer(fake_http(&fake), RC_OK, all[i].status, all[i].body, NULL);
        assert_int_equal(ann.failed, 1);
        assert_int_equal(ann.rc, RC_AUTH);
        assert_non_null(strstr(ann.text, all[i].advice));
        assert_non_null(strstr(ann.text, "rc.example.com"));
        /* Not by itself: only when asked to. */
        fake_io_advance(&fake, 3600000);
        assert_int_equal(fake_http_pending(&fake), 0);
        rex_signin_try_now(ann.signin);
        fake_io_advance(&fake, 0);
        assert_int_equal(fake_http_pending(&fake), 1);
        stop(&ann);
        fake_io_advance(&fake, 120000);
    }
}

static void what_is_tried_again(void **state)
{
    (void)state;
    static const struct {
        enum rc rc;
        int status;
        const char *location, *says;
        enum rc told;
    } all[] = {
        {RC_UNREACHABLE, 0, NULL, "", RC_UNREACHABLE},
        {RC_OK, 500, NULL, "500", RC_REFUSED},
        {RC_OK, 302, "https://evil.example.net/x", "https://evil.example.net/x", RC_REDIRECT},
        {RC_OK, 302, E80, "\xe2\x82\xac: redirects are", RC_REDIRECT},
        {RC_OK, 404, NULL, "server = https://platform.ringcentral.com", RC_NOT_FOUND},
        {RC_OK, 200, NULL, "no usable token", RC_PROTO},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        start(&ann);
        fake_io_advance(&fake, 0);
        fake_http_answer(fake_http(&fake), all[i].rc, all[i].status, "{}", all[i].location);
        assert_int_equal(ann.failed, 1);
        assert_int_equal(ann.rc, all[i].told);
        assert_non_null(strstr(ann.text, all[i].says));
        fake_io_advance(&fake, 61000);
        assert_int_equal(fake_http_pending(&fake), 1);
        stop(&ann);
        fake_io_advance(&fake, 120000);
    }
}

/* 6.1: a request made during the penalty restarts it. */
static void a_429_is_waited_out_by_all_processes(void **state)
{
    (void)state;
    start(&ann);
    fake_io_advance(&fake, 0);
    rex_refuse(fake_http(&fake), 429, "CMN-301", "auth", 60000);
    start(&bob);
    fake_io_advance(&fake, 59000);
    assert_int_equal(fake_http_pending(&fake), 0);
    assert_int_equal(ann.failed, 1);
    assert_non_null(strstr(ann.text, "no more sign-ins for"));
    assert_int_equal(bob.failed, 1);
    /* Also after a restart. */
    stop(&ann);
    start(&ann);
    rex_signin_try_now(ann.signin);
    fake_io_advance(&fake, 500);
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 6000);
    assert_int_equal(fake_http_pending(&fake), 1); /* of one of them */
    rex_give_token(fake_http(&fake), "A", 3600, 604800);
    fake_io_advance(&fake, 1000);
    assert_string_equal(rex_signin_token(ann.signin), "A");
    assert_string_equal(rex_signin_token(bob.signin), "A");
}

static void five_a_minute_and_no_more(void **state)
{
    (void)state;
    start(&ann);
    start(&bob);
    int64_t sent[400];
    size_t len = 0;
    for (int s = 0; s < 900; s++) {
        while (fake_http_pending(&fake) > 0) {
            sent[len++] = fake.now_ms;
            assert_true(len < 400);
            fake_http_answer(fake_http(&fake), RC_UNREACHABLE, 0, NULL, NULL);
        }
        if (s % 20 == 0) { /* a person who is in a hurry */
            rex_signin_try_now(ann.signin);
            rex_signin_try_now(bob.signin);
        }
        fake_io_advance(&fake, 1000);
    }
    assert_true(len > 40);
    for (size_t i = 5; i < len; i++)
        assert_true(sent[i] - sent[i - 5] >= 60000);
}

/* A machine without a network costs nothing of the minute: its sign-in is there when the network
 * is. */
static void what_never_left_costs_nothing(void **state)
{
    (void)state;
    struct io_http_answer unsent = {.rc = RC_UNREACHABLE, .text = "refused", .is_unsent = true};
    start(&ann);
    for (int i = 0; i < 12; i++) {
        rex_signin_try_now(ann.signin);
        fake_io_advance(&fake, 100);
        fake_http_answer_with(fake_http(&fake), &unsent);
    }
    assert_int_equal(ann.failed, 12);
    assert_string_equal(ann.text, "refused");
    assert_int_equal(rex_signin_wait_ms(ann.signin), 0);
}

/* The timer of the renewal runs by a clock that sleeps with the machine: the token lapses before.
 */
static void the_wall_clock_jumps_beyond_the_token(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    fake_io_advance(&fake, 60000);
    fake.wall_ms += 2 * 3600 * 1000;
    assert_null(rex_signin_token(ann.signin));
    fake_io_advance(&fake, 0);
    assert_string_equal(fake_http(&fake)->body, "grant_type=refresh_token&refresh_token=r-A");
    assert_null(rex_signin_token(ann.signin)); /* asked for once */
    fake_io_advance(&fake, 0);
    assert_int_equal(fake_http_pending(&fake), 1);
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    assert_int_equal(ann.ready, 2);
    assert_string_equal(rex_signin_token(ann.signin), "B");
}

static void two_processes_sign_in_once(void **state)
{
    (void)state;
    start(&ann);
    start(&bob);
    fake_io_advance(&fake, 0);
    assert_int_equal(fake_http_pending(&fake), 1);
    fake_io_advance(&fake, 3000);
    assert_int_equal(fake_http_pending(&fake), 1);
    rex_give_token(fake_http(&fake), "A", 3600, 604800);
    fake_io_advance(&fake, 1000);
    assert_string_equal(rex_signin_token(ann.signin), "A");
    assert_string_equal(rex_signin_token(bob.signin), "A");
    assert_string_equal(rex_signin_owner(bob.signin), "400144455008");
    /* And renew once, before it lapses. */
    fake_io_advance(&fake, (3600 - 119) * 1000);
    assert_int_equal(fake_http_pending(&fake), 1);
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    fake_io_advance(&fake, 1000);
    assert_string_equal(rex_signin_token(ann.signin), "B");
    assert_string_equal(rex_signin_token(bob.signin), "B");
    assert_int_equal(fake_http_pending(&fake), 0);
    assert_int_equal(fake.requests.len, 2);
    /* The token that another has replaced is refused: theirs is taken, without a request. */
    fake_io_advance(&fake, 60000);
    rex_signin_rejected(ann.signin, "B");
    fake_io_advance(&fake, 0);
    rex_give_token(fake_http(&fake), "C", 3600, 604800);
    rex_signin_rejected(bob.signin, "B");
    fake_io_advance(&fake, 1000);
    assert_string_equal(rex_signin_token(bob.signin), "C");
    assert_int_equal(fake.requests.len, 3);
}

static void a_process_that_died_renewing_is_waited_for_no_longer_than_its_lease(void **state)
{
    (void)state;
    start(&ann);
    fake_io_advance(&fake, 0);
    struct rex_file before = file; /* the lease is in it */
    stop(&ann);
    file = before; /* as if killed: it could not give it back */
    start(&bob);
    fake_io_advance(&fake, 15000);
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 6000);
    assert_int_equal(fake_http_pending(&fake), 1);
    rex_give_token(fake_http(&fake), "A", 3600, 604800);
    assert_string_equal(rex_signin_token(bob.signin), "A");
}

/* Where its death can be seen nobody waits: those who are left need a token at once, since the
 * renewal that it began may have ended theirs. */
static void the_renewal_of_one_that_was_killed_is_taken_over(void **state)
{
    (void)state;
    struct rex_process processes[2] = {{&file}, {&file}};
    shared = rex_process_shared(&processes[0]);
    sign_in(&ann, "A", 3600, 604800);
    shared = rex_process_shared(&processes[1]);
    start(&bob);
    fake_io_advance(&fake, (3600 - 119) * 1000);
    assert_int_equal(fake_http_pending(&fake), 1); /* Ann renews, or Bob */
    assert_non_null(file.claimed_by);
    struct person *dead = file.claimed_by == &processes[0] ? &ann : &bob,
                  *left = dead == &ann ? &bob : &ann;
    rex_signin_rejected(left->signin, "A");
    fake_io_advance(&fake, 5000);
    assert_int_equal(fake_http_pending(&fake), 1); /* while it lives it is waited for */
    struct rex_file before = file;
    stop(dead);
    file = before; /* killed: it gave nothing back, but the mark fell from it */
    file.claimed_by = NULL;
    assert_int_equal(fake_http_pending(&fake), 0);
    fake_io_advance(&fake, 500);
    assert_int_equal(fake_http_pending(&fake), 1);
    assert_string_equal(fake_http(&fake)->body, "grant_type=refresh_token&refresh_token=r-A");
    rex_give_token(fake_http(&fake), "B", 3600, 604800);
    assert_string_equal(rex_signin_token(left->signin), "B");
    assert_null(file.claimed_by);
}

static void who_leaves_gives_the_lease_back(void **state)
{
    (void)state;
    start(&ann);
    fake_io_advance(&fake, 0);
    stop(&ann);
    start(&bob);
    fake_io_advance(&fake, 0);
    assert_int_equal(fake_http_pending(&fake), 1);
}

static void a_token_of_an_earlier_run_is_used(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    stop(&ann);
    fake_io_advance(&fake, 600000);
    start(&ann);
    fake_io_advance(&fake, 0);
    assert_string_equal(rex_signin_token(ann.signin), "A");
    assert_int_equal(fake.requests.len, 1);
    /* Renewed in time all the same. */
    fake_io_advance(&fake, (3600 - 600 - 119) * 1000);
    assert_int_equal(fake_http_pending(&fake), 1);
    stop(&ann);
    /* A lapsed one is refreshed, not signed in anew. */
    fake_io_advance(&fake, 3600000);
    start(&ann);
    fake_io_advance(&fake, 0);
    assert_string_equal(fake_http(&fake)->body, "grant_type=refresh_token&refresh_token=r-A");
}

static void a_token_that_is_refused_at_once_is_not_renewed_in_a_storm(void **state)
{
    (void)state;
    start(&ann);
    size_t got = 0;
    for (int ms = 0; ms < 300000; ms += 100) {
        if (fake_http_pending(&fake) > 0) {
            rex_give_token(fake_http(&fake), ++got & 1 ? "A" : "B", 3600, 604800);
            rex_signin_rejected(ann.signin, rex_signin_token(ann.signin));
        }
        fake_io_advance(&fake, 100);
    }
    assert_in_range(got, 5, 20);
}

static void only_the_token_that_is_in_use_can_be_refused(void **state)
{
    (void)state;
    sign_in(&ann, "A", 3600, 604800);
    rex_signin_rejected(ann.signin, "older");
    assert_string_equal(rex_signin_token(ann.signin), "A");
    fake_io_advance(&fake, 60000);
    assert_int_equal(fake_http_pending(&fake), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_request_of_a_confidential_application),
        TEST(a_public_application_names_itself_in_the_form),
        TEST(it_is_renewed_before_it_lapses_by_refresh),
        TEST(a_short_life_is_renewed_in_its_last_quarter),
        TEST(without_a_refresh_token_the_jwt_again),
        TEST(a_refused_refresh_is_followed_by_the_jwt),
        TEST(a_refused_refresh_token_is_not_told),
        TEST(a_lapsed_refresh_token_is_not_tried),
        TEST(a_lost_answer_to_a_refresh_is_asked_for_again),
        TEST(a_renewal_that_fails_is_silent_while_the_token_is_good),
        TEST(what_the_person_has_to_do),
        TEST(what_is_tried_again),
        TEST(a_429_is_waited_out_by_all_processes),
        TEST(what_never_left_costs_nothing),
        TEST(the_wall_clock_jumps_beyond_the_token),
        TEST(five_a_minute_and_no_more),
        TEST(two_processes_sign_in_once),
        TEST(a_process_that_died_renewing_is_waited_for_no_longer_than_its_lease),
        TEST(the_renewal_of_one_that_was_killed_is_taken_over),
        TEST(who_leaves_gives_the_lease_back),
        TEST(a_token_of_an_earlier_run_is_used),
        TEST(a_token_that_is_refused_at_once_is_not_renewed_in_a_storm),
        TEST(only_the_token_that_is_in_use_can_be_refused),
    };
    return cmocka_run_group_tests_name("rex_signin", tests, NULL, NULL);
}
