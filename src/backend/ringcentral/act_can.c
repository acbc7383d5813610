/* Our own device, what can be done at all and why not, who we are: told when it changes. */
#include "act_priv.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdio.h>

/* ---- the device (4.8) ---- */

static bool is_phone(const struct rex_device *device)
{
    return str_eq_nocase(device->type, "SoftPhone") || str_eq_nocase(device->type, "HardPhone");
}

static void use(struct rex_can *can, const struct rex_device *device)
{
    str_copy(can->device_id, sizeof can->device_id, device->id);
    str_copy(can->device_name, sizeof can->device_name,
             device->name[0] != '\0' ? device->name : device->id);
}

static const struct rex_device *device_of(const struct rex_can *can, const char *id)
{
    for (size_t i = 0; i < can->devices.len; i++)
        if (str_eq(can->devices.items[i].id, id))
            return &can->devices.items[i];
    return NULL;
}

static void choose_configured(struct rex_can *can, const char *id)
{
    const struct rex_device *device = device_of(can, id);
    if (device == NULL)
        snprintf(can->lacks, sizeof can->lacks,
                 "you have no phone %.60s (device in the profile): callhud doctor lists yours", id);
    else if (!is_phone(device))
        snprintf(can->lacks, sizeof can->lacks,
                 "'%.60s' (device in the profile) is neither a desk phone nor a soft phone, and "
                 "RingCentral calls no other for this",
                 device->name);
    else if (!device->is_online)
        snprintf(can->lacks, sizeof can->lacks,
                 "your phone %.60s is offline: connect it, or name another as device in the "
                 "profile",
                 device->name);
    if (device != NULL)
        use(can, device);
}

/* The one that was chosen before stays, as long as it can be called. */
static void choose(struct rex_act *act)
{
    struct rex_can *can = &act->can;
    const char *wanted = act->config.config->device;
    const struct rex_device *device = device_of(can, can->device_id);
    can->lacks[0] = '\0';
    if (!str_is_empty(wanted)) {
        can->device_id[0] = can->device_name[0] = '\0';
        choose_configured(can, wanted);
        return;
    }
    if (device != NULL && is_phone(device) && device->is_online) {
        use(can, device);
        return;
    }
    can->device_id[0] = can->device_name[0] = '\0';
    for (size_t i = 0; i < can->devices.len; i++) {
        if (is_phone(&can->devices.items[i]) && can->devices.items[i].is_online) {
            use(can, &can->devices.items[i]);
            return;
        }
    }
    str_copy(can->lacks, sizeof can->lacks,
             "none of your desk phones and soft phones is online: connect one (the RingCentral app "
             "is none of them)");
}

static void on_devices(void *self, const struct rex_answer *answer)
{
    struct rex_act *act = self;
    struct rex_can *can = &act->can;
    rex_devices devices = {0};
    can->is_asking = false;
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_devices(&devices, NULL, answer->body, answer->body_len, NULL) == RC_OK;
    if (is_read) {
        VEC_FREE(&can->devices);
        can->devices = devices;
        can->is_listed = true;
        can->refused[0] = '\0';
    } else {
        VEC_FREE(&devices);
        log_warn("ringcentral", "our phones are not known: %s", answer->text);
        if (!can->is_listed)
            str_format(can->refused, sizeof can->refused,
                       "RingCentral does not tell which phones you have: %.150s",
                       answer->text[0] != '\0' ? answer->text : "an answer that is no list");
    }
    rex_can_tell(act);
}

void rex_can_synced(struct rex_act *act)
{
    if (!act->can.is_asking) {
        act->can.is_asking = true;
        REX_ASK(act, "GET", NULL, REX_LIGHT, on_devices, act,
                REX_ACCOUNT "extension/~/device?perPage=1000");
    }
    rex_can_tell(act);
}

/* ---- what can be done ---- */

static bool uses_phone(enum action_kind kind)
{
    return action_row(kind)->uses_phone;
}

static bool feature_lacks(const struct rex_act *act, const char *id, char why[REX_WHY_BYTES])
{
    const struct rex_feature *feature = rex_sync_feature(act->config.sync, id);
    if (feature == NULL || feature->is_available)
        return false;
    str_format(
        why, REX_WHY_BYTES, "your RingCentral account has no %s%s%.120s%s: ask its administrator",
        str_eq(id, "CallMonitoring") ? "call monitoring for you" : "pick up of lines for you",
        feature->reason[0] != '\0' ? " (" : "", feature->reason,
        feature->reason[0] != '\0' ? ")" : "");
    return true;
}

