/* Anybody does anything to any call, at random; after each step all that must hold is looked at. */
#include "ex_calls_rig.h"

#include <time.h>

static uint64_t draw_state;

static unsigned draw(unsigned below)
{
    draw_state = draw_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(draw_state >> 33) % below;
}

static const struct {
    const char *method, *path;
} actions[] = {
    {"DELETE", ""},
    {"PATCH", ""},
    {"GET", ""},
    {"POST", "/hold"},
    {"POST", "/unhold"},
    {"POST", "/answer"},
    {"POST", "/reject"},
    {"POST", "/ignore"},
    {"POST", "/forward"},
    {"POST", "/transfer"},
    {"POST", "/bridge"},
    {"POST", "/park"},
    {"POST", "/pickup"},
    {"POST", "/flip"},
    {"POST", "/recordings"},
    {"POST", "/reply"},
    {"POST", "/supervise"},
    {"POST", "/answer"},
    {"PATCH", "/recordings/"},
    {"POST", "/hold"},
    {"POST", "/transfer"},
};

/* How often each was carried out; the last is bring-in. */
static size_t done[sizeof actions / sizeof actions[0] + 1];

static struct ex_session *any_session(struct rig *rig)
{
    size_t len = ex_sessions_len(rig->x);
    return len ? ex_session_at(rig->x, draw((unsigned)len)) : NULL;
}

static struct ex_party *any_party(const struct ex_session *s)
{
    return s->parties.items[draw((unsigned)s->parties.len)];
}

static struct ex_user *any_user(struct rig *rig)
{
    return draw(3) ? ex_user_at(rig->x, draw((unsigned)ex_users_len(rig->x)))
                   : ex_supervisor(rig->x);
}

/* A target of forward and transfer. */
static const char *any_target(struct rig *rig, char *out, size_t size)
{
    unsigned long long user = (unsigned long long)any_user(rig)->id;
    static const char *const texts[] = {"\"extensionNumber\":\"11\"", "\"extensionNumber\":\"103\"",
                                        "\"phoneNumber\":\"+33140000000\"",
                                        "\"extensionNumber\":\"900\""};
    unsigned which = draw(7);
    if (which < 4)
        snprintf(out, size, "%s", texts[which]);
    else if (which == 4)
        snprintf(out, size, "\"voicemail\":\"%llu\"", user);
    else if (which == 5)
        snprintf(out, size, "\"extensionId\":\"%llu\"", user);
    else {
        assert_int_equal(rig_get(rig, ACC "/extension?type=ParkLocation"), 200);
        snprintf(out, size, "\"parkOrbit\":\"%lld\"", (long long)rig_int(rig, "records.0.id"));
    }
    return out;
}

static void act(struct rig *rig)
{
    char body[768], target[96];
    struct ex_session *s = any_session(rig), *other = any_session(rig);
    if (!s || !other)
        return;
    struct ex_party *p = any_party(s), *with = any_party(other);
    rig->caller = p->user && draw(2) ? p->user : any_user(rig);
    const char *device = rig->caller->devices.items[0]->id;
    struct ex_user *agent = p->user ? p->user : any_user(rig);
    /* Mostly another call of the same user: that is what can be bridged and brought in. */
    if (p->user && p->user->parties.len > 1 && draw(4)) {
        with = p->user->parties.items[draw((unsigned)p->user->parties.len)];
        other = with->session;
    }
    any_target(rig, target, sizeof target);
    snprintf(body, sizeof body,
             "{\"deviceId\":\"%s\",\"supervisorDeviceId\":\"%s\",\"mode\":\"Listen\","
             "\"agentExtensionId\":\"%llu\",\"muted\":true,\"active\":false,\"callFlipId\":\"1\","
             "\"replyWithText\":\"x\",\"telephonySessionId\":\"%s\",\"sessionId\":\"%s\","
             "\"partyId\":\"%s\",%s}",
             device, device, (unsigned long long)agent->id, other->id, other->id, with->id, target);
    unsigned a = draw(sizeof actions / sizeof actions[0]);
    char path[64];
    snprintf(path, sizeof path, "%s%s", actions[a].path,
             !str_eq(actions[a].path, "/recordings/") ? ""
             : p->recording[0]                        ? p->recording
                                                      : "0");
    int status = rig_do(rig, actions[a].method, p, path, body);
    done[a] += status < 300;
    assert_true(status == 200 || status == 201 || status == 204 || status == 400 || status == 403 ||
                status == 404 || status == 409);
}

