/* The backend's operations: joins link, requests, snapshot, world and what is told. */
#include "callhud/backend/asterisk/asterisk.h"

#include "callhud/backend/asterisk/act.h"
#include "callhud/backend/asterisk/desk.h"
#include "callhud/backend/asterisk/detail.h"
#include "callhud/backend/asterisk/link.h"
#include "callhud/backend/asterisk/snapshot.h"
#include "callhud/backend/asterisk/subscribe.h"
#include "callhud/backend/asterisk/supervise.h"
#include "callhud/backend/asterisk/tell.h"
#include "callhud/backend/tell.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

struct backend {
    const struct io *io;
    struct backend_sink sink;
    struct backend_stats stats;
    struct backend_config config;
    char *server; /* without a slash at the end */
    struct io_access access;
    struct monitor_settings settings;
    struct ari_people people;
    struct ari_world world;
    struct ari_link *link;
    struct rest *rest;
    struct subs *subs;
    struct snapshot *snapshot;
    struct detail *detail;
    struct supervise *supervise;
    struct act *act;
    struct ari_desk *desk;
    struct {
        void (*done)(void *self);
        void *self;
        unsigned parts; /* that still remove something */
    } leaving;

    bool is_probed;     /* this connection: the way for requests is known */
    bool is_probe_due;  /* it is not, and the time to ask HTTP has come */
    bool is_read;       /* what the socket brought was read: whoever answers it has had the time */
    bool is_subscribed; /* and what is to be heard is heard */
    bool is_list_awaited; /* the stored list says whom the first snapshot is of */
    bool is_wanted_again; /* another snapshot when this one is done */
    bool is_gapped;       /* an event was lost while this one was being read */
    unsigned lacking_tries;
    int64_t synced_ms; /* when the last snapshot was started */
    int64_t rest_ms;   /* from then until one for a gap may start: longer while gaps go on */
    int64_t gap_ms;    /* when the last event was lost */
    struct backoff rests;
    int64_t event_ms; /* the server's time of the last event */
    struct backoff failures;

    struct io_timer *start, *probe_http, *sync, *settle;
    int64_t sync_ms;
};

static void sync_in(struct backend *b, int64_t after_ms);

static int64_t now_ms(const struct backend *b)
{
    return b->io->now_ms(b->io->net);
}

static void stop_timer(const struct backend *b, struct io_timer **timer)
{
    b->io->timer_stop(*timer);
    *timer = NULL;
}

/* ---- snapshots ---- */

static void tell_snapshot(struct backend *b, struct snapshot_result *result)
{
    for (size_t i = 0; i < result->gone.len; i++) {
        struct ari_user *user = result->gone.items[i];
        struct event event = backend_event(EVENT_USER_GONE, user->extension, 0, false);
        if (user->is_told)
            b->sink.event(b->sink.self, &event);
        detail_forget(b->detail, user);
        ari_user_free(user);
    }
    VEC_FREE(&result->gone);
    backend_tell(&b->sink, EVENT_SNAPSHOT_ASKED, 0);
    if (b->is_gapped) /* what was lost may be younger than the answers: true, but not all */
        backend_tell(&b->sink, EVENT_GAP, 0);
    b->is_gapped = false;
    for (size_t i = 0; i < b->people.users.len; i++)
        ari_tell_whole(&b->sink, &b->world, b->people.users.items[i], result->at_ms);
    backend_tell(&b->sink, EVENT_SNAPSHOT_DONE, result->at_ms);
}

static void snapshot_failed(struct backend *b, const struct snapshot_result *result)
{
    int status = result->http_status;
    log_warn("ari", "snapshot failed: %s", result->err.text);
    if (status == 401 || status == 403 || (status >= 300 && status < 400)) {
        link_refuse(b->link, result->err.text);
        return;
    }
    if (!link_is_open(b->link))
        return;
    int64_t wait_ms = backoff_next_ms(&b->failures, b->io->random(b->io->net));
    char text[ERR_TEXT_BYTES + 64];
    snprintf(text, sizeof text, "the state could not be read, trying again: %s", result->err.text);
    backend_tell_link(&b->sink, LINK_LIVE, text, now_ms(b) + wait_ms);
    sync_in(b, wait_ms);
}

