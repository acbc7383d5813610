/* One profile's settings out of a configuration. */
#include "callhud/app/config.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE "[profile lab]\nserver = http://127.0.0.1:8088/ari\nuser = hud\n"

static enum rc make(struct settings *settings, const char *text, const char *name, struct err *err)
{
    struct config config;
    err_clear(err);
    enum rc rc = config_parse(&config, text, strlen(text), "/etc/c/config.ini", err);
    assert_int_equal(rc, RC_OK);
    rc = settings_make(settings, &config, name, err);
    config_fini(&config);
    return rc;
}

static void refused(const char *text, const char *name, const char *why)
{
    struct settings settings;
    struct err err;
    assert_int_equal(make(&settings, text, name, &err), RC_CONFIG);
    assert_string_equal(err.text, why);
}

static void the_profile_of_the_issue(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    struct backend_config backend;
    assert_int_equal(make(&s,
                          "[profile lab]\n"
                          "backend = asterisk\n"
                          "server = http://127.0.0.1:8088/ari/\n"
                          "user = hud\n"
                          "password_file = /run/user/1000/hud.pass\n"
                          "phone = PJSIP/108\n"
                          "monitor = 101-108\n"
                          "ring_when_monitored_rings = no\n"
                          "pick_up_held_lines = yes\n",
                          NULL, &err),
                     RC_OK);
    assert_string_equal(s.profile, "lab");
    assert_string_equal(s.server, "http://127.0.0.1:8088/ari");
    assert_false(s.ring_when_monitored_rings);
    assert_true(s.pick_up_held_lines);
    settings_backend(&s, &backend, true);
    assert_string_equal(backend.profile, "lab");
    assert_string_equal(backend.phone, "PJSIP/108");
    assert_string_equal(backend.monitor, "101-108");
    assert_string_equal(backend.dnd_device, "Custom:DND%s");
    assert_string_equal(backend.access.user, "hud");
    assert_null(backend.access.password);
    assert_null(backend.access.ca_file);
    assert_null(backend.access.tls_name);
    assert_null(backend.access.pin_sha256);
    assert_true(backend.settings.pick_up_held_lines);
    assert_true(backend.is_read_only);
    assert_int_equal(backend.users_len, 0);
    settings_fini(&s);
}

static void defaults(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    struct backend_config backend;
    assert_int_equal(make(&s, BASE, NULL, &err), RC_OK);
    assert_string_equal(s.backend, "asterisk");
    assert_string_equal(s.theme, "default");
    assert_string_equal(s.password, "");
    assert_int_equal(s.bell, BELL_ON);
    assert_int_equal(s.numbers, NUMBERS_FULL);
    assert_int_equal(s.order, ORDER_LINE);
    assert_int_equal(s.view, 0);
    assert_int_equal(s.glyphs, GLYPHS_AUTO);
    assert_true(s.is_blinking);
    assert_true(s.is_sync_output);
    assert_false(s.is_mouse);
    assert_null(s.keys.items[0]);
    settings_backend(&s, &backend, false);
    assert_string_equal(backend.monitor, "all");
    settings_fini(&s);
}

static void the_profile_goes_before_what_all_share(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    const char *text = "[callhud]\ntheme = light\nbell = auto\nnumbers = last4\norder = hold\n"
                       "view = dense\nglyphs = ascii\nblink = off\nmouse = 1\n"
                       "sync_output = false\n" BASE "theme = mono\nview = table\nmouse = NO\n";
    assert_int_equal(make(&s, text, "lab", &err), RC_OK);
    assert_string_equal(s.theme, "mono");
    assert_int_equal(s.view, 2);
    assert_int_equal(s.bell, BELL_AUTO);
    assert_int_equal(s.numbers, NUMBERS_LAST4);
    assert_int_equal(s.order, ORDER_HOLD);
    assert_int_equal(s.glyphs, GLYPHS_ASCII);
    assert_false(s.is_blinking);
    assert_false(s.is_mouse);
    assert_false(s.is_sync_output);
    settings_fini(&s);
}

