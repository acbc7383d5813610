/* The two tables of the product contract, section 2, row by row. */
#include "callhud/model/lamp.h"

#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TURN_ON "turn on 'Enable me to pick up a monitored line on hold'"
#define RING_IS_ON                                                                                 \
    "'Ring my phone when any user I am monitoring rings' is on: a held line cannot be taken over " \
    "then"

static const struct lamp_row table[LAMP_COUNT] = {
    {"ringing", "rings", "▲", '!', 'r'},
    {"hold", "hold", "║", '=', 'h'},
    {"parked", "parked", "▬", '_', 'p'},
    {"on_call", "talk", "■", '#', 'c'},
    {"hidden", "not shared", "·", '-', '-'},
    {"offline", "offline", "○", '.', 'f'},
    {"dnd", "do not disturb", "×", 'x', 'd'},
    {"away", "away", "◊", '~', 'w'},
    {"presence_only", "calls not shown", "¤", '*', 'n'},
    {"available", "free", "●", 'o', 'a'},
    {"unknown", "not heard from", "?", '?', 'u'},
};

static void rows_name_and_draw_each_lamp(void **state)
{
    (void)state;
    for (int i = 0; i < LAMP_COUNT; i++) {
        const struct lamp_row *row = lamp_row((enum lamp)i);
        assert_string_equal(row->json, table[i].json);
        assert_string_equal(row->word, table[i].word);
        assert_string_equal(row->glyph, table[i].glyph);
        assert_int_equal(row->ascii, table[i].ascii);
        assert_int_equal(row->letter, table[i].letter);
    }
}

static void each_lamp_is_found_by_name_word_and_letter(void **state)
{
    enum lamp lamp;

    (void)state;
    for (int i = 0; i < LAMP_COUNT; i++) {
        char letter[2] = {table[i].letter, '\0'};
        lamp = LAMP_COUNT;
        assert_true(lamp_from_text(table[i].json, &lamp) && (int)lamp == i);
        lamp = LAMP_COUNT;
        assert_true(lamp_from_text(table[i].word, &lamp) && (int)lamp == i);
        lamp = LAMP_COUNT;
        assert_true(lamp_from_text(letter, &lamp) && (int)lamp == i);
    }
    assert_true(lamp_from_text("On_Call", &lamp) && lamp == LAMP_ON_CALL);
    lamp = LAMP_AWAY;
    assert_false(lamp_from_text("", &lamp));
    assert_false(lamp_from_text("holding", &lamp));
    assert_false(lamp_from_text("ho", &lamp));
    assert_int_equal(lamp, LAMP_AWAY);
}

/* The column "when", read top down. */
static bool row_holds(enum lamp lamp, const struct lamp_facts *f)
{
    bool has_call = f->has_ringing || f->has_held || f->has_parked || f->has_connected;

    switch (lamp) {
    case LAMP_RINGING: return f->has_ringing;
    case LAMP_HOLD: return f->has_held;
    case LAMP_PARKED: return f->has_parked;
    case LAMP_ON_CALL: return f->has_connected;
    case LAMP_HIDDEN: return f->presence == PRESENCE_HIDDEN;
    case LAMP_OFFLINE: return f->presence == PRESENCE_OFFLINE;
    case LAMP_DND: return f->is_dnd && !has_call;
    case LAMP_AWAY: return f->presence == PRESENCE_BUSY || f->presence == PRESENCE_AWAY;
    case LAMP_PRESENCE_ONLY: return f->presence != PRESENCE_UNKNOWN && f->is_withheld;
    case LAMP_AVAILABLE: return !has_call && f->presence == PRESENCE_AVAILABLE;
    default: return true;
    }
}

static void first_match_from_the_top_over_all_facts(void **state)
{
    size_t seen[LAMP_COUNT] = {0};

    (void)state;
    for (unsigned bits = 0; bits < 64; bits++)
        for (int presence = PRESENCE_UNKNOWN; presence <= PRESENCE_HIDDEN; presence++) {
            struct lamp_facts facts = {
                .presence = (enum presence)presence,
                .is_dnd = bits & 1,
                .is_withheld = bits & 2,
                .has_ringing = bits & 4,
                .has_held = bits & 8,
                .has_parked = bits & 16,
                .has_connected = bits & 32,
            };
            int lamp = 0;
            while (!row_holds((enum lamp)lamp, &facts))
                lamp++;
            assert_int_equal(lamp_of(&facts), lamp);
            seen[lamp]++;
        }
    for (int lamp = 0; lamp < LAMP_COUNT; lamp++)
        assert_true(seen[lamp] > 0);
}

