#include "generate.h"

/* --- chance --------------------------------------------------------------------------------- */

uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

struct gen {
    uint64_t random;
    struct history *history;
    struct world world;
    int users;          /* how many of WORLD_USERS take part */
    int64_t now_ms;     /* as the steps so far add up */
    int64_t advance_ms; /* to be put on the next step */
    int64_t heard_ms;
    enum link_state link;
    bool is_deaf; /* events get lost until somebody notices */
    bool is_tail;
    bool is_asked;
    bool is_gone_since_asked[WORLD_USERS];
    VEC(struct op) answers; /* of the open snapshot, not told yet; last one first */
    VEC(struct op) late;    /* live events that are still on their way */
    int pace;               /* 0: hurried, 1: mixed, 2: slow */
    uint32_t last_action;   /* id of the action of ours asked last */
};

static int below(struct gen *g, int n)
{
    return (int)(random_next(&g->random) % (uint64_t)n);
}

static bool percent(struct gen *g, int chance)
{
    return below(g, 100) < chance;
}

static int64_t backend_now(const struct gen *g)
{
    return WORLD_EPOCH_MS + g->now_ms + g->advance_ms;
}

/* --- putting steps down --------------------------------------------------------------------- */

static void put(struct gen *g, struct op op)
{
    /* Who went since the snapshot was asked stays away until it is done: whether its answers may
     * then speak of the newcomer is not said by the contract. */
    if (op.kind == EVENT_USER && !op.is_pause && !op.is_answer && g->is_asked &&
        g->is_gone_since_asked[op.user]) {
        return;
    }
    op.advance_ms = g->advance_ms;
    op.is_tail = g->is_tail;
    g->now_ms += g->advance_ms;
    g->advance_ms = 0;
    if (g->link == LINK_LIVE && g->now_ms - g->heard_ms >= 30000) {
        g->link = LINK_LOST; /* as the model must see it */
    }
    if (!op.is_pause && (op.kind == EVENT_HEARD || op.kind == EVENT_LINK)) {
        g->heard_ms = g->now_ms;
    }
    VEC_PUSH(&g->history->ops, op);
    if (op.kind == EVENT_USER_GONE && !op.is_pause && op.user < WORLD_USERS) {
        g->is_gone_since_asked[op.user] = true;
    }
}

static void put_pause(struct gen *g, int64_t advance_ms)
{
    g->advance_ms += advance_ms;
    put(g, (struct op){.is_pause = true});
}

static void put_link(struct gen *g, enum link_state state)
{
    put(g, (struct op){.kind = EVENT_LINK, .link = state});
    g->link = state;
}

static void put_plain(struct gen *g, enum event_kind kind)
{
    put(g, (struct op){.kind = kind});
}

/* Something happened in the world: maybe we hear of it, maybe late, maybe twice. */
static void happened(struct gen *g, struct op op)
{
    op.at_ms = backend_now(g);
    if (g->is_tail) {
        put(g, op);
        return;
    }
    bool is_lost = g->is_deaf || (g->link != LINK_LIVE && !percent(g, 15));
    if (is_lost && !percent(g, 5)) {
        return;
    }
    if (percent(g, 3)) {
        op.at_ms = 0; /* a backend that does not tell the time */
    }
    if (percent(g, 8)) {
        VEC_PUSH(&g->late, op);
        return;
    }
    put(g, op);
    while (percent(g, 8)) {
        if (percent(g, 50)) {
            op.at_ms += below(g, 2000);
        }
        if (percent(g, 30)) {
            op.since_ms = backend_now(g) - below(g, 50000);
        }
        put(g, op);
    }
}

/* --- the world ------------------------------------------------------------------------------ */

static struct op op_call(struct gen *g, int user, int call, bool is_since_told)
{
    const struct world_call *c = &g->world.users[user].calls[call];
    return (struct op){.kind = EVENT_CALL,
                       .user = user,
                       .call = call,
                       .state = c->state,
                       .direction = c->direction,
                       .since_ms = is_since_told ? c->since_ms : 0};
}

static void world_presence(struct gen *g, int user)
{
    static const enum presence often[] = {PRESENCE_AVAILABLE, PRESENCE_AVAILABLE, PRESENCE_BUSY,
                                          PRESENCE_AWAY,      PRESENCE_OFFLINE,   PRESENCE_HIDDEN};
    enum presence to = often[below(g, 6)];
    if (percent(g, 2)) {
        to = PRESENCE_UNKNOWN;
    }
    g->world.users[user].presence = to;
    happened(g, (struct op){.kind = EVENT_PRESENCE, .user = user, .presence = to});
}

