#include "callhud/term/input.h"

#include "callhud/base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOG_BYTES 4096

/* What came out, as people write keys, with a blank between. */
struct heard {
    struct input in;
    char text[LOG_BYTES];
    char pasted[INPUT_PASTE_BYTES + 1];
    size_t pasted_len;
    int row, col;
    int64_t now_ms;
};

static void add(struct heard *h, const char *text)
{
    size_t len = strlen(h->text);
    snprintf(h->text + len, sizeof h->text - len, "%s%s", len ? " " : "", text);
}

static void on_key(void *self, const struct key *key)
{
    static const char *const mouse[] = {"press", "double", "up", "down"};
    struct heard *h = self;
    char name[64], line[128];

    if (key->code == KEY_CODE_MOUSE) {
        snprintf(line, sizeof line, "%s@%d,%d", mouse[key->mouse], key->row, key->col);
        add(h, line);
        return;
    }
    if (key->code == KEY_CODE_PASTE) {
        memcpy(h->pasted, key->text, key->text_len + 1);
        h->pasted_len = key->text_len;
    }
    key_text(key, name, sizeof name);
    add(h, name);
}

static void on_cursor_at(void *self, int row, int col)
{
    struct heard *h = self;
    h->row = row;
    h->col = col;
}

static int setup(void **state)
{
    struct heard *h = calloc(1, sizeof *h);

    input_init(&h->in, &(struct input_handler){on_key, on_cursor_at, h});
    h->in.is_mouse = true;
    h->now_ms = 1000;
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct heard *h = *state;
    input_fini(&h->in);
    free(h);
    return 0;
}

static void feed(struct heard *h, const char *bytes, size_t len)
{
    input_feed(&h->in, bytes, len, h->now_ms);
}

static void wait_ms(struct heard *h, int ms)
{
    h->now_ms += ms;
    input_timeout(&h->in, h->now_ms);
}

#define FEED(h, s) feed(h, s, sizeof(s) - 1)

/* Given whole, and given byte by byte within one moment: the same keys. */
static void expect(struct heard *h, const char *bytes, size_t len, const char *want)
{
    h->text[0] = '\0';
    feed(h, bytes, len);
    wait_ms(h, 1100);
    assert_string_equal(h->text, want);
    h->text[0] = '\0';
    for (size_t i = 0; i < len; i++)
        feed(h, bytes + i, 1);
    wait_ms(h, 1100);
    assert_string_equal(h->text, want);
}

#define EXPECT(h, s, want) expect(h, s, sizeof(s) - 1, want)

static void test_plain_keys(void **state)
{
    struct heard *h = *state;

    EXPECT(h, "aG 1~", "a G Space 1 ~");
    EXPECT(h, "\xC3\xA9\xE7\x94\xB0\xF0\x9F\x98\x80", "é 田 😀");
    EXPECT(h, "\x01\x04\x0c\x1a", "Ctrl-a Ctrl-d Ctrl-l Ctrl-z");
    EXPECT(h, "\r\t\x7f", "Enter Tab BS");
    EXPECT(h, "\b", "Ctrl-h");
    h->in.is_backspace_ctrl_h = true;
    EXPECT(h, "\b", "BS");
    EXPECT(h, "\xff\xfe\xC3(", "(");
}

static void test_escape_and_alt(void **state)
{
    struct heard *h = *state;

    EXPECT(h,
           "\x1bx\x1b"
           "1",
           "Alt-x Alt-1");
    EXPECT(h, "\x1b\xC3\xA9", "Alt-é");
    EXPECT(h, "\x1b", "Esc");
    h->text[0] = '\0';
    FEED(h, "\x1b");
    assert_int_equal(input_wait_ms(&h->in, h->now_ms), 25);
    wait_ms(h, 24);
    assert_string_equal(h->text, "");
    wait_ms(h, 1);
    assert_string_equal(h->text, "Esc");
    assert_int_equal(input_wait_ms(&h->in, h->now_ms), -1);
    h->now_ms += 50;
    FEED(h, "x");
    assert_string_equal(h->text, "Esc x");
    EXPECT(h, "\x1b\x1b", "Esc Esc");
    EXPECT(h, "\x1b\x1b[A", "Alt-Up");
    h->text[0] = '\0';
    FEED(h, "\x1bO");
    wait_ms(h, 100);
    assert_string_equal(h->text, "Alt-O");
}

