#include "callhud/net/resolve.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/net/url.h"

#include <netdb.h>
#include <string.h>
#include <uv.h>

#define CACHE_NAMES 32
#define CACHE_MS 30000

struct known {
    char *host;
    int64_t until_ms;
    struct resolve_answer answer;
};

/* One lookup in the pool. It outlives the resolver when it is still running at the end. */
struct lookup {
    uv_getaddrinfo_t request;
    struct resolve *resolve; /* NULL: nobody waits any more */
    struct lookup *next;
    char *host;
};

struct resolve_ask {
    struct resolve *resolve;
    struct resolve_ask *next;
    const struct lookup *lookup; /* waited for; NULL when the answer is known already */
    struct loop_timer *timer;    /* to tell it after resolve_start() has returned */
    struct resolve_answer answer;
    void (*done)(void *self, const struct resolve_answer *answer);
    void *self;
};

struct resolve {
    struct loop *loop;
    struct lookup *lookups;
    struct resolve_ask *asks;
    struct known known[CACHE_NAMES];
};

struct resolve *resolve_new(struct loop *loop)
{
    struct resolve *resolve = mem_zero(1, sizeof *resolve);

    resolve->loop = loop;
    return resolve;
}

static void free_ask(struct resolve_ask *ask)
{
    loop_timer_stop(ask->timer);
    mem_free(ask);
}

static void unlink_ask(struct resolve_ask *ask)
{
    struct resolve_ask **at = &ask->resolve->asks;

    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
}

void resolve_cancel(struct resolve_ask *ask)
{
    if (ask == NULL)
        return;
    unlink_ask(ask);
    free_ask(ask);
}

bool resolve_free(struct resolve *resolve)
{
    bool is_running = false;

    if (resolve == NULL)
        return false;
    while (resolve->asks != NULL)
        resolve_cancel(resolve->asks);
    for (struct lookup *lookup = resolve->lookups; lookup != NULL; lookup = lookup->next) {
        lookup->resolve = NULL;
        /* One that has not started yet is called back by the loop as cancelled, and freed there. */
        if (uv_cancel((uv_req_t *)&lookup->request) != 0)
            is_running = true;
    }
    for (size_t i = 0; i < CACHE_NAMES; i++)
        mem_free(resolve->known[i].host);
    mem_free(resolve);
    return is_running;
}

static void add_address(struct resolve_answer *answer, const char *text)
{
    for (size_t i = 0; i < answer->len; i++)
        if (str_eq(answer->addresses[i], text))
            return;
    if (answer->len < RESOLVE_ADDRESSES &&
        str_copy(answer->addresses[answer->len], RESOLVE_TEXT_BYTES, text))
        answer->len++;
}

/* Answers that need no lookup. */
static bool answer_at_once(struct resolve *resolve, const char *host, struct resolve_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    if (str_eq_nocase(host, "localhost")) {
        add_address(answer, "127.0.0.1");
        add_address(answer, "::1");
        return true;
    }
    if (url_is_numeric(host)) {
        add_address(answer, host);
        return true;
    }
    for (size_t i = 0; i < CACHE_NAMES; i++) {
        struct known *known = &resolve->known[i];

        if (known->host == NULL || !str_eq_nocase(known->host, host))
            continue;
        if (known->until_ms <= loop_now_ms(resolve->loop))
            return false;
        *answer = known->answer;
        return true;
    }
    return false;
}

static void remember(struct resolve *resolve, const char *host, const struct resolve_answer *answer)
{
    struct known *place = &resolve->known[0];

    for (size_t i = 0; i < CACHE_NAMES; i++) {
        struct known *known = &resolve->known[i];

        if (known->host != NULL && str_eq_nocase(known->host, host)) {
            place = known;
            break;
        }
        if (known->until_ms < place->until_ms)
            place = known;
    }
    mem_free(place->host);
    place->host = mem_dup(host);
    place->until_ms = loop_now_ms(resolve->loop) + CACHE_MS;
    place->answer = *answer;
}

