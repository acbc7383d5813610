/* One profile's settings out of the configuration. */
#include "callhud/app/config.h"

#include "callhud/app/paths.h"
#include "callhud/base/hash.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/net/tls.h"
#include "callhud/net/url.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NAME_CHARS 100
#define ENDPOINTS_MAX 16
#define CONTEXT_NAME_BYTES 80 /* AST_MAX_CONTEXT */
#define RINGCENTRAL_SERVER "https://platform.ringcentral.com"

struct maker {
    struct settings *settings;
    const struct config *config;
    struct err *err;
    char profile[PROFILE_NAME_BYTES + 8]; /* "profile lab" */
    char users[PROFILE_NAME_BYTES + 8];   /* "users lab" */
};

static enum rc fault(const struct maker *m, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum rc fault(const struct maker *m, unsigned line, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(m->err, RC_CONFIG, "%s:%u: %s", m->config->path, line, text);
}

/* ---- options --------------------------------------------------------------------------------- */

static const struct config_entry *entry_of(const struct maker *m, const char *key)
{
    const struct config_entry *entry = config_find(m->config, m->profile, key);
    return entry ? entry : config_find(m->config, "callhud", key);
}

static unsigned line_of(const struct maker *m, const char *key)
{
    const struct config_entry *entry = entry_of(m, key);
    for (size_t i = 0; !entry && i < m->config->sections.len; i++) {
        if (str_eq(m->config->sections.items[i].name, m->profile))
            return m->config->sections.items[i].line;
    }
    return entry ? entry->line : 0;
}

/* "~/" is the home folder; what is relative starts at the configuration's own folder, so that it
 * means the same wherever the program is started. */
static char *whole_path(const struct maker *m, const char *value)
{
    struct buf path;
    const char *home = paths_home();
    const char *slash = strrchr(m->config->path, '/');
    buf_init(&path, 2 * PATH_BYTES + CONFIG_LINE_MAX_BYTES);
    if (str_starts(value, "~/") && home)
        buf_printf(&path, "%s%s", home, value + 1);
    else if (value[0] && value[0] != '/' && slash)
        buf_printf(&path, "%.*s%s", (int)(slash + 1 - m->config->path), m->config->path, value);
    else
        buf_puts(&path, value);
    char *out = mem_dup(buf_text(&path));
    buf_fini(&path);
    return out;
}

static enum rc set_option(const struct maker *m, const struct option_row *row, const char *value,
                          unsigned line)
{
    void *field = (char *)m->settings + row->offset;
    char choices[128];
    switch (row->type) {
    case OPTION_TEXT: *(char **)field = mem_dup(value); break;
    case OPTION_PATH: *(char **)field = whole_path(m, value); break;
    case OPTION_SECRET: *(char **)field = mem_dup(""); break;
    case OPTION_BOOL:
        if (!option_bool(value, field))
            return fault(m, line, "%s = %.60s: write yes or no", row->name, value);
        break;
    case OPTION_CHOICE:
        *(int *)field = option_choice(row, value);
        if (*(int *)field < 0) {
            str_copy(choices, sizeof choices, row->choices);
            for (char *c = choices; *c; c++)
                *c = *c == '|' ? ' ' : *c;
            return fault(m, line, "%s = %.60s: write one of %s", row->name, value, choices);
        }
        break;
    case OPTION_NUMBER:
        if (!option_number(row, value, field))
            return fault(m, line, "%s = %.60s: write a number of %s from %d to %d", row->name,
                         value, row->unit, row->min, row->max);
        break;
    }
    return RC_OK;
}

static enum rc set_options(const struct maker *m)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        const struct config_entry *entry = entry_of(m, row->name);
        /* All are set, also after an error, so that settings_fini() finds whole settings. */
        enum rc one = set_option(m, row, entry && rc == RC_OK ? entry->value : row->fallback,
                                 entry ? entry->line : 0);
        rc = rc == RC_OK ? one : rc;
    }
    return rc;
}