static void test_function_keys_of_all_kinds(void **state)
{
    struct heard *h = *state;

    EXPECT(h, "\x1b[A\x1b[B\x1b[C\x1b[D", "Up Down Right Left");
    EXPECT(h, "\x1bOA\x1bOB\x1bOC\x1bOD", "Up Down Right Left");
    EXPECT(h, "\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1bOH\x1bOF",
           "Home End Home End Home End Home End");
    EXPECT(h, "\x1b[2~\x1b[3~\x1b[5~\x1b[6~", "Ins Del PgUp PgDn");
    EXPECT(h, "\x1bOP\x1bOQ\x1bOR\x1bOS", "F1 F2 F3 F4");
    EXPECT(h, "\x1b[11~\x1b[12~\x1b[13~\x1b[14~\x1b[15~", "F1 F2 F3 F4 F5");
    EXPECT(h, "\x1b[[A\x1b[[B\x1b[[C\x1b[[D\x1b[[E", "F1 F2 F3 F4 F5");
    EXPECT(h, "\x1b[17~\x1b[18~\x1b[19~\x1b[20~\x1b[21~\x1b[23~\x1b[24~",
           "F6 F7 F8 F9 F10 F11 F12");
    EXPECT(h, "\x1b[Z", "S-Tab");
    EXPECT(h, "\x1bOM", "Enter");
    EXPECT(h, "\x1b[1;5C\x1b[1;3D\x1b[3;5~\x1b[1;3R", "Ctrl-Right Alt-Left Ctrl-Del Alt-F3");
    EXPECT(h, "\x1b[97;5u\x1b[27;5;97~", "Ctrl-a Ctrl-a");
    EXPECT(h, "\x1b[99~\x1b[?1;2c\x1b[>0;276;0c", "");
}

static void test_keys_of_terminfo(void **state)
{
    struct heard *h = *state;

    input_add(&h->in, "\x1b[57z", &(struct key){.code = KEY_CODE_F11});
    input_add(&h->in, "x", &(struct key){.code = KEY_CODE_F12}); /* ignored */
    EXPECT(h, "\x1b[57zx", "F11 x");
}

static void test_mouse(void **state)
{
    struct heard *h = *state;

    h->text[0] = '\0';
    FEED(h, "\x1b[<0;10;5M\x1b[<0;10;5m");
    h->now_ms += 200;
    FEED(h, "\x1b[<0;10;5M\x1b[<0;10;5m");
    h->now_ms += 200;
    FEED(h, "\x1b[<0;10;5M\x1b[<0;11;5M\x1b[<64;1;1M\x1b[<65;2;1M");
    assert_string_equal(h->text, "press@4,9 double@4,9 press@4,9 press@4,10 up@0,0 down@0,1");
    EXPECT(h, "\x1b[<2;3;4M\x1b[<0;0;4M\x1b[<0;99999999;4M\x1b[<0;4M", "");
    h->now_ms += 1000;
    h->text[0] = '\0';
    FEED(h, "\x1b[M !!"); /* X10 */
    assert_string_equal(h->text, "press@0,0");
    h->in.is_mouse = false;
    EXPECT(h, "\x1b[<0;10;5Ma", "a");
}

static void test_focus(void **state)
{
    EXPECT(*state, "\x1b[I\x1b[O", "FocusIn FocusOut");
}

static void test_paste(void **state)
{
    struct heard *h = *state;

    EXPECT(h, "\x1b[200~one\r\ntwo\nthree\tq\x1b[201~z", "Paste z");
    assert_string_equal(h->pasted, "one two three q");
    EXPECT(h, "\x1b[200~a\x01\x1b[31mb\x1b[201\x1b[201~", "Paste");
    assert_string_equal(h->pasted, "a[31mb[201");
    EXPECT(h,
           "\x1b[200~\xC3(\xE2\x80\xAE"
           "x\x1b[201~",
           "Paste");
    assert_string_equal(h->pasted, "\xEF\xBF\xBD(x");
    EXPECT(h, "\x1b[200~\x1b[201~", "Paste");
    assert_int_equal(h->pasted_len, 0);
}

