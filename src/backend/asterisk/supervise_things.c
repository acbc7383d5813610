/* Channels and bridges that were made for a supervision: each is in the ledger before it is asked
 * for, and until the server says that it is gone. */
#include "supervise_parts.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"

#include <stdio.h>
#include <string.h>

static const char *kind_of(const struct thing *thing)
{
    return thing->part == PART_PHONE || thing->part == PART_SNOOP ? "channels" : "bridges";
}

/* Of a claim also what its name says whose it is, for the id alone may be another callhud's by the
 * time that it is to be removed (act_clean.c). */
static void ledger_text(const struct thing *thing, char *to, size_t size)
{
    snprintf(to, size, "%s/%s%s%.8s", kind_of(thing), thing->id,
             thing->part == PART_CLAIM ? SUPERVISE_CLAIM_MARK : "",
             thing->part == PART_CLAIM ? thing->s->prefix + strlen("callhud-") : "");
}

static enum rc enlist(struct thing *thing, struct err *err)
{
    const struct backend_ledger *ledger = &thing->s->config.config->ledger;
    char text[SUPERVISE_ID_BYTES + 16];
    if (thing->is_listed)
        return RC_OK;
    if (ledger->put == NULL)
        return err_set(err, RC_IO, "nothing can be made: there is no ledger to write it into");
    ledger_text(thing, text, sizeof text);
    enum rc rc = ledger->put(ledger->self, text, err);
    thing->is_listed = rc == RC_OK;
    return rc;
}

void supervise_list(struct thing *thing)
{
    struct err err = {0};
    if (enlist(thing, &err) != RC_OK)
        log_warn("ari", "%s: %s", thing->id, err.text);
}

void supervise_unlist(struct thing *thing)
{
    const struct backend_ledger *ledger = &thing->s->config.config->ledger;
    char text[SUPERVISE_ID_BYTES + 16];
    if (!thing->is_listed)
        return;
    thing->is_listed = false;
    ledger_text(thing, text, sizeof text);
    ledger->drop(ledger->self, text);
}

static void name_thing(const struct supervise *s, struct thing *thing, unsigned number)
{
    static const char *const modes[] = {"snoop", "listen", "whisper", "barge"};
    switch (thing->part) {
    case PART_PHONE: snprintf(thing->id, sizeof thing->id, "%sphone-%u", s->prefix, number); break;
    case PART_BRIDGE:
        snprintf(thing->id, sizeof thing->id, "%sbridge-%u", s->prefix, number);
        break;
    case PART_SNOOP:
        snprintf(thing->id, sizeof thing->id, "%s%s-%u", s->prefix, modes[thing->mode], number);
        break;
    case PART_CLAIM:
        snprintf(thing->id, sizeof thing->id, SUPERVISE_CLAIM_PREFIX "%s", s->asked.target_id);
        break;
    }
}

static struct thing **place_of(struct supervise *s, enum part part)
{
    switch (part) {
    case PART_PHONE: return &s->phone;
    case PART_BRIDGE: return &s->bridge;
    case PART_SNOOP: return &s->snoop;
    case PART_CLAIM: return &s->claim;
    }
    return NULL;
}

static struct thing *add(struct supervise *s, enum part part)
{
    struct thing *thing = mem_zero(1, sizeof *thing);
    thing->s = s;
    thing->part = part;
    VEC_PUSH(&s->things, thing);
    return thing;
}

static void remove_thing(struct thing *thing)
{
    struct supervise *s = thing->s;
    struct thing **place = place_of(s, thing->part);
    if (*place == thing)
        *place = NULL;
    if (s->old_snoop == thing)
        s->old_snoop = NULL;
    for (size_t i = 0; i < s->things.len; i++) {
        if (s->things.items[i] == thing) {
            VEC_REMOVE(&s->things, i);
            break;
        }
    }
    rest_cancel(s->config.rest, thing);
    mem_free(thing);
}

struct thing *supervise_make(struct supervise *s, enum part part, enum supervise_mode mode)
{
    struct thing *thing = add(s, part);
    thing->mode = mode;
    name_thing(s, thing, ++s->serial);
    if (enlist(thing, &s->ledger) != RC_OK) {
        remove_thing(thing);
        return NULL;
    }
    *place_of(s, part) = thing;
    return thing;
}

struct thing *supervise_find(const struct supervise *s, const char *id)
{
    for (size_t i = 0; i < s->things.len; i++)
        if (str_eq(s->things.items[i]->id, id))
            return s->things.items[i];
    return NULL;
}

void supervise_forget(struct thing *thing)
{
    supervise_unlist(thing);
    remove_thing(thing);
}

void supervise_forget_all(struct supervise *s)
{
    while (s->things.len > 0)
        remove_thing(s->things.items[s->things.len - 1]);
    VEC_FREE(&s->things);
}

/* ---- removal ---- */

static void erase(struct thing *thing);

static void news(struct supervise *s)
{
    if (supervise_is_clean(s))
        supervise_feed(s, IN_CLEAN);
    supervise_check_left(s);
}

