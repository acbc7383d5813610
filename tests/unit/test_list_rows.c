/* The HUD list as rows: what is written is read again, whatever extensions and names hold; what
 * others write is taken, or refused with its line. */
#include "callhud/app/list_rows.h"
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

#define LEN(a) (sizeof(a) / sizeof *(a))

/* The extensions in their order, with blanks between. */
static const char *read_back(const char *text, size_t len, enum cli_format format, struct err *err)
{
    static char out[65536];
    struct list_rows rows;
    size_t at = 0;
    out[0] = '\0';
    err_clear(err);
    if (list_rows_parse(&rows, text, len, format, err) != RC_OK)
        return NULL;
    for (size_t i = 0; i < rows.len; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", i ? "|" : "",
                               rows.items[i].extension);
    list_rows_free(&rows);
    return out;
}

static void takes_what_others_write(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"extension\n104\n105\n", "104|105"},
        {"extension\n104\n105", "104|105"},
        {"key,extension\r\n3,104\r\n4,105\r\n", "104|105"},
        {"\xEF\xBB\xBFkey,extension\n3,104\n4,105\n", "104|105"},
        {"\xEF\xBB\xBF[{\"extension\":\"104\"}]", "104"},
        {"name,extension,key\nx,104,3\ny,105,4\n", "104|105"},
        {"Key, Extension ,Name\n3, 104 ,x\n", "104"},
        {"key,extension,name\n3,104,\"a \"\"q\"\", b\nc\"\n4,105,=1+1\n", "104|105"},
        {"\"key\",\"extension\"\r\n\"3\",\"104\"\r\n\"4\",\"105\"", "104|105"},
        {"key,extension\n3,104\n\n,\n4,105\n\n\n", "104|105"},
        {"\xEF\xBB\xBFkey;extension;name\r\n3;104;\"a; \"\"q\"\"\"\r\n4;105;b, c\r\n", "104|105"},
        {"key\textension\tname\n3\t 104 \tx\n\t\t\n4\t\"105\"\ty\n", "104|105"},
        {"\"a;b\",extension\n;,104\n", "104"},
        {"extension (a;b),extension\n;,104\n", "104"},
        {"extension\n", ""},
        {"[]", ""},
        {"key,extension,state\n1,900,reserved\n2,,reserved\n3,104,same\n,105,removed\n,106,"
         "conflict\n"
         "4,107,conflict\n",
         "104|107"},
        {"key,extension\n5,105\n3,103\n,1033\n4,104\n", "103|1033|104|105"},
        {"extension\n'+49\n\"'=1\"\n''7\n", "+49|=1|'7"},
        {"extension,extra\n104\n105,x\n", "104|105"},
        {" \n [{\"key\":3,\"extension\":\"'1\",\"name\":null},{\"key\":null,\"extension\":\"105\","
         "\"state\":null}]",
         "'1|105"},
    };
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *got = read_back(cases[i].text, strlen(cases[i].text), FORMAT_TABLE, &err);
        if (!got)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_string_equal(got, cases[i].want);
    }
}

