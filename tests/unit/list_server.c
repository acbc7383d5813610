#include "list_server.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct list_object *find(const struct list_objects *list, const char *id)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->items[i].id, id))
            return &list->items[i];
    return NULL;
}

static void drop(struct list_objects *list, const char *id)
{
    const struct list_object *object = find(list, id);
    if (object != NULL)
        VEC_REMOVE(list, (size_t)(object - list->items));
}

static void set(struct list_objects *list, const char *id, const char *value)
{
    struct list_object object = {0};
    str_copy(object.id, sizeof object.id, id);
    str_copy(object.items, sizeof object.items, value);
    drop(list, id);
    VEC_PUSH(list, object);
}

static void unescape(const char *from, size_t len, char *to, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < len && at + 1 < size; i++) {
        unsigned code = (unsigned char)from[i];
        if (from[i] == '%') {
            assert_int_equal(sscanf(from + i + 1, "%2x", &code), 1);
            i += 2;
        }
        to[at++] = (char)code;
    }
    to[at] = '\0';
}

static void query(const char *uri, const char *key, char *to, size_t size)
{
    char name[40];
    snprintf(name, sizeof name, "%s=", key);
    const char *at = strstr(uri, name);
    assert_non_null(at);
    at += strlen(name);
    unescape(at, strcspn(at, "&"), to, size);
}

static int message(struct buf *answer, int status, const char *text)
{
    buf_printf(answer, "{\"message\":\"%s\"}", text);
    return status;
}

/* ---- lists ---- */

static bool has_item(const char *items, const char *item)
{
    char both[4100], one[300];
    snprintf(both, sizeof both, ",%s,", items);
    snprintf(one, sizeof one, ",%s,", item);
    return strstr(both, one) != NULL;
}

/* As seen: what is there stays, in its order, what is new comes after. */
static bool add_items(struct list_server *server, const char *id, const char *body)
{
    struct list_object made = {0};
    const struct list_object *old = find(&server->lists, id);
    json_t *root = json_loads(body, 0, NULL);
    const json_t *fields = json_object_get(root, "fields");
    if (old != NULL)
        made = *old;
    str_copy(made.id, sizeof made.id, id);
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        if (!str_eq(json_string_value(json_object_get(field, "attribute")), "list_item"))
            continue;
        char *copy = mem_dup(json_string_value(json_object_get(field, "value"))), *rest = copy;
        for (char *item; (item = strsep(&rest, ",")) != NULL;) {
            size_t at = strlen(made.items);
            if (item[0] != '\0' && !has_item(made.items, item))
                snprintf(made.items + at, sizeof made.items - at, "%s%s", at > 0 ? "," : "", item);
        }
        mem_free(copy);
    }
    json_decref(root);
    if (made.items[0] == '\0')
        return false;
    list_server_put(server, id, made.items);
    return true;
}

static void say_list(const struct list_object *list, struct buf *answer)
{
    buf_printf(answer,
               "[{\"attribute\":\"event\",\"value\":\"presence\"},{\"attribute\":"
               "\"resource_display_name\",\"value\":\"false\"},{\"attribute\":\"list_item\","
               "\"value\":\"%s\"},{\"attribute\":\"full_state\",\"value\":\"true\"}]",
               list->items);
}

static int serve_list(struct list_server *server, const char *method, const char *id,
                      const char *body, struct buf *answer)
{
    const struct list_object *list = find(&server->lists, id);
    if (!str_eq(method, "GET") && server->is_read_only)
        return message(answer, 403, "Write access denied");
    if (server->has_no_module)
        return message(answer, 404, "objectType 'resource_list' not found");
    if (str_eq(method, "PUT")) {
        if (server->has_no_sorcery)
            return message(answer, 403, "Cannot create sorcery objects of type 'resource_list'");
        if (!add_items(server, id, body))
            return message(answer, 400, "Creation of object failed field value validation");
        server->writes++;
        say_list(find(&server->lists, id), answer);
        return 200;
    }
    if (list == NULL)
        return message(answer, 404, "Object not found");
    if (str_eq(method, "GET")) {
        say_list(list, answer);
        return 200;
    }
    assert_string_equal(method, "DELETE");
    server->writes++;
    drop(&server->lists, id);
    return 204;
}

