#include "ws_explain.h"

#include "callhud/base/buf.h"
#include "callhud/base/utf8.h"
#include "callhud/net/url.h"

#include <stdio.h>

enum rc ws_explain_status(struct err *err, const char *host, int status, const char *location)
{
    if (status == 401)
        return err_set(err, RC_AUTH, "%s refuses the user or the password (401); check both", host);
    if (status >= 300 && status < 400) {
        char to[256] = "an address it does not name";
        if (location[0] != '\0')
            url_show(to, sizeof to, location);
        return err_set(err, RC_REDIRECT,
                       "the server redirects to %s (%d); set server to that if it is right", to,
                       status);
    }
    if (status == 403)
        return err_set(
            err, RC_REFUSED,
            "%s does not allow this user a websocket (403); check the user's rights there", host);
    if (status == 404)
        return err_set(err, RC_REFUSED,
                       "%s has no websocket at this path (404); check the path in server", host);
    if (status >= 500)
        return err_set(err, RC_REFUSED, "%s has an inner error (%d); see its own log", host,
                       status);
    return err_set(err, RC_REFUSED, "%s answers %d instead of a websocket; check server", host,
                   status);
}

void ws_explain_parting(char *out, size_t size, const unsigned char *bytes, size_t len)
{
    unsigned code = len >= 2 ? (unsigned)(bytes[0] << 8 | bytes[1]) : 0;
    struct buf text;

    buf_init(&text, 1024);
    if (len > 2)
        utf8_clean(&text, (const char *)bytes + 2, len - 2, 100);
    snprintf(out, size, "the server closed the websocket (%u%s%s)", code, len > 2 ? ": " : "",
             buf_text(&text));
    buf_fini(&text);
}
