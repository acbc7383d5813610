/* The whole backend on a small account: connecting, events, losses, recovery, polling. */
#include "callhud/backend/ringcentral/ringcentral.h"
#include "callhud/backend/ringcentral/sync.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "rex_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DETAILED "?detailedTelephonyState=true&sipData=true"
#define OWN "/restapi/v1.0/account/~/extension/~"

static int set_up(void **state)
{
    struct house *house = mem_zero(1, sizeof *house);
    house_init(house, 3);
    *state = house;
    return 0;
}

/* ---- connecting ---- */

static void it_connects_and_lamps_are_known(void **state)
{
    struct house *house = *state;
    house->people[2].dnd = "DoNotAcceptAnyCalls";
    house->people[3].hides = true;
    house->picks_up_held = true;
    house_open_live(house);
    assert_int_equal(house->hud.users.len, 3); /* we are in reserved lines alone */
    const struct user *user = hud_user_by_extension(&house->hud, "101");
    assert_string_equal(user->name, "Person 1");
    assert_string_equal(user->department, "Cartier");
    assert_int_equal(user->line, 1);
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
    assert_int_equal(house_lamp(house, "102"), LAMP_DND);
    assert_int_equal(house_lamp(house, "103"), LAMP_HIDDEN);
    assert_false(house_is_stale(house, "101"));
    assert_true(house->hud.settings.pick_up_held_lines);
    assert_true(house->hud.settings.ring_locks_hold);
    assert_true(house_has_filter(house, OWN "/presence/line"));
    assert_true(house_has_filter(house, OWN "/presence/line/presence" DETAILED));
    assert_true(house_has_filter(house, OWN "/presence" DETAILED));
    assert_true(house_has_filter(house, "/restapi/v1.0/account/~/telephony/sessions"));
    assert_int_equal(house_count(house, "oauth/token"), 1);
}

static void presence_is_asked_after_the_subscription(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    size_t subscribed = 0;
    while (!str_eq(house->asked.items[subscribed], "SUBSCRIBE"))
        subscribed++;
    for (size_t i = 0; i < subscribed; i++)
        assert_null(strstr(house->asked.items[i], "/presence?"));
    assert_true(house_count(house, "/presence?") > 0);
    assert_int_equal(house_count(house, "1001,1002,1003/presence"), 1); /* one for three */
}

static void without_call_control_no_sessions_are_asked_for(void **state)
{
    struct house *house = *state;
    house->scope = "ReadPresence ReadAccounts";
    house_open_live(house);
    assert_false(house_has_filter(house, "/restapi/v1.0/account/~/telephony/sessions"));
    house_call(house, "101", "CallConnected", false);
    house_run(house, 5000);
    assert_int_equal(house_count(house, "telephony/sessions"), 0);
}

static void one_snapshot_needs_no_websocket(void **state)
{
    struct house *house = *state;
    house->config.is_once = true;
    house->people[1].calls_len = 1;
    house->people[1].calls[0] =
        (struct house_call){.session = "s-9", .party = "p-9-2", .state = "OnHold"};
    house_open(house);
    house_run(house, 1000);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(fake_ws_count(&house->net), 0);
    assert_int_equal(house_count(house, "telephony/sessions/s-9"), 1);
}

/* What sessions add is worth a while: the budget may be spent, or the service slow. */
static void one_snapshot_does_not_wait_long_for_sessions(void **state)
{
    struct house *house = *state;
    house->config.is_once = true;
    house->holds_sessions = true;
    house->people[1].calls_len = 1;
    house->people[1].calls[0] =
        (struct house_call){.session = "s-9", .party = "p-9-2", .state = "OnHold"};
    house_open(house);
    house_run(house, 1000);
    assert_false(house->hud.link.is_synced);
    house_run(house, REX_DETAILS_LIMIT_MS);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
}

