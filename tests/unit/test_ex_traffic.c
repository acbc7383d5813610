/* Calls by themselves: what must hold at every moment, whatever happens. */
#include "ex_calls_rig.h"

#include "callhud/base/mem.h"

#include <malloc.h>
#include <time.h>

#define START_WALL_MS INT64_C(1783612800000)

/* Of the sanitizer's allocator, when the program has it. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

struct floor {
    struct ex *x;
    size_t telephony, presence;
    uint64_t hash;  /* of everything told */
    json_t **heard; /* the last presence event of every user */
};

static size_t index_of(const struct ex *x, const struct ex_user *user)
{
    return (size_t)(user - ex_user_at(x, 0));
}

static void on_event(void *self, const struct ex_event *event)
{
    struct floor *f = self;
    const struct ex_user *user = ex_user_by_id(f->x, event->extension_id);
    if (event->kind == EX_EVENT_TELEPHONY)
        f->telephony++;
    if (event->kind != EX_EVENT_PRESENCE || !user || !f->heard)
        return;
    f->presence++;
    json_t **heard = &f->heard[index_of(f->x, user)];
    json_decref(*heard);
    *heard = json_deep_copy(event->body);
}

static void on_event_hash(void *self, const struct ex_event *event)
{
    struct floor *f = self;
    static const uint64_t key[2] = {1, 2};
    char *text = json_dumps(event->body, JSON_COMPACT | JSON_SORT_KEYS);
    f->hash = f->hash * 31 + hash_bytes_keyed(key, text, strlen(text));
    f->telephony++;
    free(text);
}

static struct ex *make(size_t users, double rate, uint64_t seed, bool is_demo)
{
    struct ex_options options = {.users = users,
                                 .rate = rate,
                                 .seed = seed,
                                 .speed = 1,
                                 .start_wall_ms = START_WALL_MS,
                                 .is_demo = is_demo};
    struct ex *x;
    struct err err = {0};
    if (ex_new(&x, &options, &err) != RC_OK)
        fail_msg("%s", err.text);
    return x;
}

static struct ex_party *party_of(const struct ex_user *user, const char *id)
{
    for (size_t i = 0; i < user->parties.len; i++)
        if (str_eq(user->parties.items[i]->id, id))
            return user->parties.items[i];
    return NULL;
}

/* What the last event said of a user is what is true of him. False: nothing was heard of him. */
static bool check_presence(const struct floor *f, const struct ex_user *user)
{
    const json_t *heard = f->heard[index_of(f->x, user)];
    if (!heard)
        return false;
    const json_t *calls = json_object_get(heard, "activeCalls"), *call;
    size_t shown = 0, i;
    json_array_foreach(calls, i, call)
    {
        const char *status = json_string_value(json_object_get(call, "telephonyStatus"));
        const char *id = json_string_value(json_object_get(call, "partyId"));
        if (str_eq(status, "NoCall"))
            continue;
        const struct ex_party *party = party_of(user, id);
        assert_non_null(party);
        assert_string_equal(status, ex_party_telephony(party));
        shown++;
    }
    assert_int_equal(shown, user->parties.len > 7 ? 7 : user->parties.len);
    assert_int_equal(json_integer_value(json_object_get(heard, "totalActiveCalls")),
                     user->parties.len);
    return true;
}

struct census {
    size_t talking, held, parked, ringing, listed, checked, most;
};

static void count(const struct floor *f, struct census *c)
{
    c->listed = 0;
    for (size_t i = 0; i < ex_users_len(f->x); i++) {
        const struct ex_user *user = ex_user_at(f->x, i);
        c->listed += user->parties.len;
        c->checked += check_presence(f, user);
        for (size_t p = 0; p < user->parties.len; p++) {
            enum ex_code code = user->parties.items[p]->code;
            c->talking += code == EX_ANSWERED;
            c->held += code == EX_HOLD;
            c->parked += code == EX_PARKED;
            c->ringing += code == EX_PROCEEDING;
        }
    }
    if (ex_sessions_len(f->x) > c->most)
        c->most = ex_sessions_len(f->x);
}

static void forget(struct floor *f)
{
    for (size_t i = 0; i < ex_users_len(f->x); i++) {
        json_decref(f->heard[i]);
        f->heard[i] = NULL;
    }
    ex_listen(f->x, NULL, NULL);
}

