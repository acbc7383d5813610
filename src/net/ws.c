#include "callhud/net/ws.h"

#include "callhud/base/buf.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/net/tls.h"
#include "callhud/net/url.h"
#include "ws_explain.h"
#include "ws_library.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define FRAME_MAX_BYTES (1024u * 1024)
#define OPEN_TIMEOUT_MS 15000
#define QUEUE_MAX_BYTES (1024u * 1024)
#define HEADER_BYTES 16384

enum stage { AT_NAME, AT_CONNECT, AT_TLS, AT_ANSWER, AT_OPEN, AT_END };

struct outgoing {
    struct outgoing *next;
    bool is_ping;
    size_t len;
    unsigned char bytes[]; /* LWS_PRE free bytes, then len */
};

struct io_ws {
    struct ws_pool *pool;
    struct io_ws *prev, *next;
    struct io_ws_handler handler;
    void *self;
    enum stage stage;
    struct lws *wsi; /* NULL between attempts and after the end */
    int depth;       /* inside one of our own callbacks to the handler */
    bool is_dropped; /* ws_close() was called meanwhile */
    struct resolve_ask *ask;
    struct loop_timer *open_timer;
    struct loop_timer *step_timer; /* limit of one address, next step, or the last message */
    uv_tcp_t *probe;               /* asks why a connect failed */
    struct lws_vhost *trust;
    struct url url;
    char *path;
    char *name; /* for TLS: tls_name, or the host */
    char *protocol;
    char *authorization; /* a whole header line; secret */
    char *ca_file;
    char *pin;
    int64_t open_timeout_ms;
    struct resolve_answer addresses;
    size_t address_at;
    long verdict; /* of the certificate: X509_V_ code, 0 fine */
    bool is_pin_wrong;
    bool is_name_set; /* without a name to check, no certificate will do */
    char expiry[16];
    char tls_text[160];
    int status; /* of the answer to the upgrade; 0: none came */
    char location[256];
    char parting[400]; /* what the server said when it closed */
    struct buf message;
    struct outgoing *queue, *queue_last; /* queue_last: of a queue that is not empty */
    size_t queue_bytes;
    bool has_failed; /* the attempt under way; the library may say so once, twice or never */
    struct err err;  /* why it ends */
};

struct ws_pool {
    struct loop *loop;
    struct resolve *resolve;
    struct ws_library *library;
    struct io_ws *first;
};

static int called_back(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t len);
static void try_address(void *self);
static void failed(struct io_ws *ws, const char *said);

/* OpenSSL tells how a handshake goes, and knows only its own connection. Before the first message
 * the name is set: libwebsockets takes it from the Host header, which has neither tls_name nor a
 * way to write an IPv6 address. */
static void note_handshake(const struct ssl_st *ssl, int where, int ret)
{
    struct ws_pool *pool = tls_owner(ssl);

    for (struct io_ws *ws = pool->first; ws != NULL; ws = ws->next) {
        if (ws->wsi == NULL || lws_get_ssl(ws->wsi) != ssl || ws->stage == AT_OPEN)
            continue;
        if (tls_note_is_start(where))
            ws->is_name_set = tls_set_name(lws_get_ssl(ws->wsi), ws->name);
        if (tls_note_is_alert(where))
            snprintf(ws->tls_text, sizeof ws->tls_text, "the server says: %s", tls_alert_text(ret));
        if (tls_note_is_end(where, ret) && ws->tls_text[0] == '\0')
            tls_reason(ws->tls_text, sizeof ws->tls_text);
        return;
    }
}

struct ws_pool *ws_pool_new(struct loop *loop, struct resolve *resolve)
{
    struct ws_pool *pool = mem_zero(1, sizeof *pool);

    pool->loop = loop;
    pool->resolve = resolve;
    pool->library = ws_library_new(loop, called_back, note_handshake, pool);
    return pool;
}

void ws_pool_free(struct ws_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->first != NULL)
        ws_close(pool->first);
    /* Endings run newest first: the library may still ask for its owner while it ends. */
    loop_at_end(pool->loop, mem_free, pool);
    ws_library_free(pool->library);
}

