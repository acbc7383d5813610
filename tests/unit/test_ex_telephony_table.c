/* Every cell of the table of what can be done with a party in which state. The expectations are
 * written here anew, from contracts: ringcentral 4.1 and 4.3. */
#include "ex_calls_rig.h"

#define OUT "+17778732492"
#define CODES 7
#define IN 0
#define OUTBOUND 1

static const char *const code_names[CODES] = {"Setup",  "Proceeding", "Answered",    "Hold",
                                              "Parked", "Gone",       "Disconnected"};

/* For inbound and outbound parties: by code "status" or "status>code it has then". */
static const struct {
    const char *name, *method, *path, *body;
    const char *cells[2][CODES];
} actions[] = {
    {"hangup",
     "DELETE",
     "",
     NULL,
     {{"204>D", "204>D", "204>D", "204>D", "204>D", "404", "404"},
      {"204>D", "204>D", "204>D", "204>D", "204>D", "404", "404"}}},
    {"mute",
     "PATCH",
     "",
     "{\"muted\":true}",
     {{"409", "409", "200>A", "200>H", "409", "404", "404"},
      {"409", "409", "200>A", "200>H", "409", "404", "404"}}},
    {"hold",
     "POST",
     "/hold",
     "{}",
     {{"409", "409", "200>H", "409", "409", "404", "404"},
      {"409", "409", "200>H", "409", "409", "404", "404"}}},
    {"unhold",
     "POST",
     "/unhold",
     NULL,
     {{"409", "409", "409", "200>A", "409", "404", "404"},
      {"409", "409", "409", "200>A", "409", "404", "404"}}},
    {"answer",
     "POST",
     "/answer",
     "{\"deviceId\":\"DEVICE\"}",
     {{"200>A", "200>A", "409", "409", "409", "404", "404"},
      {"409", "409", "409", "409", "409", "404", "404"}}},
    {"reject",
     "POST",
     "/reject",
     NULL,
     {{"204>D", "204>D", "409", "409", "409", "404", "404"},
      {"409", "409", "409", "409", "409", "404", "404"}}},
    {"ignore",
     "POST",
     "/ignore",
     "{\"deviceId\":\"DEVICE\"}",
     {{"204>S", "204>P", "409", "409", "409", "404", "404"},
      {"409", "409", "409", "409", "409", "404", "404"}}},
    {"forward",
     "POST",
     "/forward",
     "{\"phoneNumber\":\"+16505550100\"}",
     {{"200>D", "200>D", "409", "409", "409", "404", "404"},
      {"409", "409", "409", "409", "409", "404", "404"}}},
    {"transfer",
     "POST",
     "/transfer",
     "{\"extensionNumber\":\"109\"}",
     {{"409", "409", "200>D", "200>D", "409", "404", "404"},
      {"409", "409", "200>D", "200>D", "409", "404", "404"}}},
    {"bridge",
     "POST",
     "/bridge",
     "BRIDGE",
     {{"409", "409", "200>G", "200>G", "409", "404", "404"},
      {"409", "409", "200>G", "200>G", "409", "404", "404"}}},
    {"park",
     "POST",
     "/park",
     NULL,
     {{"409", "409", "201>K", "201>K", "409", "404", "404"},
      {"409", "409", "409", "409", "409", "404", "404"}}},
    {"pickup",
     "POST",
     "/pickup",
     "{\"deviceId\":\"DEVICE\"}",
     {{"201>D", "201>D", "409", "201>D", "201>G", "404", "404"},
      {"409", "409", "409", "201>D", "201>G", "404", "404"}}},
    {"flip",
     "POST",
     "/flip",
     "{\"callFlipId\":\"*1\"}",
     {{"409", "409", "200>D", "409", "409", "404", "404"},
      {"409", "409", "200>D", "409", "409", "404", "404"}}},
    {"record",
     "POST",
     "/recordings",
     NULL,
     {{"409", "409", "201>A", "201>H", "409", "404", "404"},
      {"409", "409", "201>A", "201>H", "409", "404", "404"}}},
    {"reply",
     "POST",
     "/reply",
     "{\"replyWithText\":\"later\"}",
     {{"200>D", "200>D", "409", "409", "409", "404", "404"},
      {"409", "409", "409", "409", "409", "404", "404"}}},
    {"read",
     "GET",
     "",
     NULL,
     {{"200>S", "200>P", "200>A", "200>H", "200>K", "200>G", "200>D"},
      {"200>S", "200>P", "200>A", "200>H", "200>K", "200>G", "200>D"}}},
};

