/* The supervision of our own that is going on, as EVENT_ACTION tells it: at most one, for there is
 * one phone. Who hears whom follows from the mode that the backend confirmed, never from what was
 * asked. Pure. Supervisions of other people are in struct call. */
#ifndef CALLHUD_MODEL_SUPERVISION_H
#define CALLHUD_MODEL_SUPERVISION_H

#include "callhud/model/event.h"

enum supervision_state {
    SUPERVISION_NONE,
    SUPERVISION_ASKED,     /* nothing is confirmed yet */
    SUPERVISION_PHONE,     /* our phone rings; text says so */
    SUPERVISION_CONFIRMED, /* mode is true */
    SUPERVISION_CHANGING,  /* mode was true; another (asked) is asked for, not confirmed yet */
    SUPERVISION_UNSURE,    /* the link was lost while it was confirmed */
    SUPERVISION_ENDING,    /* stop was asked for */
};

/* Also a pick up and a take over are here while they wait for our phone. */
struct supervision {
    enum supervision_state state;
    uint32_t action_id;       /* of the action told last */
    enum action_kind asked;   /* what was asked for last */
    enum supervise_mode mode; /* confirmed; SUPERVISE_UNKNOWN: none yet */
    char *user_id, *call_id;  /* owned; NULL when none */
    char *text;               /* owned: what is waited for, or NULL */
    int64_t begin_ms;         /* monotonic: when it was first confirmed; 0 */
    int64_t asked_ms;         /* monotonic: when the action told last was asked */
    enum action_stage last;   /* how the one before ended, or an action on it failed (ENDED, FAILED;
                                 CONFIRMED: a pick up or take over is done), with its text */
    char *last_text;          /* owned; NULL: none yet */

    /* CHANGING (or ENDING that) to another call: that one, owned. user_id and call_id stay those of the confirmed
     * mode until it has ended or the other one is confirmed. NULL when it is the same call. */
    char *next_user_id, *next_call_id;
    bool is_unsure; /* also while CHANGING or ENDING: the link was lost since mode was confirmed */
    uint32_t mode_id;        /* of the action that mode was confirmed for; 0 */
    uint32_t before_id;      /* of an action that was under way still when another was asked; 0 */
    enum action_kind before; /* its kind */
};

enum hears {
    HEARS_NOBODY, /* "nobody hears you" */
    HEARS_AGENT,  /* "NAME hears you" */
    HEARS_BOTH,   /* "both hear you" */
    HEARS_UNSURE, /* "asked, not confirmed yet" */
};

void supervision_fini(struct supervision *supervision);
/* *to must not be initialised; shares no memory with from. */
void supervision_copy(struct supervision *to, const struct supervision *from);
/* True when something shown has changed. HANGUP, DND and RECORD are none of its business. Only
 * ASKED begins something: what an older action still has to tell does not disturb the newer one,
 * but that its mode turns out to be on, or to have ended, is noted. */
bool supervision_apply(struct supervision *supervision, const struct event *event, int64_t now_ms);
bool supervision_is_on(const struct supervision *supervision); /* any state but NONE */
enum hears supervision_hears(const struct supervision *supervision);
/* Is it about this call of this user? call_id NULL: about any call of the user. */
bool supervision_is_of(const struct supervision *supervision, const char *user_id,
                       const char *call_id);

#endif
