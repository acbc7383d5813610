/* The audit file: what is written stays, whoever writes, dies or runs out of room; and whatever is
 * changed in it is found. */
#include "callhud/app/audit.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"
#include "callhud/net/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDS 12

static char folder[64], path[96], socket_path[96];

/* ---- files ----------------------------------------------------------------------------------- */

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_audit.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/audit.jsonl", folder);
    snprintf(socket_path, sizeof socket_path, "%s/log", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(socket_path);
    return rmdir(folder);
}

struct file {
    char *bytes;
    size_t len;
};

static struct file read_file(void)
{
    struct file file = {0};
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    file.len = (size_t)ftell(in);
    rewind(in);
    file.bytes = mem_zero(file.len + 1, 1);
    assert_int_equal(fread(file.bytes, 1, file.len, in), file.len);
    fclose(in);
    return file;
}

static void put_file(const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void add_bytes(const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

/* ---- writing --------------------------------------------------------------------------------- */

static struct audit *open_audit(const char *log_socket)
{
    struct audit *audit;
    struct err err = {0};
    struct audit_options options = {
        .path = path, .profile = "floor", .supervisor = "108", .log_socket = log_socket};
    assert_int_equal(audit_open(&audit, &options, &err), RC_OK);
    return audit;
}

static const struct audit_entry sample = {.record = "begin",
                                          .action = "listen",
                                          .extension = "101",
                                          .name = "Noor Haddad",
                                          .call = "1763787662.17",
                                          .party = "+15145550117"};

static void write_one(struct audit *audit, const struct audit_entry *entry, uint64_t wanted)
{
    struct err err = {0};
    uint64_t sequence = 0;
    assert_int_equal(audit_write(audit, entry, &sequence, &err), RC_OK);
    assert_string_equal(err.text, "");
    assert_int_equal(sequence, wanted);
}

static void write_many(uint64_t count)
{
    struct audit *audit = open_audit("");
    for (uint64_t i = 1; i <= count; i++) {
        struct audit_entry entry = sample;
        entry.begin = i % 3 == 0 ? i - 1 : 0;
        entry.record = i % 3 == 0 ? "confirmed" : "begin";
        entry.mode = i % 3 == 0 ? "listen" : NULL;
        write_one(audit, &entry, i);
    }
    audit_close(audit);
}

static enum rc verify(const char *since, struct audit_verdict *verdict, struct err *err)
{
    *err = (struct err){0};
    return audit_verify(path, since, NULL, 0, verdict, err);
}

static void is_intact(uint64_t records)
{
    struct audit_verdict verdict;
    struct err err;
    enum rc rc = verify(NULL, &verdict, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, RC_OK);
    assert_int_equal(verdict.records, records);
    assert_int_equal(verdict.bad_line, 0);
}

/* line 0: any. */
static void is_bad(uint64_t line, const char *text)
{
    struct audit_verdict verdict;
    struct err err;
    assert_int_equal(verify(NULL, &verdict, &err), RC_FAILED);
    assert_true(verdict.bad_line > 0);
    if (line)
        assert_int_equal(verdict.bad_line, line);
    if (text && !strstr(err.text, text))
        fail_msg("'%s' lacks '%s'", err.text, text);
}

/* ---- lines ----------------------------------------------------------------------------------- */

struct lines {
    const char *at[64];
    size_t len[64]; /* with the newline */
    size_t count;
};

static struct lines split(const struct file *file)
{
    struct lines lines = {.count = 0};
    for (size_t i = 0; i < file->len;) {
        const char *end = memchr(file->bytes + i, '\n', file->len - i);
        assert_non_null(end);
        lines.at[lines.count] = file->bytes + i;
        lines.len[lines.count] = (size_t)(end - (file->bytes + i)) + 1;
        i += lines.len[lines.count++];
        assert_true(lines.count < 64);
    }
    return lines;
}

static void put_lines(const struct lines *lines)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < lines->count; i++)
        assert_int_equal(write(fd, lines->at[i], lines->len[i]), (ssize_t)lines->len[i]);
    close(fd);
}

static void take_out(struct lines *lines, size_t i)
{
    lines->count--;
    for (; i < lines->count; i++) {
        lines->at[i] = lines->at[i + 1];
        lines->len[i] = lines->len[i + 1];
    }
}

static void put_in(struct lines *lines, size_t at, const char *bytes, size_t len)
{
    for (size_t i = lines->count++; i > at; i--) {
        lines->at[i] = lines->at[i - 1];
        lines->len[i] = lines->len[i - 1];
    }
    lines->at[at] = bytes;
    lines->len[at] = len;
}

static void hash_of(const struct lines *lines, size_t i, char out[AUDIT_HASH_BYTES])
{
    memcpy(out, lines->at[i] + lines->len[i] - 67, 64);
    out[64] = '\0';
}

/* ---- the format ------------------------------------------------------------------------------ */

static const char *const keys[] = {
    "v",    "sequence", "time",   "record",     "action",    "begin", "profile", "who",
    "uid",  "host",     "pid",    "supervisor", "extension", "name",  "call",    "party",
    "mode", "value",    "result", "reason",     "previous",  "hash"};

