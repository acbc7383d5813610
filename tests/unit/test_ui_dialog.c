/* Questions: only a lower-case y, only after 250 ms, only about the call that was seen. */
#include "ui_rig.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 104 talks to Acme Ltd, is selected and drawn. */
static void rig_open(struct ui_rig *r)
{
    ui_rig_open(r, NULL);
    ui_rig_call(r, "104", "c", CALL_CONNECTED, "Acme Ltd", "+4930901820");
    ui_rig_type(r, "104");
    (void)ui_rig_draw(r);
}

static void nothing_counts_in_the_first_quarter_second(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "By"); /* typed before it was drawn */
    ui_rig_wants_nothing(&r);
    ui_rig_pass(&r, 1000); /* that may be long: a slow terminal */
    ui_rig_type(&r, "y");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "Barge into the call of");
    ui_rig_pass(&r, 249);
    ui_rig_type(&r, "y\033n");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "Barge into the call of");
    ui_rig_pass(&r, 1);
    ui_rig_type(&r, "y");
    ui_rig_wants(&r, ACTION_BARGE, "104", "c");
    ui_rig_shows_not(&r, "Barge into the call of");
    ui_rig_close(&r);
}

/* Drawing it again, in another size as well, does not begin the time anew. */
static void time_runs_from_the_first_picture(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "B");
    (void)ui_rig_draw(&r);
    ui_rig_pass(&r, 200);
    canvas_resize(&r.canvas, 12, 40);
    (void)ui_rig_draw(&r);
    ui_rig_pass(&r, 60);
    ui_rig_type(&r, "y");
    ui_rig_wants(&r, ACTION_BARGE, "104", "c");
    ui_rig_close(&r);
}

static void open_and_wait(struct ui_rig *r, const char *keys)
{
    ui_rig_type(r, keys);
    (void)ui_rig_draw(r);
    ui_rig_pass(r, 300);
}

static void only_lower_case_y_says_yes(void **state)
{
    static const char *const others[] = {"Y", "B", "T", "K", "j", "1", " ", ":", "/", "\t"};
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "B");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ui_rig_type(&r, others[i]);
        ui_rig_wants_nothing(&r);
        ui_rig_shows(&r, "Barge into the call of"); /* and it stays */
    }
    struct key ctrl = {.code = 'y', .is_ctrl = true}, alt = {.code = 'y', .is_alt = true};
    ui_rig_key(&r, &ctrl);
    ui_rig_key(&r, &alt);
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "Barge into the call of");
    ui_rig_type(&r, "y");
    ui_rig_wants(&r, ACTION_BARGE, "104", "c");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

static void no_is_esc_enter_n_q(void **state)
{
    static const char *const noes[] = {"\033", "\r", "n", "q"};
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    for (size_t i = 0; i < 4; i++) {
        open_and_wait(&r, "K");
        ui_rig_shows(&r, "Hang up the call of");
        assert_true(ui_is_typing(r.ui));
        ui_rig_type(&r, noes[i]);
        ui_rig_wants_nothing(&r);
        ui_rig_shows_not(&r, "Hang up the call of");
        assert_false(ui_is_typing(r.ui));
    }
    open_and_wait(&r, "K");
    struct key ctrl = {.code = 'c', .is_ctrl = true};
    ui_rig_key(&r, &ctrl);
    assert_false(ui_is_typing(r.ui));
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

static void pasted_text_and_clicks_never_answer(void **state)
{
    struct ui_rig r;
    struct key click = {.code = KEY_CODE_MOUSE, .mouse = MOUSE_PRESS};

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "T");
    ui_rig_paste(&r, "y");
    ui_rig_wants_nothing(&r);
    for (click.row = 0; click.row < 24; click.row++)
        for (click.col = 0; click.col < 80; click.col++)
            ui_rig_key(&r, &click);
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "Take over the call of");
    ui_rig_close(&r);
}

/* The answer that was on its way when it closed does nothing else either: y copies, q quits. */
static void call_ended_closes(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "B");
    ui_rig_ended(&r, "104", "c");
    ui_rig_shows_not(&r, "Barge into the call of");
    ui_rig_shows(&r, "nothing was done: the call with Acme Ltd has ended or was taken");
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "yqn\r\033");
    ui_rig_wants_nothing(&r);
    ui_rig_pass(&r, 1000);
    ui_rig_type(&r, "q");
    assert_true(ui_rig_wants_kind(&r, INTENT_QUIT));
    ui_rig_close(&r);
}

/* Another call in its place is another call. */
static void successor_is_not_acted_on(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "K");
    ui_rig_ended(&r, "104", "c");
    ui_rig_call(&r, "104", "d", CALL_CONNECTED, "Initech", "5550100");
    ui_rig_type(&r, "y");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

