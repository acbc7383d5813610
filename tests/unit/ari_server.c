#include "ari_server.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the sink ---- */

static const char *const link_words[] = {"idle",    "connecting", "live",
                                         "polling", "lost",       "refused"};
static const char *const presence_words[] = {"unknown", "available", "busy",
                                             "away",    "offline",   "hidden"};
static const char *const call_words[] = {"ringing", "dialling", "connected", "held", "parked"};
static const char *const mode_words[] = {"?", "listen", "whisper", "barge"};

static size_t find_user(struct ari_rig *rig, const char *id)
{
    for (size_t i = 0; i < rig->users_len; i++)
        if (str_eq(rig->users[i].user, id))
            return i;
    assert_true(rig->users_len < sizeof rig->users / sizeof rig->users[0]);
    str_copy(rig->users[rig->users_len].user, sizeof rig->users[0].user, id);
    return rig->users_len++;
}

/* Section 2 of the product contract, as far as this backend's facts go. */
static const char *rig_lamp_of(const struct ari_rig *rig, size_t user)
{
    static const enum call_state urgency[] = {CALL_RINGING, CALL_HELD, CALL_PARKED, CALL_CONNECTED,
                                              CALL_DIALLING};
    static const char *const words[] = {"ringing", "hold", "parked", "on_call", "on_call"};
    for (size_t u = 0; u < 5; u++)
        for (size_t i = 0; i < rig->calls.len; i++)
            if (str_eq(rig->calls.items[i].user, rig->users[user].user) &&
                rig->calls.items[i].state == urgency[u])
                return words[u];
    return rig->users[user].is_offline ? "offline" : rig->users[user].is_dnd ? "dnd" : "available";
}

static void note_lamp(struct ari_rig *rig, const char *id)
{
    size_t user = find_user(rig, id);
    char *lamps = rig->users[user].lamps;
    const char *lamp = rig_lamp_of(rig, user);
    const char *last = strrchr(lamps, ' ');
    if (str_eq(last != NULL ? last + 1 : lamps, lamp))
        return;
    size_t at = strlen(lamps);
    snprintf(lamps + at, sizeof rig->users[0].lamps - at, "%s%s", at > 0 ? " " : "", lamp);
}

static void note_call(struct ari_rig *rig, const struct event *event)
{
    struct told_call call = {.state = event->u.call.state};
    str_copy(call.user, sizeof call.user, event->user_id);
    str_copy(call.id, sizeof call.id, event->u.call.id);
    for (size_t i = 0; i < rig->calls.len; i++) {
        if (str_eq(rig->calls.items[i].user, call.user) &&
            str_eq(rig->calls.items[i].id, call.id)) {
            rig->calls.items[i] = call;
            return;
        }
    }
    VEC_PUSH(&rig->calls, call);
}

static void drop_calls(struct ari_rig *rig, const char *user, const char *id)
{
    for (size_t i = rig->calls.len; i-- > 0;)
        if ((user == NULL || str_eq(rig->calls.items[i].user, user)) &&
            (id == NULL || str_eq(rig->calls.items[i].id, id)))
            VEC_REMOVE(&rig->calls, i);
}

static void log_call(struct ari_rig *rig, const struct event *event)
{
    buf_printf(&rig->log, "call %s %s %s %s \"%s\" since=%lld connected=%lld%s", event->user_id,
               call_words[event->u.call.state], event->u.call.direction == CALL_IN ? "in" : "out",
               event->u.call.number, event->u.call.name, (long long)event->u.call.since_ms,
               (long long)event->u.call.connected_ms, event->u.call.is_recorded ? " recorded" : "");
    buf_puts(&rig->log, event->u.call.is_summons ? " summons" : "");
    for (size_t i = 0; i < event->u.call.supervisors_len; i++)
        buf_printf(&rig->log, " %s:%s", event->u.call.supervisors[i].extension,
                   mode_words[event->u.call.supervisors[i].mode]);
    buf_puts(&rig->log, "\n");
}

