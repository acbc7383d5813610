/* The snapshot and the polling: who is monitored, their names, grants, presence.
 *
 * One snapshot: EVENT_SNAPSHOT_ASKED, list (presence/line, all pages), directory (once an hour, or
 * when a name is not known; showFederated=false), grants and features (now and then), everybody
 * named, own presence (settings), presence of everybody monitored, then EVENT_SNAPSHOT_DONE.
 * Presence of n users is asked in batches of 30 ids, or with the account-wide call where that is
 * cheaper for the budget (6.1): more than 3 batches, and fewer pages than a fifth of the people,
 * since a batch may count as many as it names, and the heavy group allows a fifth of the light one.
 * While the heavy group allows nothing for a while and the light one does, it is batches for up to
 * REX_BATCHES_SPENT times 30 people. What is asked again and again (REX_FOR_POLL) takes the
 * account-wide call for few people as well.
 *
 * What sessions alone tell (recorded, supervised) is asked afterwards, call by call, at the lowest
 * priority, for calls that were there before us; events tell it of all others. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_SYNC_H
#define CALLHUD_BACKEND_RINGCENTRAL_SYNC_H

#include "callhud/backend/ringcentral/floor.h"
#include "callhud/backend/ringcentral/rest.h"

#define REX_BATCH_IDS 30
#define REX_BATCHES_MOST 3
#define REX_BATCHES_SPENT 10
#define REX_HEAVY_PATIENCE_MS 3000
#define REX_PAGE_PEOPLE 1000
#define REX_PAGES_MOST 1000   /* of one list, */
#define REX_ITEMS_MOST 250000 /* or so many in it: more are not read */
#define REX_DIRECTORY_MS (60 * 60 * 1000)
#define REX_GRANTS_MS (10 * 60 * 1000) /* features too */
#define REX_GRANTS_MANY 1000           /* people: their grants are read after the snapshot */
#define REX_REPAIR_MS 2000             /* and up to twice as long: debounced (8.3) */
#define REX_REPAIR_TRIES 3             /* then it is a gap */
#define REX_REPAIR_LATE_MS 10000       /* that has or will have waited for longer is one too */
#define REX_DETAILS_MOST 20            /* sessions that wait to be asked for */
#define REX_DETAIL_MS 1000             /* between two of them */
#define REX_DETAILS_LIMIT_MS 3000      /* so long one snapshot alone waits for what they add */

struct rex_sync_owner {
    /* The list is known (again): the filters of the subscription follow from it. */
    void (*listed)(void *self);
    /* All answers of the snapshot have come: when this returns EVENT_SNAPSHOT_DONE is told. */
    void (*answered)(void *self);
    void (*done)(void *self);
    /* Given up; EVENT_SNAPSHOT_FAILED was told when it was open. text for people. */
    void (*failed)(void *self, enum rc rc, const char *text);
    /* What a repair was to read could not be had, or not for a while: a gap. False: no lamp is
     * fresh until the reading ends that is open; to be said again, should it still be so then. */
    bool (*lost)(void *self);
    void *self;
};
struct rex_sync_config {
    const struct io *io;
    const struct backend_config *config; /* monitor as backend_config says */
    struct rex_rest *rest;
    struct rex_signin *signin;
    struct rex_floor *floor;
    struct rex_sync_owner owner;
};
struct rex_sync;
/* NULL with err set when `monitor` cannot be right. */
struct rex_sync *rex_sync_new(const struct rex_sync_config *config, struct err *err);
void rex_sync_free(struct rex_sync *sync);

/* Before the subscription: who we are and the list, so that it is known what to subscribe to. */
void rex_sync_begin(struct rex_sync *sync);
bool rex_sync_is_begun(const struct rex_sync *sync); /* who we are and the list are known */
/* A whole snapshot; one that runs is begun anew. for_poll: presence alone. */
void rex_sync_snapshot(struct rex_sync *sync, enum rex_priority priority, bool for_poll);
/* How many requests the presence of everybody takes, about. */
size_t rex_sync_cost(const struct rex_sync *sync);
/* Readings so far apart take half of what the limits allow. */
int64_t rex_sync_half_ms(const struct rex_sync *sync);
bool rex_sync_is_open(const struct rex_sync *sync); /* a snapshot is under way */
/* What runs is forgotten; EVENT_SNAPSHOT_FAILED if open. */
void rex_sync_stop(struct rex_sync *sync);
/* The presence of one user, debounced. */
void rex_sync_repair(struct rex_sync *sync, const char *user_id);
void rex_sync_list_changed(struct rex_sync *sync);   /* list again, then those that are new */
void rex_sync_people_changed(struct rex_sync *sync); /* the directory or the grants again */
void rex_sync_session(struct rex_sync *sync, const char *session_id); /* read it anew, some time */

enum rex_monitoring {
    REX_MONITOR_LIST,    /* the stored list: .../extension/~/presence/line/presence */
    REX_MONITOR_OWN,     /* that is refused (10, 17): the people of [users], a filter for each */
    REX_MONITOR_ACCOUNT, /* all, or ranges: /account/~/presence */
};
enum rex_monitoring rex_sync_monitoring(const struct rex_sync *sync);
const struct rex_feature *rex_sync_feature(const struct rex_sync *sync, const char *id); /* NULL */

#endif
