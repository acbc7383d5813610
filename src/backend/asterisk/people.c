#include "callhud/backend/asterisk/people.h"

#include "callhud/backend/asterisk/world.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_MAX 256
#define EXTENSION_DIGITS_MAX 18

static bool is_digits(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= EXTENSION_DIGITS_MAX && strspn(text, "0123456789") == len;
}

/* ---- monitor = ---- */

/* Takes the next "101-108" or "201" off *rest. False at the end; *is_bad when it is neither. */
static bool next_range(const char **rest, int64_t *first, int64_t *last, bool *is_bad)
{
    while (**rest == ',' || **rest == ' ' || **rest == '\t')
        (*rest)++;
    if (**rest == '\0')
        return false;
    char piece[64];
    size_t len = strcspn(*rest, ", \t");
    *is_bad = len >= sizeof piece;
    if (*is_bad)
        return true;
    memcpy(piece, *rest, len);
    piece[len] = '\0';
    *rest += len;
    char *dash = strchr(piece, '-');
    if (dash != NULL)
        *dash = '\0';
    *is_bad = !is_digits(piece) || (dash != NULL && !is_digits(dash + 1)) ||
              !str_to_int(piece, 0, INT64_MAX, first) ||
              !str_to_int(dash != NULL ? dash + 1 : piece, 0, INT64_MAX, last) || *last < *first;
    return true;
}

static bool is_monitored(const struct ari_people *people, const char *extension, bool is_configured)
{
    if (ari_people_is_list(people))
        return people->keys.len > 0 ? map_get(&people->by_key, extension) != NULL : is_configured;
    if (str_eq(people->monitor, "all"))
        return is_configured || is_digits(extension);
    int64_t number, first, last;
    bool is_bad = false;
    if (!is_digits(extension) || !str_to_int(extension, 0, INT64_MAX, &number))
        return false;
    for (const char *rest = people->monitor; next_range(&rest, &first, &last, &is_bad);)
        if (!is_bad && number >= first && number <= last)
            return true;
    return false;
}

static enum rc check_monitor(const char *monitor, struct err *err)
{
    int64_t first, last;
    bool is_bad = false;
    size_t count = 0;
    if (str_eq(monitor, "all") || str_eq(monitor, "list"))
        return RC_OK;
    for (const char *rest = monitor; next_range(&rest, &first, &last, &is_bad); count++)
        if (is_bad || count >= RANGES_MAX)
            break;
    if (is_bad || count == 0 || count >= RANGES_MAX)
        return err_set(err, RC_CONFIG,
                       "monitor = %s: write all, list, or numbers and ranges as 101-108,201",
                       monitor);
    return RC_OK;
}

/* ---- users ---- */

static void add_device(struct ari_people *people, struct ari_user *user, const char *name)
{
    if (map_get(&people->by_endpoint, name) != NULL)
        return; /* the first user who names a device has it */
    struct ari_device device = {.name = mem_dup(name)};
    VEC_PUSH(&user->devices, device);
    map_put(&people->by_endpoint, name, user);
}

static struct ari_user *add_user(struct ari_people *people, const char *extension)
{
    struct ari_user *user = mem_zero(1, sizeof *user);
    user->extension = mem_dup(extension);
    user->name = mem_dup("");
    user->department = mem_dup("");
    user->dirty = ARI_DIRTY_USER | ARI_DIRTY_DEVICES | ARI_DIRTY_DND | ARI_DIRTY_CALLS;
    const char *hole = people->dnd_format != NULL ? strstr(people->dnd_format, "%s") : NULL;
    if (hole != NULL) {
        struct buf device;
        buf_init(&device, ARI_NAME_BYTES * 2);
        buf_put(&device, people->dnd_format, (size_t)(hole - people->dnd_format));
        buf_puts(&device, extension);
        buf_puts(&device, hole + 2);
        user->dnd_device = mem_dup(buf_text(&device));
        buf_fini(&device);
        map_put(&people->by_dnd, user->dnd_device, user);
    }
    VEC_PUSH(&people->users, user);
    map_put(&people->by_extension, extension, user);
    return user;
}

static void add_own_device(struct ari_people *people, struct ari_user *user)
{
    char own[ARI_NAME_BYTES];
    snprintf(own, sizeof own, "PJSIP/%s", user->extension);
    add_device(people, user, own);
}