static int serve_bridge(struct list_server *server, const char *method, const char *uri,
                        const char *id, struct buf *answer)
{
    const struct list_object *bridge = find(&server->bridges, id);
    char name[200];
    if (!str_eq(method, "GET") && server->is_read_only)
        return message(answer, 403, "Write access denied");
    if (str_eq(method, "POST")) {
        if (bridge != NULL)
            return message(answer, 409, "Bridge already exists");
        query(uri, "name", name, sizeof name);
        set(&server->bridges, id, name);
        bridge = find(&server->bridges, id);
    }
    if (bridge == NULL)
        return message(answer, 404, "Bridge not found");
    if (str_eq(method, "DELETE")) {
        drop(&server->bridges, id);
        return 204;
    }
    buf_printf(answer,
               "{\"id\":\"%s\",\"name\":\"%s\",\"bridge_class\":\"stasis\",\"channels\":[]}", id,
               bridge->items);
    return 200;
}

static int serve_device(struct list_server *server, const char *method, const char *uri,
                        const char *name, struct buf *answer)
{
    char state[40];
    if (str_eq(method, "PUT")) {
        query(uri, "deviceState", state, sizeof state);
        set(&server->devices, name, state);
        return 204;
    }
    buf_printf(answer, "{\"name\":\"%s\",\"state\":\"%s\"}", name,
               list_server_device(server, name));
    return 200;
}

static int serve(struct list_server *server, const char *method, const char *uri, const char *body,
                 struct buf *answer)
{
    static const char lists[] = "asterisk/config/dynamic/res_pjsip/resource_list/";
    char id[200];
    const char *at = strchr(uri, '/') + 1;
    if (str_starts(uri, lists))
        at = uri + strlen(lists);
    unescape(at, strcspn(at, "?"), id, sizeof id);
    if (str_starts(uri, lists))
        return serve_list(server, method, id, body, answer);
    if (str_starts(uri, "bridges/"))
        return serve_bridge(server, method, uri, id, answer);
    return serve_device(server, method, uri, id, answer);
}

/* ---- what goes wrong ---- */

static void look(struct list_server *server)
{
    char id[200];
    if (server->one == NULL)
        return;
    snprintf(id, sizeof id, "hud-%s", server->extension);
    const char *list = list_server_get(server, id);
    strcat(id, "-next");
    const char *next = list_server_get(server, id);
    bool is_there = str_eq(list, server->one) || str_eq(list, server->other) ||
                    (list == NULL && (str_eq(next, server->one) || str_eq(next, server->other)));
    server->was_lost |= !is_there;
}

static void lose_sockets(struct list_server *server)
{
    struct fake_io *fake = &server->rig->fake;
    for (size_t i = 0; i < fake->sockets.len; i++)
        if (!fake->sockets.items[i]->is_over && fake->sockets.items[i]->is_open)
            fake_ws_fail(fake->sockets.items[i], RC_UNREACHABLE, -1, "the server went away");
}

static int go_wrong(struct list_server *server, enum list_fault fault, const char *method,
                    const char *uri, const char *body, struct buf *answer)
{
    bool is_done = fault == FAULT_DONE_SILENT || fault == FAULT_DONE_LINK ||
                   fault == FAULT_DONE_DEAD || fault == FAULT_DONE_KILL;
    if (is_done) {
        serve(server, method, uri, body, answer);
        look(server);
    }
    switch (fault) {
    case FAULT_LATE:
        server->late.method = mem_dup(method);
        server->late.uri = mem_dup(uri);
        server->late.body = mem_dup(body);
        server->late.at_ms = server->rig->fake.now_ms + 5000;
        return ARI_RIG_SILENT;
    case FAULT_500: return message(answer, 500, "Internal trouble");
    case FAULT_404: return message(answer, 404, "Not found");
    case FAULT_409: return message(answer, 409, "Conflict");
    case FAULT_403: return message(answer, 403, "Forbidden");
    case FAULT_LINK:
    case FAULT_DONE_LINK: lose_sockets(server); return ARI_RIG_SILENT;
    case FAULT_DEAD:
    case FAULT_DONE_DEAD:
        server->is_dead = true;
        lose_sockets(server);
        return ARI_RIG_UNREACHED;
    case FAULT_KILL:
    case FAULT_DONE_KILL:
        backend_find("asterisk")->close(server->rig->backend);
        server->rig->backend = NULL;
        return ARI_RIG_SILENT;
    default: return ARI_RIG_SILENT;
    }
}