/* ---- the end of a websocket ---- */

static void free_ws(struct io_ws *ws)
{
    *(ws->prev != NULL ? &ws->prev->next : &ws->pool->first) = ws->next;
    if (ws->next != NULL)
        ws->next->prev = ws->prev;
    while (ws->queue != NULL) {
        struct outgoing *item = ws->queue;

        ws->queue = item->next;
        mem_free(item);
    }
    buf_fini(&ws->message);
    mem_free(ws->path);
    mem_free(ws->name);
    mem_free(ws->protocol);
    mem_free_secret(ws->authorization);
    mem_free(ws->ca_file);
    mem_free(ws->pin);
    mem_free(ws);
}

static void free_probe(uv_handle_t *handle)
{
    mem_free(handle);
}

/* Stops everything that could call back, but for libwebsockets. */
static void stop_waiting(struct io_ws *ws)
{
    resolve_cancel(ws->ask);
    ws->ask = NULL;
    loop_timer_stop(ws->open_timer);
    loop_timer_stop(ws->step_timer);
    ws->open_timer = ws->step_timer = NULL;
    if (ws->probe != NULL) {
        ws->probe->data = NULL;
        uv_close((uv_handle_t *)ws->probe, free_probe);
        ws->probe = NULL;
    }
}

/* The library's connection may live on, but does not call this websocket any more. */
static void part(struct io_ws *ws)
{
    if (ws->wsi != NULL)
        lws_set_opaque_user_data(ws->wsi, NULL);
    ws->wsi = NULL;
}

/* Lets go of the library's connection. It may live on for some seconds to say goodbye, but belongs
 * to nobody. Not from inside one of its own callbacks. */
static void drop_connection(struct io_ws *ws)
{
    struct lws *wsi = ws->wsi;

    if (wsi == NULL)
        return;
    part(ws);
    if (ws->stage == AT_OPEN)
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
    ws_library_wake(ws->pool->library);
}

static void tell_closed(void *self)
{
    struct io_ws *ws = self;
    int status = ws->status;

    ws->step_timer = NULL;
    ws->depth++;
    ws->handler.closed(ws->self, ws->err.rc, status, ws->err.text);
    free_ws(ws);
}

/* err says why. The handler hears of it in the next turn, outside of the library. */
static void end(struct io_ws *ws)
{
    if (ws->stage == AT_END)
        return;
    if (ws->stage == AT_OPEN)
        ws->status = -1;
    ws->stage = AT_END;
    stop_waiting(ws);
    log_debug("net", "websocket to %s: %s", ws->url.host, ws->err.text);
    ws->step_timer = loop_timer(ws->pool->loop, 0, tell_closed, ws);
}

void ws_close(struct io_ws *ws)
{
    if (ws == NULL)
        return;
    if (ws->depth > 0) {
        ws->is_dropped = true; /* freed by whoever called the handler */
        return;
    }
    stop_waiting(ws);
    drop_connection(ws);
    free_ws(ws);
}

static void out_of_time(void *self)
{
    static const char *const doing[] = {
        [AT_NAME] = "its address was not found in time",
        [AT_CONNECT] = "it does not accept the connection",
        [AT_TLS] = "the TLS handshake does not end",
        [AT_ANSWER] = "it accepts the connection but says nothing",
    };
    struct io_ws *ws = self;

    ws->open_timer = NULL;
    err_set(&ws->err, RC_TIMEOUT,
            "no websocket with %s port %d within %.1f s: %s; check server and the network",
            ws->url.host, ws->url.port, (double)ws->open_timeout_ms / 1000.0, doing[ws->stage]);
    drop_connection(ws);
    end(ws);
}

/* ---- connecting, address by address ---- */

static void next_address(struct io_ws *ws)
{
    loop_timer_stop(ws->step_timer);
    ws->step_timer = NULL;
    ws->address_at++;
    if (ws->address_at >= ws->addresses.len) {
        end(ws);
        return;
    }
    ws->step_timer = loop_timer(ws->pool->loop, 0, try_address, ws);
}

