/* The list of extensions, one extension, the account, its sites. */
#include "directory.h"

#include "callhud/base/str.h"

static json_t *main_site(void)
{
    return json_pack("{ss, ss}", "id", "main-site", "name", "Main Site");
}

static json_t *account_uri(const char *base)
{
    return ex_uri(base, "%s", "");
}

static json_t *contact(const struct ex *x, const struct ex_entry *entry, const char *name)
{
    const struct ex_user *user = entry->user;
    if (!user)
        return json_pack("{ss}", "firstName", name);
    return json_pack("{ss, ss, ss, ss, ss, ss}", "firstName", user->first, "lastName", user->last,
                     "email", user->email, "department", user->department, "jobTitle",
                     user == ex_supervisor(x) ? "Supervisor" : "Agent", "businessPhone",
                     user->number);
}

static json_t *record_of(const struct ex *x, const struct ex_args *args,
                         const struct ex_entry *entry)
{
    const char *base = args->request->base_url;
    bool is_admin = entry->user && entry->user->is_admin;
    char name[EX_NAME_BYTES];
    ex_entry_name(entry, name);
    json_t *record = json_pack(
        "{sI, so, ss, ss, ss, ss, so, s{s{sb}, s{sb}}, so, sb}", "id", (json_int_t)entry->id, "uri",
        ex_uri(base, "/extension/%llu", (unsigned long long)entry->id), "extensionNumber",
        entry->extension, "name", name, "type", entry->type, "status", entry->status, "contact",
        contact(x, entry, name), "permissions", "admin", "enabled", is_admin,
        "internationalCalling", "enabled", 0, "site", main_site(), "hidden", 0);
    if (entry->queue)
        json_object_set_new(record, "callQueueInfo",
                            json_pack("{si, si, sb, si}", "slaGoal", 80, "slaThresholdSeconds", 30,
                                      "includeAbandonedCalls", 1, "abandonedThresholdSeconds", 5));
    return record;
}

/* The query, read once. */
struct wanted {
    struct ex_kinds kinds;
    const char *number, *email;
    bool is_enabled, is_disabled;
};

static bool is_listed(const struct wanted *wanted, const struct ex_entry *entry)
{
    const struct ex_user *user = entry->user;
    if (!ex_kinds_have(&wanted->kinds, entry))
        return false;
    if (wanted->number && !str_eq(wanted->number, entry->extension))
        return false;
    if (wanted->email && !(user && str_eq_nocase(wanted->email, user->email)))
        return false;
    return user && !user->is_enabled ? wanted->is_disabled : wanted->is_enabled;
}

