#include "played.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the backend ----------------------------------------------------------------------------- */

struct played_script played_script;

struct backend {
    struct backend_sink sink;
    const struct io *io;
    struct io_timer *timer, *drop;
    struct action asked;
    char user_id[32], call_id[32];
    enum action_kind confirmed; /* mode; ACTION_COUNT: none */
    int step;
    bool is_on, is_leaving;
    void (*left)(void *self);
    void *left_self;
};

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    va_list args;
    FILE *file = fopen("backend.log", "a");
    va_start(args, format);
    if (file) {
        vfprintf(file, format, args);
        fclose(file);
    }
    va_end(args);
}

static void send_event(struct backend *b, struct event *event)
{
    event->at_ms = clock_wall_ms();
    b->sink.event(b->sink.self, event);
}

static void tell(struct backend *b, enum action_kind kind, enum action_stage stage, enum rc rc,
                 const char *text)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = b->user_id};
    event.u.action.id = b->asked.id;
    event.u.action.kind = kind;
    event.u.action.stage = stage;
    event.u.action.call_id = kind == ACTION_DND ? "" : b->call_id;
    event.u.action.is_on = b->asked.is_on;
    event.u.action.mode = action_mode(kind);
    event.u.action.rc = rc;
    event.u.action.text = text;
    send_event(b, &event);
}

static void tell_call(struct backend *b, const char *user_id, const char *id, enum call_state state,
                      const char *number, bool is_answer)
{
    static const struct supervisor listener = {.extension = "109", .mode = SUPERVISE_LISTEN};
    struct event event = {.kind = EVENT_CALL, .user_id = user_id, .is_answer = is_answer};
    event.u.call.supervisors = &listener;
    event.u.call.supervisors_len = state == CALL_CONNECTED;
    event.u.call.is_recorded = played_script.is_recorded && state == CALL_CONNECTED;
    event.u.call.id = id;
    event.u.call.state = state;
    event.u.call.number = number;
    event.u.call.name = "Acme Ltd";
    event.u.call.since_ms = clock_wall_ms() - 60000;
    send_event(b, &event);
}

static void tell_user(struct backend *b, const char *extension, const char *name)
{
    struct event event = {.kind = EVENT_USER, .user_id = extension, .is_answer = true};
    event.u.user.extension = extension;
    event.u.user.name = name;
    event.u.user.department = "";
    send_event(b, &event);
    struct event dnd = {.kind = EVENT_DND, .user_id = extension, .is_answer = true};
    dnd.u.dnd.is_on = str_eq(extension, "105");
    send_event(b, &dnd);
}

static void call_is_dropped(void *self)
{
    struct backend *b = self;
    struct event event = {.kind = EVENT_CALL_ENDED, .user_id = "104"};
    b->drop = NULL;
    if (played_script.is_drop_swap) {
        tell_call(b, "104", "c-4", CALL_CONNECTED, "+493090555", false);
        return;
    }
    event.u.ended.id = "c-4";
    event.u.ended.taken_by = played_script.taken_by;
    send_event(b, &event);
}

static void floor_is_there(void *self)
{
    struct backend *b = self;
    struct event link = {.kind = EVENT_LINK};
    b->timer = NULL;
    link.u.link.state = played_script.is_refused ? LINK_REFUSED : LINK_LIVE;
    link.u.link.text = played_script.is_refused ? "the password is refused" : NULL;
    send_event(b, &link);
    if (played_script.is_refused)
        return;
    struct event asked = {.kind = EVENT_SNAPSHOT_ASKED};
    send_event(b, &asked);
    tell_user(b, "103", "Omar Said");
    tell_user(b, "104", "Lena Fischer");
    tell_user(b, "105", "Ken Ito");
    tell_call(b, "103", "c-3", CALL_RINGING, "+493090182", true);
    tell_call(b, "104", "c-4", CALL_CONNECTED, "+493090182", true);
    if (played_script.drop_after_ms)
        b->drop = b->io->timer(b->io->net, played_script.drop_after_ms, call_is_dropped, b);
    struct event done = {.kind = EVENT_SNAPSHOT_DONE};
    send_event(b, &done);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        struct event event = {.kind = EVENT_CAPABILITY};
        event.u.capability.kind = (enum action_kind)kind;
        event.u.capability.level =
            played_script.is_missing ? CAPABILITY_MISSING : CAPABILITY_NATIVE;
        event.u.capability.why = played_script.is_missing ? "the exchange has no such thing" : "";
        send_event(b, &event);
    }
}

