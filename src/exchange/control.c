/* /exchange/...: scripting for tests and demonstrations (calls, phones, people, switches), and what
 * is true. Not a part of the protocol. */
#include "telephony.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "/exchange/"
#define PIECES_MAX 4

struct control {
    struct ex_request *request;
    struct ex_reply *reply;
    char pieces[PIECES_MAX][64]; /* of the path after /exchange/ */
    size_t len;
};

/* --- refusing -------------------------------------------------------------------------------- */

static void not_found(struct control *c, const char *what)
{
    ex_reply_unknown(c->reply, 404, what);
}

static void answer(struct control *c, bool is_done, json_t *body)
{
    if (is_done) {
        ex_reply_json(c->reply, 200, body ? body : json_object());
        return;
    }
    json_decref(body);
    reply_conflict(c->reply);
}

/* --- calls ----------------------------------------------------------------------------------- */

/* {"from":"+1...","to":"101"}: either may be an extension of ours; name: the outside caller's. */
static void make_call(struct ex *x, struct control *c)
{
    const json_t *body = c->request->body;
    const char *from = json_string_value(json_object_get(body, "from"));
    const char *to = json_string_value(json_object_get(body, "to"));
    const char *name = json_string_value(json_object_get(body, "name"));
    struct place from_place, to_place;
    if (!from || !place_of_number(x, from, &from_place) || from_place.kind == TO_QUEUE) {
        ex_reply_invalid(c->reply, "from");
        return;
    }
    /* Nobody calls himself, and two outside numbers are no business of ours. */
    bool is_known = to && place_of_number(x, to, &to_place);
    if (!is_known || (to_place.kind != TO_QUEUE && to_place.user == from_place.user)) {
        ex_reply_invalid(c->reply, "to");
        return;
    }
    struct ex_session *s =
        from_place.user ? call_dial(x, from_place.user, user_device(from_place.user), to, true)
                        : call_place(x, from, name, &to_place, true);
    ex_reply_json(c->reply, 200, json_pack("{ss}", "id", s->id));
}

/* The newest party of the session that is so, of the extension of the body if there is one. */
static struct ex_party *pick(const struct control *c, const struct ex_session *s,
                             bool (*is)(const struct ex_party *))
{
    const char *extension = json_string_value(json_object_get(c->request->body, "extension"));
    for (size_t i = s->parties.len; i-- > 0;) {
        struct ex_party *p = s->parties.items[i];
        bool is_meant = !extension || (p->user && str_eq(p->user->extension, extension));
        if (!p->is_supervising && is_meant && is(p))
            return p;
    }
    return NULL;
}

static bool is_ringing_in(const struct ex_party *p)
{
    return !p->is_outbound && party_is_ringing(p) && !p->extension_id;
}

static bool is_ours(const struct ex_party *p)
{
    return p->user && p->code == EX_ANSWERED;
}

static bool is_held(const struct ex_party *p)
{
    return p->code == EX_HOLD;
}

static bool is_parkable(const struct ex_party *p)
{
    return p->user && party_is_connected(p) && !p->is_outbound;
}

static bool is_there(const struct ex_party *p)
{
    return party_is_live(p) && p->user;
}

static bool is_any(const struct ex_party *p)
{
    return party_is_live(p);
}

static void act_on_call(struct ex *x, struct control *c)
{
    const char *op = c->pieces[2];
    struct ex_session *s = ex_session_by_id(x, c->pieces[1]);
    struct ex_party *p = NULL;
    bool is_done = false;
    if (!s) {
        not_found(c, "id");
        return;
    }
    if (str_eq(op, "answer")) {
        p = pick(c, s, is_ringing_in);
        is_done = p && ex_answer(x, p);
    } else if (str_eq(op, "hold")) {
        p = pick(c, s, is_ours);
        is_done = p && ex_hold(x, p, true);
    } else if (str_eq(op, "unhold")) {
        p = pick(c, s, is_held);
        is_done = p && ex_hold(x, p, false);
    } else if (str_eq(op, "park")) {
        p = pick(c, s, is_parkable);
        is_done = p && ex_park(x, p);
    } else if (str_eq(op, "hangup")) {
        p = pick(c, s, is_there);
        p = p ? p : pick(c, s, is_any);
        is_done = p && ex_hangup(x, p, NULL);
    } else {
        not_found(c, "action");
        return;
    }
    answer(c, is_done, is_done ? json_pack("{ss, ss}", "id", s->id, "party", p->id) : NULL);
}