/* Whatever is said of the wait meanwhile, the answers count. */
static void one_snapshot_waits_for_the_budget(void **state)
{
    struct house *house = *state;
    house->config.is_once = true;
    house->is_light_spent = true;
    house_open(house);
    house_run(house, 20000);
    assert_false(house->hud.link.is_synced);
    assert_non_null(strstr(house->link_text, "allows no more requests for 4"));
    house_run(house, 45000);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
    assert_false(house_is_stale(house, "101"));
}

/* The next answer is late: that it was asked for does not make an old lamp fresh. */
static void while_polling_lamps_are_as_old_as_their_answer(void **state)
{
    struct house *house = *state;
    house->ws_status = 403;
    house_open(house);
    house_run(house, 2000);
    assert_int_equal(house->hud.link.state, LINK_POLLING);
    assert_false(house_is_stale(house, "101"));
    house->holds_presence = true;
    house_run(house, 16000);
    assert_false(house_is_stale(house, "101"));
    house_run(house, 5000);
    assert_true(house_is_stale(house, "101"));
    house->holds_presence = false;
    house_run(house, 1000);
    assert_false(house_is_stale(house, "101"));
}

static void what_is_wrong_is_said(void **state)
{
    struct house *house = *state;
    struct err err = {0};
    const struct backend_sink sink = {0};
    house->config.monitor = "101-";
    assert_null(ringcentral_backend.open(&house->config, &house->net.io, &sink, &err));
    assert_int_equal(err.rc, RC_CONFIG);
    assert_non_null(strstr(err.text, "monitor"));
    house->config.monitor = "list";
    house->config.jwt = "";
    assert_null(ringcentral_backend.open(&house->config, &house->net.io, &sink, &err));
    assert_non_null(strstr(err.text, "jwt_file"));
    house->config.jwt = "jwt";
    house->config.server = "ftp://x";
    assert_null(ringcentral_backend.open(&house->config, &house->net.io, &sink, &err));
    house->config.server = "http://127.0.0.1:1";
    house->token_status = 400;
    house_open(house);
    house_run(house, 1000);
    assert_int_equal(house->hud.link.state, LINK_REFUSED);
    assert_true(house->link_text[0] != '\0');
}

static void what_the_first_reading_waits_for_is_said(void **state)
{
    struct house *house = *state;
    house->own_status = 429;
    house_open(house);
    house_run(house, REX_WAITS_MS / 2);
    assert_string_equal(house->link_text, "reading who there is");
    house_run(house, REX_WAITS_MS);
    assert_non_null(strstr(house->link_text, "allows no more requests for"));
    assert_int_equal(house->hud.link.state, LINK_CONNECTING);
    house->own_status = 0;
    house_run(house, 70000);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
}

/* ---- events ---- */

static void events_light_lamps(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_forget(house);
    house_call(house, "102", "Ringing", false);
    assert_int_equal(house_lamp(house, "102"), LAMP_RINGING);
    house_call(house, "102", "CallConnected", false);
    assert_int_equal(house_lamp(house, "102"), LAMP_ON_CALL);
    house_call(house, "102", "OnHold", false);
    assert_int_equal(house_lamp(house, "102"), LAMP_HOLD);
    house_call(house, "102", "", false);
    assert_int_equal(house_lamp(house, "102"), LAMP_AVAILABLE);
    house_call(house, "103", "Ringing", true);
    assert_int_equal(house_lamp(house, "103"), LAMP_ON_CALL);
    house->rings_when_monitored = true;
    house_tell(house, "900");
    assert_true(house->hud.settings.ring_when_monitored_rings);
    house_run(house, 3000);
    assert_int_equal(house_count(house, "presence"), 0); /* events alone */
}

static void an_event_during_the_snapshot_is_not_overwritten(void **state)
{
    struct house *house = *state;
    house->holds_presence = true;
    house_open(house);
    house_run(house, 500);
    house_call(house, "101", "Ringing", false); /* its answer still says otherwise */
    house_person(house, "101")->calls_len = 0;
    house->holds_presence = false;
    house_run(house, 500);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_lamp(house, "101"), LAMP_RINGING);
    assert_int_equal(house_lamp(house, "102"), LAMP_AVAILABLE);
}

