/* What the modules of calls share: telephony, supervise, device, traffic, control. */
#ifndef CALLHUD_EXCHANGE_TELEPHONY_H
#define CALLHUD_EXCHANGE_TELEPHONY_H

#include "routes.h"

#define CALLS_LINGER_MS 5000 /* how long what is over stays in memory: answers may show it */
#define CALLS_RING_MS 60000  /* nobody answers; a scripted call rings on */
#define CALLS_MAILBOX_MS 15000
#define CALLS_QUEUE_RING_MS 18000
#define CALLS_ORBITS 99 /* *801 to *899 */
#define CALLS_ORBITS_MAX 50

#define SUPERVISE_LIFT_MS 300       /* with autoAnswer */
#define SUPERVISE_LIFT_SELF_MS 2500 /* a phone that lifts itself */
#define SUPERVISE_RING_MS 30000
#define DEVICE_DIGIT_MS 2000   /* no further digit: the number is complete */
#define DEVICE_PROMPT_MS 20000 /* how long a feature code waits for the extension */
#define DEVICE_HAND_MS 700     /* how often somebody who will key looks whether he is asked */

#define HOLD_BY_REST 1u
#define HOLD_BY_PHONE 2u

/* A session with what only these modules need. */
struct call {
    struct ex_session session; /* first */
    size_t place;              /* among the live ones */
    unsigned parties_made;
    bool is_over, is_conference;
    bool is_ring_out;        /* the first party is its initiator */
    struct ex_party *caller; /* who is at the beginning of it */
    struct ex_party *host;   /* of a conference */
    struct ex_queue *queue;  /* whose agents are being tried; NULL */
    unsigned tries;
    char target[32]; /* of a call out: dialled when the phone is lifted; "" */
};

struct supervision {
    struct ex_supervision told; /* first */
    struct ex_party *seat;      /* in the agent's session */
    struct ex_party *target;    /* of P/supervise: whom it hears; NULL: the whole call */
    bool is_up;                 /* confirmed: the leg is answered */
};

struct traffic;
struct ex_calls {
    struct map sessions; /* live ones by id */
    VEC(struct call *) live;
    VEC(struct call *) over; /* not freed yet */
    VEC(struct supervision *) supervisions;
    struct ex_party *orbits[CALLS_ORBITS];
    unsigned parked[EX_LOCATIONS]; /* calls at each park location */
    uint64_t last_short_id, recordings_made;
    struct traffic *traffic; /* NULL: none */
};

/* Where a call is sent. */
enum place_kind { TO_USER, TO_QUEUE, TO_OUTSIDE, TO_MAILBOX, TO_LOCATION };
struct place {
    enum place_kind kind;
    struct ex_user *user;
    struct ex_queue *queue;
    uint64_t location;
    char number[24], name[64];
};

/* --- telephony.c: sessions and parties ------------------------------------------------------- */

struct call *call_of(const struct ex_session *session);
struct ex_session *call_new(struct ex *x, const char *origin, bool is_scripted);
/* In Setup; nothing is told yet. */
struct ex_party *party_new(struct ex *x, struct ex_session *session, struct ex_user *user,
                           bool is_outbound);
/* A supervisor's seat: as party_new(), but in no user's list. */
struct ex_party *party_new_seat(struct ex *x, struct ex_session *session, struct ex_user *user);
bool party_is_live(const struct ex_party *party);
bool party_is_ringing(const struct ex_party *party);   /* Setup, Proceeding */
bool party_is_connected(const struct ex_party *party); /* Answered, Hold */
void party_tell(struct ex *x, struct ex_party *party); /* the event of one change */
/* The new code with its event and presence; ends with the session what ends with it. */
void party_set(struct ex *x, struct ex_party *party, enum ex_code code, const char *reason);
/* Each is the other's peer from now on. */
void party_join(struct ex *x, struct ex_party *a, struct ex_party *b);
/* The number of live parties of a session, seats apart. */
size_t session_live(const struct ex_session *session);
struct ex_party *session_party(const struct ex_session *session, const char *id); /* NULL */
struct ex_device *user_device(const struct ex_user *user); /* the first online; NULL */

/* --- telephony_place.c: where numbers lead --------------------------------------------------- */

/* What a number means to a caller of ours; false: nothing. */
bool place_of_number(struct ex *x, const char *number, struct place *out);
/* Exactly one of phoneNumber, extensionNumber, extensionId, voicemail and, for a transfer,
 * parkOrbit of a body. False: the reply is filled. */
bool place_of_body(struct ex *x, struct ex_args *args, bool has_park, struct place *out);
struct ex_party *orbit_party(const struct ex *x, const char *orbit); /* "*801"; NULL */
bool orbit_take(struct ex *x, struct ex_party *party); /* fills park; false: none is free */
/* A user of ours is free for calls: enabled, online, no DND. */
bool user_takes_calls(const struct ex_user *user);
/* One call more or less at the park location of that id, if it is one. */
void location_count(struct ex *x, uint64_t extension_id, int by);

/* --- telephony_json.c ------------------------------------------------------------------------ */

json_t *party_json(struct ex *x, const struct ex_party *party);
json_t *session_json(struct ex *x, const struct ex_session *session);
json_t *party_event(struct ex *x, const struct ex_party *party);

/* --- telephony_move.c, telephony_hand.c ------------------------------------------------------ */

/* Rings at the place for far; tells far's Setup too when it has not been. The new party; NULL when
 * nobody rings: a mailbox takes it. */
struct ex_party *call_ring(struct ex *x, struct ex_party *far, const struct place *to,
                           bool is_queue_call);