static void calls(struct ex *x, struct control *c)
{
    bool is_post = str_eq(c->request->method, "POST");
    if (is_post && c->len == 1)
        make_call(x, c);
    else if (is_post && c->len == 3)
        act_on_call(x, c);
    else
        not_found(c, "uri");
}

/* --- phones ---------------------------------------------------------------------------------- */

static void dial(struct ex *x, struct control *c, struct ex_device *device)
{
    const char *digits = json_string_value(json_object_get(c->request->body, "digits"));
    struct ex_session *session = NULL;
    if (!digits || !digits[0] || strspn(digits, "+*#0123456789") != strlen(digits) ||
        strlen(digits) >= sizeof device->digits) {
        ex_reply_invalid(c->reply, "digits");
        return;
    }
    bool is_done = device_dial(x, device, digits, &session);
    answer(c, is_done,
           session ? json_pack("{ss, ss}", "id", session->id, "digits", device->digits)
                   : json_pack("{sn, ss}", "id", "digits", device->digits));
}

static void set_device(struct ex *x, struct control *c, struct ex_device *device)
{
    const json_t *online = json_object_get(c->request->body, "online");
    const json_t *lifts = json_object_get(c->request->body, "autoAnswer");
    if (!json_is_object(c->request->body) || (online && !json_is_boolean(online)) ||
        (lifts && !json_is_boolean(lifts))) {
        ex_reply_invalid(c->reply, online && !json_is_boolean(online) ? "online" : "autoAnswer");
        return;
    }
    if (lifts)
        device->is_auto_answering = json_is_true(lifts);
    if (online) {
        device->is_online = json_is_true(online);
        device->owner->is_online = user_device(device->owner) != NULL;
        ex_presence_changed(x, device->owner);
    }
    ex_reply_json(c->reply, 200,
                  json_pack("{ss, sb, sb}", "id", device->id, "online", device->is_online,
                            "autoAnswer", device->is_auto_answering));
}

static void devices(struct ex *x, struct control *c)
{
    struct ex_device *device = c->len > 1 ? ex_device_by_id(x, c->pieces[1]) : NULL;
    const char *op = c->len == 3 ? c->pieces[2] : "";
    bool is_post = str_eq(c->request->method, "POST");
    if (!device)
        not_found(c, "deviceId");
    else if (c->len == 2 && str_eq(c->request->method, "PATCH"))
        set_device(x, c, device);
    else if (is_post && str_eq(op, "dial"))
        dial(x, c, device);
    else if (is_post && str_eq(op, "answer"))
        answer(c, device_answer(x, device), NULL);
    else if (is_post && str_eq(op, "hold"))
        answer(c, device_hold(x, device), NULL);
    else if (is_post && str_eq(op, "hangup"))
        answer(c, device_hangup(x, device), NULL);
    else
        not_found(c, "uri");
}

/* --- people, switches ------------------------------------------------------------------------ */

/* "permits": who may answer this user's calls; the world calls it permitted. */
static void set_user(struct ex *x, struct control *c, struct ex_user *user)
{
    const char *key;
    json_t *value;
    if (!json_is_object(c->request->body)) {
        ex_reply_unparsable(c->reply);
        return;
    }
    json_t *body = json_deep_copy(c->request->body);
    json_object_foreach(body, key, value)
    {
        if (!ex_user_set(x, user, str_eq(key, "permits") ? "permitted" : key, value)) {
            ex_reply_invalid(c->reply, key);
            json_decref(body);
            return;
        }
    }
    json_decref(body);
    ex_reply_json(c->reply, 200, json_pack("{ss}", "extension", user->extension));
}

