/* What the small telephone system says, and does when asked. */
#include "supervise_rig.h"

#include "callhud/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- what the telephone system says ---- */

void sup_put_chan(struct buf *to, const struct pbx_chan *chan)
{
    buf_printf(to,
               "{\"id\":\"%s\",\"name\":\"%s\",\"state\":\"%s\",\"caller\":{},\"connected\":{},"
               "\"dialplan\":{\"app_name\":\"%s\",\"app_data\":\"\"}}",
               chan->id, chan->name, chan->state, chan->app);
}

void sup_put_bridge(struct sup_rig *rig, struct buf *to, const char *id)
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
        sup_put_chan(&text, chan);
    }
    if (bridge != NULL) {
        buf_puts(&text, ",\"bridge\":");
        sup_put_bridge(rig, &text, bridge);
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
    sup_put_chan(&text, peer);
    if (caller != NULL) {
        buf_puts(&text, ",\"caller\":");
        sup_put_chan(&text, caller);
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

void sup_query(const char *uri, const char *name, char *to, size_t size)
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

static struct sup_answer do_originate(struct sup_rig *rig, const char *uri)
{
    char id[64], name[80];
    sup_query(uri, "channelId", id, sizeof id);
    snprintf(name, sizeof name, "PJSIP/108-%s", id);
    make_chan(rig, id, name, "Down", "AppDial2");
    say_dial(rig, NULL, sup_chan(rig, id), "");
    str_copy(sup_chan(rig, id)->state, 16, "Ringing");
    say(rig, "ChannelStateChange", sup_chan(rig, id), NULL, 0);
    return (struct sup_answer){200, "{}"};
}

static struct sup_answer do_bridge(struct sup_rig *rig, const char *id, const char *uri)
{
    char name[80];
    sup_query(uri, "name", name, sizeof name);
    if (has_bridge(rig, id))
        return (struct sup_answer){409, "{\"message\":\"already exists\"}"};
    sup_make_bridge(rig, id, name);
    return (struct sup_answer){200, "{}"};
}

static struct sup_answer do_read_bridge(struct sup_rig *rig, const char *id)
{
    struct sup_answer answer = {404, "{\"message\":\"Bridge not found\"}"};
    for (size_t i = 0; i < rig->bridges.len; i++) {
        if (!str_eq(rig->bridges.items[i], id))
            continue;
        answer.status = 200;
        snprintf(answer.body, sizeof answer.body, "{\"name\":\"%s\"}", rig->bridge_names.items[i]);
    }
    return answer;
}

static struct sup_answer do_add(struct sup_rig *rig, const char *bridge, const char *uri)
{
    char id[64];
    sup_query(uri, "channel", id, sizeof id);
    struct pbx_chan *chan = sup_chan(rig, id);
    if (chan == NULL || !has_bridge(rig, bridge))
        return (struct sup_answer){404, "{\"message\":\"not found\"}"};
    if (!str_eq(chan->app, "Stasis"))
        return (struct sup_answer){422, "{\"message\":\"Channel not in Stasis application\"}"};
    sup_enter(rig, id, bridge);
    return (struct sup_answer){204, ""};
}

static struct sup_answer do_remove(struct sup_rig *rig, const char *bridge, const char *uri)
{
    char id[64];
    sup_query(uri, "channel", id, sizeof id);
    struct pbx_chan *chan = sup_chan(rig, id);
    if (chan == NULL || !has_bridge(rig, bridge))
        return (struct sup_answer){404, "{\"message\":\"not found\"}"};
    if (!str_eq(chan->bridge, bridge))
        return (struct sup_answer){422, "{\"message\":\"Channel not in this bridge\"}"};
    sup_leave_bridge(rig, id);
    return (struct sup_answer){204, ""};
}

static struct sup_answer do_snoop(struct sup_rig *rig, const char *target, const char *id)
{
    char name[80];
    if (sup_chan(rig, target) == NULL)
        return (struct sup_answer){404, "{\"message\":\"Channel not found\"}"};
    snprintf(name, sizeof name, "Snoop/%s-0000", target);
    struct pbx_chan *chan = make_chan(rig, id, name, "Up", "");
    str_copy(chan->app, sizeof chan->app, "Stasis");
    say(rig, "StasisStart", chan, NULL, 0);
    return (struct sup_answer){200, "{}"};
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

static struct sup_answer do_continue(struct sup_rig *rig, const char *id, const char *uri)
{
    char extension[40], context[40];
    sup_query(uri, "extension", extension, sizeof extension);
    sup_query(uri, "context", context, sizeof context);
    struct pbx_chan *phone = sup_chan(rig, id);
    if (phone == NULL)
        return (struct sup_answer){404, "{\"message\":\"not found\"}"};
    sup_leave_bridge(rig, id);
    say(rig, "StasisEnd", phone, NULL, 0);
    str_copy(phone->app, sizeof phone->app, "Answer");
    say(rig, "ChannelDialplan", phone, NULL, 0);
    bool is_pickup = str_eq(extension, "pickupchan");
    struct pbx_chan *to = chan_named(rig, is_pickup ? rig->pickup : rig->retrieve);
    if (rig->dialplan == DIALPLAN_SLOW)
        return (struct sup_answer){204, ""};
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
    return (struct sup_answer){204, ""};
}

static struct sup_answer do_variable(struct sup_rig *rig, const char *method, const char *id,
                                     const char *uri)
{
    char name[40], value[80];
    const struct pbx_chan *chan = sup_chan(rig, id);
    struct sup_answer answer = {200, ""};
    sup_query(uri, "variable", name, sizeof name);
    sup_query(uri, "value", value, sizeof value);
    if (chan == NULL)
        return (struct sup_answer){404, "{\"message\":\"Channel not found\"}"};
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
    return (struct sup_answer){204, ""};
}

static struct sup_answer do_delete(struct sup_rig *rig, const char *kind, const char *id)
{
    if (str_eq(kind, "bridges") && has_bridge(rig, id)) {
        sup_destroy_bridge(rig, id);
        return (struct sup_answer){204, ""};
    }
    struct pbx_chan *chan = sup_chan(rig, id);
    if (str_eq(kind, "bridges") || chan == NULL)
        return (struct sup_answer){404, "{\"message\":\"not found\"}"};
    sup_hangup(rig, id, 16);
    return (struct sup_answer){204, ""};
}

void sup_rename(struct sup_rig *rig, const char *id, const char *name)
{
    str_copy(sup_chan(rig, id)->name, sizeof rig->chans.items[0].name, name);
    say(rig, "ChannelConnectedLine", sup_chan(rig, id), NULL, 0);
}

struct sup_answer sup_do(struct sup_rig *rig, const char *method, const char *uri)
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
    if (str_eq(verb, "removeChannel"))
        return do_remove(rig, id, uri);
    if (str_eq(verb, "snoop"))
        return do_snoop(rig, id, last);
    if (str_eq(method, "GET") && str_eq(kind, "channels"))
        return sup_chan(rig, id) != NULL ? (struct sup_answer){200, "{}"}
                                         : (struct sup_answer){404, "{}"};
    assert_string_equal(kind, "bridges");
    if (str_eq(method, "GET"))
        return do_read_bridge(rig, id);
    return do_bridge(rig, id, uri);
}
