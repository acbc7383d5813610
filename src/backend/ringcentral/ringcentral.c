/* The backend's operations: joins sign-in, requests, gateway, floor, reading and acting. */
#include "callhud/backend/ringcentral/ringcentral.h"

#include "callhud/backend/backoff.h"
#include "callhud/backend/ringcentral/act.h"
#include "callhud/backend/ringcentral/desk.h"
#include "callhud/backend/ringcentral/gateway.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "filters.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_SERVER "https://platform.ringcentral.com"
#define WAITS_MS 5000 /* between two looks at what a snapshot waits for */

struct backend {
    const struct io *io;
    struct backend_sink sink;
    struct backend_stats stats;
    struct backend_config config;
    char *server; /* without a slash at the end */
    struct rex_shared *shared;
    struct rex_signin *signin;
    struct rex_rest *rest;
    struct rex_gateway *gateway;
    struct rex_floor floor;
    struct rex_sync *sync;
    struct rex_act *act;
    struct rex_desk *desk;

    rex_ids filters;  /* that the gateway was given */
    unsigned refused; /* of the filters */
    bool is_open;     /* subscribed: events come */
    bool is_deaf;     /* but without those of the floor: they are being subscribed to otherwise */
    bool is_whole;    /* nothing was lost since a snapshot of this or a recovered connection */
    bool was_read;    /* a whole snapshot was done, ever */
    bool is_polling;  /* no websocket for too long: asking instead */

    bool is_wanted_again; /* another snapshot when this one is done: an event was lost meanwhile */
    bool is_for_skip;     /* the snapshot looks after sequences that were left out */
    unsigned skips_in_vain;
    uint64_t corrected; /* floor.corrected when it was asked */
    int64_t synced_ms;  /* when the last snapshot was started */
    int64_t read_ms;    /* when the list was read last */
    int64_t rest_ms;    /* from then until one for a gap may start */
    int64_t gap_ms;
    struct backoff rests, failures;

    enum link_state link_state; /* as told */
    char link_text[ERR_TEXT_BYTES];
    char ws_text[ERR_TEXT_BYTES]; /* why there is no websocket */

    struct io_timer *start, *sync_timer, *poll_wait, *late, *settle, *people, *waits;
    int64_t sync_at_ms;
    int64_t people_ms; /* when news of the directory were followed last */
};

static void sync_in(struct backend *b, int64_t after_ms);
static void poll_now(struct backend *b);

static int64_t now_ms(const struct backend *b)
{
    return b->io->now_ms(b->io->net);
}

static void stop_timer(const struct backend *b, struct io_timer **timer)
{
    b->io->timer_stop(*timer);
    *timer = NULL;
}

static void start_timer(struct backend *b, struct io_timer **timer, int64_t after_ms,
                        void (*fire)(void *self))
{
    if (*timer == NULL)
        *timer = b->io->timer(b->io->net, after_ms, fire, b);
}

static void tell(struct backend *b, enum event_kind kind, int64_t at_ms)
{
    struct event event;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    event.at_ms = at_ms;
    b->sink.event(b->sink.self, &event);
}

static void tell_link(struct backend *b, enum link_state state, const char *text, int64_t retry_ms)
{
    struct event event;
    memset(&event, 0, sizeof event);
    event.kind = EVENT_LINK;
    event.u.link.state = state;
    event.u.link.text = text;
    event.u.link.retry_ms = retry_ms;
    b->link_state = state;
    str_copy(b->link_text, sizeof b->link_text, text);
    b->sink.event(b->sink.self, &event);
}

/* What is told while events come, or while asking takes their place. */
static void tell_up(struct backend *b, const char *text, int64_t retry_ms)
{
    char both[ERR_TEXT_BYTES * 2];
    if (b->is_open && !b->is_polling) {
        tell_link(b, LINK_LIVE, text, retry_ms);
        return;
    }
    const char *why = text[0] != '\0' ? text : b->ws_text;
    snprintf(both, sizeof both, "asking every %d s%s%s", REX_POLL_MS / 1000,
             why[0] != '\0' ? ": " : "", why);
    tell_link(b, LINK_POLLING, b->config.is_once ? text : both, retry_ms);
}

static bool may_control(const struct backend *b)
{
    const char *scope = rex_signin_scope(b->signin);
    return scope != NULL && strstr(scope, "CallControl") != NULL;
}

/* ---- snapshots ---- */