/* A user's conference, into which one of his calls is brought. */
static void confer(struct rig *rig)
{
    char body[192], path[160];
    struct ex_session *s = any_session(rig), *room = NULL;
    struct ex_party *p = s ? any_party(s) : NULL;
    if (!p || !p->user)
        return;
    rig->caller = p->user;
    for (size_t i = 0; i < ex_sessions_len(rig->x); i++) {
        struct ex_session *at = ex_session_at(rig->x, i);
        if (str_eq(at->origin, "Conference") && at->parties.items[0]->user == p->user)
            room = at;
    }
    if (!room) {
        rig_ask(rig, "POST", ACC "/telephony/conference", "{}");
        return;
    }
    snprintf(path, sizeof path, TEL "%s/parties/bring-in", room->id);
    snprintf(body, sizeof body, "{\"sessionId\":\"%s\",\"partyId\":\"%s\"}", s->id, p->id);
    done[sizeof actions / sizeof actions[0]] += rig_ask(rig, "POST", path, body) == 201;
}

static void place(struct rig *rig)
{
    static const char *const froms[] = {"+17778732492", "+442070000000", "101", "102", "900"};
    static const char *const tos[] = {"101", "102", "103", "11", "900", "+33140000000", "104"};
    char body[96];
    snprintf(body, sizeof body, "{\"from\":\"%s\",\"to\":\"%s\"}", froms[draw(5)], tos[draw(7)]);
    rig_control(rig, "POST", "/exchange/calls", body);
    struct ex_session *s = any_session(rig);
    if (s)
        rig_call_do(rig, s, draw(4) ? "answer" : "hold");
}

static void press(struct rig *rig)
{
    static const char *const what[] = {"answer", "hold", "hangup"};
    static const char *const digits[] = {"*80",  "*82101#", "*83102#", "*801",
                                         "103",  "10",      "2#",      "*81",
                                         "103#", "*8",      "01",      "+442070000000"};
    struct ex_device *device = any_user(rig)->devices.items[0];
    if (draw(2))
        rig_device(rig, device, what[draw(3)], NULL);
    else
        rig_dial(rig, device, digits[draw(12)]);
}

static void change(struct rig *rig)
{
    static const char *const bodies[] = {"{\"dnd\":true}", "{\"dnd\":false}", "{\"online\":false}",
                                         "{\"online\":true}", "{\"sharesPresence\":true}"};
    char path[64];
    snprintf(path, sizeof path, "/exchange/users/%s", any_user(rig)->extension);
    assert_int_equal(rig_control(rig, "PATCH", path, bodies[draw(5)]), 200);
}

static void play(uint64_t seed, double rate, int turns)
{
    struct rig rig;
    struct ex_options options = {.users = 6, .rate = rate, .seed = seed, .speed = 1};
    print_message("seed %llu\n", (unsigned long long)seed);
    draw_state = seed;
    rig_open(&rig, &options);
    for (int i = 0; i < turns; i++) {
        rig_forget(&rig);
        switch (draw(9)) {
        case 4: confer(&rig); break;
        case 0: place(&rig); break;
        case 1: press(&rig); break;
        case 2: rig_pass(&rig, draw(4000)); break;
        case 3:
            if (draw(10) == 0)
                change(&rig);
            break;
        default: act(&rig); break;
        }
        rig_check(rig.x);
        size_t listed = 0;
        for (size_t u = 0; u < ex_users_len(rig.x); u++) {
            const struct ex_user *user = ex_user_at(rig.x, u);
            listed += user->parties.len;
            for (size_t p = 0; p < user->parties.len; p++)
                assert_true(rig_is_live(user->parties.items[p]));
        }
        assert_int_equal(listed, rig_check(rig.x));
        while (ex_sessions_len(rig.x) > 16) {
            rig.caller = ex_supervisor(rig.x);
            char path[128];
            snprintf(path, sizeof path, TEL "%s", any_session(&rig)->id);
            assert_int_equal(rig_ask(&rig, "DELETE", path, NULL), 204);
        }
    }
    rig_stop(&rig);
}

static void anything_goes(void **state)
{
    (void)state;
    int turns = getenv("CALLHUD_ON_VALGRIND") ? 400 : 4000;
    play(1, 0, turns);
    play(2, 0.05, turns);
    play((uint64_t)time(NULL), 0.02, turns);
    /* All of it has been done, not only refused. */
    for (size_t i = 0; turns > 1000 && i <= sizeof actions / sizeof actions[0]; i++) {
        if (done[i] == 0)
            fail_msg("action %zu was never carried out", i);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3) { /* SEED TURNS, for a longer look */
        play(strtoull(argv[1], NULL, 10), 0.05, (int)strtol(argv[2], NULL, 10));
        for (size_t i = 0; i <= sizeof actions / sizeof actions[0]; i++)
            printf("%zu %s\n", done[i],
                   i < sizeof actions / sizeof actions[0] ? actions[i].path : "bring-in");
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(anything_goes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
