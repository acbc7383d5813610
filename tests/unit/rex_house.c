#include "rex_house.h"

#include "callhud/backend/ringcentral/ringcentral.h"
#include "callhud/base/buf.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ACCOUNT "/restapi/v1.0/account/~"
#define OWN ACCOUNT "/extension/~"
#define STAMP "2026-11-22T08:00:00.000Z"
#define HOUSE_DATE "Sun, 22 Nov 2026 08:00:00 GMT"
#define BODY_MOST (1 << 22)

/* ---- JSON of the people ---- */

static void put_call(struct buf *out, const struct house_person *p, const struct house_call *call)
{
    buf_printf(out,
               "{\"id\":\"%s\",\"direction\":\"%s\",\"from\":\"%s\",\"to\":\"%s\","
               "\"telephonyStatus\":\"%s\",\"startTime\":\"2026-11-22T07:59:00.000Z\","
               "\"telephonySessionId\":\"%s\",\"partyId\":\"%s\"}",
               call->session, call->is_outbound ? "Outbound" : "Inbound",
               call->is_outbound ? p->extension : "+17778732492",
               call->is_outbound ? "+17778732492" : p->extension, call->state, call->session,
               call->party);
}

static void put_facts(struct buf *out, const struct house *house, const struct house_person *p)
{
    const char *telephony = p->telephony != NULL ? p->telephony
                            : p->calls_len == 0  ? "NoCall"
                                                 : p->calls[0].state;
    buf_printf(out,
               "\"presenceStatus\":\"%s\",\"userStatus\":\"%s\",\"dndStatus\":\"%s\","
               "\"telephonyStatus\":\"%s\",\"meetingStatus\":\"%s\",\"allowSeeMyPresence\":%s,"
               "\"ringOnMonitoredCall\":%s,\"pickUpCallsOnHold\":%s",
               p->hides ? "Offline" : p->status, p->user_status, p->dnd, telephony,
               p->in_meeting ? "Connected" : "Disconnected", p->hides ? "false" : "true",
               house->rings_when_monitored ? "true" : "false",
               house->picks_up_held ? "true" : "false");
    if (p->withholds)
        return;
    buf_puts(out, ",\"activeCalls\":[");
    for (size_t i = 0; i < p->calls_len; i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_call(out, p, &p->calls[i]);
    }
    buf_putc(out, ']');
}

static void put_presence(struct buf *out, const struct house *house, const struct house_person *p)
{
    buf_printf(out, "{\"extension\":{\"id\":%s,\"extensionNumber\":\"%s\"},", p->id, p->extension);
    put_facts(out, house, p);
    buf_putc(out, '}');
}

static void put_line(struct buf *out, const struct house_person *p, size_t id, bool is_reserved)
{
    buf_printf(out,
               "%s{\"id\":\"%zu\",%s\"extension\":{\"id\":\"%s\",\"extensionNumber\":\"%s\","
               "\"type\":\"User\"}}",
               id > 1 ? "," : "", id, is_reserved ? "\"notEditableOnHud\":true," : "", p->id,
               p->extension);
}

/* ---- answers ---- */

static void answer(struct io_http *http, int status, const char *body)
{
    static const struct io_header headers[] = {{"Date", HOUSE_DATE}};
    const struct io_http_answer answer = {.rc = RC_OK,
                                          .status = status,
                                          .content_type = "application/json",
                                          .location = "",
                                          .headers = headers,
                                          .headers_len = 1,
                                          .body = body,
                                          .body_len = strlen(body)};
    if (http != NULL)
        fake_http_answer_with(http, &answer);
}

/* A 429 of a group, as captured (6.1). */
static void refuse_for_now(struct io_http *http, const char *group)
{
    const struct io_header headers[] = {{"X-Rate-Limit-Group", group},
                                        {"X-Rate-Limit-Limit", "10"},
                                        {"X-Rate-Limit-Remaining", "0"},
                                        {"X-Rate-Limit-Window", "60"}};
    const char *body = "{\"errorCode\":\"CMN-301\",\"message\":\"Request rate exceeded\"}";
    const struct io_http_answer answer = {.rc = RC_OK,
                                          .status = 429,
                                          .content_type = "application/json",
                                          .location = "",
                                          .retry_after_ms = 60000,
                                          .headers = headers,
                                          .headers_len = 4,
                                          .body = body,
                                          .body_len = strlen(body)};
    fake_http_answer_with(http, &answer);
}

