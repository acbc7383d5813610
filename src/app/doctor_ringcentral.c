/* doctor: RingCentral, asked step by step; a step that fails names its cause. */
#include "callhud/app/doctor.h"

#include "callhud/app/shared_file.h"
#include "callhud/backend/ringcentral/gateway.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/net/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SIGN_IN_MS 30000
#define ASK_MS 20000
#define OPEN_MS 30000
#define OWN "/restapi/v1.0/account/~/extension/~"
#define NAMED_MAX 6 /* phones that one line names */

struct service {
    struct doctor_net *n;
    struct doctor *d;
    struct shared_file *file;
    struct rex_shared *shared;
    struct rex_signin *signin;
    struct rex_rest *rest;
    bool is_done; /* of what is waited for */
    bool is_signed_in, is_open;
    char text[ERR_TEXT_BYTES];
    struct rex_answer answer; /* of the last request; its body in `body` */
    char code[32];
    struct buf body;
    char own_id[REX_ID_BYTES];
    uint32_t hud_limit; /* lines that may be stored; 0: not told */
};

/* ---- waiting for answers --------------------------------------------------------------------- */

static void done(struct service *s)
{
    s->is_done = true;
    doctor_wake(s->n);
}

static void on_answer(void *self, const struct rex_answer *from)
{
    struct service *s = self;
    s->answer = *from;
    str_copy(s->code, sizeof s->code, from->code);
    s->answer.code = s->code;
    buf_reset(&s->body);
    buf_put(&s->body, from->body, from->body_len);
    s->answer.body = buf_text(&s->body);
    done(s);
}

/* True when it is a 2xx; the answer is in s->answer. */
static bool ask(struct service *s, const char *path, enum rex_group group)
{
    const struct rex_request request = {.method = "GET",
                                        .path = path,
                                        .group = group,
                                        .priority = REX_FOR_ACTION,
                                        .timeout_ms = ASK_MS / 2,
                                        .patience_ms = ASK_MS / 4};
    s->is_done = false;
    memset(&s->answer, 0, sizeof s->answer);
    rex_rest_ask(s->rest, &request, on_answer, s);
    if (!doctor_wait(s->n, &s->is_done, ASK_MS)) {
        rex_rest_cancel(s->rest, s);
        s->answer.rc = RC_TIMEOUT;
        str_copy(s->answer.text, sizeof s->answer.text, "no answer in time");
    }
    return s->answer.rc == RC_OK && s->answer.status >= 200 && s->answer.status < 300;
}

static void say_unread(struct service *s, const char *check, enum doctor_result result,
                       const char *what)
{
    doctor_say(s->d, check, result, "%s: %s", what,
               s->answer.text[0] ? s->answer.text : "an answer that cannot be read");
}

/* ---- sign-in --------------------------------------------------------------------------------- */

static void on_ready(void *self)
{
    struct service *s = self;
    if (s->rest)
        rex_rest_ready(s->rest);
    s->is_signed_in = true;
    done(s);
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    struct service *s = self;
    (void)rc;
    str_copy(s->text, sizeof s->text, text);
    done(s);
}

static void check_clock(struct service *s, int64_t before_ms)
{
    int64_t here_ms = before_ms + (clock_wall_ms() - before_ms) / 2;
    if (s->answer.at_ms <= 0) {
        doctor_say(s->d, "clock", DOCTOR_SKIP, "the server does not tell its time");
        return;
    }
    int64_t ahead_ms = s->answer.at_ms - here_ms; /* whole seconds were told */
    doctor_say_clock(s->d, ahead_ms > 0 ? ahead_ms : ahead_ms < -1000 ? ahead_ms + 1000 : 0);
}

