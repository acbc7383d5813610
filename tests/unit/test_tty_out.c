/* The tty that nobody reads, the one that cannot be opened again, the one that goes away. */
#include "callhud/term/tty_out.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/term/term.h"

#include "pty_screen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#define STALL_MS 3000
#define GAPS_MAX 4096
#define FRAME_MS 33
#define TICK_MS 10

/* --- a program in a child process, the test is its terminal ----------------------------------- */

/* What the child tells, in shared memory. */
struct report {
    volatile int is_ready, is_threaded, frames, skipped, keys, last_key, vanished, drained, resized;
    volatile int newest; /* the number that the newest canvas shows */
    volatile int gap_count, is_done, is_suspending, is_stalling;
    volatile int gaps_ms[GAPS_MAX];
    volatile int flags[2];
    volatile int64_t close_ms;
};

struct console {
    struct report *report;
    struct term *term;
    struct canvas canvas;
    uv_loop_t loop;
    uv_timer_t tick, frame;
    int64_t tick_ms;
    int number;
    bool is_moving;
};

static void on_key(void *self, const struct key *key)
{
    struct console *c = self;

    c->report->last_key = (int)key->code;
    c->report->keys++;
    if (key->code == 'q')
        uv_stop(&c->loop);
    if (key->code == 'f')
        c->is_moving = false;
    if (key->code == 'z') {
        c->report->is_suspending = 1;
        term_suspend(c->term);
        c->report->is_suspending = 0;
    }
}

static void on_resized(void *self, int rows, int cols)
{
    struct console *c = self;
    canvas_resize(&c->canvas, rows, cols);
    c->report->resized++;
}

static void on_drained(void *self)
{
    struct console *c = self;
    c->report->drained++;
}

static void on_vanished(void *self, const char *why)
{
    struct console *c = self;
    (void)why;
    c->report->vanished++;
    uv_stop(&c->loop);
}

/* A gap is what passes between two turns of a 10 ms timer beyond those 10 ms. */
static void on_tick(uv_timer_t *timer)
{
    struct console *c = timer->data;
    int64_t now_ms = clock_mono_ms();
    int count = c->report->gap_count;

    if (c->tick_ms != 0 && count < GAPS_MAX && c->report->is_stalling) {
        c->report->gaps_ms[count] = (int)(now_ms - c->tick_ms) - TICK_MS;
        c->report->gap_count = count + 1;
    }
    c->tick_ms = now_ms;
}

/* All cells differ from frame to frame: about 12 kB each. */
static void draw(struct canvas *canvas, int number)
{
    char text[32];

    for (int row = 0; row < canvas->rows; row++)
        for (int col = 0; col < canvas->cols; col += 10) {
            (void)snprintf(text, sizeof text, "%c%04d 田%c ", 'a' + (row + number) % 26,
                           (number * 7 + row + col) % 10000, 'A' + (col + number) % 26);
            canvas_put(canvas, row, col, 10, STYLE(ROLE_RINGING + (row + col / 10 + number) % 8),
                       text);
        }
    (void)snprintf(text, sizeof text, "frame %04d", number);
    canvas_put(canvas, 0, 0, 10, STYLE(ROLE_TEXT), text);
}

static void on_frame(uv_timer_t *timer)
{
    struct console *c = timer->data;
    struct term_stats stats;

    if (c->is_moving)
        c->number++;
    draw(&c->canvas, c->number);
    c->report->newest = c->number;
    term_present(c->term, &c->canvas);
    term_stats(c->term, &stats);
    c->report->frames = (int)stats.frames;
    c->report->skipped = (int)stats.skipped;
}

static bool has_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;

    for (const struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;)
        count += task->d_name[0] != '.';
    if (tasks != NULL)
        closedir(tasks);
    return count > 1;
}

