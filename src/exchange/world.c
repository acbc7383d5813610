#include "ex.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <math.h>
#include <stdio.h>

/* The one table of switches. */
static const struct {
    enum ex_switch which;
    const char *name;
    bool is_on;
} switch_table[] = {
    {EX_PICKUP_HELD, "pickup-held", true},
    {EX_CALLOUT_STAR, "callout-star", true},
    {EX_MASK_ABSENT, "mask-absent", true},
    {EX_RESERVED_REQUIRED, "reserved-required", false},
    {EX_WSTOKEN_ONCE, "wstoken-once", false},
    {EX_BATCH_COUNTS_EACH, "batch-counts-each", false},
    {EX_RING_LOCKS_HOLD, "ring-locks-hold", true},
    {EX_REPLAY_AT_ONCE, "replay-at-once", false},
    {EX_BAD_TOKEN_HTTP, "bad-token-http", true},
    {EX_IDS_AS_NUMBERS, "ids-as-numbers", true},
    {EX_CONTROL_ANY, "control-any", true},
    {EX_SUPERVISE_OUTBOUND, "supervise-outbound", true},
};
_Static_assert(sizeof switch_table / sizeof switch_table[0] == EX_SWITCH_COUNT,
               "every switch has its row");

/* A name as the table has it, or as the enum: any case, "_" for "-", with or without "EX_". */
static bool is_name(const char *name, const char *text)
{
    if ((text[0] == 'E' || text[0] == 'e') && (text[1] == 'X' || text[1] == 'x') && text[2] == '_')
        text += 3;
    for (; *name && *text; name++, text++) {
        char c = *text == '_' ? '-' : *text;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != *name)
            return false;
    }
    return *name == *text;
}

bool ex_switch_on(const struct ex *x, enum ex_switch which)
{
    return x->switches[which];
}

bool ex_switch_set(struct ex *x, const char *name, bool is_on)
{
    for (size_t i = 0; i < EX_SWITCH_COUNT; i++) {
        if (is_name(switch_table[i].name, name)) {
            x->switches[switch_table[i].which] = is_on;
            return true;
        }
    }
    return false;
}

const char *ex_switch_name(enum ex_switch which)
{
    for (size_t i = 0; i < EX_SWITCH_COUNT; i++) {
        if (switch_table[i].which == which)
            return switch_table[i].name;
    }
    return "";
}

/* --- random: xoshiro256**, seeded by splitmix64 ---------------------------------------------- */

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static uint64_t rotate(uint64_t v, int bits)
{
    return v << bits | v >> (64 - bits);
}

static uint64_t random_bits(struct ex *x)
{
    uint64_t *s = x->random;
    uint64_t out = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return out;
}

uint64_t ex_random(struct ex *x, uint64_t below)
{
    if (below < 2)
        return 0;
    /* Draws that would favour the small numbers are thrown away. */
    uint64_t least = (0 - below) % below;
    uint64_t drawn;
    do {
        drawn = random_bits(x);
    } while (drawn < least);
    return drawn % below;
}

double ex_random_exp(struct ex *x, double mean)
{
    double even = ((double)(random_bits(x) >> 11) + 1.0) / 9007199254740993.0; /* (0, 1) */
    return -mean * log(even);
}

/* --- time ------------------------------------------------------------------------------------ */

int64_t ex_now(const struct ex *x)
{
    return x->now_ms;
}

int64_t ex_wall(const struct ex *x)
{
    return x->options.start_wall_ms + x->now_ms;
}

int64_t ex_wall_of(const struct ex *x, int64_t ms)
{
    return x->options.start_wall_ms + ms;
}

int64_t ex_next_ms(const struct ex *x)
{
    return timers_next_ms(&x->timers);
}

void ex_advance(struct ex *x, int64_t now_ms)
{
    int64_t at_ms;
    ex_fire *fire;
    void *self;
    while (timers_take(&x->timers, now_ms, &at_ms, &fire, &self)) {
        if (at_ms > x->now_ms)
            x->now_ms = at_ms;
        fire(x, self);
    }
    if (now_ms > x->now_ms)
        x->now_ms = now_ms;
}

void ex_after(struct ex *x, int64_t ms, ex_fire *fire, void *self)
{
    timers_add(&x->timers, x->now_ms + (ms > 0 ? ms : 0), fire, self);
}

void ex_cancel(struct ex *x, const void *self)
{
    timers_cancel(&x->timers, self);
}

/* --- events ---------------------------------------------------------------------------------- */

void ex_listen(struct ex *x, void (*on_event)(void *self, const struct ex_event *event), void *self)
{
    x->on_event = on_event;
    x->listener = self;
}

void ex_emit(struct ex *x, enum ex_event_kind kind, uint64_t extension_id, json_t *body)
{
    if (x->on_event) {
        struct ex_event event = {.kind = kind,
                                 .extension_id = extension_id,
                                 .body = body,
                                 .is_sharing_news = x->is_sharing_news};
        x->on_event(x->listener, &event);
    }
    json_decref(body);
}

/* --- the whole ------------------------------------------------------------------------------- */

enum rc ex_new(struct ex **out, const struct ex_options *options, struct err *err)
{
    *out = NULL;
    if (options->users < 1 || options->users > 100000)
        return err_set(err, RC_USAGE, "%zu users: give a number from 1 to 100000", options->users);
    struct ex *x = mem_zero(1, sizeof *x);
    x->options = *options;
    x->options.state_file = NULL;
    for (size_t i = 0; i < EX_SWITCH_COUNT; i++)
        x->switches[switch_table[i].which] = switch_table[i].is_on;
    uint64_t seed = options->seed;
    for (size_t i = 0; i < 4; i++)
        x->random[i] = splitmix(&seed);
    x->lines_sequence = 2000 + ex_random(x, 4000);
    x->directory_version = 1;
    x->records_on_demand = true;
    ex_people_make(x);
    if (options->state_file) {
        enum rc rc = ex_store_open(x, options->state_file, err);
        if (rc != RC_OK) {
            ex_people_free(x);
            timers_fini(&x->timers);
            mem_free(x);
            return rc;
        }
    }
    ex_calls_init(x);
    *out = x;
    return RC_OK;
}

void ex_free(struct ex *x)
{
    if (!x)
        return;
    x->on_event = NULL;
    ex_store_close(x);
    ex_calls_fini(x);
    ex_people_free(x);
    timers_fini(&x->timers);
    mem_free(x);
}

uint64_t ex_account_id(const struct ex *x)
{
    (void)x;
    return EX_ACCOUNT_ID;
}
