/* Acting on RingCentral when things go wrong around it: a lost link, a removal that fails, the end
 * of the program, what a killed run left; and what is possible at all. */
#include "rex_service.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL "ReadPresence EditPresence CallControl ReadAccounts"
#define CALL "s-1/p-1"
#define PHONE "your phone Desk phone rings: lift it"
#define REX_THING 512
#define LOST "the link to RingCentral was lost"

static struct svc s;
static int times_left, times_gone;

static int opened(void **state)
{
    (void)state;
    times_left = times_gone = 0;
    svc_open(&s, ALL);
    svc_call(&s, "102", "s-1", "Answered");
    return 0;
}

static int closed(void **state)
{
    (void)state;
    svc_serve(&s);
    svc_close(&s);
    return 0;
}

static void again(void)
{
    svc_close(&s);
    (void)opened(NULL);
}

static void act(uint32_t id, enum action_kind kind)
{
    assert_int_equal(svc_act(&s, id, kind, "102", CALL, false, NULL), RC_OK);
    svc_serve(&s);
}

static void listen(void)
{
    act(1, ACTION_LISTEN);
    svc_lift(&s);
    buf_reset(&s.log);
}

/* ---- the link is lost ---- */

static void what_is_on_is_unsure_until_it_is_read_again(void **state)
{
    (void)state;
    listen();
    s.is_deaf = true;
    rex_act_lost(s.act);
    svc_expect(&s, "1 listen unsure listen: " LOST "\n");
    svc_pass(&s, 20000);
    s.is_deaf = false;
    svc_sync(&s);
    svc_expect(&s, "1 listen confirmed listen\n");
    svc_sync(&s); /* and once more, which is nothing new */
    svc_expect(&s, "");
    act(2, ACTION_STOP);
    svc_check_clean(&s);
}

static void what_ended_meanwhile_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        again();
        listen();
        s.is_deaf = true;
        rex_act_lost(s.act);
        if (i == 0)
            svc_set(&s, "s-1", "p-1", "Disconnected", "");
        else if (i == 1)
            svc_drop_leg(&s, "");
        else
            svc_set(&s, "s-1", "p-2", "Disconnected", "BlindTransfer");
        s.is_deaf = false;
        buf_reset(&s.log);
        svc_sync(&s);
        svc_expect(&s, i == 0 ? "1 listen ended listen: the call has ended\n"
                       : i == 1
                           ? "1 listen ended listen: your phone was hung up while the link was "
                             "lost\n"
                           : "1 listen ended listen: 102 talks with somebody else now\n");
        svc_check_clean(&s);
    }
}

static void a_question_that_fails_leaves_it_unsure(void **state)
{
    (void)state;
    listen();
    rex_act_lost(s.act);
    buf_reset(&s.log);
    s.fail = (struct svc_fail){"sessions/s-1", 500, 9, RC_OK, NULL, false};
    rex_act_synced(s.act, true);
    svc_pass(&s, 3000);
    svc_expect(&s, "");
    s.fail.times = 0;
    svc_sync(&s);
    svc_expect(&s, "1 listen confirmed listen\n");
}

static void it_can_be_stopped_without_the_link(void **state)
{
    (void)state;
    listen();
    s.is_deaf = true;
    rex_act_lost(s.act);
    buf_reset(&s.log);
    act(2, ACTION_STOP);
    svc_pass(&s, 5000); /* no event says so: it is asked */
    svc_expect(&s, "2 stop asked\n1 listen ended listen: you ended it\n2 stop confirmed\n");
    svc_check_clean(&s);
}

static void what_is_under_way_fails_and_is_removed(void **state)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_BARGE, ACTION_TAKEOVER};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        for (int served = 0; served < 4; served++) {
            char text[300];
            again();
            assert_int_equal(svc_act(&s, 1, kinds[k], "102", CALL, false, NULL), RC_OK);
            for (int i = 0; i < served; i++)
                svc_serve_one(&s);
            buf_reset(&s.log);
            s.is_deaf = true;
            rex_act_lost(s.act);
            svc_pass(&s, 5000);
            snprintf(text, sizeof text,
                     "1 %s failed not reachable: " LOST
                     " before it confirmed: look at your phone Desk phone\n",
                     action_row(kinds[k])->name);
            svc_expect(&s, text);
            svc_check_clean(&s);
        }
    }
}

