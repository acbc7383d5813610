/* Where passwords come from, and that none gets out. */
#include "callhud/app/config.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
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

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const char *text, size_t len, mode_t mode)
{
    FILE *file = fopen(in_folder(name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
    assert_int_equal(chmod(in_folder(name), mode), 0);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/callhud-secrets.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"pass", "link", "fifo", "pid", "here.pass"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    return rmdir(folder);
}

static void from_file(const char *text, size_t len, const char *wanted)
{
    char *secret = NULL;
    struct err err = {0};
    put_file("pass", text, len, 0600);
    assert_int_equal(secret_from_file(&secret, in_folder("pass"), "x", &err), RC_OK);
    assert_string_equal(secret, wanted);
    mem_free_secret(secret);
}

/* Every '@' becomes the path. */
static void expand(char *out, size_t size, const char *pattern, const char *path)
{
    size_t used = 0;
    for (const char *c = pattern; *c && used + 1 < size; c++) {
        if (*c == '@')
            used += (size_t)snprintf(out + used, size - used, "%s", path);
        else
            out[used++] = *c;
    }
    out[used] = '\0';
}

static void file_refused(const char *why)
{
    char *secret = NULL;
    char wanted[300];
    struct err err = {0};
    assert_int_equal(secret_from_file(&secret, in_folder("pass"), "password_file", &err),
                     RC_CONFIG);
    assert_null(secret);
    expand(wanted, sizeof wanted, why, in_folder("pass"));
    assert_string_equal(err.text, wanted);
}

static void a_file_gives_its_first_line(void **state)
{
    (void)state;
    char big[SECRET_MAX_BYTES + 2];
    from_file("s3cret", 6, "s3cret");
    from_file("s3cret\n", 7, "s3cret");
    from_file("s3cret\r\nuser: x\n", 16, "s3cret");
    from_file(" blanks stay \n", 14, " blanks stay ");
    from_file("pässwörd\n", 11, "pässwörd");
    memset(big, 'x', sizeof big);
    put_file("pass", big, SECRET_MAX_BYTES, 0600);
    char *secret = NULL;
    assert_int_equal(secret_from_file(&secret, in_folder("pass"), "x", NULL), RC_OK);
    assert_int_equal(strlen(secret), SECRET_MAX_BYTES);
    mem_free_secret(secret);
    put_file("pass", big, SECRET_MAX_BYTES + 1, 0600);
    file_refused("password_file: @: its first line is longer than 4096 bytes");
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    (void)state;
    static const mode_t open_modes[] = {0644, 0640, 0604, 0620, 0601, 0610};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        put_file("pass", "s3cret", 6, open_modes[i]);
        file_refused("password_file: others can read @: chmod 600 @");
    }
    put_file("pass", "s3cret", 6, 0400);
    char *secret = NULL;
    assert_int_equal(secret_from_file(&secret, in_folder("pass"), "x", NULL), RC_OK);
    mem_free_secret(secret);
}

static void a_file_of_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    put_file("pass", "s3cret", 6, 0600);
    assert_int_equal(chown(in_folder("pass"), 65534, 65534), 0);
    file_refused("password_file: @ belongs to another user, who can change it");
    unlink(in_folder("pass"));
}

static void a_file_that_is_none(void **state)
{
    (void)state;
    char *secret = NULL;
    struct err err = {0};
    put_file("pass", "", 0, 0600);
    file_refused("password_file: @: its first line is empty");
    put_file("pass", "\nsecond", 7, 0600);
    file_refused("password_file: @: its first line is empty");
    put_file("pass", "a\tb\n", 4, 0600);
    file_refused("password_file: @: its first line holds a control character");
    put_file("pass", "a\0b\n", 4, 0600);
    file_refused("password_file: @: its first line holds a control character");
    unlink(in_folder("pass"));
    file_refused("password_file: cannot open @: No such file or directory");
    /* A FIFO without a writer must not hold the program. */
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_int_equal(secret_from_file(&secret, in_folder("fifo"), "x", &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "is no regular file"));
    assert_int_equal(secret_from_file(&secret, "/tmp", "x", &err), RC_CONFIG);
}

/* ---- commands -------------------------------------------------------------------------------- */

static enum rc run(const char *command, char **secret, struct err *err)
{
    *secret = NULL;
    err_clear(err);
    return secret_from_command(secret, command, "password_command", 700, err);
}

static void a_command_gives_its_first_line(void **state)
{
    (void)state;
    char *secret;
    struct err err;
    assert_int_equal(run("printf 'one two\\nthree\\n'; echo noise >&2", &secret, &err), RC_OK);
    assert_string_equal(secret, "one two");
    mem_free_secret(secret);
    /* It has nothing to read, and more output than is kept does not stop it. */
    assert_int_equal(run("cat; echo s3cret; head -c 1000000 /dev/zero", &secret, &err), RC_OK);
    assert_string_equal(secret, "s3cret");
    mem_free_secret(secret);
}

