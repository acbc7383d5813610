/* Requests to ARI, over the event socket where the server can (REST over WebSocket), else over
 * HTTP. The same call for both; a bounded number is under way, the rest waits in order. */
#ifndef CALLHUD_BACKEND_ASTERISK_REST_H
#define CALLHUD_BACKEND_ASTERISK_REST_H

#include "callhud/backend/asterisk/ari_wire.h"
#include "callhud/backend/io.h"

#define REST_WS_PARALLEL 64
#define REST_HTTP_PARALLEL 8
#define REST_TIMEOUT_MS 10000

struct rest_answer {
    enum rc rc;       /* RC_OK: an answer of any status came; else text says why none did */
    int status;       /* 200, 404, ... */
    int64_t at_ms;    /* the server's clock; 0 when not told */
    const char *body; /* NUL-terminated; borrowed */
    size_t body_len;
    char text[ERR_TEXT_BYTES]; /* for people, when this is not a 2xx */
};
typedef void rest_done(void *self, const struct rest_answer *answer);

struct rest;
struct rest_config {
    const struct io *io;
    const char *server;      /* http(s)://HOST:PORT/ari; copied */
    struct io_access access; /* its strings are borrowed until rest_free() */
};

struct rest *rest_new(const struct rest_config *config);
/* Ends all requests: their done() is not called. NULL is fine. */
void rest_free(struct rest *rest);

/* The socket for requests, NULL when there is none (any more): what was under way over it fails
 * with RC_UNREACHABLE before this returns. */
void rest_use_ws(struct rest *rest, struct io_ws *ws);
/* Which way later requests go. The socket is used only when there is one. */
void rest_prefer_ws(struct rest *rest, bool is_preferred);
bool rest_is_over_ws(const struct rest *rest);

enum rest_way { REST_WAY_BEST, REST_WAY_WS, REST_WAY_HTTP };
struct rest_request {
    const char *method;
    const char *uri;  /* "channels/ID/variable?variable=X": no leading slash, escaped */
    const char *body; /* JSON; NULL: none */
    enum rest_way way;
    int64_t timeout_ms; /* 0: REST_TIMEOUT_MS */
};
/* done() is called once, never before this returns, unless rest_cancel() or rest_free() comes
 * first. */
void rest_ask(struct rest *rest, const struct rest_request *request, rest_done *done, void *self);
/* Forgets every request of this self. */
void rest_cancel(struct rest *rest, const void *self);

/* A RESTResponse from the socket; unknown ids are ignored. */
void rest_response(struct rest *rest, const struct ari_event *event);

#endif