static void changed_hands_closes(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "B");
    ui_rig_call(&r, "104", "c", CALL_HELD, "Acme Ltd", "+4930901820"); /* still that call */
    ui_rig_shows(&r, "Barge into the call of");
    ui_rig_call(&r, "104", "c", CALL_CONNECTED, "Initech", "5550100");
    ui_rig_shows(&r, "the call has another party now");
    ui_rig_type(&r, "y");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

static void lost_link_and_gone_user_close(void **state)
{
    struct ui_rig r;
    struct event gone = {.kind = EVENT_USER_GONE, .user_id = "104"};
    struct event lost = {.kind = EVENT_LINK};

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "B");
    lost.u.link.state = LINK_LOST;
    ui_rig_tell(&r, lost);
    ui_rig_type(&r, "y");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);

    rig_open(&r);
    open_and_wait(&r, "B");
    ui_rig_tell(&r, gone);
    ui_rig_shows(&r, "nothing was done");
    ui_rig_type(&r, "y");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

/* Answered by its user while the question whether to pick up is open. */
static void pick_up_asks_when_told_to(void **state)
{
    struct ui_settings settings = {
        .profile = "work", .bell = BELL_OFF, .is_pickup_confirmed = true};
    struct ui_rig r;

    (void)state;
    ui_rig_open(&r, &settings);
    ui_rig_call(&r, "103", "c", CALL_RINGING, "Acme Ltd", "5550100");
    ui_rig_type(&r, "103");
    (void)ui_rig_draw(&r);
    open_and_wait(&r, "P");
    ui_rig_shows(&r, "Pick up the call of");
    ui_rig_shows(&r, "Acme Ltd (5550100)");
    ui_rig_type(&r, "y");
    ui_rig_wants(&r, ACTION_PICKUP, "103", "c");
    open_and_wait(&r, "P");
    ui_rig_call(&r, "103", "c", CALL_CONNECTED, "Acme Ltd", "5550100");
    ui_rig_type(&r, "y");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "nothing was done");
    ui_rig_close(&r);

    ui_rig_open(&r, NULL); /* without the setting it is done at once */
    ui_rig_call(&r, "103", "c", CALL_HELD, "Acme Ltd", "5550100");
    ui_rig_type(&r, "103");
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "P");
    ui_rig_wants(&r, ACTION_PICKUP, "103", "c");
    ui_rig_close(&r);
}

static void recording_asks_before_it_begins_only(void **state)
{
    struct ui_rig r;
    struct event event = {.kind = EVENT_CALL, .user_id = "104"};
    struct intent intent = {0};

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "R");
    ui_rig_shows(&r, "leaving callhud does");
    ui_rig_type(&r, "y");
    assert_true(ui_next_intent(r.ui, &intent));
    assert_int_equal(intent.action, ACTION_RECORD);
    assert_true(intent.is_on);
    event.u.call.id = "c";
    event.u.call.state = CALL_CONNECTED;
    event.u.call.number = event.u.call.name = "";
    event.u.call.is_recorded = true;
    ui_rig_tell(&r, event);
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "R");
    assert_true(ui_next_intent(r.ui, &intent));
    assert_int_equal(intent.action, ACTION_RECORD);
    assert_false(intent.is_on);
    ui_rig_close(&r);
}

static void tell_taken(struct ui_rig *r, const char *by)
{
    struct event event = {.kind = EVENT_CALL_ENDED, .user_id = "104"};
    event.u.ended.id = "c";
    event.u.ended.taken_by = by;
    ui_rig_tell(r, event);
}

/* Also when that is known a moment later only; and it is said once. */
static void who_has_taken_the_call_is_said(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    open_and_wait(&r, "B");
    tell_taken(&r, "107");
    ui_rig_shows(&r, "nothing was done: the call with Acme Ltd was taken by 107");
    ui_rig_close(&r);

    rig_open(&r);
    open_and_wait(&r, "B");
    tell_taken(&r, "");
    ui_rig_shows(&r, "the call with Acme Ltd has ended or was taken");
    ui_rig_pass(&r, 5);
    tell_taken(&r, "another phone");
    ui_rig_shows(&r, "the call with Acme Ltd was taken by another phone");
    ui_message(r.ui, UI_INFO, "read", NULL, r.floor.now_ms);
    tell_taken(&r, "107");
    ui_rig_shows_not(&r, "taken by");
    ui_rig_close(&r);

    rig_open(&r);
    open_and_wait(&r, "B");
    tell_taken(&r, "");
    ui_rig_pass(&r, 1000); /* read long since */
    tell_taken(&r, "107");
    ui_rig_shows_not(&r, "taken by");
    ui_rig_close(&r);
}

