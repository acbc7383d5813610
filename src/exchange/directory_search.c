/* POST /directory/entries/search. */
#include "directory.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdlib.h>

#define ORDERS_MAX 7

static const char *const field_names[] = {"firstName", "lastName", "extensionNumber", "phoneNumber",
                                          "email",     "jobTitle", "department"};
#define FIELDS (sizeof field_names / sizeof field_names[0])

/* The text of a field of an entry, "" without. */
static const char *field_text(const struct ex *x, const struct ex_entry *entry, size_t field)
{
    const struct ex_user *user = entry->user;
    if (field == 2)
        return entry->extension;
    if (!user)
        return entry->queue && field == 0 ? entry->queue->name : "";
    switch (field) {
    case 0: return user->first;
    case 1: return user->last;
    case 3: return user->number;
    case 4: return user->email;
    case 5: return user == ex_supervisor(x) ? "Supervisor" : "Agent";
    default: return user->department;
    }
}

static size_t field_of(const char *name)
{
    size_t field = 0;
    while (field < FIELDS && !str_eq(field_names[field], name))
        field++;
    return field;
}

struct search {
    const struct ex *x;
    const json_t *body;
    const char *text;
    bool is_wanted[FIELDS];
    struct {
        size_t field;
        bool is_down;
        json_int_t index;
    } orders[ORDERS_MAX];
    size_t orders_len;
    VEC(size_t) found; /* indexes of entries */
};

static bool is_among(const json_t *list, const char *value)
{
    size_t i;
    const json_t *item;
    if (json_array_size(list) == 0)
        return true;
    json_array_foreach(list, i, item)
    {
        if (str_eq(json_string_value(item), value))
            return true;
    }
    return false;
}

static bool is_or_unset(const json_t *body, const char *key, const char *value)
{
    const char *wanted = json_string_value(json_object_get(body, key));
    return !wanted || str_eq(wanted, value);
}

static bool fits(const struct search *search, const struct ex_entry *entry)
{
    const json_t *body = search->body;
    if (!is_or_unset(body, "extensionType", entry->type) ||
        !is_among(json_object_get(body, "extensionTypes"), entry->type) ||
        !is_among(json_object_get(body, "extensionStatuses"), entry->status) ||
        !is_among(json_object_get(body, "siteIds"), "main-site") ||
        !is_or_unset(body, "siteId", "main-site"))
        return false;
    if (!is_or_unset(body, "department", field_text(search->x, entry, 6)))
        return false;
    if (str_is_empty(search->text))
        return true;
    char name[EX_NAME_BYTES];
    ex_entry_name(entry, name);
    if ((search->is_wanted[0] || search->is_wanted[1]) && str_find_folded(name, search->text))
        return true;
    for (size_t i = 0; i < FIELDS; i++) {
        if (search->is_wanted[i] && str_find_folded(field_text(search->x, entry, i), search->text))
            return true;
    }
    return false;
}

/* False: the reply is filled. */
static bool read_orders(struct search *search, struct ex_args *args)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(search->body, "orderBy"), i, item)
    {
        const char *way = json_string_value(json_object_get(item, "direction"));
        size_t field = field_of(json_string_value(json_object_get(item, "fieldName")));
        if (field == FIELDS || search->orders_len == ORDERS_MAX ||
            (way && !str_eq(way, "Asc") && !str_eq(way, "Desc"))) {
            ex_reply_invalid(args->reply, "orderBy");
            return false;
        }
        json_int_t index = json_integer_value(json_object_get(item, "index"));
        size_t at = search->orders_len++;
        for (; at > 0 && search->orders[at - 1].index > index; at--)
            search->orders[at] = search->orders[at - 1];
        search->orders[at].field = field;
        search->orders[at].is_down = str_eq(way, "Desc");
        search->orders[at].index = index;
    }
    return true;
}

static bool read_fields(struct search *search, struct ex_args *args)
{
    const json_t *list = json_object_get(search->body, "searchFields"), *item;
    size_t i;
    for (i = 0; i < FIELDS; i++)
        search->is_wanted[i] = json_array_size(list) == 0;
    json_array_foreach(list, i, item)
    {
        size_t field = field_of(json_string_value(item));
        if (field < FIELDS) {
            search->is_wanted[field] = true;
        } else if (!str_eq(json_string_value(item), "customFieldValue")) {
            ex_reply_invalid(args->reply, "searchFields");
            return false;
        }
    }
    return true;
}

static int compare(const void *a, const void *b, void *self)
{
    const struct search *search = self;
    const size_t *left = a, *right = b;
    struct ex_entry one, two;
    ex_entry_at(search->x, *left, &one);
    ex_entry_at(search->x, *right, &two);
    for (size_t i = 0; i < search->orders_len; i++) {
        size_t field = search->orders[i].field;
        int order = str_compare_natural(field_text(search->x, &one, field),
                                        field_text(search->x, &two, field));
        if (order)
            return search->orders[i].is_down ? -order : order;
    }
    return (*left > *right) - (*left < *right);
}

static size_t count_of(const json_t *body, const char *key, size_t fallback, size_t most)
{
    json_int_t value = json_integer_value(json_object_get(body, key));
    return value < 1 ? fallback : (uint64_t)value < most ? (size_t)value : most;
}

static void answer(struct search *search, struct ex_args *args)
{
    struct ex_page page = {.page = count_of(search->body, "page", 1, INT32_MAX),
                           .per_page = count_of(search->body, "perPage", 100, 2000)};
    ex_page_of(&page, search->found.len);
    if (search->orders_len && search->found.len)
        qsort_r(search->found.items, search->found.len, sizeof *search->found.items, compare,
                search);
    json_t *records = json_array();
    for (size_t i = page.start; i < page.end; i++) {
        struct ex_entry entry;
        ex_entry_at(search->x, search->found.items[i], &entry);
        json_array_append_new(records, ex_directory_record(search->x, &entry));
    }
    json_t *body = ex_page_body(args, &page, records);
    json_object_del(body, "uri");
    json_object_del(body, "navigation");
    ex_reply_json(args->reply, 200, body);
}

void ex_search_directory(struct ex *x, struct ex_args *args)
{
    struct search search = {.x = x, .body = args->request->body};
    search.text = json_string_value(json_object_get(search.body, "searchString"));
    if (!json_is_object(search.body)) {
        ex_reply_invalid(args->reply, "");
        return;
    }
    if (!read_fields(&search, args) || !read_orders(&search, args))
        return;
    const json_t *shown = json_object_get(search.body, "showFederated");
    size_t len = ex_entries_len(x) + (shown && !json_is_true(shown) ? 0 : EX_FEDERATED);
    struct ex_entry entry;
    for (size_t i = 0; i < len && ex_entry_at(x, i, &entry); i++) {
        if (fits(&search, &entry))
            VEC_PUSH(&search.found, i);
    }
    answer(&search, args);
    VEC_FREE(&search.found);
}
