/* What the parts of the backend that act on calls are handed; all borrowed. */
#ifndef CALLHUD_BACKEND_ASTERISK_PART_H
#define CALLHUD_BACKEND_ASTERISK_PART_H

#include "callhud/backend/asterisk/rest.h"
#include "callhud/backend/asterisk/world.h"
#include "callhud/backend/backend.h"

struct ari_part_config {
    const struct io *io;
    struct rest *rest;
    const struct ari_world *world; /* always the same address */
    const struct backend_config *config;
    struct backend_sink sink;
    const char *(*app)(void *self); /* our application's name now; NULL while there is no link */
    void *self;
};

#endif