static void answer_from_list(const char *host, int status, const struct addrinfo *list,
                             struct resolve_answer *answer)
{
    struct err err;
    char text[RESOLVE_TEXT_BYTES];

    memset(answer, 0, sizeof *answer);
    for (const struct addrinfo *at = status == 0 ? list : NULL; at != NULL; at = at->ai_next)
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) ==
            0)
            add_address(answer, text);
    if (answer->len > 0)
        return;
    answer->rc = err_set(&err, RC_UNREACHABLE,
                         "cannot find the address of %s: %s; check its spelling and the network",
                         host, status == 0 ? "it has none" : uv_strerror(status));
    str_copy(answer->text, sizeof answer->text, err.text);
}

/* The next one who waits for this lookup, taken off the list. */
static struct resolve_ask *take_waiting(struct resolve *resolve, const struct lookup *lookup)
{
    for (struct resolve_ask *ask = resolve->asks; ask != NULL; ask = ask->next)
        if (ask->lookup == lookup) {
            unlink_ask(ask);
            return ask;
        }
    return NULL;
}

static void looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct lookup *lookup = request->data;
    struct resolve *resolve = lookup->resolve;
    struct resolve_answer answer;
    struct resolve_ask *ask;

    answer_from_list(lookup->host, status, list, &answer);
    uv_freeaddrinfo(list);
    if (resolve != NULL) {
        struct lookup **at = &resolve->lookups;

        while (*at != lookup)
            at = &(*at)->next;
        *at = lookup->next;
        log_debug("net", "%s is %s%s", lookup->host, answer.rc == RC_OK ? answer.addresses[0] : "",
                  answer.text);
        if (answer.rc == RC_OK)
            remember(resolve, lookup->host, &answer);
        /* A callback may cancel others: begin again each time. */
        while ((ask = take_waiting(resolve, lookup)) != NULL) {
            ask->done(ask->self, &answer);
            free_ask(ask);
        }
    }
    mem_free(lookup->host);
    mem_free(lookup);
}

static struct lookup *find_lookup(const struct resolve *resolve, const char *host)
{
    for (struct lookup *lookup = resolve->lookups; lookup != NULL; lookup = lookup->next)
        if (str_eq_nocase(lookup->host, host))
            return lookup;
    return NULL;
}

/* NULL, with the answer saying why, when it cannot be started. */
static struct lookup *start_lookup(struct resolve *resolve, const char *host,
                                   struct resolve_answer *answer)
{
    struct lookup *lookup = mem_zero(1, sizeof *lookup);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

    lookup->request.data = lookup;
    lookup->resolve = resolve;
    lookup->host = mem_dup(host);
    int status =
        uv_getaddrinfo(loop_uv(resolve->loop), &lookup->request, looked_up, host, NULL, &hints);

    if (status != 0) {
        answer_from_list(host, status, NULL, answer);
        mem_free(lookup->host);
        mem_free(lookup);
        return NULL;
    }
    lookup->next = resolve->lookups;
    resolve->lookups = lookup;
    return lookup;
}

static void answer_later(void *self)
{
    struct resolve_ask *ask = self;

    ask->timer = NULL;
    unlink_ask(ask);
    ask->done(ask->self, &ask->answer);
    free_ask(ask);
}

struct resolve_ask *resolve_start(struct resolve *resolve, const char *host,
                                  void (*done)(void *self, const struct resolve_answer *answer),
                                  void *self)
{
    struct resolve_ask *ask = mem_zero(1, sizeof *ask);

    ask->resolve = resolve;
    ask->done = done;
    ask->self = self;
    ask->next = resolve->asks;
    resolve->asks = ask;
    if (!answer_at_once(resolve, host, &ask->answer)) {
        ask->lookup = find_lookup(resolve, host);
        if (ask->lookup == NULL)
            ask->lookup = start_lookup(resolve, host, &ask->answer);
    }
    if (ask->lookup == NULL)
        ask->timer = loop_timer(resolve->loop, 0, answer_later, ask);
    return ask;
}
