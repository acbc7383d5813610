/* The presence appearance: the lines behind the lamp keys (contract: ringcentral 3.5). */
#include "routes.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_ID_MAX 100000
#define ELEMENTS_MAX 1000

void ex_lines_reserve(struct ex_user *user)
{
    for (unsigned id = 1; id <= EX_RESERVED_LINES; id++) {
        struct ex_line line = {.id = id, .is_reserved = true, .extension_id = user->id};
        VEC_PUSH(&user->lines, line);
    }
}

/* Everybody has the reserved ones; they are made when they are first asked for. */
static void need_lines(struct ex_user *user)
{
    if (user->lines.len == 0)
        ex_lines_reserve(user);
}

void ex_lines_changed(struct ex *x, struct ex_user *user, unsigned line_id)
{
    ex_emit(x, EX_EVENT_LINES, user->id,
            json_pack("{s[{so}, {so}], sI}", "extension", "id", ex_text_id(user->id), "id",
                      json_sprintf("%u", line_id), "sequence", (json_int_t)++x->lines_sequence));
    ex_keep(x, user);
}

/* The extension of a line as it is listed; *type is its kind. */
static const char *number_of(const struct ex *x, uint64_t id, const char **type)
{
    const struct ex_user *user = ex_user_by_id(x, id);
    const struct ex_queue *queue = ex_queue_by_id(x, id);
    const struct ex_location *location = ex_location_by_id(x, id);
    *type = user ? user->type : queue ? "Department" : location ? "ParkLocation" : NULL;
    return user ? user->extension : queue ? queue->extension : location ? location->extension : "";
}

static json_t *line_record(struct ex *x, const struct ex_args *args, const struct ex_line *line)
{
    const char *type, *base = args->request->base_url;
    const char *number = number_of(x, line->extension_id, &type);
    json_t *record =
        json_pack("{so, so, s{so, so, ss, ss}}", "id", json_sprintf("%u", line->id), "uri",
                  ex_uri(base, "/extension/%llu/presence/line/%u",
                         (unsigned long long)args->user->id, line->id),
                  "extension", "id", ex_text_id(line->extension_id), "uri",
                  ex_uri(base, "/extension/%llu", (unsigned long long)line->extension_id),
                  "extensionNumber", number, "type", type ? type : "Unknown");
    if (line->is_reserved)
        json_object_set_new(record, "notEditableOnHud", json_true());
    return record;
}

static void list_lines(struct ex *x, struct ex_args *args, size_t per_page)
{
    struct ex_page page;
    if (!ex_page_read(args, per_page, 1000, &page))
        return;
    need_lines(args->user);
    ex_page_of(&page, args->user->lines.len);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++)
        json_array_append_new(records, line_record(x, args, &args->user->lines.items[i]));
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

static void get_lines(struct ex *x, struct ex_args *args)
{
    list_lines(x, args, 100);
}

static void get_line(struct ex *x, struct ex_args *args)
{
    int64_t id;
    bool is_number = str_to_int(ex_arg(args, "line"), 1, LINE_ID_MAX, &id);
    need_lines(args->user);
    for (size_t i = 0; is_number && i < args->user->lines.len; i++) {
        if (args->user->lines.items[i].id == (unsigned)id) {
            json_t *record = line_record(x, args, &args->user->lines.items[i]);
            json_object_del(record, "uri"); /* of the list only */
            ex_reply_json(args->reply, 200, record);
            return;
        }
    }
    ex_reply_unknown(args->reply, 404, "lineId");
}

/* --- the whole list anew ------------------------------------------------------------------- */

struct plan {
    VEC(struct ex_line) lines; /* as they were sent */
};

static void refuse_reserved(struct ex_args *args, unsigned id)
{
    char message[80];
    snprintf(message, sizeof message, "Unable to modify reserved line, id: [%u]", id);
    ex_reply_error(args->reply, 400, "BLF-101", "BLF-101", message, NULL);
}

/* Reads one element. False: the reply is filled. */
static bool read_line(struct ex *x, struct ex_args *args, const json_t *item, struct plan *plan)
{
    const char *type;
    uint64_t id;
    struct ex_line line = {0};
    if (!ex_json_id(json_object_get(item, "id"), &id) || id > LINE_ID_MAX) {
        ex_reply_invalid(args->reply, "id");
        return false;
    }
    line.id = (unsigned)id;
    if (!ex_json_id(json_object_get(json_object_get(item, "extension"), "id"),
                    &line.extension_id)) {
        ex_reply_invalid(args->reply, "extension.id");
        return false;
    }
    number_of(x, line.extension_id, &type);
    if (!type) {
        ex_reply_unknown(args->reply, 400, "extension.id");
        return false;
    }
    VEC_PUSH(&plan->lines, line);
    return true;
}

