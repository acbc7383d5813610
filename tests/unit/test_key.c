#include "callhud/draw/key.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct key one(const char *text)
{
    struct key keys[4];
    struct err err = {0};
    size_t count = 0;

    if (key_parse(text, keys, 4, &count, &err) != RC_OK)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(count, 1);
    return keys[0];
}

static void check_refused(const char *text, const char *expected)
{
    struct key keys[4];
    struct err err = {0};
    size_t count = 0;

    assert_int_equal(key_parse(text, keys, 4, &count, &err), RC_CONFIG);
    if (strstr(err.text, expected) == NULL)
        fail_msg("'%s' said: %s", text, err.text);
}

static void check_round_trip(const struct key *key)
{
    char name[64];

    key_text(key, name, sizeof name);
    struct key back = one(name);
    if (!key_equal(key, &back))
        fail_msg("%s came back as %x", name, (unsigned)back.code);
}

static void test_every_named_key_survives_its_name(void **state)
{
    (void)state;
#define CHECK(code_, text)                              \
    for (int modifiers = 0; modifiers < 4; modifiers++) \
        check_round_trip(&(struct key){                 \
            .code = (code_), .is_ctrl = (modifiers & 1) != 0, .is_alt = (modifiers & 2) != 0});
    KEY_LIST(CHECK)
#undef CHECK
}

static void test_every_character_survives_its_name(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x11000; code++) {
        if (code >= 'A' && code <= 'Z')
            check_round_trip(&(struct key){.code = code, .is_alt = true});
        else if (strchr("im[", (int)code) == NULL || code > 0x7F)
            check_round_trip(&(struct key){.code = code, .is_ctrl = true});
        check_round_trip(&(struct key){.code = code});
    }
}

/* The keys of the product's table, as they are written there and in configuration files. */
static void test_keys_of_the_product(void **state)
{
    static const char *const written[] = {
        "h",      "j",   "k",   "l",  "PgUp",  "PgDn",      "Ctrl-d",    "Ctrl-u", "Home",
        "End",    "G",   "Tab", "0",  "9",     "!",         "Enter",     "Esc",    "q",
        "/",      "v",   "o",   "d",  "i",     "x",         "c",         "e",      ",",
        "Space",  "z",   "y",   "t",  "m",     "M",         ":",         "?",      "Ctrl-l",
        "Ctrl-r", "P",   "L",   "W",  "B",     "T",         "X",         "K",      "D",
        "R",      "S",   "H",   "J",  "F1",    "F3",        "F4",        "F5",     "F6",
        "<",      ">",   "=",   "*",  "-",     "S-Tab",     "Up",        "Down",   "Left",
        "Right",  "Ins", "Del", "BS", "Alt-1", "Alt-Enter", "Ctrl-Space"};
    char name[32];

    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        struct key key = one(written[i]);
        key_text(&key, name, sizeof name);
        assert_string_equal(name, written[i]);
    }
}

static void test_parts_of_a_key(void **state)
{
    struct key key = one("Ctrl-d");

    (void)state;
    assert_int_equal(key.code, 'd');
    assert_true(key.is_ctrl && !key.is_alt);
    key = one("ctrl-ALT-D");
    assert_int_equal(key.code, 'd');
    assert_true(key.is_ctrl && key.is_alt);
    key = one("Alt-D");
    assert_int_equal(key.code, 'D');
    assert_int_equal(one("Space").code, ' ');
    assert_int_equal(one("PageUp").code, KEY_CODE_PAGE_UP);
    assert_int_equal(one("Return").code, KEY_CODE_ENTER);
    assert_int_equal(one("Ctrl--").code, '-');
    assert_int_equal(one("é").code, 0xE9);
    assert_int_equal(one("U+00AD").code, 0xAD);
}

static void test_chords(void **state)
{
    struct key keys[3];
    struct err err = {0};
    size_t count;

    (void)state;
    assert_int_equal(key_parse("gg", keys, 3, &count, &err), RC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(keys[0].code, 'g');
    assert_int_equal(keys[1].code, 'g');
    assert_int_equal(key_parse("  Ctrl-x  Space\tf ", keys, 3, &count, &err), RC_OK);
    assert_int_equal(count, 3);
    assert_true(keys[0].is_ctrl);
    assert_int_equal(keys[1].code, ' ');
    assert_int_equal(keys[2].code, 'f');
    assert_int_equal(key_parse("a b c d", keys, 3, &count, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "at most 3"));
    assert_int_equal(key_parse("gg", keys, 1, &count, &err), RC_CONFIG);
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    check_refused("", "no key");
    check_refused("   ", "no key");
    check_refused("enter", "did you mean 'Enter'?");
    check_refused("Entre", "did you mean 'Enter'?");
    check_refused("pgup", "did you mean 'PgUp'?");
    check_refused("F13x", "unknown key");
    check_refused("Ctrl-", "unknown key");
    check_refused("Ctrl-gg", "unknown key");
    check_refused("Ctrl-i", "write Tab");
    check_refused("Ctrl-M", "write Enter");
    check_refused("\xC3", "unknown key");
    check_refused("U+110000", "unknown key");
    check_refused("U+0000", "unknown key");
    check_refused("a\001", "unknown key");
    check_refused("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "unknown key");
}

static void test_name_is_cut_to_its_room(void **state)
{
    struct key key = {.code = KEY_CODE_PAGE_DOWN, .is_ctrl = true};
    char name[6];

    (void)state;
    key_text(&key, name, sizeof name);
    assert_string_equal(name, "Ctrl-");
    key_text(&key, name, 0);
    key = (struct key){.code = KEY_CODE_FOCUS_OUT + 7};
    key_text(&key, name, sizeof name);
    assert_string_equal(name, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_named_key_survives_its_name),
        cmocka_unit_test(test_every_character_survives_its_name),
        cmocka_unit_test(test_keys_of_the_product),
        cmocka_unit_test(test_parts_of_a_key),
        cmocka_unit_test(test_chords),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_name_is_cut_to_its_room),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