static void a_command_that_fails_says_how(void **state)
{
    (void)state;
    char *secret;
    struct err err;
    assert_int_equal(run("echo s3cret; echo no such key >&2; echo more >&2; exit 3", &secret, &err),
                     RC_CONFIG);
    assert_string_equal(err.text, "password_command: the command failed with exit code 3 (no such "
                                  "key): try it in a shell");
    assert_int_equal(run("kill -9 $$", &secret, &err), RC_CONFIG);
    assert_string_equal(err.text, "password_command: the command was ended by signal 9");
    assert_int_equal(run("true", &secret, &err), RC_CONFIG);
    assert_string_equal(err.text, "password_command: its first line is empty");
}

static bool is_gone(int pid)
{
    char proc[64], stat[256] = "";
    snprintf(proc, sizeof proc, "/proc/%d/stat", pid);
    FILE *file = fopen(proc, "re");
    if (file) {
        size_t len = fread(stat, 1, sizeof stat - 1, file);
        stat[len] = '\0';
        fclose(file);
    }
    return !stat[0] || strstr(stat, ") Z");
}

static void a_command_that_hangs_is_ended_with_its_children(void **state)
{
    (void)state;
    char *secret, command[200];
    struct err err;
    static const char *const hangs[] = {
        "sleep 60 & echo $! > @; wait",               /* the pipe stays open */
        "exec >&-; sleep 60 & echo $! > @; wait",     /* closed, but it does not end */
        "sleep 60 & echo $! > @; exec cat /dev/zero", /* it never stops talking */
    };
    for (size_t i = 0; i < sizeof hangs / sizeof *hangs; i++) {
        expand(command, sizeof command, hangs[i], in_folder("pid"));
        int64_t begin_ms = clock_mono_ms();
        assert_int_equal(run(command, &secret, &err), RC_CONFIG);
        assert_true(clock_mono_ms() - begin_ms < 5000);
        assert_non_null(strstr(err.text, "did not end within 1 s"));
        FILE *file = fopen(in_folder("pid"), "re");
        assert_non_null(file);
        int pid = 0;
        assert_int_equal(fscanf(file, "%d", &pid), 1);
        fclose(file);
        /* Gone, or a zombie that nobody has collected; a killed one may take a moment. */
        bool is_over = false;
        for (int turn = 0; turn < 200 && !is_over; turn++) {
            is_over = is_gone(pid);
            usleep(10000);
        }
        assert_true(is_over);
    }
}

/* gpg's agent outlives the command that starts it. */
static void a_child_left_behind_is_not_waited_for(void **state)
{
    (void)state;
    char *secret;
    struct err err;
    int64_t begin_ms = clock_mono_ms();
    assert_int_equal(run("sleep 3 & echo s3cret", &secret, &err), RC_OK);
    assert_true(clock_mono_ms() - begin_ms < 600);
    assert_string_equal(secret, "s3cret");
    mem_free_secret(secret);
}

/* ---- of a profile ---------------------------------------------------------------------------- */

static enum rc fetch(const char *lines, struct settings *settings, struct err *err)
{
    struct config config;
    char text[1024];
    snprintf(text, sizeof text, "[profile my-pbx.2]\nserver = http://127.0.0.1/ari\nuser = hud\n%s",
             lines);
    err_clear(err);
    assert_int_equal(config_parse(&config, text, strlen(text), in_folder("config.ini"), err),
                     RC_OK);
    assert_int_equal(settings_make(settings, &config, NULL, err), RC_OK);
    enum rc rc = settings_secrets(settings, &config, err);
    config_fini(&config);
    return rc;
}

static void gives(const char *lines, const char *wanted)
{
    struct settings settings;
    struct err err;
    assert_int_equal(fetch(lines, &settings, &err), RC_OK);
    assert_string_equal(settings.password, wanted);
    settings_fini(&settings);
}

static void the_environment_goes_first(void **state)
{
    (void)state;
    char name[128];
    secret_variable(name, sizeof name, "my-pbx.2", "password");
    assert_string_equal(name, "CALLHUD_MY_PBX_2_PASSWORD");
    setenv(name, "from environment\n", 1);
    gives("", "from environment");
    gives("password_command = echo from command\n", "from environment");
    setenv(name, "", 1);
    gives("password_command = echo from command\n", "from command");
    unsetenv(name);
    gives("password_command = echo from command\n", "from command");
}

static void a_file_name_may_be_relative(void **state)
{
    (void)state;
    put_file("here.pass", "beside\n", 7, 0600);
    gives("password_file = here.pass\n", "beside");
    setenv("HOME", folder, 1);
    gives("password_file = ~/here.pass\n", "beside");
}

