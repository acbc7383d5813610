/* Telephony sessions: who supervises, what is recorded, when it was answered, where it went. */
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "floor_parts.h"

#include <string.h>

/* A party as kept: its texts in one piece, since each of them may be long and few are there. */
struct rex_leg {
    char *texts;         /* each of `fields`, with its NUL */
    int64_t sequence;    /* of the last event about it */
    int64_t answered_ms; /* 0: not answered, or not told when */
    uint8_t code;        /* enum rex_party_code */
    bool is_inbound, has_recordings, is_recorded;
};

struct rex_kept {
    char *id;
    char *supervises; /* a session of which a leg went here to supervise; NULL */
    int64_t sequence;
    int64_t ended_ms; /* 0: it goes on */
    uint32_t epoch;   /* rex_floor.epoch when it was last heard of */
    bool is_queued;   /* in floor->ended */
    VEC(struct rex_leg) legs;
};

#define TEXT(member)                                                                \
    {                                                                               \
        offsetof(struct rex_party, member), sizeof(((struct rex_party *)0)->member) \
    }
static const struct {
    size_t at, size;
} fields[] = {
    TEXT(id), /* first: looked at without unpacking the rest */
    TEXT(extension_id), TEXT(reason),          TEXT(peer_session),      TEXT(peer_party),
    TEXT(from_number),  TEXT(from_name),       TEXT(from_extension_id), TEXT(to_number),
    TEXT(to_name),      TEXT(to_extension_id), TEXT(device_id),         TEXT(park),
    TEXT(recording_id),
};
#define FIELDS (sizeof fields / sizeof fields[0])

static const char *text_of(const struct rex_party *party, size_t i)
{
    return (const char *)party + fields[i].at;
}

static void pack(struct rex_leg *leg, const struct rex_party *party)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < FIELDS; i++)
        len += strlen(text_of(party, i)) + 1;
    mem_free(leg->texts);
    leg->texts = mem_zero(1, len);
    for (size_t i = 0; i < FIELDS; i++) {
        size_t size = strlen(text_of(party, i)) + 1;
        memcpy(leg->texts + at, text_of(party, i), size);
        at += size;
    }
    leg->code = (uint8_t)party->code;
    leg->is_inbound = party->is_inbound;
    leg->has_recordings = party->has_recordings;
    leg->is_recorded = party->is_recorded;
}

static void unpack(struct rex_party *party, const struct rex_leg *leg)
{
    const char *from = leg->texts;
    memset(party, 0, sizeof *party);
    for (size_t i = 0; i < FIELDS; i++) {
        str_copy((char *)party + fields[i].at, fields[i].size, from);
        from += strlen(from) + 1;
    }
    party->code = (enum rex_party_code)leg->code;
    party->is_inbound = leg->is_inbound;
    party->has_recordings = leg->has_recordings;
    party->is_recorded = leg->is_recorded;
}

static struct rex_leg *find_leg(const struct rex_kept *kept, const char *party_id)
{
    for (size_t i = 0; i < kept->legs.len; i++)
        if (str_eq(kept->legs.items[i].texts, party_id))
            return &kept->legs.items[i];
    return NULL;
}

/* ---- which sessions are kept ---- */

static void free_kept(void *item)
{
    struct rex_kept *kept = item;
    for (size_t i = 0; i < kept->legs.len; i++)
        mem_free(kept->legs.items[i].texts);
    VEC_FREE(&kept->legs);
    mem_free(kept->id);
    mem_free(kept->supervises);
    mem_free(kept);
}

void rex_sessions_fini(struct rex_floor *floor)
{
    map_fini(&floor->sessions, free_kept);
    VEC_FREE(&floor->ended);
}

static void drop_kept(struct rex_floor *floor, struct rex_kept *kept)
{
    map_remove(&floor->sessions, kept->id);
    free_kept(kept);
}

/* Takes the oldest ended one out of the queue; NULL when there is none. */
static struct rex_kept *pop_ended(struct rex_floor *floor)
{
    if (floor->ended_at == floor->ended.len)
        return NULL;
    struct rex_kept *kept = floor->ended.items[floor->ended_at++];
    kept->is_queued = false;
    if (floor->ended_at * 2 >= floor->ended.len) { /* moved rarely: each is moved once on average */
        floor->ended.len -= floor->ended_at;
        memmove(floor->ended.items, floor->ended.items + floor->ended_at,
                floor->ended.len * sizeof *floor->ended.items);
        floor->ended_at = 0;
    }
    return kept;
}

