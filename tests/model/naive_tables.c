#include "naive_tables.h"

#include <stdio.h>

/* Order of urgency: ringing, held, parked, connected, dialling. */
int naive_call_rank(enum call_state state)
{
    switch (state) {
    case CALL_RINGING: return MUTANT(8) ? 1 : 0;
    case CALL_HELD: return MUTANT(8) ? 0 : 1;
    case CALL_PARKED: return 2;
    case CALL_CONNECTED: return 3;
    case CALL_DIALLING: return 4;
    }
    return 5;
}

bool naive_has_call(const struct view_call *calls, size_t len, enum call_state state)
{
    for (size_t i = 0; i < len; i++) {
        if (calls[i].state == state) {
            return true;
        }
    }
    return false;
}

enum lamp naive_lamp(enum presence presence, bool is_dnd, bool is_withheld,
                     const struct view_call *calls, size_t calls_len)
{
    /* Withheld calls are not shown in any way: rights come before facts (section 6). */
    size_t len = is_withheld ? 0 : calls_len;
    if (MUTANT(8) && naive_has_call(calls, len, CALL_HELD)) {
        return LAMP_HOLD;
    }
    if (naive_has_call(calls, len, CALL_RINGING)) {
        return LAMP_RINGING;
    }
    if (naive_has_call(calls, len, CALL_HELD)) {
        return LAMP_HOLD;
    }
    if (naive_has_call(calls, len, CALL_PARKED)) {
        return LAMP_PARKED;
    }
    if (len > 0) {
        return LAMP_ON_CALL;
    }
    if (MUTANT(9) && is_dnd) {
        return LAMP_DND;
    }
    if (presence == PRESENCE_HIDDEN) {
        return LAMP_HIDDEN;
    }
    if (presence == PRESENCE_OFFLINE) {
        return LAMP_OFFLINE;
    }
    if (is_dnd) {
        return LAMP_DND;
    }
    if (presence == PRESENCE_BUSY || presence == PRESENCE_AWAY) {
        return LAMP_AWAY;
    }
    if (presence == PRESENCE_AVAILABLE) {
        return is_withheld && !MUTANT(10) ? LAMP_PRESENCE_ONLY : LAMP_AVAILABLE;
    }
    return LAMP_UNKNOWN;
}

/* Ringing may always be picked up; held as the table of the two settings says; else nothing. */
bool naive_is_pickup_allowed(const struct monitor_settings *s, bool has_ringing, bool has_held)
{
    if (has_ringing) {
        return true;
    }
    if (!has_held || !s->pick_up_held_lines) {
        return false;
    }
    return !(s->ring_when_monitored_rings && s->ring_locks_hold) || MUTANT(11);
}

/* --- self test ------------------------------------------------------------------------------ */

static int check_lamp_row(enum presence presence, bool is_dnd, bool is_withheld, int call,
                          enum lamp expected)
{
    struct view_call calls[1] = {0};
    size_t len = call < 0 ? 0 : 1;
    calls[0].state = (enum call_state)(call < 0 ? 0 : call);
    enum lamp lamp = naive_lamp(presence, is_dnd, is_withheld, calls, len);
    if (lamp == expected) {
        return 0;
    }
    printf("naive lamp: presence %d dnd %d withheld %d call %d gives %d, not %d\n", (int)presence,
           is_dnd, is_withheld, call, (int)lamp, (int)expected);
    return 1;
}

static int check_pickup_row(bool ring, bool pick_up, bool locks, bool expected)
{
    struct monitor_settings s = {ring, pick_up, locks};
    if (naive_is_pickup_allowed(&s, false, true) == expected &&
        naive_is_pickup_allowed(&s, true, false) && !naive_is_pickup_allowed(&s, false, false)) {
        return 0;
    }
    printf("naive pickup: ring %d pick up %d locks %d is wrong\n", ring, pick_up, locks);
    return 1;
}

int naive_self_test(void)
{
    int wrong = 0;
    if (NAIVE_MUTANT != 0) {
        return 0; /* the histories are to notice it */
    }
    wrong += check_lamp_row(PRESENCE_AVAILABLE, true, false, CALL_RINGING, LAMP_RINGING);
    wrong += check_lamp_row(PRESENCE_AWAY, true, false, CALL_HELD, LAMP_HOLD);
    wrong += check_lamp_row(PRESENCE_OFFLINE, false, false, CALL_PARKED, LAMP_PARKED);
    wrong += check_lamp_row(PRESENCE_HIDDEN, false, false, CALL_CONNECTED, LAMP_ON_CALL);
    wrong += check_lamp_row(PRESENCE_UNKNOWN, false, false, CALL_DIALLING, LAMP_ON_CALL);
    wrong += check_lamp_row(PRESENCE_HIDDEN, true, true, -1, LAMP_HIDDEN);
    wrong += check_lamp_row(PRESENCE_OFFLINE, true, true, -1, LAMP_OFFLINE);
    wrong += check_lamp_row(PRESENCE_AWAY, true, true, -1, LAMP_DND);
    wrong += check_lamp_row(PRESENCE_UNKNOWN, true, false, -1, LAMP_DND);
    wrong += check_lamp_row(PRESENCE_BUSY, false, true, -1, LAMP_AWAY);
    wrong += check_lamp_row(PRESENCE_AWAY, false, false, -1, LAMP_AWAY);
    wrong += check_lamp_row(PRESENCE_AVAILABLE, false, true, -1, LAMP_PRESENCE_ONLY);
    wrong += check_lamp_row(PRESENCE_AVAILABLE, false, true, CALL_RINGING, LAMP_PRESENCE_ONLY);
    wrong += check_lamp_row(PRESENCE_AVAILABLE, false, false, -1, LAMP_AVAILABLE);
    wrong += check_lamp_row(PRESENCE_UNKNOWN, false, false, -1, LAMP_UNKNOWN);
    wrong += check_lamp_row(PRESENCE_UNKNOWN, false, true, -1, LAMP_UNKNOWN);
    for (int locks = 0; locks < 2; locks++) {
        wrong += check_pickup_row(false, false, locks, false);
        wrong += check_pickup_row(false, true, locks, true);
        wrong += check_pickup_row(true, false, locks, false);
        wrong += check_pickup_row(true, true, locks, !locks);
    }
    return wrong;
}
