/* Telephones (contract: ringcentral 4.8). */
#include "directory.h"

#include "callhud/base/str.h"

#include <stdlib.h>

static json_t *device_record(const struct ex_args *args, const struct ex_device *device)
{
    const char *base = args->request->base_url;
    const struct ex_user *owner = device->owner;
    unsigned long long number = strtoull(device->id, NULL, 10);
    json_t *features = json_pack("[sss]", "BLA", "Intercom", "Paging");
    json_t *line =
        json_pack("{so, ss, s{sI, ss, ss, ss}}", "id", ex_text_id(number + 1), "lineType",
                  "Standalone", "phoneInfo", "id", (json_int_t)(number + 2), "phoneNumber",
                  owner->number, "type", "VoiceFax", "usageType", "DirectNumber");
    return json_pack(
        "{so, ss, ss, ss, ss, so, ss, s{ss, ss, s[], so, si}, s{so, sI, ss}, s[o], ss, sb}", "uri",
        ex_uri(base, "/device/%s", device->id), "id", device->id, "type", device->type, "sku",
        "HP-1", "name", device->name, "serial",
        json_sprintf("0004F2%06X", (unsigned)(number / EX_ID_STEP & 0xFFFFFF)), "status",
        device->is_online ? "Online" : "Offline", "model", "id", "51", "name", "Desk phone",
        "addons", "features", features, "lineCount", 12, "extension", "uri",
        ex_uri(base, "/extension/%llu", (unsigned long long)owner->id), "id", (json_int_t)owner->id,
        "extensionNumber", owner->extension, "phoneLines", line, "linePooling", "None",
        "useAsCommonPhone", 0);
}

static bool is_listed(const struct ex_args *args, const struct ex_device *device)
{
    const struct ex_request *request = args->request;
    if (ex_query(request, "type") && !ex_query_has(request, "type", device->type))
        return false;
    if (ex_query(request, "linePooling") && !ex_query_has(request, "linePooling", "None"))
        return false;
    return !ex_query(request, "feature") || ex_query_has(request, "feature", "BLA") ||
           ex_query_has(request, "feature", "Intercom") ||
           ex_query_has(request, "feature", "Paging");
}

void ex_get_devices(struct ex *x, struct ex_args *args)
{
    (void)x;
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    size_t total = 0;
    for (size_t i = 0; i < args->user->devices.len; i++)
        total += is_listed(args, args->user->devices.items[i]);
    ex_page_of(&page, total);
    json_t *records = json_array();
    for (size_t i = 0, at = 0; i < args->user->devices.len; i++) {
        if (!is_listed(args, args->user->devices.items[i]))
            continue;
        if (at >= page.start && at < page.end)
            json_array_append_new(records, device_record(args, args->user->devices.items[i]));
        at++;
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

void ex_get_device(struct ex *x, struct ex_args *args)
{
    const struct ex_device *device = ex_device_by_id(x, ex_arg(args, "device"));
    if (!device)
        ex_reply_unknown(args->reply, 404, "deviceId");
    else if (device->owner != args->request->caller && !args->request->caller->is_admin)
        ex_reply_not_yours(args->reply);
    else
        ex_reply_json(args->reply, 200, device_record(args, device));
}

/* Nobody of this exchange has the application in a browser open. */
void ex_get_webapp_devices(struct ex *x, struct ex_args *args)
{
    (void)x;
    ex_reply_json(args->reply, 200, json_pack("{s[]}", "records"));
}