static void world_dnd(struct gen *g, int user)
{
    struct world_user *u = &g->world.users[user];
    u->is_dnd = !u->is_dnd;
    happened(g, (struct op){.kind = EVENT_DND, .user = user, .is_on = u->is_dnd});
}

static void world_call_ends(struct gen *g, int user, int call)
{
    g->world.users[user].calls[call].is_on = false;
    happened(g, (struct op){.kind = EVENT_CALL_ENDED, .user = user, .call = call});
}

static void world_call_begins(struct gen *g, int user)
{
    struct world_user *u = &g->world.users[user];
    int call = u->next_call;
    u->next_call = (u->next_call + 1) % WORLD_CALLS;
    if (u->calls[call].is_on) {
        return; /* all lines are taken */
    }
    bool is_in = percent(g, 60);
    u->calls[call] = (struct world_call){.is_on = true,
                                         .state = is_in ? CALL_RINGING : CALL_DIALLING,
                                         .direction = is_in ? CALL_IN : CALL_OUT,
                                         .since_ms = backend_now(g)};
    if (!u->is_withheld || percent(g, 10)) {
        happened(g, op_call(g, user, call, percent(g, 50)));
    }
}

static void world_call_moves(struct gen *g, int user)
{
    struct world_user *u = &g->world.users[user];
    int call = below(g, WORLD_CALLS);
    for (int i = 0; i < WORLD_CALLS && !u->calls[call].is_on; i++) {
        call = (call + 1) % WORLD_CALLS;
    }
    if (!u->calls[call].is_on) {
        return;
    }
    if (percent(g, 35)) {
        world_call_ends(g, user, call);
        return;
    }
    static const enum call_state to[] = {CALL_CONNECTED, CALL_CONNECTED, CALL_HELD,    CALL_HELD,
                                         CALL_PARKED,    CALL_RINGING,   CALL_DIALLING};
    u->calls[call].state = to[below(g, 7)];
    u->calls[call].since_ms = backend_now(g);
    if (!u->is_withheld || percent(g, 10)) {
        happened(g, op_call(g, user, call, percent(g, 50)));
    }
}

/* Rights change. Calls that we may no longer see end for us; those that run when we may see again
 * are told anew. */
static void world_withheld(struct gen *g, int user)
{
    struct world_user *u = &g->world.users[user];
    u->is_withheld = !u->is_withheld;
    happened(g, (struct op){.kind = EVENT_CALLS_WITHHELD, .user = user, .is_on = u->is_withheld});
    for (int i = 0; i < WORLD_CALLS && !u->is_withheld; i++) {
        if (u->calls[i].is_on) {
            happened(g, op_call(g, user, i, percent(g, 50)));
        }
    }
}

static struct op op_right(const struct gen *g, int user, enum right right)
{
    bool is_denied = (g->world.users[user].denied & 1U << right) != 0;
    return (struct op){.kind = EVENT_RIGHT, .user = user, .right = right, .is_on = !is_denied};
}

static void world_right(struct gen *g, int user)
{
    enum right right = (enum right)below(g, RIGHT_COUNT);
    g->world.users[user].denied ^= 1U << right;
    happened(g, op_right(g, user, right));
}

static void world_user(struct gen *g, int user)
{
    struct world_user *u = &g->world.users[user];
    if (u->is_here && percent(g, 60)) {
        happened(g, (struct op){.kind = EVENT_USER, .user = user}); /* named again */
        return;
    }
    if (!u->is_here && g->is_asked && g->is_gone_since_asked[user]) {
        return; /* put() would not tell it */
    }
    u->is_here = !u->is_here;
    if (u->is_here) {
        happened(g, (struct op){.kind = EVENT_USER, .user = user});
        world_presence(g, user);
        happened(g, (struct op){.kind = EVENT_DND, .user = user});
        happened(g, (struct op){.kind = EVENT_CALLS_WITHHELD, .user = user});
        happened(g, op_right(g, user, RIGHT_PICKUP));
        happened(g, op_right(g, user, RIGHT_SUPERVISE));
        return;
    }
    int next_call = u->next_call;
    *u = (struct world_user){.presence = PRESENCE_AVAILABLE, .next_call = next_call};
    happened(g, (struct op){.kind = EVENT_USER_GONE, .user = user});
}