static void on_snapshot(void *self, struct snapshot_result *result)
{
    struct backend *b = self;
    b->snapshot = NULL; /* frees itself */
    if (result->err.rc != RC_OK) {
        snapshot_failed(b, result);
        return;
    }
    backoff_reset(&b->failures);
    b->stats.is_rest_over_ws = rest_is_over_ws(b->rest);
    ari_world_fini(&b->world);
    b->world = result->world;
    tell_snapshot(b, result);
    ari_act_synced(b->act);
    supervise_synced(b->supervise);
    ari_desk_synced(b->desk);
    detail_ask(b->detail);
    bool is_lacking = result->lacking > 0 || result->endpoints == 0;
    if (b->is_wanted_again) {
        b->is_wanted_again = false;
        sync_in(b, b->rest_ms);
    } else if (is_lacking && b->lacking_tries < ASTERISK_LACKING_TRIES) {
        /* a server that has just started answers before it has read its endpoints */
        sync_in(b, (int64_t)1000 << b->lacking_tries++);
    } else {
        sync_in(b, ASTERISK_RECONCILE_MS);
    }
}

static void sync_now(struct backend *b)
{
    if (!link_is_open(b->link) || !b->is_subscribed || b->is_list_awaited)
        return; /* a connection begins with a snapshot */
    if (b->snapshot != NULL) {
        b->is_wanted_again = true;
        return;
    }
    stop_timer(b, &b->sync);
    b->synced_ms = now_ms(b);
    if (b->synced_ms - b->gap_ms >= ASTERISK_GAP_QUIET_MS)
        backoff_reset(&b->rests);
    b->rest_ms = backoff_next_ms(&b->rests, b->io->random(b->io->net));
    struct snapshot_config config = {
        .rest = b->rest,
        .subs = b->subs,
        .people = &b->people,
        .before = &b->world,
        .may_remove_users = b->lacking_tries >= ASTERISK_LACKING_TRIES,
        .done = on_snapshot,
        .self = b,
    };
    b->snapshot = snapshot_start(&config);
}

static void on_sync(void *self)
{
    struct backend *b = self;
    b->sync = NULL;
    sync_now(b);
}

/* The nearer of what was planned and this. */
static void sync_in(struct backend *b, int64_t after_ms)
{
    int64_t at_ms = now_ms(b) + after_ms;
    if (b->sync != NULL && b->sync_ms <= at_ms)
        return;
    stop_timer(b, &b->sync);
    b->sync_ms = at_ms;
    b->sync = b->io->timer(b->io->net, after_ms, on_sync, b);
}

static void gap(struct backend *b, const char *why)
{
    log_warn("ari", "an event was lost: %s", why);
    backend_tell(&b->sink, EVENT_GAP, 0);
    b->gap_ms = now_ms(b);
    if (b->snapshot != NULL) {
        b->is_wanted_again = b->is_gapped = true;
        return;
    }
    int64_t wait_ms = b->synced_ms + b->rest_ms - now_ms(b);
    sync_in(b, wait_ms > 0 ? wait_ms : 0);
}

/* ---- the beginning of a connection ---- */

static void on_filter(void *self, const struct rest_answer *answer)
{
    struct backend *b = self;
    b->stats.is_filtered = answer->status == 200;
    if (answer->status == 403) {
        b->stats.is_read_only = true;
        ari_act_read_only(b->act);
    }
    if (!b->stats.is_filtered)
        log_info("ari", "no event filter: %s", answer->text);
}

