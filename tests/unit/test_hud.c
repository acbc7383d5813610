/* The hud: what an event changes, what a snapshot may correct, what the link and time do to lamps.
 */
#include "callhud/model/hud.h"

#include "floor.h"

#include "callhud/base/str.h"
#include "callhud/model/hud_copy.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

/* --- users and facts ---------------------------------------------------------------------------
 */

static void facts_become_lamps(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    floor_presence(&f, "101", PRESENCE_BUSY);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AWAY);
    floor_dnd(&f, "101", true);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_DND);
    floor_presence(&f, "101", PRESENCE_OFFLINE);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_OFFLINE);
    floor_presence(&f, "101", PRESENCE_HIDDEN);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_HIDDEN);
    floor_call(&f, "101", "a", CALL_DIALLING);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_ON_CALL);
    floor_call(&f, "101", "b", CALL_PARKED);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_PARKED);
    floor_call(&f, "101", "c", CALL_HELD);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_HOLD);
    floor_call(&f, "101", "d", CALL_RINGING);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_RINGING);
    floor_ended(&f, "101", "d");
    floor_ended(&f, "101", "c");
    floor_ended(&f, "101", "b");
    floor_ended(&f, "101", "a");
    floor_presence(&f, "101", PRESENCE_AVAILABLE);
    floor_dnd(&f, "101", false);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    floor_withheld(&f, "101", true);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_PRESENCE_ONLY);
    floor_fini(&f);
}

static void facts_about_strangers_are_dropped(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    assert_int_equal(floor_presence(&f, "999", PRESENCE_AWAY), 0);
    assert_int_equal(floor_call(&f, "999", "a", CALL_RINGING), 0);
    assert_int_equal(floor_gone(&f, "999"), 0);
    assert_int_equal(floor_presence(&f, NULL, PRESENCE_AWAY), 0);
    assert_int_equal(floor_user(&f, NULL, "", "", 0), 0);
    assert_int_equal(floor_user(&f, "", "", "", 0), 0);
    assert_int_equal(floor_call(&f, "101", NULL, CALL_RINGING), 0);
    assert_int_equal(floor_call(&f, "101", "", CALL_RINGING), 0);
    assert_int_equal(floor_ended(&f, "101", NULL), 0);
    assert_int_equal(f.hud.users.len, 1);
    assert_int_equal(f.hud.changed.len, 0);
    floor_fini(&f);
}

static void telling_twice_changes_nothing(void **state)
{
    const struct device devices[] = {{"PJSIP/a", true}, {"PJSIP/b", false}};
    const struct supervisor by[] = {{"900", SUPERVISE_LISTEN}};
    struct event device = {.kind = EVENT_DEVICES, .user_id = "101"};
    struct event call = {.kind = EVENT_CALL, .user_id = "101"};
    struct event settings = {.kind = EVENT_SETTINGS, .u.settings = {true, false, true}};
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    device.u.devices.items = devices;
    device.u.devices.len = 2;
    call.u.call.id = "a";
    call.u.call.state = CALL_CONNECTED;
    call.u.call.number = "5550100";
    call.u.call.supervisors = by;
    call.u.call.supervisors_len = 1;
    assert_int_not_equal(floor_user(&f, "101", "Noor", "Sales", 4), 0);
    assert_int_not_equal(floor_tell(&f, device), 0);
    assert_int_not_equal(floor_tell(&f, call), 0);
    assert_int_not_equal(floor_tell(&f, settings), 0);
    assert_int_not_equal(floor_dnd(&f, "101", true), 0);
    assert_int_not_equal(floor_withheld(&f, "101", true), 0);
    uint64_t rev = f.hud.rev;
    hud_changed_clear(&f.hud);
    floor_pass(&f, SECOND);
    assert_int_equal(floor_user(&f, "101", "Noor", "Sales", 4), 0);
    assert_int_equal(floor_tell(&f, device), 0);
    assert_int_equal(floor_tell(&f, call), 0);
    assert_int_equal(floor_tell(&f, settings), 0);
    assert_int_equal(floor_dnd(&f, "101", true), 0);
    assert_int_equal(floor_withheld(&f, "101", true), 0);
    assert_int_equal(f.hud.rev, rev);
    assert_int_equal(f.hud.changed.len, 0);
    floor_fini(&f);
}

static void bits_say_what_changed(void **state)
{
    const struct device devices[] = {{"PJSIP/a", true}};
    struct event device = {.kind = EVENT_DEVICES, .user_id = "101"};
    struct event settings = {.kind = EVENT_SETTINGS, .u.settings = {true, true, true}};
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    device.u.devices.items = devices;
    device.u.devices.len = 1;
    assert_true(floor_user(&f, "102", "", "", 0) & HUD_CHANGED_USERS);
    assert_int_equal(floor_user(&f, "102", "Rana", "", 0), HUD_CHANGED_USER);
    assert_int_equal(floor_tell(&f, device), HUD_CHANGED_USER);
    assert_int_equal(floor_presence(&f, "101", PRESENCE_AWAY), HUD_CHANGED_USER | HUD_CHANGED_LAMP);
    assert_int_equal(floor_away(&f, "101", "lunch"), HUD_CHANGED_USER);
    assert_int_equal(floor_call(&f, "101", "a", CALL_RINGING),
                     HUD_CHANGED_CALLS | HUD_CHANGED_LAMP);
    assert_int_equal(floor_call_with(&f, "101", "a", CALL_RINGING, "Acme", ""), HUD_CHANGED_CALLS);
    assert_int_equal(floor_call(&f, "101", "b", CALL_HELD), HUD_CHANGED_CALLS);
    assert_int_equal(floor_ended(&f, "101", "b"), HUD_CHANGED_CALLS);
    assert_int_equal(floor_ended(&f, "101", "b"), 0);
    assert_int_equal(floor_tell(&f, settings), HUD_CHANGED_SETTINGS);
    assert_true(floor_link(&f, LINK_LOST) & HUD_CHANGED_STALE);
    assert_true(floor_gone(&f, "102") & HUD_CHANGED_USERS);
    floor_fini(&f);
}

