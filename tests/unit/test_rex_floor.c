/* Presence and sessions into the floor, its events into the model: what lamp is lit. */
#include "callhud/backend/ringcentral/floor.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/model/hud.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWN_ID "500"
#define T0 1795305700000

struct rig {
    struct hud hud;
    struct rex_floor floor;
    int64_t now_ms;
    size_t events;
};

static void on_event(void *self, const struct event *event)
{
    struct rig *rig = self;
    rig->events++;
    hud_apply(&rig->hud, event, rig->now_ms);
}

static void tell(struct rig *rig, enum event_kind kind, enum link_state state)
{
    struct event event;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    if (kind == EVENT_LINK)
        event.u.link.state = state;
    on_event(rig, &event);
}

static struct rex_user *person(struct rig *rig, const char *id, const char *extension,
                               const char *name, uint32_t line)
{
    struct rex_person person = {.is_enabled = true, .type = "User"};
    str_copy(person.id, sizeof person.id, id);
    str_copy(person.extension, sizeof person.extension, extension);
    str_copy(person.name, sizeof person.name, name);
    struct rex_user *user = rex_floor_person(&rig->floor, &person);
    rex_floor_monitor(&rig->floor, user, line > 0, line);
    return user;
}

static void snapshot_asked(struct rig *rig)
{
    rig->floor.snapshot_epoch = rex_floor_asked(&rig->floor);
    rig->floor.is_answering = true;
    tell(rig, EVENT_SNAPSHOT_ASKED, LINK_IDLE);
    rex_floor_name(&rig->floor);
    rig->floor.is_answering = false;
}

static void snapshot_done(struct rig *rig)
{
    tell(rig, EVENT_SNAPSHOT_DONE, LINK_IDLE);
    rex_floor_sweep(&rig->floor, T0);
}

/* 101 to 103 are monitored, 500 is we; all free, synced. */
static int set_up(void **state)
{
    struct rig *rig = mem_zero(1, sizeof *rig);
    const struct backend_sink sink = {.event = on_event, .self = rig};
    rig->now_ms = 1000;
    hud_init(&rig->hud);
    rex_floor_init(&rig->floor, &sink);
    str_copy(rig->floor.own_id, sizeof rig->floor.own_id, OWN_ID);
    rex_floor_settings(&rig->floor, &(struct monitor_settings){.ring_locks_hold = true});
    person(rig, OWN_ID, "900", "Sue Supervisor", 0);
    person(rig, "1001", "101", "Noor Haddad", 1);
    person(rig, "1002", "102", "Rana Aziz", 2);
    person(rig, "1003", "103", "Omar Said", 3);
    tell(rig, EVENT_LINK, LINK_LIVE);
    snapshot_asked(rig);
    for (int i = 1; i <= 3; i++) {
        struct rex_presence free_now = {.has = REX_HAS_STATUS | REX_HAS_USER_STATUS |
                                               REX_HAS_TELEPHONY | REX_HAS_CALLS | REX_HAS_DND |
                                               REX_HAS_SHARED | REX_HAS_MEETING,
                                        .status = REX_STATUS_AVAILABLE,
                                        .user_status = REX_STATUS_AVAILABLE,
                                        .is_shared = true};
        snprintf(free_now.extension_id, sizeof free_now.extension_id, "100%d", i);
        rig->floor.is_answering = true;
        rex_floor_answer(&rig->floor, &free_now, rex_floor_asked(&rig->floor), T0);
        rig->floor.is_answering = false;
    }
    snapshot_done(rig);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    rex_floor_fini(&rig->floor);
    hud_fini(&rig->hud);
    mem_free(rig);
    return 0;
}

static enum lamp lamp(const struct rig *rig, const char *extension)
{
    const struct user *user = hud_user_by_extension(&rig->hud, extension);
    assert_non_null(user);
    struct lamp_view view = hud_lamp(&rig->hud, user, rig->now_ms);
    assert_false(view.is_stale);
    return view.lamp;
}

static const struct call *call_of(const struct rig *rig, const char *extension)
{
    return hud_call(hud_user_by_extension(&rig->hud, extension));
}

/* ---- messages ---- */

