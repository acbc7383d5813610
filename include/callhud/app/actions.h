/* From a wish (key, typed word, command) to the backend and the audit record. Every action of every
 * command goes through here: nothing is asked for that was not written down first. */
#ifndef CALLHUD_APP_ACTIONS_H
#define CALLHUD_APP_ACTIONS_H

#include "callhud/app/audit.h"
#include "callhud/app/config.h"
#include "callhud/model/action.h"
#include "callhud/model/hud.h"

struct session;
struct actions;

/* Strings are borrowed for the call. */
struct wish {
    enum action_kind kind;
    const char *user_id;
    const char *call_id; /* of the call that was seen; NULL: action_call() chooses */
    bool is_on;          /* DND, RECORD */
    const char *reason;  /* --reason; "" */
};

enum rc actions_new(struct actions **out, struct session *session, struct err *err);
void actions_free(struct actions *actions); /* NULL is fine */

/* action_check(), then the audit's "begin", then backend_ops.act. RC_OK: EVENT_ACTION follows with
 * the id (may be NULL). With `audit = required` a record that cannot be written refuses the action;
 * else it is done and the failure is logged and told once (err stays clear). STOP and what ends a
 * supervision are never refused for the audit's sake. */
enum rc actions_do(struct actions *actions, const struct wish *wish, uint32_t *id, struct err *err);
/* A record of what is done beside calls (list push, presence set, export). With `audit = required`
 * one that cannot be written is RC_DENIED and nothing may be done; else that is told once, and it
 * is RC_OK. number (may be NULL) gets its sequence; 0 when it was not written. */
enum rc actions_record(struct actions *actions, const struct audit_entry *entry, uint64_t *number,
                       struct err *err);
/* Every EVENT_ACTION, before the model sees it: what is confirmed on screen is on disk already. */
void actions_event(struct actions *actions, const struct event *event);
/* The backend is about to be closed while the program goes on: event() is given an ACTION_ENDED or
 * ACTION_FAILED for each that is under way, and hands it to actions_event() and the model as if the
 * backend had said so. */
void actions_abandon(struct actions *actions, void (*event)(void *self, const struct event *event),
                     void *self);
/* Of the supervision that goes on: its begin record and reason, for the bar; 0 and "" when none. */
uint64_t actions_audit_number(const struct actions *actions);
const char *actions_reason(const struct actions *actions);

#endif
