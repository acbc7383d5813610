/* Every way in which something goes wrong, at every step: each action comes to one end, callers
 * stay with somebody, nothing is left at the server or in the ledger. */
#include "supervise_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum trouble {
    T_MISSING,
    T_CONFLICT,
    T_DENIED,
    T_ERROR,
    T_SILENCE, /* no answer, and nothing was done */
    T_UNHEARD, /* it was done, and the answer was lost */
    T_LATE,    /* no answer for long; it is done then */
    T_TARGET,  /* the agent hangs up */
    T_CALLER,  /* the caller does */
    T_PHONE,   /* the supervisor does */
    T_CHANGED, /* the agent gets another caller */
    T_LOST,    /* the link goes, and comes back */
    T_AWAY,    /* the link goes, everything ends, and it comes back */
    T_STOP,
    T_OTHER, /* another call is wanted */
    T_LEAVE,
    T_COUNT
};

static const char *const trouble_names[] = {
    "404",    "409",   "403",     "500",  "silence", "unheard", "late",  "target gone",
    "caller", "phone", "changed", "lost", "away",    "stop",    "other", "leave"};

struct place {
    enum supervise_state at;
    enum action_kind kind;
    const char *request; /* that the step waits for; NULL: none */
};

static const struct place places[] = {
    {AT_DIAL, ACTION_LISTEN, "POST channels?"},
    {AT_RING, ACTION_LISTEN, NULL},
    {AT_RING, ACTION_PICKUP, NULL},
    {AT_RING, ACTION_TAKEOVER, NULL},
    {AT_BRIDGE, ACTION_LISTEN, "POST bridges/"},
    {AT_JOIN, ACTION_LISTEN, "POST bridges/"},
    {AT_SNOOP, ACTION_WHISPER, "POST channels/a1/snoop/"},
    {AT_ADD, ACTION_BARGE, "POST bridges/"},
    {AT_ON, ACTION_LISTEN, NULL},
    {AT_SW_SNOOP, ACTION_WHISPER, "POST channels/a1/snoop/"},
    {AT_SW_DROP, ACTION_WHISPER, "POST bridges/"},
    {AT_SW_ADD, ACTION_BARGE, "POST bridges/"},
    {AT_CLAIM, ACTION_TAKEOVER, "POST bridges/callhud-claim-a1"},
    {AT_HOLD, ACTION_PICKUP, "GET channels/a1/variable"},
    {AT_VARS, ACTION_PICKUP, "POST channels/callhud-"},
    {AT_GO, ACTION_PICKUP, "POST channels/callhud-"},
    {AT_ON_CLAIM, ACTION_TAKEOVER, "POST bridges/callhud-claim-a1"},
    {AT_ON_HOLD, ACTION_PICKUP, "GET channels/a1/variable"},
    {AT_ON_VARS, ACTION_TAKEOVER, "POST channels/callhud-"},
    {AT_ON_GO, ACTION_TAKEOVER, "POST channels/callhud-"},
    {AT_WHY, ACTION_TAKEOVER, NULL},
    {AT_STOP, ACTION_LISTEN, "DELETE channels/"},
    {AT_UNSURE, ACTION_LISTEN, NULL},
};

static void on_left(void *self)
{
    ((struct sup_rig *)self)->left++;
}

static void hang_up(struct sup_rig *rig, const char *id)
{
    if (sup_chan(rig, id) != NULL)
        sup_hangup(rig, id, 16);
}

static void hang_up_phone(struct sup_rig *rig)
{
    struct pbx_chan *phone = sup_chan_like(rig, "-phone-");
    if (phone == NULL)
        return;
    char say[300];
    snprintf(say, sizeof say,
             "{\"type\":\"ChannelHangupRequest\",\"channel\":{\"id\":\"%s\",\"name\":\"%s\","
             "\"state\":\"Up\"}}",
             phone->id, phone->name);
    sup_say(rig, say);
    sup_hangup(rig, phone->id, 16);
}

