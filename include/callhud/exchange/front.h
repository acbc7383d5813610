/* The front door: every request, over HTTP or over the gateway, comes in here and finds its limits,
 * faults, sign-in and route. Knows no sockets. */
#ifndef CALLHUD_EXCHANGE_FRONT_H
#define CALLHUD_EXCHANGE_FRONT_H

#include "callhud/exchange/auth.h"
#include "callhud/exchange/faults.h"
#include "callhud/exchange/gateway.h"
#include "callhud/exchange/http.h"
#include "callhud/exchange/limits.h"
#include "callhud/exchange/world.h"

struct front {
    struct ex *x;
    struct auth *auth;
    struct limits *limits;
    struct faults faults;
    struct gateway *gateway;
    char base_url[128], ws_url[128];
    char client_id[AUTH_TEXT_BYTES];
};

/* wake and real_ms as in struct gateway_ops. The world tells its events to the gateway from now
 * on. */
void front_init(struct front *f, struct ex *x, const struct auth_credentials *credentials,
                void (*wake)(void *self, void *socket), int64_t (*real_ms)(void *self), void *self);
void front_fini(struct front *f);
void front_set_address(struct front *f, const char *host, int port);

/* One HTTP request; always fills the reply. */
void front_http(struct front *f, const struct http_request *request, struct http_reply *reply);
/* Is it for /exchange/...? Such requests are never stalled, slowed down or refused. */
bool front_is_control(const char *path);

#endif
