/* Our own supervision, as a table: its state and what is told of an action make a move. */
#include "callhud/model/supervision.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/model/action.h"

/* What an event is to the supervision, by its stage and by which action it speaks of. */
enum news {
    /* of the action asked last */
    NEWS_ASKED, /* a mode, a take over, a pick up */
    NEWS_STOP,  /* asked to stop */
    NEWS_PHONE,
    NEWS_CONFIRMED, /* a mode */
    NEWS_DONE,      /* confirmed, and that is all of it: take over, pick up, stop */
    NEWS_UNSURE,
    NEWS_ENDED,
    NEWS_FAILED,
    /* of the action whose mode is on, when another was asked for since */
    NEWS_BASE_CONFIRMED,
    NEWS_BASE_UNSURE,
    NEWS_BASE_OVER,
    /* of an action that was under way when another was asked for */
    NEWS_BEFORE_CONFIRMED,
    NEWS_BEFORE_OVER,
    NEWS_COUNT,
    NEWS_NONE = NEWS_COUNT /* not ours, or of an action that is forgotten */
};

/* Each answers whether something shown has changed. */
typedef bool (*move_fn)(struct supervision *s, const struct event *event, int64_t now_ms);

/* ---- pieces ---------------------------------------------------------------------------------- */

static bool set_text(char **field, const char *text)
{
    if (str_eq(*field, text))
        return false;
    mem_free(*field);
    *field = mem_dup(text);
    return true;
}

static bool is_under_way(const struct supervision *s)
{
    return s->state == SUPERVISION_ASKED || s->state == SUPERVISION_PHONE ||
           s->state == SUPERVISION_CHANGING || s->state == SUPERVISION_ENDING;
}

static void forget_next(struct supervision *s)
{
    (void)set_text(&s->next_user_id, NULL);
    (void)set_text(&s->next_call_id, NULL);
}

static bool is_target(const struct supervision *s, const struct event *event)
{
    return str_eq(s->user_id, event->user_id) && str_eq(s->call_id, event->u.action.call_id);
}

static bool set_target(struct supervision *s, const char *user_id, const char *call_id)
{
    bool is_other = set_text(&s->user_id, user_id);
    return set_text(&s->call_id, call_id) || is_other;
}

/* Does the event name its call? Then that is the one. */
static bool has_target(const struct event *event)
{
    return !str_is_empty(event->user_id) && !str_is_empty(event->u.action.call_id);
}

static void note_last(struct supervision *s, enum action_stage stage, const char *text)
{
    s->last = stage;
    (void)set_text(&s->last_text, text ? text : "");
}

static void forget_mode(struct supervision *s)
{
    s->mode = SUPERVISE_UNKNOWN;
    s->mode_id = 0;
    s->begin_ms = 0;
    s->is_unsure = false;
}

static enum supervise_mode mode_of(const struct event *event)
{
    enum supervise_mode mode = event->u.action.mode;
    return mode != SUPERVISE_UNKNOWN ? mode : action_mode(event->u.action.kind);
}

/* The mode that an event says is on, begun now unless it is on already. */
static bool set_mode(struct supervision *s, const struct event *event, int64_t now_ms)
{
    bool is_other = s->mode != mode_of(event) || s->is_unsure;
    if (s->mode == SUPERVISE_UNKNOWN || (has_target(event) && !is_target(s, event)))
        s->begin_ms = now_ms;
    s->mode = mode_of(event);
    s->mode_id = event->u.action.id;
    s->is_unsure = false;
    if (s->before_id == event->u.action.id)
        s->before_id = 0;
    return is_other;
}

static void ask(struct supervision *s, const struct event *event, int64_t now_ms)
{
    if (is_under_way(s)) {
        s->before_id = s->action_id;
        s->before = s->asked;
    }
    s->action_id = event->u.action.id;
    s->asked = event->u.action.kind;
    s->asked_ms = now_ms;
    (void)set_text(&s->text, NULL);
}

/* ---- moves ----------------------------------------------------------------------------------- */

static bool move_ask(struct supervision *s, const struct event *event, int64_t now_ms)
{
    ask(s, event, now_ms);
    forget_next(s);
    if (s->mode == SUPERVISE_UNKNOWN) {
        s->state = SUPERVISION_ASKED;
        (void)set_target(s, event->user_id, event->u.action.call_id);
        return true;
    }
    s->state = SUPERVISION_CHANGING;
    if (!is_target(s, event)) {
        (void)set_text(&s->next_user_id, event->user_id);
        (void)set_text(&s->next_call_id, event->u.action.call_id);
    }
    return true;
}