static void world_step(struct gen *g, int user)
{
    if (!g->world.users[user].is_here) {
        if (percent(g, 30)) {
            world_user(g, user);
        }
        return;
    }
    int dice = below(g, 100);
    if (dice < 20) {
        world_presence(g, user);
    } else if (dice < 30) {
        world_dnd(g, user);
    } else if (dice < 55) {
        world_call_begins(g, user);
    } else if (dice < 91) {
        world_call_moves(g, user);
    } else if (dice < 94) {
        world_withheld(g, user);
    } else if (dice < 96) {
        world_right(g, user);
    } else {
        world_user(g, user);
    }
}

/* --- snapshots ------------------------------------------------------------------------------ */

static void answer(struct gen *g, struct op op)
{
    op.is_answer = true;
    op.at_ms = backend_now(g);
    VEC_PUSH(&g->answers, op);
}

static void shuffle_answers(struct gen *g, size_t from)
{
    for (size_t i = g->answers.len; i > from + 1; i--) {
        size_t j = from + (size_t)below(g, (int)(i - from));
        struct op swapped = g->answers.items[i - 1];
        g->answers.items[i - 1] = g->answers.items[j];
        g->answers.items[j] = swapped;
    }
}

/* The answers about one user, as the world is now; the naming of the user comes first, that is last
 * in the list. */
static void answer_user(struct gen *g, int user)
{
    const struct world_user *u = &g->world.users[user];
    size_t from = g->answers.len;
    for (int i = 0; i < WORLD_CALLS; i++) {
        if (u->calls[i].is_on && (!u->is_withheld || percent(g, 10))) {
            answer(g, op_call(g, user, i, percent(g, 40)));
        }
    }
    for (int right = 0; right < RIGHT_COUNT; right++) {
        answer(g, op_right(g, user, (enum right)right));
    }
    answer(g, (struct op){.kind = EVENT_CALLS_WITHHELD, .user = user, .is_on = u->is_withheld});
    answer(g, (struct op){.kind = EVENT_DND, .user = user, .is_on = u->is_dnd});
    answer(g, (struct op){.kind = EVENT_PRESENCE, .user = user, .presence = u->presence});
    shuffle_answers(g, from);
    answer(g, (struct op){.kind = EVENT_USER, .user = user});
}

static void ask(struct gen *g)
{
    put_plain(g, EVENT_SNAPSHOT_ASKED);
    g->is_asked = true;
    g->is_deaf = g->is_deaf && percent(g, 20);
    memset(g->is_gone_since_asked, 0, sizeof g->is_gone_since_asked);
    g->answers.len = 0;
    int first = below(g, g->users);
    for (int i = 0; i < g->users; i++) {
        int user = (first + i) % g->users;
        if (g->world.users[user].is_here) {
            answer_user(g, user);
        }
    }
}

static void tell_answer(struct gen *g)
{
    struct op op = g->answers.items[--g->answers.len];
    if (!g->is_tail && percent(g, 3)) {
        return; /* never came */
    }
    if (!g->is_tail && percent(g, 3)) {
        op.at_ms = 0;
    }
    put(g, op);
    if (!g->is_tail && percent(g, 5)) {
        put(g, op);
    }
}

static void snapshot_step(struct gen *g)
{
    if (!g->is_asked || percent(g, 2)) {
        ask(g);
        return;
    }
    int dice = below(g, 100);
    if (g->answers.len == 0 || dice < 2) {
        put_plain(g, percent(g, 90) ? EVENT_SNAPSHOT_DONE : EVENT_SNAPSHOT_FAILED);
        g->is_asked = percent(g, 3);
        return;
    }
    int count = dice < 50 ? 1 : 1 + below(g, 12);
    while (count-- > 0 && g->answers.len > 0) {
        tell_answer(g);
    }
}

/* --- everything else ------------------------------------------------------------------------ */

static void link_step(struct gen *g)
{
    int dice = below(g, 100);
    if (dice < 35) {
        put_link(g, LINK_LIVE);
    } else if (dice < 55) {
        put_link(g, LINK_POLLING);
    } else if (dice < 70) {
        put_link(g, LINK_LOST);
    } else if (dice < 80) {
        put_link(g, LINK_CONNECTING);
    } else if (dice < 83) {
        put_link(g, LINK_REFUSED);
    } else if (dice < 85) {
        put_link(g, LINK_IDLE);
    } else {
        g->is_deaf = false;
        put_plain(g, EVENT_GAP);
    }
}