static void set_filter(struct backend *b)
{
    struct buf uri, body;
    buf_init(&uri, 1024);
    buf_init(&body, 4096);
    buf_puts(&uri, "applications/");
    ari_escape(&uri, link_app(b->link));
    buf_puts(&uri, "/eventFilter");
    ari_filter_encode(&body);
    struct rest_request request = {.method = "PUT", .uri = buf_text(&uri), .body = buf_text(&body)};
    rest_ask(b->rest, &request, on_filter, b);
    buf_fini(&uri);
    buf_fini(&body);
}

static void on_subscribed(void *self)
{
    struct backend *b = self;
    b->is_subscribed = true;
    bool is_read = ari_desk_opened(b->desk);
    b->is_list_awaited = is_read && (ari_people_is_list(&b->people) || b->config.is_once);
    sync_now(b);
    ari_act_opened(b->act);
}

static void on_refused(void *self, const struct rest_answer *answer)
{
    struct backend *b = self;
    int status = answer->status;
    log_info("ari", "not subscribed: %s", answer->text);
    if (status == 401 || (status >= 300 && status < 400))
        link_refuse(b->link, answer->text);
    else if (answer->rc != RC_OK || !subs_wants_all(b->subs))
        link_drop(b->link, answer->text);
    else
        link_again(b->link);
}

static void forget_thing(void *self, const char *thing)
{
    const struct backend *b = self;
    b->config.ledger.drop(b->config.ledger.self, thing);
}

static void on_abandoned(void *self, const char *thing)
{
    struct backend *b = self;
    ari_act_clean(b->act, &thing, 1, forget_thing, b);
}

static void probe_over(struct backend *b, bool is_over_ws)
{
    if (b->is_probed || !link_is_open(b->link))
        return;
    stop_timer(b, &b->probe_http);
    b->is_probed = true;
    rest_prefer_ws(b->rest, is_over_ws);
    set_filter(b);
    if (!subs_open(b->subs, link_app(b->link), on_subscribed, b))
        on_subscribed(b);
}

static bool take_version(struct backend *b, const struct rest_answer *answer)
{
    return answer->status == 200 &&
           ari_version_decode(answer->body, answer->body_len, b->stats.version,
                              sizeof b->stats.version) == RC_OK;
}

static void on_ws_info(void *self, const struct rest_answer *answer)
{
    struct backend *b = self;
    if (answer->rc == RC_OK)
        take_version(b, answer);
    if (link_is_open(b->link)) /* any answer over the socket proves that requests may go there */
        probe_over(b, answer->rc == RC_OK);
}

static void on_http_info(void *self, const struct rest_answer *answer)
{
    struct backend *b = self;
    int status = answer->status;
    if (status == 401 || status == 403 || (status >= 300 && status < 400))
        link_refuse(b->link, answer->text);
    else if (take_version(b, answer) && !ari_version_has_rest_over_ws(b->stats.version))
        probe_over(b, false);
}

static void on_probe_http(void *self)
{
    struct backend *b = self;
    b->probe_http = NULL;
    if (!b->is_read && !b->is_probe_due) {
        b->is_probe_due = true;
        b->probe_http = b->io->timer(b->io->net, ASTERISK_PROBE_SLOW_MS - ASTERISK_PROBE_HTTP_MS,
                                     on_probe_http, b);
        return;
    }
    struct rest_request request = {.method = "GET", .uri = "asterisk/info", .way = REST_WAY_HTTP};
    rest_ask(b->rest, &request, on_http_info, b);
}

/* ---- the link's callbacks ---- */

static void on_opened(void *self, struct io_ws *ws)
{
    struct backend *b = self;
    b->is_probed = b->is_probe_due = b->is_read = false;
    b->lacking_tries = 0;
    rest_use_ws(b->rest, ws);
    struct rest_request request = {.method = "GET",
                                   .uri = "asterisk/info",
                                   .way = REST_WAY_WS,
                                   .timeout_ms = ASTERISK_PROBE_LIMIT_MS};
    rest_ask(b->rest, &request, on_ws_info, b);
    link_ask_pong(b->link);
    b->probe_http = b->io->timer(b->io->net, ASTERISK_PROBE_HTTP_MS, on_probe_http, b);
}

