#include "rex_service.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SESSIONS "/restapi/v1.0/account/~/telephony/sessions/"

/* ---- what callhud tells ---- */

static void on_event(void *self, const struct event *event)
{
    static const char *const stages[] = {"asked",  "phone", "confirmed",
                                         "unsure", "ended", "failed"};
    static const char *const modes[] = {"-", "listen", "whisper", "barge"};
    struct svc *s = self;
    if (event->kind == EVENT_CAPABILITY)
        buf_printf(&s->log, "can %s %d %s\n", action_row(event->u.capability.kind)->name,
                   (int)event->u.capability.level, event->u.capability.why);
    else if (event->kind == EVENT_SELF)
        buf_printf(&s->log, "self %s %s\n", event->user_id, event->u.self.phone);
    if (event->kind != EVENT_ACTION)
        return;
    const char *text = event->u.action.text;
    buf_printf(&s->log, "%u %s %s", event->u.action.id, action_row(event->u.action.kind)->name,
               stages[event->u.action.stage]);
    if (event->u.action.mode != SUPERVISE_UNKNOWN)
        buf_printf(&s->log, " %s", modes[event->u.action.mode]);
    if (event->u.action.stage == ACTION_FAILED)
        buf_printf(&s->log, " %s", rc_text(event->u.action.rc));
    buf_printf(&s->log, "%s%s\n", text != NULL ? ": " : "", text != NULL ? text : "");
    assert_true(text == NULL || strchr(text, '\n') == NULL);
    assert_true(event->u.action.stage != ACTION_FAILED || (text != NULL && text[0] != '\0'));
}

void svc_expect(struct svc *s, const char *expected)
{
    assert_string_equal(buf_text(&s->log), expected);
    buf_reset(&s->log);
}

/* ---- the ledger ---- */

static enum rc put(void *self, const char *thing, struct err *err)
{
    struct svc *s = self;
    assert_true(thing[0] != '\0' && strlen(thing) < 512 && strpbrk(thing, " \n") == NULL);
    if (s->is_ledger_broken)
        return err_set(err, RC_IO, "the list cannot be written: the disk is full");
    VEC_PUSH(&s->ledger, mem_dup(thing));
    s->puts++;
    return RC_OK;
}

static void drop(void *self, const char *thing)
{
    struct svc *s = self;
    for (size_t i = 0; i < s->ledger.len; i++) {
        if (!str_eq(s->ledger.items[i], thing))
            continue;
        mem_free(s->ledger.items[i]);
        VEC_REMOVE(&s->ledger, i);
        s->drops++;
        return;
    }
    fail_msg("'%s' is not in the ledger", thing);
}

/* ---- parties ---- */

struct svc_party *svc_party(struct svc *s, const char *session, const char *id)
{
    for (size_t i = 0; i < s->parties.len; i++)
        if (str_eq(s->parties.items[i].session, session) && str_eq(s->parties.items[i].id, id))
            return &s->parties.items[i];
    return NULL;
}

static bool is_live(const struct svc_party *party)
{
    return !str_eq(party->code, "Disconnected") && !str_eq(party->code, "Gone");
}

static struct svc_party *add(struct svc *s, const char *session, const char *code)
{
    struct svc_party party = {.code = code, .reason = ""};
    str_copy(party.session, sizeof party.session, session);
    snprintf(party.id, sizeof party.id, "p-our/%d", ++s->made);
    VEC_PUSH(&s->parties, party);
    return &s->parties.items[s->parties.len - 1];
}

static struct svc_party *add_ours(struct svc *s, const char *session, const char *code)
{
    struct svc_party *party = add(s, session, code);
    str_copy(party->extension, sizeof party->extension, OWN);
    str_copy(party->device, sizeof party->device, DEVICE);
    return party;
}

struct svc_party *svc_leg(struct svc *s)
{
    for (size_t i = s->parties.len; i-- > 0;)
        if (str_eq(s->parties.items[i].extension, OWN) && is_live(&s->parties.items[i]))
            return &s->parties.items[i];
    return NULL;
}

size_t svc_legs(struct svc *s)
{
    size_t legs = 0;
    for (size_t i = 0; i < s->parties.len; i++)
        legs += str_eq(s->parties.items[i].extension, OWN) && is_live(&s->parties.items[i]);
    return legs;
}