static void refuse(struct io_http *http, int status)
{
    answer(http, status,
           status == 403 ? "{\"errorCode\":\"InsufficientPermissions\",\"message\":\"not allowed\","
                           "\"errors\":[{\"errorCode\":\"CMN-408\",\"message\":\"not allowed\"}]}"
                         : "{\"errorCode\":\"CMN-203\",\"message\":\"trouble\"}");
}

static void answer_token(struct house *house, struct io_http *http)
{
    struct buf body;
    if (house->token_status != 0) {
        answer(http, house->token_status,
               "{\"error\":\"invalid_grant\",\"error_description\":\"bad JWT\"}");
        return;
    }
    buf_init(&body, BODY_MOST);
    buf_printf(&body,
               "{\"access_token\":\"access-%zu\",\"token_type\":\"bearer\",\"expires_in\":3600,"
               "\"refresh_token\":\"refresh\",\"refresh_token_expires_in\":604800,"
               "\"scope\":\"%s\",\"owner_id\":\"500\",\"endpoint_id\":\"e\",\"session_id\":\"s\"}",
               house->asked.len, house->scope);
    answer(http, 200, buf_text(&body));
    buf_fini(&body);
}

/* The end of a list that fits a page. */
static const char *paging_of(const struct house *house)
{
    return house->is_endless
               ? "],\"paging\":{\"page\":1,\"totalPages\":1000000000},"
                 "\"navigation\":{\"nextPage\":{\"uri\":\"http://127.0.0.1:1/next\"}}}"
               : "],\"paging\":{\"page\":1,\"totalPages\":1}}";
}

static void answer_grants(struct house *house, struct io_http *http)
{
    struct buf body;
    if (!house->is_endless) {
        refuse(http, 403);
        return;
    }
    buf_init(&body, BODY_MOST);
    buf_printf(&body, "{\"records\":[%s", paging_of(house));
    answer(http, 200, buf_text(&body));
    buf_fini(&body);
}

static void answer_lines(struct house *house, struct io_http *http)
{
    struct buf body;
    if (house->lines_status != 0) {
        refuse(http, house->lines_status);
        return;
    }
    buf_init(&body, BODY_MOST);
    buf_puts(&body, "{\"records\":[");
    put_line(&body, &house->people[0], 1, true);
    put_line(&body, &house->people[0], 2, true);
    for (size_t i = 0; i < house->lines_len; i++)
        put_line(&body, &house->people[house->lines[i]], i + 3, false);
    buf_puts(&body, paging_of(house));
    answer(http, 200, buf_text(&body));
    buf_fini(&body);
}

static void answer_directory(struct house *house, struct io_http *http)
{
    struct buf body;
    if (house->directory_status != 0) {
        refuse(http, house->directory_status);
        return;
    }
    buf_init(&body, BODY_MOST);
    buf_puts(&body, "{\"records\":[");
    for (size_t i = 0; i < house->people_len; i++)
        buf_printf(&body,
                   "%s{\"id\":\"%s\",\"type\":\"User\",\"status\":\"Enabled\",\"name\":\"%s\","
                   "\"department\":\"Cartier\",\"extensionNumber\":\"%s\"}",
                   i > 0 ? "," : "", house->people[i].id, house->people[i].name,
                   house->people[i].extension);
    buf_puts(&body, paging_of(house));
    answer(http, 200, buf_text(&body));
    buf_fini(&body);
}

static void answer_account(struct house *house, struct io_http *http)
{
    struct buf body;
    if (house->account_status == 429) {
        refuse_for_now(http, "heavy");
        return;
    }
    if (house->account_status != 0) {
        refuse(http, house->account_status);
        return;
    }
    const char *at = strstr(http->url, "page=");
    unsigned page = 1, pages = house->pages > 0 ? house->pages : 1;
    if (at == NULL || sscanf(at, "page=%u", &page) != 1)
        page = 1;
    size_t each = (house->people_len + pages - 1) / pages;
    buf_init(&body, BODY_MOST);
    buf_puts(&body, "{\"records\":[");
    for (size_t i = each * (page - 1); i < each * page && i < house->people_len; i++) {
        if (i > each * (page - 1))
            buf_putc(&body, ',');
        put_presence(&body, house, &house->people[i]);
    }
    if (house->is_endless)
        buf_puts(&body, paging_of(house));
    else
        buf_printf(&body, "],\"paging\":{\"page\":%u,\"totalPages\":%u}}", page, pages);
    answer(http, 200, buf_text(&body));
    buf_fini(&body);
}

