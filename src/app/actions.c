#include "callhud/app/actions.h"

#include "callhud/app/paths.h"
#include "callhud/app/session.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

/* An action under way, and a supervision as long as it goes on. What belongs to one supervision
 * (its beginning, the changes of its mode, its stop) has the same begin record, reason and `first`.
 */
struct task {
    uint32_t id;
    uint32_t first; /* id of the action that began it */
    enum action_kind kind;
    bool is_on;
    enum supervise_mode mode; /* confirmed and written down */
    uint64_t begin;           /* number of its begin record; 0: could not be written */
    char *user_id, *extension, *name, *call_id, *party, *reason; /* owned, never NULL */
};

struct actions {
    struct session *session;
    struct audit *audit;   /* opened for the first record: a look at the lamps leaves none */
    bool is_audit_failing; /* told already */
    VEC(struct task) tasks;
};

/* ---- tasks ----------------------------------------------------------------------------------- */

static void task_fini(struct task *task)
{
    mem_free(task->user_id);
    mem_free(task->extension);
    mem_free(task->name);
    mem_free(task->call_id);
    mem_free(task->party);
    mem_free(task->reason);
}

static struct task *task_of(const struct actions *a, uint32_t id)
{
    for (size_t i = 0; i < a->tasks.len; i++) {
        if (a->tasks.items[i].id == id)
            return &a->tasks.items[i];
    }
    return NULL;
}

static void remove_task(struct actions *a, uint32_t id)
{
    for (size_t i = 0; i < a->tasks.len; i++) {
        if (a->tasks.items[i].id != id)
            continue;
        task_fini(&a->tasks.items[i]);
        VEC_REMOVE(&a->tasks, i);
        return;
    }
}

static void remove_all_of(struct actions *a, uint32_t first)
{
    for (size_t i = a->tasks.len; i-- > 0;) {
        if (a->tasks.items[i].first == first)
            remove_task(a, a->tasks.items[i].id);
    }
}

static bool has_kind(const struct actions *a, uint32_t first, enum action_kind kind)
{
    for (size_t i = 0; i < a->tasks.len; i++) {
        if (a->tasks.items[i].first == first && a->tasks.items[i].kind == kind)
            return true;
    }
    return false;
}

/* The newest task of the supervision that goes on, or waits for our phone; NULL. */
static const struct task *supervision_of(const struct actions *a)
{
    for (size_t i = a->tasks.len; i-- > 0;) {
        if (action_row(a->tasks.items[i].kind)->uses_phone)
            return &a->tasks.items[i];
    }
    return NULL;
}

/* ---- the record ------------------------------------------------------------------------------ */

static void tell(const struct actions *a, const char *text)
{
    if (a->session->told)
        a->session->told(a->session->self, true, text);
}

static enum rc open_audit(struct actions *a, struct err *err)
{
    const struct settings *settings = a->session->settings;
    const char *slash = strrchr(settings->phone, '/');
    const char *own = a->session->hud.own_extension;
    char path[PATH_BYTES];
    enum rc rc = a->audit ? RC_OK : paths_state(path, "audit.jsonl", true, err);
    if (a->audit || rc != RC_OK)
        return rc;
    struct audit_options options = {.path = path,
                                    .profile = settings->profile,
                                    .supervisor = *own    ? own
                                                  : slash ? slash + 1
                                                          : settings->phone};
    return audit_open(&a->audit, &options, err);
}

static enum rc write_record(struct actions *a, const struct audit_entry *entry, uint64_t *number,
                            struct err *err)
{
    enum rc rc = open_audit(a, err);
    if (rc == RC_OK)
        rc = audit_write(a->audit, entry, number, err);
    if (rc == RC_OK)
        a->is_audit_failing = false;
    return rc;
}

static enum rc record(struct actions *a, const struct task *task, const char *what,
                      enum supervise_mode mode, const char *result, uint64_t *number,
                      struct err *err)
{
    bool is_switch = task->kind == ACTION_DND || task->kind == ACTION_RECORD;
    struct audit_entry entry = {
        .record = what,
        .action = action_row(task->kind)->name,
        .begin = task->begin,
        .extension = task->extension,
        .name = task->name,
        .call = task->call_id,
        .party = task->party,
        .mode = supervise_mode_json(mode),
        .value = !is_switch    ? ""
                 : task->is_on ? "on"
                               : "off",
        .result = result,
        .reason = task->reason,
    };
    return write_record(a, &entry, number, err);
}

