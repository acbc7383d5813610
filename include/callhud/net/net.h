/* Websockets and HTTP on the loop: the implementation of backend/io.h (the only header of backend/
 * that net may include). */
#ifndef CALLHUD_NET_NET_H
#define CALLHUD_NET_NET_H

#include "callhud/backend/io.h"
#include "callhud/net/loop.h"

struct net;

/* libwebsockets and curl are started at the first use, not here: the first frame comes before. */
enum rc net_new(struct net **out, struct loop *loop, struct err *err);
/* Closes what is open. If a name lookup still runs in libuv's pool, returns true: then the process
 * must end by _exit() after its own cleaning up, since libuv's pool would hold exit() until the
 * resolver gives up (measured). */
bool net_free(struct net *net);
void net_io(struct net *net, struct io *out);

/* Is libwebsockets' libuv plug-in there (a run-time dependency that no tool detects)? For doctor
 * and the error text: package libwebsockets-evlib-uv. */
bool net_has_uv_plugin(void);

#endif
