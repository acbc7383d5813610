/* What no event and no list tells: names that only the server's configuration knows, and whether a
 * channel that left a bridge while its phone held still holds. A few requests at a time. */
#ifndef CALLHUD_BACKEND_ASTERISK_DETAIL_H
#define CALLHUD_BACKEND_ASTERISK_DETAIL_H

#include "callhud/backend/asterisk/rest.h"
#include "callhud/backend/asterisk/world.h"

#define DETAIL_HOLDS_PARALLEL 8
#define DETAIL_NAMES_PARALLEL 4

struct detail;

struct detail_config {
    struct rest *rest;
    struct ari_world *world;      /* borrowed; always the same address */
    void (*news)(void *self);     /* users are dirty */
    void (*overflow)(void *self); /* so many holds at once: look at everything */
    void *self;
};

struct detail *detail_new(const struct detail_config *config);
void detail_free(struct detail *detail); /* asks nothing any more; NULL is fine */
/* After a snapshot: what is not known yet. */
void detail_ask(struct detail *detail);
/* After a channel left a bridge; nothing when its hold is not open. */
void detail_ask_hold(struct detail *detail, const struct ari_chan *chan);
void detail_forget(struct detail *detail, const struct ari_user *user); /* before it is freed */

#endif
