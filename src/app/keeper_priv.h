/* Shared by keeper*.c. */
#ifndef CALLHUD_APP_KEEPER_PRIV_H
#define CALLHUD_APP_KEEPER_PRIV_H

#include "callhud/app/keeper.h"
#include "callhud/app/list_file.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

typedef VEC(struct desk_line) desk_lines;
typedef VEC(const char *) desk_names;

/* What was told of the desk, owned. */
struct keeper_copies {
    VEC(struct desk_person) people;
    VEC(struct desk_phone) phones;
    struct desk_settings settings;
    bool has_settings;
    char *people_text, *settings_text, *list_text, *whose, *denied, *fixed;
};

/* An edit, owned. */
struct keeper_wish {
    enum { WISH_EDIT, WISH_REPLACE, WISH_CHOOSE } kind;
    struct appearance_edit *edits; /* len of them; or NULL */
    struct appearance_user *users; /* likewise */
    size_t len, done;
    char *user_id; /* NULL: all conflicts */
    enum appearance_choice choice;
    bool was_refused; /* one of its edits, when it was shown: that was told then */
};

#define NO_READINGS UINT64_MAX /* of no list: keeper.read_at, write_at, second_at */

struct keeper {
    struct session *session;
    char *asked;     /* whose list, as configured; NULL: our own */
    char *extension; /* NULL: our own, also when it was asked for by our own extension */
    char *folder;
    char *reason;
    struct keeper_config config; /* callbacks; its strings are not used */
    struct list_file *file;
    struct list_file *second;           /* of our own list, from before that was known; NULL */
    uint64_t second_at;                 /* as read_at */
    uint64_t file_number;               /* grows when another file comes in use */
    uint64_t left_rev, left_second_rev; /* of both lists when they were left apart; 0: were not */
    bool is_left_told;
    bool is_apart;                  /* file is second: asked for by the own extension, left apart */
    int64_t patience_ms;            /* with another's lock, in one go */
    VEC(struct keeper_wish) wishes; /* shown, and not on disk yet */
    int64_t lock_ms;                /* since when another's lock is waited for; 0 */
    bool is_read_late;              /* the list is to be read again when the lock is free */
    uint64_t here_rev;              /* of the list that the backend was told, as it stores none */
    bool is_retry;                  /* the save begins with forgetting refusals */
    struct ui_desk desk;
    struct keeper_copies copies;

    bool is_live;         /* the backend can be asked */
    bool is_pull_wanted;  /* by news that came while something was under way */
    bool is_told_of_ask;  /* ask_save() was called for the edits as they are */
    int64_t vain_ms;      /* their save was refused or failed: not tried again by itself before, as
                             long as nothing is new; 0 */
    bool is_pushing;      /* from the look at the phones until the answer */
    bool is_quiet_missed; /* edits were quiet during the save: they are planned again at its end */
    bool is_push_allowed; /* somebody said yes to phones that restart */
    bool is_push_again;   /* once the list is read: what is stored now was not certain */
    bool is_seen;         /* the list was read since the save has its turn, where that is needed */
    bool is_pull_asked;   /* somebody waits for its end */
    bool is_ended_wanted; /* a push was asked for: ended() is due */
    bool is_write_denied; /* another's list may be read and not written; until the link is new */
    bool wants_people, wants_phones, wants_settings;
    unsigned tries;             /* of the save under way */
    unsigned stale;             /* answers to a reading that were overtaken, in a row */
    uint64_t read_at, write_at; /* appearance.readings when the question was asked */
    int64_t sent_note;          /* of the save under way: appearance_sent() */
    int64_t turn_ms;            /* since when the save waits for its turn; 0 */
    int64_t people_ms;          /* when the people were told last */
    int64_t looked_ms;          /* when the backend's list was asked for by itself last */
    uint64_t begin;             /* the audit's record of the push under way; 0 */
    uint64_t settings_begin;
    char *settings_value; /* what is set, for its record; NULL before the first */
    bool is_set_asked;    /* a change of the settings is under way */
    enum rc settings_rc;

    struct keeper_news {
        bool is_lost, is_live, is_list, is_settings, is_calls;
    } news; /* since the last turn of the loop */
    struct loop_timer *quiet, *idle, *turn, *look, *changed, *news_timer, *lock, *phones, *waits;
};

