/* Who is monitored: from the stored list, the directory, [users]. Pure. */
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "sync_parts.h"

#include <string.h>

#define RANGES_MOST 256

/* ---- monitor = ---- */

/* Takes the next "101-108" or "201" off *rest. False at the end; *is_bad when it is neither. */
static bool next_range(const char **rest, int64_t *first, int64_t *last, bool *is_bad)
{
    char piece[64];
    *rest += strspn(*rest, ", \t");
    size_t len = strcspn(*rest, ", \t");
    if (len == 0)
        return false;
    *is_bad = len >= sizeof piece;
    if (!*is_bad) {
        memcpy(piece, *rest, len);
        piece[len] = '\0';
        char *dash = strchr(piece, '-');
        if (dash != NULL)
            *dash = '\0';
        *is_bad = !str_to_int(piece, 0, INT64_MAX, first) ||
                  !str_to_int(dash != NULL ? dash + 1 : piece, *first, INT64_MAX, last);
    }
    *rest += len;
    return true;
}

static enum rc check_monitor(const char *monitor, struct err *err)
{
    int64_t first = 0, last = 0;
    size_t count = 0;
    bool is_bad = false;
    if (str_eq(monitor, "list") || str_eq(monitor, "all"))
        return RC_OK;
    for (const char *rest = monitor; !is_bad && next_range(&rest, &first, &last, &is_bad);)
        count++;
    if (is_bad || count == 0 || count > RANGES_MOST)
        return err_set(err, RC_CONFIG,
                       "monitor = %s: write list, all, or numbers and ranges as 101-108,201",
                       monitor);
    return RC_OK;
}

static bool is_in_ranges(const char *monitor, const char *extension)
{
    int64_t number, first = 0, last = 0;
    bool is_bad = false;
    if (!str_to_int(extension, 0, INT64_MAX, &number))
        return false;
    for (const char *rest = monitor; next_range(&rest, &first, &last, &is_bad);)
        if (number >= first && number <= last)
            return true;
    return false;
}

enum rc sync_people_init(struct sync_people *people, const struct backend_config *config,
                         struct rex_floor *floor, struct err *err)
{
    memset(people, 0, sizeof *people);
    people->config = config;
    people->floor = floor;
    if (check_monitor(config->monitor, err) != RC_OK)
        return RC_CONFIG;
    people->monitoring = str_eq(config->monitor, "list") ? REX_MONITOR_LIST : REX_MONITOR_ACCOUNT;
    for (size_t i = 0; i < config->users_len; i++) {
        /* The map is read only: the value is taken as const again. */
        struct backend_user *given = (struct backend_user *)(uintptr_t)&config->users[i];
        map_put(&people->given, given->extension, given);
    }
    return RC_OK;
}

void sync_people_fini(struct sync_people *people)
{
    map_fini(&people->given, NULL);
}

static const struct backend_user *given_of(const struct sync_people *people, const char *extension)
{
    return extension[0] != '\0' ? map_get(&people->given, extension) : NULL;
}

/* What [users] says goes before what the service says. */
static struct rex_user *put_person(struct sync_people *people, const struct rex_person *told)
{
    struct rex_person person = *told;
    const struct rex_user *known = rex_floor_user(people->floor, told->id);
    const char *extension =
        told->extension[0] == '\0' && known != NULL ? known->extension : told->extension;
    const struct backend_user *given = given_of(people, extension);
    if (given != NULL && !str_is_empty(given->name))
        str_copy(person.name, sizeof person.name, given->name);
    if (given != NULL && !str_is_empty(given->department))
        str_copy(person.department, sizeof person.department, given->department);
    return rex_floor_person(people->floor, &person);
}

static bool is_own(const struct sync_people *people, const struct rex_user *user)
{
    return str_eq(user->id, people->floor->own_id);
}

static void unmonitor(struct sync_people *people, struct rex_user *user)
{
    if (is_own(people, user))
        rex_floor_monitor(people->floor, user, false, 0);
    else
        rex_floor_drop(people->floor, user);
}

/* Those whom the reading that is over has not named. Backwards: the last one takes a gap. */
static void drop_unlisted(struct sync_people *people)
{
    for (size_t i = people->floor->users.len; i-- > 0;) {
        struct rex_user *user = people->floor->users.items[i];
        if (user->is_monitored && user->listed != people->reading)
            unmonitor(people, user);
    }
}

