/* What is done to calls (section 4): hang up, DND, record, pick up, listen; by the person's own
 * phone whisper, barge and take over. Also what can be done at all, and why not.
 *
 *   native    listen (S/supervise), pick up (P/pickup), hang up, DND, record
 *   assisted  whisper, barge, take over: the service has no request for them; our phone is called
 *             (call-out to *81, *82, *83), the person keys the extension and #; where call-out is
 *             refused the text says what to dial
 *   missing   without CallControl in the token's scope, without a phone that is online, ...
 *
 * Our phone has one leg at a time: another mode of the same call begins when the leg of the one
 * before is gone (told as UNSURE meanwhile). What is confirmed follows from events: a leg of ours
 * Gone with reason Supervising and the call as its peer (which extension was keyed is not taken on
 * trust), or Answered after S/supervise; for a pick up or take over the agent's party Disconnected
 * with that reason, and ours up. A leg is written down before it is asked for ("supervise/...",
 * "assist/...", then "leg/SESSION/PARTY/..."), and removed until the service says that it is gone;
 * one that was to get somebody's call only as long as that person still has it. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_ACT_H
#define CALLHUD_BACKEND_RINGCENTRAL_ACT_H

#include "callhud/backend/ringcentral/floor.h"
#include "callhud/backend/ringcentral/rest.h"
#include "callhud/backend/ringcentral/sync.h"

#define REX_CONFIRM_MS 8000  /* from the service's yes to the event that confirms it */
#define REX_ASK_MS 1000      /* without a websocket it is asked so often, */
#define REX_ASK_MOST_MS 5000 /* and less often the longer it goes on */
#define REX_BUSY_MS 3000 /* after an action on a party none other on it (10, 30), or its event */

struct rex_act_config {
    const struct io *io;
    const struct backend_config *config;
    struct rex_rest *rest;
    struct rex_signin *signin;
    struct rex_floor *floor;
    struct rex_sync *sync;
    struct backend_sink sink;
};
struct rex_act;
struct rex_act *rex_act_new(const struct rex_act_config *config);
void rex_act_free(struct rex_act *act);

enum rc rex_act_do(struct rex_act *act, const struct action *action, struct err *err);
/* After the floor has applied it. */
void rex_act_session(struct rex_act *act, const struct rex_session *session);
void rex_act_presence(struct rex_act *act); /* some presence: what it changed is in the floor */
/* After a snapshot: devices, features, capabilities, EVENT_SELF. has_events false: there is no
 * websocket, and what is done is confirmed by asking until there is one. */
void rex_act_synced(struct rex_act *act, bool has_events);
void rex_act_lost(struct rex_act *act);
bool rex_act_leave(struct rex_act *act, void (*done)(void *self), void *self);
void rex_act_clean(struct rex_act *act, const char *const *things, size_t len,
                   void (*gone)(void *self, const char *thing), void *self);

#endif
