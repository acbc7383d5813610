#include "routes.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 2048

void ex_reply_fini(struct ex_reply *reply)
{
    json_decref(reply->body);
    mem_free(reply->text);
    reply->body = NULL;
    reply->text = NULL;
}

void ex_reply_json(struct ex_reply *reply, int status, json_t *body)
{
    ex_reply_fini(reply);
    reply->status = status;
    reply->body = body;
}

void ex_reply_empty(struct ex_reply *reply, int status)
{
    ex_reply_json(reply, status, NULL);
}

void ex_reply_error(struct ex_reply *reply, int status, const char *code, const char *inner_code,
                    const char *message, json_t *params)
{
    json_t *inner =
        json_pack("{ss, ss}", "errorCode", inner_code ? inner_code : code, "message", message);
    if (params)
        json_object_update(inner, params);
    json_t *body =
        json_pack("{ss, ss, s[o]}", "errorCode", code, "message", message, "errors", inner);
    if (params)
        json_object_update(body, params);
    json_decref(params);
    ex_reply_json(reply, status, body);
}

/* An error about one parameter. */
static void parameter_error(struct ex_reply *reply, int status, const char *code,
                            const char *inner_code, const char *format, const char *parameter)
{
    char shown[150], message[256];
    str_copy(shown, sizeof shown, parameter); /* never half a character: it would be no JSON */
    snprintf(message, sizeof message, "%s [%s] %s", format, shown,
             str_eq(inner_code, "CMN-101") ? "value is invalid" : "is not found");
    ex_reply_error(reply, status, code, inner_code, message,
                   json_pack("{ss}", "parameterName", parameter));
}

void ex_reply_invalid(struct ex_reply *reply, const char *parameter)
{
    parameter_error(reply, 400, "InvalidParameter", "CMN-101", "Parameter", parameter);
}

void ex_reply_unknown(struct ex_reply *reply, int status, const char *parameter)
{
    parameter_error(reply, status, "CMN-102", "CMN-102", "Resource for parameter", parameter);
}

void ex_reply_unparsable(struct ex_reply *reply)
{
    ex_reply_error(reply, 400, "CMN-103", "CMN-103", "JSON cannot be parsed", NULL);
}

void ex_reply_not_yours(struct ex_reply *reply)
{
    ex_reply_error(reply, 403, "CMN-404", "CMN-404",
                   "Access to the resource of another extension is not allowed", NULL);
}

void ex_reply_no_permission(struct ex_reply *reply, const char *permission)
{
    char message[160];
    snprintf(message, sizeof message,
             "In order to call this API endpoint, user needs to have [%s] permission for requested "
             "resource.",
             permission);
    ex_reply_error(reply, 403, "InsufficientPermissions", "CMN-408", message,
                   json_pack("{ss}", "permissionName", permission));
}

/* --- requests -------------------------------------------------------------------------------- */

const char *ex_query(const struct ex_request *request, const char *name)
{
    const json_t *value = json_object_get(request->query, name);
    return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
}

bool ex_query_bool(const struct ex_request *request, const char *name, bool fallback)
{
    const char *text = ex_query(request, name);
    if (!text)
        return fallback;
    return str_eq_nocase(text, "true") || str_eq(text, "1");
}

/* Is value one of those in a list separated by commas? */
static bool is_in_list(const char *list, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = list; at; at = strchr(at, ',')) {
        if (*at == ',')
            at++;
        if (strncmp(at, value, len) == 0 && (at[len] == '\0' || at[len] == ','))
            return true;
    }
    return false;
}

bool ex_query_has(const struct ex_request *request, const char *name, const char *value)
{
    const json_t *given = json_object_get(request->query, name);
    if (json_is_string(given))
        return is_in_list(json_string_value(given), value);
    size_t i;
    const json_t *item;
    json_array_foreach(given, i, item)
    {
        if (json_is_string(item) && is_in_list(json_string_value(item), value))
            return true;
    }
    return false;
}

static bool read_count(struct ex_args *args, const char *name, size_t fallback, size_t most,
                       size_t *out)
{
    const char *text = ex_query(args->request, name);
    int64_t number;
    *out = fallback;
    if (!text)
        return true;
    if (str_eq(name, "perPage") && (str_eq(text, "max") || str_eq(text, "all"))) {
        *out = most;
        return true;
    }
    if (!str_to_int(text, 1, INT32_MAX, &number)) {
        ex_reply_invalid(args->reply, name);
        return false;
    }
    *out = (uint64_t)number < most ? (size_t)number : most;
    return true;
}

bool ex_page_read(struct ex_args *args, size_t fallback, size_t most, struct ex_page *page)
{
    *page = (struct ex_page){0};
    return read_count(args, "page", 1, INT32_MAX, &page->page) &&
           read_count(args, "perPage", fallback, most, &page->per_page);
}

