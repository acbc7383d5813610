/* RingCentral (RingEX): REST for questions and actions, one websocket of the gateway for events.
 * Contract: contracts/ringcentral.md; section numbers in these headers are its.
 * Names begin with rex_, of RingEX.
 *
 *   signin, budget, shared   the token and what may be asked when, one for all callhuds of a person
 *   rest                     requests that obey them, urgent ones first
 *   gateway                  the websocket: opened, kept, recovered; one subscription
 *   rex_wire                 JSON -> plain structs
 *   floor                    who there is, their presence and calls; what it means, as events
 *   sync                     list, directory, presence: the snapshot, the polling
 *   act                      what is done to calls
 *   desk                     what is stored: the list, settings, phones
 *   ringcentral              joins them: backend_ops */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_RINGCENTRAL_H
#define CALLHUD_BACKEND_RINGCENTRAL_RINGCENTRAL_H

#include "callhud/backend/backend.h"

#define REX_POLL_AFTER_MS 30000 /* without a websocket for so long: ask, */
#define REX_WS_NEAR_MS 3000     /* or at once when the budget allows none for longer than this, */
#define REX_POLL_MS 15000       /* and again so long after each answer */

/* An event that is lost leaves a number out at best, later: so it is looked again, the more seldom
 * the more requests that takes (this time is for one), but after REX_RECONCILE_MS at the latest;
 * and once when no event has come for a while, which a lapsed subscription would look like. */
#define REX_LOOK_MS 60000
/* After a recovery, and while something was found lost lately; longer where that would take more
 * than half of what the limits allow. */
#define REX_LOOK_SOON_MS 20000
#define REX_SUSPICION_MS 300000
#define REX_RECONCILE_MS (10 * 60 * 1000)
#define REX_RESTS 3 /* after a reading at least so many times as long as it took */
#define REX_SILENCE_MS 20000
#define REX_DEAF_MS 10000 /* without an event for so long, while answers differ: subscribe anew */

#define REX_GAP_REST_MS 4000       /* between two repairs of gaps; doubled while they go on, */
#define REX_GAP_REST_MOST_MS 60000 /* up to this */
#define REX_GAP_QUIET_MS 120000    /* without a gap for so long: the rest is short again */
#define REX_LATE_MS 2000           /* so long an event that was left out may still come */
/* Numbers that are left out without anything having been lost, so many times running: the service
 * counts otherwise than one by one (10, 8), and that is no gap. The same for sessions and presence
 * that disagree, and asking does not change it. */
#define REX_SKIPS_IN_VAIN 4
#define REX_DOUBTS_IN_VAIN 8
#define REX_SETTLE_MS 1000       /* after a recovery: so long the missed events may come */
#define REX_WAITS_MS 5000        /* between two looks at what a reading waits for */
#define REX_PEOPLE_REST_MS 60000 /* between two readings of the directory for its news */
#define REX_FILTERS_MOST 500     /* of single extensions, where one for all is refused */

extern const struct backend_ops ringcentral_backend;

#endif
