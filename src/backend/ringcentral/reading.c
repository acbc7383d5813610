/* When the floor is read: after the subscription, after a loss, now and then, and instead of
 * events while there is no websocket. */
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include "backend_priv.h"

#include <stdio.h>

static void poll_now(struct backend *b);

/* ---- what a reading waits for ---- */

static void on_waits(void *self)
{
    struct backend *b = self;
    b->waits = NULL;
    /* While answers come, the link is up: told otherwise, they would count for nothing. */
    bool is_up = rex_sync_is_open(b->sync);
    bool is_first = !is_up && !rex_sync_is_begun(b->sync) && b->link_state == LINK_CONNECTING;
    if (!is_up && !is_first)
        return;
    char text[ERR_TEXT_BYTES];
    const char *waits = rex_rest_waits(b->rest);
    int64_t signin_ms = rex_signin_wait_ms(b->signin);
    if (is_first && signin_ms > 0) { /* it was told, and goes on */
        snprintf(text, sizeof text, "the service allows no more sign-ins for %lld s",
                 (long long)((signin_ms + 999) / 1000));
        rex_tell_link(b, LINK_CONNECTING, text, rex_now(b) + signin_ms);
    } else if (waits[0] != '\0' && is_first) {
        rex_tell_link(b, LINK_CONNECTING, waits, 0);
    } else if (is_first) {
        snprintf(text, sizeof text, "reading who there is: %zu so far", b->floor.users.len);
        if (!str_eq(text, b->link_text)) /* nothing told is nothing read */
            rex_tell_link(b, LINK_CONNECTING, text, 0);
    } else if (waits[0] != '\0' && !b->was_read) {
        bool is_live = b->is_open && !b->is_polling;
        rex_tell_link(b, is_live ? LINK_LIVE : LINK_POLLING, waits, 0);
    } else if (waits[0] != '\0' && !b->is_whole) {
        snprintf(text, sizeof text, "the state is being read: %s", waits);
        if (!str_eq(text, b->link_text))
            rex_tell_up(b, text, 0);
    }
    rex_start(b, &b->waits, REX_WAITS_MS, on_waits);
}

void rex_read_first(struct backend *b)
{
    if (b->link_state == LINK_IDLE || b->link_state == LINK_CONNECTING)
        rex_tell_link(b, LINK_CONNECTING, "reading who there is", 0);
    rex_start(b, &b->waits, REX_WAITS_MS, on_waits);
    rex_sync_begin(b->sync);
}

/* ---- one reading ---- */

static void begin(struct backend *b, enum rex_priority priority, bool for_poll)
{
    rex_stop(b, &b->sync_timer);
    b->is_wanted_again = false;
    b->corrected = b->floor.corrected;
    b->synced_ms = rex_now(b);
    if (!for_poll)
        b->read_ms = b->synced_ms;
    if (b->is_for_gap) {
        b->repair_ms = b->synced_ms;
        b->rest_ms = backoff_next_ms(&b->rests, b->io->random(b->io->net));
    }
    b->is_for_gap = false;
    rex_start(b, &b->waits, REX_WAITS_MS, on_waits);
    rex_sync_snapshot(b->sync, priority, for_poll);
    if (!b->is_whole)
        rex_floor_repaired(&b->floor);
    b->sessions_skipped = 0;
}

void rex_read_anew(struct backend *b)
{
    b->is_for_skip = false;
    begin(b, REX_FOR_SNAPSHOT, false);
}

void rex_read_now(struct backend *b, enum rex_priority priority)
{
    if (!b->is_open) {
        if (b->is_polling)
            poll_now(b);
    } else if (rex_sync_is_open(b->sync)) {
        b->is_wanted_again = true;
    } else {
        begin(b, priority, b->is_whole && rex_now(b) - b->read_ms < REX_RECONCILE_MS);
    }
}

static void on_sync(void *self)
{
    struct backend *b = self;
    b->sync_timer = NULL;
    if (!rex_sync_is_begun(b->sync) && !b->is_open && !b->is_polling) {
        if (rex_signin_token(b->signin) != NULL)
            rex_read_first(b);
    } else {
        rex_read_now(b, b->is_whole ? REX_FOR_POLL : REX_FOR_SNAPSHOT);
    }
}