static void changed_users_are_listed_once_in_order(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 3);
    floor_dnd(&f, "103", true);
    floor_dnd(&f, "101", true);
    floor_away(&f, "103", "x");
    floor_dnd(&f, "103", false);
    assert_int_equal(f.hud.changed.len, 2);
    assert_string_equal(f.hud.changed.items[0]->id, "103");
    assert_string_equal(f.hud.changed.items[1]->id, "101");
    uint64_t rev = floor_find(&f, "103")->rev;
    hud_changed_clear(&f.hud);
    assert_int_equal(f.hud.changed.len, 0);
    floor_dnd(&f, "103", true);
    assert_int_equal(f.hud.changed.len, 1);
    assert_true(floor_find(&f, "103")->rev > rev);
    assert_int_equal(floor_find(&f, "103")->rev, f.hud.rev);
    floor_fini(&f);
}

static void users_that_go_are_listed_and_forgotten(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 3);
    floor_dnd(&f, "102", true);
    floor_gone(&f, "102");
    assert_null(hud_user_by_id(&f.hud, "102"));
    assert_null(hud_user_by_extension(&f.hud, "102"));
    assert_int_equal(f.hud.changed.len, 0);
    assert_int_equal(f.hud.gone.len, 1);
    assert_string_equal(f.hud.gone.items[0], "102");
    floor_user(&f, "102", "Back", "", 0);
    assert_int_equal(f.hud.users.len, 3);
    assert_string_equal(f.hud.users.items[2]->id, "102");
    assert_int_equal(floor_lamp(&f, "102"), LAMP_UNKNOWN);
    hud_changed_clear(&f.hud);
    assert_int_equal(f.hud.gone.len, 0);
    floor_fini(&f);
}

static void calls_are_kept_most_urgent_first(void **state)
{
    static const char *const expected[] = {"r", "h1", "h2", "p", "c", "d"};
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call(&f, "101", "d", CALL_DIALLING);
    floor_pass(&f, SECOND);
    floor_call(&f, "101", "c", CALL_CONNECTED);
    floor_pass(&f, SECOND);
    floor_call(&f, "101", "h1", CALL_HELD);
    floor_pass(&f, SECOND);
    floor_call(&f, "101", "p", CALL_PARKED);
    floor_call(&f, "101", "h2", CALL_HELD);
    floor_pass(&f, SECOND);
    floor_call(&f, "101", "r", CALL_RINGING);
    const struct user *user = floor_find(&f, "101");
    assert_int_equal(user->calls.len, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(user->calls.items[i].id, expected[i]);
    assert_ptr_equal(hud_call(user), &user->calls.items[0]);
    floor_fini(&f);
}

static void more_than_64_calls_are_counted(void **state)
{
    struct floor f;
    char id[16];

    (void)state;
    floor_open(&f, 1);
    for (int i = 0; i < HUD_CALLS_PER_USER_MAX + 3; i++) {
        (void)snprintf(id, sizeof id, "c%02d", i);
        floor_call(&f, "101", id, CALL_CONNECTED);
    }
    assert_int_equal(floor_find(&f, "101")->calls.len, HUD_CALLS_PER_USER_MAX);
    assert_int_equal(floor_find(&f, "101")->calls_beyond, 3);
    for (int i = HUD_CALLS_PER_USER_MAX + 2; i >= 0; i--) {
        (void)snprintf(id, sizeof id, "c%02d", i);
        floor_ended(&f, "101", id);
    }
    assert_int_equal(floor_find(&f, "101")->calls.len, 0);
    assert_int_equal(floor_find(&f, "101")->calls_beyond, 0);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    floor_fini(&f);
}

/* A call beyond the limit that is told again, or by every snapshot, is still one call. */
static void calls_beyond_the_limit_are_counted_once(void **state)
{
    struct floor f;
    char id[16];

    (void)state;
    floor_open(&f, 1);
    for (int round = 0; round < 3; round++) {
        floor_kind(&f, EVENT_SNAPSHOT_ASKED);
        f.is_answer = true;
        floor_user(&f, "101", "", "", 1);
        for (int i = 0; i < HUD_CALLS_PER_USER_MAX + 2; i++) {
            (void)snprintf(id, sizeof id, "c%02d", i);
            floor_call(&f, "101", id, CALL_CONNECTED);
        }
        f.is_answer = false;
        floor_kind(&f, EVENT_SNAPSHOT_DONE);
    }
    assert_int_equal(floor_find(&f, "101")->calls.len, HUD_CALLS_PER_USER_MAX);
    assert_int_equal(floor_find(&f, "101")->calls_beyond, 2);
    floor_fini(&f);
}

/* The lamp is always true, also when the call that decides is one too many. */
static void a_call_beyond_the_limit_still_rings(void **state)
{
    struct floor f;
    char id[16];

    (void)state;
    floor_open(&f, 1);
    for (int i = 0; i < HUD_CALLS_PER_USER_MAX; i++) {
        (void)snprintf(id, sizeof id, "c%02d", i);
        floor_call(&f, "101", id, CALL_CONNECTED);
    }
    floor_call(&f, "101", "late", CALL_RINGING);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_RINGING);
    assert_int_equal(floor_find(&f, "101")->calls.len, HUD_CALLS_PER_USER_MAX);
    assert_int_equal(floor_find(&f, "101")->calls_beyond, 1);
    floor_ended(&f, "101", "late");
    assert_int_equal(floor_lamp(&f, "101"), LAMP_ON_CALL);
    assert_int_equal(floor_find(&f, "101")->calls_beyond, 1);
    floor_fini(&f);
}

static void departments_are_interned(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "1", "", "Sales", 0);
    floor_user(&f, "2", "", "Sales", 0);
    floor_user(&f, "3", "", "", 0);
    assert_ptr_equal(floor_find(&f, "1")->department, floor_find(&f, "2")->department);
    assert_int_equal(f.hud.departments.len, 1);
    assert_string_equal(floor_find(&f, "3")->department, "");
    floor_fini(&f);
}

/* --- live events and snapshots -----------------------------------------------------------------
 */