static void probed(uv_connect_t *request, int status)
{
    struct io_ws *ws = request->handle->data;

    mem_free(request);
    if (ws == NULL)
        return;
    uv_close((uv_handle_t *)ws->probe, free_probe);
    ws->probe = NULL;
    err_set(&ws->err, RC_UNREACHABLE, "cannot connect to %s port %d (%s): %s", ws->url.host,
            ws->url.port, ws->addresses.addresses[ws->address_at],
            status != 0 ? uv_strerror(status) : "refused at first; trying again may help");
    next_address(ws);
}

/* libwebsockets does not tell why a connect failed, so the same is tried once more to know. */
static void probe(struct io_ws *ws)
{
    const char *address = ws->addresses.addresses[ws->address_at];
    uv_connect_t *request = mem_zero(1, sizeof *request);
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;

    err_set(&ws->err, RC_UNREACHABLE, "cannot connect to %s port %d (%s)", ws->url.host,
            ws->url.port, address);
    ws->probe = mem_zero(1, sizeof *ws->probe);
    uv_tcp_init(loop_uv(ws->pool->loop), ws->probe);
    ws->probe->data = ws;
    if ((uv_ip4_addr(address, ws->url.port, &to.v4) != 0 &&
         uv_ip6_addr(address, ws->url.port, &to.v6) != 0) ||
        uv_tcp_connect(request, ws->probe, &to.any, probed) != 0) {
        mem_free(request);
        uv_close((uv_handle_t *)ws->probe, free_probe);
        ws->probe = NULL;
        next_address(ws);
    }
}

static void address_timed_out(void *self)
{
    struct io_ws *ws = self;

    ws->step_timer = NULL;
    err_set(&ws->err, RC_UNREACHABLE,
            "cannot connect to %s port %d (%s): no answer; check server and the network",
            ws->url.host, ws->url.port, ws->addresses.addresses[ws->address_at]);
    drop_connection(ws);
    next_address(ws);
}

/* "Host" as the header wants it; libwebsockets also takes the name for TLS from it at first. */
static void write_host(const struct io_ws *ws, char *out, size_t size)
{
    const char *open = ws->url.is_v6 ? "[" : "";
    const char *close = ws->url.is_v6 ? "]" : "";

    if (ws->url.is_port_usual)
        snprintf(out, size, "%s%s%s", open, ws->url.host, close);
    else
        snprintf(out, size, "%s%s%s:%d", open, ws->url.host, close, ws->url.port);
}

static void try_address(void *self)
{
    struct io_ws *ws = self;
    struct lws_client_connect_info info = {0};
    char host[URL_HOST_BYTES + 16];
    size_t left = ws->addresses.len - ws->address_at;

    write_host(ws, host, sizeof host);
    ws->stage = AT_CONNECT;
    /* A share of the time, so that an address that swallows packets leaves some to the next. */
    ws->step_timer = left == 1
                         ? NULL
                         : loop_timer(ws->pool->loop, ws->open_timeout_ms / (int64_t)(left + 1),
                                      address_timed_out, ws);
    info.context = ws_library_context(ws->pool->library);
    info.vhost = ws->trust;
    info.address = ws->addresses.addresses[ws->address_at];
    info.port = ws->url.port;
    info.path = ws->path;
    info.host = host;
    info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (ws->url.is_tls ? LCCSCF_USE_SSL : 0);
    info.protocol = ws->protocol;
    info.local_protocol_name = WS_LIBRARY_PROTOCOL;
    info.alpn = "http/1.1";
    info.opaque_user_data = ws;
    info.pwsi = &ws->wsi;
    info.retry_and_idle_policy = &ws_library_no_pings;
    ws->has_failed = false;
    if (lws_client_connect_via_info(&info) == NULL && !ws->has_failed) {
        ws->wsi = NULL; /* freed already */
        failed(ws, "cannot start");
    }
    ws_library_wake(ws->pool->library);
}

