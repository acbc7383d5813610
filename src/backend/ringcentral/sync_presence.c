/* Presence of ourselves, of the account, of some; and what sessions tell. */
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "sync_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- presence ---- */

void sync_batch_path(struct buf *out, char *const *ids, size_t count)
{
    buf_puts(out, "/restapi/v1.0/account/~/extension/");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i > 0 ? "," : "", ids[i]);
    buf_puts(out, "/presence?" REX_DETAILED);
}

static void note_refusal(struct rex_sync *sync, const struct rex_presence *presence)
{
    char text[80];
    if (presence->refused == 0) {
        sync->is_any_told |= !str_eq(presence->extension_id, sync->config.floor->own_id);
    } else if (presence->refused == 403 && presence->is_shared &&
               sync->lacks[LACK_PRESENCE] == NULL) {
        snprintf(text, sizeof text, "403: ask an administrator of the account for the permission");
        sync_lack(sync, LACK_PRESENCE, text);
    }
}

bool sync_take_presence(struct rex_sync *sync, const struct rex_answer *answer, uint32_t asked,
                        struct rex_paging *paging, struct err *err)
{
    rex_presences list = {0};
    enum rc rc = rex_wire_presences(&list, paging, answer->content_type, answer->body,
                                    answer->body_len, err);
    for (size_t i = 0; rc == RC_OK && i < list.len; i++) {
        const struct rex_presence *presence = &list.items[i];
        if (paging != NULL)
            sync_page_item(sync, presence->extension_id);
        note_refusal(sync, presence);
        if (sync->is_people_denied && sync->phase == PHASE_ALL &&
            rex_floor_user(sync->config.floor, presence->extension_id) == NULL)
            sync_people_met(&sync->people, presence);
        rex_floor_answer(sync->config.floor, presence, asked, answer->at_ms);
    }
    rex_presences_free(&list);
    return rc == RC_OK;
}

/* A user of whom nothing can be had. */
static void refuse(struct rex_sync *sync, const char *id, int status, bool is_shared)
{
    struct rex_presence none;
    memset(&none, 0, sizeof none);
    str_copy(none.extension_id, sizeof none.extension_id, id);
    none.refused = status;
    none.is_shared = is_shared;
    none.has = is_shared ? 0 : REX_HAS_SHARED;
    rex_floor_answer(sync->config.floor, &none, sync->asked, sync->at_ms);
}

static void begin_request(struct rex_sync *sync)
{
    sync->asked = rex_floor_asked(sync->config.floor);
}

/* Answers of a snapshot are told as such; the rest of the time what comes is news. */
static bool take_answer(struct rex_sync *sync, const struct rex_answer *answer,
                        struct rex_paging *paging, struct err *err)
{
    sync->config.floor->is_answering = sync->is_open;
    bool is_taken = sync_take_presence(sync, answer, sync->asked, paging, err);
    sync->config.floor->is_answering = false;
    if (answer->at_ms > sync->at_ms)
        sync->at_ms = answer->at_ms;
    return is_taken;
}

static bool wants_answer(const struct rex_sync *sync, const struct rex_user *user)
{
    if (!user->is_monitored)
        return false;
    return sync->run == RUN_LIST ? !user->is_heard : user->answered < sync->first_epoch;
}

size_t sync_count_unanswered(const struct rex_sync *sync)
{
    size_t count = 0;
    for (size_t i = 0; i < sync->config.floor->users.len; i++)
        count += wants_answer(sync, sync->config.floor->users.items[i]);
    return count;
}

bool sync_is_account_cheaper(const struct rex_sync *sync, size_t people)
{
    if (sync->is_people_denied && sync->people.monitoring != REX_MONITOR_LIST)
        return true; /* it alone tells who there is */
    bool is_often = sync->priority == REX_FOR_POLL && sync->pages_last > 0;
    return (is_often || people > (size_t)REX_BATCH_IDS * REX_BATCHES_MOST) &&
           (size_t)sync->pages_last * 5 <= people;
}

