/* What the callhuds of one person share: token and budget. */
#include "shared_priv.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#define FIRST_LINE "callhud-ringcentral 1"
#define TEXT_MAX_BYTES (64 * 1024)
#define LEASE_POLL_MS 250 /* how soon it is seen that another process has renewed */
#define HELD_MS 300 /* who has the file is waited for so long, then we go by what is read there */

struct state {
    struct rex_kept_token token;
    uint64_t lease_by;
    int64_t lease_until_ms;
    bool is_lease_claimed; /* who has it has the claim: when that is free, its owner is dead */
    struct rex_budget budget;
};

struct ask {
    enum rex_group group;
    enum rex_priority priority;
    int64_t wall_ms, wait_ms;
    uint32_t limit, window_ms;
    int32_t remaining;
    bool is_group_named;
};

struct lease {
    struct rex_shared *shared;
    uint64_t me, not_this;
    int64_t wall_ms, wait_ms;
    struct rex_kept_token *token;
    enum rex_lease word;
    bool is_refresh_bad;
};

struct rex_shared {
    struct backend_shared file;
    uint64_t me;        /* who asked for the lease here; 0: nobody yet */
    int64_t held_ms;    /* since when another one has the file, by the wall clock; 0 */
    int64_t tried_ms;   /* and when that was seen last */
    struct state state; /* as read or written last; all there is without a file */
    bool is_ahead;      /* state has what the file has not: it was not written, or another has it */
    bool is_claimed;    /* by us */
    bool is_warned;
};

static void state_init(struct state *state)
{
    mem_wipe(state, sizeof *state);
    rex_budget_init(&state->budget);
}

/* ---- the text ---- */

static const char *const group_names[REX_GROUPS] = {"light", "medium", "heavy", "auth"};

static void put_group(struct buf *text, const char *name, const struct rex_window *w)
{
    buf_printf(text, "group %s %" PRIu32 " %" PRIu32 " %" PRId64 " %" PRIu32 " %" PRId64, name,
               w->limit, w->window_ms, w->penalty_until_ms, w->unseen, w->unseen_until_ms);
    for (size_t i = 0; i < w->len; i++)
        buf_printf(text, " %" PRId64, w->sent_ms[(w->first + i) % REX_LIMIT_MOST]);
    buf_putc(text, '\n');
}

static void put_state(struct buf *text, const struct state *state)
{
    const struct rex_kept_token *t = &state->token;
    buf_puts(text, FIRST_LINE "\n");
    buf_printf(text, "token %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", t->serial,
               t->expires_ms, t->life_ms, t->refresh_expires_ms);
    buf_printf(text, "access %s\nrefresh %s\nowner %s\nscope %s\n", t->access, t->refresh, t->owner,
               t->scope);
    buf_printf(text, "lease %" PRIu64 " %" PRId64 " %d\n", state->lease_by, state->lease_until_ms,
               state->is_lease_claimed);
    buf_printf(text, "all %" PRId64 "\n", state->budget.all_until_ms);
    for (size_t i = 0; i < REX_GROUPS; i++)
        put_group(text, group_names[i], &state->budget.groups[i]);
    buf_puts(text, "end\n");
}

/* The next number of a line, 0 or more. */
static bool take_number(char **rest, int64_t *out)
{
    const char *field = str_next_field(rest, ' ');
    return field != NULL && str_to_int(field, 0, INT64_MAX, out);
}