static void on_event(void *self, const struct event *event)
{
    struct ari_rig *rig = self;
    const char *user = event->user_id;
    if (event->is_answer)
        buf_puts(&rig->log, "=");
    switch (event->kind) {
    case EVENT_LINK:
        buf_printf(&rig->log, "link %s %s\n", link_words[event->u.link.state],
                   event->u.link.text != NULL ? event->u.link.text : "");
        return;
    case EVENT_HEARD: buf_puts(&rig->log, "heard\n"); return;
    case EVENT_GAP: buf_puts(&rig->log, "gap\n"); return;
    case EVENT_SNAPSHOT_ASKED:
        buf_puts(&rig->log, "asked\n");
        rig->is_batch = true;
        drop_calls(rig, NULL, NULL);
        return;
    case EVENT_SNAPSHOT_DONE:
        buf_puts(&rig->log, "done\n");
        rig->is_batch = false;
        for (size_t i = 0; i < rig->users_len; i++)
            note_lamp(rig, rig->users[i].user);
        return;
    case EVENT_SNAPSHOT_FAILED: buf_puts(&rig->log, "failed\n"); return;
    case EVENT_SETTINGS: buf_puts(&rig->log, "settings\n"); return;
    case EVENT_CAPABILITY:
        buf_printf(&rig->log, "capability %d %d \"%s\"\n", (int)event->u.capability.kind,
                   (int)event->u.capability.level, event->u.capability.why);
        return;
    case EVENT_ACTION: {
        static const char *const stages[] = {"asked",  "phone", "confirmed",
                                             "unsure", "ended", "failed"};
        static const char *const modes[] = {"-", "listen", "whisper", "barge"};
        buf_printf(&rig->log, "action %u %s %s mode=%s call=%s rc=%d \"%s\"\n", event->u.action.id,
                   user != NULL ? user : "-", stages[event->u.action.stage],
                   modes[event->u.action.mode], event->u.action.call_id, (int)event->u.action.rc,
                   event->u.action.text != NULL ? event->u.action.text : "");
        return;
    }
    case EVENT_USER:
        find_user(rig, user);
        buf_printf(&rig->log, "user %s \"%s\" \"%s\" line=%u\n", user, event->u.user.name,
                   event->u.user.department, event->u.user.line);
        return;
    case EVENT_USER_GONE:
        buf_printf(&rig->log, "gone %s\n", user);
        drop_calls(rig, user, NULL);
        return;
    case EVENT_PRESENCE:
        buf_printf(&rig->log, "presence %s %s\n", user, presence_words[event->u.presence.presence]);
        rig->users[find_user(rig, user)].is_offline =
            event->u.presence.presence == PRESENCE_OFFLINE;
        break;
    case EVENT_DND:
        buf_printf(&rig->log, "dnd %s %s\n", user, event->u.dnd.is_on ? "on" : "off");
        rig->users[find_user(rig, user)].is_dnd = event->u.dnd.is_on;
        break;
    case EVENT_DEVICES:
        buf_printf(&rig->log, "devices %s", user);
        for (size_t i = 0; i < event->u.devices.len; i++)
            buf_printf(&rig->log, " %s%s", event->u.devices.items[i].name,
                       event->u.devices.items[i].is_online ? "+" : "-");
        buf_puts(&rig->log, "\n");
        return;
    case EVENT_CALL:
        log_call(rig, event);
        note_call(rig, event);
        break;
    case EVENT_CALL_ENDED:
        buf_printf(&rig->log, "ended %s %s%s%s\n", user, event->u.ended.id,
                   event->u.ended.taken_by[0] != '\0' ? " taken by " : "", event->u.ended.taken_by);
        drop_calls(rig, user, event->u.ended.id);
        break;
    case EVENT_CALLS_WITHHELD: buf_puts(&rig->log, "withheld\n"); return;
    case EVENT_SELF:
    case EVENT_LACK:
    case EVENT_DESK:
        buf_printf(&rig->log, "desk %s%s%s\n", user, event->u.desk.is_list ? " list" : "",
                   event->u.desk.is_settings ? " settings" : "");
        return;
    case EVENT_RIGHT: buf_puts(&rig->log, "Asterisk tells no such thing\n"); return;
    }
    if (!rig->is_batch)
        note_lamp(rig, user);
}

