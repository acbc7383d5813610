/* What several processes share in a locked file. */
#include "callhud/app/shared_file.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY "https://rc.example.com\ncid\nthe.jwt"

static char folder[64];
static struct shared_file *file;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/callhud-shared-XXXXXX");
    assert_non_null(mkdtemp(folder));
    file = shared_file_new(folder, KEY);
    assert_non_null(file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    shared_file_free(file);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(folder);
    return 0;
}

/* The path of the one file whose name ends so; without a suffix that of the text. */
static void path_of(char *out, size_t size, const char *suffix)
{
    DIR *dir = opendir(folder);
    out[0] = '\0';
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *dot = strchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && str_eq(dot != NULL ? dot : "", suffix))
            snprintf(out, size, "%s/%s", folder, entry->d_name);
    }
    closedir(dir);
}

struct visit {
    char seen[4096];
    const char *write; /* NULL: nothing */
    int times;
};

static bool change(void *owner, struct buf *text)
{
    struct visit *visit = owner;
    visit->times++;
    str_copy(visit->seen, sizeof visit->seen, buf_text(text));
    if (visit->write == NULL)
        return false;
    buf_reset(text);
    buf_puts(text, visit->write);
    return true;
}

static enum rc visit_with(const char *write, char *seen, size_t size, struct err *err)
{
    struct visit visit = {.write = write};
    enum rc rc = shared_file_update(file, change, &visit, err);
    assert_int_equal(visit.times, rc != RC_TIMEOUT); /* whatever else happened */
    if (seen != NULL)
        str_copy(seen, size, visit.seen);
    return rc;
}

static void what_one_writes_the_other_reads(void **state)
{
    (void)state;
    char seen[4096], path[512];
    struct stat st;
    assert_int_equal(visit_with(NULL, seen, sizeof seen, NULL), RC_OK);
    assert_string_equal(seen, "");
    path_of(path, sizeof path, "");
    assert_string_equal(path, ""); /* nothing was written */
    assert_int_equal(visit_with("first\nline two", NULL, 0, NULL), RC_OK);
    struct shared_file *mine = file;
    file = shared_file_new(folder, KEY);
    assert_int_equal(visit_with("", seen, sizeof seen, NULL), RC_OK);
    assert_string_equal(seen, "first\nline two");
    shared_file_free(file);
    file = mine;
    assert_int_equal(visit_with("x", seen, sizeof seen, NULL), RC_OK);
    assert_string_equal(seen, "");
    path_of(path, sizeof path, "");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_null(strstr(path, "jwt"));
    path_of(path, sizeof path, ".lock");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    path_of(path, sizeof path, ".new");
    assert_string_equal(path, "");
    /* Somebody else's application, JWT or server is another file. */
    file = shared_file_new(folder, KEY "2");
    assert_int_equal(visit_with(NULL, seen, sizeof seen, NULL), RC_OK);
    assert_string_equal(seen, "");
    shared_file_free(file);
    file = mine;
}

