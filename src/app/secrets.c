/* Where secrets come from: a command, a file, the environment. Never from the configuration, never
 * into a message. */
#include "callhud/app/child.h"
#include "callhud/app/config.h"

#include "callhud/app/paths.h"
#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_LIMIT_MS 10000
/* How much is read; only the first line is kept. */
#define READ_MAX_BYTES (2 * SECRET_MAX_BYTES)

struct secret_bytes {
    char text[READ_MAX_BYTES + 1];
    size_t len;
};

/* The first line as a secret of the caller's; wipes the bytes. */
static enum rc first_line(struct secret_bytes *bytes, char **out, const char *what, struct err *err)
{
    enum rc rc = RC_OK;
    size_t len = 0;
    while (len < bytes->len && bytes->text[len] != '\n')
        len++;
    if (len > 0 && bytes->text[len - 1] == '\r')
        len--;
    if (len == 0)
        rc = err_set(err, RC_CONFIG, "%s: its first line is empty", what);
    else if (len > SECRET_MAX_BYTES)
        rc = err_set(err, RC_CONFIG, "%s: its first line is longer than %d bytes", what,
                     SECRET_MAX_BYTES);
    for (size_t i = 0; i < len && rc == RC_OK; i++) {
        if ((unsigned char)bytes->text[i] < 0x20 || bytes->text[i] == 0x7F)
            rc = err_set(err, RC_CONFIG, "%s: its first line holds a control character", what);
    }
    if (rc == RC_OK)
        *out = mem_dup_n(bytes->text, len);
    mem_wipe(bytes, sizeof *bytes);
    return rc;
}

/* ---- from a file ----------------------------------------------------------------------------- */

static enum rc check_owner(int fd, const char *path, const char *what, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, RC_CONFIG, "%s: cannot look at %s: %s", what, path, strerror(errno));
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, RC_CONFIG, "%s: %s is no regular file; use a command instead", what,
                       path);
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return err_set(err, RC_CONFIG, "%s: %s belongs to another user, who can change it", what,
                       path);
    }
    if (st.st_mode & 077) {
        return err_set(err, RC_CONFIG, "%s: others can read %s: chmod 600 %s", what, path, path);
    }
    return RC_OK;
}

enum rc secret_from_file(char **out, const char *path, const char *what, struct err *err)
{
    struct secret_bytes bytes = {.len = 0};
    /* Non-blocking: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, RC_CONFIG, "%s: cannot open %s: %s", what, path, strerror(errno));
    enum rc rc = check_owner(fd, path, what, err);
    while (rc == RC_OK && bytes.len < READ_MAX_BYTES) {
        ssize_t n = read(fd, bytes.text + bytes.len, READ_MAX_BYTES - bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = err_set(err, RC_CONFIG, "%s: cannot read %s: %s", what, path, strerror(errno));
        if (n <= 0)
            break;
        bytes.len += (size_t)n;
    }
    close(fd);
    if (rc == RC_OK) {
        char source[PATH_BYTES];
        snprintf(source, sizeof source, "%s: %s", what, path);
        rc = first_line(&bytes, out, source, err);
    }
    mem_wipe(&bytes, sizeof bytes);
    return rc;
}

/* ---- from a command -------------------------------------------------------------------------- */

/* Its complaints are kept: a console may own the terminal. */
static int start_command(const char *command, int out_fd, int complaints_fd, pid_t *pid)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char *copy = mem_dup(command);
    char *argv[] = {shell, option, copy, NULL};
    int failed = child_start(argv, out_fd, complaints_fd, pid);
    mem_free(copy);
    return failed;
}

/* False at the end. What is above READ_MAX_BYTES is read and dropped. */
static bool read_some(int fd, struct secret_bytes *bytes)
{
    char rest[512];
    bool is_full = bytes->len == READ_MAX_BYTES;
    ssize_t got = is_full ? read(fd, rest, sizeof rest)
                          : read(fd, bytes->text + bytes->len, READ_MAX_BYTES - bytes->len);
    mem_wipe(rest, is_full ? sizeof rest : 0);
    bytes->len += got > 0 && !is_full ? (size_t)got : 0;
    return got > 0 || (got < 0 && errno == EINTR);
}

