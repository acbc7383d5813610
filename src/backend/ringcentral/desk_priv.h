/* What the files of the desk share: a job for each question, its requests one after the other. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_DESK_PRIV_H
#define CALLHUD_BACKEND_RINGCENTRAL_DESK_PRIV_H

#include "rex_wire_desk.h"

#include "callhud/backend/ringcentral/desk.h"
#include "callhud/base/hash.h"

#define DESK_PATH_BYTES 256
#define DESK_PAGES_MOST 200
#define DESK_RECORDS_MOST 250000 /* of all pages */
#define DESK_AGAIN 3             /* pages that do not fit together: read anew so often */
#define DESK_READ_TRIES 3        /* of one GET that the service answers with 5xx */
#define DESK_READ_PATIENCE_MS 90000
#define DESK_LIMIT_PATIENCE_MS 5000 /* the limit of lines is good to know, no more */
#define DESK_PUT_PATIENCE_MS 2000   /* what was read before must not be old when it is replaced */

/* Everybody of the account, kept small: one block of text for each. */
struct desk_people {
    VEC(struct desk_person) items; /* user_id is the block, the others point into it */
    struct map by_id;              /* -> index + 1, as pointer */
    int64_t read_ms;               /* monotonic; INT64_MIN: never, or there is news */
};

struct desk_item { /* one line of a list */
    char id[REX_ID_BYTES], user_id[REX_ID_BYTES];
    char extension[REX_NUMBER_BYTES], name[REX_TEXT_BYTES];
    bool is_reserved;
    char *refused; /* owned; NULL */
};
typedef VEC(struct desk_item) desk_items;

struct desk_wish { /* settings with their ids, owned */
    struct desk_settings told;
    rex_desk_ids answerable;
};

struct desk_job;
typedef void rex_desk_step(struct desk_job *job);
/* is_ok: everything was read; else job->fail tells. */
typedef void rex_desk_read_done(struct desk_job *job, bool is_ok);
typedef void rex_desk_answered(struct desk_job *job, const struct rex_answer *answer);

struct desk_fail {
    enum rc rc;    /* as a desk_answer may have it */
    int status;    /* of HTTP; 0 when no answer came, or one that cannot be understood */
    char code[24]; /* "CMN-408"; "" */
    char text[ERR_TEXT_BYTES];
};

struct desk_pages {
    char path[DESK_PATH_BYTES]; /* the page's number is added */
    enum rex_group group;
    /* Takes one page; *taken gets how many of its records were. */
    enum rc (*take)(struct desk_job *job, const struct rex_answer *answer, struct rex_paging *page,
                    size_t *taken, struct err *err);
    void (*reset)(struct desk_job *job);    /* forgets what was taken */
    bool is_lenient;                        /* a record that cannot be read is left out */
    bool (*is_whole)(struct desk_job *job); /* all pages fit together; may be NULL */
    rex_desk_read_done *done;
    uint32_t page, total_pages;
    int64_t total;
    size_t got;
    unsigned again;
};

struct desk_job {
    struct rex_desk *desk;
    enum desk_kind kind;
    desk_done *done;
    void *self;
    char extension[REX_NUMBER_BYTES]; /* whose; "" our own */
    char user_id[REX_ID_BYTES];       /* for paths: "~", or the id of another */
    bool is_begun;
    struct io_timer *timer;
    rex_desk_step *then; /* of the timer */

    struct { /* the GET under way */
        char path[DESK_PATH_BYTES + 16];
        enum rex_group group;
        unsigned tries;
        int64_t patience_ms;
        rex_desk_answered *done;
    } get;
    rex_desk_answered *put_done;
    int64_t put_ms; /* monotonic: when the PUT was handed over */
    struct desk_pages pages;
    struct desk_fail fail;

    rex_desk_step *people_then; /* after the directory; whether it could be read is in has_people */
    bool has_people;
    VEC(struct desk_person) people_read;
    rex_desk_step *limit_then;
    uint32_t limit;        /* of lines; 0: not known */
    bool is_out_of_budget; /* the service's limits kept it from us: names, too, can wait */

    desk_items stored, wanted, before; /* lists */
    rex_desk_read_done *list_then;

    struct desk_wish wish, found;  /* settings */
    struct desk_settings put_told; /* by the answer to the last PUT of the presence */
    rex_desk_read_done *settings_then;
    char missing_answerable[ERR_TEXT_BYTES];
    char fixed[ERR_TEXT_BYTES]; /* why nothing of another's may be changed; "" */

    rex_devices devices;
    bool is_extension_in_call; /* asked for one who is not monitored */

