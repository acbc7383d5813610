#include "callhud/model/order.h"

#include "floor.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *joined(const struct user *const *users, size_t len)
{
    static char out[512];

    out[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        size_t used = strlen(out);
        (void)snprintf(out + used, sizeof out - used, "%s%s", used > 0 ? " " : "",
                       users[i]->extension);
    }
    return out;
}

static const char *ordered(const struct floor *f, enum order_by by)
{
    static char out[512];
    struct order order = {0};
    struct order_request request = {.by = by};

    order_build(&order, &f->hud, &request, f->now_ms);
    assert_int_equal(order.groups.len, 1);
    assert_null(order.groups.items[0].department);
    assert_int_equal(order.groups.items[0].first, 0);
    assert_int_equal(order.groups.items[0].len, order.users.len);
    (void)snprintf(out, sizeof out, "%s", joined(order.users.items, order.users.len));
    order_fini(&order);
    return out;
}

static const char *urgent(const struct floor *f)
{
    static char out[512];
    struct urgent list = {0};
    struct order order = {0};
    struct filter nobody = {0};
    struct order_request request = {.filter = &nobody}; /* makes no difference */

    assert_int_equal(filter_parse(&nobody, "nobody-of-this-name", NULL), RC_OK);
    order_build(&order, &f->hud, &request, f->now_ms);
    assert_int_equal(order.users.len, 0);
    urgent_of_order(&list, &order);
    (void)snprintf(out, sizeof out, "%s", joined(list.users.items, list.users.len));
    urgent_fini(&list);
    order_fini(&order);
    return out;
}

static void words_of_orders(void **state)
{
    enum order_by by = ORDER_NAME;

    (void)state;
    static const char *const words[ORDER_COUNT] = {"line",  "extension", "name",
                                                   "state", "longest",   "hold"};
    for (int i = 0; i < ORDER_COUNT; i++) {
        assert_true(order_from_word(words[i], &by));
        assert_int_equal(by, i);
    }
    assert_string_equal(order_text(ORDER_LONGEST), "longest in state");
    assert_true(order_from_word("Line", &by) && by == ORDER_LINE);
    assert_false(order_from_word("lines", &by));
    assert_int_equal(by, ORDER_LINE);
}

static void by_line_extension_and_name(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "1010", "Émile", "", 0);
    floor_user(&f, "99", "zoe", "", 3);
    floor_user(&f, "101", "", "", 0);
    floor_user(&f, "9", "Adam 10", "", 7);
    floor_user(&f, "20", "adam 9", "", 1);
    assert_string_equal(ordered(&f, ORDER_LINE), "20 99 9 101 1010");
    assert_string_equal(ordered(&f, ORDER_EXTENSION), "9 20 99 101 1010");
    assert_string_equal(ordered(&f, ORDER_NAME), "20 9 1010 99 101");
    floor_fini(&f);
}

static void equal_keys_go_by_extension(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "30", "Same", "", 2);
    floor_user(&f, "4", "Same", "", 2);
    floor_user(&f, "200", "Same", "", 2);
    for (int by = 0; by < ORDER_COUNT; by++)
        assert_string_equal(ordered(&f, (enum order_by)by), "4 30 200");
    floor_fini(&f);
}

static void by_state_and_by_age(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 6);
    floor_pass(&f, 1000);
    floor_call(&f, "104", "a", CALL_CONNECTED);
    floor_pass(&f, 1000);
    floor_dnd(&f, "101", true);
    floor_pass(&f, 1000);
    floor_call(&f, "106", "b", CALL_HELD);
    floor_pass(&f, 1000);
    floor_call(&f, "103", "c", CALL_HELD);
    floor_pass(&f, 1000);
    floor_call(&f, "103", "d", CALL_RINGING); /* still holds, for the state it rings */
    assert_string_equal(ordered(&f, ORDER_STATE), "103 106 104 101 102 105");
    assert_string_equal(ordered(&f, ORDER_LONGEST), "102 105 104 101 106 103");
    assert_string_equal(ordered(&f, ORDER_HOLD), "106 103 101 102 104 105");
    assert_string_equal(ordered(&f, ORDER_LINE), "101 102 103 104 105 106");
    floor_fini(&f);
}