size_t sync_people_count(const struct sync_people *people)
{
    size_t count = 0;
    for (size_t i = 0; i < people->floor->users.len; i++)
        count += people->floor->users.items[i]->is_monitored;
    return count;
}

/* ---- the stored list ---- */

void sync_people_lines(struct sync_people *people, const rex_lines *lines)
{
    uint32_t key = 0;
    people->reading++;
    for (size_t i = 0; i < lines->len; i++) {
        const struct rex_line *line = &lines->items[i];
        struct rex_person person = {.is_enabled = true};
        if (line->is_reserved)
            continue;
        key++;
        str_copy(person.id, sizeof person.id, line->extension_id);
        str_copy(person.extension, sizeof person.extension, line->extension);
        str_copy(person.type, sizeof person.type, line->type);
        struct rex_user *user = put_person(people, &person);
        if (user->listed == people->reading)
            continue; /* on several keys: the first one is its line */
        user->listed = people->reading;
        rex_floor_monitor(people->floor, user, true, key);
    }
    drop_unlisted(people);
}

void sync_people_denied(struct sync_people *people)
{
    people->monitoring = REX_MONITOR_OWN;
}

/* ---- the directory ---- */

void sync_people_read(struct sync_people *people)
{
    people->reading++;
    people->named = 0;
}

static bool is_person(const struct rex_person *person)
{
    static const char *const types[] = {"User", "DigitalUser", "VirtualUser", "FlexibleUser",
                                        "FaxUser"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (str_eq_nocase(person->type, types[i]))
            return person->is_enabled;
    return false;
}

/* The line of those whom the directory decides on; 0: not to be monitored. */
static bool is_wanted(const struct sync_people *people, const struct rex_person *person,
                      uint32_t *line)
{
    const char *monitor = people->config->monitor;
    *line = 0;
    if (people->monitoring == REX_MONITOR_OWN) {
        const struct backend_user *given = given_of(people, person->extension);
        *line = given != NULL ? (uint32_t)(given - people->config->users) + 1 : 0;
        return given != NULL;
    }
    if (str_eq(monitor, "all"))
        return is_person(person);
    return person->extension[0] != '\0' && is_in_ranges(monitor, person->extension);
}

static void put_listed(struct sync_people *people, const struct rex_person *person)
{
    struct rex_user *user = rex_floor_user(people->floor, person->id);
    uint32_t line = 0;
    bool is_decided = people->monitoring == REX_MONITOR_LIST;
    bool wants = is_decided ? user != NULL && user->is_monitored : is_wanted(people, person, &line);
    if (user == NULL && !wants)
        return;
    user = put_person(people, person);
    if (!wants)
        return;
    people->named += user->listed != people->reading;
    user->listed = people->reading;
    if (!is_decided)
        rex_floor_monitor(people->floor, user, true, line);
}

void sync_people_page(struct sync_people *people, const rex_persons *persons)
{
    for (size_t i = 0; i < persons->len; i++)
        if (!persons->items[i].is_foreign)
            put_listed(people, &persons->items[i]);
}

void sync_people_read_done(struct sync_people *people)
{
    if (people->monitoring != REX_MONITOR_LIST)
        drop_unlisted(people);
}

bool sync_people_all_named(const struct sync_people *people)
{
    return people->monitoring == REX_MONITOR_LIST && people->named >= sync_people_count(people);
}

bool sync_people_any_nameless(const struct sync_people *people)
{
    for (size_t i = 0; i < people->floor->users.len; i++) {
        const struct rex_user *user = people->floor->users.items[i];
        if (user->is_monitored && user->name[0] == '\0')
            return true;
    }
    return false;
}

struct rex_user *sync_people_met(struct sync_people *people, const struct rex_presence *presence)
{
    struct rex_person person = {.is_enabled = true, .type = "User"};
    uint32_t line;
    str_copy(person.id, sizeof person.id, presence->extension_id);
    str_copy(person.extension, sizeof person.extension, presence->extension);
    if (people->monitoring == REX_MONITOR_LIST || !is_wanted(people, &person, &line))
        return NULL;
    struct rex_user *user = put_person(people, &person);
    user->listed = people->reading;
    rex_floor_monitor(people->floor, user, true, line);
    return user;
}

void sync_people_self(struct sync_people *people, const struct rex_person *own)
{
    str_copy(people->floor->own_id, sizeof people->floor->own_id, own->id);
    put_person(people, own);
}
