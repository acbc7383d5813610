/* RingCentral's telephone part as the contract (section 4) tells it, small: calls, our phone, the
 * requests of acting, and their events, for test_rex_act*. What a request is answered, and which
 * events are told, the test can change. */
#ifndef TESTS_UNIT_REX_SERVICE_H
#define TESTS_UNIT_REX_SERVICE_H

#include "callhud/backend/ringcentral/act.h"

#include "fake_io.h"

#define OWN "400100" /* extension 100, whose phone is DEVICE */
#define DEVICE "60727004"

struct svc_party {
    char session[64], id[64];
    char extension[32], from[32], to[32]; /* extension ids; "" */
    char to_number[32], device[32];
    const char *code, *reason;
    char peer_session[64], peer_party[64];
    bool is_inbound, is_recorded;
};

enum svc_way { /* how the service tells that our phone supervises (UNVERIFIED, section 4.4) */
               SVC_GONE_TO_CALL,   /* the leg of the call-out goes to the call's session */
               SVC_GONE_FROM_CALL, /* in the call's session a party of ours goes to our leg */
               SVC_GONE_APART,     /* the leg goes to a session of its own */
               SVC_ANSWERED,       /* listening: the leg is just Answered */
};

struct svc {
    struct fake_io fake;
    struct backend_config config;
    struct rex_shared *shared;
    struct rex_signin *signin;
    struct rex_rest *rest;
    struct rex_sync *sync;
    struct rex_floor floor;
    struct rex_act *act;
    struct buf log;   /* what was told, a line each */
    struct buf asked; /* requests "METHOD path body", a line each */
    VEC(char *) ledger;
    unsigned puts, drops;
    bool is_ledger_broken;

    VEC(struct svc_party) parties;
    VEC(struct svc_party) silent; /* not told yet */
    int64_t sequence;
    int made; /* sessions and parties */
    enum svc_way way;
    bool is_deaf;          /* events are not told */
    bool is_polling;       /* there is no websocket (with is_deaf) */
    bool hides_recordings; /* neither events nor answers tell whether a call is recorded */
    bool omits_active;     /* nor does the answer to a recording that was begun or ended */
    bool hides_numbers;    /* presence tells calls without their numbers */
    bool omits;            /* a session's answer leaves out parties that are over */
    const char *dnd;       /* dndStatus as written last; NULL: as the floor has it */
    bool is_phone_online;
    const char *devices; /* body; NULL: one desk phone */
    const char *scope;
    /* The next `times` requests whose "METHOD path" has this in it are answered so. status 0: no
     * answer, for the reason rc. is_done: it was done all the same. */
    struct svc_fail {
        const char *match;
        int status, times;
        enum rc rc;
        const char *code;
        bool is_done;
    } fail;
};

void svc_open(struct svc *s, const char *scope);  /* signed in, synced, phones known */
void svc_begin(struct svc *s, const char *scope); /* only signed in */
void svc_sync(struct svc *s);
void svc_close(struct svc *s);
void svc_serve(struct svc *s);            /* until nothing is asked any more */
void svc_pass(struct svc *s, int64_t ms); /* time, serving */
void svc_hold_answers(struct svc *s);     /* see svc_serve_one */
bool svc_serve_one(struct svc *s);

/* A user and a call "s-1/p-1" of the user with the outside world ("p-2"), in that state. */
void svc_user(struct svc *s, const char *extension);
void svc_call(struct svc *s, const char *extension, const char *session, const char *code);
struct svc_party *svc_party(struct svc *s, const char *session, const char *id);
/* The party is so from now on; told. */
void svc_set(struct svc *s, const char *session, const char *id, const char *code,
             const char *reason);
void svc_presence(struct svc *s, const char *extension); /* told as it is */
void svc_tell(struct svc *s, const struct svc_party *party);
/* Our own party that lives; NULL. */
struct svc_party *svc_leg(struct svc *s);
void svc_lift(struct svc *s);
void svc_key(struct svc *s, const char *session); /* extension and #: of that call */
void svc_drop_leg(struct svc *s, const char *reason);

enum rc svc_act(struct svc *s, uint32_t id, enum action_kind kind, const char *extension,
                const char *call_id, bool is_on, struct err *err);
/* The log since the last look. */
void svc_expect(struct svc *s, const char *expected);
bool svc_has_asked(struct svc *s, const char *what);
size_t svc_legs(struct svc *s);      /* our parties that live */
void svc_check_clean(struct svc *s); /* fails when any does, or anything is in the ledger */

#endif
