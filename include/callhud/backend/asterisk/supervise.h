/* The supervisor's own phone at work: listen, whisper, barge, take over, pick up. One table-driven
 * state machine over ARI's method B (contracts: asterisk 5 and 6).
 *
 * The phone is called into our own application first (StasisStart: it was lifted); only then, with
 * the call looked at once more, is anything done to the call:
 *
 *   a mode: a bridge, the phone into it, a snoop of the target's channel (whisper = none, out,
 *   both), the snoop into the bridge. Confirmed when the events say that both are in.
 *
 *   a switch: a new snoop; once it is there the old one is taken out of the bridge, then the new
 * one enters, and the old one is removed. Both in the bridge at once would hear and speak to each
 *   other. Until the old one is out a failure leaves all as it was.
 *
 *   pick up of a ringing line: variable PICKUP_CHAN, and the phone goes on into the dialplan
 *   (RETRIEVE context, pickupchan). The server knows one winner.
 *
 *   take over, pick up of a held line: a claim first, POST /bridges/callhud-claim-CHANNEL of the
 *   agent's leg. Two callhuds that want the same line ask for the same id, and the server gives it
 *   to one (the other gets 409, seen on 22.10); its name says who has it ("108 8HEX"). Then the
 *   hold is read once more (pick up), RETRIEVE_CHAN is set, and the phone goes on into the dialplan
 *   (bridge). Confirmed when phone and caller are in one bridge.
 *
 *   What is not confirmed in time is undone, and so has failed; but a phone that went on into the
 *   dialplan may have the caller by then, late: that is looked at first, and if so it is confirmed.
 *
 * It ends when the target's channel ends, when who is at the other end of it changes (through Local
 * pairs: far end) or stays away for half a second, when the phone hangs up, when asked to.
 *
 * Every id is chosen here and put into the ledger before it is asked for, and dropped when the
 * server says that it is gone. A phone leaves the ledger before it goes on into the dialplan: from
 * there on a person's call may be on it, and no one who finds it may end it; what is left of it
 * then is ended only when the server, asked for it, has answered and the world says a moment later
 * that it talks with nobody.
 *
 * Seen on 22.10: all of it works on channels of an application whose websocket is gone, so a
 * supervision survives a new connection under a new name. A removed snoop is listed (Up, in no
 * application, in no bridge) until the next frame of sound passes its target. */
#ifndef CALLHUD_BACKEND_ASTERISK_SUPERVISE_H
#define CALLHUD_BACKEND_ASTERISK_SUPERVISE_H

#include "callhud/backend/asterisk/part.h"

#define SUPERVISE_STEP_MS 5000     /* a request or its event that takes longer has failed */
#define SUPERVISE_RETRIEVE_MS 5000 /* from the lifted phone's going on to its being bridged */

struct supervise;

struct supervise *supervise_new(const struct ari_part_config *config);
void supervise_free(struct supervise *s); /* NULL is fine; asks nothing any more */

/* Modes, TAKEOVER, PICKUP, STOP. As backend_ops.act; the capability was looked at already. */
enum rc supervise_act(struct supervise *s, const struct action *action, struct err *err);
/* After the world has applied it (also during a snapshot). */
void supervise_event(struct supervise *s, const struct ari_event *event);
/* After a snapshot has replaced the world: what a lost link may have hidden is looked at. */
void supervise_synced(struct supervise *s);
/* The link is gone: what was confirmed is UNSURE until supervise_synced(); what was under way
 * fails, and is removed when the link is back. */
void supervise_lost(struct supervise *s);
bool supervise_leave(struct supervise *s, void (*done)(void *self),
                     void *self); /* as backend_ops.leave */

/* A claim in the ledger: "bridges/callhud-claim-CHANNEL#8HEX". It is the run's own as long as its
 * name at the server ends with those 8HEX. */
#define SUPERVISE_CLAIM_PREFIX "callhud-claim-"
#define SUPERVISE_CLAIM_MARK "#"

/* Ids that this program chooses: "callhud-8HEX-PART-N"; a snoop's PART is its mode ("whisper"), so
 * that every callhud reads from the id what another one does. SUPERVISE_UNKNOWN when it is not such
 * an id. */
enum supervise_mode supervise_mode_of_id(const char *channel_id);
/* A supervisor's phone that a callhud has called, ours or another's. */
bool supervise_is_phone_id(const char *channel_id);

#endif
