/* Questions about a desk, and the news of its list. */
#include "desk_parts.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---- */

bool names_are_same(const struct ari_names *a, const struct ari_names *b)
{
    if (a->list.len != b->list.len)
        return false;
    for (size_t i = 0; i < a->list.len; i++)
        if (!str_eq(a->list.items[i].text, b->list.items[i].text))
            return false;
    return true;
}

void names_copy(struct ari_names *to, const struct ari_names *from)
{
    ari_names_fini(to);
    for (size_t i = 0; i < from->list.len; i++)
        VEC_PUSH(&to->list, from->list.items[i]);
}

bool names_have(const struct ari_names *names, const char *name)
{
    for (size_t i = 0; i < names->list.len; i++)
        if (str_eq(names->list.items[i].text, name))
            return true;
    return false;
}

static const struct backend_config *config_of(const struct ari_desk *desk)
{
    return desk->config.part.config;
}

bool desk_is_linked(const struct ari_desk *desk)
{
    const struct ari_part_config *part = &desk->config.part;
    return part->app(part->self) != NULL;
}

bool desk_may_write(const struct ari_desk *desk)
{
    return !config_of(desk)->is_read_only && config_of(desk)->ledger.put != NULL;
}

const char *desk_name_of(const struct ari_desk *desk, const char *extension)
{
    const struct ari_user *user = ari_people_by_extension(desk->config.people, extension);
    if (user != NULL && !str_is_empty(user->name))
        return user->name;
    const struct backend_user *line = ari_people_line(desk->config.people, extension);
    if (line != NULL && !str_is_empty(line->name))
        return line->name;
    const char *name = map_get(&desk->names, extension);
    return name != NULL ? name : "";
}

/* ---- whose desk it is ---- */

static bool has_endpoint(const struct backend_user *line, const char *endpoint)
{
    char own[ARI_NAME_BYTES];
    for (size_t i = 0; i < line->endpoints_len; i++)
        if (str_eq(line->endpoints[i], endpoint))
            return true;
    snprintf(own, sizeof own, "PJSIP/%s", line->extension);
    return line->endpoints_len == 0 && str_eq(own, endpoint);
}

static char *find_own(const struct backend_config *config)
{
    const char *slash = config->phone != NULL ? strchr(config->phone, '/') : NULL;
    for (size_t i = 0; slash != NULL && i < config->users_len; i++)
        if (has_endpoint(&config->users[i], config->phone))
            return mem_dup(config->users[i].extension);
    bool is_number =
        slash != NULL && slash[1] != '\0' && strspn(slash + 1, "0123456789") == strlen(slash + 1);
    return is_number ? mem_dup(slash + 1) : NULL;
}

/* ---- what is to be finished ---- */

static void on_again(void *self);

void desk_note_open(struct ari_desk *desk, const struct list_note *note)
{
    const struct io *io = desk->config.part.io;
    VEC_PUSH(&desk->open, *note);
    if (desk->again == NULL)
        desk->again = io->timer(io->net, ARI_LIST_AGAIN_MS, on_again, desk);
}

static void tell_left(struct ari_desk *desk)
{
    void (*left)(void *self) = desk->left;
    for (size_t i = 0; i < desk->jobs.len; i++)
        if (list_writes(desk->jobs.items[i]))
            return;
    desk->left = NULL;
    if (left != NULL)
        left(desk->left_self);
}

static void on_finished(void *owner, struct list_job *job)
{
    struct ari_desk *desk = owner;
    if (job->rc != RC_OK)
        log_info("ari", "the list %s: %s", job->extension, job->text);
    tell_left(desk);
}

void desk_finish_change(struct ari_desk *desk, const char *extension, const struct list_note *note)
{
    struct list_job *job = list_start(desk, LIST_FINISH, extension, on_finished, desk);
    if (note != NULL)
        job->note = *note;
    list_go(job);
}

void desk_finish_open(struct ari_desk *desk)
{
    if (!desk->is_synced || !desk_is_linked(desk) || !desk_may_write(desk) || desk->left != NULL)
        return;
    while (desk->open.len > 0) {
        struct list_note note = desk->open.items[0];
        VEC_REMOVE(&desk->open, 0);
        const char *start = note.thing + strlen(LIST_THING), *mark = strrchr(start, LIST_MARK);
        char *extension = mem_dup_n(start, (size_t)(mark - start));
        desk_finish_change(desk, extension, &note);
        mem_free(extension);
    }
}

