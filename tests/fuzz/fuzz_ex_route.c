/* Requests to the built-in exchange: lines of "METHOD TARGET" and a body up to an empty line, by
 * the supervisor and by an agent in turn. Whatever comes, there is an answer with a status, an
 * error has its two levels, and the next request finds a world that holds together. */
#include "callhud/exchange/world.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define REQUESTS_MAX 16
#define TEXT_MAX_BYTES 4096

static void check_reply(const struct ex_reply *reply)
{
    CHECK(reply->status >= 200 && reply->status < 600);
    if (reply->status < 400 || !reply->body)
        return;
    const json_t *errors = json_object_get(reply->body, "errors");
    CHECK(json_is_string(json_object_get(reply->body, "errorCode")));
    CHECK(json_array_size(errors) >= 1);
    CHECK(json_is_string(json_object_get(json_array_get(errors, 0), "errorCode")));
}

static json_t *query_of(char *text)
{
    json_t *query = json_object();
    for (char *rest = text, *piece; rest && (piece = strsep(&rest, "&"));) {
        char *value = strchr(piece, '=');
        if (value)
            *value++ = '\0';
        json_object_set_new(query, piece, json_string(value ? value : ""));
    }
    return query;
}

/* The ids of this world are long: "@1" stands for that of the first agent. */
static void expand(char *out, size_t out_size, const char *in)
{
    size_t at = 0;
    for (; *in && at + 16 < out_size; in++) {
        if (in[0] == '@' && in[1] >= '0' && in[1] <= '9')
            at += (size_t)snprintf(out + at, out_size - at, "40021200%c008", *++in);
        else
            out[at++] = *in;
    }
    out[at] = '\0';
}

static void ask(struct ex *x, char *line, const char *body, bool is_agent)
{
    static char path[TEXT_MAX_BYTES];
    char *rest = line;
    const char *method = strsep(&rest, " ");
    expand(path, sizeof path, rest ? rest : "");
    char *question = strchr(path, '?');
    json_t *query = query_of(question ? question + 1 : NULL);
    if (question)
        *question = '\0';
    json_t *json = *body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
    struct ex_request request = {.method = method,
                                 .path = path,
                                 .query = query,
                                 .accept =
                                     is_agent ? "" : "application/vnd.ringcentral.multipart+json",
                                 .body = json,
                                 .is_body_bad = *body && !json,
                                 .caller = is_agent ? ex_user_at(x, 0) : ex_supervisor(x),
                                 .base_url = "http://127.0.0.1:1"};
    struct ex_reply reply = {0};
    const char *group = ex_route_group(x, &request);
    ex_route(x, &request, &reply);
    check_reply(&reply);
    CHECK(group || reply.status == 404);
    ex_reply_fini(&reply);
    json_decref(query);
    json_decref(json);
}

static void check_world(struct ex *x)
{
    for (size_t i = 0; i < ex_users_len(x); i++) {
        const struct ex_user *user = ex_user_at(x, i);
        CHECK(user->lines.len <= 102);
        for (size_t l = 0; l < user->lines.len; l++)
            CHECK(user->lines.items[l].id == l + 1 && user->lines.items[l].is_reserved == (l < 2));
    }
    json_t *users = ex_state_users(x), *lines = ex_state_appearances(x);
    CHECK(json_array_size(users) == ex_users_len(x) && json_is_object(lines));
    json_decref(users);
    json_decref(lines);
}

static void on_event(void *self, const struct ex_event *event)
{
    struct ex *x = self;
    json_t *seen = ex_event_view(x, event, ex_supervisor(x), true, false);
    CHECK(json_is_object(event->body));
    json_decref(seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ex *x;
    struct ex_options options = {.users = 6, .seed = 1, .speed = 1};
    CHECK(ex_new(&x, &options, NULL) == RC_OK);
    ex_listen(x, on_event, x);
    ex_call(x, "+17778732492", "Ann", ex_user_at(x, 1), true);
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    char *rest = text;
    for (size_t i = 0; i < REQUESTS_MAX && rest && *rest; i++) {
        char *line = strsep(&rest, "\n");
        char *body = rest;
        char *end = rest ? strstr(rest, "\n\n") : NULL;
        if (end) {
            *end = '\0';
            rest = end + 2;
        } else {
            rest = NULL;
        }
        static char expanded[TEXT_MAX_BYTES];
        expand(expanded, sizeof expanded, body ? body : "");
        ask(x, line, expanded, i % 2);
        ex_advance(x, ex_now(x) + 700);
    }
    check_world(x);
    ex_free(x);
    free(text);
    return 0;
}
