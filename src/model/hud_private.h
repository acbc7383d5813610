/* What the files of the hud share with each other and with nobody else. */
#ifndef CALLHUD_MODEL_HUD_PRIVATE_H
#define CALLHUD_MODEL_HUD_PRIVATE_H

#include "callhud/model/hud_copy.h"

struct user *user_find(const struct hud *hud, const char *id);
struct user *user_add(struct hud *hud, const char *id, const char *extension);
void user_remove(struct hud *hud, struct user *user);
const char *department_intern(struct hud *hud, const char *name);
void user_sort_calls(struct user *user);

/* Calls that are not kept. Noting answers true when the call was not noted before, forgetting when it
 * was; sweeping forgets those not told since. */
bool user_note_beyond(struct user *user, const char *call_id, uint64_t at);
bool user_forget_beyond(struct user *user, const char *call_id);
bool user_sweep_beyond(struct user *user, uint64_t at);

/* Puts the user into hud.changed and gives it a new rev. */
void user_mark(struct hud *hud, struct user *user);
/* Notes that this event tells a fact, now. */
void fact_touch(const struct hud *hud, struct touch *touch, const struct event *event);
/* Recomputes lamp, since and what is shown, after a fact of the user has changed (or was confirmed by
 * an answer). Answers HUD_CHANGED_LAMP and HUD_CHANGED_STALE. */
unsigned user_refresh(struct hud *hud, struct user *user, const struct event *event,
                      int64_t now_ms);
/* What is shown of one user again; marks it when that differs. */
unsigned user_show(struct hud *hud, struct user *user, int64_t now_ms);
/* What is shown for all users again, after the link or the time has changed. */
unsigned users_show(struct hud *hud, int64_t now_ms);

/* Our own actions: EVENT_CAPABILITY, EVENT_SELF, EVENT_RIGHT and EVENT_ACTION. */
unsigned hud_apply_capability(struct hud *hud, const struct event *event);
unsigned hud_apply_self(struct hud *hud, const struct event *event);
unsigned hud_apply_right(struct hud *hud, struct user *user, const struct event *event);
unsigned hud_apply_action(struct hud *hud, const struct event *event, int64_t now_ms);

/* What a user is called in sentences: the extension, or what there is instead. */
const char *user_called(const struct user *user);

bool link_unsync(struct hud *hud, int64_t now_ms);

/* Is the fact closed to this event: an answer to the open snapshot that a live event has overtaken? */
bool snapshot_is_overtaken(const struct hud *hud, const struct event *event,
                           const struct touch *touch);
bool snapshot_has_ended(const struct hud *hud, const struct event *event, const char *call_id);
void snapshot_note_ended(struct hud *hud, const struct event *event, const char *call_id);
void snapshot_forget_ended(struct hud *hud, const struct event *event, const char *call_id);
void snapshot_ask(struct hud *hud);
void snapshot_close(struct hud *hud);
unsigned snapshot_done(struct hud *hud, const struct event *event, int64_t now_ms);
/* A live event has changed the lamp: from here on that is what a snapshot would have to correct. */
void snapshot_note_live(struct hud *hud, struct user *user, enum lamp old);

#endif
