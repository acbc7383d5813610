/* The parts of the audit: a line, a walk over the file, the heads that the journal holds. */
#ifndef CALLHUD_APP_AUDIT_PRIV_H
#define CALLHUD_APP_AUDIT_PRIV_H

#include "callhud/app/audit.h"
#include "callhud/base/vec.h"
#include "callhud/net/digest.h"

#include <stdbool.h>

/* ---- a line ---------------------------------------------------------------------------------- */

/* The keys in the order in which every line has them. */
enum audit_key {
    AUDIT_V,
    AUDIT_SEQUENCE,
    AUDIT_TIME,
    AUDIT_RECORD,
    AUDIT_ACTION,
    AUDIT_BEGIN,
    AUDIT_PROFILE,
    AUDIT_WHO,
    AUDIT_UID,
    AUDIT_HOST,
    AUDIT_PID,
    AUDIT_SUPERVISOR,
    AUDIT_EXTENSION,
    AUDIT_NAME,
    AUDIT_CALL,
    AUDIT_PARTY,
    AUDIT_MODE,
    AUDIT_VALUE,
    AUDIT_RESULT,
    AUDIT_REASON,
    AUDIT_PREVIOUS,
    AUDIT_HASH,
    AUDIT_KEYS
};

/* What goes into a line; a key is either a text or a number. */
struct audit_facts {
    const char *text[AUDIT_KEYS];
    uint64_t number[AUDIT_KEYS];
};

/* Appends the whole line with hash and newline; at most AUDIT_LINE_MAX_BYTES. hash gets its own.
 * False when OpenSSL failed. */
bool audit_line_format(struct buf *out, const struct audit_facts *facts, struct digest *digest,
                       unsigned char hash[DIGEST_BYTES]);

/* A line taken apart; borrows its bytes. */
struct audit_line {
    uint64_t sequence;
    unsigned char previous[DIGEST_BYTES], hash[DIGEST_BYTES];
    struct {
        const char *at; /* as stored, without quotation marks; NULL for null */
        size_t len;
    } value[AUDIT_KEYS];
};

/* bytes is one line without its newline. Nothing but what audit_line_format() writes passes: same
 * keys, same order, no blank, no other way to write a character. */
bool audit_line_parse(const char *bytes, size_t len, struct audit_line *out);
/* Does the line hold its own hash? */
bool audit_line_is_whole(const char *bytes, size_t len, const struct audit_line *line,
                         struct digest *digest);
const char *audit_key_name(enum audit_key key);
/* Appends a value as text; nothing for null. */
void audit_line_value(const struct audit_line *line, enum audit_key key, struct buf *out);

/* ---- the file -------------------------------------------------------------------------------- */

/* flock() with at most a second of waiting. 0, or the errno: EWOULDBLOCK when somebody holds it. */
int audit_lock(int fd, int operation);

/* One line of the file. fault: what is wrong with it or before it, with its number, or NULL. line
 * is NULL when it is no record; a good record may have a fault before it. */
struct audit_seen {
    uint64_t number;
    const char *bytes; /* without the newline */
    size_t len;
    const struct audit_line *line;
    const char *fault;
};
/* Goes on as long as visit returns true. Sees what was in the file when it began. No file is no
 * line. RC_IO when it cannot be read. */
enum rc audit_walk(const char *path, bool (*visit)(void *self, const struct audit_seen *seen),
                   void *self, struct err *err);

/* ---- the system's journal -------------------------------------------------------------------- */

/* Sends "audit SEQUENCE HASH PATH" to the socket; never waits, tells nobody. */
void audit_tell_journal(const char *log_socket, uint64_t sequence, const char *hash,
                        const char *path);

struct audit_heads {
    VEC(char *) hashes;
};
/* Asks journalctl for the heads of this file that its owner sent, the newest AUDIT_HEADS_MAX.
 * RC_FAILED with what to do. */
#define AUDIT_HEADS_MAX 100000
enum rc audit_heads_fetch(struct audit_heads *out, const char *path, struct err *err);
void audit_heads_free(struct audit_heads *heads);

#endif
