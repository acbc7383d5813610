#include "callhud/backend/ringcentral/signin.h"

#include "callhud/backend/backoff.h"
#include "callhud/backend/ringcentral/rest.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include "shared_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 12000 /* less than the lease */
#define FIRST_RETRY_MS 1000
#define MOST_RETRY_MS 60000
#define SOON_MS 60000 /* a token refused so soon after it was got: not again at once */
#define FORM_MAX_BYTES (64 * 1024)

struct rex_signin {
    struct rex_signin_config c;
    struct io_access access; /* TLS of the profile, user: the application */
    char host[128];
    uint64_t me;
    struct rex_kept_token token;
    bool has_token;              /* token.access may be used */
    bool is_soon;                /* the last one was refused soon after it was got */
    bool is_by_jwt;              /* of the request under way */
    int64_t got_ms;              /* when the token came, monotonic */
    struct rex_kept_token asked; /* what there was when the request under way was made */
    struct io_http *http;
    struct io_timer *timer; /* the next step */
    struct backoff backoff;
    int64_t spent_until_ms; /* monotonic: the service allows no sign-in before */
};

static void step(struct rex_signin *s);

static int64_t wall_ms(const struct rex_signin *s)
{
    return s->c.io->wall_ms(s->c.io->net);
}

static int64_t now_ms(const struct rex_signin *s)
{
    return s->c.io->now_ms(s->c.io->net);
}

static void on_timer(void *self)
{
    struct rex_signin *s = self;
    s->timer = NULL;
    step(s);
}

static void plan(struct rex_signin *s, int64_t after_ms)
{
    s->c.io->timer_stop(s->timer);
    s->timer = s->c.io->timer(s->c.io->net, after_ms, on_timer, s);
}

/* A renewal that fails is nobody's trouble while the old token is good. */
static void trouble(struct rex_signin *s, enum rc rc, int64_t after_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void trouble(struct rex_signin *s, enum rc rc, int64_t after_ms, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)str_vformat(text, sizeof text, format, args);
    va_end(args);
    if (s->has_token && s->token.expires_ms <= wall_ms(s))
        s->has_token = false;
    if (s->has_token) /* else the owner says so */
        log_info("ringcentral", "the token is not renewed yet: %s", text);
    if (rc != RC_AUTH)
        plan(s, after_ms);
    else if (s->has_token) /* asked once more, and told, when the old one lapses */
        plan(s, s->token.expires_ms - wall_ms(s));
    if (!s->has_token)
        s->c.failed(s->c.self, rc, text);
}

static int64_t next_wait_ms(struct rex_signin *s)
{
    return backoff_next_ms(&s->backoff, s->c.io->random(s->c.io->net));
}

static void adopt(struct rex_signin *s, const struct rex_kept_token *token)
{
    int64_t left_ms = token->expires_ms - wall_ms(s);
    int64_t before_ms =
        token->life_ms / 4 < REX_RENEW_BEFORE_MS ? token->life_ms / 4 : REX_RENEW_BEFORE_MS;
    if (token != &s->token)
        s->token = *token;
    log_secret(s->token.access);
    log_secret(s->token.refresh);
    s->has_token = true;
    s->got_ms = now_ms(s);
    if (!s->is_soon)
        backoff_reset(&s->backoff);
    plan(s, left_ms > before_ms + 1000 ? left_ms - before_ms : 1000);
    s->c.ready(s->c.self);
}

/* ---- the request ---- */

/* Of a JWT: what the person has to do (1.4). */
static void refuse(struct rex_signin *s, const char *code, const char *text)
{
    static const struct {
        const char *code, *advice;
    } known[] = {
        {"invalid_client", "check client_id and client_secret"},
        {"OAU-153", "check client_id and client_secret"},
        {"OAU-146", "check client_id and client_secret"},
        {"OAU-147", "the account or application is locked, ask its administrator"},
        {"unauthorized_client", "add the JWT grant to the application in the developer console"},
        {"unsupported_grant_type", "add the JWT grant to the application in the developer console"},
        {"OAU-112", "add the JWT grant to the application in the developer console"},
        {"invalid_grant",
         "make a new JWT credential for this application and environment in the developer console"},
    };
    const char *advice = "check client_id, client_secret and jwt, of the same environment";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq_nocase(code, known[i].code))
            advice = known[i].advice;
    char said[201]; /* what is longer is cut between characters */
    str_copy(said, sizeof said, text);
    trouble(s, RC_AUTH, 0, "%s refuses the sign-in (%s%s%s): %s", s->host, code,
            said[0] != '\0' ? ": " : "", said, advice);
}

