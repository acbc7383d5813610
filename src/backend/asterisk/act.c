/* Hang up, do not disturb, record: asked of the server, confirmed by its events. */
#include "callhud/backend/asterisk/act.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "act_parts.h"

#include <stdio.h>
#include <string.h>

#define RETRY_MS 50           /* a snoop that has not reached our application yet answers 409 */
#define RECORDER_ID_BYTES 150 /* Asterisk's ids have at most 149 characters */

struct act_job {
    struct act *act;
    uint32_t id; /* of the action */
    enum action_kind kind;
    bool is_on;
    char user[ARI_NUMBER_BYTES], call[ARI_ID_BYTES];
    char snoop[ARI_ID_BYTES], recording[ARI_ID_BYTES + 40];
    bool is_made;     /* the snoop is in the ledger */
    bool is_answered; /* the server has said yes, or why is set: its event is waited for */
    struct err why;   /* why it is UNSURE; RC_OK: it is not */
    struct io_timer *deadline, *retry;
};

/* ---- a job's beginning and end ---- */

static void tell(const struct act_job *job, enum action_stage stage, enum rc rc, const char *text)
{
    struct backend_tale tale = {job->id, job->kind, job->user, job->call, job->is_on};
    backend_tell_action(&job->act->config.sink, &tale, stage, rc, text);
}

static void stop_timer(const struct act *act, struct io_timer **timer)
{
    act->config.io->timer_stop(*timer);
    *timer = NULL;
}

static void leave_list(struct act_job *job)
{
    struct act *act = job->act;
    rest_cancel(act->config.rest, job);
    stop_timer(act, &job->deadline);
    stop_timer(act, &job->retry);
    for (size_t i = 0; i < act->jobs.len; i++) {
        if (act->jobs.items[i] == job) {
            VEC_REMOVE(&act->jobs, i);
            break;
        }
    }
}

/* The snoop outlives the job when it records, and goes when it does not. */
static void settle_snoop(struct act_job *job, bool is_kept)
{
    char thing[ARI_ID_BYTES + 16];
    if (!job->is_made)
        return;
    job->is_made = false;
    snprintf(thing, sizeof thing, "channels/%s", job->snoop);
    if (is_kept)
        act_ledger_drop(job->act, thing);
    else
        act_clean_add(job->act, thing, act_ledger_drop, job->act);
}

/* Told when the job is on no list any more: whoever is told may ask for more. */
static void end_job(struct act_job *job, enum action_stage stage, enum rc rc, const char *text)
{
    settle_snoop(job, stage == ACTION_CONFIRMED);
    leave_list(job);
    tell(job, stage, rc, text);
    mem_free(job);
}

static void confirm(struct act_job *job)
{
    end_job(job, ACTION_CONFIRMED, RC_OK, NULL);
}

static void fail(struct act_job *job, enum rc rc, const char *text)
{
    end_job(job, ACTION_FAILED, rc, text);
}

/* ---- what the server's events say ---- */

static bool is_taken(const struct act_job *job)
{
    char who[ARI_NUMBER_BYTES];
    return ari_world_taker(job->act->config.world, job->call, who, sizeof who);
}

static bool is_so(const struct act_job *job)
{
    const struct ari_world *world = job->act->config.world;
    if (job->kind == ACTION_HANGUP)
        return ari_world_chan(world, job->call) == NULL && !(job->why.rc != RC_OK && is_taken(job));
    if (job->kind == ACTION_DND) {
        const struct ari_user *user = ari_people_by_extension(world->people, job->user);
        return user != NULL && user->is_dnd == job->is_on;
    }
    const struct ari_chan *snoop = ari_world_chan(world, job->snoop);
    return (snoop != NULL && snoop->is_ari_recorded) == job->is_on;
}

/* The call is not there, and that is not what was asked for. */
static bool is_void(const struct act_job *job)
{
    bool is_of_call = job->kind == ACTION_HANGUP || (job->kind == ACTION_RECORD && job->is_on);
    return is_of_call && ari_world_chan(job->act->config.world, job->call) == NULL;
}

