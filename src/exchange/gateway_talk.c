/* What is said over the gateway: requests and their replies, subscriptions, notifications. */
#include "gateway_priv.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SUBSCRIPTION_PATH "/restapi/v1.0/subscription"

/* ---- requests -------------------------------------------------------------------------------- */

/* Numbers and booleans of the query object as texts, nested ones dropped. */
static json_t *as_text(json_t *value)
{
    char number[32];
    if (json_is_string(value))
        return json_incref(value);
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "true" : "false");
    if (!json_is_integer(value))
        return NULL;
    snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_string(number);
}

static void add_query(json_t *query, json_t *more)
{
    const char *key;
    json_t *value, *one, *text;
    size_t i;
    json_object_foreach(more, key, value)
    {
        if (!json_is_array(value)) {
            if ((text = as_text(value)))
                json_object_set_new(query, key, text);
            continue;
        }
        json_t *list = json_array();
        json_array_foreach(value, i, one)
        {
            if ((text = as_text(one)))
                json_array_append_new(list, text);
        }
        json_object_set_new(query, key, list);
    }
}

/* A header of the meta object in any case; "". */
static const char *header_of(json_t *headers, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach(headers, key, value)
    {
        if (strcasecmp(key, name) == 0 && json_is_string(value))
            return json_string_value(value);
    }
    return "";
}

static void put_reply(struct gateway *g, struct gw_conn *conn, const char *message_id,
                      struct http_reply *reply)
{
    char date[HTTP_DATE_BYTES];
    size_t len;
    int64_t due_ms = 0;
    json_t *meta = gateway_meta("ClientRequest", message_id, reply->status);
    http_date(ex_wall(g->x), date);
    json_object_set_new(reply->headers, "Server", json_string("nginx"));
    if (reply->json)
        json_object_set_new(reply->headers, "Content-Type", json_string("application/json"));
    else if (reply->text && reply->content_type)
        json_object_set_new(reply->headers, "Content-Type", json_string(reply->content_type));
    json_object_set_new(reply->headers, "Date", json_string(date));
    json_object_update(json_object_get(meta, "headers"), reply->headers);
    char *text = gateway_frame(meta, reply->json, reply->json ? NULL : reply->text, &len);
    if (faults_take(g->faults, FAULT_SLOW))
        due_ms = g->ops.real_ms(g->ops.self) + faults_ms(g->faults, FAULT_SLOW);
    gateway_push(g, conn, text, len, true, due_ms);
}

/* Carries the request out, or finds out why not. */
static void serve(struct gateway *g, struct gw_conn *conn, json_t *meta, json_t *body,
                  struct http_reply *reply)
{
    const char *method = json_string_value(json_object_get(meta, "method"));
    const char *target = json_string_value(json_object_get(meta, "path"));
    json_t *headers = json_object_get(meta, "headers");
    struct auth_session *session = auth_session_by_id(g->auth, conn->session->auth_id);
    struct buf path, whole;
    json_t *query = NULL;
    char verb[8] = "";
    if (!method || !target) {
        http_reply_error(reply, 400, "CMN-104", "CMN-104", "Request cannot be parsed");
        return;
    }
    if (!session) {
        http_reply_error(reply, 401, "TokenInvalid", "OAU-129", "Access token corrupted");
        return;
    }
    if (conn->active >= GATEWAY_ACTIVE_MAX) {
        http_reply_error(reply, 429, "CMN-301", "CMN-301", "Too many active requests");
        return;
    }
    for (size_t i = 0; method[i] && i + 1 < sizeof verb; i++)
        verb[i] = method[i] >= 'a' && method[i] <= 'z' ? (char)(method[i] - 32) : method[i];
    buf_init(&path, HTTP_BODY_MAX_BYTES);
    buf_init(&whole, HTTP_BODY_MAX_BYTES);
    if (http_target_split(target, &path, &query) &&
        !str_starts(buf_text(&path), "/restapi/oauth")) {
        add_query(query, json_object_get(meta, "query"));
        http_target_join(&whole, buf_text(&path), query);
        struct http_request request = {.method = verb,
                                       .path = buf_text(&path),
                                       .target = buf_text(&whole),
                                       .query = query,
                                       .authorization = "",
                                       .accept = header_of(headers, "Accept"),
                                       .if_none_match = header_of(headers, "If-None-Match"),
                                       .content_type = "application/json",
                                       .body = "",
                                       .json = json_is_null(body) ? NULL : body};
        g->ops.rest(g->ops.front, conn, session, &request, reply);
    } else {
        http_reply_error(reply, 404, "CMN-120", "CMN-120", "Invalid URI");
    }
    json_decref(query);
    buf_fini(&path);
    buf_fini(&whole);
}

static void heartbeat(struct gateway *g, struct gw_conn *conn, const char *message_id)
{
    size_t len;
    json_t *meta =
        json_pack("{s:s, s:s}", "type", "Heartbeat", "messageId", message_id ? message_id : "");
    char *text = gateway_frame(meta, NULL, NULL, &len);
    gateway_push(g, conn, text, len, false, 0);
}

