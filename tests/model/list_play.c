/* The judge excuses nothing. Users are of four kinds:
 *
 *     ours      edited here alone: their order here changes by edits here, and never else;
 *     theirs    edited elsewhere alone: an edit here never changes their order here, and in the end
 *               it is that of the other editor;
 *     disputed  who stands on one line: set here at most once, and elsewhere at most once;
 *     shared    moved here and elsewhere, never removed.
 *
 * After every single step the file is read, and the order of ours in it is compared with what it
 * was after the last edit that was acknowledged. The other editor does not write between the last
 * look of a save and its arrival: the service has no means against that (list_file.h). A conflict
 * excuses the users on its line, and no others; and it must have a reason. */
#include "list_play.h"

#include "list_order.h"
#include "list_shore.h"

#include "callhud/app/list_file.h"
#include "callhud/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OURS 5
#define THEIRS_END 9
#define DISPUTES 2
#define SHARED (THEIRS_END + 3 * DISPUTES) /* and all up to RESERVED */
#define ROUNDS_MAX 400
#define UNDECIDED_IN 25 /* at most one conflict in so many plays because nobody can tell */
#define UNDECIDED_PLAYS 500

struct play_counts {
    size_t plays, edits, remote, kills, refusals, offline, late, conflicts, undecided, lost;
    size_t orders;
};

struct dispute {
    int before, ours, theirs;
    bool is_here, is_there, was_sent, is_chosen;
};

struct play {
    uint64_t random;
    bool is_told;
    bool moves; /* lines are moved, on both sides: then orders are compared by list_order.h alone */
    bool is_old;            /* of before there were shared ones and gaps */
    bool is_rough;          /* more is lost, and more are killed */
    struct list_file *file; /* as one sees it who only reads */
    struct plain ours;      /* after the last edit that was acknowledged */
    struct plain theirs;    /* as the other editor left them */
    struct dispute disputes[DISPUTES];
    bool is_given_up[LIST_USERS]; /* chosen away, in a conflict that was shown */
    bool is_shown[LIST_USERS];    /* in a conflict that has a reason, now */
    bool is_in_doubt[LIST_USERS]; /* edited elsewhere while a list of ours might have arrived */
    bool is_any_overtaken;        /* a list of ours might have arrived after a later one */
    struct orders orders;
    bool is_edited; /* since both homes had one list */
    struct play_counts *counts;
    char *why;
};

