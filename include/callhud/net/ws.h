/* Websockets over libwebsockets on the loop: the half of backend/io.h that net.c hands out. */
#ifndef CALLHUD_NET_WS_H
#define CALLHUD_NET_WS_H

#include "callhud/backend/io.h"
#include "callhud/net/loop.h"
#include "callhud/net/resolve.h"

struct ws_pool;

struct ws_pool *ws_pool_new(struct loop *loop, struct resolve *resolve);
/* Closes what is open; libwebsockets itself ends in loop_free(). */
void ws_pool_free(struct ws_pool *pool);
/* As the functions of struct io. */
struct io_ws *ws_open(struct ws_pool *pool, const struct io_ws_request *request,
                      const struct io_ws_handler *handler, void *self);
bool ws_send(struct io_ws *ws, const char *text, size_t len);
void ws_ping(struct io_ws *ws);
void ws_close(struct io_ws *ws);

bool ws_has_uv_plugin(void);

#endif
