#include "callhud/app/doing.h"

#include "callhud/app/act_words.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A backend that has not shown its floor within this is not reachable, unless it goes on. */
#define FIRST_SNAPSHOT_MS 15000
/* After this it is said what is waited for. */
#define NOTE_WAIT_MS 6000
#define LAST_LINES_MS 2000
#define REASON_MAX_CHARS 200

static void on_left(void *self)
{
    struct doing *d = self;
    d->is_left = true;
    loop_stop(d->session.loop);
}

void doing_end(struct doing *d, int exit_code)
{
    if (d->exit_code >= 0)
        return;
    d->exit_code = exit_code;
    if (d->ending)
        d->ending(d);
}

void doing_fail(struct doing *d, const struct err *err)
{
    if (d->exit_code < 0)
        doing_end(d, start_fail(err));
}

void doing_note(const char *text)
{
    fprintf(stderr, "callhud: %s\n", text);
}

void doing_send(struct doing *d)
{
    out_write(d->out, buf_text(&d->line), d->line.len);
    buf_reset(&d->line);
}

enum rc doing_error(const struct event *event, struct err *err)
{
    enum rc rc = event->u.action.rc == RC_OK ? RC_FAILED : event->u.action.rc;
    const char *text = event->u.action.text;
    return err_set(err, rc, "%s", str_is_empty(text) ? rc_text(rc) : text);
}

/* ---- the user and the action ----------------------------------------------------------------- */

/* A call that was named and is not there: what is there instead. */
static enum rc no_such_call(const struct user *user, const char *id, struct err *err)
{
    if (user->calls.len == 0)
        return err_set(err, RC_NOT_FOUND, "%s has no call %.80s, and no other: it has ended",
                       user->extension, id);
    const struct call *now = &user->calls.items[0];
    return err_set(err, RC_NOT_FOUND,
                   "%s has no call %.80s: it has ended, or was never there; the call now is %.80s",
                   user->extension, id, now->id);
}

enum rc doing_act(struct doing *d, enum action_kind kind, const char *call_id, bool is_on,
                  uint32_t *id, struct err *err)
{
    const struct user *user = hud_user_by_id(&d->session.hud, d->user_id);
    if (!user)
        return err_set(err, RC_NOT_FOUND, "%s is not monitored any more", d->extension);
    if (call_id && kind != ACTION_STOP && !hud_call_by_id(user, call_id))
        return no_such_call(user, call_id, err);
    struct wish wish = {.kind = kind,
                        .user_id = d->user_id,
                        .call_id = call_id,
                        .is_on = is_on,
                        .reason = d->reason};
    const struct call *call =
        call_id ? hud_call_by_id(user, call_id) : action_call(&d->session.hud, user, kind);
    const char *ending = act_words_ending(kind, call);
    enum rc rc = session_act(&d->session, &wish, id, err);
    if (rc == RC_OK && *ending)
        doing_note(ending);
    return rc;
}

static bool finds_user(struct doing *d)
{
    const char *extension = d->cli->args[0];
    const struct user *user = hud_user_by_extension(&d->session.hud, extension);
    struct err err;
    if (!user) {
        session_no_user(&d->session, extension, &err);
        doing_fail(d, &err);
        return false;
    }
    d->user_id = mem_dup(user->id);
    d->extension = mem_dup(user->extension);
    d->name = mem_dup(user->name);
    return true;
}

