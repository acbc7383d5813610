/* What the files of acting share. One struct rex_act, of which each file has its part:
 *
 *   act.c              the operations of the header, requests
 *   act_jobs.c         hang up, do not disturb, record: no phone of ours
 *   act_can.c          our device, capabilities, EVENT_SELF
 *   act_view.c         parties of calls as events and answers told them
 *   act_leg.c          the leg of our own phone, and its removal
 *   act_clean.c        what a killed run left: its legs are found, then removed
 *   act_supervise.c    listen, whisper, barge, take over, pick up, stop: what is asked for
 *   act_watch.c        what the service says of it: confirmed, changed, ended
 *   act_text.c         what is said when it ends or fails */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_ACT_PRIV_H
#define CALLHUD_BACKEND_RINGCENTRAL_ACT_PRIV_H

#include "callhud/backend/ringcentral/act.h"
#include "callhud/backend/tell.h"

#define REX_THING_BYTES 512 /* of the ledger, with NUL */
#define REX_WHY_BYTES BACKEND_WHY_BYTES
#define REX_ANSWER_MS 8000   /* a request of an action */
#define REX_PATIENCE_MS 5000 /* so long an action waits for token and budget */
#define REX_KEYS_MS 60000    /* a lifted phone, until extension and # are keyed */
#define REX_DOUBT_MS 1000    /* a call of which something is missing is read anew so late */
#define REX_LEAVE_MS 3000    /* the longest that leave() takes */
#define REX_RETRY_MS 2000    /* a removal that failed */
#define REX_SETTLE_MS 500    /* a removal that was granted and of which no event came */
#define REX_REMOVAL_TRIES 5  /* then after the next snapshot */
#define REX_RING_MS 20000    /* when the configuration names no time */
#define REX_VIEW_PARTIES 256

/* ---- act_view.c ---- */

/* A party, as heard last. */
struct rex_seen {
    char session[REX_ID_BYTES];
    struct rex_party party;
    int64_t sequence; /* of the event that told it; 0: an answer */
    uint64_t stamp;   /* rex_view.stamp when it was told */
    bool is_unnamed;  /* an answer about its session names it no more */
};
struct rex_view {
    VEC(struct rex_seen) parties;
    uint64_t stamp; /* grows with every event and answer */
};
void rex_view_fini(struct rex_view *view);
/* The parties of an event; an older one than is known is dropped. */
void rex_view_event(struct rex_view *view, const struct rex_session *session);
/* An answer to what was asked at that stamp: what events told since stays. Parties that it does not
 * name any more are Disconnected. NULL: there is no such session any more. */
void rex_view_answer(struct rex_view *view, const char *session_id,
                     const struct rex_session *session, uint64_t asked_at);
const struct rex_party *rex_view_find(const struct rex_view *view, const char *session_id,
                                      const char *party_id);
bool rex_view_is_unnamed(const struct rex_view *view, const char *session_id, const char *party_id);
/* Setup, Proceeding, Answered, Hold: of NULL false. */
bool rex_party_is_live(const struct rex_party *party);
bool rex_party_is_ringing(const struct rex_party *party);
bool rex_party_is_over(const struct rex_party *party); /* Disconnected or Gone; of NULL false */

/* ---- act_leg.c ---- */

struct rex_own_leg {
    struct rex_act *act;
    char thing[REX_THING_BYTES];                               /* in the ledger; "" */
    char session[REX_ID_BYTES], party[REX_ID_BYTES];           /* "": not known yet */
    char peer_session[REX_ID_BYTES], peer_party[REX_ID_BYTES]; /* where it has gone to; "" */
    /* A phone that is to get somebody's call: removed only as long as this party still has it. */
    char guard_session[REX_ID_BYTES], guard_party[REX_ID_BYTES];
    bool is_ring_only;                     /* and only while it rings */
    bool is_doomed, is_deleted, is_missed; /* missed: a removal found nothing there */
    enum rc asked_rc;                      /* of the last removal: why it is not done */
    unsigned tries;
    uint64_t stamp; /* of the last look */
    struct io_timer *timer;
    /* It is gone (is_left: it is not, since a call is on it now, which is none of our business).
     * The leg is freed after this. */
    void (*gone)(void *self, struct rex_own_leg *leg, bool is_left);
    void *self;
};
struct rex_own_leg *rex_leg_new(struct rex_act *act);
/* On disk when this answers RC_OK; the one before is dropped then. */
enum rc rex_leg_put(struct rex_own_leg *leg, const char *thing, struct err *err);
/* Where it is, from the answer that made it. */
void rex_leg_found(struct rex_own_leg *leg, const char *session_id, const char *party_id);
void rex_leg_remove(struct rex_own_leg *leg); /* until gone() */
/* It is no leg of ours any more: never made, gone, or a person's call. Frees it. */
void rex_leg_forget(struct rex_own_leg *leg);
/* What is known of it, where it is now; NULL. */
const struct rex_party *rex_leg_party(const struct rex_own_leg *leg);
void rex_legs_look(struct rex_act *act); /* after the view has changed */
void rex_legs_retry(struct rex_act *act);
void rex_legs_fini(struct rex_act *act);

