#include "callhud/net/http.h"

#include "callhud/base/buf.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/net/curl_library.h"
#include "callhud/net/tls.h"
#include "callhud/net/url.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#define ANSWER_MAX_BYTES (8u * 1024 * 1024)
#define TIMEOUT_MS 10000
#define RETRY_AFTER_MOST_S (24 * 3600)
#define MAX_CONNECTIONS 8
#define MAX_PER_HOST 6
#define DIVERSION_BYTES (URL_HOST_BYTES + 32)

struct io_http {
    struct http_pool *pool;
    struct io_http *prev, *next;
    void (*done)(void *self, const struct io_http_answer *answer);
    void *self;
    CURL *easy;      /* NULL until the request was found to make sense */
    bool is_running; /* is easy in the multi handle? */
    struct resolve_ask *ask;
    struct loop_timer *timer; /* of the whole request */
    int64_t timeout_ms;
    struct url url;
    char *name; /* for TLS and messages: tls_name, or the host */
    struct curl_slist *headers;
    struct curl_slist *addresses;
    struct curl_slist *diversion;
    char curl_text[CURL_ERROR_SIZE];
    struct buf body;
    struct io_header answer_headers[IO_HEADERS_MAX];
    struct err err;     /* why there is no answer */
    char location[256]; /* of a redirect */
    bool is_unsent;     /* no connection came to be */
};

struct http_pool {
    struct loop *loop;
    struct resolve *resolve;
    struct curl_library curl; /* opened, and multi made, at the first request */
    CURLM *multi;
    struct loop_timer *timer;
    struct io_http *first;
};

/* One socket that curl wants to hear of. */
struct interest {
    uv_poll_t poll;
    struct http_pool *pool;
    curl_socket_t socket;
};

static void finish_all(struct http_pool *pool);

/* ---- curl on the loop ---- */

static void timer_fired(void *self)
{
    struct http_pool *pool = self;
    int running;

    pool->timer = NULL;
    pool->curl.curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(pool);
}

static int set_timer(CURLM *multi, long after_ms, void *self)
{
    struct http_pool *pool = self;

    (void)multi;
    loop_timer_stop(pool->timer);
    pool->timer = after_ms < 0 ? NULL : loop_timer(pool->loop, after_ms, timer_fired, pool);
    return 0;
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct interest *interest = poll->data;
    struct http_pool *pool = interest->pool;
    int what = status < 0 ? CURL_CSELECT_ERR : 0;
    int running;

    what |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    what |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    /* The interest may be gone after this. */
    pool->curl.curl_multi_socket_action(pool->multi, interest->socket, what, &running);
    finish_all(pool);
}

static void free_interest(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static int set_interest(CURL *easy, curl_socket_t socket, int what, void *self, void *of_socket)
{
    struct http_pool *pool = self;
    struct interest *interest = of_socket;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (interest != NULL)
            uv_close((uv_handle_t *)&interest->poll, free_interest);
        return 0;
    }
    if (interest == NULL) {
        interest = mem_zero(1, sizeof *interest);
        interest->pool = pool;
        interest->socket = socket;
        interest->poll.data = interest;
        if (uv_poll_init_socket(loop_uv(pool->loop), &interest->poll, socket) != 0) {
            mem_free(interest);
            return -1;
        }
        pool->curl.curl_multi_assign(pool->multi, socket, interest);
    }
    events |= (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
    uv_poll_start(&interest->poll, events, socket_ready);
    return 0;
}

static bool start_curl(struct http_pool *pool, struct err *err)
{
    if (pool->multi != NULL)
        return true;
    if (curl_library_open(&pool->curl, err) != RC_OK)
        return false;
    pool->multi = pool->curl.curl_multi_init();
    if (pool->multi == NULL) {
        pool->curl.curl_global_cleanup();
        return false;
    }
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, set_interest);
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)MAX_PER_HOST);
    pool->curl.curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return true;
}

struct http_pool *http_pool_new(struct loop *loop, struct resolve *resolve)
{
    struct http_pool *pool = mem_zero(1, sizeof *pool);

    pool->loop = loop;
    pool->resolve = resolve;
    return pool;
}

