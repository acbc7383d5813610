/* What doctor prints to start from: the files that are installed, whole, and a profile that can be
 * read. */
#include "callhud/app/doctor.h"
#include "callhud/app/share.h"
#include "callhud/base/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct buf example(const char *kind)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, 1024 * 1024);
    assert_int_equal(doctor_example(kind, &out, &err), RC_OK);
    return out;
}

static const char *shared(const char *name)
{
    for (const struct share_file *file = share_files; file->name; file++) {
        if (str_eq(file->name, name))
            return file->text;
    }
    fail_msg("%s is not built in", name);
    return "";
}

static void the_samples_are_those_of_the_tree(void **state)
{
    (void)state;
    static const char *const names[] = {"asterisk/ari_callhud.conf",
                                        "asterisk/extensions_callhud.conf",
                                        "ringcentral/application.txt", "ringcentral/config.ini"};
    struct buf both[] = {example("asterisk"), example("ringcentral")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512], text[32768];
        snprintf(path, sizeof path, TEST_DIR "/../src/share/%s", names[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t len = fread(text, 1, sizeof text - 1, file);
        text[len] = '\0';
        fclose(file);
        assert_string_equal(shared(names[i]), text);
        assert_non_null(strstr(buf_text(&both[i / 2]), text));
        assert_null(strstr(buf_text(&both[1 - i / 2]), text));
    }
    buf_fini(&both[0]);
    buf_fini(&both[1]);
}

/* Lines of Asterisk's that are neither blank, a comment, a section nor a setting would be errors
 * there;
 * ";--" would begin a comment of many lines. */
static void asterisk_can_read_them(void **state)
{
    (void)state;
    for (const struct share_file *file = share_files; file->name; file++) {
        if (!str_starts(file->name, "asterisk/"))
            continue;
        char *copy = mem_dup(file->text), *rest = copy;
        assert_null(strstr(copy, ";--"));
        for (char *line; (line = strsep(&rest, "\n"));) {
            const char *text = str_trim(line);
            bool is_fine = !*text || *text == ';' || (*text == '[' && str_ends(text, "]")) ||
                           str_starts(text, "exten => ") || str_starts(text, "same => n,") ||
                           strstr(text, " = ");
            if (!is_fine)
                fail_msg("%s: %s", file->name, text);
        }
        mem_free(copy);
    }
}

static void what_the_backend_sends_its_phone_to_is_there(void **state)
{
    (void)state;
    const char *plan = shared("asterisk/extensions_callhud.conf");
    static const char *const parts[] = {
        "\n[retrieve]\n",       "\nexten => bridge,1,",       "\nexten => pickupchan,1,",
        "\nexten => pickup,1,", "Bridge(${RETRIEVE_CHAN},x)", "PickupChan(${PICKUP_CHAN})"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(plan, parts[i]));
    assert_non_null(strstr(shared("asterisk/ari_callhud.conf"), "\nread_only = no\n"));
}

static void the_profile_can_be_read(void **state)
{
    (void)state;
    struct buf out = example("asterisk");
    struct config config;
    struct settings settings;
    struct err err = {0};
    const char *profile = strstr(buf_text(&out), "\n[profile work]");
    assert_non_null(profile);
    assert_int_equal(config_parse(&config, profile, strlen(profile), "example", &err), RC_OK);
    assert_int_equal(settings_make(&settings, &config, NULL, &err), RC_OK);
    assert_string_equal(settings.phone, "PJSIP/108");
    assert_int_equal(settings.ring_timeout_s, 20);
    assert_false(settings.is_auto_answer);
    assert_true(settings.is_pickup_confirmed);
    assert_true(settings.pick_up_held_lines);
    assert_int_equal(settings.audit, AUDIT_ON);
    assert_string_equal(settings.retrieve_context, "retrieve");
    settings_fini(&settings);
    config_fini(&config);
    buf_fini(&out);
    assert_int_equal(doctor_example("avaya", NULL, &err), RC_USAGE);
}

static void the_profile_of_ringcentral_can_be_read(void **state)
{
    (void)state;
    struct buf out = example("ringcentral");
    struct config config;
    struct settings settings;
    struct err err = {0};
    const char *profile = strstr(buf_text(&out), "\n[profile work]");
    assert_non_null(profile);
    assert_int_equal(config_parse(&config, profile, strlen(profile), "example", &err), RC_OK);
    assert_int_equal(settings_make(&settings, &config, NULL, &err), RC_OK);
    assert_string_equal(settings.backend, "ringcentral");
    assert_string_equal(settings.server, "https://platform.ringcentral.com");
    assert_string_equal(settings.client_id, "CLIENT-ID");
    assert_string_equal(settings.monitor, "list");
    assert_true(settings.ring_locks_hold);
    assert_int_equal(settings.audit, AUDIT_ON);
    settings_fini(&settings);
    config_fini(&config);
    buf_fini(&out);
}

/* What doctor says of the record when it lies in `folder` with these rights, to a user whom they
 * hold for. */
static enum doctor_result record_result(const char *folder, mode_t record, mode_t around)
{
    char file[300];
    int status = 0;
    (void)snprintf(file, sizeof file, "%s/callhud/audit.jsonl", folder);
    assert_int_equal(chmod(file, record), 0);
    *strrchr(file, '/') = '\0';
    assert_int_equal(chmod(file, around), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct cli cli = {.format = FORMAT_JSON};
        struct doctor d = {.cli = &cli};
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        setenv("XDG_STATE_HOME", folder, 1);
        doctor_records(&d);
        _exit(d.lines.len > 0 && str_eq(d.lines.items[0].check, "audit")
                  ? (int)d.lines.items[0].result
                  : 98);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (enum doctor_result)WEXITSTATUS(status);
}

static void a_record_that_cannot_grow_is_a_failure(void **state)
{
    (void)state;
    char folder[] = "/tmp/callhud-doctor.XXXXXX", path[300];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/callhud", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        *strrchr(path, '/') = '\0';
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(chown(folder, 65534, 65534), 0);
    }
    assert_int_equal(record_result(folder, 0600, 0700), DOCTOR_OK);
    assert_int_equal(record_result(folder, 0400, 0700), DOCTOR_FAIL);
    assert_int_equal(record_result(folder, 0600, 0500), DOCTOR_OK); /* it may grow all the same */
    (void)record_result(folder, 0600, 0700);
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", folder);
    assert_int_equal(unlink(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_samples_are_those_of_the_tree),
        cmocka_unit_test(asterisk_can_read_them),
        cmocka_unit_test(what_the_backend_sends_its_phone_to_is_there),
        cmocka_unit_test(the_profile_can_be_read),
        cmocka_unit_test(the_profile_of_ringcentral_can_be_read),
        cmocka_unit_test(a_record_that_cannot_grow_is_a_failure),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
