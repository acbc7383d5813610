/* Under the lock: each function is one request, named by what it asks, and beside it what its
 * answer leads to. */
#include "desk_parts.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <string.h>

static void take(struct ari_names *to, struct ari_names *from)
{
    ari_names_fini(to);
    *to = *from;
    memset(from, 0, sizeof *from);
}

/* ---- reading back ---- */

static void on_back(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    struct ari_names now = {0};
    enum reply reply = list_reply(answer);
    bool is_told = reply == IS_ABSENT || (reply == IS_THERE && list_take(&now, answer));
    if (!is_told && job->is_confirmed) {
        names_copy(&job->stored, &job->wanted);
    } else if (!is_told) {
        list_say(job, RC_FAILED, "what is stored could not be read back: read it again");
    } else {
        take(&job->stored, &now);
        if (!names_are_same(&job->stored, &job->wanted))
            list_say(job, RC_FAILED,
                     "something else is stored than was written: another program writes "
                     "this list as well");
    }
    ari_names_fini(&now);
    list_end_locked(job);
}

static void on_tidied(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    job->has_next = !list_is_gone(list_reply(answer));
    job->is_open |= job->has_next;
    if (job->what == LIST_WRITE && job->is_written && job->rc == RC_OK)
        list_ask(job, "GET", "", NULL, on_back);
    else
        list_end_locked(job);
}

/* hud-EXT is as it shall be, or as it was: what was laid beside it goes. While something is open
 * that stays: it may be the only one in a moment. */
static void tidy(struct list_job *job)
{
    if (job->has_next && !job->is_open)
        list_ask(job, "DELETE", "-next", NULL, on_tidied);
    else if (job->what == LIST_WRITE && job->is_written && job->rc == RC_OK)
        list_ask(job, "GET", "", NULL, on_back);
    else
        list_end_locked(job);
}

static void leave_open(struct list_job *job, const char *text)
{
    job->is_open = true;
    list_say(job, RC_FAILED, text);
    list_end_locked(job);
}

/* ---- writing ---- */

static void on_put(void *self, const struct rest_answer *answer);
static void put_back(struct list_job *job);

static void put(struct list_job *job)
{
    list_ask(job, "PUT", "", &job->wanted, on_put);
}

static void on_put_back(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_reply(answer) == IS_THERE) {
        job->has_list = true;
        job->rc = RC_REFUSED; /* text says why already */
        tidy(job);
    } else if (++job->tries < 2) {
        put_back(job);
    } else {
        leave_open(job, "the server stores the list no more: it is kept there beside its place and "
                        "put back as soon as that works");
    }
}

static void put_back(struct list_job *job)
{
    list_ask(job, "PUT", "", &job->stored, on_put_back);
}

/* What became of a PUT that was not answered with yes. */
static void on_put_seen(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    struct ari_names now = {0};
    enum reply reply = list_reply(answer);
    if (reply == IS_THERE && list_take(&now, answer) && names_are_same(&now, &job->wanted)) {
        job->has_list = job->is_confirmed = job->is_written = true;
        job->rc = RC_OK;
        tidy(job);
    } else if (reply == IS_THERE && job->has_list && names_are_same(&now, &job->stored)) {
        tidy(job); /* nothing was added to it */
    } else if (reply == IS_THERE) {
        leave_open(job, "something else is stored than was written: read it again");
    } else if (reply == IS_ABSENT && job->stored.list.len == 0) {
        tidy(job); /* there was none before */
    } else if (reply == IS_ABSENT && (job->rc == RC_REFUSED || job->rc == RC_DENIED)) {
        job->is_written = true;
        put_back(job);
    } else { /* a PUT that comes late would add to what was put back */
        leave_open(job, "it is not certain what is stored: the link to the server was lost while "
                        "the list was written; nothing is lost there");
    }
    ari_names_fini(&now);
}

static void on_put(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_reply(answer) != IS_THERE) {
        list_say_why(job, answer);
        list_ask(job, "GET", "", NULL, on_put_seen);
        return;
    }
    struct ari_names now = {0};
    job->is_confirmed = list_take(&now, answer) && names_are_same(&now, &job->wanted);
    job->has_list = job->is_written = true;
    ari_names_fini(&now);
    tidy(job);
}

static void after_drop(struct list_job *job)
{
    job->has_list = false;
    job->is_written = job->what == LIST_WRITE;
    if (job->wanted.list.len > 0) {
        put(job);
    } else {
        job->is_confirmed = true;
        tidy(job);
    }
}

/* What became of a DELETE that was not answered with yes. */
static void on_drop_seen(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    enum reply reply = list_reply(answer);
    bool is_refused = job->rc == RC_REFUSED || job->rc == RC_DENIED;
    if (reply == IS_ABSENT) {
        job->rc = RC_OK;
        after_drop(job);
    } else if (reply == IS_THERE && is_refused) {
        tidy(job);
    } else { /* it may be done late */
        leave_open(job, "it is not certain what is stored: the link to the server was lost while "
                        "the list was written; nothing is lost there");
    }
}