static struct rex_presence about(const char *id, int64_t sequence)
{
    struct rex_presence presence = {
        .has = REX_HAS_SEQUENCE, .is_shared = true, .sequence = sequence};
    str_copy(presence.extension_id, sizeof presence.extension_id, id);
    return presence;
}

static void add_call(struct rex_presence *presence, const char *session, const char *party,
                     enum rex_telephony state, bool is_inbound)
{
    struct rex_active_call call = {.state = state, .is_inbound = is_inbound, .start_ms = T0 - 5000};
    str_copy(call.session_id, sizeof call.session_id, session);
    str_copy(call.party_id, sizeof call.party_id, party);
    str_copy(call.number, sizeof call.number, "+17778732492");
    str_copy(call.name, sizeof call.name, "Ann Caller");
    presence->has |= REX_HAS_CALLS;
    VEC_PUSH(&presence->calls, call);
}

static enum rex_news event(struct rig *rig, struct rex_presence *presence)
{
    rig->now_ms += 100;
    enum rex_news news = rex_floor_presence(&rig->floor, presence, T0 + rig->now_ms);
    VEC_FREE(&presence->calls);
    return news;
}

static enum rex_news one_call(struct rig *rig, const char *id, int64_t sequence,
                              enum rex_telephony state, bool is_inbound)
{
    struct rex_presence p = about(id, sequence);
    p.has |= REX_HAS_TELEPHONY | REX_HAS_TOTAL;
    p.telephony = state;
    p.total_calls = state != REX_NO_CALL;
    p.has |= REX_HAS_CALLS;
    if (state != REX_NO_CALL)
        add_call(&p, "s-1", "p-1-2", state, is_inbound);
    return event(rig, &p);
}

static void answer(struct rig *rig, struct rex_presence *presence, uint32_t asked, bool is_snapshot)
{
    presence->has &= ~(unsigned)REX_HAS_SEQUENCE;
    rig->floor.is_answering = is_snapshot;
    rex_floor_answer(&rig->floor, presence, asked, T0 + rig->now_ms);
    rig->floor.is_answering = false;
    VEC_FREE(&presence->calls);
}

/* ---- the table of lamps ---- */

static void calls_light_their_lamps(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(lamp(rig, "101"), LAMP_AVAILABLE);
    one_call(rig, "1001", 10, REX_RINGING, true);
    assert_int_equal(lamp(rig, "101"), LAMP_RINGING);
    assert_string_equal(call_of(rig, "101")->id, "s-1/p-1-2");
    assert_string_equal(call_of(rig, "101")->number, "+17778732492");
    assert_int_equal(call_of(rig, "101")->since_ms, T0 - 5000);
    one_call(rig, "1001", 11, REX_CONNECTED, true);
    assert_int_equal(lamp(rig, "101"), LAMP_ON_CALL);
    assert_int_equal(call_of(rig, "101")->since_ms, T0 + rig->now_ms); /* when it was answered */
    one_call(rig, "1001", 12, REX_ON_HOLD, true);
    assert_int_equal(lamp(rig, "101"), LAMP_HOLD);
    one_call(rig, "1001", 13, REX_PARKED, true);
    assert_int_equal(lamp(rig, "101"), LAMP_PARKED);
    one_call(rig, "1001", 14, REX_NO_CALL, true);
    assert_int_equal(lamp(rig, "101"), LAMP_AVAILABLE);
    assert_null(call_of(rig, "101"));
}

static void an_outbound_call_that_rings_is_dialling(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_RINGING, false);
    assert_int_equal(lamp(rig, "101"), LAMP_ON_CALL);
    assert_int_equal(call_of(rig, "101")->state, CALL_DIALLING);
    assert_int_equal(call_of(rig, "101")->direction, CALL_OUT);
}

