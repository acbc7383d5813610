#include "callhud/app/session.h"

#include "callhud/app/paths.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A step of the wall clock, or a sleep of the machine, above this is not trusted away. */
#define JUMP_MS 3000

/* What killed runs left is told about once all of it is gone, or after this. */
#define CLEAN_MS 10000

/* See next_tick_ms(). */
#define LARGE_FLOOR 1000
#define LOOK_MS 250

static void plan_tick(struct session *s);
static void plan_clean(struct session *s);

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
/* Failing and trying again is none. */
static bool is_progress(const struct event *event)
{
    return event->is_answer || (event->kind == EVENT_LINK && event->u.link.retry_ms == 0);
}

const char *session_lack(const struct session *s, enum lack what)
{
    bool is_replaced = what == LACK_LIST && s->hud.users.len > 0; /* by those of [users] */
    return is_replaced ? NULL : s->hud.lacks[what];
}

const char *session_lack_of_users(const struct session *s)
{
    static const enum lack kinds[] = {LACK_LIST, LACK_PEOPLE, LACK_SELF};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (s->hud.lacks[kinds[i]])
            return s->hud.lacks[kinds[i]];
    return NULL;
}

enum rc session_no_user(const struct session *s, const char *extension, struct err *err)
{
    const char *lack = session_lack_of_users(s);
    if (lack)
        return err_set(err, RC_DENIED, "extension %.40s is not known: %s", extension, lack);
    return err_set(err, RC_NOT_FOUND,
                   "no monitored user has extension %s: 'callhud status' lists them, 'monitor' in "
                   "the profile decides",
                   extension);
}

static void tell_lack(struct session *s, enum lack what)
{
    const char *text = session_lack(s, what);
    if (!text)
        return;
    log_warn("hud", "%s", text);
    if (s->lacked)
        s->lacked(s->self, text);
}

