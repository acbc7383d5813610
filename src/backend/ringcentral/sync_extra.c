/* Questions beside the snapshots: the presence of a few users, what sessions tell of a call. */
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "sync_parts.h"

#define WAITING_MOST 1000 /* more would not be asked for in any useful time */

void sync_extra_stop(struct sync_extra *extra)
{
    const struct io *io = extra->sync->config.io;
    io->timer_stop(extra->timer);
    extra->timer = NULL;
    if (extra->is_asking)
        rex_rest_cancel(extra->sync->config.rest, extra);
    extra->is_asking = false;
    extra->failures = 0;
    rex_ids_free(&extra->waiting);
    rex_ids_free(&extra->asked);
}

static void plan(struct sync_extra *extra, int64_t least_ms, void (*fire)(void *self))
{
    const struct io *io = extra->sync->config.io;
    if (extra->timer != NULL || extra->is_asking || extra->waiting.len == 0)
        return;
    int64_t wait_ms = least_ms + (int64_t)(io->random(io->net) % (uint32_t)(least_ms + 1));
    extra->timer = io->timer(io->net, wait_ms, fire, extra);
}

/* ---- presence of a few ---- */

static void on_repair(void *self);

/* Asked once more; what cannot be had after some tries is lost, and the lamps may be wrong: asked
 * on while a reading is open that has yet to make them fresh. */
static void repair_again(struct sync_extra *extra)
{
    const struct rex_sync_owner *owner = &extra->sync->config.owner;
    if (++extra->failures < REX_REPAIR_TRIES || !owner->lost(owner->self)) {
        for (size_t i = 0; i < extra->asked.len; i++)
            if (!sync_ids_has(&extra->waiting, extra->asked.items[i]))
                VEC_PUSH(&extra->waiting, mem_dup(extra->asked.items[i]));
        return;
    }
    extra->failures = 0;
}

static void on_repaired(void *self, const struct rex_answer *answer)
{
    struct sync_extra *extra = self;
    struct err err = {0};
    extra->is_asking = false;
    extra->sync->config.io->timer_stop(extra->timer);
    extra->timer = NULL;
    bool is_told = rex_is_yes(answer);
    bool is_taken =
        is_told && sync_take_presence(extra->sync, answer, extra->asked_epoch, NULL, &err);
    if (!is_taken)
        log_info("ringcentral", "a presence could not be read anew: %s",
                 is_told ? err.text : answer->text);
    if (is_taken || sync_is_denied(answer))
        extra->failures = 0;
    else
        repair_again(extra);
    rex_ids_free(&extra->asked);
    plan(extra, REX_REPAIR_MS, on_repair);
}

/* Looked at until there is an answer or it counts as lost: a refusal that passes comes later than
 * the question, and a reading may end without this user's news. */
static void on_repair_waits(void *self)
{
    struct sync_extra *extra = self;
    const struct rex_sync_config *config = &extra->sync->config;
    int64_t age_ms = sync_now_ms(extra->sync) - extra->asked_ms;
    extra->timer = NULL;
    bool is_late = age_ms + rex_rest_wait_ms(config->rest, REX_LIGHT) > REX_REPAIR_LATE_MS;
    if (!is_late || !config->owner.lost(config->owner.self))
        extra->timer = config->io->timer(config->io->net, REX_REPAIR_MS, on_repair_waits, extra);
}

static void on_repair(void *self)
{
    struct sync_extra *extra = self;
    struct buf path;
    extra->timer = NULL;
    buf_init(&path, REX_PATH_BYTES);
    while (extra->waiting.len > 0 && extra->asked.len < REX_BATCH_IDS)
        VEC_PUSH(&extra->asked, extra->waiting.items[--extra->waiting.len]);
    sync_batch_path(&path, extra->asked.items, extra->asked.len);
    extra->is_asking = true;
    extra->asked_ms = sync_now_ms(extra->sync);
    extra->asked_epoch = rex_floor_asked(extra->sync->config.floor);
    sync_get(extra->sync, buf_text(&path), REX_LIGHT, REX_FOR_REPAIR, on_repaired, extra);
    buf_fini(&path);
    const struct io *io = extra->sync->config.io;
    extra->timer = io->timer(io->net, REX_REPAIR_MS, on_repair_waits, extra);
}

void rex_sync_repair(struct rex_sync *sync, const char *user_id)
{
    struct sync_extra *extra = &sync->repair;
    if (extra->waiting.len < WAITING_MOST && !sync_ids_has(&extra->waiting, user_id))
        VEC_PUSH(&extra->waiting, mem_dup(user_id));
    plan(extra, REX_REPAIR_MS, on_repair);
}

/* ---- sessions ---- */

void sync_session_path(struct buf *out, const char *session_id)
{
    buf_puts(out, "/restapi/v1.0/account/~/telephony/sessions/");
    rex_escape(out, session_id);
}

/* True unless asking for others is useless as well. */
bool sync_take_session(struct rex_sync *sync, const char *session_id,
                       const struct rex_answer *answer)
{
    struct rex_session session;
    struct err err = {0};
    if (answer->rc != RC_OK)
        return false;
    if (answer->status == 200 &&
        rex_wire_session(&session, answer->body, answer->body_len, &err) == RC_OK) {
        rex_floor_session(sync->config.floor, &session, answer->at_ms);
        rex_session_fini(&session);
    } else if (answer->status >= 400 && answer->status < 500) {
        rex_floor_session_denied(sync->config.floor, session_id);
    }
    return true;
}

static void on_detail(void *self);

static void on_detailed(void *self, const struct rex_answer *answer)
{
    struct sync_extra *extra = self;
    extra->is_asking = false;
    if (!sync_take_session(extra->sync, extra->asked.items[0], answer))
        rex_ids_free(&extra->waiting);
    rex_ids_free(&extra->asked);
    plan(extra, REX_DETAIL_MS, on_detail);
}

static void on_detail(void *self)
{
    struct sync_extra *extra = self;
    struct buf path;
    extra->timer = NULL;
    while (extra->waiting.len > 0 && extra->asked.len == 0) {
        char *id = extra->waiting.items[--extra->waiting.len];
        if (rex_floor_is_session_over(extra->sync->config.floor, id))
            mem_free(id);
        else
            VEC_PUSH(&extra->asked, id);
    }
    if (extra->asked.len == 0)
        return;
    buf_init(&path, REX_PATH_BYTES);
    sync_session_path(&path, extra->asked.items[0]);
    extra->is_asking = true;
    sync_get(extra->sync, buf_text(&path), REX_LIGHT, REX_FOR_POLL, on_detailed, extra);
    buf_fini(&path);
}

void rex_sync_session(struct rex_sync *sync, const char *session_id)
{
    struct sync_extra *extra = &sync->detail;
    if (!sync_may_control(sync) || extra->waiting.len >= REX_DETAILS_MOST ||
        sync_ids_has(&extra->waiting, session_id))
        return;
    VEC_PUSH(&extra->waiting, mem_dup(session_id));
    plan(extra, REX_REPAIR_MS, on_detail);
}

void sync_details_begin(struct rex_sync *sync)
{
    struct sync_extra *extra = &sync->detail;
    if (extra->is_asking || extra->timer != NULL || !sync_may_control(sync))
        return;
    rex_floor_unknown_sessions(sync->config.floor, REX_DETAILS_MOST, &extra->waiting);
    if (extra->waiting.len > 0)
        on_detail(extra);
}