static void presence_lights_its_lamps(void **state)
{
    struct rig *rig = *state;
    static const struct {
        unsigned has;
        enum rex_status status, user_status;
        bool is_dnd, is_shared;
        enum lamp lamp;
    } rows[] = {
        {REX_HAS_USER_STATUS, REX_STATUS_AVAILABLE, REX_STATUS_BUSY, false, true, LAMP_AWAY},
        {REX_HAS_STATUS, REX_STATUS_BUSY, REX_STATUS_BUSY, false, true, LAMP_AWAY},
        {REX_HAS_USER_STATUS, REX_STATUS_AVAILABLE, REX_STATUS_AVAILABLE, false, true,
         LAMP_AVAILABLE},
        {REX_HAS_DND, REX_STATUS_AVAILABLE, REX_STATUS_AVAILABLE, true, true, LAMP_DND},
        {REX_HAS_STATUS, REX_STATUS_OFFLINE, REX_STATUS_AVAILABLE, true, true, LAMP_OFFLINE},
        {REX_HAS_SHARED | REX_HAS_TELEPHONY, REX_STATUS_OFFLINE, REX_STATUS_AVAILABLE, true, false,
         LAMP_HIDDEN},
        {REX_HAS_SHARED | REX_HAS_STATUS | REX_HAS_DND, REX_STATUS_AVAILABLE, REX_STATUS_AVAILABLE,
         false, true, LAMP_AVAILABLE},
        {REX_HAS_USER_STATUS, REX_STATUS_AVAILABLE, REX_STATUS_OFFLINE, false, true, LAMP_OFFLINE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rex_presence p = about("1002", 10 + (int64_t)i);
        p.has |= rows[i].has;
        p.status = rows[i].status;
        p.user_status = rows[i].user_status;
        p.is_dnd = rows[i].is_dnd;
        p.is_shared = rows[i].is_shared;
        assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
        assert_int_equal(lamp(rig, "102"), rows[i].lamp);
    }
}

static void who_hides_shows_nothing_else(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    struct rex_presence p = about("1001", 11);
    p.has |= REX_HAS_SHARED | REX_HAS_TELEPHONY | REX_HAS_STATUS;
    p.status = REX_STATUS_OFFLINE;
    p.telephony = REX_RINGING;
    p.is_shared = false;
    add_call(&p, "s-1", "p-1-2", REX_RINGING, true);
    event(rig, &p);
    assert_int_equal(lamp(rig, "101"), LAMP_HIDDEN);
    assert_null(call_of(rig, "101"));
    assert_true(hud_user_by_extension(&rig->hud, "101")->is_withheld);

    /* Shared again: the call that goes on is shown. */
    p = about("1001", 12);
    p.has |= REX_HAS_SHARED | REX_HAS_STATUS;
    p.status = REX_STATUS_BUSY;
    event(rig, &p);
    assert_int_equal(lamp(rig, "101"), LAMP_RINGING);
    assert_false(hud_user_by_extension(&rig->hud, "101")->is_withheld);
}

static void a_meeting_is_a_call(void **state)
{
    struct rig *rig = *state;
    struct rex_presence p = about("1003", 10);
    p.has |= REX_HAS_MEETING | REX_HAS_TELEPHONY | REX_HAS_CALLS;
    p.is_in_meeting = true;
    event(rig, &p);
    assert_int_equal(lamp(rig, "103"), LAMP_ON_CALL);
    char session[REX_ID_BYTES], party[REX_ID_BYTES];
    assert_false(rex_call_split(call_of(rig, "103")->id, session, party));
    /* A list of calls says nothing of it. */
    one_call(rig, "1003", 11, REX_NO_CALL, true);
    assert_int_equal(lamp(rig, "103"), LAMP_ON_CALL);
    p = about("1003", 12);
    p.has |= REX_HAS_MEETING;
    event(rig, &p);
    assert_int_equal(lamp(rig, "103"), LAMP_AVAILABLE);
}

static void withheld_calls_are_never_free(void **state)
{
    struct rig *rig = *state;
    struct rex_presence p = about("1001", 0);
    p.has = REX_HAS_TELEPHONY | REX_HAS_STATUS | REX_HAS_USER_STATUS;
    p.telephony = REX_CONNECTED;
    p.status = p.user_status = REX_STATUS_AVAILABLE;
    snapshot_asked(rig);
    answer(rig, &p, rex_floor_asked(&rig->floor), true);
    for (int i = 2; i <= 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "100%d", i);
        p = about(id, 0);
        answer(rig, &p, rex_floor_asked(&rig->floor), true);
    }
    snapshot_done(rig);
    assert_int_equal(lamp(rig, "101"), LAMP_PRESENCE_ONLY);
    /* An event that withholds them again does not ask again. */
    p = about("1001", 10);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_ON_HOLD;
    assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
    assert_int_equal(lamp(rig, "101"), LAMP_PRESENCE_ONLY);
    p = about("1001", 11);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_NO_CALL;
    event(rig, &p);
    assert_int_equal(lamp(rig, "101"), LAMP_AVAILABLE);
}