static void look_at_jobs(struct act *act)
{
    char text[ERR_TEXT_BYTES];
    for (size_t i = 0; i < act->jobs.len;) {
        struct act_job *job = act->jobs.items[i++];
        if (!job->is_answered || !(is_so(job) || is_void(job)))
            continue;
        i = 0; /* whoever is told may ask for more */
        if (is_so(job)) {
            confirm(job);
        } else {
            ari_world_say_gone(act->config.world, job->call, text, sizeof text);
            fail(job, RC_NOT_FOUND, text);
        }
    }
}

static void on_deadline(void *self);

static void wait_for_it(struct act_job *job, int64_t limit_ms)
{
    const struct io *io = job->act->config.io;
    stop_timer(job->act, &job->deadline);
    job->deadline = io->timer(io->net, limit_ms, on_deadline, job);
}

/* It may be done already, or be done yet. A recording is not: it is undone. */
static void doubt(struct act_job *job, enum rc rc, const char *text)
{
    if (job->kind == ACTION_RECORD && job->is_on) {
        fail(job, rc, text);
        return;
    }
    if (job->why.rc != RC_OK)
        return;
    err_set(&job->why, rc, "%s", text);
    job->is_answered = true;
    wait_for_it(job, ACT_GIVE_UP_MS);
    tell(job, ACTION_UNSURE, RC_OK, text);
}

static void on_deadline(void *self)
{
    struct act_job *job = self;
    static const char *const waits[2][3] = {
        {"the call has not ended", "do not disturb is still on", "the recording has not ended"},
        {"the call has not ended", "do not disturb is still off", "no recording has begun"},
    };
    char text[ERR_TEXT_BYTES];
    size_t what = job->kind == ACTION_HANGUP ? 0 : job->kind == ACTION_DND ? 1 : 2;
    job->deadline = NULL;
    if (job->is_answered && is_so(job)) {
        confirm(job);
        return;
    }
    if (job->why.rc != RC_OK) {
        fail(job, job->why.rc, job->why.text);
        return;
    }
    if (job->is_answered)
        snprintf(text, sizeof text, "the server said yes, but after %d s %s: look at the lamp",
                 ACT_CONFIRM_MS / 1000, waits[job->is_on][what]);
    else
        snprintf(text, sizeof text, "the server has not answered within %d s: look at the lamp",
                 ACT_CONFIRM_MS / 1000);
    doubt(job, RC_TIMEOUT, text);
}

static void answered(struct act_job *job)
{
    job->is_answered = true;
    if (job->why.rc == RC_OK)
        wait_for_it(job, ACT_CONFIRM_MS);
    if (is_so(job))
        confirm(job);
}

/* ---- requests ---- */

static bool is_yes(const struct rest_answer *answer)
{
    return answer->rc == RC_OK && answer->status >= 200 && answer->status < 300;
}

/* The end of a job whose request was not granted. */
static void refused(struct act_job *job, const struct rest_answer *answer)
{
    char text[ERR_TEXT_BYTES];
    if (answer->rc != RC_OK && is_so(job)) {
        confirm(job);
    } else if (answer->rc != RC_OK) {
        str_format(text, sizeof text, "no answer (%.300s): look at the lamp", answer->text);
        doubt(job, answer->rc, text);
    } else if (answer->status == 403) {
        ari_act_read_only(job->act);
        fail(job, RC_DENIED, ACT_READ_ONLY_WHY);
    } else if (answer->status == 404 && job->kind != ACTION_DND) {
        ari_world_say_gone(job->act->config.world, job->call, text, sizeof text);
        fail(job, RC_NOT_FOUND, text);
    } else {
        fail(job, RC_REFUSED, answer->text);
    }
}

/* One request of a job: pieces of its uri, alternating as they are and to be escaped; ends with
 * NULL. */
