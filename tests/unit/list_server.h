/* The part of an ARI server that stores lists: resource_list objects as 22.10.1 keeps them (PUT
 * adds), bridges by id, and the device states of Stasis; and what goes wrong with a request. */
#ifndef TESTS_UNIT_LIST_SERVER_H
#define TESTS_UNIT_LIST_SERVER_H

#include "ari_server.h"

enum list_fault {
    FAULT_NONE,
    FAULT_500,
    FAULT_404,
    FAULT_409,
    FAULT_403,
    FAULT_SILENT,      /* not done, no answer */
    FAULT_DONE_SILENT, /* done, no answer */
    FAULT_LATE,        /* done five seconds later, no answer */
    FAULT_LINK,        /* not done; the socket is lost, HTTP goes on */
    FAULT_DONE_LINK,
    FAULT_DEAD, /* not done; the server is gone until list_server_revive() */
    FAULT_DONE_DEAD,
    FAULT_KILL, /* not done; this program ends in that moment */
    FAULT_DONE_KILL,
    FAULT_COUNT
};

struct list_object {
    char id[80], items[4000];
};

struct list_objects { /* as VEC() */
    struct list_object *items;
    size_t len, cap;
};

struct list_server {
    struct ari_rig *rig;
    struct list_objects lists, bridges, devices; /* items: list_item; name; state */
    size_t requests;                             /* for these things, from 1 */
    size_t fault_at;                             /* which of them; 0: none */
    enum list_fault fault;
    bool is_stuck; /* the fault stays from then on */
    bool is_dead;
    bool has_no_sorcery, is_read_only;
    bool has_no_module; /* res_pjsip_pubsub, which knows lists */
    size_t writes;      /* of lists: PUT and DELETE that were done */
    /* What must be there at every moment: one of hud-EXT and hud-EXT-next is one of these. */
    const char *extension, *one, *other; /* one NULL: not looked at */
    bool was_lost;
    struct { /* of FAULT_LATE */
        char *method, *uri, *body;
        int64_t at_ms;
    } late;
};

void list_server_init(struct list_server *server, struct ari_rig *rig);
void list_server_fini(struct list_server *server);
/* "101,102"; NULL: there is none. */
const char *list_server_get(const struct list_server *server, const char *id);
void list_server_put(struct list_server *server, const char *id, const char *items);
void list_server_lock(struct list_server *server, const char *id, const char *name);
const char *list_server_holder(const struct list_server *server, const char *id);
const char *list_server_device(const struct list_server *server, const char *name);
/* The server is there again; whatever waits for it goes on until nothing is asked any more. */
void list_server_settle(struct list_server *server, int64_t for_ms);

#endif
