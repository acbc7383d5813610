/* From keys to wishes: the call that was seen is the call acted on, and nothing else acts. */
#include "ui_rig.h"

#include "callhud/base/str.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void rig_open(struct ui_rig *r)
{
    ui_rig_open(r, NULL);
    ui_rig_call(r, "104", "c", CALL_CONNECTED, "Acme Ltd", "+4930901820");
    ui_rig_type(r, "104");
    (void)ui_rig_draw(r);
}

static void keys_act_on_the_selected_user(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "L");
    ui_rig_wants(&r, ACTION_LISTEN, "104", "c");
    ui_rig_type(&r, "W");
    ui_rig_wants(&r, ACTION_WHISPER, "104", "c");
    ui_rig_type(&r, "D");
    ui_rig_wants(&r, ACTION_DND, "104", "");
    ui_rig_type(&r, "P");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "P pick up: 104 has no held or ringing call (i why)");
    ui_rig_type(&r, "X");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

/* The ring that was on the screen has ended and another one has come: the key means the first. */
static void drawn_call_not_its_successor(void **state)
{
    struct ui_rig r;

    (void)state;
    ui_rig_open(&r, NULL);
    ui_rig_call(&r, "103", "first", CALL_RINGING, "Acme Ltd", "1");
    ui_rig_type(&r, "103");
    (void)ui_rig_draw(&r);
    ui_rig_ended(&r, "103", "first");
    ui_rig_call(&r, "103", "second", CALL_RINGING, "Initech", "2");
    ui_rig_type(&r, "P");
    ui_rig_wants(&r, ACTION_PICKUP, "103", "first"); /* which the backend refuses */
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "P");
    ui_rig_wants(&r, ACTION_PICKUP, "103", "second");
    ui_rig_close(&r);
}

/* A transfer leaves the agent's leg as it is, with another party: that is not the call seen. */
static void other_party_is_another_call(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_call(&r, "104", "c", CALL_CONNECTED, "Initech", "+4930555");
    ui_rig_type(&r, "L");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "L listen: the call has another party now");
    ui_rig_type(&r, "L");
    ui_rig_wants(&r, ACTION_LISTEN, "104", "c");
    ui_rig_type(&r, "x"); /* the menu goes by what was seen as well */
    (void)ui_rig_draw(&r);
    ui_rig_call(&r, "104", "c", CALL_CONNECTED, "Acme Ltd", "+4930901820");
    ui_rig_type(&r, "W");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

/* A call that comes above the one that was drawn does not take its place. */
static void new_call_does_not_slip_in(void **state)
{
    struct ui_rig r;

    (void)state;
    ui_rig_open(&r, NULL);
    ui_rig_call(&r, "103", "held", CALL_HELD, "Acme Ltd", "1");
    ui_rig_type(&r, "103");
    (void)ui_rig_draw(&r);
    ui_rig_call(&r, "103", "ring", CALL_RINGING, "Initech", "2");
    ui_rig_type(&r, "P");
    ui_rig_wants(&r, ACTION_PICKUP, "103", "held");
    ui_rig_close(&r);
}

static void nothing_fitting_was_drawn(void **state)
{
    struct ui_rig r;

    (void)state;
    ui_rig_open(&r, NULL);
    ui_rig_type(&r, "103");
    (void)ui_rig_draw(&r);
    ui_rig_call(&r, "103", "ring", CALL_RINGING, "Initech", "2");
    ui_rig_type(&r, "P");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "P pick up: 103 has no held or ringing call");
    ui_rig_close(&r);
}

static void frozen_picture_is_what_was_seen(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "z");
    (void)ui_rig_draw(&r);
    ui_rig_ended(&r, "104", "c");
    ui_rig_call(&r, "104", "d", CALL_CONNECTED, "Initech", "2");
    (void)ui_rig_draw(&r); /* the picture stands still */
    ui_rig_type(&r, "L");
    ui_rig_wants(&r, ACTION_LISTEN, "104", "c");
    ui_rig_type(&r, "z");
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "L");
    ui_rig_wants(&r, ACTION_LISTEN, "104", "d");
    ui_rig_close(&r);
}