/* Of two that are in their state since the same time, the one that may be longer goes first. */
static void at_least_counts_as_since_when_it_was_seen(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "1", "", "", 1);
    floor_user(&f, "2", "", "", 2);
    floor_call(&f, "1", "a", CALL_HELD);
    f.is_answer = true;
    floor_call(&f, "2", "b", CALL_HELD);
    f.is_answer = false;
    assert_int_equal(floor_view(&f, "2").since_ms, 0);
    assert_string_equal(ordered(&f, ORDER_HOLD), "2 1");
    assert_string_equal(ordered(&f, ORDER_LONGEST), "2 1");
    assert_string_equal(urgent(&f), "2 1");
    floor_fini(&f);
}

/* A backend that tells no times: such a hold is of any age, so it goes behind those whose is known.
 */
static void a_beginning_without_any_time_counts_from_the_first_time(void **state)
{
    struct order order = {0};
    struct order_request request = {0};
    struct floor f;

    (void)state;
    floor_init(&f);
    f.is_untimed = true;
    floor_link(&f, LINK_LIVE);
    floor_kind(&f, EVENT_SNAPSHOT_ASKED);
    floor_user(&f, "1", "", "", 1);
    floor_user(&f, "2", "", "", 2);
    floor_call(&f, "1", "a", CALL_HELD);
    floor_kind(&f, EVENT_SNAPSHOT_DONE);
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_int_equal(order.groups.items[0].held_count, 1);
    assert_int_equal(order.groups.items[0].longest_hold_ms, -1);
    order_fini(&order);
    f.is_untimed = false;
    floor_presence(&f, "2", PRESENCE_AVAILABLE); /* the first that tells the time */
    f.now_ms += 5000;
    floor_call(&f, "2", "b", CALL_HELD);
    assert_string_equal(ordered(&f, ORDER_HOLD), "1 2");
    assert_string_equal(ordered(&f, ORDER_LONGEST), "1 2");
    assert_string_equal(urgent(&f), "1 2");
    floor_fini(&f);
}

static void groups_by_department(void **state)
{
    struct order order = {0};
    struct order_request request = {.by = ORDER_NAME, .is_grouped = true};
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "1", "z", "", 1);
    floor_user(&f, "2", "d", "Support", 2);
    floor_user(&f, "3", "c", "Sales", 3);
    floor_user(&f, "4", "b", "Support", 4);
    floor_user(&f, "5", "a", "Sales", 5);
    floor_user(&f, "6", "e", "Archive", 0);
    floor_presence(&f, "3", PRESENCE_AVAILABLE);
    floor_call(&f, "2", "h", CALL_HELD);
    floor_pass(&f, 5000);
    floor_call(&f, "4", "r", CALL_RINGING);
    f.is_answer = true;
    floor_call(&f, "4", "h2", CALL_HELD);
    f.is_answer = false;
    floor_pass(&f, 1000);

    order_build(&order, &f.hud, &request, f.now_ms);
    assert_string_equal(joined(order.users.items, order.users.len), "4 2 5 3 6 1");
    assert_int_equal(order.groups.len, 4);
    const struct order_group *g = order.groups.items;
    assert_string_equal(g[0].department, "Support");
    assert_int_equal(g[0].first, 0);
    assert_int_equal(g[0].len, 2);
    assert_int_equal(g[0].ringing_count, 1);
    assert_int_equal(g[0].held_count, 2); /* one of them rings as well */
    assert_int_equal(g[0].free_count, 0);
    assert_int_equal(g[0].longest_hold_ms, 6000);
    assert_false(g[0].is_hold_at_least);
    assert_string_equal(g[1].department, "Sales");
    assert_int_equal(g[1].first, 2);
    assert_int_equal(g[1].free_count, 1);
    assert_int_equal(g[1].longest_hold_ms, -1);
    assert_string_equal(g[2].department, "Archive");
    assert_string_equal(g[3].department, "");
    assert_int_equal(g[3].first, 5);

    /* The hold whose beginning nobody saw is the longest once the other one ends. */
    floor_ended(&f, "2", "h");
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_int_equal(order.groups.items[0].longest_hold_ms, 1000);
    assert_true(order.groups.items[0].is_hold_at_least);
    order_fini(&order);
    floor_fini(&f);
}

