#include "rex_desk_server.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PREFIX "/restapi/v1.0/account/~/"
#define STEP_MS 50
#define LOST_MS 15000 /* until the network says that no answer came */

void server_init(struct server *server, struct fake_io *fake)
{
    static const struct server_person people[] = {
        {OWN_ID, "101", "Sue Supervisor", "User", "Enabled", "Desk"},
        {"400144456008", "102", "Bob Agent", "User", "Enabled", "Sales"},
        {"400144457008", "103", "Eve Desk", "User", "Enabled", "Sales"},
        {"400144458008", "104", "Ken Ito", "User", "Enabled", ""},
        {"400144459008", "105", "Ana Ruiz", "User", "Enabled", ""},
        {"400144460008", "801", "Lobby", "ParkLocation", "Enabled", ""},
        {"400144461008", "900", "Menu", "IvrMenu", "Enabled", ""},
        {"400144462008", "106", "Old Hand", "User", "Disabled", ""},
        {"400199999008", "107", "Not Ours", "External", "Enabled", ""},
    };
    memset(server, 0, sizeof *server);
    server->fake = fake;
    server->people_len = sizeof people / sizeof people[0];
    memcpy(server->people, people, sizeof people);
    server_line(server, 1, OWN_ID, true);
    server_line(server, 2, OWN_ID, true);
    server_line(server, 3, "400144456008", false);
    server_line(server, 4, "400144457008", false);
    server->shares = true;
    str_copy(server->visibility, sizeof server->visibility, "All");
    server->limit = 100;
    server->devices = "";
    server->names_refused = true;
    buf_init(&server->last_put, 1 << 20);
    buf_init(&server->paths, 1 << 20);
}

void server_fini(struct server *server)
{
    buf_fini(&server->last_put);
    buf_fini(&server->paths);
}

void server_line(struct server *server, int id, const char *extension_id, bool is_reserved)
{
    struct server_line *line = &server->lines[server->lines_len++];
    line->id = id;
    line->is_reserved = is_reserved;
    str_copy(line->extension_id, sizeof line->extension_id, extension_id);
}

void server_clear_lines(struct server *server)
{
    server->lines_len = 0;
}

void server_drop_person(struct server *server, const char *id)
{
    for (size_t i = 0; i < server->people_len; i++) {
        if (!str_eq(server->people[i].id, id))
            continue;
        memmove(server->people + i, server->people + i + 1,
                (server->people_len - i - 1) * sizeof server->people[0]);
        server->people_len--;
        return;
    }
}

void server_say_lines(const struct server *server, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < server->lines_len; i++) {
        const struct server_line *line = &server->lines[i];
        buf_printf(out, "%s%d%s=%s", i > 0 ? " " : "", line->id, line->is_reserved ? "r" : "",
                   line->extension_id);
    }
}

size_t server_count(const struct server *server, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(buf_text(&server->paths), what); at != NULL;
         at = strstr(at + 1, what))
        count++;
    return count;
}

static const struct server_person *person(const struct server *server, const char *id)
{
    for (size_t i = 0; i < server->people_len; i++) {
        if (str_eq(server->people[i].id, id))
            return &server->people[i];
    }
    return NULL;
}

/* ---- answers ---- */

struct reply {
    int status;
    struct buf body;
};

static void refuse(struct reply *reply, int status, const char *code, const char *text,
                   const char *name)
{
    reply->status = status;
    buf_reset(&reply->body);
    buf_printf(&reply->body,
               "{\"errorCode\":\"%s\",\"message\":\"%s\",\"errors\":[{\"errorCode\":\"%s\","
               "\"message\":\"%s\",\"parameterName\":\"%s\"}],\"parameterName\":\"%s\"}",
               code, text, code, text, name, name);
}

static size_t query(const char *path, const char *key, size_t none)
{
    char want[32];
    snprintf(want, sizeof want, "%s=", key);
    const char *at = strchr(path, '?');
    at = at != NULL ? strstr(at, want) : NULL;
    return at != NULL ? (size_t)strtoul(at + strlen(want), NULL, 10) : none;
}

/* The part of `len` records that is asked for, and how the page counts itself. */
static void paging(const struct server *server, struct buf *out, const char *path, size_t per_page,
                   size_t len, size_t *from, size_t *to)
{
    size_t page = query(path, "page", 1);
    size_t pages = len == 0 ? 1 : (len + per_page - 1) / per_page;
    *from = (page - 1) * per_page < len ? (page - 1) * per_page : len;
    *to = *from + per_page < len ? *from + per_page : len;
    if (!server->counts_nothing)
        buf_printf(out,
                   "\"paging\":{\"page\":%zu,\"totalPages\":%zu,\"perPage\":%zu,"
                   "\"totalElements\":%zu},",
                   page, pages, per_page, len);
    buf_printf(out, "\"navigation\":{\"firstPage\":{\"uri\":\"x\"}%s}",
               page < pages ? ",\"nextPage\":{\"uri\":\"x\"}" : "");
}

