/* Everything that has an extension number, one after the other. */
#ifndef CALLHUD_EXCHANGE_DIRECTORY_H
#define CALLHUD_EXCHANGE_DIRECTORY_H

#include "routes.h"

#define EX_FEDERATED 2 /* people of a federated account: listed, nothing else is known of them */

struct ex_entry {
    const struct ex_user *user; /* one of these, or none for somebody federated */
    const struct ex_queue *queue;
    const struct ex_location *location;
    uint64_t id;
    const char *extension, *type, *status;
};
#define EX_NAME_BYTES 160

/* The users, then queues and park locations, then the federated. False: there is no such index. */
bool ex_entry_at(const struct ex *x, size_t index, struct ex_entry *entry);
void ex_entry_name(const struct ex_entry *entry, char out[EX_NAME_BYTES]);
size_t ex_entries_len(const struct ex *x); /* without the federated */

/* What the query's "type" asks for; all without it. */
struct ex_kinds {
    bool users, queues, locations;
};
void ex_kinds_read(const struct ex_args *args, struct ex_kinds *kinds);
bool ex_kinds_have(const struct ex_kinds *kinds, const struct ex_entry *entry);

/* directory_extension.c */
void ex_get_extensions(struct ex *x, struct ex_args *args);
void ex_get_extension(struct ex *x, struct ex_args *args);
void ex_get_account(struct ex *x, struct ex_args *args);
void ex_get_sites(struct ex *x, struct ex_args *args);
/* directory_queue.c */
void ex_get_queues(struct ex *x, struct ex_args *args);
void ex_get_queue(struct ex *x, struct ex_args *args);
void ex_get_queue_members(struct ex *x, struct ex_args *args);
/* directory_search.c */
void ex_search_directory(struct ex *x, struct ex_args *args);
/* directory_device.c */
void ex_get_devices(struct ex *x, struct ex_args *args);
void ex_get_device(struct ex *x, struct ex_args *args);
void ex_get_webapp_devices(struct ex *x, struct ex_args *args);
/* directory_recording.c */
void ex_get_recording(struct ex *x, struct ex_args *args);
void ex_put_recording(struct ex *x, struct ex_args *args);
void ex_get_recorded(struct ex *x, struct ex_args *args);
void ex_assign_recorded(struct ex *x, struct ex_args *args);
/* directory_favorite.c */
void ex_get_favorites(struct ex *x, struct ex_args *args);
void ex_put_favorites(struct ex *x, struct ex_args *args);
/* directory_active.c */
void ex_get_own_active_calls(struct ex *x, struct ex_args *args);
void ex_get_all_active_calls(struct ex *x, struct ex_args *args);

/* The directory's record of an entry. New reference. */
json_t *ex_directory_record(const struct ex *x, const struct ex_entry *entry);

#endif
