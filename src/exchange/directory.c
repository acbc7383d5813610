/* The company directory (contract: ringcentral 5). */
#include "directory.h"

#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>

#define MAIN_NUMBER "+16505550100"
#define FEDERATED_ACCOUNT "400990001008"
#define FEDERATED_ID_BASE UINT64_C(400990002008)

static const struct {
    const char *first, *last, *extension;
} federated[EX_FEDERATED] = {{"Grace", "Partner", "101"}, {"Ivan", "Partner", "102"}};

size_t ex_entries_len(const struct ex *x)
{
    return x->users_len + x->queues_len + EX_LOCATIONS;
}

static void fill(struct ex_entry *entry, uint64_t id, const char *extension, const char *type)
{
    entry->id = id;
    entry->extension = extension;
    entry->type = type;
    entry->status = "Enabled";
}

void ex_entry_name(const struct ex_entry *entry, char out[EX_NAME_BYTES])
{
    if (entry->user) {
        ex_full_name(entry->user, out, EX_NAME_BYTES);
    } else if (entry->queue || entry->location) {
        str_copy(out, EX_NAME_BYTES, entry->queue ? entry->queue->name : entry->location->name);
    } else {
        size_t index = (size_t)((entry->id - FEDERATED_ID_BASE) / EX_ID_STEP);
        snprintf(out, EX_NAME_BYTES, "%s %s", federated[index].first, federated[index].last);
    }
}

bool ex_entry_at(const struct ex *x, size_t index, struct ex_entry *entry)
{
    *entry = (struct ex_entry){0};
    if (index < x->users_len) {
        const struct ex_user *user = entry->user = &x->users[index];
        fill(entry, user->id, user->extension, user->type);
        entry->status = user->is_enabled ? "Enabled" : "Disabled";
        return true;
    }
    index -= x->users_len;
    if (index < x->queues_len) {
        const struct ex_queue *queue = entry->queue = &x->queues[index];
        fill(entry, queue->id, queue->extension, "Department");
        return true;
    }
    index -= x->queues_len;
    if (index < EX_LOCATIONS) {
        const struct ex_location *location = entry->location = &x->locations[index];
        fill(entry, location->id, location->extension, "ParkLocation");
        return true;
    }
    index -= EX_LOCATIONS;
    if (index >= EX_FEDERATED)
        return false;
    fill(entry, FEDERATED_ID_BASE + EX_ID_STEP * index, federated[index].extension, "User");
    return true;
}

static bool is_federated(const struct ex_entry *entry)
{
    return !entry->user && !entry->queue && !entry->location;
}

static json_t *account_record(const struct ex_entry *entry)
{
    if (is_federated(entry))
        return json_pack("{ss, ss, s{ss}}", "id", FEDERATED_ACCOUNT, "companyName", "Partner Ltd",
                         "mainNumber", "phoneNumber", "+16505550000");
    return json_pack("{so, s{ss}}", "id", ex_text_id(EX_ACCOUNT_ID), "mainNumber", "phoneNumber",
                     MAIN_NUMBER);
}

json_t *ex_directory_record(const struct ex *x, const struct ex_entry *entry)
{
    char name[EX_NAME_BYTES];
    ex_entry_name(entry, name);
    json_t *record =
        json_pack("{so, ss, ss, so, ss, ss, sb}", "id", ex_text_id(entry->id), "type", entry->type,
                  "status", entry->status, "account", account_record(entry), "name", name,
                  "extensionNumber", entry->extension, "hidden", 0);
    if (!is_federated(entry))
        json_object_set_new(record, "site",
                            json_pack("{ss, ss}", "id", "main-site", "name", "Main Site"));
    const struct ex_user *user = entry->user;
    if (!user)
        return record;
    json_object_set_new(record, "firstName", json_string(user->first));
    if (*user->last)
        json_object_set_new(record, "lastName", json_string(user->last));
    json_object_set_new(record, "department", json_string(user->department));
    json_object_set_new(record, "jobTitle",
                        json_string(user == ex_supervisor(x) ? "Supervisor" : "Agent"));
    json_object_set_new(record, "email", json_string(user->email));
    json_object_set_new(record, "phoneNumbers",
                        json_pack("[{ss, ss, ss, sb}]", "phoneNumber", user->number, "type",
                                  "VoiceFax", "usageType", "DirectNumber", "primary", 1));
    return record;
}

void ex_kinds_read(const struct ex_args *args, struct ex_kinds *kinds)
{
    const struct ex_request *request = args->request;
    bool is_any = !ex_query(request, "type");
    kinds->users = is_any || ex_query_has(request, "type", "User");
    kinds->queues = is_any || ex_query_has(request, "type", "Department");
    kinds->locations = is_any || ex_query_has(request, "type", "ParkLocation");
}

bool ex_kinds_have(const struct ex_kinds *kinds, const struct ex_entry *entry)
{
    return entry->queue ? kinds->queues : entry->location ? kinds->locations : kinds->users;
}

/* typeGroup and siteId as kinds. */
static void narrow(const struct ex_args *args, struct ex_kinds *kinds)
{
    const char *group = ex_query(args->request, "typeGroup");
    bool is_here =
        !ex_query(args->request, "siteId") || ex_query_has(args->request, "siteId", "main-site");
    if (!is_here || str_eq(group, "NonUser"))
        kinds->users = false;
    if (!is_here || str_eq(group, "User"))
        kinds->queues = kinds->locations = false;
}

static bool is_unchanged(const struct ex *x, struct ex_args *args)
{
    snprintf(args->reply->etag, sizeof args->reply->etag, "\"%zx-%x-%" PRIx64 "\"", x->users_len,
             (unsigned)x->options.seed, x->directory_version);
    const char *known = args->request->if_none_match;
    return !str_is_empty(known) && str_eq(known, args->reply->etag);
}

