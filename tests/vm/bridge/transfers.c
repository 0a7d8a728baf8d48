#include "tests/vm/bridge/transfers.h"

#include <stddef.h>

uint32_t transfers_next_sequence(struct transfers *self)
{
    self->last_sequence++;
    if (self->last_sequence == 0)
        self->last_sequence = 1;
    return self->last_sequence;
}

struct transfer *transfers_add(struct transfers *self, enum transfer_kind kind, uint8_t endpoint, uint64_t id)
{
    for (unsigned i = 0; i < TRANSFERS_MAX; i++) {
        struct transfer *transfer = &self->all[i];
        if (transfer->kind == TRANSFER_FREE) {
            *transfer = (struct transfer){
                .kind = kind, .sequence = transfers_next_sequence(self), .endpoint = endpoint, .id = id};
            return transfer;
        }
    }
    return NULL;
}

struct transfer *transfers_by_sequence(struct transfers *self, uint32_t sequence)
{
    for (unsigned i = 0; i < TRANSFERS_MAX; i++)
        if (self->all[i].kind != TRANSFER_FREE && self->all[i].sequence == sequence)
            return &self->all[i];
    return NULL;
}

struct transfer *transfers_by_unlink(struct transfers *self, uint32_t sequence)
{
    for (unsigned i = 0; sequence != 0 && i < TRANSFERS_MAX; i++)
        if (self->all[i].kind != TRANSFER_FREE && self->all[i].unlink == sequence)
            return &self->all[i];
    return NULL;
}

struct transfer *transfers_by_id(struct transfers *self, uint64_t id)
{
    for (unsigned i = 0; i < TRANSFERS_MAX; i++) {
        struct transfer *transfer = &self->all[i];
        if (transfer->kind >= TRANSFER_CONTROL && transfer->kind <= TRANSFER_INTERRUPT_OUT && transfer->id == id)
            return transfer;
    }
    return NULL;
}

struct transfer *transfers_receiving(struct transfers *self, uint8_t endpoint)
{
    for (unsigned i = 0; i < TRANSFERS_MAX; i++) {
        struct transfer *transfer = &self->all[i];
        if (transfer->kind == TRANSFER_INTERRUPT_IN && transfer->endpoint == endpoint && transfer->unlink == 0)
            return transfer;
    }
    return NULL;
}
