#include "callhud/model/why.h"

#include "hud_private.h"

#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/model/action.h"

#include <inttypes.h>
#include <stdio.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_MS (365 * DAY_MS)

#define OTHER_CALLS_TOLD 3 /* further ones are counted */

/* --- ages --------------------------------------------------------------------------------------
 */

enum age_style age_style_of(enum lamp lamp)
{
    switch (lamp) {
    case LAMP_RINGING:
    case LAMP_HOLD: return AGE_CLOCK;
    case LAMP_ON_CALL:
    case LAMP_UNKNOWN: return AGE_SECONDS;
    default: return AGE_CALM;
    }
}

/* Ages that the clock style writes as minutes and seconds. */
static bool is_clock(int64_t age_ms, enum age_style style)
{
    return style == AGE_CLOCK && age_ms < 10 * MINUTE_MS;
}

/* Whole units, of which three digits at most fit beside the unit: after 999 days years follow. */
static void put_age(char out[AGE_BYTES], int64_t age_ms, enum age_style style)
{
    int64_t minutes = age_ms / MINUTE_MS, hours = age_ms / HOUR_MS, days = age_ms / DAY_MS;
    int seconds = (int)(age_ms / 1000 % 60);

    if (is_clock(age_ms, style))
        (void)snprintf(out, AGE_BYTES, "%d:%02d", (int)minutes, seconds);
    else if (minutes == 0 && style == AGE_CALM)
        (void)snprintf(out, AGE_BYTES, "<1m");
    else if (minutes == 0)
        (void)snprintf(out, AGE_BYTES, "%ds", seconds);
    else if (hours == 0)
        (void)snprintf(out, AGE_BYTES, "%dm", (int)minutes);
    else if (hours < 10)
        (void)snprintf(out, AGE_BYTES, "%dh%02d", (int)hours, (int)(minutes % 60));
    else if (days == 0)
        (void)snprintf(out, AGE_BYTES, "%dh", (int)hours);
    else if (days < 1000)
        (void)snprintf(out, AGE_BYTES, "%dd", (int)days);
    else
        (void)snprintf(out, AGE_BYTES, "%" PRId64 "y",
                       age_ms / YEAR_MS < 999 ? age_ms / YEAR_MS : 999);
}

/* The larger unit alone, in three columns: the sign takes the fourth. */
static void put_least_age(char out[AGE_BYTES], int64_t age_ms, enum age_style style,
                          const char *sign)
{
    int64_t minutes = age_ms / MINUTE_MS, hours = age_ms / HOUR_MS, days = age_ms / DAY_MS;

    if (minutes == 0 && style == AGE_CALM)
        return; /* "at least less than a minute" says nothing */
    if (minutes == 0)
        (void)snprintf(out, AGE_BYTES, "%s%ds", sign, (int)(age_ms / 1000));
    else if (hours == 0)
        (void)snprintf(out, AGE_BYTES, "%s%dm", sign, (int)minutes);
    else if (days == 0)
        (void)snprintf(out, AGE_BYTES, "%s%dh", sign, (int)hours);
    else if (age_ms < YEAR_MS)
        (void)snprintf(out, AGE_BYTES, "%s%dd", sign, days < 99 ? (int)days : 99);
    else
        (void)snprintf(out, AGE_BYTES, "%s%dy", sign,
                       age_ms / YEAR_MS < 99 ? (int)(age_ms / YEAR_MS) : 99);
}

void age_text(char out[AGE_BYTES], int64_t age_ms, enum age_style style, bool is_at_least,
              bool is_ascii)
{
    out[0] = '\0';
    if (age_ms < 0)
        return;
    if (is_at_least)
        put_least_age(out, age_ms, style, is_ascii ? ">" : "≥");
    else
        put_age(out, age_ms, style);
}

int64_t age_next_ms(int64_t age_ms, enum age_style style)
{
    int64_t step_ms = DAY_MS;

    if (age_ms < 0)
        return INT64_MAX;
    if (is_clock(age_ms, style) || (age_ms < MINUTE_MS && style == AGE_SECONDS))
        step_ms = 1000;
    else if (age_ms < 10 * HOUR_MS)
        step_ms = MINUTE_MS;
    else if (age_ms < DAY_MS)
        step_ms = HOUR_MS;
    else if (age_ms >= 999 * YEAR_MS)
        return INT64_MAX;
    else if (age_ms >= 1000 * DAY_MS)
        step_ms = YEAR_MS;
    return step_ms - age_ms % step_ms;
}