static void answer(struct sup_rig *rig, const struct place *place, int status)
{
    if (place->request == NULL || sup_pending(rig, place->request) == NULL)
        return;
    if (status == 404 && str_starts(place->request, "DELETE")) /* a 404 is true */
        sup_serve_as(rig, place->request, status);
    else
        sup_answer(rig, place->request, status);
}

/* What was asked is done, and nobody hears of it: the events are lost with the answer. */
static void do_unheard(struct sup_rig *rig, const struct place *place)
{
    const char *app = rig->app;
    if (place->request == NULL || sup_pending(rig, place->request) == NULL)
        return;
    rig->app = NULL;
    sup_serve_as(rig, place->request, 0);
    rig->app = app;
}

static void make(struct sup_rig *rig, enum trouble trouble, const struct place *place)
{
    static const int statuses[] = {
        [T_MISSING] = 404, [T_CONFLICT] = 409, [T_DENIED] = 403, [T_ERROR] = 500, [T_SILENCE] = 0};
    switch (trouble) {
    case T_MISSING:
    case T_CONFLICT:
    case T_DENIED:
    case T_ERROR:
    case T_SILENCE: answer(rig, place, statuses[trouble]); return;
    case T_UNHEARD: do_unheard(rig, place); return;
    case T_LATE: fake_io_advance(&rig->fake, 26000); return;
    case T_TARGET: hang_up(rig, "a1"); return;
    case T_CALLER: hang_up(rig, "c1"); return;
    case T_PHONE: hang_up_phone(rig); return;
    case T_CHANGED:
        if (sup_chan(rig, "c1") == NULL || sup_chan(rig, "a1") == NULL)
            return;
        sup_leave_bridge(rig, "c1");
        sup_enter(rig, "c2", "talk-a1");
        sup_enter(rig, "a2", "swapped");
        sup_enter(rig, "c1", "swapped");
        return;
    case T_LOST:
        sup_lose(rig);
        sup_serve(rig); /* HTTP may work where the socket does not */
        sup_come_back(rig);
        return;
    case T_AWAY:
        sup_lose(rig);
        hang_up(rig, "a1");
        hang_up_phone(rig);
        sup_come_back(rig);
        return;
    case T_STOP: sup_act(rig, ACTION_STOP, "", "", NULL); return;
    case T_OTHER: sup_act(rig, ACTION_BARGE, "102", "a2", NULL); return;
    case T_LEAVE: supervise_leave(rig->s, on_left, rig); return;
    case T_COUNT: return;
    }
}

/* Each action that was begun has come to one end, and what was confirmed last is over. */
static void check_fates(const struct sup_rig *rig, const char *what)
{
    for (uint32_t id = 1; id <= rig->last_id; id++) {
        static const char *const words[] = {"asked", "failed", "confirmed", "ended"};
        size_t counts[4];
        for (size_t i = 0; i < 4; i++) {
            char start[40];
            snprintf(start, sizeof start, "%u %s", id, words[i]);
            counts[i] = sup_count(&rig->log, start);
        }
        bool is_fine = counts[0] == 0 ? counts[1] + counts[2] + counts[3] == 0
                                      : counts[0] == 1 && counts[1] + (counts[2] > 0) == 1 &&
                                            counts[3] <= (counts[2] > 0);
        if (!is_fine)
            fail_msg("%s: action %u has no one end:\n%s", what, id, buf_text(&rig->log));
    }
    const char *last_mode = NULL;
    for (const char *line = buf_text(&rig->log); *line != '\0'; line = strchr(line, '\n') + 1) {
        bool is_mode = strstr(line, " confirmed listen") == line + 1 ||
                       strstr(line, " confirmed whisper") == line + 1 ||
                       strstr(line, " confirmed barge") == line + 1;
        if (is_mode)
            last_mode = line;
    }
    if (last_mode != NULL) {
        char start[40];
        snprintf(start, sizeof start, "%.*s ended", (int)strcspn(last_mode, " "), last_mode);
        if (!sup_told(rig, start))
            fail_msg("%s: it is over and was not told:\n%s", what, buf_text(&rig->log));
    }
}