static enum rex_party_code code_of(const char *code)
{
    static const struct {
        const char *word;
        enum rex_party_code code;
    } words[] = {{"Setup", REX_SETUP},       {"Proceeding", REX_PROCEEDING},
                 {"Answered", REX_ANSWERED}, {"Disconnected", REX_DISCONNECTED},
                 {"Gone", REX_GONE},         {"Parked", REX_PARTY_PARKED},
                 {"Hold", REX_HOLD}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_eq(words[i].word, code))
            return words[i].code;
    fail_msg("no code %s", code);
    return REX_PARTY_OTHER;
}

void svc_tell(struct svc *s, const struct svc_party *party)
{
    struct rex_session session = {.sequence = ++s->sequence, .at_ms = s->fake.wall_ms};
    struct rex_party told = {.is_inbound = party->is_inbound,
                             .code = code_of(party->code),
                             .has_recordings = !s->hides_recordings,
                             .is_recorded = party->is_recorded};
    if (s->is_deaf)
        return;
    str_copy(session.id, sizeof session.id, party->session);
    str_copy(told.id, sizeof told.id, party->id);
    str_copy(told.extension_id, sizeof told.extension_id, party->extension);
    str_copy(told.from_extension_id, sizeof told.from_extension_id, party->from);
    str_copy(told.to_extension_id, sizeof told.to_extension_id, party->to);
    str_copy(told.to_number, sizeof told.to_number, party->to_number);
    str_copy(told.device_id, sizeof told.device_id, party->device);
    str_copy(told.reason, sizeof told.reason, party->reason);
    str_copy(told.peer_session, sizeof told.peer_session, party->peer_session);
    str_copy(told.peer_party, sizeof told.peer_party, party->peer_party);
    if (party->is_recorded)
        str_copy(told.recording_id, sizeof told.recording_id, "77");
    VEC_PUSH(&session.parties, told);
    rex_floor_session(&s->floor, &session, s->fake.wall_ms);
    rex_act_session(s->act, &session);
    rex_session_fini(&session);
}

static void change(struct svc *s, struct svc_party *party, const char *code, const char *reason)
{
    party->code = code;
    party->reason = reason;
    struct svc_party copy = *party; /* what is told may make more of them */
    svc_tell(s, &copy);
}

void svc_set(struct svc *s, const char *session, const char *id, const char *code,
             const char *reason)
{
    struct svc_party *party = svc_party(s, session, id);
    assert_non_null(party);
    change(s, party, code, reason);
}

/* ---- people ---- */

void svc_user(struct svc *s, const char *extension)
{
    struct rex_person person = {.is_enabled = true};
    snprintf(person.id, sizeof person.id, "400%s", extension);
    str_copy(person.extension, sizeof person.extension, extension);
    snprintf(person.name, sizeof person.name, "Agent %s", extension);
    str_copy(person.type, sizeof person.type, "User");
    struct rex_user *user = rex_floor_person(&s->floor, &person);
    rex_floor_monitor(&s->floor, user, true, 1);
    rex_floor_name(&s->floor);
    svc_presence(s, extension);
}

static enum rex_telephony telephony_of(const struct svc_party *party)
{
    return str_eq(party->code, "Hold")                                         ? REX_ON_HOLD
           : str_eq(party->code, "Proceeding") || str_eq(party->code, "Setup") ? REX_RINGING
                                                                               : REX_CONNECTED;
}

void svc_presence(struct svc *s, const char *extension)
{
    struct rex_presence presence = {.has = REX_HAS_STATUS | REX_HAS_CALLS | REX_HAS_DND,
                                    .status = REX_STATUS_AVAILABLE,
                                    .sequence = -1};
    if (s->is_deaf)
        return;
    snprintf(presence.extension_id, sizeof presence.extension_id, "400%s", extension);
    const struct rex_user *user = rex_floor_user(&s->floor, presence.extension_id);
    presence.is_dnd = user != NULL && user->presence.is_dnd;
    for (size_t i = 0; i < s->parties.len; i++) {
        const struct svc_party *party = &s->parties.items[i];
        struct rex_active_call call = {.is_inbound = party->is_inbound,
                                       .state = telephony_of(party)};
        if (!str_eq(party->extension, presence.extension_id) || !is_live(party))
            continue;
        str_copy(call.session_id, sizeof call.session_id, party->session);
        str_copy(call.party_id, sizeof call.party_id, party->id);
        VEC_PUSH(&presence.calls, call);
    }
    rex_floor_presence(&s->floor, &presence, s->fake.wall_ms);
    rex_act_presence(s->act);
    VEC_FREE(&presence.calls);
}

