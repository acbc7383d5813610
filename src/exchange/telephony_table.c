#include "telephony_table.h"

#define NO            \
    {                 \
        EX_SETUP, 409 \
    }
#define LOST          \
    {                 \
        EX_SETUP, 404 \
    }
#define TO(code, status)  \
    {                     \
        EX_##code, status \
    }

/* Columns: Setup Proceeding Answered Hold Parked Gone Disconnected. What a line says about a code
 * is contract 4.1 and 4.3; where they are silent, what the words mean. */
static const struct act_row rows[ACT_COUNT] = {
    [ACT_HANGUP] = {"hangup",
                    MAY_CONTROL,
                    false,
                    {TO(DISCONNECTED, 204), TO(DISCONNECTED, 204), TO(DISCONNECTED, 204),
                     TO(DISCONNECTED, 204), TO(DISCONNECTED, 204), LOST, LOST}},
    [ACT_MUTE] = {"mute",
                  MAY_CONTROL,
                  false,
                  {NO, NO, TO(ANSWERED, 200), TO(HOLD, 200), NO, LOST, LOST}},
    [ACT_HOLD] = {"hold", MAY_CONTROL, false, {NO, NO, TO(HOLD, 200), NO, NO, LOST, LOST}},
    [ACT_UNHOLD] = {"unhold", MAY_CONTROL, false, {NO, NO, NO, TO(ANSWERED, 200), NO, LOST, LOST}},
    [ACT_ANSWER] = {"answer",
                    MAY_OWN,
                    true,
                    {TO(ANSWERED, 200), TO(ANSWERED, 200), NO, NO, NO, LOST, LOST}},
    [ACT_REJECT] = {"reject",
                    MAY_OWN,
                    true,
                    {TO(DISCONNECTED, 204), TO(DISCONNECTED, 204), NO, NO, NO, LOST, LOST}},
    [ACT_IGNORE] = {"ignore",
                    MAY_OWN,
                    true,
                    {TO(SETUP, 204), TO(PROCEEDING, 204), NO, NO, NO, LOST, LOST}},
    [ACT_FORWARD] = {"forward",
                     MAY_CONTROL,
                     true,
                     {TO(DISCONNECTED, 200), TO(DISCONNECTED, 200), NO, NO, NO, LOST, LOST}},
    [ACT_TRANSFER] = {"transfer",
                      MAY_CONTROL,
                      false,
                      {NO, NO, TO(DISCONNECTED, 200), TO(DISCONNECTED, 200), NO, LOST, LOST}},
    [ACT_BRIDGE] = {"bridge",
                    MAY_CONTROL,
                    false,
                    {NO, NO, TO(GONE, 200), TO(GONE, 200), NO, LOST, LOST}},
    [ACT_PARK] = {"park",
                  MAY_CONTROL,
                  true,
                  {NO, NO, TO(PARKED, 201), TO(PARKED, 201), NO, LOST, LOST}},
    [ACT_PICKUP] = {"pickup",
                    MAY_PICK_UP,
                    false,
                    {TO(DISCONNECTED, 201), TO(DISCONNECTED, 201), NO, TO(DISCONNECTED, 201),
                     TO(GONE, 201), LOST, LOST}},
    [ACT_FLIP] = {"flip", MAY_OWN, false, {NO, NO, TO(DISCONNECTED, 200), NO, NO, LOST, LOST}},
    [ACT_RECORD] = {"record",
                    MAY_CONTROL,
                    false,
                    {NO, NO, TO(ANSWERED, 201), TO(HOLD, 201), NO, LOST, LOST}},
    [ACT_REPLY] = {"reply",
                   MAY_OWN,
                   true,
                   {TO(DISCONNECTED, 200), TO(DISCONNECTED, 200), NO, NO, NO, LOST, LOST}},
};

const struct act_row *act_row(enum act act)
{
    return &rows[act];
}

struct act_cell act_cell(enum act act, const struct ex_party *party)
{
    struct act_cell cell = rows[act].cells[party->code];
    bool is_ringing_out = party->is_outbound && party_is_ringing(party);
    bool is_wrong_side = party->is_outbound && rows[act].is_inbound_only;
    if (cell.status < 400 && (is_wrong_side || (act == ACT_PICKUP && is_ringing_out)))
        cell.status = 409;
    return cell;
}
