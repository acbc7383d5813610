/* The record of what was done: one JSON object a line, appended under a lock, each with the hash of
 * the one before and its own. */
#ifndef CALLHUD_APP_AUDIT_H
#define CALLHUD_APP_AUDIT_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"

#include <stdint.h>

#define AUDIT_HASH_BYTES 65 /* SHA-256 as 64 hexadecimal digits, and NUL */

/* What a record says. Strings are borrowed; NULL or "" where there is nothing to say (written as
 * null). */
struct audit_entry {
    const char *record; /* "begin" (before the request), "confirmed", "switch", "end", "failed" */
    const char *action; /* action_row.name; "list push" and its like later */
    uint64_t begin;     /* sequence of the "begin" it belongs to; 0 in a begin itself */
    const char *extension, *name; /* whom */
    const char *call, *party;     /* the backend's id of the leg; the other party's number */
    const char *mode;             /* confirmed mode: "listen" */
    const char *value;            /* "on", "off" for DND and record */
    const char *result;           /* "ok", or the cause of an end or a failure */
    const char *reason;           /* --reason */
};

struct audit_options {
    const char *path; /* $XDG_STATE_HOME/callhud/audit.jsonl; made 0600 in 0700 */
    const char *profile;
    const char *supervisor; /* extension of the own phone; "" */
    const char *log_socket; /* the head of the chain goes there; NULL: "/dev/log"; "": nowhere.
                               Never waits. */
};

struct audit;
enum rc audit_open(struct audit **out, const struct audit_options *options, struct err *err);
void audit_close(struct audit *audit); /* NULL is fine */

/* On disk (fsync) when it returns RC_OK. Several programs may write at once (a lock on the file,
 * waited for at most a second). The hash of a record is the SHA-256 of its line up to and without
 * `,"hash":`, in which the hash of the record before stands as "previous". A line that a crash cut
 * short is ended and left in place: verify names it. sequence (may be NULL) gets the record's own
 * number. RC_IO with a text that says what to do. */
enum rc audit_write(struct audit *audit, const struct audit_entry *entry, uint64_t *sequence,
                    struct err *err);

/* Looks at every byte. RC_OK, or RC_FAILED with the first fault ("line 17 was changed", "a record
 * is missing before line 18"), or RC_IO. since: a hash that must be in the chain (finds a cut tail
 * and a rewritten whole); NULL. heads: hashes that the system's journal holds, each must be in the
 * chain; may be NULL. */
struct audit_verdict {
    uint64_t records;
    char head[AUDIT_HASH_BYTES]; /* of the last good record; "" */
    uint64_t bad_line;           /* 0: none */
    uint64_t heads_checked;
};
enum rc audit_verify(const char *path, const char *since, const char *const *heads,
                     size_t heads_len, struct audit_verdict *verdict, struct err *err);

#endif
