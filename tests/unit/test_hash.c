#include "callhud/base/hash.h"

#include "callhud/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Values of another implementation of SipHash-1-3 over the bytes 0, 1, 2, ... */
static void test_siphash_vectors(void **state)
{
    static const struct {
        size_t len;
        uint64_t under_zero, under_key;
    } vectors[] = {
        {1, 0x68a914128e01e473, 0xddb5fc492fbdf63a},  {7, 0x2f098ab0c751325a, 0x831edfe12fee6ffd},
        {8, 0xead411e67ebe2eea, 0x354edb093928c942},  {15, 0xf30eb725bb91c9ea, 0xbe8dc664d017b99e},
        {16, 0x8972188433a5c5b7, 0x2e932605ea370595}, {63, 0x385d3e39e5f37359, 0x171afa1ac779cd10},
    };
    static const uint64_t zero[2] = {0, 0};
    static const uint64_t key[2] = {0x25556dc46dc3dca0, 0xfc3ee4dbd06f6c90};
    unsigned char bytes[65];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        assert_true(hash_bytes_keyed(zero, bytes, vectors[i].len) == vectors[i].under_zero);
        assert_true(hash_bytes_keyed(key, bytes, vectors[i].len) == vectors[i].under_key);
    }
    /* Unaligned input gives the same. */
    memmove(bytes + 1, bytes, 63);
    assert_true(hash_bytes_keyed(key, bytes + 1, 63) == vectors[5].under_key);
}

/* Two processes that start from the same program draw different keys. */
static void test_key_differs_between_processes(void **state)
{
    uint64_t seen[2] = {0, 0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            uint64_t hash = hash_bytes("name", 4);
            /* Drawn once: the second call agrees. */
            if (hash != hash_bytes("name", 4))
                hash = 0;
            _exit(write(ends[1], &hash, sizeof hash) == (ssize_t)sizeof hash ? 0 : 1);
        }
        assert_int_equal(read(ends[0], &seen[i], sizeof seen[i]), sizeof seen[i]);
        close(ends[0]);
        close(ends[1]);
        waitpid(child, NULL, 0);
    }
    assert_true(seen[0] != 0 && seen[1] != 0 && seen[0] != seen[1]);
}

static void test_empty_map(void **state)
{
    struct map m = {0};
    size_t at = 0;
    const char *key;
    void *value;

    (void)state;
    assert_null(map_get(&m, "a"));
    assert_null(map_remove(&m, "a"));
    assert_int_equal(map_next(&m, &at, &key, &value), 0);
    map_fini(&m, NULL);
}

static void test_put_get_replace_remove(void **state)
{
    struct map m = {0};
    int one = 1, two = 2;
    char key[] = "101";

    (void)state;
    assert_null(map_put(&m, key, &one));
    key[0] = 'x'; /* the map has a copy */
    assert_ptr_equal(map_get(&m, "101"), &one);
    assert_null(map_get(&m, "x01"));
    assert_null(map_get(&m, ""));
    assert_ptr_equal(map_put(&m, "101", &two), &one);
    assert_int_equal(m.len, 1);
    assert_ptr_equal(map_remove(&m, "101"), &two);
    assert_null(map_remove(&m, "101"));
    assert_null(map_get(&m, "101"));
    assert_int_equal(m.len, 0);
    assert_null(map_put(&m, "", &one));
    assert_ptr_equal(map_get(&m, ""), &one);
    map_fini(&m, NULL);
    assert_int_equal(m.len, 0);
    assert_null(map_get(&m, ""));
}

static int freed;

static void count_free(void *value)
{
    freed++;
    mem_free(value);
}

static void test_fini_frees_values(void **state)
{
    struct map m = {0};
    char key[16];

    (void)state;
    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof key, "%d", i);
        map_put(&m, key, mem_dup(key));
    }
    mem_free(map_remove(&m, "7"));
    freed = 0;
    map_fini(&m, count_free);
    assert_int_equal(freed, 49);
}

static void test_hundred_thousand_keys(void **state)
{
    enum { COUNT = 100000 };
    struct map m = {0};
    char key[24];
    int *values = mem_zero(COUNT, sizeof *values);

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "user-%d", i);
        assert_null(map_put(&m, key, &values[i]));
    }
    assert_int_equal(m.len, COUNT);
    for (int i = 0; i < COUNT; i += 3) {
        snprintf(key, sizeof key, "user-%d", i);
        assert_ptr_equal(map_remove(&m, key), &values[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "user-%d", i);
        assert_ptr_equal(map_get(&m, key), i % 3 == 0 ? NULL : &values[i]);
    }
    size_t at = 0, count = 0;
    const char *found;
    void *value;
    while (map_next(&m, &at, &found, &value)) {
        int i = (int)((int *)value - values);
        snprintf(key, sizeof key, "user-%d", i);
        assert_string_equal(found, key);
        values[i]++;
        count++;
    }
    assert_int_equal(count, m.len);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(values[i], i % 3 == 0 ? 0 : 1);
    map_fini(&m, NULL);
    mem_free(values);
}

/* Random puts and removals beside a plain array; the table stays as small as its content. */
static void test_random_work_against_an_array(void **state)
{
    enum { KEYS = 60 };
    static int values[KEYS][2];
    void *expected[KEYS] = {0};
    struct map m = {0};
    char key[16];
    unsigned seed = (unsigned)time(NULL) ^ (unsigned)getpid();
    unsigned random = seed;

    (void)state;
    for (int step = 0; step < 200000; step++) {
        random = random * 1103515245u + 12345u;
        unsigned i = (random >> 16) % KEYS;
        snprintf(key, sizeof key, "k%u", i);
        void *old;
        void *next = NULL;
        if ((random >> 8) % 2 == 0) {
            next = &values[i][(random >> 9) % 2];
            old = map_put(&m, key, next);
        } else {
            old = map_remove(&m, key);
        }
        if (old != expected[i])
            fail_msg("seed %u, step %d: wrong old value", seed, step);
        expected[i] = next;
        unsigned probe = (random >> 20) % KEYS;
        snprintf(key, sizeof key, "k%u", probe);
        if (map_get(&m, key) != expected[probe])
            fail_msg("seed %u, step %d: wrong value", seed, step);
    }
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++)
        count += expected[i] != NULL;
    assert_int_equal(m.len, count);
    assert_true(m.cap <= 128);
    map_fini(&m, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: it needs processes that have not drawn a key. */
        cmocka_unit_test(test_key_differs_between_processes),
        cmocka_unit_test(test_siphash_vectors),
        cmocka_unit_test(test_empty_map),
        cmocka_unit_test(test_put_get_replace_remove),
        cmocka_unit_test(test_fini_frees_values),
        cmocka_unit_test(test_hundred_thousand_keys),
        cmocka_unit_test(test_random_work_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
