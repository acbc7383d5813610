/* Hang up, do not disturb, record: asked of the service, confirmed by its events; where none comes
 * in time the service is asked once more how it is. */
#include "act_priv.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

struct rex_job {
    struct rex_act *act;
    uint32_t id;
    enum action_kind kind;
    bool is_on;
    char user[REX_ID_BYTES], extension[REX_NUMBER_BYTES];
    char call[REX_CALL_ID_BYTES];
    char session[REX_ID_BYTES], party[REX_ID_BYTES]; /* of the call; "" for DND */
    bool is_answered;                                /* the service said yes */
    bool is_untold; /* asked how the call is, it did not say whether that is recorded */
    bool has_said;  /* RECORD: its yes said how the recording is now, */
    bool has_said_on;
    int64_t answered_ms;
    struct io_timer *deadline;
};

/* ---- beginning and end ---- */

static void leave_list(struct rex_job *job)
{
    struct rex_act *act = job->act;
    rex_rest_cancel(act->config.rest, job);
    rex_stop_timer(act, &job->deadline);
    for (size_t i = 0; i < act->jobs.len; i++) {
        if (act->jobs.items[i] == job) {
            VEC_REMOVE(&act->jobs, i);
            break;
        }
    }
}

static void tell(struct rex_job *job, enum action_stage stage, enum rc rc, const char *text)
{
    struct backend_tale tale = {job->id, job->kind, job->user, job->call, job->is_on};
    backend_tell_action(&job->act->config.sink, &tale, stage, rc, text);
}

/* Told when the job is on no list any more: whoever is told may ask for more. */
static void end(struct rex_job *job, enum action_stage stage, enum rc rc, const char *text)
{
    leave_list(job);
    tell(job, stage, rc, text);
    mem_free(job);
}

static void fail(struct rex_job *job, enum rc rc, const char *text)
{
    end(job, ACTION_FAILED, rc, text);
}

/* The lamp is to show it. */
static void confirm(struct rex_job *job)
{
    if (job->kind == ACTION_RECORD)
        rex_sync_session(job->act->config.sync, job->session);
    else if (!job->act->has_events)
        rex_sync_repair(job->act->config.sync, job->user);
    end(job, ACTION_CONFIRMED, RC_OK, NULL);
}

/* ---- is it so? ---- */

static const struct rex_user *user_of(const struct rex_job *job)
{
    return rex_floor_user(job->act->config.floor, job->user);
}

static bool is_call_there(const struct rex_job *job)
{
    const struct rex_user *user = user_of(job);
    const struct rex_party *party = rex_view_find(&job->act->view, job->session, job->party);
    if (rex_party_is_over(party))
        return false;
    return user != NULL && rex_user_call(user, job->call) != NULL;
}

static bool is_recorded(const struct rex_job *job, bool *is_told)
{
    const struct rex_party *party = rex_view_find(&job->act->view, job->session, job->party);
    if (party == NULL || !party->has_recordings)
        party = rex_floor_leg(job->act->config.floor, job->call);
    *is_told = party != NULL && party->has_recordings;
    return *is_told && party->is_recorded;
}

static bool is_so(const struct rex_job *job)
{
    bool is_told;
    if (job->kind == ACTION_HANGUP)
        return !is_call_there(job);
    if (job->kind == ACTION_DND) {
        const struct rex_user *user = user_of(job);
        return user != NULL && (user->presence.has & REX_HAS_DND) &&
               user->presence.is_dnd == job->is_on;
    }
    bool is_now = is_recorded(job, &is_told);
    return is_told && is_now == job->is_on;
}

void rex_jobs_look(struct rex_act *act)
{
    for (size_t i = 0; i < act->jobs.len;) {
        struct rex_job *job = act->jobs.items[i];
        if (job->is_answered && is_so(job)) {
            confirm(job);
            i = 0; /* whoever was told may have asked for more */
        } else {
            i++;
        }
    }
}

/* ---- no event came ---- */

#define UNTOLD "RingCentral does not say whether it is recorded: look at the phone"

