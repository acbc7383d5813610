/* What the gateway tells: open, closed, events; and what of them was lost. */
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "backend_priv.h"

/* ---- filters ---- */

void rex_set_filters(struct backend *b)
{
    rex_ids filters = {0};
    if (b->config.is_once)
        return;
    bool may_control = rex_signin_has_scope(b->signin, "CallControl");
    rex_filters_make(&filters, &b->floor, rex_sync_monitoring(b->sync), b->refused, may_control);
    if (rex_filters_are_same(&filters, &b->filters)) {
        rex_ids_free(&filters);
        return;
    }
    rex_ids_free(&b->filters);
    b->filters = filters;
    const char **texts = mem_zero(filters.len, sizeof *texts);
    for (size_t i = 0; i < filters.len; i++)
        texts[i] = filters.items[i];
    rex_gateway_filters(b->gateway, texts, filters.len);
    mem_free(texts);
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
    rex_set_filters(b);
}

/* ---- open and closed ---- */

/* The session goes on, and what was missed has come by now: what is known is true. */
static void on_settle(void *self)
{
    struct backend *b = self;
    b->settle = NULL;
    b->floor.snapshot_epoch = rex_floor_asked(&b->floor);
    rex_tell(b, EVENT_SNAPSHOT_ASKED);
    rex_floor_retell(&b->floor, 0);
    rex_tell(b, EVENT_SNAPSHOT_DONE);
    rex_act_synced(b->act, true);
    rex_read_in(b, REX_LOOK_SOON_MS);
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
    rex_stop(b, &b->poll_wait);
    rex_watch_silence(b);
    note_disabled(b, disabled, disabled_len);
    if (was_open && is_kept)
        return; /* other filters; a snapshot that runs began after the first ones */
    if (was_open) {
        rex_gap(b, "the events were not subscribed to for a while");
        return;
    }
    if (!b->is_polling)
        rex_tell_link(b, LINK_LIVE, "", 0);
    if (is_kept && b->is_whole) {
        rex_start(b, &b->settle, REX_SETTLE_MS, on_settle);
        return;
    }
    if (b->was_read)
        rex_desk_missed(b->desk);
    rex_read_anew(b);
}

static void on_closed(void *self)
{
    struct backend *b = self;
    b->is_open = false;
    rex_stop(b, &b->settle);
    rex_stop(b, &b->late);
    rex_stop(b, &b->doubt);
    rex_stop(b, &b->waits);
    rex_stop(b, &b->silence);
    if (rex_sync_is_begun(b->sync)) { /* the beginning goes on: it needs no websocket */
        rex_stop(b, &b->sync_timer);
        b->is_whole = b->is_whole && !rex_sync_is_open(b->sync);
        rex_sync_stop(b->sync);
    }
    b->is_wanted_again = false;
    b->sessions_skipped = 0;
    VEC_FREE(&b->doubts);
    rex_floor_mistrust(&b->floor);
    rex_act_lost(b->act);
    if (b->is_polling)
        rex_read_in(b, 0);
    else
        rex_poll_after(b, REX_POLL_AFTER_MS);
}

static void on_told(void *self, enum link_state state, const char *text, int64_t retry_ms)
{
    struct backend *b = self;
    str_copy(b->ws_text, sizeof b->ws_text, text != NULL ? text : "");
    /* The budget says how long there can be none: nobody waits for it. */
    if (state == LINK_LOST && rex_rest_wait_ms(b->rest, REX_AUTH) > REX_WS_NEAR_MS) {
        rex_poll_after(b, 0);
        if (!b->was_read)
            return; /* what is read meanwhile is told */
    }
    if (b->is_polling && b->was_read) {
        rex_tell_up(b, "", retry_ms);
        return;
    }
    /* Without its websocket the service can still be asked, as long as we are signed in. */
    if (state == LINK_REFUSED && rex_signin_token(b->signin) != NULL) {
        rex_poll_after(b, 0);
        state = LINK_LOST;
    }
    rex_tell_link(b, state, b->ws_text, retry_ms);
}

static void on_heard(void *self)
{
    rex_tell(self, EVENT_HEARD);
}

static void on_undecodable(void *self)
{
    struct backend *b = self;
    b->stats.messages++;
    b->stats.undecodable++;
    if (b->is_open)
        rex_gap(b, "a message could not be decoded");
}

static void on_doubted(void *self)
{
    struct backend *b = self;
    if (b->is_open)
        rex_doubted(b);
}

