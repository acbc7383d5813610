/* Acting on RingCentral: what is asked for, what is told, what is left behind. */
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

static struct svc s;

static int opened(void **state)
{
    (void)state;
    svc_open(&s, ALL);
    svc_call(&s, "102", "s-1", "Answered");
    return 0;
}

/* Nothing is left at the service, nor in the ledger. */
static int closed(void **state)
{
    (void)state;
    svc_serve(&s);
    svc_close(&s);
    return 0;
}

static void act(uint32_t id, enum action_kind kind)
{
    assert_int_equal(svc_act(&s, id, kind, "102", CALL, false, NULL), RC_OK);
    svc_serve(&s);
}

static void refuses(enum action_kind kind, bool is_on, enum rc rc, const char *why)
{
    struct err err = {0};
    assert_int_equal(svc_act(&s, 90, kind, "102", CALL, is_on, &err), rc);
    assert_string_equal(err.text, why);
}

/* ---- listening ---- */

static void listening_from_its_beginning_to_its_end(void **state)
{
    (void)state;
    assert_int_equal(svc_act(&s, 1, ACTION_LISTEN, "102", CALL, false, NULL), RC_OK);
    svc_expect(&s, "1 listen asked\n");
    svc_serve_one(&s);
    assert_int_equal(s.ledger.len, 1); /* before it is asked for */
    assert_string_equal(s.ledger.items[0], "supervise/s-1/400102/60727004/1795305700000");
    svc_serve(&s);
    assert_true(svc_has_asked(&s, "POST /restapi/v1.0/account/~/telephony/sessions/s-1/supervise "
                                  "{\"mode\":\"Listen\",\"supervisorDeviceId\":\"60727004\","
                                  "\"agentExtensionId\":\"400102\",\"autoAnswer\":false,"
                                  "\"mediaSDP\":\"sendRecv\"}"));
    svc_expect(&s, "1 listen phone: " PHONE "\n");
    assert_int_equal(s.ledger.len, 1);
    assert_string_equal(s.ledger.items[0], "leg/s-1/p-our%2F1/60727004/mode");
    svc_lift(&s);
    svc_expect(&s, "1 listen confirmed listen\n");
    refuses(ACTION_LISTEN, false, RC_DENIED, "it is so already");
    assert_int_equal(svc_act(&s, 2, ACTION_STOP, "102", CALL, false, NULL), RC_OK);
    svc_expect(&s, "2 stop asked\n");
    svc_serve(&s);
    svc_expect(&s, "1 listen ended listen: you ended it\n2 stop confirmed\n");
    svc_check_clean(&s);
}

static void a_leg_that_is_just_answered_listens_too(void **state)
{
    (void)state;
    s.way = SVC_ANSWERED;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    svc_expect(&s, "1 listen asked\n1 listen phone: " PHONE "\n1 listen confirmed listen\n");
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    svc_serve(&s);
    svc_expect(&s, "1 listen ended listen: the call has ended\n");
    svc_check_clean(&s);
}

