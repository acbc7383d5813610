/* Listen, whisper, barge, take over and pick up as they should go, and what keeps them away. */
#include "supervise_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define assert_told(rig, line)                                                \
    do {                                                                      \
        if (!sup_told(rig, line))                                             \
            fail_msg("not told: %s\ntold:\n%s", line, buf_text(&(rig)->log)); \
    } while (0)
#define assert_asked(rig, line)                                                   \
    do {                                                                          \
        if (sup_count(&(rig)->asked, line) == 0)                                  \
            fail_msg("not asked: %s\nasked:\n%s", line, buf_text(&(rig)->asked)); \
    } while (0)

static int setup(void **state)
{
    struct sup_rig *rig = mem_zero(1, sizeof *rig);
    sup_init(rig);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    sup_fini(*state);
    mem_free(*state);
    return 0;
}

static void assert_nothing_left(struct sup_rig *rig)
{
    for (size_t i = 0; i < rig->chans.len; i++)
        if (str_starts(rig->chans.items[i].id, "callhud-"))
            fail_msg("%s is left", rig->chans.items[i].id);
    for (size_t i = 0; i < rig->bridges.len; i++)
        if (str_starts(rig->bridges.items[i], "callhud-"))
            fail_msg("%s is left", rig->bridges.items[i]);
    if (rig->ledger.len != 0)
        fail_msg("%s is in the ledger", rig->ledger.items[0]);
    assert_int_equal(rig->s->things.len, 0);
    assert_int_equal(rig->s->state, AT_IDLE);
}

static void on_left(void *self)
{
    ((struct sup_rig *)self)->left++;
}

static void test_table_is_whole(void **state)
{
    (void)state;
    for (int at = 0; at < AT_COUNT; at++)
        for (int in = 0; in < IN_COUNT; in++) {
            const struct supervise_cell *cell =
                supervise_cell((enum supervise_state)at, (enum supervise_input)in);
            if (cell->effect == NULL)
                fail_msg("state %d has nothing to do for input %d", at, in);
            assert_in_range(cell->next, 0, AT_COUNT - 1);
        }
}

static void test_listen(void **state)
{
    struct sup_rig *rig = *state;
    sup_talk(rig, "a1", "c1", "101");
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "101", "a1", NULL), RC_OK);
    assert_string_equal(buf_text(&rig->log), "1 asked - RC_OK 101 \n");
    assert_int_equal(rig->ledger.len, 1);
    assert_true(str_starts(rig->ledger.items[0], "channels/callhud-"));
    sup_serve(rig);
    assert_asked(rig, "POST channels?endpoint=PJSIP%2F108&app=callhud-first&appArgs=callhud&"
                      "channelId=callhud-");
    assert_null(strstr(buf_text(&rig->asked), "callerId="));
    assert_string_equal(sup_last(rig), "1 phone - RC_OK 101 your phone 108 rings: lift it\n");
    assert_int_equal(rig->ledger.len, 1);
    sup_lift(rig);
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "1 confirmed listen RC_OK 101 \n");
    assert_non_null(strstr(buf_text(&rig->asked), "?spy=both&whisper=none&app=callhud-first"));
    assert_int_equal(rig->ledger.len, 3);
    assert_string_equal(sup_chan_like(rig, "-phone-")->bridge,
                        sup_chan_like(rig, "-listen-")->bridge);
    assert_int_equal(sup_act(rig, ACTION_STOP, "101", "a1", NULL), RC_OK);
    assert_told(rig, "2 asked");
    sup_serve(rig);
    assert_told(rig, "1 ended listen RC_OK 101 you ended it");
    assert_string_equal(sup_last(rig), "2 confirmed - RC_OK 101 \n");
    assert_nothing_left(rig);
    assert_non_null(sup_chan(rig, "a1"));
}

/* An HTTP yes is no confirmation, only the events are. */
static void test_confirmed_by_events(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_ADD, ACTION_LISTEN);
    sup_answer(rig, "POST bridges/", 204);
    assert_false(sup_told(rig, "1 confirmed"));
    sup_enter(rig, sup_chan_like(rig, "-listen-")->id, sup_chan_like(rig, "-phone-")->bridge);
    assert_told(rig, "1 confirmed listen");
    assert_int_equal(sup_act(rig, ACTION_STOP, "", "", NULL), RC_OK);
    sup_serve(rig);
    assert_nothing_left(rig);
}

