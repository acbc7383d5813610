/* The record of what was done: one JSON object a line, appended under a lock, each with the hash of
 * the one before and its own.
 *
 * A line is, for ever (a change of it counts "v" up), these keys in this order without a blank:
 *   {"v":1,"sequence":N,"time":"2026-11-22T05:01:02.345Z","record":T,"action":T,"begin":N,
 *    "profile":T,"who":T,"uid":N,"host":T,"pid":N,"supervisor":T,"extension":T,"name":T,"call":T,
 *    "party":T,"mode":T,"value":T,"result":T,"reason":T,"previous":"HASH","hash":"HASH"}
 * T is a string or null, N a number; begin may be null. sequence counts from 1; previous is the
 * hash of the record before, 64 zeros in the first. who, uid, host and pid are this program's: its
 * user's name and number, its machine and process. Texts are UTF-8; quotation mark and backslash
 * are written \" and \\, what is invisible or moves a cursor as \u and four digits; a text that is
 * too long ends with an ellipsis. So a line has at most AUDIT_LINE_MAX_BYTES. */
#ifndef CALLHUD_APP_AUDIT_H
#define CALLHUD_APP_AUDIT_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"

#include <stdint.h>

#define AUDIT_HASH_BYTES 65       /* SHA-256 as 64 hexadecimal digits, and NUL */
#define AUDIT_LINE_MAX_BYTES 8192 /* with its newline */

/* What a record says. Strings are borrowed; NULL or "" where there is nothing to say (written as
 * null). */
struct audit_entry {
    const char *record; /* "begin" (before the request), "confirmed", "switch", "end", "failed" */
    const char *action; /* action_row.name; "list push" and its like later */
    uint64_t begin;     /* sequence of the "begin" it belongs to; 0 in a begin itself */
    const char *extension, *name; /* whom */
    const char *call, *party;     /* the backend's id of the leg; the other party's number */
    const char *mode;             /* confirmed mode: "listen" */
    const char *value;            /* "on", "off" for DND and record; what was set or sent */
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
/* Copies the options; touches no file: what is wrong with it, audit_write() says each time, until
 * it is mended. Makes the file and the last folder of its path when the first record comes. */
enum rc audit_open(struct audit **out, const struct audit_options *options, struct err *err);
void audit_close(struct audit *audit); /* NULL is fine */

/* On disk (fsync) when it returns RC_OK. Several programs may write at once (a lock on the file,
 * waited for at most a second). The hash of a record is the SHA-256 of its line up to and without
 * `,"hash":`, in which the hash of the record before stands as "previous". A record that could not
 * be written whole (the disk is full), or that a program killed meanwhile left unfinished, is taken
 * back, so that the chain stays whole. Any other line that was cut short is ended and left in
 * place: verify names it, and the chain goes on from the last good record. sequence (may be NULL)
 * gets the record's own number. RC_IO with a text that says what to do; also when others can read
 * or write the file or its folder. */
enum rc audit_write(struct audit *audit, const struct audit_entry *entry, uint64_t *sequence,
                    struct err *err);

/* Looks at every byte. RC_OK, or RC_FAILED with the first fault ("line 17 was changed", "a record
 * is missing before line 18"), or RC_IO. since: a hash that must be in the chain (finds a cut tail
 * and a rewritten whole); NULL. heads: hashes that the system's journal holds, each must be in the
 * chain; may be NULL. RC_USAGE for what is no hash. No file is 0 records. Holds the lock for a
 * moment only; what is written meanwhile is not looked at. */
struct audit_verdict {
    uint64_t records;            /* good ones */
    char head[AUDIT_HASH_BYTES]; /* of the last good record; "" */
    uint64_t bad_line;           /* 0: none */
    uint64_t heads_checked;
};
enum rc audit_verify(const char *path, const char *since, const char *const *heads,
                     size_t heads_len, struct audit_verdict *verdict, struct err *err);

#endif
