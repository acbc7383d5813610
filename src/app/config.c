/* The reader of the configuration file. */
#include "callhud/app/config.h"

#include "callhud/base/buf.h"
#include "callhud/base/hash.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reader {
    struct config *config;
    struct err *err;
    const char *section; /* the configuration's; NULL before the first */
    unsigned line;
    struct map seen; /* "SECTION\nKEY" -> its line, as a pointer */
};

static enum rc fault(const struct reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static enum rc fault(const struct reader *r, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(r->err, RC_CONFIG, "%s:%u: %s", r->config->path, r->line, text);
}

/* ---- sections -------------------------------------------------------------------------------- */

/* Letters, digits, '-', '_', '.': it becomes part of a variable's name and of a file's. */
static bool is_profile_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= PROFILE_NAME_BYTES || name[0] == '.')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

static const char *after_word(const char *name, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(name, word, len) != 0 || (name[len] != ' ' && name[len] != '\t'))
        return NULL;
    return name + len + strspn(name + len, " \t");
}

static enum rc unknown_section(const struct reader *r, const char *name)
{
    static const char *const known[] = {"callhud", "profile", "users", "keys"};
    char word[64];
    str_copy(word, sizeof word, name);
    word[strcspn(word, " \t")] = '\0';
    const char *near = str_nearest(word, known, sizeof known / sizeof *known);
    const char *more = near && str_eq(near, "profile") ? " NAME" : "";
    if (near)
        return fault(r, "unknown section [%.200s]: did you mean [%s%s]?", name, near, more);
    return fault(r,
                 "unknown section [%.200s]: there are [callhud], [profile NAME], [users], "
                 "[users NAME] and [keys]",
                 name);
}

/* Writes the section's name with one blank between its two words. */
static enum rc section_name(const struct reader *r, const char *text, char *out, size_t size)
{
    static const char *const words[] = {"profile", "users"};
    if (str_eq(text, "callhud") || str_eq(text, "users") || str_eq(text, "keys")) {
        str_copy(out, size, text);
        return RC_OK;
    }
    if (str_eq(text, "profile"))
        return fault(r, "[profile] needs a name: write [profile NAME]");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *name = after_word(text, words[i]);
        if (!name)
            continue;
        if (!is_profile_name(name)) {
            return fault(r,
                         "'%.100s' cannot be a profile's name: use letters, digits, '-', '_' "
                         "and '.', at most %d",
                         name, PROFILE_NAME_BYTES - 1);
        }
        snprintf(out, size, "%s %s", words[i], name);
        return RC_OK;
    }
    return unknown_section(r, text);
}

