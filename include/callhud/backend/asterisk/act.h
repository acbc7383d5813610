/* Actions that need no phone of ours (hang up, DND, record), what can be done at all
 * (capabilities), and the removal of what another run left. */
#ifndef CALLHUD_BACKEND_ASTERISK_ACT_H
#define CALLHUD_BACKEND_ASTERISK_ACT_H

#include "callhud/backend/asterisk/part.h"

#define ACT_CONFIRM_MS 5000 /* from the server's yes to its event; later it is in doubt */
/* In doubt for so long it has failed: on a link that lives no older event is on its way
 * (LINK_PONG_LIMIT_MS). */
#define ACT_GIVE_UP_MS 30000

struct act;

struct act *ari_act_new(const struct ari_part_config *config);
void ari_act_free(struct act *act);

/* HANGUP, DND, RECORD. As backend_ops.act. What the server may have done unheard (its event or its
 * answer is late, the link is lost) is UNSURE until its event, a snapshot or ACT_GIVE_UP_MS says
 * how it was; RECORD on is undone instead, and so has failed. RECORD on: a snoop (spy = both) in
 * our application, named after the leg (ARI_RECORDER_PREFIX), and a recording "callhud-LEGID-TIME"
 * on it; both end with the call, with RECORD off (also of another callhud: the snoop's app_data
 * tells it the recording's name), and outlive this program (seen on 22.10: application gone,
 * recording goes on). So the snoop is in the ledger only until its recording is confirmed. */
enum rc ari_act_do(struct act *act, const struct action *action, struct err *err);
void ari_act_opened(struct act *act); /* requests may be sent */
void ari_act_event(struct act *act,
                   const struct ari_event *event); /* after the world has applied it */
void ari_act_synced(
    struct act *act);               /* after each snapshot: tells capabilities that have changed */
void ari_act_lost(struct act *act); /* what is under way is UNSURE, or fails */

/* The capability of an action, as told last; why as in EVENT_CAPABILITY. Missing without a phone in
 * the profile (modes, take over, pick up), with a read-only user of ARI or --read-only, without a
 * ledger, without the dialplan (take over, pick up: `callhud doctor --example asterisk` prints it),
 * without a DND device. Whether the dialplan has what the phone is sent to is asked once a
 * connection, of any channel that is there: its variable DIALPLAN_EXISTS(CONTEXT,bridge,1) and
 * ,pickupchan, ("1", "0"; 500: the server lacks that function, so nobody knows: native; native as
 * well while there is no channel). With config.is_checking and no channel one is made for it: POST
 * /channels/create of Local/bridge@CONTEXT/n, which dials nothing, and DELETE. */
enum capability ari_act_capability(const struct act *act, enum action_kind kind, const char **why);
void ari_act_read_only(struct act *act); /* the server said 403 to a write */

/* As backend_ops.clean; of an application its device subscriptions. After the next snapshot, and
 * again after later ones until it is gone. A phone that has gone on into the dialplan is left
 * alone: it may be with a picked-up caller. */
void ari_act_clean(struct act *act, const char *const *things, size_t len,
                   void (*gone)(void *self, const char *thing), void *self);

/* As backend_ops.leave: waits for the removal of what a probe or a failed action made. */
bool ari_act_leave(struct act *act, void (*done)(void *self), void *self);

#endif