/* ---- act_clean.c ---- */

/* Things of the ledger. Parts are escaped, so that none has a slash. */
void rex_thing_supervise(char *out, const char *session_id, const char *agent_id,
                         const char *device_id, int64_t wall_ms);
void rex_thing_assist(char *out, enum action_kind kind, const char *session_id,
                      const char *device_id, int64_t wall_ms);
void rex_thing_leg(char *out, const struct rex_own_leg *leg, const char *device_id, bool is_taking);

struct rex_find;
/* Looks, after so long, for what the thing speaks of and removes it; gone() when it is not there
 * any more. */
void rex_find_new(struct rex_act *act, const char *thing, int64_t after_ms,
                  void (*gone)(void *self, const char *thing), void *self);
void rex_finds_retry(struct rex_act *act);
void rex_finds_fini(struct rex_act *act);
void rex_ledger_drop(void *act, const char *thing);

/* ---- act_can.c ---- */

struct rex_can {
    rex_devices devices;
    bool is_listed;                                            /* the list was read */
    char refused[REX_WHY_BYTES];                               /* why it was not; "" */
    char device_id[REX_ID_BYTES], device_name[REX_TEXT_BYTES]; /* that acts; "": none */
    char lacks[REX_WHY_BYTES];                                 /* why none does */
    struct backend_level levels[ACTION_COUNT];
    bool is_self_told;
    char self_id[REX_ID_BYTES], self_extension[REX_NUMBER_BYTES], self_phone[REX_TEXT_BYTES];
    bool is_asking;
};
void rex_can_synced(struct rex_act *act);
void rex_can_tell(struct rex_act *act);
/* RC_OK, or RC_DENIED and why. */
enum rc rex_can_check(const struct rex_act *act, enum action_kind kind, struct err *err);
void rex_can_fini(struct rex_act *act);

/* ---- act_jobs.c ---- */

struct rex_job;
enum rc rex_job_do(struct rex_act *act, const struct action *action, struct err *err);
void rex_jobs_look(struct rex_act *act);
void rex_jobs_lost(struct rex_act *act);
void rex_jobs_fini(struct rex_act *act);
bool rex_jobs_want(const struct rex_act *act, const char *session_id);

/* ---- act_supervise.c, act_watch.c, act_text.c ---- */

struct rex_order {
    uint32_t id; /* of the action; 0: none */
    enum action_kind kind;
    bool is_phone_told;
    bool is_held; /* pick up: it was on hold when it was asked for */
    char user_id[REX_ID_BYTES];
    char extension[REX_NUMBER_BYTES], name[REX_TEXT_BYTES];
    char call_id[REX_CALL_ID_BYTES];
    char session[REX_ID_BYTES], party[REX_ID_BYTES];
    char partner[REX_ID_BYTES]; /* the party at the other end; "": none, or several */
};

enum rex_supervise_state {
    REX_AT_IDLE,
    REX_AT_LOOK, /* the call is looked at once more */
    REX_AT_ASK,  /* our phone is asked for */
    REX_AT_RING, /* it rings, or is lifted and waits for keys */
    REX_AT_ON,
    REX_AT_END, /* its leg is being removed */
};

struct rex_supervise {
    struct rex_act *act;
    enum rex_supervise_state state;
    struct rex_order asked; /* under way */
    struct rex_order on;    /* confirmed */
    struct rex_order was;   /* was confirmed; its leg was removed so that another mode may begin */
    struct rex_order next;  /* begins when the leg is gone */
    struct rex_order stop;
    struct rex_own_leg *leg;
    struct err why;    /* of the end */
    bool is_lifted;    /* our phone, while keys are waited for */
    bool is_unsure;    /* told so */
    bool is_cancelled; /* while it is asked for: not wanted any more */
    bool is_reading;   /* a doubt is being looked into */
    bool is_peer_read; /* whom our phone supervises was asked */
    uint64_t stamp;
    uint64_t read_stamp; /* rex_view.stamp after the last doubt */
    unsigned asks;       /* how often it was asked since it was asked for, without events */
    struct io_timer *deadline, *doubt, *ask;
};