static struct house_person *by_id(struct house *house, const char *id)
{
    for (size_t i = 0; i < house->people_len; i++)
        if (str_eq(house->people[i].id, id))
            return &house->people[i];
    return NULL;
}

/* ".../extension/ID,ID/presence": one as it is, several with a status each. */
static void answer_presence(struct house *house, struct io_http *http)
{
    char ids[2048];
    struct buf body;
    if (house->is_light_spent) {
        house->is_light_spent = false;
        refuse_for_now(http, "light");
        return;
    }
    if (house->presence_status != 0) {
        refuse(http, house->presence_status);
        return;
    }
    const char *from = strstr(http->url, "/extension/") + strlen("/extension/");
    str_copy(ids, sizeof ids, from);
    ids[strcspn(ids, "/")] = '\0';
    buf_init(&body, BODY_MOST);
    if (str_eq(ids, "~"))
        str_copy(ids, sizeof ids, "500");
    bool is_one = strchr(ids, ',') == NULL;
    size_t count = 0;
    char *rest = ids;
    buf_puts(&body, is_one ? "" : "[");
    for (char *id = str_next_field(&rest, ','); id != NULL; id = str_next_field(&rest, ',')) {
        const struct house_person *p = by_id(house, id);
        bool is_there = p != NULL && !p->is_refused;
        if (!is_one && is_there && p->is_left_out)
            continue;
        if (is_one && !is_there) {
            refuse(http, 404);
            buf_fini(&body);
            return;
        }
        if (!is_one)
            buf_printf(&body,
                       "%s{\"resourceId\":\"%s\",\"status\":%d,\"body\":", count++ > 0 ? "," : "",
                       id, is_there ? 200 : 403);
        if (is_there)
            put_presence(&body, house, p);
        else
            buf_puts(&body, "{\"errorCode\":\"SUB-403\"}");
        buf_puts(&body, is_one ? "" : "}");
        assert_true(count <= 30);
    }
    buf_puts(&body, is_one ? "" : "]");
    answer(http, is_one ? 200 : 207, buf_text(&body));
    buf_fini(&body);
}

static bool is_presence(const char *path)
{
    return strstr(path, "/presence?") != NULL;
}

static void serve_http(struct house *house, struct io_http *http)
{
    const char *path = strstr(http->url, "/restapi/");
    assert_non_null(path);
    if (house->holds_presence && is_presence(path) && !str_starts(path, OWN "/"))
        return;
    if (house->holds_sessions && strstr(path, "/telephony/sessions/") != NULL)
        return;
    for (size_t i = 0; i < 2; i++)
        if (house->held[i] != NULL && strstr(path, house->held[i]) != NULL)
            return;
    struct buf line;
    buf_init(&line, BODY_MOST);
    buf_printf(&line, "%s %s", http->method, path);
    VEC_PUSH(&house->asked, mem_dup(buf_text(&line)));
    buf_fini(&line);
    if (str_starts(path, "/restapi/oauth/token"))
        answer_token(house, http);
    else if (str_starts(path, "/restapi/oauth/wstoken") && house->ws_status != 0)
        refuse(http, house->ws_status);
    else if (str_starts(path, "/restapi/oauth/wstoken"))
        answer(http, 200,
               "{\"uri\":\"ws://127.0.0.1:9/ws\",\"ws_access_token\":\"w\",\"expires_in\":30}");
    else if (str_starts(path, OWN "/presence/line"))
        answer_lines(house, http);
    else if (str_starts(path, ACCOUNT "/directory/entries"))
        answer_directory(house, http);
    else if (str_starts(path, ACCOUNT "/presence?"))
        answer_account(house, http);
    else if (is_presence(path))
        answer_presence(house, http);
    else if (str_eq(path, OWN) && house->own_status != 0)
        refuse(http, house->own_status);
    else if (str_eq(path, OWN))
        answer(http, 200,
               "{\"id\":500,\"extensionNumber\":\"900\",\"name\":\"Sue\",\"type\":\"User\"}");
    else if (str_starts(path, OWN "/grant"))
        answer_grants(house, http);
    else if (str_starts(path, OWN "/features") && house->features_status != 0)
        answer(http, house->features_status, "{}");
    else if (str_starts(path, OWN "/features") || str_starts(path, OWN "/device"))
        answer(http, 200, "{\"records\":[]}");
    else
        answer(http, 404, "{\"errorCode\":\"CMN-102\"}");
}

