/* What was written into the ledger, and the search for what it speaks of: after a request whose
 * fate is not known, and after a run that was killed.
 *
 *   supervise/SESSION/AGENT/DEVICE/TIME   S/supervise was about to be asked
 *   assist/KIND/SESSION/DEVICE/TIME       a call-out to a star code was about to be asked
 *   leg/SESSION/PARTY/DEVICE/mode         the service told our leg
 *   leg/SESSION/PARTY/DEVICE/take/S/P     the same, which is to take the call of party P of S
 *
 * Only a party of our own extension, on that device, is removed; and of a leg that is to take or
 * may have taken somebody's call only one that still rings, or whose call that person still has. */
#include "act_priv.h"

#include "callhud/base/buf.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 8
#define ASSIST_SPAN_MS 60000 /* between our note and the service's beginning of the call */

struct rex_find {
    struct rex_act *act;
    char thing[REX_THING_BYTES];
    char parts[PARTS_MAX][REX_ID_BYTES];
    size_t parts_len;
    bool is_asked, is_waiting; /* a leg was found and is being removed */
    bool is_listed;            /* our own calls were read */
    struct io_timer *timer;
    char calls[REX_CALLS_MOST][REX_ID_BYTES]; /* sessions of our own calls, perhaps to the code */
    size_t calls_len;
    uint64_t stamp;
    char session[REX_ID_BYTES]; /* being read */
    void (*gone)(void *self, const char *thing);
    void *self;
};

/* ---- things as text ---- */

static void write_thing(char *out, const char *kind, const char *const *parts)
{
    struct buf text;
    buf_init(&text, REX_THING_BYTES);
    buf_puts(&text, kind);
    for (size_t i = 0; parts[i] != NULL; i++) {
        buf_putc(&text, '/');
        buf_put_escaped(&text, parts[i], "-_.~:+=");
    }
    /* Too long to be written down: the ledger refuses "", and nothing is asked for. */
    str_copy(out, REX_THING_BYTES, text.is_full ? "" : buf_text(&text));
    buf_fini(&text);
}

void rex_thing_supervise(char *out, const char *session_id, const char *agent_id,
                         const char *device_id, int64_t wall_ms)
{
    char at[24];
    snprintf(at, sizeof at, "%lld", (long long)wall_ms);
    write_thing(out, "supervise", (const char *const[]){session_id, agent_id, device_id, at, NULL});
}

void rex_thing_assist(char *out, enum action_kind kind, const char *session_id,
                      const char *device_id, int64_t wall_ms)
{
    char at[24];
    snprintf(at, sizeof at, "%lld", (long long)wall_ms);
    write_thing(out, "assist",
                (const char *const[]){action_row(kind)->name, session_id, device_id, at, NULL});
}

void rex_thing_leg(char *out, const struct rex_own_leg *leg, const char *device_id, bool is_taking)
{
    if (is_taking)
        write_thing(out, "leg",
                    (const char *const[]){leg->session, leg->party, device_id, "take",
                                          leg->guard_session, leg->guard_party, NULL});
    else
        write_thing(out, "leg",
                    (const char *const[]){leg->session, leg->party, device_id, "mode", NULL});
}

static bool read_part(char out[REX_ID_BYTES], const char *from, size_t len)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char hex[3] = "", c = from[i];
        if (c == '%') {
            if (len - i < 3)
                return false;
            memcpy(hex, from + i + 1, 2);
            char *end;
            c = (char)strtoul(hex, &end, 16);
            if (*end != '\0' || c == '\0')
                return false;
            i += 2;
        }
        if (used + 1 >= REX_ID_BYTES)
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}