static void expire(struct rex_floor *floor, int64_t at_ms)
{
    while (floor->ended_at < floor->ended.len) {
        const struct rex_kept *first = floor->ended.items[floor->ended_at];
        if (first->ended_ms != 0 && first->ended_ms + REX_SESSION_KEEP_MS > at_ms)
            return;
        struct rex_kept *kept = pop_ended(floor);
        if (kept->ended_ms != 0)
            drop_kept(floor, kept);
    }
}

static struct rex_kept *add_kept(struct rex_floor *floor, const char *id)
{
    while (floor->sessions.len >= REX_SESSIONS_MOST) {
        struct rex_kept *oldest = pop_ended(floor);
        if (oldest == NULL)
            return NULL;
        if (oldest->ended_ms != 0)
            drop_kept(floor, oldest);
    }
    struct rex_kept *kept = mem_zero(1, sizeof *kept);
    kept->id = mem_dup(id);
    map_put(&floor->sessions, id, kept);
    return kept;
}

static bool is_ours(const struct rex_floor *floor, const char *extension_id)
{
    return extension_id[0] != '\0' && rex_floor_user(floor, extension_id) != NULL;
}

static bool concerns_us(const struct rex_floor *floor, const struct rex_session *session)
{
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct rex_party *party = &session->parties.items[i];
        if (is_ours(floor, party->extension_id) || is_ours(floor, party->from_extension_id) ||
            is_ours(floor, party->to_extension_id))
            return true;
    }
    return false;
}

/* ---- merging ---- */

static bool is_over(uint8_t code)
{
    return code == REX_DISCONNECTED || code == REX_GONE;
}

/* Names and numbers that this message leaves out stay; what became of the party is told whole. */
static void overlay(struct rex_party *party, const struct rex_party *news)
{
    const struct rex_party before = *party;
    *party = *news;
    for (size_t i = 0; i < FIELDS; i++) {
        bool is_fate = fields[i].at == offsetof(struct rex_party, reason) ||
                       fields[i].at == offsetof(struct rex_party, peer_session) ||
                       fields[i].at == offsetof(struct rex_party, peer_party) ||
                       fields[i].at == offsetof(struct rex_party, park) ||
                       fields[i].at == offsetof(struct rex_party, recording_id);
        if (!is_fate && text_of(party, i)[0] == '\0')
            str_copy((char *)party + fields[i].at, fields[i].size, text_of(&before, i));
    }
    if (!news->has_recordings) {
        party->has_recordings = before.has_recordings;
        party->is_recorded = before.is_recorded;
        str_copy(party->recording_id, sizeof party->recording_id, before.recording_id);
    }
}

static void put_party(struct rex_kept *kept, const struct rex_party *news, int64_t sequence,
                      int64_t at_ms)
{
    struct rex_leg *leg = find_leg(kept, news->id);
    struct rex_party party = *news;
    bool is_new = leg == NULL;
    if (is_new) {
        if (kept->legs.len >= REX_PARTIES_MOST)
            return;
        VEC_PUSH(&kept->legs, (struct rex_leg){.texts = NULL});
        leg = &kept->legs.items[kept->legs.len - 1];
    } else {
        if (sequence > 0 && sequence < leg->sequence)
            return; /* out of order; other parties have their own order */
        unpack(&party, leg);
        overlay(&party, news);
    }
    bool was_answered = !is_new && (leg->code == REX_ANSWERED || leg->code == REX_HOLD);
    if (sequence > 0 && news->code == REX_ANSWERED && !was_answered && leg->answered_ms == 0)
        leg->answered_ms = at_ms;
    if (sequence > 0)
        leg->sequence = sequence;
    pack(leg, &party);
}

/* A leg that supervises lives on in a session of its own (4.4): whose end is the supervision's. */
static void link_peers(struct rex_floor *floor, struct rex_kept *kept,
                       const struct rex_session *session)
{
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct rex_party *party = &session->parties.items[i];
        if (party->code != REX_GONE || !str_eq_nocase(party->reason, "Supervising") ||
            party->peer_session[0] == '\0' || str_eq(party->peer_session, kept->id))
            continue;
        struct rex_kept *peer = map_get(&floor->sessions, party->peer_session);
        if (peer == NULL)
            peer = add_kept(floor, party->peer_session);
        if (peer == NULL || peer->supervises != NULL)
            continue;
        peer->supervises = mem_dup(kept->id);
        peer->epoch = floor->epoch;
    }
}

