/* doctor: an Asterisk, asked step by step; a step that fails names its cause. */
#include "callhud/app/doctor.h"

#include "callhud/backend/asterisk/ari_wire.h"
#include "callhud/backend/asterisk/link.h"
#include "callhud/backend/asterisk/people.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MS 15000
#define ASK_MS 10000
#define ANSWER_MAX_BYTES (8u * 1024 * 1024)
#define NAMED_MAX 10 /* users that one line names */

struct answer {
    enum rc rc;
    int status;
    char location[300], text[ERR_TEXT_BYTES];
    struct buf body;
};

struct server {
    struct doctor_net *n;
    struct doctor *d;
    struct io io;
    struct backend_config config;
    char app[64];
    struct answer answer; /* of the last request */
    struct io_ws *ws;
    bool is_open;
};

/* ---- waiting --------------------------------------------------------------------------------- */

struct waiting {
    struct server *s;
    bool is_done;
};

static void finish(struct waiting *w)
{
    w->is_done = true;
    doctor_wake(w->s->n);
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

static void on_answer(void *self, const struct io_http_answer *from)
{
    struct waiting *w = self;
    struct answer *to = &w->s->answer;
    to->rc = from->rc;
    to->status = from->status;
    str_copy(to->location, sizeof to->location, from->location ? from->location : "");
    str_copy(to->text, sizeof to->text, from->text ? from->text : "");
    buf_put(&to->body, from->body ? from->body : "", from->body_len);
    finish(w);
}

/* The answer is in s->answer. uri without a leading slash; body is JSON or NULL. */
static void ask(struct server *s, const char *method, const char *uri, const char *body)
{
    struct waiting w = {.s = s};
    struct buf url;
    buf_init(&url, 8192);
    buf_printf(&url, "%s/%s", s->config.server, uri);
    buf_fini(&s->answer.body);
    memset(&s->answer, 0, sizeof s->answer);
    buf_init(&s->answer.body, ANSWER_MAX_BYTES);
    struct io_http_request request = {.method = method,
                                      .url = buf_text(&url),
                                      .access = s->config.access,
                                      .content_type = body ? "application/json" : NULL,
                                      .body = body,
                                      .body_len = body ? strlen(body) : 0,
                                      .answer_max_bytes = ANSWER_MAX_BYTES,
                                      .timeout_ms = ASK_MS};
    struct io_http *http = s->io.http(s->io.net, &request, on_answer, &w);
    if (!doctor_wait(s->n, &w.is_done, ASK_MS + 2000)) {
        s->io.http_cancel(http);
        s->answer.rc = RC_TIMEOUT;
        str_copy(s->answer.text, sizeof s->answer.text, "no answer in time");
    }
    buf_fini(&url);
}

static const char *advice(const struct answer *a)
{
    if (a->rc == RC_UNREACHABLE) {
        return ": is Asterisk running, and enabled = yes in http.conf with this address and port?";
    }
    /* What OpenSSL says of an answer that is no TLS. */
    if (a->rc == RC_TLS && strstr(a->text, "wrong version number"))
        return ": this port speaks plain http; take the one of tlsbindaddr in http.conf";
    return "";
}

/* Says why the answer is not what was asked for. */
static void say_refusal(struct server *s, const char *check)
{
    const struct answer *a = &s->answer;
    char why[200];
    ari_error_text(buf_text(&a->body), a->body.len, why, sizeof why);
    if (a->rc != RC_OK)
        doctor_say(s->d, check, DOCTOR_FAIL, "%s%s", a->text, advice(a));
    else if (a->status == 401)
        doctor_say(s->d, check, DOCTOR_FAIL,
                   "the user or the password is refused (401): compare user = %s and its password "
                   "with the section of that name in ari.conf",
                   s->config.access.user);
    else if (a->status == 403)
        doctor_say(s->d, check, DOCTOR_FAIL,
                   "not let in (403, %s): look at permit, deny and acl in ari.conf", why);
    else if (a->status == 404)
        doctor_say(
            s->d, check, DOCTOR_FAIL,
            "no ARI at this address (404): server ends with /ari (after http.conf's prefix, if "
            "any), ari.conf has enabled = yes, and the module res_ari is loaded");
    else if (a->status >= 300 && a->status < 400)
        doctor_say(s->d, check, DOCTOR_FAIL,
                   "redirected (%d) to %s: redirects are not followed, the password stays with the "
                   "server that was named; set server to the right address",
                   a->status, a->location[0] ? a->location : "an address it does not name");
    else
        doctor_say(s->d, check, DOCTOR_FAIL, "unexpected answer %d: %s", a->status, why);
}

/* ---- the steps ------------------------------------------------------------------------------- */

static void check_sign_in(struct server *s)
{
    char version[64];
    ask(s, "GET", "asterisk/info", NULL);
    if (s->answer.rc != RC_OK || s->answer.status != 200) {
        say_refusal(s, "sign-in");
        s->n->blocked = "sign-in";
        return;
    }
    if (ari_version_decode(buf_text(&s->answer.body), s->answer.body.len, version,
                           sizeof version) != RC_OK) {
        doctor_say(s->d, "sign-in", DOCTOR_FAIL,
                   "something answers at %s, but it is not ARI: is this address right?",
                   s->config.server);
        s->n->blocked = "sign-in";
        return;
    }
    doctor_say(s->d, "sign-in", DOCTOR_OK, "signed in as %s", s->config.access.user);
    doctor_say(s->d, "asterisk", DOCTOR_OK, "%s, requests go over %s", version,
               ari_version_has_rest_over_ws(version) ? "the websocket"
                                                     : "HTTP (the websocket from 22.4 on)");
}

static void on_opened(void *self)
{
    struct waiting *w = self;
    w->s->is_open = true;
    w->s->io.ws_ping(w->s->ws);
}

static void on_message(void *self, const char *bytes, size_t len)
{
    (void)self, (void)bytes, (void)len;
}

static void on_pong(void *self)
{
    finish(self);
}

static void on_closed(void *self, enum rc rc, int http_status, const char *text)
{
    struct waiting *w = self;
    (void)rc, (void)http_status;
    doctor_say(w->s->d, "events", DOCTOR_FAIL, "the websocket %s: %s",
               w->s->is_open ? "was closed" : "does not open", text);
    w->s->ws = NULL;
    w->s->is_open = false;
    w->s->n->blocked = "events";
    finish(w);
}

/* The handler's self has to live as long as the socket. */
static void check_events(struct server *s, struct waiting *w)
{
    static const struct io_ws_handler handler = {on_opened, on_message, on_pong, on_closed};
    struct buf url;
    snprintf(s->app, sizeof s->app, "callhud-doctor-%08x", s->io.random(s->io.net));
    buf_init(&url, 8192);
    link_url(&url, s->config.server, s->app, false);
    struct io_ws_request request = {.url = buf_text(&url),
                                    .access = s->config.access,
                                    .frame_max_bytes = ANSWER_MAX_BYTES,
                                    .open_timeout_ms = OPEN_MS};
    int64_t begin_ms = clock_mono_ms();
    s->ws = s->io.ws_open(s->io.net, &request, &handler, w);
    bool is_done = doctor_wait(s->n, &w->is_done, OPEN_MS + 2000);
    buf_fini(&url);
    if (!is_done) {
        doctor_say(s->d, "events", DOCTOR_FAIL, "the websocket %s in %d s",
                   s->is_open ? "did not answer a ping" : "did not open", OPEN_MS / 1000);
        s->n->blocked = "events";
    } else if (s->is_open) {
        doctor_say(s->d, "events", DOCTOR_OK, "the websocket opens and answers, %" PRId64 " ms",
                   clock_mono_ms() - begin_ms);
    }
}

/* Filtering the events of our own, short-lived application is the smallest thing that needs the
 * right to write. */
static void check_rights(struct server *s)
{
    char uri[128];
    struct buf body;
    if (s->d->cli->is_read_only) {
        doctor_say(s->d, "rights", DOCTOR_SKIP, "not tried: --read-only");
    } else {
        buf_init(&body, 65536);
        ari_filter_encode(&body);
        snprintf(uri, sizeof uri, "applications/%s/eventFilter", s->app);
        ask(s, "PUT", uri, buf_text(&body));
        buf_fini(&body);
        if (s->answer.rc == RC_OK && s->answer.status == 200)
            doctor_say(s->d, "rights", DOCTOR_OK, "%s may read and write", s->config.access.user);
        else if (s->answer.rc == RC_OK && s->answer.status == 403)
            doctor_say(
                s->d, "rights", DOCTOR_OK,
                "%s may only read (read_only = yes in ari.conf): enough to watch, not to act",
                s->config.access.user);
        else
            say_refusal(s, "rights");
    }
    doctor_say(s->d, "scope", DOCTOR_WARN,
               "ARI has no rights per person: who has this password sees every call and can read "
               "the SIP passwords of all phones; keep it private and use permit in ari.conf");
}

static void check_clock(struct server *s)
{
    char value[64];
    int64_t epoch_s;
    int64_t before_ms = clock_wall_ms();
    ask(s, "GET", "asterisk/variable?variable=EPOCH", NULL);
    int64_t here_ms = before_ms + (clock_wall_ms() - before_ms) / 2;
    if (s->answer.rc != RC_OK || s->answer.status != 200 ||
        ari_variable_decode(buf_text(&s->answer.body), s->answer.body.len, value, sizeof value) !=
            RC_OK ||
        !str_to_int(value, 1, INT64_MAX / 1000 - 1, &epoch_s)) {
        doctor_say(s->d, "clock", DOCTOR_SKIP, "the server does not tell its time");
        return;
    }
    /* Whole seconds were told: the truth is up to one more. */
    int64_t ahead_ms = epoch_s * 1000 - here_ms;
    doctor_say_clock(s->d, ahead_ms > 0 ? ahead_ms : ahead_ms < -1000 ? ahead_ms + 1000 : 0);
}

/* ---- users ----------------------------------------------------------------------------------- */

struct names {
    size_t count;
    char text[200];
};

static void add_name(struct names *names, const char *name)
{
    size_t used = strlen(names->text);
    if (names->count < NAMED_MAX)
        snprintf(names->text + used, sizeof names->text - used, "%s%s", used ? " " : "", name);
    else if (names->count == NAMED_MAX)
        snprintf(names->text + used, sizeof names->text - used, " ...");
    names->count++;
}

static void say_users(struct server *s, const struct ari_people *people)
{
    struct names missing = {0}, offline = {0};
    for (size_t i = 0; i < people->users.len; i++) {
        const struct ari_user *user = people->users.items[i];
        bool is_listed = false, is_online = false;
        for (size_t k = 0; k < user->devices.len; k++) {
            is_listed |= user->devices.items[k].is_listed;
            is_online |= user->devices.items[k].online == ARI_ONLINE_YES;
        }
        if (!is_listed)
            add_name(&missing, user->extension);
        else if (!is_online)
            add_name(&offline, user->extension);
    }
    if (people->users.len == 0)
        doctor_say(s->d, "users", DOCTOR_FAIL,
                   "nobody is monitored: monitor = %s fits no phone of the server and there is "
                   "nobody in [users]",
                   s->config.monitor);
    else if (missing.count)
        doctor_say(s->d, "users", DOCTOR_FAIL,
                   "%zu of %zu have no phone on the server: %s: correct monitor or [users]",
                   missing.count, people->users.len, missing.text);
    else
        doctor_say(s->d, "users", DOCTOR_OK, "%zu monitored", people->users.len);
    if (offline.count)
        doctor_say(s->d, "offline", DOCTOR_WARN, "%zu of %zu have no phone registered: %s",
                   offline.count, people->users.len, offline.text);
}

static void say_phone(struct server *s, const struct ari_endpoints *list)
{
    const char *phone = s->config.phone;
    if (str_is_empty(phone)) {
        doctor_say(s->d, "phone", DOCTOR_WARN,
                   "the profile names none: enough to watch; pick up, listen and the like need "
                   "phone = PJSIP/EXT");
        return;
    }
    for (size_t i = 0; i < list->list.len; i++) {
        const struct ari_endpoint *endpoint = &list->list.items[i];
        if (!str_eq_nocase(endpoint->name, phone))
            continue;
        if (endpoint->online == ARI_ONLINE_NO)
            doctor_say(s->d, "phone", DOCTOR_WARN,
                       "%s is not registered: pick up, listen and the like need it", phone);
        else
            doctor_say(s->d, "phone", DOCTOR_OK, "%s is registered", phone);
        return;
    }
    doctor_say(s->d, "phone", DOCTOR_FAIL, "the server has no %s: correct phone in the profile",
               phone);
}

static void check_users(struct server *s)
{
    struct ari_people people;
    struct ari_endpoints list = {0};
    struct err err = {0};
    ari_users gone = {0};
    ask(s, "GET", "endpoints", NULL);
    if (s->answer.rc != RC_OK || s->answer.status != 200) {
        say_refusal(s, "users");
        return;
    }
    if (ari_people_init(&people, &s->config, &err) != RC_OK) {
        doctor_say(s->d, "users", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    if (ari_endpoints_decode(&list, buf_text(&s->answer.body), s->answer.body.len, &err) == RC_OK) {
        ari_people_listed(&people, &list, false, &gone);
        say_users(s, &people);
        say_phone(s, &list);
    } else {
        doctor_say(s->d, "users", DOCTOR_FAIL, "the list of phones cannot be read: %s", err.text);
    }
    VEC_FREE(&gone);
    ari_endpoints_fini(&list);
    ari_people_fini(&people);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void run_steps(struct server *s)
{
    static const struct {
        const char *name;
        void (*check)(struct server *s);
    } steps[] = {{"rights", check_rights}, {"clock", check_clock}, {"users", check_users}};
    struct waiting w = {.s = s};
    if (s->n->blocked)
        doctor_say(s->d, "sign-in", DOCTOR_SKIP, "needs %s", s->n->blocked);
    else
        check_sign_in(s);
    if (s->n->blocked)
        doctor_say(s->d, "events", DOCTOR_SKIP, "needs %s", s->n->blocked);
    else
        check_events(s, &w);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (s->n->blocked)
            doctor_say(s->d, steps[i].name, DOCTOR_SKIP, "needs %s", s->n->blocked);
        else
            steps[i].check(s);
    }
    s->io.ws_close(s->ws);
    s->ws = NULL;
}

void doctor_asterisk(struct doctor_net *n)
{
    struct server s = {.n = n, .d = n->d, .io = n->io, .config = n->config};
    run_steps(&s);
    buf_fini(&s.answer.body);
}
