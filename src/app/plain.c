#include "callhud/app/plain.h"

#include "callhud/app/act_words.h"
#include "callhud/app/demo.h"
#include "callhud/app/start.h"
#include "callhud/base/str.h"
#include "callhud/model/order.h"
#include "callhud/model/why.h"
#include "plain_priv.h"

#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define LAST_LINES_MS 1000

static void on_left(void *self)
{
    struct plain *p = self;
    loop_stop(p->session.loop);
}

/* What goes on is ended at the end of this turn, then the program. */
void plain_end(struct plain *p, int exit_code)
{
    if (p->exit_code < 0)
        p->exit_code = exit_code;
}

void plain_send(struct plain *p)
{
    /* Lines that come by themselves take the prompt's place; it is written again after them. */
    if (p->is_prompt_shown)
        out_write(p->out, "\r", 1);
    p->is_prompt_shown = false;
    out_write(p->out, buf_text(&p->line), p->line.len);
    buf_reset(&p->line);
}

static void on_out_ended(void *self)
{
    plain_end(self, 0); /* the exit code comes from out_free() */
}

void plain_say(struct plain *p, const char *text)
{
    buf_puts(&p->line, text);
    buf_putc(&p->line, '\n');
    plain_send(p);
}

/* Text from outside, in what the terminal can show. */
static void put_text(struct plain *p, const char *text)
{
    utf8_fit(&p->line, text, 60, p->is_ascii);
}

static enum ui_numbers numbers_of(const struct plain *p)
{
    return (enum ui_numbers)p->session.settings->numbers;
}

void plain_put_party(struct plain *p, const struct call *call)
{
    const char *name = numbers_is_number(call->name) ? "" : call->name;
    char number[64];
    numbers_text(number, sizeof number, call->number[0] || *name ? call->number : call->name,
                 numbers_of(p));
    if (!*name && !*number)
        return;
    buf_puts(&p->line, call->direction == CALL_IN ? ", from " : ", to ");
    put_text(p, name);
    if (*name && *number)
        buf_putc(&p->line, ' ');
    put_text(p, number);
}

/* ", supervised by 108 (listen), 109" */
static void put_supervisors(struct plain *p, const struct call *call)
{
    for (size_t i = 0; i < call->supervisors_len; i++) {
        const char *who = call->supervisors[i].extension;
        const char *mode = supervise_mode_json(call->supervisors[i].mode);
        buf_puts(&p->line, i == 0 ? ", supervised by " : ", ");
        put_text(p, str_is_empty(who) ? "somebody" : who);
        if (mode)
            buf_printf(&p->line, " (%s)", mode);
    }
}

/* "14:02:11 201 Ana Ruiz: rings 0:07, from 212 555 0142; may be picked up" */
static void put_user(struct plain *p, const struct user *user)
{
    const struct hud *hud = &p->session.hud;
    int64_t now_ms = session_now(&p->session);
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    bool is_at_least = view.since_ms == 0;
    int64_t since_ms = is_at_least ? view.at_least_ms : view.since_ms;
    char age[AGE_BYTES];
    age_text(age, hud_age_ms(hud, since_ms, now_ms), age_style_of(view.lamp), is_at_least,
             p->is_ascii);
    act_words_clock(&p->line, &p->session.hud, session_now(&p->session));
    put_text(p, user->extension);
    if (!str_is_empty(user->name))
        buf_putc(&p->line, ' ');
    put_text(p, user->name);
    buf_printf(&p->line, ": %s", lamp_row(view.lamp)->word);
    if (age[0])
        buf_printf(&p->line, " %s", age);
    if (view.is_stale)
        buf_puts(&p->line, " (stale)");
    const struct call *call = user->is_withheld ? NULL : hud_call(user);
    if (call)
        plain_put_party(p, call);
    size_t calls = user->calls.len + user->calls_beyond;
    if (call && calls > 1)
        buf_printf(&p->line, ", %zu calls", calls);
    if (call && call->is_recorded)
        buf_puts(&p->line, ", recorded");
    if (call)
        put_supervisors(p, call);
    if (hud_pickup(hud, user, now_ms).is_ok)
        buf_puts(&p->line, "; may be picked up");
    buf_putc(&p->line, '\n');
    plain_send(p);
}

static void put_list(struct plain *p)
{
    struct order order = {0};
    struct order_request request = {.by = ORDER_STATE, .filter = &p->filter};
    order_build(&order, &p->session.hud, &request, session_now(&p->session));
    for (size_t i = 0; i < order.users.len && p->exit_code < 0; i++)
        put_user(p, order.users.items[i]);
    buf_printf(&p->line, "%zu users", order.users.len);
    if (order.hidden)
        buf_printf(&p->line, ", %zu more are not shown (filter: %s)", order.hidden, p->filter.text);
    buf_putc(&p->line, '\n');
    plain_send(p);
    order_fini(&order);
}