static void note_end(struct rex_floor *floor, struct rex_kept *kept, int64_t at_ms)
{
    bool is_live = kept->legs.len == 0;
    for (size_t i = 0; i < kept->legs.len; i++)
        is_live |= !is_over(kept->legs.items[i].code);
    kept->ended_ms = is_live ? 0 : at_ms > 0 ? at_ms : 1;
    if (is_live || kept->is_queued)
        return;
    kept->is_queued = true;
    VEC_PUSH(&floor->ended, kept);
}

static void tell_session(struct rex_floor *floor, const struct rex_kept *kept, int64_t at_ms)
{
    struct rex_party party;
    for (size_t i = 0; i < kept->legs.len; i++) {
        unpack(&party, &kept->legs.items[i]);
        struct rex_user *user = rex_floor_user(floor, party.extension_id);
        if (user != NULL && user->is_told)
            rex_tell_news(floor, user, at_ms);
    }
}

enum rex_news rex_floor_session(struct rex_floor *floor, const struct rex_session *session,
                                int64_t at_ms)
{
    int64_t now_ms = session->at_ms > 0 ? session->at_ms : at_ms;
    expire(floor, now_ms);
    struct rex_kept *kept = map_get(&floor->sessions, session->id);
    if (kept == NULL && concerns_us(floor, session))
        kept = add_kept(floor, session->id);
    if (kept == NULL)
        return REX_NEWS_NOBODY;
    bool is_skipped = session->sequence > 0 && kept->sequence > 0 &&
                      session->sequence > kept->sequence + 1 && kept->epoch >= floor->forgiven;
    bool is_late = session->sequence > 0 && session->sequence < kept->sequence;
    kept->epoch = floor->epoch;
    for (size_t i = 0; i < session->parties.len; i++)
        put_party(kept, &session->parties.items[i], session->sequence, now_ms);
    if (session->sequence > kept->sequence)
        kept->sequence = session->sequence;
    link_peers(floor, kept, session);
    note_end(floor, kept, now_ms);
    tell_session(floor, kept, at_ms);
    const struct rex_kept *supervised =
        kept->supervises != NULL ? map_get(&floor->sessions, kept->supervises) : NULL;
    if (supervised != NULL)
        tell_session(floor, supervised, at_ms);
    is_skipped = is_skipped && kept->ended_ms == 0;
    return is_skipped ? REX_NEWS_SKIPPED : is_late ? REX_NEWS_OLD : REX_NEWS_APPLIED;
}

/* ---- what a call takes from its session ---- */

/* Does the leg supervise a leg of that extension, now? */
static bool is_supervising(const struct rex_floor *floor, const struct rex_party *party,
                           const char *agent_id)
{
    if (!str_eq_nocase(party->reason, "Supervising") || party->code == REX_DISCONNECTED ||
        str_eq(party->extension_id, agent_id))
        return false;
    if (party->from_extension_id[0] != '\0' && !str_eq(party->from_extension_id, agent_id) &&
        !str_eq(party->to_extension_id, agent_id))
        return false;
    const struct rex_kept *peer = map_get(&floor->sessions, party->peer_session);
    if (party->code != REX_GONE || peer == NULL)
        return true;
    const struct rex_leg *leg = find_leg(peer, party->peer_party);
    return leg != NULL ? !is_over(leg->code) : peer->ended_ms == 0;
}

static void put_supervisor(const struct rex_floor *floor, const struct rex_party *party,
                           struct rex_call_detail *out)
{
    if (out->supervisors_len == REX_LEGS_SUPERVISING)
        return;
    const struct rex_user *user = rex_floor_user(floor, party->extension_id);
    const char *number = party->is_inbound ? party->to_number : party->from_number;
    /* The service's samples of such a leg disagree in its direction (4.4): the end that is the
     * supervisor's extension tells. */
    if (str_eq(party->to_extension_id, party->extension_id))
        number = party->to_number;
    else if (str_eq(party->from_extension_id, party->extension_id))
        number = party->from_number;
    if (user != NULL && user->extension[0] != '\0')
        number = user->extension;
    for (size_t i = 0; i < out->supervisors_len; i++)
        if (str_eq(out->supervisors[i], number))
            return;
    str_copy(out->supervisors[out->supervisors_len++], REX_NUMBER_BYTES, number);
}