/* Keys that come faster than pictures: only on what was on the screen and is still so. */
static void keys_before_the_picture(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_call(&r, "102", "e", CALL_CONNECTED, "Initech", "2");
    (void)ui_rig_draw(&r);
    ui_rig_pass(&r, 2000);
    ui_rig_type(&r, "102L");
    ui_rig_wants(&r, ACTION_LISTEN, "102", "e");
    (void)ui_rig_draw(&r);
    ui_rig_ended(&r, "104", "c");
    ui_rig_call(&r, "104", "d", CALL_CONNECTED, "Initech", "2");
    ui_rig_pass(&r, 2000);
    ui_rig_type(&r, "104L");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "look at the call first");
    ui_rig_type(&r, "L");
    ui_rig_wants(&r, ACTION_LISTEN, "104", "d");
    ui_rig_close(&r);
}

/* Before the first picture, on a screen that is too small, on help and log nothing was seen. */
static void not_seen_is_not_acted_on(void **state)
{
    struct ui_rig r;
    struct key log = {.code = KEY_CODE_F9};

    (void)state;
    ui_rig_open(&r, NULL);
    ui_rig_call(&r, "101", "c", CALL_CONNECTED, "Acme Ltd", "1");
    ui_rig_type(&r, "L");
    ui_rig_wants_nothing(&r);
    canvas_resize(&r.canvas, 3, 80);
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "L");
    ui_rig_wants_nothing(&r);
    canvas_resize(&r.canvas, 24, 80);
    (void)ui_rig_draw(&r);
    ui_rig_key(&r, &log);
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "L");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

static void pasted_text_never_acts(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_paste(&r, "LWPX");
    ui_rig_wants_nothing(&r);
    ui_rig_type(&r, "x");
    (void)ui_rig_draw(&r);
    ui_rig_paste(&r, "L\r");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

/* Esc and L that came together are no L. */
static void alt_and_ctrl_never_act(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    for (const char *c = "LWDPX"; *c != '\0'; c++) {
        struct key alt = {.code = (uint32_t)*c, .is_alt = true};
        struct key ctrl = {.code = (uint32_t)*c, .is_ctrl = true};
        ui_rig_key(&r, &alt);
        ui_rig_key(&r, &ctrl);
        ui_rig_wants_nothing(&r);
    }
    ui_rig_close(&r);
}

static void caps_lock_disarms(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c", NULL);
    for (const char *stray = "HJ"; *stray != '\0'; stray++) {
        char one[2] = {*stray, '\0'};
        ui_rig_type(&r, one);
        ui_rig_type(&r, "PLWBTKDR");
        ui_rig_wants_nothing(&r);
        assert_false(ui_is_typing(r.ui)); /* no question either */
        ui_rig_shows(&r, "Caps Lock is on: capitals act on calls; press a lower-case key");
        ui_rig_type(&r, "X");
        ui_rig_wants(&r, ACTION_STOP, "104", "");
        ui_rig_type(&r, "1W"); /* a digit tells nothing of Caps Lock */
        ui_rig_wants_nothing(&r);
        ui_rig_pass(&r, 2000);
        ui_rig_type(&r, "104");
        ui_rig_pass(&r, 2000);
        ui_rig_type(&r, "l"); /* lower case: armed again, and it moves */
        ui_rig_pass(&r, 2000);
        ui_rig_type(&r, "104");
        (void)ui_rig_draw(&r);
        ui_rig_type(&r, "W");
        ui_rig_wants(&r, ACTION_WHISPER, "104", "c");
    }
    ui_rig_close(&r);
}

static void reason_is_typed_in_the_palette(void **state)
{
    struct ui_rig r;
    struct intent intent = {0};

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, ":listen new on the team\r");
    assert_true(ui_next_intent(r.ui, &intent));
    assert_int_equal(intent.kind, INTENT_ACT);
    assert_int_equal(intent.action, ACTION_LISTEN);
    assert_string_equal(intent.text, "new on the team");
    assert_string_equal(intent.call_id, "c");
    ui_rig_type(&r, ":barge complaint\r"); /* asks all the same, and keeps the reason */
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "reason: complaint");
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "y");
    assert_true(ui_next_intent(r.ui, &intent));
    assert_string_equal(intent.text, "complaint");
    ui_rig_close(&r);
}