static void add_line(struct ari_people *people, const struct backend_user *line)
{
    struct ari_user *user = add_user(people, line->extension);
    user->is_configured = true;
    user->configured_at = (uint32_t)(line - people->lines) + 1;
    if (!str_is_empty(line->name))
        ari_user_named(user, line->name, ARI_NAME_GIVEN);
    if (!str_is_empty(line->department)) {
        mem_free(user->department);
        user->department = mem_dup(line->department);
    }
    if (line->endpoints_len == 0)
        add_own_device(people, user);
    for (size_t i = 0; i < line->endpoints_len; i++)
        add_device(people, user, line->endpoints[i]);
}

static enum rc add_configured(struct ari_people *people, const struct backend_user *line,
                              struct err *err)
{
    if (str_is_empty(line->extension))
        return err_set(err, RC_CONFIG, "[users]: a line without an extension");
    if (map_get(&people->by_extension, line->extension) != NULL)
        return err_set(err, RC_CONFIG, "[users]: %s is there twice", line->extension);
    if (!is_monitored(people, line->extension, true))
        return RC_OK;
    for (size_t i = 0; i < line->endpoints_len; i++)
        if (strchr(line->endpoints[i], '/') == NULL)
            return err_set(err, RC_CONFIG, "[users] %s: endpoint %s: write it as PJSIP/%s",
                           line->extension, line->endpoints[i], line->endpoints[i]);
    add_line(people, line);
    return RC_OK;
}

/* Numbers that monitor names one by one are users even before the server lists them. */
static void add_singles(struct ari_people *people)
{
    int64_t first, last;
    bool is_bad = false;
    uint32_t at = (uint32_t)people->lines_len;
    if (str_eq(people->monitor, "all") || ari_people_is_list(people))
        return;
    const char *start = people->monitor;
    for (const char *rest = start; next_range(&rest, &first, &last, &is_bad); start = rest) {
        char extension[32];
        start += strspn(start, ", \t");
        size_t len = (size_t)(rest - start);
        if (first != last || len >= sizeof extension || memchr(start, '-', len) != NULL)
            continue;
        memcpy(extension, start, len);
        extension[len] = '\0';
        if (map_get(&people->by_extension, extension) != NULL)
            continue;
        struct ari_user *user = add_user(people, extension);
        user->is_configured = true;
        user->configured_at = ++at;
        add_own_device(people, user);
    }
}

enum rc ari_people_init(struct ari_people *people, const struct backend_config *config,
                        struct err *err)
{
    memset(people, 0, sizeof *people);
    const char *monitor = str_is_empty(config->monitor) ? "all" : config->monitor;
    if (check_monitor(monitor, err) != RC_OK)
        return RC_CONFIG;
    const char *format = config->dnd_device;
    if (!str_is_empty(format) && strstr(format, "%s") == NULL)
        return err_set(err, RC_CONFIG,
                       "dnd_device = %s: %%s must stand where the extension goes, as Custom:DND%%s",
                       format);
    people->monitor = mem_dup(monitor);
    people->dnd_format = str_is_empty(format) ? NULL : mem_dup(format);
    people->lines = config->users;
    people->lines_len = config->users_len;
    for (size_t i = 0; i < config->users_len; i++) {
        if (add_configured(people, &config->users[i], err) != RC_OK) {
            ari_people_fini(people);
            return RC_CONFIG;
        }
    }
    add_singles(people);
    for (size_t i = 0; i < people->users.len; i++) /* they were added in their order */
        people->users.items[i]->line = (uint32_t)i + 1;
    return RC_OK;
}

bool ari_people_is_list(const struct ari_people *people)
{
    return str_eq(people->monitor, "list");
}

static void drop_keys(struct ari_people *people)
{
    map_fini(&people->by_key, NULL);
    for (size_t i = 0; i < people->keys.len; i++)
        mem_free(people->keys.items[i].extension);
    VEC_FREE(&people->keys);
}

void ari_user_free(struct ari_user *user)
{
    for (size_t i = 0; i < user->devices.len; i++)
        mem_free(user->devices.items[i].name);
    VEC_FREE(&user->devices);
    mem_free(user->told);
    mem_free(user->extension);
    mem_free(user->name);
    mem_free(user->department);
    mem_free(user->dnd_device);
    mem_free(user);
}

void ari_people_fini(struct ari_people *people)
{
    for (size_t i = 0; i < people->users.len; i++)
        ari_user_free(people->users.items[i]);
    VEC_FREE(&people->users);
    drop_keys(people);
    map_fini(&people->by_extension, NULL);
    map_fini(&people->by_endpoint, NULL);
    map_fini(&people->by_dnd, NULL);
    mem_free(people->monitor);
    mem_free(people->dnd_format);
    memset(people, 0, sizeof *people);
}

