#include "callhud/backend/ringcentral/gateway.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include "gateway_priv.h"

#include <stdio.h>
#include <string.h>

#define WSTOKEN_PATH "/restapi/oauth/wstoken"
/* A longer request line does not fit a websocket's upgrade (net/url.h says how long). */
#define QUERY_MOST_BYTES 1900
#define LOOK_MS 200 /* how often it is looked what a wstoken waits for */

static void connect_now(struct rex_gateway *g);

int64_t gateway_now(const struct rex_gateway *g)
{
    return g->c.io->now_ms(g->c.io->net);
}

void gateway_stop(struct rex_gateway *g, struct io_timer **timer)
{
    g->c.io->timer_stop(*timer);
    *timer = NULL;
}

void gateway_start(struct rex_gateway *g, struct io_timer **timer, int64_t after_ms,
                   void (*fire)(void *self))
{
    gateway_stop(g, timer);
    *timer = g->c.io->timer(g->c.io->net, after_ms > 0 ? after_ms : 0, fire, g);
}

static void stop_timers(struct rex_gateway *g)
{
    gateway_stop(g, &g->retry);
    gateway_stop(g, &g->limit);
    gateway_stop(g, &g->ping);
    gateway_stop(g, &g->resend);
    gateway_stop(g, &g->drop);
}

static void tell(struct rex_gateway *g, enum link_state state, const char *text, int64_t retry_ms)
{
    g->c.owner.told(g->c.owner.self, state, text, retry_ms);
}

static int64_t next_wait_ms(struct rex_gateway *g)
{
    return backoff_next_ms(&g->backoff, g->c.io->random(g->c.io->net));
}

/* ---- loss ---- */

static void on_retry(void *self)
{
    struct rex_gateway *g = self;
    g->retry = NULL;
    connect_now(g);
}

/* No socket and no request from now on. */
static void leave(struct rex_gateway *g)
{
    bool was_open = g->stage == STAGE_OPEN;
    stop_timers(g);
    rex_rest_cancel(g->c.rest, g);
    g->ws = NULL;
    g->stage = STAGE_WAIT;
    g->is_changed |= g->reply_id[0] != '\0'; /* nobody knows whether it was taken */
    g->reply_id[0] = '\0';
    if (!was_open)
        return;
    g->lost_ms = g->heard_ms;
    if (gateway_now(g) - g->opened_ms >= LASTED_MS)
        backoff_reset(&g->backoff);
    g->c.owner.closed(g->c.owner.self);
}

/* wait_ms -1: as long as the back-off says. */
static void lose(struct rex_gateway *g, enum link_state state, const char *text, int64_t wait_ms)
{
    leave(g);
    if (wait_ms < 0)
        wait_ms = next_wait_ms(g);
    gateway_start(g, &g->retry, wait_ms, on_retry);
    log_info("ringcentral", "gateway: %s; next try in %lld ms", text, (long long)wait_ms);
    tell(g, state, text, gateway_now(g) + wait_ms);
}

static void finish_drop(struct rex_gateway *g)
{
    char *text = g->drop_text;
    g->drop_text = NULL;
    if (text != NULL) {
        lose(g, g->drop_state, text, g->drop_wait_ms);
    } else {
        leave(g);
        connect_now(g);
    }
    mem_free(text);
}

static void on_drop(void *self)
{
    struct rex_gateway *g = self;
    g->drop = NULL;
    g->c.io->ws_close(g->ws);
    finish_drop(g);
}

void gateway_drop_soon(struct rex_gateway *g, enum link_state state, int64_t wait_ms,
                       const char *text)
{
    if (g->ws == NULL || g->drop != NULL)
        return;
    mem_free(g->drop_text);
    g->drop_text = mem_dup(text);
    g->drop_state = state;
    g->drop_wait_ms = wait_ms;
    gateway_start(g, &g->drop, 0, on_drop);
}

/* ---- the socket ---- */

static void on_ping(void *self)
{
    struct rex_gateway *g = self;
    char text[ERR_TEXT_BYTES];
    g->ping = NULL;
    int64_t now_ms = gateway_now(g);
    /* Two pings must have had their time: after a stop of this process none has. */
    if (g->unanswered >= 2 && now_ms - g->heard_ms >= REX_PONG_LIMIT_MS) {
        snprintf(text, sizeof text, "%s has not answered for %d s", g->host,
                 REX_PONG_LIMIT_MS / 1000);
        g->c.io->ws_close(g->ws);
        lose(g, LINK_LOST, text, -1);
        return;
    }
    if (g->stage == STAGE_OPEN && g->absolute_ms > 0 && now_ms - g->opened_ms >= g->absolute_ms) {
        log_info("ringcentral", "gateway: its time is nearly up, connecting anew");
        gateway_drop_soon(g, LINK_CONNECTING, 0, NULL);
        return;
    }
    if (g->stage == STAGE_OPEN && now_ms - g->news_ms >= gateway_quiet_ms(g))
        gateway_check(g);
    if (g->stage >= STAGE_ASKED && now_ms - g->said_ms >= g->idle_ms)
        gateway_send_heartbeat(g);
    g->unanswered++;
    g->c.io->ws_ping(g->ws);
    gateway_start(g, &g->ping, REX_PING_MS, on_ping);
}

