/* What was made, in a locked file; and what killed runs left. */
#include "callhud/app/made.h"
#include "callhud/base/hash.h"
#include "callhud/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Stands before libc's: something may be done at the very moment before a lock is asked for. */
static void (*before_lock)(void);
int flock(int fd, int operation)
{
    void (*first)(void) = before_lock;
    before_lock = NULL;
    if (first)
        first();
    return (int)syscall(SYS_flock, fd, operation);
}

#define SERVER "http://127.0.0.1:8088/ari"

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/callhud-made.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct made *open_made(const char *profile, const char *server)
{
    struct made *made = NULL;
    struct err err = {0};
    assert_int_equal(made_open(&made, folder, profile, server, &err), RC_OK);
    return made;
}

static void put(struct made *made, const char *thing)
{
    struct backend_ledger ledger;
    struct err err = {0};
    made_ledger(made, &ledger);
    assert_int_equal(ledger.put(ledger.self, thing, &err), RC_OK);
}

static void drop(struct made *made, const char *thing)
{
    struct backend_ledger ledger;
    made_ledger(made, &ledger);
    ledger.drop(ledger.self, thing);
}

/* How many files there are; the name of one of them in name (may be NULL). */
static size_t files(char name[256])
{
    DIR *dir = opendir(folder);
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        if (name)
            (void)snprintf(name, 256, "%s", entry->d_name);
    }
    closedir(dir);
    return count;
}

static void path_of(const char *name, char out[512])
{
    (void)snprintf(out, 512, "%s/%s", folder, name);
}

