/* Presence and sessions look the same in events and in answers: one reader for both. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_READ_H
#define CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_READ_H

#include "rex_wire_priv.h"

/* Each sets *out whole; false when what it must have (an id) is not there or cannot be read. After
 * false nothing is owned. */
bool rex_read_presence(struct rex_presence *out, const json_t *body);
bool rex_read_party(struct rex_party *out, const json_t *from);
bool rex_read_session(struct rex_session *out, const json_t *body);

#endif