struct ari_user *ari_people_by_extension(const struct ari_people *people, const char *extension)
{
    return map_get(&people->by_extension, extension);
}

struct ari_user *ari_people_by_endpoint(const struct ari_people *people, const char *endpoint)
{
    return map_get(&people->by_endpoint, endpoint);
}

struct ari_user *ari_people_by_dnd(const struct ari_people *people, const char *device)
{
    return map_get(&people->by_dnd, device);
}

/* ---- the server's list ---- */

static struct ari_device *find_device(const struct ari_user *user, const char *name)
{
    for (size_t i = 0; i < user->devices.len; i++)
        if (str_eq(user->devices.items[i].name, name))
            return &user->devices.items[i];
    return NULL;
}

static uint32_t key_of(const struct ari_people *people, const char *extension)
{
    const struct ari_key *key = map_get(&people->by_key, extension);
    return key != NULL ? key->key : 0;
}

struct placed {
    struct ari_user *user;
    uint32_t key;
};

/* 1, 2, 3 and then those who have none (0). */
static int by_number(uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    return a == 0 ? 1 : b == 0 ? -1 : a < b ? -1 : 1;
}

/* By key, then as configured, then by extension. */
static int by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int order = by_number(x->key, y->key);
    if (order == 0)
        order = by_number(x->user->configured_at, y->user->configured_at);
    return order != 0 ? order : str_compare_natural(x->user->extension, y->user->extension);
}

static void number_lines(struct ari_people *people)
{
    VEC(struct placed) places = {0};
    uint32_t next = (uint32_t)people->keys.len;
    for (size_t i = 0; i < people->users.len; i++) {
        struct ari_user *user = people->users.items[i];
        struct placed place = {user, key_of(people, user->extension)};
        VEC_PUSH(&places, place);
    }
    if (places.len > 1)
        qsort(places.items, places.len, sizeof *places.items, by_place);
    for (size_t i = 0; i < places.len; i++) {
        struct ari_user *user = places.items[i].user;
        uint32_t line = places.items[i].key != 0 ? places.items[i].key : ++next;
        if (user->line != line)
            user->dirty |= ARI_DIRTY_USER;
        user->line = line;
        people->users.items[i] = user;
    }
    VEC_FREE(&places);
}

bool ari_people_take_keys(struct ari_people *people, const struct ari_names *list)
{
    bool is_same = people->keys.len == list->list.len;
    for (size_t i = 0; is_same && i < list->list.len; i++)
        is_same = str_eq(people->keys.items[i].extension, list->list.items[i].text);
    if (is_same)
        return false;
    drop_keys(people);
    for (size_t i = 0; i < list->list.len; i++) {
        struct ari_key key = {mem_dup(list->list.items[i].text), (uint32_t)i + 1};
        VEC_PUSH(&people->keys, key);
    }
    for (size_t i = 0; i < people->keys.len; i++) /* where they stay */
        if (map_get(&people->by_key, people->keys.items[i].extension) == NULL)
            map_put(&people->by_key, people->keys.items[i].extension, &people->keys.items[i]);
    number_lines(people);
    return true;
}

static void remove_user(struct ari_people *people, size_t at, ari_users *gone)
{
    struct ari_user *user = people->users.items[at];
    VEC_REMOVE(&people->users, at);
    map_remove(&people->by_extension, user->extension);
    for (size_t i = 0; i < user->devices.len; i++)
        map_remove(&people->by_endpoint, user->devices.items[i].name);
    if (user->dnd_device != NULL)
        map_remove(&people->by_dnd, user->dnd_device);
    VEC_PUSH(gone, user);
}

const struct backend_user *ari_people_line(const struct ari_people *people, const char *extension)
{
    for (size_t i = 0; i < people->lines_len; i++)
        if (str_eq(people->lines[i].extension, extension))
            return &people->lines[i];
    return NULL;
}

/* monitor = list: those of the stored list, or of the configuration while there is none. */
static void meet_listed(struct ari_people *people)
{
    for (size_t i = 0; i < people->keys.len; i++) {
        const char *extension = people->keys.items[i].extension;
        if (map_get(&people->by_extension, extension) != NULL)
            continue;
        const struct backend_user *line = ari_people_line(people, extension);
        if (line != NULL)
            add_line(people, line);
        else
            add_own_device(people, add_user(people, extension));
    }
    for (size_t i = 0; people->keys.len == 0 && i < people->lines_len; i++)
        if (map_get(&people->by_extension, people->lines[i].extension) == NULL)
            add_line(people, &people->lines[i]);
}

