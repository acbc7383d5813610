/* Removal of what was made: by this run, when it is not wanted any more, and by killed ones. */
#include "act_parts.h"

#include "callhud/backend/asterisk/supervise.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum rc act_ledger_put(const struct act *act, const char *kind, const char *id, struct err *err)
{
    const struct backend_ledger *ledger = &act->config.config->ledger;
    char thing[ARI_ID_BYTES + 16];
    snprintf(thing, sizeof thing, "%s/%s", kind, id);
    return ledger->put(ledger->self, thing, err);
}

void act_ledger_drop(void *act, const char *thing)
{
    const struct act *a = act;
    const struct backend_ledger *ledger = &a->config.config->ledger;
    if (ledger->drop != NULL)
        ledger->drop(ledger->self, thing);
}

static void free_thing(struct act_thing *thing)
{
    struct act *act = thing->act;
    for (size_t i = 0; i < act->things.len; i++) {
        if (act->things.items[i] == thing) {
            VEC_REMOVE(&act->things, i);
            break;
        }
    }
    mem_free(thing->thing);
    mem_free(thing);
}

void act_note_left(struct act *act)
{
    void (*done)(void *self) = act->left;
    if (done == NULL || act->things.len > 0 || act->probe.id[0] != '\0' || act->probe.drain != NULL)
        return;
    act->left = NULL;
    done(act->left_self);
}

static void tell_gone(struct act_thing *thing)
{
    struct act *act = thing->act;
    thing->gone(thing->self, thing->thing);
    free_thing(thing);
    act_note_left(act);
}

/* A snoop stays in the server's list until its target's next audio frame; nobody hears through it.
 */
static bool is_listed(const struct act_thing *thing)
{
    const char *id =
        str_starts(thing->thing, "channels/") ? thing->thing + strlen("channels/") : "";
    const struct ari_chan *chan = ari_world_chan(thing->act->config.world, id);
    return chan != NULL && !ari_chan_is_snoop(chan);
}

void act_clean_look(struct act *act)
{
    for (size_t i = 0; i < act->things.len;) {
        struct act_thing *thing = act->things.items[i];
        if (thing->is_deleted && !is_listed(thing)) {
            tell_gone(thing);
            i = 0; /* gone() may have added or removed */
        } else {
            i++;
        }
    }
}

/* "#8HEX" at the end of a claim; NULL: it is none. */
static const char *claim_mark(const char *thing)
{
    return str_starts(thing, "bridges/" SUPERVISE_CLAIM_PREFIX)
               ? strrchr(thing, SUPERVISE_CLAIM_MARK[0])
               : NULL;
}

static void request(struct act_thing *thing, const char *method, rest_done *done)
{
    const char *slash = strchr(thing->thing, '/'), *mark = claim_mark(thing->thing);
    char id[ARI_ID_BYTES * 2];
    struct buf uri;
    snprintf(id, sizeof id, "%.*s", (int)(mark != NULL ? mark - slash - 1 : INT_MAX), slash + 1);
    buf_init(&uri, 4096);
    buf_put(&uri, thing->thing, (size_t)(slash + 1 - thing->thing));
    ari_escape(&uri, id);
    struct rest_request asked = {.method = method, .uri = buf_text(&uri)};
    thing->is_asked = true;
    rest_ask(thing->act->config.rest, &asked, done, thing);
    buf_fini(&uri);
}

static void leave_for_later(const struct act_thing *thing, const struct rest_answer *answer)
{
    log_warn("ari", "%s is left for the next snapshot to remove: %s", thing->thing, answer->text);
    if (answer->status == 403)
        ari_act_read_only(thing->act);
}

static void on_deleted(void *self, const struct rest_answer *answer)
{
    struct act_thing *thing = self;
    thing->is_asked = false;
    thing->is_deleted = answer->rc == RC_OK && answer->status >= 200 && answer->status < 300;
    if (answer->rc == RC_OK && answer->status == 404) {
        tell_gone(thing);
    } else if (thing->is_deleted) { /* a yes is a promise */
        act_clean_look(thing->act);
    } else {
        leave_for_later(thing, answer);
    }
}

/* Another callhud may have claimed the same call meanwhile: the name says whose claim it is. */
static void on_named(void *self, const struct rest_answer *answer)
{
    struct act_thing *thing = self;
    char name[ARI_NUMBER_BYTES];
    bool is_there =
        answer->rc == RC_OK && answer->status == 200 &&
        ari_bridge_name_decode(answer->body, answer->body_len, name, sizeof name) == RC_OK;
    thing->is_asked = false;
    if (is_there && str_ends(name, claim_mark(thing->thing) + 1))
        request(thing, "DELETE", on_deleted);
    else if (is_there || (answer->rc == RC_OK && answer->status == 404))
        tell_gone(thing);
    else
        leave_for_later(thing, answer);
}

