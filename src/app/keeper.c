/* The HUD list in its two homes: when it is read, merged, saved and sent. */
#include "keeper_priv.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- small things ---------------------------------------------------------------------------- */

void keeper_text(char **text, const char *now)
{
    char *old = *text;
    *text = mem_dup(now ? now : "");
    mem_free(old);
}

static void on_here(void *self, const struct desk_answer *answer)
{
    (void)self;
    if (answer->rc != RC_OK)
        log_debug("list", "what is watched does not follow the list here: %s", answer->text);
}

/* Where the backend stores no list, what is watched follows the one here. */
static void tell_here(struct keeper *k)
{
    const struct appearance *list = keeper_list(k);
    VEC(struct desk_line) lines = {0};
    if (!k->desk.is_local || k->extension || k->config.is_asked_alone || k->here_rev == list->rev)
        return;
    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_user *user = list->lines.items[i].here;
        if (user)
            VEC_PUSH(&lines,
                     ((struct desk_line){
                         .user_id = user->id, .extension = user->extension, .name = user->name}));
    }
    struct desk_question question = {
        .kind = DESK_LIST_HERE, .lines = lines.items, .lines_len = lines.len};
    if (keeper_ask(k, &question, on_here))
        k->here_rev = list->rev;
    VEC_FREE(&lines);
}

static void on_changed(void *self)
{
    struct keeper *k = self;
    k->changed = NULL;
    tell_here(k);
    if (k->config.changed)
        k->config.changed(k->config.self);
}

void keeper_changed(struct keeper *k)
{
    if (!k->changed)
        k->changed = loop_timer(k->session->loop, 0, on_changed, k);
}

void keeper_tell(struct keeper *k, bool is_warning, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)str_vformat(text, sizeof text, format, args);
    va_end(args);
    if (is_warning)
        log_warn("list", "%s", text);
    else
        log_info("list", "%s", text);
    if (k->config.told)
        k->config.told(k->config.self, is_warning, text);
}

static bool is_list_asked(const struct keeper *k)
{
    return k->is_live && (k->desk.reading == UI_DESK_ASKED || k->desk.writing == UI_DESK_ASKED);
}

/* The service's limits: until when a question waits for them is shown, and told of a save. */
static void on_waits(void *self)
{
    struct keeper *k = self;
    const struct session *s = k->session;
    int64_t left_ms = is_list_asked(k) && s->backend ? s->ops->waits_ms(s->backend) : 0;
    int64_t until_ms = left_ms > 0 ? keeper_wall_ms(k) + left_ms : 0;
    int64_t before_ms = k->desk.waits_until_ms;
    bool is_told = before_ms > 0 && until_ms - before_ms < KEEPER_WAITS_MS;
    k->waits = NULL;
    if (is_list_asked(k))
        k->waits = loop_timer(s->loop, KEEPER_WAITS_STEP_MS, on_waits, k);
    if (left_ms > 0 && (is_told || left_ms < KEEPER_WAITS_MS))
        return; /* as it was said */
    k->desk.waits_until_ms = until_ms;
    if (until_ms > 0 && k->desk.writing == UI_DESK_ASKED)
        keeper_tell(k, false, "the save waits: the service allows no more requests for %lld s",
                    (long long)((left_ms + 999) / 1000));
    if (until_ms != before_ms)
        keeper_changed(k);
}

bool keeper_ask(struct keeper *k, const struct desk_question *question, desk_done *done)
{
    struct session *s = k->session;
    if (!k->is_live || !s->backend || !s->ops->desk)
        return false;
    struct desk_question whole = *question;
    whole.extension = k->asked;
    if (s->ops->waits_ms && !k->config.is_asked_alone && !k->waits)
        k->waits = loop_timer(s->loop, KEEPER_WAITS_STEP_MS, on_waits, k);
    s->ops->desk(s->backend, &whole, done, k);
    return true;
}

enum rc keeper_record(struct keeper *k, const char *what, const char *action, uint64_t begin,
                      const char *value, const char *result, uint64_t *number, struct err *err)
{
    struct audit_entry entry = {
        .record = what,
        .action = action,
        .begin = begin,
        .extension = k->extension ? k->extension : "",
        .value = value,
        .result = result,
        .reason = k->reason,
    };
    if (!k->session->actions)
        return err_set(err, RC_DENIED, "--read-only is on: start callhud without it to save");
    return actions_record(k->session->actions, &entry, number, err);
}

