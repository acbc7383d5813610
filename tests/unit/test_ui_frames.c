/* When the picture changes by itself: ui_next_frame_ms() is exact. A frame drawn at the time it
 * names differs from the one before; one drawn earlier does not. */
#include "callhud/ui/ui.h"

#include "callhud/base/mem.h"

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
    struct cell *before;
};

static void rig_open(struct rig *r, int rows, int cols, bool is_blinking)
{
    struct ui_settings settings = {.profile = "work", .is_blinking = is_blinking, .bell = BELL_OFF};

    memset(r, 0, sizeof *r);
    floor_open(&r->floor, 12);
    assert_int_equal(ui_new(&r->ui, &settings, NULL), RC_OK);
    canvas_init(&r->canvas, rows, cols, false);
    ui_hud_changed(r->ui, &r->floor.hud, HUD_CHANGED_USERS, r->floor.now_ms);
}

static void rig_close(struct rig *r)
{
    ui_free(r->ui);
    canvas_fini(&r->canvas);
    mem_free(r->before);
    floor_fini(&r->floor);
}

/* Draws; true when the picture is another than the last one. */
static bool draw(struct rig *r)
{
    size_t cells = (size_t)(r->canvas.rows * r->canvas.cols);

    ui_render(r->ui, &r->canvas, &r->floor.hud, r->floor.now_ms);
    bool is_other = r->before == NULL;
    for (size_t i = 0; r->before != NULL && i < cells; i++) {
        const struct cell *a = &r->before[i], *b = &r->canvas.cells[i];
        is_other |= strcmp(a->text, b->text) != 0 || a->style.role != b->style.role ||
                    a->style.attrs != b->style.attrs;
    }
    if (r->before == NULL)
        r->before = mem_zero(cells, sizeof *r->before);
    memcpy(r->before, r->canvas.cells, cells * sizeof *r->before);
    return is_other;
}

static int64_t next(const struct rig *r)
{
    return ui_next_frame_ms(r->ui, &r->floor.hud, r->floor.now_ms);
}

static void pass(struct rig *r, int64_t ms)
{
    r->floor.now_ms += ms;
    (void)hud_tick(&r->floor.hud, r->floor.now_ms);
}

/* Goes from frame to frame for a while; each must be needed, and none may be missed. */
static int frames(struct rig *r, int64_t span_ms)
{
    int64_t end_ms = r->floor.now_ms + span_ms;
    int count = 0;

    (void)draw(r);
    for (;;) {
        int64_t due_ms = next(r);
        if (due_ms > end_ms)
            break;
        assert_true(due_ms > r->floor.now_ms);
        if (due_ms - r->floor.now_ms > 1) {
            pass(r, due_ms - r->floor.now_ms - 1);
            if (draw(r))
                fail_msg("the picture had changed before %lld", (long long)due_ms);
            assert_int_equal(next(r), due_ms);
        }
        pass(r, due_ms - r->floor.now_ms);
        if (!draw(r))
            fail_msg("nothing had changed at %lld", (long long)due_ms);
        count++;
    }
    return count;
}

static void first_frame_is_at_once(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 24, 80, true);
    assert_int_equal(next(&r), r.floor.now_ms);
    rig_close(&r);
}

/* The link of a floor sends no pongs: stay below 30 s. */
static void idle_board_ticks_by_minutes_only(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 24, 80, true);
    assert_true(frames(&r, 25000) <= 1);
    rig_close(&r);
}

static void ringing_ticks_by_seconds_and_blinks(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 24, 80, false);
    (void)floor_call(&r.floor, "103", "c", CALL_RINGING);
    int steady = frames(&r, 10000);
    assert_in_range(steady, 10, 12);
    rig_close(&r);

    rig_open(&r, 24, 80, true);
    (void)floor_call(&r.floor, "103", "c", CALL_RINGING);
    int blinking = frames(&r, 10000);
    assert_in_range(blinking, 20, 32);
    rig_close(&r);
}

/* With the ring setting on a held call is a steady light. */
static void steady_hold_does_not_blink(void **state)
{
    struct rig r;
    struct event event = {.kind = EVENT_SETTINGS};

    (void)state;
    rig_open(&r, 24, 80, true);
    event.u.settings.ring_when_monitored_rings = true;
    event.u.settings.ring_locks_hold = true;
    (void)floor_tell(&r.floor, event);
    (void)floor_call(&r.floor, "103", "c", CALL_HELD);
    assert_in_range(frames(&r, 10000), 10, 12);
    rig_close(&r);
}

