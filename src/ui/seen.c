/* The selected user as drawn last. */
#include "callhud/ui/ui_priv.h"

static struct call call_copy(const struct call *from)
{
    struct call to = *from;

    to.id = mem_dup(from->id);
    to.number = mem_dup(from->number);
    to.name = mem_dup(from->name);
    to.supervisors = NULL;
    if (from->supervisors_len > 0)
        to.supervisors = mem_zero(from->supervisors_len, sizeof *to.supervisors);
    for (size_t i = 0; i < from->supervisors_len; i++) {
        to.supervisors[i].mode = from->supervisors[i].mode;
        to.supervisors[i].extension = mem_dup(from->supervisors[i].extension);
    }
    return to;
}

static void call_fini(struct call *call)
{
    union {
        const char *read;
        char *owned;
    } text;

    for (size_t i = 0; i < call->supervisors_len; i++) {
        text.read = call->supervisors[i].extension;
        mem_free(text.owned);
    }
    mem_free(call->supervisors);
    mem_free(call->id);
    mem_free(call->number);
    mem_free(call->name);
}

void seen_clear(struct seen *seen)
{
    if (!seen->is_there)
        return;
    for (size_t i = 0; i < seen->user.calls.len; i++)
        call_fini(&seen->user.calls.items[i]);
    VEC_FREE(&seen->user.calls);
    mem_free(seen->user.id);
    mem_free(seen->user.extension);
    mem_free(seen->user.name);
    mem_free(seen->user.presence_note);
    memset(seen, 0, sizeof *seen);
}

void seen_take(struct seen *seen, const struct user *user)
{
    seen_clear(seen);
    if (user == NULL)
        return;
    seen->is_there = true;
    seen->user = *user;
    seen->user.id = mem_dup(user->id);
    seen->user.extension = mem_dup(user->extension);
    seen->user.name = mem_dup(user->name);
    seen->user.presence_note = mem_dup(user->presence_note);
    seen->user.department = "";
    seen->user.devices = NULL;
    seen->user.devices_len = 0;
    memset(&seen->user.beyond, 0, sizeof seen->user.beyond);
    memset(&seen->user.calls, 0, sizeof seen->user.calls);
    for (size_t i = 0; i < user->calls.len; i++)
        VEC_PUSH(&seen->user.calls, call_copy(&user->calls.items[i]));
}
