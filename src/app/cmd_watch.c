/* callhud status and callhud watch: the lamps on standard output. */
#include "callhud/app/cli.h"
#include "callhud/app/doing.h"
#include "callhud/app/jsonout.h"
#include "callhud/app/out.h"
#include "callhud/app/session.h"
#include "callhud/app/start.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A backend that has not shown its floor within this is not reachable. */
#define FIRST_SNAPSHOT_MS 15000
#define LAST_LINES_MS 2000

struct watch {
    const struct cli *cli;
    struct session session;
    struct out *out;
    struct buf line;
    uint64_t sequence;
    int exit_code;
    bool is_leaving;
    bool is_once;    /* status */
    bool is_started; /* the lines of the beginning were printed */
    bool is_ascii;
    struct loop_timer *deadline;
    int waited_s; /* for the first snapshot */
};

static const char *profile_of(const struct watch *w)
{
    return w->session.settings->profile;
}

static void end_with(struct watch *w, int exit_code)
{
    if (w->exit_code < 0)
        w->exit_code = exit_code;
}

static void on_left(void *self)
{
    struct watch *w = self;
    loop_stop(w->session.loop);
}

/* What killed runs left is being removed, perhaps: that much is waited for. */
static void on_turned(void *self)
{
    struct watch *w = self;
    if (w->exit_code < 0 || w->is_leaving)
        return;
    w->is_leaving = true;
    session_leave(&w->session, on_left, w);
}

static bool is_wanted(const struct watch *w, const struct user *user)
{
    if (!w->cli->args_len)
        return true;
    for (size_t i = 0; i < w->cli->args_len; i++) {
        if (str_eq(w->cli->args[i], user->extension))
            return true;
    }
    return false;
}

static void send_line(struct watch *w)
{
    out_write(w->out, buf_text(&w->line), w->line.len);
    buf_reset(&w->line);
}

/* Nobody reads any more, or all of status is written: what out_free() says makes the exit code. */
static void on_out_ended(void *self)
{
    end_with(self, 0);
}

static void put_user(struct watch *w, const struct user *user)
{
    const struct hud *hud = &w->session.hud;
    int64_t now_ms = session_now(&w->session);
    w->sequence++;
    switch (w->cli->format) {
    case FORMAT_JSON: jsonout_user(&w->line, hud, user, profile_of(w), w->sequence, now_ms); break;
    case FORMAT_CSV:
        jsonout_csv_user(&w->line, hud, user, profile_of(w), w->sequence, now_ms);
        break;
    case FORMAT_TABLE:
        if (!w->is_once) {
            char clock[16];
            int64_t at_ms = hud_backend_now(hud, now_ms);
            clock_format_local(at_ms ? at_ms : clock_wall_ms(), "%H:%M:%S", clock, sizeof clock);
            buf_printf(&w->line, "%s ", clock);
        }
        jsonout_words(&w->line, hud, user, (enum ui_numbers)w->session.settings->numbers,
                      w->is_ascii, now_ms);
        break;
    }
}

/* An extension that was asked for and is nobody: said once the floor is known. */
static bool says_who_is_missing(struct watch *w)
{
    for (size_t i = 0; i < w->cli->args_len; i++) {
        if (hud_user_by_extension(&w->session.hud, w->cli->args[i]))
            continue;
        struct err err;
        session_no_user(&w->session, w->cli->args[i], &err);
        end_with(w, start_fail(&err));
        return true;
    }
    return false;
}

/* Nobody is there because of what is refused to us: no floor to be shown. */
static bool says_why_empty(struct watch *w)
{
    const char *lack = session_lack_of_users(&w->session);
    struct err err;
    if (w->session.hud.users.len > 0 || !lack)
        return false;
    err_set(&err, RC_DENIED, "%s", lack);
    end_with(w, start_fail(&err));
    return true;
}

static void say_lacks(struct watch *w)
{
    for (int lack = 0; lack < LACK_COUNT; lack++) {
        const char *text = session_lack(&w->session, (enum lack)lack);
        if (text)
            doing_note(text);
    }
}

/* No fault: whoever is added to the list, or hired, shows up. */
static void say_nobody(const struct watch *w)
{
    const char *monitor = w->session.backend_config.monitor;
    char text[ERR_TEXT_BYTES];
    if (w->session.hud.users.len > 0)
        return;
    if (str_eq(monitor, "list"))
        (void)snprintf(text, sizeof text,
                       "nobody is watched: the list has no lines: add some (callhud list add), or "
                       "set monitor in profile %s",
                       profile_of(w));
    else
        (void)str_format(
            text, sizeof text,
            "nobody is watched: monitor = %.200s matches nobody: correct it in profile "
            "%s",
            monitor, profile_of(w));
    doing_note(text);
}

