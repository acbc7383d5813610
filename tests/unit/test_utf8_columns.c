/* Cleaned text takes as many columns in a terminal of its own width tables (libvterm) as
 * utf8_width() says, which asks wcwidth(3) as ncurses and tmux do. */
#include "callhud/base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <vterm.h>

#define COLUMNS 200

static VTerm *vterm;

static int open_terminal(void **state)
{
    (void)state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return -1;
    vterm = vterm_new(4, COLUMNS);
    vterm_set_utf8(vterm, 1);
    vterm_screen_reset(vterm_obtain_screen(vterm), 1);
    return 0;
}

static int close_terminal(void **state)
{
    (void)state;
    vterm_free(vterm);
    return 0;
}

/* The column of the cursor after the text, written at the start of an empty line. */
static int column_after(const char *text)
{
    VTermPos at;

    vterm_input_write(vterm, "\r\x1b[K", 4);
    vterm_input_write(vterm, text, strlen(text));
    vterm_state_get_cursorpos(vterm_obtain_state(vterm), &at);
    return at.col;
}

static void test_every_character_behind_a_base(void **state)
{
    static const char *const bases[] = {"a", "\xe7\x94\xb0\xcc\x81"};
    struct buf clean;
    char in[16];

    (void)state;
    buf_init(&clean, 100);
    /* Above there are tags and private characters only, which are dropped. */
    for (uint32_t c = 0; c < 0x32000; c++)
        for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
            size_t len = strlen(bases[i]);
            memcpy(in, bases[i], len);
            len += utf8_encode(c, in + len);
            in[len++] = 'b';
            buf_reset(&clean);
            assert_true(utf8_clean(&clean, in, len, 10));
            if (column_after(clean.data) != utf8_width(clean.data))
                fail_msg("U+%04X behind \"%s\" takes other columns", c, bases[i]);
        }
    buf_fini(&clean);
}

static void test_random_texts(void **state)
{
    static const struct {
        uint32_t first, count;
    } blocks[] = {
        {0x20, 0x300},   {0x300, 0x70},   {0x600, 0x100},  {0x900, 0x80},    {0xE00, 0x80},
        {0x1100, 0x100}, {0x2000, 0x800}, {0x3000, 0x100}, {0xAC00, 0x2BA4}, {0x1F000, 0xB00},
    };
    uint64_t seed = (uint64_t)time(NULL), random = seed;
    struct buf clean;
    char in[256];

    (void)state;
    buf_init(&clean, 1000);
    for (int round = 0; round < 20000; round++) {
        size_t len = 0;
        for (int i = 0; i < 20; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t block = (size_t)(random >> 33) % (sizeof blocks / sizeof blocks[0]);
            uint32_t c = blocks[block].first + (uint32_t)(random >> 40) % blocks[block].count;
            len += utf8_encode(c, in + len);
        }
        buf_reset(&clean);
        assert_true(utf8_clean(&clean, in, len, 100));
        if (column_after(buf_text(&clean)) != utf8_width(buf_text(&clean)))
            fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, clean.data);
    }
    buf_fini(&clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character_behind_a_base),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, open_terminal, close_terminal);
}
