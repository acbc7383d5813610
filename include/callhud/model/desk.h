/* Shapes of what is stored for one user's desk: people, lines, phones, presence settings. Values
 * with borrowed strings; backend/desk.h says how they are asked for, ui shows them. */
#ifndef CALLHUD_MODEL_DESK_H
#define CALLHUD_MODEL_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct desk_person {
    const char *user_id, *extension, *name, *department;
    bool is_listable; /* may stand in a list */
    bool is_other;    /* no person: a queue, a park location, ... */
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

/* To whom the details of calls are told. */
enum desk_details { DESK_DETAILS_ALL, DESK_DETAILS_PERMITTED, DESK_DETAILS_NONE };
const char *desk_details_word(enum desk_details details); /* "permitted" */
bool desk_details_from_word(const char *word, enum desk_details *out);

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
    const char *fixed; /* why none of them may be changed by us, and who may; NULL: not known */
};

#endif