/* --- pieces of sentences -----------------------------------------------------------------------
 */

struct why {
    struct buf *out;
    const struct hud *hud;
    const struct user *user;
    const char *who; /* what the user is called in the sentences */
    struct lamp_view view;
    int64_t now_ms;
};

/* A span of time as in an age; "2m". */
static void put_span(const struct why *w, int64_t span_ms)
{
    char span[AGE_BYTES];

    age_text(span, span_ms > 0 ? span_ms : 0, AGE_SECONDS, false, false);
    buf_puts(w->out, span);
}

/* " since 14:02:11 (1:40)"; " since 14:02:11 or earlier (at least 1:40)"; nothing when not known.
 */
static void put_since(const struct why *w, int64_t since_ms, int64_t seen_ms, enum age_style style)
{
    bool is_at_least = since_ms == 0;
    int64_t at_ms = is_at_least ? seen_ms : since_ms;
    int64_t age_ms = hud_age_ms(w->hud, at_ms, w->now_ms);
    char at[32], age[AGE_BYTES];

    if (at_ms == 0)
        return;
    clock_format_local(at_ms, age_ms < DAY_MS ? "%H:%M:%S" : "%Y-%m-%d %H:%M", at, sizeof at);
    buf_printf(w->out, " since %s%s", at, is_at_least ? " or earlier" : "");
    age_text(age, age_ms, style, false, false);
    if (age[0] != '\0')
        buf_printf(w->out, " (%s%s)", is_at_least ? "at least " : "", age);
}

static const char *party_of(const struct call *call)
{
    return !str_is_empty(call->name) ? call->name : call->number;
}

/* "a call with Acme Ltd"; linked is "with", "from" or "to". */
static void put_call(const struct why *w, const struct call *call, const char *linked)
{
    const char *party = party_of(call);

    if (!str_is_empty(party))
        buf_printf(w->out, "a call %s %s", linked, party);
    else
        buf_printf(w->out, "an %s call", call->direction == CALL_IN ? "incoming" : "outgoing");
}

static const char *linked_by(const struct call *call)
{
    return call->direction == CALL_IN ? "from" : "to";
}

/* "a call with Acme Ltd has been held by 101 since 14:02:11 (1:40)" */
static void put_call_state(const struct why *w, const struct call *call)
{
    enum age_style style =
        call->state == CALL_RINGING || call->state == CALL_HELD ? AGE_CLOCK : AGE_SECONDS;
    switch (call->state) {
    case CALL_RINGING:
        put_call(w, call, "from");
        buf_puts(w->out, " has been ringing");
        break;
    case CALL_DIALLING:
        put_call(w, call, "to");
        buf_printf(w->out, " has been dialled by %s", w->who);
        break;
    case CALL_CONNECTED:
        put_call(w, call, linked_by(call));
        buf_puts(w->out, " has been connected");
        break;
    case CALL_HELD:
        put_call(w, call, "with");
        buf_printf(w->out, " has been held by %s", w->who);
        break;
    case CALL_PARKED:
        put_call(w, call, "with");
        buf_printf(w->out, " has been parked by %s", w->who);
        break;
    }
    put_since(w, call->since_ms, call->seen_ms, style);
    if (call->state == CALL_DIALLING)
        buf_puts(w->out, " and is not answered yet");
    else if (call->state == CALL_PARKED)
        buf_puts(w->out, " and still waits");
}

static void put_reason_in_brackets(const struct why *w)
{
    if (!str_is_empty(w->hud->link.text))
        buf_printf(w->out, " (%s)", w->hud->link.text);
}

/* What is wrong with the link, as a clause: "the link has been lost for 42s (closed by the server)"
 */
static void put_link(const struct why *w)
{
    const struct link *link = &w->hud->link;

    switch (link->state) {
    case LINK_IDLE: buf_puts(w->out, "there is no link to the telephone system"); break;
    case LINK_CONNECTING:
        buf_puts(w->out, "the link to the telephone system is being set up");
        break;
    case LINK_LOST: buf_puts(w->out, "the link to the telephone system is lost"); break;
    case LINK_REFUSED: buf_puts(w->out, "the telephone system refuses us"); break;
    case LINK_LIVE:
    case LINK_POLLING:
        buf_puts(w->out, link->was_synced ? "changes may have been missed and all is asked anew"
                                          : "the first answers are still awaited");
        break;
    }
    put_reason_in_brackets(w);
}