static void test_switch(void **state)
{
    static const struct {
        enum action_kind kind;
        const char *whisper, *told;
    } switches[] = {{ACTION_WHISPER, "whisper=out&", "2 confirmed whisper"},
                    {ACTION_BARGE, "whisper=both&", "3 confirmed barge"},
                    {ACTION_LISTEN, "whisper=none&", "4 confirmed listen"}};
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_ON, ACTION_LISTEN);
    char phone[64];
    str_copy(phone, sizeof phone, sup_chan_like(rig, "-phone-")->id);
    for (size_t i = 0; i < 3; i++) {
        buf_reset(&rig->asked);
        assert_int_equal(sup_act(rig, switches[i].kind, "101", "a1", NULL), RC_OK);
        sup_serve(rig);
        assert_told(rig, switches[i].told);
        assert_non_null(strstr(buf_text(&rig->asked), switches[i].whisper));
        /* never two snoops in the bridge: they would hear and speak to each other; and never a
         * deleted one, which the server may keep locked */
        const char *drop = strstr(buf_text(&rig->asked), "/removeChannel");
        const char *add = strstr(buf_text(&rig->asked), "/addChannel");
        const char *erase = strstr(buf_text(&rig->asked), "DELETE channels/");
        assert_true(drop != NULL && add != NULL && drop < add && add < erase);
        assert_non_null(sup_chan(rig, phone)); /* the phone stays lifted */
    }
    assert_int_equal(rig->ledger.len, 3);
    assert_int_equal(sup_act(rig, ACTION_STOP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    assert_told(rig, "4 ended listen");
    assert_int_equal(sup_count(&rig->log, "1 ended"), 0);
    assert_nothing_left(rig);
}

/* The new snoop ends with the call while the old one is removed, a moment before the call's end. */
static void test_switch_as_the_call_ends(void **state)
{
    struct sup_rig *rig = *state;
    char snoop[64];
    sup_reach(rig, AT_SW_DROP, ACTION_WHISPER);
    str_copy(snoop, sizeof snoop, sup_chan_like(rig, "-whisper-")->id);
    sup_hangup(rig, snoop, 16);
    sup_serve(rig);
    sup_hangup(rig, "a1", 16);
    sup_serve(rig);
    assert_told(rig, "1 ended listen RC_OK 101 the call has ended");
    assert_nothing_left(rig);
}

static void test_switch_while_switching(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_SW_SNOOP, ACTION_WHISPER);
    assert_int_equal(sup_act(rig, ACTION_BARGE, "101", "a1", NULL), RC_OK);
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "101", "a1", NULL), RC_OK);
    assert_told(rig, "3 failed - RC_CANCELLED 101 something else was asked for");
    sup_serve(rig);
    assert_told(rig, "2 confirmed whisper");
    assert_string_equal(sup_last(rig), "4 confirmed listen RC_OK 101 \n");
    assert_int_equal(sup_act(rig, ACTION_STOP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    assert_nothing_left(rig);
}

static void test_move_to_another_call(void **state)
{
    struct sup_rig *rig = *state;
    sup_talk(rig, "a2", "c2", "102");
    sup_reach(rig, AT_ON, ACTION_WHISPER);
    buf_reset(&rig->asked);
    assert_int_equal(sup_act(rig, ACTION_BARGE, "102", "a2", NULL), RC_OK);
    assert_told(rig, "2 asked - RC_OK 102");
    sup_serve(rig);
    assert_told(rig, "1 ended whisper RC_OK 101 you went on to another call");
    assert_string_equal(sup_last(rig), "2 confirmed barge RC_OK 102 \n");
    assert_int_equal(sup_count(&rig->asked, "POST channels?"), 0); /* the lifted phone is kept */
    assert_int_equal(sup_count(&rig->asked, "POST channels/a2/snoop/"), 1);
    assert_int_equal(sup_act(rig, ACTION_TAKEOVER, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    assert_told(rig, "2 ended barge");
    assert_string_equal(sup_last(rig), "3 confirmed - RC_OK 101 \n");
    assert_int_equal(sup_count(&rig->asked, "POST channels?"), 0);
    assert_string_equal(sup_chan(rig, "c1")->bridge, sup_chan_like(rig, "-phone-")->bridge);
    assert_string_equal(sup_chan(rig, "c2")->bridge, sup_chan(rig, "a2")->bridge);
    assert_int_equal(rig->ledger.len, 0);
}

static void test_another_way_while_it_rings(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_RING, ACTION_LISTEN);
    assert_int_equal(sup_act(rig, ACTION_BARGE, "101", "a1", NULL), RC_OK);
    assert_told(rig, "1 failed - RC_CANCELLED 101 something else was asked for");
    assert_told(rig, "2 phone - RC_OK 101 your phone 108 rings: lift it");
    sup_lift(rig);
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "2 confirmed barge RC_OK 101 \n");
    assert_int_equal(sup_count(&rig->asked, "POST channels?"), 1);
    assert_int_equal(sup_act(rig, ACTION_STOP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    assert_nothing_left(rig);
}

static void test_another_call_while_it_rings(void **state)
{
    struct sup_rig *rig = *state;
    sup_talk(rig, "a2", "c2", "102");
    sup_reach(rig, AT_RING, ACTION_LISTEN);
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "102", "a2", NULL), RC_OK);
    sup_serve(rig);
    assert_told(rig, "1 failed - RC_CANCELLED 101 you went on to another call");
    assert_int_equal(sup_count(&rig->asked, "POST channels?"), 2); /* its display says whom */
    assert_string_equal(sup_last(rig), "2 phone - RC_OK 102 your phone 108 rings: lift it\n");
    sup_lift(rig);
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "2 confirmed listen RC_OK 102 \n");
    assert_int_equal(sup_act(rig, ACTION_STOP, "102", "a2", NULL), RC_OK);
    sup_serve(rig);
    assert_nothing_left(rig);
}

