/* One screen's slots: which content each number stands for now. For slots.c alone; a slot_set is what others use. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/ref.h"
#include "encode/update_format.h"

struct slot_table {
    struct ref ref;
    pthread_mutex_t lock; /* of all below */
    uint32_t last_version;
    unsigned samples, samples_shown; /* of lossy content, lately: put into slots; shown again */
    unsigned hand;                   /* the slot that is filled next, unless it was shown since the hand last passed */
    uint64_t hash[UPDATE_SLOTS];
    uint32_t version[UPDATE_SLOTS];                   /* the fill that brought it; 0: empty */
    uint8_t shown[UPDATE_SLOTS];                      /* bool */
    uint8_t lossy[UPDATE_SLOTS];                      /* bool: of this version; its viewers hold something like it */
    uint16_t first[UPDATE_SLOTS], next[UPDATE_SLOTS]; /* chains of slots by hash, SLOT_NONE at their end */
};

/* With the lock held. The slot that holds the content, or -1; and one in which it stands from now on: another version
 * of the slot that has it already, or a new one. */
int slot_table_find(const struct slot_table *self, uint64_t hash);
unsigned slot_table_fill(struct slot_table *self, uint64_t hash, bool lossy);

/* A slot's content is shown. */
void slot_table_note_show(struct slot_table *self, unsigned slot);

/* Whether a slot is to be spent on this lossy content: only on a sample of it while none of that comes back, as in a
 * video. */
bool slot_table_keeps_lossy(const struct slot_table *self, uint64_t hash);
