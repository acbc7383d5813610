#include "callhud/exchange/front.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SUBSCRIPTION_PATH "/restapi/v1.0/subscription"

/* A request on its way. */
struct visit {
    const struct http_request *request;
    struct auth_session *session; /* NULL: not signed in, or not needed */
    struct gw_conn *conn;         /* NULL: over HTTP */
    json_t *body;                 /* borrowed or own */
    bool is_body_own, is_body_bad;
};

/* ---- what every reply has -------------------------------------------------------------------- */

static void put_limit(struct http_reply *reply, const struct limit_state *limit)
{
    if (!limit->group)
        return;
    http_reply_header(reply, "X-Rate-Limit-Group", "%s", limit->group);
    http_reply_header(reply, "X-Rate-Limit-Limit", "%u", limit->limit);
    http_reply_header(reply, "X-Rate-Limit-Remaining", "%u", limit->remaining);
    http_reply_header(reply, "X-Rate-Limit-Window", "%u", limit->window_s);
}

static void put_common(struct http_reply *reply)
{
    char uuid[40];
    http_random_uuid(uuid);
    http_reply_header(reply, "RCRequestId", "%s", uuid);
    http_reply_header(reply, "RoutingKey", "SJC01P01");
    http_reply_header(reply, "Content-Language", "en-US");
}

static void put_429(struct http_reply *reply, const struct limit_state *limit)
{
    static const char text[] = "Request rate exceeded";
    http_reply_error(reply, 429, "CMN-301", "CMN-301", text);
    http_reply_header(reply, "Retry-After", "%u", limit->retry_after_s);
    http_reply_header(
        reply, "WWW-Authenticate",
        "Bearer realm=\"RingCentral REST API\", error=\"CMN-301\", error_description=\"%s\"", text);
    put_limit(reply, limit);
}

/* ---- limits and ordered faults --------------------------------------------------------------- */

static void name_of(const struct front *f, uint64_t user_id, char *out, size_t size)
{
    snprintf(out, size, "%" PRIu64 " %s", user_id, f->client_id);
}

/* An answer as some gateway before the service gives it: not JSON every other time. */
static void put_500(struct front *f, struct http_reply *reply)
{
    if (f->faults.armed[FAULT_HTTP_500].done % 2 == 0) {
        http_reply_json(reply, 500, NULL);
        reply->text = mem_dup("<html><body><h1>500 Internal Server Error</h1></body></html>\n");
        reply->content_type = "text/html";
    } else {
        http_reply_error(reply, 500, "CMN-201", "CMN-201", "Service Temporary Unavailable");
    }
}

/* False: answered already. */
static bool admit(struct front *f, uint64_t user_id, const char *group, struct http_reply *reply)
{
    char who[160];
    struct limit_state limit;
    name_of(f, user_id, who, sizeof who);
    if (faults_take(&f->faults, FAULT_HTTP_500)) {
        put_500(f, reply);
        return false;
    }
    if (faults_take(&f->faults, FAULT_HTTP_429))
        limits_penalise(f->limits, who, group, ex_now(f->x), &limit);
    else
        limits_take(f->limits, who, group, ex_now(f->x), &limit);
    if (limit.retry_after_s > 0) {
        put_429(reply, &limit);
        return false;
    }
    put_limit(reply, &limit);
    return true;
}

/* ---- oauth ----------------------------------------------------------------------------------- */

static void not_found(struct http_reply *reply)
{
    http_reply_error(reply, 404, "CMN-120", "CMN-120", "Invalid URI");
}

static void oauth(struct front *f, struct visit *v, struct http_reply *reply)
{
    const struct http_request *request = v->request;
    const char *name = request->path + strlen("/restapi/oauth");
    if (!str_eq(request->method, "POST")) {
        not_found(reply);
        return;
    }
    if (str_eq(name, "/wstoken")) {
        struct auth_session *session = auth_bearer(f->auth, request->authorization, reply);
        if (!session || !admit(f, session->user_id, "auth", reply))
            return;
        if (auth_has_scope(session, "WebSocketsSubscription")) {
            auth_wstoken(f->auth, session, f->ws_url, reply);
            return;
        }
        http_reply_error(reply, 403, "InsufficientPermissions", "CMN-401",
                         "In order to call this API endpoint, application needs to have "
                         "[WebSocketsSubscription] permission");
        return;
    }
    json_t *form = http_query_parse(request->body, request->body_len);
    if (!str_eq(name, "/token") && !str_eq(name, "/revoke"))
        not_found(reply);
    else if (!admit(f, auth_user_of_form(f->auth, form), "auth", reply))
        ;
    else if (str_eq(name, "/token"))
        auth_token(f->auth, request, form, reply);
    else
        auth_revoke(f->auth, request, form, reply);
    json_decref(form);
}

