/* The event socket: opening it, keeping it, and opening it again. */
#ifndef CALLHUD_BACKEND_ASTERISK_LINK_H
#define CALLHUD_BACKEND_ASTERISK_LINK_H

#include "callhud/backend/backoff.h"
#include "callhud/backend/io.h"
#include "callhud/base/buf.h"
#include "callhud/model/event.h"

#define LINK_PING_MS 10000
#define LINK_PONG_LIMIT_MS 30000 /* no pong for so long: the link is half-open, and is closed */
#define LINK_OPEN_LIMIT_MS 15000
#define LINK_FIRST_RETRY_MS 250
#define LINK_MOST_RETRY_MS 15000
#define LINK_REFUSED_RETRY_MS 60000 /* a refused sign-in is not hammered */
#define LINK_APP_BYTES 128

struct link_owner {
    /* Asked before each opening: shall the socket hear of everything from the start (subscribeAll),
     * or of nothing until it is subscribed? */
    bool (*wants_all)(void *self);
    void (*opened)(void *self, struct io_ws *ws);
    void (*message)(void *self, const char *bytes, size_t len);
    void (*heard)(void *self);
    /* Heard after a silence in which the model gave the link up; LINK_LIVE was told again. */
    void (*revived)(void *self);
    /* The socket is gone; nothing may be sent any more. Called before the state is told. */
    void (*closed)(void *self);
    /* A change of state for EVENT_LINK; text is borrowed, retry_ms monotonic or 0. */
    void (*told)(void *self, enum link_state state, const char *text, int64_t retry_ms);
    void *self;
};

struct ari_link;

/* RC_CONFIG: it cannot be the address of an ARI. */
enum rc link_check_server(const char *server, struct err *err);
/* The address of the event socket; server as for link_new(). */
void link_url(struct buf *url, const char *server, const char *app, bool wants_all);

/* server: http(s)://HOST[:PORT]/ari. Starts to connect at once (told() is called before it
 * returns). */
struct ari_link *link_new(const struct io *io, const char *server, const struct io_access *access,
                          const struct link_owner *owner);
void link_free(struct ari_link *link); /* NULL is fine; no more callbacks */

bool link_is_open(const struct ari_link *link);
/* The application's name: the same for each connection, until link_renew(). What is subscribed under
 * it at the server outlives a connection, and so is found again instead of left behind. */
const char *link_app(const struct ari_link *link);
const char *link_host(const struct ari_link *link); /* "HOST:PORT", for people */
/* A ping now; its pong, told as heard(), says that the server has read what was sent before it. For
 * right after opened(). */
void link_ask_pong(struct ari_link *link);
/* Tries now, whatever was waited for; nothing while it is open or being opened. */
void link_try_now(struct ari_link *link);
/* These close in a turn of their own. Renew: and soon open anew, under a new application name; drop:
 * under the same; again: at once, nothing is wrong. */
void link_renew(struct ari_link *link, const char *why);
void link_drop(struct ari_link *link, const char *why);
void link_again(struct ari_link *link);
/* HTTP said what the socket would say: refused (sign-in, redirect). Closes; tries again slowly. */
void link_refuse(struct ari_link *link, const char *what_to_do);

#endif
