#include "naive_tables.h"

#include "callhud/base/str.h"

#define NAIVE_TICK 1000
#define NAIVE_SWEPT_USER 1001
#define NAIVE_SWEPT_CALL 1002

/* Numbers of the contract, written down a second time on purpose. */
static const int64_t pong_limit_ms = MUTANT(1) ? 31000 : 30000;
static const int64_t keep_stale_ms = MUTANT(2) ? 61000 : 60000;
static const int64_t poll_fresh_ms = MUTANT(3) ? 21000 : 20000;
static const int64_t never_ms = INT64_MIN / 4;

void naive_init(struct naive *naive)
{
    memset(naive, 0, sizeof *naive);
}

static void ids_fini(struct naive_ids *of)
{
    for (size_t i = 0; i < of->ids.len; i++) {
        mem_free(of->ids.items[i]);
    }
    VEC_FREE(&of->ids);
}

void naive_fini(struct naive *naive)
{
    ids_fini(&naive->users);
    ids_fini(&naive->calls);
    VEC_FREE(&naive->facts);
}

static int id_index(struct naive_ids *of, const char *id)
{
    for (size_t i = 0; i < of->ids.len; i++) {
        if (strcmp(of->ids.items[i], id) == 0) {
            return (int)i;
        }
    }
    char *copy = mem_dup(id);
    VEC_PUSH(&of->ids, copy);
    return (int)of->ids.len - 1;
}

/* --- what the history says ------------------------------------------------------------------ */

/* Index of the EVENT_SNAPSHOT_ASKED that is being answered; -1 when none. */
static long open_snapshot(const struct naive *naive)
{
    for (size_t i = naive->facts.len; i-- > 0;) {
        int kind = naive->facts.items[i].kind;
        if (kind == EVENT_SNAPSHOT_ASKED) {
            return (long)i;
        }
        if (kind == EVENT_SNAPSHOT_DONE || kind == EVENT_SNAPSHOT_FAILED) {
            return -1;
        }
    }
    return -1;
}

struct link_now {
    enum link_state state;
    bool is_synced;
    int64_t unsynced_ms;
    int64_t heard_ms;
    size_t unsyncs; /* times at which something may have been missed */
};

static void unsync(struct link_now *link, int64_t now_ms)
{
    if (link->is_synced) {
        link->unsynced_ms = now_ms;
    }
    link->is_synced = false;
    link->unsyncs++;
}

static void link_step(struct link_now *link, const struct naive_fact *f)
{
    switch (f->kind) {
    case NAIVE_TICK:
        if (link->state == LINK_LIVE && f->now_ms - link->heard_ms >= pong_limit_ms) {
            /* 30 s without a pong is a lost link: only a new EVENT_LINK brings it back. */
            link->state = LINK_LOST;
            unsync(link, f->now_ms);
        }
        break;
    case EVENT_LINK:
        link->state = (enum link_state)f->value;
        if (f->value == LINK_LIVE) {
            link->heard_ms = f->now_ms;
        } else if (f->value != LINK_POLLING) {
            unsync(link, f->now_ms);
        }
        break;
    case EVENT_HEARD: link->heard_ms = f->now_ms; break;
    case EVENT_GAP:
        if (!MUTANT(12)) {
            unsync(link, f->now_ms);
        }
        break;
    case EVENT_SNAPSHOT_DONE:
        if (!f->is_void &&
            (link->state == LINK_LIVE || link->state == LINK_POLLING || MUTANT(18))) {
            link->is_synced = true;
        }
        break;
    default: break;
    }
}

/* Has something been missed (a gap, a lost link) since history[from]? */
static bool is_missed_since(const struct naive *naive, long from)
{
    struct link_now link = {.state = LINK_IDLE, .heard_ms = never_ms};
    size_t unsyncs = 0;
    for (size_t i = 0; i < naive->facts.len; i++) {
        link_step(&link, &naive->facts.items[i]);
        if (i == (size_t)from) {
            unsyncs = link.unsyncs;
        }
    }
    return link.unsyncs != unsyncs && !MUTANT(19);
}

static bool is_named(const struct naive *naive, int user)
{
    for (size_t i = naive->facts.len; i-- > 0;) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->user != user || f->is_void) {
            continue;
        }
        if (f->kind == EVENT_USER) {
            return true;
        }
        if (f->kind == EVENT_USER_GONE || f->kind == NAIVE_SWEPT_USER) {
            return false;
        }
    }
    return false;
}

