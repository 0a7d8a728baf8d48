/* One screen's slots: which content each number stands for now. For slots.c alone; a slot_set is what others use. */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "core/ref.h"
#include "encode/update_format.h"

struct slot_table {
    struct ref ref;
    pthread_mutex_t lock; /* of all below */
    uint32_t last_version;
    unsigned hand; /* the slot that is filled next, unless it was shown since the hand last passed */
    uint64_t hash[UPDATE_SLOTS];
    uint32_t version[UPDATE_SLOTS];                   /* the fill that brought it; 0: empty */
    uint8_t shown[UPDATE_SLOTS];                      /* bool */
    uint16_t first[UPDATE_SLOTS], next[UPDATE_SLOTS]; /* chains of slots by hash, SLOT_NONE at their end */
};

/* With the lock held. The slot that holds the content, or -1; and one for new content, which it holds from now on. */
int slot_table_find(const struct slot_table *self, uint64_t hash);
unsigned slot_table_fill(struct slot_table *self, uint64_t hash);