/* changed() from the loop, not from inside the call. */
void keeper_changed(struct keeper *k);
void keeper_tell(struct keeper *k, bool is_warning, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Asks the backend; false when there is none that could be asked. */
bool keeper_ask(struct keeper *k, const struct desk_question *question, desk_done *done);
/* Replaces an owned text; "" for NULL. */
void keeper_text(char **text, const char *now);
enum rc keeper_record(struct keeper *k, const char *what, const char *action, uint64_t begin,
                      const char *value, const char *result, uint64_t *number, struct err *err);

/* The list, locked, as another callhud of this person may have left it, with the edits that wait;
 * NULL: err says why, RC_TIMEOUT: another program holds it (of a command: RC_IO). Then
 * its end: rc is how the change went, one that did not go is taken back; is_kept as in
 * list_file_end().
 */
struct appearance *keeper_begin(struct keeper *k, struct err *err);
enum rc keeper_end(struct keeper *k, enum rc rc, bool is_kept, struct err *err);
void keeper_fault(struct keeper *k, const char *text);
void keeper_ended(struct keeper *k, enum rc rc, const char *text);
/* Why the list may not be changed: it is somebody else's, and we have no right to it. "": it may.
 */
void keeper_deny(struct keeper *k, const char *text);
void keeper_read(struct keeper *k);      /* the backend's list; after what is under way */
void keeper_read_soon(struct keeper *k); /* from the loop */
/* asked_at: appearance.readings when the question was asked. RC_CHANGED: another callhud has merged
 * a list since, and this one may be older: nothing is merged. RC_IO: it is not on disk, but merged
 * here all the same, for showing. */
enum rc keeper_merge(struct keeper *k, const struct desk_answer *answer, uint64_t asked_at,
                     struct appearance_news *news, struct err *err);
/* The same into another file's list; not saved. */
enum rc keeper_merge_into(struct keeper *k, struct appearance *list,
                          const struct desk_answer *answer, uint64_t asked_at, struct err *err);
int64_t keeper_wall_ms(const struct keeper *k);
void keeper_tell_news(struct keeper *k, const struct appearance_news *news);
const char *keeper_why_not_asked(const struct keeper *k);

/* keeper_wish.c */
void keeper_wait_for_lock(struct keeper *k); /* then edits come to disk, and the list is read */
void keeper_read_late(struct keeper *k);     /* keeper.c: if that is due */
void keeper_read_given_up(struct keeper *k, const char *text); /* keeper.c: instead */
void keeper_drop_wishes(struct keeper *k);

/* keeper_own.c */
enum rc keeper_own_open(struct keeper *k, struct err *err);
/* own: as the backend tells; NULL or "": not known. True: the list is in another file from now on.
 */
bool keeper_own_learn(struct keeper *k, const char *own);
/* After the answer was merged (NULL: the backend stores no list): what lies in the second file is
 * taken over when all of it can be, and nothing has to be decided; else it stays there. True: it
 * stays, and is the list in use from now on. */
bool keeper_own_take(struct keeper *k, const struct desk_answer *answer);
/* list_file_begin() of the file in use; when another callhud has taken that over, of the own list,
 * which is in use from then on: file_number has grown. */
struct appearance *keeper_own_begin(struct keeper *k, int64_t wait_ms, struct err *err);
bool keeper_own_refresh(struct keeper *k); /* list_file_refresh(), and what is to be told of it */
/* Can the file be written? Told when that has changed; when it can again, what is stored is read.
 */
void keeper_own_look(struct keeper *k);

/* keeper_push.c */
void keeper_plan_quiet(struct keeper *k); /* sync = automatic: what is here is sent in a while */
void keeper_push_go_on(struct keeper *k, enum rc rc, const char *text); /* after a reading */
void keeper_push_end(struct keeper *k, enum rc rc, const char *text);

/* keeper_desk.c: people, phones, settings. */
void keeper_desk_init(struct keeper *k);
void keeper_desk_fini(struct keeper *k);
void keeper_desk_live(struct keeper *k); /* the backend can be asked: what is wanted is asked */
void keeper_desk_lost(struct keeper *k);
void keeper_people_again(struct keeper *k); /* where they are wanted */
void keeper_desk_settings_changed(struct keeper *k);
/* A call of the desk's owner has begun, changed or ended: so may have what its phones do. */
void keeper_desk_calls_changed(struct keeper *k);
void keeper_phones_told(struct keeper *k, const struct desk_answer *answer);
bool keeper_restarts_any(const struct keeper *k, bool in_call_only);

#endif