/* ---- order ---- */

/* What was left out may have come late, out of order. */
static void on_late(void *self)
{
    struct backend *b = self;
    b->late = NULL;
    bool is_lost = b->floor.missing > 0 || b->sessions_skipped > 0;
    rex_floor_forgive(&b->floor);
    b->sessions_skipped = 0;
    if (is_lost)
        rex_skipped(b);
}

/* ---- doubts: a session and the presence of its party disagree ---- */

static void follow_doubt(struct backend *b, const struct doubt *doubt)
{
    if (!rex_floor_is_doubtful(&b->floor, doubt->call_id) ||
        b->doubts_in_vain >= REX_DOUBTS_IN_VAIN)
        return;
    /* Where sessions and presence disagree by nature, asking does not help. */
    b->doubts_in_vain = b->floor.repaired != b->repaired ? 0 : b->doubts_in_vain + 1;
    b->repaired = b->floor.repaired;
    rex_sync_repair(b->sync, doubt->user_id);
}

static void on_doubt(void *self)
{
    struct backend *b = self;
    b->doubt = NULL;
    for (size_t i = 0; i < b->doubts.len; i++)
        follow_doubt(b, &b->doubts.items[i]);
    VEC_FREE(&b->doubts);
}

static void note_doubts(struct backend *b, const struct rex_session *session)
{
    for (size_t i = 0; i < session->parties.len && b->doubts.len < DOUBTS_MOST; i++) {
        const struct rex_party *party = &session->parties.items[i];
        struct doubt doubt;
        if (party->extension_id[0] == '\0')
            continue;
        rex_call_id(doubt.call_id, sizeof doubt.call_id, session->id, party->id);
        if (!rex_floor_is_doubtful(&b->floor, doubt.call_id))
            continue;
        str_copy(doubt.user_id, sizeof doubt.user_id, party->extension_id);
        VEC_PUSH(&b->doubts, doubt);
        rex_start(b, &b->doubt, REX_LATE_MS, on_doubt);
    }
}

/* ---- events ---- */

static void take_presence(struct backend *b, const struct rex_notice *notice)
{
    enum rex_news news = rex_floor_presence(&b->floor, &notice->presence, notice->at_ms);
    if (news == REX_NEWS_SHORT)
        rex_sync_repair(b->sync, notice->presence.extension_id);
    if (news != REX_NEWS_OLD && news != REX_NEWS_NOBODY)
        rex_act_presence(b->act);
    if (b->floor.missing > 0)
        rex_start(b, &b->late, REX_LATE_MS, on_late);
}

static void take_session(struct backend *b, const struct rex_notice *notice)
{
    enum rex_news news = rex_floor_session(&b->floor, &notice->session, notice->at_ms);
    if (news == REX_NEWS_SKIPPED) {
        b->sessions_skipped++;
        rex_sync_session(b->sync, notice->session.id);
        rex_start(b, &b->late, REX_LATE_MS, on_late);
    } else if (news == REX_NEWS_OLD && b->sessions_skipped > 0) {
        b->sessions_skipped--;
    }
    note_doubts(b, &notice->session);
    rex_act_session(b->act, &notice->session);
}

static void on_people(void *self)
{
    struct backend *b = self;
    b->people = NULL;
    b->people_ms = rex_now(b);
    if (b->is_open)
        rex_sync_people_changed(b->sync);
}

/* One change of the directory brings several notices, and the whole of it is read for them. */
static void plan_people(struct backend *b)
{
    int64_t wait_ms = b->people_ms + REX_PEOPLE_REST_MS - rex_now(b);
    rex_start(b, &b->people, wait_ms > REX_LATE_MS ? wait_ms : REX_LATE_MS / 4, on_people);
}

static void on_notified(void *self, const struct rex_notice *notice)
{
    struct backend *b = self;
    b->stats.messages++;
    b->stats.decoded += notice->kind != REX_NOTICE_OTHER;
    b->stats.unknown_kind += notice->kind == REX_NOTICE_OTHER;
    b->notice_ms = rex_now(b);
    b->is_silence_known = false;
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

void rex_gateway_events(struct backend *b, struct rex_gateway_owner *owner)
{
    *owner = (struct rex_gateway_owner){.subscribed = on_subscribed,
                                        .notified = on_notified,
                                        .undecodable = on_undecodable,
                                        .doubted = on_doubted,
                                        .heard = on_heard,
                                        .closed = on_closed,
                                        .told = on_told,
                                        .self = b};
}