static void names_the_line_that_is_wrong(void **state)
{
    static const struct {
        const char *text;
        enum cli_format format;
        const char *want;
    } cases[] = {
        {"", FORMAT_TABLE, "line 1: no column"},
        {"who,where\n101,3\n", FORMAT_TABLE, "line 1: no column"},
        {"key|extension\n3|101\n", FORMAT_TABLE, "line 1: no column"},
        {"key;extension\n3;\"101\",4\n", FORMAT_TABLE, "quotation mark only a semicolon or"},
        {"extension,key,extension\n", FORMAT_TABLE, "line 1: two columns are called extension"},
        {"key,extension\n3,101\n4,\n", FORMAT_TABLE, "line 3: the extension is empty"},
        {"key,extension\n3,101\n4\n", FORMAT_TABLE, "line 3: the extension is empty"},
        {"key,extension\n3,\"10\n", FORMAT_TABLE, "line 2: a quotation mark is opened"},
        {"key,extension,name\n3,101,\"a\nb\"\n4,102,\"c\n", FORMAT_TABLE,
         "line 4: a quotation mark is opened"},
        {"key,extension\n3,\"10\n1\"\n", FORMAT_TABLE,
         "line 2: a control character stands in the extension 10 1"},
        {"key,extension\n3,\"101\"x\n", FORMAT_TABLE, "line 2: after the closing"},
        {"key,extension\nx,101\n", FORMAT_TABLE, "line 2: a key is a number from 1, not x"},
        {"key,extension\n0,101\n", FORMAT_TABLE, "line 2: a key is a number from 1, not 0"},
        {"key,extension\n-1,101\n", FORMAT_TABLE, "line 2: a key is a number from 1, not -1"},
        {"key,extension\n99999999999999999999,101\n", FORMAT_TABLE, "line 2: a key is a number"},
        {"key,extension,name\n3,101,\"a\nb\"\n3,102,\n", FORMAT_TABLE,
         "line 4: key 3 is there twice (line 2)"},
        {"key,extension\n3,101,Haddad\n", FORMAT_TABLE, "line 2: it has 3 fields"},
        {"extension,state\n101,gone\n", FORMAT_TABLE, "line 2: no line has the state gone"},
        {"{}", FORMAT_TABLE, "it is not an array"},
        {"{}", FORMAT_JSON, "it is not an array"},
        {"7", FORMAT_JSON, "it is not an array"},
        {"extension\n101\n", FORMAT_JSON, "line 1: "},
        {"[\n {\"extension\":\"101\"},\n {\"ext", FORMAT_TABLE, "line 3: "},
        {"[{\"extension\":\"101\"},{\"key\":4}]", FORMAT_TABLE, "row 2: it lacks \"extension\""},
        {"[{\"extension\":101}]", FORMAT_TABLE, "row 1: it lacks \"extension\""},
        {"[{\"extension\":null}]", FORMAT_TABLE, "row 1: the extension is empty"},
        {"[3]", FORMAT_TABLE, "row 1: it is no object"},
        {"[{\"extension\":\"\"}]", FORMAT_TABLE, "row 1: the extension is empty"},
        {"[{\"extension\":\"1\\n2\"}]", FORMAT_TABLE, "row 1: a control character"},
        {"[{\"extension\":\"1\",\"key\":0}]", FORMAT_TABLE, "row 1: a key is a number"},
        {"[{\"extension\":\"1\",\"key\":\"3\"}]", FORMAT_TABLE, "row 1: \"key\" is no number"},
        {"[{\"extension\":\"1\",\"key\":3},{\"extension\":\"2\",\"key\":3}]", FORMAT_TABLE,
         "row 2: key 3 is there twice (row 1)"},
        {"[{\"extension\":\"1\",\"state\":3}]", FORMAT_TABLE, "row 1: \"state\" is no text"},
        {"extension\n\xFF\n", FORMAT_TABLE, "it is not UTF-8 text"},
    };
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *got = read_back(cases[i].text, strlen(cases[i].text), cases[i].format, &err);
        if (got)
            fail_msg("%s: taken as %s", cases[i].text, got);
        if (!strstr(err.text, cases[i].want) || err.rc != RC_CONFIG)
            fail_msg("%s: %s, not %s", cases[i].text, err.text, cases[i].want);
    }
    assert_null(read_back("extension\n1\0"
                          "2\n",
                          14, FORMAT_TABLE, &err));
}

static void errors_are_fit_for_a_terminal(void **state)
{
    static const char *const texts[] = {
        "extension\n\"a\x1b[31mb\n\"\n",
        "key,extension\n\"\x1b]0;x\x07\n\xe2\x80\xae\xc2\x9b\",101\n",
        "extension,state\n101,\"\xe2\x80\xaegone\x1b[2J\"\n",
        "[{\"extension\":\"1\\u001b[31m\"}]",
        "[\"\x1b[31m\xe2\x80\xae\"",
    };
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        assert_null(read_back(texts[i], strlen(texts[i]), FORMAT_TABLE, &err));
        for (const char *c = err.text; *c; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7F);
        assert_null(strstr(err.text, "\xe2\x80\xae"));
        assert_null(strstr(err.text, "\xc2\x9b"));
    }
}

/* ---- out and in again ------------------------------------------------------------------------ */

static uint32_t seed;
static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

#define HOSTILE_BYTES 32
static const char *hostile(char out[HOSTILE_BYTES])
{
    static const char *const parts[] = {
        "\"", ",",  "\n", "\r\n",         "=", "'", "+",    "-", "@", " ", "\t",
        ";",  "\\", "é",  "\xe2\x80\xae", "a", "7", "\x1b", "#", "[", "{", "null"};
    size_t n = 1 + draw(6), len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(out + len, HOSTILE_BYTES - len, "%s", parts[draw(LEN(parts))]);
    return out;
}

/* As it comes from a backend: cleaned, so without control characters. */
static const char *extension_of(char out[64], uint32_t who)
{
    char text[HOSTILE_BYTES];
    hostile(text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20)
            *c = '*';
    (void)snprintf(out, 64, "%s%u%s", draw(2) ? text : "", who, draw(4) ? "" : " ");
    return out;
}

static void merge(struct appearance *list, uint32_t from, uint32_t to)
{
    struct stored_line lines[64] = {0};
    static char texts[64][3][64];
    struct err err = {0};
    size_t len = 0;
    uint32_t keep = seed;
    for (uint32_t who = from; who < to; who++, len++) {
        seed = who * 7919u + 1; /* who somebody is does not depend on the list */
        (void)snprintf(texts[len][0], 64, "id%u", who);
        lines[len] = (struct stored_line){.key = (uint32_t)len + 1, .is_reserved = len < 2};
        lines[len].user = (struct appearance_user){.id = texts[len][0],
                                                   .extension = extension_of(texts[len][1], who),
                                                   .name = hostile(texts[len][2])};
    }
    seed = keep;
    assert_int_equal(appearance_merge(list, lines, len, 1, NULL, &err), RC_OK);
}

