/* What the files of the gateway share. */
#ifndef CALLHUD_EXCHANGE_GATEWAY_PRIV_H
#define CALLHUD_EXCHANGE_GATEWAY_PRIV_H

#include "callhud/exchange/gateway.h"

struct gw_frame {
    char *text;
    size_t len;
    int64_t due_real_ms; /* not before; the ones behind it wait too */
    bool is_reply;
};

struct gw_conn {
    void *socket;
    struct gw_session *session; /* NULL: only an Error is told */
    int64_t opened_ms, heard_ms;
    VEC(struct gw_frame) queue;
    size_t queue_bytes;
    int64_t asleep_until_real_ms; /* nothing was due when it was asked; 0: not asleep */
    unsigned active;              /* requests whose replies wait in the queue */
    bool is_closing;              /* after the queue */
    bool is_dropped;              /* at once */
};

/* What a wsc token names: outlives its connection by GATEWAY_RECOVERY_S. */
struct gw_session {
    char token[32];
    char auth_id[40];
    uint64_t user_id;
    uint64_t sequence; /* of the newest frame that has one */
    struct subscription *subscription;
    struct gw_conn *conn; /* NULL: lost */
    int64_t lost_ms;
    VEC(struct gw_kept {
        uint64_t sequence;
        char *text;
        size_t len;
    })
    kept; /* oldest first */
};

/* An event that waits to be told later than the ones after it. */
struct gw_held {
    struct ex_event event;
    json_t *body;
};

struct gateway {
    struct ex *x;
    struct auth *auth;
    struct faults *faults;
    struct gateway_ops ops;
    char base_url[128];
    VEC(struct gw_conn *) conns;
    VEC(struct gw_session *) sessions;
    VEC(struct gw_held) held;
    int64_t held_until_real_ms;
};

/* Puts a frame behind the others; takes text over. */
void gateway_push(struct gateway *g, struct gw_conn *conn, char *text, size_t len, bool is_reply,
                  int64_t due_real_ms);
/* "[meta,body]"; either body is given, or text that is no JSON, or neither. Steals meta. */
char *gateway_frame(json_t *meta, const json_t *body, const char *raw, size_t *len);
/* {"type","messageId","status","headers":{"RCRequestId"}}; message_id NULL draws one. */
json_t *gateway_meta(const char *type, const char *message_id, int status);
void gateway_release(struct gateway *g); /* held events whose time has come */
void gateway_end_subscription(struct gw_session *s);
void gateway_session_free(struct gw_session *s);

#endif