static struct backend *fake_open(const struct backend_config *config, const struct io *io,
                                 const struct backend_sink *sink, struct err *err)
{
    (void)config, (void)err;
    struct backend *b = mem_zero(1, sizeof *b);
    b->sink = *sink;
    b->io = io;
    b->confirmed = ACTION_COUNT;
    b->timer = io->timer(io->net, 0, floor_is_there, b);
    return b;
}

static void call_ends(void *self)
{
    struct backend *b = self;
    b->timer = NULL;
    b->is_on = false;
    tell(b, b->confirmed, ACTION_ENDED, RC_OK, "the call has ended");
}

/* The steps of an action: the phone rings, is lifted. */
static void goes_on(void *self)
{
    struct backend *b = self;
    const struct action_row *row = action_row(b->asked.kind);
    b->timer = NULL;
    if (b->step == 0 && row->uses_phone && !b->is_on) {
        b->step = 1;
        tell(b, b->asked.kind, ACTION_PHONE, RC_OK, "your phone 108 rings: lift it");
        if (!played_script.is_phone_silent)
            b->timer = b->io->timer(b->io->net, 5, goes_on, b);
        return;
    }
    if (played_script.fail != RC_OK && played_script.fail_kind == b->asked.kind) {
        tell(b, b->asked.kind, ACTION_FAILED, played_script.fail, "your phone 108 was not lifted");
        return;
    }
    if (played_script.late_ms && !row->uses_phone && b->step == 0) {
        b->step = 1;
        tell(b, b->asked.kind, ACTION_UNSURE, RC_OK, "the server is slow: look at the lamp");
        b->timer = b->io->timer(b->io->net, played_script.late_ms, goes_on, b);
        return;
    }
    if (b->asked.kind == ACTION_TAKEOVER && b->is_on) {
        b->is_on = false;
        tell(b, b->confirmed, ACTION_ENDED, RC_OK, "you have the call now");
    }
    if (row->is_mode) {
        b->confirmed = b->asked.kind;
        b->is_on = true;
    }
    tell(b, b->asked.kind, ACTION_CONFIRMED, RC_OK, NULL);
    note("confirmed %s\n", row->name);
    if (played_script.end_after_ms && row->is_mode)
        b->timer = b->io->timer(b->io->net, played_script.end_after_ms, call_ends, b);
}

static enum rc fake_act(struct backend *b, const struct action *action, struct err *err)
{
    note("act %s %s %s %d\n", action_row(action->kind)->name, action->user_id, action->call_id,
         action->is_on);
    if (action->kind == ACTION_STOP) {
        if (b->timer)
            b->io->timer_stop(b->timer);
        b->timer = NULL;
        b->is_on = false;
        b->asked.id = action->id;
        tell(b, ACTION_STOP, ACTION_ASKED, RC_OK, NULL);
        tell(b, b->confirmed, ACTION_ENDED, RC_OK, "stopped");
        return RC_OK;
    }
    if (played_script.refuse != RC_OK)
        return err_set(err, played_script.refuse, "taken by 102");
    if (b->timer)
        b->io->timer_stop(b->timer);
    b->asked = *action;
    b->step = 0;
    str_copy(b->user_id, sizeof b->user_id, action->user_id);
    str_copy(b->call_id, sizeof b->call_id, action->call_id);
    tell(b, action->kind, ACTION_ASKED, RC_OK, NULL);
    b->timer = b->io->timer(b->io->net, 5, goes_on, b);
    return RC_OK;
}

static void has_left(void *self)
{
    struct backend *b = self;
    b->timer = NULL;
    note("left\n");
    b->left(b->left_self);
}

static bool fake_leave(struct backend *b, void (*done)(void *self), void *self)
{
    note("leave\n");
    if (b->timer)
        b->io->timer_stop(b->timer);
    b->left = done;
    b->left_self = self;
    b->timer = b->io->timer(b->io->net, 30, has_left, b);
    return true;
}

