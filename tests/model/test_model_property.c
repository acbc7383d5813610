/* Property test of the model: random histories are told to hud and to the naive implementation, and
 * after every step both must show the same. A history that ends with a whole snapshot must show the
 * truth. CALLHUD_SEED=N replays one history, CALLHUD_SEQUENCES=N sets how many are tried. */
#include "generate.h"
#include "naive.h"

#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/model/hud.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define RUN_MS 10000
#define SEQUENCES_MIN 3000
#define SHRINK_MS 30000

/* --- hud as a view -------------------------------------------------------------------------- */

static void view_user_of(const struct hud *hud, const struct user *user, int64_t now_ms,
                         struct view_user *out)
{
    struct lamp_view lamp = hud_lamp(hud, user, now_ms);
    struct pickup pickup = hud_pickup(hud, user, now_ms);
    str_copy(out->id, sizeof out->id, user->id);
    out->lamp = lamp.lamp;
    out->is_stale = lamp.is_stale;
    out->since_ms = lamp.since_ms;
    out->is_since_told = true;
    out->presence = user->presence;
    out->is_dnd = user->is_dnd;
    out->is_withheld = user->is_withheld;
    out->is_pickup_ok = pickup.is_ok;
    out->is_pickup_told = true;
    out->has_why = pickup.why != NULL;
    out->pending = user->pending;
    out->denied = 0;
    for (int right = 0; right < RIGHT_COUNT; right++) {
        out->denied |= user->denied[right] ? 1U << right : 0;
    }
    out->is_own = hud_is_own(hud, user);
    out->calls_len = user->calls.len < VIEW_CALLS_MAX ? user->calls.len : VIEW_CALLS_MAX;
    for (size_t i = 0; i < out->calls_len; i++) {
        const struct call *call = &user->calls.items[i];
        struct view_call *c = &out->calls[i];
        str_copy(c->id, sizeof c->id, call->id);
        c->state = call->state;
        c->direction = call->direction;
        c->since_ms = call->since_ms;
        c->is_since_told = c->is_began_told = true;
        c->began_ms = call->since_ms ? call->since_ms : call->seen_ms;
    }
}

static void view_of_hud(const struct hud *hud, int64_t now_ms, struct view *out)
{
    out->users_len = 0;
    for (size_t i = 0; i < hud->users.len && i < VIEW_USERS_MAX; i++) {
        view_user_of(hud, hud->users.items[i], now_ms, &out->users[out->users_len++]);
    }
    memcpy(out->counts, hud->counts, sizeof out->counts);
}

static const struct view_user *view_find(const struct view *view, const char *id)
{
    for (size_t i = 0; i < view->users_len; i++) {
        if (strcmp(view->users[i].id, id) == 0) {
            return &view->users[i];
        }
    }
    return NULL;
}

/* --- comparing ------------------------------------------------------------------------------ */

struct difference {
    char text[256]; /* "" when there is none */
};

static bool differ(struct difference *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool differ(struct difference *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->text, sizeof d->text, format, args);
    va_end(args);
    return true;
}

static const struct view_call *call_find(const struct view_user *user, const char *id)
{
    for (size_t i = 0; i < user->calls_len; i++) {
        if (strcmp(user->calls[i].id, id) == 0) {
            return &user->calls[i];
        }
    }
    return NULL;
}

/* Are the naive calls in one clear order at i? Not when two of a state began at once, or one of
 * them at a time that is not told. */
static bool is_place_clear(const struct view_user *user, size_t i)
{
    for (size_t j = 0; j < user->calls_len; j++) {
        const struct view_call *a = &user->calls[i];
        const struct view_call *b = &user->calls[j];
        if (a->state == b->state && (!b->is_began_told || (i != j && a->began_ms == b->began_ms))) {
            return false;
        }
    }
    return true;
}

