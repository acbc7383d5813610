#include "stage.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void tell(struct stage *s, unsigned bits)
{
    if (bits == 0)
        return;
    ui_hud_changed(s->ui, &s->hud, bits, s->now_ms);
    hud_changed_clear(&s->hud);
}

void stage_apply(struct stage *s, const struct event *event)
{
    tell(s, hud_apply(&s->hud, event, s->now_ms));
    if (event->kind == EVENT_ACTION)
        ui_action(s->ui, &s->hud, event, s->now_ms);
}

void stage_capability(struct stage *s, enum action_kind kind, enum capability level,
                      const char *why)
{
    struct event event = {.kind = EVENT_CAPABILITY};

    event.u.capability.kind = kind;
    event.u.capability.level = level;
    event.u.capability.why = why;
    stage_apply(s, &event);
}

void stage_capable(struct stage *s)
{
    for (int kind = 0; kind < ACTION_COUNT; kind++)
        stage_capability(s, (enum action_kind)kind, CAPABILITY_NATIVE, "");
}

void stage_action(struct stage *s, uint32_t id, enum action_kind kind, enum action_stage stage,
                  const char *user_id, const char *call_id, const char *text)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = user_id, .at_ms = s->wall_ms};

    event.u.action.id = id;
    event.u.action.kind = kind;
    event.u.action.stage = stage;
    event.u.action.call_id = call_id;
    event.u.action.is_on = s->is_action_on;
    event.u.action.mode = stage == ACTION_ASKED || stage == ACTION_PHONE || stage == ACTION_FAILED
                              ? SUPERVISE_UNKNOWN
                              : action_mode(kind);
    event.u.action.rc = stage == ACTION_FAILED ? RC_DENIED : RC_OK;
    event.u.action.text = text;
    stage_apply(s, &event);
}

/* The backend's clock has to be heard now and then. */
static void heard(struct stage *s)
{
    struct event event = {.kind = EVENT_HEARD, .at_ms = s->wall_ms};

    (void)hud_apply(&s->hud, &event, s->now_ms);
}

void stage_restart(struct stage *s)
{
    struct err err = {0};

    ui_free(s->ui);
    if (ui_new(&s->ui, &s->settings, &err) != RC_OK)
        fail_msg("ui_new: %s", err.text);
    tell(s, HUD_CHANGED_USERS);
}

void stage_init(struct stage *s, int rows, int cols)
{
    static const char *const themes[] = {"default", "light", "mono", NULL};

    memset(s, 0, sizeof *s);
    s->now_ms = 1000000;
    s->wall_ms = STAGE_TIME_MS;
    s->settings = (struct ui_settings){.profile = "work",
                                       .backend = "the exchange",
                                       .phone_extension = "",
                                       .is_blinking = true,
                                       .is_mouse = true,
                                       .theme = "default",
                                       .themes = themes};
    hud_init(&s->hud);
    fake_desk_init(&s->desk);
    canvas_init(&s->canvas, rows, cols, false);
    stage_restart(s);
    heard(s);
    stage_link(s, LINK_LIVE, "", 0);
    struct event event = {.kind = EVENT_SNAPSHOT_ASKED};
    stage_apply(s, &event);
    s->is_snapshot_open = true;
}

void stage_fini(struct stage *s)
{
    ui_free(s->ui);
    fake_desk_fini(&s->desk);
    canvas_fini(&s->canvas);
    hud_fini(&s->hud);
}

void stage_advance(struct stage *s, int64_t ms)
{
    bool is_up = s->hud.link.state == LINK_LIVE || s->hud.link.state == LINK_POLLING;

    while (ms > 0) {
        int64_t step_ms = ms < 5000 ? ms : 5000;
        s->now_ms += step_ms;
        s->wall_ms += step_ms;
        ms -= step_ms;
        if (is_up)
            heard(s);
        tell(s, hud_tick(&s->hud, s->now_ms));
    }
}

void stage_render(struct stage *s)
{
    ui_render(s->ui, &s->canvas, &s->hud, s->now_ms);
}

void stage_user(struct stage *s, const char *extension, const char *name, const char *department)
{
    struct event event = {.kind = EVENT_USER, .user_id = extension, .is_answer = s->is_answering};

    event.u.user.extension = extension;
    event.u.user.name = name;
    event.u.user.department = department;
    stage_apply(s, &event);
}