/* The leg that called is "Answered" before the one that is called has answered (10, 21): then its
 * conversation begins with the later of both. */
static int64_t answered_ms(const struct rex_kept *kept, const struct rex_leg *leg)
{
    int64_t at_ms = leg->answered_ms;
    struct rex_party party;
    for (size_t i = 0; !leg->is_inbound && at_ms != 0 && i < kept->legs.len; i++) {
        const struct rex_leg *other = &kept->legs.items[i];
        if (other == leg || !other->is_inbound || is_over(other->code))
            continue;
        unpack(&party, other);
        if (str_eq_nocase(party.reason, "Supervising"))
            continue;
        if (other->answered_ms == 0)
            return 0;
        at_ms = other->answered_ms > at_ms ? other->answered_ms : at_ms;
    }
    return at_ms;
}

static const struct rex_kept *session_of(const struct rex_floor *floor, const char *call_id,
                                         char party_id[REX_ID_BYTES])
{
    char session_id[REX_ID_BYTES];
    if (!rex_call_split(call_id, session_id, party_id))
        return NULL;
    return map_get(&floor->sessions, session_id);
}

void rex_call_detail(struct rex_floor *floor, const struct rex_user *user, const char *call_id,
                     struct rex_call_detail *out)
{
    char party_id[REX_ID_BYTES];
    struct rex_party party;
    out->is_told = out->is_inbound = out->is_recorded = false;
    out->connected_ms = 0;
    out->supervisors_len = 0;
    const struct rex_kept *kept = session_of(floor, call_id, party_id);
    const struct rex_leg *leg = kept != NULL ? find_leg(kept, party_id) : NULL;
    if (leg == NULL)
        return;
    out->is_told = true;
    out->is_inbound = leg->is_inbound;
    out->connected_ms = answered_ms(kept, leg);
    for (size_t i = 0; i < kept->legs.len; i++) {
        unpack(&party, &kept->legs.items[i]);
        out->is_recorded |= party.is_recorded && !is_over(kept->legs.items[i].code);
        if (&kept->legs.items[i] != leg && is_supervising(floor, &party, user->id))
            put_supervisor(floor, &party, out);
    }
}

const struct rex_party *rex_floor_leg(struct rex_floor *floor, const char *call_id)
{
    char party_id[REX_ID_BYTES];
    const struct rex_kept *kept = session_of(floor, call_id, party_id);
    const struct rex_leg *leg = kept != NULL ? find_leg(kept, party_id) : NULL;
    if (leg == NULL)
        return NULL;
    unpack(&floor->party, leg);
    return &floor->party;
}

bool rex_floor_is_doubtful(const struct rex_floor *floor, const char *call_id)
{
    char party_id[REX_ID_BYTES];
    struct rex_party party;
    const struct rex_kept *kept = session_of(floor, call_id, party_id);
    const struct rex_leg *leg = kept != NULL ? find_leg(kept, party_id) : NULL;
    if (leg == NULL)
        return false;
    unpack(&party, leg);
    const struct rex_user *user = rex_floor_user(floor, party.extension_id);
    if (user == NULL || !user->is_monitored || str_eq_nocase(party.reason, "Supervising") ||
        rex_floor_is_hidden(floor, user))
        return false;
    const struct rex_call *call = rex_user_call(user, call_id);
    enum rex_telephony state = call != NULL ? (enum rex_telephony)call->state : REX_NO_CALL;
    switch (party.code) {
    case REX_PROCEEDING: return state != REX_RINGING;
    case REX_ANSWERED: return state != REX_CONNECTED && (leg->is_inbound || state != REX_RINGING);
    case REX_HOLD: return state != REX_ON_HOLD;
    case REX_PARTY_PARKED: return state != REX_PARKED;
    case REX_DISCONNECTED: return state != REX_NO_CALL;
    default: return false;
    }
}

/* ---- who has it now ---- */

