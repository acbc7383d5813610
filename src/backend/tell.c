#include "callhud/backend/tell.h"

#include "callhud/base/str.h"

#include <string.h>

struct event backend_event(enum event_kind kind, const char *user_id, int64_t at_ms, bool is_answer)
{
    struct event event;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    event.at_ms = at_ms;
    event.is_answer = is_answer;
    event.user_id = user_id;
    return event;
}

void backend_tell(const struct backend_sink *sink, enum event_kind kind, int64_t at_ms)
{
    struct event event = backend_event(kind, NULL, at_ms, false);
    sink->event(sink->self, &event);
}

void backend_tell_link(const struct backend_sink *sink, enum link_state state, const char *text,
                       int64_t retry_ms)
{
    struct event event = backend_event(EVENT_LINK, NULL, 0, false);
    event.u.link.state = state;
    event.u.link.text = text;
    event.u.link.retry_ms = retry_ms;
    sink->event(sink->self, &event);
}

void backend_tell_action(const struct backend_sink *sink, const struct backend_tale *tale,
                         enum action_stage stage, enum rc rc, const char *text)
{
    struct event event = backend_event(EVENT_ACTION, tale->user_id, 0, false);
    event.u.action.id = tale->id;
    event.u.action.kind = tale->kind;
    event.u.action.stage = stage;
    event.u.action.call_id = tale->call_id;
    event.u.action.is_on = tale->is_on;
    if (stage == ACTION_CONFIRMED || stage == ACTION_UNSURE || stage == ACTION_ENDED)
        event.u.action.mode = action_mode(tale->kind);
    event.u.action.rc = rc;
    event.u.action.text = text;
    sink->event(sink->self, &event);
}

void backend_tell_capability(const struct backend_sink *sink, struct backend_level *told,
                             enum action_kind kind, enum capability level, const char *why)
{
    struct backend_level now = {.is_told = true, .level = level};
    str_copy(now.why, sizeof now.why, why);
    if (told->is_told && told->level == level && str_eq(told->why, now.why))
        return;
    *told = now;
    struct event event = backend_event(EVENT_CAPABILITY, NULL, 0, false);
    event.u.capability.kind = kind;
    event.u.capability.level = level;
    event.u.capability.why = told->why;
    sink->event(sink->self, &event);
}
