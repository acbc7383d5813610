#include "callhud/base/log.h"

#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[96];
static char old_path[104];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_log.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/callhud.log", folder);
    snprintf(old_path, sizeof old_path, "%s.old", path);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    log_close();
    unlink(path);
    unlink(old_path);
    return rmdir(folder);
}

static const char *last_line(void)
{
    struct log_line line;

    assert_true(log_count() > 0);
    assert_int_equal(log_get(log_count() - 1, &line), 1);
    return line.text;
}

/* The whole file, on the heap. */
static char *read_file(const char *name)
{
    FILE *f = fopen(name, "r");
    struct stat st;

    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    char *text = mem_zero((size_t)st.st_size + 1, 1);
    assert_int_equal(fread(text, 1, (size_t)st.st_size, f), st.st_size);
    fclose(f);
    return text;
}

static void test_ring_keeps_the_newest(void **state)
{
    struct log_line line;

    (void)state;
    assert_int_equal(log_open(NULL, LOG_INFO, NULL), RC_OK);
    assert_int_equal(log_count(), 0);
    assert_int_equal(log_get(0, &line), 0);
    for (int i = 1; i <= LOG_RING_LINES + 10; i++)
        log_info("net", "line %d", i);
    assert_int_equal(log_count(), LOG_RING_LINES);
    assert_int_equal(log_get(0, &line), 1);
    assert_string_equal(line.text, "net: line 11");
    assert_int_equal(line.number, 11);
    assert_int_equal(log_get(LOG_RING_LINES - 1, &line), 1);
    assert_string_equal(line.text, "net: line 2010");
    assert_int_equal(line.number, 2010);
    assert_int_equal(line.level, LOG_INFO);
    assert_true(line.wall_ms > INT64_C(1500000000000));
    assert_int_equal(log_get(LOG_RING_LINES, &line), 0);
}

static void test_levels(void **state)
{
    (void)state;
    log_open(NULL, LOG_WARN, NULL);
    log_debug("a", "no");
    log_info("a", "no");
    assert_int_equal(log_count(), 0);
    log_warn("a", "yes");
    log_error("a", "yes");
    assert_int_equal(log_count(), 2);
    log_open(NULL, LOG_DEBUG, NULL);
    log_debug("a", "yes");
    assert_int_equal(log_count(), 3);
    assert_string_equal(log_level_name(LOG_DEBUG), "debug");
    assert_string_equal(log_level_name(LOG_ERROR), "error");
}

static void test_line_is_clean_and_bounded(void **state)
{
    char *endless = mem_zero(20001, 1);

    (void)state;
    log_open(NULL, LOG_INFO, NULL);
    log_info("ari", "name \x1b]0;owned\x07 \xe2\x80\xae"
                    "abc\nsecond\n");
    assert_string_equal(last_line(), "ari: name \xef\xbf\xbd]0;owned\xef\xbf\xbd abc second");
    memset(endless, 'y', 20000);
    log_info("ari", "%s", endless);
    assert_in_range(strlen(last_line()), 500, 1000);
    for (size_t i = 0; i < 20000; i += 4)
        memcpy(endless + i, "\xf0\x9f\x91\xa8", 4);
    log_info("a tag without any end at all", "%s", endless);
    assert_in_range(strlen(last_line()), 500, 1000);
    assert_true(utf8_is_valid(last_line(), strlen(last_line())));
    mem_free(endless);
}

static void test_errno_survives(void **state)
{
    (void)state;
    log_open("/nonexistent/folder/x.log", LOG_INFO, NULL);
    errno = EADDRINUSE;
    log_info("net", "%s", "x");
    assert_int_equal(errno, EADDRINUSE);
}

static void test_file_is_private_and_appended(void **state)
{
    struct err err = {0};
    struct stat st;

    (void)state;
    umask(0);
    assert_int_equal(log_open(path, LOG_INFO, &err), RC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    log_warn("net", "first");
    log_close();
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(log_open(path, LOG_INFO, &err), RC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    log_info("ari", "second");
    log_close();
    char *text = read_file(path);
    assert_int_equal(text[4], '-');
    assert_memory_equal(text + 23, "Z warn  net: first\n", 19);
    assert_non_null(strstr(text, "Z info  ari: second\n"));
    mem_free(text);
}

static void test_file_descriptor_is_not_inherited(void **state)
{
    (void)state;
    assert_int_equal(log_open(path, LOG_INFO, NULL), RC_OK);
    struct stat ours, st;
    assert_int_equal(stat(path, &ours), 0);
    bool is_found = false;
    for (int fd = 3; fd < 64; fd++)
        if (fstat(fd, &st) == 0 && st.st_ino == ours.st_ino && st.st_dev == ours.st_dev) {
            is_found = true;
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        }
    assert_true(is_found);
}

static void test_refuses_links_folders_and_fifos(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(log_open(path, LOG_INFO, &err), RC_IO);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "symbolic link"));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(log_open(path, LOG_INFO, &err), RC_IO);
    unlink(path);
    assert_int_equal(log_open(folder, LOG_INFO, &err), RC_IO);
    log_info("net", "the ring goes on");
    assert_string_equal(last_line(), "net: the ring goes on");
}

