/* The table of the state machine: every input in every state, once. */
#include "supervise_parts.h"

#define TO(state, what)              \
    {                                \
        AT_##state, supervise_##what \
    }
#define STAY                    \
    {                           \
        AT_IDLE, supervise_stay \
    }
#define END TO(STOP, end)

/* Groups of inputs that mean the same to several states. supervise_act() has refused beforehand
 * what people cannot want in a state. */
#define NO_LIFTING [IN_LIFTED_MODE] = STAY, [IN_LIFTED_TAKE] = STAY, [IN_LIFTED_PICK] = STAY
#define LIFTING                                                                         \
    [IN_LIFTED_MODE] = TO(BRIDGE, ask_bridge), [IN_LIFTED_TAKE] = TO(CLAIM, ask_claim), \
    [IN_LIFTED_PICK] = TO(VARS, ask_vars)
#define NO_WISHES \
    [IN_DIAL] = STAY, NO_LIFTING, [IN_SWITCH] = STAY, [IN_TAKE] = STAY, [IN_OTHER] = STAY
#define MOVES \
    [IN_DIAL] = STAY, NO_LIFTING, [IN_SWITCH] = STAY, [IN_TAKE] = STAY, [IN_OTHER] = TO(STOP, move)
/* A step that failed: before anything is confirmed it is over, later all is as it was. */
#define FAILS(state, what)                                                                       \
    [IN_MISSING] = TO(state, what), [IN_CONFLICT] = TO(state, what),                             \
    [IN_DENIED] = TO(state, what), [IN_ERROR] = TO(state, what), [IN_SILENCE] = TO(state, what), \
    [IN_LATE] = TO(state, what), [IN_LEDGER] = TO(state, what)
#define NO_ANSWERS                                                                 \
    [IN_OK] = STAY, [IN_MISSING] = STAY, [IN_CONFLICT] = STAY, [IN_DENIED] = STAY, \
    [IN_ERROR] = STAY, [IN_SILENCE] = STAY, [IN_LATE] = STAY, [IN_LEDGER] = STAY
#define NO_PHONE [IN_RINGS] = STAY, [IN_PHONE_IN] = STAY, [IN_PHONE_OUT] = STAY
#define NO_SNOOP [IN_SNOOP_UP] = STAY, [IN_SNOOP_IN] = STAY, [IN_OLD_GONE] = STAY
#define NO_CALL \
    [IN_TARGET_GONE] = STAY, [IN_CHANGED] = STAY, [IN_RESUMED] = STAY, [IN_BRIDGED] = STAY
/* The call or our phone is not there any more. */
#define GONE                                                                                  \
    [IN_PHONE_GONE] = END, [IN_SNOOP_GONE] = END, [IN_TARGET_GONE] = END, [IN_CHANGED] = END, \
    [IN_BRIDGED] = STAY
#define LOST_ENDS [IN_LOST] = END, [IN_SYNCED] = STAY, [IN_CLEAN] = STAY

/* Our phone is asked for or rings. */
#define CALLING                                                                              \
    [IN_DIAL] = STAY,                                                                        \
    LIFTING, [IN_TAKE] = STAY, [IN_OTHER] = TO(STOP, move), [IN_STOP] = END, [IN_OK] = STAY, \
    FAILS(STOP, end), [IN_PHONE_IN] = STAY, [IN_PHONE_OUT] = STAY, NO_SNOOP,                 \
    GONE, [IN_RESUMED] = END, LOST_ENDS

/* A step towards a confirmed mode. */
#define STEP                                                                                      \
    MOVES, [IN_STOP] = END, FAILS(STOP, end), [IN_RINGS] = STAY, [IN_PHONE_OUT] = TO(STOP, part), \
           GONE, [IN_RESUMED] = END, LOST_ENDS

/* A step towards the dialplan, with nothing confirmed yet. */
#define TAKING                                                                                  \
    NO_WISHES, [IN_STOP] = END, [IN_RINGS] = STAY, [IN_PHONE_IN] = STAY, [IN_PHONE_OUT] = STAY, \
               NO_SNOOP, GONE, [IN_RESUMED] = END, LOST_ENDS

/* The same out of a supervision, which goes on when it fails. */
#define ON_TAKING                                                                                 \
    NO_WISHES, [IN_STOP] = END, [IN_RINGS] = STAY, [IN_PHONE_IN] = STAY,                          \
               [IN_PHONE_OUT] = TO(STOP, part), NO_SNOOP, GONE, [IN_RESUMED] = TO(ON, fail_back), \
               [IN_LOST] = TO(UNSURE, fail_unsure), [IN_SYNCED] = STAY, [IN_CLEAN] = STAY