void http_pool_free(struct http_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->first != NULL)
        http_cancel(pool->first);
    if (pool->multi != NULL) {
        pool->curl.curl_multi_cleanup(pool->multi);
        pool->curl.curl_global_cleanup();
    }
    loop_timer_stop(pool->timer);
    mem_free(pool);
}

/* ---- the life of a request ---- */

/* Takes the request out of everything that could call it. */
static void detach(struct io_http *http)
{
    resolve_cancel(http->ask);
    http->ask = NULL;
    loop_timer_stop(http->timer);
    http->timer = NULL;
    if (http->is_running)
        http->pool->curl.curl_multi_remove_handle(http->pool->multi, http->easy);
    http->is_running = false;
    *(http->prev != NULL ? &http->prev->next : &http->pool->first) = http->next;
    if (http->next != NULL)
        http->next->prev = http->prev;
    http->prev = http->next = NULL;
}

static void free_http(struct io_http *http)
{
    if (http->easy != NULL) { /* else curl may not have been opened at all */
        http->pool->curl.curl_easy_cleanup(http->easy);
        http->pool->curl.curl_slist_free_all(http->headers);
        http->pool->curl.curl_slist_free_all(http->addresses);
        http->pool->curl.curl_slist_free_all(http->diversion);
    }
    if (http->body.data != NULL)
        mem_wipe(http->body.data, http->body.len); /* it may hold a token */
    buf_fini(&http->body);
    mem_free(http->name);
    mem_free(http);
}

void http_cancel(struct io_http *http)
{
    if (http == NULL)
        return;
    detach(http);
    free_http(http);
}

/* The only place that calls done. The answer's strings live in http. */
static void tell(struct io_http *http, struct io_http_answer *answer)
{
    answer->content_type = answer->content_type != NULL ? answer->content_type : "";
    answer->location = answer->location != NULL ? answer->location : "";
    answer->body = buf_text(&http->body);
    answer->body_len = http->body.len;
    answer->text = answer->text != NULL ? answer->text : "";
    detach(http);
    http->done(http->self, answer);
    free_http(http);
}

static void tell_failure(struct io_http *http)
{
    struct io_http_answer answer = {
        .rc = http->err.rc, .text = http->err.text, .is_unsent = http->is_unsent};

    buf_reset(&http->body);
    tell(http, &answer);
}

static void out_of_time(void *self)
{
    struct io_http *http = self;

    http->timer = NULL;
    http->is_unsent = http->ask != NULL;
    err_set(&http->err, RC_TIMEOUT,
            "no answer from %s port %d within %.1f s: %s; check the network, and server",
            http->url.host, http->url.port, (double)http->timeout_ms / 1000.0,
            http->ask != NULL ? "its address was not found in time" : "it is slow or out of reach");
    tell_failure(http);
}

static void fail_later(void *self)
{
    struct io_http *http = self;

    http->timer = NULL;
    http->is_unsent = true;
    tell_failure(http);
}

/* What fails before a byte of the request has left: no connection, or no TLS on it. */
static bool is_before_request(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CIPHER ||
           code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION ||
           code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

/* "Connection refused"; "" when the system has not said why. */
static const char *system_reason(const struct io_http *http)
{
    long code = 0;

    http->pool->curl.curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &code);
    return code != 0 ? strerror((int)code) : "";
}

/* "wrong version number", of "...error:0A00010B:SSL routines::wrong version number". */
static const char *tls_text(const struct io_http *http)
{
    const char *last = "";

    for (const char *at = http->curl_text; (at = strstr(at, "::")) != NULL; at += 2)
        last = at + 2;
    return last;
}

static const char *colon_before(const char *text)
{
    return text[0] != '\0' ? ": " : "";
}