static void on_waits(void *self)
{
    struct backend *b = self;
    b->waits = NULL;
    if (!rex_sync_is_open(b->sync))
        return;
    char text[ERR_TEXT_BYTES];
    const char *waits = rex_rest_waits(b->rest);
    bool is_up = b->link_state == LINK_LIVE || b->link_state == LINK_POLLING;
    if (waits[0] != '\0' && is_up) {
        snprintf(text, sizeof text, "the state is being read: %s", waits);
        if (!str_eq(text, b->link_text))
            tell_up(b, text, 0);
    }
    start_timer(b, &b->waits, WAITS_MS, on_waits);
}

static void begin_snapshot(struct backend *b, enum rex_priority priority, bool for_poll)
{
    stop_timer(b, &b->sync_timer);
    b->is_wanted_again = false;
    b->corrected = b->floor.corrected;
    b->synced_ms = now_ms(b);
    if (!for_poll)
        b->read_ms = b->synced_ms;
    if (b->synced_ms - b->gap_ms >= REX_GAP_QUIET_MS)
        backoff_reset(&b->rests);
    b->rest_ms = backoff_next_ms(&b->rests, b->io->random(b->io->net));
    start_timer(b, &b->waits, WAITS_MS, on_waits);
    rex_sync_snapshot(b->sync, priority, for_poll);
}

static void sync_now(struct backend *b, enum rex_priority priority)
{
    if (!b->is_open) {
        if (b->is_polling)
            poll_now(b);
    } else if (rex_sync_is_open(b->sync)) {
        b->is_wanted_again = true;
    } else {
        begin_snapshot(b, priority, false);
    }
}

static void on_sync(void *self)
{
    struct backend *b = self;
    b->sync_timer = NULL;
    if (!rex_sync_is_begun(b->sync) && !b->is_open) {
        if (rex_signin_token(b->signin) != NULL)
            rex_sync_begin(b->sync);
    } else if (b->is_open) {
        sync_now(b, b->is_whole ? REX_FOR_POLL : REX_FOR_SNAPSHOT);
    } else if (b->is_polling) {
        poll_now(b);
    }
}

/* The nearer of what was planned and this. */
static void sync_in(struct backend *b, int64_t after_ms)
{
    int64_t at_ms = now_ms(b) + after_ms;
    if (b->sync_timer != NULL && b->sync_at_ms <= at_ms)
        return;
    stop_timer(b, &b->sync_timer);
    b->sync_at_ms = at_ms;
    b->sync_timer = b->io->timer(b->io->net, after_ms, on_sync, b);
}

static void on_answered(void *self)
{
    struct backend *b = self;
    stop_timer(b, &b->waits);
    if (b->is_open)
        b->is_polling = false;
    bool is_up = b->is_open ? b->link_state == LINK_LIVE : b->link_state == LINK_POLLING;
    bool is_said = b->is_open ? b->link_text[0] == '\0' : is_up;
    if (b->is_open || b->is_polling || b->config.is_once)
        if (!is_up || !is_said)
            tell_up(b, "", 0);
}

/* Sequences were left out, and nothing was wrong: after some times that is believed to be how this
 * service counts. */
static void weigh_skips(struct backend *b)
{
    if (b->floor.corrected != b->corrected)
        b->skips_in_vain = 0;
    else if (b->is_for_skip && b->skips_in_vain < REX_SKIPS_IN_VAIN)
        b->skips_in_vain++;
    b->is_for_skip = false;
}

static void on_done(void *self)
{
    struct backend *b = self;
    backoff_reset(&b->failures);
    weigh_skips(b);
    b->was_read = true;
    b->is_whole = b->is_open && !b->is_wanted_again;
    if (b->act != NULL)
        rex_act_synced(b->act);
    if (b->config.is_once)
        return;
    if (!b->is_open)
        sync_in(b, REX_POLL_MS);
    else if (b->is_wanted_again)
        sync_in(b, b->rest_ms);
    else
        sync_in(b, REX_RECONCILE_MS);
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    struct backend *b = self;
    char both[ERR_TEXT_BYTES];
    (void)rc;
    stop_timer(b, &b->waits);
    int64_t wait_ms = backoff_next_ms(&b->failures, b->io->random(b->io->net));
    if (b->is_polling && wait_ms < REX_POLL_MS)
        wait_ms = REX_POLL_MS;
    snprintf(both, sizeof both, "trying again: %s", text);
    sync_in(b, wait_ms);
    if (b->is_open || b->is_polling)
        tell_up(b, both, now_ms(b) + wait_ms);
    else
        tell_link(b, LINK_LOST, text, now_ms(b) + wait_ms);
}

