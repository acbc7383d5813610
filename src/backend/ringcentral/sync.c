/* One reading of the floor: a chain of requests, one after the other, each phase in its turn. */
#include "callhud/backend/tell.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "sync_parts.h"

#include <string.h>

/* ---- small things ---- */

static void tell(struct rex_sync *sync, enum event_kind kind, int64_t at_ms)
{
    backend_tell(&sync->config.floor->sink, kind, at_ms);
}

int64_t sync_now_ms(const struct rex_sync *sync)
{
    return sync->config.io->now_ms(sync->config.io->net);
}

void sync_get(struct rex_sync *sync, const char *path, enum rex_group group,
              enum rex_priority priority, rex_done *done, void *self)
{
    const struct rex_request request = {
        .method = "GET",
        .path = path,
        .accept = "application/json, application/vnd.ringcentral.multipart+json",
        .group = group,
        .priority = priority,
    };
    rex_rest_ask(sync->config.rest, &request, done, self);
}

bool sync_ids_has(const rex_ids *ids, const char *id)
{
    for (size_t i = 0; i < ids->len; i++)
        if (str_eq(ids->items[i], id))
            return true;
    return false;
}

bool sync_may_control(const struct rex_sync *sync)
{
    return rex_signin_has_scope(sync->config.signin, "CallControl");
}

/* A refusal that asking again does not change. */
bool sync_is_denied(const struct rex_answer *answer)
{
    return answer->rc == RC_OK && answer->status >= 400 && answer->status < 500 &&
           answer->status != 401 && answer->status != 429;
}

/* ---- what is refused ---- */

void sync_lack(struct rex_sync *sync, enum lack what, const char *text)
{
    static const char *const words[LACK_COUNT] = {
        [LACK_LIST] = "the stored list cannot be read (name the people in [users])",
        [LACK_SELF] = "who we are is not told",
        [LACK_PEOPLE] = "the directory cannot be read",
        [LACK_PRESENCE] = "nobody's presence is told",
    };
    struct err err;
    if (text != NULL)
        err_set(&err, RC_DENIED, "%s: %s", words[what], text);
    mem_free(sync->lacks[what]);
    sync->lacks[what] = text != NULL ? mem_dup(err.text) : NULL;
}

void sync_lack_answer(struct rex_sync *sync, enum lack what, const struct rex_answer *answer)
{
    char text[ERR_TEXT_BYTES]; /* the path may name thirty people */
    rex_say_reason(answer, text, sizeof text);
    sync_lack(sync, what, text);
}

/* Presence is refused one by one as well: it is a lack when nobody's is told. */
static void tell_lacks(struct rex_sync *sync)
{
    struct event event = backend_event(EVENT_LACK, NULL, 0, false);
    if (sync->is_any_told)
        sync_lack(sync, LACK_PRESENCE, NULL);
    for (int lack = 0; lack < LACK_COUNT; lack++) {
        bool is_one = sync->lacks[lack] != NULL &&
                      (lack != LACK_PEOPLE || sync_people_count(&sync->people) == 0);
        event.u.lack.what = (enum lack)lack;
        event.u.lack.text = is_one ? sync->lacks[lack] : "";
        sync->config.floor->sink.event(sync->config.floor->sink.self, &event);
    }
}

/* ---- the end of a run ---- */

static void clear_run(struct rex_sync *sync)
{
    rex_rest_cancel(sync->config.rest, sync);
    sync->config.io->timer_stop(sync->impatience);
    sync->impatience = NULL;
    sync->run = RUN_NONE;
    sync->config.floor->is_answering = false;
    VEC_FREE(&sync->lines);
    VEC_FREE(&sync->grants);
    sync_pages_begin(sync);
    rex_ids_free(&sync->some);
}

void rex_sync_stop(struct rex_sync *sync)
{
    clear_run(sync);
    sync->is_wanted = sync->is_list_wanted = false;
    sync_extra_stop(&sync->repair);
    sync_extra_stop(&sync->detail);
    if (!sync->is_open)
        return;
    sync->is_open = false;
    tell(sync, EVENT_SNAPSHOT_FAILED, 0);
}