/* Reads what the command prints until it has ended. A child that it leaves behind (an agent that
 * keeps keys) is not waited for. Returns the exit status; -1 when it had to be killed, with all its
 * children. */
static int watch_command(pid_t pid, int fd, struct secret_bytes *bytes, int64_t deadline_ms)
{
    int status = 0;
    bool is_open = true, has_ended = false;
    while (clock_mono_ms() < deadline_ms) {
        struct pollfd ready = {.fd = is_open ? fd : -1, .events = POLLIN};
        if (poll(&ready, 1, has_ended ? 0 : 5) > 0)
            is_open = read_some(fd, bytes);
        else if (has_ended)
            return status;
        else
            has_ended = waitpid(pid, &status, WNOHANG) == pid;
    }
    if (has_ended)
        return status;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return -1;
}

/* " (gpg: no secret key)", or "". */
static void complaint(int fd, char *out, size_t size)
{
    char line[160];
    child_complaint(fd, line, sizeof line);
    snprintf(out, size, "%s%s%s", line[0] ? " (" : "", line, line[0] ? ")" : "");
}

static enum rc command_failed(int status, const char *what, int limit_ms, int complaints_fd,
                              struct err *err)
{
    char said[200];
    complaint(complaints_fd, said, sizeof said);
    if (status == -1) {
        return err_set(err, RC_CONFIG, "%s: the command did not end within %d s%s", what,
                       (limit_ms + 999) / 1000, said);
    }
    if (WIFSIGNALED(status)) {
        return err_set(err, RC_CONFIG, "%s: the command was ended by signal %d%s", what,
                       WTERMSIG(status), said);
    }
    return err_set(err, RC_CONFIG, "%s: the command failed with exit code %d%s: try it in a shell",
                   what, WEXITSTATUS(status), said);
}

enum rc secret_from_command(char **out, const char *command, const char *what, int limit_ms,
                            struct err *err)
{
    struct secret_bytes bytes = {.len = 0};
    int64_t deadline_ms = clock_mono_ms() + limit_ms;
    int ends[2];
    pid_t pid = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, RC_CONFIG, "%s: no pipe: %s", what, strerror(errno));
    int complaints = memfd_create("complaints", MFD_CLOEXEC);
    int failed = start_command(command, ends[1], complaints, &pid);
    close(ends[1]);
    enum rc rc = RC_OK;
    if (failed) {
        rc = err_set(err, RC_CONFIG, "%s: cannot run /bin/sh: %s", what, strerror(failed));
    } else {
        int status = watch_command(pid, ends[0], &bytes, deadline_ms);
        rc = status == 0 ? first_line(&bytes, out, what, err)
                         : command_failed(status, what, limit_ms, complaints, err);
    }
    close(ends[0]);
    if (complaints >= 0)
        close(complaints);
    mem_wipe(&bytes, sizeof bytes);
    return rc;
}

/* ---- of a profile ---------------------------------------------------------------------------- */

void secret_variable(char *out, size_t size, const char *profile, const char *name)
{
    snprintf(out, size, "CALLHUD_%s_%s", profile, name);
    for (char *c = out; *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
}

/* Alone, and with its user as HTTP Basic writes them; user NULL: never so. */
static void keep_from_log(const char *user, const char *password)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf pair, text;
    log_secret(password);
    if (!user)
        return;
    buf_init(&pair, 4 * SECRET_MAX_BYTES);
    buf_init(&text, 8 * SECRET_MAX_BYTES);
    buf_printf(&pair, "%s:%s", user, password);
    const unsigned char *in = (const unsigned char *)buf_text(&pair);
    for (size_t i = 0; i < pair.len; i += 3) {
        size_t left = pair.len - i;
        unsigned three = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0u) |
                         (left > 2 ? (unsigned)in[i + 2] : 0u);
        buf_putc(&text, digits[three >> 18]);
        buf_putc(&text, digits[three >> 12 & 63]);
        buf_putc(&text, left > 1 ? digits[three >> 6 & 63] : '=');
        buf_putc(&text, left > 2 ? digits[three & 63] : '=');
    }
    log_secret(buf_text(&text));
    struct buf *both[] = {&pair, &text};
    for (size_t i = 0; i < 2; i++) {
        if (both[i]->data)
            mem_wipe(both[i]->data, both[i]->len);
        buf_fini(both[i]);
    }
}