static int more(struct ari_rig *rig, const char *method, const char *uri, const char *body,
                struct buf *answer)
{
    struct list_server *server = rig->more_self;
    bool is_ours = str_starts(uri, "asterisk/config/dynamic/res_pjsip/resource_list/") ||
                   str_starts(uri, "bridges/callhud-list-") ||
                   str_starts(uri, "deviceStates/Stasis");
    if (server->is_dead)
        return ARI_RIG_UNREACHED;
    if (!is_ours)
        return 0;
    server->requests++;
    bool is_wrong =
        server->fault_at != 0 && (server->requests == server->fault_at ||
                                  (server->is_stuck && server->requests > server->fault_at));
    int status = is_wrong ? go_wrong(server, server->fault, method, uri, body, answer)
                          : serve(server, method, uri, body, answer);
    look(server);
    return status;
}

/* ---- for the test ---- */

void list_server_init(struct list_server *server, struct ari_rig *rig)
{
    memset(server, 0, sizeof *server);
    server->rig = rig;
    server->extension = "104";
    rig->more = more;
    rig->more_self = server;
}

void list_server_fini(struct list_server *server)
{
    VEC_FREE(&server->lists);
    VEC_FREE(&server->bridges);
    VEC_FREE(&server->devices);
}

const char *list_server_get(const struct list_server *server, const char *id)
{
    const struct list_object *list = find(&server->lists, id);
    return list != NULL ? list->items : NULL;
}

void list_server_put(struct list_server *server, const char *id, const char *items)
{
    set(&server->lists, id, items);
}

void list_server_lock(struct list_server *server, const char *id, const char *name)
{
    set(&server->bridges, id, name);
}

const char *list_server_holder(const struct list_server *server, const char *id)
{
    const struct list_object *bridge = find(&server->bridges, id);
    return bridge != NULL ? bridge->items : NULL;
}

const char *list_server_device(const struct list_server *server, const char *name)
{
    const struct list_object *device = find(&server->devices, name);
    return device != NULL ? device->items : "UNKNOWN";
}

static void time_out_silent(struct fake_io *fake)
{
    for (size_t i = 0; i < fake->requests.len; i++) {
        struct io_http *http = fake->requests.items[i];
        if (!http->is_over && http->is_silent)
            fake_http_answer(http, RC_TIMEOUT, 0, NULL, NULL);
    }
}

static void do_late(struct list_server *server)
{
    struct buf answer;
    if (server->late.method == NULL || server->rig->fake.now_ms < server->late.at_ms)
        return;
    buf_init(&answer, 65536);
    serve(server, server->late.method, server->late.uri, server->late.body, &answer);
    look(server);
    buf_fini(&answer);
    mem_free(server->late.method);
    mem_free(server->late.uri);
    mem_free(server->late.body);
    server->late.method = NULL;
}

static void answer_sockets(struct list_server *server)
{
    struct fake_io *fake = &server->rig->fake;
    for (size_t i = 0; i < fake->sockets.len; i++) {
        struct io_ws *ws = fake->sockets.items[i];
        if (ws->is_over || ws->is_open)
            continue;
        if (server->is_dead)
            fake_ws_fail(ws, RC_UNREACHABLE, 0, "nobody answers there");
        else
            fake_ws_accept(ws);
    }
}

void list_server_settle(struct list_server *server, int64_t for_ms)
{
    struct fake_io *fake = &server->rig->fake;
    for (int64_t ms = 0; ms <= for_ms; ms += 250) {
        answer_sockets(server);
        do_late(server);
        ari_rig_serve(server->rig);
        for (size_t i = 0; i < fake->sockets.len; i++)
            if (fake->sockets.items[i]->is_open && !fake->sockets.items[i]->is_over)
                fake_ws_pong(fake->sockets.items[i]);
        fake_io_advance(fake, 250);
        if (ms % 4000 == 0)
            time_out_silent(fake);
    }
    ari_rig_serve(server->rig);
}