static void an_answer_never_overwrites_what_an_event_has_touched(void **state)
{
    const struct device old[] = {{"PJSIP/old", false}};
    const struct device new[] = {{"PJSIP/new", true}};
    struct event devices = {.kind = EVENT_DEVICES, .user_id = "101"};
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "a", CALL_CONNECTED);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_user(&f, "101", "Live", "Sales", 5);
    floor_away(&f, "101", "live");
    floor_dnd(&f, "101", true);
    floor_withheld(&f, "101", false);
    devices.u.devices.items = new;
    devices.u.devices.len = 1;
    floor_tell(&f, devices);
    floor_call(&f, "101", "a", CALL_HELD);
    f.is_answer = true;
    floor_user(&f, "101", "Old", "Old", 1);
    floor_presence(&f, "101", PRESENCE_AVAILABLE);
    floor_dnd(&f, "101", false);
    floor_withheld(&f, "101", true);
    devices.u.devices.items = old;
    floor_tell(&f, devices);
    floor_call(&f, "101", "a", CALL_RINGING);
    floor_user(&f, "102", "Told", "Told", 2);
    floor_presence(&f, "102", PRESENCE_OFFLINE);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE);

    const struct user *user = floor_find(&f, "101");
    assert_string_equal(user->name, "Live");
    assert_string_equal(user->department, "Sales");
    assert_int_equal(user->line, 5);
    assert_int_equal(user->presence, PRESENCE_AWAY);
    assert_string_equal(user->presence_note, "live");
    assert_true(user->is_dnd);
    assert_false(user->is_withheld);
    assert_string_equal(user->devices[0].name, "PJSIP/new");
    assert_int_equal(user->calls.len, 1);
    assert_int_equal(user->calls.items[0].state, CALL_HELD);
    assert_string_equal(floor_find(&f, "102")->name, "Told");
    assert_int_equal(floor_lamp(&f, "102"), LAMP_OFFLINE);
    floor_fini(&f);
}

/* Only the fact that the event told is closed; the others of the same user stay open. */
static void an_event_closes_its_own_fact_only(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call(&f, "101", "a", CALL_CONNECTED);
    floor_call(&f, "101", "b", CALL_CONNECTED);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_call(&f, "101", "a", CALL_HELD);
    f.is_answer = true;
    floor_user(&f, "101", "Told", "", 1);
    floor_dnd(&f, "101", false);
    floor_dnd(&f, "101", true); /* an answer does not close a fact to the next one */
    floor_presence(&f, "101", PRESENCE_AWAY);
    floor_call(&f, "101", "a", CALL_CONNECTED);
    floor_call(&f, "101", "b", CALL_PARKED);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    const struct user *user = floor_find(&f, "101");
    assert_string_equal(user->name, "Told");
    assert_true(user->is_dnd);
    assert_int_equal(user->presence, PRESENCE_AWAY);
    assert_int_equal(user->calls.items[0].state, CALL_HELD);
    assert_int_equal(user->calls.items[1].state, CALL_PARKED);
    floor_fini(&f);
}

static void an_ended_call_is_not_resurrected_by_an_answer(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "a", CALL_RINGING);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_ended(&f, "101", "a");
    floor_ended(&f, "101", "unheard-of");
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_user(&f, "102", "", "", 2);
    assert_int_equal(floor_call(&f, "101", "a", CALL_RINGING), 0);
    assert_int_equal(floor_call(&f, "101", "unheard-of", CALL_RINGING), 0);
    /* The same id at another user is another leg. */
    floor_call(&f, "102", "a", CALL_RINGING);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    assert_int_equal(floor_lamp(&f, "102"), LAMP_RINGING);
    /* In the next snapshot the ban is gone, and an event lifts it at once. */
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_user(&f, "102", "", "", 2);
    floor_call(&f, "101", "a", CALL_HELD);
    f.is_answer = false;
    floor_ended(&f, "102", "a");
    floor_call(&f, "102", "a", CALL_CONNECTED);
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_HOLD);
    assert_int_equal(floor_lamp(&f, "102"), LAMP_ON_CALL);
    floor_fini(&f);
}

static void a_user_that_went_is_not_brought_back_by_an_answer(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_gone(&f, "101");
    f.is_answer = true;
    assert_int_equal(floor_user(&f, "101", "", "", 1), 0);
    floor_user(&f, "102", "", "", 2);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_null(hud_user_by_id(&f.hud, "101"));
    floor_user(&f, "101", "", "", 1);
    floor_find(&f, "101");
    floor_fini(&f);
}

static void what_a_snapshot_does_not_name_is_gone(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 4);
    floor_call(&f, "101", "kept", CALL_CONNECTED);
    floor_call(&f, "101", "gone", CALL_HELD);
    floor_call(&f, "101", "touched", CALL_CONNECTED);
    hud_changed_clear(&f.hud);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_call(&f, "101", "touched", CALL_CONNECTED);
    floor_dnd(&f, "103", true); /* touched, not named */
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_user(&f, "104", "", "", 4);
    floor_call(&f, "101", "kept", CALL_CONNECTED);
    f.is_answer = false;
    unsigned bits = floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_true(bits & HUD_CHANGED_USERS);
    assert_true(bits & HUD_CHANGED_CALLS);
    assert_true(bits & HUD_CHANGED_LAMP);
    assert_int_equal(f.hud.users.len, 3);
    assert_null(hud_user_by_id(&f.hud, "102"));
    assert_int_equal(f.hud.gone.len, 1);
    assert_string_equal(f.hud.gone.items[0], "102");
    const struct user *user = floor_find(&f, "101");
    assert_int_equal(user->calls.len, 2);
    assert_int_equal(user->lamp, LAMP_ON_CALL);
    for (size_t i = 0; i < 2; i++)
        assert_string_not_equal(user->calls.items[i].id, "gone");
    floor_fini(&f);
}

/* A second question forgets what the first one had heard: only its own answers count. */
static void asked_again_starts_anew(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "a", CALL_CONNECTED);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_dnd(&f, "101", true);
    floor_ended(&f, "101", "a");
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_user(&f, "102", "", "", 2);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_dnd(&f, "101", false);
    floor_call(&f, "101", "a", CALL_HELD);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_false(floor_find(&f, "101")->is_dnd);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_HOLD);
    assert_null(hud_user_by_id(&f.hud, "102"));
    floor_fini(&f);
}

static void a_failed_snapshot_removes_nobody_and_syncs_nothing(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_kind(&f, EVENT_GAP);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_dnd(&f, "101", true);
    floor_kind(&f, EVENT_SNAPSHOT_FAILED);
    assert_int_equal(f.hud.users.len, 2);
    assert_false(f.hud.link.is_synced);
    /* Outside of a snapshot an answer is a plain fact. */
    f.is_answer = true;
    floor_dnd(&f, "101", false);
    f.is_answer = false;
    assert_false(floor_find(&f, "101")->is_dnd);
    /* Nothing is being answered: there is nothing to be done with. */
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_int_equal(f.hud.users.len, 2);
    assert_false(f.hud.link.is_synced);
    floor_fini(&f);
}