static void get_entries(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    const char *group = ex_query(args->request, "typeGroup");
    if (group && !str_eq(group, "User") && !str_eq(group, "NonUser")) {
        ex_reply_invalid(args->reply, "typeGroup");
        return;
    }
    bool is_all = str_eq(ex_query(args->request, "perPage"), "max") ||
                  str_eq(ex_query(args->request, "perPage"), "all");
    if (!ex_page_read(args, 1000, is_all ? ex_entries_len(x) + EX_FEDERATED : 2000, &page))
        return;
    if (is_unchanged(x, args)) {
        ex_reply_empty(args->reply, 304);
        return;
    }
    struct ex_entry entry;
    size_t len = ex_entries_len(x);
    if (ex_query_bool(args->request, "showFederated", true))
        len += EX_FEDERATED;
    struct ex_kinds kinds;
    ex_kinds_read(args, &kinds);
    narrow(args, &kinds);
    size_t total = 0;
    for (size_t i = 0; i < len && ex_entry_at(x, i, &entry); i++)
        total += ex_kinds_have(&kinds, &entry);
    ex_page_of(&page, total);
    json_t *records = json_array();
    for (size_t i = 0, at = 0; i < len && at < page.end && ex_entry_at(x, i, &entry); i++) {
        if (!ex_kinds_have(&kinds, &entry))
            continue;
        if (at >= page.start)
            json_array_append_new(records, ex_directory_record(x, &entry));
        at++;
    }
    json_t *body = ex_page_body(args, &page, records);
    json_object_del(body, "uri");
    json_object_del(body, "navigation");
    ex_reply_json(args->reply, 200, body);
}

static void get_entry(struct ex *x, struct ex_args *args)
{
    struct ex_entry entry;
    int64_t id;
    if (str_to_int(ex_arg(args, "entry"), 1, INT64_MAX, &id)) {
        const struct ex_user *user = ex_user_by_id(x, (uint64_t)id);
        size_t first = user ? (size_t)(user - x->users) : x->users_len;
        for (size_t i = first; ex_entry_at(x, i, &entry); i++) {
            if (entry.id == (uint64_t)id) {
                ex_reply_json(args->reply, 200, ex_directory_record(x, &entry));
                return;
            }
        }
    }
    ex_reply_unknown(args->reply, 404, "entryId");
}

#define ACC "/v1.0/account/{account}"
#define EXT ACC "/extension/{user}"
const struct ex_route ex_directory_routes[] = {
    {"GET", ACC, "light", "ReadAccounts", EX_ANYONE, "", false, ex_get_account},
    {"GET", ACC "/service-info", "light", "ReadAccounts", EX_ANYONE, "", false, ex_get_account},
    {"GET", ACC "/extension", "medium", "ReadAccounts", EX_ANYONE, "", false, ex_get_extensions},
    {"GET", ACC "/extension/{extension}", "light", "ReadAccounts", EX_ANYONE, "", false,
     ex_get_extension},
    {"GET", ACC "/directory/entries", "medium", "ReadAccounts", EX_ANYONE, "", false, get_entries},
    {"POST", ACC "/directory/entries/search", "heavy", "ReadAccounts", EX_ANYONE, "", true,
     ex_search_directory},
    {"GET", ACC "/directory/entries/{entry}", "medium", "ReadAccounts", EX_ANYONE, "", false,
     get_entry},
    {"GET", ACC "/sites", "light", "ReadAccounts", EX_ANYONE, "", false, ex_get_sites},
    {"GET", ACC "/call-queues", "medium", "ReadAccounts", EX_ANYONE, "", false, ex_get_queues},
    {"GET", ACC "/call-queues/{group}", "light", "ReadAccounts", EX_ANYONE, "", false,
     ex_get_queue},
    {"GET", ACC "/call-queues/{group}/members", "light", "ReadAccounts", EX_ANYONE, "", false,
     ex_get_queue_members},
    {"GET", ACC "/department/{group}/members", "light", "ReadAccounts", EX_ANYONE, "", false,
     ex_get_queue_members},
    {"GET", EXT "/device", "light", "ReadAccounts", EX_OWN, "", false, ex_get_devices},
    {"GET", EXT "/webapp-devices", "medium", "ReadAccounts", EX_OWN, "", false,
     ex_get_webapp_devices},
    {"GET", ACC "/device/{device}", "light", "ReadAccounts", EX_ANYONE, "", false, ex_get_device},
    {"GET", ACC "/call-recording", "light", "ReadAccounts", EX_ANYONE, "", false, ex_get_recording},
    {"PUT", ACC "/call-recording", "medium", "EditAccounts", EX_ADMIN, "EditCompanyInfo", true,
     ex_put_recording},
    {"GET", ACC "/call-recording/extensions", "medium", "ReadAccounts", EX_ANYONE, "", false,
     ex_get_recorded},
    {"POST", ACC "/call-recording/bulk-assign", "medium", "ReadAccounts", EX_ADMIN,
     "EditCompanyInfo", true, ex_assign_recorded},
    {"GET", EXT "/favorite", "light", "ReadContacts", EX_OWN, "", false, ex_get_favorites},
    {"PUT", EXT "/favorite", "medium", "Contacts", EX_OWN, "", true, ex_put_favorites},
    {"GET", EXT "/active-calls", "heavy", "ReadCallLog", EX_OWN, "", false,
     ex_get_own_active_calls},
    {"GET", ACC "/active-calls", "heavy", "ReadCallLog", EX_ADMIN, "FullCompanyCallLog", false,
     ex_get_all_active_calls},
};
const size_t ex_directory_routes_len = sizeof ex_directory_routes / sizeof ex_directory_routes[0];
