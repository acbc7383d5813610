#include "callhud/app/paths.h"

#include "callhud/base/str.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "callhud"
#define THEME_DIRS 16

const char *paths_home(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return home;
    const struct passwd *entry = getpwuid(geteuid());
    return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

static enum rc fits(int len, const char *what, struct err *err)
{
    if (len > 0 && len < PATH_BYTES)
        return RC_OK;
    return err_set(err, RC_CONFIG, "the path of the %s folder is longer than %d bytes", what,
                   PATH_BYTES - 1);
}

/* The XDG specification: a variable that is unset, empty or not absolute does not count. */
static enum rc base_folder(char out[PATH_BYTES], const char *variable, const char *fallback,
                           const char *what, struct err *err)
{
    const char *set = getenv(variable);
    if (set && set[0] == '/')
        return fits(snprintf(out, PATH_BYTES, "%s/" FOLDER, set), what, err);
    const char *home = paths_home();
    if (!home) {
        return err_set(err, RC_CONFIG, "no home folder is known: set HOME or %s to a folder",
                       variable);
    }
    return fits(snprintf(out, PATH_BYTES, "%s/%s/" FOLDER, home, fallback), what, err);
}

/* Makes the folder and those above it that are missing. */
static enum rc make_folder(char *path, struct err *err)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        int failed = mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
        if (failed)
            err_set(err, RC_IO,
                    "cannot make the folder %s: %s; name another one with XDG_STATE_HOME", path,
                    strerror(failed));
        if (slash)
            *slash = '/';
        if (failed)
            return RC_IO;
        if (!slash)
            break;
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return err_set(err, RC_IO, "cannot use the folder %s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, RC_IO, "%s is not a folder: move it away", path);
    /* The folder is this program's own; what is in it is for its user alone. Who may not write
     * there by his own will is not helped to it. */
    if (st.st_uid == geteuid() && (st.st_mode & 077) && chmod(path, st.st_mode & 0700) != 0)
        return err_set(err, RC_IO, "cannot make %s private: %s", path, strerror(errno));
    return RC_OK;
}

enum rc paths_make(const char *folder, struct err *err)
{
    char path[PATH_BYTES];
    if (!str_copy(path, sizeof path, folder))
        return fits(PATH_BYTES, "state", err);
    return make_folder(path, err);
}

static enum rc file_in(char out[PATH_BYTES], const char *name, bool is_made, struct err *err)
{
    if (is_made) {
        enum rc rc = make_folder(out, err);
        if (rc != RC_OK)
            return rc;
    }
    size_t used = strlen(out);
    if (name[0] == '\0')
        return RC_OK;
    if (!str_copy(out + used, PATH_BYTES - used, "/") ||
        !str_copy(out + used + 1, PATH_BYTES - used - 1, name))
        return err_set(err, RC_CONFIG, "the path of %s is longer than %d bytes", name,
                       PATH_BYTES - 1);
    return RC_OK;
}

enum rc paths_config(char out[PATH_BYTES], struct err *err)
{
    enum rc rc = base_folder(out, "XDG_CONFIG_HOME", ".config", "configuration", err);
    return rc == RC_OK ? file_in(out, "config.ini", false, err) : rc;
}

enum rc paths_state(char out[PATH_BYTES], const char *name, bool is_made, struct err *err)
{
    enum rc rc = base_folder(out, "XDG_STATE_HOME", ".local/state", "state", err);
    return rc == RC_OK ? file_in(out, name, is_made, err) : rc;
}

struct theme_dirs {
    char text[THEME_DIRS][PATH_BYTES];
    const char *list[THEME_DIRS + 1];
    size_t len;
};

static void add_dir(struct theme_dirs *dirs, const char *base, const char *rest, bool must_exist)
{
    struct stat st;
    char *to = dirs->text[dirs->len];
    int len = snprintf(to, PATH_BYTES, "%s%s/themes", base, rest);
    if (len < 0 || len >= PATH_BYTES || dirs->len + 1 >= THEME_DIRS)
        return;
    if (must_exist && (stat(to, &st) != 0 || !S_ISDIR(st.st_mode)))
        return;
    dirs->list[dirs->len++] = to;
    dirs->list[dirs->len] = NULL;
}

const char *const *paths_themes(void)
{
    static struct theme_dirs dirs;
    char base[PATH_BYTES];
    dirs.len = 0;
    dirs.list[0] = NULL;
    if (base_folder(base, "XDG_CONFIG_HOME", ".config", "configuration", NULL) == RC_OK)
        add_dir(&dirs, base, "", false);
    if (base_folder(base, "XDG_DATA_HOME", ".local/share", "data", NULL) == RC_OK)
        add_dir(&dirs, base, "", true);
    const char *set = getenv("XDG_DATA_DIRS");
    char list[4 * PATH_BYTES];
    str_copy(list, sizeof list, str_is_empty(set) ? "/usr/local/share:/usr/share" : set);
    char *rest = list;
    for (const char *one; (one = str_next_field(&rest, ':'));) {
        if (one[0] == '/')
            add_dir(&dirs, one, "/" FOLDER, true);
    }
    return dirs.list;
}