static void has_keys_in_order(const char *line)
{
    const char *at = line;
    char wanted[32];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(wanted, sizeof wanted, "%c\"%s\":", i ? ',' : '{', keys[i]);
        at = strstr(at, wanted);
        if (!at)
            fail_msg("%s is not where it must be in %s", keys[i], line);
    }
}

static void format(void **state)
{
    (void)state;
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    char first_hash[AUDIT_HASH_BYTES] = "";
    write_many(3);
    struct file file = read_file();
    struct lines lines = split(&file);
    assert_int_equal(lines.count, 3);
    for (size_t i = 0; i < lines.count; i++) {
        json_error_t error;
        json_t *record = json_loadb(lines.at[i], lines.len[i], 0, &error);
        assert_non_null(record);
        assert_int_equal(json_object_size(record), sizeof keys / sizeof *keys);
        assert_int_equal(json_integer_value(json_object_get(record, "v")), 1);
        assert_int_equal(json_integer_value(json_object_get(record, "sequence")), i + 1);
        assert_int_equal(json_integer_value(json_object_get(record, "pid")), getpid());
        assert_int_equal(json_integer_value(json_object_get(record, "uid")), geteuid());
        assert_string_equal(json_string_value(json_object_get(record, "profile")), "floor");
        assert_string_equal(json_string_value(json_object_get(record, "supervisor")), "108");
        assert_string_equal(json_string_value(json_object_get(record, "extension")), "101");
        assert_true(json_is_null(json_object_get(record, "reason")));
        int64_t epoch_ms;
        assert_true(clock_parse_iso(json_string_value(json_object_get(record, "time")), &epoch_ms));
        assert_true(epoch_ms <= clock_wall_ms() && epoch_ms > clock_wall_ms() - 60000);
        assert_string_equal(json_string_value(json_object_get(record, "previous")),
                            i == 0 ? zeros : first_hash);
        hash_of(&lines, i, first_hash);
        assert_string_equal(json_string_value(json_object_get(record, "hash")), first_hash);
        json_decref(record);
    }
    assert_non_null(strstr(lines.at[0], "\"begin\":null"));
    assert_non_null(strstr(lines.at[2], "\"begin\":2,"));
    has_keys_in_order(file.bytes);
    mem_free(file.bytes);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    is_intact(3);
}

/* A record by the description in audit.h alone. Returns the bytes of its line. */
static size_t put_record(struct buf *out, size_t sequence, int width, struct digest *digest,
                         unsigned char hash[DIGEST_BYTES])
{
    char text[DIGEST_TEXT_BYTES];
    size_t start = out->len;
    digest_text(hash, text);
    buf_printf(out,
               "{\"v\":1,\"sequence\":%zu,\"time\":\"2026-11-22T05:01:02.345Z\","
               "\"record\":\"end\",\"action\":\"listen\",\"begin\":7,\"profile\":\"p\","
               "\"who\":null,\"uid\":0,\"host\":\"h\",\"pid\":1,\"supervisor\":\"108\","
               "\"extension\":\"101\",\"name\":\"Zo\xC3\xAB \\\"\\\\ \\u001b[2J\","
               "\"call\":null,\"party\":null,\"mode\":null,\"value\":null,"
               "\"result\":\"%0*d\",\"reason\":null,\"previous\":\"%s\"",
               sequence, width, 7, text);
    assert_true(digest_bytes(digest, out->data + start, out->len - start, hash));
    digest_text(hash, text);
    buf_printf(out, ",\"hash\":\"%s\"}\n", text);
    return out->len - start;
}

/* junk_before: the record that a line of junk_bytes stands before; 0: none. line_bytes: of every
 * record; 0: all lengths. */
static void put_chain(size_t count, size_t junk_before, size_t junk_bytes, size_t line_bytes)
{
    struct digest *digest = digest_new();
    struct buf out, measured;
    unsigned char hash[DIGEST_BYTES] = {0};
    buf_init(&out, 64 * 1024 * 1024);
    buf_init(&measured, 10000);
    for (size_t i = 1; i <= count; i++) {
        int width = (int)(i * 37 % 700 + 1);
        unsigned char ignored[DIGEST_BYTES] = {0};
        for (size_t j = 0; i == junk_before && j < junk_bytes; j++)
            buf_putc(&out, j + 1 == junk_bytes ? '\n' : 'j');
        buf_reset(&measured);
        if (line_bytes)
            width = 1 + (int)(line_bytes - put_record(&measured, i, 1, digest, ignored));
        size_t len = put_record(&out, i, width, digest, hash);
        assert_true(line_bytes == 0 || len == line_bytes);
    }
    put_file(out.data, out.len);
    buf_fini(&out);
    buf_fini(&measured);
    digest_free(digest);
}

static void second_writer(void **state)
{
    (void)state;
    put_chain(3000, 0, 0, 0);
    is_intact(3000);
    struct audit *audit = open_audit("");
    write_one(audit, &sample, 3001);
    audit_close(audit);
    is_intact(3001);
}

