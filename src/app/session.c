#include "callhud/app/session.h"

#include "callhud/base/clock.h"
#include "callhud/base/log.h"

#include <inttypes.h>
#include <string.h>

/* A step of the wall clock, or a sleep of the machine, above this is not trusted away. */
#define JUMP_MS 3000

static void plan_tick(struct session *s);

static void flush_changes(struct session *s, unsigned bits)
{
    bits |= s->pending_bits;
    s->pending_bits = 0;
    if (bits && s->changed)
        s->changed(s->self, bits);
    if (bits)
        hud_changed_clear(&s->hud);
}

/* Answers of a snapshot are told in one piece, so that no half-read floor is ever shown. */
static void on_event(void *self, const struct event *event)
{
    struct session *s = self;
    unsigned bits = hud_apply(&s->hud, event, session_now(s));
    if (event->is_answer) {
        s->pending_bits |= bits;
        return;
    }
    if (event->kind == EVENT_SNAPSHOT_DONE) {
        log_info("hud", "snapshot done: %zu users, %" PRIu64 " lamps corrected", s->hud.users.len,
                 s->hud.stats.last_corrected);
    }
    flush_changes(s, bits);
    plan_tick(s);
}

static void on_tick(void *self)
{
    struct session *s = self;
    s->tick = NULL;
    s->tick_ms = INT64_MAX;
    flush_changes(s, hud_tick(&s->hud, session_now(s)));
    plan_tick(s);
}

static void plan_tick(struct session *s)
{
    int64_t now = session_now(s);
    int64_t next = hud_next_tick_ms(&s->hud, now);
    if (next == s->tick_ms)
        return;
    loop_timer_stop(s->tick);
    s->tick = NULL;
    s->tick_ms = next;
    if (next != INT64_MAX)
        s->tick = loop_timer(s->loop, next > now ? next - now : 0, on_tick, s);
}

static void note_clocks(struct session *s)
{
    int64_t mono = clock_mono_ms();
    s->boot_minus_mono_ms = clock_boot_ms() - mono;
    s->wall_minus_mono_ms = clock_wall_ms() - mono;
}

static void on_turn(void *self)
{
    struct session *s = self;
    int64_t boot = s->boot_minus_mono_ms, wall = s->wall_minus_mono_ms;
    note_clocks(s);
    if (s->backend && s->boot_minus_mono_ms - boot > JUMP_MS) {
        session_mistrust(s, "this machine slept");
    } else if (s->backend && (s->wall_minus_mono_ms - wall > JUMP_MS ||
                              wall - s->wall_minus_mono_ms > JUMP_MS)) {
        session_mistrust(s, "this machine's clock jumped");
    }
    if (s->turned)
        s->turned(s->self);
}

enum rc session_init(struct session *s, const struct settings *settings, bool is_read_only,
                     struct err *err)
{
    memset(s, 0, sizeof *s);
    s->settings = settings;
    s->is_read_only = is_read_only;
    s->tick_ms = INT64_MAX;
    s->ops = backend_find(settings->backend);
    if (!s->ops) {
        return err_set(err, RC_CONFIG, "profile %s: no backend is called '%s'", settings->profile,
                       settings->backend);
    }
    enum rc rc = loop_new(&s->loop, err);
    if (rc != RC_OK)
        return rc;
    hud_init(&s->hud);
    note_clocks(s);
    loop_on_turn(s->loop, on_turn, s);
    return RC_OK;
}

enum rc session_start(struct session *s, struct err *err)
{
    enum rc rc = net_new(&s->net, s->loop, err);
    if (rc != RC_OK)
        return rc;
    net_io(s->net, &s->io);
    return session_start_backend(s, err);
}

enum rc session_start_backend(struct session *s, struct err *err)
{
    settings_backend(s->settings, &s->backend_config, s->is_read_only);
    struct backend_sink sink = {.event = on_event, .self = s};
    err_clear(err);
    s->backend = s->ops->open(&s->backend_config, &s->io, &sink, err);
    if (!s->backend) {
        return err->rc != RC_OK ? err->rc
                                : err_set(err, RC_CONFIG, "the backend refuses its configuration");
    }
    return RC_OK;
}

void session_stop_backend(struct session *s)
{
    if (s->backend)
        s->ops->close(s->backend);
    s->backend = NULL;
}

void session_name_users(struct session *s)
{
    settings_backend(s->settings, &s->backend_config, s->is_read_only);
    for (size_t i = 0; i < s->backend_config.users_len; i++) {
        const struct backend_user *user = &s->backend_config.users[i];
        struct event event = {.kind = EVENT_USER, .user_id = user->extension};
        event.u.user.extension = user->extension;
        event.u.user.name = user->name;
        event.u.user.department = user->department;
        hud_apply(&s->hud, &event, session_now(s));
    }
    hud_changed_clear(&s->hud);
}

bool session_fini(struct session *s)
{
    bool is_looking_up = false;
    session_stop_backend(s);
    loop_timer_stop(s->tick);
    s->tick = NULL;
    if (s->net)
        is_looking_up = net_free(s->net);
    s->net = NULL;
    if (s->loop) {
        hud_fini(&s->hud);
        if (!is_looking_up)
            loop_free(s->loop);
    }
    s->loop = NULL;
    return is_looking_up;
}

int64_t session_now(const struct session *s)
{
    return loop_now_ms(s->loop);
}

void session_resync(struct session *s)
{
    if (s->backend)
        s->ops->resync(s->backend);
}

void session_reconnect(struct session *s)
{
    if (s->backend)
        s->ops->reconnect(s->backend);
}

void session_mistrust(struct session *s, const char *why)
{
    log_warn("hud", "%s: every lamp is stale until the next snapshot", why);
    struct event gap = {.kind = EVENT_GAP};
    on_event(s, &gap);
    session_resync(s);
}

void session_log_stats(const struct session *s, const struct session_stats *stats)
{
    struct loop_lag lag = {0};
    if (s->loop)
        loop_lag(s->loop, &lag);
    log_info("stats",
             "stats events=%" PRIu64 " gaps=%" PRIu64 " resyncs=%" PRIu64 " frames=%" PRIu64
             " skipped=%" PRIu64 " bytes=%" PRIu64 " loop_lag_p99_ms=%" PRId64
             " loop_lag_max_ms=%" PRId64,
             s->hud.stats.events, s->hud.stats.gaps, s->hud.stats.resyncs, stats->frames,
             stats->skipped, stats->bytes, lag.p99_ms, lag.max_ms);
}