static bool calls_differ(const struct view_user *hud, const struct view_user *naive,
                         struct difference *d)
{
    if (hud->calls_len != naive->calls_len) {
        return differ(d, "%s: %zu calls, naive %zu", hud->id, hud->calls_len, naive->calls_len);
    }
    for (size_t i = 0; i < naive->calls_len; i++) {
        const struct view_call *n = &naive->calls[i];
        const struct view_call *h = call_find(hud, n->id);
        if (!h || h->state != n->state || h->direction != n->direction) {
            return differ(d, "%s: call %s is not there or in another state", hud->id, n->id);
        }
        if (n->is_since_told && h->since_ms != n->since_ms) {
            return differ(d, "%s: since of call %s", hud->id, n->id);
        }
        if (hud->calls[i].state != n->state) {
            return differ(d, "%s: order of urgency of calls, place %zu", hud->id, i + 1);
        }
        if (is_place_clear(naive, i) && strcmp(hud->calls[i].id, n->id) != 0) {
            return differ(d, "%s: order of calls by beginning, place %zu", hud->id, i + 1);
        }
    }
    return false;
}

static bool users_differ(const struct view_user *hud, const struct view_user *naive,
                         struct difference *d)
{
    if (hud->lamp != naive->lamp) {
        return differ(d, "%s: lamp %s, naive %s", hud->id, lamp_row(hud->lamp)->json,
                      lamp_row(naive->lamp)->json);
    }
    if (hud->is_stale != naive->is_stale) {
        return differ(d, "%s: stale %d, naive %d", hud->id, hud->is_stale, naive->is_stale);
    }
    if (naive->is_since_told && hud->since_ms != naive->since_ms) {
        return differ(d, "%s: since %lld, naive %lld", hud->id,
                      (long long)(hud->since_ms ? hud->since_ms - WORLD_EPOCH_MS : 0),
                      (long long)(naive->since_ms ? naive->since_ms - WORLD_EPOCH_MS : 0));
    }
    if (hud->presence != naive->presence || hud->is_dnd != naive->is_dnd ||
        hud->is_withheld != naive->is_withheld) {
        return differ(d, "%s: presence, DND or withheld", hud->id);
    }
    if (hud->is_pickup_ok == hud->has_why) {
        return differ(d, "%s: a reason is given when pick up is ok, or none when it is not",
                      hud->id);
    }
    if (naive->is_pickup_told && hud->is_pickup_ok != naive->is_pickup_ok) {
        return differ(d, "%s: pick up ok %d, naive %d", hud->id, hud->is_pickup_ok,
                      naive->is_pickup_ok);
    }
    if (hud->pending != naive->pending) {
        return differ(d, "%s: pending %x, naive %x", hud->id, hud->pending, naive->pending);
    }
    if (hud->denied != naive->denied || hud->is_own != naive->is_own) {
        return differ(d, "%s: denied %x own %d, naive %x own %d", hud->id, hud->denied, hud->is_own,
                      naive->denied, naive->is_own);
    }
    /* Withheld calls are shown nowhere: whether they are kept is not said. */
    return !naive->is_withheld && calls_differ(hud, naive, d);
}

static bool views_differ(const struct view *hud, const struct view *naive, struct difference *d)
{
    for (size_t i = 0; i < naive->users_len; i++) {
        const struct view_user *h = view_find(hud, naive->users[i].id);
        if (!h) {
            return differ(d, "%s: not there, but the naive has it", naive->users[i].id);
        }
        if (users_differ(h, &naive->users[i], d)) {
            return true;
        }
    }
    if (hud->users_len != naive->users_len) {
        return differ(d, "%zu users, naive %zu", hud->users_len, naive->users_len);
    }
    for (size_t i = 0; i < LAMP_COUNT; i++) {
        if (hud->counts[i] != naive->counts[i]) {
            return differ(d, "count of %s: %zu, naive %zu", lamp_row((enum lamp)i)->json,
                          hud->counts[i], naive->counts[i]);
        }
    }
    return false;
}

/* The world itself against what hud shows. */
static bool truth_differs(const struct view *hud, const struct world *truth, struct difference *d)
{
    size_t here = 0;
    for (int i = 0; i < WORLD_USERS; i++) {
        const struct world_user *w = &truth->users[i];
        char id[VIEW_ID_BYTES];
        snprintf(id, sizeof id, "u%d", i + 1);
        const struct view_user *h = view_find(hud, id);
        here += w->is_here;
        if (w->is_here != (h != NULL)) {
            return differ(d, "truth: %s is %s", id, w->is_here ? "here" : "gone");
        }
        if (!h) {
            continue;
        }
        if (h->lamp != world_lamp(w) || h->is_stale) {
            return differ(d, "truth: %s is %s, hud shows %s, stale %d", id,
                          lamp_row(world_lamp(w))->json, lamp_row(h->lamp)->json, h->is_stale);
        }
        if (h->denied != w->denied) {
            return differ(d, "truth: %s denies %x, hud shows %x", id, w->denied, h->denied);
        }
        size_t calls = 0;
        for (int c = 0; c < WORLD_CALLS; c++) {
            calls += w->calls[c].is_on;
        }
        if (!w->is_withheld && calls != h->calls_len) {
            return differ(d, "truth: %s has %zu calls, hud shows %zu", id, calls, h->calls_len);
        }
    }
    return hud->users_len != here && differ(d, "truth: %zu users", here);
}