void keeper_fault(struct keeper *k, const char *text)
{
    keeper_text(&k->copies.list_text, text);
    k->desk.list_text = k->copies.list_text;
}

void keeper_deny(struct keeper *k, const char *text)
{
    keeper_text(&k->copies.denied, text);
    k->desk.denied = text[0] ? k->copies.denied : NULL;
}

void keeper_ended(struct keeper *k, enum rc rc, const char *text)
{
    bool is_wanted = k->is_ended_wanted;
    k->is_ended_wanted = false;
    if (is_wanted && k->config.ended)
        k->config.ended(k->config.self, rc, text);
}

/* ---- the file -------------------------------------------------------------------------------- */

struct appearance *keeper_begin(struct keeper *k, struct err *err)
{
    struct err held = {0};
    if (!keeper_settle(k, 0, &held) && held.rc == RC_TIMEOUT) {
        *err = held;
        return NULL;
    }
    struct appearance *list = keeper_own_begin(k, k->patience_ms, err);
    if (!list && err->rc == RC_TIMEOUT && k->config.is_asked_alone)
        err->rc = RC_IO;
    return list;
}

/* rc is how the change went: one that did not go is taken back. */
enum rc keeper_end(struct keeper *k, enum rc rc, bool is_kept, struct err *err)
{
    if (rc != RC_OK) {
        list_file_cancel(k->file);
        return rc;
    }
    rc = list_file_end(k->file, is_kept, err);
    keeper_own_look(k);
    keeper_changed(k);
    return rc;
}

/* ---- from the backend ------------------------------------------------------------------------ */

/* The backend's ids of lines are their numbers; where it has none the place is the number. */
static uint32_t line_key(const struct desk_line *line, size_t at, uint32_t last)
{
    char *end = NULL;
    unsigned long key = str_is_empty(line->id) ? 0 : strtoul(line->id, &end, 10);
    if (key == 0 || (end && *end) || key <= last || key > UINT32_MAX)
        return (uint32_t)at + 1 > last ? (uint32_t)at + 1 : last + 1;
    return (uint32_t)key;
}

int64_t keeper_wall_ms(const struct keeper *k)
{
    return k->session->io.wall_ms(k->session->io.net);
}

typedef VEC(struct stored_line) stored_lines;

static void lines_of(const struct desk_answer *answer, stored_lines *lines)
{
    uint32_t last = 0;
    for (size_t i = 0; i < answer->lines_len; i++) {
        const struct desk_line *line = &answer->lines[i];
        struct stored_line stored = {.key = line_key(line, i, last),
                                     .is_reserved = line->is_reserved};
        stored.user.id = str_is_empty(line->user_id) ? line->extension : line->user_id;
        stored.user.extension = line->extension;
        stored.user.name = line->name;
        last = stored.key;
        VEC_PUSH(lines, stored);
    }
}

/* Under the lock. What was overtaken, but tells the same as what has overtaken it, does no harm. */
static enum rc merge_lines(struct keeper *k, struct appearance *list, const stored_lines *lines,
                           uint64_t asked_at, struct appearance_news *news, struct err *err)
{
    if (list->readings == asked_at)
        return appearance_merge(list, lines->items, lines->len, keeper_wall_ms(k), news, err);
    if (appearance_is_as_stored(list, lines->items, lines->len))
        return RC_OK;
    return err_set(err, RC_CHANGED,
                   "other callhuds of yours change this list all the time: "
                   "try again");
}

enum rc keeper_merge_into(struct keeper *k, struct appearance *list,
                          const struct desk_answer *answer, uint64_t asked_at, struct err *err)
{
    stored_lines lines = {0};
    lines_of(answer, &lines);
    enum rc rc = merge_lines(k, list, &lines, asked_at, NULL, err);
    VEC_FREE(&lines);
    return rc;
}

/* The file cannot be written now. Returns RC_IO, with err as it is, when it is merged. */
static enum rc merge_for_looking(struct keeper *k, const struct desk_answer *answer,
                                 const stored_lines *lines, uint64_t asked_at,
                                 struct appearance_news *news, struct err *err)
{
    struct err other = {0};
    bool is_newest = keeper_list(k)->readings == asked_at;
    struct appearance *list = list_file_look(k->file);
    enum rc rc =
        merge_lines(k, list, lines, is_newest ? list->readings : NO_READINGS, news, &other);
    keeper_changed(k);
    if (rc != RC_OK) {
        *err = other;
        return rc;
    }
    list->max_lines = answer->limit;
    return RC_IO;
}

