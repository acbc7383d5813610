/* Where numbers lead: extensions, queues, park locations, orbits, the world outside. */
#include "telephony.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

bool user_takes_calls(const struct ex_user *user)
{
    return user->is_enabled && user->is_online && !str_eq(user->dnd_status, "DoNotAcceptAnyCalls");
}

void location_count(struct ex *x, uint64_t extension_id, int by)
{
    struct ex_location *location = ex_location_by_id(x, extension_id);
    if (!location)
        return;
    unsigned *count = &x->calls->parked[location - x->locations];
    *count = by > 0 ? *count + 1 : *count - 1;
    ex_location_changed(x, location);
}

bool ex_parked_at(const struct ex *x, uint64_t extension_id)
{
    const struct ex_location *location = ex_location_by_id(x, extension_id);
    return location && x->calls->parked[location - x->locations] > 0;
}

/* --- orbits: *801 to *899 -------------------------------------------------------------------- */

struct ex_party *orbit_party(const struct ex *x, const char *orbit)
{
    int64_t number;
    if (orbit[0] != '*' || !str_to_int(orbit + 1, 801, 899, &number))
        return NULL;
    return x->calls->orbits[number - 801];
}

bool orbit_take(struct ex *x, struct ex_party *party)
{
    size_t used = 0, free_at = CALLS_ORBITS;
    for (size_t i = CALLS_ORBITS; i-- > 0;) {
        if (x->calls->orbits[i])
            used++;
        else
            free_at = i;
    }
    if (used >= CALLS_ORBITS_MAX)
        return false;
    x->calls->orbits[free_at] = party;
    snprintf(party->park, sizeof party->park, "*8%02zu", free_at + 1);
    return true;
}

/* --- numbers --------------------------------------------------------------------------------- */

static bool place_of_extension(struct ex *x, const char *extension, struct place *out)
{
    out->user = ex_user_by_extension(x, extension);
    if (out->user) {
        out->kind = TO_USER;
        return true;
    }
    for (size_t i = 0; i < x->queues_len; i++) {
        if (str_eq(x->queues[i].extension, extension)) {
            out->kind = TO_QUEUE;
            out->queue = &x->queues[i];
            return true;
        }
    }
    return false;
}

/* "+16505550106", "650 555 0106", "911": digits, with signs between them. */
static bool is_outside_number(const char *number)
{
    size_t digits = strspn(number, "+") > 1 ? 0 : 1;
    if (digits == 0)
        return false;
    digits = 0;
    for (const char *at = number[0] == '+' ? number + 1 : number; *at; at++) {
        if (*at >= '0' && *at <= '9')
            digits++;
        else if (!strchr(" -().", *at))
            return false;
    }
    return digits >= (number[0] == '+' ? 3u : 7u) && digits <= 20;
}

bool place_of_number(struct ex *x, const char *number, struct place *out)
{
    *out = (struct place){0};
    if (place_of_extension(x, number, out))
        return true;
    if (!is_outside_number(number))
        return false;
    out->kind = TO_OUTSIDE;
    return str_copy(out->number, sizeof out->number, number);
}

static bool place_of_id(struct ex *x, uint64_t id, struct place *out)
{
    out->user = ex_user_by_id(x, id);
    out->queue = out->user ? NULL : ex_queue_by_id(x, id);
    out->kind = out->user ? TO_USER : TO_QUEUE;
    return out->user || out->queue;
}

/* The value of one key; false: the reply is filled. */
static bool place_of_key(struct ex *x, struct ex_args *args, const char *key, const json_t *value,
                         struct place *out)
{
    uint64_t id = 0;
    bool is_id = str_eq(key, "extensionId") || str_eq(key, "voicemail") || str_eq(key, "parkOrbit");
    bool is_known = false;
    if (is_id ? !ex_json_id(value, &id) : !json_is_string(value)) {
        ex_reply_invalid(args->reply, key);
        return false;
    }
    if (str_eq(key, "parkOrbit")) {
        out->kind = TO_LOCATION;
        out->location = id;
        is_known = ex_location_by_id(x, id) != NULL;
    } else if (is_id) {
        is_known = place_of_id(x, id, out);
        if (str_eq(key, "voicemail"))
            out->kind = TO_MAILBOX;
    } else if (str_eq(key, "extensionNumber")) {
        is_known = place_of_extension(x, json_string_value(value), out);
    } else if (!place_of_number(x, json_string_value(value), out)) {
        ex_reply_invalid(args->reply, key);
        return false;
    } else {
        is_known = true;
    }
    if (!is_known)
        ex_reply_unknown(args->reply, 404, key);
    return is_known;
}

bool place_of_body(struct ex *x, struct ex_args *args, bool has_park, struct place *out)
{
    static const char *const keys[] = {"phoneNumber", "extensionNumber", "extensionId", "voicemail",
                                       "parkOrbit"};
    size_t given = 0, which = 0;
    *out = (struct place){0};
    for (size_t i = 0; i < (has_park ? 5u : 4u); i++) {
        if (json_object_get(args->request->body, keys[i])) {
            given++;
            which = i;
        }
    }
    if (given != 1) {
        ex_reply_invalid(args->reply, "");
        return false;
    }
    return place_of_key(x, args, keys[which], json_object_get(args->request->body, keys[which]),
                        out);
}
