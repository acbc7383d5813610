#include "callhud/app/demo.h"

#include "callhud/app/child.h"
#include "callhud/app/config.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/exchange/server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROFILE "demo"
#define READY_MAX_MS 20000 /* 100,000 people take a second or two */
#define END_MAX_MS 2000
#define LIST_MAX 98 /* the supervisor's list has a line for each of so many at first */

/* ---- files ----------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path) != 0 && errno != ENOENT;
}

static void remove_folder(struct demo *demo)
{
    enum { FILES_OPEN = 8 };
    if (demo->folder[0])
        nftw(demo->folder, remove_one, FILES_OPEN, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    demo->folder[0] = '\0';
}

static enum rc make_folder(struct demo *demo, struct err *err)
{
    char path[PATH_BYTES];
    const char *parent = getenv("TMPDIR");
    if (!parent || parent[0] != '/')
        parent = "/tmp";
    int len = snprintf(path, sizeof path, "%s/callhud-demo.XXXXXX", parent);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(err, RC_IO, "TMPDIR is longer than %d bytes", PATH_BYTES - 32);
    if (!mkdtemp(path))
        return err_set(err, RC_IO,
                       "no folder for the demo's files in %.300s: %s: TMPDIR says where", parent,
                       strerror(errno));
    str_copy(demo->folder, sizeof demo->folder, path);
    return RC_OK;
}

static enum rc write_config(struct demo *demo, const struct exchange_port *port,
                            const char *monitor, struct err *err)
{
    int fd = open(demo->config, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 && dprintf(fd,
                                      "[profile " PROFILE "]\n"
                                      "backend = ringcentral\n"
                                      "server = http://127.0.0.1:%d\n"
                                      "client_id = %s\n"
                                      "device = %s\n"
                                      "monitor = %s\n"
                                      "pick_up_held_lines = yes\n",
                                      port->port, port->client_id, port->device, monitor) > 0;
    int why = errno;
    if (fd >= 0)
        is_good &= close(fd) == 0;
    if (!is_good)
        return err_set(err, RC_IO, "cannot write %.300s: %s", demo->config, strerror(why));
    return RC_OK;
}

/* ---- the exchange ---------------------------------------------------------------------------- */

static void tell_ready(void *self)
{
    const int *pipe_fd = self;
    ssize_t ignored = write(*pipe_fd, "", 1);
    (void)ignored;
}

/* In the new process. Of a session of its own, so that neither Ctrl-C nor the end of the terminal
 * reaches it before its parent has ended what goes on. */
static _Noreturn void be_exchange(struct demo *demo, struct exchange_config *config, int ready_fd,
                                  int complaints_fd)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    setsid();
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(complaints_fd >= 0 ? complaints_fd : nothing, STDERR_FILENO);
    config->ready = tell_ready;
    config->self = &ready_fd;
    int exit_code = exchange_run(config);
    if (getppid() != config->parent)
        remove_folder(demo); /* it was killed, and could not */
    _exit(exit_code);
}