static bool phone_lacks(const struct rex_act *act, char why[REX_WHY_BYTES])
{
    const struct rex_can *can = &act->can;
    if (!can->is_listed)
        str_copy(why, REX_WHY_BYTES,
                 can->refused[0] != '\0' ? can->refused
                                         : "your phones are being read: wait a moment");
    else
        str_copy(why, REX_WHY_BYTES, can->lacks);
    return why[0] != '\0';
}

/* why stays "" when nothing is missing. */
static void look(const struct rex_act *act, enum action_kind kind, char why[REX_WHY_BYTES])
{
    const struct backend_config *config = act->config.config;
    const char *scope = kind == ACTION_DND ? "EditPresence" : "CallControl";
    const char *feature = kind == ACTION_PICKUP ? "BLFPickup" : "CallMonitoring";
    why[0] = '\0';
    if (config->is_read_only)
        str_copy(why, REX_WHY_BYTES, "--read-only is on: start callhud without it to act on calls");
    else if (!rex_signin_has_scope(act->config.signin, scope))
        snprintf(why, REX_WHY_BYTES,
                 "the application lacks the scope %s: have it added in RingCentral's developer "
                 "console, then start callhud anew",
                 scope);
    else if (!uses_phone(kind) || feature_lacks(act, feature, why))
        return;
    else if (config->ledger.put == NULL)
        str_copy(why, REX_WHY_BYTES,
                 "what is made at RingCentral could not be written down: see that the state folder "
                 "can be written");
    else
        phone_lacks(act, why);
}

static void tell_self(struct rex_act *act)
{
    struct rex_can *can = &act->can;
    const char *id = rex_own_id(act);
    const struct rex_user *own = rex_floor_user(act->config.floor, id);
    const char *extension = own ? own->extension : "";
    if (can->is_self_told && str_eq(can->self_id, id) && str_eq(can->self_extension, extension) &&
        str_eq(can->self_phone, can->device_name))
        return;
    can->is_self_told = true;
    str_copy(can->self_id, sizeof can->self_id, id);
    str_copy(can->self_phone, sizeof can->self_phone, can->device_name);
    str_copy(can->self_extension, sizeof can->self_extension, extension);
    struct event event = backend_event(EVENT_SELF, can->self_id, 0, false);
    event.u.self.extension = can->self_extension;
    event.u.self.phone = can->self_phone;
    act->config.sink.event(act->config.sink.self, &event);
}

void rex_can_tell(struct rex_act *act)
{
    struct rex_can *can = &act->can;
    if (can->is_listed)
        choose(act);
    tell_self(act);
    for (int i = 0; i < ACTION_COUNT; i++) {
        enum action_kind kind = (enum action_kind)i;
        char why[REX_WHY_BYTES];
        look(act, kind, why);
        enum capability level = why[0] != '\0' ? CAPABILITY_MISSING : CAPABILITY_NATIVE;
        /* Nothing is told of a phone before the list has been asked for. */
        bool is_waiting = uses_phone(kind) && !can->is_listed && can->is_asking &&
                          !can->levels[kind].is_told && !act->config.config->is_read_only;
        if (is_waiting)
            continue;
        if (level == CAPABILITY_NATIVE && rex_star_code(kind) != NULL) {
            level = CAPABILITY_ASSISTED;
            snprintf(why, sizeof why,
                     "RingCentral has no request for it: your phone %.60s calls %s, you key the "
                     "extension and #",
                     can->device_name, rex_star_code(kind));
        }
        backend_tell_capability(&act->config.sink, &can->levels[kind], kind, level, why);
    }
}

enum rc rex_can_check(const struct rex_act *act, enum action_kind kind, struct err *err)
{
    char why[REX_WHY_BYTES];
    look(act, kind, why);
    return why[0] == '\0' ? RC_OK : err_set(err, RC_DENIED, "%s", why);
}

void rex_can_fini(struct rex_act *act)
{
    rex_rest_cancel(act->config.rest, act); /* nothing but the list of phones asks as `act` */
    VEC_FREE(&act->can.devices);
}