static void lines_of_any_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2, 8191, 8192, 8193, 262143, 262144, 262145, 700000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        put_chain(1000, 500, lengths[i], 0);
        is_bad(500, "line 500");
        struct audit_verdict verdict;
        struct err err;
        verify(NULL, &verdict, &err);
        assert_int_equal(verdict.records, 1000);
        assert_null(strstr(err.text, "faults after it"));
    }
}

/* Lines that end where a buffer of 256 KiB does. */
static void lines_as_long_as_a_buffer_divides(void **state)
{
    (void)state;
    static const size_t lengths[] = {512, 1024};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        put_chain(1600, 0, 0, lengths[i]);
        is_intact(1600);
        put_chain(1600, 1400, lengths[i], lengths[i]);
        is_bad(1400, NULL);
    }
}

static void hostile_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"},{\"v\":1",
        "\\",
        "\\u0000",
        "\n\r\t\v",
        "\x1b[2J\x1b]0;x\a",
        "\x80\xFF\xC0\xAF",
        "\xED\xA0\x80",
        "\xE2\x80\xAE"
        "drows",
        "\xC2\x9B"
        "31m",
        "\xE2\x80\x8B",
        "\xF3\xA0\x81\x81 tag",
        "\x7F",
        "\xEF\xBB\xBF",
        "caf\xC3",
        "\xF0\x9F\x93\x9E ok",
        "null",
        "",
        "\",\"hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"}"};
    size_t count = sizeof texts / sizeof *texts;
    struct audit *audit = open_audit("");
    for (size_t i = 0; i < count; i++) {
        struct audit_entry entry = {.record = texts[i],
                                    .action = texts[i],
                                    .extension = texts[i],
                                    .name = texts[i],
                                    .call = texts[i],
                                    .party = texts[i],
                                    .mode = texts[i],
                                    .value = texts[i],
                                    .result = texts[i],
                                    .reason = texts[i]};
        write_one(audit, &entry, i + 1);
    }
    audit_close(audit);
    is_intact(count);
    struct file file = read_file();
    struct lines lines = split(&file);
    assert_int_equal(lines.count, count);
    assert_true(utf8_is_valid(file.bytes, file.len));
    for (size_t i = 0; i < count; i++) {
        json_t *record = json_loadb(lines.at[i], lines.len[i], 0, NULL);
        assert_non_null(record);
        const char *reason = json_string_value(json_object_get(record, "reason"));
        if (utf8_is_valid(texts[i], strlen(texts[i])) && !strstr(texts[i], "tag"))
            assert_string_equal(reason ? reason : "", texts[i]);
        json_decref(record);
        for (size_t j = 0; j + 1 < lines.len[i]; j++)
            assert_true((unsigned char)lines.at[i][j] >= 0x20 && lines.at[i][j] != 0x7F);
    }
    assert_null(strstr(file.bytes, "\xE2\x80\xAE"));
    assert_null(strstr(file.bytes, "\xC2\x9B"));
    mem_free(file.bytes);
}

static void long_text(void **state)
{
    (void)state;
    static const char *const parts[] = {"a", "\x01", "\xC3\xAB", "\xF0\x9F\x93\x9E", "\"", "\xFF"};
    struct audit *audit = open_audit("");
    char *text = mem_zero(100001, 1);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t len = strlen(parts[i]);
        memset(text, 0, 100001);
        for (size_t j = 0; j + len <= 100000; j += len)
            memcpy(text + j, parts[i], len);
        struct audit_entry entry = {.record = text,
                                    .action = text,
                                    .begin = INT64_MAX,
                                    .extension = text,
                                    .name = text,
                                    .call = text,
                                    .party = text,
                                    .mode = text,
                                    .value = text,
                                    .result = text,
                                    .reason = text};
        write_one(audit, &entry, i + 1);
    }
    mem_free(text);
    audit_close(audit);
    is_intact(sizeof parts / sizeof *parts);
    struct file file = read_file();
    struct lines lines = split(&file);
    for (size_t i = 0; i < lines.count; i++) {
        assert_true(lines.len[i] <= AUDIT_LINE_MAX_BYTES);
        json_t *record = json_loadb(lines.at[i], lines.len[i], 0, NULL);
        const char *reason = json_string_value(json_object_get(record, "reason"));
        assert_string_equal(reason + strlen(reason) - 3, "\xE2\x80\xA6");
        json_decref(record);
    }
    mem_free(file.bytes);
}

/* A text is clipped only when it does not fit. */
static void text_that_just_fits(void **state)
{
    (void)state;
    char text[2050] = "";
    struct audit *audit = open_audit("");
    struct audit_entry entry = sample;
    entry.reason = text;
    for (size_t len = 2040; len < sizeof text; len++) {
        memset(text, 'r', len);
        write_one(audit, &entry, len - 2039);
        struct file file = read_file();
        char *last = memrchr(file.bytes, '\n', file.len - 1);
        bool is_clipped = strstr(last ? last : file.bytes, "\xE2\x80\xA6") != NULL;
        assert_int_equal(is_clipped, len > 2048);
        mem_free(file.bytes);
    }
    audit_close(audit);
    is_intact(sizeof text - 2040);
}