/* One line for the whole link, instead of one for each user. */
static void put_link(struct plain *p)
{
    const struct link *link = &p->session.hud.link;
    static const char *const words[] = {
        [LINK_IDLE] = "idle",       [LINK_CONNECTING] = "connecting", [LINK_LIVE] = "connected",
        [LINK_POLLING] = "polling", [LINK_LOST] = "link lost",        [LINK_REFUSED] = "refused",
    };
    bool is_end = p->session.is_peer_ended && !p->is_end_told; /* also after the loss it caused */
    if (link->state == p->told_state && link->is_synced == p->is_told_synced && !is_end)
        return;
    p->is_end_told |= is_end;
    bool was_synced = p->is_told_synced;
    p->told_state = link->state;
    p->is_told_synced = link->is_synced;
    act_words_clock(&p->line, &p->session.hud, session_now(&p->session));
    if (link->is_synced && !was_synced)
        buf_puts(&p->line, "live: the lamps are fresh");
    else if (link->state != LINK_CONNECTING || str_is_empty(link->text))
        buf_puts(&p->line, words[link->state]);
    if (!link->is_synced && !str_is_empty(link->text)) {
        if (link->state != LINK_CONNECTING) /* its text is a whole phrase */
            buf_puts(&p->line, ": ");
        utf8_fit(&p->line, link->text, 200, p->is_ascii);
    }
    if (was_synced && !link->is_synced)
        buf_puts(&p->line, "; every lamp is stale");
    buf_putc(&p->line, '\n');
    plain_send(p);
    if (link->is_synced && !was_synced)
        put_list(p);
}

struct change {
    const struct user *user;
    enum lamp lamp;
    size_t at; /* in order of change */
};

static int by_urgency(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->lamp != y->lamp)
        return x->lamp < y->lamp ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static void put_changes(struct plain *p)
{
    const struct hud *hud = &p->session.hud;
    int64_t now_ms = session_now(&p->session);
    VEC(struct change) changes = {0};
    for (size_t i = 0; i < hud->changed.len; i++) {
        const struct user *user = hud->changed.items[i];
        struct change change = {user, hud_lamp(hud, user, now_ms).lamp, i};
        if (filter_passes(&p->filter, hud, user, now_ms))
            VEC_PUSH(&changes, change);
    }
    if (changes.len > 1)
        qsort(changes.items, changes.len, sizeof *changes.items, by_urgency);
    for (size_t i = 0; i < changes.len && p->exit_code < 0; i++)
        put_user(p, changes.items[i].user);
    VEC_FREE(&changes);
}

static void prompt(struct plain *p)
{
    if (!p->is_prompting || p->is_prompt_shown || p->exit_code >= 0)
        return;
    buf_puts(&p->line, "> ");
    plain_send(p);
    p->is_prompt_shown = true;
}

static void on_lacked(void *self, const char *text)
{
    plain_say(self, text);
}

static void on_changed(void *self, unsigned bits)
{
    struct plain *p = self;
    bool was_synced = p->is_told_synced;
    if (p->exit_code >= 0)
        return;
    if (bits & HUD_CHANGED_LINK)
        put_link(p);
    if (was_synced && p->is_told_synced)
        put_changes(p);
    plain_check_question(p);
    prompt(p);
}

static void on_turned(void *self)
{
    struct plain *p = self;
    prompt(p);
    if (p->exit_code < 0 || p->is_leaving)
        return;
    p->is_leaving = true;
    session_leave(&p->session, on_left, p);
}

/* ---- typed commands -------------------------------------------------------------------------- */

const struct user *plain_user(struct plain *p, const char *extension)
{
    const struct user *user = hud_user_by_extension(&p->session.hud, extension);
    if (!user) {
        const char *lack = session_lack_of_users(&p->session);
        buf_printf(&p->line, "no user has extension '%s'%s%s\n", extension, lack ? ": " : "",
                   lack ? lack : "");
        plain_send(p);
    }
    return user;
}

static void do_why(struct plain *p, const char *extension)
{
    const struct user *user = plain_user(p, extension);
    if (!user)
        return;
    struct buf why, masked;
    buf_init(&why, 16384);
    buf_init(&masked, 16384);
    why_lamp(&why, &p->session.hud, user, session_now(&p->session));
    numbers_mask_text(&masked, buf_text(&why), user, numbers_of(p));
    char *rest = masked.data;
    for (const char *line; (line = str_next_field(&rest, '\n'));) {
        utf8_fit(&p->line, line, 400, p->is_ascii);
        buf_putc(&p->line, '\n');
    }
    buf_fini(&why);
    buf_fini(&masked);
    plain_send(p);
}

static void do_filter(struct plain *p, const char *text)
{
    struct err err = {0};
    if (filter_parse(&p->filter, text, &err) != RC_OK)
        plain_say(p, err.text);
    else
        put_list(p);
}

