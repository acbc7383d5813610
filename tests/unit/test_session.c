/* Loop, backend and model joined: how it is left, what killed runs left, what the backend gets. */
#include "callhud/app/session.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER "http://127.0.0.1:1/ari"
#define TOO_LONG_MS 8000

static struct rig {
    char folder[64];
    struct settings settings;
    struct session session;
    /* the backend */
    bool is_open;
    int opened;
    struct backend_config config;
    struct backend_sink sink;
    bool is_something_on; /* for leave() */
    void (*left)(void *self);
    void *left_self;
    int leave_count;
    char cleaned[512];
    size_t cleaned_len;
    void (*gone)(void *self, const char *thing);
    void *gone_self;
    bool is_clean_slow;
    char *to_clean[8];
    bool is_asked; /* act() was called */
    /* what was told */
    int done_a, done_b;
    int acted, changed;
    size_t lines_when_acted;
    bool is_pending_when_acted;
    char told[512];
    bool is_told_warning;
    struct loop_timer *watchdog;
    bool is_too_late;
} r;

/* ---- the fake backend ------------------------------------------------------------------------ */

static struct backend *fake_open(const struct backend_config *config, const struct io *io,
                                 const struct backend_sink *sink, struct err *err)
{
    (void)io;
    (void)err;
    r.is_open = true;
    r.opened++;
    r.config = *config;
    r.sink = *sink;
    return (struct backend *)(void *)&r;
}

static void fake_close(struct backend *backend)
{
    (void)backend;
    assert_true(r.is_open);
    r.is_open = false;
}

static void fake_resync(struct backend *backend)
{
    (void)backend;
}

static void tell(const struct event *event)
{
    assert_true(r.is_open);
    r.sink.event(r.sink.self, event);
}

static void tell_action(uint32_t id, enum action_stage stage, const char *text)
{
    struct event event = {.kind = EVENT_ACTION, .user_id = "101"};
    event.u.action.id = id;
    event.u.action.kind = ACTION_HANGUP;
    event.u.action.stage = stage;
    event.u.action.call_id = "leg-1";
    event.u.action.text = text;
    tell(&event);
}

static enum rc fake_act(struct backend *backend, const struct action *action, struct err *err)
{
    (void)backend;
    (void)err;
    r.is_asked = true;
    tell_action(action->id, ACTION_ASKED, NULL);
    return RC_OK;
}

static bool fake_leave(struct backend *backend, void (*done)(void *self), void *self)
{
    (void)backend;
    r.leave_count++;
    r.left = done;
    r.left_self = self;
    return r.is_something_on;
}

static void clean_now(void *self)
{
    (void)self;
    for (size_t i = 0; i < r.cleaned_len; i++) {
        r.gone(r.gone_self, r.to_clean[i]);
        mem_free(r.to_clean[i]);
    }
    r.cleaned_len = 0;
}

static void fake_clean(struct backend *backend, const char *const *things, size_t len,
                       void (*gone)(void *self, const char *thing), void *self)
{
    (void)backend;
    r.gone = gone;
    r.gone_self = self;
    for (size_t i = 0; i < len; i++) {
        size_t used = strlen(r.cleaned);
        (void)snprintf(r.cleaned + used, sizeof r.cleaned - used, "%s ", things[i]);
        r.to_clean[r.cleaned_len++] = mem_dup(things[i]);
    }
    if (!r.is_clean_slow)
        loop_timer(r.session.loop, 20, clean_now, NULL);
}

static void fake_stats(const struct backend *backend, struct backend_stats *out)
{
    assert_ptr_equal(backend, &r);
    assert_true(r.is_open);
    *out = (struct backend_stats){
        .messages = 12, .decoded = 9, .undecodable = 1, .unknown_kind = 2, .is_filtered = true};
}

static const struct backend_ops fake = {.name = "fake",
                                        .title = "Fake",
                                        .monitor_default = "all",
                                        .open = fake_open,
                                        .resync = fake_resync,
                                        .act = fake_act,
                                        .leave = fake_leave,
                                        .clean = fake_clean,
                                        .stats = fake_stats,
                                        .close = fake_close};

/* ---- the rig --------------------------------------------------------------------------------- */

