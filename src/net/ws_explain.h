/* A refused websocket in a sentence. */
#ifndef CALLHUD_NET_WS_EXPLAIN_H
#define CALLHUD_NET_WS_EXPLAIN_H

#include "callhud/base/err.h"

#include <stddef.h>

/* The server answered the upgrade with this status instead of 101. location is that of a redirect,
 * "" when it named none. */
enum rc ws_explain_status(struct err *err, const char *host, int status, const char *location);

/* "the server closed the websocket (1001: going away)", of a Close frame. */
void ws_explain_parting(char *out, size_t size, const unsigned char *bytes, size_t len);

#endif