/* It is made on the user's leg. */
static void taking_a_call_says_that_its_recording_ends(void **state)
{
    static const struct {
        const char *key;
        enum call_state call;
        bool is_recorded, is_said;
    } cases[] = {{"T", CALL_CONNECTED, true, true},
                 {"T", CALL_CONNECTED, false, false},
                 {"P", CALL_HELD, true, true},
                 {"B", CALL_CONNECTED, true, false},
                 {"K", CALL_CONNECTED, true, false}};
    struct ui_settings settings = {.is_pickup_confirmed = true};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event = {.kind = EVENT_CALL, .user_id = "104"};
        struct ui_rig r;
        ui_rig_open(&r, &settings);
        event.u.call.id = "c";
        event.u.call.state = cases[i].call;
        event.u.call.number = event.u.call.name = "";
        event.u.call.is_recorded = cases[i].is_recorded;
        ui_rig_tell(&r, event);
        ui_rig_type(&r, "104");
        (void)ui_rig_draw(&r);
        open_and_wait(&r, cases[i].key);
        if (cases[i].is_said)
            ui_rig_shows(&r, "A recording made by callhud ends.");
        else
            ui_rig_shows_not(&r, "recording made");
        canvas_resize(&r.canvas, 4, 20);
        if (cases[i].is_said)
            ui_rig_shows(&r, "ends the recording");
        else
            ui_rig_shows_not(&r, "ends the recording");
        ui_rig_close(&r);
    }
}

/* What the connection needs has changed: a supervision would end. */
static void a_reload_asks_while_supervising(void **state)
{
    struct ui_rig r;
    struct intent intent = {0};

    (void)state;
    rig_open(&r);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c", NULL);
    ui_ask_reload(r.ui);
    ui_rig_shows(&r, "Reload while supervising 104");
    ui_rig_shows(&r, "Listening to 104 ends.");
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "\r"); /* not now */
    ui_rig_wants_nothing(&r);
    ui_ask_reload(r.ui);
    (void)ui_rig_draw(&r);
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "y");
    assert_true(ui_next_intent(r.ui, &intent));
    assert_int_equal(intent.kind, INTENT_RELOAD);
    assert_true(intent.is_on);
    ui_ask_reload(r.ui);
    (void)ui_rig_draw(&r);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ENDED, "104", "c", "the call has ended");
    ui_rig_shows_not(&r, "Reload while");
    ui_rig_close(&r);
}

static void leaving_asks_while_supervising(void **state)
{
    struct ui_rig r;
    struct key suspend = {.code = 'z', .is_ctrl = true};

    (void)state;
    rig_open(&r);
    ui_rig_key(&r, &suspend);
    assert_true(ui_rig_wants_kind(&r, INTENT_SUSPEND));
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    open_and_wait(&r, "q");
    ui_rig_shows(&r, "Quit while supervising 104");
    ui_rig_wants_nothing(&r);
    ui_rig_type(&r, "q"); /* pressed again out of impatience: no */
    ui_rig_wants_nothing(&r);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c", NULL);
    ui_rig_key(&r, &suspend);
    (void)ui_rig_draw(&r);
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "y");
    assert_true(ui_rig_wants_kind(&r, INTENT_SUSPEND));
    open_and_wait(&r, "q");
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ENDED, "104", "c", "the call has ended");
    ui_rig_shows_not(&r, "Quit while");
    ui_rig_close(&r);
}

/* Where it cannot be read it is not asked. */
static void too_small_a_screen_closes(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "B");
    canvas_resize(&r.canvas, 3, 80);
    (void)ui_rig_draw(&r);
    ui_rig_pass(&r, 300);
    assert_false(ui_is_typing(r.ui));
    ui_rig_type(&r, "y");
    assert_false(ui_rig_wants_kind(&r, INTENT_ACT));
    ui_rig_close(&r);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_counts_in_the_first_quarter_second),
        cmocka_unit_test(time_runs_from_the_first_picture),
        cmocka_unit_test(only_lower_case_y_says_yes),
        cmocka_unit_test(no_is_esc_enter_n_q),
        cmocka_unit_test(pasted_text_and_clicks_never_answer),
        cmocka_unit_test(call_ended_closes),
        cmocka_unit_test(successor_is_not_acted_on),
        cmocka_unit_test(changed_hands_closes),
        cmocka_unit_test(lost_link_and_gone_user_close),
        cmocka_unit_test(pick_up_asks_when_told_to),
        cmocka_unit_test(recording_asks_before_it_begins_only),
        cmocka_unit_test(who_has_taken_the_call_is_said),
        cmocka_unit_test(taking_a_call_says_that_its_recording_ends),
        cmocka_unit_test(leaving_asks_while_supervising),
        cmocka_unit_test(a_reload_asks_while_supervising),
        cmocka_unit_test(too_small_a_screen_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
