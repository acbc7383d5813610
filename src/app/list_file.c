#include "callhud/app/list_file.h"

#include "callhud/app/paths.h"
#include "callhud/app/write_all.h"
#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_STEP_MS 5
#define BROKEN_MOST 9 /* files put aside; the last one makes room for the next */

struct list_file {
    char *path, *lock_path, *new_path; /* NAME.json, NAME.lock, NAME.json.new */
    char *turn_path;                   /* NAME.turn */
    char *folder, *server;
    int read_fd; /* of the file as read last, open so that no other gets its inode number; -1 */
    int lock_fd; /* while a change is under way; -1 */
    int turn_fd; /* while it is our turn to send; -1 */
    int64_t patience_ms;
    char own[LIST_OWN_BYTES];       /* as the file says, or set_own(); "" */
    bool is_main;                   /* the profile's own list */
    bool is_own_new;                /* own is to be written */
    bool is_ahead;                  /* list has changes that are not on disk; before has not */
    bool is_looking;                /* they are those of look() */
    bool is_unread;                 /* there may be a file, and it cannot be read */
    bool is_write_due;              /* what was written last did not come to disk */
    char why[ERR_TEXT_BYTES];       /* why the list can be looked at alone; "" */
    bool is_gone;                   /* the file was there, and is no more */
    bool is_foreign;                /* the file is another server's: noted once */
    char note[ERR_TEXT_BYTES];      /* for the person, until it is taken; "" */
    struct appearance list, before; /* before: of begin(), or of ahead() */
};

static bool is_folder_ours(const struct list_file *f)
{
    return faccessat(AT_FDCWD, f->folder, R_OK | W_OK | X_OK, AT_EACCESS) == 0;
}

static enum rc fails_at(const struct list_file *f, const char *what, const char *path, int why,
                        struct err *err)
{
    bool is_denied = why == EACCES || why == EPERM;
    if (why == EISDIR)
        return err_set(err, RC_IO, "%s is in the way: move it away", path);
    if (is_denied && !is_folder_ours(f))
        return err_set(err, RC_IO,
                       "cannot use the folder %s: %s; make it yours (chown, chmod 700), or name "
                       "another one with XDG_STATE_HOME",
                       f->folder, strerror(why));
    return err_set(err, RC_IO, "cannot %s %s: %s%s", what, path, strerror(why),
                   is_denied ? "; make it yours (chown, chmod 600), or move it away"
                             : write_advice(why));
}

