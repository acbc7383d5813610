/* What a telephony backend is to the rest of callhud. */
#ifndef CALLHUD_BACKEND_BACKEND_H
#define CALLHUD_BACKEND_BACKEND_H

#include "callhud/backend/io.h"
#include "callhud/model/event.h"

/* A person named in the configuration's [users] sections. */
struct backend_user {
    const char *extension;
    const char *name;       /* "" when not given */
    const char *department; /* "" */
    const char *const *endpoints; /* "PJSIP/noor-desk", ...; none: PJSIP/<extension> */
    size_t endpoints_len;
};

/* From the profile; strings are borrowed until backend_close(). */
struct backend_config {
    const char *profile;
    const char *server;   /* http(s)://HOST:PORT/ari */
    struct io_access access;
    const char *phone;    /* the supervisor's own device, "PJSIP/108"; "" */
    const char *monitor;  /* "all", "list", or "101-108,201": ranges and numbers */
    const char *dnd_device; /* "Custom:DND%s"; "" for none */
    struct monitor_settings settings; /* ring_locks_hold is set by the backend */
    const struct backend_user *users;
    size_t users_len;
    bool is_read_only;
};

/* How a capability is there (contract: native, assisted, missing with its reason). */
enum capability { CAPABILITY_MISSING, CAPABILITY_ASSISTED, CAPABILITY_NATIVE };

/* Counters for the statistics line and doctor. */
struct backend_stats {
    uint64_t messages;     /* received on the socket */
    uint64_t decoded;      /* became at least one fact */
    uint64_t undecodable;  /* each one is a gap */
    uint64_t unknown_kind; /* well-formed, of a kind not used */
    bool is_rest_over_ws;  /* the snapshot came over the websocket */
    bool is_filtered;      /* the event filter was accepted */
    bool is_read_only;     /* the backend refuses writes */
    char version[64];      /* of the backend; "" when not told */
};

struct backend_sink {
    void (*event)(void *self, const struct event *event);
    void *self;
};

struct backend; /* each backend's own */

struct backend_ops {
    const char *name; /* the profile's `backend =` */
    const char *title;
    const char *monitor_default;
    /* Checks the configuration and starts to connect; NULL with err set when it cannot be right. */
    struct backend *(*open)(const struct backend_config *config, const struct io *io,
                            const struct backend_sink *sink, struct err *err);
    void (*resync)(struct backend *backend);    /* a new snapshot, or a new connection if lost */
    void (*reconnect)(struct backend *backend); /* try now, do not wait for the back-off */
    void (*stats)(const struct backend *backend, struct backend_stats *out);
    void (*close)(struct backend *backend); /* ends requests, leaves nothing behind; frees */
};

/* The registry: NULL-terminated. */
extern const struct backend_ops *const backend_all[];
const struct backend_ops *backend_find(const char *name);

#endif
