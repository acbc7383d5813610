/* The terminal as a whole: a pty in this process, libvterm as the terminal behind it. */
#include "callhud/term/term.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "pty_screen.h"

#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#define KEYS_MAX 64

struct fixture {
    struct pty_screen pty;
    struct term *term;
    struct theme theme; /* as the terminal shows it */
    uv_loop_t loop;
    bool has_loop;
    struct key keys[KEYS_MAX];
    int key_count;
    bool is_text_only;
    char pasted[512];
    int resized, drained, vanished;
};

static const struct term_options usual = {.is_mouse = false, .is_sync_output = true};

/* --- a console in miniature ------------------------------------------------------------------- */

static void on_key(void *self, const struct key *key)
{
    struct fixture *f = self;

    assert_true(f->key_count < KEYS_MAX);
    f->keys[f->key_count++] = *key;
    if (key->code == KEY_CODE_PASTE)
        snprintf(f->pasted, sizeof f->pasted, "%.*s", (int)key->text_len, key->text);
}

static void on_resized(void *self, int rows, int cols)
{
    struct fixture *f = self;
    (void)rows;
    (void)cols;
    f->resized++;
}

static void on_drained(void *self)
{
    struct fixture *f = self;
    f->drained++;
}

static void on_vanished(void *self, const char *why)
{
    struct fixture *f = self;
    assert_non_null(why);
    f->vanished++;
}

static void attach(struct fixture *f)
{
    uv_loop_init(&f->loop);
    f->has_loop = true;
    term_attach(f->term, &f->loop,
                &(struct term_handler){on_key, on_resized, on_drained, on_vanished, f});
}

static void use_theme(struct fixture *f, const char *name)
{
    struct theme theme;

    assert_int_equal(theme_load(&theme, name, NULL, NULL), RC_OK);
    term_set_theme(f->term, &theme);
    theme_reduce(&f->theme, &theme, term_caps(f->term)->depth);
}

static void open_term(struct fixture *f, int rows, int cols, const char *name,
                      const struct term_options *options)
{
    struct err err = {0};

    pty_open(&f->pty, rows, cols, name);
    if (term_open(&f->term, options, &err) != RC_OK)
        fail_msg("%s", err.text);
    use_theme(f, "default");
}

/* Time passes, and the kernel has had ours to hand on what was written to the terminal. */
static void turn(struct fixture *f, int ms)
{
    int64_t end_ms = clock_mono_ms() + ms;

    for (int round = 0; round < 5 || clock_mono_ms() < end_ms; round++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        pty_read(&f->pty);
        if (ms > 0)
            usleep(1000);
    }
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void present(struct fixture *f, const struct canvas *canvas)
{
    pty_read(&f->pty);
    assert_true(term_present(f->term, canvas));
    for (int i = 0; i < 1000 && (pty_read(&f->pty) > 0 || term_is_busy(f->term)); i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    pty_read(&f->pty);
    assert_false(term_is_busy(f->term));
}

static int setup(void **state)
{
    *state = mem_zero(1, sizeof(struct fixture));
    return 0;
}

static void end_term(struct fixture *f)
{
    term_close(f->term);
    f->term = NULL;
    if (f->has_loop) {
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        f->has_loop = false;
    }
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->term != NULL)
        end_term(f);
    if (f->pty.vt != NULL)
        pty_close(&f->pty);
    mem_free(f);
    return 0;
}

/* --- canvases --------------------------------------------------------------------------------- */

static uint64_t seed_now;

static unsigned draw_random(unsigned below)
{
    seed_now = seed_now * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed_now >> 33) % below;
}

