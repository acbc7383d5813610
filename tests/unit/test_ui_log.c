/* The Log screen: messages and log lines by time; and a person's own keys on the screen. */
#include "callhud/base/log.h"
#include "callhud/ui/ui_priv.h"

#include "floor.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rig {
    struct floor floor;
    struct ui *ui;
    struct canvas canvas;
    struct buf text;
};

static void rig_open(struct rig *r, const char *const *keys)
{
    struct ui_settings settings = {.profile = "work", .keys = keys, .bell = BELL_OFF};

    floor_open(&r->floor, 4);
    assert_int_equal(ui_new(&r->ui, &settings, NULL), RC_OK);
    canvas_init(&r->canvas, 24, 80, false);
    buf_init(&r->text, 1 << 20);
}

static void rig_close(struct rig *r)
{
    ui_free(r->ui);
    canvas_fini(&r->canvas);
    buf_fini(&r->text);
    floor_fini(&r->floor);
}

static const char *draw(struct rig *r)
{
    ui_render(r->ui, &r->canvas, &r->floor.hud, r->floor.now_ms);
    buf_reset(&r->text);
    canvas_text(&r->canvas, &r->text);
    return buf_text(&r->text);
}

static void press(struct rig *r, uint32_t code)
{
    struct key key = {.code = code};

    ui_key(r->ui, &key, &r->floor.hud, r->floor.now_ms);
}

static void log_shows_messages_and_lines(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(log_open(NULL, LOG_INFO, NULL), RC_OK);
    log_secret("s3cret-token");
    log_warn("net", "first line with s3cret-token");
    ui_message(r.ui, UI_ERROR, "shown to the person", "the reason", r.floor.now_ms);
    log_info("ari", "second line");
    press(&r, KEY_CODE_F9);
    const char *text = draw(&r);
    assert_non_null(strstr(text, "LOG"));
    assert_non_null(strstr(text, "net: first line"));
    assert_non_null(strstr(text, "ari: second line"));
    assert_non_null(strstr(text, "shown to the person (the reason)"));
    assert_null(strstr(text, "s3cret-token"));
    assert_true(strstr(text, "first line") < strstr(text, "second line"));
    press(&r, KEY_CODE_ESCAPE);
    assert_null(strstr(draw(&r), "second line"));
    log_close();
    rig_close(&r);
}

static void log_scrolls_back_and_forth(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(log_open(NULL, LOG_INFO, NULL), RC_OK);
    for (int i = 0; i < 100; i++)
        log_info("t", "line number %d.", i);
    press(&r, KEY_CODE_F9);
    assert_non_null(strstr(draw(&r), "line number 99."));
    press(&r, KEY_CODE_PAGE_UP);
    const char *text = draw(&r);
    assert_null(strstr(text, "line number 99."));
    assert_non_null(strstr(text, "newer below"));
    press(&r, KEY_CODE_HOME);
    assert_non_null(strstr(draw(&r), "line number 0."));
    press(&r, KEY_CODE_PAGE_DOWN);
    assert_null(strstr(draw(&r), "line number 0."));
    press(&r, KEY_CODE_END);
    assert_non_null(strstr(draw(&r), "line number 99."));
    log_close();
    rig_close(&r);
}

/* What does not fit in a line goes on in the next, and the newest is still the last. */
static void long_lines_are_whole(void **state)
{
    struct rig r;
    char text[200];

    (void)state;
    rig_open(&r, NULL);
    memset(text, 'x', sizeof text);
    memcpy(text + 100, "MIDDLE", 6);
    memcpy(text + 150, "END.", 5);
    for (int i = 0; i < 30; i++)
        ui_message(r.ui, UI_INFO, text, NULL, r.floor.now_ms);
    ui_message(r.ui, UI_INFO, "the newest", NULL, r.floor.now_ms);
    press(&r, KEY_CODE_F9);
    const char *shown = draw(&r);
    assert_non_null(strstr(shown, "MIDDLE"));
    assert_non_null(strstr(shown, "END."));
    assert_true(strstr(shown, "the newest") > strstr(shown, "END."));
    rig_close(&r);
}