static void not_understood(struct gateway *g, struct gw_conn *conn, const char *message_id)
{
    size_t len;
    json_t *body =
        json_pack("{s:s, s:s}", "errorCode", "CMN-103", "message", "The message cannot be parsed");
    char *text = gateway_frame(gateway_meta("Error", message_id, 400), body, NULL, &len);
    json_decref(body);
    gateway_push(g, conn, text, len, false, 0);
}

void gateway_receive(struct gateway *g, struct gw_conn *conn, const char *text, size_t len)
{
    if (!conn->session || conn->is_closing || conn->is_dropped)
        return;
    conn->heard_ms = ex_now(g->x);
    json_t *message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *meta = json_array_get(message, 0), *body = json_array_get(message, 1);
    const char *type = json_string_value(json_object_get(meta, "type"));
    const char *id = json_string_value(json_object_get(meta, "messageId"));
    if (str_eq(type, "Heartbeat")) {
        heartbeat(g, conn, id);
    } else if (str_eq(type, "ClientRequest")) {
        struct http_reply reply;
        http_reply_init(&reply);
        serve(g, conn, meta, body, &reply);
        put_reply(g, conn, id, &reply);
        http_reply_fini(&reply);
    } else {
        not_understood(g, conn, id);
    }
    json_decref(message);
}

/* ---- subscriptions --------------------------------------------------------------------------- */

static size_t subscriptions_of(const struct gateway *g, uint64_t user_id)
{
    size_t count = 0;
    for (size_t i = 0; i < g->sessions.len; i++)
        count += g->sessions.items[i]->subscription && g->sessions.items[i]->user_id == user_id;
    return count;
}

static struct gw_session *session_of_subscription(const struct gateway *g, uint64_t user_id,
                                                  const char *id)
{
    for (size_t i = 0; i < g->sessions.len; i++) {
        struct gw_session *s = g->sessions.items[i];
        if (s->user_id == user_id && s->subscription && str_eq(s->subscription->id, id))
            return s;
    }
    return NULL;
}

static void tell_subscription(struct gateway *g, const struct subscription *s,
                              struct http_reply *reply)
{
    http_reply_json(reply, 200, subscription_json(s, g->x, g->base_url));
    http_reply_header(reply, "WSG-SubscriptionId", "%s", s->id);
}

static void create(struct gateway *g, struct gw_conn *conn, const struct auth_session *session,
                   json_t *body, struct http_reply *reply)
{
    if (!conn) {
        http_reply_error(reply, 400, "InvalidParameter", "CMN-101",
                         "Parameter [deliveryMode.transportType] value is invalid");
        return;
    }
    struct gw_session *s = conn->session;
    if (!s->subscription && subscriptions_of(g, s->user_id) >= GATEWAY_SUBSCRIPTIONS_MAX) {
        http_reply_error(reply, 403, "SUB-505", "SUB-505", "Subscriptions limit exceeded");
        return;
    }
    struct subscription *fresh = mem_zero(1, sizeof *fresh);
    if (!subscription_set(fresh, g->x, session, body, true, reply)) {
        subscription_free(fresh);
        return;
    }
    http_random_uuid(fresh->id);
    fresh->user_id = session->user_id;
    fresh->created_wall_ms = ex_wall(g->x);
    gateway_end_subscription(s); /* one for a websocket: the second replaces the first */
    s->subscription = fresh;
    tell_subscription(g, fresh, reply);
}

static void list(struct gateway *g, const struct auth_session *session, struct http_reply *reply)
{
    char uri[192];
    json_t *records = json_array();
    for (size_t i = 0; i < g->sessions.len; i++) {
        const struct gw_session *s = g->sessions.items[i];
        if (s->subscription && s->user_id == session->user_id)
            json_array_append_new(records, subscription_json(s->subscription, g->x, g->base_url));
    }
    snprintf(uri, sizeof uri, "%s" SUBSCRIPTION_PATH, g->base_url);
    http_reply_json(reply, 200, json_pack("{s:s, s:o}", "uri", uri, "records", records));
}

void gateway_subscription(struct gateway *g, struct gw_conn *conn, struct auth_session *session,
                          const struct http_request *request, json_t *body,
                          struct http_reply *reply)
{
    const char *rest = request->path + strlen(SUBSCRIPTION_PATH), *method = request->method;
    char id[64] = "";
    if (rest[0] == '/')
        str_copy(id,
                 strcspn(rest + 1, "/") + 1 < sizeof id ? strcspn(rest + 1, "/") + 1 : sizeof id,
                 rest + 1);
    if (!id[0]) {
        if (str_eq(method, "POST"))
            create(g, conn, session, body, reply);
        else if (str_eq(method, "GET"))
            list(g, session, reply);
        else
            http_reply_error(reply, 405, "CMN-120", "CMN-120", "The method is not allowed here");
        return;
    }
    struct gw_session *s = session_of_subscription(g, session->user_id, id);
    if (!s) {
        http_reply_error(reply, 404, "SUB-507", "SUB-507", "Subscription is not found or expired");
    } else if (str_eq(method, "DELETE")) {
        gateway_end_subscription(s);
        reply->status = 204;
    } else if (!str_eq(method, "PUT") ||
               subscription_set(s->subscription, g->x, session, body, false, reply)) {
        tell_subscription(g, s->subscription, reply); /* read, changed, or renewed */
    }
}

