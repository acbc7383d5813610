/* The access token: got with the JWT, renewed before it lapses, shared by the callhuds of one
 * person (sections 1.2 to 1.4). */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_SIGNIN_H
#define CALLHUD_BACKEND_RINGCENTRAL_SIGNIN_H

#include "callhud/backend/backend.h"
#include "callhud/backend/ringcentral/budget.h"

/* The text that backend_shared keeps: token, refresh token, when they lapse, who renews just now,
 * and the budget. Without backend_shared.update it is kept in memory. A text that cannot be read is
 * as none. What cannot be written (a full disk; another process has the file) is kept, joined with
 * what others write meanwhile, and written as soon as that is possible. Tokens are registered with
 * log_secret(); the text is wiped from memory after use. */
struct rex_shared;
struct rex_shared *rex_shared_new(const struct backend_shared *shared);
void rex_shared_free(struct rex_shared *shared); /* waits a moment for who has the file */
/* Writes what was not written yet. False: that was not possible now, try again. */
bool rex_shared_flush(struct rex_shared *shared);

/* The answer where another process has the file just now: ask again after this. It is no word of
 * the service. After 300 ms we go by what can be read there, and by what was done here. */
#define REX_SHARED_HELD_MS 20
/* rex_budget_take() and its like, for all processes at once. */
int64_t rex_shared_take(struct rex_shared *shared, enum rex_group group, enum rex_priority priority,
                        int64_t wall_ms);
/* What was taken last never reached the service: it is free again. */
void rex_shared_give_back(struct rex_shared *shared, enum rex_group group);
void rex_shared_told(struct rex_shared *shared, enum rex_group group, uint32_t limit,
                     int32_t remaining, uint32_t window_ms, int64_t wall_ms);
/* As rex_budget_half_ms(), by the limits as they were told last. */
int64_t rex_shared_half_ms(const struct rex_shared *shared, enum rex_group group, size_t requests);
/* As rex_budget_refused(). */
int64_t rex_shared_refused(struct rex_shared *shared, enum rex_group group, bool is_group_named,
                           int64_t retry_after_ms, int64_t wall_ms);

#define REX_RENEW_BEFORE_MS 120000 /* before it lapses; at most a quarter of its life */
#define REX_RENEW_LEASE_MS 20000   /* so long one process renews, if it lives, and others wait */

struct rex_signin;
struct rex_signin_config {
    const struct io *io;
    const struct backend_config *config; /* server, client_id, client_secret, jwt, access (TLS) */
    struct rex_shared *shared;
    /* There is a token (again, or another one). */
    void (*ready)(void *self);
    /* None can be had: RC_AUTH (the person has to do something; tried again only when asked to),
     * else why it failed this time, and it is tried again with back-off; text is for people. */
    void (*failed)(void *self, enum rc rc, const char *text);
    void *self;
};
struct rex_signin *rex_signin_new(const struct rex_signin_config *config); /* starts at once */
void rex_signin_free(struct rex_signin *signin); /* the token stays valid for the other processes */

/* NULL while there is none. One that has lapsed by the wall clock before its renewal was due (the
 * machine slept, or its clock was set) is renewed at once: ready() tells of the new one. */
const char *rex_signin_token(struct rex_signin *signin);
const char *rex_signin_scope(const struct rex_signin *signin); /* of the token, "CallControl ..." */
/* Has the token this scope ("CallControl")? Where none is told at all it has: the service will say.
 */
bool rex_signin_has_scope(const struct rex_signin *signin, const char *scope);
/* extension id of the person; "" while not known */
const char *rex_signin_owner(const struct rex_signin *signin);
/* The service said 401 to this token: renew, unless there is another one by now. By refresh; by the
 * JWT only when that fails, since a new sign-in ends the gateway's session (10, 4). */
void rex_signin_rejected(struct rex_signin *signin, const char *token);
void rex_signin_try_now(struct rex_signin *signin);
/* How long the service allows no sign-in, where one is waited for; 0. */
int64_t rex_signin_wait_ms(const struct rex_signin *signin);

#endif
