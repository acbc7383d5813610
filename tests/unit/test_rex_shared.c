/* Token and budget that several processes share. */
#include "callhud/backend/ringcentral/signin.h"
#include "callhud/base/str.h"

#include "../../src/backend/ringcentral/shared_priv.h"
#include "rex_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define T0 1795305700000

static struct rex_file file;
static struct rex_shared *one, *two;

static int set_up(void **state)
{
    (void)state;
    memset(&file, 0, sizeof file);
    struct backend_shared shared = rex_file_shared(&file);
    one = rex_shared_new(&shared);
    two = rex_shared_new(&shared);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rex_shared_free(one);
    rex_shared_free(two);
    return 0;
}

static struct rex_kept_token token_of(const char *name, uint64_t serial)
{
    struct rex_kept_token token = {.serial = serial,
                                   .expires_ms = T0 + 3600000,
                                   .life_ms = 3600000,
                                   .refresh_expires_ms = T0 + 604800000};
    snprintf(token.access, sizeof token.access, "%s", name);
    snprintf(token.refresh, sizeof token.refresh, "r-%s", name);
    snprintf(token.scope, sizeof token.scope, "ReadPresence  CallControl");
    snprintf(token.owner, sizeof token.owner, "4001");
    return token;
}

static void two_processes_have_one_budget(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rex_shared_take(i & 1 ? one : two, REX_AUTH, REX_FOR_ACTION, T0 + i), 0);
    assert_true(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0 + 10) > 0);
    assert_true(rex_shared_take(two, REX_AUTH, REX_FOR_ACTION, T0 + 10) > 0);
    rex_shared_refused(one, REX_HEAVY, true, 60000, T0);
    assert_true(rex_shared_take(two, REX_HEAVY, REX_FOR_ACTION, T0 + 59000) > 0);
    rex_shared_told(one, REX_LIGHT, 7, 3, 60000, T0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rex_shared_take(two, REX_LIGHT, REX_FOR_ACTION, T0), 0);
    assert_true(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0) > 0);
}

static void a_penalty_outlives_the_process(void **state)
{
    (void)state;
    rex_shared_refused(one, REX_AUTH, true, 60000, T0);
    rex_shared_refused(one, REX_LIGHT, false, 40000, T0);
    struct backend_shared shared = rex_file_shared(&file);
    struct rex_shared *later = rex_shared_new(&shared);
    assert_true(rex_shared_take(later, REX_AUTH, REX_FOR_ACTION, T0 + 59000) > 0);
    assert_true(rex_shared_take(later, REX_MEDIUM, REX_FOR_ACTION, T0 + 39000) > 0);
    assert_int_equal(rex_shared_take(later, REX_AUTH, REX_FOR_ACTION, T0 + 65000), 0);
    rex_shared_free(later);
}

static void one_gets_the_token_the_others_wait(void **state)
{
    (void)state;
    struct rex_kept_token token, other;
    int64_t wait_ms = 0;
    assert_int_equal(rex_shared_lease(one, 11, 0, T0, &token, &wait_ms), REX_LEASE_OURS);
    assert_string_equal(token.refresh, "");
    assert_int_equal(rex_shared_lease(two, 22, 0, T0 + 1, &other, &wait_ms), REX_LEASE_WAIT);
    assert_in_range(wait_ms, 1, 1000);
    struct rex_kept_token got = token_of("A", token.serial);
    rex_shared_keep(one, 11, &got);
    assert_int_equal(rex_shared_lease(two, 22, 0, T0 + 500, &other, &wait_ms), REX_LEASE_TOKEN);
    assert_string_equal(other.access, "A");
    assert_string_equal(other.refresh, "r-A");
    assert_string_equal(other.scope, "ReadPresence  CallControl");
    assert_string_equal(other.owner, "4001");
    assert_int_equal(other.expires_ms, T0 + 3600000);
    assert_int_equal(other.serial, got.serial);
    /* The one that is refused is not handed out again. */
    assert_int_equal(rex_shared_lease(two, 22, other.serial, T0 + 600, &token, &wait_ms),
                     REX_LEASE_OURS);
    assert_string_equal(token.refresh, "r-A");
    /* A process that died at it is not waited for longer than the lease. */
    assert_int_equal(rex_shared_lease(one, 11, got.serial, T0 + 15000, &token, &wait_ms),
                     REX_LEASE_WAIT);
    assert_int_equal(rex_shared_lease(one, 11, got.serial, T0 + 21000, &token, &wait_ms),
                     REX_LEASE_OURS);
    /* What it comes back with, late, does not replace what was got meanwhile. */
    struct rex_kept_token newer = token_of("B", got.serial), late = token_of("C", got.serial);
    rex_shared_keep(one, 11, &newer);
    rex_shared_keep(two, 22, &late);
    assert_string_equal(late.access, "B");
    assert_int_equal(rex_shared_lease(one, 11, 0, T0 + 22000, &token, &wait_ms), REX_LEASE_TOKEN);
    assert_string_equal(token.access, "B");
    /* A lapsed one is none. */
    assert_int_equal(rex_shared_lease(one, 11, 0, T0 + 3600000, &token, &wait_ms), REX_LEASE_OURS);
}

