/* Shared by supervise*.c: the state machine, what it makes at the server, and what it watches. */
#ifndef CALLHUD_SRC_SUPERVISE_PARTS_H
#define CALLHUD_SRC_SUPERVISE_PARTS_H

#include "callhud/backend/asterisk/supervise.h"

#include "callhud/base/str.h"
#include "callhud/base/vec.h"

#define SUPERVISE_SETTLE_MS 500 /* what leaves a bridge may come back within this, or says why */
#define SUPERVISE_OVERSLEPT_MS 20
#define SUPERVISE_LEAVE_MS 2000
#define SUPERVISE_DOUBT_MS 30000 /* no older event is on its way on a link that lives */
#define SUPERVISE_TRIES 6        /* of one removal, until the next snapshot */
#define SUPERVISE_RETRY_MS 500

enum supervise_state {
    AT_IDLE,
    AT_DIAL,     /* our phone is asked for */
    AT_RING,     /* it rings */
    AT_BRIDGE,   /* it was lifted; a bridge is asked for */
    AT_JOIN,     /* it is to enter the bridge */
    AT_SNOOP,    /* a snoop of the target is asked for */
    AT_ADD,      /* it is to enter the bridge */
    AT_ON,       /* confirmed */
    AT_SW_SNOOP, /* confirmed in one mode; the snoop of another is asked for */
    AT_SW_DROP,  /* the old snoop is to go */
    AT_SW_ADD,   /* the new one is to enter the bridge */
    AT_CLAIM,    /* lifted; the right to take the call over is asked for */
    AT_HOLD,     /* is it still held? */
    AT_VARS,     /* the dialplan is told whom to connect */
    AT_GO,       /* on its way through the dialplan */
    AT_ON_CLAIM, /* the same out of a supervision that is confirmed */
    AT_ON_HOLD,
    AT_ON_VARS,
    AT_ON_GO,
    AT_WHY,    /* the phone came back alone: what follows says why */
    AT_STOP,   /* what was made is being removed; then it is told */
    AT_UNSURE, /* was confirmed when the link was lost */
    AT_COUNT
};

enum supervise_input {
    /* what people want */
    IN_DIAL,        /* something, and no phone is lifted */
    IN_LIFTED_MODE, /* the phone is lifted, to listen, whisper or barge */
    IN_LIFTED_TAKE, /* to take over or pick up a call that is talked on or held */
    IN_LIFTED_PICK, /* to pick up a call that rings */
    IN_SWITCH,      /* the same call in another mode; before it is confirmed: in another way */
    IN_TAKE,        /* the call that is supervised */
    IN_OTHER,       /* another call; it waits in `next` */
    IN_STOP,
    /* what the server answered to the step */
    IN_OK,
    IN_MISSING,  /* 404 */
    IN_CONFLICT, /* 409, 422 */
    IN_DENIED,   /* 403 */
    IN_ERROR,    /* any other status */
    IN_SILENCE,  /* no answer */
    IN_LATE,     /* the step's time is over */
    IN_LEDGER,   /* not asked: it could not be written down */
    /* what the events say */
    IN_RINGS,
    IN_PHONE_IN,  /* our phone is in our bridge */
    IN_PHONE_OUT, /* it has left it for good */
    IN_PHONE_GONE,
    IN_SNOOP_UP, /* the snoop is ours to use */
    IN_SNOOP_IN, /* and in the bridge */
    IN_SNOOP_GONE,
    IN_OLD_GONE, /* the snoop of the mode before is heard by nobody */
    IN_TARGET_GONE,
    IN_CHANGED, /* the other party is another one */
    IN_RESUMED, /* the line to pick up is held or rings no more */
    IN_BRIDGED, /* our phone and the caller are in one bridge */
    IN_LOST,
    IN_SYNCED, /* the link is back, and all is as it was */
    IN_CLEAN,  /* what concerns people is removed */
    IN_COUNT
};

typedef void supervise_effect(struct supervise *s);
/* One cell. The effect runs in the new state; supervise_stay changes nothing. */
struct supervise_cell {
    enum supervise_state next;
    supervise_effect *effect;
};
const struct supervise_cell *supervise_cell(enum supervise_state state, enum supervise_input input);

