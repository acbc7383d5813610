/* Unified presence, and who of a queue takes its calls (contract: ringcentral 3.7). */
#include "routes.h"

#include "callhud/base/str.h"

/* --- unified ------------------------------------------------------------------------------- */

static const char *unified_status(const struct ex_user *user)
{
    const char *status = ex_presence_status(user);
    bool is_dnd = str_eq(user->dnd_status, "DoNotAcceptAnyCalls");
    return is_dnd && !str_eq(status, "Offline") ? "DND" : status;
}

static const char *queue_word(const char *dnd)
{
    return str_eq(dnd, "DoNotAcceptDepartmentCalls") ? "DoNotAcceptQueueCalls"
           : str_eq(dnd, "DoNotAcceptAnyCalls")      ? dnd
                                                     : "TakeAllCalls";
}

static json_t *unified_body(const char *status, bool is_online, bool is_visible, bool is_busy,
                            const char *telephony, const char *availability)
{
    const char *seen = is_visible ? "Visible" : "Invisible";
    return json_pack("{ss, s{ss, ss, ss}, s{ss, ss, ss}, s{ss}}", "status", status, "glip",
                     "status", is_online ? "Online" : "Offline", "visibility", seen, "availability",
                     is_busy ? "DND" : "Available", "telephony", "status", telephony, "visibility",
                     seen, "availability", availability, "meeting", "status", "NoMeeting");
}

static json_t *unified(struct ex *x, struct ex_args *args)
{
    (void)x;
    const struct ex_user *user = args->user;
    if (!user || !ex_sees_presence(user, args->request->caller))
        return unified_body("Offline", false, true, false, "NoCall", "TakeAllCalls");
    return unified_body(unified_status(user), user->is_online,
                        !str_eq(user->user_status, "Offline"), str_eq(user->user_status, "Busy"),
                        ex_telephony_status(user), queue_word(user->dnd_status));
}

void ex_get_unified(struct ex *x, struct ex_args *args)
{
    ex_answer_many(x, args, unified);
}

/* The user status that the body asks for; NULL: none; false: it asks for what there is not. */
static bool read_glip(const json_t *glip, const struct ex_user *user, const char **status)
{
    const char *visibility = json_string_value(json_object_get(glip, "visibility"));
    const char *availability = json_string_value(json_object_get(glip, "availability"));
    *status = NULL;
    if (visibility) {
        if (!str_eq(visibility, "Visible") && !str_eq(visibility, "Invisible"))
            return false;
        bool was_hidden = str_eq(user->user_status, "Offline");
        *status = str_eq(visibility, "Invisible") ? "Offline" : was_hidden ? "Available" : NULL;
    }
    if (availability && !str_eq(*status, "Offline")) {
        if (!str_eq(availability, "Available") && !str_eq(availability, "DND"))
            return false;
        *status = str_eq(availability, "DND") ? "Busy" : "Available";
    }
    return true;
}

void ex_patch_unified(struct ex *x, struct ex_args *args)
{
    const json_t *body = args->request->body;
    const char *status;
    if (!read_glip(json_object_get(body, "glip"), args->user, &status)) {
        ex_reply_invalid(args->reply, "glip");
        return;
    }
    const char *wanted =
        json_string_value(json_object_get(json_object_get(body, "telephony"), "availability"));
    const char *dnd = str_eq(wanted, "DoNotAcceptQueueCalls") ? "DoNotAcceptDepartmentCalls"
                                                              : ex_dnd_status_word(wanted);
    bool is_queue_only = str_eq(dnd, "DoNotAcceptDepartmentCalls");
    if (wanted && (!dnd || !str_eq(queue_word(dnd), wanted) ||
                   (is_queue_only && !ex_queue_of(x, args->user)))) {
        ex_reply_invalid(args->reply, "telephony.availability");
        return;
    }
    if (status)
        args->user->user_status = ex_user_status_word(status);
    if (dnd)
        ex_set_dnd(x, args->user, dnd);
    ex_presence_changed(x, args->user);
    ex_keep(x, args->user);
    ex_reply_json(args->reply, 200, unified(x, args));
}

/* --- queues -------------------------------------------------------------------------------- */

struct ex_queue *ex_the_queue(struct ex *x, struct ex_args *args)
{
    int64_t id;
    struct ex_queue *queue = NULL;
    if (str_to_int(ex_arg(args, "group"), 1, INT64_MAX, &id))
        queue = ex_queue_by_id(x, (uint64_t)id);
    if (!queue)
        ex_reply_unknown(args->reply, 404, "groupId");
    return queue;
}

