#include "routes.h"

#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "/restapi"

static void versions(struct ex *x, struct ex_args *args)
{
    (void)x;
    const char *base = args->request->base_url ? args->request->base_url : "";
    json_t *version =
        json_pack("{so, ss, ss, ss}", "uri", json_sprintf("%s/restapi/v1.0", base), "versionString",
                  "1.0", "releaseDate", "2026-01-01T00:00:00.000Z", "uriString", "v1.0");
    if (str_eq(args->route->path, "/v1.0")) {
        ex_reply_json(args->reply, 200, version);
        return;
    }
    ex_reply_json(args->reply, 200,
                  json_pack("{so, s[o], ss, ss}", "uri", json_sprintf("%s/restapi/", base),
                            "apiVersions", version, "serverVersion", "1.0", "serverRevision",
                            "callhud"));
}

static const struct ex_route own_routes[] = {
    {"GET", "", "", "", EX_ANYONE, "", false, versions},
    {"GET", "/v1.0", "", "", EX_ANYONE, "", false, versions},
};

/* The whole table, module after module. */
static const struct {
    const struct ex_route *rows;
    const size_t *len;
} tables[] = {
    {ex_presence_routes, &ex_presence_routes_len},
    {ex_appearance_routes, &ex_appearance_routes_len},
    {ex_rights_routes, &ex_rights_routes_len},
    {ex_groups_routes, &ex_groups_routes_len},
    {ex_directory_routes, &ex_directory_routes_len},
    {ex_calls_routes, &ex_calls_routes_len},
};

const char *ex_arg(const struct ex_args *args, const char *name)
{
    for (size_t i = 0; i < args->len; i++) {
        if (str_eq(args->items[i].name, name))
            return args->items[i].value;
    }
    return "";
}

/* Does the path fit the pattern? Fills the arguments' texts. */
static bool fits(const char *pattern, const char *path, struct ex_args *args)
{
    args->len = 0;
    while (*pattern == '/' && *path == '/') {
        size_t wanted = strcspn(++pattern, "/"), given = strcspn(++path, "/");
        if (*pattern == '{') {
            if (given == 0 || args->len == EX_ARGS_MAX || wanted - 2 >= sizeof args->items[0].name)
                return false;
            snprintf(args->items[args->len].name, sizeof args->items[0].name, "%.*s",
                     (int)wanted - 2, pattern + 1);
            /* What is longer is no id; a list is read from the path. */
            snprintf(args->items[args->len].value, sizeof args->items[0].value, "%.*s", (int)given,
                     path);
            args->len++;
        } else if (wanted != given || strncmp(pattern, path, wanted) != 0) {
            return false;
        }
        pattern += wanted;
        path += given;
    }
    return *pattern == '\0' && (*path == '\0' || str_eq(path, "/"));
}

/* The row of a request; NULL without one. *is_known: another method would have one. */
static const struct ex_route *find(const struct ex_request *request, struct ex_args *args,
                                   bool *is_known)
{
    *is_known = false;
    if (!str_starts(request->path, PREFIX))
        return NULL;
    const char *path = request->path + strlen(PREFIX);
    for (size_t t = 0; t <= sizeof tables / sizeof tables[0]; t++) {
        bool is_own = t == sizeof tables / sizeof tables[0];
        const struct ex_route *rows = is_own ? own_routes : tables[t].rows;
        size_t len = is_own ? sizeof own_routes / sizeof own_routes[0] : *tables[t].len;
        for (size_t i = 0; i < len; i++) {
            if (!fits(rows[i].path, path, args))
                continue;
            *is_known = true;
            if (str_eq(rows[i].method, request->method))
                return &rows[i];
        }
    }
    return NULL;
}

const char *ex_route_group(const struct ex *x, const struct ex_request *request)
{
    (void)x;
    struct ex_args args = {0};
    bool is_known;
    const struct ex_route *route = find(request, &args, &is_known);
    if (route)
        return route->group;
    return is_known ? "" : NULL;
}

static bool account_is_ours(const char *text)
{
    char ours[24];
    snprintf(ours, sizeof ours, "%" PRIu64, EX_ACCOUNT_ID);
    return str_eq(text, "~") || str_eq(text, ours);
}