/* An action and the call as it was seen. */
struct order {
    uint32_t id; /* 0: there is none */
    enum action_kind kind;
    bool is_phone_told;
    char user_id[ARI_NUMBER_BYTES];
    char target_id[ARI_ID_BYTES]; /* channel of the user's leg */
    char far_id[ARI_ID_BYTES];    /* channel at the other end; "": not known */
    char mate_id[ARI_ID_BYTES];   /* channel next to the target, which Bridge() takes; "": none */
    enum ari_leg leg;             /* of the target */
};

enum part { PART_PHONE, PART_BRIDGE, PART_SNOOP, PART_CLAIM };

#define SUPERVISE_ID_BYTES (ARI_ID_BYTES + 16)

/* A channel or bridge of ours at the server, from before it is asked for until it is gone. */
struct thing {
    struct supervise *s;
    enum part part;
    char id[SUPERVISE_ID_BYTES];
    enum supervise_mode mode; /* of a snoop */
    bool is_listed;           /* in the ledger */
    bool is_open;             /* the request that makes it has no answer yet */
    bool is_doubtful;         /* it got none: a 404 may be too early */
    bool is_seen;             /* an event named it */
    bool is_up;               /* a channel: it is in our application, so a phone was lifted */
    bool is_on_its_way; /* a phone that went into the dialplan: it may be in a person's call */
    bool is_looked_at;  /* then: the server has answered since, and it was there */
    bool is_doomed;     /* to be removed */
    bool is_deleting;   /* DELETE, or what is asked before it, is under way */
    bool is_deleted;    /* a phone: the server said yes, its event has not come */
    unsigned tries;
    int64_t due_ms; /* of the next try; 0: with the next snapshot */
};

struct supervise {
    struct ari_part_config config;
    char prefix[24]; /* "callhud-8HEX-" */
    unsigned serial;
    enum supervise_state state;
    bool is_synced; /* the world is true */
    bool is_leaving;
    struct order asked; /* under way, not confirmed */
    struct order on;    /* the supervision that is confirmed; also while another one is asked */
    struct order next;  /* waits for AT_STOP or AT_ON */
    struct order stop;  /* ACTION_STOP */
    VEC(struct thing *) things;
    char claimant[ARI_NAME_BYTES];                /* the name on another callhud's claim; "" */
    struct thing *phone, *bridge, *snoop, *claim; /* those in use, not doomed; NULL */
    struct thing *old_snoop;         /* of the confirmed mode, while the snoop of another is made */
    char old_id[SUPERVISE_ID_BYTES]; /* of the one that is to leave the bridge; "" */
    struct err why;                  /* of the end that is under way */
    struct err ledger;               /* why the last thing was not written down */
    char changed[160];               /* what watch found about the call */
    int status;                      /* of the step's last answer, 0: none */
    char answer[256];                /* its text */
    int cause;                       /* why our phone ended, Q.850; 0: not told */
    int64_t dialled_ms;
    bool is_phone_leaving; /* the phone itself hung up */
    bool is_taken;         /* given up, and the phone was found with the caller after all */
    bool is_doubted;       /* waited for longer, as the phone may be with the caller */
    struct io_timer *deadline, *doubt, *sweep;
    int64_t deadline_ms, doubt_ms; /* when they are due */
    struct io_timer *leave;
    void (*left)(void *self);
    void *left_self;
};

/* ---- supervise.c: inputs and what is told ---- */
void supervise_feed(struct supervise *s, enum supervise_input input);
void supervise_tell(struct supervise *s, const struct order *order, enum action_stage stage,
                    enum rc rc, const char *text);
int64_t supervise_now(const struct supervise *s);
/* A timer in place of *timer, due at *due_ms; when it fires it must ask supervise_overslept(). */
void supervise_wait(struct supervise *s, struct io_timer **timer, int64_t *due_ms, int64_t ms,
                    void (*fire)(void *self));
/* Fires so late that what has come meanwhile waits to be read, and may say why: true when it is put
 * off for that. */
bool supervise_overslept(struct supervise *s, struct io_timer **timer, int64_t *due_ms,
                         void (*fire)(void *self));