static void begin_run(struct rex_sync *sync, enum sync_run run, enum rex_priority priority)
{
    clear_run(sync);
    sync->run = run;
    sync->priority = priority;
    sync->phase = PHASE_START;
    sync->at_ms = 0;
    sync->is_any_told = false;
    sync->first_epoch = rex_floor_asked(sync->config.floor);
    if (run == RUN_SNAPSHOT || run == RUN_POLL) {
        sync->is_open = true;
        sync->config.floor->snapshot_epoch = sync->first_epoch;
        tell(sync, EVENT_SNAPSHOT_ASKED, 0);
    }
    sync_step(sync);
}

static void run_next(struct rex_sync *sync)
{
    if (sync->is_wanted) {
        sync->is_wanted = false;
        rex_sync_snapshot(sync, sync->wanted_priority, sync->wanted_poll);
    } else if (sync->is_list_wanted) {
        sync->is_list_wanted = false;
        begin_run(sync, RUN_LIST, REX_FOR_REPAIR);
    }
}

static bool is_due(const struct rex_sync *sync, int64_t last_ms, int64_t every_ms)
{
    return last_ms == INT64_MIN || sync_now_ms(sync) - last_ms >= every_ms;
}

/* Everybody's grants take as many requests as everybody's presence, and lamps go first. */
static bool is_for_later(const struct rex_sync *sync)
{
    return sync->run != RUN_RIGHTS && !sync->config.config->is_once &&
           sync_people_count(&sync->people) > REX_GRANTS_MANY;
}

static void finish(struct rex_sync *sync)
{
    enum sync_run run = sync->run;
    clear_run(sync);
    sync->is_begun |= run == RUN_BEGIN || run == RUN_SNAPSHOT;
    if (sync->is_open) {
        sync->config.owner.answered(sync->config.owner.self);
        sync->is_open = false;
        sync->was_read = true;
        tell_lacks(sync);
        tell(sync, EVENT_SNAPSHOT_DONE, sync->at_ms);
        rex_floor_sweep(sync->config.floor, sync->at_ms);
        sync->config.owner.done(sync->config.owner.self);
        if (sync->run == RUN_NONE && run == RUN_SNAPSHOT)
            sync_details_begin(sync);
    }
    bool are_grants_due =
        run == RUN_SNAPSHOT && is_for_later(sync) && is_due(sync, sync->grants_ms, REX_GRANTS_MS);
    if (sync->run == RUN_NONE)
        run_next(sync);
    if (sync->run == RUN_NONE && are_grants_due)
        begin_run(sync, RUN_RIGHTS, REX_FOR_POLL);
}

void sync_fail(struct rex_sync *sync, enum rc rc, const char *what, const char *text)
{
    struct err err;
    err_set(&err, rc, "%s: %s", what, text);
    log_warn("ringcentral", "%s", err.text);
    rex_sync_stop(sync);
    sync->config.owner.failed(sync->config.owner.self, rc, err.text);
}

void sync_fail_answer(struct rex_sync *sync, const char *what, const struct rex_answer *answer)
{
    sync_fail(sync, answer->rc != RC_OK ? answer->rc : RC_REFUSED, what, answer->text);
}

/* ---- the phases ---- */

static bool needs_people(const struct rex_sync *sync)
{
    if (sync->is_people_denied)
        return false;
    bool is_deciding = sync->people.monitoring != REX_MONITOR_LIST;
    if (is_due(sync, sync->people_ms, REX_DIRECTORY_MS))
        return is_deciding || sync_people_count(&sync->people) > 0;
    return sync->run == RUN_LIST && sync_people_any_nameless(&sync->people);
}

/* Neither who there is nor what is allowed. */
static bool is_poll(const struct rex_sync *sync)
{
    return sync->run == RUN_POLL;
}

