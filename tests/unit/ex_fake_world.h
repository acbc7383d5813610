/* A world of three users for the tests of the network half: 900 supervises, 101 and 102 work. Its
 * clock is set by hand, its events are made by hand, and its routes answer with what was asked. To
 * be included once, by a test program: then the real world is not linked. */
#ifndef TESTS_UNIT_EX_FAKE_WORLD_H
#define TESTS_UNIT_EX_FAKE_WORLD_H

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/exchange/world.h"

#include <poll.h>
#include <stdio.h>

#define FAKE_ACCOUNT 400000000001u
#define FAKE_USERS 3
#define FAKE_LOCATION 400000000061u
#define FAKE_QUEUE 400000000011u

struct ex {
    struct ex_user users[FAKE_USERS]; /* 101 102 900 */
    struct ex_device device;
    int64_t now_ms, start_wall_ms;
    bool switches[EX_SWITCH_COUNT];
    void (*on_event)(void *self, const struct ex_event *event);
    void *self;
    int64_t ring_at_ms; /* an event of 101 by itself; 0: none */
    bool is_overworked; /* a ms of its clock takes two of ours */
    unsigned routed;
};

static void fake_user(struct ex_user *user, uint64_t id, const char *extension)
{
    user->id = id;
    str_copy(user->extension, sizeof user->extension, extension);
    user->is_enabled = user->shares_presence = true;
}

static struct ex *fake_new(void)
{
    struct ex *x = mem_zero(1, sizeof *x);
    struct ex_line lines[] = {{.id = 1, .is_reserved = true, .extension_id = 400000000900u},
                              {.id = 2, .extension_id = 400000000101u}};
    fake_user(&x->users[0], 400000000101u, "101");
    fake_user(&x->users[1], 400000000102u, "102");
    fake_user(&x->users[2], 400000000900u, "900");
    for (size_t i = 0; i < 2; i++)
        VEC_PUSH(&x->users[2].lines, lines[i]);
    str_copy(x->device.id, sizeof x->device.id, "70001");
    VEC_PUSH(&x->users[2].devices, &x->device);
    x->start_wall_ms = 1783000000000; /* 2026-07-02T13:46:40Z */
    x->switches[EX_BAD_TOKEN_HTTP] = true;
    return x;
}

/* body is stolen */
__attribute__((unused)) static void fake_event(struct ex *x, enum ex_event_kind kind,
                                               uint64_t extension_id, json_t *body)
{
    struct ex_event event = {.kind = kind, .extension_id = extension_id, .body = body};
    if (x->on_event)
        x->on_event(x->self, &event);
    json_decref(body);
}

__attribute__((unused)) static json_t *fake_presence(uint64_t extension_id, unsigned sequence)
{
    return json_pack("{s:I, s:s, s:[{s:s, s:{s:s}}], s:i, s:i}", "extensionId",
                     (json_int_t)extension_id, "telephonyStatus", "Ringing", "activeCalls", "id",
                     "c1", "sipData", "toTag", "blf", "totalActiveCalls", 1, "sequence", sequence);
}

enum rc ex_new(struct ex **out, const struct ex_options *options, struct err *err)
{
    (void)options, (void)err;
    *out = fake_new();
    return RC_OK;
}

void ex_free(struct ex *x)
{
    VEC_FREE(&x->users[2].lines);
    VEC_FREE(&x->users[2].favorites);
    VEC_FREE(&x->users[2].devices);
    mem_free(x);
}

bool ex_switch_on(const struct ex *x, enum ex_switch which)
{
    return x->switches[which];
}

bool ex_switch_set(struct ex *x, const char *name, bool is_on)
{
    if (!str_eq(name, "wstoken-once"))
        return false;
    x->switches[EX_WSTOKEN_ONCE] = is_on;
    return true;
}

int64_t ex_now(const struct ex *x)
{
    return x->now_ms;
}

int64_t ex_wall(const struct ex *x)
{
    return x->start_wall_ms + x->now_ms;
}

int64_t ex_next_ms(const struct ex *x)
{
    if (x->is_overworked)
        return x->now_ms + 1;
    return x->ring_at_ms ? x->ring_at_ms : INT64_MAX;
}