#define LISTEN_FROM_S 5000 /* events are made while somebody listens: for a part of the time */
#define LISTEN_TO_S 5800

static void hours_of_traffic(void **state)
{
    (void)state;
    bool is_short = getenv("CALLHUD_ON_VALGRIND") != NULL;
    size_t bytes_early = 0;
    struct census c = {0};
    struct floor f = {.x = make(2000, 5, 11, false)};
    f.heard = mem_zero(ex_users_len(f.x), sizeof *f.heard);
    for (int64_t s = 1; s <= (is_short ? 300 : 10000); s++) {
        if (s == LISTEN_FROM_S)
            ex_listen(f.x, on_event, &f);
        ex_advance(f.x, s * 1000);
        if (s % 50)
            continue;
        size_t legs = rig_check(f.x);
        count(&f, &c);
        assert_int_equal(legs, c.listed);
        if (s == 3000)
            bytes_early = allocated_bytes();
        if (s == LISTEN_TO_S)
            forget(&f);
    }
    assert_int_equal(ex_supervisor(f.x)->parties.len, 0);
    if (!is_short) {
        /* A floor that works: most are in a talk, some of each other kind; nobody piles up. */
        assert_true(c.talking > 6 * c.ringing && c.talking > 60000);
        assert_true(c.held > c.talking / 60 && c.held < c.talking / 3);
        assert_true(c.parked > 40 && c.ringing > 1000);
        assert_true(c.most < 1600 && c.checked > 20000);
        assert_true(f.telephony > 20000 && f.presence > 10000);
        assert_true(allocated_bytes() < bytes_early + bytes_early / 8);
    }
    forget(&f);
    mem_free(f.heard);
    ex_free(f.x);
}

static uint64_t history(size_t users, double rate, uint64_t seed, int seconds, int step_ms)
{
    struct floor f = {.x = make(users, rate, seed, true)};
    ex_listen(f.x, on_event_hash, &f);
    for (int64_t ms = step_ms; ms <= seconds * 1000; ms += step_ms)
        ex_advance(f.x, ms);
    assert_true(f.telephony > 200);
    ex_free(f.x);
    return f.hash;
}

static void the_seed_decides(void **state)
{
    (void)state;
    uint64_t one = history(48, 0.3, 5, 600, 1000);
    assert_true(one == history(48, 0.3, 5, 600, 1000));
    /* How often somebody looks makes no difference. */
    assert_true(one == history(48, 0.3, 5, 600, 40));
    assert_true(one != history(48, 0.3, 6, 600, 1000));
}

static void a_demo_is_alive_at_once(void **state)
{
    (void)state;
    struct ex *x = make(48, 0.2, 1, true);
    size_t on_call = 0, old = 0;
    for (size_t i = 0; i < ex_users_len(x); i++) {
        struct ex_user *user = ex_user_at(x, i);
        on_call += user->parties.len > 0;
        for (size_t p = 0; p < user->parties.len; p++)
            old += user->parties.items[p]->start_ms < -10000;
    }
    assert_true(on_call >= 8 && on_call <= 30);
    assert_true(old >= 5);
    /* In a quarter of an hour there is something of everything to see. */
    size_t seen[EX_DISCONNECTED + 1] = {0};
    for (int64_t s = 1; s <= 900; s++) {
        ex_advance(x, s * 1000);
        for (size_t i = 0; i < ex_users_len(x); i++) {
            struct ex_user *user = ex_user_at(x, i);
            for (size_t p = 0; p < user->parties.len; p++)
                seen[user->parties.items[p]->code]++;
        }
    }
    assert_true(seen[EX_PROCEEDING] > 100 && seen[EX_ANSWERED] > 3000 && seen[EX_HOLD] > 50);
    assert_int_equal(seen[EX_GONE] + seen[EX_DISCONNECTED], 0);
    ex_free(x);
}

static void no_rate_no_calls(void **state)
{
    (void)state;
    struct ex *x = make(48, 0, 1, true);
    ex_advance(x, 3600 * 1000);
    assert_int_equal(ex_sessions_len(x), 0);
    ex_free(x);
}