static void set_dnd(struct svc *s, const char *user_id, bool is_on)
{
    struct rex_presence presence = {.has = REX_HAS_DND, .is_dnd = is_on, .sequence = -1};
    if (s->is_deaf)
        return;
    str_copy(presence.extension_id, sizeof presence.extension_id, user_id);
    rex_floor_presence(&s->floor, &presence, s->fake.wall_ms);
    rex_act_presence(s->act);
}

void svc_call(struct svc *s, const char *extension, const char *session, const char *code)
{
    struct svc_party agent = {.code = code, .reason = "", .is_inbound = true};
    struct svc_party caller = {.code = "Answered", .reason = ""};
    str_copy(agent.session, sizeof agent.session, session);
    str_copy(agent.id, sizeof agent.id, "p-1");
    snprintf(agent.extension, sizeof agent.extension, "400%s", extension);
    str_copy(agent.to, sizeof agent.to, agent.extension);
    str_copy(caller.session, sizeof caller.session, session);
    str_copy(caller.id, sizeof caller.id, "p-2");
    VEC_PUSH(&s->parties, agent);
    VEC_PUSH(&s->parties, caller);
    svc_tell(s, &agent);
    svc_tell(s, &caller);
    svc_presence(s, extension);
}

/* ---- our phone ---- */

static struct svc_party *agent_of(struct svc *s, const char *session)
{
    return svc_party(s, session, "p-1");
}

/* Our leg goes on into the supervision of that call. */
static void supervise(struct svc *s, size_t leg, const char *session)
{
    char own_session[64], id[64], agent[32];
    str_copy(agent, sizeof agent, agent_of(s, session)->extension);
    str_copy(own_session, sizeof own_session, s->parties.items[leg].session);
    str_copy(id, sizeof id, s->parties.items[leg].id);
    if (s->way == SVC_ANSWERED) {
        change(s, &s->parties.items[leg], "Answered", "");
        return;
    }
    bool is_apart = s->way == SVC_GONE_APART || str_eq(own_session, session);
    char where[64];
    if (is_apart)
        snprintf(where, sizeof where, "s-apart-%d", ++s->made);
    else
        str_copy(where, sizeof where, session);
    struct svc_party *there = add_ours(s, where, "Answered");
    str_copy(there->from, sizeof there->from, agent);
    str_copy(there->to, sizeof there->to, OWN);
    struct svc_party *gone = svc_party(s, own_session, id);
    if (s->way == SVC_GONE_FROM_CALL && !is_apart) { /* the other way round */
        there->code = "Gone";
        there->reason = "Supervising";
        str_copy(there->peer_session, sizeof there->peer_session, own_session);
        str_copy(there->peer_party, sizeof there->peer_party, id);
        struct svc_party copy = *there;
        svc_tell(s, &copy);
        return;
    }
    str_copy(gone->peer_session, sizeof gone->peer_session, there->session);
    str_copy(gone->peer_party, sizeof gone->peer_party, there->id);
    struct svc_party copy = *there;
    change(s, gone, "Gone", "Supervising");
    if (svc_party(s, copy.session, copy.id) != NULL)
        svc_tell(s, &copy);
}

static bool is_taking(struct svc *s, const struct svc_party *leg)
{
    const struct svc_party *agent = agent_of(s, leg->session);
    return agent != NULL && str_eq(leg->reason, "picking") && is_live(agent);
}

void svc_lift(struct svc *s)
{
    struct svc_party *leg = svc_leg(s);
    assert_non_null(leg);
    if (is_taking(s, leg)) {
        char session[64], id[64];
        str_copy(session, sizeof session, leg->session);
        str_copy(id, sizeof id, leg->id);
        svc_set(s, session, "p-1", "Disconnected", "Pickup");
        svc_set(s, session, id, "Answered", "");
    } else if (leg->to_number[0] == '*') {
        change(s, leg, "Answered", "");
    } else {
        supervise(s, (size_t)(leg - s->parties.items), leg->session);
    }
}