static size_t below(struct play *p, size_t n)
{
    uint64_t z = (p->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return n ? (size_t)((z ^ (z >> 31)) % n) : 0;
}

static void lose(struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void lose(struct play *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!p->why[0])
        (void)vsnprintf(p->why, 400, format, args);
    va_end(args);
}

static void tell(const struct play *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void tell(const struct play *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (p->is_told) {
        printf("%8lld  ", (long long)shore.now_ms);
        (void)vprintf(format, args);
        printf("\n");
    }
    va_end(args);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const struct appearance *list_now(struct play *p)
{
    (void)list_file_refresh(p->file);
    return list_file_list(p->file);
}

static struct plain here(struct play *p)
{
    const struct appearance *a = list_now(p);
    struct plain list = {.len = 0};
    for (size_t i = 0; i < a->lines.len; i++)
        if (a->lines.items[i].here && a->lines.items[i].state != LINE_RESERVED)
            list.users[list.len++] = shore_number(a->lines.items[i].here->id);
    return list;
}

static void compare(struct play *p, const char *what, const struct plain *is,
                    const struct plain *wanted)
{
    char a[128], b[128];
    if (!plain_equal(is, wanted))
        lose(p, "%s: %s, wanted %s", what, plain_text(is, a), plain_text(wanted, b));
}

static bool is_disputed(struct play *p, int user)
{
    const struct appearance *a = list_now(p);
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        if (l->state == LINE_CONFLICT && ((l->here && shore_number(l->here->id) == user) ||
                                          (l->stored && shore_number(l->stored->id) == user)))
            return true;
    }
    return false;
}

static struct plain undisputed(struct play *p, const struct plain *list)
{
    struct plain out = {.len = 0};
    for (size_t i = 0; i < list->len; i++)
        if (!is_disputed(p, list->users[i]))
            out.users[out.len++] = list->users[i];
    return out;
}

static bool is_stored(struct play *p, int user)
{
    const struct appearance *a = list_now(p);
    for (size_t i = 0; i < a->lines.len; i++)
        if (a->lines.items[i].stored && shore_number(a->lines.items[i].stored->id) == user)
            return true;
    return false;
}

/* On a list of which it is not known what became. */
static bool is_sent(struct play *p, int user)
{
    const struct appearance *a = list_now(p);
    for (size_t i = 0; i < a->sent.len; i++)
        for (size_t j = 0; j < a->sent.items[i].users.len; j++)
            if (shore_number(a->sent.items[i].users.items[j]->id) == user)
                return true;
    return false;
}

/* -1: nobody is on that side. */
static int number_of(const struct appearance_user *user)
{
    return user ? shore_number(user->id) : -1;
}

static bool is_set_on_both_sides(const struct play *p, int user)
{
    bool is_one = user >= THEIRS_END && user < SHARED;
    const struct dispute *d = &p->disputes[is_one ? (user - THEIRS_END) / 3 : 0];
    return is_one && d->is_here && d->is_there;
}

/* A conflict has a reason. Its line was edited on both sides; or, which is counted, nobody can tell
 * from the lists who has edited it. Where lines are moved there are more reasons: moved elsewhere
 * and edited here, undone. */
static void check_conflict(struct play *p, const struct appearance_line *l)
{
    int one = number_of(l->here), two = number_of(l->stored);
    bool is_place = one == two, is_due = false, is_doubt = false;
    for (int i = 0; i < 2; i++) {
        int user = i ? two : one;
        if (user < 0)
            continue;
        is_due |= is_set_on_both_sides(p, user);
        is_doubt |= p->is_in_doubt[user] || (user < OURS && p->is_any_overtaken);
        if (p->is_shown[user])
            return;
    }
    for (int i = 0; i < 2; i++)
        if ((i ? two : one) >= 0)
            p->is_shown[i ? two : one] = true;
    if (is_place && !p->moves)
        lose(p, "a conflict about the place of %d, where nobody moves lines", one);
    else if (!p->moves && !is_due && !is_doubt)
        lose(p, "a conflict without a reason: %d here, %d stored", one, two);
    p->counts->undecided += !is_place && !is_due;
}

static void check_conflicts(struct play *p)
{
    bool is_in[LIST_USERS] = {false};
    const struct appearance *a = list_now(p);
    for (size_t i = 0; i < a->sent.len; i++)
        p->is_any_overtaken |= a->sent.items[i].is_overtaken;
    for (int user = OURS; user < THEIRS_END; user++)
        p->is_in_doubt[user] |=
            a->sent.len > 0 && is_stored(p, user) != plain_has(&shore.stored, user);
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        if (l->is_moved && l->here)
            orders_called_moved(&p->orders, number_of(l->here));
        if (l->state != LINE_CONFLICT)
            continue;
        check_conflict(p, l);
        if (l->here)
            is_in[number_of(l->here)] = true;
        if (l->stored)
            is_in[number_of(l->stored)] = true;
    }
    for (int user = 0; user < LIST_USERS; user++) {
        p->is_shown[user] = p->is_shown[user] && is_in[user];
        p->orders.is_excused[user] |= is_in[user];
    }
}

/* Both homes have one list, and nothing is on its way: is it in the order that they gave it? */
static void look_at_rest(struct play *p)
{
    struct plain now = here(p);
    const struct appearance *a = list_now(p);
    for (size_t i = 0; i < shore.asks.len; i++)
        if (shore.asks.items[i].kind == DESK_LIST_WRITE)
            return;
    if (!p->is_edited || appearance_count(a).unsaved > 0 || !plain_equal(&now, &shore.stored))
        return;
    const char *wrong = orders_judge(&p->orders, &now);
    if (wrong)
        lose(p, "at rest: %s", wrong);
    tell(p, "at rest");
    orders_rest(&p->orders, &now);
    p->is_edited = false;
}

/* Nothing but the place of a line whose conflict is shown may have changed. Where lines are moved,
 * who is on it is compared alone; their order is judged at rest, see list_order.h. */
static void check_ours(struct play *p, const char *after)
{
    struct plain now = here(p), ours = plain_part(&now, 0, OURS);
    struct plain is = undisputed(p, &ours), wanted = undisputed(p, &p->ours);
    if (p->moves)
        plain_sort(&is), plain_sort(&wanted);
    compare(p, after, &is, &wanted);
    if (shore.wrong)
        lose(p, "%s: %s", after, shore.wrong);
    if (ours.len != p->ours.len)
        lose(p, "%s: somebody is gone, or has come", after);
    check_conflicts(p);
    p->ours = ours;
}

static bool is_told(int user, bool is_asked_too)
{
    for (size_t i = 0; i < shore.asks.len; i++)
        if (plain_has(&shore.asks.items[i].told, user) ||
            (is_asked_too && plain_has(&shore.asks.items[i].wanted, user)))
            return true;
    return false;
}

/* ---- edits here ------------------------------------------------------------------------------ */

static void note_disputes(struct play *p, const struct plain *now)
{
    for (size_t i = 0; i < DISPUTES; i++)
        p->disputes[i].is_here = plain_has(now, p->disputes[i].ours);
}

/* After an edit of whatever kind: it must not have touched theirs. One whose program was killed
 * before it was written must not show, and one that was written must. */
static void settle_edit(struct play *p, const struct process *by, const struct plain *before,
                        const char *what)
{
    struct plain now = here(p), theirs = plain_part(&now, OURS, THEIRS_END);
    struct plain theirs_before = plain_part(before, OURS, THEIRS_END);
    struct plain is = undisputed(p, &theirs), wanted = undisputed(p, &theirs_before);
    compare(p, what, &is, &wanted); /* undo may open a conflict again that was chosen */
    if (by->is_killed && by->dies_too_early)
        compare(p, "an edit that was not written", &now, before);
    orders_edit(&p->orders, ORDER_HERE, before, &now);
    p->is_edited = true;
    p->ours = plain_part(&now, 0, OURS);
    p->counts->edits++;
}

static void edit_ours(struct play *p, struct process *by)
{
    char id[8];
    struct plain before = here(p);
    int user = (int)below(p, OURS);
    if (p->moves && !p->is_old && !below(p, 4))
        user = SHARED + (int)below(p, RESERVED - SHARED);
    bool is_on = plain_has(&before, user);
    struct appearance_edit edit = {.user = {.id = shore_id(user, id), .extension = id, .name = ""},
                                   .key = (uint32_t)below(p, before.len + 3)};
    edit.kind = !is_on                                        ? EDIT_ADD
                : !p->moves || (user < SHARED && below(p, 2)) ? EDIT_REMOVE
                                                              : EDIT_MOVE;
    if (!is_on && !p->moves && (is_stored(p, user) || is_told(user, true)))
        return; /* to remove and add is to move */
    size_t done = 0;
    struct err err = {0};
    shore_run_as((int)(by - shore.processes));
    enum rc rc = keeper_edit(by->keeper, &edit, 1, &done, &err);
    shore_run_as(NOBODY);
    struct plain now = here(p);
    tell(p, "%d: %s %d to %u: %s%s", (int)(by - shore.processes),
         edit.kind == EDIT_ADD      ? "add"
         : edit.kind == EDIT_REMOVE ? "remove"
                                    : "move",
         user, (unsigned)edit.key, err.text, edit.refused);
    if (rc != RC_OK && !by->is_killed)
        lose(p, "an edit fails: %s", err.text);
    if (done == 1 && plain_has(&now, user) != (edit.kind != EDIT_REMOVE))
        lose(p, "an edit that was acknowledged does not show");
    size_t place = order_place(list_now(p), edit.key);
    const char *wrong = order_judge_edit(&before, &now, (enum order_edit)edit.kind, user, 0, place);
    if (rc == RC_OK && done == 1 && wrong)
        lose(p, "%s", wrong);
    p->counts->orders += done == 1;
    if (done == 0 && !by->is_killed) {
        check_ours(p, "a refused edit");
        return;
    }
    settle_edit(p, by, &before, "an edit here has moved theirs");
}

static void set_disputed(struct play *p, struct process *by)
{
    struct dispute *d = &p->disputes[below(p, DISPUTES)];
    char id[8], to[8];
    struct plain before = here(p);
    struct appearance_edit edit = {
        .kind = EDIT_SET,
        .user = {.id = shore_id(d->before, id), .extension = id, .name = ""},
        .to = {.id = shore_id(d->ours, to), .extension = to, .name = ""}};
    size_t done = 0;
    struct err err = {0};
    if (d->is_here)
        return;
    shore_run_as((int)(by - shore.processes));
    (void)keeper_edit(by->keeper, &edit, 1, &done, &err);
    shore_run_as(NOBODY);
    struct plain now = here(p);
    tell(p, "%d: %d instead of %d: %s%s", (int)(by - shore.processes), d->ours, d->before, err.text,
         edit.refused);
    settle_edit(p, by, &before, "an edit here has moved theirs");
    note_disputes(p, &now);
}

static void undo(struct play *p, struct process *by)
{
    struct ui_desk_ops ops;
    char text[APPEARANCE_TEXT_BYTES];
    struct plain before = here(p);
    keeper_ops(by->keeper, &ops);
    shore_run_as((int)(by - shore.processes));
    bool is_done = ops.undo(ops.self, text);
    shore_run_as(NOBODY);
    struct plain now = here(p);
    tell(p, "%d: %s", (int)(by - shore.processes), is_done ? text : "nothing to undo");
    settle_edit(p, by, &before, "undo has moved theirs");
    note_disputes(p, &now);
}

static void choose(struct play *p, struct process *by)
{
    struct ui_desk_ops ops;
    struct err err = {0};
    const struct appearance *a = list_now(p);
    if (appearance_count(a).conflicts == 0)
        return;
    for (size_t i = 0; i < DISPUTES; i++)
        p->disputes[i].is_chosen = true;
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        if (l->state == LINE_CONFLICT && l->stored)
            p->is_given_up[shore_number(l->stored->id)] = true;
        if (l->state == LINE_CONFLICT && l->here)
            p->is_given_up[shore_number(l->here->id)] = true;
    }
    keeper_ops(by->keeper, &ops);
    shore_run_as((int)(by - shore.processes));
    (void)ops.choose(ops.self, NULL, below(p, 2) ? CHOOSE_MINE : CHOOSE_THEIRS, &err);
    struct plain now = here(p);
    p->ours = plain_part(&now, 0, OURS);
    shore_run_as(NOBODY);
    tell(p, "%d: all chosen", (int)(by - shore.processes));
}