/* ---- the websocket ---- */

static struct io_ws *socket_of(struct house *house)
{
    if (house->net.sockets.len == 0)
        return NULL;
    struct io_ws *ws = fake_ws(&house->net);
    return ws->is_over || !ws->is_open ? NULL : ws;
}

void house_say(struct house *house, const char *frame)
{
    struct io_ws *ws = socket_of(house);
    assert_non_null(ws);
    fake_ws_say(ws, frame);
}

static void notify(struct house *house, const char *path, const char *body)
{
    struct buf frame;
    if (house->is_deaf || !house->has_subscription)
        return;
    buf_init(&frame, BODY_MOST);
    buf_printf(&frame,
               "[{\"type\":\"ServerNotification\",\"messageId\":\"%llu\",\"status\":200},"
               "{\"uuid\":\"%llu\",\"event\":\"%s\",\"timestamp\":\"" STAMP "\","
               "\"subscriptionId\":\"sub\",\"ownerId\":\"500\",\"body\":%s}]",
               (unsigned long long)house->uuid, (unsigned long long)house->uuid, path, body);
    house->uuid++;
    if (socket_of(house) != NULL)
        fake_ws_say(socket_of(house), buf_text(&frame));
    else
        VEC_PUSH(&house->kept, mem_dup(buf_text(&frame)));
    buf_fini(&frame);
}

static void greet(struct house *house, struct io_ws *ws)
{
    bool is_recovery = strstr(ws->url, "wsc=") != NULL;
    bool is_recovered = is_recovery && house->has_subscription && !house->forgets;
    char frame[1024];
    fake_ws_accept(ws);
    snprintf(frame, sizeof frame,
             "[{\"type\":\"ConnectionDetails\",\"messageId\":\"c\",\"status\":200,"
             "\"wsc\":{\"token\":\"wsc-token\",\"sequence\":%zu}},"
             "{\"recoveryBufferSize\":100,\"recoveryTimeout\":180,\"idleTimeout\":1800,"
             "\"absoluteTimeout\":86400,\"maxActiveRequests\":10%s}]",
             house->net.sockets.len,
             !is_recovery   ? ""
             : is_recovered ? ",\"recoveryState\":\"Successful\""
                            : ",\"recoveryState\":\"Failed\",\"recoveryErrorCode\":\"WSG-1005\"");
    if (!is_recovered)
        house->has_subscription = false;
    fake_ws_say(ws, frame);
    for (size_t i = 0; i < house->kept.len; i++) {
        if (is_recovered && !ws->is_over)
            fake_ws_say(ws, house->kept.items[i]);
        mem_free(house->kept.items[i]);
    }
    VEC_FREE(&house->kept);
}

static void read_filters(struct house *house, const char *frame)
{
    for (size_t i = 0; i < house->filters.len; i++)
        mem_free(house->filters.items[i]);
    VEC_FREE(&house->filters);
    const char *at = strstr(frame, "\"eventFilters\"");
    const char *end = at != NULL ? strchr(at, ']') : NULL;
    for (at = at != NULL ? strchr(at, '[') : NULL; at != NULL && at < end;) {
        const char *from = strchr(at, '"');
        if (from == NULL || from > end)
            break;
        const char *to = strchr(from + 1, '"');
        VEC_PUSH(&house->filters, mem_dup_n(from + 1, (size_t)(to - from - 1)));
        at = to + 1;
    }
}

