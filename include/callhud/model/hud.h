/* The model: users, their calls, the link that feeds them. Pure: no I/O, no clock, no callbacks.
 * now_ms is always the monotonic clock and never goes back. */
#ifndef CALLHUD_MODEL_HUD_H
#define CALLHUD_MODEL_HUD_H

#include "callhud/base/hash.h"
#include "callhud/base/vec.h"
#include "callhud/model/event.h"
#include "callhud/model/lamp.h"
#include "callhud/model/supervision.h"

#define HUD_PONG_LIMIT_MS 30000 /* a live link without a sign of life for so long is lost */
#define HUD_STALE_KEEP_MS 60000 /* a stale lamp keeps its value so long, then it is unknown */
#define HUD_POLL_FRESH_MS                                                                         \
    20000                          /* while polling a lamp is fresh so long after the answer that \
                                      carried it, and stale at once when none has */
#define HUD_CALLS_PER_USER_MAX 64  /* further calls of one user are counted, not kept */
#define HUD_TAKEN_MAX 16           /* calls that were taken are remembered */
#define HUD_CALLS_COUNTED_MAX 1024 /* and no more than so many of those */

/* When a fact was told last, as counts of events applied; 0: never. */
struct touch {
    uint64_t any;  /* by an event or an answer */
    uint64_t live; /* by an event that is no answer */
};

struct call {
    char *id;
    enum call_state state;
    enum call_direction direction;
    char *number;         /* never NULL */
    char *name;           /* never NULL */
    int64_t since_ms;     /* backend time at which the state began; 0 when neither told nor seen */
    int64_t seen_ms;      /* backend time at which we first knew the state: "at least since" */
    int64_t connected_ms; /* backend time of the answer; 0 */
    bool is_recorded;
    bool is_recording_unsaid, is_summons; /* as in the event */
    struct supervisor *supervisors;       /* owned, strings too */
    size_t supervisors_len;
    struct touch touched;
};

struct user {
    char *id;
    char *extension;
    char *name;             /* "" when not known */
    const char *department; /* interned in the hud; "" when none */
    uint32_t line;
    size_t index; /* position in hud.users */

    enum presence presence;
    char *presence_note; /* never NULL */
    bool is_dnd;
    bool is_withheld;
    bool is_heard;          /* the backend has told presence, DND or a call at least once */
    struct device *devices; /* owned, names too */
    size_t devices_len;
    char *denied[RIGHT_COUNT]; /* owned: why the backend does not let us; NULL: it does */
    VEC(struct call)
    calls;               /* most urgent first: ringing, held, parked, connected, dialling; among
                            equals the one that began first */
    size_t calls_beyond; /* calls above HUD_CALLS_PER_USER_MAX, not kept */
    struct map beyond;   /* their ids -> stats.events at which each was told last */

    unsigned pending;                   /* actions of ours under way, as 1 << enum action_kind */
    uint32_t pending_ids[ACTION_COUNT]; /* of each kind the one asked last, which clears the bit */

    enum lamp lamp;   /* from the facts alone; ask hud_lamp() for what to show */
    int64_t since_ms; /* backend time at which that lamp began; 0 when neither told nor seen */
    int64_t seen_ms;  /* backend time at which we first knew it */
    uint64_t
        since_at;     /* stats.events at which since_ms was set, for lamps that come from no call */
    bool is_answered; /* an answer has ever carried it; then answered_ms, monotonic, says when last
                       */
    int64_t answered_ms;
    uint64_t rev;         /* hud.rev of the last change of anything shown */
    bool is_changed;      /* in hud.changed */
    enum lamp shown_lamp; /* what hud_lamp() last said: kept for the counts */
    bool shown_stale;
    int64_t stale_ms; /* monotonic time at which it ceased to be fresh, from when the 60 s run;
                         INT64_MAX while fresh, INT64_MIN when it never was: unknown */

    struct touch touched_user, touched_presence, touched_dnd, touched_devices, touched_withheld;
    struct touch touched_rights[RIGHT_COUNT];
    uint64_t named;        /* like touch: by EVENT_USER of any kind, or by any live event about it
                              but EVENT_ACTION, which is our own doing */
    enum lamp before_lamp; /* while a snapshot is open: the lamp that it would have to correct */
};

struct link {
    enum link_state state;
    char *text; /* never NULL */
    int64_t retry_ms;
    int64_t changed_ms;  /* monotonic time of the last change of state */
    int64_t heard_ms;    /* monotonic time of the last sign of life; 0: never */
    bool is_synced;      /* a snapshot was done since the link came up and no gap since */
    int64_t unsynced_ms; /* monotonic time at which it last stopped being synced */
    uint64_t
        unsynced_at; /* stats.events at the last loss or gap, also one while already unsynced */
    bool was_synced; /* ever, in this run */
};

/* A lamp that the last snapshot corrected. */
struct correction {
    const struct user *user;
    enum lamp from, to;
};

struct hud_stats {
    uint64_t events;           /* applied */
    uint64_t gaps;             /* EVENT_GAP and lost links */
    uint64_t resyncs;          /* snapshots done */
    uint64_t corrected;        /* lamps that a snapshot (not the first) changed */
    uint64_t last_corrected;   /* by the last snapshot */
    int64_t last_corrected_ms; /* backend time of that snapshot */
};

