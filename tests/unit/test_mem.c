#include "callhud/base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_zero_is_zeroed_and_never_null(void **state)
{
    unsigned char *p = mem_zero(100, 3);

    (void)state;
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    mem_free(p);
    p = mem_zero(0, 8);
    assert_non_null(p);
    mem_free(p);
    p = mem_grow(NULL, 0, 8);
    assert_non_null(p);
    mem_free(p);
    mem_free(NULL);
}

static void test_grow_keeps_the_content(void **state)
{
    int *p = mem_grow(NULL, 2, sizeof *p);

    (void)state;
    p[0] = 7;
    p[1] = 9;
    p = mem_grow(p, 5000, sizeof *p);
    assert_int_equal(p[0], 7);
    assert_int_equal(p[1], 9);
    p[4999] = 1;
    mem_free(p);
}

static void test_dup(void **state)
{
    char *copy = mem_dup("name");

    (void)state;
    assert_string_equal(copy, "name");
    mem_free(copy);
    assert_null(mem_dup(NULL));
    copy = mem_dup_n("a\0bc", 3);
    assert_memory_equal(copy, "a\0b\0", 4);
    mem_free(copy);
    copy = mem_dup_n(NULL, 0);
    assert_string_equal(copy, "");
    mem_free(copy);
}

static void test_wipe(void **state)
{
    char secret[] = "hunter2";

    (void)state;
    mem_wipe(secret, sizeof secret - 1);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(secret[i], 0);
    mem_wipe(NULL, 0);
    mem_free_secret(mem_dup("hunter2"));
    mem_free_secret(NULL);
}

static void leave_with_42(void)
{
    _exit(42);
}

static void return_only(void) {}

static int status_of_child(void (*handler)(void), void (*act)(void))
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        mem_on_exhausted(handler);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void grow_past_the_address_space(void)
{
    mem_free(mem_grow(NULL, SIZE_MAX / 2, 3));
}

static void grow_to_half_of_it(void)
{
    mem_free(mem_grow(NULL, SIZE_MAX / 4 * 3, 1));
}

static void test_overflow_calls_the_handler(void **state)
{
    (void)state;
    int status = status_of_child(leave_with_42, grow_past_the_address_space);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    status = status_of_child(leave_with_42, grow_to_half_of_it);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_abort_when_the_handler_returns(void **state)
{
    (void)state;
    int status = status_of_child(return_only, grow_past_the_address_space);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    status = status_of_child(NULL, grow_past_the_address_space);
    assert_true(WIFSIGNALED(status));
    /* A handler that runs out of memory itself is not called again. */
    status = status_of_child(grow_to_half_of_it, grow_past_the_address_space);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_is_zeroed_and_never_null),
        cmocka_unit_test(test_grow_keeps_the_content),
        cmocka_unit_test(test_dup),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_overflow_calls_the_handler),
        cmocka_unit_test(test_abort_when_the_handler_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
