#include "desk_priv.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- lists ---- */

void rex_desk_items_free(desk_items *items)
{
    for (size_t i = 0; i < items->len; i++)
        mem_free(items->items[i].refused);
    VEC_FREE(items);
}

void rex_desk_items_take(desk_items *out, const struct desk_line *lines, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct desk_item item = {.is_reserved = lines[i].is_reserved};
        str_copy(item.id, sizeof item.id, lines[i].id != NULL ? lines[i].id : "");
        str_copy(item.user_id, sizeof item.user_id,
                 lines[i].user_id != NULL ? lines[i].user_id : "");
        str_copy(item.extension, sizeof item.extension,
                 lines[i].extension != NULL ? lines[i].extension : "");
        str_copy(item.name, sizeof item.name, lines[i].name != NULL ? lines[i].name : "");
        VEC_PUSH(out, item);
    }
}

void rex_desk_item_refuse(struct desk_item *item, const char *why)
{
    mem_free(item->refused);
    item->refused = mem_dup(why);
}

static bool is_same_user(const struct desk_item *a, const struct desk_item *b)
{
    if (a->user_id[0] != '\0' && b->user_id[0] != '\0')
        return str_eq(a->user_id, b->user_id);
    return a->extension[0] != '\0' && str_eq(a->extension, b->extension);
}

/* The next line from *at on that is reserved, or is not; NULL at the end. */
static const struct desk_item *next(const desk_items *items, size_t *at, bool is_reserved)
{
    while (*at < items->len) {
        const struct desk_item *item = &items->items[(*at)++];
        if (item->is_reserved == is_reserved)
            return item;
    }
    return NULL;
}

static bool is_part_equal(const desk_items *a, const desk_items *b, bool is_reserved)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        const struct desk_item *item_a = next(a, &at_a, is_reserved);
        const struct desk_item *item_b = next(b, &at_b, is_reserved);
        if (item_a == NULL || item_b == NULL)
            return item_a == item_b;
        if (!is_same_user(item_a, item_b) || (is_reserved && !str_eq(item_a->id, item_b->id)))
            return false;
    }
}

static bool has_reserved(const desk_items *items)
{
    size_t at = 0;
    return next(items, &at, true) != NULL;
}

/* Numbers of lines that are not reserved follow from their order, and are not compared. A list
 * without any reserved line (from a file) is as one with those of the other. */
bool rex_desk_items_equal(const desk_items *a, const desk_items *b)
{
    if (!is_part_equal(a, b, false))
        return false;
    return !has_reserved(a) || !has_reserved(b) || is_part_equal(a, b, true);
}

/* ---- reading ---- */

static enum rc take_lines(struct desk_job *job, const struct rex_answer *answer,
                          struct rex_paging *page, size_t *taken, struct err *err)
{
    rex_lines lines = {0};
    enum rc rc = rex_wire_lines(&lines, page, answer->body, answer->body_len, err);
    for (size_t i = 0; i < lines.len && rc == RC_OK; i++) {
        const struct rex_line *line = &lines.items[i];
        struct desk_item item = {.is_reserved = line->is_reserved};
        str_copy(item.id, sizeof item.id, line->id);
        str_copy(item.user_id, sizeof item.user_id, line->extension_id);
        str_copy(item.extension, sizeof item.extension, line->extension);
        VEC_PUSH(&job->stored, item);
    }
    *taken = lines.len;
    VEC_FREE(&lines);
    return rc;
}

static void reset_lines(struct desk_job *job)
{
    rex_desk_items_free(&job->stored);
}

static int by_number(const void *a, const void *b)
{
    const struct desk_item *item_a = a, *item_b = b;
    int64_t id_a = 0, id_b = 0;
    str_to_int(item_a->id, 0, INT64_MAX, &id_a);
    str_to_int(item_b->id, 0, INT64_MAX, &id_b);
    return (id_a > id_b) - (id_a < id_b);
}

/* Each line once, and in order of its number, which is its key. */
static bool is_lines_whole(struct desk_job *job)
{
    const desk_items *stored = &job->stored;
    int64_t number;
    for (size_t i = 0; i < stored->len; i++) {
        if (!str_to_int(stored->items[i].id, 0, INT64_MAX, &number))
            return false;
    }
    if (stored->len > 1)
        qsort(stored->items, stored->len, sizeof stored->items[0], by_number);
    for (size_t i = 1; i < stored->len; i++) {
        if (str_eq(stored->items[i].id, stored->items[i - 1].id))
            return false;
    }
    return true;
}

