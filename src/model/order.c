#include "callhud/model/order.h"

#include "callhud/base/str.h"

#include <stdlib.h>

static const struct {
    const char *word, *text;
} orders[ORDER_COUNT] = {
#define ORDER_ROW(name, word, text) {word, text},
    ORDER_LIST(ORDER_ROW)
#undef ORDER_ROW
};

const char *order_word(enum order_by by)
{
    return orders[(unsigned)by < ORDER_COUNT ? by : ORDER_LINE].word;
}

const char *order_text(enum order_by by)
{
    return orders[(unsigned)by < ORDER_COUNT ? by : ORDER_LINE].text;
}

bool order_from_word(const char *word, enum order_by *out)
{
    for (unsigned i = 0; i < ORDER_COUNT; i++)
        if (str_eq_nocase(word, orders[i].word)) {
            *out = (enum order_by)i;
            return true;
        }
    return false;
}

/* --- keys --------------------------------------------------------------------------------------
 */

/* Backend time at which something began, or since when at least; 0 when neither is known. */
struct begin {
    int64_t at_ms;
    bool is_at_least;
};

static struct begin begin_of(int64_t since_ms, int64_t seen_ms)
{
    return since_ms != 0 ? (struct begin){since_ms, false} : (struct begin){seen_ms, true};
}

/* What a user is ordered by, worked out once for each build. */
struct entry {
    const struct user *user;
    size_t by_extension; /* place among all users by extension */
    size_t group;        /* rank of the department; 0 for all when not grouped */
    enum lamp lamp;
    bool is_holding;
    struct begin begin; /* of what is shown */
    struct begin hold;  /* of the call that is held longest */
};