static void test_take_over(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_GO, ACTION_TAKEOVER);
    assert_asked(rig, "POST bridges/callhud-claim-a1?type=mixing&name=108%20");
    assert_asked(rig, "POST channels/callhud-");
    assert_string_equal(rig->retrieve, "PJSIP/carrier-c1");
    /* a phone that may be in a person's call is in no ledger */
    for (size_t i = 0; i < rig->ledger.len; i++)
        assert_null(strstr(rig->ledger.items[i], "-phone-"));
    assert_false(sup_told(rig, "1 confirmed"));
    sup_enter(rig, "c1", "taken");
    assert_false(sup_told(rig, "1 confirmed"));
    sup_enter(rig, sup_chan_like(rig, "-phone-")->id, "taken");
    assert_told(rig, "1 confirmed - RC_OK 101");
    sup_hangup(rig, "a1", 16);
    sup_serve(rig);
    assert_int_equal(rig->ledger.len, 0);
    assert_int_equal(rig->bridges.len, 2); /* the claim is gone */
    assert_non_null(sup_chan_like(rig, "-phone-"));
    assert_int_equal(rig->s->state, AT_IDLE);
}

static void test_take_over_what_is_listened_to(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_ON, ACTION_LISTEN);
    assert_int_equal(sup_act(rig, ACTION_TAKEOVER, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    assert_told(rig, "1 ended listen RC_OK 101 you have the call now");
    assert_string_equal(sup_last(rig), "2 confirmed - RC_OK 101 \n");
    assert_string_equal(sup_chan(rig, "c1")->bridge, sup_chan_like(rig, "-phone-")->bridge);
    assert_int_equal(rig->ledger.len, 0);
    assert_null(sup_chan_like(rig, "-listen-"));
    /* leaving now leaves the call on the phone */
    assert_false(supervise_leave(rig->s, NULL, NULL));
    assert_non_null(sup_chan_like(rig, "-phone-"));
}

static void test_pick_up_held(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_HOLD, ACTION_PICKUP);
    sup_serve(rig);
    assert_asked(rig, "GET channels/a1/variable?variable=CHANNEL%28rtp%2Chold%29");
    assert_string_equal(sup_last(rig), "1 confirmed - RC_OK 101 \n");
    assert_string_equal(sup_chan(rig, "c1")->bridge, sup_chan_like(rig, "-phone-")->bridge);
    assert_null(sup_chan(rig, "a1"));
    assert_int_equal(rig->ledger.len, 0);
}

