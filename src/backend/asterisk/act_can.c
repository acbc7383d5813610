/* What can be done at all, and why not: told to the model when it changes. */
#include "act_parts.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

static const char *context_of(const struct act *act)
{
    const char *context = act->config.config->retrieve_context;
    return str_is_empty(context) ? "retrieve" : context;
}

/* ---- levels ---- */

static const char *phone_lacks(const struct act *act)
{
    const char *phone = act->config.config->phone;
    if (str_is_empty(phone))
        return "set 'phone = PJSIP/EXT' in the profile: this action needs your own phone";
    return strchr(phone, '/') == NULL ? "'phone' in the profile names no channel technology: write "
                                        "it as PJSIP/EXT"
                                      : NULL;
}

static bool uses_dialplan(enum action_kind kind)
{
    return kind == ACTION_PICKUP || kind == ACTION_TAKEOVER;
}

static bool dialplan_lacks(const struct act *act, enum action_kind kind, char why[ACT_WHY_BYTES])
{
    bool has_bridge = act->probe.bridge != ACT_EXISTS_NO;
    bool has_pickup = act->probe.pickupchan != ACT_EXISTS_NO;
    if (!uses_dialplan(kind))
        return false;
    if (has_bridge && (has_pickup || kind == ACTION_TAKEOVER))
        return false;
    if (!has_bridge && !has_pickup)
        snprintf(why, ACT_WHY_BYTES,
                 "the server's dialplan has no context '%.60s': callhud doctor --example asterisk "
                 "prints it",
                 context_of(act));
    else
        snprintf(why, ACT_WHY_BYTES,
                 "the server's dialplan lacks '%s' in its context '%.60s': callhud doctor "
                 "--example asterisk prints it",
                 has_bridge ? "pickupchan" : "bridge", context_of(act));
    return true;
}

static bool dnd_lacks(const struct act *act, char why[ACT_WHY_BYTES])
{
    const char *device = act->config.config->dnd_device;
    if (str_is_empty(device))
        snprintf(why, ACT_WHY_BYTES,
                 "set 'dnd_device = Custom:DND%%s' in the profile: there is no "
                 "device that stands for do not disturb");
    else if (!str_starts(device, "Custom:"))
        str_format(why, ACT_WHY_BYTES,
                   "'dnd_device = %.60s' in the profile can only be looked at: the server lets "
                   "nothing but Custom: devices be set",
                   device);
    else
        return false;
    return true;
}

/* why stays "" when nothing is missing. */
static void look(const struct act *act, enum action_kind kind, char why[ACT_WHY_BYTES])
{
    bool makes_nothing = kind == ACTION_HANGUP || kind == ACTION_DND;
    bool uses_phone = !makes_nothing && kind != ACTION_RECORD;
    why[0] = '\0';
    if (act->config.config->is_read_only)
        str_copy(why, ACT_WHY_BYTES, "--read-only is on: start callhud without it to act on calls");
    else if (act->is_read_only)
        str_copy(why, ACT_WHY_BYTES, ACT_READ_ONLY_WHY);
    else if (!makes_nothing && act->config.config->ledger.put == NULL)
        str_copy(why, ACT_WHY_BYTES,
                 "what is made at the server could not be written down: see that the state folder "
                 "can be written");
    else if (uses_phone && phone_lacks(act) != NULL)
        str_copy(why, ACT_WHY_BYTES, phone_lacks(act));
    else if (kind != ACTION_DND || !dnd_lacks(act, why))
        dialplan_lacks(act, kind, why);
}

void act_can_tell(struct act *act)
{
    for (int kind = 0; act->is_synced && kind < ACTION_COUNT; kind++) {
        struct backend_level *told = &act->levels[kind];
        char why[ACT_WHY_BYTES];
        look(act, (enum action_kind)kind, why);
        enum capability level = why[0] == '\0' ? CAPABILITY_NATIVE : CAPABILITY_MISSING;
        /* a phone is not called in vain: who waits for this is told when it is known */
        if (!told->is_told && level == CAPABILITY_NATIVE && act->probe.is_running &&
            uses_dialplan((enum action_kind)kind))
            continue;
        backend_tell_capability(&act->config.sink, told, (enum action_kind)kind, level, why);
    }
}

