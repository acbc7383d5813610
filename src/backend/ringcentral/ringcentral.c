/* The backend's operations, sign-in and the state of the link. */
#include "callhud/backend/ringcentral/ringcentral.h"

#include "callhud/backend/tell.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "backend_priv.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_SERVER "https://platform.ringcentral.com"

int64_t rex_now(const struct backend *b)
{
    return b->io->now_ms(b->io->net);
}

void rex_stop(struct backend *b, struct io_timer **timer)
{
    b->io->timer_stop(*timer);
    *timer = NULL;
}

void rex_start(struct backend *b, struct io_timer **timer, int64_t after_ms,
               void (*fire)(void *self))
{
    if (*timer == NULL)
        *timer = b->io->timer(b->io->net, after_ms, fire, b);
}

/* ---- the link ---- */

void rex_tell(struct backend *b, enum event_kind kind)
{
    backend_tell(&b->sink, kind, 0);
}

void rex_tell_link(struct backend *b, enum link_state state, const char *text, int64_t retry_ms)
{
    b->link_state = state;
    str_copy(b->link_text, sizeof b->link_text, text);
    backend_tell_link(&b->sink, state, text, retry_ms);
}

void rex_tell_up(struct backend *b, const char *text, int64_t retry_ms)
{
    char both[ERR_TEXT_BYTES * 2];
    if (b->is_open && !b->is_polling) {
        rex_tell_link(b, LINK_LIVE, text, retry_ms);
        return;
    }
    const char *why = text[0] != '\0' ? text : b->ws_text;
    snprintf(both, sizeof both, "asking every %d s%s%s", REX_POLL_MS / 1000,
             why[0] != '\0' ? ": " : "", why);
    rex_tell_link(b, LINK_POLLING, b->config.is_once ? text : both, retry_ms);
}

/* ---- sign-in ---- */

static void on_ready(void *self)
{
    struct backend *b = self;
    rex_rest_ready(b->rest);
    if (b->config.is_desk_only)
        rex_desk_only_up(b);
    else if (!rex_sync_is_begun(b->sync))
        rex_read_first(b);
}

static void on_signin_failed(void *self, enum rc rc, const char *text)
{
    struct backend *b = self;
    log_warn("ringcentral", "sign-in: %s", text);
    if (b->config.is_desk_only)
        rex_desk_only_failed(b, rc, text);
    else if (!b->is_open && rex_signin_wait_ms(b->signin) > 0)
        rex_tell_link(b, LINK_CONNECTING, text, rex_now(b) + rex_signin_wait_ms(b->signin));
    else if (b->is_open) /* events come all the same, until the gateway says otherwise */
        rex_tell_up(b, text, 0);
    else
        rex_tell_link(b, rc == RC_AUTH || rc == RC_REDIRECT ? LINK_REFUSED : LINK_LOST, text, 0);
}

/* ---- operations ---- */

static void on_start(void *self)
{
    struct backend *b = self;
    b->start = NULL;
    rex_floor_settings(&b->floor, &b->config.settings);
    if (b->link_state == LINK_IDLE)
        rex_tell_link(b, LINK_CONNECTING, "signing in", 0);
}

static void on_list_written(void *self)
{
    struct backend *b = self;
    rex_sync_list_changed(b->sync);
}

static enum rc check(const struct backend_config *config, struct err *err)
{
    const char *server = str_is_empty(config->server) ? DEFAULT_SERVER : config->server;
    static const char *const schemes[] = {"http://", "https://"};
    const char *host = NULL;
    for (size_t i = 0; i < 2 && !host; i++)
        if (str_starts(server, schemes[i]))
            host = server + strlen(schemes[i]);
    if (host == NULL || host[0] == '\0' || host[0] == '/' || strpbrk(host, " ?#@") != NULL)
        return err_set(err, RC_CONFIG, "server = %s: write it as " DEFAULT_SERVER, server);
    if (str_is_empty(config->client_id))
        return err_set(err, RC_CONFIG,
                       "client_id is missing: it is on the page of your application in the "
                       "Developer Console");
    if (str_is_empty(config->jwt))
        return err_set(err, RC_CONFIG,
                       "the JWT credential is missing: make one in the Developer Console and name "
                       "its file with jwt_file");
    return RC_OK;
}

static void open_requests(struct backend *b)
{
    const struct rex_signin_config signin = {.io = b->io,
                                             .config = &b->config,
                                             .shared = b->shared,
                                             .ready = on_ready,
                                             .failed = on_signin_failed,
                                             .self = b};
    b->signin = rex_signin_new(&signin);
    const struct rex_rest_config rest = {
        .io = b->io, .config = &b->config, .shared = b->shared, .signin = b->signin};
    b->rest = rex_rest_new(&rest);
}

static enum rc open_sync(struct backend *b, struct err *err)
{
    struct rex_sync_config sync = {.io = b->io,
                                   .config = &b->config,
                                   .rest = b->rest,
                                   .signin = b->signin,
                                   .floor = &b->floor};
    rex_reading_owner(b, &sync.owner);
    b->sync = rex_sync_new(&sync, err);
    return b->sync != NULL ? RC_OK : RC_CONFIG;
}