enum rc keeper_merge(struct keeper *k, const struct desk_answer *answer, uint64_t asked_at,
                     struct appearance_news *news, struct err *err)
{
    stored_lines lines = {0};
    uint64_t asked_in = k->file_number;
    lines_of(answer, &lines);
    struct appearance *list = keeper_begin(k, err);
    enum rc rc = list ? RC_OK : err->rc;
    if (k->file_number != asked_in)
        asked_at = NO_READINGS;
    if (rc == RC_IO && list_file_why(k->file)[0]) {
        rc = merge_for_looking(k, answer, &lines, asked_at, news, err);
    } else if (list) {
        rc = merge_lines(k, list, &lines, asked_at, news, err);
        if (rc == RC_OK)
            list->max_lines = answer->limit;
        rc = keeper_end(k, rc, true, err);
    }
    VEC_FREE(&lines);
    return rc;
}

void keeper_tell_news(struct keeper *k, const struct appearance_news *news)
{
    if (news->conflicts > 0 && !k->config.is_asked_alone)
        keeper_tell(k, true, "%zu %s changed here and elsewhere: open the HUD list (e) and choose",
                    news->conflicts, news->conflicts == 1 ? "line was" : "lines were");
    else if (news->taken > 0 && k->desk.read_ms > 0)
        keeper_tell(k, false, "the list was changed elsewhere: %zu %s taken over here", news->taken,
                    news->taken == 1 ? "line" : "lines");
}

static void after_reading(struct keeper *k, enum rc rc, const char *text)
{
    k->desk.reading = rc == RC_OK ? UI_DESK_TOLD : UI_DESK_FAILED;
    keeper_fault(k, rc == RC_OK ? "" : text);
    if (k->is_pull_asked && !k->is_pushing) {
        k->is_pull_asked = false;
        keeper_ended(k, rc, text);
    }
    keeper_changed(k);
    if (k->is_push_again) {
        k->is_push_again = false;
        keeper_push_go_on(k, rc, text);
        return;
    }
    if (rc == RC_OK && k->is_pull_wanted)
        keeper_read(k);
    else if (rc == RC_OK)
        keeper_plan_quiet(k);
}

static bool ask_list(struct keeper *k);

static void on_read(void *self, const struct desk_answer *answer)
{
    struct keeper *k = self;
    struct appearance_news news = {0};
    struct err err = {0};
    enum rc rc = answer->rc;
    k->desk.is_local = rc == RC_DENIED;
    if (keeper_own_learn(k, answer->own_extension)) {
        k->is_read_late = true; /* the list is in another file than was thought: asked for it */
        keeper_read_late(k);
        return;
    }
    bool is_none = rc == RC_DENIED || rc == RC_NOT_FOUND;
    if (!k->extension || (rc == RC_OK && !k->is_write_denied))
        keeper_deny(k, "");
    else if (is_none)
        keeper_deny(k, answer->text);
    if (rc == RC_OK)
        rc = keeper_merge(k, answer, k->read_at, &news, &err);
    if (rc == RC_IO && answer->rc == RC_OK && k->desk.fixed)
        rc = RC_OK; /* it is shown; that it is not kept here was told */
    if (rc == RC_TIMEOUT && answer->rc == RC_OK) {
        k->is_read_late = true; /* what is stored may be another one when the lock is free */
        keeper_wait_for_lock(k);
        return;
    }
    if ((rc == RC_OK || k->desk.is_local) && keeper_own_take(k, rc == RC_OK ? answer : NULL)) {
        k->is_read_late = true;
        keeper_read_late(k);
        return;
    }
    k->stale = rc == RC_CHANGED ? k->stale + 1 : 0;
    if (k->stale > 0 && k->stale < KEEPER_READS && ask_list(k))
        return;
    k->stale = 0;
    if (rc != RC_OK) {
        after_reading(k, rc, err.text[0] ? err.text : answer->text);
        return;
    }
    if (news.taken + news.conflicts > 0)
        k->vain_ms = 0;
    keeper_tell_news(k, &news);
    k->desk.read_ms = session_now(k->session);
    after_reading(k, RC_OK, "");
}

/* Would it be noticed if the backend stored no list? A command that only looks does not have to
 * know that of lines which were never sent: a push says it. */
static bool is_missed(const struct keeper *k)
{
    const struct appearance *list = keeper_list(k);
    if (!k->config.is_asked_alone)
        return list->lines.len > 0;
    for (size_t i = 0; i < list->lines.len; i++)
        if (list->lines.items[i].stored)
            return true;
    return false;
}