enum capability ari_act_capability(const struct act *act, enum action_kind kind, const char **why)
{
    const struct backend_level *told = &act->levels[kind];
    *why = told->is_told ? told->why : "the server's state has not been read yet: wait for it";
    return told->is_told ? told->level : CAPABILITY_MISSING;
}

/* ---- does the dialplan have what a phone is sent to? ---- */

/* Any channel can be asked (DIALPLAN_EXISTS), so the first that is there is: without a call nobody
 * needs to know. Only doctor, which has to know, makes a Local channel for it, never dialled.
 * Asterisk 22.10 locks up when the websocket of a channel's application closes while that channel
 * goes, so its going is waited for (drain). */
#define DRAIN_MS 400
#define MISSES_MAX 8 /* channels that were gone when they were asked; then nobody knows */

static void take_exists(struct act *act, enum act_exists *exists, const struct rest_answer *answer);

static void on_bridge(void *self, const struct rest_answer *answer)
{
    struct act *act = self;
    take_exists(act, &act->probe.bridge, answer);
}

static void on_pickupchan(void *self, const struct rest_answer *answer)
{
    struct act *act = self;
    take_exists(act, &act->probe.pickupchan, answer);
}

static void ask_exists(struct act *act, const char *channel_id, const char *extension,
                       rest_done *done)
{
    char variable[ARI_DATA_BYTES];
    struct buf uri;
    buf_init(&uri, 4096);
    snprintf(variable, sizeof variable, "DIALPLAN_EXISTS(%.150s,%s,1)", context_of(act), extension);
    buf_puts(&uri, "channels/");
    ari_escape(&uri, channel_id);
    buf_puts(&uri, "/variable?variable=");
    ari_escape(&uri, variable);
    struct rest_request request = {.method = "GET", .uri = buf_text(&uri)};
    rest_ask(act->config.rest, &request, done, act);
    act->probe.waits++;
    buf_fini(&uri);
}

static void ask_both(struct act *act, const char *channel_id)
{
    act->probe.is_running = true;
    act->probe.is_channel_gone = false;
    ask_exists(act, channel_id, "bridge", on_bridge);
    ask_exists(act, channel_id, "pickupchan", on_pickupchan);
}

static void on_drained(void *self)
{
    struct act *act = self;
    act->probe.drain = NULL;
    act_note_left(act);
}

/* gone() is handed the channel and its other half, which goes with it (seen on 22.10). */
static void let_go(struct act *act, void (*gone)(struct act *act, const char *thing))
{
    struct act_probe *probe = &act->probe;
    const struct io *io = act->config.io;
    char *const ids[] = {probe->id, probe->other_id};
    if (ids[0][0] != '\0' && probe->drain == NULL)
        probe->drain = io->timer(io->net, DRAIN_MS, on_drained, act);
    for (size_t i = 0; i < 2; i++) {
        char thing[ARI_ID_BYTES + 16];
        snprintf(thing, sizeof thing, "channels/%s", ids[i]);
        if (ids[i][0] != '\0')
            gone(act, thing);
        ids[i][0] = '\0';
    }
    probe->waits = 0;
    probe->is_running = false;
    act_note_left(act);
}

static void remove_later(struct act *act, const char *thing)
{
    act_clean_add(act, thing, act_ledger_drop, act);
}

static void drop(struct act *act, const char *thing)
{
    act_ledger_drop(act, thing);
}

/* "1", "0"; 500: the server cannot tell (func_dialplan is not loaded); 404: the channel has gone.
 */
static void take_exists(struct act *act, enum act_exists *exists, const struct rest_answer *answer)
{
    char value[ARI_DATA_BYTES] = "";
    bool is_told =
        answer->rc == RC_OK && answer->status == 200 &&
        ari_variable_decode(answer->body, answer->body_len, value, sizeof value) == RC_OK;
    if (answer->rc == RC_OK && answer->status == 404)
        act->probe.is_channel_gone = true;
    else
        *exists = is_told && str_eq(value, "1")   ? ACT_EXISTS_YES
                  : is_told && str_eq(value, "0") ? ACT_EXISTS_NO
                                                  : ACT_EXISTS_UNKNOWN;
    if (--act->probe.waits > 0)
        return;
    act->probe.misses += act->probe.is_channel_gone;
    act->probe.is_answered = !act->probe.is_channel_gone || act->probe.misses == MISSES_MAX;
    let_go(act, remove_later);
    act_can_tell(act);
}

