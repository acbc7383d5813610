/* A small account of the service, behind the fake network: what section by section of the contract
 * says it answers, with people, lines and calls that a test moves; and the backend on it, its
 * events in a model. Nothing is answered unless the test lets it (house_run). */
#ifndef TESTS_UNIT_REX_HOUSE_H
#define TESTS_UNIT_REX_HOUSE_H

#include "callhud/backend/backend.h"
#include "callhud/model/hud.h"

#include "fake_io.h"

#define HOUSE_PEOPLE 128
#define HOUSE_CALLS 8

struct house_call {
    char session[32], party[32];
    const char *state; /* "Ringing", ... */
    bool is_outbound;
};
struct house_person {
    char id[24], extension[16], name[40];
    const char *status, *user_status, *dnd; /* "Available", "Available", "TakeAllCalls" */
    const char *telephony;                  /* NULL: as the calls say */
    bool hides, is_refused, in_meeting, withholds;
    bool is_left_out; /* of answers about several */
    struct house_call calls[HOUSE_CALLS];
    size_t calls_len, total; /* total 0: as many as there are */
    int64_t sequence;
};

struct house {
    struct fake_io net;
    struct backend *backend;
    struct backend_config config;
    struct hud hud;
    size_t gaps, lost;
    char link_text[600];

    struct house_person people[HOUSE_PEOPLE]; /* the first one is we: id 500, extension 900 */
    size_t people_len;
    size_t lines[HOUSE_PEOPLE]; /* indexes of people; two reserved ones of our own go before */
    size_t lines_len;
    bool rings_when_monitored, picks_up_held;

    const char *scope;
    int lines_status, directory_status, account_status; /* 0: fine */
    int ws_status, token_status, own_status;
    int features_status;
    int presence_status;  /* of questions for the presence of one or some */
    unsigned pages;       /* of the account's presence; 0: 1 */
    const char *disabled; /* a filter that is switched off */
    bool holds_presence;  /* answers about the presence of others wait */
    bool holds_sessions;  /* and those about sessions */
    const char *held[2];  /* and those to requests that hold one of these */
    bool is_light_spent;  /* the next question for presence is refused for a minute */
    bool is_endless;      /* every page of a list says that there is a next one: it is the same */
    bool is_deaf;         /* no event is sent */
    bool forgets;         /* sessions cannot be recovered */
    VEC(char *) asked;    /* "GET /restapi/..." in order; "SUBSCRIBE" and "CHANGE" among them */
    VEC(char *) filters;  /* of the last subscription */
    VEC(char *) kept;     /* notifications while there is no socket, for the recovery */
    bool has_subscription;
    uint64_t uuid;
};

/* `people` of them besides us, 101, 102, ..., all in our list, all free. The backend is not open.
 */
void house_init(struct house *house, size_t people);
void house_open(struct house *house);
void house_open_live(struct house *house); /* and runs until it is live; fails when it is not */
void house_fini(struct house *house);      /* closes; fails when anything was left */
int house_tear_down(void **state);         /* of a test whose state is a house */
/* Lets ms pass, serving whatever is asked every 10 ms. */
void house_run(struct house *house, int64_t ms);
void house_serve(struct house *house);

struct house_person *house_person(struct house *house, const char *extension);
/* Sets the one call of a person ("" ends it) and tells the event. */
void house_call(struct house *house, const char *extension, const char *state, bool is_outbound);
void house_tell(struct house *house, const char *extension); /* its presence, as an event */
void house_tell_lines(struct house *house);
void house_session(struct house *house, const char *extension, const char *code, int64_t sequence);
void house_say(struct house *house, const char *frame); /* raw, on the socket there is */
void house_drop(struct house *house);                   /* the socket */

enum lamp house_lamp(const struct house *house, const char *extension);
bool house_is_stale(const struct house *house, const char *extension);
size_t house_count(const struct house *house, const char *part); /* requests that hold it */
void house_forget(struct house *house);                          /* those until now */
bool house_has_filter(const struct house *house, const char *filter);

#endif
