/* Live calls as records of the call log. */
#include "directory.h"

#include "callhud/base/str.h"

static json_t *end_record(const struct ex_party *party)
{
    char name[160] = "";
    json_t *end = json_object();
    if (!party)
        return end;
    const char *number = ex_party_number(party);
    ex_party_name(party, name, sizeof name);
    if (party->user)
        json_object_set_new(end, "extensionId", ex_text_id(party->user->id));
    if (!str_is_empty(number))
        json_object_set_new(end, party->user ? "extensionNumber" : "phoneNumber",
                            json_string(number));
    if (*name)
        json_object_set_new(end, "name", json_string(name));
    return end;
}

static json_t *call_record(struct ex *x, const struct ex_args *args, const struct ex_party *party)
{
    const char *base = args->request->base_url;
    const struct ex_user *user = party->user;
    const struct ex_session *session = party->session;
    bool sees = ex_sees_presence(user, args->request->caller) &&
                ex_sees_details(user, args->request->caller);
    bool is_inside = party->peer && party->peer->user;
    json_t *record = json_pack(
        "{ss, so, so, ss, ss, ss, ss, ss, ss, so, sI, ss, s{sI, so}}", "id", party->id, "uri",
        ex_uri(base, "/extension/%llu/call-log/%s", (unsigned long long)user->id, party->id),
        "sessionId", ex_text_id(session->short_id), "telephonySessionId", session->id, "partyId",
        party->id, "type", "Voice", "direction", party->is_outbound ? "Outbound" : "Inbound",
        "action", party->is_outbound ? "VoIP Call" : "Phone Call", "result", "In Progress",
        "startTime", ex_time(x, party->start_ms), "duration",
        (json_int_t)((ex_now(x) - party->start_ms) / 1000), "transport",
        is_inside ? "VoIP" : "PSTN", "extension", "id", (json_int_t)user->id, "uri",
        ex_uri(base, "/extension/%llu", (unsigned long long)user->id));
    if (sees) {
        json_object_set_new(record, "from", end_record(party->is_outbound ? party : party->peer));
        json_object_set_new(record, "to", end_record(party->is_outbound ? party->peer : party));
    }
    return record;
}

struct listing {
    struct ex_page page;
    size_t at; /* records seen so far */
    json_t *records;
};

static void list_user(struct ex *x, struct ex_args *args, const struct ex_user *user,
                      struct listing *listing)
{
    for (size_t i = 0; i < user->parties.len; i++) {
        const struct ex_party *party = user->parties.items[i];
        const char *direction = party->is_outbound ? "Outbound" : "Inbound";
        if (str_eq(ex_party_telephony(party), "NoCall"))
            continue;
        if (ex_query(args->request, "direction") &&
            !ex_query_has(args->request, "direction", direction))
            continue;
        if (listing->records && listing->at >= listing->page.start &&
            listing->at < listing->page.end)
            json_array_append_new(listing->records, call_record(x, args, party));
        listing->at++;
    }
}

/* Of one user, or of all. Counted first, then listed. */
static void answer(struct ex *x, struct ex_args *args, const struct ex_user *only)
{
    struct listing listing = {.records = NULL};
    if (!ex_page_read(args, 100, 1000, &listing.page))
        return;
    for (int pass = 0; pass < 2; pass++) {
        listing.at = 0;
        if (only)
            list_user(x, args, only, &listing);
        for (size_t i = 0; !only && i < ex_users_len(x); i++)
            list_user(x, args, ex_user_at(x, i), &listing);
        if (pass == 0) {
            ex_page_of(&listing.page, listing.at);
            listing.records = json_array();
        }
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &listing.page, listing.records));
}

void ex_get_own_active_calls(struct ex *x, struct ex_args *args)
{
    answer(x, args, args->user);
}

void ex_get_all_active_calls(struct ex *x, struct ex_args *args)
{
    answer(x, args, NULL);
}