static bool is_talking(struct sup_rig *rig, const char *id)
{
    const struct pbx_chan *chan = sup_chan(rig, id);
    for (size_t i = 0; chan != NULL && i < rig->chans.len; i++)
        if (&rig->chans.items[i] != chan && chan->bridge[0] != '\0' &&
            str_eq(rig->chans.items[i].bridge, chan->bridge))
            return true;
    return false;
}

static void check_nothing_left(struct sup_rig *rig, const char *what)
{
    bool is_taken = false;
    for (size_t i = 0; i < rig->chans.len; i++) {
        const struct pbx_chan *chan = &rig->chans.items[i];
        is_taken = str_eq(chan->bridge, "taken");
        if (str_starts(chan->id, "callhud-") && !is_taken)
            fail_msg("%s: %s is left\n%s\n%s", what, chan->id, buf_text(&rig->log),
                     buf_text(&rig->asked));
    }
    for (size_t i = 0; i < rig->bridges.len; i++)
        if (str_starts(rig->bridges.items[i], "callhud-"))
            fail_msg("%s: %s is left\n%s", what, rig->bridges.items[i], buf_text(&rig->asked));
    if (rig->ledger.len > 0)
        fail_msg("%s: %s is in the ledger", what, rig->ledger.items[0]);
    if (rig->s->things.len > 0)
        fail_msg("%s: %s is not forgotten", what, rig->s->things.items[0]->id);
    assert_int_equal(rig->s->state, AT_IDLE);
}

static void assert_told_line(const struct sup_rig *rig, const char *line)
{
    if (!sup_told(rig, line))
        fail_msg("not told: %s\ntold:\n%s", line, buf_text(&rig->log));
}

static void wind_down(struct sup_rig *rig, enum trouble trouble)
{
    if (rig->app == NULL)
        sup_come_back(rig);
    for (int i = 0; i < 8; i++) {
        sup_serve(rig);
        fake_io_advance(&rig->fake, 4000);
    }
    sup_serve(rig);
    if (trouble == T_UNHEARD) { /* what the socket missed, the next snapshot tells */
        sup_come_back(rig);
        sup_serve(rig);
    }
    if (rig->s->state != AT_IDLE) {
        assert_true(rig->s->state == AT_ON || rig->s->state == AT_RING);
        assert_int_equal(sup_act(rig, ACTION_STOP, "", "", NULL), RC_OK);
        sup_serve(rig);
    }
    fake_io_advance(&rig->fake, 10000);
    sup_serve(rig);
}

static void run(const struct place *place, enum trouble trouble)
{
    struct sup_rig rig;
    char what[80];
    snprintf(what, sizeof what, "%s in state %d for %d", trouble_names[trouble], (int)place->at,
             (int)place->kind);
    sup_init(&rig);
    sup_talk(&rig, "a2", "c2", "102");
    sup_reach(&rig, place->at, place->kind);
    make(&rig, trouble, place);
    wind_down(&rig, trouble);
    check_fates(&rig, what);
    check_nothing_left(&rig, what);
    if (trouble == T_LEAVE)
        assert_int_equal(rig.left, 1);
    bool is_ended_by_people = trouble == T_TARGET || trouble == T_CALLER || trouble == T_AWAY;
    if (!is_ended_by_people && !is_talking(&rig, "c1"))
        fail_msg("%s: the caller is lost\n%s", what, buf_text(&rig.asked));
    if (!is_talking(&rig, "c2"))
        fail_msg("%s: another caller is lost", what);
    sup_fini(&rig);
}

static void test_every_trouble_at_every_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        for (int trouble = 0; trouble < T_COUNT; trouble++)
            run(&places[i], (enum trouble)trouble);
}

