/* What outlives the exchange, in --state FILE: appearances, permissions, settings, groups. Written
 * beside the file and moved over it, so that there is always a whole one. */
#include "ex.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_VERSION 1
#define RETRY_MS 5000
#define FILE_MAX_BYTES (256 * 1024 * 1024) /* 100,000 people with long lists need less */

struct ex_store {
    char *path, *beside;
    bool is_dirty;     /* and a timer is running */
    bool is_failing;   /* it was said that it cannot be written */
    json_t *strangers; /* users of the file that this exchange does not have: kept as they are */
};

/* --- as JSON --------------------------------------------------------------------------------- */

static json_t *ids_of(const uint64_t *ids, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer((json_int_t)ids[i]));
    return list;
}

static json_t *user_json(const struct ex_user *user)
{
    json_t *lines = json_array(), *favorites = json_array();
    for (size_t i = 0; i < user->lines.len; i++) {
        if (!user->lines.items[i].is_reserved)
            json_array_append_new(lines,
                                  json_integer((json_int_t)user->lines.items[i].extension_id));
    }
    for (size_t i = 0; i < user->favorites.len; i++)
        json_array_append_new(favorites,
                              json_pack("[I, I]", (json_int_t)user->favorites.items[i].id,
                                        (json_int_t)user->favorites.items[i].extension_id));
    return json_pack(
        "{so, so, so, ss, ss, ss, ss, sb, sb, sb, sb, so, ss, ss, ss, sb, sb}", "lines", lines,
        "permitted", ids_of(user->permitted.items, user->permitted.len), "favorites", favorites,
        "userStatus", user->user_status, "dndStatus", user->dnd_status, "callerIdVisibility",
        user->caller_id_visibility, "message", user->message ? user->message : "",
        "allowSeeMyPresence", user->shares_presence, "ringOnMonitoredCall",
        user->ring_on_monitored_call, "pickUpCallsOnHold", user->pick_up_calls_on_hold,
        "acceptCallQueueCalls", user->accepts_queue_calls, "recording",
        json_stringn(&user->recording, 1), "first", user->first, "last", user->last, "department",
        user->department, "enabled", user->is_enabled, "admin", user->is_admin);
}

static json_t *group_json(const struct ex_group *group)
{
    json_t *members = json_array();
    for (size_t i = 0; i < group->members.len; i++) {
        const struct ex_member *member = &group->members.items[i];
        json_array_append_new(members, json_pack("[I, b, b]", (json_int_t)member->extension_id,
                                                 member->is_monitoring, member->is_monitored));
    }
    return json_pack("{sI, ss, so}", "id", (json_int_t)group->id, "name", group->name, "members",
                     members);
}

static json_t *state_json(const struct ex *x)
{
    json_t *users = json_copy(x->store->strangers);
    for (size_t i = 0; i < ex_users_len(x); i++) {
        const struct ex_user *user = ex_user_at(x, i);
        char id[24];
        snprintf(id, sizeof id, "%llu", (unsigned long long)user->id);
        if (user->is_kept)
            json_object_set_new(users, id, user_json(user));
    }
    json_t *state =
        json_pack("{si, so, sb, sb}", "version", STATE_VERSION, "users", users, "recordsOnDemand",
                  x->records_on_demand, "recordsByRule", x->records_by_rule);
    if (x->has_kept_groups) {
        json_t *groups = json_array();
        for (size_t i = 0; i < x->groups.len; i++)
            json_array_append_new(groups, group_json(x->groups.items[i]));
        json_object_set_new(state, "groups", groups);
    }
    return state;
}

/* --- to the file ----------------------------------------------------------------------------- */

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t put = write(fd, text, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text += put;
        len -= (size_t)put;
    }
    return true;
}