/* ---- what is changed is found ---------------------------------------------------------------- */

/* Every byte; under valgrind, every eleventh. */
static bool is_tried(size_t i)
{
    return i % 11 == 0 || !getenv("CALLHUD_ON_VALGRIND");
}

static void every_flip(void **state)
{
    (void)state;
    static const unsigned char flips[] = {0x01, 0x20, 0x80, 0xFF};
    write_many(RECORDS);
    struct file file = read_file();
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    uint64_t line = 1;
    assert_true(fd >= 0);
    for (size_t i = 0; i < file.len; i++) {
        for (size_t j = 0; j < sizeof flips + 1 && is_tried(i); j++) {
            char c = j < sizeof flips ? (char)(file.bytes[i] ^ flips[j]) : '\n';
            if (c == file.bytes[i])
                continue;
            assert_int_equal(pwrite(fd, &c, 1, (off_t)i), 1);
            is_bad(line, NULL);
        }
        assert_int_equal(pwrite(fd, file.bytes + i, 1, (off_t)i), 1);
        line += file.bytes[i] == '\n';
    }
    close(fd);
    is_intact(RECORDS);
    mem_free(file.bytes);
}

static void every_byte_added_or_removed(void **state)
{
    (void)state;
    static const char added[] = {'\n', ' ', '0', '}', '\0', '"'};
    write_many(3);
    struct file file = read_file();
    char *copy = mem_zero(file.len + 2, 1);
    for (size_t i = 0; i <= file.len; i++) {
        if (!is_tried(i))
            continue;
        for (size_t j = 0; j < sizeof added; j++) {
            memcpy(copy, file.bytes, i);
            copy[i] = added[j];
            memcpy(copy + i + 1, file.bytes + i, file.len - i);
            put_file(copy, file.len + 1);
            is_bad(0, NULL);
        }
        if (i == file.len)
            break;
        memcpy(copy, file.bytes, i);
        memcpy(copy + i, file.bytes + i + 1, file.len - i - 1);
        put_file(copy, file.len - 1);
        is_bad(0, NULL);
    }
    mem_free(copy);
    mem_free(file.bytes);
}

static void every_line(void **state)
{
    (void)state;
    static const char *const junk[] = {"\n", "x\n", "{}\n", "null\n", "{\"v\":1,\"sequence\":3\n"};
    char head[AUDIT_HASH_BYTES];
    struct audit_verdict verdict;
    struct err err;
    write_many(RECORDS);
    struct file foreign = read_file();
    struct lines others = split(&foreign);
    unlink(path);
    write_many(RECORDS);
    struct file file = read_file();
    const struct lines whole = split(&file);
    hash_of(&whole, RECORDS - 1, head);
    for (size_t i = 0; i < RECORDS; i++) {
        struct lines lines = whole;
        take_out(&lines, i);
        put_lines(&lines);
        if (i + 1 < RECORDS)
            is_bad(i + 1, "a record is missing before line");
        assert_int_equal(verify(head, &verdict, &err), RC_FAILED);

        lines = whole;
        put_in(&lines, i, whole.at[i], whole.len[i]);
        put_lines(&lines);
        is_bad(i + 2, "out of order");

        /* A record of another chain in the place of the own. */
        lines = whole;
        lines.at[i] = others.at[i];
        lines.len[i] = others.len[i];
        put_lines(&lines);
        if (i + 1 < RECORDS || i > 0)
            is_bad(0, NULL);
        assert_int_equal(verify(head, &verdict, &err), RC_FAILED);

        for (size_t j = i + 1; j < RECORDS; j++) {
            lines = whole;
            lines.at[i] = whole.at[j], lines.len[i] = whole.len[j];
            lines.at[j] = whole.at[i], lines.len[j] = whole.len[i];
            put_lines(&lines);
            is_bad(i + 1, NULL);
        }
        for (size_t j = 0; j < sizeof junk / sizeof *junk; j++) {
            lines = whole;
            put_in(&lines, i, junk[j], strlen(junk[j]));
            put_lines(&lines);
            is_bad(i + 1, NULL);
            assert_int_equal(verify(NULL, &verdict, &err), RC_FAILED);
            assert_int_equal(verdict.records, RECORDS);
            assert_string_equal(verdict.head, head);
        }
    }
    mem_free(file.bytes);
    mem_free(foreign.bytes);
}

