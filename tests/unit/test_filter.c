#include "callhud/model/filter.h"

#include "floor.h"

#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The grid of the look: one user of each lamp. */
static void open_office(struct floor *f)
{
    floor_open(f, 0);
    floor_user(f, "101", "Noor Haddad", "Sales", 1);
    floor_user(f, "102", "Rana Aziz", "Sales", 2);
    floor_user(f, "103", "Omar Said", "Sales", 3);
    floor_user(f, "106", "Zoë Brandt", "Sales", 4);
    floor_user(f, "201", "Ana Ruiz", "Support", 5);
    floor_user(f, "203", "Ivo Marek", "Support", 6);
    floor_user(f, "205", "Jo Park", "Support", 7);
    floor_user(f, "303", "Pia Holm", "Billing", 8);
    floor_presence(f, "101", PRESENCE_AVAILABLE);
    floor_call_with(f, "101", "a", CALL_CONNECTED, "Acme Ltd", "+1 (777) 873-2492");
    floor_presence(f, "102", PRESENCE_AVAILABLE);
    floor_presence(f, "103", PRESENCE_AVAILABLE);
    floor_call_with(f, "103", "b", CALL_HELD, "", "415 555 0100");
    floor_away(f, "106", "lunch");
    floor_call_with(f, "201", "c", CALL_RINGING, "Groß & Söhne", "sip:groß@example.com");
    floor_dnd(f, "205", true);
    floor_presence(f, "303", PRESENCE_OFFLINE);
}

/* The extensions that pass, joined by blanks. */
static const char *passing(const struct floor *f, const char *text)
{
    static char out[256];
    struct filter filter = {0};
    struct err err = {0};

    enum rc rc = filter_parse(&filter, text, &err);
    if (rc != RC_OK)
        fail_msg("%s: %s", text, err.text);
    out[0] = '\0';
    for (size_t i = 0; i < f->hud.users.len; i++) {
        const struct user *user = f->hud.users.items[i];
        if (!filter_passes(&filter, &f->hud, user, f->now_ms))
            continue;
        size_t used = strlen(out);
        (void)snprintf(out + used, sizeof out - used, "%s%s", used > 0 ? " " : "", user->extension);
    }
    return out;
}

static void words_find_name_extension_department_and_party(void **state)
{
    struct floor f;

    (void)state;
    open_office(&f);
    assert_string_equal(passing(&f, ""), "101 102 103 106 201 203 205 303");
    assert_string_equal(passing(&f, "noor"), "101");
    assert_string_equal(passing(&f, "zoe"), "106");
    assert_string_equal(passing(&f, "SALES"), "101 102 103 106");
    assert_string_equal(passing(&f, "20"), "201 203 205");
    assert_string_equal(passing(&f, "03"), ""); /* extensions start with it */
    assert_string_equal(passing(&f, "acme"), "101");
    assert_string_equal(passing(&f, "gross"), "201");
    assert_string_equal(passing(&f, "nobody"), "");
    floor_fini(&f);
}

static void numbers_are_found_by_their_digits(void **state)
{
    struct floor f;

    (void)state;
    open_office(&f);
    assert_string_equal(passing(&f, "7778732492"), "101");
    assert_string_equal(passing(&f, "+17778732492"), "101");
    assert_string_equal(passing(&f, "873.2492"), "101");
    assert_string_equal(passing(&f, "\"415-555 0100\""), "103");
    assert_string_equal(passing(&f, "with:5550100"), "103");
    /* Not a number: its digits alone must not find one. */
    assert_string_equal(passing(&f, "x2492"), "");
    floor_fini(&f);
}

static void words_are_joined_negated_and_quoted(void **state)
{
    struct floor f;

    (void)state;
    open_office(&f);
    assert_string_equal(passing(&f, "sales -noor"), "102 103 106");
    assert_string_equal(passing(&f, "  sales\t -is:hold\n"), "101 102 106");
    assert_string_equal(passing(&f, "-is:free -is:unknown -dept:sales"), "201 205 303");
    assert_string_equal(passing(&f, "\"Noor Haddad\""), "101");
    assert_string_equal(passing(&f, "-\"Noor Haddad\" sales"), "102 103 106");
    assert_string_equal(passing(&f, "name:\"a r\""), "201");
    assert_string_equal(passing(&f, "\"\" noor"), "101");
    assert_string_equal(passing(&f, "\"is:free\""), "");
    assert_string_equal(passing(&f, "\"sip:\""), "201");
    floor_fini(&f);
}