static void say_late(struct rex_job *job)
{
    static const char *const still[2][3] = {
        {"the call has not ended", "do not disturb is still on", "the recording has not ended"},
        {"the call has not ended", "do not disturb is still off", "no recording has begun"},
    };
    size_t what = job->kind == ACTION_HANGUP ? 0 : job->kind == ACTION_DND ? 1 : 2;
    char text[REX_WHY_BYTES];
    snprintf(text, sizeof text, "RingCentral said yes, but after %d s %s: look at the lamp",
             REX_CONFIRM_MS / 1000, still[job->is_on][what]);
    fail(job, RC_TIMEOUT, job->is_untold ? UNTOLD : text);
}

static void on_deadline(void *self);

/* It is not so yet. */
static void wait_on(struct rex_job *job)
{
    const struct io *io = job->act->config.io;
    int64_t left_ms = job->answered_ms + REX_CONFIRM_MS - io->now_ms(io->net);
    if (left_ms <= 0)
        say_late(job);
    else
        rex_start_timer(job->act, &job->deadline,
                        !job->act->has_events && left_ms > REX_ASK_MS ? REX_ASK_MS : left_ms,
                        on_deadline, job);
}

static void on_party_again(void *self, const struct rex_answer *answer)
{
    struct rex_job *job = self;
    struct rex_party party;
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    bool is_read =
        rex_is_yes(answer) && rex_wire_party(&party, answer->body, answer->body_len, NULL) == RC_OK;
    bool is_ended = is_missing || (is_read && rex_party_is_over(&party));
    if (is_read && job->kind == ACTION_RECORD)
        job->is_untold = !party.has_recordings;
    /* Where a call never tells its recordings, the answer to the request is all there is. */
    if (is_so(job) || (job->is_untold && job->has_said && job->has_said_on == job->is_on) ||
        (job->kind == ACTION_HANGUP && is_ended) ||
        (job->kind == ACTION_RECORD && is_read && party.has_recordings &&
         party.is_recorded == job->is_on))
        confirm(job);
    else
        wait_on(job);
}

static void on_presence_again(void *self, const struct rex_answer *answer)
{
    struct rex_job *job = self;
    rex_presences list = {0};
    bool is_read =
        rex_is_yes(answer) && rex_wire_presences(&list, NULL, answer->content_type, answer->body,
                                                 answer->body_len, NULL) == RC_OK;
    bool is_dnd = is_read && list.len == 1 && (list.items[0].has & REX_HAS_DND) &&
                  list.items[0].is_dnd == job->is_on;
    rex_presences_free(&list);
    if (is_dnd || is_so(job))
        confirm(job);
    else
        wait_on(job);
}

static void ask_party(struct rex_job *job, rex_done *done)
{
    REX_ASK(job->act, "GET", NULL, REX_LIGHT, done, job, REX_SESSION, job->session, "/parties/",
            job->party);
}

static void on_deadline(void *self)
{
    struct rex_job *job = self;
    job->deadline = NULL;
    if (job->kind == ACTION_DND)
        REX_ASK(job->act, "GET", NULL, REX_LIGHT, on_presence_again, job, REX_ACCOUNT "extension/",
                job->user, "/presence");
    else
        ask_party(job, on_party_again);
}

static void answered(struct rex_job *job)
{
    const struct io *io = job->act->config.io;
    job->is_answered = true;
    job->answered_ms = io->now_ms(io->net);
    if (is_so(job))
        confirm(job);
    else if (!job->act->has_events)
        rex_start_timer(job->act, &job->deadline, REX_SETTLE_MS, on_deadline, job);
    else /* recordings are not told by every account's events */
        rex_start_timer(job->act, &job->deadline,
                        job->kind == ACTION_RECORD ? REX_DOUBT_MS : REX_CONFIRM_MS, on_deadline,
                        job);
}

/* ---- it is refused ---- */

