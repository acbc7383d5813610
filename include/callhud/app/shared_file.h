/* What the running callhuds of one person share (backend_shared): a small text in a file of the
 * state folder, under a lock. */
#ifndef CALLHUD_APP_SHARED_FILE_H
#define CALLHUD_APP_SHARED_FILE_H

#include "callhud/app/config.h"
#include "callhud/backend/backend.h"

#define SHARED_FILE_MAX_BYTES (256 * 1024)
/* The others hold the lock for a few ms. So long it is waited for, as nothing else happens then;
 * and not at all by who has waited in vain, until it is free. */
#define SHARED_LOCK_MS 20

struct shared_file;
/* folder exists. key names what is shared, whoever's profile says so ("SERVER\nCLIENT\nJWT"): the
 * file's name is made from its digest, from which it cannot be told again. Nothing is written yet.
 * NULL when OpenSSL cannot make a digest. */
struct shared_file *shared_file_new(const char *folder, const char *key);
void shared_file_free(struct shared_file *file);
/* That of the profile, for token and budget of all callhuds that this person runs with this
 * credential, whatever the profile is called. NULL, and *out as it was, where the kind of system
 * needs none, and without a folder for it (logged): then each keeps its own. */
struct shared_file *shared_file_of(const struct settings *settings, struct backend_shared *out);

/* As backend_shared.update. The file is 0600, and refused (RC_IO) when it is a link, no regular
 * file, another user's, or readable by others; it is replaced in one piece. */
enum rc shared_file_update(void *file, bool (*change)(void *owner, struct buf *text), void *owner,
                           struct err *err);
/* As backend_shared.claim and unclaim: a lock on a file of its own beside it, which goes with the
 * process. shared_file_free() unclaims. */
bool shared_file_claim(void *file);
void shared_file_unclaim(void *file);
/* As backend_shared.read. */
void shared_file_read(void *file, bool (*change)(void *owner, struct buf *text), void *owner);

#endif
