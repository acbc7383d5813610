/* What the commands that act share (pickup hangup dnd record, listen whisper barge takeover): the
 * first snapshot, the user, the action and its fate, and leaving nothing behind. */
#ifndef CALLHUD_APP_DOING_H
#define CALLHUD_APP_DOING_H

#include "callhud/app/cli.h"
#include "callhud/app/out.h"
#include "callhud/app/session.h"
#include "callhud/app/start.h"

#define DOING_SIGNALS 8

struct doing {
    const struct cli *cli;
    enum action_kind kind; /* of the command's name */
    struct start start;
    struct session session;
    struct out *out;
    struct buf line;
    char *reason;                     /* --reason, cleaned */
    char *user_id, *extension, *name; /* known from ready() on; NULL before */
    bool is_ascii;
    bool is_ready; /* ready() was called */
    int exit_code; /* -1: goes on */

    struct loop_signal *watched[DOING_SIGNALS];
    struct loop_timer *deadline, *note;
    int waited_s; /* for the first snapshot */
    bool is_leaving, is_left;

    /* The command's own. ready: the users are there, and what can be done is known. acted: is
     * inside the backend's event, so it asks for nothing but doing_end(); turned, after it, may. */
    void (*ready)(struct doing *d);
    void (*acted)(struct doing *d, const struct event *event);
    void (*turned)(struct doing *d); /* may be NULL */
    void (*ending)(struct doing *d); /* may be NULL: no more input is wanted */
};

/* Runs the command; the exit code. The caller has zeroed it and set cli, ready, acted, turned,
 * ending. */
int doing_run(struct doing *d);
/* Cleans up at the server at the end of this turn, then ends; the first exit code counts. */
void doing_end(struct doing *d, int exit_code);
/* Says it on standard error, then doing_end() with the error's exit code. */
void doing_fail(struct doing *d, const struct err *err);
/* One line on standard error: what is waited for. */
void doing_note(const char *text);
/* session_act() on the user; is_on for DND and RECORD; id may be NULL. */
enum rc doing_act(struct doing *d, enum action_kind kind, const char *call_id, bool is_on,
                  uint32_t *id, struct err *err);
/* Sends d->line to standard output and empties it. */
void doing_send(struct doing *d);
/* FAILED as an error; the text of the backend, or what its rc says. */
enum rc doing_error(const struct event *event, struct err *err);

#endif
