/* Shared by desk.c (questions), desk_watch.c (news), desk_list.c and desk_write.c (one list, step
 * by step) and desk_people.c. */
#ifndef CALLHUD_SRC_DESK_PARTS_H
#define CALLHUD_SRC_DESK_PARTS_H

#include "callhud/backend/asterisk/desk.h"

#define LIST_THING "lists/"
#define LIST_MARK '#'
#define LIST_LOCK_PREFIX "callhud-list-"
#define LIST_MARK_BYTES 12
#define LIST_TRY_SUFFIX "-try" /* of the extension, LIST_TRY */

enum list_what {
    LIST_READ,
    LIST_WRITE,
    LIST_FINISH, /* what somebody has begun */
    LIST_TRY,    /* could one be stored at all? */
};

/* Something made or begun at the server, until it is certain that it is over. */
struct list_note {
    char *thing; /* "lists/EXT#MARK" */
    void (*gone)(void *self, const char *thing);
    void *self;
};

struct list_job {
    struct ari_desk *desk;
    enum list_what what;
    char *extension;
    char mark[LIST_MARK_BYTES]; /* ours on the lock */
    struct ari_names wanted, before;
    struct ari_names stored; /* as read; at the end: as it is */
    struct ari_names next;   /* hud-EXT-next, as read */
    bool has_list, has_next; /* the two are on the server, as far as we know */
    bool is_read_again;      /* hud-EXT was read, and hud-EXT-next after it */
    bool is_unfinished;      /* READ: stored is what hud-EXT-next has */
    bool is_confirmed;       /* the server has answered with what was wanted */
    bool is_written;         /* something others may see is another now */
    bool is_open;            /* something is left to be finished */
    bool is_doubtful;        /* a lock that was asked for may be made late */
    bool is_storeless;       /* the server has said that it stores no lists */
    bool is_held;            /* the lock */
    int64_t held_ms, first_ms, holder_ms;
    int64_t answer_ms; /* how long an answer may take */
    char holder[ARI_NUMBER_BYTES];
    unsigned tries;
    void (*then)(struct list_job *job); /* after hud-EXT-next is away */
    struct io_timer *timer;
    struct list_note note; /* thing NULL: none */
    enum rc rc;
    char text[ERR_TEXT_BYTES];
    /* Once; the job is freed after it returns. */
    void (*done)(void *owner, struct list_job *job);
    void *owner; /* NULL: nobody any more */
};

/* A list whose changes are told. */
struct list_watch {
    struct ari_desk *desk;
    char *extension;
    char *device;
    struct ari_names known;
    bool is_known;
    bool is_awaited;       /* the owner waits for the first reading of this connection */
    struct list_job *job;  /* reads it */
    struct io_timer *look; /* and when it will be */
};

struct desk_ask;

struct ari_desk {
    struct ari_desk_config config;
    char *own;                        /* NULL: none */
    VEC(struct list_watch *) watches; /* the own one first */
    VEC(struct list_job *) jobs;
    VEC(struct list_note) open; /* what is left to be finished, when a turn for it comes */
    VEC(struct desk_ask *) asks;
    struct map names; /* extension -> text: of those who are not monitored */
    bool is_naming_refused;
    bool is_synced; /* there was a snapshot on this connection */
    char *no_list;  /* the server has refused to store the own list, which it has not: why; NULL */
    bool is_no_list_old; /* of a connection before this one: the next question tries again */
    bool is_tried;       /* on this connection, whether one could be stored */
    struct io_timer *again;
    void (*left)(void *self);
    void *left_self;
};

struct people_row {
    struct desk_ask *ask;
    char *extension;
};

struct phone_row {
    struct desk_ask *ask;
    char *endpoint; /* "PJSIP/noor-desk" */
    bool is_listed, is_online, shows_presence;
};