static void random_changes(struct canvas *c, int count)
{
    static const char *const texts[] = {
        "a",  "Noor Haddad", "田中 花子",    "e\xCC\x81", "o\xCC\x82\xCC\xA3", "●", "▲ 201", "║",
        "é",  "한국",        "  ",           "──────",    "Zoë Brandt",        "x", "~",     "中",
        "♪r", "…",           "415 555 0100",
    };
    static const uint8_t attrs[] = {
        0, 0, 0, ATTR_BOLD, ATTR_REVERSE, ATTR_UNDERLINE, ATTR_BOLD | ATTR_REVERSE};

    for (int i = 0; i < count; i++) {
        struct style style = {.role = (uint8_t)draw_random(ROLE_COUNT),
                              .attrs = attrs[draw_random(sizeof attrs)]};
        canvas_put(c, (int)draw_random((unsigned)c->rows), (int)draw_random((unsigned)c->cols),
                   (int)draw_random(14), style, texts[draw_random(sizeof texts / sizeof texts[0])]);
    }
    /* libvterm does not put a mark on a character in the last column. */
    for (int row = 0; row < c->rows; row++)
        if (canvas_at(c, row, c->cols - 1)->width == 1)
            canvas_put(c, row, c->cols - 1, 1, STYLE(ROLE_KEY), row % 2 ? "x" : " ");
    c->cursor_row = (int)draw_random((unsigned)c->rows);
    c->cursor_col = (int)draw_random((unsigned)c->cols);
    c->is_cursor_visible = draw_random(4) == 0;
}