static void content(const char *name, char *out, size_t size)
{
    char path[512];
    path_of(name, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    path_of(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static bool exists(const char *name)
{
    char path[512];
    struct stat st;
    path_of(name, path);
    return lstat(path, &st) == 0;
}

/* Adopts and says what: "a b c", in their order. */
static void adopts(struct made *made, const char *expected)
{
    made_things things = {0};
    struct err err = {0};
    char text[4096] = "";
    assert_int_equal(made_adopt(made, &things, &err), RC_OK);
    for (size_t i = 0; i < things.len; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", things.items[i]);
    }
    assert_string_equal(text, expected);
    made_things_free(&things);
}

static void a_thing_is_in_the_file_when_put_returns(void **state)
{
    (void)state;
    char name[256], text[512], path[512];
    struct stat st;
    struct made *made = open_made("lab", SERVER);
    assert_int_equal(files(NULL), 0);
    put(made, "channels/callhud-1-phone");
    put(made, "bridges/callhud-1-bridge");
    put(made, "channels/callhud-1-phone");
    drop(made, "channels/callhud-1-phone");
    drop(made, "channels/never-made");
    assert_int_equal(files(name), 1);
    assert_true(str_starts(name, "made-lab-"));
    assert_int_equal(strlen(name), strlen("made-lab-") + 6);
    content(name, text, sizeof text);
    assert_string_equal(text, SERVER "\n+channels/callhud-1-phone\n+bridges/callhud-1-bridge\n"
                                     "-channels/callhud-1-phone\n");
    path_of(name, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    made_close(made);
    assert_true(exists(name));
    made_close(NULL);
}

static void nothing_left_is_no_file(void **state)
{
    (void)state;
    struct made *made = open_made("lab", SERVER);
    put(made, "channels/a");
    put(made, "channels/b");
    drop(made, "channels/b");
    drop(made, "channels/a");
    assert_int_equal(files(NULL), 1);
    made_close(made);
    assert_int_equal(files(NULL), 0);
}

static void a_list_that_became_empty_begins_anew(void **state)
{
    (void)state;
    char name[256], text[512];
    struct made *made = open_made("lab", SERVER);
    for (int i = 0; i < 1000; i++) {
        put(made, "channels/a");
        drop(made, "channels/a");
    }
    put(made, "channels/b");
    files(name);
    content(name, text, sizeof text);
    assert_string_equal(text, SERVER "\n+channels/b\n");
    made_close(made);
}

static void a_list_that_is_never_empty_is_written_anew(void **state)
{
    (void)state;
    char name[256], thing[64];
    char path[512];
    struct stat st;
    struct made *made = open_made("lab", SERVER);
    put(made, "channels/the-phone");
    for (int i = 0; i < 6000; i++) {
        (void)snprintf(thing, sizeof thing, "channels/snoop-%d", i);
        put(made, thing);
        drop(made, thing);
    }
    put(made, "channels/last");
    assert_int_equal(files(name), 1);
    path_of(name, path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 200 * 1024);
    assert_int_equal(st.st_mode & 07777, 0600);
    struct made *other = open_made("lab", SERVER);
    adopts(other, ""); /* the new file is locked as well */
    made_close(made);
    adopts(other, "channels/the-phone channels/last");
    made_close(other);
}

static void what_is_no_thing_is_refused(void **state)
{
    (void)state;
    struct backend_ledger ledger;
    struct err err = {0};
    char much[MADE_THING_BYTES + 1];
    struct made *made = open_made("lab", SERVER);
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    made_ledger(made, &ledger);
    assert_int_equal(ledger.put(ledger.self, "", &err), RC_FAILED);
    assert_int_equal(ledger.put(ledger.self, "channels/a\n+channels/b", &err), RC_FAILED);
    assert_int_equal(ledger.put(ledger.self, "channels/a b", &err), RC_FAILED);
    assert_int_equal(ledger.put(ledger.self, "channels/\xC3\xA4", &err), RC_FAILED);
    assert_int_equal(ledger.put(ledger.self, much, &err), RC_FAILED);
    assert_int_equal(files(NULL), 0);
    made_close(made);
}

static void profiles_and_servers_do_not_mix(void **state)
{
    (void)state;
    struct made *a = open_made("a", SERVER), *ab = open_made("a-b", SERVER);
    struct made *other = open_made("a", "http://127.0.0.1:9999/ari");
    put(a, "channels/of-a");
    put(ab, "channels/of-ab");
    put(other, "channels/of-other");
    made_close(a);
    made_close(ab);
    made_close(other);
    assert_int_equal(files(NULL), 3);
    a = open_made("a", SERVER);
    adopts(a, "channels/of-a");
    assert_int_equal(files(NULL), 3); /* ours, and the two others */
    ab = open_made("a-b", SERVER);
    adopts(ab, "channels/of-ab");
    other = open_made("a", "http://127.0.0.1:9999/ari");
    adopts(other, "channels/of-other");
    drop(a, "channels/of-a");
    drop(ab, "channels/of-ab");
    drop(other, "channels/of-other");
    made_close(a);
    made_close(ab);
    made_close(other);
    assert_int_equal(files(NULL), 0);
}

static void odd_names_stay_in_the_folder(void **state)
{
    (void)state;
    char name[256];
    struct made *made = open_made("../x/\xC3\xA4 %", SERVER);
    put(made, "channels/a");
    assert_int_equal(files(name), 1);
    assert_true(str_starts(name, "made-..%2Fx%2F%C3%A4%20%25-"));
    made_close(made);
    made = open_made("../x/\xC3\xA4 %", SERVER);
    adopts(made, "channels/a");
    made_close(made);

    char much[400];
    struct made *none = NULL;
    struct err err = {0};
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    assert_int_equal(made_open(&none, folder, much, SERVER, &err), RC_CONFIG);
    assert_int_equal(made_open(&none, folder, "lab", "", &err), RC_CONFIG);
    assert_int_equal(made_open(&none, folder, "lab", "a\nb", &err), RC_CONFIG);
    assert_null(none);
}

static void a_held_lock_is_never_touched(void **state)
{
    (void)state;
    char name[256], before[512], after[512];
    struct made *running = open_made("lab", SERVER);
    put(running, "channels/live");
    files(name);
    content(name, before, sizeof before);
    struct made *starter = open_made("lab", SERVER);
    adopts(starter, "");
    content(name, after, sizeof after);
    assert_string_equal(before, after);
    put(running, "channels/live-2");
    made_close(starter);
    made_close(running);
}

static void the_own_file_is_not_adopted(void **state)
{
    (void)state;
    struct made *made = open_made("lab", SERVER);
    put(made, "channels/mine");
    adopts(made, "");
    assert_int_equal(files(NULL), 1);
    made_close(made);
}

static void what_is_adopted_is_written_into_the_own_file(void **state)
{
    (void)state;
    char name[256], text[512];
    write_file("made-lab-aaaaaa", SERVER "\n+channels/a\n+bridges/b\n-channels/a\n+channels/c\n");
    write_file("made-lab-bbbbbb", SERVER "\n+channels/d\n-channels/d\n");
    struct made *made = open_made("lab", SERVER);
    adopts(made, "bridges/b channels/c");
    assert_int_equal(files(name), 1);
    content(name, text, sizeof text);
    assert_string_equal(text, SERVER "\n+bridges/b\n+channels/c\n");
    made_close(made); /* killed before they were gone: the next one tries again */
    made = open_made("lab", SERVER);
    adopts(made, "bridges/b channels/c");
    drop(made, "bridges/b");
    drop(made, "channels/c");
    made_close(made);
    assert_int_equal(files(NULL), 0);
}

static void torn_lines_name_nothing(void **state)
{
    (void)state;
    write_file("made-lab-aaaaaa", SERVER "\n+channels/whole\n+channels/to");
    write_file("made-lab-bbbbbb", "http://127.0.0.1:80");
    write_file("made-lab-cccccc", "");
    write_file("made-lab-dddddd", SERVER "\n");
    struct made *made = open_made("lab", SERVER);
    adopts(made, "channels/whole");
    assert_int_equal(files(NULL), 1);
    made_close(made);
}

static void junk_in_a_list_is_passed_over(void **state)
{
    (void)state;
    write_file("made-lab-aaaaaa", SERVER "\n\n+\n-\n*channels/a\n+channels/b c\n+channels/\x01x\n"
                                         "-channels/none\n+channels/good\n+channels/good\n");
    struct made *made = open_made("lab", SERVER);
    adopts(made, "channels/good");
    made_close(made);
}

static void what_is_not_ours_is_left_alone(void **state)
{
    (void)state;
    char path[512], target[512];
    static const char *const names[] = {"made-lab-aaaaa",  "made-lab-aaaaaaa", "made-lab-aaa-aa",
                                        "made-lab-aaaaa~", "made-labx-aaaaaa", "xmade-lab-aaaaaa",
                                        "made-lab-",       "audit.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_file(names[i], SERVER "\n+channels/not-ours\n");
    write_file("made-lab-notes1", "what I made in the lab:\n+channels/cake\n");
    write_file("target", SERVER "\n+channels/by-a-link\n");
    path_of("made-lab-link00", path);
    path_of("target", target);
    assert_int_equal(symlink(target, path), 0);
    path_of("made-lab-pipe00", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    path_of("made-lab-dir000", path);
    assert_int_equal(mkdir(path, 0700), 0);
    size_t before = files(NULL);
    struct made *made = open_made("lab", SERVER);
    adopts(made, "");
    made_close(made);
    assert_int_equal(files(NULL), before);
}

static void a_file_of_another_user_is_left_alone(void **state)
{
    (void)state;
    char path[512];
    write_file("made-lab-aaaaaa", SERVER "\n+channels/theirs\n");
    path_of("made-lab-aaaaaa", path);
    if (geteuid() != 0 || chown(path, 65534, 65534) != 0)
        skip();
    struct made *made = open_made("lab", SERVER);
    adopts(made, "");
    made_close(made);
    assert_true(exists("made-lab-aaaaaa"));
}

static void a_huge_file_is_left_alone(void **state)
{
    (void)state;
    char path[512];
    write_file("made-lab-aaaaaa", SERVER "\n+channels/a\n");
    path_of("made-lab-aaaaaa", path);
    assert_int_equal(truncate(path, (off_t)8 * 1024 * 1024 * 1024), 0);
    struct made *made = open_made("lab", SERVER);
    adopts(made, "");
    made_close(made);
    assert_true(exists("made-lab-aaaaaa"));
}

static void no_folder_and_no_rights_say_so(void **state)
{
    (void)state;
    struct made *made = NULL;
    struct backend_ledger ledger;
    struct err err = {0};
    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/none", folder);
    assert_int_equal(made_open(&made, missing, "lab", SERVER, &err), RC_OK);
    adopts(made, "");
    made_ledger(made, &ledger);
    assert_int_equal(ledger.put(ledger.self, "channels/a", &err), RC_IO);
    assert_non_null(strstr(err.text, "No such file or directory; nothing was asked for"));
    made_close(made);
}

/* A full disk: the line that did not fit is taken back, and so is its promise. */
static void a_line_that_does_not_fit_is_taken_back(void **state)
{
    (void)state;
    char name[256], text[1024], thing[400];
    struct backend_ledger ledger;
    struct err err = {0};
    struct rlimit old, small;
    struct made *made = open_made("lab", SERVER);
    put(made, "channels/a");
    memset(thing, 'x', sizeof thing - 1);
    thing[sizeof thing - 1] = '\0';
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    made_ledger(made, &ledger);
    enum rc rc = ledger.put(ledger.self, thing, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(rc, RC_IO);
    assert_non_null(strstr(err.text, "File too large"));
    put(made, "channels/b");
    files(name);
    content(name, text, sizeof text);
    assert_string_equal(text, SERVER "\n+channels/a\n+channels/b\n");
    made_close(made);
}

/* ---- the moments between --------------------------------------------------------------------- */

/* With a full disk nothing can be written into the own file: what was left is removed at the server
 * all the same, and stays written where it is. */
static void what_cannot_be_taken_over_is_named_and_stays(void **state)
{
    (void)state;
    char name[256], text[1024];
    struct err err = {0};
    struct rlimit old, none;
    made_things things = {0};
    write_file("made-lab-aaaaaa", SERVER "\n+channels/the-phone\n");
    struct made *starter = open_made("lab", SERVER);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    enum rc rc = made_adopt(starter, &things, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(rc, RC_IO);
    assert_int_equal(things.len, 1);
    assert_string_equal(things.items[0], "channels/the-phone");
    made_things_free(&things);
    made_close(starter);
    assert_int_equal(files(name), 1);
    content(name, text, sizeof text);
    assert_string_equal(text, SERVER "\n+channels/the-phone\n");
}

static void adopt_all(void)
{
    struct made *other = open_made("lab", SERVER);
    adopts(other, "");
    made_close(other);
}

static void a_file_removed_before_its_lock_is_made_anew(void **state)
{
    (void)state;
    char name[256], text[256];
    struct made *made = open_made("lab", SERVER);
    before_lock = adopt_all; /* a starter sees an empty file without a lock */
    put(made, "channels/mine");
    assert_int_equal(files(name), 1);
    content(name, text, sizeof text);
    assert_string_equal(text, SERVER "\n+channels/mine\n");
    adopt_all();
    assert_int_equal(files(NULL), 1);
    made_close(made);
}

static int locked_by_other = -1;

static void lock_all(void)
{
    char name[256], path[512];
    assert_int_equal(files(name), 1);
    path_of(name, path);
    locked_by_other = open(path, O_RDWR);
    assert_int_equal(flock(locked_by_other, LOCK_EX | LOCK_NB), 0);
}

static void a_file_locked_by_a_starter_is_left_to_it(void **state)
{
    (void)state;
    struct made *made = open_made("lab", SERVER);
    before_lock = lock_all;
    put(made, "channels/mine");
    assert_int_equal(files(NULL), 2);
    close(locked_by_other);
    adopt_all();
    assert_int_equal(files(NULL), 1);
    made_close(made);
}

static struct made *faster;

static void adopt_first(void)
{
    faster = open_made("lab", SERVER);
    adopts(faster, "channels/a");
}

static void a_slower_starter_finds_nothing(void **state)
{
    (void)state;
    write_file("made-lab-aaaaaa", SERVER "\n+channels/a\n");
    struct made *slower = open_made("lab", SERVER);
    before_lock = adopt_first; /* it has opened the file already */
    adopts(slower, "");
    made_close(slower);
    assert_int_equal(files(NULL), 1);
    drop(faster, "channels/a");
    made_close(faster);
    assert_int_equal(files(NULL), 0);
}

/* ---- programs that are killed ---------------------------------------------------------------- */

/* A child that does not outlive a test that fails. */
static pid_t start(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static void run_until_killed(int told)
{
    struct made *made = NULL;
    struct backend_ledger ledger;
    char thing[64];
    if (made_open(&made, folder, "lab", SERVER, NULL) != RC_OK)
        _exit(1);
    made_ledger(made, &ledger);
    for (int i = 0;; i++) {
        (void)snprintf(thing, sizeof thing, "channels/%d-%d", (int)getpid(), i);
        if (ledger.put(ledger.self, thing, NULL) != RC_OK)
            _exit(1);
        /* Promised: from here on it may be asked for. */
        if (write(told, &i, sizeof i) != sizeof i)
            _exit(1);
        if (i % 3 == 0)
            ledger.drop(ledger.self, thing);
    }
}

/* Killed at any moment: all that put() promised and drop() did not take back is found by the next
 * start, and while the program lives nobody touches its file. */
static void kill_nine_loses_no_promise(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        int told[2], last = -1, seen;
        assert_int_equal(pipe(told), 0);
        pid_t child = start();
        if (child == 0)
            run_until_killed(told[1]);
        close(told[1]);
        for (int i = 0; i < 5 + round * 3; i++) {
            assert_int_equal(read(told[0], &last, sizeof last), sizeof last);
            if (i == 2) {
                struct made *other = open_made("lab", SERVER);
                adopts(other, "");
                made_close(other);
            }
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(told[0], &seen, sizeof seen) == sizeof seen)
            last = seen;
        close(told[0]);

        struct made *next = open_made("lab", SERVER);
        made_things things = {0};
        assert_int_equal(made_adopt(next, &things, NULL), RC_OK);
        struct map found = {0};
        struct backend_ledger ledger;
        made_ledger(next, &ledger);
        for (size_t i = 0; i < things.len; i++)
            map_put(&found, things.items[i], (void *)(uintptr_t)1);
        for (int i = 0; i <= last; i++) {
            char thing[64];
            (void)snprintf(thing, sizeof thing, "channels/%d-%d", (int)child, i);
            bool is_there = map_get(&found, thing) != NULL;
            if (i % 3 != 0)
                assert_true(is_there);
            else if (i < last) /* the next one came after this was taken back */
                assert_false(is_there);
        }
        map_fini(&found, NULL);
        for (size_t i = 0; i < things.len; i++)
            ledger.drop(ledger.self, things.items[i]);
        made_things_free(&things);
        made_close(next);
        assert_int_equal(files(NULL), 0);
    }
}

/* Several starters at once: each thing is taken over by exactly one of them. */
static void starters_share_nothing(void **state)
{
    (void)state;
    enum { STARTERS = 6, LISTS = 20 };
    for (int round = 0; round < 8; round++) {
        int gate[2], counts[2];
        char name[32], text[128];
        for (int i = 0; i < LISTS; i++) {
            (void)snprintf(name, sizeof name, "made-lab-abcd%02d", i);
            (void)snprintf(text, sizeof text, SERVER "\n+channels/%d\n+bridges/%d\n", i, i);
            write_file(name, text);
        }
        assert_int_equal(pipe(gate), 0);
        assert_int_equal(pipe(counts), 0);
        for (int i = 0; i < STARTERS; i++) {
            pid_t child = start();
            if (child != 0)
                continue;
            char byte;
            made_things things = {0};
            struct made *made = NULL;
            close(gate[1]);
            bool is_ok = read(gate[0], &byte, 1) == 0 &&
                         made_open(&made, folder, "lab", SERVER, NULL) == RC_OK &&
                         made_adopt(made, &things, NULL) == RC_OK;
            int count = is_ok ? (int)things.len : -1000;
            struct backend_ledger ledger;
            made_ledger(made, &ledger);
            for (size_t k = 0; k < things.len; k++)
                ledger.drop(ledger.self, things.items[k]);
            made_close(made);
            is_ok = write(counts[1], &count, sizeof count) == sizeof count;
            _exit(is_ok ? 0 : 1);
        }
        close(gate[0]);
        close(gate[1]); /* go */
        close(counts[1]);
        int sum = 0, count;
        while (read(counts[0], &count, sizeof count) == sizeof count)
            sum += count;
        close(counts[0]);
        while (wait(NULL) > 0)
            ;
        assert_int_equal(sum, 2 * LISTS);
        assert_int_equal(files(NULL), 0);
    }
}

/* A starter looks into the folder again and again while others make their files: it never takes one
 * from under its maker. */
static void a_new_file_is_not_taken_from_its_maker(void **state)
{
    (void)state;
    pid_t child = start();
    if (child == 0) {
        struct made *made = NULL;
        made_things things = {0};
        if (made_open(&made, folder, "lab", SERVER, NULL) != RC_OK)
            _exit(1);
        for (;;) {
            if (made_adopt(made, &things, NULL) != RC_OK || things.len > 0)
                _exit(1);
        }
    }
    for (int i = 0; i < 300; i++) {
        char name[256], text[256];
        struct made *made = open_made("lab", SERVER);
        put(made, "channels/mine");
        assert_int_equal(files(name), 1);
        content(name, text, sizeof text);
        assert_string_equal(text, SERVER "\n+channels/mine\n");
        drop(made, "channels/mine");
        made_close(made);
    }
    int status;
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thing_is_in_the_file_when_put_returns),
        TEST(nothing_left_is_no_file),
        TEST(a_list_that_became_empty_begins_anew),
        TEST(a_list_that_is_never_empty_is_written_anew),
        TEST(what_is_no_thing_is_refused),
        TEST(profiles_and_servers_do_not_mix),
        TEST(odd_names_stay_in_the_folder),
        TEST(a_held_lock_is_never_touched),
        TEST(the_own_file_is_not_adopted),
        TEST(what_is_adopted_is_written_into_the_own_file),
        TEST(torn_lines_name_nothing),
        TEST(junk_in_a_list_is_passed_over),
        TEST(what_is_not_ours_is_left_alone),
        TEST(a_file_of_another_user_is_left_alone),
        TEST(a_huge_file_is_left_alone),
        TEST(no_folder_and_no_rights_say_so),
        TEST(a_line_that_does_not_fit_is_taken_back),
        TEST(what_cannot_be_taken_over_is_named_and_stays),
        TEST(a_file_removed_before_its_lock_is_made_anew),
        TEST(a_file_locked_by_a_starter_is_left_to_it),
        TEST(a_slower_starter_finds_nothing),
        TEST(kill_nine_loses_no_promise),
        TEST(starters_share_nothing),
        TEST(a_new_file_is_not_taken_from_its_maker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