static void say_denied(struct rex_job *job, const struct rex_answer *answer)
{
    static const char *const what[] = {
        [ACTION_HANGUP] = "hang up a call of",
        [ACTION_DND] = "change do not disturb of",
        [ACTION_RECORD] = "record a call of",
    };
    bool is_own = str_eq(job->user, rex_own_id(job->act));
    char text[REX_WHY_BYTES];
    str_format(text, sizeof text, "RingCentral does not let you %s %.32s (%d%s%.24s): %s",
               what[job->kind], job->extension, answer->status, answer->code[0] != '\0' ? ", " : "",
               answer->code,
               is_own ? "ask your administrator for the right"
                      : "an administrator may, or the person does it");
    fail(job, RC_DENIED, text);
}

static void refused(struct rex_job *job, const struct rex_answer *answer)
{
    struct err why = {0};
    struct rex_order order = {.kind = job->kind};
    char said[ERR_TEXT_BYTES];
    rex_say_answer(answer, said, sizeof said);
    if (answer->rc != RC_OK || answer->status >= 500) {
        char text[ERR_TEXT_BYTES];
        str_format(text, sizeof text, "%.400s: look at the lamp", said);
        fail(job, answer->rc != RC_OK ? answer->rc : RC_REFUSED, text);
    } else if (answer->status == 403) {
        say_denied(job, answer);
    } else if (answer->status == 404 && job->kind != ACTION_DND) {
        str_copy(order.extension, sizeof order.extension, job->extension);
        str_copy(order.call_id, sizeof order.call_id, job->call);
        str_copy(order.session, sizeof order.session, job->session);
        str_copy(order.party, sizeof order.party, job->party);
        rex_say_gone(job->act, &order, &why);
        fail(job, why.rc, why.text);
    } else if (answer->status == 409) {
        fail(job, RC_REFUSED, "the call has just changed (409): look at the lamp and try again");
    } else {
        fail(job, RC_REFUSED, said);
    }
}

static void on_done(void *self, const struct rex_answer *answer)
{
    struct rex_job *job = self;
    if (job->kind == ACTION_RECORD && rex_is_yes(answer))
        job->has_said = rex_wire_recording(&job->has_said_on, answer->body, answer->body_len);
    if (rex_is_yes(answer))
        answered(job);
    else if (is_so(job)) /* an event was faster than a refusal or a lost answer */
        confirm(job);
    else
        refused(job, answer);
}

/* ---- requests ---- */

static void ask_unrecord(struct rex_job *job, const char *recording_id)
{
    REX_ASK(job->act, "PATCH", "{\"active\":false}", REX_LIGHT, on_done, job, REX_SESSION,
            job->session, "/parties/", job->party, "/recordings/", recording_id);
}

/* Which recording? */
static void on_recorded(void *self, const struct rex_answer *answer)
{
    struct rex_job *job = self;
    struct rex_party party;
    char text[REX_WHY_BYTES];
    if (!rex_is_yes(answer)) {
        refused(job, answer);
    } else if (rex_wire_party(&party, answer->body, answer->body_len, NULL) != RC_OK) {
        fail(job, RC_PROTO, "RingCentral's answer about the call cannot be read: try again");
    } else if (!party.has_recordings) {
        fail(job, RC_REFUSED, UNTOLD);
    } else if (!party.is_recorded) {
        str_format(text, sizeof text, "the call of %.32s is not recorded", job->extension);
        rex_sync_session(job->act->config.sync, job->session);
        end(job, ACTION_CONFIRMED, RC_OK, text);
    } else if (party.recording_id[0] == '\0') {
        fail(job, RC_REFUSED, "RingCentral does not name the recording: end it on the phone");
    } else {
        ask_unrecord(job, party.recording_id);
    }
}

static void begin(struct rex_job *job)
{
    struct rex_act *act = job->act;
    const struct rex_party *leg = rex_floor_leg(act->config.floor, job->call);
    switch (job->kind) {
    case ACTION_HANGUP:
        REX_ASK(act, "DELETE", NULL, REX_LIGHT, on_done, job, REX_SESSION, job->session,
                "/parties/", job->party);
        return;
    case ACTION_DND:
        REX_ASK(act, "PUT",
                job->is_on ? "{\"dndStatus\":\"DoNotAcceptAnyCalls\"}"
                           : "{\"dndStatus\":\"TakeAllCalls\"}",
                REX_MEDIUM, on_done, job, REX_ACCOUNT "extension/", job->user, "/presence");
        return;
    default: break;
    }
    if (job->is_on)
        REX_ASK(act, "POST", NULL, REX_LIGHT, on_done, job, REX_SESSION, job->session, "/parties/",
                job->party, "/recordings");
    else if (leg != NULL && leg->is_recorded && leg->recording_id[0] != '\0')
        ask_unrecord(job, leg->recording_id);
    else
        ask_party(job, on_recorded);
}

