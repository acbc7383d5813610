#include "callhud/model/lamp.h"

#include "callhud/base/str.h"


static const struct lamp_row rows[LAMP_COUNT] = {
    [LAMP_RINGING] = {"ringing", "rings", "▲", '!', 'r'},
    [LAMP_HOLD] = {"hold", "hold", "║", '=', 'h'},
    [LAMP_PARKED] = {"parked", "parked", "▬", '_', 'p'},
    [LAMP_ON_CALL] = {"on_call", "talk", "■", '#', 'c'},
    [LAMP_HIDDEN] = {"hidden", "not shared", "·", '-', '-'},
    [LAMP_OFFLINE] = {"offline", "offline", "○", '.', 'f'},
    [LAMP_DND] = {"dnd", "do not disturb", "×", 'x', 'd'},
    [LAMP_AWAY] = {"away", "away", "◊", '~', 'w'},
    [LAMP_PRESENCE_ONLY] = {"presence_only", "calls not shown", "¤", '*', 'n'},
    [LAMP_AVAILABLE] = {"available", "free", "●", 'o', 'a'},
    [LAMP_UNKNOWN] = {"unknown", "not heard from", "?", '?', 'u'},
};

const struct lamp_row *lamp_row(enum lamp lamp)
{
    return &rows[(unsigned)lamp < LAMP_COUNT ? lamp : LAMP_UNKNOWN];
}

bool lamp_from_text(const char *text, enum lamp *out)
{
    for (unsigned i = 0; i < LAMP_COUNT; i++) {
        bool is_letter = text[0] == rows[i].letter && !text[1];
        if (is_letter || str_eq_nocase(text, rows[i].json) || str_eq_nocase(text, rows[i].word)) {
            *out = (enum lamp)i;
            return true;
        }
    }
    return false;
}

/* The conditions in the order of the contract's table; the first that holds is the lamp. */
enum lamp lamp_of(const struct lamp_facts *f)
{
    if (f->has_ringing)
        return LAMP_RINGING;
    if (f->has_held)
        return LAMP_HOLD;
    if (f->has_parked)
        return LAMP_PARKED;
    if (f->has_connected)
        return LAMP_ON_CALL;
    if (f->presence == PRESENCE_HIDDEN)
        return LAMP_HIDDEN;
    if (f->presence == PRESENCE_OFFLINE)
        return LAMP_OFFLINE;
    if (f->is_dnd)
        return LAMP_DND;
    if (f->presence == PRESENCE_AWAY || f->presence == PRESENCE_BUSY)
        return LAMP_AWAY;
    if (f->presence == PRESENCE_UNKNOWN)
        return LAMP_UNKNOWN;
    if (f->is_withheld)
        return LAMP_PRESENCE_ONLY;
    return LAMP_AVAILABLE;
}

bool lamp_blinks(enum lamp lamp, const struct monitor_settings *settings)
{
    if (lamp == LAMP_RINGING)
        return true;
    if (lamp != LAMP_HOLD)
        return false;
    if (!settings->ring_locks_hold)
        return settings->pick_up_held_lines;
    return !settings->ring_when_monitored_rings;
}

bool lamp_sounds(enum lamp lamp, const struct monitor_settings *settings)
{
    return lamp == LAMP_RINGING && settings->ring_when_monitored_rings;
}

struct pickup pickup_check(const struct monitor_settings *settings, bool has_ringing,
                           bool has_held)
{
    bool is_locked = settings->ring_locks_hold && settings->ring_when_monitored_rings;
    if (has_ringing)
        return (struct pickup){true, NULL};
    if (!has_held)
        return (struct pickup){false, "no held or ringing call"};
    if (is_locked && !settings->pick_up_held_lines) {
        return (struct pickup){false,
                               "turn on 'Enable me to pick up a monitored line on hold' and turn "
                               "off 'Ring my phone when any user I am monitoring rings'"};
    }
    if (is_locked) {
        return (struct pickup){false, "'Ring my phone when any user I am monitoring rings' is on: "
                                      "a held line cannot be taken over then"};
    }
    if (!settings->pick_up_held_lines) {
        return (struct pickup){false,
                               "turn on 'Enable me to pick up a monitored line on hold'"};
    }
    return (struct pickup){true, NULL};
}

const char *presence_json(enum presence presence)
{
    switch (presence) {
    case PRESENCE_UNKNOWN: return NULL;
    case PRESENCE_AVAILABLE: return "available";
    case PRESENCE_BUSY: return "busy";
    case PRESENCE_AWAY: return "away";
    case PRESENCE_OFFLINE: return "offline";
    case PRESENCE_HIDDEN: return "hidden";
    }
    return NULL;
}

const char *call_state_json(enum call_state state)
{
    switch (state) {
    case CALL_RINGING: return "ringing";
    case CALL_DIALLING: return "dialling";
    case CALL_CONNECTED: return "connected";
    case CALL_HELD: return "held";
    case CALL_PARKED: return "parked";
    }
    return "connected";
}

const char *call_direction_json(enum call_direction direction)
{
    return direction == CALL_IN ? "in" : "out";
}

const char *supervise_mode_json(enum supervise_mode mode)
{
    switch (mode) {
    case SUPERVISE_UNKNOWN: return NULL;
    case SUPERVISE_LISTEN: return "listen";
    case SUPERVISE_WHISPER: return "whisper";
    case SUPERVISE_BARGE: return "barge";
    }
    return NULL;
}
