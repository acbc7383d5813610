/* Property test of the list in two homes: random edits here and there, offline times, refusals,
 * kills, undo and choices; every merge is judged by the oracle, and at the end both homes are the
 * same. CALLHUD_SEED=N replays one history and prints it, CALLHUD_SEQUENCES=N sets how many run.
 * Then the plays of list_play.h: CALLHUD_PLAY=N, CALLHUD_PLAYS=N; those that ended wrong once, and
 * the same ones each time, from the number CALLHUD_PLAYS_FROM; the long run plays new ones. */
#include "list_oracle.h"
#include "list_order.h"
#include "list_play.h"

#include "callhud/app/list_file.h"
#include "callhud/base/clock.h"
#include "callhud/model/appearance.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SEQUENCES 2000
#define PLAYS 1000
#define STEPS 60
#define RESERVED_MAX 2
#define USERS 16
#define OWNER (USERS - 1) /* on the reserved lines */

struct world {
    uint64_t random;
    bool is_told;
    struct appearance a;
    struct plain there; /* the backend, without the reserved lines */
    struct plain base;  /* as merged last */
    uint32_t reserved[RESERVED_MAX];
    size_t reserved_len;
    bool is_moved_here[LIST_USERS];
    uint32_t max_lines;
    bool has_twins; /* the backend has users on several lines: the oracle cannot tell them apart */
    size_t conflicts, taken, agreed, orders;
    char failed[400];
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(struct world *w, size_t n)
{
    return n ? (size_t)(next_random(&w->random) % n) : 0;
}

static void fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!w->failed[0])
        (void)vsnprintf(w->failed, sizeof w->failed, format, args);
    va_end(args);
}

/* ---- users and lists ------------------------------------------------------------------------- */

struct name {
    char id[16], extension[16];
};

static struct name name_of(int user)
{
    struct name n;
    (void)snprintf(n.id, sizeof n.id, "u%d", user);
    (void)snprintf(n.extension, sizeof n.extension, "%d", 100 + user);
    return n;
}

static int number_of(const struct appearance_user *user)
{
    return user ? atoi(user->id + 1) : -1;
}

static struct plain list_here(const struct appearance *a)
{
    struct plain list = {.len = 0};
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *line = &a->lines.items[i];
        if (line->here && line->state != LINE_RESERVED)
            list.users[list.len++] = number_of(line->here);
    }
    return list;
}

static void print_list(const char *what, const struct plain *list)
{
    printf("   %s", what);
    for (size_t i = 0; i < list->len; i++)
        printf(" %d", list->users[i]);
    printf("\n");
}

static void print_lines(const struct world *w)
{
    for (size_t i = 0; i < w->a.lines.len; i++) {
        const struct appearance_line *l = &w->a.lines.items[i];
        printf("   key %2u here %2d stored %2d (%u) %s%s%s base %d\n", (unsigned)l->key,
               number_of(l->here), number_of(l->stored), (unsigned)l->stored_key,
               line_state_word(l->state), l->is_moved ? " moved" : "", l->refusal ? " refused" : "",
               number_of(l->conflict.base));
    }
}