static void fewer_calls_than_said_are_asked_for(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_forget(house);
    house_person(house, "101")->total = 2;
    house_call(house, "101", "CallConnected", false);
    struct house_person *p = house_person(house, "101");
    p->calls[1] = (struct house_call){.session = "s-77", .party = "p-77-2", .state = "OnHold"};
    p->calls_len = 2;
    house_run(house, 1900);
    assert_int_equal(house_count(house, "extension/1001/presence"), 0); /* debounced */
    house_run(house, 2500);
    assert_int_equal(house_count(house, "extension/1001/presence"), 1);
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
    assert_int_equal(house->gaps, 0);
}

/* One failure costs a few seconds, trouble that stays makes the lamps stale. */
static void what_cannot_be_read_anew_is_asked_again_and_is_a_gap_in_the_end(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_forget(house);
    house->presence_status = 500;
    house_person(house, "101")->total = 2;
    house_call(house, "101", "CallConnected", false);
    struct house_person *p = house_person(house, "101");
    p->calls[1] = (struct house_call){.session = "s-77", .party = "p-77-2", .state = "OnHold"};
    p->calls_len = 2;
    house_run(house, 4100);
    assert_int_equal(house_count(house, "extension/1001/presence"), 1);
    assert_int_equal(house->gaps, 0);
    house->presence_status = 0;
    house_run(house, 4100);
    assert_int_equal(house_count(house, "extension/1001/presence"), 2);
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
    assert_int_equal(house->gaps, 0);
    house->presence_status = 500;
    p->total = 3;
    house_tell(house, "101");
    house_run(house, REX_REPAIR_TRIES * 2 * REX_REPAIR_MS + 100);
    assert_int_equal(house->gaps, 1);
    assert_true(house_is_stale(house, "101"));
    house->presence_status = 0;
    p->total = 0;
    house_run(house, 20000);
    assert_false(house_is_stale(house, "101"));
}

static void who_is_to_be_read_anew_is_asked_for_once_in_a_request(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_forget(house);
    house->presence_status = 500;
    house->held[0] = "/extension/1001/presence";
    house_person(house, "101")->total = 2;
    house_call(house, "101", "CallConnected", false);
    house_run(house, 4100); /* on its way */
    house_tell(house, "101");
    house->held[0] = NULL;
    house_run(house, 6000);
    assert_in_range(house_count(house, "/extension/1001/presence"), 2, 4);
    assert_int_equal(house_count(house, "/extension/1001,"), 0);
}

/* Seven at most are named: asking again for more would never end. */
static void a_user_of_many_calls_is_asked_for_once(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    struct house_person *p = house_person(house, "101");
    for (size_t i = 0; i < 7; i++) {
        p->calls[i].state = "OnHold";
        p->calls[i].session[0] = p->calls[i].party[0] = (char)('a' + i);
    }
    p->calls_len = 7;
    p->total = 9;
    house_forget(house);
    for (int i = 0; i < 5; i++) {
        house_tell(house, "101");
        house_run(house, 5000);
    }
    assert_int_equal(house_count(house, "extension/1001/presence"), 1);
    assert_int_equal(hud_user_by_extension(&house->hud, "101")->calls.len, 7);
}

/* The presence of a transition was lost, its session was not. */
static void sessions_give_away_what_presence_lost(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_session(house, "101", "Proceeding", 2);
    struct house_person *p = house_person(house, "101");
    p->calls_len = 1;
    p->calls[0] = (struct house_call){.session = "s-101", .party = "p-101-2", .state = "Ringing"};
    house_run(house, 7000);
    assert_int_equal(house_lamp(house, "101"), LAMP_RINGING);
    assert_int_equal(house->gaps, 0);
    /* The other way round presence follows in time, and nothing is asked. */
    house_forget(house);
    house_session(house, "101", "Answered", 3);
    house_call(house, "101", "CallConnected", false);
    house_run(house, 7000);
    assert_int_equal(house_count(house, "extension/1001/presence"), 0);
}

