/* Presence as it is set: by its user, by an administrator, by the exchange's own control. */
#include "routes.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "names.h"

#include <string.h>

void ex_set_message(struct ex_user *user, const char *text)
{
    mem_free(user->message);
    user->message = str_is_empty(text) ? NULL : mem_dup(text);
}

void ex_set_dnd(struct ex *x, struct ex_user *user, const char *status)
{
    if (str_eq(user->dnd_status, status))
        return;
    user->dnd_status = status;
    ex_emit(x, EX_EVENT_DND, user->id,
            json_pack("{so, ss}", "extensionId", ex_text_id(user->id), "dndStatus", status));
}

void ex_set_sharing(struct ex *x, struct ex_user *user, bool is_on)
{
    if (user->shares_presence == is_on)
        return;
    user->shares_presence = is_on;
    x->is_sharing_news = true;
    ex_presence_changed(x, user);
    x->is_sharing_news = false;
}

static size_t chars_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* --- the fields of PUT presence ------------------------------------------------------------ */

/* Each checks the value, and sets it unless is_trial. False: not such a value. */
typedef bool field_set(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial);

static bool set_user_status(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    (void)x;
    const char *word = ex_user_status_word(json_string_value(value));
    if (word && !is_trial)
        user->user_status = word;
    return word != NULL;
}

static bool set_dnd_status(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    const char *word = ex_dnd_status_word(json_string_value(value));
    /* The one is of members of queues only, the other is old and can only be read. */
    if (str_eq(word, "TakeDepartmentCallsOnly") ||
        (str_eq(word, "DoNotAcceptDepartmentCalls") && !ex_queue_of(x, user)))
        return false;
    if (word && !is_trial)
        ex_set_dnd(x, user, word);
    return word != NULL;
}

static bool set_dnd_personal(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    const char *word = ex_dnd_status_word(json_string_value(value));
    if (!str_eq(word, "TakeAllCalls") && !str_eq(word, "DoNotAcceptAnyCalls"))
        return false;
    if (!is_trial)
        ex_set_dnd(x, user, word);
    return true;
}

static bool set_queue_calls(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (!json_is_boolean(value) || (json_is_true(value) && !ex_queue_of(x, user)))
        return false;
    if (is_trial)
        return true;
    user->accepts_queue_calls = json_is_true(value);
    if (json_is_true(value) && str_eq(user->dnd_status, "DoNotAcceptDepartmentCalls"))
        ex_set_dnd(x, user, "TakeAllCalls");
    return true;
}

static bool set_message(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    (void)x;
    if (!json_is_string(value) || chars_of(json_string_value(value)) > EX_MESSAGE_CHARS)
        return false;
    if (!is_trial)
        ex_set_message(user, json_string_value(value));
    return true;
}

static bool set_sharing(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (json_is_boolean(value) && !is_trial)
        ex_set_sharing(x, user, json_is_true(value));
    return json_is_boolean(value);
}

static bool set_visibility(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    (void)x;
    const char *word = ex_visibility_word(json_string_value(value));
    if (word && !is_trial)
        user->caller_id_visibility = word;
    return word != NULL;
}

static bool set_ring(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    (void)x;
    if (json_is_boolean(value) && !is_trial)
        user->ring_on_monitored_call = json_is_true(value);
    return json_is_boolean(value);
}

static bool set_pick_up(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    (void)x;
    if (json_is_boolean(value) && !is_trial)
        user->pick_up_calls_on_hold = json_is_true(value);
    return json_is_boolean(value);
}

static const struct field {
    const char *name;
    field_set *set;
} fields[] = {
    {"userStatus", set_user_status},
    {"dndStatus", set_dnd_status},
    {"dndStatusPersonal", set_dnd_personal},
    {"acceptCallQueueCalls", set_queue_calls},
    {"message", set_message},
    {"callerIdVisibility", set_visibility},
    {"ringOnMonitoredCall", set_ring},
    {"pickUpCallsOnHold", set_pick_up},
    {"allowSeeMyPresence", set_sharing}, /* the last: it makes an event */
};
#define FIELDS (sizeof fields / sizeof fields[0])