static void it_ends_with_the_call_and_with_our_phone(void **state)
{
    static const struct {
        const char *party, *code, *reason, *says;
    } ends[] = {
        {"p-1", "Disconnected", "", "the call has ended"},
        {"p-1", "Disconnected", "BlindTransfer", "102 transferred the call"},
        {"p-1", "Disconnected", "CallSwitch", "102 moved the call to another phone"},
        {"p-1", "Parked", "", "102 parked the call"},
        {"p-1", "Gone", "AttendedTransfer", "102 transferred the call"},
        {"p-2", "Gone", "AttendedTransfer", "102 talks with somebody else now"},
        {"p-2", "Disconnected", "BlindTransfer", "102 talks with somebody else now"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char text[160];
        act(1, ACTION_LISTEN);
        svc_lift(&s);
        buf_reset(&s.log);
        svc_set(&s, "s-1", ends[i].party, ends[i].code, ends[i].reason);
        svc_serve(&s);
        snprintf(text, sizeof text, "1 listen ended listen: %s\n", ends[i].says);
        svc_expect(&s, text);
        svc_check_clean(&s);
        svc_set(&s, "s-1", "p-1", "Answered", "");
        svc_set(&s, "s-1", "p-2", "Answered", "");
        svc_presence(&s, "102");
    }
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    svc_drop_leg(&s, "");
    svc_serve(&s);
    svc_expect(&s, "1 listen ended listen: you hung up\n");
    svc_check_clean(&s);
}

/* The other party has hung up, says the first event, and the second that would say it of the call
 * never comes: the service is asked. */
static void a_doubt_is_looked_into(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    svc_set(&s, "s-1", "p-2", "Disconnected", "");
    svc_expect(&s, "");
    s.is_deaf = true;
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    s.is_deaf = false;
    svc_pass(&s, REX_CONFIRM_MS);
    svc_expect(&s, "1 listen ended listen: the call has ended\n");
    svc_check_clean(&s);
}

static void somebody_new_at_the_other_end_ends_it(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    svc_set(&s, "s-1", "p-2", "Disconnected", "");
    svc_pass(&s, 3000); /* 102 goes on talking in that session */
    svc_expect(&s, "1 listen ended listen: 102 talks with somebody else now\n");
    svc_check_clean(&s);
}

static void an_end_that_only_presence_tells(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    s.is_deaf = true;
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    s.is_deaf = false;
    svc_presence(&s, "102");
    svc_pass(&s, 3000);
    svc_expect(&s, "1 listen ended listen: the call has ended\n");
    svc_check_clean(&s);
}

static void our_phone_is_not_lifted(void **state)
{
    static const struct {
        const char *reason, *says;
    } reasons[] = {
        {"TargetBusy", "your phone Desk phone is busy: end its call, then try again"},
        {"Rejected", "your phone Desk phone refused the call"},
        {"NoAnswer", "your phone Desk phone was not lifted"},
        {"InternalError", "your phone Desk phone did not take the call (InternalError)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        char text[160];
        act(1, ACTION_LISTEN);
        buf_reset(&s.log);
        svc_drop_leg(&s, reasons[i].reason);
        svc_serve(&s);
        snprintf(text, sizeof text, "1 listen failed not allowed: %s\n", reasons[i].says);
        svc_expect(&s, text);
        svc_check_clean(&s);
    }
    act(1, ACTION_LISTEN);
    buf_reset(&s.log);
    svc_pass(&s, 21000);
    svc_expect(&s, "1 listen failed not allowed: your phone Desk phone was not lifted within 20 "
                   "s\n");
    svc_check_clean(&s);
    act(1, ACTION_LISTEN);
    buf_reset(&s.log);
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    svc_serve(&s);
    svc_expect(&s, "1 listen failed no such thing: the call has ended\n");
    svc_check_clean(&s);
}

static void the_call_is_looked_at_before(void **state)
{
    (void)state;
    s.is_deaf = true;
    svc_set(&s, "s-1", "p-1", "Disconnected", "");
    s.is_deaf = false;
    act(1, ACTION_LISTEN);
    svc_expect(&s, "1 listen asked\n1 listen failed no such thing: the call has ended\n");
    assert_false(svc_has_asked(&s, "/supervise"));
    svc_party(&s, "s-1", "p-1")->code = "Proceeding";
    act(1, ACTION_LISTEN);
    svc_expect(&s, "1 listen asked\n1 listen failed not allowed: the call of 102 is not answered "
                   "yet: wait for the answer\n");
    svc_party(&s, "s-1", "p-1")->code = "Answered";
    str_copy(svc_party(&s, "s-1", "p-1")->extension, 32, "400105");
    act(1, ACTION_LISTEN);
    svc_expect(&s, "1 listen asked\n1 listen failed no such thing: the call has ended\n");
    svc_check_clean(&s);
    assert_int_equal(s.puts, 0);
}

static void what_the_floor_knows_is_enough_to_refuse(void **state)
{
    struct err err = {0};
    (void)state;
    assert_int_equal(svc_act(&s, 1, ACTION_LISTEN, "102", "s-9/p-1", false, &err), RC_NOT_FOUND);
    assert_string_equal(err.text, "the call has ended");
    assert_int_equal(svc_act(&s, 1, ACTION_LISTEN, "199", CALL, false, &err), RC_NOT_FOUND);
    assert_int_equal(svc_act(&s, 1, ACTION_STOP, "102", CALL, false, &err), RC_DENIED);
    assert_string_equal(err.text, "you supervise nobody: there is nothing to stop");
    rex_floor_grant(&s.floor, rex_floor_user(&s.floor, "400102"), true, false);
    refuses(ACTION_LISTEN, false, RC_DENIED,
            "RingCentral does not let you listen to the call of "
            "102");
    rex_act_lost(s.act);
    refuses(ACTION_HANGUP, false, RC_UNREACHABLE,
            "the link to RingCentral is lost or being set up: wait until it is back");
    svc_expect(&s, "");
    assert_int_equal(fake_http_pending(&s.fake), 0);
}

/* ---- what the service refuses ---- */

static const struct refusal {
    enum action_kind kind;
    const char *match;
    int status;
    enum rc rc;
    const char *code, *says;
} refusals[] = {
    {ACTION_LISTEN, "GET /", 503, RC_OK, NULL, "the call could not be looked at"},
    {ACTION_LISTEN, "GET /", 403, RC_OK, "CMN-401", "the call could not be looked at"},
    {ACTION_LISTEN, "GET /", 404, RC_OK, NULL, "the call has ended"},
    {ACTION_LISTEN, "supervise", 403, RC_OK, "CMN-408",
     "RingCentral does not let you listen to 102 (403, CMN-408): a call monitoring group"},
    {ACTION_LISTEN, "supervise", 403, RC_OK, "TAS-106",
     "(403, TAS-106): somebody supervises the call already, or no call monitoring group"},
    {ACTION_LISTEN, "supervise", 404, RC_OK, NULL, "the call has ended"},
    {ACTION_LISTEN, "supervise", 409, RC_OK, NULL, "has a supervisor already"},
    {ACTION_LISTEN, "supervise", 400, RC_OK, "CMN-101", "CMN-101"},
    {ACTION_LISTEN, "supervise", 429, RC_OK, "CMN-301", "no more requests"},
    {ACTION_LISTEN, "supervise", 503, RC_OK, NULL, "look whether your phone Desk phone rings"},
    {ACTION_LISTEN, "supervise", 0, RC_TIMEOUT, NULL, "look whether your phone Desk phone rings"},
    {ACTION_BARGE, "call-out", 403, RC_OK, "TAS-106",
     "RingCentral does not call *82 from your phone Desk phone (403, TAS-106): dial *82 on it, "
     "then key 102#"},
    {ACTION_WHISPER, "call-out", 400, RC_OK, "CMN-101", "dial *81 on it, then key 102#"},
    {ACTION_TAKEOVER, "call-out", 409, RC_OK, NULL, "dial *83 on it, then key 102#"},
    {ACTION_BARGE, "call-out", 429, RC_OK, "CMN-301", "no more requests"},
    {ACTION_BARGE, "call-out", 500, RC_OK, NULL, "look whether your phone Desk phone rings"},
    {ACTION_BARGE, "call-out", 0, RC_UNREACHABLE, NULL, "look whether your phone Desk phone rings"},
    {ACTION_PICKUP, "pickup", 403, RC_OK, "TAS-106",
     "press the lit key of 102 on your phone Desk phone"},
    {ACTION_PICKUP, "pickup", 403, RC_OK, "SUB-404", "have 102 add you"},
    {ACTION_PICKUP, "pickup", 409, RC_OK, NULL, "press the lit key of 102"},
    {ACTION_PICKUP, "pickup", 404, RC_OK, NULL, "the call has ended"},
    {ACTION_PICKUP, "pickup", 502, RC_OK, NULL, "look whether your phone Desk phone rings"},
    {ACTION_PICKUP, "pickup", 0, RC_TIMEOUT, NULL, "look whether your phone Desk phone rings"},
    {ACTION_HANGUP, "DELETE", 403, RC_OK, "TAS-106",
     "RingCentral does not let you hang up a call of 102 (403, TAS-106): an administrator may"},
    {ACTION_HANGUP, "DELETE", 404, RC_OK, NULL, "the call has ended"},
    {ACTION_HANGUP, "DELETE", 409, RC_OK, NULL, "has just changed (409)"},
    {ACTION_HANGUP, "DELETE", 500, RC_OK, NULL, "look at the lamp"},
    {ACTION_HANGUP, "DELETE", 0, RC_TIMEOUT, NULL, "look at the lamp"},
    {ACTION_DND, "PUT", 403, RC_OK, "CMN-404",
     "RingCentral does not let you change do not disturb of 102 (403, CMN-404)"},
    {ACTION_DND, "PUT", 400, RC_OK, "CMN-101", "CMN-101"},
    {ACTION_DND, "PUT", 503, RC_OK, NULL, "look at the lamp"},
    {ACTION_RECORD, "recordings", 403, RC_OK, "TAS-106", "let you record a call of 102"},
    {ACTION_RECORD, "recordings", 404, RC_OK, NULL, "the call has ended"},
    {ACTION_RECORD, "recordings", 429, RC_OK, "CMN-301", "no more requests"},
};

static void each_refusal_says_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        bool is_pickup = r->kind == ACTION_PICKUP;
        svc_close(&s);
        svc_open(&s, ALL);
        svc_call(&s, "102", "s-1", is_pickup ? "Proceeding" : "Answered");
        s.fail = (struct svc_fail){r->match, r->status, 9, r->rc, r->code, false};
        assert_int_equal(svc_act(&s, 1, r->kind, "102", CALL, true, NULL), RC_OK);
        svc_serve(&s);
        svc_pass(&s, 3000); /* questions are asked once more */
        s.fail.times = 0;
        const char *log = buf_text(&s.log);
        if (strstr(log, "asked\n") == NULL || strstr(log, " failed ") == NULL ||
            strstr(log, r->says) == NULL || strstr(log, "confirmed") != NULL)
            fail_msg("%s %s %d: %s", action_row(r->kind)->name, r->match, r->status, log);
        svc_pass(&s, 5000);
        svc_check_clean(&s);
        assert_int_equal(s.puts, s.drops);
    }
}

