/* Who we are, the list, the directory, what we are allowed: the lists of a reading. */
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "sync_parts.h"

#include <inttypes.h>
#include <string.h>

/* ---- who we are ---- */

static void on_self(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct rex_person own;
    struct err err = {0};
    if (rex_is_yes(answer)) {
        if (rex_wire_person(&own, answer->body, answer->body_len, &err) != RC_OK) {
            sync_fail(sync, err.rc, "who we are could not be read", err.text);
            return;
        }
    } else {
        const char *owner = rex_signin_owner(sync->config.signin);
        if (!sync_is_denied(answer) || str_is_empty(owner)) {
            sync_fail_answer(sync, "who we are could not be read", answer);
            return;
        }
        sync_lack_answer(sync, LACK_SELF, answer);
        memset(&own, 0, sizeof own);
        str_copy(own.id, sizeof own.id, owner);
    }
    sync_people_self(&sync->people, &own);
    sync_step(sync);
}

void sync_ask_self(struct rex_sync *sync)
{
    sync_get(sync, REX_OWN, REX_LIGHT, sync->priority, on_self, sync);
}

/* ---- the list ---- */

static void on_lines(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct rex_paging paging;
    struct err err = {0};
    size_t before = sync->lines.len;
    if (answer->rc == RC_OK && (answer->status == 403 || answer->status == 404)) {
        /* An internal resource (10, 17): not every application may have it. */
        sync_lack_answer(sync, LACK_LIST, answer);
        sync_people_denied(&sync->people);
        sync_step(sync);
        return;
    }
    if (!rex_is_yes(answer)) {
        sync_fail_answer(sync, "the list of lines could not be read", answer);
        return;
    }
    if (rex_wire_lines(&sync->lines, &paging, answer->body, answer->body_len, &err) != RC_OK) {
        sync_fail(sync, err.rc, "the list of lines could not be read", err.text);
        return;
    }
    for (size_t i = before; i < sync->lines.len; i++) {
        const struct rex_line *line = &sync->lines.items[i];
        sync_page_item(sync, line->id[0] != '\0' ? line->id : line->extension_id);
    }
    if (sync_page_next(sync, &paging, "the list of lines")) {
        sync_ask_lines(sync);
        return;
    }
    sync_people_lines(&sync->people, &sync->lines);
    VEC_FREE(&sync->lines);
    sync_step(sync);
}

void sync_ask_lines(struct rex_sync *sync)
{
    struct buf path;
    buf_init(&path, REX_PATH_BYTES);
    buf_printf(&path, REX_OWN "/presence/line?page=%" PRIu32 "&perPage=1000", sync->page);
    sync_get(sync, buf_text(&path), REX_LIGHT, sync->priority, on_lines, sync);
    buf_fini(&path);
}

/* ---- the directory ---- */

static void people_read(struct rex_sync *sync)
{
    sync_people_read_done(&sync->people);
    sync->people_ms = sync_now_ms(sync);
    sync_step(sync);
}

static void on_people(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct rex_paging paging;
    rex_persons persons = {0};
    struct err err = {0};
    if (sync_is_denied(answer)) {
        log_info("ringcentral", "no directory: %s", answer->text);
        if (sync->people.monitoring != REX_MONITOR_LIST)
            sync_lack_answer(sync, LACK_PEOPLE, answer);
        sync->is_people_denied = true;
        sync_step(sync);
        return;
    }
    if (!rex_is_yes(answer)) {
        sync_fail_answer(sync, "the directory could not be read", answer);
        return;
    }
    if (rex_wire_persons(&persons, &paging, answer->body, answer->body_len, &err) != RC_OK) {
        VEC_FREE(&persons);
        sync_fail(sync, err.rc, "the directory could not be read", err.text);
        return;
    }
    sync_people_page(&sync->people, &persons);
    for (size_t i = 0; i < persons.len; i++)
        sync_page_item(sync, persons.items[i].id);
    if (sync->pages_last == 0) /* the account's presence has about as many */
        sync->pages_last = paging.total_pages;
    VEC_FREE(&persons);
    if (!sync_people_all_named(&sync->people) && sync_page_next(sync, &paging, "the directory")) {
        sync_ask_people(sync);
        return;
    }
    people_read(sync);
}