static void edit(struct appearance *list)
{
    for (size_t i = 0; i < 12; i++) {
        const struct appearance_line *line = &list->lines.items[draw((uint32_t)list->lines.len)];
        char texts[2][64], name[HOSTILE_BYTES];
        struct appearance_edit one = {.kind = (enum appearance_edit_kind)draw(4), .key = draw(30)};
        uint32_t who = 100 + draw(40);
        seed = who * 7919u + 1;
        (void)snprintf(texts[0], 64, "id%u", who);
        struct appearance_user user = {
            .id = texts[0], .extension = extension_of(texts[1], who), .name = hostile(name)};
        seed = seed * 31u + (uint32_t)i;
        if (one.kind == EDIT_ADD)
            one.user = user;
        else if (line->here)
            one.user = *line->here;
        else
            continue;
        one.to = user;
        (void)appearance_edit(list, &one, 1);
    }
}

static void round_trip(const struct appearance *list, enum cli_format format)
{
    struct buf text;
    struct list_rows rows;
    struct err err = {0};
    size_t at = 0;
    buf_init(&text, 1024 * 1024);
    list_rows_put(&text, list, format, false);
    if (list_rows_parse(&rows, buf_text(&text), text.len, format, &err) != RC_OK)
        fail_msg("%s\n%s", err.text, buf_text(&text));
    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (!line->here || line->state == LINE_RESERVED)
            continue;
        assert_true(at < rows.len);
        assert_string_equal(rows.items[at].extension, line->here->extension);
        assert_int_equal(rows.items[at].key, line->key);
        at++;
    }
    assert_int_equal(at, rows.len);
    list_rows_free(&rows);
    buf_fini(&text);
}

static void what_goes_out_comes_back(void **state)
{
    size_t conflicts = 0, unsaved = 0;
    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        struct appearance list;
        appearance_init(&list);
        seed = i + 1;
        merge(&list, 100, 104 + draw(20));
        edit(&list);
        if (draw(2))
            merge(&list, 100, 104 + draw(20));
        struct appearance_counts counts = appearance_count(&list);
        conflicts += counts.conflicts;
        unsaved += counts.unsaved;
        round_trip(&list, FORMAT_CSV);
        round_trip(&list, FORMAT_JSON);
        appearance_fini(&list);
    }
    assert_true(conflicts > 20 && unsaved > 200);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void a_file_is_replaced_whole_or_stays(void **state)
{
    char folder[] = "/tmp/list-rows-XXXXXX", path[64], other[64];
    struct appearance list;
    struct list_rows rows;
    struct err err = {0};
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/list.json", folder);
    (void)snprintf(other, sizeof other, "%s/list.json.new", folder);
    FILE *bystander = fopen(other, "w");
    assert_non_null(bystander);
    fputs("mine", bystander);
    fclose(bystander);
    appearance_init(&list);
    seed = 5;
    merge(&list, 100, 110);
    assert_int_equal(list_rows_save(path, &list, FORMAT_TABLE, &err), RC_OK);
    assert_int_equal(list_rows_save(path, &list, FORMAT_TABLE, &err), RC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0640), 0); /* for a group that reads it */
    assert_int_equal(list_rows_save(path, &list, FORMAT_TABLE, &err), RC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_size, 4);
    assert_int_equal(list_rows_load(&rows, path, FORMAT_TABLE, &err), RC_OK);
    assert_true(rows.is_json);
    assert_int_equal(rows.len, 8);
    list_rows_free(&rows);
    assert_int_equal(list_rows_save("/dev/full", &list, FORMAT_TABLE, &err), RC_IO);
    assert_string_equal(err.text, "cannot write /dev/full: No space left on device");
    assert_int_equal(list_rows_save(folder, &list, FORMAT_TABLE, &err), RC_IO);
    assert_int_equal(list_rows_load(&rows, "/nonexistent", FORMAT_TABLE, &err), RC_CONFIG);
    assert_int_equal(list_rows_load(&rows, "/dev/zero", FORMAT_TABLE, &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "/dev/zero is larger than"));
    assert_int_equal(unlink(path) | unlink(other) | rmdir(folder), 0);
    appearance_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_others_write),
        cmocka_unit_test(names_the_line_that_is_wrong),
        cmocka_unit_test(errors_are_fit_for_a_terminal),
        cmocka_unit_test(what_goes_out_comes_back),
        cmocka_unit_test(a_file_is_replaced_whole_or_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