static void jobs_fail_with_the_link(void **state)
{
    (void)state;
    assert_int_equal(svc_act(&s, 1, ACTION_HANGUP, "102", CALL, false, NULL), RC_OK);
    rex_act_lost(s.act);
    svc_expect(&s, "1 hangup asked\n1 hangup failed not reachable: the link was lost before "
                   "RingCentral confirmed: look at the lamp\n");
    assert_int_equal(fake_http_pending(&s.fake), 0);
}

/* ---- a removal that fails ---- */

static void a_removal_is_tried_again(void **state)
{
    static const int statuses[] = {500, 503, 409, 0};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        again();
        listen();
        s.fail = (struct svc_fail){"DELETE", statuses[i], 1, RC_TIMEOUT, NULL, false};
        act(2, ACTION_STOP);
        svc_expect(&s, "2 stop asked\n");
        svc_pass(&s, 6000);
        svc_expect(&s, "1 listen ended listen: you ended it\n2 stop confirmed\n");
        svc_check_clean(&s);
    }
}

static void a_removal_that_never_works_is_said(void **state)
{
    (void)state;
    listen();
    s.fail = (struct svc_fail){"DELETE", 403, 99, RC_OK, NULL, false};
    act(2, ACTION_STOP);
    buf_reset(&s.log);
    svc_pass(&s, 30000);
    svc_expect(&s, "1 listen ended listen: you ended it; RingCentral does not confirm that your "
                   "phone is out of it: hang it up\n2 stop confirmed\n");
    assert_int_equal(s.ledger.len, 1); /* it is there still */
    s.fail.times = 0;
    svc_sync(&s);
    svc_check_clean(&s);
}

/* The service says yes, and no event ever comes. */
static void a_removal_without_an_event_is_asked_about(void **state)
{
    (void)state;
    listen();
    s.is_deaf = true;
    act(2, ACTION_STOP);
    svc_pass(&s, 3000);
    svc_expect(&s, "2 stop asked\n1 listen ended listen: you ended it\n2 stop confirmed\n");
    svc_check_clean(&s);
}

/* The leg goes into its own session while it is being removed where it was. */
static void a_leg_that_moves_on_is_removed_where_it_is(void **state)
{
    (void)state;
    act(1, ACTION_LISTEN);
    s.fail = (struct svc_fail){"DELETE", 500, 1, RC_OK, NULL, false};
    assert_int_equal(svc_act(&s, 2, ACTION_STOP, "102", CALL, false, NULL), RC_OK);
    svc_serve_one(&s);
    svc_lift(&s);
    svc_serve(&s);
    svc_pass(&s, 3000);
    assert_non_null(strstr(buf_text(&s.log), "2 stop confirmed\n"));
    svc_check_clean(&s);
}

/* ---- the program ends ---- */

static void on_left(void *self)
{
    (void)self;
    times_left++;
}

static void leaving_waits_for_the_removal(void **state)
{
    (void)state;
    assert_false(rex_act_leave(s.act, on_left, NULL)); /* nothing is there */
    listen();
    assert_true(rex_act_leave(s.act, on_left, NULL));
    fake_io_advance(&s.fake, 1000);
    assert_int_equal(times_left, 0);
    svc_serve(&s);
    svc_expect(&s, "1 listen ended listen: callhud ended it\n");
    assert_int_equal(times_left, 1);
    svc_check_clean(&s);
    struct err err = {0};
    assert_int_equal(svc_act(&s, 2, ACTION_LISTEN, "102", CALL, false, &err), RC_DENIED);
    assert_string_equal(err.text, "callhud is ending");
}

static void leaving_at_each_step(void **state)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_BARGE, ACTION_PICKUP};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        for (int served = 0; served < 4; served++) {
            again();
            if (kinds[k] == ACTION_PICKUP) {
                svc_set(&s, "s-1", "p-1", "Hold", "");
                svc_presence(&s, "102");
            }
            assert_int_equal(svc_act(&s, 1, kinds[k], "102", CALL, false, NULL), RC_OK);
            for (int i = 0; i < served; i++)
                svc_serve_one(&s);
            assert_true(rex_act_leave(s.act, on_left, NULL));
            svc_pass(&s, 4000);
            assert_int_equal(times_left, 1);
            assert_non_null(strstr(buf_text(&s.log), " failed cancelled: callhud ended it\n"));
            svc_check_clean(&s);
        }
    }
}