static int subject(int kind)
{
    if (kind == EVENT_USER_GONE) {
        return EVENT_USER;
    }
    return kind == EVENT_CALL_ENDED ? EVENT_CALL : kind;
}

/* Has a live event told the same fact since history[from]? A user's leaving tells the user too. */
static bool is_told_live_since(const struct naive *naive, long from, const struct naive_fact *what)
{
    for (size_t i = (size_t)from + 1; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->user != what->user || f->is_answer || f->is_void ||
            subject(f->kind) != subject(what->kind)) {
            continue;
        }
        bool is_other_right = what->kind == EVENT_RIGHT && f->action != what->action;
        if ((subject(what->kind) != EVENT_CALL || f->call == what->call) && !is_other_right) {
            return true;
        }
    }
    return false;
}

/* Is this fact dropped when it comes now? */
static bool is_void(const struct naive *naive, const struct naive_fact *fact)
{
    long asked = open_snapshot(naive);
    if (fact->kind == EVENT_SNAPSHOT_DONE) {
        /* Nothing was asked, or before something was missed: "stale until the next snapshot". */
        return asked < 0 || is_missed_since(naive, asked);
    }
    if (fact->user < 0) {
        return false;
    }
    if (fact->kind != EVENT_USER && !is_named(naive, fact->user)) {
        return true;
    }
    if (!fact->is_answer || asked < 0) {
        return false;
    }
    if ((MUTANT(4) && fact->kind == EVENT_PRESENCE) || (MUTANT(5) && fact->kind == EVENT_CALL) ||
        (MUTANT(25) && fact->kind == EVENT_RIGHT)) {
        return false;
    }
    return is_told_live_since(naive, asked, fact);
}

static void push_swept(struct naive *naive, int kind, int user, int call,
                       const struct naive_fact *done)
{
    struct naive_fact swept = {.kind = kind,
                               .now_ms = done->now_ms,
                               .at_ms = done->at_ms,
                               .is_answer = true,
                               .user = user,
                               .call = call};
    VEC_PUSH(&naive->facts, swept);
}

/* Did the snapshot asked at history[from], or a live event since, keep this user? */
static bool is_user_kept(const struct naive *naive, long from, int user)
{
    for (size_t i = (size_t)from + 1; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        /* What we do ourselves does not say that the user is monitored still. */
        bool is_ours = f->kind == EVENT_ACTION && !MUTANT(22);
        if (f->user == user && !f->is_void && !is_ours &&
            (f->kind == EVENT_USER || (!f->is_answer && !MUTANT(17)))) {
            return true;
        }
    }
    return false;
}

/* The calls of a user that were told and have not ended; their ids into out, their number back. */
static size_t calls_alive(const struct naive *naive, int user, int out[VIEW_CALLS_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->user != user || f->is_void) {
            continue;
        }
        if (f->kind == EVENT_USER_GONE || f->kind == NAIVE_SWEPT_USER) {
            len = 0;
        }
        size_t at = 0;
        while (at < len && out[at] != f->call) {
            at++;
        }
        if (f->kind == EVENT_CALL && at == len && len < VIEW_CALLS_MAX) {
            out[len++] = f->call;
        }
        if ((f->kind == EVENT_CALL_ENDED || f->kind == NAIVE_SWEPT_CALL) && at < len) {
            out[at] = out[--len];
        }
    }
    return len;
}

static bool is_call_kept(const struct naive *naive, long from, int user, int call)
{
    for (size_t i = (size_t)from + 1; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->kind == EVENT_CALL && f->user == user && f->call == call && !f->is_void) {
            return true;
        }
    }
    return false;
}

static void sweep(struct naive *naive, long asked, const struct naive_fact *done)
{
    for (int user = 0; user < (int)naive->users.ids.len; user++) {
        if (!is_named(naive, user)) {
            continue;
        }
        if (!MUTANT(6) && !is_user_kept(naive, asked, user)) {
            push_swept(naive, NAIVE_SWEPT_USER, user, -1, done);
            continue;
        }
        int calls[VIEW_CALLS_MAX];
        size_t len = calls_alive(naive, user, calls);
        for (size_t i = 0; i < len && !MUTANT(7); i++) {
            if (!is_call_kept(naive, asked, user, calls[i])) {
                push_swept(naive, NAIVE_SWEPT_CALL, user, calls[i], done);
            }
        }
    }
}