static void on_opened(void *self)
{
    struct rex_gateway *g = self;
    g->heard_ms = g->said_ms = gateway_now(g);
    g->unanswered = 0;
    gateway_start(g, &g->ping, REX_PING_MS, on_ping);
}

static void on_message(void *self, const char *bytes, size_t len)
{
    struct rex_gateway *g = self;
    if (g->drop != NULL)
        return;
    g->heard_ms = gateway_now(g);
    g->unanswered = 0;
    gateway_message(g, bytes, len);
}

static void on_pong(void *self)
{
    struct rex_gateway *g = self;
    g->heard_ms = gateway_now(g);
    g->unanswered = 0;
    if (g->stage == STAGE_OPEN)
        g->c.owner.heard(g->c.owner.self);
}

/* Also the answer to the upgrade, when it is none (2.7). A wstoken is for one connection only, so
 * that whatever was wrong with it is put right by the next. */
static void on_closed(void *self, enum rc rc, int http_status, const char *text)
{
    struct rex_gateway *g = self;
    char what[ERR_TEXT_BYTES];
    g->ws = NULL;
    if (http_status >= 400 && g->has_sent_wsc) /* it may be the session's token: without it then */
        g->wsc.token[0] = '\0';
    if (g->drop != NULL) { /* what was found before goes first */
        gateway_stop(g, &g->drop);
        finish_drop(g);
    } else if (rc == RC_REDIRECT || (http_status >= 300 && http_status <= 399)) {
        str_format(what, sizeof what, "%.300s: redirects are not followed", text);
        lose(g, LINK_REFUSED, what, REFUSED_RETRY_MS);
    } else if (http_status == 429) {
        snprintf(what, sizeof what, "%s allows no more connections now (HTTP 429)", g->host);
        lose(g, LINK_LOST, what, REFUSED_RETRY_MS);
    } else if (http_status >= 400) {
        snprintf(what, sizeof what, "%s refuses the websocket (HTTP %d)", g->host, http_status);
        lose(g, LINK_LOST, what, -1);
    } else {
        lose(g, LINK_LOST, text, -1);
    }
}

static void on_limit(void *self)
{
    struct rex_gateway *g = self;
    char text[ERR_TEXT_BYTES];
    g->limit = NULL;
    snprintf(text, sizeof text, "%s has not opened the websocket's session within %d s", g->host,
             REX_OPEN_LIMIT_MS / 1000);
    g->c.io->ws_close(g->ws);
    lose(g, LINK_LOST, text, -1);
}

/* ---- opening ---- */

/* A loss that is older than the service remembers is not worth an attempt. */
static bool is_worth_recovering(const struct rex_gateway *g)
{
    return g->wsc.token[0] != '\0' && g->subscription_id[0] != '\0' && g->lost_ms > 0 &&
           gateway_now(g) - g->lost_ms < g->recovery_timeout_ms;
}

static void put_query(const struct rex_gateway *g, struct buf *url, const struct rex_wstoken *got,
                      bool with_wsc)
{
    buf_printf(url, "%s%saccess_token=", got->uri, strchr(got->uri, '?') != NULL ? "&" : "?");
    rex_escape(url, got->token);
    if (!with_wsc)
        return;
    buf_puts(url, "&wsc=");
    rex_escape(url, g->wsc.token);
}

static void open_socket(struct rex_gateway *g, const struct rex_wstoken *got)
{
    static const struct io_ws_handler handler = {on_opened, on_message, on_pong, on_closed};
    char host[128], text[ERR_TEXT_BYTES];
    struct buf url;
    rex_host(host, sizeof host, got->uri);
    snprintf(text, sizeof text, "opening the websocket to %s", host);
    g->stage = STAGE_OPENING;
    tell(g, LINK_CONNECTING, text, 0);
    buf_init(&url, 32 * 1024);
    g->has_sent_wsc = is_worth_recovering(g);
    put_query(g, &url, got, g->has_sent_wsc);
    if (g->has_sent_wsc && url.len > QUERY_MOST_BYTES) {
        log_info("ringcentral",
                 "the session is not recovered: its token is too long for the request");
        g->has_sent_wsc = false;
        buf_reset(&url);
        put_query(g, &url, got, false);
    }
    struct io_ws_request request = {
        .url = buf_text(&url),
        .access = {.ca_file = g->c.config->access.ca_file},
        .frame_max_bytes = REX_FRAME_MAX_BYTES,
        .open_timeout_ms = REX_OPEN_LIMIT_MS,
    };
    /* The gateway has a host, and so a certificate, of its own. */
    if (str_eq(host, g->host)) {
        request.access.tls_name = g->c.config->access.tls_name;
        request.access.pin_sha256 = g->c.config->access.pin_sha256;
    }
    g->tries = 0;
    g->check_id[0] = '\0';
    g->absolute_ms = 0;
    g->idle_ms = REX_HEARTBEAT_MS;
    g->ws = g->c.io->ws_open(g->c.io->net, &request, &handler, g);
    gateway_start(g, &g->limit, REX_OPEN_LIMIT_MS, on_limit);
    if (url.data != NULL)
        mem_wipe(url.data, url.cap);
    buf_fini(&url);
}