void ex_advance(struct ex *x, int64_t now_ms)
{
    for (; x->is_overworked && x->now_ms < now_ms; x->now_ms++)
        poll(NULL, 0, 2);
    if (now_ms > x->now_ms)
        x->now_ms = now_ms;
    if (x->ring_at_ms && now_ms >= x->ring_at_ms) {
        x->ring_at_ms = 0;
        fake_event(x, EX_EVENT_PRESENCE, 400000000101u, fake_presence(400000000101u, 2));
    }
}

/* The fake has no phones. */
void ex_hand(struct ex *x, const char *digits)
{
    (void)x, (void)digits;
}

void ex_listen(struct ex *x, void (*on_event)(void *self, const struct ex_event *event), void *self)
{
    x->on_event = on_event;
    x->self = self;
}

json_t *ex_event_view(struct ex *x, const struct ex_event *event, const struct ex_user *viewer,
                      bool is_detailed, bool has_sip)
{
    json_t *body = json_deep_copy(event->body), *call;
    size_t i;
    (void)x, (void)viewer;
    if (!is_detailed) {
        json_object_del(body, "activeCalls");
        json_object_del(body, "totalActiveCalls");
    }
    json_array_foreach(json_object_get(body, "activeCalls"), i, call)
    {
        if (!has_sip)
            json_object_del(call, "sipData");
    }
    return body;
}

const char *ex_route_group(const struct ex *x, const struct ex_request *request)
{
    (void)x;
    return str_starts(request->path, "/restapi/v1.0/nowhere") ? NULL
           : str_starts(request->path, "/restapi/v1.0/heavy") ? "heavy"
           : str_starts(request->path, "/restapi/v1.0/free")  ? ""
                                                              : "light";
}

/* Tells back what came in. */
void ex_route(struct ex *x, struct ex_request *request, struct ex_reply *reply)
{
    x->routed++;
    if (str_eq(request->path, "/restapi/v1.0/nothing")) {
        reply->status = 204;
        return;
    }
    if (str_eq(request->path, "/restapi/v1.0/parts")) {
        reply->status = 207;
        reply->text = mem_dup("--Boundary_1\r\n\r\n{}\r\n--Boundary_1--");
        reply->content_type = "multipart/mixed;boundary=Boundary_1";
        return;
    }
    if (str_eq(request->path, "/restapi/v1.0/batch"))
        reply->cost = 30;
    reply->status = 200;
    reply->body =
        json_pack("{s:s, s:s, s:O?, s:s, s:O?, s:b, s:s}", "method", request->method, "path",
                  request->path, "query", request->query, "caller", request->caller->extension,
                  "body", request->body, "isBad", request->is_body_bad, "scope", request->scope);
}

void ex_control(struct ex *x, struct ex_request *request, struct ex_reply *reply)
{
    if (str_eq(request->path, "/exchange/ring"))
        x->ring_at_ms = x->now_ms + 1;
    if (str_eq(request->path, "/exchange/overwork"))
        x->is_overworked = true;
    reply->status = 200;
    reply->body = json_pack("{s:s}", "control", request->path);
}

void ex_reply_fini(struct ex_reply *reply)
{
    json_decref(reply->body);
    mem_free(reply->text);
}

struct ex_user *ex_user_by_id(const struct ex *x, uint64_t id)
{
    for (size_t i = 0; i < FAKE_USERS; i++) {
        if (x->users[i].id == id)
            return (struct ex_user *)(uintptr_t)&x->users[i];
    }
    return NULL;
}

struct ex_user *ex_user_by_extension(const struct ex *x, const char *extension)
{
    for (size_t i = 0; i < FAKE_USERS; i++) {
        if (str_eq(x->users[i].extension, extension))
            return (struct ex_user *)(uintptr_t)&x->users[i];
    }
    return NULL;
}

struct ex_location;
struct ex_queue;
struct ex_location *ex_location_by_id(const struct ex *x, uint64_t id);
struct ex_queue *ex_queue_by_id(const struct ex *x, uint64_t id);

struct ex_location *ex_location_by_id(const struct ex *x, uint64_t id)
{
    return id == FAKE_LOCATION ? (struct ex_location *)(uintptr_t)x : NULL;
}

struct ex_queue *ex_queue_by_id(const struct ex *x, uint64_t id)
{
    return id == FAKE_QUEUE ? (struct ex_queue *)(uintptr_t)x : NULL;
}

struct ex_user *ex_supervisor(const struct ex *x)
{
    return ex_user_by_extension(x, "900");
}

uint64_t ex_account_id(const struct ex *x)
{
    (void)x;
    return FAKE_ACCOUNT;
}

#endif
