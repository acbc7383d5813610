/* The command table: everything that is derived from it can rely on each row. */
#include "callhud/base/str.h"
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
    static const char *const groups[] = {"move", "find", "show", "act", "program"};

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
        assert_int_equal(cmd->scope & ~(unsigned)(SCOPE_USERS | SCOPE_USER), 0);
        for (size_t g = 0; g < 5; g++)
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
    for (size_t i = 0; i < map.bindings.len; i++)
        assert_false(keymap_is_reserved(&map.bindings.items[i].keys[0]));
    buf_init(&out, 4096);
    assert_int_equal(ui_keymap_check(NULL, &out), 0);
    buf_fini(&out);
    keymap_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(names_are_unique_and_found),
        cmocka_unit_test(default_keys_do_not_collide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