static void a_place_is_never_offline(void **state)
{
    struct rig *rig = *state;
    struct rex_person place = {
        .id = "80", .extension = "801", .name = "Park 1", .type = "ParkLocation"};
    rex_floor_monitor(&rig->floor, rex_floor_person(&rig->floor, &place), true, 4);
    struct rex_presence p = about("80", 1);
    p.has |= REX_HAS_STATUS;
    p.status = REX_STATUS_OFFLINE;
    event(rig, &p);
    assert_int_equal(lamp(rig, "801"), LAMP_AVAILABLE);
    p = about("80", 2);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_PARKED;
    add_call(&p, "s-8", "p-8-2", REX_PARKED, true);
    event(rig, &p);
    assert_int_equal(lamp(rig, "801"), LAMP_PARKED);
}

/* ---- merging ---- */

static void what_an_event_lacks_stays(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    struct rex_presence p = about("1001", 11);
    p.has |= REX_HAS_DND;
    p.is_dnd = true;
    assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
    assert_int_equal(lamp(rig, "101"), LAMP_ON_CALL);
    p = about("1001", 12); /* the status alone: the one call has it */
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_ON_HOLD;
    assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
    assert_int_equal(lamp(rig, "101"), LAMP_HOLD);
    p = about("1001", 13);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_NO_CALL;
    event(rig, &p);
    assert_int_equal(lamp(rig, "101"), LAMP_DND);
}

static void a_status_without_its_call_asks_and_is_not_free(void **state)
{
    struct rig *rig = *state;
    struct rex_presence p = about("1001", 10);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_RINGING;
    assert_int_equal(event(rig, &p), REX_NEWS_SHORT);
    assert_int_equal(lamp(rig, "101"), LAMP_PRESENCE_ONLY);
    uint32_t asked = rex_floor_asked(&rig->floor);
    p = about("1001", 0);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_RINGING;
    add_call(&p, "s-1", "p-1-2", REX_RINGING, true);
    answer(rig, &p, asked, false);
    assert_int_equal(lamp(rig, "101"), LAMP_RINGING);
}

static void fewer_calls_than_said_keep_the_others(void **state)
{
    struct rig *rig = *state;
    struct rex_presence p = about("1001", 10);
    p.has |= REX_HAS_TOTAL | REX_HAS_TELEPHONY;
    p.telephony = REX_RINGING;
    p.total_calls = 2;
    add_call(&p, "s-1", "p-1-2", REX_ON_HOLD, true);
    add_call(&p, "s-2", "p-2-2", REX_RINGING, true);
    assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
    p = about("1001", 11);
    p.has |= REX_HAS_TOTAL;
    p.total_calls = 3;
    add_call(&p, "s-2", "p-2-2", REX_CONNECTED, true);
    assert_int_equal(event(rig, &p), REX_NEWS_SHORT);
    assert_int_equal(hud_user_by_extension(&rig->hud, "101")->calls.len, 2);
    assert_int_equal(lamp(rig, "101"), LAMP_HOLD);
    p = about("1001", 12);
    p.has |= REX_HAS_TOTAL;
    p.total_calls = 1;
    add_call(&p, "s-2", "p-2-2", REX_CONNECTED, true);
    assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
    assert_int_equal(hud_user_by_extension(&rig->hud, "101")->calls.len, 1);
}

static void ended_calls_in_the_list_are_none(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    struct rex_presence p = about("1001", 11);
    add_call(&p, "s-1", "p-1-2", REX_NO_CALL, true);
    p.calls.items[0].is_final = true;
    event(rig, &p);
    assert_int_equal(lamp(rig, "101"), LAMP_AVAILABLE);
}

/* ---- order ---- */

