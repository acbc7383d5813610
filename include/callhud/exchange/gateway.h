/* The websocket gateway (contracts: ringcentral 2): sessions with their subscription, frames in
 * both directions, recovery. Knows no sockets: whoever has them opens, feeds and empties
 * connections.
 *
 * Two clocks: the exchange's for timeouts and recovery, and the machine's (real_ms) for what is
 * delayed on the wire. */
#ifndef CALLHUD_EXCHANGE_GATEWAY_H
#define CALLHUD_EXCHANGE_GATEWAY_H

#include "callhud/exchange/auth.h"
#include "callhud/exchange/faults.h"
#include "callhud/exchange/http.h"
#include "callhud/exchange/subscription.h"
#include "callhud/exchange/world.h"

#define GATEWAY_BUFFER 100 /* notifications that can be recovered */
#define GATEWAY_RECOVERY_S 180
#define GATEWAY_IDLE_S 1800
#define GATEWAY_ABSOLUTE_S 86400
#define GATEWAY_ACTIVE_MAX 10
#define GATEWAY_CONNECTIONS_MAX 50 /* of one OAuth session */
#define GATEWAY_SUBSCRIPTIONS_MAX 30
#define GATEWAY_QUEUE_MAX_BYTES (64u * 1024 * 1024)

struct gateway;
struct gw_conn;

struct gateway_ops {
    void *front; /* of rest */
    void *self;  /* of the others */
    /* Carries out a request that came over a connection. */
    void (*rest)(void *front, struct gw_conn *conn, struct auth_session *session,
                 const struct http_request *request, struct http_reply *reply);
    /* There is something to take from the connection, now or at gateway_next_real_ms(). */
    void (*wake)(void *self, void *socket);
    int64_t (*real_ms)(void *self);
};
struct gateway *gateway_new(struct ex *x, struct auth *auth, struct faults *faults,
                            const struct gateway_ops *ops);
void gateway_free(struct gateway *g);
void gateway_set_base_url(struct gateway *g, const char *base_url); /* for uri fields */

/* May a websocket be opened with this token? False: answer the upgrade with the reply. */
bool gateway_admits(struct gateway *g, const char *access_token, struct http_reply *reply);
/* A websocket came up. wsc: the value of "&wsc="; NULL. Errors are told inside of it. */
struct gw_conn *gateway_open(struct gateway *g, void *socket, const char *access_token,
                             const char *wsc);
/* The socket is gone. */
void gateway_closed(struct gateway *g, struct gw_conn *conn);
/* One whole text message. */
void gateway_receive(struct gateway *g, struct gw_conn *conn, const char *text, size_t len);

enum gateway_take { GATEWAY_NOTHING, GATEWAY_FRAME, GATEWAY_CLOSE, GATEWAY_DROP };
/* The next frame to send (mem_free it), or that the connection is to be closed: orderly, or torn
 * down. */
enum gateway_take gateway_take(struct gateway *g, struct gw_conn *conn, char **text, size_t *len);

void gateway_advance(struct gateway *g);          /* after either clock moved */
int64_t gateway_next_ms(const struct gateway *g); /* the exchange's clock; INT64_MAX */
int64_t gateway_next_real_ms(const struct gateway *g);

void gateway_event(struct gateway *g, const struct ex_event *event);
/* The sign-in is over: its subscriptions end, its connections get nothing more. */
void gateway_session_ended(struct gateway *g, const char *auth_session_id);
/* /restapi/v1.0/subscription and below; conn is NULL over plain HTTP. */
void gateway_subscription(struct gateway *g, struct gw_conn *conn, struct auth_session *session,
                          const struct http_request *request, json_t *body,
                          struct http_reply *reply);
void gateway_drop(struct gateway *g, unsigned count); /* fault: the oldest; 0 is all */
void gateway_lapse(struct gateway *g);                /* fault: all subscriptions end silently */
int64_t gateway_real_ms(const struct gateway *g);
size_t gateway_conns_len(const struct gateway *g);

#endif