/* The bytes of every frame, given to another terminal, make the canvas. */
static void check_random(struct fixture *f, const char *name, const char *colorterm, bool is_exact)
{
    struct canvas c;

    pty_open(&f->pty, 24, 80, name);
    f->pty.is_text_only = f->is_text_only;
    if (colorterm != NULL)
        setenv("COLORTERM", colorterm, 1);
    struct err err = {0};
    if (term_open(&f->term, &usual, &err) != RC_OK)
        fail_msg("%s", err.text);
    use_theme(f, "default");
    attach(f);
    seed_now = (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    if (getenv("TEST_SEED") != NULL)
        seed_now = strtoull(getenv("TEST_SEED"), NULL, 10);
    fprintf(stderr, "# seed %llu %s\n", (unsigned long long)seed_now, name);
    canvas_init(&c, 24, 80, false);
    for (int i = 0; i < 150; i++) {
        if (i % 50 == 49)
            canvas_clear(&c);
        if (i == 70)
            term_redraw(f->term);
        if (i == 100)
            use_theme(f, "light");
        random_changes(&c, i % 10 == 0 ? 200 : (int)draw_random(12));
        present(f, &c);
        pty_expect(&f->pty, &c, is_exact ? &f->theme : NULL);
    }
    canvas_fini(&c);
    unsetenv("COLORTERM");
}

static void test_random_canvases_xterm_256color(void **state)
{
    check_random(*state, "xterm-256color", NULL, true);
    assert_int_equal(term_caps(((struct fixture *)*state)->term)->depth, DEPTH_256);
}

static void test_random_canvases_rgb(void **state)
{
    check_random(*state, "xterm-256color", "truecolor", true);
    assert_int_equal(term_caps(((struct fixture *)*state)->term)->depth, DEPTH_RGB);
}

static void test_random_canvases_tmux_256color(void **state)
{
    check_random(*state, "tmux-256color", NULL, true);
}

static void test_random_canvases_xterm(void **state)
{
    check_random(*state, "xterm", NULL, true);
    assert_int_equal(term_caps(((struct fixture *)*state)->term)->depth, DEPTH_8);
}

static void test_random_canvases_linux(void **state)
{
    struct fixture *f = *state;
    f->is_text_only = true; /* it has no underline together with colours */
    check_random(f, "linux", NULL, false);
}

static void test_random_canvases_vt100(void **state)
{
    check_random(*state, "vt100", NULL, true);
    assert_int_equal(term_caps(((struct fixture *)*state)->term)->depth, DEPTH_MONO);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void put_user(struct canvas *c, int row, int col)
{
    char text[64];

    (void)snprintf(text, sizeof text, "● %3d Name%-3d  free", 100 + row, col);
    canvas_put(c, row, col, 20, STYLE(ROLE_AVAILABLE), text);
}

static void fill_board(struct canvas *c)
{
    for (int row = 0; row < c->rows; row++)
        for (int col = 0; col + 20 <= c->cols; col += 20)
            put_user(c, row, col);
}

static void test_an_unchanged_canvas_costs_no_byte(void **state)
{
    struct fixture *f = *state;
    struct term_stats stats;
    struct canvas c;

    open_term(f, 50, 200, "xterm-256color", &usual);
    attach(f);
    canvas_init(&c, 50, 200, false);
    fill_board(&c);
    present(f, &c);
    pty_forget(&f->pty);
    for (int i = 0; i < 3; i++) {
        canvas_clear(&c);
        fill_board(&c);
        present(f, &c);
    }
    assert_int_equal(f->pty.raw.len, 0);
    term_stats(f->term, &stats);
    assert_int_equal(stats.last_frame_bytes, 0);
    assert_int_equal(stats.frames, 4);
    canvas_fini(&c);
}

static size_t bytes_of_change(const char *name, int rows, int cols, int changes, void **state)
{
    struct fixture *f = *state;
    struct canvas c;
    size_t bytes;

    open_term(f, rows, cols, name, &usual);
    attach(f);
    canvas_init(&c, rows, cols, false);
    fill_board(&c);
    present(f, &c);
    pty_forget(&f->pty);
    for (int i = 0; i < changes; i++) {
        canvas_put(&c, 3 + i * 4, 20, 1, STYLE(ROLE_RINGING), "▲");
        canvas_put(&c, 3 + i * 4, 34, 5, STYLE(ROLE_RINGING), "rings");
    }
    present(f, &c);
    pty_expect(&f->pty, &c, NULL);
    bytes = f->pty.raw.len;
    fprintf(stderr, "# %s %dx%d, %d cells: %zu bytes\n", name, cols, rows, changes, bytes);
    canvas_fini(&c);
    return bytes;
}

static void test_one_lamp_costs_at_most_96_bytes(void **state)
{
    assert_in_range(bytes_of_change("xterm-256color", 50, 200, 1, state), 20, 96);
    assert_non_null(strstr(buf_text(&((struct fixture *)*state)->pty.raw), "\x1b[?2026h"));
}

static void test_several_lamps_cost_at_most_400_bytes(void **state)
{
    assert_in_range(bytes_of_change("xterm-256color", 24, 80, 5, state), 20, 400);
}

/* --- taking over and giving back -------------------------------------------------------------- */

static void check_given_back(struct fixture *f)
{
    struct termios now;

    tcgetattr(f->pty.slave, &now);
    assert_int_equal(now.c_iflag, f->pty.before.c_iflag);
    assert_int_equal(now.c_oflag, f->pty.before.c_oflag);
    assert_int_equal(now.c_cflag, f->pty.before.c_cflag);
    assert_int_equal(now.c_lflag, f->pty.before.c_lflag);
    assert_memory_equal(now.c_cc, f->pty.before.c_cc, sizeof now.c_cc);
    for (int fd = 0; fd < 2; fd++)
        assert_int_equal(fcntl(fd, F_GETFL), f->pty.flags_before[fd]);
    assert_true(f->pty.is_cursor_visible);
    assert_false(f->pty.is_alternate);
    assert_int_equal(f->pty.mouse, 0);
}

static void test_close_gives_the_terminal_back(void **state)
{
    struct fixture *f = *state;
    struct term_options options = {.is_mouse = true, .is_sync_output = true};
    struct termios now;
    struct canvas c;

    f->pty.title[0] = '\0';
    open_term(f, 24, 80, "xterm-256color", &options);
    attach(f);
    canvas_init(&c, 24, 80, false);
    fill_board(&c);
    present(f, &c);
    assert_true(f->pty.is_alternate);
    assert_int_equal(f->pty.mouse, 1);
    tcgetattr(f->pty.slave, &now);
    assert_false(now.c_lflag & (ICANON | ECHO | ISIG));
    assert_false(now.c_iflag & (IXON | ICRNL));
    pty_forget(&f->pty);
    end_term(f);
    pty_read(&f->pty);
    check_given_back(f);
    assert_non_null(strstr(buf_text(&f->pty.raw), "\x1b[?2004l"));
    assert_non_null(strstr(buf_text(&f->pty.raw), "\x1b[?1004l"));
    assert_non_null(strstr(buf_text(&f->pty.raw), "\x1b[23;0t"));
    assert_string_equal(pty_row(&f->pty, 0), "");
    canvas_fini(&c);
}

static void test_without_a_mouse_no_byte_speaks_of_it(void **state)
{
    struct fixture *f = *state;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    end_term(f);
    pty_read(&f->pty);
    assert_null(strstr(buf_text(&f->pty.raw), "?100"
                                              "0"));
    assert_null(strstr(buf_text(&f->pty.raw), "?1006"));
}

static void test_restore_now_gives_the_terminal_back(void **state)
{
    struct fixture *f = *state;
    struct term_options options = {.is_mouse = true, .is_sync_output = true};
    struct canvas c;

    open_term(f, 24, 80, "xterm-256color", &options);
    attach(f);
    canvas_init(&c, 24, 80, false);
    fill_board(&c);
    present(f, &c);
    term_restore_now();
    term_restore_now(); /* nothing the second time */
    pty_read(&f->pty);
    check_given_back(f);
    canvas_fini(&c);
}

static void test_signals_stay_the_programs(void **state)
{
    struct fixture *f = *state;
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction before[4], after;

    for (int i = 0; i < 4; i++)
        sigaction(signals[i], NULL, &before[i]);
    open_term(f, 24, 80, "xterm-256color", &usual);
    for (int i = 0; i < 4; i++) {
        sigaction(signals[i], NULL, &after);
        assert_ptr_equal(after.sa_handler, before[i].sa_handler);
    }
}

static void test_why_not(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};

    pty_open(&f->pty, 24, 80, "dumb");
    assert_non_null(strstr(term_why_not(), "dumb"));
    assert_int_not_equal(term_open(&f->term, &usual, &err), RC_OK);
    assert_non_null(strstr(err.text, "--plain"));
    setenv("TERM", "no-such-terminal", 1);
    assert_non_null(term_why_not());
    unsetenv("TERM");
    assert_non_null(term_why_not());
    setenv("TERM", "vt100", 1);
    assert_null(term_why_not());
    assert_int_equal(pty_read(&f->pty), 0);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null_fd, 1);
    close(null_fd);
    const char *why = term_why_not();
    dup2(f->pty.slave, 1);
    assert_non_null(strstr(why, "output"));
}