static void people(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    const char *text = BASE "[users]\n"
                            "101 = Noor Haddad | Cartier | PJSIP/noor-desk, PJSIP/noor-web\n"
                            "102 = Rana Aziz\n"
                            "103 = Zoë\x1b[31m Brandt |\n"
                            "[users lab]\n"
                            "102 = Rana A. | Sales\n"
                            "104 =\n"
                            "[profile other]\n[users other]\n105 = Nobody Here\n";
    assert_int_equal(make(&s, text, "lab", &err), RC_OK);
    assert_int_equal(s.users.len, 4);
    assert_string_equal(s.users.items[0].extension, "101");
    assert_string_equal(s.users.items[0].name, "Noor Haddad");
    assert_string_equal(s.users.items[0].department, "Cartier");
    assert_int_equal(s.users.items[0].endpoints_len, 2);
    assert_string_equal(s.users.items[0].endpoints[0], "PJSIP/noor-desk");
    assert_string_equal(s.users.items[0].endpoints[1], "PJSIP/noor-web");
    assert_string_equal(s.users.items[1].extension, "102");
    assert_string_equal(s.users.items[1].name, "Rana A.");
    assert_string_equal(s.users.items[1].department, "Sales");
    assert_null(strchr(s.users.items[2].name, '\x1b'));
    assert_string_equal(s.users.items[2].department, "");
    assert_string_equal(s.users.items[3].name, "");
    settings_fini(&s);

    refused(BASE "[users]\n10 1 = X\n", NULL,
            "/etc/c/config.ini:5: '10 1' is no extension: write 101 = NAME | DEPARTMENT | DEVICES");
    refused(BASE "[users]\n101 = X | Y | noor\n", NULL,
            "/etc/c/config.ini:5: 'noor' is no device: write it as PJSIP/NAME");
    refused(BASE "[users]\n101 = X | Y | PJSIP/a | Z\n", NULL,
            "/etc/c/config.ini:5: 101: there are three fields: NAME | DEPARTMENT | DEVICES");
    /* An error in the middle frees what was made before it. */
    refused(BASE "[users]\n100 = A | B | PJSIP/1, PJSIP/2\n101 = X | Y | PJSIP/3, noor\n", NULL,
            "/etc/c/config.ini:6: 'noor' is no device: write it as PJSIP/NAME");
}

static void keys_are_handed_on_as_pairs(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    assert_int_equal(make(&s, BASE "[keys]\nCtrl-x = quit\ngg = none\n", NULL, &err), RC_OK);
    assert_int_equal(s.keys.len, 5);
    assert_string_equal(s.keys.items[0], "Ctrl-x");
    assert_string_equal(s.keys.items[1], "quit");
    assert_string_equal(s.keys.items[2], "gg");
    assert_string_equal(s.keys.items[3], "none");
    assert_null(s.keys.items[4]);
    settings_fini(&s);
}

static void which_profile(void **state)
{
    (void)state;
    refused("[callhud]\n", NULL,
            "no profile in /etc/c/config.ini: 'callhud doctor --example asterisk' (or ringcentral) "
            "prints one to start from; 'callhud demo' needs none");
    refused(BASE "[profile work]\n", NULL,
            "2 profiles (lab, work): choose one with --profile NAME");
    refused(BASE, "lub", "no profile 'lub' in /etc/c/config.ini: did you mean 'lab'?");
    refused(BASE, "zzzzzz", "no profile 'zzzzzz' in /etc/c/config.ini: it has lab");
}

