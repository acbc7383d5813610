#include "desk_priv.h"

#include "callhud/backend/tell.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>

#define WRITE_TRIES 4         /* of a PUT that fails for no reason of budget */
#define WRITE_FIRST_MS 1000   /* before the second, doubled each time */
#define WRITE_BUDGET_MS 10000 /* between two looks whether the budget allows it now */
#define WRITE_UNSENT_MS 10000 /* no answer after less than this: it was never sent */
#define READ_FIRST_MS 1000
#define PAGES_AGAIN_MS 500

struct rex_desk *rex_desk_new(const struct rex_desk_config *config)
{
    struct rex_desk *desk = mem_zero(1, sizeof *desk);
    desk->config = *config;
    desk->people.read_ms = INT64_MIN;
    desk->limit_ms = INT64_MIN;
    return desk;
}

static void job_free(struct desk_job *job)
{
    rex_desk_items_free(&job->stored);
    rex_desk_items_free(&job->wanted);
    rex_desk_items_free(&job->before);
    VEC_FREE(&job->wish.answerable);
    VEC_FREE(&job->found.answerable);
    VEC_FREE(&job->devices);
    rex_desk_people_drop_read(job);
    mem_free(job);
}

/* Its requests and its timer end without a word. */
static void job_stop(struct desk_job *job)
{
    const struct rex_desk_config *config = &job->desk->config;
    rex_rest_cancel(config->rest, job);
    if (job->timer != NULL)
        config->io->timer_stop(job->timer);
    job->timer = NULL;
}

void rex_desk_free(struct rex_desk *desk)
{
    if (desk == NULL)
        return;
    for (size_t i = 0; i < desk->jobs.len; i++) {
        job_stop(desk->jobs.items[i]);
        job_free(desk->jobs.items[i]);
    }
    VEC_FREE(&desk->jobs);
    rex_desk_people_free(&desk->people);
    mem_free(desk);
}

/* ---- waiting and asking ---- */

int64_t rex_desk_now(const struct desk_job *job)
{
    const struct io *io = job->desk->config.io;
    return io->now_ms(io->net);
}

static void on_timer(void *self)
{
    struct desk_job *job = self;
    job->timer = NULL;
    job->then(job);
}

void rex_desk_later(struct desk_job *job, int64_t after_ms, rex_desk_step *then)
{
    const struct io *io = job->desk->config.io;
    job->then = then;
    job->timer = io->timer(io->net, after_ms, on_timer, job);
}

void rex_desk_path(const struct desk_job *job, char out[DESK_PATH_BYTES], const char *rest)
{
    snprintf(out, DESK_PATH_BYTES, "/restapi/v1.0/account/~/extension/%s%s", job->user_id, rest);
}

const char *rex_desk_whose(const struct desk_job *job, char out[96])
{
    if (job->extension[0] == '\0')
        return "your";
    snprintf(out, 96, "extension %s's", job->extension);
    return out;
}

/* Most of what can be answered means the same for every question. */
static enum rc rc_of(const struct rex_answer *answer)
{
    if (answer->rc == RC_TIMEOUT || answer->status == 429)
        return RC_TIMEOUT;
    if (answer->rc != RC_OK || answer->status >= 500)
        return RC_UNREACHABLE;
    return answer->status == 400 || answer->status == 409 || answer->status == 422 ? RC_REFUSED
                                                                                   : RC_DENIED;
}

bool rex_desk_failed(struct desk_job *job, const struct rex_answer *answer)
{
    if (rex_is_yes(answer))
        return false;
    job->fail =
        (struct desk_fail){.rc = rc_of(answer), .status = answer->rc == RC_OK ? answer->status : 0};
    str_copy(job->fail.code, sizeof job->fail.code, answer->code != NULL ? answer->code : "");
    rex_say_reason(answer, job->fail.text, sizeof job->fail.text);
    return true;
}

void rex_desk_fail_set(struct desk_job *job, enum rc rc, const char *format, ...)
{
    struct err err;
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(&err, rc, "%s", text);
    job->fail = (struct desk_fail){.rc = rc};
    str_copy(job->fail.text, sizeof job->fail.text, err.text);
}

bool rex_desk_is_refused(const struct desk_fail *fail)
{
    static const char *const taken[] = {"CMN-101", "CMN-102", "CMN-103", "CMN-104", "CMN-406"};
    if (fail->status == 400 || fail->status == 409 || fail->status == 413 || fail->status == 422)
        return true;
    if (fail->status != 403 && fail->status != 404)
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (str_eq(fail->code, taken[i]))
            return true;
    }
    return str_starts(fail->code, "BLF-") || str_starts(fail->code, "SUB-");
}