/* ---- gaps ---- */

static void gap(struct backend *b, const char *why)
{
    log_warn("rex", "an event was lost: %s", why);
    tell(b, EVENT_GAP, 0);
    b->is_whole = false;
    b->gap_ms = now_ms(b);
    if (rex_sync_is_open(b->sync)) {
        b->is_wanted_again = true;
        return;
    }
    stop_timer(b, &b->settle);
    int64_t wait_ms = b->synced_ms + b->rest_ms - now_ms(b);
    sync_in(b, wait_ms > 0 ? wait_ms : 0);
}

static void on_late(void *self)
{
    struct backend *b = self;
    b->late = NULL;
    if (b->floor.missing == 0)
        return; /* it came, out of order */
    rex_floor_forgive(&b->floor);
    if (b->skips_in_vain >= REX_SKIPS_IN_VAIN) {
        sync_in(b, REX_GAP_REST_MOST_MS);
        return;
    }
    b->is_for_skip = true;
    gap(b, "numbers of events were left out");
}

/* ---- asking instead of events ---- */

static void poll_now(struct backend *b)
{
    bool is_whole = !b->was_read || now_ms(b) - b->read_ms >= REX_RECONCILE_MS;
    if (rex_sync_is_begun(b->sync))
        begin_snapshot(b, REX_FOR_POLL, !is_whole);
    else
        sync_in(b, REX_POLL_MS);
}

static void on_poll_wait(void *self)
{
    struct backend *b = self;
    b->poll_wait = NULL;
    if (b->is_open || b->is_polling)
        return;
    if (rex_signin_token(b->signin) == NULL || !rex_sync_is_begun(b->sync)) {
        start_timer(b, &b->poll_wait, REX_POLL_MS, on_poll_wait);
        return;
    }
    log_info("rex", "no websocket: asking every %d s", REX_POLL_MS / 1000);
    b->is_polling = true;
    poll_now(b);
}

/* ---- the gateway ---- */

static void set_filters(struct backend *b)
{
    rex_ids filters = {0};
    if (b->config.is_once)
        return;
    rex_filters_make(&filters, &b->floor, rex_sync_monitoring(b->sync), b->refused, may_control(b));
    if (rex_filters_are_same(&filters, &b->filters)) {
        rex_filters_free(&filters);
        return;
    }
    rex_filters_free(&b->filters);
    b->filters = filters;
    const char **texts = mem_zero(filters.len, sizeof *texts);
    for (size_t i = 0; i < filters.len; i++)
        texts[i] = filters.items[i];
    rex_gateway_filters(b->gateway, texts, filters.len);
    mem_free(texts);
}

/* All that is needed to know whom to watch is known. */
static void on_listed(void *self)
{
    struct backend *b = self;
    if (b->config.is_once && !rex_sync_is_open(b->sync))
        rex_sync_snapshot(b->sync, REX_FOR_SNAPSHOT, false); /* when the beginning is over */
    else if (!b->config.is_once)
        start_timer(b, &b->poll_wait, REX_POLL_AFTER_MS, on_poll_wait);
    set_filters(b);
}

static void on_settle(void *self)
{
    struct backend *b = self;
    b->settle = NULL;
    b->floor.snapshot_epoch = rex_floor_asked(&b->floor);
    tell(b, EVENT_SNAPSHOT_ASKED, 0);
    rex_floor_retell(&b->floor, 0);
    tell(b, EVENT_SNAPSHOT_DONE, 0);
    if (b->act != NULL)
        rex_act_synced(b->act);
    sync_in(b, REX_CHECK_MS);
}

/* What is switched off is asked for each extension by itself, where there is such a way. */
static void note_disabled(struct backend *b, const struct rex_disabled *disabled, size_t len)
{
    unsigned refused = 0;
    for (size_t i = 0; i < len; i++)
        refused |= rex_filter_refused(disabled[i].filter);
    if ((refused & ~b->refused) == 0)
        return;
    b->is_deaf |= (refused & ~b->refused & REX_REFUSED_FLOOR) != 0;
    b->refused |= refused;
    set_filters(b);
}