void ari_people_meet(struct ari_people *people, const struct ari_endpoints *list)
{
    if (ari_people_is_list(people))
        meet_listed(people);
    for (size_t i = 0; i < list->list.len; i++) {
        const char *endpoint = list->list.items[i].name;
        const char *resource = strchr(endpoint, '/') + 1;
        if (map_get(&people->by_endpoint, endpoint) != NULL || !is_digits(resource) ||
            !is_monitored(people, resource, false) ||
            map_get(&people->by_extension, resource) != NULL)
            continue;
        add_device(people, add_user(people, resource), endpoint);
    }
}

static void take_listed(struct ari_people *people, const struct ari_endpoint *endpoint)
{
    struct ari_user *user = map_get(&people->by_endpoint, endpoint->name);
    if (user == NULL)
        return;
    struct ari_device *device = find_device(user, endpoint->name);
    device->is_listed = true;
    if (device->online != endpoint->online)
        user->dirty |= ARI_DIRTY_DEVICES;
    device->online = endpoint->online;
}

size_t ari_people_listed(struct ari_people *people, const struct ari_endpoints *list,
                         bool may_remove, ari_users *gone)
{
    size_t lacking = 0;
    ari_people_meet(people, list);
    for (size_t i = 0; i < people->users.len; i++)
        for (size_t d = 0; d < people->users.items[i]->devices.len; d++)
            people->users.items[i]->devices.items[d].is_listed = false;
    for (size_t i = 0; i < list->list.len; i++)
        take_listed(people, &list->list.items[i]);
    for (size_t i = people->users.len; i-- > 0;) {
        struct ari_user *user = people->users.items[i];
        size_t listed = 0;
        for (size_t d = 0; d < user->devices.len; d++) {
            struct ari_device *device = &user->devices.items[d];
            listed += device->is_listed;
            if (!device->is_listed && device->online != ARI_ONLINE_NO) {
                device->online = ARI_ONLINE_NO;
                user->dirty |= ARI_DIRTY_DEVICES;
            }
        }
        lacking += user->devices.len - listed;
        bool is_list = ari_people_is_list(people);
        bool is_wanted = is_list ? is_monitored(people, user->extension, user->is_configured)
                                 : listed > 0 || user->is_configured || !may_remove;
        if (!is_wanted)
            remove_user(people, i, gone);
    }
    number_lines(people);
    return lacking;
}

struct ari_user *ari_people_endpoint(struct ari_people *people, const char *endpoint,
                                     enum ari_online online)
{
    struct ari_user *user = map_get(&people->by_endpoint, endpoint);
    if (user == NULL || online == ARI_ONLINE_UNKNOWN)
        return NULL;
    struct ari_device *device = find_device(user, endpoint);
    if (device->online == online)
        return NULL;
    device->online = online;
    user->dirty |= ARI_DIRTY_DEVICES;
    return user;
}

enum ari_online ari_online_from_device_state(const char *state)
{
    if (str_eq(state, "UNAVAILABLE"))
        return ARI_ONLINE_NO;
    return str_eq(state, "NOT_INUSE") ? ARI_ONLINE_YES : ARI_ONLINE_UNKNOWN;
}

bool ari_dnd_from_device_state(const char *state)
{
    static const char *const off[] = {"", "NOT_INUSE", "UNKNOWN", "UNAVAILABLE", "INVALID"};
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
        if (str_eq(state, off[i]))
            return false;
    return true;
}

bool ari_user_named(struct ari_user *user, const char *name, enum ari_name_source source)
{
    if (source < user->name_source || name[0] == '\0' || str_eq(name, user->name))
        return false;
    mem_free(user->name);
    user->name = mem_dup(name);
    user->name_source = source;
    user->dirty |= ARI_DIRTY_USER;
    return true;
}

enum presence ari_user_presence(const struct ari_user *user)
{
    bool is_any_unknown = false;
    for (size_t i = 0; i < user->devices.len; i++) {
        if (user->devices.items[i].online == ARI_ONLINE_YES)
            return PRESENCE_AVAILABLE;
        is_any_unknown |= user->devices.items[i].online == ARI_ONLINE_UNKNOWN;
    }
    return is_any_unknown ? PRESENCE_UNKNOWN : PRESENCE_OFFLINE;
}