static void one_that_was_killed_is_not_waited_for(void **state)
{
    (void)state;
    struct rex_process ann = {&file}, bob = {&file}, cat = {&file};
    struct backend_shared of_ann = rex_process_shared(&ann), of_bob = rex_process_shared(&bob),
                          of_cat = rex_process_shared(&cat);
    struct rex_shared *a = rex_shared_new(&of_ann), *b = rex_shared_new(&of_bob),
                      *c = rex_shared_new(&of_cat);
    struct rex_kept_token token;
    int64_t wait_ms = 0;
    assert_int_equal(rex_shared_lease(a, 11, 0, T0, &token, &wait_ms), REX_LEASE_OURS);
    assert_int_equal(rex_shared_lease(b, 22, 0, T0 + 1, &token, &wait_ms), REX_LEASE_WAIT);
    assert_int_equal(rex_shared_take(a, REX_LIGHT, REX_FOR_ACTION, T0 + 2), 0);
    assert_int_equal(rex_shared_lease(b, 22, 0, T0 + 3, &token, &wait_ms), REX_LEASE_WAIT);
    rex_process_dies(&ann);
    assert_int_equal(rex_shared_lease(b, 22, 0, T0 + 4, &token, &wait_ms), REX_LEASE_OURS);
    assert_int_equal(rex_shared_lease(c, 33, 0, T0 + 5, &token, &wait_ms), REX_LEASE_WAIT);
    /* Not before the others can read what came of it. */
    struct rex_kept_token got = token_of("A", token.serial);
    file.is_held = true;
    rex_shared_keep(b, 22, &got);
    assert_ptr_equal(file.claimed_by, &bob);
    file.is_held = false;
    assert_true(rex_shared_flush(b));
    assert_null(file.claimed_by);
    assert_int_equal(rex_shared_lease(c, 33, 0, T0 + 6, &token, &wait_ms), REX_LEASE_TOKEN);
    /* One without a claim (an older callhud; a stopped one has it) is waited for by the clock. */
    assert_true(rex_process_shared(&ann).claim(&ann));
    assert_int_equal(rex_shared_lease(b, 22, got.serial, T0 + 7, &token, &wait_ms), REX_LEASE_OURS);
    rex_process_dies(&ann);
    assert_int_equal(rex_shared_lease(c, 33, got.serial, T0 + 8, &token, &wait_ms), REX_LEASE_WAIT);
    assert_int_equal(
        rex_shared_lease(c, 33, got.serial, T0 + 7 + REX_RENEW_LEASE_MS, &token, &wait_ms),
        REX_LEASE_OURS);
    assert_ptr_equal(file.claimed_by, &cat);
    rex_shared_release(c, 33, got.serial, false);
    assert_null(file.claimed_by);
    rex_shared_free(a);
    rex_shared_free(b);
    rex_shared_free(c);
}