static void fields_look_at_their_field_only(void **state)
{
    struct floor f;

    (void)state;
    open_office(&f);
    floor_user(&f, "401", "Sales Robot", "", 9);
    assert_string_equal(passing(&f, "dept:sal"), "101 102 103 106");
    assert_string_equal(passing(&f, "name:sal"), "401");
    assert_string_equal(passing(&f, "ext:1"), "101 102 103 106");
    assert_string_equal(passing(&f, "EXT:10 name:o"), "101 103 106");
    assert_string_equal(passing(&f, "with:acme"), "101");
    assert_string_equal(passing(&f, "name:acme"), "");
    floor_fini(&f);
}

static void lamps_by_json_name_word_and_letter(void **state)
{
    static const struct {
        const char *text, *users;
    } cases[] = {
        {"is:ringing", "201"},
        {"is:rings", "201"},
        {"is:r", "201"},
        {"is:hold", "103"},
        {"is:h", "103"},
        {"is:on_call", "101"},
        {"is:talk", "101"},
        {"is:c", "101"},
        {"is:available", "102"},
        {"is:free", "102"},
        {"IS:FREE", "102"},
        {"is:dnd", "205"},
        {"is:\"do not disturb\"", "205"},
        {"is:away", "106"},
        {"is:offline", "303"},
        {"is:unknown", "203"},
        {"is:\"not heard from\"", "203"},
        {"is:parked", ""},
        {"is:-", ""},
        {"is:urgent", "103 201"},
    };
    struct floor f;

    (void)state;
    open_office(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(passing(&f, cases[i].text), cases[i].users);
    floor_presence(&f, "101", PRESENCE_HIDDEN);
    floor_ended(&f, "101", "a");
    assert_string_equal(passing(&f, "is:-"), "101");
    assert_string_equal(passing(&f, "-is:- dept:sales"), "102 103 106");
    floor_fini(&f);
}

static void supervised_recorded_and_stale(void **state)
{
    const struct supervisor by[] = {{"900", SUPERVISE_LISTEN}};
    struct event event = {.kind = EVENT_CALL, .user_id = "103"};
    struct floor f;

    (void)state;
    open_office(&f);
    event.u.call.id = "b";
    event.u.call.state = CALL_HELD;
    event.u.call.supervisors = by;
    event.u.call.supervisors_len = 1;
    floor_tell(&f, event);
    event.user_id = "101";
    event.u.call.id = "a";
    event.u.call.supervisors_len = 0;
    event.u.call.is_recorded = true;
    event.u.call.name = "Acme Ltd";
    floor_tell(&f, event);
    assert_string_equal(passing(&f, "is:supervised"), "103");
    assert_string_equal(passing(&f, "is:recorded"), "101");
    assert_string_equal(passing(&f, "is:stale"), "");
    floor_link(&f, LINK_LOST);
    assert_string_equal(passing(&f, "is:stale is:urgent"), "101 103 201");
    /* Once nothing is known any more, calls of a minute ago are not found either. */
    floor_pass(&f, HUD_STALE_KEEP_MS);
    assert_string_equal(passing(&f, "is:urgent"), "");
    assert_string_equal(passing(&f, "is:stale ext:1"), "101 102 103 106");
    assert_string_equal(passing(&f, "is:supervised"), "");
    assert_string_equal(passing(&f, "acme"), "");
    floor_fini(&f);
}

static void withheld_calls_are_not_searched(void **state)
{
    struct floor f;

    (void)state;
    open_office(&f);
    assert_string_equal(passing(&f, "acme"), "101");
    floor_withheld(&f, "101", true);
    assert_string_equal(passing(&f, "acme"), "");
    assert_string_equal(passing(&f, "with:777"), "");
    floor_fini(&f);
}

/* Parses what must fail and gives the error. */
static const char *error_of(const char *text)
{
    static struct err err;
    struct filter filter = {0}, before;

    assert_int_equal(filter_parse(&filter, "is:hold noor", NULL), RC_OK);
    before = filter;
    err_clear(&err);
    assert_int_equal(filter_parse(&filter, text, &err), RC_USAGE);
    assert_memory_equal(&filter, &before, sizeof filter);
    assert_true(err.text[0] != '\0');
    assert_null(strchr(err.text, '\n'));
    return err.text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, text);
}

