/* The one tagged union that crosses from a backend to the model.
 *
 * An event is a value: its strings are borrowed and need live only until hud_apply() returns. They
 * are already valid UTF-8, cleaned (utf8_clean) and clipped by the backend's decoder. Facts are
 * told whole (a call event carries the whole call), so that applying one twice changes nothing. */
#ifndef CALLHUD_MODEL_EVENT_H
#define CALLHUD_MODEL_EVENT_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum presence {
    PRESENCE_UNKNOWN, /* the backend has not told */
    PRESENCE_AVAILABLE,
    PRESENCE_BUSY,
    PRESENCE_AWAY,
    PRESENCE_OFFLINE, /* no device registered */
    PRESENCE_HIDDEN,  /* the user does not share presence with us */
};

enum call_state {
    CALL_RINGING,  /* incoming, rings at the user */
    CALL_DIALLING, /* outgoing, not answered yet */
    CALL_CONNECTED,
    CALL_HELD,   /* held by the user */
    CALL_PARKED, /* parked by the user, still waits */
};

enum call_direction { CALL_IN, CALL_OUT };

/* What a supervisor can do; the words of the contract are in model/action.h. */
enum action_kind {
    ACTION_LISTEN,   /* hears the call */
    ACTION_WHISPER,  /* and speaks to the agent only */
    ACTION_BARGE,    /* and speaks to both */
    ACTION_TAKEOVER, /* replaces the agent on the call */
    ACTION_STOP,     /* ends listening, whispering, barging */
    ACTION_PICKUP,   /* answers a call that rings at, or is held by, a user */
    ACTION_HANGUP,
    ACTION_DND,
    ACTION_RECORD,
    ACTION_COUNT
};

/* What the backend lets us do with one user, over and above what it can do at all. */
enum right {
    RIGHT_PICKUP,    /* answer the user's ringing, held and parked calls */
    RIGHT_SUPERVISE, /* listen, whisper, barge, take over */
    RIGHT_COUNT
};

/* What of the whole floor the backend is refused, whatever it asks again. */
enum lack {
    LACK_LIST,     /* the stored list of those to be monitored */
    LACK_SELF,     /* who we are */
    LACK_PEOPLE,   /* the directory, and nothing else tells who there is */
    LACK_PRESENCE, /* everybody's presence but our own */
    LACK_COUNT
};

/* How a capability of the backend is there: native, assisted or missing. */
enum capability { CAPABILITY_MISSING, CAPABILITY_ASSISTED, CAPABILITY_NATIVE };

/* What has become of an action. In this order, each at most once, but that a supervision may be
 * CONFIRMED again in another mode (asked for by an action of its own) or after it was UNSURE. */
enum action_stage {
    ACTION_ASKED,     /* under way */
    ACTION_PHONE,     /* waits for the supervisor's own phone, which rings */
    ACTION_CONFIRMED, /* the backend's own event says that it is so; the end of all actions but
                         listen, whisper and barge, which go on until ENDED */
    ACTION_UNSURE,    /* a supervision whose link was lost: asked again when it is back. Hang up,
                         DND, record: not confirmed in time, and text says why; what follows is
                         CONFIRMED or FAILED */
    ACTION_ENDED,     /* a supervision is over; text says why ("the call has ended") */
    ACTION_FAILED,    /* nothing has changed; rc and text say why and what to do */
};

enum supervise_mode { SUPERVISE_UNKNOWN, SUPERVISE_LISTEN, SUPERVISE_WHISPER, SUPERVISE_BARGE };

enum link_state {
    LINK_IDLE,       /* nothing tried yet */
    LINK_CONNECTING, /* trying; text says what is waited for */
    LINK_LIVE,       /* events and pongs come */
    LINK_POLLING,    /* no websocket; answers come by request */
    LINK_LOST,       /* closed or failed; text says why, retry_ms when the next try is due */
    LINK_REFUSED, /* sign-in refused or misconfigured: no more tries by itself; text says what to do
                   */
};

struct supervisor {
    const char *extension; /* who supervises; "" when not known */
    enum supervise_mode mode;
};

struct device {
    const char *name; /* "PJSIP/noor-desk" */
    bool is_online;
};