/* curl's own words are for the log: they name its calls and options. */
static void explain(struct io_http *http, CURLcode code)
{
    long verdict = 0;
    struct err *err = &http->err;
    const char *host = http->url.host;
    const char *why = system_reason(http);
    const int port = http->url.port;

    log_info("net", "http with %s port %d: %s", host, port,
             http->curl_text[0] != '\0' ? http->curl_text
                                        : http->pool->curl.curl_easy_strerror(code));
    http->pool->curl.curl_easy_getinfo(http->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    http->is_unsent = is_before_request(code);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        err_set(err, RC_UNREACHABLE,
                "no connection to %s port %d%s%s; is it running, and server "
                "right?",
                host, port, colon_before(why), why);
        return;
    case CURLE_GOT_NOTHING:
        err_set(err, RC_UNREACHABLE,
                "%s port %d closed the connection without an answer; is that the right port?", host,
                port);
        return;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        err_set(err, RC_UNREACHABLE,
                "the connection to %s port %d broke off%s%s; try again, and check the network",
                host, port, colon_before(why), why);
        return;
    case CURLE_PARTIAL_FILE:
        err_set(err, RC_UNREACHABLE, "the answer of %s was cut off after %zu bytes; try again",
                host, http->body.len);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        err_set(err, RC_TIMEOUT,
                "no connection to %s port %d in time; check the network, and server", host, port);
        return;
    case CURLE_WRITE_ERROR:
        err_set(err, RC_TOO_BIG,
                "the answer of %s is larger than %zu bytes, and was not taken; is server right?",
                host, http->body.max_bytes);
        return;
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: tls_explain_pin(err, http->name); return;
    case CURLE_PEER_FAILED_VERIFICATION: tls_explain(err, verdict, http->name, ""); return;
    case CURLE_SSL_CACERT_BADFILE:
        err_set(err, RC_CONFIG,
                "cannot read the certificates that %s is to be checked by; see "
                "that ca_file names a file of certificates that you may read",
                host);
        return;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        err_set(err, RC_TLS, "no TLS with %s port %d%s%s; is that a TLS port?", host, port,
                colon_before(tls_text(http)), tls_text(http));
        return;
    default:
        err_set(err, RC_PROTO, "no usable answer from %s port %d; is that a web server's port?",
                host, port);
    }
}

/* The texts are curl's until the handle is freed. */
static size_t take_headers(struct io_http *http)
{
    struct curl_header *header = NULL;
    size_t len = 0;

    while (len < IO_HEADERS_MAX && (header = http->pool->curl.curl_easy_nextheader(
                                        http->easy, CURLH_HEADER, -1, header)) != NULL)
        http->answer_headers[len++] = (struct io_header){header->name, header->value};
    return len;
}

/* curl has finished with this one. */
static void finish(struct io_http *http, CURLcode code)
{
    struct io_http_answer answer = {.rc = RC_OK};
    struct curl_header *location = NULL;
    char *content_type = NULL;
    char *redirect = NULL;
    curl_off_t retry_after_s = 0;
    long status = 0;

    if (code != CURLE_OK) {
        explain(http, code);
        tell_failure(http);
        return;
    }
    http->pool->curl.curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    http->pool->curl.curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &content_type);
    http->pool->curl.curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    http->pool->curl.curl_easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &redirect);
    if (redirect == NULL &&
        http->pool->curl.curl_easy_header(http->easy, "Location", 0, CURLH_HEADER, -1, &location) ==
            CURLHE_OK)
        redirect = location->value;
    answer.status = (int)status;
    answer.content_type = content_type;
    if (redirect != NULL)
        url_show(http->location, sizeof http->location, redirect);
    answer.location = redirect != NULL ? http->location : NULL;
    answer.retry_after_ms =
        1000 * (int64_t)(retry_after_s < RETRY_AFTER_MOST_S ? retry_after_s : RETRY_AFTER_MOST_S);
    answer.headers = http->answer_headers;
    answer.headers_len = take_headers(http);
    tell(http, &answer);
}

/* A callback may start and cancel others, but the messages are curl's own list: it drops those of
 * handles that were removed. */
static void finish_all(struct http_pool *pool)
{
    CURLMsg *message;
    int left;

    while ((message = pool->curl.curl_multi_info_read(pool->multi, &left)) != NULL) {
        struct io_http *http = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        pool->curl.curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&http);
        finish(http, code);
    }
}

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
    struct io_http *http = self;

    return buf_put(&http->body, bytes, size * count) ? size * count : 0;
}