/* ---- the world ------------------------------------------------------------------------------- */

static void take_over(struct http_reply *reply, struct ex_reply *from)
{
    json_decref(reply->json);
    reply->status = from->status;
    reply->json = from->body;
    reply->text = from->text;
    reply->content_type = from->content_type;
    if (from->etag[0])
        http_reply_header(reply, "ETag", "%s", from->etag);
    from->body = NULL;
    from->text = NULL;
    ex_reply_fini(from);
}

static struct ex_request world_request(struct front *f, const struct visit *v)
{
    return (struct ex_request){
        .method = v->request->method,
        .path = v->request->path,
        .query = v->request->query,
        .accept = v->request->accept,
        .if_none_match = v->request->if_none_match,
        .scope = v->session ? v->session->scope : NULL,
        .body = v->body,
        .is_body_bad = v->is_body_bad,
        .caller = v->session ? ex_user_by_id(f->x, v->session->user_id) : NULL,
        .base_url = f->base_url,
    };
}

static const char *subscription_group(const struct http_request *request)
{
    size_t len = strlen(request->path);
    bool is_renewal = len > 6 && str_eq(request->path + len - 6, "/renew");
    return str_eq(request->method, "GET") || is_renewal ? "light" : "medium";
}

static void count_batch(struct front *f, const struct visit *v, const char *group, size_t cost,
                        struct http_reply *reply)
{
    char who[160];
    struct limit_state limit;
    if (cost < 2)
        return;
    name_of(f, v->session->user_id, who, sizeof who);
    limits_add(f->limits, who, group, cost - 1, ex_now(f->x), &limit);
    put_limit(reply, &limit);
}

/* For a caller who is signed in. */
static void rest(struct front *f, struct visit *v, struct http_reply *reply)
{
    const struct http_request *request = v->request;
    bool is_subscription = str_starts(request->path, SUBSCRIPTION_PATH) &&
                           strchr("/", request->path[strlen(SUBSCRIPTION_PATH)]);
    struct ex_request asked = world_request(f, v);
    struct ex_reply answer = {0};
    const char *group =
        is_subscription ? subscription_group(request) : ex_route_group(f->x, &asked);
    if (!group) {
        not_found(reply);
        return;
    }
    if (!admit(f, v->session->user_id, group, reply))
        return;
    if (is_subscription) {
        gateway_subscription(f->gateway, v->conn, v->session, request, v->body, reply);
        return;
    }
    ex_route(f->x, &asked, &answer);
    size_t cost = answer.cost;
    take_over(reply, &answer);
    count_batch(f, v, group, cost, reply);
}

/* The list of versions: for anybody, and not limited. */
static void versions(struct front *f, struct visit *v, struct http_reply *reply)
{
    struct ex_request asked = world_request(f, v);
    struct ex_reply answer = {0};
    ex_route(f->x, &asked, &answer);
    take_over(reply, &answer);
}

static void read_body(struct visit *v)
{
    const struct http_request *request = v->request;
    v->body = request->json;
    if (v->body || request->body_len == 0)
        return;
    v->body = json_loadb(request->body, request->body_len, 0, NULL);
    v->is_body_own = true;
    v->is_body_bad = !v->body;
}

/* ---- /exchange ------------------------------------------------------------------------------- */

static void faults(struct front *f, const struct visit *v, int64_t real_ms,
                   struct http_reply *reply)
{
    if (str_eq(v->request->method, "GET")) {
        http_reply_json(reply, 200,
                        json_pack("{s:o, s:I, s:I, s:I}", "faults",
                                  faults_json(&f->faults, real_ms), "websockets",
                                  (json_int_t)gateway_conns_len(f->gateway), "sessions",
                                  (json_int_t)auth_sessions_len(f->auth), "requests_in_penalty",
                                  (json_int_t)limits_in_penalty(f->limits)));
        return;
    }
    switch (faults_order(&f->faults, v->body, real_ms, reply)) {
    case FAULT_DROP_SOCKET:
        gateway_drop(f->gateway, f->faults.armed[FAULT_DROP_SOCKET].count);
        f->faults.armed[FAULT_DROP_SOCKET].count = 0;
        break;
    case FAULT_EXPIRE_TOKEN: auth_expire_access(f->auth); break;
    case FAULT_LAPSE_SUBSCRIPTION: gateway_lapse(f->gateway); break;
    default: break;
    }
}

