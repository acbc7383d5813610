/* Over the audit file line by line, whatever its size, and what is wrong where. */
#include "audit_priv.h"

#include "callhud/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256u * 1024)
#define LOCK_WAIT_MS 1000
#define LOCK_STEP_MS 2

int audit_lock(int fd, int operation)
{
    int64_t deadline_ms = clock_mono_ms() + LOCK_WAIT_MS;
    while (flock(fd, operation | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        if (clock_mono_ms() >= deadline_ms)
            return EWOULDBLOCK;
        poll(NULL, 0, LOCK_STEP_MS);
    }
    return 0;
}

/* ---- what a line must be --------------------------------------------------------------------- */

struct walk {
    const char *path;
    int fd;
    off_t at, size; /* of the file, to be read until size */
    char *buffer;
    size_t start, len; /* of what is in the buffer */
    uint64_t number;   /* of the last line seen */
    struct digest *digest;
    /* The last good record. */
    uint64_t sequence;
    unsigned char head[DIGEST_BYTES];
    bool is_after_bad; /* the line before was no record */
    char fault[160];
};

/* A record that is whole, but not the one that follows the last good one. */
static void judge_place(struct walk *w, const struct audit_line *line)
{
    uint64_t wanted = w->sequence + 1;
    bool is_next = memcmp(line->previous, w->head, DIGEST_BYTES) == 0;
    if (is_next && line->sequence == wanted)
        return;
    /* The bad line before was told already; the record that stood there is what this one follows.
     */
    if (w->is_after_bad && line->sequence > wanted)
        return;
    if (is_next || line->sequence == wanted)
        snprintf(w->fault, sizeof w->fault,
                 "line %" PRIu64 " does not follow the record before it: one was exchanged",
                 w->number);
    else if (line->sequence > wanted)
        snprintf(w->fault, sizeof w->fault, "a record is missing before line %" PRIu64, w->number);
    else
        snprintf(w->fault, sizeof w->fault,
                 "line %" PRIu64 " is out of order: record %" PRIu64 " where %" PRIu64
                 " must be, put in twice or from elsewhere",
                 w->number, line->sequence, wanted);
}

/* How a line begins that was cut short: as a record does, but without its end. */
static bool is_beginning(const char *bytes, size_t len)
{
    static const char begin[] = "{\"v\":1,";
    size_t common = len < sizeof begin - 1 ? len : sizeof begin - 1;
    return len > 0 && memcmp(bytes, begin, common) == 0 && bytes[len - 1] != '}';
}

static bool judge(struct walk *w, const char *bytes, size_t len, bool is_ended,
                  struct audit_line *line)
{
    bool is_record = len < AUDIT_LINE_MAX_BYTES && audit_line_parse(bytes, len, line);
    const char *wrong = NULL;
    w->fault[0] = '\0';
    if (!is_ended)
        wrong = "was cut: the file ends inside it";
    else if (len >= AUDIT_LINE_MAX_BYTES)
        wrong = "is no record: it is too long for one";
    else if (!is_record)
        wrong = is_beginning(bytes, len) ? "was cut short" : "was changed: it is no record";
    else if (!audit_line_is_whole(bytes, len, line, w->digest))
        wrong = "was changed";
    else
        judge_place(w, line);
    if (wrong)
        snprintf(w->fault, sizeof w->fault, "line %" PRIu64 " %s", w->number, wrong);
    w->is_after_bad = wrong != NULL;
    return wrong == NULL;
}

static bool see(struct walk *w, const char *bytes, size_t len, bool is_ended,
                bool (*visit)(void *self, const struct audit_seen *seen), void *self)
{
    struct audit_line line;
    w->number++;
    bool is_good = judge(w, bytes, len, is_ended, &line);
    if (is_good) {
        w->sequence = line.sequence;
        memcpy(w->head, line.hash, sizeof w->head);
    }
    struct audit_seen seen = {.number = w->number,
                              .bytes = bytes,
                              .len = len,
                              .line = is_good ? &line : NULL,
                              .fault = w->fault[0] ? w->fault : NULL};
    return visit(self, &seen);
}

/* ---- the file -------------------------------------------------------------------------------- */

static enum rc fill(struct walk *w, struct err *err)
{
    memmove(w->buffer, w->buffer + w->start, w->len);
    w->start = 0;
    while (w->len < BUFFER_BYTES && w->at < w->size) {
        size_t want = BUFFER_BYTES - w->len;
        if ((off_t)want > w->size - w->at)
            want = (size_t)(w->size - w->at);
        ssize_t n = pread(w->fd, w->buffer + w->len, want, w->at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, RC_IO, "cannot read %s: %s", w->path, strerror(errno));
        if (n == 0)
            w->size = w->at; /* somebody cut it meanwhile */
        w->at += n;
        w->len += (size_t)n;
    }
    return RC_OK;
}

/* Drops what is left of a line that is longer than the buffer; false when it has no end. */
static enum rc skip_line(struct walk *w, bool *is_ended, struct err *err)
{
    enum rc rc = RC_OK;
    *is_ended = false;
    while (rc == RC_OK && w->len > 0 && !*is_ended) {
        const char *end = memchr(w->buffer + w->start, '\n', w->len);
        size_t used = end ? (size_t)(end - (w->buffer + w->start)) + 1 : w->len;
        *is_ended = end != NULL;
        w->start += used;
        w->len -= used;
        if (!*is_ended)
            rc = fill(w, err);
    }
    return rc;
}

static enum rc walk_lines(struct walk *w, bool (*visit)(void *self, const struct audit_seen *seen),
                          void *self, struct err *err)
{
    bool is_wanted = true;
    enum rc rc = fill(w, err);
    while (rc == RC_OK && is_wanted && (w->len > 0 || w->at < w->size)) {
        char *bytes = w->buffer + w->start;
        const char *end = memchr(bytes, '\n', w->len);
        if (end == NULL && w->len < BUFFER_BYTES && w->at < w->size) {
            rc = fill(w, err);
        } else if (end == NULL && w->at < w->size) {
            bool is_ended;
            rc = skip_line(w, &is_ended, err);
            if (rc == RC_OK) /* AUDIT_LINE_MAX_BYTES alone says enough */
                is_wanted = see(w, w->buffer, AUDIT_LINE_MAX_BYTES, is_ended, visit, self);
        } else {
            size_t len = end ? (size_t)(end - bytes) : w->len;
            w->start += len + (end ? 1 : 0);
            w->len -= len + (end ? 1 : 0);
            is_wanted = see(w, bytes, len, end != NULL, visit, self);
        }
    }
    return rc;
}

/* The size at a moment when nobody writes: what is before it is whole. */
static enum rc open_still(struct walk *w, struct err *err)
{
    struct stat st;
    int failed;
    w->fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (w->fd < 0 && errno == ENOENT)
        return RC_OK;
    if (w->fd < 0)
        return err_set(err, RC_IO, "cannot open %s: %s", w->path, strerror(errno));
    if (fstat(w->fd, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, RC_IO, "%s is no regular file, so no audit file", w->path);
    if ((failed = audit_lock(w->fd, LOCK_SH)) != 0) {
        return err_set(err, RC_IO, "cannot lock %s: %s", w->path,
                       failed == EWOULDBLOCK ? "another program holds it; see fuser(1)"
                                             : strerror(failed));
    }
    if (fstat(w->fd, &st) != 0)
        return err_set(err, RC_IO, "cannot look at %s: %s", w->path, strerror(errno));
    w->size = st.st_size;
    flock(w->fd, LOCK_UN);
    return RC_OK;
}

enum rc audit_walk(const char *path, bool (*visit)(void *self, const struct audit_seen *seen),
                   void *self, struct err *err)
{
    struct walk w = {.path = path, .fd = -1};
    enum rc rc = open_still(&w, err);
    if (rc == RC_OK && w.fd >= 0) {
        w.buffer = mem_grow(NULL, BUFFER_BYTES, 1);
        w.digest = digest_new();
        rc = w.digest ? walk_lines(&w, visit, self, err)
                      : err_set(err, RC_FAILED, "OpenSSL has no SHA-256: check its configuration");
    }
    if (w.fd >= 0)
        close(w.fd);
    digest_free(w.digest);
    mem_free(w.buffer);
    return rc;
}
