/* The two halves of the gateway: gateway.c opens, keeps and loses the websocket, gateway_talk.c
 * says what goes over it. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_GATEWAY_PRIV_H
#define CALLHUD_BACKEND_RINGCENTRAL_GATEWAY_PRIV_H

#include "callhud/backend/backoff.h"
#include "callhud/backend/ringcentral/gateway.h"

#define SEEN_MOST 1024         /* uuids that are kept in mind */
#define REFUSED_RETRY_MS 60000 /* what a person has to put right is not hammered */
#define SUBSCRIBE_TRIES 3      /* on one connection, when the service has trouble */
#define RATE_MS 60000          /* over which the events are counted */
#define LASTED_MS 60000        /* a connection that lived so long was a success */
#define REPLAY_MS 3000         /* for so long after a recovery what comes was missed before */

enum stage {
    STAGE_IDLE,    /* no filters yet */
    STAGE_WAIT,    /* until `retry` */
    STAGE_TOKEN,   /* a wstoken is asked for */
    STAGE_OPENING, /* until ConnectionDetails */
    STAGE_ASKED,   /* the first subscription of this connection is asked for */
    STAGE_OPEN,
};

struct rex_gateway {
    struct rex_gateway_config c;
    char host[128];
    enum stage stage;
    struct io_ws *ws;
    VEC(char *) filters;
    bool is_changed; /* the filters, since they were sent last */

    struct io_timer *retry;  /* STAGE_WAIT */
    struct io_timer *limit;  /* of the stage, or of a reply */
    struct io_timer *ping;   /* also looks after heartbeats and the absolute timeout */
    struct io_timer *resend; /* a subscription that the service could not take then */
    struct io_timer *drop;   /* a drop waits for its turn */
    enum link_state drop_state;
    char *drop_text; /* NULL: open again at once */
    int64_t drop_wait_ms;

    /* of this connection */
    int64_t opened_ms, heard_ms, said_ms;
    unsigned unanswered; /* pings without a pong so far */
    int64_t idle_ms, absolute_ms;
    char reply_id[REX_ID_BYTES]; /* of the subscription under way; "" */
    bool is_put;                 /* it changes one */
    unsigned tries;
    int64_t beats_ms; /* when the second began in which so many heartbeats were answered */
    unsigned beats;
    char check_id[REX_ID_BYTES]; /* of the check under way; "" */
    int64_t news_ms;             /* when the subscription was known to be there */
    bool is_checked_anew;        /* it was gone when checked last, and no event came since */
    int64_t replay_until_ms;
    uint32_t replayed;

    /* of the session, over its connections */
    struct {
        char token[2048]; /* "" when none */
        int64_t sequence;
    } wsc;
    bool has_sent_wsc; /* on this connection */
    char subscription_id[REX_ID_BYTES];
    int64_t recovery_timeout_ms;
    uint32_t recovery_buffer;
    int64_t lost_ms;          /* since when events may be missing; 0: nothing was lost yet */
    uint64_t seen[SEEN_MOST]; /* hashes of uuids, a ring */
    size_t seen_len, seen_at;
    bool is_uncheckable;            /* the service has no answer to checks */
    uint32_t rate_now, rate_before; /* events of this minute and of the one before */
    int64_t rate_ms;                /* when this minute began */

    struct backoff backoff;
    uint32_t last_id;
};

/* gateway.c */
int64_t gateway_now(const struct rex_gateway *g);
/* Closes in a turn of its own, since the caller may be inside a callback of the socket. wait_ms -1:
 * as long as the back-off says. text NULL: opens again at once. */
void gateway_drop_soon(struct rex_gateway *g, enum link_state state, int64_t wait_ms,
                       const char *text);
void gateway_stop(struct rex_gateway *g, struct io_timer **timer);
void gateway_start(struct rex_gateway *g, struct io_timer **timer, int64_t after_ms,
                   void (*fire)(void *self));

/* gateway_talk.c */
void gateway_message(void *self, const char *bytes, size_t len);
void gateway_subscribe(struct rex_gateway *g);
bool gateway_send_heartbeat(struct rex_gateway *g);
/* How long no event may come before the subscription is looked at: less on a busy floor. */
int64_t gateway_quiet_ms(const struct rex_gateway *g);
/* Asks whether the subscription is still there, when there is reason to. */
void gateway_check(struct rex_gateway *g);
/* How many events there were in a time, by what there was before the loss. */
uint64_t gateway_missed(const struct rex_gateway *g, int64_t time_ms);

#endif