/* Lost, tried again, and back, as backends do it. */
static void reconnect(struct gen *g)
{
    put_link(g, LINK_LOST);
    put_pause(g, below(g, percent(g, 70) ? 3000 : 80000));
    put_link(g, LINK_CONNECTING);
    put_link(g, percent(g, 80) ? LINK_LIVE : LINK_POLLING);
    ask(g);
    while (g->answers.len > 0 && percent(g, 95)) {
        tell_answer(g);
    }
    if (percent(g, 90)) {
        put_plain(g, EVENT_SNAPSHOT_DONE);
        g->is_asked = false;
    }
}

/* Just before, at and after each limit. */
static void boundary(struct gen *g)
{
    static const int64_t limits[] = {20000, 30000, 60000, 80000, 90000};
    switch (below(g, 4)) {
    case 0: put_plain(g, EVENT_HEARD); break;
    case 1: put_link(g, LINK_LOST); break;
    case 2:
        put_plain(g, EVENT_GAP);
        put_plain(g, EVENT_HEARD);
        break;
    default:
        if (g->link != LINK_POLLING && percent(g, 50)) {
            put_link(g, LINK_POLLING);
        }
        break;
    }
    int64_t limit = limits[below(g, 5)];
    put_pause(g, limit - 1 - below(g, 2));
    put_pause(g, 1);
    put_pause(g, 1);
    if (percent(g, 50)) {
        put_pause(g, percent(g, 50) ? 59998 : 29998);
        put_pause(g, 1 + below(g, 3));
        put_pause(g, 1);
    }
}

/* While polling: the answer of one poll, without a snapshot around it. */
static void poll_step(struct gen *g)
{
    int user = below(g, g->users);
    size_t kept = g->answers.len;
    if (g->is_asked || !g->world.users[user].is_here) {
        return;
    }
    answer_user(g, user);
    while (g->answers.len > kept) {
        tell_answer(g);
    }
}

static void settings_step(struct gen *g)
{
    put(g, (struct op){.kind = EVENT_SETTINGS,
                       .settings = {.ring_when_monitored_rings = percent(g, 50),
                                    .pick_up_held_lines = percent(g, 70),
                                    .ring_locks_hold = percent(g, 50)}});
}

/* Our own doing: actions that are asked for and come to an end, in any order, also of users that
 * are gone; and what the backend can do. */
static void action_step(struct gen *g)
{
    static const enum action_stage stages[] = {ACTION_PHONE, ACTION_CONFIRMED, ACTION_UNSURE,
                                               ACTION_ENDED, ACTION_FAILED};
    struct op op = {.kind = EVENT_ACTION,
                    .user = percent(g, 5) ? WORLD_USERS : below(g, g->users),
                    .call = below(g, WORLD_CALLS),
                    .action = (enum action_kind)below(g, ACTION_COUNT)};
    if (percent(g, 20)) {
        op.kind = EVENT_CAPABILITY;
        op.action = percent(g, 60) ? ACTION_PICKUP : op.action;
        op.level = (enum capability)below(g, 3);
        op.is_on = percent(g, 50); /* says why */
    } else if (percent(g, 50)) {
        op.action_id = ++g->last_action;
    } else {
        op.action_id = g->last_action - (uint32_t)below(g, 4);
        op.stage = stages[below(g, 5)];
        op.action = percent(g, 70) ? ACTION_LISTEN : op.action;
    }
    put(g, op);
}

/* Who we are: nobody told, one of those here, a stranger. */
static void self_step(struct gen *g)
{
    put(g, (struct op){.kind = EVENT_SELF, .user = below(g, WORLD_USERS + 2) - 1});
}

/* Nonsense: strangers, calls that never were, facts out of nowhere. */
static void stray_step(struct gen *g)
{
    struct op op = {.user = percent(g, 30) ? WORLD_USERS : below(g, g->users),
                    .call = below(g, WORLD_CALLS),
                    .at_ms = backend_now(g) - below(g, 100000),
                    .is_answer = percent(g, 15),
                    .is_on = percent(g, 50),
                    .presence = (enum presence)(1 + below(g, 5)),
                    .state = (enum call_state)below(g, 5)};
    static const enum event_kind kinds[] = {EVENT_PRESENCE,   EVENT_DND,     EVENT_CALL,
                                            EVENT_CALL_ENDED, EVENT_DEVICES, EVENT_CALL_ENDED};
    op.kind = kinds[below(g, 6)];
    if (op.kind == EVENT_CALL && percent(g, 50)) {
        op.since_ms = op.at_ms - below(g, 10000);
    }
    put(g, op);
}