void rex_read_in(struct backend *b, int64_t after_ms)
{
    int64_t at_ms = rex_now(b) + after_ms;
    if (b->sync_timer != NULL && b->sync_at_ms <= at_ms)
        return;
    rex_stop(b, &b->sync_timer);
    b->sync_at_ms = at_ms;
    rex_start(b, &b->sync_timer, after_ms, on_sync);
}

/* Until the next repair of a gap may begin. */
static int64_t rest_left_ms(const struct backend *b)
{
    int64_t left_ms = b->repair_ms + b->rest_ms - rex_now(b);
    return left_ms > 0 ? left_ms : 0;
}

/* What was lost without a trace is found by looking: the more often the cheaper it is, and since
 * something was found lost as often as the limits allow. */
static int64_t check_ms(const struct backend *b)
{
    bool is_suspicious = rex_now(b) - b->gap_ms < REX_SUSPICION_MS;
    int64_t half_ms = rex_sync_half_ms(b->sync);
    int64_t soon_ms = half_ms > REX_LOOK_SOON_MS ? half_ms : REX_LOOK_SOON_MS;
    int64_t wait_ms = is_suspicious ? soon_ms : REX_LOOK_MS * (int64_t)rex_sync_cost(b->sync);
    if (wait_ms > REX_RECONCILE_MS)
        wait_ms = REX_RECONCILE_MS;
    /* Where the limits make one reading last for minutes, others need the requests too. */
    int64_t took_ms = rex_now(b) - b->synced_ms;
    return wait_ms > REX_RESTS * took_ms ? wait_ms : REX_RESTS * took_ms;
}

static void on_answered(void *self)
{
    struct backend *b = self;
    rex_stop(b, &b->waits);
    if (b->is_open)
        b->is_polling = false;
    else if (!b->is_polling && !b->config.is_once)
        return;
    enum link_state state = b->is_open ? LINK_LIVE : LINK_POLLING;
    if (b->link_state != state || (b->is_open && b->link_text[0] != '\0'))
        rex_tell_up(b, "", 0);
}

/* What the answers corrected says whether numbers that are left out mean a loss, and whether a
 * silence is a lapsed subscription's. */
static void weigh(struct backend *b, bool was_whole)
{
    bool is_corrected = b->floor.corrected != b->corrected;
    if (is_corrected)
        b->skips_in_vain = 0;
    else if (b->is_for_skip && b->skips_in_vain < REX_SKIPS_IN_VAIN)
        b->skips_in_vain++;
    b->is_for_skip = false;
    if (!is_corrected || !was_whole || !b->is_open)
        return; /* it was known that something was lost */
    b->gap_ms = rex_now(b);
    rex_floor_repaired(&b->floor);
    if (rex_now(b) - b->notice_ms >= REX_DEAF_MS)
        rex_gateway_drop(b->gateway, "no event came, although things have changed");
}

static void on_done(void *self)
{
    struct backend *b = self;
    bool was_whole = b->is_whole;
    backoff_reset(&b->failures);
    b->was_read = true;
    b->is_whole = b->is_open && !b->is_wanted_again;
    weigh(b, was_whole);
    if (b->act != NULL)
        rex_act_synced(b->act, b->is_open);
    if (b->config.is_once)
        return;
    if (!b->is_open)
        rex_read_in(b, REX_POLL_MS);
    else if (b->is_wanted_again)
        rex_read_in(b, rest_left_ms(b));
    else
        rex_read_in(b, check_ms(b));
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    struct backend *b = self;
    char both[ERR_TEXT_BYTES];
    (void)rc;
    rex_stop(b, &b->waits);
    b->is_for_skip = false;
    int64_t wait_ms = backoff_next_ms(&b->failures, b->io->random(b->io->net));
    if (b->is_polling && wait_ms < REX_POLL_MS)
        wait_ms = REX_POLL_MS;
    rex_read_in(b, wait_ms);
    str_format(both, sizeof both, "trying again: %.480s", text);
    if (b->is_open || (b->is_polling && b->was_read))
        rex_tell_up(b, both, rex_now(b) + wait_ms);
    else
        rex_tell_link(b, LINK_LOST, text, rex_now(b) + wait_ms);
}

/* Not while all is being read: another word would make that begin again. But the user's answer may
 * have come before the news that is missing, so it is not taken for read: it is said again. */
static bool on_lost(void *self)
{
    struct backend *b = self;
    if (b->is_open && !b->is_whole && rex_sync_is_open(b->sync))
        return false;
    if (b->is_open)
        rex_gap(b, "a presence of which something is missing cannot be read anew");
    return true;
}