/* ---- edits elsewhere ------------------------------------------------------------------------- */

static void settle_there(struct play *p, const struct plain *before)
{
    orders_edit(&p->orders, ORDER_THERE, before, &shore.stored);
    p->is_edited = true;
    p->counts->remote++;
}

static void edit_theirs(struct play *p)
{
    struct plain *l = &shore.stored, before = *l;
    int user = OURS + (int)below(p, THEIRS_END - OURS);
    if (p->moves && !p->is_old && !below(p, 4))
        user = SHARED + (int)below(p, RESERVED - SHARED);
    size_t at = plain_place(l, user);
    if (at == l->len && !p->moves &&
        (is_stored(p, user) || is_told(user, false) || (!p->is_old && is_sent(p, user))))
        return; /* to remove and add is to move */
    if (at == l->len) {
        plain_insert(l, below(p, l->len + 1), user);
    } else {
        plain_remove(l, at);
        if (p->moves && (user >= SHARED || below(p, 2)))
            plain_insert(l, below(p, l->len + 1), user);
        else if (shore.reserved_len > 0 && !p->is_old && below(p, 2))
            shore.gap = (uint32_t)(1 + at + shore.reserved_len);
    }
    p->theirs = plain_part(l, OURS, THEIRS_END);
    settle_there(p, &before);
    tell(p, "elsewhere: %d is %s", user, plain_has(l, user) ? "put somewhere" : "removed");
}