static void wide_clock_ticks_by_seconds(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 40, 200, true);
    int count = 0;
    for (int i = 0; i < 5; i++) {
        (void)draw(&r);
        pass(&r, next(&r) - r.floor.now_ms);
        count++;
    }
    assert_true(r.floor.now_ms <= 1000 + 6000 && count == 5);
    rig_close(&r);
}

static void frozen_picture_stands_still(void **state)
{
    struct rig r;
    struct key key = {.code = 'z'};

    (void)state;
    rig_open(&r, 24, 80, true);
    (void)floor_call(&r.floor, "103", "c", CALL_RINGING);
    ui_key(r.ui, &key, &r.floor.hud, r.floor.now_ms);
    assert_true(frames(&r, 20000) <= 1);
    rig_close(&r);
}

/* The bar's clock and a question's: each frame is needed, at every size, frozen too. */
static void bar_and_question_tick_by_seconds(void **state)
{
    static const int sizes[][2] = {{24, 80}, {12, 40}, {4, 20}, {40, 120}};
    struct event action = {.kind = EVENT_ACTION, .user_id = "103"};
    struct event can = {.kind = EVENT_CAPABILITY};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct rig r;
        struct key barge = {.code = 'B'}, freeze = {.code = 'z'}, down = {.code = KEY_CODE_RIGHT};
        rig_open(&r, sizes[i / 2][0], sizes[i / 2][1], false);
        (void)floor_call(&r.floor, "103", "c", CALL_CONNECTED);
        can.u.capability.kind = ACTION_BARGE;
        can.u.capability.level = CAPABILITY_NATIVE;
        (void)floor_tell(&r.floor, can);
        action.u.action.id = 1;
        action.u.action.kind = ACTION_LISTEN;
        action.u.action.call_id = "c";
        action.u.action.stage = ACTION_ASKED;
        (void)floor_tell(&r.floor, action);
        pass(&r, 337);
        action.u.action.stage = ACTION_CONFIRMED;
        action.u.action.mode = SUPERVISE_LISTEN;
        ui_hud_changed(r.ui, &r.floor.hud, floor_tell(&r.floor, action), r.floor.now_ms);
        hud_changed_clear(&r.floor.hud);
        pass(&r, 7000); /* the message is gone */
        bool has_clock = sizes[i / 2][1] > 20;
        int count = frames(&r, 5000);
        assert_true(has_clock ? count >= 5 && count <= 12 : count <= 6);
        (void)draw(&r);
        ui_key(r.ui, i % 2 != 0 ? &freeze : &down, &r.floor.hud, r.floor.now_ms);
        if (i % 2 == 0)
            ui_key(r.ui, &down, &r.floor.hud, r.floor.now_ms);
        (void)draw(&r);
        ui_key(r.ui, &barge, &r.floor.hud, r.floor.now_ms);
        if (has_clock)
            (void)frames(&r, 5000);
        rig_close(&r);
    }
}

static void message_ends_by_itself(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 24, 80, true);
    ui_message(r.ui, UI_INFO, "hello", NULL, r.floor.now_ms);
    int64_t start_ms = r.floor.now_ms;
    (void)draw(&r);
    assert_true(next(&r) <= start_ms + 6000);
    pass(&r, 6000);
    assert_true(draw(&r));
    rig_close(&r);
}

static bool is_shown(struct rig *r, const char *text)
{
    bool is_there = false;

    (void)draw(r);
    struct buf out;
    buf_init(&out, 65536);
    canvas_text(&r->canvas, &out);
    is_there = strstr(buf_text(&out), text) != NULL;
    buf_fini(&out);
    return is_there;
}

/* Behind messages, until the first key, for a minute. */
static void lesson_ends_with_the_first_key(void **state)
{
    static const char lesson[] = "! who rings   P pick up   L listen   X stop   ? all keys";
    const struct key focus = {.code = KEY_CODE_FOCUS_IN}, down = {.code = 'j'};
    struct rig r;

    (void)state;
    rig_open(&r, 24, 80, true);
    ui_teach(r.ui, r.floor.now_ms);
    ui_message(r.ui, UI_INFO, "hello", NULL, r.floor.now_ms);
    assert_false(is_shown(&r, lesson));
    pass(&r, 6000);
    assert_true(is_shown(&r, lesson));
    ui_key(r.ui, &focus, &r.floor.hud, r.floor.now_ms);
    pass(&r, 53999);
    assert_true(is_shown(&r, lesson));
    assert_true(next(&r) <= r.floor.now_ms + 1);
    pass(&r, 1);
    assert_false(is_shown(&r, lesson));
    ui_teach(r.ui, r.floor.now_ms);
    assert_true(is_shown(&r, lesson));
    ui_key(r.ui, &down, &r.floor.hud, r.floor.now_ms);
    assert_false(is_shown(&r, lesson));
    rig_close(&r);
}