static bool has_list(const struct rex_sync *sync)
{
    return sync->people.monitoring == REX_MONITOR_LIST;
}

/* Each starts its phase; false when there is nothing to wait for. */

static bool start_self(struct rex_sync *sync)
{
    if (sync->config.floor->own_id[0] != '\0')
        return false;
    sync_ask_self(sync);
    return true;
}

static bool start_lines(struct rex_sync *sync)
{
    if (is_poll(sync) || !has_list(sync))
        return false;
    sync_ask_lines(sync);
    return true;
}

static bool start_listed(struct rex_sync *sync)
{
    if (!is_poll(sync) && has_list(sync))
        sync->config.owner.listed(sync->config.owner.self);
    return false;
}

static bool start_people(struct rex_sync *sync)
{
    if (is_poll(sync) || !needs_people(sync))
        return false;
    sync_people_read(&sync->people);
    sync_ask_people(sync);
    return true;
}

static bool start_known(struct rex_sync *sync)
{
    if (!is_poll(sync) && !has_list(sync))
        sync->config.owner.listed(sync->config.owner.self);
    return false;
}

static bool start_grants(struct rex_sync *sync)
{
    bool is_wanted = is_due(sync, sync->grants_ms, REX_GRANTS_MS) || sync->run == RUN_LIST;
    if (is_poll(sync) || !is_wanted || is_for_later(sync))
        return false;
    sync_ask_grants(sync);
    return true;
}

static bool start_features(struct rex_sync *sync)
{
    if (is_poll(sync) || !is_due(sync, sync->features_ms, REX_GRANTS_MS))
        return false;
    sync_ask_features(sync);
    return true;
}

static bool start_named(struct rex_sync *sync)
{
    if (sync->run == RUN_BEGIN) {
        sync->phase = PHASE_DETAILS; /* the rest is the snapshot's */
        return false;
    }
    /* Later their presence names them. */
    sync->config.floor->is_answering = sync->is_open && !sync->was_read;
    rex_floor_name(sync->config.floor);
    sync->config.floor->is_answering = false;
    return false;
}

static bool start_own(struct rex_sync *sync)
{
    if (sync->run == RUN_LIST)
        return false;
    sync_ask_own(sync);
    return true;
}

static bool start_all(struct rex_sync *sync)
{
    if (sync->is_account_denied || sync->run == RUN_LIST || sync_is_heavy_spent(sync) ||
        !sync_is_account_cheaper(sync, sync_count_unanswered(sync)))
        return false;
    if (sync->is_people_denied)
        sync_people_read(&sync->people);
    sync_ask_account(sync);
    return true;
}

static bool start_some(struct rex_sync *sync)
{
    sync_list_unanswered(sync);
    if (sync->some.len == 0)
        return false;
    sync_ask_batch(sync);
    return true;
}

static bool start_details(struct rex_sync *sync)
{
    sync_refuse_unanswered(sync);
    if (!sync->config.config->is_once || !sync->is_open || !sync_may_control(sync))
        return false;
    rex_floor_unknown_sessions(sync->config.floor, REX_DETAILS_MOST, &sync->some);
    if (sync->some.len == 0)
        return false;
    sync_ask_sessions(sync);
    return true;
}

static bool (*const phases[PHASE_END])(struct rex_sync *sync) = {
    [PHASE_SELF] = start_self,         [PHASE_LINES] = start_lines, [PHASE_LISTED] = start_listed,
    [PHASE_PEOPLE] = start_people,     [PHASE_KNOWN] = start_known, [PHASE_GRANTS] = start_grants,
    [PHASE_FEATURES] = start_features, [PHASE_NAMED] = start_named, [PHASE_OWN] = start_own,
    [PHASE_ALL] = start_all,           [PHASE_SOME] = start_some,   [PHASE_DETAILS] = start_details,
};