/* --- size ------------------------------------------------------------------------------------- */

static void test_resize(void **state)
{
    static const int sizes[][2] = {{50, 200}, {1, 1}, {4, 20}, {2, 3}, {30, 100}, {24, 80}};
    struct fixture *f = *state;
    struct canvas c;
    int rows, cols;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    canvas_init(&c, 24, 80, false);
    fill_board(&c);
    present(f, &c);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        pty_resize(&f->pty, sizes[i][0], sizes[i][1]);
        raise(SIGWINCH);
        turn(f, 5);
        assert_int_equal(f->resized, (int)i + 1);
        term_size(f->term, &rows, &cols);
        assert_int_equal(rows, sizes[i][0]);
        assert_int_equal(cols, sizes[i][1]);
        canvas_resize(&c, rows, cols);
        seed_now = i + 7;
        random_changes(&c, 60);
        present(f, &c);
        pty_expect(&f->pty, &c, &f->theme);
    }
    canvas_fini(&c);
}

/* In tmux ncurses is told of one row more than there is; what a taller screen left there was
 * written over the last row of the smaller one. */
static void test_a_smaller_screen_shows_nothing_of_the_taller(void **state)
{
    struct fixture *f = *state;
    struct canvas c;

    open_term(f, 24, 80, "tmux-256color", &usual);
    attach(f);
    canvas_init(&c, 24, 80, false);
    fill_board(&c);
    present(f, &c);
    for (int rows = 23; rows > 0; rows -= 5) {
        pty_resize(&f->pty, rows, 20);
        raise(SIGWINCH);
        turn(f, 5);
        canvas_resize(&c, rows, 20);
        canvas_put(&c, rows - 1, 3, 5, STYLE(ROLE_TEXT), "last");
        present(f, &c);
        pty_expect(&f->pty, &c, &f->theme);
    }
    canvas_fini(&c);
}

