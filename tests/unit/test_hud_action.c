/* Our own actions in the hud: capabilities, what is pending, the supervision; what is told as
 * changed. */
#include "callhud/model/action.h"

#include "floor.h"

#include "callhud/base/str.h"
#include "callhud/model/hud_copy.h"
#include "callhud/model/why.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static unsigned can_do(struct floor *f, enum action_kind kind, enum capability level,
                       const char *why)
{
    struct event event = {.kind = EVENT_CAPABILITY};
    event.u.capability.kind = kind;
    event.u.capability.level = level;
    event.u.capability.why = why;
    return floor_tell(f, event);
}

static unsigned act(struct floor *f, uint32_t id, enum action_kind kind, enum action_stage stage,
                    const char *user_id, const char *call_id)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = user_id};
    event.u.action.id = id;
    event.u.action.kind = kind;
    event.u.action.stage = stage;
    event.u.action.call_id = call_id;
    event.u.action.text = stage == ACTION_PHONE   ? "your phone 108 rings: lift it"
                          : stage == ACTION_ENDED ? "the call has ended"
                                                  : NULL;
    return floor_tell(f, event);
}

/* The extensions in hud.changed, as one text; cleared. */
static const char *changed(struct floor *f)
{
    static char text[256];
    text[0] = '\0';
    for (size_t i = 0; i < f->hud.changed.len; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "",
                       f->hud.changed.items[i]->extension);
    }
    hud_changed_clear(&f->hud);
    return text;
}

static unsigned pending(const struct floor *f, const char *id)
{
    return floor_find(f, id)->pending;
}

/* ---- capabilities ---------------------------------------------------------------------------- */

static void capabilities_are_missing_until_told(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        const struct capability_fact *fact = &f.hud.capabilities[kind];
        assert_int_equal(fact->level, CAPABILITY_MISSING);
        assert_string_equal(fact->why, "not connected yet");
        assert_false(fact->is_told);
        uint64_t rev = f.hud.rev;
        assert_int_equal(can_do(&f, (enum action_kind)kind, CAPABILITY_NATIVE, ""),
                         HUD_CHANGED_ACTION);
        assert_true(f.hud.rev > rev);
        assert_int_equal(fact->level, CAPABILITY_NATIVE);
        assert_string_equal(fact->why, "");
        rev = f.hud.rev;
        assert_int_equal(can_do(&f, (enum action_kind)kind, CAPABILITY_NATIVE, NULL), 0);
        assert_int_equal(f.hud.rev, rev);
        assert_int_equal(can_do(&f, (enum action_kind)kind, CAPABILITY_ASSISTED, "dial *80"),
                         HUD_CHANGED_ACTION);
        assert_int_equal(can_do(&f, (enum action_kind)kind, CAPABILITY_ASSISTED, "dial *81"),
                         HUD_CHANGED_ACTION);
        assert_string_equal(fact->why, "dial *81");
    }
    assert_int_equal(can_do(&f, ACTION_COUNT, CAPABILITY_NATIVE, ""), 0);
    assert_string_equal(changed(&f), ""); /* nothing of a user has changed */
    floor_fini(&f);
}

static void what_is_told_to_be_missing_is_more_than_not_told(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 1);
    assert_int_equal(can_do(&f, ACTION_PICKUP, CAPABILITY_MISSING, "not connected yet"),
                     HUD_CHANGED_ACTION);
    assert_true(f.hud.capabilities[ACTION_PICKUP].is_told);
    floor_fini(&f);
}