/* Nor does its death give away more sign-ins than the service allows. */
static void the_budget_goes_before_the_dead(void **state)
{
    (void)state;
    struct rex_process ann = {&file}, bob = {&file};
    struct backend_shared of_ann = rex_process_shared(&ann), of_bob = rex_process_shared(&bob);
    struct rex_shared *a = rex_shared_new(&of_ann), *b = rex_shared_new(&of_bob);
    struct rex_kept_token token;
    int64_t wait_ms = 0;
    assert_int_equal(rex_shared_lease(a, 11, 0, T0, &token, &wait_ms), REX_LEASE_OURS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(rex_shared_take(b, REX_AUTH, REX_FOR_ACTION, T0), 0);
    rex_process_dies(&ann);
    assert_int_equal(rex_shared_lease(b, 22, 0, T0 + 1, &token, &wait_ms), REX_LEASE_SPENT);
    assert_null(file.claimed_by);
    assert_int_equal(rex_shared_lease(b, 22, 0, T0 + 1 + wait_ms, &token, &wait_ms),
                     REX_LEASE_OURS);
    rex_shared_release(b, 22, 0, false);
    rex_shared_free(a);
    rex_shared_free(b);
}

static void the_lease_waits_for_the_budget(void **state)
{
    (void)state;
    struct rex_kept_token token;
    int64_t wait_ms = 0;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0), 0);
    assert_int_equal(rex_shared_lease(one, 11, 0, T0 + 1, &token, &wait_ms), REX_LEASE_SPENT);
    assert_in_range(wait_ms, 59000, 65000);
    /* Nobody has taken the lease by that. */
    assert_int_equal(rex_shared_lease(two, 22, 0, T0 + 1, &token, &wait_ms), REX_LEASE_SPENT);
    assert_int_equal(rex_shared_lease(two, 22, 0, T0 + 65000, &token, &wait_ms), REX_LEASE_OURS);
}

static void a_refresh_token_that_is_refused_is_forgotten(void **state)
{
    (void)state;
    struct rex_kept_token token, got = token_of("A", 0);
    int64_t wait_ms = 0;
    rex_shared_keep(one, 11, &got);
    assert_int_equal(rex_shared_lease(one, 11, got.serial, T0, &token, &wait_ms), REX_LEASE_OURS);
    rex_shared_release(one, 11, got.serial, false);
    assert_int_equal(rex_shared_lease(two, 22, got.serial, T0, &token, &wait_ms), REX_LEASE_OURS);
    assert_string_equal(token.refresh, "r-A"); /* its answer was lost, it may still be good */
    rex_shared_release(two, 22, got.serial, true);
    assert_int_equal(rex_shared_lease(one, 11, got.serial, T0, &token, &wait_ms), REX_LEASE_OURS);
    assert_string_equal(token.refresh, "");
    rex_shared_release(one, 11, got.serial + 7, true); /* another token's: nothing to forget */
}

static void a_text_that_cannot_be_read_is_as_none(void **state)
{
    (void)state;
    struct rex_kept_token token, got = token_of("A", 0);
    int64_t wait_ms = 0;
    rex_shared_keep(one, 11, &got);
    static char whole[sizeof file.text];
    memcpy(whole, file.text, sizeof whole);
    size_t len = strlen(whole);
    struct backend_shared shared = rex_file_shared(&file);
    for (size_t cut = 0; cut < len - 1; cut += cut < 400 ? 1 : 17) {
        memcpy(file.text, whole, len + 1);
        file.text[cut] = '\0';
        struct rex_shared *fresh = rex_shared_new(&shared);
        assert_int_equal(rex_shared_lease(fresh, 33, 0, T0, &token, &wait_ms), REX_LEASE_OURS);
        rex_shared_free(fresh);
    }
    for (size_t i = 0; i < len; i++) { /* and no byte makes it fall over */
        memcpy(file.text, whole, len + 1);
        file.text[i] = (char)(file.text[i] ^ (1 + (int)(i % 120)));
        struct rex_shared *fresh = rex_shared_new(&shared);
        rex_shared_take(fresh, REX_LIGHT, REX_FOR_ACTION, T0);
        rex_shared_free(fresh);
    }
    static const char *const bad[] = {"callhud-ringcentral 2\nend\n", "callhud-ringcentral 1\n",
                                      "callhud-ringcentral 1\ngroup light 0 60000 0 0 0\nend\n",
                                      "callhud-ringcentral 1\ngroup light 50 60000 0 0 0 x\nend\n",
                                      "callhud-ringcentral 1\ngroup light 50 60000 -1 0 0\nend\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(file.text, sizeof file.text, "%s", bad[i]);
        struct rex_shared *fresh = rex_shared_new(&shared);
        for (int k = 0; k < 50; k++)
            assert_int_equal(rex_shared_take(fresh, REX_LIGHT, REX_FOR_ACTION, T0), 0);
        assert_true(rex_shared_take(fresh, REX_LIGHT, REX_FOR_ACTION, T0) > 0);
        rex_shared_free(fresh);
    }
}