static void values_that_cannot_be_right(void **state)
{
    (void)state;
    refused(BASE "pick_up_held_lines = maybe\n", NULL,
            "/etc/c/config.ini:4: pick_up_held_lines = maybe: write yes or no");
    refused("[callhud]\nbell = loud\n" BASE, NULL,
            "/etc/c/config.ini:2: bell = loud: write one of on off auto");
    refused(
        BASE "order = age\n", NULL,
        "/etc/c/config.ini:4: order = age: write one of line extension name state longest hold");
    refused(BASE "backend = asterix\n", NULL,
            "/etc/c/config.ini:4: backend = asterix: this version knows asterisk");
    refused(BASE "phone = 108\n", NULL,
            "/etc/c/config.ini:4: phone = 108: write it with its technology, such as PJSIP/108");
    refused(
        BASE "pin_sha256 = abc\n", NULL,
        "/etc/c/config.ini:4: pin_sha256 = abc: write it as sha256// and 44 characters of base64");
    refused("[profile x]\nuser = a\n", NULL,
            "/etc/c/config.ini:1: [profile x] has no server: add server = https://HOST:8089/ari");
    refused("[profile x]\nserver = https://a/ari\n", NULL,
            "/etc/c/config.ini:1: [profile x] has no user: add user = NAME");
    refused("[profile x]\nserver = https://a/ari\nuser = a:b\n", NULL,
            "/etc/c/config.ini:3: user = a:b: HTTP allows no ':' in it");
    refused(
        "[profile x]\nserver = http://pbx.example.com/ari\nuser = a\n", NULL,
        "/etc/c/config.ini:2: plain text to pbx.example.com is refused: passwords and calls would "
        "be readable on the way; use https:// in the server's address");
    refused("[profile x]\nserver = https://a/ari?x\nuser = a\n", NULL,
            "/etc/c/config.ini:2: server = https://a/ari?x: leave out the '?' and what follows");
}

static void acting(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    struct backend_config backend;
    assert_int_equal(make(&s, BASE, NULL, &err), RC_OK);
    assert_int_equal(s.ring_timeout_s, 20);
    assert_false(s.is_auto_answer);
    assert_true(s.is_pickup_confirmed);
    assert_int_equal(s.audit, AUDIT_ON);
    settings_backend(&s, &backend, false);
    assert_int_equal(backend.ring_timeout_ms, 20000);
    assert_false(backend.is_auto_answer);
    assert_string_equal(backend.retrieve_context, "retrieve");
    assert_null(backend.ledger.put);
    settings_fini(&s);

    assert_int_equal(make(&s,
                          "[callhud]\n"
                          "ring_timeout = 5\n"
                          "auto_answer = yes\n"
                          "confirm_pickup = no\n"
                          "audit = required\n" BASE "ring_timeout = 120\n"
                          "retrieve_context = Our_own-1.x\n",
                          NULL, &err),
                     RC_OK);
    assert_int_equal(s.ring_timeout_s, 120);
    assert_true(s.is_auto_answer);
    assert_false(s.is_pickup_confirmed);
    assert_int_equal(s.audit, AUDIT_REQUIRED);
    settings_backend(&s, &backend, false);
    assert_int_equal(backend.ring_timeout_ms, 120000);
    assert_true(backend.is_auto_answer);
    assert_string_equal(backend.retrieve_context, "Our_own-1.x");
    settings_fini(&s);
}

static void numbers_keep_to_their_range(void **state)
{
    (void)state;
    static const char *const bad[] = {"4",   "121",  "",     "-20", "twenty",
                                      "20s", "20 s", "0x14", "2e1", "99999999999999999999",
                                      "20.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256], why[256];
        (void)snprintf(text, sizeof text, BASE "ring_timeout = %s\n", bad[i]);
        (void)snprintf(why, sizeof why,
                       "/etc/c/config.ini:4: ring_timeout = %s: write a number of seconds from 5 "
                       "to 120",
                       bad[i]);
        refused(text, NULL, why);
    }
}

static void a_context_goes_into_a_request(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a/b", "a b", "a?b", "a@b", "..%2f", "\xC3\xA4"};
    char text[256];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct settings s;
        struct err err;
        (void)snprintf(text, sizeof text, BASE "retrieve_context = %s\n", bad[i]);
        assert_int_equal(make(&s, text, NULL, &err), RC_CONFIG);
        assert_non_null(strstr(err.text, "/etc/c/config.ini:4: retrieve_context = "));
        assert_non_null(strstr(err.text, "letters, digits, '-', '_' and '.', at most 79"));
    }
    struct config config;
    struct err err = {0};
    static const char shared[] = "[callhud]\nretrieve_context = x\n";
    assert_int_equal(config_parse(&config, shared, sizeof shared - 1, "c.ini", &err), RC_CONFIG);
    assert_string_equal(err.text,
                        "c.ini:2: 'retrieve_context' does not belong in [callhud]: put it "
                        "into [profile NAME]");
}