/* --- the lines ---------------------------------------------------------------------------------
 */

static bool is_link_at_fault(const struct why *w)
{
    return !w->hud->link.is_synced;
}

/* Monotonic time since which the user is stale: what the hud has noted, or, before it did, now. */
static int64_t stale_from(const struct why *w)
{
    int64_t from_ms = w->user->stale_ms;

    if (from_ms == INT64_MIN || from_ms == INT64_MAX)
        from_ms = is_link_at_fault(w) ? w->hud->link.unsynced_ms : w->now_ms;
    return from_ms < w->now_ms ? from_ms : w->now_ms;
}

static void put_unknown(const struct why *w)
{
    const struct link *link = &w->hud->link;

    if (!link->was_synced) {
        buf_printf(w->out, "nothing has been heard of %s yet: ", w->who);
        put_link(w);
    } else if (w->view.is_stale && is_link_at_fault(w)) {
        buf_puts(w->out, "nothing certain has been heard for ");
        put_span(w, w->now_ms - stale_from(w));
        buf_puts(w->out, ": ");
        put_link(w);
    } else if (w->view.is_stale && w->user->is_answered) {
        buf_printf(w->out, "the last answer about %s came ", w->who);
        put_span(w, w->now_ms - w->user->answered_ms);
        buf_puts(w->out, " ago");
    } else if (w->view.is_stale) {
        buf_printf(w->out, "no answer about %s has come yet", w->who);
    } else if (w->hud->lacks[LACK_PRESENCE]) {
        buf_puts(w->out, w->hud->lacks[LACK_PRESENCE]);
    } else {
        buf_printf(w->out, "the telephone system has told nothing about %s yet", w->who);
    }
}

static void put_away(const struct why *w)
{
    buf_printf(w->out, "the status of %s has been set to %s", w->who,
               w->user->presence == PRESENCE_BUSY ? "busy" : "away");
    if (!str_is_empty(w->user->presence_note))
        buf_printf(w->out, ", \"%s\",", w->user->presence_note);
}

static void put_rule(const struct why *w)
{
    switch (w->view.lamp) {
    case LAMP_HIDDEN: buf_printf(w->out, "%s does not share the status with you", w->who); return;
    case LAMP_OFFLINE: buf_printf(w->out, "%s has had no phone signed in", w->who); break;
    case LAMP_DND: buf_printf(w->out, "%s has no call and wants none", w->who); break;
    case LAMP_AWAY: put_away(w); break;
    case LAMP_PRESENCE_ONLY:
        buf_printf(w->out, "you may see the status of %s but not the calls: there may be one",
                   w->who);
        return;
    case LAMP_AVAILABLE: buf_printf(w->out, "%s has had no call and accepts calls", w->who); break;
    case LAMP_UNKNOWN: put_unknown(w); return;
    default: buf_printf(w->out, "%s has a call", w->who); break;
    }
    put_since(w, w->view.since_ms, w->view.at_least_ms, AGE_SECONDS);
}

static void put_first_line(const struct why *w, const struct call *call)
{
    const char *word = lamp_row(w->view.lamp)->word;
    const char *quote = strchr(word, ' ') != NULL ? "\"" : "";

    buf_printf(w->out, "%s shows %s%s%s because ", w->who, quote, word, quote);
    if (call != NULL)
        put_call_state(w, call);
    else
        put_rule(w);
    buf_putc(w->out, '.');
}

/* A link that is lost, or answers that do not come: how old the picture is and what follows. */
static void put_stale(const struct why *w)
{
    int64_t from_ms = stale_from(w);

    if (!w->view.is_stale || w->view.lamp == LAMP_UNKNOWN)
        return;
    buf_puts(w->out, "\nThis may be out of date: for ");
    if (is_link_at_fault(w)) {
        put_span(w, w->now_ms - from_ms);
        buf_puts(w->out, " nothing is certain, ");
        put_link(w);
    } else {
        put_span(w, w->now_ms - (w->user->is_answered ? w->user->answered_ms : from_ms));
        buf_printf(w->out, " no answer about %s has come", w->who);
    }
    /* Rounded up: "in 0s" would be past. */
    buf_puts(w->out, ". In ");
    put_span(w, from_ms + HUD_STALE_KEEP_MS - w->now_ms + 999);
    buf_printf(w->out, " it turns to \"%s\".", lamp_row(LAMP_UNKNOWN)->word);
}