/* ---- the server ---- */

static const struct ari_answer *find_answer(const struct ari_rig *rig, const char *method,
                                            const char *uri)
{
    char asked[1200];
    snprintf(asked, sizeof asked, "%s%s%s", str_eq(method, "GET") ? "" : method,
             str_eq(method, "GET") ? "" : " ", uri);
    for (size_t i = rig->answers.len; i-- > 0;) {
        const struct ari_answer *answer = &rig->answers.items[i];
        const char *star = strchr(answer->uri, '*');
        if (star != NULL ? strncmp(answer->uri, asked, (size_t)(star - answer->uri)) == 0 &&
                               str_ends(asked, star + 1)
                         : str_eq(answer->uri, asked))
            return answer;
    }
    return NULL;
}

static const char not_found[] = "{\"message\":\"Resource not found\"}";

static void note_request(struct ari_rig *rig, const char *method, const char *uri)
{
    buf_printf(&rig->asked, "%s %s\n", method, uri);
}

/* ---- applications ---- */

struct ari_rig_app *ari_rig_app(struct ari_rig *rig, const char *name)
{
    for (size_t i = 0; i < rig->apps.len; i++)
        if (str_eq(rig->apps.items[i].name, name))
            return &rig->apps.items[i];
    return NULL;
}

static struct ari_rig_app *make_app(struct ari_rig *rig, const char *name)
{
    if (ari_rig_app(rig, name) == NULL) {
        struct ari_rig_app made = {.name = mem_dup(name)};
        VEC_PUSH(&rig->apps, made);
    }
    return ari_rig_app(rig, name);
}

void ari_rig_leave_app(struct ari_rig *rig, const char *name, const char *device)
{
    struct ari_rig_app *app = make_app(rig, name);
    VEC_PUSH(&app->devices, mem_dup(device));
}

static bool has_socket(const struct ari_rig *rig, const char *app)
{
    for (size_t i = 0; i < rig->fake.sockets.len; i++) {
        const struct io_ws *ws = rig->fake.sockets.items[i];
        const char *at = strstr(ws->url, "?app=");
        size_t len = at != NULL ? strcspn(at + 5, "&") : 0;
        if (ws->is_open && !ws->is_over && at != NULL && len == strlen(app) &&
            strncmp(at + 5, app, len) == 0)
            return true;
    }
    return false;
}

/* One "SCHEME:NAME"; false when there is nothing to take back (422, as seen). */
static bool apply_source(struct ari_rig_app *app, const char *method, const char *source)
{
    const char *colon = strchr(source, ':');
    assert_non_null(colon);
    if (!str_starts(source, "deviceState:")) {
        assert_string_equal(colon, ":");
        app->is_told_all = str_eq(method, "POST");
        return true;
    }
    char device[400] = "";
    assert_true(colon[1] != '\0'); /* all of them: that is what freezes the server */
    for (const char *p = colon + 1; *p != '\0'; p++) {
        size_t at = strlen(device);
        unsigned code = (unsigned char)*p;
        if (*p == '%') {
            assert_int_equal(sscanf(p + 1, "%2x", &code), 1);
            p += 2;
        }
        assert_true(at + 1 < sizeof device);
        device[at] = (char)code;
        device[at + 1] = '\0';
    }
    size_t found = 0;
    while (found < app->devices.len && !str_eq(app->devices.items[found], device))
        found++;
    bool is_there = found < app->devices.len;
    if (str_eq(method, "DELETE") && is_there) {
        mem_free(app->devices.items[found]);
        VEC_REMOVE(&app->devices, found);
    } else if (str_eq(method, "POST") && !is_there) {
        VEC_PUSH(&app->devices, mem_dup(device));
    }
    return is_there || str_eq(method, "POST");
}