/* A record with the right hash of its own and of the one before, but not as records are. */
static void forged(const struct file *file, const char *from, const char *to, const char *after)
{
    struct lines lines = split(file);
    struct digest *digest = digest_new();
    struct buf out;
    unsigned char hash[DIGEST_BYTES];
    char text[DIGEST_TEXT_BYTES];
    const char *last = lines.at[lines.count - 1];
    const char *at = strstr(last, from);
    const char *end = strstr(last, ",\"hash\":");
    assert_true(at && end && at < end);
    buf_init(&out, 20000);
    buf_put(&out, last, (size_t)(at - last));
    buf_puts(&out, to);
    buf_put(&out, at + strlen(from), (size_t)(end - at) - strlen(from));
    /* What is behind the seal moves what the hash is of, so that it is right all the same. */
    size_t more = strlen(after);
    static const char seal[] = ",\"hash\":\"";
    buf_put(&out, seal, more);
    assert_true(digest_bytes(digest, out.data, out.len, hash));
    buf_puts(&out, seal + more);
    digest_text(hash, text);
    buf_printf(&out, "%s\"}%s\n", text, after);
    put_file(file->bytes, (size_t)(last - file->bytes));
    add_bytes(out.data, out.len);
    buf_fini(&out);
    digest_free(digest);
}

static void forged_records(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"\"sequence\":3,", "\"sequence\":4,"},
        {"\"sequence\":3,", "\"sequence\":03,"},
        {"\"sequence\":3,", "\"sequence\":18446744073709551619,"},
        {"\"sequence\":3,", "\"sequence\":3.0,"},
        {"\"sequence\":3,", "\"sequence\":null,"},
        {"\"v\":1,", "\"v\":2,"},
        {"\"v\":1,", "\"v\":1, "},
        {"\"mode\":\"listen\"", "\"mod\":\"listen\""},
        {"\"mode\":\"listen\"", "\"mode\":\"listen\",\"mode\":\"barge\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\\u006cisten\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\\u000A\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\\n\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\\u0000\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\x1b\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\xC3\""},
        {"\"mode\":\"listen\"", "\"mode\":\"\xE2\x80\xAE\""},
        {"\"mode\":\"listen\"", "\"mode\":7"},
        {"\"begin\":2,", "\"begin\":\"2\","},
        {"\"begin\":2,", "\"begin\":0,"},
        {"\"value\":null,", "\"value\":\"\","},
    };
    write_many(3);
    struct file file = read_file();
    forged(&file, "\"listen\"", "\"barge\"", "");
    is_intact(
        3); /* the last record can be forged by its owner: --since and the journal are for that */
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        forged(&file, changes[i][0], changes[i][1], "");
        is_bad(3, NULL);
    }
    forged(&file, "\"listen\"", "\"listen\"", " ");
    is_bad(3, NULL);
    mem_free(file.bytes);
}

static void every_cut(void **state)
{
    (void)state;
    struct audit_verdict verdict;
    struct err err;
    char head[AUDIT_HASH_BYTES];
    write_many(RECORDS);
    struct file file = read_file();
    struct lines lines = split(&file);
    hash_of(&lines, RECORDS - 1, head);
    assert_int_equal(verify(head, &verdict, &err), RC_OK);
    uint64_t whole = RECORDS;
    for (size_t len = file.len; len-- > 0;) {
        assert_int_equal(truncate(path, (off_t)len), 0);
        bool is_line_end = len == 0 || file.bytes[len - 1] == '\n';
        whole -= file.bytes[len] == '\n';
        if (!is_line_end && !is_tried(len))
            continue;
        if (is_line_end) {
            is_intact(whole);
        } else {
            is_bad(whole + 1, "was cut: the file ends inside it");
        }
        assert_int_equal(verify(head, &verdict, &err), RC_FAILED);
        if (is_line_end && !strstr(err.text, "its tail was cut off"))
            fail_msg("%s", err.text);
    }
    mem_free(file.bytes);
}

static void written_anew(void **state)
{
    (void)state;
    struct audit_verdict verdict;
    struct err err = {0};
    char hashes[RECORDS][AUDIT_HASH_BYTES];
    const char *heads[2 * RECORDS];
    write_many(RECORDS);
    struct file file = read_file();
    struct lines lines = split(&file);
    for (size_t i = 0; i < RECORDS; i++) {
        hash_of(&lines, i, hashes[i]);
        heads[2 * RECORDS - 1 - i] = heads[i] = hashes[i];
        assert_int_equal(verify(hashes[i], &verdict, &err), RC_OK);
    }
    assert_int_equal(audit_verify(path, NULL, heads, 2 * RECORDS, &verdict, &err), RC_OK);
    assert_int_equal(verdict.heads_checked, RECORDS);
    assert_string_equal(verdict.head, hashes[RECORDS - 1]);

    /* The same again is another chain: time and hashes differ. */
    unlink(path);
    poll(NULL, 0, 2);
    write_many(RECORDS);
    is_intact(RECORDS);
    assert_int_equal(verify(hashes[0], &verdict, &err), RC_FAILED);
    assert_int_equal(audit_verify(path, NULL, heads, 3, &verdict, &err), RC_FAILED);
    assert_non_null(strstr(err.text, "3 of 3 heads"));
    assert_int_equal(verdict.bad_line, 0);

    assert_int_equal(verify("12ab", &verdict, &err), RC_USAGE);
    assert_int_equal(audit_verify(path, NULL, (const char *[]){"no"}, 1, &verdict, &err), RC_USAGE);
    mem_free(file.bytes);
}

