/* What the files of sync share. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_SYNC_PARTS_H
#define CALLHUD_BACKEND_RINGCENTRAL_SYNC_PARTS_H

#include "callhud/backend/ringcentral/sync.h"
#include "callhud/base/buf.h"

#define REX_PATH_BYTES 4096
#define REX_OWN "/restapi/v1.0/account/~/extension/~"
#define REX_DETAILED "detailedTelephonyState=true&sipData=true"

enum sync_run {
    RUN_NONE,
    RUN_BEGIN,
    RUN_SNAPSHOT,
    RUN_POLL,
    RUN_LIST,   /* the list has changed: news, no snapshot */
    RUN_RIGHTS, /* grants of many people, after a snapshot that they would have kept waiting */
};
/* In the order of asking. */
enum sync_phase {
    PHASE_START,
    PHASE_SELF,   /* who we are */
    PHASE_LINES,  /* the stored list */
    PHASE_LISTED, /* the owner may subscribe, where the list alone says to what */
    PHASE_PEOPLE, /* the directory */
    PHASE_KNOWN,  /* the owner may subscribe */
    PHASE_GRANTS,
    PHASE_FEATURES,
    PHASE_NAMED,   /* users are told */
    PHASE_OWN,     /* own presence: settings */
    PHASE_ALL,     /* presence of the account, page by page */
    PHASE_SOME,    /* presence in batches */
    PHASE_DETAILS, /* sessions, when one snapshot is all that is wanted */
    PHASE_END,
};

/* Who is monitored. */
struct sync_people {
    const struct backend_config *config;
    struct rex_floor *floor;
    struct map given; /* extension -> struct backend_user of [users] */
    enum rex_monitoring monitoring;
    uint32_t reading; /* number of the reading of list or directory that runs */
    size_t named;     /* monitored users that the directory has named in this reading */
};
/* RC_CONFIG: monitor is neither list, all nor ranges. */
enum rc sync_people_init(struct sync_people *people, const struct backend_config *config,
                         struct rex_floor *floor, struct err *err);
void sync_people_fini(struct sync_people *people);
/* The whole list: users come, go, change their line. */
void sync_people_lines(struct sync_people *people, const rex_lines *lines);
/* The list is refused: the people of [users] instead. */
void sync_people_denied(struct sync_people *people);
/* One page of the directory, after sync_people_read(). */
void sync_people_read(struct sync_people *people);
void sync_people_page(struct sync_people *people, const rex_persons *persons);
/* After the last page: who is not there is no longer monitored, where the directory decides. */
void sync_people_read_done(struct sync_people *people);
/* Somebody whom only the presence of the account has told; NULL when not monitored. */
struct rex_user *sync_people_met(struct sync_people *people, const struct rex_presence *presence);
bool sync_people_all_named(const struct sync_people *people);    /* in this reading */
bool sync_people_any_nameless(const struct sync_people *people); /* ever */
void sync_people_self(struct sync_people *people, const struct rex_person *own);
size_t sync_people_count(const struct sync_people *people); /* monitored */

/* Presence of a few, outside of snapshots; and what sessions tell. */
struct sync_extra {
    struct rex_sync *sync;
    rex_ids waiting; /* user ids to be repaired, or session ids */
    rex_ids asked;
    uint32_t asked_epoch;
    int64_t asked_ms; /* monotonic */
    bool is_asking;
    unsigned failures; /* in a row, of questions that had no answer */
    struct io_timer *timer;
};

/* The pages of the list that is being read. */
struct sync_pages {
    VEC(uint64_t) read;      /* a sum over the ids of each page but this one */
    uint64_t sum;            /* of this one */
    size_t items, items_all; /* of this one, of those before */
};