bool rex_desk_is_rights(const struct desk_fail *fail)
{
    return (fail->status == 401 || fail->status == 403) && !rex_desk_is_refused(fail);
}

bool rex_desk_explain_rights(const struct desk_job *job, const char *may, const char *what,
                             struct desk_fail *fail)
{
    char whose[96];
    bool is_application = str_eq(fail->code, "CMN-401"); /* lacks it, whoever signs in */
    if (job->extension[0] == '\0' || !rex_desk_is_rights(fail) || is_application)
        return false;
    snprintf(fail->text, sizeof fail->text,
             "an administrator of the account may %s %s %s: ask one (%d%s%s)", may,
             rex_desk_whose(job, whose), what, fail->status, fail->code[0] != '\0' ? " " : "",
             fail->code);
    return true;
}

static void send_get(struct desk_job *job);

static void on_get(void *self, const struct rex_answer *answer)
{
    struct desk_job *job = self;
    if (answer->rc == RC_OK && answer->status >= 500 && ++job->get.tries < DESK_READ_TRIES) {
        rex_desk_later(job, READ_FIRST_MS << (job->get.tries - 1), send_get);
        return;
    }
    job->get.done(job, answer);
}

static void send_get(struct desk_job *job)
{
    struct rex_request request = {
        .method = "GET",
        .path = job->get.path,
        .group = job->get.group,
        .priority = REX_FOR_REPAIR, /* so that a 429 is waited out */
        .patience_ms = job->get.patience_ms,
    };
    rex_rest_ask(job->desk->config.rest, &request, on_get, job);
}

void rex_desk_get(struct desk_job *job, const char *path, enum rex_group group, int64_t patience_ms,
                  rex_desk_answered *done)
{
    str_copy(job->get.path, sizeof job->get.path, path);
    job->get.group = group;
    job->get.patience_ms = patience_ms;
    job->get.tries = 0;
    job->get.done = done;
    send_get(job);
}

static void on_put(void *self, const struct rex_answer *answer)
{
    struct desk_job *job = self;
    job->put_done(job, answer);
}

void rex_desk_put(struct desk_job *job, const char *path, const char *body, rex_desk_answered *done)
{
    struct rex_request request = {
        .method = "PUT",
        .path = path,
        .body = body,
        .group = REX_MEDIUM,
        .priority = REX_FOR_ACTION, /* a 429 is told: what was read is old by then */
        .patience_ms = DESK_PUT_PATIENCE_MS,
    };
    job->put_done = done;
    job->put_ms = rex_desk_now(job);
    rex_rest_ask(job->desk->config.rest, &request, on_put, job);
}

bool rex_desk_try_again(struct desk_job *job, rex_desk_step *again)
{
    const struct desk_fail *fail = &job->put_fail;
    bool is_budget = fail->status == 429 || (fail->status == 0 && fail->rc == RC_TIMEOUT &&
                                             rex_desk_now(job) - job->put_ms < WRITE_UNSENT_MS);
    if (fail->status != 0 && fail->status != 429 && fail->status < 500)
        return false;
    if (rex_desk_now(job) >= job->until_ms || (!is_budget && ++job->tries >= WRITE_TRIES))
        return false;
    rex_desk_later(job, is_budget ? WRITE_BUDGET_MS : WRITE_FIRST_MS << (job->tries - 1), again);
    return true;
}

/* ---- all pages, or none ---- */

static void ask_page(struct desk_job *job);

static void pages_begin(struct desk_job *job)
{
    struct desk_pages *pages = &job->pages;
    pages->page = 1;
    pages->total_pages = 0;
    pages->total = -1;
    pages->got = 0;
    pages->reset(job);
    ask_page(job);
}

static void pages_again(struct desk_job *job, const char *why)
{
    if (++job->pages.again < DESK_AGAIN) {
        rex_desk_later(job, PAGES_AGAIN_MS, pages_begin);
        return;
    }
    rex_desk_fail_set(job, RC_FAILED, "the service's answer is not whole (%s): try again later",
                      why);
    job->pages.done(job, false);
}

/* NULL: the page fits to those before. */
static const char *page_misfit(struct desk_pages *pages, const struct rex_paging *page)
{
    if (page->page != 0 && page->page != pages->page)
        return "another page came than was asked for";
    if (pages->page > 1 && (page->total_pages != pages->total_pages || page->total != pages->total))
        return "it changed from page to page";
    pages->total_pages = page->total_pages;
    pages->total = page->total;
    return NULL;
}