static bool move_stop(struct supervision *s, const struct event *event, int64_t now_ms)
{
    ask(s, event, now_ms);
    s->state = SUPERVISION_ENDING;
    return true;
}

static bool move_ring(struct supervision *s, const struct event *event, int64_t now_ms)
{
    bool is_other = s->state != SUPERVISION_PHONE;
    (void)now_ms;
    s->state = SUPERVISION_PHONE;
    return set_text(&s->text, event->u.action.text) || is_other;
}

static bool move_tell(struct supervision *s, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    return set_text(&s->text, event->u.action.text);
}

static bool move_confirm(struct supervision *s, const struct event *event, int64_t now_ms)
{
    bool is_other = s->state != SUPERVISION_CONFIRMED;
    if (s->next_call_id) {
        (void)set_target(s, s->next_user_id, s->next_call_id);
        forget_next(s);
        forget_mode(s);
    }
    is_other |= set_mode(s, event, now_ms);
    if (has_target(event))
        is_other |= set_target(s, event->user_id, event->u.action.call_id);
    s->state = SUPERVISION_CONFIRMED;
    s->action_id = event->u.action.id;
    s->before_id = 0;
    return set_text(&s->text, NULL) || is_other;
}

/* An older action's mode is on, while the newest is under way. */
static bool move_note(struct supervision *s, const struct event *event, int64_t now_ms)
{
    bool is_other = s->mode == SUPERVISE_UNKNOWN;
    is_other |= set_mode(s, event, now_ms);
    if (has_target(event) && !is_target(s, event)) {
        if (!s->next_call_id) {
            (void)set_text(&s->next_user_id, s->user_id);
            (void)set_text(&s->next_call_id, s->call_id);
        }
        (void)set_target(s, event->user_id, event->u.action.call_id);
        is_other = true;
    }
    if (s->state != SUPERVISION_ENDING)
        s->state = SUPERVISION_CHANGING;
    return is_other;
}

static bool move_doubt(struct supervision *s, const struct event *event, int64_t now_ms)
{
    (void)event;
    (void)now_ms;
    s->is_unsure = true;
    s->state = SUPERVISION_UNSURE;
    forget_next(s);
    (void)set_text(&s->text, NULL);
    return true;
}

/* The mode is in doubt, but that another one, or the end, was asked for goes before it. */
static bool move_doubt_below(struct supervision *s, const struct event *event, int64_t now_ms)
{
    bool is_other = !s->is_unsure;
    (void)event;
    (void)now_ms;
    s->is_unsure = s->mode != SUPERVISE_UNKNOWN;
    return is_other && s->is_unsure;
}

static bool move_over(struct supervision *s, const struct event *event, int64_t now_ms)
{
    enum action_stage stage = event->u.action.stage;
    (void)now_ms;
    note_last(
        s, event->u.action.kind == ACTION_STOP && stage == ACTION_CONFIRMED ? ACTION_ENDED : stage,
        event->u.action.text);
    s->state = SUPERVISION_NONE;
    s->asked_ms = 0;
    forget_mode(s);
    forget_next(s);
    (void)set_target(s, NULL, NULL);
    (void)set_text(&s->text, NULL);
    if (stage != ACTION_FAILED)
        s->before_id = 0;
    return true;
}

/* A stop has failed: what was under way when it was asked for is so again. */
static void unstop(struct supervision *s)
{
    s->action_id = s->before_id;
    s->asked = s->before;
    s->before_id = 0;
    s->state = s->asked == ACTION_STOP        ? SUPERVISION_ENDING
               : s->mode == SUPERVISE_UNKNOWN ? SUPERVISION_ASKED
                                              : SUPERVISION_CHANGING;
}

/* What was asked for last has failed: all is as it was before. */
static bool move_back(struct supervision *s, const struct event *event, int64_t now_ms)
{
    bool is_unstopped = s->asked == ACTION_STOP && s->before_id;
    if (s->mode == SUPERVISE_UNKNOWN && !is_unstopped)
        return move_over(s, event, now_ms);
    note_last(s, ACTION_FAILED, event->u.action.text);
    (void)set_text(&s->text, NULL);
    if (is_unstopped) {
        unstop(s);
        return true;
    }
    forget_next(s);
    s->state = s->is_unsure ? SUPERVISION_UNSURE : SUPERVISION_CONFIRMED;
    return true;
}

/* The mode that was on is over, and what was asked for since goes on. */
static bool move_bare(struct supervision *s, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    note_last(s, ACTION_ENDED, event->u.action.text);
    forget_mode(s);
    if (s->next_call_id)
        (void)set_target(s, s->next_user_id, s->next_call_id);
    forget_next(s);
    s->state =
        s->text ? SUPERVISION_PHONE : SUPERVISION_ASKED; /* only a ringing phone has a text */
    return true;
}