/* As an administrator's wish that the service has granted: the figures of this account. */
static bool limits_patch(struct limits *l, json_t *body)
{
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        json_int_t figure = json_integer_value(value);
        bool is_window = str_eq(name, "window");
        if (figure < 1 || figure > LIMITS_FIGURE_MAX ||
            (!is_window && !limits_set(l, name, (unsigned)figure)))
            return false;
        if (is_window)
            limits_set_window(l, (unsigned)figure);
    }
    return json_is_object(body);
}

static void limits(struct front *f, const struct visit *v, struct http_reply *reply)
{
    if (str_eq(v->request->method, "PATCH") && !limits_patch(f->limits, v->body))
        http_reply_error(reply, 400, "InvalidParameter", "CMN-101",
                         "Write light, medium, heavy, auth or window, and a whole number");
    else
        http_reply_json(reply, 200, limits_json(f->limits));
}

static void control(struct front *f, struct visit *v, struct http_reply *reply)
{
    if (!auth_is_control(f->auth, v->request->authorization)) {
        http_reply_error(reply, 401, "TokenInvalid", "OAU-129",
                         "The control token of the port file is needed");
        return;
    }
    if (str_eq(v->request->path, "/exchange/faults")) {
        faults(f, v, gateway_real_ms(f->gateway), reply);
        return;
    }
    if (str_eq(v->request->path, "/exchange/limits")) {
        limits(f, v, reply);
        return;
    }
    struct ex_request asked = world_request(f, v);
    struct ex_reply answer = {0};
    ex_control(f->x, &asked, &answer);
    take_over(reply, &answer);
}

/* ---- doors ----------------------------------------------------------------------------------- */

bool front_is_control(const char *path)
{
    return str_starts(path, "/exchange/");
}

void front_http(struct front *f, const struct http_request *request, struct http_reply *reply)
{
    struct visit v = {.request = request};
    if (str_starts(request->path, "/restapi/oauth/")) {
        oauth(f, &v, reply);
    } else {
        read_body(&v);
        if (front_is_control(request->path))
            control(f, &v, reply);
        else if (str_eq(request->path, "/restapi") || str_eq(request->path, "/restapi/v1.0"))
            versions(f, &v, reply);
        else if (!str_starts(request->path, "/restapi/"))
            not_found(reply);
        else if ((v.session = auth_bearer(f->auth, request->authorization, reply)))
            rest(f, &v, reply);
        if (v.is_body_own)
            json_decref(v.body);
    }
    put_common(reply);
}

/* A request over the gateway, whose sign-in is known. */
static void over_gateway(void *self, struct gw_conn *conn, struct auth_session *session,
                         const struct http_request *request, struct http_reply *reply)
{
    struct front *f = self;
    struct visit v = {.request = request, .session = session, .conn = conn};
    read_body(&v);
    rest(f, &v, reply);
    put_common(reply);
}

static void on_event(void *self, const struct ex_event *event)
{
    struct front *f = self;
    gateway_event(f->gateway, event);
}

static void on_session_end(void *self, const char *session_id)
{
    struct front *f = self;
    gateway_session_ended(f->gateway, session_id);
}

void front_init(struct front *f, struct ex *x, const struct auth_credentials *credentials,
                void (*wake)(void *self, void *socket), int64_t (*real_ms)(void *self), void *self)
{
    struct gateway_ops ops = {
        .self = self, .front = f, .rest = over_gateway, .wake = wake, .real_ms = real_ms};
    *f = (struct front){.x = x};
    f->auth = auth_new(x, credentials);
    f->limits = limits_new();
    f->gateway = gateway_new(x, f->auth, &f->faults, &ops);
    str_copy(f->client_id, sizeof f->client_id, credentials->client_id);
    auth_on_end(f->auth, on_session_end, f);
    ex_listen(x, on_event, f);
}

void front_fini(struct front *f)
{
    ex_listen(f->x, NULL, NULL);
    gateway_free(f->gateway);
    auth_free(f->auth);
    limits_free(f->limits);
    *f = (struct front){0};
}

void front_set_address(struct front *f, const char *host, int port)
{
    bool is_six = strchr(host, ':') != NULL;
    snprintf(f->base_url, sizeof f->base_url, "http://%s%.80s%s:%d", is_six ? "[" : "", host,
             is_six ? "]" : "", port);
    snprintf(f->ws_url, sizeof f->ws_url, "ws%s/ws", f->base_url + strlen("http"));
    gateway_set_base_url(f->gateway, f->base_url);
}
