#include "list_shore.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shore shore;
static struct settings settings;
static char profile[] = "p", server[] = "s";
static int current = NOBODY; /* whose code runs */

void shore_run_as(int process)
{
    current = process;
}

int shore_number(const char *id)
{
    return atoi(id + 1);
}

const char *shore_id(int user, char out[8])
{
    (void)snprintf(out, 8, "u%d", user);
    return out;
}

/* ---- what the program's own functions of these names would do -------------------------------- */

struct loop_timer {
    struct loop_timer *next;
    int64_t at_ms;
    void (*fire)(void *self);
    void *self;
};
static struct loop_timer *timers[PROCESSES];

struct loop_timer *loop_timer(struct loop *loop, int64_t after_ms, void (*fire)(void *self),
                              void *self)
{
    struct process *p = (struct process *)(void *)loop;
    struct loop_timer **at = &timers[p - shore.processes];
    struct loop_timer *timer = mem_zero(1, sizeof *timer);
    *timer = (struct loop_timer){NULL, shore.now_ms + (after_ms > 0 ? after_ms : 0), fire, self};
    while (*at && (*at)->at_ms <= timer->at_ms)
        at = &(*at)->next;
    timer->next = *at;
    *at = timer;
    return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
    for (int i = 0; i < PROCESSES; i++) {
        for (struct loop_timer **at = &timers[i]; *at; at = &(*at)->next) {
            if (*at != timer)
                continue;
            *at = timer->next;
            mem_free(timer);
            return;
        }
    }
}

int64_t session_now(const struct session *s)
{
    (void)s;
    return shore.now_ms;
}

