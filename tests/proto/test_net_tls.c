/* Certificates, right and wrong ones, over websockets and HTTP alike. They are made for each run.
 */
#include "net_rig.h"

struct outcome {
    enum rc rc;
    char text[ERR_TEXT_BYTES];
    char got[2048]; /* what the server saw: headers and SNI */
};

static char pin_good[64], pin_wrongname[64];
static char ca_file[300];

static struct outcome by_ws(const char *host, const char *port, const struct io_access *access)
{
    struct outcome out = {0};
    struct notes n = {.stops_at_messages = 1};
    char url[256];

    snprintf(url, sizeof url, "wss://%s:%d/headers", host, rig_port(port));
    struct io_ws_request request = {.url = url, .access = *access, .open_timeout_ms = 15000};

    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.opened + n.closed, 1);
    assert_int_equal(n.closed == 1 ? n.status : 0, 0);
    out.rc = n.rc;
    str_copy(out.text, sizeof out.text, n.text);
    str_copy(out.got, sizeof out.got, buf_text(&n.last));
    notes_done(&n);
    return out;
}

static struct outcome by_http(const char *host, const char *port, const struct io_access *access)
{
    struct outcome out = {0};
    struct reply r = {0};
    char url[256];

    snprintf(url, sizeof url, "https://%s:%d/http/echo", host, rig_port(port));
    struct io_http_request request = {
        .method = "GET", .url = url, .access = *access, .timeout_ms = 15000};

    reply_ask(&r, &request);
    rig_run();
    out.rc = r.rc;
    str_copy(out.text, sizeof out.text, r.text);
    str_copy(out.got, sizeof out.got, buf_text(&r.body));
    /* A request that TLS keeps back was never sent: it costs nothing of the service's limits. */
    assert_int_equal(r.is_unsent, r.rc == RC_TLS || r.rc == RC_CONFIG);
    buf_fini(&r.body);
    return out;
}

typedef struct outcome (*way)(const char *host, const char *port, const struct io_access *access);
static const way ways[] = {by_ws, by_http};

static void expect(const char *host, const char *port, struct io_access access, enum rc rc,
                   const char *words)
{
    for (size_t i = 0; i < 2; i++) {
        struct outcome out = ways[i](host, port, &access);

        if (out.rc != rc || strstr(rc == RC_OK ? out.got : out.text, words) == NULL)
            fail_msg("%s %s by %s: %d \"%s\" %s, not %d \"%s\"", host, port, i == 0 ? "ws" : "http",
                     out.rc, out.text, out.got, rc, words);
        if (rc != RC_OK)
            assert_string_equal(out.got, "");
    }
}

static struct io_access trusting(void)
{
    return (struct io_access){.ca_file = ca_file};
}

static void a_good_certificate_is_accepted(void **state)
{
    (void)state;
    expect("localhost", "good", trusting(), RC_OK, "\"sni\": \"localhost\"");
    expect("127.0.0.1", "good", trusting(), RC_OK, "\"sni\": \"none\"");
}

static void an_unknown_issuer_is_refused(void **state)
{
    (void)state;
    expect("localhost", "unknown", trusting(), RC_TLS, "issuer not trusted here; set ca_file");
    /* The system does not know our authority. */
    expect("localhost", "good", (struct io_access){0}, RC_TLS, "issuer not trusted here");
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    expect("localhost", "expired", trusting(), RC_TLS, "has expired");
    struct io_access access = trusting();
    struct outcome out = by_ws("localhost", "expired", &access);

    assert_non_null(strstr(out.text, "expired on 2021-02-03"));
    expect("localhost", "future", trusting(), RC_TLS, "not valid yet");
}

static void a_wrong_name_is_refused_unless_told(void **state)
{
    struct io_access access = trusting();

    (void)state;
    expect("localhost", "wrongname", access, RC_TLS, "certificate is not for localhost");
    expect("127.0.0.1", "wrongname", access, RC_TLS, "certificate is not for 127.0.0.1");
    access.tls_name = "pbx.example";
    expect("localhost", "wrongname", access, RC_OK, "\"sni\": \"pbx.example\"");
    expect("127.0.0.1", "wrongname", access, RC_OK, "\"sni\": \"pbx.example\"");
    char host[64];

    snprintf(host, sizeof host, "\"host\": \"127.0.0.1:%d\"", rig_port("wrongname"));
    expect("127.0.0.1", "wrongname", access, RC_OK, host);
    access.tls_name = "a.wild.example";
    expect("localhost", "wrongname", access, RC_OK, "\"sni\": \"a.wild.example\"");
    access.tls_name = "other.example";
    expect("localhost", "wrongname", access, RC_TLS, "not for other.example");
    /* A name that the URL's host would satisfy does not help either. */
    expect("localhost", "good", access, RC_TLS, "not for other.example");
    access.tls_name = "127.0.0.1";
    expect("localhost", "good", access, RC_OK, "\"sni\": \"none\"");
}

/* curl keeps connections: one that was verified under another name must not be taken. */
static void names_are_verified_for_each_request(void **state)
{
    struct io_access right = trusting(), wrong = trusting();

    (void)state;
    right.tls_name = "pbx.example";
    assert_int_equal(by_http("localhost", "wrongname", &right).rc, RC_OK);
    assert_int_equal(by_http("localhost", "wrongname", &wrong).rc, RC_TLS);
    right.pin_sha256 = pin_good;
    assert_int_equal(by_http("localhost", "wrongname", &right).rc, RC_TLS);
    right.pin_sha256 = NULL;
    right.ca_file = NULL;
    assert_int_equal(by_http("localhost", "wrongname", &right).rc, RC_TLS);
}