static void a_dnd_device_has_one_hole(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    static const char *const good[] = {"", "Custom:DND%s", "%s", "Custom:%s-dnd"};
    static const char *const bad[] = {"Custom:DND",  "Custom:%d",     "Custom:%s%s", "Custom:%s%n",
                                      "Custom:%%%s", "Custom:DND%%s", "%",           "Custom:%5s"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[256];
        snprintf(text, sizeof text, BASE "dnd_device = %s\n", good[i]);
        assert_int_equal(make(&s, text, NULL, &err), RC_OK);
        assert_string_equal(s.dnd_device, good[i]);
        settings_fini(&s);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        snprintf(text, sizeof text, BASE "dnd_device = %s\n", bad[i]);
        assert_int_equal(make(&s, text, NULL, &err), RC_CONFIG);
        assert_non_null(strstr(err.text, "/etc/c/config.ini:4: dnd_device = "));
    }
}

static void paths_start_at_home_or_beside_the_file(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    static const char *const cases[][2] = {{"~/ca.pem", "/home/x/ca.pem"},
                                           {"ca.pem", "/etc/c/ca.pem"},
                                           {"/a/ca.pem", "/a/ca.pem"},
                                           {"", ""}};
    setenv("HOME", "/home/x", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, BASE "ca_file = %s\n", cases[i][0]);
        assert_int_equal(make(&s, text, NULL, &err), RC_OK);
        assert_string_equal(s.ca_file, cases[i][1]);
        settings_fini(&s);
    }
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        assert_ptr_equal(option_find(row->name), row);
        assert_true(row->where != 0);
        assert_true(strlen(row->sentence) > 10);
        assert_true(str_ends(row->sentence, "."));
        bool is_on;
        if (row->type == OPTION_CHOICE)
            assert_true(option_choice(row, row->fallback) >= 0);
        int number;
        if (row->type == OPTION_NUMBER) {
            char text[32];
            assert_true(row->min < row->max);
            assert_true(strlen(row->unit) > 0);
            assert_true(option_number(row, row->fallback, &number));
            (void)snprintf(text, sizeof text, "%d", row->max);
            assert_true(option_number(row, text, &number));
            assert_int_equal(number, row->max);
        }
        if (row->type == OPTION_BOOL)
            assert_true(option_bool(row->fallback, &is_on));
        for (size_t k = 0; k < i; k++)
            assert_true(option_table[k].offset != row->offset);
    }
}

#define RINGCENTRAL "[profile rc]\nbackend = ringcentral\nclient_id = abc-DEF_1\n"

static void a_profile_of_ringcentral(void **state)
{
    (void)state;
    struct settings s;
    struct err err;
    struct backend_config backend;
    assert_int_equal(make(&s, RINGCENTRAL "device = 191888004\nring_timeout = 30\n", NULL, &err),
                     RC_OK);
    assert_string_equal(s.server, "https://platform.ringcentral.com");
    settings_backend(&s, &backend, false);
    assert_string_equal(backend.client_id, "abc-DEF_1");
    assert_string_equal(backend.client_secret, "");
    assert_string_equal(backend.jwt, "");
    assert_string_equal(backend.device, "191888004");
    assert_string_equal(backend.monitor, "list");
    assert_null(backend.access.user);
    assert_true(backend.settings.ring_locks_hold);
    assert_int_equal(backend.ring_timeout_ms, 30000);
    settings_fini(&s);
    assert_int_equal(make(&s,
                          RINGCENTRAL "server = https://platform.devtest.ringcentral.com/\n"
                                      "ring_locks_hold = no\nmonitor = 101-108\n",
                          NULL, &err),
                     RC_OK);
    assert_string_equal(s.server, "https://platform.devtest.ringcentral.com");
    settings_backend(&s, &backend, false);
    assert_false(backend.settings.ring_locks_hold);
    assert_string_equal(backend.monitor, "101-108");
    settings_fini(&s);
    /* Asterisk has no such rule. */
    assert_int_equal(make(&s, BASE "ring_locks_hold = yes\n", NULL, &err), RC_OK);
    settings_backend(&s, &backend, false);
    assert_false(backend.settings.ring_locks_hold);
    settings_fini(&s);
    refused("[profile rc]\nbackend = ringcentral\n", NULL,
            "/etc/c/config.ini:1: [profile rc] has no client_id: add client_id = ID, of your "
            "application in the developer console; 'callhud doctor --example ringcentral' says "
            "how");
    refused(RINGCENTRAL "device = PJSIP/108\n", NULL,
            "/etc/c/config.ini:4: device = PJSIP/108: write its ID, a number, as 'callhud doctor' "
            "lists them");
    refused("[profile rc]\nbackend = ringcentral\nclient_id = a:b\n", NULL,
            "/etc/c/config.ini:3: client_id = a:b: HTTP allows no ':' in it");
    refused(RINGCENTRAL "server = http://pbx.example.com\n", NULL,
            "/etc/c/config.ini:4: plain text to pbx.example.com is refused: passwords and calls "
            "would be readable on the way; use https:// in the server's address");
}