/* Half a word is not taken for an action while it may be another command. */
static void palette_does_not_guess_actions(void **state)
{
    struct ui_rig r;
    char text[] = ":?\r";

    (void)state;
    rig_open(&r);
    for (const char *c = "lpwbtshdr "; *c != '\0'; c++) {
        text[1] = *c;
        ui_rig_type(&r, text);
        (void)ui_rig_draw(&r);
        if (ui_rig_wants_kind(&r, INTENT_ACT))
            fail_msg(":%c acts on a call", *c);
        ui_rig_pass(&r, 300);
        ui_rig_type(&r, "\033\033\033");
        (void)ui_rig_draw(&r);
        ui_rig_pass(&r, 2000);
    }
    ui_rig_close(&r);
}

/* Screen readers follow the cursor: to the question, to the row of the menu, back to the user. */
static void cursor_rests_in_what_asks(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    int row = r.canvas.cursor_row, col = r.canvas.cursor_col;
    ui_rig_type(&r, "B");
    (void)ui_rig_draw(&r);
    assert_string_equal(canvas_at(&r.canvas, r.canvas.cursor_row, r.canvas.cursor_col)->text, "B");
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "n");
    ui_rig_type(&r, "x");
    (void)ui_rig_draw(&r);
    assert_string_equal(canvas_at(&r.canvas, r.canvas.cursor_row, r.canvas.cursor_col)->text, "▌");
    ui_rig_type(&r, "q");
    (void)ui_rig_draw(&r);
    assert_int_equal(r.canvas.cursor_row, row);
    assert_int_equal(r.canvas.cursor_col, col);
    ui_rig_close(&r);
}

static void asked_once_is_enough(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_action(&r, ACTION_DND, ACTION_ASKED, "104", "", NULL);
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "D");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "asked for already, not confirmed yet");
    ui_rig_action(&r, ACTION_DND, ACTION_FAILED, "104", "", "no such device");
    ui_rig_shows(&r, "dnd 104: no such device");
    ui_rig_type(&r, "D");
    ui_rig_wants(&r, ACTION_DND, "104", "");
    ui_rig_close(&r);
}

static void read_only_refuses_all(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    r.floor.hud.is_read_only = true;
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "LWBTPKDRX");
    ui_rig_wants_nothing(&r);
    assert_false(ui_is_typing(r.ui));
    ui_rig_shows(&r, "read-only");
    ui_rig_shows_not(&r, "L listen ");
    ui_rig_close(&r);
}

static void stop_works_from_anywhere(void **state)
{
    struct ui_rig r;
    struct event gone = {.kind = EVENT_USER_GONE, .user_id = "104"};

    (void)state;
    rig_open(&r);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    ui_rig_type(&r, "X"); /* not confirmed yet: also then */
    ui_rig_wants(&r, ACTION_STOP, "104", "");
    ui_rig_action(&r, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c", NULL);
    ui_rig_type(&r, "?");
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "X");
    ui_rig_wants(&r, ACTION_STOP, "104", "");
    ui_rig_tell(&r, gone);
    ui_rig_shows(&r, "LISTEN 104");
    ui_rig_type(&r, "X");
    ui_rig_wants(&r, ACTION_STOP, "104", "");
    ui_rig_close(&r);
}