/* One supervisor a call: who that is was read before it was asked for. */
static void who_supervises_already_is_named(void **state)
{
    static const struct {
        const char *id, *number, *says;
    } others[] = {
        {"400107", "107", "107 supervises the call of 102 already"},
        {OWN, "100", "your phone Desk phone supervises this call of 102 already"},
        {"", "", "somebody supervises the call of 102 already"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        svc_close(&s);
        svc_open(&s, ALL);
        svc_call(&s, "102", "s-1", "Answered");
        struct svc_party leg = {.session = "s-1", .id = "p-9", .from = "400102"};
        leg.code = "Gone";
        leg.reason = "Supervising";
        str_copy(leg.extension, sizeof leg.extension, others[i].id);
        str_copy(leg.to, sizeof leg.to, others[i].id);
        str_copy(leg.to_number, sizeof leg.to_number, others[i].number);
        str_copy(leg.peer_session, sizeof leg.peer_session, "s-9");
        VEC_PUSH(&s.parties, leg);
        s.fail = (struct svc_fail){"supervise", 403, 1, RC_OK, "TAS-106", false};
        act(1, ACTION_LISTEN);
        if (strstr(buf_text(&s.log), others[i].says) == NULL)
            fail_msg("%s", buf_text(&s.log));
        svc_check_clean(&s);
    }
}

/* The refusal comes before it is known who was faster. */
static void a_pick_up_that_somebody_else_wins(void **state)
{
    (void)state;
    svc_set(&s, "s-1", "p-1", "Proceeding", "");
    svc_presence(&s, "102");
    s.fail = (struct svc_fail){"pickup", 403, 1, RC_OK, "TAS-106", false};
    act(1, ACTION_PICKUP);
    svc_expect(&s, "1 pickup asked\n");
    svc_set(&s, "s-1", "p-1", "Disconnected", "Pickup");
    svc_pass(&s, 1500);
    svc_expect(&s, "1 pickup failed no such thing: somebody else has taken the call\n");
    svc_check_clean(&s);
}

/* The answer is lost, but it was done: our phone rings, and is found and freed. */
static void what_was_done_without_an_answer_is_found(void **state)
{
    static const struct {
        enum action_kind kind;
        const char *match;
    } lost[] = {{ACTION_LISTEN, "supervise"}, {ACTION_BARGE, "call-out"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        svc_close(&s);
        svc_open(&s, ALL);
        svc_call(&s, "102", "s-1", "Answered");
        s.fail = (struct svc_fail){lost[i].match, 0, 1, RC_TIMEOUT, NULL, true};
        s.is_deaf = true;
        act(1, lost[i].kind);
        assert_int_equal(svc_legs(&s), 1);
        assert_int_equal(s.ledger.len, 1);
        svc_pass(&s, 8000);
        svc_check_clean(&s);
    }
}

static void nothing_is_asked_without_the_ledger(void **state)
{
    (void)state;
    s.is_ledger_broken = true;
    act(1, ACTION_LISTEN);
    svc_expect(&s, "1 listen asked\n1 listen failed input or output failed: the list cannot be "
                   "written: the disk is full\n");
    assert_false(svc_has_asked(&s, "/supervise"));
    svc_check_clean(&s);
    act(2, ACTION_BARGE);
    assert_false(svc_has_asked(&s, "call-out"));
}

/* ---- whisper, barge, take over by our own phone ---- */

static void assisted_modes_are_confirmed_by_what_was_keyed(void **state)
{
    static const enum svc_way ways[] = {SVC_GONE_TO_CALL, SVC_GONE_FROM_CALL, SVC_GONE_APART};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        s.way = ways[i];
        act(1, ACTION_WHISPER);
        assert_true(svc_has_asked(&s, "POST /restapi/v1.0/account/~/telephony/call-out "
                                      "{\"from\":{\"deviceId\":\"60727004\"},\"to\":"
                                      "{\"phoneNumber\":\"*81\"}}"));
        svc_expect(&s, "1 whisper asked\n1 whisper phone: " PHONE ", then key 102#\n");
        svc_lift(&s);
        svc_serve(&s);
        svc_expect(&s, "");
        svc_pass(&s, 30000); /* lifted, it may take long to key */
        svc_expect(&s, "");
        svc_key(&s, "s-1");
        svc_serve(&s);
        svc_expect(&s, "1 whisper confirmed whisper\n");
        assert_int_equal(s.ledger.len, 1);
        assert_int_equal(svc_act(&s, 2, ACTION_STOP, "102", CALL, false, NULL), RC_OK);
        svc_serve(&s);
        svc_expect(&s, "2 stop asked\n1 whisper ended whisper: you ended it\n2 stop confirmed\n");
        svc_check_clean(&s);
    }
}

static void another_extension_that_was_keyed_is_not_confirmed(void **state)
{
    static const enum svc_way ways[] = {SVC_GONE_TO_CALL, SVC_GONE_APART};
    (void)state;
    svc_user(&s, "103");
    svc_call(&s, "103", "s-3", "Answered");
    for (size_t i = 0; i < 2; i++) {
        s.way = ways[i];
        act(1, ACTION_BARGE);
        svc_lift(&s);
        buf_reset(&s.log);
        svc_key(&s, "s-3");
        svc_serve(&s);
        svc_expect(&s, "1 barge failed cancelled: your phone supervises another call than that of "
                       "102: it was hung up; key 102# next time\n");
        svc_check_clean(&s);
    }
}

static void keys_that_are_never_pressed(void **state)
{
    (void)state;
    act(1, ACTION_BARGE);
    svc_lift(&s);
    buf_reset(&s.log);
    svc_pass(&s, 61000);
    svc_expect(&s, "1 barge failed no answer in time: nothing began within 60 s of your lifting "
                   "the phone: key 102# after the announcement\n");
    svc_check_clean(&s);
    act(1, ACTION_BARGE);
    svc_lift(&s);
    buf_reset(&s.log);
    svc_drop_leg(&s, "");
    svc_serve(&s);
    svc_expect(&s, "1 barge failed cancelled: you hung up\n");
    svc_check_clean(&s);
}

static void another_mode_ends_the_one_before_first(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    assert_int_equal(svc_act(&s, 2, ACTION_WHISPER, "102", CALL, false, NULL), RC_OK);
    svc_serve(&s);
    svc_expect(&s, "2 whisper asked\n"
                   "1 listen unsure listen: it is ended before the other mode begins\n"
                   "2 whisper phone: " PHONE ", then key 102#\n");
    assert_int_equal(svc_legs(&s), 1); /* one at a time */
    svc_lift(&s);
    svc_key(&s, "s-1");
    svc_serve(&s);
    svc_expect(&s, "2 whisper confirmed whisper\n");
    act(3, ACTION_LISTEN);
    svc_lift(&s);
    svc_expect(&s, "3 listen asked\n"
                   "2 whisper unsure whisper: it is ended before the other mode begins\n"
                   "3 listen phone: " PHONE "\n3 listen confirmed listen\n");
    svc_drop_leg(&s, "");
    svc_serve(&s);
    svc_expect(&s, "3 listen ended listen: you hung up\n");
    svc_check_clean(&s);
}

static void a_mode_that_does_not_begin_leaves_nothing(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    s.fail = (struct svc_fail){"call-out", 403, 1, RC_OK, "TAS-106", false};
    act(2, ACTION_BARGE);
    svc_expect(&s, "2 barge asked\n"
                   "1 listen unsure listen: it is ended before the other mode begins\n"
                   "2 barge failed refused by the backend: RingCentral does not call *82 from your "
                   "phone Desk phone (403, TAS-106): dial *82 on it, then key 102#\n"
                   "1 listen ended listen: RingCentral does not call *82 from your phone Desk "
                   "phone (403, TAS-106): dial *82 on it, then key 102#\n");
    svc_check_clean(&s);
}

static void going_on_to_another_call(void **state)
{
    (void)state;
    svc_user(&s, "103");
    svc_call(&s, "103", "s-3", "Answered");
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
    assert_int_equal(svc_act(&s, 2, ACTION_LISTEN, "103", "s-3/p-1", false, NULL), RC_OK);
    svc_serve(&s);
    svc_expect(&s, "2 listen asked\n1 listen ended listen: you went on to another call\n"
                   "2 listen phone: " PHONE "\n");
    /* And once more while the phone rings. */
    assert_int_equal(svc_act(&s, 3, ACTION_LISTEN, "102", CALL, false, NULL), RC_OK);
    svc_serve(&s);
    svc_expect(&s, "3 listen asked\n2 listen failed cancelled: something else was asked for\n"
                   "3 listen phone: " PHONE "\n");
    svc_lift(&s);
    svc_expect(&s, "3 listen confirmed listen\n");
    assert_int_equal(svc_legs(&s), 1);
    act(4, ACTION_STOP);
    svc_check_clean(&s);
}

static void a_stop_at_each_step(void **state)
{
    (void)state;
    for (int served = 0; served < 4; served++) {
        svc_close(&s);
        svc_open(&s, ALL);
        svc_call(&s, "102", "s-1", "Answered");
        assert_int_equal(svc_act(&s, 1, ACTION_BARGE, "102", CALL, false, NULL), RC_OK);
        for (int i = 0; i < served; i++)
            svc_serve_one(&s);
        assert_int_equal(svc_act(&s, 2, ACTION_STOP, "102", CALL, false, NULL), RC_OK);
        struct err err = {0};
        if (served == 1) { /* it is asked for just now: then it is waited for */
            assert_int_equal(svc_act(&s, 3, ACTION_STOP, "102", CALL, false, &err), RC_DENIED);
            assert_string_equal(err.text, "it is being ended already");
        }
        svc_serve(&s);
        const char *log = buf_text(&s.log);
        assert_non_null(strstr(log, "1 barge failed cancelled: you ended it\n2 stop confirmed\n"));
        svc_pass(&s, 5000);
        svc_check_clean(&s);
    }
}

/* ---- taking a call ---- */

static void a_call_is_picked_up(void **state)
{
    static const char *const states[] = {"Proceeding", "Hold"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        svc_close(&s);
        svc_open(&s, ALL);
        svc_call(&s, "102", "s-1", states[i]);
        act(1, ACTION_PICKUP);
        assert_true(svc_has_asked(&s, "POST /restapi/v1.0/account/~/telephony/sessions/s-1/parties/"
                                      "p-1/pickup {\"deviceId\":\"60727004\"}"));
        svc_expect(&s, "1 pickup asked\n1 pickup phone: " PHONE "\n");
        refuses(ACTION_LISTEN, false, RC_DENIED, "a call is on its way to your phone: wait for it");
        svc_lift(&s);
        svc_serve(&s);
        svc_expect(&s, "1 pickup confirmed\n");
        assert_int_equal(s.ledger.len, 0);
        assert_int_equal(svc_legs(&s), 1); /* the call stays on the phone, whatever we do */
        assert_false(rex_act_leave(s.act, NULL, NULL));
        assert_false(svc_has_asked(&s, "DELETE"));
    }
}

static void somebody_is_faster(void **state)
{
    (void)state;
    svc_set(&s, "s-1", "p-1", "Proceeding", "");
    svc_presence(&s, "102");
    act(1, ACTION_PICKUP);
    buf_reset(&s.log);
    svc_set(&s, "s-1", "p-1", "Answered", "");
    svc_serve(&s);
    svc_expect(&s, "1 pickup failed no such thing: answered by 102\n");
    svc_check_clean(&s);
    svc_set(&s, "s-1", "p-1", "Hold", "");
    svc_presence(&s, "102");
    act(1, ACTION_PICKUP);
    buf_reset(&s.log);
    svc_set(&s, "s-1", "p-1", "Answered", "");
    svc_serve(&s);
    svc_expect(&s, "1 pickup failed no such thing: 102 has taken the call back\n");
    svc_check_clean(&s);
    /* 108 presses the key of the same line. */
    svc_user(&s, "108");
    svc_set(&s, "s-1", "p-1", "Hold", "");
    svc_presence(&s, "102");
    act(1, ACTION_PICKUP);
    buf_reset(&s.log);
    struct svc_party other = {.session = "s-1",
                              .id = "p-9",
                              .extension = "400108",
                              .code = "Answered",
                              .reason = "",
                              .is_inbound = true};
    svc_tell(&s, &other);
    svc_set(&s, "s-1", "p-1", "Disconnected", "Pickup");
    svc_serve(&s);
    svc_expect(&s, "1 pickup failed no such thing: taken by 108\n");
}

static void an_unlifted_phone_picks_up_nothing(void **state)
{
    (void)state;
    svc_set(&s, "s-1", "p-1", "Hold", "");
    svc_presence(&s, "102");
    act(1, ACTION_PICKUP);
    buf_reset(&s.log);
    svc_pass(&s, 21000);
    svc_expect(&s, "1 pickup failed not allowed: your phone Desk phone was not lifted within 20 "
                   "s\n");
    svc_check_clean(&s);
    assert_string_equal(svc_party(&s, "s-1", "p-1")->code, "Hold");
}

/* The phone is lifted in the very moment in which it is given up: the call is not ended. */
static void a_phone_that_is_lifted_too_late_keeps_the_call(void **state)
{
    (void)state;
    svc_set(&s, "s-1", "p-1", "Hold", "");
    svc_presence(&s, "102");
    act(1, ACTION_PICKUP);
    buf_reset(&s.log);
    s.is_deaf = true;
    svc_lift(&s);
    s.is_deaf = false;
    buf_reset(&s.asked);
    svc_pass(&s, 21000);
    svc_expect(&s, "1 pickup confirmed\n");
    assert_int_equal(svc_legs(&s), 1);
    assert_false(svc_has_asked(&s, "DELETE"));
}

static void a_call_is_taken_over(void **state)
{
    (void)state;
    act(1, ACTION_TAKEOVER);
    svc_expect(&s, "1 takeover asked\n1 takeover phone: " PHONE
                   ", then key 102#; if *83 calls it as well, lift that too and keep both\n");
    svc_lift(&s);
    svc_serve(&s);
    svc_key(&s, "s-1");
    svc_serve(&s);
    svc_expect(&s, "1 takeover confirmed\n");
    assert_int_equal(svc_legs(&s), 1);
    assert_int_equal(s.ledger.len, 0);
    assert_false(svc_has_asked(&s, "DELETE"));
}

static void a_take_over_out_of_listening(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    act(2, ACTION_TAKEOVER);
    svc_lift(&s);
    buf_reset(&s.log);
    svc_key(&s, "s-1");
    svc_serve(&s);
    svc_expect(&s, "1 listen ended listen: you have the call now\n2 takeover confirmed\n");
    assert_int_equal(svc_legs(&s), 1);
    assert_int_equal(s.ledger.len, 0);
}

/* ---- hang up, DND, record ---- */

static void plain_actions_are_confirmed_by_events(void **state)
{
    (void)state;
    assert_int_equal(svc_act(&s, 1, ACTION_RECORD, "102", CALL, true, NULL), RC_OK);
    refuses(ACTION_HANGUP, false, RC_DENIED,
            "another action on this call is under way: wait a moment");
    svc_serve(&s);
    svc_expect(&s, "1 record asked\n1 record confirmed\n");
    assert_true(svc_has_asked(&s, "POST /restapi/v1.0/account/~/telephony/sessions/s-1/parties/p-1/"
                                  "recordings"));
    assert_int_equal(svc_act(&s, 2, ACTION_RECORD, "102", CALL, false, NULL), RC_OK);
    svc_serve(&s);
    svc_expect(&s, "2 record asked\n2 record confirmed\n");
    assert_true(svc_has_asked(&s, "PATCH /restapi/v1.0/account/~/telephony/sessions/s-1/parties/p-1"
                                  "/recordings/77 {\"active\":false}"));
    for (int is_on = 1; is_on >= 0; is_on--) {
        assert_int_equal(svc_act(&s, 3, ACTION_DND, "102", "", is_on, NULL), RC_OK);
        svc_serve(&s);
        svc_expect(&s, "3 dnd asked\n3 dnd confirmed\n");
        assert_true(svc_has_asked(&s, is_on ? "PUT /restapi/v1.0/account/~/extension/400102/"
                                              "presence {\"dndStatus\":\"DoNotAcceptAnyCalls\"}"
                                            : "{\"dndStatus\":\"TakeAllCalls\"}"));
        assert_int_equal(rex_floor_user(&s.floor, "400102")->presence.is_dnd, is_on);
    }
    assert_int_equal(svc_act(&s, 4, ACTION_HANGUP, "102", CALL, false, NULL), RC_OK);
    svc_serve(&s);
    svc_expect(&s, "4 hangup asked\n4 hangup confirmed\n");
    assert_true(svc_has_asked(&s, "DELETE /restapi/v1.0/account/~/telephony/sessions/s-1/parties/"
                                  "p-1"));
}

static const struct {
    enum action_kind kind;
    const char *match, *says;
} silent[] = {
    {ACTION_HANGUP, "DELETE", "after 8 s the call has not ended: look at the lamp"},
    {ACTION_DND, "PUT", "after 8 s do not disturb is still off: look at the lamp"},
    {ACTION_RECORD, "POST", "after 8 s no recording has begun: look at the lamp"},
};

static void a_yes_alone_confirms_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[300];
        const char *name = action_row(silent[i].kind)->name;
        s.fail = (struct svc_fail){silent[i].match, 200, 1, RC_OK, NULL, false};
        assert_int_equal(svc_act(&s, 1, silent[i].kind, "102", CALL, true, NULL), RC_OK);
        svc_serve(&s);
        svc_pass(&s, 9000);
        snprintf(text, sizeof text,
                 "1 %s asked\n1 %s failed no answer in time: RingCentral said yes, but %s\n", name,
                 name, silent[i].says);
        svc_expect(&s, text);
    }
}

