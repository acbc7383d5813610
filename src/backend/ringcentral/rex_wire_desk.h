/* JSON of what is stored for a desk: decoders and encoders of desk*.c. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_DESK_H
#define CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_DESK_H

#include "callhud/backend/ringcentral/rex_wire.h"

/* Of a presence: the settings that it tells, in has; nothing else of *out is touched. */
enum rc rex_wire_desk_settings(struct desk_settings *out, const char *body, size_t len,
                               struct err *err);
/* The same words as the service writes them; names only settings->has. */
void rex_wire_desk_settings_body(struct buf *out, const struct desk_settings *settings);

struct rex_desk_id {
    char text[REX_ID_BYTES];
};
typedef VEC(struct rex_desk_id) rex_desk_ids;
/* presence/permission: read as records[], written as extensions[] (10, 16). Appends; one without an
 * id is RC_PROTO: a list that is not whole must not be written back. */
enum rc rex_wire_permission(rex_desk_ids *out, struct rex_paging *paging, const char *body,
                            size_t len, struct err *err);
void rex_wire_permission_body(struct buf *out, const char *const *ids, size_t len);

struct rex_desk_row {
    const char *id, *extension_id;
};
/* A bare array: an object is refused (3.5). */
void rex_wire_desk_lines_body(struct buf *out, const struct rex_desk_row *lines, size_t len);

/* One of errors[] of a refusal, or the top one when there is no such array. */
struct rex_refusal {
    char code[24], text[REX_TEXT_BYTES];
    rex_desk_ids names; /* what it names: parameterValue, and what stands in [] of its message */
};
typedef VEC(struct rex_refusal) rex_refusals;
void rex_wire_refusals(rex_refusals *out, const char *body, size_t len); /* none: not understood */
void rex_refusals_free(rex_refusals *list);

#endif
