/* What goes over the gateway's websocket: ConnectionDetails, the subscription, events. */
#include "callhud/base/hash.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include "gateway_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SUBSCRIPTION_PATH "/restapi/v1.0/subscription"
#define RESEND_MS 5000
#define OWN_ID "callhud-"
#define BEATS_MOST 10 /* heartbeats that are answered in a second */

/* ---- sending ---- */

static void next_id(struct rex_gateway *g, char id[REX_ID_BYTES])
{
    const struct io *io = g->c.io;
    snprintf(id, REX_ID_BYTES, OWN_ID "%08" PRIx32 "-%" PRIu32, io->random(io->net), ++g->last_id);
}

static bool say(struct rex_gateway *g, const struct buf *frame)
{
    if (frame->is_full || !g->c.io->ws_send(g->ws, buf_text(frame), frame->len))
        return false;
    g->said_ms = gateway_now(g);
    return true;
}

static bool say_heartbeat(struct rex_gateway *g, const char *id)
{
    struct buf frame;
    buf_init(&frame, 4096);
    rex_wire_heartbeat(&frame, id);
    bool is_said = say(g, &frame);
    buf_fini(&frame);
    return is_said;
}

bool gateway_send_heartbeat(struct rex_gateway *g)
{
    char id[REX_ID_BYTES];
    next_id(g, id);
    return say_heartbeat(g, id);
}

/* An answer to ours is not answered, however late it comes: the two would go on for ever. Nor is
 * more than anybody needs who wants to know whether we live. */
static void on_heartbeat(struct rex_gateway *g, const char *id)
{
    int64_t now_ms = gateway_now(g);
    if (str_starts(id, OWN_ID))
        return;
    if (now_ms - g->beats_ms >= 1000) {
        g->beats_ms = now_ms;
        g->beats = 0;
    }
    if (g->beats++ < BEATS_MOST)
        say_heartbeat(g, id);
}

static void on_reply_limit(void *self)
{
    struct rex_gateway *g = self;
    char text[ERR_TEXT_BYTES];
    g->limit = NULL;
    snprintf(text, sizeof text, "%s has not answered to the subscription within %d s", g->host,
             REX_REPLY_LIMIT_MS / 1000);
    gateway_drop_soon(g, LINK_LOST, -1, text);
}

static void on_resend(void *self)
{
    struct rex_gateway *g = self;
    g->resend = NULL;
    gateway_subscribe(g);
}

/* All filters in the one subscription of this websocket (2.5): a new one, or the old one changed.
 */
void gateway_subscribe(struct rex_gateway *g)
{
    struct buf body, frame;
    char path[sizeof SUBSCRIPTION_PATH + REX_ID_BYTES], text[ERR_TEXT_BYTES];
    if (g->ws == NULL || g->drop != NULL)
        return;
    int64_t wait_ms = rex_rest_take(g->c.rest, REX_MEDIUM, REX_FOR_LINK);
    if (wait_ms > 0) {
        snprintf(text, sizeof text,
                 "the service allows no subscription for %lld s: it is asked for then",
                 (long long)((wait_ms + 999) / 1000));
        if (g->stage != STAGE_OPEN && wait_ms > REX_SHARED_HELD_MS)
            g->c.owner.told(g->c.owner.self, LINK_CONNECTING, text, gateway_now(g) + wait_ms);
        gateway_start(g, &g->resend, wait_ms, on_resend);
        return;
    }
    g->is_put = g->subscription_id[0] != '\0' && g->stage == STAGE_OPEN;
    g->is_changed = false;
    str_copy(path, sizeof path, SUBSCRIPTION_PATH);
    if (g->is_put)
        snprintf(path, sizeof path, SUBSCRIPTION_PATH "/%s", g->subscription_id);
    buf_init(&body, REX_FRAME_MAX_BYTES);
    buf_init(&frame, REX_FRAME_MAX_BYTES);
    next_id(g, g->reply_id);
    rex_wire_subscription(&body, (const char *const *)g->filters.items, g->filters.len);
    rex_wire_request(&frame, g->reply_id, g->is_put ? "PUT" : "POST", path, buf_text(&body));
    bool is_said = !body.is_full && say(g, &frame);
    buf_fini(&body);
    buf_fini(&frame);
    if (is_said)
        gateway_start(g, &g->limit, REX_REPLY_LIMIT_MS, on_reply_limit);
    else
        gateway_drop_soon(g, LINK_LOST, -1, "the subscription could not be sent");
}

/* A floor that was busy is silent, and why cannot be asked. */
static void doubt(struct rex_gateway *g)
{
    if (g->stage == STAGE_OPEN && gateway_quiet_ms(g) == REX_CHECK_BUSY_MS)
        g->c.owner.doubted(g->c.owner.self);
}

