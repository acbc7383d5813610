/* Connections and sessions of the gateway: opening, recovering, timing out, closing. */
#include "gateway_priv.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX_BYTES (64u * 1024 * 1024)
#define REPLAY_DELAY_MS 20 /* official clients lose what comes with ConnectionDetails (9.3 a) */

/* ---- life ------------------------------------------------------------------------------------ */

struct gateway *gateway_new(struct ex *x, struct auth *auth, struct faults *faults,
                            const struct gateway_ops *ops)
{
    struct gateway *g = mem_zero(1, sizeof *g);
    g->x = x;
    g->auth = auth;
    g->faults = faults;
    g->ops = *ops;
    return g;
}

void gateway_set_base_url(struct gateway *g, const char *base_url)
{
    str_copy(g->base_url, sizeof g->base_url, base_url);
}

static void conn_free(struct gw_conn *conn)
{
    for (size_t i = 0; i < conn->queue.len; i++)
        mem_free(conn->queue.items[i].text);
    VEC_FREE(&conn->queue);
    mem_free(conn);
}

void gateway_end_subscription(struct gw_session *s)
{
    subscription_free(s->subscription);
    s->subscription = NULL;
}

void gateway_session_free(struct gw_session *s)
{
    gateway_end_subscription(s);
    for (size_t i = 0; i < s->kept.len; i++)
        mem_free(s->kept.items[i].text);
    VEC_FREE(&s->kept);
    mem_free(s);
}

void gateway_free(struct gateway *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->conns.len; i++)
        conn_free(g->conns.items[i]);
    for (size_t i = 0; i < g->sessions.len; i++)
        gateway_session_free(g->sessions.items[i]);
    for (size_t i = 0; i < g->held.len; i++)
        json_decref(g->held.items[i].body);
    VEC_FREE(&g->conns);
    VEC_FREE(&g->sessions);
    VEC_FREE(&g->held);
    mem_free(g);
}

int64_t gateway_real_ms(const struct gateway *g)
{
    return g->ops.real_ms(g->ops.self);
}

size_t gateway_conns_len(const struct gateway *g)
{
    return g->conns.len;
}

/* ---- frames ---------------------------------------------------------------------------------- */

json_t *gateway_meta(const char *type, const char *message_id, int status)
{
    char uuid[40], request[40];
    http_random_uuid(uuid);
    http_random_uuid(request);
    return json_pack("{s:s, s:s, s:i, s:{s:s}}", "type", type, "messageId",
                     message_id ? message_id : uuid, "status", status, "headers", "RCRequestId",
                     request);
}

static int put_json(const char *bytes, size_t len, void *out)
{
    return buf_put(out, bytes, len) ? 0 : -1;
}

char *gateway_frame(json_t *meta, const json_t *body, const char *raw, size_t *len)
{
    struct buf out;
    buf_init(&out, FRAME_MAX_BYTES);
    buf_putc(&out, '[');
    json_dump_callback(meta, put_json, &out, JSON_COMPACT);
    if (body || raw)
        buf_putc(&out, ',');
    if (body)
        json_dump_callback(body, put_json, &out, JSON_COMPACT | JSON_ENCODE_ANY);
    else if (raw)
        buf_puts(&out, raw);
    buf_putc(&out, ']');
    json_decref(meta);
    *len = out.len;
    return buf_take(&out);
}

void gateway_push(struct gateway *g, struct gw_conn *conn, char *text, size_t len, bool is_reply,
                  int64_t due_real_ms)
{
    struct gw_frame frame = {text, len, due_real_ms, is_reply};
    if (conn->is_closing || conn->is_dropped) {
        mem_free(text);
        return;
    }
    VEC_PUSH(&conn->queue, frame);
    conn->queue_bytes += len;
    conn->active += is_reply;
    conn->heard_ms = ex_now(g->x);
    if (conn->queue_bytes > GATEWAY_QUEUE_MAX_BYTES)
        conn->is_dropped = true; /* it does not read */
    g->ops.wake(g->ops.self, conn->socket);
}

