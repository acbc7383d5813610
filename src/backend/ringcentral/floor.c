/* People, their presence and calls: merged from events and answers. */
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "floor_parts.h"

#include <stdio.h>
#include <string.h>

#define CALLS_KEPT 48     /* of a user of whom not all are named; the model keeps 64 */
#define MISSING_MOST 1000 /* of one user; a sequence that jumps further tells no more */

void rex_floor_init(struct rex_floor *floor, const struct backend_sink *sink)
{
    memset(floor, 0, sizeof *floor);
    floor->sink = *sink;
}

/* ---- calls of a user ---- */

static void fini_call(struct rex_call *call)
{
    mem_free(call->id);
    mem_free(call->number);
    mem_free(call->name);
}

void rex_user_free_call(struct rex_user *user, uint32_t i)
{
    fini_call(&user->calls[i]);
    user->calls_len--;
    memmove(user->calls + i, user->calls + i + 1, (user->calls_len - i) * sizeof *user->calls);
    if (user->calls_len == 0) {
        mem_free(user->calls);
        user->calls = NULL;
    }
}

size_t rex_user_calls(const struct rex_user *user)
{
    size_t count = 0;
    for (uint32_t i = 0; i < user->calls_len; i++)
        count += !user->calls[i].is_gone && !str_eq(user->calls[i].id, REX_MEETING);
    return count;
}

static struct rex_call *find_call(const struct rex_user *user, const char *id)
{
    for (uint32_t i = 0; i < user->calls_len; i++)
        if (str_eq(user->calls[i].id, id))
            return &user->calls[i];
    return NULL;
}

const struct rex_call *rex_user_call(const struct rex_user *user, const char *call_id)
{
    const struct rex_call *call = find_call(user, call_id);
    return call != NULL && !call->is_gone ? call : NULL;
}

static struct rex_call *add_call(struct rex_user *user, const char *id)
{
    user->calls = mem_grow(user->calls, user->calls_len + 1, sizeof *user->calls);
    struct rex_call *call = &user->calls[user->calls_len++];
    memset(call, 0, sizeof *call);
    call->id = mem_dup(id);
    call->state = REX_NOT_TOLD;
    return call;
}

/* A slash in an id would make two readings possible; '%' is in no id. */
static size_t put_id(char *out, size_t size, const char *id)
{
    size_t len = 0;
    for (; *id != '\0' && len + 4 < size; id++) {
        if (*id == '/') {
            memcpy(out + len, "%2F", 3);
            len += 3;
        } else {
            out[len++] = *id;
        }
    }
    out[len] = '\0';
    return len;
}

void rex_call_id(char *out, size_t size, const char *session_id, const char *party_id)
{
    size_t len = put_id(out, size, session_id);
    if (len + 5 < size)
        out[len++] = '/';
    put_id(out + len, size - len, party_id);
}

static bool take_id(const char *from, size_t len, char out[REX_ID_BYTES])
{
    size_t to = 0;
    for (size_t i = 0; i < len; to++) {
        if (to + 1 >= REX_ID_BYTES)
            return false;
        bool is_slash = len - i >= 3 && memcmp(from + i, "%2F", 3) == 0;
        out[to] = is_slash ? '/' : from[i];
        i += is_slash ? 3 : 1;
    }
    out[to] = '\0';
    return to > 0;
}

bool rex_call_split(const char *call_id, char session_id[REX_ID_BYTES], char party_id[REX_ID_BYTES])
{
    const char *slash = strchr(call_id, '/');
    return slash != NULL && take_id(call_id, (size_t)(slash - call_id), session_id) &&
           take_id(slash + 1, strlen(slash + 1), party_id);
}

/* ---- people ---- */

static void free_user(struct rex_user *user)
{
    for (uint32_t i = 0; i < user->calls_len; i++)
        fini_call(&user->calls[i]);
    mem_free(user->calls);
    mem_free(user->id);
    mem_free(user->extension);
    mem_free(user->name);
    mem_free(user->department);
    mem_free(user->presence.message);
    mem_free(user);
}

void rex_floor_fini(struct rex_floor *floor)
{
    rex_sessions_fini(floor);
    for (size_t i = 0; i < floor->users.len; i++)
        free_user(floor->users.items[i]);
    VEC_FREE(&floor->users);
    map_fini(&floor->by_id, NULL);
    map_fini(&floor->by_extension, NULL);
}