/* --- what hud says about its own changes ------------------------------------------------------ */

static bool is_in_changed(const struct hud *hud, const char *id)
{
    for (size_t i = 0; i < hud->changed.len; i++) {
        if (strcmp(hud->changed.items[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_call_shown_same(const struct view_call *a, const struct view_call *b)
{
    return strcmp(a->id, b->id) == 0 && a->state == b->state && a->direction == b->direction &&
           a->since_ms == b->since_ms;
}

static bool is_shown_same(const struct view_user *a, const struct view_user *b)
{
    bool is_since_same = a->since_ms == b->since_ms || a->lamp == LAMP_UNKNOWN;
    if (a->lamp != b->lamp || a->is_stale != b->is_stale || !is_since_same ||
        a->presence != b->presence || a->is_dnd != b->is_dnd || a->is_withheld != b->is_withheld ||
        a->calls_len != b->calls_len || a->pending != b->pending || a->denied != b->denied ||
        a->is_own != b->is_own) {
        return false;
    }
    for (size_t i = 0; i < a->calls_len; i++) {
        if (!is_call_shown_same(&a->calls[i], &b->calls[i])) {
            return false;
        }
    }
    return true;
}

/* hud.h: "each shown change puts a user in", and bits that are 0 only when nothing has changed. */
static bool changes_differ(const struct hud *hud, const struct view *before,
                           const struct view *after, unsigned bits, struct difference *d)
{
    for (size_t i = 0; i < after->users_len; i++) {
        const struct view_user *now = &after->users[i];
        const struct view_user *then = view_find(before, now->id);
        if (then && is_shown_same(then, now)) {
            continue;
        }
        if (bits == 0) {
            return differ(d, "changes: %s changed but the answer is 0", now->id);
        }
        if (!is_in_changed(hud, now->id)) {
            return differ(d, "changes: %s changed and is not in hud.changed", now->id);
        }
        if (then && then->lamp != now->lamp && !(bits & HUD_CHANGED_LAMP)) {
            return differ(d, "changes: lamp of %s changed without HUD_CHANGED_LAMP", now->id);
        }
        if (then && then->pending != now->pending && !(bits & HUD_CHANGED_ACTION)) {
            return differ(d, "changes: pending of %s changed without HUD_CHANGED_ACTION", now->id);
        }
        if (then && then->is_stale != now->is_stale && !(bits & HUD_CHANGED_STALE)) {
            return differ(d, "changes: stale of %s changed without HUD_CHANGED_STALE", now->id);
        }
    }
    size_t gone = 0;
    for (size_t i = 0; i < before->users_len; i++) {
        gone += view_find(after, before->users[i].id) == NULL;
    }
    if (gone > hud->gone.len || (gone > 0 && !(bits & HUD_CHANGED_USERS))) {
        return differ(d, "changes: %zu users went, hud.gone has %zu, bits %u", gone, hud->gone.len,
                      bits);
    }
    return false;
}

/* --- running one history -------------------------------------------------------------------- */

struct run {
    struct hud hud;
    struct naive naive;
    int64_t now_ms;
    struct view shown, before, expected;
    struct difference difference;
    size_t step; /* of the difference */
};

static bool check(struct run *r, unsigned bits)
{
    view_of_hud(&r->hud, r->now_ms, &r->shown);
    naive_view(&r->naive, r->now_ms, &r->expected);
    bool is_wrong = views_differ(&r->shown, &r->expected, &r->difference) ||
                    changes_differ(&r->hud, &r->before, &r->shown, bits, &r->difference);
    hud_changed_clear(&r->hud);
    r->before = r->shown;
    return is_wrong;
}

static bool tick(struct run *r, int64_t now_ms)
{
    r->now_ms = now_ms;
    unsigned bits = hud_tick(&r->hud, now_ms);
    naive_tick(&r->naive, now_ms);
    return check(r, bits);
}

/* Lets time pass until then, as the program does (tick whenever hud asks for it) or in one leap. */
static bool pass(struct run *r, int64_t then_ms, bool is_often)
{
    int64_t next = hud_next_tick_ms(&r->hud, r->now_ms);
    bool is_quiet = next > then_ms;
    for (int i = 0; is_often && next <= then_ms; i++) {
        if (i > 100) {
            return differ(&r->difference, "hud_next_tick_ms() asks for ever at %lld",
                          (long long)next);
        }
        if (tick(r, next > r->now_ms ? next : r->now_ms)) {
            return true;
        }
        next = hud_next_tick_ms(&r->hud, r->now_ms);
    }
    uint64_t rev = r->hud.rev;
    if (tick(r, then_ms)) {
        return true;
    }
    if (is_quiet && r->hud.rev != rev) {
        return differ(&r->difference, "hud_tick() changed something before hud_next_tick_ms()");
    }
    return false;
}

static bool run_step(struct run *r, const struct history *history, const struct op *op)
{
    if (pass(r, r->now_ms + op->advance_ms, history->is_ticked_often)) {
        return true;
    }
    if (op->is_pause) {
        return false;
    }
    struct op_texts texts;
    struct event event;
    op_event(op, &texts, &event);
    unsigned bits = hud_apply(&r->hud, &event, r->now_ms);
    naive_apply(&r->naive, &event, r->now_ms);
    bits |= hud_tick(&r->hud, r->now_ms); /* no time passes: the naive needs no tick */
    return check(r, bits);
}

/* Is there a difference? Left in r, with its step; run_fini() afterwards. */
static bool run_history(struct run *r, const struct history *history)
{
    r->difference.text[0] = '\0';
    r->now_ms = 1000;
    r->before.users_len = 0;
    r->shown.users_len = r->expected.users_len = 0;
    hud_init(&r->hud);
    naive_init(&r->naive);
    for (r->step = 0; r->step < history->ops.len; r->step++) {
        if (run_step(r, history, &history->ops.items[r->step])) {
            return true;
        }
    }
    return history->is_converging && truth_differs(&r->shown, &history->truth, &r->difference);
}

static void run_fini(struct run *r)
{
    hud_fini(&r->hud);
    naive_fini(&r->naive);
}

/* --- telling a difference ------------------------------------------------------------------- */

static void print_view(const char *who, const struct view *view)
{
    for (size_t i = 0; i < view->users_len; i++) {
        const struct view_user *u = &view->users[i];
        printf("  %-5s %s: %s%s since=%lld%s presence=%d dnd=%d withheld=%d pickup=%d%s\n", who,
               u->id, lamp_row(u->lamp)->json, u->is_stale ? " stale" : "",
               (long long)(u->since_ms ? u->since_ms - WORLD_EPOCH_MS : 0),
               u->is_since_told ? "" : "(not compared)", (int)u->presence, u->is_dnd,
               u->is_withheld, u->is_pickup_ok, u->is_pickup_told ? "" : "(not compared)");
        for (size_t c = 0; c < u->calls_len; c++) {
            const struct view_call *k = &u->calls[c];
            printf("          %s %s since=%lld began=%lld\n", k->id, call_state_json(k->state),
                   (long long)(k->since_ms ? k->since_ms - WORLD_EPOCH_MS : 0),
                   (long long)(k->began_ms ? k->began_ms - WORLD_EPOCH_MS : 0));
        }
    }
}

static void print_history(const struct history *history, size_t steps)
{
    int64_t now_ms = 1000;
    for (size_t i = 0; i < history->ops.len && i <= steps; i++) {
        char line[256];
        now_ms += history->ops.items[i].advance_ms;
        op_print(&history->ops.items[i], now_ms, line, sizeof line);
        printf("  %3zu %s\n", i + 1, line);
    }
}

static void print_difference(struct run *r, const struct history *history)
{
    bool is_wrong = run_history(r, history);
    printf("%s\nat step %zu, ticked %s\n", is_wrong ? r->difference.text : "(no difference?)",
           r->step + 1, history->is_ticked_often ? "whenever hud asks" : "at steps only");
    print_history(history, r->step);
    print_view("hud", &r->shown);
    print_view("naive", &r->expected);
    run_fini(r);
}

/* --- shrinking ------------------------------------------------------------------------------ */

static bool is_failing(struct run *r, const struct history *history)
{
    bool is_wrong = run_history(r, history);
    run_fini(r);
    return is_wrong;
}

/* Without the steps first .. first+count, but for those of the tail. */
static void copy_without(struct history *to, const struct history *from, size_t first, size_t count)
{
    *to = *from;
    memset(&to->ops, 0, sizeof to->ops);
    for (size_t i = 0; i < from->ops.len; i++) {
        if (i < first || i >= first + count || from->ops.items[i].is_tail) {
            VEC_PUSH(&to->ops, from->ops.items[i]);
        }
    }
}

static bool try_without(struct run *r, struct history *history, size_t first, size_t count)
{
    struct history less;
    copy_without(&less, history, first, count);
    if (less.ops.len < history->ops.len && is_failing(r, &less)) {
        history_fini(history);
        *history = less;
        return true;
    }
    history_fini(&less);
    return false;
}

static bool try_no_time(struct run *r, struct history *history)
{
    bool is_less = false;
    for (size_t i = 0; i < history->ops.len; i++) {
        int64_t advance_ms = history->ops.items[i].advance_ms;
        history->ops.items[i].advance_ms = 0;
        if (advance_ms > 0 && !is_failing(r, history)) {
            history->ops.items[i].advance_ms = advance_ms;
        } else if (advance_ms > 0) {
            is_less = true;
        }
    }
    return is_less;
}

static void shrink(struct run *r, struct history *history)
{
    int64_t end_ms = clock_mono_ms() + SHRINK_MS;
    if (!run_history(r, history)) {
        run_fini(r);
        return;
    }
    size_t step = r->step;
    run_fini(r);
    if (step < history->ops.len) { /* not a matter of the end: what comes later is not needed */
        history->is_converging = false;
        history->ops.len = step + 1;
        for (size_t i = 0; i < history->ops.len; i++) {
            history->ops.items[i].is_tail = false;
        }
    }
    bool is_less = true;
    while (is_less && clock_mono_ms() < end_ms) {
        is_less = false;
        for (size_t count = (history->ops.len + 1) / 2; count > 0; count /= 2) {
            size_t first = 0;
            while (first < history->ops.len && clock_mono_ms() < end_ms) {
                if (try_without(r, history, first, count)) {
                    is_less = true;
                } else {
                    first += count;
                }
            }
        }
        is_less = try_no_time(r, history) || is_less;
    }
}

/* --- main ----------------------------------------------------------------------------------- */

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static int report(struct run *r, uint64_t seed)
{
    struct history history;
    generate(&history, seed);
    printf("FAILED: replay with CALLHUD_SEED=%llu\n", (unsigned long long)seed);
    if (env_number("CALLHUD_VERBOSE", 0)) {
        print_difference(r, &history);
    }
    if (env_number("CALLHUD_SHRINK", 1)) {
        shrink(r, &history);
        printf("the shortest history found:\n");
    }
    print_difference(r, &history);
    history_fini(&history);
    return 1;
}

static bool is_seed_failing(struct run *r, uint64_t seed, size_t *steps)
{
    struct history history;
    generate(&history, seed);
    *steps += history.ops.len;
    bool is_wrong = is_failing(r, &history);
    history_fini(&history);
    return is_wrong;
}

int main(void)
{
    static struct run r;
    size_t steps = 0;
    if (naive_self_test() > 0) {
        printf("not ok - the naive implementation's own tables\n");
        return 1;
    }
    printf("ok - the naive implementation's own tables\n");
    if (getenv("CALLHUD_SEED")) {
        uint64_t seed = env_number("CALLHUD_SEED", 0);
        return is_seed_failing(&r, seed, &steps) ? report(&r, seed) : 0;
    }
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        printf("no random seed\n");
        return 1;
    }
    printf("first seed %llu\n", (unsigned long long)seed);
    uint64_t wanted = env_number("CALLHUD_SEQUENCES", 0);
    int64_t start_ms = clock_mono_ms();
    uint64_t done = 0;
    while (wanted ? done < wanted : done < SEQUENCES_MIN || clock_mono_ms() - start_ms < RUN_MS) {
        if (is_seed_failing(&r, seed + done, &steps)) {
            return report(&r, seed + done);
        }
        done++;
    }
    printf("ok - %llu histories, %zu steps, no difference\n", (unsigned long long)done, steps);
    return 0;
}
