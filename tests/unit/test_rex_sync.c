/* Who is monitored and how their state is read: list, directory, ranges, batches, filters. */
#include "callhud/backend/ringcentral/ringcentral.h"
#include "callhud/backend/ringcentral/sync.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "rex_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DETAILED "?detailedTelephonyState=true&sipData=true"
#define ACCOUNT "/restapi/v1.0/account/~"

static struct house *house_of(size_t people)
{
    struct house *house = mem_zero(1, sizeof *house);
    house_init(house, people);
    return house;
}

static void end(struct house *house)
{
    house_fini(house);
    mem_free(house);
}

static void open_live(struct house *house)
{
    house_open(house);
    house_run(house, 1500);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_true(house->hud.link.is_synced);
}

/* ---- how presence is asked ---- */

static void few_are_asked_in_batches_many_with_one_call(void **state)
{
    static const struct {
        size_t people, pages, batches, account;
    } rows[] = {
        {1, 0, 1, 0},  {30, 0, 1, 0},  {31, 0, 2, 0},   {90, 0, 3, 0},
        {91, 1, 0, 1}, {100, 5, 0, 5}, {100, 30, 4, 1}, /* the first page tells that it is dear */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct house *house = house_of(rows[i].people);
        house->pages = (unsigned)rows[i].pages;
        open_live(house);
        size_t own = house_count(house, "/extension/~/presence?");
        size_t account = house_count(house, "/account/~/presence?");
        assert_int_equal(own, 1);
        assert_int_equal(account, rows[i].account);
        assert_int_equal(house_count(house, "/presence?") - own - account, rows[i].batches);
        assert_int_equal(house->hud.users.len, rows[i].people);
        for (size_t k = 1; k < house->people_len; k++)
            assert_int_equal(house_lamp(house, house->people[k].extension), LAMP_AVAILABLE);
        end(house);
    }
}

static void without_the_right_to_the_account_it_is_batches(void **state)
{
    (void)state;
    struct house *house = house_of(100);
    house->account_status = 403;
    open_live(house);
    assert_int_equal(house_count(house, "/account/~/presence?"), 1);
    assert_int_equal(house_count(house, "/presence?"), 1 + 1 + 4);
    house_say(house, "[{\"type\":\"ServerNotification\",\"messageId\":\"1\"},{");
    house_forget(house);
    house_run(house, 1000);
    assert_int_equal(house_count(house, "/account/~/presence?"), 0); /* known by now */
    assert_int_equal(house_lamp(house, "200"), LAMP_AVAILABLE);
    end(house);
}

static void lose_a_frame(struct house *house)
{
    house_forget(house);
    house_say(house, "[{\"type\":\"ServerNotification\",\"messageId\":\"1\"},{");
    house_run(house, 15000);
    assert_int_not_equal(house_count(house, "/presence?"), 0);
}

/* Read every ten minutes, but for those that could not be had. */
static void features_that_failed_are_asked_for_again(void **state)
{
    (void)state;
    struct house *house = house_of(3);
    house->features_status = 500;
    open_live(house);
    house->features_status = 0;
    lose_a_frame(house);
    assert_int_equal(house_count(house, "/features"), 1);
    lose_a_frame(house);
    assert_int_equal(house_count(house, "/features"), 0);
    end(house);
}

/* The heavy group is in a penalty: the light one can do it. */
static void a_spent_group_is_gone_around(void **state)
{
    (void)state;
    struct house *house = house_of(100);
    house->account_status = 429;
    house_open(house);
    house_run(house, 5000);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_count(house, "/account/~/presence?"), 1); /* none in the penalty */
    assert_int_equal(house_lamp(house, "200"), LAMP_AVAILABLE);
    end(house);
}

/* The light group is: the heavy one tells us as well. */
static void a_spent_light_group_is_gone_around_too(void **state)
{
    (void)state;
    struct house *house = house_of(100);
    house->picks_up_held = true;
    house->is_light_spent = true;
    house->config.monitor = "all";
    house_open(house);
    house_run(house, 5000);
    assert_true(house->hud.link.is_synced);
    assert_true(house->hud.settings.pick_up_held_lines);
    assert_int_equal(house_count(house, "/account/~/presence?"), 1);
    assert_int_equal(house_lamp(house, "200"), LAMP_AVAILABLE);
    end(house);
}

static void who_may_not_be_seen_is_hidden(void **state)
{
    (void)state;
    struct house *house = house_of(3);
    house_person(house, "102")->is_refused = true;
    open_live(house);
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
    assert_int_equal(house_lamp(house, "102"), LAMP_HIDDEN);
    end(house);
}

