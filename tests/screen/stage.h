/* A floor that tests put people on: model, screens, canvas and two clocks. */
#ifndef CALLHUD_TESTS_STAGE_H
#define CALLHUD_TESTS_STAGE_H

#include "../unit/fake_desk.h"
#include "callhud/draw/canvas.h"
#include "callhud/model/hud.h"
#include "callhud/ui/ui.h"

struct stage {
    struct hud hud;
    struct ui *ui;
    struct ui_settings settings;
    struct canvas canvas;
    int64_t now_ms;    /* monotonic */
    int64_t wall_ms;   /* of the backend at now_ms */
    bool is_answering; /* facts told now belong to the snapshot asked for */
    bool is_snapshot_open;
    struct fake_desk desk; /* ui_set_desk() gives it to the screens */
    bool is_action_on; /* is_on of the actions told */
};

#define STAGE_TIME_MS INT64_C(1795356120000) /* 2026-11-22T14:02:00Z */

void stage_init(struct stage *s, int rows, int cols);
void stage_fini(struct stage *s);
/* The screens anew with s->settings; what was typed is lost. */
void stage_restart(struct stage *s);
void stage_apply(struct stage *s, const struct event *event);
void stage_advance(struct stage *s, int64_t ms);
void stage_render(struct stage *s);

void stage_user(struct stage *s, const char *extension, const char *name, const char *department);
/* since_ms is an age: 0 for now; below 0 for not told. */
void stage_presence(struct stage *s, const char *id, enum presence presence, const char *note,
                    int64_t age_ms);
void stage_call(struct stage *s, const char *id, const char *call_id, enum call_state state,
                enum call_direction direction, const char *number, const char *name,
                int64_t age_ms);
void stage_end(struct stage *s, const char *id, const char *call_id);
void stage_capability(struct stage *s, enum action_kind kind, enum capability level,
                      const char *why);
void stage_capable(struct stage *s); /* every action is native */
/* The mode is that of the kind. */
void stage_action(struct stage *s, uint32_t id, enum action_kind kind, enum action_stage stage,
                  const char *user_id, const char *call_id, const char *text);
void stage_link(struct stage *s, enum link_state state, const char *text, int64_t retry_in_ms);
void stage_ask(struct stage *s);  /* opens a snapshot: facts that follow are answers */
void stage_sync(struct stage *s); /* ends it; all users that were there are named */
/* "gg/hold<Enter><Ctrl-l>" */
void stage_keys(struct stage *s, const char *keys);
bool stage_intent(struct stage *s, enum intent_kind kind, struct intent *out);

#endif