static bool take_u32(char **rest, uint32_t *out)
{
    int64_t number;
    if (!take_number(rest, &number) || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool read_group(struct rex_budget *budget, char *rest)
{
    const char *name = str_next_field(&rest, ' ');
    enum rex_group group;
    int64_t at_ms;
    if (name == NULL || !rex_group_find(name, &group))
        return false;
    struct rex_window *w = &budget->groups[group];
    *w = (struct rex_window){0};
    if (!take_u32(&rest, &w->limit) || !take_u32(&rest, &w->window_ms) ||
        !take_number(&rest, &w->penalty_until_ms) || !take_u32(&rest, &w->unseen) ||
        !take_number(&rest, &w->unseen_until_ms))
        return false;
    while (rest != NULL && w->len < REX_LIMIT_MOST && take_number(&rest, &at_ms))
        w->sent_ms[w->len++] = at_ms;
    return w->limit > 0 && w->limit <= REX_LIMIT_MOST && w->window_ms > 0 && rest == NULL;
}

static bool read_line(struct state *state, char *line)
{
    struct rex_kept_token *t = &state->token;
    char *rest = line;
    const char *word = str_next_field(&rest, ' ');
    const char *value = rest != NULL ? rest : "";
    int64_t number = 0;
    bool is_right = true;
    if (str_eq(word, "token")) {
        is_right = take_number(&rest, &number) && take_number(&rest, &t->expires_ms) &&
                   take_number(&rest, &t->life_ms) && take_number(&rest, &t->refresh_expires_ms);
        t->serial = (uint64_t)number;
    } else if (str_eq(word, "access")) {
        is_right = str_copy(t->access, sizeof t->access, value);
    } else if (str_eq(word, "refresh")) {
        is_right = str_copy(t->refresh, sizeof t->refresh, value);
    } else if (str_eq(word, "owner")) {
        is_right = str_copy(t->owner, sizeof t->owner, value);
    } else if (str_eq(word, "scope")) {
        is_right = str_copy(t->scope, sizeof t->scope, value);
    } else if (str_eq(word, "lease")) {
        is_right = take_number(&rest, &number) && take_number(&rest, &state->lease_until_ms);
        state->lease_by = (uint64_t)number;
        number = 0; /* older callhuds write no third */
        state->is_lease_claimed = rest != NULL && take_number(&rest, &number) && number == 1;
    } else if (str_eq(word, "all")) {
        is_right = take_number(&rest, &state->budget.all_until_ms);
    } else if (str_eq(word, "group")) {
        is_right = read_group(&state->budget, rest);
    }
    return is_right;
}

/* False when it is none of ours or not whole. The text is cut up. */
static bool read_state(struct state *state, struct buf *text)
{
    char *rest = text->data;
    bool is_whole = false;
    state_init(state);
    if (text->len == 0 || memchr(text->data, '\0', text->len) != NULL)
        return false;
    const char *first = str_next_field(&rest, '\n');
    if (!str_eq(first, FIRST_LINE))
        return false;
    for (char *line; rest != NULL && !is_whole && (line = str_next_field(&rest, '\n')) != NULL;) {
        is_whole = str_eq(line, "end");
        if (!is_whole && !read_line(state, line))
            return false;
    }
    return is_whole;
}

/* ---- under the lock ---- */

struct visit {
    struct rex_shared *shared;
    bool (*change)(void *owner, struct state *state);
    void *owner;
    bool is_made, is_put;
};

static void join_tokens(struct rex_kept_token *ours, const struct rex_kept_token *there)
{
    bool is_useless = ours->refresh[0] == '\0' && ours->serial == there->serial;
    if (there->access[0] == '\0' || there->serial < ours->serial)
        return;
    *ours = *there;
    if (is_useless) /* that was found out here */
        mem_wipe(ours->refresh, sizeof ours->refresh);
}

/* What is there, and what was done here that is not there yet. Of two leases the later holds. */
static void join(struct rex_shared *shared, const struct state *there)
{
    struct state *ours = &shared->state;
    join_tokens(&ours->token, &there->token);
    bool is_theirs = there->lease_by != 0 && there->lease_by != shared->me;
    bool is_ours = ours->lease_by != 0 && ours->lease_by == shared->me;
    if (is_theirs ? !is_ours || there->lease_until_ms > ours->lease_until_ms : !is_ours) {
        ours->lease_by = is_theirs ? there->lease_by : 0;
        ours->lease_until_ms = there->lease_until_ms;
        ours->is_lease_claimed = there->is_lease_claimed;
    }
    rex_budget_join(&ours->budget, &there->budget);
}

static bool visit_text(void *owner, struct buf *text)
{
    struct visit *visit = owner;
    struct rex_shared *shared = visit->shared;
    struct state read;
    bool is_read = read_state(&read, text);
    if (is_read && shared->is_ahead)
        join(shared, &read);
    else if (is_read)
        shared->state = read;
    mem_wipe(&read, sizeof read);
    if (text->data != NULL)
        mem_wipe(text->data, text->cap);
    visit->is_made = true;
    shared->is_ahead |= visit->change(visit->owner, &shared->state);
    if (!shared->is_ahead)
        return false;
    /* Grown once, so that no piece of it stays behind in memory. */
    static const char blanks[2048];
    buf_reset(text);
    for (size_t i = 0; i < TEXT_MAX_BYTES / 2 / sizeof blanks; i++)
        buf_put(text, blanks, sizeof blanks);
    buf_reset(text);
    put_state(text, &shared->state);
    visit->is_put = !text->is_full;
    return visit->is_put;
}

static void warn(struct rex_shared *shared, enum rc rc, const char *text)
{
    if (rc == RC_OK) {
        shared->is_warned = false;
        return;
    }
    if (!shared->is_warned && rc == RC_TIMEOUT)
        log_warn("ringcentral", "another callhud holds what is shared: it is told later");
    else if (!shared->is_warned)
        log_warn("ringcentral", "token and budget are not shared with other callhuds: %s", text);
    shared->is_warned = true;
}

static bool claim(struct rex_shared *shared)
{
    shared->is_claimed = shared->file.claim != NULL && shared->file.claim(shared->file.self);
    return shared->is_claimed;
}

/* Not before the others can read that the lease is over: they would take us for dead. */
static void unclaim(struct rex_shared *shared)
{
    bool is_needed = shared->is_ahead || shared->state.lease_by == shared->me;
    if (!shared->is_claimed || is_needed)
        return;
    shared->is_claimed = false;
    shared->file.unclaim(shared->file.self);
}

/* Who has the file lets go of it in a moment. False: or does not. */
static bool is_worth_waiting(struct rex_shared *shared, int64_t wall_ms)
{
    if (shared->held_ms == 0 || wall_ms - shared->tried_ms > HELD_MS)
        shared->held_ms = wall_ms;
    shared->tried_ms = wall_ms;
    int64_t held_ms = wall_ms - shared->held_ms;
    return held_ms >= 0 && held_ms < HELD_MS;
}

/* wall_ms 0: not to be put off. False: another one has the file, and that is worth a moment:
 * change() was not called. Else it was, once, on all that can be known; what could not be written
 * is kept, and goes with a later visit. */
static bool visit_at(struct rex_shared *shared, bool (*change)(void *owner, struct state *state),
                     void *owner, int64_t wall_ms)
{
    struct visit visit = {.shared = shared, .change = change, .owner = owner};
    struct err err = {0};
    if (shared->file.update == NULL) {
        change(owner, &shared->state);
        return true;
    }
    enum rc rc = shared->file.update(shared->file.self, visit_text, &visit, &err);
    if (rc == RC_TIMEOUT && wall_ms > 0 && is_worth_waiting(shared, wall_ms))
        return false;
    if (rc == RC_TIMEOUT && shared->file.read != NULL)
        shared->file.read(shared->file.self, visit_text, &visit);
    if (!visit.is_made)
        shared->is_ahead |= change(owner, &shared->state);
    if (rc == RC_OK && visit.is_put)
        shared->is_ahead = false;
    if (rc != RC_TIMEOUT)
        shared->held_ms = 0;
    unclaim(shared);
    warn(shared, rc, err.text);
    return true;
}

static void visit(struct rex_shared *shared, bool (*change)(void *owner, struct state *state),
                  void *owner)
{
    (void)visit_at(shared, change, owner, 0);
}

static bool change_nothing(void *owner, struct state *state)
{
    (void)owner;
    (void)state;
    return false;
}

bool rex_shared_flush(struct rex_shared *shared)
{
    if (shared->is_ahead && shared->file.update != NULL)
        visit(shared, change_nothing, NULL);
    return !shared->is_ahead || shared->file.update == NULL;
}

struct rex_shared *rex_shared_new(const struct backend_shared *file)
{
    struct rex_shared *shared = mem_zero(1, sizeof *shared);
    shared->file = *file;
    state_init(&shared->state);
    return shared;
}

void rex_shared_free(struct rex_shared *shared)
{
    if (shared == NULL)
        return;
    for (int64_t waited_ms = 0;
         !rex_shared_flush(shared) && shared->held_ms != 0 && waited_ms < HELD_MS;
         waited_ms += REX_SHARED_HELD_MS)
        poll(NULL, 0, REX_SHARED_HELD_MS);
    mem_wipe(shared, sizeof *shared);
    mem_free(shared);
}

/* ---- the budget ---- */

static bool take(void *owner, struct state *state)
{
    struct ask *ask = owner;
    ask->wait_ms = rex_budget_take(&state->budget, ask->group, ask->priority, ask->wall_ms);
    return ask->wait_ms == 0;
}

int64_t rex_shared_take(struct rex_shared *shared, enum rex_group group, enum rex_priority priority,
                        int64_t wall_ms)
{
    struct ask ask = {.group = group, .priority = priority, .wall_ms = wall_ms};
    return visit_at(shared, take, &ask, wall_ms) ? ask.wait_ms : REX_SHARED_HELD_MS;
}

static bool give_back(void *owner, struct state *state)
{
    const struct ask *ask = owner;
    rex_budget_give_back(&state->budget, ask->group);
    return true;
}

void rex_shared_give_back(struct rex_shared *shared, enum rex_group group)
{
    struct ask ask = {.group = group};
    visit(shared, give_back, &ask);
}

static bool told(void *owner, struct state *state)
{
    const struct ask *ask = owner;
    rex_budget_told(&state->budget, ask->group, ask->limit, ask->remaining, ask->window_ms,
                    ask->wall_ms);
    return true;
}

void rex_shared_told(struct rex_shared *shared, enum rex_group group, uint32_t limit,
                     int32_t remaining, uint32_t window_ms, int64_t wall_ms)
{
    struct ask ask = {.group = group,
                      .limit = limit,
                      .remaining = remaining,
                      .window_ms = window_ms,
                      .wall_ms = wall_ms};
    visit(shared, told, &ask);
}

int64_t rex_shared_half_ms(const struct rex_shared *shared, enum rex_group group, size_t requests)
{
    return rex_budget_half_ms(&shared->state.budget, group, requests);
}

static bool refused(void *owner, struct state *state)
{
    struct ask *ask = owner;
    ask->wait_ms = rex_budget_refused(&state->budget, ask->group, ask->is_group_named, ask->wait_ms,
                                      ask->wall_ms);
    return true;
}

int64_t rex_shared_refused(struct rex_shared *shared, enum rex_group group, bool is_group_named,
                           int64_t retry_after_ms, int64_t wall_ms)
{
    struct ask ask = {.group = group,
                      .is_group_named = is_group_named,
                      .wait_ms = retry_after_ms,
                      .wall_ms = wall_ms};
    visit(shared, refused, &ask);
    return ask.wait_ms;
}

/* ---- the token ---- */

static bool is_leased(const struct state *state, int64_t wall_ms)
{
    /* One that ends later than it can was taken by a clock that has been set back since. */
    return state->lease_by != 0 && state->lease_until_ms > wall_ms &&
           state->lease_until_ms <= wall_ms + REX_RENEW_LEASE_MS;
}

static bool lease(void *owner, struct state *state)
{
    struct lease *ask = owner;
    const struct rex_kept_token *kept = &state->token;
    *ask->token = *kept;
    if (kept->access[0] != '\0' && kept->serial != ask->not_this &&
        kept->expires_ms > ask->wall_ms) {
        ask->word = REX_LEASE_TOKEN;
        return false;
    }
    /* Who was killed while it had the lease is not waited for. */
    bool is_others = state->lease_by != ask->me && is_leased(state, ask->wall_ms);
    if (is_others && !(state->is_lease_claimed && claim(ask->shared))) {
        ask->word = REX_LEASE_WAIT;
        ask->wait_ms = LEASE_POLL_MS;
        return false;
    }
    ask->wait_ms = rex_budget_take(&state->budget, REX_AUTH, REX_FOR_ACTION, ask->wall_ms);
    if (ask->wait_ms > 0) {
        ask->word = REX_LEASE_SPENT;
        return false;
    }
    state->lease_by = ask->me;
    state->lease_until_ms = ask->wall_ms + REX_RENEW_LEASE_MS;
    state->is_lease_claimed = claim(ask->shared);
    ask->word = REX_LEASE_OURS;
    return true;
}

enum rex_lease rex_shared_lease(struct rex_shared *shared, uint64_t me, uint64_t not_this,
                                int64_t wall_ms, struct rex_kept_token *out, int64_t *wait_ms)
{
    struct lease ask = {
        .shared = shared, .me = me, .not_this = not_this, .wall_ms = wall_ms, .token = out};
    shared->me = me;
    if (!visit_at(shared, lease, &ask, wall_ms)) {
        *out = shared->state.token;
        *wait_ms = REX_SHARED_HELD_MS;
        return REX_LEASE_WAIT;
    }
    *wait_ms = ask.wait_ms;
    return ask.word;
}

static bool keep(void *owner, struct state *state)
{
    struct lease *ask = owner;
    if (state->lease_by == ask->me)
        state->lease_by = 0;
    if (state->token.serial > ask->token->serial && state->token.access[0] != '\0') {
        *ask->token = state->token;
    } else {
        ask->token->serial++;
        state->token = *ask->token;
    }
    return true;
}

void rex_shared_keep(struct rex_shared *shared, uint64_t me, struct rex_kept_token *token)
{
    struct lease ask = {.me = me, .token = token};
    visit(shared, keep, &ask);
}

static bool release(void *owner, struct state *state)
{
    const struct lease *ask = owner;
    bool is_ours = state->lease_by == ask->me;
    bool is_bad = ask->is_refresh_bad && state->token.serial == ask->not_this;
    if (is_ours)
        state->lease_by = 0;
    if (is_bad)
        mem_wipe(state->token.refresh, sizeof state->token.refresh);
    return is_ours || is_bad;
}

void rex_shared_release(struct rex_shared *shared, uint64_t me, uint64_t serial,
                        bool is_refresh_bad)
{
    struct lease ask = {.me = me, .not_this = serial, .is_refresh_bad = is_refresh_bad};
    visit(shared, release, &ask);
}