static void test_pick_up_ringing(void **state)
{
    struct sup_rig *rig = *state;
    sup_ring(rig, "a1", "c1", "101");
    assert_int_equal(sup_act(rig, ACTION_PICKUP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    sup_lift(rig);
    sup_serve(rig);
    assert_string_equal(rig->pickup, "PJSIP/101-a1");
    assert_int_equal(sup_count(&rig->asked, "POST bridges/"), 0); /* the server knows one winner */
    assert_string_equal(sup_last(rig), "1 confirmed - RC_OK 101 \n");
    assert_int_equal(rig->ledger.len, 0);
}

static void test_resumed_between_event_and_answer(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_HOLD, ACTION_PICKUP);
    sup_chan(rig, "a1")->is_held = false; /* the event is still under way */
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "1 failed - RC_NOT_FOUND 101 101 resumed the call\n");
    assert_nothing_left(rig);
    assert_string_equal(sup_chan(rig, "c1")->bridge, sup_chan(rig, "a1")->bridge);
}

static void test_claimed_by_another(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_CLAIM, ACTION_TAKEOVER);
    sup_obey(rig, "POST", "channels?endpoint=PJSIP/104&channelId=callhud-0badcafe-phone-1");
    sup_make_bridge(rig, "callhud-claim-a1", "104 0badcafe");
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "1 failed - RC_NOT_FOUND 101 taken by 104\n");
    /* the other one's claim is not ours to remove */
    assert_int_equal(sup_count(&rig->asked, "DELETE bridges/callhud-claim"), 0);
    assert_int_equal(rig->ledger.len, 0);
    assert_int_equal(rig->s->things.len, 0);
}

/* Killed after its claim: nobody has the call, and nobody else may remove that claim. */
static void test_claim_of_a_killed_one(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_CLAIM, ACTION_TAKEOVER);
    sup_make_bridge(rig, "callhud-claim-a1", "104 0badcafe");
    sup_serve(rig);
    assert_true(str_starts(sup_last(rig), "1 failed - RC_NOT_FOUND 101 104 was about to take this "
                                          "call when that callhud was killed"));
    assert_int_equal(sup_count(&rig->asked, "DELETE bridges/callhud-claim"), 0);
}