static void check_sign_in(struct service *s)
{
    const struct rex_signin_config config = {.io = &s->n->io,
                                             .config = &s->n->config,
                                             .shared = s->shared,
                                             .ready = on_ready,
                                             .failed = on_failed,
                                             .self = s};
    struct rex_person own = {0};
    str_copy(s->text, sizeof s->text, "no answer in time");
    s->signin = rex_signin_new(&config);
    const struct rex_rest_config rest = {
        .io = &s->n->io, .config = &s->n->config, .shared = s->shared, .signin = s->signin};
    s->rest = rex_rest_new(&rest);
    s->is_signed_in = rex_signin_token(s->signin) != NULL;
    s->is_done = s->is_signed_in;
    (void)doctor_wait(s->n, &s->is_done, SIGN_IN_MS);
    if (!s->is_signed_in) {
        doctor_say(s->d, "sign-in", DOCTOR_FAIL, "%s", s->text);
        s->n->blocked = "sign-in";
        return;
    }
    int64_t before_ms = clock_wall_ms();
    str_copy(s->own_id, sizeof s->own_id, rex_signin_owner(s->signin));
    if (!ask(s, OWN, REX_LIGHT) ||
        rex_wire_person(&own, s->answer.body, s->body.len, NULL) != RC_OK) {
        say_unread(s, "sign-in", DOCTOR_FAIL, "signed in, but who we are is not told");
        s->n->blocked = "sign-in";
        return;
    }
    str_copy(s->own_id, sizeof s->own_id, own.id);
    doctor_say(s->d, "sign-in", DOCTOR_OK, "signed in as %s %s", own.extension, own.name);
    check_clock(s, before_ms);
}

/* ---- what the application may ---------------------------------------------------------------- */

static void check_scopes(struct service *s)
{
    static const struct {
        const char *scope, *lost;
        bool is_needed;
    } scopes[] = {
        {"ReadPresence", "no lamp can be shown", true},
        {"ReadAccounts", "no names, and nobody beyond the stored list", false},
        {"CallControl",
         "enough to watch; nothing can be done to calls, nor is it seen who "
         "supervises",
         false},
        {"EditPresence", "do not disturb and the list cannot be changed", false},
    };
    const char *told = rex_signin_scope(s->signin);
    bool is_whole = true;
    if (str_is_empty(told)) {
        doctor_say(s->d, "scopes", DOCTOR_SKIP, "the service does not tell them");
        return;
    }
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        /* who may change presence may read it */
        bool is_covered = str_eq(scopes[i].scope, "ReadPresence") &&
                          rex_signin_has_scope(s->signin, "EditPresence");
        if (rex_signin_has_scope(s->signin, scopes[i].scope) || is_covered)
            continue;
        is_whole = false;
        doctor_say(s->d, "scopes", scopes[i].is_needed ? DOCTOR_FAIL : DOCTOR_WARN,
                   "the application lacks %s: %s; add it in the developer console", scopes[i].scope,
                   scopes[i].lost);
    }
    if (is_whole)
        doctor_say(s->d, "scopes", DOCTOR_OK, "%s", told);
}

static void say_feature(struct service *s, const struct rex_feature *feature)
{
    static const struct {
        const char *id, *lost;
    } known[] = {{"HUD", "the stored list may be refused"},
                 {"EditBlfSettings", "the list cannot be changed"},
                 {"CallMonitoring", "nobody can be listened to"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!str_eq(known[i].id, feature->id))
            continue;
        if (str_eq(feature->id, "HUD"))
            s->hud_limit = feature->limit;
        if (!feature->is_available)
            doctor_say(s->d, "features", DOCTOR_WARN,
                       "%s is off%s%s: %s; an administrator knows why", feature->id,
                       feature->reason[0] ? ", " : "", feature->reason, known[i].lost);
    }
}

static void check_features(struct service *s)
{
    rex_features features = {0};
    size_t before = s->d->lines.len;
    if (!ask(s, OWN "/features?featureId=HUD&featureId=EditBlfSettings&featureId=CallMonitoring",
             REX_MEDIUM) ||
        rex_wire_features(&features, s->answer.body, s->body.len, NULL) != RC_OK) {
        say_unread(s, "features", DOCTOR_WARN, "what is switched on is not told");
        return;
    }
    for (size_t i = 0; i < features.len; i++)
        say_feature(s, &features.items[i]);
    if (features.len == 0)
        doctor_say(s->d, "features", DOCTOR_SKIP, "the service tells of none");
    else if (s->d->lines.len == before)
        doctor_say(s->d, "features", DOCTOR_OK, "the HUD, its changes, call monitoring");
    VEC_FREE(&features);
}

/* ---- the websocket --------------------------------------------------------------------------- */

static void on_subscribed(void *self, bool is_recovered, bool is_whole,
                          const struct rex_disabled *disabled, size_t disabled_len)
{
    struct service *s = self;
    (void)is_recovered, (void)is_whole;
    s->is_open = true;
    if (disabled_len)
        str_format(s->text, sizeof s->text, "%.200s: %.200s", disabled[0].filter,
                   disabled[0].reason);
    else
        s->text[0] = '\0';
    done(s);
}

static void on_notified(void *self, const struct rex_notice *notice)
{
    (void)self, (void)notice;
}

static void on_nothing(void *self)
{
    (void)self;
}