/* The folder of the configuration is where relative names start. */
static enum rc from_file(char **out, const struct config *config, const struct config_entry *entry,
                         struct err *err)
{
    char path[2 * PATH_BYTES];
    char what[PATH_BYTES + 128];
    const char *home = paths_home(), *value = entry->value;
    const char *slash = strrchr(config->path, '/');
    snprintf(what, sizeof what, "%s:%u: %s", config->path, entry->line, entry->key);
    int len;
    if (str_starts(value, "~/") && home)
        len = snprintf(path, sizeof path, "%s%s", home, value + 1);
    else if (value[0] != '/' && slash)
        len = snprintf(path, sizeof path, "%.*s%s", (int)(slash + 1 - config->path), config->path,
                       value);
    else
        len = snprintf(path, sizeof path, "%s", value);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(err, RC_CONFIG, "%s: the path is too long", what);
    return secret_from_file(out, path, what, err);
}

static enum rc from_environment(char **out, const char *variable, const char *value,
                                struct err *err)
{
    struct secret_bytes bytes = {.len = strlen(value)};
    if (bytes.len > SECRET_MAX_BYTES)
        return err_set(err, RC_CONFIG, "%s is longer than %d bytes", variable, SECRET_MAX_BYTES);
    memcpy(bytes.text, value, bytes.len);
    return first_line(&bytes, out, variable, err);
}

/* *out stays NULL when there is none and it is optional. */
static enum rc fetch(char **out, const struct settings *s, const struct config *config,
                     const char *name, struct err *err)
{
    char section[PROFILE_NAME_BYTES + 8], key[64], variable[128], what[PATH_BYTES + 128];
    snprintf(section, sizeof section, "profile %s", s->profile);
    snprintf(key, sizeof key, "%s_command", name);
    const struct config_entry *command = config_find(config, section, key);
    snprintf(key, sizeof key, "%s_file", name);
    const struct config_entry *file = config_find(config, section, key);
    secret_variable(variable, sizeof variable, s->profile, name);
    const char *value = getenv(variable);
    if (!str_is_empty(value))
        return from_environment(out, variable, value, err);
    if (command && file) {
        return err_set(err, RC_CONFIG, "%s:%u: both %s and %s: keep one", config->path,
                       command->line, command->key, file->key);
    }
    if (command) {
        snprintf(what, sizeof what, "%s:%u: %s", config->path, command->line, command->key);
        return secret_from_command(out, command->value, what, COMMAND_LIMIT_MS, err);
    }
    if (file)
        return from_file(out, config, file, err);
    if (settings_secret_need(s, name) == SECRET_OPTIONAL)
        return RC_OK;
    return err_set(err, RC_CONFIG,
                   "[%s] has no %s yet: add %s_command or %s_file, or set the variable "
                   "%s",
                   section, name, name, name, variable);
}

enum rc settings_secrets(struct settings *settings, const struct config *config, struct err *err)
{
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        if (row->type != OPTION_SECRET ||
            settings_secret_need(settings, row->name) == SECRET_UNUSED)
            continue;
        char *secret = NULL;
        enum rc rc = fetch(&secret, settings, config, row->name, err);
        if (rc != RC_OK)
            return rc;
        if (!secret)
            continue;
        keep_from_log(str_eq(row->name, "password")        ? settings->user
                      : str_eq(row->name, "client_secret") ? settings->client_id
                                                           : NULL,
                      secret);
        char **field = (char **)(void *)((char *)settings + row->offset);
        mem_free_secret(*field);
        *field = secret;
    }
    return RC_OK;
}