/* ---- setting up ---- */

#define SET(http, option, value) \
    ((http)->pool->curl.curl_easy_setopt((http)->easy, (option), (value)))

static void append(struct io_http *http, struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = http->pool->curl.curl_slist_append(*list, text);

    if (longer != NULL)
        *list = longer;
}

static void set_method(struct io_http *http, const struct io_http_request *request)
{
    if (request->content_type != NULL) {
        char line[256];

        snprintf(line, sizeof line, "Content-Type: %s", request->content_type);
        append(http, &http->headers, line);
        SET(http, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        SET(http, CURLOPT_COPYPOSTFIELDS, request->body != NULL ? request->body : "");
    } else if (str_eq(request->method, "POST") || str_eq(request->method, "PUT")) {
        /* No body, but its length of 0 has to be said. */
        SET(http, CURLOPT_POSTFIELDSIZE, 0L);
        SET(http, CURLOPT_COPYPOSTFIELDS, "");
        append(http, &http->headers, "Content-Type:");
    } else if (str_eq(request->method, "HEAD")) {
        SET(http, CURLOPT_NOBODY, 1L);
    }
    SET(http, CURLOPT_CUSTOMREQUEST, request->method);
    append(http, &http->headers, "Expect:");
    if (request->accept != NULL) {
        char line[256];

        snprintf(line, sizeof line, "Accept: %s", request->accept);
        append(http, &http->headers, line);
    }
}

static void set_access(struct io_http *http, const struct io_access *access)
{
    if (access->bearer != NULL) {
        SET(http, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        SET(http, CURLOPT_XOAUTH2_BEARER, access->bearer);
    } else if (access->user != NULL) {
        SET(http, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(http, CURLOPT_USERNAME, access->user);
        SET(http, CURLOPT_PASSWORD, access->password != NULL ? access->password : "");
    }
    SET(http, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (!str_is_empty(access->ca_file)) {
        SET(http, CURLOPT_CAINFO, access->ca_file);
        SET(http, CURLOPT_CAPATH, NULL);
    }
    if (!str_is_empty(access->pin_sha256))
        SET(http, CURLOPT_PINNEDPUBLICKEY, access->pin_sha256);
}

/* The name goes into the URL, where curl takes SNI and the name to verify from; the connection is
 * led to the real host, which also keeps curl from taking two servers under one name for one. */
static bool set_name(struct io_http *http)
{
    struct url *url = &http->url;
    bool is_v6_name = strchr(http->name, ':') != NULL;
    struct buf text;
    char diversion[DIVERSION_BYTES];

    buf_init(&text, 8192);
    buf_printf(&text, "%s://%s%s%s:%d%s", url->is_tls ? "https" : "http", is_v6_name ? "[" : "",
               http->name, is_v6_name ? "]" : "", url->port, url->path);
    bool is_set = SET(http, CURLOPT_URL, buf_text(&text)) == CURLE_OK;

    if (!str_eq(http->name, url->host)) {
        const char *open = url->is_v6 ? "[" : "";
        const char *close = url->is_v6 ? "]" : "";

        snprintf(diversion, sizeof diversion, "::%s%s%s:%d", open, url->host, close, url->port);
        append(http, &http->diversion, diversion);
        SET(http, CURLOPT_CONNECT_TO, http->diversion);
        buf_reset(&text);
        buf_printf(&text, url->is_port_usual ? "Host: %s%s%s" : "Host: %s%s%s:%d", open, url->host,
                   close, url->port);
        append(http, &http->headers, buf_text(&text));
    }
    buf_fini(&text);
    return is_set;
}

static bool set_up(struct io_http *http, const struct io_http_request *request)
{
    CURL *easy = http->pool->curl.curl_easy_init();

    if (easy == NULL)
        return false;
    http->easy = easy;
    SET(http, CURLOPT_PRIVATE, http);
    SET(http, CURLOPT_ERRORBUFFER, http->curl_text);
    SET(http, CURLOPT_WRITEFUNCTION, take_body);
    SET(http, CURLOPT_WRITEDATA, http);
    SET(http, CURLOPT_NOSIGNAL, 1L);
    SET(http, CURLOPT_NOPROGRESS, 1L);
    SET(http, CURLOPT_FOLLOWLOCATION, 0L);
    SET(http, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(http, CURLOPT_PROXY, ""); /* not what http_proxy says: passwords pass here */
    SET(http, CURLOPT_NOPROXY, "*");
    SET(http, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(http, CURLOPT_HTTP09_ALLOWED, 0L);
    SET(http, CURLOPT_PATH_AS_IS, 1L);
    SET(http, CURLOPT_USERAGENT, "callhud/" CALLHUD_VERSION);
    SET(http, CURLOPT_CONNECTTIMEOUT_MS, (long)http->timeout_ms);
    set_method(http, request);
    set_access(http, &request->access);
    if (!set_name(http))
        return false;
    return SET(http, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK;
}

static void resolved(void *self, const struct resolve_answer *answer)
{
    struct io_http *http = self;
    struct buf entry;

    http->ask = NULL;
    if (answer->rc != RC_OK) {
        http->is_unsent = true;
        err_set(&http->err, answer->rc, "%s", answer->text);
        tell_failure(http);
        return;
    }
    buf_init(&entry, 4096);
    /* "+": forgotten by curl after a minute; each request brings its own anyway. */
    buf_printf(&entry, "+%s:%d:", http->url.host, http->url.port);
    for (size_t i = 0; i < answer->len; i++) {
        bool is_v6 = strchr(answer->addresses[i], ':') != NULL;

        buf_printf(&entry, "%s%s%s%s", i > 0 ? "," : "", is_v6 ? "[" : "", answer->addresses[i],
                   is_v6 ? "]" : "");
    }
    if (!url_is_numeric(http->url.host)) {
        append(http, &http->addresses, buf_text(&entry));
        SET(http, CURLOPT_RESOLVE, http->addresses);
    }
    buf_fini(&entry);
    CURLMcode code = http->pool->curl.curl_multi_add_handle(http->pool->multi, http->easy);

    if (code == CURLM_OK) {
        http->is_running = true;
        return;
    }
    log_error("net", "http: %s", http->pool->curl.curl_multi_strerror(code));
    err_set(&http->err, RC_FAILED, "cannot start a request to %s; try again, the log tells more",
            http->url.host);
    tell_failure(http);
}

static enum rc check(struct io_http *http, const struct io_http_request *request)
{
    const struct io_access *access = &request->access;
    enum rc rc = url_parse(request->url, "http", &http->url, &http->err);

    if (rc != RC_OK)
        return rc;
    http->name = mem_dup(!str_is_empty(access->tls_name) && http->url.is_tls ? access->tls_name
                                                                             : http->url.host);
    if (!str_is_empty(access->pin_sha256) && !tls_is_pin(access->pin_sha256))
        return err_set(&http->err, RC_CONFIG,
                       "pin_sha256 is not of the form sha256//BASE64 (44 characters)");
    if (!start_curl(http->pool, &http->err))
        return http->err.rc;
    if (!set_up(http, request))
        return err_set(&http->err, RC_CONFIG,
                       "no request can be made to %s; check server and tls_name", http->url.host);
    return RC_OK;
}

struct io_http *http_start(struct http_pool *pool, const struct io_http_request *request,
                           void (*done)(void *self, const struct io_http_answer *answer),
                           void *self)
{
    struct io_http *http = mem_zero(1, sizeof *http);

    http->pool = pool;
    http->done = done;
    http->self = self;
    http->next = pool->first;
    if (pool->first != NULL)
        pool->first->prev = http;
    pool->first = http;
    buf_init(&http->body,
             request->answer_max_bytes != 0 ? request->answer_max_bytes : ANSWER_MAX_BYTES);
    http->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS;
    if (check(http, request) != RC_OK) {
        http->timer = loop_timer(pool->loop, 0, fail_later, http);
        return http;
    }
    http->timer = loop_timer(pool->loop, http->timeout_ms, out_of_time, http);
    http->ask = resolve_start(pool->resolve, http->url.host, resolved, http);
    return http;
}