static void nothing_there(void **state)
{
    (void)state;
    struct audit_verdict verdict;
    struct err err;
    char zeros[AUDIT_HASH_BYTES];
    memset(zeros, '0', 64);
    zeros[64] = '\0';
    is_intact(0);
    assert_int_equal(verify(zeros, &verdict, &err), RC_FAILED);
    put_file("", 0);
    is_intact(0);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(verify(NULL, &verdict, &err), RC_IO);
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(verify(NULL, &verdict, &err), RC_IO);
}

/* ---- lines that were cut short --------------------------------------------------------------- */

static void after_a_crash(void **state)
{
    (void)state;
    char hash[AUDIT_HASH_BYTES];
    write_many(3);
    struct file file = read_file();
    struct lines lines = split(&file);
    hash_of(&lines, 1, hash);
    /* Cut after every byte of the third line, then written on: the chain goes on from the second
     * record; only a line that lacks its newline alone is a record. */
    for (size_t kept = 0; kept < lines.len[2]; kept++) {
        put_file(file.bytes, lines.len[0] + lines.len[1] + kept);
        bool is_whole = kept + 1 == lines.len[2];
        if (!is_whole && !is_tried(kept))
            continue;
        struct audit *audit = open_audit("");
        write_one(audit, &sample, is_whole ? 4 : 3);
        write_one(audit, &sample, is_whole ? 5 : 4);
        audit_close(audit);
        if (kept == 0 || is_whole)
            is_intact(is_whole ? 5 : 4);
        else
            is_bad(3, "line 3 was cut short");
        struct audit_verdict verdict;
        struct err err;
        verify(NULL, &verdict, &err);
        assert_int_equal(verdict.records, is_whole ? 5 : 4);
        assert_null(strstr(err.text, "faults after it"));
    }
    mem_free(file.bytes);
}

/* What SIGKILL leaves of a write: whole pages. */
static void unfinished_record(void **state)
{
    (void)state;
    static const char *const others[] = {"{\"v\":1,\"sequence\":99,", "hello", "}"};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    write_many(40);
    struct file file = read_file();
    for (size_t pages = 1; pages * page < file.len; pages++) {
        uint64_t whole = 0;
        size_t start = 0;
        for (size_t i = 0; i < pages * page; i++) {
            whole += file.bytes[i] == '\n';
            start = file.bytes[i] == '\n' ? i + 1 : start;
        }
        assert_true(start < pages * page);
        put_file(file.bytes, pages * page);
        is_bad(whole + 1, "was cut");
        struct audit *audit = open_audit("");
        write_one(audit, &sample, whole + 1);
        is_intact(whole + 1);
        /* What no record begins with was not left by one. */
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            put_file(file.bytes, pages * page);
            int fd = open(path, O_WRONLY | O_CLOEXEC);
            size_t len = strlen(others[i]);
            if (len > pages * page - start)
                continue;
            assert_int_equal(pwrite(fd, others[i], len, (off_t)start), len);
            close(fd);
            write_one(audit, &sample, whole + 1);
            is_bad(whole + 1, NULL);
        }
        audit_close(audit);
    }
    mem_free(file.bytes);
}

static void first_record_cut(void **state)
{
    (void)state;
    put_file("{\"v\":1,\"seq", 11);
    write_many(2);
    is_bad(1, "line 1 was cut short");
}

static void many_cut_lines(void **state)
{
    (void)state;
    static char junk[2 * 1024 * 1024];
    struct err err = {0};
    write_many(2);
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = i % 5000 == 4999 ? '\n' : 'x';
    add_bytes(junk, 500000);
    struct audit *audit = open_audit("");
    write_one(audit, &sample, 3);
    /* Where no record can be found, none is invented. */
    add_bytes(junk, sizeof junk);
    assert_int_equal(audit_write(audit, &sample, NULL, &err), RC_IO);
    assert_non_null(strstr(err.text, "callhud audit verify"));
    audit_close(audit);
}

/* ---- disk, lock, rights ---------------------------------------------------------------------- */