void ex_get_extensions(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    struct ex_entry entry;
    struct wanted wanted = {.number = ex_query(args->request, "extensionNumber"),
                            .email = ex_query(args->request, "email")};
    bool is_any = !ex_query(args->request, "status");
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    ex_kinds_read(args, &wanted.kinds);
    wanted.is_enabled = is_any || ex_query_has(args->request, "status", "Enabled");
    wanted.is_disabled = is_any || ex_query_has(args->request, "status", "Disabled");
    size_t total = 0, len = ex_entries_len(x);
    for (size_t i = 0; i < len && ex_entry_at(x, i, &entry); i++)
        total += is_listed(&wanted, &entry);
    ex_page_of(&page, total);
    json_t *records = json_array();
    for (size_t i = 0, at = 0; i < len && at < page.end && ex_entry_at(x, i, &entry); i++) {
        if (!is_listed(&wanted, &entry))
            continue;
        if (at >= page.start)
            json_array_append_new(records, record_of(x, args, &entry));
        at++;
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

static json_t *service_features(void)
{
    static const char *const on[] = {"CallForwarding",  "CallPark",      "CallParkLocations",
                                     "CallSupervision", "DND",           "OnDemandCallRecording",
                                     "Presence",        "RingOut",       "TelephonySessions",
                                     "VoipCalling",     "UserManagement"};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
        json_array_append_new(list, json_pack("{ss, sb}", "featureName", on[i], "enabled", 1));
    json_array_append_new(list, json_pack("{ss, sb, ss}", "featureName", "Fax", "enabled", 0,
                                          "reason", "ServicePlanLimitation"));
    return list;
}

/* What one extension has besides what the list says. */
static void put_more(const struct ex *x, const struct ex_args *args, json_t *record)
{
    const char *base = args->request->base_url;
    json_object_set_new(
        record, "account",
        json_pack("{so, so}", "id", ex_text_id(EX_ACCOUNT_ID), "uri", account_uri(base)));
    if (!args->user)
        return;
    json_t *departments = json_array();
    const struct ex_queue *queue = ex_queue_of(x, args->user);
    if (queue)
        json_array_append_new(
            departments, json_pack("{so, so, ss}", "id", ex_text_id(queue->id), "uri",
                                   ex_uri(base, "/extension/%llu", (unsigned long long)queue->id),
                                   "extensionNumber", queue->extension));
    json_object_set_new(record, "departments", departments);
    json_object_set_new(record, "serviceFeatures", service_features());
    json_object_set_new(record, "setupWizardState", json_string("Completed"));
    json_object_set_new(record, "regionalSettings",
                        json_pack("{s{ss, ss}, s{ss, ss, ss}, ss}", "timezone", "id", "58", "name",
                                  "Etc/UTC", "language", "id", "1033", "name",
                                  "English (United States)", "localeCode", "en-US", "timeFormat",
                                  "24h"));
}

void ex_get_extension(struct ex *x, struct ex_args *args)
{
    size_t index = args->user ? (size_t)(args->user - x->users)
                   : args->queue
                       ? x->users_len + (size_t)(args->queue - x->queues)
                       : x->users_len + x->queues_len + (size_t)(args->location - x->locations);
    struct ex_entry entry;
    ex_entry_at(x, index, &entry);
    json_t *record = record_of(x, args, &entry);
    put_more(x, args, record);
    ex_reply_json(args->reply, 200, record);
}

void ex_get_account(struct ex *x, struct ex_args *args)
{
    const char *base = args->request->base_url;
    const struct ex_user *first = ex_supervisor(x);
    json_t *service = json_pack(
        "{so, s{ss, ss, s{ss, ss, ss}}, s{ss, ss}}", "uri", ex_uri(base, "/service-info"), "brand",
        "id", "1210", "name", "callhud exchange", "homeCountry", "id", "1", "name", "United States",
        "isoCode", "US", "servicePlan", "id", "1", "name", "Exchange");
    if (str_ends(args->route->path, "/service-info")) {
        json_object_set_new(service, "limits",
                            json_pack("{si, si}", "maxMonitoredExtensionsPerUser", EX_LINES_MAX,
                                      "maxExtensionNumberLength", 6));
        ex_reply_json(args->reply, 200, service);
        return;
    }
    ex_reply_json(args->reply, 200,
                  json_pack("{sI, so, ss, s{sI, so, ss}, so, ss, ss, s{si, si}}", "id",
                            (json_int_t)EX_ACCOUNT_ID, "uri", account_uri(base), "mainNumber",
                            "+16505550100", "operator", "id", (json_int_t)first->id, "uri",
                            ex_uri(base, "/extension/%llu", (unsigned long long)first->id),
                            "extensionNumber", first->extension, "serviceInfo", service,
                            "setupWizardState", "Completed", "status", "Confirmed", "limits",
                            "maxMonitoredExtensionsPerUser", EX_LINES_MAX,
                            "maxExtensionNumberLength", 6));
}

void ex_get_sites(struct ex *x, struct ex_args *args)
{
    (void)x;
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    ex_page_of(&page, 1);
    json_t *records = json_array();
    if (page.end > page.start) {
        json_t *site = main_site();
        json_object_set_new(site, "uri", ex_uri(args->request->base_url, "/sites/main-site"));
        json_array_append_new(records, site);
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}