static void without_a_file_each_keeps_its_own(void **state)
{
    (void)state;
    struct backend_shared none = {0};
    struct rex_shared *alone = rex_shared_new(&none);
    struct rex_kept_token token, got = token_of("A", 0);
    int64_t wait_ms = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(rex_shared_take(alone, REX_AUTH, REX_FOR_ACTION, T0), 0);
    assert_int_equal(rex_shared_lease(alone, 11, 0, T0, &token, &wait_ms), REX_LEASE_OURS);
    assert_true(rex_shared_take(alone, REX_AUTH, REX_FOR_ACTION, T0) > 0);
    rex_shared_keep(alone, 11, &got);
    assert_int_equal(rex_shared_lease(alone, 11, 0, T0, &token, &wait_ms), REX_LEASE_TOKEN);
    rex_shared_free(alone);
    assert_int_equal(file.updates, 0);
    /* The same when the file fails: what is known stays known. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0), 0);
    file.is_broken = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0), 0);
    assert_true(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0) > 0);
}

static void a_full_state_fits(void **state)
{
    (void)state;
    struct rex_kept_token got = token_of("A", 0), token;
    int64_t wait_ms = 0;
    memset(got.access, 'a', sizeof got.access - 1);
    memset(got.refresh, 'r', sizeof got.refresh - 1);
    memset(got.scope, 's', sizeof got.scope - 1);
    rex_shared_keep(one, 11, &got);
    for (size_t i = 0; i < REX_GROUPS; i++) {
        rex_shared_told(one, (enum rex_group)i, REX_LIMIT_MOST, -1, 0, T0);
        for (int k = 0; k < REX_LIMIT_MOST; k++)
            rex_shared_take(one, (enum rex_group)i, REX_FOR_ACTION, T0);
    }
    assert_int_equal(rex_shared_lease(two, 22, 0, T0, &token, &wait_ms), REX_LEASE_TOKEN);
    assert_int_equal(strlen(token.access), sizeof token.access - 1);
    assert_true(rex_shared_take(two, REX_LIGHT, REX_FOR_ACTION, T0) > 0);
}

/* Another process has the file and does not let go of it: nobody waits long, and nothing of what
 * was done meanwhile is forgotten when it does. */
static void what_is_done_while_it_is_held_is_told_later(void **state)
{
    (void)state;
    int64_t wait_ms = 0;
    struct rex_kept_token token, mine = token_of("mine", 0);
    file.is_held = true;
    for (int64_t ms = 0; ms < 300; ms += 20)
        assert_int_equal(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0 + ms), 20);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0 + 300 + i), 0);
    assert_int_equal(rex_shared_lease(one, 11, 0, T0 + 400, &token, &wait_ms), REX_LEASE_OURS);
    rex_shared_keep(one, 11, &mine);
    rex_shared_refused(one, REX_HEAVY, true, 60000, T0 + 400);
    rex_shared_told(one, REX_LIGHT, 7, 3, 60000, T0 + 400);
    assert_int_equal(file.updates, 0);

    file.is_held = false;
    assert_int_equal(rex_shared_take(two, REX_AUTH, REX_FOR_ACTION, T0 + 450), 0);
    assert_int_equal(rex_shared_take(one, REX_MEDIUM, REX_FOR_ACTION, T0 + 500), 0);
    assert_true(rex_shared_take(two, REX_AUTH, REX_FOR_ACTION, T0 + 510) > 0); /* 3, 1 and 1 */
    assert_true(rex_shared_take(two, REX_HEAVY, REX_FOR_ACTION, T0 + 59000) > 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rex_shared_take(two, REX_LIGHT, REX_FOR_ACTION, T0 + 520), 0);
    assert_true(rex_shared_take(two, REX_LIGHT, REX_FOR_ACTION, T0 + 520) > 0);
    assert_int_equal(rex_shared_lease(two, 22, 0, T0 + 530, &token, &wait_ms), REX_LEASE_TOKEN);
    assert_string_equal(token.access, "mine");
}