/* Once the lamp is unknown by age: what it was. */
static void put_last_known(const struct why *w)
{
    if (w->view.lamp != LAMP_UNKNOWN || w->user->lamp == LAMP_UNKNOWN)
        return;
    buf_printf(w->out, "\nWhat was known last: %s.", lamp_row(w->user->lamp)->word);
}

static void put_other_calls(const struct why *w, const struct call *call)
{
    size_t told = 0, calls = w->user->calls.len;

    for (size_t i = 0; i < calls && told < OTHER_CALLS_TOLD; i++) {
        if (&w->user->calls.items[i] == call)
            continue;
        buf_puts(w->out, "\nBesides, ");
        put_call_state(w, &w->user->calls.items[i]);
        buf_putc(w->out, '.');
        told++;
    }
    size_t left = calls - 1 - told + w->user->calls_beyond;
    if (left > 0)
        buf_printf(w->out, "\n%zu more call%s not told here.", left, left == 1 ? " is" : "s are");
    if (calls + w->user->calls_beyond > 1)
        buf_puts(w->out, "\nOf several calls the most urgent is shown: ringing, then held, then "
                         "parked, then connected.");
}

/* Facts that the lamp does not show because another one goes before them. */
static void put_other_facts(const struct why *w)
{
    const struct user *user = w->user;
    enum lamp lamp = w->view.lamp;

    if (user->is_dnd && lamp < LAMP_DND)
        buf_printf(w->out, "\nDo not disturb is on as well, but %s goes before it.",
                   lamp <= LAMP_ON_CALL ? "a call" : "what is shown");
    if (user->presence == PRESENCE_OFFLINE && lamp < LAMP_OFFLINE)
        buf_puts(w->out, "\nNo phone is signed in, but a call goes before that.");
    if (user->presence == PRESENCE_HIDDEN && lamp < LAMP_HIDDEN)
        buf_puts(w->out, "\nThe status is not shared with you, but a call goes before that.");
    if ((user->presence == PRESENCE_AWAY || user->presence == PRESENCE_BUSY) && lamp < LAMP_AWAY) {
        buf_printf(w->out, "\nThe status set by hand is %s", presence_json(user->presence));
        if (!str_is_empty(user->presence_note))
            buf_printf(w->out, " (%s)", user->presence_note);
        buf_printf(w->out, ", but %s goes before it.",
                   lamp <= LAMP_ON_CALL ? "a call" : "what is shown");
    }
    if (user->is_withheld && lamp < LAMP_PRESENCE_ONLY)
        buf_printf(w->out, "\nYou may not see the calls of %s.", w->who);
}

static void put_call_of_id(const struct why *w, const char *id)
{
    const struct call *call = hud_call_by_id(w->user, id);

    if (call != NULL)
        put_call(w, call, linked_by(call));
    else
        buf_puts(w->out, "a call");
}

static void put_supervisors(const struct why *w)
{
    static const char *const does[] = {
        [SUPERVISE_UNKNOWN] = "supervises",
        [SUPERVISE_LISTEN] = "listens to",
        [SUPERVISE_WHISPER] = "whispers to the agent on",
        [SUPERVISE_BARGE] = "takes part in",
    };
    for (size_t i = 0; i < w->user->calls.len; i++) {
        const struct call *call = &w->user->calls.items[i];
        for (size_t j = 0; j < call->supervisors_len; j++) {
            const struct supervisor *by = &call->supervisors[j];
            buf_printf(w->out, "\n%s %s ", str_is_empty(by->extension) ? "Someone" : by->extension,
                       does[by->mode]);
            put_call(w, call, linked_by(call));
            buf_putc(w->out, '.');
        }
        if (call->is_recorded) {
            buf_puts(w->out, "\nThere is a recording of ");
            put_call(w, call, linked_by(call));
            buf_putc(w->out, '.');
        }
    }
}

