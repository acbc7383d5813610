/* HTTP requests against a server that behaves as the path says (net_server.py). */
#include "net_rig.h"

static char url_text[256];

static struct io_http_request get(const char *path)
{
    snprintf(url_text, sizeof url_text, "http://127.0.0.1:%d%s", rig_port("plain"), path);
    return (struct io_http_request){.method = "GET", .url = url_text, .timeout_ms = 15000};
}

static struct reply ask(const struct io_http_request *request)
{
    struct reply r = {0};

    reply_ask(&r, request);
    rig_run();
    assert_int_equal(r.count, 1);
    return r;
}

static void expect_failure(const struct io_http_request *request, enum rc rc, const char *words)
{
    struct reply r = ask(request);

    if (strstr(r.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", r.text, words);
    assert_int_equal(r.rc, rc);
    assert_int_equal(r.status, 0);
    assert_int_equal(r.body.len, 0);
    assert_int_equal(r.is_unsent,
                     rc == RC_CONFIG || strstr(words, "no connection to localhost") != NULL);
    buf_fini(&r.body);
}

static void answers_of_any_status_come(void **state)
{
    static const int codes[] = {200, 201, 400, 401, 403, 404, 409, 500, 503};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char path[64];

        snprintf(path, sizeof path, "/http/status/%d", codes[i]);
        struct io_http_request request = get(path);
        struct reply r = ask(&request);

        assert_int_equal(r.rc, RC_OK);
        assert_int_equal(r.status, codes[i]);
        assert_string_equal(r.content_type, "application/json");
        assert_string_equal(buf_text(&r.body), "{\"message\":\"as asked\"}");
        buf_fini(&r.body);
    }
}

static void no_content_is_an_answer(void **state)
{
    struct io_http_request request = get("/http/none");
    struct reply r = ask(&request);

    (void)state;
    assert_int_equal(r.status, 204);
    assert_int_equal(r.body.len, 0);
    buf_fini(&r.body);
}

static void methods_bodies_and_headers_arrive(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct io_http_request request = get("/http/echo");
        char want[64];

        request.method = methods[i];
        request.access.user = "supervisor";
        request.access.password = "sesam:offne";
        if (i > 0) {
            request.content_type = "application/json";
            request.body = "{\"variables\":1} and more";
            request.body_len = strlen("{\"variables\":1}");
        }
        struct reply r = ask(&request);

        assert_int_equal(r.status, 200);
        snprintf(want, sizeof want, "\"method\": \"%s\"", methods[i]);
        assert_non_null(strstr(buf_text(&r.body), want));
        assert_non_null(strstr(buf_text(&r.body), "Basic c3VwZXJ2aXNvcjpzZXNhbTpvZmZuZQ=="));
        assert_null(strstr(buf_text(&r.body), "expect"));
        if (i > 0) {
            assert_non_null(strstr(buf_text(&r.body), "\"body\": \"{\\\"variables\\\":1}\""));
            assert_non_null(strstr(buf_text(&r.body), "\"content-type\": \"application/json\""));
        }
        buf_fini(&r.body);
    }
}

static void a_post_without_a_body_says_its_length(void **state)
{
    struct io_http_request request = get("/http/echo");

    (void)state;
    request.method = "POST";
    request.access.bearer = "token.of.mine";
    struct reply r = ask(&request);

    assert_int_equal(r.status, 200);
    assert_non_null(strstr(buf_text(&r.body), "\"content-length\": \"0\""));
    assert_non_null(strstr(buf_text(&r.body), "\"authorization\": \"Bearer token.of.mine\""));
    assert_null(strstr(buf_text(&r.body), "x-www-form"));
    buf_fini(&r.body);
}

/* Each request's credentials are its own, though the connection is shared. */
static void credentials_do_not_stay_on_the_connection(void **state)
{
    struct io_http_request request = get("/http/echo");

    (void)state;
    request.access.user = "a";
    request.access.password = "b";
    struct reply r = ask(&request);

    assert_non_null(strstr(buf_text(&r.body), "authorization"));
    buf_fini(&r.body);
    request.access.user = request.access.password = NULL;
    r = ask(&request);
    assert_null(strstr(buf_text(&r.body), "authorization"));
    buf_fini(&r.body);
}