/* What is known to be wrong is not shown as fresh until it may be asked for. */
static void a_repair_that_must_wait_is_a_gap(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house->is_light_spent = true;
    house_session(house, "101", "Proceeding", 2);
    house_run(house, 12000);
    assert_int_equal(house->gaps, 1);
    assert_true(house_is_stale(house, "101"));
    house_run(house, 60000);
    assert_false(house_is_stale(house, "101"));
}

/* Nor while its answer does not come, or is a refusal that comes late. */
static void a_repair_without_an_answer_is_a_gap(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    for (int is_refused = 0; is_refused <= 1; is_refused++) {
        size_t gaps = house->gaps;
        house->holds_presence = true;
        house_session(house, "101", "Proceeding", 2 + is_refused);
        house_run(house, 9000);
        assert_int_equal(house->gaps, gaps);
        assert_false(house_is_stale(house, "101"));
        house->is_light_spent = is_refused;
        house->holds_presence = !is_refused;
        house_run(house, is_refused ? 3000 : 12000);
        assert_int_equal(house->gaps, gaps + 1);
        assert_true(house_is_stale(house, "101"));
        house->holds_presence = false;
        house_run(house, 70000);
        assert_false(house_is_stale(house, "101"));
    }
}

/* A reading that is over makes all lamps fresh; a user whose answer in it came before the news that
 * is missing is not right by that. */
static void a_repair_that_is_late_in_a_reading_is_a_gap_after_it(void **state)
{
    struct house *house = *state;
    house_fini(house);
    house_init(house, 40); /* two batches */
    house_open_live(house);
    house_forget(house);
    house->held[0] = ",1040";
    house_say(house, "[{\"type\":\"ServerNotification\",\"messageId\":\"1\"},{\"uuid\":");
    house_run(house, 1000);
    assert_int_equal(house_count(house, "extension/1001,"), 1);
    assert_true(house_is_stale(house, "140"));
    house->held[1] = "extension/1001/presence";
    house_session(house, "101", "Proceeding", 2); /* its presence was lost */
    struct house_person *p = house_person(house, "101");
    p->calls_len = 1;
    p->calls[0] = (struct house_call){.session = "s-101", .party = "p-101-2", .state = "Ringing"};
    house_run(house, 25000);
    assert_int_equal(house->gaps, 1);
    house->held[0] = NULL;
    house_run(house, 50);
    assert_false(house_is_stale(house, "140"));
    house_run(house, REX_REPAIR_MS);
    assert_int_equal(house->gaps, 2);
    house_run(house, 70000);
    assert_int_equal(house_lamp(house, "101"), LAMP_RINGING);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(house->gaps, 2);
}

/* ---- what is lost ---- */

static void a_broken_frame_is_a_gap(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_person(house, "101")->dnd = "DoNotAcceptAnyCalls"; /* told by the broken one */
    house_say(house, "[{\"type\":\"ServerNotification\",\"messageId\":\"1\"},{\"uuid\":");
    assert_true(house_is_stale(house, "101"));
    house_run(house, 500);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(house_lamp(house, "101"), LAMP_DND);
}

static void numbers_left_out_are_a_gap_unless_they_come_late(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_call(house, "101", "Ringing", false);
    house_person(house, "101")->sequence++; /* lost */
    house_person(house, "102")->dnd = "DoNotAcceptAnyCalls";
    house_call(house, "101", "CallConnected", false);
    house_run(house, 1500);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(house->gaps, 0);
    house_run(house, 1500);
    assert_int_equal(house->gaps, 1);
    assert_false(house_is_stale(house, "102")); /* read already */
    assert_int_equal(house_lamp(house, "102"), LAMP_DND);

    house_person(house, "101")->sequence++;
    house_call(house, "101", "OnHold", false);
    house_person(house, "101")->sequence -= 2;
    house_call(house, "101", "CallConnected", false); /* the one left out, late */
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
    house_person(house, "101")->sequence++;
    house_run(house, 3000);
    assert_int_equal(house->gaps, 1);
}

