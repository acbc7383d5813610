/* The sockets of the exchange on libwebsockets: HTTP/1.1 in the one protocol that there is, and
 * websockets at /ws. */
#include "server_priv.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADERS_MAX_BYTES 16384
#define HEADERS_POOL 4096 /* requests being read: beyond it newcomers wait */
#define REPLY_HEADERS_BYTES 8192
#define PING_AFTER_S 30
#define PONG_WITHIN_S 10 /* contracts: ringcentral 2.7 */

struct session {
    struct server_client *client;
};

/* ---- clients --------------------------------------------------------------------------------- */

static struct server_client *client_new(struct server *s, struct lws *wsi)
{
    struct server_client *c = mem_zero(1, sizeof *c);
    c->server = s;
    c->wsi = wsi;
    buf_init(&c->body, HTTP_BODY_MAX_BYTES);
    buf_init(&c->message, HTTP_BODY_MAX_BYTES);
    http_reply_init(&c->reply);
    VEC_PUSH(&s->clients, c);
    return c;
}

static void client_free(struct session *session)
{
    struct server_client *c = session ? session->client : NULL;
    if (!c)
        return;
    struct server *s = c->server;
    session->client = NULL;
    for (size_t i = 0; i < s->clients.len; i++) {
        if (s->clients.items[i] == c) {
            VEC_REMOVE(&s->clients, i);
            break;
        }
    }
    if (c->conn)
        gateway_closed(s->front.gateway, c->conn);
    mem_free(c->path);
    mem_free(c->authorization);
    mem_free(c->accept);
    mem_free(c->content_type);
    mem_free(c->if_none_match);
    json_decref(c->query);
    buf_fini(&c->body);
    buf_fini(&c->message);
    http_reply_fini(&c->reply);
    mem_free(c->text);
    mem_free(c);
}

/* ---- reading a request ----------------------------------------------------------------------- */

static char *header(struct lws *wsi, enum lws_token_indexes token)
{
    int len = lws_hdr_total_length(wsi, token);
    char *text = mem_zero((size_t)(len > 0 ? len : 0) + 1, 1);
    if (len > 0)
        lws_hdr_copy(wsi, text, len + 1, token);
    return text;
}

/* Decoded already, one fragment a pair. */
static json_t *read_query(struct lws *wsi)
{
    json_t *query = json_object();
    char *pair = mem_zero(HEADERS_MAX_BYTES, 1);
    for (int i = 0;
         lws_hdr_copy_fragment(wsi, pair, HEADERS_MAX_BYTES, WSI_TOKEN_HTTP_URI_ARGS, i) >= 0;
         i++) {
        char *equal = strchr(pair, '=');
        if (equal)
            *equal = '\0';
        http_query_add(query, pair, equal ? equal + 1 : "");
    }
    mem_free(pair);
    return query;
}

static const char *read_method(struct lws *wsi, char **path)
{
    static const struct {
        enum lws_token_indexes token;
        const char *method;
    } methods[] = {
        {WSI_TOKEN_GET_URI, "GET"},       {WSI_TOKEN_POST_URI, "POST"},
        {WSI_TOKEN_PUT_URI, "PUT"},       {WSI_TOKEN_PATCH_URI, "PATCH"},
        {WSI_TOKEN_DELETE_URI, "DELETE"},
    };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (lws_hdr_total_length(wsi, methods[i].token) > 0) {
            *path = header(wsi, methods[i].token);
            return methods[i].method;
        }
    }
    *path = mem_dup("/");
    return "";
}

