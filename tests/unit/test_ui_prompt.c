#include "callhud/ui/prompt.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool type(struct prompt *p, uint32_t code)
{
    struct key key = {.code = code};

    return prompt_edit(p, &key);
}

static bool ctrl(struct prompt *p, char letter)
{
    struct key key = {.code = (uint32_t)letter, .is_ctrl = true};

    return prompt_edit(p, &key);
}

static void type_all(struct prompt *p, const char *text)
{
    for (; *text != '\0'; text++)
        assert_true(type(p, (uint32_t)(unsigned char)*text));
}

static void typing_and_moving(void **state)
{
    struct prompt p = {.kind = PROMPT_FILTER};

    (void)state;
    type_all(&p, "noor haddad");
    assert_string_equal(p.text, "noor haddad");
    assert_true(type(&p, KEY_CODE_HOME));
    type_all(&p, "x");
    assert_string_equal(p.text, "xnoor haddad");
    assert_true(type(&p, KEY_CODE_DELETE));
    assert_string_equal(p.text, "xoor haddad");
    assert_true(type(&p, KEY_CODE_END));
    assert_true(type(&p, KEY_CODE_BACKSPACE));
    assert_string_equal(p.text, "xoor hadda");
    assert_true(ctrl(&p, 'w'));
    assert_string_equal(p.text, "xoor ");
    assert_true(ctrl(&p, 'a'));
    assert_true(type(&p, KEY_CODE_RIGHT));
    assert_true(ctrl(&p, 'k'));
    assert_string_equal(p.text, "x");
    assert_true(ctrl(&p, 'u'));
    assert_string_equal(p.text, "");
    assert_true(type(&p, KEY_CODE_BACKSPACE));
    assert_true(type(&p, KEY_CODE_LEFT));
    assert_int_equal(p.at, 0);
}

/* Wide and combined characters are one step. */
static void graphemes_are_whole(void **state)
{
    struct prompt p = {.kind = PROMPT_FILTER};

    (void)state;
    prompt_set(&p, "田e\xcc\x81x");
    assert_true(type(&p, KEY_CODE_LEFT));
    assert_true(type(&p, KEY_CODE_BACKSPACE));
    assert_string_equal(p.text, "田x");
    assert_true(type(&p, KEY_CODE_BACKSPACE));
    assert_string_equal(p.text, "x");
    assert_true(type(&p, 0xEB));
    assert_string_equal(p.text, "ëx");
}

static void never_longer_than_its_room(void **state)
{
    struct prompt p = {.kind = PROMPT_FILTER};

    (void)state;
    for (int i = 0; i < 1000; i++)
        (void)type(&p, i % 2 ? 'a' : 0x7530);
    assert_true(strlen(p.text) < PROMPT_BYTES);
    assert_int_equal(p.at, strlen(p.text));
}

static void paste_is_cleaned_and_cut(void **state)
{
    struct prompt p = {.kind = PROMPT_FILTER};
    char big[70000];
    struct key key = {.code = KEY_CODE_PASTE,
                      .text = "a\nb\x1b[31m\xe2\x80\xae"
                              "c",
                      .text_len = 0};

    (void)state;
    key.text_len = strlen(key.text);
    assert_true(prompt_edit(&p, &key));
    assert_null(strchr(p.text, '\n'));
    assert_null(strchr(p.text, 0x1b));
    assert_null(strstr(p.text, "\xe2\x80\xae"));
    assert_memory_equal(p.text, "a b", 3);
    memset(big, 'x', sizeof big);
    key.text = big;
    key.text_len = sizeof big;
    assert_true(prompt_edit(&p, &key));
    assert_int_equal(strlen(p.text), PROMPT_BYTES - 1);
}

static void other_keys_are_not_edits(void **state)
{
    struct prompt p = {.kind = PROMPT_FILTER};
    struct key alt = {.code = 'x', .is_alt = true};

    (void)state;
    assert_false(type(&p, KEY_CODE_ENTER));
    assert_false(type(&p, KEY_CODE_TAB));
    assert_false(type(&p, KEY_CODE_F1));
    assert_false(type(&p, 0x1b));
    assert_false(ctrl(&p, 'z'));
    assert_false(prompt_edit(&p, &alt));
    assert_string_equal(p.text, "");
}

int main(void)
{
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_and_moving),          cmocka_unit_test(graphemes_are_whole),
        cmocka_unit_test(never_longer_than_its_room), cmocka_unit_test(paste_is_cleaned_and_cut),
        cmocka_unit_test(other_keys_are_not_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
