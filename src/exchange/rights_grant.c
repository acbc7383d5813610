/* What others allow the caller, and what the plan and the role allow. */
#include "routes.h"

#include "callhud/base/str.h"

#include <stdio.h>

/* What the owner allows the viewer, as the protocol lists it. */
static json_t *grant_record(struct ex *x, const struct ex_args *args, const struct ex_user *owner)
{
    static const char *const never[] = {
        "callOnBehalfOf",        "callDelegation",    "groupPaging",       "callQueueSetup",
        "callQueueMembersSetup", "callQueueMessages", "callQueueFacSetup", "sharedVoicemails",
        "callQueueSmsRecipient", "smsRecipient",
    };
    const struct ex_user *viewer = args->user;
    const char *base = args->request->base_url;
    unsigned long long id = owner->id;
    char name[2 * sizeof owner->first];
    ex_full_name(owner, name, sizeof name);
    json_t *extension = json_pack("{so, so, ss, ss, ss}", "id", ex_text_id(owner->id), "uri",
                                  ex_uri(base, "/extension/%llu", id), "extensionNumber",
                                  owner->extension, "name", name, "type", owner->type);
    json_t *record = json_pack(
        "{so, so, sb, sb}", "uri",
        ex_uri(base, "/extension/%llu/grant/%llu", (unsigned long long)viewer->id, id), "extension",
        extension, "callPickup", owner->shares_presence && ex_is_permitted(owner, viewer->id),
        "callMonitoring", ex_may_monitor(x, viewer, owner));
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        json_object_set_new(record, never[i], json_false());
    return record;
}

/* Every user but the caller is an element; the caller's place is skipped. */
void ex_get_grant(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    const char *type = ex_query(args->request, "extensionType");
    size_t own = (size_t)(args->user - x->users);
    ex_page_of(&page, type && !str_eq(type, "User") ? 0 : x->users_len - 1);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++)
        json_array_append_new(records, grant_record(x, args, &x->users[i < own ? i : i + 1]));
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

/* --- features ------------------------------------------------------------------------------ */

enum need { EVERYBODY, ADMINS, MONITORS, MEMBERS, NOBODY };

static const struct feature {
    const char *id;
    enum need need;
    bool has_limit;
    const char *permission; /* that is missing when it is not available */
} features[] = {
    {"HUD", EVERYBODY, true, ""},
    {"BLF", EVERYBODY, false, ""},
    {"BLFPickup", EVERYBODY, false, ""},
    {"ReadBlfSettings", EVERYBODY, false, ""},
    {"EditBlfSettings", EVERYBODY, true, ""},
    {"EditBlfVisibility", EVERYBODY, false, ""},
    {"EditBlfPickupPermissions", EVERYBODY, false, ""},
    {"ReadPresenceStatus", EVERYBODY, false, ""},
    {"EditPresenceStatus", EVERYBODY, false, ""},
    {"CallMonitoring", MONITORS, false, "Monitoring"},
    {"EditCallMonitoringGroups", ADMINS, false, "Groups"},
    {"CallPark", EVERYBODY, false, ""},
    {"CallParkLocations", NOBODY, false, "ParkLocations"},
    {"CallQueuePickup", NOBODY, false, "CallQueuePickup"},
    {"CallQueuePresence", MEMBERS, false, "CallQueuePresence"},
};

static bool monitors(const struct ex *x, const struct ex_user *user)
{
    for (size_t i = 0; i < x->groups.len; i++) {
        const struct ex_member *member = ex_group_member(x->groups.items[i], user->id);
        if (member && member->is_monitoring)
            return true;
    }
    return false;
}

static bool is_available(const struct ex *x, const struct ex_user *user, enum need need)
{
    switch (need) {
    case EVERYBODY: return true;
    case ADMINS: return user->is_admin;
    case MONITORS: return monitors(x, user);
    case MEMBERS: return ex_queue_of(x, user) != NULL;
    case NOBODY: break;
    }
    return false;
}

static json_t *feature_record(const struct ex *x, const struct ex_user *user,
                              const struct feature *feature)
{
    bool is_there = is_available(x, user, feature->need);
    json_t *record = json_pack("{ss, sb}", "id", feature->id, "available", is_there);
    if (is_there && feature->has_limit)
        json_object_set_new(
            record, "params",
            json_pack("[{ss, so}]", "name", "limitMax", "value", json_sprintf("%d", EX_LINES_MAX)));
    if (!is_there) {
        bool is_plan = feature->need == NOBODY;
        json_object_set_new(
            record, "reason",
            json_pack("{ss, so, ss}", "code",
                      is_plan ? "ServicePlanLimitation" : "InsufficientPermissions", "message",
                      is_plan ? json_sprintf("[%s] is not in the service plan", feature->id)
                              : json_sprintf("[%s] permission is missing", feature->permission),
                      "permission", feature->permission));
    }
    return record;
}

void ex_get_features(struct ex *x, struct ex_args *args)
{
    bool is_chosen = json_object_get(args->request->query, "featureId") != NULL;
    bool is_available_only = ex_query_bool(args->request, "availableOnly", false);
    json_t *records = json_array();
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (is_chosen && !ex_query_has(args->request, "featureId", features[i].id))
            continue;
        if (is_available_only && !is_available(x, args->user, features[i].need))
            continue;
        json_array_append_new(records, feature_record(x, args->user, &features[i]));
    }
    ex_reply_json(args->reply, 200, json_pack("{so}", "records", records));
}