static void late_and_repeated_events_do_no_harm(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_RINGING, true);
    assert_int_equal(one_call(rig, "1001", 12, REX_ON_HOLD, true), REX_NEWS_SKIPPED);
    assert_int_equal(rig->floor.missing, 1);
    assert_int_equal(one_call(rig, "1001", 11, REX_CONNECTED, true), REX_NEWS_OLD);
    assert_int_equal(rig->floor.missing, 0); /* it came late, and told nothing else */
    assert_int_equal(lamp(rig, "101"), LAMP_HOLD);
    size_t events = rig->events;
    assert_int_equal(one_call(rig, "1001", 12, REX_ON_HOLD, true), REX_NEWS_APPLIED);
    assert_int_equal(rig->events, events); /* nothing new */

    struct rex_presence p = about("1001", 15);
    p.has |= REX_HAS_DND;
    event(rig, &p);
    assert_int_equal(rig->floor.missing, 2);
    one_call(rig, "1001", 14, REX_CONNECTED, true); /* of use, and dropped: still missing */
    assert_int_equal(rig->floor.missing, 2);
    rex_floor_forgive(&rig->floor);
    assert_int_equal(rig->floor.missing, 0);
    rex_floor_mistrust(&rig->floor);
    assert_int_equal(one_call(rig, "1001", 3, REX_CONNECTED, true), REX_NEWS_APPLIED);
    assert_int_equal(lamp(rig, "101"), LAMP_ON_CALL);
}

static void an_answer_never_overwrites_a_later_event(void **state)
{
    struct rig *rig = *state;
    snapshot_asked(rig);
    uint32_t asked = rex_floor_asked(&rig->floor);
    one_call(rig, "1001", 10, REX_RINGING, true); /* while the answer is on its way */
    struct rex_presence p = about("1001", 0);
    p.has |= REX_HAS_TELEPHONY | REX_HAS_CALLS | REX_HAS_STATUS | REX_HAS_DND;
    p.status = REX_STATUS_AVAILABLE;
    p.is_dnd = true; /* of which no event told: this is taken */
    answer(rig, &p, asked, true);
    p = about("1002", 0);
    p.has |= REX_HAS_TELEPHONY | REX_HAS_CALLS;
    add_call(&p, "s-7", "p-7-1", REX_CONNECTED, false);
    p.telephony = REX_CONNECTED;
    answer(rig, &p, asked, true);
    snapshot_done(rig);
    assert_int_equal(lamp(rig, "101"), LAMP_RINGING);
    assert_true(hud_user_by_extension(&rig->hud, "101")->is_dnd);
    assert_int_equal(lamp(rig, "102"), LAMP_ON_CALL);
    /* 103 was asked for by nobody and has no call: it stays as it was. */
    assert_int_equal(lamp(rig, "103"), LAMP_AVAILABLE);
}

static void a_call_that_ended_meanwhile_stays_ended(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    snapshot_asked(rig);
    uint32_t asked = rex_floor_asked(&rig->floor);
    one_call(rig, "1001", 11, REX_NO_CALL, true);
    struct rex_presence p = about("1001", 0);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_CONNECTED;
    add_call(&p, "s-1", "p-1-2", REX_CONNECTED, true);
    answer(rig, &p, asked, true);
    snapshot_done(rig);
    assert_int_equal(lamp(rig, "101"), LAMP_AVAILABLE);
}

/* A repair that was asked after the snapshot knows more than the snapshot's answer. */
static void what_news_told_since_the_question_is_told_as_news(void **state)
{
    struct rig *rig = *state;
    snapshot_asked(rig);
    uint32_t early = rex_floor_asked(&rig->floor);
    one_call(rig, "1001", 10, REX_RINGING, true);
    uint32_t late = rex_floor_asked(&rig->floor);
    struct rex_presence p = about("1001", 0);
    p.has |= REX_HAS_TELEPHONY;
    p.telephony = REX_ON_HOLD;
    add_call(&p, "s-1", "p-1-2", REX_ON_HOLD, true);
    answer(rig, &p, late, true); /* a second request of the same snapshot */
    assert_int_equal(call_of(rig, "101")->state, CALL_HELD);
    p = about("1001", 0);
    p.has |= REX_HAS_TELEPHONY | REX_HAS_CALLS;
    answer(rig, &p, early, true);
    assert_int_equal(call_of(rig, "101")->state, CALL_HELD);
}

