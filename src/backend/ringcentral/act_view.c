/* Parties of calls, as events and answers told them. */
#include "act_priv.h"

#include "callhud/base/str.h"

#include <string.h>

void rex_view_fini(struct rex_view *view)
{
    VEC_FREE(&view->parties);
}

static struct rex_seen *find(const struct rex_view *view, const char *session_id,
                             const char *party_id)
{
    for (size_t i = 0; i < view->parties.len; i++) {
        struct rex_seen *seen = &view->parties.items[i];
        if (str_eq(seen->party.id, party_id) && str_eq(seen->session, session_id))
            return seen;
    }
    return NULL;
}

const struct rex_party *rex_view_find(const struct rex_view *view, const char *session_id,
                                      const char *party_id)
{
    const struct rex_seen *seen = find(view, session_id, party_id);
    return seen != NULL ? &seen->party : NULL;
}

bool rex_view_is_unnamed(const struct rex_view *view, const char *session_id, const char *party_id)
{
    const struct rex_seen *seen = find(view, session_id, party_id);
    return seen != NULL && seen->is_unnamed;
}

static void keep(char *field, size_t size, const char *before)
{
    if (field[0] == '\0')
        str_copy(field, size, before);
}

/* What was told once and is left out now is so still: who it is, which device, whom with. */
static void keep_known(struct rex_party *now, const struct rex_party *before)
{
    keep(now->extension_id, sizeof now->extension_id, before->extension_id);
    keep(now->device_id, sizeof now->device_id, before->device_id);
    keep(now->from_extension_id, sizeof now->from_extension_id, before->from_extension_id);
    keep(now->to_extension_id, sizeof now->to_extension_id, before->to_extension_id);
    keep(now->from_number, sizeof now->from_number, before->from_number);
    keep(now->to_number, sizeof now->to_number, before->to_number);
    if (now->has_recordings)
        return;
    now->has_recordings = before->has_recordings;
    now->is_recorded = before->is_recorded;
    str_copy(now->recording_id, sizeof now->recording_id, before->recording_id);
}

static void put(struct rex_view *view, const char *session_id, const struct rex_party *party,
                int64_t sequence)
{
    struct rex_seen *seen = find(view, session_id, party->id);
    struct rex_seen new = {.party = *party, .sequence = sequence, .stamp = view->stamp};
    str_copy(new.session, sizeof new.session, session_id);
    if (seen != NULL) {
        keep_known(&new.party, &seen->party);
        *seen = new;
        return;
    }
    if (view->parties.len >= REX_VIEW_PARTIES)
        VEC_REMOVE(&view->parties, 0);
    VEC_PUSH(&view->parties, new);
}

void rex_view_event(struct rex_view *view, const struct rex_session *session)
{
    view->stamp++;
    for (size_t i = 0; i < session->parties.len; i++) {
        const struct rex_party *party = &session->parties.items[i];
        const struct rex_seen *seen = find(view, session->id, party->id);
        bool is_old = seen != NULL && session->sequence > 0 && session->sequence < seen->sequence;
        if (!is_old)
            put(view, session->id, party, session->sequence);
    }
}

static bool is_named(const struct rex_session *session, const char *party_id)
{
    for (size_t i = 0; session != NULL && i < session->parties.len; i++)
        if (str_eq(session->parties.items[i].id, party_id))
            return true;
    return false;
}

void rex_view_answer(struct rex_view *view, const char *session_id,
                     const struct rex_session *session, uint64_t asked_at)
{
    view->stamp++;
    for (size_t i = 0; session != NULL && i < session->parties.len; i++) {
        const struct rex_party *party = &session->parties.items[i];
        const struct rex_seen *seen = find(view, session_id, party->id);
        if (seen == NULL || seen->stamp <= asked_at)
            put(view, session_id, party, seen != NULL ? seen->sequence : 0);
    }
    for (size_t i = 0; i < view->parties.len; i++) {
        struct rex_seen *seen = &view->parties.items[i];
        if (!str_eq(seen->session, session_id) || seen->stamp > asked_at ||
            rex_party_is_over(&seen->party) || is_named(session, seen->party.id))
            continue;
        seen->party.code = REX_DISCONNECTED;
        seen->party.reason[0] = '\0';
        seen->is_unnamed = true;
        seen->stamp = view->stamp;
    }
}

bool rex_party_is_live(const struct rex_party *party)
{
    return party != NULL &&
           (party->code == REX_ANSWERED || party->code == REX_HOLD || rex_party_is_ringing(party));
}

bool rex_party_is_ringing(const struct rex_party *party)
{
    return party != NULL && (party->code == REX_SETUP || party->code == REX_PROCEEDING);
}

bool rex_party_is_over(const struct rex_party *party)
{
    return party != NULL && (party->code == REX_DISCONNECTED || party->code == REX_GONE);
}
