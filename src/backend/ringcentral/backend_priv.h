/* What the files of the backend itself share: ringcentral.c (operations, sign-in, link), reading.c
 * (snapshots, checks, polling), events.c (what the gateway tells). */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_BACKEND_PRIV_H
#define CALLHUD_BACKEND_RINGCENTRAL_BACKEND_PRIV_H

#include "callhud/backend/backoff.h"
#include "callhud/backend/ringcentral/act.h"
#include "callhud/backend/ringcentral/desk.h"
#include "callhud/backend/ringcentral/gateway.h"
#include "callhud/backend/ringcentral/ringcentral.h"

#include "filters.h"

#define DOUBTS_MOST 256

struct doubt {
    char call_id[REX_CALL_ID_BYTES], user_id[REX_ID_BYTES];
};

struct backend {
    const struct io *io;
    struct backend_sink sink;
    struct backend_stats stats;
    struct backend_config config;
    char *server; /* without a slash at the end */
    struct rex_shared *shared;
    struct rex_signin *signin;
    struct rex_rest *rest;
    struct rex_gateway *gateway;
    struct rex_floor floor;
    struct rex_sync *sync;
    struct rex_act *act;
    struct rex_desk *desk;

    rex_ids filters;  /* that the gateway was given */
    unsigned refused; /* of the filters */
    bool is_open;     /* subscribed: events come */
    bool is_deaf;     /* but without those of the floor: they are being subscribed to otherwise */
    bool is_whole;    /* nothing was lost since a snapshot of this or a recovered connection */
    bool was_read;    /* a whole snapshot was done, ever */
    bool is_polling;  /* no websocket for too long: asking instead */

    /* Reading. */
    bool is_wanted_again; /* another snapshot when this one is done: an event was lost meanwhile */
    bool is_for_skip;     /* it looks after numbers that were left out */
    unsigned skips_in_vain;
    uint64_t corrected; /* floor.corrected when it was asked */
    int64_t synced_ms;  /* when the last snapshot was started */
    int64_t read_ms;    /* when the list was read last */
    bool is_for_gap;    /* the next one repairs a gap */
    int64_t repair_ms;  /* when the last one that did was started */
    int64_t rest_ms;    /* from then until the next of them may start */
    int64_t gap_ms;     /* when something was found lost */
    struct backoff rests, failures;
    int64_t sync_at_ms; /* of the timer */

    /* Events. */
    unsigned sessions_skipped; /* numbers of sessions that were left out and have not come late */
    VEC(struct doubt) doubts;
    unsigned doubts_in_vain;
    uint64_t repaired;     /* floor.repaired when a doubt was followed last */
    int64_t notice_ms;     /* when the last event came */
    bool is_silence_known; /* since then it was looked once */
    int64_t people_ms;     /* when news of the directory were followed last */

    enum link_state link_state; /* as told */
    char link_text[ERR_TEXT_BYTES];
    char ws_text[ERR_TEXT_BYTES];   /* why there is no websocket */
    char unreached[ERR_TEXT_BYTES]; /* is_desk_only: why the last sign-in did not arrive; "" */
    int64_t waits_until_ms; /* is_desk_only: until when requests wait, as told; 0: they do not */

    struct io_timer *start, *sync_timer, *poll_wait, *late, *doubt, *settle, *people, *waits,
        *silence;
};

/* ---- ringcentral.c ---- */
int64_t rex_now(const struct backend *b);
void rex_stop(struct backend *b, struct io_timer **timer);
/* Unless it runs already. */
void rex_start(struct backend *b, struct io_timer **timer, int64_t after_ms,
               void (*fire)(void *self));
void rex_tell(struct backend *b, enum event_kind kind);
void rex_tell_link(struct backend *b, enum link_state state, const char *text, int64_t retry_ms);
/* What is told while events come, or while asking takes their place. */
void rex_tell_up(struct backend *b, const char *text, int64_t retry_ms);

/* ---- reading.c ---- */
void rex_reading_owner(struct backend *b, struct rex_sync_owner *owner);
/* Who there is, the list, the directory: before anything can be subscribed to. */
void rex_read_first(struct backend *b);
/* At once, or when the one that runs is done. */
void rex_read_now(struct backend *b, enum rex_priority priority);
void rex_read_anew(
    struct backend *b); /* from the beginning: what was asked before does not count */
void rex_read_in(struct backend *b, int64_t after_ms); /* the nearer of what was planned and this */
void rex_gap(struct backend *b, const char *why);      /* stale, and read again */
void rex_doubted(struct backend *b); /* stale, and read again unless it is subscribed to anew */
void rex_skipped(struct backend *b); /* numbers were left out for good: a gap, if that means so */
void rex_poll_after(struct backend *b, int64_t wait_ms); /* unless there is a websocket by then */
void rex_watch_silence(struct backend *b);

/* ---- desk_only.c: is_desk_only ---- */
/* Signed in: live, with nobody in the snapshot. */
int64_t rex_wait_ms(const struct backend *b); /* how long requests wait for the limits */
void rex_desk_only_up(struct backend *b);
/* No sign-in: what the service's limits keep back is waited for, what is not there is given up
 * after a second try. */
void rex_desk_only_failed(struct backend *b, enum rc rc, const char *text);

/* ---- events.c ---- */
void rex_gateway_events(struct backend *b, struct rex_gateway_owner *owner);
void rex_set_filters(struct backend *b);

#endif
