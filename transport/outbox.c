#include "transport/outbox.h"

#include <assert.h>
#include <string.h>

static uint8_t *place(struct outbox *self, enum outbox_kind kind)
{
    if (kind == OUTBOX_VIEWERS)
        return self->longest;
    return kind < OUTBOX_SEAT ? self->small[kind] : self->large[kind - OUTBOX_SEAT];
}

struct wire_writer outbox_begin(struct outbox *self, enum outbox_kind kind)
{
    assert(kind < OUTBOX_UPDATE);
    size_t size = kind < OUTBOX_SEAT ? OUTBOX_SMALL : kind == OUTBOX_VIEWERS ? OUTBOX_LONGEST : OUTBOX_LARGE;
    return wire_writer_init(place(self, kind) + OUTBOX_HEADROOM, size);
}

void outbox_drop(struct outbox *self, enum outbox_kind kind)
{
    for (unsigned i = 0; i < self->n; i++)
        if (self->order[i] == kind) {
            self->n--;
            memmove(&self->order[i], &self->order[i + 1], (self->n - i) * sizeof self->order[0]);
            return;
        }
}

bool outbox_holds(const struct outbox *self, enum outbox_kind kind)
{
    for (unsigned i = 0; i < self->n; i++)
        if (self->order[i] == kind)
            return true;
    return false;
}

static void append(struct outbox *self, enum outbox_kind kind)
{
    outbox_drop(self, kind);
    assert(self->n < OUTBOX_KINDS);
    self->order[self->n++] = kind;
}

void outbox_put(struct outbox *self, enum outbox_kind kind, const struct wire_writer *w)
{
    assert(!w->full && wire_written(w) > 0);
    self->size[kind] = (uint16_t)wire_written(w);
    append(self, kind);
}

void outbox_mark_update(struct outbox *self)
{
    append(self, OUTBOX_UPDATE);
}

bool outbox_take(struct outbox *self, enum outbox_kind *ret_kind, uint8_t **ret_bytes, size_t *ret_size)
{
    if (!self->n)
        return false;
    enum outbox_kind kind = self->order[0];
    outbox_drop(self, kind);
    *ret_kind = kind;
    *ret_bytes = kind == OUTBOX_UPDATE ? NULL : place(self, kind) + OUTBOX_HEADROOM;
    *ret_size = kind == OUTBOX_UPDATE ? 0 : self->size[kind];
    return true;
}
