#include "transport/limits.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

#define S 1000000u
#define OTHERS 0x80u /* in the kind of a key that found no place */
#define PROBES 16    /* places where a key may stand */

struct entry {
    struct limits_key key;
    uint32_t under_way, streams;
    uint64_t spare;     /* requests that may begin at once, times S */
    uint64_t looked_us; /* when that was so */
};

struct limits {
    unsigned held; /* begun and not ended */
    bool over;     /* its owner has gone; the last end frees it */
    struct entry entries[LIMITS_ENTRIES];
    struct entry others[2]; /* by kind: whoever finds no place */
};

static const struct {
    uint32_t at_once, rate, burst, streams;
} bounds[] = {
    [LIMITS_PEER] = {LIMITS_PEER_AT_ONCE, LIMITS_PEER_RATE, LIMITS_PEER_BURST, LIMITS_PEER_AT_ONCE},
    [LIMITS_SESSION] = {LIMITS_SESSION_AT_ONCE, LIMITS_SESSION_RATE, LIMITS_SESSION_BURST, LIMITS_SESSION_STREAMS},
};

int limits_create(struct limits **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -ENOMEM;
}

struct limits *limits_destroy(struct limits *self)
{
    if (self && self->held)
        self->over = true;
    else
        free(self);
    return NULL;
}

struct limits_key limits_peer(const char *text)
{
    struct limits_key key = {.kind = 1 + LIMITS_PEER};
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET, text, &four) == 1) {
        key.bytes[8] = 4;
        memcpy(key.bytes + 9, &four, sizeof four);
    } else if (inet_pton(AF_INET6, text, &six) == 1) {
        memcpy(key.bytes, &six, 8);
        key.bytes[8] = 6;
    } else {
        key.bytes[15] = 1;
        memcpy(key.bytes, text, strnlen(text, 15));
    }
    return key;
}

struct limits_key limits_session(uint64_t id)
{
    struct limits_key key = {.kind = 1 + LIMITS_SESSION};
    memcpy(key.bytes, &id, sizeof id);
    return key;
}

bool limits_same(const struct limits_key *a, const struct limits_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static uint32_t place(const struct limits_key *key)
{
    const uint8_t *bytes = (const uint8_t *)key;
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < sizeof *key; i++)
        h = (h ^ bytes[i]) * 16777619u;
    return h ^ h >> 15;
}

static void refill(struct entry *entry, unsigned kind, uint64_t now_us)
{
    uint64_t most = (uint64_t)bounds[kind].burst * S, us = now_us - entry->looked_us;
    uint64_t gained = us > 3600ull * S ? most : us * bounds[kind].rate;
    entry->spare = MIN(most, entry->spare + gained);
    entry->looked_us = now_us;
}

/* Nothing is known of whoever has nothing under way and all of its burst. */
static bool is_idle(struct entry *entry, uint64_t now_us)
{
    unsigned kind = entry->key.kind - 1u;
    if (entry->under_way)
        return false;
    refill(entry, kind, now_us);
    return entry->spare == (uint64_t)bounds[kind].burst * S;
}

static struct entry *find(struct limits *self, const struct limits_key *key)
{
    uint32_t at = place(key);
    for (unsigned i = 0; i < PROBES; i++) {
        struct entry *entry = &self->entries[(at + i) % LIMITS_ENTRIES];
        if (limits_same(&entry->key, key))
            return entry;
    }
    return NULL;
}

static struct entry *make(struct limits *self, const struct limits_key *key, uint64_t now_us)
{
    uint32_t at = place(key);
    unsigned kind = key->kind - 1u;
    for (unsigned i = 0; i < PROBES; i++) {
        struct entry *entry = &self->entries[(at + i) % LIMITS_ENTRIES];
        if (entry->key.kind && !is_idle(entry, now_us))
            continue;
        *entry = (struct entry){.key = *key, .spare = (uint64_t)bounds[kind].burst * S, .looked_us = now_us};
        return entry;
    }
    return &self->others[kind];
}

unsigned limits_begin(struct limits *self, struct limits_key *key, bool stream, uint64_t now_us)
{
    unsigned kind = key->kind - 1u;
    struct entry *entry = find(self, key);
    if (!entry)
        entry = make(self, key, now_us);
    refill(entry, kind, now_us);
    if (entry->under_way >= bounds[kind].at_once || (stream && entry->streams >= bounds[kind].streams) ||
        entry->spare < S)
        return 1;
    if (entry == &self->others[kind])
        key->kind = (uint8_t)(key->kind | OTHERS);
    entry->spare -= S;
    self->held++;
    entry->under_way++;
    entry->streams += stream;
    return 0;
}

void limits_end(struct limits *self, const struct limits_key *key, bool stream)
{
    struct entry *entry = key->kind & OTHERS ? &self->others[(key->kind & ~OTHERS) - 1u] : find(self, key);
    assert(entry && entry->under_way); /* it has its place until its last end */
    entry->under_way--;
    entry->streams -= stream;
    if (--self->held == 0 && self->over)
        free(self);
}