static void test_a_canvas_of_another_size_is_clipped(void **state)
{
    struct fixture *f = *state;
    struct canvas c;

    open_term(f, 10, 40, "xterm-256color", &usual);
    attach(f);
    canvas_init(&c, 30, 41, false);
    canvas_put(&c, 0, 39, 2, STYLE(ROLE_TEXT), "田"); /* half of it has no room */
    canvas_put(&c, 1, 0, 9, STYLE(ROLE_TEXT), "seen");
    present(f, &c);
    assert_string_equal(pty_row(&f->pty, 0), "");
    assert_string_equal(pty_row(&f->pty, 1), "seen");
    canvas_resize(&c, 2, 3);
    present(f, &c);
    assert_string_equal(pty_row(&f->pty, 1), "");
    canvas_fini(&c);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void test_keys_arrive(void **state)
{
    static const char typed[] = "a\x01\x1b[A\x1bx\x1bOP\x1b[15~\xC3\xA9\x1b[200~one\ntwo\x1b[201~";
    struct fixture *f = *state;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    turn(f, 5);
    pty_type(&f->pty, typed, sizeof typed - 1);
    turn(f, 10);
    assert_int_equal(f->key_count, 8);
    assert_int_equal(f->keys[0].code, 'a');
    assert_true(f->keys[1].is_ctrl && f->keys[1].code == 'a');
    assert_int_equal(f->keys[2].code, KEY_CODE_UP);
    assert_true(f->keys[3].is_alt && f->keys[3].code == 'x');
    assert_int_equal(f->keys[4].code, KEY_CODE_F1);
    assert_int_equal(f->keys[5].code, KEY_CODE_F5);
    assert_int_equal(f->keys[6].code, 0xE9);
    assert_int_equal(f->keys[7].code, KEY_CODE_PASTE);
    assert_string_equal(f->pasted, "one two");
}

static void test_a_lone_escape_takes_25_ms(void **state)
{
    struct fixture *f = *state;
    int64_t start_ms;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    turn(f, 5);
    pty_type(&f->pty, "\x1b", 1);
    start_ms = clock_mono_ms();
    while (f->key_count == 0 && clock_mono_ms() - start_ms < 1000)
        turn(f, 1);
    assert_int_equal(f->key_count, 1);
    assert_int_equal(f->keys[0].code, KEY_CODE_ESCAPE);
    assert_in_range(clock_mono_ms() - start_ms, 20, 100);
}

static void test_mouse_follows_its_switch(void **state)
{
    struct fixture *f = *state;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    term_set_mouse(f->term, true);
    turn(f, 5);
    assert_int_equal(f->pty.mouse, 1);
    pty_type(&f->pty, "\x1b[<0;10;4M\x1b[<0;10;4m", 20);
    turn(f, 5);
    assert_int_equal(f->key_count, 1);
    assert_int_equal(f->keys[0].code, KEY_CODE_MOUSE);
    assert_int_equal(f->keys[0].row, 3);
    assert_int_equal(f->keys[0].col, 9);
    term_set_mouse(f->term, false);
    turn(f, 5);
    assert_int_equal(f->pty.mouse, 0);
}

/* --- the width of ambiguous characters -------------------------------------------------------- */

static void check_answer(struct fixture *f, const char *answer, int wait_ms, bool is_ascii)
{
    struct canvas c;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    canvas_init(&c, 24, 80, false);
    fill_board(&c);
    present(f, &c); /* does not wait */
    pty_expect(&f->pty, &c, &f->theme);
    turn(f, wait_ms);
    assert_false(term_caps(f->term)->is_ascii);
    pty_type(&f->pty, answer, strlen(answer));
    turn(f, 10);
    for (int i = 0; i < 100 && term_caps(f->term)->is_ascii != is_ascii; i++)
        turn(f, 10);
    assert_int_equal(term_caps(f->term)->is_ascii, is_ascii);
    assert_int_equal(f->key_count, 0);
    assert_int_equal(f->resized, is_ascii ? 1 : 0);
    present(f, &c);
    assert_true(str_starts(pty_row(&f->pty, 0), is_ascii ? "? 100 Name0" : "● 100 Name0"));
    canvas_fini(&c);
}

static void test_narrow_answer(void **state)
{
    check_answer(*state, "\x1b[2;2R", 0, false);
}

static void test_wide_answer_switches_to_ascii(void **state)
{
    check_answer(*state, "\x1b[2;3R", 0, true);
}

static void test_late_wide_answer_is_no_key(void **state)
{
    check_answer(*state, "\x1b[2;3R", 300, true);
}

static void test_a_second_answer_changes_nothing(void **state)
{
    check_answer(*state, "\x1b[2;2R\x1b[2;3R", 0, false);
}

static void test_a_terminal_that_answers_itself(void **state)
{
    struct fixture *f = *state;

    pty_open(&f->pty, 24, 80, "xterm-256color");
    f->pty.is_answering = true;
    assert_int_equal(term_open(&f->term, &usual, NULL), RC_OK);
    attach(f);
    turn(f, 30);
    assert_int_equal(f->key_count, 0);
    assert_false(term_caps(f->term)->is_ascii);
}

static void test_ascii_asks_nothing(void **state)
{
    struct fixture *f = *state;
    struct term_options options = {.is_ascii = true};

    open_term(f, 24, 80, "xterm-256color", &options);
    attach(f);
    turn(f, 5);
    assert_null(strstr(buf_text(&f->pty.raw), "\x1b[6n"));
}

/* --- beside the picture ----------------------------------------------------------------------- */

static void test_title_bell_copy(void **state)
{
    struct fixture *f = *state;

    open_term(f, 24, 80, "xterm-256color", &usual);
    attach(f);
    turn(f, 5);
    pty_forget(&f->pty);
    term_title(f->term, "callhud: 3 ringing\x07\x1b]52;c;x\x07");
    pty_read(&f->pty);
    assert_true(str_starts(f->pty.title, "callhud: 3 ringing"));
    assert_int_equal(f->pty.bells, 0);
    size_t len = f->pty.raw.len;
    term_title(f->term, "callhud: 3 ringing\x07\x1b]52;c;x\x07");
    assert_int_equal(pty_read(&f->pty), 0);
    assert_int_equal(f->pty.raw.len, len);
    term_bell(f->term);
    pty_forget(&f->pty);
    term_copy(f->term, "Zo\xC3\xAB");
    pty_read(&f->pty);
    assert_int_equal(f->pty.bells, 1);
    assert_non_null(strstr(buf_text(&f->pty.raw), "\x1b]52;c;Wm/Dqw==\a"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_random_canvases_xterm_256color),
        T(test_random_canvases_rgb),
        T(test_random_canvases_tmux_256color),
        T(test_random_canvases_xterm),
        T(test_random_canvases_linux),
        T(test_random_canvases_vt100),
        T(test_an_unchanged_canvas_costs_no_byte),
        T(test_one_lamp_costs_at_most_96_bytes),
        T(test_several_lamps_cost_at_most_400_bytes),
        T(test_close_gives_the_terminal_back),
        T(test_without_a_mouse_no_byte_speaks_of_it),
        T(test_restore_now_gives_the_terminal_back),
        T(test_signals_stay_the_programs),
        T(test_why_not),
        T(test_resize),
        T(test_a_smaller_screen_shows_nothing_of_the_taller),
        T(test_a_canvas_of_another_size_is_clipped),
        T(test_keys_arrive),
        T(test_a_lone_escape_takes_25_ms),
        T(test_mouse_follows_its_switch),
        T(test_narrow_answer),
        T(test_wide_answer_switches_to_ascii),
        T(test_late_wide_answer_is_no_key),
        T(test_a_second_answer_changes_nothing),
        T(test_a_terminal_that_answers_itself),
        T(test_ascii_asks_nothing),
        T(test_title_bell_copy),
    };

    setlocale(LC_ALL, "");
    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