static void run_console(struct report *report)
{
    struct console c = {.report = report, .is_moving = true};
    struct term_options options = {.is_sync_output = true};
    struct tty_out *probe;
    struct theme theme;
    struct err err = {0};
    int rows, cols;

    if (tty_out_open(&probe, &err) == RC_OK) {
        report->is_threaded = has_threads();
        tty_out_free(probe);
    }
    if (term_open(&c.term, &options, &err) != RC_OK) {
        fprintf(stderr, "%s\n", err.text);
        _exit(3);
    }
    theme_load(&theme, "default", NULL, NULL);
    term_set_theme(c.term, &theme);
    term_size(c.term, &rows, &cols);
    canvas_init(&c.canvas, rows, cols, false);
    uv_loop_init(&c.loop);
    term_attach(c.term, &c.loop,
                &(struct term_handler){on_key, on_resized, on_drained, on_vanished, &c});
    uv_timer_init(&c.loop, &c.tick);
    uv_timer_init(&c.loop, &c.frame);
    c.tick.data = c.frame.data = &c;
    uv_timer_start(&c.tick, on_tick, TICK_MS, TICK_MS);
    uv_timer_start(&c.frame, on_frame, 0, FRAME_MS);
    report->is_ready = 1;
    uv_run(&c.loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&c.tick, NULL);
    uv_close((uv_handle_t *)&c.frame, NULL);
    int64_t start_ms = clock_mono_ms();
    term_close(c.term);
    report->close_ms = clock_mono_ms() - start_ms;
    uv_run(&c.loop, UV_RUN_DEFAULT);
    uv_loop_close(&c.loop);
    canvas_fini(&c.canvas);
    for (int fd = 0; fd < 2; fd++)
        report->flags[fd] = fcntl(fd, F_GETFL);
    report->is_done = 1;
}

struct fixture {
    struct pty_screen pty;
    struct report *report;
    pid_t child;
    bool is_deaf;
};

static int setup(void **state)
{
    struct fixture *f = mem_zero(1, sizeof *f);

    setenv("TERM", "xterm-256color", 1);
    unsetenv("COLORTERM");
    unsetenv("TMUX");
    f->report =
        mmap(NULL, sizeof *f->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pty_open_apart(&f->pty, 24, 80);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->child > 0) {
        kill(f->child, SIGKILL);
        waitpid(f->child, NULL, 0);
    }
    pty_close(&f->pty);
    munmap(f->report, sizeof *f->report);
    mem_free(f);
    return 0;
}

/* The other account makes the device itself of no use, so that opening it again must fail; without
 * a controlling terminal /dev/tty is of no use either: as under su -c. */