static void get_lines(struct server *server, const char *path, struct buf *out)
{
    size_t from, to, per_page = query(path, "perPage", 100);
    const struct server_line *lines = server->lines;
    size_t len = server->lines_len;
    if (server->stale_reads > 0) {
        server->stale_reads--;
        lines = server->stale;
        len = server->stale_len;
    }
    buf_putc(out, '{');
    paging(server, out, path, server->page_lines > 0 ? server->page_lines : per_page, len, &from,
           &to);
    buf_puts(out, ",\"records\":[");
    for (size_t i = from; i < to; i++) {
        const struct server_person *who = person(server, lines[i].extension_id);
        buf_printf(out,
                   "%s{\"id\":\"%d\",\"uri\":\"https://x/%d\",%s\"extension\":{\"id\":\"%s\","
                   "\"uri\":\"https://x\",\"extensionNumber\":\"%s\",\"type\":\"%s\"}}",
                   i > from ? "," : "", lines[i].id, lines[i].id,
                   lines[i].is_reserved ? "\"notEditableOnHud\":true," : "", lines[i].extension_id,
                   who != NULL ? who->extension : "", who != NULL ? who->type : "User");
    }
    buf_puts(out, "]}");
}

static const struct server_line *reserved(const struct server *server, int id)
{
    for (size_t i = 0; i < server->lines_len; i++) {
        if (server->lines[i].is_reserved && server->lines[i].id == id)
            return &server->lines[i];
    }
    return NULL;
}

/* 3.5: a bare array, every element with its id, known extensions, reserved lines as they are. */
static void put_lines(struct server *server, const char *body, struct reply *reply)
{
    json_t *root = json_loads(body, 0, NULL);
    struct server_line next[SERVER_MOST];
    size_t len = 0;
    server->line_puts++;
    if (!json_is_array(root)) {
        refuse(reply, 400, "CMN-101", "Parameter [] value is invalid", "");
        json_decref(root);
        return;
    }
    reply->status = 200;
    for (size_t i = 0; i < server->lines_len; i++) { /* left out, they stay */
        if (server->lines[i].is_reserved)
            next[len++] = server->lines[i];
    }
    for (size_t i = 0; i < json_array_size(root) && reply->status == 200; i++) {
        const json_t *item = json_array_get(root, i);
        const char *id = json_string_value(json_object_get(item, "id"));
        const char *who =
            json_string_value(json_object_get(json_object_get(item, "extension"), "id"));
        char text[128];
        const struct server_line *kept = id != NULL ? reserved(server, atoi(id)) : NULL;
        if (id == NULL || who == NULL) {
            refuse(reply, 400, "CMN-101", "Parameter [id] value is invalid", "id");
        } else if (person(server, who) == NULL) {
            snprintf(text, sizeof text, "Resource for parameter [%s] is not found",
                     server->names_refused ? who : "extensionId");
            refuse(reply, 404, "CMN-102", text, "extensionId");
        } else if (kept != NULL && !str_eq(kept->extension_id, who)) {
            snprintf(text, sizeof text, "Unable to modify reserved line, id: [%s]", id);
            refuse(reply, 400, "BLF-101", text, "id");
        } else if (kept == NULL) {
            next[len].id = atoi(id);
            next[len].is_reserved = false;
            str_copy(next[len++].extension_id, sizeof next[0].extension_id, who);
        }
    }
    json_decref(root);
    if (reply->status == 200 && len > server->limit)
        refuse(reply, 400, "CMN-101", "Parameter [lines] value is invalid", "lines");
    if (reply->status != 200)
        return;
    memcpy(server->stale, server->lines, sizeof server->lines);
    server->stale_len = server->lines_len;
    memcpy(server->lines, next, sizeof next);
    server->lines_len = len - (server->drops_last_put ? 1 : 0);
    server->puts++;
    buf_puts(&reply->body, "{\"records\":[]}");
}

