/* The phones of a user (4.8), and which of them are in a call. */
#include "desk_priv.h"

#include "callhud/base/str.h"

#include <stdio.h>

static const struct rex_user *owner(const struct desk_job *job)
{
    const struct rex_floor *floor = job->desk->config.floor;
    return rex_floor_user(floor, job->extension[0] == '\0' ? floor->own_id : job->user_id);
}

/* Does the floor know the calls of this user? */
static bool is_followed(const struct desk_job *job)
{
    const struct rex_user *user = owner(job);
    return user != NULL && user->is_heard && (user->is_monitored || job->extension[0] == '\0');
}

/* A call of which it is not known which device has it may be on any of them. */
bool rex_desk_phone_is_in_call(const struct desk_job *job, const struct rex_device *device)
{
    if (!device->is_online)
        return false;
    if (!is_followed(job))
        return job->is_extension_in_call;
    const struct rex_user *user = owner(job);
    for (size_t i = 0; i < user->calls_len; i++) {
        const struct rex_call *call = &user->calls[i];
        if (call->state == REX_PARKED || str_eq(call->id, REX_MEETING))
            continue;
        const struct rex_party *leg = rex_floor_leg(job->desk->config.floor, call->id);
        if (leg == NULL || leg->device_id[0] == '\0' || str_eq(leg->device_id, device->id))
            return true;
    }
    return false;
}

static bool is_in_call(const struct rex_presence *presence)
{
    for (size_t i = 0; i < presence->calls.len; i++) {
        enum rex_telephony state = presence->calls.items[i].state;
        if (state == REX_CONNECTED || state == REX_RINGING || state == REX_ON_HOLD)
            return true;
    }
    return presence->calls.len == 0 &&
           (presence->telephony == REX_CONNECTED || presence->telephony == REX_RINGING ||
            presence->telephony == REX_ON_HOLD);
}

static void on_presence(struct desk_job *job, const struct rex_answer *answer)
{
    rex_presences presences = {0};
    struct rex_paging paging;
    struct err err = {0};
    if (rex_desk_failed(job, answer)) {
        rex_desk_end_failed(job);
        return;
    }
    if (rex_wire_presences(&presences, &paging, answer->content_type, answer->body,
                           answer->body_len, &err) != RC_OK) {
        rex_presences_free(&presences);
        rex_desk_end(job, RC_FAILED, "the service's answer cannot be read: %s", err.text);
        return;
    }
    for (size_t i = 0; i < presences.len; i++)
        job->is_extension_in_call |= is_in_call(&presences.items[i]);
    rex_presences_free(&presences);
    rex_desk_end(job, RC_OK, " ");
}

static enum rc take_devices(struct desk_job *job, const struct rex_answer *answer,
                            struct rex_paging *page, size_t *taken, struct err *err)
{
    size_t before = job->devices.len;
    enum rc rc = rex_wire_devices(&job->devices, page, answer->body, answer->body_len, err);
    *taken = job->devices.len - before;
    return rc;
}

static void reset_devices(struct desk_job *job)
{
    VEC_FREE(&job->devices);
}

static void on_devices(struct desk_job *job, bool is_ok)
{
    char path[DESK_PATH_BYTES];
    if (!is_ok) {
        rex_desk_end_failed(job);
        return;
    }
    if (job->devices.len == 0 || is_followed(job)) {
        rex_desk_end(job, RC_OK, " ");
        return;
    }
    rex_desk_path(job, path, "/presence?detailedTelephonyState=true");
    rex_desk_get(job, path, REX_LIGHT, DESK_READ_PATIENCE_MS, on_presence);
}

void rex_desk_phones_job(struct desk_job *job)
{
    job->pages = (struct desk_pages){
        .group = REX_LIGHT,
        .take = take_devices,
        .reset = reset_devices,
        .is_lenient = true,
        .done = on_devices,
    };
    rex_desk_path(job, job->pages.path, "/device?perPage=1000&page=");
    rex_desk_read_pages(job);
}
