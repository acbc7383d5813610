#include "callhud/net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void good(const char *text, bool is_tls, const char *host, int port, const char *path)
{
    struct url url;
    struct err err = {.text = ""};

    if (url_parse(text, "http", &url, &err) != RC_OK)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(url.is_tls, is_tls);
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_string_equal(url.path, path);
    assert_int_equal(url.is_port_usual, port == (is_tls ? 443 : 80));
    assert_int_equal(url.is_v6, strchr(host, ':') != NULL);
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    good("https://pbx.example", true, "pbx.example", 443, "/");
    good("https://pbx.example/", true, "pbx.example", 443, "/");
    good("HTTPS://pbx.example:8089/ari/events?app=a%20b&x=@:/", true, "pbx.example", 8089,
         "/ari/events?app=a%20b&x=@:/");
    good("http://127.0.0.1:8088/ari", false, "127.0.0.1", 8088, "/ari");
    good("http://localhost:80/ari", false, "localhost", 80, "/ari");
    good("https://[2001:db8::1]:8089/a", true, "2001:db8::1", 8089, "/a");
    good("http://[::1]", false, "::1", 80, "/");
    good("https://under_score-x.example:1", true, "under_score-x.example", 1, "/");
    good("https://host:65535", true, "host", 65535, "/");
}

static void bad(const char *text, const char *scheme, const char *words)
{
    struct url url;
    struct err err = {.text = ""};

    assert_int_equal(url_parse(text, scheme, &url, &err), RC_CONFIG);
    assert_int_equal(err.rc, RC_CONFIG);
    if (strstr(err.text, words) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", text, err.text, words);
}

static void nonsense_is_refused(void **state)
{
    static const char *const hosts[] = {
        "https://",          "https:///x",        "https://:80",     "https://h:",
        "https://h:0",       "https://h:65536",   "https://h:80x",   "https://h:+80",
        "https://h:-1",      "https://h:000080",  "https://[::1",    "https://[]",
        "https://[1.2.3.4]", "https://[::1]8080", "https://[zz::]",  "https://a/../b#c",
        "https://h?x",       "https://a:b:c",     "https://ho%73t/", "https://h;x/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        bad(hosts[i], "http", "the server's address");
    bad("https://h/a b", "http", "blank");
    bad("https://h/\xC3\xBC", "http", "blank");
    bad("https://h/\r\nX: y", "http", "blank");
    bad("ftp://h/", "http", "write https://HOST");
    bad("https//h/", "http", "write https://HOST");
    bad("https://h/", "ws", "write wss://HOST");
    bad("", "ws", "write wss://HOST");
    bad(NULL, "ws", "blank");
    bad("https://user:secret@h/", "http", "name or password");
    bad("https://user@h/", "http", "name or password");
}

/* The message goes to the screen and the log. */
static void passwords_are_not_repeated(void **state)
{
    static const char *const texts[] = {
        "https://user:geheim@h/",
        "ftp://user:geheim@h/",
        "user:geheim@h",
        "https:/h/?access_token=geheim",
        "https://h:x/ws?access_token=geheim",
        "https://h?access_token=geheim",
        "https://h/ws#geheim",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct url url;
        struct err err = {.text = ""};
        assert_int_equal(url_parse(texts[i], "http", &url, &err), RC_CONFIG);
        assert_null(strstr(err.text, "geheim"));
    }
}

static void plain_text_is_for_loopback(void **state)
{
    (void)state;
    good("http://127.255.255.254/", false, "127.255.255.254", 80, "/");
    good("http://LOCALHOST/", false, "LOCALHOST", 80, "/");
    bad("http://pbx.example/", "http", "use https://");
    bad("ws://pbx.example/", "ws", "use wss://");
    bad("http://126.0.0.1/", "http", "plain text to 126.0.0.1");
    bad("http://127.0.0.1.nip.example/", "http", "plain text");
    bad("http://localhost.example/", "http", "plain text");
    bad("http://0.0.0.0/", "http", "plain text");
    bad("http://127.1/", "http", "plain text"); /* a name to us, whatever a resolver makes of it */
    bad("http://[::2]/", "http", "plain text");
    bad("http://[::ffff:127.0.0.1]/", "http", "plain text");
}

static void lengths_are_bounded(void **state)
{
    char text[3000];

    (void)state;
    snprintf(text, sizeof text, "https://%0100d", 1);
    good(text, true, text + 8, 443, "/");
    snprintf(text, sizeof text, "https://%0101d", 1);
    bad(text, "http", "no usable host");
    snprintf(text, sizeof text, "https://h/%01999d", 1);
    good(text, true, "h", 443, text + 9);
    snprintf(text, sizeof text, "https://h/%02000d", 1);
    bad(text, "http", "longer than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),  cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(passwords_are_not_repeated), cmocka_unit_test(plain_text_is_for_loopback),
        cmocka_unit_test(lengths_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
