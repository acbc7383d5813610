/* Finds themes by name: in directories, then among those built into the program. */
#include "callhud/draw/theme.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/draw/theme_sources.h"
#include "theme_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES 65536
#define NAMES_MAX 1024
#define SUFFIX ".theme"

const char *theme_builtin_text(const char *name)
{
    for (size_t i = 0; theme_sources[i].name != NULL; i++)
        if (strcmp(theme_sources[i].name, name) == 0)
            return theme_sources[i].text;
    return NULL;
}

static enum rc read_file(const char *path, FILE *file, struct buf *text, struct err *err)
{
    char piece[4096];
    size_t len;

    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        if (!buf_put(text, piece, len))
            return err_set(err, RC_CONFIG, "%s: a theme file is at most %d bytes", path,
                           FILE_MAX_BYTES);
    if (ferror(file))
        return err_set(err, RC_IO, "cannot read %s: %s", path, strerror(errno));
    return RC_OK;
}

/* *is_found stays false, and the result RC_OK, when the directory has no such theme. */
static enum rc load_from(struct theme *out, const char *dir, const char *name, bool *is_found,
                         struct err *err)
{
    struct buf path, text;
    enum rc rc = RC_OK;

    buf_init(&path, FILE_MAX_BYTES);
    buf_init(&text, FILE_MAX_BYTES);
    buf_printf(&path, "%s/%s" SUFFIX, dir, name);
    FILE *file = fopen(buf_text(&path), "re");
    if (file == NULL) {
        if (errno != ENOENT && errno != ENOTDIR)
            rc = err_set(err, RC_IO, "cannot open %s: %s", buf_text(&path), strerror(errno));
    } else {
        *is_found = true;
        rc = read_file(buf_text(&path), file, &text, err);
        if (rc == RC_OK)
            rc = theme_parse(out, buf_text(&text), text.len, buf_text(&path), err);
        fclose(file);
    }
    buf_fini(&text);
    buf_fini(&path);
    return rc;
}

/* --- names ------------------------------------------------------------------------------------ */

struct names {
    char (*names)[THEME_NAME_BYTES];
    size_t count;
};

static void add_name(struct names *list, const char *name)
{
    if (list->count >= NAMES_MAX || !theme_name_is_valid(name))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return;
    list->names = mem_grow(list->names, list->count + 1, sizeof *list->names);
    str_copy(list->names[list->count++], THEME_NAME_BYTES, name);
}

static void add_directory(struct names *list, const char *path)
{
    char name[THEME_NAME_BYTES];
    DIR *dir = opendir(path);
    const struct dirent *entry;

    if (dir == NULL) /* not there: no themes in it */
        return;
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (!str_ends(entry->d_name, SUFFIX) || len - strlen(SUFFIX) >= sizeof name)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(len - strlen(SUFFIX)), entry->d_name);
        add_name(list, name);
    }
    closedir(dir);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The caller frees names->names. */
static struct names all_names(const char *const *dirs)
{
    struct names list = {0};

    for (size_t i = 0; dirs != NULL && dirs[i] != NULL; i++)
        add_directory(&list, dirs[i]);
    for (size_t i = 0; theme_sources[i].name != NULL; i++)
        add_name(&list, theme_sources[i].name);
    if (list.count > 0)
        qsort(list.names, list.count, sizeof *list.names, compare_names);
    return list;
}

enum rc theme_list(const char *const *dirs, char (*names)[THEME_NAME_BYTES], size_t max,
                   size_t *count)
{
    struct names list = all_names(dirs);
    bool is_whole = list.count <= max;

    *count = is_whole ? list.count : max;
    if (*count > 0)
        memcpy(names, list.names, *count * sizeof *names);
    mem_free(list.names);
    return is_whole ? RC_OK : RC_TOO_BIG;
}

static enum rc no_theme(const char *name, const char *const *dirs, struct err *err)
{
    struct names list = all_names(dirs);
    const char **names = mem_zero(list.count + 1, sizeof *names);

    for (size_t i = 0; i < list.count; i++)
        names[i] = list.names[i];
    const char *nearest = str_nearest(name, names, list.count);
    if (nearest != NULL)
        err_set(err, RC_CONFIG, "no theme '%s': did you mean '%s'?", name, nearest);
    else
        err_set(err, RC_CONFIG, "no theme '%s': 'callhud theme list' names them", name);
    mem_free(names);
    mem_free(list.names);
    return RC_CONFIG;
}

enum rc theme_load(struct theme *out, const char *name, const char *const *dirs, struct err *err)
{
    bool is_found = false;
    enum rc rc = RC_OK;

    if (!theme_name_is_valid(name))
        return no_theme(name, dirs, err);
    for (size_t i = 0; dirs != NULL && dirs[i] != NULL && !is_found && rc == RC_OK; i++)
        rc = load_from(out, dirs[i], name, &is_found, err);
    if (!is_found && rc == RC_OK) {
        const char *text = theme_builtin_text(name);
        if (text == NULL)
            return no_theme(name, dirs, err);
        rc = theme_parse(out, text, strlen(text), name, err);
    }
    if (rc == RC_OK)
        str_copy(out->name, sizeof out->name, name);
    return rc;
}
