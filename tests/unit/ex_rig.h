/* An exchange in process: requests go straight to ex_route(), events are kept. */
#ifndef CALLHUD_TEST_EX_RIG_H
#define CALLHUD_TEST_EX_RIG_H

#include "callhud/base/str.h"
#include "callhud/exchange/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE "http://127.0.0.1:1"
#define ACC "/restapi/v1.0/account/~"
#define EXT ACC "/extension/~"

struct rig {
    struct ex *x;
    struct ex_user *caller;
    const char *accept, *scope, *if_none_match;
    json_t *events; /* [{"kind","extension","body"}] */
    bool is_viewed; /* events are kept as the caller sees them, detailed with sipData */
    struct ex_reply reply;
};

static inline void rig_event(void *self, const struct ex_event *event)
{
    struct rig *rig = self;
    json_t *body = rig->is_viewed ? ex_event_view(rig->x, event, rig->caller, true, true)
                                  : json_deep_copy(event->body);
    if (!body)
        return;
    json_array_append_new(rig->events,
                          json_pack("{si, sI, so}", "kind", (int)event->kind, "extension",
                                    (json_int_t)event->extension_id, "body", body));
}

static inline void rig_open(struct rig *rig, const struct ex_options *options)
{
    struct err err = {0};
    *rig = (struct rig){.events = json_array()};
    if (ex_new(&rig->x, options, &err) != RC_OK)
        fail_msg("%s", err.text);
    rig->caller = ex_supervisor(rig->x);
    ex_listen(rig->x, rig_event, rig);
}

static inline void rig_start(struct rig *rig, size_t users)
{
    struct ex_options options = {
        .users = users, .seed = 7, .speed = 1, .start_wall_ms = INT64_C(1783612800000)};
    rig_open(rig, &options);
}

static inline void rig_stop(struct rig *rig)
{
    ex_reply_fini(&rig->reply);
    ex_free(rig->x);
    json_decref(rig->events);
}

/* Splits "path?a=b&c=d" and asks. The answer is in rig->reply until the next. */
static inline int rig_ask(struct rig *rig, const char *method, const char *target, const char *body)
{
    char path[2048];
    str_copy(path, sizeof path, target);
    json_t *query = json_object();
    char *rest = strchr(path, '?');
    if (rest)
        *rest++ = '\0';
    while (rest && *rest) {
        char *piece = strsep(&rest, "&"), *value = strchr(piece, '=');
        if (value)
            *value++ = '\0';
        json_t *old = json_object_get(query, piece), *text = json_string(value ? value : "");
        if (json_is_array(old))
            json_array_append_new(old, text);
        else if (old)
            json_object_set_new(query, piece, json_pack("[O, o]", old, text));
        else
            json_object_set_new(query, piece, text);
    }
    json_t *json = body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
    struct ex_request request = {.method = method,
                                 .path = path,
                                 .query = query,
                                 .accept = rig->accept ? rig->accept : "",
                                 .if_none_match = rig->if_none_match,
                                 .scope = rig->scope,
                                 .body = json,
                                 .is_body_bad = body && !json,
                                 .caller = rig->caller,
                                 .base_url = BASE};
    ex_reply_fini(&rig->reply);
    ex_route(rig->x, &request, &rig->reply);
    json_decref(query);
    json_decref(json);
    return rig->reply.status;
}

static inline int rig_get(struct rig *rig, const char *target)
{
    return rig_ask(rig, "GET", target, NULL);
}

/* "a.b.0.c" in a JSON value; NULL. */
static inline const json_t *rig_at(const json_t *from, const char *where)
{
    char text[256];
    str_copy(text, sizeof text, where);
    for (char *rest = text, *piece; from && (piece = strsep(&rest, "."));) {
        if (json_is_array(from))
            from = json_array_get(from, (size_t)strtoul(piece, NULL, 10));
        else
            from = json_object_get(from, piece);
    }
    return from;
}

static inline const char *rig_text(const struct rig *rig, const char *where)
{
    const char *text = json_string_value(rig_at(rig->reply.body, where));
    return text ? text : "";
}

static inline json_int_t rig_int(const struct rig *rig, const char *where)
{
    return json_integer_value(rig_at(rig->reply.body, where));
}

static inline size_t rig_len(const struct rig *rig, const char *where)
{
    return json_array_size(rig_at(rig->reply.body, where));
}

/* The status, and the inner and outer error codes. */
static inline void rig_is_error(const struct rig *rig, int status, const char *code,
                                const char *inner)
{
    assert_int_equal(rig->reply.status, status);
    assert_string_equal(rig_text(rig, "errorCode"), code);
    assert_string_equal(rig_text(rig, "errors.0.errorCode"), inner);
    assert_string_not_equal(rig_text(rig, "message"), "");
}

/* The body of the last event of a kind; NULL. */
static inline const json_t *rig_last(const struct rig *rig, enum ex_event_kind kind)
{
    for (size_t i = json_array_size(rig->events); i-- > 0;) {
        const json_t *event = json_array_get(rig->events, i);
        if (json_integer_value(json_object_get(event, "kind")) == (int)kind)
            return json_object_get(event, "body");
    }
    return NULL;
}

static inline size_t rig_count(const struct rig *rig, enum ex_event_kind kind)
{
    size_t i, count = 0;
    const json_t *event;
    json_array_foreach(rig->events, i, event) count +=
        json_integer_value(json_object_get(event, "kind")) == (int)kind;
    return count;
}

static inline struct ex_user *rig_user(const struct rig *rig, const char *extension)
{
    struct ex_user *user = ex_user_by_extension(rig->x, extension);
    assert_non_null(user);
    return user;
}

#endif