/* Runs in a process of its own: limits and locks end with it. Exit code 0 is fine. */
static void in_child(int (*run)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int write_over_limit(void)
{
    struct stat st;
    struct err err = {0};
    struct audit *audit = open_audit("");
    stat(path, &st);
    signal(SIGXFSZ, SIG_IGN); /* as the program does */
    struct rlimit limit = {(rlim_t)st.st_size + 100, (rlim_t)st.st_size + 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    enum rc rc = audit_write(audit, &sample, NULL, &err);
    bool is_said = strstr(err.text, "ulimit") != NULL;
    enum rc again = audit_write(audit, &sample, NULL, &err);
    audit_close(audit);
    return rc == RC_IO && again == RC_IO && is_said ? 0 : 1;
}

static void disk_full(void **state)
{
    (void)state;
    write_many(2);
    in_child(write_over_limit);
    is_intact(2);
    struct audit *audit = open_audit("");
    write_one(audit, &sample, 3);
    audit_close(audit);
    is_intact(3);
}

static void lock_held(void **state)
{
    (void)state;
    struct err err = {0};
    write_many(1);
    struct audit *audit = open_audit("");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    int64_t start_ms = clock_mono_ms();
    assert_int_equal(audit_write(audit, &sample, NULL, &err), RC_IO);
    int64_t took_ms = clock_mono_ms() - start_ms;
    assert_true(took_ms >= 950 && took_ms < 3000);
    assert_non_null(strstr(err.text, "more than a second"));
    close(fd);
    write_one(audit, &sample, 2);
    audit_close(audit);
    is_intact(2);
}

static void refused(struct audit *audit, const char *why)
{
    struct err err = {0};
    uint64_t sequence = 99;
    assert_int_equal(audit_write(audit, &sample, &sequence, &err), RC_IO);
    assert_int_equal(sequence, 99);
    if (!strstr(err.text, why))
        fail_msg("'%s' lacks '%s'", err.text, why);
}

static void rights(void **state)
{
    (void)state;
    char other[128];
    struct audit *audit = open_audit("");
    write_one(audit, &sample, 1);
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0666};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        refused(audit, "chmod 600");
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    refused(audit, "chmod 700");
    assert_int_equal(chmod(folder, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 1, (gid_t)-1), 0);
        refused(audit, "belongs to another user");
        assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    }
    write_one(audit, &sample, 2);

    snprintf(other, sizeof other, "%s.moved", path);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    refused(audit, "symbolic link");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(audit, "no regular file");
    unlink(path);
    assert_int_equal(rename(other, path), 0);
    write_one(audit, &sample, 3);
    audit_close(audit);
    is_intact(3);
}

static void folder_is_made(void **state)
{
    (void)state;
    char inner[80], kept[sizeof path];
    struct stat st;
    memcpy(kept, path, sizeof kept);
    snprintf(inner, sizeof inner, "%s/inner", folder);
    snprintf(path, sizeof path, "%s/a", inner);
    struct audit *audit = open_audit("");
    write_one(audit, &sample, 1);
    assert_int_equal(stat(inner, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    unlink(path);
    mode_t mask = umask(0777);
    write_one(audit, &sample, 1);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    audit_close(audit);
    unlink(path);
    rmdir(inner);
    memcpy(path, kept, sizeof path);
}

static bool log_has(const char *text)
{
    for (size_t i = 0; i < log_count(); i++) {
        struct log_line line;
        if (log_get(i, &line) && strstr(line.text, text))
            return true;
    }
    return false;
}

static void cut_under_our_eyes(void **state)
{
    (void)state;
    log_close();
    struct audit *audit = open_audit("");
    write_one(audit, &sample, 1);
    write_one(audit, &sample, 2);
    assert_false(log_has("has lost its end"));
    struct file file = read_file();
    assert_int_equal(truncate(path, strchr(file.bytes, '\n') + 1 - file.bytes), 0);
    write_one(audit, &sample, 2);
    assert_true(log_has("has lost its end"));
    unlink(path);
    put_file(file.bytes, file.len); /* while the old one's number may be in use again */
    write_one(audit, &sample, 3);
    mem_free(file.bytes);
    audit_close(audit);
    log_close();
}

/* ---- several writers, killed writers --------------------------------------------------------- */

static int write_fifty(void)
{
    struct audit *audit = open_audit("");
    int written = 0;
    for (int tries = 0; written < 50 && tries < 500; tries++) {
        char value[32];
        struct audit_entry entry = sample;
        struct err err = {0};
        snprintf(value, sizeof value, "%ld.%d", (long)getpid(), written);
        entry.value = value;
        /* On a slow disk a second may not be enough to get the lock. */
        written += audit_write(audit, &entry, NULL, &err) == RC_OK;
    }
    audit_close(audit);
    return written == 50 ? 0 : 1;
}

static void eight_writers(void **state)
{
    (void)state;
    pid_t pids[8];
    for (size_t i = 0; i < 8; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(write_fifty());
    }
    for (size_t i = 0; i < 8; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    is_intact(400);
    struct file file = read_file();
    for (size_t i = 0; i < 8; i++) {
        for (int j = 0; j < 50; j++) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "\"value\":\"%ld.%d\"", (long)pids[i], j);
            assert_non_null(strstr(file.bytes, wanted));
        }
    }
    mem_free(file.bytes);
}

/* Says each record as soon as it is told to be written, for ever. */
static void write_and_say(int out, int round)
{
    static char reason[2000];
    struct audit *audit = open_audit("");
    memset(reason, 'r', sizeof reason - 1);
    for (int i = 0;; i++) {
        char value[32];
        struct audit_entry entry = sample;
        struct err err = {0};
        int len = snprintf(value, sizeof value, "%d.%d", round, i);
        entry.value = value;
        entry.reason = reason;
        if (audit_write(audit, &entry, NULL, &err) != RC_OK)
            _exit(1);
        value[len] = ' ';
        if (write(out, value, (size_t)len + 1) < 0)
            _exit(1);
    }
}

/* Kills it at some moment after so many records; said gets all that it told. */
static void kill_one(int round, char *said, size_t size)
{
    int ends[2], status;
    size_t len = 0;
    ssize_t n;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        write_and_say(ends[1], round);
    close(ends[1]);
    for (int wanted = round % 4; wanted > 0 && (n = read(ends[0], said + len, 1)) == 1; len++)
        wanted -= said[len] == ' ';
    poll(NULL, 0, round % 7);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    while (len < size - 1 && (n = read(ends[0], said + len, size - 1 - len)) > 0)
        len += (size_t)n;
    close(ends[0]);
    said[len] = '\0';
}

static void two_hundred_kills(void **state)
{
    (void)state;
    static char said[200][8192];
    size_t records = 0;
    for (int round = 0; round < 200; round++)
        kill_one(round, said[round], sizeof said[round]);
    struct file file = read_file();
    for (int round = 0; round < 200; round++) {
        char *rest = said[round];
        for (char *one; (one = strsep(&rest, " ")) && one[0];) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "\"value\":\"%s\"", one);
            if (!strstr(file.bytes, wanted))
                fail_msg("record %s was told to be written and is not there", one);
            records++;
        }
    }
    mem_free(file.bytes);
    assert_true(records >= 300);
    /* What a killed one left unfinished, the next one removes. */
    struct audit *audit = open_audit("");
    struct audit_verdict verdict;
    struct err err = {0};
    enum rc killed = verify(NULL, &verdict, &err);
    assert_int_equal(audit_write(audit, &sample, NULL, &err), RC_OK);
    audit_close(audit);
    is_intact(verdict.records + 1);
    assert_true(verdict.records >= records);
    print_message("# %zu records told, %" PRIu64 " there; before the next record: %s\n", records,
                  verdict.records, killed == RC_OK ? "intact" : err.text);
}