/* What no rights and no such endpoint mean for a list. */
static void explain_denied(struct desk_job *job)
{
    struct desk_fail *fail = &job->fail;
    char whose[96], why[ERR_TEXT_BYTES];
    if (!rex_desk_is_rights(fail) && fail->status != 404 && fail->status != 405)
        return;
    fail->rc = RC_DENIED;
    str_copy(why, sizeof why, fail->text);
    if (rex_desk_explain_rights(job, "see and change", "list", fail))
        return;
    if (job->extension[0] != '\0')
        str_format(fail->text, sizeof fail->text, "%s list cannot be had from the service: %.360s",
                   rex_desk_whose(job, whose), why);
    else
        str_format(fail->text, sizeof fail->text,
                   "the service keeps its list from this application, so yours lives in callhud's "
                   "own file alone: %.360s",
                   why);
}

static void on_lines(struct desk_job *job, bool is_ok)
{
    if (!is_ok) {
        rex_desk_items_free(&job->stored);
        explain_denied(job);
    }
    job->list_then(job, is_ok);
}

void rex_desk_list_read(struct desk_job *job, rex_desk_read_done *then)
{
    job->list_then = then;
    job->pages = (struct desk_pages){
        .group = REX_LIGHT,
        .take = take_lines,
        .reset = reset_lines,
        .is_whole = is_lines_whole,
        .done = on_lines,
    };
    rex_desk_path(job, job->pages.path, "/presence/line?perPage=1000&page=");
    rex_desk_read_pages(job);
}

/* ---- how many lines there may be ---- */

static void on_features(struct desk_job *job, const struct rex_answer *answer)
{
    rex_features features = {0};
    uint32_t limit = 0;
    if (answer->rc == RC_OK && answer->status == 200 &&
        rex_wire_features(&features, answer->body, answer->body_len, NULL) == RC_OK) {
        for (size_t i = 0; i < features.len; i++) {
            if (str_eq(features.items[i].id, "HUD") || limit == 0)
                limit = features.items[i].limit;
        }
        if (job->extension[0] == '\0') {
            job->desk->limit = limit;
            job->desk->limit_ms = rex_desk_now(job);
        }
    }
    VEC_FREE(&features);
    job->is_out_of_budget = answer->rc == RC_TIMEOUT;
    job->limit = limit;
    job->limit_then(job);
}

void rex_desk_need_limit(struct desk_job *job, rex_desk_step *then)
{
    const struct rex_desk *desk = job->desk;
    char path[DESK_PATH_BYTES];
    if (job->extension[0] == '\0' && desk->limit_ms != INT64_MIN &&
        rex_desk_now(job) - desk->limit_ms < REX_DESK_LIMIT_MS) {
        job->limit = desk->limit;
        then(job);
        return;
    }
    job->limit_then = then;
    rex_desk_path(job, path, "/features?featureId=HUD&featureId=EditBlfSettings");
    rex_desk_get(job, path, REX_MEDIUM, DESK_LIMIT_PATIENCE_MS, on_features);
}

/* ---- names ---- */

static void name_item(const struct rex_desk *desk, struct desk_item *item)
{
    const struct rex_user *user = rex_floor_user(desk->config.floor, item->user_id);
    const struct desk_person *person = rex_desk_person_find(desk, item->user_id);
    if (item->name[0] == '\0' && user != NULL && user->name != NULL)
        str_copy(item->name, sizeof item->name, user->name);
    if (item->name[0] == '\0' && person != NULL)
        str_copy(item->name, sizeof item->name, person->name);
    if (item->extension[0] == '\0' && user != NULL && user->extension != NULL)
        str_copy(item->extension, sizeof item->extension, user->extension);
    if (item->extension[0] == '\0' && person != NULL)
        str_copy(item->extension, sizeof item->extension, person->extension);
}

void rex_desk_list_names(struct desk_job *job, desk_items *items)
{
    for (size_t i = 0; i < items->len; i++)
        name_item(job->desk, &items->items[i]);
}

/* ---- the question ---- */

/* A directory that cannot be had leaves lines without a name, no more. */
static void list_named(struct desk_job *job)
{
    rex_desk_list_names(job, &job->stored);
    rex_desk_end(job, RC_OK, " ");
}

static void list_limited(struct desk_job *job)
{
    rex_desk_list_names(job, &job->stored);
    bool is_named_enough = job->is_out_of_budget && job->desk->config.config->is_desk_only;
    for (size_t i = 0; i < job->stored.len && !is_named_enough; i++) {
        if (job->stored.items[i].name[0] != '\0')
            continue;
        rex_desk_need_people(job, REX_DESK_PEOPLE_MS, list_named);
        return;
    }
    rex_desk_end(job, RC_OK, " ");
}

static void list_read(struct desk_job *job, bool is_ok)
{
    if (is_ok)
        rex_desk_need_limit(job, list_limited);
    else
        rex_desk_end(job, job->fail.rc, "%s", job->fail.text);
}

void rex_desk_list_job(struct desk_job *job)
{
    rex_desk_list_read(job, list_read);
}