static bool takes_queue_calls(const struct ex_user *user)
{
    return user->accepts_queue_calls && (str_eq(user->dnd_status, "TakeAllCalls") ||
                                         str_eq(user->dnd_status, "TakeDepartmentCallsOnly"));
}

void ex_get_queue_presence(struct ex *x, struct ex_args *args)
{
    const struct ex_queue *queue = ex_the_queue(x, args);
    if (!queue)
        return;
    json_t *records = json_array();
    for (size_t i = 0; i < queue->members; i++) {
        const struct ex_user *user = &x->users[queue->first + i];
        char name[160];
        ex_full_name(user, name, sizeof name);
        json_array_append_new(records,
                              json_pack("{s{so, ss, ss, s{ss, ss}}, sb, sb}", "member", "id",
                                        ex_text_id(user->id), "name", name, "extensionNumber",
                                        user->extension, "site", "id", "main-site", "name",
                                        "Main Site", "acceptQueueCalls", takes_queue_calls(user),
                                        "acceptCurrentQueueCalls", user->accepts_queue_calls));
    }
    ex_reply_json(args->reply, 200, json_pack("{so}", "records", records));
}

static bool is_member(const struct ex *x, const struct ex_queue *queue, const struct ex_user *user)
{
    return user && ex_queue_of(x, user) == queue;
}

void ex_put_queue_presence(struct ex *x, struct ex_args *args)
{
    const struct ex_queue *queue = ex_the_queue(x, args);
    const json_t *list = json_object_get(args->request->body, "records"), *item;
    size_t i;
    if (!queue)
        return;
    for (int is_trial = 1; is_trial >= 0; is_trial--) {
        json_array_foreach(list, i, item)
        {
            uint64_t id = 0;
            const json_t *value = json_object_get(item, "acceptCurrentQueueCalls");
            ex_json_id(json_object_get(json_object_get(item, "member"), "id"), &id);
            struct ex_user *user = ex_user_by_id(x, id);
            if (!is_member(x, queue, user)) {
                ex_reply_unknown(args->reply, 400, "member.id");
                return;
            }
            if (!json_is_boolean(value)) {
                ex_reply_invalid(args->reply, "acceptCurrentQueueCalls");
                return;
            }
            if (!is_trial) {
                user->accepts_queue_calls = json_is_true(value);
                ex_keep(x, user);
            }
        }
    }
    if (!json_is_array(list)) {
        ex_reply_invalid(args->reply, "records");
        return;
    }
    ex_get_queue_presence(x, args);
}

void ex_get_member_presence(struct ex *x, struct ex_args *args)
{
    const struct ex_queue *queue = ex_queue_of(x, args->user);
    json_t *records = json_array();
    if (queue)
        json_array_append_new(records,
                              json_pack("{s{so, ss, ss, sb}, sb}", "callQueue", "id",
                                        ex_text_id(queue->id), "name", queue->name,
                                        "extensionNumber", queue->extension, "editableMemberStatus",
                                        1, "acceptCalls", args->user->accepts_queue_calls));
    ex_reply_json(args->reply, 200, json_pack("{so}", "records", records));
}

void ex_put_member_presence(struct ex *x, struct ex_args *args)
{
    const json_t *list = json_object_get(args->request->body, "records"), *item;
    size_t i;
    if (!json_is_array(list)) {
        ex_reply_invalid(args->reply, "records");
        return;
    }
    for (int is_trial = 1; is_trial >= 0; is_trial--) {
        json_array_foreach(list, i, item)
        {
            uint64_t id = 0;
            const json_t *value = json_object_get(item, "acceptCalls");
            ex_json_id(json_object_get(json_object_get(item, "callQueue"), "id"), &id);
            const struct ex_queue *queue = ex_queue_by_id(x, id);
            if (!queue || !is_member(x, queue, args->user)) {
                ex_reply_unknown(args->reply, 400, "callQueue.id");
                return;
            }
            if (!json_is_boolean(value)) {
                ex_reply_invalid(args->reply, "acceptCalls");
                return;
            }
            if (!is_trial)
                args->user->accepts_queue_calls = json_is_true(value);
        }
    }
    ex_keep(x, args->user);
    ex_get_member_presence(x, args);
}