static void pick_up_follows_the_capability_and_read_only(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "r", CALL_RINGING);
    const struct user *user = floor_find(&f, "101"), *idle = floor_find(&f, "102");
    (void)changed(&f);
    /* As long as nobody has told: as the lamp table says. */
    assert_true(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    (void)can_do(&f, ACTION_TAKEOVER, CAPABILITY_MISSING, "no dialplan");
    assert_true(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_string_equal(changed(&f), "");

    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_MISSING, "no phone is configured: set phone =");
    assert_string_equal(changed(&f), "101 102"); /* it is shown for each of them */
    assert_false(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why,
                        "no phone is configured: set phone =");
    assert_string_equal(hud_pickup(&f.hud, idle, f.now_ms).why,
                        "no phone is configured: set phone =");
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_MISSING, "");
    assert_false(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why,
                        "this telephone system has no way to do it");
    (void)changed(&f);
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_NATIVE, "");
    assert_string_equal(changed(&f), "101 102");
    assert_true(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_null(hud_pickup(&f.hud, user, f.now_ms).why);
    assert_string_equal(hud_pickup(&f.hud, idle, f.now_ms).why, "no held or ringing call");
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_ASSISTED, "dial *8");
    assert_true(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_string_equal(changed(&f), "");

    f.hud.is_read_only = true;
    assert_false(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why, "--read-only is on");
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_MISSING, "no phone");
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why, "--read-only is on");
    floor_fini(&f);
}

/* ---- rights, who we are -----------------------------------------------------------------------
 */

#define DENIED "101 lets you not pick up: ask an administrator"

static void rights_are_there_until_denied(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "r", CALL_RINGING);
    floor_call(&f, "102", "r", CALL_RINGING);
    const struct user *user = floor_find(&f, "101"), *other = floor_find(&f, "102");
    (void)changed(&f);
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, NULL), 0);
    assert_null(user->denied[RIGHT_PICKUP]);
    uint64_t rev = f.hud.rev;
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, DENIED), HUD_CHANGED_ACTION);
    assert_true(f.hud.rev > rev);
    assert_string_equal(changed(&f), "101");
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why, DENIED);
    assert_true(hud_pickup(&f.hud, other, f.now_ms).is_ok);
    assert_null(user->denied[RIGHT_SUPERVISE]);
    rev = f.hud.rev;
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, DENIED), 0);
    assert_int_equal(f.hud.rev, rev);
    /* The other one is of no matter to picking up. */
    assert_int_equal(floor_right(&f, "102", RIGHT_SUPERVISE, "no group"), HUD_CHANGED_ACTION);
    assert_true(hud_pickup(&f.hud, other, f.now_ms).is_ok);
    /* A reason is always there. */
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, ""), HUD_CHANGED_ACTION);
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why,
                        "you may not do it with this user: ask who gives you your rights");
    /* Read-only and what is missing for all go before it. */
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_MISSING, "no phone");
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why, "no phone");
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_NATIVE, "");
    (void)changed(&f);
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, NULL), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "101");
    assert_true(hud_pickup(&f.hud, user, f.now_ms).is_ok);
    assert_int_equal(floor_right(&f, "101", RIGHT_COUNT, "x"), 0);
    assert_int_equal(floor_right(&f, "stranger", RIGHT_PICKUP, "x"), 0);
    floor_fini(&f);
}

static void a_right_told_since_is_not_overwritten_by_an_answer(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 1);
    const struct user *user = floor_find(&f, "101");
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    (void)floor_right(&f, "101", RIGHT_PICKUP, NULL);
    f.is_answer = true;
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, DENIED), 0);
    assert_int_equal(floor_right(&f, "101", RIGHT_SUPERVISE, DENIED), HUD_CHANGED_ACTION);
    f.is_answer = false;
    floor_kind(&f, EVENT_SNAPSHOT_FAILED);
    assert_null(user->denied[RIGHT_PICKUP]);
    f.is_answer = true;
    assert_int_equal(floor_right(&f, "101", RIGHT_PICKUP, DENIED), HUD_CHANGED_ACTION);
    floor_fini(&f);
}

static void a_user_who_comes_back_has_denied_nothing(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 1);
    (void)floor_right(&f, "101", RIGHT_PICKUP, DENIED);
    (void)floor_gone(&f, "101");
    (void)floor_user(&f, "101", "", "", 1);
    assert_null(floor_find(&f, "101")->denied[RIGHT_PICKUP]);
    floor_fini(&f);
}