static void ask(struct act_job *job, rest_done *done, const char *method, const char *const *pieces)
{
    struct buf uri;
    buf_init(&uri, 4096);
    for (size_t i = 0; pieces[i] != NULL; i++) {
        if (i % 2 == 0)
            buf_puts(&uri, pieces[i]);
        else
            ari_escape(&uri, pieces[i]);
    }
    struct rest_request request = {.method = method, .uri = buf_text(&uri)};
    rest_ask(job->act->config.rest, &request, done, job);
    buf_fini(&uri);
}
#define ASK(job, done, method, ...) ask(job, done, method, (const char *const[]){__VA_ARGS__, NULL})

/* ---- hang up, do not disturb ---- */

static void on_plain(void *self, const struct rest_answer *answer)
{
    struct act_job *job = self;
    if (is_yes(answer))
        answered(job);
    else
        refused(job, answer);
}

static void begin_hangup(struct act_job *job)
{
    ASK(job, on_plain, "DELETE", "channels/", job->call, "?reason=normal");
}

static void begin_dnd(struct act_job *job)
{
    const struct ari_people *people = job->act->config.world->people;
    const struct ari_user *user = ari_people_by_extension(people, job->user);
    char function[ARI_NAME_BYTES * 2];
    snprintf(function, sizeof function, "DEVICE_STATE(%.250s)", user->dnd_device);
    ASK(job, on_plain, "POST", "asterisk/variable?variable=", function,
        job->is_on ? "&value=BUSY" : "&value=NOT_INUSE");
}

/* ---- recording on ---- */

static void ask_record(struct act_job *job);

static void on_retry(void *self)
{
    struct act_job *job = self;
    job->retry = NULL;
    ask_record(job);
}

static void on_record(void *self, const struct rest_answer *answer)
{
    struct act_job *job = self;
    const struct io *io = job->act->config.io;
    if (is_yes(answer))
        answered(job);
    else if (answer->rc == RC_OK && answer->status == 409)
        job->retry = io->timer(io->net, RETRY_MS, on_retry, job); /* until the deadline */
    else
        refused(job, answer);
}

static void ask_record(struct act_job *job)
{
    ASK(job, on_record, "POST", "channels/", job->snoop, "/record?name=", job->recording,
        "&format=wav&ifExists=fail");
}

/* Somebody else's snoop of the same id, made in the same moment: is it there? */
static void on_other_snoop(void *self, const struct rest_answer *answer)
{
    struct act_job *job = self;
    if (is_yes(answer))
        answered(job);
    else if (answer->rc == RC_OK && answer->status == 404)
        fail(job, RC_REFUSED, "the server could not make the channel that records: try again");
    else
        refused(job, answer);
}

static void on_snoop(void *self, const struct rest_answer *answer)
{
    struct act_job *job = self;
    if (is_yes(answer)) {
        ask_record(job);
        return;
    }
    if (answer->rc == RC_OK)
        settle_snoop(job, true); /* never made: what has that id is another one's */
    /* Asterisk 22.10 answers 500 to an id that exists, where 409 could be expected. */
    if (answer->rc == RC_OK && (answer->status == 409 || answer->status == 500))
        ASK(job, on_other_snoop, "GET", "channels/", job->snoop);
    else
        refused(job, answer);
}

static void begin_record(struct act_job *job)
{
    char args[sizeof job->recording + 8];
    if (!job->is_made) { /* it is there: whoever made it is about to record */
        answered(job);
        return;
    }
    snprintf(args, sizeof args, "record,%s", job->recording);
    ASK(job, on_snoop, "POST", "channels/", job->call, "/snoop/", job->snoop,
        "?spy=both&whisper=none&app=", job->act->config.app(job->act->config.self),
        "&appArgs=", args);
}

/* ---- recording off ---- */

static void on_unsnooped(void *self, const struct rest_answer *answer)
{
    struct act_job *job = self;
    if (is_yes(answer) || (answer->rc == RC_OK && answer->status == 404))
        answered(job);
    else
        refused(job, answer);
}

/* Whatever came of stopping the recording: it ends with its channel too (seen on 22.10). */
static void on_stopped(void *self, const struct rest_answer *answer)
{
    struct act_job *job = self;
    if (answer->rc != RC_OK || answer->status == 403)
        refused(job, answer);
    else
        ASK(job, on_unsnooped, "DELETE", "channels/", job->snoop);
}

