#include "callhud/app/made.h"

#include "callhud/app/write_all.h"
#include "callhud/base/buf.h"
#include "callhud/base/hash.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX_CHARS 6
#define TRIES 100
/* A supervisor whose phone stays lifted all day never empties the list: above this it is written
 * anew, without what is gone. */
#define RENEW_BYTES (128 * 1024)

/* Things in the order in which they came. A removed one leaves a hole, so that places stay. */
struct things {
    VEC(char *) list;
    struct map places; /* thing -> its place plus one, as a pointer */
    size_t count;
};

struct made {
    char *folder, *server;
    char *prefix;   /* "made-PROFILE-" */
    char *name;     /* of the own file, in the folder; NULL: none yet */
    int fd;         /* of the own file, locked; -1 */
    off_t len;      /* of its good lines */
    bool is_broken; /* a line that failed could not be taken back: no more is written */
    struct things things;
};

/* ---- things ---------------------------------------------------------------------------------- */

static bool things_put(struct things *t, const char *thing)
{
    if (map_get(&t->places, thing))
        return false;
    VEC_PUSH(&t->list, mem_dup(thing));
    map_put(&t->places, thing, (void *)(uintptr_t)t->list.len);
    t->count++;
    return true;
}

static bool things_drop(struct things *t, const char *thing)
{
    size_t place = (size_t)(uintptr_t)map_remove(&t->places, thing);
    if (!place)
        return false;
    mem_free(t->list.items[place - 1]);
    t->list.items[place - 1] = NULL;
    if (--t->count == 0)
        t->list.len = 0;
    return true;
}

static void things_fini(struct things *t)
{
    for (size_t i = 0; i < t->list.len; i++)
        mem_free(t->list.items[i]);
    VEC_FREE(&t->list);
    map_fini(&t->places, NULL);
    t->count = 0;
}

static bool is_thing(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~')
            return false;
    }
    return len > 0 && len < MADE_THING_BYTES;
}

/* ---- the own file ---------------------------------------------------------------------------- */

static enum rc fails(const struct made *m, const char *what, int why, struct err *err)
{
    return err_set(err, RC_IO, "cannot %s in %s: %s; nothing was asked for", what, m->folder,
                   strerror(why));
}

/* Appends whole lines, or none of them. */
static enum rc append(struct made *m, const struct buf *lines, bool must_last, struct err *err)
{
    if (m->is_broken)
        return fails(m, "write the list of what was made", EIO, err);
    if (write_all(m->fd, buf_text(lines), lines->len) && (!must_last || fdatasync(m->fd) == 0)) {
        m->len += (off_t)lines->len;
        return RC_OK;
    }
    int why = errno;
    m->is_broken = ftruncate(m->fd, m->len) != 0;
    return fails(m, "write the list of what was made", why, err);
}

static void random_suffix(char out[SUFFIX_CHARS + 1])
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char bytes[SUFFIX_CHARS];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < SUFFIX_CHARS; i++)
        out[i] = chars[bytes[i] % (sizeof chars - 1)];
    out[SUFFIX_CHARS] = '\0';
}

