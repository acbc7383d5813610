#include "ex_rig.h"

#include "callhud/base/log.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], file[96];

static int setup(void **state)
{
    (void)state;
    str_copy(folder, sizeof folder, "/tmp/callhud-store-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/state.json", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    chmod(folder, 0700);
    unlink(file);
    return rmdir(folder) == 0 || errno == ENOENT ? 0 : -1; /* nothing else may be left in it */
}

static void open_at(struct rig *rig, size_t users)
{
    struct ex_options options = {.users = users, .seed = 7, .speed = 1, .state_file = file};
    rig_open(rig, &options);
}

static enum rc try_open(struct err *err)
{
    struct ex *x;
    struct ex_options options = {.users = 3, .seed = 7, .speed = 1, .state_file = file};
    enum rc rc = ex_new(&x, &options, err);
    if (rc == RC_OK)
        ex_free(x);
    else
        assert_null(x);
    return rc;
}

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void what_was_set_is_there_the_next_time(void **state)
{
    (void)state;
    struct rig rig;
    char body[400];
    open_at(&rig, 6);
    unsigned long long one = rig_user(&rig, "101")->id, three = rig_user(&rig, "103")->id;
    snprintf(body, sizeof body,
             "[{\"id\":\"3\",\"extension\":{\"id\":\"%llu\"}},{\"id\":\"4\",\"extension\":{\"id\":"
             "\"%llu\"}}]",
             three, one);
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence/line", body), 200);
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence",
                             "{\"ringOnMonitoredCall\":true,\"pickUpCallsOnHold\":false,"
                             "\"message\":\"Zoë\",\"userStatus\":\"Busy\","
                             "\"callerIdVisibility\":\"None\"}"),
                     200);
    snprintf(body, sizeof body, "{\"extensions\":[{\"id\":\"%llu\"}]}", three);
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence/permission", body), 200);
    snprintf(body, sizeof body, "{\"records\":[{\"extensionId\":\"%llu\"}]}", three);
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/favorite", body), 200);
    assert_int_equal(rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{\"name\":\"Night\"}"),
                     200);
    char group[32];
    str_copy(group, sizeof group, rig_text(&rig, "id"));
    json_t *off = json_false(), *name = json_string("田中 花子");
    assert_true(ex_user_set(rig.x, rig_user(&rig, "102"), "sharesPresence", off));
    assert_true(ex_user_set(rig.x, rig_user(&rig, "102"), "name", name));
    json_decref(name);
    rig_stop(&rig);

    open_at(&rig, 6);
    struct ex_user *me = rig.caller;
    assert_int_equal(me->lines.len, 4);
    assert_true(me->lines.items[1].is_reserved);
    assert_true(me->lines.items[2].extension_id == three && me->lines.items[2].id == 3);
    assert_true(me->lines.items[3].extension_id == one && me->lines.items[3].id == 4);
    assert_true(me->ring_on_monitored_call && !me->pick_up_calls_on_hold);
    assert_string_equal(me->message, "Zoë");
    assert_string_equal(me->user_status, "Busy");
    assert_string_equal(me->caller_id_visibility, "None");
    assert_int_equal(me->permitted.len, 1);
    assert_true(me->permitted.items[0] == three);
    assert_int_equal(me->favorites.len, 1);
    assert_true(me->is_admin);
    assert_false(rig_user(&rig, "102")->shares_presence);
    assert_string_equal(rig_user(&rig, "102")->last, "田中");
    assert_true(rig_user(&rig, "104")->shares_presence);
    rig_get(&rig, ACC "/call-monitoring-groups");
    assert_int_equal(rig_len(&rig, "records"), 2);
    assert_string_equal(rig_text(&rig, "records.1.id"), group);
    assert_true(ex_may_monitor(rig.x, me, rig_user(&rig, "101")));
    assert_int_equal(rig_ask(&rig, "POST", ACC "/call-monitoring-groups", "{\"name\":\"New\"}"),
                     200);
    assert_string_not_equal(rig_text(&rig, "id"), group);
    rig_stop(&rig);
}

static long size_of_file(void)
{
    struct stat st;
    return stat(file, &st) == 0 ? (long)st.st_size : -1;
}

