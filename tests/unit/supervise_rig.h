/* A small telephone system behind the fake network, for the supervision: it does what ARI does to
 * the requests that the supervision makes (contracts: asterisk 5, 6), one request at a time, and
 * says it with events. Users 101, 102, 104 and the supervisor 108; outside callers by the carrier.
 */
#ifndef TESTS_UNIT_SUPERVISE_RIG_H
#define TESTS_UNIT_SUPERVISE_RIG_H

#include "../../src/backend/asterisk/supervise_parts.h"
#include "fake_io.h"

struct pbx_chan {
    char id[64], name[80], state[16], app[24], bridge[64], dialler[64];
    bool is_held;
};

enum pbx_dialplan { DIALPLAN_GOOD, DIALPLAN_ABSENT, DIALPLAN_SLOW };

struct sup_rig {
    struct fake_io fake;
    struct ari_people people;
    struct ari_world world;
    struct rest *rest;
    struct backend_config config;
    struct supervise *s;
    const char *app; /* NULL: no link */

    VEC(struct pbx_chan) chans;
    VEC(char *) bridges;
    VEC(char *) bridge_names;
    char retrieve[80], pickup[80]; /* variables of the phone */
    enum pbx_dialplan dialplan;
    bool is_slow_lift; /* the phone is lifted by sup_lift() only (else too) */

    VEC(char *) ledger;
    bool is_ledger_broken;
    struct buf log;   /* a line per action event: "1 confirmed listen RC_OK 101 text" */
    struct buf asked; /* a line per request, as it was served: "POST channels?..." */
    size_t left;      /* done() of supervise_leave() */
    uint32_t last_id;
};

void sup_init(struct sup_rig *rig);
void sup_fini(struct sup_rig *rig); /* nothing may be left: requests, timers */

/* Channels of people. */
void sup_talk(struct sup_rig *rig, const char *agent, const char *outside, const char *ext);
void sup_ring(struct sup_rig *rig, const char *agent, const char *outside, const char *ext);
void sup_hold(struct sup_rig *rig, const char *agent, bool is_held);
void sup_answer_ringing(struct sup_rig *rig, const char *agent, const char *outside);
void sup_hangup(struct sup_rig *rig, const char *id, int cause);
void sup_enter(struct sup_rig *rig, const char *id, const char *bridge);
void sup_leave_bridge(struct sup_rig *rig, const char *id);
void sup_destroy_bridge(struct sup_rig *rig, const char *id);
void sup_make_bridge(struct sup_rig *rig, const char *id, const char *name);
struct pbx_chan *sup_chan(struct sup_rig *rig, const char *id);
struct pbx_chan *sup_chan_like(struct sup_rig *rig, const char *part); /* id contains */
void sup_rename(struct sup_rig *rig, const char *id, const char *name);
void sup_say(struct sup_rig *rig, const char *json);

enum rc sup_act(struct sup_rig *rig, enum action_kind kind, const char *ext, const char *call,
                struct err *err);
void sup_lift(struct sup_rig *rig); /* our phone, which rings */

/* Requests that wait. */
struct io_http *sup_pending(struct sup_rig *rig, const char *start); /* NULL: none such */
void sup_answer(struct sup_rig *rig, const char *start, int status); /* and nothing is done */
/* Does what was asked, and answers so whatever came of it; 0: the answer is lost. */
void sup_serve_as(struct sup_rig *rig, const char *start, int status);
bool sup_serve_one(struct sup_rig *rig);
void sup_serve(struct sup_rig *rig); /* until nothing is asked */

/* A request that arrives long after its asker went away. */
void sup_obey(struct sup_rig *rig, const char *method, const char *uri);

/* The link goes, and comes back under another application's name with a true picture. */
void sup_lose(struct sup_rig *rig);
void sup_come_back(struct sup_rig *rig);

/* Serves, lifts and acts until the machine is in that state. pickup: the line is held. */
void sup_reach(struct sup_rig *rig, enum supervise_state state, enum action_kind kind);

/* Shared by supervise_pbx.c and supervise_rig.c. */
struct sup_answer {
    int status;
    char body[80];
};
struct sup_answer sup_do(struct sup_rig *rig, const char *method, const char *uri);
void sup_put_chan(struct buf *to, const struct pbx_chan *chan);
void sup_put_bridge(struct sup_rig *rig, struct buf *to, const char *id);
/* A value of a URI's query, unescaped; "" when it is not there. */
void sup_query(const char *uri, const char *name, char *to, size_t size);

bool sup_told(const struct sup_rig *rig, const char *line_start);
size_t sup_count(const struct buf *lines, const char *line_start);
const char *sup_last(const struct sup_rig *rig); /* the last line told */

#endif
