#include "callhud/ui/keymap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct cmd *find(const struct keymap *map, const char *text, enum keymap_match *match)
{
    struct key keys[KEYMAP_CHORD_MAX];
    size_t len = 0;
    const struct cmd *cmd = NULL;

    assert_int_equal(key_parse(text, keys, KEYMAP_CHORD_MAX, &len, NULL), RC_OK);
    *match = keymap_find(map, keys, len, &cmd);
    return cmd;
}

static void expect(const struct keymap *map, const char *keys, const char *name)
{
    enum keymap_match match;
    const struct cmd *cmd = find(map, keys, &match);

    assert_int_equal(match, name != NULL ? KEYMAP_EXACT : KEYMAP_NONE);
    if (name != NULL)
        assert_string_equal(cmd->name, name);
}

static void defaults_are_those_of_the_contract(void **state)
{
    static const char *const pairs[][2] = {
        {"h", "left"},
        {"j", "down"},
        {"k", "up"},
        {"l", "right"},
        {"Left", "left"},
        {"Down", "down"},
        {"Up", "up"},
        {"Right", "right"},
        {"PgUp", "page-up"},
        {"PgDn", "page-down"},
        {"Ctrl-d", "half-down"},
        {"Ctrl-u", "half-up"},
        {"Home", "first"},
        {"End", "last"},
        {"gg", "first"},
        {"G", "last"},
        {"Tab", "next-department"},
        {"!", "urgent"},
        {"Enter", "open"},
        {"Esc", "back"},
        {"q", "quit"},
        {"/", "find"},
        {"f", "filter-lamp"},
        {"v", "view"},
        {"o", "order"},
        {"d", "department"},
        {"i", "why"},
        {"Space", "mark"},
        {"z", "freeze"},
        {"y", "copy"},
        {"t", "theme"},
        {"m", "mouse"},
        {"M", "mute"},
        {":", "palette"},
        {"?", "help"},
        {"Ctrl-l", "redraw"},
        {"Ctrl-r", "resync"},
        {"Ctrl-z", "suspend"},
        {"F1", "help"},
        {"F3", "find"},
        {"F4", "filter-lamp"},
        {"F5", "view"},
        {"F6", "order"},
        {"P", "pickup"},
        {"L", "listen"},
        {"W", "whisper"},
        {"B", "barge"},
        {"T", "takeover"},
        {"X", "stop"},
        {"K", "hangup"},
        {"D", "dnd"},
        {"R", "record"},
        {"x", "menu"},
        {"e", "list"},
        {",", "presence"},
        {"S", "save"},
    };
    struct keymap map;

    (void)state;
    assert_int_equal(keymap_init(&map, NULL, NULL), RC_OK);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        expect(&map, pairs[i][0], pairs[i][1]);
    static const char *const free_keys[] = {"H", "J", "c"};
    for (size_t i = 0; i < sizeof free_keys / sizeof free_keys[0]; i++)
        expect(&map, free_keys[i], NULL);
    keymap_fini(&map);
}

static void chord_is_a_prefix_first(void **state)
{
    struct keymap map;
    enum keymap_match match;

    (void)state;
    assert_int_equal(keymap_init(&map, NULL, NULL), RC_OK);
    assert_null(find(&map, "g", &match));
    assert_int_equal(match, KEYMAP_PREFIX);
    keymap_fini(&map);
}

static void own_keys_override(void **state)
{
    static const char *const own[] = {"z",    "find", "F7",    "freeze", "y",
                                      "none", "g t",  "theme", NULL};
    struct keymap map;
    char name[KEYMAP_NAME_BYTES], all[128];

    (void)state;
    assert_int_equal(keymap_init(&map, own, NULL), RC_OK);
    expect(&map, "z", "find");
    expect(&map, "/", "find");
    expect(&map, "F7", "freeze");
    expect(&map, "y", NULL);
    expect(&map, "gt", "theme");
    keymap_first(&map, cmd_find("find"), name, sizeof name);
    assert_string_equal(name, "z");
    keymap_all(&map, cmd_find("find"), all, sizeof all);
    assert_string_equal(all, "z / F3");
    keymap_all(&map, cmd_find("first"), all, sizeof all);
    assert_string_equal(all, "gg Home");
    keymap_first(&map, cmd_find("copy"), name, sizeof name);
    assert_string_equal(name, "");
    keymap_fini(&map);
}

static void unknown_command_names_the_nearest(void **state)
{
    static const char *const own[] = {"z", "freze", NULL};
    struct keymap map;
    struct err err = {0};

    (void)state;
    assert_int_equal(keymap_init(&map, own, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "freze"));
    assert_non_null(strstr(err.text, "\"freeze\""));
    expect(&map, "z", "freeze"); /* the defaults stand */
    keymap_fini(&map);
}

static void bad_key_is_refused(void **state)
{
    static const char *const own[] = {"Ctrl-Foo", "freeze", NULL};
    struct keymap map;
    struct err err = {0};

    (void)state;
    assert_int_not_equal(keymap_init(&map, own, &err), RC_OK);
    assert_non_null(strstr(err.text, "Foo"));
    keymap_fini(&map);
}

static void answer_is_no_opener(void **state)
{
    static const char *const own[][3] = {{"y", "hangup"}, {"gy", "takeover"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct keymap map;
        struct err err = {0};
        assert_int_equal(keymap_init(&map, own[i], &err), RC_CONFIG);
        assert_non_null(strstr(err.text, "y is the answer to what"));
        expect(&map, "y", "copy");
        keymap_fini(&map);
    }
}

static void expect_fault(const char *const *own, size_t count, const char *text)
{
    struct buf out;

    buf_init(&out, 8192);
    size_t faults = ui_keymap_check(own, &out);
    if (faults != count || (text != NULL && strstr(buf_text(&out), text) == NULL))
        fail_msg("%zu faults: %s", faults, buf_text(&out));
    buf_fini(&out);
}

static void check_reports_conflicts(void **state)
{
    (void)state;
    expect_fault(NULL, 0, NULL);
    expect_fault((const char *const[]){"e", "find", NULL}, 0, NULL);
    expect_fault((const char *const[]){"e", "find", "e", "help", NULL}, 1, "bound twice");
    expect_fault((const char *const[]){"g", "find", NULL}, 1, "g (find) begins gg (first)");
    expect_fault((const char *const[]){"P", "palette", NULL}, 1, "P is kept for acting on calls");
    expect_fault((const char *const[]){"P", "listen", "L", "pickup", NULL}, 0, NULL);
    expect_fault((const char *const[]){"F7", "barge", NULL}, 0, NULL);
    expect_fault((const char *const[]){"y", "barge", NULL}, 1, "needs a capital or an F key");
    expect_fault((const char *const[]){"Ctrl-b", "hangup", NULL}, 1, "needs a capital");
    expect_fault((const char *const[]){"Alt-L", "listen", NULL}, 1, "needs a capital");
    expect_fault((const char *const[]){"e", "finde", NULL}, 1, "did you mean \"find\"");
    expect_fault((const char *const[]){"Nokey", "find", "e", "y", NULL}, 2, NULL);
    expect_fault((const char *const[]){"g", "find", "gg", "none", NULL}, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(chord_is_a_prefix_first),
        cmocka_unit_test(own_keys_override),
        cmocka_unit_test(unknown_command_names_the_nearest),
        cmocka_unit_test(bad_key_is_refused),
        cmocka_unit_test(answer_is_no_opener),
        cmocka_unit_test(check_reports_conflicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