static bool ask_list(struct keeper *k)
{
    struct desk_question question = {.kind = DESK_LIST};
    if (keeper_own_refresh(k))
        keeper_changed(k);
    question.is_missed = is_missed(k);
    k->read_at = keeper_list(k)->readings;
    if (k->second) {
        (void)list_file_refresh(k->second);
        k->second_at = list_file_list(k->second)->readings;
    }
    return keeper_ask(k, &question, on_read);
}

void keeper_read_late(struct keeper *k)
{
    bool is_due = k->is_read_late;
    k->is_read_late = false;
    if (is_due && !ask_list(k))
        after_reading(k, RC_UNREACHABLE, keeper_why_not_asked(k));
}

void keeper_read_given_up(struct keeper *k, const char *text)
{
    k->is_read_late = false;
    after_reading(k, RC_TIMEOUT, text);
}

void keeper_read(struct keeper *k)
{
    if (k->desk.reading == UI_DESK_ASKED || k->desk.writing == UI_DESK_ASKED) {
        k->is_pull_wanted = true;
        return;
    }
    k->is_pull_wanted = false;
    k->stale = 0;
    if (!ask_list(k))
        return;
    k->desk.reading = UI_DESK_ASKED;
    keeper_changed(k);
}

const char *keeper_why_not_asked(const struct keeper *k)
{
    if (k->session->ops && !k->session->ops->desk)
        return "this telephone system stores no list: it lives on this machine alone";
    return k->config.is_automatic ? "there is no link: edits wait, and are sent when it is back"
                                  : "there is no link: edits are kept; save when it is back";
}

void keeper_pull(struct keeper *k)
{
    k->is_ended_wanted = k->is_pull_asked = true;
    keeper_read(k);
    if (k->desk.reading != UI_DESK_ASKED && !k->is_pull_wanted) {
        k->is_pull_asked = false;
        keeper_ended(k, RC_UNREACHABLE, keeper_why_not_asked(k));
    }
}

/* ---- news ------------------------------------------------------------------------------------ */

static void on_look(void *self)
{
    struct keeper *k = self;
    k->look = loop_timer(k->session->loop, KEEPER_FILE_LOOK_MS, on_look, k);
    (void)list_file_try(k->file);
    bool is_news = keeper_own_refresh(k);
    bool is_due = k->vain_ms > 0 && session_now(k->session) >= k->vain_ms;
    if (is_news)
        keeper_changed(k);
    if (is_news || is_due) {
        k->vain_ms = 0;
        keeper_plan_quiet(k);
        if (is_news && k->desk.fixed)
            keeper_read(k); /* what was merged for looking is gone with the old one */
    }
    if (session_now(k->session) - k->looked_ms < KEEPER_LOOK_MS)
        return;
    k->looked_ms = session_now(k->session);
    keeper_read(k);
}

static void lost(struct keeper *k, const char *why)
{
    if (!k->is_live)
        return;
    k->is_live = false;
    if (k->session->backend && k->session->ops->desk_forget)
        k->session->ops->desk_forget(k->session->backend, k);
    if (k->desk.reading == UI_DESK_ASKED)
        k->desk.reading = k->desk.read_ms ? UI_DESK_TOLD : UI_DESK_UNKNOWN;
    keeper_desk_lost(k);
    if (k->is_pushing)
        keeper_push_end(k, RC_UNREACHABLE, why);
    else if (k->is_ended_wanted)
        keeper_ended(k, RC_UNREACHABLE, why);
    k->is_pull_asked = k->is_pull_wanted = k->is_read_late = false;
    keeper_changed(k);
}

static void live(struct keeper *k)
{
    if (k->is_live)
        return;
    k->is_live = true;
    k->is_write_denied = false; /* it may have been granted: the next save tells */
    k->vain_ms = 0;
    k->here_rev = 0;
    if (!k->config.is_asked_alone)
        keeper_read(k);
    keeper_desk_live(k);
}

static bool is_ours(const struct keeper *k, const struct event *event)
{
    const struct user *user = hud_user_by_id(&k->session->hud, event->user_id);
    if (!k->extension)
        return true; /* news of another's desk costs one question */
    return user ? str_eq(user->extension, k->extension) : str_eq(event->user_id, k->extension);
}

static bool is_owner(const struct keeper *k, const struct event *event)
{
    return k->extension ? is_ours(k, event) : str_eq(event->user_id, k->session->hud.own_id);
}