static void test_lost_the_race_for_a_ringing_line(void **state)
{
    struct sup_rig *rig = *state;
    sup_ring(rig, "a1", "c1", "101");
    sup_talk(rig, "a4", "c4", "104");
    assert_int_equal(sup_act(rig, ACTION_PICKUP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    rig->dialplan = DIALPLAN_SLOW;
    sup_lift(rig);
    sup_serve(rig);
    assert_int_equal(rig->s->state, AT_GO);
    sup_hangup(rig, sup_chan_like(rig, "-phone-")->id, 16);
    sup_hangup(rig, "a1", 26); /* only now the winner's bridge is told */
    sup_hangup(rig, "c4", 16);
    sup_enter(rig, "a4", "won");
    sup_enter(rig, "c1", "won");
    assert_int_equal(rig->s->state, AT_WHY);
    fake_io_advance(&rig->fake, SUPERVISE_SETTLE_MS);
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "1 failed - RC_NOT_FOUND 101 taken by 104\n");
    assert_int_equal(rig->ledger.len, 0);
}

/* The ringing leg ends before anything says who has the caller. */
static void test_another_was_faster_while_our_phone_rang(void **state)
{
    struct sup_rig *rig = *state;
    sup_talk(rig, "a4", "c4", "104");
    sup_hangup(rig, "c4", 16);
    sup_ring(rig, "a1", "c1", "101");
    assert_int_equal(sup_act(rig, ACTION_PICKUP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    sup_hangup(rig, "a1", 26);
    assert_int_equal(rig->s->state, AT_RING);
    sup_enter(rig, "a4", "won");
    sup_enter(rig, "c1", "won");
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "1 failed - RC_NOT_FOUND 101 taken by 104\n");
    assert_nothing_left(rig);
    /* and when the caller gave up it is known at once */
    sup_ring(rig, "a2", "c2", "102");
    assert_int_equal(sup_act(rig, ACTION_PICKUP, "102", "a2", NULL), RC_OK);
    sup_serve(rig);
    sup_hangup(rig, "a2", 16);
    sup_hangup(rig, "c2", 16);
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "2 failed - RC_NOT_FOUND 102 the call has ended\n");
    assert_nothing_left(rig);
}

/* This program was not run for a while: what came meanwhile is read before anything is decided. */
static void test_another_was_faster_on_a_busy_machine(void **state)
{
    struct sup_rig *rig = *state;
    sup_talk(rig, "a4", "c4", "104");
    sup_hangup(rig, "c4", 16);
    sup_ring(rig, "a1", "c1", "101");
    assert_int_equal(sup_act(rig, ACTION_PICKUP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    sup_hangup(rig, "a1", 26);
    rig->fake.now_ms += 2 * SUPERVISE_SETTLE_MS;
    fake_io_advance(&rig->fake, 0);
    assert_int_equal(rig->s->state, AT_RING);
    sup_enter(rig, "a4", "won");
    sup_enter(rig, "c1", "won");
    sup_serve(rig);
    assert_string_equal(sup_last(rig), "1 failed - RC_NOT_FOUND 101 taken by 104\n");
    assert_nothing_left(rig);
}

static void test_leave(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_ON, ACTION_BARGE);
    assert_true(supervise_leave(rig->s, on_left, rig));
    char phone[64];
    str_copy(phone, sizeof phone, sup_chan_like(rig, "-phone-")->id);
    /* all answers come before the phone's last event, and without that it is not gone */
    sup_answer(rig, "DELETE channels/", 204);
    sup_answer(rig, "DELETE channels/", 204);
    assert_int_equal(rig->left, 0);
    sup_answer(rig, "DELETE bridges/", 204);
    fake_io_advance(&rig->fake, 0);
    assert_int_equal(rig->left, 0);
    assert_int_equal(rig->ledger.len, 1);
    sup_hangup(rig, phone, 16);
    fake_io_advance(&rig->fake, 0);
    assert_int_equal(rig->left, 1);
    assert_string_equal(sup_last(rig), "1 ended barge RC_OK 101 callhud ended it\n");
    assert_int_equal(rig->ledger.len, 0);
}

/* Whoever is removed while it is bridged with a deleted snoop blocks the server. */
static void test_the_snoop_is_removed_last(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_ON, ACTION_WHISPER);
    buf_reset(&rig->asked);
    assert_int_equal(sup_act(rig, ACTION_STOP, "101", "a1", NULL), RC_OK);
    sup_serve(rig);
    const char *bridge = strstr(buf_text(&rig->asked), "DELETE bridges/");
    const char *phone = strstr(buf_text(&rig->asked), "-phone-");
    const char *snoop = strstr(buf_text(&rig->asked), "-whisper-");
    assert_true(bridge != NULL && phone != NULL && snoop != NULL);
    assert_true(bridge < phone && phone < snoop);
    assert_nothing_left(rig);
}

static void test_leave_does_not_wait_for_ever(void **state)
{
    struct sup_rig *rig = *state;
    sup_reach(rig, AT_ON, ACTION_BARGE);
    assert_true(supervise_leave(rig->s, on_left, rig));
    fake_io_advance(&rig->fake, SUPERVISE_LEAVE_MS - 1);
    assert_int_equal(rig->left, 0);
    fake_io_advance(&rig->fake, 1);
    assert_int_equal(rig->left, 1);
    assert_string_equal(sup_last(rig),
                        "1 ended barge RC_OK 101 callhud ended it; the server has not "
                        "confirmed that all is removed\n");
    assert_int_equal(rig->ledger.len, 3); /* the next run removes it */
}

static void test_no_dialplan(void **state)
{
    struct sup_rig *rig = *state;
    rig->dialplan = DIALPLAN_ABSENT;
    sup_reach(rig, AT_WHY, ACTION_PICKUP);
    fake_io_advance(&rig->fake, SUPERVISE_SETTLE_MS);
    sup_serve(rig);
    assert_told(rig,
                "1 failed - RC_REFUSED 101 the server's dialplan has no usable context 'retrieve'");
    assert_nothing_left(rig);
}

/* ---- what keeps it away ---- */

static void test_refusals(void **state)
{
    struct sup_rig *rig = *state;
    struct err err = {0};
    sup_talk(rig, "a1", "c1", "101");
    sup_ring(rig, "a2", "c2", "102");
    sup_talk(rig, "a8", "c8", "108");
    static const struct {
        enum action_kind kind;
        const char *ext, *call;
        enum rc rc;
        const char *text;
    } cases[] = {
        {ACTION_LISTEN, "199", "a1", RC_NOT_FOUND, "199 is not monitored"},
        {ACTION_LISTEN, "101", "zz", RC_NOT_FOUND, "the call has ended"},
        {ACTION_LISTEN, "102", "a1", RC_NOT_FOUND, "that call is not 102's any more"},
        {ACTION_LISTEN, "102", "a2", RC_DENIED, "the call of 102 is not answered yet"},
        {ACTION_TAKEOVER, "102", "a2", RC_DENIED, "the call of 102 is not answered yet"},
        {ACTION_PICKUP, "101", "a1", RC_DENIED, "101 is talking: take the call over instead"},
        {ACTION_LISTEN, "108", "a8", RC_DENIED, "your own phone is in that call"},
        {ACTION_STOP, "", "", RC_DENIED, "you supervise nobody: there is nothing to stop"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sup_act(rig, cases[i].kind, cases[i].ext, cases[i].call, &err),
                         cases[i].rc);
        assert_string_equal(err.text, cases[i].text);
    }
    assert_int_equal(rig->fake.requests.len, 0);
    assert_int_equal(rig->ledger.len, 0);
}

static void test_phone_offline_is_known(void **state)
{
    struct sup_rig *rig = *state;
    struct err err = {0};
    sup_talk(rig, "a1", "c1", "101");
    sup_say(rig, "{\"type\":\"PeerStatusChange\",\"endpoint\":{\"technology\":\"PJSIP\","
                 "\"resource\":\"108\",\"state\":\"offline\"}}");
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "101", "a1", &err), RC_DENIED);
    assert_string_equal(err.text, "your phone 108 is offline: register it, then try again");
    assert_int_equal(rig->fake.requests.len, 0);
}