static void take_token(struct rex_signin *s, const struct io_http_answer *answer)
{
    struct rex_token got;
    struct err err = {0};
    if (rex_wire_token(&got, answer->body, answer->body_len, &err) != RC_OK) {
        rex_shared_release(s->c.shared, s->me, 0, false);
        trouble(s, RC_PROTO, next_wait_ms(s), "%s: %s", s->host, err.text);
        return;
    }
    struct rex_kept_token token = {.serial = s->asked.serial,
                                   .expires_ms = wall_ms(s) + got.expires_in_ms,
                                   .life_ms = got.expires_in_ms,
                                   .refresh_expires_ms = wall_ms(s) + got.refresh_expires_in_ms};
    str_copy(token.access, sizeof token.access, got.access);
    str_copy(token.refresh, sizeof token.refresh, got.refresh);
    str_copy(token.scope, sizeof token.scope, got.scope);
    str_copy(token.owner, sizeof token.owner, got.owner_id);
    log_secret(got.access);
    log_secret(got.refresh);
    log_info("ringcentral", "signed in by %s for %lld s", s->is_by_jwt ? "JWT" : "refresh",
             (long long)(got.expires_in_ms / 1000));
    mem_wipe(&got, sizeof got);
    rex_shared_keep(s->c.shared, s->me, &token);
    adopt(s, &token);
    mem_wipe(&token, sizeof token);
}

static void on_refused(struct rex_signin *s, const struct io_http_answer *answer)
{
    char code[64], text[256];
    rex_wire_error(code, sizeof code, text, sizeof text, answer->body, answer->body_len);
    rex_shared_release(s->c.shared, s->me, s->asked.serial, !s->is_by_jwt);
    if (code[0] == '\0')
        snprintf(code, sizeof code, "HTTP %d", answer->status);
    if (s->is_by_jwt) {
        refuse(s, code, text);
        return;
    }
    log_info("ringcentral", "the refresh token is not taken (%s: %s): signing in anew", code, text);
    plan(s, 0);
}

static void on_answer(void *self, const struct io_http_answer *answer)
{
    struct rex_signin *s = self;
    s->http = NULL;
    int status = answer->rc == RC_OK ? answer->status : 0;
    if (status >= 200 && status <= 299) {
        take_token(s, answer);
        mem_wipe(&s->asked, sizeof s->asked);
        return;
    }
    if (status == 400 || status == 401 || status == 403) {
        on_refused(s, answer);
        mem_wipe(&s->asked, sizeof s->asked);
        return;
    }
    rex_shared_release(s->c.shared, s->me, 0, false);
    mem_wipe(&s->asked, sizeof s->asked);
    if (answer->rc != RC_OK) {
        if (answer->is_unsent)
            rex_shared_give_back(s->c.shared, REX_AUTH);
        trouble(s, answer->rc, next_wait_ms(s), "%s",
                str_is_empty(answer->text) ? rc_text(answer->rc) : answer->text);
    } else if (status == 429) {
        rex_shared_refused(s->c.shared, REX_AUTH, io_header(answer, "X-Rate-Limit-Group") != NULL,
                           answer->retry_after_ms, wall_ms(s));
        plan(s, 0); /* which tells how long */
    } else if (status >= 300 && status <= 399) {
        char to[201];
        str_copy(to, sizeof to,
                 str_is_empty(answer->location) ? "another address" : answer->location);
        trouble(s, RC_REDIRECT, MOST_RETRY_MS,
                "%s redirects to %s: redirects are not followed; set server to the address "
                "that answers",
                s->host, to);
    } else if (status == 404) {
        trouble(s, RC_NOT_FOUND, MOST_RETRY_MS,
                "%s has no sign-in there (404): is server = https://platform.ringcentral.com?",
                s->host);
    } else {
        trouble(s, RC_REFUSED, next_wait_ms(s), "%s cannot sign us in now (HTTP %d)", s->host,
                status);
    }
}