/* What people read. */
static void test_what_is_said(void **state)
{
    static const struct {
        enum supervise_state at;
        enum action_kind kind;
        enum trouble trouble;
        const char *line;
    } cases[] = {
        {AT_DIAL, ACTION_LISTEN, T_ERROR,
         "1 failed - RC_DENIED 101 your phone 108 is offline: register it, then try again"},
        {AT_DIAL, ACTION_LISTEN, T_CONFLICT,
         "1 failed - RC_REFUSED 101 the server refuses to call your phone: 409 scripted"},
        {AT_DIAL, ACTION_LISTEN, T_DENIED, "1 failed - RC_DENIED 101 this ARI user may only read"},
        {AT_DIAL, ACTION_LISTEN, T_SILENCE,
         "1 failed - RC_TIMEOUT 101 the server did not answer: scripted failure"},
        {AT_RING, ACTION_LISTEN, T_LATE,
         "1 failed - RC_DENIED 101 your phone 108 was not lifted within 20 s"},
        {AT_RING, ACTION_LISTEN, T_TARGET, "1 failed - RC_NOT_FOUND 101 the call has ended"},
        {AT_RING, ACTION_LISTEN, T_CHANGED,
         "1 failed - RC_NOT_FOUND 101 the other party has changed (transferred or picked up)"},
        {AT_RING, ACTION_PICKUP, T_LOST,
         "1 failed - RC_UNREACHABLE 101 the link to the server was lost"},
        {AT_BRIDGE, ACTION_LISTEN, T_PHONE, "1 failed - RC_CANCELLED 101 you hung up"},
        {AT_SNOOP, ACTION_WHISPER, T_MISSING, "1 failed - RC_NOT_FOUND 101 the call has ended"},
        {AT_SNOOP, ACTION_WHISPER, T_CONFLICT,
         "1 failed - RC_REFUSED 101 the server refuses to listen to the call: 409 scripted"},
        {AT_ON, ACTION_LISTEN, T_TARGET, "1 ended listen RC_OK 101 the call has ended"},
        {AT_ON, ACTION_LISTEN, T_CALLER, "1 ended listen RC_OK 101 the other party has left"},
        {AT_ON, ACTION_LISTEN, T_PHONE, "1 ended listen RC_OK 101 you hung up"},
        {AT_ON, ACTION_LISTEN, T_CHANGED,
         "1 ended listen RC_OK 101 the other party has changed (transferred or picked up)"},
        {AT_ON, ACTION_LISTEN, T_LOST, "1 unsure listen RC_OK 101 the link to the server was lost"},
        {AT_ON, ACTION_LISTEN, T_LEAVE, "1 ended listen RC_OK 101 callhud ended it"},
        {AT_SW_SNOOP, ACTION_WHISPER, T_ERROR,
         "2 failed - RC_REFUSED 101 the server refuses the other mode: 500 Allocation failed"},
        {AT_SW_DROP, ACTION_WHISPER, T_CONFLICT, "2 confirmed whisper"}, /* deleted instead */
        {AT_SW_DROP, ACTION_WHISPER, T_SILENCE, "2 confirmed whisper"},
        {AT_SW_ADD, ACTION_BARGE, T_CONFLICT,
         "1 ended listen RC_OK 101 the server refuses to connect your phone: 409 scripted"},
        {AT_CLAIM, ACTION_TAKEOVER, T_CONFLICT,
         "1 failed - RC_NOT_FOUND 101 taken by another callhud"},
        {AT_HOLD, ACTION_PICKUP, T_ERROR, "1 confirmed - RC_OK 101"}, /* the events' word counts */
        {AT_GO, ACTION_PICKUP, T_PHONE, "1 failed - RC_CANCELLED 101 you hung up"},
        {AT_GO, ACTION_PICKUP, T_CONFLICT,
         "1 failed - RC_REFUSED 101 the server refuses the phone in the dialplan: 409 scripted"},
        {AT_ON_CLAIM, ACTION_TAKEOVER, T_LOST,
         "2 failed - RC_UNREACHABLE 101 the link to the server was lost"},
        {AT_WHY, ACTION_TAKEOVER, T_LATE,
         "1 failed - RC_REFUSED 101 the server's dialplan has no usable context 'retrieve'"},
        {AT_UNSURE, ACTION_LISTEN, T_TARGET, "1 ended listen RC_OK 101 the call has ended"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct place *place = NULL;
        struct sup_rig rig;
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++)
            if (places[k].at == cases[i].at && places[k].kind == cases[i].kind)
                place = &places[k];
        assert_non_null(place);
        sup_init(&rig);
        sup_talk(&rig, "a2", "c2", "102");
        sup_reach(&rig, place->at, place->kind);
        make(&rig, cases[i].trouble, place);
        wind_down(&rig, cases[i].trouble);
        if (!sup_told(&rig, cases[i].line))
            fail_msg("not told: %s\ntold:\n%s", cases[i].line, buf_text(&rig.log));
        sup_fini(&rig);
    }
}