/* A service that does not count one by one must not be stale for ever. */
static void numbers_left_out_in_vain_are_no_gap_after_a_while(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    for (int i = 0; i < 12; i++) {
        house_call(house, "101", i % 2 == 0 ? "CallConnected" : "OnHold", false);
        house_person(house, "101")->sequence += 3;
        house_run(house, 130000);
    }
    assert_int_equal(house->gaps, REX_SKIPS_IN_VAIN);
    assert_false(house_is_stale(house, "101"));
}

static void a_lapsed_subscription_is_found(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_call(house, "101", "Ringing", false);
    house->has_subscription = false; /* nobody says so */
    house_person(house, "102")->dnd = "DoNotAcceptAnyCalls";
    house_forget(house);
    house_run(house, 30000);
    assert_int_equal(house_lamp(house, "102"), LAMP_DND);
    assert_int_equal(house_count(house, "SUBSCRIBE"), 1);
    assert_true(house->has_subscription);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_false(house_is_stale(house, "102"));
}

static void a_quiet_floor_is_not_asked_all_the_time(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_forget(house);
    house_run(house, 10 * 60 * 1000);
    assert_true(house_count(house, "GET") <= 60);
    assert_int_equal(house_count(house, "oauth"), 0);
    assert_int_equal(house->gaps + house->lost, 0);
}

/* ---- the connection ---- */

static void a_recovered_session_reads_nothing(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_call(house, "101", "CallConnected", false);
    house_forget(house);
    house_drop(house);
    assert_true(house_is_stale(house, "101"));
    house_call(house, "101", "OnHold", false); /* kept by the service */
    house_run(house, 500);
    assert_int_equal(house_count(house, "wstoken"), 0); /* back-off */
    house_run(house, 3000);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(house_count(house, "/presence"), 0);
    assert_int_equal(house_count(house, "SUBSCRIBE"), 0);
    assert_int_equal(house_count(house, "oauth/token"), 0);
}

static void a_session_that_is_not_recovered_is_read_anew(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house->forgets = true;
    house_forget(house);
    house_drop(house);
    house_person(house, "101")->dnd = "DoNotAcceptAnyCalls";
    house_run(house, 4000);
    assert_int_equal(house_count(house, "SUBSCRIBE"), 1);
    assert_int_equal(house_lamp(house, "101"), LAMP_DND);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(house_count(house, "directory"), 0); /* that is known for an hour */
}

static void a_loss_during_the_snapshot_begins_it_anew(void **state)
{
    struct house *house = *state;
    house->holds_presence = true;
    house_open(house);
    house_run(house, 500);
    house_drop(house); /* recovered soon, but nothing is known yet */
    house->holds_presence = false;
    house_run(house, 4000);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
}

static void without_a_websocket_it_is_asked(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house->ws_status = 503;
    house->forgets = true;
    house_drop(house);
    house_run(house, 4000);
    assert_int_equal(house->hud.link.state == LINK_POLLING, 0);
    assert_true(house_is_stale(house, "101"));
    house_person(house, "101")->dnd = "DoNotAcceptAnyCalls";
    house_run(house, 28000);
    assert_int_equal(house->hud.link.state, LINK_POLLING);
    assert_int_equal(house_lamp(house, "101"), LAMP_DND);
    assert_false(house_is_stale(house, "101"));
    house_forget(house);
    for (int i = 0; i < 40; i++) {
        house_run(house, 1000);
        assert_false(house_is_stale(house, "102"));
    }
    assert_in_range(house_count(house, "1003/presence?"), 2, 3);
    house->ws_status = 0;
    house_run(house, 61000);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_string_equal(house->hud.link.text, "");
    assert_false(house_is_stale(house, "101"));
    house_forget(house);
    house_run(house, 60000); /* now and then, as always */
    assert_in_range(house_count(house, "1003/presence?"), 1, 2);
}

