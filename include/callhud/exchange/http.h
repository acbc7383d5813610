/* Requests and answers as the front door sees them, whichever way they came: HTTP or the gateway.
 * Pure: no sockets. */
#ifndef CALLHUD_EXCHANGE_HTTP_H
#define CALLHUD_EXCHANGE_HTTP_H

#include "callhud/base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX_BYTES (1024u * 1024)

/* Everything is borrowed. */
struct http_request {
    const char *method;
    const char *path;          /* decoded, without query */
    const char *target;        /* path and query, encoded: for uri fields */
    json_t *query;             /* object of strings; repeated keys are arrays; NULL is empty */
    const char *authorization; /* "" */
    const char *accept, *content_type, *if_none_match;
    const char *body;
    size_t body_len;
    json_t *json; /* a body that is parsed already, as the gateway has it; NULL */
};

struct http_reply {
    int status;
    json_t *headers; /* object of strings */
    json_t *json;    /* the body; NULL: text, or none */
    char *text;
    const char *content_type; /* of text */
};
void http_reply_init(struct http_reply *reply);
void http_reply_fini(struct http_reply *reply);
void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Takes over json. */
void http_reply_json(struct http_reply *reply, int status, json_t *json);
/* {"errorCode","message","errors":[...]} with both levels alike, or the inner code apart. */
void http_reply_error(struct http_reply *reply, int status, const char *code,
                      const char *inner_code, const char *message);

/* "a=1&b=x%20y&a=2" as an object; a plus is a blank. Bytes that are no UTF-8 after decoding become
 * U+FFFD. New reference. */
json_t *http_query_parse(const char *text, size_t len);
/* Adds a pair that is decoded already; bad UTF-8 in it is mended. */
void http_query_add(json_t *query, const char *key, const char *value);
/* "/a%20b?x=1" into the decoded path and the query (new reference). False: a broken escape, a NUL,
 * or no leading slash. */
bool http_target_split(const char *target, struct buf *path, json_t **query);
/* The decoded path and the query back into a target. */
void http_target_join(struct buf *out, const char *path, json_t *query);
/* The first value of a key; NULL. */
const char *http_query_get(json_t *query, const char *key);

/* "Basic base64(user:password)", the scheme in any case. False: it is no such thing. */
bool http_basic(const char *authorization, struct buf *user, struct buf *password);
/* The token of "Bearer TOKEN", the scheme in any case; NULL. */
const char *http_bearer(const char *authorization);

/* Fri, 02 Jul 2026 13:04:51 GMT */
#define HTTP_DATE_BYTES 40
void http_date(int64_t wall_ms, char out[HTTP_DATE_BYTES]);

/* A random text of letters and digits, for tokens and ids; size includes the NUL. */
void http_random_text(char *out, size_t size);
uint64_t http_random_number(void); /* of 19 decimal digits */
/* 8-4-4-4-12 of hexadecimal digits. */
void http_random_uuid(char out[40]);
/* Compares in a time that does not tell where they differ. */
bool http_secret_eq(const char *a, const char *b);

#endif
