/* What a supervisor may do with a user's call, and why not. Pure. */
#ifndef CALLHUD_MODEL_ACTION_H
#define CALLHUD_MODEL_ACTION_H

#include "callhud/model/hud.h"

/* One row of the table of actions; whatever names an action reads it here. */
struct action_row {
    const char *name; /* "listen": commands, stdin words, audit, configuration */
    const char *verb; /* "listen to the call": for sentences */
    bool is_mode;     /* listen, whisper, barge: a supervision that goes on */
    bool uses_phone;  /* the supervisor's own phone rings for it */
    bool is_on_call;  /* acts on one call of the user */
};
const struct action_row *action_row(enum action_kind kind);
bool action_find(const char *name, enum action_kind *out); /* in any case: "STOP" */
enum supervise_mode action_mode(enum action_kind kind);    /* SUPERVISE_UNKNOWN when it is none */
enum right action_right(enum action_kind kind); /* that it needs; RIGHT_COUNT when none */

/* An action as asked for: a value with borrowed strings. */
struct action {
    uint32_t id; /* chosen by who asks, never 0; comes back in EVENT_ACTION */
    enum action_kind kind;
    const char *user_id;
    const char *call_id; /* the call that was seen; "" for DND */
    bool is_on;          /* DND, RECORD */
};

/* May it be done now? why is "" when is_ok, else one plain line: what is in the way and what to do.
 * The first reason that applies, in this order: read-only; capability missing; the right denied for
 * this user; link not live or lamp stale; no such call; ourselves; the state of the call; a setting
 * (pick_up_held_lines and its like); already so (listening to this very call, recorded already). */
struct action_check {
    bool is_ok;
    bool is_so; /* not ok, since it is as it was asked for: do not disturb, record */
    char why[256];
};
/* call NULL: any call of the user will do: action_call() chooses. DND looks at no call. is_on is
 * for DND and RECORD alone. */
void action_check(struct action_check *out, const struct hud *hud, const struct user *user,
                  const struct call *call, enum action_kind kind, bool is_on, int64_t now_ms);

/* Does the action end a recording that callhud makes of the call? It is made on the user's leg,
 * which ends when the call is taken from them. call may be NULL. */
bool action_ends_recording(enum action_kind kind, const struct call *call);

/* The call of the user that the action would act on when none is named; NULL: none fits. Pick up:
 * the ringing call, else the held one, each the longest; listen, whisper, barge, take over: the one
 * supervised already, else connected before held; hang up: connected, dialling, held, ringing;
 * record: connected before held. */
const struct call *action_call(const struct hud *hud, const struct user *user,
                               enum action_kind kind);

#endif
