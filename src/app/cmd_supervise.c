/* callhud listen, whisper, barge, takeover: a supervision that goes on until the call ends, the
 * word stop, or a signal; its mode follows the words on standard input. */
#include "callhud/app/act_words.h"
#include "callhud/app/cli.h"
#include "callhud/app/doing.h"
#include "callhud/app/jsonout.h"
#include "callhud/app/tty_keys.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_MAX_BYTES 256
#define WORDS_WAITING_MAX 1000

struct supervise {
    struct doing d; /* first: the callbacks get it */
    struct loop_watch *input;
    bool is_keys;
    struct buf typed;
    VEC(enum action_kind) words; /* wait for the action before them */
    char *call_id;               /* of the first confirmed mode, or --call */
    enum action_kind asked;      /* last */
    uint32_t asked_id;           /* of the action whose fate is not told yet; 0 */
    uint32_t told_id;            /* whose fate was told last */
    bool is_confirmed;           /* a mode was, at least once */
    bool is_stopping;
};

static struct supervise *supervise_of(struct doing *d)
{
    return (struct supervise *)(void *)((char *)d - offsetof(struct supervise, d));
}

/* ---- words ----------------------------------------------------------------------------------- */

static void note_error(const struct err *err)
{
    doing_note(err->text);
}

/* False when it was refused. */
static bool begin_action(struct supervise *s, enum action_kind kind, struct err *err)
{
    const char *call_id = s->call_id ? s->call_id : s->d.cli->call;
    uint32_t id = 0;
    s->asked = kind;
    if (doing_act(&s->d, kind, kind == ACTION_STOP ? NULL : call_id, false, &id, err) != RC_OK)
        return false;
    s->asked_id = id == s->told_id ? 0 : id; /* its fate may have been told meanwhile */
    return true;
}

/* What cannot be asked to stop is ended by leaving. */
static void stop(struct supervise *s)
{
    struct err err = {0};
    if (s->is_stopping)
        return;
    s->is_stopping = true;
    if (!begin_action(s, ACTION_STOP, &err))
        doing_end(&s->d, 0);
}

/* Who says stop while the phone still rings means it now: what waits before it is not wanted. */
static void skip_to_stop(struct supervise *s)
{
    size_t stop_at = 0;
    while (stop_at < s->words.len && s->words.items[stop_at] != ACTION_STOP)
        stop_at++;
    if (stop_at == s->words.len)
        return;
    for (size_t i = stop_at; i < s->words.len; i++)
        s->words.items[i - stop_at] = s->words.items[i];
    s->words.len -= stop_at;
}

/* Words are done in their order, each after the one before was confirmed or has failed; stop waits
 * for no action. */
static void do_words(struct supervise *s)
{
    if (s->asked_id && !s->is_confirmed)
        skip_to_stop(s);
    while (s->d.exit_code < 0 && s->d.is_ready && s->words.len) {
        enum action_kind kind = s->words.items[0];
        struct err err = {0};
        if (s->asked_id && kind != ACTION_STOP)
            return;
        VEC_REMOVE(&s->words, 0);
        if (kind == ACTION_STOP)
            stop(s);
        else if (!s->is_stopping && !begin_action(s, kind, &err))
            note_error(&err);
    }
}

static void take_word(struct supervise *s, const char *word)
{
    enum action_kind kind;
    char text[WORD_MAX_BYTES + 80];
    bool is_word = action_find(word, &kind) &&
                   (action_row(kind)->is_mode || kind == ACTION_TAKEOVER || kind == ACTION_STOP);
    if (!is_word) {
        (void)str_format(text, sizeof text,
                         "no word '%.80s': write listen, whisper, barge, takeover or stop", word);
        doing_note(text);
    } else if (s->words.len < WORDS_WAITING_MAX) {
        VEC_PUSH(&s->words, kind);
    }
}

static void take_key(struct supervise *s, char key)
{
    static const struct {
        char key;
        const char *word;
    } keys[] = {
        {'l', "listen"}, {'w', "whisper"}, {'b', "barge"}, {'t', "takeover"}, {'x', "stop"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].key != key)
            continue;
        if (key == 'x') /* what waits before it is not wanted any more */
            s->words.len = 0;
        take_word(s, keys[i].word);
        return;
    }
    doing_note("keys: l listen, w whisper, b barge, t take over, x stop");
}

static void end_line(struct supervise *s)
{
    char word[WORD_MAX_BYTES];
    struct buf clean;
    buf_init(&clean, sizeof word - 1);
    utf8_clean(&clean, buf_text(&s->typed), s->typed.len, sizeof word / 4);
    str_copy(word, sizeof word, buf_text(&clean));
    buf_fini(&clean);
    buf_reset(&s->typed);
    const char *trimmed = str_trim(word);
    if (*trimmed)
        take_word(s, trimmed);
}

/* What one read brings is a key or two, or a text that was pasted, or an arrow, function or Alt
 * key: only keys act, but an x at the end of anything ends it. */
static void take_keys(struct supervise *s, const char *bytes, size_t len)
{
    enum { TYPED_MAX = 2 };
    if (bytes[0] == '\033')
        return;
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    bool is_one = true; /* a key that repeats */
    for (size_t i = 1; i < len; i++)
        is_one &= bytes[i] == bytes[0];
    if (len > TYPED_MAX && !is_one && bytes[len - 1] != 'x') {
        doing_note("many keys at once, as of a pasted text: nothing is done");
        return;
    }
    for (size_t i = len > TYPED_MAX ? len - 1 : 0; i < len && s->d.exit_code < 0; i++)
        take_key(s, bytes[i]);
}