/* ---- what must fit together ------------------------------------------------------------------ */

static enum rc check_backend(const struct maker *m)
{
    const char *names[16];
    size_t count = 0;
    if (backend_find(m->settings->backend))
        return RC_OK;
    for (size_t i = 0; backend_all[i] && count < 16; i++)
        names[count++] = backend_all[i]->name;
    const char *near = str_nearest(m->settings->backend, names, count);
    return fault(m, line_of(m, "backend"), "backend = %.60s: this version knows %s",
                 m->settings->backend, near ? near : names[0]);
}

static bool is_ringcentral(const struct settings *s)
{
    return str_eq(s->backend, "ringcentral");
}

static enum rc check_server(const struct maker *m)
{
    struct url url;
    struct err why = {0};
    if (is_ringcentral(m->settings) && !m->settings->server[0]) {
        mem_free(m->settings->server);
        m->settings->server = mem_dup(RINGCENTRAL_SERVER);
    }
    char *server = m->settings->server;
    size_t len = strlen(server);
    if (len == 0) {
        return fault(m, line_of(m, "server"),
                     "[%s] has no server: add server = "
                     "https://HOST:8089/ari",
                     m->profile);
    }
    while (len > 0 && server[len - 1] == '/')
        server[--len] = '\0';
    if (url_parse(server, "http", &url, &why) != RC_OK)
        return fault(m, line_of(m, "server"), "%s", why.text);
    if (strchr(url.path, '?'))
        return fault(m, line_of(m, "server"), "server = %.200s: leave out the '?' and what follows",
                     server);
    return RC_OK;
}

static enum rc check_dnd_device(const struct maker *m)
{
    const char *text = m->settings->dnd_device, *hole = strchr(text, '%');
    if (!text[0] || (hole && hole[1] == 's' && !strchr(hole + 1, '%')))
        return RC_OK;
    return fault(
        m, line_of(m, "dnd_device"),
        "dnd_device = %.100s: it needs %%s once, where the extension goes, and no other %%", text);
}

/* Goes into a request's path, where others would mean something else. */
static enum rc check_retrieve_context(const struct maker *m)
{
    const char *text = m->settings->retrieve_context;
    static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (*text && strlen(text) < CONTEXT_NAME_BYTES && strspn(text, ok) == strlen(text))
        return RC_OK;
    return fault(m, line_of(m, "retrieve_context"),
                 "retrieve_context = %.100s: a context's name has letters, digits, '-', '_' and "
                 "'.', at most %d",
                 text, CONTEXT_NAME_BYTES - 1);
}

static enum rc check_asterisk(const struct maker *m)
{
    const struct settings *s = m->settings;
    enum rc rc = check_dnd_device(m);
    if (rc == RC_OK)
        rc = check_retrieve_context(m);
    if (rc != RC_OK)
        return rc;
    if (!s->user[0])
        return fault(m, line_of(m, "user"), "[%s] has no user: add user = NAME", m->profile);
    if (strchr(s->user, ':'))
        return fault(m, line_of(m, "user"), "user = %.60s: HTTP allows no ':' in it", s->user);
    if (s->phone[0] && !strchr(s->phone, '/')) {
        return fault(m, line_of(m, "phone"),
                     "phone = %.60s: write it with its technology, such as PJSIP/%.60s", s->phone,
                     s->phone);
    }
    return RC_OK;
}

static enum rc check_ringcentral(const struct maker *m)
{
    const struct settings *s = m->settings;
    if (!s->client_id[0]) {
        return fault(m, line_of(m, "client_id"),
                     "[%s] has no client_id: add client_id = ID, of your application in the "
                     "developer console; 'callhud doctor --example ringcentral' says how",
                     m->profile);
    }
    if (strchr(s->client_id, ':'))
        return fault(m, line_of(m, "client_id"), "client_id = %.60s: HTTP allows no ':' in it",
                     s->client_id);
    if (s->device[strspn(s->device, "0123456789")]) {
        return fault(m, line_of(m, "device"),
                     "device = %.60s: write its ID, a number, as 'callhud doctor' lists them",
                     s->device);
    }
    return RC_OK;
}