static long number_of(struct reply *r)
{
    const char *at = strstr(buf_text(&r->body), "\"number\": ");

    assert_non_null(at);
    return strtol(at + 10, NULL, 10);
}

static void connections_are_used_again(void **state)
{
    long before = rig_ask("count", "plain");
    long first = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct io_http_request request = get("/http/echo");
        struct reply r = ask(&request);

        if (i == 0)
            first = number_of(&r);
        assert_int_equal(number_of(&r), first);
        buf_fini(&r.body);
    }
    assert_int_equal(rig_ask("count", "plain"), before + 1);
}

static void redirects_are_answers(void **state)
{
    long before = rig_ask("count", "target");
    struct io_http_request request = get("/http/redirect");
    char target[64];

    (void)state;
    request.access.user = "supervisor";
    request.access.password = "secret";
    struct reply r = ask(&request);

    assert_int_equal(r.rc, RC_OK);
    assert_int_equal(r.status, 302);
    snprintf(target, sizeof target, "http://127.0.0.1:%d/http/echo", rig_port("target"));
    assert_string_equal(r.location, target);
    rig_run_for(50);
    assert_int_equal(rig_ask("count", "target"), before);
    buf_fini(&r.body);
}

static void retry_after_is_read(void **state)
{
    struct io_http_request request = get("/http/retry");
    struct reply r = ask(&request);

    (void)state;
    assert_int_equal(r.status, 429);
    assert_int_equal(r.retry_after_ms, 7000);
    buf_fini(&r.body);
    request = get("/http/retrynever");
    r = ask(&request);
    assert_int_equal(r.status, 429);
    assert_in_range(r.retry_after_ms, 1000, 24 * 3600 * 1000);
    buf_fini(&r.body);
}

struct seen_headers {
    bool is_done;
    size_t len;
    char group[32], remaining[32], missing[32];
};

static void see_headers(void *self, const struct io_http_answer *answer)
{
    struct seen_headers *seen = self;
    const char *group = io_header(answer, "x-rate-limit-group");
    const char *remaining = io_header(answer, "X-Rate-Limit-Remaining");

    seen->is_done = true;
    seen->len = answer->headers_len;
    str_copy(seen->group, sizeof seen->group, group != NULL ? group : "");
    str_copy(seen->remaining, sizeof seen->remaining, remaining != NULL ? remaining : "");
    str_copy(seen->missing, sizeof seen->missing,
             io_header(answer, "X-Rate-Limit") != NULL ? "there" : "");
    loop_stop(rig.loop);
}

static void headers_of_an_answer_are_there(void **state)
{
    struct io_http_request request = get("/http/limits");
    struct seen_headers seen = {0};

    (void)state;
    rig.io.http(rig.net, &request, see_headers, &seen);
    rig_run();
    assert_true(seen.is_done);
    assert_string_equal(seen.group, "light");
    assert_string_equal(seen.remaining, "49");
    assert_string_equal(seen.missing, "");
    request = get("/http/manyheaders");
    seen.is_done = false;
    rig.io.http(rig.net, &request, see_headers, &seen);
    rig_run();
    assert_true(seen.is_done);
    assert_int_equal(seen.len, IO_HEADERS_MAX);
}

static void what_is_accepted_is_said(void **state)
{
    struct io_http_request request = get("/http/echo");

    (void)state;
    request.accept = "application/vnd.ringcentral.multipart+json";
    struct reply r = ask(&request);

    assert_non_null(strstr(buf_text(&r.body), "\"accept\": \"application/vnd.ringcentral."
                                              "multipart+json\""));
    buf_fini(&r.body);
}

