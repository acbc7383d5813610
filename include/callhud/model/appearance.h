/* One list, two homes: the HUD list here and the presence appearance stored in the backend. Pure.
 *
 * The list is one array of lines, and each line knows both homes: who is on it here, and who is on
 * it in the backend, as read last. So there is no second copy to be compared with:
 *
 *     here  stored
 *     noor  noor     the same
 *     omar  ken      changed here and not sent yet
 *     ana   -        added here
 *     -     pia      removed here
 *
 * A user is the identity of a line: nobody is on two (a list that comes so from the backend is kept
 * as it is, but none is made here). Key numbers are places: they follow from the order, so that
 * what shifts because of a line above has not changed. Lines that were not moved here stand in the
 * order of the backend.
 *
 * The three-way merge is one function: appearance_merge() hands over what the backend has now. What
 * was stored before is the base, what is here is local, and afterwards the new list is the stored
 * one, whole. A line that changed
 *     only there        follows, here too;
 *     only here         stays as it is here: it waits to be sent;
 *     in both alike     has no difference any more: this is also how a save ends, by reading back;
 *     in both, unlike   is in conflict: it keeps what is here beside what is stored, and what it
 * was before (base), until somebody chooses. It is not sent meanwhile. "Changed" is: added,
 * removed, another user put on its key, moved. Of two reorderings that cannot both hold (here A was
 * put below B; there B was put below everything) the line moved here is in conflict. No edit is
 * ever dropped without being in one of these four.
 *
 * A save may be on its way, and nobody may ever hear what became of it: see appearance_sent(). Then
 * the base is what the list there was made of. Where that cannot be told, and it makes a
 * difference, the line is in conflict too.
 *
 * To merge the same list again changes nothing. The result depends on nothing but the arguments. */
#ifndef CALLHUD_MODEL_APPEARANCE_H
#define CALLHUD_MODEL_APPEARANCE_H

#include "callhud/base/err.h"
#include "callhud/base/hash.h"
#include "callhud/base/vec.h"

#define APPEARANCE_LINES_MAX 10000 /* of one list, whatever the backend says */
#define APPEARANCE_UNDO_MAX 2000   /* entries; the oldest steps are forgotten, never the last */
#define APPEARANCE_TEXT_BYTES 256

/* Who is on a line. Given by a caller: borrowed. In a line: owned by the appearance, good until
 * appearance_fini(), and the same user is the same pointer. */
struct appearance_user {
    const char *id;        /* the backend's; never "" */
    const char *extension; /* "" when not known, as is name */
    const char *name;
    uint32_t twin; /* 0; of one who is stored on several lines, the others count from 1 */
    size_t index;  /* of an owned one: its place in `users` */
};

/* What is in conflict about a line. */
struct appearance_conflict {
    const struct appearance_user *base; /* who was on it before; NULL: both have added the line, or
                                           it is not known */
    uint32_t base_key;                  /* its number in the backend then; 0 */
    bool is_place; /* it is about the place (moved in both, or removed here and moved there), not
                      about who is on it */
    int64_t at_ms; /* of the merge that found it */
};

/* X(enum, word of the product contract) */
#define LINE_STATE_LIST(X)                                                          \
    X(LINE_SAME, "same")                                                            \
    X(LINE_ADDED, "added")       /* here, not stored yet */                         \
    X(LINE_REMOVED, "removed")   /* here, still stored: key is 0 */                 \
    X(LINE_CHANGED, "changed")   /* another user here than stored, or moved here */ \
    X(LINE_CONFLICT, "conflict") /* appearance_choose() */                          \
    X(LINE_RESERVED, "reserved") /* the backend's own: never edited, moved or removed */
enum line_state {
#define LINE_STATE_ENUM(name, word) name,
    LINE_STATE_LIST(LINE_STATE_ENUM)
#undef LINE_STATE_ENUM
        LINE_STATE_COUNT
};
const char *line_state_word(enum line_state state);

/* One row of the list. Read only: the functions below write. */
struct appearance_line {
    enum line_state state;
    uint32_t key;                         /* its number here, from 1; 0: removed here */
    uint32_t stored_key;                  /* its number in the backend; 0: not stored */
    const struct appearance_user *here;   /* NULL: removed here */
    const struct appearance_user *stored; /* NULL: not stored */
    bool is_moved; /* its place among the others is another here than stored */

    struct appearance_conflict conflict; /* of LINE_CONFLICT */
    char *refusal; /* what the backend said when it refused this line; NULL. Not sent again until it
                      is edited, or appearance_retry() */
};

/* Where an undone line comes to. */
enum undo_place {
    UNDO_STAYS,        /* where it is */
    UNDO_BEFORE,       /* before the line that it stood before */
    UNDO_UNMOVED,      /* the same, where it had not been moved; a merge that changes the list makes
                          it the next */
    UNDO_STORED_PLACE, /* where the backend's order has it */
};

/* What undoes one edit; see appearance_undo(). */
struct appearance_undo_entry {
    uint32_t step; /* entries of one appearance_edit() have one number */
    uint32_t kind; /* enum appearance_edit_kind: what is to be done */
    enum undo_place place;
    bool is_conflict;                        /* and then the line is in this conflict again */
    const struct appearance_user *user, *to; /* as in struct appearance_edit */
    const struct appearance_user *before;    /* before whom; NULL: the end */
    struct appearance_conflict conflict;
};