static void on_dropped(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_is_gone(list_reply(answer))) {
        after_drop(job);
        return;
    }
    list_say_why(job, answer);
    list_ask(job, "GET", "", NULL, on_drop_seen);
}

static void drop(struct list_job *job)
{
    if (list_now_ms(job) - job->held_ms < ARI_LIST_STALE_MS / 2) {
        list_ask(job, "DELETE", "", NULL, on_dropped);
        return;
    }
    list_say(job, RC_REFUSED, "the server answers too slowly: nothing was written, try again");
    tidy(job);
}

static void on_next_put(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    struct ari_names now = {0};
    enum reply reply = list_reply(answer);
    job->has_next = reply == IS_THERE;
    job->is_open |= reply == IS_LOST; /* it may be done late */
    if (reply == IS_THERE && list_take(&now, answer) && names_are_same(&now, &job->wanted)) {
        drop(job);
    } else if (reply == IS_THERE) {
        list_say(job, RC_REFUSED,
                 "the server does not store the list as it was written: is there an "
                 "extension in it with a comma, or twice?");
        tidy(job);
    } else {
        list_say_why(job, answer);
        tidy(job);
    }
    ari_names_fini(&now);
}

static void put_next(struct list_job *job)
{
    list_ask(job, "PUT", "-next", &job->wanted, on_next_put);
}

/* A PUT adds what is not there yet, at the end. */
static bool is_added_to(const struct ari_names *from, const struct ari_names *to)
{
    if (from->list.len > to->list.len)
        return false;
    for (size_t i = 0; i < from->list.len; i++)
        if (!str_eq(from->list.items[i].text, to->list.items[i].text))
            return false;
    return true;
}

static void on_cleared(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_is_gone(list_reply(answer))) {
        job->has_next = false;
        job->then(job);
    } else {
        list_say_why(job, answer);
        job->is_open = true;
        list_end_locked(job);
    }
}

/* hud-EXT-next is an older one's leaving, and a PUT would add to it. */
static void begin_write(struct list_job *job)
{
    job->then = job->wanted.list.len == 0                 ? drop
                : is_added_to(&job->stored, &job->wanted) ? put
                                                          : put_next;
    if (job->has_next)
        list_ask(job, "DELETE", "-next", NULL, on_cleared);
    else
        job->then(job);
}

/* The list was looked at under the lock, and is at its place. */
static void decide(struct list_job *job)
{
    if (job->what != LIST_WRITE && job->has_list && str_ends(job->extension, LIST_TRY_SUFFIX)) {
        drop(job);
    } else if (job->what != LIST_WRITE) {
        tidy(job);
    } else if (!names_are_same(&job->stored, &job->before) &&
               !names_are_same(&job->stored, &job->wanted)) {
        list_say(job, RC_CHANGED, "the stored list was changed elsewhere");
        tidy(job);
    } else if (names_are_same(&job->stored, &job->wanted)) {
        tidy(job);
    } else {
        begin_write(job);
    }
}

static void on_finished(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_reply(answer) == IS_THERE) {
        job->has_list = job->is_written = true;
        decide(job);
        return;
    }
    list_say_why(job, answer);
    job->is_open = true;
    list_end_locked(job);
}

static void settle(struct list_job *job)
{
    if (job->has_list || !job->has_next) {
        decide(job);
        return;
    }
    log_info("ari", "a change of the list %s is finished that somebody has begun", job->extension);
    take(&job->stored, &job->next);
    list_ask(job, "PUT", "", &job->stored, on_finished);
}

static void give_up(struct list_job *job, const struct rest_answer *answer)
{
    if (list_reply(answer) == IS_THERE)
        list_say(job, RC_FAILED, "the stored list came as something that Asterisk does not send");
    else
        list_say_why(job, answer);
    job->is_open |= job->what == LIST_FINISH;
    list_end_locked(job);
}

static void on_locked_next(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    enum reply reply = list_reply(answer);
    job->has_next = reply == IS_THERE && list_take(&job->next, answer);
    if (job->has_next || reply == IS_ABSENT)
        settle(job);
    else
        give_up(job, answer);
}

static void on_locked_list(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    enum reply reply = list_reply(answer);
    job->has_list = reply == IS_THERE && list_take(&job->stored, answer);
    if (job->has_list || reply == IS_ABSENT)
        list_ask(job, "GET", "-next", NULL, on_locked_next);
    else
        give_up(job, answer);
}

void list_write(struct list_job *job)
{
    list_ask(job, "GET", "", NULL, on_locked_list);
}