void naive_apply(struct naive *naive, const struct event *event, int64_t now_ms)
{
    struct naive_fact f = {.kind = (int)event->kind,
                           .now_ms = now_ms,
                           .at_ms = event->at_ms,
                           .is_answer = event->is_answer,
                           .user = -1,
                           .call = -1};
    if (event->kind >= EVENT_USER) {
        f.user = id_index(&naive->users, event->user_id);
    }
    if (event->kind == EVENT_LINK) {
        f.value = (int)event->u.link.state;
    } else if (event->kind == EVENT_SETTINGS) {
        f.settings = event->u.settings;
    } else if (event->kind == EVENT_PRESENCE) {
        f.value = (int)event->u.presence.presence;
    } else if (event->kind == EVENT_DND) {
        f.value = event->u.dnd.is_on;
    } else if (event->kind == EVENT_CALLS_WITHHELD) {
        f.value = event->u.withheld.is_withheld;
    } else if (event->kind == EVENT_CALL_ENDED) {
        f.call = id_index(&naive->calls, event->u.ended.id);
    } else if (event->kind == EVENT_CALL) {
        f.call = id_index(&naive->calls, event->u.call.id);
        f.value = (int)event->u.call.state;
        f.direction = (int)event->u.call.direction;
        f.since_ms = event->u.call.since_ms;
    } else if (event->kind == EVENT_CAPABILITY) {
        f.action = (int)event->u.capability.kind;
        f.value = (int)event->u.capability.level;
    } else if (event->kind == EVENT_ACTION) {
        f.action = (int)event->u.action.kind;
        f.value = (int)event->u.action.stage;
        f.id = event->u.action.id;
    } else if (event->kind == EVENT_RIGHT) {
        f.action = (int)event->u.right.right;
        f.value = event->u.right.is_allowed;
    } else if (event->kind == EVENT_SELF) {
        f.value = event->user_id ? id_index(&naive->users, event->user_id) : -1;
    }
    f.is_void = is_void(naive, &f);
    long asked = open_snapshot(naive);
    VEC_PUSH(&naive->facts, f);
    if (f.kind == EVENT_SNAPSHOT_DONE && !f.is_void) {
        sweep(naive, asked, &f);
    }
}

void naive_tick(struct naive *naive, int64_t now_ms)
{
    struct naive_fact f = {.kind = NAIVE_TICK, .now_ms = now_ms, .user = -1, .call = -1};
    VEC_PUSH(&naive->facts, f);
}

/* --- telling the history again -------------------------------------------------------------- */

/* A user as told so far. */
struct told {
    bool is_here;
    struct view_user view;  /* presence, DND, withheld, calls (unordered) and lamp by the facts */
    int64_t answered_ms;    /* monotonic time of the last answer that carried the lamp; never_ms */
    int64_t stale_ms;       /* first moment of the running stale time; INT64_MAX while fresh */
    size_t unsyncs;         /* of the link, when the lamp's beginning was settled */
    bool is_begun_unsynced; /* the lamp began while the link was not synced */
    unsigned confirmed;     /* bits of the facts that answers told again since an unsync */
};

static bool is_fresh(const struct told *t, const struct link_now *link, int64_t now_ms)
{
    if (!link->is_synced) {
        return false;
    }
    return link->state == LINK_LIVE || now_ms - t->answered_ms < poll_fresh_ms;
}

/* While polling freshness runs out between events. */
static void time_passes(struct told *t, const struct link_now *link, int64_t now_ms)
{
    if (t->stale_ms == INT64_MAX && link->state != LINK_LIVE && !is_fresh(t, link, now_ms)) {
        t->stale_ms = t->answered_ms + poll_fresh_ms;
    }
}

static void settle_stale(struct told *t, const struct link_now *link, int64_t now_ms)
{
    if (is_fresh(t, link, now_ms)) {
        t->stale_ms = INT64_MAX;
    } else if (t->stale_ms == INT64_MAX) {
        t->stale_ms = now_ms;
    }
}