static void a_websocket_that_is_not_allowed_is_asked_around(void **state)
{
    struct house *house = *state;
    house->ws_status = 403;
    house_open(house);
    house_run(house, 3000);
    assert_int_equal(house->hud.link.state, LINK_POLLING);
    assert_non_null(strstr(house->link_text, "permission"));
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
    assert_false(house_is_stale(house, "101"));
}

static void a_snapshot_that_fails_is_tried_again(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house->lines_status = 500;
    house_say(house, "[{\"type\":\"ServerNotification\",\"messageId\":\"1\"},{\"uuid\":");
    house_run(house, 8000);
    assert_true(house_is_stale(house, "101"));
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_non_null(strstr(house->link_text, "trying again"));
    house->lines_status = 0;
    house_run(house, 70000);
    assert_false(house_is_stale(house, "101"));
    assert_string_equal(house->hud.link.text, "");
}

static void actions_need_the_connection(void **state)
{
    struct house *house = *state;
    struct err err = {0};
    const struct action action = {
        .id = 1, .kind = ACTION_DND, .user_id = "1001", .call_id = "", .is_on = true};
    house_open(house);
    assert_int_equal(ringcentral_backend.act(house->backend, &action, &err), RC_UNREACHABLE);
    assert_non_null(strstr(err.text, "no connection"));
}

/* Wherever it is closed, nothing is left behind. */
static void it_can_be_closed_at_any_moment(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < 400; ms += 10) {
        struct house *house = mem_zero(1, sizeof *house);
        house_init(house, 3);
        house_open(house);
        house_run(house, ms);
        if (ms % 40 == 0 && house->net.sockets.len > 0 && fake_ws(&house->net)->is_open) {
            house_call(house, "101", "Ringing", false);
            house_drop(house);
            house_run(house, ms * 5);
        }
        house_fini(house);
        mem_free(house);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, house_tear_down)
        T(it_connects_and_lamps_are_known),
        T(presence_is_asked_after_the_subscription),
        T(without_call_control_no_sessions_are_asked_for),
        T(one_snapshot_needs_no_websocket),
        T(while_polling_lamps_are_as_old_as_their_answer),
        T(one_snapshot_waits_for_the_budget),
        T(one_snapshot_does_not_wait_long_for_sessions),
        T(what_is_wrong_is_said),
        T(what_the_first_reading_waits_for_is_said),
        T(events_light_lamps),
        T(an_event_during_the_snapshot_is_not_overwritten),
        T(fewer_calls_than_said_are_asked_for),
        T(what_cannot_be_read_anew_is_asked_again_and_is_a_gap_in_the_end),
        T(who_is_to_be_read_anew_is_asked_for_once_in_a_request),
        T(a_user_of_many_calls_is_asked_for_once),
        T(sessions_give_away_what_presence_lost),
        T(a_repair_without_an_answer_is_a_gap),
        T(a_repair_that_must_wait_is_a_gap),
        T(a_repair_that_is_late_in_a_reading_is_a_gap_after_it),
        T(a_broken_frame_is_a_gap),
        T(numbers_left_out_are_a_gap_unless_they_come_late),
        T(numbers_left_out_in_vain_are_no_gap_after_a_while),
        T(a_lapsed_subscription_is_found),
        T(a_quiet_floor_is_not_asked_all_the_time),
        T(a_recovered_session_reads_nothing),
        T(a_session_that_is_not_recovered_is_read_anew),
        T(a_loss_during_the_snapshot_begins_it_anew),
        T(without_a_websocket_it_is_asked),
        T(a_websocket_that_is_not_allowed_is_asked_around),
        T(a_snapshot_that_fails_is_tried_again),
        T(actions_need_the_connection),
        cmocka_unit_test(it_can_be_closed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
