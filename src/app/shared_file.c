#include "callhud/app/shared_file.h"

#include "callhud/app/paths.h"
#include "callhud/app/write_all.h"
#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/net/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_DIGITS 32
#define LOCK_STEP_MS 5

struct shared_file {
    char *folder;
    char name[64], lock[72], fresh[72], claim[72]; /* in the folder */
    int claim_fd;                                  /* -1: not ours */
    bool is_held; /* another one's lock was waited for in vain: not again until it is free */
};

struct shared_file *shared_file_new(const char *folder, const char *key)
{
    unsigned char bytes[DIGEST_BYTES];
    char text[DIGEST_TEXT_BYTES];
    struct digest *digest = digest_new();
    bool is_made = digest && digest_bytes(digest, key, strlen(key), bytes);
    digest_free(digest);
    if (!is_made)
        return NULL;
    digest_text(bytes, text);
    struct shared_file *file = mem_zero(1, sizeof *file);
    file->folder = mem_dup(folder);
    snprintf(file->name, sizeof file->name, "shared-%.*s", NAME_DIGITS, text);
    snprintf(file->lock, sizeof file->lock, "%s.lock", file->name);
    snprintf(file->fresh, sizeof file->fresh, "%s.new", file->name);
    snprintf(file->claim, sizeof file->claim, "%s.claim", file->name);
    file->claim_fd = -1;
    return file;
}

void shared_file_free(struct shared_file *file)
{
    if (!file)
        return;
    shared_file_unclaim(file);
    mem_free(file->folder);
    mem_free(file);
}

static enum rc fails(const struct shared_file *file, const char *name, const char *why,
                     struct err *err)
{
    return err_set(err, RC_IO, "%s/%s: %s", file->folder, name, why);
}

/* Ours alone, or why not. */
static const char *flaw(int fd, struct stat *st)
{
    if (fstat(fd, st) != 0)
        return strerror(errno);
    if (!S_ISREG(st->st_mode))
        return "it is no regular file: remove it";
    if (st->st_uid != geteuid())
        return "it belongs to another user: remove it";
    if (st->st_mode & 077)
        return "others can read it: remove it";
    return NULL;
}

/* The file stays: who removed it would let two in. */
static int open_lock(int folder, const char *name)
{
    return openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                  0600);
}

/* -1 with err set. */
static int take_lock(struct shared_file *file, int folder, struct err *err)
{
    struct stat st;
    int64_t until_ms = clock_mono_ms() + (file->is_held ? 0 : SHARED_LOCK_MS);
    bool is_held = false;
    int fd = open_lock(folder, file->lock);
    if (fd < 0) {
        fails(file, file->lock, strerror(errno), err);
        return -1;
    }
    const char *why = flaw(fd, &st);
    while (!why && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            why = strerror(errno);
        else if (clock_mono_ms() >= until_ms)
            why = "another callhud holds its lock", is_held = true;
        else
            poll(NULL, 0, LOCK_STEP_MS);
    }
    file->is_held = is_held;
    if (!why)
        return fd;
    fails(file, file->lock, why, err);
    if (is_held)
        err->rc = RC_TIMEOUT;
    close(fd);
    return -1;
}

static bool read_whole(int fd, size_t len, struct buf *text)
{
    char *bytes = mem_zero(1, len + 1);
    size_t got = 0;
    ssize_t n = 1;
    while (got < len && n > 0) {
        n = read(fd, bytes + got, len - got);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            got += (size_t)n;
    }
    buf_put(text, bytes, got);
    mem_wipe(bytes, len);
    mem_free(bytes);
    return n >= 0;
}

