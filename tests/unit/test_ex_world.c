#include "ex_rig.h"

#include "callhud/base/utf8.h"

static enum rc make(struct ex **x, size_t users, uint64_t seed, bool is_demo)
{
    struct err err = {0};
    struct ex_options options = {.users = users, .seed = seed, .speed = 1, .is_demo = is_demo};
    return ex_new(x, &options, &err);
}

static void users_have_what_they_need(void **state)
{
    (void)state;
    struct ex *x;
    assert_int_equal(make(&x, 2000, 3, false), RC_OK);
    assert_int_equal(ex_users_len(x), 2001);
    size_t others = 0, departments = 0;
    const char *last = "";
    for (size_t i = 0; i < ex_users_len(x); i++) {
        struct ex_user *user = ex_user_at(x, i);
        assert_ptr_equal(ex_user_by_id(x, user->id), user);
        assert_ptr_equal(ex_user_by_extension(x, user->extension), user);
        assert_true(user->id >= UINT64_C(100000000000) && user->id < UINT64_C(1000000000000));
        assert_true(utf8_is_valid(user->first, strlen(user->first)));
        assert_true(utf8_is_valid(user->last, strlen(user->last)));
        assert_true(user->first[0] && user->last[0] && user->department[0] && user->number[0]);
        assert_non_null(strchr(user->email, '@'));
        assert_true(user->devices.len >= 1);
        assert_ptr_equal(ex_device_by_id(x, user->devices.items[0]->id), user->devices.items[0]);
        assert_ptr_equal(user->devices.items[0]->owner, user);
        assert_true(user->sequence >= 1000);
        for (const char *c = user->first; *c; c++) {
            if ((unsigned char)*c >= 0xD0) { /* beyond the Latin letters */
                others++;
                break;
            }
        }
        if (!str_eq(user->department, last) && user != ex_supervisor(x))
            departments++;
        last = user->department;
    }
    assert_true(others > 100 && others < 1000);
    assert_true(departments > 5);
    assert_string_equal(ex_user_at(x, 0)->extension, "101");
    assert_string_equal(ex_user_at(x, 798)->extension, "899");
    assert_string_equal(ex_user_at(x, 799)->extension, "901");
    assert_string_equal(ex_user_at(x, 1999)->extension, "2101");
    assert_string_equal(ex_supervisor(x)->extension, "900");
    assert_int_equal(ex_supervisor(x)->devices.len, 2);
    assert_string_equal(ex_supervisor(x)->devices.items[0]->name, "Desk");
    assert_true(ex_supervisor(x)->is_admin);
    ex_free(x);
}

static void nobody_else_is_found(void **state)
{
    (void)state;
    struct ex *x;
    assert_int_equal(make(&x, 3, 3, false), RC_OK);
    static const char *const wrong[] = {"100", "104", "899",  "0101",
                                        "",    "1x1", "-101", "99999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_null(ex_user_by_extension(x, wrong[i]));
    assert_null(ex_user_by_extension(x, NULL));
    assert_null(ex_user_by_id(x, 0));
    assert_null(ex_user_by_id(x, ex_user_at(x, 0)->id + 1));
    assert_null(ex_user_by_id(x, ex_user_at(x, 2)->id + 1000));
    assert_null(ex_user_by_id(x, UINT64_MAX));
    assert_null(ex_device_by_id(x, "1"));
    assert_null(ex_device_by_id(x, ""));
    ex_free(x);
}

static void the_numbers_of_users_are_limited(void **state)
{
    (void)state;
    struct ex *x;
    assert_int_equal(make(&x, 0, 1, false), RC_USAGE);
    assert_null(x);
    assert_int_equal(make(&x, 100001, 1, false), RC_USAGE);
    assert_int_equal(make(&x, 1, 1, true), RC_OK);
    assert_int_equal(ex_users_len(x), 2);
    ex_free(x);
    assert_int_equal(make(&x, 100000, 1, true), RC_OK);
    assert_string_equal(ex_user_at(x, 99999)->extension, "100101");
    assert_ptr_equal(ex_user_by_extension(x, "100101"), ex_user_at(x, 99999));
    ex_free(x);
}

static void a_seed_is_a_world(void **state)
{
    (void)state;
    struct ex *one, *same, *other;
    assert_int_equal(make(&one, 300, 5, true), RC_OK);
    assert_int_equal(make(&same, 300, 5, true), RC_OK);
    assert_int_equal(make(&other, 300, 6, true), RC_OK);
    size_t differences = 0;
    for (size_t i = 0; i < 300; i++) {
        assert_string_equal(ex_user_at(one, i)->first, ex_user_at(same, i)->first);
        assert_string_equal(ex_user_at(one, i)->user_status, ex_user_at(same, i)->user_status);
        differences += !str_eq(ex_user_at(one, i)->last, ex_user_at(other, i)->last);
    }
    assert_true(differences > 200);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ex_random(one, 1000), ex_random(same, 1000));
    ex_free(one);
    ex_free(same);
    ex_free(other);
}