enum gateway_take gateway_take(struct gateway *g, struct gw_conn *conn, char **text, size_t *len)
{
    if (conn->is_dropped)
        return GATEWAY_DROP;
    if (conn->queue.len == 0)
        return conn->is_closing ? GATEWAY_CLOSE : GATEWAY_NOTHING;
    struct gw_frame frame = conn->queue.items[0];
    if (frame.due_real_ms > g->ops.real_ms(g->ops.self)) {
        conn->asleep_until_real_ms = frame.due_real_ms;
        return GATEWAY_NOTHING;
    }
    VEC_REMOVE(&conn->queue, 0);
    conn->queue_bytes -= frame.len;
    conn->active -= frame.is_reply;
    *text = frame.text;
    *len = frame.len;
    return GATEWAY_FRAME;
}

/* Told, and then the connection is closed. */
static void tell_error(struct gateway *g, struct gw_conn *conn, int status, const char *code,
                       const char *message)
{
    size_t len;
    json_t *body = json_pack("{s:s, s:s}", "errorCode", code, "message", message);
    char *text = gateway_frame(gateway_meta("Error", NULL, status), body, NULL, &len);
    json_decref(body);
    gateway_push(g, conn, text, len, false, 0);
    conn->is_closing = true;
}

static void tell_details(struct gateway *g, struct gw_conn *conn, const char *state,
                         const char *error, uint64_t sequence)
{
    char created[CLOCK_ISO_BYTES], token[64];
    size_t len;
    clock_format_iso(ex_wall(g->x), created);
    str_copy(created + strlen(created) - 1, 6, "+0000"); /* in place of the Z */
    snprintf(token, sizeof token, "%s.%" PRIx64, conn->session->token, sequence);
    json_t *meta = gateway_meta("ConnectionDetails", NULL, 200);
    json_object_set_new(meta, "wsc",
                        json_pack("{s:s, s:I}", "token", token, "sequence", (json_int_t)sequence));
    json_t *body = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "creationTime", created,
                             "maxConnectionsPerSession", GATEWAY_CONNECTIONS_MAX,
                             "recoveryBufferSize", GATEWAY_BUFFER, "recoveryTimeout",
                             GATEWAY_RECOVERY_S, "idleTimeout", GATEWAY_IDLE_S, "absoluteTimeout",
                             GATEWAY_ABSOLUTE_S, "maxActiveRequests", GATEWAY_ACTIVE_MAX);
    if (state)
        json_object_set_new(body, "recoveryState", json_string(state));
    if (error)
        json_object_set_new(body, "recoveryErrorCode", json_string(error));
    char *text = gateway_frame(meta, body, NULL, &len);
    json_decref(body);
    gateway_push(g, conn, text, len, false, 0);
}

/* ---- opening and recovering ------------------------------------------------------------------ */

static struct gw_conn *conn_new(struct gateway *g, void *socket)
{
    struct gw_conn *conn = mem_zero(1, sizeof *conn);
    conn->socket = socket;
    conn->opened_ms = conn->heard_ms = ex_now(g->x);
    VEC_PUSH(&g->conns, conn);
    return conn;
}

static size_t conns_of(const struct gateway *g, const char *auth_id)
{
    size_t count = 0;
    for (size_t i = 0; i < g->sessions.len; i++)
        count += g->sessions.items[i]->conn && str_eq(g->sessions.items[i]->auth_id, auth_id);
    return count;
}

static void session_begin(struct gateway *g, struct gw_conn *conn, const struct auth_session *auth,
                          const char *state, const char *error)
{
    struct gw_session *s = mem_zero(1, sizeof *s);
    http_random_text(s->token, 29);
    str_copy(s->auth_id, sizeof s->auth_id, auth->id);
    s->user_id = auth->user_id;
    s->sequence = 1;
    s->conn = conn;
    conn->session = s;
    VEC_PUSH(&g->sessions, s);
    tell_details(g, conn, state, error, s->sequence);
}

