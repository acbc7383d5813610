/* The HUD list on disk: whole after any failure, shared by two programs, kept through kills. */
#include "callhud/app/list_file.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"

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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER "http://127.0.0.1:8088"

/* Stand before libc's: the n-th of these fails. */
static int calls, fails_at;
static bool fails(void)
{
    if (++calls != fails_at)
        return false;
    errno = ENOSPC;
    return true;
}
int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}
int rename(const char *from, const char *to)
{
    return fails() ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int fchmod(int fd, mode_t mode)
{
    return fails() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

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
    calls = fails_at = 0;
    (void)snprintf(folder, sizeof folder, "/tmp/callhud-list.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct list_file *open_list(void)
{
    struct list_file *file = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    enum rc rc = list_file_open(&file, folder, "lab", NULL, SERVER, note, &err);
    if (rc != RC_OK || note[0])
        fail_msg("open: %s%s", err.text, note);
    return file;
}

static void merge(struct appearance *a, const char *const *ids, size_t len)
{
    struct stored_line lines[8];
    struct err err = {0};
    for (size_t i = 0; i < len; i++)
        lines[i] = (struct stored_line){.key = (uint32_t)i + 1,
                                        .is_reserved = i == 0,
                                        .user = {.id = ids[i], .extension = ids[i]}};
    assert_int_equal(appearance_merge(a, lines, len, 77, NULL, &err), RC_OK);
}

static bool add(struct appearance *a, const char *id)
{
    struct appearance_edit edit = {.kind = EDIT_ADD, .user = {.id = id, .extension = id}};
    return appearance_edit(a, &edit, 1) == 1;
}

static enum rc add_to(struct list_file *file, const char *id, struct err *err)
{
    struct appearance *a = list_file_begin(file, err);
    if (!a)
        return err->rc;
    assert_true(add(a, id));
    return list_file_end(file, false, err);
}

static void must_add(struct list_file *file, const char *id)
{
    struct err err = {0};
    if (add_to(file, id, &err) != RC_OK)
        fail_msg("%s: %s", id, err.text);
}

static bool has(const struct list_file *file, const char *id)
{
    return appearance_by_user(list_file_list(file), id) != NULL;
}

/* ---- what is kept ---------------------------------------------------------------------------- */

/* Every kind of line, a conflict, a refusal, undo. */
static void fill(struct appearance *a)
{
    static const char *const before[] = {"900", "101", "102", "103", "104"};
    static const char *const after[] = {"900", "101", "202", "103", "104", "105"};
    struct appearance_edit edits[] = {
        {.kind = EDIT_SET, .user = {.id = "102"}, .to = {.id = "201", .name = "Ana \"Ruiz\" \\"}},
        {.kind = EDIT_REMOVE, .user = {.id = "103"}},
        {.kind = EDIT_MOVE, .user = {.id = "104"}, .key = 2},
        {.kind = EDIT_ADD, .user = {.id = "106", .extension = "106", .name = "Zoë\xff"}, .key = 3},
    };
    merge(a, before, 5);
    a->max_lines = 100;
    assert_int_equal(appearance_edit(a, edits, 4), 4);
    merge(a, after, 6);
    assert_true(appearance_refuse(a, "106", "CMN-102: not found"));
    assert_int_equal(appearance_count(a).conflicts, 1);
}

static void test_all_is_kept(void **state)
{
    (void)state;
    struct appearance a, back;
    struct err err = {0};
    char own[LIST_OWN_BYTES];
    char said[APPEARANCE_TEXT_BYTES], said_back[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    fill(&a);
    char *text = list_text(&a, SERVER, "900");
    assert_int_equal(list_parse(&back, text, strlen(text), SERVER, own, &err), RC_OK);
    char *again = list_text(&back, SERVER, own);
    assert_string_equal(text, again);
    assert_int_equal(back.max_lines, 100);
    assert_true(back.is_read);
    assert_int_equal(back.lines.len, a.lines.len);
    for (size_t i = 0; i < a.lines.len; i++) {
        assert_int_equal(back.lines.items[i].state, a.lines.items[i].state);
        assert_int_equal(back.lines.items[i].key, a.lines.items[i].key);
        assert_int_equal(back.lines.items[i].is_moved, a.lines.items[i].is_moved);
        assert_int_equal(back.lines.items[i].conflict.at_ms, a.lines.items[i].conflict.at_ms);
        appearance_say(&a.lines.items[i], said, sizeof said);
        appearance_say(&back.lines.items[i], said_back, sizeof said_back);
        if (!strstr(said, "106")) /* its name was no UTF-8 */
            assert_string_equal(said, said_back);
    }
    assert_string_equal(appearance_by_user(&back, "106")->refusal, "CMN-102: not found");
    assert_string_equal(appearance_by_user(&back, "106")->here->name, "Zoë\xef\xbf\xbd");
    while (appearance_undo(&a, said)) {
        assert_true(appearance_undo(&back, said_back));
        assert_int_equal(back.lines.len, a.lines.len);
    }
    assert_false(appearance_undo(&back, said_back));
    mem_free(text);
    mem_free(again);
    appearance_fini(&a);
    appearance_fini(&back);
}

static void test_edits_are_on_disk(void **state)
{
    (void)state;
    struct stat st;
    struct err err = {0};
    struct list_file *file = open_list();
    assert_int_equal(list_file_list(file)->lines.len, 0);
    assert_int_equal(stat(path_of("list-lab.json"), &st), -1); /* nothing to say yet */
    must_add(file, "101");
    assert_int_equal(stat(path_of("list-lab.json"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(path_of("list-lab.json.new"), &st), -1);

    struct appearance *a = list_file_begin(file, &err);
    assert_true(add(a, "102"));
    list_file_cancel(file);
    assert_false(has(file, "102"));

    assert_int_equal(stat(path_of("list-lab.json"), &st), 0);
    ino_t before = st.st_ino;
    assert_non_null(list_file_begin(file, &err)); /* nothing was changed: nothing is written */
    assert_int_equal(list_file_end(file, false, &err), RC_OK);
    assert_int_equal(stat(path_of("list-lab.json"), &st), 0);
    assert_int_equal(st.st_ino, before);

    a = list_file_begin(file, &err);
    fill(a);
    assert_int_equal(list_file_end(file, false, &err), RC_OK);
    list_file_close(file);

    file = open_list();
    assert_true(has(file, "101"));
    assert_true(has(file, "201"));
    assert_int_equal(appearance_count(list_file_list(file)).conflicts, 1);
    list_file_close(file);
    list_file_close(NULL);
}

/* Two callhuds of one user. */
static void test_two_programs(void **state)
{
    (void)state;
    struct list_file *one = open_list(), *two = open_list();
    must_add(one, "101");
    must_add(two, "102"); /* reads first what the other wrote */
    assert_true(has(two, "101"));
    assert_false(has(one, "102"));
    uint64_t rev = list_file_list(one)->rev;
    assert_true(list_file_refresh(one));
    assert_true(has(one, "102"));
    assert_true(list_file_list(one)->rev > rev);
    assert_false(list_file_refresh(one));
    must_add(one, "103");
    assert_true(list_file_refresh(two));
    assert_true(has(two, "103"));
    list_file_close(one);
    list_file_close(two);
}

static void test_lists_apart(void **state)
{
    (void)state;
    struct err err = {0};
    struct list_file *own = open_list(), *other = NULL, *odd = NULL;
    char note[ERR_TEXT_BYTES];
    assert_int_equal(list_file_open(&other, folder, "lab", "205", SERVER, note, &err), RC_OK);
    assert_int_equal(list_file_open(&odd, folder, "a/b@c", "../x", SERVER, note, &err), RC_OK);
    must_add(own, "101");
    must_add(other, "102");
    must_add(odd, "103");
    assert_false(has(own, "102"));
    assert_false(has(other, "101"));
    assert_int_equal(access(path_of("list-lab@205.json"), F_OK), 0);
    assert_int_equal(access(path_of("list-a%2Fb%40c@..%2Fx.json"), F_OK), 0);
    list_file_close(own);
    list_file_close(other);
    list_file_close(odd);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

/* Whatever fails, the file is the old list or the new one, and no edit that is shown is lost. */
static void test_a_full_disk(void **state)
{
    (void)state;
    size_t failures = 0;
    for (int at = 1; at <= 6; at++) {
        struct list_file *file = open_list();
        struct err err = {0};
        char id[16];
        (void)snprintf(id, sizeof id, "%d", 200 + at);
        calls = 0;
        fails_at = at;
        enum rc rc = add_to(file, id, &err);
        fails_at = 0;
        failures += rc != RC_OK;
        if (rc != RC_OK) {
            assert_int_equal(rc, RC_IO);
            assert_non_null(strstr(err.text, "No space left on device"));
            assert_false(has(file, id)); /* not said to be safe */
        }
        struct list_file *reader = open_list();
        if (rc == RC_OK)
            assert_true(has(reader, id));
        if (!has(reader, id))
            must_add(file, id); /* and it can be done again */
        list_file_close(reader);
        list_file_close(file);
    }
    assert_in_range(failures, 3, 4);
    struct list_file *file = open_list();
    for (int at = 1; at <= 6; at++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%d", 200 + at);
        assert_true(has(file, id));
    }
    list_file_close(file);
}

/* A merge is shown although it cannot be written: what is stored can be read again. */
static void test_a_merge_on_a_full_disk(void **state)
{
    (void)state;
    static const char *const there[] = {"900", "101"};
    struct err err = {0};
    struct list_file *file = open_list();
    must_add(file, "102");
    struct appearance *a = list_file_begin(file, &err);
    merge(a, there, 2);
    calls = 0;
    fails_at = 1;
    assert_int_equal(list_file_end(file, true, &err), RC_IO);
    assert_true(has(file, "101"));
    assert_true(has(file, "102"));
    struct list_file *other = open_list(); /* what it reads is counted from what is on disk */
    a = list_file_begin(other, &err);
    merge(a, there, 2);
    assert_int_not_equal(a->readings, list_file_list(file)->readings);
    list_file_cancel(other);
    list_file_close(other);
    must_add(file, "103"); /* written with the next */
    list_file_close(file);
    file = open_list();
    assert_true(has(file, "101"));
    assert_true(has(file, "102"));
    assert_true(has(file, "103"));
    list_file_close(file);
}

static void write_text(const char *text)
{
    FILE *f = fopen(path_of("list-lab.json"), "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) < 0, 0);
    assert_int_equal(fclose(f), 0);
}

#define SENT_TEXT "{\"at_ms\":1,\"users\":[],\"was_stored\":[]}"

static void test_broken_files(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"v\":1}",
        "{\"v\":2,\"server\":\"" SERVER "\",\"users\":[],\"lines\":[],\"undo\":[]}",
        "{\"v\":1,\"server\":\"elsewhere\",\"users\":[],\"lines\":[],\"undo\":[]}",
        "{\"v\":1,\"server\":\"" SERVER "\",\"users\":[],\"lines\":[{}],\"undo\":[]}",
        "{\"v\":1,\"server\":\"" SERVER "\",\"users\":[],\"lines\":[{\"here\":0}],\"undo\":[]}",
        "{\"v\":1,\"server\":\"" SERVER "\",\"users\":[{\"id\":\"a\",\"extension\":\"\",\"name\":"
        "\"\"}],\"lines\":[{\"here\":0},{\"here\":0}],\"undo\":[]}",
        "{\"v\":1,\"server\":\"" SERVER "\",\"users\":[{\"id\":\"a\",\"extension\":\"\",\"name\":"
        "\"\"}],\"lines\":[],\"undo\":[{\"step\":1,\"kind\":3,\"user\":0}]}",
        "{\"v\":1,\"server\":\"" SERVER "\",\"users\":[{\"id\":\"a\",\"extension\":\"\",\"name\":"
        "\"\"}],\"lines\":[{\"here\":0,\"stored\":0}],\"undo\":[]}",
        "{\"v\":1,\"server\":\"" SERVER
        "\",\"users\":[],\"lines\":[],\"undo\":[],\"sent\":[" SENT_TEXT "," SENT_TEXT "," SENT_TEXT
        "," SENT_TEXT "," SENT_TEXT "]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct list_file *file = NULL;
        struct err err = {0};
        struct stat st;
        char note[ERR_TEXT_BYTES];
        write_text(texts[i]);
        assert_int_equal(list_file_open(&file, folder, "lab", "", SERVER, note, &err), RC_OK);
        if (!strstr(note, "list-lab.json.broken"))
            fail_msg("'%s': note '%s'", texts[i], note);
        char aside[64]; /* those of before stay, nine of them */
        str_copy(aside, sizeof aside, "list-lab.json.broken");
        if (i > 0)
            (void)snprintf(aside, sizeof aside, "list-lab.json.broken-%zu",
                           i < 9 ? i + 1 : (size_t)9);
        assert_int_equal(stat(path_of(aside), &st), 0);
        assert_int_equal(st.st_size, strlen(texts[i]));
        assert_int_equal(list_file_list(file)->lines.len, 0);
        must_add(file, "101");
        list_file_close(file);
        file = open_list();
        assert_true(has(file, "101"));
        list_file_close(file);
    }
}

/* The profile has got another server, and another callhud its list: whoever still runs with the
 * one before leaves that alone, and says so once. */
static void test_the_server_has_changed(void **state)
{
    (void)state;
    struct list_file *file = open_list(), *other = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    must_add(file, "101");
    assert_int_equal(list_file_open(&other, folder, "lab", NULL, "elsewhere", note, &err), RC_OK);
    assert_non_null(strstr(note, "list-lab.json.broken"));
    must_add(other, "102");
    for (int i = 0; i < 3; i++) {
        assert_false(list_file_refresh(file));
        assert_int_equal(list_file_take_note(file, note), i == 0);
        assert_int_equal(add_to(file, "103", &err), RC_CONFIG);
        assert_non_null(strstr(err.text, "restart callhud"));
    }
    assert_false(list_file_refresh(other));
    must_add(other, "104");
    list_file_close(other);
    assert_int_equal(list_file_open(&other, folder, "lab", NULL, "elsewhere", note, &err), RC_OK);
    assert_string_equal(note, "");
    assert_true(has(other, "102"));
    list_file_close(other);
    list_file_close(file);
}

/* A list that another program broke while this one runs: what is here is kept and written anew. */
static void test_broken_while_open(void **state)
{
    (void)state;
    struct list_file *file = open_list();
    must_add(file, "101");
    assert_int_equal(unlink(path_of("list-lab.json")), 0);
    write_text("{ no list");
    assert_true(has(file, "101"));
    must_add(file, "102");
    char note[ERR_TEXT_BYTES];
    assert_true(list_file_take_note(file, note));
    assert_non_null(strstr(note, "put aside"));
    assert_false(list_file_take_note(file, note));
    list_file_close(file);
    file = open_list();
    assert_true(has(file, "102"));
    assert_true(has(file, "101"));
    list_file_close(file);
}

static void test_a_removed_file(void **state)
{
    (void)state;
    struct list_file *file = open_list();
    must_add(file, "101");
    assert_int_equal(unlink(path_of("list-lab.json")), 0);
    must_add(file, "102");
    list_file_close(file);
    file = open_list();
    assert_true(has(file, "101"));
    assert_true(has(file, "102"));
    list_file_close(file);
}

static void fixed_for(struct list_file *file, const char *why)
{
    struct err err = {0};
    assert_non_null(strstr(list_file_why(file), why));
    assert_false(list_file_try(file));
    assert_int_equal(add_to(file, "102", &err), RC_IO);
    assert_string_equal(err.text, list_file_why(file));
    assert_false(has(file, "102"));
}

/* It can be looked at, and is left alone. */
static void test_what_is_no_file(void **state)
{
    (void)state;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    assert_int_equal(symlink("/etc/passwd", path_of("list-lab.json")), 0);
    struct list_file *file = open_list();
    fixed_for(file, "cannot open ");
    assert_true(list_file_is_unread(file));
    list_file_close(file);
    assert_int_equal(unlink(path_of("list-lab.json")), 0);
    assert_int_equal(mkfifo(path_of("list-lab.json"), 0600), 0);
    file = open_list();
    fixed_for(file, "is not a file: move it away");
    assert_int_equal(unlink(path_of("list-lab.json")), 0);
    must_add(file, "101");
    assert_string_equal(list_file_why(file), "");
    list_file_close(file);
    assert_int_equal(list_file_open(&file, "/dev/null/x", "lab", "", SERVER, note, &err), RC_OK);
    fixed_for(file, "Not a directory");
    list_file_close(file);
}

/* What is merged for looking is in no file, and of no file's age. */
static void test_looking(void **state)
{
    (void)state;
    static const char *const there[] = {"900", "101"};
    struct err err = {0};
    struct list_file *file = open_list();
    must_add(file, "102");
    list_file_close(file);
    assert_int_equal(unlink(path_of("list-lab.lock")), 0);
    assert_int_equal(mkdir(path_of("list-lab.lock"), 0700), 0);
    file = open_list();
    assert_non_null(strstr(list_file_why(file), "list-lab.lock is in the way: move it away"));
    assert_false(list_file_is_unread(file));
    assert_true(has(file, "102"));
    uint64_t readings = list_file_list(file)->readings;
    assert_null(list_file_begin(file, &err));
    merge(list_file_look(file), there, 2);
    assert_true(has(file, "101"));
    assert_true(has(file, "102"));
    assert_true(list_file_list(file)->readings > readings + 1);
    assert_int_equal(add_to(file, "103", &err), RC_IO);
    assert_true(has(file, "101")); /* and stays to be looked at */
    assert_false(has(file, "103"));
    assert_false(list_file_refresh(file));
    assert_int_equal(rmdir(path_of("list-lab.lock")), 0);
    assert_true(list_file_try(file));
    assert_string_equal(list_file_why(file), "");
    assert_false(has(file, "101")); /* to be merged again */
    assert_true(has(file, "102"));
    assert_int_equal(list_file_list(file)->readings, readings);
    must_add(file, "103");
    list_file_close(file);
}

/* The disk is full: noticed by who opens or writes, and whether it is so still by who tries. */
static void test_full_until_tried(void **state)
{
    (void)state;
    struct err err = {0};
    struct list_file *file = open_list();
    must_add(file, "101");
    assert_int_equal(mkdir(path_of("list-lab.json.new"), 0700), 0);
    struct list_file *other = open_list();
    assert_non_null(strstr(list_file_why(other), "is in the way"));
    list_file_close(other);
    assert_string_equal(list_file_why(file), "");
    assert_int_equal(add_to(file, "102", &err), RC_IO);
    assert_string_equal(list_file_why(file), err.text);
    assert_non_null(list_file_begin(file, &err)); /* nothing is written: nothing is known */
    list_file_cancel(file);
    assert_false(list_file_try(file));
    assert_int_equal(rmdir(path_of("list-lab.json.new")), 0);
    assert_true(list_file_try(file));
    assert_false(list_file_try(file)); /* there is nothing to be tried */
    assert_true(has(file, "101"));
    assert_false(has(file, "102"));
    list_file_close(file);
}

/* A folder that is not there (any more) is made. */
static void test_a_missing_folder(void **state)
{
    (void)state;
    char whole[64];
    str_copy(whole, sizeof whole, folder);
    (void)snprintf(folder, sizeof folder, "%.40s/in/it", whole);
    struct list_file *file = open_list();
    must_add(file, "101");
    list_file_close(file);
    file = open_list();
    assert_true(has(file, "101"));
    list_file_close(file);
    str_copy(folder, sizeof folder, whole);
}

/* What stands where the new file is made first. */
static void test_what_is_in_the_way(void **state)
{
    (void)state;
    struct list_file *file = open_list();
    struct err err = {0};
    assert_int_equal(symlink("/etc/passwd", path_of("list-lab.json.new")), 0);
    must_add(file, "101");
    assert_int_equal(mkdir(path_of("list-lab.json.new"), 0700), 0);
    assert_int_equal(add_to(file, "102", &err), RC_IO);
    assert_non_null(strstr(err.text, "list-lab.json.new is in the way: move it away"));
    assert_false(has(file, "102"));
    list_file_close(file);
}

/* Nobody waits for the lock to read: who opens the list meanwhile has it as it is. */
static void test_opened_under_a_held_lock(void **state)
{
    (void)state;
    struct list_file *one = open_list(), *two;
    struct err err = {0};
    must_add(one, "101");
    assert_non_null(list_file_begin(one, &err));
    two = open_list();
    assert_true(has(two, "101"));
    list_file_patience(two, 0);
    assert_false(list_file_can_lock(two));
    assert_null(list_file_begin(two, &err));
    assert_int_equal(err.rc, RC_TIMEOUT);
    assert_true(add(list_file_ahead(two), "102"));
    assert_true(has(two, "102"));
    list_file_cancel(one);
    must_add(one, "103");
    assert_false(list_file_refresh(two)); /* what is shown ahead stays shown */
    must_add(two, "104");                 /* and is no more than shown */
    assert_false(has(two, "102"));
    assert_true(has(two, "103"));
    list_file_close(one);
    list_file_close(two);
}

static void test_a_held_lock(void **state)
{
    (void)state;
    struct list_file *file = open_list();
    struct err err = {0};
    int fd = open(path_of("list-lab.lock"), O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    int64_t start_ms = clock_mono_ms();
    assert_null(list_file_begin(file, &err));
    assert_in_range(clock_mono_ms() - start_ms, 900, 5000);
    assert_non_null(strstr(err.text, "another program holds"));
    struct list_file *quick = NULL;
    char note[ERR_TEXT_BYTES];
    start_ms = clock_mono_ms();
    assert_int_equal(list_file_open_within(&quick, folder, "lab", NULL, SERVER, 20, note, &err),
                     RC_OK);
    assert_null(list_file_begin(quick, &err));
    assert_in_range(clock_mono_ms() - start_ms, 0, 500);
    list_file_close(quick);
    close(fd);
    must_add(file, "101");
    list_file_close(file);
}

/* ---- many programs, and kills ---------------------------------------------------------------- */

#define PROGRAMS 3
#define ROUNDS 20

static void run_program(int number, int out)
{
    struct list_file *file = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES], id[16];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (list_file_open(&file, folder, "lab", NULL, SERVER, note, &err) != RC_OK)
        _exit(2);
    for (int i = 0; i < 9000; i++) {
        (void)snprintf(id, sizeof id, "%d%04d", number, i);
        struct appearance *a = list_file_begin(file, &err);
        if (!a)
            continue;
        if (appearance_by_user(a, id)) { /* of a round before */
            list_file_cancel(file);
            continue;
        }
        if (add(a, id) && list_file_end(file, false, &err) == RC_OK) {
            uint32_t said = (uint32_t)(number * 10000 + i);
            if (write(out, &said, sizeof said) != sizeof said)
                _exit(3);
        }
    }
    _exit(0);
}

/* Three programs add users, and say each when it is safe; all are killed at some moment. Every one
 * that was said is there. */
static void test_kills(void **state)
{
    (void)state;
    size_t said_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pid_t pids[PROGRAMS];
        int ends[2];
        uint32_t said;
        assert_int_equal(pipe(ends), 0);
        for (int i = 0; i < PROGRAMS; i++) {
            pids[i] = fork();
            if (pids[i] == 0)
                run_program(round * PROGRAMS + i + 1, ends[1]);
            assert_true(pids[i] > 0);
        }
        close(ends[1]);
        struct timespec nap = {0, 1000000 * (3 + 7 * (round % 5))};
        /* Not before each of the first has got somewhere. */
        if (read(ends[0], &said, sizeof said) == sizeof said)
            said_count++;
        nanosleep(&nap, NULL);
        for (int i = 0; i < PROGRAMS; i++) {
            kill(pids[i], SIGKILL);
            waitpid(pids[i], NULL, 0);
        }
        struct list_file *file = open_list();
        char id[16];
        (void)snprintf(id, sizeof id, "%u%04u", said / 10000, said % 10000);
        assert_true(has(file, id));
        while (read(ends[0], &said, sizeof said) == sizeof said) {
            (void)snprintf(id, sizeof id, "%u%04u", said / 10000, said % 10000);
            if (!has(file, id))
                fail_msg("%s was said to be safe and is lost", id);
            said_count++;
        }
        list_file_close(file);
        close(ends[0]);
    }
    print_message("# %zu edits, %d kills, none lost\n", said_count, ROUNDS * PROGRAMS);
    assert_true(said_count >= ROUNDS);
}

static void test_one_has_the_turn(void **state)
{
    (void)state;
    struct err err = {0};
    struct list_file *one = open_list(), *two = open_list();
    assert_int_equal(list_file_turn(one, &err), RC_OK);
    assert_int_equal(list_file_turn(one, &err), RC_OK);
    assert_int_equal(list_file_turn(two, &err), RC_TIMEOUT);
    assert_non_null(list_file_begin(two, &err)); /* edits do not wait for it */
    list_file_cancel(two);
    list_file_turn_end(two);
    assert_int_equal(list_file_turn(two, &err), RC_TIMEOUT);
    list_file_turn_end(one);
    assert_int_equal(list_file_turn(two, &err), RC_OK);
    list_file_close(two);
    assert_int_equal(list_file_turn(one, &err), RC_OK);
    list_file_close(one);
}

/* Whether there is such a person is not known when the list is opened: nothing is left of it. */
static void test_nothing_is_left_of_nobody(void **state)
{
    (void)state;
    struct list_file *file = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES], name[301];
    assert_int_equal(list_file_open(&file, folder, "lab", "RUBBISH", SERVER, note, &err), RC_OK);
    assert_false(list_file_refresh(file));
    assert_int_equal(access(path_of("list-lab@RUBBISH.lock"), F_OK), -1);
    assert_int_equal(add_to(file, "104", &err), RC_OK); /* with the first change */
    assert_int_equal(access(path_of("list-lab@RUBBISH.lock"), F_OK), 0);
    list_file_close(file);
    memset(name, '9', 300);
    name[300] = '\0';
    assert_int_equal(list_file_open(&file, folder, "lab", name, SERVER, note, &err), RC_NOT_FOUND);
    assert_null(file);
}

/* The lines of a list that was taken back are elsewhere in memory: who keeps them has to see it. */
static void test_what_is_taken_back_is_another_revision(void **state)
{
    (void)state;
    struct err err = {0};
    struct list_file *file = open_list();
    assert_int_equal(add_to(file, "104", &err), RC_OK);
    uint64_t rev = list_file_list(file)->rev;
    assert_non_null(list_file_begin(file, &err));
    list_file_cancel(file);
    assert_true(list_file_list(file)->rev > rev);
    list_file_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_kept),
        cmocka_unit_test_setup_teardown(test_edits_are_on_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_programs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_merge_on_a_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_while_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_server_has_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_removed_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_looking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_until_tried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_missing_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_in_the_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opened_under_a_held_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_held_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kills, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_has_the_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_left_of_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_taken_back_is_another_revision, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