    /* of a write */
    int64_t until_ms; /* monotonic: no new try after it */
    unsigned tries, looks;
    bool is_unsure;         /* something was sent, and what became of it is not known yet */
    bool is_last_look;      /* it will not be sent again */
    bool is_partly;         /* settings: a part was stored already */
    bool is_accepted;       /* settings: the last PUT was, */
    bool is_put_answerable; /* and it was who may answer */
    unsigned sent;          /* settings: bits of all that was sent */
    struct desk_fail put_fail;
};

struct rex_desk {
    struct rex_desk_config config;
    VEC(struct desk_job *) jobs;
    struct desk_people people;
    uint32_t limit; /* of our own list */
    int64_t limit_ms;
    struct desk_settings seen; /* our own settings, as an answer or a notice told them last */
    size_t seen_calls;         /* our own, likewise: how many, and what the line does */
    enum rex_telephony seen_telephony;
};

/* ---- desk.c: jobs and their requests ---- */

int64_t rex_desk_now(const struct desk_job *job);
void rex_desk_later(struct desk_job *job, int64_t after_ms, rex_desk_step *then);
void rex_desk_get(struct desk_job *job, const char *path, enum rex_group group, int64_t patience_ms,
                  rex_desk_answered *done);
void rex_desk_put(struct desk_job *job, const char *path, const char *body,
                  rex_desk_answered *done);
void rex_desk_read_pages(struct desk_job *job); /* job->pages: path to done are set */
/* The answer as a failure; false: it is a 2xx. */
bool rex_desk_failed(struct desk_job *job, const struct rex_answer *answer);
void rex_desk_fail_set(struct desk_job *job, enum rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* ".../extension/ID" and the rest. */
void rex_desk_path(const struct desk_job *job, char out[DESK_PATH_BYTES], const char *rest);
const char *rex_desk_whose(const struct desk_job *job,
                           char out[96]); /* "your", "extension 108's" */
/* 401, and 403 of rights; a 403 of a parameter is a refusal (6.2). */
bool rex_desk_is_rights(const struct desk_fail *fail);
/* Somebody else's and no rights: then the text says who may ("see and change") what ("list"). */
bool rex_desk_explain_rights(const struct desk_job *job, const char *may, const char *what,
                             struct desk_fail *fail);
bool rex_desk_is_refused(
    const struct desk_fail *fail); /* the service does not take what was sent */
/* Waits as the last failure asks, then `again`. False: it makes no sense (any more). */
bool rex_desk_try_again(struct desk_job *job, rex_desk_step *again);

/* Ends the job with what it has: answers what its kind answers. Nothing of it may be touched
 * afterwards. */
void rex_desk_end(struct desk_job *job, enum rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void rex_desk_end_failed(struct desk_job *job); /* with job->fail */

/* ---- desk_people.c ---- */

/* Reads the directory unless what is there is not older than max_age_ms. */
void rex_desk_need_people(struct desk_job *job, int64_t max_age_ms, rex_desk_step *then);
const struct desk_person *rex_desk_person_find(const struct rex_desk *desk, const char *user_id);
const struct desk_person *rex_desk_person_by_extension(const struct rex_desk *desk,
                                                       const char *extension);
void rex_desk_people_free(struct desk_people *people);
void rex_desk_people_drop_read(struct desk_job *job);
void rex_desk_people_job(struct desk_job *job);

/* ---- desk_list.c: reading; desk_write.c: replacing ---- */

void rex_desk_list_job(struct desk_job *job);
void rex_desk_list_read(struct desk_job *job, rex_desk_read_done *then); /* into job->stored */
void rex_desk_need_limit(struct desk_job *job, rex_desk_step *then);
void rex_desk_list_names(struct desk_job *job, desk_items *items); /* as far as they are known */
bool rex_desk_items_equal(const desk_items *a, const desk_items *b);
void rex_desk_items_take(desk_items *out, const struct desk_line *lines, size_t len);
void rex_desk_items_free(desk_items *items);
void rex_desk_item_refuse(struct desk_item *item, const char *why);
void rex_desk_write_job(struct desk_job *job);
bool rex_desk_is_any_refused(const struct desk_job *job);
void rex_desk_end_refused(struct desk_job *job); /* names the first, tells all */
/* desk_refusal.c: after the service has refused the list: which lines, and why. Ends the job. */
void rex_desk_list_refused(struct desk_job *job, const char *body, size_t len);

/* ---- desk_settings.c, desk_phones.c ---- */

void rex_desk_settings_job(struct desk_job *job);
void rex_desk_settings_write_job(struct desk_job *job);
void rex_desk_phones_job(struct desk_job *job);
/* Is a call on that phone of the user? */
bool rex_desk_phone_is_in_call(const struct desk_job *job, const struct rex_device *device);

#endif