static bool read_plan(struct ex *x, struct ex_args *args, struct plan *plan)
{
    const json_t *body = args->request->body, *item;
    size_t i;
    if (!json_is_array(body)) {
        ex_reply_invalid(args->reply, "");
        return false;
    }
    if (json_array_size(body) > ELEMENTS_MAX) {
        ex_reply_invalid(args->reply, "records");
        return false;
    }
    json_array_foreach(body, i, item)
    {
        if (!read_line(x, args, item, plan))
            return false;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct ex_line *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

/* No id twice; the reserved lines as they are, or (as the switch says) left out. */
static bool check_plan(struct ex *x, struct ex_args *args, struct plan *plan)
{
    bool is_given[EX_RESERVED_LINES + 1] = {false};
    size_t others = 0;
    for (size_t i = 0; i < plan->lines.len; i++) {
        struct ex_line *line = &plan->lines.items[i];
        if (i && line->id == line[-1].id) {
            ex_reply_invalid(args->reply, "id");
            return false;
        }
        if (line->id > EX_RESERVED_LINES) {
            others++;
            continue;
        }
        if (line->extension_id != args->user->id) {
            refuse_reserved(args, line->id);
            return false;
        }
        is_given[line->id] = true;
    }
    for (unsigned id = 1; id <= EX_RESERVED_LINES; id++) {
        if (!is_given[id] && ex_switch_on(x, EX_RESERVED_REQUIRED)) {
            refuse_reserved(args, id);
            return false;
        }
    }
    if (others > EX_LINES_MAX) {
        char message[96];
        snprintf(message, sizeof message, "The number of lines exceeds the limit [%d]",
                 EX_LINES_MAX);
        ex_reply_error(args->reply, 400, "InvalidParameter", "CMN-101", message,
                       json_pack("{ss}", "parameterName", "records"));
        return false;
    }
    return true;
}

/* The ids close up; says which line is the first that is another now, 0 if none is. */
static unsigned carry_out(struct ex_user *user, const struct plan *plan)
{
    VEC(struct ex_line) old = {0};
    for (size_t i = 0; i < user->lines.len; i++)
        VEC_PUSH(&old, user->lines.items[i]);
    user->lines.len = 0;
    ex_lines_reserve(user);
    for (size_t i = 0; i < plan->lines.len; i++) {
        if (plan->lines.items[i].id <= EX_RESERVED_LINES)
            continue;
        struct ex_line line = plan->lines.items[i];
        line.id = (unsigned)user->lines.len + 1;
        VEC_PUSH(&user->lines, line);
    }
    size_t at = 0;
    while (at < old.len && at < user->lines.len &&
           old.items[at].extension_id == user->lines.items[at].extension_id)
        at++;
    bool is_same = at == old.len && at == user->lines.len;
    VEC_FREE(&old);
    return is_same ? 0 : (unsigned)at + 1;
}

static void put_lines(struct ex *x, struct ex_args *args)
{
    struct plan plan = {0};
    need_lines(args->user);
    if (read_plan(x, args, &plan)) {
        if (plan.lines.len)
            qsort(plan.lines.items, plan.lines.len, sizeof *plan.lines.items, by_id);
        if (check_plan(x, args, &plan)) {
            unsigned changed = carry_out(args->user, &plan);
            if (changed)
                ex_lines_changed(x, args->user, changed);
            list_lines(x, args, 1000);
        }
    }
    VEC_FREE(&plan.lines);
}

#define LINES "/v1.0/account/{account}/extension/{user}/presence/line"
const struct ex_route ex_appearance_routes[] = {
    {"GET", LINES, "light", "ReadPresence", EX_OWN, "", false, get_lines},
    {"PUT", LINES, "medium", "EditPresence", EX_OWN, "", true, put_lines},
    {"GET", LINES "/{line}", "light", "ReadPresence", EX_OWN, "", false, get_line},
};
const size_t ex_appearance_routes_len =
    sizeof ex_appearance_routes / sizeof ex_appearance_routes[0];
