/* Keeps the HUD list of one desk in its two homes: the file on this machine (list_file.h) and what
 * the backend stores (backend/desk.h); and its presence settings, phones and people. What console
 * and commands share. */
#ifndef CALLHUD_APP_KEEPER_H
#define CALLHUD_APP_KEEPER_H

#include "callhud/app/session.h"
#include "callhud/ui/desk.h"

#define KEEPER_QUIET_MS 3000 /* sync = automatic: an edit is sent after so long without another */
#define KEEPER_IDLE_LOOK_MS 10000      /* how often a save that waits looks at the phones */
#define KEEPER_CALLS_QUIET_MS 500      /* after a call of its owner: then they are looked at, too */
#define KEEPER_LOOK_MS (5 * 60 * 1000) /* a lost notice cannot be seen: so read again */
#define KEEPER_PEOPLE_MS                                                    \
    (60 * 1000) /* people told longer ago are asked for when a screen opens \
                 */
#define KEEPER_FILE_LOOK_MS                                              \
    2000 /* how often another callhud's edits are looked for in the file \
          */
/* How often it is looked whether a question waits for the service's limits; and what is worth a
 * word. */
#define KEEPER_WAITS_STEP_MS 500
#define KEEPER_WAITS_MS 2000
/* sync = automatic: what was refused, or has failed, is tried again as it is. */
#define KEEPER_REFUSED_MS (5 * 60 * 1000)
#define KEEPER_FAILED_MS 30000
#define KEEPER_TRIES 3 /* a save that finds another stored list: merge and save again so often */
#define KEEPER_EXCESS_TOLD 5 /* messages about lines that have no room, at most */
/* An answer that another callhud has overtaken is asked for again (list_file.h says why), so often;
 * then it is said. */
#define KEEPER_READS 8
#define KEEPER_TURN_STEP_MS 50     /* how often a save looks whether another's has ended */
#define KEEPER_TURN_MS (60 * 1000) /* so long it waits for it */

/* So long the loop stands for another's lock of the file at most, a command longer: after it the
 * lock is tried for so often, and after a while it is said. */
#define KEEPER_PATIENCE_MS 20
#define KEEPER_LOCK_STEP_MS 50
#define KEEPER_LATE_MS 500

struct keeper;
struct keeper_config {
    struct session *session; /* started or not; its backend may be closed and opened meanwhile */
    const char *extension;   /* whose desk; NULL: our own, as is our own extension */
    const char *folder;      /* the state folder */
    bool is_automatic;       /* sync = automatic */
    bool is_asked_alone;     /* a command: the list is read when keeper_pull() asks, not by itself,
                                and what the list shows is told by whom it belongs to */
    const char *reason;      /* for the audit; "" */
    void (*changed)(void *self); /* anything of keeper_desk(); never from inside a call of these */
    /* sync = automatic, and the save would restart phones: somebody has to be asked. NULL: it is
     * then left for the next time. */
    void (*ask_save)(void *self);
    /* One line for the person: what came from elsewhere, what was saved, what was refused. */
    void (*told)(void *self, bool is_warning, const char *text);
    /* A push or pull or set that was asked for has ended. RC_OK: both homes agree, but for
     * conflicts and refused lines (appearance_count). May be NULL. */
    void (*ended)(void *self, enum rc rc, const char *text);
    void *self;
};
/* Reads the file; a broken one is kept aside, and told. Where it cannot be read or written the list
 * can be looked at: ui_desk.fixed. RC_TIMEOUT: list_file_open(). */
enum rc keeper_new(struct keeper **out, const struct keeper_config *config, struct err *err);
void keeper_free(
    struct keeper *keeper); /* NULL is fine; what is under way is forgotten, the file is whole */

const struct ui_desk *keeper_desk(const struct keeper *keeper); /* always the same address */
bool keeper_is_own(const struct keeper *keeper);  /* as far as is known: told with the list */
bool keeper_is_live(const struct keeper *keeper); /* the backend can be asked */
const struct appearance *keeper_list(const struct keeper *keeper);
/* False: what is here is not known, the list is what is stored alone; ui_desk.fixed says why. */
bool keeper_is_file_read(const struct keeper *keeper);
/* One line where ui_desk.fixed is not NULL: what that means, and it. */
void keeper_say_fixed(const struct keeper *keeper, char *out, size_t size);
void keeper_ops(struct keeper *keeper, struct ui_desk_ops *out);

/* The session's owner passes on every event of EVENT_LINK, EVENT_SNAPSHOT_DONE, EVENT_DESK,
 * EVENT_CALL and EVENT_CALL_ENDED; a backend that was closed and opened anew tells of its link.
 * Edits made offline are sent (automatic) or shown. */
void keeper_event(struct keeper *keeper, const struct event *event);

void keeper_pull(struct keeper *keeper);
/* Writes what differs (audited; audit = required fails closed), at once or when no phone that
 * restarts by it is in a call. Whoever asks for it has said yes to phones that restart. */
void keeper_push(struct keeper *keeper, bool is_when_idle);
void keeper_push_cancel(struct keeper *keeper);
/* One change at a time: while one is under way another is refused, and told so. */
void keeper_set(struct keeper *keeper, const struct desk_settings *settings);
/* How the last question about the settings went, where settings_text is not "". */
enum rc keeper_settings_rc(const struct keeper *keeper);
/* people, phones, settings: asked for once, kept up to date while wanted. */
void keeper_want(struct keeper *keeper, bool people, bool phones, bool settings);
/* On disk when it returns; but while another program holds the file's lock, for all but commands,
 * shown alone, and on disk once that lets go. After KEEPER_LATE_MS ui_desk.is_behind says so. */
enum rc keeper_edit(struct keeper *keeper, struct appearance_edit *edits, size_t len, size_t *done,
                    struct err *err); /* RC_IO: it could not be saved: nothing was changed */
enum rc keeper_replace(struct keeper *keeper, const struct appearance_user *users, size_t len,
                       struct err *err);
/* Puts on disk what waits for it, within wait_ms; before keeper_free(), which drops it. False: err
 * says why it is not kept. */
bool keeper_settle(struct keeper *keeper, int64_t wait_ms, struct err *err);

#endif
