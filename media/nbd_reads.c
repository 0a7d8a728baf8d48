#include "media/nbd_reads.h"

#include <stddef.h>

static bool same(const struct nbd_read *a, uint64_t offset, uint32_t length)
{
    return a->offset == offset && a->length == length;
}

static bool overlap(const struct nbd_read *a, uint64_t offset, uint32_t length)
{
    return a->offset < offset + length && offset < a->offset + a->length;
}

enum nbd_reads_added nbd_reads_add(struct nbd_reads *self, struct nbd_read *read, uint64_t offset, uint32_t length,
                                   uint64_t now_us)
{
    struct nbd_read *leader = NULL;
    for (struct nbd_read *r = self->first; r; r = r->next) {
        /* the kernel asks once more, for single pages, after an error */
        if (r->late && overlap(r, offset, length))
            return NBD_READS_LATE;
        if (same(r, offset, length))
            leader = r;
    }
    *read = (struct nbd_read){.offset = offset, .length = length, .since_us = now_us};
    if (leader) {
        read->next = leader->followers;
        leader->followers = read;
        return NBD_READS_FOLLOW;
    }
    read->list = self;
    read->next = self->first;
    self->first = read;
    return NBD_READS_BEGIN;
}

struct nbd_read *nbd_reads_remove(struct nbd_read *read)
{
    struct nbd_read *followers = read->followers;
    if (read->list) {
        struct nbd_read **link = &read->list->first;
        while (*link != read)
            link = &(*link)->next;
        *link = read->next;
    }
    read->list = NULL;
    read->next = read->followers = NULL;
    return followers;
}

bool nbd_reads_look(struct nbd_reads *self, uint64_t now_us, void (*late)(struct nbd_read *read))
{
    for (struct nbd_read *r = self->first; r; r = r->next) {
        if (r->late || now_us - r->since_us < NBD_READ_PATIENCE_US)
            continue;
        r->late = true;
        late(r);
        for (struct nbd_read *f = r->followers; f; f = f->next) {
            f->late = true;
            late(f);
        }
    }
    return self->first;
}

void nbd_reads_finish(struct nbd_reads *self)
{
    for (struct nbd_read *r = self->first, *next; r; r = next) {
        next = r->next;
        r->list = NULL;
        r->next = NULL;
    }
    self->first = NULL;
}