void svc_key(struct svc *s, const char *session)
{
    struct svc_party *leg = svc_leg(s);
    assert_non_null(leg);
    assert_string_equal(leg->code, "Answered");
    if (str_eq(leg->to_number, "*83"))
        svc_set(s, session, "p-1", "Disconnected", "TakeOver");
    else
        supervise(s, (size_t)(leg - s->parties.items), session);
}

void svc_drop_leg(struct svc *s, const char *reason)
{
    struct svc_party *leg = svc_leg(s);
    assert_non_null(leg);
    change(s, leg, "Disconnected", reason);
}

/* ---- answers ---- */

static void put_party(struct buf *out, const struct svc *s, const struct svc_party *party)
{
    buf_printf(out, "{\"id\":\"%s\",\"direction\":\"%s\",\"status\":{\"code\":\"%s\"", party->id,
               party->is_inbound ? "Inbound" : "Outbound", party->code);
    if (party->reason[0] >= 'A' && party->reason[0] <= 'Z')
        buf_printf(out, ",\"reason\":\"%s\"", party->reason);
    if (party->peer_session[0] != '\0')
        buf_printf(out, ",\"peerId\":{\"telephonySessionId\":\"%s\",\"partyId\":\"%s\"}",
                   party->peer_session, party->peer_party);
    buf_puts(out, "}");
    if (party->extension[0] != '\0')
        buf_printf(out, ",\"extensionId\":\"%s\"", party->extension);
    bool is_to = str_eq(party->to, party->extension) || party->is_inbound;
    buf_printf(out, ",\"from\":{\"extensionId\":\"%s\",\"deviceId\":\"%s\"}", party->from,
               is_to ? "theirs" : party->device);
    buf_printf(out, ",\"to\":{\"extensionId\":\"%s\",\"phoneNumber\":\"%s\",\"deviceId\":\"%s\"}",
               party->to, party->to_number, is_to ? party->device : "");
    if (!s->hides_recordings)
        buf_printf(out, ",\"recordings\":[{\"id\":\"77\",\"active\":%s}]",
                   party->is_recorded ? "true" : "false");
    buf_puts(out, "}");
}

static size_t put_session(struct buf *out, struct svc *s, const char *session)
{
    size_t count = 0;
    buf_printf(out, "{\"id\":\"%s\",\"parties\":[", session);
    for (size_t i = 0; i < s->parties.len; i++) {
        if (!str_eq(s->parties.items[i].session, session) ||
            (s->omits && !is_live(&s->parties.items[i])))
            continue;
        buf_puts(out, count++ > 0 ? "," : "");
        put_party(out, s, &s->parties.items[i]);
    }
    buf_puts(out, "]}");
    return count;
}

static void error_body(struct buf *out, const char *code)
{
    buf_printf(out,
               "{\"errorCode\":\"%s\",\"message\":\"because\",\"errors\":[{\"errorCode\":"
               "\"%s\",\"message\":\"because\"}]}",
               code, code);
}

/* What a request comes to: its answer, then what is told of it. */
struct outcome {
    int status;
    VEC(struct svc_party) told;
    const char *dnd_of; /* user id */
    bool is_dnd;
};

static void will_tell(struct outcome *o, const struct svc_party *party)
{
    VEC_PUSH(&o->told, *party);
}

static int do_delete(struct svc_party *party, struct outcome *o)
{
    if (!is_live(party))
        return 404;
    party->code = "Disconnected";
    party->reason = "";
    will_tell(o, party);
    return 204;
}

static int do_supervise(struct svc *s, const char *session, struct buf *out, struct outcome *o)
{
    const struct svc_party *agent = agent_of(s, session);
    if (agent == NULL || !is_live(agent))
        return 404;
    char agent_id[32];
    str_copy(agent_id, sizeof agent_id, agent->extension);
    struct svc_party *leg = add_ours(s, session, "Proceeding");
    str_copy(leg->from, sizeof leg->from, agent_id);
    str_copy(leg->to, sizeof leg->to, OWN);
    put_party(out, s, leg);
    will_tell(o, leg);
    return 201;
}

static int do_pickup(struct svc *s, struct svc_party *party, struct buf *out, struct outcome *o)
{
    if (!is_live(party) || str_eq(party->code, "Answered"))
        return 409;
    char session[64];
    str_copy(session, sizeof session, party->session);
    struct svc_party *leg = add_ours(s, session, "Proceeding");
    leg->is_inbound = true;
    leg->reason = "picking";
    put_party(out, s, leg);
    will_tell(o, leg);
    return 201;
}

