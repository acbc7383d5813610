/* Call queues, which older clients know as departments. */
#include "directory.h"

#include "callhud/base/str.h"

static json_t *queue_record(const struct ex_args *args, const struct ex_queue *queue)
{
    return json_pack(
        "{so, so, ss, ss, ss, s{ss, ss}}", "uri",
        ex_uri(args->request->base_url, "/call-queues/%llu", (unsigned long long)queue->id), "id",
        ex_text_id(queue->id), "extensionNumber", queue->extension, "name", queue->name, "status",
        "Enabled", "site", "id", "main-site", "name", "Main Site");
}

void ex_get_queues(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    const char *member = ex_query(args->request, "memberExtensionId");
    int64_t id = 0;
    const struct ex_user *user = NULL;
    if (member && str_eq(member, "~"))
        user = args->request->caller;
    else if (str_to_int(member, 1, INT64_MAX, &id))
        user = ex_user_by_id(x, (uint64_t)id);
    /* A user is in one queue at most. */
    const struct ex_queue *only = user ? ex_queue_of(x, user) : NULL;
    size_t first = only ? (size_t)(only - x->queues) : 0;
    ex_page_of(&page, member ? only != NULL : x->queues_len);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++)
        json_array_append_new(records, queue_record(args, &x->queues[first + i]));
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

void ex_get_queue(struct ex *x, struct ex_args *args)
{
    const struct ex_queue *queue = ex_the_queue(x, args);
    if (!queue)
        return;
    json_t *record = queue_record(args, queue);
    json_object_set_new(record, "editableMemberStatus", json_true());
    json_object_set_new(record, "serviceLevelSettings",
                        json_pack("{si, si, sb, si}", "slaGoal", 80, "slaThresholdSeconds", 30,
                                  "includeAbandonedCalls", 1, "abandonedThresholdSeconds", 5));
    ex_reply_json(args->reply, 200, record);
}

void ex_get_queue_members(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    const struct ex_queue *queue = ex_the_queue(x, args);
    if (!queue || !ex_page_read(args, 100, 1000, &page))
        return;
    ex_page_of(&page, queue->members);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++) {
        const struct ex_user *user = &x->users[queue->first + i];
        json_t *uri =
            ex_uri(args->request->base_url, "/extension/%llu", (unsigned long long)user->id);
        json_array_append_new(records,
                              json_pack("{so, sI, ss}", "uri", uri, "id", (json_int_t)user->id,
                                        "extensionNumber", user->extension));
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}
