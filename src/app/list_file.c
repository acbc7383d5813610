#include "callhud/app/list_file.h"

#include "callhud/app/write_all.h"
#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_WAIT_MS 1000
#define LOCK_STEP_MS 5

struct list_file {
    char *path, *lock_path, *new_path; /* NAME.json, NAME.lock, NAME.json.new */
    char *turn_path;                   /* NAME.turn */
    char *folder, *server;
    int read_fd; /* of the file as read last, open so that no other gets its inode number; -1 */
    int lock_fd; /* while a change is under way; -1 */
    int turn_fd; /* while it is our turn to send; -1 */
    struct appearance list, before; /* before: of begin() */
};

static enum rc fails(const struct list_file *f, const char *what, int why, struct err *err)
{
    return err_set(err, RC_IO, "cannot %s %s: %s", what, f->path, strerror(why));
}

/* ---- names ----------------------------------------------------------------------------------- */

static char *path_of(const char *folder, const char *profile, const char *owner, const char *ending)
{
    struct buf path;
    buf_init(&path, 8192);
    buf_printf(&path, "%s/list-", folder);
    buf_put_escaped(&path, profile, "-_.");
    if (!str_is_empty(owner)) {
        buf_putc(&path, '@');
        buf_put_escaped(&path, owner, "-_.");
    }
    buf_puts(&path, ending);
    char *text = buf_take(&path);
    buf_fini(&path);
    return text;
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* A file of its own, which stays: the list's file is another one after every change. */
static enum rc lock(struct list_file *f, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + LOCK_WAIT_MS;
    int fd = open(f->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, RC_IO, "cannot open %s: %s", f->lock_path, strerror(errno));
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        bool is_held = why == EWOULDBLOCK || why == EINTR;
        if (is_held && clock_mono_ms() < deadline_ms) {
            poll(NULL, 0, LOCK_STEP_MS);
            continue;
        }
        close(fd);
        if (is_held)
            return err_set(err, RC_IO, "another callhud holds %s for more than a second: try again",
                           f->path);
        return err_set(err, RC_IO, "cannot lock %s: %s", f->lock_path, strerror(why));
    }
    f->lock_fd = fd;
    return RC_OK;
}

static void unlock(struct list_file *f)
{
    close(f->lock_fd);
    f->lock_fd = -1;
}

enum rc list_file_turn(struct list_file *f, struct err *err)
{
    if (f->turn_fd >= 0)
        return RC_OK;
    int fd = open(f->turn_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, RC_IO, "cannot open %s: %s", f->turn_path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        f->turn_fd = fd;
        return RC_OK;
    }
    int why = errno;
    close(fd);
    if (why == EWOULDBLOCK || why == EINTR)
        return err_set(err, RC_TIMEOUT, "another callhud of yours is saving this list");
    return err_set(err, RC_IO, "cannot lock %s: %s", f->turn_path, strerror(why));
}