/* As 22.10.1 does; returns the status. */
static int serve_app(struct ari_rig *rig, const char *method, const char *uri, struct buf *body)
{
    const char *rest = uri + strlen("applications/");
    const char *query = strstr(rest, "/subscription?eventSource=");
    char name[200];
    int status = 200;
    assert_true(strlen(uri) < 4000); /* a request line has 4,096 bytes */
    snprintf(name, sizeof name, "%.*s", (int)strcspn(rest, "/?"), rest);
    if (!has_socket(rig, name)) {
        buf_puts(body, "{\"message\":\"Application not found\"}");
        return 404;
    }
    struct ari_rig_app *app = make_app(rig, name);
    if (query != NULL) {
        char *sources = mem_dup(strchr(query, '=') + 1), *at = sources;
        for (char *source; (source = strsep(&at, ",")) != NULL;)
            if (!apply_source(app, method, source))
                status = 422;
        mem_free(sources);
    }
    buf_puts(body, "{\"device_names\":[");
    for (size_t i = 0; i < app->devices.len; i++)
        buf_printf(body, "%s\"%s\"", i > 0 ? "," : "", app->devices.items[i]);
    buf_puts(body, "]}");
    return status;
}

/* The scripted answer, or what is known without a script. */
static int make_answer(struct ari_rig *rig, const char *method, const char *uri, const char *sent,
                       struct buf *body)
{
    int status =
        rig->more != NULL ? rig->more(rig, method, uri, sent != NULL ? sent : "", body) : 0;
    if (status != 0)
        return status;
    const struct ari_answer *answer = find_answer(rig, method, uri);
    if (answer != NULL) {
        buf_puts(body, answer->body);
        return answer->status;
    }
    if (str_starts(uri, "applications/"))
        return serve_app(rig, method, uri, body);
    buf_puts(body, not_found);
    return 404;
}

static void serve_frame(struct ari_rig *rig, struct io_ws *ws, const char *frame)
{
    json_t *request = json_loads(frame, 0, NULL);
    assert_non_null(request);
    assert_string_equal(json_string_value(json_object_get(request, "type")), "RESTRequest");
    const char *uri = json_string_value(json_object_get(request, "uri"));
    assert_true(uri[0] != '/'); /* Asterisk answers 405 to a leading slash */
    const char *method = json_string_value(json_object_get(request, "method"));
    struct buf body;
    buf_init(&body, 4u * 1024 * 1024);
    const char *sent = json_string_value(json_object_get(request, "message_body"));
    int status = make_answer(rig, method, uri, sent, &body);
    note_request(rig, method, uri);
    rig->asked_ws++;
    if (status == ARI_RIG_SILENT || ws->is_over) {
        buf_fini(&body);
        json_decref(request);
        return;
    }
    json_t *response =
        json_pack("{s:s,s:O,s:O,s:i,s:s,s:s,s:s}", "type", "RESTResponse", "transaction_id",
                  json_object_get(request, "transaction_id"), "request_id",
                  json_object_get(request, "request_id"), "status_code", status, "content_type",
                  "application/json", "message_body", buf_text(&body), "application", "x");
    buf_fini(&body);
    if (rig->is_dated && rig->last_at[0] != '\0')
        json_object_set_new(response, "timestamp", json_string(rig->last_at));
    char *text = json_dumps(response, JSON_COMPACT);
    if (!ws->is_over)
        fake_ws_say(ws, text);
    free(text);
    json_decref(response);
    json_decref(request);
}