struct rex_sync {
    struct rex_sync_config config;
    struct sync_people people;
    enum sync_run run;
    enum sync_phase phase;
    enum rex_priority priority;
    bool is_open; /* EVENT_SNAPSHOT_ASKED was told */
    bool is_begun;
    bool was_read;  /* a snapshot was done */
    bool is_wanted; /* a snapshot, when the beginning is over */
    bool wanted_poll;
    enum rex_priority wanted_priority;
    bool is_list_wanted; /* when what runs is over */
    bool is_people_denied, is_account_denied;
    char *lacks[LACK_COUNT]; /* owned: refused, in a sentence; NULL: had, or not asked for */
    bool is_any_told;        /* in this run: the presence of somebody else than ourselves */
    uint32_t pages_last;     /* of the account's presence, when last asked; 0: not known */
    int64_t people_ms, features_ms, grants_ms; /* monotonic time of the last reading; INT64_MIN */
    uint32_t page; /* that is asked for, from 1: the service's own count is not gone by */
    struct sync_pages pages;
    rex_lines lines; /* pages read so far */
    rex_grants grants;
    rex_features features;
    rex_ids some;                /* ids still to be asked for */
    size_t batch;                /* how many of them the request under way names */
    uint32_t first_epoch;        /* of this run */
    uint32_t asked;              /* of the request under way */
    int64_t at_ms;               /* the service's time of the last answer */
    struct io_timer *impatience; /* with the heavy group's budget, with sessions */
    struct sync_extra repair, detail;
};

void sync_get(struct rex_sync *sync, const char *path, enum rex_group group,
              enum rex_priority priority, rex_done *done, void *self);
/* Path of the presence of ids[0..count). */
void sync_batch_path(struct buf *out, char *const *ids, size_t count);
bool sync_ids_has(const rex_ids *ids, const char *id);
bool sync_may_control(const struct rex_sync *sync); /* CallControl is in the scope */
/* One answer about presence, in or out of a snapshot; *count how many it told of. */
bool sync_take_presence(struct rex_sync *sync, const struct rex_answer *answer, uint32_t asked,
                        struct rex_paging *paging, struct err *err);
void sync_session_path(struct buf *out, const char *session_id);

/* ---- sync.c ---- */
void sync_step(struct rex_sync *sync); /* the next phase */
void sync_fail(struct rex_sync *sync, enum rc rc, const char *what, const char *text);
void sync_fail_answer(struct rex_sync *sync, const char *what, const struct rex_answer *answer);
/* A refusal that asking again does not change. */
bool sync_is_denied(const struct rex_answer *answer);
int64_t sync_now_ms(const struct rex_sync *sync);
/* Notes a refusal, which is told when the snapshot is over; text NULL: there is none. */
void sync_lack(struct rex_sync *sync, enum lack what, const char *text);
void sync_lack_answer(struct rex_sync *sync, enum lack what, const struct rex_answer *answer);

/* ---- sync_pages.c ---- */
void sync_pages_begin(struct rex_sync *sync); /* of a list: page 1 is asked for next */
void sync_page_item(struct rex_sync *sync, const char *id); /* each that the page names */
/* Whether another page is to be asked for: sync->page then. Not after one that tells the same as an
 * earlier one, or nothing, nor of a list without an end, whatever the service says: logged. */
bool sync_page_next(struct rex_sync *sync, const struct rex_paging *paging, const char *what);

/* ---- sync_lists.c: each asks for page sync->page, and steps on after the last ---- */
void sync_ask_self(struct rex_sync *sync);
void sync_ask_lines(struct rex_sync *sync);
void sync_ask_people(struct rex_sync *sync);
void sync_ask_grants(struct rex_sync *sync);
void sync_ask_features(struct rex_sync *sync);

/* ---- sync_presence.c ---- */
void sync_ask_own(struct rex_sync *sync);
void sync_ask_account(struct rex_sync *sync);
bool sync_is_heavy_spent(const struct rex_sync *sync);
void sync_ask_batch(struct rex_sync *sync); /* all of sync->some, batch by batch */
/* The same, sessions, at the lowest priority and for REX_DETAILS_LIMIT_MS at most. */
void sync_ask_sessions(struct rex_sync *sync);
size_t sync_count_unanswered(const struct rex_sync *sync);
void sync_list_unanswered(struct rex_sync *sync); /* to sync->some */
/* Asked for and not told of: it cannot be had. */
void sync_refuse_unanswered(struct rex_sync *sync);
/* One call for everybody costs less of the budget than batches for so many. */
bool sync_is_account_cheaper(const struct rex_sync *sync, size_t people);

/* ---- sync_extra.c ---- */
void sync_extra_stop(struct sync_extra *extra);
void sync_details_begin(struct rex_sync *sync);
bool sync_take_session(struct rex_sync *sync, const char *session_id,
                       const struct rex_answer *answer);

#endif