static void corrected_lamps_are_counted(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 4);
    assert_int_equal(f.hud.stats.corrected, 0); /* the first one corrects nothing */
    assert_int_equal(f.hud.stats.resyncs, 1);
    floor_call(&f, "103", "a", CALL_CONNECTED);
    floor_pass(&f, SECOND);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_dnd(&f, "102", true); /* an event: no correction */
    floor_user(&f, "105", "", "", 5);
    floor_presence(&f, "105", PRESENCE_AWAY); /* new and told by an event: none either */
    f.is_answer = true;
    for (int i = 1; i <= 4; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "10%d", i);
        floor_user(&f, id, "", "", (uint32_t)i);
        floor_presence(&f, id, i == 1 ? PRESENCE_AWAY : PRESENCE_AVAILABLE);
    }
    floor_user(&f, "106", "", "", 6); /* not known before: none */
    floor_presence(&f, "106", PRESENCE_AWAY);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE); /* 101 and 103, whose call is over */
    assert_int_equal(f.hud.stats.last_corrected, 2);
    assert_int_equal(f.hud.stats.corrected, 2);
    assert_int_equal(f.hud.stats.resyncs, 2);
    assert_int_equal(f.hud.stats.last_corrected_ms, floor_at(&f));
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    f.is_answer = true;
    for (int i = 1; i <= 6; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "10%d", i);
        floor_user(&f, id, "", "", (uint32_t)i);
    }
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_int_equal(f.hud.stats.last_corrected, 0);
    assert_int_equal(f.hud.stats.corrected, 2);
    floor_fini(&f);
}

/* Corrected by an answer, changed by an event right after: that it was corrected is not forgotten,
 * whoever else goes. */
static void corrections_overtaken_by_events_are_counted_too(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_presence(&f, "101", PRESENCE_AWAY);
    f.is_answer = false;
    floor_call(&f, "101", "a", CALL_RINGING);
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_int_equal(f.hud.users.len, 1);
    assert_int_equal(f.hud.stats.last_corrected, 1);
    floor_fini(&f);
}

/* --- the link ----------------------------------------------------------------------------------
 */

static void never_synced_is_unknown_and_stale(void **state)
{
    struct floor f;

    (void)state;
    floor_init(&f);
    floor_link(&f, LINK_LIVE);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    floor_presence(&f, "101", PRESENCE_AVAILABLE);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_UNKNOWN);
    assert_true(floor_view(&f, "101").is_stale);
    f.is_answer = false;
    unsigned bits = floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_true(bits & HUD_CHANGED_LAMP);
    assert_true(bits & HUD_CHANGED_STALE);
    assert_true(bits & HUD_CHANGED_LINK);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    assert_false(floor_view(&f, "101").is_stale);
    floor_fini(&f);
}

static void nobody_ever_heard_of_is_unknown_but_fresh(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "101", "", "", 1);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_UNKNOWN);
    assert_false(floor_view(&f, "101").is_stale);
    floor_fini(&f);
}

/* Whatever ends a link: stale at once, unknown after 60 s and not a millisecond before. */
static void a_lost_link_is_stale_at_once_and_unknown_after_a_minute(void **state)
{
    static const enum link_state lost[] = {LINK_LOST, LINK_CONNECTING, LINK_IDLE, LINK_REFUSED};

    (void)state;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        struct floor f;
        floor_open(&f, 2);
        floor_call(&f, "101", "a", CALL_RINGING);
        hud_changed_clear(&f.hud);
        unsigned bits = floor_link(&f, lost[i]);
        assert_int_equal(bits, HUD_CHANGED_LINK | HUD_CHANGED_STALE);
        assert_int_equal(f.hud.changed.len, 2);
        assert_int_equal(f.hud.link.unsynced_ms, f.now_ms);
        assert_true(floor_view(&f, "101").is_stale);
        assert_int_equal(floor_lamp(&f, "101"), LAMP_RINGING);
        assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), f.now_ms + HUD_STALE_KEEP_MS);
        hud_changed_clear(&f.hud);
        assert_int_equal(floor_pass(&f, HUD_STALE_KEEP_MS - 1), 0);
        assert_int_equal(f.hud.changed.len, 0);
        assert_int_equal(floor_lamp(&f, "101"), LAMP_RINGING);
        assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), f.now_ms + 1);
        assert_int_equal(floor_pass(&f, 1), HUD_CHANGED_LAMP);
        assert_int_equal(f.hud.changed.len, 2);
        assert_int_equal(floor_lamp(&f, "101"), LAMP_UNKNOWN);
        assert_true(floor_view(&f, "101").is_stale);
        assert_int_equal(f.hud.counts[LAMP_UNKNOWN], 2);
        assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), INT64_MAX);
        /* What was known is still there once the link and a snapshot are. */
        floor_link(&f, LINK_LIVE);
        assert_int_equal(floor_lamp(&f, "101"), LAMP_UNKNOWN);
        floor_kind(&f, EVENT_SNAPSHOT_ASKED);
        f.is_answer = true;
        floor_user(&f, "101", "", "", 1);
        floor_call(&f, "101", "a", CALL_RINGING);
        f.is_answer = false;
        floor_kind(&f, EVENT_SNAPSHOT_DONE);
        assert_int_equal(floor_lamp(&f, "101"), LAMP_RINGING);
        assert_false(floor_view(&f, "101").is_stale);
        floor_fini(&f);
    }
}

/* A link that comes and goes: the minute counts from the first loss. */
static void the_minute_counts_from_the_first_loss(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_link(&f, LINK_LOST);
    int64_t lost_ms = f.now_ms;
    floor_pass(&f, 20 * SECOND);
    floor_link(&f, LINK_CONNECTING);
    floor_link(&f, LINK_LIVE);
    assert_true(floor_view(&f, "101").is_stale);
    floor_pass(&f, 10 * SECOND);
    floor_link(&f, LINK_LOST);
    floor_kind(&f, EVENT_GAP);
    assert_int_equal(f.hud.link.unsynced_ms, lost_ms);
    floor_pass(&f, 30 * SECOND - 1);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    floor_pass(&f, 1);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_UNKNOWN);
    floor_fini(&f);
}

static void a_gap_is_stale_until_the_next_snapshot(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    uint64_t gaps = f.hud.stats.gaps;
    unsigned bits = floor_kind(&f, EVENT_GAP);
    assert_int_equal(bits, HUD_CHANGED_LINK | HUD_CHANGED_STALE);
    assert_int_equal(f.hud.stats.gaps, gaps + 1);
    assert_true(floor_view(&f, "101").is_stale);
    assert_int_equal(f.hud.link.state, LINK_LIVE);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    f.is_answer = true;
    floor_user(&f, "101", "", "", 1);
    f.is_answer = false;
    assert_true(floor_view(&f, "101").is_stale);
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    assert_false(floor_view(&f, "101").is_stale);
    floor_fini(&f);
}