static void on_again(void *self)
{
    struct ari_desk *desk = self;
    desk->again = NULL;
    desk_finish_open(desk);
}

bool ari_desk_owns(const char *thing)
{
    const char *mark = strrchr(thing, LIST_MARK);
    return str_starts(thing, LIST_THING) && mark != NULL && mark[1] != '\0' &&
           strlen(mark + 1) < LIST_MARK_BYTES;
}

void ari_desk_clean(struct ari_desk *desk, const char *thing,
                    void (*gone)(void *self, const char *thing), void *self)
{
    const struct io *io = desk->config.part.io;
    struct list_note note = {mem_dup(thing), gone, self};
    VEC_PUSH(&desk->open, note);
    if (desk->again == NULL)
        desk->again = io->timer(io->net, 0, on_again, desk);
}

/* ---- the answer to a question ---- */

static void take_out(const struct desk_ask *ask)
{
    struct ari_desk *desk = ask->desk;
    for (size_t i = 0; i < desk->asks.len; i++) {
        if (desk->asks.items[i] == ask) {
            VEC_REMOVE(&desk->asks, i);
            break;
        }
    }
}

void desk_ask_free(struct desk_ask *ask)
{
    struct ari_desk *desk = ask->desk;
    take_out(ask);
    if (ask->job != NULL)
        ask->job->owner = NULL; /* a write is not left half done */
    desk->config.part.io->timer_stop(ask->turn);
    desk_people_free(ask);
    ari_names_fini(&ask->lines);
    mem_free(ask->refused);
    mem_free(ask->extension);
    mem_free(ask);
}

void desk_ask_tell(struct desk_ask *ask, struct desk_answer *answer)
{
    if (answer->text == NULL)
        answer->text = "";
    answer->own_extension = ask->desk->own;
    take_out(ask); /* done() may forget everything of its self */
    ask->done(ask->self, answer);
    desk_ask_free(ask);
}

void desk_ask_fail(struct desk_ask *ask, enum rc rc, const char *text)
{
    struct desk_answer answer = {.rc = rc, .text = text};
    desk_ask_tell(ask, &answer);
}

static void tell_lines(struct desk_ask *ask, enum rc rc, const char *text,
                       const struct ari_names *list)
{
    VEC(struct desk_line) lines = {0};
    VEC(char *) ids = {0};
    for (size_t i = 0; i < list->list.len; i++) {
        const char *extension = list->list.items[i].text;
        char id[24];
        snprintf(id, sizeof id, "%zu", i + 1);
        VEC_PUSH(&ids, mem_dup(id));
        struct desk_line line = {.id = ids.items[i],
                                 .user_id = extension,
                                 .extension = extension,
                                 .name = desk_name_of(ask->desk, extension),
                                 .refused = ask->refused != NULL ? ask->refused[i] : NULL};
        VEC_PUSH(&lines, line);
    }
    struct desk_answer answer = {.rc = rc,
                                 .text = text,
                                 .lines = lines.items,
                                 .lines_len = lines.len,
                                 .limit = ARI_LIST_LINES_MAX};
    desk_ask_tell(ask, &answer);
    for (size_t i = 0; i < ids.len; i++)
        mem_free(ids.items[i]);
    VEC_FREE(&ids);
    VEC_FREE(&lines);
}

/* What is known already, in a turn of its own. */
static void on_turn(void *self)
{
    struct desk_ask *ask = self;
    ask->turn = NULL;
    if (ask->refused != NULL)
        tell_lines(ask, ask->rc, ask->text, &ask->lines);
    else
        desk_ask_fail(ask, ask->rc, ask->text);
}

static void answer_soon(struct desk_ask *ask, enum rc rc, const char *text)
{
    const struct io *io = ask->desk->config.part.io;
    ask->rc = rc;
    str_copy(ask->text, sizeof ask->text, text);
    ask->turn = io->timer(io->net, 0, on_turn, ask);
}

/* ---- the list ---- */

static bool is_own(const struct ari_desk *desk, const char *extension)
{
    return desk->own != NULL && str_eq(extension, desk->own);
}

static void note_none(struct ari_desk *desk, const struct list_job *job)
{
    desk_forget_refusal(desk);
    desk->no_list = mem_dup(job->text);
}

