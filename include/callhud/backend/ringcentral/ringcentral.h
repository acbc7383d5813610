/* RingCentral (RingEX): REST for questions and actions, one websocket of the gateway for events.
 * Contract: contracts/ringcentral.md; section numbers in these headers are its.
 *
 *   signin, budget, shared   the token and what may be asked when, one for all callhuds of a person
 *   rest                     requests that obey them, urgent ones first
 *   gateway                  the websocket: opened, kept, recovered; one subscription
 *   rex_wire                 JSON -> plain structs
 *   floor                    who there is, their presence and calls; what it means, as events
 *   sync                     list, directory, presence: the snapshot, the polling
 *   act, supervise           what is done to calls
 *   ringcentral              joins them: backend_ops */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_RINGCENTRAL_H
#define CALLHUD_BACKEND_RINGCENTRAL_RINGCENTRAL_H

#include "callhud/backend/backend.h"

#define REX_POLL_AFTER_MS 30000           /* without a websocket for so long: ask, */
#define REX_POLL_MS 15000                 /* and again so long after each answer */
#define REX_RECONCILE_MS (10 * 60 * 1000) /* a lost event cannot be seen: so look again */
#define REX_GAP_REST_MS 4000       /* between two repairs of gaps; doubled while they go on, */
#define REX_GAP_REST_MOST_MS 60000 /* up to this */

extern const struct backend_ops ringcentral_backend;

#endif