static void what_cannot_be_had_is_unknown_or_hidden(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    snapshot_asked(rig);
    uint32_t asked = rex_floor_asked(&rig->floor);
    struct rex_presence p = about("1001", 0);
    p.has = 0;
    p.refused = 404;
    answer(rig, &p, asked, true);
    p = about("1002", 0);
    p.has = REX_HAS_SHARED;
    p.is_shared = false;
    p.refused = 403;
    answer(rig, &p, asked, true);
    snapshot_done(rig);
    assert_int_equal(lamp(rig, "101"), LAMP_UNKNOWN);
    assert_int_equal(lamp(rig, "102"), LAMP_HIDDEN);
}

/* ---- people ---- */

static void people_come_and_go(void **state)
{
    struct rig *rig = *state;
    person(rig, "1004", "104", "Leila Karam", 4);
    assert_null(hud_user_by_extension(&rig->hud, "104")); /* named with its first presence */
    one_call(rig, "1004", 1, REX_RINGING, true);
    assert_int_equal(hud_user_by_extension(&rig->hud, "104")->line, 4);
    assert_int_equal(lamp(rig, "104"), LAMP_RINGING);
    person(rig, "1004", "104", "Leila K.", 5);
    assert_string_equal(hud_user_by_extension(&rig->hud, "104")->name, "Leila K.");
    assert_int_equal(hud_user_by_extension(&rig->hud, "104")->line, 5);
    rex_floor_drop(&rig->floor, rex_floor_user(&rig->floor, "1002"));
    assert_null(hud_user_by_extension(&rig->hud, "102"));
    assert_null(rex_floor_by_extension(&rig->floor, "102"));
    assert_int_equal(one_call(rig, "1002", 5, REX_RINGING, true), REX_NEWS_NOBODY);
    /* Those who stayed are found where they are now. */
    assert_string_equal(rex_floor_by_extension(&rig->floor, "104")->id, "1004");
    rex_floor_drop(&rig->floor, rex_floor_user(&rig->floor, "1004"));
    rex_floor_drop(&rig->floor, rex_floor_user(&rig->floor, "1001"));
    assert_int_equal(lamp(rig, "103"), LAMP_AVAILABLE);
}

static void own_settings_are_told(void **state)
{
    struct rig *rig = *state;
    struct rex_presence p = about(OWN_ID, 4);
    p.has |= REX_HAS_SETTINGS | REX_HAS_STATUS;
    p.rings_when_monitored = true;
    p.picks_up_held = true;
    assert_int_equal(event(rig, &p), REX_NEWS_APPLIED);
    assert_true(rig->hud.settings.ring_when_monitored_rings);
    assert_true(rig->hud.settings.pick_up_held_lines);
    assert_true(rig->hud.settings.ring_locks_hold);
    assert_null(hud_user_by_extension(&rig->hud, "900")); /* we are not monitored */
    p = about("1001", 4);                                 /* of others they are not ours */
    p.has |= REX_HAS_SETTINGS;
    event(rig, &p);
    assert_true(rig->hud.settings.ring_when_monitored_rings);
}

/* ---- sessions ---- */

static struct rex_party party(const char *id, const char *extension_id, enum rex_party_code code)
{
    struct rex_party party = {.code = code, .is_inbound = true};
    str_copy(party.id, sizeof party.id, id);
    str_copy(party.extension_id, sizeof party.extension_id, extension_id);
    return party;
}

static enum rex_news session(struct rig *rig, const char *id, int64_t sequence,
                             struct rex_party party)
{
    struct rex_session session = {.sequence = sequence, .at_ms = T0 + rig->now_ms};
    str_copy(session.id, sizeof session.id, id);
    VEC_PUSH(&session.parties, party);
    enum rex_news news = rex_floor_session(&rig->floor, &session, T0 + rig->now_ms);
    VEC_FREE(&session.parties);
    return news;
}

