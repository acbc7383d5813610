/* JSON of what is stored for a desk: decoders and encoders of desk*.c. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_DESK_H
#define CALLHUD_BACKEND_RINGCENTRAL_REX_WIRE_DESK_H

#include "callhud/backend/desk.h"
#include "callhud/backend/ringcentral/rex_wire.h"

/* How a page counts itself, so that a missed one is seen. */
struct rex_page {
    uint32_t page, total_pages; /* 0: not told */
    int64_t total;              /* elements of all pages; -1: not told */
    bool has_next;              /* navigation.nextPage */
    size_t records;             /* in this page */
};
/* RC_PROTO: not an object with records[]. */
enum rc rex_wire_page(struct rex_page *out, const char *body, size_t len, struct err *err);

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
enum rc rex_wire_permission(rex_desk_ids *out, const char *body, size_t len, struct err *err);
void rex_wire_permission_body(struct buf *out, const char *const *ids, size_t len);

struct rex_desk_row {
    const char *id, *extension_id;
};
/* A bare array: an object is refused (3.5). */
void rex_wire_desk_lines_body(struct buf *out, const struct rex_desk_row *lines, size_t len);

struct rex_desk_device { /* 4.8 */
    char id[REX_ID_BYTES], name[REX_TEXT_BYTES], model[REX_TEXT_BYTES], type[24];
    bool is_online;
    bool has_lamps; /* model.features has BLA, or it is a HardPhone or BLA */
};
typedef VEC(struct rex_desk_device) rex_desk_devices;
enum rc rex_wire_desk_devices(rex_desk_devices *out, const char *body, size_t len,
                              struct err *err); /* appends; one without an id is left out */

/* One of errors[] of a refusal, or the top one when there is no such array. */
struct rex_refusal {
    char code[24], text[REX_TEXT_BYTES];
    rex_desk_ids names; /* what it names: parameterValue, and what stands in [] of its message */
};
typedef VEC(struct rex_refusal) rex_refusals;
void rex_wire_refusals(rex_refusals *out, const char *body, size_t len); /* none: not understood */
void rex_refusals_free(rex_refusals *list);

#endif