/* Whether the server stores lists at all shows only when it is to store one. */
static void note_refusal(struct ari_desk *desk, const struct list_job *job)
{
    bool is_told = job->rc == RC_DENIED && (job->is_storeless || job->what == LIST_WRITE);
    if (is_told && is_own(desk, job->extension) && job->stored.list.len == 0)
        note_none(desk, job);
}

void desk_forget_refusal(struct ari_desk *desk)
{
    mem_free(desk->no_list);
    desk->no_list = NULL;
    desk->is_no_list_old = false;
}

static void on_tried(void *owner, struct list_job *job)
{
    struct desk_ask *ask = owner;
    struct ari_desk *desk = job->desk;
    bool is_asked = config_of(desk)->is_checking || desk->is_no_list_old;
    desk->is_tried = job->rc == RC_OK || job->rc == RC_DENIED;
    if (job->rc == RC_DENIED)
        desk->is_no_list_old = false;
    if (job->rc == RC_OK)
        desk_forget_refusal(desk);
    else if (job->is_storeless && !config_of(desk)->is_checking)
        note_none(desk, job);
    if (ask != NULL) {
        ask->job = NULL;
        /* Who may write nothing is no worse off than who has nothing stored. */
        if (job->rc == RC_OK || (job->rc == RC_DENIED && !job->is_storeless && !is_asked))
            tell_lines(ask, RC_OK, "", &desk_watch(desk, ask->extension)->known);
        else
            desk_ask_fail(ask, job->rc, job->text);
    }
    tell_left(desk);
}

/* What was read tells little, as long as it is not known whether a list can be stored. */
static bool is_to_be_tried(const struct desk_ask *ask, const struct list_job *job, bool is_none)
{
    const struct ari_desk *desk = ask->desk;
    bool is_missed = ask->is_missed && !desk->is_tried && job->stored.list.len == 0 &&
                     is_own(desk, ask->extension);
    if (ask->kind != DESK_LIST || !desk_may_write(desk))
        return false;
    return config_of(desk)->is_checking || (is_none ? desk->is_no_list_old : is_missed);
}

static void on_list(void *owner, struct list_job *job)
{
    struct desk_ask *ask = owner;
    struct ari_desk *desk = job->desk;
    bool is_told = job->rc == RC_OK || job->rc == RC_CHANGED;
    note_refusal(desk, job);
    if (is_told)
        desk_learn(desk_watch(desk, job->extension), &job->stored, false);
    desk_look_after(desk, job);
    bool is_none = desk_is_none(desk, job->extension, &job->stored);
    if (ask != NULL) {
        ask->job = NULL;
        if (is_told && is_to_be_tried(ask, job, is_none)) {
            char extension[ARI_ID_BYTES];
            snprintf(extension, sizeof extension, "%s" LIST_TRY_SUFFIX, ask->extension);
            ask->job = list_start(desk, LIST_TRY, extension, on_tried, ask);
            list_go(ask->job);
        } else if (is_told && is_none) {
            desk_ask_fail(ask, RC_DENIED, desk->no_list);
        } else if (is_told) {
            tell_lines(ask, job->rc, job->text, &job->stored);
        } else {
            desk_ask_fail(ask, job->rc, job->text);
        }
    }
    tell_left(desk);
}

/* Why a line cannot be stored; NULL when it can. */
static const char *line_lacks(const struct ari_names *before, const char *extension)
{
    size_t len = strlen(extension);
    if (len == 0)
        return "no extension: Asterisk's list holds extensions";
    if (len >= ARI_NUMBER_BYTES || strchr(extension, ',') != NULL ||
        strpbrk(extension, " \t\r\n") != NULL)
        return "not storable: an extension has no blank and no comma, and is short";
    if (names_have(before, extension))
        return "is in the list already: Asterisk keeps each extension once";
    return before->list.len >= ARI_LIST_LINES_MAX ? "beyond the lines that a list can have" : NULL;
}

static const char *extension_of(const struct desk_line *line)
{
    return !str_is_empty(line->extension) ? line->extension
           : line->user_id != NULL        ? line->user_id
                                          : "";
}

static void read_lines(struct ari_names *to, const struct desk_line *lines, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct ari_id name = {0};
        str_copy(name.text, sizeof name.text, extension_of(&lines[i]));
        VEC_PUSH(&to->list, name);
    }
}