static void on_page(struct desk_job *job, const struct rex_answer *answer)
{
    struct desk_pages *pages = &job->pages;
    struct rex_paging page = {0};
    struct err err = {0};
    size_t taken = 0;
    if (rex_desk_failed(job, answer)) {
        pages->done(job, false);
        return;
    }
    if (pages->take(job, answer, &page, &taken, &err) != RC_OK) {
        rex_desk_fail_set(job, RC_FAILED, "the service's answer cannot be read: %s", err.text);
        pages->done(job, false);
        return;
    }
    const char *misfit = page_misfit(pages, &page);
    if (misfit == NULL && taken != page.records && !pages->is_lenient)
        misfit = "a record cannot be read";
    pages->got += page.records;
    bool has_more = pages->page < page.total_pages || page.has_next;
    if (misfit == NULL && has_more &&
        (pages->page >= DESK_PAGES_MOST || pages->got >= DESK_RECORDS_MOST))
        misfit = "it does not end";
    if (misfit == NULL && has_more) {
        pages->page++;
        ask_page(job);
        return;
    }
    if (misfit == NULL && pages->total >= 0 && (size_t)pages->total != pages->got)
        misfit = "it has not as many records as it says";
    if (misfit == NULL && pages->is_whole != NULL && !pages->is_whole(job))
        misfit = "a record came twice";
    if (misfit != NULL)
        pages_again(job, misfit);
    else
        pages->done(job, true);
}