/* As ex_dial(). */
struct ex_session *call_dial(struct ex *x, struct ex_user *from, struct ex_device *device,
                             const char *number, bool is_scripted);
/* Carries on as if the party had just dialled: an extension, an outside number, "*801", "*82". */
void call_dialled(struct ex *x, struct ex_party *party, const char *number);
bool call_hold(struct ex *x, struct ex_party *party, unsigned by, bool is_on);
bool call_transfer(struct ex *x, struct ex_party *party, const struct place *to);
bool call_forward(struct ex *x, struct ex_party *party, const struct place *to, const char *reason);
bool call_bridge(struct ex *x, struct ex_party *party, struct ex_party *with);
/* The new party of the user, connected at the device; NULL: nothing there to be picked up. */
struct ex_party *call_pick_up(struct ex *x, struct ex_party *party, struct ex_user *user,
                              struct ex_device *device);
/* The same of "*801"; from is a party of the user in a session of its own, or NULL. */
struct ex_party *call_unpark(struct ex *x, struct ex_party *parked, struct ex_user *user,
                             struct ex_device *device, struct ex_party *from);
struct ex_party *call_flip(struct ex *x, struct ex_party *party, struct ex_device *device);
/* Switches a recording on or off; the first time it is made. */
void call_record(struct ex *x, struct ex_party *party, bool is_on, bool is_by_rule);
/* A new party of the user at the device, connected to far. */
struct ex_party *call_connect(struct ex *x, struct ex_session *session, struct ex_user *user,
                              struct ex_device *device, struct ex_party *far);
/* A leg of ours or of the world outside goes on in another session, in Setup and without peer; the
 * old one is Gone. */
struct ex_party *call_move(struct ex *x, struct ex_party *old, struct ex_session *into,
                           const char *reason);
/* The session is over for everyone; first ends before the others. */
void call_end(struct ex *x, struct ex_session *session, struct ex_party *first, const char *reason);
void queue_hunt(struct ex *x, struct ex_session *session, struct ex_queue *queue);
/* The agent at whom a queue's call rings does not want it: the next one. False: no such call. */
bool queue_refused(struct ex *x, struct ex_party *party, const char *reason);
/* A call from outside to any place. */
struct ex_session *call_place(struct ex *x, const char *from_number, const char *from_name,
                              const struct place *to, bool is_scripted);

/* --- telephony_more.c: conferences, ring out, call out --------------------------------------- */

struct ex_session *call_out(struct ex *x, struct ex_user *user, struct ex_device *device,
                            const char *number, const char *origin);
void call_lifted(struct ex *x, struct ex_party *party); /* the phone of a call out is lifted */
void on_call_out(struct ex *x, struct ex_args *args);
void on_conference(struct ex *x, struct ex_args *args);
void on_bring_in(struct ex *x, struct ex_args *args);
void on_ring_out(struct ex *x, struct ex_args *args);
void on_ring_out_read(struct ex *x, struct ex_args *args);
void on_ring_out_end(struct ex *x, struct ex_args *args);

/* --- telephony_rest.c, telephony_table.c ----------------------------------------------------- */

/* 403 TAS-106, and 409: the codes for the latter are not known. */
void reply_forbidden(struct ex_reply *reply);
void reply_conflict(struct ex_reply *reply);
/* The session and party of the path; NULL: the reply is filled. */
struct ex_session *args_session(struct ex *x, struct ex_args *args);
struct ex_party *args_party(struct ex *x, struct ex_args *args);
/* The caller's online device named by a key of the body; NULL: the reply is filled. */
struct ex_device *args_device(struct ex *x, struct ex_args *args, const json_t *body,
                              const char *key);

/* --- supervise.c ----------------------------------------------------------------------------- */

void on_supervise_session(struct ex *x, struct ex_args *args);
void on_supervise_party(struct ex *x, struct ex_args *args);
/* What a party's end, parking or new partner means for those who listen. */
void supervise_party_left(struct ex *x, struct ex_party *party);
void supervise_leg_answered(struct ex *x, struct ex_party *own);
struct supervision *supervision_of_leg(const struct ex *x, const struct ex_party *own); /* NULL */
/* "*82" and "102#" of a phone whose leg to the code is answered. Ends the leg when refused. */
void supervise_by_code(struct ex *x, struct ex_party *leg, const char *extension);
bool is_supervise_code(const char *number); /* "*80" to "*83" */
void supervisions_free(struct ex *x);

/* --- device.c -------------------------------------------------------------------------------- */

/* Each false: not possible now. dial: the session made or spoken to in *session; NULL: the number
 * is not complete. */
bool device_dial(struct ex *x, struct ex_device *device, const char *digits,
                 struct ex_session **session);
bool device_answer(struct ex *x, struct ex_device *device);
bool device_hold(struct ex *x, struct ex_device *device);
bool device_hangup(struct ex *x, struct ex_device *device);
/* The device is about to talk: what it talks to now is put on hold. but may be NULL. */
void device_takes(struct ex *x, struct ex_device *device, const struct ex_party *but);
/* The leg to a feature code is up: digits are its. */
void device_prompt(struct ex *x, struct ex_party *leg);
void device_left(struct ex *x, struct ex_party *party); /* forgets digits of a leg that ended */

/* --- traffic.c ------------------------------------------------------------------------------- */

void traffic_start(struct ex *x);
void traffic_stop(struct ex *x);
void traffic_rings(struct ex *x, struct ex_party *party);    /* what will its owner do? */
void traffic_answered(struct ex *x, struct ex_party *party); /* how will they go on? */
void traffic_over(struct ex *x, struct ex_session *session);

#endif