static void on_closed(void *self)
{
    struct backend *b = self;
    b->is_probed = b->is_subscribed = b->is_wanted_again = b->is_gapped = false;
    b->is_list_awaited = false;
    stop_timer(b, &b->probe_http);
    stop_timer(b, &b->sync);
    snapshot_cancel(b->snapshot);
    b->snapshot = NULL;
    rest_cancel(b->rest, b);
    subs_lost(b->subs);
    supervise_lost(b->supervise); /* before their requests fail one by one */
    ari_act_lost(b->act);
    ari_desk_lost(b->desk);
    rest_use_ws(b->rest, NULL);
}

static void on_told(void *self, enum link_state state, const char *text, int64_t retry_ms)
{
    const struct backend *b = self;
    backend_tell_link(&b->sink, state, text, retry_ms);
}

static void on_heard(void *self)
{
    struct backend *b = self;
    b->is_read = true;
    if (b->is_probe_due && b->probe_http != NULL) {
        stop_timer(b, &b->probe_http);
        on_probe_http(b);
    }
    backend_tell(&b->sink, EVENT_HEARD, 0);
}

static void on_revived(void *self)
{
    sync_now(self);
}

static void tell_news(void *self)
{
    struct backend *b = self;
    for (size_t i = 0; i < b->people.users.len; i++)
        if ((b->people.users.items[i]->dirty & ~(unsigned)ARI_DIRTY_SETTLING) != 0)
            ari_tell_news(&b->sink, &b->world, b->people.users.items[i], b->event_ms);
}

/* The stored list is another one: users come and go with a snapshot; their order is known. */
static void on_listed(void *self, bool is_changed)
{
    struct backend *b = self;
    bool was_awaited = b->is_list_awaited;
    b->is_list_awaited = false;
    if (was_awaited || (is_changed && ari_people_is_list(&b->people)))
        sync_now(b);
    else if (is_changed)
        tell_news(b);
}

static void on_settle(void *self)
{
    struct backend *b = self;
    b->settle = NULL;
    for (size_t i = 0; i < b->people.users.len; i++)
        if (b->people.users.items[i]->dirty & ARI_DIRTY_SETTLING)
            b->people.users.items[i]->dirty |= ARI_DIRTY_CALLS;
    tell_news(b);
}

static void hold_back(struct backend *b, enum ari_kind kind)
{
    if (ari_tell_hold_back(&b->people, kind) && b->settle == NULL)
        b->settle = b->io->timer(b->io->net, ASTERISK_SETTLE_MS, on_settle, b);
}

static void on_message(void *self, const char *bytes, size_t len)
{
    struct backend *b = self;
    struct ari_event event;
    struct err err = {0};
    b->stats.messages++;
    if (ari_event_decode(&event, bytes, len, &err) != RC_OK) {
        b->stats.undecodable++;
        gap(b, err.text);
        return;
    }
    if (event.kind == ARI_REST_RESPONSE) {
        rest_response(b->rest, &event);
    } else if (event.kind == ARI_APP_REPLACED) {
        link_renew(b->link, "another connection took our application's name");
    } else if (event.kind == ARI_OTHER) {
        b->stats.unknown_kind++;
    } else {
        b->stats.decoded++;
        if (event.at_ms > 0)
            b->event_ms = event.at_ms;
        if (b->snapshot != NULL)
            snapshot_keep(b->snapshot, bytes, len);
        ari_world_apply(&b->world, &event);
        hold_back(b, event.kind);
        tell_news(b);
        if (event.kind == ARI_ENTERED_BRIDGE)
            ari_tell_taken(&b->sink, &b->world, b->event_ms);
        const struct ari_chan *chan = ari_world_chan(&b->world, event.channel.id);
        if (event.kind == ARI_LEFT_BRIDGE && chan != NULL)
            detail_ask_hold(b->detail, chan);
        supervise_event(b->supervise, &event);
        ari_act_event(b->act, &event);
        ari_desk_event(b->desk, &event);
    }
    ari_event_fini(&event);
}

