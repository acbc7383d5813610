/* callhud console: the screens on a terminal. Joins session (network, model), ui and term. */
#include "callhud/app/cli.h"
#include "callhud/app/console.h"
#include "callhud/app/console_desk.h"
#include "callhud/app/crash.h"
#include "callhud/app/demo.h"
#include "callhud/app/paths.h"
#include "callhud/app/plain.h"
#include "callhud/app/session.h"
#include "callhud/app/start.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"
#include "callhud/term/term.h"
#include "callhud/ui/ui.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Frames are at least this far apart; the first change after a pause is shown at once. */
#define FRAME_MS 33
/* The title follows the floor this much later, so that it costs a slow link nothing beside a
 * change. */
#define TITLE_MS 1000
/* A stop that took less was none. */
#define NOT_STOPPED_MS 5
/* That there is nothing left to connect to is told again: messages go away. */
#define ENDED_AGAIN_MS 5000

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};
#define SIGNALS (sizeof signals / sizeof *signals)

struct console {
    const struct cli *cli;
    struct start start;
    struct start fresh; /* of a reload that waits for the end of what goes on */
    bool has_fresh;
    struct start lent; /* what the backend still borrows, when a reload has changed none of it */
    struct session session;
    struct console_desk desk;
    struct term *term;
    struct ui *ui;
    struct canvas canvas;
    struct theme theme;
    struct console_names names; /* of themes */
    struct loop_signal *watched[SIGNALS];
    struct loop_timer *ended; /* when that is told again */
    struct loop_timer *frame;
    int64_t frame_due_ms;  /* of that timer */
    int64_t last_frame_ms; /* 0: none yet */
    int64_t drawing_ms;    /* so long it took */
    uint64_t skipped;
    bool is_frame_wanted;
    bool is_canvas_skipped; /* this wish for a frame was counted as skipped */
    char title[128];
    int64_t title_due_ms; /* INT64_MAX: it is as it should be */
    int exit_code;        /* -1: stays */
    bool is_over;         /* nothing is waited for any more */
    bool is_gone;         /* the terminal */
};

static void want_frame(struct console *c);

static void on_left(void *self)
{
    struct console *c = self;
    c->is_over = true;
    loop_stop(c->session.loop);
}

/* First what goes on is ended and what was made is removed, also when the terminal is gone. */
static void end_with(struct console *c, int exit_code)
{
    if (c->exit_code >= 0)
        return;
    c->exit_code = exit_code;
    session_leave(&c->session, on_left, c);
    if (c->is_over || c->is_gone)
        return;
    ui_message(c->ui, UI_INFO, "ending what goes on; Ctrl-C leaves at once", NULL,
               session_now(&c->session));
    want_frame(c);
}