void ex_page_of(struct ex_page *page, size_t total)
{
    page->total = total;
    page->start =
        page->page - 1 <= total / page->per_page ? (page->page - 1) * page->per_page : total;
    if (page->start > total)
        page->start = total;
    page->end = total - page->start > page->per_page ? page->start + page->per_page : total;
}

/* --- addresses ------------------------------------------------------------------------------- */

/* The path of the request with the ids for "~". */
static void put_path(struct buf *out, const struct ex_args *args)
{
    const char *at = args->request->path;
    const char *before = "";
    while (*at) {
        size_t len = strcspn(at + 1, "/") + 1;
        if (len == 2 && at[1] == '~' && str_starts(before, "/account/"))
            buf_printf(out, "/%" PRIu64, EX_ACCOUNT_ID);
        else if (len == 2 && at[1] == '~' && args->request->caller)
            buf_printf(out, "/%" PRIu64, args->request->caller->id);
        else
            buf_put(out, at, len);
        before = at;
        at += len;
    }
}

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') || strchr("-._~", c);
        if (is_plain)
            buf_putc(out, (char)c);
        else
            buf_printf(out, "%%%02X", (unsigned)c);
    }
}

static void put_query(struct buf *out, const char *name, const char *value)
{
    buf_putc(out, '&');
    put_escaped(out, name);
    buf_putc(out, '=');
    put_escaped(out, value);
}

/* The other parameters of the query, so that a link leads to more of the same. */
static void put_other_queries(struct buf *out, json_t *query)
{
    const char *name;
    json_t *value, *item;
    size_t i;
    json_object_foreach(query, name, value)
    {
        if (str_eq(name, "page") || str_eq(name, "perPage") || str_eq(name, "access_token"))
            continue;
        if (json_is_string(value))
            put_query(out, name, json_string_value(value));
        json_array_foreach(value, i, item)
        {
            if (json_is_string(item))
                put_query(out, name, json_string_value(item));
        }
    }
}

static json_t *page_uri(const struct ex_args *args, size_t page, size_t per_page)
{
    struct buf out;
    buf_init(&out, PATH_MAX_BYTES);
    buf_puts(&out, args->request->base_url ? args->request->base_url : "");
    put_path(&out, args);
    buf_printf(&out, "?page=%zu&perPage=%zu", page, per_page);
    put_other_queries(&out, args->request->query);
    json_t *uri = json_string(buf_text(&out));
    buf_fini(&out);
    return uri;
}

static void put_link(json_t *navigation, const char *name, json_t *uri)
{
    json_object_set_new(navigation, name, json_pack("{so}", "uri", uri));
}

json_t *ex_page_body(const struct ex_args *args, const struct ex_page *page, json_t *records)
{
    size_t pages = (page->total + page->per_page - 1) / page->per_page;
    json_t *paging = json_pack("{sI, sI, sI, sI}", "page", (json_int_t)page->page, "totalPages",
                               (json_int_t)pages, "perPage", (json_int_t)page->per_page,
                               "totalElements", (json_int_t)page->total);
    if (page->end > page->start) {
        json_object_set_new(paging, "pageStart", json_integer((json_int_t)page->start));
        json_object_set_new(paging, "pageEnd", json_integer((json_int_t)page->end - 1));
    }
    json_t *navigation = json_object();
    size_t last = pages ? pages : 1;
    put_link(navigation, "firstPage", page_uri(args, 1, page->per_page));
    if (page->page < last)
        put_link(navigation, "nextPage", page_uri(args, page->page + 1, page->per_page));
    if (page->page > 1 && page->page <= last)
        put_link(navigation, "previousPage", page_uri(args, page->page - 1, page->per_page));
    put_link(navigation, "lastPage", page_uri(args, last, page->per_page));
    return json_pack("{so, so, so, so}", "uri", page_uri(args, page->page, page->per_page),
                     "records", records, "paging", paging, "navigation", navigation);
}

json_t *ex_uri(const char *base_url, const char *format, ...)
{
    char path[512];
    va_list list;
    va_start(list, format);
    vsnprintf(path, sizeof path, format, list);
    va_end(list);
    return json_sprintf("%s/restapi/v1.0/account/%" PRIu64 "%s", base_url ? base_url : "",
                        EX_ACCOUNT_ID, path);
}

json_t *ex_text_id(uint64_t id)
{
    return json_sprintf("%" PRIu64, id);
}

bool ex_json_id(const json_t *value, uint64_t *id)
{
    int64_t number;
    if (json_is_integer(value)) {
        *id = (uint64_t)json_integer_value(value);
        return json_integer_value(value) > 0;
    }
    if (!json_is_string(value) || !str_to_int(json_string_value(value), 1, INT64_MAX, &number))
        return false;
    *id = (uint64_t)number;
    return true;
}

json_t *ex_time(const struct ex *x, int64_t ms)
{
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(ex_wall_of(x, ms), text);
    return json_string(text);
}
