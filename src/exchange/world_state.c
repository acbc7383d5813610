/* GET /exchange/state: what is true, in the words that callhud's own JSON has. */
#include "ex.h"

#include "callhud/base/clock.h"
#include "callhud/base/str.h"

static const char *call_state(const struct ex_party *party)
{
    const char *telephony = ex_party_telephony(party);
    if (str_eq(telephony, "Ringing"))
        return party->is_outbound ? "dialling" : "ringing";
    if (str_eq(telephony, "CallConnected"))
        return "connected";
    if (str_eq(telephony, "OnHold"))
        return "held";
    return str_eq(telephony, "ParkedCall") ? "parked" : NULL;
}

static json_t *call_of(const struct ex *x, const struct ex_party *party, const char *state)
{
    char since[CLOCK_ISO_BYTES], start[CLOCK_ISO_BYTES];
    const char *number = party->peer ? ex_party_number(party->peer) : party->number;
    clock_format_iso(ex_wall_of(x, party->since_ms), since);
    clock_format_iso(ex_wall_of(x, party->start_ms), start);
    return json_pack("{ss, ss, ss, ss, ss?, ss, ss, sb}", "id", party->session->id, "party",
                     party->id, "state", state, "direction", party->is_outbound ? "out" : "in",
                     "number", str_is_empty(number) ? NULL : number, "since", since, "start", start,
                     "recorded", party->is_recorded);
}

static const char *presence_word(const struct ex_user *user)
{
    if (!user->is_online || str_eq(user->user_status, "Offline"))
        return "offline";
    return str_eq(user->user_status, "Busy") ? "busy" : "available";
}

static json_t *user_state(const struct ex *x, const struct ex_user *user)
{
    json_t *calls = json_array();
    char name[160];
    ex_full_name(user, name, sizeof name);
    for (size_t i = 0; i < user->parties.len; i++) {
        const char *state = call_state(user->parties.items[i]);
        if (state)
            json_array_append_new(calls, call_of(x, user->parties.items[i], state));
    }
    return json_pack("{ss, ss, ss, ss, sb, sb, sb, sb, ss, ss, ss, so}", "extension",
                     user->extension, "name", name, "department", user->department, "presence",
                     presence_word(user), "dnd", str_eq(user->dnd_status, "DoNotAcceptAnyCalls"),
                     "online", user->is_online, "enabled", user->is_enabled, "sharesPresence",
                     user->shares_presence, "userStatus", user->user_status, "dndStatus",
                     user->dnd_status, "callerIdVisibility", user->caller_id_visibility, "calls",
                     calls);
}

json_t *ex_state_users(struct ex *x)
{
    json_t *users = json_array();
    for (size_t i = 0; i < ex_users_len(x); i++)
        json_array_append_new(users, user_state(x, ex_user_at(x, i)));
    return users;
}

/* An element for every line: {"id","extension","reserved"}; only of those who have an appearance.
 */
json_t *ex_state_appearances(struct ex *x)
{
    json_t *all = json_object();
    for (size_t i = 0; i < ex_users_len(x); i++) {
        const struct ex_user *user = ex_user_at(x, i);
        json_t *lines = user->lines.len ? json_array() : NULL;
        for (size_t l = 0; l < user->lines.len; l++) {
            const struct ex_line *line = &user->lines.items[l];
            const struct ex_user *whom = ex_user_by_id(x, line->extension_id);
            const struct ex_queue *queue = ex_queue_by_id(x, line->extension_id);
            const struct ex_location *location = ex_location_by_id(x, line->extension_id);
            json_array_append_new(lines, json_pack("{si, ss, sb}", "id", (int)line->id, "extension",
                                                   whom       ? whom->extension
                                                   : queue    ? queue->extension
                                                   : location ? location->extension
                                                              : "",
                                                   "reserved", line->is_reserved));
        }
        if (lines)
            json_object_set_new(all, user->extension, lines);
    }
    return all;
}