static void begin(struct doing *d)
{
    d->is_ready = true;
    loop_timer_stop(d->deadline);
    loop_timer_stop(d->note);
    d->deadline = d->note = NULL;
    if (finds_user(d))
        d->ready(d);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_changed(void *self, unsigned bits)
{
    struct doing *d = self;
    const struct link *link = &d->session.hud.link;
    if ((bits & HUD_CHANGED_LINK) && link->state == LINK_REFUSED && !d->is_ready) {
        struct err err;
        err_set(&err, RC_AUTH, "%s", link->text);
        doing_fail(d, &err);
    }
}

/* Between events: where the backend is asked for something. */
static void on_turned(void *self)
{
    struct doing *d = self;
    const struct hud *hud = &d->session.hud;
    if (d->exit_code < 0 && !d->is_ready && hud->link.is_synced &&
        hud->capabilities[d->kind].is_told)
        begin(d);
    if (d->exit_code < 0 && d->is_ready && d->turned)
        d->turned(d);
    if (d->exit_code >= 0 && !d->is_leaving) {
        d->is_leaving = true;
        session_leave(&d->session, on_left, d);
    }
}

static void on_acted(void *self, const struct event *event)
{
    struct doing *d = self;
    if (d->exit_code < 0 && d->is_ready)
        d->acted(d, event);
}

static void on_told(void *self, bool is_warning, const char *text)
{
    (void)self;
    if (is_warning)
        doing_note(text);
}

static void on_deadline(void *self)
{
    struct doing *d = self;
    const struct link *link = &d->session.hud.link;
    struct err err;
    d->deadline = NULL;
    d->waited_s += FIRST_SNAPSHOT_MS / 1000;
    if (link->is_synced) { /* what can be done was never told: the action will say why not */
        begin(d);
        return;
    }
    if (session_goes_on(&d->session)) {
        d->deadline = loop_timer(d->session.loop, FIRST_SNAPSHOT_MS, on_deadline, d);
        return;
    }
    err_set(&err, RC_UNREACHABLE, "%s has not shown its users within %d s: %s",
            d->session.settings->server, d->waited_s,
            link->text[0] ? link->text : "is the server right and running?");
    doing_fail(d, &err);
}

/* Long waits are the service's limits: the link says for how long. */
static void on_note(void *self)
{
    struct doing *d = self;
    const struct link *link = &d->session.hud.link;
    char text[ERR_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "waiting for the users: %s",
                   link->text[0] ? link->text : d->session.settings->server);
    doing_note(text);
    d->note = loop_timer(d->session.loop, FIRST_SNAPSHOT_MS, on_note, d);
}

/* Nobody reads any more: with EPIPE that is the end of what was asked for, no fault. */
static void on_out_ended(void *self)
{
    doing_end(self, 0);
}

static void on_signal(void *self, int signum)
{
    struct doing *d = self;
    if (signum == SIGUSR1) {
        struct session_stats none = {0};
        session_log_stats(&d->session, &none);
    } else if (signum == SIGCONT) {
        session_mistrust(&d->session, "this program was stopped");
    } else if (d->exit_code >= 0) {
        loop_stop(d->session.loop); /* asked twice: what is left is in the ledger */
    } else {
        doing_end(d, 128 + signum);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static char *cleaned(const char *text)
{
    struct buf out;
    buf_init(&out, 4096);
    utf8_clean(&out, text ? text : "", text ? strlen(text) : 0, REASON_MAX_CHARS);
    char *copy = mem_dup(buf_text(&out));
    buf_fini(&out);
    return copy;
}

static void watch_signals(struct doing *d)
{
    /* SIGTSTP as well: who is stopped cannot clean up, and the phone would go on listening. */
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGUSR1, SIGCONT};
    _Static_assert(sizeof signals / sizeof *signals <= DOING_SIGNALS, "room for all signals");
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        d->watched[i] = loop_signal(d->session.loop, signals[i], on_signal, d);
}

static void run(struct doing *d)
{
    struct err err = {0};
    d->session.changed = on_changed;
    d->session.acted = on_acted;
    d->session.told = on_told;
    d->session.turned = on_turned;
    d->session.self = d;
    d->out = out_new(d->session.loop, STDOUT_FILENO, on_out_ended, d);
    watch_signals(d);
    if (session_start(&d->session, &err) != RC_OK) {
        d->exit_code = start_fail(&err);
    } else {
        d->deadline = loop_timer(d->session.loop, FIRST_SNAPSHOT_MS, on_deadline, d);
        d->note = loop_timer(d->session.loop, NOTE_WAIT_MS, on_note, d);
        loop_run(d->session.loop);
    }
}

static void forget(struct doing *d)
{
    mem_free(d->reason);
    mem_free(d->user_id);
    mem_free(d->extension);
    mem_free(d->name);
    buf_fini(&d->line);
    start_fini(&d->start);
}

int doing_run(struct doing *d)
{
    struct err err = {0};
    d->exit_code = -1;
    if (!action_find(d->cli->command->name, &d->kind))
        return start_fail(
            (err_set(&err, RC_USAGE, "%s is no action", d->cli->command->name), &err));
    if (d->cli->is_read_only) {
        err_set(&err, RC_DENIED, "--read-only is on: nothing is done; leave it off to %s",
                action_row(d->kind)->verb);
        return start_fail(&err);
    }
    int failed = start_profile(&d->start, d->cli);
    if (failed)
        return start_fini(&d->start), failed;
    d->is_ascii = d->cli->is_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    d->reason = cleaned(d->cli->reason);
    buf_init(&d->line, 65536);
    if (session_init(&d->session, &d->start.settings, false, &err) != RC_OK) {
        forget(d);
        return start_fail(&err);
    }
    run(d);

    struct session_stats none = {0};
    session_log_stats(&d->session, &none);
    if (d->ending)
        d->ending(d);
    loop_timer_stop(d->deadline);
    loop_timer_stop(d->note);
    for (size_t i = 0; i < DOING_SIGNALS; i++)
        loop_signal_stop(d->watched[i]);
    int unwritten = out_free(d->out, LAST_LINES_MS);
    if (d->exit_code == 0)
        d->exit_code = out_report(unwritten);
    bool is_looking_up = session_fini(&d->session);
    forget(d);
    if (is_looking_up)
        _exit(d->exit_code);
    return d->exit_code;
}
