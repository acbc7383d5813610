/* Screens on a floor, for the tests of acting: keys in, wishes and text out. */
#ifndef CALLHUD_TESTS_UI_RIG_H
#define CALLHUD_TESTS_UI_RIG_H

#include "callhud/base/buf.h"
#include "callhud/ui/ui.h"

#include "floor.h"

struct ui_rig {
    struct floor floor;
    struct ui *ui;
    struct canvas canvas;
    struct buf text;
    uint32_t action_id;
};

/* Users 101 to 106, every action native, held lines may be picked up; nothing is drawn yet. */
void ui_rig_open(struct ui_rig *r, const struct ui_settings *settings); /* NULL: plain ones */
void ui_rig_close(struct ui_rig *r);
/* To the model, then to the screens. */
void ui_rig_tell(struct ui_rig *r, struct event event);
void ui_rig_call(struct ui_rig *r, const char *id, const char *call_id, enum call_state state,
                 const char *name, const char *number);
void ui_rig_ended(struct ui_rig *r, const char *id, const char *call_id);
/* ASKED takes a new id; the other stages speak of the newest. */
void ui_rig_action(struct ui_rig *r, enum action_kind kind, enum action_stage stage, const char *id,
                   const char *call_id, const char *text);
void ui_rig_pass(struct ui_rig *r, int64_t ms);
/* The picture as text; borrowed until the next. */
const char *ui_rig_draw(struct ui_rig *r);
/* "104L" "\r" "\033": typed at once. */
void ui_rig_type(struct ui_rig *r, const char *text);
void ui_rig_key(struct ui_rig *r, const struct key *key);
void ui_rig_paste(struct ui_rig *r, const char *text);
/* The wish that waits, which must be this one; call_id may be "". */
void ui_rig_wants(struct ui_rig *r, enum action_kind kind, const char *id, const char *call_id);
void ui_rig_wants_nothing(struct ui_rig *r);
bool ui_rig_wants_kind(struct ui_rig *r, enum intent_kind kind);
void ui_rig_shows(struct ui_rig *r, const char *text);     /* draws */
void ui_rig_shows_not(struct ui_rig *r, const char *text); /* draws */

#endif