static void bodies_are_bounded(void **state)
{
    struct io_http_request request = get("/http/big");
    struct reply r = ask(&request);

    (void)state;
    assert_int_equal(r.rc, RC_OK);
    assert_int_equal(r.body.len, 300000);
    buf_fini(&r.body);
    request.answer_max_bytes = 300000;
    r = ask(&request);
    assert_int_equal(r.rc, RC_OK);
    buf_fini(&r.body);
    request.answer_max_bytes = 299999;
    expect_failure(&request, RC_TOO_BIG, "larger than 299999 bytes");
    request = get("/http/endless");
    request.answer_max_bytes = 50000;
    expect_failure(&request, RC_TOO_BIG, "larger than 50000 bytes");
    request = get("/http/chunked");
    r = ask(&request);
    assert_string_equal(buf_text(&r.body), "hello world");
    buf_fini(&r.body);
}

static void broken_answers_are_told(void **state)
{
    struct io_http_request request = get("/http/cut");

    (void)state;
    expect_failure(&request, RC_UNREACHABLE, "cut off after 9 bytes");
    request = get("/http/nothing");
    expect_failure(&request, RC_UNREACHABLE, "closed the connection without an answer; is that");
    request = get("/http/garbage");
    expect_failure(&request, RC_PROTO, "is that a web server's port?");
}

static void slow_answers_time_out(void **state)
{
    static const char *const paths[] = {"/http/slow", "/http/trickle"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct io_http_request request = get(paths[i]);
        int64_t from_ms = clock_mono_ms();

        request.timeout_ms = 300;
        expect_failure(&request, RC_TIMEOUT, "within 0.3 s");
        assert_in_range(clock_mono_ms() - from_ms, 299, 3000);
    }
    snprintf(url_text, sizeof url_text, "http://127.0.0.1:%d/", rig_port("silent"));
    struct io_http_request request = {.method = "GET", .url = url_text, .timeout_ms = 300};

    expect_failure(&request, RC_TIMEOUT, "no answer from 127.0.0.1");
}

static void refused_connections_say_why(void **state)
{
    (void)state;
    snprintf(url_text, sizeof url_text, "http://localhost:%d/", rig_port("refused"));
    struct io_http_request request = {.method = "GET", .url = url_text, .timeout_ms = 5000};

    expect_failure(&request, RC_UNREACHABLE, "no connection to localhost port");
    struct reply r = ask(&request);
    assert_non_null(strstr(r.text, ": Connection refused; is it running, and server right?"));
    assert_null(strcasestr(r.text, "curl"));
    buf_fini(&r.body);
}

static void ipv6_and_localhost_work(void **state)
{
    char text[64], host[64];

    (void)state;
    if (rig_port("six") == 0)
        skip();
    /* localhost is 127.0.0.1, where nobody listens on this port, then ::1. */
    snprintf(text, sizeof text, "http://localhost:%d/http/echo", rig_port("six"));
    struct io_http_request request = {.method = "GET", .url = text, .timeout_ms = 5000};
    struct reply r = ask(&request);

    assert_int_equal(r.rc, RC_OK);
    snprintf(host, sizeof host, "\"host\": \"localhost:%d\"", rig_port("six"));
    assert_non_null(strstr(buf_text(&r.body), host));
    buf_fini(&r.body);
    snprintf(text, sizeof text, "http://[::1]:%d/http/echo", rig_port("six"));
    r = ask(&request);
    assert_int_equal(r.status, 200);
    buf_fini(&r.body);
}

static void wrong_addresses_are_refused_before_any_packet(void **state)
{
    struct io_http_request request = get("/");

    (void)state;
    request.url = "http://pbx.example:8088/ari";
    expect_failure(&request, RC_CONFIG, "plain text to pbx.example is refused");
    request.url = "ftp://localhost/";
    expect_failure(&request, RC_CONFIG, "write https://HOST");
    request.url = "file:///etc/passwd";
    expect_failure(&request, RC_CONFIG, "write https://HOST");
    request.url = "https://u:p@localhost/";
    expect_failure(&request, RC_CONFIG, "name or password");
    request.url = "https://localhost/";
    request.access.pin_sha256 = "sha256//short";
    expect_failure(&request, RC_CONFIG, "pin_sha256");
}