static void on_subscribed(void *self, bool is_recovered, bool is_whole,
                          const struct rex_disabled *disabled, size_t disabled_len)
{
    struct backend *b = self;
    bool was_open = b->is_open;
    bool is_kept = is_recovered && is_whole && !b->is_deaf;
    b->is_open = true;
    b->is_deaf = false;
    b->ws_text[0] = '\0';
    stop_timer(b, &b->poll_wait);
    note_disabled(b, disabled, disabled_len);
    if (was_open && is_kept)
        return; /* other filters; a snapshot that runs began after the first ones */
    if (was_open) {
        gap(b, "the events were not subscribed to for a while");
        return;
    }
    if (!b->is_polling)
        tell_link(b, LINK_LIVE, "", 0);
    if (is_kept && b->is_whole) {
        start_timer(b, &b->settle, REX_SETTLE_MS, on_settle);
        return;
    }
    if (b->was_read)
        rex_desk_missed(b->desk);
    begin_snapshot(b, REX_FOR_SNAPSHOT, false);
}

static void on_closed(void *self)
{
    struct backend *b = self;
    b->is_open = false;
    stop_timer(b, &b->settle);
    stop_timer(b, &b->late);
    stop_timer(b, &b->waits);
    if (rex_sync_is_begun(b->sync)) {
        stop_timer(b, &b->sync_timer);
        b->is_whole = b->is_whole && !rex_sync_is_open(b->sync);
        rex_sync_stop(b->sync);
    }
    b->is_wanted_again = b->is_for_skip = false;
    rex_floor_mistrust(&b->floor);
    rex_act_lost(b->act);
    if (!b->is_polling)
        start_timer(b, &b->poll_wait, REX_POLL_AFTER_MS, on_poll_wait);
    else
        sync_in(b, 0);
}

static void on_told(void *self, enum link_state state, const char *text, int64_t retry_ms)
{
    struct backend *b = self;
    str_copy(b->ws_text, sizeof b->ws_text, text != NULL ? text : "");
    if (b->is_polling) {
        tell_up(b, "", retry_ms);
        return;
    }
    /* Without its websocket the service can still be asked, as long as we are signed in. */
    if (state == LINK_REFUSED && rex_signin_token(b->signin) != NULL) {
        stop_timer(b, &b->poll_wait);
        start_timer(b, &b->poll_wait, 0, on_poll_wait);
        state = LINK_LOST;
    }
    tell_link(b, state, text != NULL ? text : "", retry_ms);
}

static void on_heard(void *self)
{
    tell(self, EVENT_HEARD, 0);
}

static void on_undecodable(void *self)
{
    struct backend *b = self;
    b->stats.messages++;
    b->stats.undecodable++;
    if (b->is_open)
        gap(b, "a message could not be decoded");
}

static void take_presence(struct backend *b, const struct rex_notice *notice)
{
    enum rex_news news = rex_floor_presence(&b->floor, &notice->presence, notice->at_ms);
    if (news == REX_NEWS_SHORT)
        rex_sync_repair(b->sync, notice->presence.extension_id);
    if (news != REX_NEWS_OLD && news != REX_NEWS_NOBODY)
        rex_act_presence(b->act, &notice->presence);
    if (b->floor.missing > 0)
        start_timer(b, &b->late, REX_LATE_MS, on_late);
}

static void take_session(struct backend *b, const struct rex_notice *notice)
{
    enum rex_news news = rex_floor_session(&b->floor, &notice->session, notice->at_ms);
    if (news == REX_NEWS_SKIPPED)
        rex_sync_session(b->sync, notice->session.id);
    rex_act_session(b->act, &notice->session);
}

static void on_people(void *self)
{
    struct backend *b = self;
    b->people = NULL;
    b->people_ms = now_ms(b);
    if (b->is_open)
        rex_sync_people_changed(b->sync);
}

/* One change of the directory brings several notices, and the whole of it is read for them. */
static void plan_people(struct backend *b)
{
    int64_t wait_ms = b->people_ms + REX_PEOPLE_REST_MS - now_ms(b);
    start_timer(b, &b->people, wait_ms > REX_LATE_MS ? wait_ms : REX_LATE_MS / 4, on_people);
}