/* False: some lines are refused, and say why. */
static bool check_lines(struct desk_ask *ask, const struct desk_question *question)
{
    const char **why = mem_zero(question->lines_len + 1, sizeof *why);
    struct ari_names good = {0};
    size_t bytes = 0, bad = 0;
    for (size_t i = 0; i < question->lines_len; i++) {
        const char *extension = extension_of(&question->lines[i]);
        why[i] = line_lacks(&good, extension);
        bytes += strlen(extension) + 1;
        if (why[i] == NULL && bytes > ARI_LIST_BYTES_MAX)
            why[i] = "beyond what a list of Asterisk can hold";
        bad += why[i] != NULL;
        if (why[i] == NULL)
            read_lines(&good, &question->lines[i], 1);
    }
    ari_names_fini(&good);
    if (bad == 0) {
        mem_free(why);
        return true;
    }
    ask->refused = why;
    read_lines(&ask->lines, question->lines, question->lines_len);
    return false;
}

static void ask_write(struct desk_ask *ask, const struct desk_question *question)
{
    struct ari_desk *desk = ask->desk;
    if (config_of(desk)->is_read_only) {
        answer_soon(ask, RC_DENIED, "--read-only: nothing is written");
    } else if (!desk_may_write(desk)) {
        answer_soon(ask, RC_DENIED, "what is begun at the server cannot be written down here");
    } else if (!check_lines(ask, question)) {
        answer_soon(ask, RC_REFUSED, "some lines cannot be stored");
    } else {
        ask->job = list_start(desk, LIST_WRITE, ask->extension, on_list, ask);
        read_lines(&ask->job->wanted, question->lines, question->lines_len);
        read_lines(&ask->job->before, question->before, question->before_len);
        list_go(ask->job);
    }
}

/* In a turn of its own: users come and go by it. */
static void on_here(void *self)
{
    struct desk_ask *ask = self;
    struct ari_desk *desk = ask->desk;
    ask->turn = NULL;
    bool is_none = desk->no_list != NULL;
    if (is_none && ari_people_take_keys(desk->config.people, &ask->lines))
        desk->config.listed(desk->config.part.self, true);
    desk_ask_fail(ask, is_none ? RC_OK : RC_DENIED, is_none ? "" : "the server stores the list");
}

static void ask_here(struct desk_ask *ask, const struct desk_question *question)
{
    const struct io *io = ask->desk->config.part.io;
    read_lines(&ask->lines, question->lines, question->lines_len);
    ask->turn = io->timer(io->net, 0, on_here, ask);
}

/* ---- the settings: the profile's own ---- */

static const char *const settings_missing[6] = {
    "set ring_when_monitored_rings in the profile of the configuration file",
    "set pick_up_held_lines in the profile of the configuration file",
    "Asterisk shares the state of every phone: limit it by hints and contexts in its dialplan",
    "Asterisk shares call details with everybody who may use ARI: limit that in ari.conf",
    "Asterisk has no such rights: call_group and pickup_group of the endpoints say who picks up",
    "Asterisk has no such rights: limit who sees whom by hints and contexts in its dialplan",
};

static void on_settings(void *self)
{
    struct desk_ask *ask = self;
    const struct monitor_settings *own = &config_of(ask->desk)->settings;
    struct desk_answer answer = {.rc = RC_OK};
    ask->turn = NULL;
    for (size_t i = 0; i < sizeof settings_missing / sizeof settings_missing[0]; i++)
        answer.settings.missing[i] = settings_missing[i];
    if (str_eq(ask->extension, ask->desk->own)) {
        answer.settings.has = DESK_HAS_RING | DESK_HAS_PICKUP;
        answer.settings.rings_when_monitored = own->ring_when_monitored_rings;
        answer.settings.picks_up_held = own->pick_up_held_lines;
    } else {
        answer.settings.missing[0] = answer.settings.missing[1] =
            "it is set in the configuration file of the person whose desk it is";
    }
    desk_ask_tell(ask, &answer);
}

static void ask_settings_write(struct desk_ask *ask, const struct desk_question *question)
{
    unsigned has = question->settings != NULL ? question->settings->has : 0;
    for (size_t i = 0; i < sizeof settings_missing / sizeof settings_missing[0]; i++) {
        if (has & (1u << i)) {
            answer_soon(ask, RC_DENIED, settings_missing[i]);
            return;
        }
    }
    ask->turn =
        ask->desk->config.part.io->timer(ask->desk->config.part.io->net, 0, on_settings, ask);
}