static bool wants_all(void *self)
{
    const struct backend *b = self;
    return subs_wants_all(b->subs);
}

/* ---- operations ---- */

static void on_start(void *self)
{
    struct backend *b = self;
    const struct link_owner owner = {.wants_all = wants_all,
                                     .opened = on_opened,
                                     .message = on_message,
                                     .heard = on_heard,
                                     .revived = on_revived,
                                     .closed = on_closed,
                                     .told = on_told,
                                     .self = b};
    b->start = NULL;
    struct event event = backend_event(EVENT_SETTINGS, NULL, 0, false);
    event.u.settings = b->settings;
    b->sink.event(b->sink.self, &event);
    for (size_t i = 0; i < b->people.users.len; i++)
        ari_tell_user(&b->sink, b->people.users.items[i], 0, false);
    b->link = link_new(b->io, b->server, &b->access, &owner);
}

static bool is_linked(const struct backend *b)
{
    return b->link != NULL && link_is_open(b->link);
}

static const char *app_now(void *self)
{
    const struct backend *b = self;
    return is_linked(b) ? link_app(b->link) : NULL;
}

static void look_at_everything(void *self)
{
    sync_in(self, ASTERISK_GAP_REST_MS);
}

static void open_parts(struct backend *b)
{
    const struct detail_config detail = {.rest = b->rest,
                                         .world = &b->world,
                                         .news = tell_news,
                                         .overflow = look_at_everything,
                                         .self = b};
    const struct ari_part_config part = {.io = b->io,
                                         .rest = b->rest,
                                         .world = &b->world,
                                         .config = &b->config,
                                         .sink = b->sink,
                                         .app = app_now,
                                         .self = b};
    const struct ari_desk_config desk = {.part = part, .people = &b->people, .listed = on_listed};
    b->desk = ari_desk_new(&desk);
    const struct subs_config subs = {.io = b->io,
                                     .rest = b->rest,
                                     .people = &b->people,
                                     .config = &b->config,
                                     .device = ari_desk_device(b->desk),
                                     .refused = on_refused,
                                     .abandoned = on_abandoned,
                                     .self = b};
    b->subs = subs_new(&subs);
    b->detail = detail_new(&detail);
    b->supervise = supervise_new(&part);
    b->act = ari_act_new(&part);
}

static struct backend *asterisk_open(const struct backend_config *config, const struct io *io,
                                     const struct backend_sink *sink, struct err *err)
{
    struct ari_people people;
    if (link_check_server(config->server, err) != RC_OK ||
        ari_people_init(&people, config, err) != RC_OK)
        return NULL;
    struct backend *b = mem_zero(1, sizeof *b);
    b->io = io;
    b->sink = *sink;
    b->people = people;
    b->config = *config;
    b->access = config->access;
    b->settings = config->settings;
    b->settings.ring_locks_hold = false;
    size_t len = strlen(config->server);
    while (config->server[len - 1] == '/')
        len--;
    b->server = mem_dup_n(config->server, len);
    ari_world_init(&b->world, &b->people);
    backoff_init(&b->failures, 1000, 15000);
    backoff_init(&b->rests, ASTERISK_GAP_REST_MS, ASTERISK_GAP_REST_MOST_MS);
    b->gap_ms = now_ms(b) - ASTERISK_GAP_QUIET_MS;
    struct rest_config rest = {.io = io, .server = b->server, .access = config->access};
    b->rest = rest_new(&rest);
    open_parts(b);
    b->start = io->timer(io->net, 0, on_start, b);
    return b;
}

static void asterisk_resync(struct backend *b)
{
    if (b->link == NULL)
        return;
    if (link_is_open(b->link))
        sync_now(b);
    else
        link_try_now(b->link);
}

static void asterisk_reconnect(struct backend *b)
{
    if (b->link != NULL)
        link_try_now(b->link);
}

static void asterisk_stats(const struct backend *b, struct backend_stats *out)
{
    *out = b->stats;
}