static void say_presence(struct server *server, struct buf *out)
{
    buf_printf(out,
               "{\"extension\":{\"id\":%s,\"extensionNumber\":\"101\"},\"presenceStatus\":"
               "\"Available\",\"telephonyStatus\":\"NoCall\",\"userStatus\":\"Available\","
               "\"dndStatus\":\"TakeAllCalls\",\"allowSeeMyPresence\":%s,\"callerIdVisibility\":"
               "\"%s\",\"ringOnMonitoredCall\":%s,\"pickUpCallsOnHold\":%s}",
               OWN_ID, server->shares ? "true" : "false", server->visibility,
               server->rings ? "true" : "false", server->picks ? "true" : "false");
}

static void put_presence(struct server *server, const char *body, struct reply *reply)
{
    json_t *root = json_loads(body, 0, NULL);
    const json_t *member;
    assert_true(json_is_object(root));
    server->puts++;
    reply->status = 200;
    if (server->ignores_settings) {
        json_decref(root);
        buf_puts(&reply->body, "{}");
        return;
    }
    if ((member = json_object_get(root, "ringOnMonitoredCall")) != NULL)
        server->rings = json_is_true(member);
    if ((member = json_object_get(root, "pickUpCallsOnHold")) != NULL)
        server->picks = json_is_true(member);
    if ((member = json_object_get(root, "allowSeeMyPresence")) != NULL)
        server->shares = json_is_true(member);
    if ((member = json_object_get(root, "callerIdVisibility")) != NULL)
        str_copy(server->visibility, sizeof server->visibility, json_string_value(member));
    json_decref(root);
    say_presence(server, &reply->body);
}

static void get_permission(struct server *server, const char *path, struct buf *out)
{
    size_t from, to;
    buf_putc(out, '{');
    paging(server, out, path, query(path, "perPage", 100), server->answerable_len, &from, &to);
    buf_puts(out, ",\"records\":[");
    for (size_t i = from; i < to; i++)
        buf_printf(out, "%s{\"id\":\"%s\",\"extensionNumber\":\"x\"}", i > from ? "," : "",
                   server->answerable[i]);
    buf_puts(out, "]}");
}

/* Another key than the answer to GET has. */
static void put_permission(struct server *server, const char *body, struct reply *reply)
{
    json_t *root = json_loads(body, 0, NULL);
    const json_t *list = json_object_get(root, "extensions");
    reply->status = 200;
    if (!json_is_array(list))
        refuse(reply, 400, "CMN-101", "Parameter [extensions] value is invalid", "extensions");
    for (size_t i = 0; i < json_array_size(list) && reply->status == 200; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(list, i), "id"));
        char text[128];
        snprintf(text, sizeof text, "Resource for parameter [%s] is not found",
                 server->names_refused ? id : "extensions.id");
        if (id == NULL || person(server, id) == NULL || str_eq(id, OWN_ID))
            refuse(reply, 404, "CMN-102", text, "extensionId");
    }
    for (size_t i = 0; i < json_array_size(list) && reply->status == 200; i++)
        str_copy(server->answerable[i], sizeof server->answerable[i],
                 json_string_value(json_object_get(json_array_get(list, i), "id")));
    if (reply->status == 200) {
        server->answerable_len = json_array_size(list);
        server->puts++;
        buf_puts(&reply->body, "{\"extensions\":[]}");
    }
    json_decref(root);
}

static void get_people(struct server *server, const char *path, struct buf *out)
{
    size_t from, to;
    bool is_alone = strstr(path, "showFederated=false") != NULL;
    buf_putc(out, '{');
    paging(server, out, path, query(path, "perPage", 1000), server->people_len, &from, &to);
    buf_puts(out, ",\"records\":[");
    for (size_t i = from; i < to; i++) {
        const struct server_person *who = &server->people[i];
        buf_printf(out,
                   "%s{\"id\":\"%s\",\"type\":\"%s\",\"status\":\"%s\",\"name\":\"%s\","
                   "\"department\":\"%s\",\"extensionNumber\":\"%s\"}",
                   i > from ? "," : "", who->id, who->type, who->status, who->name, who->department,
                   who->extension);
    }
    buf_puts(out, "]}");
    assert_true(is_alone); /* else people come whose presence cannot be read (10, 28) */
}