static bool move_forget(struct supervision *s, const struct event *event, int64_t now_ms)
{
    (void)event;
    (void)now_ms;
    s->before_id = 0;
    return false;
}

/* NULL: nothing is done. */
static const move_fn table[][NEWS_COUNT] = {
    [SUPERVISION_NONE] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_BEFORE_CONFIRMED] = move_confirm,
            [NEWS_BEFORE_OVER] = move_forget,
        },
    [SUPERVISION_ASKED] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_STOP] = move_stop,
            [NEWS_PHONE] = move_ring,
            [NEWS_CONFIRMED] = move_confirm,
            [NEWS_DONE] = move_over,
            [NEWS_ENDED] = move_over,
            [NEWS_FAILED] = move_back,
            [NEWS_BEFORE_CONFIRMED] = move_note,
            [NEWS_BEFORE_OVER] = move_forget,
        },
    [SUPERVISION_PHONE] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_STOP] = move_stop,
            [NEWS_PHONE] = move_ring,
            [NEWS_CONFIRMED] = move_confirm,
            [NEWS_DONE] = move_over,
            [NEWS_ENDED] = move_over,
            [NEWS_FAILED] = move_back,
            [NEWS_BEFORE_CONFIRMED] = move_note,
            [NEWS_BEFORE_OVER] = move_forget,
        },
    [SUPERVISION_CONFIRMED] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_STOP] = move_stop,
            [NEWS_CONFIRMED] = move_confirm,
            [NEWS_DONE] = move_over,
            [NEWS_UNSURE] = move_doubt,
            [NEWS_ENDED] = move_over,
            [NEWS_FAILED] = move_back,
            [NEWS_BASE_CONFIRMED] = move_confirm,
            [NEWS_BASE_UNSURE] = move_doubt,
            [NEWS_BASE_OVER] = move_over,
            [NEWS_BEFORE_CONFIRMED] = move_confirm,
            [NEWS_BEFORE_OVER] = move_forget,
        },
    [SUPERVISION_CHANGING] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_STOP] = move_stop,
            [NEWS_PHONE] = move_tell,
            [NEWS_CONFIRMED] = move_confirm,
            [NEWS_DONE] = move_over,
            [NEWS_UNSURE] = move_doubt,
            [NEWS_ENDED] = move_over,
            [NEWS_FAILED] = move_back,
            [NEWS_BASE_CONFIRMED] = move_note,
            [NEWS_BASE_UNSURE] = move_doubt_below,
            [NEWS_BASE_OVER] = move_bare,
            [NEWS_BEFORE_CONFIRMED] = move_note,
            [NEWS_BEFORE_OVER] = move_forget,
        },
    [SUPERVISION_UNSURE] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_STOP] = move_stop,
            [NEWS_CONFIRMED] = move_confirm,
            [NEWS_DONE] = move_over,
            [NEWS_ENDED] = move_over,
            [NEWS_FAILED] = move_back,
            [NEWS_BASE_CONFIRMED] = move_confirm,
            [NEWS_BASE_OVER] = move_over,
            [NEWS_BEFORE_CONFIRMED] = move_confirm,
            [NEWS_BEFORE_OVER] = move_forget,
        },
    [SUPERVISION_ENDING] =
        {
            [NEWS_ASKED] = move_ask,
            [NEWS_STOP] = move_stop,
            [NEWS_DONE] = move_over,
            [NEWS_UNSURE] = move_doubt_below,
            [NEWS_ENDED] = move_over,
            [NEWS_FAILED] = move_back,
            [NEWS_BASE_CONFIRMED] = move_note,
            [NEWS_BASE_UNSURE] = move_doubt_below,
            [NEWS_BASE_OVER] = move_over,
            [NEWS_BEFORE_CONFIRMED] = move_note,
            [NEWS_BEFORE_OVER] = move_forget,
        },
};

/* ---- what an event is ------------------------------------------------------------------------ */

static enum news news_of_newest(const struct event *event)
{
    bool is_mode = action_row(event->u.action.kind)->is_mode;
    switch (event->u.action.stage) {
    case ACTION_ASKED: return NEWS_NONE; /* told already */
    case ACTION_PHONE: return NEWS_PHONE;
    case ACTION_CONFIRMED: return is_mode ? NEWS_CONFIRMED : NEWS_DONE;
    case ACTION_UNSURE: return NEWS_UNSURE;
    case ACTION_ENDED: return NEWS_ENDED;
    case ACTION_FAILED: return NEWS_FAILED;
    }
    return NEWS_NONE;
}

