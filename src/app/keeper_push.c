/* Sending the list: the plan, the record, the phones that restart, what the backend refuses. */
#include "keeper_priv.h"

#include <stdio.h>
#include <stdlib.h>

static void push_step(struct keeper *k);

void keeper_push_end(struct keeper *k, enum rc rc, const char *text)
{
    struct err err = {0};
    if (k->begin)
        (void)keeper_record(k, rc == RC_OK ? "end" : "failed", "list push", k->begin, NULL,
                            rc == RC_OK ? "ok" : text, NULL, &err);
    k->begin = 0;
    k->is_pushing = k->is_push_allowed = k->is_push_again = false;
    k->desk.is_waiting = false;
    loop_timer_stop(k->idle);
    loop_timer_stop(k->turn);
    k->idle = k->turn = NULL;
    k->turn_ms = 0;
    list_file_turn_end(k->file);
    bool is_no = rc == RC_DENIED || rc == RC_REFUSED;
    int64_t pause_ms = is_no ? KEEPER_REFUSED_MS : rc == RC_FAILED ? KEEPER_FAILED_MS : 0;
    k->vain_ms = pause_ms > 0 ? session_now(k->session) + pause_ms : 0;
    bool is_off = rc == RC_CANCELLED; /* nothing was tried: the edits wait as before */
    k->desk.writing = rc == RC_OK ? UI_DESK_TOLD : is_off ? UI_DESK_UNKNOWN : UI_DESK_FAILED;
    keeper_fault(k, rc == RC_OK || is_off ? "" : text);
    if (rc != RC_OK && !is_off && !(k->is_ended_wanted && k->config.ended))
        keeper_tell(k, true, "not saved: %s", text);
    keeper_changed(k);
    keeper_ended(k, rc, text);
    if (rc == RC_OK && k->is_quiet_missed) /* only then: what a save leaves is not sent for ever */
        keeper_plan_quiet(k);
    if (k->is_pull_wanted)
        keeper_read(k);
}

/* What was sent was not written, for certain. */
static void forget_sent(struct keeper *k)
{
    struct err err = {0};
    struct appearance *list = keeper_begin(k, &err);
    if (!list)
        return;
    appearance_not_sent(list, k->sent_note);
    k->sent_note = 0;
    (void)keeper_end(k, RC_OK, true, &err);
}

/* The backend's word on the lines it does not take. The others are sent without them. */
static size_t refuse_lines(struct keeper *k, const struct desk_answer *answer)
{
    size_t refused = 0;
    struct err err = {0};
    struct appearance *list = keeper_begin(k, &err);
    if (!list)
        return 0;
    for (size_t i = 0; i < answer->lines_len; i++) {
        const struct desk_line *line = &answer->lines[i];
        const char *id = str_is_empty(line->user_id) ? line->extension : line->user_id;
        if (!line->refused || !appearance_refuse(list, id, line->refused))
            continue;
        refused++;
        keeper_tell(k, true, "line of %s is refused: %s",
                    str_is_empty(line->extension) ? id : line->extension, line->refused);
    }
    return keeper_end(k, RC_OK, true, &err) == RC_OK ? refused : 0;
}

/* The save goes on when the list was read. False: it cannot be asked for. */
static bool read_first(struct keeper *k)
{
    k->is_push_again = true;
    if (k->desk.reading != UI_DESK_ASKED)
        keeper_read(k);
    k->is_push_again = k->desk.reading == UI_DESK_ASKED;
    return k->is_push_again;
}

/* What is stored tells how it went. False: it was asked for often enough. */
static bool read_and_go_on(struct keeper *k)
{
    k->is_pull_wanted = true;
    if (k->tries++ >= KEEPER_TRIES)
        return false;
    return read_first(k);
}

static void saved(struct keeper *k, const struct desk_answer *answer)
{
    struct appearance_news news = {0};
    struct err err = {0};
    enum rc rc = keeper_merge(k, answer, k->write_at, &news, &err);
    if ((rc == RC_CHANGED || rc == RC_TIMEOUT) && read_and_go_on(k))
        return;
    if (rc != RC_OK) {
        keeper_push_end(k, rc, err.text);
        return;
    }
    k->desk.read_ms = session_now(k->session);
    struct appearance_counts counts = appearance_count(keeper_list(k));
    if (counts.unsaved > 0 && !k->config.is_asked_alone)
        keeper_tell(k, true, "saved, but for %zu %s: see the HUD list (e)", counts.unsaved,
                    counts.unsaved == 1 ? "line" : "lines");
    else
        keeper_tell(k, false, "the list is saved: both homes agree");
    keeper_push_end(k, RC_OK, "");
}