/* The server answers the same for a phone that is offline and for one that does not exist. */
static void test_phone_that_the_server_does_not_know(void **state)
{
    struct sup_rig *rig = *state;
    rig->config.phone = "PJSIP/999";
    sup_talk(rig, "a1", "c1", "101");
    sup_act(rig, ACTION_LISTEN, "101", "a1", NULL);
    sup_answer(rig, "POST channels?", 500);
    sup_serve(rig);
    assert_told(rig, "1 failed - RC_DENIED 101 the server cannot call PJSIP/999: register it, or "
                     "correct phone in the profile");
    assert_nothing_left(rig);
}

static void test_no_link_no_ledger(void **state)
{
    struct sup_rig *rig = *state;
    struct err err = {0};
    sup_talk(rig, "a1", "c1", "101");
    rig->is_ledger_broken = true;
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "101", "a1", &err), RC_IO);
    assert_string_equal(err.text, "the disk is full");
    rig->is_ledger_broken = false;
    sup_lose(rig);
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "101", "a1", &err), RC_UNREACHABLE);
    rig->app = "callhud-second"; /* there again, but not read yet */
    assert_int_equal(sup_act(rig, ACTION_LISTEN, "101", "a1", &err), RC_UNREACHABLE);
    assert_int_equal(rig->fake.requests.len, 0);
    assert_int_equal(rig->s->state, AT_IDLE);
}

static void test_ledger_breaks_on_the_way(void **state)
{
    static const struct {
        enum supervise_state at;
        enum action_kind kind;
    } cases[] = {{AT_RING, ACTION_LISTEN}, {AT_JOIN, ACTION_LISTEN}, {AT_RING, ACTION_TAKEOVER}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sup_rig rig;
        sup_init(&rig);
        sup_reach(&rig, cases[i].at, cases[i].kind);
        size_t before = rig.ledger.len;
        rig.is_ledger_broken = true;
        if (cases[i].at == AT_RING)
            sup_lift(&rig);
        sup_serve(&rig);
        assert_string_equal(sup_last(&rig), "1 failed - RC_IO 101 the disk is full\n");
        assert_true(before > 0);
        assert_nothing_left(&rig);
        sup_fini(&rig);
    }
}

/* After a pick up the other party's phone shows the supervisor, not the words that ours rang with.
 */
