/* Replaces the list as a whole, safely (3.5): what is believed is checked first, then one PUT of
 * everything, then what is stored is read back. Whatever goes wrong in between, what is stored is
 * looked at again before anything is said or sent. */
#include "desk_priv.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>

#define BODY_MAX_BYTES (8 * 1024 * 1024)
#define LOOKS_MOST 3       /* after a yes: until what is stored is what was sent */
#define LOOK_AGAIN_MS 2000 /* between them */

static void look(struct desk_job *job);

void rex_desk_end_refused(struct desk_job *job)
{
    const struct desk_item *first = NULL;
    size_t more = 0;
    for (size_t i = 0; i < job->wanted.len; i++) {
        const struct desk_item *item = &job->wanted.items[i];
        if (item->refused == NULL)
            continue;
        more += first != NULL;
        first = first != NULL ? first : item;
    }
    char others[48] = "";
    if (more > 0)
        snprintf(others, sizeof others, ", and %zu more", more);
    rex_desk_end(job, RC_REFUSED, "%s %s%s%s%s; nothing was stored",
                 first->extension[0] != '\0' ? first->extension : first->user_id, first->name,
                 first->name[0] != '\0' ? ": " : "is refused: ", first->refused, others);
}

bool rex_desk_is_any_refused(const struct desk_job *job)
{
    for (size_t i = 0; i < job->wanted.len; i++) {
        if (job->wanted.items[i].refused != NULL)
            return true;
    }
    return false;
}

/* ---- before anything is sent ---- */

static bool is_in(const desk_items *items, const struct desk_item *wanted)
{
    for (size_t i = 0; i < items->len; i++) {
        if (wanted->user_id[0] != '\0' && str_eq(items->items[i].user_id, wanted->user_id))
            return true;
    }
    return false;
}

/* A line that has come by its extension alone gets its user. */
static void resolve(const struct desk_job *job, struct desk_item *item)
{
    const struct rex_desk *desk = job->desk;
    if (item->user_id[0] != '\0' || item->extension[0] == '\0')
        return;
    const struct rex_user *user = rex_floor_by_extension(desk->config.floor, item->extension);
    const struct desk_person *person = rex_desk_person_by_extension(desk, item->extension);
    if (user != NULL)
        str_copy(item->user_id, sizeof item->user_id, user->id);
    else if (person != NULL)
        str_copy(item->user_id, sizeof item->user_id, person->user_id);
}

/* Lines that are new must be somebody whom the directory knows; without it the service decides. */
static void check_new(struct desk_job *job)
{
    for (size_t i = 0; i < job->wanted.len; i++) {
        struct desk_item *item = &job->wanted.items[i];
        resolve(job, item);
        const struct desk_person *person = rex_desk_person_find(job->desk, item->user_id);
        if (item->user_id[0] == '\0')
            rex_desk_item_refuse(item, "there is no such extension");
        else if (!job->has_people || item->is_reserved || is_in(&job->before, item))
            continue;
        else if (person == NULL)
            rex_desk_item_refuse(item, "there is no such extension (any more)");
        else if (!person->is_listable)
            rex_desk_item_refuse(item,
                                 "this kind of extension cannot stand in a list, or is disabled");
    }
    rex_desk_list_names(job, &job->wanted);
    if (rex_desk_is_any_refused(job))
        rex_desk_end_refused(job);
    else
        look(job);
}

/* Somebody unknown may have come since the directory was read: then it is read again. */
static void check_people(struct desk_job *job)
{
    for (size_t i = 0; i < job->wanted.len && job->has_people; i++) {
        const struct desk_item *item = &job->wanted.items[i];
        if (item->is_reserved || is_in(&job->before, item) ||
            rex_desk_person_find(job->desk, item->user_id) != NULL ||
            rex_desk_person_by_extension(job->desk, item->extension) != NULL)
            continue;
        rex_desk_need_people(job, 1, check_new);
        return;
    }
    check_new(job);
}

static void check_all(struct desk_job *job)
{
    for (size_t i = 0; i < job->wanted.len; i++) {
        const struct desk_item *item = &job->wanted.items[i];
        if (item->is_reserved || is_in(&job->before, item))
            continue;
        rex_desk_need_people(job, REX_DESK_PEOPLE_MS, check_people);
        return;
    }
    check_new(job);
}

