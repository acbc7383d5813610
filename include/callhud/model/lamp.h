/* The lamp: one state drawn for a user. A pure function of presence, DND and calls (product
 * contract, section 2); staleness and "unknown after 60 s" are added by hud_lamp(). */
#ifndef CALLHUD_MODEL_LAMP_H
#define CALLHUD_MODEL_LAMP_H

#include "callhud/model/event.h"

/* In the order of the contract's table: the first that matches is the lamp. */
enum lamp {
    LAMP_RINGING,
    LAMP_HOLD,
    LAMP_PARKED,
    LAMP_ON_CALL,
    LAMP_HIDDEN,
    LAMP_OFFLINE,
    LAMP_DND,
    LAMP_AWAY,
    LAMP_PRESENCE_ONLY,
    LAMP_AVAILABLE,
    LAMP_UNKNOWN,
    LAMP_COUNT
};

/* One row of the lamp table; everything that names or draws a lamp reads it here. */
struct lamp_row {
    const char *json;  /* "on_call" */
    const char *word;  /* "talk", as on screen */
    const char *glyph; /* "■", one column */
    char ascii;        /* '#' */
    char letter;       /* 'c': for filters by letter */
};
const struct lamp_row *lamp_row(enum lamp lamp);
/* By JSON name, by word or by letter; false when there is none. "is:" filters use it. */
bool lamp_from_text(const char *text, enum lamp *out);

struct lamp_facts {
    enum presence presence;
    bool is_dnd;
    bool is_withheld; /* calls withheld by rights */
    bool has_ringing;
    bool has_held;
    bool has_parked;
    bool has_connected; /* connected or dialling */
};
enum lamp lamp_of(const struct lamp_facts *facts);

/* Blinking and bell by the table of the two monitoring settings. Where ring_locks_hold is false the
 * pick-up setting alone decides and a blinking hold means "may be picked up". */
bool lamp_blinks(enum lamp lamp, const struct monitor_settings *settings);
bool lamp_sounds(enum lamp lamp, const struct monitor_settings *settings); /* rings the bell */

/* May the most urgent ringing or held call be picked up? why is NULL when is_ok, else one sentence
 * that names the setting to change. Static text. */
struct pickup {
    bool is_ok;
    const char *why;
};
struct pickup pickup_check(const struct monitor_settings *settings, bool has_ringing,
                           bool has_held);

const char *presence_json(enum presence presence); /* NULL for PRESENCE_UNKNOWN */
const char *call_state_json(enum call_state state);
const char *call_direction_json(enum call_direction direction);
const char *supervise_mode_json(enum supervise_mode mode); /* NULL for SUPERVISE_UNKNOWN */

#endif