static bool serve_once(struct ari_rig *rig)
{
    for (size_t i = 0; rig->is_rest_over_ws && i < rig->fake.sockets.len; i++) {
        struct io_ws *ws = rig->fake.sockets.items[i];
        if (!ws->is_over && ws->served < ws->sent.len) {
            serve_frame(rig, ws, ws->sent.items[ws->served++]);
            return true;
        }
    }
    for (size_t i = 0; i < rig->fake.requests.len; i++) {
        struct io_http *http = rig->fake.requests.items[i];
        size_t base = strlen(rig->config.server) + 1;
        if (http->is_over || http->is_silent)
            continue;
        const struct ari_answer *answer = find_answer(rig, http->method, http->url + base);
        if (answer != NULL && answer->status == ARI_RIG_SILENT)
            continue;
        struct buf body;
        buf_init(&body, 4u * 1024 * 1024);
        int status = make_answer(rig, http->method, http->url + base, http->body, &body);
        note_request(rig, http->method, http->url + base);
        rig->asked_http++;
        if (http->is_over) { /* its backend was closed by the test's own part */
            buf_fini(&body);
            return true;
        }
        if (status == ARI_RIG_SILENT) {
            http->is_silent = true;
            buf_fini(&body);
            return true;
        }
        if (status == ARI_RIG_UNREACHED || (answer != NULL && answer->status == 0))
            fake_http_answer(http, RC_UNREACHABLE, 0, NULL, NULL);
        else if (answer != NULL && answer->status >= 300 && answer->status < 400)
            fake_http_answer(http, RC_OK, answer->status, "", answer->body);
        else
            fake_http_answer(http, RC_OK, status, buf_text(&body), NULL);
        buf_fini(&body);
        return true;
    }
    return false;
}

void ari_rig_serve(struct ari_rig *rig)
{
    for (int turns = 0; turns < 100000; turns++) {
        if (serve_once(rig))
            continue;
        fake_io_advance(&rig->fake, 0);
        if (!serve_once(rig))
            return;
    }
    fail_msg("the backend never stops asking");
}

void ari_rig_connect(struct ari_rig *rig)
{
    fake_ws_accept(fake_ws(&rig->fake));
    ari_rig_serve(rig);
    if (fake_ws(&rig->fake)->is_open)
        fake_ws_pong(fake_ws(&rig->fake));
    if (!rig->is_rest_over_ws) { /* REST over the socket is tried first */
        fake_io_advance(&rig->fake, 250);
        ari_rig_serve(rig);
        fake_io_advance(&rig->fake, 1750);
        ari_rig_serve(rig);
    }
}

void ari_rig_answer(struct ari_rig *rig, const char *uri, int status, const char *body)
{
    struct ari_answer answer = {.uri = mem_dup(uri), .status = status, .body = mem_dup(body)};
    VEC_PUSH(&rig->answers, answer);
}

char *ari_test_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/unit/data/ari/%s", TEST_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is missing", path);
    struct buf text;
    char piece[4096];
    buf_init(&text, 16u * 1024 * 1024);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        buf_put(&text, piece, got);
    fclose(file);
    return buf_take(&text);
}

void ari_rig_answer_file(struct ari_rig *rig, const char *uri, const char *name)
{
    char *body = ari_test_file(name);
    ari_rig_answer(rig, uri, 200, body);
    mem_free(body);
}

