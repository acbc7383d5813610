#include "ex.h"
#include "names.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPARTMENTS_MAX 40
#define NAME_TRIES 4
#define NAME_WINDOW 60 /* among so many neighbours a name comes once, if luck allows */

static const char *const department_names[] = {
    "Sales",  "Support",  "Billing",      "Logistics",   "Field Service", "Claims",
    "Repair", "Dispatch", "Reservations", "Collections", "Onboarding",    "Night Desk",
};
static const char *const region_names[] = {"", " North", " South", " East", " West"};
#define DEPARTMENT_NAMES (sizeof department_names / sizeof department_names[0])

/* The first ones are the people of the manual's pictures. */
static const char *const known_people[][2] = {
    {"Noor", "Haddad"},  {"Rana", "Aziz"}, {"Omar", "Said"},
    {"Lena", "Fischer"}, {"Ken", "Ito"},   {"Zoë", "Brandt"},
};

static size_t departments_of(size_t agents)
{
    if (agents <= 60)
        return agents < 5 ? agents : 5;
    size_t more = 5 + (agents - 60) / 120;
    return more < DEPARTMENTS_MAX ? more : DEPARTMENTS_MAX;
}

static void department_name(size_t index, char *out, size_t size)
{
    snprintf(out, size, "%s%s", department_names[index % DEPARTMENT_NAMES],
             region_names[index / DEPARTMENT_NAMES]);
}

/* The ASCII letters and digits of a name, in lower case. */
static void ascii_of(const char *name, char *out, size_t size)
{
    size_t len = strlen(name), at = 0, used;
    for (size_t i = 0; i < len && at + 1 < size; i += used) {
        uint32_t c = utf8_decode(name + i, len - i, &used);
        char letter = c < 0x80 ? (char)c : utf8_latin_letter(c);
        if (letter >= 'A' && letter <= 'Z')
            letter = (char)(letter - 'A' + 'a');
        if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'))
            out[at++] = letter;
    }
    out[at] = '\0';
}

static void make_email(struct ex_user *user)
{
    char first[24], last[24];
    ascii_of(user->first, first, sizeof first);
    ascii_of(user->last, last, sizeof last);
    if (*first && *last)
        snprintf(user->email, sizeof user->email, "%s.%s.%s@example.com", first, last,
                 user->extension);
    else
        snprintf(user->email, sizeof user->email, "agent.%s@example.com", user->extension);
}

static bool is_taken(const struct ex *x, size_t index, const struct ex_user *user)
{
    for (size_t i = index > NAME_WINDOW ? index - NAME_WINDOW : 0; i < index; i++) {
        if (str_eq(x->users[i].last, user->last) && str_eq(x->users[i].first, user->first))
            return true;
    }
    return false;
}

static void make_name(struct ex *x, size_t index, struct ex_user *user)
{
    if (index < sizeof known_people / sizeof known_people[0]) {
        str_copy(user->first, sizeof user->first, known_people[index][0]);
        str_copy(user->last, sizeof user->last, known_people[index][1]);
        return;
    }
    for (int i = 0; i < NAME_TRIES; i++) {
        names_draw(x, user->first, user->last);
        if (!is_taken(x, index, user))
            return;
    }
}

static void add_device(struct ex *x, struct ex_user *user, const char *name)
{
    struct ex_device *device = &x->devices[x->devices_len];
    snprintf(device->id, sizeof device->id, "%llu",
             (unsigned long long)(EX_DEVICE_ID_BASE + EX_ID_STEP * (uint64_t)x->devices_len));
    str_copy(device->name, sizeof device->name, name);
    device->type = "HardPhone";
    device->owner = user;
    device->is_online = true;
    device->is_auto_answering = x->options.is_demo;
    x->devices_len++;
    size_t at = user->devices.len++;
    user->devices.items = mem_grow(user->devices.items, user->devices.len, sizeof(void *));
    user->devices.cap = user->devices.len;
    user->devices.items[at] = device;
}

/* What every user has at first. */
static void make_user(struct ex *x, struct ex_user *user, uint64_t id, unsigned extension)
{
    user->id = id;
    snprintf(user->extension, sizeof user->extension, "%u", extension);
    user->type = "User";
    user->is_enabled = true;
    user->user_status = "Available";
    user->dnd_status = "TakeAllCalls";
    user->caller_id_visibility = "All";
    user->shares_presence = true;
    user->is_online = true;
    user->accepts_queue_calls = true;
    user->recording = 'N';
    user->sequence = 1000 + ex_random(x, 90000);
}

static void permit(struct ex_user *owner, uint64_t id)
{
    owner->permitted.items = mem_grow(owner->permitted.items, 1, sizeof id);
    owner->permitted.cap = owner->permitted.len = 1;
    owner->permitted.items[0] = id;
}

