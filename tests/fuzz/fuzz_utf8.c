/* Bytes from outside on their way to the screen. */
#include "callhud/base/utf8.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

/* Written down apart from the tables of utf8.c: what must never reach a terminal. */
static bool is_harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF ||
           (c >= 0xE000 && c <= 0xF8FF) || (c >= 0x1F1E6 && c <= 0x1F1FF) ||
           (c >= 0x1F3FB && c <= 0x1F3FF) || c >= 0xE0000;
}

static void check_text(const char *text, size_t len)
{
    size_t used;
    int cells = 0, marks = 0;

    CHECK(utf8_is_valid(text, len));
    CHECK(strlen(text) == len);
    for (size_t at = 0; at < len; at += used) {
        uint32_t c = utf8_decode(text + at, len - at, &used);
        int width = wcwidth((wchar_t)c);
        CHECK(!is_harmful(c));
        CHECK(width >= 0);
        CHECK(width > 0 || at > 0);
        marks = width == 0 ? marks + 1 : 0;
        CHECK(marks <= 3);
        cells += width;
    }
    CHECK(cells == utf8_width(text));
}

static int check_graphemes(const char *text, size_t len, bool is_ascii)
{
    struct utf8_grapheme grapheme;
    int cells = 0;

    for (size_t at = 0; at < len;) {
        size_t used = utf8_next_grapheme(text + at, len - at, is_ascii, &grapheme);
        CHECK(used >= 1 && used <= len - at);
        CHECK(grapheme.width_cells == 1 || grapheme.width_cells == 2);
        CHECK(memchr(grapheme.text, '\0', sizeof grapheme.text) != NULL);
        if (is_ascii)
            CHECK(grapheme.text[0] >= ' ' && grapheme.text[0] <= '~' && grapheme.text[1] == '\0' &&
                  grapheme.width_cells == 1);
        else
            check_text(grapheme.text, strlen(grapheme.text));
        cells += grapheme.width_cells;
        at += used;
    }
    return cells;
}

static void check_fit(const char *text, int max_cells, bool is_ascii)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    int cells = utf8_fit(&out, text, max_cells, is_ascii);
    CHECK(cells >= 0 && cells <= max_cells);
    if (out.data != NULL)
        check_text(out.data, out.len);
    CHECK(utf8_width(buf_text(&out)) == cells);
    if (!is_ascii && utf8_width(text) <= max_cells)
        CHECK(cells == utf8_width(text));
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf mended, clean, again;

    if (size < 2)
        return 0;
    size_t max_chars = data[0];
    int max_cells = data[1] % 40;
    size_t len = size - 2;
    /* A copy of exact size: reading past its end is seen. */
    char *in = malloc(len + 1);
    CHECK(in != NULL);
    memcpy(in, data + 2, len);
    in[len] = '\0';
    char *exact = malloc(len > 0 ? len : 1);
    CHECK(exact != NULL);
    memcpy(exact, in, len);

    buf_init(&mended, SIZE_MAX);
    size_t faults = utf8_mend(&mended, exact, len);
    CHECK(utf8_is_valid(buf_text(&mended), mended.len));
    CHECK((faults == 0) == utf8_is_valid(exact, len));
    CHECK(faults > 0 || (mended.len == len && memcmp(buf_text(&mended), exact, len) == 0));

    buf_init(&clean, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    CHECK(utf8_clean(&clean, exact, len, SIZE_MAX));
    check_text(buf_text(&clean), clean.len);
    CHECK(utf8_clean(&again, buf_text(&clean), clean.len, SIZE_MAX));
    CHECK(strcmp(buf_text(&clean), buf_text(&again)) == 0);
    buf_reset(&again);
    CHECK(utf8_clean(&again, buf_text(&mended), mended.len, SIZE_MAX));
    CHECK(strcmp(buf_text(&clean), buf_text(&again)) == 0);
    /* Cut: the beginning of the whole. */
    buf_reset(&again);
    bool is_whole = utf8_clean(&again, exact, len, max_chars);
    CHECK(is_whole == (again.len == clean.len));
    CHECK(strncmp(buf_text(&again), buf_text(&clean), again.len) == 0);
    check_text(buf_text(&again), again.len);

    check_graphemes(exact, len, false);
    check_graphemes(exact, len, true);
    CHECK(check_graphemes(buf_text(&clean), clean.len, false) == utf8_width(buf_text(&clean)));
    check_fit(in, max_cells, false);
    check_fit(in, max_cells, true);
    check_fit(buf_text(&clean), max_cells, false);

    buf_fini(&again);
    buf_fini(&clean);
    buf_fini(&mended);
    free(exact);
    free(in);
    return 0;
}
