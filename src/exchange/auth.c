#include "callhud/exchange/auth.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#include <stdio.h>
#include <string.h>

#define GRANT_JWT "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define RETRY_USED_MS (10 * 1000)        /* an old refresh token, the new access token was used */
#define RETRY_UNUSED_MS (60 * 60 * 1000) /* the same, it was not */
#define JWT_PREFIX "jwt-"

struct ws_token {
    char text[AUTH_TEXT_BYTES], session_id[40];
    int64_t until_ms;
    bool is_used;
};

struct auth {
    struct ex *x;
    struct auth_credentials credentials;
    VEC(struct auth_session *) sessions; /* oldest first */
    VEC(struct ws_token) ws_tokens;
    void (*on_end)(void *self, const char *session_id);
    void *on_end_self;
};

static const char all_scopes[] = "ReadPresence EditPresence CallControl ReadAccounts EditAccounts "
                                 "EditExtensions ReadCallLog RingOut ReadContacts Contacts "
                                 "WebSocketsSubscription";

/* ---- life ------------------------------------------------------------------------------------ */

void auth_credentials_draw(struct auth_credentials *out)
{
    http_random_text(out->client_id, 23);
    http_random_text(out->client_secret, 44);
    http_random_text(out->jwt_secret, 44);
    http_random_text(out->control_token, 33);
}

void auth_jwt(const struct auth_credentials *credentials, const char *extension, char *out,
              size_t size)
{
    snprintf(out, size, JWT_PREFIX "%s-%s", extension, credentials->jwt_secret);
}

struct auth *auth_new(struct ex *x, const struct auth_credentials *credentials)
{
    struct auth *a = mem_zero(1, sizeof *a);
    a->x = x;
    a->credentials = *credentials;
    return a;
}

static void session_free(struct auth_session *s)
{
    mem_wipe(s, sizeof *s);
    mem_free(s);
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->sessions.len; i++)
        session_free(a->sessions.items[i]);
    VEC_FREE(&a->sessions);
    VEC_FREE(&a->ws_tokens);
    mem_wipe(&a->credentials, sizeof a->credentials);
    mem_free(a);
}

void auth_on_end(struct auth *a, void (*on_end)(void *self, const char *session_id), void *self)
{
    a->on_end = on_end;
    a->on_end_self = self;
}

static void session_end(struct auth *a, size_t at)
{
    struct auth_session *s = a->sessions.items[at];
    VEC_REMOVE(&a->sessions, at);
    if (a->on_end)
        a->on_end(a->on_end_self, s->id);
    session_free(s);
}

static void forget_lapsed(struct auth *a)
{
    int64_t now_ms = ex_now(a->x);
    for (size_t i = a->sessions.len; i-- > 0;) {
        const struct auth_session *s = a->sessions.items[i];
        if (s->refresh_until_ms <= now_ms && s->access_until_ms <= now_ms)
            session_end(a, i);
    }
    for (size_t i = a->ws_tokens.len; i-- > 0;) {
        if (a->ws_tokens.items[i].until_ms <= now_ms)
            VEC_REMOVE(&a->ws_tokens, i);
    }
}

size_t auth_sessions_len(const struct auth *a)
{
    return a->sessions.len;
}

struct auth_session *auth_session_by_id(const struct auth *a, const char *id)
{
    for (size_t i = 0; i < a->sessions.len; i++) {
        if (str_eq(a->sessions.items[i]->id, id))
            return a->sessions.items[i];
    }
    return NULL;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void oauth_error(struct http_reply *reply, int status, const char *error, const char *code,
                        const char *description)
{
    http_reply_json(reply, status,
                    json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "error", error, "error_description",
                              description, "errors", "errorCode", code, "message", description));
}

static void parameter_error(struct http_reply *reply, const char *error, const char *code,
                            const char *name, const char *value, const char *description)
{
    oauth_error(reply, 400, error, code, description);
    json_t *first = json_array_get(json_object_get(reply->json, "errors"), 0);
    json_object_set_new(first, "parameters",
                        json_pack("[{s:s, s:s}]", "parameterName", name, "parameterValue", value));
}

static void missing(struct http_reply *reply, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "Parameter [%s] is missing", name);
    parameter_error(reply, "invalid_request", "OAU-109", name, "", text);
}

/* ---- the application ------------------------------------------------------------------------- */

static bool client_is_wrong_id(const struct auth *a, const char *id, struct http_reply *reply)
{
    if (str_eq(id, a->credentials.client_id))
        return false;
    char shown[100], text[160];
    str_copy(shown, sizeof shown, id); /* never half a character: it would be no JSON */
    snprintf(text, sizeof text, "Invalid client: %s", shown);
    parameter_error(reply, "invalid_client", "OAU-153", "client_id", id, text);
    return true;
}

