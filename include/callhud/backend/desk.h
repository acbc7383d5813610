/* What the backend stores for one user's desk: the appearance (the list behind the lamp keys), the
 * presence settings, the phones; and the people that lists are made of. Questions with one answer
 * each; nothing here feeds lamps. */
#ifndef CALLHUD_BACKEND_DESK_H
#define CALLHUD_BACKEND_DESK_H

#include "callhud/base/err.h"
#include "callhud/model/desk.h"

#include <stddef.h>
#include <stdint.h>

enum desk_kind {
    DESK_PEOPLE,         /* everybody who can stand in a list */
    DESK_LIST,           /* the stored appearance */
    DESK_LIST_WRITE,     /* replaces it as a whole */
    DESK_LIST_HERE,      /* our own list where the backend stores none, so that `monitor = list` and
                            the order of lines follow it: told with each change after RC_DENIED */
    DESK_PHONES,         /* the devices of the user */
    DESK_SETTINGS,       /* the presence settings */
    DESK_SETTINGS_WRITE, /* those that are named change, the others stay */
};

struct desk_question {
    enum desk_kind kind;
    const char
        *extension; /* whose desk; NULL: our own. Another's needs an administrator's rights */
    /* DESK_LIST_WRITE: the whole list as it shall be, and as it was believed to be when that was
     * made: when it is another one meanwhile nothing is written (RC_CHANGED). */
    const struct desk_line *lines, *before; /* LIST_HERE: lines alone */
    size_t lines_len, before_len;
    const struct desk_settings *settings; /* DESK_SETTINGS_WRITE */
    /* DESK_LIST: there are lines here, so that none there may mean that the backend cannot store
     * any: RC_DENIED then, where it can tell. */
    bool is_missed;
};

struct desk_answer {
    /* RC_OK; RC_CHANGED: the stored list is another one by now (lines tell it), nothing was
     * written; RC_REFUSED: nothing was written, lines may say which of them and why, else text;
     * RC_DENIED: rights or the backend cannot (text: what to do); RC_NOT_FOUND: no such user;
     * RC_UNREACHABLE, RC_TIMEOUT; RC_FAILED: it is not certain what is stored now: read again. */
    enum rc rc;
    const char *text;          /* for people, one line, when not RC_OK; "" */
    const char *own_extension; /* ours: "is this our own desk?"; NULL or "": not known (yet) */
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