static void who_we_are(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 3);
    floor_call(&f, "101", "r", CALL_RINGING);
    const struct user *user = floor_find(&f, "101");
    (void)changed(&f);
    assert_false(hud_is_own(&f.hud, user));
    uint64_t rev = f.hud.rev;
    assert_int_equal(floor_self(&f, "101", "Desk phone"), HUD_CHANGED_ACTION);
    assert_true(f.hud.rev > rev);
    assert_string_equal(f.hud.own_phone, "Desk phone");
    assert_string_equal(changed(&f), "101"); /* nothing else is shown of the others */
    assert_true(hud_is_own(&f.hud, user));
    assert_false(hud_is_own(&f.hud, floor_find(&f, "102")));
    assert_string_equal(hud_pickup(&f.hud, user, f.now_ms).why,
                        "this is your own phone: take the call there");
    assert_int_equal(floor_self(&f, "101", "Desk phone"), 0);
    assert_int_equal(floor_self(&f, "101", NULL), HUD_CHANGED_ACTION);
    assert_string_equal(f.hud.own_phone, "");
    assert_string_equal(changed(&f), "");
    /* Not monitored: then nobody here is we, whatever the devices are called. */
    struct device device = {.name = "Desk phone", .is_online = true};
    struct event event = {.kind = EVENT_DEVICES, .user_id = "102"};
    event.u.devices.items = &device;
    event.u.devices.len = 1;
    (void)floor_tell(&f, event);
    assert_int_equal(floor_self(&f, "900", "Desk phone"), HUD_CHANGED_ACTION);
    assert_false(hud_is_own(&f.hud, user));
    assert_false(hud_is_own(&f.hud, floor_find(&f, "102")));
    assert_null(hud_user_by_id(&f.hud, "900"));
    /* Who we are is not told any more: the device says. */
    (void)changed(&f);
    assert_int_equal(floor_self(&f, NULL, "Desk phone"), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "102");
    assert_true(hud_is_own(&f.hud, floor_find(&f, "102")));
    floor_fini(&f);
}

/* ---- pending --------------------------------------------------------------------------------- */

static void pending_from_asked_to_the_end(void **state)
{
    static const enum action_stage ends[] = {ACTION_CONFIRMED, ACTION_ENDED, ACTION_FAILED};
    (void)state;
    for (int k = 0; k < ACTION_COUNT; k++)
        for (size_t e = 0; e < 3; e++) {
            struct floor f;
            enum action_kind kind = (enum action_kind)k;
            bool is_ours = action_row(kind)->uses_phone;
            floor_open(&f, 2);
            uint64_t rev = f.hud.rev;
            assert_int_equal(act(&f, 5, kind, ACTION_ASKED, "101", "c"), HUD_CHANGED_ACTION);
            assert_int_equal(pending(&f, "101"), 1U << k);
            assert_int_equal(pending(&f, "102"), 0);
            assert_string_equal(changed(&f), "101");
            assert_true(f.hud.rev > rev);
            rev = f.hud.rev;
            unsigned bits = act(&f, 5, kind, ACTION_PHONE, "101", "c");
            assert_int_equal(bits, is_ours ? HUD_CHANGED_ACTION : 0);
            assert_string_equal(changed(&f), is_ours ? "101" : "");
            assert_int_equal(pending(&f, "101"), 1U << k);
            assert_int_equal(f.hud.rev > rev, is_ours);
            (void)act(&f, 5, kind, ACTION_UNSURE, "101", "c");
            assert_int_equal(pending(&f, "101"), 1U << k);
            (void)changed(&f);
            assert_int_equal(act(&f, 5, kind, ends[e], "101", "c"), HUD_CHANGED_ACTION);
            assert_int_equal(pending(&f, "101"), 0);
            assert_string_equal(changed(&f), "101");
            rev = f.hud.rev;
            unsigned again = act(&f, 5, kind, ends[e], "101", "c");
            assert_int_equal(again, 0);
            assert_int_equal(f.hud.rev, rev);
            floor_fini(&f);
        }
}