struct rex_user *rex_floor_user(const struct rex_floor *floor, const char *id)
{
    return map_get(&floor->by_id, id);
}

struct rex_user *rex_floor_by_extension(const struct rex_floor *floor, const char *extension)
{
    return map_get(&floor->by_extension, extension);
}

static bool is_own(const struct rex_floor *floor, const struct rex_user *user)
{
    return str_eq(user->id, floor->own_id);
}

/* Own presence is always real (3.1). */
bool rex_floor_is_hidden(const struct rex_floor *floor, const struct rex_user *user)
{
    return (user->presence.has & REX_HAS_SHARED) && !user->presence.is_shared &&
           !is_own(floor, user);
}

static bool set_text(char **field, const char *text)
{
    if (str_eq(*field, text))
        return false;
    mem_free(*field);
    *field = mem_dup(text);
    return true;
}

static void set_extension(struct rex_floor *floor, struct rex_user *user, const char *extension)
{
    if (str_eq(user->extension, extension))
        return;
    if (map_get(&floor->by_extension, user->extension) == user)
        map_remove(&floor->by_extension, user->extension);
    set_text(&user->extension, extension);
    if (extension[0] != '\0')
        map_put(&floor->by_extension, extension, user);
}

static struct rex_user *add_user(struct rex_floor *floor, const char *id)
{
    struct rex_user *user = mem_zero(1, sizeof *user);
    user->id = mem_dup(id);
    user->extension = mem_dup("");
    user->name = mem_dup("");
    user->department = mem_dup("");
    user->index = (uint32_t)floor->users.len;
    user->may_pick_up = user->may_monitor = true;
    user->presence.telephony = REX_NOT_TOLD;
    user->presence.is_shared = true;
    user->sequence = -1;
    VEC_PUSH(&floor->users, user);
    map_put(&floor->by_id, id, user);
    return user;
}

