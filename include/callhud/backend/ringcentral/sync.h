/* The snapshot and the polling: who is monitored, their names, grants, presence.
 *
 * One snapshot: EVENT_SNAPSHOT_ASKED, list (presence/line, all pages), directory (once an hour,
 * showFederated=false), grants, own presence (settings), presence of everybody monitored, then
 * EVENT_SNAPSHOT_DONE. Presence of n users is asked in batches of 30 ids, or with one account-wide
 * call when that is cheaper for the budget (6.1: more than 3 batches). */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_SYNC_H
#define CALLHUD_BACKEND_RINGCENTRAL_SYNC_H

#include "callhud/backend/ringcentral/floor.h"
#include "callhud/backend/ringcentral/rest.h"

struct rex_sync_owner {
    /* The list is known (again): the filters of the subscription follow from it. */
    void (*listed)(void *self);
    void (*done)(void *self);
    /* Given up; EVENT_SNAPSHOT_FAILED was told. text for people. */
    void (*failed)(void *self, enum rc rc, const char *text);
    void *self;
};
struct rex_sync_config {
    const struct io *io;
    const struct backend_config *config;
    struct rex_rest *rest;
    struct rex_signin *signin;
    struct rex_floor *floor;
    struct rex_sync_owner owner;
};
struct rex_sync;
struct rex_sync *rex_sync_new(const struct rex_sync_config *config);
void rex_sync_free(struct rex_sync *sync);

/* Before the subscription: who we are and the list, so that it is known what to subscribe to. */
void rex_sync_begin(struct rex_sync *sync);
/* A whole snapshot; one that runs is begun anew. for_poll: presence alone. */
void rex_sync_snapshot(struct rex_sync *sync, enum rex_priority priority, bool for_poll);
void rex_sync_stop(
    struct rex_sync *sync); /* what runs is forgotten; EVENT_SNAPSHOT_FAILED if open */
/* The presence of one user, debounced (2 to 4 s, js-widgets' figure in 8.3). */
void rex_sync_repair(struct rex_sync *sync, const char *user_id);
void rex_sync_list_changed(struct rex_sync *sync); /* list again, then those that are new */

enum rex_monitoring {
    REX_MONITOR_LIST,    /* the stored list: .../extension/~/presence/line/presence */
    REX_MONITOR_OWN,     /* that is refused (10, 17): the people of [users], a filter for each */
    REX_MONITOR_ACCOUNT, /* all, or ranges: /account/~/presence */
};
enum rex_monitoring rex_sync_monitoring(const struct rex_sync *sync);
const struct rex_feature *rex_sync_feature(const struct rex_sync *sync, const char *id); /* NULL */

#endif
