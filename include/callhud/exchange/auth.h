/* Sign-in: the OAuth endpoints, the tokens and their lifetimes (contracts: ringcentral 1). All
 * times are the exchange's. */
#ifndef CALLHUD_EXCHANGE_AUTH_H
#define CALLHUD_EXCHANGE_AUTH_H

#include "callhud/exchange/http.h"
#include "callhud/exchange/world.h"

#define AUTH_TEXT_BYTES 96
#define AUTH_SESSIONS_MAX 5 /* of one user and application; an older one ends */
#define AUTH_WSTOKEN_S 30

/* Who may sign in. The assertion of user 104 is "jwt-104-SECRET": the port file shows the
 * supervisor's, and the others differ in the extension alone. */
struct auth_credentials {
    char client_id[AUTH_TEXT_BYTES], client_secret[AUTH_TEXT_BYTES];
    char jwt_secret[AUTH_TEXT_BYTES];
    char control_token[AUTH_TEXT_BYTES];
};
void auth_credentials_draw(struct auth_credentials *out); /* random ones */
void auth_jwt(const struct auth_credentials *credentials, const char *extension, char *out,
              size_t size);

/* One sign-in; lives until it lapses, is revoked or crowded out. */
struct auth_session {
    char id[40];
    uint64_t user_id;
    char endpoint_id[64];
    char scope[512];
    char access[AUTH_TEXT_BYTES], refresh[AUTH_TEXT_BYTES];
    char old_refresh[AUTH_TEXT_BYTES]; /* of the last renewal, for a retry; "" */
    int64_t created_ms, access_until_ms, refresh_until_ms, renewed_ms;
    int64_t used_ms; /* first use of the newest access token; -1: not yet */
    int access_ttl_s, refresh_ttl_s;
};

struct auth;
struct auth *auth_new(struct ex *x, const struct auth_credentials *credentials);
void auth_free(struct auth *a);
/* Told when a session is over; its id is borrowed. */
void auth_on_end(struct auth *a, void (*on_end)(void *self, const char *session_id), void *self);

/* POST /restapi/oauth/token and revoke; the form is the body's, query counts too. */
void auth_token(struct auth *a, const struct http_request *request, json_t *form,
                struct http_reply *reply);
void auth_revoke(struct auth *a, const struct http_request *request, json_t *form,
                 struct http_reply *reply);
/* For the limit of the auth group: whose request it is, 0 when nobody can be told. */
uint64_t auth_user_of_form(const struct auth *a, json_t *form);
/* POST /restapi/oauth/wstoken. */
void auth_wstoken(struct auth *a, struct auth_session *session, const char *uri,
                  struct http_reply *reply);

/* The session of a bearer token; NULL fills the reply with the 401. Counts as use of the token. */
struct auth_session *auth_bearer(struct auth *a, const char *authorization,
                                 struct http_reply *reply);
bool auth_has_scope(const struct auth_session *session, const char *scope);
/* The session of a ws_access_token; NULL: unknown, lapsed, or used up when EX_WSTOKEN_ONCE. With
 * is_use this is the use. */
struct auth_session *auth_ws(struct auth *a, const char *ws_token, bool is_use);
struct auth_session *auth_session_by_id(const struct auth *a, const char *id); /* NULL */
bool auth_is_control(const struct auth *a, const char *authorization);

void auth_expire_access(struct auth *a); /* fault: every access token lapses now */
size_t auth_sessions_len(const struct auth *a);

#endif
