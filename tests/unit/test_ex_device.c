/* The supervisor's desk phone. */
#include "ex_calls_rig.h"

#define OUT "+17778732492"

static int setup(void **state)
{
    static struct rig rig;
    rig_start(&rig, 20);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    rig_stop(*state);
    return 0;
}

static void an_extension_is_called(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_dial(rig, rig_desk(rig), "102"), 200);
    struct ex_session *s = ex_session_by_id(rig->x, rig_text(rig, "id"));
    assert_non_null(s);
    assert_string_equal(rig_calls(rig, "900"), "dialling out");
    assert_string_equal(rig_calls(rig, "102"), "ringing in");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    assert_int_equal(rig_device(rig, rig_desk(rig), "hold", NULL), 200);
    assert_string_equal(rig_calls(rig, "900"), "held out");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hold", NULL), 200);
    assert_string_equal(rig_calls(rig, "900"), "connected out");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_string_equal(rig_calls(rig, "102"), "");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 409);
    assert_int_equal(rig_device(rig, rig_desk(rig), "hold", NULL), 409);
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 409);
}

static void digits_in_pieces(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_dial(rig, rig_desk(rig), "1"), 200);
    assert_true(json_is_null(rig_at(rig->reply.body, "id")));
    assert_string_equal(rig_text(rig, "digits"), "1");
    rig_pass(rig, 1500);
    assert_int_equal(rig_dial(rig, rig_desk(rig), "0"), 200);
    rig_pass(rig, 1500);
    assert_string_equal(rig_calls(rig, "900"), "");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "3"), 200);
    assert_string_equal(rig_calls(rig, "103"), "ringing in");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    /* No more comes: what is there is dialled, and is nobody's. */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "47"), 200);
    rig_forget(rig);
    rig_pass(rig, 2500);
    const json_t *event = rig_last(rig, EX_EVENT_TELEPHONY);
    assert_string_equal(json_string_value(rig_at(event, "parties.0.status.reason")), "NoSuchUser");
    /* Thought better of. */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "10"), 200);
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    rig_forget(rig);
    rig_pass(rig, 5000);
    assert_null(rig_last(rig, EX_EVENT_TELEPHONY));
    /* The sign ends a number. */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "7778732"), 200);
    assert_true(json_is_null(rig_at(rig->reply.body, "id")));
    assert_int_equal(rig_dial(rig, rig_desk(rig), "#"), 200);
    assert_string_equal(rig_calls(rig, "900"), "dialling out");
    assert_string_equal(ex_supervisor(rig->x)->parties.items[0]->peer->number, "7778732");
}

static void the_world_outside_is_called(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_dial(rig, rig_desk(rig), OUT), 200);
    struct ex_session *s = ex_session_by_id(rig->x, rig_text(rig, "id"));
    assert_string_equal(rig_story(rig, s->id), "1 Setup, 2 Proceeding, 1 Proceeding");
    assert_string_equal(rig_party(s, 2)->number, OUT);
    /* Nobody answers. */
    rig_pass(rig, 61000);
    assert_string_equal(rig_calls(rig, "900"), "");
    assert_string_equal(rig_party(s, 2)->reason, "NoAnswer");
}

static void one_call_at_a_time_is_talked_to(void **state)
{
    struct rig *rig = *state;
    rig_call(rig, OUT, "900");
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 200);
    rig_call(rig, "+33140000000", "900");
    assert_string_equal(rig_calls(rig, "900"), "connected in, ringing in");
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 200);
    assert_string_equal(rig_calls(rig, "900"), "held in, connected in");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "102"), 200);
    assert_string_equal(rig_calls(rig, "900"), "held in, held in, dialling out");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_string_equal(rig_calls(rig, "900"), "held in");
    /* What rings is refused by hanging up. */
    struct ex_session *s = rig_call(rig, OUT, "900");
    rig_forget(rig);
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_string_equal(rig_story(rig, s->id), "2 Disconnected/Rejected, 1 Disconnected");
}

static void bad_input(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(rig_dial(rig, rig_desk(rig), ""), 400);
    rig_is_error(rig, 400, "InvalidParameter", "CMN-101");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "12x"), 400);
    assert_int_equal(rig_device(rig, rig_desk(rig), "dial", "{\"digits\":102}"), 400);
    assert_int_equal(rig_device(rig, rig_desk(rig), "dial", "{"), 400);
    assert_int_equal(rig_device(rig, rig_desk(rig), "dial", NULL), 400);
    char many[80];
    memset(many, '4', sizeof many);
    many[sizeof many - 1] = '\0';
    assert_int_equal(rig_dial(rig, rig_desk(rig), many), 400);
    many[40] = '\0';
    assert_int_equal(rig_dial(rig, rig_desk(rig), many), 200);
    assert_int_equal(rig_dial(rig, rig_desk(rig), many), 409); /* more than a phone keeps */
    assert_int_equal(rig_device(rig, rig_desk(rig), "jump", NULL), 404);
    assert_int_equal(rig_control(rig, "POST", "/exchange/devices/17/hold", NULL), 404);
    assert_int_equal(rig_control(rig, "POST", "/exchange/devices", NULL), 404);
    char path[64];
    snprintf(path, sizeof path, "/exchange/devices/%s", rig_desk(rig)->id);
    assert_int_equal(rig_control(rig, "PATCH", path, "{\"online\":\"no\"}"), 400);
    assert_int_equal(rig_control(rig, "PATCH", path, "{\"online\":false}"), 200);
    assert_int_equal(rig_dial(rig, rig_desk(rig), "102"), 409);
    assert_int_equal(rig_device(rig, rig_desk(rig), "answer", NULL), 409);
}

static const char *heard(struct rig *rig)
{
    const struct ex_supervision *s =
        ex_supervisions_len(rig->x) > 0 ? ex_supervision_at(rig->x, 0) : NULL;
    if (!s)
        return "nobody";
    return s->mode == EX_WHISPER ? "whisper" : s->mode == EX_BARGE ? "barge" : "listen";
}

/* Whoever sits at the phone keys once he is asked, and waits for it. */
static void a_hand_keys_when_it_is_asked(void **state)
{
    struct rig *rig = *state;
    struct ex_session *s = rig_call(rig, OUT, "102");
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    ex_hand(rig->x, "102#");
    rig_pass(rig, 3000);
    assert_string_equal(heard(rig), "nobody");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*81"), 200);
    rig_pass(rig, 3000);
    assert_string_equal(heard(rig), "whisper");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    assert_string_equal(heard(rig), "nobody");
    /* Not twice, not for ever, and nothing but keys. */
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*82"), 200);
    rig_pass(rig, 3000);
    assert_string_equal(heard(rig), "nobody");
    assert_int_equal(rig_device(rig, rig_desk(rig), "hangup", NULL), 200);
    ex_hand(rig->x, "102#");
    rig_pass(rig, 60000);
    ex_hand(rig->x, "");
    ex_hand(rig->x, "102#\r");
    assert_int_equal(rig_dial(rig, rig_desk(rig), "*82"), 200);
    rig_pass(rig, 3000);
    assert_string_equal(heard(rig), "nobody");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_extension_is_called),          T(digits_in_pieces), T(the_world_outside_is_called),
        T(one_call_at_a_time_is_talked_to), T(bad_input),        T(a_hand_keys_when_it_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
