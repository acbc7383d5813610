#include "callhud/model/hud_copy.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

static const char *department_in(const struct hud *hud, const char *department)
{
    for (size_t i = 0; i < hud->departments.len; i++)
        if (str_eq(hud->departments.items[i], department))
            return hud->departments.items[i];
    return "";
}

struct call call_copy(const struct call *from)
{
    struct call to = *from;

    to.id = mem_dup(from->id);
    to.number = mem_dup(from->number);
    to.name = mem_dup(from->name);
    to.supervisors = NULL;
    if (from->supervisors_len > 0) {
        to.supervisors = mem_zero(from->supervisors_len, sizeof *to.supervisors);
        for (size_t i = 0; i < from->supervisors_len; i++) {
            to.supervisors[i].mode = from->supervisors[i].mode;
            to.supervisors[i].extension = mem_dup(from->supervisors[i].extension);
        }
    }
    return to;
}

static struct user *user_copy(const struct hud *to, const struct user *from)
{
    struct user *user = mem_zero(1, sizeof *user);

    *user = *from;
    user->id = mem_dup(from->id);
    user->extension = mem_dup(from->extension);
    user->name = mem_dup(from->name);
    user->presence_note = mem_dup(from->presence_note);
    user->department = department_in(to, from->department);
    user->is_changed = false;
    user->devices = NULL;
    if (from->devices_len > 0) {
        user->devices = mem_zero(from->devices_len, sizeof *user->devices);
        for (size_t i = 0; i < from->devices_len; i++) {
            user->devices[i].is_online = from->devices[i].is_online;
            user->devices[i].name = mem_dup(from->devices[i].name);
        }
    }
    for (int right = 0; right < RIGHT_COUNT; right++)
        user->denied[right] = mem_dup(from->denied[right]);
    memset(&user->calls, 0, sizeof user->calls);
    memset(&user->beyond, 0, sizeof user->beyond);
    for (size_t i = 0; i < from->calls.len; i++)
        VEC_PUSH(&user->calls, call_copy(&from->calls.items[i]));
    return user;
}

void hud_copy(struct hud *to, const struct hud *from)
{
    hud_init(to);
    for (size_t i = 0; i < from->departments.len; i++)
        VEC_PUSH(&to->departments, mem_dup(from->departments.items[i]));
    for (size_t i = 0; i < from->users.len; i++) {
        struct user *user = user_copy(to, from->users.items[i]);
        VEC_PUSH(&to->users, user);
        map_put(&to->by_id, user->id, user);
    }
    mem_free(to->link.text);
    to->link = from->link;
    to->link.text = mem_dup(from->link.text);
    to->settings = from->settings;
    to->is_read_only = from->is_read_only;
    memcpy(to->own_phone, from->own_phone, sizeof to->own_phone);
    memcpy(to->own_extension, from->own_extension, sizeof to->own_extension);
    to->own_id = mem_dup(from->own_id);
    for (int lack = 0; lack < LACK_COUNT; lack++)
        to->lacks[lack] = from->lacks[lack] ? mem_dup(from->lacks[lack]) : NULL;
    supervision_copy(&to->supervision, &from->supervision);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        mem_free(to->capabilities[kind].why);
        to->capabilities[kind] = from->capabilities[kind];
        to->capabilities[kind].why = mem_dup(from->capabilities[kind].why);
    }
    to->rev = from->rev;
    memcpy(to->counts, from->counts, sizeof to->counts);
    to->stats = from->stats;
    to->has_offset = from->has_offset;
    to->offset_ms = from->offset_ms;
    to->window_best_ms = from->window_best_ms;
    to->window_last_best_ms = from->window_last_best_ms;
    to->window_start_ms = from->window_start_ms;
    to->has_last_window = from->has_last_window;
}