bool sync_is_heavy_spent(const struct rex_sync *sync)
{
    const struct rex_rest *rest = sync->config.rest;
    return !sync->is_people_denied && rex_rest_wait_ms(rest, REX_HEAVY) > REX_HEAVY_PATIENCE_MS &&
           rex_rest_wait_ms(rest, REX_LIGHT) == 0 &&
           sync_count_unanswered(sync) <= (size_t)REX_BATCH_IDS * REX_BATCHES_SPENT;
}

/* The account's presence tells our own too. */
static bool is_light_spent(const struct rex_sync *sync)
{
    const struct rex_rest *rest = sync->config.rest;
    return rex_rest_wait_ms(rest, REX_LIGHT) > REX_HEAVY_PATIENCE_MS &&
           rex_rest_wait_ms(rest, REX_HEAVY) == 0 && !sync->is_account_denied &&
           sync_is_account_cheaper(sync, sync_count_unanswered(sync));
}

/* What would have to wait is asked for otherwise. */
static void on_impatience(void *self)
{
    struct rex_sync *sync = self;
    sync->impatience = NULL;
    if (sync->phase == PHASE_OWN ? is_light_spent(sync) : sync_is_heavy_spent(sync)) {
        rex_rest_cancel(sync->config.rest, sync);
        sync_step(sync);
        return;
    }
    const struct io *io = sync->config.io;
    sync->impatience = io->timer(io->net, REX_HEAVY_PATIENCE_MS / 2, on_impatience, sync);
}

static void be_patient(struct rex_sync *sync, bool is_patient)
{
    const struct io *io = sync->config.io;
    io->timer_stop(sync->impatience);
    sync->impatience =
        is_patient ? io->timer(io->net, REX_HEAVY_PATIENCE_MS / 4, on_impatience, sync) : NULL;
}

static void on_own(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct err err = {0};
    be_patient(sync, false);
    if (rex_is_yes(answer)) {
        if (!take_answer(sync, answer, NULL, &err))
            log_info("ringcentral", "our own presence could not be read: %s", err.text);
    } else if (!sync_is_denied(answer)) {
        sync_fail_answer(sync, "our own presence could not be read", answer);
        return;
    }
    sync_step(sync);
}

void sync_ask_own(struct rex_sync *sync)
{
    begin_request(sync);
    be_patient(sync, true);
    sync_get(sync, REX_OWN "/presence?" REX_DETAILED, REX_LIGHT, sync->priority, on_own, sync);
}

static void on_account(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct rex_paging paging;
    struct err err = {0};
    be_patient(sync, false);
    if (sync_is_denied(answer)) {
        log_info("ringcentral", "no presence of the whole account: %s", answer->text);
        sync->is_account_denied = true;
        sync_step(sync);
        return;
    }
    if (!rex_is_yes(answer)) {
        sync_fail_answer(sync, "the presence of the account could not be read", answer);
        return;
    }
    if (!take_answer(sync, answer, &paging, &err)) {
        sync_fail(sync, err.rc, "the presence of the account could not be read", err.text);
        return;
    }
    if (paging.total_pages > 0)
        sync->pages_last = paging.total_pages;
    bool has_more = paging.has_next || paging.total_pages > 1;
    if (sync->page == 1 && has_more &&
        !sync_is_account_cheaper(sync, sync_people_count(&sync->people))) {
        sync_step(sync); /* the others one by one */
        return;
    }
    if (sync_page_next(sync, &paging, "the presence of the account")) {
        sync_ask_account(sync);
        return;
    }
    if (sync->is_people_denied)
        sync_people_read_done(&sync->people);
    sync_step(sync);
}

void sync_ask_account(struct rex_sync *sync)
{
    struct buf path;
    buf_init(&path, REX_PATH_BYTES);
    buf_printf(&path,
               "/restapi/v1.0/account/~/presence?" REX_DETAILED "&page=%" PRIu32 "&perPage=%d",
               sync->page, REX_PAGE_PEOPLE);
    begin_request(sync);
    be_patient(sync, true);
    sync_get(sync, buf_text(&path), REX_HEAVY, sync->priority, on_account, sync);
    buf_fini(&path);
}