static void ask_page(struct desk_job *job)
{
    char path[DESK_PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s%" PRIu32, job->pages.path, job->pages.page);
    rex_desk_get(job, path, job->pages.group, DESK_READ_PATIENCE_MS, on_page);
}

void rex_desk_read_pages(struct desk_job *job)
{
    job->pages.again = 0;
    pages_begin(job);
}

/* ---- the life of a job ---- */

static bool is_write(const struct desk_job *job)
{
    return job->kind == DESK_LIST_WRITE || job->kind == DESK_SETTINGS_WRITE;
}

static void no_list_here(struct desk_job *job)
{
    rex_desk_end(job, RC_DENIED, "the service stores the list");
}

static void run(struct desk_job *job)
{
    static rex_desk_step *const steps[] = {
        [DESK_PEOPLE] = rex_desk_people_job,
        [DESK_LIST] = rex_desk_list_job,
        [DESK_LIST_WRITE] = rex_desk_write_job,
        [DESK_LIST_HERE] = no_list_here,
        [DESK_PHONES] = rex_desk_phones_job,
        [DESK_SETTINGS] = rex_desk_settings_job,
        [DESK_SETTINGS_WRITE] = rex_desk_settings_write_job,
    };
    job->until_ms = rex_desk_now(job) + REX_DESK_WRITE_MS;
    if (is_write(job) && job->desk->config.config->is_read_only)
        rex_desk_end(job, RC_DENIED, "this callhud is read-only: start it without --read-only");
    else
        steps[job->kind](job);
}

static void run_other(struct desk_job *job)
{
    struct rex_desk *desk = job->desk;
    const struct rex_user *user = rex_floor_by_extension(desk->config.floor, job->extension);
    const struct desk_person *person = rex_desk_person_by_extension(desk, job->extension);
    const char *id = user != NULL ? user->id : person != NULL ? person->user_id : "";
    if (id[0] != '\0') {
        if (str_eq(id, desk->config.floor->own_id))
            job->extension[0] = '\0';
        else
            str_copy(job->user_id, sizeof job->user_id, id);
        run(job);
    } else if (job->has_people) {
        rex_desk_end(job, RC_NOT_FOUND, "there is no extension %s", job->extension);
    } else if (job->fail.rc != RC_OK) {
        rex_desk_end_failed(job);
    } else {
        rex_desk_need_people(job, 0, run_other);
    }
}

/* Whose desk it is must be known first. */
static void begin(struct desk_job *job)
{
    const struct rex_floor *floor = job->desk->config.floor;
    const struct rex_user *own = rex_floor_user(floor, floor->own_id);
    job->is_begun = true;
    if (own != NULL && str_eq(own->extension, job->extension))
        job->extension[0] = '\0';
    str_copy(job->user_id, sizeof job->user_id, "~");
    if (job->extension[0] == '\0' || job->kind == DESK_PEOPLE)
        run(job);
    else
        run_other(job);
}

/* Starts what may start: questions at once, writes one after the other. */
static void wake(struct rex_desk *desk)
{
    bool is_writing = false;
    for (size_t i = 0; i < desk->jobs.len; i++) {
        struct desk_job *job = desk->jobs.items[i];
        if (!job->is_begun && job->timer == NULL && !(is_write(job) && is_writing))
            rex_desk_later(job, 0, begin);
        is_writing |= is_write(job);
    }
}

static void take_wish(struct desk_job *job, const struct desk_settings *settings)
{
    job->wish.told = *settings;
    for (size_t i = 0; settings->has & DESK_HAS_ANSWERABLE && i < settings->answerable_len; i++) {
        struct rex_desk_id id = {0};
        str_copy(id.text, sizeof id.text, settings->answerable_by[i]);
        VEC_PUSH(&job->wish.answerable, id);
    }
    job->wish.told.answerable_by = NULL;
    job->wish.told.visible_to = NULL;
}

void rex_desk_ask(struct rex_desk *desk, const struct desk_question *question, desk_done *done,
                  void *self)
{
    struct desk_job *job = mem_zero(1, sizeof *job);
    job->desk = desk;
    job->kind = question->kind;
    job->done = done;
    job->self = self;
    str_copy(job->extension, sizeof job->extension,
             question->extension != NULL ? question->extension : "");
    if (question->kind == DESK_LIST_WRITE) {
        rex_desk_items_take(&job->wanted, question->lines, question->lines_len);
        rex_desk_items_take(&job->before, question->before, question->before_len);
    }
    if (question->kind == DESK_SETTINGS_WRITE && question->settings != NULL)
        take_wish(job, question->settings);
    VEC_PUSH(&desk->jobs, job);
    wake(desk);
}

void rex_desk_forget(struct rex_desk *desk, const void *self)
{
    for (size_t i = desk->jobs.len; i-- > 0;) {
        struct desk_job *job = desk->jobs.items[i];
        if (job->self != self)
            continue;
        VEC_REMOVE(&desk->jobs, i);
        job_stop(job);
        job_free(job);
    }
    wake(desk);
}

/* ---- the answer ---- */

static void put_lines(struct desk_answer *answer, struct desk_line *lines, const desk_items *items,
                      bool refused_alone)
{
    size_t len = 0;
    for (size_t i = 0; i < items->len; i++) {
        const struct desk_item *item = &items->items[i];
        if (refused_alone && item->refused == NULL)
            continue;
        lines[len++] = (struct desk_line){
            .id = item->id,
            .user_id = item->user_id,
            .extension = item->extension,
            .name = item->name,
            .is_reserved = item->is_reserved,
            .refused = item->refused,
        };
    }
    answer->lines = lines;
    answer->lines_len = len;
}

static void put_phones(struct desk_answer *answer, struct desk_phone *phones,
                       const struct desk_job *job)
{
    for (size_t i = 0; i < job->devices.len; i++) {
        const struct rex_device *device = &job->devices.items[i];
        phones[i] = (struct desk_phone){
            .name = device->name[0] != '\0' ? device->name : device->model,
            .model = device->model,
            .is_online = device->is_online,
            .is_in_call = rex_desk_phone_is_in_call(job, device),
            .shows_presence = device->has_lamps,
            .restarts = str_eq_nocase(device->type, "HardPhone"),
        };
    }
    answer->phones = phones;
    answer->phones_len = job->devices.len;
}

/* "": neither the floor nor the people have told yet. */
static const char *own_extension(const struct rex_desk *desk)
{
    const char *own_id = desk->config.floor->own_id;
    const struct rex_user *own = rex_floor_user(desk->config.floor, own_id);
    const struct desk_person *person = rex_desk_person_find(desk, own_id);
    if (own != NULL && !str_is_empty(own->extension))
        return own->extension;
    return person != NULL ? person->extension : "";
}

static void tell(struct desk_job *job, enum rc rc, const char *text)
{
    struct desk_answer answer = {.rc = rc,
                                 .text = rc == RC_OK ? "" : text,
                                 .own_extension = own_extension(job->desk),
                                 .limit = job->limit};
    bool is_refused = rc == RC_REFUSED;
    const desk_items *items = is_refused ? &job->wanted : &job->stored;
    struct desk_line *lines = mem_zero(items->len + 1, sizeof *lines);
    struct desk_phone *phones = mem_zero(job->devices.len + 1, sizeof *phones);
    const char **ids = mem_zero(job->found.answerable.len + 1, sizeof *ids);
    bool is_list = job->kind == DESK_LIST || job->kind == DESK_LIST_WRITE;
    if (is_list && (rc == RC_OK || rc == RC_CHANGED || is_refused))
        put_lines(&answer, lines, items, is_refused);
    if (job->kind == DESK_PHONES && rc == RC_OK)
        put_phones(&answer, phones, job);
    if (job->kind == DESK_PEOPLE && rc == RC_OK) {
        answer.people = job->desk->people.items.items;
        answer.people_len = job->desk->people.items.len;
    }
    answer.settings = job->found.told;
    for (size_t i = 0; i < job->found.answerable.len; i++)
        ids[i] = job->found.answerable.items[i].text;
    answer.settings.answerable_by = ids;
    answer.settings.answerable_len = job->found.answerable.len;
    job->done(job->self, &answer);
    mem_free(lines);
    mem_free(phones);
    mem_free(ids);
}

void rex_desk_end(struct desk_job *job, enum rc rc, const char *format, ...)
{
    struct rex_desk *desk = job->desk;
    struct err err;
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(&err, rc, "%s", text); /* one line, whole characters */
    for (size_t i = 0; i < desk->jobs.len; i++) {
        if (desk->jobs.items[i] != job)
            continue;
        VEC_REMOVE(&desk->jobs, i);
        break;
    }
    wake(desk);
    tell(job, rc, err.text);
    job_free(job);
}

void rex_desk_end_failed(struct desk_job *job)
{
    bool is_rights = rex_desk_explain_rights(job, "see and change", "desk", &job->fail);
    rex_desk_end(job, is_rights ? RC_DENIED : job->fail.rc, "%s", job->fail.text);
}

/* ---- news ---- */

static void tell_news(struct rex_desk *desk, bool is_list, bool is_settings, bool is_phones)
{
    const struct rex_desk_config *config = &desk->config;
    struct event event = backend_event(EVENT_DESK, config->floor->own_id, 0, false);
    event.u.desk.is_list = is_list;
    event.u.desk.is_settings = is_settings;
    event.u.desk.is_phones = is_phones;
    config->sink.event(config->sink.self, &event);
}

/* True when it is another one than was seen before; then it has been seen now. */
static bool is_news(struct rex_desk *desk, unsigned bit, bool *seen, bool value)
{
    if (!(desk->seen.has & bit) || *seen == value)
        return false;
    *seen = value;
    return true;
}

static bool has_other_settings(struct rex_desk *desk, const struct rex_presence *presence)
{
    struct desk_settings *seen = &desk->seen;
    bool is_other = false;
    if (presence->has & REX_HAS_SETTINGS) {
        is_other |= is_news(desk, DESK_HAS_RING, &seen->rings_when_monitored,
                            presence->rings_when_monitored);
        is_other |= is_news(desk, DESK_HAS_PICKUP, &seen->picks_up_held, presence->picks_up_held);
    }
    if (presence->has & REX_HAS_SHARED)
        is_other |= is_news(desk, DESK_HAS_SHARE, &seen->shares_presence, presence->is_shared);
    if (presence->has & REX_HAS_DETAILS && seen->has & DESK_HAS_DETAILS &&
        seen->details != presence->details) {
        seen->details = presence->details;
        is_other = true;
    }
    return is_other;
}

/* Who is not monitored has no calls on the board: this is how a desk learns of its owner's. */
static bool has_other_calls(struct rex_desk *desk, const struct rex_presence *presence)
{
    bool is_other = false;
    if (presence->has & REX_HAS_TELEPHONY) {
        is_other |= desk->seen_telephony != presence->telephony;
        desk->seen_telephony = presence->telephony;
    }
    if (presence->has & REX_HAS_CALLS) {
        is_other |= desk->seen_calls != presence->calls.len;
        desk->seen_calls = presence->calls.len;
    }
    return is_other;
}

void rex_desk_notice(struct rex_desk *desk, const struct rex_notice *notice)
{
    const char *own_id = desk->config.floor->own_id;
    if (notice->kind == REX_NOTICE_PEOPLE)
        desk->people.read_ms = INT64_MIN;
    if (notice->kind == REX_NOTICE_LINES)
        tell_news(desk, true, false, false);
    if (notice->kind != REX_NOTICE_PRESENCE || own_id[0] == '\0' ||
        !str_eq(notice->presence.extension_id, own_id))
        return;
    bool is_settings = has_other_settings(desk, &notice->presence);
    bool is_phones = has_other_calls(desk, &notice->presence);
    if (is_settings || is_phones)
        tell_news(desk, false, is_settings, is_phones);
}

void rex_desk_missed(struct rex_desk *desk)
{
    desk->people.read_ms = INT64_MIN;
    tell_news(desk, true, true, true);
}
