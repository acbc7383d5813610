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
    char body[512];
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

static inline bool rig_is_live(const struct ex_party *p)
{
    return p->code != EX_GONE && p->code != EX_DISCONNECTED;
}

/* Each live session has somebody in it, and each live leg of a user is in his list exactly once;
 * nobody listens to what is over. The number of legs. */
static inline size_t rig_check(const struct ex *x)
{
    size_t legs = 0;
    for (size_t i = 0; i < ex_sessions_len(x); i++) {
        const struct ex_session *s = ex_session_at(x, i);
        size_t live = 0;
        assert_ptr_equal(ex_session_by_id(x, s->id), s);
        assert_true(s->sequence >= 1);
        for (size_t p = 0; p < s->parties.len; p++) {
            const struct ex_party *party = s->parties.items[p];
            size_t times = 0;
            assert_ptr_equal(party->session, s);
            assert_true(party->since_ms >= party->start_ms && party->since_ms <= ex_now(x));
            live += rig_is_live(party) && !party->is_supervising;
            if (!party->user || party->is_supervising)
                continue;
            for (size_t l = 0; l < party->user->parties.len; l++)
                times += party->user->parties.items[l] == party;
            assert_int_equal(times, rig_is_live(party));
            legs += rig_is_live(party);
            if (rig_is_live(party) && party->peer)
                assert_true(rig_is_live(party->peer));
            if (party->code == EX_HOLD)
                assert_true(party->holds != 0);
            if (party->code == EX_PARKED)
                assert_string_not_equal(party->park, "");
        }
        assert_true(live > 0);
    }
    for (size_t v = 0; v < ex_supervisions_len(x); v++) {
        const struct ex_supervision *told = ex_supervision_at(x, v);
        assert_true(told->agent->code == EX_ANSWERED || told->agent->code == EX_HOLD);
        assert_true(rig_is_live(told->own) && told->own->user == told->supervisor);
        assert_ptr_equal(ex_session_by_id(x, told->agent->session->id), told->agent->session);
    }
    return legs;
}

#endif