static void none_or_two_are_errors(void **state)
{
    (void)state;
    struct settings settings;
    struct err err;
    char wanted[300];
    assert_int_equal(fetch("", &settings, &err), RC_CONFIG);
    assert_string_equal(
        err.text, "[profile my-pbx.2] has no password yet: add password_command or password_file, "
                  "or set the variable CALLHUD_MY_PBX_2_PASSWORD");
    settings_fini(&settings);
    assert_int_equal(fetch("password_command = a\npassword_file = b\n", &settings, &err),
                     RC_CONFIG);
    snprintf(wanted, sizeof wanted, "%s:4: both password_command and password_file: keep one",
             in_folder("config.ini"));
    assert_string_equal(err.text, wanted);
    settings_fini(&settings);
}

static void the_log_never_shows_it(void **state)
{
    (void)state;
    struct log_line line = {0};
    log_open(NULL, LOG_DEBUG, NULL);
    gives("password_command = echo correct-horse\n", "correct-horse");
    log_info(
        "t",
        "tried correct-horse and Basic aHVkOmNvcnJlY3QtaG9yc2U= and eh"); /* hud:correct-horse */
    assert_true(log_get(log_count() - 1, &line));
    assert_null(strstr(line.text, "correct-horse"));
    assert_null(strstr(line.text, "aHVkOmNvcnJlY3QtaG9yc2U="));
    assert_non_null(strstr(line.text, "tried ***"));
    log_close();
}

/* Each kind of system has its own: the password of another is not asked for. */
static enum rc fetch_ringcentral(const char *lines, struct settings *settings, struct err *err)
{
    struct config config;
    char text[1024];
    snprintf(text, sizeof text, "[profile rc]\nbackend = ringcentral\nclient_id = cid\n%s", lines);
    err_clear(err);
    assert_int_equal(config_parse(&config, text, strlen(text), in_folder("config.ini"), err),
                     RC_OK);
    assert_int_equal(settings_make(settings, &config, NULL, err), RC_OK);
    enum rc rc = settings_secrets(settings, &config, err);
    config_fini(&config);
    return rc;
}

static void those_of_ringcentral(void **state)
{
    (void)state;
    struct settings settings;
    struct err err;
    struct log_line line = {0};
    log_open(NULL, LOG_DEBUG, NULL);
    assert_int_equal(fetch_ringcentral("jwt_command = echo aaa.bbb.ccc\n", &settings, &err), RC_OK);
    assert_string_equal(settings.jwt, "aaa.bbb.ccc");
    assert_string_equal(settings.client_secret, ""); /* a public application */
    assert_string_equal(settings.password, "");
    assert_int_equal(settings_secret_need(&settings, "jwt"), SECRET_NEEDED);
    assert_int_equal(settings_secret_need(&settings, "client_secret"), SECRET_OPTIONAL);
    assert_int_equal(settings_secret_need(&settings, "password"), SECRET_UNUSED);
    settings_fini(&settings);
    put_file("here.pass", "s3cr3t-of-app\n", 14, 0600);
    setenv("CALLHUD_RC_JWT", "ddd.eee.fff", 1);
    assert_int_equal(fetch_ringcentral("client_secret_file = here.pass\n", &settings, &err), RC_OK);
    unsetenv("CALLHUD_RC_JWT");
    assert_string_equal(settings.jwt, "ddd.eee.fff");
    assert_string_equal(settings.client_secret, "s3cr3t-of-app");
    settings_fini(&settings);
    log_info("t", "aaa.bbb.ccc ddd.eee.fff s3cr3t-of-app Basic Y2lkOnMzY3IzdC1vZi1hcHA= end");
    assert_true(log_get(log_count() - 1, &line));
    assert_non_null(strstr(line.text, "*** *** *** Basic *** end"));
    log_close();
    assert_int_equal(fetch_ringcentral("", &settings, &err), RC_CONFIG);
    assert_string_equal(err.text,
                        "[profile rc] has no jwt yet: add jwt_command or jwt_file, or set the "
                        "variable CALLHUD_RC_JWT");
    settings_fini(&settings);
    assert_int_equal(fetch("password_command = echo x\n", &settings, &err), RC_OK);
    assert_int_equal(settings_secret_need(&settings, "jwt"), SECRET_UNUSED);
    assert_int_equal(settings_secret_need(&settings, "password"), SECRET_NEEDED);
    settings_fini(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_its_first_line),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(a_file_of_another_user_is_refused),
        cmocka_unit_test(a_file_that_is_none),
        cmocka_unit_test(a_command_gives_its_first_line),
        cmocka_unit_test(a_command_that_fails_says_how),
        cmocka_unit_test(a_command_that_hangs_is_ended_with_its_children),
        cmocka_unit_test(a_child_left_behind_is_not_waited_for),
        cmocka_unit_test(the_environment_goes_first),
        cmocka_unit_test(a_file_name_may_be_relative),
        cmocka_unit_test(none_or_two_are_errors),
        cmocka_unit_test(the_log_never_shows_it),
        cmocka_unit_test(those_of_ringcentral),
    };
    return cmocka_run_group_tests_name("secrets", tests, make_folder, remove_folder);
}