static bool say_extension(const struct rex_floor *floor, const struct rex_party *party,
                          char *extension, size_t size)
{
    const struct rex_user *user = rex_floor_user(floor, party->extension_id);
    const char *number = party->is_inbound ? party->to_number : party->from_number;
    str_copy(extension, size, user != NULL ? user->extension : number);
    return true;
}

/* The live leg on the same side of the call that came last. */
static const struct rex_leg *heir_of(const struct rex_kept *kept, const struct rex_leg *leg,
                                     struct rex_party *party)
{
    for (size_t i = kept->legs.len; i-- > 0;) {
        const struct rex_leg *other = &kept->legs.items[i];
        if (other == leg || other->is_inbound != leg->is_inbound || is_over(other->code))
            continue;
        unpack(party, other);
        if (!str_eq_nocase(party->reason, "Supervising"))
            return other;
    }
    return NULL;
}

bool rex_floor_taker(const struct rex_floor *floor, const char *call_id, char *extension,
                     size_t size)
{
    char party_id[REX_ID_BYTES];
    struct rex_party party, heir;
    extension[0] = '\0';
    const struct rex_kept *kept = session_of(floor, call_id, party_id);
    const struct rex_leg *leg = kept != NULL ? find_leg(kept, party_id) : NULL;
    if (leg == NULL || !is_over(leg->code))
        return false;
    unpack(&party, leg);
    const struct rex_kept *peer =
        party.code == REX_GONE ? map_get(&floor->sessions, party.peer_session) : NULL;
    const struct rex_leg *there = peer != NULL ? find_leg(peer, party.peer_party) : NULL;
    if (there != NULL && !is_over(there->code)) {
        unpack(&heir, there);
        return say_extension(floor, &heir, extension, size);
    }
    return heir_of(kept, leg, &heir) != NULL && say_extension(floor, &heir, extension, size);
}

/* ---- after a snapshot ---- */

static void sessions_of_calls(const struct rex_floor *floor, struct map *out)
{
    static char mark;
    char session_id[REX_ID_BYTES], party_id[REX_ID_BYTES];
    for (size_t i = 0; i < floor->users.len; i++) {
        const struct rex_user *user = floor->users.items[i];
        for (uint32_t k = 0; user->is_monitored && k < user->calls_len; k++)
            if (rex_call_split(user->calls[k].id, session_id, party_id))
                map_put(out, session_id, &mark);
    }
}

void rex_floor_sweep(struct rex_floor *floor, int64_t at_ms)
{
    struct map living = {0};
    VEC(struct rex_kept *) over = {0};
    const char *id;
    void *value;
    sessions_of_calls(floor, &living);
    for (size_t at = 0; map_next(&floor->sessions, &at, &id, &value);) {
        struct rex_kept *kept = value;
        bool is_needed = map_get(&living, id) != NULL ||
                         (kept->supervises != NULL && map_get(&living, kept->supervises) != NULL);
        if (!is_needed && !kept->is_queued && kept->epoch < floor->snapshot_epoch)
            VEC_PUSH(&over, kept);
    }
    for (size_t i = 0; i < over.len; i++)
        drop_kept(floor, over.items[i]);
    VEC_FREE(&over);
    map_fini(&living, NULL);
    expire(floor, at_ms);
}

void rex_ids_free(rex_ids *ids)
{
    for (size_t i = 0; i < ids->len; i++)
        mem_free(ids->items[i]);
    VEC_FREE(ids);
}

void rex_floor_unknown_sessions(const struct rex_floor *floor, size_t most, rex_ids *out)
{
    struct map living = {0};
    const char *id;
    void *value;
    sessions_of_calls(floor, &living);
    for (size_t at = 0; out->len < most && map_next(&living, &at, &id, &value);)
        if (map_get(&floor->sessions, id) == NULL)
            VEC_PUSH(out, mem_dup(id));
    map_fini(&living, NULL);
}

bool rex_floor_is_session_over(const struct rex_floor *floor, const char *session_id)
{
    const struct rex_kept *kept = map_get(&floor->sessions, session_id);
    return kept != NULL && kept->ended_ms != 0;
}

void rex_floor_session_denied(struct rex_floor *floor, const char *session_id)
{
    if (map_get(&floor->sessions, session_id) == NULL) {
        struct rex_kept *kept = add_kept(floor, session_id);
        if (kept != NULL)
            kept->epoch = floor->epoch;
    }
}