static void on_made(void *self, const struct rest_answer *answer)
{
    struct act *act = self;
    struct act_probe *probe = &act->probe;
    probe->waits = 0;
    if (answer->rc == RC_OK && answer->status >= 200 && answer->status < 300) {
        ask_both(act, probe->id);
        return;
    }
    log_info("ari", "the dialplan could not be looked at: %s", answer->text);
    probe->bridge = probe->pickupchan = ACT_EXISTS_UNKNOWN;
    if (answer->rc == RC_OK && answer->status < 500)
        let_go(act, drop); /* never made */
    else
        let_go(act, remove_later);
    if (answer->status == 403)
        ari_act_read_only(act);
    else
        act_can_tell(act);
}

static bool name_channels(struct act *act)
{
    struct act_probe *probe = &act->probe;
    struct err err = {0};
    const struct io *io = act->config.io;
    unsigned number = ++act->last_number;
    snprintf(probe->id, sizeof probe->id, "callhud-%08lx-probe-%u",
             (unsigned long)io->random(io->net), number);
    snprintf(probe->other_id, sizeof probe->other_id, "%.80s-half", probe->id);
    bool is_first_in = act_ledger_put(act, "channels", probe->id, &err) == RC_OK;
    if (is_first_in && act_ledger_put(act, "channels", probe->other_id, &err) == RC_OK)
        return true;
    log_warn("ari", "the dialplan is not looked at: %s", err.text);
    char thing[ARI_ID_BYTES + 16];
    snprintf(thing, sizeof thing, "channels/%s", probe->id);
    if (is_first_in)
        act_ledger_drop(act, thing); /* nothing was asked for */
    probe->id[0] = probe->other_id[0] = '\0';
    return false;
}

static void make_channel(struct act *act, const char *app)
{
    struct act_probe *probe = &act->probe;
    char endpoint[ARI_DATA_BYTES];
    struct buf uri;
    if (act->config.config->ledger.put == NULL || !name_channels(act))
        return;
    buf_init(&uri, 4096);
    snprintf(endpoint, sizeof endpoint, "Local/bridge@%.150s/n", context_of(act));
    buf_puts(&uri, "channels/create?endpoint=");
    ari_escape(&uri, endpoint);
    buf_puts(&uri, "&app=");
    ari_escape(&uri, app);
    buf_puts(&uri, "&channelId=");
    ari_escape(&uri, probe->id);
    buf_puts(&uri, "&otherChannelId=");
    ari_escape(&uri, probe->other_id);
    struct rest_request request = {.method = "POST", .uri = buf_text(&uri)};
    probe->waits = 1;
    probe->is_running = true;
    rest_ask(act->config.rest, &request, on_made, act);
    buf_fini(&uri);
}

/* One that will not be gone in a moment, if there is such a one. */
static const struct ari_chan *channel_to_ask(const struct act *act)
{
    const struct ari_world *world = act->config.world;
    const struct ari_chan *found = NULL;
    for (size_t i = 0; i < world->chans.len; i++) {
        const struct ari_chan *chan = world->chans.items[i];
        if (chan->is_leaving || ari_chan_is_snoop(chan))
            continue;
        if (found == NULL || (chan->owner != NULL && found->owner == NULL))
            found = chan;
    }
    return found;
}

void act_can_probe(struct act *act)
{
    struct act_probe *probe = &act->probe;
    const struct backend_config *config = act->config.config;
    const char *app = act->config.app(act->config.self);
    if (config->is_read_only || act->is_read_only || phone_lacks(act) != NULL || app == NULL ||
        !act->is_synced || probe->is_running || probe->is_answered)
        return;
    const struct ari_chan *chan = channel_to_ask(act);
    if (chan != NULL)
        ask_both(act, chan->fact.id);
    else if (config->is_checking && !probe->is_made)
        make_channel(act, app);
    probe->is_made |= probe->id[0] != '\0';
}

void act_can_lost(struct act *act)
{
    rest_cancel(act->config.rest, act); /* nothing but these questions asks as `act` */
    let_go(act, remove_later);
    act->probe.is_answered = act->probe.is_made = false;
    act->probe.misses = 0;
}

void act_can_free(struct act *act)
{
    act->config.io->timer_stop(act->probe.drain);
    act->probe.drain = NULL;
}
