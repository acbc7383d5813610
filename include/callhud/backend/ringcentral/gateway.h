/* The websocket of the gateway (section 2): a wstoken for each connection, ConnectionDetails, one
 * subscription with all filters, heartbeats, recovery of the session, back-off. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_GATEWAY_H
#define CALLHUD_BACKEND_RINGCENTRAL_GATEWAY_H

#include "callhud/backend/ringcentral/rest.h"
#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/model/event.h"

#define REX_PING_MS 10000
#define REX_PONG_LIMIT_MS 30000 /* neither pong nor message for so long: half-open, is closed */
#define REX_OPEN_LIMIT_MS 20000 /* wstoken apart: connect, handshake and ConnectionDetails */
#define REX_HEARTBEAT_MS 60000  /* after so long without a message of ours (10, 2) */
#define REX_REPLY_LIMIT_MS 15000
#define REX_CHECK_MS 60000 /* after so long without an event: is the subscription still there? */
/* The same on a floor that had as many events in the minute before: silence there is no rest. */
#define REX_CHECK_BUSY_MS 8000
#define REX_BUSY_EVENTS 60
#define REX_ABSOLUTE_SPARE_MS 60000 /* so long before the absolute timeout: a clean reconnect */
#define REX_FIRST_RETRY_MS 1000
#define REX_MOST_RETRY_MS 60000

struct rex_gateway_owner {
    /* Connected and subscribed: events come. is_recovered: the session goes on and what was missed
     * comes now, as events (a gap all the same when the loss lasted long, see is_whole). Otherwise,
     * or when not is_whole: take a snapshot. disabled: filters that the service has switched off
     * (2.4), with its reason. */
    void (*subscribed)(void *self, bool is_recovered, bool is_whole,
                       const struct rex_disabled *disabled, size_t disabled_len);
    void (*notified)(void *self, const struct rex_notice *notice); /* each uuid once */
    void (*undecodable)(void *self);                               /* a frame: a gap */
    /* The subscription has lapsed, or whether it has cannot be asked where no event has come for
     * suspiciously long: what is known is not certain. */
    void (*doubted)(void *self);
    void (*heard)(void *self);
    void (*closed)(void *self); /* no events from now on; before the state is told */
    /* A change of state for EVENT_LINK; LIVE is told by the owner. retry_ms monotonic or 0. */
    void (*told)(void *self, enum link_state state, const char *text, int64_t retry_ms);
    void *self;
};

struct rex_gateway;
struct rex_gateway_config {
    const struct io *io;
    const struct backend_config *config;
    struct rex_rest *rest;
    struct rex_signin *signin;
    struct rex_gateway_owner owner;
};
struct rex_gateway *rex_gateway_new(const struct rex_gateway_config *config);
void rex_gateway_free(struct rex_gateway *gateway); /* closes; no more callbacks */

/* The whole list of filters, copied. Connects with the first list; a later other one is PUT over
 * the same socket (2.5), and subscribed() comes again, is_recovered and is_whole true when events
 * were never cut off. */
void rex_gateway_filters(struct rex_gateway *gateway, const char *const *filters, size_t len);
void rex_gateway_try_now(struct rex_gateway *gateway);
void rex_gateway_drop(struct rex_gateway *gateway, const char *why); /* and soon open again */

#endif