static void put_beginning(struct watch *w)
{
    w->is_started = true;
    loop_timer_stop(w->deadline);
    w->deadline = NULL;
    if (says_who_is_missing(w) || says_why_empty(w))
        return;
    say_lacks(w);
    say_nobody(w);
    struct order order = {0};
    struct order_request request = {.by = ORDER_LINE};
    order_build(&order, &w->session.hud, &request, session_now(&w->session));
    bool is_array = w->is_once && w->cli->format == FORMAT_JSON;
    bool is_first = true;
    if (w->cli->format == FORMAT_CSV)
        jsonout_csv_header(&w->line);
    if (is_array)
        buf_putc(&w->line, '[');
    for (size_t i = 0; i < order.users.len; i++) {
        if (!is_wanted(w, order.users.items[i]))
            continue;
        if (is_array && !is_first)
            buf_putc(&w->line, ',');
        is_first = false;
        put_user(w, order.users.items[i]);
        if (w->cli->format == FORMAT_JSON && !is_array)
            buf_putc(&w->line, '\n');
        send_line(w);
    }
    order_fini(&order);
    if (is_array) {
        buf_puts(&w->line, "]\n");
        send_line(w);
    }
    if (w->is_once)
        out_finish(w->out);
}

static void put_changes(struct watch *w)
{
    const struct hud *hud = &w->session.hud;
    for (size_t i = 0; i < hud->changed.len; i++) {
        if (!is_wanted(w, hud->changed.items[i]))
            continue;
        put_user(w, hud->changed.items[i]);
        if (w->cli->format == FORMAT_JSON)
            buf_putc(&w->line, '\n');
        send_line(w);
    }
}

static void on_lacked(void *self, const char *text)
{
    struct watch *w = self;
    if (w->is_started && !w->is_once && w->exit_code < 0)
        doing_note(text);
}

static void on_changed(void *self, unsigned bits)
{
    struct watch *w = self;
    const struct link *link = &w->session.hud.link;
    if (w->exit_code >= 0 || (w->is_once && w->is_started))
        return;
    if (w->is_started) {
        put_changes(w);
    } else if (link->is_synced) {
        put_beginning(w);
    } else if ((bits & HUD_CHANGED_LINK) && link->state == LINK_REFUSED) {
        struct err err;
        err_set(&err, RC_AUTH, "%s", link->text);
        end_with(w, start_fail(&err));
    }
}

static void on_deadline(void *self)
{
    struct watch *w = self;
    const struct link *link = &w->session.hud.link;
    struct err err;
    char text[ERR_TEXT_BYTES];
    w->deadline = NULL;
    w->waited_s += FIRST_SNAPSHOT_MS / 1000;
    if (session_goes_on(&w->session)) {
        (void)snprintf(text, sizeof text, "waiting for the users: %s",
                       link->text[0] ? link->text : w->session.settings->server);
        doing_note(text);
        w->deadline = loop_timer(w->session.loop, FIRST_SNAPSHOT_MS, on_deadline, w);
        return;
    }
    err_set(&err, RC_UNREACHABLE, "%s has not shown its users within %d s: %s",
            w->session.settings->server, w->waited_s,
            link->text[0] ? link->text : "is the server right and running?");
    end_with(w, start_fail(&err));
}

static void on_signal(void *self, int signum)
{
    struct watch *w = self;
    if (signum == SIGUSR1) {
        struct session_stats none = {0};
        session_log_stats(&w->session, &none);
    } else if (signum == SIGCONT) {
        session_mistrust(&w->session, "this program was stopped");
    } else if (w->exit_code >= 0) {
        loop_stop(w->session.loop);
    } else {
        end_with(w, 128 + signum);
    }
}

static int run(const struct cli *cli, bool is_once)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCONT};
    enum { SIGNALS = sizeof signals / sizeof *signals };
    struct loop_signal *watched[SIGNALS] = {0};
    struct watch w = {.cli = cli, .is_once = is_once, .exit_code = -1};
    struct start start;
    struct err err = {0};

    int failed = start_profile(&start, cli);
    if (failed)
        return start_fini(&start), failed;
    w.is_ascii = cli->is_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    buf_init(&w.line, 64u * 1024 * 1024);
    if (session_init(&w.session, &start.settings, cli->is_read_only, &err) != RC_OK) {
        start_fini(&start);
        return start_fail(&err);
    }
    w.session.is_once = is_once;
    w.session.changed = on_changed;
    w.session.lacked = on_lacked;
    w.session.turned = on_turned;
    w.session.self = &w;
    w.out = out_new(w.session.loop, STDOUT_FILENO, on_out_ended, &w);
    for (size_t i = 0; i < SIGNALS; i++)
        watched[i] = loop_signal(w.session.loop, signals[i], on_signal, &w);
    if (session_start(&w.session, &err) != RC_OK) {
        w.exit_code = start_fail(&err);
    } else {
        w.deadline = loop_timer(w.session.loop, FIRST_SNAPSHOT_MS, on_deadline, &w);
        loop_run(w.session.loop);
    }

    struct session_stats none = {0};
    session_log_stats(&w.session, &none);
    loop_timer_stop(w.deadline);
    for (size_t i = 0; i < SIGNALS; i++)
        loop_signal_stop(watched[i]);
    int unwritten = out_free(w.out, LAST_LINES_MS);
    if (w.exit_code == 0)
        w.exit_code = out_report(unwritten);
    buf_fini(&w.line);
    bool is_looking_up = session_fini(&w.session);
    start_fini(&start);
    if (is_looking_up)
        _exit(w.exit_code);
    return w.exit_code;
}

int cmd_status(const struct cli *cli)
{
    return run(cli, true);
}

int cmd_watch(const struct cli *cli)
{
    return run(cli, false);
}