int64_t supervise_ring_ms(const struct supervise *s); /* how long our phone rings */
/* Fails with why what waits in `next` and forgets it. */
void supervise_drop_next(struct supervise *s, enum rc rc, const char *text);
/* Begins what waits in `next`, by phone or with the lifted one. */
void supervise_begin(struct supervise *s);
void supervise_check_left(struct supervise *s); /* is supervise_leave() done? */

/* ---- supervise_check.c: may it be done? ---- */
/* The call as it is now, for an action on it; RC_DENIED or RC_NOT_FOUND with what is in the way. */
enum rc supervise_look(const struct supervise *s, const struct action *action, struct order *out,
                       struct err *err);
/* The same for an order that has waited: it must be the call that was seen. */
enum rc supervise_look_again(const struct supervise *s, struct order *order, struct err *err);
/* The one channel that is bridged with it: what Bridge() is to take; NULL when there is not one. */
const struct ari_chan *supervise_mate(const struct ari_chan *chan);
/* Is our phone there to ring? */
enum rc supervise_check_phone(const struct supervise *s, struct err *err);

/* ---- supervise_things.c ---- */
/* NULL, with s->ledger set, when it cannot be written down: it may not be asked for. */
struct thing *supervise_make(struct supervise *s, enum part part, enum supervise_mode mode);
/* Asks for it with POST uri (and body); the answer is fed while it is in use. */
void supervise_post(struct thing *thing, const char *uri, const char *body);
void supervise_doom(struct thing *thing);                         /* NULL is fine */
void supervise_doom_all(struct supervise *s, bool is_phone_kept); /* the snoop first: silence */
/* It is not ours to remove (any more): out of the ledger and forgotten. */
void supervise_forget(struct thing *thing);
void supervise_unlist(struct thing *thing); /* out of the ledger, not forgotten */
void supervise_list(struct thing *thing);   /* into it again */
struct thing *supervise_find(const struct supervise *s, const char *id);
void supervise_thing_ended(struct thing *thing); /* its event says that it is gone */
void supervise_sweep(struct supervise *s);       /* asks again for what is left */
/* Is nothing left that a person could hear or that rings? */
bool supervise_is_clean(const struct supervise *s);
void supervise_forget_all(struct supervise *s); /* asks nothing */
void supervise_retry_all(struct supervise *s);  /* what was given up on, now */
/* Takes a channel of ours that nobody waits for any more, to remove it. */
void supervise_adopt_doomed(struct supervise *s, enum part part, const char *id);
bool supervise_is_our_claim(const struct supervise *s, const char *name);

/* ---- supervise_steps.c: effects ---- */
supervise_effect supervise_stay, supervise_dial, supervise_ring, supervise_retarget,
    supervise_ask_bridge, supervise_join, supervise_ask_snoop, supervise_add, supervise_confirm,
    supervise_drop_old, supervise_delete_old, supervise_fail_back, supervise_fail_unsure,
    supervise_ask_claim, supervise_ask_hold, supervise_ask_vars, supervise_go, supervise_taken,
    supervise_wonder, supervise_end, supervise_move, supervise_part, supervise_finish,
    supervise_unsure, supervise_sure;
void supervise_cancel_step(struct supervise *s);
enum supervise_input supervise_classify(struct supervise *s, const struct rest_answer *answer);

/* ---- supervise_watch.c ---- */
/* Looks at the target, the other party, our phone and snoop, and feeds what is to be fed. */
void supervise_watch(struct supervise *s);
void supervise_undoubt(struct supervise *s);
const struct order *supervise_current(const struct supervise *s); /* asked, else on; id may be 0 */
bool supervise_is_in_bridge(const struct supervise *s, const char *channel_id); /* ours */
bool supervise_is_going(const struct supervise *s); /* our phone is the dialplan's */
/* Is that phone talking with the one whom `asked` is to connect it with? */
bool supervise_is_bridged(const struct supervise *s, const char *phone_id);
void supervise_decide(struct supervise *s); /* what is missing now is missing */

/* ---- supervise_text.c ---- */
/* Why it ends, into s->why. */
void supervise_explain(struct supervise *s, enum supervise_input input);
/* "taken by 108" or "the call has ended"; always RC_NOT_FOUND. */
enum rc supervise_say_gone(const struct supervise *s, const char *target_id, struct err *err);
const char *supervise_phone_number(const struct supervise *s, char *to, size_t size);

#endif
