/* The exchange's server on real sockets, in a child process, with the fake world. */
#include "callhud/base/clock.h"
#include "callhud/exchange/server.h"
#include "ex_fake_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 10000
#define BYTES 65536

static char folder[] = "/tmp/callhud-ex-XXXXXX", port_path[128];
static pid_t child;
static int port;
static char client_id[128], client_secret[128], jwt[256], control[128], access_token[256];

/* ---- the child ------------------------------------------------------------------------------- */

static void read_port_file(void)
{
    json_t *root = json_load_file(port_path, 0, NULL);
    assert_non_null(root);
    port = (int)json_integer_value(json_object_get(root, "port"));
    str_copy(client_id, sizeof client_id, json_string_value(json_object_get(root, "client_id")));
    str_copy(client_secret, sizeof client_secret,
             json_string_value(json_object_get(root, "client_secret")));
    str_copy(jwt, sizeof jwt, json_string_value(json_object_get(root, "jwt")));
    str_copy(control, sizeof control, json_string_value(json_object_get(root, "control_token")));
    assert_string_equal(json_string_value(json_object_get(root, "supervisor")), "900");
    assert_string_equal(json_string_value(json_object_get(root, "device")), "70001");
    json_decref(root);
}

static void start(int at_port)
{
    pid_t parent = getpid();
    struct exchange_config config = {.host = "127.0.0.1",
                                     .port = at_port,
                                     .port_file = port_path,
                                     .world = {.speed = 1},
                                     .switches = "",
                                     .parent = parent};
    struct stat st, old = {0};
    stat(port_path, &old); /* of the run before */
    fflush(stdout);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(99);
        _exit(exchange_run(&config));
    }
    for (int i = 0; i < WAIT_MS / 10; i++) {
        if (stat(port_path, &st) == 0 && st.st_ctim.tv_nsec != old.st_ctim.tv_nsec)
            break;
        usleep(10000);
    }
    assert_int_equal(stat(port_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    read_port_file();
}

static int stop(int signum)
{
    int status = 0;
    kill(child, signum);
    assert_int_equal(waitpid(child, &status, 0), child);
    child = 0;
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- a client -------------------------------------------------------------------------------- */

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(int fd, const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

/* What comes until wanted is in it, or until the connection is closed or time is up. */
static char *hear(int fd, const char *wanted, int wait_ms)
{
    static char text[BYTES];
    size_t have = 0;
    int64_t until_ms = clock_mono_ms() + wait_ms;
    text[0] = '\0';
    while (clock_mono_ms() < until_ms && !(wanted && strstr(text, wanted))) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 20) <= 0)
            continue;
        ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
        if (got <= 0)
            break;
        have += (size_t)got;
        for (size_t i = have - (size_t)got; i < have; i++)
            text[i] = text[i] ? text[i] : '.'; /* headers of frames */
        text[have] = '\0';
    }
    return text;
}

static bool is_closed(int fd, int wait_ms)
{
    int64_t until_ms = clock_mono_ms() + wait_ms;
    hear(fd, NULL, wait_ms);
    return clock_mono_ms() < until_ms;
}

static void expect(int fd, const char *wanted)
{
    const char *text = hear(fd, wanted, WAIT_MS);
    if (!strstr(text, wanted))
        fail_msg("no \"%s\" in: %s", wanted, text);
}