/* A party of 102 in that state, whose session goes on whatever he does. */
static struct ex_party *party_in(struct rig *rig, enum ex_code code, int direction)
{
    struct ex_session *s = direction == IN ? rig_call(rig, OUT, "102") : rig_call(rig, "102", OUT);
    struct ex_party *party = rig_party(s, direction == IN ? 2 : 1);
    if (code == EX_SETUP)
        party->code = EX_SETUP; /* never lasts: nobody outside sees it between two requests */
    if (code <= EX_PROCEEDING)
        return party;
    assert_int_equal(rig_call_do(rig, s, "answer"), 200);
    rig->caller = rig_user(rig, "102");
    if (code == EX_HOLD)
        assert_int_equal(rig_do(rig, "POST", party, "/hold", NULL), 200);
    else if (code == EX_PARKED && direction == IN)
        assert_int_equal(rig_do(rig, "POST", party, "/park", NULL), 201);
    else if (code == EX_PARKED)
        party->code = EX_PARKED; /* only inbound calls are parked: by force */
    else if (code == EX_DISCONNECTED)
        assert_int_equal(rig_do(rig, "POST", party, "/transfer", "{\"extensionNumber\":\"108\"}"),
                         200);
    else if (code == EX_GONE) {
        /* A conference goes on without its participant that went elsewhere: by force as well. */
        assert_int_equal(rig_do(rig, "POST", party, "/transfer", "{\"extensionNumber\":\"108\"}"),
                         200);
        party->code = EX_GONE;
    }
    assert_int_equal(party->code, code);
    return party;
}

static void fill_body(struct rig *rig, const char *pattern, char *out, size_t size)
{
    const struct ex_user *user = rig_user(rig, "102");
    if (!pattern) {
        out[0] = '\0';
    } else if (str_eq(pattern, "BRIDGE")) {
        struct ex_session *other = rig_call(rig, "+33140000000", "102");
        assert_int_equal(rig_call_do(rig, other, "answer"), 200);
        snprintf(out, size, "{\"telephonySessionId\":\"%s\",\"partyId\":\"%s\"}", other->id,
                 rig_party(other, 2)->id);
    } else {
        const char *at = strstr(pattern, "DEVICE");
        snprintf(out, size, "%.*s%s%s", at ? (int)(at - pattern) : (int)strlen(pattern), pattern,
                 at ? user->devices.items[0]->id : "", at ? at + 6 : "");
    }
}

static void check(size_t a, int code, int direction)
{
    static const char letters[] = "SPAHKGD";
    struct rig rig;
    char body[256], got[32];
    rig_start(&rig, 20);
    struct ex_party *party = party_in(&rig, (enum ex_code)code, direction);
    rig.caller = rig_user(&rig, "102");
    fill_body(&rig, actions[a].body, body, sizeof body);
    bool is_code_kept = party->code == (enum ex_code)code;
    rig_forget(&rig);
    int status =
        rig_do(&rig, actions[a].method, party, actions[a].path, actions[a].body ? body : NULL);
    if (status < 400)
        snprintf(got, sizeof got, "%d>%c", status, letters[party->code]);
    else
        snprintf(got, sizeof got, "%d", status);
    if (!is_code_kept || !str_eq(got, actions[a].cells[direction][code]))
        fail_msg("%s, %s, %s: %s, expected %s", actions[a].name, code_names[code],
                 direction == IN ? "inbound" : "outbound", got, actions[a].cells[direction][code]);
    /* A refusal changes nothing and tells nothing, and has the error body. */
    if (status >= 400) {
        assert_int_equal(party->code, code);
        assert_int_equal(json_array_size(rig.events), 0);
        assert_string_not_equal(rig_text(&rig, "errors.0.errorCode"), "");
        assert_string_not_equal(rig_text(&rig, "message"), "");
    }
    assert_int_equal(status == 204, rig.reply.body == NULL && status != 200);
    rig_stop(&rig);
}

static void every_cell(void **state)
{
    (void)state;
    for (size_t a = 0; a < sizeof actions / sizeof actions[0]; a++) {
        for (int code = 0; code < CODES; code++) {
            check(a, code, IN);
            check(a, code, OUTBOUND);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_cell)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