static void begin_unrecord(struct act_job *job)
{
    if (job->recording[0] != '\0')
        ASK(job, on_stopped, "POST", "recordings/live/", job->recording, "/stop");
    else
        ASK(job, on_unsnooped, "DELETE", "channels/", job->snoop);
}

/* ---- what is asked for, looked at ---- */

/* RC_OK with job->is_answered: it is so already. */
static enum rc look_at_dnd(struct act_job *job, struct err *err)
{
    const struct ari_people *people = job->act->config.world->people;
    const struct ari_user *user = ari_people_by_extension(people, job->user);
    if (user == NULL || user->dnd_device == NULL)
        return err_set(err, RC_NOT_FOUND, "%s is not monitored", job->user);
    job->is_answered = user->is_dnd == job->is_on;
    return RC_OK;
}

static const struct ari_chan *find_leg(const struct act_job *job, struct err *err)
{
    const struct ari_chan *leg = ari_world_chan(job->act->config.world, job->call);
    char text[ERR_TEXT_BYTES];
    if (leg != NULL && leg->owner != NULL && str_eq(leg->owner->extension, job->user) &&
        leg->leg != ARI_LEG_NONE)
        return leg;
    if (leg != NULL && leg->parked_ms != 0)
        str_copy(text, sizeof text, "the call is parked: it is at no phone any more");
    else
        ari_world_say_gone(job->act->config.world, job->call, text, sizeof text);
    err_set(err, RC_NOT_FOUND, "%s", text);
    return NULL;
}

/* Letters, digits and what is harmless in a file's name. */
static void name_recording(struct act_job *job)
{
    const struct io *io = job->act->config.io;
    snprintf(job->recording, sizeof job->recording, "callhud-%s-%lld", job->call,
             (long long)io->wall_ms(io->net));
    for (char *p = job->recording; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *p) == NULL)
            *p = '_';
}

static enum rc look_at_record(struct act_job *job, const struct ari_chan *leg, struct err *err)
{
    struct ari_recording now;
    if (leg->leg != ARI_LEG_CONNECTED && leg->leg != ARI_LEG_HELD)
        return err_set(err, RC_DENIED, "the call is not answered yet: there is nothing to record");
    if (strlen(ARI_RECORDER_PREFIX) + strlen(job->call) >= RECORDER_ID_BYTES)
        return err_set(err, RC_REFUSED, "the call's id is too long to name a recording after it");
    snprintf(job->snoop, sizeof job->snoop, "%s%.130s", ARI_RECORDER_PREFIX, job->call);
    ari_world_recording(job->act->config.world, leg, &now);
    job->is_answered = now.is_any;
    if (now.is_any)
        return RC_OK;
    name_recording(job);
    const struct ari_chan *snoop = ari_world_chan(job->act->config.world, job->snoop);
    if (snoop != NULL && str_eq(snoop->fact.app, "Stasis") && !snoop->is_leaving)
        return RC_OK;
    enum rc rc = act_ledger_put(job->act, "channels", job->snoop, err);
    job->is_made = rc == RC_OK;
    return rc;
}

static enum rc look_at_unrecord(struct act_job *job, const struct ari_chan *leg, struct err *err)
{
    struct ari_recording now;
    ari_world_recording(job->act->config.world, leg, &now);
    job->is_answered = !now.is_any;
    if (now.ours != NULL) {
        const char *name = strrchr(now.ours->fact.app_data, ',');
        str_copy(job->snoop, sizeof job->snoop, now.ours->fact.id);
        str_copy(job->recording, sizeof job->recording, name != NULL ? name + 1 : "");
    } else if (now.is_monitor) {
        return err_set(err, RC_DENIED,
                       "recorded by the server itself (MixMonitor): callhud cannot stop it");
    } else if (now.is_foreign) {
        return err_set(err, RC_DENIED,
                       "recorded by another application of the server: callhud cannot stop it");
    }
    return RC_OK;
}

