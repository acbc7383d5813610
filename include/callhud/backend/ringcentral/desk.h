/* What the service stores for a desk (backend/desk.h): the presence appearance (3.5), the presence
 * settings (3.1, 3.3, 3.8), the phones (4.8), and the people that lists are made of (5).
 *
 * Questions about the own desk name the extension "~"; of another user the extension number is
 * looked up, and the service decides by its rights. A list is written as section 3.5 says: read,
 * compared with what it was believed to be, replaced whole, read back and compared. What is not
 * certain after a write is read again until it is, or RC_FAILED.
 *
 * The endpoints of the appearance are internal to the service (10, 17): where they are refused the
 * answer is RC_DENIED, and its text says that the list lives in callhud's own file. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_DESK_H
#define CALLHUD_BACKEND_RINGCENTRAL_DESK_H

#include "callhud/backend/ringcentral/floor.h"
#include "callhud/backend/ringcentral/rest.h"

#define REX_DESK_WRITE_MS 150000   /* so long a write waits for the budget and tries again */
#define REX_DESK_PEOPLE_MS 3600000 /* so long the directory is believed; news of it ends that */
#define REX_DESK_LIMIT_MS 600000   /* so long the limit of lines is believed */

struct rex_desk_config {
    const struct io *io;
    const struct backend_config *config; /* is_read_only */
    struct rex_rest *rest;
    struct rex_floor *floor;  /* names, own_id, calls */
    struct backend_sink sink; /* EVENT_DESK */
    /* Our own list was replaced by us: without a websocket no event tells it. May be NULL. */
    void (*list_written)(void *self);
    void *self;
};
struct rex_desk;
struct rex_desk *rex_desk_new(const struct rex_desk_config *config);
void rex_desk_free(struct rex_desk *desk); /* questions end without a word; NULL is fine */

/* backend_ops.desk and desk_forget. Of a refused list the answer has the refused lines alone, as
 * they were asked for. One write at a time is under way, the others wait for it. */
void rex_desk_ask(struct rex_desk *desk, const struct desk_question *question, desk_done *done,
                  void *self);
void rex_desk_forget(struct rex_desk *desk, const void *self);

/* Every notice, after the floor has applied it: a changed list, or settings in our own presence
 * that are others than were read last, or a call of our own, become EVENT_DESK. */
void rex_desk_notice(struct rex_desk *desk, const struct rex_notice *notice);
/* Notices may have been missed (a connection that was not recovered whole): EVENT_DESK. */
void rex_desk_missed(struct rex_desk *desk);

#endif
