#include "callhud/backend/ringcentral/rest.h"

#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_MS 1000       /* after a 503 or no answer, when it does not say */
#define AGAIN_MOST_MS 60000 /* whoever is to wait longer is told, not kept waiting */
#define RENEWALS_MOST 3     /* of one request: others may renew the token at the same time */
#define FLUSH_MS 1000       /* what others are to know is tried to be written again */
#define WAIT_LEAST_MS 100   /* no busy loop, however soon the budget says */

struct job {
    struct rex_rest *rest;
    char *method, *path, *body, *accept;
    enum rex_group group;
    enum rex_priority priority;
    int64_t timeout_ms;
    int64_t patience_until_ms; /* INT64_MAX: for ever */
    int64_t not_before_ms;     /* monotonic */
    rex_done *done;
    void *self;
    unsigned renewals;
    bool is_repeated; /* the one more time after a failure is spent */
    char *token;      /* with which it was sent */
    struct io_http *http;
};

struct rex_rest {
    struct rex_rest_config c;
    char host[128];
    VEC(struct job *) jobs; /* in the order of asking */
    size_t under_way;
    int64_t open_ms[REX_GROUPS]; /* monotonic: when the budget allows what waits for it; 0: none */
    enum rex_priority shut_for[REX_GROUPS]; /* and whom it has turned away */
    int64_t told_ms; /* monotonic: until when the service told to wait last */
    struct io_timer *timer;
    int64_t timer_ms;
    char *waits;  /* ERR_TEXT_BYTES: what rex_rest_waits() said last */
    bool is_busy; /* inside a done(): sending waits for the timer */
};

static void pump(struct rex_rest *rest);

static int64_t now_ms(const struct rex_rest *rest)
{
    return rest->c.io->now_ms(rest->c.io->net);
}

static int64_t wall_ms(const struct rex_rest *rest)
{
    return rest->c.io->wall_ms(rest->c.io->net);
}

struct rex_rest *rex_rest_new(const struct rex_rest_config *config)
{
    struct rex_rest *rest = mem_zero(1, sizeof *rest);
    rest->c = *config;
    rest->waits = mem_zero(1, ERR_TEXT_BYTES);
    rex_host(rest->host, sizeof rest->host, config->config->server);
    return rest;
}

static void free_job(struct job *job)
{
    if (job->http != NULL) {
        job->rest->c.io->http_cancel(job->http);
        job->rest->under_way--;
    }
    mem_free(job->method);
    mem_free(job->path);
    mem_free(job->body);
    mem_free(job->accept);
    mem_free_secret(job->token);
    mem_free(job);
}

static void remove_job(struct rex_rest *rest, const struct job *job)
{
    for (size_t i = 0; i < rest->jobs.len; i++) {
        if (rest->jobs.items[i] == job) {
            VEC_REMOVE(&rest->jobs, i);
            return;
        }
    }
}

void rex_rest_free(struct rex_rest *rest)
{
    if (rest == NULL)
        return;
    for (size_t i = 0; i < rest->jobs.len; i++)
        free_job(rest->jobs.items[i]);
    VEC_FREE(&rest->jobs);
    rest->c.io->timer_stop(rest->timer);
    mem_free(rest->waits);
    mem_free(rest);
}

/* ---- the end of a request ---- */

/* "GET /restapi/v1.0/account/~/presence": without the query, which says little to people. */
static void name_job(const struct job *job, char *out, size_t size)
{
    (void)snprintf(out, size, "%s %.*s", job->method, (int)strcspn(job->path, "?"), job->path);
}

static void finish(struct job *job, struct rex_answer *answer)
{
    struct rex_rest *rest = job->rest;
    rex_done *done = job->done;
    void *self = job->self;
    remove_job(rest, job);
    free_job(job);
    bool was_busy = rest->is_busy;
    rest->is_busy = true;
    done(self, answer);
    rest->is_busy = was_busy;
}

static void fail(struct job *job, enum rc rc, const char *text)
{
    struct rex_answer answer = {.rc = rc, .code = "", .content_type = "", .body = ""};
    str_copy(answer.text, sizeof answer.text, text);
    answer.reason_len = strlen(answer.text);
    finish(job, &answer);
}

/* "Fri, 02 Jul 2026 13:04:51 GMT"; 0 when it is none. */
static int64_t read_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "", iso[40];
    int day, year, hour, minute, second;
    int64_t ms = 0;
    if (text == NULL || sscanf(text, "%*3s, %2d %3[A-Za-z] %4d %2d:%2d:%2d", &day, month, &year,
                               &hour, &minute, &second) != 6)
        return 0;
    const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (at == NULL || (at - months) % 3 != 0)
        return 0;
    snprintf(iso, sizeof iso, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, (int)(at - months) / 3 + 1,
             day, hour, minute, second);
    return clock_parse_iso(iso, &ms) ? ms : 0;
}