void ex_put_presence(struct ex *x, struct ex_args *args)
{
    const json_t *body = args->request->body;
    if (!json_is_object(body)) {
        ex_reply_invalid(args->reply, "");
        return;
    }
    for (int is_trial = 1; is_trial >= 0; is_trial--) {
        for (size_t i = 0; i < FIELDS; i++) {
            const json_t *value = json_object_get(body, fields[i].name);
            if (value && !fields[i].set(x, args->user, value, is_trial)) {
                ex_reply_invalid(args->reply, fields[i].name);
                return;
            }
        }
    }
    ex_presence_changed(x, args->user);
    ex_keep(x, args->user);
    ex_reply_json(args->reply, 200,
                  ex_presence(x, args->user, args->user, false, false, args->request->base_url));
}

/* --- what the exchange's control sets besides ---------------------------------------------- */

static void tell_extension(struct ex *x, const struct ex_user *user)
{
    x->directory_version++;
    ex_emit(x, EX_EVENT_EXTENSION, user->id,
            json_pack("{so, ss}", "extensionId", ex_text_id(user->id), "eventType", "Update"));
}

static bool set_dnd_flag(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (json_is_boolean(value) && !is_trial)
        ex_set_dnd(x, user, json_is_true(value) ? "DoNotAcceptAnyCalls" : "TakeAllCalls");
    return json_is_boolean(value);
}

static bool set_online(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    (void)x;
    if (!json_is_boolean(value) || is_trial)
        return json_is_boolean(value);
    user->is_online = json_is_true(value);
    for (size_t i = 0; i < user->devices.len; i++)
        user->devices.items[i]->is_online = user->is_online;
    return true;
}

static bool is_text(const json_t *value)
{
    return json_is_string(value) && !str_is_empty(json_string_value(value));
}

static bool set_name(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (is_text(value) && !is_trial) {
        names_split(json_string_value(value), user->first, user->last);
        tell_extension(x, user);
    }
    return is_text(value);
}

static bool set_department(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (is_text(value) && !is_trial) {
        str_copy(user->department, sizeof user->department, json_string_value(value));
        tell_extension(x, user);
    }
    return is_text(value);
}

static bool set_enabled(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (json_is_boolean(value) && !is_trial) {
        user->is_enabled = json_is_true(value);
        tell_extension(x, user);
    }
    return json_is_boolean(value);
}

static bool set_admin(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    if (json_is_boolean(value) && !is_trial) {
        user->is_admin = json_is_true(value);
        tell_extension(x, user);
    }
    return json_is_boolean(value);
}

static bool set_permitted(struct ex *x, struct ex_user *user, const json_t *value, bool is_trial)
{
    size_t count = json_array_size(value), i;
    uint64_t *ids = mem_zero(count + 1, sizeof *ids);
    bool is_right = json_is_array(value);
    const json_t *item;
    json_array_foreach(value, i, item)
    {
        const struct ex_user *other = ex_user_by_extension(x, json_string_value(item));
        is_right = is_right && other && other != user;
        ids[i] = other ? other->id : 0;
    }
    if (is_right && !is_trial)
        ex_set_permitted(x, user, ids, count);
    mem_free(ids);
    return is_right;
}

static const struct field control_fields[] = {
    {"dnd", set_dnd_flag},
    {"online", set_online},
    {"name", set_name},
    {"department", set_department},
    {"enabled", set_enabled},
    {"admin", set_admin},
    {"permitted", set_permitted},
    {"sharesPresence", set_sharing},
    {"userStatus", set_user_status},
    {"dndStatus", set_dnd_status},
    {"callerIdVisibility", set_visibility},
    {"message", set_message},
    {"ringOnMonitoredCall", set_ring},
    {"pickUpCallsOnHold", set_pick_up},
};

bool ex_user_set(struct ex *x, struct ex_user *user, const char *key, const json_t *value)
{
    for (size_t i = 0; i < sizeof control_fields / sizeof control_fields[0]; i++) {
        if (!str_eq(control_fields[i].name, key))
            continue;
        if (!control_fields[i].set(x, user, value, true))
            return false;
        control_fields[i].set(x, user, value, false);
        if (control_fields[i].set != set_sharing)
            ex_presence_changed(x, user);
        ex_keep(x, user);
        return true;
    }
    return false;
}