enum rc actions_record(struct actions *a, const struct audit_entry *entry, uint64_t *number,
                       struct err *err)
{
    (void)a, (void)entry, (void)err;
    if (number)
        *number = 1;
    return RC_OK;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* Where the file becomes another one: one who was killed before has not done it. */
int rename(const char *from, const char *to)
{
    struct process *p = current == NOBODY ? NULL : &shore.processes[current];
    bool is_last = p && p->die_at > 0 && --p->die_at == 0;
    bool is_done = !p || (!p->is_killed && !(is_last && p->dies_too_early));
    int rc = is_done ? renameat(AT_FDCWD, from, AT_FDCWD, to) : -1;
    if (!is_done)
        errno = EIO;
    if (is_last)
        p->is_killed = true;
    return rc;
}

/* ---- the service ----------------------------------------------------------------------------- */

static bool is_reserved_number(uint32_t number)
{
    for (size_t i = 0; i < shore.reserved_len; i++)
        if (shore.reserved[i] == number)
            return true;
    return false;
}

struct numbered {
    int user;
    uint32_t number;
};

static size_t number_lines(const struct plain *list, struct numbered out[LIST_LINES])
{
    size_t len = 0, reserved = 0;
    uint32_t number = 1;
    for (size_t i = 0; i < list->len; number++) {
        if (is_reserved_number(number))
            out[len++] = (struct numbered){RESERVED, shore.reserved[reserved++]};
        else if (number != shore.gap)
            out[len++] = (struct numbered){list->users[i++], number};
    }
    for (; reserved < shore.reserved_len; reserved++)
        out[len++] = (struct numbered){RESERVED, shore.reserved[reserved]};
    return len;
}

static void take(struct plain *out, const struct desk_line *lines, size_t len)
{
    out->len = 0;
    for (size_t i = 0; i < len; i++)
        if (!lines[i].is_reserved)
            out->users[out->len++] = shore_number(lines[i].user_id);
}

/* Reserved lines as they were read, with their numbers; the others numbered on. */
static void check(const struct desk_line *lines, size_t len)
{
    size_t reserved = 0;
    long last = 0;
    for (size_t i = 0; i < len; i++) {
        long number = strtol(lines[i].id, NULL, 10);
        bool is_reserved = shore_number(lines[i].user_id) == RESERVED;
        if (lines[i].is_reserved != is_reserved ||
            (is_reserved &&
             (reserved == shore.reserved_len || (uint32_t)number != shore.reserved[reserved++])))
            shore.wrong = "a reserved line is not written as it was";
        if (number <= last || (!is_reserved && number != last + 1))
            shore.wrong = "the lines are not numbered on";
        last = number;
    }
    if (reserved != shore.reserved_len)
        shore.wrong = "a reserved line is left out";
}

static void fake_desk(struct backend *backend, const struct desk_question *question,
                      desk_done *done, void *self)
{
    struct process *p = (struct process *)(void *)backend;
    struct ask ask = {.process = (int)(p - shore.processes),
                      .kind = question->kind,
                      .refused = NOBODY,
                      .done = done,
                      .self = self};
    if (p->is_killed)
        return;
    take(&ask.wanted, question->lines, question->lines_len);
    if (ask.kind == DESK_LIST_WRITE)
        check(question->lines, question->lines_len);
    take(&ask.before, question->before, question->before_len);
    VEC_PUSH(&shore.asks, ask);
}

static void forget(int process)
{
    for (size_t i = shore.asks.len; i-- > 0;) {
        struct ask *ask = &shore.asks.items[i];
        if (ask->process != process)
            continue;
        ask->process = NOBODY;
        if (ask->stage != ASK_SENT)
            VEC_REMOVE(&shore.asks, i);
    }
}

static void fake_forget(struct backend *backend, const void *self)
{
    (void)self;
    forget((int)((struct process *)(void *)backend - shore.processes));
}

static const struct backend_ops fake_ops = {
    .name = "fake", .desk = fake_desk, .desk_forget = fake_forget};

bool shore_is_any_sent(void)
{
    for (size_t i = 0; i < shore.asks.len; i++)
        if (shore.asks.items[i].stage == ASK_SENT)
            return true;
    return false;
}

static void answer(const struct ask *ask)
{
    struct desk_line lines[LIST_LINES] = {0};
    char ids[LIST_LINES][8], keys[LIST_LINES][24];
    size_t len = 0;
    struct desk_answer out = {.rc = ask->rc,
                              .text = ask->rc == RC_OK ? "" : "it went wrong",
                              .lines = lines,
                              .limit = 60};
    if (ask->rc == RC_REFUSED) {
        lines[len].user_id = lines[len].extension = shore_id(ask->refused, ids[len]);
        lines[len++].refused = "no such extension";
    } else if (ask->kind != DESK_PHONES && (ask->rc == RC_OK || ask->rc == RC_CHANGED)) {
        struct numbered told[LIST_LINES];
        len = number_lines(&ask->told, told);
        for (size_t i = 0; i < len; i++) {
            (void)snprintf(keys[i], sizeof keys[i], "%u", (unsigned)told[i].number);
            lines[i] = (struct desk_line){.id = keys[i],
                                          .user_id = shore_id(told[i].user, ids[i]),
                                          .extension = ids[i],
                                          .name = "",
                                          .is_reserved = told[i].user == RESERVED};
        }
    }
    out.lines_len = len;
    current = ask->process;
    ask->done(ask->self, &out);
    current = NOBODY;
}

/* Before anything is sent: is it the list that the plan was made of? */
static void look(struct ask *ask)
{
    ask->told = shore.stored;
    ask->stage = ASK_ANSWERED;
    bool takes = !plain_has(&ask->wanted, shore.refuses) || plain_has(&ask->before, shore.refuses);
    if (plain_equal(&shore.stored, &ask->wanted)) {
        ask->rc = RC_OK;
    } else if (!plain_equal(&shore.stored, &ask->before)) {
        ask->rc = RC_CHANGED;
    } else if (!takes) {
        ask->rc = RC_REFUSED;
        ask->refused = shore.refuses;
    } else {
        ask->stage = ASK_SENT;
    }
}

void shore_serve(size_t at, bool is_lost)
{
    struct ask *ask = &shore.asks.items[at], done = *ask;
    bool is_write = ask->kind == DESK_LIST_WRITE;
    if (ask->stage == ASK_ANSWERED) {
        VEC_REMOVE(&shore.asks, at);
        answer(&done);
    } else if (is_lost && ask->process == NOBODY) {
        VEC_REMOVE(&shore.asks, at); /* never arrives */
    } else if (is_lost) {
        ask->rc = !is_write                ? RC_UNREACHABLE
                  : ask->stage == ASK_NEW  ? RC_TIMEOUT
                  : ask->stage == ASK_SENT ? (shore.now_ms % 2 ? RC_TIMEOUT : RC_FAILED)
                                           : RC_FAILED;
        ask->stage = ASK_ANSWERED;
        if (done.stage == ASK_SENT) { /* arrives later, or never */
            done.process = NOBODY;
            VEC_PUSH(&shore.asks, done);
        }
    } else if (!is_write) {
        ask->told = shore.stored;
        ask->stage = ASK_ANSWERED;
    } else if (ask->stage == ASK_NEW) {
        look(ask);
    } else if (ask->stage == ASK_SENT) {
        shore.stored = ask->wanted;
        shore.gap = 0;
        ask->stage = ASK_DONE;
        if (ask->process == NOBODY)
            VEC_REMOVE(&shore.asks, at);
    } else {
        ask->told = shore.stored;
        ask->rc = plain_equal(&ask->told, &ask->wanted) ? RC_OK : RC_FAILED;
        ask->stage = ASK_ANSWERED;
    }
}

/* ---- programs -------------------------------------------------------------------------------- */

static void on_ended(void *self, enum rc rc, const char *text)
{
    struct process *p = self;
    (void)text;
    p->has_ended = true;
    p->ended_rc = rc;
}

static int64_t wall_ms(void *net)
{
    (void)net;
    return shore.now_ms;
}

void shore_start(int process)
{
    struct process *p = &shore.processes[process];
    struct err err = {0};
    memset(p, 0, sizeof *p);
    p->session.settings = &settings;
    p->session.loop = (struct loop *)(void *)p;
    p->session.backend = (struct backend *)(void *)p;
    p->session.ops = &fake_ops;
    p->session.actions = (struct actions *)(void *)p; /* of actions_record() above */
    p->session.io.wall_ms = wall_ms;
    struct keeper_config config = {.session = &p->session,
                                   .folder = shore.folder,
                                   .is_automatic = shore.is_automatic,
                                   .ended = on_ended,
                                   .self = p};
    if (keeper_new(&p->keeper, &config, &err) != RC_OK) {
        (void)fprintf(stderr, "a play: %s\n", err.text);
        abort();
    }
}

void shore_kill(int process)
{
    struct process *p = &shore.processes[process];
    p->is_killed = true;
    forget(process);
    current = process;
    keeper_free(p->keeper);
    current = NOBODY;
    p->keeper = NULL;
}

static void tell(int process, struct event event)
{
    current = process;
    keeper_event(shore.processes[process].keeper, &event);
    current = NOBODY;
}

void shore_online(int process, bool is_online)
{
    shore.processes[process].is_online = is_online;
    if (is_online)
        tell(process, (struct event){.kind = EVENT_SNAPSHOT_DONE});
    else
        tell(process, (struct event){.kind = EVENT_LINK, .u.link.state = LINK_LOST});
}

void shore_news(int process)
{
    tell(process, (struct event){.kind = EVENT_DESK, .user_id = "", .u.desk.is_list = true});
}

bool shore_turn(int process)
{
    struct loop_timer *timer = timers[process];
    if (!timer || timer->at_ms > shore.now_ms)
        return false;
    struct loop_timer due = *timer;
    timers[process] = timer->next;
    mem_free(timer);
    current = process;
    due.fire(due.self);
    current = NOBODY;
    return true;
}

void shore_begin(const char *folder)
{
    memset(&shore, 0, sizeof shore);
    shore.now_ms = 1000000;
    shore.refuses = NOBODY;
    str_copy(shore.folder, sizeof shore.folder, folder);
    settings.profile = profile;
    settings.server = server;
}

void shore_end(void)
{
    for (int i = 0; i < PROCESSES; i++)
        if (shore.processes[i].keeper)
            shore_kill(i);
    VEC_FREE(&shore.asks);
}
