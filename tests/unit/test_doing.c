/* The commands that act, run as programs of their own (fork) on a backend that this file plays:
 * what they print, how they end, and that they always leave. */
#include "callhud/app/cli.h"
#include "callhud/backend/backend.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
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
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 15000

/* ---- the backend ----------------------------------------------------------------------------- */

/* How it behaves; set before the command is started. */
static struct script {
    bool is_phone_silent;       /* the phone rings and is never lifted nor given up */
    enum rc refuse;             /* act() itself says no */
    enum rc fail;               /* told after the phone has rung */
    enum action_kind fail_kind; /* which action that is */
    int end_after_ms;           /* the call ends so long after the first confirmation; 0: never */
    bool is_missing;            /* the capability */
    bool is_refused;            /* signing in */
} script;

struct backend {
    struct backend_sink sink;
    const struct io *io;
    struct io_timer *timer;
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

static void tell_call(struct backend *b, const char *user_id, const char *id, enum call_state state)
{
    struct event event = {.kind = EVENT_CALL, .user_id = user_id, .is_answer = true};
    event.u.call.id = id;
    event.u.call.state = state;
    event.u.call.number = "+493090182";
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

static void floor_is_there(void *self)
{
    struct backend *b = self;
    struct event link = {.kind = EVENT_LINK};
    b->timer = NULL;
    link.u.link.state = script.is_refused ? LINK_REFUSED : LINK_LIVE;
    link.u.link.text = script.is_refused ? "the password is refused" : NULL;
    send_event(b, &link);
    if (script.is_refused)
        return;
    struct event asked = {.kind = EVENT_SNAPSHOT_ASKED};
    send_event(b, &asked);
    tell_user(b, "103", "Omar Said");
    tell_user(b, "104", "Lena Fischer");
    tell_user(b, "105", "Ken Ito");
    tell_call(b, "103", "c-3", CALL_RINGING);
    tell_call(b, "104", "c-4", CALL_CONNECTED);
    struct event done = {.kind = EVENT_SNAPSHOT_DONE};
    send_event(b, &done);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        struct event event = {.kind = EVENT_CAPABILITY};
        event.u.capability.kind = (enum action_kind)kind;
        event.u.capability.level = script.is_missing ? CAPABILITY_MISSING : CAPABILITY_NATIVE;
        event.u.capability.why = script.is_missing ? "the exchange has no such thing" : "";
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
        if (!script.is_phone_silent)
            b->timer = b->io->timer(b->io->net, 5, goes_on, b);
        return;
    }
    if (script.fail != RC_OK && script.fail_kind == b->asked.kind) {
        tell(b, b->asked.kind, ACTION_FAILED, script.fail, "your phone 108 was not lifted");
        return;
    }
    if (row->is_mode) {
        b->confirmed = b->asked.kind;
        b->is_on = true;
    }
    tell(b, b->asked.kind, ACTION_CONFIRMED, RC_OK, NULL);
    note("confirmed %s\n", row->name);
    if (script.end_after_ms && row->is_mode)
        b->timer = b->io->timer(b->io->net, script.end_after_ms, call_ends, b);
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
    if (script.refuse != RC_OK)
        return err_set(err, script.refuse, "taken by 102");
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

static const struct backend_ops fake = {.name = "asterisk",
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
const struct backend_ops *const backend_all[] = {&fake, NULL};

const struct backend_ops *backend_find(const char *name)
{
    (void)name;
    return &fake;
}

/* ---- a command as a program ------------------------------------------------------------------ */

struct program {
    pid_t pid;
    int in, out, err;
    char said[16384], noted[16384]; /* standard output, standard error so far */
};

static void write_config(void)
{
    FILE *file = fopen("config.ini", "w");
    assert_non_null(file);
    fputs("[profile x]\nserver = http://127.0.0.1:1/ari\nuser = u\npassword_command = echo secret\n"
          "phone = PJSIP/108\npick_up_held_lines = yes\n",
          file);
    fclose(file);
}

static void run_command(const char *const *words)
{
    static const struct {
        const char *name;
        int (*run)(const struct cli *cli);
    } runs[] = {{"pickup", cmd_act},      {"hangup", cmd_act},        {"dnd", cmd_act},
                {"record", cmd_act},      {"listen", cmd_supervise},  {"whisper", cmd_supervise},
                {"barge", cmd_supervise}, {"takeover", cmd_supervise}};
    const char *args[8];
    struct cli_command command = {.name = words[0]};
    struct cli cli = {
        .command = &command, .config = "config.ini", .args = args, .log = "callhud.log"};
    for (size_t i = 1; words[i]; i++) {
        if (str_eq(words[i], "--json"))
            cli.format = FORMAT_JSON;
        else if (str_eq(words[i], "--read-only"))
            cli.is_read_only = true;
        else if (str_eq(words[i], "--call"))
            cli.call = words[++i];
        else if (str_eq(words[i], "--reason"))
            cli.reason = words[++i];
        else
            args[cli.args_len++] = words[i];
    }
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (str_eq(runs[i].name, words[0]))
            exit(runs[i].run(&cli));
    }
    exit(99);
}

/* words end with NULL. in: a descriptor for its standard input, or -1 for a pipe. */
static struct program start_in(int in, const char *const *words)
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
        alarm(LIMIT_MS / 1000 + 5);
        run_command(words);
    }
    close(to[0]);
    close(from[1]);
    close(errors[1]);
    p.in = to[1];
    p.out = from[0];
    p.err = errors[0];
    return p;
}
#define START(...) start_in(-1, (const char *const[]){__VA_ARGS__, NULL})

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