static void users(struct ex *x, struct control *c)
{
    struct ex_user *user = c->len == 2 ? ex_user_by_extension(x, c->pieces[1]) : NULL;
    if (!user)
        not_found(c, "extension");
    else if (str_eq(c->request->method, "PATCH"))
        set_user(x, c, user);
    else
        not_found(c, "uri");
}

static json_t *all_switches(const struct ex *x)
{
    json_t *out = json_object();
    for (int i = 0; i < EX_SWITCH_COUNT; i++)
        json_object_set_new(out, ex_switch_name((enum ex_switch)i),
                            json_boolean(ex_switch_on(x, (enum ex_switch)i)));
    return out;
}

static void switches(struct ex *x, struct control *c)
{
    const char *key;
    json_t *value;
    bool is_patch = str_eq(c->request->method, "PATCH");
    if (is_patch && !json_is_object(c->request->body)) {
        ex_reply_unparsable(c->reply);
        return;
    }
    json_t *body = is_patch ? json_deep_copy(c->request->body) : json_object();
    json_object_foreach(body, key, value)
    {
        if (!json_is_boolean(value) || !ex_switch_set(x, key, json_is_true(value))) {
            ex_reply_invalid(c->reply, key);
            json_decref(body);
            return;
        }
    }
    json_decref(body);
    ex_reply_json(c->reply, 200, all_switches(x));
}

/* --- what is true ---------------------------------------------------------------------------- */

static json_t *supervisions(const struct ex *x)
{
    static const char *const modes[] = {
        [EX_MONITOR] = "listen", [EX_WHISPER] = "whisper", [EX_BARGE] = "barge"};
    json_t *out = json_array();
    for (size_t i = 0; i < ex_supervisions_len(x); i++) {
        const struct ex_supervision *s = ex_supervision_at(x, i);
        bool is_up = s->own && s->own->code == EX_ANSWERED;
        json_array_append_new(
            out, json_pack("{ss, ss, ss, ss, ss, ss, sb}", "supervisor", s->supervisor->extension,
                           "extension", s->agent->user->extension, "call", s->agent->session->id,
                           "party", s->agent->id, "leg", s->own->session->id, "mode",
                           modes[s->mode], "confirmed", is_up));
    }
    return out;
}

static void state(struct ex *x, struct control *c)
{
    if (!str_eq(c->request->method, "GET")) {
        not_found(c, "uri");
        return;
    }
    ex_reply_json(c->reply, 200,
                  json_pack("{so, so, so, sI, sI}", "users", ex_state_users(x), "supervisions",
                            supervisions(x), "appearances", ex_state_appearances(x), "sessions",
                            (json_int_t)ex_sessions_len(x), "now", (json_int_t)ex_now(x)));
}

/* --- which of them --------------------------------------------------------------------------- */

/* False: too deep, or a piece too long. */
static bool split(struct control *c, const char *path)
{
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");
        if (c->len == PIECES_MAX || len == 0 || len >= sizeof c->pieces[0])
            return false;
        snprintf(c->pieces[c->len++], sizeof c->pieces[0], "%.*s", (int)len, at);
        at += len;
        if (*at == '/')
            at++;
    }
    return c->len > 0;
}

void ex_control(struct ex *x, struct ex_request *request, struct ex_reply *reply)
{
    static const struct {
        const char *name;
        void (*handle)(struct ex *x, struct control *c);
    } table[] = {
        {"calls", calls},       {"devices", devices}, {"users", users},
        {"switches", switches}, {"state", state},
    };
    struct control c = {.request = request, .reply = reply};
    *reply = (struct ex_reply){.status = 200};
    if (request->is_body_bad) {
        ex_reply_unparsable(reply);
        return;
    }
    bool is_ours = str_starts(request->path, PREFIX) && split(&c, request->path + strlen(PREFIX));
    for (size_t i = 0; is_ours && i < sizeof table / sizeof table[0]; i++) {
        if (str_eq(table[i].name, c.pieces[0])) {
            table[i].handle(x, &c);
            return;
        }
    }
    ex_reply_error(reply, 404, "CMN-120", "CMN-120", "Invalid URI", NULL);
}
