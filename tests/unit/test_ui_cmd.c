/* The command table: everything that is derived from it can rely on each row. */
#include "callhud/base/str.h"
#include "callhud/model/action.h"
#include "callhud/ui/cmd.h"
#include "callhud/ui/keymap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_row_is_complete(void **state)
{
    static const char *const groups[] = {"move", "find", "show", "act", "list", "program"};

    (void)state;
    assert_true(cmd_table_len >= 30);
    for (size_t i = 0; i < cmd_table_len; i++) {
        const struct cmd *cmd = &cmd_table[i];
        bool is_grouped = false;
        assert_non_null(cmd->run);
        assert_false(str_is_empty(cmd->name));
        assert_null(strpbrk(cmd->name, " :"));
        assert_false(str_is_empty(cmd->label));
        assert_non_null(cmd->keys);
        assert_true(strlen(cmd->label) <= 20);
        assert_true(strlen(cmd->help) > 10);
        assert_int_equal(cmd->help[strlen(cmd->help) - 1], '.'); /* one sentence */
        assert_int_equal(cmd->scope & ~(unsigned)(SCOPE_USERS | SCOPE_USER | SCOPE_LIST |
                                                  SCOPE_PICK | SCOPE_PREVIEW | SCOPE_PRESENCE),
                         0);
        for (size_t g = 0; g < 6; g++)
            is_grouped |= str_eq(groups[g], cmd->group);
        assert_true(is_grouped);
        if ((cmd->flags & CMD_IN_BAR) != 0)
            assert_int_not_equal(cmd->keys[0], '\0');
    }
}

static void names_are_unique_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < cmd_table_len; i++)
        assert_ptr_equal(cmd_find(cmd_table[i].name), &cmd_table[i]);
    assert_null(cmd_find("no-such"));
    assert_null(cmd_find(""));
}

/* No two commands have one key, no key begins a chord, F-keys are never the only key of what has a
 * key of its own by contract, and nothing takes the keys of later versions. */
static void default_keys_do_not_collide(void **state)
{
    struct keymap map;
    size_t keys = 0;
    struct buf out;

    (void)state;
    for (size_t i = 0; i < cmd_table_len; i++) {
        bool is_in_word = false;
        for (const char *c = cmd_table[i].keys; *c != '\0'; c++) {
            keys += *c != ' ' && !is_in_word;
            is_in_word = *c != ' ';
        }
    }
    assert_int_equal(keymap_init(&map, NULL, NULL), RC_OK);
    assert_int_equal(map.bindings.len, keys);
    for (size_t i = 0; i < map.bindings.len; i++) {
        const struct binding *binding = &map.bindings.items[i];
        bool is_action = (binding->cmd->flags & CMD_WRITES) != 0;
        assert_int_equal(keymap_is_reserved(&binding->keys[0]), is_action);
    }
    buf_init(&out, 4096);
    assert_int_equal(ui_keymap_check(NULL, &out), 0);
    buf_fini(&out);
    keymap_fini(&map);
}

/* What acts on calls is named as in the model, has one key, and that is a capital without Ctrl or
 * Alt: nobody types it in passing, and `y` answers questions only. */
static void dangerous_ones_have_no_ctrl(void **state)
{
    static const char *const asking[] = {"barge", "takeover", "hangup", "record"};
    size_t actions = 0;

    (void)state;
    for (size_t i = 0; i < cmd_table_len; i++) {
        const struct cmd *cmd = &cmd_table[i];
        struct key keys[KEYMAP_CHORD_MAX];
        enum action_kind kind;
        size_t len = 0;
        bool is_action = action_find(cmd->name, &kind);
        bool is_save = str_eq(cmd->name, "save"); /* S writes too, but to no call */
        assert_int_equal(is_action || is_save, (cmd->flags & CMD_WRITES) != 0);
        if (!is_action && (cmd->flags & CMD_DANGEROUS) == 0)
            continue;
        assert_true(is_action);
        actions++;
        assert_non_null(cmd->why_disabled);
        assert_int_equal(key_parse(cmd->keys, keys, KEYMAP_CHORD_MAX, &len, NULL), RC_OK);
        assert_int_equal(len, 1);
        assert_true(keys[0].code >= 'A' && keys[0].code <= 'Z');
        assert_false(keys[0].is_ctrl || keys[0].is_alt);
        bool asks = false;
        for (size_t a = 0; a < sizeof asking / sizeof asking[0]; a++)
            asks |= str_eq(asking[a], cmd->name);
        assert_int_equal(asks, (cmd->flags & CMD_DANGEROUS) != 0);
    }
    assert_int_equal(actions, ACTION_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(names_are_unique_and_found),
        cmocka_unit_test(default_keys_do_not_collide),
        cmocka_unit_test(dangerous_ones_have_no_ctrl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
