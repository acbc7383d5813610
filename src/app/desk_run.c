#include "callhud/app/desk_run.h"

#include "callhud/app/paths.h"
#include "callhud/app/report.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A backend that has not answered within this is not reachable. */
#define FIRST_ANSWER_MS 15000
/* The service's limits are those of a minute: their end is waited for. */
#define WAIT_MOST_MS 75000
#define WAIT_LONGER_MS 10000 /* than was said: it is said again */

static void on_left(void *self)
{
    struct desk_run *run = self;
    loop_stop(run->session.loop);
}

void desk_run_end(struct desk_run *run, int exit_code)
{
    if (run->exit_code >= 0)
        return;
    run->exit_code = exit_code;
    session_leave(&run->session, on_left, run);
}

void desk_run_fail(struct desk_run *run, enum rc rc, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    struct err err;
    va_list args;
    if (run->exit_code >= 0)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(&err, rc, "%s", text); /* one line, whatever was typed */
    if (str_eq(text, run->said))   /* by the keeper, as it happened */
        desk_run_end(run, rc_exit_code(rc));
    else
        desk_run_end(run, start_fail(&err));
}

const char *desk_run_keep(struct desk_run *run, const char *text)
{
    VEC_PUSH(&run->texts, mem_dup(text));
    return run->texts.items[run->texts.len - 1];
}

const struct desk_person *desk_run_person(const struct desk_run *run, const char *extension)
{
    const struct ui_desk *desk = keeper_desk(run->keeper);
    for (size_t i = 0; i < desk->people_len; i++)
        if (str_eq(desk->people[i].extension, extension))
            return &desk->people[i];
    return NULL;
}

const struct desk_person *desk_run_person_by_id(const struct desk_run *run, const char *user_id)
{
    const struct ui_desk *desk = keeper_desk(run->keeper);
    for (size_t i = 0; i < desk->people_len; i++)
        if (str_eq(desk->people[i].user_id, user_id))
            return &desk->people[i];
    return NULL;
}

/* ---- one phase after the other --------------------------------------------------------------- */

static void ready(struct desk_run *run)
{
    run->phase = DESK_RUN_READY;
    loop_timer_stop(run->deadline);
    run->deadline = NULL;
    run->ready(run);
}

static void offline(struct desk_run *run, enum rc rc, const char *why)
{
    if (run->phase == DESK_RUN_READY || run->exit_code >= 0)
        return;
    if (run->needs_link) {
        desk_run_fail(run, rc, "%s", why);
        return;
    }
    run->is_offline = true;
    str_copy(run->why_offline, sizeof run->why_offline, why);
    ready(run);
}

static bool is_over(enum ui_desk_state state)
{
    return state == UI_DESK_TOLD || state == UI_DESK_FAILED;
}

static void look_at_rest(struct desk_run *run)
{
    const struct ui_desk *desk = keeper_desk(run->keeper);
    if (run->phase != DESK_RUN_REST)
        return;
    if ((run->needs_people && !is_over(desk->people_state)) ||
        (run->needs_settings && !is_over(desk->settings_state)))
        return;
    ready(run);
}

static void ask_rest(struct desk_run *run)
{
    run->phase = DESK_RUN_REST;
    keeper_want(run->keeper, run->needs_people, false, run->needs_settings);
    look_at_rest(run);
}

static void on_keeper_ended(void *self, enum rc rc, const char *text)
{
    struct desk_run *run = self;
    if (run->phase == DESK_RUN_READY) {
        if (run->exit_code < 0 && run->ended)
            run->ended(run, rc, text);
        return;
    }
    if (run->phase != DESK_RUN_LIST)
        return;
    bool is_others = !keeper_is_own(run->keeper);
    if (rc == RC_NOT_FOUND || (rc == RC_DENIED && is_others))
        desk_run_fail(run, rc, "%s%s", rc == RC_DENIED ? "refused: " : "", text);
    else if (rc != RC_OK && !keeper_desk(run->keeper)->is_local)
        offline(run, rc, text);
    else
        ask_rest(run);
}

static void on_keeper_changed(void *self)
{
    look_at_rest(self);
}

static void on_told(void *self, bool is_warning, const char *text)
{
    struct desk_run *run = self;
    if (!is_warning)
        return;
    str_copy(run->said, sizeof run->said, text);
    fprintf(stderr, "callhud: %s\n", text);
}

/* A link that goes on and has a time to wait for waits for the service's limits (backend.h). */
static void note_wait(struct desk_run *run, const struct event *event)
{
    enum link_state state = event->u.link.state;
    bool goes_on =
        state == LINK_CONNECTING || (state == LINK_LIVE && run->session.hud.link.is_synced);
    if (!goes_on || event->u.link.retry_ms <= session_now(&run->session))
        return;
    bool is_longer = event->u.link.retry_ms > run->waits_until_ms + WAIT_LONGER_MS;
    if ((run->waits_until_ms == 0 || is_longer) && run->exit_code < 0)
        fprintf(stderr, "callhud: waiting: %s\n", event->u.link.text);
    if (event->u.link.retry_ms > run->waits_until_ms)
        run->waits_until_ms = event->u.link.retry_ms;
}