static void serve_frame(struct house *house, struct io_ws *ws, const char *frame)
{
    char id[96] = "", reply[1024];
    if (strstr(frame, "/restapi/v1.0/subscription") == NULL)
        return;
    bool is_change = strstr(frame, "\"PUT\"") != NULL;
    const char *at = strstr(frame, "\"messageId\":\"");
    assert_non_null(at);
    sscanf(at, "\"messageId\":\"%95[^\"]", id);
    if (strstr(frame, "\"GET\"") != NULL) {
        snprintf(
            reply, sizeof reply,
            "[{\"type\":\"ClientRequest\",\"messageId\":\"%s\",\"status\":%d},{\"id\":\"sub\"}]",
            id, house->has_subscription ? 200 : 404);
        fake_ws_say(ws, reply);
        return;
    }
    read_filters(house, frame);
    VEC_PUSH(&house->asked, mem_dup(is_change ? "CHANGE" : "SUBSCRIBE"));
    bool is_off = house->disabled != NULL && house_has_filter(house, house->disabled);
    snprintf(reply, sizeof reply,
             "[{\"type\":\"ClientRequest\",\"messageId\":\"%s\",\"status\":%d},"
             "{\"id\":\"sub\",\"status\":\"Active\",\"disabledFilters\":[%s%s%s]}]",
             id, is_change && !house->has_subscription ? 404 : 200,
             is_off ? "{\"reason\":\"no permission\",\"filter\":\"" : "",
             is_off ? house->disabled : "", is_off ? "\"}" : "");
    if (!is_change || house->has_subscription)
        house->has_subscription = true;
    fake_ws_say(ws, reply);
}

static void serve_ws(struct house *house)
{
    if (house->net.sockets.len == 0)
        return;
    struct io_ws *ws = fake_ws(&house->net);
    if (ws->is_over)
        return;
    if (!ws->is_open)
        greet(house, ws);
    while (!ws->is_over && ws->served < ws->sent.len)
        serve_frame(house, ws, ws->sent.items[ws->served++]);
    while (!ws->is_over && ws->pings > 0) {
        ws->pings--;
        fake_ws_pong(ws);
    }
}

void house_serve(struct house *house)
{
    size_t before;
    do {
        before = house->asked.len;
        for (size_t i = 0; i < house->net.requests.len; i++)
            if (!house->net.requests.items[i]->is_over)
                serve_http(house, house->net.requests.items[i]);
        serve_ws(house);
    } while (house->asked.len != before);
}

void house_run(struct house *house, int64_t ms)
{
    for (int64_t at = 0; at <= ms; at += 10) {
        house_serve(house);
        fake_io_advance(&house->net, 10);
        hud_tick(&house->hud, house->net.now_ms);
    }
    house_serve(house);
}

void house_drop(struct house *house)
{
    struct io_ws *ws = socket_of(house);
    assert_non_null(ws);
    fake_ws_fail(ws, RC_UNREACHABLE, -1, "closed by the network or the server");
}

/* ---- what happens ---- */

struct house_person *house_person(struct house *house, const char *extension)
{
    for (size_t i = 0; i < house->people_len; i++)
        if (str_eq(house->people[i].extension, extension))
            return &house->people[i];
    fail_msg("nobody has extension %s", extension);
    return house->people; /* fail_msg() does not return */
}

void house_tell(struct house *house, const char *extension)
{
    struct house_person *p = house_person(house, extension);
    struct buf body, path;
    buf_init(&body, BODY_MOST);
    buf_init(&path, 1024);
    buf_printf(&path,
               "/restapi/v1.0/account/1/extension/%s/presence?detailedTelephonyState=true"
               "&sipData=true",
               p->id);
    buf_printf(&body, "{\"extensionId\":\"%s\",", p->id);
    put_facts(&body, house, p);
    buf_printf(&body, ",\"sequence\":%lld,\"totalActiveCalls\":%zu}", (long long)++p->sequence,
               p->total > 0 ? p->total : p->calls_len);
    notify(house, buf_text(&path), buf_text(&body));
    buf_fini(&body);
    buf_fini(&path);
}

void house_call(struct house *house, const char *extension, const char *state, bool is_outbound)
{
    struct house_person *p = house_person(house, extension);
    p->calls_len = state[0] != '\0';
    p->calls[0].state = state;
    p->calls[0].is_outbound = is_outbound;
    snprintf(p->calls[0].session, sizeof p->calls[0].session, "s-%s", extension);
    snprintf(p->calls[0].party, sizeof p->calls[0].party, "p-%s-2", extension);
    house_tell(house, extension);
}

void house_tell_lines(struct house *house)
{
    notify(house, "/restapi/v1.0/account/1/extension/500/presence/line",
           "{\"extension\":[{\"id\":\"500\"},{\"id\":\"3\"}],\"sequence\":2698}");
}

