/* What RingCentral (or whoever sits in its place) sends while it connects: each line is a frame of
 * the gateway, and the body of every answer of the sign-in. What comes out may be shown, and what
 * is an id may go into a path. */
#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

/* Ready for the screen: valid, and with no control character left. */
static void check_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    CHECK(len < size);
    CHECK(utf8_is_valid(text, len));
    for (size_t i = 0; i < len; i++)
        CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

/* Ready for a request: ASCII without blanks, quotes, '?', '#' and '%'. */
static void check_id(const char *text, size_t size)
{
    check_text(text, size);
    CHECK(strpbrk(text, " ?#%\"'\\&<>") == NULL);
    for (size_t i = 0; text[i] != '\0'; i++)
        CHECK((unsigned char)text[i] < 0x7f);
}

static void check_call(const struct rex_active_call *call)
{
    check_id(call->id, sizeof call->id);
    check_id(call->session_id, sizeof call->session_id);
    check_id(call->party_id, sizeof call->party_id);
    check_text(call->number, sizeof call->number);
    check_text(call->name, sizeof call->name);
}

static void check_party(const struct rex_party *party)
{
    check_id(party->id, sizeof party->id);
    check_id(party->extension_id, sizeof party->extension_id);
    check_id(party->device_id, sizeof party->device_id);
    check_id(party->recording_id, sizeof party->recording_id);
    check_text(party->reason, sizeof party->reason);
    check_text(party->from_number, sizeof party->from_number);
    check_text(party->from_name, sizeof party->from_name);
    check_text(party->to_number, sizeof party->to_number);
    check_text(party->to_name, sizeof party->to_name);
    check_text(party->park, sizeof party->park);
}

static void check_notice(const struct rex_notice *notice)
{
    check_id(notice->presence.extension_id, sizeof notice->presence.extension_id);
    check_text(notice->presence.extension, sizeof notice->presence.extension);
    check_text(notice->presence.message, sizeof notice->presence.message);
    CHECK(notice->presence.calls.len <= REX_CALLS_MOST);
    for (size_t i = 0; i < notice->presence.calls.len; i++)
        check_call(&notice->presence.calls.items[i]);
    check_id(notice->session.id, sizeof notice->session.id);
    for (size_t i = 0; i < notice->session.parties.len; i++)
        check_party(&notice->session.parties.items[i]);
}

static void frame(const char *bytes, size_t len)
{
    struct rex_frame out;
    struct err err = {0};
    enum rc rc = rex_wire_frame(&out, bytes, len, &err);
    CHECK(rc == RC_OK || err.text[0] != '\0');
    check_id(out.message_id, sizeof out.message_id);
    check_id(out.reply.subscription_id, sizeof out.reply.subscription_id);
    check_text(out.wsc.token, sizeof out.wsc.token);
    check_text(out.code, sizeof out.code);
    check_text(out.text, sizeof out.text);
    CHECK(out.status >= 0 && out.status <= 999);
    for (size_t i = 0; i < out.reply.disabled.len; i++) {
        check_text(out.reply.disabled.items[i].filter, sizeof out.reply.disabled.items[i].filter);
        check_text(out.reply.disabled.items[i].reason, sizeof out.reply.disabled.items[i].reason);
    }
    if (rc == RC_OK && out.kind == REX_FRAME_DETAILS)
        CHECK(out.details.idle_timeout_ms > 0 && out.details.absolute_timeout_ms > 0 &&
              out.details.recovery_timeout_ms > 0);
    if (rc == RC_OK && out.kind == REX_FRAME_NOTICE)
        check_notice(&out.notice);
    rex_frame_fini(&out);
}

static void answers(const char *bytes, size_t len)
{
    static struct rex_token token;
    static struct rex_wstoken wstoken;
    struct err err = {0};
    char code[24], text[REX_TEXT_BYTES];
    if (rex_wire_token(&token, bytes, len, &err) == RC_OK) {
        CHECK(token.access[0] != '\0' && token.expires_in_ms > 0);
        check_text(token.access, sizeof token.access);
        check_text(token.refresh, sizeof token.refresh);
        check_text(token.scope, sizeof token.scope);
        check_id(token.owner_id, sizeof token.owner_id);
    }
    if (rex_wire_wstoken(&wstoken, bytes, len, &err) == RC_OK) {
        CHECK(wstoken.uri[0] != '\0' && wstoken.token[0] != '\0');
        check_text(wstoken.uri, sizeof wstoken.uri);
    }
    rex_wire_error(code, sizeof code, text, sizeof text, bytes, len);
    check_text(code, sizeof code);
    check_text(text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_dup_n((const char *)data, size);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - text) - at : size - at;
        char *line = mem_dup_n(text + at, len); /* found when it is read past its end */
        frame(line, len);
        answers(line, len);
        mem_free(line);
        at += len + 1;
    }
    mem_free(text);
    return 0;
}