static void resolved(void *self, const struct resolve_answer *answer)
{
    struct io_ws *ws = self;

    ws->ask = NULL;
    if (answer->rc != RC_OK) {
        err_set(&ws->err, answer->rc, "%s", answer->text);
        end(ws);
        return;
    }
    ws->addresses = *answer;
    if (ws_library_trust(ws->pool->library, ws->url.is_tls, ws->ca_file, &ws->trust, &ws->err) !=
        RC_OK) {
        end(ws);
        return;
    }
    try_address(ws);
}

/* ---- what the library says ---- */

static void explain_tls(struct io_ws *ws, const char *said)
{
    if (ws->is_pin_wrong)
        tls_explain_pin(&ws->err, ws->name);
    else if (ws->verdict != 0)
        tls_explain(&ws->err, ws->verdict, ws->name, ws->expiry);
    else
        err_set(&ws->err, RC_TLS, "no TLS with %s port %d: %s; is that a TLS port?", ws->url.host,
                ws->url.port, ws->tls_text[0] != '\0' ? ws->tls_text : said);
}

/* The attempt is over, the library is freeing its connection. */
static void failed(struct io_ws *ws, const char *said)
{
    part(ws);
    ws->has_failed = true;
    loop_timer_stop(ws->step_timer);
    ws->step_timer = NULL;
    switch (ws->stage) {
    case AT_CONNECT: probe(ws); return;
    case AT_TLS: explain_tls(ws, said); break;
    case AT_ANSWER:
        if (ws->status != 0 && ws->status != 101)
            ws_explain_status(&ws->err, ws->url.host, ws->status, ws->location);
        else if (ws->status == 101)
            err_set(&ws->err, RC_PROTO,
                    "%s agrees to a websocket but not rightly (%s); check server, and what stands "
                    "between",
                    ws->url.host, said);
        else
            err_set(&ws->err, RC_UNREACHABLE,
                    "%s port %d closed the connection instead of an answer; is that the right "
                    "port?",
                    ws->url.host, ws->url.port);
        break;
    case AT_OPEN:
        err_set(&ws->err, RC_UNREACHABLE, "%s",
                ws->parting[0] != '\0' ? ws->parting : "closed by the network or the server");
        break;
    case AT_NAME:
    case AT_END: return;
    }
    end(ws);
}

/* Closes from inside a callback of this connection, as soon as the library is back in the loop.
 * Returning -1 for it would be a trap in libwebsockets 4.1.6: with the goodbye still to be sent it
 * goes on reading, does not rewind its buffer, and writes behind its end. */
static void close_soon(struct io_ws *ws, struct lws *wsi, enum lws_close_status status)
{
    part(ws);
    lws_close_reason(wsi, status, NULL, 0);
    /* Of all reasons the only one with which a goodbye is still said. */
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_KEEPALIVE_IDLE, LWS_TO_KILL_ASYNC);
}

/* After a call of the handler. False when it closed the websocket: ws is gone then. */
static bool leave_handler(struct io_ws *ws, struct lws *wsi)
{
    ws->depth--;
    if (!ws->is_dropped)
        return true;
    close_soon(ws, wsi, LWS_CLOSE_STATUS_NORMAL);
    stop_waiting(ws);
    free_ws(ws);
    return false;
}

static void opened(struct io_ws *ws, struct lws *wsi)
{
    stop_waiting(ws);
    ws->stage = AT_OPEN;
    err_clear(&ws->err);
    mem_free_secret(ws->authorization);
    ws->authorization = NULL;
    ws->depth++;
    ws->handler.opened(ws->self);
    (void)leave_handler(ws, wsi);
}

static void received(struct io_ws *ws, struct lws *wsi, const char *bytes, size_t len)
{
    if (!buf_put(&ws->message, bytes, len)) {
        err_set(&ws->err, RC_TOO_BIG,
                "%s sent a message of more than %zu bytes; the connection was closed", ws->url.host,
                ws->message.max_bytes);
        close_soon(ws, wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
        end(ws);
        return;
    }
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) != 0)
        return;
    if (lws_frame_is_binary(wsi)) {
        log_warn("net", "%s sent a binary message of %zu bytes: dropped", ws->url.host,
                 ws->message.len);
        buf_reset(&ws->message);
        return;
    }
    ws->depth++;
    ws->handler.message(ws->self, buf_text(&ws->message), ws->message.len);
    if (leave_handler(ws, wsi))
        buf_reset(&ws->message);
}