/* Is the open file still the one of that name? While its lock is held nobody else removes it. */
static bool is_still_there(int folder, const char *name, int fd)
{
    struct stat there, here;
    return fstat(fd, &here) == 0 && fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

/* A file of this name, made and locked by us. A starter that adopts may see it between the two:
 * then it has the lock, or has removed the file, and another name is tried (errno EEXIST). */
static int make_locked(int folder, const char *name)
{
    int fd =
        openat(folder, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(folder, name, fd))
        return fd;
    int why = errno == ENOLCK || errno == EOPNOTSUPP ? errno : EEXIST;
    if (why != EEXIST)
        unlinkat(folder, name, 0);
    close(fd);
    errno = why;
    return -1;
}

/* Removes the own file, which is locked, and lets go of it. */
static void remove_file(const struct made *m, const char *name, int fd)
{
    int folder = open(m->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && is_still_there(folder, name, fd))
        unlinkat(folder, name, 0);
    if (folder >= 0)
        close(folder);
    close(fd);
}

static enum rc make_file(struct made *m, struct err *err)
{
    char suffix[SUFFIX_CHARS + 1];
    struct buf name;
    int folder = open(m->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fails(m, "list what is made", errno, err);
    buf_init(&name, 1024);
    int fd = -1;
    for (int i = 0; i < TRIES && fd < 0; i++) {
        random_suffix(suffix);
        buf_reset(&name);
        buf_printf(&name, "%s%s", m->prefix, suffix);
        fd = make_locked(folder, buf_text(&name));
        if (fd < 0 && errno != EEXIST)
            break;
    }
    /* The name must be there after a crash of the machine as well. */
    bool is_made = fd >= 0 && fsync(folder) == 0;
    int why = errno;
    if (is_made) {
        m->fd = fd;
        m->len = 0;
        m->name = buf_take(&name);
    } else if (fd >= 0) {
        unlinkat(folder, buf_text(&name), 0);
        close(fd);
    }
    close(folder);
    buf_fini(&name);
    return is_made ? RC_OK : fails(m, "make the list of what is made", why, err);
}

/* One line for each that is in no line yet. */
static void put_lines(struct buf *lines, const struct things *new, const struct things *old)
{
    for (size_t i = 0; i < new->list.len; i++) {
        const char *thing = new->list.items[i];
        if (thing && !(old && map_get(&old->places, thing)))
            buf_printf(lines, "+%s\n", thing);
    }
}

/* The list in a new file; the old one goes when that is on disk. */
static void renew(struct made *m)
{
    struct made old = *m;
    struct buf lines;
    struct err err = {0};
    m->fd = -1;
    m->name = NULL;
    buf_init(&lines, 4 * MADE_FILE_MAX_BYTES);
    buf_printf(&lines, "%s\n", m->server);
    put_lines(&lines, &m->things, NULL);
    if (make_file(m, &err) == RC_OK && append(m, &lines, true, &err) == RC_OK) {
        remove_file(m, old.name, old.fd);
        mem_free(old.name);
    } else {
        log_warn("made", "%s", err.text);
        if (m->fd >= 0)
            remove_file(m, m->name, m->fd);
        mem_free(m->name);
        m->fd = old.fd;
        m->name = old.name;
        m->len = old.len;
        m->is_broken = old.is_broken;
    }
    buf_fini(&lines);
}

/* Writes the things that are new, all with one sync; they are on disk when it returns RC_OK. */
static enum rc write_things(struct made *m, const struct things *new, struct err *err)
{
    struct buf lines;
    enum rc rc = m->fd >= 0 ? RC_OK : make_file(m, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&lines, 4 * MADE_FILE_MAX_BYTES);
    if (m->len == 0)
        buf_printf(&lines, "%s\n", m->server);
    put_lines(&lines, new, &m->things);
    rc = append(m, &lines, true, err);
    buf_fini(&lines);
    if (rc != RC_OK)
        return rc;
    for (size_t i = 0; i < new->list.len; i++) {
        if (new->list.items[i])
            things_put(&m->things, new->list.items[i]);
    }
    if (m->len > RENEW_BYTES && m->things.count < RENEW_BYTES / 2 / MADE_THING_BYTES)
        renew(m);
    return RC_OK;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static enum rc put(void *self, const char *thing, struct err *err)
{
    struct made *m = self;
    struct things one = {0};
    if (!is_thing(thing, strlen(thing)))
        return err_set(err, RC_FAILED, "'%.60s' is no name for a thing that is made", thing);
    if (map_get(&m->things.places, thing))
        return RC_OK;
    things_put(&one, thing);
    enum rc rc = write_things(m, &one, err);
    things_fini(&one);
    return rc;
}

/* A line that is lost here costs the next start a request that is answered with "not found". */
static void drop(void *self, const char *thing)
{
    struct made *m = self;
    struct err err = {0};
    struct buf line;
    if (!things_drop(&m->things, thing))
        return;
    if (m->things.count == 0 && ftruncate(m->fd, 0) == 0) {
        m->len = 0; /* the next put begins it anew: it does not grow for weeks */
        m->is_broken = false;
        return;
    }
    buf_init(&line, MADE_THING_BYTES + 2);
    buf_printf(&line, "-%s\n", thing);
    if (append(m, &line, false, &err) != RC_OK)
        log_warn("made", "%s", err.text);
    buf_fini(&line);
}

void made_ledger(struct made *made, struct backend_ledger *out)
{
    *out = (struct backend_ledger){.put = put, .drop = drop, .self = made};
}

/* ---- life ------------------------------------------------------------------------------------ */

enum rc made_open(struct made **out, const char *folder, const char *profile, const char *server,
                  struct err *err)
{
    struct buf prefix;
    *out = NULL;
    if (strchr(server, '\n') || !*server)
        return err_set(err, RC_CONFIG, "the server's address is no line of text");
    buf_init(&prefix, 200);
    buf_puts(&prefix, "made-");
    buf_put_escaped(&prefix, profile, "-_.");
    buf_putc(&prefix, '-');
    if (prefix.is_full) {
        buf_fini(&prefix);
        return err_set(err, RC_CONFIG, "the profile's name is too long for a file's");
    }
    struct made *m = mem_zero(1, sizeof *m);
    m->folder = mem_dup(folder);
    m->server = mem_dup(server);
    m->prefix = buf_take(&prefix);
    m->fd = -1;
    *out = m;
    return RC_OK;
}

void made_close(struct made *m)
{
    if (!m)
        return;
    if (m->fd >= 0 && m->things.count == 0)
        remove_file(m, m->name, m->fd);
    else if (m->fd >= 0)
        close(m->fd);
    things_fini(&m->things);
    mem_free(m->name);
    mem_free(m->prefix);
    mem_free(m->server);
    mem_free(m->folder);
    mem_free(m);
}

/* ---- what killed runs left ------------------------------------------------------------------- */

static bool is_name_of_ours(const struct made *m, const char *name)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (!str_starts(name, m->prefix) || (m->name && str_eq(name, m->name)))
        return false;
    const char *suffix = name + strlen(m->prefix);
    return strlen(suffix) == SUFFIX_CHARS && strspn(suffix, chars) == SUFFIX_CHARS;
}

/* Opened and locked: a regular file of this user, and still the one of that name. -1 otherwise. */
static int open_left(int folder, const char *name, struct stat *st)
{
    /* A pipe would wait to be opened, a device might act: looked at before. */
    if (fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st->st_mode) ||
        st->st_uid != geteuid())
        return -1;
    int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(folder, name, fd) && fstat(fd, st) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool read_all(int fd, struct buf *out)
{
    char piece[8192];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if (!buf_put(out, piece, (size_t)n))
            return false;
    }
}

/* Plays the lines. False: it is not a list of this server. A file that ends within its first line
 * was cut short before anything was asked for. */
static bool play(const struct made *m, const struct buf *text, struct things *out)
{
    const char *at = buf_text(text), *last = at + text->len;
    size_t server_len = strlen(m->server);
    const char *end = text->len ? memchr(at, '\n', text->len) : NULL;
    if (!end)
        return text->len <= server_len && memcmp(at, m->server, text->len) == 0;
    if ((size_t)(end - at) != server_len || memcmp(at, m->server, server_len) != 0)
        return false;
    for (at = end + 1; at < last; at = end + 1) {
        end = memchr(at, '\n', (size_t)(last - at));
        if (!end)
            break;
        size_t len = (size_t)(end - at);
        if (len < 2 || !is_thing(at + 1, len - 1))
            continue;
        char *thing = mem_dup_n(at + 1, len - 1);
        if (*at == '+')
            things_put(out, thing);
        else if (*at == '-')
            things_drop(out, thing);
        mem_free(thing);
    }
    return true;
}

size_t made_count(const struct made *made)
{
    return made->things.count;
}

/* The file is locked and stays so until its things are in our own and it is removed. Where they
 * cannot be written (the disk is full) it stays as it is, and what it names is removed at the
 * server all the same: a phone must not go on listening for the want of room. */
static enum rc adopt_file(struct made *m, int folder, const char *name, int fd, off_t size,
                          made_things *things, struct err *err)
{
    struct things left = {0};
    struct buf text;
    enum rc rc = RC_OK;
    if (size > MADE_FILE_MAX_BYTES) {
        log_warn("made", "%s/%s is too large to be a list of ours: left alone", m->folder, name);
        return RC_OK;
    }
    buf_init(&text, MADE_FILE_MAX_BYTES + 8192);
    if (read_all(fd, &text) && play(m, &text, &left)) {
        if (left.count > 0)
            rc = write_things(m, &left, err);
        if (rc == RC_OK && unlinkat(folder, name, 0) != 0)
            log_warn("made", "cannot remove %s/%s: %s", m->folder, name, strerror(errno));
        for (size_t i = 0; i < left.list.len; i++) {
            if (left.list.items[i])
                VEC_PUSH(things, mem_dup(left.list.items[i]));
        }
    }
    buf_fini(&text);
    things_fini(&left);
    return rc;
}

enum rc made_adopt(struct made *m, made_things *things, struct err *err)
{
    DIR *folder = opendir(m->folder);
    enum rc rc = RC_OK;
    if (!folder && errno == ENOENT)
        return RC_OK;
    if (!folder)
        return err_set(err, RC_IO, "cannot look into %s for what a killed run left: %s", m->folder,
                       strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct stat st;
        int fd =
            is_name_of_ours(m, entry->d_name) ? open_left(dirfd(folder), entry->d_name, &st) : -1;
        if (fd < 0)
            continue;
        enum rc one = adopt_file(m, dirfd(folder), entry->d_name, fd, st.st_size, things, err);
        rc = rc == RC_OK ? one : rc;
        close(fd);
    }
    closedir(folder);
    return rc;
}

void made_things_free(made_things *things)
{
    for (size_t i = 0; i < things->len; i++)
        mem_free(things->items[i]);
    VEC_FREE(things);
}