static void interrupt(struct console *c)
{
    if (c->exit_code >= 0)
        on_left(c);
    else
        end_with(c, 128 + SIGINT);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void plan_frame(struct console *c);

static void put_title(struct console *c, int64_t now_ms)
{
    char title[sizeof c->title];
    ui_title(c->ui, &c->session.hud, title, sizeof title);
    if (str_eq(title, c->title)) {
        c->title_due_ms = INT64_MAX;
    } else if (!c->title[0] || now_ms >= c->title_due_ms) {
        str_copy(c->title, sizeof c->title, title);
        term_title(c->term, title);
        c->title_due_ms = INT64_MAX;
    } else if (c->title_due_ms == INT64_MAX) {
        c->title_due_ms = now_ms + TITLE_MS;
    }
}

/* A picture that takes long makes room for what comes in: a third of the time is for pictures. */
static int64_t next_frame_ms(const struct console *c)
{
    int64_t rest_ms = 3 * c->drawing_ms;
    return c->last_frame_ms + (rest_ms > FRAME_MS ? rest_ms : FRAME_MS);
}

static void draw_frame(struct console *c)
{
    int64_t now_ms = session_now(&c->session), began_ms = clock_mono_ms();
    c->canvas.is_ascii = term_caps(c->term)->is_ascii;
    ui_render(c->ui, &c->canvas, &c->session.hud, now_ms);
    term_present(c->term, &c->canvas);
    c->last_frame_ms = now_ms;
    c->is_frame_wanted = false;
    c->is_canvas_skipped = false;

    put_title(c, now_ms);
    c->drawing_ms = clock_mono_ms() - began_ms;
}

static void on_frame_due(void *self)
{
    struct console *c = self;
    c->frame = NULL;
    c->is_frame_wanted = true;
    plan_frame(c);
}

/* Draws now, or arms the timer for when it may or must be drawn. While the terminal is busy nothing
 * is planned: on_drained() comes back here, so a stall costs one catch-up frame. */
static void plan_frame(struct console *c)
{
    int64_t now_ms = session_now(&c->session);
    int64_t due_ms = INT64_MAX;
    if (c->is_over || c->is_gone)
        return;
    if (c->is_frame_wanted && term_is_busy(c->term)) {
        c->skipped += !c->is_canvas_skipped;
        c->is_canvas_skipped = true;
        return;
    }
    if (c->is_frame_wanted && now_ms >= next_frame_ms(c))
        draw_frame(c);
    if (c->is_frame_wanted)
        due_ms = next_frame_ms(c);
    else
        due_ms = ui_next_frame_ms(c->ui, &c->session.hud, now_ms);
    if (c->title_due_ms < due_ms)
        due_ms = c->title_due_ms;
    if (c->frame && due_ms == c->frame_due_ms)
        return;
    loop_timer_stop(c->frame);
    c->frame = NULL;
    c->frame_due_ms = due_ms;
    if (due_ms != INT64_MAX) {
        int64_t wait_ms = due_ms - now_ms;
        c->frame = loop_timer(c->session.loop, wait_ms > 1 ? wait_ms : 1, on_frame_due, c);
    }
}

static void on_drained(void *self)
{
    plan_frame(self);
}

static void want_frame(struct console *c)
{
    c->is_frame_wanted = true;
}

/* ---- themes, settings ------------------------------------------------------------------------ */

static void show_theme(struct console *c)
{
    term_set_theme(c->term, &c->theme);
    ui_set_theme(c->ui, &c->theme, term_caps(c->term)->depth == DEPTH_MONO);
}

static enum rc use_theme(struct console *c, const char *name, struct err *err)
{
    struct theme theme;
    enum rc rc = theme_load(&theme, name, paths_themes(), err);
    if (rc != RC_OK)
        return rc;
    c->theme = theme;
    show_theme(c);
    want_frame(c);
    return RC_OK;
}

static void show_settings(struct console *c)
{
    struct ui_settings settings;
    struct err err = {0};
    int64_t now_ms = session_now(&c->session);
    console_list_themes(&c->names);
    console_ui_settings(&settings, &c->start.settings, &c->session, &c->names, c->cli);
    if (ui_configure(c->ui, &settings, &err) != RC_OK)
        ui_message(c->ui, UI_ERROR, "the keys were not reloaded", err.text, now_ms);
    else if (use_theme(c, c->start.settings.theme, &err) != RC_OK)
        ui_message(c->ui, UI_ERROR, "the theme was not reloaded", err.text, now_ms);
    else
        ui_message(c->ui, UI_INFO, "configuration reloaded", NULL, now_ms);
    want_frame(c);
}

/* The connection is what it was: it goes on, and so does a supervision. */
static void reload_screen(struct console *c)
{
    if (c->lent.has_settings) {
        start_replace(&c->start, &c->fresh);
    } else {
        c->lent = c->start;
        c->start = c->fresh;
    }
    show_settings(c);
    console_desk_reloaded(&c->desk);
}

/* The backend borrows the settings' strings: it is opened anew with the new ones. */
static void reload_all(void *self)
{
    struct console *c = self;
    struct err err = {0};
    /* Another profile's list is in another file. */
    if (console_desk_close(&c->desk, &err) != RC_OK)
        ui_message(c->ui, UI_ERROR, err.text, NULL, session_now(&c->session));
    session_stop_backend(&c->session);
    start_forget(&c->lent);
    start_replace(&c->start, &c->fresh);
    c->has_fresh = false;
    session_mistrust(&c->session, "configuration reloaded");
    enum rc rc = session_start_backend(&c->session, &err);
    show_settings(c);
    console_desk_open(&c->desk, NULL);
    if (rc != RC_OK)
        ui_message(c->ui, UI_ERROR, "the backend refuses its settings", err.text,
                   session_now(&c->session));
}

/* Whether a reload may end what goes on. */
enum reload { RELOAD_HARMLESS, RELOAD_ASKING, RELOAD_SURE };

/* A configuration with an error ends nothing; nor does a signal, for nobody may be looking. */
static void reload(struct console *c, enum reload how)
{
    struct err err = {0};
    if (c->exit_code >= 0 || c->has_fresh)
        return;
    want_frame(c);
    if (start_reload(&c->fresh, c->cli, &err) != RC_OK) {
        ui_message(c->ui, UI_ERROR, "not reloaded, the configuration has an error", err.text,
                   session_now(&c->session));
        return;
    }
    bool is_on = supervision_is_on(&c->session.hud.supervision);
    if (settings_same_connection(&c->start.settings, &c->fresh.settings)) {
        reload_screen(c);
    } else if (!is_on || how == RELOAD_SURE) {
        c->has_fresh = true;
        session_leave(&c->session, reload_all, c);
    } else {
        start_forget(&c->fresh);
        if (how == RELOAD_ASKING)
            ui_ask_reload(c->ui);
        else
            ui_message(c->ui, UI_WARN, "not reloaded: that would end what goes on; :reload asks",
                       "what the connection needs has changed in the configuration",
                       session_now(&c->session));
    }
}

/* ---- intents of the screens ------------------------------------------------------------------ */

/* The canvas still holds what the command was typed into: the picture is drawn without it, and at a
 * full second, when what blinks is lit. */
static void take_picture(struct console *c, const char *file)
{
    struct err err = {0};
    char text[600];
    int64_t now_ms = session_now(&c->session);

    ui_render(c->ui, &c->canvas, &c->session.hud, now_ms - now_ms % 1000);
    if (console_shot(file, &c->canvas, &c->theme, &err) != RC_OK) {
        ui_message(c->ui, UI_ERROR, "no picture was written", err.text, now_ms);
        return;
    }
    (void)snprintf(text, sizeof text, "picture written to %s", file);
    ui_message(c->ui, UI_GOOD, text, NULL, now_ms);
}

static void suspend_now(void *self)
{
    struct console *c = self;
    int64_t before_ms = clock_mono_ms();
    term_suspend(c->term);
    /* Without a shell that waits (tmux or ssh started callhud) the kernel stops nothing, and no
     * SIGCONT comes. */
    if (clock_mono_ms() - before_ms < NOT_STOPPED_MS)
        ui_message(c->ui, UI_WARN, "callhud cannot be suspended here: no shell is there to wake it",
                   NULL, session_now(&c->session));
    if (c->session.is_left)
        session_mistrust(&c->session, "this program was to be stopped");
    want_frame(c);
}

/* Nobody would see who hears whom: what goes on is ended before the program stops. */
static void suspend(struct console *c)
{
    if (c->exit_code < 0 && !c->has_fresh)
        session_leave(&c->session, suspend_now, c);
}

static void show_audit(struct console *c)
{
    const struct actions *actions = c->session.actions;
    ui_set_audit(c->ui, actions ? actions_audit_number(actions) : 0,
                 actions ? actions_reason(actions) : "");
}

static void act(struct console *c, const struct intent *intent)
{
    struct wish wish = {.kind = intent->action,
                        .user_id = intent->user_id,
                        .call_id = intent->call_id,
                        .is_on = intent->is_on,
                        .reason = intent->text};
    struct err err = {0};
    char why[ERR_TEXT_BYTES + 256];
    enum rc rc = session_act(&c->session, &wish, NULL, &err);
    show_audit(c);
    want_frame(c);
    if (rc == RC_OK)
        return;
    const struct user *user = hud_user_by_id(&c->session.hud, intent->user_id);
    (void)snprintf(why, sizeof why, "%s: %s %s: %s", action_row(intent->action)->verb,
                   user ? user->extension : intent->user_id, user ? user->name : "", err.text);
    ui_message(c->ui, console_level(rc), err.text, why, session_now(&c->session));
}

static void run_intents(struct console *c)
{
    struct intent intent;
    struct err err = {0};
    int64_t now_ms = session_now(&c->session);
    while (ui_next_intent(c->ui, &intent)) {
        switch (intent.kind) {
        case INTENT_NONE: break;
        case INTENT_ACT: act(c, &intent); break;
        case INTENT_QUIT: end_with(c, 0); break;
        case INTENT_RESYNC: session_resync(&c->session); break;
        case INTENT_RECONNECT: session_reconnect(&c->session); break;
        case INTENT_REDRAW: term_redraw(c->term); break;
        case INTENT_SUSPEND: suspend(c); break;
        case INTENT_COPY:
            if (!term_copy(c->term, intent.text))
                ui_message(c->ui, UI_WARN, "this terminal takes no copies", NULL, now_ms);
            break;
        case INTENT_THEME:
            if (use_theme(c, intent.text, &err) != RC_OK)
                ui_message(c->ui, UI_ERROR, "no such theme", err.text, now_ms);
            break;
        case INTENT_MOUSE: term_set_mouse(c->term, intent.is_on); break;
        case INTENT_RELOAD: reload(c, intent.is_on ? RELOAD_SURE : RELOAD_ASKING); break;
        case INTENT_BELL: term_bell(c->term); break;
        case INTENT_SHOT: take_picture(c, intent.text); break;
        case INTENT_DESK: console_desk_open(&c->desk, intent.text); break;
        }
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static void say_ended(void *self)
{
    struct console *c = self;
    ui_message(c->ui, UI_ERROR, c->session.ended_text, NULL, session_now(&c->session));
    c->ended = loop_timer(c->session.loop, ENDED_AGAIN_MS, say_ended, c);
    want_frame(c);
}

static void on_changed(void *self, unsigned bits)
{
    struct console *c = self;
    if (bits & HUD_CHANGED_ACTION)
        show_audit(c);
    ui_hud_changed(c->ui, &c->session.hud, bits, session_now(&c->session));
    if (c->session.is_peer_ended && !c->ended)
        say_ended(c);
    want_frame(c);
}

/* The screens tell by themselves how what needs our phone went. */
static void on_acted(void *self, const struct event *event)
{
    struct console *c = self;
    demo_acted(c->cli, event);
    ui_action(c->ui, &c->session.hud, event, session_now(&c->session));
    want_frame(c);
}

static void on_passed(void *self, const struct event *event)
{
    struct console *c = self;
    console_desk_event(&c->desk, event);
}

static void on_frame_wanted(void *self)
{
    want_frame(self);
}

static void on_told(void *self, bool is_warning, const char *text)
{
    struct console *c = self;
    ui_message(c->ui, is_warning ? UI_WARN : UI_INFO, text, NULL, session_now(&c->session));
    want_frame(c);
}

static void on_lacked(void *self, const char *text)
{
    on_told(self, true, text);
}

static void on_turned(void *self)
{
    struct console *c = self;
    if (!c->term || c->is_over || c->is_gone)
        return;
    run_intents(c);
    plan_frame(c);
}

static void on_key(void *self, const struct key *key)
{
    struct console *c = self;
    bool is_leaving = c->exit_code >= 0;
    if (key->code == 'c' && key->is_ctrl && (is_leaving || !ui_is_typing(c->ui)))
        interrupt(c);
    if (is_leaving || c->exit_code >= 0)
        return;
    ui_key(c->ui, key, &c->session.hud, session_now(&c->session));
    c->drawing_ms = 0; /* nobody waits longer for a key than pictures must be apart */
    want_frame(c);
}

static void on_resized(void *self, int rows, int cols)
{
    struct console *c = self;
    canvas_resize(&c->canvas, rows, cols);
    want_frame(c);
}

static void on_vanished(void *self, const char *why)
{
    struct console *c = self;
    log_info("app", "the terminal is gone: %s", why);
    c->is_gone = true;
    end_with(c, 128 + SIGHUP);
}

static void log_stats(struct console *c)
{
    struct term_stats t = {0};
    if (c->term)
        term_stats(c->term, &t);
    struct session_stats stats = {
        .frames = t.frames, .skipped = t.skipped + c->skipped, .bytes = t.bytes};
    session_log_stats(&c->session, &stats);
}

static void on_signal(void *self, int signum)
{
    struct console *c = self;
    switch (signum) {
    case SIGUSR1: log_stats(c); break;
    case SIGUSR2: reload(c, RELOAD_HARMLESS); break;
    case SIGTSTP: suspend(c); break;
    case SIGINT: interrupt(c); break;
    case SIGCONT:
        if (c->exit_code >= 0)
            break; /* a shell that hangs up continues whom it ends */
        term_redraw(c->term);
        session_mistrust(&c->session, "this program was stopped");
        want_frame(c);
        break;
    default: end_with(c, 128 + signum);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Everything up to the first frame, which shows the skeleton before any library of the network is
 * started. */
static enum rc open_screen(struct console *c, struct err *err)
{
    const struct settings *s = &c->start.settings;
    struct ui_settings ui_settings;
    enum rc rc = session_init(&c->session, s, c->cli->is_read_only, err);
    if (rc != RC_OK)
        return rc;
    c->session.changed = on_changed;
    c->session.acted = on_acted;
    c->session.told = on_told;
    c->session.lacked = on_lacked;
    c->session.passed = on_passed;
    c->session.turned = on_turned;
    c->session.self = c;
    console_list_themes(&c->names);
    console_ui_settings(&ui_settings, s, &c->session, &c->names, c->cli);
    rc = ui_new(&c->ui, &ui_settings, err);
    if (rc == RC_OK && c->cli->is_demo)
        ui_teach(c->ui, session_now(&c->session));
    if (rc == RC_OK)
        rc = theme_load(&c->theme, s->theme, paths_themes(), err);
    if (rc != RC_OK)
        return rc;

    struct term_options options = {
        .is_ascii = c->cli->is_ascii || s->glyphs == GLYPHS_ASCII,
        .is_no_color = c->cli->is_no_color || !str_is_empty(getenv("NO_COLOR")),
        .is_mouse = s->is_mouse,
        .is_sync_output = s->is_sync_output,
    };
    rc = term_open(&c->term, &options, err);
    if (rc != RC_OK)
        return rc;
    crash_restores_by(term_restore_now);
    int rows, cols;
    term_size(c->term, &rows, &cols);
    canvas_init(&c->canvas, rows, cols, term_caps(c->term)->is_ascii);
    show_theme(c);
    session_name_users(&c->session);
    draw_frame(c);
    return RC_OK;
}

static void close_screen(struct console *c, struct err *err)
{
    struct err lost = {0};
    log_stats(c);
    loop_timer_stop(c->ended);
    loop_timer_stop(c->frame);
    for (size_t i = 0; i < SIGNALS; i++)
        loop_signal_stop(c->watched[i]);
    if (c->term)
        term_close(c->term);
    c->term = NULL;
    if (c->desk.ui && console_desk_close(&c->desk, &lost) != RC_OK && err->rc == RC_OK) {
        *err = lost;
        c->exit_code = rc_exit_code(lost.rc);
    }
    ui_free(c->ui);
    canvas_fini(&c->canvas);
}

static void run_loop(struct console *c, struct err *err)
{
    static const struct term_handler handler = {
        .key = on_key, .resized = on_resized, .drained = on_drained, .vanished = on_vanished};
    struct term_handler mine = handler;
    mine.self = c;
    for (size_t i = 0; i < SIGNALS; i++)
        c->watched[i] = loop_signal(c->session.loop, signals[i], on_signal, c);
    term_attach(c->term, loop_uv(c->session.loop), &mine);
    want_frame(c);
    c->desk = (struct console_desk){.session = &c->session,
                                    .ui = c->ui,
                                    .reason = c->cli->reason ? c->cli->reason : "",
                                    .want_frame = on_frame_wanted,
                                    .self = c};
    console_desk_open(&c->desk, c->cli->user ? c->cli->user : "");
    if (session_start(&c->session, err) != RC_OK) {
        c->exit_code = rc_exit_code(err->rc);
        return;
    }
    demo_watch(c->cli, &c->session);
    loop_run(c->session.loop);
}

int cmd_console(const struct cli *cli)
{
    const char *why_plain = cli->is_plain ? "" : term_why_not();
    if (why_plain)
        return plain_run(cli, why_plain);

    struct console c = {.cli = cli, .title_due_ms = INT64_MAX, .exit_code = -1};
    struct err err = {0};
    int failed = start_profile(&c.start, cli);
    if (failed)
        return start_fini(&c.start), failed;
    if (open_screen(&c, &err) == RC_OK)
        run_loop(&c, &err);
    else
        c.exit_code = rc_exit_code(err.rc);
    close_screen(&c, &err);
    if (err.rc != RC_OK)
        start_fail(&err);
    bool is_looking_up = session_fini(&c.session);
    if (c.has_fresh)
        start_replace(&c.start, &c.fresh);
    start_forget(&c.lent);
    start_fini(&c.start);
    if (is_looking_up)
        _exit(c.exit_code);
    return c.exit_code;
}
