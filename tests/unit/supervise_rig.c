#include "supervise_rig.h"

#include "callhud/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER "http://127.0.0.1:8088/ari"

/* ---- what the backend is given ---- */

static enum rc put(void *self, const char *thing, struct err *err)
{
    struct sup_rig *rig = self;
    if (rig->is_ledger_broken)
        return err_set(err, RC_IO, "the disk is full");
    for (size_t i = 0; i < rig->ledger.len; i++)
        assert_string_not_equal(rig->ledger.items[i], thing);
    VEC_PUSH(&rig->ledger, mem_dup(thing));
    return RC_OK;
}

static void drop(void *self, const char *thing)
{
    struct sup_rig *rig = self;
    for (size_t i = 0; i < rig->ledger.len; i++) {
        if (str_eq(rig->ledger.items[i], thing)) {
            mem_free(rig->ledger.items[i]);
            VEC_REMOVE(&rig->ledger, i);
            return;
        }
    }
    fail_msg("%s was dropped and never put", thing);
}

static const char *app(void *self)
{
    return ((struct sup_rig *)self)->app;
}

static void on_event(void *self, const struct event *event)
{
    static const char *const stages[] = {"asked",  "phone", "confirmed",
                                         "unsure", "ended", "failed"};
    static const char *const modes[] = {"-", "listen", "whisper", "barge"};
#define RC_NAME(name, exit_code, text) #name,
    static const char *const rcs[] = {RC_LIST(RC_NAME)};
#undef RC_NAME
    struct sup_rig *rig = self;
    assert_int_equal(event->kind, EVENT_ACTION);
    assert_true(event->u.action.id != 0);
    buf_printf(&rig->log, "%u %s %s %s %s %s\n", event->u.action.id, stages[event->u.action.stage],
               modes[event->u.action.mode], rcs[event->u.action.rc], event->user_id,
               event->u.action.text != NULL ? event->u.action.text : "");
}

static void start(struct sup_rig *rig)
{
    static const char *const names[] = {"101", "102", "104", "108"};
    struct ari_endpoints list = {0};
    struct err err = {0};
    ari_users gone = {0};
    assert_int_equal(ari_people_init(&rig->people, &rig->config, &err), RC_OK);
    for (size_t i = 0; i < 4; i++) {
        struct ari_endpoint endpoint = {.online = ARI_ONLINE_YES};
        snprintf(endpoint.name, sizeof endpoint.name, "PJSIP/%s", names[i]);
        VEC_PUSH(&list.list, endpoint);
    }
    ari_people_listed(&rig->people, &list, false, &gone);
    ari_endpoints_fini(&list);
    ari_world_init(&rig->world, &rig->people);
}

void sup_init(struct sup_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    fake_io_init(&rig->fake);
    buf_init(&rig->log, 1u << 20);
    buf_init(&rig->asked, 1u << 20);
    rig->app = "callhud-first";
    rig->config = (struct backend_config){
        .profile = "test",
        .server = SERVER,
        .phone = "PJSIP/108",
        .monitor = "all",
        .dnd_device = "",
        .ring_timeout_ms = 20000,
        .retrieve_context = "retrieve",
        .ledger = {.put = put, .drop = drop, .self = rig},
    };
    start(rig);
    struct rest_config rest = {.io = &rig->fake.io, .server = SERVER};
    rig->rest = rest_new(&rest);
    const struct ari_part_config config = {.io = &rig->fake.io,
                                           .rest = rig->rest,
                                           .world = &rig->world,
                                           .config = &rig->config,
                                           .sink = {.event = on_event, .self = rig},
                                           .app = app,
                                           .self = rig};
    rig->s = supervise_new(&config);
    supervise_synced(rig->s);
}

void sup_fini(struct sup_rig *rig)
{
    supervise_free(rig->s);
    rest_free(rig->rest);
    ari_world_fini(&rig->world);
    ari_people_fini(&rig->people);
    fake_io_fini(&rig->fake);
    for (size_t i = 0; i < rig->ledger.len; i++)
        mem_free(rig->ledger.items[i]);
    VEC_FREE(&rig->ledger);
    for (size_t i = 0; i < rig->bridges.len; i++) {
        mem_free(rig->bridges.items[i]);
        mem_free(rig->bridge_names.items[i]);
    }
    VEC_FREE(&rig->bridges);
    VEC_FREE(&rig->bridge_names);
    VEC_FREE(&rig->chans);
    buf_fini(&rig->log);
    buf_fini(&rig->asked);
}

