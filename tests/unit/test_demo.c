/* The demo's exchange is a child that never outlives it, and leaves no file behind. */
#include "callhud/app/demo.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

#include <arpa/inet.h>
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch[] = "/tmp/test_demo.XXXXXX";

static const struct cli plain = {.users = "12", .rate = "0.5"};

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool is_empty(void)
{
    return rmdir(scratch) == 0 && mkdir(scratch, 0700) == 0;
}

static bool takes_calls(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_up = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return is_up;
}

/* Read as text: which keys a profile may have is another module's. */
static int read_port(const struct demo *demo, char *text, size_t size)
{
    int fd = open(demo->config, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, size - 1);
    assert_true(len > 0);
    text[len] = '\0';
    close(fd);
    const char *server = strstr(text, "server = http://127.0.0.1:");
    assert_non_null(server);
    return (int)strtol(server + strlen("server = http://127.0.0.1:"), NULL, 10);
}

static void starts_and_ends(void **state)
{
    struct demo demo;
    struct err err = {0};
    struct stat st;
    char text[2048], folder[PATH_BYTES];

    (void)state;
    assert_int_equal(demo_start(&demo, &plain, &err), RC_OK);
    str_copy(folder, sizeof folder, demo.folder);
    assert_true(str_starts(folder, scratch));
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(demo.config, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    int port = read_port(&demo, text, sizeof text);
    assert_non_null(strstr(text, "[profile demo]\nbackend = ringcentral\n"));
    assert_non_null(strstr(text, "\nmonitor = list\n"));
    assert_null(strstr(text, "secret"));
    assert_true(takes_calls(port));
    assert_string_equal(demo.cli.profile, "demo");
    assert_string_equal(demo.cli.config, demo.config);
    assert_true(demo.cli.is_demo);
    assert_true(str_starts(getenv("CALLHUD_DEMO_JWT"), "jwt-900-"));
    assert_true(strlen(getenv("CALLHUD_DEMO_CLIENT_SECRET")) >= 16);
    /* Not the user's own record and list. */
    assert_string_equal(getenv("XDG_STATE_HOME"), folder);
    /* A session of its own: Ctrl-C of the terminal is not for it. */
    assert_int_equal(getsid(demo.exchange), demo.exchange);

    pid_t pid = demo.exchange;
    demo_end(&demo);
    assert_int_equal(kill(pid, 0), -1);
    assert_false(takes_calls(port));
    assert_false(is_there(folder));
    assert_true(is_empty());
    demo_end(&demo); /* twice is once */
}

/* What a person would be asked to key at the phone goes to the exchange, and nothing else does. */
static void hand_keys_what_is_asked_for(void **state)
{
    static const char text[] = "your phone Desk rings: lift it, then key 102#; and keep both";
    struct event event = {.kind = EVENT_ACTION};
    char got[32] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    struct cli cli = {.hand_fd = ends[1]};
    const struct cli other = {.hand_fd = 0};
    event.u.action.stage = ACTION_PHONE;
    event.u.action.text = "your phone Desk rings: lift it";
    demo_acted(&cli, &event);
    event.u.action.text = NULL;
    demo_acted(&cli, &event);
    event.u.action.text = text;
    demo_acted(&other, &event);
    event.u.action.stage = ACTION_FAILED;
    demo_acted(&cli, &event);
    assert_int_equal(read(ends[0], got, sizeof got), -1);
    event.u.action.stage = ACTION_PHONE;
    demo_acted(&cli, &event);
    assert_int_equal(read(ends[0], got, sizeof got - 1), 5);
    assert_string_equal(got, "102#\n");
    close(ends[0]);
    close(ends[1]);
}

/* Whoever may be seen at once: the list that a first run makes has a hundred lines, and two are
 * reserved. */
static void many_are_all_watched(void **state)
{
    struct demo demo;
    struct cli cli = {.users = "99"};
    struct err err = {0};
    char text[2048];

    (void)state;
    assert_int_equal(demo_start(&demo, &cli, &err), RC_OK);
    (void)read_port(&demo, text, sizeof text);
    assert_non_null(strstr(text, "\nmonitor = all\n"));
    demo_end(&demo);
    assert_true(is_empty());
}

static void refuses(const struct cli *cli, enum rc rc, const char *says)
{
    struct demo demo;
    struct err err = {0};

    assert_int_equal(demo_start(&demo, cli, &err), rc);
    if (!strstr(err.text, says))
        fail_msg("said: %s", err.text);
    demo_end(&demo);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_true(is_empty());
}

static void failed_starts_leave_nothing(void **state)
{
    char file[64];
    const struct cli nobody = {.users = "0"}, other = {.profile = "work"};
    const struct cli broken = {.users = "3", .state = file};

    (void)state;
    refuses(&nobody, RC_USAGE, "--users 0");
    refuses(&other, RC_USAGE, "--profile");
    /* The exchange itself cannot begin: what it complains of is what is said. */
    snprintf(file, sizeof file, "%s.state", scratch);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "nonsense", 8), 8);
    close(fd);
    refuses(&broken, RC_FAILED, file);
    unlink(file);
    setenv("TMPDIR", "/tmp/there/is/none", 1);
    refuses(&plain, RC_IO, "/tmp/there/is/none");
    setenv("TMPDIR", scratch, 1);
}