/* ---- questions ---- */

static void ask_list(struct desk_ask *ask)
{
    desk_watch(ask->desk, ask->extension);
    ask->job = list_start(ask->desk, LIST_READ, ask->extension, on_list, ask);
    list_go(ask->job);
}

void ari_desk_ask(struct ari_desk *desk, const struct desk_question *question, desk_done *done,
                  void *self)
{
    const struct io *io = desk->config.part.io;
    const char *extension = question->extension != NULL ? question->extension : desk->own;
    bool is_of_server = question->kind != DESK_SETTINGS && question->kind != DESK_SETTINGS_WRITE;
    struct desk_ask *ask = mem_zero(1, sizeof *ask);
    ask->desk = desk;
    ask->kind = question->kind;
    ask->is_missed = question->is_missed;
    ask->extension = mem_dup(extension != NULL ? extension : "");
    ask->done = done;
    ask->self = self;
    VEC_PUSH(&desk->asks, ask);
    if (str_is_empty(extension) && is_of_server && question->kind != DESK_PEOPLE) {
        answer_soon(ask, RC_DENIED,
                    "whose list it is is not known: set phone = PJSIP/EXT in the profile");
        return;
    }
    if (strlen(ask->extension) >= ARI_NUMBER_BYTES) {
        answer_soon(ask, RC_NOT_FOUND, "no extension is that long");
        return;
    }
    if (is_of_server && (!desk_is_linked(desk) || desk->left != NULL)) {
        answer_soon(ask, RC_UNREACHABLE, "there is no connection to the server now");
        return;
    }
    switch (question->kind) {
    case DESK_PEOPLE:
    case DESK_PHONES: desk_people_ask(ask); break;
    case DESK_LIST: ask_list(ask); break;
    case DESK_LIST_WRITE: ask_write(ask, question); break;
    case DESK_LIST_HERE: ask_here(ask, question); break;
    case DESK_SETTINGS: ask->turn = io->timer(io->net, 0, on_settings, ask); break;
    case DESK_SETTINGS_WRITE: ask_settings_write(ask, question); break;
    }
}

void ari_desk_forget(struct ari_desk *desk, const void *self)
{
    for (size_t i = desk->asks.len; i-- > 0;)
        if (desk->asks.items[i]->self == self)
            desk_ask_free(desk->asks.items[i]);
}

/* ---- leaving ---- */

bool ari_desk_leave(struct ari_desk *desk, void (*done)(void *self), void *self)
{
    bool is_any = false;
    for (size_t i = desk->jobs.len; i-- > 0;)
        if (list_is_waiting(desk->jobs.items[i]))
            list_quit(desk->jobs.items[i]);
    for (size_t i = 0; i < desk->jobs.len; i++)
        is_any |= list_writes(desk->jobs.items[i]);
    desk->left = is_any ? done : NULL;
    desk->left_self = self;
    return is_any;
}

/* ---- the beginning and the end ---- */

struct ari_desk *ari_desk_new(const struct ari_desk_config *config)
{
    struct ari_desk *desk = mem_zero(1, sizeof *desk);
    desk->config = *config;
    desk->own = find_own(config->part.config);
    if (desk->own != NULL)
        desk_watch(desk, desk->own);
    return desk;
}

void ari_desk_free(struct ari_desk *desk)
{
    if (desk == NULL)
        return;
    while (desk->asks.len > 0)
        desk_ask_free(desk->asks.items[0]);
    for (size_t i = 0; i < desk->jobs.len; i++)
        list_free(desk->jobs.items[i]);
    for (size_t i = 0; i < desk->watches.len; i++)
        desk_watch_free(desk->watches.items[i]);
    for (size_t i = 0; i < desk->open.len; i++)
        mem_free(desk->open.items[i].thing);
    VEC_FREE(&desk->asks);
    VEC_FREE(&desk->jobs);
    VEC_FREE(&desk->watches);
    VEC_FREE(&desk->open);
    map_fini(&desk->names, mem_free);
    desk->config.part.io->timer_stop(desk->again);
    mem_free(desk->no_list);
    mem_free(desk->own);
    mem_free(desk);
}
