/* The reader of the configuration file. */
#include "callhud/app/config.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static enum rc parse(struct config *config, const char *text, struct err *err)
{
    err_clear(err);
    return config_parse(config, text, strlen(text), "/etc/c/config.ini", err);
}

/* Parsing fails with exactly this text, and leaves nothing behind. */
static void refused(const char *text, const char *why)
{
    struct config config;
    struct err err;
    assert_int_equal(parse(&config, text, &err), RC_CONFIG);
    assert_string_equal(err.text, why);
    assert_null(config.path);
    assert_int_equal(config.entries.len + config.sections.len, 0);
}

static void reads_sections_keys_and_comments(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const char *text = "\xEF\xBB\xBF# a comment\r\n"
                       "; another\n"
                       "[callhud]\r\n"
                       "  theme =  light  \n"
                       "\n"
                       "[ profile   lab ]\n"
                       "server=http://127.0.0.1:8088/ari\n"
                       "user = a;b # not a comment\n"
                       "[users lab]\n"
                       "101 = Noor Haddad | Cartier | PJSIP/noor-desk, PJSIP/noor-web\n"
                       "[keys]\n"
                       "= = order\n"
                       "[callhud]\n"
                       "bell = off"; /* no newline at the end */
    assert_int_equal(parse(&config, text, &err), RC_OK);
    assert_string_equal(config_find(&config, "callhud", "theme")->value, "light");
    assert_int_equal(config_find(&config, "callhud", "theme")->line, 4);
    assert_string_equal(config_find(&config, "profile lab", "server")->value,
                        "http://127.0.0.1:8088/ari");
    assert_string_equal(config_find(&config, "profile lab", "user")->value, "a;b # not a comment");
    assert_string_equal(config_find(&config, "users lab", "101")->value,
                        "Noor Haddad | Cartier | PJSIP/noor-desk, PJSIP/noor-web");
    assert_string_equal(config_find(&config, "keys", "=")->value, "order");
    assert_string_equal(config_find(&config, "callhud", "bell")->value, "off");
    assert_null(config_find(&config, "callhud", "server"));
    assert_int_equal(config.sections.len, 4);
    config_fini(&config);
}

static void names_profiles_in_their_order(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const char **names;
    assert_int_equal(
        parse(&config, "[profile work]\n[users]\n[profile lab]\n[profile work]\n", &err), RC_OK);
    assert_int_equal(config_profiles(&config, &names), 2);
    assert_string_equal(names[0], "work");
    assert_string_equal(names[1], "lab");
    mem_free(names);
    config_fini(&config);
}

static void an_unknown_key_names_file_line_and_the_nearest(void **state)
{
    (void)state;
    refused("[callhud]\n\n\n\n\n[profile lab]\nmonitr = all\n",
            "/etc/c/config.ini:7: unknown key 'monitr' in [profile lab]: did you mean 'monitor'?");
    refused("[callhud]\nthem = light\n",
            "/etc/c/config.ini:2: unknown key 'them' in [callhud]: did you mean 'theme'?");
    refused("[profile a]\npasswrd_file = x\n", "/etc/c/config.ini:2: unknown key 'passwrd_file' in "
                                               "[profile a]: did you mean 'password_file'?");
    refused("[profile a]\nclient_secret_comand = x\n",
            "/etc/c/config.ini:2: unknown key 'client_secret_comand' in [profile a]: did you mean "
            "'client_secret_command'?");
    refused("[profile a]\nxyzzyxyzzy = x\n", "/etc/c/config.ini:2: unknown key 'xyzzyxyzzy' in "
                                             "[profile a]: man 5 callhud lists them");
    refused("[callhud]\nserver = x\n",
            "/etc/c/config.ini:2: 'server' does not belong in [callhud]: "
            "put it into [profile NAME]");
}

static void an_unknown_section_names_the_nearest(void **state)
{
    (void)state;
    refused("[profil lab]\n",
            "/etc/c/config.ini:1: unknown section [profil lab]: did you mean [profile NAME]?");
    refused("[user]\n", "/etc/c/config.ini:1: unknown section [user]: did you mean [users]?");
    refused("[profile]\n", "/etc/c/config.ini:1: [profile] needs a name: write [profile NAME]");
    refused("[profile lab]\n[users lbb]\n",
            "/etc/c/config.ini:2: [users lbb]: no such profile: did you mean [users lab]?");
    refused("[profile ../x]\n",
            "/etc/c/config.ini:1: '../x' cannot be a profile's name: use letters, digits, '-', '_' "
            "and '.', at most 63");
    refused("theme = x\n", "/etc/c/config.ini:1: 'theme = x' stands before any section: begin with "
                           "[callhud] or [profile NAME]");
}