/* What is in the file counts also for those who cannot wait for it any longer. */
static void a_penalty_is_seen_while_it_is_held(void **state)
{
    (void)state;
    assert_int_equal(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0), 0);
    rex_shared_refused(two, REX_LIGHT, true, 60000, T0 + 10);
    file.is_held = true;
    for (int64_t ms = 20; ms < 320; ms += 20)
        assert_int_equal(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0 + ms), 20);
    assert_true(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0 + 340) > 50000);
    /* A moment later another wait begins; nobody goes by what he knew long ago. */
    assert_int_equal(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0 + 70000), 20);
    /* However often it is asked for, a penalty of our own is not forgotten, nor is it at the end.
     */
    rex_shared_refused(one, REX_HEAVY, true, 60000, T0 + 70000);
    struct rex_kept_token token;
    int64_t wait_ms = 0;
    for (int64_t ms = 0; ms < 40000; ms += 100)
        rex_shared_lease(one, 11, 0, T0 + 70000 + ms, &token, &wait_ms);
    assert_false(rex_shared_flush(one));
    file.is_held = false;
    rex_shared_free(one);
    one = NULL;
    assert_true(rex_shared_take(two, REX_HEAVY, REX_FOR_ACTION, T0 + 111000) > 0);
}

/* The file can be read, and nothing can be written: what is known here is not undone by it. */
static void a_full_disk_undoes_no_penalty(void **state)
{
    (void)state;
    struct rex_kept_token token, mine = token_of("mine", 0);
    int64_t wait_ms = 0;
    assert_int_equal(rex_shared_take(two, REX_AUTH, REX_FOR_ACTION, T0), 0);
    file.is_full = true;
    assert_in_range(rex_shared_refused(one, REX_LIGHT, true, 50000, T0), 50000, 55000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0 + 5 + i), 0);
    assert_true(rex_shared_take(one, REX_AUTH, REX_FOR_ACTION, T0 + 10) > 0);
    assert_true(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0 + 10) > 0);
    rex_shared_keep(one, 11, &mine);
    assert_int_equal(rex_shared_lease(one, 11, 0, T0 + 20, &token, &wait_ms), REX_LEASE_TOKEN);
    assert_false(rex_shared_flush(one));

    file.is_full = false;
    rex_shared_refused(two, REX_HEAVY, true, 60000, T0 + 30); /* somebody else's meanwhile */
    assert_true(rex_shared_flush(one));
    assert_true(rex_shared_take(one, REX_HEAVY, REX_FOR_ACTION, T0 + 40) > 0);
    assert_true(rex_shared_take(two, REX_LIGHT, REX_FOR_ACTION, T0 + 40) > 0);
    assert_true(rex_shared_take(two, REX_AUTH, REX_FOR_ACTION, T0 + 40) > 0); /* 1 and 4 */
    assert_int_equal(rex_shared_lease(two, 22, 0, T0 + 50, &token, &wait_ms), REX_LEASE_TOKEN);
    assert_string_equal(token.access, "mine");
    size_t writes = file.writes;
    assert_true(rex_shared_flush(one)); /* and once */
    assert_int_equal(file.writes, writes);
}

/* One who lets go in time costs nothing but a moment. */
static void one_who_has_it_for_a_moment_is_waited_for(void **state)
{
    (void)state;
    int64_t wait_ms = 0;
    struct rex_kept_token token;
    file.is_held = true;
    assert_int_equal(rex_shared_lease(one, 11, 0, T0, &token, &wait_ms), REX_LEASE_WAIT);
    assert_int_equal(wait_ms, 20);
    file.is_held = false;
    assert_int_equal(rex_shared_lease(one, 11, 0, T0 + 20, &token, &wait_ms), REX_LEASE_OURS);
    file.is_held = true; /* and the next again */
    assert_int_equal(rex_shared_take(one, REX_LIGHT, REX_FOR_ACTION, T0 + 5000), 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(two_processes_have_one_budget),
        TEST(a_penalty_outlives_the_process),
        TEST(one_gets_the_token_the_others_wait),
        TEST(one_that_was_killed_is_not_waited_for),
        TEST(the_budget_goes_before_the_dead),
        TEST(the_lease_waits_for_the_budget),
        TEST(a_refresh_token_that_is_refused_is_forgotten),
        TEST(a_text_that_cannot_be_read_is_as_none),
        TEST(without_a_file_each_keeps_its_own),
        TEST(a_full_state_fits),
        TEST(what_is_done_while_it_is_held_is_told_later),
        TEST(a_penalty_is_seen_while_it_is_held),
        TEST(a_full_disk_undoes_no_penalty),
        TEST(one_who_has_it_for_a_moment_is_waited_for),
    };
    return cmocka_run_group_tests_name("rex_shared", tests, NULL, NULL);
}
