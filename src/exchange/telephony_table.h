/* The table of what can be done with a party in which state: [action][code] -> code, status. */
#ifndef CALLHUD_EXCHANGE_TELEPHONY_TABLE_H
#define CALLHUD_EXCHANGE_TELEPHONY_TABLE_H

#include "telephony.h"

enum act {
    ACT_HANGUP,
    ACT_MUTE,
    ACT_HOLD,
    ACT_UNHOLD,
    ACT_ANSWER,
    ACT_REJECT,
    ACT_IGNORE,
    ACT_FORWARD,
    ACT_TRANSFER,
    ACT_BRIDGE,
    ACT_PARK,
    ACT_PICKUP,
    ACT_FLIP,
    ACT_RECORD,
    ACT_REPLY,
    ACT_COUNT
};

/* Whose token may do it. */
enum may {
    MAY_CONTROL, /* the owner; an administrator when EX_CONTROL_ANY */
    MAY_OWN,     /* the owner alone */
    MAY_PICK_UP  /* who is permitted by the owner (contracts: ringcentral 3.8) */
};

struct act_cell {
    enum ex_code to; /* of the party, when status is below 400 */
    int status;
};
struct act_row {
    const char *name;
    enum may may;
    bool is_inbound_only; /* outbound parties: 409 */
    struct act_cell cells[EX_DISCONNECTED + 1];
};

const struct act_row *act_row(enum act act);
/* What the table says for this party now. */
struct act_cell act_cell(enum act act, const struct ex_party *party);

#endif
