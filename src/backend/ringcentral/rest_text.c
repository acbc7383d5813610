/* What an answer is and how it is said; small texts of requests. */
#include "callhud/backend/ringcentral/rest.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

bool rex_is_yes(const struct rex_answer *answer)
{
    return answer->rc == RC_OK && answer->status >= 200 && answer->status < 300;
}

void rex_say_reason(const struct rex_answer *answer, char *out, size_t size)
{
    const char *code = answer->code != NULL ? answer->code : "";
    bool has_more = answer->text[answer->reason_len] != '\0';
    (void)str_format(out, size, "%.*s", (int)answer->reason_len, answer->text);
    size_t used = strlen(out);
    if (has_more)
        (void)str_format(out + used, size - used, " (%d%s%.20s)", answer->status,
                         code[0] != '\0' ? " " : "", code);
}

void rex_host(char *out, size_t size, const char *server)
{
    const char *at = strstr(server, "://");
    const char *host = at != NULL ? at + strlen("://") : server;
    (void)snprintf(out, size, "%.*s", (int)strcspn(host, "/?"), host);
}

void rex_escape(struct buf *out, const char *text)
{
    buf_put_escaped(out, text, "-_.~");
}

static const char *advice_of(int status, const char *code)
{
    static const struct {
        const char *code, *advice;
    } known[] = {
        {"CMN-401", "give the application that permission in the developer console"},
        {"CMN-408", "ask an administrator of the account for that permission of your role"},
        {"CMN-402", "an administrator of the account may"},
        {"CMN-404", "an administrator of the account may"},
        {"CMN-109", "the account does not have the feature"},
        {"CMN-303", "the account's plan has no API access"},
        {"SUB-505", "close other programs that use this application, or wait until theirs lapse"},
        {"TAS-106", "the call or your rights do not allow it now"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq_nocase(code, known[i].code))
            return known[i].advice;
    switch (status) {
    case 401: return "the sign-in is not taken: callhud doctor looks into it";
    case 403: return "the service does not allow it";
    case 404: return "it is not there any more, or never was";
    case 409: return "the call is not in a state for it now: look again";
    default: return status >= 500 ? "the service has trouble: try again" : "";
    }
}

size_t rex_explain(char *out, size_t size, const char *what, int status, const char *code,
                   const char *text, int64_t retry_after_ms)
{
    if (status == 429) {
        (void)snprintf(out, size, "the service allows no more requests for %lld s: try again then",
                       (long long)((retry_after_ms > 0 ? retry_after_ms + 999 : 60999) / 1000));
        return strlen(out);
    }
    const char *advice = advice_of(status, code);
    char said[181]; /* what is longer is cut between characters */
    str_copy(said, sizeof said, text);
    bool has_text = text[0] != '\0', has_advice = advice[0] != '\0';
    (void)snprintf(out, size, "%s%s%s", has_text || has_advice ? said : "the service refuses it",
                   has_text && has_advice ? ": " : "", advice);
    size_t reason = strlen(out);
    (void)str_format(out + reason, size - reason, " (%.120s: %d%s%.20s)", what, status,
                     code[0] != '\0' ? " " : "", code);
    return reason;
}