enum rc rex_supervise_do(struct rex_act *act, const struct action *action, struct err *err);
void rex_supervise_lost(struct rex_act *act);
void rex_supervise_leave(struct rex_act *act);
void rex_supervise_fini(struct rex_act *act);
bool rex_supervise_wants(const struct rex_act *act, const char *session_id);
/* What is under way or on ends; `why` says so. */
void rex_supervise_end(struct rex_act *act);
/* The leg's removal is not waited for any longer: it goes on by itself. */
void rex_supervise_give_up(struct rex_act *act);
void rex_supervise_confirm(struct rex_act *act);
void rex_supervise_tell(struct rex_act *act, const struct rex_order *order, enum action_stage stage,
                        enum rc rc, const char *text);
void rex_supervise_arm(struct rex_act *act, int64_t after_ms);
bool rex_order_takes(const struct rex_order *order); /* pick up, take over */
bool rex_order_fits(const struct rex_order *order, const struct rex_party *party); /* its call's */
const struct rex_order *rex_supervise_current(const struct rex_supervise *s);
int64_t rex_ring_ms(const struct rex_act *act);

void rex_watch(struct rex_act *act);      /* after the view or the floor has changed */
void rex_watch_late(struct rex_act *act); /* the deadline */
/* Is the call that is being taken on our phone now? */
bool rex_watch_has_call(const struct rex_act *act, const struct rex_own_leg *leg);
/* A pick up was refused, s->why says so: it ends a little later, when it is known whether the call
 * went to somebody else. */
void rex_watch_lost(struct rex_act *act);
void rex_watch_synced(struct rex_act *act);
void rex_watch_ask(struct rex_act *act); /* without events: how it is, soon */

const char *rex_star_code(enum action_kind kind); /* "*81"; NULL when it has none */
void rex_say_gone(struct rex_act *act, const struct rex_order *order, struct err *err);
void rex_say_unlifted(struct rex_act *act, const struct rex_party *party, struct err *err);
void rex_say_refused(struct rex_act *act, const struct rex_order *order,
                     const struct rex_answer *answer, struct err *err);
/* Why an answer is no yes, short: "RingCentral refuses (400, CMN-101)"; the log has it whole. */
void rex_say_answer(const struct rex_answer *answer, char *out, size_t size);
void rex_say_phone(const struct rex_act *act, const struct rex_order *order, char *out,
                   size_t size);

/* ---- act.c ---- */

struct rex_act {
    struct rex_act_config config;
    struct rex_view view;
    struct rex_can can;
    struct rex_supervise supervise;
    VEC(struct rex_job *) jobs;
    VEC(struct rex_own_leg *) legs;
    VEC(struct rex_find *) finds;
    bool is_synced;
    bool has_events; /* else what becomes of what is done is asked */
    bool is_leaving;
    void (*left)(void *self);
    void *left_self;
    struct io_timer *leave;
};

struct rex_want {
    const char *method, *body; /* NULL: none */
    enum rex_group group;
    /* As they are and escaped, by turns; ends with NULL. */
    const char *const *path;
};
void rex_act_ask(struct rex_act *act, const struct rex_want *want, rex_done *done, void *self);
#define REX_ACCOUNT "/restapi/v1.0/account/~/"
#define REX_SESSION REX_ACCOUNT "telephony/sessions/"
#define REX_ASK(act, method, body, group, done, self, ...)                          \
    rex_act_ask((act),                                                              \
                &(const struct rex_want){(method), (body), (group),                 \
                                         (const char *const[]){__VA_ARGS__, NULL}}, \
                (done), (self))
/* Nobody knows whether it was done. */
bool rex_is_unknown(const struct rex_answer *answer);

void rex_stop_timer(const struct rex_act *act, struct io_timer **timer);
void rex_start_timer(const struct rex_act *act, struct io_timer **timer, int64_t after_ms,
                     void (*fire)(void *self), void *self);
void rex_check_left(struct rex_act *act);
const char *rex_own_id(const struct rex_act *act);
/* An action on this party is under way, or was so a moment ago. */
bool rex_act_is_busy(const struct rex_act *act, const char *call_id);

#endif
