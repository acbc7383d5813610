/* What the backend stores for one user's desk: the appearance (the list behind the lamp keys), the
 * presence settings, the phones; and the people that lists are made of. Questions with one answer
 * each; nothing here feeds lamps. */
#ifndef CALLHUD_BACKEND_DESK_H
#define CALLHUD_BACKEND_DESK_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum desk_kind {
    DESK_PEOPLE,         /* everybody who can stand in a list */
    DESK_LIST,           /* the stored appearance */
    DESK_LIST_WRITE,     /* replaces it as a whole */
    DESK_PHONES,         /* the devices of the user */
    DESK_SETTINGS,       /* the presence settings */
    DESK_SETTINGS_WRITE, /* those that are named change, the others stay */
};

struct desk_person {
    const char *user_id, *extension, *name, *department;
    bool is_listable; /* may stand in a list */
};

struct desk_line {                /* in order of keys */
    const char *id;               /* the backend's own of the line ("3"); "" for a new one */
    const char *user_id;          /* who is shown; "" when the backend does not say */
    const char *extension, *name; /* "" when not known */
    bool is_reserved;             /* neither to be changed nor to be moved: written back verbatim */
    const char
        *refused; /* answers to DESK_LIST_WRITE: why this line is refused; NULL when it is not */
};

struct desk_phone {
    const char *name, *model; /* "Desk", "VVX 411"; model "" when not told */
    bool is_online;
    bool is_in_call;
    bool shows_presence; /* has lamp keys, or shows the list */
    bool restarts;       /* restarts when the list is changed */
};

enum desk_details { DESK_DETAILS_ALL, DESK_DETAILS_PERMITTED, DESK_DETAILS_NONE };

enum { /* desk_settings.has: which are told, or shall be changed */
       DESK_HAS_RING = 1,
       DESK_HAS_PICKUP = 2,
       DESK_HAS_SHARE = 4,
       DESK_HAS_DETAILS = 8,
       DESK_HAS_ANSWERABLE = 16,
       DESK_HAS_VISIBLE = 32,
       DESK_SETTINGS_ALL = 63,
};
/* Keys of `callhud presence set`, in this order: ring_when_monitored_rings pick_up_held_lines
 * share_presence call_details answerable_by visible_to. */
struct desk_settings {
    unsigned has;
    bool rings_when_monitored;        /* "Ring my phone when any user I am monitoring rings" */
    bool picks_up_held;               /* "Enable me to pick up a monitored line on hold" */
    bool shares_presence;             /* "Allow other users to see my Presence status" */
    enum desk_details details;        /* with whom call details are shared */
    const char *const *answerable_by; /* user ids: who may answer my calls when I am unavailable */
    size_t answerable_len;
    const char *const *visible_to; /* user ids: who may see my presence; none: everybody */
    size_t visible_len;
    /* Of those that this backend does not have: one sentence that says what to do instead ("set
     * ring_when_monitored_rings in the configuration"), by position of the bit; NULL else. */
    const char *missing[6];
};

struct desk_question {
    enum desk_kind kind;
    const char
        *extension; /* whose desk; NULL: our own. Another's needs an administrator's rights */
    /* DESK_LIST_WRITE: the whole list as it shall be, and as it was believed to be when that was
     * made: when it is another one meanwhile nothing is written (RC_CHANGED). */
    const struct desk_line *lines, *before;
    size_t lines_len, before_len;
    const struct desk_settings *settings; /* DESK_SETTINGS_WRITE */
};

struct desk_answer {
    /* RC_OK; RC_CHANGED: the stored list is another one by now (lines tell it), nothing was
     * written; RC_REFUSED: nothing was written, lines may say which of them and why, else text;
     * RC_DENIED: rights or the backend cannot (text: what to do); RC_NOT_FOUND: no such user;
     * RC_UNREACHABLE, RC_TIMEOUT; RC_FAILED: it is not certain what is stored now: read again. */
    enum rc rc;
    const char *text; /* for people, one line, when not RC_OK; "" */
    const struct desk_line
        *lines; /* LIST: as stored; LIST_WRITE: as read back, or the refused ones */
    size_t lines_len;
    uint32_t limit; /* of lines, reserved ones counted; 0: not known */
    const struct desk_person *people;
    size_t people_len;
    const struct desk_phone *phones;
    size_t phones_len;
    struct desk_settings settings;
};
/* Everything in it is borrowed until done() returns. */
typedef void desk_done(void *self, const struct desk_answer *answer);

#endif
