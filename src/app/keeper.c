/* The HUD list in its two homes: when it is read, merged, saved and sent. */
#include "keeper_priv.h"

#include "callhud/base/log.h"

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

static void on_changed(void *self)
{
    struct keeper *k = self;
    k->changed = NULL;
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
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (is_warning)
        log_warn("list", "%s", text);
    else
        log_info("list", "%s", text);
    if (k->config.told)
        k->config.told(k->config.self, is_warning, text);
}

bool keeper_ask(struct keeper *k, const struct desk_question *question, desk_done *done)
{
    struct session *s = k->session;
    if (!k->is_live || !s->backend || !s->ops->desk)
        return false;
    struct desk_question whole = *question;
    whole.extension = k->extension;
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

void keeper_ended(struct keeper *k, enum rc rc, const char *text)
{
    bool is_wanted = k->is_ended_wanted;
    k->is_ended_wanted = false;
    if (is_wanted && k->config.ended)
        k->config.ended(k->config.self, rc, text);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The list, locked, as another callhud of this person may have left it. NULL: err says why. */
struct appearance *keeper_begin(struct keeper *k, struct err *err)
{
    return list_file_begin(k->file, err);
}

/* rc is how the change went: one that did not go is taken back. */
enum rc keeper_end(struct keeper *k, enum rc rc, bool is_kept, struct err *err)
{
    if (rc != RC_OK) {
        list_file_cancel(k->file);
        return rc;
    }
    rc = list_file_end(k->file, is_kept, err);
    keeper_changed(k);
    return rc;
}

static void edited(struct keeper *k)
{
    k->is_told_of_ask = false;
    keeper_plan_quiet(k);
}

/* Who is named by a caller may be named with the texts of the list as he saw it. That one goes when
 * another callhud has written meanwhile. */
static struct appearance_user user_own(const struct appearance_user *user)
{
    return (struct appearance_user){.id = mem_dup(user->id),
                                    .extension = mem_dup(user->extension),
                                    .name = mem_dup(user->name),
                                    .twin = user->twin};
}

static void user_free(struct appearance_user *user)
{
    mem_free((void *)(uintptr_t)user->id);
    mem_free((void *)(uintptr_t)user->extension);
    mem_free((void *)(uintptr_t)user->name);
}

static size_t edit_own(struct appearance *list, struct appearance_edit *edits, size_t len,
                       struct appearance_edit *own)
{
    size_t done = appearance_edit(list, own, len);
    for (size_t i = 0; i < len; i++)
        str_copy(edits[i].refused, sizeof edits[i].refused, own[i].refused);
    return done;
}

enum rc keeper_edit(struct keeper *k, struct appearance_edit *edits, size_t len, size_t *done,
                    struct err *err)
{
    *done = 0;
    struct appearance_edit *own = mem_zero(len + 1, sizeof *own);
    for (size_t i = 0; i < len; i++) {
        own[i] = edits[i];
        own[i].user = user_own(&edits[i].user);
        own[i].to = user_own(&edits[i].to);
    }
    struct appearance *list = keeper_begin(k, err);
    if (list)
        *done = edit_own(list, edits, len, own);
    for (size_t i = 0; i < len; i++) {
        user_free(&own[i].user);
        user_free(&own[i].to);
    }
    mem_free(own);
    if (!list)
        return err->rc;
    enum rc rc = keeper_end(k, RC_OK, false, err);
    if (rc != RC_OK)
        *done = 0;
    else
        edited(k);
    return rc;
}

enum rc keeper_replace(struct keeper *k, const struct appearance_user *users, size_t len,
                       struct err *err)
{
    struct appearance_user *own = mem_zero(len + 1, sizeof *own);
    for (size_t i = 0; i < len; i++)
        own[i] = user_own(&users[i]);
    struct appearance *list = keeper_begin(k, err);
    enum rc rc = list ? appearance_replace(list, own, len, err) : err->rc;
    for (size_t i = 0; i < len; i++)
        user_free(&own[i]);
    mem_free(own);
    if (list)
        rc = keeper_end(k, rc, false, err);
    if (rc == RC_OK)
        edited(k);
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

enum rc keeper_merge(struct keeper *k, const struct desk_answer *answer, uint64_t asked_at,
                     struct appearance_news *news, struct err *err)
{
    stored_lines lines = {0};
    lines_of(answer, &lines);
    struct appearance *list = keeper_begin(k, err);
    enum rc rc = list ? RC_OK : err->rc;
    if (list) {
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
    if (rc == RC_OK)
        rc = keeper_merge(k, answer, k->read_at, &news, &err);
    k->stale = rc == RC_CHANGED ? k->stale + 1 : 0;
    if (k->stale > 0 && k->stale < KEEPER_READS && ask_list(k))
        return;
    k->stale = 0;
    if (rc != RC_OK) {
        after_reading(k, rc, err.text[0] ? err.text : answer->text);
        return;
    }
    keeper_tell_news(k, &news);
    k->desk.read_ms = session_now(k->session);
    after_reading(k, RC_OK, "");
}

static bool ask_list(struct keeper *k)
{
    struct desk_question question = {.kind = DESK_LIST};
    if (list_file_refresh(k->file))
        keeper_changed(k);
    k->read_at = keeper_list(k)->readings;
    return keeper_ask(k, &question, on_read);
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
    if (list_file_refresh(k->file)) {
        keeper_changed(k);
        keeper_plan_quiet(k);
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
    k->is_pull_asked = k->is_pull_wanted = false;
    keeper_changed(k);
}

static void live(struct keeper *k)
{
    if (k->is_live)
        return;
    k->is_live = true;
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
    } else {
        return;
    }
    if (!k->news_timer)
        k->news_timer = loop_timer(k->session->loop, 0, on_news, k);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static size_t op_edit(void *self, struct appearance_edit *edits, size_t len)
{
    struct keeper *k = self;
    struct err err = {0};
    size_t done = 0;
    if (keeper_edit(k, edits, len, &done, &err) != RC_OK)
        for (size_t i = 0; i < len; i++)
            str_copy(edits[i].refused, sizeof edits[i].refused, err.text);
    return done;
}

static bool op_undo(void *self, char *text)
{
    struct keeper *k = self;
    struct err err = {0};
    struct appearance *list = keeper_begin(k, &err);
    bool is_done = list && appearance_undo(list, text);
    if (!list || keeper_end(k, RC_OK, false, &err) != RC_OK) {
        str_copy(text, APPEARANCE_TEXT_BYTES, err.text);
        return true;
    }
    edited(k);
    return is_done;
}

static enum rc op_choose(void *self, const char *user_id, enum appearance_choice choice,
                         struct err *err)
{
    struct keeper *k = self;
    char *own = mem_dup(user_id);
    struct appearance *list = keeper_begin(k, err);
    enum rc rc = list ? RC_OK : err->rc;
    if (list && own)
        rc = appearance_choose(list, own, choice, err);
    else if (list)
        (void)appearance_choose_all(list, choice);
    mem_free(own);
    if (list)
        rc = keeper_end(k, rc, false, err);
    if (rc == RC_OK)
        edited(k);
    return rc;
}

static void op_show(void *self, bool is_shown)
{
    keeper_want(self, is_shown, is_shown, is_shown);
}
static void op_pull(void *self)
{
    keeper_pull(self);
}
static void op_push(void *self, bool is_when_idle)
{
    keeper_push(self, is_when_idle);
}
static void op_push_cancel(void *self)
{
    keeper_push_cancel(self);
}
static void op_set(void *self, const struct desk_settings *settings)
{
    keeper_set(self, settings);
}

void keeper_ops(struct keeper *k, struct ui_desk_ops *out)
{
    *out = (struct ui_desk_ops){
        .edit = op_edit,
        .undo = op_undo,
        .choose = op_choose,
        .show = op_show,
        .pull = op_pull,
        .push = op_push,
        .push_cancel = op_push_cancel,
        .set = op_set,
        .self = k,
    };
}

const struct ui_desk *keeper_desk(const struct keeper *k)
{
    return &k->desk;
}

bool keeper_is_live(const struct keeper *k)
{
    return k->is_live;
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
    k->extension = str_is_empty(config->extension) ? NULL : mem_dup(config->extension);
    k->reason = mem_dup(config->reason ? config->reason : "");
    keeper_desk_init(k);
    keeper_fault(k, "");
    k->desk.is_automatic = config->is_automatic;
    k->desk.is_read_only = config->session->is_read_only;
    char note[ERR_TEXT_BYTES] = "";
    const struct settings *settings = config->session->settings;
    enum rc rc = list_file_open(&k->file, config->folder, settings->profile, k->extension,
                                settings->server, note, err);
    if (rc != RC_OK) {
        keeper_free(k);
        return rc;
    }
    if (note[0])
        keeper_tell(k, true, "%s", note);
    k->desk.list = list_file_list(k->file);
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
    list_file_close(k->file);
    keeper_desk_fini(k);
    mem_free(k->extension);
    mem_free(k->reason);
    mem_free(k);
}