void sup_say(struct sup_rig *rig, const char *json)
{
    struct ari_event event;
    struct err err = {0};
    if (rig->app == NULL)
        return; /* nobody listens */
    if (ari_event_decode(&event, json, strlen(json), &err) != RC_OK)
        fail_msg("%s: %s", err.text, json);
    ari_world_apply(&rig->world, &event);
    supervise_event(rig->s, &event);
    ari_event_fini(&event);
}

void sup_obey(struct sup_rig *rig, const char *method, const char *uri)
{
    sup_do(rig, method, uri);
}

static const char *uri_of(const struct io_http *http)
{
    assert_true(str_starts(http->url, SERVER "/"));
    return http->url + strlen(SERVER "/");
}

/* Whatever makes something is in the ledger by now. */
static void check_written(const struct sup_rig *rig, const struct io_http *http)
{
    char id[200] = "", thing[220];
    const char *uri = uri_of(http);
    if (!str_eq(http->method, "POST"))
        return;
    if (str_starts(uri, "channels?")) {
        sup_query(uri, "channelId", id, sizeof id);
        snprintf(thing, sizeof thing, "channels/%s", id);
    } else if (strstr(uri, "/snoop/") != NULL) {
        const char *at = strstr(uri, "/snoop/") + strlen("/snoop/");
        snprintf(thing, sizeof thing, "channels/%.*s", (int)strcspn(at, "?"), at);
    } else if (str_starts(uri, "bridges/") && strstr(uri, "Channel?") == NULL) {
        snprintf(thing, sizeof thing, "%.*s", (int)strcspn(uri, "?"), uri);
    } else {
        return;
    }
    bool is_claim = str_starts(uri, "bridges/" SUPERVISE_CLAIM_PREFIX);
    if (is_claim) /* and whose it is */
        snprintf(thing + strlen(thing), sizeof thing - strlen(thing), "#%.8s",
                 rig->s->prefix + strlen("callhud-"));
    for (size_t i = 0; i < rig->ledger.len; i++)
        if (str_eq(rig->ledger.items[i], thing))
            return;
    fail_msg("%s was asked for and is not in the ledger", thing);
}

struct io_http *sup_pending(struct sup_rig *rig, const char *begin)
{
    char line[1200];
    for (size_t i = 0; i < rig->fake.requests.len; i++) {
        struct io_http *http = rig->fake.requests.items[i];
        snprintf(line, sizeof line, "%s %s", http->method, uri_of(http));
        if (!http->is_over && str_starts(line, begin))
            return http;
    }
    return NULL;
}

void sup_answer(struct sup_rig *rig, const char *begin, int status)
{
    struct io_http *http = sup_pending(rig, begin);
    if (http == NULL)
        fail_msg("nothing was asked that begins with %s", begin);
    buf_printf(&rig->asked, "%s %s\n", http->method, uri_of(http));
    fake_http_answer(
        http, status == 0 ? RC_UNREACHABLE : RC_OK, status,
        status == 500 ? "{\"error\":\"Allocation failed\"}" : "{\"message\":\"scripted\"}", NULL);
}

bool sup_serve_one(struct sup_rig *rig)
{
    struct io_http *http = sup_pending(rig, "");
    if (http == NULL) {
        fake_io_advance(&rig->fake, 0);
        http = sup_pending(rig, "");
    }
    if (http == NULL)
        return false;
    check_written(rig, http);
    buf_printf(&rig->asked, "%s %s\n", http->method, uri_of(http));
    struct sup_answer answer = sup_do(rig, http->method, uri_of(http));
    if (!http->is_over) /* the event was faster and the request is forgotten */
        fake_http_answer(http, RC_OK, answer.status, answer.body, NULL);
    return true;
}

void sup_serve_as(struct sup_rig *rig, const char *begin, int status)
{
    struct io_http *http = sup_pending(rig, begin);
    assert_non_null(http);
    check_written(rig, http);
    sup_do(rig, http->method, uri_of(http));
    if (!http->is_over)
        sup_answer(rig, begin, status);
}

void sup_serve(struct sup_rig *rig)
{
    for (int turns = 0; turns < 1000; turns++)
        if (!sup_serve_one(rig))
            return;
    fail_msg("it never stops asking");
}

/* ---- acts ---- */

enum rc sup_act(struct sup_rig *rig, enum action_kind kind, const char *ext, const char *call,
                struct err *err)
{
    const struct action action = {
        .id = ++rig->last_id, .kind = kind, .user_id = ext, .call_id = call};
    char asked[40];
    struct err own = {0};
    enum rc rc = supervise_act(rig->s, &action, err != NULL ? err : &own);
    snprintf(asked, sizeof asked, "%u ", rig->last_id);
    size_t told = sup_count(&rig->log, asked);
    if (rc == RC_OK)
        assert_true(told >= 1); /* ASKED before it returns */
    else
        assert_int_equal(told, 0);
    return rc;
}