static int compare_size(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

/* The one that began first goes first; the one of unknown beginning last. */
static int compare_begin(struct begin a, struct begin b)
{
    if ((a.at_ms == 0) != (b.at_ms == 0))
        return a.at_ms == 0 ? 1 : -1;
    if (a.at_ms != b.at_ms)
        return a.at_ms < b.at_ms ? -1 : 1;
    return (int)b.is_at_least - (int)a.is_at_least;
}

static struct begin longest_hold(const struct user *user, bool *is_holding)
{
    struct begin longest = {0};

    *is_holding = false;
    for (size_t i = 0; i < user->calls.len; i++) {
        const struct call *call = &user->calls.items[i];
        if (call->state != CALL_HELD)
            continue;
        struct begin begin = begin_of(call->since_ms, call->seen_ms);
        if (!*is_holding || compare_begin(begin, longest) < 0)
            longest = begin;
        *is_holding = true;
    }
    return longest;
}

static struct entry entry_of(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    struct entry entry = {.user = user, .lamp = view.lamp};

    entry.begin = begin_of(view.since_ms, view.at_least_ms);
    if (view.lamp != LAMP_UNKNOWN && !user->is_withheld)
        entry.hold = longest_hold(user, &entry.is_holding);
    return entry;
}

/* --- comparing ---------------------------------------------------------------------------------
 */

static int compare_extension(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;
    int result = str_compare_natural(ea->user->extension, eb->user->extension);
    return result != 0 ? result : compare_size(ea->user->index, eb->user->index);
}

static int by_place(const struct entry *a, const struct entry *b)
{
    return a->group != b->group ? compare_size(a->group, b->group)
                                : compare_size(a->by_extension, b->by_extension);
}

static int compare_line(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;
    uint32_t la = ea->user->line, lb = eb->user->line;

    if (ea->group == eb->group && la != lb)
        return la == 0 ? 1 : lb == 0 ? -1 : la < lb ? -1 : 1;
    return by_place(ea, eb);
}

static int compare_place(const void *a, const void *b)
{
    return by_place(a, b);
}

static int compare_name(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;
    bool has_a = !str_is_empty(ea->user->name), has_b = !str_is_empty(eb->user->name);
    int result = 0;

    if (ea->group == eb->group)
        result = has_a != has_b ? (int)has_b - (int)has_a
                                : str_compare_natural(ea->user->name, eb->user->name);
    return result != 0 ? result : by_place(ea, eb);
}

static int compare_state(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;

    if (ea->group == eb->group && ea->lamp != eb->lamp)
        return ea->lamp < eb->lamp ? -1 : 1;
    return by_place(ea, eb);
}

static int compare_longest(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;
    int result = ea->group == eb->group ? compare_begin(ea->begin, eb->begin) : 0;
    return result != 0 ? result : by_place(ea, eb);
}

static int compare_hold(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;
    int result = 0;

    if (ea->group == eb->group)
        result = ea->is_holding != eb->is_holding ? (int)eb->is_holding - (int)ea->is_holding
                                                  : compare_begin(ea->hold, eb->hold);
    return result != 0 ? result : by_place(ea, eb);
}

static int compare_urgent(const void *a, const void *b)
{
    const struct entry *ea = a, *eb = b;
    int result =
        ea->lamp != eb->lamp ? (ea->lamp < eb->lamp ? -1 : 1) : compare_begin(ea->begin, eb->begin);
    return result != 0 ? result : compare_extension(a, b);
}

static int (*comparer(enum order_by by))(const void *, const void *)
{
    switch (by) {
    case ORDER_EXTENSION: return compare_place;
    case ORDER_NAME: return compare_name;
    case ORDER_STATE: return compare_state;
    case ORDER_LONGEST: return compare_longest;
    case ORDER_HOLD: return compare_hold;
    case ORDER_LINE:
    case ORDER_COUNT: break;
    }
    return compare_line;
}

/* --- building ----------------------------------------------------------------------------------
 */

/* Ranks the departments by their first user in line order, of all users: a filter moves no group.
 */
static void rank_groups(struct entry *entries, size_t len)
{
    struct map ranks = {0};
    size_t next = 1;

    for (size_t i = 0; i < len; i++) {
        const char *department = entries[i].user->department;
        if (department[0] == '\0') {
            entries[i].group = SIZE_MAX;
            continue;
        }
        /* Ranks travel as the entry that has the rank already. */
        struct entry *first = map_get(&ranks, department);
        if (first == NULL) {
            entries[i].group = next++;
            map_put(&ranks, department, &entries[i]);
        } else {
            entries[i].group = first->group;
        }
    }
    map_fini(&ranks, NULL);
}

static void add_to_group(struct order_group *group, const struct hud *hud,
                         const struct entry *entry, int64_t now_ms)
{
    group->len++;
    group->free_count += entry->lamp == LAMP_AVAILABLE;
    group->ringing_count += entry->lamp == LAMP_RINGING;
    group->held_count += entry->is_holding;
    if (!entry->is_holding || entry->hold.at_ms == 0)
        return;
    int64_t age_ms = hud_age_ms(hud, entry->hold.at_ms, now_ms);
    if (age_ms > group->longest_hold_ms ||
        (age_ms == group->longest_hold_ms && entry->hold.is_at_least)) {
        group->longest_hold_ms = age_ms;
        group->is_hold_at_least = age_ms >= 0 && entry->hold.is_at_least;
    }
}

static void start_group(struct order *order, const char *department)
{
    struct order_group group = {
        .department = department, .first = order->users.len, .longest_hold_ms = -1};
    VEC_PUSH(&order->groups, group);
}

static void fill(struct order *order, const struct hud *hud, const struct entry *entries,
                 size_t len, bool is_grouped, int64_t now_ms)
{
    if (!is_grouped)
        start_group(order, NULL);
    for (size_t i = 0; i < len; i++) {
        if (is_grouped && (i == 0 || entries[i].group != entries[i - 1].group))
            start_group(order, entries[i].user->department);
        VEC_PUSH(&order->users, entries[i].user);
        add_to_group(&order->groups.items[order->groups.len - 1], hud, &entries[i], now_ms);
    }
}

static bool is_wanted(const struct order_request *request, const struct hud *hud,
                      const struct user *user, int64_t now_ms)
{
    return (request->department == NULL || str_eq(request->department, user->department)) &&
           filter_passes(request->filter, hud, user, now_ms);
}

void order_build(struct order *order, const struct hud *hud, const struct order_request *request,
                 int64_t now_ms)
{
    size_t len = hud->users.len, shown = 0;
    struct entry *entries = mem_zero(len > 0 ? len : 1, sizeof *entries);

    order->users.len = order->groups.len = 0;
    for (size_t i = 0; i < len; i++)
        entries[i] = entry_of(hud, hud->users.items[i], now_ms);
    qsort(entries, len, sizeof *entries, compare_extension);
    for (size_t i = 0; i < len; i++)
        entries[i].by_extension = i;
    if (request->is_grouped) {
        qsort(entries, len, sizeof *entries, compare_line);
        rank_groups(entries, len);
    }
    for (size_t i = 0; i < len; i++)
        if (is_wanted(request, hud, entries[i].user, now_ms))
            entries[shown++] = entries[i];
    order->hidden = len - shown;
    qsort(entries, shown, sizeof *entries, comparer(request->by));
    fill(order, hud, entries, shown, request->is_grouped, now_ms);
    mem_free(entries);
}

void order_fini(struct order *order)
{
    VEC_FREE(&order->users);
    VEC_FREE(&order->groups);
    order->hidden = 0;
}

void urgent_build(struct urgent *urgent, const struct hud *hud, const struct filter *filter,
                  int64_t now_ms)
{
    VEC(struct entry) entries = {0};

    urgent->users.len = 0;
    for (size_t i = 0; i < hud->users.len; i++) {
        const struct user *user = hud->users.items[i];
        struct entry entry = entry_of(hud, user, now_ms);
        if (entry.lamp == LAMP_RINGING && !hud_has_caller(user))
            continue;
        if (entry.lamp <= LAMP_PARKED && filter_passes(filter, hud, user, now_ms))
            VEC_PUSH(&entries, entry);
    }
    if (entries.len > 0)
        qsort(entries.items, entries.len, sizeof *entries.items, compare_urgent);
    for (size_t i = 0; i < entries.len; i++)
        VEC_PUSH(&urgent->users, entries.items[i].user);
    VEC_FREE(&entries);
}

void urgent_fini(struct urgent *urgent)
{
    VEC_FREE(&urgent->users);
}