static enum rc read_section(struct reader *r, char *line)
{
    char name[PROFILE_NAME_BYTES + 16];
    line[strlen(line) - 1] = '\0';
    enum rc rc = section_name(r, str_trim(line + 1), name, sizeof name);
    if (rc != RC_OK)
        return rc;
    for (size_t i = 0; i < r->config->sections.len; i++) {
        if (str_eq(r->config->sections.items[i].name, name)) {
            r->section = r->config->sections.items[i].name;
            return RC_OK;
        }
    }
    struct config_section section = {.name = mem_dup(name), .line = r->line};
    VEC_PUSH(&r->config->sections, section);
    r->section = section.name;
    return RC_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static enum rc check_key(const struct reader *r, const struct config_entry *entry)
{
    if (str_starts(entry->section, "users") || str_eq(entry->section, "keys"))
        return RC_OK;
    const struct option_row *row = option_find(entry->key);
    unsigned where = str_eq(entry->section, "callhud") ? OPTION_IN_CALLHUD : OPTION_IN_PROFILE;
    if (!row || !(row->where & where))
        return option_unknown(r->config->path, entry, r->err);
    if (row->type == OPTION_SECRET && str_eq(row->name, entry->key)) {
        char variable[128];
        secret_variable(variable, sizeof variable, after_word(entry->section, "profile"),
                        row->name);
        return fault(r,
                     "a %s is not kept in this file: use %s_command, %s_file, or the variable %s",
                     row->name, row->name, row->name, variable);
    }
    return RC_OK;
}

/* The line where the section has this key already; else 0, and it is noted. */
static unsigned note_key(struct reader *r, const char *key)
{
    char whole[PROFILE_NAME_BYTES + 16 + CONFIG_LINE_MAX_BYTES];
    snprintf(whole, sizeof whole, "%s\n%s", r->section, key);
    void *old = map_get(&r->seen, whole);
    if (!old)
        map_put(&r->seen, whole, (void *)(uintptr_t)r->line);
    return (unsigned)(uintptr_t)old;
}

static enum rc read_entry(struct reader *r, char *line)
{
    /* In [keys] '=' may be the key itself: the separator is never the first character there. */
    size_t skip = r->section && str_eq(r->section, "keys") ? 1 : 0;
    char *equals = strchr(line + skip, '=');
    if (!r->section)
        return fault(r, "'%.60s' stands before any section: begin with [callhud] or [profile NAME]",
                     line);
    if (!equals)
        return fault(r, "'%.60s' is no 'key = value' and no [section]", line);
    *equals = '\0';
    const char *key = str_trim(line), *value = str_trim(equals + 1);
    if (!key[0])
        return fault(r, "a key is missing before '='");
    if (value[0] == '"' && value[strlen(value) - 1] == '"' && value[1])
        return fault(r, "'%.60s': values stand without quotation marks", key);
    unsigned before = note_key(r, key);
    if (before)
        return fault(r, "'%.100s' again in [%s]: it stands on line %u already", key, r->section,
                     before);
    struct config_entry entry = {.section = mem_dup(r->section),
                                 .key = mem_dup(key),
                                 .value = mem_dup(value),
                                 .line = r->line};
    VEC_PUSH(&r->config->entries, entry);
    return check_key(r, &entry);
}

static enum rc read_line(struct reader *r, const char *bytes, size_t len)
{
    if (len > CONFIG_LINE_MAX_BYTES)
        return fault(r, "the line is longer than %d bytes", CONFIG_LINE_MAX_BYTES);
    if (memchr(bytes, '\0', len) || !utf8_is_valid(bytes, len))
        return fault(r, "the line is not UTF-8 text: save the file as UTF-8");
    char *copy = mem_dup_n(bytes, len);
    char *line = str_trim(copy);
    enum rc rc = RC_OK;
    if (line[0] == '[' && line[strlen(line) - 1] == ']' && !strchr(line, '='))
        rc = read_section(r, line);
    else if (line[0] != '\0' && line[0] != '#' && line[0] != ';')
        rc = read_entry(r, line);
    mem_free_secret(copy); /* a password may stand in a line that is refused */
    return rc;
}

/* People in [users NAME] of a profile that does not exist are a misspelt name. */
static enum rc check_users(struct reader *r)
{
    const char **profiles;
    size_t count = config_profiles(r->config, &profiles);
    enum rc rc = RC_OK;
    for (size_t i = 0; i < r->config->sections.len && rc == RC_OK; i++) {
        const struct config_section *section = &r->config->sections.items[i];
        const char *name = after_word(section->name, "users");
        bool is_known = !name;
        for (size_t p = 0; p < count && !is_known; p++)
            is_known = str_eq(profiles[p], name);
        if (is_known)
            continue;
        r->line = section->line;
        const char *near = str_nearest(name, profiles, count);
        if (near)
            rc = fault(r, "[users %s]: no such profile: did you mean [users %s]?", name, near);
        else
            rc = fault(r, "[users %s]: there is no [profile %s]", name, name);
    }
    mem_free(profiles);
    return rc;
}

enum rc config_parse(struct config *out, const char *text, size_t len, const char *path,
                     struct err *err)
{
    struct reader r = {.config = out, .err = err};
    enum rc rc = RC_OK;
    memset(out, 0, sizeof *out);
    out->path = mem_dup(path);
    if (len > CONFIG_FILE_MAX_BYTES) {
        rc = err_set(err, RC_CONFIG, "%s is larger than %d bytes: is it the right file?", path,
                     CONFIG_FILE_MAX_BYTES);
    }
    size_t at = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < len && rc == RC_OK) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end ? (size_t)(end - (text + at)) : len - at;
        r.line++;
        rc = read_line(&r, text + at, line_len);
        at += line_len + 1;
    }
    map_fini(&r.seen, NULL);
    if (rc == RC_OK)
        rc = check_users(&r);
    if (rc != RC_OK)
        config_fini(out);
    return rc;
}

static enum rc read_file(int fd, const char *path, struct buf *text, struct err *err)
{
    char piece[8192];
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(err, RC_CONFIG, "%s is a folder: name the file in it", path);
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, RC_CONFIG, "cannot read %s: %s", path, strerror(errno));
        if (n == 0)
            return RC_OK;
        if (!buf_put(text, piece, (size_t)n))
            return RC_OK; /* config_parse() refuses the size */
    }
}

enum rc config_load(struct config *out, const char *path, bool is_required, struct err *err)
{
    struct buf text;
    memset(out, 0, sizeof *out);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT && !is_required) {
        out->path = mem_dup(path);
        return RC_OK;
    }
    if (fd < 0) {
        return err_set(err, RC_CONFIG, "cannot open the configuration %s: %s", path,
                       strerror(errno));
    }
    buf_init(&text, CONFIG_FILE_MAX_BYTES + 8192);
    enum rc rc = read_file(fd, path, &text, err);
    close(fd);
    if (rc == RC_OK)
        rc = config_parse(out, buf_text(&text), text.len, path, err);
    if (text.data)
        mem_wipe(text.data, text.len);
    buf_fini(&text);
    return rc;
}

void config_fini(struct config *config)
{
    for (size_t i = 0; i < config->entries.len; i++) {
        mem_free(config->entries.items[i].section);
        mem_free(config->entries.items[i].key);
        mem_free_secret(config->entries.items[i].value);
    }
    for (size_t i = 0; i < config->sections.len; i++)
        mem_free(config->sections.items[i].name);
    VEC_FREE(&config->entries);
    VEC_FREE(&config->sections);
    mem_free(config->path);
    config->path = NULL;
}

size_t config_profiles(const struct config *config, const char ***names)
{
    size_t count = 0;
    *names = mem_zero(config->sections.len + 1, sizeof **names);
    for (size_t i = 0; i < config->sections.len; i++) {
        const char *name = after_word(config->sections.items[i].name, "profile");
        if (name)
            (*names)[count++] = name;
    }
    return count;
}

const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key)
{
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *entry = &config->entries.items[i];
        if (str_eq(entry->key, key) && str_eq(entry->section, section))
            return entry;
    }
    return NULL;
}