static void start(struct fixture *f, bool is_other_account)
{
    fflush(NULL);
    f->child = fork();
    if (f->child == 0) {
        setsid();
        if (!is_other_account)
            ioctl(f->pty.slave, TIOCSCTTY, 0);
        dup2(f->pty.slave, 0);
        dup2(f->pty.slave, 1);
        if (is_other_account) {
            fchmod(f->pty.slave, 0);
            if (getuid() == 0 &&
                (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
                _exit(4);
        }
        close(f->pty.slave);
        close(f->pty.master);
        run_console(f->report);
        _exit(0);
    }
}

static bool wait_for(struct fixture *f, volatile int *what, int least, int ms)
{
    int64_t end_ms = clock_mono_ms() + ms;

    while (*what < least && clock_mono_ms() < end_ms) {
        if (!f->is_deaf)
            pty_read(&f->pty);
        usleep(2000);
    }
    return *what >= least;
}

static void listen_for(struct fixture *f, int ms)
{
    int64_t end_ms = clock_mono_ms() + ms;
    while (clock_mono_ms() < end_ms) {
        pty_read(&f->pty);
        usleep(1000);
    }
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void check_gaps(struct report *report)
{
    static int gaps[GAPS_MAX];
    int count = report->gap_count;

    for (int i = 0; i < count; i++)
        gaps[i] = report->gaps_ms[i];
    qsort(gaps, (size_t)count, sizeof gaps[0], compare_ints);
    fprintf(stderr, "# %d ticks, p99 %d ms late, worst %d ms\n", count, gaps[count * 99 / 100],
            gaps[count - 1]);
    assert_true(count >= STALL_MS / TICK_MS * 7 / 10);
    assert_true(gaps[count * 99 / 100] <= 50);
}

static void finish(struct fixture *f)
{
    int status;
    struct termios now;

    pty_type(&f->pty, "q", 1);
    assert_true(wait_for(f, &f->report->is_done, 1, 3000));
    pty_read(&f->pty);
    assert_int_equal(waitpid(f->child, &status, 0), f->child);
    f->child = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(f->report->flags[0] & O_NONBLOCK);
    assert_false(f->report->flags[1] & O_NONBLOCK);
    tcgetattr(f->pty.slave, &now);
    assert_int_equal(now.c_lflag, f->pty.before.c_lflag);
    assert_int_equal(now.c_iflag, f->pty.before.c_iflag);
    assert_int_equal(now.c_oflag, f->pty.before.c_oflag);
    assert_memory_equal(now.c_cc, f->pty.before.c_cc, sizeof now.c_cc);
    assert_false(f->pty.is_alternate);
    assert_true(f->pty.is_cursor_visible);
}

static void expect_newest(struct fixture *f)
{
    struct canvas want;
    int rows, cols;

    vterm_get_size(f->pty.vt, &rows, &cols);
    canvas_init(&want, rows, cols, false);
    draw(&want, f->report->newest);
    pty_expect(&f->pty, &want, NULL);
    canvas_fini(&want);
}

/* --- nobody reads ----------------------------------------------------------------------------- */

static void check_stall(struct fixture *f, bool is_other_account)
{
    int frames, drained;

    start(f, is_other_account);
    assert_true(wait_for(f, &f->report->frames, 10, 5000));
    assert_int_equal(f->report->is_threaded, is_other_account);
    f->is_deaf = true;
    f->report->is_stalling = 1;
    usleep(1000 * 500); /* the pty fills: 20 kB, two frames at most */
    frames = f->report->frames;
    drained = f->report->drained;
    for (int i = 0; i < STALL_MS / 250; i++) { /* keys are still heard */
        pty_type(&f->pty, "k", 1);
        usleep(250 * 1000);
    }
    f->report->is_stalling = 0;
    assert_int_equal(f->report->frames, frames);
    assert_int_equal(f->report->drained, drained);
    assert_true(f->report->skipped > STALL_MS / FRAME_MS / 2);
    assert_int_equal(f->report->keys, STALL_MS / 250);
    assert_int_equal(f->report->last_key, 'k');
    check_gaps(f->report);

    /* One catch-up frame: stop the picture, then read. What waited is finished, then one frame more
     * shows the newest state, and then there is silence. */
    pty_type(&f->pty, "f", 1);
    usleep(100 * 1000);
    frames = f->report->frames;
    pty_forget(&f->pty);
    f->is_deaf = false;
    listen_for(f, 500);
    assert_in_range(f->report->drained, drained + 1, drained + 2);
    expect_newest(f);
    assert_true(f->pty.raw.len < 60000);
    assert_int_equal(pty_read(&f->pty), 0);
    finish(f);
}

static void test_a_stalled_terminal_does_not_hold_the_loop(void **state)
{
    check_stall(*state, false);
}

static void test_a_terminal_that_cannot_be_opened_again(void **state)
{
    check_stall(*state, true);
}

static void test_a_resize_without_sigwinch_is_noticed(void **state)
{
    struct fixture *f = *state;

    start(f, true);
    assert_true(wait_for(f, &f->report->frames, 3, 5000));
    pty_resize(&f->pty, 30, 100);
    assert_true(wait_for(f, &f->report->resized, 1, 2500));
    pty_type(&f->pty, "f", 1);
    listen_for(f, 300);
    expect_newest(f);
    finish(f);
}

static void check_end_while_stalled(struct fixture *f, bool is_other_account)
{
    start(f, is_other_account);
    assert_true(wait_for(f, &f->report->frames, 10, 5000));
    f->is_deaf = true;
    usleep(500 * 1000);
    pty_type(&f->pty, "q", 1);
    assert_true(wait_for(f, &f->report->is_done, 1, 3000));
    assert_in_range(f->report->close_ms, 0, 400);
    struct termios now;
    tcgetattr(f->pty.slave, &now);
    assert_int_equal(now.c_lflag, f->pty.before.c_lflag);
}

static void test_ending_while_stalled_does_not_hang(void **state)
{
    check_end_while_stalled(*state, false);
}

static void test_ending_while_stalled_by_thread(void **state)
{
    check_end_while_stalled(*state, true);
}

/* --- the terminal goes away ------------------------------------------------------------------- */

static void check_hang_up(struct fixture *f, bool is_other_account)
{
    int status;

    start(f, is_other_account);
    assert_true(wait_for(f, &f->report->frames, 3, 5000));
    close(f->pty.slave);
    f->pty.slave = -1;
    f->is_deaf = true;
    close(f->pty.master);
    f->pty.master = -1;
    assert_true(wait_for(f, &f->report->is_done, 1, 3000));
    assert_int_equal(f->report->vanished, 1);
    assert_int_equal(waitpid(f->child, &status, 0), f->child);
    f->child = 0;
    assert_true(WIFEXITED(status));
}

static void test_hang_up_is_told_once(void **state)
{
    signal(SIGHUP, SIG_IGN); /* the program's own affair */
    check_hang_up(*state, false);
    signal(SIGHUP, SIG_DFL);
}

static void test_hang_up_is_told_once_by_thread(void **state)
{
    signal(SIGHUP, SIG_IGN);
    check_hang_up(*state, true);
    signal(SIGHUP, SIG_DFL);
}

/* --- stopping and going on -------------------------------------------------------------------- */

/* A shell in miniature: puts the program into a group of its own in the foreground, notes when it
 * stops, and lets it go on when told. */
static void run_shell(struct fixture *f, volatile int *stops, volatile int *go_on)
{
    pid_t job = fork();
    int status;

    if (job == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(0, getpid());
        signal(SIGTTOU, SIG_DFL);
        run_console(f->report);
        _exit(0);
    }
    setpgid(job, job);
    while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
        (*stops)++;
        while (*go_on < *stops)
            usleep(1000);
        kill(-job, SIGCONT);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 9);
}

static void test_suspend_gives_the_terminal_away_and_takes_it_again(void **state)
{
    struct fixture *f = *state;
    volatile int *shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct termios now;

    fflush(NULL);
    f->child = fork();
    if (f->child == 0) {
        setsid();
        ioctl(f->pty.slave, TIOCSCTTY, 0);
        dup2(f->pty.slave, 0);
        dup2(f->pty.slave, 1);
        close(f->pty.slave);
        close(f->pty.master);
        run_shell(f, &shared[0], &shared[1]);
    }
    assert_true(wait_for(f, &f->report->frames, 5, 5000));
    for (int round = 1; round <= 2; round++) {
        assert_true(f->pty.is_alternate);
        pty_type(&f->pty, "z", 1);
        assert_true(wait_for(f, &shared[0], round, 3000));
        listen_for(f, 20);
        assert_int_equal(f->report->is_suspending, 1);
        assert_false(f->pty.is_alternate);
        assert_true(f->pty.is_cursor_visible);
        tcgetattr(f->pty.slave, &now);
        assert_int_equal(now.c_lflag, f->pty.before.c_lflag);
        assert_int_equal(now.c_oflag, f->pty.before.c_oflag);
        pty_resize(&f->pty, 20 + round, 60); /* while it is stopped */
        shared[1] = round;
        int frames = f->report->frames;
        assert_true(wait_for(f, &f->report->frames, frames + 3, 3000));
        assert_true(f->report->resized >= round);
        assert_true(f->pty.is_alternate);
    }
    pty_type(&f->pty, "f", 1);
    listen_for(f, 300);
    expect_newest(f);
    finish(f);
    munmap((void *)(uintptr_t)shared, 4096);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_stalled_terminal_does_not_hold_the_loop),
        T(test_a_terminal_that_cannot_be_opened_again),
        T(test_a_resize_without_sigwinch_is_noticed),
        T(test_ending_while_stalled_does_not_hang),
        T(test_ending_while_stalled_by_thread),
        T(test_hang_up_is_told_once),
        T(test_hang_up_is_told_once_by_thread),
        T(test_suspend_gives_the_terminal_away_and_takes_it_again),
    };

    setlocale(LC_ALL, "");
    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