/* A subscription may lapse without a word: then there are no events, as on a quiet floor. */
void gateway_check(struct rex_gateway *g)
{
    char path[sizeof SUBSCRIPTION_PATH + REX_ID_BYTES];
    struct buf frame;
    bool is_free = !g->is_uncheckable && g->reply_id[0] == '\0' && g->resend == NULL;
    int64_t wait_ms =
        is_free && g->check_id[0] == '\0' ? rex_rest_take(g->c.rest, REX_LIGHT, REX_FOR_LINK) : 0;
    if (wait_ms == REX_SHARED_HELD_MS)
        return; /* with the next ping */
    g->news_ms = gateway_now(g);
    if (!is_free)
        return;
    if (g->check_id[0] != '\0' || wait_ms > 0) {
        g->check_id[0] = '\0'; /* one without an answer is asked again, the next time */
        doubt(g);
        return;
    }
    snprintf(path, sizeof path, SUBSCRIPTION_PATH "/%s", g->subscription_id);
    next_id(g, g->check_id);
    buf_init(&frame, 4096);
    rex_wire_request(&frame, g->check_id, "GET", path, NULL);
    say(g, &frame);
    buf_fini(&frame);
}

/* ---- open ---- */

static void count_event(struct rex_gateway *g)
{
    int64_t now_ms = gateway_now(g);
    if (now_ms - g->rate_ms >= RATE_MS) {
        g->rate_before = now_ms - g->rate_ms < 2 * RATE_MS ? g->rate_now : 0;
        g->rate_now = 0;
        g->rate_ms = now_ms;
    }
    g->rate_now++;
}

int64_t gateway_quiet_ms(const struct rex_gateway *g)
{
    bool is_recent = gateway_now(g) - g->rate_ms < 2 * RATE_MS;
    bool is_busy = g->rate_now >= REX_BUSY_EVENTS || g->rate_before >= REX_BUSY_EVENTS;
    return is_recent && is_busy ? REX_CHECK_BUSY_MS : REX_CHECK_MS;
}

uint64_t gateway_missed(const struct rex_gateway *g, int64_t time_ms)
{
    uint64_t most = g->rate_now > g->rate_before ? g->rate_now : g->rate_before;
    return time_ms > 0 ? most * (uint64_t)time_ms / RATE_MS : 0;
}

static void open_now(struct rex_gateway *g, bool is_recovered, bool is_whole,
                     const struct rex_frame *frame)
{
    g->stage = STAGE_OPEN;
    g->tries = 0;
    g->news_ms = gateway_now(g);
    gateway_stop(g, &g->limit);
    g->c.owner.subscribed(g->c.owner.self, is_recovered, is_whole, frame->reply.disabled.items,
                          frame->reply.disabled.len);
}

/* There is no word about events that the service could not keep (2.8): so it is reckoned by what
 * came before, doubled, since calls come in bursts. */
static bool is_whole(const struct rex_gateway *g)
{
    int64_t lost_for_ms = gateway_now(g) - g->lost_ms;
    return g->recovery_buffer > 0 && lost_for_ms < g->recovery_timeout_ms &&
           2 * gateway_missed(g, lost_for_ms) < g->recovery_buffer;
}

static void on_details(struct rex_gateway *g, const struct rex_frame *frame)
{
    if (g->stage != STAGE_OPENING)
        return;
    gateway_stop(g, &g->limit);
    g->opened_ms = gateway_now(g);
    int64_t spare_ms = frame->details.absolute_timeout_ms / 4 < REX_ABSOLUTE_SPARE_MS
                           ? frame->details.absolute_timeout_ms / 4
                           : REX_ABSOLUTE_SPARE_MS;
    g->absolute_ms = frame->details.absolute_timeout_ms - spare_ms;
    g->idle_ms = frame->details.idle_timeout_ms / 3 < REX_HEARTBEAT_MS
                     ? frame->details.idle_timeout_ms / 3
                     : REX_HEARTBEAT_MS;
    bool is_recovered = frame->details.is_recovered && g->has_sent_wsc;
    bool is_all_there = is_recovered && is_whole(g);
    g->recovery_timeout_ms = frame->details.recovery_timeout_ms;
    g->recovery_buffer = frame->details.recovery_buffer;
    g->replayed = 0;
    g->replay_until_ms = 0;
    if (is_recovered) {
        log_info("ringcentral", "gateway: the session goes on%s",
                 is_all_there ? "" : ", with a gap");
        /* With a known gap all is read anyway: another word of it would undo that reading. */
        g->replay_until_ms = is_all_there ? gateway_now(g) + REPLAY_MS : 0;
        open_now(g, true, is_all_there, frame);
        if (g->is_changed && g->reply_id[0] == '\0')
            gateway_subscribe(g);
        return;
    }
    if (frame->details.has_recovery)
        log_info("ringcentral", "gateway: the session is not recovered (%s): subscribing anew",
                 frame->details.recovery_code);
    g->subscription_id[0] = '\0';
    g->stage = STAGE_ASKED;
    g->c.owner.told(g->c.owner.self, LINK_CONNECTING, "subscribing to the events", 0);
    gateway_subscribe(g);
}