typedef VEC(const struct appearance_user *) appearance_users;

/* A list that was handed to the backend, without the reserved lines. */
struct appearance_sent {
    int64_t at_ms;                      /* when, by the wall clock; no two have the same */
    appearance_users users, was_stored; /* in their order; what is in one alone was edited by us */
    bool is_overtaken;                  /* a later one is stored already */
};

struct appearance {
    VEC(struct appearance_line) lines; /* by key; a removed line stands where it would be */
    uint32_t max_lines; /* keys the backend has room for, reserved ones too; 0: not known */
    bool is_read;       /* something was merged, ever */
    uint64_t readings;  /* merges that have changed anything, ever: an answer that was asked for
                           before the last of them may be older than it, and is not to be merged */
    VEC(struct appearance_sent) sent; /* of which it is not known what became; the last last */
    VEC(struct appearance_undo_entry) undo; /* the last edit last */
    uint64_t rev;                           /* grows with every change of anything above */
    VEC(struct appearance_user *) users;    /* everybody ever named; owned */
    struct map by_id;                       /* id -> one of users; "id\n1" for a twin */
};

void appearance_init(struct appearance *a);
void appearance_fini(struct appearance *a);
/* *to must not be initialised; shares no memory with from. */
void appearance_copy(struct appearance *to, const struct appearance *from);

/* ---- the backend's side ---------------------------------------------------------------------- */

/* One line as the backend has it, or is to have it. */
struct stored_line {
    uint32_t key; /* RingCentral: the line's id; Asterisk: place in list_item, from 1 */
    bool is_reserved;
    struct appearance_user user; /* an empty extension or name keeps what is known already */
};

/* What a merge has brought, in lines. */
struct appearance_news {
    size_t taken;     /* changes made there that show here now */
    size_t agreed;    /* edits made here that are stored now */
    size_t conflicts; /* lines that came into conflict */
};

/* Hands over the whole list as the backend has it now, keys ascending (gaps are fine). at_ms: when,
 * for the conflicts that it makes. news may be NULL. RC_PROTO, and nothing is changed: keys that do
 * not ascend, a line without a user, more than APPEARANCE_LINES_MAX. Edits that are stored now can
 * no longer be undone. */
enum rc appearance_merge(struct appearance *a, const struct stored_line *lines, size_t len,
                         int64_t at_ms, struct appearance_news *news, struct err *err);

/* What is to be written: the list whole, as the backend will have it. Reserved lines as they were
 * read, with their numbers; the others numbered on without gaps. Lines in conflict and refused ones
 * stand as they are stored: the others need not wait for them. */
struct appearance_plan {
    VEC(struct stored_line) lines; /* users are borrowed from the appearance */
    bool is_needed;                /* false: nothing would change, do not write */
    size_t changes;                /* lines that the write changes */
    size_t conflicts, refused;     /* lines that it leaves as stored */
};
/* RC_DENIED: never read (what is stored would be lost), or above the backend's limit; the plan is
 * empty then. */
enum rc appearance_plan(const struct appearance *a, struct appearance_plan *plan, struct err *err);
void appearance_plan_fini(struct appearance_plan *plan);

/* Is about to be written: to be on disk before it is asked for. What is edited here from now on is
 * an edit of that list, also when its answer is never heard. The list is replaced as a whole, so
 * what a merge is handed was, before others changed it, a list that was sent or what was stored
 * before. Our own edits tell which: it is the one that leaves fewest of them to others, who are not
 * likely to have made the same, or to have taken them back. (That a list arrives after a later one
 * was stored counts as one of those. When who is on the list needs no others, the fewest moves
 * decide, and such an arrival counts as one of them.) That one is the base of the merge: what is
 * here stays, as edits of it.
 *
 * When several do equally well, all of them are possible; and what others changed before a list of
 * ours arrived was overwritten by it or taken back by them, both are possible. What no possible
 * base makes a difference to is merged. The rest is in conflict, to be chosen: a user whom some
 * have and some have not, when he is in one home only; and when they have not one order, every line
 * that stands elsewhere here than there. So what is decided wrongly is what somebody else did
 * exactly as we did or undid it, and more than once where it was not the only reading.
 *
 * A list that has not arrived may still be on its way, for APPEARANCE_SENT_MS, also when another is
 * sent meanwhile; a merge later than that says that it was not stored. at_ms: now, on the wall
 * clock. Returns what the note is called. */
#define APPEARANCE_SENT_MS (2 * 60 * 1000)
#define APPEARANCE_SENT_MAX 4 /* more are not remembered: the oldest goes */
int64_t appearance_sent(struct appearance *a, const struct appearance_plan *plan, int64_t at_ms);
/* It was not written, for certain. */
void appearance_not_sent(struct appearance *a, int64_t note);

/* Are these the lines that were merged last? */
bool appearance_is_as_stored(const struct appearance *a, const struct stored_line *lines,
                             size_t len);