static void leaving_ends_in_time_even_so(void **state)
{
    (void)state;
    listen();
    s.fail = (struct svc_fail){"DELETE", 500, 99, RC_OK, NULL, false};
    assert_true(rex_act_leave(s.act, on_left, NULL));
    svc_pass(&s, REX_CONFIRM_MS);
    assert_int_equal(times_left, 1);
    assert_non_null(strstr(buf_text(&s.log), "1 listen ended listen: callhud ended it; "));
    assert_int_equal(s.ledger.len, 1); /* for the next start */
}

/* ---- what a killed run left ---- */

static void on_gone(void *self, const char *thing)
{
    (void)self;
    (void)thing;
    times_gone++;
}

static void clean(const char *thing)
{
    const char *things[] = {thing};
    times_gone = 0;
    rex_act_clean(s.act, things, 1, on_gone, NULL);
    svc_pass(&s, 3000);
}

/* A run is killed: its ledger and what is at the service stay. */
static char *killed(void)
{
    assert_int_equal(s.ledger.len, 1);
    char *thing = s.ledger.items[0];
    s.ledger.len = 0;
    rex_act_free(s.act);
    const struct rex_act_config config = {.io = &s.fake.io,
                                          .config = &s.config,
                                          .rest = s.rest,
                                          .signin = s.signin,
                                          .floor = &s.floor,
                                          .sync = s.sync,
                                          .sink = s.floor.sink};
    s.act = rex_act_new(&config);
    svc_sync(&s);
    return thing;
}

static void what_a_killed_run_left_is_removed(void **state)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_WHISPER, ACTION_BARGE,
                                             ACTION_TAKEOVER};
    static const enum svc_way ways[] = {SVC_GONE_TO_CALL, SVC_GONE_FROM_CALL, SVC_GONE_APART};
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (size_t w = 0; w < 3; w++) {
            for (int step = 0; step < 3; step++) { /* asked for; rings; is on */
                again();
                s.way = ways[w];
                if (step == 0) {
                    s.is_deaf = true;
                    assert_int_equal(svc_act(&s, 1, kinds[k], "102", CALL, false, NULL), RC_OK);
                    svc_serve_one(&s);
                    svc_serve_one(&s);
                    svc_serve_one(&s);
                    s.is_deaf = false;
                } else {
                    act(1, kinds[k]);
                }
                bool is_taking = kinds[k] == ACTION_TAKEOVER;
                if (step == 2 && !is_taking) {
                    svc_lift(&s);
                    if (kinds[k] != ACTION_LISTEN)
                        svc_key(&s, "s-1");
                }
                char *thing = killed();
                clean(thing);
                mem_free(thing);
                assert_int_equal(times_gone, 1);
                if (svc_legs(&s) != 0)
                    fail_msg("%s, way %zu, step %d: %s", action_row(kinds[k])->name, w, step,
                             buf_text(&s.asked));
                svc_check_clean(&s);
            }
        }
    }
}

/* Killed between the note and the answer: the leg is found by what it looks like. */
static void a_leg_that_was_not_noted_yet_is_found(void **state)
{
    static const enum action_kind kinds[] = {ACTION_LISTEN, ACTION_WHISPER};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        again();
        act(1, kinds[k]);
        mem_free(s.ledger.items[0]);
        s.ledger.len = 0;
        char thing[REX_THING];
        snprintf(thing, sizeof thing,
                 k == 0 ? "supervise/s-1/400102/60727004/%lld" : "assist/whisper/s-1/60727004/%lld",
                 (long long)s.fake.wall_ms);
        VEC_PUSH(&s.ledger, mem_dup(thing));
        char *left = killed();
        clean(left);
        assert_int_equal(times_gone, 1);
        svc_check_clean(&s);
        mem_free(left);
    }
}

