/* JSON from outside, made safe for jansson and for the model. Shared by the backends' *_wire.c. */
#ifndef CALLHUD_BACKEND_JSON_WIRE_H
#define CALLHUD_BACKEND_JSON_WIRE_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"

struct json_t;

#define JSON_WIRE_DEPTH_MAX 64

/* Parses one document after mending it: bad UTF-8, lone surrogate escapes and \u0000 become U+FFFD
 * (jansson refuses the whole text for each of them, measured). Depth and size are bounded.
 * NULL with err set when it still is not JSON. The caller decrefs. */
struct json_t *json_wire_parse(const char *bytes, size_t len, size_t max_bytes, struct err *err);

/* The member as it is, borrowed, for ids and enumerations that are compared, not shown; NULL. */
const char *json_wire_id(const struct json_t *object, const char *key);

#endif