static int do_call_out(struct svc *s, const char *body, struct buf *out, struct outcome *o)
{
    char session[64];
    const char *star = strchr(body, '*');
    snprintf(session, sizeof session, "s-out-%d", ++s->made);
    struct svc_party *leg = add_ours(s, session, "Proceeding");
    str_copy(leg->from, sizeof leg->from, OWN);
    if (star != NULL)
        snprintf(leg->to_number, sizeof leg->to_number, "%.3s", star);
    buf_puts(out, "{\"session\":");
    put_session(out, s, session);
    buf_puts(out, "}");
    will_tell(o, leg);
    return 201;
}

static int do_party(struct svc *s, const char *method, struct svc_party *party, const char *rest,
                    struct buf *out, struct outcome *o)
{
    if (str_eq(method, "DELETE"))
        return do_delete(party, o);
    if (str_eq(method, "GET")) {
        put_party(out, s, party);
        return 200;
    }
    if (str_eq(rest, "/pickup"))
        return do_pickup(s, party, out, o);
    if (!str_starts(rest, "/recordings"))
        return 404;
    party->is_recorded = str_eq(method, "POST");
    will_tell(o, party);
    buf_puts(out, s->omits_active      ? "{\"id\":\"77\"}"
                  : party->is_recorded ? "{\"id\":\"77\",\"active\":true}"
                                       : "{\"id\":\"77\",\"active\":false}");
    return 200;
}

/* "%2F" of an id that has a slash. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (str_starts(at, "%2F")) {
            *to++ = '/';
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

static int do_sessions(struct svc *s, const struct io_http *http, const char *path, struct buf *out,
                       struct outcome *o)
{
    char session[64], party[64] = "";
    const char *at = path + strlen(SESSIONS);
    size_t len = strcspn(at, "/");
    snprintf(session, sizeof session, "%.*s", (int)len, at);
    at += len;
    if (str_starts(at, "/parties/")) {
        at += strlen("/parties/");
        len = strcspn(at, "/");
        snprintf(party, sizeof party, "%.*s", (int)len, at);
        at += len;
    }
    unescape(session);
    unescape(party);
    if (party[0] != '\0') {
        struct svc_party *found = svc_party(s, session, party);
        return found == NULL ? 404 : do_party(s, http->method, found, at, out, o);
    }
    if (str_eq(at, "/supervise"))
        return do_supervise(s, session, out, o);
    return put_session(out, s, session) > 0 ? 200 : 404;
}

static int do_presence(struct svc *s, const struct io_http *http, const char *path, struct buf *out,
                       struct outcome *o)
{
    static char id[32];
    const char *at = strstr(path, "/extension/") + strlen("/extension/");
    snprintf(id, sizeof id, "%.*s", (int)strcspn(at, "/"), at);
    if (str_eq(http->method, "PUT")) {
        o->dnd_of = id;
        o->is_dnd = strstr(http->body, "DoNotAcceptAnyCalls") != NULL;
        s->dnd = o->is_dnd ? "DoNotAcceptAnyCalls" : "TakeAllCalls";
        buf_puts(out, "{}");
        return 200;
    }
    bool is_own = str_eq(id, "~");
    const struct rex_user *user = rex_floor_user(&s->floor, id);
    buf_printf(out, "{\"extension\":{\"id\":\"%s\"},\"dndStatus\":\"%s\",\"activeCalls\":[",
               is_own ? OWN : id,
               s->dnd != NULL                          ? s->dnd
               : user != NULL && user->presence.is_dnd ? "DoNotAcceptAnyCalls"
                                                       : "TakeAllCalls");
    size_t count = 0;
    for (size_t i = 0; is_own && i < s->parties.len; i++) {
        const struct svc_party *party = &s->parties.items[i];
        char begin[40] = "2026-11-22T00:01:40.000Z"; /* fake_io begins then */
        if (!str_eq(party->extension, OWN) || !is_live(party))
            continue;
        buf_printf(out,
                   "%s{\"id\":\"x\",\"direction\":\"Outbound\",\"to\":\"%s\",\"telephonyStatus\":"
                   "\"CallConnected\",\"telephonySessionId\":\"%s\",\"partyId\":\"%s\","
                   "\"startTime\":\"%s\"}",
                   count++ > 0 ? "," : "", s->hides_numbers ? "" : party->to_number, party->session,
                   party->id, begin);
    }
    buf_puts(out, "]}");
    return 200;
}