static uint32_t header_number(const struct io_http_answer *answer, const char *name, uint32_t none)
{
    const char *text = io_header(answer, name);
    int64_t value;
    return text != NULL && str_to_int(text, 0, 1000000, &value) ? (uint32_t)value : none;
}

/* What the headers say of the budget. False: no group was named. */
static bool read_budget(struct rex_rest *rest, const struct io_http_answer *from,
                        enum rex_group *group)
{
    const char *name = io_header(from, "X-Rate-Limit-Group");
    if (name == NULL || !rex_group_find(name, group))
        return false;
    uint32_t limit = header_number(from, "X-Rate-Limit-Limit", 0);
    uint32_t remaining = header_number(from, "X-Rate-Limit-Remaining", UINT32_MAX);
    uint32_t window_s = header_number(from, "X-Rate-Limit-Window", 0);
    if (limit > 0)
        rex_shared_told(rest->c.shared, *group, limit,
                        remaining == UINT32_MAX ? -1 : (int32_t)remaining, window_s * 1000,
                        wall_ms(rest));
    return true;
}

/* Back into the queue. */
static void wait_until(struct job *job, int64_t not_before_ms)
{
    job->not_before_ms = not_before_ms;
    pump(job->rest);
}

static bool is_safe(const struct job *job)
{
    return str_eq(job->method, "GET");
}

/* True: it is asked once more. */
static bool is_again(struct job *job, const struct io_http_answer *from, bool is_group_named,
                     enum rex_group group)
{
    struct rex_rest *rest = job->rest;
    if (from->rc == RC_OK && from->status == 429) {
        rex_rest_refused(rest, group, is_group_named, from->retry_after_ms);
        if (job->priority == REX_FOR_ACTION)
            return false;
        wait_until(job, 0);
        return true;
    }
    if (from->rc == RC_OK && from->status == 401) {
        const char *now = rex_signin_token(rest->c.signin);
        if (++job->renewals > RENEWALS_MOST ||
            (now != NULL && str_eq(now, job->token) && job->renewals > 1))
            return false;
        rex_signin_rejected(rest->c.signin, job->token);
        wait_until(job, 0);
        return true;
    }
    bool is_lost = from->rc == RC_TIMEOUT || from->rc == RC_UNREACHABLE ||
                   (from->rc == RC_OK && from->status == 503);
    if (!is_lost || !is_safe(job) || job->is_repeated || from->retry_after_ms > AGAIN_MOST_MS)
        return false;
    job->is_repeated = true;
    wait_until(job, now_ms(rest) + (from->retry_after_ms > 0 ? from->retry_after_ms : AGAIN_MS));
    return true;
}

static void explain(const struct job *job, const struct io_http_answer *from, const char *text,
                    struct rex_answer *answer)
{
    char what[200];
    name_job(job, what, sizeof what);
    if (from->status >= 300 && from->status <= 399) {
        char to[201]; /* what is longer is cut between characters */
        str_copy(to, sizeof to, str_is_empty(from->location) ? "another address" : from->location);
        snprintf(answer->text, sizeof answer->text,
                 "%s redirects to %s: redirects are not followed; set server to the address "
                 "that answers",
                 job->rest->host, to);
        answer->reason_len = strlen(answer->text);
    } else {
        answer->reason_len = rex_explain(answer->text, sizeof answer->text, what, from->status,
                                         answer->code, text, from->retry_after_ms);
    }
}

static void on_answer(void *self, const struct io_http_answer *from)
{
    struct job *job = self;
    struct rex_rest *rest = job->rest;
    enum rex_group group = job->group;
    char code[64] = "", text[256] = "";
    job->http = NULL;
    rest->under_way--;
    if (from->is_unsent)
        rex_shared_give_back(rest->c.shared, job->group);
    log_debug("ringcentral", "%d (%s) to %s %.200s", from->status, rc_text(from->rc), job->method,
              job->path);
    bool is_group_named = from->rc == RC_OK && read_budget(rest, from, &group);
    if (is_again(job, from, is_group_named, group))
        return;
    struct rex_answer answer = {
        .rc = from->rc,
        .status = from->status,
        .at_ms = from->rc == RC_OK ? read_date(io_header(from, "Date")) : 0,
        .code = code,
        .content_type = from->content_type != NULL ? from->content_type : "",
        .body = from->body != NULL ? from->body : "",
        .body_len = from->body != NULL ? from->body_len : 0,
    };
    if (from->rc != RC_OK) {
        str_copy(answer.text, sizeof answer.text,
                 str_is_empty(from->text) ? rc_text(from->rc) : from->text);
        answer.reason_len = strlen(answer.text);
    } else if (from->status < 200 || from->status > 299) {
        rex_wire_error(code, sizeof code, text, sizeof text, answer.body, answer.body_len);
        explain(job, from, text, &answer);
        log_info("ringcentral", "%s", answer.text);
    }
    finish(job, &answer);
    pump(rest);
}

