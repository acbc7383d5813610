#include "floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void floor_init(struct floor *f)
{
    *f = (struct floor){.now_ms = 1000};
    hud_init(&f->hud);
}

void floor_fini(struct floor *f)
{
    hud_fini(&f->hud);
}

void floor_open(struct floor *f, int users)
{
    floor_init(f);
    floor_link(f, LINK_LIVE);
    floor_kind(f, EVENT_SNAPSHOT_ASKED);
    f->is_answer = true;
    for (int i = 1; i <= users; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%d", 100 + i);
        floor_user(f, id, "", "", (uint32_t)i);
        floor_presence(f, id, PRESENCE_AVAILABLE);
    }
    f->is_answer = false;
    floor_kind(f, EVENT_SNAPSHOT_DONE);
    hud_changed_clear(&f->hud);
}

/* Counted anew, by what is asked for on the screen. */
static void check_counts(const struct floor *f)
{
    size_t counts[LAMP_COUNT] = {0};

    for (size_t i = 0; i < f->hud.users.len; i++)
        counts[hud_lamp(&f->hud, f->hud.users.items[i], f->now_ms).lamp]++;
    for (int lamp = 0; lamp < LAMP_COUNT; lamp++)
        assert_int_equal(counts[lamp], f->hud.counts[lamp]);
}

void floor_check(const struct floor *f)
{
    const struct hud *hud = &f->hud;
    size_t marked = 0;

    check_counts(f);
    for (size_t i = 0; i < hud->users.len; i++) {
        const struct user *user = hud->users.items[i];
        assert_int_equal(user->index, i);
        assert_ptr_equal(hud_user_by_id(hud, user->id), user);
        assert_true(user->rev <= hud->rev);
        assert_true(user->calls.len <= HUD_CALLS_PER_USER_MAX);
        assert_int_equal(user->shown_stale, hud_is_stale(hud, user, f->now_ms));
        marked += user->is_changed;
    }
    assert_int_equal(hud->by_id.len, hud->users.len);
    /* As many as are marked, all marked, none twice. */
    assert_int_equal(hud->changed.len, marked);
    for (size_t i = 0; i < hud->changed.len; i++) {
        assert_true(hud->changed.items[i]->is_changed);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(hud->changed.items[i], hud->changed.items[j]);
    }
}

unsigned floor_tell(struct floor *f, struct event event)
{
    event.at_ms = f->is_untimed ? 0 : floor_at(f) - f->late_ms;
    event.is_answer = f->is_answer;
    unsigned bits = hud_apply(&f->hud, &event, f->now_ms);
    floor_check(f);
    return bits;
}

unsigned floor_pass(struct floor *f, int64_t ms)
{
    f->now_ms += ms;
    unsigned bits = hud_tick(&f->hud, f->now_ms);
    floor_check(f);
    return bits;
}

unsigned floor_link(struct floor *f, enum link_state state)
{
    struct event event = {.kind = EVENT_LINK};
    event.u.link.state = state;
    event.u.link.text = state == LINK_LOST ? "closed by the other side" : "";
    return floor_tell(f, event);
}

unsigned floor_kind(struct floor *f, enum event_kind kind)
{
    return floor_tell(f, (struct event){.kind = kind});
}

unsigned floor_user(struct floor *f, const char *id, const char *name, const char *department,
                    uint32_t line)
{
    struct event event = {.kind = EVENT_USER, .user_id = id};
    event.u.user.extension = id;
    event.u.user.name = name;
    event.u.user.department = department;
    event.u.user.line = line;
    return floor_tell(f, event);
}

unsigned floor_gone(struct floor *f, const char *id)
{
    return floor_tell(f, (struct event){.kind = EVENT_USER_GONE, .user_id = id});
}

unsigned floor_presence(struct floor *f, const char *id, enum presence presence)
{
    struct event event = {.kind = EVENT_PRESENCE, .user_id = id};
    event.u.presence.presence = presence;
    return floor_tell(f, event);
}

unsigned floor_away(struct floor *f, const char *id, const char *note)
{
    struct event event = {.kind = EVENT_PRESENCE, .user_id = id};
    event.u.presence.presence = PRESENCE_AWAY;
    event.u.presence.note = note;
    return floor_tell(f, event);
}

unsigned floor_dnd(struct floor *f, const char *id, bool is_on)
{
    struct event event = {.kind = EVENT_DND, .user_id = id};
    event.u.dnd.is_on = is_on;
    return floor_tell(f, event);
}

unsigned floor_withheld(struct floor *f, const char *id, bool is_withheld)
{
    struct event event = {.kind = EVENT_CALLS_WITHHELD, .user_id = id};
    event.u.withheld.is_withheld = is_withheld;
    return floor_tell(f, event);
}

unsigned floor_right(struct floor *f, const char *id, enum right right, const char *why)
{
    struct event event = {.kind = EVENT_RIGHT, .user_id = id};
    event.u.right.right = right;
    event.u.right.is_allowed = !why;
    event.u.right.why = why;
    return floor_tell(f, event);
}

unsigned floor_self(struct floor *f, const char *id, const char *phone)
{
    struct event event = {.kind = EVENT_SELF, .user_id = id};
    event.u.self.phone = phone;
    return floor_tell(f, event);
}

unsigned floor_call_with(struct floor *f, const char *id, const char *call_id,
                         enum call_state state, const char *name, const char *number)
{
    struct event event = {.kind = EVENT_CALL, .user_id = id};
    event.u.call.id = call_id;
    event.u.call.state = state;
    event.u.call.direction = state == CALL_DIALLING ? CALL_OUT : CALL_IN;
    event.u.call.name = name;
    event.u.call.number = number;
    return floor_tell(f, event);
}

unsigned floor_call(struct floor *f, const char *id, const char *call_id, enum call_state state)
{
    return floor_call_with(f, id, call_id, state, "", "");
}

unsigned floor_ended(struct floor *f, const char *id, const char *call_id)
{
    struct event event = {.kind = EVENT_CALL_ENDED, .user_id = id};
    event.u.ended.id = call_id;
    return floor_tell(f, event);
}

const struct user *floor_find(const struct floor *f, const char *id)
{
    const struct user *user = hud_user_by_id(&f->hud, id);
    assert_non_null(user);
    return user;
}

struct lamp_view floor_view(const struct floor *f, const char *id)
{
    return hud_lamp(&f->hud, floor_find(f, id), f->now_ms);
}

enum lamp floor_lamp(const struct floor *f, const char *id)
{
    return floor_view(f, id).lamp;
}

int64_t floor_at(const struct floor *f)
{
    return FLOOR_EPOCH_MS + f->now_ms;
}