static void on_event(void *self, const struct event *event)
{
    struct session *s = self;
    if (is_progress(event))
        s->progress_ms = session_now(s);
    if (event->is_answer)
        s->answer_ms = session_now(s);
    if (event->kind == EVENT_ACTION && s->actions)
        actions_event(s->actions, event);
    unsigned bits = hud_apply(&s->hud, event, session_now(s));
    if (event->kind == EVENT_LACK && bits)
        tell_lack(s, event->u.lack.what);
    if (event->kind == EVENT_ACTION && s->acted)
        s->acted(s->self, event);
    if (event->kind == EVENT_LINK)
        plan_clean(s);
    if (event->is_answer) {
        s->pending_bits |= bits;
        return;
    }
    if (event->kind == EVENT_SNAPSHOT_DONE) {
        log_info("hud", "snapshot done: %zu users, %" PRIu64 " lamps corrected", s->hud.users.len,
                 s->hud.stats.last_corrected);
    }
    if (s->passed)
        s->passed(s->self, event);
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

/* While lamps fade the next tick is that of the first of them: on a large floor it is not looked
 * for at every event, but ticked meanwhile. */
static int64_t next_tick_ms(struct session *s, int64_t now)
{
    bool is_large = s->hud.users.len > LARGE_FLOOR;
    if (is_large && !s->hud.link.is_synced && s->looked_ms + LOOK_MS > now)
        return s->looked_ms + LOOK_MS;
    s->looked_ms = now;
    return hud_next_tick_ms(&s->hud, now);
}

static void plan_tick(struct session *s)
{
    int64_t now = session_now(s);
    int64_t next = next_tick_ms(s, now);
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
    } else if (s->backend &&
               (s->wall_minus_mono_ms - wall > JUMP_MS || wall - s->wall_minus_mono_ms > JUMP_MS)) {
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
    s->hud.is_read_only = is_read_only;
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

/* Without a folder for the list of what is made, the lamps are as good as ever: the backend then
 * refuses what makes something. */
static void open_made(struct session *s)
{
    char folder[PATH_BYTES];
    struct err err = {0};
    enum rc rc = paths_state(folder, "", true, &err);
    if (rc == RC_OK)
        rc = made_open(&s->made, folder, s->settings->profile, s->settings->server, &err);
    if (rc != RC_OK)
        log_warn("made", "%s", err.text);
}

enum rc session_start_backend(struct session *s, struct err *err)
{
    s->answer_ms = session_now(s);
    settings_backend(s->settings, &s->backend_config, s->is_read_only);
    s->backend_config.is_checking = s->is_checking;
    str_copy(s->hud.own_phone, sizeof s->hud.own_phone, s->settings->phone);
    s->backend_config.is_once = s->is_once;
    s->backend_config.is_desk_only = s->is_desk_only;
    if (!s->is_read_only) {
        enum rc rc = actions_new(&s->actions, s, err);
        if (rc != RC_OK)
            return rc;
        open_made(s);
    }
    if (s->made)
        made_ledger(s->made, &s->backend_config.ledger);
    s->shared = shared_file_of(s->settings, &s->backend_config.shared);
    struct backend_sink sink = {.event = on_event, .self = s};
    err_clear(err);
    s->backend = s->ops->open(&s->backend_config, &s->io, &sink, err);
    if (!s->backend) {
        return err->rc != RC_OK ? err->rc
                                : err_set(err, RC_CONFIG, "the backend refuses its configuration");
    }
    return RC_OK;
}

static void close_backend(struct session *s)
{
    loop_timer_stop(s->leave_timer);
    loop_timer_stop(s->clean_timer);
    s->leave_timer = s->clean_timer = NULL;
    if (s->backend)
        s->ops->close(s->backend);
    s->backend = NULL;
    actions_free(s->actions);
    s->actions = NULL;
    made_close(s->made);
    s->made = NULL;
    shared_file_free(s->shared);
    s->shared = NULL;
    made_things_free(&s->left);
    s->left_len = 0;
    s->is_adopted = s->is_cleaning = s->is_ending = s->is_left = false;
}

void session_stop_backend(struct session *s)
{
    if (s->actions)
        actions_abandon(s->actions, on_event, s);
    close_backend(s);
}

void session_name_users(struct session *s)
{
    struct backend_config config;
    settings_backend(s->settings, &config, s->is_read_only);
    for (size_t i = 0; i < config.users_len; i++) {
        const struct backend_user *user = &config.users[i];
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
    close_backend(s);
    loop_watch_stop(s->lifeline);
    s->lifeline = NULL;
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

bool session_goes_on(const struct session *s)
{
    const struct link *link = &s->hud.link;
    bool is_up =
        link->state == LINK_CONNECTING || link->state == LINK_LIVE || link->state == LINK_POLLING;
    int64_t now_ms = session_now(s);
    /* The backend knows until when: the service's limits. */
    bool is_waiting = link->state == LINK_CONNECTING && link->retry_ms > now_ms &&
                      link->retry_ms - now_ms <= SESSION_WAIT_MOST_MS &&
                      now_ms - s->answer_ms < SESSION_NOTHING_MS;
    return is_waiting || (is_up && now_ms - s->progress_ms < SESSION_QUIET_MS);
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

static void on_lifeline_cut(void *self)
{
    struct session *s = self;
    struct event lost = {.kind = EVENT_LINK};
    lost.u.link.state = LINK_LOST;
    lost.u.link.text = s->ended_text;
    log_error("app", "%s", s->ended_text);
    loop_watch_stop(s->lifeline);
    s->lifeline = NULL;
    s->is_peer_ended = true;
    session_stop_backend(s);
    on_event(s, &lost);
}

void session_lives_by(struct session *s, int fd, const char *text)
{
    s->ended_text = text;
    s->lifeline = loop_watch_read(s->loop, fd, on_lifeline_cut, s);
}

/* ---- acting ---------------------------------------------------------------------------------- */

enum rc session_act(struct session *s, const struct wish *wish, uint32_t *id, struct err *err)
{
    if (s->is_read_only)
        return err_set(err, RC_DENIED,
                       "--read-only is on: start callhud without it to act on calls");
    if (!s->actions || !s->backend)
        return err_set(err, RC_UNREACHABLE, "not connected yet");
    if (s->leave_timer)
        return err_set(err, RC_DENIED, "callhud is about to leave");
    return actions_do(s->actions, wish, id, err);
}

static void on_leave_done(void *self)
{
    struct session *s = self;
    s->leave_timer = NULL;
    if (s->made && made_count(s->made) > 0 && s->told)
        s->told(
            s->self, true,
            "the server has not confirmed that all is removed: look whether your phone is still "
            "in use, hang it up; the next start of callhud does the rest");
    s->left_done(s->left_self);
}

/* At the next turn: done() may close the backend, which is in the middle of telling this. */
static void leave_if_done(struct session *s)
{
    if (!s->leave_timer || s->is_ending || s->is_cleaning)
        return;
    loop_timer_stop(s->leave_timer);
    s->leave_timer = loop_timer(s->loop, 0, on_leave_done, s);
}

static void on_ended(void *self)
{
    struct session *s = self;
    s->is_ending = false;
    leave_if_done(s);
}

static void on_leave_late(void *self)
{
    struct session *s = self;
    log_warn("app", "not everything was ended in %d ms: the next start does the rest",
             SESSION_LEAVE_MS);
    on_leave_done(s);
}

void session_leave(struct session *s, void (*done)(void *self), void *self)
{
    s->left_done = done;
    s->left_self = self;
    if (s->leave_timer)
        return;
    if (!s->is_ending && s->backend && s->ops->leave(s->backend, on_ended, s))
        s->is_ending = s->is_left = true;
    if (!s->is_ending && !s->is_cleaning) {
        done(self);
        return;
    }
    s->leave_timer = loop_timer(s->loop, SESSION_LEAVE_MS, on_leave_late, s);
}

/* ---- what killed runs left ------------------------------------------------------------------- */

static void tell(struct session *s, bool is_warning, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(struct session *s, bool is_warning, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    (void)str_vformat(text, sizeof text, format, args);
    va_end(args);
    log_write(is_warning ? LOG_WARN : LOG_INFO, "made", "%s", text);
    if (s->told)
        s->told(s->self, is_warning, text);
}

static void tell_cleaned(struct session *s)
{
    size_t gone = s->left_len - s->left.len;
    s->is_cleaning = false;
    if (s->left_len && s->left.len) {
        tell(s, true,
             "cleaned up after a killed run: %zu of %zu things, the next start tries again", gone,
             s->left_len);
    } else if (s->left_len) {
        tell(s, false, "cleaned up after a killed run: %zu thing%s", gone, gone == 1 ? "" : "s");
    }
    s->left_len = 0;
}

static void on_clean_late(void *self)
{
    struct session *s = self;
    s->clean_timer = NULL;
    tell_cleaned(s);
    leave_if_done(s);
}

static void on_gone(void *self, const char *thing)
{
    struct session *s = self;
    for (size_t i = 0; i < s->left.len; i++) {
        char *mine = s->left.items[i];
        if (!str_eq(mine, thing))
            continue;
        VEC_REMOVE(&s->left, i);
        log_info("made", "%s is gone", mine);
        s->backend_config.ledger.drop(s->backend_config.ledger.self, mine);
        mem_free(mine);
        break;
    }
    if (s->left.len)
        return;
    loop_timer_stop(s->clean_timer);
    s->clean_timer = NULL;
    tell_cleaned(s);
    leave_if_done(s);
}

static void adopt(struct session *s)
{
    struct err err = {0};
    s->is_adopted = true;
    if (made_adopt(s->made, &s->left, &err) != RC_OK)
        log_warn("made", "%s", err.text);
    s->left_len = s->left.len;
}

/* From the loop: an event is no time to ask the backend for something. */
static void on_clean(void *self)
{
    struct session *s = self;
    s->clean_timer = NULL;
    adopt(s);
    if (!s->left.len)
        return;
    s->is_cleaning = true;
    s->clean_timer = loop_timer(s->loop, CLEAN_MS, on_clean_late, s);
    s->ops->clean(s->backend, (const char *const *)s->left.items, s->left.len, on_gone, s);
}

/* Once, on the first link: what a lost one leaves undone the backend asks for again. */
static void plan_clean(struct session *s)
{
    bool is_up = s->hud.link.state == LINK_LIVE || s->hud.link.state == LINK_POLLING;
    if (s->made && !s->is_adopted && !s->clean_timer && is_up)
        s->clean_timer = loop_timer(s->loop, 0, on_clean, s);
}

void session_mistrust(struct session *s, const char *why)
{
    log_warn("hud", "%s: every lamp is stale until the next snapshot", why);
    struct event gap = {.kind = EVENT_GAP};
    struct err err = {0};
    bool is_left = s->is_left && !s->leave_timer;
    if (is_left)
        session_stop_backend(s);
    on_event(s, &gap);
    if (is_left && session_start_backend(s, &err) != RC_OK)
        log_error("app", "%s", err.text);
    session_resync(s);
}

static void log_backend_stats(const struct session *s)
{
    struct backend_stats b = {0};
    s->ops->stats(s->backend, &b);
    log_info("stats",
             "%s messages=%" PRIu64 " decoded=%" PRIu64 " undecodable=%" PRIu64
             " unknown_kind=%" PRIu64 " rest_over_ws=%d filtered=%d read_only=%d version=%s",
             s->ops->name, b.messages, b.decoded, b.undecodable, b.unknown_kind, b.is_rest_over_ws,
             b.is_filtered, b.is_read_only, b.version[0] ? b.version : "-");
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
    if (s->backend && s->ops->stats)
        log_backend_stats(s);
}