static size_t record_lines(void)
{
    char path[128];
    size_t lines = 0;
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", r.folder);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void on_changed(void *self, unsigned bits)
{
    (void)self;
    (void)bits;
    r.changed++;
}

static void on_acted(void *self, const struct event *event)
{
    (void)self;
    const struct user *user = hud_user_by_id(&r.session.hud, event->user_id);
    r.acted++;
    r.lines_when_acted = record_lines();
    r.is_pending_when_acted = user && user->pending;
}

static void on_told(void *self, bool is_warning, const char *text)
{
    (void)self;
    r.is_told_warning = is_warning;
    str_copy(r.told, sizeof r.told, text);
}

static void done_a(void *self)
{
    assert_ptr_equal(self, &r.done_a);
    r.done_a++;
    loop_stop(r.session.loop);
}

static void done_b(void *self)
{
    assert_ptr_equal(self, &r.done_b);
    r.done_b++;
    loop_stop(r.session.loop);
}

static void stop_loop(void *self)
{
    (void)self;
    loop_stop(r.session.loop);
}

static void on_watchdog(void *self)
{
    (void)self;
    r.is_too_late = true;
    loop_stop(r.session.loop);
}

/* Until something stops the loop. */
static void run(void)
{
    r.watchdog = loop_timer(r.session.loop, TOO_LONG_MS, on_watchdog, NULL);
    loop_run(r.session.loop);
    assert_false(r.is_too_late);
    loop_timer_stop(r.watchdog);
}

static void run_ms(int64_t ms)
{
    loop_timer(r.session.loop, ms, stop_loop, NULL);
    run();
}

/* Until it was told, however slow the machine is. */
static void run_until_told(const char *text)
{
    int64_t until_ms = session_now(&r.session) + TOO_LONG_MS;
    while (strcmp(r.told, text) != 0 && session_now(&r.session) < until_ms)
        run_ms(1);
    assert_string_equal(r.told, text);
}

/* The same for what the backend is asked to remove. */
static void run_until_asked(size_t things)
{
    int64_t until_ms = session_now(&r.session) + TOO_LONG_MS;
    while (r.cleaned_len != things && session_now(&r.session) < until_ms)
        run_ms(1);
    assert_int_equal(r.cleaned_len, things);
}

static int set_up(void **state)
{
    (void)state;
    struct config config;
    struct err err = {0};
    static const char text[] = "[profile lab]\nserver = " SERVER "\nuser = hud\n"
                               "phone = PJSIP/108\nring_timeout = 33\nauto_answer = yes\n"
                               "retrieve_context = fetch\n";
    memset(&r, 0, sizeof r);
    (void)snprintf(r.folder, sizeof r.folder, "/tmp/callhud-session.XXXXXX");
    if (!mkdtemp(r.folder))
        return -1;
    setenv("XDG_STATE_HOME", r.folder, 1);
    if (config_parse(&config, text, sizeof text - 1, "config.ini", &err) != RC_OK)
        return -1;
    enum rc rc = settings_make(&r.settings, &config, "lab", &err);
    config_fini(&config);
    return rc == RC_OK ? 0 : -1;
}

static void begin(bool is_read_only)
{
    struct err err = {0};
    assert_int_equal(session_init(&r.session, &r.settings, is_read_only, &err), RC_OK);
    r.session.ops = &fake;
    r.session.changed = on_changed;
    r.session.acted = on_acted;
    r.session.told = on_told;
    assert_int_equal(session_start(&r.session, &err), RC_OK);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    session_fini(&r.session);
    settings_fini(&r.settings);
    for (size_t i = 0; i < r.cleaned_len; i++)
        mem_free(r.to_clean[i]);
    return nftw(r.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static size_t made_files(void)
{
    char path[128];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/callhud", r.folder);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += str_starts(entry->d_name, "made-");
    closedir(dir);
    return count;
}

static void write_left(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/callhud", r.folder);
    mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/callhud/%s", r.folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void tell_link(enum link_state state)
{
    tell(&(struct event){.kind = EVENT_LINK, .u.link.state = state});
}

static void tell_floor(void)
{
    tell_link(LINK_LIVE);
    tell(&(struct event){.kind = EVENT_SNAPSHOT_ASKED});
    struct event user = {.kind = EVENT_USER, .user_id = "101"};
    user.u.user.extension = "101";
    user.u.user.name = "Noor Haddad";
    user.u.user.department = "";
    tell(&user);
    struct event call = {.kind = EVENT_CALL, .user_id = "101"};
    call.u.call.id = "leg-1";
    call.u.call.state = CALL_CONNECTED;
    call.u.call.number = "5551234";
    call.u.call.name = "";
    tell(&call);
    tell(&(struct event){.kind = EVENT_SNAPSHOT_DONE});
    struct event can = {.kind = EVENT_CAPABILITY};
    can.u.capability.kind = ACTION_HANGUP;
    can.u.capability.level = CAPABILITY_NATIVE;
    can.u.capability.why = "";
    tell(&can);
}

/* ---- what the backend gets ------------------------------------------------------------------- */

static void the_backend_gets_the_settings_of_acting_and_a_ledger(void **state)
{
    (void)state;
    struct err err = {0};
    begin(false);
    assert_int_equal(r.config.ring_timeout_ms, 33000);
    assert_true(r.config.is_auto_answer);
    assert_string_equal(r.config.retrieve_context, "fetch");
    assert_false(r.config.is_read_only);
    assert_false(r.session.hud.is_read_only);
    assert_int_equal(made_files(), 0);
    assert_int_equal(r.config.ledger.put(r.config.ledger.self, "channels/callhud-1", &err), RC_OK);
    assert_int_equal(made_files(), 1);
    r.config.ledger.drop(r.config.ledger.self, "channels/callhud-1");
    session_stop_backend(&r.session);
    assert_int_equal(made_files(), 0);
}

static void read_only_has_no_ledger_and_no_actions(void **state)
{
    (void)state;
    struct err err = {0};
    write_left("made-lab-aaaaaa", SERVER "\n+channels/callhud-1\n");
    begin(true);
    assert_true(r.config.is_read_only);
    assert_true(r.session.hud.is_read_only);
    assert_null(r.config.ledger.put);
    assert_null(r.session.actions);
    tell_floor();
    run_ms(50);
    assert_string_equal(r.cleaned, "");
    assert_int_equal(made_files(), 1);
    struct wish wish = {.kind = ACTION_HANGUP, .user_id = "101", .reason = ""};
    assert_int_equal(session_act(&r.session, &wish, NULL, &err), RC_DENIED);
    assert_non_null(strstr(err.text, "--read-only"));
    session_leave(&r.session, done_a, &r.done_a);
    assert_int_equal(r.done_a, 1);
}

/* ---- acting ---------------------------------------------------------------------------------- */

static void what_is_shown_is_on_disk_already(void **state)
{
    (void)state;
    struct err err = {0};
    uint32_t id = 0;
    struct wish wish = {.kind = ACTION_HANGUP, .user_id = "101", .reason = ""};
    begin(false);
    assert_int_equal(session_act(&r.session, &wish, &id, &err), RC_NOT_FOUND); /* nobody yet */
    tell_floor();
    assert_int_equal(session_act(&r.session, &wish, &id, &err), RC_OK);
    assert_int_equal(r.acted, 1);
    assert_int_equal(r.lines_when_acted, 1);
    assert_true(r.is_pending_when_acted); /* the model has it */
    int changed = r.changed;
    tell_action(id, ACTION_CONFIRMED, NULL);
    assert_int_equal(r.acted, 2);
    assert_int_equal(r.lines_when_acted, 2);
    assert_false(r.is_pending_when_acted);
    assert_true(r.changed > changed);
}

static void nothing_is_begun_while_it_leaves(void **state)
{
    (void)state;
    struct err err = {0};
    struct wish wish = {.kind = ACTION_HANGUP, .user_id = "101", .reason = ""};
    begin(false);
    tell_floor();
    r.is_something_on = true;
    session_leave(&r.session, done_a, &r.done_a);
    assert_int_equal(session_act(&r.session, &wish, NULL, &err), RC_DENIED);
    assert_false(r.is_asked);
    r.left(r.left_self);
    assert_int_equal(r.done_a, 0); /* the backend is in the middle of telling it */
    run();
    assert_int_equal(r.done_a, 1);
    assert_int_equal(session_act(&r.session, &wish, NULL, &err), RC_OK); /* it was but stopped */
}

/* ---- leaving --------------------------------------------------------------------------------- */

static bool is_logged(const char *text)
{
    struct log_line line;
    for (size_t i = 0; i < log_count(); i++)
        if (log_get(i, &line) && strstr(line.text, text))
            return true;
    return false;
}

static void the_statistics_tell_what_the_backend_counts(void **state)
{
    static const char said[] = "fake messages=12 decoded=9 undecodable=1 unknown_kind=2 "
                               "rest_over_ws=0 filtered=1 read_only=0 version=-";
    const struct session_stats none = {0};
    (void)state;
    begin(false);
    session_log_stats(&r.session, &none);
    assert_true(is_logged("stats events=0 "));
    assert_true(is_logged(said));
    session_stop_backend(&r.session);
    log_close();
    session_log_stats(&r.session, &none); /* and without one */
    assert_true(is_logged("stats events=0 "));
    assert_false(is_logged("messages="));
}

static void nothing_to_end_is_left_at_once(void **state)
{
    (void)state;
    begin(false);
    session_leave(&r.session, done_a, &r.done_a);
    assert_int_equal(r.done_a, 1);
    assert_int_equal(r.leave_count, 1);
    assert_null(r.session.leave_timer);
    session_stop_backend(&r.session);
    session_leave(&r.session, done_a, &r.done_a); /* and without a backend */
    assert_int_equal(r.done_a, 2);
}

static void leave_later(void *self)
{
    (void)self;
    r.left(r.left_self);
}

static void leaving_waits_for_the_backend(void **state)
{
    (void)state;
    begin(false);
    r.is_something_on = true;
    session_leave(&r.session, done_a, &r.done_a);
    assert_int_equal(r.done_a, 0);
    assert_non_null(r.session.leave_timer);
    loop_timer(r.session.loop, 30, leave_later, NULL);
    run();
    assert_int_equal(r.done_a, 1);
    assert_null(r.session.leave_timer);
}

static void leaving_has_a_limit(void **state)
{
    (void)state;
    begin(false);
    r.is_something_on = true;
    int64_t before_ms = clock_mono_ms();
    session_leave(&r.session, done_a, &r.done_a);
    run();
    int64_t took_ms = clock_mono_ms() - before_ms;
    assert_int_equal(r.done_a, 1);
    assert_true(took_ms >= SESSION_LEAVE_MS - 10 && took_ms < SESSION_LEAVE_MS + 2000);
    r.left(r.left_self); /* the backend is ready after all */
    assert_int_equal(r.done_a, 1);
}

/* A phone that may go on listening is said. */
static void what_is_not_removed_when_it_leaves_is_told(void **state)
{
    (void)state;
    struct err err = {0};
    begin(false);
    r.is_something_on = true;
    const struct backend_ledger *ledger = &r.config.ledger;
    assert_int_equal(ledger->put(ledger->self, "channels/callhud-1", &err), RC_OK);
    session_leave(&r.session, done_a, &r.done_a);
    r.left(r.left_self);
    run();
    assert_int_equal(r.done_a, 1);
    assert_true(r.is_told_warning);
    assert_non_null(strstr(r.told, "look whether your phone is still in use"));
    ledger->drop(ledger->self, "channels/callhud-1");
    r.told[0] = '\0';
    session_leave(&r.session, done_a, &r.done_a);
    r.left(r.left_self);
    run();
    assert_string_equal(r.told, "");
}

static void the_newer_wish_to_leave_counts(void **state)
{
    (void)state;
    begin(false);
    r.is_something_on = true;
    session_leave(&r.session, done_a, &r.done_a);
    session_leave(&r.session, done_b, &r.done_b);
    assert_int_equal(r.leave_count, 1);
    r.left(r.left_self);
    run();
    assert_int_equal(r.done_a, 0);
    assert_int_equal(r.done_b, 1);
}

/* A terminal that vanished, a signal: closing everything in the middle of it is fine too. */
static void closing_while_it_leaves_calls_nobody(void **state)
{
    (void)state;
    begin(false);
    r.is_something_on = true;
    session_leave(&r.session, done_a, &r.done_a);
    session_stop_backend(&r.session);
    assert_null(r.session.leave_timer);
    run_ms(20);
    assert_int_equal(r.done_a, 0);
}

/* Stopped and continued: what was ended at a backend is good for closing alone. */
static void what_was_left_is_opened_anew(void **state)
{
    (void)state;
    begin(false);
    tell_floor();
    session_leave(&r.session, done_a, &r.done_a); /* nothing was on */
    run_ms(1);
    session_mistrust(&r.session, "this program was stopped");
    assert_int_equal(r.opened, 1);
    r.is_something_on = true;
    session_leave(&r.session, done_a, &r.done_a);
    session_mistrust(&r.session, "the machine slept meanwhile");
    assert_int_equal(r.opened, 1);
    r.left(r.left_self);
    run();
    assert_int_equal(r.done_a, 2);
    session_mistrust(&r.session, "this program was stopped");
    assert_int_equal(r.opened, 2);
    assert_true(r.is_open);
    assert_false(r.session.hud.link.is_synced);
    session_mistrust(&r.session, "this program was stopped");
    assert_int_equal(r.opened, 2);
}

/* ---- what killed runs left ------------------------------------------------------------------- */

static void the_first_link_cleans_up_after_killed_runs(void **state)
{
    (void)state;
    write_left("made-lab-aaaaaa", SERVER "\n+channels/callhud-1\n+bridges/callhud-1\n");
    write_left("made-lab-bbbbbb", SERVER "\n+channels/callhud-2\n");
    write_left("made-other-aaaaaa", SERVER "\n+channels/callhud-3\n");
    begin(false);
    run_ms(30);
    assert_string_equal(r.cleaned, ""); /* there is no link yet */
    tell_link(LINK_CONNECTING);
    tell_link(LINK_LIVE);
    assert_string_equal(r.cleaned, ""); /* not inside the backend's event */
    run_until_told("cleaned up after a killed run: 3 things");
    assert_non_null(strstr(r.cleaned, "channels/callhud-1 "));
    assert_non_null(strstr(r.cleaned, "bridges/callhud-1 "));
    assert_non_null(strstr(r.cleaned, "channels/callhud-2 "));
    assert_null(strstr(r.cleaned, "callhud-3"));
    assert_false(r.is_told_warning);
    assert_int_equal(made_files(), 2); /* our own, with nothing in it, and the other profile's */
    r.cleaned[0] = '\0';
    tell_link(LINK_LOST);
    tell_link(LINK_LIVE);
    run_ms(50);
    assert_string_equal(r.cleaned, "");
    session_stop_backend(&r.session);
    assert_int_equal(made_files(), 1);
}

static void leaving_waits_for_the_cleaning(void **state)
{
    (void)state;
    write_left("made-lab-aaaaaa", SERVER "\n+channels/callhud-1\n");
    begin(false);
    r.is_clean_slow = true;
    tell_link(LINK_LIVE);
    run_until_asked(1);
    assert_string_equal(r.cleaned, "channels/callhud-1 ");
    session_leave(&r.session, done_a, &r.done_a);
    assert_int_equal(r.done_a, 0);
    clean_now(NULL);
    run();
    assert_int_equal(r.done_a, 1);
    assert_string_equal(r.told, "cleaned up after a killed run: 1 thing");
}

static void what_could_not_be_cleaned_is_for_the_next_start(void **state)
{
    (void)state;
    write_left("made-lab-aaaaaa", SERVER "\n+channels/callhud-1\n+channels/callhud-2\n");
    begin(false);
    r.is_clean_slow = true;
    tell_link(LINK_LIVE);
    run_until_asked(2);
    r.gone(r.gone_self, "channels/callhud-1");
    r.gone(r.gone_self, "channels/callhud-1");
    r.gone(r.gone_self, "channels/never");
    assert_string_equal(r.told, "");
    session_stop_backend(&r.session);
    assert_int_equal(made_files(), 1);
    /* The next start, here a reload, finds the one that is left. */
    while (r.cleaned_len)
        mem_free(r.to_clean[--r.cleaned_len]);
    r.cleaned[0] = '\0';
    r.is_clean_slow = false;
    struct err err = {0};
    assert_int_equal(session_start_backend(&r.session, &err), RC_OK);
    tell_link(LINK_CONNECTING);
    tell_link(LINK_LIVE);
    run_until_told("cleaned up after a killed run: 1 thing");
    assert_string_equal(r.cleaned, "channels/callhud-2 ");
    session_stop_backend(&r.session);
    assert_int_equal(made_files(), 0);
}

/* ---- reload ---------------------------------------------------------------------------------- */

static void a_reload_leaves_nothing_pending(void **state)
{
    (void)state;
    struct err err = {0};
    uint32_t first = 0, second = 0;
    struct wish wish = {.kind = ACTION_HANGUP, .user_id = "101", .reason = ""};
    begin(false);
    tell_floor();
    assert_int_equal(session_act(&r.session, &wish, &first, &err), RC_OK);
    assert_int_not_equal(r.session.hud.users.items[0]->pending, 0);
    session_stop_backend(&r.session);
    assert_int_equal(r.session.hud.users.items[0]->pending, 0);
    assert_int_equal(r.lines_when_acted, 2); /* begin, failed */
    assert_int_equal(session_act(&r.session, &wish, NULL, &err), RC_UNREACHABLE);
    assert_int_equal(session_start_backend(&r.session, &err), RC_OK);
    assert_int_equal(r.opened, 2);
    tell_floor();
    assert_int_equal(session_act(&r.session, &wish, &second, &err), RC_OK);
    assert_true(second > first);
}

static void leaving_for_good_makes_no_record_of_its_own(void **state)
{
    (void)state;
    struct err err = {0};
    struct wish wish = {.kind = ACTION_HANGUP, .user_id = "101", .reason = ""};
    begin(false);
    tell_floor();
    assert_int_equal(session_act(&r.session, &wish, NULL, &err), RC_OK);
    session_fini(&r.session);
    assert_int_equal(record_lines(), 1);
}

/* ---- waiting for the first snapshot ------------------------------------------------------------
 */

static void tell_wait(int64_t wait_ms)
{
    struct event event = {.kind = EVENT_LINK};
    event.u.link.state = LINK_CONNECTING;
    event.u.link.retry_ms = session_now(&r.session) + wait_ms;
    tell(&event);
    r.session.progress_ms -= SESSION_QUIET_MS; /* no answer for that long */
}

/* A minute of the service's limits is worth its while; an hour is not, nor minute after minute. */
static void a_wait_for_the_limits_has_an_end(void **state)
{
    (void)state;
    begin(false);
    tell_wait(62000);
    assert_true(session_goes_on(&r.session));
    tell_wait(3600000);
    assert_false(session_goes_on(&r.session));
    tell_wait(62000);
    assert_true(session_goes_on(&r.session));
    r.session.answer_ms -= SESSION_NOTHING_MS;
    assert_false(session_goes_on(&r.session));
    tell(&(struct event){.kind = EVENT_SNAPSHOT_ASKED, .is_answer = true});
    r.session.progress_ms -= SESSION_QUIET_MS;
    assert_true(session_goes_on(&r.session));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static bool keep_text(void *owner, struct buf *text)
{
    (void)owner;
    return buf_puts(text, "token\n");
}

/* Of RingCentral alone: token and budget, in a file that its name does not give away. */
static void the_backend_gets_what_is_shared(void **state)
{
    (void)state;
    struct err err = {0};
    struct stat st;
    char path[512];
    begin(true);
    assert_null(r.session.backend_config.shared.update);
    session_fini(&r.session);
    mem_free_secret(r.settings.jwt);
    r.settings.jwt = mem_dup("the.jwt");
    begin(true);
    const struct backend_shared *shared = &r.session.backend_config.shared;
    assert_non_null(shared->update);
    assert_int_equal(shared->update(shared->self, keep_text, NULL, &err), RC_OK);
    session_fini(&r.session);
    (void)snprintf(path, sizeof path, "%s/callhud", r.folder);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int found = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (!str_starts(entry->d_name, "shared-") || strchr(entry->d_name, '.') != NULL)
            continue;
        found++;
        assert_null(strstr(entry->d_name, "jwt"));
        assert_int_equal(fstatat(dirfd(folder), entry->d_name, &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(st.st_size, 6);
    }
    closedir(folder);
    assert_int_equal(found, 1);
    begin(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_wait_for_the_limits_has_an_end),
        TEST(the_backend_gets_the_settings_of_acting_and_a_ledger),
        TEST(read_only_has_no_ledger_and_no_actions),
        TEST(what_is_shown_is_on_disk_already),
        TEST(nothing_is_begun_while_it_leaves),
        TEST(the_statistics_tell_what_the_backend_counts),
        TEST(nothing_to_end_is_left_at_once),
        TEST(leaving_waits_for_the_backend),
        TEST(leaving_has_a_limit),
        TEST(what_is_not_removed_when_it_leaves_is_told),
        TEST(the_newer_wish_to_leave_counts),
        TEST(closing_while_it_leaves_calls_nobody),
        TEST(what_was_left_is_opened_anew),
        TEST(the_first_link_cleans_up_after_killed_runs),
        TEST(leaving_waits_for_the_cleaning),
        TEST(what_could_not_be_cleaned_is_for_the_next_start),
        TEST(a_reload_leaves_nothing_pending),
        TEST(leaving_for_good_makes_no_record_of_its_own),
        TEST(the_backend_gets_what_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