bool ex_find_extension(struct ex *x, struct ex_args *args, const char *text)
{
    int64_t id;
    args->user = NULL;
    args->queue = NULL;
    args->location = NULL;
    if (str_eq(text, "~"))
        args->user = args->request->caller;
    else if (str_to_int(text, 1, INT64_MAX, &id)) {
        args->user = ex_user_by_id(x, (uint64_t)id);
        args->queue = ex_queue_by_id(x, (uint64_t)id);
        args->location = ex_location_by_id(x, (uint64_t)id);
    }
    return args->user || args->queue || args->location;
}

/* Resolves {user} or {extension}. False: the reply is filled. */
static bool find_extension(struct ex *x, struct ex_args *args, const char *text, bool is_user_only)
{
    if (!ex_find_extension(x, args, text)) {
        ex_reply_unknown(args->reply, 404, "extensionId");
        return false;
    }
    if (is_user_only && !args->user) {
        ex_reply_error(args->reply, 403, "CMN-403", "CMN-403",
                       "This operation is not allowed for the type of the extension", NULL);
        return false;
    }
    return true;
}

static bool resolve(struct ex *x, struct ex_args *args)
{
    for (size_t i = 0; i < args->len; i++) {
        const char *name = args->items[i].name, *value = args->items[i].value;
        if (str_eq(name, "account") && !account_is_ours(value)) {
            ex_reply_unknown(args->reply, 404, "accountId");
            return false;
        }
        bool is_user_only = str_eq(name, "user");
        if ((is_user_only || str_eq(name, "extension")) &&
            !find_extension(x, args, value, is_user_only))
            return false;
    }
    return true;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len) {
        bool starts = at == words || at[-1] == ' ';
        if (starts && (at[len] == '\0' || at[len] == ' '))
            return true;
    }
    return false;
}

/* A scope to edit something includes that to read it, where the documents say so. */
static bool has_scope(const char *scopes, const char *wanted)
{
    if (!scopes || !*wanted || has_word(scopes, wanted))
        return true;
    static const char *const including[][2] = {
        {"ReadPresence", "EditPresence"},
        {"ReadContacts", "Contacts"},
        {"ReadAccounts", "EditAccounts"},
        {"ReadAccounts", "EditExtensions"},
    };
    for (size_t i = 0; i < sizeof including / sizeof including[0]; i++) {
        if (str_eq(including[i][0], wanted) && has_word(scopes, including[i][1]))
            return true;
    }
    return false;
}

static bool check_scope(struct ex_args *args)
{
    if (has_scope(args->request->scope, args->route->scope))
        return true;
    char message[160];
    snprintf(message, sizeof message,
             "In order to call this API endpoint, application needs to have [%s] permission",
             args->route->scope);
    ex_reply_error(args->reply, 403, "InsufficientPermissions", "CMN-401", message,
                   json_pack("{ss}", "permissionName", args->route->scope));
    return false;
}

static bool check_who(struct ex_args *args)
{
    const struct ex_user *caller = args->request->caller;
    bool is_admin = caller && caller->is_admin;
    if (args->route->who == EX_ADMIN && !is_admin) {
        ex_reply_no_permission(args->reply, args->route->permission);
        return false;
    }
    if (args->route->who == EX_OWN && !is_admin && args->user != caller) {
        ex_reply_not_yours(args->reply);
        return false;
    }
    return true;
}

static void no_route(const struct ex_request *request, struct ex_reply *reply, bool is_known)
{
    if (!is_known) {
        ex_reply_error(reply, 404, "CMN-120", "CMN-120", "Invalid URI",
                       json_pack("{ss}", "uri", request->path));
        return;
    }
    char message[96];
    snprintf(message, sizeof message, "The method %.16s is not allowed here", request->method);
    ex_reply_error(reply, 405, "CMN-120", "CMN-120", message, NULL);
}

void ex_route(struct ex *x, struct ex_request *request, struct ex_reply *reply)
{
    *reply = (struct ex_reply){.status = 200};
    struct ex_args args = {.request = request, .reply = reply};
    bool is_known;
    args.route = find(request, &args, &is_known);
    if (!args.route) {
        no_route(request, reply, is_known);
        return;
    }
    reply->group = args.route->group;
    if (!check_scope(&args) || !resolve(x, &args) || !check_who(&args))
        return;
    if (request->is_body_bad || (args.route->needs_body && !request->body)) {
        ex_reply_unparsable(reply);
        return;
    }
    args.route->handler(x, &args);
}
