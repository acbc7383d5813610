#include "ui_rig.h"

#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void ui_rig_open(struct ui_rig *r, const struct ui_settings *settings)
{
    static const struct ui_settings plain = {.profile = "work", .bell = BELL_OFF};
    struct event event = {.kind = EVENT_SETTINGS};

    memset(r, 0, sizeof *r);
    floor_open(&r->floor, 6);
    assert_int_equal(ui_new(&r->ui, settings != NULL ? settings : &plain, NULL), RC_OK);
    canvas_init(&r->canvas, 24, 80, false);
    buf_init(&r->text, 1 << 20);
    event.u.settings.pick_up_held_lines = true;
    ui_rig_tell(r, event);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        event = (struct event){.kind = EVENT_CAPABILITY};
        event.u.capability.kind = (enum action_kind)kind;
        event.u.capability.level = CAPABILITY_NATIVE;
        event.u.capability.why = "";
        ui_rig_tell(r, event);
    }
    ui_hud_changed(r->ui, &r->floor.hud, HUD_CHANGED_USERS, r->floor.now_ms);
}

void ui_rig_close(struct ui_rig *r)
{
    ui_free(r->ui);
    canvas_fini(&r->canvas);
    buf_fini(&r->text);
    floor_fini(&r->floor);
}

static void changed(struct ui_rig *r, unsigned bits)
{
    if (bits != 0)
        ui_hud_changed(r->ui, &r->floor.hud, bits, r->floor.now_ms);
    hud_changed_clear(&r->floor.hud);
}

void ui_rig_tell(struct ui_rig *r, struct event event)
{
    changed(r, floor_tell(&r->floor, event));
    if (event.kind == EVENT_ACTION)
        ui_action(r->ui, &r->floor.hud, &event, r->floor.now_ms);
}

void ui_rig_call(struct ui_rig *r, const char *id, const char *call_id, enum call_state state,
                 const char *name, const char *number)
{
    changed(r, floor_call_with(&r->floor, id, call_id, state, name, number));
}

void ui_rig_ended(struct ui_rig *r, const char *id, const char *call_id)
{
    changed(r, floor_ended(&r->floor, id, call_id));
}

void ui_rig_action(struct ui_rig *r, enum action_kind kind, enum action_stage stage, const char *id,
                   const char *call_id, const char *text)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = id};

    r->action_id += stage == ACTION_ASKED;
    event.u.action.id = r->action_id;
    event.u.action.kind = kind;
    event.u.action.stage = stage;
    event.u.action.call_id = call_id;
    event.u.action.text = text;
    event.u.action.rc = stage == ACTION_FAILED ? RC_DENIED : RC_OK;
    if (stage == ACTION_CONFIRMED || stage == ACTION_UNSURE || stage == ACTION_ENDED)
        event.u.action.mode = action_mode(kind);
    ui_rig_tell(r, event);
}

void ui_rig_pass(struct ui_rig *r, int64_t ms)
{
    changed(r, floor_pass(&r->floor, ms));
}

const char *ui_rig_draw(struct ui_rig *r)
{
    ui_render(r->ui, &r->canvas, &r->floor.hud, r->floor.now_ms);
    buf_reset(&r->text);
    canvas_text(&r->canvas, &r->text);
    return buf_text(&r->text);
}

void ui_rig_key(struct ui_rig *r, const struct key *key)
{
    ui_key(r->ui, key, &r->floor.hud, r->floor.now_ms);
}

void ui_rig_type(struct ui_rig *r, const char *text)
{
    for (; *text != '\0'; text++) {
        struct key key = {.code = *text == '\r'     ? KEY_CODE_ENTER
                                  : *text == '\033' ? KEY_CODE_ESCAPE
                                                    : (uint32_t)*text};
        ui_rig_key(r, &key);
    }
}

void ui_rig_paste(struct ui_rig *r, const char *text)
{
    struct key key = {.code = KEY_CODE_PASTE, .text = text, .text_len = strlen(text)};

    ui_rig_key(r, &key);
}

static bool next_wish(struct ui_rig *r, struct intent *out)
{
    while (ui_next_intent(r->ui, out))
        if (out->kind != INTENT_BELL)
            return true;
    return false;
}

void ui_rig_wants(struct ui_rig *r, enum action_kind kind, const char *id, const char *call_id)
{
    struct intent intent = {0};

    if (!next_wish(r, &intent))
        fail_msg("nothing is wanted; the screen:\n%s", ui_rig_draw(r));
    assert_int_equal(intent.kind, INTENT_ACT);
    assert_string_equal(action_row(intent.action)->name, action_row(kind)->name);
    assert_string_equal(intent.user_id, id);
    assert_string_equal(intent.call_id, call_id);
}

void ui_rig_wants_nothing(struct ui_rig *r)
{
    struct intent intent = {0};

    if (next_wish(r, &intent))
        fail_msg("wanted: intent %d, %s of %s", (int)intent.kind, action_row(intent.action)->name,
                 intent.user_id);
}

bool ui_rig_wants_kind(struct ui_rig *r, enum intent_kind kind)
{
    struct intent intent = {0};

    return next_wish(r, &intent) && intent.kind == kind;
}

void ui_rig_shows(struct ui_rig *r, const char *text)
{
    const char *screen = ui_rig_draw(r);

    if (strstr(screen, text) == NULL)
        fail_msg("\"%s\" is not on the screen:\n%s", text, screen);
}

void ui_rig_shows_not(struct ui_rig *r, const char *text)
{
    const char *screen = ui_rig_draw(r);

    if (strstr(screen, text) != NULL)
        fail_msg("\"%s\" is on the screen:\n%s", text, screen);
}