static void nothing_of_anybody_else_is_removed(void **state)
{
    (void)state;
    /* A colleague supervises the same call; our own person talks on it, having picked it up, and
     * has dialled a star code by hand on another phone. */
    struct svc_party other = {.session = "s-1",
                              .id = "p-7",
                              .extension = "400108",
                              .from = "400102",
                              .to = "400108",
                              .device = DEVICE,
                              .code = "Proceeding",
                              .reason = ""};
    struct svc_party picked = {.session = "s-1",
                               .id = "p-8",
                               .extension = OWN,
                               .device = DEVICE,
                               .code = "Answered",
                               .reason = "",
                               .is_inbound = true};
    struct svc_party dialled = {.session = "s-8",
                                .id = "p-1",
                                .extension = OWN,
                                .device = "999",
                                .to_number = "*81",
                                .code = "Answered",
                                .reason = ""};
    VEC_PUSH(&s.parties, other);
    VEC_PUSH(&s.parties, picked);
    VEC_PUSH(&s.parties, dialled);
    char thing[REX_THING];
    snprintf(thing, sizeof thing, "supervise/s-1/400102/60727004/%lld", (long long)s.fake.wall_ms);
    clean(thing);
    assert_int_equal(times_gone, 1);
    snprintf(thing, sizeof thing, "assist/whisper/s-1/60727004/%lld", (long long)s.fake.wall_ms);
    clean(thing);
    assert_int_equal(times_gone, 1);
    clean("leg/s-1/p-8/60727004/take");
    assert_int_equal(times_gone, 1);
    clean("leg/s-1/p-7/60727004/mode");
    assert_int_equal(times_gone, 1);
    assert_false(svc_has_asked(&s, "DELETE"));
    assert_int_equal(svc_legs(&s), 2);
    /* On our phone, but hours later. */
    str_copy(s.parties.items[s.parties.len - 1].device, 32, DEVICE);
    snprintf(thing, sizeof thing, "assist/whisper/s-1/60727004/%lld",
             (long long)s.fake.wall_ms - 7200000);
    clean(thing);
    assert_false(svc_has_asked(&s, "DELETE"));
}

/* Presence may tell our calls without their numbers: the session has it. */
static void a_call_out_without_a_number_is_found(void **state)
{
    char thing[REX_THING];
    (void)state;
    s.hides_numbers = true;
    for (int is_code = 0; is_code <= 1; is_code++) {
        struct svc_party leg = {.session = "s-8",
                                .extension = OWN,
                                .device = DEVICE,
                                .code = "Proceeding",
                                .reason = ""};
        snprintf(leg.id, sizeof leg.id, "p-%d", is_code);
        str_copy(leg.to_number, sizeof leg.to_number, is_code ? "*82" : "5551234");
        VEC_PUSH(&s.parties, leg);
        snprintf(thing, sizeof thing, "assist/barge/s-1/" DEVICE "/%lld",
                 (long long)s.fake.wall_ms);
        clean(thing);
        assert_int_equal(times_gone, 1);
        assert_int_equal(svc_has_asked(&s, "DELETE"), is_code);
        assert_int_equal(svc_legs(&s), 1);
    }
}

/* A lifted phone that waits for keys is freed as long as the person has the call: later it may be
 * the phone that has it. */
static void a_take_over_that_was_not_keyed_is_freed(void **state)
{
    (void)state;
    for (int has_taken = 0; has_taken <= 1; has_taken++) {
        char session[32], thing[REX_THING];
        snprintf(session, sizeof session, "s-8%d", has_taken);
        struct svc_party lifted = {.id = "p-1",
                                   .extension = OWN,
                                   .device = DEVICE,
                                   .to_number = "*83",
                                   .code = "Answered",
                                   .reason = ""};
        str_copy(lifted.session, sizeof lifted.session, session);
        VEC_PUSH(&s.parties, lifted);
        if (has_taken)
            svc_set(&s, "s-1", "p-1", "Disconnected", "TakeOver");
        snprintf(thing, sizeof thing, "leg/%s/p-1/" DEVICE "/take/s-1/p-1", session);
        clean(thing);
        svc_pass(&s, 2000);
        assert_int_equal(times_gone, 1);
        assert_int_equal(svc_has_asked(&s, "DELETE"), !has_taken);
        assert_int_equal(svc_legs(&s), has_taken);
    }
}

