#include "ws_explain.h"

#include <string.h>

enum rc ws_explain_status(struct err *err, const char *host, int status, const char *location)
{
    if (status == 401)
        return err_set(err, RC_AUTH, "%s refuses the user or the password (401); check both", host);
    if (status >= 300 && status < 400) {
        const char *to = location[0] != '\0' ? location : "an address it does not name";
        /* Behind the "?" is what we asked with, as often as not: a token. */
        return err_set(err, RC_REDIRECT,
                       "the server redirects to %.*s (%d); set server to that if it is right",
                       (int)strcspn(to, "?#"), to, status);
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