void rex_desk_write_job(struct desk_job *job)
{
    rex_desk_need_limit(job, check_all);
}

/* ---- the array ---- */

static int64_t number_of(const struct desk_item *item)
{
    int64_t number = 0;
    str_to_int(item->id, 0, INT64_MAX, &number);
    return number;
}

static bool is_reserved_number(const desk_items *stored, int64_t number)
{
    for (size_t i = 0; i < stored->len; i++) {
        if (stored->items[i].is_reserved && number_of(&stored->items[i]) == number)
            return true;
    }
    return false;
}

/* The lines that are not reserved are numbered from the first number that one of them had, or from
 * the end of the reserved ones when that is lower: on accounts whose reserved lines are not told
 * (3.5, UNVERIFIED) their numbers stay free. */
static int64_t first_number(const desk_items *stored)
{
    int64_t lowest = INT64_MAX, reserved = 0;
    for (size_t i = 0; i < stored->len; i++) {
        int64_t number = number_of(&stored->items[i]);
        if (stored->items[i].is_reserved && number > reserved)
            reserved = number;
        if (!stored->items[i].is_reserved && number < lowest)
            lowest = number;
    }
    if (lowest == INT64_MAX || (reserved > 0 && reserved + 1 < lowest))
        return reserved + 1;
    return lowest > 0 ? lowest : 1;
}

/* Reserved lines as they are stored, with their numbers; the others without gaps. Sets the ids of
 * the wanted lines, too: a refusal names them. */
static void make_body(struct desk_job *job, struct buf *body)
{
    VEC(struct rex_desk_row) puts = {0};
    const desk_items *stored = &job->stored;
    int64_t number = first_number(stored);
    for (size_t i = 0; i < stored->len; i++) {
        const struct desk_item *item = &stored->items[i];
        if (item->is_reserved)
            VEC_PUSH(&puts, ((struct rex_desk_row){item->id, item->user_id}));
    }
    for (size_t i = 0; i < job->wanted.len; i++) {
        struct desk_item *item = &job->wanted.items[i];
        if (item->is_reserved)
            continue;
        while (is_reserved_number(stored, number))
            number++;
        snprintf(item->id, sizeof item->id, "%" PRId64, number++);
        VEC_PUSH(&puts, ((struct rex_desk_row){item->id, item->user_id}));
    }
    rex_wire_desk_lines_body(body, puts.items, puts.len);
    VEC_FREE(&puts);
}

/* ---- sending ---- */

static void on_replaced(struct desk_job *job, const struct rex_answer *answer);

static void replace(struct desk_job *job)
{
    char path[DESK_PATH_BYTES];
    struct buf body;
    buf_init(&body, BODY_MAX_BYTES);
    make_body(job, &body);
    rex_desk_path(job, path, "/presence/line");
    rex_desk_put(job, path, buf_text(&body), on_replaced);
    buf_fini(&body);
}

static void end_stored(struct desk_job *job)
{
    const struct rex_desk_config *config = &job->desk->config;
    rex_desk_list_names(job, &job->stored);
    if (job->extension[0] == '\0' && job->is_unsure && config->list_written != NULL)
        config->list_written(config->self);
    rex_desk_end(job, RC_OK, " ");
}

static void on_read_back(struct desk_job *job, bool is_ok);

static void read_back(struct desk_job *job)
{
    rex_desk_list_read(job, on_read_back);
}

static void on_read_back(struct desk_job *job, bool is_ok)
{
    if (!is_ok)
        rex_desk_end(job, RC_FAILED,
                     "the service has taken the list, but it could not be read back: %s",
                     job->fail.text);
    else if (rex_desk_items_equal(&job->stored, &job->wanted))
        end_stored(job);
    else if (++job->looks < LOOKS_MOST)
        rex_desk_later(job, LOOK_AGAIN_MS, read_back);
    else
        rex_desk_end(
            job, RC_FAILED,
            "the service has taken the list, but stores another one: look at it before you "
            "save again");
}

