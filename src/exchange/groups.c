/* Call monitoring groups (contract: ringcentral 4.6). */
#include "routes.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#define GROUPS_MAX 1000

/* Where a member is, or has to be put. */
static size_t place_of(const struct ex_group *group, uint64_t extension_id)
{
    size_t low = 0, high = group->members.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (group->members.items[mid].extension_id < extension_id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct ex_member *ex_group_member(const struct ex_group *group, uint64_t extension_id)
{
    size_t at = place_of(group, extension_id);
    bool is_there =
        at < group->members.len && group->members.items[at].extension_id == extension_id;
    return is_there ? &group->members.items[at] : NULL;
}

void ex_group_put(struct ex_group *group, struct ex_member member)
{
    struct ex_member *old = ex_group_member(group, member.extension_id);
    if (old) {
        *old = member;
        return;
    }
    size_t at = place_of(group, member.extension_id);
    VEC_PUSH(&group->members, member);
    memmove(group->members.items + at + 1, group->members.items + at,
            (group->members.len - 1 - at) * sizeof member);
    group->members.items[at] = member;
}

struct ex_group *ex_group_add(struct ex *x, uint64_t id, const char *name)
{
    struct ex_group *group = mem_zero(1, sizeof *group);
    x->groups_made++;
    group->id = id ? id : EX_GROUP_ID_BASE + EX_ID_STEP * x->groups_made;
    while (id >= EX_GROUP_ID_BASE + EX_ID_STEP * (x->groups_made + 1))
        x->groups_made++;
    str_copy(group->name, sizeof group->name, name);
    VEC_PUSH(&x->groups, group);
    return group;
}

static void free_group(struct ex_group *group)
{
    VEC_FREE(&group->members);
    mem_free(group);
}

void ex_groups_free(struct ex *x)
{
    for (size_t i = 0; i < x->groups.len; i++)
        free_group(x->groups.items[i]);
    VEC_FREE(&x->groups);
}

struct ex_group *ex_group_by_id(const struct ex *x, uint64_t id)
{
    for (size_t i = 0; i < x->groups.len; i++) {
        if (x->groups.items[i]->id == id)
            return x->groups.items[i];
    }
    return NULL;
}

/* --- requests -------------------------------------------------------------------------------- */

static json_t *group_record(const struct ex_args *args, const struct ex_group *group)
{
    return json_pack("{so, so, ss, s{ss, ss}}", "uri",
                     ex_uri(args->request->base_url, "/call-monitoring-groups/%llu",
                            (unsigned long long)group->id),
                     "id", ex_text_id(group->id), "name", group->name, "site", "id", "main-site",
                     "name", "Main Site");
}

/* The group of the path; NULL: the reply is filled. */
static struct ex_group *the_group(struct ex *x, struct ex_args *args)
{
    int64_t id;
    struct ex_group *group = NULL;
    if (str_to_int(ex_arg(args, "group"), 1, INT64_MAX, &id))
        group = ex_group_by_id(x, (uint64_t)id);
    if (!group)
        ex_reply_unknown(args->reply, 404, "groupId");
    return group;
}

static bool is_listed(const struct ex_args *args, const struct ex_group *group)
{
    const char *member = ex_query(args->request, "memberExtensionId");
    const char *site = ex_query(args->request, "siteId");
    int64_t id;
    if (site && !str_eq(site, "main-site"))
        return false;
    if (!member)
        return true;
    if (str_eq(member, "~"))
        return ex_group_member(group, args->request->caller->id) != NULL;
    return str_to_int(member, 1, INT64_MAX, &id) && ex_group_member(group, (uint64_t)id);
}

static void list_groups(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    size_t total = 0;
    for (size_t i = 0; i < x->groups.len; i++)
        total += is_listed(args, x->groups.items[i]);
    ex_page_of(&page, total);
    json_t *records = json_array();
    for (size_t i = 0, at = 0; i < x->groups.len; i++) {
        if (!is_listed(args, x->groups.items[i]))
            continue;
        if (at >= page.start && at < page.end)
            json_array_append_new(records, group_record(args, x->groups.items[i]));
        at++;
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

/* The name in the body, unlike that of every other group; NULL: the reply is filled. */
static const char *read_name(struct ex *x, struct ex_args *args, const struct ex_group *self)
{
    const char *name = json_string_value(json_object_get(args->request->body, "name"));
    if (str_is_empty(name) || strlen(name) >= sizeof self->name) {
        ex_reply_invalid(args->reply, "name");
        return NULL;
    }
    for (size_t i = 0; i < x->groups.len; i++) {
        if (x->groups.items[i] != self && str_eq(x->groups.items[i]->name, name)) {
            ex_reply_error(args->reply, 400, "CMN-406", "CMN-406",
                           "Duplicate value for parameter [name] found in request",
                           json_pack("{ss}", "parameterName", "name"));
            return NULL;
        }
    }
    return name;
}

static void make_group(struct ex *x, struct ex_args *args)
{
    const char *name = read_name(x, args, NULL);
    if (!name)
        return;
    if (x->groups.len >= GROUPS_MAX) {
        ex_reply_error(args->reply, 403, "CMN-109", "CMN-109", "There are too many groups", NULL);
        return;
    }
    struct ex_group *group = ex_group_add(x, 0, name);
    ex_keep_groups(x);
    ex_reply_json(args->reply, 200, group_record(args, group));
}

static void rename_group(struct ex *x, struct ex_args *args)
{
    struct ex_group *group = the_group(x, args);
    const char *name = group ? read_name(x, args, group) : NULL;
    if (!name)
        return;
    str_copy(group->name, sizeof group->name, name);
    ex_keep_groups(x);
    ex_reply_json(args->reply, 200, group_record(args, group));
}

static void delete_group(struct ex *x, struct ex_args *args)
{
    struct ex_group *group = the_group(x, args);
    for (size_t i = 0; group && i < x->groups.len; i++) {
        if (x->groups.items[i] != group)
            continue;
        VEC_REMOVE(&x->groups, i);
        free_group(group);
        ex_emit(x, EX_EVENT_GRANT, 0, json_pack("{ss}", "eventType", "Update"));
        ex_keep_groups(x);
        ex_reply_empty(args->reply, 204);
        return;
    }
}

static json_t *member_record(struct ex *x, const struct ex_args *args,
                             const struct ex_member *member)
{
    const struct ex_user *user = ex_user_by_id(x, member->extension_id);
    json_t *permissions = json_array();
    if (member->is_monitoring)
        json_array_append_new(permissions, json_string("Monitoring"));
    if (member->is_monitored)
        json_array_append_new(permissions, json_string("Monitored"));
    return json_pack("{so, so, ss, so}", "uri",
                     ex_uri(args->request->base_url, "/extension/%llu",
                            (unsigned long long)member->extension_id),
                     "id", ex_text_id(member->extension_id), "extensionNumber",
                     user ? user->extension : "", "permissions", permissions);
}

static void list_members(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    struct ex_group *group = the_group(x, args);
    if (!group || !ex_page_read(args, 100, 1000, &page))
        return;
    ex_page_of(&page, group->members.len);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++)
        json_array_append_new(records, member_record(x, args, &group->members.items[i]));
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

/* Reads one element; true: well. */
static bool read_member(struct ex *x, struct ex_args *args, const json_t *item,
                        bool has_permissions, struct ex_member *member)
{
    *member = (struct ex_member){0};
    if (!ex_json_id(json_object_get(item, "id"), &member->extension_id)) {
        ex_reply_invalid(args->reply, "id");
        return false;
    }
    if (!ex_user_by_id(x, member->extension_id)) {
        ex_reply_unknown(args->reply, 400, "id");
        return false;
    }
    if (!has_permissions)
        return true;
    const json_t *permissions = json_object_get(item, "permissions");
    size_t i;
    const json_t *permission;
    json_array_foreach(permissions, i, permission)
    {
        const char *text = json_string_value(permission);
        member->is_monitoring |= str_eq(text, "Monitoring");
        member->is_monitored |= str_eq(text, "Monitored");
        if (!str_eq(text, "Monitoring") && !str_eq(text, "Monitored")) {
            ex_reply_invalid(args->reply, "permissions");
            return false;
        }
    }
    if (!member->is_monitoring && !member->is_monitored)
        ex_reply_invalid(args->reply, "permissions");
    return member->is_monitoring || member->is_monitored;
}

static void remove_member(struct ex_group *group, uint64_t id)
{
    const struct ex_member *member = ex_group_member(group, id);
    if (member)
        VEC_REMOVE(&group->members, (size_t)(member - group->members.items));
}

/* Nothing is changed unless all of it is right: first looked through, then carried out. */
static void assign_members(struct ex *x, struct ex_args *args)
{
    static const char *const lists[] = {"addedExtensions", "updatedExtensions",
                                        "removedExtensions"};
    struct ex_group *group = the_group(x, args);
    struct ex_member member;
    if (!group)
        return;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t l = 0; l < 3; l++) {
            const json_t *list = json_object_get(args->request->body, lists[l]);
            size_t i;
            const json_t *item;
            json_array_foreach(list, i, item)
            {
                if (!read_member(x, args, item, l < 2, &member))
                    return;
                if (pass == 1 && l < 2)
                    ex_group_put(group, member);
                else if (pass == 1)
                    remove_member(group, member.extension_id);
            }
        }
    }
    ex_emit(x, EX_EVENT_GRANT, 0, json_pack("{ss}", "eventType", "Update"));
    ex_keep_groups(x);
    ex_reply_empty(args->reply, 204);
}

#define GROUPS "/v1.0/account/{account}/call-monitoring-groups"
const struct ex_route ex_groups_routes[] = {
    {"GET", GROUPS, "medium", "ReadAccounts", EX_ANYONE, "", false, list_groups},
    {"POST", GROUPS, "medium", "EditExtensions", EX_ADMIN, "Groups", true, make_group},
    {"PUT", GROUPS "/{group}", "medium", "EditExtensions", EX_ADMIN, "Groups", true, rename_group},
    {"DELETE", GROUPS "/{group}", "medium", "EditExtensions", EX_ADMIN, "Groups", false,
     delete_group},
    {"GET", GROUPS "/{group}/members", "medium", "ReadAccounts", EX_ANYONE, "", false,
     list_members},
    {"POST", GROUPS "/{group}/bulk-assign", "heavy", "EditExtensions", EX_ADMIN, "Groups", true,
     assign_members},
};
const size_t ex_groups_routes_len = sizeof ex_groups_routes / sizeof ex_groups_routes[0];