/* ---- sending ---- */

static void send_job(struct job *job, const char *token)
{
    struct rex_rest *rest = job->rest;
    struct buf url;
    buf_init(&url, 64 * 1024);
    buf_printf(&url, "%s%s", rest->c.config->server, job->path);
    mem_free_secret(job->token);
    job->token = mem_dup(token);
    struct io_access access = rest->c.config->access;
    access.user = access.password = NULL;
    access.bearer = job->token;
    struct io_http_request request = {
        .method = job->method,
        .url = buf_text(&url),
        .access = access,
        .accept = job->accept != NULL ? job->accept : "application/json",
        .content_type = job->body != NULL ? "application/json" : NULL,
        .body = job->body,
        .body_len = job->body != NULL ? strlen(job->body) : 0,
        .answer_max_bytes = REX_BODY_MAX_BYTES,
        .timeout_ms = job->timeout_ms,
    };
    rest->under_way++;
    job->http = rest->c.io->http(rest->c.io->net, &request, on_answer, job);
    buf_fini(&url);
}

static void out_of_patience(struct job *job)
{
    char text[ERR_TEXT_BYTES];
    struct rex_rest *rest = job->rest;
    if (rex_signin_token(rest->c.signin) == NULL)
        snprintf(text, sizeof text, "not signed in at %s: nothing was asked for", rest->host);
    else if (rex_rest_waits(rest)[0] != '\0')
        snprintf(text, sizeof text, "%s: nothing was asked for", rex_rest_waits(rest));
    else
        snprintf(text, sizeof text, "%s is too slow just now: nothing was asked for", rest->host);
    fail(job, RC_TIMEOUT, text);
}

static void on_timer(void *self)
{
    struct rex_rest *rest = self;
    rest->timer = NULL;
    for (size_t i = 0; i < rest->jobs.len;) {
        struct job *job = rest->jobs.items[i];
        if (job->http == NULL && now_ms(rest) >= job->patience_until_ms) {
            out_of_patience(job);
            i = 0; /* done() may have changed the list */
        } else {
            i++;
        }
    }
    pump(rest);
}

static void arm(struct rex_rest *rest, int64_t at_ms)
{
    if (at_ms == INT64_MAX || (rest->timer != NULL && rest->timer_ms <= at_ms))
        return;
    rest->c.io->timer_stop(rest->timer);
    int64_t left_ms = at_ms - now_ms(rest);
    rest->timer_ms = at_ms;
    rest->timer = rest->c.io->timer(rest->c.io->net, left_ms > 0 ? left_ms : 0, on_timer, rest);
}

/* The most urgent that may go now; of those the first asked for. */
static struct job *next_job(const struct rex_rest *rest, const bool is_shut[REX_GROUPS],
                            const enum rex_priority shut_for[REX_GROUPS])
{
    struct job *best = NULL;
    for (size_t i = 0; i < rest->jobs.len; i++) {
        struct job *job = rest->jobs.items[i];
        if (job->http != NULL || job->not_before_ms > now_ms(rest))
            continue;
        if (is_shut[job->group] && job->priority >= shut_for[job->group])
            continue;
        if (best == NULL || job->priority < best->priority)
            best = job;
    }
    return best;
}

/* When the next thing can happen without an answer. */
static int64_t next_ms(const struct rex_rest *rest, bool is_signed_in)
{
    int64_t at_ms = INT64_MAX;
    for (size_t i = 0; i < rest->jobs.len; i++) {
        const struct job *job = rest->jobs.items[i];
        if (job->http != NULL)
            continue;
        if (job->patience_until_ms < at_ms)
            at_ms = job->patience_until_ms;
        int64_t open_ms = rest->open_ms[job->group];
        int64_t go_ms = open_ms > job->not_before_ms ? open_ms : job->not_before_ms;
        if (is_signed_in && go_ms > now_ms(rest) && go_ms < at_ms)
            at_ms = go_ms;
    }
    return at_ms;
}

