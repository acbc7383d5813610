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
    const struct supervise_config config = {.io = &rig->fake.io,
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

/* ---- what the telephone system says ---- */

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

static void put_chan(struct buf *to, const struct pbx_chan *chan)
{
    buf_printf(to,
               "{\"id\":\"%s\",\"name\":\"%s\",\"state\":\"%s\",\"caller\":{},\"connected\":{},"
               "\"dialplan\":{\"app_name\":\"%s\",\"app_data\":\"\"}}",
               chan->id, chan->name, chan->state, chan->app);
}

static void put_bridge(struct sup_rig *rig, struct buf *to, const char *id)
{
    const char *name = "", *comma = "";
    for (size_t i = 0; i < rig->bridges.len; i++)
        if (str_eq(rig->bridges.items[i], id))
            name = rig->bridge_names.items[i];
    buf_printf(to, "{\"id\":\"%s\",\"bridge_class\":\"%s\",\"name\":\"%s\",\"channels\":[", id,
               name[0] != '\0' ? "stasis" : "basic", name);
    for (size_t i = 0; i < rig->chans.len; i++) {
        if (!str_eq(rig->chans.items[i].bridge, id))
            continue;
        buf_printf(to, "%s\"%s\"", comma, rig->chans.items[i].id);
        comma = ",";
    }
    buf_puts(to, "]}");
}

static void say(struct sup_rig *rig, const char *type, const struct pbx_chan *chan,
                const char *bridge, int cause)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    buf_printf(&text, "{\"type\":\"%s\",\"cause\":%d", type, cause);
    if (chan != NULL) {
        buf_puts(&text, ",\"channel\":");
        put_chan(&text, chan);
    }
    if (bridge != NULL) {
        buf_puts(&text, ",\"bridge\":");
        put_bridge(rig, &text, bridge);
    }
    buf_puts(&text, "}");
    sup_say(rig, buf_text(&text));
    buf_fini(&text);
}

static void say_dial(struct sup_rig *rig, const struct pbx_chan *caller,
                     const struct pbx_chan *peer, const char *status)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    buf_printf(&text, "{\"type\":\"Dial\",\"dialstatus\":\"%s\",\"peer\":", status);
    put_chan(&text, peer);
    if (caller != NULL) {
        buf_puts(&text, ",\"caller\":");
        put_chan(&text, caller);
    }
    buf_puts(&text, "}");
    sup_say(rig, buf_text(&text));
    buf_fini(&text);
}

struct pbx_chan *sup_chan(struct sup_rig *rig, const char *id)
{
    for (size_t i = 0; i < rig->chans.len; i++)
        if (str_eq(rig->chans.items[i].id, id))
            return &rig->chans.items[i];
    return NULL;
}

struct pbx_chan *sup_chan_like(struct sup_rig *rig, const char *part)
{
    for (size_t i = 0; i < rig->chans.len; i++)
        if (strstr(rig->chans.items[i].id, part) != NULL)
            return &rig->chans.items[i];
    return NULL;
}

static struct pbx_chan *make_chan(struct sup_rig *rig, const char *id, const char *name,
                                  const char *state, const char *application)
{
    struct pbx_chan chan = {0};
    assert_null(sup_chan(rig, id));
    str_copy(chan.id, sizeof chan.id, id);
    str_copy(chan.name, sizeof chan.name, name);
    str_copy(chan.state, sizeof chan.state, state);
    str_copy(chan.app, sizeof chan.app, application);
    VEC_PUSH(&rig->chans, chan);
    say(rig, "ChannelCreated", sup_chan(rig, id), NULL, 0);
    return sup_chan(rig, id);
}

void sup_make_bridge(struct sup_rig *rig, const char *id, const char *name)
{
    VEC_PUSH(&rig->bridges, mem_dup(id));
    VEC_PUSH(&rig->bridge_names, mem_dup(name));
    say(rig, "BridgeCreated", NULL, id, 0);
}

static bool has_bridge(const struct sup_rig *rig, const char *id)
{
    for (size_t i = 0; i < rig->bridges.len; i++)
        if (str_eq(rig->bridges.items[i], id))
            return true;
    return false;
}

void sup_leave_bridge(struct sup_rig *rig, const char *id)
{
    struct pbx_chan *chan = sup_chan(rig, id);
    char bridge[64];
    if (chan == NULL || chan->bridge[0] == '\0')
        return;
    str_copy(bridge, sizeof bridge, chan->bridge);
    chan->bridge[0] = '\0';
    say(rig, "ChannelLeftBridge", chan, bridge, 0);
}

void sup_enter(struct sup_rig *rig, const char *id, const char *bridge)
{
    struct pbx_chan *chan = sup_chan(rig, id);
    assert_non_null(chan);
    if (!has_bridge(rig, bridge))
        sup_make_bridge(rig, bridge, "");
    sup_leave_bridge(rig, id);
    str_copy(chan->bridge, sizeof chan->bridge, bridge);
    say(rig, "ChannelEnteredBridge", chan, bridge, 0);
}

