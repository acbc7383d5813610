/* The bell: late by 400 ms, at most once in 2 s, ends with the ring, silent when asked. */
#include "callhud/ui/ui_priv.h"

#include "floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct rig {
    struct floor floor;
    struct bell bell;
    struct ui_settings settings;
    int sounded;
};

static void rig_open(struct rig *r, enum ui_bell bell, bool is_ring_on)
{
    struct floor *f = &r->floor;
    struct event event = {.kind = EVENT_SETTINGS};

    *r = (struct rig){.settings = {.bell = bell, .phone_extension = "103"}};
    floor_open(f, 5);
    event.u.settings.ring_when_monitored_rings = is_ring_on;
    (void)floor_tell(f, event);
}

static void rig_close(struct rig *r)
{
    bell_fini(&r->bell);
    floor_fini(&r->floor);
}

static void tick(struct rig *r)
{
    r->sounded += bell_tick(&r->bell, &r->floor.hud, &r->settings, r->floor.now_ms);
}

static void pass(struct rig *r, int64_t ms)
{
    for (; ms > 0; ms -= 10) {
        (void)floor_pass(&r->floor, 10);
        tick(r);
    }
}

static void ring(struct rig *r, const char *id)
{
    (void)floor_call(&r->floor, id, "c", CALL_RINGING);
    tick(r);
}

static void stop(struct rig *r, const char *id)
{
    (void)floor_ended(&r->floor, id, "c");
    tick(r);
}

static void waits_400_ms(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_ON, true);
    ring(&r, "101");
    assert_int_equal(bell_next_ms(&r.bell, &r.settings, r.floor.now_ms), r.floor.now_ms + 400);
    pass(&r, 390);
    assert_int_equal(r.sounded, 0);
    pass(&r, 10);
    assert_int_equal(r.sounded, 1);
    rig_close(&r);
}

static void short_ring_is_silent(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_ON, true);
    ring(&r, "101");
    pass(&r, 350);
    stop(&r, "101");
    pass(&r, 5000);
    assert_int_equal(r.sounded, 0);
    assert_int_equal(bell_next_ms(&r.bell, &r.settings, r.floor.now_ms), INT64_MAX);
    rig_close(&r);
}

static void at_most_once_in_2_s_however_many_ring(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_ON, true);
    ring(&r, "101");
    pass(&r, 400);
    assert_int_equal(r.sounded, 1);
    ring(&r, "102");
    pass(&r, 1990);
    assert_int_equal(r.sounded, 1);
    pass(&r, 10);
    assert_int_equal(r.sounded, 2);
    pass(&r, 6000);
    assert_int_equal(r.sounded, 5);
    stop(&r, "101");
    stop(&r, "102");
    pass(&r, 6000);
    assert_int_equal(r.sounded, 5);
    /* A new ring right after: its delay, and still 2 s from the last sound. */
    ring(&r, "104");
    pass(&r, 400);
    assert_int_equal(r.sounded, 6);
    rig_close(&r);
}

static void silent_when_the_setting_says_so(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_ON, false); /* ring_when_monitored_rings off */
    ring(&r, "101");
    pass(&r, 3000);
    assert_int_equal(r.sounded, 0);
    rig_close(&r);
    rig_open(&r, BELL_OFF, true);
    ring(&r, "101");
    pass(&r, 3000);
    assert_int_equal(r.sounded, 0);
    rig_close(&r);
}

static void muted(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_ON, true);
    r.bell.is_muted = true;
    ring(&r, "101");
    assert_int_equal(bell_next_ms(&r.bell, &r.settings, r.floor.now_ms), INT64_MAX);
    pass(&r, 3000);
    assert_int_equal(r.sounded, 0);
    r.bell.is_muted = false;
    tick(&r);
    assert_int_equal(r.sounded, 1);
    rig_close(&r);
}

static void automatic_is_silent_while_the_own_phone_rings(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_AUTO, true);
    ring(&r, "101");
    ring(&r, "103");
    pass(&r, 3000);
    assert_int_equal(r.sounded, 0);
    stop(&r, "103");
    pass(&r, 2000);
    assert_int_equal(r.sounded, 1);
    rig_close(&r);
}

/* A lost link: the ring may long be over. */
static void stale_ring_is_silent(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, BELL_ON, true);
    ring(&r, "101");
    (void)floor_link(&r.floor, LINK_LOST);
    tick(&r);
    pass(&r, 3000);
    assert_int_equal(r.sounded, 0);
    rig_close(&r);
}

/* A phone that a callhud calls rings for nobody who waits. */
static void no_bell_for_a_summons(void **state)
{
    struct rig r;
    struct event event = {.kind = EVENT_CALL, .user_id = "103"};

    (void)state;
    rig_open(&r, BELL_ON, true);
    event.u.call.id = "p";
    event.u.call.state = CALL_RINGING;
    event.u.call.number = event.u.call.name = "";
    event.u.call.is_summons = true;
    (void)floor_tell(&r.floor, event);
    tick(&r);
    pass(&r, 3000);
    assert_int_equal(r.sounded, 0);
    ring(&r, "103"); /* a caller besides */
    pass(&r, 500);
    assert_int_equal(r.sounded, 1);
    stop(&r, "103");
    pass(&r, 3000);
    assert_int_equal(r.sounded, 1);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bell_for_a_summons),
        cmocka_unit_test(waits_400_ms),
        cmocka_unit_test(short_ring_is_silent),
        cmocka_unit_test(at_most_once_in_2_s_however_many_ring),
        cmocka_unit_test(silent_when_the_setting_says_so),
        cmocka_unit_test(muted),
        cmocka_unit_test(automatic_is_silent_while_the_own_phone_rings),
        cmocka_unit_test(stale_ring_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