/* Where the list is all that is wanted, there is no snapshot to wait for. */
static void it_is_cleaned_without_a_snapshot(void **state)
{
    (void)state;
    svc_close(&s);
    svc_begin(&s, ALL);
    s.config.is_desk_only = true;
    clean("leg/s-77/p-1/60727004/mode");
    svc_pass(&s, 100);
    assert_int_equal(times_gone, 1);
}

static void what_is_not_there_any_more_is_told_gone(void **state)
{
    (void)state;
    clean("leg/s-77/p-1/60727004/mode");
    assert_int_equal(times_gone, 1);
    clean("supervise/s-77/400102/60727004/5");
    assert_int_equal(times_gone, 1);
    clean("assist/barge/s-77/60727004/5");
    assert_int_equal(times_gone, 1);
    clean("nonsense");
    clean("leg/a/b/c");
    clean("leg/%G1/b/c/mode");
    clean("leg/a%2/b/c/mode");
    assert_int_equal(times_gone, 0); /* not ours to judge */
}

static void cleaning_waits_for_the_service(void **state)
{
    const char *things[] = {"leg/s-77/p-1/60727004/mode"};
    (void)state;
    s.fail = (struct svc_fail){"sessions/s-77", 503, 9, RC_OK, NULL, false};
    rex_act_clean(s.act, things, 1, on_gone, NULL);
    svc_pass(&s, 5000);
    assert_int_equal(times_gone, 0);
    s.fail.times = 0;
    svc_sync(&s);
    svc_pass(&s, 1000);
    assert_int_equal(times_gone, 1);
}

/* ---- what can be done at all ---- */

#define CAN(kind) "can " kind " 2 \n"
#define ASSISTED(kind, code)                                                              \
    "can " kind " 1 RingCentral has no request for it: your phone Desk phone calls " code \
    ", you key the extension and #\n"

static void capabilities_when_all_is_there(void **state)
{
    (void)state;
    svc_close(&s);
    svc_begin(&s, ALL);
    svc_user(&s, "102");
    rex_act_synced(s.act, true);
    /* Nothing is said of our phone before it is known. */
    svc_expect(&s, "self 400100 \n" CAN("stop") CAN("hangup") CAN("dnd") CAN("record"));
    svc_serve(&s);
    svc_expect(&s, "self 400100 Desk phone\n" CAN("listen") ASSISTED("whisper", "*81")
                       ASSISTED("barge", "*82") ASSISTED("takeover", "*83") CAN("pickup"));
    svc_sync(&s);
    svc_expect(&s, "");
    s.is_phone_online = false;
    svc_sync(&s);
    const char *log = buf_text(&s.log);
    assert_non_null(strstr(log, "self 400100 \n"));
    assert_non_null(strstr(log, "can listen 0 none of your desk phones and soft phones is online"));
    assert_non_null(strstr(log, "can barge 0 none of your desk phones"));
    assert_null(strstr(log, "hangup"));
    buf_reset(&s.log);
    s.is_phone_online = true;
    svc_sync(&s);
    assert_non_null(strstr(buf_text(&s.log), CAN("pickup")));
}

static void capabilities_without_scopes(void **state)
{
    static const char scope[] = "ReadPresence CallControlX";
    struct err err = {0};
    (void)state;
    svc_close(&s);
    svc_begin(&s, scope);
    svc_user(&s, "102");
    svc_sync(&s);
    const char *log = buf_text(&s.log);
    assert_non_null(strstr(log, "can listen 0 the application lacks the scope CallControl: "));
    assert_non_null(strstr(log, "can hangup 0 the application lacks the scope CallControl: "));
    assert_non_null(strstr(log, "can dnd 0 the application lacks the scope EditPresence: "));
    svc_call(&s, "102", "s-1", "Answered");
    assert_int_equal(svc_act(&s, 1, ACTION_HANGUP, "102", CALL, false, &err), RC_DENIED);
    assert_non_null(strstr(err.text, "lacks the scope CallControl"));
}