/* ---- replies ---- */

/* A 429: whatever group the service counts the request to (6.1). */
static void refused_for_now(struct rex_gateway *g, const struct rex_frame *frame,
                            enum rex_group group)
{
    rex_group_find(frame->limit.group, &group);
    rex_rest_refused(g->c.rest, group, true, frame->limit.retry_after_ms);
}

static void refuse_subscription(struct rex_gateway *g, const struct rex_frame *frame)
{
    char text[ERR_TEXT_BYTES];
    if (str_eq(frame->code, "SUB-505"))
        snprintf(text, sizeof text,
                 "%s: too many subscriptions (SUB-505): close other programs that use this "
                 "application, or wait until theirs lapse",
                 g->host);
    else if (str_eq(frame->code, "SUB-508"))
        str_format(text, sizeof text,
                   "%s takes none of the event filters (SUB-508 %.180s): give the application "
                   "ReadPresence in the developer console, look at monitor",
                   g->host, frame->text);
    else
        rex_explain(text, sizeof text, "subscription", frame->status, frame->code, frame->text, 0);
    gateway_drop_soon(g, LINK_REFUSED, REFUSED_RETRY_MS, text);
}

/* Gone again, though nobody can have forgotten it so soon: the service does not know the question.
 */
static void on_check(struct rex_gateway *g, const struct rex_frame *frame)
{
    g->check_id[0] = '\0';
    if (frame->status >= 200 && frame->status <= 299)
        g->is_checked_anew = false;
    if (frame->status == 429)
        refused_for_now(g, frame, REX_LIGHT);
    if (frame->status < 200 || (frame->status > 299 && frame->status != 404))
        doubt(g);
    if (frame->status != 404 || g->stage != STAGE_OPEN)
        return;
    if (g->is_checked_anew) {
        log_info("ringcentral", "gateway: whether the subscription is there cannot be asked");
        g->is_uncheckable = true;
        return;
    }
    log_warn("ringcentral", "gateway: the subscription has lapsed (%s): a new one", frame->code);
    g->is_checked_anew = true;
    g->subscription_id[0] = '\0';
    g->c.owner.doubted(g->c.owner.self);
    gateway_subscribe(g);
}

static void on_reply(struct rex_gateway *g, const struct rex_frame *frame)
{
    char text[ERR_TEXT_BYTES];
    if (g->check_id[0] != '\0' && str_eq(frame->message_id, g->check_id)) {
        on_check(g, frame);
        return;
    }
    if (g->reply_id[0] == '\0' || !str_eq(frame->message_id, g->reply_id))
        return;
    g->reply_id[0] = '\0';
    gateway_stop(g, &g->limit);
    if (frame->status >= 200 && frame->status <= 299) {
        bool was_open = g->stage == STAGE_OPEN;
        str_copy(g->subscription_id, sizeof g->subscription_id, frame->reply.subscription_id);
        for (size_t i = 0; i < frame->reply.disabled.len; i++)
            log_warn("ringcentral", "no events of %s: %s", frame->reply.disabled.items[i].filter,
                     frame->reply.disabled.items[i].reason);
        open_now(g, was_open && g->is_put, was_open && g->is_put, frame);
        if (g->is_changed && g->reply_id[0] == '\0' && g->resend == NULL)
            gateway_subscribe(g);
        return;
    }
    g->is_changed = true;
    if (g->is_put && frame->status == 404) { /* it has lapsed: a new one, and what came is lost */
        log_info("ringcentral", "gateway: the subscription is gone (%s): a new one", frame->code);
        g->subscription_id[0] = '\0';
        gateway_subscribe(g);
        return;
    }
    if (frame->status == 429) {
        refused_for_now(g, frame, REX_MEDIUM);
        gateway_subscribe(g); /* which tells how long it waits */
        return;
    }
    if ((frame->status >= 500 || frame->status == 0) && ++g->tries < SUBSCRIBE_TRIES) {
        gateway_start(g, &g->resend, RESEND_MS, on_resend);
        return;
    }
    if (frame->status >= 400 && frame->status <= 499) {
        refuse_subscription(g, frame);
        return;
    }
    rex_explain(text, sizeof text, "subscription", frame->status, frame->code, frame->text, 0);
    gateway_drop_soon(g, LINK_LOST, -1, text);
}