static enum news news_of_base(const struct event *event)
{
    switch (event->u.action.stage) {
    case ACTION_CONFIRMED: return NEWS_BASE_CONFIRMED;
    case ACTION_UNSURE: return NEWS_BASE_UNSURE;
    case ACTION_ENDED: return NEWS_BASE_OVER;
    default: return NEWS_NONE;
    }
}

static enum news news_of_before(const struct supervision *s, const struct event *event)
{
    bool is_mode = action_row(event->u.action.kind)->is_mode;
    enum action_stage stage = event->u.action.stage;
    if (stage == ACTION_CONFIRMED && is_mode)
        return NEWS_BEFORE_CONFIRMED;
    if (stage != ACTION_CONFIRMED && stage != ACTION_ENDED && stage != ACTION_FAILED)
        return NEWS_NONE;
    /* A stop that another wish came after has ended what was on. */
    bool is_stop = s->before == ACTION_STOP && stage != ACTION_FAILED;
    bool is_stopped = is_stop && (s->mode_id || s->state == SUPERVISION_ENDING);
    return is_stopped ? NEWS_BASE_OVER : NEWS_BEFORE_OVER;
}

static enum news news_of(const struct supervision *s, const struct event *event)
{
    const struct action_row *row = action_row(event->u.action.kind);
    uint32_t id = event->u.action.id;
    if (!row->uses_phone && event->u.action.kind != ACTION_STOP)
        return NEWS_NONE;
    bool is_on = s->state != SUPERVISION_NONE;
    if (event->u.action.stage == ACTION_ASKED && !(is_on && id == s->action_id))
        return event->u.action.kind == ACTION_STOP ? NEWS_STOP : NEWS_ASKED;
    if (id == s->action_id)
        return news_of_newest(event);
    if (s->mode_id && id == s->mode_id)
        return news_of_base(event);
    if (s->before_id && id == s->before_id)
        return news_of_before(s, event);
    return NEWS_NONE;
}

/* ---- the contract ---------------------------------------------------------------------------- */

void supervision_fini(struct supervision *s)
{
    mem_free(s->user_id);
    mem_free(s->call_id);
    mem_free(s->next_user_id);
    mem_free(s->next_call_id);
    mem_free(s->text);
    mem_free(s->last_text);
    *s = (struct supervision){.state = SUPERVISION_NONE};
}

void supervision_copy(struct supervision *to, const struct supervision *from)
{
    *to = *from;
    to->user_id = mem_dup(from->user_id);
    to->call_id = mem_dup(from->call_id);
    to->next_user_id = mem_dup(from->next_user_id);
    to->next_call_id = mem_dup(from->next_call_id);
    to->text = mem_dup(from->text);
    to->last_text = mem_dup(from->last_text);
}

bool supervision_apply(struct supervision *s, const struct event *event, int64_t now_ms)
{
    if (event->kind != EVENT_ACTION || (unsigned)event->u.action.kind >= ACTION_COUNT)
        return false;
    enum news news = news_of(s, event);
    move_fn move = news == NEWS_NONE ? NULL : table[s->state][news];
    return move && move(s, event, now_ms);
}

bool supervision_is_on(const struct supervision *s)
{
    return s->state != SUPERVISION_NONE;
}

enum hears supervision_hears(const struct supervision *s)
{
    static const enum hears by_mode[] = {
        [SUPERVISE_UNKNOWN] = HEARS_UNSURE,
        [SUPERVISE_LISTEN] = HEARS_NOBODY,
        [SUPERVISE_WHISPER] = HEARS_AGENT,
        [SUPERVISE_BARGE] = HEARS_BOTH,
    };
    switch (s->state) {
    case SUPERVISION_NONE: return HEARS_NOBODY;
    case SUPERVISION_CONFIRMED: return by_mode[s->mode];
    /* Until it has ended, who heard us may hear us still. */
    case SUPERVISION_ENDING: return s->is_unsure ? HEARS_UNSURE : by_mode[s->mode];
    case SUPERVISION_ASKED:
    case SUPERVISION_PHONE:
    case SUPERVISION_CHANGING:
    case SUPERVISION_UNSURE: return HEARS_UNSURE;
    }
    return HEARS_UNSURE;
}

bool supervision_is_of(const struct supervision *s, const char *user_id, const char *call_id)
{
    return supervision_is_on(s) && s->user_id && str_eq(s->user_id, user_id) &&
           (!call_id || str_eq(s->call_id, call_id));
}
