/* Who is monitored: users from [users] lines and from the server's endpoints, with their devices,
 * DND and name. Pure. */
#ifndef CALLHUD_BACKEND_ASTERISK_PEOPLE_H
#define CALLHUD_BACKEND_ASTERISK_PEOPLE_H

#include "callhud/backend/asterisk/ari_wire.h"
#include "callhud/backend/backend.h"
#include "callhud/base/hash.h"

struct ari_device {
    char *name; /* "PJSIP/noor-desk" */
    enum ari_online online;
    bool is_listed; /* in the server's last list of endpoints */
};

struct ari_call;

enum ari_name_source { /* a better one is never overwritten by a worse */
                       ARI_NAME_NONE,
                       ARI_NAME_CALLER_ID, /* seen on a channel of the user */
                       ARI_NAME_DYNAMIC,   /* the server's configuration of the endpoint */
                       ARI_NAME_GIVEN,     /* a [users] line */
};

struct ari_user {
    char *extension; /* the user's id as well */
    char *name, *department;
    enum ari_name_source name_source;
    bool is_name_asked;     /* the server's configuration was asked, whatever it said */
    bool is_configured;     /* named in the configuration: stays whatever the server lists */
    uint32_t configured_at; /* its place there, from 1; 0: none */
    uint32_t line;          /* its key in the stored list; those who are on none come after */
    bool is_dnd;
    char *dnd_device;  /* "Custom:DND101"; NULL: none */
    bool is_dnd_heard; /* its news come: subscribed to by name on this connection */
    VEC(struct ari_device) devices;

    unsigned dirty;        /* enum ari_dirty */
    bool is_told;          /* a snapshot has told the model of the user */
    struct ari_call *told; /* the calls the model knows */
    size_t told_len;
};

enum ari_dirty { /* bits: what of a user may have to be told */
                 ARI_DIRTY_USER = 1,
                 ARI_DIRTY_DEVICES = 2, /* and presence, which follows from them */
                 ARI_DIRTY_DND = 4,
                 ARI_DIRTY_CALLS = 8,
                 ARI_DIRTY_SETTLING = 16, /* calls, but what follows in a moment may undo it */
};

struct ari_key { /* one of the list that is stored for the supervisor */
    char *extension;
    uint32_t key; /* from 1 */
};

struct ari_people {
    VEC(struct ari_user *) users; /* in order of lines */
    struct map by_extension, by_endpoint, by_dnd;
    char *monitor, *dnd_format;
    const struct backend_user *lines; /* of the configuration; borrowed */
    size_t lines_len;
    VEC(struct ari_key) keys;
    struct map by_key; /* extension -> its struct ari_key */
};

/* monitor: "all" ([users] lines and every endpoint that is called by digits), "list" (the list that
 * is stored for the supervisor; while there is none the [users] lines), or "101-108,201" (those of
 * both; a single number is there even if nothing on the server has it). RC_CONFIG when monitor, the
 * DND device or a line cannot be right. The [users] lines are borrowed until ari_people_fini(). */
enum rc ari_people_init(struct ari_people *people, const struct backend_config *config,
                        struct err *err);
void ari_people_fini(struct ari_people *people);

struct ari_user *ari_people_by_extension(const struct ari_people *people, const char *extension);
struct ari_user *ari_people_by_endpoint(const struct ari_people *people, const char *endpoint);
struct ari_user *ari_people_by_dnd(const struct ari_people *people, const char *device);

/* Takes the stored list; an empty one is none. True when it is another one than before: lines are
 * numbered anew (users may be dirty), and with monitor = list it is for the next snapshot to make
 * and remove users. */
bool ari_people_take_keys(struct ari_people *people, const struct ari_names *list);
bool ari_people_is_list(const struct ari_people *people); /* monitor = list */
const struct backend_user *ari_people_line(const struct ari_people *people, const char *extension);

/* Makes the users that the list names and that are new; touches nothing else. */
void ari_people_meet(struct ari_people *people, const struct ari_endpoints *list);
/* The server's whole list: as above, and devices are updated. Users whom the list no longer
 * names are removed only when may_remove, those who are not on the stored list any more in any
 * case; they go to `gone` (the caller frees with ari_user_free). Returns how many users (or their
 * devices) the list lacks. */
typedef VEC(struct ari_user *) ari_users;
size_t ari_people_listed(struct ari_people *people, const struct ari_endpoints *list,
                         bool may_remove, ari_users *gone);
void ari_user_free(struct ari_user *user);

/* One device's news: returns the user when something changed, else NULL. */
struct ari_user *ari_people_endpoint(struct ari_people *people, const char *endpoint,
                                     enum ari_online online);
/* What a device state says of registration: UNAVAILABLE is offline, NOT_INUSE is online, the rest
 * says nothing (a phone may lose its registration in a call and stays INUSE). */
enum ari_online ari_online_from_device_state(const char *state);
/* Is DND on? The convention is BUSY; any state of use counts. */
bool ari_dnd_from_device_state(const char *state);

/* Takes a name unless a better one is known; true when it changed. */
bool ari_user_named(struct ari_user *user, const char *name, enum ari_name_source source);

enum presence ari_user_presence(const struct ari_user *user);

#endif