static void fill_to_the_maximum(void)
{
    char text[901];

    memset(text, 'f', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < LOG_FILE_MAX_BYTES / 936 + 20; i++)
        log_info("net", "%d %s", i, text);
}

static void test_rotation(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(log_open(path, LOG_INFO, NULL), RC_OK);
    log_info("net", "the very first");
    fill_to_the_maximum();
    assert_int_equal(stat(old_path, &st), 0);
    assert_in_range(st.st_size, LOG_FILE_MAX_BYTES - 2000, LOG_FILE_MAX_BYTES);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_size, 1, 100 * 1000);
    assert_int_equal(st.st_mode & 07777, 0600);
    char *text = read_file(old_path);
    assert_non_null(strstr(text, "the very first"));
    mem_free(text);
    fill_to_the_maximum();
    text = read_file(old_path);
    assert_null(strstr(text, "the very first"));
    mem_free(text);
}

/* Two programs share the file: the second one must not turn the fresh file into the old one. */
static void test_rotation_done_by_another(void **state)
{
    (void)state;
    assert_int_equal(log_open(path, LOG_INFO, NULL), RC_OK);
    log_info("net", "before");
    assert_int_equal(truncate(path, LOG_FILE_MAX_BYTES - 200), 0);
    log_close();
    assert_int_equal(log_open(path, LOG_INFO, NULL), RC_OK);
    assert_int_equal(rename(path, old_path), 0);
    int other = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(other, "of the other\n", 13), 13);
    close(other);
    fill_to_the_maximum();
    char *text = read_file(old_path);
    assert_non_null(strstr(text, "of the other\n"));
    mem_free(text);
}