/* All that is needed to know whom to watch is known. */
static void on_listed(void *self)
{
    struct backend *b = self;
    if (b->config.is_once && !rex_sync_is_open(b->sync))
        rex_sync_snapshot(b->sync, REX_FOR_SNAPSHOT, false); /* when the beginning is over */
    else if (!b->config.is_once)
        rex_poll_after(b, REX_POLL_AFTER_MS);
    rex_set_filters(b);
}

void rex_reading_owner(struct backend *b, struct rex_sync_owner *owner)
{
    *owner = (struct rex_sync_owner){.listed = on_listed,
                                     .answered = on_answered,
                                     .done = on_done,
                                     .failed = on_failed,
                                     .lost = on_lost,
                                     .self = b};
}

/* ---- what was lost ---- */

static void mistrust(struct backend *b, int64_t least_ms)
{
    rex_tell(b, EVENT_GAP);
    b->is_whole = false;
    b->is_for_gap = true;
    if (rex_now(b) - b->gap_ms >= REX_GAP_QUIET_MS) {
        backoff_reset(&b->rests);
        b->rest_ms = 0;
    }
    b->gap_ms = rex_now(b);
    if (rex_sync_is_open(b->sync)) {
        b->is_wanted_again = true;
        return;
    }
    rex_stop(b, &b->settle);
    int64_t rest_ms = rest_left_ms(b);
    rex_read_in(b, rest_ms > least_ms ? rest_ms : least_ms);
}

void rex_gap(struct backend *b, const char *why)
{
    log_warn("ringcentral", "an event was lost: %s", why);
    mistrust(b, 0);
}

void rex_doubted(struct backend *b)
{
    if (!b->is_whole && rex_sync_is_open(b->sync))
        return; /* it is being looked, and another word would undo that */
    log_warn("ringcentral",
             "events may have been lost: none comes, and they may not be subscribed to");
    mistrust(b, REX_LATE_MS); /* the new subscription, if there is one soon, comes before */
}

void rex_skipped(struct backend *b)
{
    if (b->skips_in_vain >= REX_SKIPS_IN_VAIN) {
        rex_read_in(b, REX_GAP_REST_MOST_MS);
        return;
    }
    b->is_for_skip = true;
    rex_gap(b, "numbers of events were left out");
}

/* ---- silence ---- */

/* A subscription that has lapsed says nothing, as does a quiet floor: so it is looked once. */
static void on_silence(void *self)
{
    struct backend *b = self;
    b->silence = NULL;
    int64_t quiet_ms = rex_now(b) - b->notice_ms;
    if (!b->is_open)
        return;
    if (quiet_ms >= REX_SILENCE_MS && !b->is_silence_known && !rex_sync_is_open(b->sync)) {
        b->is_silence_known = true;
        begin(b, REX_FOR_POLL, true);
    }
    int64_t wait_ms = quiet_ms < REX_SILENCE_MS ? REX_SILENCE_MS - quiet_ms : REX_SILENCE_MS;
    rex_start(b, &b->silence, wait_ms, on_silence);
}

void rex_watch_silence(struct backend *b)
{
    b->notice_ms = rex_now(b);
    b->is_silence_known = false;
    rex_start(b, &b->silence, REX_SILENCE_MS, on_silence);
}

/* ---- asking instead of events ---- */

static void poll_now(struct backend *b)
{
    bool for_poll = b->was_read && rex_now(b) - b->read_ms < REX_RECONCILE_MS;
    begin(b, b->was_read ? REX_FOR_POLL : REX_FOR_SNAPSHOT, for_poll);
}

static void on_poll_wait(void *self)
{
    struct backend *b = self;
    b->poll_wait = NULL;
    if (b->is_open || b->is_polling)
        return;
    if (rex_signin_token(b->signin) == NULL) {
        rex_poll_after(b, REX_POLL_MS);
        return;
    }
    log_info("ringcentral", "no websocket: asking every %d s", REX_POLL_MS / 1000);
    b->is_polling = true;
    poll_now(b);
}

void rex_poll_after(struct backend *b, int64_t wait_ms)
{
    if (wait_ms == 0)
        rex_stop(b, &b->poll_wait);
    if (!b->is_open && !b->is_polling)
        rex_start(b, &b->poll_wait, wait_ms, on_poll_wait);
}
