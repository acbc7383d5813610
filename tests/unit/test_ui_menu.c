/* The menu of everything that can be done with the selected user. */
#include "ui_rig.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 104 holds one call and talks on another. */
static void rig_open(struct ui_rig *r)
{
    ui_rig_open(r, NULL);
    ui_rig_call(r, "104", "held", CALL_HELD, "Acme Ltd", "1");
    ui_rig_call(r, "104", "talk", CALL_CONNECTED, "Initech", "2");
    ui_rig_type(r, "104");
    (void)ui_rig_draw(r);
    ui_rig_type(r, "x");
    (void)ui_rig_draw(r);
}

static void key_acts_on_the_call_under_the_cursor(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_shows(&r, "call 1: hold");
    ui_rig_shows(&r, "call 2: talk");
    ui_rig_type(&r, "W");
    ui_rig_wants(&r, ACTION_WHISPER, "104", "held");
    ui_rig_shows_not(&r, "call 1: hold"); /* it has closed */
    ui_rig_type(&r, "x");
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "jjjjjjj");
    ui_rig_type(&r, "W");
    ui_rig_wants(&r, ACTION_WHISPER, "104", "talk");
    ui_rig_type(&r, "x");
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "jjjjjjj\r"); /* listen to the second */
    ui_rig_wants(&r, ACTION_LISTEN, "104", "talk");
    ui_rig_close(&r);
}

static void refusal_says_why(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "jjjjjjjP"); /* the second call is not one to pick up */
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "P pick up: 104 talks on this call");
    ui_rig_close(&r);
}

/* Its call ends while the cursor is on it: Enter does nothing until a row is chosen again. */
static void cursor_does_not_slip_to_another_call(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_ended(&r, "104", "held");
    ui_rig_type(&r, "\r"); /* not drawn yet: what was seen is meant, the backend refuses it */
    ui_rig_wants(&r, ACTION_LISTEN, "104", "held");
    ui_rig_close(&r);

    rig_open(&r);
    ui_rig_ended(&r, "104", "held");
    (void)ui_rig_draw(&r);
    ui_rig_type(&r, "\r");
    ui_rig_wants_nothing(&r);
    ui_rig_type(&r, "j\r");
    ui_rig_wants(&r, ACTION_LISTEN, "104", "talk");
    ui_rig_close(&r);
}

static void closes_without_doing_anything(void **state)
{
    static const char *const ways[] = {"\033", "q", "x"};
    struct ui_rig r;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rig_open(&r);
        ui_rig_type(&r, ways[i]);
        ui_rig_wants_nothing(&r);
        ui_rig_shows_not(&r, "call 1: hold");
        ui_rig_close(&r);
    }
    rig_open(&r);
    struct event gone = {.kind = EVENT_USER_GONE, .user_id = "104"};
    ui_rig_tell(&r, gone);
    ui_rig_shows_not(&r, "call 1: hold");
    ui_rig_type(&r, "\r");
    ui_rig_wants_nothing(&r);
    ui_rig_close(&r);
}

static void asks_as_everywhere(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "K");
    ui_rig_wants_nothing(&r);
    ui_rig_shows(&r, "Hang up the call of");
    ui_rig_shows(&r, "Acme Ltd");
    ui_rig_pass(&r, 300);
    ui_rig_type(&r, "y");
    ui_rig_wants(&r, ACTION_HANGUP, "104", "held");
    ui_rig_close(&r);
}

static void caps_lock_disarms_here_too(void **state)
{
    struct ui_rig r;

    (void)state;
    rig_open(&r);
    ui_rig_type(&r, "JW"); /* meant for down */
    ui_rig_wants_nothing(&r);
    ui_rig_type(&r, "jW");
    ui_rig_wants(&r, ACTION_WHISPER, "104", "held");
    ui_rig_close(&r);
}

static void clicks_choose_and_double_clicks_do(void **state)
{
    struct ui_rig r;
    struct key click = {.code = KEY_CODE_MOUSE, .mouse = MOUSE_PRESS, .col = 20};

    (void)state;
    rig_open(&r);
    const char *screen = ui_rig_draw(&r);
    const char *at = strstr(screen, "call 2: talk");
    assert_non_null(at);
    for (; screen < at; screen++)
        click.row += *screen == '\n';
    click.row++; /* listen, of the second call */
    ui_rig_key(&r, &click);
    ui_rig_wants_nothing(&r);
    click.mouse = MOUSE_DOUBLE;
    ui_rig_key(&r, &click);
    ui_rig_wants(&r, ACTION_LISTEN, "104", "talk");
    ui_rig_close(&r);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_acts_on_the_call_under_the_cursor),
        cmocka_unit_test(refusal_says_why),
        cmocka_unit_test(cursor_does_not_slip_to_another_call),
        cmocka_unit_test(closes_without_doing_anything),
        cmocka_unit_test(asks_as_everywhere),
        cmocka_unit_test(caps_lock_disarms_here_too),
        cmocka_unit_test(clicks_choose_and_double_clicks_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