static void late_step(struct gen *g)
{
    if (g->late.len > 0) {
        size_t at = (size_t)below(g, (int)g->late.len);
        struct op op = g->late.items[at];
        VEC_REMOVE(&g->late, at);
        put(g, op);
    }
}

static void draw_advance(struct gen *g)
{
    static const int slow[] = {30, 8, 2};
    int dice = below(g, 100);
    if (dice < slow[g->pace] + 20) {
        g->advance_ms += below(g, 50);
    } else if (dice < 80) {
        g->advance_ms += below(g, g->pace == 0 ? 300 : 2000);
    } else if (dice < 97 || g->pace == 0) {
        g->advance_ms += below(g, g->pace == 2 ? 15000 : 4000);
    } else {
        g->advance_ms += below(g, 100001);
    }
}

static void step(struct gen *g)
{
    draw_advance(g);
    if (g->link == LINK_LIVE && backend_now(g) - WORLD_EPOCH_MS - g->heard_ms > 25000 &&
        percent(g, 80)) {
        put_plain(g, EVENT_HEARD);
    }
    if (g->link != LINK_LIVE && g->link != LINK_POLLING && percent(g, 12)) {
        reconnect(g);
        return;
    }
    int dice = below(g, 1000);
    if (dice < 400) {
        world_step(g, below(g, g->users));
    } else if (dice < 560) {
        put_plain(g, EVENT_HEARD);
    } else if (dice < (g->is_asked ? 800 : 620)) {
        snapshot_step(g);
    } else if (dice < 850) {
        if (g->link == LINK_POLLING) {
            poll_step(g);
        } else {
            world_step(g, below(g, g->users));
        }
    } else if (dice < 890) {
        late_step(g);
    } else if (dice < 925) {
        stray_step(g);
    } else if (dice < 945) {
        settings_step(g);
    } else if (dice < 962) {
        link_step(g);
    } else if (dice < 975) {
        reconnect(g);
    } else if (dice < 983) {
        boundary(g);
    } else if (dice < 986) {
        int count = 1 + below(g, 12);
        while (count-- > 0) {
            action_step(g);
        }
        if (percent(g, 50)) {
            self_step(g);
        }
    } else if (dice < 992) {
        g->is_deaf = true;
    } else {
        put_pause(g, 0);
    }
}

/* The link is live, all the world is asked, and everything that happens meanwhile is told at once:
 * the answers are older than some events. Whoever something happens to is named first, for events
 * about users never named are dropped. */
static void converge(struct gen *g)
{
    g->is_tail = true;
    g->is_deaf = false;
    put_link(g, LINK_LIVE);
    ask(g);
    bool is_named[WORLD_USERS] = {false};
    bool is_race = percent(g, 60);
    while (g->answers.len > 0 || (is_race && percent(g, 50))) {
        if (is_race && percent(g, 25)) {
            int user = below(g, g->users);
            if (g->world.users[user].is_here && !is_named[user]) {
                put(g, (struct op){.kind = EVENT_USER, .user = user, .at_ms = backend_now(g)});
            }
            is_named[user] = true;
            world_step(g, user);
            continue;
        }
        if (g->answers.len > 0) {
            g->advance_ms = below(g, 20);
            tell_answer(g);
        }
    }
    put_plain(g, EVENT_SNAPSHOT_DONE);
    g->history->is_converging = true;
    g->history->truth = g->world;
}

void generate(struct history *history, uint64_t seed)
{
    struct gen g = {.random = seed, .history = history, .link = LINK_IDLE};
    memset(history, 0, sizeof *history);
    history->is_ticked_often = percent(&g, 30);
    g.users = 1 + below(&g, WORLD_USERS);
    g.pace = below(&g, 3);
    g.now_ms = 1000;
    for (int i = 0; i < WORLD_USERS; i++) {
        g.world.users[i].is_here = i < g.users && percent(&g, 85);
        g.world.users[i].presence = PRESENCE_AVAILABLE;
    }
    static const int lengths[] = {8, 40, 120, 400};
    int steps = 1 + below(&g, lengths[below(&g, 4)]);
    settings_step(&g);
    if (percent(&g, 80)) {
        reconnect(&g);
    }
    while (steps-- > 0) {
        step(&g);
    }
    if (percent(&g, 70)) {
        converge(&g);
    }
    VEC_FREE(&g.answers);
    VEC_FREE(&g.late);
}

void history_fini(struct history *history)
{
    VEC_FREE(&history->ops);
}