static bool read_thing(struct rex_find *find)
{
    const char *at = find->thing;
    while (find->parts_len < PARTS_MAX) {
        size_t len = strcspn(at, "/");
        if (!read_part(find->parts[find->parts_len++], at, len))
            return false;
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
    return false;
}

enum { IS_NONE, IS_SUPERVISE, IS_ASSIST, IS_LEG };

static bool is_guarded(const struct rex_find *find)
{
    return find->parts_len == 7 && str_eq(find->parts[0], "leg");
}

static int kind_of(const struct rex_find *find)
{
    bool has_five = find->parts_len == 5;
    return has_five && str_eq(find->parts[0], "supervise") ? IS_SUPERVISE
           : has_five && str_eq(find->parts[0], "assist")  ? IS_ASSIST
           : has_five && str_eq(find->parts[0], "leg")     ? IS_LEG
           : is_guarded(find)                              ? IS_LEG
                                                           : IS_NONE;
}

static const char *session_of(const struct rex_find *find)
{
    return find->parts[kind_of(find) == IS_ASSIST ? 2 : 1];
}

static const char *device_of(const struct rex_find *find)
{
    return find->parts[3];
}

/* Of a call-out; NULL of others. */
static const char *star_code(const struct rex_find *find)
{
    enum action_kind kind = ACTION_COUNT;
    return kind_of(find) == IS_ASSIST && action_find(find->parts[1], &kind) ? rex_star_code(kind)
                                                                            : NULL;
}

static bool is_taking(const struct rex_find *find)
{
    return kind_of(find) == IS_ASSIST ? str_eq(find->parts[1], action_row(ACTION_TAKEOVER)->name)
                                      : str_eq(find->parts[4], "take");
}

/* ---- the search ---- */

static void free_find(struct rex_find *find)
{
    struct rex_act *act = find->act;
    rex_rest_cancel(act->config.rest, find);
    rex_stop_timer(act, &find->timer);
    for (size_t i = 0; i < act->finds.len; i++) {
        if (act->finds.items[i] == find) {
            VEC_REMOVE(&act->finds, i);
            break;
        }
    }
    mem_free(find);
}

static void found_none(struct rex_find *find)
{
    find->gone(find->self, find->thing);
    free_find(find);
}

static void on_leg_gone(void *self, struct rex_own_leg *leg, bool is_left)
{
    struct rex_find *find = self;
    (void)leg;
    log_info("ringcentral", "%s: %s", find->thing,
             is_left ? "a person's call is on that phone: left alone" : "our phone's leg is gone");
    found_none(find);
}

static void remove_party(struct rex_find *find, const struct rex_party *party, bool is_ring_only)
{
    struct rex_own_leg *leg = rex_leg_new(find->act);
    find->is_waiting = true;
    rex_leg_found(leg, find->session, party->id);
    leg->is_ring_only = is_ring_only;
    if (is_guarded(find)) {
        str_copy(leg->guard_session, sizeof leg->guard_session, find->parts[5]);
        str_copy(leg->guard_party, sizeof leg->guard_party, find->parts[6]);
    }
    leg->gone = on_leg_gone;
    leg->self = find;
    rex_leg_remove(leg);
}

static bool is_ours(const struct rex_find *find, const struct rex_party *party)
{
    bool is_device = party->device_id[0] == '\0' || device_of(find)[0] == '\0' ||
                     str_eq(party->device_id, device_of(find));
    return is_device && str_eq(party->extension_id, rex_own_id(find->act));
}

/* The party of that session that is our phone's leg; whether it may be removed only while it rings.
 */
static bool is_leg(const struct rex_find *find, const struct rex_party *party, bool *is_ring_only)
{
    bool is_supervising = party->code == REX_GONE && str_eq_nocase(party->reason, "Supervising") &&
                          party->peer_session[0] != '\0';
    if (!is_ours(find, party))
        return false;
    if (kind_of(find) == IS_LEG) {
        *is_ring_only = is_taking(find) && !is_guarded(find);
        return str_eq(party->id, find->parts[2]) && (rex_party_is_live(party) || is_supervising);
    }
    /* Found by what it looks like: one that was lifted may be a picked-up call. */
    *is_ring_only = !is_supervising;
    if (!str_eq(find->session, session_of(find))) { /* our own call: to the star code? */
        const char *code = star_code(find);
        *is_ring_only = is_taking(find);
        return code != NULL && str_starts(party->to_number, code) &&
               (rex_party_is_live(party) || is_supervising);
    }
    return is_supervising || (kind_of(find) == IS_SUPERVISE && rex_party_is_ringing(party));
}

static void read_next(struct rex_find *find);

static void on_session(void *self, const struct rex_answer *answer)
{
    struct rex_find *find = self;
    struct rex_act *act = find->act;
    struct rex_session session = {0};
    bool is_missing = answer->rc == RC_OK && answer->status == 404;
    bool is_read = rex_is_yes(answer) &&
                   rex_wire_session(&session, answer->body, answer->body_len, NULL) == RC_OK;
    find->is_asked = false;
    if (!is_missing && !is_read) {
        log_warn("ringcentral", "%s: not looked at: %s", find->thing, answer->text);
        rex_session_fini(&session);
        return; /* again after the next snapshot */
    }
    rex_view_answer(&act->view, find->session, is_missing ? NULL : &session, find->stamp);
    for (size_t i = 0; i < session.parties.len && !find->is_waiting; i++) {
        bool is_ring_only = false;
        if (is_leg(find, &session.parties.items[i], &is_ring_only))
            remove_party(find, &session.parties.items[i], is_ring_only);
    }
    rex_session_fini(&session);
    if (!find->is_waiting)
        read_next(find);
}

static void ask_session(struct rex_find *find, const char *session_id)
{
    str_copy(find->session, sizeof find->session, session_id);
    find->stamp = find->act->view.stamp;
    find->is_asked = true;
    REX_ASK(find->act, "GET", NULL, REX_LIGHT, on_session, find, REX_SESSION, find->session);
}

/* Of a call-out of which no answer came: among our own calls, one to that code, begun then. Some
 * are told without their number, which their session knows. */
static void note_calls(struct rex_find *find, const struct rex_presence *presence)
{
    int64_t noted_ms = 0;
    const char *code = star_code(find);
    if (!str_to_int(find->parts[4], 0, INT64_MAX, &noted_ms) || code == NULL)
        return;
    for (size_t i = 0; i < presence->calls.len; i++) {
        const struct rex_active_call *call = &presence->calls.items[i];
        int64_t late_ms = call->start_ms - noted_ms;
        bool is_then = late_ms >= -ASSIST_SPAN_MS && late_ms <= ASSIST_SPAN_MS;
        if (is_then && call->session_id[0] != '\0' &&
            (call->number[0] == '\0' || str_starts(call->number, code)) && !call->is_inbound &&
            find->calls_len < REX_CALLS_MOST)
            str_copy(find->calls[find->calls_len++], REX_ID_BYTES, call->session_id);
    }
}

static void on_own_calls(void *self, const struct rex_answer *answer)
{
    struct rex_find *find = self;
    rex_presences list = {0};
    bool is_read =
        rex_is_yes(answer) && rex_wire_presences(&list, NULL, answer->content_type, answer->body,
                                                 answer->body_len, NULL) == RC_OK;
    find->is_asked = false;
    find->is_listed = is_read;
    for (size_t i = 0; is_read && i < list.len; i++)
        note_calls(find, &list.items[i]);
    rex_presences_free(&list);
    if (is_read)
        read_next(find);
    else
        log_warn("ringcentral", "%s: not looked at: %s", find->thing, answer->text);
}

static void ask_own_calls(struct rex_find *find)
{
    find->is_asked = true;
    REX_ASK(find->act, "GET", NULL, REX_LIGHT, on_own_calls, find,
            REX_ACCOUNT "extension/~/presence?detailedTelephonyState=true");
}

static void read_next(struct rex_find *find)
{
    if (find->calls_len > 0)
        ask_session(find, find->calls[--find->calls_len]);
    else if (!find->is_listed && kind_of(find) == IS_ASSIST)
        ask_own_calls(find);
    else
        found_none(find);
}

static void begin(struct rex_find *find)
{
    find->calls_len = 0;
    find->is_listed = false;
    ask_session(find, session_of(find));
}

static void on_timer(void *self)
{
    struct rex_find *find = self;
    find->timer = NULL;
    begin(find);
}

void rex_find_new(struct rex_act *act, const char *thing, int64_t after_ms,
                  void (*gone)(void *self, const char *thing), void *self)
{
    struct rex_find *find = mem_zero(1, sizeof *find);
    find->act = act;
    find->gone = gone;
    find->self = self;
    bool is_read = str_copy(find->thing, sizeof find->thing, thing) && read_thing(find);
    if (!is_read || kind_of(find) == IS_NONE) {
        log_warn("ringcentral", "'%.80s' in the list of what was made says nothing", thing);
        mem_free(find);
        return;
    }
    VEC_PUSH(&act->finds, find);
    if (act->is_synced || act->config.config->is_desk_only) /* which is never synced */
        rex_start_timer(act, &find->timer, after_ms, on_timer, find);
}

void rex_finds_retry(struct rex_act *act)
{
    for (size_t i = 0; i < act->finds.len; i++) {
        struct rex_find *find = act->finds.items[i];
        if (!find->is_asked && !find->is_waiting && find->timer == NULL)
            begin(find);
    }
}

void rex_finds_fini(struct rex_act *act)
{
    while (act->finds.len > 0)
        free_find(act->finds.items[act->finds.len - 1]);
    VEC_FREE(&act->finds);
}