/* ---- the link goes while a caller is on the way to our phone ---- */

static void test_connected_while_nobody_listened(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_reach(&rig, AT_GO, ACTION_PICKUP);
    sup_serve(&rig);
    sup_lose(&rig);
    sup_enter(&rig, "c1", "taken");
    sup_enter(&rig, sup_chan_like(&rig, "-phone-")->id, "taken");
    sup_hangup(&rig, "a1", 16);
    sup_come_back(&rig);
    assert_string_equal(sup_last(&rig), "1 confirmed - RC_OK 101 \n");
    sup_serve(&rig);
    assert_non_null(sup_chan_like(&rig, "-phone-"));
    assert_int_equal(rig.ledger.len, 0);
    sup_fini(&rig);
}

/* Away for so long that it is given up: nothing is said of its fate before the server can tell; nor
 * is the phone ended blindly, for a caller may be on it. */
static void test_connected_while_nobody_listened_for_long(void **state)
{
    (void)state;
    for (int is_too_long = 0; is_too_long < 2; is_too_long++) {
        struct sup_rig rig;
        sup_init(&rig);
        sup_reach(&rig, AT_GO, ACTION_PICKUP);
        sup_serve(&rig);
        sup_lose(&rig);
        sup_enter(&rig, "c1", "taken");
        sup_enter(&rig, sup_chan_like(&rig, "-phone-")->id, "taken");
        sup_hangup(&rig, "a1", 16);
        fake_io_advance(&rig.fake, SUPERVISE_RETRIEVE_MS + SUPERVISE_STEP_MS);
        fake_io_advance(&rig.fake, SUPERVISE_DOUBT_MS - 1 + is_too_long);
        sup_serve(&rig);
        assert_int_equal(sup_told(&rig, "1 failed - RC_TIMEOUT"), is_too_long);
        sup_come_back(&rig);
        sup_serve(&rig);
        assert_string_equal(sup_chan_like(&rig, "-phone-")->bridge, "taken");
        assert_int_equal(sup_told(&rig, "1 confirmed - RC_OK 101 \n"), !is_too_long);
        assert_int_equal(rig.ledger.len, 0);
        assert_int_equal(rig.s->things.len, 0);
        sup_fini(&rig);
    }
}

/* A server that stood still for long does all at once what it was asked: the phone is with the
 * caller just when it was given up. */
static void test_connected_when_it_was_given_up(void **state)
{
    (void)state;
    for (int is_leaving = 0; is_leaving < 2; is_leaving++) {
        struct sup_rig rig;
        char url[1200];
        sup_init(&rig);
        sup_reach(&rig, AT_GO, ACTION_PICKUP);
        rig.dialplan = DIALPLAN_GOOD;
        str_copy(url, sizeof url, sup_pending(&rig, "POST channels/callhud-")->url);
        if (is_leaving)
            supervise_leave(rig.s, on_left, &rig);
        fake_io_advance(&rig.fake, is_leaving ? SUPERVISE_LEAVE_MS / 2 : SUPERVISE_RETRIEVE_MS);
        assert_int_equal(rig.s->state, AT_STOP);
        sup_obey(&rig, "POST", strstr(url, "/ari/") + 5);
        for (int i = 0; i < 10; i++) {
            sup_serve(&rig);
            fake_io_advance(&rig.fake, 1000);
        }
        assert_true(is_talking(&rig, "c1"));
        assert_string_equal(sup_chan_like(&rig, "-phone-")->bridge, "taken");
        assert_string_equal(sup_last(&rig), "1 confirmed - RC_OK 101 \n");
        assert_int_equal(rig.ledger.len, 0);
        assert_int_equal(rig.s->things.len, 0);
        assert_int_equal(rig.left, is_leaving);
        sup_fini(&rig);
    }
}