static int write_next(struct io_ws *ws, struct lws *wsi)
{
    struct outgoing *item = ws->queue;

    if (item != NULL) {
        ws->queue = item->next;
        ws->queue_bytes -= item->len;
        int written = lws_write(wsi, item->bytes + LWS_PRE, item->len,
                                item->is_ping ? LWS_WRITE_PING : LWS_WRITE_TEXT);

        mem_free(item);
        if (written < 0)
            return -1;
    }
    if (ws->queue != NULL)
        lws_callback_on_writable(wsi);
    return 0;
}

static int add_headers(struct io_ws *ws, unsigned char **at, size_t room)
{
    struct buf lines;

    ws->stage = AT_ANSWER;
    buf_init(&lines, room);
    buf_puts(&lines, "User-Agent: callhud/" CALLHUD_VERSION "\r\n");
    if (ws->authorization != NULL)
        buf_puts(&lines, ws->authorization);
    bool fits = !lines.is_full;

    if (fits) {
        memcpy(*at, lines.data, lines.len);
        *at += lines.len;
    }
    mem_wipe(lines.data, lines.len);
    buf_fini(&lines);
    return fits ? 0 : -1;
}

/* A refused upgrade, before libwebsockets forgets the headers. */
static void note_answer(struct io_ws *ws, struct lws *wsi)
{
    ws->status = (int)lws_http_client_http_response(wsi);
    if (lws_hdr_copy(wsi, ws->location, sizeof ws->location, WSI_TOKEN_HTTP_LOCATION) < 0)
        str_copy(ws->location, sizeof ws->location, "an address too long to show");
}

/* The certificate, one of the chain at a time. 0 lets OpenSSL's own verdict stand. */
static int check_certificate(struct io_ws *ws, void *store, bool is_fine)
{
    if (!ws->is_name_set) {
        str_copy(ws->tls_text, sizeof ws->tls_text, "the name to verify cannot be set");
        return 1;
    }
    if (!is_fine) {
        ws->verdict = tls_verdict(store);
        tls_expiry(store, ws->expiry, sizeof ws->expiry);
        return 0;
    }
    if (ws->pin == NULL || !tls_is_leaf(store) || tls_has_pin(store, ws->pin))
        return 0;
    ws->is_pin_wrong = true;
    return 1;
}