static void fake_close(struct backend *b)
{
    if (b->timer)
        b->io->timer_stop(b->timer);
    if (b->drop)
        b->io->timer_stop(b->drop);
    mem_free(b);
}

static void fake_nothing(struct backend *b)
{
    (void)b;
}

static void fake_stats(const struct backend *b, struct backend_stats *out)
{
    (void)b;
    memset(out, 0, sizeof *out);
}

static void fake_clean(struct backend *b, const char *const *things, size_t len,
                       void (*gone)(void *self, const char *thing), void *self)
{
    (void)b, (void)things, (void)len, (void)gone, (void)self;
}

const struct backend_ops played_backend = {.name = "asterisk",
                                           .title = "played",
                                           .monitor_default = "all",
                                           .open = fake_open,
                                           .resync = fake_nothing,
                                           .reconnect = fake_nothing,
                                           .stats = fake_stats,
                                           .act = fake_act,
                                           .leave = fake_leave,
                                           .clean = fake_clean,
                                           .close = fake_close};
/* ---- a command as a program ------------------------------------------------------------------ */

/* words end with NULL. in: a descriptor for its standard input, or -1 for a pipe. */
struct program program_start(int in, int (*run)(const char *const *words), const char *const *words)
{
    struct program p = {0};
    int to[2], from[2], errors[2];
    unlink("backend.log");
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    assert_int_equal(pipe2(errors, O_CLOEXEC), 0);
    fflush(NULL);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0) {
        if (in >= 0 && isatty(in)) { /* its terminal, in whose foreground it is */
            setsid();
            ioctl(in, TIOCSCTTY, 0);
        }
        dup2(in >= 0 ? in : to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        dup2(errors[1], STDERR_FILENO);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        signal(SIGPIPE, SIG_IGN);
        alarm(PROGRAM_LIMIT_MS / 1000 + 5);
        exit(run(words));
    }
    close(to[0]);
    close(from[1]);
    close(errors[1]);
    p.in = to[1];
    p.out = from[0];
    p.err = errors[0];
    return p;
}

static void take(int *fd, char *to, size_t size)
{
    size_t used = strlen(to);
    ssize_t n = read(*fd, to + used, size - used - 1);
    if (n > 0) {
        to[used + (size_t)n] = '\0';
    } else if (n == 0 || errno != EINTR) {
        close(*fd);
        *fd = -1;
    }
}

static bool read_more(struct program *p, int64_t until_ms)
{
    struct pollfd fds[] = {{.fd = p->out, .events = POLLIN}, {.fd = p->err, .events = POLLIN}};
    int64_t left_ms = until_ms - clock_mono_ms();
    if ((p->out < 0 && p->err < 0) || left_ms <= 0 || poll(fds, 2, (int)left_ms) <= 0)
        return false;
    if (fds[0].revents)
        take(&p->out, p->said, sizeof p->said);
    if (fds[1].revents)
        take(&p->err, p->noted, sizeof p->noted);
    return true;
}

void program_wait_for(struct program *p, const char *text)
{
    int64_t until_ms = clock_mono_ms() + PROGRAM_LIMIT_MS;
    while (!strstr(p->said, text) && !strstr(p->noted, text)) {
        if (!read_more(p, until_ms))
            fail_msg("no '%s' in\nout: %s\nerr: %s", text, p->said, p->noted);
    }
}

void program_type(const struct program *p, const char *text)
{
    assert_int_equal(write(p->in, text, strlen(text)), (ssize_t)strlen(text));
}

/* The exit code, 128+n for a signal that killed it. */
int program_finish(struct program *p)
{
    int status;
    int64_t until_ms = clock_mono_ms() + PROGRAM_LIMIT_MS;
    while (read_more(p, until_ms))
        ;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    if (p->in >= 0)
        close(p->in);
    if (p->out >= 0)
        close(p->out);
    if (p->err >= 0)
        close(p->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void program_ends(struct program *p, int wanted)
{
    int code = program_finish(p);
    if (code != wanted)
        fail_msg("exit %d, wanted %d\nout: %s\nerr: %s", code, wanted, p->said, p->noted);
}

void program_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in '%s'", part, text);
}

const char *program_read_text(const char *name)
{
    static char text[65536];
    FILE *file = fopen(name, "r");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return text;
}

size_t program_count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}