void sup_destroy_bridge(struct sup_rig *rig, const char *id)
{
    for (size_t i = 0; i < rig->chans.len; i++)
        if (str_eq(rig->chans.items[i].bridge, id))
            sup_leave_bridge(rig, rig->chans.items[i].id);
    for (size_t i = 0; i < rig->bridges.len; i++) {
        if (!str_eq(rig->bridges.items[i], id))
            continue;
        say(rig, "BridgeDestroyed", NULL, id, 0);
        mem_free(rig->bridges.items[i]);
        mem_free(rig->bridge_names.items[i]);
        VEC_REMOVE(&rig->bridges, i);
        VEC_REMOVE(&rig->bridge_names, i);
        return;
    }
}

static void end_snoops(struct sup_rig *rig, const char *target)
{
    char start[80];
    snprintf(start, sizeof start, "Snoop/%s-", target);
    for (size_t i = 0; i < rig->chans.len; i++) {
        if (str_starts(rig->chans.items[i].name, start)) {
            sup_hangup(rig, rig->chans.items[i].id, 16);
            i = SIZE_MAX;
        }
    }
}

void sup_hangup(struct sup_rig *rig, const char *id, int cause)
{
    char copy[64];
    str_copy(copy, sizeof copy, id);
    struct pbx_chan *chan = sup_chan(rig, copy);
    assert_non_null(chan);
    sup_leave_bridge(rig, copy);
    if (str_eq(chan->app, "Stasis"))
        say(rig, "StasisEnd", chan, NULL, 0);
    end_snoops(rig, copy); /* they end before it does */
    chan = sup_chan(rig, copy);
    struct pbx_chan last = *chan;
    VEC_REMOVE(&rig->chans, (size_t)(chan - rig->chans.items));
    say(rig, "ChannelDestroyed", &last, NULL, cause);
}

static const char *agent_name(const char *agent, const char *ext, char to[80])
{
    snprintf(to, 80, "PJSIP/%s-%s", ext, agent);
    return to;
}

void sup_ring(struct sup_rig *rig, const char *agent, const char *outside, const char *ext)
{
    char name[80], carrier[80];
    snprintf(carrier, sizeof carrier, "PJSIP/carrier-%s", outside);
    make_chan(rig, outside, carrier, "Ring", "Dial");
    make_chan(rig, agent, agent_name(agent, ext, name), "Down", "AppDial");
    say_dial(rig, sup_chan(rig, outside), sup_chan(rig, agent), "");
    str_copy(sup_chan(rig, agent)->state, 16, "Ringing");
    str_copy(sup_chan(rig, agent)->dialler, 64, outside);
    say(rig, "ChannelStateChange", sup_chan(rig, agent), NULL, 0);
}

void sup_answer_ringing(struct sup_rig *rig, const char *agent, const char *outside)
{
    char bridge[64];
    snprintf(bridge, sizeof bridge, "talk-%s", agent);
    str_copy(sup_chan(rig, agent)->state, 16, "Up");
    say(rig, "ChannelStateChange", sup_chan(rig, agent), NULL, 0);
    say_dial(rig, sup_chan(rig, outside), sup_chan(rig, agent), "ANSWER");
    str_copy(sup_chan(rig, outside)->state, 16, "Up");
    say(rig, "ChannelStateChange", sup_chan(rig, outside), NULL, 0);
    sup_enter(rig, agent, bridge);
    sup_enter(rig, outside, bridge);
}

void sup_talk(struct sup_rig *rig, const char *agent, const char *outside, const char *ext)
{
    sup_ring(rig, agent, outside, ext);
    sup_answer_ringing(rig, agent, outside);
}

void sup_hold(struct sup_rig *rig, const char *agent, bool is_held)
{
    struct pbx_chan *chan = sup_chan(rig, agent);
    chan->is_held = is_held;
    say(rig, is_held ? "ChannelHold" : "ChannelUnhold", chan, NULL, 0);
}

void sup_lift(struct sup_rig *rig)
{
    struct pbx_chan *phone = sup_chan_like(rig, "-phone-");
    assert_non_null(phone);
    str_copy(phone->state, sizeof phone->state, "Up");
    say(rig, "ChannelStateChange", phone, NULL, 0);
    str_copy(phone->app, sizeof phone->app, "Stasis");
    say(rig, "StasisStart", phone, NULL, 0);
}

/* ---- what it does when asked ---- */

static char hex(char c)
{
    return (char)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

static void unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '%') {
            *to++ = (char)(hex(p[1]) * 16 + hex(p[2]));
            p += 2;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
}