static void told_begin(struct told *t, const struct link_now *link)
{
    memset(t, 0, sizeof *t);
    t->is_here = true;
    t->view.presence = PRESENCE_UNKNOWN;
    t->view.lamp = LAMP_UNKNOWN;
    t->answered_ms = never_ms;
    /* Staleness belongs to the link: who comes while it is down shares its age. Who was not carried
     * by an answer while polling never was fresh: unknown. */
    t->stale_ms = link->is_synced ? never_ms : link->unsynced_ms;
    t->unsyncs = link->unsyncs;
}

static struct view_call *told_call(struct told *t, const char *id)
{
    for (size_t i = 0; i < t->view.calls_len; i++) {
        if (strcmp(t->view.calls[i].id, id) == 0) {
            return &t->view.calls[i];
        }
    }
    return NULL;
}

static void call_step(struct told *t, const struct naive_fact *f, const char *id)
{
    struct view_call *call = told_call(t, id);
    if (call && call->state == (enum call_state)f->value && !MUTANT(13)) {
        call->direction = (enum call_direction)f->direction;
        /* The same again: what was told first stays; a beginning that was never told may be. */
        if (call->since_ms == 0 && call->is_since_told && f->since_ms != 0) {
            call->since_ms = call->began_ms = f->since_ms;
            call->is_began_told = true;
        }
        return;
    }
    if (!call) {
        if (t->view.calls_len == VIEW_CALLS_MAX) {
            return;
        }
        call = &t->view.calls[t->view.calls_len++];
        str_copy(call->id, sizeof call->id, id);
    }
    call->state = (enum call_state)f->value;
    call->direction = (enum call_direction)f->direction;
    call->since_ms = f->since_ms;
    if (f->since_ms == 0 && (!f->is_answer || MUTANT(14))) {
        call->since_ms = f->at_ms;
    }
    /* A live event that tells no time at all: not said by the contract. */
    call->is_since_told = f->is_answer || call->since_ms != 0;
    call->began_ms = call->since_ms ? call->since_ms : f->at_ms;
    call->is_began_told = call->began_ms != 0;
}

static void call_gone(struct told *t, const char *id)
{
    struct view_call *call = told_call(t, id);
    if (call) {
        *call = t->view.calls[--t->view.calls_len];
    }
}

enum { SAID_PRESENCE = 1, SAID_DND = 2, SAID_WITHHELD = 4 };

static unsigned said_by(int kind)
{
    switch (kind) {
    case EVENT_PRESENCE: return SAID_PRESENCE;
    case EVENT_DND: return SAID_DND;
    case EVENT_CALLS_WITHHELD: return SAID_WITHHELD;
    default: return 0;
    }
}

/* The facts that make this lamp. */
static unsigned said_for(enum lamp lamp)
{
    if (lamp == LAMP_DND) {
        return SAID_DND;
    }
    return lamp == LAMP_PRESENCE_ONLY ? SAID_PRESENCE | SAID_WITHHELD : SAID_PRESENCE;
}

/* When did the lamp begin? For call lamps call_since() says it in the end. */
static void settle_since(struct told *t, const struct link_now *link, const struct naive_fact *f,
                         enum lamp before)
{
    struct view_user *v = &t->view;
    if (v->lamp != before) {
        v->since_ms = f->is_answer ? 0 : f->at_ms;
        if (MUTANT(14)) {
            v->since_ms = f->at_ms;
        }
        v->is_since_told = f->is_answer || f->at_ms != 0;
        t->unsyncs = link->unsyncs;
        t->is_begun_unsynced = !link->is_synced;
        t->confirmed = 0;
        return;
    }
    if (!f->is_answer || MUTANT(15)) {
        return;
    }
    if (t->unsyncs == link->unsyncs) {
        /* Begun and told again within one time of doubt: not said by the contract. */
        v->is_since_told = v->is_since_told && !t->is_begun_unsynced;
        return;
    }
    /* Told again by an answer after something may have been missed: the beginning is not known any
     * more. Which one of several answers takes it away is not said: not compared until the answers
     * about the facts that make this lamp have come. */
    if (!f->is_void) {
        t->confirmed |= said_by(f->kind);
    }
    v->is_since_told = (t->confirmed & said_for(v->lamp)) == said_for(v->lamp);
    if (v->is_since_told) {
        v->since_ms = 0;
        t->unsyncs = link->unsyncs;
        t->is_begun_unsynced = false;
        t->confirmed = 0;
    }
}

