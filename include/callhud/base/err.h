/* Result codes and the one line of text that goes with a failure. */
#ifndef CALLHUD_BASE_ERR_H
#define CALLHUD_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* X(name, exit code of a command that ends with it, short text) */
#define RC_LIST(X)                             \
    X(RC_OK, 0, "done")                        \
    X(RC_FAILED, 1, "failed")                  \
    X(RC_REFUSED, 1, "refused by the backend") \
    X(RC_PROTO, 1, "unexpected answer")        \
    X(RC_IO, 1, "input or output failed")      \
    X(RC_NO_MEMORY, 1, "out of memory")        \
    X(RC_TOO_BIG, 1, "too big")                \
    X(RC_USAGE, 2, "wrong usage")              \
    X(RC_CONFIG, 2, "wrong configuration")     \
    X(RC_UNREACHABLE, 3, "not reachable")      \
    X(RC_TIMEOUT, 3, "no answer in time")      \
    X(RC_TLS, 3, "TLS failed")                 \
    X(RC_AUTH, 3, "sign-in failed")            \
    X(RC_REDIRECT, 3, "redirected")            \
    X(RC_DENIED, 4, "not allowed")             \
    X(RC_NOT_FOUND, 4, "no such thing")        \
    X(RC_CHANGED, 1, "changed meanwhile")      \
    X(RC_CANCELLED, 1, "cancelled")            \
    X(RC_ALREADY, 0, "so already")

enum rc {
#define RC_ENUM(name, exit_code, text) name,
    RC_LIST(RC_ENUM)
#undef RC_ENUM
};

#define ERR_TEXT_BYTES 512

/* What failed, why, what to do: one line without a newline. Lives with the caller. */
struct err {
    enum rc rc;
    char text[ERR_TEXT_BYTES];
};

/* Sets both fields and returns rc, so a failing function is one line. err may be NULL. The text is
 * clipped at a character boundary, and a character that a "%.60s" has cut is left out; control
 * characters become spaces. */
enum rc err_set(struct err *err, enum rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the text already there; returns err->rc (RC_FAILED when err is NULL). */
enum rc err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *err);

const char *rc_text(enum rc rc);
int rc_exit_code(enum rc rc); /* product contract: 0 1 2 3 4 */

#endif