static void pins_are_checked(void **state)
{
    struct io_access access = trusting();
    char both[160];

    (void)state;
    access.pin_sha256 = pin_good;
    expect("localhost", "good", access, RC_OK, "\"sni\"");
    access.pin_sha256 = pin_wrongname;
    expect("localhost", "good", access, RC_TLS, "public key of localhost is not the pinned one");
    snprintf(both, sizeof both, "%s;%s", pin_wrongname, pin_good);
    access.pin_sha256 = both;
    expect("localhost", "good", access, RC_OK, "\"sni\"");
    /* A pin comes on top: it does not excuse an unknown issuer. */
    access.pin_sha256 = pin_good;
    access.ca_file = NULL;
    expect("localhost", "good", access, RC_TLS, "issuer not trusted");
    access.pin_sha256 = "sha1//abc";
    expect("localhost", "good", access, RC_CONFIG, "pin_sha256 is not of the form");
}

static void a_bad_ca_file_is_named(void **state)
{
    struct io_access access = {.ca_file = "/nonexistent/ca.pem"};
    char broken[300];

    (void)state;
    expect("localhost", "good", access, RC_CONFIG, "ca_file");
    snprintf(broken, sizeof broken, "%s/broken.pem", rig.dir);
    access.ca_file = broken;
    expect("localhost", "good", access, RC_CONFIG, "ca_file");
}

/* A ca_file that was replaced is read anew without a restart. */
static void a_renewed_ca_file_is_read(void **state)
{
    char path[300], command[900];
    struct io_access access = {.ca_file = path};

    (void)state;
    snprintf(path, sizeof path, "%s/renewed.pem", rig.dir);
    FILE *from = NULL, *to = NULL;

    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "%s/%s.pem", rig.dir, i == 0 ? "other" : "ca");
        from = fopen(command, "r");
        to = fopen(path, "w");
        assert_non_null(from);
        assert_non_null(to);
        for (int c; (c = getc(from)) != EOF;)
            putc(c, to);
        fclose(from);
        fclose(to);
        assert_int_equal(by_ws("localhost", "good", &access).rc, i == 0 ? RC_TLS : RC_OK);
    }
}

static void plain_text_on_the_port_is_explained(void **state)
{
    struct io_access access = trusting();

    (void)state;
    expect("localhost", "plain", access, RC_TLS, "no TLS with localhost port");
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(ways[i]("localhost", "plain", &access).text, "is that a TLS port?"));
}

static void a_silent_handshake_times_out(void **state)
{
    struct notes n = {0};
    char url[128];

    (void)state;
    snprintf(url, sizeof url, "wss://127.0.0.1:%d/", rig_port("silent"));
    struct io_ws_request request = {.url = url, .access = trusting(), .open_timeout_ms = 400};

    notes_open(&n, &request);
    rig_run();
    assert_int_equal(n.rc, RC_TIMEOUT);
    assert_non_null(strstr(n.text, "TLS handshake does not end"));
    notes_done(&n);
}

static void ipv6_literals_are_verified(void **state)
{
    struct io_access access = trusting();

    (void)state;
    if (rig_port("six") == 0)
        skip();
    expect("[::1]", "good6", access, RC_OK, "\"sni\": \"none\"");
    expect("[::1]", "wrongname6", access, RC_TLS, "not for ::1");
}

static void big_messages_pass_through_tls(void **state)
{
    static const char *const paths[] = {"/fragments", "/flood2000", "/bytewise"};
    static const int counts[] = {1, 2000, 3};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct notes n = {.stops_at_messages = counts[i]};
        char url[128];

        snprintf(url, sizeof url, "wss://localhost:%d%s", rig_port("good"), paths[i]);
        struct io_ws_request request = {.url = url, .access = trusting(), .open_timeout_ms = 15000};

        notes_open(&n, &request);
        rig_run();
        assert_int_equal(n.messages, counts[i]);
        if (i == 0)
            assert_int_equal(n.last.len, 200000);
        notes_done(&n);
    }
}

static int run_make_certs(void)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        execl(TEST_DIR "/proto/make_certs.sh", "make_certs.sh", rig.dir, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

static int start(void **state)
{
    char path[300];

    (void)state;
    snprintf(rig.dir, sizeof rig.dir, "/tmp/callhud-tls-XXXXXX");
    if (mkdtemp(rig.dir) == NULL || run_make_certs() != 0)
        return -1;
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", rig.dir);
    snprintf(path, sizeof path, "%s/pins.txt", rig.dir);
    FILE *pins = fopen(path, "r");

    if (pins == NULL || fscanf(pins, "%63s %63s", pin_good, pin_wrongname) != 2)
        return -1;
    fclose(pins);
    return rig_start_server();
}

static int stop(void **state)
{
    pid_t child;

    (void)state;
    rig_stop_server();
    child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", rig.dir, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        T(a_good_certificate_is_accepted),
        T(an_unknown_issuer_is_refused),
        T(an_expired_certificate_is_refused),
        T(a_wrong_name_is_refused_unless_told),
        T(names_are_verified_for_each_request),
        T(pins_are_checked),
        T(a_bad_ca_file_is_named),
        T(a_renewed_ca_file_is_read),
        T(plain_text_on_the_port_is_explained),
        T(a_silent_handshake_times_out),
        T(ipv6_literals_are_verified),
        T(big_messages_pass_through_tls),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