static void pump(struct rex_rest *rest)
{
    bool is_shut[REX_GROUPS] = {false};
    enum rex_priority shut_for[REX_GROUPS] = {REX_FOR_ACTION};
    if (rest->is_busy) {
        arm(rest, now_ms(rest));
        return;
    }
    const char *token = rex_signin_token(rest->c.signin);
    memset(rest->open_ms, 0, sizeof rest->open_ms);
    while (token != NULL) {
        struct job *job = next_job(rest, is_shut, shut_for);
        /* One place is kept for what a person waits for. */
        if (job == NULL || rest->under_way >= REX_REST_PARALLEL ||
            (rest->under_way >= REX_REST_PARALLEL - 1 && job->priority > REX_FOR_LINK))
            break;
        int64_t wait_ms = rex_shared_take(rest->c.shared, job->group, job->priority, wall_ms(rest));
        if (wait_ms == 0) {
            send_job(job, token);
            continue;
        }
        is_shut[job->group] = true;
        shut_for[job->group] = job->priority;
        rest->open_ms[job->group] =
            now_ms(rest) + (wait_ms > WAIT_LEAST_MS ? wait_ms : WAIT_LEAST_MS);
    }
    int64_t at_ms = next_ms(rest, token != NULL), flush_ms = now_ms(rest) + FLUSH_MS;
    if (!rex_shared_flush(rest->c.shared) && at_ms > flush_ms)
        at_ms = flush_ms;
    arm(rest, at_ms);
}

/* ---- for others ---- */

void rex_rest_ask(struct rex_rest *rest, const struct rex_request *request, rex_done *done,
                  void *self)
{
    struct job *job = mem_zero(1, sizeof *job);
    job->rest = rest;
    job->method = mem_dup(request->method);
    job->path = mem_dup(request->path);
    job->body = mem_dup(request->body);
    job->accept = mem_dup(request->accept);
    job->group = request->group;
    job->priority = request->priority;
    job->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : REX_REST_TIMEOUT_MS;
    job->patience_until_ms =
        request->patience_ms > 0 ? now_ms(rest) + request->patience_ms : INT64_MAX;
    job->done = done;
    job->self = self;
    VEC_PUSH(&rest->jobs, job);
    pump(rest);
}

void rex_rest_cancel(struct rex_rest *rest, const void *self)
{
    for (size_t i = rest->jobs.len; i-- > 0;) {
        struct job *job = rest->jobs.items[i];
        if (job->self != self)
            continue;
        VEC_REMOVE(&rest->jobs, i);
        free_job(job);
    }
    if (rest->jobs.len > 0)
        arm(rest, now_ms(rest)); /* a place, and the budget, may be free now */
}

void rex_rest_ready(struct rex_rest *rest)
{
    pump(rest);
}

int64_t rex_rest_wait_ms(const struct rex_rest *rest, enum rex_group group)
{
    int64_t left_ms = rest->open_ms[group] - now_ms(rest);
    return left_ms > 0 ? left_ms : 0;
}

int64_t rex_rest_half_ms(const struct rex_rest *rest, enum rex_group group, size_t requests)
{
    return rex_shared_half_ms(rest->c.shared, group, requests);
}

int64_t rex_rest_told_ms(const struct rex_rest *rest)
{
    int64_t left_ms = rest->told_ms - now_ms(rest);
    return left_ms > 0 ? left_ms : 0;
}

const char *rex_rest_waits(const struct rex_rest *rest)
{
    int64_t most_ms = 0;
    for (size_t i = 0; i < REX_GROUPS; i++) {
        int64_t wait_ms = i != REX_AUTH ? rex_rest_wait_ms(rest, (enum rex_group)i) : 0;
        if (wait_ms > most_ms)
            most_ms = wait_ms;
    }
    rest->waits[0] = '\0';
    if (most_ms > WAIT_LEAST_MS) /* less is not for its limits: see REX_SHARED_HELD_MS */
        snprintf(rest->waits, ERR_TEXT_BYTES, "the service allows no more requests for %lld s",
                 (long long)((most_ms + 999) / 1000));
    return rest->waits;
}

int64_t rex_rest_take(struct rex_rest *rest, enum rex_group group, enum rex_priority priority)
{
    return rex_shared_take(rest->c.shared, group, priority, wall_ms(rest));
}

void rex_rest_refused(struct rex_rest *rest, enum rex_group group, bool is_group_named,
                      int64_t retry_after_ms)
{
    int64_t wait_ms =
        rex_shared_refused(rest->c.shared, group, is_group_named, retry_after_ms, wall_ms(rest));
    if (now_ms(rest) + wait_ms > rest->told_ms)
        rest->told_ms = now_ms(rest) + wait_ms;
    arm(rest, now_ms(rest) + FLUSH_MS); /* others are to know it, if they do not yet */
}