/* Three requests of ten a minute: half of them are one reading in 36 s, not one in 60. */
static void what_was_lost_without_a_trace_is_found_as_soon_as_the_limits_allow(void **state)
{
    (void)state;
    struct house *house = house_of(100);
    house->pages = 3;
    open_live(house);
    lose_a_frame(house); /* since then it is looked more often */
    struct house_person *p = house_person(house, "101");
    p->calls[0] = (struct house_call){.session = "s-77", .party = "p-77-2", .state = "OnHold"};
    p->calls_len = 1; /* and nobody tells */
    for (int i = 0; i < 3; i++) {
        house_tell(house, "102"); /* it is not silent */
        house_run(house, 5000);
    }
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
    for (int i = 0; i < 2; i++) {
        house_tell(house, "102");
        house_run(house, 6000);
    }
    assert_int_equal(house_lamp(house, "101"), LAMP_HOLD);
    end(house);
}

static void who_is_left_out_of_an_answer_is_unknown_but_for_an_event_since(void **state)
{
    (void)state;
    struct house *house = house_of(3);
    house_person(house, "102")->is_left_out = true;
    house_person(house, "103")->is_left_out = true;
    house->held[0] = "/extension/1001,";
    house_open(house);
    house_run(house, 1500);
    house_call(house, "103", "CallConnected", false); /* while the answer is on its way */
    house->held[0] = NULL;
    house_run(house, 1500);
    assert_true(house->hud.link.is_synced);
    assert_int_equal(house_lamp(house, "101"), LAMP_AVAILABLE);
    assert_int_equal(house_lamp(house, "102"), LAMP_UNKNOWN);
    assert_int_equal(house_lamp(house, "103"), LAMP_ON_CALL);
    end(house);
}

static void withheld_calls_are_said_to_be(void **state)
{
    (void)state;
    struct house *house = house_of(3);
    house_person(house, "102")->withholds = true;
    house_person(house, "102")->telephony = "CallConnected";
    open_live(house);
    assert_int_equal(house_lamp(house, "102"), LAMP_PRESENCE_ONLY);
    house_forget(house);
    house_tell(house, "102");
    house_run(house, 6000);
    assert_int_equal(house_count(house, "presence"), 0); /* asking does not help */
    end(house);
}

/* ---- the list ---- */

static void lines_have_their_order_and_doubles_the_first(void **state)
{
    (void)state;
    struct house *house = house_of(4);
    const size_t lines[] = {3, 1, 3, 0};
    memcpy(house->lines, lines, sizeof lines);
    house->lines_len = 4;
    open_live(house);
    assert_int_equal(house->hud.users.len, 3);
    assert_int_equal(hud_user_by_extension(&house->hud, "103")->line, 1);
    assert_int_equal(hud_user_by_extension(&house->hud, "101")->line, 2);
    /* We are in a line of our own choice as well: shown. */
    assert_int_equal(hud_user_by_extension(&house->hud, "900")->line, 4);
    assert_int_equal(house_lamp(house, "900"), LAMP_AVAILABLE);
    end(house);
}

static void a_list_that_changes_elsewhere_shows_by_itself(void **state)
{
    (void)state;
    struct house *house = house_of(5);
    house->lines_len = 3;
    open_live(house);
    assert_int_equal(house->hud.users.len, 3);
    house_person(house, "104")->dnd = "DoNotAcceptAnyCalls";
    const size_t lines[] = {1, 3, 4};
    memcpy(house->lines, lines, sizeof lines);
    house_forget(house);
    house_tell_lines(house);
    house_run(house, 1000);
    assert_int_equal(house->hud.users.len, 3);
    assert_null(hud_user_by_extension(&house->hud, "102"));
    assert_int_equal(hud_user_by_extension(&house->hud, "103")->line, 2);
    assert_string_equal(hud_user_by_extension(&house->hud, "104")->name, "Person 4");
    assert_int_equal(house_lamp(house, "104"), LAMP_DND);
    assert_false(house_is_stale(house, "101"));
    assert_int_equal(house_count(house, "/presence?"), 1); /* the new one alone */
    assert_int_equal(house_count(house, "extension/1004/presence?"), 1);
    assert_int_equal(house->gaps, 0);
    house_call(house, "104", "Ringing", false);
    assert_int_equal(house_lamp(house, "104"), LAMP_RINGING);
    end(house);
}