static void what_is_not_ours_alone_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    char path[512], other[600], seen[64];
    assert_int_equal(visit_with("secret", NULL, 0, NULL), RC_OK);
    path_of(path, sizeof path, "");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(visit_with("new", seen, sizeof seen, &err), RC_IO);
    assert_string_equal(seen, "");
    assert_non_null(strstr(err.text, "others can read it"));
    assert_int_equal(unlink(path), 0);
    snprintf(other, sizeof other, "%s/target", folder);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(visit_with("new", seen, sizeof seen, &err), RC_IO);
    assert_int_not_equal(access(other, F_OK), 0); /* nothing was written through it */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(visit_with("new", seen, sizeof seen, &err), RC_IO); /* and it did not wait */
    assert_int_equal(unlink(path), 0);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, SHARED_FILE_MAX_BYTES + 1), 0);
    close(fd);
    assert_int_equal(visit_with("new", seen, sizeof seen, &err), RC_IO);
    assert_non_null(strstr(err.text, "too large"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(visit_with("new", seen, sizeof seen, &err), RC_OK);
}

static void a_lock_that_is_held_is_not_waited_for_long(void **state)
{
    (void)state;
    struct err err = {0};
    char path[512];
    assert_int_equal(visit_with("x", NULL, 0, NULL), RC_OK);
    path_of(path, sizeof path, ".lock");
    int fd = open(path, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    int64_t start_ms = clock_mono_ms();
    assert_int_equal(visit_with("y", NULL, 0, &err), RC_TIMEOUT);
    assert_non_null(strstr(err.text, "another callhud holds its lock"));
    for (int i = 0; i < 50; i++) /* the first time alone it is waited for */
        assert_int_equal(visit_with("y", NULL, 0, NULL), RC_TIMEOUT);
    assert_in_range(clock_mono_ms() - start_ms, SHARED_LOCK_MS, 900); /* not 51 times */
    struct visit reader = {.write = "z"}; /* who holds it replaces it whole: it can be read */
    shared_file_read(file, change, &reader);
    assert_int_equal(reader.times, 1);
    assert_string_equal(reader.seen, "x");
    close(fd);
    assert_int_equal(visit_with("y", reader.seen, sizeof reader.seen, &err), RC_OK);
    assert_string_equal(reader.seen, "x");
}

static void a_folder_that_is_gone(void **state)
{
    (void)state;
    struct err err = {0};
    struct shared_file *mine = file;
    file = shared_file_new("/nonexistent/folder", KEY);
    assert_int_equal(visit_with("x", NULL, 0, &err), RC_IO);
    assert_non_null(strstr(err.text, "/nonexistent/folder"));
    shared_file_free(file);
    file = mine;
}

static bool add_one(void *owner, struct buf *text)
{
    char number[32];
    (void)owner;
    snprintf(number, sizeof number, "%ld", strtol(buf_text(text), NULL, 10) + 1);
    buf_reset(text);
    return buf_puts(text, number);
}

static void many_processes_lose_nothing(void **state)
{
    (void)state;
    pid_t pids[8];
    char seen[64];
    for (size_t i = 0; i < 8; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        struct shared_file *mine = shared_file_new(folder, KEY);
        for (int k = 0; k < 50; k++)
            while (shared_file_update(mine, add_one, NULL, NULL) != RC_OK) {
            }
        _exit(0);
    }
    for (size_t i = 0; i < 8; i++)
        waitpid(pids[i], NULL, 0);
    assert_int_equal(visit_with(NULL, seen, sizeof seen, NULL), RC_OK);
    assert_string_equal(seen, "400");
}

/* Whenever it is killed, the text is one of those that were written. */
static void killed_at_any_moment(void **state)
{
    (void)state;
    char seen[4096], a[3001], b[3001];
    memset(a, 'a', 3000);
    memset(b, 'b', 3000);
    a[3000] = b[3000] = '\0';
    assert_int_equal(visit_with(a, NULL, 0, NULL), RC_OK);
    for (useconds_t i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int k = 0;; k++)
                visit_with(k & 1 ? a : b, NULL, 0, NULL);
        }
        usleep(i * 100 + 300);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        assert_int_equal(visit_with(NULL, seen, sizeof seen, NULL), RC_OK);
        assert_true(str_eq(seen, a) || str_eq(seen, b));
    }
    /* What it left behind is in nobody's way. */
    assert_int_equal(visit_with("z", NULL, 0, NULL), RC_OK);
    assert_int_equal(visit_with(NULL, seen, sizeof seen, NULL), RC_OK);
    assert_string_equal(seen, "z");
}

/* One has it at a time, and it falls from who is killed. */
static void a_claim_goes_with_its_process(void **state)
{
    (void)state;
    char path[512], said = 0;
    struct stat st;
    struct shared_file *other = shared_file_new(folder, KEY);
    assert_true(shared_file_claim(file));
    assert_true(shared_file_claim(file));
    assert_false(shared_file_claim(other));
    path_of(path, sizeof path, ".claim");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    shared_file_unclaim(file);
    shared_file_unclaim(file);
    assert_true(shared_file_claim(other));
    shared_file_free(other);
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        said = shared_file_claim(file) ? 'y' : 'n';
        (void)!write(told[1], &said, 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(told[0], &said, 1), 1);
    assert_int_equal(said, 'y');
    assert_false(shared_file_claim(file));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(shared_file_claim(file));
    shared_file_unclaim(file);
    close(told[0]);
    close(told[1]);
    /* What somebody else has put there is none. */
    assert_int_equal(chmod(path, 0666), 0);
    assert_false(shared_file_claim(file));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_one_writes_the_other_reads),
        TEST(what_is_not_ours_alone_is_refused),
        TEST(a_lock_that_is_held_is_not_waited_for_long),
        TEST(a_folder_that_is_gone),
        TEST(many_processes_lose_nothing),
        TEST(killed_at_any_moment),
        TEST(a_claim_goes_with_its_process),
    };
    return cmocka_run_group_tests_name("shared_file", tests, NULL, NULL);
}
