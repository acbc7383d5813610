/* Golden screens: each NAME.steps is played and what it shows compared with NAME.screen, first the
 * canvas, then the bytes that the terminal floor makes of it, as a terminal (libvterm) shows them.
 * UPDATE=1 in the environment writes the expected files anew; read the difference before you keep
 * it. */
#include "steps.h"
#include "sweep.h"

#include "../unit/pty_screen.h"
#include "callhud/term/term.h"

#include <glob.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SCREENS_MAX_BYTES = 4 * 1024 * 1024 };

static void add_screen(void *self, struct stage *s)
{
    struct buf *out = self;

    canvas_text(&s->canvas, out);
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        buf_putc(out, '\n');
    buf_puts(out, "==== end of screen\n");
}

static void expected_path(const char *steps, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*sscreen", (int)(strlen(steps) - 5), steps);
}

static void read_all(const char *path, struct buf *out)
{
    char bytes[4096];
    size_t len;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return;
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_put(out, bytes, len);
    fclose(file);
}

static void first_difference(const char *path, const char *want, const char *got)
{
    int line = 1;

    while (*want != '\0' && *got != '\0') {
        size_t a = strcspn(want, "\n"), b = strcspn(got, "\n");
        if (a != b || memcmp(want, got, a) != 0)
            break;
        want += a + (want[a] == '\n');
        got += b + (got[b] == '\n');
        line++;
    }
    fail_msg("%s:%d\n expected: %.*s\n      got: %.*s", path, line, (int)strcspn(want, "\n"), want,
             (int)strcspn(got, "\n"), got);
}

static void canvas_is_golden(void **state)
{
    const char *steps = *state;
    char path[512];
    struct buf got, want;

    buf_init(&got, SCREENS_MAX_BYTES);
    buf_init(&want, SCREENS_MAX_BYTES);
    steps_play(steps, add_screen, &got);
    expected_path(steps, path, sizeof path);
    if (getenv("UPDATE") != NULL) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(buf_text(&got), 1, got.len, file), got.len);
        assert_int_equal(fclose(file), 0);
    }
    read_all(path, &want);
    if (want.len == 0 && got.len > 0)
        fail_msg("%s is missing: run with UPDATE=1 and read it", path);
    if (strcmp(buf_text(&want), buf_text(&got)) != 0)
        first_difference(path, buf_text(&want), buf_text(&got));
    buf_fini(&got);
    buf_fini(&want);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void show_on_terminal(void *self, struct stage *s)
{
    struct pty_screen pty;
    struct term *term;
    struct err err = {0};
    struct term_options options = {.is_ascii = s->canvas.is_ascii};

    (void)self;
    if (s->canvas.rows < 2 || s->canvas.cols < 2)
        return;
    pty_open(&pty, s->canvas.rows, s->canvas.cols, "xterm-256color");
    if (term_open(&term, &options, &err) != RC_OK)
        fail_msg("term_open: %s", err.text);
    for (int i = 0; i < 200 && !term_present(term, &s->canvas); i++)
        (void)pty_read(&pty);
    (void)pty_read(&pty);
    pty_expect(&pty, &s->canvas, NULL);
    term_close(term);
    pty_close(&pty);
}

static void terminal_shows_canvas(void **state)
{
    steps_play(*state, show_on_terminal, NULL);
}

int main(void)
{
    static struct CMUnitTest tests[1024];
    const char *dir = getenv("CALLHUD_SCREEN_DIR");
    char pattern[512];
    size_t count = 0;
    glob_t found;

    (void)setenv("TZ", "UTC", 1);
    (void)setlocale(LC_ALL, "C.UTF-8");
    (void)snprintf(pattern, sizeof pattern, "%s/*.steps", dir != NULL ? dir : TEST_DIR "/screen");
    if (glob(pattern, 0, NULL, &found) != 0) {
        (void)fprintf(stderr, "no steps in %s\n", pattern);
        return 1;
    }
    for (size_t i = 0; i < found.gl_pathc && count + 6 <= 1024; i++) {
        const char *name = strrchr(found.gl_pathv[i], '/') + 1;
        if (name[0] == '_') /* parts that others include */
            continue;
        tests[count++] = (struct CMUnitTest){name, canvas_is_golden, NULL, NULL, found.gl_pathv[i]};
        tests[count++] =
            (struct CMUnitTest){name, terminal_shows_canvas, NULL, NULL, found.gl_pathv[i]};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(sweep_utf8);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(sweep_ascii);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(sweep_empty);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(sweep_selection);
    int failed = _cmocka_run_group_tests("golden screens", tests, count, NULL, NULL);
    globfree(&found);
    return failed;
}