static void make_agent(struct ex *x, size_t index)
{
    struct ex_user *user = &x->users[index];
    unsigned extension = EX_EXTENSION_FIRST + (unsigned)index;
    make_user(x, user, EX_USER_ID_BASE + EX_ID_STEP * (uint64_t)(index + 1),
              extension < EX_EXTENSION_SUPERVISOR ? extension : extension + 1);
    make_name(x, index, user);
    make_email(user);
    unsigned number = (unsigned)(index + EX_EXTENSION_FIRST);
    snprintf(user->number, sizeof user->number, "+1%03u555%04u", 650 + number / 10000,
             number % 10000);
    add_device(x, user, "Desk phone");
    permit(user, EX_USER_ID_BASE);
}

static void make_supervisor(struct ex *x, size_t index)
{
    struct ex_user *user = &x->users[index];
    make_user(x, user, EX_USER_ID_BASE, EX_EXTENSION_SUPERVISOR);
    str_copy(user->first, sizeof user->first, "Sue");
    str_copy(user->last, sizeof user->last, "Lindqvist");
    str_copy(user->department, sizeof user->department, x->queues[0].name);
    make_email(user);
    str_copy(user->number, sizeof user->number, "+16505550099");
    user->is_admin = true;
    user->pick_up_calls_on_hold = true;
    add_device(x, user, "Desk");
    add_device(x, user, "Lab");
    ex_lines_reserve(user);
    for (size_t i = 0; i < index && user->lines.len < EX_LINES_MAX; i++) {
        struct ex_line line = {.id = (unsigned)user->lines.len + 1, .extension_id = x->users[i].id};
        VEC_PUSH(&user->lines, line);
    }
}

static void make_queues(struct ex *x, size_t agents)
{
    size_t count = departments_of(agents);
    x->queues = mem_zero(count, sizeof *x->queues);
    x->queues_len = count;
    for (size_t d = 0; d < count; d++) {
        struct ex_queue *queue = &x->queues[d];
        queue->id = EX_QUEUE_ID_BASE + EX_ID_STEP * (uint64_t)d;
        snprintf(queue->extension, sizeof queue->extension, "%zu", 11 + d);
        department_name(d, queue->name, sizeof queue->name);
        queue->first = d * agents / count;
        queue->members = (d + 1) * agents / count - queue->first;
        for (size_t i = 0; i < queue->members; i++) {
            struct ex_user *user = &x->users[queue->first + i];
            str_copy(user->department, sizeof user->department, queue->name);
        }
    }
}

static void make_locations(struct ex *x)
{
    x->locations = mem_zero(EX_LOCATIONS, sizeof *x->locations);
    for (size_t i = 0; i < EX_LOCATIONS; i++) {
        struct ex_location *location = &x->locations[i];
        location->id = EX_LOCATION_ID_BASE + EX_ID_STEP * (uint64_t)i;
        snprintf(location->extension, sizeof location->extension, "%zu", 61 + i);
        snprintf(location->name, sizeof location->name, "Park %zu", i + 1);
        location->sequence = 1000 + ex_random(x, 90000);
    }
}

static void make_group(struct ex *x, size_t agents)
{
    struct ex_group *group = ex_group_add(x, 0, "Floor");
    group->members.items = mem_zero(agents + 1, sizeof *group->members.items);
    group->members.cap = agents + 1;
    /* The supervisor's id is the least: the order by id is that of adding. */
    group->members.items[group->members.len++] =
        (struct ex_member){.extension_id = EX_USER_ID_BASE, .is_monitoring = true};
    for (size_t i = 0; i < agents; i++)
        group->members.items[group->members.len++] =
            (struct ex_member){.extension_id = x->users[i].id, .is_monitored = true};
}

/* Sets out to find an agent nothing was done to yet, beyond those of the manual's examples. */
static struct ex_user *any_plain(struct ex *x, size_t agents)
{
    for (int i = 0; i < 50 && agents > 3; i++) {
        struct ex_user *user = &x->users[3 + ex_random(x, agents - 3)];
        if (user->shares_presence && user->is_online && user->permitted.len &&
            str_eq(user->user_status, "Available") && str_eq(user->dnd_status, "TakeAllCalls") &&
            str_eq(user->caller_id_visibility, "All"))
            return user;
    }
    return NULL;
}

static void go_away(struct ex *x, struct ex_user *user)
{
    static const char *const why[] = {"lunch", "coaching", "back in 10", "", "training", "dentist"};
    user->user_status = "Busy";
    ex_set_message(user, why[ex_random(x, sizeof why / sizeof why[0])]);
}