/* A value of the query, unescaped; "" when it is not there. */
static void query(const char *uri, const char *name, char *to, size_t size)
{
    char key[40];
    to[0] = '\0';
    const char *at = strchr(uri, '?');
    for (snprintf(key, sizeof key, "%s=", name); at != NULL; at = strchr(at + 1, '&')) {
        if (!str_starts(at + 1, key))
            continue;
        const char *value = at + 1 + strlen(key);
        snprintf(to, size, "%.*s", (int)strcspn(value, "&"), value);
        unescape(to);
        return;
    }
}

struct answer {
    int status;
    char body[80];
};

static struct answer do_originate(struct sup_rig *rig, const char *uri)
{
    char id[64], name[80];
    query(uri, "channelId", id, sizeof id);
    snprintf(name, sizeof name, "PJSIP/108-%s", id);
    make_chan(rig, id, name, "Down", "AppDial2");
    say_dial(rig, NULL, sup_chan(rig, id), "");
    str_copy(sup_chan(rig, id)->state, 16, "Ringing");
    say(rig, "ChannelStateChange", sup_chan(rig, id), NULL, 0);
    return (struct answer){200, "{}"};
}

static struct answer do_bridge(struct sup_rig *rig, const char *id, const char *uri)
{
    char name[80];
    query(uri, "name", name, sizeof name);
    if (has_bridge(rig, id))
        return (struct answer){409, "{\"message\":\"already exists\"}"};
    sup_make_bridge(rig, id, name);
    return (struct answer){200, "{}"};
}

static struct answer do_read_bridge(struct sup_rig *rig, const char *id)
{
    struct answer answer = {404, "{\"message\":\"Bridge not found\"}"};
    for (size_t i = 0; i < rig->bridges.len; i++) {
        if (!str_eq(rig->bridges.items[i], id))
            continue;
        answer.status = 200;
        snprintf(answer.body, sizeof answer.body, "{\"name\":\"%s\"}", rig->bridge_names.items[i]);
    }
    return answer;
}

static struct answer do_add(struct sup_rig *rig, const char *bridge, const char *uri)
{
    char id[64];
    query(uri, "channel", id, sizeof id);
    struct pbx_chan *chan = sup_chan(rig, id);
    if (chan == NULL || !has_bridge(rig, bridge))
        return (struct answer){404, "{\"message\":\"not found\"}"};
    if (!str_eq(chan->app, "Stasis"))
        return (struct answer){422, "{\"message\":\"Channel not in Stasis application\"}"};
    sup_enter(rig, id, bridge);
    return (struct answer){204, ""};
}

static struct answer do_snoop(struct sup_rig *rig, const char *target, const char *id)
{
    char name[80];
    if (sup_chan(rig, target) == NULL)
        return (struct answer){404, "{\"message\":\"Channel not found\"}"};
    snprintf(name, sizeof name, "Snoop/%s-0000", target);
    struct pbx_chan *chan = make_chan(rig, id, name, "Up", "");
    str_copy(chan->app, sizeof chan->app, "Stasis");
    say(rig, "StasisStart", chan, NULL, 0);
    return (struct answer){200, "{}"};
}

static struct pbx_chan *chan_named(struct sup_rig *rig, const char *name)
{
    for (size_t i = 0; i < rig->chans.len; i++)
        if (str_eq(rig->chans.items[i].name, name))
            return &rig->chans.items[i];
    return NULL;
}

static void connect_to(struct sup_rig *rig, const char *phone, const char *caller,
                       const char *replaced)
{
    char phone_id[64], caller_id[64], replaced_id[64];
    str_copy(phone_id, sizeof phone_id, phone);
    str_copy(caller_id, sizeof caller_id, caller);
    str_copy(replaced_id, sizeof replaced_id, replaced);
    sup_enter(rig, caller_id, "taken");
    sup_enter(rig, phone_id, "taken");
    sup_hangup(rig, replaced_id, 16);
}

static struct answer do_continue(struct sup_rig *rig, const char *id, const char *uri)
{
    char extension[40], context[40];
    query(uri, "extension", extension, sizeof extension);
    query(uri, "context", context, sizeof context);
    struct pbx_chan *phone = sup_chan(rig, id);
    if (phone == NULL)
        return (struct answer){404, "{\"message\":\"not found\"}"};
    sup_leave_bridge(rig, id);
    say(rig, "StasisEnd", phone, NULL, 0);
    str_copy(phone->app, sizeof phone->app, "Answer");
    say(rig, "ChannelDialplan", phone, NULL, 0);
    bool is_pickup = str_eq(extension, "pickupchan");
    struct pbx_chan *to = chan_named(rig, is_pickup ? rig->pickup : rig->retrieve);
    if (rig->dialplan == DIALPLAN_SLOW)
        return (struct answer){204, ""};
    if (rig->dialplan == DIALPLAN_ABSENT || to == NULL || !str_eq(context, "retrieve"))
        sup_hangup(rig, id, 16);
    else if (is_pickup)
        connect_to(rig, id, to->dialler, to->id);
    else
        for (size_t i = 0; i < rig->chans.len; i++)
            if (&rig->chans.items[i] != to && str_eq(rig->chans.items[i].bridge, to->bridge)) {
                connect_to(rig, id, to->id, rig->chans.items[i].id);
                break;
            }
    return (struct answer){204, ""};
}