static void it_is_written_soon_privately_and_once(void **state)
{
    (void)state;
    struct rig rig;
    struct stat st;
    open_at(&rig, 3);
    long before = size_of_file();
    assert_true(before > 0);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"lunch\"}");
    assert_int_equal(ex_next_ms(rig.x), 200);
    ex_advance(rig.x, 199);
    assert_int_equal(size_of_file(), before);
    rig_ask(&rig, "PUT", EXT "/presence", "{\"userStatus\":\"Busy\"}"); /* does not put it off */
    ex_advance(rig.x, 200);
    assert_true(size_of_file() > before);
    assert_int_equal(ex_next_ms(rig.x), INT64_MAX);
    rig_stop(&rig);
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{\"version\":1,\"users\":{",
        "[]",
        "{\"version\":2,\"users\":{}}",
        "{\"version\":1}",
        "{\"version\":1,\"users\":{\"400212000008\":{\"lines\":7}}}",
        ("{\"version\":1,\"users\":{\"400212000008\":{\"lines\":[],\"permitted\":[],"
         "\"favorites\":[],\"userStatus\":\"Lunch\"}}}"),
        "{\"version\":1,\"users\":{},\"groups\":[{}]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = {0};
        write_file(wrong[i]);
        assert_int_equal(try_open(&err), RC_CONFIG);
        assert_non_null(strstr(err.text, file));
        assert_non_null(strstr(err.text, "move it away"));
        assert_int_equal(size_of_file(), (long)strlen(wrong[i])); /* and left as it is */
    }
}

static void refuses_file(const char *says)
{
    struct err err = {0};
    assert_int_equal(try_open(&err), RC_CONFIG);
    if (!strstr(err.text, says) || !strstr(err.text, "give another one"))
        fail_msg("said: %s", err.text);
}

/* Nothing that is no file of ours is waited for, read for ever or written over. */
static void what_is_no_file_of_ours_is_refused_at_once(void **state)
{
    (void)state;
    char kept[96];
    struct stat st;
    alarm(20);
    str_copy(kept, sizeof kept, file);
    assert_int_equal(mkfifo(file, 0600), 0);
    refuses_file("not a regular file");
    assert_true(stat(file, &st) == 0 && S_ISFIFO(st.st_mode));
    unlink(file);
    assert_int_equal(mkdir(file, 0700), 0);
    refuses_file("not a regular file");
    assert_int_equal(rmdir(file), 0);
    str_copy(file, sizeof file, "/dev/zero");
    refuses_file("not a regular file");
    str_copy(file, sizeof file, kept);
    write_file("");
    assert_int_equal(truncate(file, INT64_C(2) << 30), 0); /* a hole */
    refuses_file("larger than 256 MiB");
    assert_true(size_of_file() == INT64_C(2) << 30);
    write_file("{\"version\":1,\"users\":{}}");
    if (geteuid() == 0) {
        assert_int_equal(chown(file, 65534, 65534), 0);
        refuses_file("belongs to another user");
        assert_true(stat(file, &st) == 0 && st.st_uid == 65534);
    } else {
        assert_int_equal(chmod(file, 0), 0);
        refuses_file("Permission denied");
    }
    alarm(0);
}

static void a_link_stays_one(void **state)
{
    (void)state;
    struct rig rig;
    struct stat st;
    char target[128];
    snprintf(target, sizeof target, "%s/real.json", folder);
    write_file("{\"version\":1,\"users\":{}}");
    assert_int_equal(rename(file, target), 0);
    assert_int_equal(symlink("real.json", file), 0);
    open_at(&rig, 3);
    rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"lunch\"}");
    rig_stop(&rig);
    assert_true(lstat(file, &st) == 0 && S_ISLNK(st.st_mode));
    assert_true(stat(target, &st) == 0 && st.st_size > 40);
    unlink(target);
}

static void a_place_that_cannot_be_written_is_said_at_once(void **state)
{
    (void)state;
    struct err err = {0};
    char kept[96];
    str_copy(kept, sizeof kept, file);
    snprintf(file, sizeof file, "%s/missing/state.json", folder);
    assert_int_equal(try_open(&err), RC_IO);
    assert_non_null(strstr(err.text, "No such file or directory"));
    str_copy(file, sizeof file, kept);
}