/* ---- events ---- */

/* The service may say a thing twice, over a recovery too. */
static bool is_seen(struct rex_gateway *g, const char *uuid)
{
    if (uuid[0] == '\0')
        return false;
    uint64_t hash = hash_bytes(uuid, strlen(uuid));
    for (size_t i = 0; i < g->seen_len; i++)
        if (g->seen[i] == hash)
            return true;
    g->seen[g->seen_at] = hash;
    g->seen_at = (g->seen_at + 1) % SEEN_MOST;
    g->seen_len += g->seen_len < SEEN_MOST;
    return false;
}

/* As many as the service keeps, or more: what it could not keep was missed. */
static void watch_replay(struct rex_gateway *g)
{
    if (g->replay_until_ms == 0)
        return;
    if (gateway_now(g) > g->replay_until_ms) {
        g->replay_until_ms = 0;
    } else if (++g->replayed >= g->recovery_buffer) {
        g->replay_until_ms = 0;
        log_info("ringcentral", "gateway: more was missed than the service keeps");
        g->c.owner.undecodable(g->c.owner.self);
    }
}

static void on_notice(struct rex_gateway *g, const struct rex_frame *frame)
{
    if (g->stage != STAGE_OPEN || is_seen(g, frame->notice.uuid))
        return;
    count_event(g);
    g->news_ms = gateway_now(g);
    g->is_checked_anew = false;
    g->c.owner.notified(g->c.owner.self, &frame->notice);
    watch_replay(g);
}

/* ---- errors ---- */

static void on_error(struct rex_gateway *g, const struct rex_frame *frame)
{
    char text[ERR_TEXT_BYTES];
    log_info("ringcentral", "gateway: error %d %s %s", frame->status, frame->code, frame->text);
    if (g->has_sent_wsc && g->stage == STAGE_OPENING) /* "malformed session": without it then */
        g->wsc.token[0] = '\0';
    bool is_time_up = (str_eq(frame->code, "WSG-902") || str_eq(frame->code, "WSG-903")) &&
                      g->stage == STAGE_OPEN && gateway_now(g) - g->opened_ms >= LASTED_MS;
    snprintf(text, sizeof text, "%s ends the websocket: %s%s%s", g->host, frame->code,
             frame->code[0] != '\0' && frame->text[0] != '\0' ? " " : "", frame->text);
    gateway_drop_soon(g, LINK_LOST, is_time_up ? 0 : -1, text);
}

static void keep_wsc(struct rex_gateway *g, const struct rex_frame *frame)
{
    bool is_new_session = frame->kind == REX_FRAME_DETAILS && frame->details.has_recovery;
    if (!frame->wsc.is_there ||
        (g->wsc.token[0] != '\0' && frame->wsc.sequence <= g->wsc.sequence && !is_new_session))
        return;
    str_copy(g->wsc.token, sizeof g->wsc.token, frame->wsc.token);
    g->wsc.sequence = frame->wsc.sequence;
    log_secret(g->wsc.token);
}

void gateway_message(void *self, const char *bytes, size_t len)
{
    struct rex_gateway *g = self;
    struct rex_frame frame;
    struct err err = {0};
    if (rex_wire_frame(&frame, bytes, len, &err) != RC_OK) {
        char text[ERR_TEXT_BYTES];
        log_warn("ringcentral", "gateway: %s", err.text);
        str_format(text, sizeof text, "the websocket of %s does not speak as RingCentral's: %.200s",
                   g->host, err.text);
        if (g->stage == STAGE_OPENING)
            gateway_drop_soon(g, LINK_LOST, -1, text);
        else
            g->c.owner.undecodable(g->c.owner.self);
        rex_frame_fini(&frame);
        return;
    }
    /* A connection without recovery begins a session, the first frame tells its token. */
    if (frame.kind == REX_FRAME_DETAILS && g->stage == STAGE_OPENING && !frame.details.is_recovered)
        g->wsc.token[0] = '\0';
    keep_wsc(g, &frame);
    switch (frame.kind) {
    case REX_FRAME_DETAILS: on_details(g, &frame); break;
    case REX_FRAME_REPLY: on_reply(g, &frame); break;
    case REX_FRAME_NOTICE: on_notice(g, &frame); break;
    case REX_FRAME_HEARTBEAT: on_heartbeat(g, frame.message_id); break;
    case REX_FRAME_ERROR: on_error(g, &frame); break;
    case REX_FRAME_OTHER: break;
    }
    if (g->stage == STAGE_OPEN)
        g->c.owner.heard(g->c.owner.self);
    rex_frame_fini(&frame);
}