static void on_written(void *self, const struct desk_answer *answer)
{
    struct keeper *k = self;
    struct appearance_news news = {0};
    struct err err = {0};
    enum rc rc = RC_OK;
    k->desk.writing = UI_DESK_TOLD;
    k->is_write_denied = k->extension && answer->rc == RC_DENIED;
    keeper_deny(k, k->is_write_denied ? answer->text : "");
    if (answer->rc == RC_CHANGED || answer->rc == RC_REFUSED || answer->rc == RC_DENIED ||
        answer->rc == RC_NOT_FOUND)
        forget_sent(k);
    switch (answer->rc) {
    case RC_OK: saved(k, answer); return;
    case RC_CHANGED:
        rc = keeper_merge(k, answer, k->write_at, &news, &err);
        if ((rc == RC_CHANGED || rc == RC_TIMEOUT) && read_and_go_on(k))
            return;
        if (k->tries++ < KEEPER_TRIES && !err.text[0]) {
            keeper_tell_news(k, &news);
            push_step(k);
            return;
        }
        break;
    case RC_REFUSED:
        if (k->tries++ < KEEPER_TRIES && refuse_lines(k, answer) > 0) {
            push_step(k);
            return;
        }
        break;
    case RC_FAILED:
        if (read_and_go_on(k))
            return;
        break;
    case RC_DENIED: k->is_pull_wanted = true; break; /* does it store lists at all? */
    default: break;
    }
    keeper_push_end(k, answer->rc, err.text[0] ? err.text : answer->text);
}

void keeper_push_go_on(struct keeper *k, enum rc rc, const char *text)
{
    if (rc == RC_OK)
        push_step(k);
    else
        keeper_push_end(k, rc, text);
}

static struct desk_line to_desk(const struct stored_line *line, char id[12])
{
    (void)snprintf(id, 12, "%u", line->key);
    return (struct desk_line){.id = id,
                              .user_id = line->user.id,
                              .extension = line->user.extension,
                              .name = line->user.name,
                              .is_reserved = line->is_reserved};
}

static int by_key(const void *a, const void *b)
{
    const struct stored_line *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static bool write_list(struct keeper *k, const struct appearance_plan *plan)
{
    VEC(struct stored_line) stored = {0};
    const struct appearance *list = keeper_list(k);
    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (!line->stored)
            continue;
        struct stored_line old = {.key = line->stored_key,
                                  .is_reserved = line->state == LINE_RESERVED,
                                  .user = *line->stored};
        VEC_PUSH(&stored, old);
    }
    if (stored.len > 0)
        qsort(stored.items, stored.len, sizeof *stored.items, by_key);
    size_t all = plan->lines.len + stored.len;
    char(*ids)[12] = mem_zero(all + 1, sizeof *ids);
    struct desk_line *lines = mem_zero(all + 1, sizeof *lines);
    for (size_t i = 0; i < plan->lines.len; i++)
        lines[i] = to_desk(&plan->lines.items[i], ids[i]);
    for (size_t i = 0; i < stored.len; i++)
        lines[plan->lines.len + i] = to_desk(&stored.items[i], ids[plan->lines.len + i]);
    struct desk_question question = {.kind = DESK_LIST_WRITE,
                                     .lines = lines,
                                     .lines_len = plan->lines.len,
                                     .before = lines + plan->lines.len,
                                     .before_len = stored.len};
    bool is_asked = keeper_ask(k, &question, on_written);
    mem_free(lines);
    mem_free(ids);
    VEC_FREE(&stored);
    return is_asked;
}

/* The audit's record comes before the request; with audit = required there is no save without. */
static bool recorded(struct keeper *k, const struct appearance_plan *plan, struct err *err)
{
    char value[64];
    if (k->begin)
        return true;
    (void)snprintf(value, sizeof value, "%zu of %zu lines", plan->changes, plan->lines.len);
    return keeper_record(k, "begin", "list push", 0, value, NULL, &k->begin, err) == RC_OK;
}

/* The plan of the list as it is on disk now, and on disk before it is asked for: an edit made
 * meanwhile, also after a kill, is an edit of it. The plan borrows from the list, so it is good
 * until that is read again. */
