/* Which events the server sends us: all of channels, bridges and endpoints, and by name the DND
 * devices of the monitored users and the one that tells of changes of the own list.
 *
 * Not all of the device states: an application that asks for them (subscribeAll=true, or
 * "deviceState:") at the moment when one changes can freeze the whole of ARI (seen on 22.10.1: the
 * opener holds the lock of its application and wants that of the device states, the change the
 * other way round). Asked for by name, it never froze.
 *
 * The first three end with the connection. A named device does not: the server keeps it under the
 * application's name, warns in its log at each change, and takes it back only while a connection
 * has that name (seen on 22.10.1). So the name is in the ledger before the first one
 * ("applications/ APP"), a lost connection comes back under the same name, and leaving takes them
 * back.
 *
 * Everything at once (subscribeAll) is asked for where that cannot be: without a ledger, with
 * --read-only, and when the server refuses a subscription (a user of ARI who may only read: 403).
 */
#ifndef CALLHUD_BACKEND_ASTERISK_SUBSCRIBE_H
#define CALLHUD_BACKEND_ASTERISK_SUBSCRIBE_H

#include "callhud/backend/asterisk/people.h"
#include "callhud/backend/asterisk/rest.h"
#include "callhud/backend/backend.h"

#define SUBS_URI_MAX_BYTES 3500 /* a request line may have 4,096 bytes (contract 2) */
#define SUBS_FAILURES_MAX 3     /* answers of 5xx until they count as refusal */

struct subs;

struct subs_config {
    const struct io *io;
    struct rest *rest;
    const struct ari_people *people;
    const struct backend_config *config;
    const char *device; /* one more to hear of; borrowed; NULL: none. Where devices cannot be named
                           it is left out: it alone is no reason to ask for everything */
    /* The server did not take a subscription. This connection is of no use: the next one asks
     * subs_wants_all() anew. */
    void (*refused)(void *self, const struct rest_answer *answer);
    /* A name that is not ours any more, with what is subscribed under it: to be cleaned. */
    void (*abandoned)(void *self, const char *thing);
    void *self;
};

struct subs *subs_new(const struct subs_config *config);
void subs_free(struct subs *subs); /* NULL is fine; no more callbacks */

bool subs_wants_all(void *subs); /* fits as wants_all() of link_owner */
/* A connection is open and requests may be sent. False: there is nothing to ask for. True: done()
 * or refused() follows. */
bool subs_open(struct subs *subs, const char *app, void (*done)(void *self), void *self);
/* Subscribes to the devices that are not yet: before their states are asked for. Answers as
 * subs_open(). */
bool subs_devices(struct subs *subs, void (*done)(void *self), void *self);
void subs_forget_devices(struct subs *subs); /* nobody waits for them any more */
void subs_lost(struct subs *subs);
/* Takes the devices back: as backend_ops.leave. */
bool subs_leave(struct subs *subs, void (*done)(void *self), void *self);

/* Sends "METHOD applications/APP/subscription" for these devices, in as few requests as fit;
 * returns how many. done() is called for each. A name with a comma is left out: it would be two. */
size_t subs_send(struct rest *rest, const char *method, const char *app, const char *const *names,
                 size_t len, rest_done *done, void *self);

/* Takes back the devices that are subscribed under an application's name, ours or a killed run's. A
 * name that nobody has just now is taken for that long. */
struct unsub;
struct unsub_config {
    const struct io *io;
    struct rest *rest;
    const struct backend_config *config;
    const char *app; /* copied */
    /* Once, from the loop; it is over and is freed after this returns. */
    void (*done)(void *self, bool is_gone);
    void *self;
};
struct unsub *unsub_start(const struct unsub_config *config);
void unsub_cancel(struct unsub *unsub); /* no done(); NULL is fine */

#endif
