/* Shared by world.c (events) and world_put.c (answers). */
#ifndef CALLHUD_SRC_WORLD_PARTS_H
#define CALLHUD_SRC_WORLD_PARTS_H

#include "callhud/backend/asterisk/world.h"

void world_bury_key(struct ari_world *world, const char *key);
/* The room of a bridge, without members; NULL for one that has ended. */
struct ari_bridge_room *world_take_room(struct ari_world *world, const struct ari_bridge *fact);
/* Makes the room's members exactly those that the server lists and that we know. */
void world_fill_room(struct ari_world *world, struct ari_bridge_room *room,
                     const struct ari_bridge *fact, int64_t at_ms);
/* The channel of an event or answer, brought up to date; NULL for one that has ended. */
struct ari_chan *world_take_channel(struct ari_world *world, const struct ari_channel *fact,
                                    int64_t at_ms);
/* A snoop that is recorded, or is so no more, marks the channel it listens to. */
void world_mark_recorder(const struct ari_world *world, struct ari_chan *snoop);
/* Who is at the other end of a user's leg, for ari_world_taker(); of one that ended, in the ring.
 */
void world_remember_far(const struct ari_world *world, struct ari_chan *chan);
void world_remember_leg(struct ari_world *world, const struct ari_chan *leg);
void world_remember_taken(struct ari_world *world, const struct ari_taken *taken); /* copied */

#endif
