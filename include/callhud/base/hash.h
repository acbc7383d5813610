/* Keyed hash and a map from text to pointer. */
#ifndef CALLHUD_BASE_HASH_H
#define CALLHUD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 under a key drawn once per process: names from outside cannot choose collisions. */
uint64_t hash_bytes(const void *bytes, size_t len);
/* The same under a given key: the test compares it with an independent implementation. */
uint64_t hash_bytes_keyed(const uint64_t key[2], const void *bytes, size_t len);

/* Open addressing. Keys are copied. Values are the caller's. A zeroed map is empty. */
struct map_slot;
struct map {
    struct map_slot *slots;
    size_t len;
    size_t cap;
};
void map_fini(struct map *m, void (*free_value)(void *)); /* free_value may be NULL */
void *map_get(const struct map *m, const char *key);      /* NULL when absent */
void *map_put(struct map *m, const char *key,
              void *value);                       /* value not NULL; returns the old one */
void *map_remove(struct map *m, const char *key); /* returns the old one */
/* for (size_t at = 0; map_next(&m, &at, &key, &value);) — nothing may be put or removed meanwhile
 */
int map_next(const struct map *m, size_t *at, const char **key, void **value);

#endif