static void on_told(void *self, enum link_state state, const char *text, int64_t retry_ms)
{
    struct service *s = self;
    (void)retry_ms;
    if (s->is_open || state == LINK_CONNECTING || state == LINK_IDLE)
        return;
    str_copy(s->text, sizeof s->text, text ? text : "");
    done(s);
}

static void check_events(struct service *s)
{
    static const char *const filters[] = {OWN "/presence?detailedTelephonyState=true&sipData=true"};
    const struct rex_gateway_config config = {.io = &s->n->io,
                                              .config = &s->n->config,
                                              .rest = s->rest,
                                              .signin = s->signin,
                                              .owner = {on_subscribed, on_notified, on_nothing,
                                                        on_nothing, on_nothing, on_nothing, on_told,
                                                        s}};
    int64_t begin_ms = clock_mono_ms();
    s->is_done = false;
    str_copy(s->text, sizeof s->text, "no answer in time");
    struct rex_gateway *gateway = rex_gateway_new(&config);
    rex_gateway_filters(gateway, filters, 1);
    (void)doctor_wait(s->n, &s->is_done, OPEN_MS);
    rex_gateway_free(gateway);
    if (!s->is_open)
        doctor_say(s->d, "events", DOCTOR_FAIL,
                   "%s; without a websocket the lamps are asked for every 15 s", s->text);
    else if (s->text[0])
        doctor_say(s->d, "events", DOCTOR_FAIL, "the service sends no events of %s", s->text);
    else
        doctor_say(s->d, "events", DOCTOR_OK, "the websocket opens and events come, %" PRId64 " ms",
                   clock_mono_ms() - begin_ms);
}

/* ---- people, phones, rights ------------------------------------------------------------------ */

static void check_users(struct service *s)
{
    rex_lines lines = {0};
    size_t others = 0;
    if (!str_eq(s->n->config.monitor, "list")) {
        if (s->d->cli->is_read_only) /* else doctor_actions() counts them */
            doctor_say(s->d, "users", DOCTOR_SKIP, "not counted: --read-only");
        return;
    }
    if (!ask(s, OWN "/presence/line?page=1&perPage=1000", REX_LIGHT) ||
        rex_wire_lines(&lines, NULL, s->answer.body, s->body.len, NULL) != RC_OK) {
        say_unread(s, "users", DOCTOR_FAIL,
                   "the stored list cannot be read (name the people in [users])");
        return;
    }
    for (size_t i = 0; i < lines.len; i++)
        others += !lines.items[i].is_reserved;
    if (others == 0)
        doctor_say(s->d, "users", DOCTOR_WARN,
                   "the stored list has no lines: add some (callhud list add), or set monitor = "
                   "all");
    else if (s->hud_limit)
        doctor_say(s->d, "users", DOCTOR_OK, "%zu of %u lines in the stored list", others,
                   s->hud_limit);
    else
        doctor_say(s->d, "users", DOCTOR_OK, "%zu line%s in the stored list", others,
                   others == 1 ? "" : "s");
    VEC_FREE(&lines);
}

static void check_names(struct service *s)
{
    bool is_list = str_eq(s->n->config.monitor, "list");
    if (ask(s, "/restapi/v1.0/account/~/directory/entries?showFederated=false&page=1&perPage=1",
            REX_MEDIUM))
        doctor_say(s->d, "names", DOCTOR_OK, "the directory can be read");
    else
        say_unread(s, "names", DOCTOR_WARN,
                   is_list ? "no names are told" : "neither names are told nor who there is");
}

static bool is_phone(const struct rex_device *device)
{
    return str_eq_nocase(device->type, "HardPhone") || str_eq_nocase(device->type, "SoftPhone");
}

static void say_phones(struct service *s, const rex_devices *devices)
{
    const char *wanted = s->n->config.device;
    const struct rex_device *usable = NULL;
    char names[400] = "";
    bool is_there = str_is_empty(wanted);
    for (size_t i = 0; i < devices->len; i++) {
        const struct rex_device *device = &devices->items[i];
        size_t used = strlen(names);
        if (!is_phone(device))
            continue;
        if (i < NAMED_MAX)
            str_format(names + used, sizeof names - used, "%s%.20s %.30s (%s)", used ? ", " : "",
                       device->id, device->name, device->is_online ? "online" : "offline");
        is_there |= str_eq(device->id, wanted);
        if (!usable && device->is_online && (str_is_empty(wanted) || str_eq(device->id, wanted)))
            usable = device;
    }
    if (usable)
        doctor_say(s->d, "phone", DOCTOR_OK, "%s %s rings for listen, pick up and the like%s%s",
                   usable->id, usable->name, devices->len > 1 ? "; yours: " : "",
                   devices->len > 1 ? names : "");
    else if (!is_there)
        doctor_say(s->d, "phone", DOCTOR_FAIL, "device = %.40s is none of your phones: %s", wanted,
                   names[0] ? names : "you have no desk phone or soft phone");
    else
        doctor_say(s->d, "phone", DOCTOR_WARN,
                   "%s: enough to watch; listen, pick up and the like need one that is online",
                   names[0] ? names : "you have no desk phone or soft phone");
}

