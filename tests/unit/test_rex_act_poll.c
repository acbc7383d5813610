/* Acting on RingCentral while there is no websocket: what was done is confirmed by asking. */
#include "rex_service.h"

#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL "ReadPresence EditPresence CallControl ReadAccounts"
#define CALL "s-1/p-1"
#define PHONE "your phone Desk phone rings: lift it"
#define KEYS ", then key 102#"

static struct svc s;

static int opened(void **state)
{
    (void)state;
    svc_begin(&s, ALL);
    svc_user(&s, "102");
    svc_call(&s, "102", "s-1", "Answered");
    s.is_deaf = s.is_polling = true;
    svc_sync(&s);
    buf_reset(&s.log);
    buf_reset(&s.asked);
    return 0;
}

static int closed(void **state)
{
    (void)state;
    svc_serve(&s);
    svc_close(&s);
    return 0;
}

static void act(uint32_t id, enum action_kind kind, bool is_on)
{
    assert_int_equal(svc_act(&s, id, kind, "102", CALL, is_on, NULL), RC_OK);
    svc_serve(&s);
}

/* ---- no phone of ours ---- */

static void what_needs_no_phone_is_asked_for(void **state)
{
    (void)state;
    act(1, ACTION_DND, true);
    svc_expect(&s, "1 dnd asked\n");
    svc_pass(&s, 1000);
    svc_expect(&s, "1 dnd confirmed\n");
    act(2, ACTION_RECORD, true);
    svc_pass(&s, 1000);
    svc_expect(&s, "2 record asked\n2 record confirmed\n");
    act(3, ACTION_HANGUP, false);
    svc_pass(&s, 1000);
    svc_expect(&s, "3 hangup asked\n3 hangup confirmed\n");
    svc_pass(&s, 10000);
    buf_reset(&s.asked);
    svc_pass(&s, 60000);
    assert_int_equal(s.asked.len, 0);
}

/* Nobody had told whether it is. */
static void what_is_not_recorded_is_not_ended(void **state)
{
    (void)state;
    act(1, ACTION_RECORD, false);
    svc_expect(&s, "1 record asked\n1 record confirmed: the call of 102 is not recorded\n");
}

/* An answer without recordings says neither that one runs nor that none does. */
static void what_is_not_told_is_not_confirmed(void **state)
{
    (void)state;
    s.hides_recordings = true;
    act(1, ACTION_RECORD, false);
    svc_expect(&s, "1 record asked\n1 record failed refused by the backend: RingCentral does not "
                   "say whether it "
                   "is recorded: look at the phone\n");
    s.hides_recordings = false;
    act(2, ACTION_RECORD, true);
    svc_pass(&s, 10000);
    svc_expect(&s, "2 record asked\n2 record confirmed\n");
    s.hides_recordings = s.omits_active = true;
    act(3, ACTION_RECORD, false);
    assert_true(svc_has_asked(&s, "/recordings/77 {\"active\":false}"));
    svc_pass(&s, 9000);
    svc_expect(&s, "3 record asked\n3 record failed no answer in time: RingCentral does not say "
                   "whether it is recorded: look at the phone\n");
}

/* But the answer to the request does, and where nothing else tells that is taken. */
static void what_only_the_answer_tells_is_so(void **state)
{
    (void)state;
    act(1, ACTION_RECORD, true);
    svc_pass(&s, 10000);
    svc_expect(&s, "1 record asked\n1 record confirmed\n");
    s.hides_recordings = true;
    act(2, ACTION_RECORD, false);
    svc_pass(&s, 10000);
    svc_expect(&s, "2 record asked\n2 record confirmed\n");
    act(3, ACTION_RECORD, true);
    svc_pass(&s, 10000);
    svc_expect(&s, "3 record asked\n3 record confirmed\n");
    /* What the call itself tells goes before. */
    s.hides_recordings = false;
    act(4, ACTION_RECORD, false);
    svc_party(&s, "s-1", "p-1")->is_recorded = true; /* it goes on all the same */
    svc_pass(&s, 10000);
    svc_expect(&s, "4 record asked\n4 record failed no answer in time: RingCentral said yes, but "
                   "after 8 s the recording has not ended: look at the lamp\n");
}

/* It takes its time: asked until it is so, and not for ever. */
static void it_is_asked_again_for_a_while(void **state)
{
    (void)state;
    act(2, ACTION_HANGUP, false);
    svc_party(&s, "s-1", "p-1")->code = "Answered";
    svc_pass(&s, 7900);
    svc_expect(&s, "2 hangup asked\n");
    svc_pass(&s, 1000);
    svc_expect(&s, "2 hangup failed no answer in time: RingCentral said yes, but after 8 s the "
                   "call has not ended: "
                   "look at the lamp\n");
    act(1, ACTION_DND, true);
    s.dnd = "TakeAllCalls"; /* not yet */
    svc_pass(&s, 3000);
    svc_expect(&s, "1 dnd asked\n");
    s.dnd = "DoNotAcceptAnyCalls";
    svc_pass(&s, 1100);
    svc_expect(&s, "1 dnd confirmed\n");
}

/* ---- our phone ---- */

static void listening(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN, false);
    svc_expect(&s, "1 listen asked\n1 listen phone: " PHONE "\n");
    svc_pass(&s, 5000);
    svc_expect(&s, "");
    svc_lift(&s);
    svc_pass(&s, 3000);
    svc_expect(&s, "1 listen confirmed listen\n");
    svc_pass(&s, 30000);
    svc_expect(&s, "");
    buf_reset(&s.asked);
    svc_pass(&s, 60000);
    size_t asked = 0;
    for (const char *at = buf_text(&s.asked); (at = strstr(at, "GET ")) != NULL; at++)
        asked++;
    assert_in_range(asked, 10, 26); /* of 50 a minute */
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    svc_pass(&s, 5100);
    svc_expect(&s, "1 listen ended listen: the call has ended\n");
    svc_check_clean(&s);
}