/* A floor on which not everybody is at the desk and open about it. */
static void make_floor_believable(struct ex *x, size_t agents)
{
    struct ex_user *user;
    size_t few = agents / 50 + 1;
    for (size_t i = 0; i < few; i++) {
        if ((user = any_plain(x, agents)))
            user->shares_presence = false;
        if ((user = any_plain(x, agents)))
            user->caller_id_visibility = "None";
        if ((user = any_plain(x, agents)))
            user->permitted.len = 0;
        if ((user = any_plain(x, agents)))
            user->dnd_status = "DoNotAcceptAnyCalls";
    }
    for (size_t i = 0; i < 2 * few; i++) {
        if ((user = any_plain(x, agents)))
            go_away(x, user);
        if ((user = any_plain(x, agents))) {
            user->is_online = false;
            user->devices.items[0]->is_online = false;
        }
    }
}

void ex_people_make(struct ex *x)
{
    size_t agents = x->options.users;
    x->users = mem_zero(agents + 1, sizeof *x->users);
    x->users_len = agents + 1;
    x->devices = mem_zero(agents + 2, sizeof *x->devices);
    make_queues(x, agents);
    for (size_t i = 0; i < agents; i++)
        make_agent(x, i);
    make_supervisor(x, agents);
    make_locations(x);
    make_group(x, agents);
    if (x->options.is_demo)
        make_floor_believable(x, agents);
}

void ex_people_free(struct ex *x)
{
    for (size_t i = 0; i < x->users_len; i++) {
        VEC_FREE(&x->users[i].lines);
        VEC_FREE(&x->users[i].permitted);
        VEC_FREE(&x->users[i].favorites);
        VEC_FREE(&x->users[i].devices);
        VEC_FREE(&x->users[i].parties);
        mem_free(x->users[i].message);
    }
    mem_free(x->users);
    mem_free(x->devices);
    mem_free(x->queues);
    mem_free(x->locations);
    ex_groups_free(x);
}

/* --- looking up ------------------------------------------------------------------------------ */

size_t ex_users_len(const struct ex *x)
{
    return x->users_len;
}

struct ex_user *ex_user_at(const struct ex *x, size_t index)
{
    return &x->users[index];
}

struct ex_user *ex_supervisor(const struct ex *x)
{
    return &x->users[x->users_len - 1];
}

struct ex_user *ex_user_by_id(const struct ex *x, uint64_t id)
{
    if (id < EX_USER_ID_BASE || (id - EX_USER_ID_BASE) % EX_ID_STEP)
        return NULL;
    uint64_t number = (id - EX_USER_ID_BASE) / EX_ID_STEP;
    if (number == 0)
        return ex_supervisor(x);
    return number < x->users_len ? &x->users[number - 1] : NULL;
}

struct ex_user *ex_user_by_extension(const struct ex *x, const char *extension)
{
    int64_t number;
    if (!extension || extension[0] == '0' ||
        !str_to_int(extension, EX_EXTENSION_FIRST, INT32_MAX, &number))
        return NULL;
    if (number == EX_EXTENSION_SUPERVISOR)
        return ex_supervisor(x);
    size_t index = (size_t)(number - EX_EXTENSION_FIRST) - (number > EX_EXTENSION_SUPERVISOR);
    return index + 1 < x->users_len ? &x->users[index] : NULL;
}

struct ex_device *ex_device_by_id(const struct ex *x, const char *id)
{
    int64_t number;
    if (!id || !str_to_int(id, (int64_t)EX_DEVICE_ID_BASE, INT64_MAX, &number))
        return NULL;
    uint64_t offset = (uint64_t)number - EX_DEVICE_ID_BASE;
    if (offset % EX_ID_STEP || offset / EX_ID_STEP >= x->devices_len)
        return NULL;
    struct ex_device *device = &x->devices[offset / EX_ID_STEP];
    return str_eq(device->id, id) ? device : NULL;
}

struct ex_queue *ex_queue_by_id(const struct ex *x, uint64_t id)
{
    if (id < EX_QUEUE_ID_BASE || (id - EX_QUEUE_ID_BASE) % EX_ID_STEP)
        return NULL;
    uint64_t number = (id - EX_QUEUE_ID_BASE) / EX_ID_STEP;
    return number < x->queues_len ? &x->queues[number] : NULL;
}

struct ex_location *ex_location_by_id(const struct ex *x, uint64_t id)
{
    for (size_t i = 0; i < EX_LOCATIONS; i++) {
        if (x->locations[i].id == id)
            return &x->locations[i];
    }
    return NULL;
}

struct ex_queue *ex_queue_of(const struct ex *x, const struct ex_user *user)
{
    size_t index = (size_t)(user - x->users);
    for (size_t i = 0; i < x->queues_len; i++) {
        if (index >= x->queues[i].first && index - x->queues[i].first < x->queues[i].members)
            return &x->queues[i];
    }
    return NULL;
}

void ex_full_name(const struct ex_user *user, char *out, size_t size)
{
    names_join(user->first, user->last, out, size);
}
