#include "callhud/backend/asterisk/snapshot.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

enum ask_kind { ASK_ENDPOINTS, ASK_CHANNELS, ASK_BRIDGES, ASK_DND, ASK_HOLD, ASK_RECORD };

struct ask {
    struct snapshot *snapshot;
    enum ask_kind kind;
    char *id; /* of the channel, or the user's extension */
};

struct dnd_answer {
    char *extension;
    bool is_on;
};

struct kept {
    char *bytes;
    size_t len;
};

struct snapshot {
    struct snapshot_config config;
    VEC(struct ask *) asks; /* under way */
    bool is_listing;        /* the three lists are still awaited */
    bool is_subscribing;    /* and then the devices of those who are new */
    bool is_starting;       /* asks are being made: nothing can be over yet */
    struct ari_endpoints endpoints;
    struct ari_channels channels;
    struct ari_bridges bridges;
    struct ari_world world;
    VEC(struct dnd_answer) dnd;
    VEC(struct kept) kept;
    size_t kept_bytes;
    int64_t channels_ms; /* the server's time of that answer */
    struct err err;
    int http_status;
};

static void free_ask(struct ask *ask)
{
    mem_free(ask->id);
    mem_free(ask);
}

static void free_snapshot(struct snapshot *snapshot)
{
    subs_forget_devices(snapshot->config.subs);
    for (size_t i = 0; i < snapshot->asks.len; i++) {
        rest_cancel(snapshot->config.rest, snapshot->asks.items[i]);
        free_ask(snapshot->asks.items[i]);
    }
    VEC_FREE(&snapshot->asks);
    for (size_t i = 0; i < snapshot->dnd.len; i++)
        mem_free(snapshot->dnd.items[i].extension);
    VEC_FREE(&snapshot->dnd);
    for (size_t i = 0; i < snapshot->kept.len; i++)
        mem_free(snapshot->kept.items[i].bytes);
    VEC_FREE(&snapshot->kept);
    ari_endpoints_fini(&snapshot->endpoints);
    ari_channels_fini(&snapshot->channels);
    ari_bridges_fini(&snapshot->bridges);
    ari_world_fini(&snapshot->world);
    mem_free(snapshot);
}

void snapshot_cancel(struct snapshot *snapshot)
{
    if (snapshot != NULL)
        free_snapshot(snapshot);
}

void snapshot_keep(struct snapshot *snapshot, const char *bytes, size_t len)
{
    if (snapshot->kept_bytes + len > SNAPSHOT_KEEP_MAX_BYTES) {
        if (snapshot->err.rc == RC_OK)
            err_set(&snapshot->err, RC_TOO_BIG, "more events than can be kept during a snapshot");
        return;
    }
    struct kept kept = {.bytes = mem_dup_n(bytes, len), .len = len};
    VEC_PUSH(&snapshot->kept, kept);
    snapshot->kept_bytes += len;
}

/* ---- the end ---- */

static void replay(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->kept.len; i++) {
        struct ari_event event;
        if (ari_event_decode(&event, snapshot->kept.items[i].bytes, snapshot->kept.items[i].len,
                             NULL) != RC_OK)
            continue; /* was counted as a gap when it came */
        ari_world_apply(&snapshot->world, &event);
        ari_event_fini(&event);
    }
}

static void commit(struct snapshot *snapshot, struct snapshot_result *result)
{
    struct ari_people *people = snapshot->config.people;
    result->endpoints = snapshot->endpoints.list.len;
    result->lacking = ari_people_listed(people, &snapshot->endpoints,
                                        snapshot->config.may_remove_users, &result->gone);
    for (size_t i = 0; i < snapshot->dnd.len; i++) {
        struct ari_user *user = ari_people_by_extension(people, snapshot->dnd.items[i].extension);
        if (user != NULL)
            user->is_dnd = snapshot->dnd.items[i].is_on;
    }
    for (size_t i = 0; i < result->gone.len; i++)
        ari_world_forget_user(&snapshot->world, result->gone.items[i]);
    ari_world_put_done(&snapshot->world, snapshot->config.before);
    replay(snapshot);
    result->at_ms = snapshot->channels_ms;
    result->world = snapshot->world;
    memset(&snapshot->world, 0, sizeof snapshot->world);
}