void sync_ask_people(struct rex_sync *sync)
{
    struct buf path;
    buf_init(&path, REX_PATH_BYTES);
    buf_printf(&path,
               "/restapi/v1.0/account/~/directory/entries?showFederated=false&page=%" PRIu32
               "&perPage=1000",
               sync->page);
    sync_get(sync, buf_text(&path), REX_MEDIUM, sync->priority, on_people, sync);
    buf_fini(&path);
}

/* ---- grants and features: what we are allowed; a refusal leaves it open ---- */

static void put_grants(struct rex_sync *sync)
{
    struct rex_floor *floor = sync->config.floor;
    struct map by_id = {0};
    for (size_t i = 0; i < sync->grants.len; i++)
        map_put(&by_id, sync->grants.items[i].extension_id, &sync->grants.items[i]);
    for (size_t i = 0; i < floor->users.len; i++) {
        struct rex_user *user = floor->users.items[i];
        const struct rex_grant *grant = map_get(&by_id, user->id);
        bool is_own = str_eq(user->id, floor->own_id);
        rex_floor_grant(floor, user, is_own || (grant != NULL && grant->may_pick_up),
                        is_own || (grant != NULL && grant->may_monitor));
    }
    map_fini(&by_id, NULL);
    sync->grants_ms = sync_now_ms(sync);
}

static bool has_more_grants(struct rex_sync *sync, const struct rex_paging *paging, size_t before)
{
    for (size_t i = before; i < sync->grants.len; i++)
        sync_page_item(sync, sync->grants.items[i].extension_id);
    return sync_page_next(sync, paging, "the grants");
}

static void on_grants(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    struct rex_paging paging;
    size_t before = sync->grants.len;
    if (!rex_is_yes(answer) ||
        rex_wire_grants(&sync->grants, &paging, answer->body, answer->body_len, NULL) != RC_OK) {
        if (answer->rc != RC_OK && sync->run != RUN_RIGHTS) {
            sync_fail_answer(sync, "the grants could not be read", answer);
            return;
        }
        log_info("ringcentral", "no grants: %s", answer->text);
    } else if (has_more_grants(sync, &paging, before)) {
        sync_ask_grants(sync);
        return;
    } else {
        put_grants(sync);
    }
    VEC_FREE(&sync->grants);
    sync_step(sync);
}

void sync_ask_grants(struct rex_sync *sync)
{
    struct buf path;
    buf_init(&path, REX_PATH_BYTES);
    buf_printf(&path, REX_OWN "/grant?page=%" PRIu32 "&perPage=1000", sync->page);
    sync_get(sync, buf_text(&path), REX_LIGHT, sync->priority, on_grants, sync);
    buf_fini(&path);
}

static void on_features(void *self, const struct rex_answer *answer)
{
    struct rex_sync *sync = self;
    rex_features features = {0};
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_features(&features, answer->body, answer->body_len, NULL) == RC_OK;
    if (is_read) {
        VEC_FREE(&sync->features);
        sync->features = features;
    } else {
        VEC_FREE(&features);
        log_info("ringcentral", "no features: %s", answer->text);
    }
    if (is_read || sync_is_denied(answer)) /* else the next snapshot asks again */
        sync->features_ms = sync_now_ms(sync);
    sync_step(sync);
}

void sync_ask_features(struct rex_sync *sync)
{
    sync_get(sync,
             REX_OWN "/features?featureId=HUD&featureId=BLFPickup&featureId=EditBlfSettings"
                     "&featureId=EditPresenceStatus&featureId=CallMonitoring&featureId=CallPark",
             REX_MEDIUM, sync->priority, on_features, sync);
}

const struct rex_feature *rex_sync_feature(const struct rex_sync *sync, const char *id)
{
    for (size_t i = 0; i < sync->features.len; i++)
        if (str_eq(sync->features.items[i].id, id))
            return &sync->features.items[i];
    return NULL;
}