/* What keeps every action away, or the capability of this one. */
static enum rc check_action(const struct backend *b, const struct action *action, struct err *err)
{
    const char *why = "";
    if (!is_linked(b))
        return err_set(err, RC_UNREACHABLE, "there is no connection to %s: wait until it is back",
                       b->link != NULL ? link_host(b->link) : b->server);
    if (ari_act_capability(b->act, action->kind, &why) == CAPABILITY_MISSING)
        return err_set(err, RC_DENIED, "%s", why);
    if (ari_people_by_extension(&b->people, action->user_id) == NULL)
        return err_set(err, RC_NOT_FOUND, "%s is not monitored", action->user_id);
    return RC_OK;
}

static enum rc asterisk_act(struct backend *b, const struct action *action, struct err *err)
{
    if (action->kind == ACTION_STOP) /* whatever is missing now: what goes on can be ended */
        return supervise_act(b->supervise, action, err);
    enum rc rc = check_action(b, action, err);
    if (rc != RC_OK)
        return rc;
    switch (action->kind) {
    case ACTION_HANGUP:
    case ACTION_DND:
    case ACTION_RECORD: return ari_act_do(b->act, action, err);
    default: return supervise_act(b->supervise, action, err);
    }
}

static void on_part_left(void *self)
{
    struct backend *b = self;
    if (--b->leaving.parts == 0)
        b->leaving.done(b->leaving.self);
}

static bool asterisk_leave(struct backend *b, void (*done)(void *self), void *self)
{
    b->leaving.done = done;
    b->leaving.self = self;
    b->leaving.parts = 5; /* one is this function: a part may be over before it returns */
    if (!subs_leave(b->subs, on_part_left, b))
        b->leaving.parts--;
    if (!supervise_leave(b->supervise, on_part_left, b))
        b->leaving.parts--;
    if (!ari_act_leave(b->act, on_part_left, b))
        b->leaving.parts--;
    if (!ari_desk_leave(b->desk, on_part_left, b))
        b->leaving.parts--;
    b->leaving.parts--;
    return b->leaving.parts > 0;
}

static void asterisk_clean(struct backend *b, const char *const *things, size_t len,
                           void (*gone)(void *self, const char *thing), void *self)
{
    for (size_t i = 0; i < len; i++) {
        if (ari_desk_owns(things[i]))
            ari_desk_clean(b->desk, things[i], gone, self);
        else
            ari_act_clean(b->act, &things[i], 1, gone, self);
    }
}

static void asterisk_desk(struct backend *b, const struct desk_question *question, desk_done *done,
                          void *self)
{
    ari_desk_ask(b->desk, question, done, self);
}

static void asterisk_desk_forget(struct backend *b, const void *self)
{
    ari_desk_forget(b->desk, self);
}

static void asterisk_close(struct backend *b)
{
    if (b == NULL)
        return;
    stop_timer(b, &b->start);
    stop_timer(b, &b->probe_http);
    stop_timer(b, &b->sync);
    stop_timer(b, &b->settle);
    snapshot_cancel(b->snapshot);
    subs_free(b->subs);
    supervise_free(b->supervise);
    ari_act_free(b->act);
    ari_desk_free(b->desk);
    detail_free(b->detail);
    link_free(b->link);
    rest_free(b->rest);
    ari_world_fini(&b->world);
    ari_people_fini(&b->people);
    mem_free(b->server);
    mem_free(b);
}

const struct backend_ops asterisk_backend = {
    .name = "asterisk",
    .title = "Asterisk (ARI)",
    .monitor_default = "all",
    .open = asterisk_open,
    .resync = asterisk_resync,
    .reconnect = asterisk_reconnect,
    .stats = asterisk_stats,
    .act = asterisk_act,
    .leave = asterisk_leave,
    .clean = asterisk_clean,
    .desk = asterisk_desk,
    .desk_forget = asterisk_desk_forget,
    .close = asterisk_close,
};
