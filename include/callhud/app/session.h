/* One profile being watched: loop, network, backend and model joined. What console, status, watch and
 * plain have in common. */
#ifndef CALLHUD_APP_SESSION_H
#define CALLHUD_APP_SESSION_H

#include "callhud/app/actions.h"
#include "callhud/app/config.h"
#include "callhud/app/made.h"
#include "callhud/model/hud.h"
#include "callhud/net/net.h"

struct session {
    const struct settings *settings; /* borrowed */
    bool is_read_only;
    struct loop *loop;
    struct net *net;
    struct io io;
    struct hud hud;
    const struct backend_ops *ops;
    struct backend *backend;
    struct backend_config backend_config;
    struct actions *actions; /* NULL with is_read_only */
    struct made *made;       /* NULL with is_read_only */
    struct loop_timer *tick;
    int64_t tick_ms;       /* when it is due */
    unsigned pending_bits; /* of answers, told with the next event that is not one */
    int64_t boot_minus_mono_ms, wall_minus_mono_ms; /* to notice sleep and clock steps */

    /* After every change: hud_change bits; hud.changed and hud.gone say for whom, and are cleared
     * when it returns. Set by the owner before session_start(). */
    void (*changed)(void *self, unsigned bits);
    /* After each turn of the loop; may be NULL. */
    void (*turned)(void *self);
    void *self;
};

/* Makes model and loop; nothing is connected and no library of the network is touched yet. */
enum rc session_init(struct session *s, const struct settings *settings, bool is_read_only,
                     struct err *err);
/* Starts network and backend. */
enum rc session_start(struct session *s, struct err *err);
/* Closes and opens the backend alone, for a reload of the settings it borrows. */
void session_stop_backend(struct session *s);
enum rc session_start_backend(struct session *s, struct err *err);
/* Names the users of the configuration to the model, so that the first frame shows their places; the
 * first snapshot removes those that are not monitored. */
void session_name_users(struct session *s);
/* True: a name lookup still runs, so the caller must end by _exit() (net.h). */
bool session_fini(struct session *s);

int64_t session_now(const struct session *s);
void session_resync(struct session *s);
void session_reconnect(struct session *s); /* now, without waiting for the back-off */
/* actions_do(), or the reason why nothing can be done. */
enum rc session_act(struct session *s, const struct wish *wish, uint32_t *id, struct err *err);
#define SESSION_LEAVE_MS 3000
/* Ends what goes on and removes what was made, before the program leaves: done() is called from the loop,
 * after at most SESSION_LEAVE_MS; or at once when there is nothing to end. What is left then is in the ledger
 * for the next start. */
void session_leave(struct session *s, void (*done)(void *self), void *self);
/* Everything is stale until a new snapshot: after SIGCONT, sleep, a clock that jumped. */
void session_mistrust(struct session *s, const char *why);

/* Frames and bytes are the terminal's; 0 when there is none. */
struct session_stats {
    uint64_t frames, skipped, bytes;
};
/* Writes the contract's statistics line to the log. */
void session_log_stats(const struct session *s, const struct session_stats *stats);

#endif