void sup_lose(struct sup_rig *rig)
{
    rig->app = NULL;
    supervise_lost(rig->s);
}

void sup_come_back(struct sup_rig *rig)
{
    struct ari_world old = rig->world, fresh;
    rig->app = "callhud-second";
    ari_world_put_begin(&fresh, &old);
    for (size_t i = 0; i < rig->chans.len; i++) {
        struct ari_channels list;
        struct buf text;
        buf_init(&text, 4096);
        buf_puts(&text, "[");
        sup_put_chan(&text, &rig->chans.items[i]);
        buf_puts(&text, "]");
        assert_int_equal(ari_channels_decode(&list, text.data, text.len, NULL), RC_OK);
        ari_world_put_channel(&fresh, &list.list.items[0], 0, &old);
        ari_world_put_hold(&fresh, rig->chans.items[i].id, rig->chans.items[i].is_held);
        ari_channels_fini(&list);
        buf_fini(&text);
    }
    for (size_t i = 0; i < rig->bridges.len; i++) {
        struct ari_bridges list;
        struct buf text;
        buf_init(&text, 4096);
        buf_puts(&text, "[");
        sup_put_bridge(rig, &text, rig->bridges.items[i]);
        buf_puts(&text, "]");
        assert_int_equal(ari_bridges_decode(&list, text.data, text.len, NULL), RC_OK);
        ari_world_put_bridge(&fresh, &list.list.items[0]);
        ari_bridges_fini(&list);
        buf_fini(&text);
    }
    ari_world_put_done(&fresh, &old);
    ari_world_fini(&rig->world);
    rig->world = fresh;
    supervise_synced(rig->s);
}

static bool is_before(enum supervise_state state)
{
    return state == AT_DIAL || state == AT_RING;
}

static bool is_out_of_on(enum supervise_state state)
{
    return (state >= AT_SW_SNOOP && state <= AT_SW_ADD) ||
           (state >= AT_ON_CLAIM && state <= AT_ON_GO);
}

/* One step nearer to what was asked for. */
static void step(struct sup_rig *rig)
{
    const struct pbx_chan *phone = sup_chan_like(rig, "-phone-");
    if (is_before(rig->s->state) && phone != NULL && str_eq(phone->state, "Ringing"))
        sup_lift(rig);
    else if (!sup_serve_one(rig))
        fail_msg("stuck in state %d", (int)rig->s->state);
}

void sup_reach(struct sup_rig *rig, enum supervise_state state, enum action_kind kind)
{
    const char *agent = "a1";
    if (sup_chan(rig, agent) == NULL)
        sup_talk(rig, agent, "c1", "101");
    if (kind == ACTION_PICKUP && !sup_chan(rig, agent)->is_held)
        sup_hold(rig, agent, true);
    bool is_late = is_out_of_on(state) || state == AT_UNSURE || state == AT_STOP;
    assert_int_equal(sup_act(rig, is_late ? ACTION_LISTEN : kind, "101", agent, NULL), RC_OK);
    while (is_late && rig->s->state != AT_ON)
        step(rig);
    if (is_out_of_on(state))
        assert_int_equal(sup_act(rig, kind, "101", agent, NULL), RC_OK);
    else if (state == AT_STOP)
        assert_int_equal(sup_act(rig, ACTION_STOP, "101", agent, NULL), RC_OK);
    else if (state == AT_UNSURE)
        sup_lose(rig);
    if (state == AT_GO || state == AT_ON_GO)
        rig->dialplan = DIALPLAN_SLOW;
    if (state == AT_WHY)
        rig->dialplan = DIALPLAN_ABSENT;
    while (rig->s->state != state)
        step(rig);
}

/* ---- what was told ---- */

size_t sup_count(const struct buf *lines, const char *line_start)
{
    size_t count = 0;
    for (const char *line = buf_text(lines); *line != '\0';) {
        count += str_starts(line, line_start);
        const char *end = strchr(line, '\n');
        line = end != NULL ? end + 1 : line + strlen(line);
    }
    return count;
}

bool sup_told(const struct sup_rig *rig, const char *line_start)
{
    return sup_count(&rig->log, line_start) > 0;
}

const char *sup_last(const struct sup_rig *rig)
{
    const char *last = buf_text(&rig->log);
    for (const char *at = last; (at = strchr(at, '\n')) != NULL && at[1] != '\0';)
        last = ++at;
    return last;
}