static int called_back(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t len)
{
    struct io_ws *ws = lws_get_opaque_user_data(wsi);

    if (reason == LWS_CALLBACK_WSI_DESTROY)
        ws_library_close_orphans(wsi);
    if (ws == NULL)
        return reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER ? -1 : 0;
    switch ((int)reason) {
    case LWS_CALLBACK_WSI_CREATE:
        loop_timer_stop(ws->step_timer);
        ws->step_timer = NULL;
        ws->stage = ws->url.is_tls ? AT_TLS : AT_ANSWER;
        return 0;
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
        return check_certificate(ws, user, len != 0);
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: return add_headers(ws, in, len);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP: note_answer(ws, wsi); return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        failed(ws, in != NULL ? (const char *)in : "no reason given");
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED: opened(ws, wsi); return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE: received(ws, wsi, in, len); return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        ws->depth++;
        ws->handler.pong(ws->self);
        (void)leave_handler(ws, wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE: return write_next(ws, wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        ws_explain_parting(ws->parting, sizeof ws->parting, in, len);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY: failed(ws, "closed"); return 0;
    default: return 0;
    }
}

/* ---- the seam ---- */

/* NULL when there is nothing to sign in with. */
static char *authorization_line(const struct io_access *access)
{
    struct buf line;

    if (access->bearer == NULL && access->user == NULL)
        return NULL;
    buf_init(&line, HEADER_BYTES);
    if (access->bearer != NULL) {
        buf_printf(&line, "Authorization: Bearer %s\r\n", access->bearer);
        return buf_take(&line);
    }
    size_t plain_len = strlen(access->user) + 1 + strlen(access->password ? access->password : "");
    size_t coded_size = plain_len / 3 * 4 + 8;
    char *plain = mem_zero(plain_len + 1, 1);
    char *coded = mem_zero(coded_size, 1);

    snprintf(plain, plain_len + 1, "%s:%s", access->user, access->password ? access->password : "");
    lws_b64_encode_string(plain, (int)plain_len, coded, (int)coded_size);
    buf_printf(&line, "Authorization: Basic %s\r\n", coded);
    mem_free_secret(plain);
    mem_free_secret(coded);
    return buf_take(&line);
}

static bool has_line_break(const char *text)
{
    return text != NULL && strpbrk(text, "\r\n") != NULL;
}

/* A key without a value in the configuration is as good as none. */
static char *dup_unless_empty(const char *text)
{
    return str_is_empty(text) ? NULL : mem_dup(text);
}

static enum rc check(struct io_ws *ws, const struct io_ws_request *request)
{
    const struct io_access *access = &request->access;

    if (url_parse(request->url, "ws", &ws->url, &ws->err) != RC_OK)
        return ws->err.rc;
    if (!str_is_empty(access->pin_sha256) && !tls_is_pin(access->pin_sha256))
        return err_set(&ws->err, RC_CONFIG,
                       "pin_sha256 is not of the form sha256//BASE64 (44 characters)");
    if (has_line_break(access->bearer))
        return err_set(&ws->err, RC_CONFIG, "the token holds a line break");
    ws->path = mem_dup(ws->url.path);
    ws->name = mem_dup(str_is_empty(access->tls_name) ? ws->url.host : access->tls_name);
    ws->protocol = dup_unless_empty(request->protocol);
    ws->ca_file = dup_unless_empty(access->ca_file);
    ws->pin = dup_unless_empty(access->pin_sha256);
    ws->authorization = authorization_line(access);
    return RC_OK;
}

struct io_ws *ws_open(struct ws_pool *pool, const struct io_ws_request *request,
                      const struct io_ws_handler *handler, void *self)
{
    struct io_ws *ws = mem_zero(1, sizeof *ws);

    ws->pool = pool;
    ws->handler = *handler;
    ws->self = self;
    ws->next = pool->first;
    if (pool->first != NULL)
        pool->first->prev = ws;
    pool->first = ws;
    buf_init(&ws->message,
             request->frame_max_bytes != 0 ? request->frame_max_bytes : FRAME_MAX_BYTES);
    ws->open_timeout_ms = request->open_timeout_ms > 0 ? request->open_timeout_ms : OPEN_TIMEOUT_MS;
    if (check(ws, request) != RC_OK) {
        end(ws);
        return ws;
    }
    ws->open_timer = loop_timer(pool->loop, ws->open_timeout_ms, out_of_time, ws);
    ws->ask = resolve_start(pool->resolve, ws->url.host, resolved, ws);
    return ws;
}

static void enqueue(struct io_ws *ws, bool is_ping, const char *bytes, size_t len)
{
    struct outgoing *item = mem_zero(1, sizeof *item + LWS_PRE + len);

    item->is_ping = is_ping;
    item->len = len;
    memcpy(item->bytes + LWS_PRE, bytes, len);
    if (ws->queue != NULL)
        ws->queue_last->next = item;
    else
        ws->queue = item;
    ws->queue_last = item;
    ws->queue_bytes += len;
    lws_callback_on_writable(ws->wsi);
}

bool ws_send(struct io_ws *ws, const char *text, size_t len)
{
    if (ws->stage != AT_OPEN || ws->is_dropped || len > QUEUE_MAX_BYTES ||
        ws->queue_bytes + len > QUEUE_MAX_BYTES)
        return false;
    enqueue(ws, false, text, len);
    return true;
}

void ws_ping(struct io_ws *ws)
{
    if (ws->stage != AT_OPEN || ws->is_dropped)
        return;
    enqueue(ws, true, "", 0);
}
