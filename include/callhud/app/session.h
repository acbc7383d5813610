/* One profile being watched: loop, network, backend and model joined. What console, status, watch
 * and plain have in common. */
#ifndef CALLHUD_APP_SESSION_H
#define CALLHUD_APP_SESSION_H

#include "callhud/app/actions.h"
#include "callhud/app/config.h"
#include "callhud/app/made.h"
#include "callhud/app/shared_file.h"
#include "callhud/model/hud.h"
#include "callhud/net/net.h"

struct session {
    const struct settings *settings; /* borrowed */
    bool is_read_only;
    bool is_checking;  /* set before session_start() by doctor, see backend.h */
    bool is_once;      /* likewise, by commands that want the first snapshot alone */
    bool is_desk_only; /* likewise, by commands on a desk, see backend.h */
    struct loop *loop;
    struct net *net;
    struct io io;
    struct hud hud;
    const struct backend_ops *ops;
    struct backend *backend;
    struct backend_config backend_config;
    struct actions *actions;    /* NULL with is_read_only, and before session_start() */
    struct made *made;          /* NULL with is_read_only, or when its folder cannot be used */
    struct shared_file *shared; /* NULL where the backend shares nothing, or it cannot be */
    uint32_t last_action_id;    /* counts over reloads too, so that no id means two things */
    bool is_adopted;            /* what killed runs left was looked for */
    made_things left;           /* of that: not known to be gone yet */
    size_t left_len;            /* how many there were; 0 once it was told how it went */
    struct loop_timer *clean_timer;
    struct loop_timer *leave_timer; /* not NULL: leaving */
    void (*left_done)(void *self);
    void *left_self;
    bool is_ending;   /* then: the backend is still at it */
    bool is_left;     /* the backend has ended what went on: it is good for closing alone */
    bool is_cleaning; /* what killed runs left was asked away on this link */
    struct loop_watch *lifeline;
    const char *ended_text; /* of session_lives_by() */
    bool is_peer_ended;     /* it came to that */
    struct loop_timer *tick;
    int64_t tick_ms;       /* when it is due */
    int64_t looked_ms;     /* when it was looked for last */
    int64_t progress_ms;   /* when an answer came last, or the link told that it goes on */
    int64_t answer_ms;     /* when an answer came last, or the backend was started */
    unsigned pending_bits; /* of answers, told with the next event that is not one */
    int64_t boot_minus_mono_ms, wall_minus_mono_ms; /* to notice sleep and clock steps */

    /* After every change: hud_change bits; hud.changed and hud.gone say for whom, and are cleared
     * when it returns. Set by the owner before session_start(). */
    void (*changed)(void *self, unsigned bits);
    /* Every EVENT_ACTION after the model has it; may be NULL. The fates of hang up, DND and record
     * are told here alone. The event's strings are borrowed. */
    void (*acted)(void *self, const struct event *event);
    /* Every event that is no answer, after the model has it; may be NULL. Nothing may be asked of
     * the backend before the turn is over. */
    void (*passed)(void *self, const struct event *event);
    /* One line for the person at the screen, which is in the log already; may be NULL. */
    void (*told)(void *self, bool is_warning, const char *text);
    /* Something of the floor is refused, in a sentence that says what to do, which is in the log
     * already; told once, before the snapshot is done. May be NULL. */
    void (*lacked)(void *self, const char *text);
    /* After each turn of the loop; may be NULL. */
    void (*turned)(void *self);
    void *self;
};

/* Makes model and loop; nothing is connected and no library of the network is touched yet. */
enum rc session_init(struct session *s, const struct settings *settings, bool is_read_only,
                     struct err *err);
/* Starts network and backend. */
enum rc session_start(struct session *s, struct err *err);
/* Closes and opens the backend alone, for a reload of the settings it borrows. What goes on is
 * ended first by session_leave(): an action that is still under way here has failed, and says so.
 */
void session_stop_backend(struct session *s);
enum rc session_start_backend(struct session *s, struct err *err);
/* Names the users of the configuration to the model, so that the first frame shows their places;
 * the first snapshot removes those that are not monitored. */
void session_name_users(struct session *s);
/* True: a name lookup still runs, so the caller must end by _exit() (net.h). */
bool session_fini(struct session *s);

int64_t session_now(const struct session *s);
/* Has an answer come in the last SESSION_QUIET_MS, over a link that is not lost? Then waiting for
 * the first snapshot is not in vain: a large floor takes minutes where the service allows few
 * requests. Nor is it while the link says until when it waits for the service's limits, which is a
 * minute and not an hour, unless nothing has come of such waits in SESSION_NOTHING_MS.
 */
#define SESSION_QUIET_MS 10000
#define SESSION_WAIT_MOST_MS 90000
#define SESSION_NOTHING_MS 150000
bool session_goes_on(const struct session *s);
void session_resync(struct session *s);
void session_reconnect(struct session *s); /* now, without waiting for the back-off */
/* From the turn in which fd is at its end of file on, nothing is there to connect to: the backend
 * is closed, every lamp fades, and text says so. After session_start(); fd stays the caller's. */
void session_lives_by(struct session *s, int fd, const char *text);
/* What the backend is refused, or NULL; for the list NULL too while somebody is watched without. */
const char *session_lack(const struct session *s, enum lack what);
/* Why users may be missing; NULL when nothing is known to keep them from us. */
const char *session_lack_of_users(const struct session *s);
/* Nobody has this extension: RC_DENIED when what is refused may be why, else RC_NOT_FOUND. */
enum rc session_no_user(const struct session *s, const char *extension, struct err *err);
/* actions_do(), or the reason why nothing can be done. */
enum rc session_act(struct session *s, const struct wish *wish, uint32_t *id, struct err *err);
#define SESSION_LEAVE_MS 3000
/* Ends what goes on and removes what was made, before the program leaves or stops: done() is called
 * from the loop, after at most SESSION_LEAVE_MS; or before this returns when there is nothing to
 * end. What is left then is in the ledger for the next start. Asked again meanwhile, the newer
 * done() takes the older one's place and the time runs on. */
void session_leave(struct session *s, void (*done)(void *self), void *self);
/* Everything is stale until a new snapshot: after SIGCONT, sleep, a clock that jumped. A backend
 * that session_leave() has ended something at is opened anew, so that there can be acted again. */
void session_mistrust(struct session *s, const char *why);

/* Frames and bytes are the terminal's; 0 when there is none. */
struct session_stats {
    uint64_t frames, skipped, bytes;
};
/* Writes the contract's statistics line to the log. */
void session_log_stats(const struct session *s, const struct session_stats *stats);

#endif
