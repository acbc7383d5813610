/* The exchange on loopback: HTTP and websockets on libwebsockets and libuv, sign-in, the gateway
 * with its subscriptions and recovery, rate limits, faults. */
#ifndef CALLHUD_EXCHANGE_SERVER_H
#define CALLHUD_EXCHANGE_SERVER_H

#include "callhud/exchange/world.h"

#include <sys/types.h>

struct exchange_config {
    const char *host; /* "127.0.0.1"; another address than loopback is refused */
    int port;         /* 0: a free one */
    /* NULL: none. 0600, put in place when ready:
     * {"port","client_id","client_secret","jwt","supervisor","device","control_token"}. One of an
     * earlier run lends its credentials and is removed at the start. "jwt" is the supervisor's,
     * "jwt-EXTENSION-SECRET": any other user signs in with his own extension in it. */
    const char *port_file;
    struct ex_options world;
    const char *switches;      /* "NAME=on,NAME=off"; "" */
    pid_t parent;              /* ends with this process, which has forked it; 0: with none */
    void (*ready)(void *self); /* told once, when requests are taken; NULL */
    void *self;
    int hand_fd; /* a pipe: each line is keyed by somebody at the supervisor's phone; 0: none */
};

/* Runs until SIGINT or SIGTERM; the exit code, 128 and the signal's number after one. Prints one
 * line when ready (address, how to sign in), errors to standard error. */
int exchange_run(const struct exchange_config *config);

/* What a port file says of the supervisor's sign-in. */
struct exchange_port {
    int port;
    char client_id[128], client_secret[128], jwt[256], device[64];
};
enum rc exchange_port_read(const char *path, struct exchange_port *out, struct err *err);

#endif