static void gone(struct thing *thing)
{
    struct supervise *s = thing->s;
    supervise_forget(thing);
    news(s);
}

static void on_sweep(void *self)
{
    struct supervise *s = self;
    s->sweep = NULL;
    for (size_t i = 0; i < s->things.len; i++) {
        struct thing *thing = s->things.items[i];
        if (thing->is_doomed && thing->due_ms != 0 && thing->due_ms <= supervise_now(s)) {
            erase(thing);
            i = SIZE_MAX; /* it may be gone: from the start; what was asked for is not due */
        }
    }
    supervise_sweep(s);
}

/* Arms the timer for the next try that is due. */
void supervise_sweep(struct supervise *s)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < s->things.len; i++) {
        const struct thing *thing = s->things.items[i];
        if (thing->is_doomed && thing->due_ms != 0 && thing->due_ms < next_ms)
            next_ms = thing->due_ms;
    }
    const struct io *io = s->config.io;
    io->timer_stop(s->sweep);
    s->sweep = NULL;
    if (next_ms == INT64_MAX)
        return;
    int64_t wait_ms = next_ms - supervise_now(s);
    s->sweep = io->timer(io->net, wait_ms > 0 ? wait_ms : 0, on_sweep, s);
}

void supervise_retry_all(struct supervise *s)
{
    for (size_t i = 0; i < s->things.len; i++) {
        struct thing *thing = s->things.items[i];
        thing->tries = 0;
        if (thing->is_doomed && !thing->is_deleting && !thing->is_deleted && !thing->is_open)
            thing->due_ms = supervise_now(s);
    }
    supervise_sweep(s);
}

bool supervise_is_our_claim(const struct supervise *s, const char *name)
{
    char end[16];
    snprintf(end, sizeof end, " %.8s", s->prefix + strlen("callhud-"));
    return str_ends(name, end);
}

void supervise_adopt_doomed(struct supervise *s, enum part part, const char *id)
{
    struct thing *thing = add(s, part);
    str_copy(thing->id, sizeof thing->id, id);
    supervise_doom(thing);
}

static void again(struct thing *thing)
{
    struct supervise *s = thing->s;
    thing->due_ms = 0;
    if (++thing->tries < SUPERVISE_TRIES)
        thing->due_ms = supervise_now(s) + ((int64_t)SUPERVISE_RETRY_MS << (thing->tries - 1));
    supervise_sweep(s);
}

static void on_erased(void *self, const struct rest_answer *answer)
{
    struct thing *thing = self;
    struct supervise *s = thing->s;
    bool is_yes = answer->rc == RC_OK && answer->status >= 200 && answer->status < 300;
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    thing->is_deleting = false;
    if (is_missing && thing->is_doubtful) { /* what made it may only arrive now */
        thing->is_doubtful = false;
        again(thing);
    } else if (is_yes && thing->part == PART_PHONE && thing->is_seen && s->is_synced) {
        thing->is_deleted =
            true; /* asked for; it is gone, and free to ring again, with its event */
        news(s);
    } else if (is_yes || is_missing) {
        gone(thing);
    } else {
        log_warn("ari", "%s could not be removed: %s", thing->id, answer->text);
        again(thing);
    }
}

/* A phone that talks with somebody now, by the dialplan or led there by people, is a person's call.
 */
static bool is_a_call(const struct thing *thing)
{
    const struct ari_chan *chan = ari_world_chan(thing->s->config.world, thing->id);
    return thing->part == PART_PHONE && chan != NULL && chan->room != NULL &&
           chan->room->members.len > 1 && !str_starts(chan->room->fact.id, thing->s->prefix);
}

static void on_looked(void *self, const struct rest_answer *answer)
{
    struct thing *thing = self;
    struct supervise *s = thing->s;
    thing->is_deleting = false;
    if (answer->rc == RC_OK && answer->status == 404) {
        gone(thing);
    } else if (answer->rc == RC_OK && answer->status == 200) {
        thing->is_looked_at = true;
        thing->due_ms = supervise_now(s) + SUPERVISE_SETTLE_MS;
        supervise_sweep(s);
    } else {
        again(thing);
    }
}

/* A server that answers late may have the phone on its way to the caller still, and would lose the
 * caller with it: only when it has answered this, and no event has said that they are together
 * within a moment from then, the phone is alone. */
static void look_first(struct thing *thing)
{
    struct buf uri;
    buf_init(&uri, 4096);
    buf_puts(&uri, "channels/");
    ari_escape(&uri, thing->id);
    struct rest_request request = {
        .method = "GET", .uri = buf_text(&uri), .timeout_ms = SUPERVISE_STEP_MS};
    thing->is_deleting = true;
    rest_ask(thing->s->config.rest, &request, on_looked, thing);
    buf_fini(&uri);
}