static void read_request(struct server_client *c)
{
    c->method = read_method(c->wsi, &c->path);
    c->query = read_query(c->wsi);
    c->authorization = header(c->wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
    c->accept = header(c->wsi, WSI_TOKEN_HTTP_ACCEPT);
    c->content_type = header(c->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
    c->if_none_match = header(c->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
}

/* ---- answering ------------------------------------------------------------------------------- */

static void answer_at(struct server_client *c, int64_t due_real_ms)
{
    c->is_answered = true;
    c->due_real_ms = due_real_ms;
    c->is_asleep = due_real_ms > server_real_ms(c->server);
    if (!c->is_asleep)
        lws_callback_on_writable(c->wsi);
}

static void carry_out(struct server_client *c)
{
    struct server *s = c->server;
    struct buf target;
    int64_t due_ms = 0;
    buf_init(&target, HTTP_BODY_MAX_BYTES);
    http_target_join(&target, c->path, c->query);
    struct http_request request = {
        .method = c->method,
        .path = c->path,
        .target = buf_text(&target),
        .query = c->query,
        .authorization = c->authorization,
        .accept = c->accept,
        .content_type = c->content_type,
        .if_none_match = c->if_none_match,
        .body = buf_text(&c->body),
        .body_len = c->body.len,
    };
    c->is_waiting = false;
    server_advance(s);
    front_http(&s->front, &request, &c->reply);
    buf_fini(&target);
    if (!front_is_control(c->path) && faults_take(&s->front.faults, FAULT_SLOW))
        due_ms = server_real_ms(s) + faults_ms(&s->front.faults, FAULT_SLOW);
    answer_at(c, due_ms);
}

/* The request is here whole. -1 closes the connection. */
static int request_is_whole(struct server_client *c)
{
    struct server *s = c->server;
    bool is_control = front_is_control(c->path);
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
    if (!is_control && (faults_is_on(&s->front.faults, FAULT_REFUSE, server_real_ms(s)) ||
                        faults_take(&s->front.faults, FAULT_REFUSE)))
        return -1;
    if (s->is_stalled && !is_control)
        c->is_waiting = true;
    else
        carry_out(c);
    return 0;
}

static void refuse(struct server_client *c, int status, const char *code, const char *message)
{
    http_reply_error(&c->reply, status, code, code, message);
    c->is_last = true;
    answer_at(c, 0);
}

static int on_request(struct server *s, struct lws *wsi, struct session *session)
{
    bool was_ahead = lws_get_opaque_user_data(wsi) != NULL;
    client_free(session);
    struct server_client *c = session->client = client_new(s, wsi);
    read_request(c);
    char *length = header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    char *coding = header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
    int64_t bytes = 0;
    bool is_length_bad = length[0] && !str_to_int(length, 0, INT64_MAX, &bytes);
    bool is_coded = coding[0] != '\0';
    /* Without a length the library takes all that follows for the body, and what is answered to a
     * method that is not known here may be read otherwise: nothing can come after either. */
    c->is_last = !c->method[0] || (c->method[0] == 'P' && !length[0]);
    mem_free(length);
    mem_free(coding);
    /* The library takes the headers of what was sent ahead for its body, and never ends: who sent
     * it asks again on another connection, as for anything that is not answered. */
    if (was_ahead && (bytes > 0 || is_coded))
        return -1;
    if (is_length_bad)
        refuse(c, 400, "CMN-104", "Content-Length cannot be parsed");
    else if (is_coded)
        refuse(c, 411, "CMN-104", "Content-Length is required");
    else if (bytes > HTTP_BODY_MAX_BYTES)
        refuse(c, 413, "CMN-104", "The body is too large");
    else if (bytes == 0)
        return request_is_whole(c);
    return 0;
}

static bool add_headers(struct server_client *c, unsigned char **p, unsigned char *end)
{
    const char *name;
    json_t *value;
    char key[72];
    json_object_foreach(c->reply.headers, name, value)
    {
        const char *text = json_string_value(value);
        snprintf(key, sizeof key, "%.70s:", name);
        if (lws_add_http_header_by_name(c->wsi, (const unsigned char *)key,
                                        (const unsigned char *)text, (int)strlen(text), p, end))
            return false;
    }
    return true;
}

/* Makes the bytes of the body, and the headers that come of them. */
static void dump_body(struct server_client *c)
{
    struct http_reply *reply = &c->reply;
    char date[HTTP_DATE_BYTES];
    if (reply->json) {
        char *text = json_dumps(reply->json, JSON_COMPACT | JSON_ENCODE_ANY);
        c->text_len = text ? strlen(text) : 0;
        c->text = mem_zero(LWS_PRE + c->text_len + 1, 1);
        memcpy(c->text + LWS_PRE, text ? text : "", c->text_len);
        free(text);
        http_reply_header(reply, "Content-Type", "application/json;charset=utf-8");
    } else if (reply->text) {
        c->text_len = strlen(reply->text);
        c->text = mem_zero(LWS_PRE + c->text_len + 1, 1);
        memcpy(c->text + LWS_PRE, reply->text, c->text_len);
        if (reply->content_type)
            http_reply_header(reply, "Content-Type", "%s", reply->content_type);
    }
    http_date(ex_wall(c->server->x), date);
    http_reply_header(reply, "Date", "%s", date);
    http_reply_header(reply, "Server", "nginx");
    if (c->is_last)
        http_reply_header(reply, "Connection", "close");
}

static int send_headers(struct server_client *c)
{
    unsigned char bytes[LWS_PRE + REPLY_HEADERS_BYTES];
    unsigned char *start = bytes + LWS_PRE, *p = start, *end = bytes + sizeof bytes - 1;
    dump_body(c);
    if (lws_add_http_header_status(c->wsi, (unsigned)c->reply.status | LWSAHH_FLAG_NO_SERVER_NAME,
                                   &p, end) ||
        !add_headers(c, &p, end))
        return -1;
    if (c->reply.status != 204 && c->reply.status != 304 &&
        lws_add_http_header_content_length(c->wsi, c->text_len, &p, end))
        return -1;
    if (lws_finalize_write_http_header(c->wsi, start, &p, end))
        return -1;
    c->has_sent_headers = true;
    return 0;
}

/* Notes for on_request() whether the next request was sent before this answer: unread bytes, the
 * library says, want to be looked at. The session does not outlive the request. */
static int end_of_answer(struct server_client *c)
{
    bool is_ahead = lws_service_adjust_timeout(c->server->context, 1, 0) == 0;
    lws_set_opaque_user_data(c->wsi, is_ahead ? c->server : NULL);
    return c->is_last || lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

/* Nothing is read before the answer can be written. */
static void hold(struct server_client *c)
{
    c->is_held = true;
    lws_rx_flow_control(c->wsi, 0);
}

/* Must the answer, or even the request, wait for its time? */
static bool has_to_wait(const struct server_client *c)
{
    return c->is_waiting || c->is_asleep || (c->server->is_stalled && !front_is_control(c->path));
}

static int on_http_writeable(struct server_client *c)
{
    if (!c || !c->is_answered || has_to_wait(c))
        return 0;
    if (!c->has_sent_headers) {
        if (send_headers(c))
            return -1;
        if (c->text_len == 0)
            return end_of_answer(c);
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    if (lws_write(c->wsi, (unsigned char *)c->text + LWS_PRE, c->text_len, LWS_WRITE_HTTP_FINAL) <
        0)
        return -1;
    return end_of_answer(c);
}

/* Said again and again, and nobody else is served, for as long as something that was sent ahead
 * lies behind the body. */
static int on_body_end(struct server_client *c)
{
    if (!c)
        return 0;
    if (!c->is_answered && !c->is_waiting)
        return request_is_whole(c);
    if (has_to_wait(c)) {
        hold(c);
        return 0;
    }
    c->is_last = true;
    return on_http_writeable(c);
}

/* ---- websockets ------------------------------------------------------------------------------ */

static char *url_argument(struct lws *wsi, const char *name)
{
    json_t *query = read_query(wsi);
    char *text = mem_dup(http_query_get(query, name));
    json_decref(query);
    return text;
}

/* Before the upgrade; non-zero refuses it. */
static int on_upgrade(struct server *s, struct lws *wsi)
{
    struct http_reply reply;
    char *path = header(wsi, WSI_TOKEN_GET_URI), *token = url_argument(wsi, "access_token");
    int result = 0;
    http_reply_init(&reply);
    server_advance(s);
    if (faults_is_on(&s->front.faults, FAULT_REFUSE, server_real_ms(s)) ||
        faults_take(&s->front.faults, FAULT_REFUSE)) {
        result = -1;
    } else if (!str_eq(path, "/ws")) {
        lws_return_http_status(wsi, 404, NULL);
        result = -1;
    } else if (!gateway_admits(s->front.gateway, token, &reply)) {
        lws_return_http_status(wsi, (unsigned)reply.status, NULL);
        result = -1;
    }
    http_reply_fini(&reply);
    mem_free(path);
    mem_free(token);
    return result;
}

static void on_established(struct server *s, struct lws *wsi, struct session *session)
{
    char *token = url_argument(wsi, "access_token"), *wsc = url_argument(wsi, "wsc");
    client_free(session);
    struct server_client *c = session->client = client_new(s, wsi);
    c->is_web_socket = true;
    server_advance(s);
    c->conn = gateway_open(s->front.gateway, wsi, token, wsc);
    if (s->is_stalled)
        lws_rx_flow_control(wsi, 0);
    mem_free(token);
    mem_free(wsc);
}

static void on_message(struct server_client *c, const char *bytes, size_t len)
{
    struct server *s = c->server;
    if (lws_is_first_fragment(c->wsi))
        buf_reset(&c->message);
    buf_put(&c->message, bytes, len);
    if (c->message.is_full) {
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        return;
    }
    if (!lws_is_final_fragment(c->wsi))
        return;
    server_advance(s);
    gateway_receive(s->front.gateway, c->conn, buf_text(&c->message), c->message.len);
    buf_reset(&c->message);
}

/* Without a closing handshake, and with a reset: as a network that goes away. On Linux a TCP socket
 * that is connected to nothing resets its connection. */
static void make_abrupt(struct lws *wsi)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(lws_get_socket_fd(wsi), &nobody, sizeof nobody) != 0)
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

static int on_web_socket_writeable(struct server_client *c)
{
    char *text = NULL;
    size_t len = 0;
    struct server *s = c->server;
    if (s->is_stalled)
        return 0;
    switch (gateway_take(s->front.gateway, c->conn, &text, &len)) {
    case GATEWAY_NOTHING: return 0;
    case GATEWAY_DROP: make_abrupt(c->wsi); return -1;
    case GATEWAY_CLOSE: lws_close_reason(c->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0); return -1;
    case GATEWAY_FRAME: break;
    }
    char *frame = mem_zero(LWS_PRE + len + 1, 1);
    memcpy(frame + LWS_PRE, text, len);
    int sent = lws_write(c->wsi, (unsigned char *)frame + LWS_PRE, len, LWS_WRITE_TEXT);
    mem_free(frame);
    mem_free(text);
    lws_callback_on_writable(c->wsi);
    return sent < 0 ? -1 : 0;
}

/* ---- the library's calls --------------------------------------------------------------------- */

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct server *s = lws_context_user(lws_get_context(wsi));
    struct session *session = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP: return on_request(s, wsi, session);
    case LWS_CALLBACK_HTTP_BODY:
        if (session->client && !session->client->is_answered)
            buf_put(&session->client->body, in, len);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return on_body_end(session->client);
    case LWS_CALLBACK_HTTP_WRITEABLE: return on_http_writeable(session->client);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return on_upgrade(s, wsi);
    case LWS_CALLBACK_ESTABLISHED: on_established(s, wsi, session); return 0;
    case LWS_CALLBACK_RECEIVE: on_message(session->client, in, len); return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_web_socket_writeable(session->client);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED: client_free(session); return 0;
    default: return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "wsg", .callback = callback, .per_session_data_size = sizeof(struct session)},
    {.name = NULL},
};

enum rc server_listen(struct server *s, const char *host, int port, int *bound, struct err *err)
{
    static const lws_retry_bo_t policy = {.secs_since_valid_ping = PING_AFTER_S,
                                          .secs_since_valid_hangup = PING_AFTER_S + PONG_WITHIN_S};
    void *loops[] = {&s->loop};
    bool is_six = strchr(host, ':') != NULL;
    struct lws_context_creation_info info = {
        .port = port,
        .iface = host,
        .protocols = protocols,
        .foreign_loops = loops,
        .user = s,
        .max_http_header_data = HEADERS_MAX_BYTES,
        .max_http_header_pool = HEADERS_POOL,
        .keepalive_timeout = 60,
        .retry_and_idle_policy = &policy,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_LIBUV |
                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
    };
    if (!is_six)
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    lws_set_log_level(0, NULL);
    s->context = lws_create_context(&info);
    if (!s->context)
        return err_set(err, RC_FAILED, "cannot start the network");
    s->vhost = lws_create_vhost(s->context, &info);
    if (!s->vhost)
        return err_set(err, RC_FAILED,
                       "cannot listen on %.60s:%d: the port is taken; use another one, or 0 for a "
                       "free one",
                       host, port);
    *bound = lws_get_vhost_listen_port(s->vhost);
    return RC_OK;
}

void server_wake(void *server, void *wsi)
{
    (void)server;
    lws_callback_on_writable(wsi);
}

/* ---- delays ---------------------------------------------------------------------------------- */

int64_t server_next_due_ms(const struct server *s)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < s->clients.len; i++) {
        const struct server_client *c = s->clients.items[i];
        if (c->is_asleep && c->due_real_ms < next_ms)
            next_ms = c->due_real_ms;
    }
    return next_ms;
}

static void write_on(struct server_client *c)
{
    if (c->is_held)
        lws_rx_flow_control(c->wsi, 1);
    c->is_held = false;
    lws_callback_on_writable(c->wsi);
}

void server_due(struct server *s)
{
    int64_t now_ms = server_real_ms(s);
    for (size_t i = 0; i < s->clients.len; i++) {
        struct server_client *c = s->clients.items[i];
        if (c->is_asleep && c->due_real_ms <= now_ms) {
            c->is_asleep = false;
            write_on(c);
        }
    }
}

void server_stall(struct server *s, bool is_on)
{
    s->is_stalled = is_on;
    for (size_t i = 0; i < s->clients.len; i++) {
        struct server_client *c = s->clients.items[i];
        if (c->is_web_socket)
            lws_rx_flow_control(c->wsi, !is_on);
        if (!is_on && c->is_waiting)
            carry_out(c);
        if (!is_on && !c->is_asleep)
            write_on(c);
    }
}