/* ---- what is asked for, looked at ---- */

static enum rc look_at_call(struct rex_job *job, const struct rex_user *user, struct err *err)
{
    const struct rex_call *call = rex_user_call(user, job->call);
    struct rex_order order = {.kind = job->kind};
    bool has_parts = rex_call_split(job->call, job->session, job->party);
    if (call == NULL) {
        str_copy(order.extension, sizeof order.extension, job->extension);
        str_copy(order.call_id, sizeof order.call_id, job->call);
        rex_say_gone(job->act, &order, err);
        return RC_NOT_FOUND;
    }
    if (!has_parts)
        return err_set(
            err, RC_DENIED,
            str_eq(job->call, REX_MEETING)
                ? "this is a meeting: callhud can do nothing to it"
                : "RingCentral does not say which call it is: nothing can be done to it");
    if (rex_act_is_busy(job->act, job->call))
        return err_set(err, RC_DENIED, "another action on this call is under way: wait a moment");
    if (job->kind == ACTION_RECORD && call->state != REX_CONNECTED && call->state != REX_ON_HOLD)
        return err_set(err, RC_DENIED, "the call is not answered yet: there is nothing to record");
    return RC_OK;
}

enum rc rex_job_do(struct rex_act *act, const struct action *action, struct err *err)
{
    const struct rex_user *user = rex_floor_user(act->config.floor, action->user_id);
    struct rex_job *job = mem_zero(1, sizeof *job);
    job->act = act;
    job->id = action->id;
    job->kind = action->kind;
    job->is_on = action->is_on && action->kind != ACTION_HANGUP;
    str_copy(job->user, sizeof job->user, action->user_id);
    str_copy(job->extension, sizeof job->extension, user->extension);
    bool is_whole =
        str_copy(job->call, sizeof job->call, action->call_id != NULL ? action->call_id : "");
    enum rc rc = RC_OK;
    if (!is_whole)
        rc = err_set(err, RC_NOT_FOUND, "no such call");
    else if (job->kind != ACTION_DND)
        rc = look_at_call(job, user, err);
    if (rc != RC_OK) {
        mem_free(job);
        return rc;
    }
    VEC_PUSH(&act->jobs, job);
    tell(job, ACTION_ASKED, RC_OK, NULL);
    begin(job);
    return RC_OK;
}

/* ---- for act.c ---- */

bool rex_jobs_want(const struct rex_act *act, const char *session_id)
{
    for (size_t i = 0; i < act->jobs.len; i++)
        if (str_eq(act->jobs.items[i]->session, session_id))
            return true;
    return false;
}

bool rex_act_is_busy(const struct rex_act *act, const char *call_id)
{
    const struct io *io = act->config.io;
    for (size_t i = 0; i < act->jobs.len; i++) {
        const struct rex_job *job = act->jobs.items[i];
        bool is_resting = !job->is_answered || io->now_ms(io->net) - job->answered_ms < REX_BUSY_MS;
        if (is_resting && str_eq(job->call, call_id))
            return true;
    }
    return false;
}

void rex_jobs_lost(struct rex_act *act)
{
    while (act->jobs.len > 0)
        fail(act->jobs.items[0], RC_UNREACHABLE,
             "the link was lost before RingCentral confirmed: look at the lamp");
}

void rex_jobs_fini(struct rex_act *act)
{
    while (act->jobs.len > 0) {
        struct rex_job *job = act->jobs.items[act->jobs.len - 1];
        leave_list(job);
        mem_free(job);
    }
    VEC_FREE(&act->jobs);
}