static void a_live_link_without_a_pong_for_30_s_is_lost(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_pass(&f, 20 * SECOND);
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(f.hud.link.heard_ms, f.now_ms);
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), f.now_ms + HUD_PONG_LIMIT_MS);
    assert_int_equal(floor_pass(&f, HUD_PONG_LIMIT_MS - 1), 0);
    assert_int_equal(f.hud.link.state, LINK_LIVE);
    /* A quiet user is fresh while pongs come: nothing of it is asked. */
    assert_false(floor_view(&f, "101").is_stale);
    assert_int_equal(floor_pass(&f, 1), HUD_CHANGED_LINK | HUD_CHANGED_STALE);
    assert_int_equal(f.hud.link.state, LINK_LOST);
    assert_int_equal(f.hud.link.unsynced_ms, f.now_ms);
    assert_true(f.hud.link.text[0] != '\0');
    assert_true(floor_view(&f, "101").is_stale);
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), f.now_ms + HUD_STALE_KEEP_MS);
    floor_fini(&f);
}

static void a_link_that_is_not_live_waits_for_no_pong(void **state)
{
    struct floor f;

    (void)state;
    floor_init(&f);
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), INT64_MAX);
    floor_link(&f, LINK_CONNECTING);
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), INT64_MAX);
    assert_int_equal(floor_pass(&f, 10 * MINUTE), 0);
    assert_int_equal(f.hud.link.state, LINK_CONNECTING);
    floor_fini(&f);
}

static void polling_is_fresh_for_20_s_after_each_answer(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    int64_t first_ms = f.now_ms;
    floor_link(&f, LINK_POLLING);
    floor_pass(&f, 15 * SECOND);
    f.is_answer = true;
    floor_presence(&f, "102", PRESENCE_AVAILABLE);
    f.is_answer = false;
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), first_ms + HUD_POLL_FRESH_MS);
    floor_pass(&f, 5 * SECOND - 1);
    assert_false(floor_view(&f, "101").is_stale);
    assert_int_equal(floor_pass(&f, 1), HUD_CHANGED_STALE);
    assert_true(floor_view(&f, "101").is_stale);
    assert_false(floor_view(&f, "102").is_stale);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), first_ms + 35 * SECOND);
    floor_pass(&f, HUD_STALE_KEEP_MS - 1);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    assert_true(floor_view(&f, "102").is_stale);
    assert_int_equal(hud_next_tick_ms(&f.hud, f.now_ms), f.now_ms + 1);
    assert_int_equal(floor_pass(&f, 1), HUD_CHANGED_LAMP);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_UNKNOWN);
    assert_true(floor_view(&f, "101").is_stale);
    /* An answer makes its user fresh again, and only that one. */
    f.is_answer = true;
    unsigned bits = floor_presence(&f, "101", PRESENCE_AVAILABLE);
    f.is_answer = false;
    assert_true(bits & HUD_CHANGED_STALE);
    assert_true(bits & HUD_CHANGED_LAMP);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AVAILABLE);
    assert_true(floor_view(&f, "102").is_stale);
    /* One that names it and nothing else does not. */
    f.is_answer = true;
    bits = floor_user(&f, "102", "", "", 2);
    assert_false(bits & HUD_CHANGED_STALE);
    assert_true(floor_view(&f, "102").is_stale);
    floor_dnd(&f, "102", false);
    f.is_answer = false;
    assert_false(floor_view(&f, "102").is_stale);
    floor_fini(&f);
}

static void what_is_not_known_is_not_picked_up(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call(&f, "101", "a", CALL_RINGING);
    assert_true(hud_pickup(&f.hud, floor_find(&f, "101"), f.now_ms).is_ok);
    floor_link(&f, LINK_LOST);
    floor_pass(&f, HUD_STALE_KEEP_MS);
    struct pickup pickup = hud_pickup(&f.hud, floor_find(&f, "101"), f.now_ms);
    assert_false(pickup.is_ok);
    assert_non_null(pickup.why);
    floor_fini(&f);
}

/* --- since -------------------------------------------------------------------------------------
 */

static void since_of_an_event_is_its_time(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    /* The first snapshot knows only that it has been so at least since then. */
    assert_int_equal(floor_view(&f, "101").since_ms, 0);
    assert_int_equal(floor_view(&f, "101").at_least_ms, floor_at(&f));
    floor_pass(&f, 5 * SECOND);
    f.late_ms = 300;
    floor_dnd(&f, "101", true);
    int64_t began_ms = floor_at(&f) - 300;
    assert_int_equal(floor_view(&f, "101").since_ms, began_ms);
    /* Told again, or something else told that leaves the lamp: since stays. */
    floor_pass(&f, 5 * SECOND);
    floor_dnd(&f, "101", true);
    floor_presence(&f, "101", PRESENCE_BUSY);
    assert_int_equal(floor_view(&f, "101").since_ms, began_ms);
    floor_dnd(&f, "101", false);
    assert_int_equal(floor_view(&f, "101").since_ms, floor_at(&f) - 300);
    floor_fini(&f);
}

static void since_of_a_call_is_that_of_the_deciding_one(void **state)
{
    struct event event = {.kind = EVENT_CALL, .user_id = "101"};
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call(&f, "101", "a", CALL_HELD);
    int64_t first_ms = floor_at(&f);
    floor_pass(&f, 3 * SECOND);
    floor_call(&f, "101", "b", CALL_HELD);
    assert_int_equal(floor_view(&f, "101").since_ms, first_ms);
    /* Told by the backend: believed over when it was heard. */
    floor_pass(&f, 3 * SECOND);
    event.u.call.id = "c";
    event.u.call.state = CALL_RINGING;
    event.u.call.since_ms = floor_at(&f) - 1234;
    floor_tell(&f, event);
    assert_int_equal(floor_view(&f, "101").since_ms, floor_at(&f) - 1234);
    floor_ended(&f, "101", "c");
    assert_int_equal(floor_view(&f, "101").since_ms, first_ms);
    floor_ended(&f, "101", "a");
    assert_int_equal(floor_view(&f, "101").since_ms, first_ms + 3 * SECOND);
    floor_ended(&f, "101", "b");
    assert_int_equal(floor_view(&f, "101").since_ms, floor_at(&f));
    floor_fini(&f);
}