static void ask(struct rex_signin *s)
{
    const struct backend_config *config = s->c.config;
    struct buf url, form;
    buf_init(&url, 4096);
    buf_init(&form, FORM_MAX_BYTES);
    buf_printf(&url, "%s/restapi/oauth/token", config->server);
    log_secret(s->asked.refresh); /* of an earlier run: the service may quote it */
    s->is_by_jwt = s->asked.refresh[0] == '\0' || s->asked.refresh_expires_ms <= wall_ms(s);
    buf_puts(&form, s->is_by_jwt ? "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
                                   "jwt-bearer&assertion="
                                 : "grant_type=refresh_token&refresh_token=");
    rex_escape(&form, s->is_by_jwt ? config->jwt : s->asked.refresh);
    if (s->access.user == NULL) {
        buf_puts(&form, "&client_id=");
        rex_escape(&form, config->client_id);
    }
    struct io_http_request request = {
        .method = "POST",
        .url = buf_text(&url),
        .access = s->access,
        .accept = "application/json",
        .content_type = "application/x-www-form-urlencoded",
        .body = buf_text(&form),
        .body_len = form.len,
        .answer_max_bytes = REX_FRAME_MAX_BYTES,
        .timeout_ms = TIMEOUT_MS,
    };
    s->http = s->c.io->http(s->c.io->net, &request, on_answer, s);
    if (form.data != NULL)
        mem_wipe(form.data, form.cap);
    buf_fini(&form);
    buf_fini(&url);
}

/* A token is wanted that is not the one we have, or any at all. */
static void step(struct rex_signin *s)
{
    int64_t wait_ms = 0;
    if (s->http != NULL)
        return;
    s->c.io->timer_stop(s->timer);
    s->timer = NULL;
    switch (
        rex_shared_lease(s->c.shared, s->me, s->token.serial, wall_ms(s), &s->asked, &wait_ms)) {
    case REX_LEASE_TOKEN: adopt(s, &s->asked); break;
    case REX_LEASE_OURS: ask(s); return; /* what was there is needed for the answer */
    case REX_LEASE_WAIT: plan(s, wait_ms); break;
    case REX_LEASE_SPENT:
        s->spent_until_ms = now_ms(s) + wait_ms;
        trouble(s, RC_REFUSED, wait_ms,
                "the service allows no more sign-ins for %lld s: callhud signs in then",
                (long long)((wait_ms + 999) / 1000));
        break;
    }
    mem_wipe(&s->asked, sizeof s->asked);
}

/* ---- for the owner ---- */

struct rex_signin *rex_signin_new(const struct rex_signin_config *config)
{
    struct rex_signin *s = mem_zero(1, sizeof *s);
    const struct io *io = config->io;
    s->c = *config;
    s->access = config->config->access;
    s->access.bearer = NULL;
    s->access.user = s->access.password = NULL;
    if (!str_is_empty(config->config->client_secret)) {
        s->access.user = config->config->client_id;
        s->access.password = config->config->client_secret;
    }
    rex_host(s->host, sizeof s->host, config->config->server);
    s->me = ((uint64_t)io->random(io->net) << 30 | io->random(io->net)) + 1;
    backoff_init(&s->backoff, FIRST_RETRY_MS, MOST_RETRY_MS);
    plan(s, 0);
    return s;
}

void rex_signin_free(struct rex_signin *s)
{
    if (s == NULL)
        return;
    s->c.io->timer_stop(s->timer);
    if (s->http != NULL) {
        s->c.io->http_cancel(s->http);
        rex_shared_release(s->c.shared, s->me, 0, false);
    }
    mem_wipe(s, sizeof *s);
    mem_free(s);
}

const char *rex_signin_token(struct rex_signin *s)
{
    if (s->has_token && s->token.expires_ms <= wall_ms(s)) {
        s->has_token = false;
        if (s->http == NULL)
            plan(s, 0);
    }
    return s->has_token ? s->token.access : NULL;
}

const char *rex_signin_scope(const struct rex_signin *s)
{
    return s->token.scope;
}

bool rex_signin_has_scope(const struct rex_signin *s, const char *scope)
{
    const char *all = s->token.scope;
    size_t len = strlen(scope);
    for (const char *at = all; (at = strstr(at, scope)) != NULL; at += len) {
        bool is_begin = at == all || at[-1] == ' ';
        if (is_begin && (at[len] == '\0' || at[len] == ' '))
            return true;
    }
    return all[0] == '\0';
}

const char *rex_signin_owner(const struct rex_signin *s)
{
    return s->token.owner;
}

void rex_signin_rejected(struct rex_signin *s, const char *token)
{
    if (!s->has_token || !str_eq(token, s->token.access))
        return;
    s->has_token = false;
    s->is_soon = now_ms(s) - s->got_ms < SOON_MS;
    if (s->http == NULL)
        plan(s, s->is_soon ? next_wait_ms(s) : 0);
}

int64_t rex_signin_wait_ms(const struct rex_signin *s)
{
    int64_t left_ms = s->spent_until_ms - now_ms(s);
    return !s->has_token && left_ms > 0 ? left_ms : 0;
}

void rex_signin_try_now(struct rex_signin *s)
{
    if (s->has_token || s->http != NULL)
        return;
    backoff_reset(&s->backoff);
    plan(s, 0);
}