enum event_kind {
    /* --- the link; user_id is NULL --- */
    EVENT_LINK,            /* u.link */
    EVENT_HEARD,           /* a pong or other sign of life of the link */
    EVENT_GAP,             /* events may have been missed: stale until the next snapshot is done */
    EVENT_SNAPSHOT_ASKED,  /* the request(s) of a snapshot are being sent now */
    EVENT_SNAPSHOT_DONE,   /* all its answers were applied: what it did not name is gone; nothing,
                              when   a gap or a loss came after it was asked for */
    EVENT_SNAPSHOT_FAILED, /* given up: as if never asked */
    EVENT_SETTINGS,        /* u.settings: the supervisor's monitoring settings */
    EVENT_CAPABILITY,      /* u.capability: how one action is there at all */
    EVENT_SELF, /* u.self: who we are; user_id: the user we are signed in as, monitored or not */
    EVENT_LACK, /* u.lack: something of the floor is refused, or is had again */
    EVENT_DESK, /* what the backend stores for the desk of user_id has changed elsewhere: u.desk */
    /* --- one user; user_id is set --- */
    EVENT_USER,           /* u.user: the user is monitored, and is called this */
    EVENT_USER_GONE,      /* no longer monitored or deleted */
    EVENT_PRESENCE,       /* u.presence */
    EVENT_DND,            /* u.dnd */
    EVENT_DEVICES,        /* u.devices: the whole list */
    EVENT_CALL,           /* u.call: the call exists and is so */
    EVENT_CALL_ENDED,     /* u.ended */
    EVENT_CALLS_WITHHELD, /* u.withheld: rights keep this user's calls from us (or no longer do) */
    EVENT_RIGHT,          /* u.right: whether the backend lets us do one thing with this user; until
                             told it does */
    EVENT_ACTION          /* u.action: what became of an action of ours on the user */
};

/* The two monitoring settings of the supervisor, and the backend's rule for them. */
struct monitor_settings {
    bool ring_when_monitored_rings; /* "Ring my phone when any user I am monitoring rings" */
    bool pick_up_held_lines;        /* "Enable me to pick up a monitored line on hold" */
    bool ring_locks_hold; /* the backend refuses to pick up held lines while the first is on */
};

struct event {
    enum event_kind kind;
    int64_t at_ms;  /* backend's time (UTC epoch ms) of the fact; 0 when not told */
    bool is_answer; /* belongs to the answer of the snapshot asked for last: never overwrites a fact
                       that an event has touched since EVENT_SNAPSHOT_ASKED */
    const char *user_id; /* the backend's own id of the user (Asterisk: the extension) */
    union {
        struct {
            enum link_state state;
            const char *text; /* what is waited for, why it was lost; may be NULL */
            int64_t retry_ms; /* monotonic time of the next try; 0 when none */
        } link;
        struct monitor_settings settings;
        struct {
            const char *extension;
            const char *name;       /* "" when not known */
            const char *department; /* "" when none */
            uint32_t line;          /* position in the list of monitored users, from 1; 0: none */
        } user;
        struct {
            enum presence presence;
            const char *note; /* "lunch"; "" or NULL when none */
        } presence;
        struct {
            bool is_on;
        } dnd;
        struct {
            const struct device *items;
            size_t len;
        } devices;
        struct {
            const char *id; /* the backend's id of this user's leg of the call */
            enum call_state state;
            enum call_direction direction;
            const char *number;   /* other party; "" when not known */
            const char *name;     /* other party; "" when not known */
            int64_t since_ms;     /* backend's time at which this state began; 0: not told */
            int64_t connected_ms; /* backend's time of the answer; 0: not answered or not told */
            bool is_recorded;
            bool is_recording_unsaid; /* nothing has told yet whether it is recorded */
            bool is_summons; /* a callhud called this phone for its supervisor to act: nobody waits
                                at the other end */
            const struct supervisor *supervisors;
            size_t supervisors_len;
        } call;
        struct {
            const char *id;
            const char
                *taken_by; /* who has the other party now: "107", "another phone"; "" or
                              NULL: nobody, or not known. Told again when it is known later */
        } ended;
        struct {
            bool is_withheld;
        } withheld;
        struct {
            enum action_kind kind;
            enum capability level;
            const char
                *why; /* of missing and assisted: one sentence that says what to do; else "" */
        } capability;
        struct {
            enum lack what;
            const char *text; /* one sentence: what, why, what to do; "": it is had again */
        } lack;
        struct {
            /* which of them may be another one now; phones: in a call or not */
            bool is_list, is_settings, is_phones;
        } desk;
        struct {
            enum right right;
            bool is_allowed;
            const char *why; /* when not: one sentence that says what to do; else "" */
        } right;
        struct {
            const char *extension; /* ours; "" when not known */
            const char *phone;     /* the device of ours that rings for actions, for people; "" */
        } self;
        struct {
            uint32_t id; /* that act() was given */
            enum action_kind kind;
            enum action_stage stage;
            const char *call_id; /* of the user's leg; "" for DND */
            bool is_on;          /* DND, RECORD: what was asked for */
            enum supervise_mode
                mode;         /* CONFIRMED, UNSURE, ENDED: the mode that is or was confirmed */
            enum rc rc;       /* FAILED */
            const char *text; /* for people, one line; PHONE: "your phone 108 rings: lift it";
                                 CONFIRMED: that it was so already; ENDED, FAILED: the
                                 cause; may be NULL else */
        } action;
    } u;
};

#endif