static void user_step(struct told *t, const struct naive *naive, const struct link_now *link,
                      const struct naive_fact *f)
{
    struct view_user *v = &t->view;
    bool is_of_lamp = f->kind == EVENT_PRESENCE || f->kind == EVENT_DND || f->kind == EVENT_CALL ||
                      f->kind == EVENT_CALL_ENDED || f->kind == EVENT_CALLS_WITHHELD;
    if (f->is_answer && is_of_lamp) {
        t->answered_ms = f->now_ms; /* also when it told nothing new */
    }
    enum lamp before = v->lamp;
    if (!f->is_void) {
        switch (f->kind) {
        case EVENT_PRESENCE: v->presence = (enum presence)f->value; break;
        case EVENT_DND: v->is_dnd = f->value; break;
        case EVENT_CALLS_WITHHELD: v->is_withheld = f->value; break;
        case EVENT_CALL: call_step(t, f, naive->calls.ids.items[f->call]); break;
        case EVENT_CALL_ENDED:
        case NAIVE_SWEPT_CALL: call_gone(t, naive->calls.ids.items[f->call]); break;
        default: break;
        }
    }
    v->lamp = naive_lamp(v->presence, v->is_dnd, v->is_withheld, v->calls, v->calls_len);
    settle_since(t, link, f, before);
}

static bool is_call_before(const struct view_call *a, const struct view_call *b)
{
    if (naive_call_rank(a->state) != naive_call_rank(b->state)) {
        return naive_call_rank(a->state) < naive_call_rank(b->state);
    }
    return MUTANT(16) ? a->began_ms > b->began_ms : a->began_ms < b->began_ms;
}

static void sort_calls(struct view_user *v)
{
    for (size_t i = 1; i < v->calls_len; i++) {
        for (size_t j = i; j > 0 && is_call_before(&v->calls[j], &v->calls[j - 1]); j--) {
            struct view_call swapped = v->calls[j];
            v->calls[j] = v->calls[j - 1];
            v->calls[j - 1] = swapped;
        }
    }
}

/* The lamp of a call began with the call that decides: the first of the sorted ones. Two that began
 * at once, or one whose time was not told: not said by the contract. */
static void call_since(struct view_user *v)
{
    const struct view_call *first = &v->calls[0];
    v->since_ms = first->since_ms;
    v->is_since_told = first->is_since_told;
    for (size_t i = 0; i < v->calls_len; i++) {
        const struct view_call *call = &v->calls[i];
        if (naive_call_rank(call->state) != naive_call_rank(first->state)) {
            break;
        }
        if (!call->is_began_told ||
            (call->began_ms == first->began_ms && call->since_ms != first->since_ms)) {
            v->is_since_told = false;
        }
    }
}

/* "Pending until the backend's own event confirms it, or it turns into an error": of each kind the
 * action of the user that was asked for last, as long as no end of it was told. */
static unsigned pending_of(const struct naive *naive, int user)
{
    unsigned pending = 0;
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        const struct naive_fact *asked = NULL;
        for (size_t i = 0; i < naive->facts.len; i++) {
            const struct naive_fact *f = &naive->facts.items[i];
            if (f->user != user || f->is_void) {
                continue;
            }
            bool is_gone = f->kind == EVENT_USER_GONE || f->kind == NAIVE_SWEPT_USER;
            bool is_it = f->kind == EVENT_ACTION && f->action == kind;
            bool is_end = f->value == ACTION_CONFIRMED || f->value == ACTION_ENDED ||
                          f->value == ACTION_FAILED;
            if (is_it && f->value == ACTION_ASKED) {
                asked = f;
            } else if (is_gone ||
                       (is_it && is_end && asked && (f->id == asked->id || MUTANT(21)))) {
                asked = NULL;
            }
        }
        pending |= asked ? 1U << kind : 0;
    }
    return pending;
}

/* Missing by what was told last: "shown with its reason, never as a button that fails". */
static bool is_pickup_missing(const struct naive *naive)
{
    bool is_missing = false;
    for (size_t i = 0; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->kind == EVENT_CAPABILITY && f->action == ACTION_PICKUP) {
            is_missing = f->value == CAPABILITY_MISSING;
        }
    }
    return is_missing && !MUTANT(20);
}

