/* One list: its requests, the lock of its writers, and reading it. */
#include "desk_parts.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Without its module, or without PJSIP, not even the type of a list is known (seen on 22.10.1). */
static bool is_type_unknown(const struct rest_answer *answer)
{
    return answer->status == 404 && (strstr(answer->text, "objectType '") != NULL ||
                                     strstr(answer->text, "configClass '") != NULL);
}

enum reply list_reply(const struct rest_answer *answer)
{
    if (answer->rc != RC_OK)
        return IS_LOST;
    if (answer->status >= 200 && answer->status < 300)
        return IS_THERE;
    switch (answer->status) {
    case 401:
    case 403: return IS_DENIED;
    case 404: return is_type_unknown(answer) ? IS_DENIED : IS_ABSENT;
    case 409: return IS_TAKEN;
    default: return IS_REFUSED;
    }
}

bool list_is_gone(enum reply reply)
{
    return reply == IS_THERE || reply == IS_ABSENT;
}

int64_t list_now_ms(const struct list_job *job)
{
    const struct io *io = job->desk->config.part.io;
    return io->now_ms(io->net);
}

void list_say(struct list_job *job, enum rc rc, const char *text)
{
    job->rc = rc;
    str_copy(job->text, sizeof job->text, text);
}

/* Why the server did not do it, with what to do where that is known. */
void list_say_why(struct list_job *job, const struct rest_answer *answer)
{
    bool is_sorcery = strstr(answer->text, "sorcery") != NULL; /* of type 'resource_list' */
    bool is_denied = list_reply(answer) == IS_DENIED;
    job->is_storeless = is_denied && (is_sorcery || is_type_unknown(answer));
    if (list_reply(answer) == IS_LOST)
        list_say(job, answer->rc == RC_TIMEOUT ? RC_TIMEOUT : RC_UNREACHABLE, answer->text);
    else if (is_denied)
        list_say(job, RC_DENIED,
                 is_sorcery ? ARI_DESK_SORCERY_WHY
                 : is_type_unknown(answer)
                     ? ARI_DESK_MODULE_WHY
                     : "this ARI user is read-only: read_only = no in ari.conf, see callhud "
                       "doctor --example asterisk");
    else
        list_say(job, RC_REFUSED, answer->text);
}

/* ---- requests ---- */

static void send(struct list_job *job, const char *method, const struct buf *uri, const char *body,
                 rest_done *done)
{
    struct rest_request request = {
        .method = method, .uri = buf_text(uri), .body = body, .timeout_ms = job->answer_ms};
    rest_ask(job->desk->config.part.rest, &request, done, job);
}

/* Of hud-EXT or hud-EXT-next; items: what a PUT stores. */
void list_ask(struct list_job *job, const char *method, const char *suffix,
              const struct ari_names *items, rest_done *done)
{
    struct buf uri, id, body;
    buf_init(&uri, 4096);
    buf_init(&id, 1024);
    buf_init(&body, 2 * ARI_LIST_BYTES_MAX);
    buf_printf(&id, "hud-%s%s", job->extension, suffix);
    buf_puts(&uri, "asterisk/config/dynamic/res_pjsip/resource_list/");
    ari_escape(&uri, buf_text(&id));
    if (items != NULL)
        ari_list_encode(&body, items);
    send(job, method, &uri, items != NULL ? buf_text(&body) : NULL, done);
    buf_fini(&body);
    buf_fini(&id);
    buf_fini(&uri);
}

static void ask_lock(struct list_job *job, const char *method, const char *name, rest_done *done)
{
    struct buf uri, id;
    buf_init(&uri, 4096);
    buf_init(&id, 1024);
    buf_printf(&id, LIST_LOCK_PREFIX "%s", job->extension);
    buf_puts(&uri, "bridges/");
    ari_escape(&uri, buf_text(&id));
    if (name != NULL) {
        buf_puts(&uri, "?type=holding&name=");
        ari_escape(&uri, name);
    }
    send(job, method, &uri, NULL, done);
    buf_fini(&id);
    buf_fini(&uri);
}