static enum rc plan_to_send(struct keeper *k, struct appearance_plan *plan, struct err *err)
{
    struct appearance *list = keeper_begin(k, err);
    k->sent_note = 0;
    if (!list)
        return err->rc;
    if (!list_file_has_turn(k->file)) { /* it was taken over: the turn is that of another file */
        list_file_cancel(k->file);
        return err_set(err, RC_TIMEOUT, "another callhud of yours has taken this list over");
    }
    if (k->is_retry)
        appearance_retry(list);
    enum rc rc = appearance_plan(list, plan, err);
    if (rc == RC_OK && plan->is_needed)
        k->sent_note = appearance_sent(list, plan, keeper_wall_ms(k));
    k->write_at = list->readings;
    rc = keeper_end(k, rc, false, err);
    k->is_retry = k->is_retry && rc != RC_OK;
    return rc;
}

/* One message for each, up to a few. */
static void tell_excess(struct keeper *k, const appearance_users *users, const char *text)
{
    size_t told = users->len <= KEEPER_EXCESS_TOLD ? users->len : KEEPER_EXCESS_TOLD - 1;
    for (size_t i = 0; i < told; i++)
        keeper_tell(k, true, "line of %s is refused: %s",
                    users->items[users->len - 1 - i]->extension, text);
    if (users->len > told)
        keeper_tell(k, true, "%zu more lines are refused: %s", users->len - told, text);
}

/* More keys than the backend has room for: those added last are refused, the others are saved. */
static bool refuse_excess(struct keeper *k)
{
    struct err err = {0};
    char text[APPEARANCE_TEXT_BYTES];
    const uint32_t room = keeper_list(k)->max_lines;
    struct appearance *list = room > 0 ? keeper_begin(k, &err) : NULL;
    appearance_users users = {0};
    if (!list)
        return false;
    if (k->is_retry) /* once: what is refused here is not to be tried again in this save */
        appearance_retry(list);
    k->is_retry = false;
    (void)snprintf(text, sizeof text, "the list has room for %u keys: remove another one", room);
    appearance_refuse_excess(list, text, &users);
    bool is_refused = keeper_end(k, RC_OK, true, &err) == RC_OK && users.len > 0;
    if (is_refused)
        tell_excess(k, &users, text);
    VEC_FREE(&users);
    return is_refused;
}

static void on_turn(void *self)
{
    struct keeper *k = self;
    k->turn = NULL;
    push_step(k);
}

/* What another callhud does ends soon: the save goes on then. It has taken too long: the end. */
static void wait_turn(struct keeper *k, struct err *err)
{
    int64_t now_ms = session_now(k->session);
    if (!k->turn_ms)
        k->turn_ms = now_ms;
    if (err->rc == RC_TIMEOUT && now_ms - k->turn_ms < KEEPER_TURN_MS) {
        loop_timer_stop(k->turn);
        k->turn = loop_timer(k->session->loop, KEEPER_TURN_STEP_MS, on_turn, k);
        return;
    }
    struct err why = *err;
    if (err->rc == RC_TIMEOUT)
        err_set(&why, RC_TIMEOUT, "%.300s (waited for %d s)", err->text, KEEPER_TURN_MS / 1000);
    keeper_push_end(k, why.rc, why.text);
}

static void push_step(struct keeper *k)
{
    struct appearance_plan plan = {0};
    struct err err = {0};
    if (list_file_turn(k->file, &err) != RC_OK) { /* saves of one person queue */
        wait_turn(k, &err);
        return;
    }
    (void)list_file_refresh(k->file);
    bool is_open = keeper_list(k)->sent.len > 0 && !k->is_seen;
    k->is_seen = true;
    if ((is_open || k->desk.reading == UI_DESK_ASKED) && read_first(k))
        return; /* what became of a list that was sent is seen before the next is; and an answer
                   that is on its way would tell of what was before this one */
    enum rc rc = plan_to_send(k, &plan, &err);
    while (rc == RC_DENIED && keeper_list(k)->is_read && refuse_excess(k)) {
        appearance_plan_fini(&plan);
        rc = plan_to_send(k, &plan, &err);
    }
    if (rc == RC_TIMEOUT) { /* the file is another's just now */
        appearance_plan_fini(&plan);
        wait_turn(k, &err);
        return;
    }
    k->turn_ms = 0;
    if (rc == RC_OK && !plan.is_needed) {
        appearance_plan_fini(&plan);
        keeper_push_end(k, RC_OK, "");
        return;
    }
    if (rc == RC_OK && !recorded(k, &plan, &err))
        rc = err.rc;
    if (rc == RC_OK) {
        k->desk.writing = UI_DESK_ASKED;
        if (!write_list(k, &plan))
            rc = err_set(&err, RC_UNREACHABLE, "%s", keeper_why_not_asked(k));
    }
    appearance_plan_fini(&plan);
    if (rc != RC_OK) {
        forget_sent(k);
        keeper_push_end(k, rc, err.text);
    }
    keeper_changed(k);
}

