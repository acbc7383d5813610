#include "callhud/backend/asterisk/rest.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#include <stdio.h>
#include <string.h>

struct job {
    struct rest *rest;
    uint64_t number;
    char *method, *uri, *body;
    enum rest_way way;
    int64_t timeout_ms, deadline_ms;
    rest_done *done;
    void *self;
    bool is_sent, is_over_ws;
    struct io_http *http;
};

struct rest {
    const struct io *io;
    char *server;
    struct io_access access;
    struct io_ws *ws;
    bool is_ws_preferred;
    uint64_t last_number;
    VEC(struct job *) jobs; /* in the order asked */
    size_t ws_under_way, http_under_way;
    struct io_timer *timer; /* the next deadline, or a turn to send what waits */
    int64_t timer_ms;
    bool is_busy; /* inside a done(): sending waits for the timer */
};

static void pump(struct rest *rest);

struct rest *rest_new(const struct rest_config *config)
{
    struct rest *rest = mem_zero(1, sizeof *rest);
    rest->io = config->io;
    rest->server = mem_dup(config->server);
    rest->access = config->access;
    return rest;
}

static void free_job(struct job *job)
{
    struct rest *rest = job->rest;
    if (job->is_sent && job->is_over_ws)
        rest->ws_under_way--;
    else if (job->is_sent)
        rest->http_under_way--;
    mem_free(job->method);
    mem_free(job->uri);
    mem_free(job->body);
    mem_free(job);
}

static void remove_job(struct rest *rest, const struct job *job)
{
    for (size_t i = 0; i < rest->jobs.len; i++) {
        if (rest->jobs.items[i] == job) {
            VEC_REMOVE(&rest->jobs, i);
            return;
        }
    }
}

void rest_free(struct rest *rest)
{
    if (rest == NULL)
        return;
    for (size_t i = 0; i < rest->jobs.len; i++) {
        rest->io->http_cancel(rest->jobs.items[i]->http);
        free_job(rest->jobs.items[i]);
    }
    VEC_FREE(&rest->jobs);
    rest->io->timer_stop(rest->timer);
    mem_free(rest->server);
    mem_free(rest);
}

/* ---- the end of a request ---- */

static void finish(struct job *job, struct rest_answer *answer)
{
    struct rest *rest = job->rest;
    rest_done *done = job->done;
    void *self = job->self;
    char what[160];
    snprintf(what, sizeof what, "%s %s", job->method, job->uri);
    remove_job(rest, job);
    free_job(job);
    if (answer->rc == RC_OK && (answer->status < 200 || answer->status > 299) &&
        answer->text[0] == '\0') {
        char why[ERR_TEXT_BYTES / 2];
        ari_error_text(answer->body, answer->body_len, why, sizeof why);
        snprintf(answer->text, sizeof answer->text, "%s: %d %s", what, answer->status, why);
    }
    bool was_busy = rest->is_busy;
    rest->is_busy = true;
    done(self, answer);
    rest->is_busy = was_busy;
}

static void fail(struct job *job, enum rc rc, const char *text)
{
    struct rest_answer answer = {.rc = rc, .body = ""};
    str_copy(answer.text, sizeof answer.text, text);
    finish(job, &answer);
}

static void http_done(void *self, const struct io_http_answer *from)
{
    struct job *job = self;
    struct rest *rest = job->rest;
    job->http = NULL;
    struct rest_answer answer = {.rc = from->rc,
                                 .status = from->status,
                                 .body = from->body != NULL ? from->body : "",
                                 .body_len = from->body != NULL ? from->body_len : 0};
    if (from->rc != RC_OK)
        str_copy(answer.text, sizeof answer.text, from->text != NULL ? from->text : "no answer");
    else if (from->status >= 300 && from->status < 400)
        str_format(answer.text, sizeof answer.text,
                   "%s redirects to %.200s: redirects are not followed; set server to the address "
                   "that answers",
                   rest->server, str_is_empty(from->location) ? "another address" : from->location);
    finish(job, &answer);
    pump(rest);
}

void rest_response(struct rest *rest, const struct ari_event *event)
{
    uint64_t number = 0;
    if (sscanf(event->rest.id, "c%20llu", (unsigned long long *)&number) != 1)
        return;
    for (size_t i = 0; i < rest->jobs.len; i++) {
        struct job *job = rest->jobs.items[i];
        if (job->number != number || !job->is_sent || !job->is_over_ws)
            continue;
        struct rest_answer answer = {.rc = RC_OK,
                                     .status = event->rest.status,
                                     .at_ms = event->at_ms,
                                     .body = event->rest.body,
                                     .body_len = event->rest.body_len};
        finish(job, &answer);
        pump(rest);
        return;
    }
}

/* ---- sending ---- */

static bool send_ws(struct job *job)
{
    struct rest *rest = job->rest;
    char id[32];
    struct buf frame;
    buf_init(&frame, ARI_FRAME_MAX_BYTES);
    snprintf(id, sizeof id, "c%llu", (unsigned long long)job->number);
    bool is_sent = ari_rest_request_encode(&frame, id, job->method, job->uri, job->body) &&
                   rest->io->ws_send(rest->ws, frame.data, frame.len);
    buf_fini(&frame);
    return is_sent;
}

