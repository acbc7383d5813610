/* Tells the model what it does not know yet: whole facts, and only those that differ. */
#ifndef CALLHUD_BACKEND_ASTERISK_TELL_H
#define CALLHUD_BACKEND_ASTERISK_TELL_H

#include "callhud/backend/asterisk/world.h"
#include "callhud/backend/backend.h"

/* What of the user is dirty, told as live news, and no longer dirty. Users whom no snapshot has
 * told yet wait for it. */
void ari_tell_news(const struct backend_sink *sink, struct ari_world *world, struct ari_user *user,
                   int64_t at_ms);
/* Legs that have ended, when it is known only now who has their other party (seen on 22.10: a call
 * that rings and is picked up ends some milliseconds before). Each once. */
void ari_tell_taken(const struct backend_sink *sink, struct ari_world *world, int64_t at_ms);
/* Everything of one user, as answers of the snapshot that was asked for. */
void ari_tell_whole(const struct backend_sink *sink, struct ari_world *world, struct ari_user *user,
                    int64_t at_ms);
/* Name, department and line alone. */
void ari_tell_user(const struct backend_sink *sink, const struct ari_user *user, int64_t at_ms,
                   bool is_answer);
/* When a channel leaves a bridge, the next events (milliseconds later) say why: it ends, is parked,
 * is with somebody else. What leaving alone would show (a held line that is suddenly "in a call")
 * is held back for them. True: somebody's calls are; not longer than ASTERISK_SETTLE_MS. */
bool ari_tell_hold_back(const struct ari_people *people, enum ari_kind kind);

#endif