/* A filter that leaves out the first user of a department moves no department. */
static void groups_stay_where_they_are_under_a_filter(void **state)
{
    struct order order = {0};
    struct filter filter = {0};
    struct order_request request = {.is_grouped = true, .filter = &filter};
    struct floor f;

    (void)state;
    floor_open(&f, 0);
    floor_user(&f, "7", "Ann", "Support", 1);
    floor_user(&f, "2", "Bob", "Sales", 2);
    floor_user(&f, "3", "Bo", "Support", 3);
    assert_int_equal(filter_parse(&filter, "name:bo", NULL), RC_OK);
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_string_equal(joined(order.users.items, order.users.len), "3 2");
    assert_string_equal(order.groups.items[0].department, "Support");
    assert_int_equal(order.hidden, 1);

    request.department = "Sales";
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_string_equal(joined(order.users.items, order.users.len), "2");
    assert_int_equal(order.groups.len, 1);
    assert_int_equal(order.hidden, 2);
    order_fini(&order);
    floor_fini(&f);
}

static void nobody_gives_an_empty_list(void **state)
{
    struct order order = {0};
    struct order_request request = {.is_grouped = true};
    struct floor f;

    (void)state;
    floor_init(&f);
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_int_equal(order.users.len, 0);
    assert_int_equal(order.groups.len, 0);
    assert_string_equal(ordered(&f, ORDER_LINE), "");
    assert_string_equal(urgent(&f), "");
    order_fini(&order);
    floor_fini(&f);
}

static void urgent_ones_longest_first_within_their_kind(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 7);
    floor_call(&f, "101", "a", CALL_PARKED);
    floor_pass(&f, 1000);
    floor_call(&f, "105", "b", CALL_HELD);
    floor_pass(&f, 1000);
    floor_call(&f, "102", "c", CALL_HELD);
    floor_pass(&f, 1000);
    floor_call(&f, "107", "d", CALL_RINGING);
    floor_pass(&f, 1000);
    floor_call(&f, "103", "e", CALL_RINGING);
    floor_call(&f, "104", "f", CALL_CONNECTED);
    assert_string_equal(urgent(&f), "107 103 105 102 101");
    /* Stale ones are still urgent, unknown ones are not. */
    floor_link(&f, LINK_LOST);
    assert_string_equal(urgent(&f), "107 103 105 102 101");
    floor_pass(&f, HUD_STALE_KEEP_MS);
    assert_string_equal(urgent(&f), "");
    floor_fini(&f);
}

/* Its phone rings because its callhud calls it: nobody waits there. */
static void a_summons_is_not_urgent(void **state)
{
    struct floor f;
    struct event event = {.kind = EVENT_CALL, .user_id = "103"};

    (void)state;
    floor_open(&f, 5);
    event.u.call.id = "p";
    event.u.call.state = CALL_RINGING;
    event.u.call.number = event.u.call.name = "";
    event.u.call.is_summons = true;
    (void)floor_tell(&f, event);
    floor_call(&f, "102", "c", CALL_RINGING);
    assert_int_equal(floor_lamp(&f, "103"), LAMP_RINGING); /* true all the same */
    assert_string_equal(urgent(&f), "102");
    floor_call(&f, "103", "d", CALL_RINGING); /* a caller besides */
    assert_string_equal(urgent(&f), "102 103");
    floor_fini(&f);
}

/* A stale hold keeps its heading; an unknown one has no age any more. */
static void headings_forget_what_is_unknown(void **state)
{
    struct order order = {0};
    struct order_request request = {0};
    struct floor f;

    (void)state;
    floor_open(&f, 2);
    floor_call(&f, "101", "a", CALL_HELD);
    floor_link(&f, LINK_LOST);
    floor_pass(&f, 1000);
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_int_equal(order.groups.items[0].longest_hold_ms, 1000);
    assert_int_equal(order.groups.items[0].free_count, 1);
    floor_pass(&f, HUD_STALE_KEEP_MS);
    order_build(&order, &f.hud, &request, f.now_ms);
    assert_int_equal(order.groups.items[0].longest_hold_ms, -1);
    assert_int_equal(order.groups.items[0].held_count, 0);
    assert_int_equal(order.groups.items[0].free_count, 0);
    order_fini(&order);
    floor_fini(&f);
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 16) % sides;
}