static void a_demo_has_every_kind_of_user_and_five_departments(void **state)
{
    (void)state;
    struct ex *x;
    size_t hidden = 0, away = 0, dnd = 0, offline = 0, secret = 0, closed = 0, departments = 1;
    assert_int_equal(make(&x, 48, 1, true), RC_OK);
    for (size_t i = 0; i < 48; i++) {
        const struct ex_user *user = ex_user_at(x, i);
        hidden += !user->shares_presence;
        away += str_eq(user->user_status, "Busy");
        dnd += str_eq(user->dnd_status, "DoNotAcceptAnyCalls");
        offline += !user->is_online;
        secret += str_eq(user->caller_id_visibility, "None");
        closed += user->permitted.len == 0;
        if (i)
            departments += !str_eq(user->department, ex_user_at(x, i - 1)->department);
    }
    assert_true(hidden && away && dnd && offline && secret && closed);
    assert_true(hidden + away + dnd + offline < 16);
    assert_int_equal(departments, 5);
    ex_free(x);
}

static void randomness_is_even_and_exponential(void **state)
{
    (void)state;
    struct ex *x;
    size_t seen[7] = {0};
    double sum = 0;
    assert_int_equal(make(&x, 1, 9, false), RC_OK);
    for (int i = 0; i < 70000; i++)
        seen[ex_random(x, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9500, 10500);
    assert_int_equal(ex_random(x, 0), 0);
    assert_int_equal(ex_random(x, 1), 0);
    for (int i = 0; i < 50000; i++) {
        double drawn = ex_random_exp(x, 3000);
        assert_true(drawn >= 0);
        sum += drawn;
    }
    assert_in_range((uint64_t)(sum / 50000), 2900, 3100);
    ex_free(x);
}

/* --- time --------------------------------------------------------------------------------------
 */

struct bell {
    int64_t rings[64];
    size_t len;
    int64_t again_ms; /* rings again after so long; 0: not */
};

static void ring(struct ex *x, void *self)
{
    struct bell *bell = self;
    bell->rings[bell->len++] = ex_now(x);
    if (bell->again_ms && bell->len < 5)
        ex_after(x, bell->again_ms, ring, bell);
}

static void timers_fire_in_order_and_time_stands_where_they_fire(void **state)
{
    (void)state;
    struct ex *x;
    struct bell a = {0}, b = {.again_ms = 10}, c = {0};
    assert_int_equal(make(&x, 1, 9, false), RC_OK);
    ex_cancel(x, &a); /* nothing yet */
    ex_after(x, 30, ring, &a);
    ex_after(x, 10, ring, &a);
    ex_after(x, 5, ring, &b);
    ex_after(x, 20, ring, &c);
    assert_int_equal(ex_next_ms(x), 5);
    ex_advance(x, 4);
    assert_int_equal(b.len, 0);
    assert_int_equal(ex_now(x), 4);
    ex_cancel(x, &c);
    ex_advance(x, 1000);
    assert_int_equal(a.len, 2);
    assert_int_equal(a.rings[0], 10);
    assert_int_equal(a.rings[1], 30);
    assert_int_equal(b.len, 5);
    assert_int_equal(b.rings[4], 45);
    assert_int_equal(c.len, 0);
    assert_int_equal(ex_now(x), 1000);
    ex_advance(x, 900); /* it never goes back */
    assert_int_equal(ex_now(x), 1000);
    ex_free(x);
}

struct due {
    int64_t at_ms;
    unsigned made;
    bool is_cancelled;
};

static struct {
    size_t fired, wrong;
    struct due *last;
} seen;

static void fall_due(struct ex *x, void *self)
{
    struct due *due = self;
    bool is_in_order = !seen.last || seen.last->at_ms < due->at_ms ||
                       (seen.last->at_ms == due->at_ms && seen.last->made < due->made);
    seen.fired++;
    seen.wrong += ex_now(x) != due->at_ms || due->is_cancelled || !is_in_order;
    seen.last = due;
}

static void cancel_spares_the_others_and_the_order(void **state)
{
    (void)state;
    struct ex *x;
    static struct due dues[3000];
    size_t cancelled = 0;
    memset(&seen, 0, sizeof seen);
    assert_int_equal(make(&x, 1, 4, false), RC_OK);
    for (unsigned i = 0; i < 3000; i++) {
        dues[i] = (struct due){.at_ms = (int64_t)ex_random(x, 1000), .made = i};
        ex_after(x, dues[i].at_ms, fall_due, &dues[i]);
        if (i % 2 == 0) { /* in between, so that the heap is of every shape */
            struct due *due = &dues[ex_random(x, i + 1)];
            cancelled += !due->is_cancelled;
            due->is_cancelled = true;
            ex_cancel(x, due);
        }
    }
    ex_advance(x, 2000);
    assert_int_equal(seen.fired, 3000 - cancelled);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(ex_next_ms(x), INT64_MAX);
    ex_free(x);
}

static void switches_go_by_name(void **state)
{
    (void)state;
    struct ex *x;
    assert_int_equal(make(&x, 1, 9, false), RC_OK);
    assert_true(ex_switch_on(x, EX_PICKUP_HELD));
    assert_false(ex_switch_on(x, EX_WSTOKEN_ONCE));
    assert_true(ex_switch_set(x, "pickup-held", false));
    assert_false(ex_switch_on(x, EX_PICKUP_HELD));
    assert_true(ex_switch_set(x, "EX_WSTOKEN_ONCE", true));
    assert_true(ex_switch_on(x, EX_WSTOKEN_ONCE));
    assert_true(ex_switch_set(x, "Ring_Locks_Hold", false));
    assert_false(ex_switch_set(x, "pickup", true));
    assert_false(ex_switch_set(x, "", true));
    for (int i = 0; i < EX_SWITCH_COUNT; i++) {
        const char *name = ex_switch_name((enum ex_switch)i);
        assert_string_not_equal(name, "");
        assert_true(ex_switch_set(x, name, true));
        assert_true(ex_switch_on(x, (enum ex_switch)i));
    }
    ex_free(x);
}

static void the_state_says_what_is_true(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 5);
    struct ex_session *session =
        ex_call(rig.x, "+17778732492", "Ann Caller", rig_user(&rig, "102"), true);
    assert_non_null(session);
    assert_true(ex_user_set(rig.x, rig_user(&rig, "103"), "dnd", json_true()));
    assert_true(ex_user_set(rig.x, rig_user(&rig, "104"), "online", json_false()));
    json_t *users = ex_state_users(rig.x), *lines = ex_state_appearances(rig.x);
    assert_int_equal(json_array_size(users), 6);
    assert_string_equal(json_string_value(rig_at(users, "0.extension")), "101");
    assert_int_equal(json_array_size(rig_at(users, "0.calls")), 0);
    assert_string_equal(json_string_value(rig_at(users, "1.calls.0.id")), session->id);
    assert_string_equal(json_string_value(rig_at(users, "1.calls.0.state")), "ringing");
    assert_string_equal(json_string_value(rig_at(users, "1.calls.0.direction")), "in");
    assert_string_equal(json_string_value(rig_at(users, "1.calls.0.number")), "+17778732492");
    assert_true(str_ends(json_string_value(rig_at(users, "1.calls.0.since")), "Z"));
    assert_true(json_is_true(rig_at(users, "2.dnd")));
    assert_string_equal(json_string_value(rig_at(users, "2.presence")), "available");
    assert_true(json_is_false(rig_at(users, "3.online")));
    assert_string_equal(json_string_value(rig_at(users, "3.presence")), "offline");
    assert_int_equal(json_array_size(rig_at(lines, "900")), 7);
    assert_true(json_is_true(rig_at(lines, "900.1.reserved")));
    assert_string_equal(json_string_value(rig_at(lines, "900.2.extension")), "101");
    json_decref(users);
    json_decref(lines);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_have_what_they_need),
        cmocka_unit_test(nobody_else_is_found),
        cmocka_unit_test(the_numbers_of_users_are_limited),
        cmocka_unit_test(a_seed_is_a_world),
        cmocka_unit_test(a_demo_has_every_kind_of_user_and_five_departments),
        cmocka_unit_test(randomness_is_even_and_exponential),
        cmocka_unit_test(timers_fire_in_order_and_time_stands_where_they_fire),
        cmocka_unit_test(cancel_spares_the_others_and_the_order),
        cmocka_unit_test(switches_go_by_name),
        cmocka_unit_test(the_state_says_what_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
