/* What a person types to find users: parsed, and asked of a small floor with users of every lamp.
 */
#include "callhud/model/filter.h"

#include "callhud/base/utf8.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define NOW_MS 5000
#define EPOCH_MS INT64_C(1795356000000)

static struct hud hud;

static void tell(struct event event)
{
    event.at_ms = EPOCH_MS;
    (void)hud_apply(&hud, &event, NOW_MS);
}

static void tell_user(const char *id, const char *name, const char *department,
                      enum presence presence)
{
    struct event user = {.kind = EVENT_USER, .user_id = id};
    struct event status = {.kind = EVENT_PRESENCE, .user_id = id};

    user.u.user.extension = id;
    user.u.user.name = name;
    user.u.user.department = department;
    tell(user);
    status.u.presence.presence = presence;
    tell(status);
}

static void tell_call(const char *id, enum call_state state, const char *name, const char *number)
{
    static const struct supervisor by[] = {{"900", SUPERVISE_LISTEN}};
    struct event call = {.kind = EVENT_CALL, .user_id = id};

    call.u.call.id = name;
    call.u.call.state = state;
    call.u.call.name = name;
    call.u.call.number = number;
    call.u.call.is_recorded = state == CALL_CONNECTED;
    call.u.call.supervisors = by;
    call.u.call.supervisors_len = state == CALL_HELD;
    tell(call);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct event link = {.kind = EVENT_LINK, .u.link.state = LINK_LIVE};
    struct event withheld = {.kind = EVENT_CALLS_WITHHELD, .user_id = "303"};

    (void)argc;
    (void)argv;
    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    hud_init(&hud);
    tell(link);
    tell((struct event){.kind = EVENT_SNAPSHOT_ASKED});
    tell_user("101", "Noor Haddad", "Sales", PRESENCE_AVAILABLE);
    tell_call("101", CALL_CONNECTED, "Acme Ltd", "+1 (777) 873-2492");
    tell_user("102", "Zoë Brandt", "Sales", PRESENCE_AWAY);
    tell_user("103", "", "", PRESENCE_AVAILABLE);
    tell_call("103", CALL_HELD, "Groß & Söhne", "sip:x@example.com");
    tell_call("103", CALL_RINGING, "田中 花子", "");
    tell_user("303", "Pia Holm", "Billing", PRESENCE_AVAILABLE);
    tell_call("303", CALL_RINGING, "Initech", "5550100");
    withheld.u.withheld.is_withheld = true;
    tell(withheld);
    tell_user("4", "Ida", "Logistics", PRESENCE_UNKNOWN);
    tell((struct event){.kind = EVENT_SNAPSHOT_DONE});
    CHECK(hud.users.len == 5);
    return 0;
}

static size_t count_passing(const struct filter *filter)
{
    size_t count = 0;

    for (size_t i = 0; i < hud.users.len; i++)
        count += filter_passes(filter, &hud, hud.users.items[i], NOW_MS);
    return count;
}

static void check_filter(const struct filter *filter, const char *text)
{
    CHECK(strcmp(filter->text, text) == 0);
    CHECK(filter->len <= FILTER_TERMS_MAX);
    for (size_t i = 0; i < filter->len; i++) {
        const struct filter_term *term = &filter->terms[i];
        CHECK(term->field <= FILTER_PARTY && term->lamp < LAMP_COUNT);
        CHECK(term->text_at < FILTER_TEXT_BYTES);
        CHECK(memchr(filter->words + term->text_at, '\0', FILTER_TEXT_BYTES - term->text_at));
    }
}

/* Each term alone and turned round: whom the one lets pass the other does not. */
static void check_terms(const struct filter *filter)
{
    size_t least = hud.users.len;

    for (size_t i = 0; i < filter->len; i++) {
        struct filter one = *filter, other;
        one.terms[0] = filter->terms[i];
        one.len = 1;
        other = one;
        other.terms[0].is_negated = !one.terms[0].is_negated;
        size_t passing = count_passing(&one);
        CHECK(passing + count_passing(&other) == hud.users.len);
        least = passing < least ? passing : least;
    }
    CHECK(count_passing(filter) <= least);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter filter = {0}, before;
    struct err err = {0};

    /* Of exact size: reading past its end is seen. */
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';

    CHECK(filter_parse(&filter, "is:hold", NULL) == RC_OK);
    before = filter;
    enum rc rc = filter_parse(&filter, text, &err);
    if (rc == RC_OK) {
        check_filter(&filter, text);
        check_terms(&filter);
    } else {
        CHECK(rc == RC_USAGE && err.rc == rc);
        CHECK(memcmp(&filter, &before, sizeof filter) == 0);
        CHECK(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
        CHECK(utf8_is_valid(err.text, strlen(err.text)));
    }
    free(text);
    return 0;
}
