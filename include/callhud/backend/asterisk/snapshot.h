/* The state of the server as a whole: endpoints, channels, bridges, then (once their devices are
 * subscribed) the DND of each user and what variables tell of their channels. Events that come meanwhile are kept and applied again. */
#ifndef CALLHUD_BACKEND_ASTERISK_SNAPSHOT_H
#define CALLHUD_BACKEND_ASTERISK_SNAPSHOT_H

#include "callhud/backend/asterisk/rest.h"
#include "callhud/backend/asterisk/subscribe.h"
#include "callhud/backend/asterisk/world.h"

#define SNAPSHOT_KEEP_MAX_BYTES (64u * 1024 * 1024)

struct snapshot;

struct snapshot_result {
    struct err err;         /* RC_OK, or why there is no snapshot */
    int http_status;        /* of the answer that ended it; 0 */
    int64_t at_ms;          /* the server's time of the answers; 0 when not told */
    struct ari_world world; /* the new one; the receiver's */
    size_t lacking;         /* devices that the server should have and does not list */
    size_t endpoints;       /* listed in all */
    ari_users gone;         /* users no longer there; the receiver's, to tell and to free */
};

struct snapshot_config {
    struct rest *rest;
    struct subs *subs;
    struct ari_people *people;
    const struct ari_world *before; /* goes on living (and changing) meanwhile */
    bool may_remove_users;
    /* Once; the snapshot is over and is freed after this returns. */
    void (*done)(void *self, struct snapshot_result *result);
    void *self;
};

struct snapshot *snapshot_start(const struct snapshot_config *config);
void snapshot_cancel(struct snapshot *snapshot); /* no done(); NULL is fine */
/* An event that arrived meanwhile (bytes are copied). */
void snapshot_keep(struct snapshot *snapshot, const char *bytes, size_t len);

#endif