static bool client_has_wrong_secret(const struct auth *a, const char *secret,
                                    struct http_reply *reply)
{
    if (http_secret_eq(secret, a->credentials.client_secret))
        return false;
    oauth_error(reply, 401, "invalid_client", "OAU-146", "Invalid client credentials");
    return true;
}

/* Basic, the form, or both; both must be right. */
static bool client_is_known(const struct auth *a, const struct http_request *request, json_t *form,
                            struct http_reply *reply)
{
    const char *id = http_query_get(form, "client_id");
    const char *secret = http_query_get(form, "client_secret");
    struct buf user, password;
    buf_init(&user, 4096);
    buf_init(&password, 4096);
    bool has_basic = http_basic(request->authorization, &user, &password);
    bool is_wrong;
    if (!has_basic && !id) {
        oauth_error(reply, 401, "invalid_client", "OAU-123", "Client authentication is required");
        is_wrong = true;
    } else {
        is_wrong = (has_basic && (client_is_wrong_id(a, buf_text(&user), reply) ||
                                  client_has_wrong_secret(a, buf_text(&password), reply))) ||
                   (id && client_is_wrong_id(a, id, reply)) ||
                   (secret && client_has_wrong_secret(a, secret, reply));
    }
    if (password.data)
        mem_wipe(password.data, password.len);
    buf_fini(&user);
    buf_fini(&password);
    return !is_wrong;
}

/* ---- grants ---------------------------------------------------------------------------------- */

/* A number of the form, kept within its bounds: clients send back what is left of a lifetime. */
static int form_ttl(json_t *form, const char *name, int least, int most, int otherwise)
{
    int64_t number;
    const char *text = http_query_get(form, name);
    if (!text || !str_to_int(text, INT32_MIN, INT32_MAX, &number))
        return otherwise;
    return (int)(number < least ? least : number > most ? most : number);
}

static struct ex_user *user_of_assertion(const struct auth *a, const char *assertion)
{
    char extension[24];
    const char *secret;
    size_t prefix = strlen(JWT_PREFIX);
    if (!assertion || !str_starts(assertion, JWT_PREFIX) ||
        !(secret = strchr(assertion + prefix, '-')))
        return NULL;
    size_t len = (size_t)(secret - assertion) - prefix;
    if (len + 1 > sizeof extension || !http_secret_eq(secret + 1, a->credentials.jwt_secret))
        return NULL;
    str_copy(extension, len + 1, assertion + prefix);
    struct ex_user *user = ex_user_by_extension(a->x, extension);
    return user && user->is_enabled ? user : NULL;
}

static bool has_word(const char *list, const char *word, size_t len)
{
    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t one = strcspn(at, " ");
        if (one == len && strncmp(at, word, len) == 0)
            return true;
        at += one;
    }
    return false;
}

/* What was asked for and exists; everything when nothing was asked for. */
static bool scopes_of(json_t *form, char *out, size_t size)
{
    const char *asked = http_query_get(form, "scope");
    size_t used = 0;
    out[0] = '\0';
    if (str_is_empty(asked))
        return str_copy(out, size, all_scopes);
    for (const char *at = asked; *at; at += strspn(at, " ,")) {
        size_t len = strcspn(at, " ,");
        if (len > 0 && has_word(all_scopes, at, len) && used + len + 2 < size) {
            if (used > 0)
                out[used++] = ' ';
            memcpy(out + used, at, len);
            out[used += len] = '\0';
        }
        at += len;
    }
    return used > 0;
}

static void draw_tokens(const struct auth *a, struct auth_session *s)
{
    int64_t now_ms = ex_now(a->x);
    http_random_text(s->access, 81);
    http_random_text(s->refresh, 81);
    s->access_until_ms = now_ms + (int64_t)s->access_ttl_s * 1000;
    s->refresh_until_ms = now_ms + (int64_t)s->refresh_ttl_s * 1000;
    s->used_ms = -1;
}

static int left_s(int64_t until_ms, int64_t now_ms)
{
    return until_ms > now_ms ? (int)((until_ms - now_ms) / 1000) : 0;
}

static void tell_tokens(const struct auth *a, const struct auth_session *s,
                        struct http_reply *reply)
{
    char owner[24];
    int64_t now_ms = ex_now(a->x);
    snprintf(owner, sizeof owner, "%llu", (unsigned long long)s->user_id);
    http_reply_json(reply, 200,
                    json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:s}", "access_token",
                              s->access, "token_type", "bearer", "expires_in",
                              left_s(s->access_until_ms, now_ms), "refresh_token", s->refresh,
                              "refresh_token_expires_in", left_s(s->refresh_until_ms, now_ms),
                              "scope", s->scope, "owner_id", owner, "endpoint_id", s->endpoint_id,
                              "session_id", s->id));
    http_reply_header(reply, "Cache-Control", "no-store");
}

