#include "callhud/model/why.h"

#include "floor.h"

#include "callhud/base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void ages_as_on_screen(void **state)
{
    static const struct {
        int64_t age_ms;
        const char *clock, *seconds, *calm;
    } rows[] = {
        {-1, "", "", ""},
        {0, "0:00", "0s", "<1m"},
        {7999, "0:07", "7s", "<1m"},
        {42 * SECOND, "0:42", "42s", "<1m"},
        {59999, "0:59", "59s", "<1m"},
        {MINUTE, "1:00", "1m", "1m"},
        {100 * SECOND, "1:40", "1m", "1m"},
        {10 * MINUTE - 1, "9:59", "9m", "9m"},
        {10 * MINUTE, "10m", "10m", "10m"},
        {HOUR - 1, "59m", "59m", "59m"},
        {HOUR, "1h00", "1h00", "1h00"},
        {2 * HOUR + 5 * MINUTE, "2h05", "2h05", "2h05"},
        {10 * HOUR - 1, "9h59", "9h59", "9h59"},
        {10 * HOUR, "10h", "10h", "10h"},
        {DAY - 1, "23h", "23h", "23h"},
        {3 * DAY, "3d", "3d", "3d"},
        {999 * DAY, "999d", "999d", "999d"},
        {1000 * DAY, "2y", "2y", "2y"},
        {INT64_MAX, "999y", "999y", "999y"},
    };
    char out[AGE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        age_text(out, rows[i].age_ms, AGE_CLOCK, false, false);
        assert_string_equal(out, rows[i].clock);
        age_text(out, rows[i].age_ms, AGE_SECONDS, false, false);
        assert_string_equal(out, rows[i].seconds);
        age_text(out, rows[i].age_ms, AGE_CALM, false, false);
        assert_string_equal(out, rows[i].calm);
    }
}

static void ages_of_unknown_beginning_say_at_least(void **state)
{
    char out[AGE_BYTES];

    (void)state;
    age_text(out, 3 * MINUTE + 5, AGE_CALM, true, false);
    assert_string_equal(out, "≥3m");
    age_text(out, 3 * MINUTE + 5, AGE_CALM, true, true);
    assert_string_equal(out, ">3m");
    age_text(out, 7 * SECOND, AGE_CLOCK, true, false);
    assert_string_equal(out, "≥7s");
    age_text(out, 100 * SECOND, AGE_CLOCK, true, false);
    assert_string_equal(out, "≥1m");
    age_text(out, 2 * HOUR + 5 * MINUTE, AGE_CLOCK, true, false);
    assert_string_equal(out, "≥2h");
    age_text(out, 30 * SECOND, AGE_CALM, true, false);
    assert_string_equal(out, ""); /* "at least less than a minute" says nothing */
    age_text(out, 200 * DAY, AGE_CALM, true, false);
    assert_string_equal(out, "≥99d");
    age_text(out, 400 * DAY, AGE_CALM, true, false);
    assert_string_equal(out, "≥1y");
    age_text(out, -1, AGE_CALM, true, false);
    assert_string_equal(out, "");
}

static void no_age_is_wider_than_four_columns(void **state)
{
    char out[AGE_BYTES];

    (void)state;
    for (int64_t age_ms = 0; age_ms < INT64_MAX / 3; age_ms += age_ms / 64 + 137)
        for (int style = AGE_CLOCK; style <= AGE_CALM; style++)
            for (int bits = 0; bits < 4; bits++) {
                age_text(out, age_ms, (enum age_style)style, bits & 1, bits & 2);
                int width = utf8_width(out);
                bool is_blank = style == AGE_CALM && (bits & 1) && age_ms < MINUTE;
                assert_true(is_blank ? width == 0 : width >= 2 && width <= 4);
            }
}

