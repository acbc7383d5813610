/* Writing the audit file: open, lock, find the end of the chain, append, make it last. */
#include "audit_priv.h"

#include "callhud/app/paths.h"
#include "callhud/app/write_all.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The last good record is looked for in so much of the end; the second is for an end full of lines
 * that were cut short. */
#define TAIL_BYTES (4 * AUDIT_LINE_MAX_BYTES)
#define TAIL_MAX_BYTES (1024 * 1024)
#define OPEN_TRIES 8

struct audit {
    char path[PATH_BYTES];
    char folder[PATH_BYTES];
    const char *base; /* of path */
    char *profile, *supervisor, *log_socket;
    char who[256], host[256];
    struct digest *digest;
    /* What this program left there last, to notice who cuts it off. */
    ino_t inode;
    off_t size;
    bool is_folder_synced;
};

enum rc audit_open(struct audit **out, const struct audit_options *options, struct err *err)
{
    struct audit *audit = mem_zero(1, sizeof *audit);
    const struct passwd *entry = getpwuid(geteuid());
    *out = NULL;
    if (!str_copy(audit->path, sizeof audit->path, options->path) || !audit->path[0]) {
        mem_free(audit);
        return err_set(err, RC_CONFIG, "the path of the audit file is empty or too long: '%.60s'",
                       options->path);
    }
    char *slash = strrchr(audit->path, '/');
    str_copy(audit->folder, sizeof audit->folder, slash ? audit->path : ".");
    if (slash)
        audit->folder[slash == audit->path ? 1 : slash - audit->path] = '\0';
    audit->base = slash ? slash + 1 : audit->path;
    audit->profile = mem_dup(options->profile);
    audit->supervisor = mem_dup(options->supervisor);
    audit->log_socket = mem_dup(options->log_socket ? options->log_socket : "/dev/log");
    str_copy(audit->who, sizeof audit->who, entry ? entry->pw_name : "");
    if (gethostname(audit->host, sizeof audit->host - 1) != 0)
        audit->host[0] = '\0';
    audit->digest = digest_new();
    if (!audit->digest) {
        audit_close(audit);
        return err_set(err, RC_FAILED, "OpenSSL has no SHA-256: check its configuration");
    }
    *out = audit;
    return RC_OK;
}

void audit_close(struct audit *audit)
{
    if (!audit)
        return;
    digest_free(audit->digest);
    mem_free(audit->profile);
    mem_free(audit->supervisor);
    mem_free(audit->log_socket);
    mem_free(audit);
}

/* ---- the file, locked ------------------------------------------------------------------------ */

/* While it is open and locked. */
struct place {
    int folder_fd, fd;
    struct stat st;
};

static enum rc failed_with(const struct audit *audit, int error, const char *advice,
                           struct err *err)
{
    return err_set(err, RC_IO, "cannot write the audit file %s: %s%s", audit->path, strerror(error),
                   advice);
}

static enum rc open_folder(const struct audit *audit, struct place *place, struct err *err)
{
    struct stat st;
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    place->folder_fd = open(audit->folder, flags);
    if (place->folder_fd < 0 && errno == ENOENT && mkdir(audit->folder, 0700) == 0)
        place->folder_fd = open(audit->folder, flags);
    if (place->folder_fd < 0 || fstat(place->folder_fd, &st) != 0) {
        return err_set(err, RC_IO, "cannot open the folder of the audit file, %s: %s",
                       audit->folder, strerror(errno));
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return err_set(err, RC_IO, "the folder of the audit file, %s, belongs to another user",
                       audit->folder);
    }
    if (st.st_mode & 022) {
        return err_set(err, RC_IO,
                       "others can replace the audit file in %s: chmod 700 %s, then look at the "
                       "file with callhud audit verify",
                       audit->folder, audit->folder);
    }
    return RC_OK;
}

static enum rc check_file(const struct audit *audit, const struct stat *st, struct err *err)
{
    if (!S_ISREG(st->st_mode)) {
        return err_set(err, RC_IO, "%s is no regular file: move it away, a new audit file is made",
                       audit->path);
    }
    if (st->st_uid != geteuid()) {
        return err_set(err, RC_IO,
                       "the audit file %s belongs to another user (%" PRIuMAX
                       "): move it away, a new one is made",
                       audit->path, (uintmax_t)st->st_uid);
    }
    if (st->st_mode & 077) {
        return err_set(err, RC_IO, "others can read or write the audit file: chmod 600 %s",
                       audit->path);
    }
    return RC_OK;
}