static void tell_of_failing(struct actions *a, const char *why)
{
    char text[ERR_TEXT_BYTES + 64];
    if (!a->is_audit_failing) {
        (void)snprintf(text, sizeof text, "what is done is not recorded: %s", why);
        tell(a, text);
    }
    a->is_audit_failing = true;
}

/* For what cannot be refused: a failure is logged, and told once until a record succeeds again. */
static uint64_t record_or_tell(struct actions *a, const struct task *task, const char *what,
                               enum supervise_mode mode, const char *result)
{
    struct err err = {0};
    uint64_t number = 0;
    if (record(a, task, what, mode, result, &number, &err) == RC_OK)
        return number;
    log_error("audit", "no %s record of %s %s: %s", what, action_row(task->kind)->name,
              task->extension, err.text);
    tell_of_failing(a, err.text);
    return 0;
}

enum rc actions_record(struct actions *a, const struct audit_entry *entry, uint64_t *number,
                       struct err *err)
{
    struct err why = {0};
    uint64_t mine = 0;
    if (!number)
        number = &mine;
    *number = 0;
    if (write_record(a, entry, number, &why) == RC_OK)
        return RC_OK;
    log_error("audit", "no %s record of %s: %s", entry->record, entry->action, why.text);
    if (a->session->settings->audit == AUDIT_REQUIRED)
        return err_set(err, RC_DENIED, "not done, as it cannot be recorded: %s", why.text);
    tell_of_failing(a, why.text);
    return RC_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static enum rc refuse(const struct actions *a, const char *why, struct err *err)
{
    const struct hud *hud = &a->session->hud;
    bool is_up = hud->link.state == LINK_LIVE || hud->link.state == LINK_POLLING;
    return err_set(err, hud->is_read_only || is_up ? RC_DENIED : RC_UNREACHABLE, "%s", why);
}

/* May it be done? A call that was seen and is not there any more goes on to the backend, which
 * knows who has it now: here only all else is looked at. */
static enum rc check(const struct actions *a, const struct wish *wish, const struct user *user,
                     const struct call *call, struct err *err)
{
    struct action_check answer;
    char none[] = "";
    char *id = mem_dup(text_of(wish->call_id));
    struct call gone = {.id = id,
                        .number = none,
                        .name = none,
                        .state = wish->kind == ACTION_PICKUP ? CALL_RINGING : CALL_CONNECTED,
                        .is_recorded = wish->kind == ACTION_RECORD && !wish->is_on};
    if (!call && wish->call_id && action_row(wish->kind)->is_on_call)
        call = &gone;
    action_check(&answer, &a->session->hud, user, call, wish->kind, wish->is_on,
                 session_now(a->session));
    mem_free(id);
    if (answer.is_so)
        return err_set(err, RC_ALREADY, "%s", answer.why);
    return answer.is_ok ? RC_OK : refuse(a, answer.why, err);
}

/* Of whom, of which call, and to which supervision it belongs: a stop to any, another mode of the
 * same call to one that was confirmed. */
static void fill_task(const struct actions *a, struct task *task, const struct wish *wish,
                      const struct user *user, const struct call *call)
{
    const char *party = !call ? "" : call->number[0] ? call->number : call->name;
    const struct task *on = supervision_of(a);
    bool is_of_it = false;
    if (on && wish->kind == ACTION_STOP)
        is_of_it = true;
    else if (on && action_row(wish->kind)->is_mode && on->mode != SUPERVISE_UNKNOWN)
        is_of_it = str_eq(on->user_id, user->id) && call && str_eq(on->call_id, call->id) &&
                   !has_kind(a, on->first, ACTION_STOP);
    task->kind = wish->kind;
    task->is_on = wish->is_on;
    task->first = is_of_it ? on->first : task->id;
    task->begin = is_of_it ? on->begin : 0;
    task->mode = is_of_it ? on->mode : SUPERVISE_UNKNOWN;
    task->user_id = mem_dup(user ? user->id : is_of_it ? on->user_id : "");
    task->extension = mem_dup(user ? user->extension : is_of_it ? on->extension : "");
    task->name = mem_dup(user ? user->name : is_of_it ? on->name : "");
    const char *call_id = is_of_it ? on->call_id : text_of(wish->call_id);
    task->call_id = mem_dup(call ? call->id : call_id);
    task->party = mem_dup(is_of_it ? on->party : party);
    task->reason =
        mem_dup(is_of_it && str_is_empty(wish->reason) ? on->reason : text_of(wish->reason));
}

/* The record that stands before the request: "begin", or "switch" for another mode of what goes on.
 * A stop has none: its end is recorded. */
static enum rc record_asking(struct actions *a, struct task *task, struct err *err)
{
    bool is_switch = task->first != task->id;
    const char *what = is_switch ? "switch" : "begin";
    uint64_t number = 0;
    struct err why = {0};
    if (task->kind == ACTION_STOP)
        return RC_OK;
    if (a->session->settings->audit == AUDIT_REQUIRED) {
        if (record(a, task, what, SUPERVISE_UNKNOWN, "", &number, &why) != RC_OK) {
            log_error("audit", "%s", why.text);
            return err_set(err, RC_DENIED, "not done, as it cannot be recorded: %s", why.text);
        }
    } else {
        number = record_or_tell(a, task, what, SUPERVISE_UNKNOWN, "");
    }
    if (!is_switch)
        task->begin = number;
    return RC_OK;
}

static enum rc find(const struct actions *a, const struct wish *wish, const struct user **user,
                    const struct call **call, struct err *err)
{
    const struct hud *hud = &a->session->hud;
    const struct supervision *on = &hud->supervision;
    const char *user_id = text_of(wish->user_id);
    if (!*user_id && wish->kind == ACTION_STOP)
        user_id = text_of(on->user_id);
    *user = hud_user_by_id(hud, user_id);
    *call = NULL;
    if (wish->kind == ACTION_STOP)
        return RC_OK; /* what goes on is ended, also that of a user who is gone */
    if (!*user)
        return err_set(err, RC_NOT_FOUND, "this user is not monitored any more");
    if (!action_row(wish->kind)->is_on_call)
        return RC_OK;
    if (wish->call_id && !*wish->call_id)
        return err_set(err, RC_NOT_FOUND, "there was no call of %s", (*user)->extension);
    *call =
        wish->call_id ? hud_call_by_id(*user, wish->call_id) : action_call(hud, *user, wish->kind);
    return RC_OK;
}

/* Events may come before this returns, and end the task; so its strings are copied. */
static enum rc ask(struct actions *a, uint32_t id, struct err *err)
{
    const struct task *task = task_of(a, id);
    char *user_id = mem_dup(task->user_id), *call_id = mem_dup(task->call_id);
    struct action action = {
        .id = id, .kind = task->kind, .user_id = user_id, .call_id = call_id, .is_on = task->is_on};
    log_info("action", "%s %s asked for", action_row(task->kind)->name, task->extension);
    err_clear(err);
    enum rc rc = a->session->ops->act(a->session->backend, &action, err);
    mem_free(user_id);
    mem_free(call_id);
    if (rc != RC_OK && !err->text[0])
        err_set(err, rc, "%s", rc_text(rc));
    return rc;
}

enum rc actions_do(struct actions *a, const struct wish *wish, uint32_t *id, struct err *err)
{
    const struct user *user;
    const struct call *call;
    struct err own = {0};
    err = err ? err : &own;
    enum rc rc = find(a, wish, &user, &call, err);
    if (rc == RC_OK && wish->kind != ACTION_STOP)
        rc = check(a, wish, user, call, err);
    if (rc != RC_OK)
        return rc;