static void capabilities_read_only(void **state)
{
    (void)state;
    svc_close(&s);
    svc_begin(&s, ALL);
    s.config.is_read_only = true;
    rex_act_synced(s.act, true);
    for (int i = 0; i < ACTION_COUNT; i++) {
        char text[64];
        snprintf(text, sizeof text, "can %s 0 --read-only is on",
                 action_row((enum action_kind)i)->name);
        assert_non_null(strstr(buf_text(&s.log), text));
    }
}

static void capabilities_without_a_ledger(void **state)
{
    (void)state;
    svc_close(&s);
    svc_begin(&s, ALL);
    s.config.ledger.put = NULL;
    svc_sync(&s);
    assert_non_null(
        strstr(buf_text(&s.log), "can listen 0 what is made at RingCentral could not "));
    assert_non_null(strstr(buf_text(&s.log), CAN("hangup")));
}

static void the_phone_that_is_named(void **state)
{
    static const struct {
        const char *device, *says;
    } named[] = {
        {"77", "you have no phone 77 (device in the profile): callhud doctor lists yours"},
        {"2", "your phone Home is offline: connect it"},
        {"3", "'Browser' (device in the profile) is neither a desk phone nor a soft phone"},
        {"4", ""},
    };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        svc_close(&s);
        svc_begin(&s, ALL);
        s.devices = "{\"records\":["
                    "{\"id\":2,\"type\":\"HardPhone\",\"name\":\"Home\",\"status\":\"Offline\"},"
                    "{\"id\":3,\"type\":\"WebRTC\",\"name\":\"Browser\",\"status\":\"Online\"},"
                    "{\"id\":5,\"type\":\"SoftPhone\",\"name\":\"Soft\",\"status\":\"Online\"},"
                    "{\"id\":4,\"type\":\"HardPhone\",\"name\":\"Office\",\"status\":\"Online\"}]}";
        s.config.device = named[i].device;
        svc_sync(&s);
        char text[200];
        snprintf(text, sizeof text,
                 named[i].says[0] != '\0' ? "can listen 0 %s" : "can listen 2 %s", named[i].says);
        assert_non_null(strstr(buf_text(&s.log), text));
    }
    assert_non_null(strstr(buf_text(&s.log), "self 400100 Office\n"));
    s.config.device = "";
    svc_sync(&s); /* the one that was chosen stays */
    assert_null(strstr(buf_text(&s.log), "Soft"));
}

static void phones_that_are_not_told(void **state)
{
    (void)state;
    svc_close(&s);
    svc_begin(&s, ALL);
    s.fail = (struct svc_fail){"/device", 403, 1, RC_OK, "CMN-401", false};
    svc_sync(&s);
    assert_non_null(
        strstr(buf_text(&s.log), "can listen 0 RingCentral does not tell which phones you have: "));
    assert_non_null(strstr(buf_text(&s.log), CAN("hangup")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, opened, closed)
        T(what_is_on_is_unsure_until_it_is_read_again),
        T(what_ended_meanwhile_is_found),
        T(a_question_that_fails_leaves_it_unsure),
        T(it_can_be_stopped_without_the_link),
        T(what_is_under_way_fails_and_is_removed),
        T(jobs_fail_with_the_link),
        T(a_removal_is_tried_again),
        T(a_removal_that_never_works_is_said),
        T(a_removal_without_an_event_is_asked_about),
        T(a_leg_that_moves_on_is_removed_where_it_is),
        T(leaving_waits_for_the_removal),
        T(leaving_at_each_step),
        T(leaving_ends_in_time_even_so),
        T(what_a_killed_run_left_is_removed),
        T(a_leg_that_was_not_noted_yet_is_found),
        T(nothing_of_anybody_else_is_removed),
        T(a_call_out_without_a_number_is_found),
        T(a_take_over_that_was_not_keyed_is_freed),
        T(it_is_cleaned_without_a_snapshot),
        T(what_is_not_there_any_more_is_told_gone),
        T(cleaning_waits_for_the_service),
        T(capabilities_when_all_is_there),
        T(capabilities_without_scopes),
        T(capabilities_read_only),
        T(capabilities_without_a_ledger),
        T(the_phone_that_is_named),
        T(phones_that_are_not_told),
    };
    return cmocka_run_group_tests_name("rex_act_left", tests, NULL, NULL);
}