static void ask_device(struct list_job *job, const char *method, const char *state, rest_done *done)
{
    struct buf uri, name;
    buf_init(&uri, 4096);
    buf_init(&name, 1024);
    buf_printf(&name, "Stasis:blf-%s", job->extension);
    buf_puts(&uri, "deviceStates/");
    ari_escape(&uri, buf_text(&name));
    if (state != NULL)
        buf_printf(&uri, "?deviceState=%s", state);
    send(job, method, &uri, NULL, done);
    buf_fini(&name);
    buf_fini(&uri);
}

bool list_take(struct ari_names *to, const struct rest_answer *answer)
{
    ari_names_fini(to);
    return ari_list_decode(to, answer->body, answer->body_len) == RC_OK;
}

/* ---- the end ---- */

/* What was begun at the server is over there, or is left to be finished. */
static void end_note(struct list_job *job)
{
    struct list_note note = job->note;
    memset(&job->note, 0, sizeof job->note);
    if (note.thing == NULL)
        return;
    if (job->is_open || job->is_doubtful) {
        desk_note_open(job->desk, &note);
        return;
    }
    note.gone(note.self, note.thing);
    mem_free(note.thing);
}

static void end(struct list_job *job)
{
    struct ari_desk *desk = job->desk;
    for (size_t i = 0; i < desk->jobs.len; i++) {
        if (desk->jobs.items[i] == job) {
            VEC_REMOVE(&desk->jobs, i);
            break;
        }
    }
    end_note(job);
    job->done(job->owner, job);
    list_free(job);
}

static void on_last_look(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    struct ari_names now = {0};
    enum reply reply = list_reply(answer);
    bool is_told = reply == IS_ABSENT || (reply == IS_THERE && list_take(&now, answer));
    if (!is_told)
        list_say(
            job, RC_FAILED,
            "the server was lost before the list was certain to be on its disk: read it again");
    else if (!names_are_same(&now, &job->stored))
        list_say(job, RC_FAILED, "another list is stored by now: read it again");
    ari_names_fini(&now);
    end(job);
}

static void on_on_disk(void *self)
{
    struct list_job *job = self;
    job->timer = NULL;
    list_ask(job, "GET", "", NULL, on_last_look);
}

/* A server that dies before it has written its AstDB down comes back with the list before: what
 * was saved is told to be only when that is over. Others know it by now, and may write it. */
static void end_on_disk(struct list_job *job)
{
    const struct io *io = job->desk->config.part.io;
    bool is_done = job->what == LIST_WRITE && job->is_written && job->rc == RC_OK;
    if (!is_done || job->owner == NULL) {
        end(job);
        return;
    }
    end_note(job);
    job->timer = io->timer(io->net, ARI_LIST_ON_DISK_MS, on_on_disk, job);
}

static void on_freed(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (!list_is_gone(list_reply(answer))) {
        log_warn("ari", "the lock of the list %s stays: %s", job->extension, answer->text);
        job->is_open = true;
    }
    end_on_disk(job);
}

/* After so long somebody else may have it by now: then it is not ours to remove. */
static void leave_lock(struct list_job *job)
{
    bool is_late = job->is_held && list_now_ms(job) - job->held_ms >= ARI_LIST_STALE_MS;
    job->is_open |= is_late;
    if (job->is_held && !is_late)
        ask_lock(job, "DELETE", NULL, on_freed);
    else
        end_on_disk(job);
}

/* ---- news for others ---- */

static void on_flipped(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_reply(answer) != IS_THERE)
        log_warn("ari", "others hear of the list %s later: %s", job->extension, answer->text);
    leave_lock(job);
}

/* A state that stays as it is would tell nothing. */
static void on_device(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    char state[ARI_APP_BYTES] = "";
    if (list_reply(answer) == IS_THERE)
        ari_device_state_decode(answer->body, answer->body_len, state, sizeof state);
    ask_device(job, "PUT", str_eq(state, "INUSE") ? "NOT_INUSE" : "INUSE", on_flipped);
}

