/* What the files of rex_wire share: members of JSON as the service writes them (section 10, 13 and
 * 14), and the one decoder of notifications. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_PRIV_H
#define CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_PRIV_H

#include "callhud/backend/ringcentral/rex_wire.h"

#include <jansson.h>

#define REX_DISABLED_MOST 1000 /* of one reply; the filters of a subscription are fewer */

/* All take any value, NULL too: a member of what is no object is absent. */

/* An id, number or text: digits, letters and "-_.~:/+=" alone, since it goes into paths. "" and
 * true when it is absent or null; "" and false when it is anything else or too long. */
bool rex_id(const json_t *object, const char *key, char out[REX_ID_BYTES]);
/* Text for people, cleaned and clipped at a character; a number is written out. "" when absent. */
void rex_text(const json_t *object, const char *key, char *out, size_t size);
/* Text that is compared, borrowed; "" when absent. */
const char *rex_word(const json_t *object, const char *key);
bool rex_bool(const json_t *object, const char *key, bool fallback);
/* A number, or a text that is one. */
int64_t rex_int(const json_t *object, const char *key, int64_t fallback);
/* UTC epoch ms, with or without milliseconds and colon; 0 when absent or no time. */
int64_t rex_time(const json_t *object, const char *key);

/* callerIdVisibility; false when it is not told, or in a word that is not known. */
bool rex_details(const json_t *presence, enum desk_details *out);
const char *rex_details_word(enum desk_details details);

/* What is asked for has an end that we know: memory must not follow the peer. RC_PROTO: longer. */
enum rc rex_check_size(const json_t *list, struct err *err);
void rex_read_paging(struct rex_paging *out, const json_t *root); /* out may be NULL */
/* An object with records[], which is borrowed, and how it counts itself (paging may be NULL); NULL
 * with err set: "an answer that is no list of `what`". The caller decrefs. */
json_t *rex_records(const json_t **records, struct rex_paging *paging, const char *body, size_t len,
                    const char *what, struct err *err);

/* The envelope of a ServerNotification (2.6), its body included; in rex_wire_events.c. Sets *out
 * whole, also when it fails: then rex_notice_fini() is still allowed. RC_PROTO: undecodable. */
enum rc rex_wire_notice(struct rex_notice *out, const json_t *envelope, struct err *err);

#endif