static void dispute_there(struct play *p)
{
    struct dispute *d = &p->disputes[below(p, DISPUTES)];
    struct plain *l = &shore.stored, before = *l;
    bool was_sent = plain_has(l, d->ours);
    size_t at = plain_place(l, was_sent ? d->ours : d->before);
    if (d->is_there || at == l->len)
        return;
    d->is_there = true;
    d->was_sent = was_sent;
    tell(p, "elsewhere: %d instead of %d", d->theirs, l->users[at]);
    l->users[at] = d->theirs;
    settle_there(p, &before);
}

/* ---- what else happens ----------------------------------------------------------------------- */

static void start_again(struct play *p, int process)
{
    struct process *by = &shore.processes[process];
    if (!by->is_killed && by->keeper)
        return;
    if (by->keeper) {
        shore_kill(process);
        p->counts->kills++;
        tell(p, "%d: killed", process);
    }
    if (below(p, 3))
        shore_start(process);
}

static void serve_one(struct play *p, bool may_fail)
{
    size_t at = below(p, shore.asks.len);
    if (shore.asks.len == 0)
        return;
    char text[128];
    const struct ask *ask = &shore.asks.items[at];
    bool is_lost = may_fail && ask->stage != ASK_ANSWERED && !below(p, p->is_rough ? 3 : 12);
    const struct plain *list = ask->stage == ASK_ANSWERED ? &ask->told : &ask->wanted;
    tell(p, "%d: %s goes on from %d, rc %d: %s%s", ask->process,
         ask->kind == DESK_LIST_WRITE ? "a save" : "a reading", (int)ask->stage, (int)ask->rc,
         plain_text(list, text), is_lost ? ", and is lost" : "");
    p->counts->late += ask->process == NOBODY;
    p->counts->refusals += ask->stage == ASK_ANSWERED && ask->rc == RC_REFUSED;
    shore_serve(at, is_lost);
}