static enum rc check_together(const struct maker *m)
{
    const struct settings *s = m->settings;
    enum rc rc = check_backend(m);
    if (rc == RC_OK)
        rc = check_server(m);
    if (rc == RC_OK)
        rc = is_ringcentral(s) ? check_ringcentral(m) : check_asterisk(m);
    if (rc != RC_OK)
        return rc;
    if (s->pin_sha256[0] && !tls_is_pin(s->pin_sha256)) {
        return fault(m, line_of(m, "pin_sha256"),
                     "pin_sha256 = %.60s: write it as sha256// and 44 characters of base64",
                     s->pin_sha256);
    }
    return RC_OK;
}

/* ---- people ---------------------------------------------------------------------------------- */

static bool is_extension(const char *text)
{
    size_t len = strlen(text);
    static const char ok[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.+*#@";
    return len > 0 && len <= 64 && strspn(text, ok) == len;
}

static char *clean_text(const char *text)
{
    struct buf clean;
    buf_init(&clean, CONFIG_LINE_MAX_BYTES * 4);
    utf8_clean(&clean, text, strlen(text), NAME_CHARS);
    char *out = mem_dup(buf_text(&clean));
    buf_fini(&clean);
    return out;
}

/* The strings of a backend_user are const for those who borrow them. */
static void free_own(const void *text)
{
    mem_free((void *)(uintptr_t)text);
}

static void user_fini(struct backend_user *user)
{
    for (size_t i = 0; i < user->endpoints_len; i++)
        free_own(user->endpoints[i]);
    free_own(user->endpoints);
    free_own(user->extension);
    free_own(user->name);
    free_own(user->department);
    memset(user, 0, sizeof *user);
}

static enum rc add_endpoints(const struct maker *m, struct backend_user *user, char *fields,
                             unsigned line)
{
    char **list = mem_zero(ENDPOINTS_MAX, sizeof *list);
    size_t count = 0;
    enum rc rc = RC_OK;
    for (const char *one; rc == RC_OK && (one = str_next_field(&fields, ','));) {
        const char *slash = strchr(one, '/');
        if (!one[0])
            continue;
        if (!slash || slash == one || !slash[1])
            rc = fault(m, line, "'%.60s' is no device: write it as PJSIP/NAME", one);
        else if (count == ENDPOINTS_MAX)
            rc = fault(m, line, "%s has more than %d devices", user->extension, ENDPOINTS_MAX);
        else
            list[count++] = mem_dup(one);
    }
    user->endpoints = (const char *const *)list;
    user->endpoints_len = count;
    return rc;
}

/* 101 = Noor Haddad | Cartier | PJSIP/noor-desk, PJSIP/noor-web */
static enum rc user_make(const struct maker *m, const struct config_entry *entry,
                         struct backend_user *user)
{
    if (!is_extension(entry->key))
        return fault(m, entry->line,
                     "'%.60s' is no extension: write 101 = NAME | DEPARTMENT | "
                     "DEVICES",
                     entry->key);
    char *copy = mem_dup(entry->value);
    char *rest = copy;
    const char *name = str_next_field(&rest, '|');
    const char *department = str_next_field(&rest, '|');
    char *devices = str_next_field(&rest, '|');
    *user = (struct backend_user){.extension = mem_dup(entry->key),
                                  .name = clean_text(name ? name : ""),
                                  .department = clean_text(department ? department : "")};
    enum rc rc = RC_OK;
    if (rest)
        rc = fault(m, entry->line, "%s: there are three fields: NAME | DEPARTMENT | DEVICES",
                   entry->key);
    else if (devices)
        rc = add_endpoints(m, user, devices, entry->line);
    mem_free(copy);
    if (rc != RC_OK)
        user_fini(user);
    return rc;
}

static enum rc add_users(const struct maker *m, const char *section, struct map *places)
{
    for (size_t i = 0; i < m->config->entries.len; i++) {
        const struct config_entry *entry = &m->config->entries.items[i];
        struct backend_user user = {0};
        if (!str_eq(entry->section, section))
            continue;
        if (user_make(m, entry, &user) != RC_OK)
            return RC_CONFIG;
        /* A place is kept as its number plus one: the map holds pointers that are not NULL. */
        size_t at = (size_t)(uintptr_t)map_get(places, user.extension);
        if (at) {
            user_fini(&m->settings->users.items[at - 1]);
            m->settings->users.items[at - 1] = user;
            continue;
        }
        VEC_PUSH(&m->settings->users, user);
        map_put(places, user.extension, (void *)(uintptr_t)m->settings->users.len);
    }
    return RC_OK;
}

static enum rc make_users(const struct maker *m)
{
    struct map places = {0};
    enum rc rc = add_users(m, "users", &places);
    if (rc == RC_OK)
        rc = add_users(m, m->users, &places);
    map_fini(&places, NULL);
    return rc;
}

static void make_keys(const struct maker *m)
{
    for (size_t i = 0; i < m->config->entries.len; i++) {
        const struct config_entry *entry = &m->config->entries.items[i];
        if (!str_eq(entry->section, "keys"))
            continue;
        VEC_PUSH(&m->settings->keys, mem_dup(entry->key));
        VEC_PUSH(&m->settings->keys, mem_dup(entry->value));
    }
    VEC_PUSH(&m->settings->keys, NULL);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void join_names(char *out, size_t size, const char *const *names, size_t count)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++) {
        snprintf(out + used, size - used, "%s%s", i ? ", " : "", names[i]);
        used += strlen(out + used);
    }
}