/* ---- phones that restart --------------------------------------------------------------------- */

static void look_at_phones(struct keeper *k);

static void on_idle_look(void *self)
{
    struct keeper *k = self;
    k->idle = NULL;
    look_at_phones(k);
}

static void on_phones(void *self, const struct desk_answer *answer)
{
    struct keeper *k = self;
    bool is_known = answer->rc == RC_OK; /* else any of them may restart, and be in a call */
    keeper_phones_told(k, answer);
    if (!k->is_pushing || k->turn || k->idle || k->desk.writing == UI_DESK_ASKED)
        return; /* of a save that went on, or was called off, meanwhile */
    if (k->desk.is_waiting && (!is_known || keeper_restarts_any(k, true))) {
        k->idle = loop_timer(k->session->loop, KEEPER_IDLE_LOOK_MS, on_idle_look, k);
        return;
    }
    if (!k->is_push_allowed && (!is_known || keeper_restarts_any(k, false))) {
        /* automatic: nobody was asked yet */
        k->is_pushing = false;
        k->is_told_of_ask = true;
        if (k->config.ask_save)
            k->config.ask_save(k->config.self);
        return;
    }
    k->desk.is_waiting = false;
    push_step(k);
}

static void look_at_phones(struct keeper *k)
{
    struct desk_question question = {.kind = DESK_PHONES};
    if (!keeper_ask(k, &question, on_phones))
        keeper_push_end(k, RC_UNREACHABLE, keeper_why_not_asked(k));
}

static void push(struct keeper *k, bool is_when_idle, bool is_allowed)
{
    k->is_pushing = true;
    k->is_quiet_missed = false;
    k->turn_ms = 0;
    k->is_push_allowed = is_allowed;
    k->desk.is_waiting = is_when_idle;
    k->tries = 0;
    k->is_seen = false;
    if (is_allowed && !is_when_idle)
        push_step(k);
    else
        look_at_phones(k);
    keeper_changed(k);
}

void keeper_push(struct keeper *k, bool is_when_idle)
{
    k->is_ended_wanted = true;
    if (k->desk.writing == UI_DESK_ASKED)
        return; /* its end is the answer */
    if (k->turn || k->is_push_again)
        return; /* the same */
    loop_timer_stop(k->idle);
    k->idle = NULL;
    k->is_retry = true;
    push(k, is_when_idle, true);
}

void keeper_push_cancel(struct keeper *k)
{
    if (!k->desk.is_waiting)
        return;
    loop_timer_stop(k->idle);
    k->idle = NULL;
    keeper_push_end(k, RC_CANCELLED, "the save was called off; the edits are kept");
}

/* ---- sync = automatic ------------------------------------------------------------------------ */

static void on_quiet(void *self)
{
    struct keeper *k = self;
    struct appearance_plan plan = {0};
    struct err err = {0};
    k->quiet = NULL;
    enum rc rc = appearance_plan(keeper_list(k), &plan, &err);
    bool is_needed = rc == RC_OK ? plan.is_needed
                                 : rc == RC_DENIED && keeper_list(k)->is_read; /* over the limit */
    appearance_plan_fini(&plan);
    k->is_quiet_missed |= is_needed && k->is_pushing;
    if (is_needed && k->is_live && !k->desk.is_local && !k->desk.fixed && !k->is_pushing &&
        !k->is_told_of_ask && k->vain_ms == 0)
        push(k, false, false);
}

void keeper_plan_quiet(struct keeper *k)
{
    loop_timer_stop(k->quiet);
    k->quiet = NULL;
    if (k->config.is_automatic && !k->session->is_read_only)
        k->quiet = loop_timer(k->session->loop, KEEPER_QUIET_MS, on_quiet, k);
}