/* ---- notifications --------------------------------------------------------------------------- */

static void keep(struct gw_session *s, const char *text, size_t len)
{
    struct gw_kept kept = {s->sequence, mem_dup_n(text, len), len};
    if (s->kept.len >= GATEWAY_BUFFER) {
        mem_free(s->kept.items[0].text);
        VEC_REMOVE(&s->kept, 0);
    }
    VEC_PUSH(&s->kept, kept);
}

static void notify(struct gateway *g, struct gw_session *s, const struct sub_filter *filter,
                   const struct ex_event *event, json_t *body, const char *uuid)
{
    char stamp[CLOCK_ISO_BYTES], owner[24], token[64];
    size_t len;
    struct buf path;
    buf_init(&path, 4096);
    subscription_event_path(&path, g->x, filter, event);
    clock_format_iso(ex_wall(g->x), stamp);
    snprintf(owner, sizeof owner, "%" PRIu64, s->user_id);
    s->sequence++;
    snprintf(token, sizeof token, "%s.%" PRIx64, s->token, s->sequence);
    json_t *meta = gateway_meta("ServerNotification", uuid, 200);
    json_object_set_new(
        meta, "wsc", json_pack("{s:s, s:I}", "token", token, "sequence", (json_int_t)s->sequence));
    json_t *envelope = json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "uuid", uuid, "event",
                                 buf_text(&path), "timestamp", stamp, "subscriptionId",
                                 s->subscription->id, "ownerId", owner, "body", body);
    char *text = gateway_frame(meta, envelope, NULL, &len);
    json_decref(envelope);
    buf_fini(&path);
    keep(s, text, len);
    if (s->conn && faults_take(g->faults, FAULT_MALFORMED_FRAME))
        text[len /= 2] = '\0';
    if (s->conn)
        gateway_push(g, s->conn, text, len, false, 0);
    else
        mem_free(text);
}

/* Tells the event to all who have subscribed to it; or only says whether somebody has. */
static bool deliver(struct gateway *g, const struct ex_event *event, const char *uuid)
{
    bool is_told = false;
    for (size_t i = 0; i < g->sessions.len; i++) {
        struct gw_session *s = g->sessions.items[i];
        const struct sub_filter *filter =
            s->subscription ? subscription_match(s->subscription, g->x, event) : NULL;
        const struct ex_user *viewer = filter ? ex_user_by_id(g->x, s->user_id) : NULL;
        json_t *body =
            viewer ? ex_event_view(g->x, event, viewer, filter->is_detailed, filter->has_sip)
                   : NULL;
        if (body && uuid)
            notify(g, s, filter, event, body, uuid);
        is_told = is_told || body;
        json_decref(body);
    }
    return is_told;
}

static void deliver_once(struct gateway *g, const struct ex_event *event)
{
    char uuid[24];
    snprintf(uuid, sizeof uuid, "%" PRIu64, http_random_number());
    if (deliver(g, event, uuid) && faults_take(g->faults, FAULT_DUPLICATE_EVENTS))
        deliver(g, event, uuid);
}

/* Tells what was held back, the newest first. */
static void release_held(struct gateway *g)
{
    for (size_t i = g->held.len; i-- > 0;) {
        deliver_once(g, &g->held.items[i].event);
        json_decref(g->held.items[i].body);
    }
    g->held.len = 0;
}

void gateway_event(struct gateway *g, const struct ex_event *event)
{
    const struct fault *skip = &g->faults->armed[FAULT_SKIP_EVENTS];
    const struct fault *reorder = &g->faults->armed[FAULT_REORDER_EVENTS];
    if ((skip->count > 0 || reorder->count > 0) && deliver(g, event, NULL)) {
        if (faults_take(g->faults, FAULT_SKIP_EVENTS))
            return;
        if (faults_take(g->faults, FAULT_REORDER_EVENTS)) {
            struct gw_held held = {*event, json_deep_copy(event->body)};
            held.event.body = held.body;
            VEC_PUSH(&g->held, held);
            if (g->held.len == 1)
                g->held_until_real_ms = g->ops.real_ms(g->ops.self) + reorder->ms;
            if (reorder->count == 0)
                release_held(g);
            return;
        }
    }
    deliver_once(g, event);
}

void gateway_release(struct gateway *g)
{
    if (g->held.len > 0 && g->ops.real_ms(g->ops.self) >= g->held_until_real_ms) {
        g->faults->armed[FAULT_REORDER_EVENTS].count = 0;
        release_held(g);
    }
}