static void cancelled_requests_tell_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        struct io_http_request request = get(i % 2 != 0 ? "/http/slow" : "/http/endless");
        struct reply r = {0};

        request.answer_max_bytes =
            1024u * 1024 * 1024; /* the endless one must not end by its size */
        reply_ask(&r, &request);
        if (i > 0)
            rig_run_for(i / 3);
        rig.io.http_cancel(r.http);
        rig_run_for(2);
        assert_int_equal(r.count, 0);
    }
    rig.io.http_cancel(NULL);
}

static void one_may_cancel_another_when_told(void **state)
{
    struct io_http_request slow = get("/http/slow");
    struct reply r = {0}, never = {0};

    (void)state;
    reply_ask(&never, &slow);
    rig_run_for(20);
    struct io_http_request request = get("/http/echo");

    r.cancels = never.http;
    reply_ask(&r, &request);
    rig_run();
    rig_run_for(50);
    assert_int_equal(r.count, 1);
    assert_int_equal(never.count, 0);
    buf_fini(&r.body);
}

static void ask_again(void *self, const struct io_http_answer *answer)
{
    struct reply *r = self;

    assert_int_equal(answer->status, 200);
    if (++r->count == 5) {
        loop_stop(rig.loop);
        return;
    }
    struct io_http_request request = get("/http/echo");

    rig.io.http(rig.net, &request, ask_again, r);
}

static void asking_from_inside_an_answer_works(void **state)
{
    struct reply r = {0};
    struct io_http_request request = get("/http/echo");

    (void)state;
    rig.io.http(rig.net, &request, ask_again, &r);
    rig_run();
    assert_int_equal(r.count, 5);
}

static int answered;

static void count_answer(void *self, const struct io_http_answer *answer)
{
    (void)self;
    assert_int_equal(answer->status, 200);
    if (++answered == 60)
        loop_stop(rig.loop);
}

static void many_at_once_are_all_answered(void **state)
{
    struct io_http_request request = get("/http/big");

    (void)state;
    answered = 0;
    for (int i = 0; i < 60; i++)
        rig.io.http(rig.net, &request, count_answer, NULL);
    rig_run();
    assert_int_equal(answered, 60);
}

static void a_proxy_in_the_environment_is_not_asked(void **state)
{
    long before = rig_ask("count", "target");
    char proxy[64];

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", rig_port("target"));
    setenv("http_proxy", proxy, 1);
    setenv("all_proxy", proxy, 1);
    no_content_is_an_answer(state);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(rig_ask("count", "target"), before);
}

static void what_runs_ends_with_net(void **state)
{
    struct reply r = {0};
    struct io_http_request request = get("/http/slow");

    (void)state;
    reply_ask(&r, &request);
    rig_run_for(20);
    reply_ask(&r, &request); /* not started yet */
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
        T(answers_of_any_status_come),
        T(no_content_is_an_answer),
        T(methods_bodies_and_headers_arrive),
        T(a_post_without_a_body_says_its_length),
        T(credentials_do_not_stay_on_the_connection),
        T(connections_are_used_again),
        T(redirects_are_answers),
        T(retry_after_is_read),
        T(headers_of_an_answer_are_there),
        T(what_is_accepted_is_said),
        T(bodies_are_bounded),
        T(broken_answers_are_told),
        T(slow_answers_time_out),
        T(refused_connections_say_why),
        T(ipv6_and_localhost_work),
        T(wrong_addresses_are_refused_before_any_packet),
        T(cancelled_requests_tell_nobody),
        T(one_may_cancel_another_when_told),
        T(asking_from_inside_an_answer_works),
        T(many_at_once_are_all_answered),
        T(a_proxy_in_the_environment_is_not_asked),
        T(what_runs_ends_with_net),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