static void the_same_call_in_the_same_state_keeps_its_since(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call(&f, "101", "a", CALL_CONNECTED);
    int64_t began_ms = floor_at(&f);
    floor_pass(&f, 3 * SECOND);
    floor_call_with(&f, "101", "a", CALL_CONNECTED, "Acme", "");
    f.is_answer = true;
    floor_call(&f, "101", "a", CALL_CONNECTED);
    f.is_answer = false;
    assert_int_equal(floor_view(&f, "101").since_ms, began_ms);
    floor_call(&f, "101", "a", CALL_HELD);
    assert_int_equal(floor_view(&f, "101").since_ms, floor_at(&f));
    floor_fini(&f);
}

static void an_answer_alone_knows_no_beginning(void **state)
{
    struct event event = {.kind = EVENT_CALL, .user_id = "101"};
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_pass(&f, SECOND);
    f.is_answer = true;
    floor_call(&f, "101", "a", CALL_HELD);
    assert_int_equal(floor_view(&f, "101").since_ms, 0);
    assert_int_equal(floor_view(&f, "101").at_least_ms, floor_at(&f));
    floor_pass(&f, SECOND);
    floor_call(&f, "101", "a", CALL_HELD);
    assert_int_equal(floor_view(&f, "101").since_ms, 0);
    assert_int_equal(floor_view(&f, "101").at_least_ms, floor_at(&f) - SECOND);
    event.u.call.id = "b";
    event.u.call.state = CALL_RINGING;
    event.u.call.since_ms = floor_at(&f) - 7 * SECOND;
    floor_tell(&f, event);
    assert_int_equal(floor_view(&f, "101").since_ms, floor_at(&f) - 7 * SECOND);
    floor_dnd(&f, "101", true);
    f.is_answer = false;
    floor_ended(&f, "101", "b");
    f.is_answer = true;
    floor_ended(&f, "101", "a");
    assert_int_equal(floor_lamp(&f, "101"), LAMP_DND);
    assert_int_equal(floor_view(&f, "101").since_ms, 0);
    floor_fini(&f);
}

static void resync(struct floor *f)
{
    floor_kind(f, EVENT_SNAPSHOT_ASKED);
    f->is_answer = true;
    floor_user(f, "101", "", "", 1);
    floor_presence(f, "101", PRESENCE_AWAY);
    f->is_answer = false;
    floor_kind(f, EVENT_SNAPSHOT_DONE);
}

static void a_confirmed_lamp_keeps_its_since_only_over_an_unbroken_link(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_pass(&f, SECOND);
    floor_presence(&f, "101", PRESENCE_AWAY);
    int64_t began_ms = floor_at(&f);
    floor_pass(&f, SECOND);
    resync(&f);
    assert_int_equal(floor_view(&f, "101").since_ms, began_ms);
    floor_link(&f, LINK_LOST);
    assert_int_equal(floor_view(&f, "101").since_ms, began_ms);
    floor_pass(&f, SECOND);
    floor_link(&f, LINK_LIVE);
    resync(&f);
    assert_int_equal(floor_lamp(&f, "101"), LAMP_AWAY);
    assert_int_equal(floor_view(&f, "101").since_ms, 0);
    assert_int_equal(floor_view(&f, "101").at_least_ms, floor_at(&f));
    floor_fini(&f);
}

/* --- the backend's clock -----------------------------------------------------------------------
 */

static void ages_run_on_the_backends_clock(void **state)
{
    struct floor f;

    (void)state;
    floor_init(&f);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), 0);
    assert_int_equal(hud_age_ms(&f.hud, FLOOR_EPOCH_MS, f.now_ms), -1);
    f.is_untimed = true;
    floor_link(&f, LINK_LIVE);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), 0);
    f.is_untimed = false;
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f));
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms + 777), floor_at(&f) + 777);
    assert_int_equal(hud_age_ms(&f.hud, floor_at(&f) - 5000, f.now_ms), 5000);
    assert_int_equal(hud_age_ms(&f.hud, floor_at(&f) + 5000, f.now_ms), 0);
    assert_int_equal(hud_age_ms(&f.hud, 0, f.now_ms), -1);
    floor_fini(&f);
}

/* Late events do not make ages jump back; a clock that was set back by seconds is believed once
 * the best samples of the running and of the last minute are past. */
static void the_best_sample_of_two_minutes_counts(void **state)
{
    struct floor f;

    (void)state;
    floor_init(&f);
    floor_kind(&f, EVENT_HEARD);
    f.late_ms = 4000;
    floor_pass(&f, SECOND);
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f));
    floor_pass(&f, MINUTE);
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f));
    floor_pass(&f, MINUTE);
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f) - 4000);
    /* A better sample is believed at once. */
    f.late_ms = 1000;
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f) - 1000);
    /* After a silence of minutes old samples count no more. */
    f.late_ms = 9000;
    floor_pass(&f, 5 * MINUTE);
    floor_kind(&f, EVENT_HEARD);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f) - 9000);
    floor_fini(&f);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33);
}

/* One stamp of the year 2099 made every age seventy years for two minutes. */
static void a_stamp_from_the_future_is_over_with_the_next_event(void **state)
{
    (void)state;
    struct floor f;
    floor_open(&f, 2);
    f.late_ms = -INT64_C(2275603080374);
    floor_dnd(&f, "101", true);
    f.late_ms = 0;
    floor_pass(&f, 100);
    floor_dnd(&f, "101", false);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f));
    /* The backend's clock is set back by an hour. */
    f.late_ms = 3600 * SECOND;
    floor_dnd(&f, "101", true);
    assert_int_equal(hud_backend_now(&f.hud, f.now_ms), floor_at(&f) - 3600 * SECOND);
    floor_fini(&f);
}

