/* The part of the shared text that the sign-in uses: the token, and who renews it just now. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_SHARED_PRIV_H
#define CALLHUD_BACKEND_RINGCENTRAL_SHARED_PRIV_H

#include "callhud/backend/ringcentral/rex_wire.h"
#include "callhud/backend/ringcentral/signin.h"

/* Times are UTC epoch milliseconds. */
struct rex_kept_token {
    uint64_t serial;                  /* counts the tokens there have been; 0: none yet */
    char access[4096], refresh[4096]; /* "" when none */
    char scope[1024];
    char owner[REX_ID_BYTES];
    int64_t expires_ms, life_ms, refresh_expires_ms;
};

enum rex_lease {
    REX_LEASE_TOKEN, /* there is another token: *out is it */
    REX_LEASE_OURS,  /* it is on us to get one: *out is what there is, its refresh token alone good
                      */
    REX_LEASE_WAIT,  /* another process is at it: ask again in *wait_ms */
    REX_LEASE_SPENT, /* the service allows no sign-in for *wait_ms */
};
/* Asks for a token that is not the one of this serial (0: any will do). me is a number of this
 * process alone, above 0. With REX_LEASE_OURS one request of the group Auth is counted as sent. */
enum rex_lease rex_shared_lease(struct rex_shared *shared, uint64_t me, uint64_t not_this,
                                int64_t wall_ms, struct rex_kept_token *out, int64_t *wait_ms);
/* What we got, in place of the one of token->serial, whose serial it gets plus one. When somebody
 * else was faster theirs stays, and *token is theirs. The lease ends. */
void rex_shared_keep(struct rex_shared *shared, uint64_t me, struct rex_kept_token *token);
/* The lease ends without a token. is_refresh_bad: the refresh token of this serial is good for
 * nothing any more. */
void rex_shared_release(struct rex_shared *shared, uint64_t me, uint64_t serial,
                        bool is_refresh_bad);

#endif