static void test_paste_is_bounded(void **state)
{
    struct heard *h = *state;

    FEED(h, "\x1b[200~");
    for (int i = 0; i < 100000; i++)
        FEED(h, "abc\xFF");
    FEED(h, "\x1b[201~q");
    assert_string_equal(h->text, "Paste q");
    assert_in_range(h->pasted_len, 10000, INPUT_PASTE_BYTES);
    assert_true(utf8_is_valid(h->pasted, h->pasted_len));
}

static void test_a_whole_64_kB_of_ascii_is_pasted(void **state)
{
    struct heard *h = *state;

    FEED(h, "\x1b[200~");
    for (int i = 0; i < 65000; i++)
        FEED(h, "x");
    FEED(h, "\x1b[201~");
    assert_int_equal(h->pasted_len, 65000);
}

static void test_a_paste_without_its_end_does_not_eat_the_keyboard(void **state)
{
    struct heard *h = *state;

    FEED(h, "\x1b[200~half");
    wait_ms(h, 1999);
    assert_string_equal(h->text, "");
    wait_ms(h, 1);
    assert_string_equal(h->text, "Paste");
    FEED(h, "q");
    assert_string_equal(h->text, "Paste q");
}

static void test_cursor_reports_are_never_keys(void **state)
{
    struct heard *h = *state;

    EXPECT(h, "\x1b[2;3R", "");
    assert_int_equal(h->row, 2);
    assert_int_equal(h->col, 3);
    /* Its ESC came so early that it was taken for the key. */
    h->col = 0;
    h->text[0] = '\0';
    FEED(h, "\x1b");
    wait_ms(h, 60);
    FEED(h, "[2;3Rq");
    assert_string_equal(h->text, "Esc q");
    assert_int_equal(h->col, 3);
    /* Any other place to cut. */
    for (size_t cut = 2; cut < 6; cut++) {
        h->text[0] = '\0';
        h->col = 0;
        feed(h, "\x1b[2;3R", cut);
        wait_ms(h, 200);
        feed(h, &"\x1b[2;3R"[cut], 6 - cut);
        assert_string_equal(h->text, "");
        assert_int_equal(h->col, 3);
    }
}

static void test_typing_a_bracket_after_escape_is_typing(void **state)
{
    struct heard *h = *state;

    FEED(h, "\x1b");
    wait_ms(h, 30);
    h->now_ms += 300;
    FEED(h, "[");
    h->now_ms += 100;
    FEED(h, "A");
    assert_string_equal(h->text, "Esc [ A");
}

static void test_strings_of_others_are_swallowed(void **state)
{
    struct heard *h = *state;

    h->text[0] = '\0';
    FEED(h, "\x1b]11;rgb:0000/0000/0000\x1b\\a\x1b]11;rgb:1\x07"
            "b\x1bP>|xterm(370)\x1b\\c");
    assert_string_equal(h->text, "a b c");
    h->text[0] = '\0';
    FEED(h, "\x1bP");
    h->now_ms += 100;
    FEED(h, "1\x1b]");
    assert_string_equal(h->text, "Alt-P 1 Alt-]");
}

static void test_endless_sequences_end(void **state)
{
    struct heard *h = *state;

    FEED(h, "\x1b[");
    for (int i = 0; i < 500; i++)
        FEED(h, "1;");
    FEED(h, "Aq");
    assert_string_equal(h->text, "q");
    FEED(h, "\x1b[12");
    wait_ms(h, 1000);
    FEED(h, "q");
    assert_string_equal(h->text, "q q");
    FEED(h, "\x1b[1\x1b[A");
    assert_string_equal(h->text, "q q Up");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_plain_keys),
        T(test_escape_and_alt),
        T(test_function_keys_of_all_kinds),
        T(test_keys_of_terminfo),
        T(test_mouse),
        T(test_focus),
        T(test_paste),
        T(test_paste_is_bounded),
        T(test_a_whole_64_kB_of_ascii_is_pasted),
        T(test_a_paste_without_its_end_does_not_eat_the_keyboard),
        T(test_cursor_reports_are_never_keys),
        T(test_typing_a_bracket_after_escape_is_typing),
        T(test_strings_of_others_are_swallowed),
        T(test_endless_sequences_end),
    };

    setlocale(LC_ALL, "");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