static void ask_details(struct snapshot *snapshot);
static void step(struct snapshot *snapshot);

static void on_subscribed(void *self)
{
    struct snapshot *snapshot = self;
    snapshot->is_subscribing = false;
    ask_details(snapshot);
    step(snapshot);
}

static void step(struct snapshot *snapshot)
{
    if (snapshot->is_starting)
        return;
    if (snapshot->err.rc == RC_OK && (snapshot->asks.len > 0 || snapshot->is_subscribing))
        return;
    if (snapshot->err.rc == RC_OK && snapshot->is_listing) {
        snapshot->is_listing = false;
        ari_people_meet(snapshot->config.people, &snapshot->endpoints);
        snapshot->is_subscribing = subs_devices(snapshot->config.subs, on_subscribed, snapshot);
        if (snapshot->is_subscribing)
            return;
        ask_details(snapshot);
        if (snapshot->asks.len > 0)
            return;
    }
    struct snapshot_result result = {.err = snapshot->err, .http_status = snapshot->http_status};
    if (snapshot->err.rc == RC_OK)
        commit(snapshot, &result);
    snapshot->config.done(snapshot->config.self, &result);
    free_snapshot(snapshot);
}

/* ---- answers ---- */

static bool is_list(enum ask_kind kind)
{
    return kind == ASK_ENDPOINTS || kind == ASK_CHANNELS || kind == ASK_BRIDGES;
}

static void take_list(struct snapshot *snapshot, enum ask_kind kind,
                      const struct rest_answer *answer)
{
    struct err err = {0};
    enum rc rc;
    switch (kind) {
    case ASK_ENDPOINTS:
        rc = ari_endpoints_decode(&snapshot->endpoints, answer->body, answer->body_len, &err);
        break;
    case ASK_CHANNELS:
        rc = ari_channels_decode(&snapshot->channels, answer->body, answer->body_len, &err);
        snapshot->channels_ms = answer->at_ms;
        break;
    default:
        rc = ari_bridges_decode(&snapshot->bridges, answer->body, answer->body_len, &err);
        break;
    }
    if (rc != RC_OK && snapshot->err.rc == RC_OK) {
        char what[200];
        ari_error_text(answer->body, answer->body_len, what, sizeof what);
        err_set(&snapshot->err, RC_PROTO, "%s (%s): is server the address of ARI?", err.text, what);
    }
}

/* A detail that cannot be told is as if the thing were not so: an unknown device state (404), a
 * channel that has gone (404) or does not answer (409), a function it cannot read while ringing
 * (500, contract 3). */
static void take_detail(struct snapshot *snapshot, const struct ask *ask,
                        const struct rest_answer *answer)
{
    char value[ARI_DATA_BYTES] = "";
    bool is_told = answer->status == 200;
    switch (ask->kind) {
    case ASK_DND: {
        if (!is_told ||
            ari_device_state_decode(answer->body, answer->body_len, value, sizeof value) != RC_OK)
            break;
        struct dnd_answer dnd = {.extension = mem_dup(ask->id),
                                 .is_on = ari_dnd_from_device_state(value)};
        VEC_PUSH(&snapshot->dnd, dnd);
        break;
    }
    case ASK_HOLD:
        if (is_told)
            ari_variable_decode(answer->body, answer->body_len, value, sizeof value);
        ari_world_put_hold(&snapshot->world, ask->id, str_eq(value, "1"));
        break;
    default:
        if (is_told)
            ari_variable_decode(answer->body, answer->body_len, value, sizeof value);
        ari_world_put_recorded(&snapshot->world, ask->id, value[0] != '\0');
        break;
    }
}

