/* HTTP requests over curl on the loop: the half of backend/io.h that net.c hands out. */
#ifndef CALLHUD_NET_HTTP_H
#define CALLHUD_NET_HTTP_H

#include "callhud/backend/io.h"
#include "callhud/net/loop.h"
#include "callhud/net/resolve.h"

struct http_pool;

struct http_pool *http_pool_new(struct loop *loop, struct resolve *resolve);
/* Cancels what runs. */
void http_pool_free(struct http_pool *pool);
/* As io.http and io.http_cancel. */
struct io_http *http_start(struct http_pool *pool, const struct io_http_request *request,
                           void (*done)(void *self, const struct io_http_answer *answer),
                           void *self);
void http_cancel(struct io_http *http);

#endif