/* The bar says what the backend confirmed, never what was asked; also over a frozen picture. */
static void bar_shows_what_is_confirmed(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "z");
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    ui_rig_shows(&r, "listen 104");
    ui_rig_shows(&r, "asked, not confirmed yet");
    ui_rig_shows_not(&r, "nobody hears you");
    ui_rig_action(&r, ACTION_LISTEN, ACTION_PHONE, "104", "c", "your phone 108 rings: lift it");
    ui_rig_shows(&r, "Your phone 108 rings: lift it");
    ui_rig_action(&r, ACTION_LISTEN, ACTION_CONFIRMED, "104", "c", NULL);
    ui_rig_shows(&r, "LISTEN 104");
    ui_rig_shows(&r, "nobody hears you");
    ui_rig_action(&r, ACTION_BARGE, ACTION_ASKED, "104", "c", NULL);
    ui_rig_shows(&r, "LISTEN 104");
    ui_rig_shows(&r, "barge asked, not confirmed yet");
    ui_rig_shows_not(&r, "both hear you");
    ui_rig_action(&r, ACTION_BARGE, ACTION_CONFIRMED, "104", "c", NULL);
    ui_rig_shows(&r, "BARGE 104");
    ui_rig_shows(&r, "both hear you");
    ui_rig_action(&r, ACTION_BARGE, ACTION_UNSURE, "104", "c", NULL);
    ui_rig_shows(&r, "link lost: not sure any more");
    ui_rig_shows_not(&r, "both hear you");
    ui_rig_action(&r, ACTION_BARGE, ACTION_ENDED, "104", "c", "the call has ended");
    ui_rig_shows_not(&r, "X stop");
    ui_rig_shows(&r, "has ended: the call has ended");
    ui_rig_close(&r);
}

/* Every message comes once, whatever else changes. */
static void fates_are_told_once(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_pass(&r, 1); /* news are shown before "jump to 104" */
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_FAILED, "104", "c", "your phone 108 is busy");
    ui_rig_shows(&r, "listen 104: your phone 108 is busy");
    ui_message(r.ui, UI_INFO, "something else", NULL, r.floor.now_ms);
    ui_rig_action(&r, ACTION_DND, ACTION_ASKED, "101", "", NULL);
    ui_rig_shows(&r, "something else");
    ui_rig_action(&r, ACTION_PICKUP, ACTION_ASKED, "104", "c", NULL);
    ui_rig_action(&r, ACTION_PICKUP, ACTION_CONFIRMED, "104", "c", NULL);
    ui_rig_shows(&r, "you have the call of 104");
    /* two that fail alike are two */
    ui_message(r.ui, UI_INFO, "something else", NULL, r.floor.now_ms);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_ASKED, "104", "c", NULL);
    ui_rig_action(&r, ACTION_LISTEN, ACTION_FAILED, "104", "c", "your phone 108 is busy");
    ui_rig_shows(&r, "your phone 108 is busy");
    ui_rig_close(&r);
}

/* Asked and over between two tellings of the screens. */
static void fates_that_come_together_are_told(void **state)
{
    struct ui_rig r;
    struct event event = {.kind = EVENT_ACTION, .user_id = "104"};

    (void)state;
    rig_open(&r);
    ui_rig_pass(&r, 1);
    event.u.action.id = 77;
    event.u.action.kind = ACTION_WHISPER;
    event.u.action.call_id = "c";
    event.u.action.stage = ACTION_ASKED;
    unsigned bits = floor_tell(&r.floor, event);
    event.u.action.stage = ACTION_FAILED;
    event.u.action.rc = RC_DENIED;
    event.u.action.text = "taken by 108";
    bits |= floor_tell(&r.floor, event);
    ui_hud_changed(r.ui, &r.floor.hud, bits, r.floor.now_ms);
    ui_rig_shows(&r, "taken by 108");
    ui_rig_close(&r);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_act_on_the_selected_user),
        cmocka_unit_test(drawn_call_not_its_successor),
        cmocka_unit_test(other_party_is_another_call),
        cmocka_unit_test(new_call_does_not_slip_in),
        cmocka_unit_test(nothing_fitting_was_drawn),
        cmocka_unit_test(frozen_picture_is_what_was_seen),
        cmocka_unit_test(keys_before_the_picture),
        cmocka_unit_test(not_seen_is_not_acted_on),
        cmocka_unit_test(pasted_text_never_acts),
        cmocka_unit_test(alt_and_ctrl_never_act),
        cmocka_unit_test(caps_lock_disarms),
        cmocka_unit_test(reason_is_typed_in_the_palette),
        cmocka_unit_test(palette_does_not_guess_actions),
        cmocka_unit_test(cursor_rests_in_what_asks),
        cmocka_unit_test(asked_once_is_enough),
        cmocka_unit_test(read_only_refuses_all),
        cmocka_unit_test(stop_works_from_anywhere),
        cmocka_unit_test(bar_shows_what_is_confirmed),
        cmocka_unit_test(fates_are_told_once),
        cmocka_unit_test(fates_that_come_together_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