static bool is_place(const char *type)
{
    static const char *const places[] = {"ParkLocation", "Department", "GroupCallPickup",
                                         "ApplicationExtension"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (str_eq_nocase(type, places[i]))
            return true;
    return false;
}

struct rex_user *rex_floor_person(struct rex_floor *floor, const struct rex_person *person)
{
    struct rex_user *user = rex_floor_user(floor, person->id);
    if (user == NULL)
        user = add_user(floor, person->id);
    if (person->extension[0] != '\0')
        set_extension(floor, user, person->extension);
    if (person->name[0] != '\0')
        set_text(&user->name, person->name);
    if (person->name[0] != '\0' || person->department[0] != '\0')
        set_text(&user->department, person->department);
    if (person->type[0] != '\0')
        user->is_place = is_place(person->type);
    if (user->is_told)
        rex_tell_user(floor, user, false);
    return user;
}

void rex_floor_monitor(struct rex_floor *floor, struct rex_user *user, bool is_monitored,
                       uint32_t line)
{
    bool is_other_line = user->line != line;
    user->line = line;
    if (!is_monitored)
        rex_tell_gone(floor, user);
    user->is_monitored = is_monitored;
    if (user->is_told && is_other_line)
        rex_tell_user(floor, user, false);
}

void rex_floor_drop(struct rex_floor *floor, struct rex_user *user)
{
    rex_tell_gone(floor, user);
    if (map_get(&floor->by_extension, user->extension) == user)
        map_remove(&floor->by_extension, user->extension);
    map_remove(&floor->by_id, user->id);
    floor->missing -= user->missing;
    struct rex_user *last = floor->users.items[--floor->users.len];
    floor->users.items[user->index] = last;
    last->index = user->index;
    free_user(user);
}

void rex_floor_grant(struct rex_floor *floor, struct rex_user *user, bool may_pick_up,
                     bool may_monitor)
{
    user->may_pick_up = may_pick_up;
    user->may_monitor = may_monitor;
    if (user->is_told)
        rex_tell_user(floor, user, false);
}

void rex_floor_name(struct rex_floor *floor)
{
    for (size_t i = 0; i < floor->users.len; i++)
        rex_tell_user(floor, floor->users.items[i], floor->is_answering);
}

void rex_floor_settings(struct rex_floor *floor, const struct monitor_settings *settings)
{
    floor->settings = *settings;
    rex_tell_settings(floor, 0);
}

/* ---- presence: merging ---- */

/* Which of the fields that a message has may be written. */
struct merge {
    struct rex_floor *floor;
    struct rex_user *user;
    const struct rex_presence *from;
    uint32_t asked; /* 0: an event */
};

static bool takes(const struct merge *m, enum rex_field field, unsigned has)
{
    if (!(m->from->has & has))
        return false;
    if (m->asked != 0)
        return m->user->touched[field] < m->asked;
    m->user->touched[field] = m->floor->epoch;
    return true;
}

static bool is_call(enum rex_telephony telephony)
{
    return telephony != REX_NO_CALL && telephony != REX_NOT_TOLD;
}

static void active_call_id(char *out, size_t size, const struct rex_active_call *call, size_t i)
{
    if (call->session_id[0] != '\0' && call->party_id[0] != '\0')
        rex_call_id(out, size, call->session_id, call->party_id);
    else if (call->id[0] != '\0')
        put_id(out, size, call->id);
    else
        snprintf(out, size, "#%zu", i);
}

/* A number that rights keep from us may come masked (3.1): no digit of it is left. */
static bool is_number(const char *text)
{
    return strpbrk(text, "0123456789") != NULL;
}

static void put_call(const struct merge *m, const struct rex_active_call *from, size_t i)
{
    char id[REX_CALL_ID_BYTES];
    active_call_id(id, sizeof id, from, i);
    struct rex_call *call = find_call(m->user, id);
    if (call == NULL)
        call = add_call(m->user, id);
    enum rex_telephony state = from->state;
    if (state == REX_NOT_TOLD && call->state == REX_NOT_TOLD)
        state = is_call(m->from->telephony) ? m->from->telephony : REX_CONNECTED;
    if (state != REX_NOT_TOLD)
        call->state = (uint8_t)state;
    call->is_inbound = from->is_inbound;
    call->is_gone = false;
    if (is_number(from->number))
        set_text(&call->number, from->number);
    if (from->name[0] != '\0')
        set_text(&call->name, from->name);
    if (from->start_ms != 0)
        call->start_ms = from->start_ms;
}

/* The list as told; when it says itself that it is not all, calls that it does not name stay, as
 * many as it says there are. */
static void put_calls(const struct merge *m)
{
    struct rex_user *user = m->user;
    const struct rex_presence *from = m->from;
    char id[REX_CALL_ID_BYTES];
    size_t total = from->has & REX_HAS_TOTAL ? from->total_calls : 0;
    for (uint32_t i = 0; i < user->calls_len; i++)
        user->calls[i].is_gone = !str_eq(user->calls[i].id, REX_MEETING);
    for (size_t i = 0; i < from->calls.len; i++)
        if (from->calls.items[i].state != REX_NO_CALL)
            put_call(m, &from->calls.items[i], i);
    size_t known = rex_user_calls(user);
    total = total < CALLS_KEPT ? total : CALLS_KEPT;
    for (uint32_t i = 0; i < user->calls_len && known < total; i++) {
        known += user->calls[i].is_gone;
        user->calls[i].is_gone = false;
    }
    for (size_t i = 0; i < from->calls.len; i++) {
        active_call_id(id, sizeof id, &from->calls.items[i], i);
        struct rex_call *ended =
            from->calls.items[i].state == REX_NO_CALL ? find_call(user, id) : NULL;
        if (ended != NULL)
            ended->is_gone = true;
    }
}

/* The status of the extension without its calls: no call is told whole, one call has that state,
 * of several it cannot be told which. */
static void put_status_alone(const struct merge *m)
{
    struct rex_user *user = m->user;
    bool is_answer = m->asked != 0;
    struct rex_call *only = NULL;
    for (uint32_t i = 0; i < user->calls_len; i++) {
        struct rex_call *call = &user->calls[i];
        if (str_eq(call->id, REX_MEETING) || call->is_gone)
            continue;
        if (!is_call(m->from->telephony) || is_answer)
            call->is_gone = true;
        only = call;
    }
    if (!is_answer && only != NULL && is_call(m->from->telephony) && rex_user_calls(user) == 1)
        only->state = (uint8_t)m->from->telephony;
}

static void put_telephony(const struct merge *m)
{
    struct rex_user *user = m->user;
    if (!takes(m, REX_FIELD_CALLS, REX_HAS_CALLS | REX_HAS_TELEPHONY))
        return;
    if (m->from->has & REX_HAS_CALLS)
        put_calls(m);
    else
        put_status_alone(m);
    if (m->from->has & REX_HAS_TELEPHONY)
        user->presence.telephony = m->from->telephony;
    else
        user->presence.telephony = REX_NOT_TOLD; /* the calls say it */
}

static void put_meeting(struct rex_user *user)
{
    struct rex_call *call = find_call(user, REX_MEETING);
    if (call == NULL && user->presence.is_in_meeting) {
        call = add_call(user, REX_MEETING);
        call->name = mem_dup("meeting");
        call->state = REX_CONNECTED;
    }
    if (call != NULL)
        call->is_gone = !user->presence.is_in_meeting;
}

static void put_settings(const struct merge *m, int64_t at_ms)
{
    struct rex_floor *floor = m->floor;
    m->user->presence.rings_when_monitored = m->from->rings_when_monitored;
    m->user->presence.picks_up_held = m->from->picks_up_held;
    if (!is_own(floor, m->user))
        return;
    struct monitor_settings *settings = &floor->settings;
    if (floor->is_settings_told &&
        settings->ring_when_monitored_rings == m->from->rings_when_monitored &&
        settings->pick_up_held_lines == m->from->picks_up_held)
        return;
    settings->ring_when_monitored_rings = m->from->rings_when_monitored;
    settings->pick_up_held_lines = m->from->picks_up_held;
    rex_tell_settings(floor, at_ms);
}

static void merge(const struct merge *m, int64_t at_ms)
{
    struct rex_user *user = m->user;
    const struct rex_presence *from = m->from;
    user->presence.has |= from->has;
    if (takes(m, REX_FIELD_STATUS, REX_HAS_STATUS))
        user->presence.status = from->status;
    if (takes(m, REX_FIELD_USER_STATUS, REX_HAS_USER_STATUS))
        user->presence.user_status = from->user_status;
    if (takes(m, REX_FIELD_DND, REX_HAS_DND))
        user->presence.is_dnd = from->is_dnd;
    if (takes(m, REX_FIELD_SHARED, REX_HAS_SHARED))
        user->presence.is_shared = from->is_shared;
    if (takes(m, REX_FIELD_MESSAGE, REX_HAS_MESSAGE)) {
        mem_free(user->presence.message);
        user->presence.message = from->message[0] != '\0' ? mem_dup(from->message) : NULL;
    }
    put_telephony(m);
    if (takes(m, REX_FIELD_MEETING, REX_HAS_MEETING))
        user->presence.is_in_meeting = from->is_in_meeting;
    put_meeting(user);
    if (takes(m, REX_FIELD_SETTINGS, REX_HAS_SETTINGS))
        put_settings(m, at_ms);
    user->is_heard = true;
    if (from->extension[0] != '\0' && user->extension[0] == '\0')
        set_extension(m->floor, user, from->extension);
}

/* ---- presence: events ---- */

/* Counts what was left out, and what of it comes late. An event that is late is of use only when
 * it tells a field that later ones did not: then what is missing stays missing. */
static bool is_old(struct rex_floor *floor, struct rex_user *user,
                   const struct rex_presence *presence)
{
    if (!(presence->has & REX_HAS_SEQUENCE))
        return false;
    int64_t last = user->sequence;
    if (last >= 0 && presence->sequence < last) {
        const unsigned fields = ~(unsigned)(REX_HAS_TOTAL | REX_HAS_SEQUENCE);
        bool is_overtaken = (presence->has & ~user->last_has & fields) == 0;
        if (user->missing > 0 && is_overtaken) {
            user->missing--;
            floor->missing--;
        }
        return true;
    }
    /* What a person who hides does is not told: numbers are left out then. */
    bool may_skip = rex_floor_is_hidden(floor, user) || user->heard_epoch < floor->forgiven;
    user->heard_epoch = floor->epoch;
    if (last >= 0 && presence->sequence > last + 1 && !may_skip) {
        int64_t missing = presence->sequence - last - 1;
        uint32_t more = missing < MISSING_MOST ? (uint32_t)missing : MISSING_MOST;
        user->missing += more;
        floor->missing += more;
    }
    user->sequence = presence->sequence;
    return false;
}

/* More calls are said than are known. */
static bool is_short(const struct rex_user *user, const struct rex_presence *presence)
{
    size_t known = rex_user_calls(user);
    if ((presence->has & REX_HAS_TOTAL) && presence->total_calls > known)
        return true;
    if (!(presence->has & REX_HAS_TELEPHONY) || !is_call(presence->telephony))
        return false;
    bool is_status_alone = !(presence->has & REX_HAS_CALLS);
    return known == 0 || (is_status_alone && known > 1);
}

enum rex_news rex_floor_presence(struct rex_floor *floor, const struct rex_presence *presence,
                                 int64_t at_ms)
{
    struct rex_user *user = rex_floor_user(floor, presence->extension_id);
    if (user == NULL || (!user->is_monitored && !is_own(floor, user)))
        return REX_NEWS_NOBODY;
    uint64_t missing = floor->missing;
    if (is_old(floor, user, presence))
        return REX_NEWS_OLD;
    user->last_has = presence->has;
    const struct merge m = {.floor = floor, .user = user, .from = presence};
    merge(&m, at_ms);
    rex_tell_news(floor, user, at_ms);
    if (is_short(user, presence) && !rex_floor_is_hidden(floor, user)) {
        if (!user->is_short)
            return REX_NEWS_SHORT;
    } else {
        user->is_short = false;
    }
    return floor->missing > missing ? REX_NEWS_SKIPPED : REX_NEWS_APPLIED;
}

/* ---- presence: answers ---- */

uint32_t rex_floor_asked(struct rex_floor *floor)
{
    return ++floor->epoch;
}

/* Nothing of the user's presence can be had: what was known of it is no longer. */
static void forget_presence(const struct merge *m)
{
    struct rex_user *user = m->user;
    if (user->touched[REX_FIELD_STATUS] >= m->asked || user->touched[REX_FIELD_CALLS] >= m->asked)
        return;
    user->presence.has &= ~(unsigned)(REX_HAS_STATUS | REX_HAS_USER_STATUS);
    user->presence.telephony = REX_NOT_TOLD;
    user->presence.is_dnd = user->presence.is_in_meeting = false;
    for (uint32_t i = 0; i < user->calls_len; i++)
        user->calls[i].is_gone = true;
}

void rex_floor_answer(struct rex_floor *floor, const struct rex_presence *presence, uint32_t asked,
                      int64_t at_ms)
{
    struct rex_user *user = rex_floor_user(floor, presence->extension_id);
    if (user == NULL)
        return;
    const struct merge m = {.floor = floor, .user = user, .from = presence, .asked = asked};
    if (floor->is_answering)
        user->answered = asked;
    if (presence->refused != 0 && presence->is_shared)
        forget_presence(&m);
    merge(&m, at_ms);
    /* Asking again would tell the same: the service names seven calls at most, or withholds them.
     */
    size_t known = rex_user_calls(user);
    bool says_call = (presence->has & REX_HAS_TELEPHONY) && is_call(presence->telephony);
    user->is_short = presence->calls.len >= 7 || (says_call && known == 0);
    uint64_t news = floor->news;
    if (!floor->is_answering) {
        rex_tell_news(floor, user, 0); /* it began when nobody looked */
        floor->repaired += floor->news != news;
    } else if (rex_tell_whole(floor, user, at_ms)) {
        floor->corrected++;
    }
}

void rex_floor_retell(struct rex_floor *floor, int64_t at_ms)
{
    for (size_t i = 0; i < floor->users.len; i++)
        rex_tell_whole(floor, floor->users.items[i], at_ms);
}

void rex_floor_forgive(struct rex_floor *floor)
{
    for (size_t i = 0; floor->missing > 0 && i < floor->users.len; i++)
        floor->users.items[i]->missing = 0;
    floor->missing = 0;
}

void rex_floor_repaired(struct rex_floor *floor)
{
    floor->forgiven = floor->snapshot_epoch;
    rex_floor_forgive(floor);
}

void rex_floor_mistrust(struct rex_floor *floor)
{
    rex_floor_forgive(floor);
    for (size_t i = 0; i < floor->users.len; i++) {
        floor->users.items[i]->sequence = -1;
        floor->users.items[i]->is_short = false;
    }
}
