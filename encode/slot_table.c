#include "encode/slot_table.h"

#include <errno.h>
#include <stdlib.h>

#include "encode/slot_model.h"
#include "encode/slots.h"

#define SAMPLE_OF 32     /* of lossy contents one in so many is always kept, to see whether such content comes back */
#define SAMPLES_MIN 256  /* judged by fewer, all are kept */
#define SAMPLES_MAX 512  /* after so many, what was learned before counts half */
#define SAMPLES_WORTH 16 /* all are kept while one sample in so many is shown */

int slot_table_create(struct slot_table **ret)
{
    struct slot_table *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    pthread_mutex_init(&self->lock, NULL);
    for (int i = 0; i < UPDATE_SLOTS; i++)
        self->first[i] = self->next[i] = SLOT_NONE;
    *ret = self;
    return 0;
}

struct slot_table *slot_table_ref(struct slot_table *self)
{
    ref_get(&self->ref);
    return self;
}

struct slot_table *slot_table_unref(struct slot_table *self)
{
    if (self && ref_put(&self->ref)) {
        pthread_mutex_destroy(&self->lock);
        free(self);
    }
    return NULL;
}

/* Hashes are keyed: nobody can make long chains. */
int slot_table_find(const struct slot_table *self, uint64_t hash)
{
    unsigned slot = self->first[hash % UPDATE_SLOTS];
    while (slot != SLOT_NONE && self->hash[slot] != hash)
        slot = self->next[slot];
    return slot == SLOT_NONE ? -1 : (int)slot;
}

static void unlink_slot(struct slot_table *self, unsigned slot)
{
    uint16_t *at = &self->first[self->hash[slot] % UPDATE_SLOTS];
    while (*at != slot)
        at = &self->next[*at];
    *at = self->next[slot];
}

/* In a ring, so that fills are of one slot after the other; what was shown lately is passed over once. */
static unsigned take_slot(struct slot_table *self, uint64_t hash)
{
    while (self->shown[self->hand]) {
        self->shown[self->hand] = false;
        self->hand = (self->hand + 1) % UPDATE_SLOTS;
    }
    unsigned slot = self->hand;
    self->hand = (slot + 1) % UPDATE_SLOTS;
    if (self->version[slot])
        unlink_slot(self, slot);
    self->hash[slot] = hash;
    self->next[slot] = self->first[hash % UPDATE_SLOTS];
    self->first[hash % UPDATE_SLOTS] = (uint16_t)slot;
    return slot;
}

static bool is_sample(uint64_t hash)
{
    return (hash >> 32) % SAMPLE_OF == 0;
}

/* Old experience counts half. */
static void note_sample(struct slot_table *self)
{
    if (++self->samples < SAMPLES_MAX)
        return;
    self->samples /= 2;
    self->samples_shown /= 2;
}

unsigned slot_table_fill(struct slot_table *self, uint64_t hash, bool lossy)
{
    int found = slot_table_find(self, hash);
    unsigned slot = found >= 0 ? (unsigned)found : take_slot(self, hash);
    if (lossy && found < 0 && is_sample(hash))
        note_sample(self);
    self->lossy[slot] = lossy;
    self->version[slot] = ++self->last_version ? self->last_version : ++self->last_version;
    return slot;
}

void slot_table_note_show(struct slot_table *self, unsigned slot)
{
    if (self->lossy[slot] && !self->shown[slot] && is_sample(self->hash[slot]))
        self->samples_shown++;
    self->shown[slot] = true;
}

bool slot_table_keeps_lossy(const struct slot_table *self, uint64_t hash)
{
    return self->samples < SAMPLES_MIN || self->samples_shown * SAMPLES_WORTH >= self->samples || is_sample(hash);
}
