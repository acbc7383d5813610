/* Shared by act.c (actions), act_can.c (capabilities) and ari_act_clean.c (removal). */
#ifndef CALLHUD_SRC_ACT_PARTS_H
#define CALLHUD_SRC_ACT_PARTS_H

#include "callhud/backend/asterisk/act.h"
#include "callhud/backend/asterisk/subscribe.h"
#include "callhud/backend/tell.h"

#define ACT_WHY_BYTES BACKEND_WHY_BYTES
#define ACT_READ_ONLY_WHY                                                                   \
    "this ARI user is read-only: read_only = no in ari.conf, see callhud doctor --example " \
    "asterisk"

enum act_exists { ACT_EXISTS_UNKNOWN, ACT_EXISTS_NO, ACT_EXISTS_YES };

/* What the dialplan has, as a channel's variables tell it. */
struct act_probe {
    char id[ARI_ID_BYTES], other_id[ARI_ID_BYTES]; /* of a channel made for it; "": none is there */
    bool is_running;
    bool is_answered;     /* on this connection */
    bool is_made;         /* a channel was made for it on this connection */
    bool is_channel_gone; /* the one that was asked: another one is asked then */
    unsigned misses;      /* on this connection */
    struct io_timer *drain;
    unsigned waits;                     /* answers under way */
    enum act_exists bridge, pickupchan; /* as known last, also from the connection before */
};

/* Something to remove: asked for at once or when the next snapshot is there, until it is gone. */
struct act_thing {
    struct act *act;
    char *thing; /* "channels/ID", "bridges/ID", "applications/NAME": its subscriptions */
    void (*gone)(void *self, const char *thing);
    void *self;
    bool is_asked;
    bool is_deleted;     /* the server said yes: its end is an event */
    struct unsub *unsub; /* of an application, while asked */
};

struct act_job;

struct act {
    struct ari_part_config config;
    bool is_read_only; /* the server said so */
    bool is_synced;    /* there was a snapshot on this connection */
    unsigned last_number;
    VEC(struct act_job *) jobs;
    VEC(struct act_thing *) things;
    struct io_timer *clean; /* a turn of its own, to ask for things */
    struct backend_level levels[ACTION_COUNT];
    struct act_probe probe;
    void (*left)(void *self); /* who waits for everything to be removed; NULL: nobody */
    void *left_self;
};

void act_can_tell(struct act *act); /* what differs from what was told; nothing before a snapshot */
void act_can_probe(struct act *act);
void act_can_lost(struct act *act); /* the channels made are left to be removed */
void act_can_free(struct act *act);

/* gone() is called from the loop, also for what is none of our business any more. */
void act_clean_add(struct act *act, const char *thing, void (*gone)(void *self, const char *thing),
                   void *self);
void act_clean_ask(struct act *act);  /* for what is not under way; nothing without a snapshot */
void act_clean_look(struct act *act); /* the world has changed: tells what is gone by now */
void act_clean_lost(struct act *act);
void act_note_left(struct act *act); /* something was removed: tells who waits for all of it */
void act_clean_free(struct act *act);
/* Into the ledger and out of it again. */
enum rc act_ledger_put(const struct act *act, const char *kind, const char *id, struct err *err);
void act_ledger_drop(void *act, const char *thing); /* fits as gone() of act_clean_add() */

#endif