static void sessions_tell_recordings_and_answers(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_RINGING, true);
    assert_int_equal(session(rig, "s-1", 2, party("p-1-2", "1001", REX_PROCEEDING)),
                     REX_NEWS_APPLIED);
    rig->now_ms += 4000;
    int64_t answered_ms = T0 + rig->now_ms;
    session(rig, "s-1", 3, party("p-1-2", "1001", REX_ANSWERED));
    one_call(rig, "1001", 11, REX_CONNECTED, true);
    assert_int_equal(call_of(rig, "101")->connected_ms, answered_ms);
    assert_false(call_of(rig, "101")->is_recorded);
    struct rex_party recorded = party("p-1-2", "1001", REX_ANSWERED);
    recorded.has_recordings = recorded.is_recorded = true;
    str_copy(recorded.recording_id, sizeof recorded.recording_id, "77");
    session(rig, "s-1", 4, recorded);
    assert_true(call_of(rig, "101")->is_recorded);
    assert_string_equal(rex_floor_leg(&rig->floor, "s-1/p-1-2")->recording_id, "77");
    session(rig, "s-1", 5, party("p-1-2", "1001", REX_HOLD)); /* lacks them: they stay */
    assert_true(call_of(rig, "101")->is_recorded);
    /* Older than what was told of this party. */
    assert_int_equal(session(rig, "s-1", 3, party("p-1-2", "1001", REX_PROCEEDING)), REX_NEWS_OLD);
    assert_int_equal(rex_floor_leg(&rig->floor, "s-1/p-1-2")->code, REX_HOLD);
    /* A number left out: the session is to be read anew, lamps do not depend on it. */
    assert_int_equal(session(rig, "s-1", 9, party("p-1-2", "1001", REX_HOLD)), REX_NEWS_SKIPPED);
    assert_int_equal(rig->floor.missing, 0);
}

/* Kept from us by rights, it may come with its digits crossed out (3.1). */
static void a_masked_number_is_none(void **state)
{
    struct rig *rig = *state;
    struct rex_presence presence = about("1001", 10);
    add_call(&presence, "s-1", "p-1", REX_CONNECTED, true);
    str_copy(presence.calls.items[0].number, sizeof presence.calls.items[0].number, "+XXXXXXXXXXX");
    event(rig, &presence);
    assert_int_equal(lamp(rig, "101"), LAMP_ON_CALL);
    assert_string_equal(call_of(rig, "101")->number, "");
}

static void sessions_of_strangers_are_not_kept(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(session(rig, "s-5", 2, party("p-5-1", "7777", REX_ANSWERED)), REX_NEWS_NOBODY);
    assert_int_equal(rig->floor.sessions.len, 0);
}

static void supervisors_are_shown_until_they_leave(void **state)
{
    struct rig *rig = *state;
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    session(rig, "s-1", 2, party("p-1-2", "1001", REX_ANSWERED));
    struct rex_party leg = party("p-1-3", OWN_ID, REX_GONE);
    str_copy(leg.reason, sizeof leg.reason, "Supervising");
    str_copy(leg.peer_session, sizeof leg.peer_session, "s-2");
    str_copy(leg.peer_party, sizeof leg.peer_party, "p-2-1");
    str_copy(leg.from_extension_id, sizeof leg.from_extension_id, "1001");
    str_copy(leg.to_extension_id, sizeof leg.to_extension_id, OWN_ID);
    session(rig, "s-1", 3, leg);
    assert_int_equal(call_of(rig, "101")->supervisors_len, 1);
    assert_string_equal(call_of(rig, "101")->supervisors[0].extension, "900");
    session(rig, "s-2", 2, party("p-2-1", OWN_ID, REX_ANSWERED));
    assert_int_equal(call_of(rig, "101")->supervisors_len, 1);
    session(rig, "s-2", 3, party("p-2-1", OWN_ID, REX_DISCONNECTED));
    assert_int_equal(call_of(rig, "101")->supervisors_len, 0);
}

static void who_took_a_call_is_known(void **state)
{
    struct rig *rig = *state;
    char extension[REX_NUMBER_BYTES];
    session(rig, "s-1", 2, party("p-1-2", "1001", REX_PROCEEDING));
    assert_false(rex_floor_taker(&rig->floor, "s-1/p-1-2", extension, sizeof extension));
    session(rig, "s-1", 3, party("p-1-3", "1002", REX_ANSWERED));
    struct rex_party lost = party("p-1-2", "1001", REX_DISCONNECTED);
    str_copy(lost.reason, sizeof lost.reason, "Pickup");
    session(rig, "s-1", 4, lost);
    assert_true(rex_floor_taker(&rig->floor, "s-1/p-1-2", extension, sizeof extension));
    assert_string_equal(extension, "102");
    session(rig, "s-1", 5, party("p-1-3", "1002", REX_DISCONNECTED));
    assert_false(rex_floor_taker(&rig->floor, "s-1/p-1-2", extension, sizeof extension));
}

