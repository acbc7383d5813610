#include "callhud/term/term.h"

#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/term/caps.h"
#include "callhud/term/input.h"
#include "callhud/term/notify.h"
#include "callhud/term/paint.h"
#include "callhud/term/tty_out.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define FLUSH_MS 200
#define ANSWER_MS 50  /* waited for an answer on the way out, so that the shell does not get it */
#define ASKED_MS 1000 /* by then an answer has come or none does */
#define FRAME_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define RESTORE_BYTES 512

struct term {
    struct tty_out *tty;
    struct paint *paint;
    struct caps caps;
    struct input input;
    struct term_handler handler;
    struct term_options options;
    struct buf frame;
    struct theme theme;
    bool is_mouse;
    bool is_asking; /* for the cursor's position, not answered yet */
    int64_t asked_ms;
    bool is_entering; /* the next frame enters the alternate screen again first */
    bool is_cursor_visible;
    int rows, cols;
    char *title; /* wanted and not sent yet; NULL */
    char *title_sent;
    struct termios saved;
    struct term_stats stats;
};

/* What a signal handler needs to give the terminal back. Two copies, so that one is whole at any
 * moment. */
static struct {
    struct {
        char bytes[RESTORE_BYTES];
        size_t len;
    } copies[2];
    struct termios saved;
    int out_fd, in_fd;
    volatile sig_atomic_t which, is_armed;
} restore;

/* --- bytes for entering and leaving ----------------------------------------------------------- */

static void put_mouse(const struct term *t, struct buf *out, bool is_on)
{
    (void)t;
    buf_puts(out, is_on ? "\x1b[?1000h\x1b[?1006h" : "\x1b[?1006l\x1b[?1000l");
}

static void put_enter(const struct term *t, struct buf *out, bool is_first)
{
    if (is_first && t->caps.has_title)
        buf_puts(out, "\x1b[22;0t");
    buf_puts(out, t->caps.enter);
    buf_puts(out, t->caps.plain);
    buf_puts(out, t->is_cursor_visible ? t->caps.show : t->caps.hide);
    if (t->caps.has_modes)
        buf_puts(out, "\x1b[?2004h\x1b[?1004h");
    if (t->is_mouse)
        put_mouse(t, out, true);
}

static void put_leave(const struct term *t, struct buf *out)
{
    char row[32];

    if (t->caps.has_sync)
        buf_puts(out, "\x1b[?2026l");
    if (t->is_mouse)
        put_mouse(t, out, false);
    if (t->caps.has_modes)
        buf_puts(out, "\x1b[?1004l\x1b[?2004l");
    buf_puts(out, t->caps.plain);
    buf_puts(out, t->caps.show);
    if (t->caps.leave[0] == '\0') {
        buf_put(out, row, caps_goto_row(row, sizeof row, t->rows - 1));
        buf_puts(out, "\r\n");
    }
    buf_puts(out, t->caps.leave);
    if (t->caps.has_title)
        buf_puts(out, "\x1b[23;0t");
}

static void arm_restore(struct term *t)
{
    int other = restore.which ? 0 : 1;
    struct buf bytes;

    buf_init(&bytes, RESTORE_BYTES);
    /* A frame may have been cut in the middle of a sequence: end it first. */
    buf_puts(&bytes, t->caps.has_modes ? "\x1b\\" : "");
    put_leave(t, &bytes);
    memcpy(restore.copies[other].bytes, buf_text(&bytes), bytes.len);
    restore.copies[other].len = bytes.len;
    buf_fini(&bytes);
    restore.saved = t->saved;
    restore.out_fd = tty_out_fd(t->tty);
    restore.in_fd = STDIN_FILENO;
    atomic_signal_fence(memory_order_seq_cst);
    restore.which = other;
    restore.is_armed = 1;
}

