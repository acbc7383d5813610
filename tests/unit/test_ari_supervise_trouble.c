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
    {AT_SW_DROP, ACTION_WHISPER, "DELETE channels/"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_trouble_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