/* An older sign-in makes room. */
static void crowd_out(struct auth *a, uint64_t user_id)
{
    size_t count = 0;
    for (size_t i = a->sessions.len; i-- > 0;) {
        if (a->sessions.items[i]->user_id == user_id && ++count >= AUTH_SESSIONS_MAX)
            session_end(a, i);
    }
}

static void grant_jwt(struct auth *a, json_t *form, struct http_reply *reply)
{
    const char *assertion = http_query_get(form, "assertion");
    if (!assertion) {
        missing(reply, "assertion");
        return;
    }
    const struct ex_user *user = user_of_assertion(a, assertion);
    if (!user) {
        oauth_error(reply, 400, "invalid_grant", "OAU-251", "Invalid or expired JWT");
        return;
    }
    struct auth_session draft = {.user_id = user->id, .created_ms = ex_now(a->x)};
    if (!scopes_of(form, draft.scope, sizeof draft.scope)) {
        oauth_error(reply, 400, "invalid_scope", "OAU-122", "No such scope");
        return;
    }
    crowd_out(a, user->id);
    struct auth_session *s = mem_zero(1, sizeof *s);
    *s = draft;
    http_random_text(s->id, 25);
    const char *endpoint = http_query_get(form, "endpoint_id");
    if (endpoint)
        str_copy(s->endpoint_id, sizeof s->endpoint_id, endpoint);
    else
        http_random_text(s->endpoint_id, 23);
    s->access_ttl_s = form_ttl(form, "access_token_ttl", 600, 3600, 3600);
    s->refresh_ttl_s = form_ttl(form, "refresh_token_ttl", 1, 2592000, 604800);
    draw_tokens(a, s);
    VEC_PUSH(&a->sessions, s);
    tell_tokens(a, s, reply);
}

/* Is text the token before the newest, and may it still be sent again (1.2)? */
static bool is_retry(const struct auth *a, const struct auth_session *s, const char *text)
{
    if (!s->old_refresh[0] || !http_secret_eq(text, s->old_refresh))
        return false;
    return s->used_ms < 0 ? ex_now(a->x) - s->renewed_ms <= RETRY_UNUSED_MS
                          : ex_now(a->x) - s->used_ms <= RETRY_USED_MS;
}

static void grant_refresh(struct auth *a, json_t *form, struct http_reply *reply)
{
    const char *text = http_query_get(form, "refresh_token");
    if (!text) {
        missing(reply, "refresh_token");
        return;
    }
    for (size_t i = 0; i < a->sessions.len; i++) {
        struct auth_session *s = a->sessions.items[i];
        if (is_retry(a, s, text)) {
            tell_tokens(a, s, reply);
            return;
        }
        if (!http_secret_eq(text, s->refresh) || s->refresh_until_ms <= ex_now(a->x))
            continue;
        const struct ex_user *user = ex_user_by_id(a->x, s->user_id);
        if (!user || !user->is_enabled) {
            session_end(a, i);
            break;
        }
        str_copy(s->old_refresh, sizeof s->old_refresh, s->refresh);
        s->access_ttl_s = form_ttl(form, "access_token_ttl", 600, 3600, s->access_ttl_s);
        s->refresh_ttl_s = form_ttl(form, "refresh_token_ttl", 1, 2592000, s->refresh_ttl_s);
        s->renewed_ms = ex_now(a->x);
        draw_tokens(a, s);
        tell_tokens(a, s, reply);
        return;
    }
    oauth_error(reply, 400, "invalid_grant", "OAU-213", "Token not found");
}

void auth_token(struct auth *a, const struct http_request *request, json_t *form,
                struct http_reply *reply)
{
    static const char *const not_allowed[] = {"authorization_code", "password",
                                              "partner_jwt",        "otp",
                                              "device_code",        "client_credentials"};
    const char *grant = http_query_get(form, "grant_type");
    forget_lapsed(a);
    if (!client_is_known(a, request, form, reply))
        return;
    if (!grant) {
        missing(reply, "grant_type");
    } else if (str_eq(grant, GRANT_JWT)) {
        grant_jwt(a, form, reply);
    } else if (str_eq(grant, "refresh_token")) {
        grant_refresh(a, form, reply);
    } else {
        const char *error = "unsupported_grant_type";
        for (size_t i = 0; i < sizeof not_allowed / sizeof *not_allowed; i++) {
            if (str_eq(grant, not_allowed[i]))
                error = "unauthorized_client";
        }
        oauth_error(reply, 400, error, "OAU-112", "Grant type is not allowed for this client");
    }
}