static void on_answer(void *self, const struct rest_answer *answer)
{
    struct ask *ask = self;
    struct snapshot *snapshot = ask->snapshot;
    for (size_t i = 0; i < snapshot->asks.len; i++) {
        if (snapshot->asks.items[i] == ask) {
            VEC_REMOVE(&snapshot->asks, i);
            break;
        }
    }
    bool is_barred = answer->status == 401 || (answer->status >= 300 && answer->status < 400);
    if (answer->rc != RC_OK || is_barred || (is_list(ask->kind) && answer->status != 200)) {
        if (snapshot->err.rc == RC_OK) {
            err_set(&snapshot->err, answer->rc != RC_OK ? answer->rc : RC_REFUSED, "%s",
                    answer->text);
            snapshot->http_status = answer->status;
        }
    } else if (is_list(ask->kind)) {
        take_list(snapshot, ask->kind, answer);
    } else {
        take_detail(snapshot, ask, answer);
    }
    free_ask(ask);
    step(snapshot);
}

/* ---- requests ---- */

static void make_ask(struct snapshot *snapshot, enum ask_kind kind, const char *id, const char *uri)
{
    struct ask *ask = mem_zero(1, sizeof *ask);
    ask->snapshot = snapshot;
    ask->kind = kind;
    ask->id = mem_dup(id);
    VEC_PUSH(&snapshot->asks, ask);
    struct rest_request request = {.method = "GET", .uri = uri};
    rest_ask(snapshot->config.rest, &request, on_answer, ask);
}

static void ask_escaped(struct snapshot *snapshot, enum ask_kind kind, const char *id,
                        const char *before, const char *escaped, const char *after)
{
    struct buf uri;
    buf_init(&uri, 4096);
    buf_puts(&uri, before);
    ari_escape(&uri, escaped);
    buf_puts(&uri, after);
    make_ask(snapshot, kind, id, buf_text(&uri));
    buf_fini(&uri);
}

static void ask_details(struct snapshot *snapshot)
{
    const struct ari_people *people = snapshot->config.people;
    snapshot->is_starting = true;
    ari_world_put_begin(&snapshot->world, snapshot->config.before);
    for (size_t i = 0; i < snapshot->channels.list.len; i++)
        ari_world_put_channel(&snapshot->world, &snapshot->channels.list.items[i],
                              snapshot->channels_ms, snapshot->config.before);
    for (size_t i = 0; i < snapshot->bridges.list.len; i++)
        ari_world_put_bridge(&snapshot->world, &snapshot->bridges.list.items[i]);
    for (size_t i = 0; i < people->users.len; i++) {
        const struct ari_user *user = people->users.items[i];
        if (user->dnd_device != NULL)
            ask_escaped(snapshot, ASK_DND, user->extension, "deviceStates/", user->dnd_device, "");
    }
    for (size_t i = 0; i < snapshot->world.chans.len; i++) {
        const struct ari_chan *chan = snapshot->world.chans.items[i];
        if (chan->fact.state != ARI_STATE_UP || !ari_world_matters(&snapshot->world, chan))
            continue;
        if (chan->owner != NULL && str_starts(chan->fact.name, "PJSIP/"))
            ask_escaped(snapshot, ASK_HOLD, chan->fact.id, "channels/", chan->fact.id,
                        "/variable?variable=CHANNEL%28rtp%2Chold%29");
        ask_escaped(snapshot, ASK_RECORD, chan->fact.id, "channels/", chan->fact.id,
                    "/variable?variable=MIXMONITOR_FILENAME");
    }
    snapshot->is_starting = false;
}

struct snapshot *snapshot_start(const struct snapshot_config *config)
{
    struct snapshot *snapshot = mem_zero(1, sizeof *snapshot);
    snapshot->config = *config;
    snapshot->is_listing = snapshot->is_starting = true;
    make_ask(snapshot, ASK_ENDPOINTS, NULL, "endpoints");
    make_ask(snapshot, ASK_CHANNELS, NULL, "channels");
    make_ask(snapshot, ASK_BRIDGES, NULL, "bridges");
    snapshot->is_starting = false;
    return snapshot;
}