static void random_event(struct floor *f, uint64_t *seed)
{
    char id[16], call[16];

    (void)snprintf(id, sizeof id, "%u", 101 + next_random(seed) % 12);
    (void)snprintf(call, sizeof call, "c%u", next_random(seed) % 4);
    f->is_answer = next_random(seed) % 3 == 0;
    f->is_untimed = next_random(seed) % 8 == 0;
    f->late_ms = next_random(seed) % 500;
    switch (next_random(seed) % 16) {
    case 0: floor_user(f, id, "", next_random(seed) % 2 ? "A" : "B", 0); break;
    case 1: floor_gone(f, id); break;
    case 2: floor_kind(f, EVENT_SNAPSHOT_ASKED); break;
    case 3: floor_kind(f, EVENT_SNAPSHOT_DONE); break;
    case 4: floor_kind(f, next_random(seed) % 4 ? EVENT_HEARD : EVENT_GAP); break;
    case 5: floor_link(f, (enum link_state)(next_random(seed) % 6)); break;
    case 6: floor_link(f, next_random(seed) % 2 ? LINK_LIVE : LINK_POLLING); break;
    case 7: floor_dnd(f, id, next_random(seed) % 2); break;
    case 8: floor_withheld(f, id, next_random(seed) % 2); break;
    case 9:
    case 10: floor_presence(f, id, (enum presence)(next_random(seed) % 6)); break;
    case 11: floor_ended(f, id, call); break;
    case 12: floor_kind(f, EVENT_SNAPSHOT_FAILED); break;
    case 13: floor_pass(f, next_random(seed) % 25000); break;
    default: floor_call(f, id, call, (enum call_state)(next_random(seed) % 5)); break;
    }
}

/* floor_check() after every event: counts against a recount, no doubles, indexes, what is shown. */
static void thousands_of_random_events_leave_it_whole(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 10; run++) {
        struct floor f;
        uint64_t seed = run * 7919;
        floor_open(&f, 8);
        for (int i = 0; i < 3000; i++) {
            random_event(&f, &seed);
            if (next_random(&seed) % 7 == 0)
                hud_changed_clear(&f.hud);
        }
        floor_fini(&f);
    }
}

/* hud_tick() before the time it named has nothing to do, and at that time it has. */
static void the_next_tick_is_exact(void **state)
{
    uint64_t seed = 42;
    struct floor f;
    size_t ticks = 0;

    (void)state;
    floor_open(&f, 8);
    for (int i = 0; i < 4000; i++) {
        random_event(&f, &seed);
        hud_tick(&f.hud, f.now_ms);
        int64_t next_ms = hud_next_tick_ms(&f.hud, f.now_ms);
        assert_true(next_ms > f.now_ms);
        if (next_ms == INT64_MAX)
            continue;
        int64_t wait_ms = next_ms - f.now_ms;
        if (wait_ms > 1)
            assert_int_equal(floor_pass(&f, wait_ms - 1), 0);
        else
            wait_ms = 1;
        bool has_users = f.hud.users.len > 0;
        unsigned bits = floor_pass(&f, 1);
        /* All that is shown may be unknown already: then only the link is noted as expired. */
        if (bits == 0 && has_users)
            assert_true(hud_next_tick_ms(&f.hud, f.now_ms) > next_ms);
        ticks += bits != 0;
    }
    assert_true(ticks > 100);
    floor_fini(&f);
}

/* mallinfo2() is empty where ASan allocates. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes != NULL)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

static void a_hundred_thousand_calls_leave_memory_flat(void **state)
{
    struct hud hud;
    struct event user = {.kind = EVENT_USER, .user_id = "101"};
    struct event call = {.kind = EVENT_CALL, .user_id = "101"};
    struct event ended = {.kind = EVENT_CALL_ENDED, .user_id = "101"};
    const struct supervisor by[] = {{"900", SUPERVISE_LISTEN}};
    char id[32], name[64];
    size_t before = 0;

    (void)state;
    hud_init(&hud);
    user.u.user.extension = "101";
    hud_apply(&hud, &user, 1);
    for (int i = 0; i < 101000; i++) {
        (void)snprintf(id, sizeof id, "call-%d", i);
        (void)snprintf(name, sizeof name, "Somebody with a long name %d", i);
        call.u.call.id = ended.u.ended.id = id;
        call.u.call.name = name;
        call.u.call.number = id;
        call.u.call.state = CALL_RINGING;
        call.u.call.supervisors = by;
        call.u.call.supervisors_len = (size_t)(i % 2);
        hud_apply(&hud, &call, i);
        call.u.call.state = CALL_CONNECTED;
        hud_apply(&hud, &call, i);
        hud_apply(&hud, &ended, i);
        if (i == 1000)
            before = allocated_bytes();
    }
    assert_int_equal(hud.users.items[0]->calls.len, 0);
    assert_true(hud.users.items[0]->calls.cap <= 8);
    assert_int_equal(hud.changed.len, 1);
    assert_true(allocated_bytes() <= before + 4096);
    hud_fini(&hud);
}

/* --- the frozen picture ------------------------------------------------------------------------
 */

static void a_copy_is_the_same_picture_and_shares_nothing(void **state)
{
    const struct device devices[] = {{"PJSIP/a", true}};
    struct event device = {.kind = EVENT_DEVICES, .user_id = "101"};
    struct floor f;
    struct hud copy;

    (void)state;
    floor_open(&f, 3);
    device.u.devices.items = devices;
    device.u.devices.len = 1;
    floor_tell(&f, device);
    floor_user(&f, "101", "Noor", "Sales", 1);
    floor_call_with(&f, "101", "a", CALL_HELD, "Acme", "5550100");
    hud_copy(&copy, &f.hud);
    int64_t at_ms = floor_at(&f), now_ms = f.now_ms;
    floor_ended(&f, "101", "a");
    floor_user(&f, "101", "Other", "Other", 9);
    floor_gone(&f, "102");
    floor_pass(&f, MINUTE);
    floor_fini(&f);

    const struct user *user = hud_user_by_id(&copy, "101");
    assert_non_null(user);
    assert_int_equal(copy.users.len, 3);
    assert_int_equal(copy.counts[LAMP_HOLD], 1);
    assert_int_equal(copy.changed.len, 0);
    assert_string_equal(user->name, "Noor");
    assert_string_equal(user->department, "Sales");
    assert_string_equal(user->devices[0].name, "PJSIP/a");
    assert_string_equal(hud_call(user)->name, "Acme");
    assert_int_equal(hud_lamp(&copy, user, now_ms).lamp, LAMP_HOLD);
    assert_int_equal(hud_lamp(&copy, user, now_ms).since_ms, at_ms);
    assert_int_equal(hud_age_ms(&copy, at_ms, now_ms + 5), 5);
    hud_fini(&copy);
}

