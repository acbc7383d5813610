#include "callhud/backend/asterisk/link.h"

#include "callhud/backend/asterisk/ari_wire.h"
#include "callhud/base/buf.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct ari_link {
    const struct io *io;
    struct link_owner owner;
    struct io_access access;
    char *server;
    char host[256];
    char app[LINK_APP_BYTES];
    struct io_ws *ws;
    bool is_open;
    bool is_asked; /* the next pong is that of link_ask_pong(): nothing has lasted yet */
    struct io_timer *retry, *ping;
    int64_t heard_ms;
    unsigned unanswered; /* pings without a pong so far */
    struct backoff backoff;
    enum link_state drop_state; /* while a drop waits for its turn */
    char *drop_text;            /* NULL: open again at once */
    struct io_timer *drop;
};

static void open_socket(struct ari_link *link);

/* A name of this link alone: a second one under the same name would take the first one's events
 * (contract 2). */
static void name_app(struct ari_link *link)
{
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        str_copy(host, sizeof host, "host");
    for (char *p = host; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", *p) == NULL)
            *p = '-';
    snprintf(link->app, sizeof link->app, "callhud-%s-%ld-%08lx", host, (long)getpid(),
             (unsigned long)link->io->random(link->io->net));
}

static void stop_timers(struct ari_link *link)
{
    link->io->timer_stop(link->retry);
    link->io->timer_stop(link->ping);
    link->io->timer_stop(link->drop);
    link->retry = link->ping = link->drop = NULL;
}

static void on_retry(void *self)
{
    struct ari_link *link = self;
    link->retry = NULL;
    open_socket(link);
}

/* The socket is gone or was never there. Tells it and waits. */
static void lose(struct ari_link *link, enum link_state state, const char *text, int64_t wait_ms)
{
    stop_timers(link);
    link->ws = NULL;
    link->is_open = false;
    link->owner.closed(link->owner.self);
    int64_t at_ms = link->io->now_ms(link->io->net) + wait_ms;
    link->retry = link->io->timer(link->io->net, wait_ms, on_retry, link);
    link->owner.told(link->owner.self, state, text, at_ms);
}

static int64_t next_wait_ms(struct ari_link *link)
{
    return backoff_next_ms(&link->backoff, link->io->random(link->io->net));
}

/* ---- the socket's callbacks ---- */

static void on_ping(void *self)
{
    struct ari_link *link = self;
    link->ping = NULL;
    /* Two pings must have had their time: after a stop of this process none has. */
    if (link->unanswered >= 2 &&
        link->io->now_ms(link->io->net) - link->heard_ms >= LINK_PONG_LIMIT_MS) {
        char text[400];
        snprintf(text, sizeof text, "%s has not answered for %d s", link->host,
                 LINK_PONG_LIMIT_MS / 1000);
        link->io->ws_close(link->ws);
        lose(link, LINK_LOST, text, next_wait_ms(link));
        return;
    }
    link->unanswered++;
    link->io->ws_ping(link->ws);
    link->ping = link->io->timer(link->io->net, LINK_PING_MS, on_ping, link);
}

static void on_opened(void *self)
{
    struct ari_link *link = self;
    link->is_open = true;
    link->is_asked = false;
    link->heard_ms = link->io->now_ms(link->io->net);
    link->unanswered = 0;
    link->ping = link->io->timer(link->io->net, LINK_PING_MS, on_ping, link);
    link->owner.told(link->owner.self, LINK_LIVE, NULL, 0);
    link->owner.opened(link->owner.self, link->ws);
}

static void on_message(void *self, const char *bytes, size_t len)
{
    struct ari_link *link = self;
    if (link->drop == NULL)
        link->owner.message(link->owner.self, bytes, len);
}

static void on_pong(void *self)
{
    struct ari_link *link = self;
    int64_t now_ms = link->io->now_ms(link->io->net);
    bool was_given_up = now_ms - link->heard_ms >= LINK_PONG_LIMIT_MS;
    link->heard_ms = now_ms;
    link->unanswered = 0;
    if (!link->is_asked)
        backoff_reset(&link->backoff); /* it lasted until the first pong */
    link->is_asked = false;
    if (was_given_up) { /* by the model; this process was stopped, the link was not */
        link->owner.told(link->owner.self, LINK_LIVE, NULL, 0);
        link->owner.revived(link->owner.self);
    } else {
        link->owner.heard(link->owner.self);
    }
}

static void on_closed(void *self, enum rc rc, int http_status, const char *text)
{
    struct ari_link *link = self;
    char what[ERR_TEXT_BYTES];
    log_info("ari", "event socket closed: %s (HTTP %d): %s", rc_text(rc), http_status, text);
    if (rc == RC_AUTH || http_status == 401)
        snprintf(what, sizeof what,
                 "%s refuses the sign-in: check user and password against ari.conf", link->host);
    else if (http_status == 403)
        snprintf(what, sizeof what,
                 "%s does not let us in (403): check permit, deny and acl in ari.conf", link->host);
    else if (rc == RC_REDIRECT || (http_status >= 300 && http_status < 400))
        str_format(what, sizeof what, "%.300s: redirects are not followed", text);
    else {
        if (http_status == 404)
            snprintf(what, sizeof what,
                     "%s has no ARI there (404): is server = http://HOST:8088/ari, is res_ari "
                     "loaded?",
                     link->host);
        else
            str_copy(what, sizeof what, text);
        lose(link, LINK_LOST, what, next_wait_ms(link));
        return;
    }
    lose(link, LINK_REFUSED, what, LINK_REFUSED_RETRY_MS);
}

static void open_socket(struct ari_link *link)
{
    static const struct io_ws_handler handler = {on_opened, on_message, on_pong, on_closed};
    char text[300];
    struct buf url;
    stop_timers(link);
    if (link->app[0] == '\0')
        name_app(link);
    snprintf(text, sizeof text, "connecting to %s", link->host);
    link->owner.told(link->owner.self, LINK_CONNECTING, text, 0);
    buf_init(&url, 4096);
    link_url(&url, link->server, link->app, link->owner.wants_all(link->owner.self));
    struct io_ws_request request = {
        .url = buf_text(&url),
        .access = link->access,
        .frame_max_bytes = ARI_FRAME_MAX_BYTES,
        .open_timeout_ms = LINK_OPEN_LIMIT_MS,
    };
    link->ws = link->io->ws_open(link->io->net, &request, &handler, link);
    buf_fini(&url);
}

/* ---- for the owner ---- */

enum rc link_check_server(const char *server, struct err *err)
{
    const char *host = server == NULL                   ? NULL
                       : str_starts(server, "http://")  ? server + strlen("http://")
                       : str_starts(server, "https://") ? server + strlen("https://")
                                                        : NULL;
    if (host == NULL || host[0] == '\0' || host[0] == '/' || strpbrk(host, " ?#@") != NULL)
        return err_set(err, RC_CONFIG, "server = %s: write it as http://HOST:8088/ari",
                       str_is_empty(server) ? "(nothing)" : server);
    return RC_OK;
}

void link_url(struct buf *url, const char *server, const char *app, bool wants_all)
{
    size_t len = strlen(server);
    while (len > 0 && server[len - 1] == '/')
        len--;
    buf_puts(url, "ws"); /* http:// and https:// become ws:// and wss:// */
    buf_put(url, server + strlen("http"), len - strlen("http"));
    buf_puts(url, "/events?app=");
    ari_escape(url, app);
    if (wants_all)
        buf_puts(url, "&subscribeAll=true");
}

struct ari_link *link_new(const struct io *io, const char *server, const struct io_access *access,
                          const struct link_owner *owner)
{
    struct ari_link *link = mem_zero(1, sizeof *link);
    link->io = io;
    link->owner = *owner;
    link->access = *access;
    link->server = mem_dup(server);
    const char *rest = strstr(server, "://") + strlen("://");
    snprintf(link->host, sizeof link->host, "%.*s", (int)strcspn(rest, "/"), rest);
    backoff_init(&link->backoff, LINK_FIRST_RETRY_MS, LINK_MOST_RETRY_MS);
    open_socket(link);
    return link;
}

void link_free(struct ari_link *link)
{
    if (link == NULL)
        return;
    stop_timers(link);
    link->io->ws_close(link->ws);
    mem_free(link->drop_text);
    mem_free(link->server);
    mem_free(link);
}

bool link_is_open(const struct ari_link *link)
{
    return link->is_open;
}

const char *link_app(const struct ari_link *link)
{
    return link->app;
}

const char *link_host(const struct ari_link *link)
{
    return link->host;
}

void link_ask_pong(struct ari_link *link)
{
    link->is_asked = true;
    link->io->ws_ping(link->ws);
}

void link_try_now(struct ari_link *link)
{
    if (link->ws != NULL)
        return;
    open_socket(link);
}

static void on_drop(void *self)
{
    struct ari_link *link = self;
    link->drop = NULL;
    link->io->ws_close(link->ws);
    if (link->drop_text == NULL) {
        link->ws = NULL;
        link->is_open = false;
        link->owner.closed(link->owner.self);
        open_socket(link);
        return;
    }
    int64_t wait_ms = link->drop_state == LINK_REFUSED ? LINK_REFUSED_RETRY_MS : next_wait_ms(link);
    lose(link, link->drop_state, link->drop_text, wait_ms);
}

/* The socket is closed in a turn of its own: the caller may be inside one of its callbacks. */
static void drop_soon(struct ari_link *link, enum link_state state, const char *why)
{
    if (link->ws == NULL || link->drop != NULL)
        return;
    mem_free(link->drop_text);
    link->drop_text = mem_dup(why);
    link->drop_state = state;
    link->drop = link->io->timer(link->io->net, 0, on_drop, link);
}

void link_renew(struct ari_link *link, const char *why)
{
    drop_soon(link, LINK_LOST, why);
    link->app[0] = '\0'; /* open_socket() makes a new one */
}

void link_drop(struct ari_link *link, const char *why)
{
    drop_soon(link, LINK_LOST, why);
}

void link_again(struct ari_link *link)
{
    drop_soon(link, LINK_LOST, NULL);
}

void link_refuse(struct ari_link *link, const char *what_to_do)
{
    drop_soon(link, LINK_REFUSED, what_to_do);
}