static void on_named(void *self, const struct rest_answer *answer)
{
    struct thing *thing = self;
    char name[ARI_NUMBER_BYTES];
    thing->is_deleting = false;
    bool is_there =
        answer->rc == RC_OK && answer->status == 200 &&
        ari_bridge_name_decode(answer->body, answer->body_len, name, sizeof name) == RC_OK;
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    if (is_there && supervise_is_our_claim(thing->s, name)) {
        thing->is_doubtful = false;
        erase(thing);
    } else if (is_there || (is_missing && thing->tries > 0)) {
        gone(thing);
    } else {
        again(thing);
    }
}

static void ask_name(struct thing *thing, rest_done *done)
{
    struct buf uri;
    buf_init(&uri, 4096);
    buf_puts(&uri, "bridges/");
    ari_escape(&uri, thing->id);
    struct rest_request request = {
        .method = "GET", .uri = buf_text(&uri), .timeout_ms = SUPERVISE_STEP_MS};
    rest_ask(thing->s->config.rest, &request, done, thing);
    buf_fini(&uri);
}

static void erase(struct thing *thing)
{
    struct supervise *s = thing->s;
    thing->due_ms = 0;
    if (thing->is_open || thing->is_deleting || thing->is_deleted)
        return;
    if (thing->part == PART_CLAIM && thing->is_doubtful) {
        thing->is_deleting = true; /* it may be another callhud's, whose name is on it then */
        ask_name(thing, on_named);
        return;
    }
    if (thing->is_on_its_way && !s->is_synced)
        return; /* not blindly; the next snapshot tells */
    if (is_a_call(thing)) {
        s->is_taken |= s->state == AT_STOP && supervise_is_bridged(s, thing->id);
        gone(thing);
        return;
    }
    if (thing->is_on_its_way && !thing->is_looked_at) {
        look_first(thing);
        return;
    }
    struct buf uri;
    buf_init(&uri, 4096);
    buf_printf(&uri, "%s/", kind_of(thing));
    ari_escape(&uri, thing->id);
    struct rest_request request = {
        .method = "DELETE", .uri = buf_text(&uri), .timeout_ms = SUPERVISE_STEP_MS};
    thing->is_deleting = true;
    rest_ask(s->config.rest, &request, on_erased, thing);
    buf_fini(&uri);
}

void supervise_doom(struct thing *thing)
{
    if (thing == NULL || thing->is_doomed)
        return;
    struct supervise *s = thing->s;
    struct thing **place = place_of(s, thing->part);
    if (*place == thing)
        *place = NULL;
    if (s->old_snoop == thing)
        s->old_snoop = NULL;
    thing->is_doomed = true;
    supervise_list(thing); /* was out of it while a person might have had it */
    erase(thing);
}

/* The snoop last: until its target's next audio frame Asterisk keeps a deleted one locked, and
 * whoever is removed while it is still bridged with it spins on that lock, with every request
 * behind (seen on 22.10). With the bridge gone nobody is. */
void supervise_doom_all(struct supervise *s, bool is_phone_kept)
{
    if (!is_phone_kept) {
        supervise_doom(s->bridge);
        supervise_doom(s->phone);
    }
    supervise_doom(s->snoop);
    supervise_doom(s->old_snoop);
    supervise_doom(s->claim);
}

void supervise_thing_ended(struct thing *thing)
{
    gone(thing);
}

bool supervise_is_clean(const struct supervise *s)
{
    for (size_t i = 0; i < s->things.len; i++) {
        const struct thing *thing = s->things.items[i];
        bool is_heard = thing->part == PART_PHONE || thing->part == PART_SNOOP;
        if (thing->is_doomed && is_heard)
            return false;
    }
    return true;
}

/* ---- making ---- */

/* Another callhud's, so not ours to remove. Its name says who has it; our own event of it may not
 * be here yet, or it may be gone already. */
static void on_others_claim(void *self, const struct rest_answer *answer)
{
    struct thing *thing = self;
    struct supervise *s = thing->s;
    bool is_used = s->claim == thing;
    s->claimant[0] = '\0';
    if (answer->rc == RC_OK && answer->status == 200)
        ari_bridge_name_decode(answer->body, answer->body_len, s->claimant, sizeof s->claimant);
    thing->is_open = false;
    supervise_forget(thing);
    if (is_used)
        supervise_feed(s, IN_CONFLICT);
}

static void on_made(void *self, const struct rest_answer *answer)
{
    struct thing *thing = self;
    struct supervise *s = thing->s;
    bool is_conflict = answer->rc == RC_OK && answer->status == 409;
    thing->is_open = false;
    thing->is_doubtful = answer->rc != RC_OK;
    bool is_used = *place_of(s, thing->part) == thing;
    if (thing->part == PART_CLAIM && is_conflict) {
        thing->is_open = true;
        ask_name(thing, on_others_claim);
        return;
    }
    if (thing->is_doomed)
        erase(thing);
    else if (is_used)
        supervise_feed(s, supervise_classify(s, answer));
}

void supervise_post(struct thing *thing, const char *uri, const char *body)
{
    struct rest_request request = {
        .method = "POST", .uri = uri, .body = body, .timeout_ms = SUPERVISE_STEP_MS};
    thing->is_open = true;
    rest_ask(thing->s->config.rest, &request, on_made, thing);
}