static struct answer do_variable(struct sup_rig *rig, const char *method, const char *id,
                                 const char *uri)
{
    char name[40], value[80];
    const struct pbx_chan *chan = sup_chan(rig, id);
    struct answer answer = {200, ""};
    query(uri, "variable", name, sizeof name);
    query(uri, "value", value, sizeof value);
    if (chan == NULL)
        return (struct answer){404, "{\"message\":\"Channel not found\"}"};
    if (str_eq(method, "GET")) {
        assert_string_equal(name, "CHANNEL(rtp,hold)");
        snprintf(answer.body, sizeof answer.body, "{\"value\":\"%d\"}", chan->is_held);
        return answer;
    }
    if (str_eq(name, "RETRIEVE_CHAN"))
        str_copy(rig->retrieve, sizeof rig->retrieve, value);
    else if (str_eq(name, "PICKUP_CHAN"))
        str_copy(rig->pickup, sizeof rig->pickup, value);
    else
        fail_msg("variable %s", name);
    return (struct answer){204, ""};
}

static struct answer do_delete(struct sup_rig *rig, const char *kind, const char *id)
{
    if (str_eq(kind, "bridges") && has_bridge(rig, id)) {
        sup_destroy_bridge(rig, id);
        return (struct answer){204, ""};
    }
    struct pbx_chan *chan = sup_chan(rig, id);
    if (str_eq(kind, "bridges") || chan == NULL)
        return (struct answer){404, "{\"message\":\"not found\"}"};
    sup_hangup(rig, id, 16);
    return (struct answer){204, ""};
}

void sup_rename(struct sup_rig *rig, const char *id, const char *name)
{
    str_copy(sup_chan(rig, id)->name, sizeof rig->chans.items[0].name, name);
    say(rig, "ChannelConnectedLine", sup_chan(rig, id), NULL, 0);
}

static struct answer obey(struct sup_rig *rig, const char *method, const char *uri)
{
    char path[256], *rest = path;
    snprintf(path, sizeof path, "%.*s", (int)strcspn(uri, "?"), uri);
    const char *kind = strsep(&rest, "/");
    char *id = strsep(&rest, "/"), *verb = strsep(&rest, "/"), *last = strsep(&rest, "/");
    if (id != NULL)
        unescape(id);
    if (str_eq(method, "DELETE"))
        return do_delete(rig, kind, id);
    if (id == NULL)
        return do_originate(rig, uri);
    if (str_eq(verb, "variable"))
        return do_variable(rig, method, id, uri);
    if (str_eq(verb, "continue"))
        return do_continue(rig, id, uri);
    if (str_eq(verb, "addChannel"))
        return do_add(rig, id, uri);
    if (str_eq(verb, "snoop"))
        return do_snoop(rig, id, last);
    assert_string_equal(kind, "bridges");
    if (str_eq(method, "GET"))
        return do_read_bridge(rig, id);
    return do_bridge(rig, id, uri);
}

void sup_obey(struct sup_rig *rig, const char *method, const char *uri)
{
    obey(rig, method, uri);
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
        query(uri, "channelId", id, sizeof id);
        snprintf(thing, sizeof thing, "channels/%s", id);
    } else if (strstr(uri, "/snoop/") != NULL) {
        const char *at = strstr(uri, "/snoop/") + strlen("/snoop/");
        snprintf(thing, sizeof thing, "channels/%.*s", (int)strcspn(at, "?"), at);
    } else if (str_starts(uri, "bridges/") && strstr(uri, "/addChannel") == NULL) {
        snprintf(thing, sizeof thing, "%.*s", (int)strcspn(uri, "?"), uri);
    } else {
        return;
    }
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
    struct answer answer = obey(rig, http->method, uri_of(http));
    if (!http->is_over) /* the event was faster and the request is forgotten */
        fake_http_answer(http, RC_OK, answer.status, answer.body, NULL);
    return true;
}

void sup_serve_as(struct sup_rig *rig, const char *begin, int status)
{
    struct io_http *http = sup_pending(rig, begin);
    assert_non_null(http);
    check_written(rig, http);
    obey(rig, http->method, uri_of(http));
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
        put_chan(&text, &rig->chans.items[i]);
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
        put_bridge(rig, &text, rig->bridges.items[i]);
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