static void wait_for(struct program *p, const char *text)
{
    int64_t until_ms = clock_mono_ms() + LIMIT_MS;
    while (!strstr(p->said, text) && !strstr(p->noted, text)) {
        if (!read_more(p, until_ms))
            fail_msg("no '%s' in\nout: %s\nerr: %s", text, p->said, p->noted);
    }
}

static void type(const struct program *p, const char *text)
{
    assert_int_equal(write(p->in, text, strlen(text)), (ssize_t)strlen(text));
}

/* The exit code, 128+n for a signal that killed it. */
static int finish(struct program *p)
{
    int status;
    int64_t until_ms = clock_mono_ms() + LIMIT_MS;
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

static void ends(struct program *p, int wanted)
{
    int code = finish(p);
    if (code != wanted)
        fail_msg("exit %d, wanted %d\nout: %s\nerr: %s", code, wanted, p->said, p->noted);
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in '%s'", part, text);
}

static const char *read_text(const char *name)
{
    static char text[65536];
    FILE *file = fopen(name, "r");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* ---- pickup hangup dnd record ---------------------------------------------------------------- */

static void an_action_ends_when_it_is_confirmed(void **state)
{
    (void)state;
    struct program p = START("hangup", "104");
    ends(&p, 0);
    assert_string_equal(p.said, "");
    assert_string_equal(p.noted, "");
    contains(read_text("backend.log"), "act hangup 104 c-4 0\nconfirmed hangup\nleave\nleft\n");
}

static void json_tells_what_was_confirmed(void **state)
{
    (void)state;
    struct program p = START("pickup", "103", "--json", "--reason", "lunch\x1b[2J");
    ends(&p, 0);
    contains(p.noted, "callhud: your phone 108 rings: lift it\n");
    assert_int_equal(count_lines(p.said), 1);
    contains(p.said, "{\"v\":1,\"time\":\"2");
    contains(p.said,
             "\"extension\":\"103\",\"call\":\"c-3\",\"action\":\"pickup\",\"confirmed\":true}\n");
    const char *audit = read_text("state/callhud/audit.jsonl");
    contains(audit, "\"reason\":\"lunch");
    assert_null(strchr(audit, '\x1b'));
}

static void a_failure_is_its_exit_code_and_one_line(void **state)
{
    (void)state;
    static const struct {
        enum rc rc;
        int code;
    } rows[] = {
        {RC_DENIED, 4}, {RC_NOT_FOUND, 4}, {RC_REFUSED, 1}, {RC_FAILED, 1}, {RC_UNREACHABLE, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        script.fail = rows[i].rc;
        script.fail_kind = ACTION_HANGUP;
        struct program p = START("hangup", "104", "--json");
        ends(&p, rows[i].code);
        assert_string_equal(p.said, "");
        assert_string_equal(p.noted, "callhud: your phone 108 was not lifted\n");
        contains(read_text("backend.log"), "leave\nleft\n");

        script.fail = RC_OK;
        script.refuse = rows[i].rc;
        p = START("hangup", "104");
        ends(&p, rows[i].code);
        assert_string_equal(p.noted, "callhud: taken by 102\n");
        script.refuse = RC_OK;
    }
}

static void dnd_is_set_or_turned_over(void **state)
{
    (void)state;
    struct program p = START("dnd", "105", "--json");
    ends(&p, 0);
    contains(read_text("backend.log"), "act dnd 105  0\n");
    contains(p.said, "\"call\":null,\"action\":\"dnd\",\"on\":false,\"confirmed\":true}");
    p = START("dnd", "104");
    ends(&p, 0);
    contains(read_text("backend.log"), "act dnd 104  1\n");
    p = START("dnd", "105", "off");
    ends(&p, 0);
    contains(read_text("backend.log"), "act dnd 105  0\n");
}

static void what_ends_a_recording_is_said(void **state)
{
    (void)state;
    struct program p = START("record", "104", "on");
    ends(&p, 0);
    contains(p.noted, "ends with the call");
    contains(read_text("backend.log"), "act record 104 c-4 1\n");
}

static void what_is_not_there_is_refused(void **state)
{
    (void)state;
    struct program p = START("hangup", "199");
    ends(&p, 4);
    contains(p.noted, "no monitored user has extension 199");
    p = START("hangup", "104", "--call", "c-9");
    ends(&p, 4);
    contains(p.noted, "104 has no call c-9");
    contains(p.noted, "the call now is c-4");
    p = START("hangup", "105", "--call", "c-9");
    ends(&p, 4);
    contains(p.noted, "105 has no call c-9");
    p = START("hangup", "105");
    ends(&p, 4);
    assert_int_equal(count_lines(p.noted), 1);
    p = START("pickup", "104");
    ends(&p, 4);
    assert_int_equal(count_lines(p.noted), 1);
    p = START("listen", "104", "--read-only");
    ends(&p, 4);
    contains(p.noted, "callhud: --read-only is on");
    assert_string_equal(read_text("backend.log"), "");
    script.is_missing = true;
    p = START("hangup", "104");
    ends(&p, 4);
    contains(p.noted, "the exchange has no such thing");
    script.is_missing = false;
    script.is_refused = true;
    p = START("hangup", "104");
    ends(&p, 3);
    contains(p.noted, "callhud: the password is refused\n");
    script.is_refused = false;
}

static void a_signal_cleans_up_first(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static const char *const commands[] = {"pickup", "listen"};
    static const char *const users[] = {"103", "104"};
    script.is_phone_silent = true;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        for (size_t c = 0; c < 2; c++) {
            struct program p = START(commands[c], users[c]);
            wait_for(&p, "lift it");
            kill(p.pid, signals[i]);
            ends(&p, 128 + signals[i]);
            contains(read_text("backend.log"), "leave\nleft\n");
        }
    }
}

/* ---- listen whisper barge takeover ----------------------------------------------------------- */

static void words_change_the_mode(void **state)
{
    (void)state;
    struct program p = START("listen", "104");
    wait_for(&p, ": listen, nobody hears you\n");
    contains(p.noted, "your phone 108 rings: lift it");
    type(&p, "whisper\n");
    wait_for(&p, "104 Lena Fischer: whisper, Lena Fischer hears you\n");
    type(&p, "shout\n\n");
    wait_for(&p, "no word 'shout'");
    type(&p, "  barge  \n");
    wait_for(&p, "104 Lena Fischer: barge, both hear you\n");
    type(&p, "stop\n");
    ends(&p, 0);
    contains(p.said, "barge ended: stopped\n");
    contains(read_text("backend.log"), "act whisper 104 c-4 0\n");
    contains(read_text("backend.log"), "act stop 104");
    contains(read_text("backend.log"), "leave\nleft\n");
    assert_int_equal(count_lines(p.said), 4);
}

static void json_lines_are_confirmed_modes(void **state)
{
    (void)state;
    script.end_after_ms = 300;
    struct program p = START("whisper", "104", "--json");
    type(&p, "barge\nlisten");
    close(p.in); /* the end of input changes nothing */
    p.in = -1;
    ends(&p, 0);
    assert_int_equal(count_lines(p.said), 3);
    contains(p.said,
             "\"extension\":\"104\",\"call\":\"c-4\",\"mode\":\"whisper\",\"confirmed\":true}");
    contains(p.said, "\"mode\":\"barge\"");
    contains(p.said, "\"mode\":\"listen\"");
    contains(p.noted, "the call has ended");
}

static void words_may_come_from_a_file(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    FILE *file = fopen("words", "w+");
    assert_non_null(file);
    fputs("whisper\nnonsense\nbarge", file);
    fflush(file);
    rewind(file);
    script.end_after_ms = 200;
    struct program p = start_in(fileno(file), words);
    fclose(file);
    ends(&p, 0);
    contains(p.said, "whisper, Lena Fischer hears you");
    contains(p.said, "barge, both hear you");
    contains(p.noted, "no word 'nonsense'");
}

static void take_over_ends_it(void **state)
{
    (void)state;
    struct program p = START("listen", "104", "--json");
    wait_for(&p, "\"mode\":\"listen\"");
    type(&p, "takeover\n");
    ends(&p, 0);
    contains(p.said, "\"mode\":\"takeover\",\"confirmed\":true}\n");
    contains(read_text("backend.log"), "leave\nleft\n");
}

static void a_phone_that_is_not_lifted_is_four(void **state)
{
    (void)state;
    script.fail = RC_DENIED;
    script.fail_kind = ACTION_LISTEN;
    struct program p = START("listen", "104");
    ends(&p, 4);
    contains(p.noted, "callhud: your phone 108 was not lifted\n");
    assert_string_equal(p.said, "");
}

static void a_switch_that_fails_changes_nothing(void **state)
{
    (void)state;
    script.fail = RC_REFUSED;
    script.fail_kind = ACTION_BARGE;
    struct program p = START("listen", "104");
    wait_for(&p, "nobody hears you\n");
    type(&p, "barge\n");
    wait_for(&p, "was not lifted");
    type(&p, "whisper\n");
    wait_for(&p, "whisper, Lena Fischer hears you\n");
    kill(p.pid, SIGINT);
    ends(&p, 130);
    contains(read_text("backend.log"), "leave\nleft\n");
}

static void stop_waits_for_no_phone(void **state)
{
    (void)state;
    script.is_phone_silent = true;
    struct program p = START("barge", "104");
    wait_for(&p, "lift it");
    type(&p, "stop\n");
    ends(&p, 0);
    assert_string_equal(p.said, "");
    contains(read_text("backend.log"), "leave\nleft\n");
}

static void who_reads_no_more_ends_it(void **state)
{
    (void)state;
    struct program p = START("listen", "104");
    wait_for(&p, "nobody hears you\n");
    close(p.out);
    p.out = -1;
    ends(&p, 0);
    contains(read_text("backend.log"), "leave\nleft\n");
}

/* More lines than the pipe holds: nobody reads them, and the last word still counts. */
static void a_reader_that_pauses_stops_nothing(void **state)
{
    (void)state;
    struct program p = START("listen", "104");
    wait_for(&p, "nobody hears you\n");
    int held = p.out;
    p.out = -1;
    assert_true(fcntl(held, F_SETPIPE_SZ, 4096) >= 4096);
    for (int i = 0; i < 150; i++)
        type(&p, i % 2 ? "listen\n" : "whisper\n");
    type(&p, "nonsense\n");
    wait_for(&p, "no word 'nonsense'");
    int64_t until_ms = clock_mono_ms() + LIMIT_MS;
    while (count_lines(read_text("backend.log")) < 302 && clock_mono_ms() < until_ms)
        poll(NULL, 0, 20);
    p.out = held;
    kill(p.pid, SIGTERM);
    ends(&p, 143);
    assert_int_equal(count_lines(p.said), 151);
    assert_true(strlen(p.said) > 4096);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static tcflag_t modes_of(int tty)
{
    struct termios now;
    assert_int_equal(tcgetattr(tty, &now), 0);
    return now.c_lflag;
}

static void keys_stand_for_the_words(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    int master, slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    tcflag_t before = modes_of(slave);
    assert_true(before & ICANON);
    struct program p = start_in(slave, words);
    wait_for(&p, "nobody hears you\n");
    assert_false(modes_of(slave) & (ICANON | ECHO));
    assert_true(modes_of(slave) & ISIG);
    assert_int_equal(write(master, "w", 1), 1);
    wait_for(&p, "whisper, Lena Fischer hears you\n");
    assert_int_equal(write(master, "q", 1), 1);
    wait_for(&p, "callhud: keys: l listen");
    assert_int_equal(write(master, "b", 1), 1);
    wait_for(&p, "both hear you\n");
    assert_int_equal(write(master, "x", 1), 1);
    ends(&p, 0);
    assert_int_equal(modes_of(slave), before);
    contains(p.said, "barge ended: stopped\n");
    close(master);
    close(slave);
}

static void the_terminal_is_as_before_after_any_end(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    const char *const words[] = {"listen", "104", NULL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int master, slave;
        assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
        tcflag_t before = modes_of(slave);
        struct program p = start_in(slave, words);
        wait_for(&p, "nobody hears you\n");
        assert_int_not_equal(modes_of(slave), before);
        kill(p.pid, signals[i]);
        ends(&p, 128 + signals[i]);
        assert_int_equal(modes_of(slave), before);
        contains(read_text("backend.log"), "leave\nleft\n");
        close(master);
        close(slave);
    }
}

/* A crash cannot clean up at the server, but the terminal is usable. */
static void the_terminal_is_as_before_after_a_crash(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    int master, slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    tcflag_t before = modes_of(slave);
    struct program p = start_in(slave, words);
    wait_for(&p, "nobody hears you\n");
    kill(p.pid, SIGABRT);
    ends(&p, 1000 + SIGABRT);
    assert_int_equal(modes_of(slave), before);
    close(master);
    close(slave);
}

static int fresh_script(void **state)
{
    (void)state;
    script = (struct script){.refuse = RC_OK, .fail = RC_OK};
    unlink("state/callhud/audit.jsonl");
    return 0;
}

static int enter_folder(void **state)
{
    static char folder[] = "/tmp/callhud-doing-XXXXXX";
    *state = mkdtemp(folder);
    assert_non_null(*state);
    assert_int_equal(chdir(folder), 0);
    char path[64];
    snprintf(path, sizeof path, "%s/state", folder);
    setenv("XDG_STATE_HOME", path, 1);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    write_config();
    return 0;
}

static int leave_folder(void **state)
{
    static const char *const files[] = {"config.ini", "words", "backend.log", "callhud.log",
                                        "state/callhud/audit.jsonl"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    /* Nothing else is left: no list of things made. */
    int failed = rmdir("state/callhud") | rmdir("state");
    failed |= chdir("/") | rmdir(*state);
    return failed;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_script)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_action_ends_when_it_is_confirmed),
        TEST(json_tells_what_was_confirmed),
        TEST(a_failure_is_its_exit_code_and_one_line),
        TEST(dnd_is_set_or_turned_over),
        TEST(what_ends_a_recording_is_said),
        TEST(what_is_not_there_is_refused),
        TEST(a_signal_cleans_up_first),
        TEST(words_change_the_mode),
        TEST(json_lines_are_confirmed_modes),
        TEST(words_may_come_from_a_file),
        TEST(take_over_ends_it),
        TEST(a_phone_that_is_not_lifted_is_four),
        TEST(a_switch_that_fails_changes_nothing),
        TEST(stop_waits_for_no_phone),
        TEST(who_reads_no_more_ends_it),
        TEST(a_reader_that_pauses_stops_nothing),
        TEST(keys_stand_for_the_words),
        TEST(the_terminal_is_as_before_after_any_end),
        TEST(the_terminal_is_as_before_after_a_crash),
    };
    return cmocka_run_group_tests_name("doing", tests, enter_folder, leave_folder);
}