/* Their state began before anybody looked, and do not disturb is off: both are told so. */
static void who_comes_onto_the_list_began_unseen(void **state)
{
    (void)state;
    for (size_t many = 1; many <= 2; many++) { /* asked for alone, and in a batch */
        struct house *house = house_of(5);
        house->lines_len = 3;
        open_live(house);
        house->lines_len = 3 + many;
        struct house_person *busy = house_person(house, "104");
        busy->calls_len = many - 1;
        busy->calls[0] =
            (struct house_call){.session = "s-4", .party = "p-4-2", .state = "CallConnected"};
        house_tell_lines(house);
        house_run(house, 1000);
        const struct user *user = hud_user_by_extension(&house->hud, "104");
        struct lamp_view view = hud_lamp(&house->hud, user, house->net.now_ms);
        assert_int_equal(view.lamp, many == 1 ? LAMP_AVAILABLE : LAMP_ON_CALL);
        assert_int_equal(view.since_ms, 0);
        assert_true(view.at_least_ms > 0);
        assert_true(user->touched_dnd.any > 0);
        assert_false(user->is_dnd);
        end(house);
    }
}

static void a_list_without_an_end_is_ended(void **state)
{
    static const char *const monitors[] = {"list", "all"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct house *house = house_of(100);
        house->is_endless = true;
        house->config.monitor = monitors[i];
        open_live(house);
        assert_int_equal(house->hud.users.len, i == 0 ? 100 : 101);
        assert_int_equal(house_lamp(house, "200"), LAMP_AVAILABLE);
        assert_true(house_count(house, "/presence/line?") <= 4); /* read twice */
        assert_true(house_count(house, "/directory/entries?") <= 2);
        assert_true(house_count(house, "/grant?") <= 2);
        assert_true(house_count(house, "/account/~/presence?") <= 2);
        end(house);
    }
}

static void a_refused_list_is_replaced_by_the_users_of_the_configuration(void **state)
{
    static const struct backend_user users[] = {
        {.extension = "103", .name = "", .department = ""},
        {.extension = "101", .name = "Noor", .department = "Watches"},
        {.extension = "777", .name = "Nobody", .department = ""},
    };
    (void)state;
    for (int status = 403; status <= 404; status++) {
        struct house *house = house_of(4);
        house->lines_status = status;
        house->config.users = users;
        house->config.users_len = 3;
        open_live(house);
        assert_int_equal(house->hud.users.len, 2);
        assert_non_null(strstr(house->hud.lacks[LACK_LIST], "the stored list cannot be read"));
        assert_null(house->hud.lacks[LACK_PRESENCE]);
        assert_int_equal(hud_user_by_extension(&house->hud, "103")->line, 1);
        assert_string_equal(hud_user_by_extension(&house->hud, "101")->name, "Noor");
        assert_string_equal(hud_user_by_extension(&house->hud, "101")->department, "Watches");
        assert_string_equal(hud_user_by_extension(&house->hud, "103")->name, "Person 3");
        assert_true(house_has_filter(house, ACCOUNT "/extension/1001/presence" DETAILED));
        assert_true(house_has_filter(house, ACCOUNT "/extension/1003/presence" DETAILED));
        assert_false(house_has_filter(house, ACCOUNT "/extension/~/presence/line"));
        house_call(house, "103", "Ringing", false);
        assert_int_equal(house_lamp(house, "103"), LAMP_RINGING);
        end(house);
    }
}

static void presence_that_is_refused_is_told_once_and_until_it_is_had(void **state)
{
    (void)state;
    struct house *house = house_of(4);
    house->presence_status = 403;
    open_live(house);
    const char *lack = house->hud.lacks[LACK_PRESENCE];
    assert_non_null(lack);
    assert_non_null(strstr(lack, "nobody's presence is told: "));
    assert_non_null(strstr(lack, "(403"));
    assert_null(strstr(lack, "/restapi"));
    assert_int_equal(house_lamp(house, "102"), LAMP_UNKNOWN);
    assert_null(house->hud.lacks[LACK_LIST]);
    house->presence_status = 0;
    house_run(house, 20 * 60 * 1000);
    assert_int_equal(house_lamp(house, "102"), LAMP_AVAILABLE);
    assert_null(house->hud.lacks[LACK_PRESENCE]);
    end(house);
}

static void a_directory_that_is_refused_is_a_lack_where_nobody_is_known(void **state)
{
    (void)state;
    struct house *house = house_of(4);
    house->config.monitor = "101-104";
    house->directory_status = house->account_status = 403;
    house->own_status = 403;
    open_live(house);
    assert_int_equal(house->hud.users.len, 0);
    assert_non_null(strstr(house->hud.lacks[LACK_PEOPLE], "the directory cannot be read"));
    assert_non_null(strstr(house->hud.lacks[LACK_SELF], "who we are is not told"));
    end(house);
}

/* ---- everybody, and ranges ---- */