/* Something happens to somebody: he comes, goes, is called otherwise, has a call. */
static void happen(struct floor *f, uint32_t *seed)
{
    char id[16], text[16], name[32];
    static const char *const departments[] = {"", "Sales", "Support", "Orders"};
    struct event event = {.kind = EVENT_USER, .user_id = id, .at_ms = 1795304203000};
    snprintf(id, sizeof id, "u%u", dice(seed, 40));
    snprintf(text, sizeof text, "%u", 100 + dice(seed, 60));
    snprintf(name, sizeof name, "%c Person", (int)('A' + dice(seed, 26)));
    uint32_t what = dice(seed, 10);
    if (what < 4) {
        event.u.user.extension = text;
        event.u.user.name = name;
        event.u.user.department = departments[dice(seed, 4)];
        event.u.user.line = dice(seed, 5);
    } else if (what == 4) {
        event.kind = EVENT_USER_GONE;
    } else if (what == 5) {
        event.kind = EVENT_CALL_ENDED;
        event.u.ended.id = "call";
    } else {
        event.kind = EVENT_CALL;
        event.u.call.id = "call";
        event.u.call.state = (enum call_state)dice(seed, 4);
        event.u.call.number = event.u.call.name = "";
        event.u.call.since_ms = event.at_ms - dice(seed, 100) * 1000;
    }
    hud_apply(&f->hud, &event, f->now_ms);
    hud_changed_clear(&f->hud);
}

static void assert_same(const struct order *a, const struct order *b)
{
    assert_int_equal(a->users.len, b->users.len);
    assert_int_equal(a->groups.len, b->groups.len);
    assert_int_equal(a->hidden, b->hidden);
    assert_int_equal(a->extension_bytes, b->extension_bytes);
    for (size_t i = 0; i < a->users.len; i++)
        assert_ptr_equal(a->users.items[i], b->users.items[i]);
    for (size_t i = 0; i < a->groups.len; i++) {
        assert_ptr_equal(a->groups.items[i].department, b->groups.items[i].department);
        assert_int_equal(a->groups.items[i].len, b->groups.items[i].len);
        assert_int_equal(a->groups.items[i].held_count, b->groups.items[i].held_count);
        assert_int_equal(a->groups.items[i].ringing_count, b->groups.items[i].ringing_count);
        assert_true(a->groups.items[i].longest_hold_ms == b->groups.items[i].longest_hold_ms);
    }
}

/* What an order keeps from build to build makes no difference. */
static void kept_is_as_good_as_fresh(void **state)
{
    struct order kept = {0};
    struct urgent urgent = {0}, wanted = {0};
    struct filter filter = {0}, all = {0};
    struct floor f;
    uint32_t seed = 7;

    (void)state;
    floor_open(&f, 5);
    assert_int_equal(filter_parse(&filter, "person", NULL), RC_OK);
    for (int i = 0; i < 20000; i++) {
        struct order fresh = {0};
        struct order_request request = {.by = (enum order_by)dice(&seed, ORDER_COUNT),
                                        .is_grouped = dice(&seed, 2) == 0,
                                        .filter = dice(&seed, 4) == 0 ? &filter : &all};
        happen(&f, &seed);
        if (dice(&seed, 3) != 0)
            continue;
        order_build(&kept, &f.hud, &request, f.now_ms);
        order_build(&fresh, &f.hud, &request, f.now_ms);
        assert_same(&kept, &fresh);
        urgent_of_order(&urgent, &kept);
        urgent_of_order(&wanted, &fresh);
        assert_int_equal(urgent.users.len, wanted.users.len);
        for (size_t k = 0; k < urgent.users.len; k++)
            assert_ptr_equal(urgent.users.items[k], wanted.users.items[k]);
        order_fini(&fresh);
    }
    urgent_fini(&urgent);
    urgent_fini(&wanted);
    order_fini(&kept);
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_orders),
        cmocka_unit_test(by_line_extension_and_name),
        cmocka_unit_test(equal_keys_go_by_extension),
        cmocka_unit_test(by_state_and_by_age),
        cmocka_unit_test(at_least_counts_as_since_when_it_was_seen),
        cmocka_unit_test(a_beginning_without_any_time_counts_from_the_first_time),
        cmocka_unit_test(groups_by_department),
        cmocka_unit_test(groups_stay_where_they_are_under_a_filter),
        cmocka_unit_test(nobody_gives_an_empty_list),
        cmocka_unit_test(urgent_ones_longest_first_within_their_kind),
        cmocka_unit_test(a_summons_is_not_urgent),
        cmocka_unit_test(headings_forget_what_is_unknown),
        cmocka_unit_test(kept_is_as_good_as_fresh),
    };
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
