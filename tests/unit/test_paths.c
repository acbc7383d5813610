/* Where files are: the XDG base directories. */
#include "callhud/app/paths.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/callhud-paths.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"s/deep/callhud",   "s/deep",    "s", "c/callhud", "c",
                                        "d/callhud/themes", "d/callhud", "d"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        rmdir(path);
    }
    snprintf(path, sizeof path, "%s/file", folder);
    unlink(path);
    return rmdir(folder);
}

static void clear(void)
{
    static const char *const names[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
                                        "XDG_DATA_HOME", "XDG_DATA_DIRS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("HOME", "/home/x", 1);
}

static void usual_places(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    clear();
    assert_int_equal(paths_config(path, NULL), RC_OK);
    assert_string_equal(path, "/home/x/.config/callhud/config.ini");
    assert_int_equal(paths_state(path, "callhud.log", false, NULL), RC_OK);
    assert_string_equal(path, "/home/x/.local/state/callhud/callhud.log");
}

static void variables_count_when_they_are_absolute(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    clear();
    setenv("XDG_CONFIG_HOME", "/etc/a", 1);
    setenv("XDG_STATE_HOME", "relative", 1);
    assert_int_equal(paths_config(path, NULL), RC_OK);
    assert_string_equal(path, "/etc/a/callhud/config.ini");
    assert_int_equal(paths_state(path, "x", false, NULL), RC_OK);
    assert_string_equal(path, "/home/x/.local/state/callhud/x");
    assert_int_equal(paths_state(path, "", false, NULL), RC_OK);
    assert_string_equal(path, "/home/x/.local/state/callhud");
}

static void without_home_the_user_database_knows(void **state)
{
    (void)state;
    clear();
    unsetenv("HOME");
    const char *home = paths_home();
    assert_true(!home || home[0] == '/');
    setenv("HOME", "not/absolute", 1);
    assert_true(!paths_home() || paths_home()[0] == '/');
    setenv("HOME", "/home/x", 1);
    assert_string_equal(paths_home(), "/home/x");
}

static void folders_are_made_private(void **state)
{
    (void)state;
    char path[PATH_BYTES], base[128];
    struct stat st;
    clear();
    snprintf(base, sizeof base, "%s/s/deep", folder);
    setenv("XDG_STATE_HOME", base, 1);
    assert_int_equal(paths_state(path, "callhud.log", false, NULL), RC_OK);
    assert_int_not_equal(stat(base, &st), 0); /* not made unless asked for */
    mode_t before = umask(0);
    assert_int_equal(paths_state(path, "callhud.log", true, NULL), RC_OK);
    umask(before);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    /* One that others could look into is closed. */
    assert_int_equal(chmod(path, 0555), 0); /* who has made it read-only is not helped to write */
    assert_int_equal(paths_make(path, NULL), RC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0500);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(paths_state(path, "callhud.log", true, NULL), RC_OK);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void what_is_in_the_way_is_named(void **state)
{
    (void)state;
    char path[PATH_BYTES], base[128];
    struct err err = {0};
    clear();
    snprintf(base, sizeof base, "%s/file", folder);
    fclose(fopen(base, "we"));
    setenv("XDG_STATE_HOME", base, 1);
    assert_int_equal(paths_state(path, "x", true, &err), RC_IO);
    assert_non_null(strstr(err.text, base));
}

static void long_paths_are_refused(void **state)
{
    (void)state;
    char path[PATH_BYTES], name[PATH_BYTES + 10];
    struct err err = {0};
    clear();
    memset(name, 'x', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    setenv("XDG_CONFIG_HOME", name, 1);
    assert_int_equal(paths_config(path, &err), RC_CONFIG);
    name[PATH_BYTES - 12] = '\0';
    setenv("XDG_CONFIG_HOME", name, 1);
    assert_int_equal(paths_config(path, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "longer than"));
}

static void themes_are_looked_for_in_the_users_folder_first(void **state)
{
    (void)state;
    char base[128], wanted[160];
    clear();
    const char *const *dirs = paths_themes();
    assert_string_equal(dirs[0], "/home/x/.config/callhud/themes");

    snprintf(base, sizeof base, "%s/d", folder);
    mkdir(base, 0700);
    snprintf(wanted, sizeof wanted, "%s/callhud", base);
    mkdir(wanted, 0700);
    snprintf(wanted, sizeof wanted, "%s/callhud/themes", base);
    mkdir(wanted, 0700);
    char list[300];
    snprintf(list, sizeof list, "/nonexistent:relative:%s", base);
    setenv("XDG_DATA_DIRS", list, 1);
    dirs = paths_themes();
    assert_string_equal(dirs[0], "/home/x/.config/callhud/themes");
    assert_string_equal(dirs[1], wanted);
    assert_null(dirs[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_places),
        cmocka_unit_test(variables_count_when_they_are_absolute),
        cmocka_unit_test(without_home_the_user_database_knows),
        cmocka_unit_test(folders_are_made_private),
        cmocka_unit_test(what_is_in_the_way_is_named),
        cmocka_unit_test(long_paths_are_refused),
        cmocka_unit_test(themes_are_looked_for_in_the_users_folder_first),
    };
    return cmocka_run_group_tests_name("paths", tests, make_folder, remove_folder);
}