static void session_lost(struct gateway *g, struct gw_session *s)
{
    s->conn->session = NULL;
    s->conn = NULL;
    s->lost_ms = ex_now(g->x);
}

/* The two halves of a wsc token; false: it cannot be one. */
static bool split_wsc(const char *wsc, char *token, size_t size, uint64_t *sequence)
{
    const char *dot = strchr(wsc, '.');
    char *end;
    if (!dot || dot == wsc || (size_t)(dot - wsc) >= size || !dot[1] || strlen(dot + 1) > 16 ||
        strspn(dot + 1, "0123456789abcdef") != strlen(dot + 1))
        return false;
    str_copy(token, (size_t)(dot - wsc) + 1, wsc);
    *sequence = strtoull(dot + 1, &end, 16);
    return true;
}

static struct gw_session *session_by_token(const struct gateway *g, const char *token)
{
    for (size_t i = 0; i < g->sessions.len; i++) {
        if (http_secret_eq(token, g->sessions.items[i]->token))
            return g->sessions.items[i];
    }
    return NULL;
}

/* The session goes on with another connection: what the client has not had is told again. */
static void session_recover(struct gateway *g, struct gw_conn *conn, struct gw_session *s,
                            uint64_t sequence)
{
    int64_t due_ms =
        ex_switch_on(g->x, EX_REPLAY_AT_ONCE) ? 0 : g->ops.real_ms(g->ops.self) + REPLAY_DELAY_MS;
    if (s->conn) { /* we have not noticed the loss */
        struct gw_conn *old = s->conn;
        session_lost(g, s);
        old->is_dropped = true;
        g->ops.wake(g->ops.self, old->socket);
    }
    s->conn = conn;
    conn->session = s;
    tell_details(g, conn, "Successful", NULL, sequence);
    for (size_t i = 0; i < s->kept.len; i++) {
        const struct gw_kept *kept = &s->kept.items[i];
        if (kept->sequence > sequence)
            gateway_push(g, conn, mem_dup_n(kept->text, kept->len), kept->len, false, due_ms);
    }
}

static void open_with_wsc(struct gateway *g, struct gw_conn *conn, const struct auth_session *auth,
                          const char *wsc)
{
    char token[64];
    uint64_t sequence;
    if (!split_wsc(wsc, token, sizeof token, &sequence)) {
        tell_error(g, conn, 400, "WSG-400", "Malformed WebSocket session context token");
        return;
    }
    struct gw_session *s = session_by_token(g, token);
    if (s && !str_eq(s->auth_id, auth->id))
        session_begin(g, conn, auth, "Failed", "WSG-1003");
    else if (!s || !s->subscription)
        session_begin(g, conn, auth, "Failed", "WSG-1005");
    else
        session_recover(g, conn, s, sequence < s->sequence ? sequence : s->sequence);
}

bool gateway_admits(struct gateway *g, const char *access_token, struct http_reply *reply)
{
    const struct auth_session *auth = auth_ws(g->auth, access_token, false);
    if (!auth && ex_switch_on(g->x, EX_BAD_TOKEN_HTTP))
        http_reply_error(reply, 401, "TokenInvalid", "OAU-129", "Access token corrupted");
    else if (auth && conns_of(g, auth->id) >= GATEWAY_CONNECTIONS_MAX)
        http_reply_error(reply, 429, "CMN-301", "CMN-301", "Too many connections of this session");
    else
        return true;
    return false;
}

struct gw_conn *gateway_open(struct gateway *g, void *socket, const char *access_token,
                             const char *wsc)
{
    const struct auth_session *auth = auth_ws(g->auth, access_token, true);
    struct gw_conn *conn = conn_new(g, socket);
    gateway_advance(g); /* who comes too late to recover is forgotten first */
    if (!auth)
        tell_error(g, conn, 401, "OAU-129", "Access token corrupted");
    else if (!str_is_empty(wsc))
        open_with_wsc(g, conn, auth, wsc);
    else
        session_begin(g, conn, auth, NULL, NULL);
    return conn;
}