/* A phone that went on into the dialplan, or that people led to somebody, is in a call of its own:
 * the other party must not be lost because the callhud that called it was killed just then. */
static bool is_on_its_own(const struct act *act, const char *thing)
{
    if (!str_starts(thing, "channels/"))
        return false;
    const struct ari_chan *chan = ari_world_chan(act->config.world, thing + strlen("channels/"));
    if (chan == NULL || chan->fact.state != ARI_STATE_UP || ari_chan_is_snoop(chan))
        return false;
    if (chan->room != NULL && chan->room->members.len > 1 &&
        !str_starts(chan->room->fact.id, "callhud-"))
        return true;
    return chan->fact.app[0] != '\0' && !str_eq(chan->fact.app, "Stasis") &&
           !str_eq(chan->fact.app, "AppDial2");
}

static void on_unsubscribed(void *self, bool is_gone)
{
    struct act_thing *thing = self;
    thing->is_asked = false;
    thing->unsub = NULL;
    if (is_gone)
        tell_gone(thing);
}

static void ask(struct act_thing *thing)
{
    static const char applications[] = "applications/";
    const struct ari_part_config *config = &thing->act->config;
    if (str_starts(thing->thing, applications)) {
        const struct unsub_config unsub = {.io = config->io,
                                           .rest = config->rest,
                                           .config = config->config,
                                           .app = thing->thing + strlen(applications),
                                           .done = on_unsubscribed,
                                           .self = thing};
        thing->is_asked = true;
        thing->unsub = unsub_start(&unsub);
        return;
    }
    if (claim_mark(thing->thing) != NULL)
        request(thing, "GET", on_named);
    else
        request(thing, "DELETE", on_deleted);
}

void act_clean_ask(struct act *act)
{
    if (!act->is_synced)
        return;
    for (size_t i = 0; i < act->things.len;) {
        struct act_thing *thing = act->things.items[i];
        if (!thing->is_asked && is_on_its_own(act, thing->thing)) {
            log_info("ari", "%s is in a call of its own by now: it stays", thing->thing);
            tell_gone(thing);
            i = 0; /* gone() may have added or removed */
            continue;
        }
        if (!thing->is_asked)
            ask(thing);
        i++;
    }
}

static void on_turn(void *self)
{
    struct act *act = self;
    act->clean = NULL;
    act_clean_ask(act);
}

void act_clean_add(struct act *act, const char *thing, void (*gone)(void *self, const char *thing),
                   void *self)
{
    struct act_thing *added = mem_zero(1, sizeof *added);
    added->act = act;
    added->thing = mem_dup(thing);
    added->gone = gone;
    added->self = self;
    VEC_PUSH(&act->things, added);
    if (act->clean == NULL)
        act->clean = act->config.io->timer(act->config.io->net, 0, on_turn, act);
}

void act_clean_lost(struct act *act)
{
    for (size_t i = 0; i < act->things.len; i++) {
        struct act_thing *thing = act->things.items[i];
        rest_cancel(act->config.rest, thing);
        unsub_cancel(thing->unsub);
        thing->unsub = NULL;
        thing->is_asked = false;
    }
}

void act_clean_free(struct act *act)
{
    act_clean_lost(act);
    act->config.io->timer_stop(act->clean);
    while (act->things.len > 0)
        free_thing(act->things.items[act->things.len - 1]);
    VEC_FREE(&act->things);
}

bool ari_act_leave(struct act *act, void (*done)(void *self), void *self)
{
    if (act->things.len == 0 && act->probe.id[0] == '\0' && act->probe.drain == NULL)
        return false;
    act->left = done;
    act->left_self = self;
    return true;
}

/* A ledger that was tampered with must not end a person's call: every id of callhud begins so. */
static bool is_ours(const char *thing)
{
    return str_starts(thing, "channels/callhud-") || str_starts(thing, "bridges/callhud-") ||
           str_starts(thing, "applications/callhud-");
}

void ari_act_clean(struct act *act, const char *const *things, size_t len,
                   void (*gone)(void *self, const char *thing), void *self)
{
    for (size_t i = 0; i < len; i++) {
        if (is_ours(things[i]))
            act_clean_add(act, things[i], gone, self);
        else
            log_warn("ari", "the ledger names %s, which callhud never made: left alone", things[i]);
    }
}