/* So that the new name is on the disk as well. Some file systems cannot: no matter. */
static void sync_folder(const char *path)
{
    char *folder = mem_dup(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    mem_free(folder);
}

static enum rc write_state(struct ex *x, struct err *err)
{
    struct ex_store *store = x->store;
    json_t *state = state_json(x);
    char *text = json_dumps(state, JSON_INDENT(1));
    json_decref(state);
    unlink(store->beside); /* what a killed run left */
    int fd = open(store->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_written =
        fd >= 0 && text && write_all(fd, text) && write_all(fd, "\n") && fsync(fd) == 0;
    int failed = is_written ? 0 : errno;
    if (fd >= 0 && close(fd) != 0 && !failed)
        failed = errno;
    mem_free(text);
    if (!failed && rename(store->beside, store->path) != 0)
        failed = errno;
    if (failed) {
        unlink(store->beside);
        return err_set(err, RC_IO, "cannot write the state file %s: %s", store->path,
                       strerror(failed));
    }
    sync_folder(store->path);
    store->is_dirty = false;
    return RC_OK;
}

static void save_now(struct ex *x, void *self)
{
    struct err err = {0};
    struct ex_store *store = x->store;
    bool was_failing = store->is_failing;
    store->is_failing = write_state(x, &err) != RC_OK;
    if (store->is_failing && !was_failing) {
        log_error("exchange", "%s: tried again every %d s", err.text, RETRY_MS / 1000);
        fprintf(stderr, "callhud: %s: tried again every %d s\n", err.text, RETRY_MS / 1000);
    } else if (was_failing && !store->is_failing) {
        log_info("exchange", "the state file %s is written again", store->path);
    }
    if (store->is_failing)
        ex_after(x, RETRY_MS, save_now, self);
}

void ex_save(struct ex *x)
{
    if (!x->store || x->store->is_dirty)
        return;
    x->store->is_dirty = true;
    ex_after(x, EX_SAVE_SOON_MS, save_now, x->store);
}

void ex_keep(struct ex *x, struct ex_user *user)
{
    user->is_kept = true;
    ex_save(x);
}

void ex_keep_groups(struct ex *x)
{
    x->has_kept_groups = true;
    ex_save(x);
}

/* --- from the file ------------------------------------------------------------------------- */

/* Sets *word to the program's own copy; false: there is something else than a word of these. */
static bool read_word(const json_t *user, const char *key, const char *(*find)(const char *),
                      const char **word)
{
    const json_t *value = json_object_get(user, key);
    const char *found = value ? find(json_string_value(value)) : *word;
    if (found)
        *word = found;
    return found != NULL;
}

static bool read_flag(const json_t *user, const char *key, bool *flag)
{
    const json_t *value = json_object_get(user, key);
    if (json_is_boolean(value))
        *flag = json_is_true(value);
    return !value || json_is_boolean(value);
}

static bool read_text(const json_t *user, const char *key, char *out, size_t size)
{
    const json_t *value = json_object_get(user, key);
    if (json_is_string(value))
        str_copy(out, size, json_string_value(value));
    return !value || json_is_string(value);
}

static bool exists(const struct ex *x, uint64_t id)
{
    return ex_user_by_id(x, id) || ex_queue_by_id(x, id) || ex_location_by_id(x, id);
}

static bool read_lines(struct ex *x, const json_t *list, struct ex_user *user)
{
    size_t i;
    const json_t *item;
    user->lines.len = 0;
    ex_lines_reserve(user);
    json_array_foreach(list, i, item)
    {
        struct ex_line line = {.id = (unsigned)user->lines.len + 1,
                               .extension_id = (uint64_t)json_integer_value(item)};
        if (!json_is_integer(item))
            return false;
        if (exists(x, line.extension_id))
            VEC_PUSH(&user->lines, line);
        else
            log_warn("exchange", "the state file has a line of %s for %llu, whom there is not",
                     user->extension, (unsigned long long)line.extension_id);
    }
    return json_is_array(list) && i <= EX_LINES_MAX;
}

static bool read_permitted(struct ex *x, const json_t *list, struct ex_user *user)
{
    size_t i;
    const json_t *item;
    user->permitted.len = 0;
    json_array_foreach(list, i, item)
    {
        uint64_t id = (uint64_t)json_integer_value(item);
        if (!json_is_integer(item))
            return false;
        if (ex_user_by_id(x, id) && !ex_is_permitted(user, id))
            VEC_PUSH(&user->permitted, id);
    }
    return json_is_array(list);
}

static bool read_favorites(struct ex *x, const json_t *list, struct ex_user *user)
{
    size_t i;
    const json_t *item;
    user->favorites.len = 0;
    json_array_foreach(list, i, item)
    {
        struct ex_favorite favorite = {
            (uint64_t)json_integer_value(json_array_get(item, 0)),
            (uint64_t)json_integer_value(json_array_get(item, 1)),
        };
        if (ex_user_by_id(x, favorite.extension_id))
            VEC_PUSH(&user->favorites, favorite);
    }
    return json_is_array(list);
}

static bool read_user(struct ex *x, const json_t *json, struct ex_user *user)
{
    char message[512] = "", recording[2] = "N";
    bool is_right =
        read_lines(x, json_object_get(json, "lines"), user) &&
        read_permitted(x, json_object_get(json, "permitted"), user) &&
        read_favorites(x, json_object_get(json, "favorites"), user) &&
        read_word(json, "userStatus", ex_user_status_word, &user->user_status) &&
        read_word(json, "dndStatus", ex_dnd_status_word, &user->dnd_status) &&
        read_word(json, "callerIdVisibility", ex_visibility_word, &user->caller_id_visibility) &&
        read_text(json, "message", message, sizeof message) &&
        read_flag(json, "allowSeeMyPresence", &user->shares_presence) &&
        read_flag(json, "ringOnMonitoredCall", &user->ring_on_monitored_call) &&
        read_flag(json, "pickUpCallsOnHold", &user->pick_up_calls_on_hold) &&
        read_flag(json, "acceptCallQueueCalls", &user->accepts_queue_calls) &&
        read_text(json, "recording", recording, sizeof recording) && strchr("NIOA", recording[0]) &&
        read_text(json, "first", user->first, sizeof user->first) &&
        read_text(json, "last", user->last, sizeof user->last) &&
        read_text(json, "department", user->department, sizeof user->department) &&
        read_flag(json, "enabled", &user->is_enabled) && read_flag(json, "admin", &user->is_admin);
    ex_set_message(user, message);
    user->recording = recording[0] ? recording[0] : 'N';
    user->is_kept = true;
    return is_right;
}

static bool read_users(struct ex *x, json_t *users)
{
    const char *key;
    json_t *value;
    json_object_foreach(users, key, value)
    {
        struct ex_user *user = ex_user_by_id(x, strtoull(key, NULL, 10));
        if (!user)
            json_object_set(x->store->strangers, key, value);
        else if (!read_user(x, value, user))
            return false;
    }
    return json_is_object(users);
}

static bool read_group(struct ex *x, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *id = json_object_get(json, "id"), *members = json_object_get(json, "members");
    const json_t *item;
    size_t i;
    if (str_is_empty(name) || !json_is_integer(id) || !json_is_array(members))
        return false;
    struct ex_group *group = ex_group_add(x, (uint64_t)json_integer_value(id), name);
    json_array_foreach(members, i, item)
    {
        struct ex_member member = {(uint64_t)json_integer_value(json_array_get(item, 0)),
                                   json_is_true(json_array_get(item, 1)),
                                   json_is_true(json_array_get(item, 2))};
        if (ex_user_by_id(x, member.extension_id))
            ex_group_put(group, member);
    }
    return true;
}

static bool read_state(struct ex *x, json_t *state)
{
    const json_t *groups = json_object_get(state, "groups"), *item;
    size_t i;
    if (json_integer_value(json_object_get(state, "version")) != STATE_VERSION ||
        !read_users(x, json_object_get(state, "users")) ||
        !read_flag(state, "recordsOnDemand", &x->records_on_demand) ||
        !read_flag(state, "recordsByRule", &x->records_by_rule))
        return false;
    if (!groups)
        return true;
    ex_groups_free(x);
    x->has_kept_groups = true;
    json_array_foreach(groups, i, item)
    {
        if (!read_group(x, item))
            return false;
    }
    return json_is_array(groups);
}

/* Why not; NULL: a file of ours, and of a size that may be. */
static const char *why_not_load(const struct stat *st)
{
    return !S_ISREG(st->st_mode)          ? "it is not a regular file"
           : st->st_uid != geteuid()      ? "it belongs to another user"
           : st->st_size > FILE_MAX_BYTES ? "it is larger than 256 MiB"
                                          : NULL;
}

/* What is opened must neither block nor be read before it is known to be a file. */
static enum rc open_state(const char *path, int *out, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const char *why = fd < 0 || fstat(fd, &st) != 0 ? strerror(errno) : why_not_load(&st);
    if (why) {
        if (fd >= 0)
            close(fd);
        return err_set(err, RC_CONFIG, "cannot use the state file %s: %s: give another one", path,
                       why);
    }
    *out = fd;
    return RC_OK;
}

static enum rc load(struct ex *x, struct err *err)
{
    json_error_t why;
    int fd = -1;
    enum rc rc = open_state(x->store->path, &fd, err);
    if (rc != RC_OK)
        return rc;
    json_t *state = json_loadfd(fd, JSON_REJECT_DUPLICATES, &why);
    close(fd);
    if (!state)
        return err_set(err, RC_CONFIG,
                       "cannot read the state file %s: %s (line %d): move it away or mend it",
                       x->store->path, why.text, why.line);
    bool is_right = read_state(x, state);
    json_decref(state);
    if (!is_right)
        return err_set(err, RC_CONFIG,
                       "%s is not a state file of this exchange: move it away or give another one",
                       x->store->path);
    return RC_OK;
}

static void free_store(struct ex *x)
{
    mem_free(x->store->path);
    mem_free(x->store->beside);
    json_decref(x->store->strangers);
    mem_free(x->store);
    x->store = NULL;
}

enum rc ex_store_open(struct ex *x, const char *path, struct err *err)
{
    struct stat st;
    char *real = realpath(path, NULL); /* a link stays one: what it points to is written */
    x->store = mem_zero(1, sizeof *x->store);
    x->store->path = mem_dup(real ? real : path);
    free(real);
    path = x->store->path;
    size_t len = strlen(path);
    x->store->beside = mem_zero(len + 5, 1);
    snprintf(x->store->beside, len + 5, "%s.new", path);
    x->store->strangers = json_object();
    enum rc rc;
    if (stat(path, &st) == 0)
        rc = load(x, err);
    else if (errno == ENOENT)
        rc = write_state(x, err); /* what cannot be written is said at once */
    else
        rc = err_set(err, RC_IO, "cannot read the state file %s: %s", path, strerror(errno));
    if (rc != RC_OK)
        free_store(x);
    return rc;
}

void ex_store_close(struct ex *x)
{
    struct err err = {0};
    if (!x->store)
        return;
    ex_cancel(x, x->store);
    if (x->store->is_dirty && write_state(x, &err) != RC_OK)
        log_error("exchange", "%s", err.text);
    free_store(x);
}