struct hud {
    VEC(struct user *) users; /* in order of first mention */
    struct map by_id;         /* user id -> struct user */
    VEC(char *) departments;  /* interned */
    struct link link;
    struct monitor_settings settings;
    uint64_t rev;              /* grows with every change of anything shown */
    size_t counts[LAMP_COUNT]; /* of what hud_lamp() says, kept incrementally */
    struct hud_stats stats;
    VEC(struct user *) changed; /* since hud_changed_clear() */
    VEC(char *) gone;           /* extensions of users removed since hud_changed_clear() */

    struct {
        char *user_id, *call_id, *by; /* owned */
    } taken[HUD_TAKEN_MAX]; /* calls that ended because somebody else has the other party; a ring */
    size_t taken_at;        /* its oldest */

    struct supervision supervision; /* our own */
    struct capability_fact {
        enum capability level;
        char *why; /* owned, never NULL */
        bool is_told;
    } capabilities[ACTION_COUNT]; /* MISSING, "not connected yet" until told */
    bool is_read_only;            /* set by the owner: no action is possible */
    char own_phone[96]; /* the device that rings for our actions: "PJSIP/108", set by the owner, or
                           as EVENT_SELF names it; "" */
    char own_extension[64];  /* likewise; "" */
    char *lacks[LACK_COUNT]; /* owned: what the backend is refused, as EVENT_LACK said; or NULL */
    char *own_id; /* owned: the user we are signed in as; NULL while EVENT_SELF has not told */

    /* the snapshot being answered */
    bool is_snapshot_open;
    bool is_snapshot_broken; /* a gap or a loss came after the question: its answers still do not
                                overwrite events, but being done it neither removes nor syncs */
    uint64_t snapshot_at;    /* stats.events at EVENT_SNAPSHOT_ASKED */
    struct map ended;        /* what live events ended since then: "user_id", "user_id\ncall_id" */
    VEC(struct correction)
    corrections; /* of the last snapshot, until the next or until a user goes */

    /* backend clock minus monotonic clock: the larger of the best samples of the running and the
     * last minute, so that late events do not make ages jump */
    bool has_offset;
    int64_t offset_ms;
    int64_t window_best_ms, window_last_best_ms, window_start_ms;
    bool has_last_window;
};

enum hud_change { /* bits */
                  HUD_CHANGED_LAMP = 1,
                  HUD_CHANGED_CALLS = 2,
                  HUD_CHANGED_USER =
                      4, /* name, department, devices, presence note, DND, presence */
                  HUD_CHANGED_USERS = 8, /* a user came or went */
                  HUD_CHANGED_LINK = 16,
                  HUD_CHANGED_SETTINGS = 32,
                  HUD_CHANGED_STALE = 64,
                  HUD_CHANGED_ACTION =
                      128, /* the supervision, what is pending, a capability, a right, who we are */
};

void hud_init(struct hud *hud);
void hud_fini(struct hud *hud);

/* Applies one event; the answer is hud_change bits, 0 when nothing shown has changed. Events about
 * a user that was never named (EVENT_USER) are dropped, as are malformed ones. */
unsigned hud_apply(struct hud *hud, const struct event *event, int64_t now_ms);

/* Lets time pass: pong limit, stale to unknown, polling. Same answer as hud_apply(). */
unsigned hud_tick(struct hud *hud, int64_t now_ms);
/* Monotonic time at which hud_tick() next has something to do; INT64_MAX when never. */
int64_t hud_next_tick_ms(const struct hud *hud, int64_t now_ms);

/* What to show for a user now. */
struct lamp_view {
    enum lamp lamp;
    bool is_stale;
    int64_t since_ms; /* backend time; 0: unknown, then at_least_ms says since when at least */
    int64_t at_least_ms;
};
struct lamp_view hud_lamp(const struct hud *hud, const struct user *user, int64_t now_ms);
/* pickup_check() for the user's calls; besides, not ok with --read-only, while the backend has told
 * that nothing can be picked up or that it does not let us with this user, and when the user is
 * ourselves. why lives until the next hud_apply(). */
struct pickup hud_pickup(const struct hud *hud, const struct user *user, int64_t now_ms);
/* The call that the lamp speaks of: the most urgent; NULL when none. */
const struct call *hud_call(const struct user *user);
/* Does a call ring there that somebody waits for? Not one by which a callhud calls its supervisor.
 */
bool hud_has_caller(const struct user *user);
/* NULL when there is none of that id, or no user. */
const struct call *hud_call_by_id(const struct user *user, const char *id);
/* Who has the other party of a call of the user's that has ended: "107"; "": nobody, or not known.
 */
const char *hud_taken_by(const struct hud *hud, const char *user_id, const char *call_id);
bool hud_is_stale(const struct hud *hud, const struct user *user, int64_t now_ms);

/* The backend's clock now (epoch ms): monotonic plus offset; 0 while no event has told the time. */
int64_t hud_backend_now(const struct hud *hud, int64_t now_ms);
/* Age of a backend time, never negative; -1 when since_ms or the offset is unknown. */
int64_t hud_age_ms(const struct hud *hud, int64_t since_ms, int64_t now_ms);

/* Is this we: the user that EVENT_SELF named; while it has not, is our own phone one of the user's
 * devices? */
bool hud_is_own(const struct hud *hud, const struct user *user);
const struct user *hud_user_by_id(const struct hud *hud, const char *id);
const struct user *hud_user_by_extension(const struct hud *hud, const char *extension);

/* The users whose rev grew since the last clear, in order of change, without doubles; each shown
 * change (also stale and unknown by hud_tick()) puts a user in. */
void hud_changed_clear(struct hud *hud);

#endif