static void take_bytes(struct supervise *s, const char *bytes, size_t len)
{
    if (s->is_keys) {
        take_keys(s, bytes, len);
        return;
    }
    for (size_t i = 0; i < len && s->d.exit_code < 0; i++) {
        if (bytes[i] == '\n')
            end_line(s);
        else
            buf_putc(&s->typed, bytes[i]);
    }
}

static void close_input(struct doing *d)
{
    struct supervise *s = supervise_of(d);
    loop_watch_stop(s->input);
    s->input = NULL;
    tty_keys_off();
}

static void on_input(void *self)
{
    struct supervise *s = self;
    char bytes[512];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0) {
        take_bytes(s, bytes, (size_t)n);
        return;
    }
    end_line(s); /* a last word without its newline */
    if (s->input)
        loop_watch_stop(s->input);
    s->input = NULL;
}

/* A regular file cannot be waited for: all of it is there. */
static void read_file(struct supervise *s)
{
    char bytes[4096];
    ssize_t n;
    struct stat st;
    if (fstat(STDIN_FILENO, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0 && s->d.exit_code < 0)
        take_bytes(s, bytes, (size_t)n);
    end_line(s);
}

static void open_input(struct supervise *s)
{
    bool is_tty = isatty(STDIN_FILENO);
    s->is_keys = is_tty && tty_keys_on(STDIN_FILENO);
    if (is_tty && !s->is_keys)
        return; /* in the background: reading would stop the program */
    if (s->is_keys)
        doing_note("keys: l listen, w whisper, b barge, t take over, x stop");
    s->input = loop_watch_read(s->d.session.loop, STDIN_FILENO, on_input, s);
    if (!s->input)
        read_file(s);
}

/* ---- fates ----------------------------------------------------------------------------------- */

static void put_line(struct supervise *s, const struct event *event)
{
    struct doing *d = &s->d;
    int64_t now_ms = session_now(&d->session);
    if (d->cli->format == FORMAT_JSON) {
        jsonout_mode(&d->line, hud_backend_now(&d->session.hud, now_ms), d->extension, event);
    } else {
        act_words_clock(&d->line, &d->session.hud, now_ms);
        act_words_user(&d->line, d->extension, d->name, d->is_ascii);
        buf_puts(&d->line, ": ");
        act_words(&d->line, event, d->name, d->is_ascii);
        buf_putc(&d->line, '\n');
    }
    doing_send(d);
}

static void fate_is_told(struct supervise *s, const struct event *event)
{
    s->told_id = event->u.action.id;
    if (s->asked_id == s->told_id)
        s->asked_id = 0;
}

static void on_confirmed(struct supervise *s, const struct event *event)
{
    fate_is_told(s, event);
    if (event->u.action.kind == ACTION_STOP) {
        doing_end(&s->d, 0);
        return;
    }
    s->is_confirmed = true;
    if (!s->call_id && !str_is_empty(event->u.action.call_id))
        s->call_id = mem_dup(event->u.action.call_id);
    put_line(s, event);
    if (event->u.action.kind == ACTION_TAKEOVER)
        doing_end(&s->d, 0);
}

static void on_ended(struct supervise *s, const struct event *event)
{
    struct err err = {0};
    const char *text = event->u.action.text;
    text = str_is_empty(text) ? "the call has ended" : text;
    if (s->asked_id && s->asked == ACTION_TAKEOVER && event->u.action.kind != ACTION_TAKEOVER)
        return; /* listening makes way for it: its own fate is told yet */
    if (!s->is_confirmed && s->is_stopping) {
        doing_end(&s->d, 0);
        return;
    }
    if (!s->is_confirmed) {
        err_set(&err, RC_NOT_FOUND, "%s", text);
        doing_fail(&s->d, &err);
        return;
    }
    if (s->d.cli->format == FORMAT_TABLE)
        put_line(s, event);
    else
        doing_note(text);
    doing_end(&s->d, 0);
}

/* A switch that failed leaves the confirmed mode as it was. */
static void on_failed(struct supervise *s, const struct event *event)
{
    struct err err = {0};
    fate_is_told(s, event);
    doing_error(event, &err);
    if (s->is_stopping)
        doing_end(&s->d, 0);
    else if (s->is_confirmed && supervision_is_on(&s->d.session.hud.supervision))
        note_error(&err);
    else
        doing_fail(&s->d, &err);
}

static void on_acted(struct doing *d, const struct event *event)
{
    struct supervise *s = supervise_of(d);
    const char *text = event->u.action.text;
    switch (event->u.action.stage) {
    case ACTION_ASKED: break;
    case ACTION_PHONE: doing_note(str_is_empty(text) ? "your phone rings: lift it" : text); break;
    case ACTION_UNSURE:
        doing_note(str_is_empty(text) ? "the link was lost: it is not known whether it goes on"
                                      : text);
        break;
    case ACTION_CONFIRMED: on_confirmed(s, event); break;
    case ACTION_ENDED: on_ended(s, event); break;
    case ACTION_FAILED: on_failed(s, event); break;
    }
}

static void on_turned(struct doing *d)
{
    do_words(supervise_of(d));
}

static void on_ready(struct doing *d)
{
    struct supervise *s = supervise_of(d);
    struct err err = {0};
    if (!begin_action(s, d->kind, &err)) {
        doing_fail(d, &err);
        return;
    }
    open_input(s);
}

int cmd_supervise(const struct cli *cli)
{
    struct supervise s = {.d = {.cli = cli,
                                .ready = on_ready,
                                .acted = on_acted,
                                .turned = on_turned,
                                .ending = close_input}};
    buf_init(&s.typed, WORD_MAX_BYTES);
    int exit_code = doing_run(&s.d);
    buf_fini(&s.typed);
    VEC_FREE(&s.words);
    mem_free(s.call_id);
    return exit_code;
}