/* The backend refuses what was planned for the line of this user (as here, or as stored when it was
 * removed here): the line keeps its edit and gets the text; the others stay as they are. False: no
 * such line, or nothing of it was to be sent. */
bool appearance_refuse(struct appearance *a, const char *user_id, const char *text);
/* Over the limit: the lines added that stand last are refused, as many as have no room. `users`, to
 * be freed with VEC_FREE, gets who is on them, the last first. */
void appearance_refuse_excess(struct appearance *a, const char *text, appearance_users *users);
void appearance_retry(struct appearance *a); /* forgets all refusals: everything is sent again */

/* ---- editing --------------------------------------------------------------------------------- */

enum appearance_edit_kind {
    EDIT_ADD,    /* user comes to key `key` */
    EDIT_REMOVE, /* user's line goes */
    EDIT_MOVE,   /* user's line comes to key `key` */
    EDIT_SET,    /* `to` takes the place of user */
    EDIT_CHOOSE, /* only in undo: who is here stays, its conflict is back */
};

/* Lines are named by their user, not by number: an edit means the line that was seen, also when
 * the list was merged since. */
struct appearance_edit {
    enum appearance_edit_kind kind;
    struct appearance_user user; /* of ADD and SET's `to` all is used, of the others id and
                                    twin */
    struct appearance_user to;
    uint32_t key; /* the number it is to have afterwards; 0 or beyond the end: the last. Reserved
                     numbers are skipped */
    char refused[APPEARANCE_TEXT_BYTES]; /* out: "" when done, else one line: why not, what to do */
};

/* Does the edits in their order; each is done whole or refused. Those done are one step of undo.
 * Returns how many were done (an edit that changes nothing is done). Refused: a user without an id
 * (nobody of that extension is known), one who is on a line already, one who is on none, a reserved
 * line, more than max_lines, a line in conflict (choose first). */
size_t appearance_edit(struct appearance *a, struct appearance_edit *edits, size_t len);

/* Makes the list here these users, in this order, after the reserved lines (users who are on a
 * reserved line are passed over): one step of undo. For imports. RC_DENIED: as above, nothing is
 * changed. */
enum rc appearance_replace(struct appearance *a, const struct appearance_user *users, size_t len,
                           struct err *err);

/* Undoes the last step. Where a change made elsewhere has come between, it stays: only the own edit
 * is taken back. What cannot be (the line was removed elsewhere; it is in conflict; no room) is
 * left and said. text (APPEARANCE_TEXT_BYTES) gets one line: what was undone, and what was not.
 * False: nothing to undo. */
bool appearance_undo(struct appearance *a, char *text);

enum appearance_choice {
    CHOOSE_MINE,   /* as it is here; to be sent */
    CHOOSE_THEIRS, /* as it is stored */
    CHOOSE_BOTH,   /* who is here stays on the key, who is stored comes to the last key */
};
/* For the line in conflict that this user is on, here or stored. A step of undo: undone, the line
 * is as it was here and its conflict is back. RC_NOT_FOUND: no such line. RC_DENIED: BOTH where
 * there are not two users, or no room. */
enum rc appearance_choose(struct appearance *a, const char *user_id, enum appearance_choice choice,
                          struct err *err);
/* All of them, one step; not for BOTH. Returns how many there were. */
size_t appearance_choose_all(struct appearance *a, enum appearance_choice choice);

/* ---- reading --------------------------------------------------------------------------------- */

/* Does the line wait to be sent or chosen? Conflicts and refused ones too. */
bool appearance_is_unsaved(const struct appearance_line *line);
struct appearance_counts {
    size_t keys;    /* lines here, reserved ones too */
    size_t unsaved; /* lines that wait */
    size_t conflicts, refused, reserved;
};
struct appearance_counts appearance_count(const struct appearance *a);
uint32_t appearance_last_key(const struct appearance *a); /* the greatest; 0: no line */

/* NULL: none. A line is good until the next call that writes. */
const struct appearance_line *appearance_by_key(const struct appearance *a, uint32_t key);
const struct appearance_line *appearance_by_user(const struct appearance *a, const char *user_id);
const struct appearance_line *appearance_by_extension(const struct appearance *a,
                                                      const char *extension); /* here */

/* The difference of one line in words, for diff and the save dialog: "+ key 5   201 Ana Ruiz",
 * "- 105 Ken Ito", "key 4   103 Omar Said instead of 105 Ken Ito", "key 3   102 Rana Aziz, was key
 * 7"; "" when there is none. */
void appearance_say(const struct appearance_line *line, char *out, size_t size);

/* ---- for the state file ---------------------------------------------------------------------- */

/* The owned user of that id and twin, made when new. An empty name or extension keeps the known
 * one. */
const struct appearance_user *appearance_intern(struct appearance *a,
                                                const struct appearance_user *user);
/* After lines were put (here, stored, stored_key, is_reserved by state LINE_RESERVED, is_moved as
 * was, conflict) and undo entries: numbers them and checks that the list is one that this module
 * could have made. RC_PROTO: it is not; fini it. */
enum rc appearance_restored(struct appearance *a, struct err *err);

#endif