void sync_step(struct rex_sync *sync)
{
    while (sync->run != RUN_NONE) {
        sync->phase++;
        if (sync->phase == PHASE_END) {
            finish(sync);
            return;
        }
        enum sync_run run = sync->run;
        sync_pages_begin(sync);
        if (run == RUN_RIGHTS && sync->phase != PHASE_GRANTS)
            continue;
        if (phases[sync->phase](sync) || sync->run != run)
            return;
    }
}

/* ---- what the owner asks ---- */

void rex_sync_begin(struct rex_sync *sync)
{
    if (sync->run == RUN_NONE)
        begin_run(sync, RUN_BEGIN, REX_FOR_LINK);
}

bool rex_sync_is_begun(const struct rex_sync *sync)
{
    return sync->is_begun;
}

bool rex_sync_is_open(const struct rex_sync *sync)
{
    return sync->is_open;
}

static bool is_by_account(const struct rex_sync *sync)
{
    size_t pages = sync->pages_last;
    return !sync->is_account_denied && pages > 0 && pages * 5 <= sync_people_count(&sync->people);
}

size_t rex_sync_cost(const struct rex_sync *sync)
{
    return is_by_account(sync) ? sync->pages_last
                               : sync_people_count(&sync->people) / REX_BATCH_IDS + 1;
}

int64_t rex_sync_half_ms(const struct rex_sync *sync)
{
    enum rex_group group = is_by_account(sync) ? REX_HEAVY : REX_LIGHT;
    return rex_rest_half_ms(sync->config.rest, group, rex_sync_cost(sync));
}

void rex_sync_snapshot(struct rex_sync *sync, enum rex_priority priority, bool for_poll)
{
    if (sync->run == RUN_BEGIN) {
        sync->is_wanted = true;
        sync->wanted_priority = priority;
        sync->wanted_poll = for_poll;
        return;
    }
    /* EVENT_SNAPSHOT_ASKED closes one that is open. A snapshot reads the list, a poll does not. */
    sync->is_list_wanted = for_poll && (sync->is_list_wanted || sync->run == RUN_LIST);
    begin_run(sync, for_poll ? RUN_POLL : RUN_SNAPSHOT, priority);
}

static bool is_busy(const struct rex_sync *sync)
{
    return sync->run != RUN_NONE && sync->run != RUN_RIGHTS;
}

void rex_sync_list_changed(struct rex_sync *sync)
{
    if (sync->people.monitoring != REX_MONITOR_LIST)
        return;
    if (is_busy(sync))
        sync->is_list_wanted = true; /* what runs may have read the list before it changed */
    else if (sync->is_begun)
        begin_run(sync, RUN_LIST, REX_FOR_REPAIR);
}

void rex_sync_people_changed(struct rex_sync *sync)
{
    sync->people_ms = sync->grants_ms = INT64_MIN;
    if (is_busy(sync))
        sync->is_list_wanted = true;
    else if (sync->is_begun)
        begin_run(sync, RUN_LIST, REX_FOR_POLL);
}

enum rex_monitoring rex_sync_monitoring(const struct rex_sync *sync)
{
    return sync->people.monitoring;
}

struct rex_sync *rex_sync_new(const struct rex_sync_config *config, struct err *err)
{
    struct rex_sync *sync = mem_zero(1, sizeof *sync);
    sync->config = *config;
    sync->repair.sync = sync->detail.sync = sync;
    sync->people_ms = sync->grants_ms = sync->features_ms = INT64_MIN;
    if (sync_people_init(&sync->people, config->config, config->floor, err) != RC_OK) {
        sync_people_fini(&sync->people);
        mem_free(sync);
        return NULL;
    }
    return sync;
}

void rex_sync_free(struct rex_sync *sync)
{
    if (sync == NULL)
        return;
    clear_run(sync);
    sync_extra_stop(&sync->repair);
    sync_extra_stop(&sync->detail);
    VEC_FREE(&sync->features);
    for (int lack = 0; lack < LACK_COUNT; lack++)
        mem_free(sync->lacks[lack]);
    sync_people_fini(&sync->people);
    mem_free(sync);
}
