/* A scripted ARI server on the fake network, and a sink that writes down what a backend tells. */
#ifndef TESTS_UNIT_ARI_SERVER_H
#define TESTS_UNIT_ARI_SERVER_H

#include "callhud/backend/backend.h"
#include "callhud/base/buf.h"
#include "fake_io.h"

struct ari_answer {
    char *uri;  /* as asked, "channels" or "PUT applications/..." ; a '*' matches anything */
    int status; /* ARI_RIG_SILENT: none comes; 0 (HTTP): not reached */
    char *body;
};
#define ARI_RIG_SILENT (-1)
#define ARI_RIG_UNREACHED (-2) /* HTTP, from `more` */

/* What Asterisk keeps under an application's name: devices outlive its socket. */
struct ari_rig_app {
    char *name;
    VEC(char *) devices;
    bool is_told_all; /* channels, bridges and endpoints, by subscription */
};

struct told_call {
    char user[40], id[80];
    enum call_state state;
};

struct ari_rig {
    struct fake_io fake;
    bool is_rest_over_ws; /* the server answers RESTRequest frames */
    bool is_dated;        /* RESTResponse has a timestamp after all events said so far */
    VEC(struct ari_answer) answers;
    VEC(struct ari_rig_app) apps; /* served where no answer above matches */
    /* A test's own part of the server, asked first: the status of its answer, put into `answer`, or
     * 0 when it does not serve this; body "" when none. */
    int (*more)(struct ari_rig *rig, const char *method, const char *uri, const char *body,
                struct buf *answer);
    void *more_self;
    size_t asked_ws, asked_http;  /* requests served */
    char last_at[40];             /* timestamp of the last event said */

    struct backend_config config;
    struct backend *backend;

    struct buf asked;        /* a line per request served: "DELETE channels/x", "GET channels" */
    VEC(char *) ledger;      /* what is in it, oldest first, without applications */
    VEC(char *) ledger_apps; /* "applications/NAME" */
    size_t ledger_puts;      /* so far, without applications */
    bool is_ledger_full;     /* puts fail */
    uint32_t last_action;    /* id of the last one asked for */

    struct buf log;              /* a line per event told: see ari_server.c */
    VEC(struct told_call) calls; /* as the events left them */
    struct {
        char user[40];
        bool is_offline, is_dnd;
        char lamps[1024]; /* each lamp the user's facts gave, in order: "available ringing on_call"
                           */
    } users[64];
    size_t users_len;
    bool is_batch; /* between asked and done: lamps are looked at when it is done */
};

void ari_rig_init(struct ari_rig *rig);
/* Opens the backend by rig->config and lets it start: the first socket is being opened. */
void ari_rig_open(struct ari_rig *rig);
void ari_rig_fini(struct ari_rig *rig); /* closes the backend; nothing may be left */

/* Before ari_rig_open(): gives the backend a ledger (which lets it make things) in rig->ledger. */
void ari_rig_use_ledger(struct ari_rig *rig);
/* Starts an action under a new id; err may be NULL. */
enum rc ari_rig_act(struct ari_rig *rig, enum action_kind kind, const char *user, const char *call,
                    bool is_on, struct err *err);
/* How many requests so far began so ("POST channels/"); ari_rig_forget() forgets them too. */
size_t ari_rig_asked(const struct ari_rig *rig, const char *line_start);

/* The application of that name, or NULL: nobody ever subscribed under it. */
struct ari_rig_app *ari_rig_app(struct ari_rig *rig, const char *name);
/* Makes one, as a run left it that was killed: subscribed to one device. */
void ari_rig_leave_app(struct ari_rig *rig, const char *name, const char *device);

/* What a request gets; the newest match wins. body is a JSON text or anything else. */
void ari_rig_answer(struct ari_rig *rig, const char *uri, int status, const char *body);
/* The body out of tests/unit/data/ari/NAME. */
void ari_rig_answer_file(struct ari_rig *rig, const char *uri, const char *name);
/* A server with agents 101 to 104 and a trunk, nobody in a call. */
void ari_rig_quiet_office(struct ari_rig *rig);
/* Accepts the socket, serves requests and moves the clock until nothing is asked any more. */
void ari_rig_connect(struct ari_rig *rig);
/* Answers everything that was asked (and what is asked in consequence). */
void ari_rig_serve(struct ari_rig *rig);

void ari_rig_say(struct ari_rig *rig, const char *frame);
/* Events of tests/unit/data/ari/NAME, at their own pace. Lines first (from 1) to last; 0: the end.
 */
void ari_rig_play(struct ari_rig *rig, const char *name, size_t first, size_t last);

const char *ari_rig_lamps(const struct ari_rig *rig, const char *user);
const char *ari_rig_lamp(const struct ari_rig *rig, const char *user);
/* Forgets what was told and which lamps there were (but not the state). */
void ari_rig_forget(struct ari_rig *rig);
bool ari_rig_told(const struct ari_rig *rig, const char *line_start);
size_t ari_rig_count(const struct ari_rig *rig, const char *line_start);

char *ari_test_file(const char *name); /* mem_free() */

#endif