static enum rc choose(const struct config *config, const char **name, struct err *err)
{
    const char **names;
    char list[256];
    size_t count = config_profiles(config, &names);
    const char *asked = *name, *near = asked ? str_nearest(asked, names, count) : NULL;
    enum rc rc = RC_OK;
    bool is_found = !asked && count == 1;
    if (is_found)
        *name = names[0];
    for (size_t i = 0; i < count && asked && !is_found; i++)
        is_found = str_eq(names[i], asked);
    join_names(list, sizeof list, names, count);
    if (count == 0) {
        rc = err_set(err, RC_CONFIG,
                     "no profile in %s: 'callhud doctor --example asterisk' (or "
                     "ringcentral) prints one to start from; 'callhud demo' needs none",
                     config->path);
    } else if (!asked && !is_found) {
        rc = err_set(err, RC_CONFIG, "%zu profiles (%s): choose one with --profile NAME", count,
                     list);
    } else if (!is_found && near) {
        rc = err_set(err, RC_CONFIG, "no profile '%s' in %s: did you mean '%s'?", asked,
                     config->path, near);
    } else if (!is_found) {
        rc = err_set(err, RC_CONFIG, "no profile '%s' in %s: it has %s", asked, config->path, list);
    }
    mem_free(names);
    return rc;
}

enum rc settings_make(struct settings *out, const struct config *config, const char *name,
                      struct err *err)
{
    struct maker m = {.settings = out, .config = config, .err = err};
    memset(out, 0, sizeof *out);
    enum rc rc = choose(config, &name, err);
    if (rc != RC_OK)
        return rc;
    snprintf(m.profile, sizeof m.profile, "profile %s", name);
    snprintf(m.users, sizeof m.users, "users %s", name);
    out->profile = mem_dup(name);
    rc = set_options(&m);
    if (rc == RC_OK)
        rc = check_together(&m);
    if (rc == RC_OK)
        rc = make_users(&m);
    make_keys(&m);
    if (rc != RC_OK)
        settings_fini(out);
    return rc;
}

