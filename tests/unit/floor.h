/* A telephone floor for the tests of the model: tells a hud events with one line each, and checks
 * after every one of them that the hud agrees with itself. */
#ifndef CALLHUD_TESTS_FLOOR_H
#define CALLHUD_TESTS_FLOOR_H

#include "callhud/model/hud.h"

/* Backend time at monotonic time 0: 2026-11-22 14:00:00 UTC. */
#define FLOOR_EPOCH_MS INT64_C(1795356000000)

struct floor {
    struct hud hud;
    int64_t now_ms;
    int64_t late_ms; /* how old events are when they are told */
    bool is_answer;  /* what is told from here on is an answer */
    bool is_untimed; /* ... and says no time */
};

void floor_init(struct floor *f);
void floor_fini(struct floor *f);
/* A live link and a first snapshot with users 101 to 100 + users, all available, done. */
void floor_open(struct floor *f, int users);

unsigned floor_tell(struct floor *f, struct event event); /* fills in at_ms and is_answer */
unsigned floor_pass(struct floor *f, int64_t ms);         /* time passes, then hud_tick() */
void floor_check(const struct floor *f);

unsigned floor_link(struct floor *f, enum link_state state);
unsigned floor_kind(struct floor *f, enum event_kind kind); /* those without a body */
unsigned floor_user(struct floor *f, const char *id, const char *name, const char *department,
                    uint32_t line);
unsigned floor_gone(struct floor *f, const char *id);
unsigned floor_presence(struct floor *f, const char *id, enum presence presence);
unsigned floor_away(struct floor *f, const char *id, const char *note);
unsigned floor_dnd(struct floor *f, const char *id, bool is_on);
unsigned floor_withheld(struct floor *f, const char *id, bool is_withheld);
/* why NULL: allowed */
unsigned floor_right(struct floor *f, const char *id, enum right right, const char *why);
unsigned floor_self(struct floor *f, const char *id, const char *phone);
unsigned floor_call(struct floor *f, const char *id, const char *call_id, enum call_state state);
unsigned floor_call_with(struct floor *f, const char *id, const char *call_id,
                         enum call_state state, const char *name, const char *number);
unsigned floor_ended(struct floor *f, const char *id, const char *call_id);

const struct user *floor_find(const struct floor *f, const char *id); /* fails when not there */
struct lamp_view floor_view(const struct floor *f, const char *id);
enum lamp floor_lamp(const struct floor *f, const char *id);
int64_t floor_at(const struct floor *f); /* backend time now */

#endif
