#include "callhud/model/hud_copy.h"

#include "callhud/model/why.h"

#include "floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void busy_floor(struct floor *f)
{
    struct device devices[] = {{"PJSIP/noor-desk", true}, {"PJSIP/noor-web", false}};
    struct supervisor supervisor = {"108", SUPERVISE_LISTEN};
    struct event event = {.kind = EVENT_DEVICES, .user_id = "101"};

    floor_open(f, 6);
    floor_user(f, "101", "Noor Haddad", "Sales", 1);
    event.u.devices.items = devices;
    event.u.devices.len = 2;
    (void)floor_tell(f, event);
    floor_away(f, "102", "lunch");
    floor_dnd(f, "103", true);
    floor_withheld(f, "104", true);
    floor_call_with(f, "105", "a", CALL_HELD, "Acme Ltd", "+12125550142");
    floor_call_with(f, "105", "b", CALL_RINGING, "", "5550117");
    floor_right(f, "105", RIGHT_PICKUP, "Eve lets you not pick up");
    floor_self(f, "106", "Desk phone");
    event = (struct event){.kind = EVENT_CALL, .user_id = "106"};
    event.u.call.id = "s";
    event.u.call.state = CALL_CONNECTED;
    event.u.call.number = "1";
    event.u.call.name = "";
    event.u.call.is_recorded = true;
    event.u.call.supervisors = &supervisor;
    event.u.call.supervisors_len = 1;
    (void)floor_tell(f, event);
}

/* All that a screen asks of a user, as text. */
static void user_text(struct buf *out, const struct hud *hud, const struct user *user,
                      int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);

    const char *denied = user->denied[RIGHT_PICKUP];

    buf_printf(out, "%s %d|%s|%s|%s|%s|%u|%d%d|%lld|%lld|%d|%s|", denied ? denied : "may",
               hud_is_own(hud, user), user->id, user->extension, user->name, user->department,
               user->line, (int)view.lamp, view.is_stale, (long long)view.since_ms,
               (long long)view.at_least_ms, hud_pickup(hud, user, now_ms).is_ok,
               user->presence_note);
    for (size_t i = 0; i < user->devices_len; i++)
        buf_printf(out, "%s=%d,", user->devices[i].name, user->devices[i].is_online);
    for (size_t i = 0; i < user->calls.len; i++) {
        const struct call *call = &user->calls.items[i];
        buf_printf(out, "[%s %d %s %s %d %zu", call->id, (int)call->state, call->number, call->name,
                   call->is_recorded, call->supervisors_len);
        for (size_t j = 0; j < call->supervisors_len; j++)
            buf_printf(out, " %s", call->supervisors[j].extension);
        buf_puts(out, "]");
    }
    why_lamp(out, hud, user, now_ms);
    buf_puts(out, "\n");
}

static void hud_text(struct buf *out, const struct hud *hud, int64_t now_ms)
{
    buf_init(out, 1 << 20);
    for (size_t i = 0; i < hud->users.len; i++)
        user_text(out, hud, hud->users.items[i], now_ms);
    for (int i = 0; i < LAMP_COUNT; i++)
        buf_printf(out, "%zu ", hud->counts[i]);
    buf_printf(out, "%d %s %lld", (int)hud->link.state, hud->link.text,
               (long long)hud_backend_now(hud, now_ms));
}

static void shows_the_same(void **state)
{
    struct floor f;
    struct hud copy;
    struct buf a, b;

    (void)state;
    busy_floor(&f);
    hud_copy(&copy, &f.hud);
    hud_text(&a, &f.hud, f.now_ms);
    hud_text(&b, &copy, f.now_ms);
    assert_string_equal(buf_text(&a), buf_text(&b));
    assert_int_equal(copy.rev, f.hud.rev);
    for (size_t i = 0; i < copy.users.len; i++)
        assert_ptr_equal(hud_user_by_id(&copy, copy.users.items[i]->id), copy.users.items[i]);
    buf_fini(&a);
    buf_fini(&b);
    hud_fini(&copy);
    floor_fini(&f);
}

/* What happens to the one does not touch the other, in either order of their ends. */
static void is_apart(void **state)
{
    struct floor f;
    struct hud copy;
    struct buf before, after;

    (void)state;
    busy_floor(&f);
    int64_t now_ms = f.now_ms;
    hud_copy(&copy, &f.hud);
    hud_text(&before, &copy, now_ms);
    floor_user(&f, "101", "Somebody Else", "Elsewhere", 9);
    floor_ended(&f, "105", "a");
    floor_ended(&f, "106", "s");
    floor_gone(&f, "102");
    floor_away(&f, "103", "dinner");
    floor_link(&f, LINK_LOST);
    floor_fini(&f);
    hud_text(&after, &copy, now_ms);
    assert_string_equal(buf_text(&before), buf_text(&after));
    buf_fini(&before);
    buf_fini(&after);
    hud_fini(&copy);
}

static void departments_are_its_own(void **state)
{
    struct floor f;
    struct hud copy;

    (void)state;
    busy_floor(&f);
    hud_copy(&copy, &f.hud);
    const struct user *from = hud_user_by_id(&f.hud, "101"), *to = hud_user_by_id(&copy, "101");
    assert_string_equal(from->department, to->department);
    assert_ptr_not_equal(from->department, to->department);
    hud_fini(&copy);
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_same),
        cmocka_unit_test(is_apart),
        cmocka_unit_test(departments_are_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