static void without_its_event_it_is_asked_how_it_is(void **state)
{
    static const enum action_kind kinds[] = {ACTION_RECORD, ACTION_HANGUP};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        s.is_deaf = true;
        assert_int_equal(svc_act(&s, 1, kinds[i], "102", CALL, true, NULL), RC_OK);
        svc_serve(&s);
        buf_reset(&s.log);
        svc_pass(&s, 9000);
        assert_non_null(strstr(buf_text(&s.log), "confirmed\n"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, opened, closed)
        T(listening_from_its_beginning_to_its_end),
        T(a_leg_that_is_just_answered_listens_too),
        T(it_ends_with_the_call_and_with_our_phone),
        T(a_doubt_is_looked_into),
        T(somebody_new_at_the_other_end_ends_it),
        T(an_end_that_only_presence_tells),
        T(our_phone_is_not_lifted),
        T(the_call_is_looked_at_before),
        T(what_the_floor_knows_is_enough_to_refuse),
        T(each_refusal_says_what_to_do),
        T(who_supervises_already_is_named),
        T(a_pick_up_that_somebody_else_wins),
        T(what_was_done_without_an_answer_is_found),
        T(nothing_is_asked_without_the_ledger),
        T(assisted_modes_are_confirmed_by_what_was_keyed),
        T(another_extension_that_was_keyed_is_not_confirmed),
        T(keys_that_are_never_pressed),
        T(another_mode_ends_the_one_before_first),
        T(a_mode_that_does_not_begin_leaves_nothing),
        T(going_on_to_another_call),
        T(a_stop_at_each_step),
        T(a_call_is_picked_up),
        T(somebody_is_faster),
        T(an_unlifted_phone_picks_up_nothing),
        T(a_phone_that_is_lifted_too_late_keeps_the_call),
        T(a_call_is_taken_over),
        T(a_take_over_out_of_listening),
        T(plain_actions_are_confirmed_by_events),
        T(a_yes_alone_confirms_nothing),
        T(without_its_event_it_is_asked_how_it_is),
    };
    return cmocka_run_group_tests_name("rex_act", tests, NULL, NULL);
}
