/* The head of the chain in a place that its user cannot rewrite: the system's journal. */
#include "audit_priv.h"

#include "callhud/app/child.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 30000
#define OUTPUT_MAX_BYTES (128u * 1024 * 1024)
/* Facility authpriv (10), severity info (6): RFC 5424, 6.2.1. */
#define PRIORITY (10 * 8 + 6)

/* The name under which the journal has the file, which need not be there: links in its folder
 * resolved, one line. */
static void journal_path(const char *path, char out[PATH_MAX])
{
    char folder[PATH_MAX], resolved[PATH_MAX];
    const char *slash = strrchr(path, '/');
    str_copy(folder, sizeof folder, slash ? path : ".");
    if (slash)
        folder[slash == path ? 1 : slash - path] = '\0';
    if (!realpath(folder, resolved) || !str_copy(out, PATH_MAX, resolved))
        str_copy(out, PATH_MAX, folder);
    size_t len = strcmp(out, "/") == 0 ? 0 : strlen(out);
    snprintf(out + len, PATH_MAX - len, "/%s", slash ? slash + 1 : path);
    for (char *c = out; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    }
}

void audit_tell_journal(const char *log_socket, uint64_t sequence, const char *hash,
                        const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char name[PATH_MAX], text[PATH_MAX + 160];
    if (!log_socket[0] || !str_copy(to.sun_path, sizeof to.sun_path, log_socket))
        return;
    journal_path(path, name);
    int len = snprintf(text, sizeof text, "<%d>callhud[%ld]: audit %" PRIu64 " %s %s", PRIORITY,
                       (long)getpid(), sequence, hash, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (len > 0 && (size_t)len < sizeof text)
        (void)sendto(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
                     (const struct sockaddr *)&to, sizeof to);
    close(fd);
}

/* ---- asking journalctl ----------------------------------------------------------------------- */

/* Without a shell. _UID is what the kernel told of the sender: others cannot put heads of theirs
 * among ours. */
static int start(uid_t owner, int out_fd, int complaints_fd, pid_t *pid)
{
    char program[] = "journalctl", tag[] = "--identifier=callhud", output[] = "--output=cat";
    char pager[] = "--no-pager", quiet[] = "--quiet", lines[32], uid[32];
    snprintf(lines, sizeof lines, "--lines=%d", AUDIT_HEADS_MAX);
    snprintf(uid, sizeof uid, "_UID=%" PRIuMAX, (uintmax_t)owner);
    char *argv[] = {program, tag, output, pager, quiet, lines, uid, NULL};
    return child_start(argv, out_fd, complaints_fd, pid);
}

/* "audit 17 HASH PATH" of our file is a head; every other line is somebody else's. */
static void take_line(struct audit_heads *heads, const char *line, size_t len, const char *path)
{
    static const char word[] = "audit ";
    unsigned char hash[DIGEST_BYTES];
    const char *at = line, *end = line + len;
    if (len < sizeof word - 1 || memcmp(at, word, sizeof word - 1) != 0)
        return;
    at += sizeof word - 1;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    size_t rest = (size_t)(end - at);
    if (rest < DIGEST_TEXT_BYTES + 1 || *at != ' ' || !digest_parse(at + 1, hash) ||
        at[DIGEST_TEXT_BYTES] != ' ')
        return;
    const char *hash_at = at + 1;
    at += DIGEST_TEXT_BYTES + 1;
    if ((size_t)(end - at) == strlen(path) && memcmp(at, path, strlen(path)) == 0)
        VEC_PUSH(&heads->hashes, mem_dup_n(hash_at, DIGEST_TEXT_BYTES - 1));
}

/* Whole lines are taken out of text; what is left is the beginning of the next. */
static void take_lines(struct audit_heads *heads, struct buf *text, const char *path)
{
    size_t start = 0;
    const char *end;
    while (start < text->len && (end = memchr(text->data + start, '\n', text->len - start))) {
        size_t len = (size_t)(end - (text->data + start));
        take_line(heads, text->data + start, len, path);
        start += len + 1;
    }
    buf_drop(text, start);
}

enum end { ENDED, TOO_SLOW, TOO_MUCH };

static enum end read_all(int fd, struct audit_heads *heads, const char *path)
{
    int64_t deadline_ms = clock_mono_ms() + LIMIT_MS;
    struct buf text;
    size_t total = 0;
    enum end end = TOO_SLOW;
    char chunk[16384];
    buf_init(&text, 2 * PATH_MAX + sizeof chunk);
    for (int64_t left_ms; (left_ms = deadline_ms - clock_mono_ms()) > 0;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, (int)left_ms) <= 0)
            continue;
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            end = ENDED;
            break;
        }
        total += (size_t)n;
        if (total > OUTPUT_MAX_BYTES) {
            end = TOO_MUCH;
            break;
        }
        if (!buf_put(&text, chunk, (size_t)n)) /* no head is so long */
            buf_reset(&text);
        take_lines(heads, &text, path);
    }
    buf_fini(&text);
    return end;
}

/* It ends 1 without a word when there is nothing to show; with one it failed. */
static enum rc judge_end(enum end end, int status, int complaints, struct err *err)
{
    char said[200];
    child_complaint(complaints, said, sizeof said);
    if (end == TOO_SLOW) {
        return err_set(err, RC_FAILED,
                       "journalctl did not end within %d s: run it by hand, "
                       "journalctl -t callhud",
                       LIMIT_MS / 1000);
    }
    if (end == TOO_MUCH)
        return err_set(err, RC_FAILED,
                       "journalctl prints more than %u MB: it is no journal of ours",
                       OUTPUT_MAX_BYTES / 1024 / 1024);
    if (WIFSIGNALED(status))
        return err_set(err, RC_FAILED, "journalctl was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0 && said[0]) {
        return err_set(err, RC_FAILED, "journalctl failed with exit code %d: %s",
                       WEXITSTATUS(status), said);
    }
    return RC_OK;
}

enum rc audit_heads_fetch(struct audit_heads *out, const char *path, struct err *err)
{
    char name[PATH_MAX];
    struct stat st;
    int ends[2], status = 0;
    pid_t pid = 0;
    uid_t owner = stat(path, &st) == 0 ? st.st_uid : geteuid();
    journal_path(path, name);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, RC_FAILED, "no pipe for journalctl: %s", strerror(errno));
    int complaints = memfd_create("complaints", MFD_CLOEXEC);
    int failed = start(owner, ends[1], complaints, &pid);
    close(ends[1]);
    enum rc rc;
    if (failed) {
        rc = err_set(err, RC_FAILED,
                     "cannot compare with the journal: journalctl does not start: %s; keep a head "
                     "elsewhere and use --since",
                     strerror(failed));
    } else {
        enum end end = read_all(ends[0], out, name);
        if (end != ENDED)
            kill(-pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        rc = judge_end(end, status, complaints, err);
    }
    close(ends[0]);
    if (complaints >= 0)
        close(complaints);
    return rc;
}

void audit_heads_free(struct audit_heads *heads)
{
    for (size_t i = 0; i < heads->hashes.len; i++)
        mem_free(heads->hashes.items[i]);
    VEC_FREE(&heads->hashes);
}
