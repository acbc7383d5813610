/* doctor: the configuration, and the folders that callhud writes to. */
#include "callhud/app/doctor.h"

#include "callhud/app/paths.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_CHECK "configuration"

static bool find_file(struct doctor *d, char path[PATH_BYTES])
{
    struct err err = {0};
    if (d->cli->config) {
        if (str_copy(path, PATH_BYTES, d->cli->config))
            return true;
        err_set(&err, RC_CONFIG, "the path is longer than %d bytes", PATH_BYTES - 1);
    } else if (paths_config(path, &err) == RC_OK) {
        return true;
    }
    doctor_say(d, FILE_CHECK, DOCTOR_FAIL, "%s", err.text);
    return false;
}

static void check_file(struct doctor *d)
{
    char path[PATH_BYTES];
    struct err err = {0};
    struct stat st;
    if (!find_file(d, path))
        return;
    bool is_there = stat(path, &st) == 0;
    if (config_load(&d->config, path, d->cli->config != NULL, &err) != RC_OK) {
        doctor_say(d, FILE_CHECK, DOCTOR_FAIL, "%s", err.text);
        return;
    }
    d->has_config = true;
    const char **names;
    size_t profiles = config_profiles(&d->config, &names);
    mem_free(names);
    if (!is_there)
        doctor_say(d, FILE_CHECK, DOCTOR_OK, "%s is not there yet", path);
    else if (st.st_uid != geteuid() && st.st_uid != 0)
        doctor_say(d, FILE_CHECK, DOCTOR_WARN, "%s belongs to another user, who can change it",
                   path);
    else if (st.st_mode & 022)
        doctor_say(d, FILE_CHECK, DOCTOR_WARN,
                   "others can change %s, and with it what runs here: chmod 600 %s", path, path);
    else
        doctor_say(d, FILE_CHECK, DOCTOR_OK, "%s, %zu profile%s", path, profiles,
                   profiles == 1 ? "" : "s");
}

static void check_profile(struct doctor *d)
{
    struct err err = {0};
    const char **names;
    if (!d->has_config) {
        doctor_say(d, "profile", DOCTOR_SKIP, "needs a configuration that can be read");
        return;
    }
    size_t profiles = config_profiles(&d->config, &names);
    mem_free(names);
    if (profiles == 0 && !d->cli->profile) {
        doctor_say(
            d, "profile", DOCTOR_SKIP,
            "there is none: 'callhud doctor --example asterisk' (or ringcentral) prints one to "
            "start from; put it into %s",
            d->config.path);
        return;
    }
    if (settings_make(&d->settings, &d->config, d->cli->profile, &err) != RC_OK) {
        doctor_say(d, "profile", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    d->has_settings = true;
    struct backend_config backend;
    settings_backend(&d->settings, &backend, true);
    doctor_say(d, "profile", DOCTOR_OK, "%s: %s at %s as %s, monitors %s, %zu named",
               d->settings.profile, d->settings.backend, d->settings.server,
               d->settings.client_id[0] ? d->settings.client_id : d->settings.user, backend.monitor,
               d->settings.users.len);
}

/* Where the secret came from; never what it is. */
static void say_source(struct doctor *d, const char *name)
{
    char variable[128], section[PROFILE_NAME_BYTES + 8], command[64], file[64];
    secret_variable(variable, sizeof variable, d->settings.profile, name);
    (void)snprintf(section, sizeof section, "profile %s", d->settings.profile);
    (void)snprintf(command, sizeof command, "%s_command", name);
    (void)snprintf(file, sizeof file, "%s_file", name);
    if (!str_is_empty(getenv(variable)))
        doctor_say(d, name, DOCTOR_OK, "found by %s", variable);
    else if (config_find(&d->config, section, command))
        doctor_say(d, name, DOCTOR_OK, "found by %s", command);
    else if (config_find(&d->config, section, file))
        doctor_say(d, name, DOCTOR_OK, "found by %s", file);
    else
        doctor_say(d, name, DOCTOR_OK, "there is none: a public application");
}

static bool is_given(const struct doctor *d, const char *name)
{
    char variable[128], section[PROFILE_NAME_BYTES + 8], command[64], file[64];
    secret_variable(variable, sizeof variable, d->settings.profile, name);
    (void)snprintf(section, sizeof section, "profile %s", d->settings.profile);
    (void)snprintf(command, sizeof command, "%s_command", name);
    (void)snprintf(file, sizeof file, "%s_file", name);
    return !str_is_empty(getenv(variable)) || config_find(&d->config, section, command) ||
           config_find(&d->config, section, file);
}

/* Of those that settings_secrets() takes in turn, the one at which it stopped. */
static const char *missing_secret(const struct doctor *d)
{
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        if (row->type != OPTION_SECRET)
            continue;
        enum secret_need need = settings_secret_need(&d->settings, row->name);
        char *const *field =
            (char *const *)(const void *)((const char *)&d->settings + row->offset);
        if (need != SECRET_UNUSED && str_is_empty(*field) &&
            (need == SECRET_NEEDED || is_given(d, row->name)))
            return row->name;
    }
    return "secrets";
}

static void check_secrets(struct doctor *d)
{
    struct err err = {0};
    if (!d->has_settings) {
        doctor_say(d, "secrets", DOCTOR_SKIP, "needs a profile");
        return;
    }
    bool is_found = settings_secrets(&d->settings, &d->config, &err) == RC_OK;
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        if (row->type != OPTION_SECRET ||
            settings_secret_need(&d->settings, row->name) == SECRET_UNUSED)
            continue;
        if (is_found)
            say_source(d, row->name);
    }
    if (!is_found)
        doctor_say(d, missing_secret(d), DOCTOR_FAIL, "%s", err.text);
    d->has_secrets = is_found;
}

int doctor_try_folder(const char *folder)
{
    static const char bytes[4096] = "callhud doctor looks whether it can write here\n";
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/doctor-XXXXXX", folder);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return errno;
    int why = 0;
    errno = ENOSPC; /* of a write that stops half-way */
    if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
        why = errno;
    if (close(fd) != 0 && why == 0)
        why = errno;
    (void)unlink(path);
    return why;
}

static void check_state(struct doctor *d)
{
    char path[PATH_BYTES];
    struct err err = {0};
    if (paths_state(path, "callhud.log", true, &err) != RC_OK) {
        doctor_say(d, "state", DOCTOR_WARN, "%s: there will be no log file", err.text);
        return;
    }
    struct stat st;
    bool is_there = lstat(path, &st) == 0;
    char *slash = strrchr(path, '/');
    if (is_there && !S_ISREG(st.st_mode)) {
        doctor_say(d, "state", DOCTOR_WARN, "%s is no regular file: there will be no log file",
                   path);
        return;
    }
    *slash = '\0';
    int why = doctor_try_folder(path);
    *slash = '/';
    if (why == 0 && is_there && access(path, W_OK) != 0)
        why = errno;
    if (why == 0)
        doctor_say(d, "state", DOCTOR_OK, "the log is %s", path);
    else
        doctor_say(d, "state", DOCTOR_WARN, "cannot write %s: %s: there will be no log file", path,
                   strerror(why));
}

void doctor_config(struct doctor *d)
{
    check_file(d);
    check_profile(d);
    check_secrets(d);
    check_state(d);
}