static void what_was_told_before_the_time_is_at_least_as_old_as_the_time(void **state)
{
    struct hud hud;
    struct event link = {.kind = EVENT_LINK, .u.link.state = LINK_LIVE};
    struct event asked = {.kind = EVENT_SNAPSHOT_ASKED}, done = {.kind = EVENT_SNAPSHOT_DONE};
    struct event user = {.kind = EVENT_USER, .user_id = "101", .is_answer = true};
    struct event call = {.kind = EVENT_CALL, .user_id = "101", .is_answer = true};
    struct event later = {.kind = EVENT_DND, .user_id = "101", .at_ms = 5000000};

    (void)state;
    user.u.user.extension = "101";
    call.u.call.id = "a";
    call.u.call.state = CALL_CONNECTED;
    hud_init(&hud);
    hud_apply(&hud, &link, 1000);
    hud_apply(&hud, &asked, 1000);
    hud_apply(&hud, &user, 1000);
    hud_apply(&hud, &call, 1000);
    hud_apply(&hud, &done, 1000);
    const struct user *shown = hud_user_by_id(&hud, "101");
    assert_int_equal(hud_lamp(&hud, shown, 1000).at_least_ms, 0);
    hud_apply(&hud, &later, 2000);
    struct lamp_view view = hud_lamp(&hud, shown, 9000);
    assert_int_equal(view.lamp, LAMP_ON_CALL);
    assert_int_equal(view.since_ms, 0);
    assert_int_equal(view.at_least_ms, 5000000);
    assert_int_equal(hud_age_ms(&hud, view.at_least_ms, 9000), 7000);
    hud_fini(&hud);
}

/* The newest word counts; the oldest are forgotten; nothing of it is shown by itself. */
static void who_has_taken_a_call(void **state)
{
    struct floor f;
    char id[16];
    struct event event = {.kind = EVENT_CALL_ENDED, .user_id = "101"};

    (void)state;
    floor_open(&f, 2);
    assert_string_equal(hud_taken_by(&f.hud, "101", "c"), "");
    (void)floor_call(&f, "101", "c", CALL_RINGING);
    event.u.ended.id = "c";
    event.u.ended.taken_by = "";
    assert_false(floor_tell(&f, event) & HUD_CHANGED_ACTION);
    hud_changed_clear(&f.hud);
    event.u.ended.taken_by = "107";
    assert_int_equal(floor_tell(&f, event), HUD_CHANGED_ACTION);
    assert_int_equal(f.hud.changed.len, 0);
    assert_int_equal(floor_tell(&f, event), 0); /* told twice */
    assert_string_equal(hud_taken_by(&f.hud, "101", "c"), "107");
    assert_string_equal(hud_taken_by(&f.hud, "102", "c"), "");
    event.u.ended.taken_by = "another phone";
    assert_int_equal(floor_tell(&f, event), HUD_CHANGED_ACTION);
    assert_string_equal(hud_taken_by(&f.hud, "101", "c"), "another phone");
    for (int i = 0; i < HUD_TAKEN_MAX; i++) {
        (void)snprintf(id, sizeof id, "c%d", i);
        event.u.ended.id = id;
        (void)floor_tell(&f, event);
        assert_string_equal(hud_taken_by(&f.hud, "101", id), "another phone");
    }
    assert_string_equal(hud_taken_by(&f.hud, "101", "c0"), "another phone");
    assert_string_equal(hud_taken_by(&f.hud, "101", "c"), "");
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_taken_a_call),
        cmocka_unit_test(what_was_told_before_the_time_is_at_least_as_old_as_the_time),
        cmocka_unit_test(facts_become_lamps),
        cmocka_unit_test(facts_about_strangers_are_dropped),
        cmocka_unit_test(telling_twice_changes_nothing),
        cmocka_unit_test(bits_say_what_changed),
        cmocka_unit_test(changed_users_are_listed_once_in_order),
        cmocka_unit_test(users_that_go_are_listed_and_forgotten),
        cmocka_unit_test(calls_are_kept_most_urgent_first),
        cmocka_unit_test(more_than_64_calls_are_counted),
        cmocka_unit_test(calls_beyond_the_limit_are_counted_once),
        cmocka_unit_test(a_call_beyond_the_limit_still_rings),
        cmocka_unit_test(departments_are_interned),
        cmocka_unit_test(an_answer_never_overwrites_what_an_event_has_touched),
        cmocka_unit_test(an_event_closes_its_own_fact_only),
        cmocka_unit_test(an_ended_call_is_not_resurrected_by_an_answer),
        cmocka_unit_test(a_user_that_went_is_not_brought_back_by_an_answer),
        cmocka_unit_test(what_a_snapshot_does_not_name_is_gone),
        cmocka_unit_test(asked_again_starts_anew),
        cmocka_unit_test(a_failed_snapshot_removes_nobody_and_syncs_nothing),
        cmocka_unit_test(corrected_lamps_are_counted),
        cmocka_unit_test(corrections_overtaken_by_events_are_counted_too),
        cmocka_unit_test(never_synced_is_unknown_and_stale),
        cmocka_unit_test(nobody_ever_heard_of_is_unknown_but_fresh),
        cmocka_unit_test(a_lost_link_is_stale_at_once_and_unknown_after_a_minute),
        cmocka_unit_test(the_minute_counts_from_the_first_loss),
        cmocka_unit_test(a_gap_is_stale_until_the_next_snapshot),
        cmocka_unit_test(a_live_link_without_a_pong_for_30_s_is_lost),
        cmocka_unit_test(a_link_that_is_not_live_waits_for_no_pong),
        cmocka_unit_test(polling_is_fresh_for_20_s_after_each_answer),
        cmocka_unit_test(what_is_not_known_is_not_picked_up),
        cmocka_unit_test(since_of_an_event_is_its_time),
        cmocka_unit_test(since_of_a_call_is_that_of_the_deciding_one),
        cmocka_unit_test(the_same_call_in_the_same_state_keeps_its_since),
        cmocka_unit_test(an_answer_alone_knows_no_beginning),
        cmocka_unit_test(a_confirmed_lamp_keeps_its_since_only_over_an_unbroken_link),
        cmocka_unit_test(ages_run_on_the_backends_clock),
        cmocka_unit_test(the_best_sample_of_two_minutes_counts),
        cmocka_unit_test(a_stamp_from_the_future_is_over_with_the_next_event),
        cmocka_unit_test(thousands_of_random_events_leave_it_whole),
        cmocka_unit_test(the_next_tick_is_exact),
        cmocka_unit_test(a_hundred_thousand_calls_leave_memory_flat),
        cmocka_unit_test(a_copy_is_the_same_picture_and_shares_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
