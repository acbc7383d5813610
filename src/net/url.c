#include "callhud/net/url.h"

#include "callhud/base/buf.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <uv.h>

#define SHOWN_MOST 200

bool url_is_numeric(const char *host)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    return uv_ip4_addr(host, 0, &v4) == 0 || uv_ip6_addr(host, 0, &v6) == 0;
}

bool url_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (str_eq_nocase(host, "localhost"))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Only what belongs into a request line: no blanks, controls or bytes beyond ASCII. */
static bool is_clean(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if (*p <= 0x20 || *p >= 0x7F)
            return false;
    return true;
}

static bool is_host_name(const char *host)
{
    for (const unsigned char *p = (const unsigned char *)host; *p != '\0'; p++)
        if (!isalnum(*p) && *p != '-' && *p != '.' && *p != '_')
            return false;
    return host[0] != '\0';
}

/* Takes the scheme off; the rest, or NULL. */
static const char *take_scheme(const char *text, const char *scheme, struct url *out)
{
    size_t len = strlen(scheme);

    if (strncasecmp(text, scheme, len) != 0)
        return NULL;
    text += len;
    out->is_tls = *text == 's' || *text == 'S';
    text += out->is_tls ? 1 : 0;
    return str_starts(text, "://") ? text + 3 : NULL;
}

/* Host and port of authority[len]. */
static bool take_authority(const char *authority, size_t len, struct url *out)
{
    const char *host = authority;
    const char *end = authority + len;
    const char *host_end;

    out->is_v6 = len > 0 && *host == '[';
    if (out->is_v6) {
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
    } else {
        host_end = memchr(host, ':', len);
        if (host_end == NULL)
            host_end = end;
    }
    if (host_end == NULL || (size_t)(host_end - host) >= sizeof out->host)
        return false;
    memcpy(out->host, host, (size_t)(host_end - host));
    out->host[host_end - host] = '\0';
    if (out->is_v6 ? !(strchr(out->host, ':') && url_is_numeric(out->host))
                   : !is_host_name(out->host))
        return false;

    const char *port = host_end + (out->is_v6 ? 1 : 0);
    int64_t number = out->is_tls ? 443 : 80;
    char digits[6];

    if (port != end) {
        if (*port != ':' || (size_t)(end - port - 1) >= sizeof digits)
            return false;
        memcpy(digits, port + 1, (size_t)(end - port - 1));
        digits[end - port - 1] = '\0';
        if (!str_to_int(digits, 1, 65535, &number))
            return false;
    }
    out->port = (int)number;
    out->is_port_usual = number == (out->is_tls ? 443 : 80);
    return true;
}

/* How much of an address an error shows: what may hold a token or a password stays out of it. */
static int shown_len(const char *text)
{
    size_t len = strcspn(text, "?#");
    if (memchr(text, '@', len) != NULL)
        len = strcspn(text, ":@");
    return len < SHOWN_MOST ? (int)len : SHOWN_MOST;
}

void url_show(char *out, size_t size, const char *text)
{
    struct buf clean;
    buf_init(&clean, SHOWN_MOST * 4);
    utf8_clean(&clean, text, (size_t)shown_len(text), SHOWN_MOST);
    str_copy(out, size, buf_text(&clean));
    buf_fini(&clean);
}

enum rc url_parse(const char *text, const char *scheme, struct url *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (text == NULL || !is_clean(text))
        return err_set(
            err, RC_CONFIG,
            "the server's address holds a blank or a control character; escape it as %%20");
    const char *authority = take_scheme(text, scheme, out);

    if (authority == NULL)
        return err_set(err, RC_CONFIG, "the server's address \"%.*s\" is none: write %ss://HOST",
                       shown_len(text), text, scheme);
    size_t len = strcspn(authority, "/?#");

    if (memchr(authority, '@', len) != NULL)
        return err_set(err, RC_CONFIG,
                       "the server's address holds a name or password, which would "
                       "end up in logs; set user and password instead");
    if (!take_authority(authority, len, out))
        return err_set(err, RC_CONFIG, "the server's address \"%.*s\" has no usable host and port",
                       shown_len(text), text);
    out->path = authority[len] == '/' ? authority + len : "/";
    if ((authority[len] != '/' && authority[len] != '\0') || strchr(authority, '#') != NULL)
        return err_set(err, RC_CONFIG, "the server's address \"%.*s\" has no path before ? or #",
                       shown_len(text), text);
    if (strlen(out->path) > URL_PATH_MAX_BYTES)
        return err_set(err, RC_CONFIG, "the path of the server's address is longer than %d bytes",
                       URL_PATH_MAX_BYTES);
    if (!out->is_tls && !url_is_loopback(out->host))
        return err_set(err, RC_CONFIG,
                       "plain text to %s is refused: passwords and calls would be readable on the "
                       "way; use %ss:// in the server's address",
                       out->host, scheme);
    return RC_OK;
}