/* ---- what arrives late ---- */

static void test_claim_of_another_is_left_alone(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_reach(&rig, AT_CLAIM, ACTION_TAKEOVER);
    sup_answer(&rig, "POST bridges/callhud-claim-a1", 0); /* never arrived */
    sup_make_bridge(&rig, "callhud-claim-a1", "104 0badcafe");
    sup_serve(&rig);
    fake_io_advance(&rig.fake, 20000);
    sup_serve(&rig);
    assert_int_equal(sup_count(&rig.asked, "DELETE bridges/callhud-claim-a1"), 0);
    assert_int_equal(rig.ledger.len, 0);
    sup_fini(&rig);
}

static void test_made_after_all_is_over(void **state)
{
    static const struct {
        enum supervise_state at;
        const char *request;
    } cases[] = {{AT_DIAL, "POST channels?"},
                 {AT_BRIDGE, "POST bridges/"},
                 {AT_SNOOP, "POST channels/a1/snoop/"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sup_rig rig;
        char url[1200];
        sup_init(&rig);
        sup_reach(&rig, cases[i].at, ACTION_LISTEN);
        str_copy(url, sizeof url, sup_pending(&rig, cases[i].request)->url);
        sup_answer(&rig, cases[i].request, 0);
        sup_serve(&rig);
        fake_io_advance(&rig.fake, 20000);
        sup_serve(&rig);
        assert_int_equal(rig.s->things.len, 0);
        sup_obey(&rig, "POST", strstr(url, "/ari/") + 5);
        sup_serve(&rig);
        check_nothing_left(&rig, cases[i].request);
        sup_fini(&rig);
    }
}

/* ---- removal ---- */

static void test_removal_is_tried_again(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_reach(&rig, AT_STOP, ACTION_LISTEN);
    for (int i = 0; i < 3; i++) {
        while (sup_pending(&rig, "DELETE ") != NULL)
            sup_answer(&rig, "DELETE ", 503);
        fake_io_advance(&rig.fake, (int64_t)SUPERVISE_RETRY_MS << i);
    }
    assert_false(sup_told(&rig, "1 ended")); /* they may still hear */
    sup_serve(&rig);
    assert_true(sup_told(&rig, "1 ended listen RC_OK 101 you ended it\n"));
    check_nothing_left(&rig, "503");
    sup_fini(&rig);
}

static void test_removal_stops_nobody(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_talk(&rig, "a2", "c2", "102");
    sup_reach(&rig, AT_STOP, ACTION_LISTEN);
    for (int i = 0; i < 12; i++) {
        while (sup_pending(&rig, "DELETE ") != NULL)
            sup_answer(&rig, "DELETE ", 503);
        fake_io_advance(&rig.fake, 4000);
    }
    assert_true(
        sup_told(&rig, "1 ended listen RC_OK 101 you ended it; the server has not confirmed"));
    assert_int_equal(rig.ledger.len, 3); /* a later run would know */
    assert_int_equal(sup_act(&rig, ACTION_LISTEN, "102", "a2", NULL), RC_OK);
    sup_come_back(&rig); /* with each snapshot it is tried again */
    sup_serve(&rig);
    assert_int_equal(rig.s->state, AT_RING);
    assert_int_equal(rig.ledger.len, 1);
    assert_int_equal(sup_act(&rig, ACTION_STOP, "", "", NULL), RC_OK);
    sup_serve(&rig);
    check_nothing_left(&rig, "503 for long");
    sup_fini(&rig);
}

/* ---- what is no trouble ---- */

static void test_a_moment_between_two_bridges(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_reach(&rig, AT_ON, ACTION_LISTEN);
    sup_hold(&rig, "a1", true); /* listening goes on */
    sup_hold(&rig, "a1", false);
    sup_leave_bridge(&rig, "c1");
    fake_io_advance(&rig.fake, SUPERVISE_SETTLE_MS - 1);
    sup_enter(&rig, "c1", "talk-a1");
    fake_io_advance(&rig.fake, 10000);
    assert_int_equal(rig.s->state, AT_ON);
    sup_leave_bridge(&rig, sup_chan_like(&rig, "-phone-")->id); /* but not without the phone */
    fake_io_advance(&rig.fake, SUPERVISE_SETTLE_MS);
    sup_serve(&rig);
    assert_true(str_starts(sup_last(&rig), "1 ended listen RC_OK 101 your phone 108 left"));
    check_nothing_left(&rig, "phone taken away");
    sup_fini(&rig);
}

/* Somebody bridges our phone with a caller: that is a call between people. */
static void test_phone_led_to_another_call(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_reach(&rig, AT_ON, ACTION_LISTEN);
    sup_talk(&rig, "a2", "c2", "102");
    sup_enter(&rig, sup_chan_like(&rig, "-phone-")->id, "talk-a2");
    sup_hangup(&rig, "a2", 16);
    fake_io_advance(&rig.fake, SUPERVISE_SETTLE_MS);
    sup_serve(&rig);
    assert_true(str_starts(sup_last(&rig), "1 ended listen RC_OK 101 your phone 108 left"));
    assert_string_equal(sup_chan_like(&rig, "-phone-")->bridge, "talk-a2");
    assert_int_equal(rig.ledger.len, 0);
    assert_int_equal(rig.s->things.len, 0);
    sup_fini(&rig);
}

/* The same, and the supervision is ended before that was noticed. */
static void test_phone_led_to_another_call_and_stopped(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_reach(&rig, AT_ON, ACTION_LISTEN);
    sup_talk(&rig, "a2", "c2", "102");
    sup_enter(&rig, sup_chan_like(&rig, "-phone-")->id, "talk-a2");
    sup_hangup(&rig, "a2", 16);
    assert_int_equal(sup_act(&rig, ACTION_STOP, "", "", NULL), RC_OK);
    sup_serve(&rig);
    assert_told_line(&rig, "1 ended listen RC_OK 101 you ended it\n");
    assert_string_equal(sup_chan_like(&rig, "-phone-")->bridge, "talk-a2");
    assert_true(is_talking(&rig, "c2"));
    assert_int_equal(rig.ledger.len, 0);
    assert_int_equal(rig.s->things.len, 0);
    sup_fini(&rig);
}

/* What is wanted next waits for the removal of what was: it must still be the call that was seen.
 */
static void test_next_call_changes_while_it_waits(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_talk(&rig, "a2", "c2", "102");
    sup_talk(&rig, "a4", "c4", "104");
    sup_reach(&rig, AT_ON, ACTION_LISTEN);
    assert_int_equal(sup_act(&rig, ACTION_BARGE, "102", "a2", NULL), RC_OK);
    sup_leave_bridge(&rig, "c2");
    sup_enter(&rig, "c4", "talk-a2");
    sup_serve(&rig);
    assert_told_line(&rig, "1 ended listen RC_OK 101 you went on to another call");
    assert_told_line(&rig, "2 failed - RC_NOT_FOUND 102 the other party has changed");
    check_nothing_left(&rig, "next changed");
    sup_fini(&rig);
}

/* The agent hears music first: whoever comes then is the one whom the supervision is about. */
static void test_other_party_comes_later(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    sup_talk(&rig, "a1", "c1", "101");
    sup_leave_bridge(&rig, "c1");
    assert_int_equal(sup_act(&rig, ACTION_LISTEN, "101", "a1", NULL), RC_OK);
    sup_serve(&rig);
    sup_lift(&rig);
    sup_serve(&rig);
    assert_int_equal(rig.s->state, AT_ON);
    sup_enter(&rig, "c1", "talk-a1");
    fake_io_advance(&rig.fake, 10000);
    assert_int_equal(rig.s->state, AT_ON);
    sup_talk(&rig, "a2", "c2", "102");
    sup_leave_bridge(&rig, "c1");
    sup_enter(&rig, "c2", "talk-a1");
    sup_serve(&rig);
    assert_told_line(&rig, "1 ended listen RC_OK 101 the other party has changed");
    check_nothing_left(&rig, "far came later");
    sup_fini(&rig);
}

/* Through a queue: agent - Local/101@q;2 | Local/101@q;1 - caller. */
static void local_call(struct sup_rig *rig)
{
    sup_talk(rig, "a1", "l2", "101");
    sup_talk(rig, "l1", "c1", "101");
    sup_rename(rig, "l2", "Local/101@q-0000;2");
    sup_rename(rig, "l1", "Local/101@q-0000;1");
}

static void test_local_pair_optimised_away(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    local_call(&rig);
    assert_int_equal(sup_act(&rig, ACTION_LISTEN, "101", "a1", NULL), RC_OK);
    sup_serve(&rig);
    sup_lift(&rig);
    sup_serve(&rig);
    assert_int_equal(rig.s->state, AT_ON);
    assert_string_equal(rig.s->on.far_id, "c1");
    sup_leave_bridge(&rig, "l2");
    sup_enter(&rig, "c1", "talk-a1");
    sup_hangup(&rig, "l1", 16);
    sup_hangup(&rig, "l2", 16);
    fake_io_advance(&rig.fake, 10000);
    assert_int_equal(rig.s->state, AT_ON);
    assert_int_equal(sup_act(&rig, ACTION_TAKEOVER, "101", "a1", NULL), RC_OK);
    sup_serve(&rig);
    assert_string_equal(rig.retrieve, "PJSIP/carrier-c1");
    assert_string_equal(sup_last(&rig), "2 confirmed - RC_OK 101 \n");
    sup_fini(&rig);
}

static void test_local_pair_is_taken(void **state)
{
    struct sup_rig rig;
    (void)state;
    sup_init(&rig);
    local_call(&rig);
    sup_hold(&rig, "a1", true);
    assert_int_equal(sup_act(&rig, ACTION_PICKUP, "101", "a1", NULL), RC_OK);
    sup_serve(&rig);
    sup_lift(&rig);
    sup_serve(&rig);
    assert_string_equal(rig.retrieve, "Local/101@q-0000;2");
    assert_string_equal(sup_last(&rig), "1 confirmed - RC_OK 101 \n");
    assert_int_equal(rig.ledger.len, 0);
    sup_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_trouble_at_every_step),
        cmocka_unit_test(test_what_is_said),
        cmocka_unit_test(test_connected_while_nobody_listened),
        cmocka_unit_test(test_connected_while_nobody_listened_for_long),
        cmocka_unit_test(test_connected_when_it_was_given_up),
        cmocka_unit_test(test_claim_of_another_is_left_alone),
        cmocka_unit_test(test_made_after_all_is_over),
        cmocka_unit_test(test_removal_is_tried_again),
        cmocka_unit_test(test_removal_stops_nobody),
        cmocka_unit_test(test_a_moment_between_two_bridges),
        cmocka_unit_test(test_phone_led_to_another_call),
        cmocka_unit_test(test_phone_led_to_another_call_and_stopped),
        cmocka_unit_test(test_next_call_changes_while_it_waits),
        cmocka_unit_test(test_other_party_comes_later),
        cmocka_unit_test(test_local_pair_optimised_away),
        cmocka_unit_test(test_local_pair_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