static void ended_sessions_leave_after_a_minute(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 300; i++) {
        char id[16], leg[16];
        snprintf(id, sizeof id, "s-%d", i);
        snprintf(leg, sizeof leg, "p-%d-2", i);
        session(rig, id, 2, party(leg, "1001", REX_ANSWERED));
        session(rig, id, 3, party(leg, "1001", REX_DISCONNECTED));
        rig->now_ms += 1000;
    }
    assert_in_range(rig->floor.sessions.len, 60, 62);
    assert_true(rig->floor.ended.len - rig->floor.ended_at <= 62);
    /* One of which nothing is heard any more goes with a snapshot. */
    session(rig, "s-x", 2, party("p-x-2", "1001", REX_ANSWERED));
    snapshot_asked(rig);
    snapshot_done(rig);
    assert_null(map_get(&rig->floor.sessions, "s-x"));
}

static void calls_without_a_session_are_named(void **state)
{
    struct rig *rig = *state;
    rex_ids ids = {0};
    one_call(rig, "1001", 10, REX_CONNECTED, true);
    one_call(rig, "1002", 10, REX_CONNECTED, true); /* the same session */
    rex_floor_unknown_sessions(&rig->floor, 5, &ids);
    assert_int_equal(ids.len, 1);
    assert_string_equal(ids.items[0], "s-1");
    mem_free(ids.items[0]);
    VEC_FREE(&ids);
    rex_floor_session_denied(&rig->floor, "s-1");
    rex_floor_unknown_sessions(&rig->floor, 5, &ids);
    assert_int_equal(ids.len, 0);
}

static void ids_with_slashes_are_told_apart(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"s-1", "p-1-2"}, {"a/b", "c"}, {"a", "b/c"}, {"Y3M=/x", "cs1//-2"}};
    char id[REX_CALL_ID_BYTES], session_id[REX_ID_BYTES], party_id[REX_ID_BYTES];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        rex_call_id(id, sizeof id, pairs[i][0], pairs[i][1]);
        assert_true(rex_call_split(id, session_id, party_id));
        assert_string_equal(session_id, pairs[i][0]);
        assert_string_equal(party_id, pairs[i][1]);
    }
    assert_false(rex_call_split(REX_MEETING, session_id, party_id));
    assert_false(rex_call_split("/p", session_id, party_id));
    assert_false(rex_call_split("s/", session_id, party_id));
}

/* The memory of one of a hundred thousand people, and the work of one event. */
static void the_floor_is_small_for_each(void **state)
{
    (void)state;
    assert_true(sizeof(struct rex_user) <= 256);
    assert_true(sizeof(struct rex_call) <= 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        T(calls_light_their_lamps),
        T(an_outbound_call_that_rings_is_dialling),
        T(presence_lights_its_lamps),
        T(who_hides_shows_nothing_else),
        T(a_meeting_is_a_call),
        T(withheld_calls_are_never_free),
        T(a_place_is_never_offline),
        T(what_an_event_lacks_stays),
        T(a_status_without_its_call_asks_and_is_not_free),
        T(fewer_calls_than_said_keep_the_others),
        T(ended_calls_in_the_list_are_none),
        T(late_and_repeated_events_do_no_harm),
        T(an_answer_never_overwrites_a_later_event),
        T(a_call_that_ended_meanwhile_stays_ended),
        T(what_news_told_since_the_question_is_told_as_news),
        T(what_cannot_be_had_is_unknown_or_hidden),
        T(people_come_and_go),
        T(own_settings_are_told),
        T(sessions_tell_recordings_and_answers),
        T(a_masked_number_is_none),
        T(sessions_of_strangers_are_not_kept),
        T(supervisors_are_shown_until_they_leave),
        T(who_took_a_call_is_known),
        T(ended_sessions_leave_after_a_minute),
        T(calls_without_a_session_are_named),
        T(ids_with_slashes_are_told_apart),
        T(the_floor_is_small_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