void gateway_closed(struct gateway *g, struct gw_conn *conn)
{
    if (conn->session)
        session_lost(g, conn->session);
    for (size_t i = 0; i < g->conns.len; i++) {
        if (g->conns.items[i] == conn) {
            VEC_REMOVE(&g->conns, i);
            break;
        }
    }
    conn_free(conn);
}

void gateway_session_ended(struct gateway *g, const char *auth_session_id)
{
    for (size_t i = g->sessions.len; i-- > 0;) {
        struct gw_session *s = g->sessions.items[i];
        if (!str_eq(s->auth_id, auth_session_id))
            continue;
        gateway_end_subscription(s);
        if (!s->conn) {
            VEC_REMOVE(&g->sessions, i);
            gateway_session_free(s);
        }
    }
}

void gateway_drop(struct gateway *g, unsigned count)
{
    unsigned dropped = 0;
    for (size_t i = 0; i < g->conns.len && (count == 0 || dropped < count); i++, dropped++) {
        struct gw_conn *conn = g->conns.items[i];
        conn->is_dropped = true;
        g->ops.wake(g->ops.self, conn->socket);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t idle_ms(const struct gw_conn *conn)
{
    return conn->heard_ms + GATEWAY_IDLE_S * 1000LL;
}

static int64_t absolute_ms(const struct gw_conn *conn)
{
    return conn->opened_ms + GATEWAY_ABSOLUTE_S * 1000LL;
}

static int64_t forgotten_ms(const struct gw_session *s)
{
    return s->conn ? INT64_MAX : s->lost_ms + GATEWAY_RECOVERY_S * 1000LL;
}

int64_t gateway_next_ms(const struct gateway *g)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < g->conns.len; i++) {
        const struct gw_conn *conn = g->conns.items[i];
        if (!conn->is_closing && !conn->is_dropped)
            next_ms = earlier(next_ms, earlier(idle_ms(conn), absolute_ms(conn)));
    }
    for (size_t i = 0; i < g->sessions.len; i++)
        next_ms = earlier(next_ms, forgotten_ms(g->sessions.items[i]));
    return next_ms;
}

int64_t gateway_next_real_ms(const struct gateway *g)
{
    int64_t next_ms = g->held.len > 0 ? g->held_until_real_ms : INT64_MAX;
    for (size_t i = 0; i < g->conns.len; i++) {
        const struct gw_conn *conn = g->conns.items[i];
        if (conn->asleep_until_real_ms > 0)
            next_ms = earlier(next_ms, conn->asleep_until_real_ms);
    }
    return next_ms;
}

static void advance_conn(struct gateway *g, struct gw_conn *conn, int64_t now_ms)
{
    if (conn->asleep_until_real_ms > 0 &&
        conn->asleep_until_real_ms <= g->ops.real_ms(g->ops.self)) {
        conn->asleep_until_real_ms = 0;
        g->ops.wake(g->ops.self, conn->socket);
    }
    if (conn->is_closing || conn->is_dropped)
        return;
    if (now_ms >= absolute_ms(conn))
        tell_error(g, conn, 400, "WSG-903", "Absolute timeout expired");
    else if (now_ms >= idle_ms(conn))
        tell_error(g, conn, 400, "WSG-902", "Idle timeout expired");
}

void gateway_lapse(struct gateway *g)
{
    for (size_t i = 0; i < g->sessions.len; i++)
        gateway_end_subscription(g->sessions.items[i]);
}

void gateway_advance(struct gateway *g)
{
    int64_t now_ms = ex_now(g->x);
    gateway_release(g);
    for (size_t i = 0; i < g->conns.len; i++)
        advance_conn(g, g->conns.items[i], now_ms);
    for (size_t i = g->sessions.len; i-- > 0;) {
        if (now_ms >= forgotten_ms(g->sessions.items[i])) {
            gateway_session_free(g->sessions.items[i]);
            VEC_REMOVE(&g->sessions, i);
        }
    }
}