static int do_request(struct svc *s, const struct io_http *http, const char *path, struct buf *out,
                      struct outcome *o)
{
    if (str_starts(path, SESSIONS))
        return do_sessions(s, http, path, out, o);
    if (str_ends(path, "/telephony/call-out"))
        return do_call_out(s, http->body, out, o);
    if (strstr(path, "/device") != NULL) {
        if (s->devices != NULL)
            buf_puts(out, s->devices);
        else
            buf_printf(out,
                       "{\"records\":[{\"id\":\"1\",\"type\":\"OtherPhone\",\"name\":\"Fax\","
                       "\"status\":\"Online\"},{\"id\":\"" DEVICE
                       "\",\"type\":\"HardPhone\",\"name\":\"Desk phone\",\"status\":\"%s\"}]}",
                       s->is_phone_online ? "Online" : "Offline");
        return 200;
    }
    if (strstr(path, "/presence") != NULL)
        return do_presence(s, http, path, out, o);
    fail_msg("nobody expects %s %s", http->method, path);
    return 404;
}

static void give_token(struct svc *s, struct io_http *http)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"access_token\":\"tok\",\"token_type\":\"bearer\",\"expires_in\":3600,"
             "\"scope\":\"%s\",\"owner_id\":\"" OWN "\"}",
             s->scope);
    fake_http_answer(http, RC_OK, 200, body, NULL);
}

static bool is_to_fail(struct svc *s, const char *line)
{
    if (s->fail.times <= 0 || strstr(line, s->fail.match) == NULL)
        return false;
    s->fail.times--;
    return true;
}

static void answer(struct svc *s, struct io_http *http)
{
    char line[1024];
    struct outcome o = {0};
    struct buf out;
    const char *path = strstr(http->url, "/restapi");
    assert_non_null(path);
    if (str_ends(path, "/oauth/token")) {
        give_token(s, http);
        return;
    }
    buf_printf(&s->asked, "%s %s %s\n", http->method, path, http->body);
    snprintf(line, sizeof line, "%s %s", http->method, path);
    buf_init(&out, 65536);
    bool is_failing = is_to_fail(s, line);
    if (!is_failing || s->fail.is_done)
        o.status = do_request(s, http, path, &out, &o);
    if (is_failing)
        o.status = s->fail.status;
    if (o.status >= 400) {
        buf_reset(&out);
        error_body(&out, is_failing && s->fail.code != NULL ? s->fail.code : "CMN-102");
    }
    fake_http_answer(http, is_failing && o.status == 0 ? s->fail.rc : RC_OK, o.status,
                     buf_text(&out), NULL);
    for (size_t i = 0; i < o.told.len; i++)
        svc_tell(s, &o.told.items[i]);
    if (o.dnd_of != NULL && o.status < 400)
        set_dnd(s, o.dnd_of, o.is_dnd);
    VEC_FREE(&o.told);
    buf_fini(&out);
}

bool svc_serve_one(struct svc *s)
{
    for (size_t i = 0; i < s->fake.requests.len; i++) {
        if (!s->fake.requests.items[i]->is_over) {
            answer(s, s->fake.requests.items[i]);
            return true;
        }
    }
    return false;
}

void svc_serve(struct svc *s)
{
    for (int i = 0; i < 1000; i++) {
        if (!svc_serve_one(s)) {
            fake_io_advance(&s->fake, 0);
            if (fake_http_pending(&s->fake) == 0)
                return;
        }
    }
    fail_msg("requests without end");
}

void svc_pass(struct svc *s, int64_t ms)
{
    for (int64_t left = ms; left > 0; left -= 100) {
        fake_io_advance(&s->fake, left < 100 ? left : 100);
        svc_serve(s);
    }
}

bool svc_has_asked(struct svc *s, const char *what)
{
    bool has = strstr(buf_text(&s->asked), what) != NULL;
    buf_reset(&s->asked);
    return has;
}