/* Asked at any time, the answer is the first millisecond at which the text is another one. */
static void the_next_change_of_an_age_is_exact(void **state)
{
    static const int64_t starts[] = {0,
                                     1,
                                     999,
                                     58 * SECOND,
                                     9 * MINUTE + 58 * SECOND + 3,
                                     59 * MINUTE,
                                     9 * HOUR + 59 * MINUTE,
                                     23 * HOUR + 1,
                                     3 * DAY + 7,
                                     999 * DAY,
                                     1000 * DAY,
                                     2000 * DAY};
    char now[AGE_BYTES], before[AGE_BYTES], then[AGE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (int style = AGE_CLOCK; style <= AGE_CALM; style++) {
            int64_t age_ms = starts[i];
            for (int step = 0; step < 70; step++) {
                int64_t next_ms = age_next_ms(age_ms, (enum age_style)style);
                assert_true(next_ms > 0);
                age_text(now, age_ms, (enum age_style)style, false, false);
                age_text(before, age_ms + next_ms - 1, (enum age_style)style, false, false);
                age_text(then, age_ms + next_ms, (enum age_style)style, false, false);
                assert_string_equal(now, before);
                assert_string_not_equal(now, then);
                age_ms += next_ms;
            }
        }
    assert_int_equal(age_next_ms(-1, AGE_CLOCK), INT64_MAX);
    assert_int_equal(age_next_ms(INT64_MAX, AGE_CLOCK), INT64_MAX);
}

static void only_ringing_and_hold_run_as_a_clock(void **state)
{
    (void)state;
    for (int lamp = 0; lamp < LAMP_COUNT; lamp++) {
        enum age_style style = age_style_of((enum lamp)lamp);
        if (lamp == LAMP_RINGING || lamp == LAMP_HOLD)
            assert_int_equal(style, AGE_CLOCK);
        else if (lamp == LAMP_ON_CALL || lamp == LAMP_UNKNOWN)
            assert_int_equal(style, AGE_SECONDS);
        else
            assert_int_equal(style, AGE_CALM);
    }
}

/* --- sentences ---------------------------------------------------------------------------------
 */

static const char *why(const struct floor *f, const char *id)
{
    static char text[4096];
    struct buf out;

    buf_init(&out, sizeof text - 1);
    why_lamp(&out, &f->hud, floor_find(f, id), f->now_ms);
    assert_false(out.is_full);
    (void)snprintf(text, sizeof text, "%s", buf_text(&out));
    buf_fini(&out);
    /* Whole sentences: no line is empty or without its end. */
    for (const char *line = text; line != NULL;) {
        const char *end = strchr(line, '\n');
        const char *last = end != NULL ? end - 1 : line + strlen(line) - 1;
        assert_true(last > line && *last == '.');
        line = end != NULL ? end + 1 : NULL;
    }
    assert_null(strstr(text, "(null)"));
    return text;
}

static void assert_why(const struct floor *f, const char *id, const char *part)
{
    const char *text = why(f, id);
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_not_why(const struct floor *f, const char *id, const char *part)
{
    const char *text = why(f, id);
    if (strstr(text, part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text);
}

/* The floor begins at 14:00:01, 131 s later it is 14:02:12. */
static void calls_say_with_whom_and_since_when(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 3);
    floor_pass(&f, 10 * SECOND);
    floor_call_with(&f, "101", "a", CALL_HELD, "Acme Ltd", "+4930901820");
    floor_call_with(&f, "102", "b", CALL_RINGING, "", "2125550142");
    floor_call_with(&f, "103", "c", CALL_DIALLING, "", "");
    for (int i = 0; i < 10; i++) {
        floor_pass(&f, 10 * SECOND);
        floor_kind(&f, EVENT_HEARD);
    }
    assert_why(&f, "101",
               "101 shows hold because a call with Acme Ltd has been held by 101 since "
               "14:00:11 (1:40).");
    assert_why(&f, "102",
               "102 shows rings because a call from 2125550142 has been ringing since "
               "14:00:11 (1:40).");
    assert_why(&f, "102", "You may pick it up.");
    assert_why(&f, "101", "You may not pick it up: turn on 'Enable me to pick up");
    assert_why(&f, "103",
               "103 shows talk because an outgoing call has been dialled by 103 since "
               "14:00:11 (1m) and is not answered yet.");
    assert_not_why(&f, "103", "pick");
    floor_call_with(&f, "103", "c", CALL_PARKED, "Globex", "");
    assert_why(&f, "103", "103 shows parked because a call with Globex has been parked by 103");
    floor_call_with(&f, "103", "c", CALL_CONNECTED, "Globex", "");
    assert_why(&f, "103", "103 shows talk because a call from Globex has been connected since");
    floor_fini(&f);
}

static void a_beginning_nobody_saw_is_said(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    f.is_answer = true;
    floor_call_with(&f, "101", "a", CALL_HELD, "Acme", "");
    f.is_answer = false;
    floor_pass(&f, 5 * SECOND);
    assert_why(&f, "101", "held by 101 since 14:00:01 or earlier (at least 0:05).");
    floor_fini(&f);
}

static void each_other_lamp_has_its_reason(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 7);
    floor_presence(&f, "102", PRESENCE_HIDDEN);
    floor_presence(&f, "103", PRESENCE_OFFLINE);
    floor_dnd(&f, "104", true);
    floor_away(&f, "105", "lunch");
    floor_withheld(&f, "106", true);
    floor_user(&f, "200", "Late", "", 0);
    floor_presence(&f, "107", PRESENCE_BUSY);
    floor_pass(&f, 5 * SECOND);
    assert_why(&f, "101",
               "101 shows free because 101 has had no call and accepts calls since "
               "14:00:01 or earlier (at least 5s).");
    assert_why(&f, "102", "102 shows \"not shared\" because 102 does not share");
    assert_why(&f, "103", "103 shows offline because 103 has had no phone signed in since");
    assert_why(&f, "104",
               "104 shows \"do not disturb\" because 104 has no call and wants none "
               "since 14:00:01 (5s).");
    assert_why(&f, "105",
               "105 shows away because the status of 105 has been set to away, "
               "\"lunch\", since 14:00:01 (5s).");
    assert_why(&f, "106", "106 shows \"calls not shown\" because you may see the status of 106");
    assert_why(&f, "107", "set to busy since");
    assert_why(&f, "200",
               "200 shows \"not heard from\" because the telephone system has told "
               "nothing about 200 yet.");
    floor_fini(&f);
}

static void what_else_is_true_is_told(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_dnd(&f, "101", true);
    floor_away(&f, "101", "lunch");
    assert_why(&f, "101", "The status set by hand is away (lunch), but what is shown goes before");
    floor_call_with(&f, "101", "a", CALL_CONNECTED, "Acme", "");
    assert_why(&f, "101", "Do not disturb is on as well, but a call goes before it.");
    assert_why(&f, "101", "The status set by hand is away (lunch), but a call goes before it.");
    floor_presence(&f, "101", PRESENCE_OFFLINE);
    assert_why(&f, "101", "No phone is signed in, but a call goes before that.");
    floor_call_with(&f, "101", "b", CALL_RINGING, "Globex", "");
    assert_why(&f, "101", "101 shows rings because a call from Globex");
    assert_why(&f, "101", "Besides, a call from Acme has been connected");
    assert_why(&f, "101", "Of several calls the most urgent is shown");
    for (int i = 0; i < 5; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "x%d", i);
        floor_call_with(&f, "101", id, CALL_HELD, "Initech", "");
    }
    assert_why(&f, "101", "3 more calls are not told here.");
    floor_fini(&f);
}