static size_t count_bold(const struct rig *r)
{
    size_t users = 0;

    for (int row = 2; row < r->canvas.rows - 3; row++)
        for (int col = 0; col < r->canvas.cols; col++) {
            const struct cell *cell = canvas_at(&r->canvas, row, col);
            users += col % 26 == 3 && (cell->style.attrs & ATTR_BOLD) != 0;
        }
    return users;
}

/* A change is bold for a second, ten at a time. */
static void changes_are_bold_for_a_second(void **state)
{
    struct rig r;
    char id[16];

    (void)state;
    rig_open(&r, 24, 80, false);
    (void)draw(&r);
    assert_int_equal(count_bold(&r), 0);
    for (int i = 1; i <= 12; i++) {
        (void)snprintf(id, sizeof id, "%d", 100 + i);
        hud_changed_clear(&r.floor.hud);
        unsigned bits = floor_call(&r.floor, id, "c", CALL_CONNECTED);
        ui_hud_changed(r.ui, &r.floor.hud, bits, r.floor.now_ms);
    }
    (void)draw(&r);
    assert_int_equal(count_bold(&r), 10);
    pass(&r, 999);
    (void)draw(&r);
    assert_int_equal(count_bold(&r), 10);
    assert_true(next(&r) <= r.floor.now_ms + 1);
    pass(&r, 1);
    (void)draw(&r);
    assert_int_equal(count_bold(&r), 0);
    rig_close(&r);
}

/* The glyph is there in both phases; its role alternates, for all in step. */
static void blinking_keeps_the_glyph(void **state)
{
    struct rig r;
    int roles[2] = {0, 0};

    (void)state;
    rig_open(&r, 24, 80, true);
    (void)floor_call(&r.floor, "103", "c", CALL_RINGING);
    (void)floor_call(&r.floor, "105", "c", CALL_RINGING);
    for (int i = 0; i < 6; i++) {
        (void)draw(&r);
        const struct cell *a = canvas_at(&r.canvas, 2, 53), *b = canvas_at(&r.canvas, 4, 27);
        assert_string_equal(a->text, "▲");
        assert_string_equal(b->text, "▲");
        assert_int_equal(a->style.role, b->style.role);
        assert_true(a->style.role == ROLE_RINGING || a->style.role == ROLE_DIM);
        roles[a->style.role == ROLE_DIM]++;
        pass(&r, 500);
    }
    assert_int_equal(roles[0], 3);
    assert_int_equal(roles[1], 3);
    rig_close(&r);
}

static void title_says_what_waits(void **state)
{
    struct rig r;
    char title[64];

    (void)state;
    rig_open(&r, 24, 80, true);
    ui_title(r.ui, &r.floor.hud, title, sizeof title);
    assert_string_equal(title, "callhud");
    (void)floor_call(&r.floor, "101", "c", CALL_RINGING);
    (void)floor_call(&r.floor, "102", "c", CALL_HELD);
    (void)floor_call(&r.floor, "103", "c", CALL_HELD);
    ui_title(r.ui, &r.floor.hud, title, sizeof title);
    assert_string_equal(title, "callhud: 1 ringing 2 held");
    rig_close(&r);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_frame_is_at_once),
        cmocka_unit_test(idle_board_ticks_by_minutes_only),
        cmocka_unit_test(ringing_ticks_by_seconds_and_blinks),
        cmocka_unit_test(steady_hold_does_not_blink),
        cmocka_unit_test(wide_clock_ticks_by_seconds),
        cmocka_unit_test(frozen_picture_stands_still),
        cmocka_unit_test(bar_and_question_tick_by_seconds),
        cmocka_unit_test(message_ends_by_itself),
        cmocka_unit_test(lesson_ends_with_the_first_key),
        cmocka_unit_test(changes_are_bold_for_a_second),
        cmocka_unit_test(blinking_keeps_the_glyph),
        cmocka_unit_test(title_says_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
