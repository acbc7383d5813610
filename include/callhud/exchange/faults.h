/* Misbehaviour on demand: POST /exchange/faults. What is armed here is used up by the gateway, the
 * front door and the server. Time is the machine's, in monotonic milliseconds. */
#ifndef CALLHUD_EXCHANGE_FAULTS_H
#define CALLHUD_EXCHANGE_FAULTS_H

#include "callhud/exchange/http.h"

#include <stdint.h>

/* X(enum, word, count when none is given, ms when none is given).
 * drop-socket, expire-token, lapse-subscription happen at once: websockets are torn down without a
 * close frame (count of them, the oldest first; 0: all); access tokens lapse; subscriptions end
 * silently. refuse: the next count connections are closed unanswered, or all for ms. stall: nothing
 * is read or written for ms, /exchange/ apart. slow: the next count answers wait for ms each.
 * http-429, http-500: the next count requests are answered so. malformed-frame: the next count
 * notifications are cut in half. skip, duplicate: the next count events. reorder: the next count
 * events are told backwards, at the latest after ms. */
#define FAULT_LIST(X)                                       \
    X(FAULT_DROP_SOCKET, "drop-socket", 0, 0)               \
    X(FAULT_REFUSE, "refuse", 1, 0)                         \
    X(FAULT_STALL, "stall", 0, 1000)                        \
    X(FAULT_SLOW, "slow", 1, 1000)                          \
    X(FAULT_HTTP_429, "http-429", 1, 0)                     \
    X(FAULT_HTTP_500, "http-500", 1, 0)                     \
    X(FAULT_EXPIRE_TOKEN, "expire-token", 0, 0)             \
    X(FAULT_LAPSE_SUBSCRIPTION, "lapse-subscription", 0, 0) \
    X(FAULT_MALFORMED_FRAME, "malformed-frame", 1, 0)       \
    X(FAULT_SKIP_EVENTS, "skip-events", 1, 0)               \
    X(FAULT_DUPLICATE_EVENTS, "duplicate-events", 1, 0)     \
    X(FAULT_REORDER_EVENTS, "reorder-events", 2, 500)
enum fault_kind {
#define FAULT_ENUM(name, word, count, ms) name,
    FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_COUNT
};

struct faults {
    struct fault {
        unsigned count; /* left */
        int64_t ms;     /* of the order */
        int64_t until_ms;
        unsigned done; /* since the beginning */
    } armed[FAULT_COUNT];
};

/* Reads {"kind","count","ms"} and arms it; FAULT_COUNT with the reply filled when it is wrong. The
 * reply to a good one is what was ordered. */
enum fault_kind faults_order(struct faults *f, json_t *body, int64_t now_ms,
                             struct http_reply *reply);
bool faults_take(struct faults *f, enum fault_kind kind); /* one of the count */
bool faults_is_on(const struct faults *f, enum fault_kind kind, int64_t now_ms); /* by time */
int64_t faults_ms(const struct faults *f, enum fault_kind kind);
/* What is left and was done, by kind. New reference. */
json_t *faults_json(const struct faults *f, int64_t now_ms);

#endif
