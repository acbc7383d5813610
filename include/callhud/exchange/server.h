/* The exchange on loopback: HTTP and websockets on libwebsockets and libuv, sign-in, the gateway
 * with its subscriptions and recovery, rate limits, faults. */
#ifndef CALLHUD_EXCHANGE_SERVER_H
#define CALLHUD_EXCHANGE_SERVER_H

#include "callhud/exchange/world.h"

struct exchange_config {
    const char *host; /* "127.0.0.1"; another address than loopback is refused */
    int port;         /* 0: a free one */
    /* NULL: none. 0600, put in place when ready:
     * {"port","client_id","client_secret","jwt","supervisor","device","control_token"}. One of an
     * earlier run lends its credentials and is removed at the start. "jwt" is the supervisor's,
     * "jwt-EXTENSION-SECRET": any other user signs in with his own extension in it. */
    const char *port_file;
    struct ex_options world;
    const char *switches; /* "NAME=on,NAME=off"; "" */
    bool is_child;        /* ends with its parent (PR_SET_PDEATHSIG) */
};

/* Runs until SIGINT or SIGTERM; the exit code, 128 and the signal's number after one. Prints one
 * line when ready (address, how to sign in), errors to standard error. */
int exchange_run(const struct exchange_config *config);

#endif
