/* The demo: the built-in exchange in a process of its own, and a profile that is connected to it.
 * All its files are in a temporary folder: configuration, state, cache. Whichever of the two
 * processes ends last removes it. */
#ifndef CALLHUD_APP_DEMO_H
#define CALLHUD_APP_DEMO_H

#include "callhud/app/cli.h"
#include "callhud/app/paths.h"
#include "callhud/app/session.h"
#include "callhud/exchange/world.h"
#include "callhud/model/event.h"

#include <sys/types.h>

struct demo {
    struct cli cli; /* what was typed, but on the demo's profile: for any command that has one */
    char folder[PATH_BYTES]; /* "": none */
    char config[PATH_BYTES + 16];
    pid_t exchange;  /* 0: none */
    int exchange_fd; /* a pipe that is open as long as it runs */
};

/* Waits until the exchange takes requests. Before any thread and loop is started: it forks. Sets
 * the variables of the environment that say where state and cache are, and the profile's secrets.
 * demo_end() in any case. */
enum rc demo_start(struct demo *demo, const struct cli *cli, struct err *err);
void demo_end(struct demo *demo);
/* To be told of every EVENT_ACTION: nobody sits at the demo's phone, so what a person is asked to
 * key ("lift it, then key 102#") is keyed there. Nothing without a demo. */
void demo_acted(const struct cli *cli, const struct event *event);
/* After session_start(): when the exchange ends before its console, the session says so instead of
 * looking for it for ever. Nothing without a demo. */
void demo_watch(const struct cli *cli, struct session *session);

/* The world that the options ask for. */
enum rc demo_world(const struct cli *cli, struct ex_options *out, struct err *err);

#endif
