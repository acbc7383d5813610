/* What the net tests share: the server beside them, a loop that runs until something happened, and
 * handlers that write down what they were told. Included by one source each. */
#ifndef TESTS_PROTO_NET_RIG_H
#define TESTS_PROTO_NET_RIG_H

#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* valgrind is slow */

struct rig {
    char dir[256]; /* certificates */
    pid_t server;
    FILE *to_server, *from_server;
    char ports[1024];
    struct loop *loop;
    struct net *net;
    struct io io;
    bool is_late;
};

static struct rig rig;

static inline int rig_port(const char *name)
{
    char key[64];

    snprintf(key, sizeof key, " %s=", name);
    const char *at = strstr(rig.ports, key);

    assert_non_null(at);
    return (int)strtol(at + strlen(key), NULL, 10);
}

static inline long rig_ask(const char *word, const char *what)
{
    char line[64];

    fprintf(rig.to_server, "%s %s\n", word, what);
    fflush(rig.to_server);
    assert_non_null(fgets(line, sizeof line, rig.from_server));
    return strtol(line, NULL, 10);
}

static inline void rig_spawn(char *const argv[], int in, int out)
{
    rig.server = fork();
    if (rig.server != 0)
        return;
    dup2(in, 0);
    dup2(out, 1);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execvp(argv[0], argv);
    _exit(127);
}

/* dir NULL: no TLS. */
static inline int rig_start_server(void)
{
    int to[2], from[2];
    char *argv[] = {(char *)(uintptr_t) "python3",
                    (char *)(uintptr_t)(TEST_DIR "/proto/net_server.py"), rig.dir, NULL};

    signal(SIGPIPE, SIG_IGN);
    if (pipe(to) != 0 || pipe(from) != 0)
        return -1;
    rig_spawn(argv, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    rig.to_server = fdopen(to[1], "w");
    rig.from_server = fdopen(from[0], "r");
    rig.ports[0] = ' ';
    return fgets(rig.ports + 1, sizeof rig.ports - 1, rig.from_server) != NULL ? 0 : -1;
}

static inline void rig_stop_server(void)
{
    fclose(rig.to_server);
    fclose(rig.from_server);
    kill(rig.server, SIGTERM);
    waitpid(rig.server, NULL, 0);
}

static inline int rig_setup(void **state)
{
    (void)state;
    assert_int_equal(loop_new(&rig.loop, NULL), RC_OK);
    assert_int_equal(net_new(&rig.net, rig.loop, NULL), RC_OK);
    net_io(rig.net, &rig.io);
    return 0;
}

static inline int rig_teardown(void **state)
{
    (void)state;
    assert_false(net_free(rig.net));
    loop_free(rig.loop);
    return 0;
}

static inline void rig_too_late(void *self)
{
    struct rig *r = self;

    r->is_late = true;
    loop_stop(r->loop);
}

/* Runs the loop until it is stopped by a handler; fails after the time. */
static inline void rig_run(void)
{
    struct loop_timer *timer = loop_timer(rig.loop, PATIENCE_MS, rig_too_late, &rig);

    rig.is_late = false;
    loop_run(rig.loop);
    if (rig.is_late)
        fail_msg("nothing happened for %d ms", PATIENCE_MS);
    loop_timer_stop(timer);
}

static inline void rig_stop_loop(void *self)
{
    (void)self;
    loop_stop(rig.loop);
}

static inline void rig_run_for(int64_t ms)
{
    loop_timer(rig.loop, ms, rig_stop_loop, NULL);
    rig_run();
}

/* ---- a websocket that writes down what happens ---- */

struct notes {
    struct io_ws *ws;
    int opened, messages, pongs, closed;
    enum rc rc;
    int status;
    char text[ERR_TEXT_BYTES];
    struct buf last;        /* the newest message */
    bool is_in_call;        /* inside ws_open(): nothing may be told */
    bool stops_when_opened; /* what ends rig_run() */
    int stops_at_messages;
    bool closes_in_opened, closes_in_message, closes_in_pong, closes_in_closed;
};

static inline void notes_opened(void *self)
{
    struct notes *n = self;

    assert_false(n->is_in_call);
    assert_int_equal(n->closed, 0);
    n->opened++;
    if (n->closes_in_opened) {
        rig.io.ws_close(n->ws);
        n->ws = NULL;
    }
    if (n->stops_when_opened || n->closes_in_opened)
        loop_stop(rig.loop);
}

static inline void notes_message(void *self, const char *bytes, size_t len)
{
    struct notes *n = self;

    assert_int_equal(n->opened, 1);
    assert_int_equal(n->closed, 0);
    n->messages++;
    buf_reset(&n->last);
    assert_true(buf_put(&n->last, bytes, len));
    if (n->closes_in_message) {
        rig.io.ws_close(n->ws);
        n->ws = NULL;
    }
    if (n->messages == n->stops_at_messages || n->closes_in_message)
        loop_stop(rig.loop);
}

static inline void notes_pong(void *self)
{
    struct notes *n = self;

    n->pongs++;
    if (n->closes_in_pong) {
        rig.io.ws_close(n->ws);
        n->ws = NULL;
    }
    loop_stop(rig.loop);
}

static inline void notes_closed(void *self, enum rc rc, int status, const char *text)
{
    struct notes *n = self;

    assert_false(n->is_in_call);
    n->closed++;
    n->rc = rc;
    n->status = status;
    str_copy(n->text, sizeof n->text, text);
    if (n->closes_in_closed)
        rig.io.ws_close(n->ws);
    n->ws = NULL;
    loop_stop(rig.loop);
}

static const struct io_ws_handler notes_handler = {
    .opened = notes_opened, .message = notes_message, .pong = notes_pong, .closed = notes_closed};

static inline void notes_open(struct notes *n, const struct io_ws_request *request)
{
    n->is_in_call = true;
    n->ws = rig.io.ws_open(rig.net, request, &notes_handler, n);
    n->is_in_call = false;
    buf_init(&n->last, 4 * 1024 * 1024);
    assert_non_null(n->ws);
}

static inline void notes_done(struct notes *n)
{
    rig.io.ws_close(n->ws);
    n->ws = NULL;
    buf_fini(&n->last);
}

/* ---- an HTTP answer that is kept ---- */

struct reply {
    int count;
    enum rc rc;
    int status;
    bool is_unsent;
    int64_t retry_after_ms;
    char content_type[64];
    char location[256];
    char text[ERR_TEXT_BYTES];
    struct buf body;
    struct io_http *http;
    struct io_http *cancels; /* another one, from inside done() */
    bool is_in_call;
};

static inline void reply_done(void *self, const struct io_http_answer *answer)
{
    struct reply *r = self;

    assert_false(r->is_in_call);
    r->count++;
    r->rc = answer->rc;
    r->status = answer->status;
    r->is_unsent = answer->is_unsent;
    r->retry_after_ms = answer->retry_after_ms;
    str_copy(r->content_type, sizeof r->content_type, answer->content_type);
    str_copy(r->location, sizeof r->location, answer->location);
    str_copy(r->text, sizeof r->text, answer->text);
    assert_int_equal(answer->body[answer->body_len], '\0');
    buf_init(&r->body, 16 * 1024 * 1024);
    assert_true(buf_put(&r->body, answer->body, answer->body_len));
    rig.io.http_cancel(r->cancels);
    loop_stop(rig.loop);
}

static inline void reply_ask(struct reply *r, const struct io_http_request *request)
{
    r->is_in_call = true;
    r->http = rig.io.http(rig.net, request, reply_done, r);
    r->is_in_call = false;
    assert_non_null(r->http);
}

#endif
