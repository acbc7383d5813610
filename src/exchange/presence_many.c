/* Presence of many: batches of ids, the whole account; the rows of all about presence. */
#include "routes.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

#define BATCH_MAX 30
#define PART_MAX_BYTES (4u * 1024 * 1024)
#define MULTIPART_JSON "application/vnd.ringcentral.multipart+json"

/* The text of {list}, which may be longer than an argument: the piece after "/extension/". */
static char *list_of(const struct ex_args *args)
{
    const char *at = strstr(args->request->path, "/extension/");
    at = at ? at + strlen("/extension/") : "";
    return mem_dup_n(at, strcspn(at, "/"));
}

static size_t count_of(const char *list)
{
    size_t count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

struct part {
    const char *id; /* as it was asked for */
    int status;
    json_t *body;
};

/* One item, as if it had been asked for alone. */
static struct part answer_one(struct ex *x, const struct ex_args *args, ex_one *one, const char *id)
{
    struct ex_reply reply = {.status = 200};
    struct ex_args item = *args;
    item.reply = &reply;
    if (ex_find_extension(x, &item, id))
        reply.body = one(x, &item);
    else
        ex_reply_unknown(&reply, 404, "extensionId");
    struct part part = {id, reply.status, reply.body};
    return part;
}

static const char *reason_of(int status)
{
    return status == 200 ? "OK" : status == 404 ? "Not Found" : "Forbidden";
}

static void put_part(struct buf *out, const char *boundary, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    buf_printf(out, "--%s\r\nContent-Type: application/json\r\n\r\n", boundary);
    buf_puts(out, text ? text : "{}");
    buf_puts(out, "\r\n");
    mem_free(text);
}

/* multipart/mixed: a part with the statuses, and one for each item. */
static void reply_mixed(struct ex_args *args, const struct part *parts, size_t count)
{
    static const char boundary[] = "Boundary_20_26072214_1753184";
    struct buf out;
    buf_init(&out, PART_MAX_BYTES);
    json_t *statuses = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(statuses,
                              json_pack("{so, si, ss}", "href",
                                        ex_uri(args->request->base_url, "/extension/%s/%s",
                                               parts[i].id, strrchr(args->request->path, '/') + 1),
                                        "status", parts[i].status, "responseDescription",
                                        reason_of(parts[i].status)));
    json_t *head = json_pack("{so}", "response", statuses);
    put_part(&out, boundary, head);
    json_decref(head);
    for (size_t i = 0; i < count; i++)
        put_part(&out, boundary, parts[i].body);
    buf_printf(&out, "--%s--\r\n", boundary);
    ex_reply_empty(args->reply, 207);
    args->reply->text = buf_take(&out);
    args->reply->content_type = "multipart/mixed; boundary=Boundary_20_26072214_1753184";
}

static void reply_list(struct ex_args *args, const struct part *parts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{ss, si, sO}", "resourceId", parts[i].id, "status",
                                              parts[i].status, "body", parts[i].body));
    ex_reply_json(args->reply, 207, list);
}

static void answer_batch(struct ex *x, struct ex_args *args, ex_one *one, char *list)
{
    struct part parts[BATCH_MAX];
    size_t count = 0;
    char *rest = list, *id;
    while (count < BATCH_MAX && (id = strsep(&rest, ",")))
        parts[count++] = answer_one(x, args, one, id);
    if (ex_switch_on(x, EX_BATCH_COUNTS_EACH))
        args->reply->cost = count;
    bool is_json = args->request->accept && strstr(args->request->accept, MULTIPART_JSON);
    if (is_json || str_ends(args->request->path, "/unified-presence"))
        reply_list(args, parts, count);
    else
        reply_mixed(args, parts, count);
    if (is_json)
        args->reply->content_type = MULTIPART_JSON;
    for (size_t i = 0; i < count; i++)
        json_decref(parts[i].body);
}

void ex_answer_many(struct ex *x, struct ex_args *args, ex_one *one)
{
    char *list = list_of(args);
    size_t count = count_of(list);
    if (count > BATCH_MAX)
        ex_reply_error(args->reply, 400, "InvalidMultipartRequest", "CMN-106",
                       "Extension Presence Info multipart request is limited to 30 extensions",
                       NULL);
    else if (count > 1)
        answer_batch(x, args, one, list);
    else {
        struct part part = answer_one(x, args, one, list);
        ex_reply_json(args->reply, part.status, part.body);
    }
    mem_free(list);
}

/* --- presence -------------------------------------------------------------------------------- */

/* Of a queue or a park location little more is told than that it has none. */
static json_t *no_presence(const struct ex_args *args)
{
    uint64_t id = args->queue ? args->queue->id : args->location->id;
    const char *number = args->queue ? args->queue->extension : args->location->extension;
    const char *base = args->request->base_url;
    return json_pack("{so, s{so, sI, ss}, ss}", "uri",
                     ex_uri(base, "/extension/%llu/presence", (unsigned long long)id), "extension",
                     "uri", ex_uri(base, "/extension/%llu", (unsigned long long)id), "id",
                     (json_int_t)id, "extensionNumber", number, "presenceStatus", "Offline");
}

static json_t *presence_of(struct ex *x, struct ex_args *args, struct ex_user *user)
{
    bool is_detailed = ex_query_bool(args->request, "detailedTelephonyState", false);
    bool has_sip = is_detailed && ex_query_bool(args->request, "sipData", false);
    return ex_presence(x, user, args->request->caller, is_detailed, has_sip,
                       args->request->base_url);
}

static json_t *one_presence(struct ex *x, struct ex_args *args)
{
    return args->user ? presence_of(x, args, args->user) : no_presence(args);
}

static void get_presence(struct ex *x, struct ex_args *args)
{
    ex_answer_many(x, args, one_presence);
}

static void get_all(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    ex_page_of(&page, ex_users_len(x));
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++)
        json_array_append_new(records, presence_of(x, args, ex_user_at(x, i)));
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

#define ACC "/v1.0/account/{account}"
#define EXT ACC "/extension/{user}"
const struct ex_route ex_presence_routes[] = {
    {"GET", ACC "/extension/{list}/presence", "light", "ReadPresence", EX_ANYONE, "", false,
     get_presence},
    {"PUT", EXT "/presence", "medium", "EditPresence", EX_OWN, "", true, ex_put_presence},
    {"GET", ACC "/presence", "heavy", "ReadPresence", EX_ANYONE, "", false, get_all},
    {"GET", ACC "/extension/{list}/unified-presence", "medium", "ReadPresence", EX_ANYONE, "",
     false, ex_get_unified},
    {"PATCH", EXT "/unified-presence", "medium", "EditPresence", EX_OWN, "", true,
     ex_patch_unified},
    {"GET", ACC "/call-queues/{group}/presence", "light", "ReadPresence", EX_ANYONE, "", false,
     ex_get_queue_presence},
    {"PUT", ACC "/call-queues/{group}/presence", "medium", "EditPresence", EX_ADMIN,
     "CallQueuePresence", true, ex_put_queue_presence},
    {"GET", EXT "/call-queue-presence", "light", "ReadPresence", EX_OWN, "", false,
     ex_get_member_presence},
    {"PUT", EXT "/call-queue-presence", "medium", "EditPresence", EX_OWN, "", true,
     ex_put_member_presence},
};
const size_t ex_presence_routes_len = sizeof ex_presence_routes / sizeof ex_presence_routes[0];
