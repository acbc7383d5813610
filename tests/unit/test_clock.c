#include "callhud/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_clocks_advance(void **state)
{
    int64_t mono = clock_mono_ms(), boot = clock_boot_ms();
    const struct timespec pause = {.tv_nsec = 30 * 1000000};

    (void)state;
    nanosleep(&pause, NULL);
    assert_in_range(clock_mono_ms() - mono, 29, 20000);
    assert_in_range(clock_boot_ms() - boot, 29, 20000);
    int64_t before = (int64_t)time(NULL);
    assert_in_range(clock_wall_ms() / 1000, before - 1, before + 5);
}

static void test_clock_mono_in(void **state)
{
    static const int waits_ms[] = {0, 1, 999, 1000, 1001, 2500};

    (void)state;
    for (int turn = 0; turn < 20; turn++) {
        for (size_t i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
            int64_t before = clock_mono_ms();
            struct timespec at = clock_mono_in(waits_ms[i]);
            int64_t at_ms = (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
            assert_in_range(at.tv_nsec, 0, 999999999);
            assert_in_range(at_ms, before + waits_ms[i], clock_mono_ms() + waits_ms[i]);
        }
        nanosleep(&(struct timespec){.tv_nsec = 7000000}, NULL);
    }
}

static void check_parse(const char *text, int64_t expected)
{
    int64_t ms = -12345;

    if (!clock_parse_iso(text, &ms))
        fail_msg("refused: %s", text);
    if (ms != expected)
        fail_msg("%s: %lld instead of %lld", text, (long long)ms, (long long)expected);
}

static void test_parse_forms(void **state)
{
    (void)state;
    check_parse("1970-01-01T00:00:00Z", 0);
    check_parse("2026-11-21T23:36:44.772Z", 1795304204772);
    check_parse("2026-11-21T23:36:44.772+0000", 1795304204772);
    check_parse("2026-11-21T23:36:44.772+00:00", 1795304204772);
    check_parse("2026-11-21T23:36:44,772+00", 1795304204772);
    check_parse("2026-11-22T00:36:44.772+0100", 1795304204772);
    check_parse("2026-11-21T18:06:44.772-05:30", 1795304204772);
    check_parse("2026-11-21T23:36:44.7729999999Z", 1795304204772);
    check_parse("2026-11-21T23:36:44.7Z", 1795304204700);
    check_parse("2026-11-21T23:36:44Z", 1795304204000);
    check_parse("2024-02-29T12:00:00Z", 1709208000000);
    check_parse("2000-02-29T00:00:00Z", 951782400000);
    check_parse("1969-12-31T23:59:59.999Z", -1);
    check_parse("0000-01-01T00:00:00Z", -62167219200000);
    check_parse("9999-12-31T23:59:59.999Z", 253402300799999);
}

static void test_parse_refuses(void **state)
{
    static const char *const wrong[] = {
        "",
        "2026-11-21",
        "2026-11-21T23:36:44",
        "2026-11-21T23:36Z",
        "2026-11-21 23:36:44Z",
        "2026-11-21T23:36:44.Z",
        "2026-11-21T23:36:44Zx",
        "2026-11-21T23:36:44+1",
        "2026-11-21T23:36:44+01:",
        "2026-11-21T23:36:44+01:0",
        "2026-11-21T23:36:44+010",
        "2026-11-21T23:36:44+01:000",
        "2026-11-21T23:36:44+24:00",
        "2026-11-21T23:36:44+00:60",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:60:00Z",
        "2026-11-21T23:36:60Z",
        "2026-00-21T23:36:44Z",
        "2026-13-21T23:36:44Z",
        "2026-11-00T23:36:44Z",
        "2026-11-31T23:36:44Z",
        "2026-02-29T23:36:44Z",
        "1900-02-29T23:36:44Z",
        "+2026-11-21T23:36:44Z",
        "2026-1-21T23:36:44Z",
        " 2026-11-21T23:36:44Z",
        "2026-11-21T23:36:44 Z",
        "2026-11-2aT23:36:44Z",
    };
    int64_t ms = 77;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (clock_parse_iso(wrong[i], &ms))
            fail_msg("taken: %s", wrong[i]);
    assert_false(clock_parse_iso(NULL, &ms));
    assert_int_equal(ms, 77);
}

static void test_format_is_the_reverse_and_agrees_with_gmtime(void **state)
{
    char text[CLOCK_ISO_BYTES], expected[64];
    unsigned seed = (unsigned)time(NULL);
    unsigned long long random = seed * 2654435761u + 1;

    (void)state;
    clock_format_iso(1795304204772, text);
    assert_string_equal(text, "2026-11-21T23:36:44.772Z");
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int64_t ms = (int64_t)(random >> 16) % 315569520000000 - 62167219200000;
        if (ms > 253402300799999)
            continue;
        clock_format_iso(ms, text);
        time_t seconds = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
        struct tm utc;
        assert_non_null(gmtime_r(&seconds, &utc));
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                 utc.tm_sec, (int)((ms % 1000 + 1000) % 1000));
        if (strcmp(text, expected) != 0)
            fail_msg("seed %u: %s instead of %s", seed, text, expected);
        check_parse(text, ms);
    }
    clock_format_iso(INT64_MAX, text);
    assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
    clock_format_iso(INT64_MIN, text);
    assert_int_equal(text[strlen(text) - 1], 'Z');
}

static void test_format_local_follows_the_zone(void **state)
{
    char text[40];

    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    clock_format_local(1795304204772, "%Y-%m-%d %H:%M:%S", text, sizeof text);
    assert_string_equal(text, "2026-11-22 00:36:44");
    clock_format_local(1782000000000, "%H:%M", text, sizeof text);
    assert_string_equal(text, "02:00");
    clock_format_local(-1, "%S", text, sizeof text);
    assert_string_equal(text, "59");
    clock_format_local(0, "%Y-%m-%d", text, 5);
    assert_string_equal(text, "");
    clock_format_local(INT64_MAX, "%Y", text, sizeof text);
    clock_format_local(0, "%H", text, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks_advance),
        cmocka_unit_test(test_clock_mono_in),
        cmocka_unit_test(test_parse_forms),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_format_is_the_reverse_and_agrees_with_gmtime),
        cmocka_unit_test(test_format_local_follows_the_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