void house_session(struct house *house, const char *extension, const char *code, int64_t sequence)
{
    struct house_person *p = house_person(house, extension);
    char body[512];
    snprintf(body, sizeof body,
             "{\"sequence\":%lld,\"telephonySessionId\":\"s-%s\",\"eventTime\":\"" STAMP "\","
             "\"parties\":[{\"id\":\"p-%s-2\",\"extensionId\":\"%.23s\",\"direction\":\"Inbound\","
             "\"status\":{\"code\":\"%s\"}}]}",
             (long long)sequence, extension, extension, p->id, code);
    notify(house, "/restapi/v1.0/account/1/telephony/sessions", body);
}

/* ---- the backend on it ---- */

static void on_event(void *self, const struct event *event)
{
    struct house *house = self;
    house->gaps += event->kind == EVENT_GAP;
    house->lost += event->kind == EVENT_LINK && event->u.link.state == LINK_LOST;
    if (event->kind == EVENT_LINK)
        str_copy(house->link_text, sizeof house->link_text,
                 event->u.link.text != NULL ? event->u.link.text : "");
    hud_apply(&house->hud, event, house->net.now_ms);
}

void house_init(struct house *house, size_t people)
{
    memset(house, 0, sizeof *house);
    fake_io_init(&house->net);
    hud_init(&house->hud);
    house->uuid = 1000;
    house->scope = "ReadPresence EditPresence CallControl ReadAccounts";
    house->people_len = people + 1;
    assert_true(house->people_len <= HOUSE_PEOPLE);
    for (size_t i = 0; i < house->people_len; i++) {
        struct house_person *p = &house->people[i];
        snprintf(p->id, sizeof p->id, "%zu", i == 0 ? 500 : 1000 + i);
        snprintf(p->extension, sizeof p->extension, "%u", i == 0 ? 900u : 100u + (unsigned)i);
        snprintf(p->name, sizeof p->name, "Person %zu", i);
        p->status = p->user_status = "Available";
        p->dnd = "TakeAllCalls";
        p->sequence = 100;
        if (i > 0)
            house->lines[house->lines_len++] = i;
    }
    house->config = (struct backend_config){
        .profile = "rc",
        .server = "http://127.0.0.1:1",
        .phone = "",
        .monitor = "list",
        .dnd_device = "",
        .settings = {.ring_locks_hold = true},
        .ring_timeout_ms = 20000,
        .retrieve_context = "",
        .client_id = "id",
        .client_secret = "secret",
        .jwt = "jwt",
        .device = "",
    };
}

void house_open(struct house *house)
{
    struct err err = {0};
    const struct backend_sink sink = {.event = on_event, .self = house};
    house->backend = ringcentral_backend.open(&house->config, &house->net.io, &sink, &err);
    if (house->backend == NULL)
        fail_msg("not opened: %s", err.text);
}

static void free_texts(char **items, size_t len)
{
    for (size_t i = 0; i < len; i++)
        mem_free(items[i]);
}

void house_forget(struct house *house)
{
    free_texts(house->asked.items, house->asked.len);
    VEC_FREE(&house->asked);
}

void house_fini(struct house *house)
{
    ringcentral_backend.close(house->backend);
    house_forget(house);
    free_texts(house->filters.items, house->filters.len);
    VEC_FREE(&house->filters);
    free_texts(house->kept.items, house->kept.len);
    VEC_FREE(&house->kept);
    hud_fini(&house->hud);
    fake_io_fini(&house->net);
}

static struct lamp_view view_of(const struct house *house, const char *extension)
{
    const struct user *user = hud_user_by_extension(&house->hud, extension);
    if (user == NULL)
        fail_msg("%s is not monitored", extension);
    return hud_lamp(&house->hud, user, house->net.now_ms);
}

enum lamp house_lamp(const struct house *house, const char *extension)
{
    return view_of(house, extension).lamp;
}

bool house_is_stale(const struct house *house, const char *extension)
{
    return view_of(house, extension).is_stale;
}

size_t house_count(const struct house *house, const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < house->asked.len; i++)
        count += strstr(house->asked.items[i], part) != NULL;
    return count;
}

bool house_has_filter(const struct house *house, const char *filter)
{
    for (size_t i = 0; i < house->filters.len; i++)
        if (str_eq(house->filters.items[i], filter))
            return true;
    return false;
}

int house_tear_down(void **state)
{
    house_fini(*state);
    mem_free(*state);
    return 0;
}

void house_open_live(struct house *house)
{
    house_open(house);
    house_run(house, 1000);
    assert_int_equal(house->hud.link.state, LINK_LIVE);
    assert_true(house->hud.link.is_synced);
}
