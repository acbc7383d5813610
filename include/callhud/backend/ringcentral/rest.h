/* Requests over HTTP: signed in, within the budget, urgent ones first. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_REST_H
#define CALLHUD_BACKEND_RINGCENTRAL_REST_H

#include "callhud/backend/ringcentral/signin.h"

#define REX_REST_PARALLEL 6
#define REX_REST_TIMEOUT_MS 15000

struct rex_answer {
    enum rc rc;               /* RC_OK: an answer of any status came; else text says why none did */
    int status;               /* 200, 404, ... */
    int64_t at_ms;            /* the service's clock (Date header); 0 when not told */
    const char *code;         /* of an error: "CMN-401"; errors[0] before the top one (6.2); "" */
    const char *content_type; /* "" when none */
    const char *body;         /* NUL-terminated; borrowed */
    size_t body_len;
    char text[ERR_TEXT_BYTES]; /* for people, when this is not a 2xx: one line, what to do */
    size_t reason_len;         /* bytes of text before what was asked (rex_explain()) */
};
bool rex_is_yes(const struct rex_answer *answer); /* a 2xx */
typedef void rex_done(void *self, const struct rex_answer *answer);

struct rex_rest;
struct rex_rest_config {
    const struct io *io;
    const struct backend_config *config; /* server, access */
    struct rex_shared *shared;
    struct rex_signin *signin;
};
struct rex_rest *rex_rest_new(const struct rex_rest_config *config);
void rex_rest_free(struct rex_rest *rest); /* ends all requests without a word */

struct rex_request {
    const char *method;
    const char *path;   /* "/restapi/v1.0/account/~/presence?perPage=1000": escaped */
    const char *body;   /* JSON; NULL: none */
    const char *accept; /* NULL: application/json */
    enum rex_group group;
    enum rex_priority priority;
    int64_t timeout_ms;  /* once it is under way; 0: REX_REST_TIMEOUT_MS */
    int64_t patience_ms; /* so long it may wait for token and budget, then RC_TIMEOUT with a text
                            that says what it waited for; 0: for ever */
};
/* done() is called once, never before this returns, unless rex_rest_cancel() or rex_rest_free()
 * comes first. Requests wait for a token and for the budget in order of priority. A 401 renews the
 * token and asks once more; 429 waits out the penalty and asks again (an action does not: its
 * person is told); 503 and no answer at all are tried once more when the method is GET. */
void rex_rest_ask(struct rex_rest *rest, const struct rex_request *request, rex_done *done,
                  void *self);
void rex_rest_cancel(struct rex_rest *rest,
                     const void *self);     /* forgets every request of this self */
void rex_rest_ready(struct rex_rest *rest); /* there is a token: what waits may go */
/* Why requests wait just now ("the service allows no more requests for 40 s"); "" when they do not.
 * Those of the group Auth are the sign-in's and the gateway's, which say so themselves. */
const char *rex_rest_waits(const struct rex_rest *rest);
/* rex_shared_half_ms() */
int64_t rex_rest_half_ms(const struct rex_rest *rest, enum rex_group group, size_t requests);
/* How long until a request of this group may go that waits for the budget now; 0: none waits. */
int64_t rex_rest_wait_ms(const struct rex_rest *rest, enum rex_group group);
/* Until the end of what a 429 has told last; 0. */
int64_t rex_rest_told_ms(const struct rex_rest *rest);

/* For requests that go over the websocket: rex_shared_take() and rex_shared_refused() with the
 * clock of this rest. */
int64_t rex_rest_take(struct rex_rest *rest, enum rex_group group, enum rex_priority priority);
void rex_rest_refused(struct rex_rest *rest, enum rex_group group, bool is_group_named,
                      int64_t retry_after_ms);

/* "HOST[:PORT]" of an address, for messages. */
void rex_host(char *out, size_t size, const char *server);
/* Appends text so that it is one value of a query or form: all but letters, digits and "-_.~" as
 * %XX. */
void rex_escape(struct buf *out, const char *text);
/* A sentence for people about an answer that is no 2xx: "why: what to do (what: 403 CMN-408)". code
 * and text as of rex_wire_error(); what: "GET /restapi/...". Returns how many bytes of it are the
 * reason, without what was asked. */
size_t rex_explain(char *out, size_t size, const char *what, int status, const char *code,
                   const char *text, int64_t retry_after_ms);
/* The reason in text with the service's code: what was asked, with its ids, is in the log. */
void rex_say_reason(const struct rex_answer *answer, char *out, size_t size);

#endif