static void pending_actions_of_a_user_are_apart(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    (void)act(&f, 1, ACTION_RECORD, ACTION_ASKED, "101", "c");
    (void)act(&f, 2, ACTION_DND, ACTION_ASKED, "101", "");
    assert_int_equal(pending(&f, "101"), 1U << ACTION_RECORD | 1U << ACTION_DND);
    (void)act(&f, 1, ACTION_RECORD, ACTION_FAILED, "101", "c");
    assert_int_equal(pending(&f, "101"), 1U << ACTION_DND);
    floor_fini(&f);
}

/* Listen to the second call of a user: the end of the first one leaves the second one pending. */
static void an_older_end_leaves_the_newer_pending(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "101", "c1");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "101", "c1");
    (void)act(&f, 2, ACTION_LISTEN, ACTION_ASKED, "101", "c2");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ENDED, "101", "c1");
    assert_int_equal(pending(&f, "101"), 1U << ACTION_LISTEN);
    assert_int_equal(f.hud.supervision.state, SUPERVISION_ASKED);
    assert_true(supervision_is_of(&f.hud.supervision, "101", "c2"));
    (void)act(&f, 2, ACTION_LISTEN, ACTION_CONFIRMED, "101", "c2");
    assert_int_equal(pending(&f, "101"), 0);
    floor_fini(&f);
}

static void malformed_and_strangers(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 1);
    assert_int_equal(act(&f, 1, ACTION_COUNT, ACTION_ASKED, "101", "c"), 0);
    assert_int_equal(act(&f, 1, ACTION_HANGUP, ACTION_ASKED, "999", "c"), 0);
    assert_int_equal(act(&f, 1, ACTION_HANGUP, ACTION_ASKED, NULL, NULL), 0);
    assert_int_equal(act(&f, 2, ACTION_STOP, ACTION_ASKED, NULL, NULL), 0);
    assert_string_equal(changed(&f), "");
    assert_false(supervision_is_on(&f.hud.supervision));
    floor_fini(&f);
}

/* ---- the supervision ------------------------------------------------------------------------- */

static void both_users_change_when_the_supervision_moves(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 3);
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "101", "c1");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "101", "c1");
    (void)changed(&f);
    assert_int_equal(act(&f, 2, ACTION_LISTEN, ACTION_ASKED, "102", "c2"), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "102 101");
    assert_int_equal(act(&f, 2, ACTION_LISTEN, ACTION_CONFIRMED, "102", "c2"), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "102 101");
    /* The phone rings for the next; then the one before ends, and the next is what is shown. */
    (void)act(&f, 3, ACTION_LISTEN, ACTION_ASKED, "103", "c3");
    (void)changed(&f);
    assert_int_equal(act(&f, 3, ACTION_LISTEN, ACTION_PHONE, "103", "c3"), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "103 102");
    assert_int_equal(act(&f, 2, ACTION_LISTEN, ACTION_ENDED, "102", "c2"), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "102 103");
    /* An end that names nobody. */
    assert_int_equal(act(&f, 3, ACTION_LISTEN, ACTION_ENDED, NULL, NULL), HUD_CHANGED_ACTION);
    assert_string_equal(changed(&f), "103");
    assert_false(supervision_is_on(&f.hud.supervision));
    floor_fini(&f);
}

/* Only EVENT_ACTION ends it: not the call's end, the link's, nor the user's. */
static void nothing_else_ends_it(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "c", CALL_CONNECTED);
    (void)act(&f, 1, ACTION_WHISPER, ACTION_ASKED, "101", "c");
    (void)act(&f, 1, ACTION_WHISPER, ACTION_CONFIRMED, "101", "c");
    floor_ended(&f, "101", "c");
    floor_link(&f, LINK_LOST);
    (void)floor_pass(&f, 100000);
    floor_gone(&f, "101");
    assert_int_equal(f.hud.supervision.state, SUPERVISION_CONFIRMED);
    assert_int_equal(supervision_hears(&f.hud.supervision), HEARS_AGENT);
    assert_string_equal(f.hud.supervision.user_id, "101");
    (void)changed(&f);
    uint64_t rev = f.hud.rev;
    assert_int_equal(act(&f, 1, ACTION_WHISPER, ACTION_ENDED, "101", "c"), HUD_CHANGED_ACTION);
    assert_true(f.hud.rev > rev);
    assert_string_equal(changed(&f), "");
    assert_string_equal(f.hud.supervision.last_text, "the call has ended");
    floor_fini(&f);
}

