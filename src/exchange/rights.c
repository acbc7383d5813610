#include "routes.h"

#include "callhud/base/str.h"

bool ex_is_permitted(const struct ex_user *owner, uint64_t extension_id)
{
    for (size_t i = 0; i < owner->permitted.len; i++) {
        if (owner->permitted.items[i] == extension_id)
            return true;
    }
    return false;
}

bool ex_sees_presence(const struct ex_user *user, const struct ex_user *viewer)
{
    return user->shares_presence || user == viewer;
}

bool ex_sees_details(const struct ex_user *user, const struct ex_user *viewer)
{
    if (user == viewer || str_eq(user->caller_id_visibility, "All"))
        return true;
    return viewer && str_eq(user->caller_id_visibility, "PermittedUsers") &&
           ex_is_permitted(user, viewer->id);
}

static bool has_line(const struct ex_user *viewer, uint64_t extension_id)
{
    for (size_t i = 0; i < viewer->lines.len; i++) {
        if (viewer->lines.items[i].extension_id == extension_id)
            return true;
    }
    return false;
}

bool ex_may_pick_up(const struct ex *x, const struct ex_user *viewer, const struct ex_user *owner)
{
    (void)x;
    return viewer != owner && owner->shares_presence && has_line(viewer, owner->id) &&
           ex_is_permitted(owner, viewer->id);
}

bool ex_may_take_held(const struct ex *x, const struct ex_user *viewer)
{
    return viewer->pick_up_calls_on_hold &&
           !(viewer->ring_on_monitored_call && ex_switch_on(x, EX_RING_LOCKS_HOLD));
}

bool ex_may_monitor(const struct ex *x, const struct ex_user *viewer, const struct ex_user *agent)
{
    if (viewer == agent)
        return false;
    for (size_t i = 0; i < x->groups.len; i++) {
        const struct ex_member *from = ex_group_member(x->groups.items[i], viewer->id);
        const struct ex_member *to =
            from && from->is_monitoring ? ex_group_member(x->groups.items[i], agent->id) : NULL;
        if (to && to->is_monitored)
            return true;
    }
    return false;
}

/* --- users permitted to answer my calls ------------------------------------------------------ */

static json_t *permitted_record(struct ex *x, const struct ex_args *args, uint64_t id)
{
    const struct ex_user *user = ex_user_by_id(x, id);
    return json_pack("{so, so, ss}", "id", ex_text_id(id), "uri",
                     ex_uri(args->request->base_url, "/extension/%llu", (unsigned long long)id),
                     "extensionNumber", user ? user->extension : "");
}

static void get_permission(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    ex_page_of(&page, args->user->permitted.len);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++)
        json_array_append_new(records, permitted_record(x, args, args->user->permitted.items[i]));
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

void ex_set_permitted(struct ex *x, struct ex_user *user, const uint64_t *ids, size_t count)
{
    user->permitted.len = 0;
    for (size_t i = 0; i < count; i++) {
        if (!ex_is_permitted(user, ids[i]))
            VEC_PUSH(&user->permitted, ids[i]);
    }
    ex_emit(x, EX_EVENT_GRANT, 0,
            json_pack("{so, ss}", "extensionId", ex_text_id(user->id), "eventType", "Update"));
    ex_keep(x, user);
}

struct ids {
    VEC(uint64_t) list;
};

/* Reads the body's list. False: the reply is filled. */
static bool read_permitted(struct ex *x, struct ex_args *args, struct ids *ids)
{
    const json_t *list = json_object_get(args->request->body, "extensions");
    size_t i;
    const json_t *item;
    if (!json_is_array(list)) {
        ex_reply_invalid(args->reply, "extensions");
        return false;
    }
    json_array_foreach(list, i, item)
    {
        uint64_t id;
        if (!ex_json_id(json_object_get(item, "id"), &id)) {
            ex_reply_invalid(args->reply, "extensions.id");
            return false;
        }
        if (!ex_user_by_id(x, id)) {
            ex_reply_unknown(args->reply, 400, "extensions.id");
            return false;
        }
        if (id == args->user->id) {
            ex_reply_invalid(args->reply, "extensions.id");
            return false;
        }
        VEC_PUSH(&ids->list, id);
    }
    return true;
}

static void put_permission(struct ex *x, struct ex_args *args)
{
    struct ids ids = {0};
    if (read_permitted(x, args, &ids)) {
        ex_set_permitted(x, args->user, ids.list.items, ids.list.len);
        json_t *list = json_array();
        for (size_t i = 0; i < args->user->permitted.len; i++)
            json_array_append_new(list, permitted_record(x, args, args->user->permitted.items[i]));
        ex_reply_json(args->reply, 200, json_pack("{so}", "extensions", list));
    }
    VEC_FREE(&ids.list);
}

#define EXT "/v1.0/account/{account}/extension/{user}"
const struct ex_route ex_rights_routes[] = {
    {"GET", EXT "/presence/permission", "light", "ReadPresence", EX_OWN, "", false, get_permission},
    {"PUT", EXT "/presence/permission", "light", "ReadPresence", EX_OWN, "", true, put_permission},
    {"GET", EXT "/grant", "light", "ReadAccounts", EX_OWN, "", false, ex_get_grant},
    {"GET", EXT "/features", "medium", "ReadAccounts", EX_OWN, "", false, ex_get_features},
};
const size_t ex_rights_routes_len = sizeof ex_rights_routes / sizeof ex_rights_routes[0];