/* ---- the system's journal -------------------------------------------------------------------- */

static int listen_at(const char *where)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", where);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void head_to_the_journal(void **state)
{
    (void)state;
    char text[512], wanted[512];
    struct audit_verdict verdict;
    struct err err;
    int fd = listen_at(socket_path);
    struct audit *audit = open_audit(socket_path);
    for (uint64_t i = 1; i <= 3; i++) {
        write_one(audit, &sample, i);
        assert_int_equal(verify(NULL, &verdict, &err), RC_OK);
        ssize_t n = recv(fd, text, sizeof text - 1, 0);
        assert_true(n > 0);
        text[n] = '\0';
        snprintf(wanted, sizeof wanted, "<86>callhud[%ld]: audit %" PRIu64 " %s %s", (long)getpid(),
                 i, verdict.head, path);
        assert_string_equal(text, wanted);
    }
    /* A journal that nobody reads, or none at all, costs nothing. */
    int64_t start_ms = clock_mono_ms();
    for (uint64_t i = 4; i <= 40; i++)
        write_one(audit, &sample, i);
    close(fd);
    write_one(audit, &sample, 41);
    unlink(socket_path);
    write_one(audit, &sample, 42);
    assert_true(clock_mono_ms() - start_ms < 20000);
    audit_close(audit);
    is_intact(42);
}

static void wrong_options(void **state)
{
    (void)state;
    struct audit *audit;
    struct err err = {0};
    char long_path[2000];
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    struct audit_options options = {.path = long_path};
    assert_int_equal(audit_open(&audit, &options, &err), RC_CONFIG);
    assert_null(audit);
    options.path = "";
    assert_int_equal(audit_open(&audit, &options, &err), RC_CONFIG);
    audit_close(NULL);
    options.path = "/proc/none/there/audit.jsonl";
    assert_int_equal(audit_open(&audit, &options, &err), RC_OK);
    refused(audit, "/proc/none/there");
    audit_close(audit);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(format),
        IN_FOLDER(second_writer),
        IN_FOLDER(lines_of_any_length),
        IN_FOLDER(lines_as_long_as_a_buffer_divides),
        IN_FOLDER(hostile_text),
        IN_FOLDER(long_text),
        IN_FOLDER(text_that_just_fits),
        IN_FOLDER(every_flip),
        IN_FOLDER(every_byte_added_or_removed),
        IN_FOLDER(every_line),
        IN_FOLDER(forged_records),
        IN_FOLDER(every_cut),
        IN_FOLDER(written_anew),
        IN_FOLDER(nothing_there),
        IN_FOLDER(after_a_crash),
        IN_FOLDER(unfinished_record),
        IN_FOLDER(first_record_cut),
        IN_FOLDER(many_cut_lines),
        IN_FOLDER(disk_full),
        IN_FOLDER(lock_held),
        IN_FOLDER(rights),
        IN_FOLDER(folder_is_made),
        IN_FOLDER(cut_under_our_eyes),
        IN_FOLDER(eight_writers),
        IN_FOLDER(two_hundred_kills),
        IN_FOLDER(head_to_the_journal),
        IN_FOLDER(wrong_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