static void on_event(void *self, const struct event *event)
{
    struct desk_run *run = self;
    keeper_event(run->keeper, event);
    if (event->kind != EVENT_LINK)
        return;
    run->is_refused = event->u.link.state == LINK_REFUSED;
    note_wait(run, event);
}

/* Between events: where the backend is asked for something. */
static void on_turned(void *self)
{
    struct desk_run *run = self;
    const struct link *link = &run->session.hud.link;
    if (run->exit_code >= 0)
        return;
    if (run->is_refused) {
        offline(run, RC_AUTH, link->text[0] ? link->text : "sign-in refused");
    } else if (run->waits_until_ms - session_now(&run->session) > WAIT_MOST_MS) {
        offline(run, RC_UNREACHABLE, link->text);
    } else if (link->is_synced && run->phase == DESK_RUN_LINK && keeper_is_live(run->keeper)) {
        run->phase = DESK_RUN_LIST;
        if (run->needs_settings)
            ask_rest(run);
        else
            keeper_pull(run->keeper);
    }
}

static void on_deadline(void *self)
{
    struct desk_run *run = self;
    const struct link *link = &run->session.hud.link;
    char why[ERR_TEXT_BYTES];
    int64_t wait_ms = run->waits_until_ms - session_now(&run->session) + FIRST_ANSWER_MS;
    run->deadline = NULL;
    if (run->waits_until_ms > 0 && wait_ms > 0) {
        run->deadline = loop_timer(run->session.loop, wait_ms, on_deadline, run);
        return;
    }
    (void)snprintf(why, sizeof why, "%s has not answered within %d s: %s",
                   run->session.settings->server, FIRST_ANSWER_MS / 1000,
                   link->text[0] ? link->text : "is the server right and running?");
    offline(run, RC_UNREACHABLE, why);
}

static void on_signal(void *self, int signum)
{
    struct desk_run *run = self;
    if (run->exit_code >= 0)
        loop_stop(run->session.loop);
    else
        desk_run_end(run, 128 + signum);
}

/* ---- life ------------------------------------------------------------------------------------ */

static enum rc open_keeper(struct desk_run *run, struct err *err)
{
    char folder[PATH_BYTES];
    enum rc rc = paths_state(folder, "", true, err);
    if (rc == RC_IO) /* what that means for the list is said of the list */
        rc = paths_state(folder, "", false, err);
    if (rc != RC_OK)
        return rc;
    err_clear(err);
    struct keeper_config config = {.session = &run->session,
                                   .extension = run->cli->user,
                                   .folder = folder,
                                   .is_automatic = false, /* a command sends when it says so */
                                   .is_asked_alone = true,
                                   .reason = run->cli->reason,
                                   .changed = on_keeper_changed,
                                   .told = on_told,
                                   .ended = on_keeper_ended,
                                   .self = run};
    return keeper_new(&run->keeper, &config, err);
}

static enum rc start(struct desk_run *run, struct err *err)
{
    static const int signals[DESK_RUN_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    enum rc rc = open_keeper(run, err);
    if (rc != RC_OK)
        return rc;
    run->session.is_once = run->session.is_desk_only = true;
    run->session.passed = on_event;
    run->session.turned = on_turned;
    run->session.told = on_told;
    run->session.self = run;
    for (size_t i = 0; i < DESK_RUN_SIGNALS; i++)
        run->watched[i] = loop_signal(run->session.loop, signals[i], on_signal, run);
    rc = session_start(&run->session, err);
    if (rc == RC_OK) {
        run->deadline = loop_timer(run->session.loop, FIRST_ANSWER_MS, on_deadline, run);
        loop_run(run->session.loop);
    }
    return rc;
}

int desk_run(struct desk_run *run)
{
    struct err err = {0};
    run->exit_code = -1;
    if (run->is_change && run->cli->is_read_only) {
        err_set(&err, RC_DENIED, "--read-only is on: nothing is changed; leave it off for this");
        return start_fail(&err);
    }
    int failed = start_profile(&run->start, run->cli);
    if (failed)
        return start_fini(&run->start), failed;
    buf_init(&run->out, 64u * 1024 * 1024);
    if (session_init(&run->session, &run->start.settings, run->cli->is_read_only, &err) != RC_OK) {
        buf_fini(&run->out);
        start_fini(&run->start);
        return start_fail(&err);
    }
    if (start(run, &err) != RC_OK && run->exit_code < 0)
        run->exit_code = start_fail(&err);
    loop_timer_stop(run->deadline);
    for (size_t i = 0; i < DESK_RUN_SIGNALS; i++)
        loop_signal_stop(run->watched[i]);
    keeper_free(run->keeper);
    for (size_t i = 0; i < run->texts.len; i++)
        mem_free(run->texts.items[i]);
    VEC_FREE(&run->texts);
    int unwritten = report_print(&run->out);
    int code = run->exit_code > 0 ? run->exit_code : unwritten;
    buf_fini(&run->out);
    if (session_fini(&run->session)) {
        fflush(NULL);
        _exit(code);
    }
    start_fini(&run->start);
    return code;
}
