#include "callhud/base/hash.h"

#include "callhud/base/mem.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FIRST_CAP 16

struct map_slot {
    uint64_t hash;
    char *key; /* NULL: the slot is free */
    void *value;
};

static uint64_t sip_key[2];
static bool is_keyed;

static void draw_key(void)
{
    is_keyed = true;
    if (getrandom(sip_key, sizeof sip_key, GRND_NONBLOCK) == (ssize_t)sizeof sip_key)
        return;
    /* Early boot or a filtered system call. Weaker, but still not the same in every process. */
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    sip_key[0] = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15u ^ (uint64_t)now.tv_sec;
    sip_key[1] = (uint64_t)(uintptr_t)&now * 0xC2B2AE3D27D4EB4Fu ^ (uint64_t)getpid();
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

uint64_t hash_bytes_keyed(const uint64_t key[2], const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                     key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    uint64_t last = (uint64_t)len << 56;
    size_t left = len;

    for (; left >= 8; left -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        word = le64toh(word);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)p[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
    if (!is_keyed)
        draw_key();
    return hash_bytes_keyed(sip_key, bytes, len);
}

/* The slot of the key, or the free one where it would go. There is always a free one. */
static size_t find_slot(const struct map *m, uint64_t hash, const char *key)
{
    size_t mask = m->cap - 1;
    size_t i = (size_t)hash & mask;

    while (m->slots[i].key != NULL &&
           (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
        i = (i + 1) & mask;
    return i;
}

static void grow(struct map *m)
{
    struct map bigger = {.len = m->len, .cap = m->cap == 0 ? FIRST_CAP : m->cap * 2};

    bigger.slots = mem_zero(bigger.cap, sizeof *bigger.slots);
    for (size_t i = 0; i < m->cap; i++) {
        struct map_slot *old = &m->slots[i];
        if (old->key != NULL)
            bigger.slots[find_slot(&bigger, old->hash, old->key)] = *old;
    }
    mem_free(m->slots);
    *m = bigger;
}

void map_fini(struct map *m, void (*free_value)(void *))
{
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key == NULL)
            continue;
        mem_free(m->slots[i].key);
        if (free_value != NULL)
            free_value(m->slots[i].value);
    }
    mem_free(m->slots);
    *m = (struct map){0};
}

void *map_get(const struct map *m, const char *key)
{
    if (m->len == 0 || key == NULL)
        return NULL;
    return m->slots[find_slot(m, hash_bytes(key, strlen(key)), key)].value;
}

void *map_put(struct map *m, const char *key, void *value)
{
    assert(value != NULL);
    if (m->cap == 0 || m->len + 1 > m->cap / 4 * 3)
        grow(m);
    uint64_t hash = hash_bytes(key, strlen(key));
    struct map_slot *slot = &m->slots[find_slot(m, hash, key)];
    void *old = slot->value;
    if (slot->key == NULL) {
        slot->key = mem_dup(key);
        slot->hash = hash;
        m->len++;
    }
    slot->value = value;
    return old;
}

void *map_remove(struct map *m, const char *key)
{
    if (m->len == 0 || key == NULL)
        return NULL;
    size_t mask = m->cap - 1;
    size_t hole = find_slot(m, hash_bytes(key, strlen(key)), key);
    if (m->slots[hole].key == NULL)
        return NULL;
    void *old = m->slots[hole].value;
    mem_free(m->slots[hole].key);
    m->len--;
    /* Later entries of the run move back over the hole unless they would pass their home. */
    for (size_t i = (hole + 1) & mask; m->slots[i].key != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct map_slot){0};
    return old;
}

int map_next(const struct map *m, size_t *at, const char **key, void **value)
{
    while (*at < m->cap) {
        const struct map_slot *slot = &m->slots[(*at)++];
        if (slot->key == NULL)
            continue;
        *key = slot->key;
        *value = slot->value;
        return 1;
    }
    return 0;
}
