#include "ex_rig.h"

#define LINES EXT "/presence/line"

static const char *id_of(const struct rig *rig, const char *extension)
{
    static char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)rig_user(rig, extension)->id);
    return text;
}

static void put_element(char *body, size_t size, unsigned id, const char *extension_id)
{
    size_t at = strlen(body);
    snprintf(body + at, size - at, "%s{\"id\":\"%u\",\"extension\":{\"id\":\"%s\"}}",
             at > 1 ? "," : "", id, extension_id);
}

/* PUTs lines of these extensions from id first on, after the reserved ones if has_reserved. */
static int put(struct rig *rig, bool has_reserved, unsigned first, const char *const *extensions,
               size_t count)
{
    static char body[32768];
    str_copy(body, sizeof body, "[");
    for (unsigned id = 1; has_reserved && id <= 2; id++)
        put_element(body, sizeof body, id, id_of(rig, rig->caller->extension));
    for (size_t i = 0; i < count; i++)
        put_element(body, sizeof body, first + (unsigned)i, id_of(rig, extensions[i]));
    str_copy(body + strlen(body), 2, "]");
    return rig_ask(rig, "PUT", LINES, body);
}

static void the_first_list_is_the_reserved_lines_and_the_first_users(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 150);
    assert_int_equal(rig_get(&rig, LINES "?page=1&perPage=1000"), 200);
    assert_int_equal(rig_len(&rig, "records"), 100); /* what HUD limitMax says, reserved ones too */
    assert_string_equal(rig_text(&rig, "records.0.id"), "1");
    assert_true(json_is_true(rig_at(rig.reply.body, "records.0.notEditableOnHud")));
    assert_true(json_is_true(rig_at(rig.reply.body, "records.1.notEditableOnHud")));
    assert_string_equal(rig_text(&rig, "records.1.extension.extensionNumber"), "900");
    assert_null(rig_at(rig.reply.body, "records.2.notEditableOnHud"));
    assert_string_equal(rig_text(&rig, "records.2.extension.id"), id_of(&rig, "101"));
    assert_string_equal(rig_text(&rig, "records.2.extension.type"), "User");
    assert_string_equal(rig_text(&rig, "records.99.id"), "100");
    assert_true(str_ends(rig_text(&rig, "records.2.uri"), "/presence/line/3"));
    rig_get(&rig, LINES "?page=1&perPage=60");
    assert_int_equal(rig_len(&rig, "records"), 60); /* the rest is on the next page */
    assert_int_equal(rig_int(&rig, "paging.totalElements"), 100);
    rig.caller = rig_user(&rig, "101");
    rig_get(&rig, LINES);
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_stop(&rig);
}

static void one_line(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, 3);
    assert_int_equal(rig_get(&rig, LINES "/4"), 200);
    assert_string_equal(rig_text(&rig, "extension.extensionNumber"), "102");
    static const char *const wrong[] = {LINES "/6", LINES "/0", LINES "/x"};
    for (size_t i = 0; i < 3; i++) {
        rig_get(&rig, wrong[i]);
        rig_is_error(&rig, 404, "CMN-102", "CMN-102");
    }
    rig_stop(&rig);
}