/* "You listen to a call to Acme Ltd since 14:02:11"; was: "You listened to ..." */
static void put_our_mode(const struct why *w, const struct supervision *ours, bool was)
{
    static const char *const does[] = {[SUPERVISE_LISTEN] = "listen to ",
                                       [SUPERVISE_WHISPER] = "whisper to ",
                                       [SUPERVISE_BARGE] = "take part in "};
    static const char *const did[] = {[SUPERVISE_LISTEN] = "listened to ",
                                      [SUPERVISE_WHISPER] = "whispered to ",
                                      [SUPERVISE_BARGE] = "took part in "};
    int64_t at_ms = hud_backend_now(w->hud, ours->begin_ms);
    char at[32];

    buf_printf(w->out, "\nYou %s", (was ? did : does)[ours->mode]);
    if (ours->mode == SUPERVISE_WHISPER)
        buf_printf(w->out, "%s on ", w->who);
    put_call_of_id(w, ours->call_id);
    if (at_ms == 0)
        return;
    clock_format_local(at_ms, "%H:%M:%S", at, sizeof at);
    buf_printf(w->out, " since %s", at);
}

static void put_hears(const struct why *w, const struct supervision *ours)
{
    switch (supervision_hears(ours)) {
    case HEARS_NOBODY: buf_puts(w->out, "nobody hears you"); break;
    case HEARS_AGENT: buf_printf(w->out, "%s hears you", w->who); break;
    case HEARS_BOTH: buf_puts(w->out, "both hear you"); break;
    case HEARS_UNSURE: buf_puts(w->out, "asked, not confirmed yet"); break;
    }
}

static void put_asked(const struct why *w, const struct supervision *ours, const char *you)
{
    buf_printf(w->out, "%sou asked to %s", you, action_row(ours->asked)->verb);
    if (ours->text != NULL)
        buf_printf(w->out, ": %s.", ours->text);
    else
        buf_puts(w->out, ", which is not confirmed yet.");
}

/* Our own supervision, or what waits to be one, when it is about this user. */
static void put_ours(const struct why *w)
{
    const struct supervision *ours = &w->hud->supervision;
    bool is_known = ours->mode != SUPERVISE_UNKNOWN;

    if (!supervision_is_of(ours, w->user->id, NULL)) {
        if (ours->state == SUPERVISION_CHANGING && ours->next_user_id != NULL &&
            str_eq(ours->next_user_id, w->user->id))
            put_asked(w, ours, "\nY");
        return;
    }
    if (is_known)
        put_our_mode(w, ours, ours->state == SUPERVISION_UNSURE);
    if (ours->state == SUPERVISION_CONFIRMED) {
        buf_puts(w->out, " (");
        put_hears(w, ours);
        buf_puts(w->out, ").");
    } else if (ours->state == SUPERVISION_UNSURE) {
        buf_puts(w->out, ": whether you still do is asked as soon as the link is back.");
    } else {
        put_asked(w, ours, is_known ? "; y" : "\nY");
    }
}

static void put_pickup(const struct why *w)
{
    if ((w->view.lamp != LAMP_RINGING && w->view.lamp != LAMP_HOLD) || w->view.is_stale)
        return;
    struct pickup pickup = hud_pickup(w->hud, w->user, w->now_ms);
    if (pickup.is_ok)
        buf_puts(w->out, "\nYou may pick it up.");
    else if (pickup.why != NULL)
        buf_printf(w->out, "\nYou may not pick it up: %s.", pickup.why);
}

void why_lamp(struct buf *out, const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct why w = {.out = out, .hud = hud, .user = user, .now_ms = now_ms};

    w.who = user_called(user);
    w.view = hud_lamp(hud, user, now_ms);
    /* Withheld calls light no such lamp. */
    const struct call *call = w.view.lamp <= LAMP_ON_CALL ? hud_call(user) : NULL;
    put_first_line(&w, call);
    put_stale(&w);
    put_last_known(&w);
    bool is_known = w.view.lamp != LAMP_UNKNOWN;
    if (is_known && call != NULL)
        put_other_calls(&w, call);
    if (is_known)
        put_other_facts(&w);
    if (is_known && call != NULL)
        put_supervisors(&w);
    put_ours(&w);
    if (is_known)
        put_pickup(&w);
}
