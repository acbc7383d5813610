/* The backend's world: the only seam between a backend and the network. `net` implements it over
 * libwebsockets, curl and libuv; tests hand over a fake network and a fake clock.
 *
 * No function calls back before it has returned. After ws_close(), http_cancel() and timer_stop()
 * the handler is never called again. Everything runs on one thread. */
#ifndef CALLHUD_BACKEND_IO_H
#define CALLHUD_BACKEND_IO_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io_ws;
struct io_http;
struct io_timer;

/* TLS and sign-in shared by websocket and HTTP requests. Strings are borrowed for the call only. */
struct io_access {
    const char *user;       /* HTTP Basic; NULL: none */
    const char *password;   /* never logged */
    const char *bearer;     /* Authorization: Bearer; NULL: none */
    const char *ca_file;    /* NULL: the system's */
    const char *tls_name;   /* name to verify and send as SNI; NULL: the URL's host */
    const char *pin_sha256; /* "sha256//BASE64" of the public key; NULL: none */
};

struct io_ws_request {
    const char *url;      /* ws://HOST[:PORT]/PATH?QUERY or wss:// */
    const char *protocol; /* sub-protocol; NULL: none */
    struct io_access access;
    size_t frame_max_bytes;  /* a longer message closes the socket (RC_TOO_BIG); 0: 1 MiB */
    int64_t open_timeout_ms; /* name lookup, connect, TLS and handshake together */
};

struct io_ws_handler {
    void (*opened)(void *self);
    /* One whole text message, fragments joined; bytes are borrowed, not NUL-terminated. */
    void (*message)(void *self, const char *bytes, size_t len);
    void (*pong)(void *self); /* answer to ws_ping() */
    /* Closed or failed, once; the socket is gone when this returns. rc says what kind (RC_AUTH for
     * 401, RC_REDIRECT for 3xx, RC_REFUSED for other HTTP answers, RC_TLS, RC_UNREACHABLE,
     * RC_TIMEOUT, RC_TOO_BIG, RC_CANCELLED never); http_status is the answer to the upgrade, 0 when
     * there was none, -1 when it was open before; text is a whole sentence for people. */
    void (*closed)(void *self, enum rc rc, int http_status, const char *text);
};

struct io_http_request {
    const char *method; /* "GET" ... */
    const char *url;    /* http:// or https:// */
    struct io_access access;
    const char *accept;       /* Accept; NULL: whatever comes */
    const char *content_type; /* of the body; NULL: no body */
    const char *body;
    size_t body_len;
    size_t answer_max_bytes; /* more is RC_TOO_BIG; 0: 8 MiB */
    int64_t timeout_ms;      /* whole request; 0: 10 s */
};

struct io_header {
    const char *name; /* as sent: case differs from server to server */
    const char *value;
};

struct io_http_answer {
    enum rc rc;               /* RC_OK: an HTTP answer came, of any status; else why none did */
    int status;               /* 200, 404, ... */
    const char *content_type; /* "" when none */
    const char *location;     /* of a 3xx, for the error; redirects are never followed; "" */
    int64_t retry_after_ms;   /* of Retry-After, at most a day; 0 when none */
    const struct io_header *headers; /* of the answer; at most IO_HEADERS_MAX are kept */
    size_t headers_len;
    const char *body; /* borrowed; NUL-terminated as well */
    size_t body_len;
    const char *text; /* for people, when rc is not RC_OK */
    bool is_unsent;   /* rc is not RC_OK: there was no connection, so the server was asked nothing */
};

#define IO_HEADERS_MAX 64
/* The value of a header, whatever the case of its name; NULL when there is none. */
const char *io_header(const struct io_http_answer *answer, const char *name);

struct io {
    void *net;                     /* first argument of all */
    int64_t (*now_ms)(void *net);  /* monotonic */
    int64_t (*wall_ms)(void *net); /* UTC epoch */
    uint32_t (*random)(void *net); /* for jitter and names */

    struct io_ws *(*ws_open)(void *net, const struct io_ws_request *request,
                             const struct io_ws_handler *handler, void *self);
    bool (*ws_send)(struct io_ws *ws, const char *text, size_t len); /* false: not open or full */
    void (*ws_ping)(struct io_ws *ws);  /* goes out after what was sent before */
    void (*ws_close)(struct io_ws *ws); /* frees; NULL is fine */

    struct io_http *(*http)(void *net, const struct io_http_request *request,
                            void (*done)(void *self, const struct io_http_answer *answer),
                            void *self);
    void (*http_cancel)(struct io_http *http); /* NULL is fine; not after done() was called */

    struct io_timer *(*timer)(void *net, int64_t after_ms, void (*fire)(void *self), void *self);
    void (*timer_stop)(struct io_timer *timer); /* NULL is fine; not after fire() was called */
};

#endif
