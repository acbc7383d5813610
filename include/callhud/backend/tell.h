/* Events that all backends tell alike. */
#ifndef CALLHUD_BACKEND_TELL_H
#define CALLHUD_BACKEND_TELL_H

#include "callhud/backend/backend.h"

#define BACKEND_WHY_BYTES 256

/* What the kind says is still to be filled in. user_id is borrowed; NULL: about no user. */
struct event backend_event(enum event_kind kind, const char *user_id, int64_t at_ms,
                           bool is_answer);

/* A kind that says no more. */
void backend_tell(const struct backend_sink *sink, enum event_kind kind, int64_t at_ms);
void backend_tell_link(const struct backend_sink *sink, enum link_state state, const char *text,
                       int64_t retry_ms);

/* Of which action EVENT_ACTION tells. Its texts must outlive the telling: whoever hears it may act
 * at once. */
struct backend_tale {
    uint32_t id;
    enum action_kind kind;
    const char *user_id, *call_id;
    bool is_on;
};
/* rc and text: of ACTION_FAILED, else RC_OK; text may be NULL where the event allows it. */
void backend_tell_action(const struct backend_sink *sink, const struct backend_tale *tale,
                         enum action_stage stage, enum rc rc, const char *text);

/* How one action is there, as told last. */
struct backend_level {
    bool is_told;
    enum capability level;
    char why[BACKEND_WHY_BYTES];
};
/* EVENT_CAPABILITY, unless it is as it was told last. */
void backend_tell_capability(const struct backend_sink *sink, struct backend_level *told,
                             enum action_kind kind, enum capability level, const char *why);

#endif