static void scripted_calls_are_left_alone(void **state)
{
    (void)state;
    struct ex *x = make(20, 0.05, 3, false);
    struct ex_session *s = ex_call(x, "+17778732492", "Ann", ex_user_at(x, 3), true);
    char id[64];
    str_copy(id, sizeof id, s->id);
    ex_advance(x, 3600 * 1000);
    assert_ptr_equal(ex_session_by_id(x, id), s);
    assert_int_equal(s->parties.items[1]->code, EX_PROCEEDING);
    assert_true(ex_answer(x, s->parties.items[1]));
    ex_advance(x, 4 * 3600 * 1000);
    assert_ptr_equal(ex_session_by_id(x, id), s);
    assert_int_equal(s->parties.items[1]->code, EX_ANSWERED);
    assert_int_equal(s->sequence, 6);
    ex_free(x);
}

/* Somebody acts on their calls all the time; the people cope. */
static void people_cope_with_a_supervisor(void **state)
{
    (void)state;
    struct rig rig;
    struct ex_options options = {.users = 60, .rate = 1, .seed = 9, .speed = 1, .is_demo = true};
    char body[256], path[256];
    uint64_t draw = 1;
    size_t done = 0;
    rig_open(&rig, &options);
    ex_supervisor(rig.x)->ring_on_monitored_call = false;
    int turns = getenv("CALLHUD_ON_VALGRIND") ? 200 : 2000;
    for (int i = 0; i < turns; i++) {
        rig_pass(&rig, 700);
        rig_forget(&rig);
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        if (ex_sessions_len(rig.x) == 0)
            continue;
        struct ex_session *s = ex_session_at(rig.x, (draw >> 33) % ex_sessions_len(rig.x));
        struct ex_party *p = s->parties.items[(draw >> 20) % s->parties.len];
        snprintf(body, sizeof body,
                 "{\"deviceId\":\"%s\",\"mode\":\"Listen\",\"supervisorDeviceId\":\"%s\","
                 "\"agentExtensionNumber\":\"%s\",\"muted\":true,\"active\":true}",
                 rig_desk(&rig)->id, rig_desk(&rig)->id, p->user ? p->user->extension : "101");
        static const char *const doing[] = {"/hold",   "/unhold",     "/pickup",
                                            "/pickup", "/recordings", "/park"};
        unsigned what = (unsigned)(draw >> 50) % 12;
        snprintf(path, sizeof path, TEL "%s/supervise", s->id);
        if (what < 6)
            done += rig_do(&rig, "POST", p, doing[what], body) < 300;
        else if (what < 8)
            done += rig_ask(&rig, "POST", path, body) < 300;
        else if (what == 8)
            done += rig_do(&rig, "POST", p, "/transfer", "{\"extensionNumber\":\"11\"}") < 300;
        else if (what == 9 && p->user) {
            snprintf(path, sizeof path, "*8%u%s#", (unsigned)(draw >> 40) % 4, p->user->extension);
            done += rig_dial(&rig, rig_desk(&rig), path) < 300;
        } else if (what == 10)
            done += rig_device(&rig, rig_desk(&rig), "hangup", NULL) < 300;
        else
            done += rig_do(&rig, "DELETE", p, "", NULL) < 300;
        rig_check(rig.x);
    }
    assert_true(done > (size_t)turns / 4);
    assert_true(ex_sessions_len(rig.x) < 200);
    rig_stop(&rig);
}

/* The cost of an event does not grow with the number of users. */
static void many_users_cost_no_more(void **state)
{
    (void)state;
    if (getenv("CALLHUD_ON_VALGRIND"))
        skip(); /* times mean nothing there */
    double cost[2];
    size_t users[2] = {1000, 100000};
    for (int i = 0; i < 2; i++) {
        struct ex *x = make(users[i], 5, 2, false);
        double best = 1e9;
        for (int64_t part = 0; part < 3; part++) {
            clock_t from = clock();
            for (int64_t s = 1; s <= 300; s++)
                ex_advance(x, (part * 300 + s) * 1000);
            double took = (double)(clock() - from) / CLOCKS_PER_SEC;
            best = took < best ? took : best;
        }
        cost[i] = best;
        ex_free(x);
    }
    /* A hundred times as many; the caches are colder, that is all. */
    if (cost[1] > cost[0] * 5 + 0.05)
        fail_msg("300 s of traffic: %.3f s with 1000 users, %.3f s with 100000", cost[0], cost[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_of_traffic),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(a_demo_is_alive_at_once),
        cmocka_unit_test(no_rate_no_calls),
        cmocka_unit_test(scripted_calls_are_left_alone),
        cmocka_unit_test(people_cope_with_a_supervisor),
        cmocka_unit_test(many_users_cost_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