static void do_command(struct plain *p, char *line)
{
    char *rest = str_trim(line);
    if (plain_answer(p, rest) || !*rest)
        return;
    if (*rest == '/') {
        do_filter(p, rest + 1);
        return;
    }
    char *word = str_next_field(&rest, ' ');
    char *argument = rest ? str_trim(rest) : word + strlen(word);
    if (str_eq_nocase(word, "q") || str_eq_nocase(word, "quit")) {
        plain_ask_quit(p);
    } else if (plain_act(p, word, argument)) {
        return;
    } else if (str_eq_nocase(word, "list") || str_eq_nocase(word, "status")) {
        put_list(p);
    } else if (str_eq_nocase(word, "why")) {
        do_why(p, argument);
    } else if (str_eq_nocase(word, "filter")) {
        do_filter(p, argument);
    } else if (str_eq_nocase(word, "resync")) {
        session_resync(&p->session);
        plain_say(p, "asked for a new snapshot");
    } else {
        if (!str_eq_nocase(word, "help") && !str_eq(word, "?"))
            plain_say(p, "no such command");
        plain_say(p, "commands: list, why EXT, /FILTER, resync, help, quit\n"
                     "acting: pickup, listen, whisper, barge, takeover, hangup EXT; stop; dnd EXT "
                     "[on|off]; record EXT on|off");
    }
}

static void on_input(void *self)
{
    struct plain *p = self;
    char bytes[512];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        /* A person's end of input leaves; that of a pipe or /dev/null only ends the commands. */
        loop_watch_stop(p->input);
        p->input = NULL;
        if (p->is_prompting)
            plain_end(p, 0);
        return;
    }
    for (ssize_t i = 0; i < n && p->exit_code < 0; i++) {
        if (bytes[i] != '\n') {
            buf_putc(&p->typed, bytes[i]);
            continue;
        }
        char line[LINE_MAX_BYTES];
        struct buf clean;
        buf_init(&clean, sizeof line - 1);
        utf8_clean(&clean, buf_text(&p->typed), p->typed.len, 200);
        str_copy(line, sizeof line, buf_text(&clean));
        buf_fini(&clean);
        buf_reset(&p->typed);
        p->is_prompt_shown = false; /* the person's own newline ended its line */
        do_command(p, line);
        prompt(p);
    }
}

static void stop_now(void *self)
{
    (void)self;
    raise(SIGSTOP);
}

static void on_signal(void *self, int signum)
{
    struct plain *p = self;
    if (signum == SIGUSR1) {
        struct session_stats none = {0};
        session_log_stats(&p->session, &none);
    } else if (signum == SIGCONT) {
        session_mistrust(&p->session, "this program was stopped");
    } else if (signum == SIGTSTP && p->exit_code < 0) {
        session_leave(&p->session, stop_now, p); /* who is stopped could not clean up */
    } else if (p->exit_code >= 0) {
        loop_stop(p->session.loop);
    } else {
        plain_end(p, 128 + signum);
    }
}

static void run(struct plain *p, struct err *err)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCONT, SIGTSTP};
    _Static_assert(sizeof signals / sizeof *signals <= PLAIN_SIGNALS, "room for all signals");
    p->session.changed = on_changed;
    p->session.acted = plain_acted;
    p->session.told = plain_told;
    p->session.lacked = on_lacked;
    p->session.turned = on_turned;
    p->session.self = p;
    p->told_state = LINK_IDLE;
    p->is_prompting = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        p->watched[i] = loop_signal(p->session.loop, signals[i], on_signal, p);
    if (session_start(&p->session, err) != RC_OK) {
        p->exit_code = rc_exit_code(err->rc);
        return;
    }
    demo_watch(p->cli, &p->session);
    p->input = loop_watch_read(p->session.loop, STDIN_FILENO, on_input, p);
    prompt(p);
    loop_run(p->session.loop);
}

int plain_run(const struct cli *cli, const char *why)
{
    struct plain p = {.cli = cli, .exit_code = -1};
    struct start start;
    struct err err = {0};
    int failed = start_profile(&start, cli);
    if (failed)
        return start_fini(&start), failed;
    if (*why)
        fprintf(stderr, "callhud: plain lines instead of screens: %s\n", why);
    p.is_ascii = cli->is_ascii || start.settings.glyphs == GLYPHS_ASCII ||
                 strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    buf_init(&p.line, 1024u * 1024);
    buf_init(&p.typed, LINE_MAX_BYTES - 1);
    bool is_looking_up = false;
    if (session_init(&p.session, &start.settings, cli->is_read_only, &err) == RC_OK) {
        p.out = out_new(p.session.loop, STDOUT_FILENO, on_out_ended, &p);
        run(&p, &err);
        struct session_stats none = {0};
        session_log_stats(&p.session, &none);
        for (size_t i = 0; i < PLAIN_SIGNALS; i++)
            loop_signal_stop(p.watched[i]);
        if (p.input)
            loop_watch_stop(p.input);
        int unwritten = out_free(p.out, LAST_LINES_MS);
        if (p.exit_code == 0)
            p.exit_code = out_report(unwritten);
        is_looking_up = session_fini(&p.session);
    }
    int exit_code = err.rc == RC_OK ? p.exit_code : start_fail(&err);
    plain_forget_question(&p);
    buf_fini(&p.line);
    buf_fini(&p.typed);
    start_fini(&start);
    if (is_looking_up)
        _exit(exit_code);
    return exit_code;
}