static void supervisors_and_recording_are_told(void **state)
{
    const struct supervisor by[] = {{"900", SUPERVISE_LISTEN},
                                    {"901", SUPERVISE_WHISPER},
                                    {"902", SUPERVISE_BARGE},
                                    {"", SUPERVISE_UNKNOWN}};
    struct event event = {.kind = EVENT_CALL, .user_id = "101"};
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    event.u.call.id = "a";
    event.u.call.state = CALL_CONNECTED;
    event.u.call.name = "Acme";
    event.u.call.is_recorded = true;
    event.u.call.supervisors = by;
    event.u.call.supervisors_len = 4;
    floor_tell(&f, event);
    assert_why(&f, "101", "900 listens to a call from Acme.");
    assert_why(&f, "101", "901 whispers to the agent on a call from Acme.");
    assert_why(&f, "101", "902 takes part in a call from Acme.");
    assert_why(&f, "101", "Someone supervises a call from Acme.");
    assert_why(&f, "101", "There is a recording of a call from Acme.");
    /* Rights may keep the calls away: then nothing of them is told. */
    floor_withheld(&f, "101", true);
    assert_not_why(&f, "101", "Acme");
    assert_not_why(&f, "101", "900");
    floor_fini(&f);
}

static void a_lost_link_is_told_with_what_follows(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call_with(&f, "101", "a", CALL_RINGING, "Acme", "");
    floor_link(&f, LINK_LOST);
    floor_pass(&f, 42 * SECOND + 500);
    assert_why(&f, "101", "101 shows rings because");
    assert_why(&f, "101",
               "This may be out of date: for 42s nothing is certain, the link to the "
               "telephone system is lost (closed by the other side). In 18s it turns "
               "to \"not heard from\".");
    assert_not_why(&f, "101", "pick");
    floor_pass(&f, 17 * SECOND + 500);
    assert_why(&f, "101",
               "101 shows \"not heard from\" because nothing certain has been heard for "
               "1m: the link to the telephone system is lost");
    assert_why(&f, "101", "What was known last: rings.");
    assert_not_why(&f, "101", "Acme");
    floor_fini(&f);
}