/* A process that starts the demo, and how it is ended: by a signal, or by an end that forgets it.
 */
static void dies_with(int signum)
{
    int ends[2];
    struct demo demo;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        struct err err = {0};
        close(ends[0]);
        bool is_good = demo_start(&demo, &plain, &err) == RC_OK &&
                       write(ends[1], &demo, sizeof demo) == sizeof demo;
        if (!is_good || !signum)
            _exit(is_good ? 0 : 1);
        kill(getpid(), signum);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &demo, sizeof demo), sizeof demo);
    close(ends[0]);
    /* Its orphans are ours, so that their end is seen. */
    int status;
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, signum);
    assert_int_equal(waitpid(demo.exchange, NULL, 0), demo.exchange);
    assert_false(is_there(demo.folder));
    assert_true(is_empty());
}

/* Killed while the exchange still makes its people: it leaves nothing either. */
static void dies_while_it_starts(void)
{
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        const struct cli many = {.users = "20000"};
        struct demo demo;
        struct err err = {0};
        demo_start(&demo, &many, &err);
        _exit(1); /* it was ready sooner than that: killed too late, and that is no harm */
    }
    usleep(50000);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    while (waitpid(-1, NULL, 0) > 0) {
    }
    assert_true(is_empty());
}

/* The end of the exchange is seen by whoever watches the lifeline, and not before. */
static void end_is_seen(void **state)
{
    struct demo demo;
    struct err err = {0};
    char byte;

    (void)state;
    assert_int_equal(demo_start(&demo, &plain, &err), RC_OK);
    assert_true(demo.cli.lifeline_fd > 0);
    struct pollfd line = {.fd = demo.cli.lifeline_fd, .events = POLLIN};
    assert_int_equal(poll(&line, 1, 50), 0);
    assert_int_equal(kill(demo.exchange, SIGKILL), 0);
    assert_int_equal(poll(&line, 1, 5000), 1);
    assert_int_equal(read(line.fd, &byte, 1), 0);
    demo_end(&demo);
    assert_int_equal(demo.cli.lifeline_fd, 0);
    assert_true(is_empty());
}

static void dies_with_its_parent(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    dies_with(SIGKILL);
    dies_with(SIGTERM);
    dies_with(0);
    dies_while_it_starts();
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* One that does not end when asked to is made to. */
static void stuck_exchange_is_killed(void **state)
{
    struct demo demo;
    struct err err = {0};

    (void)state;
    assert_int_equal(demo_start(&demo, &plain, &err), RC_OK);
    assert_int_equal(kill(demo.exchange, SIGSTOP), 0);
    int64_t began_ms = clock_mono_ms();
    demo_end(&demo);
    assert_true(clock_mono_ms() - began_ms < 10000);
    assert_true(is_empty());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(hand_keys_what_is_asked_for),
        cmocka_unit_test(many_are_all_watched),
        cmocka_unit_test(failed_starts_leave_nothing),
        cmocka_unit_test(end_is_seen),
        cmocka_unit_test(dies_with_its_parent),
        cmocka_unit_test(stuck_exchange_is_killed),
    };
    if (!mkdtemp(scratch))
        return 1;
    setenv("TMPDIR", scratch, 1);
    alarm(120);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(scratch);
    return failed;
}