enum rc svc_act(struct svc *s, uint32_t id, enum action_kind kind, const char *extension,
                const char *call_id, bool is_on, struct err *err)
{
    char user_id[32];
    struct err own = {0};
    snprintf(user_id, sizeof user_id, "400%s", extension);
    struct action action = {
        .id = id, .kind = kind, .user_id = user_id, .call_id = call_id, .is_on = is_on};
    return rex_act_do(s->act, &action, err != NULL ? err : &own);
}

/* ---- life ---- */

static void on_ready(void *self)
{
    struct svc *s = self;
    if (s->rest != NULL)
        rex_rest_ready(s->rest);
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    (void)self;
    fail_msg("sign-in: %d %s", (int)rc, text);
}

static void on_sync(void *self)
{
    (void)self;
}

static bool on_sync_lost(void *self)
{
    (void)self;
    return true;
}

static void on_sync_failed(void *self, enum rc rc, const char *text)
{
    (void)self;
    (void)rc;
    (void)text;
}

static void open_config(struct svc *s)
{
    s->config = (struct backend_config){.profile = "work",
                                        .server = "https://rc.example.com",
                                        .client_id = "cid",
                                        .client_secret = "sec",
                                        .jwt = "jwt",
                                        .device = "",
                                        .phone = "",
                                        .dnd_device = "",
                                        .monitor = "list",
                                        .ring_timeout_ms = 20000,
                                        .ledger = {put, drop, s}};
}

void svc_begin(struct svc *s, const char *scope)
{
    memset(s, 0, sizeof *s);
    s->scope = scope;
    s->is_phone_online = true;
    s->sequence = 1;
    fake_io_init(&s->fake);
    s->fake.wall_ms = INT64_C(1795305700000);
    buf_init(&s->log, 1 << 20);
    buf_init(&s->asked, 1 << 20);
    open_config(s);
    s->shared = rex_shared_new(&s->config.shared);
    const struct rex_signin_config signin = {.io = &s->fake.io,
                                             .config = &s->config,
                                             .shared = s->shared,
                                             .ready = on_ready,
                                             .failed = on_failed,
                                             .self = s};
    s->signin = rex_signin_new(&signin);
    const struct rex_rest_config rest = {
        .io = &s->fake.io, .config = &s->config, .shared = s->shared, .signin = s->signin};
    s->rest = rex_rest_new(&rest);
    const struct backend_sink sink = {on_event, s};
    rex_floor_init(&s->floor, &sink);
    str_copy(s->floor.own_id, sizeof s->floor.own_id, OWN);
    const struct rex_sync_config sync = {.io = &s->fake.io,
                                         .config = &s->config,
                                         .rest = s->rest,
                                         .signin = s->signin,
                                         .floor = &s->floor,
                                         .owner = {.listed = on_sync,
                                                   .answered = on_sync,
                                                   .done = on_sync,
                                                   .failed = on_sync_failed,
                                                   .lost = on_sync_lost,
                                                   .self = s}};
    s->sync = rex_sync_new(&sync, NULL);
    const struct rex_act_config act = {.io = &s->fake.io,
                                       .config = &s->config,
                                       .rest = s->rest,
                                       .signin = s->signin,
                                       .floor = &s->floor,
                                       .sync = s->sync,
                                       .sink = sink};
    s->act = rex_act_new(&act);
    svc_serve(s);
}

void svc_sync(struct svc *s)
{
    rex_act_synced(s->act, !s->is_polling);
    svc_serve(s);
}

void svc_open(struct svc *s, const char *scope)
{
    svc_begin(s, scope);
    svc_user(s, "102");
    svc_sync(s);
    buf_reset(&s->log);
    buf_reset(&s->asked);
}

void svc_close(struct svc *s)
{
    rex_act_free(s->act);
    rex_sync_free(s->sync);
    rex_rest_free(s->rest);
    rex_signin_free(s->signin);
    rex_shared_free(s->shared);
    rex_floor_fini(&s->floor);
    for (size_t i = 0; i < s->ledger.len; i++)
        mem_free(s->ledger.items[i]);
    VEC_FREE(&s->ledger);
    VEC_FREE(&s->parties);
    buf_fini(&s->log);
    buf_fini(&s->asked);
    fake_io_fini(&s->fake);
}

void svc_check_clean(struct svc *s)
{
    assert_int_equal(svc_legs(s), 0);
    assert_int_equal(s->ledger.len, 0);
}