void term_restore_now(void)
{
    int error = errno, which = restore.which;
    size_t at = 0, len = restore.copies[which].len;

    if (!restore.is_armed)
        return;
    restore.is_armed = 0;
    while (at < len) {
        struct pollfd p = {.fd = restore.out_fd, .events = POLLOUT};
        if (poll(&p, 1, FLUSH_MS) <= 0 || !(p.revents & POLLOUT))
            break;
        ssize_t n = write(restore.out_fd, restore.copies[which].bytes + at, len - at);
        if (n <= 0 && errno != EINTR && errno != EAGAIN)
            break;
        at += n > 0 ? (size_t)n : 0;
    }
    tcsetattr(restore.in_fd, TCSANOW, &restore.saved);
    errno = error;
}

static void set_raw(struct term *t)
{
    struct termios raw = t->saved;

    raw.c_iflag &=
        ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    raw.c_cflag |= CS8;
    /* Read through fd 0 itself, which may block, only what is there may be taken. */
    raw.c_cc[VMIN] = tty_out_in_fd(t->tty) == STDIN_FILENO ? 0 : 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* Queues the bytes of t->frame and empties it. */
static void send(struct term *t)
{
    if (t->frame.is_full)
        paint_all(t->paint); /* nothing of it goes out: the next one has to be whole */
    else
        tty_out_put(t->tty, buf_text(&t->frame), t->frame.len);
    buf_reset(&t->frame);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void on_key(void *self, const struct key *key)
{
    struct term *t = self;
    if (t->handler.key != NULL)
        t->handler.key(t->handler.self, key);
}

/* The answer to the question of term_open(): where the cursor stands after one ambiguous character
 * written in the first column. */
static void on_cursor_at(void *self, int row, int col)
{
    struct term *t = self;

    (void)row;
    if (!t->is_asking)
        return;
    t->is_asking = false;
    if (col <= 2 || t->caps.told.is_ascii)
        return;
    t->caps.told.is_ascii = true;
    paint_all(t->paint);
    if (t->handler.resized != NULL)
        t->handler.resized(t->handler.self, t->rows, t->cols);
}

static void set_input_timer(struct term *t)
{
    tty_out_timer(t->tty, input_wait_ms(&t->input, clock_mono_ms()));
}

static void on_bytes(void *self, const char *bytes, size_t len)
{
    struct term *t = self;

    input_feed(&t->input, bytes, len, clock_mono_ms());
    set_input_timer(t);
}

static void on_timeout(void *self)
{
    struct term *t = self;

    input_timeout(&t->input, clock_mono_ms());
    set_input_timer(t);
}

/* --- size ------------------------------------------------------------------------------------- */

/* True if it changed. */
static bool read_size(struct term *t)
{
    struct winsize size = {0};
    int rows = 24, cols = 80;

    if (ioctl(tty_out_fd(t->tty), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        rows = size.ws_row > 1000 ? 1000 : size.ws_row;
        cols = size.ws_col > 1000 ? 1000 : size.ws_col;
    }
    if (rows == t->rows && cols == t->cols)
        return false;
    t->rows = rows;
    t->cols = cols;
    paint_resize(t->paint, rows, cols);
    return true;
}

static void take_size(struct term *t)
{
    if (!read_size(t))
        return;
    if (restore.is_armed)
        arm_restore(t);
    if (t->handler.resized != NULL)
        t->handler.resized(t->handler.self, t->rows, t->cols);
}

static void on_look(void *self)
{
    take_size(self);
}

/* The size may be the known one again: a terminal that shrank and grew back between two looks has lost
 * what was outside, so everything is painted anew. */
static void on_winch(void *self)
{
    struct term *t = self;

    paint_all(t->paint);
    if (read_size(t) && restore.is_armed)
        arm_restore(t);
    if (t->handler.resized != NULL)
        t->handler.resized(t->handler.self, t->rows, t->cols);
}

void term_size(const struct term *t, int *rows, int *cols)
{
    *rows = t->rows;
    *cols = t->cols;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void on_drained(void *self)
{
    struct term *t = self;

    if (t->title != NULL && !tty_out_is_busy(t->tty)) {
        char *title = t->title;
        t->title = NULL;
        term_title(t, title);
        mem_free(title);
    }
    if (t->handler.drained != NULL)
        t->handler.drained(t->handler.self);
}

static void on_vanished(void *self, const char *why)
{
    struct term *t = self;
    if (t->handler.vanished != NULL)
        t->handler.vanished(t->handler.self, why);
}

/* Painting does not wait for the answer; terminals that never give one lose nothing. Asked from the
 * second row: see input.c on F3. */
static void ask_width(struct term *t)
{
    if (t->caps.told.is_ascii || !t->caps.can_measure || t->rows < 2)
        return;
    t->is_asking = true;
    t->asked_ms = clock_mono_ms();
    buf_puts(&t->frame, "\x1b[2;1H\xE2\x97\x8F\x1b[6n\r\x1b[2K");
}

enum rc term_open(struct term **out, const struct term_options *options, struct err *err)
{
    const char *why = term_why_not();
    struct term *t;
    enum rc rc;

    if (why != NULL)
        return err_set(err, RC_IO, "no full-screen console: %s; use --plain", why);
    t = mem_zero(1, sizeof *t);
    t->options = *options;
    buf_init(&t->frame, FRAME_MAX_BYTES);
    rc = tty_out_open(&t->tty, err);
    if (rc == RC_OK) {
        rc = paint_open(&t->paint, err);
        if (rc != RC_OK)
            tty_out_free(t->tty);
    }
    if (rc != RC_OK) {
        mem_free(t);
        return rc;
    }
    input_init(&t->input, &(struct input_handler){on_key, on_cursor_at, t});
    caps_read(&t->caps, options);
    caps_add_keys(&t->input);
    tcgetattr(STDIN_FILENO, &t->saved);
    if (t->saved.c_cc[VERASE] == '\b')
        t->input.is_backspace_ctrl_h = true;
    t->is_mouse = t->input.is_mouse = options->is_mouse && t->caps.has_modes;
    read_size(t);
    arm_restore(t);
    set_raw(t);
    put_enter(t, &t->frame, true);
    ask_width(t);
    send(t);
    *out = t;
    return RC_OK;
}

void term_attach(struct term *t, struct uv_loop_s *loop, const struct term_handler *handler)
{
    t->handler = *handler;
    tty_out_attach(t->tty, loop,
                   &(struct tty_out_handler){.bytes = on_bytes,
                                             .timeout = on_timeout,
                                             .winch = on_winch,
                                             .look = on_look,
                                             .drained = on_drained,
                                             .vanished = on_vanished,
                                             .self = t});
    take_size(t); /* a SIGWINCH since term_open() went unheard */
}

/* Flushes and gives the terminal back, as long as it takes it. */
static void leave(struct term *t)
{
    int64_t until_ms = clock_mono_ms() + FLUSH_MS;
    char answer[256];

    if (t->is_asking && clock_mono_ms() - t->asked_ms < ASKED_MS)
        tty_out_read(t->tty, answer, sizeof answer, ANSWER_MS);
    t->is_asking = false;
    int64_t left_ms = until_ms - clock_mono_ms();
    if (!tty_out_flush(t->tty, left_ms > 0 ? (int)left_ms : 0) && tty_out_drop(t->tty) &&
        t->caps.has_modes)
        buf_puts(&t->frame, "\x1b\\");
    put_leave(t, &t->frame);
    send(t);
    left_ms = until_ms - clock_mono_ms();
    tty_out_flush(t->tty, left_ms > 0 ? (int)left_ms : 0);
    restore.is_armed = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
}

void term_close(struct term *t)
{
    if (t == NULL)
        return;
    if (restore.is_armed)
        leave(t);
    paint_close(t->paint);
    tty_out_free(t->tty);
    input_fini(&t->input);
    buf_fini(&t->frame);
    mem_free(t->title);
    mem_free(t->title_sent);
    mem_free(t);
}

/* --- frames ----------------------------------------------------------------------------------- */

const struct term_caps *term_caps(const struct term *t)
{
    return &t->caps.told;
}

void term_set_theme(struct term *t, const struct theme *theme)
{
    theme_reduce(&t->theme, theme, t->caps.told.depth);
    paint_set_theme(t->paint, &t->theme, &t->caps);
}

bool term_is_busy(const struct term *t)
{
    return tty_out_is_busy(t->tty);
}

bool term_present(struct term *t, const struct canvas *canvas)
{
    size_t start;

    if (term_is_busy(t)) {
        t->stats.skipped++;
        return false;
    }
    if (t->caps.has_sync)
        buf_puts(&t->frame, "\x1b[?2026h");
    start = t->frame.len;
    if (t->is_entering)
        put_enter(t, &t->frame, false);
    t->is_entering = false;
    paint_frame(t->paint, canvas, t->caps.told.is_ascii, &t->frame);
    if (canvas->is_cursor_visible != t->is_cursor_visible) {
        t->is_cursor_visible = canvas->is_cursor_visible;
        buf_puts(&t->frame, t->is_cursor_visible ? t->caps.show : t->caps.hide);
    }
    if (t->frame.len == start)
        buf_reset(&t->frame);
    else if (t->caps.has_sync)
        buf_puts(&t->frame, "\x1b[?2026l");
    t->stats.frames++;
    t->stats.last_frame_bytes = t->frame.len;
    send(t);
    return true;
}

void term_stats(const struct term *t, struct term_stats *out)
{
    *out = t->stats;
    out->bytes = tty_out_bytes(t->tty);
}

void term_redraw(struct term *t)
{
    if (!restore.is_armed)
        return;
    /* After a SIGSTOP the shell has set its own modes. */
    set_raw(t);
    t->is_entering = true;
    paint_all(t->paint);
}

void term_set_mouse(struct term *t, bool is_on)
{
    is_on = is_on && t->caps.has_modes;
    if (is_on == t->is_mouse)
        return;
    t->is_mouse = t->input.is_mouse = is_on;
    arm_restore(t);
    put_mouse(t, &t->frame, is_on);
    send(t);
}

/* --- beside the picture ----------------------------------------------------------------------- */

void term_bell(struct term *t)
{
    if (!tty_out_is_stalled(t->tty))
        tty_out_put(t->tty, "\a", 1);
}

void term_title(struct term *t, const char *title)
{
    char *wanted;

    if (!t->caps.has_title || str_eq(title, t->title != NULL ? t->title : t->title_sent))
        return;
    wanted = mem_dup(title);
    mem_free(t->title);
    t->title = NULL;
    if (tty_out_is_busy(t->tty)) { /* only the newest is of interest, once the tty is free */
        t->title = wanted;
        return;
    }
    mem_free(t->title_sent);
    t->title_sent = wanted;
    notify_title(&t->frame, wanted, t->caps.told.is_ascii);
    send(t);
}

bool term_copy(struct term *t, const char *text)
{
    if (!t->caps.has_title || tty_out_is_stalled(t->tty) ||
        !notify_copy(&t->frame, text, t->caps.told.is_tmux))
        return false;
    send(t);
    return true;
}

/* --- stopping --------------------------------------------------------------------------------- */

/* Returns when the process runs again. */
static void stop_group(void)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL}, old;
    sigset_t stop, mask;

    sigaction(SIGTSTP, &dfl, &old);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
    kill(0, SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTSTP, &old, NULL);
}

void term_suspend(struct term *t)
{
    leave(t);
    stop_group();
    /* What the tty has now may be the line editor's own modes; those of the start stay the ones to
     * give back. */
    arm_restore(t);
    set_raw(t);
    put_enter(t, &t->frame, true);
    send(t);
    mem_free(t->title_sent); /* the shell has set its own */
    t->title_sent = NULL;
    paint_all(t->paint);
    take_size(t);
}