/* After the event: the backend is in the middle of telling it. */
static void on_news(void *self)
{
    struct keeper *k = self;
    k->news_timer = NULL;
    struct keeper_news news = k->news;
    k->news = (struct keeper_news){0};
    if (news.is_lost)
        lost(k, k->config.is_automatic
                    ? "the link is lost: edits wait, and are sent when it is back"
                    : "the link is lost: edits are kept; save when it is back");
    if (news.is_live)
        live(k);
    if (news.is_list)
        keeper_read(k);
    if (news.is_settings)
        keeper_desk_settings_changed(k);
    if (news.is_calls)
        keeper_desk_calls_changed(k);
}

void keeper_read_soon(struct keeper *k)
{
    k->news.is_list = true;
    if (!k->news_timer)
        k->news_timer = loop_timer(k->session->loop, 0, on_news, k);
}

void keeper_event(struct keeper *k, const struct event *event)
{
    enum link_state state = event->u.link.state;
    if (event->kind == EVENT_SNAPSHOT_DONE) {
        k->news.is_live = true;
    } else if (event->kind == EVENT_LINK && state != LINK_LIVE && state != LINK_POLLING) {
        k->news = (struct keeper_news){.is_lost = true};
    } else if (event->kind == EVENT_DESK && is_ours(k, event)) {
        k->news.is_list |= event->u.desk.is_list;
        k->news.is_settings |= event->u.desk.is_settings;
        k->news.is_calls |= event->u.desk.is_phones;
    } else if ((event->kind == EVENT_CALL || event->kind == EVENT_CALL_ENDED) &&
               is_owner(k, event)) {
        k->news.is_calls = true;
    } else {
        return;
    }
    if (!k->news_timer)
        k->news_timer = loop_timer(k->session->loop, 0, on_news, k);
}

/* ---- the whole ------------------------------------------------------------------------------- */

const struct ui_desk *keeper_desk(const struct keeper *k)
{
    return &k->desk;
}

bool keeper_is_live(const struct keeper *k)
{
    return k->is_live;
}

bool keeper_is_own(const struct keeper *k)
{
    return k->extension == NULL;
}

bool keeper_is_file_read(const struct keeper *k)
{
    return !k->desk.fixed || !list_file_is_unread(k->file);
}

void keeper_say_fixed(const struct keeper *k, char *out, size_t size)
{
    (void)snprintf(out, size, "the HUD list can only be looked at%s: %.420s",
                   list_file_is_unread(k->file) ? ", without the edits in its file" : "",
                   k->desk.fixed ? k->desk.fixed : "");
}

const struct appearance *keeper_list(const struct keeper *k)
{
    return list_file_list(k->file);
}

enum rc keeper_new(struct keeper **out, const struct keeper_config *config, struct err *err)
{
    struct keeper *k = mem_zero(1, sizeof *k);
    k->session = config->session;
    k->config = *config;
    k->asked = str_is_empty(config->extension) ? NULL : mem_dup(config->extension);
    k->folder = mem_dup(config->folder);
    k->patience_ms = config->is_asked_alone ? LIST_FILE_WAIT_MS : KEEPER_PATIENCE_MS;
    k->reason = mem_dup(config->reason ? config->reason : "");
    keeper_desk_init(k);
    keeper_fault(k, "");
    k->desk.is_automatic = config->is_automatic;
    k->desk.is_read_only = config->session->is_read_only;
    enum rc rc = keeper_own_open(k, err);
    if (rc != RC_OK) {
        keeper_free(k);
        return rc;
    }
    k->look = loop_timer(k->session->loop, KEEPER_FILE_LOOK_MS, on_look, k);
    k->looked_ms = session_now(k->session);
    *out = k;
    return RC_OK;
}

void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    if (k->is_live && k->session->backend && k->session->ops->desk_forget)
        k->session->ops->desk_forget(k->session->backend, k);
    loop_timer_stop(k->quiet);
    loop_timer_stop(k->idle);
    loop_timer_stop(k->turn);
    loop_timer_stop(k->look);
    loop_timer_stop(k->changed);
    loop_timer_stop(k->news_timer);
    loop_timer_stop(k->lock);
    loop_timer_stop(k->waits);
    keeper_drop_wishes(k);
    list_file_close(k->second);
    loop_timer_stop(k->phones);
    list_file_close(k->file);
    keeper_desk_fini(k);
    mem_free(k->extension);
    mem_free(k->asked);
    mem_free(k->folder);
    mem_free(k->reason);
    mem_free(k);
}