static void on_replaced(struct desk_job *job, const struct rex_answer *answer)
{
    job->is_unsure = true;
    if (!rex_desk_failed(job, answer)) {
        read_back(job);
        return;
    }
    job->put_fail = job->fail;
    if (rex_desk_is_refused(&job->fail)) {
        rex_desk_list_refused(job, answer->body, answer->body_len);
    } else if (rex_desk_is_rights(&job->fail) || job->fail.status == 404 ||
               job->fail.status == 405) {
        char whose[96];
        if (rex_desk_explain_rights(job, "change", "list", &job->put_fail))
            rex_desk_end(job, RC_DENIED, "%s", job->put_fail.text);
        else
            rex_desk_end(job, RC_DENIED, "%s list may not be changed: %s",
                         rex_desk_whose(job, whose), job->put_fail.text);
    } else if (!rex_desk_try_again(job, look)) {
        job->is_last_look = true;
        look(job);
    }
}

/* ---- what is stored, before the first PUT and after each that was not answered ---- */

/* A wanted list that has reserved lines must have those that are stored. */
static bool keeps_reserved(struct desk_job *job)
{
    bool is_kept = true;
    for (size_t i = 0; i < job->wanted.len; i++) {
        struct desk_item *item = &job->wanted.items[i];
        bool is_there = false;
        for (size_t k = 0; k < job->stored.len && item->is_reserved; k++) {
            const struct desk_item *stored = &job->stored.items[k];
            is_there |= stored->is_reserved && str_eq(stored->id, item->id) &&
                        str_eq(stored->user_id, item->user_id);
        }
        if (!item->is_reserved || is_there)
            continue;
        rex_desk_item_refuse(item, "a reserved line can neither be changed nor moved");
        is_kept = false;
    }
    return is_kept;
}

static size_t count_lines(const desk_items *items, bool is_reserved)
{
    size_t count = 0;
    for (size_t i = 0; i < items->len; i++)
        count += items->items[i].is_reserved == is_reserved;
    return count;
}

/* Those that stand last have no room. As many as are stored have, whatever the limit is now: what
 * becomes of them the service decides. */
static bool fits_limit(struct desk_job *job)
{
    size_t keys = count_lines(&job->stored, true);
    size_t all = keys + count_lines(&job->wanted, false);
    if (job->limit == 0 || all <= job->limit || all <= job->stored.len)
        return true;
    for (size_t i = 0; i < job->wanted.len; i++) {
        struct desk_item *item = &job->wanted.items[i];
        char why[96];
        keys += !item->is_reserved;
        if (item->is_reserved || keys <= job->limit)
            continue;
        snprintf(why, sizeof why, "the list may have %" PRIu32 " lines: remove some", job->limit);
        rex_desk_item_refuse(item, why);
    }
    return false;
}

static void end_changed(struct desk_job *job)
{
    rex_desk_list_names(job, &job->stored);
    rex_desk_end(job, RC_CHANGED, "the stored list was changed elsewhere: nothing was stored");
}

static void on_look(struct desk_job *job, bool is_ok)
{
    if (!is_ok && job->is_unsure)
        rex_desk_end(job, RC_FAILED,
                     "it is not certain whether the list was stored (%s), read it again: %s",
                     job->put_fail.text, job->fail.text);
    else if (!is_ok)
        rex_desk_end(job, job->fail.rc, "%s", job->fail.text);
    else if (rex_desk_items_equal(&job->stored, &job->wanted))
        end_stored(job);
    else if (!rex_desk_items_equal(&job->stored, &job->before) && job->is_unsure)
        rex_desk_end(job, RC_FAILED,
                     "while the list was being stored it became another one: look at it before you "
                     "save again");
    else if (!rex_desk_items_equal(&job->stored, &job->before))
        end_changed(job);
    else if (job->is_last_look)
        rex_desk_end(job, job->put_fail.rc, "%s; nothing was stored", job->put_fail.text);
    else if (!keeps_reserved(job) || !fits_limit(job))
        rex_desk_end_refused(job);
    else
        replace(job);
}

static void look(struct desk_job *job)
{
    rex_desk_list_read(job, on_look);
}