static void serve_extension(struct server *server, const char *method, const char *path,
                            const char *body, struct reply *reply)
{
    bool is_get = str_eq(method, "GET");
    const char *own = PREFIX "extension/~/";
    bool is_own = str_starts(path, own);
    const char *rest = strchr(path + strlen(PREFIX "extension/"), '/');
    assert_non_null(rest);
    reply->status = 200;
    if (str_starts(rest, "/presence/line") && is_get)
        get_lines(server, path, &reply->body);
    else if (str_starts(rest, "/presence/line"))
        put_lines(server, body, reply);
    else if (str_starts(rest, "/presence/permission") && is_get)
        get_permission(server, path, &reply->body);
    else if (str_starts(rest, "/presence/permission"))
        put_permission(server, body, reply);
    else if (str_starts(rest, "/presence") && is_get && !is_own && server->other_presence != NULL)
        buf_puts(&reply->body, server->other_presence);
    else if (str_starts(rest, "/presence") && is_get)
        say_presence(server, &reply->body);
    else if (str_starts(rest, "/presence"))
        put_presence(server, body, reply);
    else if (str_starts(rest, "/features"))
        buf_printf(&reply->body,
                   "{\"records\":[{\"id\":\"EditBlfSettings\",\"available\":true},{\"id\":\"HUD\","
                   "\"available\":true,\"params\":[{\"name\":\"limitMax\",\"value\":\"%zu\"}]}]}",
                   server->limit);
    else if (str_starts(rest, "/device"))
        buf_printf(&reply->body, "{\"records\":[%s]}", server->devices);
    else
        fail_msg("nobody may ask for %s", path);
}

static void serve(struct server *server, const char *method, const char *path, const char *body,
                  struct reply *reply)
{
    if (str_starts(path, "/restapi/oauth/token")) {
        reply->status = 200;
        buf_puts(&reply->body, "{\"access_token\":\"token-1\",\"token_type\":\"bearer\","
                               "\"expires_in\":3600,\"scope\":\"ReadPresence EditPresence\","
                               "\"owner_id\":\"" OWN_ID "\"}");
        return;
    }
    if (str_eq(method, "PUT")) {
        buf_reset(&server->last_put);
        buf_puts(&server->last_put, body);
        str_copy(server->last_put_path, sizeof server->last_put_path, path);
    }
    reply->status = 200;
    if (str_starts(path, PREFIX "directory/entries?"))
        get_people(server, path, &reply->body);
    else if (str_starts(path, PREFIX "extension/"))
        serve_extension(server, method, path, body, reply);
    else
        fail_msg("nobody may ask for %s", path);
}

/* ---- the network ---- */

static enum fault_kind fault_of(struct server *server, const char *method, const char *path)
{
    struct fault *fault = &server->fault;
    if (fault->kind == FAULT_NONE || str_starts(path, "/restapi/oauth/") ||
        (fault->method != NULL && !str_eq(fault->method, method)) ||
        (fault->path != NULL && strstr(path, fault->path) == NULL))
        return FAULT_NONE;
    size_t number = fault->seen++;
    return number >= fault->from && number - fault->from < fault->count ? fault->kind : FAULT_NONE;
}

static void answer_one(struct server *server, struct io_http *http)
{
    const char *path = strstr(http->url, "/restapi/");
    struct reply reply = {0};
    buf_init(&reply.body, 1 << 20);
    buf_printf(&server->paths, "%s %s\n", http->method, path);
    server->requests++;
    if (server->before != NULL)
        server->before(server, http->method, path);
    enum fault_kind kind = fault_of(server, http->method, path);
    if (kind == FAULT_NONE || kind == FAULT_UNHEARD)
        serve(server, http->method, path, http->body, &reply);
    if (kind == FAULT_STATUS) {
        reply.status = server->fault.status;
        buf_puts(&reply.body, server->fault.body != NULL ? server->fault.body : "");
    } else if (kind == FAULT_GARBAGE) {
        reply.status = 200;
        buf_puts(&reply.body, "<html>try again</html>");
    }
    if (kind == FAULT_LOST || kind == FAULT_UNHEARD) {
        fake_io_advance(server->fake, LOST_MS);
        if (!http->is_over)
            fake_http_answer(http, RC_TIMEOUT, 0, "", NULL);
    } else if (kind == FAULT_UNREACHABLE) {
        fake_http_answer(http, RC_UNREACHABLE, 0, "", NULL);
    } else {
        fake_http_answer(http, RC_OK, reply.status, buf_text(&reply.body), NULL);
    }
    buf_fini(&reply.body);
}

static struct io_http *pending(struct server *server)
{
    for (size_t i = 0; i < server->fake->requests.len; i++) {
        if (!server->fake->requests.items[i]->is_over)
            return server->fake->requests.items[i];
    }
    return NULL;
}

void server_run(struct server *server, const bool *is_over, int64_t limit_ms)
{
    int64_t until_ms = server->fake->now_ms + limit_ms;
    while (server->fake->now_ms < until_ms && (is_over == NULL || !*is_over)) {
        struct io_http *http = pending(server);
        if (http != NULL)
            answer_one(server, http);
        else
            fake_io_advance(server->fake, STEP_MS);
    }
}