/* A question that waits for its answer. */
struct desk_ask {
    struct ari_desk *desk;
    enum desk_kind kind;
    bool is_missed; /* as of the question */
    char *extension;
    desk_done *done;
    void *self;
    struct list_job *job;
    struct io_timer *turn; /* what is known already is told in a turn of its own */
    enum rc rc;
    char text[ERR_TEXT_BYTES];
    const char **refused; /* by line of the question */
    struct ari_names lines;
    VEC(struct people_row *) people;
    VEC(struct phone_row *) phones;
    size_t next, waits; /* the next to be asked for, and answers under way */
};

enum reply {
    IS_THERE,
    IS_ABSENT,  /* 404 */
    IS_TAKEN,   /* 409 */
    IS_DENIED,  /* 401, 403 */
    IS_REFUSED, /* any other status: it was not done */
    IS_LOST,    /* no answer: it may have been done */
};

bool names_are_same(const struct ari_names *a, const struct ari_names *b);
void names_copy(struct ari_names *to, const struct ari_names *from);
bool names_have(const struct ari_names *names, const char *name);

/* ---- desk_list.c ---- */

/* Starts in this turn; done() is never called before it returns. */
struct list_job *list_start(struct ari_desk *desk, enum list_what what, const char *extension,
                            void (*done)(void *owner, struct list_job *job), void *owner);
/* LIST_WRITE takes what is to be stored and what is believed to be. A note that is there already
 * (LIST_FINISH of a known mark) is taken over. */
void list_go(struct list_job *job);
void list_free(struct list_job *job);
bool list_writes(const struct list_job *job); /* it may not be left alone */

/* It waits for another writer, and has changed nothing, or for what nobody asks for any more:
 * list_quit() ends it. */
bool list_is_waiting(const struct list_job *job);
void list_quit(struct list_job *job);

enum reply list_reply(const struct rest_answer *answer);
bool list_is_gone(enum reply reply); /* what was to be deleted */
int64_t list_now_ms(const struct list_job *job);
void list_say(struct list_job *job, enum rc rc, const char *text);
/* Why the server did not do it, with what to do where that is known. */
void list_say_why(struct list_job *job, const struct rest_answer *answer);
/* Of hud-EXT or, with the suffix "-next", what is laid beside it; items: what a PUT stores. */
void list_ask(struct list_job *job, const char *method, const char *suffix,
              const struct ari_names *items, rest_done *done);
bool list_take(struct ari_names *to, const struct rest_answer *answer);
void list_end_locked(struct list_job *job); /* tells others, frees the lock, ends the job */

/* ---- desk_write.c ---- */

void list_write(struct list_job *job); /* the lock is held */

/* ---- desk.c ---- */

/* Is this the own list of a server that stores none? */
bool desk_is_none(const struct ari_desk *desk, const char *extension, const struct ari_names *list);
void desk_forget_refusal(struct ari_desk *desk);
bool desk_may_write(const struct ari_desk *desk);
/* note: of what a known writer has begun, taken over; NULL: somebody has. */
void desk_finish_change(struct ari_desk *desk, const char *extension, const struct list_note *note);
void desk_finish_open(struct ari_desk *desk); /* all that can be by now */
void desk_note_open(struct ari_desk *desk, const struct list_note *note); /* takes it over */
void desk_ask_free(struct desk_ask *ask);
/* The end of a question. */
void desk_ask_tell(struct desk_ask *ask, struct desk_answer *answer);
void desk_ask_fail(struct desk_ask *ask, enum rc rc, const char *text);
const char *desk_name_of(const struct ari_desk *desk, const char *extension);
bool desk_is_linked(const struct ari_desk *desk);

/* ---- desk_people.c ---- */

void desk_people_ask(struct desk_ask *ask); /* DESK_PEOPLE, DESK_PHONES */
void desk_people_free(struct desk_ask *ask);

/* ---- desk_watch.c ---- */

struct list_watch *desk_watch(struct ari_desk *desk, const char *extension); /* made when new */
void desk_watch_free(struct list_watch *watch);
/* A list was read or written. is_news: nobody has asked for it. */
void desk_learn(struct list_watch *watch, const struct ari_names *list, bool is_news);
/* A reader may have found a change that was begun and not finished. */
void desk_look_after(struct ari_desk *desk, const struct list_job *job);

#endif
