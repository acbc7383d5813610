/* What Asterisk stores for a supervisor's desk: the list, as a resource_list "hud-EXT" of PJSIP's
 * dynamic configuration (sorcery over AstDB, so it outlives a restart); and what is known of people
 * and phones. The presence settings are the profile's own.
 *
 * PUT of a list that exists adds to it (seen on 22.10.1), so a list is replaced in steps, and at
 * no moment is it on the server less than once:
 *
 *     PUT hud-EXT-next = new, DELETE hud-EXT, PUT hud-EXT = new, DELETE hud-EXT-next
 *
 * What only adds at the end is one PUT, what empties the list one DELETE: an empty list cannot be
 * stored, none is the same. Who finds hud-EXT missing reads hud-EXT-next, and finishes the change
 * when nobody else is at it. Writers keep each other out by a bridge "callhud-list-EXT" (POST of
 * one that exists answers 409), whose name says who; one that stays for ARI_LIST_STALE_MS is a dead
 * writer's. It is in the ledger as "lists/EXT#MARK": a later run finishes what a killed one began.
 *
 * A server that is killed within a second of a change comes back with what was stored before it, so
 * a write is told as done when it is seen to have outlived that.
 *
 * News of a change: the device state "Stasis:blf-EXT" changes, and the bridge is gone. */
#ifndef CALLHUD_BACKEND_ASTERISK_DESK_H
#define CALLHUD_BACKEND_ASTERISK_DESK_H

#include "callhud/backend/asterisk/part.h"

#define ARI_LIST_LINES_MAX 2000    /* a body has 40,960 bytes (contract 2) */
#define ARI_LIST_BYTES_MAX 38000   /* of list_item */
#define ARI_LIST_ANSWER_MS 4000    /* for each request */
#define ARI_LIST_FIRST_MS 2000     /* for the one that a connection's first snapshot waits for */
#define ARI_LIST_LOCK_RETRY_MS 250 /* while somebody else writes */
#define ARI_LIST_STALE_MS 15000
#define ARI_LIST_ON_DISK_MS 1250 /* AstDB is written down within a second (seen on 22.10.1) */
#define ARI_LIST_NOTICE_MS 60    /* several news of one change are one */
#define ARI_LIST_AGAIN_MS 10000  /* until what could not be finished is tried again */
#define ARI_DESK_PARALLEL 8      /* requests for names and phones */
/* What to do comes first: a screen cuts the end off. */
#define ARI_DESK_SORCERY_WHY                                                                  \
    "Asterisk stores no lists: see callhud doctor --example asterisk; in sorcery.conf under " \
    "[res_pjsip_pubsub] write resource_list = config,pjsip.conf,criteria=type=resource_list " \
    "and resource_list = astdb,ps_resource_lists, and restart it"
#define ARI_DESK_MODULE_WHY                                                        \
    "Asterisk stores no lists: see callhud doctor --example asterisk; its module " \
    "res_pjsip_pubsub is not loaded (modules.conf)"

struct ari_desk;

struct ari_desk_config {
    struct ari_part_config part;
    struct ari_people *people;
    /* Our own list was read or cannot be: once after ari_desk_opened() answered true, later when it
     * is another one (is_changed: people have its keys already). */
    void (*listed)(void *self, bool is_changed);
};

struct ari_desk *ari_desk_new(const struct ari_desk_config *config);
void ari_desk_free(struct ari_desk *desk); /* NULL is fine; no done() any more */

/* The device whose state tells of changes of the own list, which is that of the extension of the
 * profile's phone; NULL: none. */
const char *ari_desk_device(const struct ari_desk *desk);

/* Requests may be sent: reads the own list. False: there is none to read. */
bool ari_desk_opened(struct ari_desk *desk);
void ari_desk_event(struct ari_desk *desk, const struct ari_event *event);
void ari_desk_synced(struct ari_desk *desk); /* after each snapshot */
void ari_desk_lost(struct ari_desk *desk);

/* As backend_ops.desk and desk_forget. A write that is forgotten is done all the same. With
 * config.is_checking the answer to DESK_LIST says whether a list could be stored (something is
 * made and removed for that): RC_DENIED and why not. So does that to a question is_missed of our
 * own list, when none is stored, once in a connection. */
void ari_desk_ask(struct ari_desk *desk, const struct desk_question *question, desk_done *done,
                  void *self);
void ari_desk_forget(struct ari_desk *desk, const void *self);

/* As backend_ops.clean, for the things that are ours. */
bool ari_desk_owns(const char *thing);
void ari_desk_clean(struct ari_desk *desk, const char *thing,
                    void (*gone)(void *self, const char *thing), void *self);
/* As backend_ops.leave: a write that is under way is ended first; one that still waits for another
 * writer is given up. */
bool ari_desk_leave(struct ari_desk *desk, void (*done)(void *self), void *self);

#endif
