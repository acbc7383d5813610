/* Asterisk over ARI: one event socket, requests over it or over HTTP. */
#ifndef CALLHUD_BACKEND_ASTERISK_ASTERISK_H
#define CALLHUD_BACKEND_ASTERISK_ASTERISK_H

#include "callhud/backend/backend.h"

#define ASTERISK_RECONCILE_MS (5 * 60 * 1000) /* a lost event cannot be seen: so look again */
#define ASTERISK_GAP_REST_MS 2000             /* between two snapshots for gaps, */
#define ASTERISK_GAP_REST_MOST_MS 30000       /* doubled up to this while gaps go on */
#define ASTERISK_GAP_QUIET_MS 60000           /* and from the beginning after so long without */
/* REST over the socket has not answered so long after it was asked, and the server reads what the
 * socket brings: HTTP is asked too. It is not while the server takes its time for both. */
#define ASTERISK_PROBE_HTTP_MS 250
#define ASTERISK_PROBE_SLOW_MS 1500  /* HTTP is asked, whatever the socket says */
#define ASTERISK_PROBE_LIMIT_MS 2000 /* and now it will not any more */
#define ASTERISK_SETTLE_MS 40 /* how long what a leaving channel undoes may wait for the rest */
#define ASTERISK_LACKING_TRIES 5

extern const struct backend_ops asterisk_backend;

#endif