/* A byte when it is ready; the end of the file when it has ended before. */
static enum rc wait_ready(struct demo *demo, int complaints_fd, struct err *err)
{
    char byte, line[ERR_TEXT_BYTES / 2];
    struct pollfd ready = {.fd = demo->exchange_fd, .events = POLLIN};
    int n;
    do {
        n = poll(&ready, 1, READY_MAX_MS);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        return err_set(err, RC_FAILED, "the exchange was not ready in %d s", READY_MAX_MS / 1000);
    if (read(demo->exchange_fd, &byte, 1) == 1)
        return RC_OK;
    child_complaint(complaints_fd, line, sizeof line);
    return err_set(err, RC_FAILED, "the exchange did not start%s%s", line[0] ? ": " : "",
                   str_starts(line, "callhud: ") ? line + strlen("callhud: ") : line);
}

static enum rc start_exchange(struct demo *demo, struct exchange_config *config, struct err *err)
{
    int ends[2], hand[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, RC_FAILED, "no pipe for the exchange: %s", strerror(errno));
    if (pipe2(hand, O_CLOEXEC | O_NONBLOCK) != 0) {
        close(ends[0]);
        close(ends[1]);
        return err_set(err, RC_FAILED, "no pipe for the exchange: %s", strerror(errno));
    }
    int complaints = memfd_create("complaints", MFD_CLOEXEC);
    config->parent = getpid();
    config->hand_fd = hand[0];
    demo->exchange_fd = ends[0];
    demo->cli.lifeline_fd = ends[0];
    demo->cli.hand_fd = hand[1];
    fflush(NULL);
    pid_t pid = fork();
    int why = errno;
    if (pid == 0) {
        close(ends[0]);
        close(hand[1]);
        be_exchange(demo, config, ends[1], complaints);
    }
    close(ends[1]);
    close(hand[0]);
    demo->exchange = pid > 0 ? pid : 0;
    enum rc rc = pid > 0
                     ? wait_ready(demo, complaints, err)
                     : err_set(err, RC_FAILED, "the exchange cannot be started: %s", strerror(why));
    if (complaints >= 0)
        close(complaints);
    return rc;
}

static void stop_exchange(struct demo *demo)
{
    struct pollfd open_end = {.fd = demo->exchange_fd, .events = POLLIN};
    if (demo->exchange) {
        kill(demo->exchange, SIGTERM);
        if (poll(&open_end, 1, END_MAX_MS) <= 0)
            kill(demo->exchange, SIGKILL);
        while (waitpid(demo->exchange, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (demo->exchange_fd >= 0)
        close(demo->exchange_fd);
    if (demo->cli.hand_fd > 0)
        close(demo->cli.hand_fd);
    demo->exchange = demo->cli.hand_fd = demo->cli.lifeline_fd = 0;
    demo->exchange_fd = -1;
}

void demo_acted(const struct cli *cli, const struct event *event)
{
    static const char before[] = "then key ";
    const char *text = event->u.action.text;
    const char *keys = text && event->u.action.stage == ACTION_PHONE ? strstr(text, before) : NULL;
    if (cli->hand_fd <= 0 || !keys)
        return;
    keys += sizeof before - 1;
    (void)dprintf(cli->hand_fd, "%.*s\n", (int)strspn(keys, "0123456789#"), keys);
}

void demo_watch(const struct cli *cli, struct session *session)
{
    if (cli->lifeline_fd > 0)
        session_lives_by(session, cli->lifeline_fd,
                         "the demo's exchange has ended: q, then start the demo anew");
}

/* ---- the profile ----------------------------------------------------------------------------- */

static void set_secret(const char *name, const char *value)
{
    char variable[128];
    secret_variable(variable, sizeof variable, PROFILE, name);
    setenv(variable, value, 1);
}

static enum rc make_profile(struct demo *demo, const char *port_file, size_t users, struct err *err)
{
    struct exchange_port port;
    enum rc rc = exchange_port_read(port_file, &port, err);
    if (rc == RC_OK)
        rc = write_config(demo, &port, users <= LIST_MAX ? "list" : "all", err);
    if (rc != RC_OK)
        return rc;
    set_secret("client_secret", port.client_secret);
    set_secret("jwt", port.jwt);
    setenv("XDG_STATE_HOME", demo->folder, 1);
    demo->cli.config = demo->config;
    demo->cli.profile = PROFILE;
    demo->cli.is_demo = true;
    mem_wipe(&port, sizeof port);
    return RC_OK;
}

enum rc demo_start(struct demo *demo, const struct cli *cli, struct err *err)
{
    char port_file[PATH_BYTES + 16];
    struct exchange_config config = {.host = "127.0.0.1", .port_file = port_file, .switches = ""};
    *demo = (struct demo){.cli = *cli, .exchange_fd = -1};
    if (cli->profile || cli->config)
        return err_set(err, RC_USAGE, "the demo has a profile of its own: leave out %s",
                       cli->profile ? "--profile" : "--config");
    enum rc rc = demo_world(cli, &config.world, err);
    if (rc == RC_OK)
        rc = make_folder(demo, err);
    if (rc != RC_OK)
        return rc;
    config.world.is_demo = true;
    snprintf(port_file, sizeof port_file, "%s/port.json", demo->folder);
    snprintf(demo->config, sizeof demo->config, "%s/config.ini", demo->folder);
    rc = start_exchange(demo, &config, err);
    return rc == RC_OK ? make_profile(demo, port_file, config.world.users, err) : rc;
}

void demo_end(struct demo *demo)
{
    stop_exchange(demo);
    remove_folder(demo);
}
