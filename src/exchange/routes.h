/* The table of routes: one row for each method and path; everything about a request that is not its
 * own matter is checked from the row. */
#ifndef CALLHUD_EXCHANGE_ROUTES_H
#define CALLHUD_EXCHANGE_ROUTES_H

#include "ex.h"

enum ex_who {
    EX_ANYONE,
    EX_OWN,  /* {extension} is the caller's, or the caller is an administrator: else CMN-404 */
    EX_ADMIN /* the caller is an administrator: else CMN-408 with the row's permission */
};

#define EX_ARGS_MAX 6
struct ex_args {
    struct ex_request *request;
    struct ex_reply *reply;
    const struct ex_route *route;
    /* {user}: a user, "~" being the caller. {extension}: a user, a queue or a park location; the
     * others are NULL. */
    struct ex_user *user;
    struct ex_queue *queue;
    struct ex_location *location;
    size_t len;
    struct {
        char name[16];
        char value[96];
    } items[EX_ARGS_MAX];
};
typedef void ex_handler(struct ex *x, struct ex_args *args);

struct ex_route {
    const char *method;
    /* After "/restapi". {account} is checked, {user} and {extension} are resolved before the
     * handler is called, {list} may hold commas and is left to it, any other name is text. */
    const char *path;
    const char *group; /* light medium heavy, "" none */
    const char *scope; /* of the application; "" none */
    enum ex_who who;
    const char *permission; /* of the user's role, named where who refuses; "" */
    bool needs_body;        /* a request without JSON is CMN-103 */
    ex_handler *handler;
};

/* The text of a name of the path; never NULL for a name in the row. */
const char *ex_arg(const struct ex_args *args, const char *name);

/* Rows by module. */
extern const struct ex_route ex_calls_routes[];
extern const size_t ex_calls_routes_len;
extern const struct ex_route ex_presence_routes[];
extern const size_t ex_presence_routes_len;
extern const struct ex_route ex_appearance_routes[];
extern const size_t ex_appearance_routes_len;
extern const struct ex_route ex_rights_routes[];
extern const size_t ex_rights_routes_len;
extern const struct ex_route ex_groups_routes[];
extern const size_t ex_groups_routes_len;
extern const struct ex_route ex_directory_routes[];
extern const size_t ex_directory_routes_len;

/* presence_set.c, presence_more.c */
void ex_put_presence(struct ex *x, struct ex_args *args);
void ex_get_unified(struct ex *x, struct ex_args *args);
void ex_patch_unified(struct ex *x, struct ex_args *args);
void ex_get_queue_presence(struct ex *x, struct ex_args *args);
void ex_put_queue_presence(struct ex *x, struct ex_args *args);
void ex_get_member_presence(struct ex *x, struct ex_args *args);
void ex_put_member_presence(struct ex *x, struct ex_args *args);
/* presence_many.c: calls one() for each id of {list}, and answers 200 or 207. */
typedef json_t *ex_one(struct ex *x, struct ex_args *args);
void ex_answer_many(struct ex *x, struct ex_args *args, ex_one *one);
/* Resolves an id or "~" into args; false: there is no such extension. */
bool ex_find_extension(struct ex *x, struct ex_args *args, const char *text);
/* The queue of {group}; NULL: the reply is filled. */
struct ex_queue *ex_the_queue(struct ex *x, struct ex_args *args);

/* rights_grant.c */
void ex_get_grant(struct ex *x, struct ex_args *args);
void ex_get_features(struct ex *x, struct ex_args *args);

/* --- reply.c: answers ------------------------------------------------------------------------ */

void ex_reply_json(struct ex_reply *reply, int status, json_t *body); /* takes over body */
void ex_reply_empty(struct ex_reply *reply, int status);
/* 400 InvalidParameter / CMN-101 "Parameter [name] value is invalid". */
void ex_reply_invalid(struct ex_reply *reply, const char *parameter);
/* CMN-102 "Resource for parameter [name] is not found"; status 404 in the path, 400 in a body. */
void ex_reply_unknown(struct ex_reply *reply, int status, const char *parameter);
void ex_reply_unparsable(struct ex_reply *reply);
/* 403 CMN-404: the extension is another's. */
void ex_reply_not_yours(struct ex_reply *reply);
/* 403 CMN-408: the user's role lacks a permission. */
void ex_reply_no_permission(struct ex_reply *reply, const char *permission);

/* --- reply.c: requests ----------------------------------------------------------------------- */

/* The first value of a query parameter; NULL. */
const char *ex_query(const struct ex_request *request, const char *name);
/* "true", "1", "True": yes. Absent: fallback. */
bool ex_query_bool(const struct ex_request *request, const char *name, bool fallback);
/* Is value among those of a parameter that is repeated or separated by commas? */
bool ex_query_has(const struct ex_request *request, const char *name, const char *value);

struct ex_page {
    size_t page, per_page;    /* page counts from 1 */
    size_t total, start, end; /* [start, end) */
};
/* Reads page and perPage; "max" and "all" mean most. False: the reply is filled. */
bool ex_page_read(struct ex_args *args, size_t fallback, size_t most, struct ex_page *page);
void ex_page_of(struct ex_page *page, size_t total); /* fills start and end */
/* {"uri","records","paging","navigation"}; takes over records. */
json_t *ex_page_body(const struct ex_args *args, const struct ex_page *page, json_t *records);

/* BASE/restapi/v1.0/account/ID and what format says. */
json_t *ex_uri(const char *base_url, const char *format, ...) __attribute__((format(printf, 2, 3)));
json_t *ex_text_id(uint64_t id); /* "400144455008" */
/* An id in a body, as text or number. False: neither. */
bool ex_json_id(const json_t *value, uint64_t *id);
json_t *ex_time(const struct ex *x, int64_t ms); /* "2026-07-09T16:17:27.975Z" */

#endif