void list_end_locked(struct list_job *job)
{
    if (job->is_written)
        ask_device(job, "GET", NULL, on_device);
    else
        leave_lock(job);
}

/* ---- the lock ---- */

static void lock(struct list_job *job);

static void on_try_lock(void *self)
{
    struct list_job *job = self;
    job->timer = NULL;
    lock(job);
}

static void hold(struct list_job *job)
{
    job->is_held = true;
    job->tries = 0;
    job->held_ms = list_now_ms(job);
    list_write(job);
}

static void on_broken(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    (void)answer;
    lock(job);
}

static void wait_for_holder(struct list_job *job, const char *holder)
{
    const struct io *io = job->desk->config.part.io;
    if (!str_eq(job->holder, holder)) {
        str_copy(job->holder, sizeof job->holder, holder);
        job->holder_ms = list_now_ms(job);
    }
    if (list_now_ms(job) - job->holder_ms >= ARI_LIST_STALE_MS) {
        log_warn("ari", "the list %s was left locked by %s", job->extension, holder);
        job->holder_ms = list_now_ms(job);
        ask_lock(job, "DELETE", NULL, on_broken);
    } else if (list_now_ms(job) - job->first_ms >= 2 * ARI_LIST_STALE_MS) {
        char text[ARI_NUMBER_BYTES + 80];
        const char *name = strchr(holder, ' ');
        snprintf(text, sizeof text, "%s writes this list just now: try again",
                 name != NULL ? name + 1 : "another callhud");
        list_say(job, RC_REFUSED, text);
        end(job);
    } else {
        job->timer = io->timer(io->net, ARI_LIST_LOCK_RETRY_MS, on_try_lock, job);
    }
}

static void on_holder(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    char holder[ARI_NUMBER_BYTES] = "";
    size_t len = strlen(job->mark);
    switch (list_reply(answer)) {
    case IS_THERE:
        ari_bridge_name_decode(answer->body, answer->body_len, holder, sizeof holder);
        if (strncmp(holder, job->mark, len) == 0 && (holder[len] == ' ' || holder[len] == '\0'))
            hold(job);
        else
            wait_for_holder(job, holder);
        break;
    case IS_ABSENT: wait_for_holder(job, ""); break; /* just gone, or never made */
    default:
        list_say_why(job, answer);
        job->is_open = true; /* a request that was lost may have made it */
        end(job);
    }
}

static void on_lock(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    switch (list_reply(answer)) {
    case IS_THERE: hold(job); break;
    case IS_LOST: job->is_doubtful = true; /* fall through */
    case IS_TAKEN: ask_lock(job, "GET", NULL, on_holder); break;
    default:
        list_say_why(job, answer);
        job->is_open = job->what == LIST_FINISH;
        end(job);
    }
}

static void lock(struct list_job *job)
{
    char name[ARI_NUMBER_BYTES];
    const struct ari_part_config *part = &job->desk->config.part;
    const char *app = part->app(part->self);
    snprintf(name, sizeof name, "%s %s", job->mark, app != NULL ? app : "callhud");
    ask_lock(job, "POST", name, on_lock);
}

/* ---- could one be stored? ---- */

static void on_try_gone(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    job->is_open = !list_is_gone(list_reply(answer));
    end(job);
}

static void on_try(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    if (list_reply(answer) != IS_THERE)
        list_say_why(job, answer);
    if (list_reply(answer) == IS_THERE || list_reply(answer) == IS_LOST)
        list_ask(job, "DELETE", "", NULL, on_try_gone);
    else
        end(job);
}

/* ---- reading ---- */

static void on_read(void *self, const struct rest_answer *answer);

static void on_read_next(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    enum reply reply = list_reply(answer);
    job->is_unfinished = reply == IS_THERE && list_take(&job->stored, answer);
    job->is_read_again = reply == IS_ABSENT;
    if (job->is_read_again) { /* a change may just have ended */
        list_ask(job, "GET", "", NULL, on_read);
        return;
    }
    if (!job->is_unfinished)
        list_say_why(job, answer);
    end(job);
}