void settings_fini(struct settings *settings)
{
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        char **field = (char **)(void *)((char *)settings + row->offset);
        if (row->type == OPTION_SECRET)
            mem_free_secret(*field);
        else if (row->type == OPTION_TEXT || row->type == OPTION_PATH)
            mem_free(*field);
    }
    for (size_t i = 0; i < settings->users.len; i++)
        user_fini(&settings->users.items[i]);
    for (size_t i = 0; i < settings->keys.len; i++)
        mem_free(settings->keys.items[i]);
    VEC_FREE(&settings->users);
    VEC_FREE(&settings->keys);
    mem_free(settings->profile);
    memset(settings, 0, sizeof *settings);
}

enum secret_need settings_secret_need(const struct settings *settings, const char *name)
{
    if (!is_ringcentral(settings))
        return str_eq(name, "password") ? SECRET_NEEDED : SECRET_UNUSED;
    return str_eq(name, "jwt")             ? SECRET_NEEDED
           : str_eq(name, "client_secret") ? SECRET_OPTIONAL
                                           : SECRET_UNUSED;
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static bool is_same_value(const struct option_row *row, const struct settings *a,
                          const struct settings *b)
{
    const void *one = (const char *)a + row->offset, *other = (const char *)b + row->offset;
    switch (row->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_SECRET: return str_eq(*(const char *const *)one, *(const char *const *)other);
    case OPTION_BOOL: return *(const bool *)one == *(const bool *)other;
    case OPTION_CHOICE:
    case OPTION_NUMBER: return *(const int *)one == *(const int *)other;
    }
    return false;
}

static bool is_same_person(const struct backend_user *a, const struct backend_user *b)
{
    bool is_same = a->endpoints_len == b->endpoints_len && str_eq(a->extension, b->extension) &&
                   str_eq(a->name, b->name) && str_eq(a->department, b->department);
    for (size_t i = 0; is_same && i < a->endpoints_len; i++)
        is_same = str_eq(a->endpoints[i], b->endpoints[i]);
    return is_same;
}

bool settings_same_connection(const struct settings *a, const struct settings *b)
{
    bool is_same = str_eq(a->profile, b->profile) && a->users.len == b->users.len;
    for (size_t i = 0; is_same && i < option_table_len; i++)
        if (option_table[i].offset < offsetof(struct settings, theme))
            is_same = is_same_value(&option_table[i], a, b);
    for (size_t i = 0; is_same && i < a->users.len; i++)
        is_same = is_same_person(&a->users.items[i], &b->users.items[i]);
    return is_same;
}

void settings_backend(const struct settings *s, struct backend_config *out, bool is_read_only)
{
    const struct backend_ops *ops = backend_find(s->backend);
    *out = (struct backend_config){
        .profile = s->profile,
        .server = s->server,
        .access = {.user = is_ringcentral(s) ? NULL : or_null(s->user),
                   .password = is_ringcentral(s) ? NULL : or_null(s->password),
                   .ca_file = or_null(s->ca_file),
                   .tls_name = or_null(s->tls_name),
                   .pin_sha256 = or_null(s->pin_sha256)},
        .phone = s->phone,
        .monitor = s->monitor[0] || !ops ? s->monitor : ops->monitor_default,
        .dnd_device = s->dnd_device,
        .settings = {.ring_when_monitored_rings = s->ring_when_monitored_rings,
                     .pick_up_held_lines = s->pick_up_held_lines,
                     .ring_locks_hold = is_ringcentral(s) && s->ring_locks_hold},
        .users = s->users.items,
        .users_len = s->users.len,
        .is_read_only = is_read_only,
        .ring_timeout_ms = (int64_t)s->ring_timeout_s * 1000,
        .is_auto_answer = s->is_auto_answer,
        .retrieve_context = s->retrieve_context,
        .client_id = s->client_id,
        .client_secret = s->client_secret,
        .jwt = s->jwt,
        .device = s->device,
    };
}