static enum rc look_at(struct act_job *job, struct err *err)
{
    if (job->kind == ACTION_DND)
        return look_at_dnd(job, err);
    const struct ari_chan *leg = find_leg(job, err);
    if (leg == NULL)
        return RC_NOT_FOUND;
    if (job->kind == ACTION_HANGUP)
        return RC_OK;
    return job->is_on ? look_at_record(job, leg, err) : look_at_unrecord(job, leg, err);
}

static void on_already(void *self)
{
    struct act_job *job = self;
    job->retry = NULL;
    confirm(job);
}

static void begin(struct act_job *job)
{
    const struct io *io = job->act->config.io;
    if (job->is_answered) { /* it is so already: said in a turn of its own */
        job->is_answered = false;
        job->retry = io->timer(io->net, 0, on_already, job);
        return;
    }
    wait_for_it(job, ACT_CONFIRM_MS);
    if (job->kind == ACTION_HANGUP)
        begin_hangup(job);
    else if (job->kind == ACTION_DND)
        begin_dnd(job);
    else if (job->is_on)
        begin_record(job);
    else
        begin_unrecord(job);
}

enum rc ari_act_do(struct act *act, const struct action *action, struct err *err)
{
    struct act_job *job = mem_zero(1, sizeof *job);
    job->act = act;
    job->id = action->id;
    job->kind = action->kind;
    job->is_on = action->is_on && action->kind != ACTION_HANGUP;
    bool is_whole =
        str_copy(job->user, sizeof job->user, action->user_id) &&
        str_copy(job->call, sizeof job->call, action->call_id != NULL ? action->call_id : "");
    enum rc rc = is_whole ? look_at(job, err) : err_set(err, RC_NOT_FOUND, "no such call");
    if (rc != RC_OK) {
        mem_free(job);
        return rc;
    }
    VEC_PUSH(&act->jobs, job);
    tell(job, ACTION_ASKED, RC_OK, NULL);
    begin(job);
    return RC_OK;
}

/* ---- for the backend ---- */

struct act *ari_act_new(const struct ari_part_config *config)
{
    struct act *act = mem_zero(1, sizeof *act);
    act->config = *config;
    return act;
}

void ari_act_free(struct act *act)
{
    if (act == NULL)
        return;
    while (act->jobs.len > 0) {
        struct act_job *job = act->jobs.items[act->jobs.len - 1];
        leave_list(job);
        mem_free(job);
    }
    VEC_FREE(&act->jobs);
    rest_cancel(act->config.rest, act);
    act_can_free(act);
    act_clean_free(act);
    mem_free(act);
}

void ari_act_event(struct act *act, const struct ari_event *event)
{
    (void)event; /* what it changed is in the world */
    act_can_probe(act);
    act_clean_look(act);
    look_at_jobs(act);
}

void ari_act_opened(struct act *act)
{
    act->is_read_only = false;
}

/* What the server was asked before the link went, and has not done by now. */
static void give_up_lost(struct act *act)
{
    for (size_t i = act->jobs.len; i-- > 0;)
        if (act->jobs.items[i]->why.rc == RC_UNREACHABLE)
            fail(act->jobs.items[i], RC_UNREACHABLE, act->jobs.items[i]->why.text);
}

void ari_act_synced(struct act *act)
{
    act->is_synced = true;
    act_can_probe(act);
    act_can_tell(act);
    look_at_jobs(act);
    give_up_lost(act);
    act_clean_look(act);
    act_clean_ask(act);
}

void ari_act_lost(struct act *act)
{
    act->is_synced = false;
    act_can_lost(act);
    for (size_t i = act->jobs.len; i-- > 0;) {
        rest_cancel(act->config.rest, act->jobs.items[i]);
        doubt(act->jobs.items[i], RC_UNREACHABLE,
              "the link was lost before the server confirmed: look at the lamp");
    }
    act_clean_lost(act);
}

void ari_act_read_only(struct act *act)
{
    act->is_read_only = true;
    act_can_tell(act);
}