static void the_list_is_replaced_and_its_ids_close_up(void **state)
{
    (void)state;
    struct rig rig;
    static const char *const two[] = {"103", "101"};
    rig_start(&rig, 5);
    assert_int_equal(put(&rig, true, 7, two, 2), 200); /* gaps are legal */
    assert_int_equal(rig_len(&rig, "records"), 4);
    assert_string_equal(rig_text(&rig, "records.2.id"), "3");
    assert_string_equal(rig_text(&rig, "records.2.extension.extensionNumber"), "103");
    assert_string_equal(rig_text(&rig, "records.3.id"), "4");
    assert_int_equal(rig_count(&rig, EX_EVENT_LINES), 1);
    const json_t *body = rig_last(&rig, EX_EVENT_LINES);
    assert_string_equal(json_string_value(rig_at(body, "extension.0.id")), id_of(&rig, "900"));
    assert_string_equal(json_string_value(rig_at(body, "extension.1.id")), "3");
    json_int_t before = json_integer_value(json_object_get(body, "sequence"));
    assert_int_equal(put(&rig, true, 3, two, 2), 200); /* the same: nothing to tell */
    assert_int_equal(rig_count(&rig, EX_EVENT_LINES), 1);
    assert_int_equal(put(&rig, true, 3, two, 1), 200);
    assert_int_equal(rig_count(&rig, EX_EVENT_LINES), 2);
    body = rig_last(&rig, EX_EVENT_LINES);
    assert_true(json_integer_value(json_object_get(body, "sequence")) > before);
    assert_string_equal(json_string_value(rig_at(body, "extension.1.id")), "4");
    /* ids decide on the order, not the place in the array; numbers are as good as texts */
    char text[300];
    snprintf(text, sizeof text,
             "[{\"id\":9,\"extension\":{\"id\":%llu}},{\"id\":4,\"extension\":{\"id\":\"%llu\"}}]",
             (unsigned long long)rig_user(&rig, "105")->id,
             (unsigned long long)rig_user(&rig, "104")->id);
    assert_int_equal(rig_ask(&rig, "PUT", LINES, text), 200);
    assert_string_equal(rig_text(&rig, "records.2.extension.extensionNumber"), "104");
    assert_string_equal(rig_text(&rig, "records.3.extension.extensionNumber"), "105");
    rig_stop(&rig);
}

static void the_table_of_what_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    char body[400];
    rig_start(&rig, 3);
    static const struct {
        const char *body; /* %s is the extension id of 101 */
        const char *code, *inner, *message;
    } cases[] = {
        {"{}", "InvalidParameter", "CMN-101", "Parameter [] value is invalid"},
        {"{\"records\":[]}", "InvalidParameter", "CMN-101", "Parameter [] value is invalid"},
        {"[{\"extension\":{\"id\":\"%s\"}}]", "InvalidParameter", "CMN-101",
         "Parameter [id] value is invalid"},
        {"[{\"id\":\"0\",\"extension\":{\"id\":\"%s\"}}]", "InvalidParameter", "CMN-101",
         "Parameter [id] value is invalid"},
        {"[{\"id\":\"three\",\"extension\":{\"id\":\"%s\"}}]", "InvalidParameter", "CMN-101",
         "Parameter [id] value is invalid"},
        {"[{\"id\":\"3\",\"extension\":{\"id\":\"%s\"}},{\"id\":3,\"extension\":{\"id\":\"%s\"}}]",
         "InvalidParameter", "CMN-101", "Parameter [id] value is invalid"},
        {"[{\"id\":\"3\"}]", "InvalidParameter", "CMN-101",
         "Parameter [extension.id] value is invalid"},
        {"[7]", "InvalidParameter", "CMN-101", "Parameter [id] value is invalid"},
        {"[{\"id\":\"3\",\"extension\":{\"id\":\"101\"}}]", "CMN-102", "CMN-102",
         "Resource for parameter [extension.id] is not found"}, /* a number, no id */
        {"[{\"id\":\"2\",\"extension\":{\"id\":\"%s\"}}]", "BLF-101", "BLF-101",
         "Unable to modify reserved line, id: [2]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *id = id_of(&rig, "101"), *from = cases[i].body;
        body[0] = '\0';
        for (const char *hole; (hole = strstr(from, "%s")); from = hole + 2) {
            size_t at = strlen(body);
            snprintf(body + at, sizeof body - at, "%.*s%s", (int)(hole - from), from, id);
        }
        str_copy(body + strlen(body), sizeof body - strlen(body), from);
        rig_ask(&rig, "PUT", LINES, body);
        rig_is_error(&rig, 400, cases[i].code, cases[i].inner);
        assert_string_equal(rig_text(&rig, "errors.0.message"), cases[i].message);
    }
    assert_int_equal(rig.caller->lines.len, 5); /* nothing was changed */
    assert_int_equal(rig_count(&rig, EX_EVENT_LINES), 0);
    rig_stop(&rig);
}