static void our_phone_hangs_up_or_is_not_lifted(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN, false);
    svc_lift(&s);
    svc_pass(&s, 3000);
    buf_reset(&s.log);
    svc_drop_leg(&s, "");
    svc_pass(&s, 5100);
    svc_expect(&s, "1 listen ended listen: you hung up\n");
    svc_check_clean(&s);
    act(2, ACTION_LISTEN, false);
    svc_pass(&s, 1500);
    svc_drop_leg(&s, "NoAnswer");
    svc_pass(&s, 3000);
    svc_expect(&s, "2 listen asked\n2 listen phone: " PHONE
                   "\n2 listen failed not allowed: your phone Desk phone was not lifted\n");
    svc_check_clean(&s);
}

static void modes_with_keys(void **state)
{
    static const enum svc_way ways[] = {SVC_GONE_TO_CALL, SVC_GONE_FROM_CALL, SVC_GONE_APART};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        s.way = ways[i];
        act(1, ACTION_WHISPER, false);
        svc_lift(&s);
        svc_pass(&s, 3000);
        svc_key(&s, "s-1");
        svc_pass(&s, 5000);
        svc_expect(&s, "1 whisper asked\n1 whisper phone: " PHONE KEYS
                       "\n1 whisper confirmed whisper\n");
        assert_int_equal(svc_act(&s, 2, ACTION_STOP, "102", CALL, false, NULL), RC_OK);
        svc_pass(&s, 3000);
        svc_expect(&s, "2 stop asked\n1 whisper ended whisper: you ended it\n2 stop confirmed\n");
        svc_check_clean(&s);
    }
}

static void a_call_is_picked_up(bool omits)
{
    s.omits = omits;
    svc_party(&s, "s-1", "p-1")->code = "Proceeding";
    act(1, ACTION_PICKUP, false);
    svc_pass(&s, 1000);
    svc_lift(&s);
    svc_pass(&s, 3000);
    svc_expect(&s, "1 pickup asked\n1 pickup phone: " PHONE "\n1 pickup confirmed\n");
    assert_int_equal(svc_legs(&s), 1);
    assert_int_equal(s.ledger.len, 0);
}

static void picking_up(void **state)
{
    (void)state;
    a_call_is_picked_up(false);
}

/* Who has lost the call is not named at all by some answers. */
static void picking_up_where_ends_are_not_told(void **state)
{
    (void)state;
    a_call_is_picked_up(true);
}

static void a_call_that_ends_before_it_is_picked_up(void **state)
{
    (void)state;
    s.omits = true;
    svc_party(&s, "s-1", "p-1")->code = "Proceeding";
    act(1, ACTION_PICKUP, false);
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    svc_set(&s, "s-1", "p-2", "Disconnected", "");
    svc_pass(&s, 3000);
    svc_expect(&s, "1 pickup asked\n1 pickup phone: " PHONE
                   "\n1 pickup failed no such thing: the call has ended\n");
    svc_pass(&s, 3000);
    svc_check_clean(&s);
}

static void taking_over(void **state)
{
    (void)state;
    act(1, ACTION_TAKEOVER, false);
    svc_lift(&s);
    svc_pass(&s, 1500);
    svc_key(&s, "s-1");
    svc_pass(&s, 3000);
    svc_expect(&s, "1 takeover asked\n1 takeover phone: " PHONE KEYS
                   "; if *83 calls it as well, lift that too and keep both\n"
                   "1 takeover confirmed\n");
}

/* ---- there is one again ---- */

static void events_take_over(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN, false);
    svc_lift(&s);
    svc_pass(&s, 3000);
    s.is_deaf = s.is_polling = false;
    svc_sync(&s);
    svc_expect(&s, "1 listen asked\n1 listen phone: " PHONE "\n1 listen confirmed listen\n");
    buf_reset(&s.asked);
    svc_pass(&s, 30000);
    assert_int_equal(s.asked.len, 0);
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    svc_serve(&s);
    svc_expect(&s, "1 listen ended listen: the call has ended\n");
    svc_check_clean(&s);
}

/* Lost, and none can be had: what went on is asked for. */
static void events_are_lost(void **state)
{
    (void)state;
    s.is_deaf = s.is_polling = false;
    svc_sync(&s);
    act(1, ACTION_LISTEN, false);
    svc_lift(&s);
    rex_act_lost(s.act);
    s.is_deaf = s.is_polling = true;
    svc_sync(&s);
    svc_expect(&s, "1 listen asked\n1 listen phone: " PHONE "\n1 listen confirmed listen\n"
                   "1 listen unsure listen: the link to RingCentral was lost\n"
                   "1 listen confirmed listen\n");
    svc_drop_leg(&s, "");
    svc_pass(&s, 5100);
    svc_expect(&s, "1 listen ended listen: you hung up\n");
    svc_check_clean(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
        T(what_needs_no_phone_is_asked_for),
        T(what_is_not_recorded_is_not_ended),
        T(what_is_not_told_is_not_confirmed),
        T(what_only_the_answer_tells_is_so),
        T(it_is_asked_again_for_a_while),
        T(listening),
        T(our_phone_hangs_up_or_is_not_lifted),
        T(modes_with_keys),
        T(picking_up),
        T(picking_up_where_ends_are_not_told),
        T(a_call_that_ends_before_it_is_picked_up),
        T(taking_over),
        T(events_take_over),
        T(events_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