static void each_fact_alone_gives_its_lamp(void **state)
{
    static const struct {
        struct lamp_facts facts;
        enum lamp lamp;
    } cases[] = {
        {{.has_ringing = true}, LAMP_RINGING},
        {{.has_held = true}, LAMP_HOLD},
        {{.has_parked = true}, LAMP_PARKED},
        {{.has_connected = true}, LAMP_ON_CALL},
        {{.presence = PRESENCE_HIDDEN}, LAMP_HIDDEN},
        {{.presence = PRESENCE_OFFLINE}, LAMP_OFFLINE},
        {{.is_dnd = true}, LAMP_DND},
        {{.presence = PRESENCE_BUSY}, LAMP_AWAY},
        {{.presence = PRESENCE_AWAY}, LAMP_AWAY},
        {{.presence = PRESENCE_AVAILABLE, .is_withheld = true}, LAMP_PRESENCE_ONLY},
        {{.presence = PRESENCE_AVAILABLE}, LAMP_AVAILABLE},
        {{.is_withheld = true}, LAMP_UNKNOWN},
        {{0}, LAMP_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(lamp_of(&cases[i].facts), cases[i].lamp);
}

/* The four rows of the monitoring settings where ringing locks the hold. */
static void monitoring_settings_where_ring_locks_hold(void **state)
{
    static const struct {
        bool ring, pick_up;
        bool is_hold_blinking, is_ok, is_sounding;
        const char *why;
    } rows[] = {
        {false, false, true, false, false, TURN_ON},
        {false, true, true, true, false, NULL},
        {true, false, false, false, true, NULL}, /* names both, checked below */
        {true, true, false, false, true, RING_IS_ON},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct monitor_settings settings = {rows[i].ring, rows[i].pick_up, true};
        struct pickup pickup = pickup_check(&settings, false, true);
        assert_int_equal(lamp_blinks(LAMP_HOLD, &settings), rows[i].is_hold_blinking);
        assert_true(lamp_blinks(LAMP_RINGING, &settings));
        assert_int_equal(lamp_sounds(LAMP_RINGING, &settings), rows[i].is_sounding);
        assert_int_equal(pickup.is_ok, rows[i].is_ok);
        assert_int_equal(pickup.why == NULL, rows[i].is_ok);
        if (rows[i].why != NULL)
            assert_string_equal(pickup.why, rows[i].why);
        /* A ringing call may always be picked up, whatever else is held. */
        assert_true(pickup_check(&settings, true, false).is_ok);
        assert_true(pickup_check(&settings, true, true).is_ok);
        pickup = pickup_check(&settings, false, false);
        assert_false(pickup.is_ok);
        assert_string_equal(pickup.why, "no held or ringing call");
    }
    struct monitor_settings both = {true, false, true};
    const char *why = pickup_check(&both, false, true).why;
    assert_non_null(strstr(why, "'Enable me to pick up a monitored line on hold'"));
    assert_non_null(strstr(why, "'Ring my phone when any user I am monitoring rings'"));
}

/* Elsewhere the pick-up setting alone decides, and blinking means "may be picked up". */
static void monitoring_settings_where_ring_locks_nothing(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 4; bits++) {
        struct monitor_settings settings = {bits & 1, bits & 2, false};
        struct pickup pickup = pickup_check(&settings, false, true);
        assert_int_equal(pickup.is_ok, settings.pick_up_held_lines);
        assert_int_equal(lamp_blinks(LAMP_HOLD, &settings), settings.pick_up_held_lines);
        assert_true(lamp_blinks(LAMP_RINGING, &settings));
        assert_int_equal(lamp_sounds(LAMP_RINGING, &settings), settings.ring_when_monitored_rings);
        if (!pickup.is_ok)
            assert_string_equal(pickup.why, TURN_ON);
    }
}

static void only_ringing_and_hold_move_and_only_ringing_sounds(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        struct monitor_settings settings = {bits & 1, bits & 2, bits & 4};
        for (int lamp = LAMP_PARKED; lamp < LAMP_COUNT; lamp++)
            assert_false(lamp_blinks((enum lamp)lamp, &settings));
        for (int lamp = LAMP_HOLD; lamp < LAMP_COUNT; lamp++)
            assert_false(lamp_sounds((enum lamp)lamp, &settings));
    }
}

static void words_of_the_json_contract(void **state)
{
    (void)state;
    assert_null(presence_json(PRESENCE_UNKNOWN));
    assert_string_equal(presence_json(PRESENCE_AVAILABLE), "available");
    assert_string_equal(presence_json(PRESENCE_BUSY), "busy");
    assert_string_equal(presence_json(PRESENCE_AWAY), "away");
    assert_string_equal(presence_json(PRESENCE_OFFLINE), "offline");
    assert_string_equal(presence_json(PRESENCE_HIDDEN), "hidden");
    assert_string_equal(call_state_json(CALL_RINGING), "ringing");
    assert_string_equal(call_state_json(CALL_DIALLING), "dialling");
    assert_string_equal(call_state_json(CALL_CONNECTED), "connected");
    assert_string_equal(call_state_json(CALL_HELD), "held");
    assert_string_equal(call_state_json(CALL_PARKED), "parked");
    assert_string_equal(call_direction_json(CALL_IN), "in");
    assert_string_equal(call_direction_json(CALL_OUT), "out");
    assert_null(supervise_mode_json(SUPERVISE_UNKNOWN));
    assert_string_equal(supervise_mode_json(SUPERVISE_LISTEN), "listen");
    assert_string_equal(supervise_mode_json(SUPERVISE_WHISPER), "whisper");
    assert_string_equal(supervise_mode_json(SUPERVISE_BARGE), "barge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_name_and_draw_each_lamp),
        cmocka_unit_test(each_lamp_is_found_by_name_word_and_letter),
        cmocka_unit_test(each_fact_alone_gives_its_lamp),
        cmocka_unit_test(first_match_from_the_top_over_all_facts),
        cmocka_unit_test(monitoring_settings_where_ring_locks_hold),
        cmocka_unit_test(monitoring_settings_where_ring_locks_nothing),
        cmocka_unit_test(only_ringing_and_hold_move_and_only_ringing_sounds),
        cmocka_unit_test(words_of_the_json_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