static void send_http(struct job *job)
{
    struct rest *rest = job->rest;
    struct buf url;
    buf_init(&url, 16384);
    buf_printf(&url, "%s/%s", rest->server, job->uri);
    struct io_http_request request = {
        .method = job->method,
        .url = buf_text(&url),
        .access = rest->access,
        .content_type = job->body != NULL ? "application/json" : NULL,
        .body = job->body,
        .body_len = job->body != NULL ? strlen(job->body) : 0,
        .answer_max_bytes = ARI_FRAME_MAX_BYTES,
        .timeout_ms = job->timeout_ms,
    };
    job->http = rest->io->http(rest->io->net, &request, http_done, job);
    buf_fini(&url);
}

static bool goes_over_ws(const struct rest *rest, const struct job *job)
{
    return job->way == REST_WAY_WS ||
           (job->way == REST_WAY_BEST && rest->is_ws_preferred && rest->ws != NULL);
}

/* HTTP keeps its own time. A request that must go over the socket has its time even while the
 * socket takes nothing; others wait there as long as the socket lives. */
static bool is_timed(const struct job *job)
{
    return job->way == REST_WAY_WS || (job->is_sent && job->is_over_ws);
}

static void arm(struct rest *rest, int64_t at_ms);

static void on_timer(void *self)
{
    struct rest *rest = self;
    rest->timer = NULL;
    int64_t now_ms = rest->io->now_ms(rest->io->net);
    for (size_t i = 0; i < rest->jobs.len;) {
        struct job *job = rest->jobs.items[i];
        if (is_timed(job) && now_ms >= job->deadline_ms) {
            fail(job, RC_TIMEOUT, "no answer over the websocket in time");
            i = 0; /* done() may have changed the list */
        } else {
            i++;
        }
    }
    pump(rest);
}

static void arm(struct rest *rest, int64_t at_ms)
{
    if (rest->timer != NULL && rest->timer_ms <= at_ms)
        return;
    rest->io->timer_stop(rest->timer);
    int64_t now_ms = rest->io->now_ms(rest->io->net);
    rest->timer_ms = at_ms;
    rest->timer =
        rest->io->timer(rest->io->net, at_ms > now_ms ? at_ms - now_ms : 0, on_timer, rest);
}

static void pump(struct rest *rest)
{
    if (rest->is_busy) {
        arm(rest, rest->io->now_ms(rest->io->net));
        return;
    }
    int64_t now_ms = rest->io->now_ms(rest->io->net);
    int64_t next_ms = INT64_MAX;
    bool is_ws_full = false;
    for (size_t i = 0; i < rest->jobs.len; i++) {
        struct job *job = rest->jobs.items[i];
        if (is_timed(job) && job->deadline_ms < next_ms)
            next_ms = job->deadline_ms;
        if (!job->is_sent && goes_over_ws(rest, job)) {
            if (is_ws_full || rest->ws_under_way >= REST_WS_PARALLEL)
                continue;
            if (rest->ws == NULL || !send_ws(job)) { /* full: the next answer or turn sends on */
                is_ws_full = true;
                next_ms = now_ms + 50 < next_ms ? now_ms + 50 : next_ms;
                continue;
            }
            job->is_sent = job->is_over_ws = true;
            job->deadline_ms = now_ms + job->timeout_ms;
            rest->ws_under_way++;
        } else if (!job->is_sent && rest->http_under_way < REST_HTTP_PARALLEL) {
            job->is_sent = true;
            rest->http_under_way++;
            send_http(job);
        }
        if (is_timed(job) && job->deadline_ms < next_ms)
            next_ms = job->deadline_ms;
    }
    if (next_ms != INT64_MAX)
        arm(rest, next_ms);
}

void rest_ask(struct rest *rest, const struct rest_request *request, rest_done *done, void *self)
{
    struct job *job = mem_zero(1, sizeof *job);
    job->rest = rest;
    job->number = ++rest->last_number;
    job->method = mem_dup(request->method);
    job->uri = mem_dup(request->uri);
    job->body = mem_dup(request->body);
    job->way = request->way;
    job->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : REST_TIMEOUT_MS;
    job->deadline_ms = rest->io->now_ms(rest->io->net) + job->timeout_ms;
    job->done = done;
    job->self = self;
    VEC_PUSH(&rest->jobs, job);
    pump(rest);
}

void rest_cancel(struct rest *rest, const void *self)
{
    for (size_t i = rest->jobs.len; i-- > 0;) {
        struct job *job = rest->jobs.items[i];
        if (job->self != self)
            continue;
        VEC_REMOVE(&rest->jobs, i);
        rest->io->http_cancel(job->http);
        free_job(job);
    }
}

void rest_use_ws(struct rest *rest, struct io_ws *ws)
{
    rest->ws = ws;
    if (ws != NULL)
        return;
    rest->is_ws_preferred = false;
    for (size_t i = 0; i < rest->jobs.len;) {
        struct job *job = rest->jobs.items[i];
        if ((job->is_sent && job->is_over_ws) || job->way == REST_WAY_WS) {
            fail(job, RC_UNREACHABLE, "the websocket was closed");
            i = 0;
        } else {
            i++;
        }
    }
}

void rest_prefer_ws(struct rest *rest, bool is_preferred)
{
    rest->is_ws_preferred = is_preferred;
}

bool rest_is_over_ws(const struct rest *rest)
{
    return rest->is_ws_preferred && rest->ws != NULL;
}