static void users_it_does_not_know_are_kept(void **state)
{
    (void)state;
    struct rig rig;
    open_at(&rig, 8);
    unsigned long long eight = rig_user(&rig, "108")->id;
    json_t *away = json_string("Busy");
    assert_true(ex_user_set(rig.x, rig_user(&rig, "108"), "userStatus", away));
    rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"x\"}");
    rig_stop(&rig);
    open_at(&rig, 4); /* a smaller exchange: the lines of whom there is not are left out */
    assert_int_equal(rig.caller->lines.len, 2 + 4);
    assert_null(ex_user_by_id(rig.x, eight));
    rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"y\"}");
    rig_stop(&rig);
    open_at(&rig, 8);
    assert_string_equal(rig_user(&rig, "108")->user_status, "Busy");
    assert_string_equal(rig.caller->message, "y");
    json_decref(away);
    rig_stop(&rig);
}

static void a_failed_write_is_tried_again(void **state)
{
    (void)state;
    struct rig rig;
    char beside[128];
    open_at(&rig, 3);
    long before = size_of_file();
    snprintf(beside, sizeof beside, "%s.new", file);
    assert_int_equal(mkdir(beside, 0700), 0); /* in the way, also for root */
    rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"lunch\"}");
    ex_advance(rig.x, 300);
    assert_int_equal(size_of_file(), before);
    assert_int_equal(rmdir(beside), 0);
    ex_advance(rig.x, 10000);
    assert_true(size_of_file() > before);
    rig_stop(&rig);
}

static unsigned said(const char *text)
{
    unsigned count = 0;
    struct log_line line;
    for (size_t i = 0; i < log_count(); i++)
        count += log_get(i, &line) && strstr(line.text, text);
    return count;
}

/* A file that may not grow is a full disk. */
static void a_full_disk_is_said_once_and_the_old_file_stays(void **state)
{
    (void)state;
    struct rig rig;
    struct rlimit before, little;
    struct err err = {0};
    open_at(&rig, 3);
    long size = size_of_file();
    unsigned failed = said("cannot write the state file"), again = said("written again");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = (struct rlimit){64, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"lunch\"}");
    for (int i = 1; i <= 20; i++)
        ex_advance(rig.x, i * 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(size_of_file(), size);
    assert_int_equal(try_open(&err), RC_OK);
    assert_int_equal(said("cannot write the state file"), failed + 1);
    assert_int_equal(rig_get(&rig, EXT "/presence"), 200); /* it goes on */
    ex_advance(rig.x, 30000);
    assert_int_equal(said("written again"), again + 1);
    assert_true(size_of_file() > size);
    rig_stop(&rig);
}

/* Old or new, whenever it is killed. */
static void a_kill_leaves_a_whole_file(void **state)
{
    (void)state;
    enum { KILLS = 25, STEP_US = 700 };
    char beside[128];
    struct err err = {0};
    snprintf(beside, sizeof beside, "%s.new", file);
    assert_int_equal(try_open(&err), RC_OK);
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct rig rig;
            open_at(&rig, 40);
            for (int turn = 1;; turn++) {
                rig_ask(&rig, "PUT", EXT "/presence",
                        turn % 2 ? "{\"message\":\"lunch\"}" : "{\"message\":\"\"}");
                ex_advance(rig.x, turn * 1000);
            }
        }
        usleep(3000 + i * STEP_US);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(try_open(&err), RC_OK);
    }
    unlink(beside);
}

static void nothing_is_kept_without_a_file(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    assert_int_equal(rig_ask(&rig, "PUT", EXT "/presence", "{\"message\":\"lunch\"}"), 200);
    assert_int_equal(ex_next_ms(rig.x), INT64_MAX);
    rig_stop(&rig);
    assert_int_equal(size_of_file(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_set_is_there_the_next_time, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_written_soon_privately_and_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_that_cannot_be_written_is_said_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_of_ours_is_refused_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_link_stays_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_once_and_the_old_file_stays, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_kill_leaves_a_whole_file, setup, teardown),
        cmocka_unit_test_setup_teardown(users_it_does_not_know_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_write_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_kept_without_a_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
