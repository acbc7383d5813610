/* What floor.c, sessions.c and tell.c share. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_FLOOR_PARTS_H
#define CALLHUD_BACKEND_RINGCENTRAL_FLOOR_PARTS_H

#include "callhud/backend/ringcentral/floor.h"

/* ---- tell.c: what the model is told ---- */

/* What differs from what the model knows, as news; nothing for users that it is not to know. Calls
 * that are gone are forgotten. */
void rex_tell_news(struct rex_floor *floor, struct rex_user *user, int64_t at_ms);
/* Everything of one user, as answers of the snapshot. True when the model knew something else. */
bool rex_tell_whole(struct rex_floor *floor, struct rex_user *user, int64_t at_ms);
/* Name and rights. */
void rex_tell_user(struct rex_floor *floor, struct rex_user *user, bool is_answer);
void rex_tell_gone(struct rex_floor *floor, struct rex_user *user);
void rex_tell_settings(struct rex_floor *floor, int64_t at_ms);

/* ---- sessions.c: what sessions add to a call ---- */

struct rex_call_detail {
    bool is_told; /* the session is known, and this leg */
    bool is_inbound, is_recorded;
    int64_t connected_ms; /* 0 when not told */
    size_t supervisors_len;
    char supervisors[REX_LEGS_SUPERVISING][REX_NUMBER_BYTES]; /* extensions; "" when not known */
};
void rex_call_detail(struct rex_floor *floor, const struct rex_user *user, const char *call_id,
                     struct rex_call_detail *out);
void rex_sessions_fini(struct rex_floor *floor);

/* ---- floor.c ---- */
void rex_user_free_call(struct rex_user *user, uint32_t i); /* keeps the order of the rest */
size_t rex_user_calls(const struct rex_user *user);         /* without the meeting */

#endif