void stage_presence(struct stage *s, const char *id, enum presence presence, const char *note,
                    int64_t age_ms)
{
    struct event event = {.kind = EVENT_PRESENCE, .user_id = id, .is_answer = s->is_answering};

    event.at_ms = age_ms < 0 ? 0 : s->wall_ms - age_ms;
    event.u.presence.presence = presence;
    event.u.presence.note = note;
    stage_apply(s, &event);
}

void stage_call(struct stage *s, const char *id, const char *call_id, enum call_state state,
                enum call_direction direction, const char *number, const char *name, int64_t age_ms)
{
    struct event event = {
        .kind = EVENT_CALL, .user_id = id, .is_answer = s->is_answering, .at_ms = s->wall_ms};

    event.u.call.id = call_id;
    event.u.call.state = state;
    event.u.call.direction = direction;
    event.u.call.number = number;
    event.u.call.name = name;
    event.u.call.since_ms = age_ms < 0 ? 0 : s->wall_ms - age_ms;
    event.u.call.connected_ms = state == CALL_CONNECTED ? event.u.call.since_ms : 0;
    stage_apply(s, &event);
}

void stage_end(struct stage *s, const char *id, const char *call_id)
{
    struct event event = {.kind = EVENT_CALL_ENDED, .user_id = id, .is_answer = s->is_answering};

    event.u.ended.id = call_id;
    stage_apply(s, &event);
}

void stage_link(struct stage *s, enum link_state state, const char *text, int64_t retry_in_ms)
{
    struct event event = {.kind = EVENT_LINK};

    event.u.link.state = state;
    event.u.link.text = text;
    event.u.link.retry_ms = retry_in_ms > 0 ? s->now_ms + retry_in_ms : 0;
    stage_apply(s, &event);
}

/* All that the model knows, told again as answers of a snapshot. */
static void name_all(struct stage *s, bool has_calls)
{
    for (size_t i = 0; i < s->hud.users.len; i++) {
        const struct user *user = s->hud.users.items[i];
        struct event event = {.kind = EVENT_USER, .user_id = user->id, .is_answer = true};
        event.u.user.extension = user->extension;
        event.u.user.name = user->name;
        event.u.user.department = user->department;
        event.u.user.line = user->line;
        stage_apply(s, &event);
        for (size_t j = 0; has_calls && j < user->calls.len; j++) {
            const struct call *call = &user->calls.items[j];
            struct event told = {.kind = EVENT_CALL, .user_id = user->id, .is_answer = true};
            told.u.call.id = call->id;
            told.u.call.state = call->state;
            told.u.call.direction = call->direction;
            told.u.call.number = call->number;
            told.u.call.name = call->name;
            told.u.call.since_ms = call->since_ms;
            told.u.call.connected_ms = call->connected_ms;
            told.u.call.is_recorded = call->is_recorded;
            told.u.call.supervisors = call->supervisors;
            told.u.call.supervisors_len = call->supervisors_len;
            stage_apply(s, &told);
        }
    }
}

void stage_ask(struct stage *s)
{
    struct event event = {.kind = EVENT_SNAPSHOT_ASKED};

    stage_apply(s, &event);
    s->is_snapshot_open = s->is_answering = true;
    name_all(s, false);
}

void stage_sync(struct stage *s)
{
    struct event event = {.kind = EVENT_SNAPSHOT_ASKED};

    if (!s->is_snapshot_open) {
        stage_apply(s, &event);
        name_all(s, true);
    }
    event.kind = EVENT_SNAPSHOT_DONE;
    event.at_ms = s->wall_ms;
    stage_apply(s, &event);
    s->is_snapshot_open = s->is_answering = false;
}

void stage_keys(struct stage *s, const char *keys)
{
    while (*keys != '\0') {
        struct key made[4] = {{0}};
        size_t count = 0, used = 1;
        char name[64];
        const char *end = *keys == '<' ? strchr(keys, '>') : NULL;

        if (end != NULL && (size_t)(end - keys) < sizeof name) {
            str_copy(name, sizeof name, keys + 1);
            name[end - keys - 1] = '\0';
            used = (size_t)(end - keys) + 1;
            if (key_parse(name, made, 4, &count, NULL) != RC_OK || count != 1)
                fail_msg("no such key: %s", name);
        } else {
            made[0].code = utf8_decode(keys, strlen(keys), &used);
        }
        ui_key(s->ui, &made[0], &s->hud, s->now_ms);
        keys += used;
    }
}

bool stage_intent(struct stage *s, enum intent_kind kind, struct intent *out)
{
    struct intent intent;

    while (ui_next_intent(s->ui, &intent))
        if (intent.kind == kind) {
            if (out != NULL)
                *out = intent;
            return true;
        }
    return false;
}
