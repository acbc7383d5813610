/* libwebsockets as a guest on the loop: its start and end, and whom its connections trust. */
#ifndef CALLHUD_NET_WS_LIBRARY_H
#define CALLHUD_NET_WS_LIBRARY_H

#include "callhud/base/err.h"
#include "callhud/net/loop.h"

#include <libwebsockets.h>

#define WS_LIBRARY_PROTOCOL "callhud"

struct ssl_st;
struct ws_library;

/* No pings of the library's own: the backend sends them, and knows what a missing answer means. */
extern const lws_retry_bo_t ws_library_no_pings;

/* callback is called for all connections; note during TLS handshakes, with tls_owner() = owner.
 * libwebsockets itself is started by the first ws_library_trust(). */
struct ws_library *ws_library_new(struct loop *loop, lws_callback_function *callback,
                                  void (*note)(const struct ssl_st *ssl, int where, int ret),
                                  void *owner);
/* Closes all connections. libwebsockets ends in two steps, the second in loop_free(). */
void ws_library_free(struct ws_library *library);
struct lws_context *ws_library_context(struct ws_library *library);

/* The vhost for connections that trust ca_file (NULL: the system's certificates), or for plain
 * text. A ca_file that changed is read anew. RC_CONFIG when it cannot be read. */
enum rc ws_library_trust(struct ws_library *library, bool is_tls, const char *ca_file,
                         struct lws_vhost **out, struct err *err);

/* To be called after the library was told something from outside of its own callbacks: it arms its
 * timers only when one of its descriptors woke it. */
void ws_library_wake(struct ws_library *library);

/* To be called for LWS_CALLBACK_WSI_DESTROY: when connect() itself fails, libwebsockets 4.1.6
 * closes the socket but leaks libuv's handle for it, which still points to the connection being
 * freed. */
void ws_library_close_orphans(struct lws *wsi);

#endif