/* Makes it when there is none; whoever is first, all open the same. */
static int open_or_make(const struct audit *audit, int folder_fd)
{
    int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    int fd = openat(folder_fd, audit->base, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = openat(folder_fd, audit->base, flags | O_CREAT | O_EXCL, 0600);
    if (fd < 0 && errno == EEXIST)
        return openat(folder_fd, audit->base, flags);
    if (fd >= 0)
        fchmod(fd, 0600); /* whatever the umask took */
    return fd;
}

static enum rc open_and_lock(const struct audit *audit, struct place *place, struct err *err)
{
    place->fd = open_or_make(audit, place->folder_fd);
    if (place->fd < 0 && errno == ELOOP) {
        return err_set(err, RC_IO,
                       "the audit file %s is a symbolic link: put the file itself there",
                       audit->path);
    }
    if (place->fd < 0)
        return failed_with(audit, errno, "", err);
    if (fstat(place->fd, &place->st) != 0)
        return failed_with(audit, errno, "", err);
    enum rc rc = check_file(audit, &place->st, err);
    if (rc != RC_OK)
        return rc;
    int failed = audit_lock(place->fd, LOCK_EX);
    if (failed == EWOULDBLOCK) {
        return err_set(err, RC_IO,
                       "another program holds the audit file %s for more than a second: fuser %s "
                       "names it",
                       audit->path, audit->path);
    }
    if (failed)
        return failed_with(audit, failed, "", err);
    return fstat(place->fd, &place->st) == 0 ? RC_OK : failed_with(audit, errno, "", err);
}

/* Is what is locked still what the path names? It may have been moved away while we waited. */
static bool is_in_place(const struct audit *audit, const struct place *place)
{
    struct stat named;
    return fstatat(place->folder_fd, audit->base, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == place->st.st_ino && named.st_dev == place->st.st_dev;
}

static void close_place(struct place *place)
{
    if (place->fd >= 0)
        close(place->fd); /* unlocks */
    if (place->folder_fd >= 0)
        close(place->folder_fd);
}

static enum rc take_place(const struct audit *audit, struct place *place, struct err *err)
{
    *place = (struct place){.folder_fd = -1, .fd = -1};
    enum rc rc = open_folder(audit, place, err);
    for (int i = 0; rc == RC_OK; i++) {
        rc = open_and_lock(audit, place, err);
        if (rc != RC_OK || is_in_place(audit, place))
            return rc;
        close(place->fd);
        place->fd = -1;
        if (i == OPEN_TRIES) {
            return err_set(err, RC_IO,
                           "the audit file %s is replaced again and again: find out "
                           "by whom",
                           audit->path);
        }
    }
    return rc;
}

/* ---- the end of the chain -------------------------------------------------------------------- */

struct tail {
    uint64_t sequence; /* of the last good record; 0: there is none */
    unsigned char hash[DIGEST_BYTES];
    size_t torn_bytes;  /* of the line that the file ends in; 0: it ends with a newline */
    bool is_unfinished; /* that line is what a killed program left of the next record */
};

static enum rc read_tail(const struct audit *audit, const struct place *place, struct buf *out,
                         size_t want, struct err *err)
{
    off_t at = place->st.st_size - (off_t)want;
    char chunk[AUDIT_LINE_MAX_BYTES];
    while (out->len < want) {
        size_t part = want - out->len < sizeof chunk ? want - out->len : sizeof chunk;
        ssize_t n = pread(place->fd, chunk, part, at + (off_t)out->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed_with(audit, n < 0 ? errno : EIO, "", err);
        buf_put(out, chunk, (size_t)n);
    }
    return RC_OK;
}

/* SIGKILL stops a write(2) between two pages: then the file ends with a page, in the beginning of
 * the record that would have been next. Nobody was told that it was written. */
static bool is_unfinished(const struct tail *tail, const char *torn, off_t file_bytes)
{
    char begin[64];
    long page_bytes = sysconf(_SC_PAGESIZE);
    int len =
        snprintf(begin, sizeof begin, "{\"v\":1,\"sequence\":%" PRIu64 ",", tail->sequence + 1);
    size_t common = tail->torn_bytes < (size_t)len ? tail->torn_bytes : (size_t)len;
    return page_bytes > 0 && file_bytes % page_bytes == 0 &&
           tail->torn_bytes < AUDIT_LINE_MAX_BYTES && memcmp(torn, begin, common) == 0;
}

/* From the end backwards. A line whose newline alone is missing counts: it will get one. */
static bool find_last(const struct audit *audit, const struct buf *bytes, bool is_from_start,
                      struct tail *tail)
{
    const char *start = bytes->data;
    size_t end = bytes->len;
    const char *last = end > 0 ? memrchr(start, '\n', end) : NULL;
    tail->torn_bytes = last ? (size_t)(start + end - last) - 1 : end;
    if (end > 0 && tail->torn_bytes == 0)
        end--;
    while (end > 0) {
        const char *newline = memrchr(start, '\n', end);
        size_t from = newline ? (size_t)(newline - start) + 1 : 0;
        struct audit_line line;
        if (!newline && !is_from_start)
            return false;
        if (audit_line_parse(start + from, end - from, &line) &&
            audit_line_is_whole(start + from, end - from, &line, audit->digest)) {
            tail->sequence = line.sequence;
            memcpy(tail->hash, line.hash, sizeof tail->hash);
            return true;
        }
        end = newline ? (size_t)(newline - start) : 0;
    }
    return false;
}

/* A file without any good record begins a chain. */
static enum rc find_tail(const struct audit *audit, const struct place *place, struct tail *tail,
                         struct err *err)
{
    enum rc rc = RC_OK;
    bool is_found = false;
    memset(tail, 0, sizeof *tail);
    for (off_t max = TAIL_BYTES; rc == RC_OK && !is_found; max = TAIL_MAX_BYTES) {
        struct buf bytes;
        bool is_all = place->st.st_size <= max;
        size_t want = (size_t)(is_all ? place->st.st_size : max);
        if (want == 0)
            break;
        buf_init(&bytes, want);
        rc = read_tail(audit, place, &bytes, want, err);
        is_found = rc == RC_OK && find_last(audit, &bytes, is_all, tail);
        if (rc == RC_OK && (is_found || is_all) && tail->torn_bytes > 0)
            tail->is_unfinished =
                is_unfinished(tail, bytes.data + bytes.len - tail->torn_bytes, place->st.st_size);
        buf_fini(&bytes);
        if (is_all)
            break;
        if (rc == RC_OK && !is_found && max == TAIL_MAX_BYTES) {
            return err_set(err, RC_IO,
                           "the end of the audit file %s holds no record: look at it with callhud "
                           "audit verify, then move it away, a new one is made",
                           audit->path);
        }
    }
    return rc;
}

/* ---- appending ------------------------------------------------------------------------------- */

static bool format_record(const struct audit *audit, const struct audit_entry *entry,
                          const struct tail *tail, struct buf *out,
                          unsigned char hash[DIGEST_BYTES])
{
    char time[CLOCK_ISO_BYTES], previous[DIGEST_TEXT_BYTES];
    struct audit_facts facts = {
        .number = {[AUDIT_SEQUENCE] = tail->sequence + 1,
                   [AUDIT_BEGIN] = entry->begin,
                   [AUDIT_UID] = geteuid(),
                   [AUDIT_PID] = (uint64_t)getpid()},
        .text = {[AUDIT_TIME] = time,
                 [AUDIT_RECORD] = entry->record,
                 [AUDIT_ACTION] = entry->action,
                 [AUDIT_PROFILE] = audit->profile,
                 [AUDIT_WHO] = audit->who,
                 [AUDIT_HOST] = audit->host,
                 [AUDIT_SUPERVISOR] = audit->supervisor,
                 [AUDIT_EXTENSION] = entry->extension,
                 [AUDIT_NAME] = entry->name,
                 [AUDIT_CALL] = entry->call,
                 [AUDIT_PARTY] = entry->party,
                 [AUDIT_MODE] = entry->mode,
                 [AUDIT_VALUE] = entry->value,
                 [AUDIT_RESULT] = entry->result,
                 [AUDIT_REASON] = entry->reason,
                 [AUDIT_PREVIOUS] = previous},
    };
    clock_format_iso(clock_wall_ms(), time);
    digest_text(tail->hash, previous);
    return audit_line_format(out, &facts, audit->digest, hash);
}

/* Takes back what was written of a record that nobody was told of. Where that cannot be (a file
 * that the system lets grow only), the next record ends the line. */
static void take_back(const struct place *place, size_t written)
{
    struct stat st;
    if (written > 0 && fstat(place->fd, &st) == 0 &&
        st.st_size == place->st.st_size + (off_t)written &&
        ftruncate(place->fd, place->st.st_size) != 0)
        log_warn("audit", "a record that was not written whole stays in the file: %s",
                 strerror(errno));
}

static enum rc append(struct audit *audit, const struct place *place, const struct buf *bytes,
                      struct err *err)
{
    size_t written;
    int error = write_all_counted(place->fd, bytes->data, bytes->len, &written) ? 0 : errno;
    if (error == 0 && fdatasync(place->fd) != 0)
        error = errno;
    if (error == 0 && !audit->is_folder_synced && fsync(place->folder_fd) != 0)
        error = errno;
    if (error != 0) {
        take_back(place, written);
        return failed_with(audit, error, write_advice(error), err);
    }
    audit->is_folder_synced = true;
    return RC_OK;
}

static void notice_cut(const struct audit *audit, const struct place *place)
{
    if (audit->size == 0)
        return;
    if (audit->inode != place->st.st_ino)
        log_warn("audit", "%s is another file than at the last record", audit->path);
    else if (audit->size > place->st.st_size)
        log_warn("audit", "%s has lost its end since the last record", audit->path);
}

/* What the last line needs before a new one: nothing, to be removed, or a newline. */
static bool needs_newline(const struct audit *audit, struct place *place, const struct tail *tail)
{
    off_t whole = place->st.st_size - (off_t)tail->torn_bytes;
    if (tail->torn_bytes == 0)
        return false;
    if (tail->is_unfinished && ftruncate(place->fd, whole) == 0) {
        log_info("audit", "the unfinished record of a killed program was removed");
        place->st.st_size = whole;
        return false;
    }
    log_warn("audit", "the last line of %s was cut short: it stays as it is", audit->path);
    return true;
}

static enum rc write_locked(struct audit *audit, const struct audit_entry *entry,
                            struct place *place, struct tail *tail, struct err *err)
{
    struct buf bytes;
    unsigned char hash[DIGEST_BYTES];
    notice_cut(audit, place);
    enum rc rc = find_tail(audit, place, tail, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&bytes, AUDIT_LINE_MAX_BYTES + 1);
    if (needs_newline(audit, place, tail))
        buf_putc(&bytes, '\n');
    if (!format_record(audit, entry, tail, &bytes, hash))
        rc = err_set(err, RC_IO, "the audit record cannot be made: OpenSSL gives no SHA-256");
    else
        rc = append(audit, place, &bytes, err);
    if (rc == RC_OK) {
        audit->inode = place->st.st_ino;
        audit->size = place->st.st_size + (off_t)bytes.len;
        tail->sequence++;
        memcpy(tail->hash, hash, sizeof tail->hash);
    }
    buf_fini(&bytes);
    return rc;
}

enum rc audit_write(struct audit *audit, const struct audit_entry *entry, uint64_t *sequence,
                    struct err *err)
{
    struct place place;
    struct tail tail;
    char hash[DIGEST_TEXT_BYTES];
    enum rc rc = take_place(audit, &place, err);
    if (rc == RC_OK)
        rc = write_locked(audit, entry, &place, &tail, err);
    close_place(&place);
    if (rc != RC_OK)
        return rc;
    if (sequence)
        *sequence = tail.sequence;
    digest_text(tail.hash, hash);
    audit_tell_journal(audit->log_socket, tail.sequence, hash, audit->path);
    return RC_OK;
}