static void order(const char *body)
{
    int fd = dial();
    say(fd,
        "POST /exchange/faults HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        control, strlen(body), body);
    expect(fd, "200 OK");
    close(fd);
}

static void take_text(const char *from, const char *key, char *out, size_t size)
{
    char name[64];
    snprintf(name, sizeof name, "\"%s\":\"", key);
    const char *at = strstr(from, name);
    assert_non_null(at);
    at += strlen(name);
    size_t len = strcspn(at, "\"");
    assert_true(len < size);
    str_copy(out, len + 1, at);
}

static void sign_in(void)
{
    char form[1024];
    int fd = dial();
    snprintf(form, sizeof form,
             "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-bearer&assertion=%s&"
             "client_id=%s&client_secret=%s",
             jwt, client_id, client_secret);
    say(fd, "POST /restapi/oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(form), form);
    take_text(hear(fd, "session_id", WAIT_MS), "access_token", access_token, sizeof access_token);
    close(fd);
}

static void get(int fd, const char *target)
{
    say(fd, "GET %s HTTP/1.1\r\nHost: h\r\nauthorization: BEARER %s\r\n\r\n", target, access_token);
}

static int upgrade(const char *path, const char *token)
{
    int fd = dial();
    say(fd,
        "GET %s?access_token=%s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        path, token);
    return fd;
}

static int open_gateway(void)
{
    char token[256];
    int fd = dial();
    say(fd,
        "POST /restapi/oauth/wstoken HTTP/1.1\r\nHost: h\r\nAuthorization: bearer %s\r\n"
        "Content-Length: 0\r\n\r\n",
        access_token);
    take_text(hear(fd, "expires_in", WAIT_MS), "ws_access_token", token, sizeof token);
    close(fd);
    fd = upgrade("/ws", token);
    expect(fd, "\"maxActiveRequests\":10");
    return fd;
}

/* A masked frame; opcode 1 is text. */
static void send_frame(int fd, unsigned char opcode, bool is_final, const char *text)
{
    unsigned char bytes[4096];
    size_t len = strlen(text), at = 0;
    static const unsigned char mask[4] = {0x11, 0x22, 0x33, 0x44};
    bytes[at++] = (unsigned char)(opcode | (is_final ? 0x80 : 0));
    if (len < 126) {
        bytes[at++] = (unsigned char)(0x80 | len);
    } else {
        bytes[at++] = 0x80 | 126;
        bytes[at++] = (unsigned char)(len >> 8);
        bytes[at++] = (unsigned char)(len & 0xff);
    }
    memcpy(bytes + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        bytes[at++] = (unsigned char)text[i] ^ mask[i % 4];
    assert_int_equal(send(fd, bytes, at, MSG_NOSIGNAL), at);
}

static void subscribe(int fd)
{
    send_frame(fd, 1, true,
               "[{\"type\":\"ClientRequest\",\"messageId\":\"s\",\"method\":\"POST\",\"path\":"
               "\"/restapi/v1.0/subscription\"},{\"eventFilters\":"
               "[\"/restapi/v1.0/account/~/presence\"],\"deliveryMode\":{\"transportType\":"
               "\"WebSocket\"}}]");
    expect(fd, "\"Active\"");
}

static void ring(void)
{
    int fd = dial();
    say(fd,
        "POST /exchange/ring HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
        "Content-Length: 0\r\n\r\n",
        control);
    expect(fd, "200 OK");
    close(fd);
}

static int begin(void **state)
{
    (void)state;
    unlink(port_path);
    start(0);
    sign_in();
    return 0;
}

static int end(void **state)
{
    (void)state;
    return child > 0 ? stop(SIGKILL) : 0;
}
#define END_CLEAN() assert_int_equal(stop(SIGTERM), 128 + SIGTERM)

/* ---- tests ----------------------------------------------------------------------------------- */

static void requests_share_a_connection(void **state)
{
    (void)state;
    int fd = dial();
    get(fd, "/restapi/v1.0/first%20one?a=1&a=%2B2&b=x+y");
    const char *text = hear(fd, "\"isBad\":false", WAIT_MS);
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "\r\nX-Rate-Limit-Limit: 50\r\n"));
    assert_non_null(strstr(text, "\"path\":\"/restapi/v1.0/first one\""));
    assert_non_null(strstr(text, "\"query\":{\"a\":[\"1\",\"+2\"],\"b\":\"x y\"}"));
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < 4; i++) {
        char want[64];
        say(fd,
            "%s /restapi/v1.0/m HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
            "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n[1,\"a\"]",
            methods[i], access_token);
        text = hear(fd, "\"isBad\":false", WAIT_MS);
        snprintf(want, sizeof want, "\"method\":\"%s\"", methods[i]);
        assert_non_null(strstr(text, want));
        assert_non_null(strstr(text, "\"body\":[1,\"a\"]"));
    }
    say(fd,
        "POST /restapi/v1.0/m HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
        "Content-Length: 3\r\n\r\n[1,",
        access_token);
    expect(fd, "\"isBad\":true");
    hear(fd, "}", 1000);
    get(fd, "/restapi/v1.0/nothing");
    text = hear(fd, "\r\n\r\n", WAIT_MS);
    if (!strstr(text, "HTTP/1.1 204 "))
        fail_msg("%s", text);
    assert_null(strstr(text, "ontent-length"));
    get(fd, "/restapi/v1.0/one"); /* two at once */
    get(fd, "/restapi/v1.0/two");
    expect(fd, "/restapi/v1.0/two");
    close(fd);
    END_CLEAN();
}

/* The clock falls behind; clients and signals are served as before. */
static void too_much_for_the_machine_stops_nobody(void **state)
{
    (void)state;
    int fd = dial();
    say(fd,
        "POST /exchange/overwork HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
        "Content-Length: 0\r\n\r\n",
        control);
    expect(fd, "200 OK");
    close(fd);
    fd = dial();
    for (int i = 0; i < 10; i++) {
        get(fd, "/restapi/v1.0/one");
        expect(fd, "/restapi/v1.0/one");
        hear(fd, "}", 100);
    }
    close(fd);
    END_CLEAN();
}

/* Whatever is sent ahead, everybody else is served; a connection that cannot go on is closed. */
static void what_is_sent_ahead_holds_nobody_up(void **state)
{
    static const char put[] = "PUT /restapi/v1.0/m HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                              "%s\r\nContent-Length: 7\r\n\r\n[1,\"a\"]";
    static const char one[] = "GET /restapi/v1.0/o HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                              "%s\r\n\r\n";
    char put_text[512], one_text[512];
    (void)state;
    snprintf(put_text, sizeof put_text, put, access_token);
    snprintf(one_text, sizeof one_text, one, access_token);
    const char *const sent[][3] = {{put_text, one_text, "\"PUT\""},
                                   {put_text, put_text, "\"PUT\""},
                                   {one_text, put_text, "\"GET\""},
                                   {put_text, "\r\n", "\"PUT\""}};
    for (size_t i = 0; i < 4; i++) {
        int fd = dial(), other = dial();
        say(fd, "%s%s", sent[i][0], sent[i][1]);
        expect(fd, sent[i][2]);
        assert_true(is_closed(fd, WAIT_MS));
        get(other, "/restapi/v1.0/other");
        expect(other, "/restapi/v1.0/other");
        close(fd);
        close(other);
    }
    END_CLEAN();
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, "POST /restapi/v1.0/m HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect(fd, "411 ");
    assert_true(is_closed(fd, WAIT_MS));
    close(fd);
    fd = dial();
    say(fd, "POST /restapi/v1.0/m HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n");
    expect(fd, "413 ");
    close(fd);
    fd = dial();
    say(fd, "GET /else HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(fd, "CMN-120");
    close(fd);
    fd = dial();
    say(fd, "GET /restapi/v1.0/x HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(fd, "CMN-405");
    close(fd);
    fd = dial();
    say(fd, "POST /restapi/v1.0/m HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n",
        access_token); /* no length: nothing can follow */
    expect(fd, "\"isBad\":false");
    assert_true(is_closed(fd, WAIT_MS));
    close(fd);
    END_CLEAN();
}

static void events_come_over_a_websocket(void **state)
{
    (void)state;
    int fd = open_gateway();
    subscribe(fd);
    ring();
    expect(fd, "\"telephonyStatus\":\"Ringing\"");
    /* In fragments, and with a ping between them. */
    send_frame(fd, 1, false, "[{\"type\":\"Heart");
    send_frame(fd, 9, true, "ping");
    send_frame(fd, 0, true, "beat\",\"messageId\":\"h1\"}]");
    expect(fd, "[{\"type\":\"Heartbeat\",\"messageId\":\"h1\"}]");
    send_frame(fd, 8, true,
               "\x03\xe8"
               "bye");
    assert_true(is_closed(fd, WAIT_MS));
    close(fd);
    END_CLEAN();
}

static void upgrades_need_the_path_and_a_token(void **state)
{
    (void)state;
    int fd = upgrade("/ws", "nonsense");
    expect(fd, " 401 ");
    close(fd);
    fd = upgrade("/elsewhere", "nonsense");
    expect(fd, " 404 ");
    close(fd);
    END_CLEAN();
}

static void sockets_are_dropped_without_goodbye(void **state)
{
    (void)state;
    int fd = open_gateway();
    order("{\"kind\":\"drop-socket\"}");
    char c;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    assert_int_equal(recv(fd, &c, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    END_CLEAN();
}

static void connections_are_refused_but_for_control(void **state)
{
    (void)state;
    order("{\"kind\":\"refuse\",\"count\":2}");
    for (int i = 0; i < 2; i++) {
        int fd = dial();
        get(fd, "/restapi/v1.0/x");
        assert_true(is_closed(fd, WAIT_MS));
        close(fd);
        ring();
    }
    int fd = dial();
    get(fd, "/restapi/v1.0/x");
    expect(fd, "200 OK");
    close(fd);
    order("{\"kind\":\"refuse\",\"ms\":60000}");
    for (int i = 0; i < 5; i++) {
        fd = upgrade("/ws", "x");
        assert_true(is_closed(fd, WAIT_MS));
        close(fd);
    }
    END_CLEAN();
}

static void a_stall_holds_everything_but_control(void **state)
{
    (void)state;
    int ws = open_gateway();
    subscribe(ws);
    int fd = dial();
    order("{\"kind\":\"stall\",\"ms\":700}");
    int64_t began_ms = clock_mono_ms();
    ring();
    get(fd, "/restapi/v1.0/x");
    send_frame(ws, 9, true, "ping");
    assert_string_equal(hear(ws, NULL, 300), "");
    assert_string_equal(hear(fd, NULL, 50), "");
    expect(fd, "200 OK");
    assert_true(clock_mono_ms() - began_ms >= 600);
    expect(ws, "\"telephonyStatus\":\"Ringing\"");
    close(fd);
    close(ws);
    END_CLEAN();
}

static void answers_are_slow_as_ordered(void **state)
{
    (void)state;
    order("{\"kind\":\"slow\",\"ms\":400,\"count\":1}");
    int fd = dial();
    int64_t began_ms = clock_mono_ms();
    get(fd, "/restapi/v1.0/x");
    expect(fd, "200 OK");
    assert_true(clock_mono_ms() - began_ms >= 390);
    get(fd, "/restapi/v1.0/y"); /* not ordered to be slow */
    expect(fd, "/restapi/v1.0/y");
    say(fd, "GET /exchange/faults HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n",
        control);
    const char *text = hear(fd, "requests_in_penalty", WAIT_MS);
    const char *slow = strstr(text, "\"slow\":{\"left\":0");
    assert_non_null(slow);
    assert_true(strstr(slow, "\"done\":1}") != NULL && strstr(slow, "\"done\":1}") - slow < 48);
    close(fd);
    END_CLEAN();
}

static void credentials_outlive_a_restart(void **state)
{
    char old_id[128], old_jwt[256], old_control[128];
    int old_port = port;
    (void)state;
    str_copy(old_id, sizeof old_id, client_id);
    str_copy(old_jwt, sizeof old_jwt, jwt);
    str_copy(old_control, sizeof old_control, control);
    assert_int_equal(stop(SIGINT), 128 + SIGINT);
    start(old_port);
    assert_int_equal(port, old_port);
    assert_string_equal(client_id, old_id);
    assert_string_equal(jwt, old_jwt);
    assert_string_equal(control, old_control);
    END_CLEAN();
    assert_int_equal(chmod(port_path, 0644), 0); /* others could read it: not trusted */
    start(0);
    assert_string_not_equal(jwt, old_jwt);
    END_CLEAN();
}

/* What exchange_run() ends with at once. */
static int run(const char *host, int at_port, const char *switches, const char *file)
{
    struct exchange_config config = {.host = host,
                                     .port = at_port,
                                     .port_file = file,
                                     .world = {.speed = 1},
                                     .switches = switches};
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(99);
        alarm(20);
        _exit(exchange_run(&config));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_cannot_be_done_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(run("192.0.2.1", 0, "", NULL), 2);
    assert_int_equal(run("0.0.0.0", 0, "", NULL), 2);
    assert_int_equal(run("127.0.0.1", 0, "nonsense=on", NULL), 2);
    assert_int_equal(run("127.0.0.1", 0, "wstoken-once=maybe", NULL), 2);
    assert_int_equal(run("127.0.0.1", port, "wstoken-once=on", NULL), 1);
    assert_int_equal(run("127.0.0.1", 0, "", "/dev/null/port"), 1);
    /* What is there and is no port file is neither waited for nor removed. */
    char other[96], text[16] = "";
    snprintf(other, sizeof other, "%s/other", folder);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(run("127.0.0.1", 0, "", other), 2);
    assert_int_equal(unlink(other), 0);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    fputs("my notes", file);
    fclose(file);
    assert_int_equal(run("127.0.0.1", 0, "", other), 2);
    file = fopen(other, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "my notes");
    assert_int_equal(unlink(other), 0);
    END_CLEAN();
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(too_much_for_the_machine_stops_nobody), T(requests_share_a_connection),
        T(what_is_sent_ahead_holds_nobody_up),    T(what_is_no_request_is_refused),
        T(events_come_over_a_websocket),          T(upgrades_need_the_path_and_a_token),
        T(sockets_are_dropped_without_goodbye),   T(connections_are_refused_but_for_control),
        T(a_stall_holds_everything_but_control),  T(answers_are_slow_as_ordered),
        T(credentials_outlive_a_restart),         T(what_cannot_be_done_is_an_error),
    };
    if (!mkdtemp(folder))
        return 1;
    snprintf(port_path, sizeof port_path, "%s/port", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(port_path);
    rmdir(folder);
    return failed;
}