/* A limit on the file's size stands for the full disk: write(2) fails, or writes a part. */
static void test_full_disk_does_not_hurt(void **state)
{
    struct rlimit before, limit;
    struct stat st;
    char part[64];

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(log_open(path, LOG_INFO, NULL), RC_OK);
    log_info("net", "one");
    assert_int_equal(stat(path, &st), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)st.st_size + 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    log_info("net", "torn");
    log_info("net", "lost");
    assert_string_equal(last_line(), "net: lost");
    assert_int_equal(log_count(), 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    log_info("net", "again");
    char *text = read_file(path);
    assert_null(strstr(text, "lost"));
    /* The torn line ends before the next begins. */
    char *at = strstr(text, "Z info  net: again\n");
    assert_non_null(at);
    snprintf(part, sizeof part, "%.11s", at - 24);
    assert_int_equal(part[0], '\n');
    mem_free(text);
}

static void check_redact(const char *text, const char *expected)
{
    char copy[512];

    snprintf(copy, sizeof copy, "%s", text);
    log_redact(copy);
    assert_string_equal(copy, expected);
    log_redact(copy);
    assert_string_equal(copy, expected);
}

static void test_redact_what_looks_like_a_secret(void **state)
{
    (void)state;
    check_redact("GET /ari/events?app=x&api_key=joe:hunter2&subscribeAll=true",
                 "GET /ari/events?app=x&api_key=***&subscribeAll=true");
    check_redact("API_KEY=joe:hunter2", "API_KEY=***");
    check_redact("PassWord=hunter2 next", "PassWord=*** next");
    check_redact("password = hunter2", "password = ***");
    check_redact("Authorization: Basic am9lOmh1bnRlcjI=\r\nHost: pbx",
                 "Authorization: ***\r\nHost: pbx");
    check_redact("AUTHORIZATION:Digest username=\"joe\", response=\"0123\"", "AUTHORIZATION:***");
    check_redact("Proxy-Authorization: Basic xyz", "Proxy-Authorization: ***");
    check_redact("Set-Cookie: sid=12345; Secure", "Set-Cookie: ***");
    check_redact("curl -H 'Authorization: Bearer abcdefgh' https://pbx",
                 "curl -H 'Authorization: ***' https://pbx");
    check_redact("{\"password\":\"hun\\\"ter2\",\"user\":\"joe\"}",
                 "{\"password\":\"***\",\"user\":\"joe\"}");
    check_redact("{\"access_token\" : \"abc.def\" , \"expires_in\":3600}",
                 "{\"access_token\" : \"***\" , \"expires_in\":3600}");
    check_redact("{\"Authorization\":\"Bearer abcdef\",\"x\":1}",
                 "{\"Authorization\":\"***\",\"x\":1}");
    check_redact("\"{\\\"token\\\":\\\"abcd\\\",\\\"n\\\":1}\"",
                 "\"{\\\"token\\\":\\\"***\\\",\\\"n\\\":1}\"");
    check_redact("grant_type=x&client_secret=abcd&assertion=ey.J.x&scope=y",
                 "grant_type=x&client_secret=***&assertion=***&scope=y");
    check_redact("sent bearer eyJhbGciOi.J9 to it", "sent bearer *** to it");
    check_redact("wss://joe:hunter2@pbx:8088/ari", "wss://joe:***@pbx:8088/ari");
    check_redact("wss://joe:hun@ter2@pbx:8088/ari", "wss://joe:***@pbx:8088/ari");
    check_redact("X-Api-Key: 12345", "X-Api-Key: ***");
    /* Never longer than it was. */
    check_redact("password=a", "password=*");
    check_redact("password=", "password=");
}

static void test_redact_leaves_the_rest(void **state)
{
    static const char *const harmless[] = {
        "",
        "the password was wrong",
        "grant_type=authorization_code",
        "3 tokens: fine",
        "http://pbx:8088/path@here",
        "bearer of news",
        "author: Noor",
        "secretary=Ann",
    };

    (void)state;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        check_redact(harmless[i], harmless[i]);
}

static void test_registered_secrets(void **state)
{
    (void)state;
    log_open(path, LOG_INFO, NULL);
    log_secret("s3cr");
    log_secret("s3cr3t-long-one");
    log_secret("one-more");
    log_secret("abc"); /* too short to tell from words */
    log_secret("");
    log_secret(NULL);
    log_info("net", "x s3cr3t-long-one y s3cr z abc");
    assert_string_equal(last_line(), "net: x *** y *** z abc");
    /* Overlapping and touching ones leave nothing between. */
    log_info("net", "<s3cr3t-long-one-more> <s3crs3cr> <s3crone-more>");
    assert_string_equal(last_line(), "net: <***> <***> <***>");
    /* Characters that cleaning takes away do not hide it. */
    log_info("net", "one\xe2\x80\x8b-mo\xc2\xadre");
    assert_string_equal(last_line(), "net: ***");
    char *text = read_file(path);
    assert_null(strstr(text, "s3cr"));
    assert_null(strstr(text, "one-more"));
    mem_free(text);
    log_close();
    log_open(NULL, LOG_INFO, NULL);
    log_info("net", "s3cr is no secret any more");
    assert_string_equal(last_line(), "net: s3cr is no secret any more");
}

/* A message longer than the log takes must not end in the first half of a secret. */
static void test_secret_cut_by_the_limit(void **state)
{
    char *text = mem_zero(30001, 1);
    static const char secret[] = "QRSTUVWXYZ0123456789";

    (void)state;
    log_open(NULL, LOG_INFO, NULL);
    log_secret(secret);
    for (size_t shift = 0; shift < 24; shift++) {
        memset(text, '.', shift);
        size_t at = shift;
        for (; at + 20 < 30000; at += 20)
            memcpy(text + at, secret, 20);
        text[at] = '\0';
        log_info("net", "%s", text);
        assert_null(strchr(last_line(), 'Q'));
        assert_null(strchr(last_line(), '9'));
    }
    mem_free(text);
}

static void test_many_secrets_keep_the_first(void **state)
{
    char secret[32];

    (void)state;
    log_open(NULL, LOG_INFO, NULL);
    log_secret("the-configured-one");
    for (int i = 0; i < 2000; i++) {
        snprintf(secret, sizeof secret, "token-%06d", i);
        log_secret(secret);
        log_secret(secret);
        log_info("net", "%s", secret);
        assert_string_equal(last_line(), "net: ***");
    }
    log_info("net", "the-configured-one token-001990");
    assert_string_equal(last_line(), "net: *** ***");
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_ring_keeps_the_newest),
        LOG_TEST(test_levels),
        LOG_TEST(test_line_is_clean_and_bounded),
        LOG_TEST(test_errno_survives),
        LOG_TEST(test_file_is_private_and_appended),
        LOG_TEST(test_file_descriptor_is_not_inherited),
        LOG_TEST(test_refuses_links_folders_and_fifos),
        LOG_TEST(test_rotation),
        LOG_TEST(test_rotation_done_by_another),
        LOG_TEST(test_full_disk_does_not_hurt),
        LOG_TEST(test_redact_what_looks_like_a_secret),
        LOG_TEST(test_redact_leaves_the_rest),
        LOG_TEST(test_registered_secrets),
        LOG_TEST(test_secret_cut_by_the_limit),
        LOG_TEST(test_many_secrets_keep_the_first),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
