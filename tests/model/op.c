#include "generate.h"

#include <stdio.h>

void op_event(const struct op *op, struct op_texts *texts, struct event *event)
{
    static const struct device device = {"PJSIP/desk", true};
    snprintf(texts->user, sizeof texts->user, "u%d", op->user + 1);
    snprintf(texts->call, sizeof texts->call, "c%d", op->call + 1);
    snprintf(texts->extension, sizeof texts->extension, "%d", 101 + op->user);
    memset(event, 0, sizeof *event);
    event->kind = op->kind;
    event->at_ms = op->at_ms;
    event->is_answer = op->is_answer;
    bool has_user = op->kind >= EVENT_USER || (op->kind == EVENT_SELF && op->user >= 0);
    event->user_id = has_user ? texts->user : NULL;
    switch (op->kind) {
    case EVENT_LINK: event->u.link.state = op->link; break;
    case EVENT_SETTINGS: event->u.settings = op->settings; break;
    case EVENT_USER:
        event->u.user.extension = texts->extension;
        event->u.user.name = "";
        event->u.user.department = op->user % 2 ? "Cartier" : "";
        event->u.user.line = (uint32_t)op->user + 1;
        break;
    case EVENT_PRESENCE: event->u.presence.presence = op->presence; break;
    case EVENT_DND: event->u.dnd.is_on = op->is_on; break;
    case EVENT_DEVICES:
        event->u.devices.items = &device;
        event->u.devices.len = op->is_on ? 1 : 0;
        break;
    case EVENT_CALL:
        event->u.call.id = texts->call;
        event->u.call.state = op->state;
        event->u.call.direction = op->direction;
        event->u.call.number = "+15550100";
        event->u.call.name = "";
        event->u.call.since_ms = op->since_ms;
        break;
    case EVENT_CALL_ENDED: event->u.ended.id = texts->call; break;
    case EVENT_CAPABILITY:
        event->u.capability.kind = op->action;
        event->u.capability.level = op->level;
        event->u.capability.why = op->is_on ? "no phone is configured" : "";
        break;
    case EVENT_RIGHT:
        event->u.right.right = op->right;
        event->u.right.is_allowed = op->is_on;
        event->u.right.why = "";
        break;
    case EVENT_SELF: event->u.self.phone = op->user % 2 ? "Desk phone" : ""; break;
    case EVENT_ACTION:
        event->u.action.id = op->action_id;
        event->u.action.kind = op->action;
        event->u.action.stage = op->stage;
        event->u.action.call_id = texts->call;
        break;
    case EVENT_CALLS_WITHHELD: event->u.withheld.is_withheld = op->is_on; break;
    default: break;
    }
}

static void print_what(const struct op *op, char *out, size_t size)
{
    static const char *const links[] = {"IDLE", "CONNECTING", "LIVE", "POLLING", "LOST", "REFUSED"};
    static const char *const kinds[] = {
        [EVENT_LINK] = "LINK",
        [EVENT_HEARD] = "HEARD",
        [EVENT_GAP] = "GAP",
        [EVENT_SNAPSHOT_ASKED] = "SNAPSHOT_ASKED",
        [EVENT_SNAPSHOT_DONE] = "SNAPSHOT_DONE",
        [EVENT_SNAPSHOT_FAILED] = "SNAPSHOT_FAILED",
        [EVENT_SETTINGS] = "SETTINGS",
        [EVENT_CAPABILITY] = "CAPABILITY",
        [EVENT_SELF] = "SELF",
        [EVENT_USER] = "USER",
        [EVENT_USER_GONE] = "USER_GONE",
        [EVENT_PRESENCE] = "PRESENCE",
        [EVENT_DND] = "DND",
        [EVENT_DEVICES] = "DEVICES",
        [EVENT_CALL] = "CALL",
        [EVENT_CALL_ENDED] = "CALL_ENDED",
        [EVENT_CALLS_WITHHELD] = "CALLS_WITHHELD",
        [EVENT_RIGHT] = "RIGHT",
        [EVENT_ACTION] = "ACTION",
    };
    const char *kind = kinds[op->kind];
    const struct monitor_settings *s = &op->settings;
    const char *presence = presence_json(op->presence);
    switch (op->kind) {
    case EVENT_LINK: snprintf(out, size, "LINK_%s", links[op->link]); break;
    case EVENT_SETTINGS:
        snprintf(out, size, "SETTINGS ring=%d pick_up_held=%d ring_locks_hold=%d",
                 s->ring_when_monitored_rings, s->pick_up_held_lines, s->ring_locks_hold);
        break;
    case EVENT_PRESENCE:
        snprintf(out, size, "%s u%d %s", kind, op->user + 1, presence ? presence : "unknown");
        break;
    case EVENT_DND:
    case EVENT_CALLS_WITHHELD:
        snprintf(out, size, "%s u%d %s", kind, op->user + 1, op->is_on ? "on" : "off");
        break;
    case EVENT_CALL:
        snprintf(out, size, "%s u%d c%d %s since=%lld", kind, op->user + 1, op->call + 1,
                 call_state_json(op->state),
                 (long long)(op->since_ms ? op->since_ms - WORLD_EPOCH_MS : 0));
        break;
    case EVENT_CALL_ENDED:
        snprintf(out, size, "%s u%d c%d", kind, op->user + 1, op->call + 1);
        break;
    case EVENT_CAPABILITY:
        snprintf(out, size, "%s of action %d: level %d", kind, (int)op->action, (int)op->level);
        break;
    case EVENT_ACTION:
        snprintf(out, size, "%s u%d c%d: %u of kind %d, stage %d", kind, op->user + 1, op->call + 1,
                 (unsigned)op->action_id, (int)op->action, (int)op->stage);
        break;
    case EVENT_RIGHT:
        snprintf(out, size, "%s %d of u%d %s", kind, (int)op->right, op->user + 1,
                 op->is_on ? "allowed" : "denied");
        break;
    case EVENT_SELF:
    case EVENT_USER:
    case EVENT_USER_GONE:
    case EVENT_DEVICES: snprintf(out, size, "%s u%d", kind, op->user + 1); break;
    default: snprintf(out, size, "%s", kind); break;
    }
}

/* Backend times are printed less WORLD_EPOCH_MS, so that they compare with now. */
void op_print(const struct op *op, int64_t now_ms, char *out, size_t size)
{
    char what[160] = "";
    if (!op->is_pause) {
        print_what(op, what, sizeof what);
    }
    long long at = op->at_ms ? (long long)(op->at_ms - WORLD_EPOCH_MS) : 0;
    snprintf(out, size, "+%-6lld now=%-8lld %s%s at=%lld%s", (long long)op->advance_ms,
             (long long)now_ms,
             op->is_pause    ? "(time passes)"
             : op->is_answer ? "answer "
                             : "live ",
             what, at, op->is_tail ? " (tail)" : "");
}

enum lamp world_lamp(const struct world_user *user)
{
    struct view_call calls[WORLD_CALLS];
    size_t len = 0;
    for (int i = 0; i < WORLD_CALLS; i++) {
        if (user->calls[i].is_on) {
            calls[len++] = (struct view_call){.state = user->calls[i].state};
        }
    }
    return naive_lamp(user->presence, user->is_dnd, user->is_withheld, calls, len);
}