static void on_read(void *self, const struct rest_answer *answer)
{
    struct list_job *job = self;
    enum reply reply = list_reply(answer);
    if (reply == IS_ABSENT && !job->is_read_again) {
        list_ask(job, "GET", "-next", NULL, on_read_next);
        return;
    }
    job->has_list = reply == IS_THERE && list_take(&job->stored, answer);
    if (reply == IS_THERE && !job->has_list)
        list_say(job, RC_FAILED, "the stored list came as something that Asterisk does not send");
    else if (reply != IS_THERE && reply != IS_ABSENT)
        list_say_why(job, answer);
    end(job);
}

/* ---- from outside ---- */

struct list_job *list_start(struct ari_desk *desk, enum list_what what, const char *extension,
                            void (*done)(void *owner, struct list_job *job), void *owner)
{
    struct list_job *job = mem_zero(1, sizeof *job);
    job->desk = desk;
    job->what = what;
    job->extension = mem_dup(extension);
    job->answer_ms = ARI_LIST_ANSWER_MS;
    job->done = done;
    job->owner = owner;
    VEC_PUSH(&desk->jobs, job);
    return job;
}

bool list_writes(const struct list_job *job)
{
    return job->what != LIST_READ;
}

static void forget_thing(void *self, const char *thing)
{
    const struct ari_desk *desk = self;
    const struct backend_ledger *ledger = &desk->config.part.config->ledger;
    if (ledger->drop != NULL)
        ledger->drop(ledger->self, thing);
}

/* Nothing is asked for before it is on disk. */
static bool take_note(struct list_job *job)
{
    const struct backend_config *config = job->desk->config.part.config;
    const struct io *io = job->desk->config.part.io;
    char thing[ARI_ID_BYTES + 32];
    struct err err = {0};
    if (job->note.thing != NULL) {
        str_copy(job->mark, sizeof job->mark, strrchr(job->note.thing, LIST_MARK) + 1);
        return true;
    }
    snprintf(job->mark, sizeof job->mark, "%08" PRIx32, io->random(io->net));
    snprintf(thing, sizeof thing, LIST_THING "%s%c%s", job->extension, LIST_MARK, job->mark);
    if (config->ledger.put(config->ledger.self, thing, &err) != RC_OK) {
        list_say(job, RC_REFUSED, err.text);
        return false;
    }
    job->note = (struct list_note){mem_dup(thing), forget_thing, job->desk};
    return true;
}

static void on_refused(void *self)
{
    struct list_job *job = self;
    job->timer = NULL;
    end(job);
}

bool list_is_waiting(const struct list_job *job)
{
    return job->timer != NULL && (!job->is_written || job->owner == NULL);
}

void list_quit(struct list_job *job)
{
    const struct io *io = job->desk->config.part.io;
    io->timer_stop(job->timer);
    job->timer = NULL;
    list_say(job, RC_UNREACHABLE, "callhud ends: nothing was written");
    job->is_open = job->what == LIST_FINISH;
    end(job);
}

void list_go(struct list_job *job)
{
    const struct io *io = job->desk->config.part.io;
    job->first_ms = list_now_ms(job);
    if (job->what == LIST_READ) {
        list_ask(job, "GET", "", NULL, on_read);
    } else if (!take_note(job)) {
        job->timer = io->timer(io->net, 0, on_refused, job);
    } else if (job->what == LIST_TRY) {
        struct ari_names list = {0};
        struct ari_id name = {.text = "callhud"};
        VEC_PUSH(&list.list, name);
        list_ask(job, "PUT", "", &list, on_try);
        ari_names_fini(&list);
    } else {
        lock(job);
    }
}

void list_free(struct list_job *job)
{
    const struct ari_part_config *part = &job->desk->config.part;
    rest_cancel(part->rest, job);
    part->io->timer_stop(job->timer);
    ari_names_fini(&job->wanted);
    ari_names_fini(&job->before);
    ari_names_fini(&job->stored);
    ari_names_fini(&job->next);
    mem_free(job->note.thing);
    mem_free(job->extension);
    mem_free(job);
}