/* "7/8*?": here and there, moved, in conflict. */
static void tell_lists(struct play *p)
{
    char text[128];
    const struct appearance *a = list_now(p);
    if (!p->is_told)
        return;
    printf("                here  ");
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        bool is_same = l->here == l->stored;
        if (l->state != LINE_RESERVED)
            printf(" %s%s%s%s%s", l->here ? l->here->id + 1 : "-", is_same ? "" : "/",
                   is_same     ? ""
                   : l->stored ? l->stored->id + 1
                               : "-",
                   l->is_moved ? "*" : "", l->state == LINE_CONFLICT ? "?" : "");
    }
    printf("\n                stored %s\n", plain_text(&shore.stored, text));
    for (size_t i = 0; i < a->sent.len; i++) {
        printf("                sent  ");
        for (size_t j = 0; j < a->sent.items[i].users.len; j++)
            printf(" %s", a->sent.items[i].users.items[j]->id + 1);
        printf("\n");
    }
}

/* Everything that is due, of one of them. */
static void turn(struct play *p, int process)
{
    for (int i = 0; i < 50 && shore.processes[process].keeper; i++)
        if (!shore_turn(process))
            break;
    (void)p;
}

static void step(struct play *p)
{
    int process = (int)below(p, PROCESSES);
    struct process *by = &shore.processes[process];
    size_t what = below(p, 32);
    shore.now_ms += (int64_t)below(p, below(p, 10) ? 40 : 4000);
    if (!by->keeper || by->is_killed)
        start_again(p, process);
    else if (what < 5)
        edit_ours(p, by);
    else if (what < 6)
        set_disputed(p, by);
    else if (what < 7 && p->moves)
        undo(p, by);
    else if (what < 8 && !below(p, 4))
        choose(p, by);
    else if (what < 11 && !shore_is_any_sent())
        edit_theirs(p);
    else if (what < 12 && !shore_is_any_sent())
        dispute_there(p);
    else if (what < 15) {
        tell(p, "%d: push", process);
        shore_run_as(process);
        keeper_push(by->keeper, false);
        shore_run_as(NOBODY);
    } else if (what < 16) {
        shore_run_as(process);
        keeper_pull(by->keeper);
        shore_run_as(NOBODY);
    } else if (what < 17) {
        shore_news(process);
    } else if (what < 18) {
        tell(p, "%d: %s", process, by->is_online ? "offline" : "online");
        p->counts->offline += by->is_online;
        shore_online(process, !by->is_online);
    } else if (what < 19) {
        by->die_at = 1 + (int)below(p, 3);
        by->dies_too_early = below(p, 2);
    } else if (what < 20 && (p->is_rough || !below(p, 3))) {
        by->is_killed = true;
    } else if (what < 21 && !below(p, 3)) {
        shore.refuses = below(p, 2) ? (int)below(p, OURS) : NOBODY;
    } else {
        serve_one(p, true);
    }
    if (shore.processes[process].keeper && !by->is_online && !below(p, 3))
        shore_online(process, true);
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool is_quiet(void)
{
    for (int i = 0; i < PROCESSES; i++)
        if (!shore.processes[i].has_ended)
            return false;
    return shore.asks.len == 0;
}

/* Online, nothing fails, everything arrives: saved by the one, then by the other. */
static void save_all(struct play *p)
{
    shore.refuses = NOBODY;
    for (int i = 0; i < PROCESSES; i++) {
        if (shore.processes[i].keeper && shore.processes[i].is_killed)
            shore_kill(i);
        if (!shore.processes[i].keeper)
            shore_start(i);
        shore.processes[i].die_at = 0;
        if (!shore.processes[i].is_online)
            shore_online(i, true);
        turn(p, i);
    }
    for (int save = 0; save < 6; save++) {
        for (int i = 0; i < PROCESSES; i++) {
            shore.processes[i].has_ended = false;
            if (save % 2)
                keeper_push(shore.processes[i].keeper, false);
            else
                keeper_pull(shore.processes[i].keeper);
        }
        for (int i = 0; i < ROUNDS_MAX && !is_quiet(); i++) {
            shore.now_ms += 60;
            turn(p, (int)below(p, PROCESSES));
            serve_one(p, false);
            tell_lists(p);
            check_ours(p, "while everything is saved");
        }
    }
    if (!is_quiet())
        lose(p, "a save does not end");
}

static void judge_dispute(struct play *p, const struct dispute *d)
{
    const struct plain *l = &shore.stored;
    bool before = plain_has(l, d->before), ours = plain_has(l, d->ours);
    bool theirs = plain_has(l, d->theirs);
    if (d->is_chosen || is_disputed(p, d->before) || is_disputed(p, d->ours) ||
        is_disputed(p, d->theirs))
        return;
    if (d->is_here && d->is_there && !d->was_sent)
        lose(p, "%d was set here and %d elsewhere, and no conflict is shown", d->ours, d->theirs);
    else if ((before != (!d->is_here && !d->is_there) && !(d->was_sent && !d->is_here)) ||
             theirs != d->is_there || ours != (d->is_here && !d->is_there))
        lose(p, "%d, set here %d, %d, set elsewhere %d: stored are %d %d %d", d->ours, d->is_here,
             d->theirs, d->is_there, before, ours, theirs);
}

static void leave_given_up(const struct play *p, struct plain *list)
{
    for (size_t i = list->len; i-- > 0;)
        if (p->is_given_up[list->users[i]])
            plain_remove(list, i);
}

static void judge(struct play *p)
{
    struct plain now = here(p), mine = undisputed(p, &now), there = undisputed(p, &shore.stored);
    compare(p, "the homes differ without a conflict", &there, &mine);
    look_at_rest(p);
    struct plain theirs = plain_part(&there, OURS, THEIRS_END), wanted = undisputed(p, &p->theirs);
    leave_given_up(p, &theirs);
    leave_given_up(p, &wanted);
    if (p->moves)
        plain_sort(&theirs), plain_sort(&wanted);
    compare(p, "what was edited elsewhere", &theirs, &wanted);
    for (int user = SHARED; user < RESERVED && p->moves && !p->is_old; user++)
        if (!plain_has(&now, user) || !plain_has(&shore.stored, user))
            lose(p, "%d, who was moved alone, is gone", user);
    p->counts->conflicts += appearance_count(list_now(p)).conflicts;
    for (size_t i = 0; i < DISPUTES; i++)
        judge_dispute(p, &p->disputes[i]);
    if (p->why[0] || appearance_count(list_now(p)).conflicts == 0)
        return;
    choose(p, &shore.processes[0]);
    save_all(p);
    now = here(p);
    compare(p, "the homes differ after all was chosen", &shore.stored, &now);
}

/* ---- a play ---------------------------------------------------------------------------------- */

static void begin(struct play *p, const char *folder)
{
    char note[ERR_TEXT_BYTES];
    struct err err = {0};
    shore_begin(folder);
    shore.is_automatic = !below(p, 3);
    p->moves = below(p, 2);
    if (below(p, 2))
        shore.reserved[shore.reserved_len++] = 1;
    if (shore.reserved_len > 0 && !p->is_old && below(p, 2))
        shore.reserved[shore.reserved_len++] = below(p, 3) ? 2 : 6;
    for (int user = 0; user < THEIRS_END; user++)
        if (below(p, 2))
            plain_insert(&shore.stored, below(p, shore.stored.len + 1), user);
    for (int i = 0; i < DISPUTES; i++) {
        int first = THEIRS_END + 3 * i;
        p->disputes[i] = (struct dispute){.before = first, .ours = first + 1, .theirs = first + 2};
        plain_insert(&shore.stored, below(p, shore.stored.len + 1), first);
    }
    for (int user = SHARED; user < RESERVED && p->moves && !p->is_old; user++)
        plain_insert(&shore.stored, below(p, shore.stored.len + 1), user);
    p->theirs = plain_part(&shore.stored, OURS, THEIRS_END);
    orders_rest(&p->orders, &shore.stored);
    shore_start(0);
    shore_online(0, true);
    while (shore_turn(0) || shore.asks.len > 0)
        if (shore.asks.len > 0)
            shore_serve(0, false);
    if (list_file_open(&p->file, folder, "p", NULL, "s", note, &err) != RC_OK)
        abort();
    p->ours = plain_part(&shore.stored, 0, OURS);
    check_ours(p, "the first reading");
}

static bool list_play(uint64_t seed, bool is_old, bool is_told, const char *folder,
                      struct play_counts *counts, char *why)
{
    struct play p = {.random = seed,
                     .is_told = is_told,
                     .is_old = is_old,
                     .is_rough = seed % 3 == 1,
                     .counts = counts,
                     .why = why};
    why[0] = '\0';
    begin(&p, folder);
    for (size_t i = 15 + below(&p, 60); i > 0 && !why[0]; i--) {
        step(&p);
        check_ours(&p, "after a step");
        turn(&p, (int)below(&p, PROCESSES));
        check_ours(&p, "after a turn");
        for (int j = 0; j < PROCESSES; j++)
            if (shore.processes[j].keeper && shore.processes[j].is_killed)
                start_again(&p, j);
        tell_lists(&p);
        look_at_rest(&p);
    }
    if (!why[0])
        save_all(&p);
    if (!why[0])
        judge(&p);
    counts->plays++;
    counts->orders += p.orders.judged;
    counts->lost += why[0] != '\0';
    list_file_close(p.file);
    shore_end();
    return !why[0];
}

/* Each ended wrong once; the first OLD of them when there were no shared users and no gaps. */
#define OLD 6
static const uint64_t known[] = {
    13170635491550737842u,
    9651005569800286733u,
    11282784448340539737u,
    5900364625841465273u,
    5900364625841466417u,
    14630806411858896080u,
    1223u,
};

#define KNOWN (sizeof known / sizeof known[0])

static bool is_old(uint64_t seed)
{
    for (size_t i = 0; i < OLD; i++)
        if (known[i] == seed)
            return true;
    return false;
}

bool list_plays(size_t plays, uint64_t seed, bool is_told)
{
    static const char *const names[] = {"list-p.json", "list-p.lock", "list-p.turn",
                                        "list-p.json.new"};
    struct play_counts c = {0};
    char folder[] = "/tmp/callhud-plays.XXXXXX", path[64], why[400];
    if (!mkdtemp(folder))
        return false;
    size_t old = plays > KNOWN ? KNOWN : 0;
    for (; c.plays < plays && c.lost < 5;) {
        uint64_t play = c.plays < old ? known[c.plays] : seed++;
        if (!list_play(play, is_old(play), is_told, folder, &c, why))
            printf("# replay with CALLHUD_PLAY=%llu: %s\n", (unsigned long long)play, why);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
            (void)unlink(path);
        }
    }
    (void)rmdir(folder);
    printf(
        "%sok 2 - %zu interleavings of two callhuds and another editor: %zu edits, %zu elsewhere, "
        "%zu kills, %zu times offline, %zu refusals, %zu lists late, %zu conflicts shown in the "
        "end, %zu ever because nobody can tell, %zu orders judged, edits lost silently: %zu\n",
        c.lost ? "not " : "", c.plays, c.edits, c.remote, c.kills, c.offline, c.refusals, c.late,
        c.conflicts, c.undecided, c.orders, c.lost);
    if (c.plays >= UNDECIDED_PLAYS && c.undecided > c.plays / UNDECIDED_IN) {
        printf("# too often in a conflict that somebody has to settle without a need\n");
        return false;
    }
    return c.lost == 0;
}
