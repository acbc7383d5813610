/* The backend where the questions of a desk are all that is asked: no floor, no websocket, and a
 * wait for the service's limits says so. */
#include "callhud/backend/ringcentral/ringcentral.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "rex_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct house *house = mem_zero(1, sizeof *house);
    house_init(house, 3);
    house->config.is_once = house->config.is_desk_only = true;
    *state = house;
    return 0;
}

struct told {
    unsigned count;
    enum rc rc;
    size_t lines;
    char names[256], text[ERR_TEXT_BYTES];
};

static void on_answer(void *self, const struct desk_answer *answer)
{
    struct told *told = self;
    told->count++;
    told->rc = answer->rc;
    told->lines = answer->lines_len;
    str_copy(told->text, sizeof told->text, answer->text);
    told->names[0] = '\0';
    for (size_t i = 0; i < answer->lines_len; i++) {
        size_t len = strlen(told->names);
        str_copy(told->names + len, sizeof told->names - len, answer->lines[i].name);
    }
}

static void ask(struct house *house, enum desk_kind kind, struct told *told)
{
    const struct desk_question question = {.kind = kind};
    ringcentral_backend.desk(house->backend, &question, on_answer, told);
}

static void only_the_token_is_waited_for(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_run(house, 300000);
    assert_int_equal(house->asked.len, 1);
    assert_int_equal(house_count(house, "oauth/token"), 1);
    assert_int_equal(fake_ws_count(&house->net), 0);
    assert_int_equal(house->hud.users.len, 0);
}

static void a_list_takes_its_own_requests_alone(void **state)
{
    struct house *house = *state;
    struct told told = {0};
    house_open_live(house);
    house_forget(house);
    ask(house, DESK_LIST, &told);
    house_run(house, 1000);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.rc, RC_OK);
    assert_int_equal(told.lines, 5);
    assert_non_null(strstr(told.names, "Person 2"));
    ask(house, DESK_PEOPLE, &told);
    house_run(house, 1000);
    assert_int_equal(told.count, 2);
    assert_int_equal(house->asked.len, 3); /* the people were read for the names */
    assert_int_equal(house_count(house, "presence/line"), 1);
    assert_int_equal(house_count(house, "directory/entries"), 1);
    assert_int_equal(house_count(house, "features"), 1);
}

static void a_wait_says_for_what_and_until_when(void **state)
{
    struct house *house = *state;
    struct told told = {0};
    house_open_live(house);
    house->lines_status = 429;
    ask(house, DESK_LIST, &told);
    house_run(house, 2000);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_non_null(strstr(house->link_text, "allows no more requests for "));
    int64_t left_ms = house->hud.link.retry_ms - house->net.now_ms;
    assert_in_range(left_ms, 20000, 40000);
    assert_int_equal(told.count, 0);
    house->lines_status = 0;
    house_run(house, left_ms + 1000);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.rc, RC_OK);
    assert_string_equal(house->link_text, "");
    assert_int_equal(house->hud.link.retry_ms, 0);
}

static void a_resync_reads_nothing(void **state)
{
    struct house *house = *state;
    house_open_live(house);
    house_forget(house);
    ringcentral_backend.resync(house->backend);
    ringcentral_backend.reconnect(house->backend);
    house_run(house, 1000);
    assert_int_equal(house->asked.len, 0);
    assert_true(house->hud.link.is_synced);
}

static void what_is_wrong_with_the_sign_in_is_said(void **state)
{
    struct house *house = *state;
    house->token_status = 400;
    house_open(house);
    house_run(house, 1000);
    assert_int_equal(house->hud.link.state, LINK_REFUSED);
    assert_false(house->hud.link.is_synced);
}

/* Other commands are not kept from signing in by one that knocks at an empty house. */
static void a_service_that_is_not_there_is_given_up_soon(void **state)
{
    struct house *house = *state;
    house_open(house);
    for (int i = 0; i < 2; i++) {
        assert_int_not_equal(house->hud.link.state, LINK_REFUSED);
        fake_io_advance(&house->net, 3000);
        fake_http_answer(fake_http(&house->net), RC_UNREACHABLE, 0, NULL, NULL);
    }
    assert_int_equal(house->hud.link.state, LINK_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_token_is_waited_for, set_up, house_tear_down),
        cmocka_unit_test_setup_teardown(a_list_takes_its_own_requests_alone, set_up,
                                        house_tear_down),
        cmocka_unit_test_setup_teardown(a_wait_says_for_what_and_until_when, set_up,
                                        house_tear_down),
        cmocka_unit_test_setup_teardown(a_resync_reads_nothing, set_up, house_tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_the_sign_in_is_said, set_up,
                                        house_tear_down),
        cmocka_unit_test_setup_teardown(a_service_that_is_not_there_is_given_up_soon, set_up,
                                        house_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