static void everybody_and_ranges(void **state)
{
    static const struct {
        const char *monitor;
        size_t users;
        const char *in, *out;
    } rows[] = {
        {"all", 21, "900", NULL},
        {"101-103,110", 4, "110", "104"},
        {"105 , 900", 2, "900", "101"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct house *house = house_of(20);
        house->config.monitor = rows[i].monitor;
        house->lines_status = 500; /* not needed */
        open_live(house);
        assert_int_equal(house->hud.users.len, rows[i].users);
        assert_int_equal(house_lamp(house, rows[i].in), LAMP_AVAILABLE);
        if (rows[i].out != NULL)
            assert_null(hud_user_by_extension(&house->hud, rows[i].out));
        assert_true(house_has_filter(house, ACCOUNT "/presence" DETAILED));
        assert_false(
            house_has_filter(house, ACCOUNT "/extension/~/presence/line/presence" DETAILED));
        house_call(house, rows[i].in, "CallConnected", false);
        assert_int_equal(house_lamp(house, rows[i].in), LAMP_ON_CALL);
        end(house);
    }
}

static void without_a_directory_presence_tells_who_there_is(void **state)
{
    (void)state;
    struct house *house = house_of(5);
    house->config.monitor = "101-104";
    house->directory_status = 403;
    open_live(house);
    assert_int_equal(house->hud.users.len, 4);
    assert_int_equal(house_lamp(house, "104"), LAMP_AVAILABLE);
    assert_string_equal(hud_user_by_extension(&house->hud, "104")->name, "");
    end(house);
}

/* ---- filters that are switched off ---- */

static void each_by_itself_where_all_are_refused(void **state)
{
    static const struct {
        const char *monitor, *disabled, *each;
    } rows[] = {
        {"list", ACCOUNT "/extension/~/presence/line/presence" DETAILED,
         ACCOUNT "/extension/1002/presence" DETAILED},
        {"all", ACCOUNT "/presence" DETAILED, ACCOUNT "/extension/1002/presence" DETAILED},
        {"list", ACCOUNT "/telephony/sessions", ACCOUNT "/extension/1002/telephony/sessions"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct house *house = house_of(3);
        house->config.monitor = rows[i].monitor;
        house->disabled = rows[i].disabled;
        house_open(house);
        house_run(house, 12000);
        assert_true(house_has_filter(house, rows[i].each));
        assert_false(house_has_filter(house, rows[i].disabled));
        assert_int_equal(house_count(house, "CHANGE"), 1);
        assert_true(house->hud.link.is_synced);
        assert_false(house_is_stale(house, "102"));
        house_call(house, "102", "Ringing", false);
        assert_int_equal(house_lamp(house, "102"), LAMP_RINGING);
        end(house);
    }
}

static void what_is_said_at_the_wrong_time_does_no_harm(void **state)
{
    (void)state;
    struct house *house = house_of(3);
    house->holds_presence = true;
    house_open(house);
    house_run(house, 500);
    house_tell_lines(house); /* during the snapshot: after it */
    house->lines_len = 2;
    house->holds_presence = false;
    house_run(house, 1500);
    assert_int_equal(house->hud.users.len, 2);
    assert_true(house->hud.link.is_synced);
    ringcentral_backend.resync(house->backend);
    ringcentral_backend.resync(house->backend);
    ringcentral_backend.reconnect(house->backend);
    house_run(house, 1500);
    assert_int_equal(house_lamp(house, "102"), LAMP_AVAILABLE);
    end(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_asked_in_batches_many_with_one_call),
        cmocka_unit_test(without_the_right_to_the_account_it_is_batches),
        cmocka_unit_test(features_that_failed_are_asked_for_again),
        cmocka_unit_test(a_spent_group_is_gone_around),
        cmocka_unit_test(a_spent_light_group_is_gone_around_too),
        cmocka_unit_test(who_may_not_be_seen_is_hidden),
        cmocka_unit_test(what_was_lost_without_a_trace_is_found_as_soon_as_the_limits_allow),
        cmocka_unit_test(who_is_left_out_of_an_answer_is_unknown_but_for_an_event_since),
        cmocka_unit_test(withheld_calls_are_said_to_be),
        cmocka_unit_test(lines_have_their_order_and_doubles_the_first),
        cmocka_unit_test(a_list_that_changes_elsewhere_shows_by_itself),
        cmocka_unit_test(who_comes_onto_the_list_began_unseen),
        cmocka_unit_test(a_list_without_an_end_is_ended),
        cmocka_unit_test(a_refused_list_is_replaced_by_the_users_of_the_configuration),
        cmocka_unit_test(presence_that_is_refused_is_told_once_and_until_it_is_had),
        cmocka_unit_test(a_directory_that_is_refused_is_a_lack_where_nobody_is_known),
        cmocka_unit_test(everybody_and_ranges),
        cmocka_unit_test(without_a_directory_presence_tells_who_there_is),
        cmocka_unit_test(each_by_itself_where_all_are_refused),
        cmocka_unit_test(what_is_said_at_the_wrong_time_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