static void on_batch(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct err err = {0};
    if (sync_is_denied(answer)) {
        /* One alone is refused as a whole; several of which none may be had, too. */
        sync->config.floor->is_answering = sync->is_open;
        bool is_hidden = answer->status == 403 && !str_eq(answer->code, "SUB-402") &&
                         str_starts(answer->code, "SUB-");
        if (!is_hidden && answer->status == 403)
            sync_lack_answer(sync, LACK_PRESENCE, answer);
        for (size_t i = 0; i < sync->batch; i++)
            refuse(sync, sync->some.items[i], answer->status, !is_hidden);
        sync->config.floor->is_answering = false;
    } else if (!rex_is_yes(answer)) {
        sync_fail_answer(sync, "the presence could not be read", answer);
        return;
    } else if (!take_answer(sync, answer, NULL, &err)) {
        sync_fail(sync, err.rc, "the presence could not be read", err.text);
        return;
    }
    for (size_t i = 0; i < sync->batch; i++)
        mem_free(sync->some.items[i]);
    sync->some.len -= sync->batch;
    memmove(sync->some.items, sync->some.items + sync->batch,
            sync->some.len * sizeof *sync->some.items);
    if (sync->some.len > 0)
        sync_ask_batch(sync);
    else
        sync_step(sync);
}

void sync_ask_batch(struct rex_sync *sync)
{
    struct buf path;
    buf_init(&path, REX_PATH_BYTES);
    sync->batch = sync->some.len < REX_BATCH_IDS ? sync->some.len : REX_BATCH_IDS;
    sync_batch_path(&path, sync->some.items, sync->batch);
    begin_request(sync);
    sync_get(sync, buf_text(&path), REX_LIGHT, sync->priority, on_batch, sync);
    buf_fini(&path);
}

void sync_list_unanswered(struct rex_sync *sync)
{
    for (size_t i = 0; i < sync->config.floor->users.len; i++) {
        const struct rex_user *user = sync->config.floor->users.items[i];
        if (wants_answer(sync, user))
            VEC_PUSH(&sync->some, mem_dup(user->id));
    }
}

/* Asked for and not told of: it cannot be had. That is as old as the last answer: what an event has
 * told since stays. */
void sync_refuse_unanswered(struct rex_sync *sync)
{
    sync->config.floor->is_answering = sync->is_open;
    for (size_t i = 0; i < sync->config.floor->users.len; i++) {
        const struct rex_user *user = sync->config.floor->users.items[i];
        if (wants_answer(sync, user))
            refuse(sync, user->id, 404, true);
    }
    sync->config.floor->is_answering = false;
}

/* ---- one snapshot alone: sessions before its end ---- */

static void ask_session(struct rex_sync *sync);

static void on_session(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    sync_take_session(sync, sync->some.items[0], answer);
    mem_free(sync->some.items[0]);
    VEC_REMOVE(&sync->some, 0);
    if (sync->some.len > 0)
        ask_session(sync);
    else
        sync_step(sync);
}

static void ask_session(struct rex_sync *sync)
{
    struct buf path;
    buf_init(&path, REX_PATH_BYTES);
    sync_session_path(&path, sync->some.items[0]);
    sync_get(sync, buf_text(&path), REX_LIGHT, REX_FOR_POLL, on_session, sync);
    buf_fini(&path);
}

/* Nobody waits longer for lamps because of what they leave out. */
static void on_details_limit(void *self)
{
    struct rex_sync *sync = self;
    sync->impatience = NULL;
    rex_rest_cancel(sync->config.rest, sync);
    rex_ids_free(&sync->some);
    sync_step(sync);
}

void sync_ask_sessions(struct rex_sync *sync)
{
    const struct io *io = sync->config.io;
    sync->impatience = io->timer(io->net, REX_DETAILS_LIMIT_MS, on_details_limit, sync);
    ask_session(sync);
}