static void a_user_that_goes_takes_what_is_pending_along(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 2);
    (void)act(&f, 1, ACTION_PICKUP, ACTION_ASKED, "101", "c");
    floor_gone(&f, "101");
    floor_user(&f, "101", "", "", 1);
    assert_int_equal(pending(&f, "101"), 0);
    assert_int_equal(f.hud.supervision.state, SUPERVISION_ASKED);
    (void)act(&f, 1, ACTION_PICKUP, ACTION_FAILED, "101", "c");
    assert_int_equal(pending(&f, "101"), 0);
    assert_false(supervision_is_on(&f.hud.supervision));
    floor_fini(&f);
}

static void a_frozen_picture_has_it_all(void **state)
{
    struct floor f;
    struct hud copy;
    (void)state;
    floor_open(&f, 2);
    f.hud.is_read_only = true;
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_MISSING, "no phone");
    (void)can_do(&f, ACTION_LISTEN, CAPABILITY_NATIVE, "");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "101", "c");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_PHONE, "101", "c");
    hud_copy(&copy, &f.hud);
    /* What happens to the one leaves the other. */
    (void)can_do(&f, ACTION_PICKUP, CAPABILITY_NATIVE, "");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ENDED, "101", "c");
    f.hud.is_read_only = false;
    floor_fini(&f);
    assert_true(copy.is_read_only);
    assert_true(copy.capabilities[ACTION_PICKUP].is_told);
    assert_int_equal(copy.capabilities[ACTION_PICKUP].level, CAPABILITY_MISSING);
    assert_string_equal(copy.capabilities[ACTION_PICKUP].why, "no phone");
    assert_int_equal(copy.capabilities[ACTION_LISTEN].level, CAPABILITY_NATIVE);
    assert_string_equal(copy.capabilities[ACTION_DND].why, "not connected yet");
    assert_int_equal(copy.supervision.state, SUPERVISION_PHONE);
    assert_string_equal(copy.supervision.text, "your phone 108 rings: lift it");
    assert_int_equal(hud_user_by_id(&copy, "101")->pending, 1U << ACTION_LISTEN);
    assert_int_equal(hud_user_by_id(&copy, "101")->pending_ids[ACTION_LISTEN], 1);
    hud_fini(&copy);
}

/* ---- why ------------------------------------------------------------------------------------- */

static const char *why(const struct floor *f, const char *id)
{
    static char text[4096];
    struct buf out;
    buf_init(&out, sizeof text - 1);
    why_lamp(&out, &f->hud, floor_find(f, id), f->now_ms);
    (void)snprintf(text, sizeof text, "%s", buf_text(&out));
    buf_fini(&out);
    return text;
}