void ari_rig_quiet_office(struct ari_rig *rig)
{
    struct buf list;
    buf_init(&list, 8192);
    for (int i = 104; i >= 101; i--)
        buf_printf(&list,
                   "{\"technology\":\"PJSIP\",\"resource\":\"%d\",\"state\":\"online\","
                   "\"channel_ids\":[]},",
                   i);
    buf_puts(&list, "{\"technology\":\"PJSIP\",\"resource\":\"carrier\",\"state\":\"online\","
                    "\"channel_ids\":[]}]");
    char *body = NULL;
    struct buf whole;
    buf_init(&whole, 8192);
    buf_puts(&whole, "[");
    buf_puts(&whole, buf_text(&list));
    body = buf_take(&whole);
    ari_rig_answer(rig, "endpoints", 200, body);
    mem_free(body);
    buf_fini(&list);
    ari_rig_answer(rig, "channels", 200, "[]");
    ari_rig_answer(rig, "bridges", 200, "[]");
    ari_rig_answer(rig, "deviceStates/*", 200, "{\"name\":\"x\",\"state\":\"NOT_INUSE\"}");
    ari_rig_answer(rig, "PUT applications/*", 200, "{\"name\":\"x\"}");
    ari_rig_answer_file(rig, "asterisk/info", "info.json");
}

/* ---- the rig ---- */

void ari_rig_init(struct ari_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    fake_io_init(&rig->fake);
    buf_init(&rig->log, 4u * 1024 * 1024);
    buf_init(&rig->asked, 4u * 1024 * 1024);
    rig->is_rest_over_ws = true;
    rig->config = (struct backend_config){
        .profile = "test",
        .server = "http://127.0.0.1:8088/ari",
        .access = {.user = "hud", .password = "secret"},
        .phone = "PJSIP/104",
        .monitor = "all",
        .dnd_device = "Custom:DND%s",
    };
}

static enum rc ledger_put(void *self, const char *thing, struct err *err)
{
    struct ari_rig *rig = self;
    if (rig->is_ledger_full)
        return err_set(err, RC_IO, "the disk is full");
    if (str_starts(thing, "applications/")) {
        VEC_PUSH(&rig->ledger_apps, mem_dup(thing));
        return RC_OK;
    }
    rig->ledger_puts++;
    VEC_PUSH(&rig->ledger, mem_dup(thing));
    return RC_OK;
}

static void ledger_drop(void *self, const char *thing)
{
    struct ari_rig *rig = self;
    for (size_t i = 0; i < rig->ledger_apps.len; i++) {
        if (str_eq(rig->ledger_apps.items[i], thing)) {
            mem_free(rig->ledger_apps.items[i]);
            VEC_REMOVE(&rig->ledger_apps, i);
            return;
        }
    }
    for (size_t i = 0; i < rig->ledger.len; i++) {
        if (str_eq(rig->ledger.items[i], thing)) {
            mem_free(rig->ledger.items[i]);
            VEC_REMOVE(&rig->ledger, i);
            return;
        }
    }
    fail_msg("dropped, but never put: %s", thing);
}

void ari_rig_use_ledger(struct ari_rig *rig)
{
    rig->config.ledger =
        (struct backend_ledger){.put = ledger_put, .drop = ledger_drop, .self = rig};
}

enum rc ari_rig_act(struct ari_rig *rig, enum action_kind kind, const char *user, const char *call,
                    bool is_on, struct err *err)
{
    struct action action = {
        .id = ++rig->last_action, .kind = kind, .user_id = user, .call_id = call, .is_on = is_on};
    return backend_find("asterisk")->act(rig->backend, &action, err);
}

void ari_rig_open(struct ari_rig *rig)
{
    struct err err = {0};
    const struct backend_sink sink = {.event = on_event, .self = rig};
    rig->backend = backend_find("asterisk")->open(&rig->config, &rig->fake.io, &sink, &err);
    if (rig->backend == NULL)
        fail_msg("open: %s", err.text);
    assert_int_equal(rig->log.len, 0); /* nothing is told before open() has returned */
    fake_io_advance(&rig->fake, 0);
}