static void reserved_lines_may_be_left_out_or_not(void **state)
{
    (void)state;
    struct rig rig;
    static const char *const one[] = {"102"};
    rig_start(&rig, 3);
    assert_int_equal(put(&rig, false, 3, one, 1), 200);
    assert_int_equal(rig_len(&rig, "records"), 3);
    assert_true(json_is_true(rig_at(rig.reply.body, "records.0.notEditableOnHud")));
    assert_true(ex_switch_set(rig.x, "reserved-required", true));
    put(&rig, false, 3, one, 1);
    rig_is_error(&rig, 400, "BLF-101", "BLF-101");
    assert_string_equal(rig_text(&rig, "message"), "Unable to modify reserved line, id: [1]");
    assert_int_equal(put(&rig, true, 3, one, 1), 200);
    assert_int_equal(put(&rig, true, 3, NULL, 0), 200);
    assert_int_equal(rig_len(&rig, "records"), 2);
    rig_stop(&rig);
}

static void a_hundred_lines_and_no_more(void **state)
{
    (void)state;
    struct rig rig;
    static const char *many[101];
    rig_start(&rig, 3);
    for (size_t i = 0; i < 101; i++)
        many[i] = i % 2 ? "101" : "102";
    assert_int_equal(put(&rig, true, 3, many, 100), 200);
    assert_int_equal(rig_len(&rig, "records"), 102);
    put(&rig, true, 3, many, 101);
    rig_is_error(&rig, 400, "InvalidParameter", "CMN-101");
    assert_int_equal(rig.caller->lines.len, 102);
    rig_stop(&rig);
}

static void queues_and_park_locations_have_lines_too(void **state)
{
    (void)state;
    struct rig rig;
    char body[300], queue[32];
    rig_start(&rig, 3);
    rig_get(&rig, ACC "/extension?type=Department");
    snprintf(queue, sizeof queue, "%lld", (long long)rig_int(&rig, "records.0.id"));
    rig_get(&rig, ACC "/extension?type=ParkLocation");
    snprintf(body, sizeof body,
             "[{\"id\":\"3\",\"extension\":{\"id\":\"%s\"}},"
             "{\"id\":\"4\",\"extension\":{\"id\":\"%lld\"}}]",
             queue, (long long)rig_int(&rig, "records.0.id"));
    assert_int_equal(rig_ask(&rig, "PUT", LINES, body), 200);
    assert_string_equal(rig_text(&rig, "records.2.extension.type"), "Department");
    assert_string_equal(rig_text(&rig, "records.3.extension.type"), "ParkLocation");
    rig_stop(&rig);
}

static void an_administrator_sets_the_list_of_another(void **state)
{
    (void)state;
    struct rig rig;
    char path[200], body[200];
    rig_start(&rig, 3);
    snprintf(path, sizeof path, ACC "/extension/%s/presence/line", id_of(&rig, "102"));
    snprintf(body, sizeof body, "[{\"id\":\"3\",\"extension\":{\"id\":\"%s\"}}]",
             id_of(&rig, "101"));
    assert_int_equal(rig_ask(&rig, "PUT", path, body), 200);
    assert_int_equal(rig_user(&rig, "102")->lines.len, 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(rig.events, 0), "extension")),
        rig_user(&rig, "102")->id);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_list_is_the_reserved_lines_and_the_first_users),
        cmocka_unit_test(one_line),
        cmocka_unit_test(the_list_is_replaced_and_its_ids_close_up),
        cmocka_unit_test(the_table_of_what_is_refused),
        cmocka_unit_test(reserved_lines_may_be_left_out_or_not),
        cmocka_unit_test(a_hundred_lines_and_no_more),
        cmocka_unit_test(queues_and_park_locations_have_lines_too),
        cmocka_unit_test(an_administrator_sets_the_list_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
