/* What the files of the server share. */
#ifndef CALLHUD_EXCHANGE_SERVER_PRIV_H
#define CALLHUD_EXCHANGE_SERVER_PRIV_H

#include "callhud/exchange/front.h"
#include "callhud/exchange/server.h"

#include <uv.h>

struct lws;
struct lws_context;
struct lws_vhost;

/* An HTTP request that is under way, or a websocket. */
struct server_client {
    struct server *server;
    struct lws *wsi;
    bool is_web_socket;
    /* the request */
    const char *method;
    char *path, *authorization, *accept, *content_type, *if_none_match;
    json_t *query;
    struct buf body;
    bool is_waiting; /* read, but not carried out before the stall is over */
    /* the answer */
    struct http_reply reply;
    char *text; /* the body to be sent */
    size_t text_len;
    bool is_answered, has_sent_headers, is_last; /* is_last: the connection is closed after it */
    bool is_asleep; /* answered, but not to be sent before due_real_ms */
    bool is_held;   /* nothing is read before it can be sent */
    int64_t due_real_ms;
    /* the websocket */
    struct gw_conn *conn;
    struct buf message; /* fragments so far */
};

struct server {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_signal_t signals[2];
    uv_poll_t hand;
    int hand_fd; /* 0: none */
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct ex *x;
    struct front front;
    double speed;
    int64_t began_real_ms; /* when the exchange's clock would have shown 0 */
    bool is_stalled;
    int signum; /* that ended it; 0 */
    VEC(struct server_client *) clients;
};

int64_t server_real_ms(void *server);
/* Brings the exchange's clock up to now, or as far as it gets in a moment. */
void server_advance(struct server *s);

/* server_lws.c: the sockets. */
enum rc server_listen(struct server *s, const char *host, int port, int *bound, struct err *err);
void server_wake(void *server, void *wsi);
/* Reading and answering stops, or goes on. */
void server_stall(struct server *s, bool is_on);
/* What was delayed and is due now is written. */
void server_due(struct server *s);
int64_t server_next_due_ms(const struct server *s); /* real; INT64_MAX */

/* Reads the credentials of a port file left by an earlier run, so that a client that was set up
 * once goes on after a restart. False: there is none that is ours alone and whole. */
bool portfile_read(const char *path, struct auth_credentials *out);
/* Removes that of an earlier run: whoever waits for the new one must not see it. RC_USAGE:
 * something else is there, and stays. */
enum rc portfile_clear(const char *path, struct err *err);
/* Writes it 0600 under another name and renames it. */
enum rc portfile_write(const char *path, const struct ex *x, int port,
                       const struct auth_credentials *credentials, struct err *err);

#endif