static void doubles_and_broken_lines_are_refused(void **state)
{
    (void)state;
    refused("[profile a]\nuser = x\n[callhud]\n[profile a]\nuser = y\n",
            "/etc/c/config.ini:5: 'user' again in [profile a]: it stands on line 2 already");
    refused("[callhud]\ntheme\n",
            "/etc/c/config.ini:2: 'theme' is no 'key = value' and no [section]");
    refused("[callhud]\n= x\n", "/etc/c/config.ini:2: a key is missing before '='");
    refused("[callhud]\ntheme = \"light\"\n",
            "/etc/c/config.ini:2: 'theme': values stand without quotation marks");
    refused("[callhud]\ntheme = \xff\n",
            "/etc/c/config.ini:2: the line is not UTF-8 text: save the file as UTF-8");

    struct config config;
    struct err err;
    const char nul[] = "[callhud]\nthe\0me = x\n";
    assert_int_equal(config_parse(&config, nul, sizeof nul - 1, "f", &err), RC_CONFIG);
}

static void a_password_in_the_file_names_the_three_ways(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    assert_int_equal(parse(&config, "[profile lab]\npassword = hunter22\n", &err), RC_CONFIG);
    assert_non_null(strstr(err.text, "/etc/c/config.ini:2:"));
    assert_non_null(strstr(err.text, "password_command"));
    assert_non_null(strstr(err.text, "password_file"));
    assert_non_null(strstr(err.text, "CALLHUD_LAB_PASSWORD"));
    assert_null(strstr(err.text, "hunter22"));
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    char *text = malloc(CONFIG_FILE_MAX_BYTES + 2);
    memset(text, ' ', CONFIG_FILE_MAX_BYTES + 2);
    memcpy(text, "[callhud]\ntheme = x", 19);
    text[10 + CONFIG_LINE_MAX_BYTES] = '\n';
    assert_int_equal(config_parse(&config, text, 11 + CONFIG_LINE_MAX_BYTES, "f", &err), RC_OK);
    config_fini(&config);
    text[10 + CONFIG_LINE_MAX_BYTES] = ' ';
    assert_int_equal(config_parse(&config, text, 11 + CONFIG_LINE_MAX_BYTES, "f", &err), RC_CONFIG);
    assert_string_equal(err.text, "f:2: the line is longer than 4096 bytes");
    memset(text, '\n', CONFIG_FILE_MAX_BYTES + 2);
    assert_int_equal(config_parse(&config, text, CONFIG_FILE_MAX_BYTES, "f", &err), RC_OK);
    config_fini(&config);
    assert_int_equal(config_parse(&config, text, CONFIG_FILE_MAX_BYTES + 1, "f", &err), RC_CONFIG);
    free(text);
}

/* Was quadratic once. */
static void many_people_are_read_quickly(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    char *text = malloc(CONFIG_FILE_MAX_BYTES);
    size_t len = (size_t)sprintf(text, "[users]\n");
    unsigned count = 0;
    while (len < CONFIG_FILE_MAX_BYTES - 32)
        len += (size_t)snprintf(text + len, 32, "%u=N\n", 100000 + count++);
    assert_int_equal(config_parse(&config, text, len, "f", &err), RC_OK);
    assert_int_equal(config.entries.len, count);
    config_fini(&config);
    free(text);
}

static void a_missing_file_is_empty_unless_it_was_named(void **state)
{
    (void)state;
    struct config config;
    struct err err = {0};
    assert_int_equal(config_load(&config, "/nonexistent/config.ini", false, &err), RC_OK);
    assert_int_equal(config.sections.len, 0);
    assert_string_equal(config.path, "/nonexistent/config.ini");
    config_fini(&config);
    assert_int_equal(config_load(&config, "/nonexistent/config.ini", true, &err), RC_CONFIG);
    assert_string_equal(err.text, "cannot open the configuration /nonexistent/config.ini: No such "
                                  "file or directory");
    assert_int_equal(config_load(&config, "/", false, &err), RC_CONFIG);
    assert_string_equal(err.text, "/ is a folder: name the file in it");
}

static void a_file_is_read_whole(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    char path[] = "/tmp/callhud-config.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int i = 0; i < 3000; i++)
        assert_true(dprintf(fd, "# line %d\n", i) > 0);
    assert_true(dprintf(fd, "[profile x]\nuser = u\n") > 0);
    close(fd);
    assert_int_equal(config_load(&config, path, true, &err), RC_OK);
    assert_int_equal(config_find(&config, "profile x", "user")->line, 3002);
    config_fini(&config);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sections_keys_and_comments),
        cmocka_unit_test(names_profiles_in_their_order),
        cmocka_unit_test(an_unknown_key_names_file_line_and_the_nearest),
        cmocka_unit_test(an_unknown_section_names_the_nearest),
        cmocka_unit_test(doubles_and_broken_lines_are_refused),
        cmocka_unit_test(a_password_in_the_file_names_the_three_ways),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(many_people_are_read_quickly),
        cmocka_unit_test(a_missing_file_is_empty_unless_it_was_named),
        cmocka_unit_test(a_file_is_read_whole),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