static void tell(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void tell(const struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (w->is_told) {
        (void)vprintf(format, args);
        printf("\n");
    }
    va_end(args);
}

/* The backend's list with its reserved lines, keys as contract 3.5 has them. */
static size_t read_there(const struct world *w, struct stored_line *lines,
                         struct name names[LIST_LINES])
{
    size_t len = 0, next = 0;
    uint32_t key = 1;
    for (size_t i = 0; i <= w->there.len; i++) {
        for (; next < w->reserved_len && (w->reserved[next] == key || i == w->there.len); next++) {
            names[len] = name_of(OWNER);
            key = w->reserved[next];
            lines[len] = (struct stored_line){
                key++, true, {.id = names[len].id, .extension = names[len].extension}};
            len++;
        }
        if (i == w->there.len)
            break;
        names[len] = name_of(w->there.users[i]);
        lines[len] = (struct stored_line){
            key++, false, {.id = names[len].id, .extension = names[len].extension}};
        len++;
    }
    return len;
}

/* ---- what must hold at any time -------------------------------------------------------------- */

static void check_whole(struct world *w)
{
    bool is_seen[LIST_USERS] = {false};
    uint32_t key = 0, stored = 0;
    for (size_t i = 0; i < w->a.lines.len; i++) {
        const struct appearance_line *l = &w->a.lines.items[i];
        bool is_reserved = l->state == LINE_RESERVED;
        if (!l->here && !l->stored)
            fail(w, "a line without anybody");
        if (l->here && l->key != ++key && !is_reserved)
            fail(w, "key %u where %u is next", (unsigned)l->key, (unsigned)key);
        if (is_reserved) {
            key = l->key;
            continue;
        }
        if (l->stored && !l->is_moved) {
            if (l->stored_key <= stored)
                fail(w, "an unmoved line is out of order");
            stored = l->stored_key;
        }
        if (w->has_twins)
            continue;
        if ((l->here && is_seen[number_of(l->here)]) ||
            (l->stored && l->stored != l->here && is_seen[number_of(l->stored)]))
            fail(w, "a user is on two lines");
        if (l->here)
            is_seen[number_of(l->here)] = true;
        if (l->stored)
            is_seen[number_of(l->stored)] = true;
        if ((l->state == LINE_SAME) == appearance_is_unsaved(l))
            fail(w, "a line that differs is called the same, or the other way round");
    }
}

static bool is_same_line(const struct appearance_line *l, const struct appearance_line *m)
{
    return !(number_of(l->here) != number_of(m->here) || l->key != m->key ||
             number_of(l->stored) != number_of(m->stored) || l->stored_key != m->stored_key ||
             l->state != m->state || l->is_moved != m->is_moved ||
             number_of(l->conflict.base) != number_of(m->conflict.base) ||
             l->conflict.is_place != m->conflict.is_place || !l->refusal != !m->refusal);
}

static bool is_same(const struct appearance *a, const struct appearance *b)
{
    bool is = a->lines.len == b->lines.len && a->undo.len == b->undo.len;
    for (size_t i = 0; is && i < a->lines.len; i++)
        is = is_same_line(&a->lines.items[i], &b->lines.items[i]);
    return is;
}

/* The same order here, the same stored. Of two lines that passed each other either may be called
 * moved, and removed ones may stand elsewhere. */
static bool is_same_here(const struct appearance *a, const struct appearance *b)
{
    size_t j[2] = {0, 0};
    bool is = a->lines.len == b->lines.len && a->undo.len == b->undo.len;
    for (size_t i = 0; is && i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        size_t *at = &j[l->here != NULL];
        while (*at < b->lines.len && !b->lines.items[*at].here == (l->here != NULL))
            ++*at;
        if (*at == b->lines.len)
            return false;
        struct appearance_line m = b->lines.items[(*at)++];
        if ((m.state == LINE_CONFLICT) == (l->state == LINE_CONFLICT))
            m.state = l->state;
        m.is_moved = l->is_moved;
        is = is_same_line(l, &m);
    }
    return is;
}

/* Killed, and read again from what was written. */
static void reload(struct world *w)
{
    struct appearance back;
    struct err err = {0};
    char *text = list_text(&w->a, "lab", NULL);
    if (list_parse(&back, text, strlen(text), "lab", NULL, &err) != RC_OK) {
        fail(w, "what was written cannot be read: %s", err.text);
    } else {
        if (!is_same(&w->a, &back))
            fail(w, "what was read is not what was written");
        appearance_fini(&w->a);
        w->a = back;
    }
    mem_free(text);
}

/* ---- what happens there ---------------------------------------------------------------------- */

static void edit_there(struct world *w)
{
    struct plain *l = &w->there;
    int user = (int)below(w, USERS - 1);
    size_t at = below(w, l->len), to = below(w, l->len);
    switch (below(w, 4)) {
    case 0:
        if ((w->has_twins || !plain_has(l, user)) && l->len < w->max_lines - w->reserved_len) {
            plain_insert(l, below(w, l->len + 1), user);
            tell(w, "there: add %d", user);
        }
        break;
    case 1:
        if (l->len > 0) {
            tell(w, "there: remove %d", l->users[at]);
            plain_remove(l, at);
        }
        break;
    case 2:
        if (l->len > 0) {
            user = l->users[at];
            plain_remove(l, at);
            plain_insert(l, to, user);
            tell(w, "there: move %d to place %zu", user, to);
        }
        break;
    default:
        if (l->len > 0 && (w->has_twins || !plain_has(l, user))) {
            tell(w, "there: %d instead of %d", user, l->users[at]);
            l->users[at] = user;
        }
        break;
    }
}

/* ---- what happens here ----------------------------------------------------------------------- */

static int some_user_here(struct world *w)
{
    struct plain list = list_here(&w->a);
    return list.len > 0 && below(w, 8) ? list.users[below(w, list.len)] : (int)below(w, USERS);
}

/* Moved, or removed and added again. */
static void note_moved(struct world *w, int user)
{
    w->is_moved_here[user] = w->is_moved_here[user] || plain_has(&w->base, user);
}

static void edit_here(struct world *w)
{
    struct appearance_edit edits[3];
    struct name names[6];
    size_t len = 1 + below(w, 3) * !below(w, 4);
    struct plain before = list_here(&w->a);
    for (size_t i = 0; i < len; i++) {
        struct appearance_edit *e = &edits[i];
        *e = (struct appearance_edit){.kind = (enum appearance_edit_kind)below(w, 4)};
        names[2 * i] = name_of(e->kind == EDIT_ADD ? (int)below(w, USERS) : some_user_here(w));
        names[2 * i + 1] = name_of((int)below(w, USERS));
        e->user =
            (struct appearance_user){.id = names[2 * i].id, .extension = names[2 * i].extension};
        e->to = (struct appearance_user){.id = names[2 * i + 1].id,
                                         .extension = names[2 * i + 1].extension};
        e->key = (uint32_t)below(w, before.len + 5);
        if (!below(w, 30))
            e->user.id = "";
    }
    size_t done = appearance_edit(&w->a, edits, len), refused = 0;
    for (size_t i = 0; i < len; i++) {
        refused += edits[i].refused[0] != '\0';
        if (edits[i].refused[0])
            continue;
        if (edits[i].kind == EDIT_MOVE)
            w->is_moved_here[number_of(&edits[i].user)] = true;
        if (edits[i].kind == EDIT_ADD)
            note_moved(w, number_of(&edits[i].user));
        if (edits[i].kind == EDIT_SET)
            note_moved(w, number_of(&edits[i].to));
    }
    for (size_t i = 0; i < len; i++) {
        static const char *const kinds[] = {"add", "remove", "move", "set"};
        tell(w, "here: %s %s to %s key %u: %s", kinds[edits[i].kind], edits[i].user.id,
             edits[i].to.id, (unsigned)edits[i].key, edits[i].refused);
    }
    struct plain after = list_here(&w->a);
    const struct appearance_edit *only = &edits[0];
    if (len == 1 && done == 1 && !w->has_twins) {
        const char *wrong =
            order_judge_edit(&before, &after, (enum order_edit)only->kind, number_of(&only->user),
                             number_of(&only->to), order_place(&w->a, only->key));
        w->orders++;
        if (wrong)
            fail(w, "%s", wrong);
    }
    if (done + refused != len)
        fail(w, "%zu edits: %zu done, %zu refused", len, done, refused);
    if (done == 0 && !plain_equal(&before, &after))
        fail(w, "a refused edit has changed the list");
}

/* Edits, all undone: the list is as before, to the last mark. */
static void edit_and_undo(struct world *w)
{
    struct appearance before;
    char text[APPEARANCE_TEXT_BYTES];
    bool was_moved[LIST_USERS];
    memcpy(was_moved, w->is_moved_here, sizeof was_moved);
    appearance_copy(&before, &w->a);
    size_t len = w->a.undo.len;
    for (size_t i = 1 + below(w, 4); i > 0; i--)
        edit_here(w);
    if (appearance_count(&w->a).conflicts > 0 && below(w, 2))
        appearance_choose_all(&w->a, below(w, 2) ? CHOOSE_MINE : CHOOSE_THEIRS);
    while (w->a.undo.len > len)
        appearance_undo(&w->a, text);
    tell(w, "here: all that undone");
    for (size_t i = 0; i < before.lines.len; i++) { /* an edit forgets a refusal, undone or not */
        mem_free(before.lines.items[i].refusal);
        before.lines.items[i].refusal = NULL;
    }
    appearance_retry(&w->a);
    if (!w->failed[0] && !is_same_here(&before, &w->a)) {
        fail(w, "edits undone have left something behind");
        if (w->is_told) {
            print_lines(w);
            appearance_fini(&w->a);
            appearance_copy(&w->a, &before);
            printf("  instead of\n");
            print_lines(w);
        }
    }
    memcpy(w->is_moved_here, was_moved, sizeof was_moved);
    appearance_fini(&before);
}

static void undo_one(struct world *w)
{
    char text[APPEARANCE_TEXT_BYTES];
    struct plain there = {.len = 0};
    if (appearance_undo(&w->a, text))
        tell(w, "here: %s", text);
    for (size_t i = 0; i < w->a.lines.len; i++)
        there.len += w->a.lines.items[i].stored && w->a.lines.items[i].state != LINE_RESERVED;
    if (there.len != w->base.len)
        fail(w, "undo has changed what is stored");
}

/* ---- the merge, judged ----------------------------------------------------------------------- */

static void note_conflicts(const struct world *w, bool *is_in)
{
    for (size_t i = 0; i < w->a.lines.len; i++) {
        const struct appearance_line *l = &w->a.lines.items[i];
        if (l->state != LINE_CONFLICT)
            continue;
        if (l->here)
            is_in[number_of(l->here)] = true;
        if (l->stored)
            is_in[number_of(l->stored)] = true;
        if (l->conflict.base)
            is_in[number_of(l->conflict.base)] = true;
    }
}

static void note_moved_lines(const struct world *w, bool *is_called_moved)
{
    for (size_t i = 0; i < w->a.lines.len; i++) {
        const struct appearance_line *l = &w->a.lines.items[i];
        if (l->is_moved && l->here)
            is_called_moved[number_of(l->here)] = true;
        if (l->is_moved && l->stored)
            is_called_moved[number_of(l->stored)] = true;
    }
}

static void merge(struct world *w)
{
    struct stored_line lines[LIST_LINES];
    struct name names[LIST_LINES];
    struct seen seen = {.base = w->base, .here = list_here(&w->a), .there = w->there};
    struct err err = {0};
    struct appearance_news news;
    size_t len = read_there(w, lines, names);
    memcpy(seen.is_moved_here, w->is_moved_here, sizeof seen.is_moved_here);
    seen.was_any_conflict = appearance_count(&w->a).conflicts > 0;
    note_conflicts(w, seen.is_in_conflict);
    note_moved_lines(w, seen.is_called_moved);
    if (appearance_merge(&w->a, lines, len, 1, &news, &err) != RC_OK)
        fail(w, "merge: %s", err.text);
    for (size_t i = 0; i < w->a.lines.len; i++) {
        const struct appearance_line *l = &w->a.lines.items[i];
        if (l->state == LINE_CONFLICT && l->conflict.is_place && l->here && l->here == l->stored)
            seen.is_in_new_place_conflict[number_of(l->here)] =
                !seen.is_in_conflict[number_of(l->here)];
    }
    note_conflicts(w, seen.is_in_conflict);
    seen.result = list_here(&w->a);
    seen.conflicts = appearance_count(&w->a).conflicts;
    w->conflicts += news.conflicts;
    w->taken += news.taken;
    w->agreed += news.agreed;
    const char *wrong = w->has_twins ? NULL : oracle_judge(&seen);
    w->orders += seen.orders;
    if (w->is_told) {
        printf("merge\n");
        print_list("base", &seen.base);
        print_list("here", &seen.here);
        print_list("there", &seen.there);
        print_lines(w);
        printf("   %s\n", wrong ? wrong : "nothing is lost");
    }
    if (wrong)
        fail(w, "lost: %s", wrong);

    struct appearance again;
    appearance_copy(&again, &w->a);
    uint64_t rev = again.rev;
    if (appearance_merge(&again, lines, len, 2, NULL, &err) != RC_OK || !is_same(&again, &w->a) ||
        again.rev != rev)
        fail(w, "merging the same again has changed something");
    appearance_fini(&again);

    w->base = w->there;
    if (appearance_count(&w->a).unsaved == 0)
        memset(w->is_moved_here, 0, sizeof w->is_moved_here);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static void check_plan(struct world *w, const struct appearance_plan *plan, struct plain *out)
{
    size_t reserved = 0;
    out->len = 0;
    for (size_t i = 0; i < plan->lines.len; i++) {
        const struct stored_line *line = &plan->lines.items[i];
        if (line->key != i + 1 && !(line->is_reserved && line->key > i + 1))
            fail(w, "the plan's keys are not numbered on");
        if (line->is_reserved) {
            if (reserved >= w->reserved_len || w->reserved[reserved++] != line->key ||
                number_of(&line->user) != OWNER)
                fail(w, "a reserved line is not as it was");
            continue;
        }
        out->users[out->len++] = number_of(&line->user);
    }
    if (reserved != w->reserved_len)
        fail(w, "a reserved line is missing in the plan");
    struct plain here = list_here(&w->a);
    if (plan->conflicts + plan->refused == 0 && !plain_equal(out, &here))
        fail(w, "the plan is not the list here");
    if (!plan->is_needed && !plain_equal(out, &w->base))
        fail(w, "the plan changes something and says it does not");
}

/* Reads, writes, reads again: as a backend does it. Some lines are refused. */
static void save(struct world *w, bool is_all)
{
    struct appearance_plan plan;
    struct err err = {0};
    struct plain next;
    merge(w);
    if (appearance_plan(&w->a, &plan, &err) != RC_OK) {
        struct appearance_counts counts = appearance_count(&w->a);
        if (!w->a.max_lines || counts.keys + counts.conflicts + counts.refused <= w->a.max_lines)
            fail(w, "no plan: %s", err.text);
        return;
    }
    check_plan(w, &plan, &next);
    bool is_needed = plan.is_needed;
    appearance_plan_fini(&plan);
    tell(w, "save%s", is_needed ? "" : ": nothing to write");
    if (!is_needed)
        return;
    if (!is_all && !below(w, 3)) {
        const struct appearance_line *l = &w->a.lines.items[below(w, w->a.lines.len)];
        const struct appearance_user *user = l->here ? l->here : l->stored;
        bool is_refused = appearance_refuse(&w->a, user->id, "no");
        tell(w, "refused: %d %d", number_of(user), is_refused);
        if (is_refused)
            return; /* the whole write fails; the next leaves that line out */
    }
    w->there = next;
    merge(w);
}

static void choose_some(struct world *w)
{
    struct err err = {0};
    for (size_t i = 0; i < w->a.lines.len; i++) {
        const struct appearance_line *l = &w->a.lines.items[i];
        if (l->state != LINE_CONFLICT || below(w, 2))
            continue;
        const struct appearance_user *user = l->here ? l->here : l->stored;
        enum appearance_choice choice = (enum appearance_choice)below(w, 3);
        w->is_moved_here[number_of(user)] = true;
        enum rc rc = appearance_choose(&w->a, user->id, choice, &err);
        tell(w, "choose: %d: %s", (int)choice, err.text);
        if (rc != RC_OK && (rc != RC_DENIED || choice != CHOOSE_BOTH))
            fail(w, "cannot choose: %s", err.text);
        return;
    }
}

static void replace_all(struct world *w)
{
    struct appearance_user users[LIST_USERS];
    struct name names[LIST_USERS];
    struct plain wanted = {.len = 0};
    struct err err = {0};
    for (size_t i = below(w, 8); i > 0; i--) {
        int user = (int)below(w, USERS - 1);
        if (!plain_has(&wanted, user))
            plain_insert(&wanted, below(w, wanted.len + 1), user);
    }
    for (size_t i = 0; i < wanted.len; i++) {
        names[i] = name_of(wanted.users[i]);
        users[i] = (struct appearance_user){.id = names[i].id, .extension = names[i].extension};
    }
    struct plain before = list_here(&w->a);
    bool is_done = appearance_replace(&w->a, users, wanted.len, &err) == RC_OK;
    struct plain after = list_here(&w->a);
    tell(w, "here: a whole list %s", err.text);
    if (!w->has_twins && !plain_equal(&after, is_done ? &wanted : &before))
        fail(w, "an imported list is not the one here");
    for (size_t i = 0; is_done && i < w->a.lines.len; i++) {
        if (w->a.lines.items[i].is_moved)
            w->is_moved_here[number_of(w->a.lines.items[i].here)] = true;
    }
}

/* ---- a history ------------------------------------------------------------------------------- */

static void begin(struct world *w, uint64_t seed)
{
    appearance_init(&w->a);
    w->random = seed;
    w->has_twins = !below(w, 10);
    w->reserved_len = below(w, RESERVED_MAX + 1);
    for (size_t i = 0; i < w->reserved_len; i++)
        w->reserved[i] = (uint32_t)i + 1;
    if (w->reserved_len > 0 && !below(w, 6))
        w->reserved[w->reserved_len - 1] += 3; /* not always at the front */
    w->max_lines = (uint32_t)(8 + below(w, 8));
    w->a.max_lines = below(w, 4) ? w->max_lines : 0;
    for (size_t i = below(w, 8); i > 0; i--) {
        int user = (int)below(w, USERS - 1);
        if (!plain_has(&w->there, user))
            plain_insert(&w->there, 0, user);
    }
    if (below(w, 5)) /* else the first edits are made before anything was read */
        merge(w);
}

/* Online again, chosen, saved: afterwards both homes are the same. */
static void end(struct world *w)
{
    struct err err = {0};
    merge(w);
    appearance_retry(&w->a);
    appearance_choose_all(&w->a, below(w, 2) ? CHOOSE_MINE : CHOOSE_THEIRS);
    struct plain wanted = list_here(&w->a);
    struct appearance_plan plan;
    if (appearance_plan(&w->a, &plan, &err) != RC_OK) {
        if (!w->a.max_lines || appearance_count(&w->a).keys <= w->a.max_lines)
            fail(w, "no plan at the end: %s", err.text);
        return;
    }
    appearance_plan_fini(&plan);
    save(w, true);
    struct plain here = list_here(&w->a);
    struct appearance_counts counts = appearance_count(&w->a);
    if (!plain_equal(&here, &w->there) || !plain_equal(&here, &wanted) || counts.unsaved > 0 ||
        counts.conflicts > 0)
        fail(w, "the homes differ at the end");
    if (w->a.undo.len > 0 && counts.unsaved == 0 && w->agreed > 0)
        tell(w, "undo is left");
}

static void history(struct world *w, uint64_t seed)
{
    begin(w, seed);
    size_t steps = 5 + below(w, STEPS);
    bool is_online = true;
    for (size_t i = 0; i < steps && !w->failed[0]; i++) {
        switch (below(w, 20)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4: edit_here(w); break;
        case 5:
        case 6:
        case 7:
        case 8: edit_there(w); break;
        case 9:
        case 10: is_online = !is_online; break;
        case 11: reload(w); break;
        case 12: choose_some(w); break;
        case 13: undo_one(w); break;
        case 14: edit_and_undo(w); break;
        case 15:
            if (!below(w, 4))
                replace_all(w);
            break;
        case 16:
            if (is_online)
                save(w, false);
            break;
        case 17: appearance_retry(&w->a); break;
        default:
            if (is_online)
                merge(w);
            break;
        }
        check_whole(w);
    }
    if (!w->failed[0])
        end(w);
}

#define FEW 5

static void move_there(struct world *w, int user, size_t to)
{
    plain_remove(&w->there, plain_place(&w->there, user));
    plain_insert(&w->there, to, user);
}

/* One move here, and one or two there. */
static void few_moves(struct world *w, size_t here, size_t one, size_t two)
{
    struct name name = name_of((int)(here / FEW));
    struct appearance_edit edit = {.kind = EDIT_MOVE,
                                   .user = {.id = name.id, .extension = name.extension},
                                   .key = (uint32_t)(here % FEW + 1)};
    appearance_init(&w->a);
    for (int user = 0; user < FEW; user++)
        plain_insert(&w->there, w->there.len, user);
    merge(w);
    appearance_edit(&w->a, &edit, 1);
    w->is_moved_here[here / FEW] = true;
    move_there(w, (int)(one / FEW), one % FEW);
    if (two < FEW * FEW)
        move_there(w, (int)(two / FEW), two % FEW);
    merge(w);
    check_whole(w);
    if (w->failed[0])
        printf("# %zu to %zu here, %zu to %zu and %zu to %zu there: %s\n", here / FEW, here % FEW,
               one / FEW, one % FEW, two / FEW, two % FEW, w->failed);
    appearance_fini(&w->a);
}

/* All there are, of one list: what is rare in histories. */
static size_t all_few_moves(size_t *orders)
{
    size_t failed = 0;
    for (size_t here = 0; here < FEW * FEW; here++) {
        for (size_t one = 0; one < FEW * FEW; one++) {
            for (size_t two = one % FEW; two <= FEW * FEW && failed < 5; two += FEW) {
                struct world w = {.max_lines = FEW};
                few_moves(&w, here, one, two);
                failed += w.failed[0] != '\0';
                *orders += w.orders;
            }
        }
    }
    return failed;
}

static bool all_histories(size_t sequences, uint64_t seed, bool is_told)
{
    size_t conflicts = 0, taken = 0, agreed = 0, orders = 0, failed = 0, i = 0;
    if (!is_told)
        failed = all_few_moves(&orders);
    for (; i < sequences && failed < 5; i++, seed++) {
        struct world w = {.is_told = is_told};
        history(&w, seed);
        if (w.failed[0]) {
            printf("# replay with CALLHUD_SEED=%llu: %s\n", (unsigned long long)seed, w.failed);
            failed++;
        }
        conflicts += w.conflicts;
        taken += w.taken;
        agreed += w.agreed;
        orders += w.orders;
        appearance_fini(&w.a);
    }
    printf("%sok 1 - %zu histories of one list in two homes: %zu changes taken over, %zu saved, "
           "%zu conflicts shown, %zu orders judged, edits lost silently: %zu\n",
           failed ? "not " : "", i, taken, agreed, conflicts, orders, failed);
    return failed == 0;
}

static uint64_t number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
    bool is_history = getenv("CALLHUD_SEED"), is_play = getenv("CALLHUD_PLAY"), is_good = true;
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return 1;
    size_t sequences = is_history ? 1 : (size_t)number_in("CALLHUD_SEQUENCES", SEQUENCES);
    size_t plays = is_play ? 1 : (size_t)number_in("CALLHUD_PLAYS", PLAYS);
    printf("1..2\n");
    if (!is_play)
        is_good = all_histories(sequences, number_in("CALLHUD_SEED", seed), is_history);
    if (!is_history)
        is_good = list_plays(plays, number_in("CALLHUD_PLAY", number_in("CALLHUD_PLAYS_FROM", 1)),
                             is_play) &&
                  is_good;
    return is_good ? 0 : 1;
}