static void assert_why(const struct floor *f, const char *id, const char *part)
{
    const char *text = why(f, id);
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

/* The floor begins at 14:00:01. */
static void why_tells_of_our_own_supervision(void **state)
{
    struct floor f;
    (void)state;
    floor_open(&f, 3);
    floor_call_with(&f, "101", "c", CALL_CONNECTED, "Acme Ltd", "");
    assert_null(strstr(why(&f, "101"), "ou "));
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "101", "c");
    assert_why(&f, "101", "\nYou asked to listen to the call, which is not confirmed yet.");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_PHONE, "101", "c");
    assert_why(&f, "101", "\nYou asked to listen to the call: your phone 108 rings: lift it.");
    assert_null(strstr(why(&f, "102"), "ou "));
    (void)floor_pass(&f, 10000);
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "101", "c");
    (void)floor_pass(&f, 5000);
    assert_why(&f, "101",
               "\nYou listen to a call from Acme Ltd since 14:00:11 (nobody hears you).");
    (void)act(&f, 2, ACTION_WHISPER, ACTION_ASKED, "101", "c");
    assert_why(&f, "101",
               "\nYou listen to a call from Acme Ltd since 14:00:11; you asked to whisper to the "
               "agent, which is not confirmed yet.");
    (void)act(&f, 2, ACTION_WHISPER, ACTION_CONFIRMED, "101", "c");
    assert_why(&f, "101",
               "\nYou whisper to 101 on a call from Acme Ltd since 14:00:11 (101 hears you).");
    (void)act(&f, 3, ACTION_BARGE, ACTION_ASKED, "101", "c");
    (void)act(&f, 3, ACTION_BARGE, ACTION_CONFIRMED, "101", "c");
    assert_why(&f, "101",
               "\nYou take part in a call from Acme Ltd since 14:00:11 (both hear you).");
    (void)act(&f, 4, ACTION_STOP, ACTION_ASKED, "101", "c");
    assert_why(&f, "101",
               "\nYou take part in a call from Acme Ltd since 14:00:11; you asked to stop "
               "supervising, which is not confirmed yet.");
    (void)act(&f, 4, ACTION_STOP, ACTION_FAILED, "101", "c");
    floor_ended(&f, "101", "c");
    assert_why(&f, "101", "\nYou take part in a call since 14:00:11 (both hear you).");
    (void)act(&f, 5, ACTION_LISTEN, ACTION_ASKED, "103", "x");
    assert_why(&f, "103", "\nYou asked to listen to the call, which is not confirmed yet.");
    (void)act(&f, 5, ACTION_LISTEN, ACTION_FAILED, "103", "x");
    floor_link(&f, LINK_LOST);
    (void)act(&f, 3, ACTION_BARGE, ACTION_UNSURE, "101", "c");
    const char *doubt = "\nYou took part in a call since 14:00:11: whether you still do is asked "
                        "as soon as the link is back.";
    assert_why(&f, "101", doubt);
    (void)floor_pass(&f, 70000); /* also when the lamp is unknown */
    assert_why(&f, "101", doubt);
    (void)act(&f, 3, ACTION_BARGE, ACTION_ENDED, "101", "c");
    assert_null(strstr(why(&f, "101"), "\nYou "));
    floor_fini(&f);
}

/* The backend has not told its time: since when is left off. */
static void without_the_backends_time(void **state)
{
    struct floor f;
    (void)state;
    floor_init(&f);
    f.is_untimed = true;
    floor_link(&f, LINK_LIVE);
    floor_user(&f, "101", "", "", 1);
    (void)act(&f, 1, ACTION_LISTEN, ACTION_ASKED, "101", "c");
    (void)act(&f, 1, ACTION_LISTEN, ACTION_CONFIRMED, "101", "c");
    assert_why(&f, "101", "\nYou listen to a call (nobody hears you).");
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_are_missing_until_told),
        cmocka_unit_test(what_is_told_to_be_missing_is_more_than_not_told),
        cmocka_unit_test(pick_up_follows_the_capability_and_read_only),
        cmocka_unit_test(rights_are_there_until_denied),
        cmocka_unit_test(a_right_told_since_is_not_overwritten_by_an_answer),
        cmocka_unit_test(a_user_who_comes_back_has_denied_nothing),
        cmocka_unit_test(who_we_are),
        cmocka_unit_test(pending_from_asked_to_the_end),
        cmocka_unit_test(pending_actions_of_a_user_are_apart),
        cmocka_unit_test(an_older_end_leaves_the_newer_pending),
        cmocka_unit_test(malformed_and_strangers),
        cmocka_unit_test(both_users_change_when_the_supervision_moves),
        cmocka_unit_test(nothing_else_ends_it),
        cmocka_unit_test(a_user_that_goes_takes_what_is_pending_along),
        cmocka_unit_test(a_frozen_picture_has_it_all),
        cmocka_unit_test(why_tells_of_our_own_supervision),
        cmocka_unit_test(without_the_backends_time),
    };
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