static void on_notified(void *self, const struct rex_notice *notice)
{
    struct backend *b = self;
    b->stats.messages++;
    b->stats.decoded += notice->kind != REX_NOTICE_OTHER;
    b->stats.unknown_kind += notice->kind == REX_NOTICE_OTHER;
    switch (notice->kind) {
    case REX_NOTICE_PRESENCE: take_presence(b, notice); break;
    case REX_NOTICE_SESSION: take_session(b, notice); break;
    case REX_NOTICE_LINES: rex_sync_list_changed(b->sync); break;
    case REX_NOTICE_PEOPLE:
    case REX_NOTICE_GRANTS: plan_people(b); break;
    default: break;
    }
    rex_desk_notice(b->desk, notice);
}

/* ---- sign-in ---- */

static void on_ready(void *self)
{
    struct backend *b = self;
    rex_rest_ready(b->rest);
    if (!rex_sync_is_begun(b->sync))
        rex_sync_begin(b->sync);
}

static void on_signin_failed(void *self, enum rc rc, const char *text)
{
    struct backend *b = self;
    log_warn("rex", "sign-in: %s", text);
    if (b->is_open) /* events come all the same, until the gateway says otherwise */
        tell_up(b, text, 0);
    else
        tell_link(b, rc == RC_AUTH || rc == RC_REDIRECT ? LINK_REFUSED : LINK_LOST, text, 0);
}

/* ---- operations ---- */

static void on_start(void *self)
{
    struct backend *b = self;
    b->start = NULL;
    rex_floor_settings(&b->floor, &b->config.settings);
    if (b->link_state == LINK_IDLE)
        tell_link(b, LINK_CONNECTING, "signing in", 0);
}

static void on_list_written(void *self)
{
    struct backend *b = self;
    rex_sync_list_changed(b->sync);
}

static enum rc check(const struct backend_config *config, struct err *err)
{
    const char *server = config->server;
    const char *host = str_is_empty(server)             ? DEFAULT_SERVER + strlen("https://")
                       : str_starts(server, "http://")  ? server + strlen("http://")
                       : str_starts(server, "https://") ? server + strlen("https://")
                                                        : NULL;
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
    const struct rex_sync_config sync = {.io = b->io,
                                         .config = &b->config,
                                         .rest = b->rest,
                                         .signin = b->signin,
                                         .floor = &b->floor,
                                         .owner = {.listed = on_listed,
                                                   .answered = on_answered,
                                                   .done = on_done,
                                                   .failed = on_failed,
                                                   .self = b}};
    b->sync = rex_sync_new(&sync, err);
    return b->sync != NULL ? RC_OK : RC_CONFIG;
}

static void open_others(struct backend *b)
{
    const struct rex_gateway_config gateway = {.io = b->io,
                                               .config = &b->config,
                                               .rest = b->rest,
                                               .signin = b->signin,
                                               .owner = {.subscribed = on_subscribed,
                                                         .notified = on_notified,
                                                         .undecodable = on_undecodable,
                                                         .heard = on_heard,
                                                         .closed = on_closed,
                                                         .told = on_told,
                                                         .self = b}};
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
    struct io_timer **timers[] = {&b->start,  &b->sync_timer, &b->poll_wait, &b->late,
                                  &b->settle, &b->people,     &b->waits};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
        stop_timer(b, timers[i]);
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
    rex_filters_free(&b->filters);
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
    b->gap_ms = now_ms(b) - REX_GAP_QUIET_MS;
    b->people_ms = now_ms(b) - REX_PEOPLE_REST_MS;
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
    if (!rex_sync_is_begun(b->sync) && rex_signin_token(b->signin) != NULL)
        rex_sync_begin(b->sync);
    else if (!b->is_open && b->filters.len > 0)
        rex_gateway_try_now(b->gateway);
}

static void ringcentral_resync(struct backend *b)
{
    if (b->is_open)
        sync_now(b, REX_FOR_REPAIR);
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
    if (!b->is_open && action->kind != ACTION_STOP)
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

const struct backend_ops ringcentral_backend = {
    .name = "ringcentral",
    .title = "RingCentral",
    .monitor_default = "list",
    .open = ringcentral_open,
    .resync = ringcentral_resync,
    .reconnect = ringcentral_reconnect,
    .stats = ringcentral_stats,
    .act = ringcentral_act,
    .leave = ringcentral_leave,
    .clean = ringcentral_clean,
    .desk = ringcentral_desk,
    .desk_forget = ringcentral_desk_forget,
    .close = ringcentral_close,
};