static void errors_name_the_word_and_the_nearest_right_one(void **state)
{
    (void)state;
    assert_has(error_of("noor is:holt"), "is:holt");
    assert_has(error_of("noor is:holt"), "did you mean is:hold?");
    assert_has(error_of("is:fre"), "did you mean is:free?");
    assert_has(error_of("is:recordet"), "did you mean is:recorded?");
    assert_has(error_of("is:do not disturb"), "did you mean is:\"do not disturb\"?");
    assert_has(error_of("is:zzzzzz"), "is:zzzzzz");
    assert_has(error_of("is:zzzzzz"), "ringing");
    assert_has(error_of("is:zzzzzz"), "urgent");
    assert_has(error_of("is:"), "is:hold");
    assert_has(error_of("dep:sales"), "dep:sales");
    assert_has(error_of("dep:sales"), "did you mean dept:?");
    assert_has(error_of("colour:red"), "is: dept: ext: name: with:");
    assert_has(error_of("dept:"), "dept:");
    assert_has(error_of("a -"), "'-'");
    assert_has(error_of("name:\"Noor"), "quote");
}

static void too_long_and_too_many(void **state)
{
    char text[FILTER_TEXT_BYTES + 1];
    struct filter filter = {0};

    (void)state;
    memset(text, 'a', sizeof text);
    text[FILTER_TEXT_BYTES] = '\0';
    assert_has(error_of(text), "255");
    text[FILTER_TEXT_BYTES - 1] = '\0';
    assert_int_equal(filter_parse(&filter, text, NULL), RC_OK);
    assert_string_equal(filter.text, text);

    text[0] = '\0';
    for (int i = 0; i < FILTER_TERMS_MAX; i++)
        strcat(text, "a ");
    assert_int_equal(filter_parse(&filter, text, NULL), RC_OK);
    assert_int_equal(filter.len, FILTER_TERMS_MAX);
    strcat(text, "b");
    assert_has(error_of(text), "16");
}

/* The status line shows what was typed; a copy of a filter is a filter. */
static void a_filter_is_a_value(void **state)
{
    struct filter filter = {0}, copy;
    struct floor f;

    (void)state;
    open_office(&f);
    assert_int_equal(filter_parse(&filter, " noor  sales", NULL), RC_OK);
    copy = filter;
    memset(&filter, 0x5A, sizeof filter);
    assert_string_equal(copy.text, " noor  sales");
    assert_true(filter_passes(&copy, &f.hud, floor_find(&f, "101"), f.now_ms));
    assert_false(filter_passes(&copy, &f.hud, floor_find(&f, "102"), f.now_ms));
    assert_true(filter_passes(NULL, &f.hud, floor_find(&f, "102"), f.now_ms));
    floor_fini(&f);
}

static void any_bytes_are_survived(void **state)
{
    static const char *const texts[] = {
        "\xFF\xFE",  "\xC3",   "is:\xC3\x28", "-\x01",        "\"",
        "\"\"\"",    "-\"\"",  ":",           "::",           "is::",
        "-is:",      "--noor", "12:30",       "\x7F\x1B[31m", "name:\xE2\x82",
        "a\"b c\"d", "-",
    };
    struct floor f;

    (void)state;
    open_office(&f);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct filter filter = {0};
        struct err err = {0};
        if (filter_parse(&filter, texts[i], &err) != RC_OK) {
            assert_true(err.text[0] != '\0');
            assert_true(utf8_is_valid(err.text, strlen(err.text)));
            continue;
        }
        for (size_t u = 0; u < f.hud.users.len; u++)
            filter_passes(&filter, &f.hud, f.hud.users.items[u], f.now_ms);
    }
    floor_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_find_name_extension_department_and_party),
        cmocka_unit_test(numbers_are_found_by_their_digits),
        cmocka_unit_test(words_are_joined_negated_and_quoted),
        cmocka_unit_test(fields_look_at_their_field_only),
        cmocka_unit_test(lamps_by_json_name_word_and_letter),
        cmocka_unit_test(supervised_recorded_and_stale),
        cmocka_unit_test(withheld_calls_are_not_searched),
        cmocka_unit_test(errors_name_the_word_and_the_nearest_right_one),
        cmocka_unit_test(too_long_and_too_many),
        cmocka_unit_test(a_filter_is_a_value),
        cmocka_unit_test(any_bytes_are_survived),
    };
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