void auth_revoke(struct auth *a, const struct http_request *request, json_t *form,
                 struct http_reply *reply)
{
    const char *text = http_query_get(form, "token");
    forget_lapsed(a);
    if (!text)
        text = http_query_get(request->query, "token");
    if (!client_is_known(a, request, form, reply))
        return;
    if (!text) {
        missing(reply, "token");
        return;
    }
    reply->status = 200;
    for (size_t i = a->sessions.len; i-- > 0;) {
        const struct auth_session *s = a->sessions.items[i];
        if (http_secret_eq(text, s->access) || http_secret_eq(text, s->refresh))
            session_end(a, i);
    }
}

uint64_t auth_user_of_form(const struct auth *a, json_t *form)
{
    const char *assertion = http_query_get(form, "assertion");
    const char *refresh = http_query_get(form, "refresh_token");
    const char *token = http_query_get(form, "token");
    const struct ex_user *user = user_of_assertion(a, assertion);
    if (user)
        return user->id;
    for (size_t i = 0; i < a->sessions.len; i++) {
        const struct auth_session *s = a->sessions.items[i];
        if ((refresh &&
             (http_secret_eq(refresh, s->refresh) || http_secret_eq(refresh, s->old_refresh))) ||
            (token && (http_secret_eq(token, s->access) || http_secret_eq(token, s->refresh))))
            return s->user_id;
    }
    return 0;
}

/* ---- bearers --------------------------------------------------------------------------------- */

static void refuse_bearer(struct http_reply *reply, const char *word, const char *code,
                          const char *message)
{
    http_reply_error(reply, 401, word, code, message);
    http_reply_header(
        reply, "WWW-Authenticate",
        "Bearer realm=\"RingCentral REST API\", error=\"%s\", error_description=\"%s\"", code,
        message);
}

struct auth_session *auth_bearer(struct auth *a, const char *authorization,
                                 struct http_reply *reply)
{
    const char *token = http_bearer(authorization);
    forget_lapsed(a);
    if (str_is_empty(authorization)) {
        refuse_bearer(reply, "CMN-405", "CMN-405", "Login to extension required");
        return NULL;
    }
    if (!token) {
        refuse_bearer(reply, "TokenInvalid", "OAU-149", "Unparsable access token");
        return NULL;
    }
    for (size_t i = 0; i < a->sessions.len; i++) {
        struct auth_session *s = a->sessions.items[i];
        const struct ex_user *user = ex_user_by_id(a->x, s->user_id);
        if (!http_secret_eq(token, s->access) || !user || !user->is_enabled)
            continue;
        if (s->access_until_ms <= ex_now(a->x)) {
            refuse_bearer(reply, "TokenExpired", "OAU-128", "Access token expired");
            return NULL;
        }
        if (s->used_ms < 0)
            s->used_ms = ex_now(a->x);
        return s;
    }
    refuse_bearer(reply, "TokenInvalid", "OAU-129", "Access token corrupted");
    return NULL;
}

bool auth_has_scope(const struct auth_session *session, const char *scope)
{
    return has_word(session->scope, scope, strlen(scope));
}

bool auth_is_control(const struct auth *a, const char *authorization)
{
    const char *token = http_bearer(authorization);
    return token && http_secret_eq(token, a->credentials.control_token);
}

void auth_expire_access(struct auth *a)
{
    for (size_t i = 0; i < a->sessions.len; i++)
        a->sessions.items[i]->access_until_ms = ex_now(a->x);
}

/* ---- the gateway's tokens -------------------------------------------------------------------- */

void auth_wstoken(struct auth *a, struct auth_session *session, const char *uri,
                  struct http_reply *reply)
{
    struct ws_token token = {.until_ms = ex_now(a->x) + AUTH_WSTOKEN_S * 1000};
    http_random_text(token.text, 65);
    str_copy(token.session_id, sizeof token.session_id, session->id);
    VEC_PUSH(&a->ws_tokens, token);
    http_reply_json(reply, 200,
                    json_pack("{s:s, s:s, s:i}", "uri", uri, "ws_access_token", token.text,
                              "expires_in", AUTH_WSTOKEN_S));
}

struct auth_session *auth_ws(struct auth *a, const char *ws_token, bool is_use)
{
    forget_lapsed(a);
    for (size_t i = 0; ws_token && i < a->ws_tokens.len; i++) {
        struct ws_token *t = &a->ws_tokens.items[i];
        if (!http_secret_eq(ws_token, t->text))
            continue;
        if (t->is_used && ex_switch_on(a->x, EX_WSTOKEN_ONCE))
            return NULL;
        t->is_used = t->is_used || is_use;
        return auth_session_by_id(a, t->session_id);
    }
    return NULL;
}
