/* What a telephony backend is to the rest of callhud. */
#ifndef CALLHUD_BACKEND_BACKEND_H
#define CALLHUD_BACKEND_BACKEND_H

#include "callhud/backend/desk.h"
#include "callhud/backend/io.h"
#include "callhud/base/buf.h"
#include "callhud/model/action.h"
#include "callhud/model/event.h"

/* A person named in the configuration's [users] sections. */
struct backend_user {
    const char *extension;
    const char *name;             /* "" when not given */
    const char *department;       /* "" */
    const char *const *endpoints; /* "PJSIP/noor-desk", ...; none: PJSIP/<extension> */
    size_t endpoints_len;
};

/* What the backend makes at the server is written down before it is asked for, so that a later run
 * can remove what a killed one left. What is written is the backend's own word
 * ("channels/callhud-..."), nothing else's business. */
struct backend_ledger {
    /* On disk when this returns RC_OK; otherwise the thing may not be asked for. */
    enum rc (*put)(void *self, const char *thing, struct err *err);
    /* It is gone for certain, or was never made. */
    void (*drop)(void *self, const char *thing);
    void *self;
};

/* What the running callhuds of one person share: a small text, kept for them in a locked file of
 * that person alone (token, what is left of the budget of requests). */
struct backend_shared {
    /* Under the lock: reads the text ("" when there is none yet or it cannot be read), lets
     * change() alter it, and writes it back whole when that answers true. It is quick and done when
     * this returns. NULL: nothing is shared, the backend keeps what it needs to itself. RC_IO: not
     * read or not written; change() was called all the same. RC_TIMEOUT: another one has it just
     * now; change() was not called. */
    enum rc (*update)(void *self, bool (*change)(void *owner, struct buf *text), void *owner,
                      struct err *err);
    /* Without the lock, while another one has it: change() is handed the text as it stands there,
     * whole, or "" ; nothing is written. NULL: cannot be had. */
    void (*read)(void *self, bool (*change)(void *owner, struct buf *text), void *owner);
    /* A mark that one process has at a time, and that falls from it when it ends, however it ends.
     * True: it is ours, now or already. Never waits. NULL, and then unclaim() too: there is none.
     */
    bool (*claim)(void *self);
    void (*unclaim)(void *self);
    void *self;
};

/* From the profile; strings are borrowed until ops->close(). */
struct backend_config {
    const char *profile;
    const char *server; /* http(s)://HOST:PORT/ari */
    struct io_access access;
    const char *phone;                /* the supervisor's own device, "PJSIP/108"; "" */
    const char *monitor;              /* "all", "list", or "101-108,201": ranges and numbers */
    const char *dnd_device;           /* "Custom:DND%s"; "" for none */
    struct monitor_settings settings; /* Asterisk: all but ring_locks_hold, which it has not;
                                         RingCentral: ring_locks_hold alone, it tells the others */
    const struct backend_user *users;
    size_t users_len;
    bool is_read_only;
    bool is_checking; /* doctor: something may be made at the server to find out what is possible */
    bool is_once;     /* one snapshot is all that is wanted: news need not follow it */
    /* Questions of a desk are all that is wanted (desk()). RingCentral then reads nobody's presence
     * and opens no websocket: its link is live once it is signed in, its snapshot is empty, and
     * while requests wait for the service's limits the link's text says so and retry_ms until when.
     * Asterisk needs its socket for what a desk asks, and heeds it not. */
    bool is_desk_only;
    int64_t ring_timeout_ms; /* how long the supervisor's phone rings */
    bool is_auto_answer; /* ask that phone to lift itself (Call-Info answer-after, Alert-Info) */
    const char *retrieve_context; /* Asterisk: of the sample dialplan, "retrieve" */
    /* RingCentral */
    const char *client_id, *client_secret; /* of the application; secret "": a public one */
    const char *jwt;                       /* the person's credential */
    const char *device; /* id of the supervisor's own device; "": the first that can */
    struct backend_shared shared;
    struct backend_ledger ledger; /* put NULL: no action that makes something is possible */
};

/* For the statistics line. */
struct backend_stats {
    uint64_t messages;     /* received on the socket */
    uint64_t decoded;      /* became at least one fact */
    uint64_t undecodable;  /* each one is a gap */
    uint64_t unknown_kind; /* well-formed, of a kind not used */
    bool is_rest_over_ws;  /* the snapshot came over the websocket */
    bool is_filtered;      /* the event filter was accepted */
    bool is_read_only;     /* the backend refuses writes */
    char version[64];      /* of the backend; "" when not told */
};

struct backend_sink {
    void (*event)(void *self, const struct event *event);
    void *self;
};

struct backend; /* each backend's own */

struct backend_ops {
    const char *name; /* the profile's `backend =` */
    const char *title;
    const char *monitor_default;
    /* Checks the configuration and starts to connect; NULL with err set when it cannot be right. */
    struct backend *(*open)(const struct backend_config *config, const struct io *io,
                            const struct backend_sink *sink, struct err *err);
    void (*resync)(struct backend *backend);    /* a new snapshot, or a new connection if lost */
    void (*reconnect)(struct backend *backend); /* try now, do not wait for the back-off */
    void (*stats)(const struct backend *backend, struct backend_stats *out);
    /* How long requests wait for the service's limits, from now; 0: they do not. NULL: never. */
    int64_t (*waits_ms)(const struct backend *backend);
    /* Starts an action. RC_OK: EVENT_ACTION tells its fate, beginning with ACTION_ASKED before this
     * returns and ending with CONFIRMED, ENDED or FAILED whatever happens. Otherwise nothing was
     * done, no event comes, and err says why: RC_DENIED (capability, state, setting, phone),
     * RC_NOT_FOUND (no such user or call; "taken by 108" when somebody else has the call now),
     * RC_UNREACHABLE, RC_IO (the ledger). It acts on the very call of that id or on none.
     *
     * A supervision of another call that is on is ended first, its phone stays lifted; a pick up or
     * a take over goes on with the lifted phone as well. A mode for the call that is supervised
     * already switches it. STOP needs no call. */
    enum rc (*act)(struct backend *backend, const struct action *action, struct err *err);
    /* Ends the supervision and removes what was made, before the program leaves or the backend is
     * closed. done() is called once, from the loop, when the server has confirmed or cannot be
     * asked; not when this answers false: there was nothing. A picked-up call stays on the phone.
     */
    bool (*leave)(struct backend *backend, void (*done)(void *self), void *self);
    /* Removes things that another run wrote into its ledger. gone() is called from the loop for
     * each that is not there any more; those that could not be asked for are not told. */
    void (*clean)(struct backend *backend, const char *const *things, size_t len,
                  void (*gone)(void *self, const char *thing), void *self);
    /* Asks or changes what is stored for a desk (desk.h). done() is called once, never before this
     * returns, unless desk_forget() or close() comes first. NULL: this backend stores nothing. */
    void (*desk)(struct backend *backend, const struct desk_question *question, desk_done *done,
                 void *self);
    void (*desk_forget)(struct backend *backend,
                        const void *self);  /* every question of this self */
    void (*close)(struct backend *backend); /* ends requests, leaves nothing behind; frees */
};

/* The registry: NULL-terminated. */
extern const struct backend_ops *const backend_all[];
const struct backend_ops *backend_find(const char *name);

#endif