static void open_others(struct backend *b)
{
    struct rex_gateway_config gateway = {
        .io = b->io, .config = &b->config, .rest = b->rest, .signin = b->signin};
    rex_gateway_events(b, &gateway.owner);
    b->gateway = rex_gateway_new(&gateway);
    const struct rex_act_config act = {.io = b->io,
                                       .config = &b->config,
                                       .rest = b->rest,
                                       .signin = b->signin,
                                       .floor = &b->floor,
                                       .sync = b->sync,
                                       .sink = b->sink};
    b->act = rex_act_new(&act);
    const struct rex_desk_config desk = {.io = b->io,
                                         .config = &b->config,
                                         .rest = b->rest,
                                         .floor = &b->floor,
                                         .sink = b->sink,
                                         .list_written = on_list_written,
                                         .self = b};
    b->desk = rex_desk_new(&desk);
}

static void ringcentral_close(struct backend *b)
{
    if (b == NULL)
        return;
    struct io_timer **timers[] = {&b->start,  &b->sync_timer, &b->poll_wait, &b->late,   &b->doubt,
                                  &b->settle, &b->people,     &b->waits,     &b->silence};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
        rex_stop(b, timers[i]);
    rex_desk_free(b->desk);
    if (b->act != NULL)
        rex_act_free(b->act);
    rex_sync_free(b->sync);
    if (b->gateway != NULL)
        rex_gateway_free(b->gateway);
    rex_rest_free(b->rest);
    rex_signin_free(b->signin);
    rex_shared_free(b->shared);
    rex_floor_fini(&b->floor);
    rex_ids_free(&b->filters);
    VEC_FREE(&b->doubts);
    mem_free(b->server);
    mem_free(b);
}

static struct backend *ringcentral_open(const struct backend_config *config, const struct io *io,
                                        const struct backend_sink *sink, struct err *err)
{
    if (check(config, err) != RC_OK)
        return NULL;
    struct backend *b = mem_zero(1, sizeof *b);
    b->io = io;
    b->sink = *sink;
    b->config = *config;
    const char *server = str_is_empty(config->server) ? DEFAULT_SERVER : config->server;
    size_t len = strlen(server);
    while (len > 0 && server[len - 1] == '/')
        len--;
    b->server = mem_dup_n(server, len);
    b->config.server = b->server;
    b->stats.is_filtered = true;
    b->stats.is_read_only = config->is_read_only;
    backoff_init(&b->failures, 1000, 60000);
    backoff_init(&b->rests, REX_GAP_REST_MS, REX_GAP_REST_MOST_MS);
    b->gap_ms = rex_now(b) - REX_SUSPICION_MS;
    b->people_ms = rex_now(b) - REX_PEOPLE_REST_MS;
    rex_floor_init(&b->floor, sink);
    b->shared = rex_shared_new(&b->config.shared);
    open_requests(b);
    if (open_sync(b, err) != RC_OK) {
        ringcentral_close(b);
        return NULL;
    }
    open_others(b);
    b->start = io->timer(io->net, 0, on_start, b);
    return b;
}

static void ringcentral_reconnect(struct backend *b)
{
    rex_signin_try_now(b->signin);
    if (b->config.is_desk_only)
        return;
    if (!rex_sync_is_begun(b->sync) && rex_signin_token(b->signin) != NULL)
        rex_read_first(b);
    else if (!b->is_open && b->filters.len > 0)
        rex_gateway_try_now(b->gateway);
}

static void ringcentral_resync(struct backend *b)
{
    if (b->config.is_desk_only && b->link_state == LINK_LIVE)
        rex_desk_only_up(b);
    else if (b->is_open)
        rex_read_now(b, REX_FOR_REPAIR);
    else
        ringcentral_reconnect(b);
}

static void ringcentral_stats(const struct backend *b, struct backend_stats *out)
{
    *out = b->stats;
}

static enum rc ringcentral_act(struct backend *b, const struct action *action, struct err *err)
{
    /* What goes on can be ended whatever is missing now. */
    if (!b->is_open && !b->is_polling && action->kind != ACTION_STOP)
        return err_set(err, RC_UNREACHABLE,
                       "there is no connection to %s that would confirm it: wait until it is back",
                       b->server);
    return rex_act_do(b->act, action, err);
}

static bool ringcentral_leave(struct backend *b, void (*done)(void *self), void *self)
{
    return rex_act_leave(b->act, done, self);
}

static void ringcentral_clean(struct backend *b, const char *const *things, size_t len,
                              void (*gone)(void *self, const char *thing), void *self)
{
    rex_act_clean(b->act, things, len, gone, self);
}

static void ringcentral_desk(struct backend *b, const struct desk_question *question,
                             desk_done *done, void *self)
{
    rex_desk_ask(b->desk, question, done, self);
}

static void ringcentral_desk_forget(struct backend *b, const void *self)
{
    rex_desk_forget(b->desk, self);
}

/* Also when nothing is in the queue, as who was told to wait asks again later. */
static int64_t ringcentral_waits_ms(const struct backend *b)
{
    int64_t queue_ms = rex_wait_ms(b), told_ms = rex_rest_told_ms(b->rest);
    return queue_ms > told_ms ? queue_ms : told_ms;
}

const struct backend_ops ringcentral_backend = {
    .name = "ringcentral",
    .title = "RingCentral",
    .monitor_default = "list",
    .open = ringcentral_open,
    .resync = ringcentral_resync,
    .reconnect = ringcentral_reconnect,
    .stats = ringcentral_stats,
    .waits_ms = ringcentral_waits_ms,
    .act = ringcentral_act,
    .leave = ringcentral_leave,
    .clean = ringcentral_clean,
    .desk = ringcentral_desk,
    .desk_forget = ringcentral_desk_forget,
    .close = ringcentral_close,
};