static void test_names_of_our_phone(void **state)
{
    struct sup_rig *rig = *state;
    sup_talk(rig, "a1", "c1", "101");
    sup_hold(rig, "a1", true);
    sup_act(rig, ACTION_PICKUP, "101", "a1", NULL);
    struct io_http *http = sup_pending(rig, "POST channels?");
    assert_non_null(http);
    assert_null(strstr(http->url, "callerId"));
    assert_non_null(strstr(http->body, "\"CONNECTEDLINE(name,i)\":\"Pick up 101\""));
    assert_non_null(strstr(http->body, "\"CONNECTEDLINE(num,i)\":\"101\""));
    assert_non_null(strstr(http->body, "\"CALLERID(num)\":\"108\""));
    sup_act(rig, ACTION_STOP, "101", "a1", NULL);
    sup_serve(rig);
    assert_nothing_left(rig);
}

/* Another supervisor's phone rings to listen: no caller is there whom one could pick up. */
static void test_no_pick_up_of_a_supervision(void **state)
{
    struct sup_rig *rig = *state;
    struct err err = {0};
    assert_true(supervise_is_phone_id("callhud-00c0ffee-phone-1"));
    assert_false(supervise_is_phone_id("callhud-00c0ffee-listen-1"));
    assert_false(supervise_is_phone_id("callhud-phone-1"));
    sup_ring(rig, "callhud-00c0ffee-phone-1", "c1", "104");
    sup_rename(rig, "callhud-00c0ffee-phone-1", "PJSIP/104-00000001");
    assert_int_equal(sup_act(rig, ACTION_PICKUP, "104", "callhud-00c0ffee-phone-1", &err),
                     RC_DENIED);
    assert_non_null(strstr(err.text, "104's phone rings to supervise"));
    sup_hangup(rig, "callhud-00c0ffee-phone-1", 16);
    assert_nothing_left(rig);
}

static void test_auto_answer(void **state)
{
    struct sup_rig *rig = *state;
    rig->config.is_auto_answer = true;
    sup_talk(rig, "a1", "c1", "101");
    sup_act(rig, ACTION_LISTEN, "101", "a1", NULL);
    struct io_http *http = sup_pending(rig, "POST channels?");
    assert_non_null(http);
    assert_non_null(strstr(http->body, "\"PJSIP_HEADER(add,Call-Info)\":\"<sip:callhud>;"
                                       "answer-after=0\",\"PJSIP_HEADER(add,Alert-Info)\":"
                                       "\"<http://callhud>;info=alert-autoanswer\"}}"));
    sup_act(rig, ACTION_STOP, "101", "a1", NULL);
    sup_serve(rig);
    assert_told(rig, "1 failed - RC_CANCELLED 101 you ended it");
    assert_told(rig, "2 confirmed");
    assert_nothing_left(rig);
}

static void test_mode_of_id(void **state)
{
    (void)state;
    assert_int_equal(supervise_mode_of_id("callhud-0123abcd-listen-2"), SUPERVISE_LISTEN);
    assert_int_equal(supervise_mode_of_id("callhud-0123abcd-whisper-12"), SUPERVISE_WHISPER);
    assert_int_equal(supervise_mode_of_id("callhud-0123abcd-barge-3"), SUPERVISE_BARGE);
    static const char *const others[] = {"",
                                         "callhud-0123abcd-phone-1",
                                         "callhud-123-listen-1",
                                         "callhud-0123abcX-listen-1",
                                         "pbx-1.2",
                                         "callhud-claim-pbx-1.2",
                                         "callhud-0123abcd-listen"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(supervise_mode_of_id(others[i]), SUPERVISE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_whole),
        cmocka_unit_test_setup_teardown(test_listen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_confirmed_by_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_switch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_switch_while_switching, setup, teardown),
        cmocka_unit_test_setup_teardown(test_switch_as_the_call_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_move_to_another_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_way_while_it_rings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_call_while_it_rings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_take_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_take_over_what_is_listened_to, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pick_up_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pick_up_ringing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resumed_between_event_and_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_claimed_by_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_claim_of_a_killed_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_the_race_for_a_ringing_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_was_faster_while_our_phone_rang, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_another_was_faster_on_a_busy_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_snoop_is_removed_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leave_does_not_wait_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_dialplan, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_phone_offline_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_phone_that_the_server_does_not_know, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_link_no_ledger, setup, teardown),
        cmocka_unit_test(test_ledger_breaks_on_the_way),
        cmocka_unit_test_setup_teardown(test_names_of_our_phone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_pick_up_of_a_supervision, setup, teardown),
        cmocka_unit_test_setup_teardown(test_auto_answer, setup, teardown),
        cmocka_unit_test(test_mode_of_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