void list_file_turn_end(struct list_file *f)
{
    if (f->turn_fd >= 0)
        close(f->turn_fd);
    f->turn_fd = -1;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void keep_open(struct list_file *f, int fd)
{
    if (f->read_fd >= 0)
        close(f->read_fd);
    f->read_fd = fd;
}

/* Is the file still the one that was read? There was none, and there is none: also yes. */
static bool is_read(const struct list_file *f)
{
    struct stat there, here;
    if (stat(f->path, &there) != 0)
        return errno == ENOENT && f->read_fd < 0;
    return f->read_fd >= 0 && fstat(f->read_fd, &here) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

static enum rc read_text(const struct list_file *f, int fd, struct buf *text, struct err *err)
{
    char piece[16384];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fails(f, "read", errno, err);
        if (n == 0)
            return RC_OK;
        if (!buf_put(text, piece, (size_t)n))
            return err_set(err, RC_PROTO, "larger than %d bytes", LIST_FILE_MAX_BYTES);
    }
}

static enum rc check_file(const struct list_file *f, int fd, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fails(f, "look at", errno, err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, RC_IO, "%s is not a file: move it away", f->path);
    if (st.st_uid != geteuid())
        return err_set(err, RC_IO, "%s belongs to somebody else: move it away", f->path);
    return RC_OK;
}

/* The list in the file, and the file, kept open. When there is none, or on an error, the list that
 * was there stays. RC_PROTO, RC_CONFIG: it cannot be understood, or is another server's. */
static enum rc read_file(struct list_file *f, struct err *err)
{
    struct appearance list;
    struct buf text;
    int fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return fails(f, "open", errno, err);
    if (fd < 0) {
        keep_open(f, -1);
        return RC_OK;
    }
    buf_init(&text, LIST_FILE_MAX_BYTES);
    enum rc rc = check_file(f, fd, err);
    if (rc == RC_OK)
        rc = read_text(f, fd, &text, err);
    if (rc == RC_OK)
        rc = list_parse(&list, buf_text(&text), text.len, f->server, err);
    buf_fini(&text);
    if (rc != RC_OK) {
        close(fd);
        return rc;
    }
    list.rev += f->list.rev + 1;
    appearance_fini(&f->list);
    f->list = list;
    keep_open(f, fd);
    return RC_OK;
}

/* Reads, under the lock, what another callhud has written. What is not understood is put aside;
 * what is known here stays, and is written with the next change. */
static enum rc read_locked(struct list_file *f, char *note, struct err *err)
{
    char aside[4096];
    if (note)
        note[0] = '\0';
    if (is_read(f))
        return RC_OK;
    enum rc rc = read_file(f, err);
    if (rc != RC_PROTO && rc != RC_CONFIG)
        return rc;
    struct err why = *err;
    (void)snprintf(aside, sizeof aside, "%s.broken", f->path);
    if (rename(f->path, aside) != 0)
        return fails(f, "put aside", errno, err);
    keep_open(f, -1);
    log_warn("list", "%s is put aside as %s: %s", f->path, aside, why.text);
    if (note)
        (void)snprintf(note, ERR_TEXT_BYTES, "the HUD list was put aside as %.160s: %.200s", aside,
                       why.text);
    return RC_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Its new name must be there after a crash of the machine as well. */
static bool sync_folder(const struct list_file *f)
{
    int fd = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return is_synced;
}

static enum rc write_file(struct list_file *f, struct err *err)
{
    char *text = list_text(&f->list, f->server);
    int fd = open(f->new_path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, text, strlen(text)) &&
                      fsync(fd) == 0 && rename(f->new_path, f->path) == 0;
    int why = errno;
    mem_free(text);
    if (!is_written) {
        if (fd >= 0) {
            unlink(f->new_path);
            close(fd);
        }
        return fails(f, "write", why, err);
    }
    keep_open(f, fd);
    if (sync_folder(f))
        return RC_OK;
    why = errno;
    keep_open(f, -1); /* the file has changed, and this list has not: it is read again */
    return fails(f, "make sure of", why, err);
}

/* ---- changing -------------------------------------------------------------------------------- */

static void forget_before(struct list_file *f)
{
    appearance_fini(&f->before);
    appearance_init(&f->before);
}

struct appearance *list_file_begin(struct list_file *f, struct err *err)
{
    if (lock(f, err) != RC_OK)
        return NULL;
    if (read_locked(f, NULL, err) != RC_OK) {
        unlock(f);
        return NULL;
    }
    appearance_copy(&f->before, &f->list);
    return &f->list;
}

void list_file_cancel(struct list_file *f)
{
    appearance_fini(&f->list);
    f->list = f->before;
    appearance_init(&f->before);
    unlock(f);
}

enum rc list_file_end(struct list_file *f, bool is_kept, struct err *err)
{
    enum rc rc = f->list.rev == f->before.rev ? RC_OK : write_file(f, err);
    if (rc == RC_OK || is_kept) {
        forget_before(f);
        unlock(f);
    } else {
        uint64_t rev = f->list.rev;
        list_file_cancel(f);
        f->list.rev = rev + 1; /* it was seen otherwise meanwhile */
    }
    return rc;
}

const struct appearance *list_file_list(const struct list_file *f)
{
    return &f->list;
}

bool list_file_refresh(struct list_file *f)
{
    struct err err = {0};
    uint64_t rev = f->list.rev;
    if (is_read(f))
        return false;
    if (lock(f, &err) == RC_OK) {
        if (read_locked(f, NULL, &err) != RC_OK)
            log_warn("list", "%s", err.text);
        unlock(f);
    }
    return f->list.rev != rev;
}

/* ---- life ------------------------------------------------------------------------------------ */

enum rc list_file_open(struct list_file **out, const char *folder, const char *profile,
                       const char *owner, const char *server, char *note, struct err *err)
{
    struct list_file *f = mem_zero(1, sizeof *f);
    *out = NULL;
    f->path = path_of(folder, profile, owner, ".json");
    f->lock_path = path_of(folder, profile, owner, ".lock");
    f->new_path = path_of(folder, profile, owner, ".json.new");
    f->turn_path = path_of(folder, profile, owner, ".turn");
    f->folder = mem_dup(folder);
    f->server = mem_dup(server);
    f->read_fd = f->lock_fd = f->turn_fd = -1;
    appearance_init(&f->list);
    enum rc rc = lock(f, err);
    if (rc == RC_OK) {
        rc = read_locked(f, note, err);
        unlock(f);
    }
    if (rc != RC_OK) {
        list_file_close(f);
        return rc;
    }
    *out = f;
    return RC_OK;
}

void list_file_close(struct list_file *f)
{
    if (!f)
        return;
    if (f->lock_fd >= 0)
        list_file_cancel(f);
    list_file_turn_end(f);
    keep_open(f, -1);
    appearance_fini(&f->list);
    appearance_fini(&f->before);
    mem_free(f->path);
    mem_free(f->lock_path);
    mem_free(f->new_path);
    mem_free(f->turn_path);
    mem_free(f->folder);
    mem_free(f->server);
    mem_free(f);
}