void ari_rig_fini(struct ari_rig *rig)
{
    if (rig->backend != NULL)
        backend_find("asterisk")->close(rig->backend);
    fake_io_fini(&rig->fake);
    for (size_t i = 0; i < rig->answers.len; i++) {
        mem_free(rig->answers.items[i].uri);
        mem_free(rig->answers.items[i].body);
    }
    VEC_FREE(&rig->answers);
    VEC_FREE(&rig->calls);
    for (size_t i = 0; i < rig->ledger.len; i++)
        mem_free(rig->ledger.items[i]);
    VEC_FREE(&rig->ledger);
    for (size_t i = 0; i < rig->ledger_apps.len; i++)
        mem_free(rig->ledger_apps.items[i]);
    VEC_FREE(&rig->ledger_apps);
    for (size_t i = 0; i < rig->apps.len; i++) {
        for (size_t d = 0; d < rig->apps.items[i].devices.len; d++)
            mem_free(rig->apps.items[i].devices.items[d]);
        VEC_FREE(&rig->apps.items[i].devices);
        mem_free(rig->apps.items[i].name);
    }
    VEC_FREE(&rig->apps);
    buf_fini(&rig->asked);
    buf_fini(&rig->log);
}

static void timestamp_of(const char *frame, char to[40])
{
    json_t *event = json_loads(frame, 0, NULL);
    const char *at = json_string_value(json_object_get(event, "timestamp"));
    str_copy(to, 40, at != NULL ? at : "");
    json_decref(event);
}

void ari_rig_say(struct ari_rig *rig, const char *frame)
{
    timestamp_of(frame, rig->last_at);
    fake_ws_say(fake_ws(&rig->fake), frame);
}

void ari_rig_play(struct ari_rig *rig, const char *name, size_t first, size_t last)
{
    char *text = ari_test_file(name);
    char *rest = text;
    int64_t before_ms = 0;
    size_t number = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        number++;
        if (line[0] == '\0' || number < first || (last != 0 && number > last))
            continue;
        char at[40];
        int64_t at_ms = 0;
        timestamp_of(line, at);
        if (clock_parse_iso(at, &at_ms)) {
            if (before_ms != 0 && at_ms > before_ms)
                fake_io_advance(&rig->fake, at_ms - before_ms);
            before_ms = at_ms > before_ms ? at_ms : before_ms;
        }
        ari_rig_say(rig, line);
    }
    fake_io_advance(&rig->fake, 100);
    mem_free(text);
}

const char *ari_rig_lamps(const struct ari_rig *rig, const char *user)
{
    for (size_t i = 0; i < rig->users_len; i++)
        if (str_eq(rig->users[i].user, user))
            return rig->users[i].lamps;
    return "(no such user)";
}

const char *ari_rig_lamp(const struct ari_rig *rig, const char *user)
{
    const char *lamps = ari_rig_lamps(rig, user);
    const char *last = strrchr(lamps, ' ');
    return last != NULL ? last + 1 : lamps;
}

void ari_rig_forget(struct ari_rig *rig)
{
    buf_reset(&rig->log);
    buf_reset(&rig->asked);
    for (size_t i = 0; i < rig->users_len; i++) {
        char last[64];
        str_copy(last, sizeof last, ari_rig_lamp(rig, rig->users[i].user));
        str_copy(rig->users[i].lamps, sizeof rig->users[i].lamps, last);
    }
}

static size_t count_lines(const struct buf *buf, const char *line_start)
{
    size_t count = 0;
    const char *text = buf_text(buf);
    for (const char *line = text; *line != '\0';) {
        count += str_starts(line, line_start);
        const char *end = strchr(line, '\n');
        line = end != NULL ? end + 1 : line + strlen(line);
    }
    return count;
}

size_t ari_rig_count(const struct ari_rig *rig, const char *line_start)
{
    return count_lines(&rig->log, line_start);
}

size_t ari_rig_asked(const struct ari_rig *rig, const char *line_start)
{
    return count_lines(&rig->asked, line_start);
}

bool ari_rig_told(const struct ari_rig *rig, const char *line_start)
{
    return ari_rig_count(rig, line_start) > 0;
}