/* The phone is the dialplan's: only what becomes of it counts, and that the agent's leg ends or is
 * alone is what is to happen. */
#define GOING                                                                                    \
    NO_WISHES, [IN_STOP] = STAY, [IN_OK] = STAY, [IN_MISSING] = STAY, [IN_SILENCE] = STAY,       \
               [IN_LATE] = END, [IN_LEDGER] = STAY, NO_PHONE, [IN_PHONE_GONE] = TO(WHY, wonder), \
               NO_SNOOP, [IN_SNOOP_GONE] = STAY, [IN_TARGET_GONE] = STAY, [IN_CHANGED] = STAY,   \
               [IN_RESUMED] = STAY, [IN_BRIDGED] = TO(STOP, taken), [IN_LOST] = STAY,            \
               [IN_SYNCED] = STAY, [IN_CLEAN] = STAY

static const struct supervise_cell table[AT_COUNT][IN_COUNT] = {
    [AT_IDLE] = {[IN_DIAL] = TO(DIAL, dial),
                 LIFTING,
                 [IN_SWITCH] = STAY,
                 [IN_TAKE] = STAY,
                 [IN_OTHER] = STAY,
                 [IN_STOP] = STAY,
                 NO_ANSWERS,
                 [IN_RINGS] = STAY,
                 [IN_PHONE_IN] = TO(SNOOP, ask_snoop),
                 [IN_PHONE_OUT] = STAY,
                 [IN_PHONE_GONE] = STAY,
                 NO_SNOOP,
                 [IN_SNOOP_GONE] = STAY,
                 NO_CALL,
                 [IN_LOST] = STAY,
                 [IN_SYNCED] = STAY,
                 [IN_CLEAN] = STAY},
    [AT_DIAL] = {CALLING, [IN_RINGS] = TO(RING, ring), [IN_SWITCH] = TO(DIAL, retarget)},
    [AT_RING] = {CALLING, [IN_RINGS] = STAY, [IN_SWITCH] = TO(RING, retarget)},
    [AT_BRIDGE] = {STEP, [IN_OLD_GONE] = STAY, [IN_OK] = TO(JOIN, join), [IN_PHONE_IN] = STAY,
                   [IN_SNOOP_UP] = STAY, [IN_SNOOP_IN] = STAY},
    [AT_JOIN] = {STEP, [IN_OLD_GONE] = STAY, [IN_OK] = STAY, [IN_PHONE_IN] = TO(SNOOP, ask_snoop),
                 [IN_SNOOP_UP] = STAY, [IN_SNOOP_IN] = STAY},
    [AT_SNOOP] = {STEP, [IN_OLD_GONE] = STAY, [IN_OK] = STAY, [IN_PHONE_IN] = STAY,
                  [IN_SNOOP_UP] = TO(ADD, add), [IN_SNOOP_IN] = STAY},
    [AT_ADD] = {STEP, [IN_OLD_GONE] = STAY, [IN_OK] = STAY, [IN_PHONE_IN] = STAY,
                [IN_SNOOP_UP] = STAY, [IN_SNOOP_IN] = TO(ON, confirm)},
    [AT_ON] = {[IN_DIAL] = STAY,
               NO_LIFTING,
               [IN_SWITCH] = TO(SW_SNOOP, ask_snoop),
               [IN_TAKE] = TO(ON_CLAIM, ask_claim),
               [IN_OTHER] = TO(STOP, move),
               [IN_STOP] = END,
               NO_ANSWERS,
               [IN_RINGS] = STAY,
               [IN_PHONE_IN] = STAY,
               [IN_PHONE_OUT] = TO(STOP, part),
               NO_SNOOP,
               GONE,
               [IN_RESUMED] = STAY,
               [IN_LOST] = TO(UNSURE, unsure),
               [IN_SYNCED] = STAY,
               [IN_CLEAN] = STAY},
    [AT_SW_SNOOP] = {MOVES, [IN_STOP] = END, [IN_OK] = STAY,
                     FAILS(ON, fail_back), [IN_RINGS] = STAY, [IN_PHONE_IN] = STAY,
                     [IN_PHONE_OUT] = TO(STOP, part), [IN_SNOOP_UP] = TO(SW_DROP, drop_old),
                     [IN_SNOOP_IN] = STAY, [IN_OLD_GONE] = STAY, GONE, [IN_RESUMED] = STAY,
                     [IN_LOST] = TO(UNSURE, fail_unsure), [IN_SYNCED] = STAY, [IN_CLEAN] = STAY},
    [AT_SW_DROP] = {MOVES, [IN_STOP] = END, [IN_OK] = STAY, [IN_MISSING] = TO(SW_DROP, delete_old),
                    [IN_CONFLICT] = TO(SW_DROP, delete_old), [IN_DENIED] = TO(SW_DROP, delete_old),
                    [IN_ERROR] = TO(SW_DROP, delete_old), [IN_SILENCE] = TO(SW_DROP, delete_old),
                    [IN_LATE] = END, [IN_LEDGER] = END, [IN_RINGS] = STAY, [IN_PHONE_IN] = STAY,
                    [IN_PHONE_OUT] = TO(STOP, part), [IN_SNOOP_UP] = STAY, [IN_SNOOP_IN] = STAY,
                    [IN_OLD_GONE] = TO(SW_ADD, add), GONE, [IN_RESUMED] = END, LOST_ENDS},
    [AT_SW_ADD] = {STEP, [IN_OLD_GONE] = STAY, [IN_OK] = STAY, [IN_PHONE_IN] = STAY,
                   [IN_SNOOP_UP] = STAY, [IN_SNOOP_IN] = TO(ON, confirm)},
    [AT_CLAIM] = {TAKING, [IN_OK] = TO(HOLD, ask_hold), FAILS(STOP, end)},
    /* a server that cannot read it (an error, not a 404): the events' word is what there is */
    [AT_HOLD] = {TAKING, [IN_OK] = TO(VARS, ask_vars), [IN_ERROR] = TO(VARS, ask_vars),
                 [IN_CONFLICT] = TO(VARS, ask_vars), [IN_MISSING] = END, [IN_DENIED] = END,
                 [IN_SILENCE] = END, [IN_LATE] = END, [IN_LEDGER] = END},
    [AT_VARS] = {TAKING, [IN_OK] = TO(GO, go), FAILS(STOP, end)},
    [AT_GO] = {GOING, [IN_CONFLICT] = END, [IN_DENIED] = END, [IN_ERROR] = END},
    [AT_ON_CLAIM] = {ON_TAKING, [IN_OK] = TO(ON_HOLD, ask_hold), FAILS(ON, fail_back)},
    [AT_ON_HOLD] = {ON_TAKING, [IN_OK] = TO(ON_VARS, ask_vars), [IN_ERROR] = TO(ON_VARS, ask_vars),
                    [IN_CONFLICT] = TO(ON_VARS, ask_vars), [IN_MISSING] = TO(ON, fail_back),
                    [IN_DENIED] = TO(ON, fail_back), [IN_SILENCE] = TO(ON, fail_back),
                    [IN_LATE] = TO(ON, fail_back), [IN_LEDGER] = TO(ON, fail_back)},
    [AT_ON_VARS] = {ON_TAKING, [IN_OK] = TO(ON_GO, go), FAILS(ON, fail_back)},
    [AT_ON_GO] = {GOING, [IN_CONFLICT] = TO(ON, fail_back), [IN_DENIED] = TO(ON, fail_back),
                  [IN_ERROR] = TO(ON, fail_back)},
    [AT_WHY] = {NO_WISHES, [IN_STOP] = STAY, [IN_OK] = STAY, [IN_MISSING] = STAY,
                [IN_CONFLICT] = STAY, [IN_DENIED] = STAY, [IN_ERROR] = STAY, [IN_SILENCE] = STAY,
                [IN_LATE] = END, [IN_LEDGER] = STAY, NO_PHONE, [IN_PHONE_GONE] = STAY,
                NO_SNOOP, [IN_SNOOP_GONE] = STAY,
                NO_CALL, [IN_LOST] = END, [IN_SYNCED] = STAY, [IN_CLEAN] = STAY},
    [AT_STOP] = {NO_WISHES, [IN_STOP] = STAY, [IN_OK] = STAY, [IN_MISSING] = STAY,
                 [IN_CONFLICT] = STAY, [IN_DENIED] = STAY, [IN_ERROR] = STAY, [IN_SILENCE] = STAY,
                 [IN_LATE] = TO(IDLE, finish), [IN_LEDGER] = STAY, NO_PHONE, [IN_PHONE_GONE] = STAY,
                 NO_SNOOP, [IN_SNOOP_GONE] = STAY,
                 NO_CALL, [IN_LOST] = STAY, [IN_SYNCED] = STAY, [IN_CLEAN] = TO(IDLE, finish)},
    [AT_UNSURE] =
        {NO_WISHES, [IN_STOP] = END,
         NO_ANSWERS, [IN_RINGS] = STAY, [IN_PHONE_IN] = STAY, [IN_PHONE_OUT] = TO(STOP, part),
         NO_SNOOP, GONE, [IN_RESUMED] = STAY, [IN_LOST] = STAY, [IN_SYNCED] = TO(ON, sure),
         [IN_CLEAN] = STAY},
};

const struct supervise_cell *supervise_cell(enum supervise_state state, enum supervise_input input)
{
    return &table[state][input];
}