/* Rights of a user as told last since the user came; until told we have them. */
static unsigned denied_of(const struct naive *naive, int user)
{
    unsigned denied = 0;
    for (size_t i = 0; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->user != user || f->is_void) {
            continue;
        }
        if (f->kind == EVENT_USER_GONE || f->kind == NAIVE_SWEPT_USER) {
            denied = 0;
        } else if (f->kind == EVENT_RIGHT) {
            denied &= ~(1U << f->action);
            denied |= f->value ? 0 : 1U << f->action;
        }
    }
    return denied;
}

/* Are we this user, as told last? */
static bool is_own(const struct naive *naive, int user)
{
    int own = -1;
    for (size_t i = 0; i < naive->facts.len; i++) {
        if (naive->facts.items[i].kind == EVENT_SELF) {
            own = naive->facts.items[i].value;
        }
    }
    return own == user && !MUTANT(24);
}

static void show(struct told *t, int64_t now_ms, const struct monitor_settings *settings)
{
    struct view_user *v = &t->view;
    sort_calls(v);
    if (v->lamp <= LAMP_ON_CALL) {
        call_since(v);
    }
    v->is_stale = t->stale_ms != INT64_MAX;
    bool is_lost = v->is_stale && now_ms - t->stale_ms >= keep_stale_ms;
    if (is_lost) {
        v->lamp = LAMP_UNKNOWN;
    }
    if (v->lamp == LAMP_UNKNOWN) {
        v->since_ms = 0;
        v->is_since_told = false;
    }
    size_t calls = v->is_withheld ? 0 : v->calls_len;
    v->is_pickup_ok =
        !is_lost && naive_is_pickup_allowed(settings, naive_has_call(v->calls, calls, CALL_RINGING),
                                            naive_has_call(v->calls, calls, CALL_HELD));
    v->has_why = !v->is_pickup_ok;
    /* Whether a stale call may be picked up is not said. */
    v->is_pickup_told = !v->is_stale || is_lost;
}

static void tell(const struct naive *naive, int user, int64_t now_ms, struct told *t)
{
    struct link_now link = {.state = LINK_IDLE, .heard_ms = never_ms, .unsynced_ms = never_ms};
    struct monitor_settings settings = {0};
    t->is_here = false;
    for (size_t i = 0; i < naive->facts.len; i++) {
        const struct naive_fact *f = &naive->facts.items[i];
        if (f->user >= 0 && f->user != user) {
            continue;
        }
        if (t->is_here) {
            time_passes(t, &link, f->now_ms);
        }
        link_step(&link, f);
        if (f->kind == EVENT_SETTINGS) {
            settings = f->settings;
        }
        if (f->user == user && !f->is_void) {
            if (f->kind == EVENT_USER && !t->is_here) {
                told_begin(t, &link);
            }
            if (f->kind == EVENT_USER_GONE || f->kind == NAIVE_SWEPT_USER) {
                t->is_here = false;
            }
        }
        if (t->is_here) {
            if (f->user == user) {
                user_step(t, naive, &link, f);
            }
            settle_stale(t, &link, f->now_ms);
        }
    }
    if (t->is_here) {
        time_passes(t, &link, now_ms);
        show(t, now_ms, &settings);
        t->view.pending = pending_of(naive, user);
        t->view.denied = denied_of(naive, user);
        t->view.is_own = is_own(naive, user);
        bool is_denied = (t->view.denied & 1U << RIGHT_PICKUP) && !MUTANT(23);
        if (is_pickup_missing(naive) || is_denied || t->view.is_own) {
            t->view.is_pickup_ok = false;
            t->view.is_pickup_told = t->view.has_why = true;
        }
        str_copy(t->view.id, sizeof t->view.id, naive->users.ids.items[user]);
    }
}

void naive_view(const struct naive *naive, int64_t now_ms, struct view *out)
{
    static const size_t none[LAMP_COUNT];
    out->users_len = 0;
    memcpy(out->counts, none, sizeof none);
    for (int user = 0; user < (int)naive->users.ids.len; user++) {
        if (!is_named(naive, user) || out->users_len == VIEW_USERS_MAX) {
            continue;
        }
        struct told t;
        tell(naive, user, now_ms, &t);
        out->counts[t.view.lamp]++;
        out->users[out->users_len++] = t.view;
    }
}