    struct task task = {.id = ++a->session->last_action_id};
    if (task.id == 0)
        task.id = ++a->session->last_action_id;
    fill_task(a, &task, wish, user, call);
    rc = record_asking(a, &task, err);
    if (rc != RC_OK) {
        task_fini(&task);
        return rc;
    }
    uint32_t own_id = task.id;
    VEC_PUSH(&a->tasks, task);
    if (id)
        *id = own_id;
    rc = ask(a, own_id, err);
    if (rc == RC_OK) {
        err_clear(err);
        return RC_OK;
    }
    const struct task *refused = task_of(a, own_id);
    log_info("action", "refused: %s", err->text);
    if (refused && refused->kind != ACTION_STOP)
        (void)record_or_tell(a, refused, "failed", SUPERVISE_UNKNOWN, err->text);
    remove_task(a, own_id);
    return rc;
}

/* ---- what became of it ----------------------------------------------------------------------- */

static void confirmed(struct actions *a, struct task *task, enum supervise_mode mode)
{
    uint32_t id = task->id, first = task->first;
    if (!action_row(task->kind)->is_mode) {
        if (task->kind != ACTION_STOP) /* the end of what it stopped says it */
            (void)record_or_tell(a, task, "confirmed", SUPERVISE_UNKNOWN, "ok");
        remove_task(a, id);
        return;
    }
    /* After a lost link the mode that was written down already is confirmed once more. */
    if (task->mode == mode)
        return;
    (void)record_or_tell(a, task, "confirmed", mode, "ok");
    for (size_t i = 0; i < a->tasks.len; i++) {
        if (a->tasks.items[i].first == first)
            a->tasks.items[i].mode = mode;
    }
}

/* The end of the whole, under the name that it began with. */
static void ended(struct actions *a, const struct task *task, enum supervise_mode mode,
                  const char *why)
{
    const struct task *beginning = task_of(a, task->first);
    (void)record_or_tell(a, beginning ? beginning : task, "end", mode, why);
    remove_all_of(a, task->first);
}

static void failed(struct actions *a, const struct task *task, const char *why)
{
    (void)record_or_tell(a, task, "failed", SUPERVISE_UNKNOWN, why);
    remove_task(a, task->id);
}

void actions_event(struct actions *a, const struct event *event)
{
    struct task *task = event->kind == EVENT_ACTION ? task_of(a, event->u.action.id) : NULL;
    if (!task)
        return;
    const char *text = event->u.action.text;
    const char *name = action_row(task->kind)->name;
    switch (event->u.action.stage) {
    case ACTION_ASKED:
    case ACTION_PHONE:
    case ACTION_UNSURE: break;
    case ACTION_CONFIRMED:
        log_info("action", "%s %s confirmed", name, task->extension);
        confirmed(a, task, event->u.action.mode);
        break;
    case ACTION_ENDED:
        text = str_is_empty(text) ? "ended" : text;
        log_info("action", "%s %s ended: %s", name, task->extension, text);
        ended(a, task, event->u.action.mode, text);
        break;
    case ACTION_FAILED:
        text = str_is_empty(text) ? rc_text(event->u.action.rc) : text;
        log_info("action", "%s %s failed: %s", name, task->extension, text);
        failed(a, task, text);
        break;
    }
}

void actions_abandon(struct actions *a, void (*tell_event)(void *self, const struct event *event),
                     void *self)
{
    while (a->tasks.len > 0) {
        const struct task *task = &a->tasks.items[a->tasks.len - 1];
        uint32_t id = task->id;
        bool is_on = action_row(task->kind)->is_mode && task->mode != SUPERVISE_UNKNOWN;
        char *user_id = mem_dup(task->user_id), *call_id = mem_dup(task->call_id);
        struct event event = {.kind = EVENT_ACTION, .user_id = user_id};
        event.u.action.id = id;
        event.u.action.kind = task->kind;
        event.u.action.stage = is_on ? ACTION_ENDED : ACTION_FAILED;
        event.u.action.call_id = call_id;
        event.u.action.is_on = task->is_on;
        event.u.action.mode = task->mode;
        event.u.action.rc = RC_CANCELLED;
        event.u.action.text = "the connection was closed: what became of it is not known";
        tell_event(self, &event);
        remove_task(a, id);
        mem_free(user_id);
        mem_free(call_id);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

enum rc actions_new(struct actions **out, struct session *session, struct err *err)
{
    (void)err;
    struct actions *a = mem_zero(1, sizeof *a);
    a->session = session;
    *out = a;
    return RC_OK;
}

void actions_free(struct actions *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->tasks.len; i++)
        task_fini(&a->tasks.items[i]);
    VEC_FREE(&a->tasks);
    audit_close(a->audit);
    mem_free(a);
}

uint64_t actions_audit_number(const struct actions *a)
{
    const struct task *on = supervision_of(a);
    return on ? on->begin : 0;
}

const char *actions_reason(const struct actions *a)
{
    const struct task *on = supervision_of(a);
    return on ? on->reason : "";
}
