#include "callhud/model/order.h"

#include "callhud/base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word, *text;
} orders[ORDER_COUNT] = {
#define ORDER_ROW(name, word, text) {word, text},
    ORDER_LIST(ORDER_ROW)
#undef ORDER_ROW
};

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

/* What a user is ordered by, worked out when he has changed. */
struct order_entry {
    const struct user *user;
    uint64_t rev; /* of the user, then */
    size_t index; /* user.index */
    const char *department;
    uint32_t line;
    uint32_t extension_bytes;
    size_t by_extension; /* place among all users by extension */
    size_t group;        /* rank of the department; 0 for all when not grouped, and until ranked */
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

static struct order_entry entry_of(const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    struct order_entry entry = {.user = user,
                                .rev = user->rev,
                                .index = user->index,
                                .department = user->department,
                                .line = user->line,
                                .extension_bytes = (uint32_t)strlen(user->extension),
                                .lamp = view.lamp};

    entry.begin = begin_of(view.since_ms, view.at_least_ms);
    if (view.lamp != LAMP_UNKNOWN && !user->is_withheld)
        entry.hold = longest_hold(user, &entry.is_holding);
    return entry;
}

/* --- comparing ---------------------------------------------------------------------------------
 */

static int compare_extension(const void *a, const void *b)
{
    const struct order_entry *ea = a, *eb = b;
    int result = str_compare_natural(ea->user->extension, eb->user->extension);
    return result != 0 ? result : compare_size(ea->user->index, eb->user->index);
}

static int compare_urgent(const void *a, const void *b)
{
    const struct order_entry *ea = a, *eb = b;
    int result =
        ea->lamp != eb->lamp ? (ea->lamp < eb->lamp ? -1 : 1) : compare_begin(ea->begin, eb->begin);
    return result != 0 ? result : compare_extension(a, b);
}

/* The others compare pointers to entries. */
static const struct order_entry *at(const void *place)
{
    return *(const struct order_entry *const *)place;
}

static int by_place(const struct order_entry *a, const struct order_entry *b)
{
    return a->group != b->group ? compare_size(a->group, b->group)
                                : compare_size(a->by_extension, b->by_extension);
}

static int by_line(const struct order_entry *a, const struct order_entry *b)
{
    uint32_t la = a->line, lb = b->line;

    if (a->group == b->group && la != lb)
        return la == 0 ? 1 : lb == 0 ? -1 : la < lb ? -1 : 1;
    return by_place(a, b);
}

static int compare_line(const void *a, const void *b)
{
    return by_line(at(a), at(b));
}

static int compare_place(const void *a, const void *b)
{
    return by_place(at(a), at(b));
}

static int compare_name(const void *a, const void *b)
{
    const struct order_entry *ea = at(a), *eb = at(b);
    bool has_a = !str_is_empty(ea->user->name), has_b = !str_is_empty(eb->user->name);
    int result = 0;

    if (ea->group == eb->group)
        result = has_a != has_b ? (int)has_b - (int)has_a
                                : str_compare_natural(ea->user->name, eb->user->name);
    return result != 0 ? result : by_place(ea, eb);
}

static int compare_state(const void *a, const void *b)
{
    const struct order_entry *ea = at(a), *eb = at(b);

    if (ea->group == eb->group && ea->lamp != eb->lamp)
        return ea->lamp < eb->lamp ? -1 : 1;
    return by_place(ea, eb);
}

static int compare_longest(const void *a, const void *b)
{
    const struct order_entry *ea = at(a), *eb = at(b);
    int result = ea->group == eb->group ? compare_begin(ea->begin, eb->begin) : 0;
    return result != 0 ? result : by_place(ea, eb);
}

static int compare_hold(const void *a, const void *b)
{
    const struct order_entry *ea = at(a), *eb = at(b);
    int result = 0;

    if (ea->group == eb->group)
        result = ea->is_holding != eb->is_holding ? (int)eb->is_holding - (int)ea->is_holding
                                                  : compare_begin(ea->hold, eb->hold);
    return result != 0 ? result : by_place(ea, eb);
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

/* What is in order already, as it mostly is, is left alone. */
static void sort(void *items, size_t len, size_t size, int (*compare)(const void *, const void *))
{
    const char *item = items;
    size_t i = 1;

    while (i < len && compare(item + (i - 1) * size, item + i * size) <= 0)
        i++;
    if (i < len)
        qsort(items, len, size, compare);
}

/* Lamps fade without any change of the facts: then all are looked at once in a while. */
#define FULL_EVERY_MS 500

static bool is_usable(const struct order *order, const struct hud *hud, int64_t now_ms)
{
    bool is_fading = !hud->link.is_synced || hud->link.state != LINK_LIVE;
    int64_t age_ms = now_ms - order->full_ms;
    return order->hud == hud && order->entries_len == hud->users.len &&
           (!is_fading || (age_ms >= 0 && age_ms < FULL_EVERY_MS));
}

static void make_entries(struct order *order, const struct hud *hud, int64_t now_ms)
{
    size_t len = hud->users.len;

    mem_free(order->entries);
    order->entries = mem_zero(len + 1, sizeof *order->entries);
    for (size_t i = 0; i < len; i++)
        order->entries[i] = entry_of(hud, hud->users.items[i], now_ms);
    sort(order->entries, len, sizeof *order->entries, compare_extension);
    order->entries_len = len;
    order->hud = hud;
    order->full_ms = now_ms;
}

/* False: users came or went, or extensions have changed. */
static bool renew_entries(struct order *order, const struct hud *hud, int64_t now_ms)
{
    struct order_entry *entries = order->entries;
    size_t len = order->entries_len;

    for (size_t i = 0; i < len; i++) { /* nobody that is gone may be touched below */
        if (hud->users.items[entries[i].index] != entries[i].user)
            return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (entries[i].rev == entries[i].user->rev)
            continue;
        entries[i] = entry_of(hud, entries[i].user, now_ms);
        if ((i > 0 && compare_extension(&entries[i - 1], &entries[i]) > 0) ||
            (i + 1 < len && compare_extension(&entries[i], &entries[i + 1]) > 0))
            return false;
    }
    return true;
}

/* Every user once, by extension. */
static struct order_entry *renew(struct order *order, const struct hud *hud, int64_t now_ms)
{
    if (!is_usable(order, hud, now_ms) || !renew_entries(order, hud, now_ms))
        make_entries(order, hud, now_ms);
    for (size_t i = 0; i < order->entries_len; i++) {
        order->entries[i].by_extension = i;
        order->entries[i].group = 0;
    }
    return order->entries;
}

/* A department, known by the pointer to its interned name, and its first user in line order. */
struct rank {
    const char *department;
    const struct order_entry *first; /* NULL: nobody is there */
    size_t rank;
};

static int compare_department(const void *a, const void *b)
{
    uintptr_t pa = (uintptr_t)((const struct rank *)a)->department;
    uintptr_t pb = (uintptr_t)((const struct rank *)b)->department;
    return pa < pb ? -1 : pa > pb;
}

static int compare_first(const void *a, const void *b)
{
    const struct order_entry *fa = (*(const struct rank *const *)a)->first;
    const struct order_entry *fb = (*(const struct rank *const *)b)->first;

    if (fa == NULL || fb == NULL)
        return (fa == NULL) - (fb == NULL);
    return by_line(fa, fb);
}

static void number_ranks(struct rank *ranks, size_t len)
{
    struct rank **order = mem_zero(len + 1, sizeof *order);

    for (size_t i = 0; i < len; i++)
        order[i] = &ranks[i];
    qsort(order, len, sizeof(struct rank *), compare_first);
    for (size_t i = 0; i < len; i++)
        order[i]->rank = i + 1;
    mem_free(order);
}

/* Ranks the departments by their first user in line order, of all users: a filter moves no group.
 */
static void rank_groups(struct order_entry *entries, size_t len, const struct hud *hud)
{
    size_t count = hud->departments.len;
    struct rank *ranks = mem_zero(count + 1, sizeof *ranks);
    struct rank **found = mem_zero(len + 1, sizeof *found);

    for (size_t i = 0; i < count; i++)
        ranks[i].department = hud->departments.items[i];
    qsort(ranks, count, sizeof *ranks, compare_department);
    for (size_t i = 0; i < len; i++) {
        struct rank key = {.department = entries[i].department};
        if (key.department[0] == '\0')
            continue;
        found[i] = bsearch(&key, ranks, count, sizeof *ranks, compare_department);
        if (found[i]->first == NULL || by_line(&entries[i], found[i]->first) < 0)
            found[i]->first = &entries[i];
    }
    number_ranks(ranks, count);
    for (size_t i = 0; i < len; i++)
        entries[i].group = found[i] != NULL ? found[i]->rank : SIZE_MAX;
    mem_free(found);
    mem_free(ranks);
}

static void add_to_group(struct order_group *group, const struct hud *hud,
                         const struct order_entry *entry, int64_t now_ms)
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

static void fill(struct order *order, const struct hud *hud, const struct order_entry *const *shown,
                 size_t len, bool is_grouped, int64_t now_ms)
{
    order->users.len = order->groups.len = order->as_shown.len = order->extension_bytes = 0;
    if (!is_grouped)
        start_group(order, NULL);
    for (size_t i = 0; i < len; i++) {
        if (is_grouped && (i == 0 || shown[i]->group != shown[i - 1]->group))
            start_group(order, shown[i]->department);
        VEC_PUSH(&order->users, shown[i]->user);
        VEC_PUSH(&order->as_shown, (uint32_t)shown[i]->index);
        if (shown[i]->extension_bytes > order->extension_bytes)
            order->extension_bytes = shown[i]->extension_bytes;
        add_to_group(&order->groups.items[order->groups.len - 1], hud, shown[i], now_ms);
    }
}

static bool is_wanted(const struct order_request *request, const struct hud *hud,
                      const struct user *user, int64_t now_ms)
{
    return (request->department == NULL || str_eq(request->department, user->department)) &&
           filter_passes(request->filter, hud, user, now_ms);
}

/* Those that are to be shown, as far as they were shown before in that order. The answer is how
 * many they are. */
static size_t choose(const struct order_entry **shown, const struct order *order,
                     const struct hud *hud, const struct order_request *request,
                     const struct order_entry *entries, int64_t now_ms)
{
    size_t len = hud->users.len, count = 0;
    const struct order_entry **wanted = mem_zero(len + 1, sizeof *wanted); /* by user.index */

    for (size_t i = 0; i < len; i++)
        if (is_wanted(request, hud, entries[i].user, now_ms))
            wanted[entries[i].index] = &entries[i];
    for (size_t i = 0; i < order->as_shown.len; i++) {
        size_t index = order->as_shown.items[i];
        if (index >= len || wanted[index] == NULL)
            continue;
        shown[count++] = wanted[index];
        wanted[index] = NULL;
    }
    for (size_t i = 0; i < len; i++)
        if (wanted[i] != NULL)
            shown[count++] = wanted[i];
    mem_free(wanted);
    return count;
}

void order_build(struct order *order, const struct hud *hud, const struct order_request *request,
                 int64_t now_ms)
{
    size_t len = hud->users.len;
    struct order_entry *entries = renew(order, hud, now_ms);
    const struct order_entry **shown = mem_zero(len + 1, sizeof *shown);

    if (request->is_grouped)
        rank_groups(entries, len, hud);
    size_t count = choose(shown, order, hud, request, entries, now_ms);
    order->hidden = len - count;
    sort(shown, count, sizeof(const struct order_entry *), comparer(request->by));
    fill(order, hud, shown, count, request->is_grouped, now_ms);
    mem_free(shown);
}

void order_fini(struct order *order)
{
    VEC_FREE(&order->users);
    VEC_FREE(&order->groups);
    VEC_FREE(&order->as_shown);
    mem_free(order->entries);
    order->entries = NULL;
    order->entries_len = 0;
    order->hidden = 0;
}

typedef VEC(struct order_entry) entries;

static bool is_urgent(const struct order_entry *entry)
{
    return entry->lamp <= LAMP_PARKED &&
           (entry->lamp != LAMP_RINGING || hud_has_caller(entry->user));
}

void urgent_of_order(struct urgent *urgent, const struct order *order)
{
    entries list = {0};

    for (size_t i = 0; i < order->entries_len; i++)
        if (is_urgent(&order->entries[i]))
            VEC_PUSH(&list, order->entries[i]);
    urgent->users.len = 0;
    if (list.len > 0)
        qsort(list.items, list.len, sizeof *list.items, compare_urgent);
    for (size_t i = 0; i < list.len; i++)
        VEC_PUSH(&urgent->users, list.items[i].user);
    VEC_FREE(&list);
}

void urgent_fini(struct urgent *urgent)
{
    VEC_FREE(&urgent->users);
}
