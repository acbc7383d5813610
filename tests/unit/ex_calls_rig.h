/* Calls on an exchange in process: the scripting routes, events as "-2 Proceeding", states. */
#ifndef CALLHUD_TEST_EX_CALLS_RIG_H
#define CALLHUD_TEST_EX_CALLS_RIG_H

#include "ex_rig.h"

#define TEL ACC "/telephony/sessions/"

/* As EXT /exchange/... with the control token. */
static inline int rig_control(struct rig *rig, const char *method, const char *path,
                              const char *body)
{
    json_t *json = body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
    struct ex_request request = {.method = method,
                                 .path = path,
                                 .raw_path = path,
                                 .accept = "",
                                 .body = json,
                                 .is_body_bad = body && !json,
                                 .base_url = BASE};
    ex_reply_fini(&rig->reply);
    ex_control(rig->x, &request, &rig->reply);
    json_decref(json);
    return rig->reply.status;
}

static inline void rig_pass(struct rig *rig, int64_t ms)
{
    ex_advance(rig->x, ex_now(rig->x) + ms);
}

/* A scripted call; its session. */
static inline struct ex_session *rig_call(struct rig *rig, const char *from, const char *to)
{
    char body[128];
    snprintf(body, sizeof body, "{\"from\":\"%s\",\"to\":\"%s\"}", from, to);
    assert_int_equal(rig_control(rig, "POST", "/exchange/calls", body), 200);
    struct ex_session *session = ex_session_by_id(rig->x, rig_text(rig, "id"));
    assert_non_null(session);
    return session;
}

static inline int rig_call_do(struct rig *rig, const struct ex_session *session, const char *what)
{
    char path[128];
    snprintf(path, sizeof path, "/exchange/calls/%s/%s", session->id, what);
    return rig_control(rig, "POST", path, NULL);
}

static inline int rig_device(struct rig *rig, const struct ex_device *device, const char *what,
                             const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "/exchange/devices/%s/%s", device->id, what);
    return rig_control(rig, "POST", path, body);
}

static inline int rig_dial(struct rig *rig, const struct ex_device *device, const char *digits)
{
    char body[128];
    snprintf(body, sizeof body, "{\"digits\":\"%s\"}", digits);
    return rig_device(rig, device, "dial", body);
}

static inline struct ex_device *rig_desk(const struct rig *rig)
{
    return ex_supervisor(rig->x)->devices.items[0];
}

/* The party of suffix n: "-2". */
static inline struct ex_party *rig_party(const struct ex_session *session, size_t n)
{
    assert_true(session->parties.len >= n);
    return session->parties.items[n - 1];
}

static inline int rig_do(struct rig *rig, const char *method, const struct ex_party *party,
                         const char *what, const char *body)
{
    char path[256];
    snprintf(path, sizeof path, TEL "%s/parties/%s%s", party->session->id, party->id, what);
    return rig_ask(rig, method, path, body);
}

static inline void rig_forget(struct rig *rig)
{
    json_array_clear(rig->events);
}

/* What the session told: "1 Setup, 2 Proceeding". A reason follows after a slash. */
static inline const char *rig_story(const struct rig *rig, const char *session_id)
{
    static char out[2048];
    size_t i, len = 0;
    const json_t *event;
    out[0] = '\0';
    json_array_foreach(rig->events, i, event)
    {
        const json_t *body = json_object_get(event, "body");
        const json_t *party = rig_at(body, "parties.0");
        const char *session = json_string_value(json_object_get(body, "telephonySessionId"));
        if (json_integer_value(json_object_get(event, "kind")) != EX_EVENT_TELEPHONY ||
            !str_eq(session, session_id))
            continue;
        assert_int_equal(json_array_size(json_object_get(body, "parties")), 1);
        const char *reason = json_string_value(rig_at(party, "status.reason"));
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s %s%s%s", len ? ", " : "",
                                strrchr(json_string_value(json_object_get(party, "id")), '-') + 1,
                                json_string_value(rig_at(party, "status.code")), reason ? "/" : "",
                                reason ? reason : "");
    }
    return out;
}

/* What GET /exchange/state says of an extension's calls: "ringing in, held out"; "" none. */
static inline const char *rig_calls(struct rig *rig, const char *extension)
{
    static char out[512];
    size_t i, c, len = 0;
    const json_t *user, *call;
    out[0] = '\0';
    assert_int_equal(rig_control(rig, "GET", "/exchange/state", NULL), 200);
    json_array_foreach(json_object_get(rig->reply.body, "users"), i, user)
    {
        if (!str_eq(json_string_value(json_object_get(user, "extension")), extension))
            continue;
        json_array_foreach(json_object_get(user, "calls"), c, call) len +=
            (size_t)snprintf(out + len, sizeof out - len, "%s%s %s", len ? ", " : "",
                             json_string_value(json_object_get(call, "state")),
                             json_string_value(json_object_get(call, "direction")));
    }
    return out;
}

/* What the presence request says of a user to his supervisor: "OnHold Inbound, ...". */
static inline const char *rig_presence(struct rig *rig, const char *extension)
{
    static char out[512];
    char path[256];
    size_t i, len = 0;
    const json_t *call;
    snprintf(path, sizeof path, ACC "/extension/%llu/presence?detailedTelephonyState=true",
             (unsigned long long)rig_user(rig, extension)->id);
    assert_int_equal(rig_get(rig, path), 200);
    out[0] = '\0';
    json_array_foreach(json_object_get(rig->reply.body, "activeCalls"), i, call) len +=
        (size_t)snprintf(out + len, sizeof out - len, "%s%s %s", len ? ", " : "",
                         json_string_value(json_object_get(call, "telephonyStatus")),
                         json_string_value(json_object_get(call, "direction")));
    return out;
}

#endif