/* What a reload may change under a connection that goes on. */
static void what_a_connection_depends_on(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_same;
    } cases[] = {
        {BASE, true},
        {BASE "theme = light\nbell = off\nblink = no\nmouse = yes\nview = table\n", true},
        {BASE "[keys]\nquit = F10\n", true},
        {BASE "[users]\n101 = Noor | Sales | PJSIP/noor\n", false},
        {BASE "phone = PJSIP/108\n", false},
        {BASE "ring_timeout = 21\n", false},
        {BASE "pick_up_held_lines = yes\n", false},
        {BASE "audit = required\n", false},
        {"[profile lab]\nserver = http://127.0.0.1:8089/ari\nuser = hud\n", false},
        {"[profile lab]\nserver = http://127.0.0.1:8088/ari\nuser = other\n", false},
        {"[profile lob]\nserver = http://127.0.0.1:8088/ari\nuser = hud\n", false},
    };
    struct settings base, other;
    struct err err;
    assert_int_equal(make(&base, BASE, NULL, &err), RC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(make(&other, cases[i].text, NULL, &err), RC_OK);
        if (settings_same_connection(&base, &other) != cases[i].is_same)
            fail_msg("%s", cases[i].text);
        settings_fini(&other);
    }
    settings_fini(&base);

    static const char people[] = BASE "[users]\n101 = Noor | Sales | PJSIP/noor, PJSIP/web\n";
    static const char *const others[] = {
        BASE "[users]\n102 = Noor | Sales | PJSIP/noor, PJSIP/web\n",
        BASE "[users]\n101 = Nora | Sales | PJSIP/noor, PJSIP/web\n",
        BASE "[users]\n101 = Noor | Billing | PJSIP/noor, PJSIP/web\n",
        BASE "[users]\n101 = Noor | Sales | PJSIP/noor\n",
        BASE "[users]\n101 = Noor | Sales | PJSIP/noor, PJSIP/desk\n"};
    assert_int_equal(make(&base, people, NULL, &err), RC_OK);
    assert_true(settings_same_connection(&base, &base));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(make(&other, others[i], NULL, &err), RC_OK);
        if (settings_same_connection(&base, &other))
            fail_msg("%s", others[i]);
        settings_fini(&other);
    }
    settings_fini(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_profile_of_the_issue),
        cmocka_unit_test(defaults),
        cmocka_unit_test(what_a_connection_depends_on),
        cmocka_unit_test(the_profile_goes_before_what_all_share),
        cmocka_unit_test(people),
        cmocka_unit_test(keys_are_handed_on_as_pairs),
        cmocka_unit_test(which_profile),
        cmocka_unit_test(values_that_cannot_be_right),
        cmocka_unit_test(acting),
        cmocka_unit_test(numbers_keep_to_their_range),
        cmocka_unit_test(a_context_goes_into_a_request),
        cmocka_unit_test(a_dnd_device_has_one_hole),
        cmocka_unit_test(paths_start_at_home_or_beside_the_file),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(a_profile_of_ringcentral),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