static enum rc read_text(const struct shared_file *file, int folder, struct buf *text,
                         struct err *err)
{
    struct stat st;
    int fd = openat(folder, file->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return RC_OK;
    if (fd < 0)
        return fails(file, file->name, strerror(errno), err);
    const char *why = flaw(fd, &st);
    if (!why && st.st_size > SHARED_FILE_MAX_BYTES)
        why = "it is too large: remove it";
    if (!why && !read_whole(fd, (size_t)st.st_size, text))
        why = strerror(errno);
    close(fd);
    return why ? fails(file, file->name, why, err) : RC_OK;
}

/* A new file in the place of the old one: whoever reads sees one of the two whole. */
static enum rc write_text(const struct shared_file *file, int folder, const struct buf *text,
                          struct err *err)
{
    if (text->is_full || text->len > SHARED_FILE_MAX_BYTES)
        return fails(file, file->name, "what is shared is too large", err);
    unlinkat(folder, file->fresh, 0); /* of a run that was killed; the lock is ours */
    int fd =
        openat(folder, file->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fails(file, file->fresh, strerror(errno), err);
    bool is_written = write_all(fd, buf_text(text), text->len);
    int why = errno;
    if (close(fd) != 0 && is_written) {
        is_written = false;
        why = errno;
    }
    if (is_written && renameat(folder, file->fresh, folder, file->name) == 0)
        return RC_OK;
    why = is_written ? errno : why;
    unlinkat(folder, file->fresh, 0);
    return fails(file, file->name, strerror(why), err);
}

enum rc shared_file_update(void *self, bool (*change)(void *owner, struct buf *text), void *owner,
                           struct err *err)
{
    struct shared_file *file = self;
    struct buf text;
    int lock = -1;
    struct err why = {0};
    buf_init(&text, SHARED_FILE_MAX_BYTES + 1);
    int folder = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum rc rc = RC_OK;
    if (folder < 0)
        rc = err_set(err, RC_IO, "%s: %s", file->folder, strerror(errno));
    else if ((lock = take_lock(file, folder, &why)) < 0)
        rc = err_set(err, why.rc, "%s", why.text);
    else
        rc = read_text(file, folder, &text, err);
    if (rc != RC_TIMEOUT && change(owner, &text) && rc == RC_OK)
        rc = write_text(file, folder, &text, err);
    if (lock >= 0)
        close(lock);
    if (folder >= 0)
        close(folder);
    if (text.data)
        mem_wipe(text.data, text.cap);
    buf_fini(&text);
    return rc;
}

void shared_file_read(void *self, bool (*change)(void *owner, struct buf *text), void *owner)
{
    struct shared_file *file = self;
    struct err err = {0};
    struct buf text;
    buf_init(&text, SHARED_FILE_MAX_BYTES + 1);
    int folder = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && read_text(file, folder, &text, &err) != RC_OK)
        buf_reset(&text);
    change(owner, &text);
    if (folder >= 0)
        close(folder);
    if (text.data)
        mem_wipe(text.data, text.cap);
    buf_fini(&text);
}

bool shared_file_claim(void *self)
{
    struct shared_file *file = self;
    struct stat st;
    if (file->claim_fd >= 0)
        return true;
    int folder = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    int fd = open_lock(folder, file->claim);
    close(folder);
    if (fd >= 0 && !flaw(fd, &st) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        file->claim_fd = fd;
    else if (fd >= 0)
        close(fd);
    return file->claim_fd >= 0;
}

void shared_file_unclaim(void *self)
{
    struct shared_file *file = self;
    if (file->claim_fd >= 0)
        close(file->claim_fd);
    file->claim_fd = -1;
}

struct shared_file *shared_file_of(const struct settings *settings, struct backend_shared *out)
{
    char folder[PATH_BYTES];
    struct err err = {0};
    struct buf key;
    if (!settings->jwt[0])
        return NULL;
    if (paths_state(folder, "", true, &err) != RC_OK) {
        log_warn("app", "%s: callhud shares no sign-in with others", err.text);
        return NULL;
    }
    buf_init(&key, 64 * 1024);
    buf_printf(&key, "%s\n%s\n%s", settings->server, settings->client_id, settings->jwt);
    struct shared_file *file = shared_file_new(folder, buf_text(&key));
    if (key.data)
        mem_wipe(key.data, key.cap);
    buf_fini(&key);
    if (file)
        *out = (struct backend_shared){.update = shared_file_update,
                                       .read = shared_file_read,
                                       .claim = shared_file_claim,
                                       .unclaim = shared_file_unclaim,
                                       .self = file};
    return file;
}