static enum rc fails(const struct list_file *f, const char *what, int why, struct err *err)
{
    return fails_at(f, what, f->path, why, err);
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

/* Names of files have an end, and no extension comes near it. */
static bool is_too_long(const struct list_file *f)
{
    const char *name = strrchr(f->new_path, '/');
    return strlen(name + 1) > NAME_MAX;
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* A file of its own, which stays: the list's file is another one after every change. -1: err. */
static int open_lock(const struct list_file *f, const char *path, struct err *err)
{
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, 0600);
    if (fd < 0 && errno == ENOENT) {
        if (paths_make(f->folder, err) != RC_OK)
            return -1;
        fd = open(path, flags, 0600);
    }
    if (fd < 0)
        fails_at(f, "open", path, errno, err);
    return fd;
}

static enum rc lock(struct list_file *f, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + f->patience_ms;
    int fd = open_lock(f, f->lock_path, err);
    if (fd < 0)
        return RC_IO;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        bool is_held = why == EWOULDBLOCK || why == EINTR;
        if (is_held && clock_mono_ms() < deadline_ms) {
            poll(NULL, 0, LOCK_STEP_MS);
            continue;
        }
        close(fd);
        if (is_held)
            return err_set(err, RC_TIMEOUT, "another program holds %s: try again", f->lock_path);
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
    int fd = open_lock(f, f->turn_path, err);
    if (fd < 0)
        return RC_IO;
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

bool list_file_has_turn(const struct list_file *f)
{
    return f->turn_fd >= 0;
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

static void forget_before(struct list_file *f)
{
    appearance_fini(&f->before);
    appearance_init(&f->before);
}

/* The list in the file, and the file, kept open. When there is none, or on an error, the list that
 * was there stays. RC_PROTO, RC_CONFIG: it cannot be understood, or is another server's. */
static enum rc read_file(struct list_file *f, struct err *err)
{
    struct appearance list;
    char own[LIST_OWN_BYTES];
    struct buf text;
    int fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    f->is_unread = true;
    if (fd < 0 && errno != ENOENT)
        return fails(f, "open", errno, err);
    if (fd < 0) {
        f->is_gone = f->read_fd >= 0;
        f->is_unread = false;
        keep_open(f, -1);
        return RC_OK;
    }
    buf_init(&text, LIST_FILE_MAX_BYTES);
    enum rc rc = check_file(f, fd, err);
    if (rc == RC_OK)
        rc = read_text(f, fd, &text, err);
    if (rc == RC_OK)
        rc = list_parse(&list, buf_text(&text), text.len, f->server, own, err);
    buf_fini(&text);
    if (rc != RC_OK) {
        close(fd);
        return rc;
    }
    list.rev += f->list.rev + 1;
    appearance_fini(&f->list);
    f->list = list;
    if (f->is_ahead)
        forget_before(f);
    f->is_ahead = f->is_looking = false;
    if (!f->is_own_new)
        memcpy(f->own, own, sizeof own);
    f->is_gone = f->is_foreign = f->is_unread = false;
    keep_open(f, fd);
    return RC_OK;
}

/* NAME.broken; when there is one, NAME.broken-2 and so on. */
static void name_aside(const struct list_file *f, char *out, size_t size)
{
    struct stat st;
    (void)snprintf(out, size, "%s.broken", f->path);
    for (int i = 2; i <= BROKEN_MOST && lstat(out, &st) == 0; i++)
        (void)snprintf(out, size, "%s.broken-%d", f->path, i);
}

/* Whoever started before the profile got another server has no list there: it is not his to move.
 */
static enum rc refuse_foreign(struct list_file *f, struct err *err)
{
    struct err why = *err;
    err_set(err, RC_CONFIG,
            "the profile's server has changed: restart callhud (%.120s is %.160s now)", f->path,
            why.text);
    if (!f->is_foreign)
        str_copy(f->note, sizeof f->note, err->text);
    f->is_foreign = true;
    return RC_CONFIG;
}

/* Reads, under the lock, what another callhud has written. What is not understood is put aside;
 * what is known here stays, and is written with the next change. Another server's list is put
 * aside by who opens it (is_opened) alone: RC_CONFIG otherwise. */
static enum rc read_locked(struct list_file *f, bool is_opened, struct err *err)
{
    char aside[4096];
    if (is_read(f))
        return RC_OK;
    enum rc rc = read_file(f, err);
    if (rc == RC_CONFIG && !is_opened)
        return refuse_foreign(f, err);
    if (rc != RC_PROTO && rc != RC_CONFIG)
        return rc;
    struct err why = *err;
    name_aside(f, aside, sizeof aside);
    if (rename(f->path, aside) != 0)
        return fails(f, "put aside", errno, err);
    keep_open(f, -1);
    f->is_unread = false;
    log_warn("list", "%s is put aside as %s: %s", f->path, aside, why.text);
    (void)str_format(f->note, sizeof f->note, "the HUD list was put aside as %.160s: %.200s", aside,
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

/* -1: err. */
static int open_new(const struct list_file *f, struct err *err)
{
    (void)unlink(f->new_path); /* of a run that was killed, or a link: the lock is ours */
    int fd = open(f->new_path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        fails_at(f, "write", errno == EISDIR ? f->new_path : f->path, errno, err);
    return fd;
}

static enum rc write_it(struct list_file *f, struct err *err)
{
    char *text = list_text(&f->list, f->server, f->own);
    int fd = open_new(f, err);
    bool is_written = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, text, strlen(text)) &&
                      fsync(fd) == 0 && rename(f->new_path, f->path) == 0;
    int why = errno;
    mem_free(text);
    if (!is_written) {
        if (fd < 0)
            return RC_IO;
        unlink(f->new_path);
        close(fd);
        return fails(f, "write", why, err);
    }
    keep_open(f, fd);
    f->is_own_new = f->is_gone = false;
    if (sync_folder(f))
        return RC_OK;
    why = errno;
    keep_open(f, -1); /* the file has changed, and this list has not: it is read again */
    return fails(f, "make sure of", why, err);
}

static enum rc write_file(struct list_file *f, struct err *err)
{
    enum rc rc = write_it(f, err);
    f->is_write_due = rc != RC_OK;
    str_copy(f->why, sizeof f->why, rc == RC_OK ? "" : err->text);
    return rc;
}

/* Under the lock: could a change be written? */
static enum rc try_new(struct list_file *f, struct err *err)
{
    int fd = open_new(f, err);
    f->is_write_due = fd < 0;
    if (fd < 0)
        return RC_IO;
    (void)unlink(f->new_path);
    close(fd);
    return RC_OK;
}

/* ---- changing -------------------------------------------------------------------------------- */

/* What was changed ahead of the disk is made again by who made it. */
static void drop_ahead(struct list_file *f)
{
    uint64_t rev = f->list.rev;
    if (!f->is_ahead)
        return;
    f->is_ahead = f->is_looking = false;
    appearance_fini(&f->list);
    f->list = f->before;
    f->list.rev = rev + 1;
    appearance_init(&f->before);
}

/* What is in memory alone has a number that no file has: others go on counting from the one on
 * disk, and an answer that was asked for here would seem to be as new as theirs. */
static void number_apart(struct appearance *a)
{
    uint32_t apart = 0;
    if (getrandom(&apart, sizeof apart, GRND_NONBLOCK) != (ssize_t)sizeof apart)
        apart = (uint32_t)getpid() ^ (uint32_t)clock_mono_ms();
    a->readings += ((uint64_t)1 << 32) + apart;
}

struct appearance *list_file_begin(struct list_file *f, struct err *err)
{
    enum rc rc = lock(f, err);
    if (rc == RC_TIMEOUT)
        return NULL;
    if (rc == RC_OK && (rc = read_locked(f, false, err)) != RC_OK)
        unlock(f);
    if (rc == RC_IO)
        str_copy(f->why, sizeof f->why, err->text);
    else if (rc == RC_OK && !f->is_write_due)
        str_copy(f->why, sizeof f->why, "");
    if (rc == RC_OK || !f->is_looking)
        drop_ahead(f); /* unless it was read anew */
    if (rc != RC_OK)
        return NULL;
    appearance_copy(&f->before, &f->list);
    return &f->list;
}

struct appearance *list_file_ahead(struct list_file *f)
{
    if (!f->is_ahead)
        appearance_copy(&f->before, &f->list);
    f->is_ahead = true;
    f->is_looking = false;
    return &f->list;
}

struct appearance *list_file_look(struct list_file *f)
{
    if (f->is_looking)
        return &f->list;
    (void)list_file_ahead(f);
    f->is_looking = true;
    number_apart(&f->list);
    return &f->list;
}

void list_file_not_ahead(struct list_file *f)
{
    drop_ahead(f);
}

void list_file_cancel(struct list_file *f)
{
    uint64_t rev = f->list.rev > f->before.rev ? f->list.rev : f->before.rev;
    appearance_fini(&f->list);
    f->list = f->before;
    f->list.rev = rev + 1; /* its lines are elsewhere in memory */
    appearance_init(&f->before);
    unlock(f);
}

enum rc list_file_end(struct list_file *f, bool is_kept, struct err *err)
{
    bool is_changed = f->list.rev != f->before.rev || f->is_own_new || f->is_write_due;
    enum rc rc = is_changed ? write_file(f, err) : RC_OK;
    if (rc != RC_OK && is_kept)
        number_apart(&f->list);
    if (rc == RC_OK || is_kept) {
        forget_before(f);
        unlock(f);
    } else {
        list_file_cancel(f);
    }
    return rc;
}

const struct appearance *list_file_list(const struct list_file *f)
{
    return &f->list;
}

/* The file is replaced in one piece: to read it takes no lock, to put it aside does. */
bool list_file_refresh(struct list_file *f)
{
    struct err err = {0};
    uint64_t rev = f->list.rev;
    if ((f->is_ahead && !f->is_looking) || is_read(f))
        return false;
    enum rc rc = read_file(f, &err);
    bool is_known = rc == RC_CONFIG && f->is_foreign;
    if (rc == RC_CONFIG)
        rc = refuse_foreign(f, &err);
    if (rc == RC_PROTO && (rc = lock(f, &err)) == RC_OK) {
        rc = read_locked(f, false, &err);
        unlock(f);
    }
    if (rc == RC_IO && !f->why[0]) /* else begin() knows more */
        str_copy(f->why, sizeof f->why, err.text);
    else if (rc != RC_OK && rc != RC_TIMEOUT && rc != RC_IO && !is_known)
        log_warn("list", "%s", err.text);
    return f->list.rev != rev;
}

const char *list_file_why(const struct list_file *f)
{
    return f->why;
}

bool list_file_is_unread(const struct list_file *f)
{
    return f->is_unread;
}

bool list_file_try(struct list_file *f)
{
    struct err err = {0};
    int64_t patience_ms = f->patience_ms;
    if (!f->why[0] || (f->is_ahead && !f->is_looking))
        return false;
    f->patience_ms = 0;
    if (list_file_begin(f, &err)) {
        if (f->is_gone) /* it was taken over: nothing is written there any more */
            list_file_cancel(f);
        else
            (void)list_file_end(f, true, &err);
    }
    f->patience_ms = patience_ms;
    return !f->why[0];
}

const char *list_file_path(const struct list_file *f)
{
    return f->path;
}

bool list_file_is_main(const struct list_file *f)
{
    return f->is_main;
}

bool list_file_is_gone(const struct list_file *f)
{
    return f->is_gone;
}

bool list_file_take_note(struct list_file *f, char *note)
{
    str_copy(note, ERR_TEXT_BYTES, f->note);
    f->note[0] = '\0';
    return note[0] != '\0';
}

const char *list_file_own(const struct list_file *f)
{
    return f->own;
}

void list_file_set_own(struct list_file *f, const char *extension)
{
    if (str_eq(f->own, extension) || strlen(extension) >= sizeof f->own)
        return;
    str_copy(f->own, sizeof f->own, extension);
    f->is_own_new = true;
}

void list_file_patience(struct list_file *f, int64_t wait_ms)
{
    f->patience_ms = wait_ms;
}

bool list_file_can_lock(struct list_file *f)
{
    struct err err = {0};
    if (lock(f, &err) == RC_OK)
        unlock(f);
    return err.rc != RC_TIMEOUT;
}

enum rc list_file_remove(struct list_file *f, struct err *err)
{
    enum rc rc = unlink(f->path) == 0 ? RC_OK : fails(f, "remove", errno, err);
    list_file_cancel(f);
    return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct list_file *file_new(const char *folder, const char *profile, const char *owner,
                                  const char *server)
{
    struct list_file *f = mem_zero(1, sizeof *f);
    f->path = path_of(folder, profile, owner, ".json");
    f->lock_path = path_of(folder, profile, owner, ".lock");
    f->new_path = path_of(folder, profile, owner, ".json.new");
    f->turn_path = path_of(folder, profile, owner, ".turn");
    f->folder = mem_dup(folder);
    f->server = mem_dup(server);
    f->is_main = str_is_empty(owner);
    f->patience_ms = LIST_FILE_WAIT_MS;
    f->read_fd = f->lock_fd = f->turn_fd = -1;
    appearance_init(&f->list);
    return f;
}

/* Nothing is locked for somebody else of whom there is no list: whether there is such a person is
 * not known yet. Whose lock is another's is read without: a file that cannot be understood stays
 * until somebody has the lock. Where nothing can be written it is read as far as that goes. */
static enum rc first_read(struct list_file *f, struct err *err)
{
    struct err unread = {0};
    if (!f->is_main && is_read(f))
        return RC_OK;
    enum rc rc = lock(f, err);
    bool is_locked = rc == RC_OK;
    if (is_locked) {
        rc = read_locked(f, true, err);
        if (rc == RC_OK)
            rc = try_new(f, err);
        unlock(f);
    }
    if (rc == RC_IO) {
        str_copy(f->why, sizeof f->why, err->text);
        if (!is_locked && read_file(f, &unread) != RC_OK)
            log_warn("list", "%s", unread.text);
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_TIMEOUT) {
        struct err held = *err;
        rc = read_file(f, err);
        if (rc == RC_PROTO || rc == RC_CONFIG) {
            *err = held;
            rc = held.rc;
        }
    }
    return rc;
}

enum rc list_file_open_within(struct list_file **out, const char *folder, const char *profile,
                              const char *owner, const char *server, int64_t wait_ms, char *note,
                              struct err *err)
{
    struct list_file *f = file_new(folder, profile, owner, server);
    f->patience_ms = wait_ms;
    *out = NULL;
    enum rc rc =
        f->is_main || !is_too_long(f)
            ? first_read(f, err)
            : err_set(err, RC_NOT_FOUND, "there is no extension %.24s...: none is so long", owner);
    (void)list_file_take_note(f, note);
    if (rc != RC_OK) {
        list_file_close(f);
        return rc;
    }
    *out = f;
    return RC_OK;
}

enum rc list_file_open(struct list_file **out, const char *folder, const char *profile,
                       const char *owner, const char *server, char *note, struct err *err)
{
    return list_file_open_within(out, folder, profile, owner, server, LIST_FILE_WAIT_MS, note, err);
}

bool list_file_exists(const char *folder, const char *profile, const char *owner)
{
    char *path = path_of(folder, profile, owner, ".json");
    bool is_there = access(path, F_OK) == 0;
    mem_free(path);
    return is_there;
}

bool list_file_is_own(const char *folder, const char *profile, const char *owner,
                      const char *server)
{
    struct err err = {0};
    struct list_file *f = file_new(folder, profile, NULL, server);
    bool is_own = read_file(f, &err) == RC_OK && f->own[0] && str_eq(f->own, owner);
    list_file_close(f);
    return is_own;
}

void list_file_close(struct list_file *f)
{
    if (!f)
        return;
    if (f->lock_fd >= 0)
        list_file_cancel(f);
    drop_ahead(f);
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