static void check_phone(struct service *s)
{
    rex_devices devices = {0};
    if (!ask(s, OWN "/device?perPage=1000", REX_LIGHT) ||
        rex_wire_devices(&devices, NULL, s->answer.body, s->body.len, NULL) != RC_OK)
        say_unread(s, "phone", DOCTOR_WARN, "your phones are not told");
    else
        say_phones(s, &devices);
    VEC_FREE(&devices);
}

static void check_rights(struct service *s)
{
    rex_grants grants = {0};
    size_t pick_up = 0, monitor = 0;
    if (!ask(s, OWN "/grant?perPage=1000", REX_LIGHT) ||
        rex_wire_grants(&grants, NULL, s->answer.body, s->body.len, NULL) != RC_OK) {
        say_unread(s, "rights", DOCTOR_WARN, "whose calls you may take is not told");
        return;
    }
    for (size_t i = 0; i < grants.len; i++) {
        pick_up += grants.items[i].may_pick_up;
        monitor += grants.items[i].may_monitor;
    }
    doctor_say(s->d, "rights", grants.len ? DOCTOR_OK : DOCTOR_WARN,
               "you may pick up calls of %zu and supervise %zu people%s", pick_up, monitor,
               grants.len ? ""
                          : ": they add you in their presence settings, an administrator adds "
                            "both of you to a call monitoring group");
    VEC_FREE(&grants);
}

/* Only who administers them may see them; what follows from them is in the rights. */
static void check_groups(struct service *s)
{
    char path[256];
    rex_persons groups = {0}; /* they have an id and a name as people do */
    snprintf(path, sizeof path,
             "/restapi/v1.0/account/~/call-monitoring-groups?perPage=100&memberExtensionId=%.90s",
             s->own_id);
    if (!ask(s, path, REX_MEDIUM)) {
        doctor_say(s->d, "groups", DOCTOR_SKIP,
                   "call monitoring groups are not shown to you (%d%s%s)", s->answer.status,
                   s->code[0] ? ", " : "", s->code);
        return;
    }
    if (rex_wire_persons(&groups, NULL, s->answer.body, s->body.len, NULL) != RC_OK)
        say_unread(s, "groups", DOCTOR_WARN, "call monitoring groups");
    else if (groups.len == 0)
        doctor_say(s->d, "groups", DOCTOR_WARN,
                   "you are in no call monitoring group: an administrator has to add you before "
                   "you can listen to anybody");
    else
        doctor_say(s->d, "groups", DOCTOR_OK, "you are in %zu call monitoring group%s, %s%s",
                   groups.len, groups.len == 1 ? "" : "s", groups.items[0].name,
                   groups.len > 1 ? " and others" : "");
    VEC_FREE(&groups);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void run_steps(struct service *s)
{
    static const struct {
        const char *name;
        void (*check)(struct service *s);
    } steps[] = {{"sign-in", check_sign_in},   {"scopes", check_scopes}, {"events", check_events},
                 {"features", check_features}, {"users", check_users},   {"names", check_names},
                 {"phone", check_phone},       {"rights", check_rights}, {"groups", check_groups}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (s->n->blocked)
            doctor_say(s->d, steps[i].name, DOCTOR_SKIP, "needs %s", s->n->blocked);
        else
            steps[i].check(s);
    }
}

void doctor_ringcentral(struct doctor_net *n)
{
    struct service s = {.n = n, .d = n->d};
    buf_init(&s.body, REX_BODY_MAX_BYTES);
    s.file = shared_file_of(&n->d->settings, &n->config.shared);
    s.shared = rex_shared_new(&n->config.shared);
    run_steps(&s);
    rex_rest_free(s.rest);
    rex_signin_free(s.signin);
    rex_shared_free(s.shared);
    shared_file_free(s.file);
    buf_fini(&s.body);
}
