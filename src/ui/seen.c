/* The selected user as drawn last. */
#include "callhud/ui/ui_priv.h"

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