static void on_wstoken(void *self, const struct rex_answer *answer)
{
    struct rex_gateway *g = self;
    struct rex_wstoken got;
    struct err err = {0};
    char text[ERR_TEXT_BYTES];
    gateway_stop(g, &g->limit);
    bool is_2xx = rex_is_yes(answer);
    if (is_2xx && rex_wire_wstoken(&got, answer->body, answer->body_len, &err) == RC_OK) {
        log_secret(got.token);
        open_socket(g, &got);
        mem_wipe(&got, sizeof got);
    } else if (is_2xx) {
        str_format(text, sizeof text, "%s: %.300s", g->host, err.text);
        lose(g, LINK_LOST, text, -1);
    } else if (answer->rc == RC_OK && answer->status == 403) {
        snprintf(text, sizeof text,
                 "%s allows no websocket (%s): give the application the permission WebSocket "
                 "Subscriptions in the developer console",
                 g->host, answer->code);
        lose(g, LINK_REFUSED, text, REFUSED_RETRY_MS);
    } else if (answer->rc == RC_OK && answer->status < 500) {
        lose(g, LINK_REFUSED, answer->text, REFUSED_RETRY_MS);
    } else {
        lose(g, LINK_LOST, answer->text, -1);
    }
}

/* The budget may be empty: then people are told for how long. */
static void look_at_wait(void *self)
{
    struct rex_gateway *g = self;
    char text[ERR_TEXT_BYTES];
    g->limit = NULL;
    int64_t wait_ms = rex_rest_wait_ms(g->c.rest, REX_AUTH);
    if (wait_ms > 0) {
        snprintf(text, sizeof text,
                 "the service allows a few connections a minute: the next in %lld s",
                 (long long)((wait_ms + 999) / 1000));
        tell(g, LINK_LOST, text, gateway_now(g) + wait_ms);
    }
    gateway_start(g, &g->limit, wait_ms > LOOK_MS ? wait_ms : LOOK_MS, look_at_wait);
}

static void connect_now(struct rex_gateway *g)
{
    char text[ERR_TEXT_BYTES];
    gateway_stop(g, &g->retry);
    g->stage = STAGE_TOKEN;
    snprintf(text, sizeof text, "connecting to %s", g->host);
    tell(g, LINK_CONNECTING, text, 0);
    struct rex_request request = {
        .method = "POST",
        .path = WSTOKEN_PATH,
        .group = REX_AUTH,
        .priority = REX_FOR_LINK,
    };
    rex_rest_ask(g->c.rest, &request, on_wstoken, g);
    look_at_wait(g);
}

/* ---- for the owner ---- */

struct rex_gateway *rex_gateway_new(const struct rex_gateway_config *config)
{
    struct rex_gateway *g = mem_zero(1, sizeof *g);
    g->c = *config;
    rex_host(g->host, sizeof g->host, config->config->server);
    backoff_init(&g->backoff, REX_FIRST_RETRY_MS, REX_MOST_RETRY_MS);
    return g;
}

static void free_filters(struct rex_gateway *g)
{
    for (size_t i = 0; i < g->filters.len; i++)
        mem_free(g->filters.items[i]);
    VEC_FREE(&g->filters);
}

void rex_gateway_free(struct rex_gateway *g)
{
    if (g == NULL)
        return;
    stop_timers(g);
    rex_rest_cancel(g->c.rest, g);
    g->c.io->ws_close(g->ws);
    free_filters(g);
    mem_free(g->drop_text);
    mem_wipe(&g->wsc, sizeof g->wsc);
    mem_free(g);
}

static bool is_same(const struct rex_gateway *g, const char *const *filters, size_t len)
{
    bool is_same = g->filters.len == len;
    for (size_t i = 0; is_same && i < len; i++)
        is_same = str_eq(g->filters.items[i], filters[i]);
    return is_same;
}

void rex_gateway_filters(struct rex_gateway *g, const char *const *filters, size_t len)
{
    if (len == 0 || is_same(g, filters, len))
        return;
    free_filters(g);
    for (size_t i = 0; i < len; i++)
        VEC_PUSH(&g->filters, mem_dup(filters[i]));
    g->is_changed = true;
    if (g->stage == STAGE_IDLE)
        connect_now(g);
    else if (g->stage == STAGE_OPEN && g->reply_id[0] == '\0' && g->resend == NULL)
        gateway_subscribe(g);
}

void rex_gateway_try_now(struct rex_gateway *g)
{
    if (g->stage == STAGE_WAIT)
        connect_now(g);
}

void rex_gateway_drop(struct rex_gateway *g, const char *why)
{
    gateway_drop_soon(g, LINK_LOST, -1, why);
}
