#include "callhud/base/log.h"

#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"
#include "log_redact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000
#define LINE_MAX_CHARS 1000
#define RAW_MAX_BYTES 8192 /* of a message before it is cleaned and clipped */
#define TAG_MAX_CHARS 16

static struct {
    struct log_line ring[LOG_RING_LINES];
    uint64_t count; /* lines ever written */
    enum log_level least;
    char *path;
    int fd;
    off_t file_bytes;
    bool is_torn; /* the file ends inside a line, after a full disk */
} the_log = {.least = LOG_INFO, .fd = -1};

static enum rc open_file(const char *path, struct err *err)
{
    /* Not blocking: a FIFO put in the file's place would hold the open. */
    int fd = open(
        path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
    struct stat st;

    if (fd < 0 && errno == ELOOP)
        return err_set(err, RC_IO,
                       "cannot open the log %s: it is a symbolic link; name the file "
                       "itself",
                       path);
    if (fd < 0)
        return err_set(err, RC_IO, "cannot open the log %s: %s; choose another with --log", path,
                       strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(err, RC_IO,
                       "cannot write the log %s: not a regular file; choose another "
                       "with --log",
                       path);
    }
    if ((st.st_mode & 0777) != 0600 && fchmod(fd, 0600) != 0) {
        int cause = errno;
        close(fd);
        return err_set(err, RC_IO, "cannot make the log %s private: %s; choose another with --log",
                       path, strerror(cause));
    }
    the_log.fd = fd;
    the_log.file_bytes = st.st_size;
    the_log.is_torn = false;
    return RC_OK;
}

static void close_file(void)
{
    if (the_log.fd >= 0)
        close(the_log.fd);
    the_log.fd = -1;
}

enum rc log_open(const char *path, enum log_level least, struct err *err)
{
    close_file();
    mem_free(the_log.path);
    the_log.path = NULL;
    the_log.least = least;
    if (path == NULL)
        return RC_OK;
    enum rc rc = open_file(path, err);
    if (rc != RC_OK)
        return rc;
    the_log.path = mem_dup(path);
    return RC_OK;
}

void log_close(void)
{
    close_file();
    mem_free(the_log.path);
    the_log.path = NULL;
    for (size_t i = 0; i < LOG_RING_LINES; i++) {
        /* const for the readers only; the ring owns it. */
        mem_free((void *)(uintptr_t)the_log.ring[i].text);
        the_log.ring[i].text = NULL;
    }
    the_log.count = 0;
    the_log.least = LOG_INFO;
    log_forget_secrets();
}

/* FILE becomes FILE.old. Another callhud may write the same file and have done so already: then
 * ours is FILE.old by now, and the new FILE is only opened. */
static void rotate(void)
{
    struct stat ours, named;
    char old_path[4096];
    bool is_ours = fstat(the_log.fd, &ours) == 0 && stat(the_log.path, &named) == 0 &&
                   ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;

    int len = snprintf(old_path, sizeof old_path, "%s.old", the_log.path);
    if (len < 0 || (size_t)len >= sizeof old_path)
        return;
    /* Where the folder is read-only the maximum is kept by starting the file over. */
    if (is_ours && rename(the_log.path, old_path) != 0) {
        if (ftruncate(the_log.fd, 0) == 0)
            the_log.file_bytes = 0;
        return;
    }
    close_file();
    (void)open_file(the_log.path, NULL);
}

/* The disk may be full: then the line is in the ring alone, and the next one tries again. */
static void write_file(const struct log_line *line)
{
    char text[LINE_MAX_BYTES + CLOCK_ISO_BYTES + 16];
    char stamp[CLOCK_ISO_BYTES];

    if (the_log.path == NULL)
        return;
    if (the_log.fd < 0 && open_file(the_log.path, NULL) != RC_OK)
        return;
    clock_format_iso(line->wall_ms, stamp);
    int len = snprintf(text, sizeof text, "%s%s %-5s %s\n", the_log.is_torn ? "\n" : "", stamp,
                       log_level_name(line->level), line->text);
    if (len < 0 || (size_t)len >= sizeof text)
        return;
    if (the_log.file_bytes + len > LOG_FILE_MAX_BYTES) {
        rotate();
        if (the_log.fd < 0)
            return;
    }
    ssize_t done = write(the_log.fd, text, (size_t)len);
    if (done <= 0)
        return;
    the_log.file_bytes += done;
    the_log.is_torn = done < len;
}

/* "tag: message" as one clean line of at most LINE_MAX_BYTES. */
static void make_line(struct buf *line, const char *tag, char *raw, bool is_clipped)
{
    if (is_clipped)
        log_cut_secret_start(raw);
    log_redact(raw);
    utf8_clean(line, tag, strlen(tag), TAG_MAX_CHARS);
    buf_puts(line, ": ");
    size_t len = strlen(raw);
    while (len > 0 && (raw[len - 1] == '\n' || raw[len - 1] == '\r'))
        len--;
    bool is_whole = utf8_clean(line, raw, len, LINE_MAX_CHARS);
    /* Once more, for a secret that was broken up by characters that cleaning took away. */
    log_redact_secrets(line->data);
    if (!is_whole)
        log_cut_secret_start(line->data);
}

void log_write(enum log_level level, const char *tag, const char *format, ...)
{
    char raw[RAW_MAX_BYTES];
    struct buf line;
    va_list args;
    int saved_errno = errno;

    if (level < the_log.least)
        return;
    va_start(args, format);
    int len = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    if (len < 0)
        return;
    buf_init(&line, LINE_MAX_BYTES);
    make_line(&line, tag, raw, (size_t)len >= sizeof raw);

    struct log_line *slot = &the_log.ring[the_log.count % LOG_RING_LINES];
    mem_free((void *)(uintptr_t)slot->text);
    *slot = (struct log_line){
        .wall_ms = clock_wall_ms(),
        .level = level,
        .number = ++the_log.count,
        .text = buf_take(&line),
    };
    write_file(slot);
    mem_wipe(raw, (size_t)len < sizeof raw ? (size_t)len : sizeof raw);
    errno = saved_errno;
}

size_t log_count(void)
{
    return the_log.count < LOG_RING_LINES ? (size_t)the_log.count : LOG_RING_LINES;
}

int log_get(size_t index, struct log_line *out)
{
    size_t count = log_count();

    if (index >= count)
        return 0;
    *out = the_log.ring[(the_log.count - count + index) % LOG_RING_LINES];
    return 1;
}

const char *log_level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG: return "debug";
    case LOG_INFO: return "info";
    case LOG_WARN: return "warn";
    case LOG_ERROR: return "error";
    }
    return "?";
}