/* The history holds 200 messages, the newest. */
static void message_history_is_bounded(void **state)
{
    struct rig r;
    char text[32];

    (void)state;
    rig_open(&r, NULL);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "message %d.", i);
        ui_message(r.ui, UI_INFO, text, NULL, r.floor.now_ms);
    }
    press(&r, KEY_CODE_F9);
    assert_non_null(strstr(draw(&r), "message 999."));
    assert_non_null(strstr(draw(&r), "200 lines"));
    press(&r, KEY_CODE_HOME);
    assert_non_null(strstr(draw(&r), "message 800."));
    rig_close(&r);
}

/* Key bar, help and hints name the keys that are bound now. */
static void own_keys_are_the_ones_shown(void **state)
{
    static const char *const keys[] = {"w", "why", "i", "none", "F2", "help", NULL};
    struct rig r;

    (void)state;
    rig_open(&r, keys);
    assert_non_null(strstr(draw(&r), "F2 help"));
    press(&r, 'i');
    assert_non_null(strstr(draw(&r), "i: no such key here (F2 help)"));
    press(&r, 'w');
    assert_non_null(strstr(draw(&r), "Why: 101"));
    rig_close(&r);
}

static void bad_settings_are_refused(void **state)
{
    static const char *const keys[] = {"w", "wy", NULL};
    struct ui_settings settings = {.view = "cube"};
    struct ui *ui;
    struct err err = {0};

    (void)state;
    assert_int_equal(ui_new(&ui, &settings, &err), RC_CONFIG);
    assert_null(ui);
    assert_non_null(strstr(err.text, "cube"));
    settings = (struct ui_settings){.keys = keys};
    assert_int_equal(ui_new(&ui, &settings, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "\"why\""));
}

/* A reload keeps selection, view and filter; a bad one changes nothing. */
static void configure_keeps_the_screen(void **state)
{
    static const char *const bad[] = {"w", "wy", NULL};
    static const char *const good[] = {"w", "why", NULL};
    struct ui_settings settings = {.profile = "other", .keys = bad};
    struct rig r;

    (void)state;
    rig_open(&r, NULL);
    (void)draw(&r);
    press(&r, 'l');
    press(&r, 'v');
    assert_string_equal(r.ui->board.selected_extension, "102");
    assert_int_equal(ui_configure(r.ui, &settings, NULL), RC_CONFIG);
    assert_non_null(strstr(draw(&r), " work "));
    settings.keys = good;
    assert_int_equal(ui_configure(r.ui, &settings, NULL), RC_OK);
    assert_non_null(strstr(draw(&r), " other "));
    assert_string_equal(r.ui->board.selected_extension, "102");
    press(&r, 'w');
    assert_non_null(strstr(draw(&r), "Why: 102"));
    rig_close(&r);
}

/* Ctrl-c leaves a prompt; whether one is open is how the program knows that it is not meant. */
static void ctrl_c_leaves_a_prompt(void **state)
{
    struct key ctrl_c = {.code = 'c', .is_ctrl = true};
    struct rig r;

    (void)state;
    rig_open(&r, NULL);
    (void)draw(&r);
    assert_false(ui_is_typing(r.ui));
    press(&r, '/');
    press(&r, 'z');
    assert_true(ui_is_typing(r.ui));
    ui_key(r.ui, &ctrl_c, &r.floor.hud, r.floor.now_ms);
    assert_false(ui_is_typing(r.ui));
    assert_null(strstr(draw(&r), "No user matches"));
    rig_close(&r);
}

/* A wide header says when the backend was heard: events count as well as pongs. */
static void events_are_heard(void **state)
{
    struct rig r;
    unsigned bits;

    (void)state;
    rig_open(&r, NULL);
    canvas_resize(&r.canvas, 24, 160);
    (void)floor_pass(&r.floor, 4500);
    assert_non_null(strstr(draw(&r), "live, heard 4.5 s ago"));
    bits = floor_call(&r.floor, "102", "a", CALL_RINGING);
    assert_int_not_equal(bits, 0);
    ui_hud_changed(r.ui, &r.floor.hud, bits, r.floor.now_ms);
    (void)floor_pass(&r.floor, 200);
    assert_non_null(strstr(draw(&r), "live, heard 0.2 s ago"));
    rig_close(&r);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_shows_messages_and_lines),
        cmocka_unit_test(log_scrolls_back_and_forth),
        cmocka_unit_test(long_lines_are_whole),
        cmocka_unit_test(message_history_is_bounded),
        cmocka_unit_test(own_keys_are_the_ones_shown),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(configure_keeps_the_screen),
        cmocka_unit_test(ctrl_c_leaves_a_prompt),
        cmocka_unit_test(events_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