static void a_gap_polling_and_a_first_start_are_told(void **state)
{
    struct floor f;

    (void)state;
    floor_init(&f);
    floor_link(&f, LINK_CONNECTING);
    floor_user(&f, "101", "", "", 1);
    assert_why(&f, "101",
               "because nothing has been heard of 101 yet: the link to the telephone "
               "system is being set up.");
    floor_fini(&f);

    floor_open(&f, 1);
    floor_kind(&f, EVENT_GAP);
    assert_why(&f, "101", "changes may have been missed and all is asked anew");
    floor_fini(&f);

    floor_open(&f, 1);
    floor_link(&f, LINK_POLLING);
    floor_pass(&f, 25 * SECOND);
    assert_why(&f, "101", "for 25s no answer about 101 has come. In 55s it turns to");
    floor_pass(&f, 60 * SECOND);
    assert_why(&f, "101", "because the last answer about 101 came 1m ago.");
    floor_fini(&f);
}

/* What the buffer cannot hold is left off; nothing is written past its end. */
static void a_small_buffer_is_no_trouble(void **state)
{
    struct floor f;

    (void)state;
    floor_open(&f, 1);
    floor_call_with(&f, "101", "a", CALL_RINGING, "Acme", "");
    for (size_t max = 0; max < 120; max++) {
        struct buf out;
        buf_init(&out, max);
        why_lamp(&out, &f.hud, floor_find(&f, "101"), f.now_ms);
        assert_true(out.len <= max);
        buf_fini(&out);
    }
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_as_on_screen),
        cmocka_unit_test(ages_of_unknown_beginning_say_at_least),
        cmocka_unit_test(no_age_is_wider_than_four_columns),
        cmocka_unit_test(the_next_change_of_an_age_is_exact),
        cmocka_unit_test(only_ringing_and_hold_run_as_a_clock),
        cmocka_unit_test(calls_say_with_whom_and_since_when),
        cmocka_unit_test(a_beginning_nobody_saw_is_said),
        cmocka_unit_test(each_other_lamp_has_its_reason),
        cmocka_unit_test(what_else_is_true_is_told),
        cmocka_unit_test(supervisors_and_recording_are_told),
        cmocka_unit_test(a_lost_link_is_told_with_what_follows),
        cmocka_unit_test(a_gap_polling_and_a_first_start_are_told),
        cmocka_unit_test(a_small_buffer_is_no_trouble),
    };
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
