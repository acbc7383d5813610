/* Shared by ari_wire.c and rest_wire.c, the two owners of jansson in this folder. */
#ifndef CALLHUD_SRC_ARI_WIRE_PARTS_H
#define CALLHUD_SRC_ARI_WIRE_PARTS_H

#include "callhud/backend/asterisk/ari_wire.h"

struct json_t;

/* Text, cleaned and clipped; "" when it is none. */
void ari_copy_string(char *to, size_t size, const struct json_t *text);
/* A member's text, cleaned and clipped; "" when it is absent or not text. */
void ari_copy_text(char *to, size_t size, const struct json_t *object, const char *key);
/* A member's ISO time as epoch ms; 0 when it is absent or no time. */
int64_t ari_read_time(const struct json_t *object, const char *key);
/* False when what identifies the thing is missing. */
bool ari_read_channel(struct ari_channel *to, const struct json_t *from);
bool ari_read_bridge(struct ari_bridge *to, const struct json_t *from); /* members are owned */
bool ari_read_endpoint(struct ari_endpoint *to, const struct json_t *from);

#endif
